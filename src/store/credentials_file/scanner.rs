//! AWS's grammar for the shared credentials file, line by line, on bytes.
//!
//! SDKs disagree on many constructs. The scanner reads the union of what they accept: whatever one of them takes for
//! a section or a key is one here too, so that nothing that is somebody's key is overlooked. No byte gets lost: the
//! lines, put together again, are the file.

/// How a line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The last line of a file without a final newline.
    Nothing,
    Lf,
    CrLf,
    /// A carriage return alone: a line end for botocore and Java only.
    Cr,
}

impl End {
    pub fn bytes(self) -> &'static [u8] {
        match self {
            End::Nothing => b"",
            End::Lf => b"\n",
            End::CrLf => b"\r\n",
            End::Cr => b"\r",
        }
    }
}

/// One line: its text without the line end, and what it is.
#[derive(Clone, Debug)]
pub struct Line {
    /// Counted from 1, as editors do; 0 for a line that we made.
    pub number: usize,
    pub text: Vec<u8>,
    pub end: End,
    pub kind: Kind,
}

/// What a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Blank,
    Comment,
    /// A comment that does not start in the first column: Rust and Java join it to the value above.
    IndentedComment,
    Header(Header),
    Property(Property),
    /// Indented more than the property above: the rest of its value, or a nested setting.
    Continuation,
    /// Neither header nor `key = value`: fatal for most SDKs.
    Junk,
}

/// `[name]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Without the blanks around it; `None` when the bracket is never closed or the name is not UTF-8.
    pub name: Option<String>,
    /// The name has blanks around it, which botocore and JavaScript take for a part of it.
    pub padded: bool,
    pub indented: bool,
    /// What follows the bracket, without blanks in front.
    pub rest: Vec<u8>,
}

/// `key = value`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// In lower case.
    pub key: String,
    /// Columns before the key.
    pub indent: usize,
    /// Where the key ends.
    pub key_end: usize,
    /// Where the `=` (or `:`) is.
    pub delimiter: usize,
    /// Where the value starts and ends, without blanks and without an inline comment.
    pub value: (usize, usize),
    /// Where an inline comment starts, if there is one.
    pub comment: Option<usize>,
}

pub const BOM: &[u8] = b"\xef\xbb\xbf";

/// Cuts a file (without its byte order mark) into lines and says what each of them is.
pub fn scan(bytes: &[u8]) -> Vec<Line> {
    let mut lines = Vec::new();
    // The indentation of the property that an indented line would continue.
    let mut open: Option<usize> = None;
    let mut rest = bytes;
    while !rest.is_empty() {
        let (text, end, next) = next_line(rest);
        rest = next;
        let kind = classify(text, open);
        match &kind {
            Kind::Header(_) => open = None,
            Kind::Property(property) => open = Some(property.indent),
            Kind::Blank | Kind::Comment | Kind::IndentedComment | Kind::Continuation => {}
            // Nobody can say what an indented line after it belongs to.
            Kind::Junk => {}
        }
        lines.push(Line {
            number: lines.len() + 1,
            text: text.to_vec(),
            end,
            kind,
        });
    }
    lines
}

fn next_line(bytes: &[u8]) -> (&[u8], End, &[u8]) {
    let Some(at) = bytes.iter().position(|b| matches!(b, b'\n' | b'\r')) else {
        return (bytes, End::Nothing, b"");
    };
    let end = match bytes[at..] {
        [b'\n', ..] => End::Lf,
        [_, b'\n', ..] => End::CrLf,
        _ => End::Cr,
    };
    (&bytes[..at], end, &bytes[at + end.bytes().len()..])
}

fn classify(text: &[u8], open: Option<usize>) -> Kind {
    let trimmed = text.trim_ascii();
    let indent = text.len() - text.trim_ascii_start().len();
    match trimmed.first() {
        None => Kind::Blank,
        Some(b'#' | b';') if indent == 0 => Kind::Comment,
        Some(b'#' | b';') => Kind::IndentedComment,
        Some(_) if open.is_some_and(|column| indent > column) => Kind::Continuation,
        Some(b'[') => Kind::Header(header(trimmed, indent > 0)),
        Some(_) => property(text, indent).map_or(Kind::Junk, Kind::Property),
    }
}

