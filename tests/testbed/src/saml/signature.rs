//! XML signatures over SAML messages: enveloped, exclusive canonicalisation, one reference.
//!
//! What a caller reads after [`verify`] is the very text that was digested, so
//! that an element moved or wrapped around a signed one cannot be mistaken for it.

use std::collections::HashSet;

use bergshamra_c14n::{C14nMode, canonicalize_doc};
use bergshamra_xml::nodeset::NodeIdSet;
use bergshamra_xml::uppsala;
use bergshamra_xml::{Document, NodeId, NodeSet};
use ring::digest::{Algorithm, SHA256, SHA384, SHA512, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};

use super::certificate::PublicKey;
use super::{ASSERTION, PROTOCOL, SIGNATURE};
use crate::encoding::{from_wrapped_base64, to_base64};

const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const ECDSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
const DIGEST_SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
/// Where [`SigningKey::sign`] finds the place of a signature.
pub(crate) const PLACE: &str = "<!--signature-->";

/// Why a message was not believed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Distrust {
    /// It is not XML that we read: broken, or with a DOCTYPE.
    Unreadable,
    /// Nothing in it is signed.
    Unsigned,
    /// A signature is there and does not hold.
    Invalid(&'static str),
}

/// Verifies every signature of a `Response` or `Assertion` and gives back the canonical
/// text of the outermost signed element, without the signature.
pub(crate) fn verify(xml: &str, keys: &[PublicKey]) -> Result<String, Distrust> {
    // roxmltree refuses a DOCTYPE, which no SAML message may have.
    roxmltree::Document::parse(xml).map_err(|_| Distrust::Unreadable)?;
    let document = uppsala::parse(xml).map_err(|_| Distrust::Unreadable)?;
    let root = document.document_element().ok_or(Distrust::Unreadable)?;
    unique_ids(&document, root)?;
    let mut signed = Vec::new();
    for element in signable(&document, root)? {
        let signatures = document.child_elements_by_name_ns(element, SIGNATURE, "Signature");
        match signatures.as_slice() {
            [] => {}
            [signature] => signed.push(verify_one(&document, element, *signature, keys)?),
            _ => return Err(Distrust::Invalid("two signatures on one element")),
        }
    }
    // A Response comes before the Assertion in it.
    signed.into_iter().next().ok_or(Distrust::Unsigned)
}

/// The root, and the one assertion in it.
fn signable(document: &Document<'_>, root: NodeId) -> Result<Vec<NodeId>, Distrust> {
    let is = |uri, name| {
        document
            .element(root)
            .is_some_and(|element| element.matches_name_ns(uri, name))
    };
    if is(ASSERTION, "Assertion") {
        return Ok(vec![root]);
    }
    if !is(PROTOCOL, "Response") {
        return Err(Distrust::Unreadable);
    }
    let assertions = document.child_elements_by_name_ns(root, ASSERTION, "Assertion");
    if document
        .get_elements_by_tag_name_ns(ASSERTION, "Assertion")
        .len()
        > 1
    {
        return Err(Distrust::Invalid("more than one assertion"));
    }
    Ok(std::iter::once(root).chain(assertions).collect())
}

fn unique_ids(document: &Document<'_>, root: NodeId) -> Result<(), Distrust> {
    let mut ids = HashSet::new();
    let all = std::iter::once(root).chain(document.descendants(root));
    let doubled = all
        .filter_map(|node| document.get_attribute(node, "ID").map(str::to_owned))
        .collect::<Vec<_>>()
        .into_iter()
        .any(|id| !ids.insert(id));
    match doubled {
        true => Err(Distrust::Invalid("an ID occurs twice")),
        false => Ok(()),
    }
}

fn verify_one(
    document: &Document<'_>,
    element: NodeId,
    signature: NodeId,
    keys: &[PublicKey],
) -> Result<String, Distrust> {
    let child = |parent, name| {
        let found = document.child_elements_by_name_ns(parent, SIGNATURE, name);
        match found.as_slice() {
            [only] => Ok(*only),
            _ => Err(Distrust::Invalid("a part is missing or doubled")),
        }
    };
    let text = |node| from_wrapped_base64(&document.text_content_deep(node)).unwrap_or_default();
    let algorithm = |node| {
        document
            .get_attribute(node, "Algorithm")
            .unwrap_or_default()
    };

    let info = child(signature, "SignedInfo")?;
    let method = child(info, "CanonicalizationMethod")?;
    if algorithm(method) != EXCLUSIVE {
        return Err(Distrust::Invalid(
            "canonicalisation is not the exclusive one",
        ));
    }
    let signed_info = canonical(document, info, None, &prefixes(document, method))?;
    let value = text(child(signature, "SignatureValue")?);
    let by = algorithm(child(info, "SignatureMethod")?);
    if !keys
        .iter()
        .any(|key| key.verifies(by, &signed_info, &value))
    {
        return Err(Distrust::Invalid("no key of the provider made it"));
    }

    let reference = child(info, "Reference")?;
    let id = document.get_attribute(element, "ID").unwrap_or_default();
    let uri = document.get_attribute(reference, "URI").unwrap_or_default();
    if id.is_empty() || uri.strip_prefix('#') != Some(id) {
        return Err(Distrust::Invalid("it is about another element"));
    }
    let mut listed = Vec::new();
    let mut steps = Vec::new();
    for transform in
        document.child_elements_by_name_ns(child(reference, "Transforms")?, SIGNATURE, "Transform")
    {
        steps.push(algorithm(transform));
        listed.extend(prefixes(document, transform));
    }
    if steps != [ENVELOPED, EXCLUSIVE] {
        return Err(Distrust::Invalid("its transforms are not the usual two"));
    }
    let digested = canonical(document, element, Some(signature), &listed)?;
    let hash = hash_of(algorithm(child(reference, "DigestMethod")?))
        .ok_or(Distrust::Invalid("its digest is unknown"))?;
    if digest(hash, &digested).as_ref() != text(child(reference, "DigestValue")?) {
        return Err(Distrust::Invalid("what it signed was changed"));
    }
    String::from_utf8(digested).map_err(|_| Distrust::Unreadable)
}

