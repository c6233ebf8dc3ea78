//! Stored secrets: the keyring of the operating system, or a file where the person chose that.
//!
//! Nothing is opened before the first question, and then on a thread of its own: keyrings hang, and show windows.

#[cfg(windows)]
mod credential_manager;
mod file;
#[cfg(all(unix, not(target_os = "macos")))]
mod kwallet;
mod system;

use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use crate::error::{Error, Result, clean};
use crate::presence::Presence;
use crate::secret::Secret;

/// The name under which keyrings list our entries.
const SERVICE: &str = "mai";
/// Windows takes 1,280 characters; bytes are the safe side.
const LONGEST: usize = 1200;
/// A keyring that is unlocked answers within milliseconds.
const QUICK: Duration = Duration::from_secs(2);
/// A person needs time to read a window and to type.
const PATIENT: Duration = Duration::from_secs(60);

/// Where secrets are stored (`secrets:` in `profiles.yaml`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Keyring,
    /// A file that only its owner can read, without any help of the operating system.
    File,
    None,
}

/// What an entry holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    Password,
    Totp,
    VaultKey,
}

impl SecretKind {
    fn name(self) -> &'static str {
        match self {
            SecretKind::Password => "password",
            SecretKind::Totp => "totp",
            SecretKind::VaultKey => "vault-key",
        }
    }
}

/// The name of an entry: `KIND/IDP/USER@ORIGIN`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account(String);

impl Account {
    /// `origin` is scheme, host and port, so that a secret is never given to another server than it was stored for.
    pub fn new(kind: SecretKind, idp: &str, user: &str, origin: &str) -> Account {
        Account(format!("{}/{idp}/{user}@{origin}", kind.name()))
    }

    /// The entry of the Python Mai: `USER@URL`, the URL as it stands in the configuration. Only asked for with the
    /// URL that the secret would go to.
    pub fn classic(user: &str, url: &str) -> Account {
        Account(format!("{user}@{url}"))
    }

    /// The Python Mai's entry of its first months: the user alone, which says nothing about where the password goes.
    pub fn oldest(user: &str) -> Account {
        Account(user.to_owned())
    }

    /// The key of the vault, of which there is one in a state folder.
    pub fn vault_key() -> Account {
        Account(format!("{}/mai", SecretKind::VaultKey.name()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What can store secrets under names; tests bring their own. A failure is a reason in words.
pub trait SecretStore: Send + Sync {
    fn get(&self, account: &str) -> Result<Option<Secret>, String>;
    fn set(&self, account: &str, secret: &Secret) -> Result<(), String>;
    /// True if there was one.
    fn delete(&self, account: &str) -> Result<bool, String>;
    /// Would the next call open a window to unlock the store?
    fn is_locked(&self, account: &str) -> Result<bool, String>;
}

/// The door to stored secrets.
pub struct Keyring<'a> {
    store: Option<Arc<dyn SecretStore>>,
    what: &'static str,
    presence: Presence,
    quick: Duration,
    patient: Duration,
    /// Why it does not work: asked once, not again at every secret.
    broken: Option<String>,
    on_wait: Box<dyn FnMut(&str) + 'a>,
}

impl std::fmt::Debug for Keyring<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keyring({})", self.what)
    }
}

impl<'a> Keyring<'a> {
    /// Settles where secrets are; nothing is opened yet. `on_wait` tells the person what we are waiting for.
    pub fn open(
        presence: Presence,
        mode: Mode,
        state_folder: &Path,
        on_wait: impl FnMut(&str) + 'a,
    ) -> Keyring<'a> {
        let (store, what): (Option<Arc<dyn SecretStore>>, _) = match mode {
            Mode::Keyring => (Some(Arc::new(system::System)), "keyring"),
            Mode::File => (
                Some(Arc::new(file::SecretsFile::within(state_folder))),
                "secrets file",
            ),
            Mode::None => (None, "store"),
        };
        Keyring::with(store, what, presence, on_wait)
    }

