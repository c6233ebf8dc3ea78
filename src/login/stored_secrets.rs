//! The passwords and TOTP secrets that are kept for an identity provider.

use crate::config::{Config, IdentityProvider, SecretsMode};
use crate::error::Result;
use crate::login::Doors;
use crate::login::left_behind::{self, LeftBehind};
use crate::secret::Secret;
use crate::store::keyring::{Account, Keyring, Mode, SecretKind};
use crate::store::vault::{self, Vault, VaultKey};

/// The store in force, opened when something is asked of it.
///
/// A store that cannot be used is said once and then passed over: it costs no login.
pub struct StoredSecrets<'a> {
    doors: &'a Doors<'a>,
    provider: &'a IdentityProvider,
    keyring: Keyring<'a>,
    failed: bool,
    /// For what the Python Mai has left there.
    kwallet: Keyring<'a>,
    kwallet_failed: bool,
}

/// A password that was found.
pub struct Found {
    pub password: Secret,
    place: Place,
}

enum Place {
    Keyring(Account),
    KWallet(Account),
    File(LeftBehind),
}

impl Found {
    fn new(password: Secret, place: Place) -> Found {
        Found { password, place }
    }

    /// Is it worth a better place, because it took a master password?
    pub fn is_crypted(&self) -> bool {
        matches!(&self.place, Place::File(left) if left.is_crypted)
    }
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
            kwallet: Keyring::kwallet(doors.presence(), doors.paths.config_home().ok(), |text| {
                doors.ui.step(text)
            }),
            kwallet_failed: false,
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
    ///
    /// `owner` is what is learned about this account by. An error is an interruption.
    pub fn password(&mut self, user: &str, owner: &str) -> Result<Option<Found>> {
        let own = self.account(SecretKind::Password, user);
        let classic = classic_accounts(self.doors.config, self.provider, user);
        for account in [&own].into_iter().chain(&classic) {
            if let Some(password) = self.with(|keyring| keyring.get(account)).flatten() {
                return Ok(Some(Found::new(password, Place::Keyring(account.clone()))));
            }
        }
        if mode_of(self.doors.config) == Mode::None {
            return Ok(None);
        }
        for account in &classic {
            if let Some(password) = self.with_kwallet(|kwallet| kwallet.get(account)).flatten() {
                return Ok(Some(Found::new(password, Place::KWallet(account.clone()))));
            }
        }
        let left_behind = left_behind::find(self.doors, &classic, owner)?;
        Ok(left_behind.map(|left| Found::new(left.password.clone(), Place::File(left))))
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

    /// For a password that was refused. True if it was removed; what cannot be removed is passed over from now on.
    pub fn drop(&mut self, found: &Found) -> bool {
        match &found.place {
            Place::Keyring(account) => self.with(|keyring| keyring.delete(account)) == Some(true),
            Place::KWallet(account) => {
                self.with_kwallet(|kwallet| kwallet.delete(account)) == Some(true)
            }
            Place::File(left) => {
                if let Err(error) = left.pass_over(self.doors) {
                    self.doors.ui.warn(&error.to_string());
                }
                false
            }
        }
    }

    /// Removes every stored password of a user, the Python Mai's entries included; true if there was one.
    pub fn forget_passwords(&mut self, user: &str) -> Result<bool> {
        let mut accounts = vec![self.account(SecretKind::Password, user)];
        accounts.extend(classic_accounts(self.doors.config, self.provider, user));
        let mut removed = false;
        for account in &accounts {
            removed |= self.keyring.delete(account)?;
        }
        for account in &accounts[1..] {
            removed |= self.with_kwallet(|kwallet| kwallet.delete(account)) == Some(true);
        }
        Ok(removed)
    }

    /// Files of the Python Mai that have a password of this user and are not ours to write.
    pub fn files_with_password(&self, user: &str) -> Vec<String> {
        let accounts = classic_accounts(self.doors.config, self.provider, user);
        left_behind::files_with(self.doors, &accounts)
    }

    pub fn forget_totp(&mut self, user: &str) -> Result<bool> {
        let account = self.account(SecretKind::Totp, user);
        self.keyring.delete(&account)
    }

    /// Does something with the vault, made if need be and wanted. What fails costs no login, and is said to who wants
    /// to know: the vault is a convenience.
    pub fn vault<T>(&mut self, make: bool, work: impl FnOnce(&Vault) -> Result<T>) -> Option<T> {
        self.vault_or_why(make, work).unwrap_or_else(|error| {
            self.doors
                .ui
                .detail(&format!("no session is kept: {error}"));
            None
        })
    }

    /// The same for who must know. `None`: there is no vault, or no key that opens it.
    pub fn vault_or_why<T>(
        &mut self,
        make: bool,
        work: impl FnOnce(&Vault) -> Result<T>,
    ) -> Result<Option<T>> {
        let folder = self.doors.paths.state_folder()?;
        if !make && !vault::exists(folder) {
            return Ok(None);
        }
        let key = match make {
            true => VaultKey::find_or_make(&mut self.keyring),
            false => VaultKey::find(&mut self.keyring),
        };
        key?.map(|key| work(&Vault::new(folder, key))).transpose()
    }

    fn account(&self, kind: SecretKind, user: &str) -> Account {
        let origin = self.provider.url.value.origin().ascii_serialization();
        Account::new(kind, &self.provider.name, user, &origin)
    }

    fn with<T>(&mut self, work: impl FnOnce(&mut Keyring) -> Result<T>) -> Option<T> {
        using(&mut self.keyring, &mut self.failed, self.doors, work)
    }

    /// Only with `secrets: keyring`: `file` is for who wants no help of the desktop.
    fn with_kwallet<T>(&mut self, work: impl FnOnce(&mut Keyring) -> Result<T>) -> Option<T> {
        if mode_of(self.doors.config) != Mode::Keyring {
            return None;
        }
        using(
            &mut self.kwallet,
            &mut self.kwallet_failed,
            self.doors,
            work,
        )
    }
}

fn using<T>(
    keyring: &mut Keyring,
    failed: &mut bool,
    doors: &Doors,
    work: impl FnOnce(&mut Keyring) -> Result<T>,
) -> Option<T> {
    if *failed {
        return None;
    }
    match work(keyring) {
        Ok(value) => Some(value),
        Err(error) => {
            *failed = true;
            doors.ui.warn(&format!("{error}; going on without it"));
            None
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
