//! Any page, and in its first line a secret: the masked page does not have it, and is masked without a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mai::idp::recording::masked_page;

fuzz_target!(|text: &str| {
    let (secret, page) = text.split_once('\n').unwrap_or(("", text));
    let secrets = [secret.to_owned()];
    let Some(masked) = masked_page(page, &secrets, |host| host == "signin.aws.amazon.com") else {
        return;
    };
    // Shorter ones are everywhere by accident, and one without a digit may be a word that everybody may see.
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let has_digit = secret.contains(|c: char| c.is_ascii_digit());
    if secret.len() >= 20 && has_digit && secret.chars().all(is_plain) {
        assert!(!masked.contains(secret));
    }
});
