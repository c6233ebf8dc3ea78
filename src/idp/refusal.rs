//! The sentences for pages that end a sign-in: what happened, where, and what to do now.

use super::page::message::{Complaint, Message};
use super::page::{Page, host_of};
use super::visit::{Sent, Visit};
use crate::error::{Error, clean};

/// Who is meant: the user name, if one was given.
fn of_user(visit: &Visit<'_>) -> String {
    match visit.known_user() {
        Some(user) => format!(" of {}", clean(user)),
        None => String::new(),
    }
}

fn with_words(error: Error, text: &str) -> Error {
    if text.is_empty() {
        error
    } else {
        error.because(text)
    }
}

/// A page asks again for what it was given, or says outright that it did not like it.
pub fn rejected(page: &Page, message: Option<&Message>, visit: &mut Visit<'_>) -> Error {
    let host = page.host();
    let text = message.map(|m| m.text.clone()).unwrap_or_default();
    let complaint = message.map(|m| m.complaint);
    if complaint == Some(Complaint::Locked)
        && let Some(error) = throttled(&host, &text)
    {
        return error;
    }
    if let Some(error) = complaint.and_then(|c| final_word(c, &host, visit)) {
        return with_words(error, &text);
    }
    let error = match (visit.last, complaint) {
        (_, Some(Complaint::Stale)) => Error::failed(format!(
            "{host} says that the sign-in took too long or lost its cookies"
        ))
        .hint("try again"),
        (Sent::Code, None | Some(Complaint::Other)) if visit.together && visit.went_stale => {
            Error::failed(format!(
                "{host} lost the sign-in while password and code were on their way"
            ))
            .hint("try again; neither was refused")
        }
        (Sent::Code, _) if visit.together && complaint != Some(Complaint::BadCode) => {
            // The password may be right, so whoever stored it keeps it.
            Error::refused(format!(
                "{host} refused the password{} or the code",
                of_user(visit)
            ))
            .hint("try again with a new code; `--ask` asks for another password")
        }
        (Sent::Code, _) | (_, Some(Complaint::BadCode)) => code(&host),
        (Sent::Password, None | Some(Complaint::Other)) if visit.went_stale => Error::failed(
            format!("{host} lost the sign-in while the password was on its way"),
        )
        .hint("try again; the password was not refused, and mai sends it once per sign-in"),
        // No hint: who knows the profile's name can give the better one.
        (Sent::Password, Some(Complaint::BadCredentials)) => {
            visit.person.password_refused();
            Error::refused(format!("{host} refused the password{}", of_user(visit)))
        }
        // Lost cookies look like this too, so the password does not count as refused.
        (Sent::Password, _) => {
            visit.person.password_doubted();
            let why = match text.is_empty() {
                true => " without saying why",
                false => "",
            };
            Error::refused(format!(
                "{host} asked again for the password{}{why}",
                of_user(visit)
            ))
            .hint(format!(
                "look at {} in a browser; `--ask` asks for another password",
                visit.address()
            ))
        }
        (Sent::Username, _) => Error::refused(format!(
            "{host} does not know the user name{}",
            of_user(visit).replacen(" of", "", 1)
        ))
        .hint("check `username:` of the identity provider"),
        (Sent::Nothing, Some(Complaint::BadCredentials)) => {
            Error::refused(format!("{host} refused the sign-in"))
                .hint("try the URL in a browser; `-vv` shows the way there")
        }
        (Sent::Nothing, _) => return unfamiliar(page, 0),
    };
    with_words(error, &text)
}

/// A pause between attempts, which says nothing about the account.
fn throttled(host: &str, text: &str) -> Option<Error> {
    let low = text.to_lowercase();
    let pause = low
        .split_once("wait ")
        .is_some_and(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_digit()));
    let locked = ["lock", "block", "disabled", "suspend"]
        .iter()
        .any(|word| low.contains(word));
    let error = if low.starts_with("wait ") {
        Error::refused(format!("{host} wants you to {text}"))
    } else if pause && !locked {
        Error::refused(format!("{host} wants you to wait before the next attempt")).because(text)
    } else {
        return None;
    };
    Some(error.hint("mai does not try again by itself"))
}

fn code(host: &str) -> Error {
    Error::refused(format!("{host} refused the code"))
        .hint("check the clock of this computer and of the device, then try again with a new code")
}

/// Complaints that mean the same wherever they stand.
fn final_word(complaint: Complaint, host: &str, visit: &Visit<'_>) -> Option<Error> {
    let who = of_user(visit);
    match complaint {
        Complaint::Locked => Some(
            Error::refused(format!(
                "{host} says that the account{who} is locked or disabled"
            ))
            .hint("wait, or ask your help desk; mai does not try again by itself"),
        ),
        Complaint::Expired => Some(
            Error::needs_you(format!(
                "the password{who} at {host} has expired and must be changed"
            ))
            .hint(change_it(visit)),
        ),
        Complaint::Access => Some(
            Error::refused(format!("{host} does not let you in"))
                .hint("ask who runs the identity provider to assign AWS to your account"),
        ),
        Complaint::BadCredentials | Complaint::BadCode | Complaint::Stale | Complaint::Other => {
            None
        }
    }
}

