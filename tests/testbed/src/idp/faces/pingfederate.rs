//! A lookalike of PingFederate, and of PingID on another host.

use serde_json::json;

use crate::idp::html::{auto_submit, escape, hidden, page};
use crate::idp::second_factor::CodeVerdict;
use crate::idp::ticket::{Stage, Ticket};
use crate::idp::{Face, Verdict, Visit};
use crate::users::User;
use crate::web::Reply;

const fn face(name: &'static str, prefix: &'static str) -> Face {
    Face {
        name,
        prefix,
        start: "idp/startSSO.ping?PartnerSpId=urn:amazon:webservices",
        serve,
    }
}

pub(crate) const FACES: &[Face] = &[
    face("pingfederate", "/ping/"),
    face("pingfederate-first", "/first/ping/"),
    face("pingfederate-template", "/template/ping/"),
    face("pingfederate-push", "/push/ping/"),
    face("pingfederate-error", "/error/ping/"),
    face("pingfederate-ntlm", "/ntlm/ping/"),
];

/// Two requests when pages are followed: start with the login page, login; PingID adds its own.
pub(crate) fn serve(visit: &Visit<'_>) -> Reply {
    let parts: Vec<&str> = visit.step.split('/').collect();
    match parts[..] {
        ["idp", "startSSO.ping"] => start(visit),
        ["idp", id, "resumeSAML20", "idp", "startSSO.ping"] if visit.request.is_post() => {
            resume(visit, id)
        }
        ["pingid", "ppm", ref step @ ..] => pingid(visit, &step.join("/")),
        _ => Reply::missing(),
    }
}

fn framed(title: &str, body: &str, head: &str) -> String {
    format!(
        "<!DOCTYPE html><html lang=\"en\" dir=\"ltr\"><head><title>{title}</title>{head}</head><body>\
         <div class=\"ping-container ping-signin login-template\"><div class=\"ping-header\">{title}</div>\
         <div class=\"ping-body-container\">{body}</div></div></body></html>"
    )
}

fn start(visit: &Visit<'_>) -> Reply {
    if visit.face.name == "pingfederate-ntlm" {
        return Reply::html(page("401", "<h1>Unauthorized</h1>"))
            .status(401)
            .with("www-authenticate", "Negotiate")
            .with("www-authenticate", "NTLM");
    }
    if visit.request.query_field("PartnerSpId").as_deref() != Some("urn:amazon:webservices") {
        let body = "<div class=\"ping-messages\"><div class=\"ping-error\">Unknown or disabled SP connection</div></div>";
        return Reply::html(framed("Error", body, "")).status(400);
    }
    if let Some(user) = visit.session_user() {
        return visit.finish(&user, None);
    }
    if visit.face.name == "pingfederate-error" && visit.request.cookie("seen").is_none() {
        let head = "<meta http-equiv=\"refresh\" content=\"10;url=/nowhere\">";
        let body = "<div class=\"ping-messages\"><div class=\"ping-error\">Unexpected System Error</div></div>";
        return Reply::html(framed("Sign On Error", body, head)).cookie(
            "seen",
            "1",
            visit.face.prefix,
        );
    }
    let ticket = visit.open_ticket();
    let reply = match visit.face.name {
        "pingfederate-first" => identifier(visit, &ticket),
        _ => login(visit, &ticket, "", None),
    };
    ticket.on(reply, visit)
}

/// Its forms go to an address that is relative to a base of their own.
fn frame_of_form(visit: &Visit<'_>, ticket: &Ticket, problem: &str, fields: &str) -> Reply {
    let problem = match problem {
        "" => String::new(),
        text => format!("<div class=\"ping-error\">{}</div>", escape(text)),
    };
    let host = visit.request.header("host").unwrap_or_default();
    let scheme = visit.world.urls.idp.split(':').next().unwrap_or_default();
    let head = format!("<base href=\"{scheme}://{host}{}\"/>", visit.face.prefix);
    let body = format!(
        "<form method=\"POST\" action=\"idp/{}/resumeSAML20/idp/startSSO.ping\" autocomplete=\"off\">\
         <div class=\"ping-messages\">{problem}</div>{fields}\
         <a onclick=\"postOk();\" class=\"ping-button normal allow\" title=\"Sign On\">Sign On</a></form>\
         <script>function postOk() {{ document.forms[0]['pf.ok'].value = 'clicked'; document.forms[0].submit(); }}</script>",
        ticket.id
    );
    Reply::html(framed("Sign On", &body, &head))
}

