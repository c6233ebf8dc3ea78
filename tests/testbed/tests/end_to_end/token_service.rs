//! A STS client, with an own signer.

use chrono::Utc;
use ring::digest::{SHA256, digest};
use ring::hmac;

use crate::client::{Answer, Browser, unescape};
use mai_testbed::Testbed;

/// Keys as STS gave them.
#[derive(Clone, Debug)]
pub struct Keys {
    pub id: String,
    pub secret: String,
    pub token: String,
    pub expiration: String,
}

/// What stands between the first tags of that name.
pub fn tag(xml: &str, name: &str) -> String {
    let start = xml.find(&format!("<{name}>")).map(|at| at + name.len() + 2);
    let end = xml.find(&format!("</{name}>"));
    match (start, end) {
        (Some(start), Some(end)) => unescape(&xml[start..end]),
        _ => String::new(),
    }
}

pub fn post(testbed: &Testbed, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Answer {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("Version", "2011-06-15")
        .extend_pairs(fields)
        .finish();
    let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
    all.extend(headers);
    Browser::default()
        .send("POST", &format!("{}/", testbed.sts_url()), &all, &body)
        .expect("an answer of STS")
}

/// `AssumeRoleWithSAML` for a role like `111111111111/ReadOnly`.
pub fn redeem(testbed: &Testbed, assertion: &str, role: &str, more: &[(&str, &str)]) -> Answer {
    let (account, name) = role.split_once('/').unwrap();
    let role = format!("arn:aws:iam::{account}:role/{name}");
    let provider = format!("arn:aws:iam::{account}:saml-provider/corp");
    let mut fields = vec![
        ("Action", "AssumeRoleWithSAML"),
        ("RoleArn", role.as_str()),
        ("PrincipalArn", provider.as_str()),
        ("SAMLAssertion", assertion),
    ];
    fields.extend(more);
    post(testbed, &[], &fields)
}

/// `400 Code: Message`, or the whole answer if it was none.
pub fn refusal(answer: &Answer) -> String {
    let text = answer.text();
    assert!(text.starts_with("<ErrorResponse"), "{text}");
    format!(
        "{} {}: {}",
        answer.status,
        tag(&text, "Code"),
        tag(&text, "Message")
    )
}

pub fn keys(answer: &Answer) -> Keys {
    let text = answer.text();
    assert_eq!(answer.status, 200, "{text}");
    Keys {
        id: tag(&text, "AccessKeyId"),
        secret: tag(&text, "SecretAccessKey"),
        token: tag(&text, "SessionToken"),
        expiration: tag(&text, "Expiration"),
    }
}

/// A signed call.
pub fn call(testbed: &Testbed, keys: &Keys, fields: &[(&str, &str)]) -> Answer {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("Version", "2011-06-15")
        .extend_pairs(fields)
        .finish();
    let host = testbed.sts_url().trim_start_matches("http://").to_owned();
    let time = Utc::now().format("%Y%m%dT%H%M%SZ").to_string();
    let scope = format!("{}/eu-central-1/sts/aws4_request", &time[..8]);
    let canonical = format!(
        "POST\n/\n\nhost:{host}\nx-amz-date:{time}\nx-amz-security-token:{}\n\n\
         host;x-amz-date;x-amz-security-token\n{}",
        keys.token,
        hex(digest(&SHA256, body.as_bytes()).as_ref())
    );
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{time}\n{scope}\n{}",
        hex(digest(&SHA256, canonical.as_bytes()).as_ref())
    );
    let mut key = format!("AWS4{}", keys.secret).into_bytes();
    for part in scope.split('/').chain([to_sign.as_str()]) {
        if part.contains('\n') {
            break;
        }
        key = mac(&key, part);
    }
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders=host;x-amz-date;x-amz-security-token, Signature={}",
        keys.id,
        hex(&mac(&key, &to_sign))
    );
    let headers = [
        ("host", host.as_str()),
        ("x-amz-date", time.as_str()),
        ("x-amz-security-token", keys.token.as_str()),
        ("authorization", authorization.as_str()),
    ];
    post(testbed, &headers, fields)
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
