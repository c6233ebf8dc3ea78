//! The one way to write the person's `profiles.yaml`: locked, on what stands there now, whole or not at all.

use crate::config::Config;
use crate::config::edit::Draft;
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
/// writes it too. The file of the machine and included files are never written. Nothing is written if `work` fails, or
/// if the configuration could not be read any more afterwards.
pub fn change<T>(
    paths: &Paths,
    config: &Config,
    mut work: impl FnMut(&mut Draft) -> Result<T>,
) -> Result<Changed<T>> {
    let path = config.own_file.path();
    let written = locked_file::update_shared(path, paths.state_folder()?, |bytes| {
        let mut draft = Draft::parse(bytes, &config.own_file)?;
        let value = work(&mut draft)?;
        let bytes = draft.finish()?;
        let config = config.as_if(paths, &bytes).map_err(would_break)?;
        let value = (value, config);
        Ok(Edited { bytes, value })
    })?;
    let (value, config_now) = written.value;
    Ok(Changed {
        value,
        notes: written.notes,
        file: config.own_file.shown().to_owned(),
        config: config_now,
    })
}

/// Can the file be written at all? For a look before a sign-in, so that nobody signs in in vain.
pub fn check_writable(config: &Config) -> Result<()> {
    locked_file::check_writable(config.own_file.path())
}

fn would_break(error: Error) -> Error {
    let told = Error::usage(format!("nothing was changed, since then {error}"));
    match error.hint_text() {
        Some(hint) => told.hint(hint),
        None => told,
    }
}
