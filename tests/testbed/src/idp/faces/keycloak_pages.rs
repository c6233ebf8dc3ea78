//! The pages of the Keycloak lookalike.

use super::keycloak::{address, another_way, attempted, credential_id, framed, v2};
use crate::idp::Visit;
use crate::idp::html::{escape, hidden};
use crate::idp::ticket::Ticket;
use crate::users::User;
use crate::web::Reply;

/// The error page.
pub(crate) fn error(text: &str, status: u16) -> Reply {
    let body = format!(
        "<div id=\"kc-error-message\"><p class=\"instruction\">{}</p></div>",
        escape(text)
    );
    Reply::html(framed("We are sorry...", &body)).status(status)
}

/// User and password.
pub(crate) fn login(visit: &Visit<'_>, ticket: &Ticket, problem: &str) -> String {
    let action = escape(&address(visit, "authenticate", "0d3ab8f1-login", ticket));
    let problem = match (problem, v2(visit)) {
        ("", _) => String::new(),
        (text, false) => format!(
            "<span id=\"input-error\" class=\"pf-c-form__helper-text pf-m-error required kc-feedback-text\" \
             aria-live=\"polite\">\n{}\n</span>\n",
            escape(text)
        ),
        (text, true) => format!(
            "<div id=\"input-error-container-username\"><span class=\"pf-v5-c-helper-text__item-text pf-m-error \
             kc-feedback-text\" id=\"input-error-username\" aria-live=\"polite\">{}</span></div>\n",
            escape(text)
        ),
    };
    let button = match v2(visit) {
        true => {
            "<button class=\"pf-v5-c-button\" name=\"login\" id=\"kc-login\" type=\"submit\">Sign In</button>"
        }
        false => {
            "<input tabindex=\"7\" name=\"login\" id=\"kc-login\" type=\"submit\" value=\"Sign In\"/>"
        }
    };
    framed(
        "Sign in to your account",
        &format!(
            "<form id=\"kc-form-login\" onsubmit=\"login.disabled = true; return true;\" action=\"{action}\" method=\"post\">\n\
             <label for=\"username\">Username or email</label>\n\
             <input tabindex=\"2\" id=\"username\" name=\"username\" value=\"\" type=\"text\" autofocus autocomplete=\"username\" \
             aria-invalid=\"\"/>\n{problem}<label for=\"password\">Password</label>\n\
             <input tabindex=\"3\" id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\" \
             aria-invalid=\"\"/>\n<button type=\"button\" aria-label=\"Show password\" aria-controls=\"password\" data-password-toggle></button>\n\
             <input tabindex=\"5\" id=\"rememberMe\" name=\"rememberMe\" type=\"checkbox\"> <label>Remember me</label>\n\
             <input type=\"hidden\" id=\"id-hidden-input\" name=\"credentialId\" />\n{button}\n</form>"
        ),
    )
}

/// The code, with the devices that make one.
pub(crate) fn otp(visit: &Visit<'_>, ticket: &Ticket, user: &User, problem: &str) -> String {
    let action = escape(&address(visit, "authenticate", "5c1be7d2-otp", ticket));
    let problem = match (problem, v2(visit)) {
        ("", _) => String::new(),
        (text, false) => format!(
            "<span id=\"input-error-otp-code\" class=\"pf-c-form__helper-text pf-m-error required kc-feedback-text\" \
             aria-live=\"polite\">{}</span>\n",
            escape(text)
        ),
        (text, true) => format!(
            "<span class=\"pf-v5-c-helper-text__item-text pf-m-error kc-feedback-text\" id=\"input-error-otp\" \
             aria-live=\"polite\">{}</span>\n",
            escape(text)
        ),
    };
    let button = match v2(visit) {
        true => "<button name=\"login\" id=\"kc-login\" type=\"submit\">Sign In</button>",
        false => "<input name=\"login\" id=\"kc-login\" type=\"submit\" value=\"Sign In\" />",
    };
    framed(
        "Sign in to your account",
        &format!(
            "{}<form id=\"kc-otp-login-form\" action=\"{action}\" method=\"post\">\n{}\
             <label for=\"otp\">One-time code</label>\n<input id=\"otp\" name=\"otp\" autocomplete=\"one-time-code\" \
             type=\"text\" autofocus aria-invalid=\"\" dir=\"ltr\" />\n{problem}{button}\n</form>\n{}",
            attempted(user),
            devices(visit, user),
            another_way(visit, ticket),
        ),
    )
}

