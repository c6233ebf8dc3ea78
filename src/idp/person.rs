//! The questions of a sign-in, and who answers them.

use crate::error::Result;
use crate::secret::Secret;

/// The answers of a person, or of what stands for them: keyring, command, configuration, memory.
///
/// Every method may be called when nobody is there. Then it answers from what is known, or fails with
/// `Kind::NeedsYou`; `agree` may simply say no.
pub trait Person {
    fn username(&mut self, host: &str) -> Result<String>;
    /// Called at most once in a sign-in.
    fn password(&mut self, host: &str) -> Result<Secret>;
    /// The password that was just given is wrong, the page says so: whoever stored it must not give it again. A form
    /// that merely comes back is no such word.
    fn password_refused(&mut self) {}
    /// The form came back for the password that was just given, and nothing says whether it is wrong.
    fn password_doubted(&mut self) {}
    fn code(&mut self, ask: &CodeRequest) -> Result<Secret>;
    /// Which of the options? A number below their count.
    fn choose(&mut self, ask: &Choice) -> Result<usize>;
    fn agree(&mut self, ask: &Agreement) -> Result<bool>;
    /// An approval is waited for. Shown whatever else is silent: without the number there is no way on.
    fn push(&mut self, _ask: &PushRequest) {}
    /// What is being done now, for a spinner.
    fn step(&mut self, _doing: &str) {}
    fn warn(&mut self, _text: &str) {}
}

/// A one-time code is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeRequest {
    pub host: String,
    /// The page's words for it.
    pub label: String,
    pub device: Option<String>,
    /// The code before was refused.
    pub again: bool,
    pub kind: CodeKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeKind {
    /// From an app or a token, as far as the page tells.
    Totp,
    /// Sent by text message, e-mail or voice.
    Sent,
    /// One of a printed list.
    Recovery,
    /// No code at all: a second password, or a PIN. It is typed unseen, and nothing that is stored stands for it.
    Secret,
    Unknown,
}

/// A person approves the sign-in elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushRequest {
    pub host: String,
    /// The number to type or to pick there.
    pub number: Option<String>,
    /// The page's words for what to do; may be empty.
    pub text: String,
}

/// One of several ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub question: String,
    pub options: Vec<String>,
}

/// Something that needs a yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    pub kind: AgreementKind,
    pub host: String,
    pub text: String,
    /// The same for the same text from the same host.
    pub key: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgreementKind {
    /// Passing personal data on.
    Consent,
    /// Terms of use.
    Terms,
    /// Sending a password or code to a host that the configuration does not name.
    NewHost,
}
