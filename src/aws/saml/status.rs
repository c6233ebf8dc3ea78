//! A response that says the sign-in failed, in words.

use crate::error::{Error, clean};

/// What the `Status` element says.
#[derive(Default)]
pub struct Status {
    pub code: Option<String>,
    /// The second-level code, which says why.
    pub reason: Option<String>,
    pub message: Option<String>,
}

impl Status {
    /// The failure, unless it is a success or says nothing at all.
    pub fn failure(&self) -> Option<Error> {
        let code = last_word(self.code.as_deref()?);
        if code == "Success" {
            return None;
        }
        let reason = self.reason.as_deref().map_or("", last_word);
        let (what, hint) = explain(code, reason);
        let mut failure = Error::refused(format!("the identity provider {what}"));
        let words = match (&self.message, reason) {
            (Some(message), _) => Some(clean(message)),
            (None, "") => Some(clean(code)),
            (None, reason) => Some(clean(reason)),
        };
        if let Some(words) = words {
            failure = failure.because(words);
        }
        Some(failure.hint(hint))
    }
}

fn explain(code: &str, reason: &str) -> (&'static str, &'static str) {
    match (code, reason) {
        (_, "AuthnFailed") => (
            "did not accept the sign-in",
            "sign in once in a browser: it may show why",
        ),
        (_, "NoPassive") => (
            "would have had to ask something and was told not to",
            "remove `isPassive` or the like from the URL of the identity provider",
        ),
        (_, "NoAuthnContext") => (
            "wants another way of signing in than the one that was used",
            "ask its administrator which second factor the AWS application demands",
        ),
        (_, "RequestDenied") => (
            "denied the request",
            "ask its administrator whether you may use the AWS application",
        ),
        (_, "UnknownPrincipal") => (
            "does not know this account for the AWS application",
            "ask its administrator whether you may use the AWS application",
        ),
        (_, "InvalidNameIDPolicy") => (
            "cannot name you the way AWS asks for",
            "its administrator has to set the NameID format of the AWS application",
        ),
        (_, "RequestUnsupported") | ("Requester", _) => (
            "did not accept the request for AWS",
            "check the URL of the identity provider; else its AWS application is set up wrongly",
        ),
        ("VersionMismatch", _) => (
            "speaks another version of SAML than AWS",
            "its administrator has to switch the AWS application to SAML 2.0",
        ),
        ("Responder", _) => (
            "failed to finish the sign-in",
            "try again; if it happens again, tell its administrator",
        ),
        _ => (
            "ended the sign-in with an error",
            "try again; if it happens again, tell its administrator",
        ),
    }
}

/// `urn:oasis:names:tc:SAML:2.0:status:AuthnFailed` is `AuthnFailed`.
fn last_word(code: &str) -> &str {
    code.trim().rsplit(':').next().unwrap_or_default()
}
