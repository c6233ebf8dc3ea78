//! Sign-ins with more pages: before the password, between, and after it.

use super::plain::ordinary_page;
use crate::idp::html::{escape, hidden, page};
use crate::idp::second_factor::Then;
use crate::idp::standard::{Flow, Login, finish, refusal, stale};
use crate::idp::ticket::{Stage, Ticket};
use crate::idp::{Face, Visit};
use crate::users::User;
use crate::web::Reply;

pub(crate) const FACES: &[Face] = &[
    face!("two-pages", two_pages),
    face!("no-password", no_password),
    face!("choice", choice),
    face!("choice-radio", choice_radio),
    face!("consent", consent),
    face!("terms", terms),
    face!("meta", meta),
    face!("script", script),
    face!("expiring", expiring),
];

/// The user first, the password on a page of its own.
pub(crate) fn two_pages(visit: &Visit<'_>) -> Reply {
    if let Some(reply) = visit.second_factor(finish) {
        return reply;
    }
    let ticket = visit.ticket(visit.request.field("ticket"));
    match (visit.step, ticket) {
        ("user", Some(mut ticket)) => {
            ticket.user = visit.request.field("username");
            visit.keep(&ticket);
            password_page(visit, &ticket, "")
        }
        ("password", Some(mut ticket)) => {
            let user = ticket.user.clone().unwrap_or_default();
            let verdict =
                visit.try_password(&user, &visit.request.field("password").unwrap_or_default());
            visit
                .after_password(&verdict, &mut ticket, finish)
                .unwrap_or_else(|| password_page(visit, &ticket, refusal(&verdict)))
        }
        ("user" | "password", None) => stale(),
        _ => match visit.session_user() {
            Some(user) => visit.finish(&user, None),
            None => Flow::of(|login| user_page(login, "user")).first_page(visit),
        },
    }
}

/// A name is all that is asked for.
pub(crate) fn no_password(visit: &Visit<'_>) -> Reply {
    if let Some(reply) = visit.second_factor(finish) {
        return reply;
    }
    if visit.step != "name" {
        return match visit.session_user() {
            Some(user) => visit.finish(&user, None),
            None => Flow::of(|login| user_page(login, "name")).first_page(visit),
        };
    }
    let Some(mut ticket) = visit.ticket(visit.request.field("ticket")) else {
        return stale();
    };
    let name = visit.request.field("username").unwrap_or_default();
    let user = visit.world.state().users.find(&name).cloned();
    match user {
        Some(user) if !user.locked => visit.complete(&user, &mut ticket, finish),
        _ => user_page(
            &Login {
                visit,
                ticket: &ticket,
                error: "We do not recognise that user name.",
            },
            "name",
        ),
    }
}

fn user_page(login: &Login<'_>, step: &str) -> Reply {
    Reply::html(page(
        "Sign in",
        &format!(
            "{}<form method=\"post\" action=\"{}\">\n{}<label>User name \
             <input name=\"username\" type=\"text\" autocomplete=\"username\"></label>\n\
             <button type=\"submit\">Next</button>\n</form>",
            login.alert(),
            login.visit.path(step),
            login.hidden()
        ),
    ))
}

fn password_page(visit: &Visit<'_>, ticket: &Ticket, error: &str) -> Reply {
    let alert = Login {
        visit,
        ticket,
        error,
    }
    .alert();
    Reply::html(page(
        "Sign in",
        &format!(
            "{alert}<form method=\"post\" action=\"{}\">\n{}\
             <input name=\"username\" type=\"text\" value=\"{}\" readonly>\n\
             <label>Password <input name=\"password\" type=\"password\"></label>\n\
             <button type=\"submit\">Sign in</button>\n</form>",
            visit.path("password"),
            hidden("ticket", &ticket.id),
            escape(ticket.user.as_deref().unwrap_or_default()),
        ),
    ))
}

