//! `--record DIR`: the folder is made before the first byte is sent, and filled however the sign-in ends.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

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
    // Also a Ctrl-C that comes now finds the folder whole.
    let _whole = process::undisturbed();
    let Some((recording, folder)) = current().take() else {
        return Ok(None);
    };
    write(&recording, folder)
}

/// How long a run that is cut off waits for who is writing something down: that takes no time, unless it is the very one
/// that is cut off.
const PATIENCE: Duration = Duration::from_millis(500);

/// The same for a run that is cut off.
pub fn leave() {
    let begun = Instant::now();
    let is_patient = || {
        std::thread::sleep(Duration::from_millis(5));
        begun.elapsed() < PATIENCE
    };
    let mut current = CURRENT.try_lock();
    while current.is_err() && is_patient() {
        current = CURRENT.try_lock();
    }
    let taken = current.ok().and_then(|mut current| current.take());
    let Some((recording, folder)) = taken else {
        return;
    };
    while recording.is_busy() {
        if !is_patient() {
            return drop(folder);
        }
    }
    match write(&recording, folder) {
        Ok(Some(told)) => process::tell(&told),
        Ok(None) => {}
        Err(error) => process::tell(&format!("warning: {error}")),
    }
}

fn write(recording: &Recording, folder: NewFolder) -> Result<Option<String>> {
    if recording.is_empty() {
        return Ok(None);
    }
    let masked = recording.masked(arn::is_sign_in_host)?;
    let told = told(&masked, folder.path());
    folder.fill(&masked.files)?;
    Ok(Some(told))
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
