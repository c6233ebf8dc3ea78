//! PingID: its choice of devices, approvals on a phone, and codes.

use std::time::Duration;

use serde_json::Value;
use url::Url;
use url::form_urlencoded::{Serializer, parse};

use crate::error::{Error, Result, clean};
use crate::idp::answer;
use crate::idp::call::Call;
use crate::idp::document::visible_text;
use crate::idp::form::choose::CodeFields;
use crate::idp::form::{Answer, ControlKind};
use crate::idp::page::Page;
use crate::idp::page::choices::{ChoiceOf, Choices, Take, Way, is_factor};
use crate::idp::refusal;
use crate::idp::visit::{Step, Visit, needs_person};
use crate::presence::Presence;

/// How often its pages ask.
const PAUSE: Duration = Duration::from_millis(if cfg!(test) { 10 } else { 3_000 });
const TOKEN: &str = "csrfToken";

pub fn is_here(page: &Page) -> bool {
    page.url.path().contains("/pingid/ppm")
}

/// The step for one of its pages.
pub fn step(page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
    if !is_here(page) {
        return None;
    }
    if page.url.path().ends_with("/auth/status")
        && let Some(status) = status(page)
    {
        return Some(polled(page, &status));
    }
    let path = page.url.path().to_lowercase();
    if ["regist", "/pair", "activat"]
        .iter()
        .any(|w| path.contains(w))
    {
        return Some(Err(refusal::enrolment(page, visit)));
    }
    if let Some(step) = without_keys(page) {
        return Some(Ok(step));
    }
    if let Some(step) = device(page, visit) {
        return Some(step);
    }
    if let Some(step) = code(page, visit) {
        return Some(step);
    }
    approval(page, visit)
}

/// What a script finds out about the browser: there is nothing here that could hold a security key.
fn without_keys(page: &Page) -> Option<Step> {
    let index = page
        .forms
        .iter()
        .position(|f| f.has("isWebAuthnSupportedByBrowser"))?;
    let mut answer = Answer::new(index);
    for (control, field) in page.forms[index].controls.iter().enumerate() {
        if field.name.starts_with("isWebAuthn") {
            answer.set(control, "false");
        }
    }
    answer.no_button();
    Some(Step::Send(answer))
}

/// The list of devices, whose choice a script sends.
fn device(page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
    let index = page
        .forms
        .iter()
        .position(|f| f.id == "device-form" || f.name == "device-form")?;
    let ways: Vec<Way> = page
        .select(".device-list > li[data-id]")
        .into_iter()
        .map(|item| {
            let name = item
                .descendent_elements()
                .find(|e| e.value().classes().any(|class| class == "device-name"));
            Way {
                label: clean(&visible_text(name.unwrap_or(item))),
                value: item.attr("data-id").unwrap_or_default().to_owned(),
                take: Take::Button {
                    form: index,
                    control: 0,
                },
            }
        })
        .collect();
    if ways.is_empty() {
        return None;
    }
    let choices = Choices {
        of: ChoiceOf::Device,
        question: format!("Which device is at hand for {}?", page.host()),
        ways,
    };
    Some(take(page, visit, index, &choices))
}

fn take(page: &Page, visit: &mut Visit<'_>, index: usize, choices: &Choices) -> Result<Step> {
    // Whichever it is: what it does when it is taken is settled at the device.
    if visit.settings.presence == Presence::Nobody {
        return Err(needs_person(&page.host()));
    }
    let way = &choices.ways[visit.take(page, choices)?];
    visit.device = Some(way.label.clone());
    visit.person.step(&way.label);
    let form = &page.forms[index];
    let mut fields: Vec<(&str, &str)> = form
        .controls
        .iter()
        .filter(|c| c.kind == ControlKind::Hidden && !c.disabled && c.name != "deviceId")
        .map(|c| (c.name.as_str(), c.value.as_str()))
        .collect();
    fields.push(("deviceId", &way.value));
    let url = page.resolve(form.action.as_deref().unwrap_or_default())?;
    Ok(Step::Call(Call::post(url).form(&fields)))
}

fn code(page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
    let index = page.forms.iter().position(|f| f.id == "otp-form")?;
    let form = &page.forms[index];
    if form.has("publicKeyCredentialRequestOptions") {
        return Some(another_device(page, visit));
    }
    let fields = CodeFields {
        boxes: Vec::new(),
        whole: Some(form.index_of("otp")?),
    };
    let token = form.index_of(TOKEN);
    let given = answer::give_code(page, visit, index, &fields, None);
    Some(given.map(|step| match (step, token) {
        (Step::Send(mut answer), Some(token)) => {
            answer.copy_cookie(token, ".csrf");
            Step::Send(answer)
        }
        (step, _) => step,
    }))
}

/// A security key cannot be used here, so the list of devices is asked for, once.
fn another_device(page: &Page, visit: &mut Visit<'_>) -> Result<Step> {
    let list = page
        .links()
        .into_iter()
        .find(|link| link.url.path().ends_with("/ppm/devices"));
    match list {
        Some(list) if visit.once("another device at PingID") => Ok(Step::Go(list.url)),
        _ => Err(refusal::needs_browser(
            page,
            visit,
            "asks for a security key or passkey",
        )),
    }
}

