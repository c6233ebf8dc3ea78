//! OpenAM and ForgeRock AM: the sign-in is a talk with a program, question by question; its pages are empty shells.

mod address;
mod answer;
mod callback;

use serde_json::{Value, json};
use url::Url;

use super::{Proof, Provider, beside};
use crate::error::{Error, Result};
use crate::idp::call::Call;
use crate::idp::page::Page;
use crate::idp::page::message::{Complaint, Message, classify};
use crate::idp::refusal;
use crate::idp::visit::{Again, Sent, Step, Visit};
use callback::{Callback, Questions};

pub struct OpenAm;

/// What the session cookie is called where the server does not say.
const COOKIE: &str = "iPlanetDirectoryPro";
const SIGNED_IN: &str = "signed in at OpenAM";

impl Provider for OpenAm {
    fn name(&self) -> &'static str {
        "openam"
    }

    fn about(&self) -> &'static str {
        "OpenAM 11 and later, ForgeRock AM, PingAM, PingOne Advanced Identity Cloud"
    }

    fn proof(&self) -> Proof {
        Proof::Documentation
    }

    fn options(&self) -> &'static [(&'static str, &'static str)] {
        &[(
            "idp",
            "the entry to take where several ways to sign in are offered",
        )]
    }

    fn source_option(&self) -> Option<&'static str> {
        Some("idp")
    }

    fn recognise(&self, page: &Page) -> bool {
        let url = &page.url;
        address::is_login(url) || address::is_settings(url) || address::is_authenticate(url)
    }

    fn complaint(&self, page: &Page) -> Option<Message> {
        let json = page.json.as_ref().filter(|_| self.recognise(page))?;
        if json.get("tokenId").is_some() {
            return None;
        }
        match Questions::read(json) {
            Some(questions) => questions
                .all
                .iter()
                .find_map(Callback::complaint)
                .map(|text| message(&text, "")),
            None => refused(page, json),
        }
    }

    fn logout(&self, start: &Url) -> Option<Url> {
        ["/idpssoinit", "/SSORedirect/", "/SSOPOST/", "/saml2/jsp/"]
            .iter()
            .find_map(|mark| beside(start, mark, "/UI/Logout"))
    }

    fn step(&self, page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
        let url = &page.url;
        if address::is_settings(url) {
            return Some(begin(page));
        }
        if address::is_authenticate(url) {
            return Some(go_on(page, visit));
        }
        let settings = address::settings(url)?;
        if visit.has_done(SIGNED_IN) {
            let error = Error::failed(format!(
                "{} took the sign-in and then asked for it again",
                page.host()
            ))
            .hint(format!("try {} in a browser", visit.address()));
            return Some(Ok(Step::StartAgain(Again::Portal, error)));
        }
        // Trouble of the server is no login page, wherever it stands.
        (page.status < 400).then(|| {
            let call = Call::get(settings);
            Ok(Step::Call(of_version(call, "protocol=1.0,resource=1.1")))
        })
    }
}

/// As the program of the page asks to sign in.
fn ask(call: Call) -> Call {
    of_version(call, "protocol=1.0,resource=2.0")
}

/// Each part of the server counts its own versions, and answers 404 to those it never had.
fn of_version(call: Call, version: &str) -> Call {
    call.header("accept", "application/json")
        .header("accept-api-version", version)
        .header("x-requested-with", "XMLHttpRequest")
}

/// With the name of the session cookie known, the sign-in begins.
fn begin(page: &Page) -> Result<Step> {
    let settings = page.json.as_ref().filter(|_| page.status < 400);
    let text = |name: &str| settings.and_then(|s| s.get(name)).and_then(Value::as_str);
    let domain = settings
        .and_then(|s| s.get("domains"))
        .and_then(|domains| domains.get(0))
        .and_then(Value::as_str);
    let Some(url) = address::authenticate(&page.url) else {
        return Err(Error::unfamiliar(format!(
            "{} answers from a place where OpenAM does not",
            page.host()
        )));
    };
    let notes = [
        ("cookie", text("cookieName").unwrap_or(COOKIE)),
        ("domain", domain.unwrap_or_default()),
    ];
    let url = address::with_notes(&url, &notes);
    Ok(Step::Call(ask(Call::post(url).json(&json!({})))))
}

fn go_on(page: &Page, visit: &mut Visit<'_>) -> Result<Step> {
    let Some(json) = &page.json else {
        return Err(Error::failed(format!(
            "{} does not answer {} as OpenAM 11 and later do (HTTP {})",
            page.host(),
            page.url.path(),
            page.status
        ))
        .hint("try the URL in a browser; `-vv` shows the way there"));
    };
    if json.get("tokenId").is_some() || json.get("successUrl").is_some() {
        return signed_in(page, json, visit);
    }
    if let Some(questions) = Questions::read(json) {
        return answer::answer(page, visit, questions);
    }
    // Kerberos was tried without us; what comes after it may be a form.
    if page.status == 401 && json.get("authId").is_some() {
        if visit.once("another way than Kerberos at OpenAM") {
            return Ok(Step::Call(ask(Call::post(page.url.clone()).json(json))));
        }
        return Err(refusal::negotiate(page));
    }
    fail(page, visit)
}

