//! The name of a section instead of keys: would every SDK find the keys of the profile behind it?

use std::path::PathBuf;

use crate::config::{Config, KeysPlace, Profile};
use crate::error::{Error, Result, clean};
use crate::paths::Paths;
use crate::store::credentials_file::{self, KeySource, SourceKind};
use crate::store::process_line::ProcessLine;

/// Refused is what gives some SDK other keys than the profile's, or none.
///
/// `before` a sign-in there may be temporary keys in the section: it replaces or removes them, or fails.
pub fn check(paths: &Paths, config: &Config, profile: &Profile, before: bool) -> Result<()> {
    let section = &profile.aws_profile.value;
    let (credentials, aws_config) = (paths.credentials_file()?, paths.aws_config_file()?);
    let in_credentials = credentials_file::read(credentials)?.sources_of_section(section);
    let in_config = credentials_file::read(aws_config)?.sources_of_profile(section);
    let files = [
        (credentials, &in_credentials, true),
        (aws_config, &in_config, false),
    ];
    let mut asks_mai = false;
    for (path, sources, holds_keys) in files {
        for source in sources {
            asks_mai |= matches!(source.kind, SourceKind::Mai(_));
            let KeySource { line, section, .. } = source;
            let place = format!("{}:{line}: [{}]", paths.shown(path), clean(section));
            // Temporary keys are in the way only where they stay.
            let is_passing = before && holds_keys;
            if let Some((wrong, remedy)) = wrong(paths, config, profile, source, is_passing) {
                return Err(refusal(format!("{place} {wrong}"), &remedy));
            }
        }
    }
    if profile.keys.value == KeysPlace::Process && !asks_mai {
        return Err(refusal(
            format!(
                "{} has no line with which SDKs ask mai for the keys of {}",
                paths.shown(aws_config),
                profile.name
            ),
            &format!("`mai configure-process {}`", profile.name),
        ));
    }
    Ok(())
}

fn refusal(text: String, remedy: &str) -> Error {
    Error::usage(text).hint(format!(
        "{remedy}; or hand over the keys themselves: `--via env`"
    ))
}

/// What is wrong with a setting, and what helps.
fn wrong(
    paths: &Paths,
    config: &Config,
    profile: &Profile,
    source: &KeySource,
    is_passing: bool,
) -> Option<(String, String)> {
    let name = &profile.name;
    let configure = format!("`mai configure-process {name}`");
    let elsewhere = format!("remove it, or give {name} another section with `aws_profile:`");
    match &source.kind {
        // In the credentials file they are its own; elsewhere no SDK prefers them to those.
        SourceKind::Keys { .. } if profile.keys.value == KeysPlace::File => None,
        SourceKind::Keys { temporary: true } if is_passing => None,
        SourceKind::Keys { .. } => Some((
            format!("has keys, which most SDKs take before they ask mai for those of {name}"),
            format!("`mai configure-process {name} --overwrite` removes them"),
        )),
        SourceKind::Mai(line) => {
            wrong_line(paths, config, profile, line).map(|wrong| (wrong, configure))
        }
        SourceKind::Program(program) => Some((
            format!(
                "has `{}`, which asks {program} for keys instead of those of {name}",
                source.key
            ),
            elsewhere,
        )),
        SourceKind::Elsewhere => Some((
            format!(
                "has `{}`, which SDKs take before the keys of {name}",
                source.key
            ),
            elsewhere,
        )),
    }
}

/// A line of ours that leads to other keys, or nowhere.
fn wrong_line(
    paths: &Paths,
    config: &Config,
    profile: &Profile,
    line: &ProcessLine,
) -> Option<String> {
    if line.profile != profile.name {
        return Some(format!("asks mai for the keys of {}", line.profile));
    }
    // A name alone is looked for in PATH by each SDK in its own way.
    if line.program.components().count() > 1 && !line.program.is_file() {
        let program = paths.shown(&line.program);
        return Some(format!("asks mai for keys, and there is no {program}"));
    }
    let read = line.config.clone().or_else(|| usual_config(paths))?;
    (!config.own_file.is_at(&read)).then(|| {
        format!(
            "asks mai for keys with the configuration {}",
            paths.shown(&read)
        )
    })
}

/// What `mai` reads where its line names no file.
fn usual_config(paths: &Paths) -> Option<PathBuf> {
    let usual = || Config::usual_file(paths).ok();
    paths.config_override.clone().or_else(usual)
}
