//! What an import would write: names that are free, each identity provider once, nothing that is there already.

use url::Url;

use super::{Entry, Found};
use crate::config::edit::{Draft, NewIdentityProvider, NewProfile, Scalar};
use crate::config::{Config, naming, values};
use crate::error::{Result, clean};
use crate::setup::entries::ProfileSettings;
use crate::setup::names;

/// An entry that is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    pub name: String,
    pub why: String,
}

/// Everything that would be written.
#[derive(Debug, Default)]
pub struct Plan {
    pub identity_providers: Vec<NewIdentityProvider>,
    pub profiles: Vec<NewProfile>,
    pub accounts: Vec<(String, String)>,
    pub skipped: Vec<Skipped>,
    pub notes: Vec<String>,
    /// Where the new identity providers are, to tell that two are one.
    places: Vec<(String, Url, Option<String>)>,
    /// The profiles and the sections that they write to.
    sections: Vec<(String, String)>,
}

impl Plan {
    /// Adds what the configuration of `tool` offers.
    pub fn add(&mut self, config: &Config, tool: &str, found: Found) {
        self.notes.extend(found.notes);
        for (id, name) in found.accounts {
            let is_known = config.account_name(&id).is_some();
            if values::is_account(&id)
                && !name.trim().is_empty()
                && !is_known
                && !self.accounts.iter().any(|(known, _)| *known == id)
            {
                self.accounts.push((id, name));
            }
        }
        for entry in found.entries {
            self.entry(config, tool, entry);
        }
    }

    fn entry(&mut self, config: &Config, tool: &str, entry: Entry) {
        let url = match values::sign_in_url(&entry.url) {
            Ok(url) => url,
            Err(why) => {
                let name = clean(&entry.name);
                self.skipped.push(Skipped { name, why });
                return;
            }
        };
        if let Some(known) = already(config, &entry, &url) {
            self.skipped.push(Skipped {
                name: clean(&entry.name),
                why: format!("profile {known} has the same role there already"),
            });
            return;
        }
        let name = self.free_name(config, &entry.name, tool);
        if let Some(product) = not_yet(&url) {
            self.notes.push(format!(
                "{name}: `mai` does not know how to sign in to {product} yet; it is worth a try, and waits for a later version"
            ));
        }
        let provider = self.provider(config, &entry, &url);
        let section = entry.aws_profile.filter(|section| *section != name);
        let settings = ProfileSettings {
            role: entry.role,
            provider_arn: entry.provider_arn,
            aws_profile: section
                .filter(|section| self.fits(&name, "aws_profile", values::section(section))),
            region: entry
                .region
                .filter(|region| self.fits(&name, "region", values::region(region))),
            duration: entry.duration,
        };
        let section = settings.aws_profile.as_deref().unwrap_or(&name).to_owned();
        if let Some((first, _)) = self.sections.iter().find(|(_, known)| *known == section) {
            self.notes.push(format!(
                "{first} and {name} both write to [{section}], as they did: the last one that signs in wins, and they cannot \
                 be signed in to at once"
            ));
        }
        self.sections.push((name.clone(), section));
        self.profiles.push(settings.profile(&name, &provider));
    }

    fn fits<T>(&mut self, name: &str, key: &str, checked: Result<T, String>) -> bool {
        if let Err(why) = &checked {
            self.notes
                .push(format!("{name}: `{key}` is left out: {why}"));
        }
        checked.is_ok()
    }

    /// The name of the identity provider of an entry: one that is there, else a new one.
    fn provider(&mut self, config: &Config, entry: &Entry, url: &Url) -> String {
        let user = entry.username.as_deref().filter(|user| !user.is_empty());
        let known = config.identity_providers.values().find(|provider| {
            let its_user = provider.username.as_ref().map(|user| user.value.as_str());
            provider.url.value == *url && its_user == user
        });
        if let Some(known) = known {
            return known.name.clone();
        }
        let new = self
            .places
            .iter()
            .find(|(_, place, its_user)| place == url && its_user.as_deref() == user);
        if let Some((name, _, _)) = new {
            return name.clone();
        }
        let taken = |name: &str| {
            config.identity_providers.contains_key(name)
                || self.places.iter().any(|(known, _, _)| known == name)
        };
        let name = naming::of_identity_provider(url.host_str().unwrap_or_default(), taken);
        let mut settings = vec![("url".to_owned(), Scalar::Text(entry.url.clone()))];
        if let Some(user) = user {
            settings.push(("username".to_owned(), Scalar::Text(user.to_owned())));
        }
        if let Some(method) = entry.method {
            let mfa = vec![("method".to_owned(), Scalar::Text(method.to_owned()))];
            settings.push(("mfa".to_owned(), Scalar::Table(mfa)));
        }
        if entry.remember_device {
            settings.push(("remember_device".to_owned(), Scalar::Flag(true)));
        }
        if let Some(bundle) = &entry.ca_bundle {
            settings.push(("ca_bundle".to_owned(), Scalar::Text(bundle.clone())));
        }
        self.identity_providers.push(NewIdentityProvider {
            name: name.clone(),
            settings,
        });
        self.places
            .push((name.clone(), url.clone(), user.map(str::to_owned)));
        name
    }

    fn free_name(&self, config: &Config, wanted: &str, tool: &str) -> String {
        let taken = |name: &str| {
            !names::is_free(config, name)
                || self.profiles.iter().any(|profile| profile.name == name)
        };
        let name = match naming::readable(wanted) {
            name if name.is_empty() => tool.to_owned(),
            name => name,
        };
        if !taken(&name) {
            return name;
        }
        // Too long by itself, or with what comes behind it.
        let name = naming::shortened(&name, naming::LONGEST);
        match taken(name) {
            false => name.to_owned(),
            true => naming::first_free(&format!("{name}-{tool}"), taken),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.profiles.is_empty() && self.accounts.is_empty()
    }

    /// Writes all of it into a draft.
    pub fn write(&self, draft: &mut Draft) -> Result<()> {
        draft.add_identity_providers(&self.identity_providers)?;
        draft.add_profiles(&self.profiles)?;
        draft.add_account_names(&self.accounts)
    }

    /// What would be written, as it would stand in a file of its own.
    pub fn text(&self, config: &Config) -> Result<String> {
        let mut draft = Draft::parse(b"", &config.own_file)?;
        self.write(&mut draft)?;
        Ok(String::from_utf8_lossy(&draft.finish()?).into_owned())
    }
}

/// Products whose pages are programs that this version does not talk to, by their hosts.
fn not_yet(url: &Url) -> Option<&'static str> {
    let host = url.host_str()?;
    [
        ("okta.com", "Okta"),
        ("okta-emea.com", "Okta"),
        ("oktapreview.com", "Okta"),
        ("microsoftonline.com", "Entra ID"),
        ("google.com", "Google"),
        ("onelogin.com", "OneLogin"),
        ("jumpcloud.com", "JumpCloud"),
    ]
    .into_iter()
    .find(|(domain, _)| host == *domain || host.ends_with(&format!(".{domain}")))
    .map(|(_, product)| product)
}

/// The profile that does the same already.
fn already<'a>(config: &'a Config, entry: &Entry, url: &Url) -> Option<&'a str> {
    let role = entry.role.as_ref().map(ToString::to_string);
    config
        .profiles
        .iter()
        .find(|profile| {
            let there = config
                .provider_of(profile)
                .is_ok_and(|provider| provider.url.value == *url);
            there && profile.role.as_ref().map(|role| role.value.to_string()) == role
        })
        .map(|profile| profile.name.as_str())
}
