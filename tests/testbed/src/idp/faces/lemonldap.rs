//! A lookalike of LemonLDAP::NG: one-time tokens, numbers for words, second factors, pages that scripts send on.

use super::lemonldap_pages as pages;
use crate::idp::second_factor::CodeVerdict;
use crate::idp::ticket::{Stage, Ticket};
use crate::idp::{Face, Verdict, Visit};
use crate::users::User;
use crate::web::Reply;

const fn face(name: &'static str, prefix: &'static str) -> Face {
    Face {
        name,
        prefix,
        start: "saml/singleSignOn?IDPInitiated=1&sp=urn:amazon:webservices",
        serve,
    }
}

pub(crate) const FACES: &[Face] = &[
    face("lemonldap", "/lemonldap/"),
    face("lemonldap-captcha", "/lemonldap-captcha/"),
    face("lemonldap-choice", "/lemonldap-choice/"),
    face("lemonldap-enrol", "/lemonldap-enrol/"),
    face("lemonldap-info", "/lemonldap-info/"),
    face("lemonldap-key", "/lemonldap-key/"),
    face("lemonldap-menu", "/lemonldap-menu/"),
    face("lemonldap-notice", "/lemonldap-notice/"),
    face("lemonldap-wait", "/lemonldap-wait/"),
];

/// The cookie that remembers which service is waited for.
const PENDING: &str = "lemonldappdata";
const SSO: &str = "saml/singleSignOn";

const FORM_EMPTY: u32 = 2;
const BAD_CREDENTIALS: u32 = 5;
const FIRST_ACCESS: u32 = 9;
const LOCKED: u32 = 21;
const EXPIRED: u32 = 22;
const FAILED: u32 = 24;
const CHANGE_AFTER_RESET: u32 = 25;
const CAPTCHA: u32 = 76;
const NO_TOKEN: u32 = 81;
const TOKEN_EXPIRED: u32 = 82;
const WAIT: u32 = 86;
const BAD_CODE: u32 = 96;
const UNKNOWN_PARTNER: u32 = 107;

