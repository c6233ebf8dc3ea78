//! `mai env`: keys as text, for a shell or a file.

use std::io::IsTerminal;

use clap::Args;
use serde_json::Value;
use zeroize::Zeroizing;

use super::Global;
use super::hand_over::HandOver;
use super::reader;
use super::run::Run;
use crate::config::Profile;
use crate::error::{Error, Result, clean};
use crate::handover::documents;
use crate::handover::environment::Environment;
use crate::handover::evaluated;
use crate::handover::names::Names;
use crate::handover::spelling::{Form, spelled};
use crate::login::ready::Ready;
use crate::ui::Format;

#[derive(Args)]
#[command(override_usage = "mai env [OPTIONS] [PROFILE[=PREFIX]]...")]
pub struct Env {
    #[command(flatten)]
    hand_over: HandOver,
    /// What it is written for; the shell that called, if you do not say
    #[arg(long, value_enum, value_name = "FORM")]
    format: Option<Form>,
    /// Print what removes the variables again; needs no keys
    #[arg(long)]
    unset: bool,
    /// Print keys to a terminal too
    #[arg(long)]
    show: bool,
    /// (k8s) What the Secret is called; mai-PROFILE if you do not say
    #[arg(long, value_name = "NAME", value_parser = documents::secret_name)]
    secret_name: Option<String>,
    /// (k8s) One entry, `credentials`: a file for ~/.aws, instead of variables
    #[arg(long, conflicts_with = "names")]
    as_file: bool,
}

impl Env {
    pub fn run(self, global: Global) -> Result<u8> {
        reader::awaits_code(self.format, global.output);
        let ended = Run::quietly(global).and_then(|run| self.print(&run));
        ended.inspect_err(|_| evaluated::fail())
    }

    fn print(&self, run: &Run) -> Result<u8> {
        let form = self.form(run)?;
        let names = self.hand_over.names.clone().unwrap_or_else(Names::of_keys);
        self.expect_sense(form)?;
        if !self.is_free_of_names(form) {
            self.hand_over.expect_no_clash(&names)?;
        }
        if self.unset {
            // Of a profile that is gone the variables can still be removed.
            let environment = Environment::without(&names, &self.hand_over.wanted);
            evaluated::write(&spelled(form, &environment)?)?;
            return Ok(0);
        }
        self.expect_no_watcher(form)?;
        let profiles = self.hand_over.profiles(run)?;
        self.hand_over.keys(
            run,
            &profiles,
            |known| spelled(form, &Environment::foretold(&names, known)?).map(drop),
            |handed| evaluated::write(&self.text(form, &names, &profiles, handed)?),
        )?;
        Ok(0)
    }

    /// `--format`, else what `-o json` says, else what the calling shell reads.
    fn form(&self, run: &Run) -> Result<Form> {
        match (self.format, run.format) {
            (Some(Form::Json) | None, Format::Json) => Ok(Form::Json),
            (Some(form), Format::Text) => Ok(form),
            (None, Format::Text) => reader::guessed(run),
            (_, Format::Tsv) => Err(Error::usage("`mai env` has no `-o tsv`")
                .hint("say what it is for with --format, such as bash or dotenv")),
            (Some(form), Format::Json) => Err(reader::two_things("json", form)),
        }
    }

    /// Options that mean nothing in this form.
    fn expect_sense(&self, form: Form) -> Result<()> {
        if self.unset && !form.can_unset() {
            return Err(Error::usage(format!(
                "--unset is for shells: there is nothing to remove in {}",
                form.name()
            ))
            .hint("name a shell with --format, or leave --unset out"));
        }
        if form != Form::K8s && (self.as_file || self.secret_name.is_some()) {
            let option = if self.as_file {
                "--as-file"
            } else {
                "--secret-name"
            };
            return Err(
                Error::usage(format!("{option} is for `--format k8s`")).hint("leave it out")
            );
        }
        let prefixed = self
            .hand_over
            .wanted
            .iter()
            .find(|one| !one.prefix.is_empty());
        match prefixed.filter(|_| self.is_free_of_names(form)) {
            Some(one) => Err(Error::usage(format!(
                "`{one}`: there are no variables here that a prefix could stand before"
            ))
            .hint(format!("`{}` alone is enough", clean(&one.profile)))),
            None => Ok(()),
        }
    }

    /// Does it have fields and sections instead of variables?
    fn is_free_of_names(&self, form: Form) -> bool {
        match form {
            Form::Json => self.hand_over.names.is_none(),
            Form::K8s => self.as_file,
            _ => false,
        }
    }

    /// Keys on a screen are seen by others, and stay in what can be scrolled back.
    fn expect_no_watcher(&self, form: Form) -> Result<()> {
        if self.show || !std::io::stdout().is_terminal() {
            return Ok(());
        }
        let mut command = String::from("mai env");
        for one in &self.hand_over.wanted {
            command.push(' ');
            command.push_str(&clean(&one.to_string()));
        }
        if self.format.is_some() || !form.can_unset() {
            command.push_str(&format!(" --format {}", form.name()));
        }
        Err(
            Error::usage("keys are not shown on a terminal").hint(format!(
                "`{}`, or --show if nobody looks on",
                form.taken_by(&command)
            )),
        )
    }

    fn text(
        &self,
        form: Form,
        names: &Names,
        profiles: &[(&Profile, String)],
        handed: &[(Ready, String)],
    ) -> Result<Zeroizing<String>> {
        if form == Form::Json && self.hand_over.names.is_none() {
            return document(handed);
        }
        let secret = || {
            let chosen = self.secret_name.clone();
            let first = profiles.first().map(|(profile, _)| profile.name.as_str());
            chosen.unwrap_or_else(|| documents::usual_secret_name(first.unwrap_or_default()))
        };
        if self.as_file {
            let all: Vec<&Ready> = handed.iter().map(|(ready, _)| ready).collect();
            return documents::secret_of_file(&secret(), &all);
        }
        let around = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        let environment = Environment::of(names, handed, around)?;
        match form {
            Form::K8s => Ok(documents::secret_of_variables(&secret(), &environment)),
            _ => spelled(form, &environment),
        }
    }
}

/// One profile is one object; several are a list.
fn document(handed: &[(Ready, String)]) -> Result<Zeroizing<String>> {
    let mut all: Vec<Value> = handed
        .iter()
        .map(|(ready, _)| documents::of_profile(ready))
        .collect();
    let document = match all.pop() {
        Some(only) if all.is_empty() => only,
        last => Value::Array(all.into_iter().chain(last).collect()),
    };
    serde_json::to_string_pretty(&document)
        .map(|text| Zeroizing::new(text + "\n"))
        .map_err(|error| Error::failed("this cannot be written as JSON").because(error))
}
