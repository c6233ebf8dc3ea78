//! Replacing one file: readers see the old bytes or the new ones, never half of them.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::NamedTempFile;

use crate::error::{Error, Result};
use crate::process::undisturbed;
use crate::store::state_folder::{self, reason};

/// A file as it was when it was read, and the open file, which tells whether somebody writes to it later.
#[derive(Debug)]
pub struct Original {
    pub bytes: Vec<u8>,
    /// Others may go on reading it: there is no secret in it.
    pub shared: bool,
    open: Option<(File, Metadata)>,
}

/// What became of a write.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The new bytes are in place.
    Written { notes: Vec<String> },
    /// Another program changed the file since it was read; nothing was written.
    Outdated,
    /// The new bytes are in place, but another program was writing into the old file at that moment: what it wrote.
    Crossed { theirs: Vec<u8> },
}

/// The file that a path leads to, through all links; it need not exist.
pub fn resolve(path: &Path) -> Result<PathBuf> {
    let mut current = path.to_path_buf();
    let cannot = |error: &io::Error| {
        Error::failed(format!("cannot find {}", path.display())).because(reason(error))
    };
    for _ in 0..40 {
        match fs::symlink_metadata(&current) {
            Ok(metadata) if metadata.is_symlink() => {
                let link = fs::read_link(&current).map_err(|error| cannot(&error))?;
                current.pop();
                current.push(link);
            }
            Ok(_) => return fs::canonicalize(&current).map_err(|error| cannot(&error)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let folder = current.parent().and_then(|f| fs::canonicalize(f).ok());
                return Ok(match (folder, current.file_name()) {
                    (Some(folder), Some(name)) => folder.join(name),
                    _ => std::path::absolute(&current).map_err(|error| cannot(&error))?,
                });
            }
            Err(error) => return Err(cannot(&error)),
        }
    }
    Err(Error::failed(format!(
        "the links at {} lead in a circle",
        path.display()
    )))
}

/// Reads a file; `None` when it does not exist. Only plain files are read (`/dev/null` is an empty one).
pub fn read(path: &Path) -> Result<Option<Original>> {
    let cannot = |error: &io::Error| {
        Error::failed(format!("cannot read {}", path.display())).because(reason(error))
    };
    // Looked at before it is opened: opening a pipe would wait for its writer.
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot(&error)),
        Ok(metadata) if metadata.is_file() => {}
        Ok(metadata) if is_character_device(&metadata) => {
            return Ok(Some(Original {
                bytes: Vec::new(),
                shared: false,
                open: None,
            }));
        }
        Ok(_) => {
            return Err(Error::failed(format!(
                "{} is not a plain file",
                path.display()
            )));
        }
    }
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|error| cannot(&error))?,
    };
    let (bytes, metadata) = read_settled(&mut file).map_err(|error| cannot(&error))?;
    Ok(Some(Original {
        bytes,
        shared: false,
        open: Some((file, metadata)),
    }))
}

