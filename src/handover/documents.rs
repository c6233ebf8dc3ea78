//! Keys as one document: JSON for programs, the manifest of a Kubernetes Secret.

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::environment::Environment;
use crate::error::{Error, Result, clean};
use crate::login::ready::Ready;
use crate::ui::moment;

/// All that is known of the keys of one profile.
pub fn of_profile(ready: &Ready) -> Value {
    json!({
        "profile": ready.profile,
        "aws_profile": ready.aws_profile,
        "role_arn": ready.role.to_string(),
        "account_id": ready.role.account(),
        "role": ready.role.name(),
        "region": ready.region,
        "expires_at": moment::rfc3339(ready.keys.expires_at),
        "access_key_id": ready.keys.access_key_id,
        "secret_access_key": ready.keys.secret_access_key.expose(),
        "session_token": ready.keys.session_token.expose(),
    })
}

/// The name of a Kubernetes object: what a DNS name can be.
pub fn secret_name(text: &str) -> Result<String, String> {
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if text.len() <= 253 && text.split('.').all(is_label) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "`{}` cannot be the name of a Secret: small letters, digits, - and . can, with a letter or digit at both ends",
        clean(text)
    ))
}

/// `mai-prod` for the profile prod, in the letters that a Secret's name may have.
pub fn usual_secret_name(profile: &str) -> String {
    let mut name = String::from("mai");
    let lower = profile.to_ascii_lowercase();
    for word in lower.split(|c: char| !c.is_ascii_alphanumeric()) {
        if !word.is_empty() {
            name.push('-');
            name.push_str(word);
        }
    }
    name
}

/// A Secret with one entry for each variable.
pub fn secret_of_variables(name: &str, environment: &Environment) -> Zeroizing<String> {
    let entries = environment.set.iter();
    secret(
        name,
        entries.map(|(name, value)| (name.as_str(), value.expose())),
    )
}

/// A Secret with one entry, `credentials`: a file for `~/.aws`.
///
/// One profile is `[default]` there, so that nobody has to name it; several are called as in profiles.yaml.
pub fn secret_of_file(name: &str, all: &[&Ready]) -> Result<Zeroizing<String>> {
    let mut file = Zeroizing::new(String::new());
    for ready in all {
        let section = if all.len() == 1 {
            "default"
        } else {
            &ready.profile
        };
        if !file.is_empty() {
            file.push('\n');
        }
        file.push_str(&format!("[{section}]\n"));
        for (key, value) in [
            ("aws_access_key_id", ready.keys.access_key_id.as_str()),
            (
                "aws_secret_access_key",
                ready.keys.secret_access_key.expose(),
            ),
            ("aws_session_token", ready.keys.session_token.expose()),
            ("region", ready.region.as_deref().unwrap_or_default()),
        ] {
            if value.chars().any(char::is_control) {
                return Err(Error::failed(format!(
                    "the {key} of {} has a control character and cannot stand in a file",
                    ready.profile
                )));
            }
            if !value.is_empty() {
                for part in [key, " = ", value, "\n"] {
                    file.push_str(part);
                }
            }
        }
    }
    Ok(secret(name, [("credentials", file.as_str())].into_iter()))
}

fn secret<'a>(name: &str, entries: impl Iterator<Item = (&'a str, &'a str)>) -> Zeroizing<String> {
    let mut text = Zeroizing::new(format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {}\ntype: Opaque\nstringData:\n",
        *yaml(name)
    ));
    for (key, value) in entries {
        // Readers of YAML 1.1 take a bare NO or on for a truth value, and null for nothing.
        for part in ["  ", &yaml(key), ": ", &yaml(value), "\n"] {
            text.push_str(part);
        }
    }
    text
}

/// A string of YAML in double quotes and printable ASCII, which every reader takes alike.
fn yaml(text: &str) -> Zeroizing<String> {
    let mut quoted = Zeroizing::new(String::from("\""));
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            ' '..='~' => quoted.push(c),
            _ => quoted.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handover::environment::tests::ready;
    use crate::secret::Secret;

    #[test]
    fn a_secret_is_a_manifest_whatever_its_values_are() {
        let environment = Environment {
            set: vec![("X".to_owned(), Secret::new("a\"\\\n: é😀\u{7f}"))],
            ..Environment::default()
        };
        assert_eq!(
            *secret_of_variables("mai-prod", &environment),
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: \"mai-prod\"\ntype: Opaque\nstringData:\n  \
             \"X\": \"a\\\"\\\\\\n: \\U000000e9\\U0001f600\\U0000007f\"\n"
        );
    }

    #[test]
    fn a_variable_whose_name_means_something_in_yaml_keeps_it() {
        let names = ["NO", "on", "null", "y", "_1"];
        let environment = Environment {
            set: names.map(|name| (name.to_owned(), Secret::new("x"))).into(),
            ..Environment::default()
        };
        let text = secret_of_variables("mai-prod", &environment);
        for name in names {
            let entry = format!("\n  \"{name}\": \"x\"\n");
            assert!(text.contains(&entry), "{}", *text);
        }
    }

    #[test]
    fn a_file_has_one_section_for_each_profile() {
        let (a, mut b) = (ready("a"), ready("b"));
        b.region = None;
        let one = secret_of_file("x", &[&a]).unwrap();
        assert!(
            one.contains("\n  \"credentials\": \"[default]\\naws_access_key_id = ASIAEXAMPLE\\n")
        );
        assert!(one.ends_with("\\nregion = eu-central-1\\n\"\n"), "{}", *one);
        let two = secret_of_file("x", &[&a, &b]).unwrap();
        assert!(
            two.contains("\\n\\n[b]\\n") && two.contains("\"[a]\\n"),
            "{}",
            *two
        );
        b.region = Some("x\n[evil]".to_owned());
        assert!(secret_of_file("x", &[&b]).is_err());
    }

    #[test]
    fn names_of_secrets_are_those_of_kubernetes() {
        for good in ["a", "mai-prod", "a.b-c.d"] {
            assert!(secret_name(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "A",
            "-a",
            "a-",
            "a..b",
            "a_b",
            "a/b",
            "ä",
            &"a".repeat(254),
        ] {
            assert!(secret_name(bad).is_err(), "{bad}");
        }
        for profile in ["prod", "Team/Prod@1", "-", "@@", &"x".repeat(64)] {
            let name = usual_secret_name(profile);
            assert!(secret_name(&name).is_ok(), "{name}");
        }
        assert_eq!(usual_secret_name("Team/Prod@1"), "mai-team-prod-1");
    }
}
