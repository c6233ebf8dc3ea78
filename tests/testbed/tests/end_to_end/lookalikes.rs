//! Faces that imitate a product.

use crate::client::{Browser, Form, unescape};
use crate::faces::redeemed;
use mai_testbed::{PASSWORD, Testbed};

#[test]
fn keycloak_asks_for_the_code_of_a_device() {
    let testbed = Testbed::start();
    for face in ["keycloak", "keycloak-v2"] {
        testbed.forget_codes();
        let mut browser = Browser::default();
        let page = browser.login(&testbed.face(face), "kim", PASSWORD);
        let form = page.form("otp");
        assert!(
            !form.value("selectedCredentialId").is_empty(),
            "{face}: {}",
            page.text()
        );
        let page = browser.submit(&form.set("otp", "000000"));
        assert!(
            page.text().contains("Invalid authenticator code."),
            "{face}: {}",
            page.text()
        );
        assert_eq!(
            page.text().contains("toggleOTP(1, '"),
            face == "keycloak-v2"
        );
        let page = browser.submit(&page.form("otp").set("otp", &testbed.code("kim")));
        redeemed(&testbed, face, &page);
    }
}

#[test]
fn keycloak_names_its_required_actions() {
    let testbed = Testbed::start();
    let page = |face: &str, user| {
        Browser::default()
            .login(&testbed.face(face), user, PASSWORD)
            .text()
    };
    assert!(page("keycloak-enrol", "ada").contains("kc-totp-settings-form"));
    assert!(page("keycloak-update-password", "ada").contains("kc-passwd-update-form"));
    assert!(page("keycloak", "pat").contains("kc-passwd-update-form"));
    assert!(page("keycloak", "eve").contains("Account is disabled"));

    let mut browser = Browser::default();
    let expired = browser.login(&testbed.face("keycloak-expired"), "ada", PASSWORD);
    let text = expired.text();
    let at = text.find("loginRestartLink\" href=\"").unwrap() + 24;
    let link = unescape(text[at..].split('"').next().unwrap());
    let page = browser.login(&link, "ada", PASSWORD);
    redeemed(&testbed, "keycloak-expired", &page);
    assert_eq!(testbed.password_attempts("ada"), 3);
}

#[test]
fn simplesamlphp_takes_three_requests_and_keycloak_two() {
    let testbed = Testbed::start();
    let cases = [
        ("simplesaml", 3),
        ("simplesaml-1.19", 3),
        ("keycloak", 2),
        ("keycloak-v2", 2),
        ("simple", 2),
    ];
    for (face, requests) in cases {
        testbed.clear_requests();
        Browser::default().login(&testbed.face(face), "ada", PASSWORD);
        assert_eq!(testbed.requests().len(), requests, "{face}");
    }
}

#[test]
fn shibboleth_takes_only_its_newest_page_with_its_token_and_one_event() {
    let testbed = Testbed::start();
    let login = || {
        let mut browser = Browser::default();
        let page = browser.get(&testbed.face("shibboleth-totp"));
        let page = browser.follow(page);
        let mut form = page.form("j_password");
        // Of several buttons a person presses one.
        form.fields
            .retain(|(name, _)| name.starts_with("j_") || name == "csrf_token");
        (browser, form)
    };
    let filled = |form: Form| {
        form.set("j_username", "ada")
            .set("j_password", PASSWORD)
            .set("_eventId_proceed", "")
    };
    let (mut browser, form) = login();
    let page = browser.submit(&filled(form));
    let page = browser.follow(page);
    assert!(page.text().contains("tokencode"), "{}", page.text());

    let (mut browser, form) = login();
    let page = browser.submit(&filled(form).set("csrf_token", "_other"));
    assert!(page.text().contains("CSRF"), "{}", page.text());
    let (mut browser, form) = login();
    let page = browser.submit(&filled(form).set("_eventId_authn/SAML", ""));
    assert_eq!(page.status, 500);

    let (mut browser, form) = login();
    let form = filled(form);
    browser.submit(&form);
    let page = browser.submit(&form);
    assert_eq!(page.status, 400);
    assert!(page.text().contains("Stale Request"), "{}", page.text());
    assert_eq!(testbed.password_attempts("ada"), 2);
}

#[test]
fn cas_takes_each_key_of_a_conversation_once() {
    let testbed = Testbed::start();
    let mut browser = Browser::default();
    let page = browser.get(&testbed.face("cas"));
    let page = browser.follow(page);
    let form = page
        .form("password")
        .set("username", "ada")
        .set("password", "wrong");
    let page = browser.submit(&form);
    assert_eq!(page.status, 401);
    assert!(page.text().contains("loginErrorsPanel"), "{}", page.text());
    let page = browser.submit(&form.set("password", PASSWORD));
    assert!(!page.text().contains("loginErrorsPanel"), "{}", page.text());
    assert_eq!(testbed.password_attempts("ada"), 1);

    let page = browser.login(&testbed.face("cas"), "ada", PASSWORD);
    redeemed(&testbed, "cas", &page);
}
