//! `mai exec`: the command has keys and nothing that shadows them, and `mai` is gone.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use mai_testbed::{PASSWORD, Testbed};

use crate::sign_ins::traffic;
use crate::support::{Answer, Home, PROFILES, corp, finish, sts_calls};

/// ada's home, with good keys of prod and audit.
fn signed_in(testbed: &Testbed) -> Home {
    let home = Home::at(testbed, "simple", "ada");
    home.login("morning").ok();
    testbed.clear_requests();
    home
}

fn variables(answer: &Answer) -> BTreeMap<String, String> {
    let pairs = answer
        .stdout
        .split('\0')
        .filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// The environment of a command, as it sees it.
#[track_caller]
fn environment(home: &Home, line: &str) -> BTreeMap<String, String> {
    let answer = home.mai(&format!("exec {line} -- /usr/bin/env -0")).ok();
    assert_eq!(answer.stderr, "");
    variables(&answer)
}

/// What other tools leave behind.
const LEFT: &[&str] = &[
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SECURITY_TOKEN",
    "AWS_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_CREDENTIAL_FILE",
    "AWS_ACCOUNT_ID",
    "AWS_VAULT",
    "AWSUME_PROFILE",
    "AWSUME_EXPIRATION",
    "AWSUME_OF_TOMORROW",
];

const KEYS: &[&str] = &[
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_SESSION_EXPIRATION",
];

#[test]
fn a_command_has_the_keys_and_nothing_that_shadows_them() {
    let testbed = Testbed::start();
    let mut home = signed_in(&testbed);
    for name in LEFT.iter().chain(KEYS) {
        home.set(name, "stale");
    }
    home.set("AWS_PAGER", "kept");
    let seen = environment(&home, "prod");
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
    assert_eq!(seen["AWS_PAGER"], "kept");
    for name in LEFT {
        assert!(!seen.contains_key(*name), "{name}");
    }
    // Nobody was asked for anything.
    assert_eq!((traffic(&testbed), sts_calls(&testbed)), ((0, 0), 0));
}

#[test]
fn the_section_alone_can_be_handed_over() {
    let testbed = Testbed::start();
    let mut home = signed_in(&testbed);
    for name in LEFT.iter().chain(KEYS) {
        home.set(name, "stale");
    }
    let seen = environment(&home, "prod --via profile");
    assert_eq!(seen["AWS_PROFILE"], "prod");
    assert_eq!(seen["MAI_PROFILE"], "prod");
    for name in LEFT
        .iter()
        .chain(KEYS)
        .filter(|name| **name != "AWS_PROFILE")
    {
        assert!(!seen.contains_key(*name), "{name}");
    }
}

#[test]
fn a_region_is_set_if_it_is_known_and_left_alone_if_not() {
    let testbed = Testbed::start();
    let mut home = signed_in(&testbed);
    home.set("AWS_REGION", "us-east-2");
    let seen = environment(&home, "prod");
    assert_eq!(seen["AWS_REGION"], "us-east-2");
    assert!(!seen.contains_key("AWS_DEFAULT_REGION"));
    home.write(".aws/config", "[profile prod]\nregion = eu-west-1\n");
    for way in ["env", "profile"] {
        let seen = environment(&home, &format!("prod --via {way}"));
        assert_eq!(seen["AWS_REGION"], "eu-west-1");
        assert_eq!(seen["AWS_DEFAULT_REGION"], "eu-west-1");
    }
}

#[test]
fn several_profiles_have_a_prefix_each() {
    let testbed = Testbed::start();
    let mut home = signed_in(&testbed);
    home.set("AWS_PROFILE", "mine");
    home.set("A_AWS_PROFILE", "stale");
    let seen = environment(&home, "prod=P_ audit=A_");
    for (prefix, profile) in [("P_", "prod"), ("A_", "audit")] {
        let key = home.key(profile, "aws_access_key_id").expect("a key");
        assert_eq!(seen[&format!("{prefix}AWS_ACCESS_KEY_ID")], key);
        assert_eq!(seen[&format!("{prefix}MAI_PROFILE")], profile);
    }
    assert!(!seen.contains_key("AWS_ACCESS_KEY_ID"));
    assert!(!seen.contains_key("A_AWS_PROFILE"));
    assert_eq!(
        seen["AWS_PROFILE"], "mine",
        "nothing without a prefix was wanted"
    );
    let seen = environment(&home, "prod prod=P_ audit=A_");
    assert_eq!(seen["P_AWS_ACCESS_KEY_ID"], seen["AWS_ACCESS_KEY_ID"]);
    assert!(!seen.contains_key("AWS_PROFILE"));
}

#[test]
fn variables_can_have_names_of_ones_own() {
    let testbed = Testbed::start();
    let mut home = signed_in(&testbed);
    home.set("AWS_PROFILE", "stale");
    let names = "ID={access_key_id},WHO=aws:{account_id}/{role},TIL={expiration_epoch}";
    let seen = environment(&home, &format!("prod=X_ --names '{names}'"));
    assert_eq!(seen["X_WHO"], "aws:111111111111/PowerUser");
    assert!(seen["X_TIL"].parse::<u64>().is_ok());
    assert!(!seen.contains_key("X_AWS_ACCESS_KEY_ID"));
    let seen = environment(&home, &format!("prod --names '{names}'"));
    assert_eq!(
        seen.get("ID"),
        home.key("prod", "aws_access_key_id").as_ref()
    );
    assert!(!seen.contains_key("AWS_PROFILE"));
    home.mai("exec prod --names R={region} -- true")
        .fails(2, &["R cannot be set: prod has no region", "region:"]);
}

#[test]
fn no_process_of_mai_is_left() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let run =
        home.start("exec prod -- sh -c 'echo $$ $PPID; cat /proc/$$/comm; ulimit -Sc; ulimit -Hc'");
    let pid = run.id();
    let answer = finish(run, "").ok();
    let lines: Vec<&str> = answer.stdout.lines().collect();
    assert_eq!(lines[0], format!("{pid} {}", std::process::id()));
    assert_eq!(lines[1], "sh");
    let limits = home.script("ulimit -Sc; ulimit -Hc", "", "").ok().stdout;
    assert_eq!(lines[2..].join("\n"), limits.trim());
}

