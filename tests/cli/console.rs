//! `mai console`: a browser that is signed in, without the address standing anywhere.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;

use mai_testbed::{RoleRules, Testbed};

use crate::sign_ins::traffic;
use crate::support::{Home, PROFILES, corp};
use crate::waiting::wait_until;

const DEEP: &str = "arn:aws:iam::333333333333:role/Deep";

/// Ada, signed in to prod and to deep, which hangs on it.
fn signed_in(testbed: &Testbed) -> Home {
    testbed.role(DEEP, RoleRules::default());
    let deep = format!("  deep: {{source_profile: prod, role: '{DEEP}'}}\ngroups:");
    let profiles = PROFILES.replace("groups:", &deep);
    let names = "accounts: {'111111111111': 'acme & co'}\n";
    let corp = corp(testbed, "simple", "ada");
    let home = Home::with(testbed, &format!("{corp}{names}{profiles}"));
    home.login("deep").ok();
    testbed.clear_requests();
    home
}

/// What starts a browser: it notes its words, its environment and every command line that it can see, and ends, as
/// those do that hand an address to a browser that is running.
fn browser(home: &Home) -> PathBuf {
    let script = r#"#!/bin/sh
env > "$HOME/environment"
for process in /proc/[0-9]*; do tr '\0' ' ' < $process/cmdline; echo; done > "$HOME/lines" 2>/dev/null
for word in "$@"; do echo "$word"; done > "$HOME/words.new"
mv "$HOME/words.new" "$HOME/words"
"#;
    let path = home.write("bin/browser", script);
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// The words that the browser was started with, once it was.
fn words_of_browser(home: &Home) -> Vec<String> {
    wait_until("the browser started", || !home.read("words").is_empty());
    home.read("words").lines().map(str::to_owned).collect()
}

/// GETs an address of this computer: the answer, empty if nobody listens.
fn get(address: &str) -> String {
    let host = address.split('/').nth(2).expect("a host");
    get_as(host, address)
}

/// The same under another name.
fn get_as(name: &str, address: &str) -> String {
    let rest = address.strip_prefix("http://").expect("plain http");
    let (host, path) = rest.split_once('/').expect("a path");
    let mut answer = String::new();
    if let Ok(mut stream) = TcpStream::connect(host) {
        let head = format!("GET /{path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n");
        let _ = stream.write_all(head.as_bytes());
        let _ = stream.read_to_string(&mut answer);
    }
    answer
}

fn location(answer: &str) -> &str {
    let lines = answer.lines();
    let mut found = lines.filter_map(|line| line.split_once(": "));
    found
        .find(|(name, _)| name.eq_ignore_ascii_case("location"))
        .unwrap_or_else(|| panic!("no location in:\n{answer}"))
        .1
        .trim()
}

#[test]
fn the_printed_address_signs_in_once_and_keys_stand_in_no_address() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let answer = home
        .mai("console prod --print --service s3 --region eu-west-1")
        .ok();
    assert!(
        answer.stderr.contains(
            "whoever opens this address within 15 minutes is PowerUser in acme & co (111111111111)"
        ),
        "{answer}"
    );
    let address = answer.stdout.trim_end();
    assert_eq!(answer.stdout.lines().count(), 1);
    assert!(
        address.starts_with(&format!(
            "{}/federation?Action=login&Issuer=",
            testbed.sts_url().trim_end_matches('/')
        )),
        "{address}"
    );
    // Keys have letters that an address writes as %2F.
    let pairs = url::Url::parse(address).expect("an address");
    let readable = format!("{:?}", pairs.query_pairs().collect::<Vec<_>>());
    for key in [
        "aws_access_key_id",
        "aws_secret_access_key",
        "aws_session_token",
    ] {
        let key_in_file = home.key("prod", key).unwrap();
        assert!(!readable.contains(&key_in_file), "{key}");
    }
    let first = get(address);
    assert!(first.starts_with("HTTP/1.1 302"), "{first}");
    assert_eq!(
        location(&first),
        "https://eu-west-1.console.aws.amazon.com/s3/home?region=eu-west-1"
    );
    assert!(get(address).starts_with("HTTP/1.1 400"));
    // Nobody signed in, and the token was posted for.
    assert_eq!(traffic(&testbed), (0, 0));
    let seen = testbed.requests();
    assert_eq!(
        (seen[0].method.as_str(), seen[0].path.as_str()),
        ("POST", "/federation")
    );
    let document = home.mai("console prod --print -o json").ok().json();
    assert_eq!(
        document["destination"],
        "https://console.aws.amazon.com/console/home?region=us-east-1"
    );
    assert!(get(document["url"].as_str().unwrap()).starts_with("HTTP/1.1 302"));
}

