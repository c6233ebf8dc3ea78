//! The shared credentials file: read as leniently as any SDK does, written so that all of them read the same.
//!
//! Only the lines of our own keys in our own section ever change; all other bytes stay as they are.

mod edit;
mod problems;
mod process;
mod scanner;
mod sources;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::Path;

use chrono::{DateTime, Utc};

use crate::error::{Error, Result};
use crate::keys::{self, SessionCredentials};
use crate::secret::Secret;
use crate::store::locked_file::{self, Edited};
use scanner::{BOM, End, Kind, Line, Property};

pub use crate::store::locked_file::{Written, check_writable};
pub use problems::{Grammar, Problem};
pub use process::{ProcessSetting, Taken};
use sources::is_foreign;
pub use sources::{ELSEWHERE, KEY_PARTS, KeySource, SourceKind, naming_keys};

/// The keys that we write, in the order in which we write them.
const KEY_ID: &str = "aws_access_key_id";
const SECRET_KEY: &str = "aws_secret_access_key";
const TOKEN: &str = "aws_session_token";
const EXPIRES: &str = "x_security_token_expires";
const OUR_KEYS: [&str; 4] = [KEY_ID, SECRET_KEY, TOKEN, EXPIRES];

/// Botocore prefers this older name of the token to the modern one, so a stale one breaks new keys.
const OLD_TOKEN: &str = "aws_security_token";
/// Where other tools keep the expiry.
const OTHER_EXPIRIES: [&str; 4] = [
    "expiration",
    "aws_expiration",
    "aws_session_expiration",
    "expiry",
];

/// Can every SDK read a section of this name?
///
/// `DEFAULT` is out because botocore copies its keys into every other section.
pub fn is_section_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._/@:+-".contains(c);
    !name.is_empty() && name.chars().all(fits) && name != "DEFAULT"
}

/// The shared credentials file in memory, every byte of it.
#[derive(Clone, Debug)]
pub struct CredentialsFile {
    shown: String,
    bom: bool,
    unwritable: Option<(usize, &'static str)>,
    blocks: Vec<Block>,
    by_name: HashMap<String, Vec<usize>>,
    notes: Vec<String>,
}

/// A header and the lines up to the next one; the first block of a file has no header.
#[derive(Clone, Debug)]
struct Block {
    header: Option<Line>,
    lines: Vec<Line>,
}

impl Block {
    fn header_kind(&self) -> Option<&scanner::Header> {
        match &self.header.as_ref()?.kind {
            Kind::Header(header) => Some(header),
            _ => None,
        }
    }

    /// Does the header name the section for every SDK (no blanks within the brackets)?
    fn is_exact(&self) -> bool {
        self.header_kind().is_some_and(|header| !header.padded)
    }

    fn properties(&self) -> impl DoubleEndedIterator<Item = (&Line, &Property)> {
        self.lines.iter().filter_map(|line| match &line.kind {
            Kind::Property(property) => Some((line, property)),
            _ => None,
        })
    }
}

impl Line {
    fn value(&self) -> Option<&[u8]> {
        match &self.kind {
            Kind::Property(property) => Some(&self.text[property.value.0..property.value.1]),
            _ => None,
        }
    }
}

/// One section of the file; sections given twice are one here, and later values win, as in most SDKs.
#[derive(Clone, Debug)]
pub struct Section<'a> {
    blocks: Vec<&'a Block>,
}

