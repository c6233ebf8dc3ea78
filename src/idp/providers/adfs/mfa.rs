//! The second factors of AD FS: each adapter has a page of its own, told by the `AuthMethod` that it sends along.

use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;

use super::entry::label_of;
use super::methods::{asks_duo, configured, duo, is_usable, other_methods, take_method};
use super::{FORMS, is_options, method_of, position};
use crate::error::{Error, Result, clean};
use crate::idp::answer;
use crate::idp::form::choose::CodeFields;
use crate::idp::form::submit::is_refusal;
use crate::idp::form::words::names_code;
use crate::idp::form::{Answer, Control, ControlKind, Form};
use crate::idp::page::Page;
use crate::idp::page::choices::{ChoiceOf, Choices, Take, Way};
use crate::idp::page::kind::{PageKind, classify};
use crate::idp::page::message::{Complaint, Message};
use crate::idp::refusal;
use crate::idp::visit::{Sent, Step, Visit, needs_person};
use crate::presence::Presence;

/// How often an approval is asked after.
const EVERY: Duration = Duration::from_secs(2);
/// What a click on a link of Microsoft's adapter fills in.
const CLICKED: &str = "__EVENTTARGET";
const OTHER_OPTION: &str = "differentVerificationOption";

/// One adapter's page.
struct Challenge<'p> {
    form: usize,
    fields: &'p Form,
    /// In lower case.
    method: String,
}

impl Challenge<'_> {
    fn is(&self, start: &str) -> bool {
        self.method.starts_with(start)
    }

    fn is_azure(&self) -> bool {
        self.is("azuremfaauthentication") || self.is("azureprimaryauthentication")
    }

    /// Where the code goes: the adapter's own field, else the only one that could be typed into.
    fn code_field(&self) -> Option<usize> {
        let seen = |c: &Control| c.is_open();
        let own = self
            .known_fields()
            .iter()
            .find_map(|name| position(self.fields, name, seen));
        // A dialog of scripts fills this one.
        let hidden = || {
            position(self.fields, "SecurityCode", |c| {
                c.kind == ControlKind::Hidden
            })
        };
        if own.is_some() || self.is("symantecvip") {
            return own.or_else(hidden);
        }
        let open: Vec<usize> = (0..self.fields.controls.len())
            .filter(|i| self.fields.controls[*i].is_open())
            .collect();
        let code = open
            .iter()
            .copied()
            .find(|i| names_code(&self.fields.controls[*i].name));
        code.or(match open[..] {
            [only] => Some(only),
            _ => None,
        })
    }

    fn known_fields(&self) -> &'static [&'static str] {
        match self.method.as_str() {
            m if m.starts_with("azure") => &["VerificationCode", "OathCode"],
            m if m.starts_with("securid") => &["NextCode", "Passcode", "ChallengeQuestionAnswer"],
            m if m.starts_with("symantecvip") => &["SecurityCode"],
            m if m.starts_with("vipauthenticationprovider") => &["security_code"],
            "safenet-mfa" => &["SAFENET_PASSWORD"],
            _ => &["OathCode"],
        }
    }
}

fn challenge(page: &Page) -> Option<Challenge<'_>> {
    page.forms.iter().enumerate().find_map(|(form, fields)| {
        let method = method_of(fields).to_ascii_lowercase();
        let is_other = method.is_empty() || method.eq_ignore_ascii_case(FORMS);
        (!is_other && !is_options(fields)).then_some(Challenge {
            form,
            fields,
            method,
        })
    })
}

/// The step for a page of an adapter, or for the list of methods.
pub fn step(page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
    let others = other_methods(page, visit);
    let Some(challenge) = challenge(page) else {
        if asks_duo(page, "") {
            return Some(Err(duo(page, visit)));
        }
        return (!others.is_empty()).then(|| take_method(page, visit, others));
    };
    if asks_duo(page, &challenge.method) {
        let usable: Vec<Way> = others.into_iter().filter(is_usable).collect();
        if usable.is_empty() || !visit.once("another method than Duo") {
            return Some(Err(duo(page, visit)));
        }
        return Some(take_method(page, visit, usable));
    }
    if let Some(wanted) = configured(visit, &others, &challenge.method)
        && visit.once("the configured method")
    {
        return Some(take_method(page, visit, vec![wanted]));
    }
    let kind = classify(page, &visit.settings.fields, true);
    if matches!(
        kind,
        PageKind::Enrolment | PageKind::Captcha | PageKind::NewPassword | PageKind::WebAuthn
    ) {
        return None;
    }
    answer_challenge(page, visit, &challenge)
}

