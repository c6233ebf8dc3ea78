//! `mai configure-process`: has SDKs ask `mai` for the keys of a profile, by a line in `~/.aws/config`.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::Global;
use super::own_program;
use super::run::{Run, Secrets};
use crate::error::Result;
use crate::setup::process_lines::{self, Caller, Set};
use crate::store::credentials_file::Taken;
use crate::ui::{Format, output};

#[derive(Args)]
pub struct ConfigureProcess {
    /// Profiles and groups of profiles.yaml
    #[arg(value_name = "PROFILE|GROUP", required_unless_present = "all")]
    names: Vec<String>,
    /// All profiles; with --remove, every line that mai wrote
    #[arg(long, conflicts_with = "names")]
    all: bool,
    /// Take the lines out again
    #[arg(long, conflicts_with = "overwrite")]
    remove: bool,
    /// Replace another tool's line, long-lived keys or other settings that say where keys come from
    #[arg(long)]
    overwrite: bool,
}

/// What is said of one profile.
struct Told {
    profile: String,
    aws_profile: String,
    status: &'static str,
    sentence: Option<String>,
}

impl ConfigureProcess {
    pub fn run(self, global: Global) -> Result<u8> {
        let explicit = global.config.clone();
        let run = Run::new(global)?;
        let explicit = explicit.map(|path| run.paths.expand(&path));
        let (told, notes) = match self.remove {
            true => self.remove(&run)?,
            false => self.set(&run, explicit)?,
        };
        for sentence in told.iter().filter_map(|told| told.sentence.as_deref()) {
            run.ui.say(sentence);
        }
        if told.is_empty() {
            run.ui.say("There was nothing to remove.");
        }
        for note in &notes {
            // They quote the file, which may hold anything.
            run.ui.warn(&note.replace(char::is_control, ""));
        }
        match run.format {
            Format::Json => output::write_json(&Value::Array(told.iter().map(document).collect()))?,
            Format::Tsv => output::write_tsv(
                &["profile", "aws_profile", "status"],
                told.iter().map(|told| {
                    vec![
                        told.profile.clone(),
                        told.aws_profile.clone(),
                        told.status.to_owned(),
                    ]
                }),
            )?,
            Format::Text => {}
        }
        Ok(0)
    }

    fn set(&self, run: &Run, explicit: Option<PathBuf>) -> Result<(Vec<Told>, Vec<String>)> {
        let profiles = run.profiles(&self.names, self.all)?;
        // Whoever runs the line has another environment and another folder.
        let named = explicit.or_else(|| run.paths.config_override.clone());
        let config = named.map(|path| std::path::absolute(&path).unwrap_or(path));
        let doors = run.doors(Secrets::default())?;
        let caller = Caller {
            program: own_program::program()?,
            config,
        };
        let (all, mut notes) = process_lines::set(&doors, &profiles, &caller, self.overwrite)?;
        let shadowed: Vec<&str> = all
            .iter()
            .filter(|set| set.shadowed)
            .map(|set| set.profile.as_str())
            .collect();
        if !shadowed.is_empty() {
            let names = shadowed.join(", ");
            notes.push(format!(
                "the keys of {names} go to ~/.aws/credentials, where most SDKs read them before they ask a process: \
                 set `keys: process` in profiles.yaml"
            ));
        }
        let file = run.paths.shown(run.paths.aws_config_file()?);
        let told = all.iter().map(|set| told_of(set, &file)).collect();
        Ok((told, notes))
    }

    fn remove(&self, run: &Run) -> Result<(Vec<Told>, Vec<String>)> {
        let ours = process_lines::ours(&run.paths)?;
        let mut wanted: Vec<(String, String)> = Vec::new();
        if self.all {
            wanted.extend(
                ours.iter()
                    .map(|section| (section.clone(), section.clone())),
            );
        }
        for name in &self.names {
            match run.config.select(std::slice::from_ref(name), false) {
                Ok(profiles) => wanted.extend(
                    profiles
                        .iter()
                        .map(|profile| (profile.name.clone(), profile.aws_profile.value.clone())),
                ),
                // Its line may have outlived the profile.
                Err(_) if ours.contains(name) => wanted.push((name.clone(), name.clone())),
                Err(error) => return Err(error),
            }
        }
        let sections: Vec<String> = wanted.iter().map(|(_, section)| section.clone()).collect();
        let (taken, notes) = process_lines::remove(&run.paths, &run.config, &sections)?;
        let file = run.paths.shown(run.paths.aws_config_file()?);
        let told = wanted.into_iter().zip(taken);
        let told = told.map(|((profile, aws_profile), taken)| Told {
            sentence: Some(match taken {
                Taken::Nothing => format!("{aws_profile} has no line of mai in {file}."),
                Taken::All => removed(&aws_profile, &file),
                Taken::AllButRegion => format!(
                    "{} Its `region` stays: profiles.yaml does not say the same, so it may be yours.",
                    removed(&aws_profile, &file)
                ),
            }),
            status: match taken {
                Taken::Nothing => "absent",
                Taken::All | Taken::AllButRegion => "removed",
            },
            profile,
            aws_profile,
        });
        Ok((told.collect(), notes))
    }
}

fn removed(aws_profile: &str, file: &str) -> String {
    format!("Removed `credential_process` of {aws_profile} from {file}.")
}

fn told_of(set: &Set, file: &str) -> Told {
    let Set {
        profile,
        aws_profile,
        ..
    } = set;
    let mut sentence = match set.changed {
        true => format!(
            "SDKs ask mai for the keys of {profile} now: `credential_process` of {aws_profile} in {file}."
        ),
        false => format!("SDKs ask mai for the keys of {profile} already."),
    };
    if set.cleared {
        sentence +=
            &format!(" Removed the keys in [{aws_profile}]: SDKs would have read them first.");
    }
    Told {
        profile: profile.clone(),
        aws_profile: aws_profile.clone(),
        status: if set.changed || set.cleared {
            "written"
        } else {
            "unchanged"
        },
        sentence: Some(sentence),
    }
}

fn document(told: &Told) -> Value {
    json!({
        "profile": told.profile,
        "aws_profile": told.aws_profile,
        "status": told.status,
    })
}
