//! Several ways on: identity providers, realms, devices, second factors.

use url::Url;

use super::Page;
use crate::error::clean;
use crate::idp::form::choose::is_side;
use crate::idp::form::submit::{best_submitter, is_refusal};
use crate::idp::form::words::{is_negative, is_positive, is_side_form, tokens};
use crate::idp::form::{Control, ControlKind, Form};

/// The ways a page offers.
#[derive(Debug)]
pub struct Choices {
    pub of: ChoiceOf,
    /// What the page calls it.
    pub question: String,
    pub ways: Vec<Way>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChoiceOf {
    /// How to prove who one is.
    Factor,
    /// Which of the person's devices gives the code.
    Device,
    /// Where to sign in: an identity provider, a realm, an organisation.
    Source,
}

#[derive(Clone, Debug)]
pub struct Way {
    /// Fit to be shown.
    pub label: String,
    /// The page's own name for it.
    pub value: String,
    pub take: Take,
}

/// How to take a way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Take {
    Radio {
        form: usize,
        control: usize,
    },
    Option {
        form: usize,
        control: usize,
        option: usize,
    },
    Button {
        form: usize,
        control: usize,
    },
    Link(Url),
}

/// Radio buttons, a list, several buttons, or several forms with a button each.
pub fn in_forms(page: &Page, password_sent: bool) -> Option<Choices> {
    let forms: Vec<(usize, &Form)> = page
        .forms
        .iter()
        .enumerate()
        .filter(|(_, f)| !is_side(f) && f.open_fields().all(|(_, c)| !is_typed(c)))
        .collect();
    let ways = forms
        .iter()
        .find_map(|(index, form)| within(*index, form))
        .or_else(|| one_each(&forms))?;
    Some(choices(page, ways, password_sent))
}

fn is_typed(control: &Control) -> bool {
    control.is_line() || matches!(control.kind, ControlKind::Password | ControlKind::Textarea)
}

fn within(index: usize, form: &Form) -> Option<Vec<Way>> {
    let radios: Vec<Way> = form
        .open_fields()
        .filter(|(_, c)| c.kind == ControlKind::Radio)
        .map(|(i, c)| radio(index, i, c))
        .collect();
    if radios.len() > 1 {
        return Some(radios);
    }
    let select = form
        .open_fields()
        .find(|(_, c)| c.kind == ControlKind::Select && !c.multiple);
    if let Some((i, select)) = select {
        let options = entries(index, i, select);
        if options.len() > 1 {
            return Some(options);
        }
    }
    let buttons: Vec<Way> = form
        .submitters()
        .filter(|(_, c)| !c.unseen && !is_refusal(c))
        .map(|(i, c)| button(index, i, c, form))
        .collect();
    (buttons.len() > 1).then_some(buttons)
}

/// A list with one entry, or one button to mark that is not marked yet, in a form with a button to go on: most people
/// have one token.
pub fn only_one(page: &Page, password_sent: bool) -> Option<Choices> {
    let mut found = page.forms.iter().enumerate().filter_map(|(index, form)| {
        let goes_on = best_submitter(form).is_some_and(|button| {
            let button = &form.controls[button];
            [&button.label, &button.name, &button.value]
                .iter()
                .any(|text| is_positive(text))
        });
        let mut asked = form
            .open_fields()
            .filter(|(_, c)| c.kind != ControlKind::Checkbox || c.required);
        let (control, field) = asked.next().filter(|_| asked.next().is_none())?;
        let way = match field.kind {
            ControlKind::Select if !field.multiple => {
                let mut options = entries(index, control, field);
                options.pop().filter(|_| options.is_empty())?
            }
            ControlKind::Radio if !field.checked => radio(index, control, field),
            _ => return None,
        };
        (goes_on && !is_side(form)).then_some(way)
    });
    let only = found.next().filter(|_| found.next().is_none())?;
    Some(choices(page, vec![only], password_sent))
}

fn radio(form: usize, index: usize, control: &Control) -> Way {
    Way {
        label: shown(&control.label, &control.value),
        value: control.value.clone(),
        take: Take::Radio {
            form,
            control: index,
        },
    }
}

