//! The flow that most faces share: one login page, perhaps a code, the response.

use super::html::{escape, hidden};
use super::second_factor::Then;
use super::ticket::Ticket;
use super::{Verdict, Visit};
use crate::users::User;
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

/// A face that asks on one page, perhaps for a code, and goes on.
#[derive(Clone, Copy)]
pub(crate) struct Flow {
    /// The login page.
    pub page: fn(&Login<'_>) -> Reply,
    /// What follows when the user is known.
    pub then: Then,
}

impl Flow {
    /// A face that differs from the others only in its login page.
    pub const fn of(page: fn(&Login<'_>) -> Reply) -> Self {
        Self { page, then: finish }
    }

    /// Serves any request for the face.
    pub fn serve(self, visit: &Visit<'_>) -> Reply {
        if let Some(reply) = visit.second_factor(self.then) {
            return reply;
        }
        if visit.step == "login" || visit.request.is_post() {
            return self.answer(visit);
        }
        match visit.session_user() {
            Some(user) => visit.finish(&user, None),
            None => self.first_page(visit),
        }
    }

    /// The login page with a new ticket.
    pub fn first_page(self, visit: &Visit<'_>) -> Reply {
        self.page_for(visit, &visit.open_ticket())
    }

    /// The login page with a ticket that was just made.
    pub fn page_for(self, visit: &Visit<'_>, ticket: &Ticket) -> Reply {
        let reply = (self.page)(&Login {
            visit,
            ticket,
            error: "",
        });
        ticket.on(reply, visit)
    }

    /// What follows a filled form.
    pub fn answer(self, visit: &Visit<'_>) -> Reply {
        let password = visit.request.field("password").unwrap_or_default();
        self.answer_with(
            visit,
            visit.ticket(visit.request.field("ticket")),
            &password,
        )
    }

    /// The same for a ticket and a password that were found in an unusual place.
    pub fn answer_with(self, visit: &Visit<'_>, ticket: Option<Ticket>, password: &str) -> Reply {
        let Some(mut ticket) = ticket else {
            return stale();
        };
        let user = visit.request.field("username").unwrap_or_default();
        let verdict = visit.try_password(&user, password);
        let next = visit.after_password(&verdict, &mut ticket, self.then);
        next.unwrap_or_else(|| {
            (self.page)(&Login {
                visit,
                ticket: &ticket,
                error: refusal(&verdict),
            })
        })
    }
}

/// The usual end: the response for AWS.
pub(crate) fn finish(visit: &Visit<'_>, user: &User, ticket: &Ticket) -> Reply {
    visit.finish(user, Some(ticket))
}
