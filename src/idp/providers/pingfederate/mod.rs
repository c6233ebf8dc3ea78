//! PingFederate, whose scripts say what was clicked, and the second factor that it sends people to, PingID.

mod pingid;

use std::sync::LazyLock;

use regex::Regex;

use url::Url;

use super::{Proof, Provider, beside};
use crate::error::{Error, Result};
use crate::idp::answer;
use crate::idp::form::Answer;
use crate::idp::page::{Page, script};
use crate::idp::visit::{Again, Step, Visit};

pub struct PingFederate;

/// What tells that the button to go on was clicked, and not another one.
const CLICKED: &str = "pf.ok";

impl Provider for PingFederate {
    fn name(&self) -> &'static str {
        "pingfederate"
    }

    fn about(&self) -> &'static str {
        "PingFederate, with PingID"
    }

    fn proof(&self) -> Proof {
        Proof::Documentation
    }

    /// PingID, which gets the one-time code.
    fn hosts(&self) -> &'static [&'static str] {
        &[
            "authenticator.pingone.com",
            "authenticator.pingone.eu",
            "authenticator.pingone.ca",
            "authenticator.pingone.asia",
        ]
    }

    fn recognise(&self, page: &Page) -> bool {
        let path = page.url.path();
        pingid::is_here(page)
            || path.ends_with("/startSSO.ping")
            || path.contains("/resumeSAML20/")
            || page
                .forms
                .iter()
                .any(|f| f.controls.iter().any(|c| c.name.starts_with("pf.")))
    }

    fn logout(&self, start: &Url) -> Option<Url> {
        beside(start, "/idp/startSSO.ping", "/idp/startSLO.ping")
    }

    fn step(&self, page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
        if let Some(step) = expired(page) {
            return Some(Ok(step));
        }
        if let Some(step) = pingid::step(page, visit) {
            return Some(step);
        }
        if let Some(step) = expiring(page, visit) {
            return Some(Ok(step));
        }
        let form = page
            .forms
            .iter()
            .position(|f| f.has(CLICKED) && f.open_fields().next().is_some())?;
        Some(answer::answer(page, visit, 0).map(|step| clicked(page, form, step)))
    }
}

/// An error page that reloads by itself wants the sign-in to begin anew.
fn expired(page: &Page) -> Option<Step> {
    let message = page.message.as_ref()?;
    script::refresh(page.document(), None)?;
    let has_question = page.forms.iter().any(|f| f.open_fields().next().is_some());
    let error = Error::failed(format!("{} lost the sign-in", page.host()))
        .because(&message.text)
        .hint("try again; if it stays, try the URL in a browser");
    (!has_question).then_some(Step::StartAgain(Again::Stale, error))
}

static VALIDATOR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"pf\.pcvId["']\s*\]\s*\.\s*value\s*=\s*["']([^"'\\]*)["']"#).ok()
});

/// The password still works, and is changed another day.
fn expiring(page: &Page, visit: &mut Visit<'_>) -> Option<Step> {
    const LATER: &str = "pf.notificationCancel";
    let form = page.forms.iter().position(|f| f.has(LATER))?;
    visit
        .person
        .warn(&format!("{} says: {}", page.host(), page.summary()));
    let scripts = page.scripts();
    let validator = VALIDATOR
        .as_ref()
        .and_then(|regex| regex.captures(&scripts))
        .and_then(|found| found.get(1))
        .map(|found| found.as_str());
    let mut answer = Answer::new(form);
    for (name, value) in [
        (LATER, Some("clicked")),
        ("pf.passwordExpiring", Some("true")),
        ("pf.pcvId", validator),
    ] {
        if let (Some(control), Some(value)) = (page.forms[form].index_of(name), value) {
            answer.set(control, value);
        }
    }
    answer.no_button();
    Some(Step::Send(answer))
}

/// The same answer, as the page's script sends it: other actions stay empty.
fn clicked(page: &Page, form: usize, step: Step) -> Step {
    match step {
        Step::Send(mut answer) if answer.form == form => {
            let control = page.forms[form].index_of(CLICKED);
            let is_open =
                control.filter(|control| page.forms[form].controls[*control].value.is_empty());
            if let Some(control) = is_open {
                answer.set(control, "clicked");
            }
            Step::Send(answer)
        }
        step => step,
    }
}
