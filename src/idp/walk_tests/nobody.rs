//! Nobody is there: no page begins what reaches a phone, whatever it looks like.

use serde_json::{Value, json};

use super::*;

/// The sign-in ends before anything but `requests` requests was sent.
fn needs_somebody(mut site: Site, settings: &Settings, requests: usize) {
    let error = fails(&mut site, settings, &mut Ada::default());
    assert_eq!(error.kind(), Kind::NeedsYou, "{error}: {:?}", site.asked);
    assert_eq!(site.asked.len(), requests, "{:?}", site.asked);
}

#[test]
fn no_device_of_pingid_is_taken() {
    let list = |devices: &str| {
        let list = format!(
            "<form method=post id=device-form action=/take><ul class=device-list>{devices}</ul></form>"
        );
        Site::default()
            .on(
                "GET /start",
                html(list).at("https://idp.test/pingid/ppm/auth"),
            )
            .on("POST /take", html(AWS))
    };
    let configured = Settings {
        mfa_device: Some("iPhone".into()),
        ..nobody()
    };
    let two = "<li data-id=d1>iPhone</li><li data-id=d2>Tablet</li>";
    needs_somebody(list(two), &configured, 1);
    needs_somebody(list("<li data-id=d1>SMS +49 ••34</li>"), &nobody(), 1);
}

fn security_key(ways: &str) -> Site {
    let page = format!(
        "<form method=post action=/w><input type=hidden name=publicKeyCredential>{ways}</form>\
         <script>navigator.credentials.get({{}})</script>"
    );
    Site::default()
        .on(
            "GET /start",
            html(page).at("https://idp.test/idp/profile/SAML2/Unsolicited/SSO"),
        )
        .on("POST /w", html(AWS))
}

#[test]
fn instead_of_a_security_key_only_a_silent_code_is_taken() {
    for way in [
        "<button name=_eventId_authn/Duo>Use Duo Push</button>",
        "<button name=_eventId_sendSms>Code</button>",
    ] {
        needs_somebody(security_key(way), &nobody(), 1);
        arrives(&mut security_key(way));
    }
    let mut site = security_key(
        "<button name=_eventId_authn/Duo>Duo</button><button name=_eventId_authn/TOTP>Code of an app</button>",
    );
    run(&mut site, &nobody(), &mut Ada::default()).unwrap();
    assert!(
        site.asked[1].ends_with("_eventId_authn%2FTOTP="),
        "{:?}",
        site.asked
    );
}

fn openam(callbacks: Value) -> Site {
    let program =
        |document: Value| html(document.to_string()).header("content-type", "application/json");
    Site::default()
        .on(
            "GET /start",
            html("<div id=wrapper></div>").at("https://idp.test/am/XUI/#login/"),
        )
        .on("GET /am/json/serverinfo/*", program(json!({})))
        .on(
            "POST /am/json/authenticate",
            program(json!({"authId": "x", "callbacks": callbacks})),
        )
        .on(
            "POST /am/json/authenticate",
            program(json!({"tokenId": "t", "successUrl": "/done"})),
        )
        .on("GET /done", html(AWS))
}

fn callback(kind: &str, list: &str, options: &[&str]) -> Value {
    let output = json!([{"name": "prompt", "value": ""}, {"name": list, "value": options}]);
    json!({"type": kind, "output": output, "input": [{"name": "IDToken1", "value": 0}]})
}

#[test]
fn the_only_choice_of_openam_is_not_taken_if_it_rings() {
    for (kind, list, only) in [
        ("ChoiceCallback", "choices", "Push to phone"),
        ("ChoiceCallback", "choices", "My phone"),
        ("ConfirmationCallback", "options", "Send SMS code"),
        ("ConfirmationCallback", "options", "Send the code"),
    ] {
        let site = || openam(json!([callback(kind, list, &[only])]));
        needs_somebody(site(), &nobody(), 3);
        arrives(&mut site());
    }
    for (kind, list, only) in [
        ("ChoiceCallback", "choices", "Authenticator app"),
        ("ConfirmationCallback", "options", "OK"),
    ] {
        let mut site = openam(json!([callback(kind, list, &[only])]));
        run(&mut site, &nobody(), &mut Ada::default()).unwrap();
    }
}

#[test]
fn the_button_below_a_line_to_type_in_sends_that_line() {
    let line = json!({
        "type": "PasswordCallback",
        "output": [{"name": "prompt", "value": "One Time Password"}],
        "input": [{"name": "IDToken1", "value": ""}],
    });
    let send = callback("ConfirmationCallback", "options", &["Senden"]);
    let mut site = openam(json!([line, send]));
    run(&mut site, &nobody(), &mut Ada::default()).unwrap();
}

#[test]
fn a_code_that_is_sent_to_a_phone_is_no_code_of_an_app() {
    let page = |way: &str| {
        let page = format!(
            "<h1>Second factor</h1><form method=post action=/w><button name=m value=1>{way}</button><button name=m \
             value=2>Use a recovery code</button></form>"
        );
        Site::default()
            .on("GET /start", html(LOGIN))
            .on("POST /login", html(page))
            .on("POST /w", html(AWS))
    };
    needs_somebody(
        page("Send a verification code to my phone +49 ••34"),
        &nobody(),
        2,
    );
    let mut site = page("Use a verification code from my mobile app");
    run(&mut site, &nobody(), &mut Ada::default()).unwrap();
}
