//! The pages of the CAS lookalike.

use super::cas::{ACCOUNT, execution};
use crate::idp::Visit;
use crate::idp::html::{escape, hidden, page};
use crate::idp::ticket::Ticket;
use crate::web::Reply;

/// A page without a way on.
pub(crate) fn error(text: &str, status: u16) -> Reply {
    let body = format!(
        "<div class=\"banner banner-danger\"><h2>{}</h2></div>",
        escape(text)
    );
    Reply::html(page("Error - CAS", &body)).status(status)
}

/// Nobody registered what the address names.
pub(crate) fn not_authorized() -> Reply {
    error("Application Not Authorized to Use CAS", 403)
}

/// The account is locked, and a puzzle would unlock it.
pub(crate) fn locked() -> Reply {
    Reply::html(page(
        "Account locked - CAS",
        "<h2 id=\"view-accountlocked-heading\">This account has been locked.</h2>\n<p>Solve the puzzle to unlock it.</p>\n\
         <form method=\"post\" id=\"fm1\"><img alt=\"captcha\" src=\"data:image/png;base64,AAAA\">\n\
         <input type=\"text\" name=\"captchaValue\" required>\n<button>Unlock</button></form>",
    ))
    .status(401)
}

/// The password is too old.
pub(crate) fn must_change(ticket: &Ticket) -> Reply {
    Reply::html(page(
        "Change your password - CAS",
        &format!(
            "<h3>Your password has expired.</h3>\n<form method=\"post\" id=\"passwordManagementForm\">\n\
             <input type=\"password\" id=\"password\" name=\"password\" autocomplete=\"new-password\">\n\
             <input type=\"password\" id=\"confirmedPassword\" name=\"confirmedPassword\" autocomplete=\"new-password\">\n\
             {}{}<button name=\"submit\">Submit</button>\n</form>",
            hidden("execution", &execution(ticket)),
            hidden("_eventId", "submit")
        ),
    ))
}

/// The newest page of a conversation.
pub(crate) fn view(visit: &Visit<'_>, ticket: &Ticket, problem: &str) -> Reply {
    let key = hidden("execution", &execution(ticket));
    let title = "CAS - Central Authentication Service";
    let body = match ticket.view.1 {
        "login" => login(&key, problem),
        "gauth" => code(visit, &key, problem),
        "ways" => ways(visit, &key),
        "aup" => policy(&key),
        "interrupt" => interrupt(&proceed(&key)),
        "blocked" => interrupt("<a id=\"cancel\" name=\"cancel\" href=\"login\">Cancel</a>"),
        "warning" => warning(&key),
        "consent" => consent(&key),
        "enrol" => enrol(&key),
        _ => String::new(),
    };
    Reply::html(page(
        title,
        &format!("<main class=\"container\">{body}</main>"),
    ))
}

fn login(key: &str, problem: &str) -> String {
    let problem = match problem {
        "" => String::new(),
        text => format!(
            "<div id=\"loginErrorsPanel\" class=\"banner banner-danger banner-dismissible\"><p>{}</p></div>\n",
            escape(text)
        ),
    };
    format!(
        "<form method=\"post\" id=\"fm1\" action=\"login\">\n<h3>Enter Username &amp; Password</h3>\n{problem}\
         <label for=\"username\"><input id=\"username\" type=\"text\" name=\"username\" autocomplete=\"username\" required>\
         <span>Username</span></label>\n<label for=\"password\"><input class=\"pwd\" type=\"password\" id=\"password\" \
         name=\"password\" required autocomplete=\"off\"><span>Password</span></label>\n\
         <button class=\"reveal-password\" type=\"button\"><span class=\"sr-only\">Toggle Password</span></button>\n\
         <input type=\"checkbox\" name=\"rememberMe\" id=\"rememberMe\"><label for=\"rememberMe\">Remember Me</label>\n\
         {key}{}<input type=\"hidden\" name=\"geolocation\">\n\
         <button name=\"submitBtn\" accesskey=\"l\" type=\"submit\"><span>Login</span></button>\n</form>\n\
         <form method=\"post\" id=\"providerDiscoveryForm\">{key}{}<button>Select your provider</button></form>\n\
         <a href=\"login?doChangePassword=true\">Reset your password</a>",
        hidden("_eventId", "submit"),
        hidden("_eventId", "discovery"),
    )
}

fn code(visit: &Visit<'_>, key: &str, problem: &str) -> String {
    let problem = match problem {
        "" => String::new(),
        text => format!(
            "<div id=\"msg\" class=\"banner banner-danger my-2\"><span>{}</span></div>\n",
            escape(text)
        ),
    };
    format!(
        "<p>Your selected device for multifactor authentication is: <code>phone</code></p>\n\
         <form method=\"post\" id=\"fm1\" action=\"{}\">\n{problem}{}{key}<input type=\"hidden\" name=\"geolocation\">\n\
         <input type=\"hidden\" id=\"accountId\" name=\"accountId\" value=\"\">\n\
         <label for=\"token\"><input class=\"pwd\" type=\"password\" name=\"token\" id=\"token\" size=\"25\" \
         autocomplete=\"off\" required><span>Token:</span></label>\n\
         <script>\n/*<![CDATA[*/\nlet accountId = {ACCOUNT};\ndocument.getElementById(\"accountId\").value = accountId;\n\
         /*]]>*/\n</script>\n<button id=\"login\" accesskey=\"l\"><span>Login</span></button>\n\
         <a id=\"cancel\" name=\"cancel\" onclick=\"location.href = location.href;\">Cancel</a>\n</form>\n\
         <form method=\"post\" id=\"fm3\">{}{key}<button id=\"selectDeviceButton\">Select Device</button></form>\n\
         <form method=\"post\" id=\"fm2\">{}{key}<button id=\"register\" type=\"submit\" name=\"register\" \
         value=\"Register\">Register</button></form>",
        visit.path("login"),
        hidden("_eventId_submit", "Login"),
        hidden("_eventId_select", "select"),
        hidden("_eventId_register", "register"),
    )
}

