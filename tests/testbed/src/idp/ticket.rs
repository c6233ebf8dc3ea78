//! The thread through one sign-in: a hidden field that only works with its cookie.

use crate::encoding::random_name;
use crate::web::Reply;

use super::Visit;

/// What the IdP remembers of a sign-in under way.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    pub id: String,
    /// The value of the cookie that must come along.
    pub cookie: String,
    /// The face that gave it out.
    pub face: &'static str,
    /// Who gave a good password, or only a name on faces that ask in two steps.
    pub user: Option<String>,
    /// How far the sign-in has come.
    pub stage: Stage,
    /// The device chosen for codes.
    pub device: Option<usize>,
    /// `ID` and `RelayState` of the request that is answered.
    pub request_id: Option<String>,
    pub relay_state: Option<String>,
    /// Where the response goes, if the request named it.
    pub acs: Option<String>,
    /// The page that was shown last, on faces that number them: how many there were, and its name.
    pub view: (u32, &'static str),
}

/// How far a sign-in has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// Nothing is known.
    Start,
    /// The password was right.
    Password,
    /// So was the code, if one is asked for.
    Complete,
}

impl Ticket {
    /// Puts the cookie on a reply.
    pub fn on(&self, reply: Reply, visit: &Visit<'_>) -> Reply {
        reply.cookie(visit.ticket_cookie(), &self.cookie, visit.face.prefix)
    }
}

impl Visit<'_> {
    /// A new ticket.
    pub fn open_ticket(&self) -> Ticket {
        let ticket = Ticket {
            id: random_name(),
            cookie: random_name(),
            face: self.face.name,
            user: None,
            stage: Stage::Start,
            device: None,
            request_id: None,
            relay_state: None,
            acs: None,
            view: (0, ""),
        };
        self.keep(&ticket);
        ticket
    }

    /// Remembers what changed.
    pub fn keep(&self, ticket: &Ticket) {
        self.world
            .state()
            .tickets
            .insert(ticket.id.clone(), ticket.clone());
    }

    /// The ticket of that id, if its face and its cookie are right.
    pub fn ticket(&self, id: Option<String>) -> Option<Ticket> {
        let ticket = self.ticket_without_cookie(id)?;
        (self.request.cookie(self.ticket_cookie()) == Some(ticket.cookie.clone())).then_some(ticket)
    }

    /// The same for a form that another host was to send.
    pub fn ticket_without_cookie(&self, id: Option<String>) -> Option<Ticket> {
        let state = self.world.state();
        let ticket = state.tickets.get(&id?)?;
        (ticket.face == self.face.name).then(|| ticket.clone())
    }

    /// The cookie that goes with a ticket.
    pub fn ticket_cookie(&self) -> &'static str {
        match self.face.name {
            "simplesaml-1.19" => "SimpleSAMLSessionID",
            name if name.starts_with("simplesaml") => "SimpleSAML",
            name if name.starts_with("keycloak") => "AUTH_SESSION_ID",
            _ => "testbed_ticket",
        }
    }
}