fn identifier(visit: &Visit<'_>, ticket: &Ticket) -> Reply {
    let fields = format!(
        "<div class=\"ping-input-label\">Email</div><input id=\"identifierInput\" type=\"text\" name=\"subject\" value=\"\">{}{}",
        hidden("clear.previous.selected.subject", ""),
        hidden("cancel.identifier.selection", "false"),
    );
    frame_of_form(visit, ticket, "", &fields)
}

fn login(visit: &Visit<'_>, ticket: &Ticket, problem: &str, known: Option<&str>) -> Reply {
    if visit.face.name == "pingfederate-template" {
        let fields = "<label>User <input type=\"text\" name=\"USER\"></label><label>Password <input type=\"password\" \
            name=\"PASSWORD\"></label><input type=\"hidden\" name=\"target\" value=\"x\">";
        return frame_of_form(visit, ticket, problem, fields);
    }
    let user = match known {
        Some(name) => format!(
            "<input id=\"username\" type=\"text\" name=\"pf.username\" value=\"{}\" disabled=\"disabled\">",
            escape(name)
        ),
        None => "<input id=\"username\" type=\"text\" size=\"36\" name=\"pf.username\" value=\"\">"
            .to_owned(),
    };
    let rest: String = ["pf.ok", "pf.cancel", "pf.passwordreset", "pf.registration"]
        .iter()
        .map(|name| hidden(name, ""))
        .collect();
    let fields = format!(
        "<div class=\"ping-input-label\">Username</div>{user}<div class=\"ping-input-label\">Password</div>\
         <input id=\"password\" type=\"password\" name=\"pf.pass\">{rest}{}",
        hidden("pf.adapterId", "HTMLFormIdP")
    );
    frame_of_form(visit, ticket, problem, &fields)
}

fn lost() -> Reply {
    let body = "<div class=\"ping-messages\"><div class=\"ping-error\">Your sign-on session has expired</div></div>";
    Reply::html(framed("Sign On", body, "")).status(400)
}

fn resume(visit: &Visit<'_>, id: &str) -> Reply {
    let field = |name: &str| visit.request.field(name).unwrap_or_default();
    // From PingID, with its own word for who that is.
    if let Some(answer) = visit.request.field("ppm_response") {
        let ticket = visit.ticket(Some(id.to_owned()));
        return match ticket.filter(|t| t.stage == Stage::Complete && t.id == answer) {
            Some(ticket) => match visit.user_of(&ticket) {
                Some(user) => visit.finish(&user, Some(&ticket)),
                None => lost(),
            },
            None => lost(),
        };
    }
    let Some(mut ticket) = visit.ticket(Some(id.to_owned())) else {
        return lost();
    };
    if visit.face.name == "pingfederate-first" && ticket.user.is_none() {
        if field("cancel.identifier.selection") != "false" {
            return lost();
        }
        ticket.user = Some(field("subject"));
        visit.keep(&ticket);
        return login(visit, &ticket, "", ticket.user.as_deref());
    }
    // Whatever is not empty is done instead of the sign-in.
    let others = ["pf.cancel", "pf.passwordreset", "pf.registration"];
    let is_template = visit.face.name == "pingfederate-template";
    let clicked =
        is_template || (field("pf.ok") == "clicked" && field("pf.adapterId") == "HTMLFormIdP");
    if !clicked || others.iter().any(|name| !field(name).is_empty()) {
        return lost();
    }
    let (name, password) = match is_template {
        true => (field("USER"), field("PASSWORD")),
        false => (field("pf.username"), field("pf.pass")),
    };
    let name = ticket.user.clone().unwrap_or(name);
    match visit.try_password(&name, &password) {
        Verdict::Good(user) => known(visit, ticket, &user),
        Verdict::Expired(_) => change_password(visit, &ticket),
        Verdict::Wrong => login(
            visit,
            &ticket,
            "We didn't recognize the username or password you entered. Please try again.",
            ticket.user.as_deref(),
        ),
        Verdict::Locked => login(
            visit,
            &ticket,
            "Your account is locked. Please contact your system administrator.",
            ticket.user.as_deref(),
        ),
    }
}

fn change_password(visit: &Visit<'_>, ticket: &Ticket) -> Reply {
    let fields: String = ["pf.password.old", "pf.password.new", "pf.password.confirm"]
        .iter()
        .map(|name| format!("<input type=\"password\" name=\"{name}\">"))
        .collect();
    let fields = format!("{fields}{}{}", hidden("pf.ok", ""), hidden("pf.cancel", ""));
    frame_of_form(
        visit,
        ticket,
        "Your password is expired and must be changed.",
        &fields,
    )
}