/// The entries of a list that can be taken.
fn entries(form: usize, index: usize, select: &Control) -> Vec<Way> {
    select
        .options
        .iter()
        .enumerate()
        .filter(|(_, o)| !o.disabled && !o.value.trim().is_empty())
        .map(|(option, o)| Way {
            label: shown(&o.label, &o.value),
            value: o.value.clone(),
            take: Take::Option {
                form,
                control: index,
                option,
            },
        })
        .collect()
}

fn button(form_index: usize, index: usize, control: &Control, form: &Form) -> Way {
    let words = if control.label.is_empty() {
        &control.value
    } else {
        &control.label
    };
    let words = if words.is_empty() { &form.text } else { words };
    Way {
        label: shown(words, &control.name),
        value: if control.value.is_empty() {
            control.name.clone()
        } else {
            control.value.clone()
        },
        take: Take::Button {
            form: form_index,
            control: index,
        },
    }
}

/// Several forms, each of them one way.
fn one_each(forms: &[(usize, &Form)]) -> Option<Vec<Way>> {
    let ways: Vec<Way> = forms
        .iter()
        .filter_map(|(index, form)| {
            let mut buttons = form.submitters().filter(|(_, c)| !is_refusal(c));
            let (i, control) = buttons.next().filter(|_| buttons.next().is_none())?;
            let mut way = button(*index, i, control, form);
            // Buttons that all say the same are told apart by what stands beside them.
            if !form.text.is_empty() {
                way.label = clean(&form.text);
            }
            Some(way)
        })
        .collect();
    (ways.len() > 1).then_some(ways)
}

/// Links to providers or factors, on a page that has nothing else.
pub fn in_links(page: &Page, password_sent: bool) -> Option<Choices> {
    let mut ways: Vec<Way> = Vec::new();
    for link in page.links() {
        if link.text.is_empty() || is_negative(&link.text) || is_side_form(&link.text) {
            continue;
        }
        let leads_on = if password_sent {
            names_factor(&link.text)
        } else {
            leads_to_provider(&link.url) || signs_in(&link.text)
        };
        let known = ways.iter().any(|w| w.take == Take::Link(link.url.clone()));
        if leads_on && !known {
            ways.push(Way {
                label: link.text,
                value: link.url.path().to_owned(),
                take: Take::Link(link.url),
            });
        }
    }
    // A lone link is followed only if it says where it leads.
    let vague =
        matches!(&ways[..], [only] if !signs_in(&only.label) && !only.value.contains("/broker/"));
    (!ways.is_empty() && !vague).then(|| choices(page, ways, password_sent))
}

fn choices(page: &Page, ways: Vec<Way>, password_sent: bool) -> Choices {
    let factors = ways.iter().filter(|w| names_factor(&w.label)).count();
    let question = page
        .text_of("h1")
        .or_else(|| page.text_of("h2"))
        .unwrap_or_else(|| page.title.clone());
    Choices {
        of: if password_sent || factors * 2 > ways.len() {
            ChoiceOf::Factor
        } else {
            ChoiceOf::Source
        },
        question: clean(&question),
        ways,
    }
}

fn shown(label: &str, fallback: &str) -> String {
    let label = clean(label);
    if label.is_empty() {
        clean(fallback)
    } else {
        label
    }
}

fn leads_to_provider(url: &Url) -> bool {
    let path = url.path().to_lowercase();
    [
        "/broker/",
        "/idp/",
        "/provider/",
        "/realm",
        "/oauth",
        "/oidc",
        "/saml",
        "/sso",
        "/federation",
    ]
    .iter()
    .any(|part| path.contains(part))
}

fn signs_in(text: &str) -> bool {
    let words = tokens(text);
    let says = |word: &str| words.iter().any(|w| w == word);
    (says("log") && says("in"))
        || (says("sign") && says("in"))
        || says("login")
        || says("signin")
        || says("continue")
        || words
            .iter()
            .any(|w| w.starts_with("anmeld") || w.starts_with("connexion"))
        || says("weiter")
}

/// Does this text name a second factor?
pub fn names_factor(text: &str) -> bool {
    FACTORS.iter().any(|(method, _)| is_factor(text, method))
}

