//! What STS refuses, and responses that are no good: words, hint, exit code.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mai_testbed::{AssertionFault, Fault, PASSWORD, Server, Signed, Testbed};

use crate::support::{Answer, Home, sts_calls};

/// A login of the profile whose STS is not known before the assertion, so that nothing but the question reaches STS.
const PROFILE: &str = "audit";

/// Nothing of AWS's envelope or of the assertion is shown.
fn is_readable(answer: &Answer) {
    for part in ["<", "ErrorResponse", "RequestId", "PHNhb", "PD94b", "xmlns"] {
        assert!(!answer.stderr.contains(part), "`{part}` in:\n{answer}");
    }
}

#[test]
fn every_refusal_of_sts_is_a_sentence_with_a_hint_and_its_own_text() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    for (code, http, message, words, hint) in [
        (
            "ExpiredTokenException",
            400,
            "Token must be redeemed within 5 minutes of issuance",
            "the sign-in took too long",
            "clock",
        ),
        (
            "ExpiredTokenException",
            400,
            "Response has expired",
            "the assertion has expired",
            "sign in again",
        ),
        (
            "InvalidIdentityToken",
            400,
            "RoleSessionName is required in AuthnResponse",
            "sends no name",
            "attribute RoleSessionName",
        ),
        (
            "InvalidIdentityToken",
            400,
            "Source Identity must match [a-zA-Z]",
            "source identity that AWS does not accept",
            "attribute SourceIdentity",
        ),
        (
            "InvalidIdentityToken",
            400,
            "Response signature invalid",
            "does not accept the signature of the identity provider in account 222222222222",
            "upload its new metadata to the provider corp",
        ),
        (
            "InvalidIdentityToken",
            400,
            "Issuer not present in specified provider",
            "belongs to another identity provider",
            "metadata",
        ),
        (
            "InvalidIdentityToken",
            400,
            "Specified provider doesn't exist",
            "there is no provider corp in account 222222222222",
            "provider's ARN",
        ),
        (
            "InvalidIdentityToken",
            400,
            "Response does not contain the required audience",
            "another audience than AWS",
            "urn:amazon:webservices",
        ),
        (
            "InvalidIdentityToken",
            400,
            "Invalid base64 SAMLResponse (Service: AWSOpenIdDiscoveryService)",
            "could not decode",
            "sign in again",
        ),
        (
            "IDPRejectedClaim",
            403,
            "No & <b>no</b>",
            "itself rejected",
            "administrator",
        ),
        (
            "AccessDenied",
            403,
            "Not authorized to perform sts:AssumeRoleWithSAML",
            "AWS does not let you become ReadOnly in account 222222222222",
            "upper and lower case count",
        ),
        (
            "AccessDenied",
            403,
            "User is not authorized to perform: sts:TagSession",
            "does not accept the session tags",
            "allow sts:TagSession",
        ),
        (
            "ValidationError",
            400,
            "Request ARN is invalid",
            "does not know the ARNs of ReadOnly",
            "may be swapped",
        ),
        (
            "ValidationError",
            400,
            "1 validation error detected: Value 'x' at 'policy' failed to satisfy constraint",
            "did not accept the request",
            "names the value",
        ),
        (
            "MalformedPolicyDocument",
            400,
            "Syntax errors in policy.",
            "session policy is no valid policy",
            "`policy:`",
        ),
        (
            "PackedPolicyTooLarge",
            400,
            "Serialized token too large for session: 120%",
            "too large together",
            "smaller",
        ),
        (
            "RegionDisabledException",
            403,
            "STS is not activated in this region for account",
            "STS is switched off in us-east-1",
            "another `region:`",
        ),
        (
            "SomethingNew",
            400,
            "We changed our minds",
            "STS refused the role ReadOnly",
            "STS's own",
        ),
    ] {
        let before = sts_calls(&testbed);
        testbed.refuse_next(code, message, http);
        let answer = home
            .login(PROFILE)
            .fails(4, &["error: ", words, hint, code]);
        assert_eq!(sts_calls(&testbed), before + 1, "{code} is not tried again");
        let said = message.replace("<b>no</b>", "");
        assert!(answer.stderr.contains(said.trim()), "{said}:\n{answer}");
        if !message.contains('<') {
            is_readable(&answer);
        }
        assert!(home.credentials().is_empty());
    }
    assert!(home.login(PROFILE).ok().stderr.contains("Signed in"));
}

