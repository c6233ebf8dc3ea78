//! The public key in a certificate, and signatures checked with it.

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey,
};

const RSA_OID: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC_OID: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

/// A key that an identity provider signs with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PublicKey {
    Rsa(Vec<u8>),
    Ec(Vec<u8>),
}

impl PublicKey {
    /// The key of a certificate in DER; dates and issuer do not matter to AWS, nor here.
    pub fn of_certificate(der: &[u8]) -> Option<Self> {
        let (certificate, _) = element(der, 0x30)?;
        let (mut rest, _) = element(certificate, 0x30)?;
        if rest.first() == Some(&0xa0) {
            rest = element(rest, 0xa0)?.1;
        }
        rest = element(rest, 0x02)?.1;
        // Signature algorithm, issuer, validity and subject stand before the key.
        for _ in 0..4 {
            rest = element(rest, 0x30)?.1;
        }
        let (info, _) = element(rest, 0x30)?;
        let (algorithm, rest) = element(info, 0x30)?;
        let (oid, _) = element(algorithm, 0x06)?;
        let (bits, _) = element(rest, 0x03)?;
        let key = bits.get(1..)?.to_vec();
        match oid {
            RSA_OID => Some(Self::Rsa(key)),
            EC_OID => Some(Self::Ec(key)),
            _ => None,
        }
    }

    /// True if the key made this signature by the algorithm of that URI.
    pub fn verifies(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
        const MORE: &str = "http://www.w3.org/2001/04/xmldsig-more#";
        let Some(name) = algorithm.strip_prefix(MORE) else {
            return false;
        };
        match (self, name) {
            (Self::Rsa(key), "rsa-sha256") => {
                UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key)
                    .verify(message, signature)
                    .is_ok()
            }
            (Self::Rsa(key), "rsa-sha384") => {
                UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA384, key)
                    .verify(message, signature)
                    .is_ok()
            }
            (Self::Rsa(key), "rsa-sha512") => {
                UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA512, key)
                    .verify(message, signature)
                    .is_ok()
            }
            (Self::Ec(key), "ecdsa-sha256") => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key)
                    .verify(message, signature)
                    .is_ok()
            }
            _ => false,
        }
    }
}

/// The content of the DER element at the start, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = bytes
                .iter()
                .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            (length, rest)
        }
        _ => return None,
    };
    (found == tag).then(|| rest.split_at_checked(length))?
}
