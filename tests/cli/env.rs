//! `mai env`: what is printed is taken by the real shells, whatever stands in it.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use mai::handover::environment::Environment;
use mai::handover::spelling::{Form, spelled};
use mai::secret::Secret;
use mai_testbed::{PASSWORD, Testbed};
use proptest::prelude::*;

use crate::sign_ins::traffic;
use crate::support::{Home, PROFILES, corp, sts_calls};

/// A region that would do something wherever a quote is missing.
const HOSTILE: &str = r#"a'b"c`touch x`$(touch x)\;touch x;#{}*?~!%u&|<>( é"#;

fn signed_in(testbed: &Testbed) -> Home {
    let home = Home::at(testbed, "simple", "ada");
    home.login("morning").ok();
    testbed.clear_requests();
    home
}

/// Is a program installed here?
fn is_there(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output();
    found.is_ok_and(|told| told.status.success())
}

#[track_caller]
fn printed(home: &Home, line: &str) -> String {
    let answer = home.mai(&format!("env {line}")).ok();
    assert_eq!(answer.stderr, "");
    answer.stdout
}

/// What programs see after a shell ran this code.
fn taken(shell: &str, code: &str, around: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut child = Command::new(shell)
        .args(["-c", "eval \"$(cat)\"; exec env -0"])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .envs(around.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the shell starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    pipe.write_all(code.as_bytes()).expect("the code is read");
    drop(pipe);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("text");
    text.split('\0')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn a_shell_takes_the_keys_and_gives_them_back() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    for (shell, form) in [("sh", "sh"), ("bash", "bash")] {
        let code = printed(&home, &format!("prod --format {form}"));
        let seen = taken(
            shell,
            &code,
            &[("AWS_PROFILE", "stale"), ("AWS_VAULT", "stale")],
        );
        for (name, key) in [
            ("AWS_ACCESS_KEY_ID", "aws_access_key_id"),
            ("AWS_SECRET_ACCESS_KEY", "aws_secret_access_key"),
            ("AWS_SESSION_TOKEN", "aws_session_token"),
            ("AWS_CREDENTIAL_EXPIRATION", "x_security_token_expires"),
            ("AWS_SESSION_EXPIRATION", "x_security_token_expires"),
        ] {
            assert_eq!(seen.get(name), home.key("prod", key).as_ref(), "{name}");
        }
        assert_eq!(seen["MAI_PROFILE"], "prod");
        assert!(!seen.contains_key("AWS_PROFILE") && !seen.contains_key("AWS_VAULT"));
        let both = code + &printed(&home, &format!("prod --unset --format {form}"));
        let left = taken(shell, &both, &[("AWS_PAGER", "kept")]);
        let left: Vec<&String> = left
            .keys()
            .filter(|name| name.contains("AWS") || name.contains("MAI"))
            .collect();
        assert_eq!(left, ["AWS_PAGER"]);
    }
    assert_eq!((traffic(&testbed), sts_calls(&testbed)), ((0, 0), 0));
}

#[test]
fn a_region_of_the_profile_before_does_not_stay() {
    let testbed = Testbed::start();
    let mut home = signed_in(&testbed);
    home.write(".aws/config", "[profile prod]\nregion = eu-west-1\n");
    let shown = "echo ${AWS_REGION-none} ${AWS_DEFAULT_REGION-none}";
    let switched = |line: &str| {
        let script = format!("eval \"$(\"$@\" prod)\"; eval \"$(\"$@\" audit)\"; {shown}");
        home.script(&script, line, "").to_string()
    };
    assert_eq!(switched("env"), "none none\n[exit 0]");
    let both = "exec prod -- sh -c 'exec \"$MAI\" exec audit -- sh -c \"$SHOWN\"'";
    home.set("MAI", env!("CARGO_BIN_EXE_mai"));
    home.set("SHOWN", shown);
    assert_eq!(home.mai(both).to_string(), "none none\n[exit 0]");
}

/// What fish says, whose person has universal variables: those of all its shells, for ever.
#[track_caller]
fn fish(home: &Home, code: &str, line: &str) -> String {
    let script = format!("fish -ic '{code}' \"$@\" </dev/null");
    home.script(&script, line, "").ok().stdout
}

#[test]
fn universal_variables_of_fish_are_hidden_and_stay() {
    if !is_there("fish") {
        return;
    }
    let testbed = Testbed::start();
    let mut home = signed_in(&testbed);
    let names = "AWS_PROFILE AWS_DEFAULT_PROFILE AWS_VAULT AWS_ACCESS_KEY_ID";
    let shown = format!("for name in {names} AWS_REGION; echo $name=(printenv $name); end");
    let universal = "AWS_PROFILE=mine\nAWS_DEFAULT_PROFILE=mine\nAWS_VAULT=mine\nAWS_ACCESS_KEY_ID=mine\n\
                     AWS_REGION=us-east-2\n";
    let set = format!("for name in {names}; set -Ux $name mine; end; set -Ux AWS_REGION us-east-2");
    fish(&home, &set, "");
    home.write(".aws/config", "[profile prod]\nregion = eu-west-1\n");
    let key = |profile: &str| home.key(profile, "aws_access_key_id").expect("a key");
    // boto3 finds no profile with an empty name, so there the section stands whose keys these are.
    let of = |profile: &str, region: &str| {
        format!(
            "AWS_PROFILE={profile}\nAWS_DEFAULT_PROFILE={profile}\nAWS_VAULT=\nAWS_ACCESS_KEY_ID={}\nAWS_REGION={region}\n",
            key(profile)
        )
    };
    let (prod, audit) = (of("prod", "eu-west-1"), of("audit", "us-east-2"));
    let seen = fish(&home, &format!("$argv prod | source; {shown}"), "env");
    assert_eq!(seen, prod);
    let code = format!("$argv prod | source; $argv audit | source; {shown}");
    assert_eq!(fish(&home, &code, "env"), audit);
    let code = format!("$argv prod | source; $argv --unset | source; {shown}");
    assert_eq!(
        fish(&home, &code, "env"),
        universal.replace("VAULT=mine", "VAULT=")
    );
    // In a function, and where the shell came with others of its own.
    let code =
        format!("function f; set -lx AWS_PROFILE mine; $argv | source; {shown}; end; f $argv");
    assert_eq!(fish(&home, &code, "env prod"), prod);
    home.set("AWS_PROFILE", "inherited");
    home.set("AWS_VAULT", "inherited");
    let seen = fish(&home, &format!("$argv | source; {shown}"), "env prod");
    assert_eq!(seen, prod);
    home.unset("AWS_PROFILE");
    home.unset("AWS_VAULT");
    let line = "init fish --use --no-prompt";
    let mai = env!("CARGO_BIN_EXE_mai");
    home.write("bin/mai", format!("#!/bin/sh\nexec {mai} \"$@\"\n"));
    let code = format!(
        "chmod +x bin/mai; set PATH $HOME/bin $PATH; $argv | source; mai use prod; {shown}"
    );
    let used = "AWS_PROFILE=prod\nAWS_DEFAULT_PROFILE=prod\nAWS_VAULT=\nAWS_ACCESS_KEY_ID=\nAWS_REGION=us-east-2\n";
    assert_eq!(fish(&home, &code, line), used);
    assert_eq!(fish(&home, &shown, ""), universal);
}

#[test]
fn what_files_say_cannot_act_in_a_shell() {
    let testbed = Testbed::start();
    let mut home = signed_in(&testbed);
    home.write(
        ".aws/config",
        format!("[profile prod]\nregion = {HOSTILE}\n"),
    );
    home.set("AWSUME_$(touch x)", "x");
    home.set("AWSUME_A;touch x", "x");
    for shell in ["sh", "bash"] {
        let answer = home.script(
            &format!("{shell} -c 'eval \"$(\"$@\")\"; printf %s \"$AWS_REGION\"' x \"$@\""),
            "env prod",
            "",
        );
        assert_eq!(answer.to_string(), format!("{HOSTILE}[exit 0]"));
    }
    assert_eq!(home.names("").iter().filter(|name| *name == "x").count(), 0);
    let seen = home.mai("exec prod -- printenv AWS_REGION").ok().stdout;
    assert_eq!(seen.trim_end(), HOSTILE);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_value_is_a_value_in_sh_and_bash(
        values in proptest::collection::vec(
            prop_oneof!["[^\u{0}]{0,12}", "['\"`$\\\\\n\r !#;&|()~*?{}a]{0,16}"],
            1..40,
        )
    ) {
        let set: Vec<(String, Secret)> = values
            .iter()
            .enumerate()
            .map(|(number, value)| (format!("V{number}"), Secret::new(value.as_str())))
            .collect();
        let environment = Environment { set, unset: vec!["GONE".into(), "NEVER".into()], ..Environment::default() };
        for (shell, form) in [("sh", Form::Sh), ("bash", Form::Bash)] {
            let code = spelled(form, &environment).unwrap();
            let mut seen = taken(shell, &code, &[("GONE", "x")]);
            for (number, value) in values.iter().enumerate() {
                let found = seen.remove(&format!("V{number}"));
                prop_assert_eq!(found.as_deref(), Some(value.as_str()), "{}", shell);
            }
            // What a shell sets itself, and nothing else.
            for name in seen.keys() {
                prop_assert!(["PATH", "PWD", "OLDPWD", "SHLVL", "_"].contains(&name.as_str()), "{}", name);
            }
        }
    }
}

#[test]
fn the_shell_that_calls_is_found() {
    let testbed = Testbed::start();
    let mut home = signed_in(&testbed);
    home.set("SHELL", "/usr/bin/fish");
    for (script, told) in [
        (
            "\"$@\"; exit $?",
            "writing for sh, since `mai` was called from sh",
        ),
        (
            "timeout 20 bash -c '\"$@\"; exit $?' x \"$@\"; exit $?",
            "writing for bash, since `mai` was called from bash",
        ),
    ] {
        let answer = home.script(script, "env prod -v", "").ok();
        assert!(answer.stderr.contains(told), "{answer}");
    }
    // A shell in the chain that called the test itself, else SHELL.
    let answer = home.mai("env prod -v").ok();
    assert!(
        answer.stderr.contains("; --format names another"),
        "{answer}"
    );
}

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
fn a_shell_that_evaluates_it_lets_its_person_sign_in() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let mut terminal = home.in_terminal(
        "env prod",
        "eval \"$(\"$@\")\"; unset AWS_PROFILE; echo I have $MAI_PROFILE",
    );
    terminal.expect("Password").line(PASSWORD);
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(seen.contains("I have prod"), "{seen}");
}

