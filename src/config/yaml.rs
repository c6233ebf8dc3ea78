//! A YAML file as a tree in which every value knows where it stands.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Error as YamlError, Location, NonFiniteFloatPolicy, Spanned};

use super::origin::{Origin, SourceFile};
use crate::error::{Error, Result, clean};

/// The longest file that is read: 5,000 profiles with long ARNs take a third of it.
pub(super) const LONGEST_FILE: usize = 4 << 20;

/// One value and its place. Aliases and merged keys stand where they were written, not where they are used.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub value: Value,
    pub origin: Origin,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Nothing,
    Flag(bool),
    /// A number exactly as it was written: account `012345678901` keeps its zero.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Table(Table),
}

/// Keys and values in the order of the file; serde-saphyr refused duplicates.
pub(super) type Table = Vec<(Key, Node)>;

#[derive(Clone, Debug)]
pub(super) struct Key {
    pub name: String,
    pub origin: Origin,
}

/// Reads one document; an empty file is `Value::Nothing`.
///
/// Errors have line and column, and never quote the file.
pub(super) fn read(bytes: &[u8], file: &SourceFile) -> Result<Node> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        file.at(line as u64, 1)
            .error("the file is not UTF-8")
            .hint("save it as UTF-8")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let raw = parse(text).map_err(|e| explain(&e, file))?;
    Ok(place(raw, text, file))
}

/// Is that more than a configuration file may hold?
pub(super) fn is_too_large(text: &str) -> bool {
    let is_budget = |error: YamlError| matches!(error.without_snippet(), YamlError::Budget { .. });
    text.len() > LONGEST_FILE || parse(text).is_err_and(is_budget)
}

fn parse(text: &str) -> Result<Spanned<Raw>, YamlError> {
    serde_saphyr::from_str_with_options(text, options())
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: 100_000,
            max_events: 240_000,
            max_depth: 32,
            flow_nesting_limit: 32,
            max_aliases: 2_000,
            max_anchors: 500,
            max_recorded_anchor_events: 20_000,
            max_total_scalar_bytes: LONGEST_FILE,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 20_000,
            max_replay_stack_depth: 16,
        },
        strict_booleans: true,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        // A snippet shows lines of the file, and somebody's file holds a secret.
        with_snippet: false,
    }
}

/// One readable line for what the parser said.
fn explain(error: &YamlError, file: &SourceFile) -> Error {
    let error = error.without_snippet();
    let origin = match error.location() {
        Some(place) if place != Location::UNKNOWN => file.at(place.line(), place.column()),
        _ => file.at(1, 1),
    };
    match error {
        YamlError::DuplicateMappingKey { key, .. } => match key {
            Some(key) => origin.error(format!("the key `{}` is there twice", clean(key))),
            None => origin.error("the same key is there twice"),
        }
        .hint("remove one of the two"),
        YamlError::Budget { .. }
        | YamlError::AliasReplayLimitExceeded { .. }
        | YamlError::AliasExpansionLimitExceeded { .. }
        | YamlError::AliasReplayStackDepthExceeded { .. }
        | YamlError::RecursiveReferencesRequireWeakTypes { .. } => {
            origin.error("this is too large or too deeply nested for a configuration file")
        }
        YamlError::UnknownAnchor { .. } => origin.error("no such anchor (`&name`) above this line"),
        YamlError::MultipleDocuments { .. } => {
            origin.error("a second document begins here (`---`); one file is one document")
        }
        YamlError::Message { msg, .. } => origin.error(format!("broken YAML: {}", clean(msg))),
        other => {
            let said = other.to_string();
            // The place is in front already.
            let said = said.split(" at line ").next().unwrap_or(&said);
            origin.error(format!("broken YAML: {}", clean(said)))
        }
    }
}

