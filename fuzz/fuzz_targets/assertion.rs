//! Any bytes as an assertion: an error or a statement, never a panic.
#![no_main]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::fuzz_target;
use mai::assertion::Assertion;
use mai::secret::Secret;

fuzz_target!(|bytes: &[u8]| {
    let assertion = Assertion::new(Secret::new(STANDARD.encode(bytes)), "signin.aws.amazon.com");
    let _ = mai::aws::saml::read(&assertion);
});