/// The page that waits for a phone.
fn approval(page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
    let named = |id: &str| page.forms.iter().position(|f| f.id == id);
    let (asking, answer) = (named("form1")?, named("reponseView")?);
    let token = page.forms[asking]
        .control(TOKEN)
        .map(|c| c.value.clone())
        .unwrap_or_default();
    if let Some(step) = code_instead(page, visit, &token) {
        return Some(step);
    }
    let number = page.text_of(".numbermatching");
    let mut words: Vec<String> = ["h1", "p", ".text.device"]
        .iter()
        .filter_map(|css| page.text_of(css))
        .collect();
    words.dedup();
    if let Err(error) = visit.push(&page.host(), number, &words.join(". ")) {
        return Some(Err(error));
    }
    let loose = |id: &str| {
        let field = page.select(&format!("#{id}")).into_iter().next()?;
        field.attr("value").map(str::to_owned)
    };
    if loose("isAsync").as_deref() != Some("true") {
        // The answer comes when the person has decided.
        let mut answer = Answer::new(asking);
        answer.no_button();
        return Some(Ok(Step::Send(answer)));
    }
    Some(poll(page, asking, answer, loose("actionLink"), &token))
}

/// Asks whether somebody has decided. Where to go then is kept behind the `#`, which no server sees.
fn poll(
    page: &Page,
    asking: usize,
    answer: usize,
    link: Option<String>,
    token: &str,
) -> Result<Step> {
    let address = |form: usize| page.forms[form].action.clone().unwrap_or_default();
    let link = link.filter(|link| !link.is_empty());
    let mut status = page.resolve(&link.unwrap_or_else(|| address(asking)))?;
    let then = page.resolve(&address(answer))?;
    let pairs =
        |pairs: &[(&str, &str)]| Serializer::new(String::new()).extend_pairs(pairs).finish();
    status.set_query(Some(&pairs(&[(TOKEN, token)])));
    status.set_fragment(Some(&pairs(&[("then", then.as_str()), (TOKEN, token)])));
    Ok(wait(status))
}

fn wait(status: Url) -> Step {
    Step::Wait {
        every: PAUSE,
        then: Box::new(Step::Call(
            Call::get(status).header("x-requested-with", "XMLHttpRequest"),
        )),
    }
}

/// `{"status": …}`, which some servers call a text.
fn status(page: &Page) -> Option<String> {
    let parsed: Option<Value> = match &page.json {
        Some(json) => Some(json.clone()),
        None => serde_json::from_str(&page.text).ok(),
    };
    let status = parsed?.get("status")?.as_str()?.to_owned();
    Some(status)
}

fn polled(page: &Page, status: &str) -> Result<Step> {
    let late = |what: &str| Error::refused(format!("the sign-in at {} {what}", page.host()));
    match status {
        "ASYNC_AUTH_WAIT" => Ok(wait(page.url.clone())),
        "TIMEOUT" | "DEVICE_CLAIM_TIMEOUT" => Err(late("was not approved in time")
            .hint("try again with the phone at hand; `mfa: {method: totp}` asks for a code")),
        "REJECTED" | "DENIED" | "AUTH_DENIED" | "CANCELLED" => {
            Err(late("was declined").hint("if that was not you, tell your help desk"))
        }
        // The page that comes then says what it means.
        status => {
            let noted = |name: &str| {
                let fragment = page.url.fragment().unwrap_or_default();
                parse(fragment.as_bytes())
                    .find(|(key, _)| key == name)
                    .map(|(_, value)| value.into_owned())
            };
            let mut url = match noted("then") {
                Some(then) => page.resolve(&then)?,
                None => page.resolve("response")?,
            };
            let token = noted(TOKEN).unwrap_or_default();
            url.query_pairs_mut()
                .clear()
                .append_pair(TOKEN, &token)
                .append_pair("status", status);
            Ok(Step::Call(Call::get(url)))
        }
    }
}

/// A code, where the person or nobody would rather not pick up the phone.
fn code_instead(page: &Page, visit: &mut Visit<'_>, token: &str) -> Option<Result<Step>> {
    let address = page
        .select("#useCodeUrl")
        .into_iter()
        .find_map(|field| field.attr("value").map(str::to_owned))
        .filter(|address| !address.is_empty())?;
    let method = visit.settings.mfa_method.as_deref();
    let wants_code = method.is_some_and(|method| is_factor("totp", method));
    let nobody = visit.settings.presence == Presence::Nobody;
    if !(wants_code || nobody) || !visit.once("a code instead of an approval") {
        return None;
    }
    let url = match page.resolve(&address) {
        Ok(url) => url,
        Err(error) => return Some(Err(error)),
    };
    Some(Ok(Step::Call(Call::post(url).form(&[(TOKEN, token)]))))
}
