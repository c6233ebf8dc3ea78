//! Changing `profiles.yaml` as text: what is not changed stays as it was written, to the last blank.
//!
//! The places come from our own reader, so no second parser can disagree about what a file says. Each change is cut into
//! the text, the text is read again, and it must say exactly what it said before plus that change; otherwise the draft
//! stays as it was and the error says so.

mod block;
mod entries;
mod flow;
mod gaps;
mod lines;
mod meaning;
mod quoting;

#[cfg(test)]
mod generated_tests;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::origin::{Origin, SourceFile};
use super::values;
use super::yaml::{self, Key, LONGEST_FILE, Node, Value};
use crate::error::{Error, Result, clean};
use lines::Lines;
use meaning::Meaning;

/// A value to be written; it is quoted where YAML would read something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scalar {
    Text(String),
    Flag(bool),
    Table(Vec<(String, Scalar)>),
}

/// A profile to be written: its keys as in `profiles.yaml`, in the order in which they shall stand there.
#[derive(Clone, Debug)]
pub struct NewProfile {
    pub name: String,
    pub settings: Vec<(String, Scalar)>,
}

/// An identity provider to be written.
#[derive(Clone, Debug)]
pub struct NewIdentityProvider {
    pub name: String,
    pub settings: Vec<(String, Scalar)>,
}

/// What went with a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    pub was_default: bool,
    /// The groups that listed it and still list others.
    pub left_groups: Vec<String>,
    /// The groups that listed nothing else, and are gone.
    pub dropped_groups: Vec<String>,
}

/// A `profiles.yaml` that is being changed. A change that fails leaves it as it was.
#[derive(Clone, Debug)]
pub struct Draft {
    file: SourceFile,
    has_mark: bool,
    text: String,
    tree: Node,
}

/// A piece of the text and what comes in its place.
#[derive(Clone)]
pub(super) struct Cut {
    pub from: usize,
    pub to: usize,
    pub with: String,
}

/// A text as YAML, quoted if it has to be.
pub fn yaml_text(text: &str) -> String {
    quoting::text(text, quoting::Style::Block)
}

const MARK: char = '\u{feff}';

impl Draft {
    /// Reads a file; an empty one is a draft of a new file.
    pub fn parse(bytes: &[u8], file: &SourceFile) -> Result<Draft> {
        let tree = yaml::read(bytes, file)?;
        if !matches!(tree.value, Value::Table(_) | Value::Nothing) {
            return Err(tree
                .origin
                .error("a configuration file is a list of `key: value`")
                .hint("it begins like `profiles:`; profiles.example.yaml shows all keys"));
        }
        // The reader has refused what is not UTF-8.
        let text = String::from_utf8_lossy(bytes);
        let bare = text.strip_prefix(MARK);
        Ok(Draft {
            file: file.clone(),
            has_mark: bare.is_some(),
            text: bare.unwrap_or(&text).to_string(),
            tree,
        })
    }

    pub fn has_profile(&self, name: &str) -> bool {
        self.entry("profiles", name).is_some()
    }

    /// Is there nothing in the file but comments?
    pub fn is_empty(&self) -> bool {
        self.root().is_empty()
    }

    pub fn add_identity_provider(&mut self, new: &NewIdentityProvider) -> Result<()> {
        self.add_identity_providers(std::slice::from_ref(new))
    }

    /// Several at once: each change reads the whole file again.
    pub fn add_identity_providers(&mut self, new: &[NewIdentityProvider]) -> Result<()> {
        let mut entries = Vec::new();
        for new in new {
            let name = values::provider_name(&new.name).map_err(Error::usage)?;
            entries.push((name, Scalar::Table(new.settings.clone())));
        }
        self.add("identity_providers", "identity provider", entries)
    }

    /// Gives an identity provider its user; one that stands in another file gets an entry here with the user alone.
    pub fn set_username(&mut self, name: &str, user: &str) -> Result<()> {
        let new = vec![("username".to_string(), Scalar::Text(user.to_string()))];
        let Some((key, node)) = self.entry("identity_providers", name) else {
            return self.add_identity_provider(&NewIdentityProvider {
                name: name.to_string(),
                settings: new,
            });
        };
        let mut wanted = Meaning::of(&self.tree);
        wanted.put(
            &["identity_providers", name, "username"],
            Meaning::Text(user.to_string()),
        );
        let cuts = self.cuts_into(&self.lines(), key, node, &new)?;
        self.apply(cuts, &wanted)
    }