#[test]
fn a_duration_is_for_roles_that_the_sign_in_gave_and_given_up_where_aws_refuses_it() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    home.mai("console prod --print").ok();
    home.mai("console prod --print --duration 8h").ok();
    home.mai("console deep --print").ok();
    assert_eq!(
        testbed.console_durations(),
        [None, Some("28800".to_owned()), None]
    );
    home.mai("console deep --print --duration 1h")
        .fails(2, &["ends with its keys", "leave out --duration"]);
    home.mai("console prod --print --duration 13h")
        .fails(2, &["15m to 12h"]);

    testbed.refuse_next("Odd", "no", 400);
    let answer = home.mai("console prod --print --duration 2h").ok();
    assert!(
        answer.stderr.contains("does not grant that --duration"),
        "{answer}"
    );
    assert_eq!(testbed.console_durations().last(), Some(&None));
}

#[test]
fn a_browser_gets_an_address_that_is_good_once_and_tells_nothing() {
    let testbed = Testbed::start();
    let mut home = signed_in(&testbed);
    home.set("AWS_SECRET_ACCESS_KEY", "of-somebody-else");
    let browser = browser(&home);
    let command = format!(
        "console prod --browser '{} --in={{account}} {{url}}'",
        browser.display()
    );
    let terminal = home.terminal(&command);
    let words = words_of_browser(&home);
    assert_eq!(
        (words.len(), words[0].as_str()),
        (2, "--in=acme---co"),
        "{words:?}"
    );
    let address = words[1].as_str();

    let misdirected = get_as("evil.test", address);
    assert!(misdirected.starts_with("HTTP/1.1 421"), "{misdirected}");
    assert!(get(&format!("{address}x")).starts_with("HTTP/1.1 404"));
    let answer = get(address);
    assert!(answer.starts_with("HTTP/1.1 302"), "{answer}");
    assert!(answer.contains("cache-control: no-store"), "{answer}");
    assert!(answer.contains("referrer-policy: no-referrer"), "{answer}");
    let again = get(address);
    assert!(!again.contains("SigninToken"), "{again}");
    assert!(get(location(&answer)).starts_with("HTTP/1.1 302"));

    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    let told = "Your browser is PowerUser in acme & co (111111111111) now.";
    assert!(seen.contains(told), "{seen}");
    assert!(
        home.read("lines").contains(address),
        "it can see command lines"
    );
    let everywhere = format!("{}{}{seen}", home.read("lines"), home.read("environment"));
    for secret in ["SigninToken", "federation?", "of-somebody-else"] {
        assert!(!everywhere.contains(secret), "{secret} in:\n{everywhere}");
    }
}

