//! Whether it is a keyring that is shut that stands in the way of a renewal.

use crate::config::{KeysPlace, PasswordSource};
use crate::login::{Doors, stored_secrets};
use crate::presence::Presence;
use crate::store::keyring::{Account, Keyring, SecretKind};

use super::schedule::Session;

/// Would the password come from a keyring that cannot be opened now?
pub fn password_is_shut(doors: &Doors, identity_provider: &str) -> bool {
    let Some(provider) = doors.config.identity_providers.get(identity_provider) else {
        return false;
    };
    let user = provider.username.as_ref().map_or("", |user| user.as_str());
    let origin = provider.url.value.origin().ascii_serialization();
    let account = Account::new(SecretKind::Password, &provider.name, user, &origin);
    provider.password.value == PasswordSource::Keyring && is_shut(doors, &account)
}

/// Do new keys of these belong in the vault, whose own key cannot be had now?
pub fn vault_is_shut(doors: &Doors, sessions: &[&Session]) -> bool {
    let in_vault = |session: &&Session| {
        let profile = doors.config.profile(&session.profile);
        profile.is_some_and(|profile| profile.keys.value == KeysPlace::Process)
    };
    sessions.iter().any(in_vault) && is_shut(doors, &Account::vault_key())
}

fn is_shut(doors: &Doors, account: &Account) -> bool {
    let mode = stored_secrets::mode_of(doors.config);
    doors.paths.state_folder().is_ok_and(|state_folder| {
        Keyring::open(Presence::Nobody, mode, state_folder, |_| {})
            .get(account)
            .is_err()
    })
}
