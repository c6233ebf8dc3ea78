//! AD FS: a login form without a button, realms and methods behind scripts, the page of applications, fatal pages.

mod mfa;

use std::sync::LazyLock;

use regex::Regex;
use scraper::ElementRef;

use super::{Proof, Provider};
use crate::error::{Error, Kind, Result, clean};
use crate::idp::answer;
use crate::idp::call::Call;
use crate::idp::document::visible_text;
use crate::idp::form::choose::Login;
use crate::idp::form::submit::resolve;
use crate::idp::form::words::tokens;
use crate::idp::form::{Control, ControlKind, Form};
use crate::idp::page::choices::{ChoiceOf, Choices, Take, Way};
use crate::idp::page::message::{Complaint, Message};
use crate::idp::page::{Page, host_of};
use crate::idp::refusal;
use crate::idp::visit::{Choice, Sent, Step, Visit};
use crate::presence::Presence;

pub struct Adfs;

/// What AD FS calls its own directory among the realms.
const OWN_DIRECTORY: &str = "AD AUTHORITY";
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
            || page.forms.iter().any(|f| {
                f.has("AuthMethod") || matches!(f.id.as_str(), "hrd" | "idpForm" | "adfs_form")
            })
    }

    /// In whatever language it stands there: a text above the login form is about what was typed into it.
    fn complaint(&self, page: &Page) -> Option<Message> {
        login_form(page)?;
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

    fn step(&self, page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
        if !self.recognise(page) || is_saml(page) {
            return None;
        }
        if let Some(error) = wants_certificate(page).or_else(|| windows_only(page)) {
            return Some(Err(error));
        }
        if is_change_of_password(page) {
            return Some(Err(change_password(
                refusal::new_password(page, visit),
                page,
            )));
        }
        if let Some(step) = relying_party(page, visit) {
            return Some(step);
        }
        if let Some(step) = home_realm(page, visit) {
            return Some(step);
        }
        if let Some((form, login)) = login_form(page) {
            // Names from the configuration go before those that are usual.
            let fields = &visit.settings.fields;
            let named = fields.username.is_some() || fields.password.is_some();
            return (!named).then(|| log_in(page, visit, form, &login));
        }
        mfa::step(page, visit).or_else(|| fatal(page, visit).map(Err))
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
    let step = answer::log_in(page, visit, form, login).map_err(|e| explain(e, page, visit))?;
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
    // What looks like a button is a piece of text with a script.
    answer.no_button();
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

/// AD FS says the same of a wrong password, a locked account and a user without a domain.
fn explain(error: Error, page: &Page, visit: &Visit<'_>) -> Error {
    let message = page.message.as_ref();
    match message.map(|m| m.complaint) {
        Some(Complaint::Expired) => change_password(error, page),
        Some(Complaint::BadCredentials)
            if error.kind() == Kind::Refused && visit.last == Sent::Password =>
        {
            let user = clean(visit.known_user().unwrap_or_default());
            if has_domain(&user) || visit.option("domain").is_some() {
                return error;
            }
            let text = message.map(|m| m.text.as_str()).unwrap_or_default();
            Error::refused(format!(
                "{} refused the password of {user}, or a user name without a domain: try `username: DOMAIN\\{user}` or \
                 `{user}@domain`",
                page.host()
            ))
            .because(text)
        }
        _ => error,
    }
}

fn is_change_of_password(page: &Page) -> bool {
    let path = page.url.path().to_ascii_lowercase();
    path.contains("/portal/updatepassword")
        && page
            .forms
            .iter()
            .any(|f| f.controls.iter().any(|c| c.kind == ControlKind::Password))
}

/// Where AD FS lets people change it, if it says so.
fn change_password(error: Error, page: &Page) -> Error {
    let link = page
        .links()
        .into_iter()
        .map(|l| l.url)
        .chain([page.url.clone()])
        .find(|url| url.path().to_ascii_lowercase().contains("updatepassword"));
    match link {
        Some(mut url) => {
            url.set_query(None);
            error.better_hint(format!(
                "change it in a browser at {url}, then sign in again"
            ))
        }
        None => error,
    }
}

static REALM: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"HRD\.selection\(\s*["']([^"']+)["']"#).ok());

/// The realms behind the pictures of the home realm page.
fn realms(page: &Page, form: usize) -> Vec<Way> {
    clicks(page, "[onclick*='HRD.selection']", &REALM)
        .into_iter()
        .map(|(label, value)| Way {
            label,
            value,
            take: Take::Button { form, control: 0 },
        })
        .collect()
}

/// Label and argument of everything whose click calls a function of the page.
fn clicks(page: &Page, css: &str, call: &LazyLock<Option<Regex>>) -> Vec<(String, String)> {
    let Some(call) = call.as_ref() else {
        return Vec::new();
    };
    let mut found: Vec<(String, String)> = Vec::new();
    for element in page.select(css) {
        let code = element.attr("onclick").unwrap_or_default();
        let Some(value) = call.captures(code).and_then(|c| c.get(1)) else {
            continue;
        };
        let value = value.as_str().to_owned();
        if found.iter().all(|(_, known)| *known != value) {
            found.push((label_of(element, &value), value));
        }
    }
    found
}

fn label_of(element: ElementRef<'_>, fallback: &str) -> String {
    let said = [
        visible_text(element),
        element.attr("aria-label").unwrap_or_default().to_owned(),
        element.attr("title").unwrap_or_default().to_owned(),
    ];
    let label = said.iter().map(|text| clean(text)).find(|l| !l.is_empty());
    label.unwrap_or_else(|| clean(fallback))
}

/// Where do you come from? The page's script puts the answer into a field without a name.
fn home_realm(page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
    let index = page
        .forms
        .iter()
        .position(|f| f.id.eq_ignore_ascii_case("hrd") || f.has("HomeRealmSelection"))?;
    let form = &page.forms[index];
    let realms = realms(page, index);
    if realms.is_empty() {
        let email = position(form, "Email", Control::is_line)?;
        let login = Login {
            username: Some(email),
            ..Login::default()
        };
        return Some(answer::log_in(page, visit, index, &login));
    }
    Some(pick_realm(page, visit, realms).and_then(|realm| {
        visit.person.step(&format!("taking {}", realm.label));
        let call = sent(
            page,
            form,
            &["HomeRealmSelection", "Email"],
            &[("HomeRealmSelection", &realm.value), ("Email", "")],
        )?;
        Ok(Step::Call(call))
    }))
}

fn pick_realm(page: &Page, visit: &mut Visit<'_>, mut realms: Vec<Way>) -> Result<Way> {
    if let Some(wanted) = visit.option("home_realm") {
        let low = wanted.trim().to_lowercase();
        let is = |way: &Way| way.value.to_lowercase() == low || way.label.to_lowercase() == low;
        let has = |way: &Way| {
            way.value.to_lowercase().contains(&low) || way.label.to_lowercase().contains(&low)
        };
        let found = realms
            .iter()
            .position(is)
            .or_else(|| realms.iter().position(has));
        return found.map(|i| realms.swap_remove(i)).ok_or_else(|| {
            let known: Vec<&str> = realms.iter().map(|r| r.label.as_str()).collect();
            Error::usage(format!(
                "{} offers no organisation `{}`",
                page.host(),
                clean(wanted)
            ))
            .hint(format!(
                "`options: {{home_realm: …}}` can be {}",
                known.join(", ")
            ))
        });
    }
    let own = realms
        .iter()
        .position(|r| r.value.eq_ignore_ascii_case(OWN_DIRECTORY));
    // Who has a password to give and nobody to ask has it for this directory.
    if let (Presence::Nobody, Some(own)) = (visit.settings.presence, own) {
        return Ok(realms.swap_remove(own));
    }
    let choices = Choices {
        of: ChoiceOf::Source,
        question: format!(
            "Where do you sign in to {}? (`options: {{home_realm: …}}` settles it)",
            page.host()
        ),
        ways: realms,
    };
    let picked = visit.take(page, &choices)?;
    let mut ways = choices.ways;
    Ok(ways.swap_remove(picked))
}

/// What a page's script sends: the hidden fields as they are, but for those named, and what it adds.
fn sent(page: &Page, form: &Form, without: &[&str], added: &[(&str, &str)]) -> Result<Call> {
    let to = resolve(form.action.as_deref(), page.place())?;
    let hidden = form
        .controls
        .iter()
        .filter(|c| c.kind == ControlKind::Hidden && !c.disabled && !c.name.is_empty())
        .filter(|c| !without.iter().any(|name| c.name.eq_ignore_ascii_case(name)))
        .map(|c| (c.name.as_str(), c.value.as_str()));
    let fields: Vec<(&str, &str)> = hidden.chain(added.iter().copied()).collect();
    Ok(Call::post(to).form(&fields))
}

/// The page of applications that comes where the address names none.
fn relying_party(page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
    let form = page
        .forms
        .iter()
        .find(|f| f.id.eq_ignore_ascii_case("idpForm") || f.has("RelyingParty"))?;
    let with_application = "`url:` must end in `IdpInitiatedSignOn.aspx?loginToRp=urn:amazon:webservices`, or in \
                            what AD FS calls AWS";
    let Some(list) = form
        .control("RelyingParty")
        .filter(|c| !c.options.is_empty())
    else {
        return Some(Err(Error::usage(format!(
            "{} does not say which application to sign in to",
            page.host()
        ))
        .hint(with_application)));
    };
    if !visit.once("the application") {
        return Some(Err(refusal::portal(page).better_hint(with_application)));
    }
    Some(pick_application(page, visit, list).and_then(|value| {
        let mut fields = vec![
            ("SignInOtherSite", "SignInOtherSite"),
            ("RelyingParty", value.as_str()),
        ];
        // Which of the two is there tells whether somebody is signed in already.
        let button = form
            .submitters()
            .filter(|(_, c)| c.name == "SignInSubmit" || c.name == "SignInGo")
            .min_by_key(|(_, c)| c.unseen);
        if let Some((_, button)) = button {
            fields.push((&button.name, &button.value));
        }
        Ok(Step::Call(sent(page, form, &["RelyingParty"], &fields)?))
    }))
}

fn pick_application(page: &Page, visit: &mut Visit<'_>, list: &Control) -> Result<String> {
    let all: Vec<(String, &str)> = list
        .options
        .iter()
        .filter(|o| !o.disabled && !o.value.is_empty())
        .map(|o| (clean(&o.label), o.value.as_str()))
        .collect();
    let names = || {
        let names: Vec<&str> = all.iter().map(|(label, _)| label.as_str()).collect();
        names.join(", ")
    };
    if let Some(wanted) = visit.option("relying_party") {
        let low = wanted.trim().to_lowercase();
        let found = all
            .iter()
            .find(|(label, value)| label.to_lowercase() == low || value.to_lowercase() == low);
        return found.map(|(_, value)| (*value).to_owned()).ok_or_else(|| {
            Error::usage(format!(
                "{} offers no application `{}`",
                page.host(),
                clean(wanted)
            ))
            .hint(format!(
                "`options: {{relying_party: …}}` can be {}",
                names()
            ))
        });
    }
    let aws: Vec<&(String, &str)> = all.iter().filter(|(label, _)| names_aws(label)).collect();
    if let [(_, only)] = aws[..] {
        return Ok((*only).to_owned());
    }
    if visit.settings.presence == Presence::Nobody {
        return Err(Error::needs_you(format!(
            "{} offers several applications, and which is AWS is not clear",
            page.host()
        ))
        .because(names())
        .hint("name it: `options: {relying_party: …}`, or add `?loginToRp=urn:amazon:webservices` to `url:`"));
    }
    let offered: Vec<&(String, &str)> = if aws.is_empty() {
        all.iter().collect()
    } else {
        aws
    };
    let picked = visit.person.choose(&Choice {
        question: format!("Which of these is AWS at {}?", page.host()),
        options: offered.iter().map(|(label, _)| label.clone()).collect(),
    })?;
    let value = offered.get(picked).map(|(_, value)| (*value).to_owned());
    value.ok_or_else(|| Error::failed("the answer is none of the choices"))
}

fn names_aws(label: &str) -> bool {
    tokens(label)
        .iter()
        .any(|word| word == "aws" || word == "amazon" || word.starts_with("amazonaws"))
}

fn wants_certificate(page: &Page) -> Option<Error> {
    let host = page.url.host_str().unwrap_or_default();
    let asks = page.url.port() == Some(49443) || host.starts_with("certauth.");
    let goes_on = page.forms.iter().any(Form::is_filled_already);
    (asks && !goes_on).then(|| {
        Error::needs_you(format!("{} wants a client certificate", page.host()))
            .because(page.summary())
            .hint("name it: `client_certificate:` of the identity provider; or sign in another way")
    })
}

/// Only browsers on a list of AD FS are sent there, and only from within the network.
fn windows_only(page: &Page) -> Option<Error> {
    let path = page.url.path().to_ascii_lowercase();
    let is_form = page
        .forms
        .iter()
        .any(|f| f.open_fields().any(|(_, c)| c.is_open()));
    (page.status == 401 && path.trim_end_matches('/').ends_with("/wia") && !is_form).then(|| {
        refusal::negotiate(page).better_hint(
            "ask who runs AD FS to keep mai off `WiaSupportedUserAgents`, or use the address for outside the company \
             network, which shows a form",
        )
    })
}

static GUID: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b")
        .ok()
});

