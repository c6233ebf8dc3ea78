//! Keycloak and RH-SSO: several code devices, "try another way", required actions, expired pages, brokers.

use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use super::{Proof, Provider, beside};
use crate::error::{Error, Result, clean};
use crate::idp::answer;
use crate::idp::document::visible_text;
use crate::idp::form::choose::CodeFields;
use crate::idp::form::{Answer, ControlKind, Form};
use crate::idp::page::Page;
use crate::idp::page::choices::{ChoiceOf, Choices, Take, Way};
use crate::idp::refusal;
use crate::idp::visit::{AgreementKind, Step, Visit};

pub struct Keycloak;

const DEVICE: &str = "selectedCredentialId";
const EXECUTION: &str = "authenticationExecution";

impl Provider for Keycloak {
    fn name(&self) -> &'static str {
        "keycloak"
    }

    fn about(&self) -> &'static str {
        "Keycloak, Red Hat build of Keycloak, RH-SSO"
    }

    fn proof(&self) -> Proof {
        Proof::RealServer
    }

    fn options(&self) -> &'static [(&'static str, &'static str)] {
        &[(
            "idp",
            "the alias of the identity provider to sign in with, instead of a password here",
        )]
    }

    fn source_option(&self) -> Option<&'static str> {
        Some("idp")
    }

    fn recognise(&self, page: &Page) -> bool {
        page.url.path().contains("/realms/")
            || page.has("#kc-header, #kc-form-login, #kc-page-title, #kc-content")
    }

    fn logout(&self, start: &Url) -> Option<Url> {
        beside(start, "/protocol/", "/protocol/openid-connect/logout")
            .filter(|url| url.path().contains("/realms/"))
    }

    fn step(&self, page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
        if let Some(error) = unknown_client(page) {
            return Some(Err(error));
        }
        if let Some(link) = restart_link(page)
            && visit.once("restart of an expired page")
        {
            visit.went_stale = true;
            return Some(Ok(Step::Go(link)));
        }
        if let Some(step) = required_action(page, visit) {
            return Some(step);
        }
        if let Some(form) = consent_form(page) {
            return Some(answer::agree(page, visit, form, AgreementKind::Consent));
        }
        if let Some(step) = code_with_devices(page, visit) {
            return Some(step);
        }
        if let Some(choices) = ways_to_prove(page) {
            return Some(answer::take(page, visit, &choices));
        }
        if let Some(step) = another_way(page, visit) {
            return Some(step);
        }
        broker(page, visit)
    }
}

fn unknown_client(page: &Page) -> Option<Error> {
    let text = page.text_of("#kc-error-message")?;
    text.to_lowercase().contains("client not found").then(|| {
        Error::usage(format!("{} knows no SAML client by this URL", page.host()))
            .because(&text)
            .hint("`url:` must end in /protocol/saml/clients/NAME, where NAME is the client's IDP-Initiated SSO URL name")
    })
}

fn restart_link(page: &Page) -> Option<Url> {
    page.links()
        .into_iter()
        .find(|link| link.id == "loginRestartLink")
        .map(|link| link.url)
}

