//! The settings as the rest of the program sees them: typed, checked, all layers applied.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use url::Url;

use super::browser_command::BrowserCommand;
use super::classic::Classic;
use super::origin::{Origin, SourceFile, Sourced};
use crate::arn::{ProviderArn, RoleArn};
use crate::duration::Span;
use crate::helper_command::HelperCommand;

/// Everything that the files say. Names in it lead somewhere: `identity_provider`, members of groups and
/// `default_profile` were looked up when it was read.
#[derive(Clone, Debug)]
pub struct Config {
    pub default_profile: Option<Sourced<String>>,
    pub identity_providers: BTreeMap<String, IdentityProvider>,
    /// In the order of the files.
    pub profiles: Vec<Profile>,
    pub groups: Vec<Group>,
    /// Account ids and the person's names for them.
    pub accounts: BTreeMap<String, Sourced<String>>,
    pub secrets: Sourced<SecretsMode>,
    pub ask_with: Sourced<AskWith>,
    /// What opens the web console; `None`: the browser of the desktop.
    pub console_browser: Option<Sourced<BrowserCommand>>,
    /// All files that were read; later ones won.
    pub files: Vec<SourceFile>,
    /// The person's own file, whether it exists or not.
    pub own_file: SourceFile,
    pub exists: bool,
    /// The Python Mai's file, while it is in the place of a `profiles.yaml`.
    pub classic: Option<Classic>,
    /// `-c` or `MAI_CONFIG` named the file: commands say so.
    pub config_overridden: bool,
}

/// The settings of one profile after all layers and `defaults`.
#[derive(Clone, Debug)]
pub struct Profile {
    pub name: String,
    pub origin: Origin,
    pub identity_provider: Sourced<String>,
    /// `None`: the only one offered, else a person chooses.
    pub role: Option<Sourced<RoleWanted>>,
    pub provider_arn: Option<Sourced<ProviderArn>>,
    /// The section of the credentials file; the profile's own name unless said.
    pub aws_profile: Sourced<String>,
    pub region: Option<Sourced<String>>,
    pub duration: Option<Sourced<Span>>,
    /// A file with a session policy.
    pub policy: Option<Sourced<PathBuf>>,
    pub policy_arns: Vec<Sourced<String>>,
    pub critical: Sourced<bool>,
    /// The agent's business; kept for it.
    pub renew: Sourced<bool>,
    pub keys: Sourced<KeysPlace>,
    /// Its role is assumed with the keys of another profile; `identity_provider` is that of the first in the chain.
    pub source: Option<Source>,
}

/// Whose keys a role is assumed with, and what goes along.
#[derive(Clone, Debug)]
pub struct Source {
    pub profile: Sourced<String>,
    pub external_id: Option<Sourced<String>>,
    pub session_name: Option<Sourced<String>>,
    pub tags: Vec<(String, String)>,
}

/// Where the keys of a profile are put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeysPlace {
    /// Into the shared credentials file.
    File,
    /// Into the vault, for `mai credentials` to give out.
    Process,
}

/// A name for several profiles; groups do not hold groups.
#[derive(Clone, Debug)]
pub struct Group {
    pub name: String,
    pub origin: Origin,
    pub members: Vec<Sourced<String>>,
}

/// Which role, as far as a person has to say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleWanted {
    Arn(RoleArn),
    /// `123456789012/PowerUser` or `acme-prod/team/PowerUser`: the account is an id or a name.
    InAccount {
        account: String,
        role: String,
    },
    /// Words or a pattern with `*` and `?`, from the command line only.
    Pattern(String),
}

