//! A lookalike of Apereo CAS: one address for all pages, and a key of the conversation that is good once.

use super::cas_pages as pages;
use crate::encoding::random_name;
use crate::idp::second_factor::CodeVerdict;
use crate::idp::ticket::{Stage, Ticket};
use crate::idp::{Face, Verdict, Visit};
use crate::users::User;
use crate::web::Reply;

const fn face(name: &'static str, prefix: &'static str) -> Face {
    Face {
        name,
        prefix,
        start: "idp/profile/SAML2/Unsolicited/SSO?providerId=urn:amazon:webservices",
        serve,
    }
}

pub(crate) const FACES: &[Face] = &[
    face("cas", "/cas/"),
    face("cas-aup", "/aup/cas/"),
    face("cas-interrupt", "/interrupt/cas/"),
    face("cas-blocked", "/blocked/cas/"),
    face("cas-warning", "/warning/cas/"),
    face("cas-gauth", "/gauth/cas/"),
    face("cas-ways", "/ways/cas/"),
    face("cas-consent", "/consent/cas/"),
    face("cas-enrol", "/enrol/cas/"),
];

/// Four requests when pages are followed: start, login page, login, back to where the response is made.
pub(crate) fn serve(visit: &Visit<'_>) -> Reply {
    match visit.step {
        "idp/profile/SAML2/Unsolicited/SSO" => start(visit),
        "idp/profile/SAML2/Callback" => callback(visit),
        "login" if visit.request.is_post() => answer(visit),
        "login" => login_page(visit, ""),
        _ => pages::error("Page Not Found", 404),
    }
}

/// The pages after the login, in order.
fn views(face: &str) -> &'static [&'static str] {
    match face {
        "cas-aup" => &["gauth", "aup"],
        "cas-interrupt" => &["gauth", "interrupt"],
        "cas-blocked" => &["gauth", "blocked"],
        "cas-warning" => &["gauth", "warning"],
        "cas-ways" => &["ways", "gauth"],
        "cas-consent" => &["gauth", "consent"],
        "cas-enrol" => &["enrol"],
        _ => &["gauth"],
    }
}

/// The key of the newest page.
pub(crate) fn execution(ticket: &Ticket) -> String {
    format!("{}_ZXlKaGJHY2lPaUpJVXpVeE1pSX_{}", ticket.id, ticket.view.0)
}

/// What the script of a code page says about its device.
pub(crate) const ACCOUNT: &str = "1741";

fn start(visit: &Visit<'_>) -> Reply {
    if visit.request.query_field("providerId").as_deref() != Some("urn:amazon:webservices") {
        return pages::not_authorized();
    }
    let back = format!(
        "{}{}?entityId=urn%3Aamazon%3Awebservices",
        visit.world.urls.idp,
        visit.path("idp/profile/SAML2/Callback")
    );
    let service: String = url::form_urlencoded::byte_serialize(back.as_bytes()).collect();
    match visit.session_user() {
        Some(user) => {
            let mut ticket = visit.open_ticket();
            ticket.user = Some(user.name);
            ticket.stage = Stage::Complete;
            to_callback(visit, &ticket)
        }
        None => Reply::redirect(302, &visit.path(&format!("login?service={service}"))),
    }
}

fn login_page(visit: &Visit<'_>, problem: &str) -> Reply {
    let mut ticket = visit.open_ticket();
    show(visit, &mut ticket, "login", problem)
}

fn show(visit: &Visit<'_>, ticket: &mut Ticket, view: &'static str, problem: &str) -> Reply {
    ticket.view = (ticket.view.0 + 1, view);
    visit.keep(ticket);
    let status = if problem.is_empty() { 200 } else { 401 };
    pages::view(visit, ticket, problem).status(status)
}

/// A ticket for the service, good for one use.
fn to_callback(visit: &Visit<'_>, ticket: &Ticket) -> Reply {
    let mut ticket = ticket.clone();
    ticket.cookie = format!("ST-1-{}", random_name());
    visit.keep(&ticket);
    let step = format!(
        "idp/profile/SAML2/Callback?entityId=urn%3Aamazon%3Awebservices&ticket={}&id={}",
        ticket.cookie, ticket.id
    );
    let reply = Reply::redirect(302, &visit.path(&step));
    match visit.user_of(&ticket) {
        Some(user) => visit.sign_in(&user, reply),
        None => reply,
    }
}

