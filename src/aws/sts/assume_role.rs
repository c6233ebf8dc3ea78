//! AssumeRole: keys of one role become keys of another one.

use aws_sdk_sts::config::Credentials;
use aws_sdk_sts::types::{PolicyDescriptorType, Tag};

use super::{Failure, Refusal, Sts, session};
use crate::arn::RoleArn;
use crate::duration::Span;
use crate::error::{Error, Kind, Result, clean};
use crate::keys::SessionCredentials;

/// What is asked of STS, with whose keys.
#[derive(Clone, Copy)]
pub struct Chained<'a> {
    /// The profile that the keys are of, for words.
    pub parent: &'a str,
    pub keys: &'a SessionCredentials,
    pub role: &'a RoleArn,
    pub session_name: &'a str,
    pub duration: Span,
    pub external_id: Option<&'a str>,
    pub tags: &'a [(String, String)],
    pub policy: Option<&'a str>,
    pub policy_arns: &'a [String],
}

impl Sts {
    /// Asks for keys of the role, signed with the parent's; tried again as `assume_role_with_saml` is.
    pub async fn assume_role(&self, wanted: &Chained<'_>) -> Result<SessionCredentials> {
        let keys = self.try_again(|| self.ask_with_keys(wanted)).await;
        keys.map_err(|refusal| match refusal {
            Refusal::Other(error) => error,
            // An hour is never too long for a role.
            Refusal::DurationTooLong(_) => Error::refused(format!(
                "STS does not give keys of {} for {}",
                wanted.role.name(),
                wanted.duration
            ))
            .hint("set a shorter `duration:`; a role that is assumed with another role's keys lasts 1h at most"),
        })
    }

    async fn ask_with_keys(&self, wanted: &Chained<'_>) -> Result<SessionCredentials, Failure> {
        let policy_arns: Vec<PolicyDescriptorType> = wanted
            .policy_arns
            .iter()
            .map(|arn| PolicyDescriptorType::builder().arn(arn).build())
            .collect();
        let tags: Vec<Tag> = wanted
            .tags
            .iter()
            .filter_map(|(name, value)| Tag::builder().key(name).value(value).build().ok())
            .collect();
        let answer = self
            .sdk
            .assume_role()
            .role_arn(wanted.role.to_string())
            .role_session_name(wanted.session_name)
            .set_duration_seconds(wanted.duration.as_seconds().try_into().ok())
            .set_external_id(wanted.external_id.map(str::to_owned))
            .set_tags((!tags.is_empty()).then_some(tags))
            .set_policy(wanted.policy.map(str::to_owned))
            .set_policy_arns((!policy_arns.is_empty()).then_some(policy_arns))
            .customize()
            .config_override(signed_with(wanted.keys))
            .send()
            .await;
        match answer {
            Ok(answer) => session(answer.credentials).ok_or_else(|| Failure::no_sts(self, None)),
            Err(error) => Err(self.failure(error, |code, message| {
                Refusal::Other(refusal(wanted, code, message))
            })),
        }
    }
}

/// The keys that one request is signed with.
pub(super) fn signed_with(keys: &SessionCredentials) -> aws_sdk_sts::config::Builder {
    let credentials = Credentials::new(
        &keys.access_key_id,
        keys.secret_access_key.expose(),
        Some(keys.session_token.expose().to_owned()),
        None,
        "mai",
    );
    aws_sdk_sts::Config::builder().credentials_provider(credentials)
}

/// What STS means (STS API reference, AssumeRole; its texts are guesses, so they always come along).
fn refusal(wanted: &Chained<'_>, code: &str, message: &str) -> Error {
    let (parent, role) = (wanted.parent, wanted.role);
    let says = |part: &str| message.to_lowercase().contains(&part.to_lowercase());
    let code = code.strip_suffix("Exception").unwrap_or(code);
    let again = format!("`mai login {parent} --force` fetches new ones");
    let (what, hint) = match code {
        "ExpiredToken" => (format!("the keys of {parent} have expired"), again),
        "InvalidClientTokenId" | "SignatureDoesNotMatch" | "UnrecognizedClient" => {
            (format!("STS does not take the keys of {parent}"), again)
        }
        "AccessDenied" if says("TagSession") => (
            format!("the role {role} does not accept session tags from {parent}"),
            "its trust policy has to allow sts:TagSession too; or leave out `tags:`".to_owned(),
        ),
        "AccessDenied" => (
            format!("AWS does not let {parent} become {role}"),
            match wanted.external_id {
                Some(_) => "check role and `external_id`; the role's trust policy must allow the role of that profile, which itself needs sts:AssumeRole for it",
                None => "check the role; its trust policy must allow the role of that profile (perhaps only with an `external_id`), which itself needs sts:AssumeRole for it",
            }
            .to_owned(),
        ),
        "RegionDisabled" => (
            "STS is not activated in this region for that account".to_owned(),
            "choose another `region:`".to_owned(),
        ),
        "MalformedPolicyDocument" => (
            "the session policy is no valid policy".to_owned(),
            "check the JSON file that `policy:` of the profile names".to_owned(),
        ),
        "PackedPolicyTooLarge" => (
            "the session's policies and tags are too large together".to_owned(),
            "make `policy:`, `policy_arns:` or `tags:` of the profile smaller".to_owned(),
        ),
        _ if says("1 hour session limit") => (
            "a role that is assumed with another role's keys lasts one hour at most".to_owned(),
            "set `duration: 1h`".to_owned(),
        ),
        _ => (
            format!("STS did not give {parent} keys of {role}"),
            "its own words are above; check role, tags and policies of the profile".to_owned(),
        ),
    };
    let error = Error::new(Kind::Refused, what);
    let cause = match (clean(message), clean(code)) {
        (words, code) if words.is_empty() => code,
        (words, code) => format!("{words} ({code})"),
    };
    let error = match cause.is_empty() {
        true => error,
        false => error.because(cause),
    };
    error.hint(hint)
}
