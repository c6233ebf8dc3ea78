//! When to renew what: sessions and the clock in, the next renewal out. Nothing here waits, asks or writes.
//!
//! Times are seconds since 1970 by the wall clock, which may jump either way at any moment: no rule adds up waits, each
//! compares moments anew.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Kind;
use crate::store::agent_notes::{Pause, Subject, Why};

/// The first wait after something could not be reached, and the longest.
const SHORTEST_WAIT: i64 = 60;
const LONGEST_WAIT: i64 = 30 * 60;
/// How long what was refused, or needs a person, is left alone if nothing changes.
const LONG_WHILE: i64 = 6 * 3600;
/// How long it waits while somebody signs in.
const BUSY: i64 = 3;
/// Keys of the same identity provider that would be due so soon are renewed along with others.
const SOON: i64 = 30 * 60;

/// The keys of one profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub profile: String,
    pub aws_profile: String,
    pub identity_provider: String,
    pub key_id: String,
    /// Of the keys that they are assumed with, all along the chain, as far as these are there.
    pub parents: Vec<String>,
    pub expires_at: i64,
    /// Keys that last no longer than this count as short.
    pub before: i64,
    /// How long the keys lasted when they were new.
    pub lifetime: i64,
}

impl Session {
    /// The moment to renew them: a little before they count as short, by an amount that differs from key to key, so
    /// that not a whole company renews at once; never in the first half of their life.
    pub fn due_at(&self) -> i64 {
        let room = (self.before / 4).min(self.lifetime / 2 - self.before);
        let early = match u64::try_from(room) {
            Ok(room) if room > 0 => i64::try_from(scattered(&self.key_id) % (room + 1)),
            _ => Ok(0),
        };
        self.expires_at - self.before - early.unwrap_or(0)
    }

    /// When the person should know, if nothing helped until then.
    pub fn alarm_at(&self) -> i64 {
        self.expires_at - (self.before / 2).min(600)
    }

    /// Others of its identity provider are renewed now: is it worth to go along?
    fn goes_along(&self, now: i64) -> bool {
        self.due_at() <= now + SOON && self.expires_at - now <= self.lifetime / 2
    }

    fn belongs_to(&self, subject: &Subject) -> bool {
        match subject {
            Subject::IdentityProvider(name) => *name == self.identity_provider,
            Subject::Profile(name) => *name == self.profile,
        }
    }
}

/// FNV-1a: the same for the same key in every run, and different enough for others.
fn scattered(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

/// What to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// One sign-in for these profiles.
    Renew {
        identity_provider: String,
        profiles: Vec<String>,
    },
    /// Nothing is due before that moment; `None` if nothing ever will be.
    Wait(Option<i64>),
}

/// What is left alone for a while; everything else follows from the sessions.
#[derive(Clone, Debug, Default)]
pub struct Schedule {
    pauses: Vec<Pause>,
    /// Identity providers where somebody signs in, and when that was seen.
    busy: BTreeMap<String, i64>,
}

impl Schedule {
    /// As an earlier agent left it. Who starts anew asks again what could not be reached.
    pub fn resumed(mut pauses: Vec<Pause>) -> Schedule {
        pauses.retain(|pause| pause.why == Why::NeedsPerson);
        Schedule {
            pauses,
            busy: BTreeMap::new(),
        }
    }

    pub fn pauses(&self) -> &[Pause] {
        &self.pauses
    }

    pub fn next(&self, sessions: &[Session], now: i64) -> Next {
        let free = || {
            sessions
                .iter()
                .filter(|session| self.free_at(session, now) <= now)
        };
        let first = free()
            .filter(|session| session.due_at() <= now)
            .min_by_key(|session| session.due_at());
        let Some(first) = first else {
            let moments = sessions
                .iter()
                .map(|session| session.due_at().max(self.free_at(session, now)));
            return Next::Wait(moments.min());
        };
        let along = free()
            .filter(|session| session.identity_provider == first.identity_provider)
            .filter(|session| session.due_at() <= now || session.goes_along(now));
        Next::Renew {
            identity_provider: first.identity_provider.clone(),
            profiles: along.map(|session| session.profile.clone()).collect(),
        }
    }

    /// When a session is renewed, as far as that is known: not if it waits for a person.
    pub fn renewal_of(&self, session: &Session, now: i64) -> Option<i64> {
        let waits_for_person = self
            .holding(session, now)
            .any(|pause| pause.why == Why::NeedsPerson);
        let paused = self.paused_until(session, now);
        (!waits_for_person).then(|| session.due_at().max(paused.unwrap_or(0)))
    }

    /// Somebody signs in there: it is looked at again in a moment, and others need not wait for that.
    pub fn is_busy(&mut self, identity_provider: &str, now: i64) {
        self.busy.insert(identity_provider.to_owned(), now);
    }

