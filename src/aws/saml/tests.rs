use super::*;
use crate::error::Kind;
use crate::secret::Secret;

const NAMESPACES: &str = r#"xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion""#;

fn read_xml(xml: &str) -> Result<Statement> {
    let response = base64::engine::general_purpose::STANDARD.encode(xml);
    read(&Assertion::new(
        Secret::new(response),
        "signin.aws.amazon.com",
    ))
}

fn pair(account: u64, role: &str) -> String {
    format!("arn:aws:iam::{account:012}:role/{role},arn:aws:iam::{account:012}:saml-provider/corp")
}

fn role_attribute(values: &[String]) -> String {
    let values: String = values
        .iter()
        .map(|value| format!("<saml:AttributeValue>{value}</saml:AttributeValue>"))
        .collect();
    format!(
        r#"<saml:Attribute Name="https://aws.amazon.com/SAML/Attributes/Role">{values}</saml:Attribute>"#
    )
}

fn response(inside: &str) -> String {
    format!(
        r#"<?xml version="1.0"?><samlp:Response {NAMESPACES} Destination="https://signin.aws.amazon.com/saml" IssueInstant="2026-11-20T10:00:00Z"><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>{inside}</samlp:Response>"#
    )
}

fn with_attributes(attributes: &str) -> String {
    response(&format!(
        "<saml:Assertion><saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion>"
    ))
}

fn roles(xml: &str) -> Vec<String> {
    let statement = read_xml(xml).unwrap();
    statement.roles.iter().map(|r| r.role.to_string()).collect()
}

#[test]
fn everything_that_matters_is_read() {
    let statement = read_xml(&response(&format!(
        r#"<saml:Assertion IssueInstant="2026-11-20T10:00:00.123Z">
  <saml:Issuer>https://login.test/idp</saml:Issuer>
  <saml:Subject><saml:NameID>ada</saml:NameID><saml:SubjectConfirmation>
    <saml:SubjectConfirmationData Recipient="https://eu-west-1.signin.aws.amazon.com/saml" NotOnOrAfter="2026-11-20T10:05:00Z"/>
  </saml:SubjectConfirmation></saml:Subject>
  <saml:Conditions NotBefore="2026-11-20T09:59:00Z" NotOnOrAfter="2026-11-20T11:01:00+01:00">
    <saml:AudienceRestriction><saml:Audience>urn:amazon:webservices</saml:Audience></saml:AudienceRestriction>
  </saml:Conditions>
  <saml:AuthnStatement SessionNotOnOrAfter="2026-11-20T18:00:00"/>
  <saml:AttributeStatement>{}
    <saml:Attribute Name="https://aws.amazon.com/SAML/Attributes/RoleSessionName"><saml:AttributeValue>ada@corp.test</saml:AttributeValue></saml:Attribute>
    <saml:Attribute Name="https://aws.amazon.com/SAML/Attributes/SessionDuration"><saml:AttributeValue> 28800 </saml:AttributeValue></saml:Attribute>
    <saml:Attribute Name="mail"><saml:AttributeValue>ada@corp.test</saml:AttributeValue></saml:Attribute>
  </saml:AttributeStatement></saml:Assertion>"#,
        role_attribute(&[pair(1, "Admin")])
    )))
    .unwrap();
    let at = |text| instant(text).unwrap();
    assert_eq!(statement.roles.len(), 1);
    assert_eq!(statement.session_name.as_deref(), Some("ada@corp.test"));
    assert_eq!(statement.session_duration, Some(Span::hours(8)));
    assert_eq!(statement.issuer.as_deref(), Some("https://login.test/idp"));
    assert_eq!(
        statement.audience.as_deref(),
        Some("urn:amazon:webservices")
    );
    assert_eq!(
        statement.recipient.as_deref(),
        Some("https://eu-west-1.signin.aws.amazon.com/saml")
    );
    assert_eq!(
        statement.issue_instant,
        Some(at("2026-11-20T10:00:00.123Z"))
    );
    assert_eq!(statement.not_before, Some(at("2026-11-20T09:59:00Z")));
    assert_eq!(statement.not_on_or_after, Some(at("2026-11-20T10:01:00Z")));
    assert_eq!(
        statement.session_not_on_or_after,
        Some(at("2026-11-20T18:00:00Z"))
    );
    assert!(!statement.encrypted);
}

