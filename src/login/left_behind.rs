//! Passwords in the two files of Python's keyring: where the Python Mai left them if there was no better place.

use std::cell::RefCell;
use std::path::Path;

use crate::error::Result;
use crate::login::Doors;
use crate::secret::Secret;
use crate::store::keyring::Account;
use crate::store::learned::Learned;
use crate::store::python_keyring::crypted::{CryptedFile, MasterKey};
use crate::store::python_keyring::{self, SERVICE};

/// How often the master password is asked for.
const TRIES: usize = 3;

/// What the person said when asked for the master password: once in a run, for all identity providers.
#[derive(Debug, Default)]
pub struct MasterPassword(RefCell<Answer>);

#[derive(Clone, Debug, Default)]
enum Answer {
    #[default]
    NotAsked,
    Given(Secret),
    PassedOver,
}

/// A password of one of the files.
pub struct LeftBehind {
    pub password: Secret,
    /// It took a master password, which a better place would save next time.
    pub is_crypted: bool,
    /// The name under which a refusal is learned, and what tells whether the entry has changed since.
    name: String,
    entry: Secret,
}

impl LeftBehind {
    /// The entry is passed over from now on, as long as it stays as it is: the files are never written, and nobody
    /// is to type a master password for a password that is no good.
    pub fn pass_over(&self, doors: &Doors) -> Result<()> {
        let mut learned = Learned::load(doors.paths.state_folder()?);
        learned.remember_refused(&self.name, &self.entry)?;
        learned.save()
    }
}

/// The password of the first of these accounts that has one. `owner` is what is learned about them by.
///
/// For nobody, no file counts that a master password would have to open.
pub fn find(doors: &Doors, accounts: &[Account], owner: &str) -> Result<Option<LeftBehind>> {
    match in_the_clear(doors, accounts, owner)? {
        Some(found) => Ok(Some(found)),
        None => crypted(doors, accounts, owner),
    }
}

/// The files that have one of these accounts, as people know them: they are never written, so only a person can take
/// it out.
pub fn files_with(doors: &Doors, accounts: &[Account]) -> Vec<String> {
    let mut files = Vec::new();
    let mut note = |path: &Path, has: &dyn Fn(&Account) -> bool| {
        if accounts.iter().any(has) {
            files.push(doors.paths.shown(path));
        }
    };
    if let Ok(path) = doors.paths.python_keyring() {
        note(path, &|account| {
            python_keyring::password(path, SERVICE, account.as_str()).is_some()
        });
    }
    if let Ok(path) = doors.paths.crypted_python_keyring()
        && let Some(file) = CryptedFile::read(&path)
    {
        note(&path, &|account| {
            file.encrypted(SERVICE, account.as_str()).is_some()
        });
    }
    files
}

fn in_the_clear(doors: &Doors, accounts: &[Account], owner: &str) -> Result<Option<LeftBehind>> {
    let Ok(path) = doors.paths.python_keyring() else {
        return Ok(None);
    };
    let found = accounts
        .iter()
        .find_map(|account| python_keyring::password(path, SERVICE, account.as_str()));
    let Some(password) = found else {
        return Ok(None);
    };
    let name = format!("{owner} keyring_pass.cfg");
    if Learned::load(doors.paths.state_folder()?).is_refused(&name, &password) {
        return Ok(None);
    }
    doors.ui.warn(&format!(
        "the password comes from {}, where the Python Mai left it nearly in the clear; remove that file when you need \
         it no more",
        doors.paths.shown(path)
    ));
    Ok(Some(LeftBehind {
        entry: password.clone(),
        password,
        is_crypted: false,
        name,
    }))
}

fn crypted(doors: &Doors, accounts: &[Account], owner: &str) -> Result<Option<LeftBehind>> {
    let Ok(path) = doors.paths.crypted_python_keyring() else {
        return Ok(None);
    };
    let file = CryptedFile::read(&path).filter(|_| doors.presence().is_person());
    let found = file.and_then(|file| {
        let (account, entry) = accounts
            .iter()
            .find_map(|account| Some((account, file.encrypted(SERVICE, account.as_str())?)))?;
        Some((file, account, entry))
    });
    let Some((file, account, entry)) = found else {
        return Ok(None);
    };
    let name = format!("{owner} crypted_pass.cfg");
    if Learned::load(doors.paths.state_folder()?).is_refused(&name, &entry) {
        return Ok(None);
    }
    let shown = doors.paths.shown(&path);
    if !file.is_known() {
        doors.ui.warn(&format!(
            "{shown} is encrypted in a way that `mai` does not know; going on without it"
        ));
        return Ok(None);
    }
    let Some(key) = unlock(doors, &file, &path)? else {
        return Ok(None);
    };
    let password = file.password(&key, SERVICE, account.as_str());
    if password.is_none() {
        doors.ui.warn(&format!(
            "the entry in {shown} is damaged, or under another master password; going on without it"
        ));
    }
    Ok(password.map(|password| LeftBehind {
        password,
        is_crypted: true,
        name,
        entry,
    }))
}

/// Asks for the master password unless that was done in this run; `None` if the person passes it over.
fn unlock(doors: &Doors, file: &CryptedFile, path: &Path) -> Result<Option<MasterKey>> {
    let known = doors.master_password.0.borrow().clone();
    match known {
        Answer::Given(master) => return Ok(file.unlock(&master)),
        Answer::PassedOver => return Ok(None),
        Answer::NotAsked => {}
    }
    let shown = doors.paths.shown(path);
    doors.ui.show(&format!(
        "The Python Mai has kept the password in {shown}; an empty line passes that over."
    ));
    let question = format!("Master password of {shown} (Python's keyring)");
    for _ in 0..TRIES {
        let Some(master) = doors.ui.ask_secret_or_none(&question)? else {
            break;
        };
        if let Some(key) = file.unlock(&master) {
            doors.master_password.0.replace(Answer::Given(master));
            return Ok(Some(key));
        }
        doors
            .ui
            .warn("this is not the master password of that file");
    }
    doors.master_password.0.replace(Answer::PassedOver);
    Ok(None)
}
