//! What people wrote in `profiles.yaml`, in layers, each value with its origin.

mod browser_command;
mod classic;
pub mod edit;
mod fields;
mod layers;
pub mod naming;
mod nearest;
mod origin;
mod read;
mod read_chain;
mod read_console;
mod read_provider;
mod schema;
mod select;
pub mod values;
mod yaml;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use browser_command::{BrowserCommand, Filling};
pub use classic::Classic;
pub use nearest::{did_you_mean, nearest};
pub use origin::{Origin, SourceFile, Sourced};
pub use read::ROOT_KEYS;
pub use read_chain::session_name_of;
pub use schema::{
    AskWith, ClientCertificate, CodeSource, Config, Consent, FieldNames, Group, IdentityProvider,
    KeysPlace, Mfa, PasswordSource, Profile, RoleWanted, SecretsMode, Source,
};

use crate::error::Result;
use crate::paths::Paths;
use layers::Own;

const FILE_NAME: &str = "profiles.yaml";

impl Config {
    /// Reads `explicit` (`-c`), else `MAI_CONFIG`, else the person's `profiles.yaml`, above the machine's own.
    ///
    /// A missing `profiles.yaml` is an empty configuration with `exists: false`; a missing file that was named is an
    /// error. While there is no `profiles.yaml` the Python Mai's `mai.yaml` in its folder is read. All errors here are of
    /// the kind `Usage` and begin with file, line and column where there is one.
    pub fn load(paths: &Paths, explicit: Option<&Path>) -> Result<Config> {
        Self::load_above(of_the_machine(), paths, explicit)
    }

    /// The same for a command that writes: a file that was named may be new, if its folder is there.
    pub fn load_to_write(paths: &Paths, explicit: Option<&Path>) -> Result<Config> {
        Self::load_layers(of_the_machine(), paths, explicit, Own::NamedToWrite)
    }

    /// The person's own file where neither `-c` nor `MAI_CONFIG` names another.
    pub fn usual_file(paths: &Paths) -> Result<PathBuf> {
        Ok(paths.config_folder()?.join(FILE_NAME))
    }

    /// What this configuration would be if the person's own file held these bytes.
    pub fn as_if(&self, paths: &Paths, own_bytes: &[u8]) -> Result<Config> {
        let layers = layers::load_as_if(paths, of_the_machine(), self.own_file.path(), own_bytes)?;
        read::config(
            &layers,
            paths,
            self.own_file.clone(),
            self.config_overridden,
        )
    }

    /// `load` with another file in the place of `/etc/mai/profiles.yaml`.
    pub fn load_above(
        of_the_machine: Option<&Path>,
        paths: &Paths,
        explicit: Option<&Path>,
    ) -> Result<Config> {
        Self::load_layers(of_the_machine, paths, explicit, Own::Named)
    }

    fn load_layers(
        of_the_machine: Option<&Path>,
        paths: &Paths,
        explicit: Option<&Path>,
        if_named: Own,
    ) -> Result<Config> {
        let named = explicit
            .map(|path| paths.expand(path))
            .or_else(|| paths.config_override.clone());
        let own = match &named {
            Some(path) => path.clone(),
            None => Self::usual_file(paths)?,
        };
        let kind = match named {
            Some(_) => if_named,
            None => Own::Usual,
        };
        let mut layers = layers::load(paths, of_the_machine, &own, kind)?;
        let mut writable = own;
        if let Some(classic) = &mut layers.classic {
            // It is never written: its profiles go to a `profiles.yaml` beside it.
            writable.set_file_name(FILE_NAME);
            classic.set_outdated(named.is_some() && writable.exists());
            layers.exists = false;
        }
        let own_file = SourceFile::new(writable.clone(), paths.shown(&writable));
        read::config(&layers, paths, own_file, named.is_some())
    }
}

fn of_the_machine() -> Option<&'static Path> {
    cfg!(unix).then(|| Path::new(layers::OF_THE_MACHINE))
}
