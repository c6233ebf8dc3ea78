//! Answers and errors of STS, shaped like those of AWS.

use crate::encoding::random_name;
use crate::saml::escape;
use crate::web::Reply;

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// A refusal with AWS's code, text and HTTP status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StsError {
    pub code: String,
    pub message: String,
    pub status: u16,
}

impl StsError {
    pub fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            status,
        }
    }

    pub fn invalid_token(message: &str) -> Self {
        Self::new(400, "InvalidIdentityToken", message)
    }

    pub fn expired(message: &str) -> Self {
        Self::new(400, "ExpiredTokenException", message)
    }

    pub fn denied(message: impl Into<String>) -> Self {
        Self::new(403, "AccessDenied", message)
    }

    pub fn validation(message: impl Into<String>) -> Self {
        Self::new(400, "ValidationError", message)
    }

    /// A parameter out of its limits.
    pub fn parameter(name: &str, value: &str, constraint: &str) -> Self {
        Self::validation(format!(
            "1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: Member must {constraint}"
        ))
    }

    /// The error as XML.
    pub fn reply(&self) -> Reply {
        let id = request_id();
        let kind = if self.status < 500 {
            "Sender"
        } else {
            "Receiver"
        };
        let body = format!(
            "<ErrorResponse xmlns=\"{NAMESPACE}\">\n  <Error>\n    <Type>{kind}</Type>\n    <Code>{}</Code>\n    \
             <Message>{}</Message>\n  </Error>\n  <RequestId>{id}</RequestId>\n</ErrorResponse>\n",
            escape(&self.code),
            escape(&self.message),
        );
        Reply::new(self.status, "text/xml", body).with("x-amzn-requestid", &id)
    }
}

/// The result of an action as XML.
pub(crate) fn success(action: &str, result: &str) -> Reply {
    let id = request_id();
    let body = format!(
        "<{action}Response xmlns=\"{NAMESPACE}\">\n<{action}Result>\n{result}</{action}Result>\n\
         <ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata>\n</{action}Response>\n"
    );
    Reply::new(200, "text/xml", body).with("x-amzn-requestid", &id)
}

fn request_id() -> String {
    let name = random_name();
    format!(
        "{}-{}-{}-{}-{}",
        &name[..8],
        &name[8..12],
        &name[12..16],
        &name[16..20],
        &name[20..]
    )
}
