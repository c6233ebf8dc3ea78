//! What a file says, without where and how it says it: two texts are compared by it.

use std::collections::BTreeMap;

use super::Scalar;
use crate::config::yaml::{Node, Value};

/// A table that holds nothing says as little as no value at all, so both are `Nothing`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Nothing,
    Flag(bool),
    Number(String),
    Text(String),
    List(Vec<Meaning>),
    Table(BTreeMap<String, Meaning>),
}

impl Meaning {
    pub fn of(node: &Node) -> Meaning {
        match &node.value {
            Value::Nothing => Meaning::Nothing,
            Value::Flag(flag) => Meaning::Flag(*flag),
            Value::Number(number) => Meaning::Number(number.clone()),
            Value::Text(text) => Meaning::Text(text.clone()),
            Value::List(items) => Meaning::List(items.iter().map(Meaning::of).collect()),
            Value::Table(table) if table.is_empty() => Meaning::Nothing,
            Value::Table(table) => Meaning::Table(
                table
                    .iter()
                    .map(|(key, node)| (key.name.clone(), Meaning::of(node)))
                    .collect(),
            ),
        }
    }

    pub fn of_new(value: &Scalar) -> Meaning {
        match value {
            Scalar::Text(text) => Meaning::Text(text.clone()),
            Scalar::Flag(flag) => Meaning::Flag(*flag),
            Scalar::Table(table) if table.is_empty() => Meaning::Nothing,
            Scalar::Table(table) => Meaning::Table(
                table
                    .iter()
                    .map(|(key, value)| (key.clone(), Meaning::of_new(value)))
                    .collect(),
            ),
        }
    }

    /// Says this too, at the end of a path of keys.
    pub fn put(&mut self, path: &[&str], value: Meaning) {
        let Some((first, rest)) = path.split_first() else {
            *self = value;
            return;
        };
        if !matches!(self, Meaning::Table(_)) {
            *self = Meaning::Table(BTreeMap::new());
        }
        if let Meaning::Table(table) = self {
            table
                .entry((*first).to_string())
                .or_insert(Meaning::Nothing)
                .put(rest, value);
        }
    }

    /// Says this no longer; a table that loses its last entry becomes nothing.
    pub fn drop(&mut self, path: &[&str]) {
        let (Meaning::Table(table), Some((first, rest))) = (&mut *self, path.split_first()) else {
            return;
        };
        if rest.is_empty() {
            table.remove(*first);
        } else if let Some(below) = table.get_mut(*first) {
            below.drop(rest);
        }
        if table.is_empty() {
            *self = Meaning::Nothing;
        }
    }

    /// A section whose last entry went is still there, with nothing in it.
    pub fn put_empty(&mut self, section: &str) {
        if !matches!(self, Meaning::Table(_)) {
            *self = Meaning::Table(BTreeMap::new());
        }
        if let Meaning::Table(table) = self {
            table.entry(section.to_string()).or_insert(Meaning::Nothing);
        }
    }

    /// The list at the end of a path without the first of these texts.
    pub fn drop_item(&mut self, path: &[&str], name: &str) {
        match (self, path.split_first()) {
            (Meaning::Table(table), Some((first, rest))) => {
                if let Some(below) = table.get_mut(*first) {
                    below.drop_item(rest, name);
                }
            }
            (Meaning::List(items), None) => {
                let is_it = |item: &Meaning| matches!(item, Meaning::Text(text) | Meaning::Number(text) if text == name);
                if let Some(place) = items.iter().position(is_it) {
                    items.remove(place);
                }
            }
            _ => {}
        }
    }
}
