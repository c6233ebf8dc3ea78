//! What in a shared file SDKs cannot read, or read differently.

use std::collections::HashMap;

use super::scanner::{self, BOM, End, Header, Kind, Line, Property};
use super::{Block, CredentialsFile, is_section_name};
use crate::error::clean;

/// A construct on which SDKs disagree, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Counted from 1.
    pub line: usize,
    /// What is there and what comes of it; no value of the file.
    pub text: String,
    /// The SDKs that cannot use the whole file because of it; empty where they only disagree.
    pub fatal_for: &'static [&'static str],
}

/// The two shared files differ in what their headers may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grammar {
    Credentials,
    /// `~/.aws/config`: `[profile NAME]`, `[sso-session NAME]`, `[services NAME]`, and `[default]`.
    Config,
}

const STRICT: &[&str] = &["botocore", "Rust", "Java"];
const NOBODY: &[&str] = &[];

impl CredentialsFile {
    /// Everything in the file on which SDKs disagree, in the order of lines. Nothing of it is repaired unasked.
    pub fn problems(&self, grammar: Grammar) -> Vec<Problem> {
        let mut found = Found {
            grammar,
            problems: Vec::new(),
            lone_cr: false,
        };
        if self.bom {
            let text = "the file starts with a byte order mark";
            found.add(1, text, STRICT);
        }
        if let Some((line, text)) = self.unwritable {
            found.add(line, text, &["every SDK"]);
        }
        let mut sections: HashMap<&str, usize> = HashMap::new();
        for block in &self.blocks {
            if let (Some(line), Some(header)) = (&block.header, block.header_kind()) {
                found.header(line, header);
                if let Some(name) = header.name.as_deref().filter(|_| !header.padded) {
                    let first = *sections.entry(name).or_insert(line.number);
                    if first != line.number {
                        let text = format!("section [{name}] is here and in line {first}");
                        found.add(line.number, text, &["botocore"]);
                    }
                }
            }
            found.body(block);
        }
        found.problems.sort_by_key(|problem| problem.line);
        found.problems
    }
}

struct Found {
    grammar: Grammar,
    problems: Vec<Problem>,
    lone_cr: bool,
}

impl Found {
    fn add(&mut self, line: usize, text: impl Into<String>, fatal_for: &'static [&'static str]) {
        self.problems.push(Problem {
            line,
            text: text.into(),
            fatal_for,
        });
    }

    fn header(&mut self, line: &Line, header: &Header) {
        let at = line.number;
        self.bytes(line);
        let Some(name) = header.name.as_deref() else {
            self.add(at, "a section header without `]`", STRICT);
            return;
        };
        if header.indented {
            self.add(at, "an indented section header", &["Rust", "Java"]);
        }
        if header.padded {
            let text = format!(
                "blanks around {name} in its header: botocore and JavaScript take them for a part of the name"
            );
            self.add(at, text, NOBODY);
        }
        if name == "DEFAULT" {
            let text = "botocore copies the keys of [DEFAULT] into every section";
            self.add(at, text, NOBODY);
        } else {
            self.name(at, name);
        }
        match header.rest.first() {
            None => {}
            Some(b'#' | b';') if blank_before_rest(line, header) => {}
            Some(b'#' | b';') => {
                let text = format!("a comment right after [{name}]: JavaScript loses the section");
                self.add(at, text, NOBODY);
            }
            Some(_) => self.add(at, format!("text after [{name}]"), &["Rust", "Java"]),
        }
    }

    fn name(&mut self, at: usize, name: &str) {
        let name = match (self.grammar, name) {
            (Grammar::Credentials, name) => name,
            (Grammar::Config, "default") => return,
            (Grammar::Config, _) => {
                let kinds = ["profile", "sso-session", "services"];
                let named = kinds.iter().find_map(|kind| {
                    name.strip_prefix(kind)
                        .filter(|rest| rest.starts_with([' ', '\t']))
                });
                let Some(name) = named else {
                    let text = format!(
                        "SDKs pass over [{}] here: write [profile NAME]",
                        clean(name)
                    );
                    self.add(at, text, NOBODY);
                    return;
                };
                name.trim()
            }
        };
        if !is_section_name(name) {
            let text = "a section name with characters that Rust, Java and JavaScript do not take";
            self.add(at, text, NOBODY);
        }
    }

    fn body(&mut self, block: &Block) {
        let mut keys: HashMap<&str, usize> = HashMap::new();
        let mut open = false;
        for line in &block.lines {
            self.bytes(line);
            match &line.kind {
                Kind::Property(property) => {
                    self.property(line, property, block.header.is_none(), open);
                    let first = *keys.entry(&property.key).or_insert(line.number);
                    if first != line.number {
                        let text = format!("`{}` is here and in line {first}", property.key);
                        self.add(line.number, text, &["botocore"]);
                    }
                    open = true;
                }
                Kind::IndentedComment if open => {
                    let text = "an indented comment: Rust and Java join it to the value above";
                    self.add(line.number, text, NOBODY);
                }
                Kind::IndentedComment => {
                    self.add(line.number, "an indented comment", &["Rust", "Java"]);
                }
                Kind::Continuation if scanner::doubtful_header(line).is_some() => {
                    let text = "an indented section header: Go and JavaScript start a section, others join it to the value above";
                    self.add(line.number, text, NOBODY);
                }
                Kind::Junk => self.add(line.number, "a line without `=`", STRICT),
                Kind::Blank | Kind::Comment | Kind::Continuation | Kind::Header(_) => {}
            }
        }
    }

    fn property(&mut self, line: &Line, property: &Property, homeless: bool, open: bool) {
        let at = line.number;
        let key = String::from_utf8_lossy(&line.text[property.indent..property.key_end]);
        if homeless {
            self.add(at, "a key before the first section", STRICT);
        }
        if property.indent > 0 && !open {
            let text = "the first key of a section is indented";
            self.add(at, text, &["Rust", "Java"]);
        }
        if line.text[property.delimiter] == b':' && !line.text.contains(&b'=') {
            self.add(at, "`:` where `=` belongs", &["Rust", "Java"]);
        }
        if key.bytes().any(|b| b.is_ascii_uppercase()) {
            let text = "a key in capitals: JavaScript and Java do not find it";
            self.add(at, text, NOBODY);
        }
        if property.comment.is_some() {
            let text = "a comment after a value: botocore takes it for a part of the value";
            self.add(at, text, NOBODY);
        }
        let value = line.value().unwrap_or_default();
        if value.len() > 1 && value.starts_with(b"\"") && value.ends_with(b"\"") {
            self.add(at, "a value in quotes: only Go takes them off", NOBODY);
        }
    }

    /// What is wrong with a line as such.
    fn bytes(&mut self, line: &Line) {
        if std::str::from_utf8(&line.text).is_err() {
            let text = "bytes that are not UTF-8";
            self.add(line.number, text, &["botocore", "Rust"]);
        }
        if line.text.windows(BOM.len()).any(|part| part == BOM) {
            let text = "a byte order mark in the middle of the file";
            self.add(line.number, text, NOBODY);
        }
        if line.end == End::Cr && !self.lone_cr {
            self.lone_cr = true;
            let text = "a line ends in a carriage return alone";
            self.add(line.number, text, &["JavaScript", "Go", "Rust"]);
        }
    }
}

fn blank_before_rest(line: &Line, header: &Header) -> bool {
    let text = line.text.trim_ascii_end();
    let before = text.len() - header.rest.len();
    before > 0 && text[before - 1].is_ascii_whitespace()
}
