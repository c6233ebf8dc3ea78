//! The changes themselves: which piece of the text goes, and what comes in its place.

use std::ops::Range;

use super::block::{after_key, end_of_entry, value_end, value_start, with_comments_above};
use super::flow::Flow;
use super::gaps::{self, Gone};
use super::lines::Lines;
use super::meaning::Meaning;
use super::quoting::{self, Style};
use super::{Cut, Draft, Scalar, places_of};
use crate::config::origin::Origin;
use crate::config::yaml::{Key, Node, Value};
use crate::error::Result;

/// How many blanks a level is deeper where the file does not show it.
const STEP: usize = 2;

/// What a new file begins with.
const HEADING: &str =
    "# The profiles of mai: `mai list` shows them. profiles.example.yaml explains every key.";

/// The text that holds the entries of a table or the items of a list.
enum Body {
    Flow(Flow),
    Block {
        lines: Range<usize>,
        /// Of the table that holds this one; its own entries are deeper.
        outer: usize,
    },
    /// Nothing yet: a word to be replaced (`~`, or empty), and the lines of comments below it.
    Nothing {
        word: Range<usize>,
        behind: usize,
    },
}

impl Draft {
    pub(super) fn cuts_to_add(
        &self,
        section: &str,
        entries: &[(String, Scalar)],
    ) -> Result<Vec<Cut>> {
        let lines = self.lines();
        let ending = lines.ending();
        let step = self.step(&lines);
        let Some((key, node)) = self.root_entry(section) else {
            if let Body::Flow(flow) = self.root_body(&lines)? {
                let new: Vec<String> = entries
                    .iter()
                    .map(|(name, value)| quoting::entry(name, value))
                    .collect();
                let item = format!("{section}: {{{}}}", new.join(", "));
                return Ok(flow.append(&self.text, &item, ending));
            }
            let indent = self.root_indent();
            let mut new = format!("{}{section}:{ending}", " ".repeat(indent));
            for (name, value) in entries {
                new += &quoting::block(name, value, indent + step, step, ending);
            }
            return Ok(vec![self.new_section(&lines, section, new)]);
        };
        self.cuts_into(&lines, key, node, entries)
    }

    /// New entries below those of a table.
    pub(super) fn cuts_into(
        &self,
        lines: &Lines,
        key: &Key,
        node: &Node,
        entries: &[(String, Scalar)],
    ) -> Result<Vec<Cut>> {
        let ending = lines.ending();
        let step = self.step(lines);
        match self.body(lines, key, node)? {
            Body::Flow(flow) => {
                let new: Vec<String> = entries
                    .iter()
                    .map(|(name, value)| quoting::entry(name, value))
                    .collect();
                Ok(flow.append(&self.text, &new.join(", "), ending))
            }
            Body::Block { lines: body, outer } => {
                let indent = body
                    .clone()
                    .find(|line| lines.is_content(*line))
                    .map_or(outer + step, |line| lines.indent(line));
                let deeper = self.step_of(lines, &body, indent).unwrap_or(step);
                let is_spaced = self.is_spaced(lines, node, &body);
                let mut new = String::new();
                for (name, value) in entries {
                    if is_spaced {
                        new += ending;
                    }
                    new += &quoting::block(name, value, indent, deeper, ending);
                }
                Ok(vec![self.insert_line(lines, body.end, new)])
            }
            Body::Nothing { word, behind } => {
                let (line, at) = self.place(lines, &key.origin)?;
                if matches!(self.root_body(lines)?, Body::Flow(_)) || !lines.is_first(line, at) {
                    return Err(self.cannot(&key.origin));
                }
                let indent = lines.indent(line) + step;
                let mut new = String::new();
                for (name, value) in entries {
                    new += &quoting::block(name, value, indent, step, ending);
                }
                Ok(vec![
                    Cut {
                        from: word.start,
                        to: word.end,
                        with: String::new(),
                    },
                    self.insert_line(lines, behind, new),
                ])
            }
        }
    }

    /// Removes entries of a section, with the lines that are their own.
    pub(super) fn remove_entries(&mut self, section: &str, names: &[&str]) -> Result<()> {
        let mut gone = Vec::new();
        let mut wanted = Meaning::of(&self.tree);
        for name in names {
            gone.push(self.entry_to_remove(section, name)?);
            wanted.drop(&[section, name]);
        }
        wanted.put_empty(section);
        let outcome = self.apply_without(&gone, &wanted);
        if outcome.is_ok() || names.len() < 2 {
            return outcome;
        }
        // Neighbours on one line share a comma.
        let mut draft = self.clone();
        for name in names {
            draft.remove_entries(section, &[name])?;
        }
        *self = draft;
        Ok(())
    }

    /// Removes, and closes the gaps if the file says the same then: blank lines may belong to a long text.
    fn apply_without(&mut self, gone: &[Gone], wanted: &Meaning) -> Result<()> {
        let lines = self.lines();
        let (closed, bare) = (gaps::closed(&lines, gone), gaps::bare(&lines, gone));
        self.apply(closed, wanted)
            .or_else(|_| self.apply(bare, wanted))
    }

