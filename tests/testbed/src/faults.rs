//! What goes wrong on demand.

use crate::seen::Server;

/// Something that a testbed does wrong from now on, see `Testbed::set`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Every answer of a server comes that late; 0 takes it back.
    Latency { server: Server, millis: u64 },
    /// The next answers of a server are an error page with that status.
    Status {
        server: Server,
        status: u16,
        times: u32,
    },
    /// The next answers of STS are `Throttling`.
    Throttle { times: u32 },
    /// The next answers of a server end within the head.
    CutHead { server: Server, times: u32 },
    /// The next answers of a server end within the body.
    CutBody { server: Server, times: u32 },
    /// The next requests to a server get no answer; the connection stays open.
    Hang { server: Server, times: u32 },
    /// The next requests to the IdP that carry a password are redirected to the other host.
    ///
    /// With 307 or 308 a careless client takes the password along.
    RedirectPassword { status: u16, times: u32 },
    /// Every `Date` header is that many seconds off.
    DateSkew { seconds: i64 },
    /// Every response of the IdP is wrong in this way, until `Testbed::clear_faults`.
    Assertion(AssertionFault),
}

/// What is wrong with a SAML response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssertionFault {
    /// Issued ten minutes ago, and over since five.
    Expired,
    /// Issued ten minutes ago, although `NotOnOrAfter` is still to come.
    Stale,
    /// Good from ten minutes ahead.
    NotYetValid,
    /// Over 100,000 characters in base64.
    Huge,
    /// Cut off after two thirds.
    Truncated,
    /// A DOCTYPE with an entity stands before it.
    Doctype,
    /// An `EncryptedAssertion`; the testbed's STS can read it.
    Encrypted,
    /// Status `Responder` with `AuthnFailed`, no assertion.
    AuthnFailed,
    /// Status `Responder` with `NoPassive`, no assertion.
    NoPassive,
    /// Changed after it was signed.
    BadSignature,
    /// Not signed at all.
    Unsigned,
    /// Without `RoleSessionName`.
    NoRoleSessionName,
    /// With this `RoleSessionName`.
    RoleSessionName(String),
    /// Without `NameID`.
    NoNameId,
    /// For another audience.
    Audience(String),
    /// For another recipient.
    Recipient(String),
    /// From another issuer, though signed by the same key.
    Issuer(String),
    /// The session ends that many seconds from now (`SessionNotOnOrAfter`).
    SessionEndsIn(i64),
    /// `NotOnOrAfter` that many seconds from now.
    ValidFor(i64),
    /// The field holds a bare assertion instead of a response.
    BareAssertion,
    /// The field is not base64.
    NotBase64,
}

/// An error that STS gives instead of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub code: String,
    pub message: String,
    pub status: u16,
}

/// What to do to the answer of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    Status(u16),
    CutHead,
    CutBody,
    Hang,
}

/// All faults in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    in_force: Vec<Fault>,
    pub refusals: std::collections::VecDeque<Refusal>,
}

impl Faults {
    pub fn set(&mut self, fault: Fault) {
        match &fault {
            Fault::Latency { server, .. } => {
                let server = *server;
                self.in_force
                    .retain(|old| !matches!(old, Fault::Latency { server: s, .. } if *s == server));
            }
            Fault::DateSkew { .. } => self
                .in_force
                .retain(|old| !matches!(old, Fault::DateSkew { .. })),
            _ => {}
        }
        self.in_force.push(fault);
    }

    pub fn clear(&mut self) {
        self.in_force.clear();
        self.refusals.clear();
    }

    pub fn latency(&self, of: Server) -> u64 {
        self.in_force
            .iter()
            .find_map(|fault| match fault {
                Fault::Latency { server, millis } if *server == of => Some(*millis),
                _ => None,
            })
            .unwrap_or(0)
    }

    pub fn date_skew(&self) -> i64 {
        self.in_force
            .iter()
            .find_map(|fault| match fault {
                Fault::DateSkew { seconds } => Some(*seconds),
                _ => None,
            })
            .unwrap_or(0)
    }

    pub fn assertion(&self) -> Vec<AssertionFault> {
        self.in_force
            .iter()
            .filter_map(|fault| match fault {
                Fault::Assertion(fault) => Some(fault.clone()),
                _ => None,
            })
            .collect()
    }

    /// The mishap for this request, which uses it up.
    pub fn mishap(&mut self, of: Server) -> Option<Mishap> {
        self.take(|fault| match fault {
            Fault::Status {
                server,
                status,
                times,
            } if *server == of => Some((Mishap::Status(*status), times)),
            Fault::CutHead { server, times } if *server == of => Some((Mishap::CutHead, times)),
            Fault::CutBody { server, times } if *server == of => Some((Mishap::CutBody, times)),
            Fault::Hang { server, times } if *server == of => Some((Mishap::Hang, times)),
            _ => None,
        })
    }

    /// True if this request is to be throttled.
    pub fn throttles(&mut self) -> bool {
        self.take(|fault| match fault {
            Fault::Throttle { times } => Some(((), times)),
            _ => None,
        })
        .is_some()
    }

    /// The status with which this password is to be sent elsewhere.
    pub fn redirects_password(&mut self) -> Option<u16> {
        self.take(|fault| match fault {
            Fault::RedirectPassword { status, times } => Some((*status, times)),
            _ => None,
        })
    }

    fn take<T>(&mut self, pick: impl Fn(&mut Fault) -> Option<(T, &mut u32)>) -> Option<T> {
        for fault in &mut self.in_force {
            if let Some((what, times)) = pick(fault)
                && *times > 0
            {
                *times -= 1;
                return Some(what);
            }
        }
        None
    }
}
