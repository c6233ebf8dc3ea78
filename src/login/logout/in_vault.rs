//! What signing out takes out of the vault, and of the keyring that has its key.

use super::{Item, Kind, item};
use crate::error::{Error, Result};
use crate::login::stored_secrets::mode_of;
use crate::login::{Doors, kept_keys, kept_session};
use crate::store::keyring::{Account, Keyring};
use crate::store::vault::{self, Vault, VaultKey};

/// Takes something out of the vault. What fails says what stays there, and the way out.
pub fn out_of_vault<T>(doors: &Doors, what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let state_folder = doors.paths.state_folder()?;
    let path = doors.paths.shown(&vault::path(state_folder));
    let stays = |error: &Error, hint: &str| {
        Error::failed(format!("{what} cannot be removed from {path}"))
            .because(error)
            .hint(hint)
    };
    vault::check(state_folder)
        .map_err(|error| stays(&error, error.hint_text().unwrap_or_default()))?;
    work().map_err(|error| {
        let way = match error.hint_text() {
            Some(way) if !is_closed(doors).unwrap_or(true) => way,
            _ => "start or unlock the keyring and run it again",
        };
        let hint =
            format!("{way}, or remove the vault with all keys and sessions in it: rm {path}");
        stays(&error, &hint)
    })
}

/// What the keyring could not be asked to remove.
pub fn in_keyring(what_stays: &str, outcome: Result<bool>) -> Result<bool> {
    outcome.map_err(|error| {
        Error::failed(what_stays)
            .because(error)
            .hint("start or unlock it and run this again")
    })
}

/// Removes what is left in the vault: of identity providers and keys that nothing here names any more.
pub fn empty(doors: &Doors, done: &[Item]) -> Vec<Item> {
    let stays = |item: &Item| item.kind == Kind::KeptSession && item.outcome.is_err();
    if done.iter().any(stays) {
        // Somebody signs in, or the vault is closed: said already.
        return Vec::new();
    }
    let emptied = out_of_vault(doors, "what is left", || {
        let state_folder = doors.paths.state_folder()?;
        let key = match vault::exists(state_folder) {
            true => VaultKey::find(&mut keyring(doors)?)?,
            false => None,
        };
        let Some(vault) = key.map(|key| Vault::new(state_folder, key)) else {
            return Ok(Vec::new());
        };
        let entries = vault.list()?.unwrap_or_default();
        if !entries.is_empty() {
            vault.remove_all("")?;
        }
        Ok(entries)
    });
    let removed = |(name, _): (String, i64)| match kept_session::owner(&name) {
        Some((provider, _)) => item(Kind::KeptSession, provider, Ok(true)),
        None => item(Kind::Keys, kept_keys::owner(&name), Ok(true)),
    };
    match emptied {
        Ok(entries) => entries.into_iter().map(removed).collect(),
        Err(error) => vec![item(Kind::Vault, "vault", Err(error))],
    }
}

/// A vault that cannot be opened goes with all that is in it, before anything is looked for there; true if it did.
pub fn remove_if_closed(doors: &Doors) -> Result<bool> {
    let state_folder = doors.paths.state_folder()?;
    let is_closed =
        vault::exists(state_folder) && vault::check(state_folder).is_ok() && is_closed(doors)?;
    Ok(is_closed && vault::remove(state_folder)?)
}

/// Is it the keyring that stands in the way?
fn is_closed(doors: &Doors) -> Result<bool> {
    Ok(VaultKey::find(&mut keyring(doors)?).is_err())
}

/// Removes the vault and its key; `is_gone`: it went before.
pub fn remove(doors: &Doors, is_gone: bool) -> Result<bool> {
    let removed = vault::remove(doors.paths.state_folder()?)? || is_gone;
    let stays = match removed {
        true => "the vault is gone, and its key stays",
        false => "the key of the vault stays, if there is one",
    };
    let deleted = in_keyring(stays, keyring(doors)?.delete(&Account::vault_key()))?;
    Ok(deleted || removed)
}

fn keyring<'a>(doors: &'a Doors) -> Result<Keyring<'a>> {
    let (mode, state_folder) = (mode_of(doors.config), doors.paths.state_folder()?);
    Ok(Keyring::open(
        doors.presence(),
        mode,
        state_folder,
        |text| {
            doors.ui.step(text);
        },
    ))
}
