//! The folder where `mai` keeps what it must remember: ours alone, and never somewhere else instead.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Makes sure that the folder is there, a real folder, ours, and closed to others.
///
/// One that others could enter is closed; one that is a link, or belongs to somebody else, is refused.
pub fn prepare(folder: &Path) -> Result<()> {
    let metadata = match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            create(folder).map_err(|error| {
                Error::failed(format!("cannot create the folder {}", folder.display()))
                    .because(reason(&error))
                    .hint("`mai` keeps its state there; XDG_STATE_HOME can name another place")
            })?;
            fs::symlink_metadata(folder)
        }
        other => other,
    };
    let metadata = metadata.map_err(|error| {
        Error::failed(format!("cannot look at the folder {}", folder.display()))
            .because(reason(&error))
    })?;
    if !metadata.is_dir() {
        let what = if metadata.is_symlink() {
            "is a symbolic link"
        } else {
            "is not a folder"
        };
        return Err(Error::failed(format!(
            "{} {what}, so nothing is kept there",
            folder.display()
        ))
        .hint(format!("remove it: rm {}", folder.display())));
    }
    own(folder, &metadata)
}

/// A folder within the state folder, made if need be.
pub fn within(state_folder: &Path, name: &str) -> Result<PathBuf> {
    prepare(state_folder)?;
    let folder = state_folder.join(name);
    prepare(&folder)?;
    Ok(folder)
}

/// Opens a lock file. Lock files hold nothing that must last and are never removed: who waits for one that somebody
/// removes would wait for another file than everybody else.
pub fn lock_file(state_folder: &Path, name: &str) -> Result<File> {
    let path = within(state_folder, "locks")?.join(name);
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    closed_to_others(&mut options);
    options.open(&path).map_err(|error| {
        Error::failed(format!("cannot open the lock file {}", path.display()))
            .because(reason(&error))
            .hint(format!(
                "`mai` needs a folder that it can write: look at it with `ls -la {}`, or set XDG_STATE_HOME to another one",
                state_folder.display()
            ))
    })
}

/// Refuses to work as root in somebody else's home, which `sudo` makes easy to do by accident: files that root creates
/// there lock their owner out.
#[cfg(unix)]
pub fn refuse_anothers_home(home: &Path) -> Result<()> {
    use std::os::unix::fs::MetadataExt;

    let owner = fs::metadata(home).map(|metadata| metadata.uid());
    match owner {
        Ok(owner) if owner != 0 && rustix::process::geteuid().is_root() => {
            Err(Error::usage(format!(
                "this runs as root, but the home folder {} belongs to somebody else",
                home.display()
            ))
            .hint("run it without sudo, or as `sudo -H mai …` to write to the files of root"))
        }
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
pub fn refuse_anothers_home(_home: &Path) -> Result<()> {
    Ok(())
}

/// A system error in words, without its number.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

/// Creates a folder (and those above it) that only its owner can enter.
pub fn create(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(unix)]
fn own(folder: &Path, metadata: &fs::Metadata) -> Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(Error::failed(format!(
            "the folder {} belongs to somebody else, so nothing is kept there",
            folder.display()
        ))
        .hint("run `mai` as the owner of that folder, without sudo"));
    }
    if metadata.mode() & 0o077 == 0 {
        return Ok(());
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(|error| {
        Error::failed(format!(
            "others can enter the folder {}, and that cannot be changed",
            folder.display()
        ))
        .because(reason(&error))
    })
}

#[cfg(not(unix))]
fn own(_folder: &Path, _metadata: &fs::Metadata) -> Result<()> {
    Ok(())
}

/// What is opened so is for its owner only, and no link.
#[cfg(unix)]
pub fn closed_to_others(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;

    let no_links = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::CLOEXEC;
    options
        .mode(0o600)
        .custom_flags(no_links.bits().cast_signed());
}

#[cfg(not(unix))]
pub fn closed_to_others(_options: &mut OpenOptions) {}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_folder_is_closed_to_others_even_if_it_was_open() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("a/b/mai");
        prepare(&folder).unwrap();
        assert_eq!(mode(&folder), 0o700);
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        prepare(&folder).unwrap();
        assert_eq!(mode(&folder), 0o700);
    }

    #[test]
    fn links_are_not_followed() {
        let home = tempfile::tempdir().unwrap();
        let elsewhere = home.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        let folder = home.path().join("mai");
        symlink(&elsewhere, &folder).unwrap();
        assert!(prepare(&folder).is_err());
        fs::remove_file(&folder).unwrap();
        prepare(&folder).unwrap();
        symlink(&elsewhere, folder.join("locks")).unwrap();
        assert!(lock_file(&folder, "corp").is_err());
        assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
        fs::remove_file(folder.join("locks")).unwrap();
        lock_file(&folder, "corp").unwrap();
        symlink(elsewhere.join("file"), folder.join("locks/other")).unwrap();
        assert!(lock_file(&folder, "other").is_err());
        assert!(!elsewhere.join("file").exists());
    }

    #[test]
    fn a_lock_that_cannot_be_opened_is_told_with_what_to_do() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("locks/corp")).unwrap();
        let error = lock_file(home.path(), "corp").unwrap_err();
        assert!(error.message().contains("locks/corp"), "{error}");
        let hint = error.hint_text().unwrap();
        assert!(hint.contains("XDG_STATE_HOME"), "{hint}");
    }

    #[test]
    fn a_home_that_cannot_be_written_is_named() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        fs::write(&file, "").unwrap();
        let error = prepare(&file.join("mai")).unwrap_err();
        assert!(error.message().contains("cannot"), "{error}");
    }

    #[test]
    fn root_does_not_work_in_the_home_of_others() {
        let home = tempfile::tempdir().unwrap();
        assert!(refuse_anothers_home(home.path()).is_ok());
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(home.path(), Some(12345), None).unwrap();
            assert!(refuse_anothers_home(home.path()).is_err());
            assert!(prepare(home.path()).is_err());
        }
    }
}
