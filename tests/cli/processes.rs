//! Many at once, and some of them killed: the file holds whole keys, and all of them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mai_testbed::{Fault, PASSWORD, Role, Server, Testbed, User};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::support::{Home, finish, sts_calls};
use crate::waiting::PATIENCE;

const FILE: &str = ".aws/credentials";
const STATE: &str = ".local/state/mai";

/// Random enough to meet every moment of a login.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// Files that a killed writer left behind.
fn leftovers(home: &Home) -> Vec<String> {
    let mut names = [home.names(".aws"), home.names(STATE)].concat();
    names.retain(|name| name.contains(".mai-"));
    names
}

const OUR_KEYS: [&str; 4] = [
    "aws_access_key_id = ",
    "aws_secret_access_key = ",
    "aws_session_token = ",
    "x_security_token_expires = ",
];

/// The file with our values taken out, and these values.
fn taken_apart(text: &str) -> (String, Vec<String>) {
    let mut values = Vec::new();
    let mut rest = String::new();
    for line in text.split_inclusive('\n') {
        match OUR_KEYS.iter().find(|key| line.starts_with(**key)) {
            Some(key) => {
                values.push(line[key.len()..].trim().to_owned());
                rest.push_str(key);
                rest.push('\n');
            }
            None => rest.push_str(line),
        }
    }
    (rest, values)
}

/// Kills that many logins of one home; how many of them had written the new keys, and how many left a file behind.
fn kill_logins(seed: u64, times: u32) -> (u32, u32) {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    home.write(
        FILE,
        "# mine\n[dev]\nregion=eu-west-1  ; home\n\n[prod]\noutput = json\n\n[last]\nx = y\n",
    );
    let start = Instant::now();
    home.login("prod").ok();
    let whole = u64::try_from(start.elapsed().as_micros()).unwrap_or(100_000);
    let (frame, mut values) = taken_apart(&home.credentials());
    assert_eq!(values.len(), 4, "{frame}");
    assert!(frame.ends_with("\n[last]\nx = y\n"), "{frame}");
    let mut dice = Dice(seed);
    let (mut new, mut left) = (0, 0);
    for round in 0..times {
        testbed.clear_requests();
        let mut child = home.start("login prod --force --password-stdin");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(PASSWORD.as_bytes()).expect("a password");
        drop(stdin);
        if round % 4 == 0 {
            std::thread::sleep(Duration::from_micros(dice.below(whole)));
        } else {
            // The moments that count are those after the keys came.
            while sts_calls(&testbed) == 0 && child.try_wait().expect("a child").is_none() {
                std::thread::sleep(Duration::from_micros(200));
            }
            let pause = dice.below(whole / 4);
            let begin = Instant::now();
            while begin.elapsed() < Duration::from_micros(pause) {
                if round % 4 == 1 && !leftovers(&home).is_empty() {
                    break;
                }
                std::thread::sleep(Duration::from_micros(50));
            }
        }
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        left += u32::from(!leftovers(&home).is_empty());
        let text = home.credentials();
        let (rest, found) = taken_apart(&text);
        assert_eq!(rest, frame, "round {round}");
        let changed = (0..3).filter(|n| found[*n] != values[*n]).count();
        assert!(
            changed == 0 || changed == 3,
            "keys are whole in round {round}:\n{text}"
        );
        assert!(found.iter().all(|value| value.len() > 15), "{text}");
        new += u32::from(changed == 3);
        values = found;
        // What is announced is there.
        let row = home.read(&format!("{STATE}/sessions"));
        assert!(row.starts_with("mai-sessions 1\nprod\t"), "{row}");
    }
    home.login("prod --force").ok();
    assert_eq!(leftovers(&home), [""; 0]);
    assert_eq!(taken_apart(&home.credentials()).0, frame);
    assert_eq!(home.mai("status -o json").ok().json()[0]["status"], "valid");
    (new, left)
}

