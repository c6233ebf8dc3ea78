//! Writing keys into a section, and taking them out again.

use chrono::DateTime;

use super::scanner::{self, End, Header, Kind, Line, Property};
use super::{
    Block, CredentialsFile, EXPIRES, KEY_ID, OLD_TOKEN, OTHER_EXPIRIES, OUR_KEYS, SECRET_KEY,
    TOKEN, is_foreign, is_section_name,
};
use crate::error::{Error, Result, clean};
use crate::keys::{self, SessionCredentials};

/// What happens to a property of our section.
pub(super) enum Fate {
    Keep,
    Replace(String),
    Remove,
}

impl CredentialsFile {
    /// Would `set_session` write to this section? Asked before a sign-in, so that nobody gives a password in vain.
    ///
    /// Refused are names that some SDK cannot read, sections with keys or settings that are somebody's own (unless
    /// `overwrite`), and lines about which SDKs disagree so much that the new keys would not reach all of them.
    pub fn may_write(&self, name: &str, overwrite: bool) -> Result<()> {
        if !is_section_name(name) {
            return Err(Error::usage(format!(
                "`{}` cannot be the name of a section in the credentials file",
                clean(name)
            ))
            .hint("use letters, digits and ._/@:+- only, and not DEFAULT: set `aws_profile:`"));
        }
        if let Some((line, reason)) = self.unwritable {
            return Err(self
                .refuse(line, reason)
                .hint("save the file as plain UTF-8, or move it away"));
        }
        self.refuse_doubtful_lines(name)?;
        if !overwrite {
            self.refuse_what_is_not_ours(name)?;
        }
        Ok(())
    }

    /// Puts temporary keys into a section and creates it if need be.
    ///
    /// Keys given twice, and stale ones under other names, are gone afterwards, so that every SDK sees the new keys.
    /// `region` is written only where the section has none. With `overwrite`, settings that would shadow the keys
    /// (`role_arn`, `credential_process`, `sso_*`, …) are removed, and a note says so.
    pub fn set_session(
        &mut self,
        name: &str,
        session: &SessionCredentials,
        region: Option<&str>,
        overwrite: bool,
    ) -> Result<()> {
        self.may_write(name, overwrite)?;
        let expires = session.expires_at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let mut wanted = vec![
            (KEY_ID, session.access_key_id.as_str()),
            (SECRET_KEY, session.secret_access_key.expose()),
            (TOKEN, session.session_token.expose()),
            (EXPIRES, expires.as_str()),
        ];
        let has_region = self
            .section(name)
            .is_some_and(|section| section.keys().any(|key| key == "region"));
        if let Some(region) = region.filter(|_| !has_region) {
            wanted.push(("region", region));
        }
        for (key, value) in &wanted {
            if value.is_empty() || !value.bytes().all(|b| b.is_ascii_graphic()) {
                return Err(Error::failed(format!(
                    "the new {key} for [{name}] is not a plain word, so it is not written"
                )));
            }
        }
        let target = self.target(name);
        for at in self.by_name.get(name).cloned().unwrap_or_default() {
            let removed = self.put_into(at, at == target, &wanted);
            self.note_removed(name, &removed);
        }
        Ok(())
    }

    /// Takes temporary keys out of a section, and the section too when nothing else is in it.
    ///
    /// True if there were any. Keys that are not temporary are somebody's own and stay.
    pub fn remove_session(&mut self, name: &str) -> Result<bool> {
        if let Some((line, reason)) = self.unwritable {
            return Err(self.refuse(line, reason));
        }
        let blocks = self.by_name.get(name).cloned().unwrap_or_default();
        let has_keys = self
            .section(name)
            .is_some_and(|section| section.keys().any(|key| key == KEY_ID));
        if !has_keys || self.lasting_key(name).is_some() {
            return Ok(false);
        }
        for at in blocks.iter().rev() {
            self.settle(*at, |property, _| match property.key.as_str() {
                key if is_ours(key) => Fate::Remove,
                _ => Fate::Keep,
            });
            self.remove_if_empty(*at);
        }
        self.index();
        Ok(true)
    }

