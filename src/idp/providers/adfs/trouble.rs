//! What AD FS says when it does not go on: refusals, expired passwords, certificates, its page for fatal errors.

use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use super::{entry, has_domain, mfa};
use crate::error::{Error, Kind, clean};
use crate::idp::form::{ControlKind, Form};
use crate::idp::page::Page;
use crate::idp::page::message::{Complaint, Message};
use crate::idp::refusal;
use crate::idp::visit::{Sent, Visit};

/// AD FS says the same of a wrong password, a locked account and a user without a domain.
pub fn explain(error: Error, page: &Page, visit: &Visit<'_>) -> Error {
    let message = page.message.as_ref();
    match message.map(|m| m.complaint) {
        Some(Complaint::Expired) => change_password(error, page),
        Some(Complaint::BadCredentials)
            if error.kind() == Kind::Refused && visit.last == Sent::Password =>
        {
            let user = clean(visit.known_user().unwrap_or_default());
            if has_domain(&user) || visit.option("domain").is_some() {
                return error;
            }
            let text = message.map(|m| m.text.as_str()).unwrap_or_default();
            Error::refused(format!(
                "{} refused the password of {user}, or a user name without a domain: try `username: DOMAIN\\{user}` or \
                 `{user}@domain`",
                page.host()
            ))
            .because(text)
        }
        _ => error,
    }
}

pub fn is_change_of_password(page: &Page) -> bool {
    let path = page.url.path().to_ascii_lowercase();
    path.contains("/portal/updatepassword")
        && page
            .forms
            .iter()
            .any(|f| f.controls.iter().any(|c| c.kind == ControlKind::Password))
}

/// Where AD FS lets people change it, if it says so.
pub fn change_password(error: Error, page: &Page) -> Error {
    let link = page
        .links()
        .into_iter()
        .map(|l| l.url)
        .chain([page.url.clone()])
        .find(|url| url.path().to_ascii_lowercase().contains("updatepassword"));
    match link {
        Some(mut url) => {
            url.set_query(None);
            error.better_hint(format!(
                "change it in a browser at {url}, then sign in again"
            ))
        }
        None => error,
    }
}

pub fn wants_certificate(page: &Page) -> Option<Error> {
    let host = page.url.host_str().unwrap_or_default();
    let asks = page.url.port() == Some(49443) || host.starts_with("certauth.");
    let misses = || {
        let text = page.text_of("#errorMessage").unwrap_or_default();
        text.to_lowercase().contains("client certificate")
    };
    let goes_on = page.forms.iter().any(Form::is_filled_already);
    ((asks && !goes_on) || misses()).then(|| {
        Error::needs_you(format!("{} wants a client certificate", page.host()))
            .because(page.summary())
            .hint("name it: `client_certificate:` of the identity provider; or sign in another way")
    })
}

/// Only browsers on a list of AD FS are sent there, and only from within the network.
pub fn windows_only(page: &Page) -> Option<Error> {
    let path = page.url.path().to_ascii_lowercase();
    let is_form = page
        .forms
        .iter()
        .any(|f| f.open_fields().any(|(_, c)| c.is_open()));
    (page.status == 401 && path.trim_end_matches('/').ends_with("/wia") && !is_form).then(|| {
        refusal::negotiate(page).better_hint(
            "ask who runs AD FS to keep mai off `WiaSupportedUserAgents`, or use the address for outside the company \
             network, which shows a form",
        )
    })
}

static GUID: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b")
        .ok()
});

/// The number under which AD FS wrote the error into its log; it may stand in a part that a click unfolds.
fn activity(page: &Page) -> Option<String> {
    let texts: Vec<&str> = page
        .select("#errorArea, #errorDetails, #error")
        .iter()
        .flat_map(|e| e.text())
        .collect();
    let text = texts.join(" ");
    let found = GUID.as_ref()?.find(&text)?;
    Some(found.as_str().to_owned())
}

/// Where AD FS takes requests: the folder of its page for starting there.
fn endpoint(start: &Url) -> Url {
    let mut url = start.join("./").unwrap_or_else(|_| start.clone());
    url.set_query(None);
    url
}

/// The page that AD FS shows when it gives up.
pub fn fatal(page: &Page, visit: &mut Visit<'_>) -> Option<Error> {
    let text = page
        .text_of("#errorMessage")
        .or_else(|| page.text_of("#errorArea"))?;
    if visit.pushes.is_waiting() {
        return Some(mfa::not_approved(page, &text));
    }
    let host = page.host();
    let message = Message::new(&text);
    if message.is_about_the_account() {
        return Some(refusal::rejected(page, Some(&message), visit));
    }
    if let Some(error) = mfa::not_available(page, visit, &text) {
        return Some(error);
    }
    let start = &visit.settings.start;
    let path = start.path().to_ascii_lowercase();
    let number = activity(page).map(|number| format!(" (Activity ID {number})"));
    let number = number.unwrap_or_default();
    let error = Error::failed(format!("{host} gave the sign-in up{number}")).because(clean(&text));
    let at_start = visit.last == Sent::Nothing && !visit.has_done(entry::REALM_TAKEN);
    Some(if text.contains("MSIS7042") {
        error.hint("it saw too many requests within seconds; try again in a minute")
    } else if at_start && path.contains("idpinitiatedsignon") {
        error.hint(format!(
            "its page for starting at AD FS is off unless somebody turned it on: try `url: {}`, or ask for \
             `Set-AdfsProperties -EnableIdPInitiatedSignonPage $true`; `loginToRp` must be what AD FS calls AWS",
            endpoint(start)
        ))
    } else if at_start {
        error.hint(
            "ask who runs AD FS whether it trusts `urn:amazon:webservices` as a relying party",
        )
    } else {
        error.hint("ask who runs AD FS to look this number up in its log, and whether AWS is assigned to you")
    })
}
