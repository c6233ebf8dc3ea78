//! `mai require`: silent where the keys last, a sign-in where they do not, one line where nobody can.

use std::os::unix::net::UnixListener;

use mai_testbed::{PASSWORD, Testbed};

use crate::env::is_there;
use crate::sign_ins::traffic;
use crate::support::{Answer, Home, PROFILES, corp, finish, sts_calls};
use crate::waiting::wait_until;

fn silent(answer: Answer) {
    assert_eq!(answer.to_string(), "[exit 0]");
}

#[test]
fn good_keys_are_worth_no_word_and_no_request() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    home.login("prod").ok();
    testbed.clear_requests();
    for line in [
        "require prod",
        "require prod --min 20m",
        "req prod --no-input",
        "r prod",
    ] {
        silent(home.mai(line));
    }
    let (seen, code) = home.terminal("require prod").end();
    assert_eq!((seen.as_str(), code), ("", 0));
    assert_eq!(traffic(&testbed), (0, 0));
    assert_eq!(sts_calls(&testbed), 0);
}

#[test]
fn good_keys_are_looked_at_without_keyring_network_and_runtime() {
    let testbed = Testbed::start();
    let yaml = corp(&testbed, "simple", "ada").replace("password: ask", "password: keyring");
    let mut home = Home::with(&testbed, &format!("{yaml}{PROFILES}"));
    home.login("prod audit").ok();
    let bus = UnixListener::bind(home.path("bus")).expect("a socket");
    bus.set_nonblocking(true).expect("it does not wait");
    let address = format!("unix:path={}", home.path("bus").display());
    home.set("DBUS_SESSION_BUS_ADDRESS", &address);
    silent(home.mai("require prod audit"));
    assert!(bus.accept().is_err(), "the keyring was looked for");
    if is_there("strace") {
        let trace = "socket,connect,epoll_create1,eventfd2,execve";
        let script = format!("exec strace -f -o seen -e trace={trace} \"$@\"");
        silent(home.script(&script, "require prod audit", ""));
        let seen = home.read("seen");
        let calls = seen.lines().filter(|line| line.contains('('));
        assert_eq!(calls.count(), 1, "only its own start: {seen}");
    }
    // It is found where it is needed.
    let run = home.start("login prod --force --no-input");
    wait_until("a call of the keyring", || bus.accept().is_ok());
    drop(bus);
    finish(run, "");
}

#[test]
fn only_what_is_short_is_signed_in_for() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    home.login("prod").ok();
    let prod = home.key("prod", "aws_access_key_id");
    let mut terminal = home.terminal("require morning");
    terminal.expect("Password").line(PASSWORD);
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(
        seen.contains("Signed in to audit") && !seen.contains("prod"),
        "{seen}"
    );
    assert_eq!(home.key("prod", "aws_access_key_id"), prod);
    silent(home.mai("require morning"));
}

#[test]
fn with_nobody_there_one_line_says_what_to_run() {
    let testbed = Testbed::start();
    let mut home = Home::at(&testbed, "simple", "ada");
    home.unset("AWS_ENDPOINT_URL_STS");
    let answer = home.mai("require prod --no-input");
    assert_eq!(
        answer.to_string(),
        "error: a person is needed for the keys of prod: run `mai login prod` in a terminal\n[exit 3]"
    );
    let answer = home.mai("require morning");
    assert_eq!(
        answer.to_string(),
        "error: a person is needed for the keys of prod and audit: run `mai login prod audit` in a terminal\n[exit 3]"
    );
    let answer = home.mai("require prod -o json").fails(3, &[]);
    assert_eq!(answer.json()[0]["error"]["kind"], "needs_you");
}

#[test]
fn a_command_that_may_not_run_alone_is_named_with_what_lets_it() {
    let testbed = Testbed::start();
    let yaml = corp(&testbed, "otp", "ada");
    let told = |yaml: &str, setting: &str, line: usize| {
        let mut home = Home::with(&testbed, &format!("{yaml}{PROFILES}"));
        home.unset("AWS_ENDPOINT_URL_STS");
        let path = "~/.config/mai/profiles.yaml";
        let login = "run `mai login prod audit` in a terminal";
        for verb in ["require morning --no-input", "require morning"] {
            let answer = home.mai(verb).fails(3, &[]);
            let lines: Vec<&str> = answer.stderr.lines().collect();
            let [one] = lines[..] else {
                panic!("more than one line: {answer}");
            };
            for words in [
                "error: a person is needed for the keys of prod and audit: ",
                &format!("the command for `{setting}` of identity provider `corp` ({path}:{line}"),
                "`unattended: true`",
                login,
            ] {
                assert!(one.contains(words), "`{words}` in {answer}");
            }
        }
        let answer = home
            .mai("exec prod -- true")
            .fails(3, &["`unattended: true`"]);
        assert_eq!(
            answer.stderr.matches("`unattended: true`").count(),
            1,
            "{answer}"
        );
    };
    let command = "{command: [echo, correct horse]}";
    let with_command = yaml.replace("password: ask", &format!("password: {command}"));
    told(&with_command, "password", 5);
    let alone = "password: {command: [echo, correct horse], unattended: true}";
    let code = "mfa: {code: {command: [echo, '123456']}}";
    told(
        &yaml.replace("password: ask", &format!("{alone}\n    {code}")),
        "mfa.code",
        6,
    );
}

