//! Every face, from its start URL to the response or to where it ends.

use crate::client::{Answer, Browser, unescape};
use crate::token_service::{keys, redeem};
use mai_testbed::{PASSWORD, Server, Testbed};

/// Checks that a page ends the sign-in with a response that STS believes.
pub fn redeemed(testbed: &Testbed, face: &str, page: &Answer) {
    assert!(
        page.text().contains("SAMLResponse"),
        "{face}: {} {}",
        page.status,
        page.text()
    );
    keys(&redeem(
        testbed,
        &page.saml_response(),
        "111111111111/ReadOnly",
        &[],
    ));
}

#[test]
fn one_form_is_all_that_the_plain_faces_ask_for() {
    let testbed = Testbed::start();
    let faces = [
        "simple",
        "fragment",
        "question",
        "empty-action",
        "relative",
        "entities",
        "get-form",
        "many-forms",
        "nested",
        "huge",
        "negotiate",
        "simplesaml",
        "simplesaml-1.19",
        "keycloak",
        "keycloak-v2",
        "latin1",
        "to-other-redirect",
    ];
    for face in faces {
        let page = Browser::default().login(&testbed.face(face), "ada", PASSWORD);
        redeemed(&testbed, face, &page);
        let mut browser = Browser::default();
        let page = browser.login(&testbed.face(face), "ada", "wrong");
        assert!(
            page.text().to_lowercase().contains("incorrect") || page.text().contains("Invalid"),
            "{face}"
        );
        let page = browser.submit(
            &page
                .form("password")
                .set("username", "ada")
                .set("password", PASSWORD),
        );
        redeemed(&testbed, face, &page);
    }
}

#[test]
fn a_visit_after_the_login_is_silent_on_every_face_with_a_session() {
    let testbed = Testbed::start();
    for face in [
        "simple",
        "consent",
        "terms",
        "meta",
        "script",
        "portal",
        "simplesaml",
        "keycloak",
        "keycloak-v2",
    ] {
        let mut browser = Browser::default();
        let page = browser.get(&testbed.face(face));
        let mut page = browser.follow(page);
        for _ in 0..6 {
            page = match lead(&page) {
                Some(next) => browser.get(&next),
                None if page.text().contains("SAMLResponse")
                    || page.text().contains("My applications") =>
                {
                    break;
                }
                None if page.text().contains("\"password\"") => browser.submit(
                    &page
                        .form("password")
                        .set("username", "ada")
                        .set("password", PASSWORD),
                ),
                None => browser.submit(
                    &page
                        .form("ticket")
                        .set("decision", "accept")
                        .set("agree", "yes"),
                ),
            };
        }
        let page = browser.get(&testbed.face(face));
        redeemed(&testbed, face, &page);
    }
}

/// Where a meta refresh or a script leads.
fn lead(page: &Answer) -> Option<String> {
    let text = page.text().replace("\\/", "/").replace("\\u0026", "&");
    let at = ["url=", "URL='", "href = \"", "replace('", "location=\""]
        .iter()
        .find_map(|mark| Some(text.find(mark)? + mark.len()))?;
    let target = unescape(&text[at..]);
    let target = target.trim_start_matches('"').split(['"', '\'']).next()?;
    Some(
        url::Url::parse(&page.url)
            .unwrap()
            .join(target)
            .unwrap()
            .into(),
    )
}

#[test]
fn meta_and_script_pages_lead_to_the_form_and_on() {
    let testbed = Testbed::start();
    for face in ["meta", "script", "expiring"] {
        let mut browser = Browser::default();
        let mut page = browser.get(&testbed.face(face));
        while let Some(next) = lead(&page) {
            page = browser.get(&next);
        }
        let page = browser.submit(
            &page
                .form("password")
                .set("username", "ada")
                .set("password", PASSWORD),
        );
        let page = browser.get(&lead(&page).expect("a page that leads on"));
        redeemed(&testbed, face, &page);
    }
}

#[test]
fn pages_come_one_after_the_other() {
    let testbed = Testbed::start();
    let mut browser = Browser::default();
    let page = browser.get(&testbed.face("two-pages"));
    let page = browser.submit(&page.form("username").set("username", "ada"));
    assert!(page.text().contains("readonly"), "{}", page.text());
    let page = browser.submit(&page.form("password").set("password", PASSWORD));
    redeemed(&testbed, "two-pages", &page);

    let mut browser = Browser::default();
    let page = browser.get(&testbed.face("no-password"));
    let page = browser.submit(&page.form("username").set("username", "ada"));
    redeemed(&testbed, "no-password", &page);
    assert!(
        !testbed
            .requests()
            .iter()
            .any(|seen| seen.path.starts_with("/no-password") && seen.had_password)
    );
}

