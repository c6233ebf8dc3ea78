use super::*;
use crate::arn::PARTITIONS;
use crate::error::Kind;
use crate::net::client::{ClientSettings, build};
use crate::net::test_server::{TestServer, answer, run};
use crate::net::test_tls::{Authority, TlsServer};
use crate::secret::Secret;

const KEYS: &str = r#"<AssumeRoleWithSAMLResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithSAMLResult>
<Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>s3cret/+</SecretAccessKey><SessionToken>t0ken==</SessionToken><Expiration>2026-11-20T18:00:00Z</Expiration></Credentials>
<Novelty><Deep>1</Deep></Novelty><AssumedRoleUser><AssumedRoleId>A:ada</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/Admin/ada</Arn></AssumedRoleUser>
</AssumeRoleWithSAMLResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></AssumeRoleWithSAMLResponse>"#;

fn xml(status: &str, body: &str) -> Vec<u8> {
    answer(status, &["Content-Type: text/xml"], body).into_bytes()
}

fn refusal(status: &str, code: &str, message: &str) -> Vec<u8> {
    xml(
        status,
        &format!(
            r#"<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error><RequestId>1</RequestId></ErrorResponse>"#
        ),
    )
}

/// Answers one after the other; the last one stays.
fn server(answers: Vec<Vec<u8>>) -> TestServer {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    TestServer::new(move |_| {
        let at = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        answers[at.min(answers.len() - 1)].clone()
    })
}

fn ask(server: &TestServer, assertion: &str) -> Result<SessionCredentials, Refusal> {
    let client = build(&ClientSettings::default()).unwrap();
    let sts = Sts::new(client, "eu-west-1", server.url("/"));
    let role = "arn:aws:iam::123456789012:role/team/Admin".parse().unwrap();
    let provider = "arn:aws:iam::123456789012:saml-provider/corp"
        .parse()
        .unwrap();
    let assertion = Assertion::new(Secret::new(assertion), "signin.aws.amazon.com");
    run(sts.assume_role_with_saml(&Wanted {
        role: &role,
        provider: &provider,
        assertion: &assertion,
        duration: Some(Span::hours(8)),
        policy: Some("{}"),
        policy_arns: &["arn:aws:iam::aws:policy/ReadOnlyAccess".into()],
    }))
}

