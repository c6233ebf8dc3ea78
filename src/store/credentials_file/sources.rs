//! The settings of a section that say where SDKs get its keys, in either shared file.

use super::process::profile_in;
use super::scanner::Header;
use super::{CredentialsFile, KEY_ID, OLD_TOKEN, SECRET_KEY, TOKEN};
use crate::keys;
use crate::store::process_line::{ProcessLine, program_of};

/// What keys are made of, where they stand in a section themselves.
pub const KEY_PARTS: [&str; 4] = [KEY_ID, SECRET_KEY, TOKEN, OLD_TOKEN];

/// Settings that have SDKs look for keys elsewhere than in the section: each is enough.
pub const ELSEWHERE: [&str; 8] = [
    "credential_process",
    "role_arn",
    "web_identity_token_file",
    "login_session",
    "sso_session",
    "sso_start_url",
    "sso_account_id",
    "sso_role_name",
];

/// Settings by which a section comes before other places where SDKs look for keys. A region alone does not.
pub fn naming_keys() -> impl Iterator<Item = &'static str> {
    std::iter::once(KEY_ID).chain(ELSEWHERE)
}

/// Does it belong to a source of keys that is not ours? What only goes along with one does, too.
pub(super) fn is_foreign(key: &str) -> bool {
    ELSEWHERE.contains(&key)
        || matches!(key, "source_profile" | "credential_source")
        || key.starts_with("sso_")
}

/// One such setting, and its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySource {
    pub line: usize,
    /// As its header says it: `prod` in the credentials file, `profile prod` in the config file.
    pub section: String,
    pub key: String,
    pub kind: SourceKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// They stand here.
    Keys { temporary: bool },
    /// `mai` is asked.
    Mai(ProcessLine),
    /// Another program is asked.
    Program(String),
    /// A role, a login of another kind, …
    Elsewhere,
}

impl CredentialsFile {
    /// Those of a section of the credentials file.
    pub fn sources_of_section(&self, name: &str) -> Vec<KeySource> {
        self.sources(|header| header.name.as_deref() == Some(name))
    }

    /// Those of a profile of the config file.
    pub fn sources_of_profile(&self, aws_profile: &str) -> Vec<KeySource> {
        self.sources(|header| profile_in(header).is_some_and(|(name, _)| name == aws_profile))
    }

    /// In the credentials file: keys with another id than ours, or another source, which SDKs take before they ask a
    /// process of the config file.
    pub fn used_before_process(&self, name: &str, our_key_id: Option<&str>) -> Option<KeySource> {
        let ours = our_key_id.is_some_and(|id| self.holds_key_id(name, id));
        let mut sources = self.sources_of_section(name).into_iter();
        sources.find(|source| !(ours && matches!(source.kind, SourceKind::Keys { .. })))
    }

    /// In the config file: other sources, or a process that does not ask for the keys of `profile`.
    pub fn used_in_place_of(&self, aws_profile: &str, profile: &str) -> Option<KeySource> {
        let mut sources = self.sources_of_profile(aws_profile).into_iter();
        sources.find(|source| match &source.kind {
            // With a configuration of its own the name may be another.
            SourceKind::Mai(line) => line.config.is_none() && line.profile != profile,
            _ => true,
        })
    }

    fn sources(&self, is_wanted: impl Fn(&Header) -> bool) -> Vec<KeySource> {
        let mut found = Vec::new();
        for block in &self.blocks {
            let Some(header) = block.header_kind().filter(|header| is_wanted(header)) else {
                continue;
            };
            for (line, property) in block.properties() {
                let value = String::from_utf8_lossy(line.value().unwrap_or_default());
                let kind = match property.key.as_str() {
                    _ if value.is_empty() => continue,
                    KEY_ID => SourceKind::Keys {
                        temporary: keys::is_temporary(&value),
                    },
                    "credential_process" => match ProcessLine::parse(&value) {
                        Some(ours) => SourceKind::Mai(ours),
                        None => SourceKind::Program(program_of(&value)),
                    },
                    key if is_foreign(key) => SourceKind::Elsewhere,
                    _ => continue,
                };
                found.push(KeySource {
                    line: line.number,
                    section: header.name.clone().unwrap_or_default(),
                    key: property.key.clone(),
                    kind,
                });
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_a_source_is_foreign_and_a_region_is_not() {
        for key in naming_keys().filter(|key| *key != KEY_ID) {
            assert!(is_foreign(key), "{key}");
        }
        for key in ["source_profile", "credential_source", "sso_region"] {
            assert!(is_foreign(key) && !naming_keys().any(|known| known == key));
        }
        for key in KEY_PARTS.into_iter().chain(["region", "output"]) {
            assert!(!is_foreign(key), "{key}");
        }
    }
}
