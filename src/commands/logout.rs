//! `mai logout`: keys, the identity provider's session, and with `--forget` what is kept for the next login.

use chrono::DateTime;
use clap::Args;
use serde_json::{Value, json};

use super::run::{Run, Secrets};
use crate::clock;
use crate::config::Profile;
use crate::error::{Error, Result};
use crate::login::logout::{self, Extent, Item, Kind};
use crate::login::{parents, standing};
use crate::store::sessions;
use crate::ui::{Format, moment, output};

#[derive(Args)]
pub struct Logout {
    /// Profiles and groups of profiles.yaml, with the sessions of their identity providers; or deleted ones that
    /// `mai status` still lists
    #[arg(value_name = "PROFILE|GROUP")]
    names: Vec<String>,
    /// All profiles, and every other section that mai wrote
    #[arg(long, conflicts_with = "names")]
    all: bool,
    /// Remove stored passwords and all that was learned, too
    #[arg(long)]
    forget: bool,
}

impl Logout {
    pub fn run(self, run: &Run) -> Result<u8> {
        let (profiles, gone) = self.named(run)?;
        let doors = run.doors(Secrets::default())?;
        let extent = Extent {
            all: self.all,
            forget: self.forget,
        };
        let command = format!("mai logout {}", self.names.join(" "));
        let items = logout::run(&doors, &profiles, &gone, extent, &command)?;
        let sentences: Vec<String> = items.iter().filter_map(sentence).collect();
        for sentence in &sentences {
            run.ui.say(sentence);
        }
        let failures = || items.iter().filter_map(|item| item.outcome.as_ref().err());
        if sentences.is_empty() && failures().next().is_none() {
            run.ui.say("There was nothing to remove.");
        }
        self.say_what_goes_on(run, &profiles)?;
        match run.format {
            Format::Json => {
                output::write_json(&Value::Array(items.iter().map(document).collect()))?;
            }
            Format::Tsv => output::write_tsv(
                &["kind", "name", "status"],
                items.iter().map(|item| {
                    let (kind, status) = (kind(item.kind), status(item));
                    vec![kind.to_owned(), item.name.clone(), status.to_owned()]
                }),
            )?,
            Format::Text => {}
        }
        if run.format != Format::Json {
            for error in failures() {
                run.ui.report(error);
            }
        }
        Ok(failures().next().map_or(0, Error::exit_code))
    }

    /// Keys that were assumed with those that are gone do not end with them.
    fn say_what_goes_on(&self, run: &Run, profiles: &[&Profile]) -> Result<()> {
        let rows = standing::sessions(&run.paths)?.load();
        let now = clock::now();
        for child in parents::children(&run.config, profiles) {
            let row = sessions::find(&rows, &child.aws_profile.value);
            let end = row.and_then(|row| DateTime::from_timestamp(row.expires_at, 0));
            if let Some(end) = end.filter(|end| *end > now) {
                run.ui.say(&format!(
                    "The keys of {0}, which were assumed with others, stay until {1}: `mai logout {0}` removes them.",
                    child.name,
                    moment::local_time(end, now)
                ));
            }
        }
        Ok(())
    }

    /// The profiles, and sections with keys that have outlived theirs.
    fn named<'a>(&self, run: &'a Run) -> Result<(Vec<&'a Profile>, Vec<String>)> {
        if self.all {
            // Without profiles there may still be sections.
            return Ok((run.config.profiles.iter().collect(), Vec::new()));
        }
        if self.names.is_empty() {
            return Ok((run.profiles(&[], false)?, Vec::new()));
        }
        let rows = standing::sessions(&run.paths)?.load();
        let (mut known, mut gone) = (Vec::new(), Vec::new());
        for name in &self.names {
            match sessions::find(&rows, name) {
                Some(row) if !run.config.names().any(|known| known == name) => {
                    gone.push(row.aws_profile.clone());
                }
                _ => known.push(name.clone()),
            }
        }
        match known[..] {
            [] => Ok((Vec::new(), gone)),
            _ => Ok((run.config.select(&known, false)?, gone)),
        }
    }
}

/// What is gone, for people.
fn sentence(item: &Item) -> Option<String> {
    if !matches!(item.outcome, Ok(true)) {
        return None;
    }
    let name = &item.name;
    Some(match item.kind {
        Kind::Keys => format!("Removed the keys in [{name}]."),
        Kind::KeptSession => format!("Forgot the session of {name}."),
        Kind::ProviderSession => format!("Signed out at {name}."),
        Kind::Password => format!("Removed the stored password of {name}."),
        Kind::TotpSecret => format!("Removed the stored TOTP secret of {name}."),
        Kind::Learned => "Forgot what was learned.".to_owned(),
        Kind::Vault => "Removed the vault.".to_owned(),
        Kind::Record => "Removed the note of the keys.".to_owned(),
    })
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Keys => "keys",
        Kind::KeptSession => "kept_session",
        Kind::ProviderSession => "provider_session",
        Kind::Password => "password",
        Kind::TotpSecret => "totp_secret",
        Kind::Learned => "learned",
        Kind::Vault => "vault",
        Kind::Record => "record",
    }
}

fn status(item: &Item) -> &'static str {
    match item.outcome {
        Ok(true) => "removed",
        Ok(false) => "absent",
        Err(_) => "failed",
    }
}

fn document(item: &Item) -> Value {
    let mut document = json!({
        "kind": kind(item.kind),
        "name": item.name,
        "status": status(item),
    });
    if let Err(error) = &item.outcome {
        document["error"] = output::error_document(error);
    }
    document
}