#[test]
fn the_keys_are_believed_and_not_the_notes_about_them() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    home.login("prod").ok();
    let file = home.credentials();
    for changed in [
        "".to_owned(),
        file.replace("aws_session_token", "# aws_session_token"),
        file.replace("aws_access_key_id = ", "aws_access_key_id = ASIAOTHER"),
    ] {
        home.write(".aws/credentials", &changed);
        home.mai("require prod").fails(3, &["a person is needed"]);
    }
    home.write(".aws/credentials", &file);
    silent(home.mai("require prod"));
    // Another role is another pair of keys.
    let profiles = home.read(".config/mai/profiles.yaml");
    home.profiles(&profiles.replace("role/PowerUser", "role/ReadOnly"));
    home.mai("require prod").fails(3, &["a person is needed"]);
}

#[test]
fn of_two_ends_of_the_same_keys_the_earlier_one_counts() {
    const NOTES: &str = ".local/state/mai/sessions";
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    home.login("prod").ok();
    let (file, notes) = (home.credentials(), home.read(NOTES));
    let end = home.key("prod", "x_security_token_expires").unwrap();
    let noted = notes.split('\t').nth(1).unwrap();
    let soon = chrono::Utc::now() + chrono::TimeDelta::minutes(5);
    let soon_in_file = soon.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let soon_in_notes = soon.timestamp().to_string();
    let status = |state: &str| {
        let status = home.mai("status -o json").ok();
        assert_eq!(status.json()[0]["status"], state, "{status}");
        status.json()[0]["expires_at"].as_str().unwrap().to_owned()
    };

    // The keys end before the note says so, and the other way round.
    home.write(".aws/credentials", file.replace(&end, &soon_in_file));
    home.mai("require prod").fails(3, &["a person is needed"]);
    silent(home.mai("require prod --min 1m"));
    assert_eq!(status("valid"), soon_in_file);
    let json = home.mai("env prod --format json --min 1m").ok().json();
    assert_eq!(json["expires_at"], *soon_in_file, "{json}");
    home.write(NOTES, notes.replace(noted, "4000000000"));
    home.mai("require prod").fails(3, &["a person is needed"]);
    home.write(".aws/credentials", &file);
    silent(home.mai("require prod"));
    assert_eq!(status("valid"), end);
    home.write(NOTES, notes.replace(noted, &soon_in_notes));
    home.mai("require prod").fails(3, &["a person is needed"]);
    assert_eq!(status("valid"), soon_in_file);

    // Keys that are over, whatever the note says.
    home.write(NOTES, notes.replace(noted, "4000000000"));
    let over = file.replace(&end, "2026-01-02T03:04:05Z");
    home.write(".aws/credentials", &over);
    home.mai("require prod --min 1s")
        .fails(3, &["a person is needed"]);
    assert_eq!(status("expired"), "2026-01-02T03:04:05Z");

    // A note about other keys counts for nothing; one without an end beside the keys is all there is.
    home.write(".aws/credentials", &file);
    let key_id = home.key("prod", "aws_access_key_id").unwrap();
    home.write(NOTES, notes.replace(&key_id, "ASIAOTHER"));
    home.mai("require prod --min 1s")
        .fails(3, &["a person is needed"]);
    home.write(NOTES, &notes);
    let unsaid = file.replace("x_security_token_expires", "# expires");
    home.write(".aws/credentials", &unsaid);
    silent(home.mai("require prod"));
}

#[test]
fn a_stored_password_is_enough_for_nobody() {
    let testbed = Testbed::start();
    let yaml = corp(&testbed, "simple", "carol").replace(
        "password: ask",
        "password: {command: [echo, correct horse], unattended: true}",
    );
    let home = Home::with(&testbed, &format!("{yaml}{}", crate::sign_ins::READER));
    home.mai("require any --no-input").ok();
    silent(home.mai("require any --no-input"));
}

#[test]
fn ten_at_once_are_one_sign_in_and_ten_successes() {
    let testbed = Testbed::start();
    let yaml = corp(&testbed, "simple", "ada").replace(
        "password: ask",
        "password: {command: [echo, correct horse], unattended: true}",
    );
    let home = Home::with(&testbed, &format!("{yaml}{PROFILES}"));
    let runs: Vec<_> = (0..10)
        .map(|_| home.start("require morning --no-input"))
        .collect();
    for run in runs {
        finish(run, "").ok();
    }
    assert_eq!(testbed.password_attempts("ada"), 1);
    assert_eq!(sts_calls(&testbed), 2);
}

#[test]
fn slips_are_told_before_anything_is_sent() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    home.mai("require nope")
        .fails(2, &["there is no profile `nope`"]);
    home.mai("require prod --min soon").fails(2, &["--min"]);
    home.mai("require prod audit --awsprofile x")
        .fails(2, &["--awsprofile is for one profile"]);
    home.mai("require").fails(2, &["which profile?"]);
    assert_eq!(traffic(&testbed), (0, 0));
}
