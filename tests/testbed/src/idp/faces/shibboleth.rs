//! A lookalike of Shibboleth IdP 3 to 5: numbered pages of a conversation, each good once.

use url::form_urlencoded;

use super::shibboleth_pages as pages;
use crate::idp::second_factor::CodeVerdict;
use crate::idp::ticket::{Stage, Ticket};
use crate::idp::{Face, Verdict, Visit};
use crate::users::{Device, TOTP_SECRET, User};
use crate::web::Reply;

const fn face(name: &'static str, prefix: &'static str) -> Face {
    Face {
        name,
        prefix,
        start: "profile/SAML2/Unsolicited/SSO?providerId=urn%3Aamazon%3Awebservices",
        serve,
    }
}

pub(crate) const FACES: &[Face] = &[
    face("shibboleth", "/idp/"),
    face("shibboleth-v3", "/v3/idp/"),
    face("shibboleth-consent", "/consent/idp/"),
    face("shibboleth-expiring", "/expiring/idp/"),
    face("shibboleth-totp", "/totp/idp/"),
    face("shibboleth-tokencode", "/tokencode/idp/"),
    face("shibboleth-fudiscr", "/fudiscr/idp/"),
    face("shibboleth-fudiscr-boxes", "/fudiscr-boxes/idp/"),
    face("shibboleth-fudiscr-pin", "/fudiscr-pin/idp/"),
    face("shibboleth-spnego", "/spnego/idp/"),
    face("shibboleth-stale", "/stale/idp/"),
    face("shibboleth-denied", "/denied/idp/"),
    face("shibboleth-storage", "/storage/idp/"),
    face("shibboleth-webauthn", "/webauthn/idp/"),
    face("shibboleth-webauthn-only", "/webauthn-only/idp/"),
];

const COOKIE: &str = "JSESSIONID";
/// The items of local storage that sessions live in.
pub(crate) const ITEMS: &[&str] = &["shib_idp_session_ss", "shib_idp_persistent_ss"];
/// The PIN of every token, where one is asked for.
pub(crate) const PIN: &str = "4711";

/// Every page costs two requests, the answer to the one before and a redirect's; the last page comes at once.
pub(crate) fn serve(visit: &Visit<'_>) -> Reply {
    match visit.step {
        "profile/SAML2/Unsolicited/SSO" => sso(visit),
        "Authn/SPNEGO" => negotiate(visit),
        _ => pages::error("Unexpected Error", "There is no such page.", 404),
    }
}

/// The pages of a sign-in, in order.
fn views(face: &str) -> &'static [&'static str] {
    match face {
        "shibboleth" => &["read", "login", "totp", "write"],
        "shibboleth-consent" => &["login", "totp", "terms", "release"],
        "shibboleth-expiring" => &["login", "totp", "expiring"],
        "shibboleth-fudiscr" => &["login", "tokens", "otp"],
        "shibboleth-fudiscr-boxes" => &["login", "boxes", "otp"],
        "shibboleth-fudiscr-pin" => &["login", "otp-pin"],
        "shibboleth-spnego" => &["spnego", "login", "totp"],
        "shibboleth-webauthn" => &["login", "webauthn", "totp"],
        "shibboleth-webauthn-only" => &["login", "webauthn"],
        "shibboleth-denied" => &["login", "totp", "denied"],
        "shibboleth-storage" => &["read", "login", "write"],
        _ => &["login", "totp"],
    }
}

/// Before version 4 forms had no token against forgery.
pub(crate) fn old(visit: &Visit<'_>) -> bool {
    visit.face.name == "shibboleth-v3"
}

pub(crate) fn csrf(ticket: &Ticket) -> String {
    format!("_{}{:04x}", &ticket.id[..12], ticket.view.0)
}

/// Where the newest page's form goes.
pub(crate) fn address(visit: &Visit<'_>, ticket: &Ticket) -> String {
    let path = visit.path("profile/SAML2/Unsolicited/SSO");
    format!("{path}?execution=e1s{}", ticket.view.0)
}

fn sso(visit: &Visit<'_>) -> Reply {
    match visit.request.query_field("execution") {
        None => start(visit),
        Some(execution) => step(visit, &execution),
    }
}

fn start(visit: &Visit<'_>) -> Reply {
    let wanted = visit.request.query_field("providerId");
    if wanted.as_deref() != Some("urn:amazon:webservices") {
        let (title, text) = match wanted {
            None => (
                "Unable to Decode Request",
                "The request cannot be understood.",
            ),
            Some(_) => (
                "Unsupported Request",
                "The application is not registered for use with this service.",
            ),
        };
        return pages::error(title, text, 400);
    }
    if let Some(user) = visit.session_user() {
        return pages::last(visit, &user, None);
    }
    let mut ticket = visit.open_ticket();
    let reply = show(visit, &mut ticket, views(visit.face.name)[0]);
    reply.cookie(COOKIE, &ticket.cookie, visit.face.prefix)
}

