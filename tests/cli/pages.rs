//! Login pages of every kind, walked to the keys: how many requests, one password, what is asked on the way.

use mai_testbed::{ODD_PASSWORD, PASSWORD, Testbed};

use crate::sign_ins::{ada_at, after_password, end_in_keys, home_of, tablet, traffic};
use crate::support::sts_calls;

fn host(url: &str) -> &str {
    url.split("://").nth(1).unwrap_or(url)
}

#[test]
fn known_products_cost_no_request_too_many() {
    let testbed = Testbed::start();
    let faces = [
        ("simplesaml", 3),
        ("simplesaml-1.19", 3),
        ("keycloak", 2),
        ("keycloak-v2", 2),
    ];
    end_in_keys(&testbed, &faces, "");
    let asking = [("simplesaml-consent", 4), ("keycloak-terms", 4)];
    end_in_keys(&testbed, &asking, "    consent: accept\n");
}

#[test]
fn forms_are_sent_as_a_browser_would() {
    let testbed = Testbed::start();
    let faces = [
        "simple",
        "fragment",
        "question",
        "empty-action",
        "relative",
        "base-href",
        "formaction",
        "entities",
        "get-form",
        "latin1",
        "multipart",
        "many-forms",
        "checkbox-radio",
        "nested",
    ];
    end_in_keys(&testbed, &faces.map(|face| (face, 2)), "");
}

#[test]
fn pages_before_between_and_after_the_password_are_passed() {
    let testbed = Testbed::start();
    let faces = [
        ("two-pages", 3),
        ("no-password", 2),
        ("meta", 5),
        ("script", 5),
        ("expiring", 3),
        ("portal", 3),
        ("stale", 3),
        ("basic", 2),
        ("negotiate", 2),
        ("sp-initiated", 3),
    ];
    end_in_keys(&testbed, &faces, "");
    let asking = [("consent", 3), ("terms", 3)];
    end_in_keys(&testbed, &asking, "    consent: accept\n");
}

#[test]
fn hosts_that_the_configuration_names_get_the_password() {
    let testbed = Testbed::start();
    let faces = [("hop", 4), ("to-other-form", 2), ("to-other-redirect", 3)];
    let named = format!("    trusted_hosts: [{}]\n", host(testbed.other_url()));
    end_in_keys(&testbed, &faces, &named);
}

#[test]
fn odd_characters_of_a_password_arrive_as_they_are() {
    let testbed = Testbed::start();
    for face in [
        "simple",
        "latin1",
        "multipart",
        "get-form",
        "keycloak",
        "basic",
    ] {
        let home = home_of(&testbed, face, "zoe", "");
        let answer = home.mai_with(
            "login any --password-stdin -vv",
            &format!("{ODD_PASSWORD}\n"),
        );
        assert_eq!(answer.code, Some(0), "{face}: {answer}");
        // A form that is sent by GET has the password in its address.
        for part in [ODD_PASSWORD, "%C3%A4", "%E4", "ss%3C", "password="] {
            assert!(!answer.stderr.contains(part), "{face}: {answer}");
        }
    }
}

#[test]
fn the_steps_say_what_is_being_done() {
    let testbed = Testbed::start();
    let home = ada_at(&testbed, "two-pages", "");
    let answer = home.login("prod -v").ok();
    let host = host(testbed.idp_url());
    for step in [
        format!("opening {host}"),
        format!("sending the user name to {host}"),
        format!("sending the password to {host}"),
    ] {
        assert!(answer.stderr.contains(&step), "`{step}` in:\n{answer}");
    }
}

#[test]
fn a_choice_is_made_by_the_person_and_by_nobody_else() {
    let testbed = Testbed::start();
    for face in ["choice", "choice-radio"] {
        let home = ada_at(&testbed, face, "");
        home.login("prod").fails(3, &["choice", "`mai login prod`"]);
        assert_eq!(traffic(&testbed), (1, 0), "{face}");
        let mut terminal = home.terminal("login prod");
        terminal.expect("type to filter").keys("example\r");
        terminal.expect("Password").line(PASSWORD);
        let (seen, code) = terminal.end();
        assert_eq!(code, 0, "{face}: {seen}");
        assert!(seen.contains("Partners"), "{face}: {seen}");
        testbed.clear_requests();
    }
}

#[test]
fn consent_and_terms_are_asked_for_once() {
    let testbed = Testbed::start();
    for (face, text, question) in [
        ("consent", "share this with Amazon", "pass this on to AWS?"),
        (
            "simplesaml-consent",
            "Amazon Web Services",
            "pass this on to AWS?",
        ),
        ("terms", "Be kind", "Accept these terms"),
        ("keycloak-terms", "", "Accept these terms"),
    ] {
        let home = ada_at(&testbed, face, "");
        home.login("prod")
            .fails(3, &["asks for", "`consent: accept`"]);
        assert_eq!(sts_calls(&testbed), 0, "{face}");

        let mut terminal = home.terminal("login prod");
        terminal.expect("Password").line(PASSWORD);
        terminal.expect(text).expect(question).line("n");
        let (seen, code) = terminal.end();
        assert_eq!(code, 4, "{face}: {seen}");
        assert!(seen.contains("which you declined"), "{face}: {seen}");
        assert_eq!(sts_calls(&testbed), 0, "{face}");

        let mut terminal = home.terminal("login prod");
        terminal.expect("Password").line(PASSWORD);
        terminal.expect(question).line("y");
        let (seen, code) = terminal.end();
        assert_eq!(code, 0, "{face}: {seen}");
        // Remembered: now nobody need be there.
        let answer = home.login("prod --force");
        assert_eq!(answer.code, Some(0), "{face}: {answer}");
        testbed.clear_requests();
    }
}