    /// Adds a profile below the others.
    pub fn add_profile(&mut self, new: &NewProfile) -> Result<()> {
        self.add_profiles(std::slice::from_ref(new))
    }

    /// Several at once: each change reads the whole file again.
    pub fn add_profiles(&mut self, new: &[NewProfile]) -> Result<()> {
        let mut entries = Vec::new();
        for new in new {
            let name = values::name(&new.name).map_err(Error::usage)?;
            if let Some((group, _)) = self.entry("groups", &name) {
                return Err(group.origin.error(format!(
                    "`{name}` is a group already; profiles and groups share their names"
                )));
            }
            entries.push((name, Scalar::Table(new.settings.clone())));
        }
        self.add("profiles", "profile", entries)
    }

    /// Gives names to accounts that have none in this file yet; those that have one keep it.
    pub fn add_account_names(&mut self, names: &[(String, String)]) -> Result<()> {
        let mut entries: Vec<(String, Scalar)> = Vec::new();
        for (id, name) in names {
            if !values::is_account(id) {
                return Err(Error::usage(format!(
                    "`{}` is not an account id: they have 12 digits",
                    clean(id)
                )));
            }
            let known = self.entry("accounts", id).is_some()
                || entries.iter().any(|(added, _)| added == id);
            if !known && !name.trim().is_empty() {
                entries.push((id.clone(), Scalar::Text(name.clone())));
            }
        }
        self.add("accounts", "account", entries)
    }

    /// Removes a profile, and its name from groups and `default_profile`.
    pub fn remove_profile(&mut self, name: &str) -> Result<Removed> {
        let mut removed = self.remove_profiles(&[name])?;
        Ok(removed.pop().unwrap_or_default())
    }

    /// Several at once, all or none: each change reads the whole file again.
    pub fn remove_profiles(&mut self, names: &[&str]) -> Result<Vec<Removed>> {
        if let Some(name) = names.iter().find(|name| !self.has_profile(name)) {
            return Err(Error::usage(format!(
                "there is no profile `{}` in {}",
                clean(name),
                self.file.shown()
            )));
        }
        let mut draft = self.clone();
        let mut all = Vec::new();
        for name in names {
            let mut removed = Removed::default();
            for group in draft.groups_with(name) {
                if draft.leave_group(&group, name)? {
                    removed.left_groups.push(group);
                } else {
                    removed.dropped_groups.push(group);
                }
            }
            if draft.default_profile() == Some(name) {
                draft.remove_default()?;
                removed.was_default = true;
            }
            all.push(removed);
        }
        draft.remove_entries("profiles", names)?;
        *self = draft;
        Ok(all)
    }

    /// What `default_profile` of this file says.
    pub fn default_profile(&self) -> Option<&str> {
        let (_, node) = self.root_entry("default_profile")?;
        match &node.value {
            Value::Text(name) | Value::Number(name) => Some(name),
            _ => None,
        }
    }

    /// Writes `default_profile`. Whether there is such a profile is for the caller to know: it may stand in another file.
    pub fn set_default(&mut self, name: &str) -> Result<()> {
        let name = values::name(name).map_err(Error::usage)?;
        if self.default_profile() == Some(&name) {
            return Ok(());
        }
        self.write_default(&name)
    }

    /// The text as it is to be written.
    pub fn finish(self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if self.has_mark {
            bytes.extend(MARK.to_string().into_bytes());
        }
        bytes.extend_from_slice(self.text.as_bytes());
        let again = yaml::read(&bytes, &self.file)?;
        if Meaning::of(&again) != Meaning::of(&self.tree) {
            return Err(self.cannot(&Origin::BUILT_IN));
        }
        Ok(bytes)
    }