/// Is this the factor that a setting calls `method`?
pub fn is_factor(text: &str, method: &str) -> bool {
    let method = method.to_lowercase();
    let Some((_, words)) = FACTORS.iter().find(|(name, _)| *name == method) else {
        return text.to_lowercase().contains(&method);
    };
    let text = spaced(text);
    // An app is on a mobile phone as well.
    has_any(&text, words)
        || (method == "sms" && text.contains("mobile phone") && !has_any(&text, APP))
}

/// Does this text speak of an app or a token that makes codes, and not only of some code?
pub fn names_app(text: &str) -> bool {
    has_any(&spaced(text), APP)
}

/// Does this text name a device that would ring?
pub fn names_phone(text: &str) -> bool {
    has_any(&spaced(text), PHONE)
}

/// Would taking this way reach somebody: by message, call, mail or a device of theirs?
pub fn reaches_somebody(text: &str) -> bool {
    ["sms", "call", "email", "push"]
        .iter()
        .any(|method| is_factor(text, method))
        || has_any(&spaced(text), SENDS)
        // An app on a phone makes its codes by itself.
        || (names_phone(text) && !names_app(text))
}

/// Does this way ask for a code that is there already, without a word to anybody?
pub fn is_silent_code(text: &str) -> bool {
    is_factor(text, "totp") && !reaches_somebody(text)
}

/// Does this text say that a code is on its way already?
pub fn says_sent(text: &str) -> bool {
    has_any(&spaced(text), SENT)
}

/// Does this text offer to send a code once more? Codes of an app are sent by nobody.
pub fn has_resend(text: &str) -> bool {
    has_any(
        &spaced(text),
        &[" resend", " send again ", " erneut senden "],
    )
}

/// The words with one space around each, so that a space in a list below is the end of a word.
fn spaced(text: &str) -> String {
    format!(" {} ", tokens(text).join(" "))
}

fn has_any(spaced: &str, words: &[&str]) -> bool {
    words.iter().any(|word| spaced.contains(word))
}

const APP: &[&str] = &["totp", "authenticator", " app ", " hardware token "];

const PHONE: &[&str] = &[
    " phone ",
    "smartphone",
    " mobile ",
    " handy ",
    "telefon",
    " téléphone ",
    " teléfono ",
];

const SENT: &[&str] = &[
    " sent ",
    " texted ",
    " gesendet ",
    " gesandt ",
    " geschickt ",
    " envoyé",
    " enviado ",
    " inviato ",
];

/// Words of ways that begin with a message.
const SENDS: &[&str] = &[
    " send ",
    " sends ",
    " sending ",
    " sent ",
    " text ",
    " texts ",
    " senden ",
    " sende ",
    " sendet ",
    " zusenden ",
    " schicken ",
    " schickt ",
    " zuschicken ",
    " gesendet ",
    " envoyer ",
    " envoyez ",
    " envoie ",
    " envoi ",
    " envoyé",
    " enviar ",
    " envía",
    " enviado ",
    " invia",
];

/// Where a space stands, a word begins or ends: "call" is in "automatically" too.
const FACTORS: &[(&str, &[&str])] = &[
    (
        "totp",
        &[
            "totp",
            " otp",
            "authenticator",
            "one time",
            "verification code",
            "einmal",
            " token",
            "app code",
        ],
    ),
    (
        "push",
        &[" push", "notification", " approve ", "benachrichtigung"],
    ),
    (
        "sms",
        &[" sms", "text message", " text me ", "kurznachricht"],
    ),
    ("call", &[" call ", " anruf", " appel "]),
    ("email", &[" email", " e mail", " courriel"]),
    (
        "webauthn",
        &[
            "webauthn",
            "security key",
            "passkey",
            " fido",
            "yubikey",
            "sicherheitsschlüssel",
        ],
    ),
    (
        "recovery",
        &["recovery", " backup", "wiederherstell", "secours"],
    ),
];

#[cfg(test)]
mod tests {
    use super::super::test_page::page;
    use super::*;

    fn labels(choices: &Choices) -> Vec<&str> {
        choices.ways.iter().map(|w| w.label.as_str()).collect()
    }

