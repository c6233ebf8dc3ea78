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
use crate::config::values;
use crate::duration::Span;
use crate::error::Result;
use crate::paths::Paths;

/// A tool whose configuration can be taken over.
pub struct Tool {
    /// As it is typed.
    pub name: &'static str,
    /// Where its configuration usually is.
    pub usual_file: fn(&Paths) -> Result<PathBuf>,
    pub read: fn(&Source<'_>) -> Result<Found>,
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

impl Tool {
    pub fn named(name: &str) -> Option<&'static Tool> {
        TOOLS.iter().find(|tool| tool.name == name)
    }
}

impl Found {
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.accounts.is_empty() && self.notes.is_empty()
    }
}

/// What a file of that tool offers; nothing if there is no such file.
pub fn look(tool: &Tool, paths: &Paths, file: &Path) -> Result<Option<Found>> {
    let shown = paths.shown(file);
    let Some(text) = source_text::read(file, &shown)? else {
        return Ok(None);
    };
    let source = Source {
        text: &text,
        shown: &shown,
    };
    (tool.read)(&source).map(Some)
}

/// Seconds of another tool; what AWS does not give is left out with a word, and an hour is what everybody gets.
fn seconds(length: u64, whose: &str, notes: &mut Vec<String>) -> Option<Span> {
    let span = Span::seconds(length);
    if span == Span::hours(1) {
        return None;
    }
    values::key_span(span)
        .map_err(|why| notes.push(format!("{whose}: its duration is left out, since {why}")))
        .ok()
}

/// The same of text, where a unit is worth so many seconds.
fn seconds_of(text: &str, unit: u64, whose: &str, notes: &mut Vec<String>) -> Option<Span> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let Ok(length) = text.parse::<u64>() else {
        notes.push(format!(
            "{whose}: its duration is no number, so it is left out"
        ));
        return None;
    };
    seconds(length.saturating_mul(unit), whose, notes)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_taken_or_left_out_with_a_word() {
        let read = |text: &str| {
            let mut notes = Vec::new();
            let span = seconds_of(text, 1, "here", &mut notes);
            (span, notes.join(" "))
        };
        assert_eq!(read("28800"), (Some(Span::hours(8)), String::new()));
        assert_eq!(read(" 7200 "), (Some(Span::hours(2)), String::new()));
        assert_eq!(read("3600"), (None, String::new()));
        assert_eq!(read(""), (None, String::new()));
        for (text, words) in [
            ("8h", "no number"),
            ("3600s", "no number"),
            ("-1", "no number"),
            ("99999999999999999999", "no number"),
            ("60", "1m is out of range"),
            ("43201", "12h1s is out of range"),
            ("18446744073709551615", "out of range"),
        ] {
            let (span, note) = read(text);
            assert_eq!(span, None, "{text}");
            assert!(note.starts_with("here: "), "{note}");
            assert!(note.contains(words), "{text}: {note}");
        }
        let mut notes = Vec::new();
        let hours = |text, notes: &mut Vec<String>| seconds_of(text, 3600, "here", notes);
        assert_eq!(hours("12", &mut notes), Some(Span::hours(12)));
        assert_eq!(hours("18446744073709551615", &mut notes), None);
        assert!(notes[0].contains("out of range"), "{notes:?}");
    }
}
