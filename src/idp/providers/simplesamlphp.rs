//! SimpleSAMLphp 1.19 and 2.x: consent as two GET forms, the chooser of sources, lost state.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use url::Url;

use super::{Proof, Provider, beside};
use crate::error::{Error, Result, clean};
use crate::idp::answer;
use crate::idp::form::Form;
use crate::idp::page::Page;
use crate::idp::page::choices::{ChoiceOf, Choices, Take, Way};
use crate::idp::visit::{Again, AgreementKind, Step, Visit};

pub struct SimpleSamlPhp;

impl Provider for SimpleSamlPhp {
    fn name(&self) -> &'static str {
        "simplesamlphp"
    }

    fn about(&self) -> &'static str {
        "SimpleSAMLphp 1.19 and 2"
    }

    fn proof(&self) -> Proof {
        Proof::RealServer
    }

    fn options(&self) -> &'static [(&'static str, &'static str)] {
        &[(
            "source",
            "the entry to take where several ways to sign in are offered",
        )]
    }

    fn source_option(&self) -> Option<&'static str> {
        Some("source")
    }

    fn recognise(&self, page: &Page) -> bool {
        let path = page.url.path();
        path.contains("/module.php/")
            || path.contains("/saml2/idp/")
            || path.contains("/simplesaml")
            || page
                .forms
                .iter()
                .any(|f| f.has("AuthState") || f.has("StateId"))
    }

    fn logout(&self, start: &Url) -> Option<Url> {
        let (mark, below) = match start.path().contains("/module.php/") {
            true => (
                "module.php/saml/idp/",
                "module.php/saml/idp/initSingleLogout",
            ),
            false => ("saml2/idp/", "saml2/idp/initSLO.php"),
        };
        let mut url = beside(start, mark, below)?;
        let back = beside(start, mark, "")?;
        // It wants to know where to go afterwards.
        url.query_pairs_mut()
            .append_pair("RelayState", back.as_str());
        Some(url)
    }

    fn step(&self, page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
        if let Some(form) = consent_form(page) {
            return Some(consent(page, visit, form));
        }
        if let Some(choices) = sources(page) {
            return Some(answer::take(page, visit, &choices));
        }
        lost_state(page).map(|error| Ok(Step::StartAgain(Again::Stale, error)))
    }
}

/// The form that says yes; the one that says no follows it.
fn consent_form(page: &Page) -> Option<usize> {
    page.forms.iter().position(|form| {
        matches!(form.id.as_str(), "consent_yes" | "consent-yes")
            || (form.has("StateId") && yes_button(form).is_some())
    })
}

fn yes_button(form: &Form) -> Option<usize> {
    form.submitters()
        .find(|(_, c)| c.name == "yes")
        .map(|(index, _)| index)
}

fn consent(page: &Page, visit: &mut Visit<'_>, form: usize) -> Result<Step> {
    visit.agree(AgreementKind::Consent, page)?;
    let mut answer = answer::filled(page, visit, form)?;
    // The button has no value, and without its name the answer counts as no answer.
    if let Some(yes) = yes_button(&page.forms[form]) {
        answer.press(yes);
    }
    Ok(Step::Send(answer))
}

/// One button per source: `sourceChoice[NAME]`, before 2.0 `src-` and the name in base64.
fn sources(page: &Page) -> Option<Choices> {
    let (index, form) = page.forms.iter().enumerate().find(|(_, f)| {
        f.submitters()
            .any(|(_, c)| c.name.starts_with("sourceChoice[") || c.name.starts_with("src-"))
    })?;
    let ways = form
        .submitters()
        .filter(|(_, c)| c.name.starts_with("sourceChoice[") || c.name.starts_with("src-"))
        .map(|(control, c)| {
            let name = source_name(&c.name);
            let label = [&c.label, &c.value]
                .into_iter()
                .find(|text| !text.is_empty())
                .map_or(name.as_str(), String::as_str);
            Way {
                label: clean(label),
                value: name.clone(),
                take: Take::Button {
                    form: index,
                    control,
                },
            }
        })
        .collect();
    Some(Choices {
        of: ChoiceOf::Source,
        question: format!("How do you sign in to {}?", page.host()),
        ways,
    })
}

fn source_name(button: &str) -> String {
    let decoded = button
        .strip_prefix("src-")
        .and_then(|coded| STANDARD.decode(coded).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    match decoded {
        Some(name) => clean(&name),
        None => button
            .trim_start_matches("sourceChoice[")
            .trim_end_matches(']')
            .to_owned(),
    }
}

fn lost_state(page: &Page) -> Option<Error> {
    let path = page.url.path();
    let lost = path.ends_with("/error/nocookie")
        || path.ends_with("/no_cookie.php")
        || page.text.contains("State information lost")
        || page.text.contains("Missing cookie")
        || page.text.contains("NOSTATE");
    lost.then(|| {
        Error::failed(format!("{} lost the state of the sign-in", page.host()))
            .hint("try again; if it stays, try the URL in a browser")
    })
}

#[cfg(test)]
#[path = "simplesamlphp_tests.rs"]
mod tests;
