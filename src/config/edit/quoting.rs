//! Values as YAML text, quoted where YAML 1.1 or 1.2 would read anything but the text itself.

use super::Scalar;

/// In flow style (`{a: b}`) more characters have a meaning.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Block,
    Flow,
}

/// One text, plain if it can be.
pub(super) fn text(text: &str, style: Style) -> String {
    if is_plain(text, style) {
        text.to_string()
    } else {
        quoted(text)
    }
}

/// A value on one line; tables in flow style.
pub(super) fn value(value: &Scalar, style: Style) -> String {
    match value {
        Scalar::Text(words) => text(words, style),
        Scalar::Flag(flag) => flag.to_string(),
        Scalar::Table(table) => {
            let entries: Vec<String> = table.iter().map(|(key, value)| entry(key, value)).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

/// `key: value` within `{}`.
pub(super) fn entry(key: &str, of: &Scalar) -> String {
    format!("{}: {}", text(key, Style::Flow), value(of, Style::Flow))
}

/// A table entry on lines of its own: `step` blanks deeper for what it holds.
pub(super) fn block(key: &str, of: &Scalar, indent: usize, step: usize, ending: &str) -> String {
    let key = text(key, Style::Block);
    let before = " ".repeat(indent);
    match of {
        Scalar::Table(table) if !table.is_empty() => {
            let deeper = " ".repeat(indent + step);
            let mut lines = format!("{before}{key}:{ending}");
            for (name, of) in table {
                let name = text(name, Style::Block);
                lines += &format!("{deeper}{name}: {}{ending}", value(of, Style::Block));
            }
            lines
        }
        _ => format!("{before}{key}: {}{ending}", value(of, Style::Block)),
    }
}

/// Words that some version of YAML takes for something else than text.
const WORDS: &[&str] = &[
    "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "~",
];

fn is_plain(text: &str, style: Style) -> bool {
    let good_start = text.starts_with(|c: char| {
        c.is_ascii_alphanumeric() || "/_.+".contains(c) || c.is_alphabetic()
    }) || text.starts_with("~/");
    let harmless = |c: char| {
        c.is_ascii_alphanumeric()
            || c.is_alphabetic()
            || "_./:@+=%?&~*$;()-#' ".contains(c)
            || (c == ',' && style == Style::Block)
    };
    good_start
        && text.chars().all(harmless)
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !WORDS.contains(&text.to_lowercase().as_str())
        && !looks_like_a_number(text)
}

/// Numbers in every notation, dates, times of day (which YAML 1.1 counts as numbers), `.inf`.
fn looks_like_a_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit() || "+.".contains(c))
        && (text.starts_with(['.', '+'])
            || text
                .bytes()
                .all(|b| b.is_ascii_hexdigit() || b"xXoO_+-.: tTzZ".contains(&b)))
}

fn quoted(text: &str) -> String {
    let mut shown = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => shown.push_str("\\\""),
            '\\' => shown.push_str("\\\\"),
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            '\r' => shown.push_str("\\r"),
            // Also what YAML takes for the end of a line, and what no eye sees.
            c if c.is_control() || is_unseen(c) => {
                let code = u32::from(c);
                shown += &if code <= 0xffff {
                    format!("\\u{code:04x}")
                } else {
                    format!("\\U{code:08x}")
                };
            }
            c => shown.push(c),
        }
    }
    shown.push('"');
    shown
}

fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff0}'..='\u{ffff}' | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::origin::SourceFile;
    use crate::config::yaml::{self, Value};

    fn plain(words: &str) -> bool {
        text(words, Style::Block) == words
    }

    #[test]
    fn ordinary_words_stay_as_they_are() {
        for words in [
            "prod",
            "8h",
            "15m",
            "jane.doe@example.com",
            "arn:aws:iam::123456789012:role/team/PowerUser",
            "123456789012/PowerUser",
            "https://login.example.com/SSO?providerId=urn:amazon:webservices&x=%20#y",
            "~/read-only.json",
            "Jane Doe",
            "acme, inc",
            "größe",
        ] {
            assert!(plain(words), "{words}");
        }
    }

    #[test]
    fn what_yaml_would_read_otherwise_is_quoted() {
        for words in [
            "",
            " ",
            "yes",
            "No",
            "ON",
            "y",
            "true",
            "False",
            "null",
            "~",
            "NULL",
            ".inf",
            ".NaN",
            "012345678901",
            "123456789012",
            "0",
            "-1",
            "+1",
            "1.5",
            "1e3",
            "1E+3",
            "0x1f",
            "0o17",
            "0b11",
            "1_000",
            "190:20:30",
            "12:30",
            "2001-01-01",
            "2001-12-14t21:59:43.10-05:00",
            "a: b",
            "a:",
            "a #b",
            "#a",
            "&a",
            "*a",
            "!a",
            "%a",
            "@a",
            "`a",
            "|",
            ">",
            "- a",
            "-",
            "? a",
            ": a",
            "[a",
            "{a",
            "]a",
            "}a",
            ",a",
            "'a",
            "\"a",
            "a\nb",
            "a\tb",
            " a",
            "a ",
            "=",
            "<<",
            "---",
            "...",
            "a\u{85}b",
            "a\u{2028}b",
            "a\u{0}b",
            "a\\b",
            "a\"b",
            "a{b",
        ] {
            assert!(!plain(words), "{words:?}");
        }
        assert_eq!(text("a, b", Style::Flow), "\"a, b\"");
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

        #[test]
        fn every_text_is_read_back_as_itself(words in "\\PC{0,12}|[-a-z0-9:#,'\"{}\\[\\]&*!|>%@ ~.\\n\\t\\\\]{0,8}") {
            let file = SourceFile::new("/x".into(), "x".into());
            for (before, style, after) in [("a: ", Style::Block, "\n"), ("a: {b: ", Style::Flow, ", c: d}\n"), ("a: [", Style::Flow, "]\n")] {
                let yaml = format!("{before}{}{after}", text(&words, style));
                let mut node = yaml::read(yaml.as_bytes(), &file).map_err(|e| proptest::test_runner::TestCaseError::fail(format!("{yaml:?}: {e}")))?;
                while let Value::Table(mut table) = node.value {
                    node = table.swap_remove(0).1;
                }
                if let Value::List(mut items) = node.value {
                    node = items.swap_remove(0);
                }
                proptest::prop_assert!(matches!(&node.value, Value::Text(read) if *read == words), "{:?}: {:?}", yaml, node);
            }
        }
    }
}
