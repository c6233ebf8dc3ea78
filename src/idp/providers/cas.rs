//! Apereo CAS as a SAML identity provider: code devices, ways to prove it, usage policies, consent, interruptions.

use std::sync::LazyLock;

use regex::Regex;

use url::Url;

use super::{Proof, Provider, beside};
use crate::error::{Error, Result, clean};
use crate::idp::answer;
use crate::idp::document::visible_text;
use crate::idp::form::choose::CodeFields;
use crate::idp::form::{Answer, ControlKind, Form};
use crate::idp::page::choices::{ChoiceOf, Choices, Take, Way};
use crate::idp::page::message::{Complaint, Message};
use crate::idp::page::{Page, script};
use crate::idp::refusal;
use crate::idp::visit::{AgreementKind, Sent, Step, Visit};
use crate::net::hops::same_origin;

pub struct Cas;

const EVENT: &str = "_eventId";
/// Older versions name the way in the event itself.
const EVENT_OF_WAY: &str = "_eventId_mfa-";
const WAY: &str = "mfaProvider";

impl Provider for Cas {
    fn name(&self) -> &'static str {
        "cas"
    }

    fn about(&self) -> &'static str {
        "Apereo CAS 5 to 7"
    }

    fn proof(&self) -> Proof {
        Proof::Documentation
    }

    fn recognise(&self, page: &Page) -> bool {
        page.url.path().contains("/cas/")
            || page.forms.iter().any(is_step)
            || page.has("#loginErrorsPanel, #interruptMessage, .loginMessageView")
    }

    fn logout(&self, start: &Url) -> Option<Url> {
        beside(start, "/cas/", "/cas/logout")
    }

    fn step(&self, page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
        if let Some(error) = unknown_application(page, visit) {
            return Some(Err(error));
        }
        if let Some(error) = locked(page, visit) {
            return Some(Err(error));
        }
        if page.has("#imageQRCode, #seckeypanel") {
            return Some(Err(refusal::enrolment(page, visit)));
        }
        if let Some(step) = code(page, visit) {
            return Some(step);
        }
        if let Some(mut choices) = ways_to_prove(page) {
            keep_configured(&mut choices, visit.settings.mfa_method.as_deref());
            return Some(answer::take(page, visit, &choices));
        }
        if let Some((form, kind)) = agreement(page) {
            return Some(answer::agree(page, visit, form, kind));
        }
        if let Some(step) = interruption(page, visit) {
            return Some(step);
        }
        if wants_key(page) {
            return Some(Err(refusal::needs_browser(
                page,
                visit,
                "asks for a security key or passkey",
            )));
        }
        broker(page, visit)
    }
}

/// A form of a conversation: its key, and what is to happen.
fn is_step(form: &Form) -> bool {
    form.has("execution")
        && form
            .controls
            .iter()
            .any(|c| c.name == EVENT || c.name.starts_with("_eventId_"))
}

fn event(form: &Form) -> &str {
    form.control(EVENT)
        .map(|c| c.value.as_str())
        .unwrap_or_default()
}

fn asks_something(page: &Page) -> bool {
    page.forms
        .iter()
        .any(|f| f.open_fields().any(|(_, c)| c.is_open()))
}

/// The application is not in the registry of services, or the address names none.
fn unknown_application(page: &Page, visit: &Visit<'_>) -> Option<Error> {
    // Behind a broker the configured address is not the one that is wrong.
    let is_start = same_origin(&page.url, &visit.settings.start);
    if asks_something(page) || !is_start || visit.last != Sent::Nothing {
        return None;
    }
    let says_so = page
        .text
        .to_lowercase()
        .contains("not authorized to use cas");
    let at_start =
        (400..500).contains(&page.status) && page.url.path().contains("/cas/idp/profile/SAML2/");
    (says_so || at_start).then(|| {
        Error::usage(format!("{} does not know this application", page.host()))
            .because(page.summary())
            .hint(
                "`url:` must end in /idp/profile/SAML2/Unsolicited/SSO?providerId=urn:amazon:webservices; if it does, ask \
                 who runs CAS to register AWS",
            )
    })
}

/// The page for a locked account may offer a puzzle that unlocks it, which is nothing to be solved here.
fn locked(page: &Page, visit: &mut Visit<'_>) -> Option<Error> {
    let heading = page.text_of("h2")?;
    let message = Message::new(&heading);
    let logs_in = page.forms.iter().any(|f| f.has("password"));
    (message.complaint == Complaint::Locked && !logs_in && visit.last != Sent::Nothing)
        .then(|| refusal::rejected(page, Some(&message), visit))
}

static DEVICE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?:let|var|const)\s+accountId\s*=\s*(?:"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'|(\d+))"#,
    )
    .ok()
});

/// The id of the device that gives the code, which a script puts into the form.
fn device_id(scripts: &str) -> Option<String> {
    let found = DEVICE.as_ref()?.captures(scripts)?;
    let literal = found.get(1).or(found.get(2)).or(found.get(3))?;
    Some(script::unescape(literal.as_str()))
}

/// A code for a device; the forms beside it set up or pick another one.
fn code(page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
    let index = page
        .forms
        .iter()
        .position(|f| f.has("execution") && f.has("token") && f.has("accountId"))?;
    Some(code_for_device(page, visit, index))
}

