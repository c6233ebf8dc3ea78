//! Writes the manual pages of `mai` to a folder: one page per verb from the parser, and the one on `profiles.yaml`.
//!
//! `cargo run --example manuals -- FOLDER`

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use mai::commands::Cli;

/// What the parser does not know: exit codes, files, environment.
const MORE: &str = include_str!("more.roff");
const MORE_OF_A_VERB: &str = include_str!("more-of-a-verb.roff");
const PROFILES: &str = include_str!("mai-profiles.5");

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: manuals FOLDER");
        return ExitCode::from(2);
    };
    match write_all(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

fn write_all(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut mai = Cli::command().disable_help_subcommand(true);
    mai.build();
    let version = format!("mai {}", mai.get_version().unwrap_or_default());
    write_verbs(&mai, "mai", folder, &version)?;
    fs::write(folder.join("mai.1"), page(mai, &version, MORE)?)?;
    let profiles = PROFILES.replace("@VERSION@", &version);
    fs::write(folder.join("mai-profiles.5"), profiles)
}

/// A page for each verb, and for the verbs of a verb.
fn write_verbs(above: &Command, name: &str, folder: &Path, version: &str) -> io::Result<()> {
    let shown = |verb: &&Command| !verb.is_hide_set() && verb.get_name() != "help";
    for verb in above.get_subcommands().filter(shown) {
        let name = format!("{name}-{}", verb.get_name());
        write_verbs(verb, &name, folder, version)?;
        let verb = verb.clone().disable_help_subcommand(true);
        let text = page(verb, version, MORE_OF_A_VERB)?;
        fs::write(folder.join(format!("{name}.1")), text)?;
    }
    Ok(())
}

fn page(command: Command, version: &str, more: &str) -> io::Result<Vec<u8>> {
    let has_verbs = command.has_subcommands();
    let man = Man::new(command).manual("mai").source(version);
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if has_verbs {
        man.render_subcommands_section(&mut text)?;
    }
    text.extend_from_slice(more.as_bytes());
    Ok(text)
}