    fn entry_to_remove(&self, section: &str, name: &str) -> Result<Gone> {
        let lines = self.lines();
        let (Some((key, node)), Some((entry, _))) =
            (self.root_entry(section), self.entry(section, name))
        else {
            return Err(self.cannot(&Origin::BUILT_IN));
        };
        let body = self.body(&lines, key, node)?;
        self.to_remove(&lines, body, &entry.origin)
    }

    pub(super) fn remove_default(&mut self) -> Result<()> {
        let lines = self.lines();
        let Some((key, _)) = self.root_entry("default_profile") else {
            return Ok(());
        };
        let body = self.root_body(&lines)?;
        let gone = self.to_remove(&lines, body, &key.origin)?;
        let mut wanted = Meaning::of(&self.tree);
        wanted.drop(&["default_profile"]);
        self.apply_without(&[gone], &wanted)
    }

    /// Takes a name out of the list of a group; false if the group had no other, and is gone.
    pub(super) fn leave_group(&mut self, group: &str, name: &str) -> Result<bool> {
        loop {
            let lines = self.lines();
            let Some((key, members)) = self.entry("groups", group) else {
                return Ok(false);
            };
            let Value::List(all) = &members.value else {
                return Ok(true);
            };
            let places = places_of(name, members);
            if places.len() == all.len() {
                self.remove_entries("groups", &[group])?;
                return Ok(false);
            }
            let Some(origin) = places.first() else {
                return Ok(true);
            };
            let gone = match self.body(&lines, key, members)? {
                Body::Flow(flow) => self.to_remove(&lines, Body::Flow(flow), origin)?,
                Body::Block { lines: body, .. } => {
                    let (line, at) = self.place(&lines, origin)?;
                    let before = self.text[lines.start(line)..at].trim();
                    if before != "-" || !body.contains(&line) {
                        return Err(self.cannot(origin));
                    }
                    let gone = line..line + 1;
                    Gone::Lines { gone, body }
                }
                Body::Nothing { .. } => return Err(self.cannot(origin)),
            };
            let mut wanted = Meaning::of(&self.tree);
            wanted.drop_item(&["groups", group], name);
            self.apply_without(&[gone], &wanted)?;
        }
    }

    pub(super) fn write_default(&mut self, name: &str) -> Result<()> {
        let lines = self.lines();
        let word = quoting::text(name, Style::Flow);
        let root = self.root_body(&lines)?;
        let cut = match (self.root_entry("default_profile"), root) {
            (Some((key, _)), root) => {
                let (_, at) = self.place(&lines, &key.origin)?;
                let Some(colon) = after_key(&self.text, at) else {
                    return Err(self.cannot(&key.origin));
                };
                let from = value_start(&self.text, colon);
                let to = value_end(&self.text, from, matches!(root, Body::Flow(_)));
                let is_empty = from == to;
                Cut {
                    from: if is_empty { colon } else { from },
                    to: if is_empty { colon } else { to },
                    with: if is_empty { format!(" {word}") } else { word },
                }
            }
            (None, Body::Flow(flow)) => flow.prepend(&format!("default_profile: {word}")),
            (None, _) => {
                let ending = lines.ending();
                let indent = " ".repeat(self.root_indent());
                let new = format!("{indent}default_profile: {word}{ending}");
                let first = self.root().first();
                match first.and_then(|(key, _)| lines.place(&key.origin)) {
                    Some((line, at)) if lines.is_first(line, at) => {
                        let line = with_comments_above(&lines, line);
                        self.insert_line(&lines, line, format!("{new}{ending}"))
                    }
                    Some(_) => return Err(self.cannot(&Origin::BUILT_IN)),
                    None => self.new_section(&lines, "default_profile", new),
                }
            }
        };
        let mut wanted = Meaning::of(&self.tree);
        wanted.put(&["default_profile"], Meaning::Text(name.to_string()));
        self.apply(vec![cut], &wanted)
    }

    fn to_remove(&self, lines: &Lines, body: Body, origin: &Origin) -> Result<Gone> {
        let (line, at) = self.place(lines, origin)?;
        match body {
            Body::Flow(flow) if flow.holds(at) => Ok(Gone::Pieces(flow.remove(&self.text, at))),
            Body::Block { lines: body, .. } if body.contains(&line) && lines.is_first(line, at) => {
                let indent = at - lines.start(line);
                let gone = line..end_of_entry(lines, line, indent, body.end, true);
                Ok(Gone::Lines { gone, body })
            }
            // It comes from an anchor elsewhere.
            _ => Err(self.cannot(origin)),
        }
    }

    fn place(&self, lines: &Lines, origin: &Origin) -> Result<(usize, usize)> {
        lines.place(origin).ok_or_else(|| self.cannot(origin))
    }

