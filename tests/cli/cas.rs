//! CAS: the pages between login and answer, codes, and what ends a sign-in.

use mai_testbed::{PASSWORD, Testbed};

use crate::sign_ins::{a_code_ends_it, ada_at, after_password, ends_in_keys, home_of, traffic};
use crate::support::{Home, PROFILES, corp};

#[test]
fn its_pages_lead_to_keys_and_cost_no_request_too_many() {
    let testbed = Testbed::start();
    for (face, requests, words) in [
        ("cas", 4, ""),
        ("cas-interrupt", 5, "The canteen is closed on Friday."),
        ("cas-warning", 5, "Your password expires in 3 days."),
    ] {
        let home = ada_at(&testbed, face, "");
        let answer = ends_in_keys(&testbed, face, &home, "prod", requests);
        assert!(answer.stderr.contains(words), "{face}: {answer}");
    }
}

#[test]
fn the_row_may_be_named() {
    let testbed = Testbed::start();
    ada_at(&testbed, "cas", "    type: cas\n")
        .login("prod")
        .ok();
}

#[test]
fn a_policy_and_consent_are_asked_for_once() {
    let testbed = Testbed::start();
    for (face, what, words, question) in [
        (
            "cas-aup",
            "terms of use",
            "Be kind to everybody",
            "Accept these terms",
        ),
        (
            "cas-consent",
            "consent",
            "ada@corp.test",
            "pass this on to AWS?",
        ),
    ] {
        let home = ada_at(&testbed, face, "");
        home.login("prod").fails(3, &["asks for", what]);
        let mut terminal = home.terminal("login prod");
        terminal.expect("Password").line(PASSWORD);
        terminal.expect(words).expect(question).line("n");
        let (seen, code) = terminal.end();
        assert_eq!(code, 4, "{face}: {seen}");
        let mut terminal = home.terminal("login prod");
        terminal.expect("Password").line(PASSWORD);
        terminal.expect(question).line("y");
        let (seen, code) = terminal.end();
        assert_eq!(code, 0, "{face}: {seen}");
        let answer = home.login("prod --force");
        assert_eq!(answer.code, Some(0), "{face}: {answer}");
    }
}

#[test]
fn a_code_goes_with_the_device_that_a_script_names() {
    let testbed = Testbed::start();
    let home = home_of(&testbed, "cas-gauth", "otto", "");
    home.login("any").fails(3, &["one-time code"]);
    testbed.clear_requests();
    let mut terminal = after_password(&home);
    terminal.expect("Code").expect(": ").line("000000");
    terminal.expect("Invalid credentials");
    a_code_ends_it(terminal, "That code was refused", &testbed.code("otto"));
    assert_eq!(traffic(&testbed), (6, 1));
}

#[test]
fn of_several_ways_the_configured_one_is_taken_or_the_person_picks() {
    let testbed = Testbed::start();
    let home = home_of(&testbed, "cas-ways", "otto", "    mfa: {method: totp}\n");
    let terminal = after_password(&home);
    let seen = a_code_ends_it(terminal, "Code", &testbed.code("otto"));
    assert!(!seen.contains("type to filter"), "{seen}");

    testbed.forget_codes();
    let home = home_of(&testbed, "cas-ways", "otto", "");
    let mut terminal = after_password(&home);
    terminal.expect("type to filter").keys("google\r");
    let seen = a_code_ends_it(terminal, "Code", &testbed.code("otto"));
    // A security key is of no use here.
    assert!(!seen.contains("WebAuthn"), "{seen}");
}

#[test]
fn every_refusal_has_its_sentence_and_its_code() {
    let testbed = Testbed::start();
    ada_at(&testbed, "cas", "")
        .mai_with("login prod --password-stdin", "wrong\n")
        .fails(
            4,
            &["refused the password of ada", "`mai login prod --ask`"],
        );
    home_of(&testbed, "cas", "eve", "")
        .login("any")
        .fails(4, &["the account of eve is locked or disabled"]);
    home_of(&testbed, "cas", "pat", "")
        .login("any")
        .fails(3, &["the password of pat at", "must be changed"]);
    ada_at(&testbed, "cas-blocked", "")
        .login("prod")
        .fails(4, &["stopped the sign-in", "The canteen is closed"]);
    ada_at(&testbed, "cas-enrol", "")
        .login("prod")
        .fails(3, &["second factor to be set up", "in a browser"]);
}

#[test]
fn an_address_that_does_not_name_aws_is_refused_with_the_one_that_does() {
    let testbed = Testbed::start();
    for query in ["", "?providerId=urn:other"] {
        let yaml =
            corp(&testbed, "cas", "ada").replace("?providerId=urn:amazon:webservices", query);
        let home = Home::with(&testbed, &format!("{yaml}{PROFILES}"));
        home.login("prod").fails(
            2,
            &[
                "does not know this application",
                "SSO?providerId=urn:amazon:webservices",
                "not authorized",
            ][..2],
        );
    }
}
