//! `mai serve`: the container credential endpoint, which hands out keys and has them renewed until Ctrl-C.

use std::ffi::OsString;
use std::process::Command;

use clap::Args;
use serde_json::{Map, Value, json};

use super::run::{Run, Secrets};
use crate::error::{Error, Kind, Result};
use crate::handover::default_section::before_an_endpoint;
use crate::handover::keeper::Asks;
use crate::handover::process::expect_command;
use crate::handover::served::{Served, run_command, to_remove};
use crate::login::target::Wishes;
use crate::process::{self, Caught, Then};
use crate::ui::{Format, output};

#[derive(Args)]
pub struct Serve {
    /// Profiles and groups of profiles.yaml; each gets an address and a token of its own
    #[arg(value_name = "PROFILE|GROUP")]
    names: Vec<String>,
    /// Listen on this port of 127.0.0.1, for addresses that stay the same; otherwise a free one
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1024..))]
    port: Option<u16>,
    /// Serve the keys of one profile to this command alone, and end with it
    #[arg(last = true, hide = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Serve {
    pub fn run(self, run: &Run) -> Result<u8> {
        let profiles = run.profiles(&self.names, false)?;
        let doors = run.doors(Secrets::default())?;
        let (wishes, before) = (Wishes::default(), || run.say_notices());
        if let [program, arguments @ ..] = self.command.as_slice() {
            let [profile] = profiles.as_slice() else {
                return Err(Error::usage("a command gets the keys of one profile")
                    .hint("name one profile before `--`"));
            };
            expect_command(program)?;
            let mut command = Command::new(program);
            command.args(arguments);
            return run_command(&doors, profile, &wishes, self.port, &mut command, before);
        }
        let mut served = Served::start(&doors, &profiles, &wishes, self.port, before)?;
        let names: Vec<&str> = served.all.iter().map(|one| one.profile.as_str()).collect();
        let listed = names.join(", ");
        leave_in_peace(&listed, run.format == Format::Text);
        write(&served, run.format)?;
        close_stdout();
        run.say_notices();
        for before in before_an_endpoint(&run.paths) {
            let told = before.told();
            run.ui
                .warn(&format!("SDKs go by {told} before they ask here"));
        }
        let port = served.endpoint.port();
        run.ui.say(&format!(
            "Serving {listed} on 127.0.0.1:{port} until Ctrl-C."
        ));
        served.keeper.asks = Asks::ThisTerminal;
        match served.keeper.keep() {
            Err(error) if error.kind() != Kind::Interrupted => Err(error),
            _ => Ok(0),
        }
    }
}

/// What a server is there for is to be ended: that is no failure.
fn leave_in_peace(listed: &str, words: bool) {
    let told = format!("Serving {listed} no more.");
    process::take_signals(move |_: Caught| {
        if words {
            process::tell(&format!("{}{told}", process::erase_line()));
        }
        Then::Leave(0)
    });
}

/// What SDKs have to find in their environment, for `eval` or for a program. The tokens stay in their files.
fn write(served: &Served, format: Format) -> Result<()> {
    let all = || served.all.iter().enumerate();
    match format {
        Format::Text => {
            let names: Vec<String> = to_remove().into_iter().collect();
            let mut text = format!("unset {}\n", names.join(" "));
            for (index, ready) in all() {
                if served.all.len() > 1 {
                    text.push_str(&format!("# {}\n", ready.profile));
                }
                for (name, value) in served.variables(index) {
                    text.push_str(&format!("export {name}={}\n", shell_words::quote(&value)));
                }
            }
            output::write(&text)
        }
        Format::Json => {
            let profiles = all().map(|(index, ready)| {
                let variables = served.variables(index).into_iter();
                let variables: Map<String, Value> = variables
                    .map(|(name, value)| (name.to_owned(), value.into()))
                    .collect();
                json!({
                    "profile": ready.profile,
                    "role_arn": ready.role.to_string(),
                    "environment": variables,
                })
            });
            output::write_json(&json!({
                "pid": std::process::id(),
                "port": served.endpoint.port(),
                "unset": to_remove(),
                "profiles": profiles.collect::<Vec<Value>>(),
            }))
        }
        Format::Tsv => output::write_tsv(
            &["profile", "url", "token_file", "region"],
            all().map(|(index, ready)| {
                let [(_, url), (_, token)] = served.endpoint.variables(index);
                let region = ready.region.clone().unwrap_or_default();
                vec![ready.profile.clone(), url, token, region]
            }),
        ),
    }
}

/// So that `$(mai serve prod &)` has all that there is to read.
fn close_stdout() {
    #[cfg(unix)]
    if let Ok(nowhere) = std::fs::OpenOptions::new().write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stdout(&nowhere);
    }
}
