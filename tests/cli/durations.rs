//! How long keys last, and what is learned about it.

use chrono::{DateTime, Utc};
use mai_testbed::{AssertionFault, Fault, Testbed};

use crate::support::{Home, corp, sts_calls};

/// A home whose one profile has these further settings.
fn home_with(testbed: &Testbed, role: &str, more: &str) -> Home {
    Home::with(
        testbed,
        &format!(
            "{}profiles:\n  prod: {{identity_provider: corp, role: {role}{more}}}\n",
            corp(testbed, "simple", "ada")
        ),
    )
}

/// Seconds that the keys still have, rounded to the minute.
fn minutes_left(home: &Home) -> i64 {
    let expires = home.key("prod", "x_security_token_expires").expect("keys");
    let expires: DateTime<Utc> = expires.parse().expect("a time");
    ((expires - Utc::now()).num_seconds() + 30) / 60
}

#[test]
fn a_duration_beyond_the_role_is_negotiated_said_and_learned() {
    let testbed = Testbed::start();
    let home = home_with(&testbed, "222222222222/Admin", ", duration: 12h");
    let answer = home.login("prod").ok();
    assert!(
        answer
            .stderr
            .contains("Admin allows 2h at most, so the keys of prod last that long."),
        "{answer}"
    );
    assert_eq!(minutes_left(&home), 120);
    assert!(sts_calls(&testbed) <= 5, "{} calls", sts_calls(&testbed));
    // Known now: asked for at once, and nothing to be said.
    testbed.clear_requests();
    let again = home.login("prod --force").ok();
    assert_eq!(sts_calls(&testbed), 1);
    assert_eq!(minutes_left(&home), 120);
    assert!(!again.stderr.contains("at most"), "{again}");
    // A plain login finds those keys good: the configured 12 h cannot be had.
    testbed.clear_requests();
    home.mai("login prod").ok();
    assert!(testbed.requests().is_empty());
    // A maximum that is known makes a greater --min a slip.
    home.mai("login prod --role arn:aws:iam::222222222222:role/Admin --min 3h")
        .fails(2, &["--min 3h", "its role allows 2h"]);
}

#[test]
fn a_typed_duration_is_tried_again_and_a_raised_maximum_is_found() {
    let testbed = Testbed::start();
    let home = home_with(&testbed, "222222222222/ReadOnly", "");
    let answer = home.login("prod --duration 12h").ok();
    assert!(
        answer.stderr.contains("ReadOnly allows 1h at most"),
        "{answer}"
    );
    assert_eq!(minutes_left(&home), 60);
    testbed.users(|users| users.get("ada").roles[2].max_session = 43_200);
    testbed.clear_requests();
    home.login("prod --duration 12h --force").ok();
    assert_eq!((minutes_left(&home), sts_calls(&testbed)), (720, 1));
    // The longer keys stay: a plain login has nothing to do.
    testbed.clear_requests();
    home.mai("login prod").ok();
    assert!(testbed.requests().is_empty());
}

#[test]
fn slips_on_the_command_line_stop_before_the_first_byte() {
    let testbed = Testbed::start();
    let home = home_with(&testbed, "222222222222/Admin", "");
    for (typed, words) in [
        ("5m", "5m is out of range: AWS gives keys for 15m to 12h"),
        ("13h", "13h is out of range"),
        ("3600", "write it like 90s, 15m, 8h or 1h30m"),
    ] {
        home.login(&format!("prod --duration {typed}"))
            .fails(2, &[words]);
    }
    home.login("prod --role ''")
        .fails(2, &["there is no role in it"]);
    home.login("prod --min soon")
        .fails(2, &["`soon` is not a duration"]);
    assert!(testbed.requests().is_empty());
}

#[test]
fn the_identity_provider_suggests_a_duration_where_none_is_set() {
    let testbed = Testbed::start();
    testbed.users(|users| users.get("ada").session_duration = Some(4 * 3600));
    let power = "111111111111/PowerUser";
    let home = home_with(&testbed, power, "");
    home.login("prod").ok();
    assert_eq!(minutes_left(&home), 240);
    let home = home_with(&testbed, power, ", duration: 90m");
    home.login("prod").ok();
    assert_eq!(minutes_left(&home), 90);
    // More than the role allows is negotiated like anything else.
    let home = home_with(&testbed, "222222222222/Admin", "");
    home.login("prod").ok();
    assert_eq!(minutes_left(&home), 120);
}

#[test]
fn keys_that_are_far_shorter_than_configured_are_not_renewed_at_once() {
    let testbed = Testbed::start();
    for role in [
        "222222222222/ReadOnly",
        "arn:aws:iam::222222222222:role/ReadOnly",
    ] {
        let home = home_with(&testbed, role, ", duration: 12h");
        home.login("prod").ok();
        assert_eq!(minutes_left(&home), 60);
        testbed.clear_requests();
        for line in [
            "login prod",
            "login prod --duration 12h",
            "login prod --min 8h",
        ] {
            let refused = line.ends_with("8h");
            let answer = home.mai(line);
            assert_eq!(
                answer.code,
                Some(if refused { 2 } else { 0 }),
                "{line}: {answer}"
            );
        }
        assert!(testbed.requests().is_empty(), "{role}");
    }
}

#[test]
fn keys_end_with_the_session_of_the_identity_provider() {
    let testbed = Testbed::start();
    testbed.set(Fault::Assertion(AssertionFault::SessionEndsIn(40 * 60)));
    let home = home_with(&testbed, "111111111111/PowerUser", ", duration: 8h");
    let answer = home.login("prod -o json").ok();
    assert_eq!(minutes_left(&home), 40);
    // They are new, however short of the configured 8 h they are.
    testbed.clear_requests();
    home.mai("login prod").ok();
    assert!(testbed.requests().is_empty());
    assert_eq!(
        answer.json()[0]["expires_at"].as_str(),
        home.key("prod", "x_security_token_expires").as_deref()
    );
}
