//! Where passwords and codes come from, and where they stay.

use std::io::{BufRead, BufReader};
use std::time::{SystemTime, UNIX_EPOCH};

use mai_testbed::{PASSWORD, TOTP_SECRET, Testbed};

use crate::support::{Home, mode};

/// A home of that user: `password` and further lines of the identity provider, then further lines of the file.
pub fn home_with(testbed: &Testbed, user: &str, provider: &str, more: &str) -> Home {
    Home::with(
        testbed,
        &format!(
            "identity_providers:\n  corp:\n    url: {}\n    username: {user}\n    keep_session: false\n    {provider}\n{more}\n\
             profiles:\n  any: {{identity_provider: corp, role: 111111111111/ReadOnly}}\n",
            testbed.face("simple")
        ),
    )
}

/// In a terminal: types the password when asked for it.
fn typed(home: &Home, line: &str, then: &[(&str, &str)]) -> (String, i32) {
    let mut terminal = home.terminal(line);
    terminal.expect("Password of").line(PASSWORD);
    for (question, answer) in then {
        terminal.expect(question).line(answer);
    }
    terminal.end()
}

#[test]
fn a_command_prints_the_password() {
    let testbed = Testbed::start();
    for command in [
        "[echo, correct horse]",
        "echo 'correct horse'",
        "[printf, 'correct horse']",
        "[printf, 'correct horse\\r\\n']",
    ] {
        let provider = format!("password: {{command: {command}, unattended: true}}");
        let home = home_with(&testbed, "carol", &provider, "");
        let answer = home.mai("login any").ok();
        assert!(!answer.stderr.contains(PASSWORD), "{answer}");
    }
    assert_eq!(testbed.password_attempts("carol"), 4);
}

#[test]
fn a_command_sees_a_small_environment_and_no_shell() {
    let testbed = Testbed::start();
    let provider = "password: {command: [sh, -c, 'env > seen; echo $0; echo correct horse | cat'], unattended: true}";
    let mut home = home_with(&testbed, "carol", provider, "");
    home.set("AWS_SECRET_ACCESS_KEY", "hunter2");
    home.set("MAI_CONFIG", "");
    home.mai("login any").fails(4, &[]);
    let seen = home.read("seen");
    assert!(seen.contains("HOME="), "{seen}");
    assert!(!seen.contains("AWS_") && !seen.contains("MAI_"), "{seen}");
    // `$HOME` and `|` are words like others.
    let home = home_with(
        &testbed,
        "carol",
        "password: {command: 'echo $HOME | cat', unattended: true}",
        "",
    );
    testbed.users(|users| users.get("carol").password = "$HOME | cat".into());
    home.mai("login any").ok();
}

#[test]
fn a_command_that_fails_says_so_and_nothing_is_sent() {
    let testbed = Testbed::start();
    for (command, words) in [
        (
            "[sh, -c, 'echo hunter2; exit 7']",
            "`sh` ended with exit code 7",
        ),
        (
            "[no-such-program, hunter2]",
            "there is no program `no-such-program`",
        ),
        ("['true']", "printed nothing"),
        ("[sh, -c, 'kill -9 $$']", "ended with a signal"),
    ] {
        let provider = format!("password: {{command: {command}, unattended: true}}");
        let home = home_with(&testbed, "carol", &provider, "");
        let answer = home.mai("login any").fails(
            1,
            &[
                "the command for `password` of identity provider `corp`",
                words,
            ],
        );
        assert!(!answer.stderr.contains("hunter2"), "{answer}");
    }
    assert_eq!(testbed.password_attempts("carol"), 0);
}

#[test]
fn a_command_that_leaves_something_running_does_not_hold_up_the_login() {
    let testbed = Testbed::start();
    let command = "[sh, -c, 'sleep 30 2>/dev/null & echo correct horse']";
    let provider = format!("password: {{command: {command}, unattended: true}}");
    let home = home_with(&testbed, "carol", &provider, "");
    let start = std::time::Instant::now();
    home.mai("login any").ok();
    assert!(start.elapsed().as_secs() < 15, "{:?}", start.elapsed());
}

#[test]
fn ctrl_c_ends_a_slow_command_too() {
    let testbed = Testbed::start();
    let command = "[sh, -c, 'echo $$ > pid; echo ready >&2; exec sleep 30']";
    let home = home_with(
        &testbed,
        "carol",
        &format!("password: {{command: {command}}}"),
        "",
    );
    let mut terminal = home.terminal("login any");
    terminal.expect("ready").keys("\u{3}");
    let (seen, code) = terminal.end();
    assert_eq!(code, 130, "{seen}");
    let stat = format!("/proc/{}/stat", home.read("pid").trim());
    let is_gone = || match std::fs::read_to_string(&stat) {
        // It may wait for somebody to take note of its end.
        Ok(stat) => stat.contains(") Z "),
        Err(_) => true,
    };
    let start = std::time::Instant::now();
    while !is_gone() && start.elapsed().as_secs() < 5 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(is_gone(), "the command still runs");
    assert_eq!(testbed.password_attempts("carol"), 0);
}