/// Reads an open file when nobody is in the middle of writing it.
///
/// Programs that write in place empty the file first. Whoever reads then and writes it back loses all of it, so a file
/// that was touched just now and ends within a line gets a moment to become whole.
fn read_settled(file: &mut File) -> io::Result<(Vec<u8>, Metadata)> {
    const PATIENCE: u32 = 25;
    let mut bytes = Vec::new();
    for attempt in 0.. {
        let before = file.metadata()?;
        bytes.clear();
        file.seek(SeekFrom::Start(0))?;
        file.read_to_end(&mut bytes)?;
        let after = file.metadata()?;
        let is_torn = !bytes.ends_with(b"\n") && is_fresh(&after);
        if attempt >= PATIENCE || (!is_torn && is_same(&before, &after)) {
            return Ok((bytes, after));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    unreachable!("the loop ends by its patience")
}

fn is_fresh(metadata: &Metadata) -> bool {
    metadata.modified().is_ok_and(|time| {
        SystemTime::now()
            .duration_since(time)
            .is_ok_and(|age| age < Duration::from_secs(1))
    })
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;

    let of = |m: &Metadata| (m.dev(), m.ino(), m.size(), m.mtime(), m.mtime_nsec());
    of(one) == of(other)
}

#[cfg(not(unix))]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    one.len() == other.len() && one.modified().ok() == other.modified().ok()
}

#[cfg(unix)]
fn is_character_device(metadata: &Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_char_device(&metadata.file_type())
}

#[cfg(not(unix))]
fn is_character_device(_metadata: &Metadata) -> bool {
    false
}

/// How the names of our temporary files begin, beside `target`.
pub fn temporary_prefix(target: &Path) -> String {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    format!(".{name}.mai-")
}

/// Replaces `target` by `bytes`, provided that it still is what `original` says.
///
/// The mode stays, but others lose the right to read, unless the original is `shared`; the owner stays. Where a rename
/// cannot work (a single file that is mounted, a folder that is closed, another owner, a second name of the file) it is
/// written in place, with a note. When the disk is full the old bytes stay.
pub fn replace(target: &Path, original: Option<&Original>, bytes: &[u8]) -> Result<Outcome> {
    let old = original.and_then(|original| original.open.as_ref());
    if let Some((_, metadata)) = old {
        refuse_read_only(target, metadata)?;
    } else if original.is_some() {
        return Err(not_a_file(target));
    }
    if old.is_some_and(|(_, metadata)| has_other_names(metadata)) {
        return write_in_place(
            target,
            original,
            bytes,
            "it has a second name (a hard link)",
        );
    }
    let folder = target.parent().unwrap_or(Path::new("/"));
    if !folder.exists() {
        state_folder::create(folder).map_err(|error| {
            Error::failed(format!("cannot create the folder {}", folder.display()))
                .because(reason(&error))
        })?;
    }
    let mut temporary = match create_beside(target, folder) {
        Ok(temporary) => temporary,
        Err(error) if old.is_some() && is_closed(&error) => {
            let why = format!("no file can be made beside it: {}", reason(&error));
            return write_in_place(target, original, bytes, &why);
        }
        Err(error) => return Err(explain(target, &error)),
    };
    let mut notes = Vec::new();
    if let Some((_, metadata)) = old {
        if !keep_owner(temporary.as_file(), metadata) {
            return write_in_place(target, original, bytes, "it belongs to somebody else");
        }
        let shared = original.is_some_and(|original| original.shared);
        notes.extend(keep_mode(target, temporary.as_file(), metadata, shared));
    }
    temporary
        .write_all(bytes)
        .and_then(|()| temporary.as_file().sync_all())
        .map_err(|error| explain(target, &error))?;
    if !is_current(target, original)? {
        return Ok(Outcome::Outdated);
    }
    let theirs = match put_in_place(temporary, target, original) {
        Ok(Put::Replaced { theirs }) => theirs,
        Ok(Put::Outdated) => return Ok(Outcome::Outdated),
        Err(error) if old.is_some() && (is_closed(&error) || is_mounted(&error)) => {
            let why = format!("it cannot be replaced: {}", reason(&error));
            return write_in_place(target, original, bytes, &why);
        }
        Err(error) => return Err(explain(target, &error)),
    };
    if let Ok(folder) = File::open(folder) {
        // Some file systems do not offer it; the file itself is on disk.
        let _ = folder.sync_all();
    }
    Ok(match theirs.or_else(|| original.and_then(written_behind)) {
        Some(theirs) => Outcome::Crossed { theirs },
        None => Outcome::Written { notes },
    })
}

/// Would `replace` be refused because of what the file or its folder is?
///
/// For a look before a sign-in, so that nobody gives a password in vain; `replace` checks for itself.
pub fn check_writable(target: &Path) -> Result<()> {
    match fs::metadata(target) {
        Ok(metadata) if is_character_device(&metadata) => Err(not_a_file(target)),
        Ok(metadata) => {
            refuse_read_only(target, &metadata)?;
            may_write(target).map_err(|error| explain(target, &error))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = target.ancestors().skip(1).find(|folder| folder.exists());
            may_write(folder.unwrap_or(Path::new("/"))).map_err(|error| explain(target, &error))
        }
        Err(error) => Err(explain(target, &error)),
    }
}

#[cfg(unix)]
fn may_write(path: &Path) -> io::Result<()> {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).map_err(Into::into)
}

#[cfg(not(unix))]
fn may_write(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Closes an unchanged file to others, if it is open to them.
pub fn tighten(target: &Path, original: &Original) -> Option<String> {
    let (file, metadata) = original.open.as_ref()?;
    keep_mode(target, file, metadata, original.shared)
}

/// How a temporary file came to its place.
enum Put {
    /// `theirs`: what another program had put there since we looked, if one had.
    Replaced {
        theirs: Option<Vec<u8>>,
    },
    Outdated,
}

/// Renames the temporary file onto the target.
///
/// Between our last look and the rename another program may rename its own version there. So the two are swapped where
/// the system can do that: then what was replaced is in our hands, and can be compared.
fn put_in_place(
    temporary: NamedTempFile,
    target: &Path,
    original: Option<&Original>,
) -> io::Result<Put> {
    let done = Ok(Put::Replaced { theirs: None });
    let outcome = match original.and_then(|original| original.open.as_ref()) {
        None => match temporary.persist_noclobber(target) {
            Err(failed) if failed.error.kind() != io::ErrorKind::AlreadyExists => {
                // Some file systems can only replace.
                failed.file.persist(target).map(drop)
            }
            outcome => outcome.map(drop),
        },
        Some((_, then)) if swap(temporary.path(), target) => {
            let theirs = other_than(temporary.path(), then, original);
            if theirs.is_err() {
                // What cannot be read must not be lost.
                swap(temporary.path(), target);
            }
            return Ok(Put::Replaced { theirs: theirs? });
        }
        Some(_) => temporary.persist(target).map(drop),
    };
    match outcome.map_err(|error| error.error) {
        Ok(()) => done,
        // Somebody else made the file first; or our own was swept by a writer with another state folder.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound
            ) =>
        {
            Ok(Put::Outdated)
        }
        Err(error) => Err(error),
    }
}

