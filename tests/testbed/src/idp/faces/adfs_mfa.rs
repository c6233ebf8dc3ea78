//! The adapters for second factors in AD FS: each form carries a `Context` that works once.

use super::adfs::finish;
use super::adfs_pages::{adapter, error_area, fatal, methods};
use crate::encoding::random_name;
use crate::idp::Visit;
use crate::idp::second_factor::CodeVerdict;
use crate::idp::ticket::{Stage, Ticket};
use crate::users::User;
use crate::web::Reply;

const AZURE: &str = "AzureMfaAuthentication";
const SECURID: &str = "SecurIDAuthentication";
const LIST: &[(&str, &str)] = &[
    ("DuoAdfsAdapter", "Duo Authentication for AD FS"),
    ("CertificateAuthentication", "Certificate"),
    (AZURE, "Azure Multi-Factor Authentication"),
    (SECURID, "RSA SecurID"),
];

/// The adapter of a face, and the field that takes its code; no field where there is nothing to type.
fn adapter_of(face: &str) -> Option<(&'static str, &'static str)> {
    Some(match face {
        "adfs-azure" => (AZURE, "VerificationCode"),
        "adfs-server" => ("AzureMfaServerAuthentication", ""),
        "adfs-silverfort" => ("SilverfortAdfs", ""),
        "adfs-securid" => (SECURID, "Passcode"),
        "adfs-securid2" => ("SecurIDv2Authentication", "ChallengeQuestionAnswer"),
        "adfs-vip" => ("SymantecVipAdapter", "SecurityCode"),
        "adfs-vip-upn" => ("VIPAuthenticationProviderUPN", "security_code"),
        "adfs-safenet" => ("SafeNet-MFA", "SAFENET_PASSWORD"),
        "adfs-defender" => ("Defender AD FS Adapter", "DefenderResponse"),
        "adfs-duo" => ("DuoAdfsAdapter", ""),
        _ => return None,
    })
}

/// The field of a code, in markup; some are filled by a dialog of scripts.
fn field(name: &str) -> String {
    match name {
        "SecurityCode" => "<input id=\"SecurityCode\" name=\"SecurityCode\" type=\"hidden\">".to_owned(),
        "VerificationCode" => {
            "<input id=\"verificationCodeInput\" name=\"VerificationCode\" type=\"text\" autocomplete=\"off\">\
             <input id=\"signInButton\" type=\"submit\" name=\"SignIn\" value=\"Sign in\">"
                .to_owned()
        }
        name => format!("<input id=\"codeInput\" name=\"{name}\" type=\"password\" placeholder=\"Code\">"),
    }
}

/// The page after the password, if there is to be one.
pub(crate) fn first_page(visit: &Visit<'_>, user: &User, ticket: &mut Ticket) -> Option<Reply> {
    let page = match visit.face.name {
        "adfs-unavailable" => fatal(&format!(
            "The selected authentication method is not available for '{}'. Choose another one or contact your \
             administrator.",
            user.name
        )),
        "adfs-methods" => {
            // The list has no Context; the cookie says who it is.
            visit.keep(ticket);
            methods(visit, LIST)
        }
        face => {
            let (method, name) = adapter_of(face)?;
            page_of(visit, ticket, method, name, user, "")
        }
    };
    Some(Reply::html(page))
}

/// An adapter's page with a new context.
fn show(visit: &Visit<'_>, ticket: &mut Ticket, method: &str, inside: &str) -> String {
    visit.world.state().tickets.remove(&ticket.id);
    ticket.id = random_name();
    visit.keep(ticket);
    let others = match visit.face.name {
        "adfs-methods" => LIST,
        _ => &[],
    };
    adapter(visit, method, &ticket.id, inside, others)
}

/// What an adapter shows first.
fn page_of(
    visit: &Visit<'_>,
    ticket: &mut Ticket,
    method: &str,
    name: &str,
    user: &User,
    error: &str,
) -> String {
    let area = error_area(visit, error);
    let inside = match method {
        // Both begin with a page that sends itself.
        AZURE | "SecurIDv2Authentication" if ticket.device.is_none() => {
            let target = match method {
                AZURE => "<input type=\"hidden\" name=\"__EVENTTARGET\" value=\"\">",
                _ => "",
            };
            format!("{target}<script>document.forms['loginForm'].submit();</script>")
        }
        AZURE => azure(visit, ticket, user, error),
        "DuoAdfsAdapter" => "<iframe id=\"duo_iframe\"></iframe>".to_owned(),
        _ if name.is_empty() => {
            format!("{area}<p id=\"instructions\">Answer the call on your phone.</p>")
        }
        _ => format!("{area}{}", field(name)),
    };
    show(visit, ticket, method, &inside)
}

/// Microsoft's own adapter: a code for those who have a device, else an approval.
fn azure(visit: &Visit<'_>, ticket: &Ticket, user: &User, error: &str) -> String {
    let target = "<input type=\"hidden\" name=\"__EVENTTARGET\" value=\"\">";
    let other =
        "<a id=\"differentVerificationOption\" href=\"#\">Use a different verification option</a>";
    let area = error_area(visit, error);
    if !error.is_empty() {
        return format!("{target}{area}{other}");
    }
    let asks_code = match visit.devices(user).len() {
        0 => false,
        1 => true,
        // Who has several is rung first, unless they say otherwise.
        _ => ticket.device == Some(CODE),
    };
    match asks_code {
        true => format!(
            "{target}{area}<p id=\"instructions\">Enter the code of your app.</p>{}",
            field("VerificationCode")
        ),
        false => format!(
            "{target}{area}<p id=\"instructions\">We sent a notification to your phone.</p>\
             <p id=\"validEntropyNumber\">42</p>{other}"
        ),
    }
}