/// Does the session lie in the browser's storage, as it does unless a server is set up otherwise?
pub(crate) fn in_storage(visit: &Visit<'_>) -> bool {
    visit.face.name == "shibboleth-storage"
}

/// Who is signed in by what the storage holds.
fn session_in_storage(visit: &Visit<'_>) -> Option<User> {
    let field = format!("shib_idp_ls_value.{}", ITEMS[0]);
    visit.user_of_session(&visit.request.field(&field)?)
}

/// The conversation of this browser.
fn conversation(visit: &Visit<'_>) -> Option<Ticket> {
    let cookie = visit.request.cookie(COOKIE)?;
    let state = visit.world.state();
    state
        .tickets
        .values()
        .find(|ticket| ticket.face == visit.face.name && ticket.cookie == cookie)
        .cloned()
}

/// Another page, with a number of its own.
fn show(visit: &Visit<'_>, ticket: &mut Ticket, view: &'static str) -> Reply {
    ticket.view = (ticket.view.0 + 1, view);
    visit.keep(ticket);
    match view {
        "spnego" => Reply::redirect(302, &visit.path("Authn/SPNEGO?conversation=e1s1")),
        _ => Reply::redirect(302, &address(visit, ticket)),
    }
}

/// What follows a page: the next one, or the response.
fn after(visit: &Visit<'_>, ticket: &mut Ticket) -> Reply {
    let all = views(visit.face.name);
    let user = visit.user_of(ticket);
    let devices = user.as_ref().map_or(0, |user| visit.devices(user).len());
    let asks_code = |view: &str| {
        let always = ["shibboleth-totp", "shibboleth-webauthn"].contains(&visit.face.name);
        view != "totp" || always || (devices > 0 && visit.face.name != "shibboleth-tokencode")
    };
    let at = all.iter().position(|view| *view == ticket.view.1);
    let next = all
        .iter()
        .skip(at.map_or(0, |at| at + 1))
        .find(|view| asks_code(view));
    match (next, user) {
        (Some(view), _) => show(visit, ticket, view),
        (None, Some(user)) => pages::last(visit, &user, Some(ticket)),
        (None, None) => pages::stale(),
    }
}

fn step(visit: &Visit<'_>, execution: &str) -> Reply {
    let Some(mut ticket) = conversation(visit) else {
        return pages::stale();
    };
    if execution != format!("e1s{}", ticket.view.0) {
        return pages::stale();
    }
    if visit.face.name == "shibboleth-stale" && visit.request.cookie("seen").is_none() {
        return pages::stale().cookie("seen", "1", visit.face.prefix);
    }
    let fields = visit.request.all_fields();
    let events: Vec<&str> = fields
        .iter()
        .filter_map(|(name, _)| name.strip_prefix("_eventId_"))
        .collect();
    if !visit.request.is_post() && events.is_empty() {
        return pages::view(visit, &ticket);
    }
    let forged = visit.request.is_post()
        && !old(visit)
        && visit.request.field("csrf_token") != Some(csrf(&ticket));
    if forged {
        return pages::error("Error", "CSRF token verification failed.", 400);
    }
    let boxes = ["donotcache", "_shib_idp_revokeConsent"];
    if fields
        .iter()
        .any(|(name, _)| boxes.contains(&name.as_str()))
    {
        return pages::error("Unexpected Error", "A box was ticked by nobody.", 500);
    }
    match events[..] {
        ["proceed"] => proceed(visit, &mut ticket),
        ["TOTP"] if ticket.view.1 == "webauthn" => after(visit, &mut ticket),
        ["AttributeReleaseRejected" | "TermsRejected"] => {
            pages::error("Rejected", "You said no.", 200)
        }
        // No event, two of them, or one that leads elsewhere.
        _ => pages::error("Unexpected Error", "An unexpected error came up.", 500),
    }
}