fn code_for_device(page: &Page, visit: &mut Visit<'_>, index: usize) -> Result<Step> {
    let form = &page.forms[index];
    let fields = CodeFields {
        boxes: Vec::new(),
        whole: form.index_of("token"),
    };
    visit.together = false;
    let mut answer = answer::filled(page, visit, index)?;
    if let (Some(field), Some(id)) = (form.index_of("accountId"), device_id(&page.scripts())) {
        answer.set(field, &id);
    }
    answer::add_code(page, visit, index, &fields, None, &mut answer)?;
    Ok(Step::Send(answer))
}

/// One form per second factor.
fn ways_to_prove(page: &Page) -> Option<Choices> {
    let ways: Vec<Way> = page
        .forms
        .iter()
        .enumerate()
        .filter_map(|(form, f)| {
            let way = way_of(f)?;
            let button = f.submitters().next();
            // The button of every way says the same.
            let words = button.map_or("", |(_, c)| c.label.as_str());
            let words = f.text.strip_suffix(words).unwrap_or(&f.text);
            let label = [words, &f.text, way]
                .into_iter()
                .map(clean)
                .find(|text| !text.is_empty())?;
            Some(Way {
                label,
                value: format!("{way} {}", kind_of(way)),
                take: Take::Button {
                    form,
                    control: button.map_or(usize::MAX, |(i, _)| i),
                },
            })
        })
        .collect();
    (!ways.is_empty()).then(|| Choices {
        of: ChoiceOf::Factor,
        question: format!("How do you want to prove it is you to {}?", page.host()),
        ways,
    })
}

/// What the way says of itself is surer than its words: a message holds a token too.
fn keep_configured(choices: &mut Choices, method: Option<&str>) {
    let is_it = |way: &Way| {
        let kind = way.value.split(' ').nth(1).unwrap_or_default();
        method.is_some_and(|method| kind.eq_ignore_ascii_case(method))
    };
    if choices.ways.iter().any(is_it) {
        choices.ways.retain(is_it);
    }
}

fn way_of(form: &Form) -> Option<&str> {
    let newer = form.control(WAY).map(|c| c.value.as_str());
    newer.or_else(|| {
        form.controls
            .iter()
            .find_map(|c| c.name.strip_prefix(EVENT_OF_WAY))
    })
}

/// What a setting calls the kind of a way: its words may be in any language.
fn kind_of(way: &str) -> &'static str {
    match way.trim_start_matches("mfa-") {
        "gauth" | "radius" => "totp",
        "duo" | "authy" | "inwebo" | "acceptto" => "push",
        "simple" | "twilio" => "sms",
        "webauthn" | "u2f" | "yubikey" => "webauthn",
        _ => "",
    }
}

/// A usage policy, or attributes to be passed on. Neither has a button that says no.
fn agreement(page: &Page) -> Option<(usize, AgreementKind)> {
    let place = |wanted: &dyn Fn(&Form) -> bool| {
        page.forms
            .iter()
            .position(|f| f.has("execution") && wanted(f))
    };
    if let Some(form) = place(&|f| f.has("reminderTimeUnit") || event(f) == "confirm") {
        return Some((form, AgreementKind::Consent));
    }
    page.has("#aupSubmit, #policyTextByCode, #policyDefaultText, form .aup")
        .then(|| place(&|f| is_step(f) && !f.has("password")))
        .flatten()
        .map(|form| (form, AgreementKind::Terms))
}

/// Words to read, with a way on or without one.
fn interruption(page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
    let index = page.forms.iter().position(|f| {
        let goes_on = event(f) == "proceed" || f.has("_eventId_proceed");
        f.has("execution") && goes_on && !f.open_fields().any(|(_, c)| c.is_open())
    });
    let words = page
        .text_of("#interruptMessage")
        .or_else(|| page.text_of(".loginMessageView li"))
        .unwrap_or_else(|| page.summary());
    let Some(index) = index else {
        // Without a form the policy is final.
        return page.has("#interruptMessage").then(|| {
            Err(
                Error::refused(format!("{} stopped the sign-in", page.host()))
                    .because(&words)
                    .hint(format!("look at {} in a browser", visit.address())),
            )
        });
    };
    visit
        .person
        .warn(&format!("{} says: {}", page.host(), clean(&words)));
    Some(Ok(Step::Send(Answer::new(index))))
}

fn wants_key(page: &Page) -> bool {
    let about_keys = page.scripts().contains("navigator.credentials")
        || page.has("script[src*=webauthn i], #webauthnLoginPanel, #webAuthnLoginForm");
    about_keys && !asks_something(page) && page.forms.iter().any(is_step)
}

/// Other identity providers, where no password is asked for here.
fn broker(page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
    let asks_here = page.forms.iter().any(|f| {
        f.open_fields()
            .any(|(_, c)| c.kind == ControlKind::Password)
    });
    if asks_here || visit.password_sent() {
        return None;
    }
    let ways: Vec<Way> = page
        .select("a[href*=clientredirect]")
        .into_iter()
        .filter_map(|link| {
            let url = page.resolve(link.attr("href")?).ok()?;
            let name = url
                .query_pairs()
                .find(|(name, _)| name == "client_name")
                .map(|(_, value)| value.into_owned())
                .unwrap_or_default();
            let label = [clean(&visible_text(link)), clean(&name)]
                .into_iter()
                .find(|text| !text.is_empty())?;
            Some(Way {
                label,
                value: name,
                take: Take::Link(url),
            })
        })
        .collect();
    (!ways.is_empty()).then(|| {
        answer::take(
            page,
            visit,
            &Choices {
                of: ChoiceOf::Source,
                question: format!("How do you sign in to {}?", page.host()),
                ways,
            },
        )
    })
}

#[cfg(test)]
#[path = "cas_tests.rs"]
mod tests;
