//! From a profile, and what was typed, to a target.

use std::path::PathBuf;

use crate::config::{Profile, RoleWanted, Sourced, did_you_mean};
use crate::duration::Span;
use crate::error::{Error, Result};
use crate::login::standing::Present;
use crate::login::target::{Standing, Target, Wishes};
use crate::login::{Doors, link};

/// What a profile wants, without a look at its keys: nothing that a keyring keeps is opened.
pub fn target_of(
    doors: &Doors,
    profile: &Profile,
    wishes: &Wishes,
    present: &Present,
) -> Result<Target> {
    let role = wishes
        .role
        .clone()
        .or_else(|| profile.role.as_ref().map(|role| role.value.clone()));
    let chain = match &profile.source {
        Some(_) if wishes.role.is_some() => {
            return Err(Error::usage(format!(
                "--role is for profiles that sign in, and {} takes the keys of another one",
                profile.name
            ))
            .hint("change its `role:` in profiles.yaml"));
        }
        Some(source) => Some(link::link(doors, profile, source, present)?),
        None => None,
    };
    if chain.is_none() {
        check_account(doors, profile, role.as_ref(), wishes, present)?;
    }
    let duration = wishes
        .duration
        .or_else(|| profile.duration.as_ref().map(|duration| duration.value));
    let duration = match chain {
        Some(_) => Some(duration.unwrap_or(link::LONGEST).min(link::LONGEST)),
        None => duration,
    };
    let aws_profile = match &wishes.aws_profile {
        Some(name) => name.clone(),
        None => profile.aws_profile.value.clone(),
    };
    let longest = match (&role, present.role_in(&aws_profile)) {
        (Some(RoleWanted::Arn(arn)), _) => present.learned().longest_duration(&arn.to_string()),
        (_, Some(recorded)) => present.learned().longest_duration(recorded),
        _ => None,
    };
    let longest = match chain {
        Some(_) => Some(longest.map_or(link::LONGEST, |longest| longest.min(link::LONGEST))),
        None => longest,
    };
    let wanted_lifetime = lifetime(duration, longest);
    // What was given the last time bounds what can be expected: a role that is no ARN yet, an identity provider that
    // suggests or cuts a duration. Otherwise keys would count as short from their first minute.
    let last = present.lifetime(&aws_profile);
    let lifetime = self::lifetime([duration, last].into_iter().flatten().min(), longest);
    if profile.critical.value && aws_profile == "default" {
        return Err(Error::usage(format!(
            "profile {} is critical and is never written to [default]",
            profile.name
        ))
        .hint("choose another name with --awsprofile, or set aws_profile in profiles.yaml"));
    }
    let min = match wishes.min {
        Some(min) => least_left(min, lifetime, longest, &profile.name)?,
        None => renew_before(lifetime),
    };
    // A longer session was typed: keys that cannot last half of it are not what is wanted.
    let min = match wishes.duration {
        Some(_) => min.max(Span::seconds(wanted_lifetime.as_seconds() / 2)),
        None => min,
    };
    let policy = match &profile.policy {
        Some(path) => Some(read_policy(path, &profile.name)?),
        None => None,
    };
    let mut target = Target {
        profile: profile.name.clone(),
        aws_profile,
        role,
        provider_arn: profile.provider_arn.as_ref().map(|arn| arn.value.clone()),
        region: profile.region.as_ref().map(|region| region.value.clone()),
        duration,
        duration_insisted: wishes.duration.is_some(),
        policy,
        policy_arns: profile
            .policy_arns
            .iter()
            .map(|arn| arn.value.clone())
            .collect(),
        keys: profile.keys.value,
        chain,
        implied: false,
        critical: profile.critical.value,
        is_default: doors.config.is_default(&profile.name),
        is_new: false,
        min,
        standing: Standing::Absent,
        barred: None,
        in_place_of: None,
    };
    target.barred = present.check_writable(&target, wishes.overwrite).err();
    Ok(target)
}

