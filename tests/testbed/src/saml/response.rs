//! The SAML response that ends a sign-in, right or wrong as the faults demand.

use chrono::{DateTime, Duration, Utc};

use super::encryption::AssertionKey;
use super::signature::{PLACE, SigningKey};
use super::{ASSERTION, PROTOCOL, escape};
use crate::encoding::{instant, random_name, to_base64};
use crate::faults::AssertionFault;
use crate::users::{Namespaces, PairOrder, User};

/// Which element of a response is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    /// The assertion only.
    Assertion,
    /// The response only.
    Response,
    /// Both.
    Both,
}

/// Everything a response depends on besides its user.
pub(crate) struct Occasion<'a> {
    pub issuer: &'a str,
    pub acs: &'a str,
    pub audience: &'a str,
    pub in_response_to: Option<&'a str>,
    pub now: DateTime<Utc>,
    pub signed: Signed,
    pub faults: &'a [AssertionFault],
}

/// The value of the field `SAMLResponse`.
pub(crate) fn build(
    user: &User,
    occasion: &Occasion<'_>,
    key: &SigningKey,
    sealed: &AssertionKey,
) -> String {
    let has = |fault| occasion.faults.contains(&fault);
    let shape = Shape::of(user.namespaces);
    let xml = if has(AssertionFault::AuthnFailed) {
        refusal(&shape, occasion, "AuthnFailed", key)
    } else if has(AssertionFault::NoPassive) {
        refusal(&shape, occasion, "NoPassive", key)
    } else {
        success(&shape, user, occasion, key, sealed)
    };
    let xml = if has(AssertionFault::BadSignature) {
        xml.replacen("AuthnContext>", "AuthnContext> ", 1)
    } else if has(AssertionFault::Doctype) {
        format!("<!DOCTYPE Response [<!ENTITY who \"somebody\">]>{xml}")
    } else {
        xml
    };
    let mut value = to_base64(&xml);
    if has(AssertionFault::Truncated) {
        value.truncate(value.len() / 12 * 8);
    }
    if has(AssertionFault::NotBase64) {
        value = xml;
    }
    value
}

/// The prefixes of one response, and where its namespaces are declared.
struct Shape {
    p: &'static str,
    a: &'static str,
    response: String,
    assertion: String,
}

impl Shape {
    fn of(namespaces: Namespaces) -> Self {
        let (p, a) = match namespaces {
            Namespaces::Saml2 => ("saml2p:", "saml2:"),
            Namespaces::Saml => ("samlp:", "saml:"),
            Namespaces::Default => ("", ""),
        };
        let declare = |prefix: &str, uri| match prefix.strip_suffix(':') {
            Some(prefix) => format!(" xmlns:{prefix}=\"{uri}\""),
            None => format!(" xmlns=\"{uri}\""),
        };
        Self {
            p,
            a,
            response: declare(p, PROTOCOL),
            assertion: declare(a, ASSERTION),
        }
    }
}

fn success(
    shape: &Shape,
    user: &User,
    occasion: &Occasion<'_>,
    key: &SigningKey,
    sealed: &AssertionKey,
) -> String {
    let id = format!("_{}", random_name());
    let mut assertion = assertion(shape, user, occasion, &id);
    let signed = match occasion.faults.contains(&AssertionFault::Unsigned) {
        true => None,
        false => Some(occasion.signed),
    };
    if matches!(signed, Some(Signed::Assertion | Signed::Both)) {
        assertion = key.sign(&assertion, &id);
    }
    if occasion.faults.contains(&AssertionFault::BareAssertion) {
        return assertion;
    }
    if occasion.faults.contains(&AssertionFault::Encrypted) {
        assertion = encrypted(shape, &sealed.seal(&assertion));
    }
    let response_id = format!("_{}", random_name());
    let response = response(shape, occasion, &response_id, "", &assertion);
    match signed {
        Some(Signed::Response | Signed::Both) => key.sign(&response, &response_id),
        _ => response,
    }
}

fn refusal(shape: &Shape, occasion: &Occasion<'_>, code: &str, key: &SigningKey) -> String {
    let id = format!("_{}", random_name());
    key.sign(&response(shape, occasion, &id, code, ""), &id)
}