/// After the password: done, or on to PingID with a request that it can read.
fn known(visit: &Visit<'_>, mut ticket: Ticket, user: &User) -> Reply {
    ticket.user = Some(user.name.clone());
    ticket.stage = Stage::Password;
    visit.keep(&ticket);
    let pushes = visit.face.name == "pingfederate-push";
    if visit.devices(user).is_empty() && !pushes {
        return visit.finish(user, Some(&ticket));
    }
    let action = format!(
        "{}{}",
        visit.world.urls.other,
        visit.path("pingid/ppm/auth")
    );
    Reply::html(auto_submit(
        "Please wait",
        &action,
        &[
            ("ppm_request", ticket.id.as_str()),
            ("idp_account_id", "4f3c"),
        ],
    ))
}

/// The token of a page of PingID, which its cookie renews.
fn token(ticket: &Ticket) -> String {
    format!("{}-{}", &ticket.cookie[..8], ticket.device.unwrap_or(0))
}

fn pingid(visit: &Visit<'_>, step: &str) -> Reply {
    let field = |name: &str| {
        visit
            .request
            .all_fields()
            .into_iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v)
    };
    if step == "auth"
        && let Some(request) = field("ppm_request")
    {
        let Some(ticket) = visit.ticket_without_cookie(Some(request)) else {
            return failed("The request is not valid.");
        };
        let body = format!(
            "<div class=\"dialog\"><form method=\"post\" action=\"{}\" id=\"start-form\">\
             <input type=\"hidden\" name=\"isWebAuthnSupportedByBrowser\" /></form>\
             <script src=\"/pingid/assets/js/utils/startAuthSubmit.js\"></script></div>",
            visit.path("pingid/ppm/auth")
        );
        return Reply::html(page("", &body)).cookie("ppm", &ticket.id, visit.face.prefix);
    }
    let ticket = visit.ticket_without_cookie(visit.request.cookie("ppm"));
    let Some((mut ticket, user)) = ticket.and_then(|t| visit.user_of(&t).map(|user| (t, user)))
    else {
        return failed("Your session has expired.");
    };
    if step == "auth" && visit.request.is_post() {
        if field("isWebAuthnSupportedByBrowser").as_deref() == Some("true") {
            return failed("A security key is wanted.");
        }
        return match (visit.face.name, field("deviceId")) {
            ("pingfederate-push", _) => approval(visit, &ticket),
            (_, None) if visit.devices(&user).len() > 1 => devices(visit, &user),
            (_, chosen) => {
                let number = chosen.and_then(|id| id.strip_prefix("device-")?.parse().ok());
                ticket.device = Some(number.unwrap_or(0));
                visit.keep(&ticket);
                code_page(visit, &ticket, &user, "")
            }
        };
    }
    if field("csrfToken").as_deref() != Some(&token(&ticket)) {
        return failed("The token is not valid.");
    }
    match step {
        "auth/status" => status(visit, ticket, &user),
        "auth/response" if field("status").as_deref() == Some("OK") => done(visit, ticket),
        "auth/usecode" if visit.request.is_post() => {
            ticket.device = Some(0);
            visit.keep(&ticket);
            code_page(visit, &ticket, &user, "")
        }
        "auth/otp" if visit.request.is_post() => {
            let code = field("otp").unwrap_or_default();
            match visit.try_code(&user, ticket.device.unwrap_or(0), &code) {
                CodeVerdict::Good => done(visit, ticket),
                _ => code_page(visit, &ticket, &user, "Invalid passcode, please try again."),
            }
        }
        _ => failed("The request is not valid."),
    }
}

fn failed(text: &str) -> Reply {
    let body = format!(
        "<div class=\"window error\"><div class=\"title-text\">Error</div><div class=\"error-text\"><div class=\"text\">{text}\
         </div></div></div>"
    );
    Reply::html(page("PingID", &body))
}

fn devices(visit: &Visit<'_>, user: &User) -> Reply {
    let items: String = visit
        .devices(user)
        .iter()
        .enumerate()
        .map(|(number, device)| {
            format!(
                "<li class=\"device\" data-id=\"device-{number}\"><a href=\"#\"><div class=\"device-name\">{}</div></a></li>",
                escape(&device.name)
            )
        })
        .collect();
    let body = format!(
        "<h1>Authentication</h1><form id=\"device-form\" name=\"device-form\" method=\"post\" action=\"{}\">\
         <ul class=\"device-list\">{items}</ul></form>",
        visit.path("pingid/ppm/auth")
    );
    Reply::html(page("PingID", &body))
}