fn callback(visit: &Visit<'_>) -> Reply {
    let given = visit.request.query_field("ticket");
    let ticket = visit.ticket_without_cookie(visit.request.query_field("id"));
    let good = ticket.filter(|ticket| {
        ticket.stage == Stage::Complete
            && given.as_ref() == Some(&ticket.cookie)
            && ticket.cookie.starts_with("ST-")
    });
    match good {
        Some(mut ticket) => {
            ticket.cookie.clear();
            visit.keep(&ticket);
            match visit.user_of(&ticket) {
                Some(user) => visit.finish(&user, Some(&ticket)),
                None => pages::error("Unknown user", 400),
            }
        }
        None => pages::error("Ticket not recognized", 400),
    }
}

fn answer(visit: &Visit<'_>) -> Reply {
    let key = visit.request.field("execution").unwrap_or_default();
    let id = key.split('_').next().unwrap_or_default().to_owned();
    let ticket = visit.ticket_without_cookie(Some(id));
    let Some(mut ticket) = ticket.filter(|ticket| execution(ticket) == key) else {
        // What was kept is gone, so it begins anew without a word.
        return login_page(visit, "");
    };
    let field = |name: &str| visit.request.field(name);
    let event = |name: &str, value: &str| field(name).as_deref() == Some(value);
    match ticket.view.1 {
        "login" if event("_eventId", "submit") && field("geolocation").is_some() => {
            log_in(visit, &mut ticket)
        }
        "ways" if event("_eventId", "submit") && event("mfaProvider", "mfa-gauth") => {
            after(visit, &mut ticket)
        }
        "gauth" if event("_eventId_submit", "Login") => code(visit, &mut ticket),
        "aup" if event("_eventId", "submit") && field("submit").is_some() => {
            after(visit, &mut ticket)
        }
        "interrupt" | "warning" if event("_eventId", "proceed") => after(visit, &mut ticket),
        "consent" if event("_eventId", "confirm") && event("option", "0") => {
            after(visit, &mut ticket)
        }
        _ => pages::error("No such event", 500),
    }
}

fn log_in(visit: &Visit<'_>, ticket: &mut Ticket) -> Reply {
    let field = |name: &str| visit.request.field(name).unwrap_or_default();
    match visit.try_password(&field("username"), &field("password")) {
        Verdict::Good(user) => {
            ticket.user = Some(user.name);
            ticket.stage = Stage::Password;
            after(visit, ticket)
        }
        Verdict::Wrong => show(visit, ticket, "login", "Invalid credentials."),
        Verdict::Locked => pages::locked(),
        Verdict::Expired(_) => pages::must_change(ticket),
    }
}

/// What follows a page: the next one, or the response.
fn after(visit: &Visit<'_>, ticket: &mut Ticket) -> Reply {
    let all = views(visit.face.name);
    let asks_code = visit.face.name == "cas-gauth" || has_device(visit, ticket);
    let at = all.iter().position(|view| *view == ticket.view.1);
    let next = all
        .iter()
        .skip(at.map_or(0, |at| at + 1))
        .find(|view| **view != "gauth" || asks_code);
    match next {
        Some(view) => show(visit, ticket, view, ""),
        None => {
            ticket.stage = Stage::Complete;
            to_callback(visit, ticket)
        }
    }
}

fn has_device(visit: &Visit<'_>, ticket: &Ticket) -> bool {
    let user: Option<User> = visit.user_of(ticket);
    user.is_some_and(|user| !visit.devices(&user).is_empty())
}

fn code(visit: &Visit<'_>, ticket: &mut Ticket) -> Reply {
    let field = |name: &str| visit.request.field(name).unwrap_or_default();
    let Some(user) = visit.user_of(ticket) else {
        return login_page(visit, "");
    };
    if field("accountId") != ACCOUNT {
        return show(visit, ticket, "gauth", "No such device.");
    }
    match visit.try_code(&user, 0, &field("token")) {
        CodeVerdict::Good => after(visit, ticket),
        CodeVerdict::Wrong | CodeVerdict::Replayed => {
            show(visit, ticket, "gauth", "Invalid credentials.")
        }
    }
}
