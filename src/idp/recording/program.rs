//! Masks scripts and JSON documents: their structure stays, their names and texts are masked like all others.

use serde_json::{Map, Number, Value};

use super::mask::Masker;
use crate::idp::page::script::unescape;

/// Keys whose numbers say what happened, and nothing about anybody.
const TELLING: &[&str] = &[
    "code",
    "status",
    "statuscode",
    "errorcode",
    "error_code",
    "stage",
    "step",
    "type",
    "option",
    "defaultoption",
    "selectedindex",
    "choice",
    "interval",
    "waittime",
    "timeout",
    "level",
    "authlevel",
    "result",
    "state",
    "error",
];

impl Masker {
    /// A document of a program.
    pub fn json(&mut self, document: &Value) -> Value {
        self.json_at("", document)
    }

    fn json_at(&mut self, key: &str, document: &Value) -> Value {
        match document {
            Value::Null | Value::Bool(_) => document.clone(),
            Value::Number(number) => Value::Number(self.number(key, number)),
            Value::String(text) => Value::String(match super::markup::synthetic(key, text) {
                Some(message) => message,
                None if is_named(key, text) => self.field(text),
                None => self.value(text),
            }),
            // A row of numbers tells nothing that one of them could not, but may be a phone's.
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.json_at("", item)).collect())
            }
            Value::Object(fields) => {
                let mut masked = Map::new();
                for (key, value) in fields {
                    masked.insert(self.field(key), self.json_at(key, value));
                }
                Value::Object(masked)
            }
        }
    }

    fn number(&mut self, key: &str, number: &Number) -> Number {
        let text = number.to_string();
        let is_telling = TELLING.contains(&key.to_ascii_lowercase().as_str());
        if matches!(text.as_str(), "0" | "1" | "-1")
            || (is_telling && text.trim_start_matches('-').len() <= 3)
        {
            return number.clone();
        }
        let digits: String = text.chars().filter(char::is_ascii_digit).take(15).collect();
        let token = self.token(&digits);
        token
            .parse::<u64>()
            .map_or_else(|_| Number::from(0), Number::from)
    }

    /// A script. Comments are left out.
    pub fn program(&mut self, code: &str) -> String {
        let mut masked = String::with_capacity(code.len());
        let mut rest = code;
        while let Some(c) = rest.chars().next() {
            let taken = match c {
                '"' | '\'' | '`' => {
                    let (literal, length) = literal(rest, c);
                    masked.push(c);
                    masked += &escaped(&self.value(&unescape(literal)), c);
                    if length > literal.len() + 1 {
                        masked.push(c);
                    }
                    length
                }
                '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
                '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |at| at + 2),
                c if is_part_of_name(c) => {
                    let length = rest.find(|c| !is_part_of_name(c)).unwrap_or(rest.len());
                    let name = &rest[..length];
                    masked += &match name {
                        "0" | "1" => name.to_owned(),
                        _ if c.is_numeric() => self.part(name),
                        _ => self.name(name),
                    };
                    length
                }
                c => {
                    masked.push(c);
                    c.len_utf8()
                }
            };
            rest = &rest[taken..];
        }
        masked.replace("</", "< /")
    }
}

/// Is it the name of a field, as `IDToken1` is?
fn is_named(key: &str, text: &str) -> bool {
    matches!(key, "name" | "id") && text.chars().all(is_part_of_name)
}

fn is_part_of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$')
}

/// The inside of a literal and the length of all of it; a line break ends what was never closed.
fn literal(text: &str, quote: char) -> (&str, usize) {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return (&text[1..at], at + 1),
            '\n' if quote != '`' => return (&text[1..at], at),
            _ => {}
        }
    }
    (&text[1..], text.len())
}

fn escaped(text: &str, quote: char) -> String {
    let mut written = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => written += "\\\\",
            '\n' => written += "\\n",
            '\r' => {}
            '<' => written += "\\x3c",
            c if c == quote => {
                written.push('\\');
                written.push(c);
            }
            c => written.push(c),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn masker() -> Masker {
        Masker::new(&["hunter2".to_owned()], |_| false)
    }

    #[test]
    fn statements_that_lead_on_stay() {
        for code in [
            "document.forms[0].submit();",
            "window.location.href = \"/login?a=1\";",
            "if (document.forms.length > 0) { document.getElementById('login').click(); }",
            "document.cookie = 'path=/';",
        ] {
            assert_eq!(masker().program(code), code);
        }
        let masked = masker().program("toggleOTP(0, 'a1b2-99887', \"x\\x3dacme\") // hunter2");
        assert!(masked.starts_with("toggleOTP(0, '"), "{masked}");
        assert!(masked.contains("\"x="), "{masked}");
        for gone in ["a1b2", "99887", "acme", "hunter2"] {
            assert!(!masked.contains(gone), "{masked}");
        }
    }

    #[test]
    fn no_script_can_end_early_or_break_out_of_a_literal() {
        for code in [
            "'</script><p>'",
            "'it\\'s \"x\"'",
            "\"a\\\\\"",
            "'never closed\nvar a = 1;",
            "`a\nb`",
            "'a",
            "\\",
            "/*",
            "a</b",
        ] {
            let masked = masker().program(code);
            assert!(!masked.contains("</"), "{code}: {masked}");
            assert_eq!(
                masker().program(&masked).len(),
                masked.len(),
                "{code}: {masked}"
            );
        }
    }

    #[test]
    fn a_document_keeps_its_shape() {
        let document = json!({"callbacks": [{"type": "PasswordCallback", "input": [{"name": "IDToken2", "value": ""}]}],
            "authId": "eyJ0.eXAi.OiJK", "code": 401, "phone": 4711, "ok": true, "hunter2": null, "url": "https://acme.test/x"});
        let masked = masker().json(&document);
        assert_eq!(masked["callbacks"], document["callbacks"]);
        assert_eq!(masked["code"], json!(401));
        assert_eq!(masked["ok"], json!(true));
        assert_ne!(masked["phone"], json!(4711));
        let text = masked.to_string();
        for gone in ["eyJ0", "hunter2", "acme", "4711"] {
            assert!(!text.contains(gone), "{text}");
        }
    }
}
