//! Shibboleth IdP 3 to 5: sessions in local storage, consent and terms, notices, Kerberos with a way round, tokens.

use std::sync::LazyLock;

use regex::Regex;

use url::Url;

use super::{Proof, Provider, beside};
use crate::error::{Error, Result, clean};
use crate::idp::answer;
use crate::idp::form::choose::CodeFields;
use crate::idp::form::submit::is_refusal;
use crate::idp::form::words::is_other_way;
use crate::idp::form::{Answer, ControlKind, Form, Method};
use crate::idp::page::choices::{ChoiceOf, Choices, Take, Way, is_silent_code};
use crate::idp::page::message::{Complaint, Message};
use crate::idp::page::{Page, script};
use crate::idp::refusal;
use crate::idp::visit::{AgreementKind, Sent, Step, Visit, needs_person};
use crate::net::hops::same_origin;
use crate::presence::Presence;
use crate::secret::Secret;

pub struct Shibboleth;

const PROCEED: &str = "_eventId_proceed";
const SUPPORTED: &str = "shib_idp_ls_supported";
const SUCCESS: &str = "shib_idp_ls_success.";
const VALUE: &str = "shib_idp_ls_value.";
const CONSENT: &str = "_shib_idp_consentIds";
const CONSENT_OPTIONS: &str = "_shib_idp_consentOptions";
const ALL_SERVICES: &str = "_shib_idp_globalConsent";
const TOKEN_CODE: &str = "fudis_otp_input";
const TOKEN_PIN: &str = "fudis_pin_input";
const TOKENS: &[&str] = &[
    "fudis_selected_token_ids_input",
    "fudis_selected_token_types_input",
];

impl Provider for Shibboleth {
    fn name(&self) -> &'static str {
        "shibboleth"
    }

    fn about(&self) -> &'static str {
        "Shibboleth IdP 3 to 5"
    }

    fn proof(&self) -> Proof {
        Proof::Documentation
    }

    fn recognise(&self, page: &Page) -> bool {
        let path = page.url.path();
        let fields = |name: &str| {
            name.starts_with("shib_idp_")
                || name.starts_with("_shib_idp_")
                || name.starts_with("fudis_")
                || name == "j_username"
        };
        // CAS answers below `/cas/idp/profile/`.
        !path.contains("/cas/")
            && (path.contains("/idp/profile/")
                || path.contains("/idp/Authn/")
                || path.contains("/profile/SAML2/")
                || page
                    .forms
                    .iter()
                    .any(|f| f.controls.iter().any(|c| fields(&c.name))))
    }

    /// The page for a lost conversation speaks of bookmarks; its title says more only where themes left it alone.
    fn complaint(&self, page: &Page) -> Option<Message> {
        let text = page.text.to_lowercase();
        let lost = page.status == 400
            && page.message.is_none()
            && (text.contains("bookmark") || text.contains("lesezeichen"));
        lost.then(|| Message {
            text: clean(&page.text),
            complaint: Complaint::Stale,
        })
    }

    fn logout(&self, start: &Url) -> Option<Url> {
        beside(start, "/profile/SAML2/", "/profile/Logout")
    }

    fn step(&self, page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
        if let Some(form) = storage_form(page) {
            return Some(use_storage(page, visit, form));
        }
        if let Some(step) = notice(page, visit) {
            return Some(Ok(step));
        }
        if let Some(step) = past_kerberos(page) {
            return Some(Ok(step));
        }
        if let Some(form) = page.forms.iter().position(|f| f.has(CONSENT)) {
            return Some(agree(page, visit, form));
        }
        if let Some(form) = page
            .forms
            .iter()
            .position(|f| f.has(TOKEN_CODE) && f.has(TOKEN_PIN))
        {
            return Some(code_and_pin(page, visit, form));
        }
        if let Some(form) = page.forms.iter().position(|f| boxes(f).next().is_some()) {
            return Some(take_token(page, visit, form));
        }
        if let Some(step) = past_security_key(page, visit) {
            return Some(step);
        }
        unknown_application(page, visit).map(Err)
    }
}

