//! The setting `credential_process` of a profile in the config file, and what would be read instead of it.

use super::edit::{Fate, doubtful_key, is_ours};
use super::scanner::{End, Header, Kind, Line, Property};
use super::{CredentialsFile, Grammar, KEY_ID, KEY_PARTS, is_foreign, is_section_name};
use crate::error::{self, Error, Result, clean};
use crate::keys;
use crate::store::process_line::{ProcessLine, program_of};

const PROCESS: &str = "credential_process";

/// A setting `credential_process` of the config file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessSetting {
    /// The name of the profile there.
    pub aws_profile: String,
    pub line: usize,
    pub value: String,
}

impl ProcessSetting {
    /// `mai` with its arguments, or nothing if it is another tool's.
    pub fn ours(&self) -> Option<ProcessLine> {
        ProcessLine::parse(&self.value)
    }
}

/// What was taken out of a profile of the config file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// There was no line of ours.
    Nothing,
    /// All that we had written.
    All,
    /// The line; a `region` that may be the person's own stays.
    AllButRegion,
}

/// For the config file (`~/.aws/config`), which has the same lines and other headers.
impl CredentialsFile {
    /// Every `credential_process` in the config file, in its order.
    pub fn processes(&self) -> Vec<ProcessSetting> {
        let mut found = Vec::new();
        for block in &self.blocks {
            let Some((name, _)) = block.header_kind().and_then(profile_in) else {
                continue;
            };
            for (line, _) in block.properties().filter(|(_, p)| p.key == PROCESS) {
                let value = line.value().unwrap_or_default();
                found.push(ProcessSetting {
                    aws_profile: name.clone(),
                    line: line.number,
                    value: String::from_utf8_lossy(value).into_owned(),
                });
            }
        }
        found
    }

    /// Makes a profile of the config file ask `value` for its keys; the section is made if need be.
    ///
    /// Refused are files that some SDK cannot read (nothing would come of the line), headers that some SDK reads
    /// otherwise, and, unless `overwrite`, profiles that get keys elsewhere: those settings are removed then, and a
    /// note says so. `region` is written only where the profile has none.
    pub fn set_process(
        &mut self,
        aws_profile: &str,
        value: &str,
        region: Option<&str>,
        overwrite: bool,
    ) -> Result<()> {
        self.refuse_unreadable()?;
        let ends_open = self.ends_open();
        let place = self.profile_block(aws_profile)?;
        let header = match aws_profile {
            "default" => "default".to_owned(),
            name => format!("profile {name}"),
        };
        let at = match place {
            Some(at) => at,
            None => self.append_apart(&header),
        };
        if let Some(line) = doubtful_key(&self.blocks[at], &|key| key == PROCESS) {
            return Err(self
                .bar(line.number, "SDKs disagree on what this indented line is")
                .hint("remove the blanks at the start of the line, or the line"));
        }
        if !overwrite {
            self.refuse_other_sources(aws_profile, at)?;
        }
        let mut removed = Vec::new();
        let (mut has_process, mut has_region) = (false, false);
        self.settle(at, |property, line| {
            match property.key.as_str() {
                "region" => has_region = true,
                PROCESS if is_ours_in(line) => {
                    has_process = true;
                    return Fate::Replace(value.to_owned());
                }
                // Ours goes to the end, so that whatever stands below it was put there with it.
                PROCESS => return Fate::Remove,
                key if is_other_source(key) => {
                    removed.push((line.number, property.key.clone()));
                    return Fate::Remove;
                }
                _ => {}
            }
            Fate::Keep
        });
        let process = (!has_process).then_some((PROCESS, value));
        let region = region
            .filter(|_| !has_region)
            .map(|region| ("region", region));
        let missing: Vec<(&str, &str)> = process.into_iter().chain(region).collect();
        self.insert(at, &missing);
        self.leave_open(ends_open);
        self.note_other_sources(&header, &removed);
        Ok(())
    }

