//! Shibboleth: the pages between the start and the answer, codes of its plugins, and what ends a sign-in.

use mai_testbed::{ODD_PASSWORD, PASSWORD, Testbed};

use crate::sign_ins::{
    a_code_ends_it, ada_at, after_password, ends_in_keys, home_of, tablet, traffic,
};
use crate::support::{Home, PROFILES, corp, sts_calls};

#[test]
fn its_pages_lead_to_keys_and_cost_no_request_too_many() {
    let testbed = Testbed::start();
    for (face, requests) in [
        ("shibboleth", 7),
        ("shibboleth-v3", 3),
        ("shibboleth-expiring", 5),
        ("shibboleth-spnego", 5),
        ("shibboleth-stale", 5),
    ] {
        let home = ada_at(&testbed, face, "");
        let answer = ends_in_keys(&testbed, face, &home, "prod", requests);
        let ends = answer.stderr.contains("will expire in 3 days");
        assert_eq!(ends, face == "shibboleth-expiring", "{face}: {answer}");
    }
}

#[test]
fn odd_characters_arrive_and_nothing_secret_is_shown() {
    let testbed = Testbed::start();
    for face in ["shibboleth", "shibboleth-v3", "cas"] {
        let home = home_of(&testbed, face, "zoe", "");
        let answer = home.mai_with(
            "login any --password-stdin -vv",
            &format!("{ODD_PASSWORD}\n"),
        );
        assert_eq!(answer.code, Some(0), "{face}: {answer}");
        // The last is the beginning of what the page keeps in the browser.
        for part in [ODD_PASSWORD, "%C3%A4", "j_password=", "AAdzZWNyZXQx"] {
            assert!(!answer.stderr.contains(part), "{face}: {answer}");
        }
    }
}

#[test]
fn the_row_may_be_named() {
    let testbed = Testbed::start();
    let home = ada_at(&testbed, "shibboleth", "    type: shibboleth\n");
    home.login("prod").ok();
    let home = ada_at(
        &testbed,
        "shibboleth",
        "    type: shibboleth\n    options: {source: x}\n",
    );
    home.login("prod").fails(2, &["`source`", "does not know"]);
}

#[test]
fn terms_and_consent_are_asked_for_once() {
    let testbed = Testbed::start();
    let home = ada_at(&testbed, "shibboleth-consent", "");
    home.login("prod")
        .fails(3, &["asks for terms of use", "`consent: accept`"]);

    let mut terminal = home.terminal("login prod");
    terminal.expect("Password").line(PASSWORD);
    terminal.expect("Be kind").expect("Accept these terms");
    terminal.line("y");
    terminal
        .expect("You are about to access the service: Amazon Web Services")
        .expect("ada@corp.test")
        .expect("User ID ada (uid)")
        .expect("pass this on to AWS?")
        .line("n");
    let (seen, code) = terminal.end();
    assert_eq!(code, 4, "{seen}");
    assert!(seen.contains("which you declined"), "{seen}");
    assert_eq!(sts_calls(&testbed), 0);

    let mut terminal = home.terminal("login prod");
    terminal.expect("Password").line(PASSWORD);
    terminal.expect("pass this on to AWS?").line("y");
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(!seen.contains("Accept these terms"), "{seen}");
    home.login("prod --force").ok();

    let home = ada_at(&testbed, "shibboleth-consent", "    consent: accept\n");
    home.login("prod").ok();
}

#[test]
fn codes_of_the_totp_plugin_are_asked_for_on_both_kinds_of_pages() {
    let testbed = Testbed::start();
    for (face, requests) in [("shibboleth-totp", 5), ("shibboleth-tokencode", 3)] {
        testbed.forget_codes();
        testbed.clear_requests();
        let home = home_of(&testbed, face, "otto", "");
        let mut terminal = after_password(&home);
        terminal.expect("Code").expect("(Token").expect(": ");
        terminal.line(&testbed.code("otto"));
        let (seen, code) = terminal.end();
        assert_eq!(code, 0, "{face}: {seen}");
        assert_eq!(traffic(&testbed), (requests, 1), "{face}");
    }
}

#[test]
fn a_wrong_code_is_asked_for_again_at_most_three_times() {
    let testbed = Testbed::start();
    let before = testbed.password_attempts("otto");
    let home = home_of(&testbed, "shibboleth-totp", "otto", "");
    let mut terminal = after_password(&home);
    terminal.expect("Code").expect(": ").line("000000");
    for code in ["000001", "000002"] {
        terminal.expect("you entered was incorrect");
        terminal
            .expect("That code was refused")
            .expect(": ")
            .line(code);
    }
    let (seen, code) = terminal.end();
    assert_eq!(code, 4, "{seen}");
    assert!(seen.contains("took none of 3 codes"), "{seen}");
    assert_eq!(testbed.password_attempts("otto"), before + 1);
}