fn storage_form(page: &Page) -> Option<usize> {
    page.forms
        .iter()
        .position(|f| f.controls.iter().any(|c| c.name.starts_with(SUCCESS)))
}

/// Does what the page's script does in a browser: keeps what it writes, hands over what it reads.
fn use_storage(page: &Page, visit: &mut Visit<'_>, index: usize) -> Result<Step> {
    for (key, value) in written(&page.scripts()) {
        visit.storage.set(&page.url, &key, value);
    }
    let form = &page.forms[index];
    let mut answer = Answer::new(index);
    let (method, to) = answer.target(form, page.place())?;
    // A kept session is worth as much as a password, and stands in no address.
    let may_go = method == Method::Post && same_origin(&page.url, &to) && visit.trusted.allows(&to);
    for (field, control) in form.controls.iter().enumerate() {
        if control.name == SUPPORTED || control.name.starts_with(SUCCESS) {
            answer.set(field, "true");
        } else if let Some(key) = control.name.strip_prefix(VALUE)
            && let Some(value) = visit.storage.get(&page.url, key).filter(|_| may_go)
        {
            answer.set_secret(field, value);
        }
    }
    match form.control(PROCEED) {
        Some(field) if field.kind == ControlKind::Hidden => answer.no_button(),
        _ => proceed(form, &mut answer),
    };
    Ok(Step::Send(answer))
}

fn proceed<'a>(form: &Form, answer: &'a mut Answer) -> &'a mut Answer {
    match form.submitters().find(|(_, c)| c.name == PROCEED) {
        Some((button, _)) => answer.press(button),
        None => answer,
    }
}

static WRITE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?x) writeLocalStorage \( \s*
        (?: "((?:[^"\\\n]|\\.)*)" | '((?:[^'\\\n]|\\.)*)' ) \s* , \s*
        (?: "((?:[^"\\\n]|\\.)*)" | '((?:[^'\\\n]|\\.)*)' | null ) \s* \)"#,
    )
    .ok()
});

/// The items that a script writes; an empty value takes an item away.
fn written(scripts: &str) -> Vec<(String, Secret)> {
    let Some(calls) = WRITE.as_ref() else {
        return Vec::new();
    };
    calls
        .captures_iter(scripts)
        .filter_map(|call| {
            let literal = |one, other| {
                call.get(one)
                    .or(call.get(other))
                    .map(|m| script::unescape(m.as_str()))
            };
            let value = Secret::new(literal(3, 4).unwrap_or_default());
            Some((literal(1, 2)?, value))
        })
        .collect()
}

/// Words to read, on a page that goes on by itself after a while: a password that ends soon.
fn notice(page: &Page, visit: &mut Visit<'_>) -> Option<Step> {
    let address = script::refresh(page.document(), None)?.address?;
    let url = page.resolve(&address).ok()?;
    if !url.query_pairs().any(|(name, _)| name == PROCEED) || asks_something(page) {
        return None;
    }
    visit
        .person
        .warn(&format!("{} says: {}", page.host(), page.summary()));
    Some(Step::Go(url))
}

fn asks_something(page: &Page) -> bool {
    page.forms
        .iter()
        .any(|f| f.open_fields().any(|(_, c)| c.is_open()))
}

/// Kerberos is tried before the password is asked for; a browser without it follows a script, or a link.
fn past_kerberos(page: &Page) -> Option<Step> {
    let asked = page
        .headers
        .get_all("www-authenticate")
        .iter()
        .any(|value| {
            let scheme = value.as_bytes().get(..9).unwrap_or_default();
            scheme.eq_ignore_ascii_case(b"negotiate")
        });
    if page.status != 401 || !asked || asks_something(page) {
        return None;
    }
    let by_script = script::location(page.document())
        .or_else(|| script::likely_location(page.document()))
        .and_then(|address| page.resolve(&address).ok());
    let url = by_script.or_else(|| {
        page.links()
            .into_iter()
            .map(|link| link.url)
            .find(|url| same_origin(url, &page.url) && names_conversation(url.query()))
    })?;
    Some(Step::Go(url))
}

