//! What the servers were asked, without any secret.

use std::fmt;
use std::time::Instant;

/// One of the testbed's servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Server {
    /// The identity provider, `Testbed::idp_url`.
    Idp,
    /// The second host, `Testbed::other_url`.
    Other,
    /// The security token service, `Testbed::sts_url`.
    Sts,
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Idp => "idp",
            Self::Other => "other",
            Self::Sts => "sts",
        })
    }
}

/// How busy a server has been since the last `Testbed::clear_requests`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Connections that were opened.
    pub connections: u32,
    /// Requests under way at the same time, at most.
    pub most_at_once: u32,
    pub(crate) under_way: u32,
}

/// One request as a server saw it; it never holds a value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When its last byte had come.
    pub at: Instant,
    /// Who was asked.
    pub server: Server,
    /// `GET`, `POST`, ...
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The `Host` header.
    pub host: String,
    /// The names of the fields in query and body, in order.
    pub fields: Vec<String>,
    /// For STS: the `Action`.
    pub action: Option<String>,
    /// A password was in it: in a field of that name, a Basic header, or as any field's value.
    pub had_password: bool,
    /// A one-time code was in it.
    pub had_code: bool,
    /// A cookie came with it.
    pub had_cookie: bool,
    /// An AWS signature came with it.
    pub had_signature: bool,
}