#[test]
fn a_realm_is_chosen_by_link_or_radio() {
    let testbed = Testbed::start();
    for face in ["choice", "choice-radio"] {
        let mut browser = Browser::default();
        let text = browser.get(&testbed.face(face)).text();
        assert!(text.contains("partners") && text.contains("corp"), "{text}");
        let realm = |name| format!("{}/{face}/realm?realm={name}", testbed.idp_url());
        assert_eq!(browser.get(&realm("partners")).status, 403);
        let page = browser.login(&realm("corp"), "ada", PASSWORD);
        redeemed(&testbed, face, &page);
    }
}

#[test]
fn what_must_be_accepted_must_be_accepted() {
    let testbed = Testbed::start();
    let mut browser = Browser::default();
    let page = browser.login(&testbed.face("consent"), "ada", PASSWORD);
    let form = page.form("decision");
    assert_eq!(
        browser
            .submit(&form.clone().set("decision", "reject"))
            .status,
        403
    );
    let page = browser.submit(&form.set("decision", "accept"));
    redeemed(&testbed, "consent", &page);

    let page = browser.login(&testbed.face("terms"), "ada", PASSWORD);
    let again = browser.submit(&page.form("ticket"));
    assert!(again.text().contains("Terms of use"), "{}", again.text());
    let page = browser.submit(&page.form("ticket").set("agree", "yes"));
    redeemed(&testbed, "terms", &page);

    let page = browser.login(&testbed.face("simplesaml-consent"), "ada", PASSWORD);
    assert!(
        page.forms()[0].get && page.text().contains("consent-no"),
        "{}",
        page.text()
    );
    let page = browser.submit(&page.form("yes"));
    redeemed(&testbed, "simplesaml-consent", &page);

    let page = browser.login(&testbed.face("keycloak-terms"), "ada", PASSWORD);
    let mut form = page.form("accept");
    form.fields.retain(|(name, _)| name != "cancel");
    let page = browser.submit(&form);
    redeemed(&testbed, "keycloak-terms", &page);
}

#[test]
fn a_hop_goes_to_the_other_host_and_back() {
    let testbed = Testbed::start();
    let mut browser = Browser::default();
    let page = browser.get(&testbed.face("hop"));
    let page = browser.submit(&page.form("SAMLRequest"));
    assert!(page.url.starts_with(testbed.other_url()), "{}", page.url);
    let page = browser.submit(
        &page
            .form("password")
            .set("username", "ada")
            .set("password", PASSWORD),
    );
    let form = page.form("SAMLResponse");
    assert_eq!(form.action, format!("{}/hop/acs", testbed.idp_url()));
    let mut forged = form.clone().set("SAMLResponse", "eA==");
    assert_eq!(browser.submit(&forged).status, 400);
    forged = form.clone().set("RelayState", "x");
    assert_eq!(browser.submit(&forged).status, 400);
    let page = browser.submit(&form);
    redeemed(&testbed, "hop", &page);
    assert!(
        testbed
            .requests()
            .iter()
            .all(|seen| seen.server == Server::Other || !seen.had_password)
    );
}

#[test]
fn a_bare_endpoint_answers_requests_only() {
    use std::io::Write;
    let testbed = Testbed::start();
    let face = testbed.face("sp-initiated");
    assert_eq!(Browser::default().get(&face).status, 400);
    let xml = format!(
        "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"_q1\" Version=\"2.0\" \
         IssueInstant=\"{}\" AssertionConsumerServiceURL=\"https://signin.aws.amazon.com/saml\">\
         <saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">urn:amazon:webservices</saml:Issuer>\
         </samlp:AuthnRequest>",
        chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ")
    );
    let start = |xml: &str| {
        let mut deflate =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        deflate.write_all(xml.as_bytes()).unwrap();
        use base64::Engine as _;
        let value = base64::engine::general_purpose::STANDARD.encode(deflate.finish().unwrap());
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("SAMLRequest", &value)
            .append_pair("RelayState", "here")
            .finish();
        format!("{face}?{query}")
    };
    let foreign = xml.replace("https://signin.aws.amazon.com", "https://x.test");
    assert_eq!(Browser::default().get(&start(&foreign)).status, 400);
    let page = Browser::default().login(&start(&xml), "ada", PASSWORD);
    redeemed(&testbed, "sp-initiated", &page);
    assert_eq!(page.form("SAMLResponse").value("RelayState"), "here");
    use base64::Engine as _;
    let response = base64::engine::general_purpose::STANDARD
        .decode(page.saml_response())
        .unwrap();
    assert!(
        String::from_utf8(response)
            .unwrap()
            .contains("InResponseTo=\"_q1\"")
    );
}