/// In place of the number of polls: a code is wanted instead.
const CODE: usize = 1000;

fn choice(visit: &Visit<'_>, ticket: &mut Ticket) -> String {
    show(
        visit,
        ticket,
        AZURE,
        "<input type=\"hidden\" name=\"__EVENTTARGET\" value=\"\">\
         <a id=\"verificationOption0\" href=\"#\">Approve a notification on my phone</a>\
         <a id=\"verificationOption1\" href=\"#\">Use a verification code from my app</a>",
    )
}

/// What follows the form of an adapter, or a click on the list.
pub(crate) fn answer(visit: &Visit<'_>, method: &str) -> Reply {
    let request = visit.request;
    let id = match request.field("Context") {
        Some(context) => Some(context),
        None => listed(visit),
    };
    let Some((mut ticket, user)) = visit.at_stage(id, Stage::Password) else {
        return Reply::html(fatal("The context is not valid any more."));
    };
    let (own, name) = match (visit.face.name, method) {
        ("adfs-methods", SECURID) => (SECURID, "Passcode"),
        ("adfs-methods", AZURE) => (AZURE, "VerificationCode"),
        ("adfs-methods", "DuoAdfsAdapter") => ("DuoAdfsAdapter", ""),
        (face, _) => match adapter_of(face) {
            Some(adapter) => adapter,
            None => return Reply::html(fatal("There is no such method.")),
        },
    };
    if own != method {
        return Reply::html(fatal("There is no such method."));
    }
    if request.field("Context").is_none() {
        return Reply::html(page_of(visit, &mut ticket, method, name, &user, ""));
    }
    if own == AZURE {
        return azure_answer(visit, &mut ticket, &user);
    }
    if own == "SecurIDv2Authentication" && ticket.device.is_none() {
        ticket.device = Some(0);
        return Reply::html(page_of(visit, &mut ticket, method, name, &user, ""));
    }
    if name.is_empty() {
        return match refusal_of(&user) {
            None => finish(visit, &user),
            Some(text) => Reply::html(page_of(visit, &mut ticket, method, name, &user, text)),
        };
    }
    if request.field(name).is_none() {
        return Reply::html(page_of(visit, &mut ticket, method, name, &user, ""));
    }
    try_code(visit, &mut ticket, method, name, &user)
}

fn try_code(
    visit: &Visit<'_>,
    ticket: &mut Ticket,
    method: &str,
    name: &str,
    user: &User,
) -> Reply {
    let code = visit.request.field(name).unwrap_or_default();
    match visit.try_code(user, 0, &code) {
        CodeVerdict::Good => finish(visit, user),
        CodeVerdict::Wrong | CodeVerdict::Replayed => Reply::html(page_of(
            visit,
            ticket,
            method,
            name,
            user,
            "Authentication attempt failed. Try again.",
        )),
    }
}

/// The sign-in that the browser's cookie belongs to.
fn listed(visit: &Visit<'_>) -> Option<String> {
    let cookie = visit.request.cookie(visit.ticket_cookie())?;
    let state = visit.world.state();
    let found = state.tickets.values().find(|t| t.cookie == cookie);
    found.map(|ticket| ticket.id.clone())
}

/// What somebody does with a notification: carol says no, bob nothing.
fn refusal_of(user: &User) -> Option<&'static str> {
    match user.name.as_str() {
        "carol" => Some("The sign-in was denied by the user."),
        "bob" => Some("The verification request expired."),
        _ => None,
    }
}

fn azure_answer(visit: &Visit<'_>, ticket: &mut Ticket, user: &User) -> Reply {
    let request = visit.request;
    let polls = ticket.device;
    match request.field("__EVENTTARGET").as_deref() {
        Some("differentVerificationOption") => return Reply::html(choice(visit, ticket)),
        Some("verificationOption1") if !visit.devices(user).is_empty() => {
            ticket.device = Some(CODE);
            return Reply::html(page_of(visit, ticket, AZURE, "VerificationCode", user, ""));
        }
        Some("verificationOption0") => {
            ticket.device = Some(0);
            return Reply::html(page_of(visit, ticket, AZURE, "VerificationCode", user, ""));
        }
        Some("") => {}
        _ => return Reply::html(fatal("The form is not one of ours.")),
    }
    if request.field("VerificationCode").is_some() && !visit.devices(user).is_empty() {
        return match request.field("SignIn") {
            Some(_) => try_code(visit, ticket, AZURE, "VerificationCode", user),
            None => Reply::html(fatal("Nobody pressed the button.")),
        };
    }
    let Some(polls) = polls else {
        ticket.device = Some(0);
        return Reply::html(page_of(visit, ticket, AZURE, "VerificationCode", user, ""));
    };
    if polls == CODE || visit.devices(user).len() == 1 || polls == 0 {
        ticket.device = Some(if polls == 0 { 1 } else { polls });
        return Reply::html(page_of(visit, ticket, AZURE, "VerificationCode", user, ""));
    }
    match refusal_of(user) {
        None => finish(visit, user),
        Some(text) => Reply::html(page_of(
            visit,
            ticket,
            AZURE,
            "VerificationCode",
            user,
            text,
        )),
    }
}
