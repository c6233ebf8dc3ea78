//! The pages of the Shibboleth lookalike.

use super::shibboleth::{ITEMS, address, csrf, in_storage, old};
use crate::idp::Visit;
use crate::idp::html::{escape, hidden};
use crate::idp::ticket::Ticket;
use crate::users::User;
use crate::web::Reply;

fn page(title: &str, head: &str, onload: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n{head}</head>\n<body{onload}>\n\
         <div class=\"wrapper\"><header><nav><a href=\"https://www.corp.test/\">Home</a></nav><h3>{title}</h3></header>\n\
         <div class=\"content\">\n{body}\n</div>\n<footer><p class=\"footer-text\">IT services, room 42</p></footer></div>\n\
         </body>\n</html>\n"
    )
}

/// A page without a way on.
pub(crate) fn error(title: &str, text: &str, status: u16) -> Reply {
    let title = format!("Web Login Service - {title}");
    let body = format!("<h2>Problem</h2>\n<p>{}</p>", escape(text));
    Reply::html(page(&title, "", "", &body)).status(status)
}

/// The page for a number that is no longer, or never was, the newest.
pub(crate) fn stale() -> Reply {
    let text = "You may have gone back, or used a bookmark of the login form. Start again at the application.";
    error("Stale Request", text, 400)
}

/// The page with the response, written as the product's templates write it.
pub(crate) fn last(visit: &Visit<'_>, user: &User, ticket: Option<&Ticket>) -> Reply {
    let (value, acs) = visit.saml_response(user, ticket);
    let coded = |text: &str| -> String {
        text.chars()
            .map(|c| match c {
                c if c.is_ascii_alphanumeric() || c == '.' => c.to_string(),
                c => format!("&#x{:x};", u32::from(c)),
            })
            .collect()
    };
    let html = format!(
        "<!DOCTYPE html><html><body onload=\"document.forms[0].submit()\"><noscript><p>Press Continue.</p></noscript>\
         <form action=\"{}\" method=\"post\"><div><input type=\"hidden\" name=\"SAMLResponse\" value=\"{}\"/></div>\
         <noscript><div><input type=\"submit\" value=\"Continue\"/></div></noscript></form></body></html>",
        coded(&acs),
        escape(&value)
    );
    match in_storage(visit) {
        true => Reply::html(html),
        false => visit.sign_in(user, Reply::html(html)),
    }
}

/// The newest page of a conversation.
pub(crate) fn view(visit: &Visit<'_>, ticket: &Ticket) -> Reply {
    let problem = visit.request.query_field("testbed").unwrap_or_default();
    let html = match ticket.view.1 {
        "read" => storage(visit, ticket, "doLoad()", &read_script(), true),
        "write" => storage(
            visit,
            ticket,
            "doSave()",
            &write_script(visit, ticket),
            false,
        ),
        "login" => login(visit, ticket, &problem),
        "totp" => totp(visit, ticket, &problem),
        "otp" | "otp-pin" => fudiscr(visit, ticket, &problem),
        "tokens" | "boxes" => tokens(visit, ticket),
        "terms" => terms(visit, ticket),
        "release" => release(visit, ticket),
        "expiring" => expiring(visit, ticket),
        "webauthn" => webauthn(visit, ticket),
        "denied" => {
            let text = "You are not eligible for the service requested.";
            return error("Access Denied", text, 403);
        }
        _ => return error("Unexpected Error", "An unexpected error came up.", 500),
    };
    Reply::html(html)
}

fn opened(visit: &Visit<'_>, ticket: &Ticket) -> String {
    let token = match old(visit) {
        true => String::new(),
        false => hidden("csrf_token", &csrf(ticket)),
    };
    let action = escape(&address(visit, ticket));
    format!("<form action=\"{action}\" method=\"post\">\n{token}")
}