#[test]
fn limits_of_core_files_are_those_of_the_caller() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let answer = home.script(
        "ulimit -Hc 64; ulimit -Sc 32; \"$@\"",
        "exec prod -- sh -c 'ulimit -Sc; ulimit -Hc'",
        "",
    );
    assert_eq!(answer.to_string(), "32\n64\n[exit 0]");
}

#[test]
fn what_the_caller_ignores_the_command_ignores_and_nothing_else() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let line = "grep -E ^Sig /proc/self/status";
    let without = home.script(line, "", "").ok();
    let status = format!("exec prod -- {line}");
    let status = status.as_str();
    assert_eq!(home.mai(status), without);
    // As with nohup.
    let answer = home.script("trap '' HUP; exec \"$@\"", status, "").ok();
    let without = home.script(&format!("trap '' HUP; {line}"), "", "").ok();
    assert_eq!(answer, without);
    assert!(answer.stdout.contains("1\n"), "{answer}");
}

#[test]
fn only_what_the_caller_opened_is_open() {
    let testbed = Testbed::start();
    let yaml = corp(&testbed, "simple", "ada").replace(
        "password: ask",
        "password: {command: [echo, correct horse], unattended: true}",
    );
    let home = Home::with(&testbed, &format!("{yaml}{PROFILES}"));
    // With a sign-in before, which opens locks, connections and pipes.
    let list = "sh -c 'for fd in /proc/$$/fd/*; do echo ${fd##*/}; done'";
    let given = "exec 7</dev/null; exec ";
    let answer = home.script(
        &format!("{given} \"$@\""),
        &format!("exec prod --no-input -- {list}"),
        "",
    );
    assert_eq!(sts_calls(&testbed), 1, "{answer}");
    assert!(answer.stderr.contains("Signed in to prod"), "{answer}");
    let without = home.script(&format!("{given} {list}"), "", "").ok();
    assert_eq!(answer.stdout, without.stdout);
    // The locks are free.
    home.mai("exec prod --min 5m --no-input -- true").ok();
}

