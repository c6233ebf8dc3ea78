//! `secrets: file`: secrets in a file of the state folder (0600), unencrypted. Whoever can read it has them.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::SecretStore;
use crate::error::Error;
use crate::secret::Secret;
use crate::store::locked_file::{self, Edited};
use crate::store::record;

const FILE: &str = "secrets";
const HEADER: &str = "mai-secrets 1";

/// One line per secret: account, and the secret in base64 (only so that every text fits on a line).
pub struct SecretsFile {
    state_folder: PathBuf,
}

impl SecretsFile {
    pub fn within(state_folder: &Path) -> SecretsFile {
        SecretsFile {
            state_folder: state_folder.to_path_buf(),
        }
    }

    fn edit<T>(&self, change: impl Fn(&mut Vec<Entry>) -> T) -> Result<T, String> {
        let written = locked_file::update_own(&self.state_folder, FILE, |bytes| {
            // What cannot be read must not be written over: it may be secrets.
            let text = std::str::from_utf8(bytes).unwrap_or("damaged");
            if !text.is_empty() && text.lines().next() != Some(HEADER) {
                let why = "it is damaged, or from another version of `mai`";
                return Err(Error::failed(why).hint("move the file `secrets` away"));
            }
            let mut entries = parse(bytes);
            let value = change(&mut entries);
            Ok(Edited {
                bytes: render(&entries),
                value,
            })
        });
        written.map(|w| w.value).map_err(|error| error.to_string())
    }
}

struct Entry {
    account: String,
    encoded: Zeroizing<String>,
}

impl SecretStore for SecretsFile {
    fn get(&self, account: &str) -> Result<Option<Secret>, String> {
        let bytes =
            locked_file::read_own(&self.state_folder, FILE).map_err(|error| error.to_string())?;
        let bytes = Zeroizing::new(bytes.unwrap_or_default());
        let entry = parse(&bytes).into_iter().find(|e| e.account == account);
        Ok(entry.and_then(|entry| {
            let text = STANDARD.decode(entry.encoded.as_bytes()).ok()?;
            String::from_utf8(text).ok().map(Secret::new)
        }))
    }

    fn set(&self, account: &str, secret: &Secret) -> Result<(), String> {
        let encoded = Zeroizing::new(STANDARD.encode(secret.expose()));
        self.edit(|entries| {
            entries.retain(|entry| entry.account != account);
            entries.push(Entry {
                account: account.to_owned(),
                encoded: encoded.clone(),
            });
        })
    }

    fn delete(&self, account: &str) -> Result<bool, String> {
        if !self.state_folder.join(FILE).exists() {
            return Ok(false);
        }
        self.edit(|entries| {
            let before = entries.len();
            entries.retain(|entry| entry.account != account);
            entries.len() < before
        })
    }

    fn is_locked(&self, _account: &str) -> Result<bool, String> {
        Ok(false)
    }
}

fn parse(bytes: &[u8]) -> Vec<Entry> {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let mut lines = text.lines();
    if lines.next() != Some(HEADER) {
        return Vec::new();
    }
    lines
        .filter_map(record::split)
        .filter_map(|fields| <[String; 2]>::try_from(fields).ok())
        .map(|[account, encoded]| Entry {
            account,
            encoded: Zeroizing::new(encoded),
        })
        .collect()
}

fn render(entries: &[Entry]) -> Vec<u8> {
    let mut text = format!("{HEADER}\n");
    for entry in entries {
        text.push_str(&record::join(&[&entry.account, &entry.encoded]));
        text.push('\n');
    }
    text.into_bytes()
}