/// Two requests when all goes well: the login page, and the password. A code costs two more.
pub(crate) fn serve(visit: &Visit<'_>) -> Reply {
    let accepts = visit.request.header("accept").unwrap_or_default();
    if accepts.contains("application/json") {
        let reply = Reply::new(401, "application/json", r#"{"result":0,"error":9}"#);
        return reply.with("WWW-Authenticate", "SSO https://login.test/");
    }
    match (visit.step, visit.request.is_post()) {
        (SSO, true) => log_in(visit),
        (SSO | "saml" | "", false) => start(visit),
        ("2fchoice", true) => choose(visit),
        ("totp2fcheck", true) => code(visit, 0),
        ("mail2fcheck", true) => code(visit, 1),
        ("registerbrowser", true) => register(visit),
        ("notifback", true) => accepted(visit),
        // Nobody may ask for another message by mistake, nor prove a key.
        ("mail2fresend" | "webauthn2fcheck", true) => pages::error(FAILED, ""),
        ("2fregisters", false) => pages::factors_to_register(),
        _ => Reply::missing(),
    }
}

fn start(visit: &Visit<'_>) -> Reply {
    if let Some(user) = visit.session_user() {
        return deliver(visit, &user);
    }
    let ticket = visit.open_ticket();
    let reply = pages::login(visit, &ticket, FIRST_ACCESS, "");
    if visit.face.name == "lemonldap-menu" || visit.step != SSO {
        // The portal forgets the service, as it does after two minutes.
        return reply;
    }
    let service = visit.request.query_field("sp").unwrap_or_default();
    let known = service == "urn:amazon:webservices";
    reply.cookie(
        PENDING,
        if known { "aws" } else { "unknown" },
        visit.face.prefix,
    )
}

/// The answer for the service that is waited for, or the menu.
fn deliver(visit: &Visit<'_>, user: &User) -> Reply {
    let asked = visit.request.query_field("sp");
    match (visit.request.cookie(PENDING).as_deref(), asked.as_deref()) {
        (_, Some("urn:amazon:webservices")) | (Some("aws"), _) => visit.finish(user, None),
        (None, None) => visit.sign_in(user, pages::menu()),
        _ => pages::error(UNKNOWN_PARTNER, ""),
    }
}

/// Takes a one-time token out of circulation.
fn spend(visit: &Visit<'_>) -> Result<Ticket, u32> {
    let id = visit.request.field("token").filter(|id| !id.is_empty());
    let id = id.ok_or(NO_TOKEN)?;
    let ticket = visit.ticket_without_cookie(Some(id)).ok_or(TOKEN_EXPIRED)?;
    visit.world.state().tickets.remove(&ticket.id);
    Ok(ticket)
}

/// A token for the next page of the same sign-in.
fn next_token(visit: &Visit<'_>, user: &User, stage: Stage) -> Ticket {
    let mut ticket = visit.open_ticket();
    ticket.user = Some(user.name.clone());
    ticket.stage = stage;
    visit.keep(&ticket);
    ticket
}

fn log_in(visit: &Visit<'_>) -> Reply {
    let name = visit.request.field("user").unwrap_or_default();
    let password = visit.request.field("password").unwrap_or_default();
    let again = |number| pages::login(visit, &visit.open_ticket(), number, &name);
    if name.is_empty() || password.is_empty() {
        return again(FORM_EMPTY);
    }
    if let Err(number) = spend(visit) {
        return again(number);
    }
    let tab = visit.request.field("lmAuth");
    match visit.face.name {
        "lemonldap-captcha" => return again(CAPTCHA),
        "lemonldap-wait" => return pages::locked_for(WAIT, 30),
        "lemonldap-choice" if tab.as_deref() != Some("1_Staff") => return again(BAD_CREDENTIALS),
        _ => {}
    }
    match visit.try_password(&name, &password) {
        Verdict::Wrong => again(BAD_CREDENTIALS),
        Verdict::Locked => pages::error(LOCKED, ""),
        Verdict::Expired(_) => match visit.face.name {
            "lemonldap-choice" => {
                pages::change_password(visit, &visit.open_ticket(), CHANGE_AFTER_RESET, &name)
            }
            _ => pages::error(EXPIRED, ""),
        },
        Verdict::Good(user) => after_password(visit, &user),
    }
}

fn after_password(visit: &Visit<'_>, user: &User) -> Reply {
    let token = || next_token(visit, user, Stage::Password);
    if visit.face.name == "lemonldap-key" {
        return pages::security_key(visit, &token());
    }
    match visit.devices(user).len() {
        0 => arrive(visit, user),
        1 => pages::code(visit, &token(), "totp"),
        _ => pages::factors(visit, &token()),
    }
}

fn choose(visit: &Visit<'_>) -> Reply {
    let Some((user, _)) = proved(visit) else {
        return pages::error(TOKEN_EXPIRED, "");
    };
    let ticket = next_token(visit, &user, Stage::Password);
    match visit.request.field("sf").as_deref() {
        Some("webauthn") => pages::security_key(visit, &ticket),
        Some(factor @ ("totp" | "mail")) => pages::code(visit, &ticket, factor),
        _ => pages::error(FAILED, ""),
    }
}

/// Whoever gave a good password, with the token of the page before.
fn proved(visit: &Visit<'_>) -> Option<(User, Ticket)> {
    let ticket = spend(visit).ok()?;
    (ticket.stage >= Stage::Password).then_some(())?;
    Some((visit.user_of(&ticket)?, ticket))
}

fn code(visit: &Visit<'_>, device: usize) -> Reply {
    let Some((user, _)) = proved(visit) else {
        return pages::error(TOKEN_EXPIRED, "");
    };
    let typed = visit.request.field("code").unwrap_or_default();
    match visit.try_code(&user, device, &typed) {
        CodeVerdict::Good if stays(visit) => register_page(visit, &user),
        CodeVerdict::Good => visit.sign_in(&user, Reply::redirect(302, &visit.path("saml"))),
        CodeVerdict::Wrong | CodeVerdict::Replayed => pages::error(BAD_CODE, ""),
    }
}

fn stays(visit: &Visit<'_>) -> bool {
    let value = visit.request.field("stayconnected");
    value.is_some_and(|value| !value.is_empty())
}

/// Signed in: what stands between that and the service.
fn arrive(visit: &Visit<'_>, user: &User) -> Reply {
    match visit.face.name {
        _ if stays(visit) => register_page(visit, user),
        "lemonldap-notice" => {
            let ticket = next_token(visit, user, Stage::Complete);
            pages::notification(visit, &ticket)
        }
        "lemonldap-info" => visit.sign_in(user, pages::info(&visit.path(SSO))),
        "lemonldap-enrol" => visit.sign_in(user, Reply::redirect(302, &visit.path("2fregisters"))),
        _ => deliver(visit, user),
    }
}

fn register_page(visit: &Visit<'_>, user: &User) -> Reply {
    let ticket = next_token(visit, user, Stage::Complete);
    visit.sign_in(user, pages::register_browser(visit, &ticket))
}

fn register(visit: &Visit<'_>) -> Reply {
    let print = visit.request.field("fg").unwrap_or_default();
    match proved(visit) {
        Some((user, _)) if !print.is_empty() => {
            let reply = visit.finish(&user, None);
            reply.cookie("llngconnection", &print, visit.face.prefix)
        }
        _ => pages::error(TOKEN_EXPIRED, ""),
    }
}

fn accepted(visit: &Visit<'_>) -> Reply {
    let ticked = visit.request.field("check1x1").as_deref() == Some("accepted");
    match proved(visit) {
        Some((user, _)) if ticked => visit.finish(&user, None),
        Some((user, _)) => {
            let ticket = next_token(visit, &user, Stage::Complete);
            pages::notification(visit, &ticket)
        }
        None => pages::error(TOKEN_EXPIRED, ""),
    }
}
