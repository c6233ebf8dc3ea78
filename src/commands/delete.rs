//! `mai delete`: a profile less.

mod stays;

use clap::Args;
use serde_json::{Value, json};

use super::run::Run;
use crate::config::Config;
use crate::config::edit::{Draft, Removed};
use crate::error::{Error, Result};
use crate::setup::profiles_file;
use crate::ui::{Format, output};

#[derive(Args)]
pub struct Delete {
    /// Profiles of profiles.yaml; they also leave groups and `default_profile`
    #[arg(value_name = "PROFILE", required = true)]
    names: Vec<String>,
}

impl Delete {
    pub fn run(mut self, run: &Run) -> Result<u8> {
        let mut seen = Vec::new();
        self.names.retain(|name| {
            let is_new = !seen.contains(name);
            seen.push(name.clone());
            is_new
        });
        for name in &self.names {
            run.config.expect_profile(name)?;
        }
        let changed = profiles_file::change(&run.paths, &run.config, |draft| {
            let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
            for name in &names {
                expect_own(draft, &run.config, name)?;
            }
            draft.remove_profiles(&names)
        })?;
        for note in &changed.notes {
            run.ui.say(note);
        }
        for (name, removed) in self.names.iter().zip(&changed.value) {
            run.ui.say(&sentence(name, removed, &changed.file));
            if let Some(profile) = changed.config.profile(name) {
                run.ui.warn(&format!(
                    "{name} is still a profile: {} describes it too",
                    profile.origin
                ));
            }
        }
        let gone = stays::Gone {
            names: &self.names,
            was: &run.config,
            now: &changed.config,
        };
        gone.say_what_stays(run);
        gone.warn_of_lines(run);
        let removed = self.names.iter().zip(&changed.value);
        match run.format {
            Format::Text => {}
            Format::Json => output::write_json(&json!({
                "removed": removed.map(|(name, removed)| document(name, removed)).collect::<Vec<_>>(),
                "file": changed.file,
            }))?,
            Format::Tsv => output::write_tsv(
                &["profile", "status"],
                removed.map(|(name, _)| vec![name.clone(), "removed".to_owned()]),
            )?,
        }
        Ok(0)
    }
}

/// A profile of another file is not ours to remove; one that is nowhere any more was removed by somebody faster.
fn expect_own(draft: &Draft, config: &Config, name: &str) -> Result<()> {
    match config.profile(name) {
        Some(profile)
            if !draft.has_profile(name)
                && profile.origin.file().map(|file| file.path())
                    != Some(config.own_file.path()) =>
        {
            Err(Error::usage(format!(
                "`{name}` stands in {}, and `mai` writes {} only",
                profile.origin,
                config.own_file.shown()
            ))
            .hint("take it out of that file in an editor"))
        }
        _ => Ok(()),
    }
}

fn sentence(name: &str, removed: &Removed, file: &str) -> String {
    let mut told = format!("Removed {name} from {file}");
    if !removed.left_groups.is_empty() {
        told += &format!(", and from {}", groups(&removed.left_groups));
    }
    if !removed.dropped_groups.is_empty() {
        told += &format!(
            ", with {}, which had no other profile",
            groups(&removed.dropped_groups)
        );
    }
    told.push('.');
    if removed.was_default {
        told += " It was the default: `mai set-default NAME` chooses another.";
    }
    told
}

fn groups(names: &[String]) -> String {
    let word = if names.len() == 1 { "group" } else { "groups" };
    format!("the {word} {}", names.join(", "))
}

fn document(name: &str, removed: &Removed) -> Value {
    json!({
        "profile": name,
        "was_default": removed.was_default,
        "left_groups": removed.left_groups,
        "dropped_groups": removed.dropped_groups,
    })
}