impl<'a> Section<'a> {
    /// The value of a key (in lower case) if it is text.
    pub fn get(&self, key: &str) -> Option<&'a str> {
        let line = self
            .blocks
            .iter()
            .rev()
            .find_map(|block| block.properties().rev().find(|(_, p)| p.key == key))?
            .0;
        line.value().and_then(|v| std::str::from_utf8(v).ok())
    }

    /// The keys of the section in lower case, in the order of the file.
    pub fn keys(&self) -> impl Iterator<Item = &'a str> {
        self.blocks
            .iter()
            .flat_map(|block| block.properties().map(|(_, p)| p.key.as_str()))
    }

    /// The line of the section's (first) header.
    pub fn line(&self) -> usize {
        self.blocks[0].header.as_ref().map_or(1, |line| line.number)
    }

    /// The temporary keys in the section, if it has all three of them.
    pub fn session(&self) -> Option<StoredSession> {
        let key_id = self.get(KEY_ID).filter(|id| keys::is_temporary(id))?;
        let filled = |key| self.get(key).filter(|value| !value.is_empty());
        Some(StoredSession {
            access_key_id: key_id.to_owned(),
            secret_access_key: Secret::new(filled(SECRET_KEY)?),
            session_token: Secret::new(filled(TOKEN)?),
            expires_at: self.expires_at(),
        })
    }

    /// When its keys expire, by what stands beside them.
    pub fn expires_at(&self) -> Option<DateTime<Utc>> {
        let time = DateTime::parse_from_rfc3339(self.get(EXPIRES)?).ok()?;
        Some(time.to_utc())
    }
}

/// Temporary keys as they lie in the file; nobody knows when they expire if another tool wrote them and did not say.
#[derive(Clone, Debug)]
pub struct StoredSession {
    pub access_key_id: String,
    pub secret_access_key: Secret,
    pub session_token: Secret,
    pub expires_at: Option<DateTime<Utc>>,
}

impl StoredSession {
    /// The keys with their expiry, if it is known.
    pub fn with_expiry(self) -> Option<SessionCredentials> {
        Some(SessionCredentials {
            expires_at: self.expires_at?,
            access_key_id: self.access_key_id,
            secret_access_key: self.secret_access_key,
            session_token: self.session_token,
        })
    }
}

impl CredentialsFile {
    /// Takes any bytes; what is wrong with them, `problems` tells.
    pub fn parse(bytes: &[u8]) -> CredentialsFile {
        let bom = bytes.starts_with(BOM);
        let body = if bom { &bytes[BOM.len()..] } else { bytes };
        let mut blocks = vec![Block {
            header: None,
            lines: Vec::new(),
        }];
        for line in scanner::scan(body) {
            match line.kind {
                Kind::Header(_) => blocks.push(Block {
                    header: Some(line),
                    lines: Vec::new(),
                }),
                _ => {
                    if let Some(block) = blocks.last_mut() {
                        block.lines.push(line);
                    }
                }
            }
        }
        let mut file = CredentialsFile {
            shown: "the credentials file".to_owned(),
            bom,
            unwritable: unwritable(bytes),
            blocks,
            by_name: HashMap::new(),
            notes: Vec::new(),
        };
        file.index();
        file
    }

    /// The name that errors and notes give the file.
    fn shown_as(mut self, path: &Path) -> CredentialsFile {
        self.shown = path.display().to_string();
        self
    }

    fn index(&mut self) {
        self.by_name.clear();
        for (at, block) in self.blocks.iter().enumerate() {
            if let Some(name) = block.header_kind().and_then(|header| header.name.clone()) {
                self.by_name.entry(name).or_default().push(at);
            }
        }
    }

    /// The section of that name, whatever is in it.
    pub fn section(&self, name: &str) -> Option<Section<'_>> {
        let blocks = self.by_name.get(name)?;
        Some(Section {
            blocks: blocks.iter().map(|at| &self.blocks[*at]).collect(),
        })
    }

    /// Does a section hold the keys with this id?
    pub fn holds_key_id(&self, name: &str, key_id: &str) -> bool {
        self.section(name)
            .is_some_and(|section| section.get(KEY_ID) == Some(key_id))
    }

    /// The names of all sections, each once, in the order of the file.
    pub fn section_names(&self) -> Vec<&str> {
        let mut first: Vec<(usize, &str)> = self
            .by_name
            .iter()
            .map(|(name, blocks)| (blocks[0], name.as_str()))
            .collect();
        first.sort_unstable();
        first.into_iter().map(|(_, name)| name).collect()
    }

    /// The file as it would be written: byte for byte what was read, but for what was edited.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if self.bom {
            bytes.extend_from_slice(BOM);
        }
        for block in &self.blocks {
            for line in block.header.iter().chain(&block.lines) {
                bytes.extend_from_slice(&line.text);
                bytes.extend_from_slice(line.end.bytes());
            }
        }
        bytes
    }

    /// How new lines end: as the first line of the file does.
    fn line_end(&self) -> End {
        self.blocks
            .iter()
            .flat_map(|block| block.header.iter().chain(&block.lines))
            .map(|line| line.end)
            .find(|end| matches!(end, End::Lf | End::CrLf))
            .unwrap_or(End::Lf)
    }
}

