//! `mai login`: sign in and write keys.

use std::path::PathBuf;

use clap::Args;

use super::run::{Run, Secrets, end_recording};
use super::stdin::{password_from_stdin, response_from_stdin};
use super::typed;
use crate::agent::refresh::{self, Refresh};
use crate::config::{Profile, RoleWanted, values};
use crate::duration::Span;
use crate::error::{Error, Result};
use crate::login::plan::LoginPlan;
use crate::login::target::Wishes;
use crate::login::{last_update, line, record, report};
use crate::ui::Format;

#[derive(Args, Default)]
pub struct Login {
    /// Profiles and groups of profiles.yaml; several cost one sign-in per identity provider
    #[arg(value_name = "PROFILE|GROUP")]
    names: Vec<String>,
    /// All profiles
    #[arg(long, conflicts_with = "names")]
    all: bool,
    /// Sign in if the keys last no longer than this (15m, 1h30m)
    #[arg(long, value_name = "TIME")]
    min: Option<Span>,
    /// Sign in even if the keys are still good
    #[arg(long)]
    force: bool,
    /// How long the keys should last (15m to 12h)
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    duration: Option<Span>,
    /// Another role than the profile's: an ARN, ACCOUNT/ROLE, or a pattern with *
    #[arg(long, value_name = "ARN|PATTERN", value_parser = typed::role)]
    role: Option<RoleWanted>,
    /// Write to another section of ~/.aws/credentials than the profile's
    #[arg(long, value_name = "SECTION")]
    awsprofile: Option<String>,
    /// Replace long-lived keys and foreign settings in the section
    #[arg(long)]
    overwrite: bool,
    /// Ask for the password even if one is stored
    #[arg(long)]
    ask: bool,
    /// Read the password from stdin
    #[arg(long, conflicts_with_all = ["ask", "saml_response"])]
    password_stdin: bool,
    /// Sign in and save how it went in a new folder, masked, for a report of a page that mai does not know
    #[arg(long, value_name = "DIR", conflicts_with = "saml_response")]
    record: Option<PathBuf>,
    /// Read the SAML response from stdin instead of signing in
    #[arg(long, value_name = "-", value_parser = ["-"], hide_possible_values = true)]
    saml_response: Option<String>,
    /// Stay, and sign in again whenever the keys are short, until Ctrl-C
    #[arg(short, long, conflicts_with_all = ["record", "saml_response"])]
    refresh: bool,
}

impl Login {
    /// `mai` without a verb.
    pub fn alone(aws_profile: Option<String>) -> Login {
        Login {
            awsprofile: aws_profile,
            ..Login::default()
        }
    }

    pub fn run(self, run: &Run) -> Result<u8> {
        if self.refresh && run.format != Format::Text {
            return Err(Error::usage(
                "--refresh goes on and on, and with -o there would be an end to write",
            )
            .hint("`mai status -o json` tells how the keys stand"));
        }
        let profiles = run.profiles(&self.names, self.all)?;
        if self.password_stdin {
            one_identity_provider(&profiles)?;
        }
        let password = self.password_stdin.then(password_from_stdin).transpose()?;
        let to_refresh = password.clone().filter(|_| self.refresh);
        let mut doors = run.doors(Secrets {
            password_from_stdin: password,
            ask: self.ask,
        })?;
        let given = self
            .saml_response
            .is_some()
            .then(response_from_stdin)
            .transpose()?;
        let wishes = Wishes {
            min: self.min,
            force: self.force || given.is_some() || self.record.is_some(),
            duration: self.duration,
            role: self.role,
            aws_profile: self.awsprofile,
            overwrite: self.overwrite,
        };
        let plan = LoginPlan::make(&doors, &profiles, &wishes)?;
        if given.is_some() && plan.sign_ins.len() > 1 {
            return Err(Error::usage(
                "--saml-response is the answer of one identity provider, and the profiles have several",
            )
            .hint("name profiles of one identity provider"));
        }
        if let Some(folder) = &self.record {
            if plan.sign_ins.len() > 1 {
                return Err(Error::usage(
                    "--record is for one identity provider, and the profiles have several",
                )
                .hint("name profiles of one identity provider"));
            }
            doors.recording = Some(record::begin(&run.paths.expand(folder))?);
        }
        let mut ended = line::run(&plan, &doors, given.as_ref());
        last_update::write(&ended.lines, &doors);
        let reported = report::write(&ended.lines, &run.config, run.format, &run.ui);
        end_recording(&run.ui);
        reported?;
        ended.offer_to_keep();
        let code = report::exit_code(&ended.lines);
        if !self.refresh || code != 0 {
            return Ok(code);
        }
        let refresh = Refresh {
            profiles: &profiles,
            wishes: Wishes {
                force: false,
                ..wishes
            },
            password: to_refresh,
        };
        refresh::run(&refresh, &doors)
    }
}

/// One password is for one identity provider, also when only one of several has to be asked today.
fn one_identity_provider(profiles: &[&Profile]) -> Result<()> {
    let mut names: Vec<&str> = profiles
        .iter()
        .map(|profile| profile.identity_provider.value.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    if names.len() < 2 {
        return Ok(());
    }
    let names = names.join(" and ");
    Err(Error::usage(format!(
        "--password-stdin is one password, and these profiles have several identity providers: {names}"
    ))
    .hint("sign in to the profiles of one identity provider at a time"))
}