    /// The line of a key in the section that is not temporary.
    fn lasting_key(&self, name: &str) -> Option<usize> {
        let section = self.section(name)?;
        let mut has_id = false;
        let mut secret = None;
        for (line, property) in section.blocks.iter().flat_map(|b| b.properties()) {
            let value = line.value().unwrap_or_default();
            if value.is_empty() {
                continue;
            }
            if property.key == KEY_ID {
                has_id = true;
                let text = String::from_utf8_lossy(value);
                if !keys::is_temporary(text.trim_matches('"')) {
                    return Some(line.number);
                }
            } else if property.key == SECRET_KEY {
                secret = Some(line.number);
            }
        }
        // A secret key without its id: nobody knows that it is temporary.
        secret.filter(|_| !has_id)
    }

    fn refuse_what_is_not_ours(&self, name: &str) -> Result<()> {
        const HINT: &str =
            "choose another section with `--awsprofile NAME`, or replace it with `--overwrite`";
        if let Some(line) = self.lasting_key(name) {
            return Err(self
                .refuse(
                    line,
                    &format!("[{name}] holds keys that are not temporary; they stay untouched"),
                )
                .hint(HINT));
        }
        let foreign = self.section(name).and_then(|section| {
            section
                .blocks
                .iter()
                .flat_map(|block| block.properties())
                .find(|(_, property)| is_foreign(&property.key))
                .map(|(line, property)| (line.number, property.key.clone()))
        });
        match foreign {
            Some((line, key)) => Err(self
                .refuse(
                    line,
                    &format!("[{name}] has `{key}`, a setting that is not ours"),
                )
                .hint(HINT)),
            None => Ok(()),
        }
    }

    /// An indented `[name]`, or one of our keys indented below another: a header or key for some SDKs, for others the
    /// rest of the value above. Whatever we wrote, some would read the old keys.
    fn refuse_doubtful_lines(&self, name: &str) -> Result<()> {
        let doubtful = self
            .blocks
            .iter()
            .flat_map(|block| &block.lines)
            .find(|line| scanner::doubtful_header(line).as_deref() == Some(name))
            .or_else(|| {
                self.section(name)?
                    .blocks
                    .iter()
                    .find_map(|block| doubtful_key(block, &is_ours))
            });
        match doubtful {
            Some(line) => Err(self
                .refuse(
                    line.number,
                    "SDKs disagree on what this indented line is, so the new keys would not reach all of them",
                )
                .hint("remove the blanks at the start of the line, or the line")),
            None => Ok(()),
        }
    }

    /// The block that gets the keys: of several, the last whose header every SDK reads alike.
    fn target(&mut self, name: &str) -> usize {
        let found = self.by_name.get(name).and_then(|blocks| {
            let exact = blocks
                .iter()
                .rev()
                .filter(|at| self.blocks[**at].is_exact());
            exact.copied().next()
        });
        found.unwrap_or_else(|| self.append(name))
    }

    /// Adds an empty section at the end, one blank line after what is there.
    pub(super) fn append(&mut self, name: &str) -> usize {
        let end = self.line_end();
        if let Some(block) = self.blocks.last_mut()
            && let Some(line) = block.lines.last_mut().or(block.header.as_mut())
        {
            let is_blank = line.kind == Kind::Blank;
            if line.end == End::Nothing {
                line.end = end;
            }
            if !is_blank {
                block.lines.push(made(Vec::new(), Kind::Blank, end));
            }
        }
        let header = Kind::Header(Header {
            name: Some(name.to_owned()),
            padded: false,
            indented: false,
            rest: Vec::new(),
        });
        self.blocks.push(Block {
            header: Some(made(format!("[{name}]").into_bytes(), header, end)),
            lines: Vec::new(),
        });
        let at = self.blocks.len() - 1;
        self.by_name.entry(name.to_owned()).or_default().push(at);
        at
    }

