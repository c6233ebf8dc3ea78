//! `crypted_pass.cfg`: passwords that Python's keyring has encrypted with a master password.
//!
//! Each entry is JSON with a salt of its own; the key is PBKDF2 of the master password, the cipher AES-256 in CFB mode
//! with segments of one byte. One entry with a known text tells whether a master password is the right one.

use std::num::NonZeroU32;
use std::path::Path;

use aes::Aes256;
use cfb8::Decryptor;
use cfb8::cipher::KeyIvInit;
use ring::pbkdf2;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::entries::Entries;
use super::{as_password, decoded};
use crate::secret::Secret;

/// Where the file says about itself.
const SETTINGS: &str = "keyring-setting";
const REFERENCE: &str = "password reference";
const REFERENCE_TEXT: &str = "password reference value";
const SCHEME: &str = "[PBKDF2] AES256.CFB";
/// In front of each password, before it is encrypted.
const MARK: &[u8] = b"pw:";
/// What PyCrypto and PyCryptodome take where nothing is said.
const ROUNDS: NonZeroU32 = NonZeroU32::new(1000).expect("not zero");

/// The file, still locked.
pub struct CryptedFile(Entries);

/// A master password that was found to be the right one, in the bytes that Python made of it.
pub struct MasterKey(Zeroizing<Vec<u8>>);

#[derive(Deserialize)]
struct Encrypted {
    salt: String,
    #[serde(rename = "IV")]
    iv: String,
    password_encrypted: String,
}

impl CryptedFile {
    /// `None` where there is no such file, or one that no master password could open.
    pub fn read(path: &Path) -> Option<CryptedFile> {
        let entries = Entries::read(path)?;
        entries.text(SETTINGS, REFERENCE)?;
        Some(CryptedFile(entries))
    }

    /// Is it encrypted in the way that is known here? Old files say nothing of it, or name the library too.
    pub fn is_known(&self) -> bool {
        let scheme = self.0.text(SETTINGS, "scheme");
        scheme.is_none_or(|scheme| scheme.strip_prefix("PyCrypto ").unwrap_or(&scheme) == SCHEME)
    }

    /// What stands there for a user of a service, encrypted: enough to tell whether it has changed.
    pub fn encrypted(&self, service: &str, user: &str) -> Option<Secret> {
        let text = self.0.text(service, user)?;
        (!text.is_empty()).then(|| Secret::new(text.as_str()))
    }

    /// `None` if this is not the master password.
    pub fn unlock(&self, master: &Secret) -> Option<MasterKey> {
        let reference = self.0.value(SETTINGS, REFERENCE)?;
        let keys = keys_of(master.expose()).into_iter();
        keys.map(MasterKey).find(|key| {
            decrypt(&reference, key).is_some_and(|text| *text == REFERENCE_TEXT.as_bytes())
        })
    }

    /// The password of a user of a service; `None` too if it was encrypted with another master password.
    pub fn password(&self, key: &MasterKey, service: &str, user: &str) -> Option<Secret> {
        as_password(&decrypt(&self.0.value(service, user)?, key)?)
    }
}

/// Python 3 made Latin-1 of what was typed, and failed where it could not; Python 2 took what the terminal sent.
fn keys_of(master: &str) -> Vec<Zeroizing<Vec<u8>>> {
    let utf8 = Zeroizing::new(master.as_bytes().to_vec());
    let latin1: Option<Vec<u8>> = master.chars().map(|c| u8::try_from(c).ok()).collect();
    let latin1 = latin1.map(Zeroizing::new).filter(|key| *key != utf8);
    latin1.into_iter().chain([utf8]).collect()
}

