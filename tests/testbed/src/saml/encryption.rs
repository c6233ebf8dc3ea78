//! Encrypted assertions that only the testbed's own STS can read.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::encoding::{from_wrapped_base64, random, to_base64};

/// The key that IdP and STS of one testbed share.
pub(crate) struct AssertionKey(LessSafeKey);

impl AssertionKey {
    /// A new random key.
    pub fn generate() -> Self {
        let key = UnboundKey::new(&AES_256_GCM, &random::<32>()).expect("32 bytes are a key");
        Self(LessSafeKey::new(key))
    }

    /// An assertion as the value of `CipherValue`.
    pub fn seal(&self, assertion: &str) -> String {
        let nonce = random::<NONCE_LEN>();
        let mut text = assertion.as_bytes().to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut text)
            .expect("an assertion is short enough");
        to_base64([&nonce[..], &text].concat())
    }

    /// The assertion in a `CipherValue`, if this key sealed it.
    pub fn open(&self, value: &str) -> Option<String> {
        let bytes = from_wrapped_base64(value)?;
        let (nonce, text) = bytes.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let open = self.0.open_in_place(nonce, Aad::empty(), &mut text).ok()?;
        String::from_utf8(open.to_vec()).ok()
    }
}
