//! What kind of page this is, by its own evidence alone.

use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;
use url::Url;

use super::choices::{self, Choices};
use super::message::{Complaint, Message, classify as classify_text};
use super::{Frame, Page, script};
use crate::error::clean;
use crate::idp::document::is_hidden;
use crate::idp::form::choose::{self, CodeFields, FieldNames, Login, Question};
use crate::idp::form::submit::{best_submitter, is_refusal};
use crate::idp::form::words::is_positive;
use crate::idp::form::{ControlKind, Form};

/// What a page wants. Numbers are places in `Page::forms`.
#[derive(Debug)]
pub enum PageKind {
    /// A form that a script sends as it is: SAML on its way to another host, or a step without a question.
    AutoSubmit(usize),
    /// The page goes elsewhere by itself.
    Redirect {
        url: Url,
        after: Duration,
    },
    Login {
        form: usize,
        login: Login,
    },
    Code {
        form: usize,
        fields: CodeFields,
    },
    Choice(Choices),
    /// May these data be passed on?
    Consent(usize),
    /// Terms of use.
    Terms(usize),
    /// Something to read, with one way on.
    Notice(usize),
    NewPassword,
    /// A second factor must be set up first.
    Enrolment,
    /// The browser's own password dialog.
    Basic,
    /// Kerberos or NTLM and nothing else.
    Negotiate,
    WebAuthn,
    Captcha,
    /// Only scripts could show what is here.
    ScriptOnly,
    /// Nothing to answer, and it says why.
    Complaint(Message),
    Framed(Frame),
    /// Signed in, it seems, but no answer for AWS.
    Portal,
    Unknown,
}

/// Classifies a page. `password_sent`: in this sign-in, before this page.
pub fn classify(page: &Page, names: &FieldNames, password_sent: bool) -> PageKind {
    if let Some(form) = saml_form(page, names, password_sent) {
        return PageKind::AutoSubmit(form);
    }
    if is_captcha(page) {
        return PageKind::Captcha;
    }
    if is_enrolment(page) {
        return PageKind::Enrolment;
    }
    match choose::best(&page.forms, names, password_sent) {
        Some((form, Question::Login(login))) => return PageKind::Login { form, login },
        Some((form, Question::Code(fields))) => return PageKind::Code { form, fields },
        Some((_, Question::NewPassword)) => return PageKind::NewPassword,
        None => {}
    }
    // Its form is empty and hidden; only a key can fill it.
    if has_webauthn_form(page) {
        return PageKind::WebAuthn;
    }
    if let Some(form) = auto_submit(page) {
        return PageKind::AutoSubmit(form);
    }
    if page.scripts().contains("navigator.credentials") {
        return PageKind::WebAuthn;
    }
    // A refusal with a button below it is still a refusal.
    if let Some(message) = page.message.as_ref().filter(|m| is_final(m))
        && !is_trouble_of_the_server(page)
    {
        return PageKind::Complaint(message.clone());
    }
    if let Some(kind) = agreement(page) {
        return kind;
    }
    if let Some(choices) = choices::in_forms(page, password_sent) {
        return PageKind::Choice(choices);
    }
    if let Some(only) = choices::only_one(page, password_sent) {
        return PageKind::Choice(only);
    }
    if let Some(form) = notice(page) {
        return PageKind::Notice(form);
    }
    without_form(page, password_sent)
}

fn is_trouble_of_the_server(page: &Page) -> bool {
    page.status == 429 || page.status >= 500
}

/// No other page would make it better.
fn is_final(message: &Message) -> bool {
    !matches!(message.complaint, Complaint::Stale | Complaint::Other)
}

fn without_form(page: &Page, password_sent: bool) -> PageKind {
    let complaint = complaint(page);
    let final_word = complaint.as_ref().is_some_and(is_final);
    if !final_word && let Some((url, after)) = redirect(page) {
        return PageKind::Redirect { url, after };
    }
    if page.status == 401
        && let Some(kind) = http_authentication(page)
    {
        return kind;
    }
    if !final_word
        && page.forms.iter().all(|f| f.open_fields().next().is_none())
        && let Some(frame) = page.frame()
    {
        return PageKind::Framed(frame);
    }
    if let Some(message) = complaint {
        return PageKind::Complaint(message);
    }
    if let Some(choices) = choices::in_links(page, password_sent) {
        return PageKind::Choice(choices);
    }
    if needs_scripts(page) {
        return PageKind::ScriptOnly;
    }
    if password_sent || has_logout(page) {
        return PageKind::Portal;
    }
    PageKind::Unknown
}

/// A form that carries a protocol message to the next host.
fn saml_form(page: &Page, names: &FieldNames, password_sent: bool) -> Option<usize> {
    let filled = |names: &[&str]| {
        page.forms
            .iter()
            .position(|f| names.iter().any(|name| f.has(name)) && f.is_filled_already())
    };
    let request = || filled(&["SAMLRequest", "wa"]);
    // A login page may carry the request along in a second form, behind a button such as "change user name".
    let is_way_back = |form: &usize| {
        choose::best(&page.forms, names, password_sent).is_some()
            && script::submitted_form(page.document(), &page.forms) != Some(*form)
    };
    filled(&["SAMLResponse", "wresult"]).or_else(|| request().filter(|form| !is_way_back(form)))
}