/// A page without a question that says why.
pub fn complaint(page: &Page, message: &Message, visit: &mut Visit<'_>, step: usize) -> Error {
    let host = page.host();
    match message.complaint {
        Complaint::Other => error_page(page, &message.text, step),
        // Something failed, but perhaps not the password.
        Complaint::BadCredentials
            if visit.last == Sent::Nothing || !message.names_credentials() =>
        {
            error_page(page, &message.text, step)
        }
        Complaint::Stale => Error::failed(format!("{host} lost the state of the sign-in, twice"))
            .because(&message.text)
            .hint("try again; if it stays, check `url:` in a browser"),
        _ => rejected(page, Some(message), visit),
    }
}

fn error_page(page: &Page, text: &str, step: usize) -> Error {
    if page.status < 400 {
        return with_words(
            Error::unfamiliar(format!("{} shows an error (step {step})", page.host())),
            text,
        )
        .hint("try the URL in a browser; `-vv` shows the way there");
    }
    let place = format!("{} answers {}", page.host(), clean(page.url.path()));
    let error = match page.status {
        429 | 502..=504 => Error::unreachable(format!(
            "{} is overloaded or down (HTTP {})",
            page.host(),
            page.status
        ))
        .hint("try again later"),
        500.. => Error::failed(format!(
            "{place} with an error of its own (HTTP {})",
            page.status
        ))
        .hint("check `url:` of the identity provider, or try again later"),
        status => Error::failed(format!("{place} with an error (HTTP {status})"))
            .hint("check `url:` of the identity provider; `-vv` shows the way there"),
    };
    with_words(error, text)
}

/// Something only a browser, or a person with one, can do.
pub fn needs_browser(page: &Page, visit: &Visit<'_>, what: &str) -> Error {
    Error::needs_you(format!("{} {what}: a browser is needed", page.host())).hint(format!(
        "sign in at {} in a browser; the same command with `--saml-response -` takes the answer for AWS from there",
        visit.address()
    ))
}

fn change_it(visit: &Visit<'_>) -> String {
    format!(
        "change it in a browser at {}, then sign in again",
        visit.address()
    )
}

pub fn new_password(page: &Page, visit: &Visit<'_>) -> Error {
    with_words(
        Error::needs_you(format!(
            "the password{} at {} must be changed",
            of_user(visit),
            page.host()
        )),
        page.message
            .as_ref()
            .map(|m| m.text.as_str())
            .unwrap_or_default(),
    )
    .hint(change_it(visit))
}

pub fn enrolment(page: &Page, visit: &Visit<'_>) -> Error {
    Error::needs_you(format!(
        "{} wants a second factor to be set up before it goes on",
        page.host()
    ))
    .hint(format!(
        "sign in once in a browser at {} and set it up there",
        visit.address()
    ))
}

pub fn negotiate(page: &Page) -> Error {
    Error::needs_you(format!(
        "{} only takes Kerberos or NTLM (HTTP 401, Negotiate), which mai does not speak",
        page.host()
    ))
    .hint(
        "ask who runs it for an address with a login form, or use one outside the company network",
    )
}

/// A page that nothing here knows.
pub fn unfamiliar(page: &Page, step: usize) -> Error {
    let mut names: Vec<&str> = page
        .forms
        .iter()
        .flat_map(|f| f.controls.iter())
        .map(|c| c.name.as_str())
        .chain(page.loose_fields.iter().map(String::as_str))
        .filter(|name| !name.is_empty())
        .collect();
    names.dedup();
    names.truncate(20);
    let title = match page.title.as_str() {
        "" => "without a title".to_owned(),
        title => format!("“{title}”"),
    };
    let at = if step > 0 {
        format!(" (step {step})")
    } else {
        String::new()
    };
    let fields = if names.is_empty() {
        "no fields".to_owned()
    } else {
        format!("fields {}", clean(&names.join(", ")))
    };
    Error::unfamiliar(format!(
        "{} shows a page that mai does not know{at}: {title}, {fields}",
        host_of(&page.url)
    ))
    .because(format!("it says: {}", clean(&page.text)))
    .hint("the same command with `--record DIR` saves this sign-in, masked, so that it can be reported; or try the URL in a browser")
}

/// Signed in, and yet nothing for AWS.
pub fn portal(page: &Page) -> Error {
    with_words(
        Error::refused(format!(
            "{} signed you in, but shows {} instead of an answer for AWS",
            page.host(),
            match page.title.as_str() {
                "" => "a page".to_owned(),
                title => format!("“{title}”"),
            }
        )),
        page.message
            .as_ref()
            .map(|m| m.text.as_str())
            .unwrap_or_default(),
    )
    .hint("`url:` must be the address that starts AWS, not the one of the portal")
}
