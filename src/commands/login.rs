//! `mai login`: sign in and write keys.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use url::Url;
use zeroize::Zeroizing;

use super::run::{Run, Secrets};
use crate::assertion::Assertion;
use crate::aws::saml;
use crate::config::{Profile, RoleWanted};
use crate::duration::Span;
use crate::error::{Error, Result};
use crate::login::plan::LoginPlan;
use crate::login::target::Wishes;
use crate::login::{line, report};
use crate::secret::Secret;

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
    #[arg(long, value_name = "TIME", value_parser = duration)]
    duration: Option<Span>,
    /// Another role than the profile's: an ARN, ACCOUNT/ROLE, or a pattern with *
    #[arg(long, value_name = "ARN|PATTERN", value_parser = role)]
    role: Option<RoleWanted>,
    /// Write to another section of ~/.aws/credentials than the profile's
    #[arg(long, value_name = "NAME")]
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
    /// Read the SAML response from stdin instead of signing in
    #[arg(long, value_name = "-", value_parser = ["-"], hide_possible_values = true)]
    saml_response: Option<String>,
}

impl Login {
    pub fn run(self, run: &Run) -> Result<u8> {
        let profiles = run.profiles(&self.names, self.all)?;
        if self.password_stdin {
            one_identity_provider(&profiles)?;
        }
        let doors = run.doors(Secrets {
            password_from_stdin: self.password_stdin.then(password_from_stdin).transpose()?,
            ask: self.ask,
        })?;
        let given = self
            .saml_response
            .is_some()
            .then(response_from_stdin)
            .transpose()?;
        let wishes = Wishes {
            min: self.min,
            force: self.force || given.is_some(),
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
        let mut ended = line::run(&plan, &doors, given.as_ref());
        report::write(&ended.lines, &run.config, run.format, &run.ui)?;
        ended.offer_to_keep();
        Ok(report::exit_code(&ended.lines))
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

fn duration(text: &str) -> Result<Span, String> {
    let span: Span = text.parse()?;
    if (Span::minutes(15)..=Span::hours(12)).contains(&span) {
        Ok(span)
    } else {
        Err(format!(
            "{span} is out of range: AWS gives keys for 15m to 12h"
        ))
    }
}

fn role(text: &str) -> Result<RoleWanted, String> {
    if text.trim().is_empty() {
        return Err("there is no role in it".into());
    }
    RoleWanted::parse(text)
}

/// The most that is read from stdin: far more than any password or SAML response.
const LONGEST: u64 = 4 << 20;

fn stdin() -> Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    std::io::stdin()
        .lock()
        .take(LONGEST)
        .read_to_string(&mut text)
        .map_err(|error| Error::usage("stdin cannot be read").because(error))?;
    Ok(text)
}

pub(super) fn password_from_stdin() -> Result<Secret> {
    let text = stdin()?;
    let password = text.strip_suffix('\n').unwrap_or(&text);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() {
        return Err(Error::usage("--password-stdin: there is no password on stdin")
            .hint("pipe it in, for example: op read op://team/sso/password | mai login prod --password-stdin"));
    }
    if password.contains(['\n', '\r', '\0']) {
        return Err(Error::usage(
            "--password-stdin: stdin holds more than one line",
        ));
    }
    Ok(Secret::new(password))
}

/// A response as people can copy it: base64 with or without line breaks or URL encoding, `SAMLResponse=…`, or XML.
fn response_from_stdin() -> Result<Assertion> {
    let text = stdin()?;
    let text = text.trim();
    let text = text.strip_prefix("SAMLResponse=").unwrap_or(text);
    let response = if text.starts_with('<') {
        Secret::new(STANDARD.encode(text))
    } else {
        let field = text.split('&').next().unwrap_or_default();
        let decoded = if field.contains('%') {
            // A `+` of base64 stays one: only %XX is undone here.
            let escaped = Zeroizing::new(field.replace('+', "%2B"));
            url::form_urlencoded::parse(format!("r={}", *escaped).as_bytes())
                .next()
                .map(|(_, value)| value.into_owned())
                .unwrap_or_default()
        } else {
            field.to_string()
        };
        Secret::new(decoded.split_whitespace().collect::<String>())
    };
    if response.is_empty() {
        return Err(Error::usage(
            "--saml-response -: there is no SAML response on stdin",
        ));
    }
    let statement = saml::read(&Assertion::new(response.clone(), ""))?;
    let host = statement
        .recipient
        .and_then(|recipient| Url::parse(&recipient).ok())
        .and_then(|recipient| recipient.host_str().map(str::to_string));
    Ok(Assertion::new(response, host.unwrap_or_default()))
}
