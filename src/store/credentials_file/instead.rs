//! What SDKs use in place of the keys that `mai` would give to their process.

use super::process::{is_other_source, profile_in};
use super::scanner::{Line, Property};
use super::{CredentialsFile, KEY_ID, is_foreign};
use crate::store::process_line::ProcessLine;

/// A setting of another origin than ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instead {
    pub line: usize,
    /// As its header says it: `prod` in the credentials file, `profile prod` in the config file.
    pub section: String,
    pub setting: String,
}

impl CredentialsFile {
    /// In the credentials file: keys with another id than ours, or a setting that says where keys come from.
    pub fn used_before_process(&self, name: &str, our_key_id: Option<&str>) -> Option<Instead> {
        let section = self.section(name)?;
        let mut properties = section.blocks.iter().flat_map(|block| block.properties());
        let (line, property) = properties.find(|(line, property)| {
            let value = line.value().unwrap_or_default();
            match property.key.as_str() {
                KEY_ID => !value.is_empty() && our_key_id.map(str::as_bytes) != Some(value),
                key => is_foreign(key),
            }
        })?;
        Some(instead(name.to_owned(), line, property))
    }

    /// In the config file: other sources of keys, or a process that does not ask for the keys of `profile`.
    pub fn used_in_place_of(&self, aws_profile: &str, profile: &str) -> Option<Instead> {
        self.blocks.iter().find_map(|block| {
            let header = block.header_kind()?;
            profile_in(header).filter(|(name, _)| name == aws_profile)?;
            let (line, property) = block.properties().find(|(line, property)| {
                let value = String::from_utf8_lossy(line.value().unwrap_or_default());
                let is_set = !value.is_empty();
                is_set
                    && match property.key.as_str() {
                        "credential_process" => !ProcessLine::parse(&value)
                            // With a configuration of its own the name may be another.
                            .is_some_and(|ours| ours.config.is_some() || ours.profile == profile),
                        key => is_other_source(key),
                    }
            })?;
            Some(instead(header.name.clone()?, line, property))
        })
    }
}

fn instead(section: String, line: &Line, property: &Property) -> Instead {
    Instead {
        line: line.number,
        section,
        setting: property.key.clone(),
    }
}
