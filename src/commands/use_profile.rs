//! `mai use PROFILE`: what the function of `mai init SHELL --use` asks, since only the shell can change its variables.

use std::collections::BTreeSet;
use std::ffi::OsString;

use clap::Args;

use super::run::Run;
use crate::clock;
use crate::error::{Error, Result, clean};
use crate::login::standing;
use crate::store::aws_config::AwsConfig;
use crate::store::credentials_file;
use crate::store::sessions::{Row, find};
use crate::ui::output;

#[derive(Args)]
pub struct UseProfile {
    /// A profile, or a section of ~/.aws/credentials or ~/.aws/config
    #[arg(value_name = "PROFILE")]
    name: Option<String>,
    /// For the function: print the section to put into AWS_PROFILE
    #[arg(long, hide = true, requires = "name")]
    section: bool,
}

impl UseProfile {
    pub fn run(self, run: &Run) -> Result<u8> {
        let Some(name) = self.name.as_deref().filter(|_| self.section) else {
            return Err(no_function(self.name.as_deref()));
        };
        let section = section_of(run, name)?;
        if !is_harmless(&section) {
            return Err(Error::usage(format!(
                "the section [{}] has signs in its name that shells give a meaning to",
                clean(&section)
            ))
            .hint("give it a name of letters, digits and . _ / @ : + = , -"));
        }
        if run.config.profile(name).is_some() {
            tell_of_missing_keys(run, name, &section)?;
        }
        output::write(&format!("{section}\n"))?;
        Ok(0)
    }
}

/// The section of a profile, else a section of that name, wherever AWS tools would find it.
fn section_of(run: &Run, name: &str) -> Result<String> {
    if let Some(profile) = run.config.profile(name) {
        return Ok(profile.aws_profile.value.clone());
    }
    let file = credentials_file::read(run.paths.credentials_file()?)?;
    let mut known: BTreeSet<String> = file
        .section_names()
        .iter()
        .map(|&name| name.into())
        .collect();
    known.extend(AwsConfig::read(run.paths.aws_config_file()?)?.profiles());
    if known.contains(name) {
        return Ok(name.to_owned());
    }
    let profiles = run.config.profiles.iter().map(|profile| &profile.name);
    let offered: Vec<String> = profiles
        .chain(&known)
        .filter(|name| is_harmless(name))
        .cloned()
        .collect();
    let error = Error::usage(format!("there is no profile `{}`", clean(name)));
    Err(match offered.is_empty() {
        true => error.hint("`mai create NAME` makes one"),
        false => error.hint(format!("there is: {}", offered.join(", "))),
    })
}

/// The profile is set all the same: who sets it now may sign in next.
fn tell_of_missing_keys(run: &Run, name: &str, section: &str) -> Result<()> {
    let rows = standing::sessions(&run.paths)?.load();
    let lasts = |row: &Row| row.expires_at > clock::now().timestamp();
    let told = match find(&rows, section) {
        Some(row) if lasts(row) => return Ok(()),
        Some(_) => "have expired",
        None => "are not there yet",
    };
    run.ui
        .say(&format!("The keys of {name} {told}: mai login {name}"));
    Ok(())
}

/// Nothing that a shell or a prompt could take for more than a name.
fn is_harmless(name: &str) -> bool {
    !name.starts_with('-')
        && !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._/@:+=,-".contains(&byte))
}

fn no_function(name: Option<&str>) -> Error {
    let shell = std::env::var("SHELL").unwrap_or_default();
    let line = match shell.rsplit('/').next() {
        Some("bash") => "put `eval \"$(mai init bash --use)\"` at the end of ~/.bashrc",
        Some("zsh") => "put `eval \"$(mai init zsh --use)\"` at the end of ~/.zshrc",
        Some("fish") => "put `mai init fish --use | source` into ~/.config/fish/config.fish",
        Some("pwsh") => {
            "put `Invoke-Expression (& mai init powershell --use | Out-String)` into $PROFILE"
        }
        Some("nu") => {
            "run `mai init nushell --use | save -f ($nu.user-autoload-dirs.0 | path join mai.nu)`"
        }
        _ => {
            "put what `mai init SHELL --use` prints into the file that your shell reads first (`mai init --help`)"
        }
    };
    let line = format!("{line}, and open a new shell");
    let what = "`mai use` changes variables of the shell, so it has to be a function of the shell";
    if is_what_the_function_takes(std::env::args_os().skip(1)) {
        return Error::usage(what).hint(line);
    }
    // Then there may be one, and it passed this on.
    let name = name.map(|name| format!(" {}", clean(name)));
    let plain = format!("mai use{}", name.unwrap_or_default());
    Error::usage(format!("{what}, which takes no options")).hint(format!(
        "type `{plain}`; where there is no such function yet: {line}"
    ))
}

/// The word `use`, whole and first, and a name at most.
fn is_what_the_function_takes(mut typed: impl Iterator<Item = OsString>) -> bool {
    typed.next().is_some_and(|verb| verb == "use")
        && typed
            .next()
            .is_none_or(|name| name == "-" || !name.to_string_lossy().starts_with('-'))
        && typed.next().is_none()
}
