//! All that the servers of one testbed share.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Duration, Utc};

use crate::faults::Faults;
use crate::idp::ticket::Ticket;
use crate::saml::encryption::AssertionKey;
use crate::saml::metadata::Trust;
use crate::saml::response::Signed;
use crate::saml::signature::SigningKey;
use crate::seen::{Seen, Server, Traffic};
use crate::sts::StsState;
use crate::users::Users;

/// Where the servers listen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Urls {
    pub idp: String,
    pub other: String,
    pub sts: String,
    pub sts_tls: Option<String>,
    pub untrusted: Option<String>,
    pub wrong_name: Option<String>,
    pub expired: Option<String>,
    pub mutual: Option<String>,
}

/// One testbed's inside.
pub(crate) struct World {
    pub urls: Urls,
    pub key: SigningKey,
    pub sealed: AssertionKey,
    clock: AtomicI64,
    state: Mutex<State>,
}

/// A signed-in browser.
#[derive(Clone, Debug)]
pub(crate) struct BrowserSession {
    pub face: &'static str,
    pub user: String,
    pub until: DateTime<Utc>,
}

/// What changes while a testbed runs.
pub(crate) struct State {
    pub users: Users,
    pub faults: Faults,
    pub seen: Vec<Seen>,
    pub traffic: HashMap<Server, Traffic>,
    /// Passwords tried, by user, right or wrong.
    pub attempts: HashMap<String, u32>,
    /// Wrong passwords in a row, by user.
    pub wrong: HashMap<String, u32>,
    /// Codes that were accepted: user, secret, step.
    pub used_codes: HashSet<(String, String, u64)>,
    pub tickets: HashMap<String, Ticket>,
    pub sessions: HashMap<String, BrowserSession>,
    /// How long a browser stays signed in, in seconds.
    pub session_seconds: i64,
    pub signed: Signed,
    pub sts: StsState,
}

impl World {
    pub fn new(urls: Urls) -> Self {
        Self {
            urls,
            key: SigningKey::generate(),
            sealed: AssertionKey::generate(),
            clock: AtomicI64::new(0),
            state: Mutex::new(State {
                users: Users::usual(),
                faults: Faults::default(),
                seen: Vec::new(),
                traffic: HashMap::new(),
                attempts: HashMap::new(),
                wrong: HashMap::new(),
                used_codes: HashSet::new(),
                tickets: HashMap::new(),
                sessions: HashMap::new(),
                session_seconds: 8 * 3600,
                signed: Signed::Assertion,
                sts: StsState::default(),
            }),
        }
    }

    /// What changes; a test that panicked while holding it does not matter to the others.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time on the testbed's clock.
    pub fn now(&self) -> DateTime<Utc> {
        Utc::now() + Duration::seconds(self.clock.load(Ordering::SeqCst))
    }

    /// Sets the testbed's clock so many seconds off the real one.
    pub fn set_clock(&self, seconds: i64) {
        self.clock.store(seconds, Ordering::SeqCst);
    }

    /// Who the identity provider says it is.
    pub fn entity_id(&self) -> String {
        format!("{}/metadata", self.urls.idp)
    }

    /// The testbed's own identity provider, as the provider of every account that users have roles in.
    pub fn trust_of(&self, users: &Users, provider_arn: &str) -> Option<Trust> {
        users
            .iter()
            .flat_map(|user| &user.roles)
            .any(|role| role.provider_arn() == provider_arn)
            .then(|| self.own_trust())
    }

    /// The testbed's own identity provider.
    pub fn own_trust(&self) -> Trust {
        Trust {
            entity_id: self.entity_id(),
            keys: vec![self.key.public()],
        }
    }
}
