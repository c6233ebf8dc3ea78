//! The files of keys, watched while an endpoint serves them: what is new there stands on the shelf within a second.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, SystemTime};

use crate::arn::RoleArn;
use crate::config::Config;
use crate::handover::endpoint::{Held, Shelf};
use crate::login::Doors;
use crate::login::key_settings::fingerprint_of;
use crate::login::standing::{self, Present};
use crate::login::target::{Standing, Target};
use crate::paths::Paths;
use crate::ui::Ui;

/// How often the file is looked at, and the wall clock: a timer would sleep when the laptop does.
pub const LOOK: Duration = Duration::from_millis(500);

/// Puts on the shelf what the file holds now; if it cannot be read, what is there stays.
pub fn put_what_is_there(doors: &Doors, targets: &[Target], shelf: &Shelf) {
    let (config, Ok(present)) = (doors.config, Present::read(doors)) else {
        return;
    };
    for (index, target) in targets.iter().enumerate() {
        let standing = present.standing_of(target, &fingerprint_of(config, target));
        let keys = present.keys_in(&target.aws_profile);
        let held = match (standing, keys) {
            (Standing::Good { .. }, Some((row, keys))) => match row.role_arn.parse::<RoleArn>() {
                Ok(role) => Held::Keys {
                    keys,
                    account: role.account().to_owned(),
                },
                Err(_) => Held::Nothing,
            },
            _ => Held::Nothing,
        };
        shelf.put(index, held);
    }
}

/// What the watching thread needs: nothing of the person.
pub struct Watched<'a> {
    pub paths: &'a Paths,
    pub config: &'a Config,
    pub targets: &'a [Target],
    pub shelf: &'a Shelf,
    /// How often the files have changed.
    pub changes: &'a AtomicU64,
    pub ended: &'a AtomicBool,
}

impl Watched<'_> {
    /// Puts on the shelf what the files hold, whenever they change.
    pub fn watch(&self, asked: &Receiver<()>) {
        let files = files(self.paths);
        let ui = Ui::silent();
        let doors = Doors::to_look(self.paths, self.config, &ui);
        let mut seen = None;
        while !self.ended.load(Ordering::SeqCst) {
            let now: Vec<_> = files.iter().map(state_of).collect();
            if seen.as_ref() != Some(&now) {
                put_what_is_there(&doors, self.targets, self.shelf);
                self.changes.fetch_add(1, Ordering::SeqCst);
                seen = Some(now);
            }
            match asked.recv_timeout(LOOK) {
                // Nobody can ask any more; but the pace stays.
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(LOOK),
                Ok(()) | Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

/// The files that change when keys do.
fn files(paths: &Paths) -> Vec<PathBuf> {
    let credentials = paths.credentials_file().ok().map(|path| path.to_path_buf());
    let sessions = standing::sessions(paths).ok().map(|found| found.path());
    credentials.into_iter().chain(sessions).collect()
}

fn state_of(path: &PathBuf) -> Option<(u64, Option<SystemTime>, u64)> {
    let metadata = fs::metadata(path).ok()?;
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(&metadata);
    #[cfg(not(unix))]
    let inode = 0;
    Some((metadata.len(), metadata.modified().ok(), inode))
}
