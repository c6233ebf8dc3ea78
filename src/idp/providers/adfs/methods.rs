//! The list of second factors of AD FS, which one of them to take, and the one that is left to browsers.

use std::sync::LazyLock;

use regex::Regex;

use super::entry::clicks;
use super::mfa::{question, wants_code};
use super::{FORMS, is_options, position, with_domain};
use crate::error::{Error, Result};
use crate::idp::form::Answer;
use crate::idp::page::Page;
use crate::idp::page::choices::{ChoiceOf, Choices, Take, Way};
use crate::idp::refusal;
use crate::idp::visit::{Settings, Step, Visit};
use crate::presence::Presence;

pub fn asks_duo(page: &Page, method: &str) -> bool {
    method.starts_with("duo")
        || page.has("#duo_form, #duo_iframe, form#adfs_form, [name=duo_sig_request]")
}

pub fn duo(page: &Page, visit: &Visit<'_>) -> Error {
    let error = refusal::needs_browser(
        page,
        visit,
        "asks for Duo, which mai cannot answer at AD FS",
    );
    let hint = error.hint_text().unwrap_or_default().to_owned();
    error.better_hint(format!(
        "{hint}; or ask for another second factor, such as a code"
    ))
}

static OPTION: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"SelectOption\(\s*["']([^"']+)["']"#).ok());

/// The methods behind the links of a page.
pub fn other_methods(page: &Page, visit: &Visit<'_>) -> Vec<Way> {
    let Some(form) = page.forms.iter().position(is_options) else {
        return Vec::new();
    };
    clicks(page, "[onclick*=SelectOption]", &OPTION)
        .into_iter()
        .map(|(label, method)| Way {
            label,
            value: format!("{method}\t{}", kind_of(&method, visit)),
            take: Take::Button { form, control: 0 },
        })
        .collect()
}

/// What an adapter's name does not say. Microsoft's can do whatever the settings name.
fn kind_of<'v>(method: &str, visit: &Visit<'v>) -> &'v str {
    let method = method.to_ascii_lowercase();
    let makes_codes = ["securid", "symantec", "vip", "safenet"];
    if makes_codes.iter().any(|name| method.starts_with(name)) {
        "totp"
    } else if method.starts_with("azuremfaserver") || method.starts_with("silverfort") {
        "push"
    } else if !method.starts_with("azure") {
        ""
    } else if visit.settings.presence == Presence::Nobody {
        // It begins with what the account prefers, which may ring.
        "push"
    } else if wants_code(visit) {
        "totp"
    } else {
        let settings: &'v Settings = visit.settings;
        settings.mfa_method.as_deref().unwrap_or_default()
    }
}

fn method_named(way: &Way) -> &str {
    way.value.split('\t').next().unwrap_or_default()
}

pub fn is_usable(way: &Way) -> bool {
    let method = method_named(way).to_ascii_lowercase();
    ![
        "duo",
        "certificateauthentication",
        "windowsauthentication",
        "fido",
        "microsoftpassport",
        "deviceauthentication",
    ]
    .iter()
    .any(|name| method.starts_with(name))
}

/// The other method that the settings name, where this page is for another one.
pub fn configured(visit: &Visit<'_>, others: &[Way], here: &str) -> Option<Way> {
    let wanted = visit.settings.mfa_device.as_deref()?.to_lowercase();
    let says = |text: &str| text.to_lowercase().contains(&wanted);
    let is_here = |way: &&Way| method_named(way).eq_ignore_ascii_case(here);
    let found = others
        .iter()
        .find(|way| says(&way.label) || says(&way.value))?;
    (!says(here) && !is_here(&found)).then(|| found.clone())
}

pub fn take_method(page: &Page, visit: &mut Visit<'_>, ways: Vec<Way>) -> Result<Step> {
    let primary = ways
        .iter()
        .find(|w| method_named(w).eq_ignore_ascii_case(FORMS));
    let way = match primary {
        // A password is what there is to begin with.
        Some(forms) if !visit.password_sent() => forms.clone(),
        // Nobody is rung by a certificate.
        _ if ways.len() == 1 && low(&ways[0]) == "certificateauthentication" => ways[0].clone(),
        _ => {
            let usable: Vec<Way> = ways.iter().filter(|w| is_usable(w)).cloned().collect();
            if usable.is_empty() && ways.iter().all(|w| asks_duo(page, &low(w))) {
                return Err(duo(page, visit));
            }
            let choices = Choices {
                of: ChoiceOf::Factor,
                question: question(page),
                ways: if usable.is_empty() { ways } else { usable },
            };
            let picked = visit.take(page, &choices)?;
            let way = choices.ways[picked].clone();
            visit.device = Some(way.label.clone());
            way
        }
    };
    let Take::Button { form, .. } = way.take else {
        return Err(refusal::unfamiliar(page, 0));
    };
    visit.person.step(&way.label);
    let fields = &page.forms[form];
    let mut answer = Answer::new(form);
    if let Some(field) = position(fields, "AuthMethod", |_| true) {
        answer.set(field, method_named(&way));
    }
    if let Some(field) = position(fields, "UserName", |c| c.value.is_empty())
        && let Some(user) = visit.known_user()
    {
        let user = with_domain(user, visit.option("domain"));
        answer.set(field, &user);
    }
    answer.no_button();
    Ok(Step::Send(answer))
}

fn low(way: &Way) -> String {
    method_named(way).to_ascii_lowercase()
}
