//! Tokens in files that only their owner reads; none outlives its server for long.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::paths::Paths;
use crate::secret::Secret;
use crate::store::locks;
use crate::store::state_folder::{self, closed_to_others, reason};

use super::shelf::new_token;

/// What is to be removed when the program ends, also by a signal.
static THERE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// The token files of one server, in the order of its profiles; removed when this is dropped.
pub struct Tokens {
    paths: Vec<PathBuf>,
    /// The last one removed: a file of its own, whose lock tells that the server is alive.
    life: PathBuf,
    #[expect(dead_code, reason = "the lock lives as long as the file is open")]
    lock: File,
}

impl Tokens {
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }
}

impl Drop for Tokens {
    fn drop(&mut self) {
        for path in self.paths.iter().chain([&self.life]) {
            let _ = fs::remove_file(path);
            there().retain(|other| other != path);
        }
    }
}

/// Removes the token files of this program.
pub fn remove_all() {
    for path in there().drain(..).rev() {
        let _ = fs::remove_file(path);
    }
}

fn there() -> std::sync::MutexGuard<'static, Vec<PathBuf>> {
    THERE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A new token for each place, in files that are named after port and place: the same port, the same paths.
///
/// What servers left that were killed is removed before.
pub fn make(paths: &Paths, port: u16, places: &[String]) -> Result<(Tokens, Vec<Secret>)> {
    let folder = folder(paths)?;
    state_folder::prepare(&folder)?;
    let _others_wait = locks::file(&folder, &folder.join("endpoint"))?;
    sweep(&folder);
    let life = folder.join(format!("endpoint-{port}"));
    let lock = create(&life)?;
    lock.try_lock().map_err(|_| {
        Error::failed(format!("another `mai` serves on port {port} already"))
            .hint("name another `--port`, or none for a free one")
    })?;
    there().push(life.clone());
    let mut tokens = Tokens {
        paths: Vec::new(),
        life,
        lock,
    };
    let mut secrets = Vec::new();
    for place in places {
        let path = folder.join(format!("endpoint-{port}-{place}"));
        // Without a live server it is nobody's; what stands there could be read by who made it.
        let _ = fs::remove_file(&path);
        let mut file = create(&path)?;
        there().push(path.clone());
        let token = new_token()?;
        // No line break: SDKs would send it along.
        file.write_all(token.expose().as_bytes())
            .map_err(|error| cannot_write(&path, &error))?;
        tokens.paths.push(path);
        secrets.push(token);
    }
    Ok((tokens, secrets))
}

/// `$XDG_RUNTIME_DIR/mai` if that is there and ours, else a folder in the state folder.
fn folder(paths: &Paths) -> Result<PathBuf> {
    match paths.runtime_folder().filter(|folder| is_ours(folder)) {
        Some(folder) => Ok(folder.join("mai")),
        None => state_folder::within(paths.state_folder()?, "endpoints"),
    }
}

#[cfg(unix)]
fn is_ours(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let owner = rustix::process::geteuid().as_raw();
    fs::metadata(folder).is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == owner)
}

#[cfg(not(unix))]
fn is_ours(_folder: &Path) -> bool {
    false
}

fn create(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    closed_to_others(&mut options);
    options
        .open(path)
        .map_err(|error| cannot_write(path, &error))
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Error {
    Error::failed(format!("cannot write {}", path.display())).because(reason(error))
}

/// Removes the files of servers that do not live any more.
fn sweep(folder: &Path) {
    let names = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = names.filter_map(|entry| entry.file_name().into_string().ok());
    let names: Vec<String> = names.filter(|name| name.starts_with("endpoint-")).collect();
    let is_life = |name: &&String| name["endpoint-".len()..].parse::<u16>().is_ok();
    for life in names.iter().filter(is_life) {
        let path = folder.join(life);
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        closed_to_others(&mut options);
        let is_dead = options
            .open(&path)
            .is_ok_and(|file| file.try_lock().is_ok());
        if !is_dead {
            continue;
        }
        let tokens = format!("{life}-");
        for name in names.iter().filter(|name| name.starts_with(&tokens)) {
            let _ = fs::remove_file(folder.join(name));
        }
        let _ = fs::remove_file(path);
    }
}
