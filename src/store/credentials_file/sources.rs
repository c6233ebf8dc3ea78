//! The settings of a section that say where SDKs get its keys, in either shared file.

use super::process::profile_in;
use super::scanner::Header;
use super::{CredentialsFile, KEY_ID, is_foreign};
use crate::keys;
use crate::store::process_line::{ProcessLine, program_of};

/// One such setting, and its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySource {
    pub line: usize,
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

    fn sources(&self, is_wanted: impl Fn(&Header) -> bool) -> Vec<KeySource> {
        let wanted = |header: Option<&Header>| header.is_some_and(&is_wanted);
        let blocks = self.blocks.iter();
        let mut found = Vec::new();
        for block in blocks.filter(|block| wanted(block.header_kind())) {
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
                    key: property.key.clone(),
                    kind,
                });
            }
        }
        found
    }
}
