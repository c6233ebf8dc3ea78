//! Asks an identity provider for an answer to AWS, where it does not start by itself.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use ring::rand::{SecureRandom, SystemRandom};
use url::Url;

use super::page::{Page, host_of};
use crate::error::{Error, Result};

/// What AWS calls itself towards identity providers.
const ISSUER: &str = "urn:amazon:webservices";
/// Where AWS takes the answer.
const CONSUMER: &str = "https://signin.aws.amazon.com/saml";

/// Ends of paths that are endpoints and nothing more: without a request they only fail.
const BARE_ENDPOINTS: &[&str] = &[
    "/protocol/saml",
    "/saml2/idp/ssoservice.php",
    "/module.php/saml/idp/singlesignonservice",
    "/adfs/ls",
    "/profile/saml2/redirect/sso",
    "/saml/singlesignon",
    "/samlsso",
    "/saml/v2/sso",
    "/idp/sso.saml2",
];

/// Parts of paths that start a sign-in to AWS by themselves.
const STARTS_ITSELF: &[&str] = &[
    "unsolicited",
    "idpinitiated",
    "startsso",
    "/clients/",
    "idpsend",
];

/// Does this address say nothing about AWS, so that the request must?
pub fn is_bare_endpoint(start: &Url) -> bool {
    let path = start.path().trim_end_matches('/').to_ascii_lowercase();
    start.query().unwrap_or_default().is_empty()
        && BARE_ENDPOINTS.iter().any(|end| path.ends_with(end))
}

/// Could an address that led to this page be an endpoint that waits for a request?
pub fn is_wanted_by(page: &Page, start: &Url) -> bool {
    let path = start.path().to_ascii_lowercase();
    if STARTS_ITSELF.iter().any(|part| path.contains(part)) || has_request(start) {
        return false;
    }
    let text = page.text.to_ascii_lowercase();
    let misses_it = text.contains("samlrequest")
        || text.contains("saml request")
        || text.contains("authnrequest");
    misses_it || (page.status >= 400 && page.status != 401 && path != "/")
}

fn has_request(url: &Url) -> bool {
    url.query_pairs().any(|(name, _)| name == "SAMLRequest")
}

/// The endpoint's address with a request of our own: unsigned, by redirect.
pub fn address(endpoint: &Url, now: DateTime<Utc>) -> Result<Url> {
    let mut id = [0u8; 16];
    SystemRandom::new()
        .fill(&mut id)
        .map_err(|_| Error::failed("the system has no random numbers"))?;
    let id: String = id.iter().map(|b| format!("{b:02x}")).collect();
    let mut destination = endpoint.clone();
    destination.set_query(None);
    destination.set_fragment(None);
    let request = format!(
        "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
         xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_{id}\" Version=\"2.0\" IssueInstant=\"{}\" \
         Destination=\"{}\" AssertionConsumerServiceURL=\"{CONSUMER}\" \
         ProtocolBinding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\">\
         <saml:Issuer>{ISSUER}</saml:Issuer>\
         <samlp:NameIDPolicy AllowCreate=\"true\"/></samlp:AuthnRequest>",
        now.to_rfc3339_opts(SecondsFormat::Secs, true),
        destination
            .as_str()
            .replace('&', "&amp;")
            .replace('"', "&quot;"),
    );
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
    let packed = deflate
        .write_all(request.as_bytes())
        .and_then(|()| deflate.finish())
        .map_err(|error| {
            Error::failed(format!(
                "no request for {} could be made",
                host_of(endpoint)
            ))
            .because(error)
        })?;
    let mut url = endpoint.clone();
    url.set_fragment(None);
    url.query_pairs_mut()
        .append_pair("SAMLRequest", &STANDARD.encode(packed));
    Ok(url)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::DeflateDecoder;

    use super::*;
    use crate::idp::page::test_page::{answer, page};

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_request_can_be_read_back() {
        let endpoint = url("https://idp.test/realms/a/protocol/saml?kept=1#x");
        let now = DateTime::from_timestamp(1_800_000_000, 5).unwrap();
        let address = address(&endpoint, now).unwrap();
        let query: Vec<(String, String)> = address.query_pairs().into_owned().collect();
        assert_eq!(query[0], ("kept".to_owned(), "1".to_owned()));
        assert_eq!(query[1].0, "SAMLRequest");
        let packed = STANDARD.decode(&query[1].1).unwrap();
        let mut xml = String::new();
        DeflateDecoder::new(&packed[..])
            .read_to_string(&mut xml)
            .unwrap();
        for part in [
            "ID=\"_",
            "IssueInstant=\"2027-01-15T08:00:00Z\"",
            "Destination=\"https://idp.test/realms/a/protocol/saml\"",
            "AssertionConsumerServiceURL=\"https://signin.aws.amazon.com/saml\"",
            "<saml:Issuer>urn:amazon:webservices</saml:Issuer>",
            "</saml:Issuer><samlp:NameIDPolicy AllowCreate=\"true\"/></samlp:AuthnRequest>",
        ] {
            assert!(xml.contains(part), "{part} in {xml}");
        }
        assert_ne!(address, super::address(&endpoint, now).unwrap());
    }

    #[test]
    fn bare_endpoints_are_known_by_their_path() {
        for bare in [
            "https://a.test/realms/x/protocol/saml",
            "https://a.test/simplesaml/saml2/idp/SSOService.php",
            "https://a.test/adfs/ls/",
            "https://a.test/idp/profile/SAML2/Redirect/SSO",
        ] {
            assert!(is_bare_endpoint(&url(bare)), "{bare}");
        }
        for hinted in [
            "https://a.test/realms/x/protocol/saml/clients/aws",
            "https://a.test/simplesaml/saml2/idp/SSOService.php?spentityid=urn:amazon:webservices",
            "https://a.test/adfs/ls/IdpInitiatedSignOn.aspx?loginToRp=x",
            "https://a.test/",
        ] {
            assert!(!is_bare_endpoint(&url(hinted)), "{hinted}");
        }
    }

    #[test]
    fn an_error_page_wants_a_request_unless_the_address_starts_by_itself() {
        let broken = answer(400, &[], "Bad request");
        let missing = page("<p>Missing SAMLRequest or SAMLResponse</p>");
        assert!(is_wanted_by(&broken, &url("https://a.test/sso/saml")));
        assert!(is_wanted_by(&missing, &url("https://a.test/sso/saml")));
        assert!(!is_wanted_by(
            &page("Hello"),
            &url("https://a.test/sso/saml")
        ));
        assert!(!is_wanted_by(
            &broken,
            &url("https://a.test/idp/profile/SAML2/Unsolicited/SSO?providerId=x")
        ));
        assert!(!is_wanted_by(
            &broken,
            &url("https://a.test/sso?SAMLRequest=x")
        ));
        assert!(!is_wanted_by(
            &answer(401, &[], "no"),
            &url("https://a.test/sso/saml")
        ));
    }
}
