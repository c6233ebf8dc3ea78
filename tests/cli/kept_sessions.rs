//! The identity provider's session between two logins: what it saves, when it ends, and where it lies.

use mai_testbed::{PASSWORD, Testbed};

use crate::sign_ins::{ada_at, traffic};
use crate::support::{Home, sts_calls};

/// Ada, whose keyring is a file.
pub fn home_at(testbed: &Testbed, face: &str, more: &str) -> Home {
    let home = ada_at(testbed, face, more);
    let profiles = home.read(".config/mai/profiles.yaml");
    home.profiles(&format!("secrets: file\n{profiles}"));
    home
}

/// The login that is typed, with the password on stdin.
fn first(home: &Home) {
    home.login("prod").ok();
}

/// Signs in again with nobody there: no password, that many requests to the identity provider.
#[track_caller]
fn comes_back(testbed: &Testbed, home: &Home, line: &str, requests: usize) {
    testbed.clear_requests();
    home.mai(&format!("{line} --no-input")).ok();
    assert_eq!(traffic(testbed), (requests, 0));
    assert_eq!(sts_calls(testbed), 1);
}

#[test]
fn the_next_login_asks_nothing_and_costs_one_request() {
    let testbed = Testbed::start();
    for face in ["simplesaml", "keycloak", "shibboleth", "lemonldap"] {
        let home = home_at(&testbed, face, "");
        let mut terminal = home.terminal("login prod");
        terminal.expect("Password").line(PASSWORD);
        let (seen, code) = terminal.end();
        assert_eq!(code, 0, "{face}: {seen}");
        comes_back(&testbed, &home, "login audit", 1);
        comes_back(&testbed, &home, "login prod --force", 1);
    }
}

#[test]
fn a_session_in_the_local_storage_is_kept_too() {
    let testbed = Testbed::start();
    let home = home_at(&testbed, "shibboleth-storage", "");
    first(&home);
    // Its start, the page that reads the storage, and the answer to that.
    comes_back(&testbed, &home, "login audit", 3);
}

#[test]
fn the_vault_is_closed_and_nothing_of_a_session_lies_elsewhere() {
    let testbed = Testbed::start();
    let home = home_at(&testbed, "keycloak", "");
    first(&home);
    let names = home.names(".local/state/mai");
    assert!(names.contains(&"vault".to_owned()), "{names:?}");
    assert_eq!(
        crate::support::mode(&home.path(".local/state/mai/vault")),
        0o600
    );
    for name in names.iter().filter(|name| *name != "locks") {
        let text = home.read(&format!(".local/state/mai/{name}"));
        assert!(!text.contains("KEYCLOAK_IDENTITY"), "{name}");
    }
}

#[test]
fn the_doctor_knows_whose_sessions_are_kept() {
    let testbed = Testbed::start();
    let home = home_at(&testbed, "simplesaml", "");
    assert!(home.mai("doctor").stdout.contains("vault: there is none"));
    first(&home);
    let report = home.mai("doctor").stdout;
    assert!(
        report.contains("vault: sessions of corp (") && !report.contains("ada"),
        "{report}"
    );
    std::fs::remove_file(home.path(".local/state/mai/secrets")).unwrap();
    let report = home.mai("doctor").stdout;
    assert!(report.contains("vault: it cannot be read"), "{report}");
}

#[test]
fn a_session_that_has_ended_costs_one_password_and_no_mistake() {
    let testbed = Testbed::start();
    for (face, requests) in [
        ("simplesaml", 1),
        ("keycloak", 1),
        ("adfs-2019", 2),
        ("cas", 2),
    ] {
        let home = home_at(&testbed, face, "");
        first(&home);
        testbed.forget_sessions();
        let before = testbed.password_attempts("ada");
        home.mai("login audit --no-input")
            .fails(3, &["nobody can be asked"]);
        assert_eq!(testbed.password_attempts("ada"), before);
        home.login("audit").ok();
        assert_eq!(testbed.password_attempts("ada"), before + 1, "{face}");
        comes_back(&testbed, &home, "login prod --force", requests);
    }
}

