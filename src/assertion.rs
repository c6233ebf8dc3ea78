//! What an identity provider says at the end of a sign-in.

use crate::secret::Secret;

/// The base64 answer of an identity provider, good for about five minutes.
///
/// Whoever holds it can become any role in it, so it stays in memory and is sent to STS only; and, where
/// somebody asks for the names of accounts, to AWS's sign-in page, which it was made for.
#[derive(Clone, Debug)]
pub struct Assertion {
    response: Secret,
    sign_in_host: String,
}

impl Assertion {
    /// `response` is the value of the form field `SAMLResponse` without white space, `sign_in_host` the AWS host the
    /// form wanted to post it to.
    pub fn new(response: Secret, sign_in_host: impl Into<String>) -> Self {
        Assertion {
            response,
            sign_in_host: sign_in_host.into(),
        }
    }

    pub fn response(&self) -> &Secret {
        &self.response
    }

    /// The AWS sign-in host: it names partition and region where nothing else does.
    pub fn sign_in_host(&self) -> &str {
        &self.sign_in_host
    }
}
