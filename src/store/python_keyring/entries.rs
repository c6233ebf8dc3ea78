//! The form of both files: what Python's `configparser` writes, names escaped, values in base64.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

use super::decoded;

/// A longer file is none of Python's keyring.
const LONGEST_FILE: u64 = 1 << 20;

/// The text of a file, wiped when dropped.
pub(super) struct Entries(Zeroizing<String>);

impl Entries {
    /// `None` for what is no file, cannot be read or is no text.
    pub fn read(path: &Path) -> Option<Entries> {
        let is_plain = std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
        let file = is_plain.then(|| File::open(path).ok()).flatten()?;
        let mut text = Zeroizing::new(String::new());
        file.take(LONGEST_FILE).read_to_string(&mut text).ok()?;
        Some(Entries(text))
    }

    /// What is kept for a user of a service.
    pub fn value(&self, service: &str, user: &str) -> Option<Zeroizing<Vec<u8>>> {
        decoded(&self.text(service, user)?)
    }

    /// The same as it stands in the file, its continuation lines joined.
    pub fn text(&self, service: &str, user: &str) -> Option<Zeroizing<String>> {
        let (section, option) = (escaped(service), escaped(user));
        let mut in_section = false;
        let mut found: Option<Zeroizing<String>> = None;
        for line in self.0.lines() {
            if line.starts_with([' ', '\t']) {
                if let Some(value) = &mut found {
                    value.push_str(line.trim());
                }
                continue;
            }
            if found.is_some() && !line.is_empty() {
                break;
            }
            if let Some(name) = line
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'))
            {
                in_section = name == section;
            } else if in_section && let Some((name, value)) = line.split_once(['=', ':']) {
                // Python's parser writes the names of options in lower case.
                if name.trim().eq_ignore_ascii_case(&option) {
                    found = Some(Zeroizing::new(value.trim().to_owned()));
                }
            }
        }
        found
    }
}

/// Letters and digits stay; every other byte is `_` and its number in two hexadecimal digits.
fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte.is_ascii_alphanumeric() {
            true => char::from(byte).to_string(),
            false => format!("_{byte:02X}"),
        })
        .collect()
}
