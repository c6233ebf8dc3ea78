//! The pages of the LemonLDAP::NG lookalike: what a script would put into words stands in attributes.

use crate::idp::Visit;
use crate::idp::html::{escape, hidden};
use crate::idp::ticket::Ticket;
use crate::web::Reply;

fn framed(body: &str) -> Reply {
    Reply::html(format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<title trspan=\"authPortal\">Authentication portal</title>\n\
         <meta charset=\"utf-8\">\n<script type=\"application/init\">\n{{\"displaytab\":\"\",\"newwindow\":0}}\n</script>\n\
         <script src=\"/static/common/js/portal.min.js\"></script>\n</head>\n<body>\n<div id=\"wrap\">\n{body}\n</div>\n\
         <div id=\"footer\"><span trspan=\"serviceProvidedBy\">Service provided by</span></div>\n</body>\n</html>\n"
    ))
}

fn number(number: u32, beside: &str) -> String {
    let kind = if number == 9 { "warning" } else { "negative" };
    format!(
        "<div class=\"message message-{kind} alert\" role=\"alert\"><span trmsg=\"{number}\"></span>\n{beside}</div>\n"
    )
}

/// Nothing but a number, and a link back.
pub(crate) fn error(what: u32, beside: &str) -> Reply {
    framed(&format!(
        "<div id=\"errorcontent\" class=\"container\">\n{}<a href=\"/?cancel=1&skin=bootstrap\" class=\"btn\">\
         <span trspan=\"goToPortal\">Go to portal</span></a>\n</div>",
        number(what, beside)
    ))
}

pub(crate) fn locked_for(what: u32, seconds: u32) -> Reply {
    let beside = format!("{seconds} <span trspan=\"seconds\">seconds</span>.");
    error(what, &beside)
}

const CONNECT: &str = "<button type=\"submit\" class=\"btn btn-success\"><span class=\"fa\"></span>\n\
    <span trspan=\"connect\">Connect</span></button>\n";

/// What every login form has.
fn inputs(visit: &Visit<'_>, ticket: &Ticket, name: &str) -> String {
    let captcha = match visit.face.name {
        "lemonldap-captcha" => {
            "<img id=\"captcha\" src=\"data:image/png;base64,AAAA\"><input id=\"captchafield\" type=\"text\" name=\"captcha\" required>\n"
        }
        _ => "",
    };
    // Some portals keep browsers from storing the password this way.
    let kind = match visit.face.name {
        "lemonldap-choice" => "type=\"text\" autocomplete=\"off\" aria-hidden=\"true\"",
        _ => "type=\"password\"",
    };
    format!(
        "{}<input id=\"userfield\" name=\"user\" type=\"text\" value=\"{}\" trplaceholder=\"login\" required>\n\
         <input id=\"passwordfield\" name=\"password\" {kind} trplaceholder=\"password\" required>\n{captcha}\
         <input type=\"checkbox\" id=\"checkLogins\" name=\"checkLogins\"><label id=\"checkLoginsLabel\" \
         for=\"checkLogins\" trspan=\"checkLastLogins\">Check my last logins</label>\n\
         <input type=\"checkbox\" id=\"stayconnected\" name=\"stayconnected\"><label id=\"stayConnectedLabel\" \
         for=\"stayconnected\" trspan=\"stayConnected\">Stay connected on this device</label>\n{CONNECT}",
        hidden("token", &ticket.id),
        escape(name)
    )
}

fn usual() -> String {
    format!(
        "{}<input type=\"hidden\" name=\"timezone\" />\n{}",
        hidden("url", "aHR0cHM6Ly9sb2dpbi50ZXN0L3NhbWw="),
        hidden("skin", "bootstrap")
    )
}

pub(crate) fn login(visit: &Visit<'_>, ticket: &Ticket, what: u32, name: &str) -> Reply {
    let forms = match visit.face.name {
        "lemonldap-choice" => tabs(visit, ticket, name),
        _ => format!(
            "<div class=\"card\">\n<form id=\"lform\" action=\"#\" method=\"post\" class=\"login\" role=\"form\">\n{}{}</form>\n</div>",
            usual(),
            inputs(visit, ticket, name)
        ),
    };
    framed(&format!(
        "<main id=\"logincontent\" class=\"container\">\n<div id=\"errormsg\">\n{}</div>\n{forms}\n</main>",
        number(what, "")
    ))
}

