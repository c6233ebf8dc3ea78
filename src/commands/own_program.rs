//! Where `mai` itself lies, for files that start it later.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Where this program is started from: a name that stays when an upgrade puts another file behind it.
pub fn program() -> Result<PathBuf> {
    let running = std::env::current_exe().map_err(|error| {
        Error::failed("it cannot be found out where this program is").because(error)
    })?;
    let same = |path: &Path| path.canonicalize().is_ok_and(|path| path == running);
    let typed = std::env::args_os().next().map(PathBuf::from);
    if let Some(typed) = typed.filter(|typed| typed.is_absolute() && same(typed)) {
        return Ok(typed);
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&folders)
        .map(|folder| folder.join("mai"))
        .find(|path| path.is_absolute() && same(path));
    Ok(in_path.unwrap_or(running))
}