fn proceed(visit: &Visit<'_>, ticket: &mut Ticket) -> Reply {
    let field = |name: &str| visit.request.field(name);
    let is = |name: &str, value: &str| field(name).as_deref() == Some(value);
    let good = match ticket.view.1 {
        "login" => return login(visit, ticket),
        "totp" => return code(visit, ticket, &["tokencode"]),
        "otp" => return code(visit, ticket, &["fudis_otp_input"]),
        "otp-pin" => return code(visit, ticket, &["fudis_otp_input", "fudis_pin_input"]),
        "read" if in_storage(visit) && session_in_storage(visit).is_some() => {
            let user = session_in_storage(visit);
            return user.map_or_else(pages::stale, |user| pages::last(visit, &user, None));
        }
        "read" => {
            is("shib_idp_ls_supported", "true")
                && ITEMS
                    .iter()
                    .all(|item| is(&format!("shib_idp_ls_success.{item}"), "true"))
        }
        "write" => is(&format!("shib_idp_ls_success.{}", ITEMS[0]), "true"),
        "terms" => is("_shib_idp_consentIds", "my-terms"),
        "release" => {
            let ids = visit.request.fields();
            let ids: Vec<_> = ids
                .iter()
                .filter(|(name, _)| name == "_shib_idp_consentIds")
                .map(|(_, value)| value.as_str())
                .collect();
            ids == ["mail", "uid"] && is("_shib_idp_consentOptions", "_shib_idp_rememberConsent")
        }
        "tokens" => {
            ticket.device = field("fudis_selected_token_ids_input").and_then(|id| id.parse().ok());
            ticket.device.is_some()
        }
        "boxes" => {
            let ids = visit.request.fields();
            let mut ids = ids
                .iter()
                .filter(|(name, _)| name == "fudis_selected_token_ids_input");
            ticket.device = ids.next().and_then(|(_, id)| id.parse().ok());
            ticket.device.is_some() && ids.next().is_none()
        }
        "expiring" => true,
        _ => false,
    };
    match good {
        true => after(visit, ticket),
        false => pages::error("Unexpected Error", "The form did not come as it was.", 500),
    }
}

fn login(visit: &Visit<'_>, ticket: &mut Ticket) -> Reply {
    let field = |name: &str| visit.request.field(name).unwrap_or_default();
    let problem = match visit.try_password(&field("j_username"), &field("j_password")) {
        Verdict::Good(user) => {
            ticket.user = Some(user.name.clone());
            ticket.stage = Stage::Password;
            if visit.face.name == "shibboleth-tokencode" {
                return code(visit, ticket, &["tokencode"]);
            }
            return after(visit, ticket);
        }
        Verdict::Wrong => "The password you entered was incorrect.",
        Verdict::Locked => "Your account is locked.",
        Verdict::Expired(_) => "Your password has expired.",
    };
    again(visit, ticket, problem)
}

/// The same page with a new number and a complaint.
fn again(visit: &Visit<'_>, ticket: &mut Ticket, problem: &str) -> Reply {
    ticket.view.0 += 1;
    visit.keep(ticket);
    let text: String = form_urlencoded::byte_serialize(problem.as_bytes()).collect();
    Reply::redirect(302, &format!("{}&testbed={text}", address(visit, ticket)))
}

/// What makes the codes of a user: everybody has at least a phone here.
fn device(visit: &Visit<'_>, user: &User, ticket: &Ticket) -> Device {
    let devices = visit.devices(user);
    let chosen = ticket.device.and_then(|index| devices.get(index));
    let device = chosen.or(devices.first()).cloned();
    device.unwrap_or_else(|| Device {
        name: "phone".into(),
        secret: TOTP_SECRET.into(),
    })
}

fn code(visit: &Visit<'_>, ticket: &mut Ticket, names: &[&str]) -> Reply {
    let Some(user) = visit.user_of(ticket) else {
        return pages::stale();
    };
    let typed = |index: usize| names.get(index).and_then(|name| visit.request.field(name));
    let pin = names.len() == 1 || typed(1).as_deref() == Some(PIN);
    let device = device(visit, &user, ticket);
    let verdict = visit.try_code_of(&user, &device, &typed(0).unwrap_or_default());
    match verdict {
        CodeVerdict::Good if pin => {
            ticket.stage = Stage::Complete;
            after(visit, ticket)
        }
        CodeVerdict::Replayed => again(visit, ticket, "This code was used already."),
        CodeVerdict::Good | CodeVerdict::Wrong => {
            again(visit, ticket, "The code you entered was incorrect.")
        }
    }
}

/// Kerberos, and a way round it for those who have none.
fn negotiate(visit: &Visit<'_>) -> Reply {
    let Some(mut ticket) = conversation(visit) else {
        return pages::stale();
    };
    if visit.request.query_field("error").is_some() {
        return after(visit, &mut ticket);
    }
    Reply::html(pages::no_kerberos(visit))
        .status(401)
        .with("www-authenticate", "Negotiate")
}