#[test]
fn who_wants_to_be_asked_is_asked() {
    let testbed = Testbed::start();
    let home = home_at(&testbed, "simplesaml", "");
    first(&home);
    let before = testbed.password_attempts("ada");
    home.login("audit").ok();
    assert_eq!(testbed.password_attempts("ada"), before + 1);
    home.mai("login prod --force --ask --no-input")
        .fails(3, &["nobody can be asked"]);
}

#[test]
fn a_setting_or_nowhere_to_keep_it_means_none() {
    let testbed = Testbed::start();
    for (secrets, more) in [("file", "    keep_session: false\n"), ("none", "")] {
        let home = ada_at(&testbed, "simplesaml", more);
        let profiles = home.read(".config/mai/profiles.yaml");
        home.profiles(&format!("secrets: {secrets}\n{profiles}"));
        first(&home);
        assert!(!home.path(".local/state/mai/vault").exists());
        home.mai("login audit --no-input")
            .fails(3, &["nobody can be asked"]);
    }
}

#[test]
fn another_user_or_address_does_not_get_it() {
    let testbed = Testbed::start();
    let home = home_at(&testbed, "simplesaml", "");
    first(&home);
    let profiles = home.read(".config/mai/profiles.yaml");
    for (old, new) in [("username: ada", "username: carol"), ("?", "?x=1&")] {
        assert!(profiles.contains(old), "{profiles}");
        home.profiles(&profiles.replacen(old, new, 1));
        testbed.clear_requests();
        home.mai("login audit --no-input")
            .fails(3, &["nobody can be asked"]);
        assert_eq!(traffic(&testbed).1, 0);
    }
    // Signing in as the other one takes its place.
    home.profiles(&profiles.replacen("?", "?x=1&", 1));
    home.login("audit").ok();
    home.profiles(&profiles);
    home.mai("login prod --force --no-input")
        .fails(3, &["nobody can be asked"]);
}

#[test]
fn a_refusal_ends_it() {
    let testbed = Testbed::start();
    let home = home_at(&testbed, "simplesaml", "");
    first(&home);
    home.mai_with("login audit --password-stdin", "wrong\n")
        .fails(4, &["refused the password"]);
    home.mai("login audit --no-input")
        .fails(3, &["nobody can be asked"]);
}

#[test]
fn a_vault_or_key_that_is_damaged_or_gone_costs_a_password() {
    let testbed = Testbed::start();
    let home = home_at(&testbed, "simplesaml", "");
    for (file, damage) in [
        ("vault", Some("mai-vault 1\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")),
        ("vault", Some("")),
        ("vault", None),
        ("secrets", None),
    ] {
        home.login("prod --force").ok();
        let path = format!(".local/state/mai/{file}");
        match damage {
            Some(text) => drop(home.write(&path, text)),
            None => std::fs::remove_file(home.path(&path)).expect("it was there"),
        }
        home.mai("login audit --force --no-input")
            .fails(3, &["nobody can be asked"]);
        home.login("prod --force").ok();
        comes_back(&testbed, &home, "login audit --force", 1);
    }
    // One of a later version is not touched, and stands in nobody's way.
    home.write(".local/state/mai/vault", "mai-vault 2\nx");
    let answer = home.login("prod --force -v").ok();
    assert!(
        answer.stderr.contains("another version of `mai`"),
        "{answer}"
    );
    assert_eq!(home.read(".local/state/mai/vault"), "mai-vault 2\nx");
}

#[test]
fn pages_that_only_an_old_session_brings_up_are_left_behind_once() {
    let testbed = Testbed::start();
    let home = home_at(&testbed, "old-session", "");
    first(&home);
    let mut terminal = home.terminal("login audit");
    terminal.expect("Password").line(PASSWORD);
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
}

#[test]
fn ten_logins_at_once_are_one_sign_in() {
    let testbed = Testbed::start();
    let home = home_at(&testbed, "keycloak", "");
    first(&home);
    testbed.expire_keys();
    testbed.clear_requests();
    let runs: Vec<_> = (0..10)
        .map(|_| home.start("login audit --no-input"))
        .collect();
    for run in runs {
        crate::support::finish(run, "").ok();
    }
    assert_eq!(traffic(&testbed), (1, 0));
    assert_eq!(sts_calls(&testbed), 1);
}