#[test]
fn roles_come_in_both_orders_with_blanks_paths_and_in_every_partition() {
    let values: Vec<String> = crate::arn::PARTITIONS
        .iter()
        .map(|p| {
            format!(
                "\n  arn:{0}:iam::123456789012:saml-provider/corp ,\n arn:{0}:iam::123456789012:role/team/x/Admin\t\n",
                p.id
            )
        })
        .collect();
    let read = roles(&with_attributes(&role_attribute(&values)));
    assert_eq!(read.len(), crate::arn::PARTITIONS.len());
    assert_eq!(
        read[0],
        "arn:aws-us-gov:iam::123456789012:role/team/x/Admin"
    );
}

#[test]
fn roles_keep_their_order_and_come_once() {
    let several = [
        role_attribute(&[pair(2, "B"), pair(1, "A")]),
        role_attribute(&[pair(1, "A"), pair(3, "C")]),
    ];
    let read = roles(&with_attributes(&several.concat()));
    let names: Vec<&str> = read.iter().map(|r| &r[r.len() - 1..]).collect();
    assert_eq!(names, ["B", "A", "C"]);
}

#[test]
fn a_comma_may_be_part_of_a_roles_name() {
    assert_eq!(
        roles(&with_attributes(&role_attribute(&[pair(1, "a,b")]))),
        ["arn:aws:iam::000000000001:role/a,b"]
    );
}

#[test]
fn a_value_is_whole_however_it_is_written() {
    let value = "<![CDATA[arn:aws:iam::000000000001:role/]]>A<!-- x -->d&#109;in&#x2c;arn:aws:iam::000000000001:saml-provider/corp";
    let attribute = role_attribute(&[value.to_string()]);
    assert_eq!(
        roles(&with_attributes(&attribute)),
        ["arn:aws:iam::000000000001:role/Admin"]
    );
}

#[test]
fn what_is_no_pair_is_kept_for_the_message() {
    let values = [
        "Admin\u{1b}".replace('\u{1b}', "&#x202e;"),
        String::new(),
        pair(1, "A"),
    ];
    let statement = read_xml(&with_attributes(&role_attribute(&values))).unwrap();
    assert_eq!(statement.malformed_roles, ["Admin", ""]);
    assert_eq!(statement.roles.len(), 1);
}

#[test]
fn namespaces_count_and_prefixes_do_not() {
    let xml = with_attributes(&role_attribute(&[pair(1, "A")]));
    let renamed = xml.replace("saml:", "a2:").replace("samlp:", "b2:");
    let renamed = renamed
        .replace("xmlns:samlp=", "xmlns:b2=")
        .replace("xmlns:saml=", "xmlns:a2=");
    assert_eq!(roles(&renamed).len(), 1);
    let without = xml
        .replace(
            "<saml:Assertion",
            r#"<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion""#,
        )
        .replace("<saml:", "<")
        .replace("</saml:", "</");
    assert_eq!(roles(&without).len(), 1);
    let wrong = without.replace(
        "Assertion xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion",
        "Assertion xmlns=\"urn:other",
    );
    assert!(read_xml(&wrong).is_err());
}

#[test]
fn the_attributes_of_other_hosts_are_aws_attributes_too() {
    let chinese = role_attribute(&[pair(1, "A")]).replace("aws.amazon.com", "www.amazonaws.cn");
    assert_eq!(roles(&with_attributes(&chinese)).len(), 1);
    for name in [
        "Role",
        "https:///SAML/Attributes/Role",
        "http://aws.amazon.com/SAML/Attributes/Role",
    ] {
        let other = role_attribute(&[pair(1, "A")])
            .replace("https://aws.amazon.com/SAML/Attributes/Role", name);
        assert!(roles(&with_attributes(&other)).is_empty(), "{name}");
    }
}

#[test]
fn several_assertions_are_read_as_one() {
    let one = |account| {
        format!(
            "<saml:Assertion><saml:AttributeStatement>{}</saml:AttributeStatement></saml:Assertion>",
            role_attribute(&[pair(account, "A")])
        )
    };
    assert_eq!(roles(&response(&(one(1) + &one(2)))).len(), 2);
}

#[test]
fn an_assertion_inside_something_else_is_not_read() {
    let hidden = format!(
        "<samlp:Extensions><saml:Assertion><saml:AttributeStatement>{}</saml:AttributeStatement></saml:Assertion></samlp:Extensions><saml:Assertion/>",
        role_attribute(&[pair(1, "Admin")])
    );
    assert!(roles(&response(&hidden)).is_empty());
}