/// The bytes of what was replaced, unless it was what we had read.
fn other_than(
    replaced: &Path,
    then: &Metadata,
    original: Option<&Original>,
) -> io::Result<Option<Vec<u8>>> {
    let mut replaced = File::open(replaced)?;
    if is_unchanged(&replaced, then, original)? {
        return Ok(None);
    }
    read_settled(&mut replaced).map(|(bytes, _)| Some(bytes))
}

/// Swaps two files in one step; false where that cannot be done, and then nothing has changed.
#[cfg(target_os = "linux")]
fn swap(one: &Path, other: &Path) -> bool {
    use rustix::fs::{CWD, RenameFlags, renameat_with};

    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn swap(_one: &Path, _other: &Path) -> bool {
    false
}

fn create_beside(target: &Path, folder: &Path) -> io::Result<NamedTempFile> {
    let prefix = temporary_prefix(target);
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).rand_bytes(8);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600));
    builder.tempfile_in(folder)
}

/// Is the file what was read, by its metadata and by its bytes?
fn is_current(target: &Path, original: Option<&Original>) -> Result<bool> {
    let now = match File::open(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(original.is_none()),
        other => other.map_err(|error| explain(target, &error))?,
    };
    let Some((_, then)) = original.and_then(|original| original.open.as_ref()) else {
        return Ok(false);
    };
    is_unchanged(&now, then, original).map_err(|error| explain(target, &error))
}

fn is_unchanged(now: &File, then: &Metadata, original: Option<&Original>) -> io::Result<bool> {
    if !is_same(&now.metadata()?, then) {
        return Ok(false);
    }
    // Clocks of file systems tick every few milliseconds only.
    let mut bytes = Vec::new();
    let mut now = now;
    now.seek(SeekFrom::Start(0))?;
    now.read_to_end(&mut bytes)?;
    Ok(original.is_some_and(|original| original.bytes == bytes))
}

/// What another program wrote into the old file after we compared it: without this it would be lost.
fn written_behind(original: &Original) -> Option<Vec<u8>> {
    let (file, then) = original.open.as_ref()?;
    if is_unchanged(file, then, Some(original)).unwrap_or(true) {
        return None;
    }
    let (bytes, _) = read_settled(&mut file.try_clone().ok()?).ok()?;
    (bytes != original.bytes && !bytes.is_empty()).then_some(bytes)
}

/// Writes over the bytes of the file: the last resort, since a reader can see half of it.
fn write_in_place(
    target: &Path,
    original: Option<&Original>,
    bytes: &[u8],
    why: &str,
) -> Result<Outcome> {
    let Some((_, then)) = original.and_then(|original| original.open.as_ref()) else {
        return Err(cannot_write(target).because(why));
    };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(target)
        .map_err(|error| explain(target, &error))?;
    if !is_unchanged(&file, then, original).map_err(|error| explain(target, &error))? {
        return Ok(Outcome::Outdated);
    }
    // Closed to others before there is something new to read in it.
    let shared = original.is_some_and(|original| original.shared);
    let mode = keep_mode(target, &file, then, shared);
    let old = original.map(|original| original.bytes.as_slice());
    let written = {
        let _whole = undisturbed();
        overwrite(&mut file, old.unwrap_or_default(), bytes)
    };
    written.map_err(|error| explain(target, &error))?;
    let mut notes = vec![format!("{} was written in place: {why}", target.display())];
    notes.extend(mode);
    Ok(Outcome::Written { notes })
}

/// Grows the file first: if the disk is full, that fails while the old bytes are still there.
fn overwrite(file: &mut File, old: &[u8], new: &[u8]) -> io::Result<()> {
    let common = old.len().min(new.len());
    let mut write = || -> io::Result<()> {
        file.seek(SeekFrom::Start(common as u64))?;
        file.write_all(&new[common..])?;
        file.sync_all()?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&new[..common])?;
        file.set_len(new.len() as u64)?;
        file.sync_all()
    };
    let outcome = write();
    if outcome.is_err() {
        let _ = file
            .seek(SeekFrom::Start(0))
            .and_then(|_| file.write_all(old))
            .and_then(|()| file.set_len(old.len() as u64));
    }
    outcome
}

