//! Imports point down: a room knows only the shelves below its own, and the prompt hardly any.

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms, by shelf, from the ground up. `process`, `paths` and their like are the ground.
const SHELVES: &[&[&str]] = &[
    &[
        "arn",
        "assertion",
        "clock",
        "duration",
        "error",
        "helper_command",
        "keys",
        "paths",
        "presence",
        "process",
        "secret",
    ],
    &["config", "net", "store", "ui"],
    &["aws", "idp"],
    &["login"],
    &["agent", "doctor", "handover", "prompt", "setup"],
    &["commands"],
];

/// Rooms that do not know each other although they stand on one shelf, beside `net`, `ui` and so on.
const STRANGERS: &[(&str, &str)] = &[
    ("aws", "idp"),
    ("idp", "aws"),
    ("idp", "config"),
    ("idp", "store"),
    ("idp", "ui"),
    ("aws", "config"),
    ("aws", "store"),
    ("aws", "ui"),
];

fn shelf(room: &str) -> Option<usize> {
    SHELVES.iter().position(|rooms| rooms.contains(&room))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The rooms a file imports, with the line of each.
fn imports(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let mut rest = line;
        while let Some(at) = rest.find("crate::") {
            let after = &rest[at + "crate::".len()..];
            if let Some(several) = after.strip_prefix('{') {
                let end = several.find('}').unwrap_or(several.len());
                for room in several[..end].split(',') {
                    let room: String = room.trim().chars().take_while(|c| is_name(*c)).collect();
                    found.push((number + 1, room));
                }
            } else {
                found.push((
                    number + 1,
                    after.chars().take_while(|c| is_name(*c)).collect(),
                ));
            }
            rest = after;
        }
    }
    found
}

fn is_name(c: char) -> bool {
    c.is_ascii_lowercase() || c == '_'
}

#[test]
fn imports_point_down() {
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files);
    assert!(files.len() > 20, "the sources were found");
    let mut wrong = Vec::new();
    for file in files {
        let below = file.strip_prefix("src").expect("a source");
        let room = below
            .components()
            .next()
            .map(|first| {
                first
                    .as_os_str()
                    .to_string_lossy()
                    .trim_end_matches(".rs")
                    .to_string()
            })
            .unwrap_or_default();
        if room == "main" || room == "lib" {
            continue;
        }
        let Some(own) = shelf(&room) else {
            wrong.push(format!("{} stands on no shelf", file.display()));
            continue;
        };
        for (line, other) in imports(&fs::read_to_string(&file).expect("a source is text")) {
            let Some(shelf) = shelf(&other).filter(|_| other != room) else {
                continue;
            };
            let stranger = STRANGERS.contains(&(room.as_str(), other.as_str()));
            let sideways = shelf == own && own > 0;
            if shelf > own || sideways || stranger {
                wrong.push(format!("{}:{line}: {room} imports {other}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// All that runs when a shell draws its prompt, but for `main`.
const WAY_OF_THE_PROMPT: &[&str] = &[
    "src/prompt.rs",
    "src/prompt",
    "src/clock/wall.rs",
    "src/duration.rs",
    "src/error.rs",
    "src/paths.rs",
    "src/store/path_hash.rs",
    "src/store/sessions.rs",
];

#[test]
fn the_prompt_stays_on_std_and_on_a_few_rooms() {
    let manifest = fs::read_to_string("Cargo.toml").expect("the manifest");
    let crates: Vec<String> = manifest
        .lines()
        .skip_while(|line| *line != "[dependencies]")
        .filter_map(|line| line.split_once(" = ").map(|(name, _)| name))
        .filter(|name| !name.is_empty() && name.chars().all(|c| is_name(c) || c == '-'))
        .map(|name| format!("{}::", name.replace('-', "_")))
        .collect();
    assert!(crates.contains(&"chrono::".to_owned()), "{crates:?}");
    let mut files = Vec::new();
    for path in WAY_OF_THE_PROMPT.iter().map(Path::new) {
        match path.is_dir() {
            true => sources(path, &mut files),
            false => files.push(path.to_path_buf()),
        }
    }
    let mut wrong = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a source is text");
        let code = text
            .split("#[cfg(test)]\nmod tests")
            .next()
            .expect("a part");
        for (number, line) in code.lines().enumerate() {
            let place = format!("{}:{}: {line}", file.display(), number + 1);
            let paths = line.split(|c: char| !c.is_alphanumeric() && !"_:".contains(c));
            if paths
                .into_iter()
                .any(|path| crates.iter().any(|name| path.starts_with(name)))
            {
                wrong.push(place);
            }
        }
        for (line, room) in imports(code) {
            let known = ["clock", "duration", "error", "paths", "store"];
            if !known.contains(&room.as_str()) {
                wrong.push(format!("{}:{line}: {room}", file.display()));
            }
        }
        for name in code.split("store::").skip(1) {
            if !["path_hash", "sessions"]
                .iter()
                .any(|room| name.starts_with(room))
            {
                wrong.push(format!("{}: another part of the store", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_has_grown_a_second_subject() {
    let mut files = Vec::new();
    for folder in ["src", "tests", "benches", "examples", "fuzz/fuzz_targets"] {
        sources(Path::new(folder), &mut files);
    }
    let long: Vec<String> = files
        .iter()
        .filter_map(|file| {
            let lines = fs::read_to_string(file)
                .expect("a source is text")
                .lines()
                .count();
            (lines > 600).then(|| format!("{}: {lines} lines", file.display()))
        })
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}
