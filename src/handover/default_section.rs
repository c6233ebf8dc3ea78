//! `[default]` in the files of AWS: what says there where keys come from, SDKs go by before they ask an endpoint.

use std::path::{Path, PathBuf};

use crate::paths::{BEHIND, Paths};
use crate::store::aws_config::AwsConfig;
use crate::store::credentials_file;

/// A file whose `[default]` comes before an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    /// The variable that names another file instead, and the one by which `mai` still finds this one then.
    pub variables: (&'static str, &'static str),
    /// Wherever the command goes.
    pub path: PathBuf,
    /// The file, for people.
    pub shown: String,
    setting: &'static str,
}

impl Before {
    /// The setting and where it is.
    pub fn told(&self) -> String {
        format!("`{}` in [default] of {}", self.setting, self.shown)
    }
}

/// The files that come before an endpoint. What cannot be read here, SDKs cannot read either.
pub fn before_an_endpoint(paths: &Paths) -> Vec<Before> {
    let before = |variables, path: &Path, has: &dyn Fn(&str) -> bool| {
        let setting = credentials_file::naming_keys().find(|key| has(key))?;
        Some(Before {
            variables,
            path: std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()),
            shown: paths.shown(path),
            setting,
        })
    };
    let [of_credentials, of_config] = BEHIND;
    let credentials = paths.credentials_file().and_then(|path| {
        let file = credentials_file::read(path)?;
        let section = file.section("default");
        let has = |key: &str| section.as_ref().is_some_and(|one| one.get(key).is_some());
        Ok(before(of_credentials, path, &has))
    });
    let config = paths.aws_config_file().and_then(|path| {
        let file = AwsConfig::read(path)?;
        let has = |key: &str| file.get("default", key).is_some();
        Ok(before(of_config, path, &has))
    });
    let found = [credentials, config].into_iter();
    found.filter_map(|found| found.ok().flatten()).collect()
}

/// The region that a command would have found in `[default]`.
pub fn region(paths: &Paths) -> Option<String> {
    let config = AwsConfig::read(paths.aws_config_file().ok()?).ok()?;
    config.region_of("default")
}
