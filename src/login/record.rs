//! `--record DIR`: the folder is made before the first byte is sent, and filled however the sign-in ends.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::arn;
use crate::error::Result;
use crate::idp::recording::{Masked, Recording};
use crate::process;
use crate::store::new_folder::NewFolder;

/// The recording of this run. Ctrl-C finds it here.
static CURRENT: Mutex<Option<(Recording, NewFolder)>> = Mutex::new(None);

fn current() -> MutexGuard<'static, Option<(Recording, NewFolder)>> {
    CURRENT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes the folder; what is recorded from here on is written by `end`.
pub fn begin(folder: &Path) -> Result<Recording> {
    let recording = Recording::default();
    *current() = Some((recording.clone(), NewFolder::make(folder, "--record")?));
    Ok(recording)
}

/// Writes what was recorded, masked, and says where it is. Without a request there is nothing, and no folder either.
pub fn end() -> Result<Option<String>> {
    // It stays where Ctrl-C finds it until it is masked: nobody is kept waiting for that.
    let recording = current().as_ref().map(|(recording, _)| recording.clone());
    let masked = match recording.as_ref().map(masked) {
        Some(masked) => masked.transpose(),
        None => None,
    };
    // A Ctrl-C that comes now finds the folder whole.
    let _whole = process::undisturbed();
    match (current().take(), masked) {
        (Some((_, folder)), Some(masked)) => fill(folder, &masked?).map(Some),
        _ => Ok(None),
    }
}

/// The same for a run that is cut off.
pub fn leave() {
    let taken = CURRENT
        .try_lock()
        .ok()
        .and_then(|mut current| current.take());
    let Some((recording, folder)) = taken else {
        return;
    };
    // Whoever holds it is the one that is cut off.
    if recording.is_busy() {
        return drop(folder);
    }
    let told = match masked(&recording).transpose() {
        Some(masked) => masked.and_then(|masked| fill(folder, &masked)),
        None => return,
    };
    match told {
        Ok(told) => process::tell(&told),
        Err(error) => process::tell(&format!("warning: {error}")),
    }
}

fn masked(recording: &Recording) -> Result<Option<Masked>> {
    match recording.is_empty() {
        true => Ok(None),
        false => recording.masked(arn::is_sign_in_host).map(Some),
    }
}

fn fill(folder: NewFolder, masked: &Masked) -> Result<String> {
    let told = told(masked, folder.path());
    folder.fill(&masked.files)?;
    Ok(told)
}

fn told(masked: &Masked, folder: &Path) -> String {
    let pages = match masked.pages {
        1 => "1 page".to_owned(),
        pages => format!("{pages} pages"),
    };
    let withheld = match masked.withheld {
        0 => String::new(),
        withheld => format!("; {withheld} left out, since they could not be masked"),
    };
    format!(
        "Recorded {pages} in {}{withheld}. Names, values and hosts in it are random letters now; look through it all the \
         same before you send it to anybody (CONTRIBUTING.md tells where to).",
        folder.display()
    )
}
