//! Sign-ins that cannot go on, or only with patience.

use super::plain::ordinary_page;
use crate::idp::html::{hidden, page};
use crate::idp::second_factor::change_password as change_page;
use crate::idp::standard::{Flow, finish, stale as stale_page};
use crate::idp::ticket::Ticket;
use crate::idp::{Face, Visit};
use crate::users::User;
use crate::web::Reply;

pub(crate) const FACES: &[Face] = &[
    face!("basic", basic),
    face!("negotiate", negotiate),
    face!("captcha", captcha),
    face!("js-only", js_only),
    face!("webauthn", webauthn),
    face!("redirect-loop", redirect_loop),
    face!("again", again),
    face!("portal", portal),
    face!("error-page", error_page),
    face!("stale", stale),
    face!("stale-login", stale_login),
    face!("change-password", change_password),
    face!("enrol", enrol),
    face!("old-session", old_session),
];

/// Asks for Basic authentication and nothing else.
pub(crate) fn basic(visit: &Visit<'_>) -> Reply {
    if let Some(reply) = visit.second_factor(finish) {
        return reply;
    }
    if let Some(user) = visit.session_user() {
        return visit.finish(&user, None);
    }
    let verdict = visit
        .request
        .basic()
        .map(|(user, password)| visit.try_password(&user, &password));
    let mut ticket = visit.open_ticket();
    let next = verdict.and_then(|verdict| visit.after_password(&verdict, &mut ticket, finish));
    match next {
        Some(reply) => ticket.on(reply, visit),
        None => Reply::html(page("Unauthorized", "<h1>Unauthorized</h1>"))
            .status(401)
            .with(
                "www-authenticate",
                "Basic realm=\"corp\", charset=\"UTF-8\"",
            ),
    }
}

/// Asks for Kerberos, with a login form for those who have none.
pub(crate) fn negotiate(visit: &Visit<'_>) -> Reply {
    let reply = Flow::of(ordinary_page).serve(visit);
    let asks =
        !visit.request.is_post() && String::from_utf8_lossy(&reply.body).contains("password");
    match asks {
        true => reply.status(401).with("www-authenticate", "Negotiate"),
        false => reply,
    }
}

/// Stumbles over the cookie of an earlier sign-in.
pub(crate) fn old_session(visit: &Visit<'_>) -> Reply {
    if visit.session_user().is_some() {
        let body = "<h1>Something went wrong</h1><p>Unexpected state.</p>";
        return Reply::html(page("Error", body)).status(500);
    }
    Flow::of(ordinary_page).serve(visit)
}

/// A puzzle beside the login.
pub(crate) fn captcha(visit: &Visit<'_>) -> Reply {
    if visit.request.is_post() {
        return Reply::html(page(
            "Sign in",
            "<p class=\"error\">The puzzle was not solved.</p>",
        ))
        .status(403);
    }
    Flow::of(|login| {
        let widget =
            "<div class=\"g-recaptcha\" data-sitekey=\"testbed\"></div>\n<button type=\"submit\">";
        let form = login
            .form(&login.action())
            .replacen("<button type=\"submit\">", widget, 1);
        Reply::html(page("Sign in", &form))
    })
    .serve(visit)
}

/// An empty page that a script would fill.
pub(crate) fn js_only(visit: &Visit<'_>) -> Reply {
    match visit.step {
        "bundle.js" => Reply::new(
            200,
            "text/javascript",
            "document.getElementById('root').textContent = 'Hello';",
        ),
        _ => Reply::html(page(
            "Sign in",
            &format!(
                "<noscript>You need to enable JavaScript to run this app.</noscript>\n<div id=\"root\"></div>\n\
                 <script src=\"{}\"></script>",
                visit.path("bundle.js")
            ),
        )),
    }
}