fn decrypt(entry: &[u8], key: &MasterKey) -> Option<Zeroizing<Vec<u8>>> {
    let entry: Encrypted = serde_json::from_slice(entry).ok()?;
    let (salt, iv) = (decoded(&entry.salt)?, decoded(&entry.iv)?);
    let mut text = decoded(&entry.password_encrypted)?;
    let mut derived = Zeroizing::new([0; 32]);
    pbkdf2::derive(
        pbkdf2::PBKDF2_HMAC_SHA1,
        ROUNDS,
        &salt,
        &key.0,
        derived.as_mut(),
    );
    let mut cipher = Decryptor::<Aes256>::new_from_slices(derived.as_ref(), &iv).ok()?;
    cipher.decrypt(&mut text);
    let password = text.strip_prefix(MARK)?;
    Some(Zeroizing::new(password.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASTER: &str = "mästér %1";

    /// Written by keyrings.alt 5.0 with pycryptodome 4.4.
    const FILE: &str = "[keyring_2Dsetting]\npassword_20reference = \n\teyJzYWx0IjogIndGbFdnMWZxU013dVY4OFZBazhuRlRYY3lDbFYvaHltOXhTNEVndllZc0E9Iiwg\n\tIklWIjogIloxcEpNMTJkZmpQYUxGMXdpRXZFM2c9PSIsICJwYXNzd29yZF9lbmNyeXB0ZWQiOiAi\n\tanc0WjZEMnlCZlZJVENjaXQzUjdXQ1JUUnNmUndEVXZhR01IIn0=\nscheme = [PBKDF2] AES256.CFB\nversion = 1.0\n\n[mai]\nada_40https_3a_2f_2f127_2e0_2e0_2e1_3a1_2f = \n\teyJzYWx0IjogIkJUUFFxT0pUeEtzWnlaTWZsT2JyWXdWL3RWVWR3Z3Z4VFFzdnVydzk0WVk9Iiwg\n\tIklWIjogInZWZjlzaGVaYTdwNW0yL1d1ZzdMZEE9PSIsICJwYXNzd29yZF9lbmNyeXB0ZWQiOiAi\n\tc2pkbXRJYmgzT2NVS2Y0dSJ9\nj_2edoe_40example_2eorg_40https_3a_2f_2fidp_2eexample_2eorg_2fsso_3fx_3dy_3az = \n\teyJzYWx0IjogIk9ubjJySkdRQ2oxUmMyZ01xU2ZJN3VoL1ZFaXI0SHBFVTZrV09IVk9oekU9Iiwg\n\tIklWIjogInAzUUZEbUY5eXE3QWkvcWV3K09SVWc9PSIsICJwYXNzd29yZF9lbmNyeXB0ZWQiOiAi\n\tUHh6Tkw4eEV0NjE0eUwyVmlaYlhyQTRuWnRLME5oSmxiM1NaaXdFSUhLZGY4RzZGc2xPY2Y3dFhj\n\tQTZ4UVV5SzFJeWdpWlM4UytBelxuRStVZ2J4UjJWNkExUUc4M3FtZldiQkl5eStQU2JGNUIrOFJy\n\tNEZYSlh0Yz0ifQ==\n\t\n\n";

    fn file(text: &str) -> Option<CryptedFile> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("crypted_pass.cfg");
        std::fs::write(&path, text).unwrap();
        CryptedFile::read(&path)
    }

    fn found(file: &CryptedFile, user: &str) -> Option<String> {
        let key = file.unlock(&Secret::new(MASTER)).unwrap();
        let password = file.password(&key, "mai", user)?;
        Some(password.expose().to_owned())
    }

    #[test]
    fn passwords_that_python_encrypted_are_read_with_the_master_password() {
        let file = file(FILE).unwrap();
        let long = format!("pässwort: 100% {}1234567890", "long ".repeat(12));
        let user = "J.Doe@example.org@https://idp.example.org/SSO?x=y:z";
        assert!(file.is_known());
        assert_eq!(
            found(&file, "ada@https://127.0.0.1:1/").unwrap(),
            "Tr0ub4dor"
        );
        assert_eq!(found(&file, user).unwrap(), long);
        assert_eq!(found(&file, "ada"), None);
        assert!(file.encrypted("mai", user).is_some());
        assert!(file.encrypted("mai", "ada").is_none());
    }

    #[test]
    fn another_master_password_opens_nothing() {
        let file = file(FILE).unwrap();
        for wrong in ["", "mästér %", "master %1", "mästér %1 ", "マスター"] {
            assert!(file.unlock(&Secret::new(wrong)).is_none(), "{wrong}");
        }
    }

    #[test]
    fn the_scheme_is_looked_at_where_there_is_one() {
        let line = "scheme = [PBKDF2] AES256.CFB\n";
        for known in ["", "scheme = PyCrypto [PBKDF2] AES256.CFB\n", line] {
            let file = file(&FILE.replace(line, known)).unwrap();
            assert!(file.is_known(), "{known}");
            assert!(found(&file, "ada@https://127.0.0.1:1/").is_some());
        }
        let other = FILE.replace(line, "scheme = [Argon2] AES128.GCM\n");
        assert!(!file(&other).unwrap().is_known());
    }

    #[test]
    fn damage_is_no_password() {
        assert!(file("").is_none());
        assert!(file("[mai]\nada = \n\teHg=\n").is_none());
        let intact = file(FILE).unwrap();
        let key = intact.unlock(&Secret::new(MASTER)).unwrap();
        let user = "ada@https://127.0.0.1:1/";
        // Not base64, not JSON, no salt, an IV that is too short, a byte of the mark changed.
        for broken in [
            "%%%",
            "eHg=",
            "e30=",
            "eyJzYWx0IjoiIiwiSVYiOiJ4eHg9IiwicGFzc3dvcmRfZW5jcnlwdGVkIjoiIn0=",
        ] {
            let entry = "ada_40https_3a_2f_2f127_2e0_2e0_2e1_3a1_2f = ";
            let text = FILE.replace(entry, &format!("{entry}{broken}\n\nignored = "));
            let file = file(&text).unwrap();
            assert!(file.password(&key, "mai", user).is_none(), "{broken}");
        }
        let changed = FILE.replace("c2pkbXRJYmgzT2NVS2Y0dSJ9", "d2pkbXRJYmgzT2NVS2Y0dSJ9");
        assert!(
            file(&changed)
                .unwrap()
                .password(&key, "mai", user)
                .is_none()
        );
    }
}
