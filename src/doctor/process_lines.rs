//! The lines with which SDKs ask `mai`: does each start the right program, for a profile that exists?

use super::Patient;
use super::report::Area;
use crate::config::{AskWith, Config, KeysPlace};
use crate::store::credentials_file::{CredentialsFile, ProcessSetting};
use crate::store::process_line::{ProcessLine, program_of};
use crate::ui::pinentry;

/// The lines of the config file, held against the profiles and against the keys in the credentials file.
pub fn check(
    area: &mut Area,
    patient: &Patient,
    config: &Config,
    aws_config: &CredentialsFile,
    credentials: &CredentialsFile,
) {
    let Ok(path) = patient.paths.aws_config_file() else {
        return;
    };
    let shown = patient.paths.shown(path);
    let settings = aws_config.processes();
    for setting in &settings {
        let place = format!("{shown}:{}: ", setting.line);
        match setting.ours() {
            Some(line) => {
                ours(area, patient, config, setting, &line, &place);
                static_keys(area, credentials, setting, &place);
            }
            None => foreign(area, config, setting, &place),
        }
    }
    for profile in &config.profiles {
        let name = &profile.aws_profile.value;
        let has_line = settings.iter().any(|setting| setting.aws_profile == *name);
        if profile.keys.value == KeysPlace::Process && !has_line {
            area.note(
                format!(
                    "the keys of {} stand in no file, and {shown} has no line with which SDKs ask for them",
                    profile.name
                ),
                format!("mai configure-process {}", profile.name),
            );
        }
    }
}

fn ours(
    area: &mut Area,
    patient: &Patient,
    config: &Config,
    setting: &ProcessSetting,
    line: &ProcessLine,
    place: &str,
) {
    let section = &setting.aws_profile;
    let program = patient.paths.shown(&line.program);
    // A name alone is looked for in PATH by each SDK in its own way.
    if line.program.components().count() > 1 && !line.program.is_file() {
        area.wrong(
            format!("{place}SDKs cannot ask for the keys of {section}: there is no {program}"),
            format!("mai configure-process {}", line.profile),
        );
        return;
    }
    let running = std::env::current_exe().and_then(|running| running.canonicalize());
    let is_another = match (line.program.canonicalize(), running) {
        (Ok(named), Ok(running)) => named != running,
        _ => false,
    };
    if is_another {
        area.note(
            format!("{place}SDKs ask another mai for the keys of {section}: {program}"),
            format!("mai configure-process {}", line.profile),
        );
    }
    // Another configuration has other profiles.
    if line
        .config
        .as_deref()
        .is_some_and(|file| !config.own_file.is_at(file))
    {
        area.good(format!(
            "{place}SDKs ask for the keys of {section} with a configuration of their own"
        ));
        return;
    }
    if line.config.is_none() && !is_usual(patient, config) {
        let own = config.own_file.shown();
        let named = patient.paths.config_override.as_deref();
        if !named.is_some_and(|file| config.own_file.is_at(file)) {
            area.note(
                format!("{place}SDKs ask for the keys of {section} without `-c`, so {own} is not what they go by"),
                "`mai doctor` without `-c` looks at this line",
            );
            return;
        }
        area.note(
            format!("{place}only programs that have MAI_CONFIG too go by {own} for the keys of {section}"),
            format!("`mai configure-process {}` names it in the line", line.profile),
        );
    }
    match config.profile(&line.profile) {
        None => area.wrong(
            format!("{place}SDKs ask for the keys of {}, and there is no such profile", line.profile),
            format!("mai configure-process --remove {section}"),
        ),
        Some(profile) if profile.aws_profile.value != *section => area.note(
            format!(
                "{place}[{section}] asks for the keys of {}, whose section is [{}]",
                profile.name, profile.aws_profile.value
            ),
            format!("mai configure-process {}", profile.name),
        ),
        Some(profile) if profile.keys.value == KeysPlace::File => area.note(
            format!(
                "{place}most SDKs read the keys of {} in the credentials file before they ask for them",
                profile.name
            ),
            "set `keys: process` in profiles.yaml",
        ),
        Some(profile) => area.good(format!("{place}SDKs ask for the keys of {}", profile.name)),
    }
}

/// Is the configuration the one that `mai` reads where nothing names another?
fn is_usual(patient: &Patient, config: &Config) -> bool {
    let usual = Config::usual_file(patient.paths);
    usual.is_ok_and(|file| config.own_file.is_at(&file))
}

/// Botocore, JavaScript and Go read static keys first, Rust and Java ask the process.
fn static_keys(
    area: &mut Area,
    credentials: &CredentialsFile,
    setting: &ProcessSetting,
    place: &str,
) {
    let name = &setting.aws_profile;
    let Some(section) = credentials.section(name) else {
        return;
    };
    if section
        .get("aws_access_key_id")
        .is_some_and(|id| !id.is_empty())
    {
        let line = section.line();
        area.wrong(
            format!("{place}[{name}] has keys in the credentials file (line {line}) too, and SDKs disagree on which count"),
            "`mai configure-process` removes those of mai where `keys: process` is set, and others with --overwrite",
        );
    }
}

fn foreign(area: &mut Area, config: &Config, setting: &ProcessSetting, place: &str) {
    let name = &setting.aws_profile;
    let profile = config
        .profiles
        .iter()
        .find(|p| p.aws_profile.value == *name);
    if let Some(profile) = profile {
        area.note(
            format!(
                "{place}profile {name} asks `{}` for its keys, which Rust and Java prefer to keys in the credentials file",
                program_of(&setting.value)
            ),
            format!("remove it, or give profile {} another `aws_profile`", profile.name),
        );
    }
}

/// `ask_with: pinentry` needs a desktop and the program.
pub fn window(area: &mut Area, patient: &Patient, config: &Config) {
    if config.ask_with.value != AskWith::Pinentry {
        return;
    }
    let path = (patient.variable)("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|folder| folder.join("pinentry"))
        .find(|program| program.is_file());
    match found {
        None => area.wrong(
            "`ask_with: pinentry`, and there is no program `pinentry`",
            "install pinentry-gnome3, pinentry-qt or pinentry-mac",
        ),
        Some(program) if !pinentry::has_desktop(patient.variable) => area.note(
            format!(
                "{} asks where there is a desktop",
                patient.paths.shown(&program)
            ),
            "here is none: neither DISPLAY nor WAYLAND_DISPLAY is set",
        ),
        Some(program) => area.good(format!(
            "{} asks where there is no terminal",
            patient.paths.shown(&program)
        )),
    }
}
