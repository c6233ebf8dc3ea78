//! What a page's scripts and refresh tags would do, as far as it stands there word for word.

use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;

use crate::idp::document::Document;
use crate::idp::form::Form;

/// Where a page goes by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refresh {
    pub after: Duration,
    /// Relative to the page's base; `None`: the page itself again.
    pub address: Option<String>,
}

/// The refresh a `meta` tag or a header asks for.
pub fn refresh(document: &Document, header: Option<&str>) -> Option<Refresh> {
    document
        .select("meta[http-equiv]")
        .into_iter()
        .filter(|m| {
            m.attr("http-equiv")
                .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("refresh"))
        })
        .find_map(|m| m.attr("content").and_then(parse_refresh))
        .or_else(|| header.and_then(parse_refresh))
}

fn parse_refresh(content: &str) -> Option<Refresh> {
    let content = content.trim();
    let digits = content
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(content.len());
    let (seconds, rest) = content.split_at(digits);
    let seconds = seconds.split('.').next().unwrap_or_default();
    if seconds.is_empty() && !content.starts_with('.') {
        return None;
    }
    let after = Duration::from_secs(seconds.parse().unwrap_or(0));
    let rest = rest
        .trim_start()
        .trim_start_matches([';', ','])
        .trim_start();
    if rest.is_empty() {
        return Some(Refresh {
            after,
            address: None,
        });
    }
    let address = match rest.get(..3) {
        Some(url) if url.eq_ignore_ascii_case("url") => {
            match rest[3..].trim_start().strip_prefix('=') {
                Some(value) => value.trim_start(),
                None => rest,
            }
        }
        _ => rest,
    };
    let address = match address.chars().next() {
        Some(quote @ ('"' | '\'')) => address[1..].split(quote).next().unwrap_or_default(),
        _ => address.trim_end(),
    };
    Some(Refresh {
        after,
        address: (!address.is_empty()).then(|| address.to_owned()),
    })
}

fn pattern(text: &str) -> Option<Regex> {
    Regex::new(text).ok()
}

static LOCATION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r#"(?x)
        (?:^|[^.\w$])
        (?:(?:window|document|top|self|parent)\s*\.\s*)*
        (?:location(?:\s*\.\s*href)?\s*=\s*|location\s*\.\s*(?:replace|assign)\s*\(\s*)
        (?:"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)')\s*\)?\s*(?:[;}\n\r]|$)"#,
    )
});

/// The address a script goes to at once, if it stands there as a literal.
///
/// Only statements of the script itself count, not those inside functions and event handlers that nobody may call.
pub fn location(document: &Document) -> Option<String> {
    onload(document)
        .iter()
        .find_map(|code| literal_location(code))
        .or_else(|| literal_location(&top_level(&without_comments(&document.scripts()))))
}

/// The address in a function that the page seems to call by itself: a guess, for pages that have nothing else.
pub fn likely_location(document: &Document) -> Option<String> {
    let scripts = without_comments(&document.scripts());
    let called = onload(document).iter().any(|code| code.contains('('))
        || ["onload", "DOMContentLoaded", "setTimeout", "})("]
            .iter()
            .any(|way| scripts.contains(way));
    called.then(|| literal_location(&scripts)).flatten()
}

fn onload(document: &Document) -> Vec<String> {
    document
        .select("body[onload]")
        .iter()
        .filter_map(|b| b.attr("onload").map(str::to_owned))
        .collect()
}

fn literal_location(code: &str) -> Option<String> {
    let regex = LOCATION.as_ref()?;
    regex.captures_iter(code).find_map(|found| {
        let raw = found.get(1).or(found.get(2))?.as_str();
        let address = unescape(raw);
        let trimmed = address.trim();
        let usable = !trimmed.is_empty()
            && !trimmed.starts_with('#')
            && !trimmed.to_ascii_lowercase().starts_with("javascript:")
            && !trimmed.starts_with("about:")
            // What ends an idle session some minutes from now.
            && !["logout", "signout", "logoff", "timeout"]
                .iter()
                .any(|word| trimmed.to_ascii_lowercase().contains(word));
        usable.then(|| trimmed.to_owned())
    })
}

/// A script's text without what stands in braces.
fn top_level(code: &str) -> String {
    let mut kept = String::new();
    let mut depth = 0usize;
    let mut quote: Option<char> = None;
    let mut escaped = false;
    for c in code.chars() {
        if let Some(q) = quote {
            if depth == 0 {
                kept.push(c);
            }
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                _ if c == q || c == '\n' => quote = None,
                _ => {}
            }
            continue;
        }
        match c {
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                kept.push(';');
                continue;
            }
            '"' | '\'' => quote = Some(c),
            _ => {}
        }
        if depth == 0 {
            kept.push(c);
        }
    }
    kept
}