/// Where people belong, chosen by a link.
pub(crate) fn choice(visit: &Visit<'_>) -> Reply {
    choose(visit, |visit| {
        let link = |realm, name| {
            format!(
                "<li><a href=\"{}?realm={realm}\">{name}</a></li>\n",
                visit.path("realm")
            )
        };
        format!(
            "<h1>Where are you from?</h1>\n<ul class=\"idp-list\">\n{}{}</ul>",
            link("partners", "Partners"),
            link("corp", "Example Corp"),
        )
    })
}

/// Where people belong, chosen by a radio button.
pub(crate) fn choice_radio(visit: &Visit<'_>) -> Reply {
    choose(visit, |visit| {
        format!(
            "<h1>Where are you from?</h1>\n<form method=\"get\" action=\"{}\">\n\
             <label><input type=\"radio\" name=\"realm\" value=\"partners\"> Partners</label>\n\
             <label><input type=\"radio\" name=\"realm\" value=\"corp\"> Example Corp</label>\n\
             <button type=\"submit\">Continue</button>\n</form>",
            visit.path("realm")
        )
    })
}

fn choose(visit: &Visit<'_>, choice_page: fn(&Visit<'_>) -> String) -> Reply {
    let realm = visit.request.query_field("realm");
    match (visit.step, realm.as_deref()) {
        ("start", _) => match visit.session_user() {
            Some(user) => visit.finish(&user, None),
            None => Reply::html(page("Choose your organisation", &choice_page(visit))),
        },
        ("realm", Some("corp")) => Flow::of(ordinary_page).first_page(visit),
        ("realm", _) => {
            Reply::html(page("Not here", "<h1>Partners sign in elsewhere</h1>")).status(403)
        }
        _ => Flow::of(ordinary_page).serve(visit),
    }
}

/// Which data go to AWS: accepted or rejected.
pub(crate) fn consent(visit: &Visit<'_>) -> Reply {
    if visit.step == "consent" {
        let at = visit.at_stage(visit.request.field("ticket"), Stage::Complete);
        return match (at, visit.request.field("decision").as_deref()) {
            (Some((ticket, user)), Some("accept")) => visit.finish(&user, Some(&ticket)),
            (Some(_), _) => {
                Reply::html(page("Rejected", "<h1>You did not consent</h1>")).status(403)
            }
            (None, _) => stale(),
        };
    }
    let then = |visit: &Visit<'_>, user: &User, ticket: &Ticket| {
        Reply::html(page(
            "Information release",
            &format!(
                "<h1>You are about to share this with Amazon Web Services</h1>\n<p>Name: {}</p>\n\
                 <form method=\"post\" action=\"{}\">\n{}\
                 <button type=\"submit\" name=\"decision\" value=\"reject\">Reject</button>\n\
                 <button type=\"submit\" name=\"decision\" value=\"accept\">Accept</button>\n</form>",
                escape(&user.name),
                visit.path("consent"),
                hidden("ticket", &ticket.id),
            ),
        ))
    };
    Flow {
        page: ordinary_page,
        then,
    }
    .serve(visit)
}

/// Terms of use with a box that must be ticked.
pub(crate) fn terms(visit: &Visit<'_>) -> Reply {
    if visit.step == "terms" {
        let at = visit.at_stage(visit.request.field("ticket"), Stage::Complete);
        return match (at, visit.request.field("agree").as_deref()) {
            (Some((ticket, user)), Some("yes")) => visit.finish(&user, Some(&ticket)),
            (Some((ticket, user)), _) => terms_page(visit, &user, &ticket),
            (None, _) => stale(),
        };
    }
    Flow {
        page: ordinary_page,
        then: terms_page,
    }
    .serve(visit)
}