#[test]
fn an_assertion_that_sts_repeats_is_not_shown() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let value = "PHNhbWxwOlJlc3BvbnNl".repeat(40);
    testbed.refuse_next(
        "ValidationError",
        &format!("1 validation error detected: Value '{value}' at 'sAMLAssertion' failed"),
        400,
    );
    let answer = home.login(PROFILE).fails(4, &["sAMLAssertion"]);
    is_readable(&answer);
}

#[test]
fn throttling_and_failures_of_the_server_are_tried_three_times() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    testbed.set(Fault::Throttle { times: 2 });
    home.login(PROFILE).ok();
    assert_eq!(sts_calls(&testbed), 3);
    testbed.clear_requests();
    testbed.set(Fault::Throttle { times: 9 });
    let answer = home.login("audit --force").fails(
        5,
        &[
            "gets too many requests",
            "Rate exceeded",
            "try again in a minute",
        ],
    );
    assert_eq!(sts_calls(&testbed), 3);
    is_readable(&answer);
    testbed.clear_faults();
    testbed.clear_requests();
    for _ in 0..9 {
        testbed.refuse_next("InternalFailure", "We are sorry", 500);
    }
    let answer = home
        .login("audit --force")
        .fails(5, &["127.0.0.1", "HTTP 500"]);
    assert_eq!(sts_calls(&testbed), 3);
    is_readable(&answer);
    testbed.clear_faults();
    testbed.clear_requests();
    testbed.set(Fault::CutBody {
        server: Server::Sts,
        times: 1,
    });
    home.login("audit --force").ok();
    assert_eq!(sts_calls(&testbed), 2);
    assert_eq!(testbed.password_attempts("ada"), 4, "one sign-in each");
}

#[test]
fn what_is_not_sts_is_told_from_sts() {
    let testbed = Testbed::start();
    let mut home = Home::at(&testbed, "simple", "ada");
    testbed.set(Fault::Status {
        server: Server::Sts,
        status: 503,
        times: 9,
    });
    let answer = home.login(PROFILE).fails(5, &["127.0.0.1", "HTTP 503"]);
    is_readable(&answer);
    assert_eq!(sts_calls(&testbed), 3);
    // A web server of somebody else.
    home.set("AWS_ENDPOINT_URL_STS", testbed.idp_url());
    let answer = home.login(PROFILE).fails(
        5,
        &["is not STS (HTTP 404)", "proxy", "AWS_ENDPOINT_URL_STS"],
    );
    is_readable(&answer);
}

#[test]
fn an_sts_that_is_down_is_unreachable() {
    let testbed = Testbed::start();
    let mut home = Home::at(&testbed, "simple", "ada");
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = closed.local_addr().expect("an address");
    drop(closed);
    home.set("AWS_ENDPOINT_URL_STS", &format!("http://{address}"));
    let answer = home.login(PROFILE).fails(5, &["127.0.0.1", "hint: "]);
    is_readable(&answer);
    assert!(home.credentials().is_empty());
}

#[test]
fn an_assertion_too_large_for_aws_is_not_sent() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    testbed.set(Fault::Assertion(AssertionFault::Huge));
    home.login(PROFILE).fails(
        4,
        &["characters, and AWS takes 100000 at most", "administrator"],
    );
    assert_eq!(sts_calls(&testbed), 0);
}

