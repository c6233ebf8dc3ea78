//! LemonLDAP::NG: numbers become sentences, tokens are used once, factors are picked, pages on the way are passed.

use mai_testbed::{PASSWORD, Server, Testbed};

use crate::sign_ins::{
    READER, a_code_ends_it, after_password, ends_in_keys, home_of, tablet, traffic,
};
use crate::support::{Home, corp, sts_calls};

/// The pages that were asked for, as `METHOD path`.
fn pages(testbed: &Testbed) -> Vec<String> {
    let seen = testbed.requests();
    seen.iter()
        .filter(|seen| seen.server == Server::Idp)
        .map(|seen| format!("{} {}", seen.method, seen.path))
        .collect()
}

#[test]
fn each_way_to_the_keys_costs_one_password_and_few_pages() {
    let testbed = Testbed::start();
    for (face, requests, more) in [
        ("lemonldap", 2, ""),
        ("lemonldap-info", 3, ""),
        ("lemonldap-notice", 3, "    consent: accept\n"),
        ("lemonldap-choice", 2, "    options: {choice: Staff}\n"),
        ("lemonldap", 3, "    remember_device: true\n"),
    ] {
        let home = home_of(&testbed, face, "carol", more);
        ends_in_keys(&testbed, face, &home, "any", requests);
        let pages = pages(&testbed);
        let remembers = pages.iter().any(|page| page.ends_with("/registerbrowser"));
        assert_eq!(remembers, more.contains("remember"), "{face}: {pages:?}");
    }
}

#[test]
fn a_password_that_ends_soon_is_said() {
    let testbed = Testbed::start();
    let answer = home_of(&testbed, "lemonldap-info", "carol", "")
        .login("any")
        .ok();
    assert!(
        answer.stderr.contains("the password will expire soon"),
        "{answer}"
    );
}

#[test]
fn what_is_wrong_is_said_in_a_sentence() {
    let testbed = Testbed::start();
    for (face, user, code, words) in [
        (
            "lemonldap",
            "eve",
            4,
            &["locked or disabled", "the account is locked"][..],
        ),
        ("lemonldap", "pat", 3, &["has expired and must be changed"]),
        (
            "lemonldap-captcha",
            "carol",
            3,
            &["no robot", "in a browser"],
        ),
        ("lemonldap-key", "carol", 3, &["security key or passkey"]),
        (
            "lemonldap-enrol",
            "carol",
            3,
            &["second factor to be set up"],
        ),
        (
            "lemonldap-wait",
            "carol",
            4,
            &["wants you to wait 30 s before the next attempt"],
        ),
    ] {
        testbed.clear_requests();
        let home = home_of(&testbed, face, user, "");
        home.login("any").fails(code, words);
        assert!(traffic(&testbed).1 <= 1, "{face}");
        assert_eq!(sts_calls(&testbed), 0, "{face}");
        assert!(home.credentials().is_empty(), "{face}");
    }
}

#[test]
fn a_wrong_password_is_sent_once_and_named() {
    let testbed = Testbed::start();
    let home = home_of(&testbed, "lemonldap", "carol", "");
    home.mai_with("login any --password-stdin", "not the one\n")
        .fails(
            4,
            &[
                "refused the password of carol",
                "user name or password is wrong",
            ],
        );
    assert_eq!(traffic(&testbed).1, 1);
    assert_eq!(testbed.password_attempts("carol"), 1);
}

#[test]
fn a_password_that_was_reset_is_changed_in_a_browser() {
    let testbed = Testbed::start();
    let choice = "    options: {choice: 1_Staff}\n";
    home_of(&testbed, "lemonldap-choice", "pat", choice)
        .login("any")
        .fails(3, &["the password of pat", "must be changed", "was reset"]);
}

#[test]
fn a_service_that_the_portal_does_not_know_is_a_mistake_in_the_url() {
    let testbed = Testbed::start();
    let yaml = format!("{}{READER}", corp(&testbed, "lemonldap", "carol"));
    let home = Home::with(&testbed, &yaml.replace("urn:amazon:webservices", "urn:aws"));
    home.login("any").fails(
        2,
        &["does not know the service", "`urn:amazon:webservices`"],
    );
}