/// The session begins with a cookie, which some servers set and others leave to the page.
fn signed_in(page: &Page, json: &Value, visit: &mut Visit<'_>) -> Result<Step> {
    let text = |name: &str| json.get(name).and_then(Value::as_str).unwrap_or_default();
    let token = text("tokenId");
    let goto = address::parameter(&page.url, "goto");
    let next = page.resolve(goto.as_deref().unwrap_or(text("successUrl")))?;
    let mut call = Call::get(next);
    let name = address::noted(&page.url, "cookie").unwrap_or_else(|| COOKIE.to_owned());
    let is_set = page
        .headers
        .get_all("set-cookie")
        .iter()
        .any(|set| set.as_bytes().starts_with(format!("{name}=").as_bytes()));
    // A token that is no cookie's value would be cut by whoever reads it.
    let is_whole = !token.contains([';', ',', ' ', '"']) && !token.chars().any(char::is_control);
    if !is_set && !token.is_empty() && is_whole {
        let secure = match page.url.scheme() {
            "https" => "; secure",
            _ => "",
        };
        call = call.cookie(&format!("{name}={token}; path=/{secure}"));
        let domain = address::noted(&page.url, "domain").unwrap_or_default();
        if domain.contains('.') && !domain.contains(';') {
            call = call.cookie(&format!("{name}={token}; path=/; domain={domain}{secure}"));
        }
    }
    visit.once(SIGNED_IN);
    Ok(Step::Call(call))
}

/// The end of a talk that did not lead to a session.
fn fail(page: &Page, visit: &mut Visit<'_>) -> Result<Step> {
    match address::noted(&page.url, "sent").as_deref() {
        Some("push") if !is_stale(page) => {
            return Err(
                Error::refused(format!("the sign-in at {} was not approved", page.host()))
                    .because(page.summary())
                    .hint("try again, and approve it in time"),
            );
        }
        Some("no key") => return Err(answer::needs_key(page, visit)),
        _ => {}
    }
    let Some(message) = &page.message else {
        return Err(refusal::unfamiliar(page, 0));
    };
    if message.complaint == Complaint::Stale {
        visit.went_stale |= visit.password_sent();
        let error = refusal::rejected(page, Some(message), visit);
        return Ok(Step::StartAgain(Again::Stale, error));
    }
    // The program says nothing more than that it failed, but what failed is what was just sent.
    let is_about_secret =
        message.complaint == Complaint::BadCredentials && visit.last != Sent::Nothing;
    match is_about_secret {
        true => Err(refusal::rejected(page, Some(message), visit)),
        false => Err(refusal::complaint(page, message, visit, 0)),
    }
}

fn is_stale(page: &Page) -> bool {
    let message = page.message.as_ref();
    message.is_some_and(|m| m.complaint == Complaint::Stale)
}

/// What a refusal says: `{"code": 401, "message": …, "detail": {"errorCode": …}}`, older ones `errorMessage`.
fn refused(page: &Page, json: &Value) -> Option<Message> {
    let text = |name: &str| json.get(name).and_then(Value::as_str);
    let words = text("message").or(text("errorMessage")).or(text("reason"));
    let detail = json.get("detail").and_then(|d| d.get("errorCode"));
    let code = match detail {
        Some(Value::String(code)) => code.clone(),
        Some(Value::Number(code)) => code.to_string(),
        _ => String::new(),
    };
    let code = match (page.status, code.as_str()) {
        (408, "") => "110",
        (_, code) => code,
    };
    words
        .filter(|_| address::is_authenticate(&page.url))
        .map(|words| message(words, code))
}

fn message(words: &str, code: &str) -> Message {
    let lower = words.to_lowercase();
    // How many attempts are left.
    let only_warns = lower.contains("will be locked");
    let by_code = match code {
        "103" | "107" => Some(Complaint::BadCredentials),
        "101" | "104" | "112" | "121" | "123" => Some(Complaint::Locked),
        "100" | "113" => Some(Complaint::Access),
        "110" => Some(Complaint::Stale),
        _ => None,
    };
    let complaint = match classify(words) {
        Complaint::Locked if only_warns => Complaint::BadCredentials,
        // The same code stands for what its words tell better.
        found @ (Complaint::Locked | Complaint::Expired | Complaint::BadCode)
            if by_code.is_none_or(|c| c == Complaint::BadCredentials) =>
        {
            found
        }
        found => by_code.unwrap_or(found),
    };
    Message {
        complaint,
        ..Message::new(words)
    }
}

/// The address of the next answer: as before, with what this one was about.
fn next(page: &Page, sent: &str) -> Url {
    let noted = |name: &str| address::noted(&page.url, name).unwrap_or_default();
    let (cookie, domain) = (noted("cookie"), noted("domain"));
    let mut notes = vec![("cookie", cookie.as_str()), ("domain", domain.as_str())];
    if !sent.is_empty() {
        notes.push(("sent", sent));
    }
    address::with_notes(&page.url, &notes)
}
