//! Signatures that hold, and every way of getting around one.

use super::*;

fn message(inner: &str) -> String {
    format!(
        "<p:Response xmlns:p=\"{PROTOCOL}\" ID=\"r1\"><a:Assertion xmlns:a=\"{ASSERTION}\" ID=\"a1\">\
         <a:Issuer>me</a:Issuer>{PLACE}<a:Subject>{inner}</a:Subject></a:Assertion></p:Response>"
    )
}

fn signed(key: &SigningKey) -> String {
    key.sign(&message("ada"), "a1")
}

#[test]
fn what_was_signed_is_what_is_read() {
    let key = SigningKey::generate();
    let text = verify(&signed(&key), &[key.public()]).unwrap();
    assert!(text.starts_with("<a:Assertion"), "{text}");
    assert!(text.contains("<a:Subject>ada</a:Subject>"), "{text}");
    assert!(!text.contains("Signature"), "{text}");
}

#[test]
fn the_certificate_holds_the_key() {
    let key = SigningKey::generate();
    assert_eq!(
        PublicKey::of_certificate(key.certificate()),
        Some(key.public())
    );
}

#[test]
fn a_response_signed_over_a_signed_assertion_is_read_as_the_response() {
    let key = SigningKey::generate();
    let inner = key.sign(&message("ada"), "a1");
    let outer = inner.replacen("ID=\"r1\">", &format!("ID=\"r1\">{PLACE}"), 1);
    let text = verify(&key.sign(&outer, "r1"), &[key.public()]).unwrap();
    assert!(text.starts_with("<p:Response"), "{text}");
}

#[test]
fn a_changed_message_is_caught() {
    let key = SigningKey::generate();
    let changed = signed(&key).replace(">ada<", ">eve<");
    assert_eq!(
        verify(&changed, &[key.public()]),
        Err(Distrust::Invalid("what it signed was changed"))
    );
}

#[test]
fn another_key_is_caught() {
    let key = SigningKey::generate();
    let other = SigningKey::generate().public();
    assert_eq!(
        verify(&signed(&key), &[other]),
        Err(Distrust::Invalid("no key of the provider made it"))
    );
}

#[test]
fn an_unsigned_message_is_caught() {
    let key = SigningKey::generate();
    assert_eq!(
        verify(&message("ada"), &[key.public()]),
        Err(Distrust::Unsigned)
    );
}

#[test]
fn a_second_assertion_around_the_signed_one_is_caught() {
    let key = SigningKey::generate();
    let good = signed(&key);
    let start = good.find("<a:Assertion").unwrap();
    let end = good.find("</p:Response>").unwrap();
    let evil = format!(
        "<a:Assertion xmlns:a=\"{ASSERTION}\" ID=\"e1\"><a:Subject>eve</a:Subject></a:Assertion>"
    );
    let beside = format!("{}{evil}{}", &good[..start], &good[start..]);
    assert!(verify(&beside, &[key.public()]).is_err());

    // The signed assertion hides in an extension, the evil one carries its signature.
    let signature =
        &good[good.find("<ds:Signature").unwrap()..good.find("</ds:Signature>").unwrap() + 15];
    let evil = format!(
        "<a:Assertion xmlns:a=\"{ASSERTION}\" ID=\"e1\">{signature}<a:Subject>eve</a:Subject></a:Assertion>"
    );
    let original = good[start..end].replacen(signature, "", 1);
    let wrapped = format!("{}{evil}<x>{original}</x></p:Response>", &good[..start]);
    assert!(verify(&wrapped, &[key.public()]).is_err());

    let same_id = wrapped.replace("ID=\"e1\"", "ID=\"a1\"");
    assert_eq!(
        verify(&same_id, &[key.public()]),
        Err(Distrust::Invalid("an ID occurs twice"))
    );

    // The whole signed response inside the signature's element of an evil one.
    let object = format!(
        "<p:Response xmlns:p=\"{PROTOCOL}\" ID=\"r2\"><a:Assertion xmlns:a=\"{ASSERTION}\" ID=\"e1\">{}\
         <a:Subject>eve</a:Subject></a:Assertion></p:Response>",
        signature.replace(
            "</ds:Signature>",
            &format!("<ds:Object>{original}</ds:Object></ds:Signature>")
        ),
    );
    assert!(verify(&object, &[key.public()]).is_err());
}

#[test]
fn a_doctype_is_not_read() {
    let key = SigningKey::generate();
    let with = format!("<!DOCTYPE x [<!ENTITY e \"eve\">]>{}", signed(&key));
    assert_eq!(verify(&with, &[key.public()]), Err(Distrust::Unreadable));
}

#[test]
fn a_comment_does_not_split_what_is_read() {
    let key = SigningKey::generate();
    let split = signed(&key).replace(">ada<", ">a<!-- -->da<");
    let text = verify(&split, &[key.public()]).unwrap();
    assert!(text.contains(">ada<"), "{text}");
}

/// Made by other software (libxml2's canonicalisation, OpenSSL's RSA) than the testbed's.
const FOREIGN: [&str; 3] = [
    include_str!("../../tests/fixtures/assertion-signed-rsa.xml"),
    include_str!("../../tests/fixtures/response-signed-rsa.xml"),
    include_str!("../../tests/fixtures/both-signed-rsa.xml"),
];

#[test]
fn signatures_of_other_software_hold() {
    let metadata = include_str!("../../tests/fixtures/metadata-rsa.xml");
    let trust = crate::saml::metadata::Trust::from_metadata(metadata).unwrap();
    for xml in FOREIGN {
        let text = verify(xml, &trust.keys).unwrap();
        assert!(
            text.contains("jane &amp; co&#xD; ü&lt;x&gt;</saml:NameID></saml:Subject>"),
            "{text}"
        );
        let changed = xml.replacen("one,two", "one,too", 1);
        assert_eq!(
            verify(&changed, &trust.keys),
            Err(Distrust::Invalid("what it signed was changed"))
        );
        let key = SigningKey::generate().public();
        assert!(verify(xml, &[key]).is_err());
    }
}
