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
    /// True once the password was right.
    pub proven: bool,
    /// How often it was used.
    pub uses: u32,
    /// The device chosen for codes.
    pub device: Option<usize>,
    /// `ID` and `RelayState` of the request that is answered.
    pub request_id: Option<String>,
    pub relay_state: Option<String>,
    /// Where the response goes, if the request named it.
    pub acs: Option<String>,
}

/// The cookie that goes with a ticket.
pub(crate) const COOKIE: &str = "testbed_ticket";

impl Ticket {
    /// Puts the cookie on a reply.
    pub fn on(&self, reply: Reply, visit: &Visit<'_>) -> Reply {
        reply.cookie(COOKIE, &self.cookie, visit.face.prefix)
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
            proven: false,
            uses: 0,
            device: None,
            request_id: None,
            relay_state: None,
            acs: None,
        };
        self.keep(&ticket);
        ticket
    }

    /// Remembers what changed.
    pub fn keep(&self, ticket: &Ticket) {
        self.world.state().tickets.insert(ticket.id.clone(), ticket.clone());
    }

    /// The ticket of that id, if its face and its cookie are right; counts the use.
    pub fn ticket(&self, id: Option<String>) -> Option<Ticket> {
        let cookie = self.request.cookie(COOKIE);
        let mut state = self.world.state();
        let ticket = state.tickets.get_mut(&id?)?;
        let good = ticket.face == self.face.name && cookie.as_deref() == Some(ticket.cookie.as_str());
        good.then(|| {
            ticket.uses += 1;
            ticket.clone()
        })
    }
}
