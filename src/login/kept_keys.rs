//! Keys that stand in no file: those of profiles with `keys: process`, in the vault.

use chrono::DateTime;

use crate::error::{Error, Result};
use crate::keys::SessionCredentials;
use crate::login::Doors;
use crate::login::stored_secrets::mode_of;
use crate::secret::Secret;
use crate::store::keyring::{Keyring, Mode};
use crate::store::vault::{self, Vault, VaultKey};

/// The keys that were kept under the name of a section, if they have not expired.
pub fn find(doors: &Doors, aws_profile: &str) -> Result<Option<SessionCredentials>> {
    if !vault::exists(doors.paths.state_folder()?) {
        return Ok(None);
    }
    let key = VaultKey::find(&mut keyring(doors)?)?;
    let Some(key) = key else {
        return Ok(None);
    };
    let text = Vault::new(doors.paths.state_folder()?, key).get(&entry(aws_profile))?;
    Ok(text.and_then(|text| read(&text)))
}

/// Keeps keys in place of older ones of the same names.
pub fn keep(doors: &Doors, all: &[(&str, &SessionCredentials)]) -> Result<()> {
    check_place(doors)?;
    let key = VaultKey::find_or_make(&mut keyring(doors)?)?.ok_or_else(no_place)?;
    let vault = Vault::new(doors.paths.state_folder()?, key);
    for (aws_profile, keys) in all {
        let until = keys.expires_at.timestamp();
        vault.set(&entry(aws_profile), &write(keys), until)?;
    }
    Ok(())
}

/// True if there were some.
pub fn forget(doors: &Doors, aws_profile: &str) -> Result<bool> {
    let state_folder = doors.paths.state_folder()?;
    if !vault::exists(state_folder) {
        return Ok(false);
    }
    let Some(key) = VaultKey::find(&mut keyring(doors)?)? else {
        return Ok(false);
    };
    let removed = Vault::new(state_folder, key).remove_all(&entry(aws_profile))?;
    Ok(removed > 0)
}

/// Can the vault be opened and written? Asked before a sign-in whose keys belong there.
pub fn check_open(doors: &Doors) -> Result<()> {
    vault::check(doors.paths.state_folder()?)?;
    VaultKey::find_or_make(&mut keyring(doors)?)?
        .map(drop)
        .ok_or_else(no_place)
}

/// Is there a place for keys that stand in no file? Asked before anything is looked at.
pub fn check_place(doors: &Doors) -> Result<()> {
    match mode_of(doors.config) {
        Mode::None => Err(no_place()),
        Mode::Keyring | Mode::File => Ok(()),
    }
}

fn no_place() -> Error {
    Error::usage("`keys: process` keeps keys in the vault, and `secrets: none` leaves it no place for its key")
        .hint("set `secrets: keyring` or `secrets: file` in profiles.yaml, or `keys: file`")
}

fn keyring<'a>(doors: &'a Doors) -> Result<Keyring<'a>> {
    let mode = mode_of(doors.config);
    let folder = doors.paths.state_folder()?;
    Ok(Keyring::open(doors.presence(), mode, folder, |text| {
        doors.ui.step(text);
    }))
}

/// The final line break ends the name: one section may be called like the beginning of another.
fn entry(aws_profile: &str) -> String {
    format!("keys\n{aws_profile}\n")
}

/// The section whose keys an entry of the vault holds.
pub fn owner(entry: &str) -> &str {
    entry.strip_prefix("keys\n").unwrap_or(entry).trim_end()
}

fn write(keys: &SessionCredentials) -> Secret {
    Secret::new(format!(
        "{}\n{}\n{}\n{}",
        keys.expires_at.timestamp(),
        keys.access_key_id,
        keys.secret_access_key.expose(),
        keys.session_token.expose()
    ))
}

fn read(text: &Secret) -> Option<SessionCredentials> {
    let mut lines = text.expose().split('\n');
    let mut line = || lines.next().filter(|line| !line.is_empty());
    Some(SessionCredentials {
        expires_at: DateTime::from_timestamp(line()?.parse().ok()?, 0)?,
        access_key_id: line()?.to_owned(),
        secret_access_key: Secret::new(line()?),
        session_token: Secret::new(line()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back_whole_or_not_at_all() {
        let keys = SessionCredentials {
            access_key_id: "ASIA1".into(),
            secret_access_key: Secret::new("s/+="),
            session_token: Secret::new("token=="),
            expires_at: DateTime::from_timestamp(4_000_000_000, 0).unwrap(),
        };
        let back = read(&write(&keys)).unwrap();
        assert_eq!(back.access_key_id, keys.access_key_id);
        assert_eq!(back.secret_access_key, keys.secret_access_key);
        assert_eq!(back.session_token, keys.session_token);
        assert_eq!(back.expires_at, keys.expires_at);
        for cut in ["", "1\n", "1\nASIA\n", "1\nASIA\ns\n", "x\nASIA\ns\nt"] {
            assert!(read(&Secret::new(cut)).is_none(), "{cut:?}");
        }
        assert!(!entry("prod2").starts_with(&entry("prod")));
    }
}
