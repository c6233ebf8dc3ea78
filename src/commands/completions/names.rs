//! The names that people gave to things in `profiles.yaml`, as far as they can be read in silence.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::config::{Config, Profile, RoleWanted};
use crate::error::clean;
use crate::idp::providers::PROVIDERS;
use crate::paths::Paths;

/// A name and what it stands for.
pub type Name = (String, String);

/// Empty where there is no configuration, or a broken one: nobody wants an error while typing.
#[derive(Default)]
pub struct Names {
    pub profiles: Vec<Name>,
    pub groups: Vec<Name>,
    pub identity_providers: Vec<Name>,
    pub sections: Vec<Name>,
}

impl Names {
    /// Reads the files of the configuration and nothing else.
    pub fn load(named: Option<&Path>) -> Names {
        let paths = Paths::from_environment();
        let named = named.map(|path| paths.expand(path));
        Config::load(&paths, named.as_deref()).map_or_else(|_| Names::default(), |c| Names::of(&c))
    }

    fn of(config: &Config) -> Names {
        let profiles = config.profiles.iter();
        let groups = config.groups.iter().map(|group| {
            let members: Vec<&str> = group.members.iter().map(|name| name.as_str()).collect();
            named(&group.name, &members.join(", "))
        });
        let providers = config.identity_providers.values();
        let mut seen = BTreeSet::new();
        let sections = profiles
            .clone()
            .filter(|profile| seen.insert(profile.aws_profile.as_str()))
            .map(|profile| named(&profile.aws_profile, &profile.name));
        Names {
            profiles: keep(profiles.map(|profile| named(&profile.name, &role(config, profile)))),
            groups: keep(groups),
            identity_providers: keep(providers.map(|provider| {
                named(&provider.name, provider.url.host_str().unwrap_or_default())
            })),
            sections: keep(sections),
        }
    }
}

/// What `type:` may be.
pub fn types() -> Vec<Name> {
    let auto = [named("auto", "recognised by its pages")];
    let known = PROVIDERS
        .iter()
        .map(|provider| named(provider.name(), provider.about()));
    auto.into_iter().chain(known).collect()
}

fn named(name: &str, about: &str) -> Name {
    (name.to_owned(), clean(about))
}

fn role(config: &Config, profile: &Profile) -> String {
    match profile.role.as_deref() {
        None => String::new(),
        Some(RoleWanted::Arn(arn)) => {
            let account = config.account_name(arn.account());
            format!("{} in {}", arn.name(), account.unwrap_or(arn.account()))
        }
        Some(RoleWanted::InAccount { account, role }) => format!("{role} in {account}"),
        Some(RoleWanted::Pattern(pattern)) => pattern.clone(),
    }
}

/// Only what means nothing to any shell is offered to one, whatever a file may call a profile.
fn keep(names: impl Iterator<Item = Name>) -> Vec<Name> {
    names.filter(|(name, _)| is_harmless(name)).collect()
}

fn is_harmless(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(['-', ':', '@'])
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._/@:+-".contains(&byte))
}

/// The file that `-c` names among the words of a command line.
pub fn named_file(words: &[OsString]) -> Option<PathBuf> {
    let mut words = words.iter();
    let mut file = None;
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        let inline = text
            .strip_prefix("--config=")
            .or_else(|| text.strip_prefix("-c"));
        match (&*text, inline) {
            ("--", _) => break,
            ("-c" | "--config", _) => file = words.next().map(PathBuf::from),
            (_, Some(path)) => file = Some(path.trim_start_matches('=').into()),
            _ => {}
        }
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_a_shell_could_take_for_more_is_not_offered() {
        for name in ["prod", "team/prod", "a.b_c-d", "me@corp:eu+1"] {
            assert!(is_harmless(name), "{name}");
        }
        for name in [
            "",
            "a b",
            "$(id)",
            "`id`",
            "a;b",
            "a|b",
            "*",
            "~",
            "a'b",
            "a\"b",
            "a\\b",
            "a\nb",
            "-x",
            "é",
            "a&b",
            "a>b",
            "#a",
            "!a",
            "{a,b}",
            "(a)",
            "a=b",
            ":files",
            "@a",
            "a\u{202e}b",
        ] {
            assert!(!is_harmless(name), "{name}");
        }
    }

    #[test]
    fn the_file_of_the_same_command_line_is_the_one_that_is_read() {
        let file = |line: &str| {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            named_file(&words).map(|path| path.display().to_string())
        };
        assert_eq!(file("-c a.yaml login").as_deref(), Some("a.yaml"));
        assert_eq!(file("login --config a.yaml").as_deref(), Some("a.yaml"));
        assert_eq!(file("--config=a.yaml login").as_deref(), Some("a.yaml"));
        assert_eq!(file("-ca.yaml login").as_deref(), Some("a.yaml"));
        assert_eq!(file("login prod"), None);
        assert_eq!(file("login -- -c a.yaml"), None);
    }
}