    /// Takes a line of ours out of a profile of the config file, with what was written along with it: the `region` right
    /// below, if it is still this one, and the section when nothing else is in it. So the file is again what it was.
    ///
    /// Another tool's line is refused.
    pub fn remove_process(&mut self, aws_profile: &str, region: Option<&str>) -> Result<Taken> {
        if let Some((line, reason)) = self.unwritable {
            return Err(self.bar(line, reason));
        }
        let settings = self.processes();
        let mut settings = settings.iter().filter(|s| s.aws_profile == aws_profile);
        if let Some(foreign) = settings.clone().find(|setting| setting.ours().is_none()) {
            return Err(self
                .bar(
                    foreign.line,
                    &format!(
                        "`{PROCESS}` of {aws_profile} runs `{}`, which is not ours; it stays",
                        program_of(&foreign.value)
                    ),
                )
                .hint("remove the line with an editor if nobody needs it"));
        }
        if settings.next().is_none() {
            return Ok(Taken::Nothing);
        }
        let ends_open = self.ends_open();
        let mut taken = Taken::All;
        for at in (0..self.blocks.len()).rev() {
            let profile = self.blocks[at].header_kind().and_then(profile_in);
            if profile.is_some_and(|(name, _)| name == aws_profile) {
                let mut ours = None;
                match self.region_below(at) {
                    Some((line, value)) if Some(value.as_str()) == region => ours = Some(line),
                    Some(_) => taken = Taken::AllButRegion,
                    None => {}
                }
                self.settle(at, |property, line| match property.key.as_str() {
                    PROCESS => Fate::Remove,
                    _ if Some(line.number) == ours => Fate::Remove,
                    _ => Fate::Keep,
                });
                self.remove_if_untouched(at);
            }
        }
        self.index();
        self.leave_open(ends_open);
        Ok(taken)
    }

    /// The `region` right below our line, where we write it: a person's own stands above, or further down.
    fn region_below(&self, at: usize) -> Option<(usize, String)> {
        let lines = &self.blocks[at].lines;
        let is_process = |line: &Line| matches!(&line.kind, Kind::Property(p) if p.key == PROCESS);
        let below = lines.get(lines.iter().position(is_process)? + 1)?;
        match &below.kind {
            Kind::Property(property) if property.key == "region" => {
                let value = String::from_utf8_lossy(below.value()?).into_owned();
                Some((below.number, value))
            }
            _ => None,
        }
    }

    /// A new section with a blank line of its own before it, whatever stands there: `remove_if_empty` takes one away.
    fn append_apart(&mut self, header: &str) -> usize {
        let end = self.line_end();
        if let Some(line) = self.last_line().filter(|line| line.kind == Kind::Blank) {
            if line.end == End::Nothing {
                line.end = end;
            }
            let blank = Line {
                number: 0,
                text: Vec::new(),
                end,
                kind: Kind::Blank,
            };
            if let Some(block) = self.blocks.last_mut() {
                block.lines.push(blank);
            }
        }
        self.append(header)
    }

    /// A section with a comment is somebody's own, even if nothing else is in it.
    fn remove_if_untouched(&mut self, at: usize) {
        let lines = self.blocks[at].lines.iter();
        let mut first = lines.take_while(|line| line.kind != Kind::Blank);
        if !first.any(|line| line.kind == Kind::Comment) {
            self.remove_if_empty(at);
        }
    }

    /// Does the last line lack its line end?
    fn ends_open(&mut self) -> bool {
        self.last_line()
            .is_some_and(|line| line.end == End::Nothing)
    }

    /// Keeps a file that ended without a line end so: whether it did cannot be told any other way later.
    fn leave_open(&mut self, open: bool) {
        if let Some(line) = self
            .last_line()
            .filter(|line| open && !line.text.is_empty())
        {
            line.end = End::Nothing;
        }
    }

    fn last_line(&mut self) -> Option<&mut Line> {
        let block = self.blocks.last_mut()?;
        block.lines.last_mut().or(block.header.as_mut())
    }

    /// The person's own configuration stands in the way: nobody was asked who could refuse anything.
    fn bar(&self, line: usize, reason: &str) -> Error {
        self.refuse(line, reason).of_kind(error::Kind::Usage)
    }

    /// What stops an SDK from reading the file stops our line from being read.
    fn refuse_unreadable(&self) -> Result<()> {
        let problems = self.problems(Grammar::Config);
        let fatal = problems
            .iter()
            .find(|problem| !problem.fatal_for.is_empty());
        match fatal {
            Some(problem) => Err(self
                .bar(
                    problem.line,
                    &format!(
                        "{}, so {} cannot read the file",
                        problem.text,
                        problem.fatal_for.join(", ")
                    ),
                )
                .hint("correct that line with an editor; `mai doctor` lists all such places")),
            None => Ok(()),
        }
    }