    /// The whole document.
    fn root_body(&self, lines: &Lines) -> Result<Body> {
        let end = lines.document_end();
        if !matches!(self.tree.value, Value::Table(_)) {
            let at = lines.start(end);
            return Ok(Body::Nothing {
                word: at..at,
                behind: end,
            });
        }
        let (_, at) = self.place(lines, &self.tree.origin)?;
        if self.text[at..].starts_with('{') {
            return match Flow::scan(&self.text, at) {
                Some(flow) => Ok(Body::Flow(flow)),
                None => Err(self.cannot(&self.tree.origin)),
            };
        }
        Ok(Body::Block {
            lines: 0..end,
            outer: 0,
        })
    }

    fn root_indent(&self) -> usize {
        match self.tree.value {
            Value::Table(_) => (self.tree.origin.column as usize).saturating_sub(1),
            _ => 0,
        }
    }

    /// What is written behind a key.
    fn body(&self, lines: &Lines, key: &Key, node: &Node) -> Result<Body> {
        let cannot = || self.cannot(&key.origin);
        let (line, at) = self.place(lines, &key.origin)?;
        let after = after_key(&self.text, at).ok_or_else(cannot)?;
        let start = value_start(&self.text, after);
        let flow = |open| {
            Flow::scan(&self.text, open)
                .map(Body::Flow)
                .ok_or_else(cannot)
        };
        let is_nothing = matches!(node.value, Value::Nothing);
        match self.text[start..].chars().next() {
            Some('{' | '[') => flow(start),
            None | Some('\n' | '\r' | '#') => {
                let outer = at - lines.start(line);
                let end = end_of_entry(lines, line, outer, lines.document_end(), false);
                if is_nothing {
                    return Ok(Body::Nothing {
                        word: start..start,
                        behind: end,
                    });
                }
                let first = (line + 1..end).find(|line| lines.is_content(*line));
                if let Some(first) = first {
                    let open = lines.start(first) + lines.indent(first);
                    if self.text[open..].starts_with(['{', '[']) {
                        return flow(open);
                    }
                }
                Ok(Body::Block {
                    lines: line + 1..end,
                    outer,
                })
            }
            Some('~' | 'n' | 'N') if is_nothing => {
                let outer = at - lines.start(line);
                let behind = end_of_entry(lines, line, outer, lines.document_end(), false);
                Ok(Body::Nothing {
                    word: start..value_end(&self.text, start, true),
                    behind,
                })
            }
            _ => Err(cannot()),
        }
    }

    /// A new section: identity providers go before the profiles, everything else to the end.
    fn new_section(&self, lines: &Lines, section: &str, new: String) -> Cut {
        let ending = lines.ending();
        let profiles = self
            .root_entry("profiles")
            .filter(|_| section == "identity_providers");
        if let Some((line, at)) = profiles.and_then(|(key, _)| lines.place(&key.origin))
            && lines.is_first(line, at)
        {
            let line = with_comments_above(lines, line);
            return self.insert_line(lines, line, format!("{new}{ending}"));
        }
        let end = lines.document_end();
        let is_apart = end == 0 || lines.is_blank(end - 1) || lines.line(end - 1) == "---";
        let before = if self.text.trim().is_empty() {
            format!("{HEADING}{ending}{ending}")
        } else if is_apart {
            String::new()
        } else {
            ending.to_string()
        };
        self.insert_line(lines, end, before + &new)
    }

    /// Puts whole lines before a line; where the line above has no end, it gets one.
    fn insert_line(&self, lines: &Lines, line: usize, new: String) -> Cut {
        let at = lines.start(line);
        let is_open = at > 0 && !self.text[..at].ends_with(['\n', '\r']);
        let before = if is_open { lines.ending() } else { "" };
        Cut {
            from: at,
            to: at,
            with: format!("{before}{new}"),
        }
    }

    /// How much deeper this file writes a level.
    fn step(&self, lines: &Lines) -> usize {
        let indent = self.root_indent();
        (0..lines.count())
            .filter(|line| lines.is_content(*line))
            .map(|line| lines.indent(line))
            .find(|depth| *depth > indent)
            .map_or(STEP, |depth| (depth - indent).min(8))
    }

    fn step_of(&self, lines: &Lines, body: &Range<usize>, indent: usize) -> Option<usize> {
        body.clone()
            .filter(|line| lines.is_content(*line))
            .map(|line| lines.indent(line))
            .find(|depth| *depth > indent)
            .map(|depth| (depth - indent).min(8))
    }

    /// Are the entries of this table parted by blank lines?
    fn is_spaced(&self, lines: &Lines, node: &Node, body: &Range<usize>) -> bool {
        let Value::Table(entries) = &node.value else {
            return false;
        };
        let mut keys = entries
            .iter()
            .filter_map(|(key, _)| lines.place(&key.origin))
            .map(|(line, _)| line)
            .filter(|line| body.contains(line));
        let (Some(_), Some(last)) = (keys.next(), keys.next_back()) else {
            return false;
        };
        let first = with_comments_above(lines, last);
        first > 0 && lines.is_blank(first - 1)
    }
}
