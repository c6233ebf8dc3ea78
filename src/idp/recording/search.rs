//! The last look before anything is written: is a secret of this run in it after all, however it is spelled?

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};

use super::address::percent_decoded;
use super::words;
use crate::idp::page::script::unescape;

/// Shorter ones are found only where they stand alone: by accident they are everywhere.
const LONG_ENOUGH: usize = 6;
/// Nothing can be said about fewer letters than these.
const SHORTEST: usize = 3;

/// Is one of `secrets` in `text`: as it is, escaped for pages, addresses or scripts, in base64, in hex, or in pieces?
pub fn finds(secrets: &[String], text: &str) -> bool {
    let views = views(text);
    secrets
        .iter()
        .filter(|secret| secret.chars().count() >= SHORTEST && !words::is_listed(secret))
        .any(|secret| views.iter().any(|view| is_in(secret, view)) || is_encoded_in(secret, text))
}

/// The text as a reader sees it, in lower case.
struct View {
    text: String,
    /// Its letters and digits alone, without tags.
    pressed: String,
}

/// The text as several readers see it.
fn views(text: &str) -> Vec<View> {
    let readers: [fn(&str) -> String; 4] = [entities_decoded, percent_decoded, unescape, |text| {
        percent_decoded(&text.replace('+', " "))
    }];
    let mut views = vec![text.to_owned()];
    for reader in readers {
        let once = reader(text);
        if once != text {
            views.extend(
                readers
                    .iter()
                    .map(|again| again(&once))
                    .filter(|twice| *twice != once),
            );
            views.push(once);
        }
    }
    views
        .iter()
        .map(|view| {
            let text = view.to_lowercase();
            View {
                pressed: letters(&without_tags(&text)),
                text,
            }
        })
        .collect()
}

fn is_in(secret: &str, view: &View) -> bool {
    let secret = secret.to_lowercase();
    let text = &view.text;
    let is_long = secret.chars().count() >= LONG_ENOUGH;
    let stands = |(at, _): (usize, &str)| {
        let before = text[..at].chars().next_back();
        let after = text[at + secret.len()..].chars().next();
        is_long
            || [before, after]
                .into_iter()
                .flatten()
                .all(|c| !c.is_alphanumeric())
    };
    if text.match_indices(&secret).any(stands) {
        return true;
    }
    let pressed = letters(&secret);
    pressed.chars().count() >= LONG_ENOUGH && view.pressed.contains(&pressed)
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

fn without_tags(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut is_tag = false;
    for c in text.chars() {
        match c {
            '<' => is_tag = true,
            '>' => is_tag = false,
            c if !is_tag => plain.push(c),
            _ => {}
        }
    }
    plain
}

fn is_encoded_in(secret: &str, text: &str) -> bool {
    let hex: String = secret.bytes().map(|b| format!("{b:02x}")).collect();
    let wide: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let in_base64 = [secret.as_bytes(), &wide]
        .into_iter()
        .flat_map(|bytes| {
            [0, 1, 2]
                .into_iter()
                .flat_map(move |shift| base64_of(bytes, shift))
        })
        .any(|coded| text.contains(&coded));
    (hex.len() >= 2 * LONG_ENOUGH && text.to_lowercase().contains(&hex)) || in_base64
}

/// The letters that `bytes` become in base64 wherever they begin: those at the edges depend on what stands beside.
fn base64_of(bytes: &[u8], shift: usize) -> Vec<String> {
    let mut shifted = vec![0; shift];
    shifted.extend_from_slice(bytes);
    let from = (shift * 8).div_ceil(6);
    let to = shifted.len() * 8 / 6;
    if to < from + LONG_ENOUGH - 1 {
        return Vec::new();
    }
    [STANDARD, URL_SAFE]
        .iter()
        .map(|alphabet| GeneralPurpose::new(alphabet, NO_PAD).encode(&shifted)[from..to].to_owned())
        .collect()
}

/// Character references, numbered or with one of the names that matter for what is typed.
fn entities_decoded(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        decoded += &rest[..at];
        rest = &rest[at..];
        let end = rest
            .char_indices()
            .take(12)
            .find(|(_, c)| *c == ';')
            .map(|(at, _)| at);
        match end.and_then(|end| Some((reference(&rest[1..end])?, end))) {
            Some((c, end)) => {
                decoded.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                decoded.push('&');
                rest = &rest[1..];
            }
        }
    }
    decoded + rest
}

fn reference(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        return code.ok().and_then(char::from_u32);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "auml" => 'ä',
        "ouml" => 'ö',
        "uuml" => 'ü',
        "szlig" => 'ß',
        "nbsp" => ' ',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_however_it_is_spelled() {
        let secret = "p&ä hunter2<";
        for text in [
            "x p&ä hunter2< y",
            "P&Ä HUNTER2<",
            "p&amp;ä hunter2&lt;",
            "p&#38;&#xe4;&#32;hunter2&#60;",
            "p%26%C3%A4%20hunter2%3C",
            "p%26%c3%a4+hunter2%3c",
            "p&\\u00e4 hunter2\\x3c",
            "p%2526%25C3%25A4%2520hunter2%253C",
            "cCbDpCBodW50ZXIyPA==",
            "eHAmw6QgaHVudGVyMjx5",
            "702626c3a42068756e746572323c",
            "p&ä <b>hun</b>ter2",
            "p & ä h-u-n-t-e-r-2 <",
            "7026c3a42068756e746572323c",
        ] {
            let found = finds(&[secret.to_owned()], text);
            assert_eq!(found, text != "702626c3a42068756e746572323c", "{text}");
        }
        for text in ["", "hunter", "p&ä hunter", "bm9uZSBvZiBpdA=="] {
            assert!(!finds(&[secret.to_owned()], text), "{text}");
        }
    }

    #[test]
    fn a_short_one_counts_where_it_stands_alone_and_a_common_word_never() {
        assert!(finds(&["ada".to_owned()], "user=ada&x"));
        assert!(!finds(&["ada".to_owned()], "adapter"));
        assert!(!finds(&["login".to_owned()], "<a>login</a>"));
        assert!(finds(&["login now".to_owned()], "<a>login</a> now"));
        assert!(finds(&["password1".to_owned()], "<a>password1</a>"));
    }
}