/// One place to sign in.
#[derive(Clone, Debug)]
pub struct IdentityProvider {
    pub name: String,
    pub origin: Origin,
    /// https, or http to loopback; no user information in it.
    pub url: Sourced<Url>,
    pub username: Option<Sourced<String>>,
    /// A provider's name; `None` is `auto`. Whether there is such a provider is not known here: `Config::check_types`.
    pub provider_type: Option<Sourced<String>>,
    pub password: Sourced<PasswordSource>,
    pub mfa: Mfa,
    pub remember_device: Sourced<bool>,
    /// Is the provider's session kept for the next login?
    pub keep_session: Sourced<bool>,
    pub consent: Sourced<Consent>,
    /// `host` or `host:port`, lower case, international names in punycode.
    pub trusted_hosts: Vec<Sourced<String>>,
    pub ca_bundle: Option<Sourced<PathBuf>>,
    pub client_certificate: Option<ClientCertificate>,
    pub proxy: Option<Sourced<Url>>,
    pub user_agent: Option<Sourced<String>>,
    pub options: BTreeMap<String, Sourced<String>>,
    pub fields: FieldNames,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordSource {
    Keyring,
    Ask,
    Command(HelperCommand),
}

#[derive(Clone, Debug)]
pub struct Mfa {
    /// What to take where a page offers several: `totp`, `otp`, `code`, `push`, `sms`, `call`, `email` or `recovery`.
    pub method: Option<Sourced<String>>,
    /// The device's name, or a part of it, as the page shows it.
    pub device: Option<Sourced<String>>,
    pub code: Sourced<CodeSource>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeSource {
    Ask,
    /// A TOTP secret in the keyring.
    Keyring,
    Command(HelperCommand),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    Ask,
    Accept,
}

/// Where passwords and keys are kept between logins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretsMode {
    Keyring,
    File,
    None,
}

/// How a person is asked where there is no terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskWith {
    /// Not at all.
    Terminal,
    /// In a window of the program `pinentry`, where there is a desktop.
    Pinentry,
}

#[derive(Clone, Debug)]
pub struct ClientCertificate {
    pub cert: Sourced<PathBuf>,
    pub key: Sourced<PathBuf>,
}

/// Names of form fields, for pages that cannot be read otherwise.
#[derive(Clone, Debug, Default)]
pub struct FieldNames {
    pub username: Option<Sourced<String>>,
    pub password: Option<Sourced<String>>,
    pub otp: Option<Sourced<String>>,
}

impl Group {
    pub fn names(&self) -> Vec<&str> {
        self.members.iter().map(|member| member.as_str()).collect()
    }
}

impl IdentityProvider {
    /// One that no file describes yet, with what holds when a file says nothing.
    pub fn new(name: &str, url: Url, username: &str) -> IdentityProvider {
        IdentityProvider {
            name: name.to_string(),
            origin: Origin::BUILT_IN,
            url: Sourced::built_in(url),
            username: Some(Sourced::built_in(username.to_string())),
            provider_type: None,
            password: Sourced::built_in(PasswordSource::Keyring),
            mfa: Mfa {
                method: None,
                device: None,
                code: Sourced::built_in(CodeSource::Ask),
            },
            remember_device: Sourced::built_in(false),
            keep_session: Sourced::built_in(true),
            consent: Sourced::built_in(Consent::Ask),
            trusted_hosts: Vec::new(),
            ca_bundle: None,
            client_certificate: None,
            proxy: None,
            user_agent: None,
            options: BTreeMap::new(),
            fields: FieldNames::default(),
        }
    }
}

impl RoleWanted {
    /// As typed on the command line; only an ARN with a slip in it is an error.
    pub fn parse(text: &str) -> Result<RoleWanted, String> {
        if text.starts_with("arn:") && !text.contains(['*', '?']) {
            return text.parse().map(RoleWanted::Arn);
        }
        match text.split_once('/') {
            Some((account, role))
                if !account.is_empty() && !role.is_empty() && !text.contains(['*', '?']) =>
            {
                Ok(RoleWanted::InAccount {
                    account: account.to_string(),
                    role: role.to_string(),
                })
            }
            _ => Ok(RoleWanted::Pattern(text.to_string())),
        }
    }
}

impl fmt::Display for RoleWanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RoleWanted::Arn(role) => role.fmt(f),
            RoleWanted::InAccount { account, role } => write!(f, "{account}/{role}"),
            RoleWanted::Pattern(pattern) => f.write_str(pattern),
        }
    }
}
