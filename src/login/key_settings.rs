//! Which settings keys were fetched for: with other ones they are not the keys that are wanted any more.

use crate::config::{Config, Profile, Sourced};
use crate::login::target::Target;
use crate::store::fingerprint::Fingerprint;

/// What keys are good for: provider, user, role and settings. Other settings, other keys.
///
/// The duration is the configured one, so that a longer session typed once is kept by the next plain login.
pub fn fingerprint_of(config: &Config, target: &Target) -> impl Fn(&str) -> String + use<> {
    let profile = config.profile(&target.profile);
    let provider = profile.and_then(|profile| config.provider_of(profile).ok());
    let text = |value: Option<String>| value.unwrap_or_default();
    let fields = [
        ("url", text(provider.map(|p| p.url.value.to_string()))),
        (
            "user",
            text(provider.and_then(|p| p.username.as_ref().map(|user| user.value.clone()))),
        ),
        (
            "provider",
            text(target.provider_arn.as_ref().map(ToString::to_string)),
        ),
        (
            "duration",
            text(
                profile
                    .and_then(|p| p.duration.as_ref())
                    .map(|d| d.value.as_seconds().to_string()),
            ),
        ),
        ("policy", text(target.policy.clone())),
        ("policy_arns", target.policy_arns.join(",")),
        (
            "parent",
            text(profile.map(|profile| parents(config, profile))),
        ),
    ];
    move |role_arn: &str| {
        let mut all: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        all.push(("role", role_arn));
        Fingerprint::of(&all).as_str().to_owned()
    }
}

/// What a chained profile depends on beside its own settings: nothing for others.
fn parents(config: &Config, profile: &Profile) -> String {
    let mut said = String::new();
    let mut child = profile;
    while let Some(source) = &child.source {
        let text = |value: &Option<Sourced<String>>| {
            value.as_ref().map(|v| v.value.clone()).unwrap_or_default()
        };
        said += &format!(
            "{}|{}|{}|{:?}|",
            source.profile.value,
            text(&source.external_id),
            text(&source.session_name),
            source.tags
        );
        // The configuration has neither circles nor dangling names.
        let Some(parent) = config.profile(&source.profile) else {
            break;
        };
        said += &format!("{:?}|", parent.role.as_ref().map(|role| &role.value));
        child = parent;
    }
    said
}