fn hash_of(uri: &str) -> Option<&'static Algorithm> {
    match uri {
        DIGEST_SHA256 => Some(&SHA256),
        "http://www.w3.org/2001/04/xmldsig-more#sha384" => Some(&SHA384),
        "http://www.w3.org/2001/04/xmlenc#sha512" => Some(&SHA512),
        _ => None,
    }
}

fn prefixes(document: &Document<'_>, method: NodeId) -> Vec<String> {
    document
        .child_elements_by_name_ns(method, EXCLUSIVE, "InclusiveNamespaces")
        .into_iter()
        .filter_map(|node| document.get_attribute(node, "PrefixList"))
        .flat_map(str::split_whitespace)
        .map(str::to_owned)
        .collect()
}

/// The canonical bytes of an element, one child left out.
fn canonical(
    document: &Document<'_>,
    element: NodeId,
    without: Option<NodeId>,
    prefixes: &[String],
) -> Result<Vec<u8>, Distrust> {
    let ids = |node: NodeId| {
        std::iter::once(node)
            .chain(document.descendants(node))
            .map(|node| node.index())
            .collect::<NodeIdSet>()
    };
    let left_out = without.map(ids).unwrap_or_default();
    let kept = ids(element).difference(&left_out).copied().collect();
    let set = NodeSet::from_ids(kept, bergshamra_xml::nodeset::NodeSetType::Normal);
    canonicalize_doc(document, C14nMode::Exclusive, Some(&set), prefixes)
        .map_err(|_| Distrust::Unreadable)
}

/// The key of the testbed's identity provider, with its certificate.
pub(crate) struct SigningKey {
    key: EcdsaKeyPair,
    certificate: Vec<u8>,
}

impl SigningKey {
    /// A new P-256 key with a self-signed certificate.
    pub fn generate() -> Self {
        let pair = rcgen::KeyPair::generate().expect("a key is made");
        let mut params = rcgen::CertificateParams::default();
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, "testbed signing key");
        let certificate = params.self_signed(&pair).expect("a certificate is made");
        let key = EcdsaKeyPair::from_pkcs8(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            pair.serialized_der(),
            &SystemRandom::new(),
        )
        .expect("the key is a P-256 key");
        Self {
            key,
            certificate: certificate.der().to_vec(),
        }
    }

    /// The certificate in DER.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey::Ec(self.key.public_key().as_ref().to_vec())
    }

    /// Signs the element with that ID; its signature goes where [`PLACE`] stands first after it.
    pub fn sign(&self, xml: &str, id: &str) -> String {
        let document = uppsala::parse(xml).expect("our own XML is well-formed");
        let root = document.document_element().expect("it has a root");
        let element = std::iter::once(root)
            .chain(document.descendants(root))
            .find(|node| document.get_attribute(*node, "ID") == Some(id))
            .expect("the element to sign is there");
        // The place is a comment, which canonical text leaves out.
        let uncommented = NodeSet::tree_without_comments(element, &document);
        let bytes =
            canonicalize_doc::<&str>(&document, C14nMode::Exclusive, Some(&uncommented), &[])
                .expect("our own XML is canonicalised");
        let info = signed_info(id, &to_base64(digest(&SHA256, &bytes)));
        let canonical_info =
            bergshamra_c14n::canonicalize::<&str>(&info, C14nMode::Exclusive, None, &[])
                .expect("our own XML is canonicalised");
        let value = self
            .key
            .sign(&SystemRandom::new(), &canonical_info)
            .expect("a P-256 key signs");
        let signature = format!(
            "<ds:Signature xmlns:ds=\"{SIGNATURE}\">{info}<ds:SignatureValue>{}</ds:SignatureValue>\
             <ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>",
            to_base64(value),
            to_base64(&self.certificate),
        );
        let start = xml.find(&format!("ID=\"{id}\"")).expect("the ID is there");
        let place = start + xml[start..].find(PLACE).expect("a place for the signature");
        format!(
            "{}{signature}{}",
            &xml[..place],
            &xml[place + PLACE.len()..]
        )
    }
}

fn signed_info(id: &str, digest: &str) -> String {
    format!(
        "<ds:SignedInfo xmlns:ds=\"{SIGNATURE}\"><ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"/>\
         <ds:SignatureMethod Algorithm=\"{ECDSA_SHA256}\"/><ds:Reference URI=\"#{id}\"><ds:Transforms>\
         <ds:Transform Algorithm=\"{ENVELOPED}\"/><ds:Transform Algorithm=\"{EXCLUSIVE}\"/></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"{DIGEST_SHA256}\"/><ds:DigestValue>{digest}</ds:DigestValue>\
         </ds:Reference></ds:SignedInfo>"
    )
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;
