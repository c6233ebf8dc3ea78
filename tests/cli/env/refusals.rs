//! What `mai env` refuses, and what evaluates its failures.

use mai_testbed::Testbed;

use super::{is_there, signed_in};
use crate::sign_ins::traffic;
use crate::support::{Home, PROFILES, corp};

#[test]
fn keys_are_shown_on_a_terminal_only_if_that_is_wanted() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let key = home.key("prod", "aws_secret_access_key").expect("a key");
    for (options, hint) in [
        (
            "--format bash",
            "`eval \"$(mai env prod --format bash)\"`, or --show",
        ),
        ("--format fish", "`mai env prod --format fish | source`"),
        ("--format powershell", "| Out-String | Invoke-Expression`"),
        ("--format nushell", "| from json | load-env`"),
        (
            "--format docker",
            "`(umask 077; mai env prod --format docker > FILE)`",
        ),
        (
            "-o json",
            "`(umask 077; mai env prod --format json > FILE)`",
        ),
    ] {
        let (seen, code) = home.terminal(&format!("env prod {options}")).end();
        assert_eq!(code, 2, "{seen}");
        assert!(!seen.contains(&key), "{seen}");
        let seen = seen.replace("\r\n", "");
        assert!(seen.contains("keys are not shown on a terminal"), "{seen}");
        assert!(seen.contains(hint), "{hint}:\n{seen}");
    }
    let terminal = home.in_terminal("env prod", "\"$@\"; exit $?");
    let (seen, code) = terminal.end();
    assert_eq!(code, 2);
    assert!(seen.contains("`eval \"$(mai env prod)\"`"), "{seen}");
    let (seen, code) = home.terminal("env prod --format bash --show").end();
    assert_eq!(code, 0);
    assert!(seen.contains(&key), "{seen}");
    let (seen, code) = home.terminal("env prod --format bash --unset").end();
    assert_eq!(code, 0);
    assert!(seen.starts_with("unset AWS_ACCESS_KEY_ID"), "{seen}");
}

#[test]
fn a_reader_that_went_away_is_fine_and_a_full_disk_is_not() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let line = "env prod --format sh";
    let gone = "{ \"$@\"; echo $? >&2; } | true; exit 0";
    let answer = home.script(gone, line, "");
    assert_eq!(answer.to_string(), "0\n[exit 0]");
    let answer = home.script("\"$@\" >&-", line, "");
    assert_eq!(answer.to_string(), "[exit 0]");
    home.script("\"$@\" >/dev/full", line, "")
        .fails(1, &["the output could not be written"]);
    let answer = home.script("\"$@\" >&-", "exec prod -- sh -c 'echo x || exit 9'", "");
    assert!(matches!(answer.code, Some(0 | 9)), "{answer}");
}

#[test]
fn slips_are_told_before_anything_is_sent() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    for (line, words) in [
        ("nope", &["there is no profile `nope`"][..]),
        ("morning", &["`morning` is a group"]),
        (
            "prod audit --format sh",
            &["AWS_ACCESS_KEY_ID would be set for prod and for audit"],
        ),
        ("prod audit --format k8s", &["would be set for"]),
        (
            "prod=X_ --format json",
            &["`prod=X_`: there are no variables here", "`prod` alone"],
        ),
        (
            "prod=X_ --format k8s --as-file",
            &["there are no variables here"],
        ),
        ("prod --format odd", &["odd"]),
        ("prod --format sh -o json", &["are two things"]),
        ("prod -o tsv", &["has no `-o tsv`"]),
        ("prod --unset --format docker", &["--unset is for shells"]),
        (
            "prod --as-file --format sh",
            &["--as-file is for `--format k8s`"],
        ),
        (
            "prod --secret-name x --format sh",
            &["--secret-name is for"],
        ),
        (
            "prod --secret-name A --format k8s",
            &["`A` cannot be the name of a Secret"],
        ),
        ("prod --names A", &["`A` is no NAME={field}"]),
        ("", &["which profile?"]),
    ] {
        home.mai(&format!("env {line}")).fails(2, words);
    }
    assert_eq!(traffic(&testbed), (0, 0));
    let nobody = "a person is needed for the keys of prod: run `mai login prod` in a terminal";
    home.mai("env prod --format sh").fails(3, &[nobody]);
}

#[test]
fn what_evaluates_a_failure_fails() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let fails = |line: &str, told: &str, stdout: &str, code: i32| {
        let answer = home.mai(&format!("env {line}")).fails(code, &[told]);
        assert_eq!(answer.stdout, stdout, "{line}");
    };
    let nobody = "a person is needed";
    for form in ["sh", "bash", "zsh", "fish"] {
        fails(&format!("prod --format {form}"), nobody, "false\n", 3);
    }
    fails("nope --format sh", "there is no profile", "false\n", 2);
    // Who reads these takes no commands.
    for form in ["dotenv", "docker", "k8s", "nushell", "powershell"] {
        fails(&format!("prod --format {form}"), nobody, "", 3);
    }
    fails("prod -o json", nobody, "", 3);
    fails("prod --format sh -o json", "are two things", "", 2);

    // What clap finds comes before everything else.
    fails("prod --bad --format sh", "--bad", "false\n", 2);
    fails("prod --format=fish --min soon", "--min", "false\n", 2);
    for form in ["docker", "powershell"] {
        fails(&format!("prod --bad --format {form}"), "--bad", "", 2);
    }
    fails("prod --bad -o json", "--bad", "", 2);
    let help = home.mai("env --help --format sh").ok();
    assert!(!help.stdout.contains("false"), "{help}");
    let script = "sh -c 'eval \"$(\"$@\")\"; echo $?' x \"$@\"";
    for line in ["env prod --bad", "en prod --format odd", "-q env --no-such"] {
        assert_eq!(home.script(script, line, "").stdout, "1\n", "{line}");
    }
    assert_eq!(home.mai("exec prod --bad").fails(2, &["--bad"]).stdout, "");

    let evaluated = |script: &str| home.script(script, "env prod", "");
    for shell in ["sh", "bash"] {
        let script = format!("{shell} -c 'eval \"$(\"$@\")\"; echo $?' x \"$@\"");
        assert_eq!(evaluated(&script).stdout, "1\n");
        let script = format!("{shell} -ec 'eval \"$(\"$@\")\"; echo went on' x \"$@\"");
        assert_eq!(evaluated(&script).fails(1, &[nobody]).stdout, "");
    }
    let kept = evaluated("keys=$(\"$@\") && eval \"$keys\"; echo $?");
    assert_eq!(kept.stdout, "3\n");
    if is_there("fish") {
        let script = "fish --no-config -c '$argv | source; echo $status' \"$@\"";
        assert_eq!(evaluated(script).stdout, "1\n");
    }

    home.profiles("profiles: {prod: {odd: 1}}\n");
    fails("prod --format sh", "odd", "false\n", 2);
}

#[test]
fn what_evaluates_an_interrupted_sign_in_fails() {
    let testbed = Testbed::start();
    let yaml = corp(&testbed, "simple", "ada").replace(
        "password: ask",
        "password: {command: [sh, -c, \"kill -TERM $PPID; sleep 60\"], unattended: true}",
    );
    let home = Home::with(&testbed, &format!("{yaml}{PROFILES}"));
    let answer = home.mai("env prod --format sh").fails(143, &[]);
    assert_eq!(answer.stdout, "false\n");
}
