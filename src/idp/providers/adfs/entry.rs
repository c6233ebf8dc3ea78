//! The choices of AD FS before its login form: the home realm, and the page of applications.

use std::sync::LazyLock;

use regex::Regex;
use scraper::ElementRef;

use super::position;
use crate::error::{Error, Result, clean};
use crate::idp::answer;
use crate::idp::call::Call;
use crate::idp::document::visible_text;
use crate::idp::form::choose::Login;
use crate::idp::form::submit::resolve;
use crate::idp::form::words::tokens;
use crate::idp::form::{Control, ControlKind, Form};
use crate::idp::page::Page;
use crate::idp::page::choices::{ChoiceOf, Choices, Take, Way};
use crate::idp::refusal;
use crate::idp::visit::{Choice, Step, Visit};
use crate::presence::Presence;

/// What AD FS calls its own directory among the realms.
const OWN_DIRECTORY: &str = "AD AUTHORITY";

/// From here on it is not the address that leads nowhere.
pub const REALM_TAKEN: &str = "the home realm";

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
pub fn clicks(page: &Page, css: &str, call: &LazyLock<Option<Regex>>) -> Vec<(String, String)> {
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

pub fn label_of(element: ElementRef<'_>, fallback: &str) -> String {
    let said = [
        visible_text(element),
        element.attr("aria-label").unwrap_or_default().to_owned(),
        element.attr("title").unwrap_or_default().to_owned(),
    ];
    let label = said.iter().map(|text| clean(text)).find(|l| !l.is_empty());
    label.unwrap_or_else(|| clean(fallback))
}

/// Where do you come from? The page's script puts the answer into a field without a name.
pub fn home_realm(page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
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
        visit.once(REALM_TAKEN);
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
pub fn relying_party(page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
    let form = page.forms.iter().find(|f| {
        ["RelyingParty", "SignInSubmit", "SignInGo"]
            .iter()
            .any(|name| f.has(name))
    })?;
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
