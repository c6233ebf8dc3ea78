//! The one way to write the person's `profiles.yaml`: locked, on what stands there now, whole or not at all.

use crate::config::edit::Draft;
use crate::config::{Classic, Config};
use crate::error::{Error, Result};
use crate::paths::Paths;
use crate::store::locked_file::{self, Edited};

/// What came of a change.
#[derive(Debug)]
pub struct Changed<T> {
    pub value: T,
    /// Sentences for the person about what else was done.
    pub notes: Vec<String>,
    /// The file as people know it: `~/.config/mai/profiles.yaml`.
    pub file: String,
    /// The configuration as it is now.
    pub config: Config,
}

/// Changes the person's own file: the one of `-c` or `MAI_CONFIG`, else `profiles.yaml`; a missing one is made.
///
/// `work` sees the file as it is now, which may be newer than `config`, and may run several times when somebody else
/// writes it too. Profiles of the Python Mai are copied there first. The file of the machine and included files are
/// never written. Nothing is written if `work` fails, or if the configuration could not be read any more afterwards.
pub fn change<T>(
    paths: &Paths,
    config: &Config,
    mut work: impl FnMut(&mut Draft) -> Result<T>,
) -> Result<Changed<T>> {
    let path = config.own_file.path();
    let classic = config.classic.as_ref();
    refuse_outdated(config)?;
    let written = locked_file::update_shared(path, paths.state_folder()?, |bytes| {
        let mut draft = Draft::parse(bytes, &config.own_file)?;
        // Unless somebody was faster.
        let copied = match classic.filter(|_| draft.is_empty()) {
            Some(classic) => Some(classic.copy_into(&mut draft)?),
            None => None,
        };
        let value = work(&mut draft)?;
        let bytes = draft.finish()?;
        let config = config.as_if(paths, &bytes).map_err(would_break)?;
        let value = (value, config, copied);
        Ok(Edited { bytes, value })
    })?;
    let (value, config_now, copied) = written.value;
    let mut notes = written.notes;
    if let (Some(classic), Some(count)) = (classic, copied) {
        notes.insert(0, migrated(config, classic, count));
    }
    Ok(Changed {
        value,
        notes,
        file: config.own_file.shown().to_owned(),
        config: config_now,
    })
}

/// Can the file be written at all? For a look before a sign-in, so that nobody signs in in vain.
pub fn check_writable(config: &Config) -> Result<()> {
    refuse_outdated(config)?;
    locked_file::check_writable(config.own_file.path())
}

/// The Python Mai's file, named although there is a profiles.yaml by now.
fn refuse_outdated(config: &Config) -> Result<()> {
    let classic = config.classic.as_ref();
    let Some(outdated) = classic.filter(|classic| classic.is_outdated()) else {
        return Ok(());
    };
    Err(Error::usage(format!(
        "{} belongs to the Python Mai and is never changed",
        outdated.file.shown()
    ))
    .hint(format!(
        "there is {} by now: name that one",
        config.own_file.shown()
    )))
}

/// What became of the Python Mai's file.
fn migrated(config: &Config, classic: &Classic, count: usize) -> String {
    let (old, new) = (classic.file.shown(), config.own_file.shown());
    let profiles = if count == 1 { "profile" } else { "profiles" };
    let named = match config.config_overridden {
        true => "; name that one with -c or MAI_CONFIG",
        false => "",
    };
    format!(
        "Copied {count} {profiles} from {old} to {new}, which counts from now on{named}. {old} stays as it is."
    )
}

fn would_break(error: Error) -> Error {
    let told = Error::usage(format!("nothing was changed, since then {error}"));
    match error.hint_text() {
        Some(hint) => told.hint(hint),
        None => told,
    }
}