/// A security key after the password.
pub(crate) fn webauthn(visit: &Visit<'_>) -> Reply {
    after(visit, |visit, _, ticket| {
        Reply::html(page(
            "Security key",
            &format!(
                "<h1>Touch your security key</h1>\n<form id=\"webauth\" method=\"post\" action=\"{}\">\n{}{}{}{}</form>\n\
                 <script>\nnavigator.credentials.get({{ publicKey: {{ challenge: new Uint8Array(16), rpId: 'idp.test' }} }})\n\
                 .then(function (key) {{ document.getElementById('webauth').submit(); }});\n</script>",
                visit.path("key"),
                hidden("ticket", &ticket.id),
                hidden("clientDataJSON", ""),
                hidden("authenticatorData", ""),
                hidden("signature", ""),
            ),
        ))
    })
}

/// Redirects in a circle.
pub(crate) fn redirect_loop(visit: &Visit<'_>) -> Reply {
    match visit.step {
        "there" => Reply::redirect(302, &visit.path("start?app=aws")),
        _ => Reply::redirect(302, &visit.path("there")),
    }
}

/// The login form once more, whatever was typed, without a word.
pub(crate) fn again(visit: &Visit<'_>) -> Reply {
    if visit.request.is_post() {
        let user = visit.request.field("username").unwrap_or_default();
        visit.try_password(&user, &visit.request.field("password").unwrap_or_default());
    }
    Flow::of(ordinary_page).first_page(visit)
}

/// After the login a menu; the response comes when the start URL is asked once more.
pub(crate) fn portal(visit: &Visit<'_>) -> Reply {
    after(visit, |visit, user, _| {
        let menu = "<h1>My applications</h1>\n<ul><li><a href=\"/portal/mail\">Mail</a></li>\
                    <li><a href=\"/portal/wiki\">Wiki</a></li></ul>";
        visit.sign_in(user, Reply::html(page("My applications", menu)))
    })
}

/// An error page at the start.
pub(crate) fn error_page(_: &Visit<'_>) -> Reply {
    let text = "<h1>Unexpected Error</h1>\n<p>The request could not be processed: relying party unknown.</p>\n\
                <p>Please contact the help desk and name error 4711.</p>";
    Reply::html(page("Unexpected Error", text)).status(500)
}

/// The first start has expired before it began; the second works.
pub(crate) fn stale(visit: &Visit<'_>) -> Reply {
    if visit.step == "start" && visit.request.cookie("stale").is_none() {
        return stale_page().cookie("stale", "1", visit.face.prefix);
    }
    Flow::of(ordinary_page).serve(visit)
}

/// The first answer to a login has expired, its password unread; a new start works.
pub(crate) fn stale_login(visit: &Visit<'_>) -> Reply {
    if visit.step == "login" && visit.request.cookie("stale").is_none() {
        return stale_page().cookie("stale", "1", visit.face.prefix);
    }
    Flow::of(ordinary_page).serve(visit)
}

/// Everybody's password has expired.
pub(crate) fn change_password(visit: &Visit<'_>) -> Reply {
    after(visit, |visit, _, _| change_page(visit))
}

/// Everybody has yet to set up a second factor.
pub(crate) fn enrol(visit: &Visit<'_>) -> Reply {
    after(visit, |visit, _, ticket| {
        Reply::html(page(
            "Set up your authenticator",
            &format!(
                "<h1>Mobile authenticator setup</h1>\n<img src=\"data:image/png;base64,AAAA\" alt=\"QR code\">\n\
                 <p>otpauth://totp/corp:ada?secret=JBSWY3DPEHPK3PXP</p>\n<form method=\"post\" action=\"{}\">\n{}{}\
                 <input name=\"totp\" type=\"text\" autocomplete=\"off\">\n<button type=\"submit\">Submit</button>\n</form>",
                visit.path("enrolled"),
                hidden("ticket", &ticket.id),
                hidden("totpSecret", "JBSWY3DPEHPK3PXP"),
            ),
        ))
    })
}

fn after(visit: &Visit<'_>, then: fn(&Visit<'_>, &User, &Ticket) -> Reply) -> Reply {
    Flow {
        page: ordinary_page,
        then,
    }
    .serve(visit)
}