    /// Writes the keys into one block, or takes them out of it when another block gets them.
    ///
    /// Returns the foreign settings and duplicates that had to go, with their lines.
    fn put_into(
        &mut self,
        at: usize,
        is_target: bool,
        wanted: &[(&str, &str)],
    ) -> Vec<(usize, String)> {
        let value_of = |key: &str| wanted.iter().find(|(k, _)| *k == key).map(|(_, v)| *v);
        let mut seen: Vec<String> = Vec::new();
        let mut removed = Vec::new();
        self.settle(at, |property, line| {
            let key = property.key.as_str();
            if is_foreign(key) {
                removed.push((line.number, property.key.clone()));
                return Fate::Remove;
            }
            if !is_ours(key) {
                return Fate::Keep;
            }
            if !is_target || seen.iter().any(|k| k == key) {
                removed.push((line.number, property.key.clone()));
                return Fate::Remove;
            }
            seen.push(key.to_owned());
            let value = match key {
                OLD_TOKEN => value_of(TOKEN),
                // Their own format, if it is not this one, we would have to guess.
                _ if OTHER_EXPIRIES.contains(&key) => value_of(EXPIRES).filter(|_| is_time(line)),
                key => value_of(key),
            };
            value.map_or(Fate::Remove, |value| Fate::Replace(value.to_owned()))
        });
        if is_target {
            let missing: Vec<(&str, &str)> = wanted
                .iter()
                .filter(|(key, _)| !seen.iter().any(|k| k == key))
                .copied()
                .collect();
            self.insert(at, &missing);
        }
        removed
    }

    /// Decides on every property of a block, and carries it out: a value goes with the lines that continue it, an
    /// inline comment gets a line of its own (botocore would take it for a part of the new value).
    pub(super) fn settle(&mut self, at: usize, mut decide: impl FnMut(&Property, &Line) -> Fate) {
        let end = self.line_end();
        let lines = std::mem::take(&mut self.blocks[at].lines);
        let mut settled = Vec::with_capacity(lines.len() + OUR_KEYS.len());
        let mut dropping = false;
        for mut line in lines {
            let property = match &line.kind {
                Kind::Property(property) => property.clone(),
                Kind::Continuation if dropping => continue,
                _ => {
                    settled.push(line);
                    continue;
                }
            };
            let fate = decide(&property, &line);
            dropping = !matches!(fate, Fate::Keep);
            if let Some(comment) = property.comment.filter(|_| dropping) {
                let text = line.text[comment..].trim_ascii_end().to_vec();
                settled.push(made(text, Kind::Comment, end));
            }
            match fate {
                Fate::Keep => settled.push(line),
                Fate::Remove => {}
                Fate::Replace(value) => {
                    line.text = replaced(&line.text, &property, &value);
                    line.kind = reread(&line.text, property.indent);
                    settled.push(line);
                }
            }
        }
        self.blocks[at].lines = settled;
    }

    /// Adds keys that a block does not have: after our other keys there, else after its last setting.
    pub(super) fn insert(&mut self, at: usize, missing: &[(&str, &str)]) {
        if missing.is_empty() {
            return;
        }
        let end = self.line_end();
        let block = &mut self.blocks[at];
        let property_at = |wanted: &dyn Fn(&Property) -> bool| {
            block
                .lines
                .iter()
                .rposition(|line| matches!(&line.kind, Kind::Property(p) if wanted(p)))
        };
        let ours = property_at(&|p| OUR_KEYS.contains(&p.key.as_str()));
        let anchor = ours.or_else(|| property_at(&|_| true));
        let (indent, equals) = anchor.map_or((Vec::new(), " = "), |at| style(&block.lines[at]));
        let place = match ours {
            Some(at) => at + 1,
            // Never above an indented line, which would become a part of the new value.
            None => block
                .lines
                .iter()
                .rposition(|line| !matches!(line.kind, Kind::Blank | Kind::Comment))
                .map_or(0, |at| at + 1),
        };
        let above = match place {
            0 => block.header.as_mut(),
            _ => block.lines.get_mut(place - 1),
        };
        if let Some(line) = above.filter(|line| line.end == End::Nothing) {
            line.end = end;
        }
        let new = missing.iter().map(|(key, value)| {
            let mut text = indent.clone();
            text.extend_from_slice(format!("{key}{equals}{value}").as_bytes());
            let kind = reread(&text, indent.len());
            made(text, kind, end)
        });
        block.lines.splice(place..place, new);
    }