fn complaint(visit: &Visit<'_>, text: &str) -> String {
    match (text, old(visit)) {
        ("", _) => String::new(),
        (text, true) => format!(
            "<section><p class=\"form-element form-error\">{}</p></section>\n",
            escape(text)
        ),
        (text, false) => format!("<p class=\"output--error\">{}</p>\n", escape(text)),
    }
}

fn read_script() -> String {
    let reads: String = ITEMS
        .iter()
        .map(|item| format!("readLocalStorage(\"{item}\");\n"))
        .collect();
    format!(
        "function doLoad() {{\nvar ls = isLocalStorageSupported();\n\
         document.form1[\"shib_idp_ls_supported\"].value = ls;\nif (ls == true) {{\n{reads}}}\ndocument.form1.submit();\n}}"
    )
}

fn write_script(visit: &Visit<'_>, ticket: &Ticket) -> String {
    let id = &ticket.id[..6];
    if let Some(user) = visit.user_of(ticket).filter(|_| in_storage(visit)) {
        visit.begin_session(&format!("AAdzZWNyZXQx{id}+="), &user);
    }
    format!(
        "function writeLocalStorage(key, value) {{ localStorage.setItem(key, value); }}\nfunction doSave() {{\n\
         writeLocalStorage(\"{}\", \"AAdzZWNyZXQx{}\\x2B\\x3D\");\ndocument.form1.submit();\n}}",
        ITEMS[0], id
    )
}

fn storage(visit: &Visit<'_>, ticket: &Ticket, onload: &str, script: &str, read: bool) -> String {
    let items = if read { ITEMS } else { &ITEMS[..1] };
    let mut fields: String = items
        .iter()
        .map(|item| {
            let value = match read {
                true => hidden(&format!("shib_idp_ls_value.{item}"), ""),
                false => String::new(),
            };
            hidden(&format!("shib_idp_ls_exception.{item}"), "")
                + &hidden(&format!("shib_idp_ls_success.{item}"), "false")
                + &value
        })
        .collect();
    if read {
        fields += &hidden("shib_idp_ls_supported", "");
    }
    page(
        "Web Login Service - Session Information...",
        &format!("<script>\n<!--\n{script}\n// -->\n</script>\n"),
        &format!(" onload=\"{onload}\""),
        &format!(
            "<p>Session information passes between browser and service.</p>\n{}{fields}{}\
             <noscript><input type=\"submit\" value=\"Continue\"></noscript>\n</form>",
            opened(visit, ticket).replacen("<form", "<form name=\"form1\"", 1),
            hidden("_eventId_proceed", ""),
        ),
    )
}

fn login(visit: &Visit<'_>, ticket: &Ticket, problem: &str) -> String {
    let code = match visit.face.name {
        "shibboleth-tokencode" => {
            "<label for=\"tokencode\">Token code</label>\n\
             <input class=\"form-element form-field\" id=\"tokencode\" name=\"tokencode\" type=\"text\" value=\"\">\n"
        }
        _ => "",
    };
    page(
        "Web Login Service",
        "",
        "",
        &format!(
            "{}{}<legend>Login to Amazon Web Services</legend>\n\
             <label for=\"username\">Username</label>\n\
             <input class=\"form-element form-field\" id=\"username\" name=\"j_username\" type=\"text\" value=\"\">\n\
             <label for=\"password\">Password</label>\n\
             <input class=\"form-element form-field\" id=\"password\" name=\"j_password\" type=\"password\" value=\"\">\n{code}\
             <input type=\"checkbox\" name=\"donotcache\" value=\"1\" id=\"donotcache\"> <label for=\"donotcache\">\
             Don't Remember Login</label>\n\
             <input id=\"_shib_idp_revokeConsent\" type=\"checkbox\" name=\"_shib_idp_revokeConsent\" value=\"true\">\n\
             <label for=\"_shib_idp_revokeConsent\">Clear prior permission for release of your information.</label>\n\
             <button class=\"form-element form-button\" type=\"submit\" name=\"_eventId_authn/SAML\">Login with a partner\
             </button>\n<button class=\"form-element form-button\" type=\"submit\" name=\"_eventId_proceed\" \
             onClick=\"this.childNodes[0].nodeValue='Logging in, please wait...'\">Login</button>\n</form>\n\
             <ul><li><a href=\"/forgot\">Forgot your password?</a></li></ul>",
            complaint(visit, problem),
            opened(visit, ticket),
        ),
    )
}