#[test]
fn logins_killed_at_any_moment_leave_the_old_keys_or_the_new_ones() {
    let (new, left) = std::thread::scope(|scope| {
        let homes: Vec<_> = [3, 5, 7]
            .map(|seed| {
                scope.spawn(move || kill_logins(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed), 100))
            })
            .into_iter()
            .collect();
        homes
            .into_iter()
            .map(|home| home.join().expect("a home without a complaint"))
            .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    });
    // Else the kills were not where they should be.
    assert!(
        (10..290).contains(&new),
        "{new} of 300 had written their keys"
    );
    assert!(left > 0, "none was killed while it wrote");
}

/// The sections of a file by name, each with its text.
fn sections(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut name = String::new();
    for line in text.split_inclusive('\n') {
        if line.starts_with('[') {
            name = line.trim().to_owned();
        }
        found
            .entry(name.clone())
            .or_insert_with(String::new)
            .push_str(line);
    }
    found
}

/// Another program that edits the file as carefully as one can without locks: it swaps its version with what is
/// there, and looks whether that is what it had read; if not, it adds what is missing and tries again.
fn edit(file: &Path, count: u32) {
    let mine = file.with_file_name("editor");
    let mut base = fs::read_to_string(file).expect("the file is there at every moment");
    let mut replaces = base.clone();
    loop {
        let mut all = sections(&base);
        let section = format!("[editor]\ncount = {count}\n\n");
        all.insert("[editor]".into(), section);
        let new: String = all.into_values().collect();
        fs::write(&mine, &new).expect("a file beside it");
        renameat_with(CWD, &mine, CWD, file, RenameFlags::EXCHANGE).expect("a swap");
        let was = fs::read_to_string(&mine).expect("what was there");
        if was == replaces {
            fs::remove_file(&mine).expect("the old version goes");
            return;
        }
        let mut merged = sections(&was);
        // Read once: what is merged is what the next swap must replace.
        replaces = fs::read_to_string(file).expect("the file");
        merged.extend(sections(&replaces));
        base = merged.into_values().collect();
    }
}