#[test]
fn files_and_documents_hold_the_same() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let key = |name: &str| home.key("prod", name).expect("a key");
    let secret = key("aws_secret_access_key");
    for form in ["dotenv", "docker"] {
        let text = printed(&home, &format!("prod --format {form}"));
        assert!(text.contains(&format!("\nAWS_SECRET_ACCESS_KEY={secret}\n")));
        assert_eq!(text.lines().count(), 6, "no region is known");
    }
    let text = printed(&home, "prod --format json");
    assert_eq!(text, printed(&home, "prod -o json"));
    let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    for (name, value) in [
        ("profile", "prod"),
        ("aws_profile", "prod"),
        ("role_arn", "arn:aws:iam::111111111111:role/PowerUser"),
        ("account_id", "111111111111"),
        ("role", "PowerUser"),
        ("expires_at", &key("x_security_token_expires")),
        ("access_key_id", &key("aws_access_key_id")),
        ("secret_access_key", &secret),
        ("session_token", &key("aws_session_token")),
    ] {
        assert_eq!(document[name], value, "{name}");
    }
    assert!(document["region"].is_null());
    let text = printed(&home, "prod audit --format json");
    let both: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(
        (&both[0]["profile"], &both[1]["profile"]),
        (&"prod".into(), &"audit".into())
    );
    let text = printed(
        &home,
        "prod=P_ audit=A_ --format json --names WHO={account_id}",
    );
    let names: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(
        names,
        serde_json::json!({"P_WHO": "111111111111", "A_WHO": "222222222222"})
    );
    let text = printed(&home, "prod --format k8s");
    assert!(text.starts_with("apiVersion: v1\nkind: Secret\nmetadata:\n  name: \"mai-prod\"\n"));
    assert!(text.contains(&format!("\n  \"AWS_SECRET_ACCESS_KEY\": \"{secret}\"\n")));
    let text = printed(&home, "prod --format k8s --as-file --secret-name aws.keys");
    assert!(text.contains("name: \"aws.keys\"\n"));
    assert!(text.contains(&format!(
        "\n  \"credentials\": \"[default]\\naws_access_key_id = {}\\n",
        key("aws_access_key_id")
    )));
}

#[test]
fn what_a_file_cannot_hold_is_refused_and_not_shown() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    home.write(
        ".aws/config",
        format!("[profile prod]\nregion = {HOSTILE}\n"),
    );
    let answer = home
        .mai("env prod --format dotenv")
        .fails(2, &["AWS_REGION cannot be written as dotenv", "--names"]);
    assert_eq!(answer.stdout, "", "all or nothing");
    printed(&home, "prod --format docker");
}

#[test]
fn what_a_file_cannot_hold_is_refused_before_a_password_is_asked() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    for (names, told) in [
        ("X='{role}!'", "X cannot be written as dotenv"),
        ("Y={secret_access_key}#", "Y cannot be written as dotenv"),
        ("A={role},B={region}", "B cannot be set: prod has no region"),
    ] {
        home.mai(&format!("env prod --format dotenv --names {names}"))
            .fails(2, &[told]);
    }
    home.write(
        ".aws/config",
        format!("[profile prod]\nregion = {HOSTILE}\n"),
    );
    home.mai("env prod --format dotenv")
        .fails(2, &["AWS_REGION cannot be written as dotenv"]);
    assert_eq!(traffic(&testbed), (0, 0));
    home.mai("env prod --format docker")
        .fails(3, &["a person is needed"]);
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
