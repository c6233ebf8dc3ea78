//! Who may go on: file locks between processes, and one sign-in at a time per identity provider.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::clock;
use crate::error::{Error, Result};
use crate::store::path_hash::path_hash;
use crate::store::state_folder::{self, reason};

/// How long a writer waits for others to finish with a file; each needs a few milliseconds.
const FILE_WAIT: Duration = Duration::from_secs(30);

/// The lock for writing one file; it ends when this is dropped.
#[derive(Debug)]
pub struct FileLock(
    #[expect(dead_code, reason = "the lock lives as long as the file is open")] File,
);

/// Waits for the lock of a file, which is not on the file itself: that is replaced at every write.
pub fn file(state_folder: &Path, target: &Path) -> Result<FileLock> {
    let name = format!(".file-{}", path_hash(target));
    let file = state_folder::lock_file(state_folder, &name)?;
    let lock = wait_for(&file, Some(FILE_WAIT), Duration::from_millis(2), |_| {})?;
    match lock {
        Locked::No => Err(Error::failed(format!(
            "another `mai` has been writing {} for {} seconds",
            target.display(),
            FILE_WAIT.as_secs()
        ))
        .hint("see whether one of them hangs, and stop it")),
        Locked::AtOnce | Locked::AfterWaiting => Ok(FileLock(file)),
    }
}

/// Who holds a lock: who signs in right now, or the agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    pub pid: u32,
    /// The command as it was typed; it has no secrets.
    pub command: String,
    /// When it began, in seconds since 1970.
    pub since: i64,
}

/// The right to sign in at an identity provider; it ends when this is dropped, or with the process.
#[derive(Debug)]
pub struct SignInLock {
    file: File,
    waited: bool,
}

impl SignInLock {
    /// Somebody else held the lock first, so keys and IdP session may be there by now.
    pub fn waited(&self) -> bool {
        self.waited
    }
}

impl Drop for SignInLock {
    fn drop(&mut self) {
        // Who comes next writes its own; an old name would only mislead.
        let _ = self.file.set_len(0);
    }
}

/// Takes the lock `locks/IDP`, waiting for who has it: at most `wait`, or for ever.
///
/// `on_wait` is called once, as soon as it is clear that somebody else holds it, with who that is if it said so. After
/// `wait` it is a person's turn to look (exit 3).
pub fn sign_in(
    state_folder: &Path,
    idp: &str,
    command: &str,
    wait: Option<Duration>,
    mut on_wait: impl FnMut(Option<&Holder>),
) -> Result<SignInLock> {
    let mut file = state_folder::lock_file(state_folder, &lock_name(idp))?;
    let locked = wait_for(&file, wait, Duration::from_millis(20), |file| {
        on_wait(holder(file).as_ref());
    })?;
    if let Locked::No = locked {
        let who = named(holder(&file));
        return Err(
            Error::needs_you(format!("{who} is still signing in to {idp}"))
                .hint("finish or stop that sign-in, then run this again"),
        );
    }
    sign(&mut file, command);
    Ok(SignInLock {
        file,
        waited: locked == Locked::AfterWaiting,
    })
}

/// Writes who holds the lock: only for the eyes of those who wait; the lock holds without it.
fn sign(file: &mut File, command: &str) {
    let command: String = command.split_whitespace().collect::<Vec<_>>().join(" ");
    let entry = format!(
        "{}\t{}\t{command}\n",
        std::process::id(),
        clock::now().timestamp()
    );
    let _ = file
        .set_len(0)
        .and_then(|()| file.write_all(entry.as_bytes()));
}

/// Who signs in at this identity provider right now: the command and its process.
pub fn signing_in(state_folder: &Path, idp: &str) -> Option<String> {
    probe(state_folder, &lock_name(idp)).map(named)
}

fn named(holder: Option<Holder>) -> String {
    match holder {
        Some(Holder { pid, command, .. }) => format!("`{command}` (process {pid})"),
        None => "another `mai`".to_owned(),
    }
}

/// How long an agent waits for one that is just ending.
const AGENT_WAIT: Duration = Duration::from_millis(500);

/// The right to be the agent of one credentials file; it ends when this is dropped, or with the process.
#[derive(Debug)]
pub struct AgentLock(File);

impl Drop for AgentLock {
    fn drop(&mut self) {
        let _ = self.0.set_len(0);
    }
}

/// Takes the place of the agent; if there is one already, the error names its process.
pub fn agent(state_folder: &Path, credentials_file: &Path, version: &str) -> Result<AgentLock> {
    let mut file = state_folder::lock_file(state_folder, &agent_lock_name(credentials_file)?)?;
    let lock = wait_for(&file, Some(AGENT_WAIT), Duration::from_millis(20), |_| {})?;
    if let Locked::No = lock {
        let who = holder(&file).map_or(String::new(), |holder| format!(": process {}", holder.pid));
        return Err(Error::failed(format!("an agent is running already{who}"))
            .hint("`mai agent status` tells about it"));
    }
    sign(&mut file, version);
    Ok(AgentLock(file))
}

/// The running agent of a credentials file; its `command` is the version it runs.
pub fn running_agent(state_folder: &Path, credentials_file: &Path) -> Option<Holder> {
    probe(state_folder, &agent_lock_name(credentials_file).ok()?)?
}

