//! A login from nothing to keys.

use mai_testbed::{PASSWORD, Server, Testbed};

use crate::support::{Home, mode};

#[test]
fn a_login_writes_keys_that_work_and_says_until_when() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let answer = home.login("prod").ok();
    assert!(
        answer.stderr.contains("Signed in to prod until"),
        "{answer}"
    );
    assert!(answer.stdout.is_empty(), "{answer}");
    let key = home.key("prod", "aws_access_key_id").expect("a key id");
    assert!(key.starts_with("ASIA"), "{key}");
    for key in [
        "aws_secret_access_key",
        "aws_session_token",
        "x_security_token_expires",
    ] {
        assert!(
            home.key("prod", key).is_some(),
            "{key} in:\n{}",
            home.credentials()
        );
    }
    assert_eq!(mode(&home.path(".aws/credentials")), 0o600);
    assert_eq!(mode(&home.path(".aws")), 0o700);
    assert_eq!(testbed.password_attempts("ada"), 1);
}

#[test]
fn two_profiles_cost_one_sign_in() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    home.login("morning").ok();
    assert!(home.key("prod", "aws_access_key_id").is_some());
    assert!(home.key("audit", "aws_access_key_id").is_some());
    assert_eq!(testbed.password_attempts("ada"), 1);
    let sts = testbed
        .requests()
        .iter()
        .filter(|seen| seen.server == Server::Sts && seen.method == "POST")
        .count();
    assert_eq!(sts, 2, "one call for each role");
}

#[test]
fn a_person_types_the_password_and_it_does_not_show() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let mut terminal = home.terminal("login prod");
    terminal.expect("Password");
    assert!(!terminal.echoes());
    terminal.line(PASSWORD);
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(seen.contains("Signed in to prod until"), "{seen}");
    assert!(!seen.contains(PASSWORD), "{seen}");
}