fn error(server: &TestServer) -> Error {
    match ask(server, "PHNhbWw+") {
        Err(Refusal::Other(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn keys_come_back_for_an_unsigned_request_that_holds_what_was_asked() {
    let server = server(vec![xml("200 OK", KEYS)]);
    let keys = ask(&server, "PHNhb+w/bA==").unwrap();
    assert_eq!(keys.access_key_id, "ASIAEXAMPLE");
    assert_eq!(keys.secret_access_key.expose(), "s3cret/+");
    assert_eq!(keys.session_token.expose(), "t0ken==");
    assert_eq!(keys.expires_at.to_rfc3339(), "2026-11-20T18:00:00+00:00");
    let request = &server.requests()[0];
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST / HTTP/1.1"), "{head}");
    assert!(!head.to_lowercase().contains("authorization"), "{head}");
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    for (name, value) in [
        ("Action", "AssumeRoleWithSAML"),
        ("Version", "2011-06-15"),
        ("RoleArn", "arn:aws:iam::123456789012:role/team/Admin"),
        (
            "PrincipalArn",
            "arn:aws:iam::123456789012:saml-provider/corp",
        ),
        ("SAMLAssertion", "PHNhb+w/bA=="),
        ("DurationSeconds", "28800"),
        ("Policy", "{}"),
        (
            "PolicyArns.member.1.arn",
            "arn:aws:iam::aws:policy/ReadOnlyAccess",
        ),
    ] {
        assert!(
            fields.contains(&(name.to_string(), value.to_string())),
            "{name} is not in {fields:?}"
        );
    }
}

#[test]
fn a_refusal_is_told_in_words_and_not_tried_again() {
    let server = server(vec![refusal(
        "403 Forbidden",
        "AccessDenied",
        "Not authorized to perform sts:AssumeRoleWithSAML",
    )]);
    let error = error(&server);
    assert_eq!(error.kind(), Kind::Refused);
    assert!(
        error
            .message()
            .contains("team/Admin in account 123456789012"),
        "{error}"
    );
    let cause = error.cause().unwrap();
    assert!(cause.starts_with("Not authorized"), "{cause}");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn codes_that_the_sdk_knows_by_type_are_recognised_too() {
    for (code, words) in [
        ("ExpiredTokenException", "expired"),
        ("InvalidIdentityToken", "does not accept"),
        ("IDPRejectedClaim", "itself rejected"),
        ("MalformedPolicyDocument", "policy"),
        ("PackedPolicyTooLarge", "too large"),
        ("RegionDisabledException", "switched off"),
    ] {
        let error = error(&server(vec![refusal("400 Bad Request", code, "x")]));
        assert!(error.message().contains(words), "{code}: {error}");
    }
}

#[test]
fn too_long_a_duration_is_a_refusal_of_its_own() {
    let message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
    let server = server(vec![refusal("400 Bad Request", "ValidationError", message)]);
    let outcome = ask(&server, "PHNhbWw+");
    assert!(
        matches!(outcome, Err(Refusal::DurationTooLong(None))),
        "{outcome:?}"
    );
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn throttling_failures_of_the_server_and_lost_connections_are_tried_again() {
    let throttled = refusal("400 Bad Request", "Throttling", "Rate exceeded");
    let unavailable = refusal("503 Service Unavailable", "ServiceUnavailable", "x");
    let html = answer(
        "500 Internal Server Error",
        &["Content-Type: text/html"],
        "<h1>oops",
    )
    .into_bytes();
    let short =
        b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nConnection: close\r\n\r\n<Assume".to_vec();
    for trouble in [throttled, unavailable, html, Vec::new(), short] {
        let server = server(vec![trouble.clone(), trouble, xml("200 OK", KEYS)]);
        ask(&server, "PHNhbWw+").unwrap();
        assert_eq!(server.requests().len(), 3);
    }
}

#[test]
fn what_does_not_get_better_is_told_after_three_tries() {
    let broken = server(vec![
        answer("500 Internal Server Error", &[], "<h1>secret").into_bytes(),
    ]);
    let throttled = server(vec![refusal(
        "400 Bad Request",
        "Throttling",
        "Rate exceeded",
    )]);
    for (server, words) in [
        (broken, "out of order (HTTP 500)"),
        (throttled, "too many requests"),
    ] {
        let error = error(&server);
        assert_eq!(error.kind(), Kind::Unreachable);
        assert!(error.message().contains(words), "{error}");
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
        assert_eq!(server.requests().len(), 3);
    }
}

#[test]
fn an_answer_of_somebody_else_is_recognised_and_never_shown() {
    for (status, headers, body) in [
        ("200 OK", vec![], "<html>please log in to SECRET</html>"),
        ("200 OK", vec![], ""),
        ("403 Forbidden", vec![], "<html>SECRET blocked</html>"),
        ("302 Found", vec!["Location: http://127.0.0.1:9/SECRET"], ""),
    ] {
        let server = server(vec![answer(status, &headers, body).into_bytes()]);
        let error = error(&server);
        assert_eq!(error.kind(), Kind::Unreachable);
        assert!(error.message().contains("is not STS"), "{error}");
        assert!(!format!("{error:?}").contains("SECRET"), "{error:?}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn an_endless_answer_is_not_read_to_its_end() {
    let padded = format!("<!--{}-->{KEYS}", "x".repeat(1_200_000));
    let error = error(&server(vec![xml("200 OK", &padded)]));
    assert!(error.message().contains("more than 1 MB"), "{error}");
}

#[test]
fn a_certificate_that_is_not_trusted_is_not_tried_again() {
    let certificate = Authority::new().certificate("localhost", 2020, 2090);
    let server = TlsServer::new(&certificate, None, "");
    let client = build(&ClientSettings::default()).unwrap();
    let sts = Sts::new(client, "eu-west-1", server.url());
    let outcome = run(sts.assume_role_with_saml(&Wanted {
        role: &"arn:aws:iam::123456789012:role/A".parse().unwrap(),
        provider: &"arn:aws:iam::123456789012:saml-provider/c".parse().unwrap(),
        assertion: &Assertion::new(Secret::new("PHNhbWw+"), "x"),
        duration: None,
        policy: None,
        policy_arns: &[],
    }));
    match outcome {
        Err(Refusal::Other(error)) => {
            assert!(
                error.message().contains("the certificate of localhost"),
                "{error}"
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(server.connections(), 1);
}

#[test]
fn an_assertion_that_aws_would_not_take_is_not_sent() {
    let server = server(vec![xml("200 OK", KEYS)]);
    match ask(&server, &"A".repeat(100_001)) {
        Err(Refusal::Other(error)) => {
            assert!(error.message().contains("100001 characters"), "{error}");
            assert!(error.hint_text().unwrap().contains("fewer roles"));
        }
        other => panic!("{other:?}"),
    }
    assert!(server.requests().is_empty());
    assert!(ask(&server, &"A".repeat(100_000)).is_ok());
}

#[test]
fn nothing_secret_shows_in_debug_output() {
    let client = build(&ClientSettings::default()).unwrap();
    let assertion = Assertion::new(Secret::new("PHNhbWw+"), "x");
    let sts = Sts::new(
        client,
        "eu-west-1",
        Url::parse("http://127.0.0.1:1/").unwrap(),
    );
    let shown = format!("{sts:?} {assertion:?}");
    assert!(!shown.contains("PHNhbWw"), "{shown}");
}

#[test]
fn warming_up_sends_no_action() {
    let server = server(vec![answer("200 OK", &[], "").into_bytes()]);
    let client = build(&ClientSettings::default()).unwrap();
    run(Sts::new(client, "eu-west-1", server.url("/")).warm_up());
    let request = &server.requests()[0];
    assert!(request.starts_with("HEAD / HTTP/1.1"), "{request}");
}

#[test]
fn every_partition_has_its_endpoint_and_odd_regions_have_none() {
    for partition in PARTITIONS {
        let url = endpoint_for(partition, partition.default_region).unwrap();
        assert_eq!(
            url.host_str(),
            Some(&*partition.sts_host(partition.default_region))
        );
        assert_eq!((url.scheme(), url.path()), ("https", "/"));
    }
    for region in ["", "evil.test/", "eu-west-1.evil.test#", "EU-WEST-1"] {
        let error = endpoint_for(&PARTITIONS[0], region).unwrap_err();
        assert_eq!(error.kind(), Kind::Usage);
    }
}

#[test]
fn another_sts_is_https_or_on_this_computer() {
    let endpoint = |value| endpoint_override(Some(value));
    assert_eq!(endpoint_override(None).unwrap(), None);
    assert_eq!(endpoint("  ").unwrap(), None);
    for good in [
        "https://sts.test",
        "http://127.0.0.1:5000",
        "http://localhost:1/",
        "http://[::1]:1",
    ] {
        assert!(endpoint(good).unwrap().is_some(), "{good}");
    }
    for bad in [
        "http://sts.test",
        "http://127.0.0.1.evil.test",
        "sts.test",
        "ftp://sts.test",
        "https://ada:pw@sts.test",
        "https://sts.test/?x=hunter2",
    ] {
        let error = endpoint(bad).unwrap_err();
        assert_eq!(error.kind(), Kind::Usage, "{bad}");
        assert!(error.message().contains("AWS_ENDPOINT_URL_STS"), "{error}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}