#[test]
fn an_encrypted_assertion_says_so() {
    let statement = read_xml(&response(
        "<saml:EncryptedAssertion><x/></saml:EncryptedAssertion>",
    ))
    .unwrap();
    assert!(statement.encrypted);
    assert!(statement.roles.is_empty());
    assert_eq!(
        statement.recipient.as_deref(),
        Some("https://signin.aws.amazon.com/saml")
    );
    assert!(statement.issue_instant.is_some());
}

#[test]
fn a_failed_sign_in_says_why() {
    for (reason, words) in [
        ("AuthnFailed", "did not accept the sign-in"),
        ("NoPassive", "told not to"),
        ("RequestDenied", "denied the request"),
        ("NoAuthnContext", "another way of signing in"),
        ("Whatever", "failed to finish"),
    ] {
        let xml = format!(
            r#"<samlp:Response {NAMESPACES}><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder"><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:{reason}"/></samlp:StatusCode><samlp:StatusMessage>Account &lt;locked&gt;</samlp:StatusMessage></samlp:Status></samlp:Response>"#
        );
        let error = read_xml(&xml).unwrap_err();
        assert_eq!(error.kind(), Kind::Refused);
        assert!(error.message().contains(words), "{error}");
        assert_eq!(error.cause(), Some("Account <locked>"));
        assert!(error.hint_text().is_some());
    }
}

#[test]
fn what_is_no_whole_saml_response_is_refused_with_a_reason() {
    let whole = with_attributes(&role_attribute(&[pair(1, "A")]));
    let cut = whole.find("</saml:AttributeStatement>").unwrap();
    let doctype = format!("<!DOCTYPE r [<!ENTITY b \"x\">]>{}", &whole[21..]);
    let bare = format!("<saml:Assertion {NAMESPACES}/>");
    let old = r#"<r:Response xmlns:r="urn:oasis:names:tc:SAML:1.0:protocol"/>"#;
    for (xml, words) in [
        (&whole[..cut], "is cut off"),
        ("", "is cut off"),
        (&doctype, "document type"),
        (
            &with_attributes(&role_attribute(&["&b;".into()])),
            "unknown entity",
        ),
        (&bare, "bare assertion"),
        (old, "SAML 1"),
        ("<html><body/></html>", "its root is `html`"),
        (&format!("{whole}<x/>"), "goes on after its end"),
        (&response("<a></b>"), "not well-formed"),
        (&response(&"<x>".repeat(100_000)), "nested too deeply"),
        (&response(""), "holds no assertion"),
        (
            &whole.replace("Destination=", "IssueInstant=\"x\" Destination="),
            "not well-formed",
        ),
    ] {
        let error = read_xml(xml).unwrap_err();
        assert!(error.message().contains(words), "{error} / {words}");
    }
    let no_base64 = Assertion::new(Secret::new("%PDF"), "x");
    assert!(
        read(&no_base64)
            .unwrap_err()
            .message()
            .contains("not base64")
    );
}

#[test]
fn thousands_of_roles_are_read_in_no_time() {
    let values: Vec<String> = (0..5000).map(|i| pair(i, "Admin")).collect();
    let xml = with_attributes(&role_attribute(&values));
    let started = std::time::Instant::now();
    assert_eq!(roles(&xml).len(), 5000);
    let time_taken = started.elapsed();
    assert!(time_taken.as_millis() < 1000, "{time_taken:?}");
}

#[test]
fn clocks_that_disagree_are_warned_about() {
    let issued = instant("2026-11-20T10:00:00Z").unwrap();
    let statement = Statement {
        issue_instant: Some(issued),
        not_before: Some(issued),
        not_on_or_after: Some(issued + TimeDelta::minutes(1)),
        ..Default::default()
    };
    let warning = |minutes, skew: Option<i64>| {
        let now = issued + TimeDelta::minutes(minutes);
        check_times(&statement, now, skew.map(TimeDelta::minutes)).unwrap_or_default()
    };
    assert_eq!(warning(0, None), "");
    assert_eq!(warning(0, Some(0)), "");
    assert_eq!(warning(-1, None), "");
    assert!(warning(-7, Some(7)).starts_with("this computer's clock is 7 min behind"));
    assert!(warning(7, Some(-7)).starts_with("this computer's clock is 7 min ahead of"));
    assert!(warning(-7, None).contains("not valid yet"));
    assert!(warning(2, None).contains("expired"));
}
