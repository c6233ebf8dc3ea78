//! The list holds what the pages' readers look for; and nothing by accident.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

#[test]
fn names_of_forms_are_known_in_every_spelling() {
    for name in [
        "username",
        "userNameInput",
        "UserName",
        "loginfmt",
        "SAMLResponse",
        "RelayState",
        "userid",
        "loginbutton",
        "UPDATE",
        "toggleOTP",
        "password2",
        "verrouillé",
        "deaktivierten",
        "selectedCredentialId",
    ] {
        assert!(is_known(name), "{name}");
    }
}

#[test]
fn names_of_people_and_numbers_are_not() {
    for name in [
        "ada", "Lovelace", "hunter2", "code4711", "loginada", "xK3", "aGVsbG8", "0171", "example",
        "acme",
    ] {
        assert!(!is_known(name), "{name}");
    }
}

#[test]
fn words_without_spaces_are_found_where_they_begin() {
    assert_eq!(unspaced_at("パスワードが違います"), Some("パスワード"));
    assert_eq!(unspaced_at("東京"), None);
}

/// Every literal that decides what a page is, in the sources as they are now.
fn literals_of_sources() -> BTreeSet<String> {
    let idp = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/idp");
    let mut files = vec![
        idp.join("authn_request.rs"),
        idp.join("walk.rs"),
        idp.join("document.rs"),
        idp.join("answer.rs"),
    ];
    for folder in ["page", "form", "factors", "providers"] {
        sources(&idp.join(folder), &mut files);
    }
    let mut found = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        for literal in literals(text) {
            chunks(&literal, &mut found);
        }
    }
    found
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            sources(&path, files);
        } else if name.ends_with(".rs") && !name.contains("test") {
            files.push(path);
        }
    }
    files.sort();
}

/// The string literals of a Rust source.
fn literals(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find(['"', '\'', '/']) {
        let before = &rest[..at];
        rest = &rest[at..];
        if rest.starts_with("//") {
            rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
            continue;
        }
        if !rest.starts_with('"') {
            // A character, a lifetime or a division.
            let skipped = if rest.starts_with("'\"'") {
                3
            } else if rest.starts_with("'\\") {
                4.min(rest.len())
            } else {
                1
            };
            rest = &rest[skipped..];
            continue;
        }
        let hashes = before.len() - before.trim_end_matches('#').len();
        let is_raw = before[..before.len() - hashes].ends_with('r');
        let body = &rest[1..];
        let end = if is_raw {
            body.find(&format!("\"{}", "#".repeat(hashes)))
        } else {
            let mut escaped = false;
            body.char_indices().find_map(|(at, c)| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends.then_some(at)
            })
        };
        let end = end.unwrap_or(body.len());
        found.push(body[..end].to_owned());
        rest = body.get(end + 1..).unwrap_or_default();
    }
    found
}

/// These stand in literals too, as endings or examples, and might be somebody's.
const NEVER: &[&str] = &[
    "ada",
    "corp",
    "example",
    "acme",
    "amazonaws",
    "eu",
    "ca",
    "asia",
];

/// Its words, without the letters of escapes (`\b`, `\s`, `\n`).
fn chunks(literal: &str, found: &mut BTreeSet<String>) {
    let mut plain = String::new();
    let mut letters = literal.chars();
    while let Some(c) = letters.next() {
        if c == '\\' {
            letters.next();
            plain.push(' ');
        } else {
            plain.push(c);
        }
    }
    for chunk in plain.split(|c: char| !c.is_alphanumeric()) {
        let word = chunk.to_lowercase();
        let is_word = word.chars().count() > 1 && !word.chars().all(char::is_numeric);
        if is_word && !NEVER.contains(&word.as_str()) {
            found.insert(word);
        }
    }
}

#[test]
fn the_literals_of_the_sources_are_all_on_the_list() {
    let wanted = literals_of_sources();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/idp/recording/literals.txt");
    if std::env::var_os("MAI_WRITE_WORDS").is_some() {
        let mut text = "# Written by `MAI_WRITE_WORDS=1 cargo test --lib recording::words`; look at what changed before you commit it.\n".to_owned();
        for word in &wanted {
            text += word;
            text.push('\n');
        }
        fs::write(&file, text).unwrap();
        return;
    }
    let missing: Vec<&String> = wanted.iter().filter(|word| !is_known(word)).collect();
    assert!(
        missing.is_empty(),
        "recordings would hide words that the pages' readers look for; run \
         `MAI_WRITE_WORDS=1 cargo test --lib recording::words`: {missing:?}"
    );
}