#[test]
fn another_host_gets_the_password_after_a_yes_that_is_remembered() {
    let testbed = Testbed::start();
    let other = host(testbed.other_url());
    for face in ["to-other-form", "to-other-redirect", "hop"] {
        testbed.clear_requests();
        let home = ada_at(&testbed, face, "");
        let hint = format!("trusted_hosts: [{other}]");
        home.login("prod").fails(3, &[other, &hint]);
        assert_eq!(traffic(&testbed).1, 0, "{face}: for nobody");

        let question = format!("Send your password to {other}? [y/N]");
        let mut terminal = home.terminal("login prod");
        terminal.expect(&question).line("");
        let (seen, code) = terminal.end();
        assert_eq!(code, 4, "{face}: {seen}");
        assert!(seen.contains("as you decided"), "{face}: {seen}");
        assert_eq!(traffic(&testbed).1, 0, "{face}: after Enter");

        let mut terminal = home.terminal("login prod");
        terminal.expect(&question).line("y");
        terminal.expect("Password").expect(other).line(PASSWORD);
        let (seen, code) = terminal.end();
        assert_eq!(code, 0, "{face}: {seen}");
        let answer = home.login("prod --force");
        assert_eq!(answer.code, Some(0), "{face}: {answer}");
        assert_eq!(traffic(&testbed).1, 2, "{face}");
    }
}

#[test]
fn a_code_is_typed_where_it_is_asked_for() {
    let testbed = Testbed::start();
    for (face, requests) in [("simple", 3), ("keycloak", 3), ("simplesaml", 4)] {
        testbed.forget_codes();
        testbed.clear_requests();
        let home = home_of(&testbed, face, "otto", "");
        let mut terminal = after_password(&home);
        terminal
            .expect("Code")
            .expect(": ")
            .line(&testbed.code("otto"));
        let (seen, code) = terminal.end();
        assert_eq!(code, 0, "{face}: {seen}");
        assert_eq!(traffic(&testbed), (requests, 1), "{face}");
        let codes = testbed
            .requests()
            .iter()
            .filter(|seen| seen.had_code)
            .count();
        assert_eq!(codes, 1, "{face}");
    }
}

#[test]
fn of_two_devices_the_configured_one_is_taken_or_the_person_picks() {
    let testbed = Testbed::start();
    for face in ["simple", "keycloak", "keycloak-v2"] {
        testbed.forget_codes();
        let home = home_of(&testbed, face, "kim", "    mfa: {device: Tablet}\n");
        let mut terminal = after_password(&home);
        terminal.expect("Code from tablet").line(&tablet());
        let (seen, code) = terminal.end();
        assert_eq!(code, 0, "{face}: {seen}");
        assert!(!seen.contains("type to filter"), "{face}: {seen}");

        testbed.forget_codes();
        let home = home_of(&testbed, face, "kim", "");
        let mut terminal = after_password(&home);
        terminal.expect("type to filter").keys("tablet\r");
        terminal.expect("Code from tablet").line(&tablet());
        let (seen, code) = terminal.end();
        assert_eq!(code, 0, "{face}: {seen}");
        assert!(seen.contains("phone"), "{face}: {seen}");
    }
}

#[test]
fn a_wrong_code_is_asked_for_again_at_most_three_times() {
    let testbed = Testbed::start();
    for face in ["simple", "keycloak"] {
        let before = testbed.password_attempts("otto");
        let home = home_of(&testbed, face, "otto", "");
        let mut terminal = after_password(&home);
        terminal.expect("Code").expect(": ").line("000000");
        terminal
            .expect("That code was refused")
            .expect(": ")
            .line("000001");
        terminal
            .expect("That code was refused")
            .expect(": ")
            .line("000002");
        let (seen, code) = terminal.end();
        assert_eq!(code, 4, "{face}: {seen}");
        assert!(seen.contains("took none of 3 codes"), "{face}: {seen}");
        assert_eq!(testbed.password_attempts("otto"), before + 1, "{face}");
        assert!(home.credentials().is_empty(), "{face}");
    }
}

#[test]
fn a_code_that_was_used_before_is_asked_for_anew() {
    let testbed = Testbed::start();
    let home = home_of(&testbed, "simple", "otto", "");
    let used = testbed.code("otto");
    let mut terminal = after_password(&home);
    terminal.expect("Code").expect(": ").line(&used);
    assert_eq!(terminal.end().1, 0);

    let mut terminal = home.terminal("login any --force");
    terminal.expect("Password").line(PASSWORD);
    // mai does not send it a second time, in the next run as little as in this one.
    terminal.expect("Code").expect(": ").line(&used);
    terminal.expect("a code works once");
    terminal.expect("Code").expect(": ").line("000000");
    terminal
        .expect("That code was refused")
        .expect(": ")
        .line("000000");
    terminal.expect("a code works once");
    let sent = testbed
        .requests()
        .iter()
        .filter(|seen| seen.had_code)
        .count();
    assert_eq!(sent, 2);
    terminal
        .expect("That code was refused")
        .expect(": ")
        .line(&testbed.next_code("otto"));
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
}

#[test]
fn a_code_that_a_command_gives_twice_is_sent_once() {
    let testbed = Testbed::start();
    let command = format!(
        "    mfa: {{code: {{command: 'echo {}', unattended: true}}}}\n",
        testbed.code("otto")
    );
    let home = home_of(&testbed, "simple", "otto", &command);
    home.login("any").ok();
    home.login("any --force").fails(
        4,
        &[
            "was used already, and a code works once",
            "wait for the next code",
        ],
    );
    let seen = testbed.requests();
    assert_eq!(seen.iter().filter(|seen| seen.had_code).count(), 1);
}