/// The number under which AD FS wrote the error into its log; it may stand in a part that a click unfolds.
fn activity(page: &Page) -> Option<String> {
    let text: String = page
        .select("#errorArea, #errorDetails, #error")
        .iter()
        .flat_map(|e| e.text())
        .collect();
    let found = GUID.as_ref()?.find(&text)?;
    Some(found.as_str().to_owned())
}

/// The page that AD FS shows when it gives up.
fn fatal(page: &Page, visit: &mut Visit<'_>) -> Option<Error> {
    let text = page
        .text_of("#errorMessage")
        .or_else(|| page.text_of("#errorArea"))?;
    if visit.pushes.is_waiting() {
        return Some(mfa::not_approved(page, &text));
    }
    let host = page.host();
    let message = Message::new(&text);
    if message.is_about_the_account() {
        return Some(refusal::rejected(page, Some(&message), visit));
    }
    if let Some(error) = mfa::not_available(page, visit, &text) {
        return Some(error);
    }
    let start = &visit.settings.start;
    let path = start.path().to_ascii_lowercase();
    let error = Error::failed(format!("{host} gave the sign-in up")).because(clean(&text));
    let error = match activity(page) {
        Some(number) => Error::failed(format!("{host} gave the sign-in up (Activity ID {number})"))
            .because(clean(&text)),
        None => error,
    };
    Some(if text.contains("MSIS7042") {
        error.hint("it saw too many requests within seconds; try again in a minute")
    } else if visit.last == Sent::Nothing && path.contains("idpinitiatedsignon") {
        error.hint(format!(
            "its page for starting at AD FS is off unless somebody turned it on: try `url: https://{}/adfs/ls/`, or ask for \
             `Set-AdfsProperties -EnableIdPInitiatedSignonPage $true`; `loginToRp` must be what AD FS calls AWS",
            host_of(start)
        ))
    } else if visit.last == Sent::Nothing {
        error.hint(
            "ask who runs AD FS whether it trusts `urn:amazon:webservices` as a relying party",
        )
    } else {
        error.hint("ask who runs AD FS to look this number up in its log, and whether AWS is assigned to you")
    })
}