    /// KWallet, for what Python's keyring has left there: `config_home` has its settings. Nothing new is stored in it.
    #[cfg(all(unix, not(target_os = "macos")))]
    pub fn kwallet(
        presence: Presence,
        config_home: Option<&Path>,
        on_wait: impl FnMut(&str) + 'a,
    ) -> Keyring<'a> {
        let store = Arc::new(kwallet::KWallet::new(presence, config_home));
        Keyring::with(Some(store), "KWallet", presence, on_wait)
    }

    /// There is none on this system.
    #[cfg(not(all(unix, not(target_os = "macos"))))]
    pub fn kwallet(
        presence: Presence,
        config_home: Option<&Path>,
        on_wait: impl FnMut(&str) + 'a,
    ) -> Keyring<'a> {
        let _ = config_home;
        Keyring::with(None, "KWallet", presence, on_wait)
    }

    fn with(
        store: Option<Arc<dyn SecretStore>>,
        what: &'static str,
        presence: Presence,
        on_wait: impl FnMut(&str) + 'a,
    ) -> Keyring<'a> {
        Keyring {
            store,
            what,
            presence,
            quick: QUICK,
            patient: PATIENT,
            broken: None,
            on_wait: Box::new(on_wait),
        }
    }

    /// Over another store, and with less patience, for tests.
    pub fn over(
        store: Arc<dyn SecretStore>,
        presence: Presence,
        patience: Duration,
    ) -> Keyring<'a> {
        Keyring {
            store: Some(store),
            what: "keyring",
            presence,
            quick: patience,
            patient: patience,
            broken: None,
            on_wait: Box::new(|_| {}),
        }
    }

    /// May secrets be stored at all? `secrets: none` says no.
    pub fn can_store(&self) -> bool {
        self.store.is_some() && self.broken.is_none()
    }

    /// The secret of an account, if there is one. Why it cannot be known is an error: the caller says it once and asks.
    pub fn get(&mut self, account: &Account) -> Result<Option<Secret>> {
        self.run(account, |store, name| store.get(name))
            .map(Option::flatten)
    }

    /// Stores a secret in place of an older one.
    pub fn set(&mut self, account: &Account, secret: &Secret) -> Result<()> {
        if secret.is_empty() || secret.expose().len() >= LONGEST {
            return Err(Error::failed(format!(
                "a secret in the {} has 1 to {} bytes",
                self.what,
                LONGEST - 1
            )));
        }
        let secret = secret.clone();
        match self.run(account, move |store, name| store.set(name, &secret))? {
            Some(()) => Ok(()),
            None => Err(Error::failed(
                "`secrets: none` is set, so nothing is stored",
            )),
        }
    }

    /// Removes a secret; true if there was one.
    pub fn delete(&mut self, account: &Account) -> Result<bool> {
        let removed = self.run(account, |store, name| store.delete(name))?;
        Ok(removed.unwrap_or(false))
    }

    /// Runs one call on a thread of its own, as long as presence allows. `None` where there is no store.
    fn run<T: Send + 'static>(
        &mut self,
        account: &Account,
        call: impl FnOnce(&dyn SecretStore, &str) -> Result<T, String> + Send + 'static,
    ) -> Result<Option<T>> {
        let Some(store) = self.store.clone() else {
            return Ok(None);
        };
        if let Some(reason) = &self.broken {
            return Err(self.unusable(reason));
        }
        let (sender, receiver) = mpsc::channel();
        let (presence, name) = (self.presence, account.0.clone());
        let thread = std::thread::Builder::new().name("keyring".to_owned());
        let started = thread.spawn(move || {
            let outcome = match presence {
                Presence::Nobody if store.is_locked(&name) == Ok(true) => {
                    Err("it is locked, and nobody is there to unlock it".to_owned())
                }
                _ => call(store.as_ref(), &name),
            };
            // Whoever asked may have given up.
            let _ = sender.send(outcome);
        });
        let outcome = match started {
            Ok(_) => self.wait(&receiver),
            Err(error) => Err(error.to_string()),
        };
        outcome.map(Some).map_err(|reason| {
            let error = self.unusable(&reason);
            self.broken = Some(reason);
            error
        })
    }

    fn wait<T>(&mut self, receiver: &mpsc::Receiver<Result<T, String>>) -> Result<T, String> {
        if let Ok(outcome) = receiver.recv_timeout(self.quick) {
            return outcome;
        }
        if self.presence.is_person() {
            (self.on_wait)("waiting for the keyring to be unlocked…");
            if let Ok(outcome) = receiver.recv_timeout(self.patient) {
                return outcome;
            }
        }
        Err("it does not answer".to_owned())
    }

    fn unusable(&self, reason: &str) -> Error {
        Error::failed(format!("the {} cannot be used", self.what))
            .because(clean(reason))
            .hint("unlock or start it, or set `secrets: none` in profiles.yaml to be asked instead")
    }
}

#[cfg(test)]
#[path = "keyring/tests.rs"]
mod tests;
