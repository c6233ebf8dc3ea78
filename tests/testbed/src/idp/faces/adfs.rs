//! AD FS of several versions: one endpoint that takes every form, told apart by what is in it.

use super::adfs_mfa;
use super::adfs_pages::{Asks, applications, fatal, home_realms, login, methods, update_password};
use crate::encoding::random_name;
use crate::idp::authn_request::from_redirect;
use crate::idp::html::escape;
use crate::idp::ticket::{Stage, Ticket};
use crate::idp::{Face, Verdict, Visit};
use crate::seen::Server;
use crate::users::User;
use crate::web::Reply;

/// A face whose folder ends as those of AD FS do.
macro_rules! adfs {
    ($name:literal) => {
        adfs!(
            $name,
            "ls/IdpInitiatedSignOn.aspx?loginToRp=urn:amazon:webservices"
        )
    };
    ($name:literal, $start:literal) => {
        Face {
            start: $start,
            prefix: concat!("/", $name, "/adfs/"),
            ..face!($name, serve)
        }
    };
}

pub(crate) const FACES: &[Face] = &[
    adfs!("adfs-3"),
    adfs!("adfs-german"),
    adfs!("adfs-2019"),
    adfs!("adfs-paged"),
    adfs!("adfs-hrd"),
    adfs!("adfs-off"),
    adfs!("adfs-wia"),
    adfs!("adfs-certificate"),
    adfs!("adfs-azure"),
    adfs!("adfs-server"),
    adfs!("adfs-silverfort"),
    adfs!("adfs-securid"),
    adfs!("adfs-securid2"),
    adfs!("adfs-vip"),
    adfs!("adfs-vip-upn"),
    adfs!("adfs-safenet"),
    adfs!("adfs-defender"),
    adfs!("adfs-methods"),
    adfs!("adfs-duo"),
    adfs!("adfs-unavailable"),
    adfs!("adfs-menu", "ls/IdpInitiatedSignOn.aspx"),
    adfs!("adfs-bare", "ls/"),
    adfs!(
        "adfs-stranger",
        "ls/IdpInitiatedSignOn.aspx?loginToRp=urn:unknown"
    ),
];

const IDP_INITIATED: &str = "ls/idpinitiatedsignon.aspx";
const AWS: &str = "urn:amazon:webservices";
const AWS_ID: &str = "6f2a7d0e-51b4-e811-80f3-0050569214ee";
const APPLICATIONS: &[(&str, &str)] = &[
    ("ae05ef51-b11c-e811-80f3-0050569214ee", "Laws and Contracts"),
    (AWS_ID, "Amazon Web Services (AWS)"),
];
const REALMS: &[(&str, &str)] = &[
    ("http://partner.example/adfs/services/trust", "Partner"),
    ("AD AUTHORITY", "Active Directory"),
];

/// Serves any request.
pub(crate) fn serve(visit: &Visit<'_>) -> Reply {
    if visit.request.server != Server::Idp {
        return Reply::missing();
    }
    match visit.step.to_ascii_lowercase().as_str() {
        "ls/wia" => Reply::new(401, "text/html", "")
            .with("www-authenticate", "Negotiate")
            .with("www-authenticate", "NTLM"),
        "portal/updatepassword/" => Reply::html(update_password(visit)),
        "ls" | "ls/" => endpoint(visit, false),
        IDP_INITIATED => endpoint(visit, true),
        _ => Reply::missing(),
    }
}

fn endpoint(visit: &Visit<'_>, idp_initiated: bool) -> Reply {
    let request = visit.request;
    if request.query_field("client-request-id").is_none() {
        if request.is_post() {
            return refused("The form came without the query of its action.");
        }
        return with_query(visit, "client-request-id", &random_name());
    }
    if idp_initiated && matches!(visit.face.name, "adfs-off" | "adfs-bare") {
        return refused(
            "The resource you are trying to access is not available. Contact your administrator for more information.",
        );
    }
    match application(visit, idp_initiated) {
        Application::Aws => {}
        Application::None if idp_initiated => return chooser(visit),
        Application::None => {
            return refused(
                "MSIS7065: There are no registered protocol handlers on path /adfs/ls/.",
            );
        }
        Application::Unknown(text) => return refused(&text),
    }
    if request.is_post() {
        return answer(visit);
    }
    if let Some(user) = visit.session_user() {
        return finish(visit, &user);
    }
    match visit.face.name {
        "adfs-wia" => Reply::redirect(
            302,
            &format!("{}?{}", visit.path("ls/wia"), visit.request.query),
        ),
        "adfs-certificate" => Reply::html(methods(
            visit,
            &[(
                "CertificateAuthentication",
                "Sign in using an X.509 certificate",
            )],
        )),
        "adfs-hrd" if request.query_field("RedirectToIdentityProvider").is_none() => {
            Reply::html(home_realms(visit, REALMS))
        }
        _ => Reply::html(login(visit, first_asks(visit), "", "")),
    }
}

fn refused(text: &str) -> Reply {
    Reply::html(fatal(text))
}

/// The same address with one thing more.
fn with_query(visit: &Visit<'_>, name: &str, value: &str) -> Reply {
    let target = visit.request.target();
    let sign = if target.contains('?') { '&' } else { '?' };
    let value: String = url_encoded(value);
    Reply::redirect(302, &format!("{target}{sign}{name}={value}"))
}

fn url_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

enum Application {
    Aws,
    None,
    Unknown(String),
}