    /// Drops a section in which nothing is left, with the blank line that set it apart.
    pub(super) fn remove_if_empty(&mut self, at: usize) {
        let block = &self.blocks[at];
        let is_plain = block.header_kind().is_some_and(|h| h.rest.is_empty());
        let is_bare = |line: &Line| matches!(line.kind, Kind::Blank | Kind::Comment);
        if at == 0 || !is_plain || !block.lines.iter().all(is_bare) {
            return;
        }
        let mut rest = self.blocks.remove(at).lines;
        let is_first = at == 1 && self.blocks[0].lines.is_empty();
        let before = &mut self.blocks[at - 1].lines;
        let leads_on = rest.first().is_none_or(|line| line.kind == Kind::Blank);
        if leads_on && before.last().is_some_and(|line| line.kind == Kind::Blank) {
            before.pop();
        } else if leads_on && is_first && !rest.is_empty() {
            rest.remove(0);
        }
        before.extend(rest);
        self.index();
    }

    fn note_removed(&mut self, name: &str, removed: &[(usize, String)]) {
        for (line, key) in removed {
            let why = if is_foreign(key) {
                "it would have hidden the new keys"
            } else {
                "it was there twice"
            };
            let note = format!(
                "{}:{line}: removed `{key}` from [{name}]: {why}",
                self.shown
            );
            self.notes.push(note);
        }
    }
}

pub(super) fn is_ours(key: &str) -> bool {
    OUR_KEYS.contains(&key) || key == OLD_TOKEN || OTHER_EXPIRIES.contains(&key)
}

fn is_time(line: &Line) -> bool {
    line.value()
        .and_then(|value| std::str::from_utf8(value).ok())
        .is_some_and(|value| DateTime::parse_from_rfc3339(value).is_ok())
}

/// One of our keys, indented below a setting of somebody else that has a value.
pub(super) fn doubtful_key<'a>(
    block: &'a Block,
    is_ours: &dyn Fn(&str) -> bool,
) -> Option<&'a Line> {
    let mut parent_is_plain = false;
    block.lines.iter().find(|line| match &line.kind {
        Kind::Property(property) => {
            parent_is_plain = property.value.0 < property.value.1 && !is_ours(&property.key);
            false
        }
        Kind::Continuation if parent_is_plain => {
            let indent = line.text.len() - line.text.trim_ascii_start().len();
            scanner::property(&line.text, indent).is_some_and(|p| is_ours(&p.key))
        }
        _ => false,
    })
}

/// The line with another value: its indentation and the spacing around `=` stay, the key becomes lower case (JavaScript
/// and Java find no other).
fn replaced(text: &[u8], property: &Property, value: &str) -> Vec<u8> {
    let mut line = text[..property.indent].to_vec();
    line.extend_from_slice(property.key.as_bytes());
    if text[property.delimiter] == b'=' {
        line.extend_from_slice(&text[property.key_end..=property.delimiter]);
        let is_empty = property.value.0 == property.value.1;
        if is_empty && property.key_end < property.delimiter {
            line.push(b' ');
        } else {
            line.extend_from_slice(&text[property.delimiter + 1..property.value.0]);
        }
    } else {
        line.extend_from_slice(b" = ");
    }
    line.extend_from_slice(value.as_bytes());
    line
}

/// The indentation of a property, and how it writes its `=`.
fn style(line: &Line) -> (Vec<u8>, &'static str) {
    match &line.kind {
        Kind::Property(property) => {
            let is_tight = property.key_end == property.delimiter
                && property.value.0 == property.delimiter + 1
                && line.text[property.delimiter] == b'='
                && property.value.0 < property.value.1;
            (
                line.text[..property.indent].to_vec(),
                if is_tight { "=" } else { " = " },
            )
        }
        _ => (Vec::new(), " = "),
    }
}

fn reread(text: &[u8], indent: usize) -> Kind {
    scanner::property(text, indent).map_or(Kind::Junk, Kind::Property)
}

fn made(text: Vec<u8>, kind: Kind, end: End) -> Line {
    Line {
        number: 0,
        text,
        end,
        kind,
    }
}
