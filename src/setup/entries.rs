//! New entries of `profiles.yaml`, whoever makes them: the settings of a profile, an identity provider.

use crate::arn::{ProviderArn, RoleArn};
use crate::config::Config;
use crate::config::edit::{Draft, NewIdentityProvider, NewProfile, Scalar};
use crate::duration::Span;
use crate::error::{Error, Result};
use crate::login::Doors;
use crate::setup::provider_choice::Chosen;

/// What a new profile says beside its identity provider; what is not there is not written.
#[derive(Debug, Default)]
pub struct ProfileSettings {
    pub role: Option<RoleArn>,
    pub provider_arn: Option<ProviderArn>,
    pub aws_profile: Option<String>,
    pub region: Option<String>,
    pub duration: Option<Span>,
}

impl ProfileSettings {
    pub fn profile(self, name: &str, identity_provider: &str) -> NewProfile {
        let mut settings = vec![("identity_provider", identity_provider.to_string())];
        for (key, value) in [
            ("role", self.role.map(|role| role.to_string())),
            ("provider_arn", self.provider_arn.map(|arn| arn.to_string())),
            ("aws_profile", self.aws_profile),
            ("region", self.region),
            ("duration", self.duration.map(|span| span.to_string())),
        ] {
            settings.extend(value.map(|value| (key, value)));
        }
        NewProfile {
            name: name.to_string(),
            settings: texts(settings),
        }
    }
}

/// The configuration as it is under the lock, before the change.
pub fn as_drafted(doors: &Doors, draft: &Draft) -> Result<Config> {
    doors.config.as_if(doors.paths, &draft.clone().finish()?)
}

/// Adds what is new; `now` is the configuration as it is under the lock.
///
/// Another run may have added the same one meanwhile, which is as good.
pub fn add_identity_provider(draft: &mut Draft, chosen: &Chosen, now: &Config) -> Result<()> {
    let provider = &chosen.provider;
    let user = |username: &Option<crate::config::Sourced<String>>| {
        username.as_ref().map(|user| user.value.clone())
    };
    if let Some(known) = now.identity_providers.get(&provider.name) {
        let is_same_place = known.url.value == provider.url.value;
        if let (true, true, None, Some(user)) = (
            chosen.is_user_new,
            is_same_place,
            user(&known.username),
            user(&provider.username),
        ) {
            return draft.set_username(&provider.name, &user);
        }
        let is_same_user = user(&known.username) == user(&provider.username);
        if is_same_place && (is_same_user || chosen.new_url.is_none() && !chosen.is_user_new) {
            return Ok(());
        }
        return Err(Error::usage(format!(
            "`{}` is another identity provider now ({}): profiles.yaml was changed meanwhile",
            provider.name, known.origin
        ))
        .hint("run the same command again; nothing was written"));
    }
    let Some(url) = &chosen.new_url else {
        return Err(Error::usage(format!(
            "the identity provider {} is gone: profiles.yaml was changed meanwhile",
            provider.name
        ))
        .hint("run the same command again; nothing was written"));
    };
    let mut settings = vec![("url", url.clone())];
    settings.extend(user(&provider.username).map(|user| ("username", user)));
    settings.extend(user(&provider.provider_type).map(|name| ("type", name)));
    draft.add_identity_provider(&NewIdentityProvider {
        name: provider.name.clone(),
        settings: texts(settings),
    })
}

/// Settings whose values are all text.
fn texts(settings: Vec<(&str, String)>) -> Vec<(String, Scalar)> {
    settings
        .into_iter()
        .map(|(key, value)| (key.to_string(), Scalar::Text(value)))
        .collect()
}