#[test]
fn for_nobody_only_unattended_commands_run() {
    let testbed = Testbed::start();
    let home = home_with(
        &testbed,
        "carol",
        "password: {command: [sh, -c, 'touch ran; echo correct horse']}",
        "",
    );
    home.mai("login any")
        .fails(3, &["may need a person", "`unattended: true`"]);
    let (seen, code) = home.terminal("login any --no-input").end();
    assert_eq!(code, 3, "{seen}");
    assert!(!home.path("ran").exists());
    let (seen, code) = home.terminal("login any").end();
    assert_eq!(code, 0, "{seen}");
    assert!(home.path("ran").exists());
    let mut home = home;
    home.set("MAI_NO_INPUT", "1");
    let (seen, code) = home.terminal("login any --force").end();
    assert_eq!(code, 3, "{seen}");
}

#[test]
fn a_password_on_stdin_is_one_line_as_it_stands() {
    let testbed = Testbed::start();
    let home = home_with(&testbed, "carol", "password: ask", "");
    let login = |stdin: &str| home.mai_with("login any --force --password-stdin", stdin);
    for empty in ["", "\n", "\r\n"] {
        login(empty).fails(2, &["there is no password on stdin", "pipe it in"]);
    }
    for lines in ["a\nb\n", "correct horse\n\n", "correct\rhorse\n", "a\0b"] {
        login(lines).fails(2, &["more than one line"]);
    }
    assert!(testbed.requests().is_empty());
    for good in ["correct horse", "correct horse\n", "correct horse\r\n"] {
        login(good).ok();
    }
    testbed.users(|users| users.get("carol").password = " blanks\t ".into());
    login(" blanks\t \n").ok();
    assert_eq!(testbed.password_attempts("carol"), 4);
    home.mai("login any --ask --password-stdin")
        .fails(2, &["cannot be used with"]);
}

#[test]
fn a_stored_password_lives_until_it_is_refused() {
    let testbed = Testbed::start();
    let home = home_with(&testbed, "carol", "password: keyring", "secrets: file");
    let (seen, code) = typed(
        &home,
        "login any",
        &[("Keep the password of carol in a file", "y")],
    );
    assert_eq!(code, 0, "{seen}");
    assert!(
        seen.contains("Kept the password of carol in a file"),
        "{seen}"
    );
    let file = home.path(".local/state/mai/secrets");
    assert_eq!(mode(&file), 0o600);
    // Nobody need be there now.
    home.mai("login any --force --no-input").ok();
    assert_eq!(testbed.password_attempts("carol"), 2);
    testbed.users(|users| users.get("carol").password = "battery staple".into());
    home.mai("login any --force").fails(
        4,
        &[
            "refused the password of carol",
            "removed the stored password of carol",
            "`mai login any --ask` asks for a new one",
        ],
    );
    assert_eq!(testbed.password_attempts("carol"), 3);
    home.mai("login any --force --no-input").fails(
        3,
        &[
            "the password of carol",
            "nobody can be asked",
            "mai login any",
        ],
    );
    assert_eq!(testbed.password_attempts("carol"), 3);
    assert!(!home.read(".local/state/mai/secrets").contains("password/"));
}

#[test]
fn a_password_that_was_refused_and_stored_behind_our_back_is_not_sent() {
    let testbed = Testbed::start();
    let home = home_with(&testbed, "carol", "password: keyring", "secrets: file");
    typed(&home, "login any", &[("Keep the password", "y")]);
    let stored = home.read(".local/state/mai/secrets");
    testbed.users(|users| users.get("carol").password = "battery staple".into());
    home.mai("login any --force")
        .fails(4, &["removed the stored password"]);
    home.write(".local/state/mai/secrets", stored);
    home.mai("login any --force")
        .fails(3, &["was refused before and is gone now"]);
    assert_eq!(testbed.password_attempts("carol"), 2);
}

#[test]
fn a_no_to_keeping_the_password_is_remembered() {
    let testbed = Testbed::start();
    let home = home_with(&testbed, "carol", "password: keyring", "secrets: file");
    let (seen, code) = typed(&home, "login any", &[("Keep the password", "n")]);
    assert_eq!(code, 0, "{seen}");
    let (seen, code) = typed(&home, "login any --force", &[]);
    assert_eq!(code, 0, "{seen}");
    assert!(!seen.contains("Keep"), "{seen}");
    assert!(!home.path(".local/state/mai/secrets").exists());
}

#[test]
fn nothing_is_kept_where_nothing_may_be() {
    let testbed = Testbed::start();
    for (provider, more) in [
        ("password: keyring", "secrets: none"),
        ("password: ask", "secrets: file"),
    ] {
        let home = home_with(&testbed, "carol", provider, more);
        let (seen, code) = typed(&home, "login any", &[]);
        assert_eq!(code, 0, "{seen}");
        assert!(
            !seen.contains("Keep") && !seen.contains("warning"),
            "{seen}"
        );
        assert!(!home.path(".local/state/mai/secrets").exists());
        home.mai("login any --force")
            .fails(3, &["the password of carol at 127.0.0.1"]);
    }
}