fn names_conversation(query: Option<&str>) -> bool {
    let query = query.unwrap_or_default();
    ["conversation=", "execution="]
        .iter()
        .any(|name| query.contains(name))
}

/// What is passed on, or terms: both carry their ids, and a form of its own may say no to terms.
fn agree(page: &Page, visit: &mut Visit<'_>, index: usize) -> Result<Step> {
    let form = &page.forms[index];
    let has_button = |form: &Form, name: &str| form.submitters().any(|(_, c)| c.name == name);
    let terms = page
        .forms
        .iter()
        .any(|f| has_button(f, "_eventId_TermsRejected"))
        || form
            .open_fields()
            .any(|(_, c)| c.name == CONSENT && c.kind == ControlKind::Checkbox && c.required);
    if terms {
        visit.agree(AgreementKind::Terms, page)?;
    } else {
        visit.agree_to(AgreementKind::Consent, page.host(), &released(form))?;
    }
    let mut answer = answer::filled(page, visit, index)?;
    for (field, control) in form.open_fields() {
        if terms && control.name == CONSENT && control.kind == ControlKind::Checkbox {
            answer.tick(field, true);
        }
    }
    if let Some(option) = duration(form) {
        answer.tick(option, true);
    }
    proceed(form, &mut answer);
    Ok(Step::Send(answer))
}

/// What would be passed on: the form's own words without those for how long, and the attributes that these do not name.
fn released(form: &Form) -> String {
    let mut text = form.text.clone();
    for (_, option) in form
        .open_fields()
        .filter(|(_, c)| c.name == CONSENT_OPTIONS && !c.label.is_empty())
    {
        text = text.replacen(&option.label, "", 1);
    }
    let ids = form.controls.iter().filter(|c| c.name == CONSENT);
    let unnamed: Vec<&str> = ids
        .map(|c| c.value.as_str())
        .filter(|id| !text.contains(id))
        .collect();
    match unnamed[..] {
        [] => text,
        _ => format!("{text} ({})", unnamed.join(", ")),
    }
}

/// The button for how long consent holds, where the page marks none or the one for every service there is.
fn duration(form: &Form) -> Option<usize> {
    let options: Vec<_> = form
        .open_fields()
        .filter(|(_, c)| c.name == CONSENT_OPTIONS && c.kind == ControlKind::Radio)
        .collect();
    let marked = options.iter().rfind(|(_, c)| c.checked);
    if marked.is_some_and(|(_, c)| c.value != ALL_SERVICES) {
        return None;
    }
    options
        .iter()
        .rfind(|(_, c)| c.value != ALL_SERVICES)
        .map(|(index, _)| *index)
}

/// A token's code and the PIN that belongs to it, which is not the password although it looks like one.
fn code_and_pin(page: &Page, visit: &mut Visit<'_>, index: usize) -> Result<Step> {
    let form = &page.forms[index];
    let host = page.host();
    if visit.settings.presence == Presence::Nobody {
        return Err(needs_person(&host));
    }
    if !visit.once("code and PIN of a token") {
        let words = page.message.as_ref().map(|m| m.text.as_str());
        return Err(
            Error::refused(format!("{host} refused the code or the PIN"))
                .because(words.unwrap_or("the same page came again"))
                .hint("try again with a new code"),
        );
    }
    let place = |name| form.index_of(name).unwrap_or_default();
    let mut answer = answer::filled(page, visit, index)?;
    let fields = CodeFields {
        boxes: Vec::new(),
        whole: Some(place(TOKEN_CODE)),
    };
    answer::add_code(page, visit, index, &fields, None, &mut answer)?;
    let (_, to) = answer.target(form, page.place())?;
    let pin = visit.second_secret(&to, "PIN of the token")?;
    answer.set_secret(place(TOKEN_PIN), &pin);
    proceed(form, &mut answer);
    Ok(Step::Send(answer))
}