#[test]
fn times_that_do_not_fit_hint_at_the_clock() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    for (fault, words) in [
        (
            AssertionFault::Expired,
            ["has expired already: check the clock", "within 5 minutes"],
        ),
        (
            AssertionFault::Stale,
            ["has expired already: check the clock", "within 5 minutes"],
        ),
        (
            AssertionFault::NotYetValid,
            ["not valid yet: check the clock", "not yet valid"],
        ),
    ] {
        testbed.clear_faults();
        testbed.set(Fault::Assertion(fault));
        home.login(PROFILE)
            .fails(4, &["warning: ", words[0], words[1]]);
    }
    testbed.clear_faults();
    testbed.set(Fault::DateSkew { seconds: 600 });
    let answer = home.login(PROFILE).ok();
    assert!(
        answer
            .stderr
            .contains("clock is 10 min behind the identity provider's"),
        "{answer}"
    );
    testbed.set(Fault::DateSkew { seconds: -600 });
    let answer = home.login("audit --force").ok();
    assert!(answer.stderr.contains("10 min ahead of"), "{answer}");
}

#[test]
fn responses_that_cannot_be_read_say_why() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    for (fault, code, words) in [
        (
            AssertionFault::Truncated,
            1,
            "the identity provider's SAML response is",
        ),
        (
            AssertionFault::Doctype,
            1,
            "document type declaration, which SAML forbids",
        ),
        (AssertionFault::BareAssertion, 1, "is a bare assertion"),
        (AssertionFault::NotBase64, 1, "is not base64"),
        (AssertionFault::AuthnFailed, 4, "did not accept the sign-in"),
        (
            AssertionFault::NoPassive,
            4,
            "would have had to ask something",
        ),
    ] {
        testbed.clear_faults();
        testbed.set(Fault::Assertion(fault.clone()));
        let answer = home.login(PROFILE).fails(code, &[words, "hint: "]);
        is_readable(&answer);
        assert_eq!(sts_calls(&testbed), 0, "{fault:?}");
        home.mai_with("roles --password-stdin", PASSWORD)
            .fails(code, &[words]);
    }
}

#[test]
fn what_only_aws_can_check_is_refused_there() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    for (fault, words) in [
        (
            AssertionFault::BadSignature,
            "does not accept the signature",
        ),
        (AssertionFault::Unsigned, "does not accept the signature"),
        (AssertionFault::NoRoleSessionName, "sends no name"),
        (
            AssertionFault::RoleSessionName("Ada L.".into()),
            "none that AWS accepts",
        ),
        (AssertionFault::NoNameId, "does not let you become"),
        (
            AssertionFault::Audience("urn:other".into()),
            "another audience",
        ),
        (
            AssertionFault::Issuer("urn:other".into()),
            "another identity provider",
        ),
    ] {
        testbed.clear_faults();
        testbed.set(Fault::Assertion(fault));
        home.login(PROFILE).fails(4, &[words]);
    }
    testbed.clear_faults();
    for signed in [Signed::Response, Signed::Both] {
        testbed.sign(signed);
        home.login("audit --force").ok();
    }
}

/// Signs in with a few bytes of HTTP and takes the response off the last page, as a person does with a browser.
pub fn response(testbed: &Testbed, user: &str) -> String {
    let page = http(testbed, "GET /simple/start?app=aws", "", "");
    let ticket = between(&page, "name=\"ticket\" value=\"", "\"");
    let cookie = between(&page.to_lowercase(), "set-cookie: ", ";").to_string();
    let cookie =
        page[page.to_lowercase().find(&cookie).expect("a cookie")..][..cookie.len()].to_string();
    let password = PASSWORD.replace(' ', "+");
    let form =
        format!("ticket={ticket}&step=1&username={user}&password={password}&step=2&proceed=");
    let last = http(testbed, "POST /simple/login", &cookie, &form);
    between(&last, "name=\"SAMLResponse\" value=\"", "\"")
}

fn http(testbed: &Testbed, what: &str, cookie: &str, body: &str) -> String {
    let host = testbed.idp_url().trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).expect("the identity provider listens");
    let request = format!(
        "{what} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nCookie: {cookie}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).expect("it listens");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("it answers");
    String::from_utf8_lossy(&answer).into_owned()
}

