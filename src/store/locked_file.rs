//! Editing a file that others edit too: lock, read, edit, compare, replace; and again if somebody was faster.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::store::atomic::{self, Outcome};
use crate::store::{locks, state_folder};

/// What an edit makes of the bytes of a file, and what else it found out.
#[derive(Debug)]
pub struct Edited<T> {
    pub bytes: Vec<u8>,
    pub value: T,
}

/// What came of an edit.
#[derive(Debug)]
pub struct Written<T> {
    pub value: T,
    /// Sentences for the person: mode tightened, written in place, …
    pub notes: Vec<String>,
    /// False if the file already was what it should be; then it was not written.
    pub changed: bool,
}

/// How often another program may get in between.
const ATTEMPTS: usize = 40;

/// The bytes of a file, or `None` if there is none.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    Ok(atomic::read(path)?.map(|original| original.bytes))
}

/// The bytes of one of our own files in the state folder: no link is followed, and it must be ours.
pub fn read_own(state_folder: &Path, name: &str) -> Result<Option<Vec<u8>>> {
    let path = state_folder.join(name);
    let ours = |metadata: &fs::Metadata| metadata.is_file() && is_ours(metadata);
    if fs::symlink_metadata(&path).is_ok_and(|metadata| !ours(&metadata)) {
        return Err(not_plain(&path));
    }
    read(&path)
}

#[cfg(unix)]
fn is_ours(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.uid() == rustix::process::geteuid().as_raw()
}

#[cfg(not(unix))]
fn is_ours(_metadata: &fs::Metadata) -> bool {
    true
}

fn not_plain(path: &Path) -> Error {
    let shown = path.display();
    let way = match path.is_dir() && !path.is_symlink() {
        true => format!("move the folder away: mv {shown} {shown}.old"),
        false => format!("remove it: rm {shown}"),
    };
    Error::failed(format!("{shown} is not a plain file of yours")).hint(way)
}

/// Can the file be written at all? Asked before something is done that would be in vain otherwise.
pub fn check_writable(path: &Path) -> Result<()> {
    atomic::check_writable(&atomic::resolve(path)?)
}

/// Edits a file under its lock; a missing one is empty, and links are followed.
///
/// Either all of the edit is on disk afterwards or nothing, and readers see no state in between (see
/// `atomic::replace` for the exception). Programs that do not know our lock are noticed, and the edit is made anew on
/// what they wrote; so `edit` may run several times, also on its own result.
pub fn update<T>(
    path: &Path,
    state_folder: &Path,
    edit: impl FnMut(&[u8]) -> Result<Edited<T>>,
) -> Result<Written<T>> {
    update_file(path, state_folder, false, edit)
}

/// The same for a file without secrets: who could read it before can read it afterwards.
pub fn update_shared<T>(
    path: &Path,
    state_folder: &Path,
    edit: impl FnMut(&[u8]) -> Result<Edited<T>>,
) -> Result<Written<T>> {
    update_file(path, state_folder, true, edit)
}

fn update_file<T>(
    path: &Path,
    state_folder: &Path,
    shared: bool,
    mut edit: impl FnMut(&[u8]) -> Result<Edited<T>>,
) -> Result<Written<T>> {
    let target = atomic::resolve(path)?;
    let _lock = locks::file(state_folder, &target)?;
    sweep(&target);
    let mut crossed: Option<Crossed> = None;
    for attempt in 0..ATTEMPTS {
        // What was taken from another program goes back at once; if it is as quick as we are, a pause parts us.
        if attempt > 1 || (attempt == 1 && crossed.is_none()) {
            std::thread::sleep(Duration::from_millis(5));
        }
        let mut original = atomic::read(&target)?;
        if let Some(original) = &mut original {
            original.shared = shared;
        }
        let current = original.as_ref().map_or(&[][..], |o| o.bytes.as_slice());
        let wrote = crossed.is_some();
        // Their version counts only while ours is what everybody sees; a newer one has seen ours, or will not care.
        let base = match crossed.take() {
            Some(crossed) if crossed.ours == current => crossed.theirs,
            _ => current.to_vec(),
        };
        let edited = edit(&base)?;
        if edited.bytes == current {
            let note = original.as_ref().and_then(|o| atomic::tighten(&target, o));
            return Ok(Written {
                value: edited.value,
                notes: note.into_iter().collect(),
                changed: wrote,
            });
        }
        match atomic::replace(&target, original.as_ref(), &edited.bytes)? {
            Outcome::Written { notes } => {
                return Ok(Written {
                    value: edited.value,
                    notes,
                    changed: true,
                });
            }
            Outcome::Outdated => {}
            Outcome::Crossed { theirs } => {
                crossed = Some(Crossed {
                    theirs,
                    ours: edited.bytes,
                });
            }
        }
    }
    Err(
        Error::failed(format!("another program keeps changing {}", path.display()))
            .hint("stop that program or wait for it, then run this again"),
    )
}

/// Two writers at once: what the other one wrote into the file that ours replaced.
struct Crossed {
    theirs: Vec<u8>,
    ours: Vec<u8>,
}

/// Edits a file of the state folder, where no link is followed.
pub fn update_own<T>(
    state_folder: &Path,
    name: &str,
    edit: impl FnMut(&[u8]) -> Result<Edited<T>>,
) -> Result<Written<T>> {
    state_folder::prepare(state_folder)?;
    let path = state_folder.join(name);
    if fs::symlink_metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
        return Err(not_plain(&path));
    }
    update(&path, state_folder, edit)
}

/// Removes what killed writers left behind. Under the lock nobody else has such a file.
fn sweep(target: &Path) {
    let prefix = atomic::temporary_prefix(target);
    let Some(entries) = target.parent().and_then(|folder| fs::read_dir(folder).ok()) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_ours = name
            .to_str()
            .and_then(|name| name.strip_prefix(&prefix))
            .is_some_and(|rest| rest.len() == 8 && rest.bytes().all(|b| b.is_ascii_alphanumeric()));
        if is_ours && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
#[path = "locked_file_tests.rs"]
mod tests;