fn devices(visit: &Visit<'_>, user: &User) -> String {
    let devices = visit.devices(user);
    if devices.len() < 2 {
        return String::new();
    }
    let ids: Vec<_> = devices
        .iter()
        .map(|device| credential_id(&device.secret))
        .collect();
    let rows = devices.iter().zip(&ids).enumerate();
    if v2(visit) {
        let tiles: String = rows
            .map(|(index, (device, id))| {
                format!(
                    "<div id=\"kc-otp-credential-{index}\" class=\"pf-v5-c-tile\" onclick=\"toggleOTP({index}, '{id}')\">\
                     <span class=\"pf-v5-c-tile__title\">{}</span></div>\n",
                    escape(&device.name)
                )
            })
            .collect();
        return format!(
            "<input type=\"hidden\" id=\"selectedCredentialId\" name=\"selectedCredentialId\" value=\"{}\">\n{tiles}",
            ids[0]
        );
    }
    rows.map(|(index, (device, id))| {
        let checked = if index == 0 { " checked=\"checked\"" } else { "" };
        format!(
            "<input id=\"kc-otp-credential-{index}\" type=\"radio\" name=\"selectedCredentialId\" value=\"{id}\"{checked}>\n\
             <label for=\"kc-otp-credential-{index}\"><span class=\"pf-c-tile__title\">{}</span></label>\n",
            escape(&device.name)
        )
    })
    .collect()
}

/// The page that says that the page is too old.
pub(crate) fn expired(visit: &Visit<'_>, ticket: &Ticket) -> String {
    framed(
        "Page has expired",
        &format!(
            "<p id=\"instruction1\" class=\"instruction\">To restart the login process \
             <a id=\"loginRestartLink\" href=\"{}\">Click here</a> .<br/>\nTo continue the login process \
             <a id=\"loginContinueLink\" href=\"{}\">Click here</a> .</p>",
            escape(&address(visit, "restart", "restart", ticket)),
            escape(&address(visit, "authenticate", "continue", ticket)),
        ),
    )
}

/// What has to be done before the sign-in goes on.
pub(crate) fn required_action(visit: &Visit<'_>, ticket: &Ticket, name: &str) -> String {
    let action = escape(&address(visit, "required-action", name, ticket));
    match name {
        "UPDATE_PASSWORD" => framed(
            "Update password",
            &format!(
                "<div class=\"alert-warning\"><span class=\"kc-feedback-text\">You need to change your password.</span></div>\n\
                 <form id=\"kc-passwd-update-form\" action=\"{action}\" method=\"post\">\n\
                 <input type=\"password\" id=\"password-new\" name=\"password-new\" autocomplete=\"new-password\" />\n\
                 <input type=\"password\" id=\"password-confirm\" name=\"password-confirm\" autocomplete=\"new-password\" />\n\
                 <input type=\"submit\" value=\"Submit\" />\n</form>"
            ),
        ),
        "CONFIGURE_TOTP" => framed(
            "Mobile Authenticator Setup",
            &format!(
                "<div class=\"alert-warning\"><span class=\"kc-feedback-text\">You need to set up Mobile Authenticator to \
                 activate your account.</span></div>\n<img id=\"kc-totp-secret-qr-code\" src=\"data:image/png;base64,AAAA\" \
                 alt=\"Figure: Barcode\">\n<form action=\"{action}\" id=\"kc-totp-settings-form\" method=\"post\">\n\
                 <input type=\"text\" id=\"totp\" name=\"totp\" autocomplete=\"off\" />\n{}\
                 <input type=\"text\" id=\"userLabel\" name=\"userLabel\" autocomplete=\"off\" />\n\
                 <input type=\"submit\" id=\"saveTOTPBtn\" value=\"Submit\" />\n</form>",
                hidden("totpSecret", "tLmsJ0yWxhQvAjQ6pZ8p"),
            ),
        ),
        _ => framed(
            "Terms and Conditions",
            &format!(
                "<div id=\"kc-terms-text\">Terms and conditions to be defined</div>\n\
                 <form class=\"form-actions\" action=\"{action}\" method=\"POST\">\n\
                 <input name=\"accept\" id=\"kc-accept\" type=\"submit\" value=\"Accept\"/>\n\
                 <input name=\"cancel\" id=\"kc-decline\" type=\"submit\" value=\"Decline\"/>\n</form>"
            ),
        ),
    }
}
