//! The metadata of an identity provider: who it is and which keys it signs with.

use super::certificate::PublicKey;
use super::{METADATA, SIGNATURE, escape};
use crate::encoding::{from_wrapped_base64, to_base64};

/// What STS has to know of an identity provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trust {
    pub entity_id: String,
    pub keys: Vec<PublicKey>,
}

impl Trust {
    /// Reads `EntityDescriptor/@entityID` and the signing certificates of its `IDPSSODescriptor`.
    pub fn from_metadata(xml: &str) -> Result<Self, String> {
        let document = roxmltree::Document::parse(xml).map_err(|error| error.to_string())?;
        let entity = document
            .descendants()
            .find(|node| {
                node.has_tag_name((METADATA, "EntityDescriptor"))
                    && node
                        .children()
                        .any(|child| child.has_tag_name((METADATA, "IDPSSODescriptor")))
            })
            .ok_or("no EntityDescriptor with an IDPSSODescriptor")?;
        let keys: Vec<_> = entity
            .children()
            .filter(|node| node.has_tag_name((METADATA, "IDPSSODescriptor")))
            .flat_map(|idp| idp.children())
            .filter(|node| node.has_tag_name((METADATA, "KeyDescriptor")))
            .filter(|node| node.attribute("use") != Some("encryption"))
            .flat_map(|key| key.descendants())
            .filter(|node| node.has_tag_name((SIGNATURE, "X509Certificate")))
            .filter_map(|node| from_wrapped_base64(node.text()?))
            .filter_map(|der| PublicKey::of_certificate(&der))
            .collect();
        if keys.is_empty() {
            return Err("no signing certificate with an RSA or P-256 key".into());
        }
        Ok(Self {
            entity_id: entity.attribute("entityID").unwrap_or_default().to_owned(),
            keys,
        })
    }
}

/// The metadata of the testbed's own identity provider.
pub(crate) fn document(entity_id: &str, certificate: &[u8], sso: &str) -> String {
    let (entity_id, sso) = (escape(entity_id), escape(sso));
    let certificate = to_base64(certificate);
    format!(
        "<?xml version=\"1.0\"?>\n<md:EntityDescriptor xmlns:md=\"{METADATA}\" entityID=\"{entity_id}\">\n\
         <md:IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\n\
         <md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"{SIGNATURE}\"><ds:X509Data><ds:X509Certificate>\
         {certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>\n\
         <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"{sso}\"/>\n\
         </md:IDPSSODescriptor>\n</md:EntityDescriptor>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saml::signature::SigningKey;

    #[test]
    fn metadata_goes_there_and_back() {
        let key = SigningKey::generate();
        let xml = document(
            "http://idp.test/?a=1&b=2",
            key.certificate(),
            "http://idp.test/sso",
        );
        let trust = Trust::from_metadata(&xml).unwrap();
        assert_eq!(trust.entity_id, "http://idp.test/?a=1&b=2");
        assert_eq!(trust.keys, [key.public()]);
    }
}
