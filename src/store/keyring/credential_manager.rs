//! The names that Python's keyring gave its entries in the Credential Manager of Windows.
//!
//! The last one to be stored is called `mai` and tells its user beside the password; one that it replaced has moved to
//! `USER@mai`. Ours have names of their own, so both are looked at only where there is none.

use std::collections::HashMap;

use keyring_core::{Entry, Error, Result};

use super::SERVICE;

pub fn get(account: &str) -> Result<Option<String>> {
    for entry in entries(account)? {
        match entry.get_password() {
            Ok(password) => return Ok(Some(password)),
            // Not UTF-16, as Python's keyring expects of other programs.
            Err(Error::BadEncoding(bytes)) => return Ok(String::from_utf8(bytes).ok()),
            Err(Error::NoEntry) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// True if there was one.
pub fn delete(account: &str) -> Result<bool> {
    let mut found = false;
    for entry in entries(account)? {
        match entry.delete_credential() {
            Ok(()) => found = true,
            Err(Error::NoEntry) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

fn entries(account: &str) -> Result<Vec<Entry>> {
    let last = named(SERVICE, account)?;
    let moved = named(&format!("{account}@{SERVICE}"), account)?;
    let is_of_account = match last.get_attributes() {
        Ok(attributes) => attributes
            .get("username")
            .is_some_and(|user| user == account),
        Err(Error::NoEntry) => false,
        Err(error) => return Err(error),
    };
    Ok(is_of_account
        .then_some(last)
        .into_iter()
        .chain([moved])
        .collect())
}

fn named(target: &str, account: &str) -> Result<Entry> {
    Entry::new_with_modifiers(SERVICE, account, &HashMap::from([("target", target)]))
}
