//! A lookalike of SimpleSAMLphp, 1.19 and 2.x, with and without its consent page.

use url::form_urlencoded;

use crate::idp::html::{escape, hidden, page};
use crate::idp::second_factor::Then;
use crate::idp::standard::{Flow, Login, finish};
use crate::idp::ticket::{Stage, Ticket};
use crate::idp::{Face, Visit};
use crate::users::User;
use crate::web::Reply;

const fn face(name: &'static str, prefix: &'static str) -> Face {
    Face {
        name,
        prefix,
        start: "saml2/idp/SSOService.php?spentityid=urn:amazon:webservices",
        serve,
    }
}

pub(crate) const FACES: &[Face] = &[
    face("simplesaml", "/simplesaml/"),
    face("simplesaml-1.19", "/old/simplesaml/"),
    face("simplesaml-consent", "/consenting/simplesaml/"),
];

/// Three requests when pages are followed: start, login page, login.
pub(crate) fn serve(visit: &Visit<'_>) -> Reply {
    let then: Then = match visit.face.name {
        "simplesaml-consent" => consent_page,
        _ => finish,
    };
    if let Some(reply) = visit.second_factor(then) {
        return reply;
    }
    match visit.step {
        "saml2/idp/SSOService.php" | "module.php/saml/idp/singleSignOnService" => start(visit),
        "module.php/core/loginuserpass" | "module.php/core/loginuserpass.php" => login(visit, then),
        "module.php/consent/getconsent" => consent(visit),
        "saml2/idp/initSLO.php" => {
            visit.end_session();
            let back = visit.request.query_field("RelayState");
            Reply::redirect(302, &back.unwrap_or_default())
        }
        "" => Reply::html(page("Installation page", "<p>You are not logged in.</p>")),
        _ => Reply::missing(),
    }
}

fn old(visit: &Visit<'_>) -> bool {
    visit.face.name == "simplesaml-1.19"
}

fn start(visit: &Visit<'_>) -> Reply {
    if visit.request.query_field("spentityid").as_deref() != Some("urn:amazon:webservices") {
        let text =
            "<h2>Metadata not found</h2><p>Unable to locate metadata for the service provider.</p>";
        return Reply::html(page("Error", text)).status(500);
    }
    if let Some(user) = visit.session_user() {
        return visit.finish(&user, None);
    }
    let ticket = visit.open_ticket();
    let location = login_address(visit, &ticket);
    ticket.on(Reply::redirect(302, &location), visit)
}

fn auth_state(visit: &Visit<'_>, ticket: &Ticket) -> String {
    let back = visit.path("saml2/idp/SSOService.php");
    format!(
        "_{}:{}{back}?spentityid=urn%3Aamazon%3Awebservices",
        ticket.id, visit.world.urls.idp
    )
}

fn login_address(visit: &Visit<'_>, ticket: &Ticket) -> String {
    let state: String =
        form_urlencoded::byte_serialize(auth_state(visit, ticket).as_bytes()).collect();
    let script = if old(visit) {
        "loginuserpass.php"
    } else {
        "loginuserpass"
    };
    format!(
        "{}?AuthState={state}",
        visit.path(&format!("module.php/core/{script}"))
    )
}

fn ticket_of(visit: &Visit<'_>) -> Option<Ticket> {
    // 1.19 has it in a hidden field and drops the query, 2.x in the query alone.
    let state = match visit.request.is_post() && old(visit) {
        true => visit.request.field("AuthState"),
        false => visit.request.query_field("AuthState"),
    }?;
    let id = state.strip_prefix('_')?.split(':').next()?;
    visit.ticket(Some(id.to_owned()))
}

fn login(visit: &Visit<'_>, then: Then) -> Reply {
    // 1.19 has `action="?"`: a query that came along was not taken from the form.
    let misread = old(visit) && visit.request.is_post() && !visit.request.query.is_empty();
    let Some(mut ticket) = ticket_of(visit).filter(|_| !misread) else {
        return state_lost();
    };
    if !visit.request.is_post() {
        return Flow::of(login_page).page_for(visit, &ticket);
    }
    let user = visit.request.field("username").unwrap_or_default();
    let verdict = visit.try_password(&user, &visit.request.field("password").unwrap_or_default());
    let next = visit.after_password(&verdict, &mut ticket, then);
    // SimpleSAMLphp does not know locks; whatever is behind it says no.
    next.unwrap_or_else(|| {
        login_page(&Login {
            visit,
            ticket: &ticket,
            error: "Incorrect username or password",
        })
    })
}

fn state_lost() -> Reply {
    let text = "<h1>State information lost</h1>\n<p>State information lost, and no way to restart the request</p>";
    Reply::html(page("State information lost", text)).status(500)
}

fn login_page(login: &Login<'_>) -> Reply {
    let html = match old(login.visit) {
        true => old_login_page(login),
        false => new_login_page(login),
    };
    Reply::html(html)
}