fn response(
    shape: &Shape,
    occasion: &Occasion<'_>,
    id: &str,
    refused: &str,
    content: &str,
) -> String {
    let Shape {
        p,
        a,
        response,
        assertion,
    } = shape;
    let now = instant(occasion.now);
    let acs = escape(occasion.acs);
    let answers = in_response_to(occasion);
    let issuer = escape(&issuer(occasion));
    const STATUS: &str = "urn:oasis:names:tc:SAML:2.0:status:";
    let status = match refused {
        "" => format!("<{p}StatusCode Value=\"{STATUS}Success\"/>"),
        code => format!(
            "<{p}StatusCode Value=\"{STATUS}Responder\"><{p}StatusCode Value=\"{STATUS}{code}\"/></{p}StatusCode>"
        ),
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{p}Response{response} Destination=\"{acs}\" ID=\"{id}\"{answers} \
         IssueInstant=\"{now}\" Version=\"2.0\"><{a}Issuer{assertion}>{issuer}</{a}Issuer>{PLACE}\
         <{p}Status>{status}</{p}Status>{content}</{p}Response>"
    )
}

fn in_response_to(occasion: &Occasion<'_>) -> String {
    occasion
        .in_response_to
        .map(|id| format!(" InResponseTo=\"{}\"", escape(id)))
        .unwrap_or_default()
}

fn issuer(occasion: &Occasion<'_>) -> String {
    let other = occasion.faults.iter().find_map(|fault| match fault {
        AssertionFault::Issuer(issuer) => Some(issuer.clone()),
        _ => None,
    });
    other.unwrap_or_else(|| occasion.issuer.to_owned())
}

fn encrypted(shape: &Shape, value: &str) -> String {
    const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
    let Shape { a, assertion, .. } = shape;
    format!(
        "<{a}EncryptedAssertion{assertion}><xenc:EncryptedData xmlns:xenc=\"{XENC}\" Type=\"{XENC}Element\">\
         <xenc:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#aes256-gcm\"/><xenc:CipherData>\
         <xenc:CipherValue>{value}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></{a}EncryptedAssertion>"
    )
}

fn assertion(shape: &Shape, user: &User, occasion: &Occasion<'_>, id: &str) -> String {
    let Shape { a, assertion, .. } = shape;
    let mut times = Times::usual(occasion.now);
    let (mut audience, mut recipient) = (occasion.audience.to_owned(), occasion.acs.to_owned());
    let mut name_id = true;
    for fault in occasion.faults {
        match fault {
            AssertionFault::Audience(other) => audience = other.clone(),
            AssertionFault::Recipient(other) => recipient = other.clone(),
            AssertionFault::NoNameId => name_id = false,
            other => times.apply(other, occasion.now),
        }
    }
    let name_id = match name_id {
        true => format!(
            "<{a}NameID Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\">{}</{a}NameID>",
            escape(&user.name)
        ),
        false => String::new(),
    };
    let session_end = times
        .session_end
        .map(|end| format!(" SessionNotOnOrAfter=\"{}\"", instant(end)))
        .unwrap_or_default();
    let (issued, from, until) = (
        instant(times.issued),
        instant(times.not_before),
        instant(times.not_on_or_after),
    );
    format!(
        "<{a}Assertion{assertion} ID=\"{id}\" IssueInstant=\"{issued}\" Version=\"2.0\">\
         <{a}Issuer>{issuer}</{a}Issuer>{PLACE}<{a}Subject>{name_id}\
         <{a}SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
         <{a}SubjectConfirmationData{answers} NotOnOrAfter=\"{until}\" Recipient=\"{recipient}\"/>\
         </{a}SubjectConfirmation></{a}Subject><{a}Conditions NotBefore=\"{from}\" NotOnOrAfter=\"{until}\">\
         <{a}AudienceRestriction><{a}Audience>{audience}</{a}Audience></{a}AudienceRestriction></{a}Conditions>\
         <{a}AuthnStatement AuthnInstant=\"{issued}\"{session_end}><{a}AuthnContext><{a}AuthnContextClassRef>\
         urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</{a}AuthnContextClassRef>\
         </{a}AuthnContext></{a}AuthnStatement>{attributes}</{a}Assertion>",
        issuer = escape(&issuer(occasion)),
        answers = in_response_to(occasion),
        recipient = escape(&recipient),
        audience = escape(&audience),
        attributes = attributes(a, user, occasion.faults),
    )
}

