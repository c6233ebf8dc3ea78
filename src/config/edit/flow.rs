//! Tables and lists between brackets, as far as cutting an item out or putting one in needs it.

use super::Cut;

/// One `{…}` or `[…]`: its brackets, the commas of its own level, and the end of its last word.
pub(super) struct Flow {
    pub open: usize,
    pub close: usize,
    commas: Vec<usize>,
    last: usize,
}

impl Flow {
    /// Reads from an opening bracket to the one that closes it.
    pub fn scan(text: &str, open: usize) -> Option<Flow> {
        let bytes = text.as_bytes();
        let mut flow = Flow {
            open,
            close: open,
            commas: Vec::new(),
            last: open + 1,
        };
        let mut depth = 0_usize;
        // Where the current word began, if one has: a quote within a word is a plain character.
        let mut word: Option<usize> = None;
        let mut at = open;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => {
                    let is_property = |word: usize| matches!(bytes[word], b'&' | b'!');
                    if word.is_some_and(is_property) {
                        word = None;
                    }
                    at += 1;
                    continue;
                }
                b'#' if bytes[at - 1].is_ascii_whitespace() => {
                    at += text[at..].find(['\n', '\r']).unwrap_or(text.len() - at);
                    continue;
                }
                b'"' | b'\'' if word.is_none() => {
                    at = end_of_quoted(text, at)?;
                    word = Some(at);
                    flow.last = at;
                    continue;
                }
                b'{' | b'[' => {
                    depth += 1;
                    word = None;
                }
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        flow.close = at;
                        return Some(flow);
                    }
                    word = Some(at);
                }
                b',' => {
                    if depth == 1 {
                        flow.commas.push(at);
                    }
                    word = None;
                }
                b':' if ends_key(bytes, at, word) => word = None,
                _ => word = word.or(Some(at)),
            }
            at += 1;
            flow.last = at;
        }
        None
    }

    pub fn holds(&self, at: usize) -> bool {
        (self.open..self.close).contains(&at)
    }

    /// Puts an item at the end; on a line of its own where the items have such lines.
    pub fn append(&self, text: &str, item: &str, ending: &str) -> Vec<Cut> {
        let is_empty = self.last == self.open + 1;
        let has_comma = self
            .commas
            .last()
            .is_some_and(|comma| comma + 1 == self.last);
        let comma = if is_empty || has_comma { "" } else { "," };
        let line = text[..self.close].rfind('\n').map_or(0, |at| at + 1);
        let is_alone = text[line..self.close].trim().is_empty();
        if is_alone && line > self.open {
            let indent = self.indent_of_last(text);
            return vec![
                insert(self.last, comma.to_string()),
                insert(line, format!("{indent}{item}{ending}")),
            ];
        }
        let blank = if is_empty { "" } else { " " };
        vec![insert(self.last, format!("{comma}{blank}{item}"))]
    }

    /// Puts an item at the beginning.
    pub fn prepend(&self, item: &str) -> Cut {
        let comma = if self.last == self.open + 1 { "" } else { ", " };
        insert(self.open + 1, format!("{item}{comma}"))
    }

    /// Takes out the item that begins at `at`, with one comma, and its line if nothing else is on it.
    pub fn remove(&self, text: &str, at: usize) -> Vec<Cut> {
        let before = self.commas.iter().rev().find(|comma| **comma < at);
        let after = self.commas.iter().find(|comma| **comma > at);
        let end = after.map_or(self.last, |comma| comma + 1);
        let mut cuts = Vec::new();
        let line = text[..at].rfind('\n').map_or(0, |at| at + 1);
        let rest = text[end..].find('\n').map_or(text.len(), |n| end + n + 1);
        if text[line..at].trim().is_empty()
            && text[end..rest].trim().is_empty()
            && rest <= self.close
        {
            cuts.push(remove(line, rest));
        } else {
            let blanks = text[end..].len() - text[end..].trim_start_matches(' ').len();
            let blanks = if after.is_some() { blanks } else { 0 };
            cuts.push(remove(at, end + blanks));
        }
        if let (Some(comma), None) = (before, after) {
            let gap = &text[comma + 1..at];
            let end = if gap.trim_matches(' ').is_empty() {
                at
            } else {
                comma + 1
            };
            cuts.insert(0, remove(*comma, end));
        }
        cuts
    }

    fn indent_of_last<'a>(&self, text: &'a str) -> &'a str {
        let line = text[..self.last].rfind('\n').map_or(0, |at| at + 1);
        let rest = &text[line..];
        let words = rest.trim_start_matches([' ', '\t']);
        if line > self.open {
            &rest[..rest.len() - words.len()]
        } else {
            "  "
        }
    }
}

fn insert(at: usize, with: String) -> Cut {
    Cut {
        from: at,
        to: at,
        with,
    }
}

fn remove(from: usize, to: usize) -> Cut {
    Cut {
        from,
        to,
        with: String::new(),
    }
}

/// A colon parts key and value before a blank or a bracket, and right behind a quoted key.
fn ends_key(bytes: &[u8], at: usize, word: Option<usize>) -> bool {
    let next = bytes.get(at + 1).copied().unwrap_or(b' ');
    next.is_ascii_whitespace() || b",[]{}".contains(&next) || word == Some(at)
}

/// The place behind a quoted text.
pub(super) fn end_of_quoted(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let quote = *bytes.get(at)?;
    let mut at = at + 1;
    loop {
        match *bytes.get(at)? {
            b'\\' if quote == b'"' => at += 2,
            byte if byte == quote => {
                if quote == b'\'' && bytes.get(at + 1) == Some(&b'\'') {
                    at += 2;
                } else {
                    return Some(at + 1);
                }
            }
            _ => at += 1,
        }
    }
}