#[test]
fn a_keyring_that_is_not_there_is_one_line_and_then_a_question() {
    let testbed = Testbed::start();
    let home = home_with(&testbed, "carol", "password: keyring", "");
    let (seen, code) = typed(&home, "login any", &[]);
    assert_eq!(code, 0, "{seen}");
    assert_eq!(seen.matches("warning:").count(), 1, "{seen}");
    assert!(seen.contains("the keyring cannot be used"), "{seen}");
    assert!(!seen.contains("Keep"), "{seen}");
    let answer = home
        .mai("login any --force")
        .fails(3, &["the keyring cannot be used"]);
    assert_eq!(answer.stderr.matches("warning:").count(), 1, "{answer}");
}

#[test]
fn a_wrong_password_that_was_typed_is_not_kept() {
    let testbed = Testbed::start();
    let home = home_with(&testbed, "carol", "password: keyring", "secrets: file");
    let mut terminal = home.terminal("login any");
    terminal.expect("Password of carol").line("hunter2");
    let (seen, code) = terminal.end();
    assert_eq!(code, 4, "{seen}");
    assert!(
        !seen.contains("hunter2") && !seen.contains("Keep"),
        "{seen}"
    );
    assert_eq!(testbed.password_attempts("carol"), 1, "asked and sent once");
}

#[test]
fn ask_passes_over_what_is_stored() {
    let testbed = Testbed::start();
    let home = home_with(
        &testbed,
        "carol",
        "password: {command: [sh, -c, 'touch ran; echo wrong'], unattended: true}",
        "",
    );
    let (seen, code) = typed(&home, "login any --ask", &[]);
    assert_eq!(code, 0, "{seen}");
    home.mai("login any --ask --force")
        .fails(3, &["password of carol"]);
    assert!(!home.path("ran").exists());
}

#[test]
fn a_code_is_typed_when_it_is_asked_for() {
    let testbed = Testbed::start();
    let home = home_with(&testbed, "otto", "password: ask", "");
    let code = testbed.code("otto");
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    let (seen, exit) = typed(&home, "login any", &[("Code", &spaced)]);
    assert_eq!(exit, 0, "{seen}");
    home.login("any --force")
        .fails(3, &["one-time code for otto"]);
    assert_eq!(testbed.password_attempts("otto"), 2);
}

#[test]
fn a_command_prints_the_code_once() {
    let testbed = Testbed::start();
    let home = home_with(
        &testbed,
        "otto",
        "password: ask\n    mfa: {code: {command: [cat, code], unattended: true}}",
        "",
    );
    home.write("code", testbed.code("otto") + "\n");
    home.login("any").ok();
    home.write("code", "000000\n");
    home.login("any --force").fails(4, &["refused the", "code"]);
    let codes = |seen: &&mai_testbed::Seen| seen.path.ends_with("/otp");
    assert_eq!(
        testbed.requests().iter().filter(codes).count(),
        2,
        "each code once"
    );
}

#[test]
fn a_totp_secret_is_typed_once_and_each_step_is_used_once() {
    let testbed = Testbed::start();
    let home = home_with(
        &testbed,
        "otto",
        "password: ask\n    mfa: {code: keyring}",
        "secrets: file",
    );
    home.login("any").fails(3, &["the TOTP secret of otto"]);
    let (seen, code) = typed(&home, "login any", &[("TOTP secret of otto", TOTP_SECRET)]);
    assert_eq!(code, 0, "{seen}");
    assert!(!seen.contains(TOTP_SECRET), "{seen}");
    testbed.forget_codes();
    // Whoever used this step already waits for the next one.
    let learned = |step: u64| {
        let text = home.read(".local/state/mai/learned");
        let lines = text.lines().map(|line| match line.starts_with("totp") {
            true => {
                let (about, _) = line.rsplit_once('\t').expect("three fields");
                format!("{about}\t{step}\n")
            }
            false => format!("{line}\n"),
        });
        let changed: String = lines.collect();
        assert_ne!(changed, text, "the step was noted");
        home.write(".local/state/mai/learned", changed);
    };
    let now = || {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("a clock")
            .as_secs()
    };
    learned(1);
    home.login("any --force").ok();
    while now() % 30 > 25 {
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    learned(2);
    learned(now() / 30);
    let mut child = home.start("login any --force --password-stdin");
    let mut stdin = child.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut stdin, PASSWORD.as_bytes()).expect("it reads");
    drop(stdin);
    let words = BufReader::new(child.stderr.take().expect("a pipe"));
    let waits = words
        .lines()
        .map_while(Result::ok)
        .any(|line| line.starts_with("waiting ") && line.contains("a code that was not used yet"));
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    assert!(waits, "it does not use the step again");
}
