//! A folder that a person names and that must not be there yet: made at once, filled at the end.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::store::state_folder::reason;

/// Such a folder. It is removed again if nothing is written into it.
#[derive(Debug)]
pub struct NewFolder {
    path: PathBuf,
    filled: bool,
}

impl NewFolder {
    /// Makes it, for its owner only; `flag` is where the person named it.
    pub fn make(path: &Path, flag: &str) -> Result<NewFolder> {
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(path)
            .map_err(|error| cannot_make(path, flag, &error))?;
        Ok(NewFolder {
            path: path.to_path_buf(),
            filled: false,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes all files, each for its owner only. If one cannot be written, none stays.
    pub fn fill(mut self, files: &[(String, Vec<u8>)]) -> Result<()> {
        for (name, content) in files {
            if let Err(error) = write(&self.path.join(name), content) {
                for (name, _) in files {
                    let _ = fs::remove_file(self.path.join(name));
                }
                return Err(
                    Error::failed(format!("cannot write into {}", self.path.display()))
                        .because(reason(&error)),
                );
            }
        }
        self.filled = true;
        Ok(())
    }
}

impl Drop for NewFolder {
    fn drop(&mut self) {
        if !self.filled {
            // Whatever else stands in it is not ours; then it stays.
            let _ = fs::remove_dir(&self.path);
        }
    }
}

fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

fn cannot_make(path: &Path, flag: &str, error: &io::Error) -> Error {
    let shown = path.display();
    match error.kind() {
        ErrorKind::AlreadyExists => Error::usage(format!("{flag} {shown}: it exists already"))
            .hint("name a folder that does not exist yet; nothing is ever overwritten"),
        ErrorKind::NotFound => Error::usage(format!(
            "{flag} {shown}: the folder above it does not exist"
        ))
        .hint("name a folder in one that exists"),
        _ => Error::usage(format!("{flag} {shown}: the folder cannot be made"))
            .because(reason(error))
            .hint("name a folder that you may write to"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> (String, Vec<u8>) {
        (name.to_owned(), b"x".to_vec())
    }

    #[test]
    fn a_folder_that_is_never_filled_goes_away() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("new");
        drop(NewFolder::make(&path, "--record").unwrap());
        assert!(!path.exists());
        NewFolder::make(&path, "--record")
            .unwrap()
            .fill(&[file("a")])
            .unwrap();
        assert_eq!(fs::read(path.join("a")).unwrap(), b"x");
        let error = NewFolder::make(&path, "--record").unwrap_err();
        assert!(error.message().contains("exists already"), "{error}");
    }

    #[test]
    fn all_files_are_written_or_none() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("new");
        let folder = NewFolder::make(&path, "--record").unwrap();
        let error = folder
            .fill(&[file("a"), file("no/such/folder")])
            .unwrap_err();
        assert!(error.message().contains("cannot write"), "{error}");
        assert!(!path.exists());
    }
}