/// What must be done in a browser before the sign-in goes on.
fn required_action(page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
    let execution = page
        .url
        .path()
        .ends_with("/login-actions/required-action")
        .then(|| page.url.query_pairs().find(|(name, _)| name == "execution"))
        .flatten()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default();
    let shows = |ids: &[&str]| page.forms.iter().any(|f| ids.contains(&f.id.as_str()));
    let asks_terms =
        execution.eq_ignore_ascii_case("TERMS_AND_CONDITIONS") || page.has("#kc-terms-text");
    if asks_terms && let Some(form) = page.forms.iter().position(|f| f.has("accept")) {
        return Some(answer::agree(page, visit, form, AgreementKind::Terms));
    }
    if execution == "UPDATE_PASSWORD" || shows(&["kc-passwd-update-form"]) {
        return Some(Err(refusal::new_password(page, visit)));
    }
    let what = match execution.as_str() {
        "UPDATE_PROFILE" | "VERIFY_PROFILE" => "your profile to be completed",
        "VERIFY_EMAIL" => "your e-mail address to be verified",
        "CONFIGURE_TOTP" => "an authenticator app to be set up",
        "CONFIGURE_RECOVERY_AUTHN_CODES" => "recovery codes to be set up",
        "webauthn-register" | "webauthn-register-passwordless" => {
            "a security key or passkey to be set up"
        }
        _ if shows(&["kc-totp-settings-form"]) => "an authenticator app to be set up",
        _ if shows(&["kc-update-profile-form", "kc-idp-review-profile-form"]) => {
            "your profile to be completed"
        }
        "" => return None,
        other => {
            return Some(Err(stopped(
                page,
                visit,
                &format!("the action {}", clean(other)),
            )));
        }
    };
    Some(Err(stopped(page, visit, what)))
}

fn stopped(page: &Page, visit: &Visit<'_>, what: &str) -> Error {
    Error::needs_you(format!("{} wants {what} before it goes on", page.host())).hint(format!(
        "sign in once in a browser at {} and do it there",
        visit.address()
    ))
}

fn consent_form(page: &Page) -> Option<usize> {
    page.forms.iter().position(|f| {
        let action = f.action.as_deref().unwrap_or_default();
        action.contains("login-actions/consent") && f.has("accept")
    })
}

/// A code where one of several devices must be named: radio buttons, or a hidden field that a click fills.
fn code_with_devices(page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
    let index = page
        .forms
        .iter()
        .position(|f| f.has(DEVICE) && (f.has("otp") || f.has("totp")) && !f.has("totpSecret"))?;
    let form = &page.forms[index];
    let code = form.index_of("otp").or(form.index_of("totp"))?;
    let devices = devices(page, form);
    let fields = CodeFields {
        boxes: Vec::new(),
        whole: Some(code),
    };
    if devices.len() < 2 {
        return Some(answer::give_code(page, visit, index, &fields, None));
    }
    Some(code_of(page, visit, index, &fields, &devices))
}

struct Device {
    label: String,
    id: String,
    radio: Option<usize>,
}

fn code_of(
    page: &Page,
    visit: &mut Visit<'_>,
    index: usize,
    fields: &CodeFields,
    devices: &[Device],
) -> Result<Step> {
    // After a refused code the same device is meant.
    let known = visit.device.clone();
    let chosen = match devices
        .iter()
        .position(|d| Some(&d.label) == known.as_ref())
    {
        Some(known) => known,
        None => visit.take(page, &device_choices(page, index, devices))?,
    };
    let device = &devices[chosen];
    visit.device = Some(device.label.clone());
    let mut answer = answer::filled(page, visit, index)?;
    match device.radio {
        Some(radio) => {
            answer.tick(radio, true);
        }
        None => {
            if let Some(hidden) = page.forms[index].index_of(DEVICE) {
                answer.set(hidden, &device.id);
            }
        }
    }
    let name = Some(device.label.clone());
    answer::add_code(page, visit, index, fields, name, &mut answer)?;
    Ok(Step::Send(answer))
}

fn device_choices(page: &Page, form: usize, devices: &[Device]) -> Choices {
    Choices {
        of: ChoiceOf::Device,
        question: format!("Which device gives the code for {}?", page.host()),
        ways: devices
            .iter()
            .map(|d| Way {
                label: d.label.clone(),
                value: d.id.clone(),
                take: Take::Radio {
                    form,
                    control: d.radio.unwrap_or_default(),
                },
            })
            .collect(),
    }
}

