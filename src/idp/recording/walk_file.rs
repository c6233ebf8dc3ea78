//! `walk.json`, version 1: how a sign-in went, beside the pages it went through.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What this `mai` writes and reads.
pub const VERSION: u32 = 1;

/// All values are masked; what is empty is left out.
#[derive(Debug, Serialize, Deserialize)]
pub struct WalkFile {
    pub version: u32,
    /// The `mai` that wrote it.
    pub mai: String,
    pub settings: SettingsFile,
    pub steps: Vec<StepFile>,
    #[serde(default)]
    pub answers: Vec<AnswerFile>,
    /// `arrived`, or the kind of the error.
    pub end: String,
}

/// The settings of the identity provider, as far as they decide the way.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SettingsFile {
    pub start: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mfa_method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mfa_device: Option<String>,
    #[serde(skip_serializing_if = "is_false")]
    pub remember_device: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub consent_accept: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trusted_hosts: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// Was there somebody to ask?
    pub person: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct StepFile {
    pub request: RequestFile,
    /// The redirects on the way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirects: Vec<RedirectFile>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<ResponseFile>,
    /// The kind of the error, where there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct RequestFile {
    pub method: String,
    pub url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The names of what was sent, in order; of a JSON document the paths to its values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// Which of them held `username`, `password` or `code`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub filled: BTreeMap<String, String>,
    /// The names of headers that a script adds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
    /// User and password of a browser's own dialog came along.
    #[serde(default, skip_serializing_if = "is_false")]
    pub basic: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct RedirectFile {
    pub method: String,
    pub url: String,
    pub status: u16,
    pub location: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cookies: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct ResponseFile {
    pub url: String,
    pub status: u16,
    /// `content-type`, `www-authenticate` (the scheme) and `refresh`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cookies: Vec<String>,
    pub charset: String,
    #[serde(default, skip_serializing_if = "is_false")]
    pub plain_http_hop: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub had_basic: bool,
    /// The file beside this one; without it the page could not be masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
}

/// What was asked of the person or of what stands for them.
#[derive(Debug, Serialize, Deserialize)]
pub struct AnswerFile {
    /// `username`, `password`, `code`, `choose` or `agree`.
    pub asked: String,
    /// Of a code its length, of a choice what was picked, counted from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<usize>,
    /// The same code as the one before.
    #[serde(default, skip_serializing_if = "is_false")]
    pub repeated: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub no: bool,
    /// The kind of the error, where there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

fn is_false(value: &bool) -> bool {
    !value
}
