//! Sign-ins that lead to another host, rightly or not.

use super::plain::ordinary_page;
use crate::encoding::{instant, random_name, to_base64};
use crate::idp::authn_request::{from_post, from_redirect};
use crate::idp::html::{auto_submit, escape, hidden, page};
use crate::idp::standard::{Flow, Login, finish, stale};
use crate::idp::ticket::Ticket;
use crate::idp::{Face, Visit};
use crate::saml::signature::verify;
use crate::saml::{ASSERTION, PROTOCOL};
use crate::seen::Server;
use crate::users::User;
use crate::web::Reply;

pub(crate) const FACES: &[Face] = &[
    face!("hop", hop),
    Face {
        prefix: "/saml/",
        start: "sso",
        ..face!("sp-initiated", sp_initiated)
    },
    face!("to-other-form", to_other_form),
    face!("to-other-redirect", to_other_redirect),
    face!("to-other-307", to_other_307),
    face!("http-downgrade", http_downgrade),
    face!("http-redirect", http_redirect),
    face!("false-aws", false_aws),
];

/// A broker: asks the other host who this is, and believes its signed answer.
pub(crate) fn hop(visit: &Visit<'_>) -> Reply {
    match (visit.step, visit.request.server) {
        ("start", Server::Idp) => match visit.session_user() {
            Some(user) => visit.finish(&user, None),
            None => ask_the_other(visit),
        },
        ("acs", Server::Idp) => believe(visit),
        ("sso", Server::Other) => asked(visit),
        (_, Server::Other) => Flow::of(ordinary_page).serve(visit),
        _ => Reply::missing(),
    }
}

fn ask_the_other(visit: &Visit<'_>) -> Reply {
    let ticket = visit.open_ticket();
    let request = format!(
        "<p:AuthnRequest xmlns:p=\"{PROTOCOL}\" ID=\"_{}\" Version=\"2.0\" IssueInstant=\"{}\">\
         <a:Issuer xmlns:a=\"{ASSERTION}\">{}</a:Issuer></p:AuthnRequest>",
        random_name(),
        instant(visit.world.now()),
        escape(&visit.world.entity_id()),
    );
    let action = format!("{}{}", visit.world.urls.other, visit.path("sso"));
    let fields = [
        ("SAMLRequest", &*to_base64(request)),
        ("RelayState", &ticket.id),
    ];
    ticket.on(
        Reply::html(auto_submit("Redirecting", &action, &fields)),
        visit,
    )
}

fn asked(visit: &Visit<'_>) -> Reply {
    match from_post(visit.request, &visit.world.entity_id(), visit.world.now()) {
        Ok(request) => {
            let mut ticket = visit.open_ticket();
            ticket.request_id = Some(request.id);
            ticket.relay_state = visit.request.field("RelayState");
            ticket.acs = Some(format!("{}{}", visit.world.urls.idp, visit.path("acs")));
            visit.keep(&ticket);
            match visit.session_user() {
                Some(user) => finish(visit, &user, &ticket),
                None => Flow::of(ordinary_page).page_for(visit, &ticket),
            }
        }
        Err(text) => refused(text),
    }
}

fn believe(visit: &Visit<'_>) -> Reply {
    let value = visit.request.field("SAMLResponse").unwrap_or_default();
    let name = crate::encoding::from_base64(&value)
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|xml| verify(&xml, &[visit.world.key.public()]).ok())
        .and_then(|text| subject(&text));
    let user = name.and_then(|name| visit.world.state().users.find(&name).cloned());
    let ticket = visit.ticket(visit.request.field("RelayState"));
    match (user, ticket) {
        (Some(user), Some(ticket)) => visit.finish(&user, Some(&ticket)),
        (_, None) => stale(),
        (None, _) => refused("The other identity provider's answer is not believed."),
    }
}

fn subject(xml: &str) -> Option<String> {
    let document = roxmltree::Document::parse(xml).ok()?;
    let name = document
        .descendants()
        .find(|node| node.has_tag_name((ASSERTION, "NameID")))?;
    name.text().map(str::to_owned)
}