/// Files whose bytes are no lines of text: UTF-16, or something else altogether.
fn unwritable(bytes: &[u8]) -> Option<(usize, &'static str)> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Some((1, "the file is UTF-16, which no SDK reads"));
    }
    let nul = bytes.iter().position(|b| *b == 0)?;
    let line = 1 + bytes[..nul].iter().filter(|b| **b == b'\n').count();
    Some((line, "there are NUL bytes, so this is no text file"))
}

/// Reads the file; one that does not exist is empty.
pub fn read(path: &Path) -> Result<CredentialsFile> {
    let bytes = locked_file::read(path)?.unwrap_or_default();
    Ok(CredentialsFile::parse(&bytes).shown_as(path))
}

/// Edits the file under a lock and writes it once, all or nothing.
///
/// `edit` may run several times: another program without our lock can get in between, and then the edit is made anew
/// on what that program wrote. The notes are for the person: what was tidied up, what SDKs cannot read, and where.
pub fn update<T>(
    path: &Path,
    state_folder: &Path,
    mut edit: impl FnMut(&mut CredentialsFile) -> Result<T>,
) -> Result<Written<T>> {
    let outcome = locked_file::update(path, state_folder, |bytes| {
        let mut file = CredentialsFile::parse(bytes).shown_as(path);
        let value = edit(&mut file)?;
        Ok(Edited {
            bytes: file.to_bytes(),
            value: (value, file.notes_for_people()),
        })
    })?;
    Ok(with_notes(outcome))
}

/// The same for the config file, which holds no secrets: who could read it before can read it afterwards.
pub fn update_config<T>(
    path: &Path,
    state_folder: &Path,
    mut edit: impl FnMut(&mut CredentialsFile) -> Result<T>,
) -> Result<Written<T>> {
    let outcome = locked_file::update_shared(path, state_folder, |bytes| {
        let mut file = CredentialsFile::parse(bytes).shown_as(path);
        let value = edit(&mut file)?;
        Ok(Edited {
            bytes: file.to_bytes(),
            value: (value, file.notes),
        })
    })?;
    Ok(with_notes(outcome))
}

/// What the edit noticed goes before what the writing did.
fn with_notes<T>(outcome: Written<(T, Vec<String>)>) -> Written<T> {
    let (value, mut notes) = outcome.value;
    notes.extend(outcome.notes);
    Written {
        value,
        notes,
        changed: outcome.changed,
    }
}

impl CredentialsFile {
    /// What the edits tidied up, then what SDKs cannot read; a long list is cut.
    fn notes_for_people(&self) -> Vec<String> {
        const SHOWN: usize = 3;
        let mut notes = self.notes.clone();
        let mut fatal: Vec<Problem> = self.problems(Grammar::Credentials);
        fatal.retain(|problem| !problem.fatal_for.is_empty());
        for problem in fatal.iter().take(SHOWN) {
            notes.push(format!(
                "{}:{}: {} ({} cannot read the file)",
                self.shown,
                problem.line,
                problem.text,
                problem.fatal_for.join(", ")
            ));
        }
        if fatal.len() > SHOWN {
            notes.push(format!(
                "{} more places in {} stop SDKs from reading it",
                fatal.len() - SHOWN,
                self.shown
            ));
        }
        notes
    }

    /// A refusal that names the place.
    fn refuse(&self, line: usize, reason: &str) -> Error {
        Error::refused(format!("{}:{line}: {reason}", self.shown))
    }
}
