//! The file `vault`: what is worth as much as a password and lives shorter, encrypted. Sessions of identity providers.
//!
//! ChaCha20-Poly1305 with a new nonce at each write; the key lies in the keyring, or in `secrets` with `secrets: file`.
//! What is in it can be had again by signing in, so a vault that cannot be read counts as empty and is replaced.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::clock;
use crate::error::{Error, Result};
use crate::secret::Secret;
use crate::store::keyring::{Account, Keyring};
use crate::store::locked_file::{self, Edited};
use crate::store::{record, version};

const FILE: &str = "vault";
const VERSION: &str = "mai-vault 1";
const HEADER: &[u8] = b"mai-vault 1\n";
const KEY_LEN: usize = 32;
/// Sessions of a hundred identity providers are a few hundred kilobytes.
const LARGEST: usize = 4 * 1024 * 1024;

/// Is there a vault at all? Looked at before the keyring is opened.
pub fn exists(state_folder: &Path) -> bool {
    std::fs::symlink_metadata(state_folder.join(FILE)).is_ok()
}

/// Where it is.
pub fn path(state_folder: &Path) -> PathBuf {
    state_folder.join(FILE)
}

/// Is what stands there, if anything, a vault of this version? Known without its key.
pub fn check(state_folder: &Path) -> Result<()> {
    let bytes = locked_file::read_own(state_folder, FILE)?.unwrap_or_default();
    version::check(&path(state_folder), &bytes, VERSION)
}

/// Removes the whole vault; true if there was one. Its key is the caller's to remove.
pub fn remove(state_folder: &Path) -> Result<bool> {
    let path = path(state_folder);
    // A link goes too; a folder holds what is not ours.
    if path.is_dir() && !path.is_symlink() {
        check(state_folder)?;
    }
    match std::fs::remove_file(&path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::failed(format!("cannot remove {}", path.display()))
            .because(super::state_folder::reason(&error))),
    }
}

/// The key of a vault.
pub struct VaultKey(LessSafeKey);

impl std::fmt::Debug for VaultKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VaultKey(…)")
    }
}

impl VaultKey {
    /// The key that is kept, if there is one.
    pub fn find(keyring: &mut Keyring<'_>) -> Result<Option<VaultKey>> {
        let kept = keyring.get(&Account::vault_key())?;
        Ok(kept.and_then(|kept| VaultKey::read(&kept)))
    }

    /// The key that is kept, or a new one, kept from now on. `None` where nothing may be kept.
    pub fn find_or_make(keyring: &mut Keyring<'_>) -> Result<Option<VaultKey>> {
        if let Some(key) = VaultKey::find(keyring)? {
            return Ok(Some(key));
        }
        if !keyring.can_store() {
            return Ok(None);
        }
        let mut bytes = Zeroizing::new([0u8; KEY_LEN]);
        fill(&mut *bytes)?;
        let text = Secret::new(STANDARD.encode(bytes.as_slice()));
        keyring.set(&Account::vault_key(), &text)?;
        // Somebody may have made one at the same moment; the one that is kept counts.
        VaultKey::find(keyring)
    }

    fn read(text: &Secret) -> Option<VaultKey> {
        let bytes = Zeroizing::new(STANDARD.decode(text.expose()).ok()?);
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes).ok()?;
        Some(VaultKey(LessSafeKey::new(key)))
    }
}

/// One secret text under a name, good until a time (seconds since 1970).
struct Entry {
    name: String,
    until: i64,
    text: Secret,
}

/// An open vault.
pub struct Vault<'a> {
    state_folder: &'a Path,
    key: VaultKey,
}

