//! The loop that renews keys while nobody watches, and says when it needs a person.
//!
//! It signs in as nobody: no question, no push, no call, no window. `schedule` decides what is due; here it is done,
//! noted down and said.

pub mod needs;
pub mod notify;
pub mod refresh;
pub mod renew;
pub mod schedule;
pub mod service;
pub mod spawned;
pub mod surroundings;
pub mod watch;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::clock;
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::login::{Doors, standing};
use crate::paths::Paths;
use crate::store::agent_notes::{Notes, NotesFile, Renewal as Planned, Subject, Why};
use crate::store::fingerprint::Fingerprint;
use crate::store::locks;
use crate::ui::{Ui, moment};

use needs::Needs;
use renew::Renewal;
use schedule::{Next, Schedule, Session};
use surroundings::{Files, Network, Program};
use watch::View;

/// How long it waits at most before it looks at clock, files and network again.
const LOOK: Duration = Duration::from_secs(60);
/// How long it waits while somebody signs in.
const BUSY: Duration = Duration::from_secs(3);

/// What the agent stands on; the verb hands it in.
pub trait Ground {
    fn paths(&self) -> &Paths;
    fn ui(&self) -> &Ui;
    /// Reads the configuration anew.
    fn load(&self) -> Result<Config>;
    /// Doors for nobody.
    fn doors<'a>(&'a self, config: &'a Config) -> Doors<'a>;
}

/// Which profiles, and as what.
#[derive(Clone, Debug)]
pub struct Orders {
    /// Also those without `renew: true`.
    pub all: bool,
    pub version: &'static str,
    /// Where the program is started from.
    pub program: PathBuf,
}

/// Renews until it is told to stop.
pub fn run(ground: &dyn Ground, orders: &Orders) -> Result<()> {
    let (paths, ui) = (ground.paths(), ground.ui());
    let mut config = ground.load()?;
    let _lock = locks::agent(
        paths.state_folder()?,
        paths.credentials_file()?,
        orders.version,
    )?;
    let notes = NotesFile::beside(&standing::sessions(paths)?, paths.state_folder()?);
    let earlier = notes.load();
    let mut agent = Agent {
        ui,
        notes,
        written: Some(earlier.clone()),
        schedule: Schedule::resumed(earlier.pauses),
        needs: Needs::resumed(earlier.needs),
        stamp: stamp_of(&config),
        interrupted: earlier.under_way,
        known: BTreeMap::new(),
        said: BTreeMap::new(),
    };
    let mut network = Network::as_it_is();
    let mut program = Program::at(orders.program.clone());
    let mut read_files = Files::look(&files_of(&config));
    ui.say(&format!(
        "{} renews keys for {} (process {})",
        orders.version,
        names_of(&config, orders.all),
        std::process::id()
    ));
    loop {
        if network.changed() {
            agent.schedule.network_changed();
        }
        let files = Files::look(&files_of(&config));
        if files != read_files {
            match ground.load() {
                Ok(new) => {
                    config = new;
                    agent.stamp = stamp_of(&config);
                    ui.say(&format!(
                        "read the configuration again: keys for {}",
                        names_of(&config, orders.all)
                    ));
                }
                // Said once: it is read again when it has changed again.
                Err(error) => ui.warn(&format!("{error}; going on with the configuration before")),
            }
            read_files = Files::look(&files_of(&config));
        }
        let wait = agent.turn(&ground.doors(&config), orders.all);
        if program.was_replaced() {
            ui.say("the program was replaced: starting the new one");
            let error = program.become_the_new_one();
            ui.warn(&format!(
                "the new program does not start ({}); going on with this one",
                Error::failed("").because(error).cause().unwrap_or_default()
            ));
        }
        if let Some((until, limit)) = wait {
            clock::wait_until(until, program.patience(limit));
        }
    }
}

struct Agent<'a> {
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
    /// The keys of each profile as they were last seen.
    known: BTreeMap<String, Session>,
    /// What was said about whom, so that it is said once.
    said: BTreeMap<String, String>,
}

impl Agent<'_> {
    /// Looks, does what is due, and tells how long to wait; not at all if there may be more to do.
    fn turn(&mut self, doors: &Doors, all: bool) -> Option<(DateTime<Utc>, Duration)> {
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
                self.took(&identity_provider, &batch, sessions, results);
            }
        }
        None
    }

    /// Draws the conclusions from a renewal.
    fn took(
        &mut self,
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
            self.pause(identity_provider, false, &over, all, &error);
        }
        let mut told: Vec<&Error> = Vec::new();
        for (_, result) in &results {
            let Err(error) = result else { continue };
            if told.contains(&error) {
                continue;
            }
            told.push(error);
            let same = |profile: &str| {
                let mut same = results
                    .iter()
                    .filter(|(_, other)| other.as_ref() == Err(error));
                same.any(|(name, _)| name == profile)
            };
            let failed: Vec<&Session> = batch
                .iter()
                .copied()
                .filter(|session| same(&session.profile))
                .collect();
            let of_one = error.is_of_one_profile() || failed.len() < batch.len();
            self.pause(identity_provider, of_one, &failed, all, error);
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
    ) {
        let subjects: Vec<Subject> = match of_one {
            true => failed
                .iter()
                .map(|session| Subject::Profile(session.profile.clone()))
                .collect(),
            false => vec![Subject::IdentityProvider(identity_provider.to_owned())],
        };
        let now = clock::now().timestamp();
        let mut again = (Why::NeedsPerson, now);
        for subject in subjects {
            let kind = error.kind();
            let pause = self
                .schedule
                .failed(subject, kind, all, &self.stamp, now, dice());
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
        let error = Error::new(
            Kind::Unreachable,
            "the keys could not be renewed so far: the network or the identity provider is missing",
        );
        self.needs.tell(&late, &error, self.ui);
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

fn shown(at: i64) -> String {
    let at = DateTime::from_timestamp(at, 0).unwrap_or_default();
    moment::local_time(at, clock::now())
}

fn names_of(config: &Config, all: bool) -> String {
    let names: Vec<&str> = config
        .profiles
        .iter()
        .filter(|profile| all || profile.renew.value)
        .map(|profile| profile.name.as_str())
        .collect();
    match names.is_empty() {
        true => "no profile: none says `renew: true`".into(),
        false => names.join(", "),
    }
}

/// The files that a configuration came from, and those that would be read if they appeared.
fn files_of(config: &Config) -> Vec<PathBuf> {
    let own = config.own_file.path();
    let mut files: Vec<PathBuf> = config
        .files
        .iter()
        .map(|file| file.path().to_path_buf())
        .collect();
    files.push(own.to_path_buf());
    files.push(own.with_file_name("mai.yaml"));
    files.push(Path::new("/etc/mai/profiles.yaml").to_path_buf());
    files
}

/// The same text for the same configuration, also after a restart.
fn stamp_of(config: &Config) -> String {
    let files = files_of(config);
    let texts: Vec<String> = files
        .iter()
        .map(|file| std::fs::read(file).unwrap_or_default())
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .collect();
    let named: Vec<(&str, &str)> = texts.iter().map(|text| ("file", text.as_str())).collect();
    Fingerprint::of(&named).as_str().to_owned()
}

/// Any number, to part agents that met the same failure at the same time.
fn dice() -> u64 {
    u64::from(std::process::id()) ^ u64::from(clock::now().timestamp_subsec_nanos())
}
