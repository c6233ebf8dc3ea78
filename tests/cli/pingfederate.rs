//! PingFederate with PingID: its login pages, codes, approvals, and the ends that are none.

use mai_testbed::Testbed;

use crate::sign_ins::{a_code_ends_it, after_password, end_in_keys, home_of, tablet, traffic};
use crate::support::Home;

/// PingID lives on another host, which the settings name.
fn at_ping(testbed: &Testbed, face: &str, user: &str, more: &str) -> Home {
    let other = testbed.other_url().split("://").nth(1).unwrap_or_default();
    let trusted = format!("    trusted_hosts: [{other}]\n{more}");
    home_of(testbed, face, user, &trusted)
}

#[test]
fn each_kind_of_login_page_ends_in_keys() {
    let testbed = Testbed::start();
    let faces = [
        ("pingfederate", 2),
        ("pingfederate-first", 3),
        ("pingfederate-template", 2),
        ("pingfederate-error", 3),
    ];
    end_in_keys(&testbed, &faces, "");
}

#[test]
fn whoever_cannot_sign_in_is_told_why() {
    let testbed = Testbed::start();
    for face in [
        "pingfederate",
        "pingfederate-first",
        "pingfederate-template",
    ] {
        let home = at_ping(&testbed, face, "ada", "");
        home.mai_with("login any --password-stdin", "wrong\n")
            .fails(4, &["refused the password of ada", "recognize"]);
        let home = at_ping(&testbed, face, "eve", "");
        home.login("any").fails(4, &["of eve is locked"]);
        let home = at_ping(&testbed, face, "pat", "");
        home.login("any")
            .fails(3, &["the password of pat", "must be changed"]);
    }
    assert_eq!(testbed.password_attempts("ada"), 3);
    let home = at_ping(&testbed, "pingfederate-ntlm", "ada", "");
    home.login("any").fails(3, &["only takes Kerberos or NTLM"]);
}

#[test]
fn a_code_goes_to_pingid_and_back() {
    let testbed = Testbed::start();
    let home = at_ping(&testbed, "pingfederate", "otto", "");
    let mut terminal = after_password(&home);
    terminal.expect("Code").expect(": ").line("000000");
    terminal.expect("Invalid passcode");
    a_code_ends_it(terminal, "That code was refused", &testbed.code("otto"));
    // Start, login, PingID, no keys, two codes, back.
    assert_eq!(traffic(&testbed), (7, 1));
}

#[test]
fn a_host_that_nobody_named_gets_no_code() {
    let testbed = Testbed::start();
    let home = home_of(&testbed, "pingfederate", "otto", "");
    let other = testbed.other_url().split("://").nth(1).unwrap_or_default();
    home.login("any").fails(3, &[other]);
    assert!(testbed.requests().iter().all(|seen| !seen.had_code));
}

#[test]
fn of_two_devices_the_configured_one_is_taken_or_the_person_picks() {
    let testbed = Testbed::start();
    for (more, picks) in [("    mfa: {device: Tablet}\n", false), ("", true)] {
        testbed.forget_codes();
        testbed.forget_sessions();
        let home = at_ping(&testbed, "pingfederate", "kim", more);
        let mut terminal = after_password(&home);
        if picks {
            terminal.expect("type to filter").keys("tablet\r");
        }
        terminal
            .expect("Code from tablet")
            .expect(": ")
            .line(&tablet());
        let (seen, code) = terminal.end();
        assert_eq!(code, 0, "{seen}");
        assert_eq!(seen.contains("type to filter"), picks, "{seen}");
    }
}

#[test]
fn an_approval_is_waited_for_and_its_number_shown() {
    let testbed = Testbed::start();
    let home = at_ping(&testbed, "pingfederate-push", "ada", "");
    let mut terminal = after_password(&home);
    terminal.expect("17");
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");

    let home = at_ping(&testbed, "pingfederate-push", "bob", "");
    let (seen, code) = after_password(&home).end();
    assert_eq!(code, 4, "{seen}");
    assert!(seen.contains("was not approved in time"), "{seen}");
}

#[test]
fn a_code_is_taken_where_the_setting_wants_one() {
    let testbed = Testbed::start();
    let home = at_ping(
        &testbed,
        "pingfederate-push",
        "otto",
        "    mfa: {method: totp}\n",
    );
    let terminal = after_password(&home);
    let seen = a_code_ends_it(terminal, "Code", &testbed.code("otto"));
    assert!(!seen.contains("the number is"), "{seen}");
}