fn auto_submit(page: &Page) -> Option<usize> {
    let ready = |form: &Form| {
        let elsewhere = form.submitters().any(|(_, c)| is_refusal(c));
        form.is_filled_already() && !elsewhere && !choose::is_side(form)
    };
    let sent = script::submitted_form(page.document(), &page.forms).filter(|i| {
        page.forms[*i].open_fields().next().is_none() && !choose::is_side(&page.forms[*i])
    });
    if sent.is_some() {
        return sent;
    }
    let mut candidates = page
        .forms
        .iter()
        .enumerate()
        .filter(|(_, f)| ready(f))
        .map(|(i, _)| i);
    let only = candidates.next().filter(|_| candidates.next().is_none())?;
    // Nobody could press a button that is not there, or that only browsers without scripts get to see.
    let form = &page.forms[only];
    let pressable = form.submitters().any(|(_, c)| !c.unseen);
    (!pressable).then_some(only)
}

fn redirect(page: &Page) -> Option<(Url, Duration)> {
    let header = page.headers.get("refresh").and_then(|h| h.to_str().ok());
    if let Some(refresh) = script::refresh(page.document(), header) {
        let url = match &refresh.address {
            Some(address) => page.resolve(address).ok(),
            None => Some(page.url.clone()),
        };
        // A reload after minutes ends an idle session; it leads nowhere.
        if let Some(url) = url.filter(|_| refresh.after <= Duration::from_secs(60)) {
            return Some((url, refresh.after));
        }
    }
    let has_little_else = page.message.is_none()
        && (page.status < 400 || page.status == 401)
        && page.text.chars().count() < 400;
    let address = script::location(page.document()).or_else(|| {
        has_little_else
            .then(|| script::likely_location(page.document()))
            .flatten()
    })?;
    let url = page.resolve(&address).ok()?;
    Some((url, Duration::ZERO))
}

/// What the page complains about; without a marked text its title and headings speak.
fn complaint(page: &Page) -> Option<Message> {
    // "Temporarily unavailable" and "time-out" are its own troubles then, not those of an account or a session.
    if is_trouble_of_the_server(page) {
        return Some(Message {
            text: clean(&page.text),
            complaint: Complaint::Other,
        });
    }
    if let Some(message) = &page.message {
        return Some(message.clone());
    }
    let mut texts = vec![page.title.clone()];
    texts.extend(page.text_of("h1"));
    texts.extend(page.text_of("h2"));
    for text in texts {
        let kind = classify_text(&text);
        let clear = matches!(
            kind,
            Complaint::Stale | Complaint::Access | Complaint::Locked | Complaint::Expired
        );
        if clear || (page.status >= 400 && kind != Complaint::Other) {
            return Some(Message {
                text: clean(&page.text),
                complaint: kind,
            });
        }
    }
    (page.status >= 400).then(|| Message {
        text: clean(&page.text),
        complaint: match page.status {
            403 => Complaint::Access,
            _ => Complaint::Other,
        },
    })
}

fn http_authentication(page: &Page) -> Option<PageKind> {
    let mut offered: Vec<String> = Vec::new();
    for value in page.headers.get_all("www-authenticate") {
        let Ok(value) = value.to_str() else { continue };
        // Several schemes may share a line; parameters have a `=`.
        for part in value.split(',') {
            let word = part.split_whitespace().next().unwrap_or_default();
            if !word.contains('=') {
                offered.push(word.to_ascii_lowercase());
            }
        }
    }
    if offered.iter().any(|s| s == "basic") {
        return Some(PageKind::Basic);
    }
    offered
        .iter()
        .any(|s| matches!(s.as_str(), "negotiate" | "ntlm" | "kerberos"))
        .then_some(PageKind::Negotiate)
}

static TERMS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)terms (of|and)|acceptable use|user agreement|usage policy|conditions of use|nutzungsbedingungen|nutzungsordnung|conditions (générales|d.utilisation)|términos y|condiciones de uso|利用規約").ok()
});

static CONSENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)consent|grant access|information (release|to be provided|will be)|attribute release|will be (sent|shared|released|passed)|about to (log|sign) ?in|einwillig|einverst|übermittel|weitergegeben|consentement|autorisez|consentimiento|同意").ok()
});

fn says(words: &LazyLock<Option<Regex>>, text: &str) -> bool {
    words.as_ref().is_some_and(|w| w.is_match(text))
}

