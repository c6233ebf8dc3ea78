//! A lookalike of Keycloak: both themes, codes, required actions, an expired page.

use url::form_urlencoded;

use super::keycloak_pages as pages;
use crate::idp::html::{escape, hidden, page};
use crate::idp::second_factor::{CodeVerdict, Then};
use crate::idp::standard::finish;
use crate::idp::ticket::{Stage, Ticket};
use crate::idp::{Face, Verdict, Visit};
use crate::users::User;
use crate::web::Reply;

const fn face(name: &'static str, prefix: &'static str) -> Face {
    Face {
        name,
        prefix,
        start: "protocol/saml/clients/aws",
        serve,
    }
}

pub(crate) const FACES: &[Face] = &[
    face("keycloak", "/realms/corp/"),
    face("keycloak-v2", "/realms/corp-v2/"),
    face("keycloak-terms", "/realms/corp-terms/"),
    face("keycloak-enrol", "/realms/corp-enrol/"),
    face("keycloak-expired", "/realms/corp-expired/"),
    face("keycloak-update-password", "/realms/corp-update-password/"),
];

/// Two requests when pages are followed: start with the login page, login.
pub(crate) fn serve(visit: &Visit<'_>) -> Reply {
    match visit.step {
        "protocol/saml/clients/aws" => start(visit),
        "login-actions/authenticate" if visit.request.is_post() => authenticate(visit),
        "login-actions/authenticate" | "login-actions/restart" => restart(visit),
        "login-actions/required-action" if visit.request.is_post() => action_done(visit),
        "login-actions/required-action" => required_action(visit),
        "protocol/openid-connect/logout" => logout(visit),
        "protocol/openid-connect/logout/logout-confirm" => log_out(visit),
        _ => pages::error("Client not found.", 404),
    }
}

/// The theme that ships with newer versions.
pub(crate) fn v2(visit: &Visit<'_>) -> bool {
    visit.face.name == "keycloak-v2"
}

fn start(visit: &Visit<'_>) -> Reply {
    match visit.session_user() {
        Some(user) => visit.finish(&user, None),
        None => fresh_page(visit),
    }
}

/// Without a hint of an application it asks whether it is meant.
fn logout(visit: &Visit<'_>) -> Reply {
    let action = visit.path("protocol/openid-connect/logout/logout-confirm?client_id=account");
    let form = format!(
        "<div id=\"kc-content\"><p>Do you want to log out?</p><form class=\"form-actions\" action=\"{}\" method=\"POST\">\n\
         {}<input tabindex=\"4\" name=\"confirmLogout\" id=\"kc-logout\" type=\"submit\" value=\"Logout\"/></form></div>",
        escape(&action),
        hidden("session_code", "f00"),
    );
    Reply::html(page("Logging out", &form))
}

fn log_out(visit: &Visit<'_>) -> Reply {
    let meant = visit.request.is_post()
        && visit.request.field("session_code").as_deref() == Some("f00")
        && visit.request.field("confirmLogout").is_some();
    match meant && visit.end_session() {
        true => Reply::html(page("You are logged out", "<p>You are logged out</p>")),
        false => pages::error("Logout failed", 400),
    }
}

fn fresh_page(visit: &Visit<'_>) -> Reply {
    let ticket = visit.open_ticket();
    ticket.on(Reply::html(pages::login(visit, &ticket, "")), visit)
}

fn restart(visit: &Visit<'_>) -> Reply {
    match visit.ticket(visit.request.query_field("session_code")) {
        Some(ticket) => Reply::html(pages::login(visit, &ticket, "")),
        None => fresh_page(visit),
    }
}