/// An account's name must be one that is known: a typo would cost a sign-in.
fn check_account(
    doors: &Doors,
    profile: &Profile,
    role: Option<&RoleWanted>,
    wishes: &Wishes,
    present: &Present,
) -> Result<()> {
    let Some(RoleWanted::InAccount { account, .. }) = role else {
        return Ok(());
    };
    let is_id = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    let config = doors.config;
    if is_id
        || config.account_ids(account).next().is_some()
        || present.learned().knows_account(account)
    {
        return Ok(());
    }
    let what = format!("no account is called `{account}`");
    let error = match &profile.role {
        Some(role) if wishes.role.is_none() => role.origin.error(what),
        _ => Error::usage(what),
    };
    let names = config.accounts.values().map(|name| name.value.as_str());
    Err(error.hint(did_you_mean(account, names).unwrap_or_else(|| {
        "write the account's id of 12 digits, or name it under `accounts:` in profiles.yaml".into()
    })))
}

/// A session policy goes to STS as it is; AWS takes at most 2,048 characters (STS API reference).
fn read_policy(setting: &Sourced<PathBuf>, profile: &str) -> Result<String> {
    let path = setting.value.display();
    let slip = |what: String| {
        setting
            .origin
            .error(format!("the policy of profile {profile} {what}"))
    };
    let text = std::fs::read_to_string(&setting.value).map_err(|error| {
        slip(format!("cannot be read: {path}"))
            .because(error)
            .hint("write where the file with the policy is, or take `policy:` out")
    })?;
    serde_json::from_str::<serde_json::Value>(&text).map_err(|error| {
        let place = format!("{path}:{}:{}", error.line(), error.column());
        slip(format!("is not JSON: {place}")).hint("correct that place with an editor")
    })?;
    let length = text.trim().chars().count();
    if length > 2048 {
        return Err(slip(format!(
            "has {length} characters, and AWS takes 2,048: {path}"
        ))
        .hint("shorten it, or name managed policies in `policy_arns:`"));
    }
    Ok(text.trim().to_string())
}

/// The most that any role allows (`MaxSessionDuration`, IAM User Guide).
const LONGEST: Span = Span::hours(12);

/// How long keys of a role will last: what is wanted, bounded by what the role was found to allow.
pub fn lifetime(duration: Option<Span>, longest: Option<Span>) -> Span {
    let wanted = duration.unwrap_or(Span::hours(1));
    longest.map_or(wanted, |longest| wanted.min(longest))
}

/// When keys are renewed: 20 minutes or a tenth of their life before the end, never more than half of it.
pub fn renew_before(lifetime: Span) -> Span {
    let lifetime = lifetime.as_seconds();
    Span::seconds((20 * 60).max(lifetime / 10).min(lifetime / 2))
}

/// `--min`, held below half of the lifetime: else keys would be renewed the moment they are new.
fn least_left(min: Span, lifetime: Span, longest: Option<Span>, profile: &str) -> Result<Span> {
    let longest = longest.unwrap_or(LONGEST);
    if min > longest {
        return Err(Error::usage(format!(
            "--min {min} is more than keys of {profile} can last: its role allows {longest}"
        ))
        .hint(format!(
            "ask for at most --min {}",
            Span::seconds(longest.as_seconds() / 2)
        )));
    }
    Ok(min.min(Span::seconds(lifetime.as_seconds() / 2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_renewed_early_but_never_in_the_first_half_of_their_life() {
        let minutes = |m| Span::minutes(m);
        assert_eq!(renew_before(minutes(60)), minutes(20));
        assert_eq!(renew_before(minutes(15)), Span::seconds(450));
        assert_eq!(renew_before(Span::hours(12)), minutes(72));
    }

    #[test]
    fn a_minimum_beyond_what_the_role_allows_is_a_slip() {
        let hour = Span::hours(1);
        assert_eq!(
            least_left(Span::minutes(50), hour, Some(hour), "prod"),
            Ok(Span::minutes(30))
        );
        let error = least_left(Span::hours(2), hour, Some(hour), "prod").unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert_eq!(
            least_left(Span::hours(2), hour, None, "prod"),
            Ok(Span::minutes(30))
        );
        assert!(least_left(Span::hours(13), hour, None, "prod").is_err());
    }
}