fn terms_page(visit: &Visit<'_>, _: &User, ticket: &Ticket) -> Reply {
    Reply::html(page(
        "Terms of use",
        &format!(
            "<h1>Terms of use</h1>\n<p>Be kind.</p>\n<form method=\"post\" action=\"{}\">\n{}\
             <label><input type=\"checkbox\" name=\"agree\" value=\"yes\" required> I accept the terms of use</label>\n\
             <button type=\"submit\" name=\"proceed\" value=\"1\">Continue</button>\n</form>",
            visit.path("terms"),
            hidden("ticket", &ticket.id),
        ),
    ))
}

/// Pages that lead on by meta refresh, before and after the password.
pub(crate) fn meta(visit: &Visit<'_>) -> Reply {
    chain(visit, by_meta, |visit, _, ticket| {
        by_meta(visit, 2, &done(ticket))
    })
}

fn by_meta(visit: &Visit<'_>, count: u32, next: &str) -> Reply {
    let next = escape(&visit.path(next));
    let tag = match count {
        0 => format!("<meta http-equiv=\"refresh\" content=\"0;url={next}\">"),
        1 => format!("<META HTTP-EQUIV=\"Refresh\" CONTENT=\"0; URL='{next}'\">"),
        _ => format!("<meta content=\"1; url=&quot;{next}&quot;\" http-equiv=\"refresh\">"),
    };
    let html = page("One moment", "<p>One moment...</p>");
    Reply::html(html.replacen("</head>", &format!("{tag}</head>"), 1))
}

/// Pages that lead on by a literal in a script, before and after the password.
pub(crate) fn script(visit: &Visit<'_>) -> Reply {
    chain(visit, by_script, |visit, _, ticket| {
        by_script(visit, 2, &done(ticket))
    })
}

fn by_script(visit: &Visit<'_>, count: u32, next: &str) -> Reply {
    let next = visit.path(next).replace('&', "\\u0026").replace('/', "\\/");
    let code = match count {
        0 => format!("window.location.href = \"{next}\";"),
        1 => format!("document.location.replace('{next}')"),
        _ => format!("top.location=\"{next}\""),
    };
    Reply::html(page("One moment", &format!("<script>\n{code}\n</script>")))
}

fn done(ticket: &Ticket) -> String {
    format!("done?ticket={}", ticket.id)
}

fn chain(visit: &Visit<'_>, lead: fn(&Visit<'_>, u32, &str) -> Reply, then: Then) -> Reply {
    match visit.step {
        "start" if visit.session_user().is_none() => lead(visit, 0, "one?a=1&b=2"),
        "one" if visit.request.query != "a=1&b=2" => Reply::missing(),
        "one" => lead(visit, 1, "enter"),
        "enter" => Flow::of(ordinary_page).first_page(visit),
        "done" => match visit.at_stage(visit.request.query_field("ticket"), Stage::Complete) {
            Some((ticket, user)) => visit.finish(&user, Some(&ticket)),
            None => stale(),
        },
        _ => Flow {
            page: ordinary_page,
            then,
        }
        .serve(visit),
    }
}

/// The password ends soon; the page goes on by itself.
pub(crate) fn expiring(visit: &Visit<'_>) -> Reply {
    if visit.step == "continue" {
        return match visit.at_stage(visit.request.query_field("ticket"), Stage::Complete) {
            Some((ticket, user)) => visit.finish(&user, Some(&ticket)),
            None => stale(),
        };
    }
    let then = |visit: &Visit<'_>, _: &User, ticket: &Ticket| {
        let next = visit.path(&format!("continue?ticket={}", ticket.id));
        let text = format!(
            "<h1>Your password is about to expire</h1>\n<p>It will expire in 3 days.</p>\n\
             <p><a href=\"{next}\">Continue</a></p>"
        );
        let tag = format!("<meta http-equiv=\"refresh\" content=\"20;url={next}\"></head>");
        Reply::html(page("Expiring password", &text).replacen("</head>", &tag, 1))
    };
    Flow {
        page: ordinary_page,
        then,
    }
    .serve(visit)
}