#[test]
fn stdin_and_the_terminal_are_the_commands() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let mut terminal =
        home.shell("exec prod -- sh -c 'stty -a; read line; echo got $line; exit 7'");
    terminal.expect("Password").line(PASSWORD);
    terminal.expect("speed").line("hello");
    let (seen, code) = terminal.end();
    assert_eq!(code, 7, "{seen}");
    assert!(seen.contains("got hello"), "{seen}");
    let words: Vec<&str> = seen
        .split(|c: char| c.is_whitespace() || c == ';')
        .collect();
    for setting in ["echo", "icanon", "isig"] {
        assert_eq!(
            words.iter().filter(|word| **word == setting).count(),
            2,
            "{seen}"
        );
    }
}

#[test]
fn the_code_is_the_commands() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    for code in [0, 1, 2, 6, 125, 255] {
        let answer = home.mai(&format!("exec prod -- sh -c 'exit {code}'"));
        assert_eq!(answer.to_string(), format!("[exit {code}]"));
    }
    let answer = home.mai("exec prod -- sh -c 'kill -TERM $$'");
    assert_eq!(answer.code, None, "the caller sees the signal itself");
    let answer = home.script("\"$@\"; echo $?", "exec prod -- sh -c 'kill -9 $$'", "");
    assert!(answer.stdout.contains("137"), "{answer}");
    // Options behind `--` are the command's.
    let answer = home
        .mai("exec prod -- echo -v --help -o json --no-input -- x")
        .ok();
    assert_eq!(answer.stdout, "-v --help -o json --no-input -- x\n");
}

#[test]
fn a_command_that_cannot_be_run_is_told_before_a_sign_in() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    home.write("notes", "text");
    home.mai("exec prod -- nope").fails(
        127,
        &["there is no command `nope`", "hint: is it spelled right"],
    );
    home.mai("exec prod -- ./nope").fails(127, &["`./nope`"]);
    home.mai("exec prod -- ''").fails(127, &["``"]);
    home.mai("exec prod -- ./notes")
        .fails(126, &["`./notes` cannot be run: it is not executable"]);
    home.mai("exec prod -- ./.config")
        .fails(126, &["it is a folder"]);
    let answer = home.mai("exec prod -o json -- nope").fails(127, &[]);
    let error: serde_json::Value = serde_json::from_str(&answer.stderr).expect("JSON");
    assert_eq!(error["error"]["kind"], "command_not_found");
    assert_eq!(error["error"]["exit_code"], 127);
    assert_eq!(traffic(&testbed), (0, 0));
}

#[test]
fn what_only_the_system_knows_is_told_too() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let script = home.write("script", "#!/nowhere/sh\n");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("a mode");
    home.mai("exec prod -- ./script")
        .fails(127, &["interpreter"]);
    // A program that is being written cannot be run.
    let program = home.path("program");
    fs::copy("/bin/true", &program).expect("a copy");
    let open = fs::OpenOptions::new().append(true).open(&program);
    home.mai("exec prod -- ./program")
        .fails(125, &["`./program` could not be started: Text file busy"]);
    drop(open);
    home.mai("exec prod -- ./program").ok();
}

#[test]
fn own_failures_have_a_code_that_no_command_has() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    fs::remove_file(home.path(".aws/credentials")).expect("it was there");
    fs::create_dir(home.path(".aws/credentials")).expect("a folder");
    home.mai("exec prod -- true").fails(125, &["error: "]);
}

