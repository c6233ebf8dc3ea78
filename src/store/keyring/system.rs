//! The keyring of the operating system: Keychain, Credential Manager, Secret Service.

use keyring::Entry;

use super::{SERVICE, SecretStore};
use crate::error::clean;
use crate::secret::Secret;

/// Whatever this system offers; connected at the first call.
pub struct System;

impl SecretStore for System {
    fn get(&self, account: &str) -> Result<Option<Secret>, String> {
        match entry(account)?.get_password() {
            Ok(text) => Ok(Some(Secret::new(text))),
            Err(keyring::Error::NoEntry) => python_left(account),
            Err(error) => Err(in_words(&error)),
        }
    }

    fn set(&self, account: &str, secret: &Secret) -> Result<(), String> {
        let outcome = entry(account)?.set_password(secret.expose());
        outcome.map_err(|error| in_words(&error))
    }

    fn delete(&self, account: &str) -> Result<bool, String> {
        match entry(account)?.delete_credential() {
            Ok(()) => Ok(true),
            Err(keyring::Error::NoEntry) => python_dropped(account),
            Err(error) => Err(in_words(&error)),
        }
    }

    /// A Secret Service opens its window as soon as a locked entry is touched, so it is looked at first.
    #[cfg(all(unix, not(target_os = "macos")))]
    fn is_locked(&self, account: &str) -> Result<bool, String> {
        use secret_service::EncryptionType;
        use secret_service::blocking::SecretService;

        let words = |error: secret_service::Error| bus_reason(&error.to_string());
        let service = SecretService::connect(EncryptionType::Plain).map_err(words)?;
        let attributes = [("service", SERVICE), ("username", account)];
        let found = service.search_items(attributes.into()).map_err(words)?;
        if !found.locked.is_empty() || !found.unlocked.is_empty() {
            return Ok(!found.locked.is_empty());
        }
        // A new entry would go there.
        let default = service.get_default_collection();
        Ok(default.is_ok_and(|collection| collection.is_locked().unwrap_or(true)))
    }

    /// Keychain and Credential Manager are open while the person is logged in.
    #[cfg(not(all(unix, not(target_os = "macos"))))]
    fn is_locked(&self, _account: &str) -> Result<bool, String> {
        Ok(false)
    }
}

fn entry(account: &str) -> Result<Entry, String> {
    // `Entry::new` only says that there is no store; the reason is kept here.
    match Entry::store_status() {
        Ok(()) => Entry::new(SERVICE, account).map_err(|error| in_words(&error)),
        Err(error) => Err(in_words(error)),
    }
}

/// Python's keyring gives its entries other names on Windows; elsewhere they are called as ours.
#[cfg(windows)]
fn python_left(account: &str) -> Result<Option<Secret>, String> {
    let found = super::credential_manager::get(account).map_err(|error| in_words(&error))?;
    Ok(found.map(Secret::new))
}

#[cfg(not(windows))]
fn python_left(_account: &str) -> Result<Option<Secret>, String> {
    Ok(None)
}

#[cfg(windows)]
fn python_dropped(account: &str) -> Result<bool, String> {
    super::credential_manager::delete(account).map_err(|error| in_words(&error))
}

#[cfg(not(windows))]
fn python_dropped(_account: &str) -> Result<bool, String> {
    Ok(false)
}

/// The reason of a failure; never its payload, which can be the secret itself.
fn in_words(error: &keyring::Error) -> String {
    match error {
        keyring::Error::PlatformFailure(cause) => bus_reason(&cause.to_string()),
        keyring::Error::NoStorageAccess(_) => "it is locked".to_owned(),
        keyring::Error::NoDefaultStore => "this system offers none".to_owned(),
        keyring::Error::BadEncoding(_) | keyring::Error::BadDataFormat(..) => {
            "the entry is not text".to_owned()
        }
        keyring::Error::Ambiguous(entries) => {
            format!("it has {} entries of that name", entries.len())
        }
        keyring::Error::TooLong(..) => "the entry is too long".to_owned(),
        _ => "it refused the request".to_owned(),
    }
}

/// What D-Bus errors mean to a person.
pub(super) fn bus_reason(text: &str) -> String {
    let has = |part: &str| text.contains(part);
    if has("ServiceUnknown") || has("NameHasNoOwner") || has("no secret service provider") {
        "no keyring service on this session bus".to_owned()
    } else if has("autolaunch")
        || has("DBUS_SESSION_BUS_ADDRESS")
        || has("No such file")
        || has("Connection refused")
        || has("I/O error")
    {
        "there is no session bus to reach a keyring".to_owned()
    } else {
        clean(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_words_a_person_knows() {
        let unknown = "org.freedesktop.DBus.Error.ServiceUnknown: The name was not provided";
        assert_eq!(
            bus_reason(unknown),
            "no keyring service on this session bus"
        );
        let refused = "I/O error: Connection refused (os error 111)";
        assert!(bus_reason(refused).contains("session bus"));
        let payload = keyring::Error::BadEncoding(b"hunter2\xff".to_vec());
        assert_eq!(in_words(&payload), "the entry is not text");
    }
}