fn refused(text: &str) -> Reply {
    let body = format!("<h1>Error</h1>\n<p class=\"error\">{}</p>", escape(text));
    Reply::html(page("Error", &body)).status(400)
}

/// An endpoint that answers requests only; the form's action is beside it.
pub(crate) fn sp_initiated(visit: &Visit<'_>) -> Reply {
    if visit.step != "sso" || visit.request.is_post() {
        return Flow::of(ordinary_page).serve(visit);
    }
    let request = match from_redirect(visit.request, visit.world.now()) {
        Ok(request) => request,
        Err(text) => return refused(text),
    };
    if request.acs.as_deref().is_some_and(|acs| !for_aws(acs)) {
        return refused("The AuthnRequest names an address that is not registered.");
    }
    let mut ticket = visit.open_ticket();
    ticket.request_id = Some(request.id);
    ticket.acs = request.acs;
    ticket.relay_state = visit.request.query_field("RelayState");
    visit.keep(&ticket);
    match visit.session_user() {
        Some(user) => visit.finish(&user, Some(&ticket)),
        None => Flow::of(ordinary_page).page_for(visit, &ticket),
    }
}

fn for_aws(acs: &str) -> bool {
    ["aws", "aws-cn", "aws-us-gov", "aws-eusc"]
        .iter()
        .any(|partition| crate::sts::signs_in(acs, partition))
}

/// The login form belongs to this host and goes to the other, which accepts it.
pub(crate) fn to_other_form(visit: &Visit<'_>) -> Reply {
    let flow = Flow::of(|login| {
        let action = format!("{}{}", login.visit.world.urls.other, login.action());
        Reply::html(page("Sign in", &login.form(&action)))
    });
    if visit.step != "login" {
        return flow.serve(visit);
    }
    // The other host cannot have the cookie of this one.
    let ticket = visit.ticket_without_cookie(visit.request.field("ticket"));
    let password = visit.request.field("password").unwrap_or_default();
    match ticket {
        Some(ticket) => {
            let reply = flow.answer_with(visit, Some(ticket.clone()), &password);
            ticket.on(reply, visit)
        }
        None => stale(),
    }
}

/// The start URL leads to the other host, which has an honest login page.
pub(crate) fn to_other_redirect(visit: &Visit<'_>) -> Reply {
    match visit.request.server {
        Server::Idp => {
            let location = format!("{}{}", visit.world.urls.other, visit.request.target());
            Reply::redirect(302, &location)
        }
        _ => Flow::of(ordinary_page).serve(visit),
    }
}

/// The password is answered with 307 to the other host.
pub(crate) fn to_other_307(visit: &Visit<'_>) -> Reply {
    match (visit.step, visit.request.server) {
        ("login", Server::Idp) => {
            let location = format!("{}{}", visit.world.urls.other, visit.path("caught"));
            Reply::redirect(307, &location)
        }
        ("caught", _) => Reply::html(page("Caught", "<h1>Something arrived</h1>")),
        _ => Flow::of(ordinary_page).serve(visit),
    }
}

/// The login form goes to a plain http address that is not on loopback.
pub(crate) fn http_downgrade(visit: &Visit<'_>) -> Reply {
    Flow::of(|login: &Login<'_>| {
        let form = login.form("http://login.example.test/http-downgrade/login");
        Reply::html(page("Sign in", &form))
    })
    .serve(visit)
}

/// The start URL leads to a plain http address that is not on loopback.
pub(crate) fn http_redirect(_: &Visit<'_>) -> Reply {
    Reply::redirect(302, "http://login.example.test/http-redirect/start")
}

/// The final form has the response and goes to a host that only looks like AWS.
pub(crate) fn false_aws(visit: &Visit<'_>) -> Reply {
    let then = |visit: &Visit<'_>, user: &User, ticket: &Ticket| {
        let (value, _) = visit.saml_response(user, Some(ticket));
        let html = format!(
            "<form method=\"post\" action=\"https://signin.aws.amazon.com.example.test/saml\">\n{}\
             <button type=\"submit\">Continue</button></form>",
            hidden("SAMLResponse", &value)
        );
        Reply::html(page("Signing in", &html))
    };
    Flow {
        page: ordinary_page,
        then,
    }
    .serve(visit)
}
