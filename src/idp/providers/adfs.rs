//! AD FS: a login form without a button, realms and methods behind scripts, the page of applications, fatal pages.

mod entry;
mod methods;
mod mfa;
mod trouble;

use url::Url;

use super::{Proof, Provider, beside};
use crate::error::Result;
use crate::idp::answer;
use crate::idp::form::choose::Login;
use crate::idp::form::{Control, ControlKind, Form};
use crate::idp::page::Page;
use crate::idp::page::message::{Complaint, Message};
use crate::idp::refusal;
use crate::idp::visit::{Step, Visit};

pub struct Adfs;

const FORMS: &str = "FormsAuthentication";

impl Provider for Adfs {
    fn name(&self) -> &'static str {
        "adfs"
    }

    fn about(&self) -> &'static str {
        "AD FS of Windows Server 2012 R2 to 2022; AD FS 2.0 where it shows a form"
    }

    fn proof(&self) -> Proof {
        Proof::Documentation
    }

    fn options(&self) -> &'static [(&'static str, &'static str)] {
        &[
            (
                "home_realm",
                "the organisation to sign in with where several are offered; `AD AUTHORITY` is its own directory",
            ),
            (
                "relying_party",
                "the name of AWS on the page of applications, where `url:` has no `loginToRp`",
            ),
            (
                "domain",
                "the domain of a user name without one: `CORP` makes `CORP\\ada`, `corp.example` makes `ada@corp.example`",
            ),
        ]
    }

    fn source_option(&self) -> Option<&'static str> {
        Some("home_realm")
    }

    fn recognise(&self, page: &Page) -> bool {
        page.url.path().to_ascii_lowercase().contains("/adfs/")
            || page.has("#hrdSelection")
            || page
                .forms
                .iter()
                .any(|f| f.has("AuthMethod") || f.has("SignInOtherSite") || f.id == "adfs_form")
    }

    /// In whatever language it stands there: a text above the login form is about what was typed into it.
    fn complaint(&self, page: &Page) -> Option<Message> {
        login_form(page).filter(|_| self.recognise(page))?;
        let message = Message::new(&page.text_of("#errorText")?);
        let offers_change =
            page.has("#error a[href*='updatepassword' i], #errorText a[href*='updatepassword' i]");
        let complaint = match message.complaint {
            _ if offers_change => Complaint::Expired,
            Complaint::Other => Complaint::BadCredentials,
            told => told,
        };
        Some(Message {
            complaint,
            ..message
        })
    }

    fn logout(&self, start: &Url) -> Option<Url> {
        let mut url = beside(start, "/adfs/", "/adfs/ls/")?;
        url.set_query(Some("wa=wsignout1.0"));
        Some(url)
    }

    fn step(&self, page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
        if !self.recognise(page) || is_saml(page) {
            return None;
        }
        if let Some(error) =
            trouble::wants_certificate(page).or_else(|| trouble::windows_only(page))
        {
            return Some(Err(error));
        }
        if trouble::is_change_of_password(page) {
            return Some(Err(trouble::change_password(
                refusal::new_password(page, visit),
                page,
            )));
        }
        if let Some(step) = entry::relying_party(page, visit) {
            return Some(step);
        }
        if let Some(step) = entry::home_realm(page, visit) {
            return Some(step);
        }
        if let Some((form, login)) = login_form(page) {
            // Names from the configuration go before those that are usual.
            let fields = &visit.settings.fields;
            let named = fields.username.is_some() || fields.password.is_some();
            return (!named).then(|| log_in(page, visit, form, &login));
        }
        mfa::step(page, visit).or_else(|| trouble::fatal(page, visit).map(Err))
    }
}

/// A SAML message on its way: nothing of AD FS's own.
fn is_saml(page: &Page) -> bool {
    page.forms.iter().any(|f| {
        f.is_filled_already() && (f.has("SAMLResponse") || f.has("SAMLRequest") || f.has("wresult"))
    })
}

/// The form behind the links to other methods; its `AuthMethod` is empty until one is clicked.
fn is_options(form: &Form) -> bool {
    form.id.eq_ignore_ascii_case("options")
}

fn position(form: &Form, name: &str, fits: impl Fn(&Control) -> bool) -> Option<usize> {
    form.controls
        .iter()
        .position(|c| c.name.eq_ignore_ascii_case(name) && !c.disabled && fits(c))
}

/// What a form says about the method it belongs to; empty if nothing.
fn method_of(form: &Form) -> &str {
    position(form, "AuthMethod", |_| true).map_or("", |i| form.controls[i].value.trim())
}

/// The form for user name and password. Later versions hide the second until the first is typed, and take both at once.
fn login_form(page: &Page) -> Option<(usize, Login)> {
    page.forms.iter().enumerate().find_map(|(index, form)| {
        let method = method_of(form);
        let is_login = if method.is_empty() {
            form.id.eq_ignore_ascii_case("loginForm")
        } else {
            method.eq_ignore_ascii_case(FORMS)
        };
        if !is_login || is_options(form) {
            return None;
        }
        let typed = |c: &Control| c.is_line() || c.kind == ControlKind::Password;
        let password = position(form, "Password", typed);
        let username = position(form, "UserName", |c| {
            (typed(c) && !c.readonly) || (c.kind == ControlKind::Hidden && c.value.is_empty())
        });
        let asks = password.is_some() || username.is_some_and(|i| typed(&form.controls[i]));
        asks.then(|| {
            (
                index,
                Login {
                    username,
                    password,
                    ..Login::default()
                },
            )
        })
    })
}

fn log_in(page: &Page, visit: &mut Visit<'_>, form: usize, login: &Login) -> Result<Step> {
    let step =
        answer::log_in(page, visit, form, login).map_err(|e| trouble::explain(e, page, visit))?;
    let Step::Send(mut answer) = step else {
        return Ok(step);
    };
    let user = visit.known_user().unwrap_or_default().to_owned();
    if let Some(field) = login.username {
        answer.set(field, &with_domain(&user, visit.option("domain")));
    }
    let mut is_told = false;
    for (index, control) in page.forms[form].controls.iter().enumerate() {
        if !control.name.eq_ignore_ascii_case("Kmsi") {
            continue;
        }
        if control.kind == ControlKind::Checkbox {
            let on = visit.settings.remember_device && !is_told && !control.value.is_empty();
            answer.tick(index, on);
            is_told |= on;
        } else if control.value.is_empty() {
            answer.leave_out(index);
        }
    }
    Ok(Step::Send(answer))
}

fn has_domain(user: &str) -> bool {
    user.contains(['@', '\\'])
}

fn with_domain(user: &str, domain: Option<&str>) -> String {
    match domain.map(str::trim) {
        Some(domain) if !domain.is_empty() && !has_domain(user) => {
            if domain.contains('.') {
                format!("{user}@{domain}")
            } else {
                format!("{domain}\\{user}")
            }
        }
        _ => user.to_owned(),
    }
}
