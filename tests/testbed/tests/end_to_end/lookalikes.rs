//! Faces that imitate a product.

use crate::client::{Browser, unescape};
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
