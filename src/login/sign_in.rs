//! From plan to assertion: by the session that was kept, else anew.

use reqwest::Client;

use crate::clock;
use crate::error::{Error, Kind, Result};
use crate::idp::walk::Arrival;
use crate::login::answers::Answers;
use crate::net::browser_session::BrowserSession;
use crate::net::visitor::Visitor;

/// Signs in to the identity provider. A stored password that is refused is dropped, and so is a kept session that
/// leads nowhere.
pub async fn sign_in(client: &Client, answers: &mut Answers<'_>) -> Result<Arrival> {
    let kept = answers.kept_session();
    let since = kept.as_ref().map(|kept| kept.since);
    let browser = kept.map(|kept| kept.browser);
    let was_kept = browser.is_some();
    let mut visitor = Visitor::resuming(client.clone(), browser.unwrap_or_default());
    let mut outcome = answers.walk(&mut visitor).await;
    if was_kept
        && let Err(error) = &outcome
        && may_be_its_fault(error)
        && !answers.has_answered()
    {
        answers.forget_session();
        answers.say_detail("the kept session led nowhere; signing in anew");
        *visitor.session_mut() = BrowserSession::default();
        outcome = answers.walk(&mut visitor).await;
    }
    match &outcome {
        Ok(_) => {
            let since = since.filter(|_| !answers.has_answered());
            answers.remember_session(visitor.session(), since.unwrap_or_else(clock::now));
        }
        // The session may still be there when the network or the person is.
        Err(error) if !may_be_its_fault(error) => {}
        Err(_) => answers.forget_session(),
    }
    outcome
}

/// Pages that only an old session brings up.
fn may_be_its_fault(error: &Error) -> bool {
    match error.kind() {
        Kind::Failed | Kind::Refused | Kind::Unfamiliar => true,
        Kind::Usage | Kind::NeedsYou | Kind::Unreachable | Kind::Interrupted => false,
        // Of commands, which no sign-in starts.
        Kind::NotStarted | Kind::NotExecutable | Kind::CommandNotFound => false,
    }
}