#[test]
fn basic_wants_its_header() {
    let testbed = Testbed::start();
    let face = testbed.face("basic");
    let page = Browser::default().get(&face);
    assert_eq!(
        (
            page.status,
            page.header("www-authenticate")
                .map(|h| h.starts_with("Basic"))
        ),
        (401, Some(true))
    );
    let header = [("authorization", "Basic YWRhOmNvcnJlY3QgaG9yc2U=")];
    let page = Browser::default().send("GET", &face, &header, "").unwrap();
    redeemed(&testbed, "basic", &page);
    assert!(testbed.requests()[1].had_password);
}

#[test]
fn passwords_that_go_elsewhere_are_seen_there() {
    let testbed = Testbed::start();
    let mut browser = Browser::default();
    let form = browser.get(&testbed.face("to-other-form")).form("password");
    assert!(form.action.starts_with(testbed.other_url()), "{form:?}");
    let page = browser.submit(&form.set("username", "ada").set("password", PASSWORD));
    redeemed(&testbed, "to-other-form", &page);

    let form = browser.get(&testbed.face("to-other-307")).form("password");
    let answer = browser.submit(&form.set("username", "ada").set("password", PASSWORD));
    assert_eq!(answer.status, 307);
    let caught = format!("{}/to-other-307/caught", testbed.other_url());
    assert_eq!(answer.header("location"), Some(caught.as_str()));

    let form = browser
        .get(&testbed.face("http-downgrade"))
        .form("password");
    assert!(
        form.action.starts_with("http://login.example.test/"),
        "{form:?}"
    );
    let away = browser.get(&testbed.face("http-redirect"));
    assert!(
        away.header("location")
            .unwrap()
            .starts_with("http://login.example.test/")
    );
    let form = browser
        .login(&testbed.face("false-aws"), "ada", PASSWORD)
        .form("SAMLResponse");
    assert!(
        form.action
            .starts_with("https://signin.aws.amazon.com.example.test/"),
        "{form:?}"
    );
}

#[test]
fn faces_that_cannot_go_on_say_why() {
    let testbed = Testbed::start();
    let start = |face: &str| Browser::default().get(&testbed.face(face));
    let after = |face: &str| {
        Browser::default()
            .login(&testbed.face(face), "ada", PASSWORD)
            .text()
    };
    assert!(start("captcha").text().contains("data-sitekey"));
    assert!(start("js-only").text().contains("bundle.js") && start("js-only").forms().is_empty());
    assert!(after("webauthn").contains("navigator.credentials"));
    assert!(after("change-password").contains("new-password"));
    assert!(after("enrol").contains("totpSecret"));
    assert_eq!(start("error-page").status, 500);
    assert!(start("too-deep").text().matches("<div>").count() > 512);
    assert!(start("huge").body.len() > 2_000_000);
    let again = after("again");
    assert!(
        again.contains("password") && !again.contains("alert"),
        "{again}"
    );
    let mut browser = Browser::default();
    let page = browser.get(&testbed.face("redirect-loop"));
    let back = browser.get(&format!(
        "{}{}",
        testbed.idp_url(),
        page.header("location").unwrap()
    ));
    assert!(
        testbed
            .face("redirect-loop")
            .ends_with(back.header("location").unwrap())
    );
}

#[test]
fn stale_pages_work_the_second_time() {
    let testbed = Testbed::start();
    let mut browser = Browser::default();
    assert_eq!(browser.get(&testbed.face("stale")).status, 400);
    let page = browser.login(&testbed.face("stale"), "ada", PASSWORD);
    redeemed(&testbed, "stale", &page);
    assert_eq!(
        browser
            .login(&testbed.face("stale-login"), "ada", PASSWORD)
            .status,
        400
    );
    let page = browser.login(&testbed.face("stale-login"), "ada", PASSWORD);
    redeemed(&testbed, "stale-login", &page);
    assert_eq!(testbed.password_attempts("ada"), 2);
}

#[test]
fn the_portal_gives_the_response_when_asked_again() {
    let testbed = Testbed::start();
    let mut browser = Browser::default();
    let page = browser.login(&testbed.face("portal"), "ada", PASSWORD);
    assert!(page.text().contains("My applications") && page.forms().is_empty());
    let page = browser.get(&testbed.face("portal"));
    redeemed(&testbed, "portal", &page);
}

#[test]
fn the_otp_face_asks_everybody() {
    let testbed = Testbed::start();
    let mut browser = Browser::default();
    let page = browser.login(&testbed.face("otp"), "ada", PASSWORD);
    let page = browser.submit(&page.form("otp").set("otp", &testbed.code("ada")));
    redeemed(&testbed, "otp", &page);
}