fn totp(visit: &Visit<'_>, ticket: &Ticket, problem: &str) -> String {
    page(
        "Web Login Service",
        "",
        "",
        &format!(
            "{}{}<label for=\"tokencode\">Token Code</label>\n<input id=\"tokencode\" name=\"tokencode\" type=\"text\" \
             autocomplete=\"one-time-code\">\n<button type=\"submit\" name=\"_eventId_proceed\">Login</button>\n\
             <button type=\"submit\" name=\"_eventId_cancel\">Cancel</button>\n</form>",
            complaint(visit, problem),
            opened(visit, ticket),
        ),
    )
}

fn fudiscr(visit: &Visit<'_>, ticket: &Ticket, problem: &str) -> String {
    let pin = match ticket.view.1 {
        "otp-pin" => {
            "<legend>Please insert additional pin.</legend>\n<input id=\"fudis_pin_input\" placeholder=\"OTP PIN\" \
             name=\"fudis_pin_input\" type=\"password\" value=\"\" autocomplete=\"off\">\n"
        }
        _ => "",
    };
    page(
        "Multi-factor authentication",
        "",
        "",
        &format!(
            "{}<input id=\"fudis_otp_input\" placeholder=\"OTP\" name=\"fudis_otp_input\" type=\"password\" value=\"\" \
             autocomplete=\"off\">\n{pin}<button type=\"submit\" name=\"_eventId_proceed\">Validate</button>\n\
             <button type=\"submit\" name=\"_eventId_FudisCrRestart\">Restart token challenge</button>\n{}</form>",
            opened(visit, ticket).replacen("<form", "<form id=\"fudiscr-form\"", 1),
            complaint(visit, problem),
        ),
    )
}

fn tokens(visit: &Visit<'_>, ticket: &Ticket) -> String {
    let user = visit.user_of(ticket);
    let devices = user.map(|user| visit.devices(&user)).unwrap_or_default();
    let boxes = ticket.view.1 == "boxes";
    let rows: String = devices
        .iter()
        .enumerate()
        .map(|(index, device)| {
            let label = format!("TOTP{index} - totp - {}", escape(&device.name));
            match boxes {
                true => format!(
                    "<input type=\"checkbox\" id=\"t{index}\" name=\"fudis_selected_token_ids_input\" value=\"{index}\" \
                     checked><label for=\"t{index}\">{label}</label><br>\n"
                ),
                false => format!("<option value=\"{index}\">{label}</option>\n"),
            }
        })
        .collect();
    let list = match boxes {
        true => rows,
        false => format!(
            "<select id=\"fudis_selected_token_ids_input\" name=\"fudis_selected_token_ids_input\">\n{rows}</select>\n"
        ),
    };
    page(
        "Multi-factor authentication",
        "",
        "",
        &format!(
            "{}<legend>Please select token.</legend>\n{list}\
             <button type=\"submit\" name=\"_eventId_proceed\">Next</button>\n</form>",
            opened(visit, ticket)
        ),
    )
}

fn terms(visit: &Visit<'_>, ticket: &Ticket) -> String {
    let form = opened(visit, ticket);
    page(
        "Terms of Use",
        "",
        "",
        &format!(
            "<p>Be kind to everybody.</p>\n{form}<input type=\"submit\" name=\"_eventId_TermsRejected\" value=\"Refuse\">\n\
             </form>\n{form}<input id=\"accept\" type=\"checkbox\" name=\"_shib_idp_consentIds\" value=\"my-terms\" \
             required>\n<label for=\"accept\">I accept the terms of use</label>\n\
             <input type=\"submit\" name=\"_eventId_proceed\" value=\"Submit\">\n</form>"
        ),
    )
}