#[test]
fn a_wrong_code_beside_the_password_leaves_the_password_alone() {
    let testbed = Testbed::start();
    let home = home_of(&testbed, "shibboleth-tokencode", "otto", "");
    let mut terminal = after_password(&home);
    terminal.expect("Code").expect(": ").line("000000");
    let (seen, code) = terminal.end();
    assert_eq!(code, 4, "{seen}");
    assert!(seen.contains("refused the code"), "{seen}");
    assert_eq!(testbed.password_attempts("otto"), 1);
}

#[test]
fn a_token_is_chosen_by_setting_or_person() {
    let testbed = Testbed::start();
    for face in ["shibboleth-fudiscr", "shibboleth-fudiscr-boxes"] {
        testbed.forget_codes();
        let home = home_of(&testbed, face, "kim", "    mfa: {device: Tablet}\n");
        let mut terminal = after_password(&home);
        terminal
            .expect("Code from TOTP1 - totp - tablet")
            .expect(": ");
        terminal.line(&tablet());
        let (seen, code) = terminal.end();
        assert_eq!(code, 0, "{face}: {seen}");
        assert!(!seen.contains("type to filter"), "{face}: {seen}");

        testbed.forget_codes();
        let home = home_of(&testbed, face, "kim", "");
        let mut terminal = after_password(&home);
        terminal.expect("type to filter").keys("tablet\r");
        terminal.expect("Code from").expect(": ").line(&tablet());
        let (seen, code) = terminal.end();
        assert_eq!(code, 0, "{face}: {seen}");
    }
}

#[test]
fn the_only_token_is_taken_without_a_question() {
    let testbed = Testbed::start();
    let home = home_of(&testbed, "shibboleth-fudiscr", "otto", "");
    let mut terminal = after_password(&home);
    terminal.expect("Code from").expect(": ");
    terminal.line(&testbed.code("otto"));
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(!seen.contains("type to filter"), "{seen}");
}

#[test]
fn the_pin_of_a_token_is_asked_for_and_is_not_the_password() {
    let testbed = Testbed::start();
    let home = home_of(&testbed, "shibboleth-fudiscr-pin", "otto", "");
    home.login("any")
        .fails(3, &["second factor that only a person can give"]);

    let mut terminal = after_password(&home);
    terminal.expect("Code").expect(": ").line("000000");
    terminal.expect("PIN of the token").expect(": ").line("1");
    let (seen, code) = terminal.end();
    assert_eq!(code, 4, "{seen}");
    assert!(seen.contains("refused the code or the PIN"), "{seen}");

    testbed.forget_codes();
    testbed.clear_requests();
    let mut terminal = after_password(&home);
    terminal
        .expect("Code")
        .expect(": ")
        .line(&testbed.code("otto"));
    terminal
        .expect("PIN of the token")
        .expect(": ")
        .line("4711");
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(!seen.contains("4711"), "{seen}");
    assert_eq!(traffic(&testbed).1, 1);
}

#[test]
fn a_security_key_is_passed_where_there_is_another_way() {
    let testbed = Testbed::start();
    let home = home_of(&testbed, "shibboleth-webauthn", "otto", "");
    let terminal = after_password(&home);
    a_code_ends_it(terminal, "Code", &testbed.code("otto"));

    let home = home_of(&testbed, "shibboleth-webauthn-only", "otto", "");
    let hint = "browser; the same command with `--saml-response -` takes the answer";
    home.login("any").fails(3, &["security key", hint]);
}

#[test]
fn every_refusal_has_its_sentence_and_its_code() {
    let testbed = Testbed::start();
    for face in ["shibboleth", "shibboleth-v3"] {
        testbed.users(|users| users.get("ada").locked = false);
        let home = ada_at(&testbed, face, "");
        home.mai_with("login prod --password-stdin", "wrong\n")
            .fails(
                4,
                &["refused the password of ada", "`mai login prod --ask`"],
            );
        home_of(&testbed, face, "eve", "")
            .login("any")
            .fails(4, &["the account of eve is locked or disabled"]);
        home_of(&testbed, face, "pat", "")
            .login("any")
            .fails(3, &["the password of pat at", "must be changed"]);
    }
    ada_at(&testbed, "shibboleth-denied", "")
        .login("prod")
        .fails(4, &["does not let you in", "not eligible"]);
    home_of(&testbed, "shibboleth-totp", "otto", "")
        .login("any")
        .fails(3, &["one-time code"]);
}

#[test]
fn an_address_that_does_not_name_aws_is_refused_with_the_one_that_does() {
    let testbed = Testbed::start();
    for query in ["", "?providerId=urn:other"] {
        let yaml = corp(&testbed, "shibboleth", "ada")
            .replace("?providerId=urn%3Aamazon%3Awebservices", query);
        let home = Home::with(&testbed, &format!("{yaml}{PROFILES}"));
        home.login("prod").fails(
            2,
            &[
                "does not know this application",
                "SSO?providerId=urn:amazon:webservices",
            ],
        );
        assert_eq!(traffic(&testbed).1, 0, "{query}");
    }
}