/// Boxes for tokens, or kinds of tokens, to be asked for.
fn boxes(form: &Form) -> impl Iterator<Item = usize> {
    form.open_fields()
        .filter(|(_, c)| c.kind == ControlKind::Checkbox && TOKENS.contains(&c.name.as_str()))
        .map(|(index, _)| index)
}

/// One token, though the page would take several: each of them may ring.
fn take_token(page: &Page, visit: &mut Visit<'_>, index: usize) -> Result<Step> {
    let form = &page.forms[index];
    let tokens: Vec<usize> = boxes(form).collect();
    let choices = Choices {
        of: ChoiceOf::Factor,
        question: format!("Which token do you use for {}?", page.host()),
        ways: tokens
            .iter()
            .map(|control| Way {
                label: match clean(&form.controls[*control].label) {
                    label if label.is_empty() => clean(&form.controls[*control].value),
                    label => label,
                },
                value: form.controls[*control].value.clone(),
                take: Take::Radio {
                    form: index,
                    control: *control,
                },
            })
            .collect(),
    };
    let taken = visit.take(page, &choices)?;
    visit.device = Some(choices.ways[taken].label.clone());
    let mut answer = answer::filled(page, visit, index)?;
    for (way, control) in tokens.iter().enumerate() {
        answer.tick(*control, way == taken);
    }
    proceed(form, &mut answer);
    Ok(Step::Send(answer))
}

/// Another way than a security key, once, if the page has one.
fn past_security_key(page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
    let wants_key = page.scripts().contains("navigator.credentials")
        || page
            .forms
            .iter()
            .any(|f| f.has("publicKeyCredential") || f.has("fudis_web_authn_assertion_input"));
    if !wants_key || asks_something(page) {
        return None;
    }
    let nobody = visit.settings.presence == Presence::Nobody;
    let ways = |(index, form): (usize, &Form)| {
        let (button, _) = form.submitters().find(|(_, c)| {
            c.name.starts_with("_eventId_")
                && c.name != PROCEED
                && !c.unseen
                && !is_refusal(c)
                && (c.name.starts_with("_eventId_authn/") || !is_other_way(&c.name))
                && !names_key(&c.name)
                && (!nobody || is_silent_code(&format!("{} {}", c.label, c.name)))
        })?;
        let mut answer = Answer::new(index);
        answer.press(button);
        Some(answer)
    };
    let other = page.forms.iter().enumerate().find_map(ways);
    Some(match other {
        Some(answer) if visit.once("another way than a security key") => Ok(Step::Send(answer)),
        _ => Err(refusal::needs_browser(
            page,
            visit,
            "asks for a security key or passkey",
        )),
    })
}

fn names_key(name: &str) -> bool {
    let name = name.to_lowercase();
    ["webauthn", "fido", "passkey", "regist"]
        .iter()
        .any(|word| name.contains(word))
}

/// The address does not name AWS, or the identity provider has no agreement with it.
fn unknown_application(page: &Page, visit: &Visit<'_>) -> Option<Error> {
    // Behind a broker the configured address is not the one that is wrong.
    let is_start = same_origin(&page.url, &visit.settings.start);
    if page.status < 400 || !is_start || visit.last != Sent::Nothing || asks_something(page) {
        return None;
    }
    let text = format!("{} {}", page.title, page.text).to_lowercase();
    let says_so = ["not registered", "unsupported request", "nicht registriert"]
        .iter()
        .any(|words| text.contains(words));
    let start = &visit.settings.start;
    let names_nobody = start.path().ends_with("/Unsolicited/SSO")
        && page.status == 400
        && page.message.is_none()
        && !start.query_pairs().any(|(name, _)| name == "providerId");
    if !says_so && !names_nobody {
        return None;
    }
    Some(
        Error::usage(format!("{} does not know this application", page.host()))
            .because(page.summary())
            .hint(
                "`url:` must end in /profile/SAML2/Unsolicited/SSO?providerId=urn:amazon:webservices; if it does, ask \
                 who runs the identity provider to add AWS",
            ),
    )
}

#[cfg(test)]
#[path = "shibboleth_tests.rs"]
mod tests;