    /// From when on a session may be tried.
    fn free_at(&self, session: &Session, now: i64) -> i64 {
        let seen = self.busy.get(&session.identity_provider);
        let seen = seen.filter(|seen| (**seen..**seen + BUSY).contains(&now));
        let busy = seen.map(|seen| seen + BUSY);
        busy.max(self.paused_until(session, now)).unwrap_or(now)
    }

    fn paused_until(&self, session: &Session, now: i64) -> Option<i64> {
        let ends = self
            .holding(session, now)
            .map(|pause| pause.since + pause.wait);
        ends.max()
    }

    fn holding<'a>(
        &'a self,
        session: &'a Session,
        now: i64,
    ) -> impl Iterator<Item = &'a Pause> + 'a {
        self.pauses
            .iter()
            .filter(move |pause| holds(pause, now) && session.belongs_to(&pause.subject))
    }

    /// A sign-in brought keys.
    pub fn worked(&mut self, identity_provider: &str, profiles: &[&str]) {
        self.pauses.retain(|pause| match &pause.subject {
            Subject::IdentityProvider(name) => name != identity_provider,
            Subject::Profile(name) => !profiles.contains(&name.as_str()),
        });
    }

    /// It did not. `dice` is any number, to part the agents that met the same failure; the pause tells when it is
    /// tried again.
    pub fn failed(
        &mut self,
        subject: Subject,
        kind: Kind,
        sessions: &[Session],
        config: &str,
        now: i64,
        dice: u64,
    ) -> &Pause {
        let why = match kind {
            Kind::Unreachable
            | Kind::Failed
            | Kind::NotStarted
            | Kind::NotExecutable
            | Kind::CommandNotFound => Why::Unreachable,
            Kind::Usage | Kind::NeedsYou | Kind::Refused | Kind::Unfamiliar | Kind::Interrupted => {
                Why::NeedsPerson
            }
        };
        let before = self
            .pauses
            .iter()
            .position(|pause| pause.subject == subject)
            .map(|place| self.pauses.remove(place))
            .filter(|pause| pause.why == why)
            .map_or(0, |pause| pause.times);
        let wait = match why {
            Why::Unreachable => backed_off(before, dice),
            Why::NeedsPerson => LONG_WHILE,
        };
        let place = self.pauses.len();
        self.pauses.push(Pause {
            keys: keys_of(&subject, sessions),
            config: config.to_owned(),
            subject,
            why,
            since: now,
            wait,
            times: before + 1,
        });
        &self.pauses[place]
    }

    /// How often in a row something could not be reached.
    pub fn failures(&self, subject: &Subject) -> u32 {
        let mut pauses = self.pauses.iter();
        pauses
            .find(|pause| pause.subject == *subject && pause.why == Why::Unreachable)
            .map_or(0, |pause| pause.times)
    }

    /// The world as it is now: new keys or another configuration are a reason to try again; that keys are gone is none.
    pub fn look(&mut self, sessions: &[Session], config: &str) {
        self.pauses.retain(|pause| {
            let is_known = |key: &str| pause.keys.split(' ').any(|known| known == key);
            let keys = keys_of(&pause.subject, sessions);
            pause.config == config
                && (pause.why == Why::Unreachable
                    || keys.split(' ').all(|key| key.is_empty() || is_known(key)))
        });
    }

    /// The network is another one, or the computer has slept: what could not be reached may be there now.
    pub fn network_changed(&mut self) {
        self.pauses.retain(|pause| pause.why != Why::Unreachable);
    }
}

/// Is the pause still on? Before it began, the clock was set back: then nothing is known of its length.
fn holds(pause: &Pause, now: i64) -> bool {
    (pause.since..pause.since + pause.wait).contains(&now)
}

/// One minute, doubling to half an hour, give or take a fifth.
fn backed_off(times: u32, dice: u64) -> i64 {
    let wait = SHORTEST_WAIT
        .saturating_mul(1 << times.min(10))
        .min(LONGEST_WAIT);
    let fifth = wait / 5;
    let spread = u64::try_from(2 * fifth + 1).unwrap_or(1);
    let shift = i64::try_from(dice % spread).unwrap_or(0) - fifth;
    (wait + shift).min(LONGEST_WAIT)
}

fn keys_of(subject: &Subject, sessions: &[Session]) -> String {
    let own = sessions
        .iter()
        .filter(|session| session.belongs_to(subject));
    // A sign-in for a parent helps its children.
    let keys: BTreeSet<&str> = own
        .flat_map(|session| session.parents.iter().chain([&session.key_id]))
        .map(String::as_str)
        .collect();
    keys.into_iter().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
