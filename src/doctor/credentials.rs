//! The two shared files of AWS: what each SDK would refuse and where, and what stands in the way of fresh keys.

use std::path::Path;

use super::report::{Area, Level};
use super::{Patient, others_may, process_lines};
use crate::clock;
use crate::config::Config;
use crate::login::standing;
use crate::store::aws_config::AwsConfig;
use crate::store::credentials_file::{self, CredentialsFile, ELSEWHERE, Grammar, KEY_PARTS};
use crate::store::{atomic, sessions};

/// More places than this are one sentence.
const SHOWN: usize = 8;

pub fn shared_files(patient: &Patient) -> Area {
    let mut area = Area::new("shared files");
    let paths = patient.paths;
    let read = |path: crate::error::Result<&Path>| {
        let path = path?;
        Ok((path.to_path_buf(), credentials_file::read(path)?))
    };
    match read(paths.credentials_file()) {
        Ok((path, file)) => {
            whole(&mut area, patient, &path, &file, Grammar::Credentials);
            stale_tokens(&mut area, patient, &path, &file);
            if let Ok(config) = &patient.config {
                sections(&mut area, config, &file);
                keys(&mut area, patient, config, &file);
            }
        }
        Err(error) => area.failed(Level::Wrong, &error),
    }
    match read(paths.aws_config_file()) {
        Ok((path, file)) => {
            whole(&mut area, patient, &path, &file, Grammar::Config);
            match AwsConfig::read(&path) {
                Ok(aws) => {
                    if let Ok(config) = &patient.config {
                        shadowing(&mut area, config, &paths.shown(&path), &aws);
                        let credentials = paths.credentials_file().and_then(credentials_file::read);
                        if let Ok(credentials) = credentials {
                            process_lines::check(&mut area, patient, config, &file, &credentials);
                        }
                    }
                }
                Err(error) => area.failed(Level::Wrong, &error),
            }
        }
        Err(error) => area.failed(Level::Wrong, &error),
    }
    area
}

/// The file as such: there, ours alone, readable by all.
fn whole(
    area: &mut Area,
    patient: &Patient,
    path: &Path,
    file: &CredentialsFile,
    grammar: Grammar,
) {
    let shown = patient.paths.shown(path);
    if !path.exists() {
        let what = match grammar {
            Grammar::Credentials => "the first login makes it",
            Grammar::Config => "it is not needed",
        };
        area.good(format!("there is no {shown}; {what}"));
        return;
    }
    let through = match atomic::resolve(path) {
        Ok(target) if target.file_name() != path.file_name() || path.is_symlink() => {
            format!(", a link to {}", patient.paths.shown(&target))
        }
        _ => String::new(),
    };
    area.good(format!("{shown}{through}"));
    if grammar == Grammar::Credentials
        && let Some(mode) = others_may(path, 0o077)
    {
        area.wrong(
            format!("{shown} can be read or written by others (mode {mode:04o})"),
            format!("chmod 600 {shown}"),
        );
    } else if let Some(mode) = others_may(path, 0o022) {
        area.wrong(
            format!("{shown} can be written by others (mode {mode:04o})"),
            format!("chmod go-w {shown}"),
        );
    }
    let problems = file.problems(grammar);
    for problem in problems.iter().take(SHOWN) {
        let text = format!("{shown}:{}: {}", problem.line, problem.text);
        match problem.fatal_for {
            [] => area.note(text, "SDKs differ in what they make of this line"),
            fatal => area.wrong(
                text,
                format!("{} cannot read the whole file", fatal.join(", ")),
            ),
        }
    }
    if problems.len() > SHOWN {
        let rest = &problems[SHOWN..];
        let level = match rest.iter().any(|problem| !problem.fatal_for.is_empty()) {
            true => Level::Wrong,
            false => Level::Note,
        };
        let text = format!("{} more such places in {shown}", rest.len());
        area.add(level, text, None);
    }
}

/// Botocore prefers the older name of the token, so one that differs breaks half of a person's tools.
fn stale_tokens(area: &mut Area, patient: &Patient, path: &Path, file: &CredentialsFile) {
    for name in file.section_names() {
        let Some(section) = file.section(name) else {
            continue;
        };
        let (old, new) = (
            section.get("aws_security_token"),
            section.get("aws_session_token"),
        );
        if let Some(old) = old.filter(|old| Some(*old) != new) {
            let shown = patient.paths.shown(path);
            let line = section.line();
            let what = if old.is_empty() {
                "an empty"
            } else {
                "a stale"
            };
            area.wrong(
                format!("{shown}:{line}: [{name}] has {what} aws_security_token, which botocore prefers to the session token"),
                format!("remove the line aws_security_token from [{name}]"),
            );
        }
    }
}

/// Sections that profiles write to, and that hold something which `mai` does not overwrite.
fn sections(area: &mut Area, config: &Config, file: &CredentialsFile) {
    for profile in &config.profiles {
        if let Err(error) = file.may_write(&profile.aws_profile.value, false) {
            area.add(
                Level::Note,
                format!("profile {}: {error}", profile.name),
                error.hint_text().map(str::to_owned),
            );
        }
    }
}

fn keys(area: &mut Area, patient: &Patient, config: &Config, file: &CredentialsFile) {
    let Ok(rows) = standing::recorded(patient.paths, file) else {
        return;
    };
    let now = clock::now().timestamp();
    let good = config
        .profiles
        .iter()
        .filter(|profile| {
            // Where profiles share a section, its keys are those of the one that signed in last.
            sessions::find(&rows, &profile.aws_profile.value).is_some_and(|row| {
                row.label == profile.name
                    && row.expires_at > now
                    && (row.process || standing::holds_keys_of(file, row))
            })
        })
        .count();
    area.good(format!(
        "{good} of {} profiles have keys that are still good",
        config.profiles.len()
    ));
}

/// Keys of the same name in the config file get mixed with those that `mai` writes.
fn shadowing(area: &mut Area, config: &Config, shown: &str, aws: &AwsConfig) {
    for profile in &config.profiles {
        let name = &profile.aws_profile.value;
        let of = |keys: &[&'static str]| -> Vec<&'static str> {
            let mut found = keys.to_vec();
            found.retain(|key| aws.get(name, key).is_some());
            found
        };
        let has = of(&KEY_PARTS);
        if !has.is_empty() {
            area.wrong(
                format!("{shown}: profile {name} has {} there too, and some SDKs mix them with fresh keys", has.join(", ")),
                format!("remove them from {shown}"),
            );
        }
        let mut elsewhere = of(&ELSEWHERE);
        // What a process has to be is looked at with its line.
        elsewhere.retain(|key| *key != "credential_process");
        if !elsewhere.is_empty() {
            let named = elsewhere.join(", ");
            area.note(
                format!("{shown}: profile {name} has {named}, which Rust and Java prefer to keys in the credentials file"),
                format!("remove it, or give profile {} another `aws_profile`", profile.name),
            );
        }
    }
}
