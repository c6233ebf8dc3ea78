//! A text as lines: where each begins, and what kind of line it is.

use std::ops::Range;

use crate::config::origin::Origin;

pub(super) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub fn of(text: &'a str) -> Lines<'a> {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (at, byte) in bytes.iter().enumerate() {
            let ends = *byte == b'\n' || *byte == b'\r' && bytes.get(at + 1) != Some(&b'\n');
            if ends && at + 1 < bytes.len() {
                starts.push(at + 1);
            }
        }
        Lines { text, starts }
    }

    pub fn count(&self) -> usize {
        if self.text.is_empty() {
            0
        } else {
            self.starts.len()
        }
    }

    /// Where a line begins; behind the last line it is the end of the text.
    pub fn start(&self, line: usize) -> usize {
        self.starts.get(line).copied().unwrap_or(self.text.len())
    }

    pub fn range(&self, line: usize) -> Range<usize> {
        self.start(line)..self.start(line + 1)
    }

    /// A line without its end.
    pub fn line(&self, line: usize) -> &'a str {
        self.text[self.range(line)].trim_end_matches(['\r', '\n'])
    }

    /// The line, counted from 0, and the byte of a place that the reader has found.
    pub fn place(&self, origin: &Origin) -> Option<(usize, usize)> {
        let line = (origin.line as usize).checked_sub(1)?;
        let column = (origin.column as usize).checked_sub(1)?;
        if line >= self.count() {
            return None;
        }
        let text = &self.text[self.range(line)];
        let within = match text.char_indices().nth(column) {
            Some((within, _)) => within,
            None if text.chars().count() == column => text.len(),
            None => return None,
        };
        Some((line, self.start(line) + within))
    }

    /// What stands before a place on its line is white space only.
    pub fn is_first(&self, line: usize, at: usize) -> bool {
        self.text[self.start(line)..at].trim().is_empty()
    }

    pub fn is_blank(&self, line: usize) -> bool {
        self.line(line).trim().is_empty()
    }

    pub fn is_comment(&self, line: usize) -> bool {
        self.line(line).trim_start().starts_with('#')
    }

    /// Neither blank nor a comment. Lines of long texts that look like one of these count as such.
    pub fn is_content(&self, line: usize) -> bool {
        !self.is_blank(line) && !self.is_comment(line)
    }

    pub fn indent(&self, line: usize) -> usize {
        let text = self.line(line);
        text.len() - text.trim_start_matches(' ').len()
    }

    /// What lines of this text end with.
    pub fn ending(&self) -> &'static str {
        match self.text.find('\n') {
            Some(at) if self.text[..at].ends_with('\r') => "\r\n",
            _ => "\n",
        }
    }

    /// The line where the document ends: that of `...`, or the one behind the last.
    pub fn document_end(&self) -> usize {
        (0..self.count())
            .find(|line| {
                self.line(*line)
                    .strip_prefix("...")
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
            })
            .unwrap_or(self.count())
    }
}