/// The page itself names an older token than the cookie does.
fn code_page(visit: &Visit<'_>, ticket: &Ticket, user: &User, problem: &str) -> Reply {
    let device = visit.devices(user);
    let device = device
        .get(ticket.device.unwrap_or(0))
        .map_or("", |d| d.name.as_str());
    let body = format!(
        "<div class=\"dialog\"><div class=\"error-message\">{problem}</div><h1>Authentication</h1>\
         <div class=\"success-message\">Authenticating with {}</div><p>Enter the passcode displayed in PingID.</p>\
         <form id=\"otp-form\" action=\"{}\" method=\"post\">\
         <input id=\"otp\" name=\"otp\" type=\"text\" class=\"passcode-input\" value=\"\" maxlength=\"6\" autocomplete=\"off\" />{}\
         <a class=\"button\" href=\"{}\">Change Device</a>\
         <input type=\"submit\" value=\"Sign On\" class=\"primary\" disabled></form>\
         <form method=\"GET\" action=\"\" id=\"reponseView\">{}</form></div>",
        escape(device),
        visit.path("pingid/ppm/auth/otp"),
        hidden("csrfToken", "stale"),
        visit.path("pingid/ppm/devices"),
        hidden("csrfToken", "stale"),
    );
    Reply::html(page("PingID", &body)).with(
        "set-cookie",
        &format!(".csrf={}; Path={}", token(ticket), visit.face.prefix),
    )
}

fn approval(visit: &Visit<'_>, ticket: &Ticket) -> Reply {
    let token = token(ticket);
    let hidden_token = hidden("csrfToken", &token);
    let body = format!(
        "<div class=\"dialog\"><h1>Authentication</h1><p>Select the number displayed in your PingID mobile app</p>\
         <div class=\"status\"><div class=\"numbermatching\">17</div></div>\
         <div class=\"text device\">Authenticating on <div class=\"device-name\">phone</div></div>\
         <form method=\"POST\" action=\"{status}\" id=\"form1\">{hidden_token}<noscript><input type=\"submit\" value=\"Resume\"/>\
         </noscript></form><form method=\"GET\" action=\"{}\" id=\"reponseView\">{hidden_token}\
         <input type=\"hidden\" name=\"status\" id=\"status\" /></form>\
         <form method=\"GET\" action=\"{}\" id=\"errorReponseView\">{hidden_token}</form><div id=\"authModelSection\">\
         <input type=\"hidden\" name=\"isAsync\" id=\"isAsync\" value=\"true\" />\
         <input type=\"hidden\" name=\"actionLink\" id=\"actionLink\" value=\"{status}\" />\
         <input type=\"hidden\" name=\"useCodeUrl\" id=\"useCodeUrl\" value=\"{}\" /></div>\
         <script src=\"/pingid/assets/js/utils/getAuthStatus.js\"></script></div>",
        visit.path("pingid/ppm/auth/response"),
        visit.path("pingid/ppm/auth/response"),
        visit.path("pingid/ppm/auth/usecode"),
        status = visit.path("pingid/ppm/auth/status"),
    );
    Reply::html(page("", &body))
}

/// Bob does not look at his phone; everybody else approves at once.
fn status(visit: &Visit<'_>, mut ticket: Ticket, user: &User) -> Reply {
    if visit.request.is_post() {
        return failed("The status is asked for by GET.");
    }
    let status = match (user.name.as_str(), ticket.stage) {
        ("bob", _) => "DEVICE_CLAIM_TIMEOUT",
        _ => "OK",
    };
    if status == "OK" {
        ticket.stage = Stage::Complete;
        visit.keep(&ticket);
    }
    Reply::json(&json!({"status": status}))
}

fn done(visit: &Visit<'_>, mut ticket: Ticket) -> Reply {
    ticket.stage = Stage::Complete;
    visit.keep(&ticket);
    let back = format!(
        "{}{}",
        visit.world.urls.idp,
        visit.path(&format!("idp/{}/resumeSAML20/idp/startSSO.ping", ticket.id))
    );
    Reply::html(auto_submit(
        "PingID",
        &back,
        &[("ppm_response", ticket.id.as_str())],
    ))
}
