//! What STS believes of an assertion, once its signature holds.

use chrono::{DateTime, Duration, Utc};
use roxmltree::{Document, Node};

use super::answer::StsError;
use crate::encoding::{from_base64, from_instant};
use crate::saml::encryption::AssertionKey;
use crate::saml::metadata::Trust;
use crate::saml::signature::{Distrust, verify};
use crate::saml::{ASSERTION, PROTOCOL};

/// A verified assertion, as far as STS needs it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Claims {
    pub issuer: String,
    pub subject: Option<String>,
    pub recipient: String,
    pub session_name: String,
    /// Pairs of role ARN and provider ARN.
    pub roles: Vec<(String, String)>,
    pub session_end: Option<DateTime<Utc>>,
    pub session_duration: Option<i64>,
}

/// Checks the parameter `SAMLAssertion` against a provider, as AWS does before it looks at roles.
pub(crate) fn check(
    value: &str,
    partition: &str,
    trust: &Trust,
    sealed: &AssertionKey,
    now: DateTime<Utc>,
) -> Result<Claims, StsError> {
    let xml = from_base64(value)
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| StsError::invalid_token("Invalid base64 SAMLResponse"))?;
    let outer = Document::parse(&xml).map_err(|_| unreadable())?;
    if !outer.root_element().has_tag_name((PROTOCOL, "Response")) {
        return Err(unreadable());
    }
    succeeded(outer.root_element())?;
    let issuer = issuer(&outer, &xml, sealed);
    if issuer != trust.entity_id {
        return Err(StsError::invalid_token(
            "Issuer not present in specified provider",
        ));
    }
    let text = verified(&xml, trust, sealed)?;
    let document = Document::parse(&text).map_err(|_| unreadable())?;
    let assertion = document
        .root()
        .descendants()
        .find(|node| node.has_tag_name((ASSERTION, "Assertion")))
        .ok_or_else(unreadable)?;
    if child_text(assertion, "Issuer").as_deref() != Some(issuer.as_str()) {
        return Err(StsError::invalid_token(
            "Issuer not present in specified provider",
        ));
    }
    times(assertion, now)?;
    audience(assertion, partition)?;
    claims(assertion, issuer)
}

fn unreadable() -> StsError {
    StsError::invalid_token("SAMLResponse is not a readable SAML 2.0 Response")
}

fn succeeded(response: Node<'_, '_>) -> Result<(), StsError> {
    let code = response
        .children()
        .find(|node| node.has_tag_name((PROTOCOL, "Status")))
        .and_then(|status| {
            status
                .children()
                .find(|node| node.has_tag_name((PROTOCOL, "StatusCode")))
        })
        .and_then(|code| code.attribute("Value"));
    match code {
        Some("urn:oasis:names:tc:SAML:2.0:status:Success") => Ok(()),
        _ => Err(StsError::new(
            403,
            "IDPRejectedClaim",
            "The identity provider reported that authentication failed",
        )),
    }
}

/// Whom the message claims to be from; believed only when the signature of that provider holds.
fn issuer(outer: &Document<'_>, xml: &str, sealed: &AssertionKey) -> String {
    let opened = cipher_value(xml).and_then(|value| sealed.open(&value));
    let inner = opened
        .as_deref()
        .and_then(|text| Document::parse(text).ok());
    let root = inner.as_ref().unwrap_or(outer).root();
    root.descendants()
        .find(|node| node.has_tag_name((ASSERTION, "Assertion")))
        .and_then(|assertion| child_text(assertion, "Issuer"))
        .unwrap_or_default()
}

/// The text whose signature holds and that has the assertion in it.
fn verified(xml: &str, trust: &Trust, sealed: &AssertionKey) -> Result<String, StsError> {
    let invalid = |_: Distrust| StsError::invalid_token("Response signature invalid");
    let Some(value) = cipher_value(xml) else {
        return verify(xml, &trust.keys).map_err(invalid);
    };
    let inner = sealed
        .open(&value)
        .ok_or_else(|| StsError::invalid_token("The assertion could not be decrypted"))?;
    match verify(&inner, &trust.keys) {
        // Then the response around it must be signed, cipher text included.
        Err(Distrust::Unsigned) => {
            let outer = verify(xml, &trust.keys).map_err(invalid)?;
            match cipher_value(&outer) == Some(value) {
                true => Ok(inner),
                false => Err(invalid(Distrust::Unsigned)),
            }
        }
        other => other.map_err(invalid),
    }
}

fn cipher_value(xml: &str) -> Option<String> {
    let document = Document::parse(xml).ok()?;
    let node = document
        .descendants()
        .find(|node| node.has_tag_name((ASSERTION, "EncryptedAssertion")))?
        .descendants()
        .find(|node| node.tag_name().name() == "CipherValue")?;
    node.text().map(str::to_owned)
}

fn times(assertion: Node<'_, '_>, now: DateTime<Utc>) -> Result<(), StsError> {
    let time = |node: Node<'_, '_>, name| node.attribute(name).and_then(from_instant);
    let issued = time(assertion, "IssueInstant").ok_or_else(unreadable)?;
    if now - issued > Duration::minutes(5) {
        return Err(StsError::expired(
            "Token must be redeemed within 5 minutes of issuance",
        ));
    }
    let bounds = assertion.descendants().filter(|node| {
        node.has_tag_name((ASSERTION, "Conditions"))
            || node.has_tag_name((ASSERTION, "SubjectConfirmationData"))
    });
    for node in bounds {
        if time(node, "NotOnOrAfter").is_some_and(|end| end <= now) {
            return Err(StsError::expired("Response has expired"));
        }
        if time(node, "NotBefore").is_some_and(|start| start > now) {
            return Err(StsError::invalid_token("Response is not yet valid"));
        }
    }
    Ok(())
}

