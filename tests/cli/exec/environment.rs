//! The variables that a command of `mai exec` has.

use std::collections::BTreeMap;

use mai_testbed::Testbed;

use super::signed_in;
use crate::sign_ins::traffic;
use crate::support::{Answer, Home, sts_calls};

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
