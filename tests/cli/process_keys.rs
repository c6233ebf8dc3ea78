//! `keys: process`: keys in the vault and in no file; and `mai credentials`, which gives them out.

use mai_testbed::{PASSWORD, Testbed};

use crate::clock::Clock;
use crate::sign_ins::traffic;
use crate::support::{Answer, Home, PROFILES, corp, finish, sts_calls};

/// Ada, whose keys of prod stand in no file.
fn home_of_ada(testbed: &Testbed) -> Home {
    let profiles = PROFILES.replace("role/PowerUser\n", "role/PowerUser\n    keys: process\n");
    let corp = corp(testbed, "simple", "ada");
    Home::with(testbed, &format!("secrets: file\n{corp}{profiles}"))
}

/// The one line that SDKs read.
fn document(answer: &Answer) -> serde_json::Value {
    assert_eq!(answer.stdout.lines().count(), 1, "{answer}");
    let document = answer.json();
    assert_eq!(document["Version"], 1);
    for key in ["AccessKeyId", "SecretAccessKey", "SessionToken"] {
        assert!(
            document[key].as_str().is_some_and(|text| text.len() > 8),
            "{key}"
        );
    }
    document
}

#[test]
fn keys_are_given_out_and_stand_in_no_file() {
    let testbed = Testbed::start();
    let home = home_of_ada(&testbed);
    home.login("morning").ok();
    assert_eq!(home.key("prod", "aws_access_key_id"), None);
    assert!(home.key("audit", "aws_access_key_id").is_some());
    let sessions = home.read(".local/state/mai/sessions");
    assert!(
        sessions
            .lines()
            .any(|line| line.starts_with("prod\t") && line.contains("\tp\t")),
        "{sessions}"
    );

    testbed.clear_requests();
    let answer = home.mai("credentials prod").ok();
    assert!(answer.stderr.is_empty(), "{answer}");
    let keys = document(&answer);
    assert_eq!(keys["AccountId"], "111111111111");
    assert!(keys["Expiration"].as_str().unwrap().ends_with('Z'));
    let secret = keys["SecretAccessKey"].as_str().unwrap();
    for name in home
        .names(".local/state/mai")
        .iter()
        .filter(|name| *name != "locks")
    {
        assert!(
            !home
                .read(&format!(".local/state/mai/{name}"))
                .contains(secret),
            "{name}"
        );
    }
    // The others know them too.
    assert_eq!(home.mai("require prod --no-input").to_string(), "[exit 0]");
    assert!(home.mai("status").ok().stdout.contains("left, until"));
    home.mai("login prod --no-input").ok();
    assert_eq!((traffic(&testbed), sts_calls(&testbed)), ((0, 0), 0));

    home.mai("logout prod").ok();
    home.mai("credentials prod").fails(3, &[]);
}

#[test]
fn keys_in_the_file_are_given_out_as_well() {
    let testbed = Testbed::start();
    let home = home_of_ada(&testbed);
    home.login("audit").ok();
    let keys = document(&home.mai("credentials audit").ok());
    assert_eq!(
        keys["AccessKeyId"].as_str(),
        home.key("audit", "aws_access_key_id").as_deref()
    );
}

#[test]
fn with_nobody_there_one_line_says_what_to_run() {
    let testbed = Testbed::start();
    let mut home = home_of_ada(&testbed);
    home.unset("AWS_ENDPOINT_URL_STS");
    let answer = home.mai("credentials prod");
    assert_eq!(
        answer.to_string(),
        "error: a person is needed for the keys of prod: run `mai login prod` in a terminal\n[exit 3]"
    );
}

#[test]
fn what_becomes_of_its_output_changes_no_exit_code_but_that_of_a_failure() {
    let testbed = Testbed::start();
    let home = home_of_ada(&testbed);
    let ends = |script: &str, code: i32| {
        let answer = home.script(&format!("\"$@\" {script}"), "credentials prod", "");
        assert_eq!(answer.code, Some(code), "{script}: {answer}");
    };
    ends("2>&-", 3);
    ends("2>/dev/full", 3);
    home.login("prod").ok();
    ends("2>&- | grep -q Version", 0);
    ends("2>/dev/full | grep -q Version", 0);
    ends(">/dev/full", 1);
}

