//! The Python Mai's `mai.yaml`, read as if it were a `profiles.yaml`. It is never written.

use std::collections::BTreeMap;
use std::path::Path;

use super::edit::{Draft, NewIdentityProvider, NewProfile, Scalar};
use super::naming;
use super::origin::{Origin, SourceFile};
use super::values;
use super::yaml::{Key, Node, Table, Value};
use crate::arn::{ProviderArn, RoleArn};
use crate::error::{Result, clean};

/// The name that the Python Mai gave its file.
pub(super) const FILE_NAME: &str = "mai.yaml";

const URL: &str = "saml_identity_provider_url";
const ROLE: &str = "saml_role";
const USER: &str = "saml_user";

/// A configuration that comes from the Python Mai's file.
#[derive(Clone, Debug)]
pub struct Classic {
    pub file: SourceFile,
    /// What could not be taken over, in sentences for the person.
    pub notes: Vec<String>,
    /// `-c` named the file although there is a `profiles.yaml` beside it, so there is nowhere to write to.
    is_outdated: bool,
    /// The addresses before they became URLs, by identity provider: keyring entries were named after them.
    urls: BTreeMap<String, String>,
    root: Table,
}

impl Classic {
    /// The address of an identity provider as it stands in the file, with `https://` before it.
    pub fn typed_url(&self, identity_provider: &str) -> Option<&str> {
        self.urls.get(identity_provider).map(String::as_str)
    }

    /// Is there a `profiles.yaml` beside a file that `-c` named, so that nothing may be copied there?
    pub fn is_outdated(&self) -> bool {
        self.is_outdated
    }

    pub(super) fn set_outdated(&mut self, is_outdated: bool) {
        self.is_outdated = is_outdated;
    }

    pub(super) fn root(&self) -> &Table {
        &self.root
    }

    /// Writes all of it into a `profiles.yaml`; how many profiles that were.
    pub fn copy_into(&self, draft: &mut Draft) -> Result<usize> {
        let section = |name: &str| -> Vec<(String, Vec<(String, Scalar)>)> {
            let table = self.root.iter().find(|(key, _)| key.name == name);
            let entries = table.map_or(&[][..], |(_, node)| entries_of(node));
            let copy = |(key, node): &(Key, Node)| (key.name.clone(), settings(node));
            entries.iter().map(copy).collect()
        };
        let providers: Vec<NewIdentityProvider> = section("identity_providers")
            .into_iter()
            .map(|(name, settings)| NewIdentityProvider { name, settings })
            .collect();
        draft.add_identity_providers(&providers)?;
        let profiles: Vec<NewProfile> = section("profiles")
            .into_iter()
            .map(|(name, settings)| NewProfile { name, settings })
            .collect();
        draft.add_profiles(&profiles)?;
        let accounts = self.root.iter().find(|(key, _)| key.name == "accounts");
        let names: Vec<(String, String)> = accounts
            .map_or(&[][..], |(_, node)| entries_of(node))
            .iter()
            .filter_map(|(key, node)| Some((key.name.clone(), text_of(node)?)))
            .collect();
        draft.add_account_names(&names)?;
        let default = self
            .root
            .iter()
            .find(|(key, _)| key.name == "default_profile");
        if let Some(name) = default.and_then(|(_, node)| text_of(node)) {
            draft.set_default(&name)?;
        }
        Ok(profiles.len())
    }
}

fn entries_of(node: &Node) -> &[(Key, Node)] {
    match &node.value {
        Value::Table(table) => table,
        _ => &[],
    }
}

fn settings(node: &Node) -> Vec<(String, Scalar)> {
    entries_of(node)
        .iter()
        .filter_map(|(key, node)| Some((key.name.clone(), Scalar::Text(text_of(node)?))))
        .collect()
}

/// Does a file hold the Python Mai's profiles, whatever its name is?
pub(super) fn is_classic(path: &Path, root: &Table) -> bool {
    let has_url = |node: &Node| entries_of(node).iter().any(|(key, _)| key.name == URL);
    path.file_name().is_some_and(|name| name == FILE_NAME)
        || root.iter().any(|(_, node)| has_url(node))
}