#[cfg(unix)]
fn refuse_read_only(target: &Path, metadata: &Metadata) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;

    if metadata.permissions().mode() & 0o200 != 0 {
        return Ok(());
    }
    Err(cannot_write(target)
        .because("the file is read-only")
        .hint(format!("chmod u+w {}", target.display())))
}

#[cfg(not(unix))]
fn refuse_read_only(target: &Path, metadata: &Metadata) -> Result<()> {
    match metadata.permissions().readonly() {
        false => Ok(()),
        true => Err(cannot_write(target).because("the file is read-only")),
    }
}

#[cfg(unix)]
fn has_other_names(metadata: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(metadata) > 1
}

#[cfg(not(unix))]
fn has_other_names(_metadata: &Metadata) -> bool {
    false
}

/// Gives the new file the owner of the old one; false if we may not.
#[cfg(unix)]
fn keep_owner(new: &File, old: &Metadata) -> bool {
    use std::os::unix::fs::{MetadataExt, fchown};

    let Ok(metadata) = new.metadata() else {
        return false;
    };
    let user = (metadata.uid() != old.uid()).then(|| old.uid());
    let group = (metadata.gid() != old.gid()).then(|| old.gid());
    (user.is_none() && group.is_none()) || fchown(new, user, group).is_ok()
}

#[cfg(not(unix))]
fn keep_owner(_new: &File, _old: &Metadata) -> bool {
    true
}

/// Gives a file the old mode, or 0600 if others could read it and shall not, which the note says.
#[cfg(unix)]
fn keep_mode(target: &Path, file: &File, old: &Metadata, shared: bool) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;

    let before = old.permissions().mode() & 0o7777;
    let is_open = before & 0o077 != 0 && !shared;
    let mode = if is_open { 0o600 } else { before };
    let now = file.metadata().ok()?.permissions().mode() & 0o7777;
    let done = now == mode
        || file
            .set_permissions(fs::Permissions::from_mode(mode))
            .is_ok();
    is_open.then(|| match done {
        true => format!(
            "{} was open to other users (mode {before:04o}); now only you can read it (0600)",
            target.display()
        ),
        false => format!(
            "{} is open to other users (mode {before:04o}) and cannot be closed to them",
            target.display()
        ),
    })
}

#[cfg(not(unix))]
fn keep_mode(_target: &Path, _file: &File, _old: &Metadata, _shared: bool) -> Option<String> {
    None
}

fn is_closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
    )
}

fn is_mounted(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ResourceBusy | io::ErrorKind::CrossesDevices
    )
}

fn cannot_write(target: &Path) -> Error {
    Error::failed(format!("cannot write {}", target.display()))
}

fn not_a_file(target: &Path) -> Error {
    cannot_write(target).because("it is a device, not a file")
}

fn explain(target: &Path, error: &io::Error) -> Error {
    let told = cannot_write(target).because(reason(error));
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            told.hint("free some space and run it again; the file is as it was")
        }
        io::ErrorKind::PermissionDenied => {
            let folder = target.parent().unwrap_or(target);
            told.hint(format!(
                "see who may write there: ls -la {}",
                folder.display()
            ))
        }
        _ => told,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_program_wrote_into_the_replaced_file_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "old\n").unwrap();
        let original = read(&path).unwrap().unwrap();
        let mut theirs = OpenOptions::new().append(true).open(&path).unwrap();
        let outcome = replace(&path, Some(&original), b"ours\n").unwrap();
        assert!(matches!(outcome, Outcome::Written { .. }), "{outcome:?}");
        assert_eq!(written_behind(&original), None);
        theirs.write_all(b"theirs\n").unwrap();
        assert_eq!(written_behind(&original).unwrap(), b"old\ntheirs\n");
    }

    #[test]
    fn a_file_that_changed_or_came_up_meanwhile_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "theirs\n").unwrap();
        assert_eq!(replace(&path, None, b"ours\n").unwrap(), Outcome::Outdated);
        let original = read(&path).unwrap().unwrap();
        fs::write(&path, "THEIRS\n").unwrap();
        let outcome = replace(&path, Some(&original), b"ours\n").unwrap();
        assert_eq!(outcome, Outcome::Outdated);
        let outcome = write_in_place(&path, Some(&original), b"ours\n", "so").unwrap();
        assert_eq!(outcome, Outcome::Outdated);
        assert_eq!(fs::read_to_string(&path).unwrap(), "THEIRS\n");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