/// The address of an action, with all that it carries.
pub(crate) fn address(visit: &Visit<'_>, step: &str, execution: &str, ticket: &Ticket) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("session_code", &ticket.id)
        .append_pair("execution", execution)
        .append_pair("client_id", "urn:amazon:webservices")
        .append_pair("tab_id", &ticket.id[..11])
        .append_pair("client_data", "eyJydSI6Imh0dHBzOi8vc2lnbmluIn0")
        .finish();
    let host = visit.request.header("host").unwrap_or_default();
    let scheme = visit.world.urls.idp.split(':').next().unwrap_or_default();
    format!(
        "{scheme}://{host}{}?{query}",
        visit.path(&format!("login-actions/{step}"))
    )
}

fn then_of(visit: &Visit<'_>) -> Then {
    match visit.face.name {
        "keycloak-terms" => |visit, _, ticket| to_action(visit, "TERMS_AND_CONDITIONS", ticket),
        "keycloak-enrol" => |visit, _, ticket| to_action(visit, "CONFIGURE_TOTP", ticket),
        "keycloak-update-password" => {
            |visit, _, ticket| to_action(visit, "UPDATE_PASSWORD", ticket)
        }
        _ => finish,
    }
}

fn to_action(visit: &Visit<'_>, name: &str, ticket: &Ticket) -> Reply {
    Reply::redirect(302, &address(visit, "required-action", name, ticket))
}

fn authenticate(visit: &Visit<'_>) -> Reply {
    let Some(mut ticket) = visit.ticket(visit.request.query_field("session_code")) else {
        return pages::error(
            "Cookie not found. Please make sure cookies are enabled in your browser.",
            400,
        );
    };
    if visit.face.name == "keycloak-expired" && visit.request.cookie("seen").is_none() {
        return Reply::html(pages::expired(visit, &ticket)).cookie("seen", "1", visit.face.prefix);
    }
    if visit.request.field("tryAnotherWay").is_some() {
        return pages::error(
            "Another way was asked for, which the login must not do.",
            400,
        );
    }
    match ticket.stage {
        Stage::Start => password(visit, &mut ticket),
        _ => code(visit, &mut ticket),
    }
}

fn password(visit: &Visit<'_>, ticket: &mut Ticket) -> Reply {
    if visit.request.field("credentialId").as_deref() != Some("") {
        return pages::error("The hidden credentialId did not come back.", 400);
    }
    let name = visit.request.field("username").unwrap_or_default();
    let verdict = visit.try_password(&name, &visit.request.field("password").unwrap_or_default());
    match verdict {
        Verdict::Good(user) => {
            ticket.user = Some(user.name.clone());
            ticket.stage = Stage::Password;
            visit.keep(ticket);
            match visit.devices(&user).is_empty() {
                true => visit.complete(&user, ticket, then_of(visit)),
                false => Reply::html(pages::otp(visit, ticket, &user, "")),
            }
        }
        Verdict::Expired(user) => {
            ticket.user = Some(user.name.clone());
            visit.keep(ticket);
            to_action(visit, "UPDATE_PASSWORD", ticket)
        }
        Verdict::Wrong => Reply::html(pages::login(visit, ticket, "Invalid username or password.")),
        Verdict::Locked => Reply::html(pages::login(
            visit,
            ticket,
            "Account is disabled, contact your administrator.",
        )),
    }
}

/// The id under which a device is chosen.
pub(crate) fn credential_id(secret: &str) -> String {
    let hash = ring::digest::digest(&ring::digest::SHA256, secret.as_bytes());
    let hex = crate::encoding::hex(hash);
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..32]
    )
}

fn code(visit: &Visit<'_>, ticket: &mut Ticket) -> Reply {
    let Some(user) = visit.user_of(ticket) else {
        return pages::error(
            "Your login attempt timed out. Login will start from the beginning.",
            400,
        );
    };
    let chosen = visit.request.field("selectedCredentialId");
    let devices = visit.devices(&user);
    let index = match (&chosen, devices.len()) {
        (None, 1) => Some(0),
        (None, _) => None,
        (Some(id), _) => devices
            .iter()
            .position(|device| credential_id(&device.secret) == *id),
    };
    let otp = visit.request.field("otp").unwrap_or_default();
    let verdict = index.map_or(CodeVerdict::Wrong, |index| {
        visit.try_code(&user, index, &otp)
    });
    match verdict {
        CodeVerdict::Good => visit.complete(&user, ticket, then_of(visit)),
        CodeVerdict::Wrong | CodeVerdict::Replayed => Reply::html(pages::otp(
            visit,
            ticket,
            &user,
            "Invalid authenticator code.",
        )),
    }
}