/// Line and block comments taken out; what looks like one inside quotes stays.
fn without_comments(code: &str) -> String {
    let mut kept = String::with_capacity(code.len());
    let mut chars = code.chars().peekable();
    let mut quote: Option<char> = None;
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(_), '\\') => {
                kept.push(c);
                kept.extend(chars.next());
            }
            (Some(q), _) => {
                if c == q || c == '\n' {
                    quote = None;
                }
                kept.push(c);
            }
            (None, '"' | '\'') => {
                quote = Some(c);
                kept.push(c);
            }
            (None, '/') if chars.peek() == Some(&'/') => {
                for skipped in chars.by_ref() {
                    if skipped == '\n' {
                        kept.push('\n');
                        break;
                    }
                }
            }
            (None, '/') if chars.peek() == Some(&'*') => {
                chars.next();
                let mut last = ' ';
                for skipped in chars.by_ref() {
                    if last == '*' && skipped == '/' {
                        break;
                    }
                    last = skipped;
                }
                kept.push(' ');
            }
            _ => kept.push(c),
        }
    }
    kept
}

/// A literal of a script as the text it stands for: `\/`, `\x3d`, `\u0026`.
pub fn unescape(literal: &str) -> String {
    let mut text = String::with_capacity(literal.len());
    let mut chars = literal.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        let digits = match chars.next() {
            Some('x') => 2,
            Some('u') => 4,
            Some('n') => {
                text.push('\n');
                continue;
            }
            Some(other) => {
                text.push(other);
                continue;
            }
            None => break,
        };
        let rest = chars.as_str();
        let code = rest
            .get(..digits)
            .and_then(|hex| u32::from_str_radix(hex, 16).ok())
            .and_then(char::from_u32);
        match code {
            Some(c) => {
                text.push(c);
                chars = rest[digits..].chars();
            }
            None => text.push(if digits == 2 { 'x' } else { 'u' }),
        }
    }
    text
}

static SUBMIT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r#"(?x)
        document\s*\.\s*forms\s*\[\s*(?:(\d+)|["']([^"']+)["'])\s*\]\s*\.\s*(?:submit|requestSubmit)\s*\(
        | document\s*\.\s*(?:forms\s*\.\s*)?([A-Za-z_$][\w$]*)\s*\.\s*(?:submit|requestSubmit)\s*\(
        | \$\(\s*["']\#([^"']+)["']\s*\)\s*\.\s*(?:submit|requestSubmit|trigger)\s*\(
        | getElementById\(\s*["']([^"']+)["']\s*\)\s*\.\s*(?:submit|requestSubmit|click)\s*\(
        | querySelector\(\s*["']([^"']+)["']\s*\)\s*\.\s*(?:submit|requestSubmit|click)\s*\("#,
    )
});

/// The form that a script sends by itself.
pub fn submitted_form(document: &Document, forms: &[Form]) -> Option<usize> {
    let mut code = String::new();
    for body in document.select("body[onload]") {
        code.push_str(body.attr("onload").unwrap_or_default());
        code.push('\n');
    }
    code.push_str(&without_comments(&document.scripts()));
    let named = |name: &str| {
        forms
            .iter()
            .position(|f| f.id == name || f.name == name)
            .or_else(|| {
                // A click on a button sends the button's form.
                forms.iter().position(|f| {
                    f.controls
                        .iter()
                        .any(|c| c.is_submitter() && (c.id == name || c.name == name))
                })
            })
    };
    for found in SUBMIT.as_ref()?.captures_iter(&code).take(50) {
        if let Some(number) = found.get(1) {
            let number: usize = number.as_str().parse().unwrap_or(usize::MAX);
            if number < forms.len() {
                return Some(number);
            }
        }
        for group in [2, 3, 4, 5] {
            if let Some(index) = found.get(group).and_then(|name| named(name.as_str())) {
                return Some(index);
            }
        }
        if let Some(css) = found.get(6) {
            let css = css.as_str();
            if let Some(index) = css.strip_prefix('#').and_then(named) {
                return Some(index);
            }
            if css.starts_with("form") && forms.len() == 1 {
                return Some(0);
            }
        }
    }
    (forms.len() == 1 && (code.contains(".submit(") || code.contains(".requestSubmit(")))
        .then_some(0)
}

static COOKIE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r#"document\s*\.\s*cookie\s*=\s*(?:"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)')\s*(?:[;}\n\r]|$)"#,
    )
});

/// More cookies no page needs.
const MOST_COOKIES: usize = 50;

