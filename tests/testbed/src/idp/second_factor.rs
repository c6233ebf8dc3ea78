//! Codes after the password, for users who have devices and for faces that always ask.

use super::html::{escape, hidden, page};
use super::ticket::{Stage, Ticket};
use super::{Verdict, Visit};
use crate::users::{Device, TOTP_SECRET, User, step_of};
use crate::web::Reply;

/// What follows when all that was asked for was given.
pub(crate) type Then = fn(&Visit<'_>, &User, &Ticket) -> Reply;

/// What a code is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CodeVerdict {
    Good,
    Wrong,
    Replayed,
}

impl Visit<'_> {
    /// After a password: the next page for whoever gave it, or none if it was not good.
    pub fn after_password(
        &self,
        verdict: &Verdict,
        ticket: &mut Ticket,
        then: Then,
    ) -> Option<Reply> {
        match verdict {
            Verdict::Good(user) => Some(self.after_good_password(user, ticket, then)),
            Verdict::Expired(_) => Some(change_password(self)),
            Verdict::Wrong | Verdict::Locked => None,
        }
    }

    fn after_good_password(&self, user: &User, ticket: &mut Ticket, then: Then) -> Reply {
        ticket.user = Some(user.name.clone());
        ticket.stage = Stage::Password;
        self.keep(ticket);
        match self.devices(user).len() {
            0 => self.complete(user, ticket, then),
            1 => Reply::html(code_page(self, ticket, "")),
            _ => Reply::html(choice_page(self, ticket, user)),
        }
    }

    /// After the last factor.
    pub fn complete(&self, user: &User, ticket: &mut Ticket, then: Then) -> Reply {
        ticket.stage = Stage::Complete;
        self.keep(ticket);
        then(self, user, ticket)
    }

    /// Ticket and user of a sign-in that has come at least that far.
    pub fn at_stage(&self, id: Option<String>, stage: Stage) -> Option<(Ticket, User)> {
        let ticket = self.ticket(id).filter(|ticket| ticket.stage >= stage)?;
        let user = self.user_of(&ticket)?;
        Some((ticket, user))
    }

    /// Whom a ticket is about.
    pub fn user_of(&self, ticket: &Ticket) -> Option<User> {
        let name = ticket.user.clone()?;
        self.world.state().users.find(&name).cloned()
    }

    /// The code generators of a user on this face.
    pub fn devices(&self, user: &User) -> Vec<Device> {
        match (self.face.name, user.devices.is_empty()) {
            ("otp", true) => vec![Device {
                name: "phone".into(),
                secret: TOTP_SECRET.into(),
            }],
            _ => user.devices.clone(),
        }
    }

    /// Tries a code; one that was accepted once is never accepted again.
    pub fn try_code(&self, user: &User, device: usize, code: &str) -> CodeVerdict {
        match self.devices(user).get(device) {
            Some(device) => self.try_code_of(user, device, code),
            None => CodeVerdict::Wrong,
        }
    }

    /// The same for a device that is known already.
    pub fn try_code_of(&self, user: &User, device: &Device, code: &str) -> CodeVerdict {
        let now = self.world.now().timestamp().unsigned_abs();
        let Some(step) = step_of(&device.secret, code.trim(), now) else {
            return CodeVerdict::Wrong;
        };
        let used = (user.name.clone(), device.secret.clone(), step);
        match self.world.state().used_codes.insert(used) {
            true => CodeVerdict::Good,
            false => CodeVerdict::Replayed,
        }
    }

    /// The steps `device` and `otp`, if the request is for one of them.
    pub fn second_factor(&self, then: Then) -> Option<Reply> {
        if !self.request.is_post() || !matches!(self.step, "device" | "otp") {
            return None;
        }
        let (mut ticket, user) = self.at_stage(self.request.field("ticket"), Stage::Password)?;
        if self.step == "device" {
            ticket.device = self
                .request
                .field("device")
                .and_then(|index| index.parse().ok());
            self.keep(&ticket);
            return Some(Reply::html(code_page(self, &ticket, "")));
        }
        let code = self.request.field("otp").unwrap_or_default();
        Some(
            match self.try_code(&user, ticket.device.unwrap_or(0), &code) {
                CodeVerdict::Good => self.complete(&user, &mut ticket, then),
                CodeVerdict::Wrong => Reply::html(code_page(self, &ticket, "The code is invalid.")),
                CodeVerdict::Replayed => Reply::html(code_page(
                    self,
                    &ticket,
                    "This code was used before, wrong code.",
                )),
            },
        )
    }
}

fn code_page(visit: &Visit<'_>, ticket: &Ticket, error: &str) -> String {
    let error = match error {
        "" => String::new(),
        text => format!("<p class=\"error\" role=\"alert\">{}</p>\n", escape(text)),
    };
    page(
        "Second factor",
        &format!(
            "<h1>Enter the code of your authenticator</h1>\n{error}<form method=\"post\" action=\"{}\">\n{}\
             <label for=\"otp\">Code</label> <input id=\"otp\" name=\"otp\" type=\"text\" inputmode=\"numeric\" \
             maxlength=\"6\" autocomplete=\"one-time-code\">\n<button type=\"submit\">Verify</button>\n</form>",
            visit.path("otp"),
            hidden("ticket", &ticket.id),
        ),
    )
}

fn choice_page(visit: &Visit<'_>, ticket: &Ticket, user: &User) -> String {
    let radios: String = visit
        .devices(user)
        .iter()
        .enumerate()
        .map(|(index, device)| {
            format!(
                "<label><input type=\"radio\" name=\"device\" value=\"{index}\"> {}</label>\n",
                escape(&device.name)
            )
        })
        .collect();
    page(
        "Second factor",
        &format!(
            "<h1>Choose a device</h1>\n<form method=\"post\" action=\"{}\">\n{}{radios}\
             <button type=\"submit\">Continue</button>\n</form>",
            visit.path("device"),
            hidden("ticket", &ticket.id),
        ),
    )
}

/// The page for an expired password.
pub(crate) fn change_password(visit: &Visit<'_>) -> Reply {
    Reply::html(page(
        "Change password",
        &format!(
            "<h1>Your password has expired</h1>\n<p>You must change your password before you can sign in.</p>\n\
             <form method=\"post\" action=\"{}\">\n\
             <input type=\"password\" name=\"old-password\" autocomplete=\"current-password\">\n\
             <input type=\"password\" name=\"new-password\" autocomplete=\"new-password\">\n\
             <input type=\"password\" name=\"confirm-password\" autocomplete=\"new-password\">\n\
             <button type=\"submit\">Change password</button>\n</form>",
            visit.path("change-password"),
        ),
    ))
}