fn required_action(visit: &Visit<'_>) -> Reply {
    let execution = visit.request.query_field("execution").unwrap_or_default();
    match visit.ticket(visit.request.query_field("session_code")) {
        Some(ticket) => Reply::html(pages::required_action(visit, &ticket, &execution)),
        None => pages::error(
            "Cookie not found. Please make sure cookies are enabled in your browser.",
            400,
        ),
    }
}

fn action_done(visit: &Visit<'_>) -> Reply {
    let terms = visit.request.query_field("execution").as_deref() == Some("TERMS_AND_CONDITIONS");
    let at = visit.at_stage(visit.request.query_field("session_code"), Stage::Complete);
    match (at, terms && visit.request.field("accept").is_some()) {
        (Some((ticket, user)), true) => visit.finish(&user, Some(&ticket)),
        (Some(_), false) => pages::error("You have to accept.", 400),
        (None, _) => pages::error(
            "Your login attempt timed out. Login will start from the beginning.",
            400,
        ),
    }
}

/// The page with the response, in capitals as Keycloak writes it.
pub(crate) fn last_page(acs: &str, value: &str) -> String {
    format!(
        "<HTML><HEAD><TITLE>Authentication Redirect</TITLE></HEAD><BODY Onload=\"document.forms[0].submit()\">\
         <FORM METHOD=\"POST\" NAME=\"saml-post-binding\" ACTION=\"{}\"><p>Redirecting, please wait.</p>\
         <INPUT TYPE=\"HIDDEN\" NAME=\"SAMLResponse\" VALUE=\"{}\"/><NOSCRIPT><P>JavaScript is disabled. \
         We strongly recommend to enable it. Click the button below to continue.</P>\
         <INPUT TYPE=\"SUBMIT\" VALUE=\"CONTINUE\"/></NOSCRIPT></FORM></BODY></HTML>",
        escape(acs),
        escape(value)
    )
}

/// The form beside the code's, whose field must not be sent with it.
pub(crate) fn another_way(visit: &Visit<'_>, ticket: &Ticket) -> String {
    format!(
        "<form id=\"kc-select-try-another-way-form\" action=\"{}\" method=\"post\">\n{}\
         <a href=\"#\" id=\"try-another-way\" onclick=\"document.forms['kc-select-try-another-way-form'].requestSubmit();return false;\">\
         Try Another Way</a>\n</form>\n",
        escape(&address(visit, "authenticate", "form", ticket)),
        hidden("tryAnotherWay", "on"),
    )
}

/// The name shown of whoever gave a password.
pub(crate) fn attempted(user: &User) -> String {
    format!(
        "<div id=\"kc-username\"><label id=\"kc-attempted-username\">{}</label></div>\n",
        escape(&user.name)
    )
}

/// A page in the frame that both themes share.
pub(crate) fn framed(title: &str, body: &str) -> String {
    page(
        title,
        &format!(
            "<div id=\"kc-header\"><div id=\"kc-header-wrapper\">corp</div></div>\n<div id=\"kc-locale\">\
             <select id=\"login-select-toggle\" onchange=\"if (this.value) window.location.href=this.value\">\
             <option value=\"/realms/corp/login-actions/authenticate?kc_locale=en\" selected>English</option></select></div>\n\
             <div id=\"kc-content\"><h1 id=\"kc-page-title\">{title}</h1>\n{body}\n</div>"
        ),
    )
}
