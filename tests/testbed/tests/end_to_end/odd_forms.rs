//! Forms that want more than user and password put into them.

use crate::client::Browser;
use crate::faces::redeemed;
use mai_testbed::{ODD_PASSWORD, PASSWORD, Testbed};

#[test]
fn odd_charsets_and_passwords_survive() {
    let testbed = Testbed::start();
    let zoe = Browser::default().login(&testbed.face("simple"), "zoe", ODD_PASSWORD);
    redeemed(&testbed, "simple", &zoe);
    // The test's browser sends UTF-8, which a page in ISO-8859-1 does not expect.
    let zoe = Browser::default().login(&testbed.face("latin1"), "zoe", ODD_PASSWORD);
    assert!(zoe.text().contains("Invalid user name"), "{}", zoe.text());

    let mut browser = Browser::default();
    let form = browser.get(&testbed.face("latin1")).form("password");
    let body = format!(
        "ticket={}&username=zoe&password=p%26%E4+ss%3C%3E%22%27%25%2B%3D%3B%23%5C",
        form.value("ticket")
    );
    let page = browser.send("POST", &form.action, &[], &body).unwrap();
    redeemed(&testbed, "latin1", &page);
}

#[test]
fn forms_with_odd_targets_want_them() {
    let testbed = Testbed::start();
    for (face, action) in [("base-href", "deep/login"), ("formaction", "login")] {
        let mut browser = Browser::default();
        let start = testbed.face(face);
        let mut form = browser
            .get(&start)
            .form("password")
            .set("username", "ada")
            .set("password", PASSWORD);
        assert_ne!(
            browser.submit(&form).status,
            200,
            "{face}: followed as written"
        );
        form.action = format!("{}/{face}/{action}", testbed.idp_url());
        form.get = false;
        let page = browser.submit(&form);
        redeemed(&testbed, face, &page);
    }
}

#[test]
fn a_multipart_form_wants_multipart() {
    let testbed = Testbed::start();
    let mut browser = Browser::default();
    let form = browser.get(&testbed.face("multipart")).form("password");
    assert_eq!(browser.submit(&form).status, 400);
    let filled = form.set("username", "ada").set("password", PASSWORD);
    let part = |(name, value): &(String, String)| {
        format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let body: String = filled.fields.iter().map(part).collect();
    let kind = [("content-type", "multipart/form-data; boundary=B")];
    let page = browser
        .send("POST", &filled.action, &kind, &format!("{body}--B--\r\n"))
        .unwrap();
    redeemed(&testbed, "multipart", &page);
}

#[test]
fn every_kind_of_field_must_come_as_a_browser_sends_it() {
    let testbed = Testbed::start();
    let mut browser = Browser::default();
    let mut form = browser
        .get(&testbed.face("checkbox-radio"))
        .form("password");
    let ticket = form.value("ticket");
    assert_eq!(browser.submit(&form).status, 400);
    form.fields = [
        ("ticket", ticket.as_str()),
        ("username", "ada"),
        ("password", PASSWORD),
        ("shown", "on"),
        ("kept", "yes"),
        ("mode", "b"),
        ("realm", "corp"),
        ("first", "one"),
        ("note", "hello"),
        ("textual", "t"),
        ("outside", "o"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    let page = browser.submit(&form);
    redeemed(&testbed, "checkbox-radio", &page);
}
