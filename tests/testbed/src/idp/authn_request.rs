//! Requests of a service provider, as they come by redirect.

use std::io::Read as _;

use chrono::{DateTime, Utc};
use flate2::read::DeflateDecoder;
use roxmltree::Document;

use crate::encoding::from_base64;
use crate::saml::{ASSERTION, PROTOCOL};
use crate::web::Request;

/// What an `AuthnRequest` asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AuthnRequest {
    pub id: String,
    pub acs: Option<String>,
}

/// Reads the deflated `SAMLRequest` of the query; the error says what is wrong with it.
pub(crate) fn from_redirect(
    request: &Request,
    now: DateTime<Utc>,
) -> Result<AuthnRequest, &'static str> {
    let value = request
        .query_field("SAMLRequest")
        .ok_or("There is no SAMLRequest.")?;
    let deflated = from_base64(&value).ok_or("The SAMLRequest is not base64.")?;
    let mut xml = String::new();
    DeflateDecoder::new(deflated.as_slice())
        .take(100_000)
        .read_to_string(&mut xml)
        .map_err(|_| "The SAMLRequest is not deflated.")?;
    read(&xml, "urn:amazon:webservices", now)
}

/// Reads the `SAMLRequest` of a posted form, which is not deflated.
pub(crate) fn from_post(
    request: &Request,
    issuer: &str,
    now: DateTime<Utc>,
) -> Result<AuthnRequest, &'static str> {
    let value = request
        .field("SAMLRequest")
        .ok_or("There is no SAMLRequest.")?;
    let xml = from_base64(&value)
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or("The SAMLRequest is not base64.")?;
    read(&xml, issuer, now)
}

fn read(xml: &str, issuer: &str, now: DateTime<Utc>) -> Result<AuthnRequest, &'static str> {
    let document = Document::parse(xml).map_err(|_| "The SAMLRequest is not XML.")?;
    let root = document.root_element();
    if !root.has_tag_name((PROTOCOL, "AuthnRequest")) || root.attribute("Version") != Some("2.0") {
        return Err("The SAMLRequest is no AuthnRequest of SAML 2.0.");
    }
    let id = root.attribute("ID").unwrap_or_default();
    if !id.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return Err("The ID of the AuthnRequest is no XML name.");
    }
    let issued = root
        .attribute("IssueInstant")
        .and_then(crate::encoding::from_instant);
    if issued.is_none_or(|time| (now - time).num_minutes().abs() >= 5) {
        return Err("The IssueInstant of the AuthnRequest is missing or off.");
    }
    let named = root
        .children()
        .find(|node| node.has_tag_name((ASSERTION, "Issuer")))
        .and_then(|node| node.text())
        .unwrap_or_default();
    if named != issuer {
        return Err("The issuer of the AuthnRequest is not known here.");
    }
    Ok(AuthnRequest {
        id: id.to_owned(),
        acs: root
            .attribute("AssertionConsumerServiceURL")
            .map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn xml(id: &str, issuer: &str) -> String {
        format!(
            "<p:AuthnRequest xmlns:p=\"{PROTOCOL}\" ID=\"{id}\" Version=\"2.0\" IssueInstant=\"{}\">\
             <a:Issuer xmlns:a=\"{ASSERTION}\">{issuer}</a:Issuer></p:AuthnRequest>",
            crate::encoding::instant(Utc::now())
        )
    }

    #[test]
    fn only_aws_with_a_good_id_is_answered() {
        let read = |text: &str| read(text, "urn:amazon:webservices", Utc::now());
        assert!(read(&xml("_1", "urn:amazon:webservices")).is_ok());
        assert!(read(&xml("1", "urn:amazon:webservices")).is_err());
        assert!(read(&xml("_1", "urn:other")).is_err());
        assert!(read("<x/>").is_err());
    }
}
