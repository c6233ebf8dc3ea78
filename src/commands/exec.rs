//! `mai exec`: a command that has keys.

use std::ffi::OsString;
use std::process::Command;

use clap::{Args, ValueEnum};

use super::hand_over::HandOver;
use super::run::{Run, Secrets};
use crate::config::Profile;
use crate::error::{Error, Kind, Result, clean};
use crate::handover::environment::Environment;
use crate::handover::names::Names;
use crate::handover::{process, section, served};

/// How the command gets at the keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Via {
    /// The keys as variables
    #[default]
    Env,
    /// The name of their section in ~/.aws/credentials, in AWS_PROFILE
    Profile,
    /// The address of an endpoint that hands out keys for as long as the command runs
    Endpoint,
}

#[derive(Args)]
#[command(override_usage = "mai exec [OPTIONS] [PROFILE[=PREFIX]]... -- COMMAND [ARGUMENTS]...")]
#[command(
    after_help = "Exit codes: the command's own; 125 `mai` failed before it, 126 it cannot be run, 127 there is no such \
                  command; 2 to 6 and 130 as of every verb"
)]
pub struct Exec {
    #[command(flatten)]
    hand_over: HandOver,
    /// How the command gets at the keys
    #[arg(long, value_enum, default_value_t = Via::Env, value_name = "WAY")]
    via: Via,
    /// What to run, after `--`; it takes the place of `mai`
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// A failure without a code of its own gets one that no command has.
pub fn or_not_started(result: Result<u8>) -> Result<u8> {
    result.map_err(|error| match error.kind() {
        Kind::Failed => error.of_kind(Kind::NotStarted),
        _ => error,
    })
}

impl Exec {
    pub fn run(self, run: &Run) -> Result<u8> {
        if self.via == Via::Endpoint {
            return self.run_beside_endpoint(run);
        }
        let names = self.names()?;
        self.expect_a_command()?;
        self.hand_over.expect_no_clash(&names)?;
        let profiles = self.hand_over.profiles(run)?;
        process::expect_command(&self.command[0])?;
        self.expect_keys_behind_names(run, &profiles, true)?;
        let around = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        let environment = self.hand_over.keys(
            run,
            &profiles,
            |known| Environment::foretold(&names, known).map(drop),
            |handed| {
                self.expect_keys_behind_names(run, &profiles, false)?;
                Environment::of(&names, handed, around)
            },
        )?;
        run.ui.done();
        super::clean_up();
        process::become_command(&self.command, &environment)
    }

    /// A name is worth what SDKs make of it.
    fn expect_keys_behind_names(
        &self,
        run: &Run,
        profiles: &[(&Profile, String)],
        before: bool,
    ) -> Result<()> {
        let mut profiles = profiles.iter().map(|(profile, _)| *profile);
        match self.via {
            Via::Profile => profiles
                .try_for_each(|profile| section::check(&run.paths, &run.config, profile, before)),
            Via::Env | Via::Endpoint => Ok(()),
        }
    }

    fn names(&self) -> Result<Names> {
        match (self.via, &self.hand_over.names) {
            (Via::Env, None) => Ok(Names::of_keys()),
            (Via::Env, Some(names)) => Ok(names.clone()),
            (Via::Profile, None) => Ok(Names::of_section()),
            (Via::Profile | Via::Endpoint, Some(_)) => Err(Error::usage(
                "--names is for keys as variables, which `--via profile` and `--via endpoint` do not set",
            )
            .hint("leave one of the two out")),
            (Via::Endpoint, None) => Ok(Names::of_section()),
        }
    }

    /// `mai` stays beside the command, keeps the keys good, and ends with the command's code.
    fn run_beside_endpoint(&self, run: &Run) -> Result<u8> {
        self.names()?;
        self.expect_a_command()?;
        let profiles = self.hand_over.profiles(run)?;
        let profile = match &profiles[..] {
            [(profile, prefix)] if prefix.is_empty() => profile,
            _ => {
                return Err(Error::usage(
                    "`--via endpoint` is for one profile without a prefix: SDKs ask one endpoint",
                )
                .hint("`mai serve` serves several; or hand over keys: `--via env`"));
            }
        };
        let Some((program, arguments)) = self.command.split_first() else {
            return Ok(0);
        };
        process::expect_command(program)?;
        let doors = run.doors(Secrets::default())?;
        let mut command = Command::new(program);
        command.args(arguments);
        let wishes = self.hand_over.wishes();
        served::run_command(&doors, profile, &wishes, None, &mut command, || {
            run.say_notices()
        })
    }

    fn expect_a_command(&self) -> Result<()> {
        if !self.command.is_empty() {
            return Ok(());
        }
        let mut words = self
            .hand_over
            .wanted
            .iter()
            .map(|one| clean(&one.to_string()));
        let profile = words.next().unwrap_or_else(|| "PROFILE".to_owned());
        let rest: Vec<String> = words.collect();
        let command = match rest.join(" ") {
            none if none.is_empty() => "COMMAND".to_owned(),
            command => command,
        };
        Err(
            Error::usage("there is no command to run: it comes after `--`")
                .hint(format!("`mai exec {profile} -- {command}`")),
        )
    }
}
