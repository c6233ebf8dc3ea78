//! `mai agent`: renew keys in the background; and the service that does.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use super::Global;
use super::own_program::program;
use super::run::{self, Doorway, Secrets};
use crate::agent::{self, Orders, service};
use crate::clock;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::login::{Doors, standing};
use crate::paths::Paths;
use crate::process;
use crate::store::agent_notes::NotesFile;
use crate::store::locks;
use crate::ui::{Format, Ui, moment, output, table};

const VERSION: &str = concat!("mai ", env!("CARGO_PKG_VERSION"));

#[derive(Args)]
pub struct Agent {
    /// All profiles that have keys, not only those with `renew: true`
    #[arg(long)]
    all: bool,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    /// Run the agent as a service of systemd or launchd, now and after each login
    Install(Install),
    /// Stop that service and remove it
    Uninstall(Overwrite),
    /// Show whether the agent runs, what it renews when, and what it needs you for
    Status,
}

#[derive(Args)]
struct Install {
    /// All profiles that have keys, not only those with `renew: true`
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    overwrite: Overwrite,
}

#[derive(Args)]
struct Overwrite {
    /// Also if the service's file was changed by hand
    #[arg(long)]
    overwrite: bool,
}

impl Agent {
    pub fn run(self, mut global: Global) -> Result<u8> {
        match self.verb {
            None => {
                // Nobody is asked anything, whoever started it.
                global.no_input = true;
                renew(run::Ground::new(global)?, self.all)
            }
            Some(Verb::Install(verb)) => install(&run::Ground::new(global)?, self.all, &verb),
            Some(Verb::Uninstall(verb)) => {
                let ground = run::Ground::new(global)?;
                let told = service::uninstall(&ground.paths, verb.overwrite)?;
                told.iter().for_each(|line| ground.ui.say(line));
                Ok(0)
            }
            Some(Verb::Status) => status(&run::Ground::new(global)?),
        }
    }
}

/// What the loop stands on.
struct Ground {
    paths: Paths,
    explicit: Option<PathBuf>,
    ui: Ui,
    doorway: Doorway,
}

impl agent::Ground for Ground {
    fn paths(&self) -> &Paths {
        &self.paths
    }

    fn ui(&self) -> &Ui {
        &self.ui
    }

    fn load(&self) -> Result<Config> {
        run::config(&self.paths, self.explicit.as_deref())
    }

    fn doors<'a>(&'a self, config: &'a Config) -> Doors<'a> {
        self.doorway
            .doors(&self.paths, config, &self.ui, Secrets::default())
    }
}

fn renew(ground: run::Ground, all: bool) -> Result<u8> {
    if ground.format != Format::Text {
        return Err(
            Error::usage("`mai agent` has no results to write, so there is no -o")
                .hint("`mai agent status -o json` tells what it does"),
        );
    }
    process::stopping_is_success();
    let ui = ground.ui.with_times();
    let ground = Ground {
        doorway: Doorway::of_environment(|text| ui.say(&text))?,
        paths: ground.paths,
        explicit: ground.explicit,
        ui,
    };
    let orders = Orders {
        all,
        version: VERSION,
        program: program()?,
    };
    agent::run(&ground, &orders)?;
    Ok(0)
}

fn install(ground: &run::Ground, all: bool, verb: &Install) -> Result<u8> {
    // A service that cannot start would say so where nobody looks.
    let config = run::config(&ground.paths, ground.explicit.as_deref())?;
    let mut command = vec![word(&program()?)?];
    if let Some(path) = &ground.explicit {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        command.extend(["-c".into(), word(&path)?]);
    }
    command.push("agent".into());
    let all = all || verb.all;
    if all {
        command.push("--all".into());
    }
    let variable = |name: &str| std::env::var(name).ok();
    let (service, notes) = service::Service::of_environment(command, variable);
    let told = service::install(&ground.paths, &service, verb.overwrite.overwrite)?;
    told.iter().for_each(|line| ground.ui.say(line));
    notes.iter().for_each(|note| ground.ui.warn(note));
    if !all && !config.profiles.iter().any(|profile| profile.renew.value) {
        ground
            .ui
            .warn("no profile says `renew: true` yet, so there is nothing to renew");
    }
    Ok(0)
}

fn word(path: &Path) -> Result<String> {
    let text = path
        .to_str()
        .filter(|text| !text.chars().any(char::is_control));
    text.map(str::to_owned).ok_or_else(|| {
        Error::usage(format!(
            "this path cannot stand in a service's file: {}",
            crate::error::visible(&path.to_string_lossy())
        ))
    })
}

fn status(ground: &run::Ground) -> Result<u8> {
    let state_folder = ground.paths.state_folder()?;
    let running = locks::running_agent(state_folder, ground.paths.credentials_file()?);
    let sessions = standing::sessions(&ground.paths)?;
    let notes = NotesFile::beside(&sessions, state_folder).load();
    let recorded = sessions.load();
    let needs: Vec<_> = notes.open_needs(&recorded).collect();
    // What somebody else's agent planned is no plan.
    let planned = notes.renewals.iter().filter(|_| running.is_some());
    let time = |at: i64| chrono::DateTime::from_timestamp(at, 0).unwrap_or_default();
    let rows = planned.map(|renewal| {
        let (at, end) = (time(renewal.at), time(renewal.expires_at));
        (renewal.profile.clone(), at, end)
    });
    let rows: Vec<_> = rows.collect();
    match ground.format {
        Format::Json => output::write_json(&json!({
            "running": running.is_some(),
            "pid": running.as_ref().map(|agent| agent.pid),
            "version": running.as_ref().map(|agent| version(&agent.command)),
            "since": running.as_ref().map(|agent| moment::rfc3339(time(agent.since))),
            "renewals": rows.iter().map(|(profile, at, end)| json!({
                "profile": profile,
                "renews_at": moment::rfc3339(*at),
                "expires_at": moment::rfc3339(*end),
            })).collect::<Vec<_>>(),
            "needs_you": needs.iter().map(|need| json!({
                "profile": need.profile,
                "since": moment::rfc3339(time(need.since)),
                "why": need.why.word(),
                "reason": need.reason,
            })).collect::<Vec<_>>(),
        }))?,
        Format::Tsv => {
            let rows = rows.iter().map(|(profile, at, end)| {
                vec![profile.clone(), moment::rfc3339(*at), moment::rfc3339(*end)]
            });
            output::write_tsv(&["profile", "renews_at", "expires_at"], rows)?;
        }
        Format::Text => {
            let now = clock::now();
            let mut text = match &running {
                Some(agent) => format!(
                    "the agent runs since {} (process {}, {})\n",
                    moment::local_time(time(agent.since), now),
                    agent.pid,
                    agent.command
                ),
                None => "the agent does not run\n".to_owned(),
            };
            let mut lines: Vec<Vec<String>> = Vec::new();
            for (profile, at, end) in &rows {
                let at = moment::local_time((*at).max(now), now);
                let end = moment::local_time(*end, now);
                lines.push(vec![
                    profile.clone(),
                    format!("renews at {at}, keys until {end}"),
                ]);
            }
            for need in &needs {
                lines.push(vec![need.profile.clone(), need.told()]);
            }
            text += &table::render(&[], &lines, table::stdout_width());
            output::write(&text)?;
            if running.is_none() {
                ground
                    .ui
                    .say("`mai agent install` starts it, now and after each login.");
            }
        }
    }
    Ok(0)
}

fn version(command: &str) -> &str {
    command.strip_prefix("mai ").unwrap_or(command)
}
