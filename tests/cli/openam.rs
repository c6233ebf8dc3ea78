//! OpenAM and ForgeRock AM: the talk with their sign-in program, to the keys or to the reason why not.

use mai_testbed::Testbed;

use crate::sign_ins::{after_password, end_in_keys, home_of, traffic};
use crate::support::{Answer, Home};

#[test]
fn a_password_is_enough_where_no_more_is_asked() {
    let testbed = Testbed::start();
    // Start, two redirects or one, settings, questions, answers, start again.
    let faces = [("openam", 7), ("openam-classic", 6), ("openam-am7", 8)];
    end_in_keys(&testbed, &faces, "");
}

#[test]
fn a_login_that_took_too_long_says_so_and_does_not_blame_the_password() {
    let testbed = Testbed::start();
    let home = home_of(&testbed, "openam-timeout", "ada", "");
    home.login("any")
        .fails(1, &["lost the sign-in while the password was on its way"]);
    assert_eq!(traffic(&testbed).1, 1);
}

/// `login` with another password than the right one.
fn with_wrong_password(home: &Home) -> Answer {
    home.mai_with("login any --password-stdin", "wrong\n")
}

#[test]
fn whoever_cannot_sign_in_is_told_why() {
    let testbed = Testbed::start();
    let home = home_of(&testbed, "openam", "ada", "");
    with_wrong_password(&home).fails(4, &["refused the password of ada", "Authentication Failed"]);
    // A tree asks again without a word.
    let home = home_of(&testbed, "openam-am7", "ada", "");
    with_wrong_password(&home).fails(4, &["asked again for the password of ada"]);
    for face in ["openam", "openam-am7"] {
        let home = home_of(&testbed, face, "eve", "");
        home.login("any")
            .fails(4, &["of eve is locked", "User Locked Out"]);
        let home = home_of(&testbed, face, "pat", "");
        home.login("any")
            .fails(3, &["the password of pat", "must be changed"]);
    }
    assert_eq!(testbed.password_attempts("ada"), 2);
    assert_eq!(testbed.password_attempts("eve"), 2);
}

#[test]
fn a_code_is_asked_again_with_the_words_of_the_server() {
    let testbed = Testbed::start();
    for face in ["openam", "openam-am7", "openam-key"] {
        testbed.forget_codes();
        testbed.clear_requests();
        let home = home_of(&testbed, face, "otto", "");
        let mut terminal = after_password(&home);
        terminal.expect("Enter verification code").line("000000");
        terminal.expect("The verification code is invalid");
        terminal
            .expect("That code was refused")
            .expect(": ")
            .line(&testbed.code("otto"));
        let (seen, code) = terminal.end();
        assert_eq!(code, 0, "{face}: {seen}");
        assert_eq!(traffic(&testbed).1, 1, "{face}");
        let codes = testbed.requests();
        let codes = codes.iter().filter(|seen| seen.had_code).count();
        assert_eq!(codes, 2, "{face}");
    }
}

#[test]
fn three_wrong_codes_are_the_end() {
    let testbed = Testbed::start();
    let home = home_of(&testbed, "openam", "otto", "");
    let mut terminal = after_password(&home);
    terminal.expect("Enter verification code").line("000000");
    terminal
        .expect("That code was refused")
        .expect(": ")
        .line("000001");
    terminal
        .expect("That code was refused")
        .expect(": ")
        .line("000002");
    let (seen, code) = terminal.end();
    assert_eq!(code, 4, "{seen}");
    assert!(seen.contains("took none of 3 codes"), "{seen}");
    assert_eq!(testbed.password_attempts("otto"), 1);
}

#[test]
fn a_code_is_sent_only_if_the_person_wants_it() {
    let testbed = Testbed::start();
    let home = home_of(&testbed, "openam-hotp", "otto", "");
    let mut terminal = after_password(&home);
    terminal.expect("type to filter").keys("request\r");
    terminal.expect("Enter OTP").line(&testbed.code("otto"));
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");

    testbed.forget_codes();
    testbed.forget_sessions();
    let home = home_of(&testbed, "openam-hotp", "otto", "    mfa: {method: sms}\n");
    let mut terminal = after_password(&home);
    terminal.expect("Enter OTP").line(&testbed.code("otto"));
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(!seen.contains("type to filter"), "{seen}");
}

#[test]
fn an_approval_is_waited_for_and_its_number_shown() {
    let testbed = Testbed::start();
    let home = home_of(&testbed, "openam-push", "ada", "");
    let mut terminal = after_password(&home);
    terminal.expect("42");
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");

    // Nobody's phone is waited for when nobody is there.
    testbed.forget_sessions();
    home.login("any --force").fails(3, &["second factor"]);
}

#[test]
fn a_declined_approval_is_no_wrong_code() {
    let testbed = Testbed::start();
    let home = home_of(&testbed, "openam-push", "bob", "");
    let (seen, code) = after_password(&home).end();
    assert_eq!(code, 4, "{seen}");
    assert!(seen.contains("was not approved"), "{seen}");
}

#[test]
fn terms_are_accepted_by_the_person_or_by_the_setting() {
    let testbed = Testbed::start();
    let home = home_of(&testbed, "openam-terms", "ada", "");
    home.login("any")
        .fails(3, &["asks for terms", "`consent: accept`"]);
    let mut terminal = after_password(&home);
    terminal
        .expect("Be kind")
        .expect("Accept these terms")
        .line("y");
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    testbed.forget_sessions();
    let home = home_of(&testbed, "openam-terms", "ada", "    consent: accept\n");
    home.login("any").ok();
}

#[test]
fn a_security_key_without_another_way_needs_a_browser() {
    let testbed = Testbed::start();
    let home = home_of(&testbed, "openam-key", "ada", "");
    home.login("any")
        .fails(3, &["security key or passkey", "in a browser"]);
}