/// Reads the Python Mai's tables; `taken` are the names of identity providers that other files have given.
pub(super) fn read(root: &Table, file: &SourceFile, taken: &[String]) -> Result<Classic> {
    let mut reader = Reader {
        taken,
        notes: Vec::new(),
        providers: Vec::new(),
        profiles: Vec::new(),
        accounts: Vec::new(),
        renamed: Vec::new(),
    };
    let mut default = None;
    for (key, node) in root {
        match key.name.as_str() {
            "global" => default = reader.global(key, node),
            _ => reader.profile(key, node),
        }
    }
    Ok(reader.finish(default, file))
}

struct Provider {
    name: String,
    url: String,
    user: Option<String>,
    entry: (Key, Node),
}

struct Reader<'a> {
    taken: &'a [String],
    notes: Vec<String>,
    providers: Vec<Provider>,
    profiles: Table,
    accounts: Table,
    /// Old and new names of profiles whose names cannot be.
    renamed: Vec<(String, String)>,
}

impl Reader<'_> {
    fn global(&mut self, key: &Key, node: &Node) -> Option<(Origin, String)> {
        if !matches!(node.value, Value::Table(_) | Value::Nothing) {
            self.note(&key.origin, "`global` is not a table, so it is passed over");
        }
        let mut default = None;
        for (key, node) in entries_of(node) {
            match (key.name.as_str(), text_of(node)) {
                ("default_profile", Some(name)) => default = Some((node.origin.clone(), name)),
                ("default_profile", None) => {}
                (unknown, _) => self.unknown(&key.origin, unknown),
            }
        }
        default
    }

    fn profile(&mut self, key: &Key, node: &Node) {
        let shown = clean(&key.name);
        if !matches!(node.value, Value::Table(_)) {
            let why = format!("`{shown}` is no profile, so it is passed over");
            return self.note(&key.origin, &why);
        }
        let mut url = None;
        let mut user = None;
        let mut role = None;
        for (key, node) in entries_of(node) {
            match key.name.as_str() {
                URL => url = Some(node),
                USER => user = Some(node),
                ROLE => role = Some(node),
                unknown => self.unknown(&key.origin, unknown),
            }
        }
        let Some((typed, url_node)) = url.and_then(|node| Some((text_of(node)?, node))) else {
            let why = format!("profile `{shown}` has no `{URL}`, so it is passed over");
            return self.note(&key.origin, &why);
        };
        let url = match typed.contains("://") {
            true => typed.clone(),
            false => format!("https://{typed}"),
        };
        if let Err(reason) = values::sign_in_url(&url) {
            let why = format!("profile `{shown}` is passed over: {reason}");
            return self.note(&url_node.origin, &why);
        }
        let name = self.name_of(key);
        let provider = self.provider(key, url, url_node, user);
        let mut settings = vec![entry("identity_provider", &provider, &url_node.origin)];
        if let Some(role) = role {
            settings.extend(self.role(&shown, role));
        }
        // There was only this section.
        settings.push(entry("aws_profile", "default", &key.origin));
        self.profiles.push(table(&name, &key.origin, settings));
    }

    /// The profile's own name, or one like it that can be a name.
    fn name_of(&mut self, key: &Key) -> String {
        let fits = |c: char| c.is_ascii_alphanumeric() || "._/@:+-".contains(c);
        let mut name: String = key
            .name
            .trim()
            .chars()
            .map(|c| if fits(c) { c } else { '-' })
            .take(100)
            .collect();
        name = name.trim_start_matches('-').to_string();
        if values::name(&name).is_err() {
            name = format!("profile-{name}");
        }
        let is_taken = |name: &str| self.profiles.iter().any(|(key, _)| key.name == name);
        let name = naming::first_free(&name, is_taken);
        if name != key.name {
            let why = format!("profile `{}` is called `{name}` here", clean(&key.name));
            self.note(&key.origin, &why);
            self.renamed.push((key.name.clone(), name.clone()));
        }
        name
    }

    /// One identity provider for each address and user.
    fn provider(&mut self, key: &Key, url: String, at: &Node, user: Option<&Node>) -> String {
        let name = user.and_then(text_of);
        let known = |provider: &&Provider| provider.url == url && provider.user == name;
        if let Some(provider) = self.providers.iter().find(known) {
            return provider.name.clone();
        }
        let host = url::Url::parse(&url)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_default();
        let called = naming::of_identity_provider(&host, |name| {
            self.providers.iter().any(|provider| provider.name == name)
                || self.taken.iter().any(|taken| taken == name)
        });
        let mut settings = vec![entry("url", &url, &at.origin)];
        if let (Some(name), Some(node)) = (&name, user) {
            settings.push(entry("username", name, &node.origin));
        }
        self.providers.push(Provider {
            entry: table(&called, &key.origin, settings),
            name: called.clone(),
            url,
            user: name,
        });
        called
    }

    /// `[provider ARN, role ARN, account name or null]`, with as much of it as there is.
    fn role(&mut self, profile: &str, node: &Node) -> Vec<(Key, Node)> {
        let items: &[Node] = match &node.value {
            Value::List(items) => items,
            Value::Nothing => return Vec::new(),
            _ => &[],
        };
        let texts: Vec<Option<String>> = items.iter().take(3).map(text_of).collect();
        let [provider, role] = [0, 1].map(|at| texts.get(at).cloned().flatten());
        let (Some(provider), Some(role)) = (provider, role) else {
            let why =
                format!("`{ROLE}` of profile `{profile}` names no role, so `mai` asks for it");
            self.note(&node.origin, &why);
            return Vec::new();
        };
        let (Ok(provider), Ok(role)) = (
            provider.trim().parse::<ProviderArn>(),
            role.trim().parse::<RoleArn>(),
        ) else {
            let why = format!(
                "`{ROLE}` of profile `{profile}` is not a provider's and a role's ARN, so `mai` asks for the role"
            );
            self.note(&node.origin, &why);
            return Vec::new();
        };
        let name = texts.get(2).cloned().flatten();
        if let Some(name) = name.filter(|name| !name.trim().is_empty()) {
            let account = role.account();
            if !self.accounts.iter().any(|(key, _)| key.name == account) {
                self.accounts.push(entry(account, &name, &items[2].origin));
            }
        }
        vec![
            entry("role", &role.to_string(), &items[1].origin),
            entry("provider_arn", &provider.to_string(), &items[0].origin),
        ]
    }

    fn unknown(&mut self, origin: &Origin, key: &str) {
        let why = format!("unknown key `{}`, so it is passed over", clean(key));
        self.note(origin, &why);
    }

    fn note(&mut self, origin: &Origin, why: &str) {
        self.notes.push(format!("{origin}: {why}"));
    }

    fn finish(mut self, default: Option<(Origin, String)>, file: &SourceFile) -> Classic {
        let mut root = Vec::new();
        let top = file.at(1, 1);
        if let Some((origin, name)) = default {
            let renamed = self.renamed.iter().find(|(old, _)| *old == name);
            let name = renamed.map_or(&name, |(_, new)| new).clone();
            if self.profiles.iter().any(|(key, _)| key.name == name) {
                root.push(entry("default_profile", &name, &origin));
            } else {
                let name = clean(&name);
                let why = format!("there is no profile `{name}` to be the default any more");
                self.note(&origin, &why);
            }
        }
        let urls = self
            .providers
            .iter()
            .map(|p| (p.name.clone(), p.url.clone()));
        let urls = urls.collect();
        let providers = self.providers.into_iter().map(|provider| provider.entry);
        root.push(table("identity_providers", &top, providers.collect()));
        root.push(table("accounts", &top, self.accounts));
        root.push(table("profiles", &top, self.profiles));
        Classic {
            file: file.clone(),
            notes: self.notes,
            is_outdated: false,
            urls,
            root,
        }
    }
}

/// A value that was meant as text: YAML 1.1 takes `yes` and `012` for something else.
fn text_of(node: &Node) -> Option<String> {
    match &node.value {
        Value::Text(text) | Value::Number(text) => {
            Some(text.trim().to_string()).filter(|text| !text.is_empty())
        }
        Value::Flag(flag) => Some(flag.to_string()),
        Value::Nothing | Value::List(_) | Value::Table(_) => None,
    }
}

fn entry(key: &str, text: &str, origin: &Origin) -> (Key, Node) {
    (
        Key {
            name: key.to_string(),
            origin: origin.clone(),
        },
        Node {
            value: Value::Text(text.to_string()),
            origin: origin.clone(),
        },
    )
}

fn table(key: &str, origin: &Origin, entries: Table) -> (Key, Node) {
    (
        Key {
            name: key.to_string(),
            origin: origin.clone(),
        },
        Node {
            value: Value::Table(entries),
            origin: origin.clone(),
        },
    )
}

#[cfg(test)]
#[path = "classic_tests.rs"]
mod tests;
