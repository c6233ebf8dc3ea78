//! A lookalike of OpenAM and ForgeRock AM: a login page that is an empty shell, and the program behind it.

use serde_json::{Value, json};
use url::form_urlencoded::{Serializer, byte_serialize};

use super::openam_questions as questions;
use crate::idp::html::page;
use crate::idp::second_factor::CodeVerdict;
use crate::idp::ticket::{Stage, Ticket};
use crate::idp::{Face, Verdict, Visit};
use crate::users::User;
use crate::web::Reply;

const fn face(name: &'static str, prefix: &'static str) -> Face {
    Face {
        name,
        prefix,
        start: "idpssoinit?metaAlias=/idp&spEntityID=urn:amazon:webservices",
        serve,
    }
}

pub(crate) const FACES: &[Face] = &[
    Face {
        start: "idpssoinit?metaAlias=/idp&spEntityID=urn:amazon:webservices&binding=urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
        ..face("openam", "/openam/")
    },
    Face {
        start: "saml2/jsp/idpSSOInit.jsp?metaAlias=/idp&spEntityID=urn:amazon:webservices",
        ..face("openam-classic", "/classic/openam/")
    },
    Face {
        start: "idpssoinit?metaAlias=/alpha/idp&spEntityID=urn:amazon:webservices",
        ..face("openam-am7", "/am/")
    },
    face("openam-hotp", "/hotp/openam/"),
    face("openam-push", "/push/am/"),
    face("openam-key", "/key/am/"),
    face("openam-terms", "/terms/am/"),
    face("openam-timeout", "/timeout/openam/"),
];

/// Seven requests when pages are followed: start, two redirects, settings, questions, answers, start again.
pub(crate) fn serve(visit: &Visit<'_>) -> Reply {
    match visit.step {
        "idpssoinit" | "saml2/jsp/idpSSOInit.jsp" => start(visit),
        "UI/Login" if visit.face.name == "openam-classic" => classic(),
        "UI/Login" => to_shell(visit),
        "XUI/" => shell(),
        "json/serverinfo/*" => settings(visit),
        "json/authenticate" if visit.request.is_post() => authenticate(visit),
        "console" => Reply::html(page("Profile", "<a href=\"UI/Logout\">Log out</a>")),
        _ => Reply::missing(),
    }
}

fn is_am7(visit: &Visit<'_>) -> bool {
    visit.face.name == "openam-am7"
}

fn own_address(visit: &Visit<'_>) -> String {
    let host = visit.request.header("host").unwrap_or_default();
    let scheme = visit.world.urls.idp.split(':').next().unwrap_or_default();
    format!("{scheme}://{host}{}", visit.request.target())
}

fn start(visit: &Visit<'_>) -> Reply {
    let asked = |name| visit.request.query_field(name).unwrap_or_default();
    if asked("metaAlias").is_empty() || asked("spEntityID").is_empty() {
        let text =
            "<h1>HTTP Status 400</h1><p>Service provider or identity provider is missing.</p>";
        return Reply::html(page("HTTP Status 400", text)).status(400);
    }
    if let Some(user) = visit.session_user() {
        return visit.finish(&user, None);
    }
    let query = Serializer::new(String::new())
        .append_pair("realm", if is_am7(visit) { "/alpha" } else { "/" })
        .append_pair("spEntityID", "urn:amazon:webservices")
        .append_pair("goto", &own_address(visit))
        .finish();
    Reply::redirect(302, &visit.path(&format!("UI/Login?{query}")))
}

/// On to the program of the login page, which reads its address behind the `#`; newer ones before it.
fn to_shell(visit: &Visit<'_>) -> Reply {
    let query = &visit.request.query;
    Reply::redirect(
        302,
        &visit.path(&match is_am7(visit) {
            true => format!("XUI/?{query}#login"),
            false => format!("XUI/#login/&{query}"),
        }),
    )
}

fn shell() -> Reply {
    Reply::html(page(
        "OpenAM",
        "<div id=\"wrapper\">Loading...</div><noscript>JavaScript is needed to use this application.</noscript>\
         <script src=\"main.js\"></script>",
    ))
}

/// The older login page: visible fields in forms that only a script can send.
fn classic() -> Reply {
    Reply::html(page(
        "OpenAM (Login)",
        "<form name=\"frm1\" action=\"blank\" onsubmit=\"defaultSubmit(); return false;\" method=\"post\">\
         <label for=\"IDToken1\">User Name:</label><input type=\"text\" name=\"IDToken1\" id=\"IDToken1\">\
         <label for=\"IDToken2\">Password:</label><input type=\"password\" name=\"IDToken2\" id=\"IDToken2\">\
         <input name=\"Login.Submit\" type=\"button\" onclick=\"LoginSubmit('Log In'); return false;\" value=\"Log In\"></form>\
         <form name=\"Login\" action=\"/blank\" method=\"post\"><input type=\"hidden\" name=\"IDButton\" value=\"\">\
         <input type=\"hidden\" name=\"encoded\" value=\"false\"><input type=\"hidden\" name=\"gx_charset\" value=\"UTF-8\"></form>",
    ))
}