#[test]
fn thirty_logins_and_an_editor_at_once_lose_nothing() {
    const LOGINS: usize = 30;
    let testbed = Testbed::start();
    let mut user = User::new("gus");
    let mut yaml = String::from("identity_providers:\n");
    let home = Home::new();
    home.write("word", PASSWORD);
    for n in 0..LOGINS {
        user = user.role(Role::new(&format!("4000000000{n:02}"), "Dev"));
        yaml.push_str(&format!(
            "  corp{n}: {{url: '{}', username: gus, password: {{command: [cat, '{}'], unattended: true}}}}\n",
            testbed.face("simple"),
            home.path("word").display()
        ));
    }
    testbed.users(|users| users.add(user));
    yaml.push_str("profiles:\n");
    for n in 0..LOGINS {
        yaml.push_str(&format!(
            "  p{n}: {{identity_provider: corp{n}, role: 4000000000{n:02}/Dev}}\n"
        ));
    }
    home.profiles(&yaml);
    let mut home = home;
    home.know(&testbed);
    let file = home.write(FILE, "# mine\n\n[dev]\nx = 1\n\n");
    let done = AtomicBool::new(false);
    let (answers, saves) = std::thread::scope(|scope| {
        let editor = scope.spawn(|| {
            let mut count = 0;
            while !done.load(Ordering::SeqCst) {
                count += 1;
                edit(&file, count);
                std::thread::sleep(Duration::from_millis(15));
                // A login that got in between puts it back at once.
                let saved = format!("[editor]\ncount = {count}\n");
                let begin = Instant::now();
                while !fs::read_to_string(&file).is_ok_and(|text| text.contains(&saved)) {
                    let is_patient = begin.elapsed() < PATIENCE;
                    assert!(is_patient, "save {count} was lost");
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
            count
        });
        let running: Vec<_> = (0..LOGINS)
            .map(|n| home.start(&format!("login p{n}")))
            .collect();
        let answers: Vec<_> = running.into_iter().map(|child| finish(child, "")).collect();
        done.store(true, Ordering::SeqCst);
        (answers, editor.join())
    });
    let saves = saves.expect("an editor without a complaint");
    for answer in answers {
        answer.ok();
    }
    let text = home.credentials();
    let found = sections(&text);
    assert_eq!(found.len(), LOGINS + 3, "{text}");
    assert_eq!(
        found["[editor]"].trim_end(),
        format!("[editor]\ncount = {saves}")
    );
    assert_eq!(found["[dev]"], "[dev]\nx = 1\n\n");
    assert!(text.starts_with("# mine\n"), "{text}");
    for n in 0..LOGINS {
        let values = taken_apart(&found[&format!("[p{n}]")]).1;
        assert_eq!(values.len(), 4, "p{n} in:\n{text}");
    }
    let rows = home.read(&format!("{STATE}/sessions"));
    assert_eq!(rows.lines().count(), LOGINS + 1, "{rows}");
    let status = home.mai("status -o json").ok().json();
    let entries = status.as_array().expect("an array");
    assert!(
        entries.iter().all(|entry| entry["status"] == "valid"),
        "{status}"
    );
    assert_eq!(leftovers(&home), [""; 0]);
}

/// A home where a command knows ada's password, so that nobody is needed.
fn home_that_knows(testbed: &Testbed) -> Home {
    let home = Home::at(testbed, "simple", "ada");
    let word = home.write("word", PASSWORD);
    home.profiles(&home.read(".config/mai/profiles.yaml").replace(
        "password: ask",
        &format!(
            "password: {{command: [cat, '{}'], unattended: true}}",
            word.display()
        ),
    ));
    // Slow enough that all have begun before the first is done.
    testbed.set(Fault::Latency {
        server: Server::Idp,
        millis: 250,
    });
    home
}

/// That many at once; what each said.
fn at_once(home: &Home, times: usize, line: &str) -> Vec<String> {
    let running: Vec<_> = (0..times).map(|_| home.start(line)).collect();
    running
        .into_iter()
        .map(|child| finish(child, "").ok().stderr)
        .collect()
}

#[test]
fn ten_logins_at_once_are_one_sign_in() {
    let testbed = Testbed::start();
    let home = home_that_knows(&testbed);
    let answers = at_once(&home, 10, "login prod");
    let count = |words: &str| answers.iter().filter(|said| said.contains(words)).count();
    assert_eq!(testbed.password_attempts("ada"), 1);
    assert_eq!(sts_calls(&testbed), 1);
    assert_eq!(count("\nSigned in to prod until"), 1, "{answers:?}");
    assert_eq!(count("\nStill signed in to prod until"), 9, "{answers:?}");
    assert!(
        count("waiting for `mai login prod` (process ") > 0,
        "{answers:?}"
    );
    let file = home.credentials();
    assert_eq!(taken_apart(&file).1.len(), 4, "{file}");
}

#[test]
fn with_force_those_who_waited_take_the_new_keys_too() {
    let testbed = Testbed::start();
    let home = home_that_knows(&testbed);
    home.mai("login prod").ok();
    let old = home.key("prod", "aws_access_key_id");
    let answers = at_once(&home, 4, "login prod --force");
    assert_ne!(home.key("prod", "aws_access_key_id"), old);
    assert_eq!(testbed.password_attempts("ada"), 2, "{answers:?}");
}

#[test]
fn other_profiles_of_the_same_provider_wait_and_then_sign_in() {
    let testbed = Testbed::start();
    let home = home_that_knows(&testbed);
    let running = ["prod", "audit"].map(|name| home.start(&format!("login {name}")));
    for child in running {
        finish(child, "").ok();
    }
    for name in ["prod", "audit"] {
        assert!(home.key(name, "aws_session_token").is_some(), "{name}");
    }
    assert_eq!(home.read(&format!("{STATE}/sessions")).lines().count(), 3);
}