    #[test]
    fn ways_are_found_as_radios_lists_buttons_and_forms() {
        for html in [
            "<form method=post><label><input type=radio name=d value=1> One</label><label><input type=radio name=d \
             value=2> Two</label><button>Go</button></form>",
            "<form method=post><select name=org><option value=''>Choose<option value=1>One<option value=2>Two</select>\
             <button>Go</button></form>",
            "<form><button name=source[a]>One</button><button name=source[b]>Two</button><button name=cancel>Cancel\
             </button></form>",
            "<form method=post>One<button name=x value=1></button></form><form method=post>Two<button name=x value=2>\
             </button></form>",
        ] {
            let page = page(html);
            let choices = in_forms(&page, false).expect(html);
            assert_eq!(labels(&choices), ["One", "Two"], "{html}");
        }
    }

    #[test]
    fn a_form_with_one_button_is_no_choice() {
        let page = page(
            "<form method=post><button name=ok>OK</button><button name=no>No</button></form>\
             <form id=lang><select name=lang><option>en<option>de</select><button>Set</button></form>",
        );
        assert!(in_forms(&page, false).is_none());
    }

    #[test]
    fn a_list_of_one_is_a_way_and_a_list_of_a_portal_is_none() {
        let list = "<select name=token><option value=''>Choose<option value=1>Token</select>";
        let only = |html: String| only_one(&page(&html), true).map(|c| c.ways[0].label.clone());
        let form =
            |inside: String| format!("<form method=post>{inside}<button>Next</button></form>");
        assert_eq!(only(form(list.into())).as_deref(), Some("Token"));
        let mark = "<label><input type=radio name=t value=1> Token</label>";
        assert_eq!(only(form(mark.into())).as_deref(), Some("Token"));
        for html in [
            form(format!("{list}<input name=note>")),
            form(list.into()) + &form(list.into()),
            format!("<form method=post>{list}<button>Delete</button></form>"),
            form("<select name=lang><option>en</select>".into()),
        ] {
            assert_eq!(only(html.clone()), None, "{html}");
        }
    }

    #[test]
    fn links_to_providers_are_ways_and_others_are_not() {
        let page = page(
            "<a href=/broker/a/login>Company</a><a href=/x>Sign in with B</a><a href=/privacy>Privacy</a>\
             <a href=/reset/idp/>Forgot password?</a><a href=#>Log in</a>",
        );
        let choices = in_links(&page, false).unwrap();
        assert_eq!(labels(&choices), ["Company", "Sign in with B"]);
        assert_eq!(choices.of, ChoiceOf::Source);
    }

    #[test]
    fn factors_are_known_by_their_setting() {
        assert!(is_factor("Authenticator Application", "totp"));
        assert!(is_factor("Send me a text message", "SMS"));
        assert!(is_factor("Company Badge", "badge"));
        assert!(!is_factor("Security Key", "totp"));
        for value in ["OneWaySMS", "smsCode", "sms_otp", "SMS"] {
            assert!(is_factor(value, "sms"), "{value}");
        }
        for value in [
            "PhoneAppOTP",
            "OTPcode",
            "googleauthenticator",
            "token:hotp",
        ] {
            assert!(is_factor(value, "totp"), "{value}");
        }
        assert!(is_factor("Phone call", "call") && is_factor("emailCode", "email"));
        assert!(is_factor("Mobile phone", "sms"));
    }

    #[test]
    fn a_silent_code_reaches_nobody() {
        for text in [
            "Use a verification code from my mobile app verificationOption1",
            "T1 - totp",
            "Code of an app (TOTP) totp",
            "PhoneAppOTP",
            "One-time password of a token",
        ] {
            assert!(is_silent_code(text), "{text}");
        }
        for text in [
            "Send a verification code to my phone +49 ••34",
            "Verification code to my phone",
            "Text a verification code to +49 ••34",
            "Einmalcode zusenden",
            "Envoyer un code (OTP)",
            "One-time code sendOtp",
            "Push to phone",
            "Security key",
        ] {
            assert!(!is_silent_code(text), "{text}");
        }
    }

    #[test]
    fn a_factor_is_a_word_and_no_part_of_one() {
        assert!(!is_factor("You are redirected automatically", "call"));
        assert!(!is_factor("For approved users only", "push"));
        assert!(!is_factor("The app on your mobile phone", "sms"));
    }
}