fn answer_challenge(
    page: &Page,
    visit: &mut Visit<'_>,
    challenge: &Challenge<'_>,
) -> Option<Result<Step>> {
    if let Some(step) = verification_options(page, visit, challenge) {
        return Some(step);
    }
    if let Some(field) = challenge.code_field() {
        let fields = CodeFields {
            boxes: Vec::new(),
            whole: Some(field),
        };
        return Some(answer::give_code(
            page,
            visit,
            challenge.form,
            &fields,
            None,
        ));
    }
    // Several fields, or several buttons, are no waiting.
    let buttons = challenge
        .fields
        .submitters()
        .filter(|(_, c)| !c.unseen && !is_refusal(c));
    let asks = challenge.fields.open_fields().any(|(_, c)| c.is_open());
    if asks || buttons.count() > 1 {
        return None;
    }
    if let Some(text) = trouble(page, challenge) {
        return Some(refused(page, visit, challenge, &text));
    }
    Some(wait(page, visit, challenge))
}

/// What an adapter's page complains about; only places count that hold nothing else.
fn trouble(page: &Page, challenge: &Challenge<'_>) -> Option<String> {
    let marked = page
        .text_of("#errorText")
        .or_else(|| page.text_of("#errorMessage"));
    let words = ["Not authorized", "MFA request expired"];
    let said = || {
        let word = words.iter().find(|word| page.text.contains(**word))?;
        challenge.is("silverfort").then(|| (*word).to_owned())
    };
    marked.or_else(said)
}

pub fn wants_code(visit: &Visit<'_>) -> bool {
    let method = visit.settings.mfa_method.as_deref();
    method.is_some_and(|m| {
        ["totp", "otp", "code"]
            .iter()
            .any(|c| m.eq_ignore_ascii_case(c))
    })
}

/// Is the approval that a page waits for none of what the settings name? A number is for an app and not for a call.
fn wants_another(visit: &Visit<'_>, has_number: bool) -> bool {
    let method = visit.settings.mfa_method.as_deref();
    let is = |wanted: &str| method.is_some_and(|m| m.eq_ignore_ascii_case(wanted));
    wants_code(visit) || is("sms") || (is("call") && has_number)
}

/// Nothing to type: the page is sent as it is, and the answer says how far the approval has come.
fn wait(page: &Page, visit: &mut Visit<'_>, challenge: &Challenge<'_>) -> Result<Step> {
    let number = page.text_of("#validEntropyNumber");
    let text = page.text_of("#instructions");
    let again = Answer::new(challenge.form);
    let is_first = !visit.pushes.is_waiting() && visit.last != Sent::Code;
    let sends_itself = challenge.is_azure() || challenge.is("securidv2");
    if sends_itself && is_first && number.is_none() && text.is_none() {
        // It begins what the account prefers, whatever the settings say: that may ring a phone.
        if visit.settings.presence == Presence::Nobody && challenge.is_azure() {
            return Err(needs_person(&page.host()));
        }
        if visit.once("the page before a second factor") {
            return Ok(Step::Send(again));
        }
    }
    if challenge.is("securid") {
        return Err(refusal::unfamiliar(page, 0));
    }
    if wants_another(visit, number.is_some())
        && page.has(&format!("#{OTHER_OPTION}"))
        && let Some(step) = click(challenge, OTHER_OPTION)
        && visit.once("a code instead of an approval")
    {
        return Ok(step);
    }
    let every = match challenge.is_azure() || visit.pushes.is_waiting() {
        true => EVERY,
        // The answer to this one comes when the person has answered.
        false => Duration::ZERO,
    };
    visit.push(&page.host(), number, &text.unwrap_or_default())?;
    Ok(Step::Wait {
        every,
        then: Box::new(Step::Send(again)),
    })
}

/// As a click on one of the links of Microsoft's adapter.
fn click(challenge: &Challenge<'_>, link: &str) -> Option<Step> {
    let clicked = position(challenge.fields, CLICKED, |_| true)?;
    let mut answer = Answer::new(challenge.form);
    answer.set(clicked, link).no_button();
    Some(Step::Send(answer))
}

