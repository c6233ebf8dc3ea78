//! Passwords, codes, sessions and the log of requests.

use crate::client::Browser;
use crate::token_service::{keys, redeem};
use mai_testbed::{ODD_PASSWORD, PASSWORD, Server, Testbed};

#[test]
fn a_sign_in_ends_in_keys() {
    let testbed = Testbed::start();
    let page = Browser::default().login(&testbed.face("simple"), "ada", PASSWORD);
    assert_eq!(
        page.form("SAMLResponse").action,
        "https://signin.aws.amazon.com/saml"
    );
    let keys = keys(&redeem(
        &testbed,
        &page.saml_response(),
        "111111111111/PowerUser",
        &[],
    ));
    assert!(keys.id.starts_with("ASIA"), "{keys:?}");
}

#[test]
fn a_wrong_password_is_counted_and_the_fifth_locks() {
    let testbed = Testbed::start();
    for attempt in 1..=5 {
        let page = Browser::default().login(&testbed.face("simple"), "ada", "wrong");
        let expected = if attempt < 5 {
            "Invalid user name or password."
        } else {
            "Your account is locked."
        };
        assert!(page.text().contains(expected), "{attempt}: {}", page.text());
        assert_eq!(testbed.password_attempts("ada"), attempt);
    }
    let page = Browser::default().login(&testbed.face("simple"), "ada", PASSWORD);
    assert!(page.text().contains("locked"), "{}", page.text());
}

#[test]
fn a_second_visit_is_silent() {
    let testbed = Testbed::start();
    let mut browser = Browser::default();
    browser.login(&testbed.face("simple"), "ada", PASSWORD);
    testbed.clear_requests();
    assert!(
        !browser
            .get(&testbed.face("simple"))
            .saml_response()
            .is_empty()
    );
    assert!(
        testbed
            .requests()
            .iter()
            .all(|seen| !seen.had_password && seen.had_cookie)
    );
    testbed.forget_sessions();
    browser.get(&testbed.face("simple")).form("password");
}

#[test]
fn the_log_tells_where_a_password_went_and_not_which() {
    let testbed = Testbed::start();
    Browser::default().login(&testbed.face("simple"), "zoe", ODD_PASSWORD);
    let seen = testbed.requests();
    let had: Vec<_> = seen
        .iter()
        .map(|seen| (seen.server, seen.had_password))
        .collect();
    assert_eq!(had, [(Server::Idp, false), (Server::Idp, true)]);
    assert!(!format!("{seen:?}").contains("ss<>"), "{seen:?}");
}

#[test]
fn a_form_without_its_cookie_or_out_of_order_is_refused() {
    let testbed = Testbed::start();
    let form = Browser::default()
        .get(&testbed.face("simple"))
        .form("password");
    let filled = form.set("username", "ada").set("password", PASSWORD);
    assert_eq!(Browser::default().submit(&filled).status, 400);

    let mut browser = Browser::default();
    let form = browser.get(&testbed.face("simple")).form("password");
    let mut filled = form.set("username", "ada").set("password", PASSWORD);
    filled.fields.swap(0, 1);
    assert_eq!(browser.submit(&filled).status, 400);
    assert_eq!(testbed.password_attempts("ada"), 0);
}

#[test]
fn a_code_is_good_once() {
    let testbed = Testbed::start();
    let code = testbed.code("otto");
    for expected in ["SAMLResponse", "used before"] {
        let mut browser = Browser::default();
        let page = browser.login(&testbed.face("simple"), "otto", PASSWORD);
        let wrong = browser.submit(&page.form("otp").set("otp", "00000"));
        assert!(
            wrong.text().contains("The code is invalid."),
            "{}",
            wrong.text()
        );
        let page = browser.submit(&wrong.form("otp").set("otp", &code));
        assert!(page.text().contains(expected), "{}", page.text());
    }
    assert!(
        testbed
            .requests()
            .iter()
            .any(|seen| seen.had_code && !seen.had_password)
    );
}

#[test]
fn the_next_code_is_good_when_the_last_was_used() {
    let testbed = Testbed::start();
    for code in [testbed.code("otto"), testbed.next_code("otto")] {
        let mut browser = Browser::default();
        let page = browser.login(&testbed.face("simple"), "otto", PASSWORD);
        assert!(
            !browser
                .submit(&page.form("otp").set("otp", &code))
                .saml_response()
                .is_empty()
        );
    }
}

#[test]
fn two_devices_are_chosen_from() {
    let testbed = Testbed::start();
    let mut browser = Browser::default();
    let page = browser.login(&testbed.face("simple"), "kim", PASSWORD);
    let page = browser.submit(&page.forms()[0].clone().set("device", "1"));
    let secret = mai_testbed::TABLET_SECRET;
    let code = mai_testbed::totp(secret, chrono::Utc::now().timestamp() as u64);
    let page = browser.submit(&page.form("otp").set("otp", &code));
    assert!(!page.saml_response().is_empty());
}

#[test]
fn an_expired_password_must_be_changed() {
    let testbed = Testbed::start();
    let page = Browser::default().login(&testbed.face("simple"), "pat", PASSWORD);
    assert!(page.text().contains("new-password"), "{}", page.text());
}
