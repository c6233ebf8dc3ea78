//! The configuration of other tools, read and never changed: what of it can be taken over, and what cannot.

mod aws_config;
mod clisso;
mod gimme_aws_creds;
mod okta_aws_cli;
mod plan;
mod saml2aws;
mod source_text;

pub use plan::{Plan, Skipped};

use std::path::{Path, PathBuf};

use crate::arn::{ProviderArn, RoleArn};
use crate::duration::Span;
use crate::error::Result;
use crate::paths::Paths;

/// A tool whose configuration can be taken over.
pub struct Tool {
    /// As it is typed.
    pub name: &'static str,
    /// Where its configuration usually is.
    pub usual_file: fn(&Paths) -> Result<PathBuf>,
    read: fn(&Source<'_>) -> Result<Found>,
}

/// In the order in which they are looked at.
pub const TOOLS: &[Tool] = &[
    Tool {
        name: "saml2aws",
        usual_file: |paths| in_home(paths, ".saml2aws"),
        read: saml2aws::read,
    },
    Tool {
        name: "aws-azure-login",
        usual_file: aws_config_file,
        read: aws_config::azure,
    },
    Tool {
        name: "aws-adfs",
        usual_file: aws_config_file,
        read: aws_config::adfs,
    },
    Tool {
        name: "aws-google-auth",
        usual_file: aws_config_file,
        read: aws_config::google,
    },
    Tool {
        name: "gimme-aws-creds",
        usual_file: |paths| in_home(paths, ".okta_aws_login_config"),
        read: gimme_aws_creds::read,
    },
    Tool {
        name: "clisso",
        usual_file: |paths| in_home(paths, ".clisso.yaml"),
        read: clisso::read,
    },
    Tool {
        name: "okta-aws-cli",
        usual_file: |paths| in_home(paths, ".okta/okta.yaml"),
        read: okta_aws_cli::read,
    },
];

fn in_home(paths: &Paths, below: &str) -> Result<PathBuf> {
    Ok(paths.home()?.join(below))
}

fn aws_config_file(paths: &Paths) -> Result<PathBuf> {
    Ok(paths.aws_config_file()?.to_path_buf())
}

/// A file of another tool.
pub struct Source<'a> {
    pub text: &'a str,
    /// As people know it: `~/.saml2aws`.
    pub shown: &'a str,
}

/// What a file offers.
#[derive(Debug, Default)]
pub struct Found {
    pub entries: Vec<Entry>,
    /// Account ids and names for them.
    pub accounts: Vec<(String, String)>,
    /// What is not taken over, and why.
    pub notes: Vec<String>,
}

/// One profile of another tool, in our words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    /// Where a sign-in starts.
    pub url: String,
    pub username: Option<String>,
    pub role: Option<RoleArn>,
    pub provider_arn: Option<ProviderArn>,
    /// The section it writes to, if that is not the profile's name.
    pub aws_profile: Option<String>,
    pub region: Option<String>,
    pub duration: Option<Span>,
    pub ca_bundle: Option<String>,
    pub remember_device: bool,
    /// `mfa.method`
    pub method: Option<&'static str>,
}

/// The configuration of one tool, if it is there.
pub fn look(tool: &Tool, paths: &Paths, file: Option<&Path>) -> Result<Option<Found>> {
    let path = match file {
        Some(file) => file.to_path_buf(),
        None => (tool.usual_file)(paths)?,
    };
    let shown = paths.shown(&path);
    let Some(text) = source_text::read(&path, &shown)? else {
        return match file {
            Some(_) => Err(crate::error::Error::usage(format!(
                "there is no file {shown}"
            ))),
            None => Ok(None),
        };
    };
    let found = (tool.read)(&Source {
        text: &text,
        shown: &shown,
    })?;
    let is_empty = found.entries.is_empty() && found.notes.is_empty();
    Ok((!is_empty).then_some(found))
}

/// Seconds as other tools write them; what AWS does not give is left out with a word.
fn seconds(text: &str, whose: &str, notes: &mut Vec<String>) -> Option<Span> {
    let span = text.trim().parse().ok().map(Span::seconds)?;
    if span == Span::hours(1) {
        return None;
    }
    if (Span::minutes(15)..=Span::hours(12)).contains(&span) {
        return Some(span);
    }
    notes.push(format!(
        "{whose}: its duration of {span} is left out, since AWS gives keys for 15m to 12h"
    ));
    None
}

/// A role as other tools write it: an ARN, or something that cannot be taken over.
fn role(text: &str, whose: &str, notes: &mut Vec<String>) -> Option<RoleArn> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    match text.parse() {
        Ok(role) => Some(role),
        Err(_) => {
            notes.push(format!(
                "{whose}: its role is no ARN, so it is left out and asked for at the first login"
            ));
            None
        }
    }
}

/// A password in a plain file stays there, and is said.
fn password_stays(whose: &str) -> String {
    format!(
        "{whose}: there is a password or secret in that file, in plain text; it is not taken over. Remove it there, and \
         let mai keep it in the keyring"
    )
}