/// One form for each way to sign in; scripts show one of them at a time.
fn tabs(visit: &Visit<'_>, ticket: &Ticket, name: &str) -> String {
    let ways = [
        ("1_Staff", "Staff"),
        ("2_Guests", "Guests"),
        ("3_Partner", "Partner"),
    ];
    let links: String = ways
        .iter()
        .map(|(key, title)| {
            format!(
                "<li class=\"nav-item\" title=\"{key}\"><a class=\"nav-link\" href=\"#{key}\">{title}</a></li>\n"
            )
        })
        .collect();
    let forms: String = ways
        .iter()
        .map(|(key, title)| {
            let asks = match *title {
                "Partner" => CONNECT.to_owned(),
                _ => inputs(visit, ticket, name),
            };
            format!(
                "<div id=\"{key}\"><form id=\"lform{title}\" action=\"#\" method=\"post\" class=\"login {title}\">\n{}{}{asks}</form></div>\n",
                usual(),
                hidden("lmAuth", key)
            )
        })
        .collect();
    format!(
        "<div id=\"authMenu\" class=\"card\">\n<ul class=\"navbar-nav\">\n{links}</ul>\n{forms}</div>"
    )
}

/// What every page after the password carries on.
fn carried(visit: &Visit<'_>, ticket: &Ticket) -> String {
    let stays = visit.request.field("stayconnected").unwrap_or_default();
    format!(
        "{}{}{}{}",
        hidden("token", &ticket.id),
        hidden("checkLogins", ""),
        hidden("stayconnected", &stays),
        hidden("skin", "bootstrap")
    )
}

/// A code of an app, or one from a message, which can be sent again.
pub(crate) fn code(visit: &Visit<'_>, ticket: &Ticket, factor: &str) -> Reply {
    let (legend, resend) = match factor {
        "totp" => ("enterTotpCode", String::new()),
        _ => (
            "enterMail2fCode",
            format!(
                "<button type=\"submit\" class=\"btn btn-primary\" formaction=\"{}\"><span trspan=\"resendCode\">Re-send code\
                 </span></button>\n",
                visit.path("mail2fresend")
            ),
        ),
    };
    framed(&format!(
        "<main id=\"logincontent\" class=\"container\">\n<div class=\"message message-positive alert\"><span \
         trspan=\"{legend}\"></span></div>\n<form action=\"{}\" method=\"post\" class=\"password\" role=\"form\">\n{}\
         <input name=\"code\" value=\"\" type=\"text\" id=\"extcode\" trplaceholder=\"code\" autocomplete=\"one-time-code\" />\n\
         {CONNECT}{resend}<a href=\"/?cancel=1&skin=bootstrap\" class=\"btn\"><span trspan=\"cancel\">Cancel</span></a>\n</form>\n</main>",
        visit.path(&format!("{factor}2fcheck")),
        carried(visit, ticket)
    ))
}

/// The list of second factors.
pub(crate) fn factors(visit: &Visit<'_>, ticket: &Ticket) -> Reply {
    let buttons: String = ["webauthn", "mail", "totp"]
        .iter()
        .map(|factor| {
            format!(
                "<button type=\"submit\" name=\"sf\" value=\"{factor}\" class=\"mx-3 btn btn-light\"><div>\
                 <h4 trspan=\"{factor}2f\"></h4></div><img src=\"/static/bootstrap/{factor}.png\" alt=\"{factor}2F\" \
                 title=\"{factor}2F\" /></button>\n"
            )
        })
        .collect();
    framed(&format!(
        "<div class=\"container\"><div class=\"message message-positive alert\" trspan=\"choose2f\"></div>\n\
         <form action=\"{}\" method=\"POST\">\n{}{buttons}</form></div>",
        visit.path("2fchoice"),
        carried(visit, ticket)
    ))
}

pub(crate) fn security_key(visit: &Visit<'_>, ticket: &Ticket) -> Reply {
    framed(&format!(
        "<div class=\"message message-positive alert\"><span id=\"msg\" trspan=\"webAuthnRequired\"></span></div>\n\
         <form id=\"verify-form\" action=\"{}\" method=\"post\">\n{}{}</form>\n\
         <script src=\"/static/common/js/webauthncheck.min.js\"></script>\n\
         <div class=\"btn\" role=\"button\" id=\"retrybutton\"><span trspan=\"retry\">Retry</span></div>",
        visit.path("webauthn2fcheck"),
        hidden("credential", ""),
        carried(visit, ticket)
    ))
}

/// The account must get a second factor first.
pub(crate) fn factors_to_register() -> Reply {
    framed(
        "<div id=\"color\" class=\"message message-warning alert\"><span trspan=\"2fRegRequired\"></span></div>\n\
         <a href=\"/2fregisters/totp\" class=\"nodecor\"><img src=\"/static/bootstrap/totp.png\" alt=\"TOTP\" title=\"TOTP\" /></a>",
    )
}

/// A page that a script fills with what it found out about the browser, and sends.
pub(crate) fn register_browser(visit: &Visit<'_>, ticket: &Ticket) -> Reply {
    Reply::html(format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><title>Register browser</title></head>\n<body>\n<p>Please wait...</p>\n\
         <form id=\"form\" action=\"{}\" method=\"post\">\n{}{}{}\
         <input type=\"hidden\" name=\"fg\" id=\"fg\" value=\"\" />\n</form>\n\
         <script src=\"/static/common/js/registerbrowser.min.js\"></script>\n</body></html>\n",
        visit.path("registerbrowser"),
        hidden("token", &ticket.id),
        hidden("checkLogins", ""),
        hidden("url", "aHR0cHM6Ly9sb2dpbi50ZXN0L3NhbWw=")
    ))
}

