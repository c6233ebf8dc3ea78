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
mod shut_keyring;
pub mod spawned;
pub mod surroundings;
mod turn;
pub mod watch;

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::clock;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::login::{Doors, standing};
use crate::paths::Paths;
use crate::store::agent_notes::NotesFile;
use crate::store::fingerprint::Fingerprint;
use crate::store::locks;
use crate::ui::Ui;

use surroundings::{Files, Network, Program};
use turn::Agent;

/// How long it waits at most before it looks at clock, files and network again.
const LOOK: Duration = Duration::from_secs(60);

/// Until when to wait, and how long at most.
type Pace = (DateTime<Utc>, Duration);

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
    let mut agent = Agent::resume(ui, notes, stamp_of(&config));
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
            agent.network_changed();
        }
        let files = Files::look(&files_of(&config));
        if files != read_files {
            match ground.load() {
                Ok(new) => {
                    // As they were before they were read; new ones among them as they are now.
                    read_files = match files_of(&new) == files_of(&config) {
                        true => files,
                        false => Files::look(&files_of(&new)),
                    };
                    config = new;
                    agent.reconfigured(stamp_of(&config));
                    ui.say(&format!(
                        "read the configuration again: keys for {}",
                        names_of(&config, orders.all)
                    ));
                }
                // Said once: it is read again when it has changed again.
                Err(error) => {
                    read_files = files;
                    ui.warn(&format!("{error}; going on with the configuration before"));
                }
            }
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