/// For whom the sign-in is.
fn application(visit: &Visit<'_>, idp_initiated: bool) -> Application {
    let request = visit.request;
    if !idp_initiated {
        if request.query_field("SAMLRequest").is_none() {
            return Application::None;
        }
        return match from_redirect(request, visit.world.now()) {
            Ok(_) => Application::Aws,
            Err(text) => Application::Unknown(text.to_owned()),
        };
    }
    let wanted = request
        .query_fields()
        .into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("loginToRp"));
    match wanted {
        None => Application::None,
        Some((_, rp)) if rp == AWS => Application::Aws,
        Some(_) => Application::Unknown("MSIS3020: The relying party is not known.".to_owned()),
    }
}

/// The page of applications, and what is picked there.
fn chooser(visit: &Visit<'_>) -> Reply {
    let request = visit.request;
    let signed_in = visit.session_user().is_some();
    if !request.is_post() {
        return Reply::html(applications(visit, signed_in, APPLICATIONS));
    }
    let button = if signed_in {
        "SignInGo"
    } else {
        "SignInSubmit"
    };
    let other = request.field("SignInOtherSite").as_deref() == Some("SignInOtherSite");
    if !other || request.field(button).is_none() || request.field("SignInThisSite").is_some() {
        return Reply::html(applications(visit, signed_in, APPLICATIONS));
    }
    match request.field("RelyingParty").as_deref() {
        Some(AWS_ID) => with_query(visit, "loginToRp", AWS),
        _ => refused("The application is not available."),
    }
}

fn first_asks(visit: &Visit<'_>) -> Asks {
    match visit.face.name {
        "adfs-paged" => Asks::UserName,
        "adfs-2019" => Asks::Paginated,
        _ => Asks::Both,
    }
}

/// What follows a form.
fn answer(visit: &Visit<'_>) -> Reply {
    let request = visit.request;
    if visit.face.name == "adfs-hrd" && request.query_field("RedirectToIdentityProvider").is_none()
    {
        return match request.field("HomeRealmSelection").as_deref() {
            Some("AD AUTHORITY") => with_query(visit, "RedirectToIdentityProvider", "AD AUTHORITY"),
            _ => refused("The claims provider cannot be reached."),
        };
    }
    match request.field("AuthMethod").as_deref() {
        Some("FormsAuthentication") => forms(visit),
        Some("") if visit.face.name == "adfs-paged" => Reply::html(methods(
            visit,
            &[
                ("CertificateAuthentication", "Certificate"),
                ("FormsAuthentication", "Password"),
            ],
        )),
        Some("CertificateAuthentication") => {
            refused("No valid client certificate found in the request.")
        }
        Some(method) => adfs_mfa::answer(visit, method),
        None => refused("The form names no method."),
    }
}

fn forms(visit: &Visit<'_>) -> Reply {
    let request = visit.request;
    let fields = request.fields();
    let known = ["UserName", "Password", "AuthMethod", "Kmsi"];
    let odd = fields.iter().any(|(name, value)| {
        !known.contains(&name.as_str()) || (name == "Kmsi" && value != "true")
    });
    if odd {
        return refused("The form has a field that no browser sends.");
    }
    let typed = request.field("UserName").unwrap_or_default();
    let Some(password) = request.field("Password") else {
        return match visit.face.name {
            "adfs-paged" if !typed.is_empty() => {
                Reply::html(login(visit, Asks::Password, &typed, ""))
            }
            _ => refused("There is no password."),
        };
    };
    let has_domain = typed.contains(['@', '\\']);
    let verdict = match visit.face.name {
        "adfs-3" if !has_domain => visit.try_password("nobody", &password),
        _ => visit.try_password(&typed, &password),
    };
    match verdict {
        Verdict::Good(user) => after_password(visit, &user),
        Verdict::Expired(_) => Reply::html(login(
            visit,
            Asks::Both,
            "",
            &format!(
                "Your password has expired. Click <a href=\"{}?username={}\">here</a> to update it.",
                visit.path("portal/updatepassword/"),
                escape(&typed)
            ),
        )),
        // The same for a locked account: nobody is told which of them exist.
        Verdict::Wrong | Verdict::Locked => Reply::html(login(
            visit,
            first_asks(visit),
            "",
            match visit.face.name {
                "adfs-german" => "Benutzer oder Kennwort stimmen nicht. Bitte noch einmal.",
                _ => {
                    "Incorrect user ID or password. Type the correct user ID and password, and try again."
                }
            },
        )),
    }
}

fn after_password(visit: &Visit<'_>, user: &User) -> Reply {
    let mut ticket = visit.open_ticket();
    ticket.user = Some(user.name.clone());
    ticket.stage = Stage::Password;
    let reply = adfs_mfa::first_page(visit, user, &mut ticket);
    match reply {
        Some(reply) => ticket.on(reply, visit),
        None => finish(visit, user),
    }
}

/// The answer for AWS, to the request if there was one.
pub(crate) fn finish(visit: &Visit<'_>, user: &User) -> Reply {
    let mut ticket: Ticket = visit.open_ticket();
    if let Ok(request) = from_redirect(visit.request, visit.world.now()) {
        ticket.request_id = Some(request.id);
        ticket.acs = request.acs;
    }
    visit.finish(user, Some(&ticket))
}

/// The last page: AD FS writes the port.
pub(crate) fn last_page(acs: &str, response: &str) -> String {
    let action = acs.replacen("amazon.com/", "amazon.com:443/", 1);
    format!(
        "<html><head><title>Working...</title></head><body><form method=\"POST\" name=\"hiddenform\" action=\"{}\">\
         <input type=\"hidden\" name=\"SAMLResponse\" value=\"{response}\" /><noscript><p>Script is disabled. Click Submit to \
         continue.</p><input type=\"submit\" value=\"Submit\" /></noscript></form><script language=\"javascript\">\
         window.setTimeout('document.forms[0].submit()', 0);</script></body></html>",
        escape(&action)
    )
}