fn agent_lock_name(credentials_file: &Path) -> Result<String> {
    let file = super::atomic::resolve(credentials_file)?;
    Ok(format!(".agent-{}", path_hash(&file)))
}

/// Looks at a lock without waiting for it and without making its file: who holds it, if somebody does.
fn probe(state_folder: &Path, name: &str) -> Option<Option<Holder>> {
    let file = File::open(state_folder.join("locks").join(name)).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(holder(&file)),
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

fn holder(mut file: &File) -> Option<Holder> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.take(4096).read_to_string(&mut text).ok()?;
    let _ = file.seek(SeekFrom::Start(0));
    let mut parts = text.lines().next()?.splitn(3, '\t');
    Some(Holder {
        pid: parts.next()?.parse().ok()?,
        since: parts.next()?.parse().ok()?,
        command: crate::error::clean(parts.next()?),
    })
}

/// The name of the lock file of an IdP; names that are no file names get a hash, so that they stay apart.
fn lock_name(idp: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !idp.is_empty() && idp.len() <= 64 && !idp.starts_with('.') && idp.chars().all(fits) {
        return idp.to_owned();
    }
    let shown: String = idp
        .chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .take(40)
        .collect();
    format!("{shown}_{}", path_hash(Path::new(idp)))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Locked {
    AtOnce,
    AfterWaiting,
    No,
}

fn wait_for(
    file: &File,
    wait: Option<Duration>,
    pause: Duration,
    mut on_wait: impl FnMut(&File),
) -> Result<Locked> {
    let start = Instant::now();
    let mut waiting = false;
    loop {
        match file.try_lock() {
            Ok(()) if waiting => return Ok(Locked::AfterWaiting),
            Ok(()) => return Ok(Locked::AtOnce),
            Err(TryLockError::Error(error)) => {
                return Err(
                    Error::failed("the folder for state does not allow file locks")
                        .because(reason(&error))
                        .hint("set XDG_STATE_HOME to a folder on a local disk"),
                );
            }
            Err(TryLockError::WouldBlock) => {
                if !waiting {
                    waiting = true;
                    on_wait(file);
                }
                if wait.is_some_and(|wait| start.elapsed() >= wait) {
                    return Ok(Locked::No);
                }
                std::thread::sleep(pause);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const NOW: Option<Duration> = Some(Duration::ZERO);

    #[test]
    fn one_signs_in_at_a_time_and_the_others_learn_who() {
        let state = tempfile::tempdir().unwrap();
        let first = sign_in(state.path(), "corp", "mai login\nprod", NOW, |_| {}).unwrap();
        assert!(!first.waited());
        let mut seen = None;
        let error = sign_in(state.path(), "corp", "mai require", NOW, |holder| {
            seen = holder.cloned();
        })
        .unwrap_err();
        assert_eq!(error.exit_code(), 3);
        assert!(error.message().contains("`mai login prod`"), "{error}");
        assert_eq!(seen.unwrap().pid, std::process::id());
        sign_in(state.path(), "other", "mai login", NOW, |_| {}).unwrap();
        drop(first);
        assert!(
            !sign_in(state.path(), "corp", "mai login", NOW, |_| {})
                .unwrap()
                .waited()
        );
    }

    #[test]
    fn who_waited_knows_that_it_did() {
        let state = tempfile::tempdir().unwrap();
        let inside = AtomicUsize::new(0);
        let waited = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..10 {
                scope.spawn(|| {
                    let lock = sign_in(state.path(), "corp", "mai", None, |_| {}).unwrap();
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                    waited.fetch_add(usize::from(lock.waited()), Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(30));
                    inside.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        assert!(waited.into_inner() >= 5);
    }

    #[test]
    fn one_agent_serves_a_credentials_file_and_can_be_seen() {
        let state = tempfile::tempdir().unwrap();
        let keys = state.path().join("credentials");
        assert_eq!(running_agent(state.path(), &keys), None);
        let first = agent(state.path(), &keys, "2.0").unwrap();
        let error = agent(state.path(), &keys, "2.1").unwrap_err();
        let pid = std::process::id();
        assert_eq!(error.exit_code(), 1);
        assert!(
            error.message().ends_with(&format!("process {pid}")),
            "{error}"
        );
        let seen = running_agent(state.path(), &keys).unwrap();
        assert_eq!((seen.pid, seen.command.as_str()), (pid, "2.0"));
        agent(state.path(), &state.path().join("other"), "2.0").unwrap();
        drop(first);
        assert_eq!(running_agent(state.path(), &keys), None);
        agent(state.path(), &keys, "2.1").unwrap();
    }

    #[test]
    fn who_signs_in_is_seen_without_waiting() {
        let state = tempfile::tempdir().unwrap();
        assert_eq!(signing_in(state.path(), "corp"), None);
        let lock = sign_in(state.path(), "corp", "mai", NOW, |_| {}).unwrap();
        assert!(signing_in(state.path(), "corp").is_some());
        drop(lock);
        assert_eq!(signing_in(state.path(), "corp"), None);
    }

    #[test]
    fn names_of_idps_become_names_of_files() {
        assert_eq!(lock_name("corp"), "corp");
        assert!(!lock_name("../../etc/passwd").contains('/'));
        assert_ne!(lock_name("a/b"), lock_name("a:b"));
        assert!(!lock_name(".file-1").starts_with('.'));
        assert!(lock_name(&"x".repeat(900)).len() < 100);
        assert!(lock_name("").len() > 5);
    }
}