impl<'a> Vault<'a> {
    pub fn new(state_folder: &'a Path, key: VaultKey) -> Vault<'a> {
        Vault { state_folder, key }
    }

    /// What lies under a name, if its time is not over. Nothing if the vault is damaged or was closed with another key.
    pub fn get(&self, name: &str) -> Result<Option<Secret>> {
        let bytes = locked_file::read_own(self.state_folder, FILE)?.unwrap_or_default();
        let now = clock::now().timestamp();
        let found = self.open(&bytes).into_iter().find(|e| e.name == name);
        Ok(found.filter(|e| e.until > now).map(|e| e.text))
    }

    /// Names and times (seconds since 1970) of what is in it and good; `None` if it cannot be read with this key.
    pub fn list(&self) -> Result<Option<Vec<(String, i64)>>> {
        let bytes = locked_file::read_own(self.state_folder, FILE)?.unwrap_or_default();
        let now = clock::now().timestamp();
        let entries = self.opened(&bytes);
        Ok(entries.map(|entries| {
            let good = entries.into_iter().filter(|entry| entry.until > now);
            good.map(|entry| (entry.name, entry.until)).collect()
        }))
    }

    /// Puts a text under a name, in place of an older one.
    pub fn set(&self, name: &str, text: &Secret, until: i64) -> Result<()> {
        self.edit(|entries| {
            entries.retain(|entry| entry.name != name);
            entries.push(Entry {
                name: name.to_owned(),
                until,
                text: text.clone(),
            });
        })
    }

    /// Drops every entry whose name begins so; how many there were.
    pub fn remove_all(&self, prefix: &str) -> Result<usize> {
        if !exists(self.state_folder) {
            return Ok(0);
        }
        self.edit(|entries| {
            let before = entries.len();
            entries.retain(|entry| !entry.name.starts_with(prefix));
            before - entries.len()
        })
    }

    fn edit<T>(&self, change: impl Fn(&mut Vec<Entry>) -> T) -> Result<T> {
        let written = locked_file::update_own(self.state_folder, FILE, |bytes| {
            version::check(&path(self.state_folder), bytes, VERSION)?;
            let now = clock::now().timestamp();
            let mut entries = self.open(bytes);
            entries.retain(|entry| entry.until > now);
            let value = change(&mut entries);
            Ok(Edited {
                bytes: self.close(&entries)?,
                value,
            })
        })?;
        Ok(written.value)
    }

    fn open(&self, bytes: &[u8]) -> Vec<Entry> {
        self.opened(bytes).unwrap_or_default()
    }

    fn opened(&self, bytes: &[u8]) -> Option<Vec<Entry>> {
        let sealed = bytes.strip_prefix(HEADER)?;
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        if sealed.len() > LARGEST {
            return None;
        }
        let mut buffer = Zeroizing::new(sealed.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self
            .key
            .0
            .open_in_place(nonce, Aad::from(HEADER), &mut buffer)
            .ok()?;
        let text = std::str::from_utf8(opened).ok()?;
        Some(text.lines().filter_map(entry).collect())
    }

    fn close(&self, entries: &[Entry]) -> Result<Vec<u8>> {
        let mut text = Zeroizing::new(Vec::new());
        for entry in entries {
            let until = entry.until.to_string();
            let line = Zeroizing::new(record::join(&[&entry.name, &until, entry.text.expose()]));
            text.extend_from_slice(line.as_bytes());
            text.push(b'\n');
        }
        let mut nonce = [0u8; NONCE_LEN];
        fill(&mut nonce)?;
        self.key
            .0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(HEADER),
                &mut *text,
            )
            .map_err(|_| Error::failed("the vault cannot be encrypted"))?;
        Ok([HEADER, &nonce, &text].concat())
    }
}

fn entry(line: &str) -> Option<Entry> {
    let [name, until, text] = <[String; 3]>::try_from(record::split(line)?).ok()?;
    Some(Entry {
        name,
        until: until.parse().ok()?,
        text: Secret::new(text),
    })
}

fn fill(bytes: &mut [u8]) -> Result<()> {
    SystemRandom::new()
        .fill(bytes)
        .map_err(|_| Error::failed("this computer gives no random numbers"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> VaultKey {
        VaultKey::read(&Secret::new(STANDARD.encode([byte; KEY_LEN]))).unwrap()
    }

    fn got(vault: &Vault, name: &str) -> Option<String> {
        let text = vault.get(name).unwrap();
        text.map(|text| text.expose().to_owned())
    }

    fn soon() -> i64 {
        clock::now().timestamp() + 60
    }

    #[test]
    fn what_was_put_in_comes_out_until_its_time_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::new(folder.path(), key(1));
        assert_eq!(got(&vault, "a"), None);
        vault
            .set("idp/a", &Secret::new("one\ttwo\n"), soon())
            .unwrap();
        vault.set("idp/b", &Secret::new("b"), soon()).unwrap();
        vault.set("old", &Secret::new("x"), soon() - 100).unwrap();
        assert_eq!(got(&vault, "idp/a").as_deref(), Some("one\ttwo\n"));
        assert_eq!(got(&vault, "old"), None);
        vault.set("idp/a", &Secret::new("new"), soon()).unwrap();
        assert_eq!(got(&vault, "idp/a").as_deref(), Some("new"));
        let names = vault.list().unwrap().unwrap();
        let names: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["idp/b", "idp/a"]);
        assert_eq!(vault.remove_all("idp/").unwrap(), 2);
        assert_eq!(got(&vault, "idp/b"), None);
    }

    #[test]
    fn nothing_in_the_file_can_be_read_without_the_key() {
        let folder = tempfile::tempdir().unwrap();
        let secret = Secret::new("AQICAHh-cookie-of-a-session");
        let vault = Vault::new(folder.path(), key(1));
        vault.set("idp/corp", &secret, soon()).unwrap();
        let path = folder.path().join(FILE);
        let first = std::fs::read(&path).unwrap();
        for word in [&b"cookie"[..], b"corp", b"AQICAHh"] {
            assert!(!first.windows(word.len()).any(|part| part == word));
        }
        assert_eq!(got(&Vault::new(folder.path(), key(2)), "idp/corp"), None);
        // Each write has a nonce of its own.
        vault.set("idp/corp", &secret, soon()).unwrap();
        let second = std::fs::read(&path).unwrap();
        assert_ne!(
            first[HEADER.len()..][..NONCE_LEN],
            second[HEADER.len()..][..NONCE_LEN]
        );
    }

    #[test]
    fn a_damaged_vault_is_empty_and_one_of_another_version_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let vault = Vault::new(folder.path(), key(1));
        vault.set("a", &Secret::new("x"), soon()).unwrap();
        let good = std::fs::read(&path).unwrap();
        let mut flipped = good.clone();
        *flipped.last_mut().unwrap() ^= 1;
        let mut header = good.clone();
        header[HEADER.len() - 2] = b'2';
        for damaged in [
            &b""[..],
            b"mai",
            HEADER,
            &good[..HEADER.len() + 5],
            &flipped,
        ] {
            std::fs::write(&path, damaged).unwrap();
            assert_eq!(got(&vault, "a"), None);
            assert_eq!(vault.list().unwrap(), None);
            vault.set("b", &Secret::new("y"), soon()).unwrap();
            assert_eq!(got(&vault, "b").as_deref(), Some("y"));
        }
        std::fs::write(&path, &header).unwrap();
        assert_eq!(got(&vault, "a"), None);
        assert!(vault.set("b", &Secret::new("y"), soon()).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), header);
    }
}
