//! `mai serve`: the container credential endpoint, which hands out keys and has them renewed until Ctrl-C.

use std::ffi::OsString;
use std::process::Command;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use super::run::{Run, Secrets};
use super::{Global, reader};
use crate::error::{Error, Kind, Result};
use crate::handover::default_section::before_an_endpoint;
use crate::handover::evaluated;
use crate::handover::keeper::Asks;
use crate::handover::process::expect_command;
use crate::handover::served::{Served, run_command, to_remove};
use crate::handover::spelling::{Form, spelled};
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
    /// What the variables are written for; the shell that called, if you do not say
    #[arg(long, value_parser = form(), value_name = "FORM", conflicts_with = "command")]
    format: Option<Form>,
    /// Serve the keys of one profile to this command alone, and end with it
    #[arg(last = true, hide = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// The forms of `mai env`. The one that is refused here is not offered.
fn form() -> impl TypedValueParser<Value = Form> {
    let offered = Form::value_variants().iter().filter_map(|form| {
        let value = form.to_possible_value()?;
        Some(match form {
            Form::Json => value.help("One document with the variables of all profiles"),
            Form::K8s => value.hide(true),
            _ => value,
        })
    });
    PossibleValuesParser::new(offered).try_map(|name| Form::from_str(&name, false))
}

impl Serve {
    pub fn run(self, global: Global) -> Result<u8> {
        if self.command.is_empty() {
            reader::awaits_code(self.format, global.output);
        }
        let ended = Run::quietly(global).and_then(|run| self.serve(&run));
        ended.inspect_err(|_| evaluated::fail())
    }

    fn serve(self, run: &Run) -> Result<u8> {
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
        let written = self.written(run, profiles.len())?;
        let mut served = Served::start(&doors, &profiles, &wishes, self.port, before)?;
        let names: Vec<&str> = served.all.iter().map(|one| one.profile.as_str()).collect();
        let listed = names.join(", ");
        leave_in_peace(&listed, run.format == Format::Text);
        write(&served, written)?;
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

/// How the variables are written.
#[derive(Clone, Copy)]
enum Written {
    /// For a shell, or as a file.
    As(Form),
    Document,
    Table,
}

impl Serve {
    /// `--format`, else what `-o` says, else what the calling shell reads.
    fn written(&self, run: &Run, profiles: usize) -> Result<Written> {
        let form = match (self.format, run.format) {
            (Some(Form::Json) | None, Format::Json) | (Some(Form::Json), Format::Text) => {
                return Ok(Written::Document);
            }
            (None, Format::Tsv) => return Ok(Written::Table),
            (Some(form), Format::Json) => return Err(reader::two_things("json", form)),
            (Some(form), Format::Tsv) => return Err(reader::two_things("tsv", form)),
            (Some(form), Format::Text) => form,
            (None, Format::Text) => reader::guessed(run)?,
        };
        match form {
            Form::K8s => Err(Error::usage(
                "`--format k8s` is a Secret with keys, and `mai serve` prints none: its address is for programs on this \
                 computer",
            )
            .hint("`mai env --format k8s` makes one, or choose another --format")),
            Form::Nushell | Form::Dotenv | Form::Docker if profiles > 1 => {
                Err(Error::usage(format!(
                    "{} has one value for each variable, and {profiles} profiles are served",
                    form.name()
                ))
                .hint("serve one profile, or `-o json`, which has all of them"))
            }
            _ => Ok(Written::As(form)),
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
fn write(served: &Served, written: Written) -> Result<()> {
    let all = || served.all.iter().enumerate();
    match written {
        Written::As(form) => {
            let mut text = String::new();
            for (index, ready) in all() {
                if served.all.len() > 1 {
                    text.push_str(&format!("# {}\n", ready.profile));
                }
                text.push_str(&spelled(form, &served.environment(index))?);
            }
            evaluated::write(&text)
        }
        Written::Document => {
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
        Written::Table => output::write_tsv(
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
