//! The files where Python's keyring put passwords on computers without a keyring. They are read, never written.
//!
//! In `keyring_pass.cfg` they are in base64, so whoever can read the file can read them; in `crypted_pass.cfg` they are
//! encrypted with a master password.

pub mod crypted;
mod entries;

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::secret::Secret;
use entries::Entries;

/// The service under which the Python Mai kept its passwords.
pub const SERVICE: &str = "mai";

/// The password of a user of a service in `keyring_pass.cfg`, if it has one; a file that cannot be read has none.
pub fn password(path: &Path, service: &str, user: &str) -> Option<Secret> {
    as_password(&Entries::read(path)?.value(service, user)?)
}

fn as_password(bytes: &[u8]) -> Option<Secret> {
    let password = std::str::from_utf8(bytes).ok()?;
    (!password.is_empty()).then(|| Secret::new(password))
}

/// Python breaks the lines of its base64.
fn decoded(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let text: Zeroizing<String> = Zeroizing::new(text.split_whitespace().collect());
    STANDARD.decode(text.as_bytes()).ok().map(Zeroizing::new)
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