/// Reads `[name]`, whatever follows it.
fn header(trimmed: &[u8], indented: bool) -> Header {
    let Some(close) = trimmed.iter().position(|b| *b == b']') else {
        return Header {
            name: None,
            padded: false,
            indented,
            rest: Vec::new(),
        };
    };
    let inner = &trimmed[1..close];
    let name = inner.trim_ascii();
    Header {
        name: std::str::from_utf8(name).ok().map(str::to_owned),
        padded: name.len() != inner.len(),
        indented,
        rest: trimmed[close + 1..].trim_ascii().to_vec(),
    }
}

/// The name in an indented `[name]` that some SDKs take for a header and others for the rest of a value.
pub fn doubtful_header(line: &Line) -> Option<String> {
    if line.kind != Kind::Continuation {
        return None;
    }
    let trimmed = line.text.trim_ascii();
    trimmed
        .starts_with(b"[")
        .then(|| header(trimmed, true).name)
        .flatten()
}

/// Reads `key = value` with an optional inline comment; `key: value` too, as botocore and Go do.
pub fn property(text: &[u8], indent: usize) -> Option<Property> {
    let delimiter = text.iter().position(|b| matches!(b, b'=' | b':'))?;
    let key_end = text[..delimiter].trim_ascii_end().len();
    if key_end <= indent {
        return None;
    }
    let key = String::from_utf8_lossy(&text[indent..key_end]).to_ascii_lowercase();
    let after = &text[delimiter + 1..];
    let comment = after
        .windows(2)
        .position(|pair| pair[0].is_ascii_whitespace() && matches!(pair[1], b'#' | b';'))
        .map(|at| delimiter + 1 + at + 1);
    let value_and_blanks = &text[delimiter + 1..comment.unwrap_or(text.len())];
    let end = delimiter + 1 + value_and_blanks.trim_ascii_end().len();
    let start = end - value_and_blanks.trim_ascii().len();
    Some(Property {
        key,
        indent,
        key_end,
        delimiter,
        value: (start, end),
        comment,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> String {
        scan(text.as_bytes())
            .iter()
            .map(|line| match &line.kind {
                Kind::Blank => '.',
                Kind::Comment => '#',
                Kind::IndentedComment => '%',
                Kind::Header(_) => '[',
                Kind::Property(_) => '=',
                Kind::Continuation => '>',
                Kind::Junk => '?',
            })
            .collect()
    }

    #[test]
    fn every_kind_of_line_is_told_apart() {
        let text = "# c\n; c\n\n[a]\nk = v\n  more\n  # in\n  [b]\nk\n = v\n[open\nk: v\n \t\n";
        assert_eq!(kinds(text), "##.[=>%>?>[=.");
    }

    #[test]
    fn keys_indented_alike_are_keys_and_deeper_ones_are_nested() {
        assert_eq!(kinds("[a]\n  k = 1\n  l = 2\n    m = 3\nn = 4\n"), "[==>=");
    }

    #[test]
    fn all_three_line_ends_are_kept_apart() {
        let ends: Vec<End> = scan(b"a=1\r\nb=2\rc=3\nd=4")
            .iter()
            .map(|line| line.end)
            .collect();
        assert_eq!(ends, [End::CrLf, End::Cr, End::Lf, End::Nothing]);
    }

    #[test]
    fn an_inline_comment_needs_a_blank_before_it() {
        let value = |text: &str| {
            let property = property(text.as_bytes(), 0).unwrap();
            text[property.value.0..property.value.1].to_owned()
        };
        assert_eq!(value("k = v#c"), "v#c");
        assert_eq!(value("k = v # c ; d"), "v");
        assert_eq!(value("k = # c"), "");
        assert_eq!(value("k=a=b"), "a=b");
        assert_eq!(value("k ="), "");
    }

    #[test]
    fn a_header_may_be_padded_commented_or_broken() {
        let read = |text: &str| match &scan(text.as_bytes())[0].kind {
            Kind::Header(header) => header.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(read("[ a ] # c").name.as_deref(), Some("a"));
        assert!(read("[ a ]").padded);
        assert_eq!(read("[a];c").rest, b";c");
        assert_eq!(read("[a").name, None);
    }
}