#[test]
fn slips_are_told_before_anything_is_sent() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    for (line, words) in [
        ("exec nope -- true", &["there is no profile `nope`"][..]),
        ("exec morning -- true", &["`morning` is a group"]),
        (
            "exec prod",
            &["no command to run", "`mai exec prod -- COMMAND`"],
        ),
        (
            "exec prod terraform plan",
            &["`mai exec prod -- terraform plan`"],
        ),
        (
            "exec prod audit -- true",
            &["AWS_ACCESS_KEY_ID would be set for prod and for audit"],
        ),
        (
            "exec prod=X_ audit=X_ -- true",
            &["X_AWS_ACCESS_KEY_ID would be set for"],
        ),
        ("exec prod=1 -- true", &["`1` cannot stand before the name"]),
        ("exec prod= -- true", &["`` cannot stand before the name"]),
        (
            "exec prod --names A={nope} -- true",
            &["there is no field {nope}"],
        ),
        (
            "exec prod --names A-B={region} -- true",
            &["`A-B` cannot be the name"],
        ),
        (
            "exec prod --via profile --names A={role} -- true",
            &["--names is for keys"],
        ),
        (
            "exec prod audit=A_ --via endpoint -- true",
            &["is for one profile"],
        ),
        (
            "exec prod --via endpoint --names A={role} -- true",
            &["--names is for keys as variables"],
        ),
        ("exec -- true", &["which profile?"]),
        ("exec prod --min soon -- true", &["--min"]),
    ] {
        home.mai(line).fails(2, words);
    }
    assert_eq!(traffic(&testbed), (0, 0));
}

#[test]
fn what_a_profile_does_not_have_is_told_before_a_password_is_asked() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let told = "X cannot be set: audit has no region";
    home.mai("exec audit --names X={region} -- true")
        .fails(2, &[told]);
    home.mai("exec prod=P_ audit=A_ --names X={region} -- true")
        .fails(2, &["cannot be set: prod has no region"]);
    home.mai("env audit --names X={region} --format sh")
        .fails(2, &[told]);
    assert_eq!(traffic(&testbed), (0, 0));
    // What it has goes on to the password.
    home.write(".aws/config", "[profile audit]\nregion = eu-west-1\n");
    home.mai("exec audit --names X={region} -- true")
        .fails(3, &["a person is needed"]);
}

#[test]
fn with_nobody_there_one_line_says_what_to_run() {
    let testbed = Testbed::start();
    let mut home = Home::at(&testbed, "simple", "ada");
    home.unset("AWS_ENDPOINT_URL_STS");
    let answer = home.mai("exec prod --no-input -- true");
    assert_eq!(
        answer.to_string(),
        "error: a person is needed for the keys of prod: run `mai login prod` in a terminal\n[exit 3]"
    );
    home.mai("exec prod=P_ audit=A_ -- true").fails(
        3,
        &["the keys of prod and audit: run `mai login prod audit`"],
    );
}

#[test]
fn critical_profiles_are_said_loudly() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let yaml = home.read(".config/mai/profiles.yaml");
    let yaml = yaml.replace("  prod:\n", "  prod:\n    critical: true\n");
    home.profiles(&format!("{yaml}accounts: {{\"111111111111\": acme}}\n"));
    let answer = home.mai("exec prod -- true");
    assert_eq!(
        answer.to_string(),
        "CRITICAL: prod, PowerUser in acme (111111111111)\n[exit 0]"
    );
    assert_eq!(home.mai("exec prod -q -- true").to_string(), "[exit 0]");
    assert_eq!(home.mai("exec audit -- true").to_string(), "[exit 0]");
}

#[test]
fn keys_that_are_short_are_renewed_first() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let mut terminal = home.terminal("exec prod -- printenv AWS_ACCESS_KEY_ID");
    terminal.expect("Password").line(PASSWORD);
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    let key = home.key("prod", "aws_access_key_id").expect("a key");
    assert!(seen.trim_end().ends_with(&key), "{seen}");
    let old = key;
    let mut terminal = home.terminal("exec prod -- printenv AWS_ACCESS_KEY_ID");
    terminal.expect(&old);
}

#[test]
fn a_command_may_ask_an_endpoint_instead() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    home.login("prod").ok();
    let script =
        "echo $AWS_CONTAINER_CREDENTIALS_FULL_URI ${AWS_ACCESS_KEY_ID:-none} $MAI_PROFILE; exit 7";
    let answer = home.mai(&format!("exec prod --via endpoint -- sh -c '{script}'"));
    assert_eq!(answer.code, Some(7), "{answer}");
    let words: Vec<&str> = answer.stdout.split_whitespace().collect();
    assert!(
        words[0].starts_with("http://127.0.0.1:") && words[0].ends_with("/prod"),
        "{answer}"
    );
    assert_eq!(words[1..], ["none", "prod"]);
    home.mai("exec prod --via endpoint -- no-such-command")
        .fails(127, &["no-such-command"]);
}