/// Consent or terms: somebody must say yes.
fn agreement(page: &Page) -> Option<PageKind> {
    let may_refuse = page
        .forms
        .iter()
        .any(|f| f.submitters().any(|(_, c)| is_refusal(c)) || is_no_form(f));
    let mut candidates: Vec<usize> = (0..page.forms.len())
        .filter(|i| {
            let form = &page.forms[*i];
            !choose::is_side(form)
                && !is_no_form(form)
                && best_submitter(form).is_some()
                && form
                    .open_fields()
                    .all(|(_, c)| !c.is_line() && c.kind != ControlKind::Password)
        })
        .collect();
    // The form with a box to tick is the one that says yes.
    candidates.sort_by_key(|i| {
        !page.forms[*i]
            .open_fields()
            .any(|(_, c)| c.kind == ControlKind::Checkbox)
    });
    let form = *candidates.first()?;
    let must_tick = page.forms[form]
        .open_fields()
        .any(|(_, c)| c.kind == ControlKind::Checkbox && c.required && !c.checked);
    let text = format!("{} {}", page.title, page.text);
    if says(&TERMS, &text) && (must_tick || may_refuse) {
        return Some(PageKind::Terms(form));
    }
    if (says(&CONSENT, &text) && may_refuse) || must_tick {
        return Some(PageKind::Consent(form));
    }
    None
}

/// A form whose only purpose is to say no.
fn is_no_form(form: &Form) -> bool {
    let mut buttons = form.submitters().peekable();
    buttons.peek().is_some() && buttons.all(|(_, c)| is_refusal(c))
}

/// Exactly one way on, and nothing to fill in.
fn notice(page: &Page) -> Option<usize> {
    let mut ways = (0..page.forms.len()).filter(|i| {
        let form = &page.forms[*i];
        !choose::is_side(form)
            && !is_no_form(form)
            && form
                .open_fields()
                .all(|(_, c)| c.kind == ControlKind::Checkbox || !c.required)
            && form
                .open_fields()
                .all(|(_, c)| !c.is_line() && c.kind != ControlKind::Select)
            && best_submitter(form).is_some_and(|b| {
                let b = &form.controls[b];
                is_positive(&b.label) || is_positive(&b.name) || is_positive(&b.value)
            })
    });
    let only = ways.next()?;
    ways.next().is_none().then_some(only)
}

fn is_captcha(page: &Page) -> bool {
    let widget = [
        ".g-recaptcha",
        ".h-captcha",
        ".cf-turnstile",
        "[data-sitekey]",
        "#challenge-form",
        "img[src*=captcha i]",
        "img[id*=captcha i]",
        "iframe[src*=captcha i]",
        "iframe[src*=_Incapsula_]",
    ]
    .iter()
    .any(|css| page.document().seen(css).is_some());
    let field = page.forms.iter().any(|f| {
        f.open_fields()
            .any(|(_, c)| c.name.to_lowercase().contains("captcha"))
    });
    let checked =
        page.title.to_lowercase().contains("just a moment") || page.has("script[src*=_Incapsula_]");
    widget || field || checked
}

fn is_enrolment(page: &Page) -> bool {
    let asks_secret = page
        .forms
        .iter()
        .any(|f| f.has("totpSecret") || f.has("totp_secret") || f.has("secretKey"));
    let offers_secret = page.has("[href^='otpauth:']")
        || page.text.contains("otpauth:")
        || page.scripts().contains("otpauth:");
    let shows_code = [
        "img[alt*=QR i]",
        "img[alt*=barcode i]",
        "img[id*=qr i]",
        "img[src*=qr i]",
        "canvas[id*=qr i]",
    ]
    .iter()
    .any(|css| page.select(css).iter().any(|e| !is_hidden(*e)));
    let says_scan = page.text.to_lowercase();
    let says_scan = says_scan.contains("scan") && says_scan.contains("app");
    asks_secret || offers_secret || (shows_code && says_scan)
}

fn has_webauthn_form(page: &Page) -> bool {
    page.forms
        .iter()
        .any(|f| f.has("authn_use_chk") || (f.has("clientDataJSON") && f.has("authenticatorData")))
}

fn needs_scripts(page: &Page) -> bool {
    if !page.loose_fields.is_empty() {
        return true;
    }
    let says_so = |text: &str| text.to_lowercase().contains("javascript");
    let has_script = page.has("script");
    let in_noscript = page
        .select("noscript")
        .iter()
        .any(|n| says_so(&n.text().collect::<String>()));
    (has_script && page.text.chars().count() < 60) || in_noscript || says_so(&page.text)
}

fn has_logout(page: &Page) -> bool {
    let leaves = |text: &str| {
        let text = text.to_lowercase().replace(['-', '_', ' '], "");
        [
            "logout",
            "signout",
            "logoff",
            "abmelden",
            "déconnexion",
            "cerrarsesión",
        ]
        .iter()
        .any(|word| text.contains(word))
    };
    page.links()
        .iter()
        .any(|l| leaves(&l.text) || leaves(l.url.path()))
        || page
            .forms
            .iter()
            .any(|f| leaves(&f.id) || leaves(f.action.as_deref().unwrap_or_default()))
}

#[cfg(test)]
#[path = "kind_tests.rs"]
mod tests;
