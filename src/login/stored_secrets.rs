//! The passwords and TOTP secrets that are kept for an identity provider.

use crate::config::{Config, IdentityProvider, SecretsMode};
use crate::error::Result;
use crate::login::Doors;
use crate::secret::Secret;
use crate::store::keyring::{Account, Keyring, Mode, SecretKind};
use crate::store::python_keyring;
use crate::store::vault::{self, Vault, VaultKey};

/// The store in force, opened when something is asked of it.
///
/// A store that cannot be used is said once and then passed over: it costs no login.
pub struct StoredSecrets<'a> {
    doors: &'a Doors<'a>,
    provider: &'a IdentityProvider,
    keyring: Keyring<'a>,
    failed: bool,
}

impl<'a> StoredSecrets<'a> {
    pub fn new(doors: &'a Doors<'a>, provider: &'a IdentityProvider) -> Result<StoredSecrets<'a>> {
        Ok(StoredSecrets {
            doors,
            provider,
            keyring: Keyring::open(
                doors.presence(),
                mode_of(doors.config),
                doors.paths.state_folder()?,
                |text| doors.ui.step(text),
            ),
            failed: false,
        })
    }

    /// What people call the place where secrets go, if there is one that works.
    pub fn place(&self) -> Option<&'static str> {
        match mode_of(self.doors.config) {
            _ if self.failed => None,
            Mode::Keyring => Some("the keyring"),
            Mode::File => Some("a file that only you can read"),
            Mode::None => None,
        }
    }

    /// The password and where it stands; the Python Mai's entries count, since they were kept for this very URL.
    pub fn password(&mut self, user: &str) -> Option<(Account, Secret)> {
        let own = self.account(SecretKind::Password, user);
        let classic = classic_accounts(self.doors.config, self.provider, user);
        let found = [&own].into_iter().chain(&classic).find_map(|account| {
            let password = self.with(|keyring| keyring.get(account)).flatten()?;
            Some((account.clone(), password))
        });
        found.or_else(|| self.in_python_keyring(classic))
    }

    /// Where the computer has no keyring, the Python Mai left passwords in a file.
    fn in_python_keyring(&self, accounts: Vec<Account>) -> Option<(Account, Secret)> {
        if mode_of(self.doors.config) == Mode::None {
            return None;
        }
        let path = self.doors.paths.python_keyring().ok()?;
        let (account, password) = accounts.into_iter().find_map(|account| {
            let password = python_keyring::password(path, "mai", account.as_str())?;
            Some((account, password))
        })?;
        let shown = self.doors.paths.shown(path);
        self.doors.ui.warn(&format!(
            "the password comes from {shown}, where the Python Mai left it nearly in the clear; remove that file when \
             you need it no more"
        ));
        Some((account, password))
    }

    pub fn totp_secret(&mut self, user: &str) -> Option<Secret> {
        let account = self.account(SecretKind::Totp, user);
        self.with(|keyring| keyring.get(&account)).flatten()
    }

    /// True if it is kept now.
    pub fn keep(&mut self, kind: SecretKind, user: &str, secret: &Secret) -> bool {
        let account = self.account(kind, user);
        self.with(|keyring| keyring.set(&account, secret)).is_some()
    }

    /// True if there was something to drop.
    pub fn drop(&mut self, account: &Account) -> bool {
        self.with(|keyring| keyring.delete(account)) == Some(true)
    }

    /// Removes every stored password of a user, the Python Mai's entries included; true if there was one.
    pub fn forget_passwords(&mut self, user: &str) -> Result<bool> {
        let mut accounts = vec![self.account(SecretKind::Password, user)];
        accounts.extend(classic_accounts(self.doors.config, self.provider, user));
        let mut removed = false;
        for account in &accounts {
            removed |= self.keyring.delete(account)?;
        }
        Ok(removed)
    }

    pub fn forget_totp(&mut self, user: &str) -> Result<bool> {
        let account = self.account(SecretKind::Totp, user);
        self.keyring.delete(&account)
    }

    /// Does something with the vault, made if need be and wanted. What fails costs no login, and is said to who wants
    /// to know: the vault is a convenience.
    pub fn vault<T>(&mut self, make: bool, work: impl FnOnce(&Vault) -> Result<T>) -> Option<T> {
        let folder = self.doors.paths.state_folder().ok()?;
        if !make && !vault::exists(folder) {
            return None;
        }
        let key = match make {
            true => VaultKey::find_or_make(&mut self.keyring),
            false => VaultKey::find(&mut self.keyring),
        };
        let done = key.and_then(|key| key.map(|key| work(&Vault::new(folder, key))).transpose());
        done.unwrap_or_else(|error| {
            self.doors
                .ui
                .detail(&format!("no session is kept: {error}"));
            None
        })
    }

    fn account(&self, kind: SecretKind, user: &str) -> Account {
        let origin = self.provider.url.value.origin().ascii_serialization();
        Account::new(kind, &self.provider.name, user, &origin)
    }

    fn with<T>(&mut self, work: impl FnOnce(&mut Keyring) -> Result<T>) -> Option<T> {
        if self.failed {
            return None;
        }
        match work(&mut self.keyring) {
            Ok(value) => Some(value),
            Err(error) => {
                self.failed = true;
                let ui = self.doors.ui;
                ui.warn(&format!("{error}; going on without stored secrets"));
                None
            }
        }
    }
}

/// How the Python Mai has named its entries for this identity provider and user.
pub fn classic_accounts(config: &Config, provider: &IdentityProvider, user: &str) -> Vec<Account> {
    let typed = config
        .classic
        .as_ref()
        .and_then(|classic| classic.typed_url(&provider.name));
    // The URL was kept as typed: `https://host` there is `https://host/` here.
    let url = provider.url.value.as_str();
    let mut accounts: Vec<Account> = Vec::new();
    for url in typed.into_iter().chain([url, url.trim_end_matches('/')]) {
        let account = Account::classic(user, url);
        if !accounts.contains(&account) {
            accounts.push(account);
        }
    }
    // A user alone is not the name of a place: good only where the password could be for no other.
    let origin = provider.url.value.origin();
    let is_only = |other: &IdentityProvider| other.url.value.origin() == origin;
    if config.classic.is_some() && config.identity_providers.values().all(is_only) {
        accounts.push(Account::oldest(user));
    }
    accounts
}

/// Where secrets are kept, as the configuration says.
pub fn mode_of(config: &Config) -> Mode {
    match config.secrets.value {
        SecretsMode::Keyring => Mode::Keyring,
        SecretsMode::File => Mode::File,
        SecretsMode::None => Mode::None,
    }
}
