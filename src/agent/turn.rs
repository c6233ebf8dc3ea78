//! One turn of the agent: look, renew what is due, draw the conclusions, note them down.

use std::collections::BTreeMap;

use chrono::DateTime;

use super::needs::Needs;
use super::renew::{self, Renewal};
use super::schedule::{Next, Schedule, Session};
use super::watch::{self, View};
use super::{BUSY, LOOK, Pace};
use crate::clock;
use crate::config::PasswordSource;
use crate::error::{Error, Kind, Result};
use crate::login::{Doors, stored_secrets};
use crate::presence::Presence;
use crate::store::agent_notes::{Notes, NotesFile, Renewal as Planned, Subject, Why};
use crate::store::keyring::{Account, Keyring, SecretKind};
use crate::ui::{Ui, moment};

/// How often in a row a keyring may be shut before the person is asked for: a quarter of an hour.
const PATIENT_WITH_KEYRING: u32 = 4;

/// What it remembers from turn to turn.
pub struct Agent<'a> {
    ui: &'a Ui,
    notes: NotesFile,
    /// What the file holds, so that it is written only when there is news.
    written: Option<Notes>,
    schedule: Schedule,
    needs: Needs,
    /// What an earlier agent was renewing when it was killed, until it is renewed again.
    interrupted: Vec<String>,
    /// Tells configurations apart.
    stamp: String,
    /// Why each profile was not renewed the last time.
    last_errors: BTreeMap<String, Error>,
    /// The keys of each profile as they were last seen.
    known: BTreeMap<String, Session>,
    /// What was said about whom, so that it is said once.
    said: BTreeMap<String, String>,
}

