//! The notes kept beside the credentials file, and what `mai status` makes of both.

use std::fs;

use mai_testbed::{PASSWORD, Testbed};

use crate::support::{Home, mode};

const FILE: &str = ".aws/credentials";

#[test]
fn what_was_learned_may_be_damaged_too() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    for content in [
        b"\xff\x00\xfe".repeat(2000),
        b"\t\t%zz\n".repeat(9),
        Vec::new(),
    ] {
        home.write(".local/state/mai/learned", content);
        home.login("prod --force").ok();
        home.mai("status").ok();
    }
}

#[test]
fn status_does_not_need_a_readable_file_of_keys() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    home.login("prod").ok();
    for content in [&b"\xff\xfe[\0p\0"[..], b"", b"[prod\n=\n\0"] {
        home.write(FILE, content);
        let status = home.mai("status -o json").ok();
        assert_eq!(status.json()[0]["status"], "removed", "{status}");
    }
    fs::remove_dir_all(home.path(".aws")).expect("it is there");
    let status = home.mai("status -o json").ok();
    assert_eq!(status.json()[0]["status"], "removed", "{status}");
    assert!(!home.path(".aws").exists());
}

#[test]
fn sessions_is_what_shells_and_prompts_are_promised() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let yaml = home.read(".config/mai/profiles.yaml").replace(
        "  prod:\n",
        "  prod:\n    critical: true\n    aws_profile: acme+prod@x\n",
    );
    home.profiles(&format!("default_profile: prod\n{yaml}"));
    home.login("morning").ok();
    let path = home.path(".local/state/mai/sessions");
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&home.path(".local/state/mai")), 0o700);
    let text = home.read(".local/state/mai/sessions");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!((lines[0], lines.len()), ("mai-sessions 1", 3), "{text}");
    assert!(text.ends_with('\n'), "{text}");
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("a clock")
        .as_secs();
    for (line, section, flags, role, label) in [
        (
            lines[1],
            "acme+prod@x",
            "cd",
            "111111111111:role/PowerUser",
            "prod",
        ),
        (
            lines[2],
            "audit",
            "-",
            "222222222222:role/ReadOnly",
            "audit",
        ),
    ] {
        let fields: Vec<&str> = line.split('\t').collect();
        assert_eq!(fields.len(), 7, "{line}");
        assert_eq!(fields[0], section);
        let expires: u64 = fields[1].parse().expect("seconds");
        assert!((now + 3000..=now + 3601).contains(&expires), "{line}");
        assert_eq!(
            Some(fields[2]),
            home.key(section, "aws_access_key_id").as_deref()
        );
        assert!(fields[3].len() >= 8, "{line}");
        assert_eq!(fields[4], flags);
        assert_eq!(fields[5], format!("arn:aws:iam::{role}"));
        assert_eq!(fields[6], label);
        for secret in ["aws_secret_access_key", "aws_session_token"] {
            let secret = home.key(section, secret).expect("a secret");
            for file in files_below(&home.path(".local/state")) {
                let bytes = fs::read(&file).expect("a file");
                let text = String::from_utf8_lossy(&bytes);
                assert!(!text.contains(&secret), "{}", file.display());
                assert!(!text.contains(PASSWORD), "{}", file.display());
            }
        }
    }
}

fn files_below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => files.extend(files_below(&path)),
            false => files.push(path),
        }
    }
    files
}

#[test]
fn damaged_sessions_are_harmless() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    home.login("prod").ok();
    let good = home.read(".local/state/mai/sessions");
    let row = good.lines().nth(1).expect("a row").to_owned();
    let huge = format!("mai-sessions 1\n{}", format!("{row}\n").repeat(3000));
    assert!(huge.len() > 256 * 1024);
    for (what, content) in [
        ("empty", Vec::new()),
        ("binary", (0..=255u8).cycle().take(5000).collect()),
        ("huge", huge.into_bytes()),
        (
            "short rows",
            b"mai-sessions 1\nprod\t1\t\n\t\t\t\t\t\t\n".to_vec(),
        ),
        ("cut", good.as_bytes()[..good.len() - 40].to_vec()),
        (
            "escapes",
            good.replace("prod\t", "pr\u{1b}[31m\t").into_bytes(),
        ),
    ] {
        let path = home.write(".local/state/mai/sessions", content);
        let status = home.mai("status -o json").ok();
        // `cut` may end within the last field: then it is another label, which is harmless too.
        if what != "cut" {
            assert_eq!(
                status.json()[0]["status"],
                "not_signed_in",
                "{what}: {status}"
            );
        }
        home.login("prod").ok();
        let after = home.read(".local/state/mai/sessions");
        assert!(
            after.starts_with("mai-sessions 1\nprod\t"),
            "{what}: {after}"
        );
        assert!(after.len() < 1000, "{what}");
        assert_eq!(
            home.mai("status -o json").ok().json()[0]["status"],
            "valid",
            "{what}"
        );
        assert_eq!(mode(&path), 0o600, "{what}");
    }
}