#[test]
fn the_browser_of_the_configuration_is_used_and_slips_in_it_are_placed() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let browser = browser(&home);
    let profiles = home.read(".config/mai/profiles.yaml");
    let with = |command: &str| {
        home.profiles(&format!(
            "console: {{browser: {{command: \"{command}\"}}}}\n{profiles}"
        ));
    };
    with(&format!("{} {{profile}}", browser.display()));
    let terminal = home.terminal("console prod");
    let words = words_of_browser(&home);
    assert_eq!(words[0], "prod");
    assert!(get(&words[1]).starts_with("HTTP/1.1 302"));
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    let doctor = home.mai("doctor");
    assert!(doctor.stdout.contains("console.browser"), "{doctor}");

    with("firefox {acount}");
    home.mai("console prod")
        .fails(2, &["profiles.yaml:1:", "{acount}", "`account`"]);
    with("./firefox");
    home.mai("console prod")
        .fails(2, &["whatever folder you are in"]);
    home.profiles(&format!("console: {{browser: firefox}}\n{profiles}"));
    home.mai("console prod").fails(2, &["must be {command: …}"]);
    home.mai("console prod --browser 'firefox {'")
        .fails(2, &["must be {command"]);
}

#[test]
fn a_file_that_others_may_write_cannot_name_the_browser() {
    use std::os::unix::fs::PermissionsExt;
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let profiles = home.read(".config/mai/profiles.yaml");
    home.profiles(&format!(
        "console: {{browser: {{command: [firefox]}}}}\n{profiles}"
    ));
    let path = home.path(".config/mai/profiles.yaml");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666)).unwrap();
    home.mai("console prod --print")
        .fails(2, &["may not hold a `command`"]);
}

#[test]
fn a_browser_that_fails_is_no_reason_to_wait() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    for (browser, words) in [
        ("false", "`false` ended with exit code 1"),
        ("/no/such/browser", "there is no program `browser`"),
    ] {
        let (seen, code) = home
            .terminal(&format!("console prod --browser {browser}"))
            .end();
        assert_eq!(code, 3, "{seen}");
        assert!(seen.contains(words) && seen.contains("--print"), "{seen}");
    }
}

#[test]
fn with_nobody_or_no_desktop_there_it_says_what_to_run() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    home.mai("console prod").fails(
        3,
        &[
            "run `mai console prod` in a terminal",
            "`mai console prod --print`",
        ],
    );
    let (seen, code) = home.terminal("console prod").end();
    assert_eq!(code, 3, "{seen}");
    assert!(
        seen.contains("there is no desktop here") && seen.contains("--print"),
        "{seen}"
    );
    assert_eq!((traffic(&testbed), testbed.requests().len()), ((0, 0), 0));
    // Without keys a person is needed for those.
    home.mai("console audit --print")
        .fails(3, &["`mai login audit`"]);
}

#[test]
fn refusals_and_slips_are_told() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    // Slips cost no sign-in.
    home.mai("logout --all").ok();
    testbed.clear_requests();
    for (line, words) in [
        ("console nope --print", "there is no profile `nope`"),
        ("console morning --print", "is a group"),
        (
            "console prod --print --service ../x",
            "is not the name of a service",
        ),
        ("console prod --print --region moon", "is not a region"),
        (
            "console prod --print --region cn-north-1",
            "not in the partition aws",
        ),
        ("console prod --print --browser x", "cannot be used with"),
        // Nobody is there for these, and that is not what is wrong with them.
        ("console prod --region moon", "is not a region"),
        ("console prod --duration 13h", "15m to 12h"),
    ] {
        let answer = home.mai(line).fails(2, &[words]);
        assert!(answer.stdout.is_empty(), "{answer}");
    }
    assert!(testbed.requests().is_empty());
    home.login("prod").ok();
    let answer = home.mai("console prod --print -vv").ok();
    assert!(
        answer.stderr.contains("/federation -> 200"),
        "-vv shows requests: {answer}"
    );
    assert!(!answer.stderr.contains("SigninToken"), "{answer}");
    testbed.expire_keys();
    let answer = home.mai("console prod --print").fails(
        4,
        &[
            "does not take the keys of prod (HTTP 400)",
            "`mai whoami prod`",
        ],
    );
    assert!(!answer.stderr.contains('<'), "{answer}");
}
