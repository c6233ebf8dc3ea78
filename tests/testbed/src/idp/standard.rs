//! The flow that most faces share: one login page, perhaps a code, the response.

use super::html::{escape, hidden};
use super::ticket::Ticket;
use super::{Verdict, Visit};
use crate::web::Reply;

/// What a login page is made from.
pub(crate) struct Login<'a> {
    pub visit: &'a Visit<'a>,
    pub ticket: &'a Ticket,
    /// The text of the last refusal, or nothing.
    pub error: &'a str,
}

impl Login<'_> {
    /// The hidden field that must come back.
    pub fn hidden(&self) -> String {
        hidden("ticket", &self.ticket.id)
    }

    /// The address of the login step.
    pub fn action(&self) -> String {
        self.visit.path("login")
    }

    /// The refusal as a paragraph.
    pub fn alert(&self) -> String {
        match self.error {
            "" => String::new(),
            text => format!("<p class=\"error\" role=\"alert\">{}</p>\n", escape(text)),
        }
    }

    /// User name and password, with labels and a button.
    pub fn inputs(&self) -> String {
        "<label for=\"u\">User name</label> <input id=\"u\" name=\"username\" type=\"text\" autocomplete=\"username\">\n\
         <label for=\"p\">Password</label> <input id=\"p\" name=\"password\" type=\"password\" autocomplete=\"current-password\">\n\
         <button type=\"submit\">Sign in</button>\n"
            .to_owned()
    }

    /// The plain form.
    pub fn form(&self, action: &str) -> String {
        format!(
            "{}<form method=\"post\" action=\"{}\">\n{}{}</form>",
            self.alert(),
            escape(action),
            self.hidden(),
            self.inputs()
        )
    }
}

/// What a refused password is called.
pub(crate) fn refusal(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Locked => "Your account is locked.",
        _ => "Invalid user name or password.",
    }
}

/// The page for a form that came without its cookie or its ticket.
pub(crate) fn stale() -> Reply {
    Reply::html(super::html::page(
        "Stale request",
        "<h1>Stale request</h1>\n<p class=\"error\">Your session has expired. Please restart the sign-in.</p>",
    ))
    .status(400)
}

/// Serves a face that differs from the others only in its login page.
pub(crate) fn serve(visit: &Visit<'_>, login_page: fn(&Login<'_>) -> Reply) -> Reply {
    if let Some(reply) = visit.second_factor() {
        return reply;
    }
    let answered = visit.step == "login" || visit.request.is_post();
    if !answered {
        return match visit.session_user() {
            Some(user) => visit.finish(&user, None),
            None => first_page(visit, login_page),
        };
    }
    answer(visit, login_page, visit.request.field("password").as_deref())
}

/// The login page with a new ticket.
pub(crate) fn first_page(visit: &Visit<'_>, login_page: fn(&Login<'_>) -> Reply) -> Reply {
    let ticket = visit.open_ticket();
    let reply = login_page(&Login {
        visit,
        ticket: &ticket,
        error: "",
    });
    ticket.on(reply, visit)
}

/// What follows a filled form.
pub(crate) fn answer(visit: &Visit<'_>, login_page: fn(&Login<'_>) -> Reply, password: Option<&str>) -> Reply {
    let Some(mut ticket) = visit.ticket(visit.request.field("ticket")) else {
        return stale();
    };
    let user = visit.request.field("username").unwrap_or_default();
    let verdict = visit.try_password(&user, password.unwrap_or_default());
    visit.after_password(&verdict, &mut ticket).unwrap_or_else(|| {
        login_page(&Login {
            visit,
            ticket: &ticket,
            error: refusal(&verdict),
        })
    })
}
