//! PingFederate with PingID: its login pages, codes, approvals, and the ends that are none.

use mai_testbed::{PASSWORD, Server, TABLET_SECRET, Testbed, totp};

use crate::support::{Home, PROFILES, corp, sts_calls};

const READER: &str = "profiles:\n  any: {identity_provider: corp, role: 111111111111/ReadOnly}\n";

/// PingID lives on another host, which the settings name.
fn home_of(testbed: &Testbed, face: &str, user: &str, more: &str) -> Home {
    let corp = corp(testbed, face, user);
    let other = testbed.other_url().split("://").nth(1).unwrap_or_default();
    let yaml = format!("{corp}    trusted_hosts: [{other}]\n{more}{READER}");
    Home::with(testbed, &yaml)
}

/// Requests to both hosts, and how many of them had a password.
fn traffic(testbed: &Testbed) -> (usize, usize) {
    let seen = testbed.requests();
    let pages = seen.iter().filter(|seen| seen.server != Server::Sts);
    let passwords = pages.clone().filter(|seen| seen.had_password).count();
    (pages.count(), passwords)
}

#[test]
fn each_kind_of_login_page_ends_in_keys() {
    let testbed = Testbed::start();
    for (face, requests) in [
        ("pingfederate", 2),
        ("pingfederate-first", 3),
        ("pingfederate-template", 2),
        ("pingfederate-error", 3),
    ] {
        testbed.forget_sessions();
        testbed.clear_requests();
        let yaml = format!("{}{PROFILES}", corp(&testbed, face, "ada"));
        let home = Home::with(&testbed, &yaml);
        let answer = home.login("prod");
        assert_eq!(answer.code, Some(0), "{face}: {answer}");
        assert_eq!(traffic(&testbed), (requests, 1), "{face}");
        assert_eq!(sts_calls(&testbed), 1, "{face}");
    }
}

#[test]
fn whoever_cannot_sign_in_is_told_why() {
    let testbed = Testbed::start();
    for face in [
        "pingfederate",
        "pingfederate-first",
        "pingfederate-template",
    ] {
        let home = home_of(&testbed, face, "ada", "");
        home.mai_with("login any --password-stdin", "wrong\n")
            .fails(4, &["refused the password of ada", "recognize"]);
        let home = home_of(&testbed, face, "eve", "");
        home.login("any").fails(4, &["of eve is locked"]);
        let home = home_of(&testbed, face, "pat", "");
        home.login("any")
            .fails(3, &["the password of pat", "must be changed"]);
    }
    assert_eq!(testbed.password_attempts("ada"), 3);
    let home = home_of(&testbed, "pingfederate-ntlm", "ada", "");
    home.login("any").fails(3, &["only takes Kerberos or NTLM"]);
}

#[test]
fn a_code_goes_to_pingid_and_back() {
    let testbed = Testbed::start();
    let home = home_of(&testbed, "pingfederate", "otto", "");
    let mut terminal = home.terminal("login any");
    terminal.expect("Password").line(PASSWORD);
    terminal.expect("Code").expect(": ").line("000000");
    terminal.expect("Invalid passcode");
    terminal
        .expect("That code was refused")
        .expect(": ")
        .line(&testbed.code("otto"));
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    // Start, login, PingID, no keys, two codes, back.
    assert_eq!(traffic(&testbed), (7, 1));
}

#[test]
fn a_host_that_nobody_named_gets_no_code() {
    let testbed = Testbed::start();
    let yaml = format!("{}{READER}", corp(&testbed, "pingfederate", "otto"));
    let home = Home::with(&testbed, &yaml);
    let other = testbed.other_url().split("://").nth(1).unwrap_or_default();
    home.login("any").fails(3, &[other]);
    assert!(testbed.requests().iter().all(|seen| !seen.had_code));
}

#[test]
fn of_two_devices_the_configured_one_is_taken_or_the_person_picks() {
    let testbed = Testbed::start();
    let tablet = || {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        totp(TABLET_SECRET, now.expect("a time after 1970").as_secs())
    };
    for (more, picks) in [("    mfa: {device: Tablet}\n", false), ("", true)] {
        testbed.forget_codes();
        testbed.forget_sessions();
        let home = home_of(&testbed, "pingfederate", "kim", more);
        let mut terminal = home.terminal("login any");
        terminal.expect("Password").line(PASSWORD);
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
    let home = home_of(&testbed, "pingfederate-push", "ada", "");
    let mut terminal = home.terminal("login any");
    terminal.expect("Password").line(PASSWORD);
    terminal.expect("17");
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");

    let home = home_of(&testbed, "pingfederate-push", "bob", "");
    let mut terminal = home.terminal("login any");
    terminal.expect("Password").line(PASSWORD);
    let (seen, code) = terminal.end();
    assert_eq!(code, 4, "{seen}");
    assert!(seen.contains("was not approved in time"), "{seen}");
}

#[test]
fn a_code_is_taken_where_the_setting_wants_one() {
    let testbed = Testbed::start();
    let home = home_of(
        &testbed,
        "pingfederate-push",
        "otto",
        "    mfa: {method: totp}\n",
    );
    let mut terminal = home.terminal("login any");
    terminal.expect("Password").line(PASSWORD);
    terminal
        .expect("Code")
        .expect(": ")
        .line(&testbed.code("otto"));
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(!seen.contains("17"), "{seen}");
}
