//! Codes from a TOTP secret (RFC 6238), each used once.

use std::time::Duration;

use totp_rs::{Builder, Totp};

use crate::clock;
use crate::error::{Error, Result};
use crate::secret::Secret;

/// Reads a secret as people have it: base32 with or without blanks and padding, or an `otpauth://` address.
fn read(secret: &Secret) -> Result<Totp> {
    let text = secret.expose().trim();
    let unreadable = || {
        Error::usage("the TOTP secret cannot be read: it is neither base32 nor an otpauth://totp address")
            .hint("take it from where the authenticator was set up (`enter the key by hand`), or use `mfa: {code: ask}`")
    };
    if text.starts_with("otpauth://") {
        // Real accounts have shorter secrets than RFC 4226 asks for, so the length is not checked.
        return Totp::from_url_unchecked(text).map_err(|_| unreadable());
    }
    let base32: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-' && *c != '=')
        .map(|c| c.to_ascii_uppercase())
        .collect();
    if base32.is_empty() {
        return Err(unreadable());
    }
    let secret = totp_rs::Secret::try_from_base32(&base32).map_err(|_| unreadable())?;
    Ok(Builder::new().with_secret(secret).build_noncompliant())
}

/// Is this a secret that codes can be made from?
pub fn check(secret: &Secret) -> Result<()> {
    read(secret).map(drop)
}

/// A code whose time step was not used before, and that step; waits for the next step if it must.
///
/// `waiting` is told the seconds of the wait: up to one step (30 s), or three if the clock was set back.
pub fn fresh(secret: &Secret, used: Option<u64>, waiting: impl Fn(u64)) -> Result<(Secret, u64)> {
    let totp = read(secret)?;
    let now = || u64::try_from(clock::now().timestamp()).unwrap_or(0);
    let length = totp.next_step(0).max(1);
    let mut time = now();
    // A step ahead of us was used before the clock was set back a little; one far ahead tells nothing.
    let step = time / length;
    if let Some(used) = used.filter(|used| (step..step + 3).contains(used)) {
        let wait = ((used + 1) * length).saturating_sub(time).max(1);
        waiting(wait);
        std::thread::sleep(Duration::from_secs(wait));
        time = now().max(time + wait);
    }
    Ok((Secret::new(totp.generate(time).to_string()), time / length))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238's test vectors, `12345678901234567890`.
    const RFC: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    fn code_at(secret: &str, time: u64) -> String {
        read(&Secret::new(secret))
            .unwrap()
            .generate(time)
            .to_string()
    }

    #[test]
    fn codes_are_those_of_the_standard_however_the_secret_is_written() {
        // RFC 6238, appendix B: 94287082 at 59 s, of which six digits are used.
        assert_eq!(code_at(RFC, 59), "287082");
        assert_eq!(
            code_at("gezd gnbv gy3t qojq gezd gnbv gy3t qojq", 59),
            "287082"
        );
        assert_eq!(
            code_at(&format!("otpauth://totp/x?secret={RFC}"), 59),
            "287082"
        );
        assert_eq!(
            code_at(&format!("otpauth://totp/x?secret={RFC}&digits=8"), 59),
            "94287082"
        );
    }

    #[test]
    fn what_is_no_secret_is_a_clear_error_that_does_not_repeat_it() {
        for text in ["", "hunter2!", "otpauth://hotp/x?secret=AAAA", "0189"] {
            let error = check(&Secret::new(text)).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            assert!(text.is_empty() || !error.to_string().contains(text));
        }
    }

    #[test]
    fn a_code_that_was_not_used_needs_no_wait() {
        let secret = Secret::new(RFC);
        let (code, step) = fresh(&secret, None, |_| panic!("no wait")).unwrap();
        assert_eq!(code.expose().len(), 6);
        let earlier = step - 1;
        assert!(fresh(&secret, Some(earlier), |_| panic!("no wait")).is_ok());
    }
}