/// Something that must be accepted box by box.
pub(crate) fn notification(visit: &Visit<'_>, ticket: &Ticket) -> Reply {
    framed(&format!(
        "<div id=\"notifcontent\" class=\"container\">\n<form action=\"{}\" method=\"post\" class=\"notif\" role=\"form\">\n{}{}\
         <h3 trspan=\"gotNewMessages\">You have some new messages</h3>\n<h2 class=\"notifText\">House rules</h2>\n\
         <p class=\"notifText\">Leave the kitchen as you found it.</p>\n<input type=\"checkbox\" name=\"check1x1\" id=\"1x1\" \
         value=\"accepted\"/><label for=\"1x1\">I will</label>\n<a id=\"goback\" href=\"/notifback?cancel=1\" class=\"btn\"><span \
         trspan=\"cancel\">Cancel</span></a>\n<button type=\"submit\" class=\"positive btn\"><span trspan=\"accept\">Accept</span>\
         </button>\n</form>\n</div>",
        visit.path("notifback"),
        hidden("token", &ticket.id),
        hidden("reference1x1", "kitchen")
    ))
}

/// The password ends in three days.
pub(crate) fn info(service: &str) -> Reply {
    framed(&format!(
        "<div id=\"logincontent\" class=\"container\">\n<form id=\"form\" action=\"{service}\" method=\"get\" class=\"info\" \
         role=\"form\">\n{}{}<h3 class=\"card-title\" trspan=\"info\">Information</h3>\n<div class=\"card-body\"><h3 \
         trspan=\"pwdWillExpire,3,0,0,0\"></h3></div>\n<p id=\"timer\" trspan=\"redirectedIn\">You'll be redirected in 30 \
         seconds</p>\n<button type=\"submit\" class=\"positive btn\"><span trspan=\"continue\">Continue</span></button>\n<button \
         id=\"wait\" type=\"reset\" class=\"negative btn\"><span trspan=\"wait\">Wait</span></button>\n</form>\n</div>",
        hidden("IDPInitiated", "1"),
        hidden("sp", "urn:amazon:webservices")
    ))
}

pub(crate) fn change_password(visit: &Visit<'_>, ticket: &Ticket, what: u32, name: &str) -> Reply {
    framed(&format!(
        "<div id=\"errormsg\">{}</div>\n<div id=\"password\" class=\"card\"><form id=\"formpass\" action=\"#\" method=\"post\" \
         class=\"password\">\n{}{}<input id=\"oldpassword\" name=\"oldpassword\" type=\"password\" required>\n<input \
         id=\"newpassword\" name=\"newpassword\" type=\"password\" required>\n<input id=\"confirmpassword\" \
         name=\"confirmpassword\" type=\"password\" required>\n<button type=\"submit\" class=\"btn\"><span trspan=\"submit\">\
         Submit</span></button>\n</form></div>",
        number(what, ""),
        carried(visit, ticket),
        hidden("user", name)
    ))
}

/// Signed in, and nobody knows for what.
pub(crate) fn menu() -> Reply {
    framed(
        "<main id=\"menucontent\" class=\"container\"><div id=\"menu\"><ul class=\"navbar-nav\"><li><a class=\"nav-link\" \
         href=\"#appslist\"><span trspan=\"yourApps\">Your applications</span></a></li>\n<li><a class=\"nav-link\" \
         href=\"#password\"><span trspan=\"password\">Password</span></a></li></ul>\n<div id=\"password\"><form id=\"formpass\" \
         action=\"#\" method=\"post\" class=\"password\"><input name=\"oldpassword\" type=\"password\" required>\n<input \
         name=\"newpassword\" type=\"password\" required>\n<input name=\"confirmpassword\" type=\"password\" required>\n<button \
         type=\"submit\"><span trspan=\"submit\">Submit</span></button></form></div>\n<a href=\"/?logout=1\" class=\"btn\"><span \
         trspan=\"logout\">Logout</span></a></div></main>",
    )
}

/// The answer for the service; a script sends it.
pub(crate) fn last_page(acs: &str, value: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><title trspan=\"authPortal\">Authentication portal</title>\n\
         <script src=\"/static/common/js/redirect.min.js\"></script>\n<script id=\"redirect\" type=\"custom\">\n\nform\n\n</script>\n\
         </head><body>\n<main id=\"redirectcontent\"><span trspan=\"redirectionInProgress\">Redirection in progress...</span>\n\
         <noscript>It appears that your browser does not support Javascript.</noscript>\n\
         <form id=\"form\" action=\"{}\" method=\"post\" class=\"login\">\n{}<noscript><input type=\"submit\" /></noscript>\n</form>\n\
         </main></body></html>\n",
        escape(acs),
        hidden("SAMLResponse", value)
    )
}