/// The list of the person's own devices and numbers.
fn verification_options(
    page: &Page,
    visit: &mut Visit<'_>,
    challenge: &Challenge<'_>,
) -> Option<Result<Step>> {
    let control = position(challenge.fields, CLICKED, |_| true)?;
    let ways: Vec<Way> = page
        .select("[id^=verificationOption]")
        .into_iter()
        .filter_map(|link| {
            let id = link.attr("id")?;
            let number = id.strip_prefix("verificationOption")?;
            let counts = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
            counts.then(|| Way {
                label: label_of(link, id),
                value: id.to_owned(),
                take: Take::Button {
                    form: challenge.form,
                    control,
                },
            })
        })
        .collect();
    if ways.is_empty() {
        return None;
    }
    let choices = Choices {
        of: ChoiceOf::Factor,
        question: question(page),
        ways,
    };
    Some(visit.take(page, &choices).and_then(|picked| {
        let way = &choices.ways[picked];
        visit.person.step(&way.label);
        click(challenge, &way.value).ok_or_else(|| refusal::unfamiliar(page, 0))
    }))
}

pub fn question(page: &Page) -> String {
    format!("How do you want to prove it is you to {}?", page.host())
}

fn refused(
    page: &Page,
    visit: &mut Visit<'_>,
    challenge: &Challenge<'_>,
    text: &str,
) -> Result<Step> {
    if visit.pushes.is_waiting() {
        return Err(not_approved(page, text));
    }
    let message = Message::new(text);
    if message.complaint == Complaint::Locked {
        return Err(refusal::rejected(page, Some(&message), visit));
    }
    if let Some(error) = not_available(page, visit, text) {
        return Err(error);
    }
    if visit.last != Sent::Code {
        return Err(Error::refused(format!(
            "{} does not go on with the second factor",
            page.host()
        ))
        .because(clean(text))
        .hint("ask who runs AD FS, or take another method: `mfa: {device: …}`"));
    }
    // Microsoft's adapter says no on a page of its own, with a link back.
    if page.has(&format!("#{OTHER_OPTION}"))
        && visit.settings.presence == Presence::Person
        && let Some(step) = click(challenge, OTHER_OPTION)
        && visit.once("the options after a refused code")
    {
        let warning = format!("{} says: {}", page.host(), clean(text));
        visit.person.warn(&warning);
        return Ok(step);
    }
    Err(refusal::rejected(
        page,
        Some(&Message {
            complaint: Complaint::BadCode,
            ..message
        }),
        visit,
    ))
}

static TOO_LATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)expired|time[d ]*-?out|in time|respon[ds]|no answer|too long|abgelaufen|zeit|délai|expiré|tiempo|caducad").ok()
});
static SAID_NO: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)den(y|ied)|declin|reject|refus|not (authori[sz]ed|approved)|fraud|cancel|abgelehnt|verweigert|rechaz|denegad").ok()
});

/// The approval that was waited for did not come.
pub fn not_approved(page: &Page, text: &str) -> Error {
    let host = page.host();
    let says = |words: &LazyLock<Option<Regex>>| words.as_ref().is_some_and(|w| w.is_match(text));
    let error = if says(&SAID_NO) {
        Error::refused(format!("the sign-in to {host} was declined on the device"))
            .hint("try again and approve it there; if it was not yours, tell your help desk")
    } else if says(&TOO_LATE) {
        Error::refused(format!("nobody approved the sign-in to {host} in time"))
            .hint("try again with the phone at hand")
    } else {
        Error::refused(format!("{host} got no approval for the sign-in"))
            .hint("try again with the phone at hand")
    };
    error.because(clean(text))
}

/// The method is not set up for this person.
pub fn not_available(page: &Page, visit: &Visit<'_>, text: &str) -> Option<Error> {
    let says = text
        .to_lowercase()
        .contains("selected authentication method is not available");
    says.then(|| {
        Error::needs_you(format!(
            "{} has no such second factor set up for you",
            page.host()
        ))
        .because(clean(text))
        .hint(format!(
            "set it up in a browser at {}, or take another method: `mfa: {{device: …}}`",
            visit.address()
        ))
    })
}
