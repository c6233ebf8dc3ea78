//! What became of a login: one line per profile for people, one document for programs.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::arn::RoleArn;
use crate::clock;
use crate::config::Config;
use crate::error::{Error, Kind};
use crate::ui::{Format, Tone, Ui, moment, output};

/// The end of one profile's login.
#[derive(Debug)]
pub enum Outcome {
    SignedIn(Keys),
    /// Good keys were left alone.
    StillGood(Keys),
    Failed(Error),
}

/// What is known of keys that are there.
#[derive(Debug)]
pub struct Keys {
    pub role: RoleArn,
    pub provider_arn: Option<String>,
    pub account_name: Option<String>,
    pub expires_at: DateTime<Utc>,
    /// False: they are written, and the note by which `mai` knows them again could not be kept.
    pub recorded: bool,
}

/// Where questions have a window, not all have: the rest needs a terminal.
pub fn with_terminal(error: Error, ui: &Ui, names: &str) -> Error {
    match error.kind() {
        Kind::NeedsYou if ui.asks_in_window() => {
            error.better_hint(format!("run `mai login {names}` in a terminal"))
        }
        _ => error,
    }
}

/// One profile and what became of it.
#[derive(Debug)]
pub struct Line {
    pub profile: String,
    pub aws_profile: String,
    pub critical: bool,
    pub outcome: Outcome,
}

/// The exit code of all: that of the first that failed, in the order given; after Ctrl-C 130.
pub fn exit_code(lines: &[Line]) -> u8 {
    let errors = || {
        lines.iter().filter_map(|line| match &line.outcome {
            Outcome::Failed(error) => Some(error),
            Outcome::SignedIn(_) | Outcome::StillGood(_) => None,
        })
    };
    errors()
        .find(|error| error.kind() == Kind::Interrupted)
        .or_else(|| errors().next())
        .map_or(0, Error::exit_code)
}

/// Says what happened.
pub fn write(lines: &[Line], config: &Config, format: Format, ui: &Ui) -> crate::error::Result<()> {
    match format {
        Format::Text => {
            successes(lines, ui);
            failures(lines, ui);
            Ok(())
        }
        Format::Json => output::write_json(&Value::Array(
            lines.iter().map(|line| document(line, config)).collect(),
        )),
        Format::Tsv => {
            failures(lines, ui);
            output::write_tsv(
                &["profile", "aws_profile", "role_arn", "expires_at", "status"],
                lines.iter().map(|line| {
                    let keys = match &line.outcome {
                        Outcome::SignedIn(keys) | Outcome::StillGood(keys) => Some(keys),
                        Outcome::Failed(_) => None,
                    };
                    vec![
                        line.profile.clone(),
                        line.aws_profile.clone(),
                        keys.map(|keys| keys.role.to_string()).unwrap_or_default(),
                        keys.map(|keys| moment::rfc3339(keys.expires_at))
                            .unwrap_or_default(),
                        status(&line.outcome).to_string(),
                    ]
                }),
            )
        }
    }
}

/// One line for each profile that has keys.
pub fn successes(lines: &[Line], ui: &Ui) {
    for line in lines {
        let name = if line.critical {
            ui.tint(Tone::Bad, &line.profile)
        } else {
            line.profile.clone()
        };
        let section = if line.aws_profile == line.profile {
            String::new()
        } else {
            format!(" (in [{}])", line.aws_profile)
        };
        match &line.outcome {
            Outcome::SignedIn(keys) => ui.say(&format!(
                "{} {name}{section} until {}: {}",
                ui.tint(Tone::Good, "Signed in to"),
                moment::local_time(keys.expires_at, clock::now()),
                role(keys)
            )),
            Outcome::StillGood(keys) => ui.say(&format!(
                "Still signed in to {name}{section} until {}: {}",
                moment::local_time(keys.expires_at, clock::now()),
                role(keys)
            )),
            Outcome::Failed(_) => {}
        }
    }
}

/// One line for all of them, where nothing failed but that nobody was there. It says why if there is more to do about
/// it than to be there.
pub fn only_a_person_is_missing(lines: &[Line]) -> Option<Error> {
    let (mut names, mut reasons) = (Vec::new(), Vec::new());
    for line in lines {
        match &line.outcome {
            Outcome::Failed(error) if error.kind() == Kind::NeedsYou => {
                names.push(line.profile.as_str());
                reasons.extend(reason(error).filter(|reason| !reasons.contains(reason)));
            }
            _ => return None,
        }
    }
    let (last, others) = names.split_last()?;
    let listed = match others {
        [] => (*last).to_owned(),
        others => format!("{} and {last}", others.join(", ")),
    };
    let why = match reasons.is_empty() {
        true => String::new(),
        false => format!("{}, or ", reasons.join("; ")),
    };
    Some(Error::needs_you(format!(
        "a person is needed for the keys of {listed}: {why}run `mai login {}` in a terminal",
        names.join(" ")
    )))
}

/// Why a person is needed and what helps, unless that is what helps whoever is asked something.
fn reason(error: &Error) -> Option<String> {
    let hint = error.hint_text()?;
    let is_usual = hint.starts_with("run `mai ") && hint.ends_with("` in a terminal");
    (!is_usual).then(|| format!("{error}; {hint}"))
}

/// Several profiles can fail for one reason, such as a wrong password: it is said once, with all their names.
fn failures(lines: &[Line], ui: &Ui) {
    let mut told: Vec<&Error> = Vec::new();
    for line in lines {
        let Outcome::Failed(error) = &line.outcome else {
            continue;
        };
        if told.contains(&error) {
            continue;
        }
        told.push(error);
        let names: Vec<&str> = lines
            .iter()
            .filter(|other| matches!(&other.outcome, Outcome::Failed(e) if e == error))
            .map(|other| other.profile.as_str())
            .collect();
        if lines.len() > 1 {
            ui.report(&error.clone().at(&names.join(", ")));
        } else {
            ui.report(error);
        }
    }
}

fn role(keys: &Keys) -> String {
    format!("{} in {}", keys.role.name(), account(keys))
}

fn account(keys: &Keys) -> String {
    match &keys.account_name {
        Some(name) => format!("{name} ({})", keys.role.account()),
        None => keys.role.account().to_string(),
    }
}

fn status(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::SignedIn(_) => "signed_in",
        Outcome::StillGood(_) => "still_good",
        Outcome::Failed(_) => "failed",
    }
}

/// One profile for programs.
pub fn document(line: &Line, config: &Config) -> Value {
    let provider = config
        .profile(&line.profile)
        .and_then(|profile| config.provider_of(profile).ok());
    let mut document = json!({
        "profile": line.profile,
        "aws_profile": line.aws_profile,
        "status": status(&line.outcome),
        "identity_provider": provider.map(|p| p.name.clone()),
        "username": provider.and_then(|p| p.username.as_ref().map(|user| user.value.clone())),
    });
    let more = match &line.outcome {
        Outcome::SignedIn(keys) | Outcome::StillGood(keys) => json!({
            "role_arn": keys.role.to_string(),
            "provider_arn": keys.provider_arn,
            "account_id": keys.role.account(),
            "account": keys.account_name,
            "role": keys.role.path_and_name(),
            "expires_at": moment::rfc3339(keys.expires_at),
            "recorded": keys.recorded,
        }),
        Outcome::Failed(error) => json!({ "error": output::error_document(error) }),
    };
    if let (Some(document), Value::Object(more)) = (document.as_object_mut(), more) {
        document.extend(more);
    }
    document
}
