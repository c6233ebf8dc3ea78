//! One table of the file while it is being read: keys by name, and errors that say where and what.

use std::path::{Path, PathBuf};

use super::layers::resolve;
use super::nearest::did_you_mean;
use super::origin::{Origin, Sourced};
use super::yaml::{Node, Table, Value};
use crate::error::{Error, Result, clean};
use crate::paths::Paths;

/// A table with the words that name it in errors: "profile `prod`".
pub(super) struct Fields<'a> {
    pub label: String,
    entries: &'a [(super::yaml::Key, Node)],
}

/// One value with the words that name it: "`region` of profile `prod`".
pub(super) struct Field<'a> {
    pub label: String,
    pub node: &'a Node,
}

impl<'a> Fields<'a> {
    pub fn of_root(table: &'a Table) -> Self {
        Fields {
            label: String::new(),
            entries: table,
        }
    }

    /// A value that must be a table; nothing at all is an empty one.
    pub fn of(node: &'a Node, label: String) -> Result<Self> {
        let entries: &[_] = match &node.value {
            Value::Table(table) => table,
            Value::Nothing => &[],
            _ => {
                return Err(node
                    .origin
                    .error(format!("{label} must be a table of `key: value`")));
            }
        };
        Ok(Fields { label, entries })
    }

    /// Refuses keys that are neither known nor of a later version.
    pub fn only(&self, known: &[&str], later: &[&str]) -> Result<()> {
        for (key, _) in self.entries {
            let name = key.name.as_str();
            if later.contains(&name) {
                return Err(not_yet(&key.origin, &self.label_of(name)));
            }
            if !known.contains(&name) {
                let place = match self.label.as_str() {
                    "" => String::new(),
                    label => format!(" in {label}"),
                };
                let error = key
                    .origin
                    .error(format!("unknown key `{}`{place}", clean(name)));
                return Err(match did_you_mean(name, known.iter().copied()) {
                    Some(hint) => error.hint(hint),
                    None => error.hint(format!("known here: {}", known.join(", "))),
                });
            }
        }
        Ok(())
    }

    pub fn get(&self, key: &str) -> Option<Field<'a>> {
        self.entries
            .iter()
            .find(|(known, _)| known.name == key)
            .map(|(_, node)| Field {
                label: self.label_of(key),
                node,
            })
    }

    pub fn text(&self, key: &str) -> Result<Option<Sourced<String>>> {
        self.get(key).map(|field| field.text()).transpose()
    }

    pub fn flag(&self, key: &str) -> Result<Option<Sourced<bool>>> {
        self.get(key).map(|field| field.flag()).transpose()
    }

    pub fn parsed<T>(
        &self,
        key: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<Sourced<T>>> {
        self.get(key).map(|field| field.parsed(read)).transpose()
    }

    pub fn path(&self, key: &str, paths: &Paths) -> Result<Option<Sourced<PathBuf>>> {
        let text = self.text(key)?;
        Ok(text.map(|text| {
            let path = resolve(paths, &text.origin, Path::new(&text.value));
            Sourced::new(path, text.origin)
        }))
    }

    /// All keys with where they stand and their values.
    pub fn entries(&self) -> impl Iterator<Item = (&'a str, &'a Origin, &'a Node)> {
        self.entries
            .iter()
            .map(|(key, node)| (key.name.as_str(), &key.origin, node))
    }

    fn label_of(&self, key: &str) -> String {
        match self.label.as_str() {
            "" => format!("`{}`", clean(key)),
            label => format!("`{}` of {label}", clean(key)),
        }
    }
}

impl<'a> Field<'a> {
    pub fn error(&self, message: impl std::fmt::Display) -> Error {
        self.node.origin.error(format!("{} {message}", self.label))
    }

    fn sourced<T>(&self, value: T) -> Sourced<T> {
        Sourced::new(value, self.node.origin.clone())
    }

    pub fn text(&self) -> Result<Sourced<String>> {
        match &self.node.value {
            Value::Text(text) | Value::Number(text) if !text.trim().is_empty() => {
                Ok(self.sourced(text.clone()))
            }
            Value::Text(_) | Value::Number(_) | Value::Nothing => Err(self
                .error("has no value")
                .hint("give it one or remove the line")),
            Value::Flag(_) => Err(self.error("must be text; put it in quotes if it is")),
            Value::List(_) => Err(self.error("must be text, not a list")),
            Value::Table(_) => Err(self.error("must be text, not a table")),
        }
    }

    pub fn flag(&self) -> Result<Sourced<bool>> {
        match self.node.value {
            Value::Flag(flag) => Ok(self.sourced(flag)),
            _ => Err(self.error("must be true or false")),
        }
    }

    /// Text that `read` understands; `read` says why not in a sentence that fits after a colon.
    pub fn parsed<T>(&self, read: impl Fn(&str) -> Result<T, String>) -> Result<Sourced<T>> {
        let text = self.text()?;
        match read(&text) {
            Ok(value) => Ok(self.sourced(value)),
            Err(reason) => {
                Err(self
                    .node
                    .origin
                    .error(format!("{}: {}", self.label, clean(&reason))))
            }
        }
    }

    /// One of a few words.
    pub fn word<T: Clone>(&self, words: &[(&str, T)]) -> Result<Sourced<T>> {
        let text = self.text()?;
        match words.iter().find(|(word, _)| *word == text.value) {
            Some((_, meaning)) => Ok(self.sourced(meaning.clone())),
            None => Err(self.unknown_word(&text, words.iter().map(|(word, _)| *word))),
        }
    }

    pub fn unknown_word<'w>(
        &self,
        text: &str,
        words: impl Iterator<Item = &'w str> + Clone,
    ) -> Error {
        let known: Vec<String> = words.clone().map(|word| format!("`{word}`")).collect();
        let error = self.error(format!(
            "cannot be `{}`: it is {}",
            clean(text),
            known.join(" or ")
        ));
        match did_you_mean(text, words) {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }

    pub fn list(&self) -> Result<Vec<Field<'a>>> {
        let Value::List(nodes) = &self.node.value else {
            return Err(self.error("must be a list, like [one, two]"));
        };
        Ok(nodes
            .iter()
            .map(|node| Field {
                label: self.label.clone(),
                node,
            })
            .collect())
    }

    pub fn table(&self) -> Result<Fields<'a>> {
        Fields::of(self.node, self.label.clone())
    }

    pub fn is_table(&self) -> bool {
        matches!(self.node.value, Value::Table(_))
    }

    pub fn is_list(&self) -> bool {
        matches!(self.node.value, Value::List(_))
    }

    /// Refuses a value that asks for something a later version does.
    pub fn not_yet(&self, value: &str) -> Error {
        not_yet(
            &self.node.origin,
            &match value {
                "" => self.label.clone(),
                value => format!("`{value}` as {}", self.label),
            },
        )
    }
}

fn not_yet(origin: &Origin, what: &str) -> Error {
    origin
        .error(format!("{what} is not supported by this version of mai"))
        .hint("comment it out until a later version does it")
}