/// Cookies that scripts set with a literal; computed ones are not guessed.
pub fn cookies(document: &Document) -> Vec<String> {
    let code = without_comments(&document.scripts());
    let Some(regex) = COOKIE.as_ref() else {
        return Vec::new();
    };
    regex
        .captures_iter(&code)
        .filter_map(|found| found.get(1).or(found.get(2)))
        .map(|literal| unescape(literal.as_str()))
        .filter(|cookie| cookie.contains('='))
        .take(MOST_COOKIES)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::idp::form::read;

    #[test]
    fn a_page_sets_no_endless_number_of_cookies() {
        let script: String = (0..500)
            .map(|n| format!("document.cookie='a{n}=1';\n"))
            .collect();
        let document = document(&format!("<script>{script}</script>"));
        assert_eq!(cookies(&document).len(), MOST_COOKIES);
    }

    fn document(html: &str) -> Document {
        Document::parse(html).unwrap()
    }

    #[test]
    fn refresh_tags_are_read_as_browsers_read_them() {
        for (content, after, address) in [
            ("0;url=/next", 0, Some("/next")),
            ("5; URL='a b'", 5, Some("a b")),
            ("3;URL=\"/x?a=1&amp;b=2\"", 3, Some("/x?a=1&b=2")),
            ("1.5 , url = next", 1, Some("next")),
            ("2; /plain", 2, Some("/plain")),
            ("20", 20, None),
            ("0;url=", 0, None),
        ] {
            let html = format!(
                "<meta HTTP-EQUIV=Refresh content='{}'>",
                content.replace('\'', "&#39;")
            );
            let found = refresh(&document(&html), None).expect(content);
            assert_eq!(found.after.as_secs(), after, "{content}");
            assert_eq!(found.address.as_deref(), address, "{content}");
        }
        assert_eq!(
            refresh(&document("<meta http-equiv=refresh content=soon>"), None),
            None
        );
        let hidden = "<noscript><meta http-equiv=refresh content='0;url=/no-script'></noscript>";
        assert_eq!(refresh(&document(hidden), None), None);
        assert!(refresh(&document("x"), Some("0;url=/h")).is_some());
    }

    #[test]
    fn literal_locations_are_followed() {
        for (code, expected) in [
            ("window.location = '/a'", Some("/a")),
            (
                "window.location.href=\"/a?x\\x3d1\\u0026y=2\";",
                Some("/a?x=1&y=2"),
            ),
            (
                "location.replace('https:\\/\\/b.test\\/x');",
                Some("https://b.test/x"),
            ),
            ("top.location.href = '/t' ;", Some("/t")),
            ("document.location.assign( \"/d\" )", Some("/d")),
            // nobody calls these
            ("function cancel() { location.href = '/cancel'; }", None),
            ("a.onclick = function () { location.href = '/lang'; }", None),
            // somebody does
            (
                "function go() { location.href = '/go'; } window.onload = go;",
                Some("/go"),
            ),
            ("(function(){ location.href = '/iife'; })();", Some("/iife")),
            // not literal, not elsewhere, not an address
            ("location.href = location.href", None),
            ("top.location = self.location", None),
            ("location.href = '/x' + id;", None),
            ("location.href = '#top';", None),
            ("var allocation = '/x';", None),
            (
                "setTimeout(function () { location.href = '/logout'; }, 900000);",
                None,
            ),
            ("// location.href = '/old';", None),
            ("/* location.href = '/old'; */", None),
        ] {
            let html = format!("<script>{code}</script>");
            let document = document(&html);
            let found = location(&document).or_else(|| likely_location(&document));
            assert_eq!(found.as_deref(), expected, "{code}");
        }
        assert_eq!(
            location(&document(
                "<body onload=\"window.location = '/idp?a=1&amp;b=2'\">"
            ))
            .as_deref(),
            Some("/idp?a=1&b=2")
        );
    }

    #[test]
    fn the_form_a_script_sends_is_found() {
        for (html, expected) in [
            (
                "<body onload='document.forms[0].submit()'><form></form><form></form>",
                Some(0),
            ),
            (
                "<form></form><form></form><script>document.forms[1].submit();</script>",
                Some(1),
            ),
            (
                "<form name=a></form><form name=b></form><script>document.forms['b'].submit();</script>",
                Some(1),
            ),
            (
                "<form name=a></form><form name=hiddenform></form><script>document.hiddenform.submit();</script>",
                Some(1),
            ),
            (
                "<form></form><form id=x></form><script>$('#x').submit()</script>",
                Some(1),
            ),
            (
                "<form></form><form><button id=go></button></form><script>document.getElementById('go').click()</script>",
                Some(1),
            ),
            ("<form></form><script>f.requestSubmit()</script>", Some(0)),
            (
                "<form></form><form></form><script>f.submit()</script>",
                None,
            ),
            (
                "<form></form><script>// document.forms[0].submit()</script>",
                None,
            ),
        ] {
            let document = document(html);
            let forms = read(&document);
            assert_eq!(submitted_form(&document, &forms), expected, "{html}");
        }
    }

    #[test]
    fn only_literal_cookies_are_taken() {
        let html = "<script>document.cookie = 'seen=1; path=/'; document.cookie=\"tz=\" + offset;\n\
            document.cookie = \"a=b\";</script>";
        assert_eq!(cookies(&document(html)), ["seen=1; path=/", "a=b"]);
    }
}
