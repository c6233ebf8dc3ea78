//! The file where Python's keyring put passwords on computers without a keyring: base64, so anybody who can read the
//! file can read them. It is read, never written.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// A longer file is none of Python's keyring.
const LONGEST_FILE: u64 = 1 << 20;

/// The password of a user of a service, if the file has one; a file that cannot be read has none.
pub fn password(path: &Path, service: &str, user: &str) -> Option<Secret> {
    let is_plain = std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    let file = is_plain.then(|| File::open(path).ok()).flatten()?;
    let mut text = Zeroizing::new(String::new());
    file.take(LONGEST_FILE).read_to_string(&mut text).ok()?;
    let encoded = value(&text, &escaped(service), &escaped(user))?;
    let bytes = Zeroizing::new(STANDARD.decode(encoded.as_bytes()).ok()?);
    let password = std::str::from_utf8(&bytes).ok()?;
    (!password.is_empty()).then(|| Secret::new(password.to_owned()))
}

/// The value of an option, its continuation lines joined.
fn value(text: &str, section: &str, option: &str) -> Option<Zeroizing<String>> {
    let mut in_section = false;
    let mut found: Option<Zeroizing<String>> = None;
    for line in text.lines() {
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
            if name.trim().eq_ignore_ascii_case(option) {
                found = Some(Zeroizing::new(value.trim().to_owned()));
            }
        }
    }
    found
}

/// Letters and digits stay; every other byte is `_` and its number in two hexadecimal digits.
fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte.is_ascii_alphanumeric() {
            true => char::from(byte).to_string(),
            false => format!("_{byte:02x}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by keyrings.alt 5.0.
    const FILE: &str = "[mai]\nj_2edoe_40example_2eorg_40https_3a_2f_2fidp_2eexample_2eorg_2fsso_3fx_3dy_3az = \n\tcMOkc3N3b3J0OiAxMDAlIGxvbmcgbG9uZyBsb25nIGxvbmcgbG9uZyBsb25nIGxvbmcgbG9uZyBs\n\tb25nIGxvbmcgbG9uZyBsb25nIDEyMzQ1Njc4OTA=\nada_40https_3a_2f_2f127_2e0_2e0_2e1_3a1_2f = \n\tVHIwdWI0ZG9y\n\n[other_20svc]\nada = \n\tenp6\n\t\n\n";

    fn found(text: &str, service: &str, user: &str) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyring_pass.cfg");
        std::fs::write(&path, text).unwrap();
        password(&path, service, user).map(|secret| secret.expose().to_owned())
    }

    #[test]
    fn passwords_that_python_wrote_are_read() {
        let long =
            "pässwort: 100% long long long long long long long long long long long long 1234567890";
        let user = "J.Doe@example.org@https://idp.example.org/SSO?x=y:z";
        assert_eq!(found(FILE, "mai", user).unwrap(), long);
        assert_eq!(
            found(FILE, "mai", "ada@https://127.0.0.1:1/").unwrap(),
            "Tr0ub4dor"
        );
        assert_eq!(found(FILE, "other svc", "ada").unwrap(), "zzz");
    }

    #[test]
    fn what_is_not_there_or_not_right_is_no_password() {
        assert_eq!(found(FILE, "mai", "ada"), None);
        assert_eq!(found(FILE, "ma", "ada@https://127.0.0.1:1/"), None);
        for broken in [
            "",
            "[mai]\nada\n",
            "[mai]\nada = \n",
            "[mai]\nada = %%%\n",
            "[mai]\nada = /w==\n",
        ] {
            assert_eq!(found(broken, "mai", "ada"), None, "{broken}");
        }
        assert!(password(Path::new("/nowhere/x"), "mai", "ada").is_none());
        assert!(password(Path::new("/dev"), "mai", "ada").is_none());
    }
}