fn old_login_page(login: &Login<'_>) -> String {
    let error = match login.error {
        "" => String::new(),
        text => format!(
            "<div style=\"border-left: 1px solid #e8e8e8\"><img src=\"/simplesaml/resources/icons/bomb.png\" \
             class=\"float-l erroricon\" alt=\"\">\n<h2>Error</h2>\n<p><strong>{}</strong></p>\n\
             <p>Either no user with the given username could be found, or the password you gave was wrong.</p></div>\n",
            escape(text)
        ),
    };
    page(
        "Enter your username and password",
        &format!(
            "{error}<h2>Enter your username and password</h2>\n\
             <form action=\"?\" method=\"post\" name=\"f\"><table>\n\
             <tr><td><label for=\"username\">Username</label></td>\
             <td><input id=\"username\" type=\"text\" name=\"username\" tabindex=\"1\" value=\"\" /></td></tr>\n\
             <tr><td><label for=\"password\">Password</label></td>\
             <td><input id=\"password\" type=\"password\" tabindex=\"2\" name=\"password\" /></td></tr>\n\
             <tr><td><input type=\"checkbox\" id=\"remember_username\" tabindex=\"4\" name=\"remember_username\" value=\"Yes\" /></td></tr>\n\
             <tr><td><button class=\"btn\" tabindex=\"6\">Login</button></td></tr></table>\n{}</form>\n\
             <h2>Help! I don't remember my password.</h2>",
            hidden("AuthState", &auth_state(login.visit, login.ticket)),
        ),
    )
}

fn new_login_page(login: &Login<'_>) -> String {
    let error = match login.error {
        "" => String::new(),
        text => format!(
            "<div class=\"pure-alert pure-alert-error message-box error\"><h3>{}</h3>\n\
             <p>Either no user with the given username could be found, or the password you gave was wrong.</p></div>\n",
            escape(text)
        ),
    };
    page(
        "Enter your username and password",
        &format!(
            "<div id=\"languagebar\"><form id=\"language-form\" class=\"pure-form\" method=\"get\" action=\"#\">\
             <select aria-label=\"Choose language\" id=\"language-selector\" name=\"language\">\
             <option value=\"en\" selected>English</option><option value=\"de\">Deutsch</option></select></form></div>\n\
             {error}<h2>Enter your username and password</h2>\n\
             <form id=\"f\" action=\"{}\" method=\"post\" name=\"f\" class=\"pure-form login-form\">\n\
             <label for=\"username\">Username</label> <input id=\"username\" type=\"text\" name=\"username\" \
             autocomplete=\"username\" autofocus>\n<label for=\"password\">Password</label> \
             <input id=\"password\" type=\"password\" name=\"password\" autocomplete=\"current-password\">\n\
             <input type=\"checkbox\" id=\"remember_username\" name=\"remember_username\" value=\"Yes\">\n\
             <button class=\"pure-button pure-button-red\" id=\"submit_button\" type=\"submit\">Login</button>\n</form>",
            escape(&login_address(login.visit, login.ticket)),
        ),
    )
}

fn consent_page(visit: &Visit<'_>, _: &User, ticket: &Ticket) -> Reply {
    let action = visit.path("module.php/consent/getconsent");
    Reply::html(page(
        "Consent about releasing personal information",
        &format!(
            "<p>Amazon Web Services requires that the information below is transferred.</p>\n\
             <form id=\"consent-yes\" action=\"{action}\" method=\"get\">\n\
             <input type=\"checkbox\" name=\"saveconsent\" value=\"1\"> <label>Remember</label>\n{}\
             <button type=\"submit\" name=\"yes\" id=\"yesbutton\">Yes, continue</button>\n</form>\n\
             <form id=\"consent-no\" action=\"{}\" method=\"get\">\n{}\
             <button type=\"submit\" name=\"no\" id=\"nobutton\">No, cancel</button>\n</form>",
            hidden("StateId", &ticket.id),
            visit.path("module.php/consent/noconsent"),
            hidden("StateId", &ticket.id),
        ),
    ))
}

fn consent(visit: &Visit<'_>) -> Reply {
    let at = visit.at_stage(visit.request.query_field("StateId"), Stage::Complete);
    match (at, visit.request.query_field("yes")) {
        (Some((ticket, user)), Some(_)) => visit.finish(&user, Some(&ticket)),
        (Some((ticket, user)), None) => consent_page(visit, &user, &ticket),
        (None, _) => state_lost(),
    }
}

/// The page with the response, whose button a script clicks.
pub(crate) fn last_page(acs: &str, value: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>Sending message</title></head>\n<body>\n\
         <p>Since your browser does not support Javascript, you must press the button below to proceed.</p>\n\
         <form method=\"post\" action=\"{}\">\n{}<input type=\"submit\" id=\"postLoginSubmitButton\" value=\"Submit\">\n</form>\n\
         <script>document.getElementById('postLoginSubmitButton').click();</script>\n</body></html>\n",
        escape(acs),
        hidden("SAMLResponse", value)
    )
}