fn attributes(a: &str, user: &User, faults: &[AssertionFault]) -> String {
    let mut out = format!("<{a}AttributeStatement>");
    let mut add = |name: &str, values: &[String]| {
        let values: String = values
            .iter()
            .map(|value| format!("<{a}AttributeValue>{}</{a}AttributeValue>", escape(value)))
            .collect();
        out.push_str(&format!(
            "<{a}Attribute Name=\"{name}\">{values}</{a}Attribute>"
        ));
    };
    let roles: Vec<_> = user
        .roles
        .iter()
        .map(|role| match user.pair_order {
            PairOrder::RoleFirst => format!("{},{}", role.arn(), role.provider_arn()),
            PairOrder::ProviderFirst => format!("{},{}", role.provider_arn(), role.arn()),
        })
        .collect();
    const AWS: &str = "https://aws.amazon.com/SAML/Attributes/";
    if !roles.is_empty() {
        add(&format!("{AWS}Role"), &roles);
    }
    let mut name = user.session_name.clone().or(Some(user.name.clone()));
    for fault in faults {
        match fault {
            AssertionFault::NoRoleSessionName => name = None,
            AssertionFault::RoleSessionName(other) => name = Some(other.clone()),
            AssertionFault::Huge => add("padding", &["x".repeat(80_000)]),
            _ => {}
        }
    }
    if let Some(name) = name {
        add(&format!("{AWS}RoleSessionName"), &[name]);
    }
    if let Some(seconds) = user.session_duration {
        add(&format!("{AWS}SessionDuration"), &[seconds.to_string()]);
    }
    out.push_str(&format!("</{a}AttributeStatement>"));
    out
}

struct Times {
    issued: DateTime<Utc>,
    not_before: DateTime<Utc>,
    not_on_or_after: DateTime<Utc>,
    session_end: Option<DateTime<Utc>>,
}

impl Times {
    fn usual(now: DateTime<Utc>) -> Self {
        Self {
            issued: now,
            not_before: now - Duration::minutes(1),
            not_on_or_after: now + Duration::minutes(5),
            session_end: Some(now + Duration::hours(12)),
        }
    }

    fn apply(&mut self, fault: &AssertionFault, now: DateTime<Utc>) {
        match fault {
            AssertionFault::Expired => {
                self.issued = now - Duration::minutes(10);
                self.not_before = self.issued;
                self.not_on_or_after = now - Duration::minutes(5);
            }
            AssertionFault::Stale => self.issued = now - Duration::minutes(10),
            AssertionFault::NotYetValid => {
                self.issued = now + Duration::minutes(10);
                self.not_before = self.issued;
                self.not_on_or_after = now + Duration::minutes(15);
            }
            AssertionFault::SessionEndsIn(seconds) => {
                self.session_end = Some(now + Duration::seconds(*seconds));
            }
            AssertionFault::ValidFor(seconds) => {
                self.not_on_or_after = now + Duration::seconds(*seconds);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::from_base64;
    use crate::saml::signature::verify;
    use crate::users::Role;

    fn xml(user: &User, signed: Signed, faults: &[AssertionFault]) -> (String, SigningKey) {
        let key = SigningKey::generate();
        let occasion = Occasion {
            issuer: "me",
            acs: "https://signin.aws.amazon.com/saml",
            audience: "urn:amazon:webservices",
            in_response_to: Some("_q"),
            now: Utc::now(),
            signed,
            faults,
        };
        let value = build(user, &occasion, &key, &AssertionKey::generate());
        (
            String::from_utf8(from_base64(&value).unwrap()).unwrap(),
            key,
        )
    }

    #[test]
    fn every_shape_verifies() {
        for namespaces in [Namespaces::Saml2, Namespaces::Saml, Namespaces::Default] {
            for signed in [Signed::Assertion, Signed::Response, Signed::Both] {
                let mut user = User::new("a<&\"b").role(Role::new("111111111111", "x/R"));
                user.namespaces = namespaces;
                let (xml, key) = xml(&user, signed, &[]);
                let text = verify(&xml, &[key.public()]);
                assert!(
                    text.is_ok_and(|t| t.contains("role/x/R,arn")),
                    "{namespaces:?} {signed:?}: {xml}"
                );
            }
        }
    }

    #[test]
    fn a_bad_signature_is_bad() {
        let (xml, key) = xml(
            &User::new("ada"),
            Signed::Both,
            &[AssertionFault::BadSignature],
        );
        assert!(verify(&xml, &[key.public()]).is_err());
    }
}