#[test]
fn a_tab_is_named_in_the_configuration_or_picked_by_the_person() {
    let testbed = Testbed::start();
    let wrong = "    options: {choice: Admins}\n";
    home_of(&testbed, "lemonldap-choice", "carol", wrong)
        .login("any")
        .fails(2, &["no tab `Admins`", "1_Staff, 2_Guests, 3_Partner"]);
    let home = home_of(&testbed, "lemonldap-choice", "carol", "");
    home.login("any").fails(3, &["`mai login any`"]);
    assert_eq!(traffic(&testbed).1, 0);

    let mut terminal = home.terminal("login any");
    terminal.expect("type to filter").keys("staff\r");
    terminal.expect("Password").line(PASSWORD);
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(
        seen.contains("Guests") && !seen.contains("Partner"),
        "{seen}"
    );
}

#[test]
fn a_code_is_typed_where_it_is_asked_for() {
    let testbed = Testbed::start();
    let home = home_of(&testbed, "lemonldap", "otto", "");
    let mut terminal = after_password(&home);
    terminal
        .expect("Code")
        .expect("TOTP")
        .line(&testbed.code("otto"));
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert_eq!(
        pages(&testbed),
        [
            "GET /lemonldap/saml/singleSignOn",
            "POST /lemonldap/saml/singleSignOn",
            "POST /lemonldap/totp2fcheck",
            "GET /lemonldap/saml"
        ]
    );
}

#[test]
fn a_portal_that_forgot_the_service_is_asked_again_and_not_for_another_proof() {
    let testbed = Testbed::start();
    let home = home_of(&testbed, "lemonldap-menu", "otto", "");
    let terminal = after_password(&home);
    a_code_ends_it(terminal, "Code", &testbed.code("otto"));
    assert_eq!(pages(&testbed).len(), 5);
    assert_eq!(traffic(&testbed).1, 1);
}

#[test]
fn a_wrong_code_ends_the_sign_in_as_its_page_has_no_form() {
    let testbed = Testbed::start();
    let home = home_of(&testbed, "lemonldap", "otto", "");
    let mut terminal = after_password(&home);
    terminal.expect("Code").expect(": ").line("000000");
    let (seen, code) = terminal.end();
    assert_eq!(code, 4, "{seen}");
    assert!(
        seen.contains("refused the code") && seen.contains("the code is wrong"),
        "{seen}"
    );
    assert_eq!(traffic(&testbed).1, 1);
    home.login("any").fails(3, &["code"]);
}

#[test]
fn of_several_factors_the_configured_one_is_taken_or_the_person_picks() {
    let testbed = Testbed::start();
    let kim = |more: &str| home_of(&testbed, "lemonldap", "kim", more);
    let terminal = after_password(&kim("    mfa: {method: totp}\n"));
    a_code_ends_it(terminal, "Code", &testbed.code("kim"));

    testbed.clear_requests();
    let mut terminal = after_password(&kim(""));
    terminal.expect("type to filter").keys("mail\r");
    terminal.expect("Code").expect(": ").line(&tablet());
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    let pages = pages(&testbed);
    assert!(
        pages.contains(&"POST /lemonldap/mail2fcheck".to_owned()),
        "{pages:?}"
    );
    assert!(
        !pages.iter().any(|page| page.contains("resend")),
        "{pages:?}"
    );
}

#[test]
fn messages_to_accept_are_shown_and_never_accepted_for_nobody() {
    let testbed = Testbed::start();
    let home = home_of(&testbed, "lemonldap-notice", "carol", "");
    home.login("any")
        .fails(3, &["asks for", "`consent: accept`"]);
    let mut terminal = after_password(&home);
    terminal
        .expect("kitchen")
        .expect("Accept these terms")
        .line("y");
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
}