fn ways(visit: &Visit<'_>, key: &str) -> String {
    let forms: String = [
        ("mfa-webauthn", "FIDO2 WebAuthn"),
        ("mfa-simple", "CAS Simple: a message with a token"),
        ("mfa-gauth", "Google Authenticator"),
    ]
    .iter()
    .map(|(way, words)| {
        format!(
            "<form name=\"fm-{way}\" id=\"fm-{way}\" method=\"post\" action=\"{}\"><h3><span>{words}</span></h3>\n\
             <button id=\"btn-{way}\" value=\"Use\"><span>Use</span></button>\n{key}{}{}</form>\n",
            visit.path("login"),
            hidden("mfaProvider", way),
            hidden("_eventId", "submit"),
        )
    })
    .collect();
    format!(
        "<h2>Multifactor Authentication Provider Selection</h2>\n{forms}<a href=\"login\">Cancel</a>"
    )
}

fn policy(key: &str) -> String {
    format!(
        "<form method=\"post\" id=\"fm1\">\n<h3>Acceptable Usage Policy</h3>\n<div class=\"aup\">\
         <p id=\"policyTextByCode\">Be kind to everybody.</p>\n{key}{}\
         <button name=\"submit\" id=\"aupSubmit\" accesskey=\"s\"><span>ACCEPT</span></button>\n\
         <button name=\"cancel\" id=\"aupCancel\" type=\"button\" onclick=\"location.href = location.href;\">CANCEL</button>\
         </div></form>",
        hidden("_eventId", "submit")
    )
}

fn proceed(key: &str) -> String {
    format!(
        "<form method=\"post\" id=\"fm1\">{key}{}<button name=\"proceed\" id=\"proceed\" type=\"submit\">Proceed</button>\n\
         <a id=\"login\" name=\"login\" href=\"login\">Login Again</a></form>",
        hidden("_eventId", "proceed")
    )
}

fn interrupt(way: &str) -> String {
    format!(
        "<h1>Authentication Interrupt</h1>\n<p>The authentication flow has been interrupted.</p>\n\
         <div class=\"alert alert-info\"><p id=\"interruptMessage\">The canteen is closed on Friday.</p>\n\
         <div id=\"interruptLinks\"><a href=\"https://www.corp.test/\">More</a></div></div>\n{way}"
    )
}

fn warning(key: &str) -> String {
    format!(
        "<div class=\"loginMessageView\"><h3>Authentication Succeeded with Warnings</h3>\n\
         <ul><li class=\"text-warn\">Your password expires in 3 days. Please change it.</li></ul>\n\
         <form method=\"post\" id=\"form\">{key}{}<button name=\"continue\" value=\"Continue\">Continue</button></form>\n\
         <form method=\"post\" id=\"changePasswordForm\">{key}{}<button name=\"changePassword\">Change Password</button>\
         </form></div>",
        hidden("_eventId", "proceed"),
        hidden("_eventId", "changePassword"),
    )
}

fn consent(key: &str) -> String {
    format!(
        "<h2>Attribute Consent</h2>\n<button id=\"optionsButton\">Options</button>\n<form method=\"post\" id=\"fm1\">\
         <p id=\"appTitle\">These attributes go to Amazon Web Services</p>\n<table><tr><td><code>mail</code></td>\
         <td><code>ada@corp.test</code></td></tr></table>\n\
         <input type=\"radio\" name=\"option\" id=\"optionAlways\" value=\"0\" checked><label for=\"optionAlways\">Always\
         </label>\n<input type=\"radio\" name=\"option\" id=\"optionAttributeName\" value=\"1\">\n\
         <input type=\"number\" name=\"reminder\" id=\"reminder\" value=\"14\">\n<select name=\"reminderTimeUnit\">\
         <option value=\"days\" selected>Days</option><option value=\"weeks\">Weeks</option></select>\n{key}{}\
         <button name=\"confirm\" id=\"confirm\"><span>Confirm</span></button>\n\
         <a id=\"cancel\" name=\"cancel\" href=\"login\">Cancel</a></form>",
        hidden("_eventId", "confirm")
    )
}

fn enrol(key: &str) -> String {
    format!(
        "<h2>Your account is not registered for multifactor authentication.</h2>\n\
         <img id=\"imageQRCode\" src=\"data:image/jpeg;base64,AAAA\" alt=\"Code\">\n\
         <div id=\"seckeypanel\"><p>Secret key: TLMSJ0YW</p></div>\n<form method=\"post\" id=\"fm1\">{key}{}\
         <input type=\"text\" name=\"token\"><input type=\"text\" name=\"accountName\"><button>Register</button></form>",
        hidden("_eventId", "submit")
    )
}
