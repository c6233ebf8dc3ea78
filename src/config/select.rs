//! From the names on a command line to profiles.

use std::collections::{BTreeMap, BTreeSet};

use super::nearest::{did_you_mean, some_of};
use super::schema::{Config, IdentityProvider, Profile};
use crate::error::{Error, Result, clean};

impl Config {
    pub fn profile(&self, name: &str) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.name == name)
    }

    /// The profile of that name, which may not be a group; the error names the nearest.
    pub fn expect_profile(&self, name: &str) -> Result<&Profile> {
        self.expect_profiles()?;
        if let Some(group) = self.groups.iter().find(|group| group.name == name) {
            return Err(Error::usage(format!(
                "`{name}` is a group ({}), and this is about one profile",
                group.origin
            ))
            .hint(format!(
                "name one of its profiles: {}",
                some_of(&group.names())
            )));
        }
        // Only profiles are proposed: a group would be refused again.
        let profiles = || self.profiles.iter().map(|profile| profile.name.as_str());
        self.profile(name)
            .ok_or_else(|| unknown(name, profiles().collect()))
    }

    /// Is it the one that `default_profile` names?
    pub fn is_default(&self, profile: &str) -> bool {
        self.default_profile
            .as_ref()
            .is_some_and(|name| name.value == profile)
    }

    /// The identity provider of a profile of this configuration.
    pub fn provider_of(&self, profile: &Profile) -> Result<&IdentityProvider> {
        self.identity_providers
            .get(&profile.identity_provider.value)
            .ok_or_else(|| {
                profile.identity_provider.origin.error(format!(
                    "there is no identity provider `{}`",
                    *profile.identity_provider
                ))
            })
    }

    /// The identity provider of that name; the error names the nearest.
    pub fn provider_named(&self, name: &str) -> Result<&IdentityProvider> {
        self.identity_providers.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.identity_providers.keys().map(String::as_str).collect();
            let error = Error::usage(format!("there is no identity provider `{}`", clean(name)));
            match did_you_mean(name, known.iter().copied()) {
                Some(hint) => error.hint(hint),
                None if known.is_empty() => {
                    error.hint("there is none yet: --url URL names a new one")
                }
                None => error.hint(format!("there is: {}", some_of(&known))),
            }
        })
    }

    /// Is there anything to sign in to? If not, the error says what to write where.
    pub fn expect_profiles(&self) -> Result<()> {
        if !self.profiles.is_empty() {
            return Ok(());
        }
        let file = self.own_file.shown();
        let what = match self.exists {
            true => format!("{file} has no profiles yet"),
            false => format!("no profiles yet: there is no {file}"),
        };
        Err(Error::usage(what).hint(
            "`mai create NAME` makes one: it asks for the link behind your portal's AWS tile and signs in",
        ))
    }

    /// The profile of a bare `mai`: `default_profile`, else the only one there is.
    pub fn default_choice(&self) -> Option<&Profile> {
        match (&self.default_profile, &self.profiles[..]) {
            (Some(name), _) => self.profile(name),
            (None, [only]) => Some(only),
            _ => None,
        }
    }

    /// The named profiles, in the order given, groups in place of their members, each once; or all of them.
    ///
    /// No two of them write to the same section of the credentials file, unless they come from the Python Mai's file.
    pub fn select(&self, names: &[String], all: bool) -> Result<Vec<&Profile>> {
        self.expect_profiles()?;
        let mut chosen: Vec<&Profile> = Vec::new();
        if all {
            chosen.extend(&self.profiles);
        }
        let mut known: BTreeSet<&str> = chosen.iter().map(|one| one.name.as_str()).collect();
        for name in names {
            for profile in self.named(name)? {
                if known.insert(&profile.name) {
                    chosen.push(profile);
                }
            }
        }
        if self.classic.is_none() {
            one_section_each(&chosen)?;
        }
        Ok(chosen)
    }

    /// Of profiles that write to one section the last, as in the Python Mai; and the others.
    pub fn last_of_each_section<'a>(
        &self,
        profiles: Vec<&'a Profile>,
    ) -> (Vec<&'a Profile>, Vec<&'a Profile>) {
        let mut written = BTreeSet::new();
        let (mut last, mut others): (Vec<_>, Vec<_>) = profiles
            .into_iter()
            .rev()
            .partition(|profile| written.insert(profile.aws_profile.as_str()));
        last.reverse();
        others.reverse();
        (last, others)
    }

    fn named(&self, name: &str) -> Result<Vec<&Profile>> {
        if let Some(profile) = self.profile(name) {
            return Ok(vec![profile]);
        }
        if let Some(group) = self.groups.iter().find(|group| group.name == name) {
            return group
                .members
                .iter()
                .map(|member| {
                    self.profile(member)
                        .ok_or_else(|| unknown(member, self.names().collect()))
                })
                .collect();
        }
        Err(unknown(name, self.names().collect()))
    }

    /// Names of all profiles, then of all groups.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let profiles = self.profiles.iter().map(|profile| profile.name.as_str());
        profiles.chain(self.groups.iter().map(|group| group.name.as_str()))
    }

    /// The person's name for an account.
    pub fn account_name(&self, id: &str) -> Option<&str> {
        self.accounts.get(id).map(|name| name.as_str())
    }

    /// The accounts that carry a name in `accounts`.
    pub fn account_ids<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.accounts
            .iter()
            .filter(move |(_, known)| known.value == name)
            .map(|(id, _)| id.as_str())
    }

    /// Refuses a `type` that is not among `known`, the names of the provider table.
    pub fn check_types(&self, known: &[&str]) -> Result<()> {
        let types = self
            .identity_providers
            .values()
            .filter_map(|provider| provider.provider_type.as_ref().map(|name| (provider, name)));
        for (provider, name) in types {
            if !known.contains(&name.as_str()) {
                let error = name.origin.error(format!(
                    "`type` of identity provider `{}`: no provider is called `{}`",
                    provider.name,
                    clean(name)
                ));
                let words = known.iter().copied().chain(["auto"]);
                return Err(error.hint(match did_you_mean(name, words) {
                    Some(hint) => hint,
                    None => format!("leave it out, or write one of: auto, {}", known.join(", ")),
                }));
            }
        }
        Ok(())
    }
}

fn one_section_each(profiles: &[&Profile]) -> Result<()> {
    let mut writers: BTreeMap<&str, &Profile> = BTreeMap::new();
    for profile in profiles {
        if let Some(twin) = writers.insert(&profile.aws_profile, profile) {
            return Err(Error::usage(format!(
                "`{}` and `{}` both write to [{}] ({} and {})",
                twin.name,
                profile.name,
                *profile.aws_profile,
                twin.aws_profile.origin,
                profile.aws_profile.origin
            ))
            .hint("give one of them another `aws_profile`, or name only one"));
        }
    }
    Ok(())
}

fn unknown(name: &str, known: Vec<&str>) -> Error {
    let error = Error::usage(format!("there is no profile `{}`", clean(name)));
    match did_you_mean(name, known.iter().copied()) {
        Some(hint) => error.hint(hint),
        None => error.hint(format!("there is: {}", some_of(&known))),
    }
}
