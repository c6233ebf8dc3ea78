//! What people wrote in `profiles.yaml`, in layers, each value with its origin.

pub mod edit;
mod fields;
mod layers;
mod nearest;
mod origin;
mod read;
mod read_provider;
mod schema;
mod select;
pub mod values;
mod yaml;

#[cfg(test)]
mod tests;

use std::path::Path;

pub use nearest::{did_you_mean, nearest};
pub use origin::{Origin, SourceFile, Sourced};
pub use schema::{
    ClientCertificate, CodeSource, Config, Consent, FieldNames, Group, IdentityProvider, Mfa,
    PasswordSource, Profile, RoleWanted, SecretsMode,
};

use crate::error::Result;
use crate::paths::Paths;

impl Config {
    /// Reads `explicit` (`-c`), else `MAI_CONFIG`, else the person's `profiles.yaml`, above the machine's own.
    ///
    /// A missing `profiles.yaml` is an empty configuration with `exists: false`; a missing file that was named is an
    /// error. All errors here are of the kind `Usage` and begin with file, line and column where there is one.
    pub fn load(paths: &Paths, explicit: Option<&Path>) -> Result<Config> {
        Self::load_above(of_the_machine(), paths, explicit)
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
        let named = explicit
            .map(|path| paths.expand(path))
            .or_else(|| paths.config_override.clone());
        let own = match &named {
            Some(path) => path.clone(),
            None => paths.config_folder()?.join("profiles.yaml"),
        };
        let own_file = SourceFile::new(own.clone(), paths.shown(&own));
        let layers = layers::load(paths, of_the_machine, &own, named.is_some())?;
        read::config(&layers, paths, own_file, named.is_some())
    }
}

fn of_the_machine() -> Option<&'static Path> {
    cfg!(unix).then(|| Path::new(layers::OF_THE_MACHINE))
}