fn between(text: &str, before: &str, after: &str) -> String {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split(after).next().unwrap_or_default().to_string()
}

#[test]
fn a_response_from_a_browser_is_taken_however_it_was_copied() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let fresh = || response(&testbed, "ada");
    let wrapped = |text: &str| -> String {
        let lines: Vec<&str> = text
            .as_bytes()
            .chunks(76)
            .map(|line| std::str::from_utf8(line).expect("base64"))
            .collect();
        lines.join("\r\n") + "\n"
    };
    let encoded =
        |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let xml = STANDARD.decode(fresh()).expect("base64");
    for given in [
        fresh(),
        wrapped(&fresh()),
        encoded(&fresh()),
        format!("SAMLResponse={}&RelayState=", encoded(&fresh())),
        String::from_utf8(xml).expect("XML is text"),
    ] {
        let calls = sts_calls(&testbed);
        let requests = testbed.requests().len();
        let answer = home.mai_with("login morning --saml-response -", &given);
        assert_eq!(answer.code, Some(0), "{given:.60}: {answer}");
        assert_eq!(sts_calls(&testbed), calls + 2);
        let seen = testbed.requests();
        assert!(
            seen[requests..]
                .iter()
                .all(|seen| seen.server == Server::Sts),
            "nobody signs in"
        );
    }
    assert!(home.key("prod", "aws_session_token").is_some());
}

#[test]
fn what_is_no_response_is_a_clear_error() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    for (given, words) in [
        ("", "there is no SAML response on stdin"),
        ("  \n", "there is no SAML response on stdin"),
        ("what is this?", "is not base64"),
        ("aGVsbG8gd29ybGQ=", "SAML response"),
        ("<html><body>Sign in</body></html>", "its root is `html`"),
        (
            "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\">",
            "is cut off",
        ),
        ("SAMLResponse=", "there is no SAML response on stdin"),
    ] {
        let answer = home.mai_with("login prod --saml-response -", given);
        assert!(matches!(answer.code, Some(1 | 2)), "{given}: {answer}");
        assert!(answer.stderr.contains(words), "{given}: {answer}");
        assert!(answer.stderr.contains("error: "), "{answer}");
    }
    home.mai_with("login prod --saml-response - --password-stdin", "x")
        .fails(2, &["--saml-response", "cannot be used with"]);
    assert!(testbed.requests().is_empty());
}

/// A response as other products write it: two `Role` attributes, blanks around values, one pair twice.
#[test]
fn several_role_attributes_are_read_together() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let pair = |account: &str, name: &str| {
        format!(
            "<AttributeValue>\n   arn:aws:iam::{account}:role/{name} ,\n arn:aws:iam::{account}:saml-provider/corp\n</AttributeValue>"
        )
    };
    let role = "<Attribute Name=\"https://aws.amazon.com/SAML/Attributes/Role\">";
    let xml = format!(
        "<p:Response xmlns:p=\"urn:oasis:names:tc:SAML:2.0:protocol\"><p:Status><p:StatusCode \
         Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></p:Status>\
         <Assertion xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\"><AttributeStatement>\
         {role}{one}{two}</Attribute>{role}{three}{one}</Attribute></AttributeStatement></Assertion></p:Response>",
        one = pair("111111111111", "PowerUser"),
        two = pair("222222222222", "Writer"),
        three = pair("333333333333", "team/ReadOnly"),
    );
    home.mai_with(
        "login prod --role 333333333333/ReadOnyl --saml-response -",
        &xml,
    )
    .fails(
        4,
        &[
            "3 roles are offered",
            "the nearest is 333333333333/team/ReadOnly",
        ],
    );
    // Unsigned as it is, AWS does not take it.
    home.mai_with("login prod --saml-response -", &xml)
        .fails(4, &["AWS"]);
    assert_eq!(sts_calls(&testbed), 1);
}
