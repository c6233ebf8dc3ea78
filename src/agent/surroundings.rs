//! What may change around an agent that runs for weeks: the network, the time the computer slept, its own program.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, Utc};

use crate::clock;

/// A wall clock that gains so much on the time the computer was awake has jumped, or the computer slept.
const JUMP: i64 = 90;

/// Notices that the network may be another one.
#[derive(Debug)]
pub struct Network {
    routes: Vec<Vec<u8>>,
    looked: (Instant, DateTime<Utc>),
}

impl Network {
    pub fn as_it_is() -> Network {
        Network {
            routes: routes(),
            looked: (Instant::now(), clock::now()),
        }
    }

    /// True if since the last call the routes or name servers changed, or the computer has slept.
    pub fn changed(&mut self) -> bool {
        let new = Network::as_it_is();
        let awake = new.looked.0.duration_since(self.looked.0).as_secs();
        let passed = (new.looked.1 - self.looked.1).num_seconds();
        let slept = passed.saturating_sub_unsigned(awake).saturating_abs() > JUMP;
        let changed = slept || new.routes != self.routes;
        *self = new;
        changed
    }
}

/// What tells networks apart without asking anybody; what a system does not have is empty.
fn routes() -> Vec<Vec<u8>> {
    ["/proc/net/route", "/etc/resolv.conf"]
        .iter()
        .map(|file| fs::read(file).unwrap_or_default())
        .collect()
}

/// The program that runs, to notice that an upgrade has replaced it.
#[derive(Debug)]
pub struct Program {
    path: PathBuf,
    started: Option<Identity>,
    /// A new one, as it was at the last look: it must stand still before it is started.
    seen: Option<Identity>,
}

type Identity = (SystemTime, u64, u64);

impl Program {
    pub fn at(path: PathBuf) -> Program {
        Program {
            started: identity(&path),
            path,
            seen: None,
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Has another program taken its place, and was it the same at the last look? One that is gone may come back.
    pub fn was_replaced(&mut self) -> bool {
        let now = identity(&self.path);
        let is_new = self.started.is_some() && now.is_some() && now != self.started;
        let stands_still = is_new && now == self.seen;
        self.seen = now.filter(|_| is_new);
        stands_still
    }

    /// How long to wait at most: shorter while a new program is being written.
    pub fn patience(&self, usual: Duration) -> Duration {
        match self.seen {
            Some(_) => usual.min(Duration::from_secs(2)),
            None => usual,
        }
    }

    /// Becomes the new program, with the same arguments; comes back only if that fails, and then tries no more until
    /// it is replaced again.
    #[cfg(unix)]
    pub fn become_the_new_one(&mut self) -> std::io::Error {
        use std::os::unix::process::CommandExt;
        let error = std::process::Command::new(&self.path)
            .args(std::env::args_os().skip(1))
            .exec();
        self.started = identity(&self.path);
        error
    }

    #[cfg(not(unix))]
    pub fn become_the_new_one(&mut self) -> std::io::Error {
        self.started = identity(&self.path);
        std::io::Error::other("this system cannot; start it again yourself")
    }
}

fn identity(path: &Path) -> Option<Identity> {
    let metadata = fs::metadata(path)
        .ok()
        .filter(|metadata| metadata.is_file())?;
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&metadata);
    #[cfg(not(unix))]
    let number = 0;
    Some((metadata.modified().ok()?, metadata.len(), number))
}

/// Whether any of some files is another one than at the last look.
#[derive(Debug, PartialEq, Eq)]
pub struct Files(Vec<Option<Identity>>);

impl Files {
    pub fn look(files: &[PathBuf]) -> Files {
        Files(files.iter().map(|file| identity(file)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_replaced_when_a_new_one_stands_still() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mai");
        fs::write(&path, "one").unwrap();
        let mut program = Program::at(path.clone());
        assert!(!program.was_replaced());
        fs::remove_file(&path).unwrap();
        assert!(!program.was_replaced());
        fs::write(&path, "half").unwrap();
        assert!(!program.was_replaced(), "it was not there a moment ago");
        fs::write(&path, "another one").unwrap();
        assert!(!program.was_replaced(), "it is still being written");
        assert_eq!(program.patience(Duration::from_secs(60)).as_secs(), 2);
        assert!(program.was_replaced());
    }

    #[test]
    fn a_network_that_stays_is_no_news() {
        let mut network = Network::as_it_is();
        assert!(!network.changed());
        network.looked.1 -= chrono::TimeDelta::hours(8);
        assert!(network.changed());
        network.routes.push(b"0".to_vec());
        assert!(network.changed());
        assert!(!network.changed());
    }
}
