//! Keys and values on lines of their own: where a value begins, how far an entry reaches.

use super::flow::end_of_quoted;
use super::lines::Lines;

/// The place behind the colon of the key that begins at `at`.
pub(super) fn after_key(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    if matches!(bytes.get(at)?, b'"' | b'\'') {
        let end = end_of_quoted(text, at)?;
        let colon = end + text[end..].len() - text[end..].trim_start_matches([' ', '\t']).len();
        return (bytes.get(colon) == Some(&b':')).then_some(colon + 1);
    }
    let line = &text[at..];
    let line = &line[..line.find(['\n', '\r']).unwrap_or(line.len())];
    let ends = |next: Option<char>| next.is_none_or(|c| c.is_whitespace() || ",[]{}".contains(c));
    line.match_indices(':')
        .find(|(colon, _)| ends(line[colon + 1..].chars().next()))
        .map(|(colon, _)| at + colon + 1)
}

/// Where a value begins on the line of its key, behind anchor and tag; or the end of that line.
pub(super) fn value_start(text: &str, after_key: usize) -> usize {
    let mut at = after_key;
    loop {
        let rest = &text[at..];
        at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
        if !text[at..].starts_with(['&', '!']) {
            return at;
        }
        at += text[at..]
            .find(char::is_whitespace)
            .unwrap_or(text.len() - at);
    }
}

/// Where a value of one line ends.
pub(super) fn value_end(text: &str, at: usize, in_flow: bool) -> usize {
    if text[at..].starts_with(['"', '\'']) {
        return end_of_quoted(text, at).unwrap_or(text.len());
    }
    let line = &text[at..];
    let line = &line[..line.find(['\n', '\r']).unwrap_or(line.len())];
    let mut end = [" #", "\t#"]
        .iter()
        .filter_map(|mark| line.find(mark))
        .min()
        .unwrap_or(line.len());
    if in_flow {
        end = line
            .find([',', '}', ']'])
            .map_or(end, |found| found.min(end));
    }
    at + line[..end].trim_end().len()
}

/// The line behind an entry whose key stands on `line` at `indent`.
///
/// Comments that are deeper than the key are the entry's; `at_once` stops at the first blank line before one.
pub(super) fn end_of_entry(
    lines: &Lines,
    line: usize,
    indent: usize,
    end: usize,
    at_once: bool,
) -> usize {
    let mut behind = line + 1;
    for next in line + 1..end {
        if lines.is_blank(next) {
            continue;
        }
        let depth = lines.indent(next);
        if lines.is_comment(next) {
            if depth > indent && (!at_once || behind == next) {
                behind = next + 1;
            }
            continue;
        }
        let words = lines.line(next).trim_start();
        let is_item = depth == indent && (words.starts_with("- ") || words == "-");
        if depth <= indent && !is_item && !words.starts_with(['}', ']']) {
            break;
        }
        behind = next + 1;
    }
    behind
}

/// The first of the comment lines that stand right above a line.
pub(super) fn with_comments_above(lines: &Lines, line: usize) -> usize {
    let mut first = line;
    while first > 0 && lines.is_comment(first - 1) {
        first -= 1;
    }
    first
}