#[test]
fn whoever_asks_is_named_where_the_password_is_typed() {
    let testbed = Testbed::start();
    let home = home_of_ada(&testbed);
    // As SDKs do: by a shell in between, and stdout and stderr are caught.
    home.write(
        "tool",
        "echo $$ >number; sh -c '\"$@\" >out 2>err; echo \"ended $?\"' sh \"$@\"; :",
    );
    let mut terminal = home.in_terminal("credentials prod", "sh ./tool \"$@\"");
    terminal.expect("Password of ada").line(PASSWORD);
    terminal.expect("ended 0");
    let (seen, _) = terminal.end();
    let asked = format!(
        "sh (process {}) asks for keys of prod.",
        home.read("number").trim()
    );
    assert!(seen.contains(&asked), "{seen}");
    let keys: serde_json::Value = serde_json::from_str(&home.read("out")).unwrap();
    assert_eq!(keys["Version"], 1);
}

#[test]
fn keys_that_are_short_are_given_out_until_they_end_where_nobody_can_renew_them() {
    let testbed = Testbed::start();
    let mut home = home_of_ada(&testbed);
    let clock = Clock::of(&mut home, &testbed);
    home.login("prod audit").ok();
    clock.pass_minutes(46);
    testbed.forget_sessions();
    testbed.clear_requests();
    for (line, told) in [
        ("credentials prod", "ASIA"),
        ("env prod audit=A_ --format sh", "A_AWS_SESSION_TOKEN"),
        ("exec audit -- printenv AWS_ACCESS_KEY_ID", "ASIA"),
    ] {
        let answer = home.mai(line).ok();
        assert!(answer.stdout.contains(told), "{line}: {answer}");
        assert!(
            answer.stderr.contains("its keys are good until they end"),
            "{line}: {answer}"
        );
    }
    assert_eq!(testbed.password_attempts("ada"), 1);
    // Who said how long they must last gets that or nothing.
    for line in ["credentials prod --min 15m", "exec audit --min 15m -- true"] {
        home.mai(line).fails(3, &["a person is needed"]);
    }
    home.mai("require prod").fails(3, &["a person is needed"]);
    clock.pass_minutes(13);
    home.mai("credentials prod")
        .fails(3, &["a person is needed"]);
}

#[test]
fn ten_at_once_are_one_sign_in() {
    let testbed = Testbed::start();
    let home = home_of_ada(&testbed);
    let profiles = home.read(".config/mai/profiles.yaml").replace(
        "password: ask",
        "password: {command: [echo, correct horse], unattended: true}",
    );
    home.profiles(&profiles);
    let runs: Vec<_> = (0..10).map(|_| home.start("credentials prod")).collect();
    for run in runs {
        document(&finish(run, "").ok());
    }
    assert_eq!(testbed.password_attempts("ada"), 1);
    assert_eq!(sts_calls(&testbed), 1);
}

#[test]
fn a_profile_may_change_its_place() {
    let testbed = Testbed::start();
    let home = home_of_ada(&testbed);
    let process = home.read(".config/mai/profiles.yaml");
    let file = process.replace("keys: process", "keys: file");
    home.profiles(&file);
    home.login("prod").ok();
    assert!(home.key("prod", "aws_access_key_id").is_some());
    // In the file they would be read before any process is asked.
    home.profiles(&process);
    home.login("prod").ok();
    assert_eq!(home.key("prod", "aws_access_key_id"), None);
    document(&home.mai("credentials prod").ok());
    home.profiles(&file);
    home.mai("require prod --no-input").ok();
    assert!(home.key("prod", "aws_access_key_id").is_some());
}

#[test]
fn without_a_place_for_secrets_it_is_refused_before_anything_is_sent() {
    let testbed = Testbed::start();
    let home = home_of_ada(&testbed);
    let profiles = home.read(".config/mai/profiles.yaml");
    home.profiles(&profiles.replace("secrets: file", "secrets: none"));
    home.login("prod")
        .fails(2, &["`keys: process`", "`secrets: none`"]);
    assert_eq!(traffic(&testbed), (0, 0));
}

#[test]
fn where_the_vault_is_of_another_version_nothing_is_sent() {
    let testbed = Testbed::start();
    let home = home_of_ada(&testbed);
    let vault = home.write(".local/state/mai/vault", "mai-vault 9\n");
    for _ in 0..2 {
        home.login("prod").fails(
            1,
            &["was written by another version of `mai` (`mai-vault 9`"],
        );
    }
    assert_eq!(traffic(&testbed), (0, 0));
    std::fs::remove_file(vault).expect("it was there");
    home.login("prod").ok();
}

#[test]
fn slips_are_told() {
    let testbed = Testbed::start();
    let home = home_of_ada(&testbed);
    home.mai("credentials nope")
        .fails(2, &["there is no profile `nope`"]);
    home.mai("credentials morning").fails(2, &["is a group"]);
    home.mai("credentials").fails(2, &["PROFILE"]);
    assert!(home.mai("credentials nope").stdout.is_empty());
}