impl<'a> Agent<'a> {
    /// Goes on where an earlier agent ended.
    pub fn resume(ui: &'a Ui, notes: NotesFile, stamp: String) -> Agent<'a> {
        let earlier = notes.load();
        Agent {
            ui,
            notes,
            written: Some(earlier.clone()),
            schedule: Schedule::resumed(earlier.pauses),
            needs: Needs::resumed(earlier.needs),
            stamp,
            interrupted: earlier.under_way,
            last_errors: BTreeMap::new(),
            known: BTreeMap::new(),
            said: BTreeMap::new(),
        }
    }

    /// Another configuration is in force; `stamp` tells it from others.
    pub fn reconfigured(&mut self, stamp: String) {
        self.stamp = stamp;
    }

    pub fn network_changed(&mut self) {
        self.schedule.network_changed();
    }

    /// Looks, does what is due, and tells how long to wait; not at all if there may be more to do.
    pub fn turn(&mut self, doors: &Doors, all: bool) -> Option<Pace> {
        let now = clock::now();
        let view = match watch::look(doors, all, &self.interrupted) {
            Ok(view) => view,
            Err(error) => {
                self.say_once("", &error.to_string());
                return Some((now + LOOK, LOOK));
            }
        };
        self.said.remove("");
        self.interrupted = view.adopted.clone();
        self.schedule.look(&view.sessions, &self.stamp);
        self.tell_idle(&view);
        self.tell_failed(&view, now.timestamp());
        let next = self.schedule.next(&view.sessions, now.timestamp());
        let Next::Renew {
            identity_provider,
            profiles,
        } = next
        else {
            self.warn_before_expiry(&view.sessions, now.timestamp());
            self.note(&view.sessions, now.timestamp(), &[]);
            self.needs.show(self.ui);
            let moment = match next {
                Next::Wait(Some(at)) => DateTime::from_timestamp(at, 0),
                _ => None,
            };
            return Some((moment.unwrap_or(now + LOOK).min(now + LOOK), LOOK));
        };
        self.note(&view.sessions, now.timestamp(), &profiles);
        let batch: Vec<&Session> = view
            .sessions
            .iter()
            .filter(|session| profiles.contains(&session.profile))
            .collect();
        match renew::renew(doors, &batch) {
            Renewal::Busy => {
                self.say_once(&identity_provider, "somebody signs in there; waiting");
                return Some((now + BUSY, BUSY));
            }
            Renewal::Ended(results) => {
                self.said.remove(&identity_provider);
                // The keys as they are now: what is left alone is left alone until other ones are there.
                let new = watch::look(doors, all, &self.interrupted);
                let sessions = new.as_ref().map_or(&view.sessions, |new| &new.sessions);
                let batch: Vec<&Session> = batch
                    .iter()
                    .map(|old| {
                        let mut new = sessions.iter();
                        new.find(|new| new.profile == old.profile).unwrap_or(old)
                    })
                    .collect();
                self.took(doors, &identity_provider, &batch, sessions, results);
                self.note(sessions, clock::now().timestamp(), &[]);
                self.needs.show(self.ui);
            }
        }
        None
    }

    /// Draws the conclusions from a renewal.
    fn took(
        &mut self,
        doors: &Doors,
        identity_provider: &str,
        batch: &[&Session],
        all: &[Session],
        results: Vec<(String, Result<i64>)>,
    ) {
        let renewed: Vec<&str> = results
            .iter()
            .filter(|(_, result)| result.is_ok())
            .map(|(profile, _)| profile.as_str())
            .collect();
        if !renewed.is_empty() {
            self.schedule.worked(identity_provider, &renewed);
            let ends = results
                .iter()
                .filter_map(|(_, result)| result.as_ref().ok());
            self.ui.say(&format!(
                "renewed {} until {}",
                renewed.join(", "),
                shown(ends.min().copied().unwrap_or(0))
            ));
        }
        let over = results.iter().filter_map(|(profile, result)| {
            let now = clock::now().timestamp();
            let over = result.as_ref().is_ok_and(|until| *until <= now + 60);
            over.then_some(profile)
        });
        let over: Vec<&Session> = over
            .filter_map(|profile| batch.iter().copied().find(|one| one.profile == *profile))
            .collect();
        if !over.is_empty() {
            // Else it would sign in again and again.
            let error = Error::needs_you(
                "new keys are over already by this computer's clock, which seems to be wrong",
            );
            self.pause(identity_provider, false, &over, all, &error, error.kind());
        }
        let failures = grouped(&results);
        let may_pass = |error: &Error| matches!(error.kind(), Kind::Unreachable | Kind::Failed);
        if renewed.is_empty()
            && let Some((error, _)) = failures.first()
            && failures.iter().all(|(error, _)| may_pass(error))
        {
            // Nothing came through, whoever it was: one sign-in later tries all of them again.
            self.pause(identity_provider, false, batch, all, error, error.kind());
            return;
        }
        for (error, names) in failures {
            let failed: Vec<&Session> = batch
                .iter()
                .copied()
                .filter(|session| names.contains(&session.profile.as_str()))
                .collect();
            let of_one = error.is_of_one_profile() || failed.len() < batch.len();
            let kind = match error.kind() {
                Kind::NeedsYou if !of_one && self.may_soon_unlock(doors, identity_provider) => {
                    Kind::Unreachable
                }
                kind => kind,
            };
            self.pause(identity_provider, of_one, &failed, all, error, kind);
        }
    }

    /// What failed is left alone for a while; what only a person can help with is told to them.
    fn pause(
        &mut self,
        identity_provider: &str,
        of_one: bool,
        failed: &[&Session],
        all: &[Session],
        error: &Error,
        kind: Kind,
    ) {
        let subjects: Vec<Subject> = match of_one {
            true => failed
                .iter()
                .map(|session| Subject::Profile(session.profile.clone()))
                .collect(),
            false => vec![Subject::IdentityProvider(identity_provider.to_owned())],
        };
        let now = clock::now().timestamp();
        // The same for all: what failed together is tried again together.
        let dice = dice();
        let mut again = (Why::NeedsPerson, now);
        for subject in subjects {
            let pause = self
                .schedule
                .failed(subject, kind, all, &self.stamp, now, dice);
            again = (pause.why, pause.since + pause.wait);
        }
        let names: Vec<&str> = failed.iter().map(|one| one.profile.as_str()).collect();
        match again {
            (Why::NeedsPerson, _) => self.needs.tell(failed, error, self.ui),
            (Why::Unreachable, at) => self.ui.warn(&format!(
                "{}: {error}; trying again at {}",
                names.join(", "),
                shown(at)
            )),
        }
        for session in failed {
            self.last_errors
                .insert(session.profile.clone(), error.clone());
        }
    }

    /// In the first minutes of a desktop's session its keyring may not be there yet, or be locked; without a password
    /// nothing was sent, so asking again costs nothing.
    fn may_soon_unlock(&self, doors: &Doors, identity_provider: &str) -> bool {
        let subject = Subject::IdentityProvider(identity_provider.to_owned());
        self.schedule.failures(&subject) < PATIENT_WITH_KEYRING
            && keyring_is_shut(doors, identity_provider)
    }

    /// Nobody shall meet expired keys because a network was missing.
    fn warn_before_expiry(&mut self, sessions: &[Session], now: i64) {
        let late: Vec<&Session> = sessions
            .iter()
            .filter(|session| now >= session.alarm_at())
            .filter(|session| {
                // Not those of a weekend ago, which nobody misses before they are back.
                session.expires_at + 3600 > now
            })
            .collect();
        if late.is_empty() {
            return;
        }
        for session in late {
            let why = match self.last_errors.get(&session.profile) {
                Some(error) => error.to_string(),
                None => "the network or the identity provider is missing".into(),
            };
            let error = Error::unreachable(format!("the keys could not be renewed so far: {why}"));
            self.needs.tell(&[session], &error, self.ui);
        }
    }

    /// Profiles that are left alone are named once, and again when the reason is another one.
    fn tell_idle(&mut self, view: &View) {
        for (profile, why) in &view.idle {
            self.say_once(profile, why);
        }
        for session in &view.sessions {
            self.said.remove(&session.profile);
        }
    }

    /// What stands in the way is in the log at once; the person is told when the keys would have been renewed.
    fn tell_failed(&mut self, view: &View, now: i64) {
        for session in &view.sessions {
            self.known.insert(session.profile.clone(), session.clone());
        }
        let mut seen = view.sessions.clone();
        for (profile, error) in &view.failed {
            self.say_once(profile, &error.to_string());
            seen.extend(self.known.get(profile).cloned());
        }
        self.needs.look(&seen);
        for (profile, error) in &view.failed {
            if let Some(session) = self.known.get(profile)
                && session.due_at() <= now
            {
                self.needs.tell(&[session], error, self.ui);
            }
        }
    }

    fn say_once(&mut self, about: &str, what: &str) {
        if self.said.get(about).is_some_and(|said| said == what) {
            return;
        }
        let place = if about.is_empty() {
            String::new()
        } else {
            format!("{about}: ")
        };
        self.ui.say(&format!("{place}{what}"));
        self.said.insert(about.to_owned(), what.to_owned());
    }

    /// Writes down what others may want to know; a folder that cannot be written stops no renewal.
    fn note(&mut self, sessions: &[Session], now: i64, under_way: &[String]) {
        let renewals = sessions.iter().filter_map(|session| {
            Some(Planned {
                profile: session.profile.clone(),
                at: self.schedule.renewal_of(session, now)?,
                expires_at: session.expires_at,
            })
        });
        let mut under_way = under_way.to_vec();
        under_way.extend(self.interrupted.iter().cloned());
        under_way.sort_unstable();
        under_way.dedup();
        let notes = Notes {
            under_way,
            renewals: renewals.collect(),
            needs: self.needs.open().to_vec(),
            pauses: self.schedule.pauses().to_vec(),
        };
        if self.written.as_ref() == Some(&notes) {
            return;
        }
        match self.notes.save(&notes) {
            Ok(()) => {
                self.say_plan(&notes.renewals);
                self.written = Some(notes);
            }
            Err(error) => self.say_once("notes", &error.to_string()),
        }
    }

    fn say_plan(&self, renewals: &[Planned]) {
        if let Some(first) = renewals.iter().min_by_key(|planned| planned.at) {
            self.ui
                .detail(&format!("next: {} at {}", first.profile, shown(first.at)));
        }
    }
}

/// Each error once, with the profiles that it hit.
fn grouped(results: &[(String, Result<i64>)]) -> Vec<(&Error, Vec<&str>)> {
    let mut groups: Vec<(&Error, Vec<&str>)> = Vec::new();
    for (profile, result) in results {
        let Err(error) = result else { continue };
        match groups.iter_mut().find(|(known, _)| *known == error) {
            Some((_, profiles)) => profiles.push(profile),
            None => groups.push((error, vec![profile])),
        }
    }
    groups
}

/// Would the password come from a keyring that cannot be opened now?
fn keyring_is_shut(doors: &Doors, identity_provider: &str) -> bool {
    let Some(provider) = doors.config.identity_providers.get(identity_provider) else {
        return false;
    };
    let Ok(state_folder) = doors.paths.state_folder() else {
        return false;
    };
    let user = provider.username.as_ref().map_or("", |user| user.as_str());
    let origin = provider.url.value.origin().ascii_serialization();
    let account = Account::new(SecretKind::Password, &provider.name, user, &origin);
    let mode = stored_secrets::mode_of(doors.config);
    let mut keyring = Keyring::open(Presence::Nobody, mode, state_folder, |_| {});
    provider.password.value == PasswordSource::Keyring && keyring.get(&account).is_err()
}

fn shown(at: i64) -> String {
    let at = DateTime::from_timestamp(at, 0).unwrap_or_default();
    moment::local_time(at, clock::now())
}

/// Any number, to part agents that met the same failure at the same time.
fn dice() -> u64 {
    u64::from(std::process::id()) ^ u64::from(clock::now().timestamp_subsec_nanos())
}