/// What serde hands over, before numbers get their own spelling back.
enum Raw {
    Nothing,
    Flag(bool),
    Number(String),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Table(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Nothing)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Raw, E> {
        Ok(Raw::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Raw, E> {
        Ok(Raw::Number(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Raw, E> {
        Ok(Raw::Number(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Raw, E> {
        Ok(Raw::Number(number.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut table = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            table.push(entry);
        }
        Ok(Raw::Table(table))
    }
}

fn place(raw: Spanned<Raw>, text: &str, file: &SourceFile) -> Node {
    let origin = file.at(raw.defined.line(), raw.defined.column());
    let value = match raw.value {
        Raw::Nothing => Value::Nothing,
        Raw::Flag(flag) => Value::Flag(flag),
        Raw::Number(number) => Value::Number(as_written(text, &raw.defined).unwrap_or(number)),
        Raw::Text(text) => Value::Text(text),
        Raw::List(items) => Value::List(
            items
                .into_iter()
                .map(|item| place(item, text, file))
                .collect(),
        ),
        Raw::Table(entries) => Value::Table(
            entries
                .into_iter()
                .map(|(key, node)| {
                    let origin = file.at(key.defined.line(), key.defined.column());
                    let name = key.value;
                    (Key { name, origin }, place(node, text, file))
                })
                .collect(),
        ),
    };
    Node { value, origin }
}

fn as_written(text: &str, location: &Location) -> Option<String> {
    let span = location.span();
    let start = usize::try_from(span.byte_offset()?).ok()?;
    let length = usize::try_from(span.byte_len()?).ok()?;
    let written = text.get(start..start.checked_add(length)?)?.trim();
    written
        .starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
        .then(|| written.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> SourceFile {
        SourceFile::new("/x/p.yaml".into(), "p.yaml".into())
    }

    fn refusal(text: &str) -> String {
        read(text.as_bytes(), &file()).unwrap_err().to_string()
    }

    fn table(text: &str) -> Table {
        match read(text.as_bytes(), &file()).unwrap().value {
            Value::Table(table) => table,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn values_and_keys_know_their_line_and_column() {
        let table = table("a: 1\nb:\n  - x\n  - y: z\n");
        let (key, b) = &table[1];
        assert_eq!(key.origin.to_string(), "p.yaml:2:1");
        let Value::List(items) = &b.value else {
            panic!("{b:?}")
        };
        assert_eq!(items[0].origin.to_string(), "p.yaml:3:5");
        assert_eq!(items[1].origin.line, 4);
    }

    #[test]
    fn numbers_keep_the_spelling_of_the_file() {
        let table = table("012345678901: 012345678901\nx: 1.50\ny: \"07\"\nz: &n 0012\nw: *n\n");
        assert_eq!(table[0].0.name, "012345678901");
        let shown: Vec<String> = table
            .iter()
            .map(|(_, node)| format!("{:?}", node.value))
            .collect();
        assert_eq!(
            shown,
            [
                r#"Number("012345678901")"#,
                r#"Number("1.50")"#,
                r#"Text("07")"#,
                r#"Number("0012")"#,
                r#"Number("0012")"#,
            ]
        );
    }

    #[test]
    fn only_true_and_false_are_flags() {
        let table = table("a: true\nb: yes\nc: off\nd:\n");
        assert!(matches!(table[0].1.value, Value::Flag(true)));
        assert!(matches!(&table[1].1.value, Value::Text(t) if t == "yes"));
        assert!(matches!(&table[2].1.value, Value::Text(t) if t == "off"));
        assert!(matches!(table[3].1.value, Value::Nothing));
    }

    #[test]
    fn an_empty_file_is_nothing() {
        for text in ["", "\n\n", "# only words\n", "\u{feff}", "---\n"] {
            let node = read(text.as_bytes(), &file()).unwrap();
            assert!(matches!(node.value, Value::Nothing), "{text:?}: {node:?}");
        }
    }

    #[test]
    fn merged_keys_stand_where_they_were_written() {
        let table = table("base: &b\n  region: eu-west-1\nprod:\n  <<: *b\n  duration: 1h\n");
        let Value::Table(prod) = &table[1].1.value else {
            panic!()
        };
        let region = prod.iter().find(|(key, _)| key.name == "region").unwrap();
        assert_eq!(region.1.origin.to_string(), "p.yaml:2:11");
    }

    #[test]
    fn broken_files_are_refused_in_one_line_with_their_place() {
        assert_eq!(
            refusal("a: 1\nb: 2\na: 3\n"),
            "p.yaml:3:1: the key `a` is there twice"
        );
        assert_eq!(
            refusal("a: 1\n---\nb: 2\n"),
            "p.yaml:3:1: a second document begins here (`---`); one file is one document"
        );
        assert_eq!(
            refusal("a: *nowhere\n"),
            "p.yaml:1:4: no such anchor (`&name`) above this line"
        );
        for broken in [
            "a: [1, 2\nb: hunter2\n",
            "a: \"hunter2\n",
            "a:\n\t- hunter2\n",
            "a: hunter2: x\n",
            "a: b\n c\nhunter2\n",
        ] {
            let said = refusal(broken);
            assert!(
                said.starts_with("p.yaml:") && said.contains(": broken YAML: "),
                "{said}"
            );
            assert!(
                !said.contains('\n') && !said.contains("hunter2"),
                "{broken:?}: {said}"
            );
        }
        let latin = read(b"a: 1\nb: \xe4\n", &file()).unwrap_err().to_string();
        assert_eq!(latin, "p.yaml:2:1: the file is not UTF-8");
    }

    #[test]
    fn no_broken_file_is_quoted() {
        let good = "corp: {password: hunter2}\nother: 'hunter2'\n";
        let mut broken = 0;
        for at in 0..=good.len() {
            // Between the letters of the secret the test could not recognise it any more.
            if good[..at]
                .rfind("hunter2")
                .is_some_and(|start| at < start + 7)
                || (1..7).any(|n| good[..at].ends_with(&"hunter2"[..n]))
            {
                continue;
            }
            for slip in [
                "\"", "'", "{", "[", "}", ":", ": ", "\t", "&", "*", "!", "%", "|", "@", "\n", "- ",
            ] {
                let text = format!("{}{slip}{}", &good[..at], &good[at..]);
                if let Err(error) = read(text.as_bytes(), &file()) {
                    broken += 1;
                    let said = error.to_string();
                    assert!(!said.contains("hunter2"), "{text:?}: {said}");
                }
            }
        }
        assert!(broken > 100, "{broken}");
    }

    #[test]
    fn bombs_are_refused_quickly() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for level in 1..9 {
            let below = format!("*a{}, ", level - 1).repeat(9);
            bomb.push_str(&format!("a{level}: &a{level} [{below}]\n"));
        }
        let deep = "[".repeat(20_000);
        let many = "a:\n".to_string() + &" - x\n".repeat(400_000);
        for text in [bomb, deep, many] {
            let started = std::time::Instant::now();
            read(text.as_bytes(), &file()).unwrap_err();
            // Generous: a debug build on a busy machine; without the budget it is minutes.
            assert!(started.elapsed().as_secs() < 20);
        }
    }
}
