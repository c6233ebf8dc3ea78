//! The words that a recording may show: those of login pages everywhere, and those that `mai` itself looks for.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Written by hand.
const COMMON: &str = include_str!("words.txt");
/// What stands in the literals of `page`, `form`, `factors` and `providers`: a recording without them would no longer
/// be recognised. A test tells when it is out of date, and writes it anew.
const LITERALS: &str = include_str!("literals.txt");

/// What words add when they are bent; with these a stem is known too.
const ENDINGS: &[&str] = &[
    "e", "en", "er", "es", "em", "s", "t", "te", "ten", "n", "d", "ed", "ing", "ion", "ung", "y",
    "é", "ée", "és", "ées", "er", "ez", "a", "o", "as", "os", "ido", "ida", "ado", "ato", "ata",
];
/// Shorter words are no stems: too much would be one by accident.
const SHORTEST_STEM: usize = 5;
/// Longer ones are keys and tickets, whatever they are made of.
const LONGEST: usize = 48;
/// More digits than this make a word a number of somebody.
const MOST_DIGITS: usize = 2;

struct Words {
    all: HashSet<String>,
    /// Those that may stand together in one word: `userid`, `loginbutton`.
    parts: HashSet<String>,
    /// Words of scripts without spaces, longest first.
    unspaced: Vec<String>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words {
        all: HashSet::new(),
        parts: HashSet::new(),
        unspaced: Vec::new(),
    };
    let mut section = "";
    for line in COMMON.lines().chain(LITERALS.lines()) {
        if let Some(title) = line.strip_prefix('[') {
            section = title.split(']').next().unwrap_or_default();
            continue;
        }
        if line.starts_with('#') {
            section = "";
            continue;
        }
        for word in line.split_whitespace() {
            if section == "names" && word.len() > 2 && word.bytes().all(|b| b.is_ascii_lowercase())
            {
                words.parts.insert(word.to_owned());
            }
            if word.chars().any(is_unspaced) {
                words.unspaced.push(word.to_owned());
            }
            words.all.insert(word.to_owned());
        }
    }
    words
        .unspaced
        .sort_by_key(|word| std::cmp::Reverse(word.len()));
    words
});

/// Is this a letter of a script that puts no spaces between words?
pub fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

/// The known word that `text` begins with, in a script without spaces.
pub fn unspaced_at(text: &str) -> Option<&'static str> {
    let words = &WORDS.unspaced;
    words
        .iter()
        .find(|word| text.starts_with(word.as_str()))
        .map(String::as_str)
}

/// Is this a word of the lists, letter by letter? As a secret it could not be told from the word on every page.
pub fn is_listed(text: &str) -> bool {
    text.chars().all(char::is_alphabetic) && WORDS.all.contains(&text.to_lowercase())
}

/// Is it on the lists as a whole, with its digits: `saml2`, `2fcheck`? LemonLDAP::NG glues a word before:
/// `totp2fcheck`.
pub fn is_whole(chunk: &str) -> bool {
    let all = &WORDS.all;
    let lower = chunk.to_lowercase();
    if all.contains(&lower) {
        return true;
    }
    let Some(at) = lower.find(char::is_numeric) else {
        return false;
    };
    let (word, rest) = lower.split_at(at);
    rest.len() >= "2fcheck".len() && all.contains(word) && all.contains(rest)
}

/// Is this run of letters and digits made of nothing but words that everybody may see?
pub fn is_known(chunk: &str) -> bool {
    let words = &*WORDS;
    if words.all.contains(&chunk.to_lowercase()) {
        return true;
    }
    if chunk.len() > LONGEST || chunk.chars().filter(|c| c.is_numeric()).count() > MOST_DIGITS {
        return false;
    }
    let parts = humps(chunk);
    !parts.is_empty() && parts.iter().all(|part| is_known_part(words, part))
}

fn is_known_part(words: &Words, part: &str) -> bool {
    words.all.contains(part) || is_bent(words, part) || is_joined(words, part, 3)
}

fn is_bent(words: &Words, part: &str) -> bool {
    ENDINGS.iter().any(|ending| {
        part.strip_suffix(ending)
            .is_some_and(|stem| stem.chars().count() >= SHORTEST_STEM && words.all.contains(stem))
    })
}

fn is_joined(words: &Words, part: &str, most: usize) -> bool {
    if words.parts.contains(part) {
        return true;
    }
    most > 1
        && (3..part.len()).any(|at| {
            part.is_char_boundary(at)
                && words.parts.contains(&part[..at])
                && is_joined(words, &part[at..], most - 1)
        })
}

/// The words of a name in lower case, without its digits: `userNameInput2` is `user name input`, `SAMLResponse` is
/// `saml response`.
pub fn humps(chunk: &str) -> Vec<String> {
    let letters: Vec<char> = chunk.chars().collect();
    let mut parts: Vec<String> = Vec::new();
    let mut part = String::new();
    for (at, c) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| letters[at]);
        let follows_lower = before.is_some_and(|b| b.is_lowercase());
        let ends_capitals = before.is_some_and(char::is_uppercase)
            && letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        let begins = c.is_uppercase() && (follows_lower || ends_capitals);
        if (begins || !c.is_alphabetic()) && !part.is_empty() {
            parts.push(std::mem::take(&mut part));
        }
        if c.is_alphabetic() {
            part.extend(c.to_lowercase());
        }
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;
