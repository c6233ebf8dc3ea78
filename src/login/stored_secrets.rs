//! The passwords and TOTP secrets that are kept for an identity provider.

use crate::config::{Config, IdentityProvider, SecretsMode};
use crate::error::Result;
use crate::login::Doors;
use crate::secret::Secret;
use crate::store::keyring::{Account, Keyring, Mode, SecretKind};

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

    /// The password and where it stands; the Python Mai's entry counts, since it was kept for this very URL.
    pub fn password(&mut self, user: &str) -> Option<(Account, Secret)> {
        let own = self.account(SecretKind::Password, user);
        // Its URL was kept as typed: `https://host` there is `https://host/` here.
        let url = self.provider.url.value.as_str();
        let classic = [url, url.trim_end_matches('/')].map(|url| Account::classic(user, url));
        [own].into_iter().chain(classic).find_map(|account| {
            let password = self.with(|keyring| keyring.get(&account)).flatten()?;
            Some((account, password))
        })
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

/// Where secrets are kept, as the configuration says.
pub fn mode_of(config: &Config) -> Mode {
    match config.secrets.value {
        SecretsMode::Keyring => Mode::Keyring,
        SecretsMode::File => Mode::File,
        SecretsMode::None => Mode::None,
    }
}