    /// The one block of a profile, with a header that every SDK reads alike.
    fn profile_block(&self, aws_profile: &str) -> Result<Option<usize>> {
        if !is_section_name(aws_profile) {
            return Err(Error::usage(format!(
                "`{}` cannot be the name of a profile in the config file",
                clean(aws_profile)
            ))
            .hint("use letters, digits and ._/@:+- only, and not DEFAULT: set `aws_profile:`"));
        }
        let mut found = None;
        for (at, block) in self.blocks.iter().enumerate() {
            let Some(header) = block.header_kind() else {
                continue;
            };
            let Some((_, is_exact)) = profile_in(header).filter(|(name, _)| name == aws_profile)
            else {
                continue;
            };
            let line = block.header.as_ref().map_or(1, |line| line.number);
            if !is_exact {
                return Err(self
                    .bar(line, "SDKs disagree on the name in this header")
                    .hint(format!("write it as [profile {aws_profile}]")));
            }
            if found.replace(at).is_some() {
                return Err(self
                    .bar(
                        line,
                        &format!("{aws_profile} has two sections in this file"),
                    )
                    .hint("join them: SDKs read only one of them"));
            }
        }
        Ok(found)
    }

    fn refuse_other_sources(&self, aws_profile: &str, at: usize) -> Result<()> {
        for (line, property) in self.blocks[at].properties() {
            let value = String::from_utf8_lossy(line.value().unwrap_or_default());
            let reason = match property.key.as_str() {
                PROCESS if value.is_empty() || ProcessLine::parse(&value).is_some() => continue,
                PROCESS => format!(
                    "`{PROCESS}` of {aws_profile} runs `{}`, which is not ours",
                    program_of(&value)
                ),
                key if is_other_source(key) => {
                    format!("{aws_profile} has `{key}`, so it gets its keys elsewhere")
                }
                _ => continue,
            };
            return Err(self.bar(line.number, &reason).hint(HINT));
        }
        Ok(())
    }

    fn note_other_sources(&mut self, section: &str, removed: &[(usize, String)]) {
        for (line, key) in removed {
            self.notes.push(format!(
                "{}:{line}: removed `{key}` from [{section}]: it would have been read instead",
                self.shown
            ));
        }
    }

    /// Takes out of a section of the credentials file what SDKs would read before they ask a process: temporary keys,
    /// and with `overwrite` anything else that says where keys come from. True if there was something.
    pub fn clear_for_process(&mut self, name: &str, overwrite: bool) -> Result<bool> {
        self.may_write(name, overwrite)
            .map_err(|error| error.better_hint(HINT).of_kind(error::Kind::Usage))?;
        let mut removed = Vec::new();
        let mut cleared = false;
        for at in self
            .by_name
            .get(name)
            .cloned()
            .unwrap_or_default()
            .into_iter()
            .rev()
        {
            self.settle(at, |property: &Property, line: &Line| {
                let key = property.key.as_str();
                let value = String::from_utf8_lossy(line.value().unwrap_or_default());
                if is_foreign(key) || (key == KEY_ID && !keys::is_temporary(&value)) {
                    removed.push((line.number, property.key.clone()));
                }
                match is_ours(key) || is_foreign(key) {
                    true => {
                        cleared = true;
                        Fate::Remove
                    }
                    false => Fate::Keep,
                }
            });
            self.remove_if_empty(at);
        }
        self.index();
        self.note_other_sources(name, &removed);
        Ok(cleared)
    }
}

const HINT: &str =
    "give the profile another section with `aws_profile:`, or replace it with `--overwrite`";

/// Is the value of a `credential_process` a line of ours?
fn is_ours_in(line: &Line) -> bool {
    let value = String::from_utf8_lossy(line.value().unwrap_or_default());
    ProcessLine::parse(&value).is_some()
}

/// Settings in the config file that give a profile keys without asking a process.
pub(super) fn is_other_source(key: &str) -> bool {
    KEY_PARTS.contains(&key) || (is_foreign(key) && key != PROCESS)
}

/// The profile that a header of the config file names, and whether every SDK reads it so.
pub(super) fn profile_in(header: &Header) -> Option<(String, bool)> {
    let name = header.name.as_deref()?;
    let is_plain =
        !header.padded && !header.rest.starts_with(b";") && !header.rest.starts_with(b"#");
    if name == "default" {
        return Some((name.to_owned(), is_plain));
    }
    let rest = name.strip_prefix("profile")?;
    let bare = rest.trim_start();
    if bare.len() == rest.len() || bare.is_empty() {
        return None;
    }
    let unquoted = bare.trim_matches('"');
    Some((
        unquoted.to_owned(),
        is_plain && unquoted == bare && rest.strip_prefix(' ') == Some(bare),
    ))
}

#[cfg(test)]
#[path = "process_tests.rs"]
mod tests;