static TOGGLE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"toggleOTP\(\s*\d+\s*,\s*["']([^"']+)["']"#).ok());

fn devices(page: &Page, form: &Form) -> Vec<Device> {
    let radios: Vec<Device> = form
        .controls
        .iter()
        .enumerate()
        .filter(|(_, c)| c.kind == ControlKind::Radio && c.name == DEVICE)
        .map(|(i, c)| Device {
            label: match clean(&c.label) {
                label if label.is_empty() => clean(&c.value),
                label => label,
            },
            id: c.value.clone(),
            radio: Some(i),
        })
        .collect();
    if !radios.is_empty() {
        return radios;
    }
    let Some(toggle) = TOGGLE.as_ref() else {
        return Vec::new();
    };
    page.select("[onclick*=toggleOTP]")
        .into_iter()
        .filter_map(|tile| {
            let id = toggle.captures(tile.attr("onclick")?)?.get(1)?.as_str();
            Some(Device {
                label: clean(&visible_text(tile)),
                id: id.to_owned(),
                radio: None,
            })
        })
        .collect()
}

/// The list behind "try another way": one form with a button per way, or one form per way.
fn ways_to_prove(page: &Page) -> Option<Choices> {
    let mut ways = Vec::new();
    for (index, form) in page.forms.iter().enumerate() {
        for (control, c) in form.controls.iter().enumerate() {
            if c.name != EXECUTION {
                continue;
            }
            let label = if c.label.is_empty() {
                &form.text
            } else {
                &c.label
            };
            ways.push(Way {
                label: clean(label),
                value: c.value.clone(),
                // Pressing a hidden field is no button at all, which is what the script of such a form does.
                take: Take::Button {
                    form: index,
                    control,
                },
            });
        }
    }
    (!ways.is_empty()).then(|| Choices {
        of: ChoiceOf::Factor,
        question: format!("How do you want to prove it is you to {}?", page.host()),
        ways,
    })
}

/// A security key cannot be used here, so the list of other ways is asked for, once.
fn another_way(page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
    let wants_key = page
        .forms
        .iter()
        .any(|f| f.id == "webauth" || (f.has("clientDataJSON") && f.has("authenticatorData")));
    let can_type = page
        .forms
        .iter()
        .any(|f| f.open_fields().any(|(_, c)| c.is_open()));
    let other = page.forms.iter().position(|f| f.has("tryAnotherWay"))?;
    (wants_key && !can_type && visit.once("another way than a security key"))
        .then(|| Ok(Step::Send(Answer::new(other))))
}

/// The link of another identity provider: the configured one, or what is there where no password is asked.
fn broker(page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
    let links: Vec<Way> = page
        .select("[id^='social-']")
        .into_iter()
        .filter_map(|link| {
            // A later theme keeps the address where a script finds it.
            let address = link
                .attr("data-link")
                .or_else(|| link.attr("href").filter(|href| !href.starts_with('#')))?;
            let alias = link.attr("id")?.strip_prefix("social-")?;
            Some(Way {
                label: clean(&visible_text(link)),
                value: alias.to_owned(),
                take: Take::Link(page.resolve(address).ok()?),
            })
        })
        .collect();
    if links.is_empty() {
        return None;
    }
    if let Some(wanted) = visit.option("idp") {
        if !visit.once("the configured identity provider") {
            return None;
        }
        let found = links.iter().find(|w| w.value == wanted);
        return Some(match found {
            Some(Way {
                take: Take::Link(url),
                ..
            }) => Ok(Step::Go(url.clone())),
            _ => Err(Error::usage(format!(
                "{} offers no identity provider `{wanted}`",
                page.host()
            ))
            .hint(format!(
                "`options: {{idp: …}}` can be {}",
                clean(
                    &links
                        .iter()
                        .map(|w| w.value.as_str())
                        .collect::<Vec<_>>()
                        .join(", ")
                )
            ))),
        });
    }
    let asks_here = page
        .forms
        .iter()
        .any(|f| f.open_fields().any(|(_, c)| c.is_open()));
    if asks_here {
        return None;
    }
    let choices = Choices {
        of: ChoiceOf::Source,
        question: format!("How do you sign in to {}?", page.host()),
        ways: links,
    };
    Some(answer::take(page, visit, &choices))
}

#[cfg(test)]
#[path = "keycloak_tests.rs"]
mod tests;