fn cookie_name(visit: &Visit<'_>) -> &'static str {
    if is_am7(visit) || visit.face.name == "openam-classic" {
        "sso5f3a"
    } else {
        "iPlanetDirectoryPro"
    }
}

fn settings(visit: &Visit<'_>) -> Reply {
    let version = visit.request.header("accept-api-version");
    if !version.unwrap_or_default().contains("resource=1") {
        let missing =
            json!({"code": 404, "reason": "Not Found", "message": "Version is not found"});
        return Reply::json(&missing).status(404);
    }
    Reply::json(&json!({
        "domains": [], "cookieName": cookie_name(visit), "secureCookie": false, "forgotPassword": "false",
        "realm": "/", "xuiUserSessionValidationEnabled": true,
        "zeroPageLogin": {"enabled": false, "refererWhitelist": [], "allowedWithoutReferer": true},
    }))
}

/// The usual refusal.
pub(crate) fn refusal(message: &str, code: &str) -> Reply {
    let mut document = json!({"code": 401, "reason": "Unauthorized", "message": message});
    if !code.is_empty() {
        document["detail"] = json!({"errorCode": code});
    }
    Reply::json(&document).status(401)
}

fn too_late() -> Reply {
    refusal("Session has timed out", "110")
}

fn authenticate(visit: &Visit<'_>) -> Reply {
    let version = visit
        .request
        .header("accept-api-version")
        .unwrap_or_default();
    let is_program = visit.request.header("x-requested-with").is_some();
    if !version.contains("resource=2") || (is_am7(visit) && !is_program) {
        let refused = json!({"code": 403, "reason": "Forbidden", "message": "Forbidden"});
        return Reply::json(&refused).status(403);
    }
    let Some(answer) = visit.request.json() else {
        let refused = json!({"code": 415, "reason": "Unsupported Media Type", "message": "Unsupported Media Type"});
        return Reply::json(&refused).status(415);
    };
    let Some(id) = answer.get("authId").and_then(Value::as_str) else {
        return begin(visit);
    };
    let mut parts = id.split('.').skip(1);
    let ticket = visit.ticket_without_cookie(parts.next().map(str::to_owned));
    let number = parts.next().and_then(|number| number.parse().ok());
    let Some(ticket) = ticket.filter(|ticket| ticket.device == number) else {
        return too_late();
    };
    go_on(visit, ticket, &answer)
}

fn begin(visit: &Visit<'_>) -> Reply {
    if let Some(user) = visit.session_user() {
        return session(visit, &user);
    }
    let realm = visit.request.query_field("realm").unwrap_or_default();
    let expected = if is_am7(visit) { "/alpha" } else { "/" };
    if realm != expected {
        let refused = json!({"code": 400, "reason": "Bad Request", "message": "Invalid realm"});
        return Reply::json(&refused).status(400);
    }
    let ticket = visit.open_ticket();
    match is_am7(visit) {
        true => ask(visit, ticket, questions::user()),
        false => ask(visit, ticket, questions::user_and_password()),
    }
}

/// Asks the next questions; answers to earlier ones are no longer taken.
fn ask(visit: &Visit<'_>, mut ticket: Ticket, mut document: Value) -> Reply {
    let number = ticket.device.map_or(1, |number| number + 1);
    ticket.device = Some(number);
    visit.keep(&ticket);
    document["authId"] = json!(format!("eyJ0eXAiOiJKV1QifQ.{}.{number}", ticket.id));
    Reply::json(&document)
}

/// The first input of the callback at that place.
fn input(answer: &Value, index: usize) -> Value {
    let path = format!("/callbacks/{index}/input/0/value");
    answer.pointer(&path).cloned().unwrap_or_default()
}

fn text(answer: &Value, index: usize) -> String {
    input(answer, index).as_str().unwrap_or_default().to_owned()
}

fn go_on(visit: &Visit<'_>, mut ticket: Ticket, answer: &Value) -> Reply {
    let first = answer.pointer("/callbacks/0/type").and_then(Value::as_str);
    if ticket.stage >= Stage::Password {
        return second(visit, ticket, answer);
    }
    if visit.face.name == "openam-timeout" && visit.request.cookie("seen").is_none() {
        let reply = too_late();
        return reply.cookie("seen", "1", visit.face.prefix);
    }
    match (is_am7(visit), first) {
        (true, Some("NameCallback")) => {
            ticket.user = Some(text(answer, 0));
            ask(visit, ticket, questions::password())
        }
        (true, Some("PasswordCallback")) => {
            let name = ticket.user.clone().unwrap_or_default();
            password(visit, ticket, &name, &text(answer, 0))
        }
        (false, Some("NameCallback")) => {
            password(visit, ticket, &text(answer, 0), &text(answer, 1))
        }
        _ => too_late(),
    }
}

fn password(visit: &Visit<'_>, mut ticket: Ticket, name: &str, typed: &str) -> Reply {
    match visit.try_password(name, typed) {
        Verdict::Good(user) => {
            ticket.user = Some(user.name.clone());
            ticket.stage = Stage::Password;
            after_password(visit, ticket, &user)
        }
        Verdict::Expired(_) => ask(visit, ticket, questions::change_password()),
        Verdict::Wrong if is_am7(visit) => ask(visit, ticket, questions::password()),
        Verdict::Wrong => refusal("Authentication Failed", ""),
        Verdict::Locked => refusal("User Locked Out.", "112"),
    }
}

fn after_password(visit: &Visit<'_>, ticket: Ticket, user: &User) -> Reply {
    let has_device = !visit.devices(user).is_empty();
    match visit.face.name {
        "openam-hotp" if has_device => ask(visit, ticket, questions::sent_code("")),
        "openam-push" => ask(visit, ticket, questions::push()),
        "openam-key" => ask(visit, ticket, questions::key()),
        "openam-terms" => ask(visit, ticket, questions::terms()),
        _ if has_device => ask(visit, ticket, questions::code("")),
        _ => session(visit, user),
    }
}

fn second(visit: &Visit<'_>, mut ticket: Ticket, answer: &Value) -> Reply {
    let Some(user) = visit.user_of(&ticket) else {
        return too_late();
    };
    let kinds: Vec<&str> = answer["callbacks"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|callback| callback["type"].as_str())
        .collect();
    match kinds[..] {
        ["PollingWaitCallback", ..] => polled(visit, ticket, &user, answer),
        ["TextOutputCallback", "HiddenValueCallback", ..] => {
            match (text(answer, 1).as_str(), visit.devices(&user).is_empty()) {
                ("unsupported", false) => ask(visit, ticket, questions::code("")),
                _ => refusal("Login failure", ""),
            }
        }
        ["TermsAndConditionsCallback"] if input(answer, 0) == json!(true) => session(visit, &user),
        ["PasswordCallback", "ConfirmationCallback"] if input(answer, 1) == json!(1) => {
            // Sent now; before that no code is right.
            ticket.stage = Stage::Complete;
            ask(visit, ticket, questions::sent_code(""))
        }
        ["PasswordCallback", "ConfirmationCallback"] if ticket.stage < Stage::Complete => {
            refusal("Authentication Failed", "")
        }
        ["PasswordCallback", "ConfirmationCallback"] => {
            code(visit, ticket, &user, &text(answer, 0), questions::sent_code)
        }
        [.., "NameCallback", "ConfirmationCallback"] => code(
            visit,
            ticket,
            &user,
            &text(answer, kinds.len() - 2),
            questions::code,
        ),
        _ => refusal("Login failure", ""),
    }
}

fn code(
    visit: &Visit<'_>,
    ticket: Ticket,
    user: &User,
    typed: &str,
    again: fn(&str) -> Value,
) -> Reply {
    match visit.try_code(user, 0, typed) {
        CodeVerdict::Good => session(visit, user),
        CodeVerdict::Wrong => ask(visit, ticket, again("The verification code is invalid")),
        CodeVerdict::Replayed => ask(
            visit,
            ticket,
            again("This code was used before, wrong code"),
        ),
    }
}

/// Bob declines; everybody else approves when asked for the third time.
fn polled(visit: &Visit<'_>, ticket: Ticket, user: &User, answer: &Value) -> Reply {
    let confirmed = answer.pointer("/callbacks/2/input/0/value");
    if confirmed != Some(&json!(100)) {
        return refusal("Login failure", "");
    }
    match (user.name.as_str(), ticket.device) {
        ("bob", _) => refusal("Login failure", ""),
        (_, Some(4..)) => session(visit, user),
        _ => ask(visit, ticket, questions::push()),
    }
}

/// The end of the talk: a session, whose cookie older versions leave to the page.
fn session(visit: &Visit<'_>, user: &User) -> Reply {
    let signed_in = visit.sign_in(user, Reply::html(""));
    let set = signed_in
        .headers
        .iter()
        .find(|(name, _)| name == "set-cookie");
    let set = set.map(|(_, value)| value.clone()).unwrap_or_default();
    let token = set.split([';', '=']).nth(1).unwrap_or_default().to_owned();
    let console: String = byte_serialize(visit.path("console").as_bytes()).collect();
    let document =
        json!({"tokenId": token, "successUrl": console.replace("%2F", "/"), "realm": "/"});
    let reply = Reply::json(&document);
    match is_am7(visit) {
        true => reply.with("set-cookie", &set),
        false => reply,
    }
}
