//! One turn of the agent: look, renew what is due, draw the conclusions, note them down.

mod telling;

use std::cell::RefCell;
use std::collections::BTreeMap;

use chrono::DateTime;

use super::needs::Needs;
use super::renew::{self, Renewal};
use super::schedule::{Next, Schedule, Session};
use super::shut_keyring::{password_is_shut, vault_is_shut};
use super::watch::{self, Memory, View};
use super::{LOOK, Pace};
use crate::clock;
use crate::error::{Error, Kind, Result};
use crate::login::Doors;
use crate::store::agent_notes::{Notes, NotesFile, Renewal as Planned, Subject, UnderWay, Why};
use crate::store::sessions::Row;
use crate::ui::{Ui, moment};

/// How often in a row a keyring may be shut before the person is asked for: a quarter of an hour.
const PATIENT_WITH_KEYRING: u32 = 4;

/// What it remembers from turn to turn.
pub struct Agent<'a> {
    ui: &'a Ui,
    notes: NotesFile,
    /// What the file should hold, and whether it does: it is written only when there is news.
    notes_now: Notes,
    are_written: bool,
    schedule: Schedule,
    needs: Needs,
    memory: Memory,
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
            notes_now: earlier.clone(),
            are_written: true,
            schedule: Schedule::resumed(earlier.pauses),
            needs: Needs::resumed(earlier.needs),
            stamp,
            memory: Memory {
                interrupted: earlier.under_way,
                ..Memory::default()
            },
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
        let view = match self.look(doors, all) {
            Ok(view) => view,
            Err(error) => {
                self.say_once("", &error.to_string());
                return Some((now + LOOK, LOOK));
            }
        };
        self.said.remove("");
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
            self.note(&view.sessions, now.timestamp());
            self.needs.show(self.ui);
            let moment = match next {
                Next::Wait(Some(at)) => DateTime::from_timestamp(at, 0),
                _ => None,
            };
            return Some((moment.unwrap_or(now + LOOK).min(now + LOOK), LOOK));
        };
        self.note(&view.sessions, now.timestamp());
        let is_in_it = |session: &&Session| profiles.contains(&session.profile);
        let batch: Vec<&Session> = view.sessions.iter().filter(is_in_it).collect();
        match self.renew(doors, &batch) {
            Renewal::Busy(who) => {
                self.schedule.is_busy(&identity_provider, now.timestamp());
                let error = Error::unreachable(format!(
                    "{who} has not finished signing in to {identity_provider}"
                ))
                .hint("finish or stop that sign-in");
                self.say_once(
                    &identity_provider,
                    &format!("{who} signs in there; waiting"),
                );
                for session in batch {
                    self.last_errors
                        .insert(session.profile.clone(), error.clone());
                }
            }
            Renewal::Ended(results) => {
                self.said.remove(&identity_provider);
                // The keys as they are now: what is left alone is left alone until other ones are there.
                let new = self.look(doors, all);
                let sessions = new.as_ref().map_or(&view.sessions, |new| &new.sessions);
                let is_there = |profile: &str| sessions.iter().find(|one| one.profile == profile);
                let batch = batch.iter().filter_map(|old| is_there(&old.profile));
                let batch: Vec<&Session> = batch.collect();
                // Whose keys somebody removed meanwhile is nobody's business any more.
                let results = results.into_iter();
                let results = results.filter(|(profile, _)| is_there(profile).is_some());
                self.took(
                    doors,
                    &identity_provider,
                    &batch,
                    sessions,
                    results.collect(),
                );
                self.note(sessions, clock::now().timestamp());
                self.needs.show(self.ui);
            }
        }
        None
    }

    /// Looks, and remembers what it saw.
    fn look(&mut self, doors: &Doors, all: bool) -> Result<View> {
        let mut view = watch::look(doors, all, &self.memory)?;
        self.memory.interrupted.clone_from(&view.adopted);
        self.memory.rows.clone_from(&view.rows);
        match view.restored.take() {
            Some(Ok(profiles)) => self.ui.warn(&format!(
                "the record of the keys of {} was lost; it is written again",
                profiles.join(", ")
            )),
            Some(Err(error)) => self.say_once("record", &error.to_string()),
            None => {}
        }
        Ok(view)
    }

    /// Renews a batch; which keys are written is noted down before they are.
    fn renew(&mut self, doors: &Doors, batch: &[&Session]) -> Renewal {
        let written = RefCell::new(Vec::new());
        let note = |rows: &[Row]| {
            let mut notes = self.notes_now.clone();
            let under_way = rows.iter().map(|row| UnderWay {
                profile: row.label.clone(),
                key_id: row.key_id.clone(),
            });
            notes.under_way.extend(under_way);
            written.borrow_mut().extend_from_slice(rows);
            // A folder that cannot be written stops no renewal.
            let _ = self.notes.save(&notes);
        };
        let doors = Doors {
            before_writing: Some(&note),
            nobody_waits: doors.nobody_waits,
            ..doors.for_nobody(doors.ui)
        };
        let renewal = renew::renew(&doors, batch);
        // Where they could not be recorded, it is known from here that they are its own.
        for row in written.into_inner() {
            self.are_written = false;
            self.memory.rows.insert(row.label.clone(), row);
        }
        renewal
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
                Kind::NeedsYou
                    if self.may_soon_unlock(doors, identity_provider, of_one, &failed) =>
                {
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
        let now = clock::now().timestamp();
        // The same for all: what failed together is tried again together.
        let dice = dice();
        let mut again = (Why::NeedsPerson, now);
        for subject in subjects(identity_provider, of_one, failed) {
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
    fn may_soon_unlock(
        &self,
        doors: &Doors,
        identity_provider: &str,
        of_one: bool,
        failed: &[&Session],
    ) -> bool {
        let subjects = subjects(identity_provider, of_one, failed);
        let mut tried = subjects.iter().map(|one| self.schedule.failures(one));
        tried.all(|times| times < PATIENT_WITH_KEYRING)
            && (vault_is_shut(doors, failed)
                || !of_one && password_is_shut(doors, identity_provider))
    }

    /// Writes down what others may want to know; a folder that cannot be written stops no renewal.
    fn note(&mut self, sessions: &[Session], now: i64) {
        let renewals = sessions.iter().filter_map(|session| {
            Some(Planned {
                profile: session.profile.clone(),
                at: self.schedule.renewal_of(session, now)?,
                expires_at: session.expires_at,
            })
        });
        let notes = Notes {
            under_way: self.memory.interrupted.clone(),
            renewals: renewals.collect(),
            needs: self.needs.open().to_vec(),
            pauses: self.schedule.pauses().to_vec(),
        };
        if self.are_written && self.notes_now == notes {
            return;
        }
        self.notes_now = notes;
        match self.notes.save(&self.notes_now) {
            Ok(()) => {
                self.say_plan(&self.notes_now.renewals);
                self.are_written = true;
            }
            Err(error) => {
                self.are_written = false;
                self.say_once("notes", &error.to_string());
            }
        }
    }

    fn say_plan(&self, renewals: &[Planned]) {
        if let Some(first) = renewals.iter().min_by_key(|planned| planned.at) {
            self.ui
                .detail(&format!("next: {} at {}", first.profile, shown(first.at)));
        }
    }
}

/// What is left alone after a failure: the profiles, or all of the identity provider.
fn subjects(identity_provider: &str, of_one: bool, failed: &[&Session]) -> Vec<Subject> {
    let profile = |session: &&Session| Subject::Profile(session.profile.clone());
    match of_one {
        true => failed.iter().map(profile).collect(),
        false => vec![Subject::IdentityProvider(identity_provider.to_owned())],
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

fn shown(at: i64) -> String {
    let at = DateTime::from_timestamp(at, 0).unwrap_or_default();
    moment::local_time(at, clock::now())
}

/// Any number, to part agents that met the same failure at the same time.
fn dice() -> u64 {
    u64::from(std::process::id()) ^ u64::from(clock::now().timestamp_subsec_nanos())
}
