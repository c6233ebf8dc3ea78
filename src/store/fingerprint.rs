//! What keys were made from, as one short word: keys whose settings have changed are not good any more.

use ring::digest::{Context, SHA256};

/// A hash of the settings behind keys (provider, role, user, duration, policies, tags, parent). It tells whether they
/// changed, not what they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The same settings in the same order give the same word, in every run and version.
    pub fn of(settings: &[(&str, &str)]) -> Fingerprint {
        let mut context = Context::new(&SHA256);
        for (name, value) in settings {
            for part in [name, value] {
                // With its length, so that no two lists of settings read alike.
                context.update(&(part.len() as u64).to_be_bytes());
                context.update(part.as_bytes());
            }
        }
        let digest = context.finish();
        let word = digest.as_ref()[..8].iter().map(|b| format!("{b:02x}"));
        Fingerprint(word.collect())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_settings_are_another_word() {
        let word = Fingerprint::of(&[("role", "a"), ("user", "b")]);
        assert_eq!(word, Fingerprint::of(&[("role", "a"), ("user", "b")]));
        assert_eq!(word.as_str().len(), 16);
        for other in [
            &[("role", "ab"), ("user", "")][..],
            &[("role", "a"), ("userb", "")],
            &[("role", "a")],
            &[("user", "b"), ("role", "a")],
        ] {
            assert_ne!(word, Fingerprint::of(other));
        }
    }
}
