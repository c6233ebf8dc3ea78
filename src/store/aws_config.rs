//! `~/.aws/config`, read only: what other settings a profile has there.

use std::path::Path;

use configparser::ini::Ini;

use crate::error::{Error, Result};
use crate::store::locked_file;

/// The settings of all profiles in the config file.
#[derive(Clone, Debug)]
pub struct AwsConfig(Ini);

impl AwsConfig {
    /// Reads the file; one that does not exist has no profiles. Bytes that are not UTF-8 do not stop it.
    pub fn read(path: &Path) -> Result<AwsConfig> {
        let bytes = locked_file::read(path)?.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        AwsConfig::parse(text).map_err(|reason| {
            Error::failed(format!("cannot read {}", path.display())).because(reason)
        })
    }

    fn parse(text: &str) -> Result<AwsConfig, String> {
        let mut ini = Ini::new_cs();
        // AWS knows no section whose keys are everybody's, no `;` within a value, and nested blocks.
        ini.set_default_section("\0");
        ini.set_inline_comment_symbols(Some(&[]));
        ini.set_multiline(true);
        ini.read(text.to_owned())?;
        Ok(AwsConfig(ini))
    }

    /// The names of the profiles that the file has.
    pub fn profiles(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for section in self.0.sections() {
            if let Some(name) =
                profile_name(&section).filter(|name| !names.iter().any(|n| n == name))
            {
                names.push(name.to_owned());
            }
        }
        names
    }

    /// A setting of a profile, if it has a value. `[profile default]` beats `[default]`, as in every SDK.
    pub fn get(&self, profile: &str, key: &str) -> Option<String> {
        let sections = self.0.get_map_ref();
        let mut names: Vec<&String> = sections
            .keys()
            .filter(|section| profile_name(section) == Some(profile))
            .collect();
        names.sort_by_key(|section| !section.starts_with("profile"));
        let section = sections.get(*names.first()?)?;
        let (_, value) = section
            .iter()
            .rev()
            .find(|(name, _)| name.eq_ignore_ascii_case(key))?;
        let value = without_comment(value.as_deref()?);
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// The region of a profile.
    pub fn region_of(&self, profile: &str) -> Option<String> {
        self.get(profile, "region")
    }
}

/// `[default]` and `[profile NAME]` are profiles, a bare `[NAME]` is not.
fn profile_name(section: &str) -> Option<&str> {
    if section == "default" {
        return Some(section);
    }
    let rest = section.strip_prefix("profile")?;
    let name = rest.trim_start();
    (name.len() < rest.len() && !name.is_empty()).then(|| name.trim_matches('"'))
}

/// SDKs other than botocore cut a comment that follows a blank.
fn without_comment(value: &str) -> &str {
    let cut = value
        .as_bytes()
        .windows(2)
        .position(|pair| pair[0].is_ascii_whitespace() && matches!(pair[1], b'#' | b';'));
    match cut {
        Some(at) => value[..at].trim(),
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# mine\n[default]\nregion = us-east-1\n[profile dev]\nRegion=eu-west-1 # home\nurl = https://x/#a;b\n\
        s3 =\n  region = nested\n[profile  \"q\"]\nregion = a\n[bare]\nregion = b\n[sso-session x]\n[profile empty]\nregion =\n";

    #[test]
    fn settings_are_found_as_sdks_find_them() {
        let config = AwsConfig::parse(TEXT).unwrap();
        assert_eq!(config.region_of("default").as_deref(), Some("us-east-1"));
        assert_eq!(config.region_of("dev").as_deref(), Some("eu-west-1"));
        assert_eq!(config.get("dev", "url").as_deref(), Some("https://x/#a;b"));
        assert_eq!(config.region_of("q").as_deref(), Some("a"));
        assert_eq!(config.region_of("bare"), None);
        assert_eq!(config.region_of("empty"), None);
        assert_eq!(config.profiles(), ["default", "dev", "q", "empty"]);
    }

    #[test]
    fn profile_default_beats_default() {
        let config =
            AwsConfig::parse("[default]\nregion = a\n[profile default]\nregion = b\n").unwrap();
        assert_eq!(config.region_of("default").as_deref(), Some("b"));
    }

    #[test]
    fn a_missing_file_is_empty_and_a_broken_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        assert!(AwsConfig::read(&path).unwrap().profiles().is_empty());
        std::fs::write(
            &path,
            b"\xef\xbb\xbf[profile \xff]\n[profile a]\nregion=x\n",
        )
        .unwrap();
        let config = AwsConfig::read(&path).unwrap();
        assert_eq!(config.region_of("a").as_deref(), Some("x"));
        std::fs::write(&path, "[open\n").unwrap();
        let error = AwsConfig::read(&path).unwrap_err();
        assert!(error.to_string().contains("line 1"), "{error}");
    }
}
