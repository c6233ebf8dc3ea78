//! SDKs that ask `mai` for keys: the lines in `~/.aws/config`, and what in the credentials file would be read first.

use std::path::PathBuf;

use crate::clock;
use crate::config::{Config, KeysPlace, Profile};
use crate::error::{Error, Result};
use crate::keys::SessionCredentials;
use crate::login::standing::{self, Present};
use crate::login::{Doors, kept_keys};
use crate::paths::Paths;
use crate::store::aws_config::AwsConfig;
use crate::store::credentials_file::{self, Taken};
use crate::store::process_line::ProcessLine;
use crate::store::sessions::Row;

/// How SDKs are to start this program.
pub struct Caller {
    pub program: PathBuf,
    /// The configuration, where it is not the usual file.
    pub config: Option<PathBuf>,
}

/// What came of the line of one profile.
pub struct Set {
    pub profile: String,
    pub aws_profile: String,
    /// False if it stood there already.
    pub changed: bool,
    /// Keys left the credentials file, where they would have been read first.
    pub cleared: bool,
    /// Keys will lie in the credentials file, where some SDKs read them first.
    pub shadowed: bool,
}

/// Writes the lines of all these profiles, or none of them.
pub fn set(
    doors: &Doors,
    profiles: &[&Profile],
    caller: &Caller,
    overwrite: bool,
) -> Result<(Vec<Set>, Vec<String>)> {
    let paths = doors.paths;
    refuse_shared_sections(profiles)?;
    let mut lines = Vec::new();
    for profile in profiles {
        let line = ProcessLine {
            program: caller.program.clone(),
            config: caller.config.clone(),
            profile: profile.name.clone(),
        };
        lines.push((*profile, line.value()?));
    }
    let (credentials, state_folder) = (paths.credentials_file()?, paths.state_folder()?);
    // All that could be refused is, before the first byte is written.
    let mut trial = credentials_file::read(credentials)?;
    for profile in profiles {
        trial.clear_for_process(&profile.aws_profile.value, overwrite)?;
    }
    let config = paths.aws_config_file()?;
    let mut trial = credentials_file::read(config)?;
    for (profile, line) in &lines {
        trial.set_process(&profile.aws_profile.value, line, None, overwrite)?;
    }
    move_to_vault(doors, profiles)?;
    let present = credentials_file::read(credentials)?;
    let known = AwsConfig::read(config)?;

    let written = credentials_file::update_config(config, state_folder, |file| {
        let mut all = Vec::new();
        for (profile, line) in &lines {
            let name = &profile.aws_profile.value;
            let section = present.section(name);
            let has_region = known.region_of(name).is_some()
                || section.is_some_and(|section| section.get("region").is_some());
            let region = profile.region.as_ref().filter(|_| !has_region);
            let before = file.to_bytes();
            let region = region.map(|region| region.value.as_str());
            file.set_process(name, line, region, overwrite)?;
            all.push(Set {
                profile: profile.name.clone(),
                aws_profile: name.clone(),
                changed: file.to_bytes() != before,
                cleared: false,
                shadowed: profile.keys.value == KeysPlace::File,
            });
        }
        Ok(all)
    })?;
    let (mut all, mut notes) = (written.value, written.notes);

    // Last, so that there are keys to be had at every moment.
    let written = credentials_file::update(credentials, state_folder, |file| {
        for set in &mut all {
            let section = &set.aws_profile;
            let is_foreign = file.may_write(section, false).is_err();
            if !set.shadowed || is_foreign {
                set.cleared = file.clear_for_process(section, overwrite)? || set.cleared;
            }
        }
        Ok(())
    })?;
    notes.extend(written.notes);
    Ok((all, notes))
}

/// Good keys of `keys: process` that still lie in the credentials file cost no second sign-in.
fn move_to_vault(doors: &Doors, profiles: &[&Profile]) -> Result<()> {
    let present = Present::read(doors)?;
    let in_file = profiles
        .iter()
        .filter(|profile| profile.keys.value == KeysPlace::Process)
        .filter_map(|profile| present.keys_in(&profile.aws_profile.value))
        .filter(|(row, keys)| !row.process && keys.expires_at > clock::now());
    let moved: Vec<(Row, SessionCredentials)> = in_file
        .map(|(row, keys)| {
            let row = Row {
                process: true,
                ..row.clone()
            };
            (row, keys)
        })
        .collect();
    if moved.is_empty() {
        return Ok(());
    }
    let keys = moved
        .iter()
        .map(|(row, keys)| (row.aws_profile.as_str(), keys));
    kept_keys::keep(doors, &keys.collect::<Vec<_>>())?;
    let rows: Vec<Row> = moved.into_iter().map(|(row, _)| row).collect();
    standing::sessions(doors.paths)?.record(&rows)
}

/// Takes our lines out of these profiles of the config file, with what was written along with them.
pub fn remove(
    paths: &Paths,
    known: &Config,
    sections: &[String],
) -> Result<(Vec<Taken>, Vec<String>)> {
    let config = paths.aws_config_file()?;
    let written = credentials_file::update_config(config, paths.state_folder()?, |file| {
        let settings = file.processes();
        let region_of = |section: &String| {
            let setting = settings.iter().find(|s| s.aws_profile == *section)?;
            let profile = known.profile(&setting.ours()?.profile)?;
            profile.region.as_ref().map(|region| region.value.as_str())
        };
        sections
            .iter()
            .map(|section| file.remove_process(section, region_of(section)))
            .collect::<Result<Vec<Taken>>>()
    })?;
    Ok((written.value, written.notes))
}

/// The profiles of the config file that ask `mai`, whether profiles.yaml still knows them or not.
pub fn ours(paths: &Paths) -> Result<Vec<String>> {
    let file = credentials_file::read(paths.aws_config_file()?)?;
    let ours = file.processes().into_iter();
    let ours = ours.filter(|setting| setting.ours().is_some());
    Ok(ours.map(|setting| setting.aws_profile).collect())
}

/// One section can ask for the keys of one profile only.
fn refuse_shared_sections(profiles: &[&Profile]) -> Result<()> {
    for (at, profile) in profiles.iter().enumerate() {
        let section = &profile.aws_profile.value;
        let before = profiles[..at].iter();
        if let Some(other) = before
            .clone()
            .find(|other| other.aws_profile.value == *section)
        {
            return Err(Error::usage(format!(
                "{} and {} both have the section [{section}]",
                other.name, profile.name
            ))
            .hint("name one of them, or give one another `aws_profile:`"));
        }
    }
    Ok(())
}