fn release(visit: &Visit<'_>, ticket: &Ticket) -> String {
    let radio = |value: &str, label: &str, checked: &str| {
        format!(
            "<input id=\"{value}\" type=\"radio\" name=\"_shib_idp_consentOptions\" value=\"{value}\"{checked}>\n\
             <label for=\"{value}\">{label}</label>\n"
        )
    };
    page(
        "Information Release",
        "",
        "",
        &format!(
            "{}<p>You are about to access the service: Amazon Web Services</p>\n<table>\
             <tr><th colspan=\"2\">Information to be Provided to Service</th></tr>\n\
             <tr><td>E-mail</td><td>ada@corp.test<input id=\"mail\" type=\"hidden\" name=\"_shib_idp_consentIds\" \
             value=\"mail\" checked></td></tr>\n<tr><td>User ID</td><td>ada<input id=\"uid\" type=\"checkbox\" \
             name=\"_shib_idp_consentIds\" value=\"uid\" checked></td></tr></table>\n{}{}{}\
             <input type=\"submit\" name=\"_eventId_AttributeReleaseRejected\" value=\"Reject\">\n\
             <input type=\"submit\" name=\"_eventId_proceed\" value=\"Accept\">\n</form>",
            opened(visit, ticket),
            radio(
                "_shib_idp_doNotRememberConsent",
                "Ask me again at next login",
                ""
            ),
            radio(
                "_shib_idp_rememberConsent",
                "Ask me again if information changes",
                " checked"
            ),
            radio("_shib_idp_globalConsent", "Do not ask me again", ""),
        ),
    )
}

fn expiring(visit: &Visit<'_>, ticket: &Ticket) -> String {
    let on = escape(&format!("{}&_eventId_proceed=1", address(visit, ticket)));
    page(
        "Web Login Service",
        &format!("<meta http-equiv=\"refresh\" content=\"20;url={on}\">\n"),
        "",
        &format!(
            "<h2>Change your password soon</h2>\n<p>Your password will expire in 3 days.</p>\n\
             <p>The login goes on in 20 seconds, or <a href=\"{on}\">here</a>.</p>"
        ),
    )
}

fn webauthn(visit: &Visit<'_>, ticket: &Ticket) -> String {
    let other = match visit.face.name {
        "shibboleth-webauthn" => {
            "<button type=\"submit\" name=\"_eventId_TOTP\">Use a code instead</button>\n"
        }
        _ => "",
    };
    page(
        "Web Login Service",
        "",
        "",
        &format!(
            "{}<input type=\"hidden\" name=\"publicKeyCredential\" id=\"publicKeyCredential\">\n\
             <button type=\"button\" onclick=\"touch()\">Use your key</button>\n{other}\
             <button type=\"submit\" name=\"_eventId_proceed\" style=\"display:none\">Go</button>\n</form>\n\
             <script>function touch() {{ navigator.credentials.get({{publicKey: {{}}}}).then(send); }}</script>",
            opened(visit, ticket)
        ),
    )
}

/// The page for browsers that cannot, or may not, use Kerberos.
pub(crate) fn no_kerberos(visit: &Visit<'_>) -> String {
    let on = escape(&visit.path("Authn/SPNEGO?conversation=e1s1&error=1"));
    page(
        "Web Login Service - Error",
        "",
        &format!(" onload=\"window.location = '{on}'\""),
        &format!(
            "<p class=\"error\">Your browser cannot sign in with your desktop login.</p>\n\
             <ul><li><a href=\"{on}\">Cancel the attempt.</a></li></ul>"
        ),
    )
}