#[test]
fn what_another_version_noted_stays_and_the_keys_are_written() {
    const RECORD: &str = ".local/state/mai/sessions";
    const LEARNED: &str = ".local/state/mai/learned";
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let (record, learned) = ("mai-sessions 2\nprod\n", "mai-learned 2\nx\n");
    home.write(RECORD, record);
    home.write(LEARNED, learned);
    let path = home.path(RECORD).display().to_string();
    let told = format!("{path} was written by another version of `mai` (`mai-sessions 2`");
    let hint = format!("mv {path} {path}.old");

    let answer = home.login("prod -o json").ok();
    assert_eq!(answer.json()[0]["status"], "signed_in");
    assert_eq!(answer.json()[0]["recorded"], false);
    for words in [&*told, &*hint, "the keys are written", "(`mai-learned 2`"] {
        assert!(answer.stderr.contains(words), "`{words}` in {answer}");
    }
    assert!(home.key("prod", "aws_session_token").is_some());
    // Without a record of them they look as if they were not there: the reason is said, and not that they are gone.
    let input = format!("{PASSWORD}\n");
    let answer = home.mai("status").ok();
    assert!(answer.stderr.contains(&told), "{answer}");
    home.mai("logout prod").fails(
        1,
        &[
            "the keys in [prod] stay",
            &*told,
            &format!("hint: update this `mai`, or move the file away: {hint}"),
        ],
    );
    let yaml = home.read(".config/mai/profiles.yaml");
    let command = "password: {command: [echo, correct horse], unattended: true}";
    home.profiles(&yaml.replace("password: ask", command));
    let moves_away = |path: &str| {
        std::fs::rename(home.path(path), home.path(&format!("{path}.old"))).expect("it moves");
    };
    // No refusal could be noted down, so nobody sends a password.
    home.mai_with("exec prod -- true", &input)
        .fails(125, &["(`mai-learned 2`"]);
    assert_eq!(home.read(LEARNED), learned);
    moves_away(LEARNED);
    home.mai_with("exec prod -- true", &input)
        .fails(125, &[&told, &hint]);
    assert_eq!(home.read(RECORD), record);

    // Done as the hint says, all is well.
    moves_away(RECORD);
    let answer = home.login("prod -o json").ok();
    assert_eq!(answer.json()[0]["recorded"], true);
    assert_eq!(answer.stderr, "", "{answer}");
}

#[test]
fn status_believes_the_keys_and_notices_what_others_did() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    home.login("morning").ok();
    let file = home.credentials();
    let sessions = home.read(".local/state/mai/sessions");
    let id = home.key("prod", "aws_access_key_id").expect("a key id");
    let token = home.key("prod", "aws_session_token").expect("a token");
    let expires = sessions
        .lines()
        .nth(1)
        .and_then(|row| row.split('\t').nth(1));
    let expires = expires.expect("seconds").to_owned();
    let check = |name: &str, words: &str| {
        let json = home.mai("status -o json").ok().json();
        assert_eq!(json[0]["profile"], "prod");
        assert_eq!(json[0]["status"], name, "{json}");
        assert_eq!(json[1]["status"], "valid", "{json}");
        let left = json[0]["seconds_left"].as_u64();
        assert_eq!(
            left.is_some_and(|left| left > 3000),
            name == "valid",
            "{json}"
        );
        let tsv = home.mai("status -o tsv").ok().stdout;
        let rows: Vec<Vec<&str>> = tsv.lines().map(|line| line.split('\t').collect()).collect();
        assert_eq!(
            rows[0],
            ["profile", "aws_profile", "status", "expires_at", "role_arn"]
        );
        assert_eq!(rows[1][..3], ["prod", "prod", name], "{tsv}");
        assert_eq!(rows[1][3], json[0]["expires_at"], "{tsv}");
        assert_eq!(rows.len(), 3, "{tsv}");
        let people = home.mai("status").ok();
        let line = people.stdout.lines().next().unwrap_or_default().to_owned();
        assert!(line.contains("prod") && line.contains(words), "{people}");
        assert_eq!(
            people.stderr.contains("mai login prod"),
            name != "valid",
            "{people}"
        );
        for secret in [
            &token,
            &home.key("audit", "aws_secret_access_key").expect("a key"),
        ] {
            assert!(!format!("{json}{tsv}{people}").contains(secret.as_str()));
        }
    };
    check("valid", "left, until");
    home.write(FILE, file.replace(&id, "ASIASOMEBODYELSE0000"));
    check("replaced", "replaced: other keys stand there");
    home.write(
        FILE,
        file.replace(&format!("aws_session_token = {token}\n"), ""),
    );
    check("removed", "removed: the keys are no longer in the file");
    let (_, audit) = file.split_once("[audit]").expect("two sections");
    home.write(FILE, format!("[audit]{audit}"));
    check("removed", "removed: the keys are no longer in the file");
    home.write(FILE, &file);
    let past = sessions.replacen(&expires, "1700000000", 1);
    home.write(".local/state/mai/sessions", &past);
    check("expired", "");
    let expired = home.mai("status").ok();
    assert!(expired.stdout.contains("expired"), "{expired}");
    // A login repairs each of it.
    home.login("prod").ok();
    check("valid", "left, until");
    assert_eq!(testbed.password_attempts("ada"), 2);
}