    fn add(&mut self, section: &str, kind: &str, entries: Vec<(String, Scalar)>) -> Result<()> {
        let there = self.entries(section).iter();
        let there: BTreeMap<&str, &Key> = there.map(|(key, _)| (&*key.name, key)).collect();
        let mut new = BTreeSet::new();
        for (name, _) in &entries {
            if let Some(key) = there.get(name.as_str()) {
                return Err(key.origin.error(format!(
                    "there is {} {kind} `{name}` already",
                    article(kind)
                )));
            }
            if !new.insert(name) {
                return Err(Error::usage(format!(
                    "{} {kind} `{name}` is to be added twice",
                    article(kind)
                )));
            }
        }
        if entries.is_empty() {
            return Ok(());
        }
        let mut wanted = Meaning::of(&self.tree);
        for (name, value) in &entries {
            wanted.put(&[section, name], Meaning::of_new(value));
        }
        let cuts = self.cuts_to_add(section, &entries)?;
        self.apply(cuts, &wanted)
    }

    fn root(&self) -> &[(Key, Node)] {
        match &self.tree.value {
            Value::Table(table) => table,
            _ => &[],
        }
    }

    fn root_entry(&self, name: &str) -> Option<&(Key, Node)> {
        self.root().iter().find(|(key, _)| key.name == name)
    }

    fn entries(&self, section: &str) -> &[(Key, Node)] {
        match self.root_entry(section).map(|(_, node)| &node.value) {
            Some(Value::Table(table)) => table,
            _ => &[],
        }
    }

    fn entry(&self, section: &str, name: &str) -> Option<&(Key, Node)> {
        self.entries(section)
            .iter()
            .find(|(key, _)| key.name == name)
    }

    fn groups_with(&self, profile: &str) -> Vec<String> {
        let Some((_, groups)) = self.root_entry("groups") else {
            return Vec::new();
        };
        let Value::Table(groups) = &groups.value else {
            return Vec::new();
        };
        groups
            .iter()
            .filter(|(_, members)| !places_of(profile, members).is_empty())
            .map(|(key, _)| key.name.clone())
            .collect()
    }

    /// Makes the cuts if the outcome says what is wanted.
    fn apply(&mut self, mut cuts: Vec<Cut>, wanted: &Meaning) -> Result<()> {
        cuts.sort_by_key(|cut| cut.from);
        let mut text = String::new();
        let mut done = 0;
        for cut in &cuts {
            let Some(kept) = self.text.get(done..cut.from.max(done)) else {
                return Err(self.cannot(&self.tree.origin));
            };
            text.push_str(kept);
            text.push_str(&cut.with);
            done = cut.to.max(done);
        }
        text.push_str(self.text.get(done..).unwrap_or_default());
        match yaml::read(text.as_bytes(), &self.file) {
            Ok(tree) if text.len() <= LONGEST_FILE && Meaning::of(&tree) == *wanted => {
                (self.text, self.tree) = (text, tree);
                Ok(())
            }
            // What is too much for the reader is no matter of how it is written.
            _ if yaml::is_too_large(&text) => Err(Error::usage(format!(
                "{} would become too large for a configuration file",
                self.file.shown()
            ))
            .hint("nothing was changed; `include:` spreads profiles over several files")),
            _ => Err(self.cannot(&self.tree.origin)),
        }
    }

    fn lines(&self) -> Lines<'_> {
        Lines::of(&self.text)
    }

    /// The file is right, but written in a way that no cut fits.
    fn cannot(&self, place: &Origin) -> Error {
        let error = match place.file() {
            Some(_) => place.error("this is written in a way that `mai` cannot change safely"),
            None => Error::usage(format!(
                "{} is written in a way that `mai` cannot change safely",
                self.file.shown()
            )),
        };
        error.hint("nothing was changed; make this change in an editor")
    }
}

/// Where a name stands in the list of a group.
fn places_of<'a>(name: &str, members: &'a Node) -> Vec<&'a Origin> {
    let Value::List(items) = &members.value else {
        return Vec::new();
    };
    items
        .iter()
        .filter(
            |item| matches!(&item.value, Value::Text(text) | Value::Number(text) if text == name),
        )
        .map(|item| &item.origin)
        .collect()
}

fn article(kind: &str) -> &'static str {
    if kind.starts_with(['a', 'i']) {
        "an"
    } else {
        "a"
    }
}