fn audience(assertion: Node<'_, '_>, partition: &str) -> Result<(), StsError> {
    let good = assertion
        .descendants()
        .filter(|node| node.has_tag_name((ASSERTION, "Audience")))
        .filter_map(|node| node.text())
        .any(|text| {
            let text = text.trim();
            text == "urn:amazon:webservices"
                || text.starts_with("urn:amazon:webservices:")
                || signs_in(text, partition)
        });
    match good {
        true => Ok(()),
        false => Err(StsError::invalid_token(
            "Response does not contain the required audience",
        )),
    }
}

/// True for a sign-in address of a partition.
pub(crate) fn signs_in(url: &str, partition: &str) -> bool {
    let suffix = match partition {
        "aws" => "signin.aws.amazon.com",
        "aws-cn" => "signin.amazonaws.cn",
        "aws-us-gov" => "signin.amazonaws-us-gov.com",
        "aws-eusc" => "signin.amazonaws-eusc.eu",
        _ => return false,
    };
    let Ok(url) = url::Url::parse(url) else {
        return false;
    };
    let host = url.host_str().unwrap_or_default();
    let hosted = host == suffix
        || host
            .strip_suffix(suffix)
            .is_some_and(|region| region.ends_with('.'));
    url.scheme() == "https"
        && hosted
        && (url.path() == "/saml" || url.path().starts_with("/saml/acs/"))
}

fn claims(assertion: Node<'_, '_>, issuer: String) -> Result<Claims, StsError> {
    let find = |name| {
        assertion
            .descendants()
            .find(|node| node.has_tag_name((ASSERTION, name)))
    };
    let names = attribute(assertion, "RoleSessionName");
    let session_name = names
        .first()
        .ok_or_else(|| StsError::invalid_token("RoleSessionName is required in AuthnResponse"))?
        .clone();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if !(2..=64).contains(&session_name.len())
        || !session_name.chars().all(allowed)
        || names.len() > 1
    {
        return Err(StsError::invalid_token(
            "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}",
        ));
    }
    Ok(Claims {
        issuer,
        subject: find("Subject").and_then(|subject| child_text(subject, "NameID")),
        recipient: find("SubjectConfirmationData")
            .and_then(|data| data.attribute("Recipient"))
            .unwrap_or_default()
            .to_owned(),
        session_name,
        roles: attribute(assertion, "Role")
            .iter()
            .filter_map(|pair| role_pair(pair))
            .collect(),
        session_end: find("AuthnStatement")
            .and_then(|statement| statement.attribute("SessionNotOnOrAfter"))
            .and_then(from_instant),
        session_duration: attribute(assertion, "SessionDuration")
            .first()
            .and_then(|text| text.parse().ok()),
    })
}

/// All values of an AWS attribute, trimmed.
fn attribute(assertion: Node<'_, '_>, name: &str) -> Vec<String> {
    assertion
        .descendants()
        .filter(|node| node.has_tag_name((ASSERTION, "Attribute")))
        .filter(|node| {
            node.attribute("Name")
                .and_then(|full| full.strip_prefix("https://aws.amazon.com/SAML/Attributes/"))
                == Some(name)
        })
        .flat_map(|node| node.children())
        .filter(|node| node.has_tag_name((ASSERTION, "AttributeValue")))
        .map(|node| text_of(node).trim().to_owned())
        .collect()
}

fn role_pair(value: &str) -> Option<(String, String)> {
    let (one, two) = value.split_once(',')?;
    let (one, two) = (one.trim().to_owned(), two.trim().to_owned());
    match (
        one.contains(":saml-provider/"),
        two.contains(":saml-provider/"),
    ) {
        (false, true) => Some((one, two)),
        (true, false) => Some((two, one)),
        _ => None,
    }
}

fn child_text(parent: Node<'_, '_>, name: &str) -> Option<String> {
    parent
        .children()
        .find(|node| node.has_tag_name((ASSERTION, name)))
        .map(|node| text_of(node).trim().to_owned())
}

fn text_of(node: Node<'_, '_>) -> String {
    node.descendants()
        .filter(Node::is_text)
        .filter_map(|text| text.text())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sign_in_addresses_are_told_from_lookalikes() {
        assert!(signs_in("https://signin.aws.amazon.com/saml", "aws"));
        assert!(signs_in(
            "https://eu-west-1.signin.aws.amazon.com/saml",
            "aws"
        ));
        assert!(signs_in("https://signin.amazonaws.cn/saml", "aws-cn"));
        assert!(!signs_in("https://signin.amazonaws.cn/saml", "aws"));
        assert!(!signs_in("https://evilsignin.aws.amazon.com/saml", "aws"));
        assert!(!signs_in("http://signin.aws.amazon.com/saml", "aws"));
    }

    #[test]
    fn a_pair_is_read_in_either_order() {
        let (role, provider) = (
            "arn:aws:iam::1:role/saml-provider",
            "arn:aws:iam::1:saml-provider/role",
        );
        let pair = Some((role.to_owned(), provider.to_owned()));
        assert_eq!(role_pair(&format!(" {role} , {provider} ")), pair);
        assert_eq!(role_pair(&format!("{provider},{role}")), pair);
        assert_eq!(role_pair("x,y"), None);
    }
}
