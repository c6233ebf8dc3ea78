//! Every decision of a login, made before the first byte is sent: a typo costs no password and no push.

use std::path::PathBuf;

use crate::config::{
    Config, IdentityProvider, KeysPlace, Profile, RoleWanted, Sourced, did_you_mean,
};
use crate::duration::Span;
use crate::error::{Error, Result};
use crate::login::standing::Present;
use crate::login::target::{Standing, Target, Wishes};
use crate::login::{Doors, chain};
use crate::store::credentials_file;
use crate::store::fingerprint::Fingerprint;

/// One sign-in and the targets (their places in `LoginPlan::targets`) it serves.
#[derive(Debug)]
pub struct SignIn<'a> {
    pub identity_provider: &'a IdentityProvider,
    pub targets: Vec<usize>,
}

/// What a login is going to do.
#[derive(Debug)]
pub struct LoginPlan<'a> {
    /// In the order in which they were asked for.
    pub targets: Vec<Target>,
    /// Only for what is short; empty when all keys are good.
    pub sign_ins: Vec<SignIn<'a>>,
    pub force: bool,
    pub overwrite: bool,
    /// The person said how long keys must last, or that they must be new.
    pub is_strict: bool,
}

impl<'a> LoginPlan<'a> {
    /// Checks everything that can be checked at home.
    pub fn make(
        doors: &Doors<'a>,
        profiles: &[&'a Profile],
        wishes: &Wishes,
    ) -> Result<LoginPlan<'a>> {
        only_for_one(profiles, wishes)?;
        let present = Present::read(doors)?;
        let mut targets = Vec::new();
        for profile in profiles {
            targets.push(target_of(doors, profile, wishes, &present)?);
        }
        for target in &mut targets {
            target.standing = present.standing_of(target, &fingerprint_of(doors.config, target));
        }
        let mut profiles = profiles.to_vec();
        add_parents(doors, &mut profiles, &mut targets, wishes, &present)?;
        let mut plan = LoginPlan {
            sign_ins: Vec::new(),
            targets,
            force: wishes.force,
            overwrite: wishes.overwrite,
            is_strict: wishes.force || wishes.min.is_some() || wishes.duration.is_some(),
        };
        for (place, profile) in profiles.iter().enumerate() {
            let target = &plan.targets[place];
            if target.barred.is_some() || target.standing.is_good() && !plan.force {
                continue;
            }
            let provider = doors.config.provider_of(profile)?;
            match plan
                .sign_ins
                .iter_mut()
                .find(|sign_in| sign_in.identity_provider.name == provider.name)
            {
                Some(sign_in) => sign_in.targets.push(place),
                None => plan.sign_ins.push(SignIn {
                    identity_provider: provider,
                    targets: vec![place],
                }),
            }
        }
        let to_file = |s: &SignIn| {
            let mut targets = s.targets.iter().map(|place| &plan.targets[*place]);
            targets.any(|target| target.keys == KeysPlace::File)
        };
        if plan.sign_ins.iter().any(to_file) {
            credentials_file::check_writable(doors.paths.credentials_file()?)?;
        }
        Ok(plan)
    }
}

/// Parents whose keys are needed and cannot be used come along, behind those that were asked for.
fn add_parents<'a>(
    doors: &Doors<'a>,
    profiles: &mut Vec<&'a Profile>,
    targets: &mut Vec<Target>,
    wishes: &Wishes,
    present: &Present,
) -> Result<()> {
    let mut place = 0;
    while let Some(child) = targets.get(place) {
        place += 1;
        let is_short = child.barred.is_none() && (!child.standing.is_good() || wishes.force);
        let Some(link) = child.chain.as_ref().filter(|_| is_short) else {
            continue;
        };
        if targets.iter().any(|target| target.profile == link.parent) {
            continue;
        }
        let profile = doors.config.expect_profile(&link.parent)?;
        let wishes_of_parent = Wishes {
            overwrite: wishes.overwrite,
            ..Wishes::default()
        };
        let mut parent = target_of(doors, profile, &wishes_of_parent, present)?;
        let fingerprint = fingerprint_of(doors.config, &parent);
        let min = std::mem::replace(&mut parent.min, chain::USABLE);
        parent.standing = present.standing_of(&parent, &fingerprint);
        if parent.standing.is_good() {
            continue;
        }
        if let Some(twin) = targets.iter().find(|t| t.aws_profile == parent.aws_profile) {
            return Err(Error::usage(format!(
                "`{}` takes its keys from `{}`, which writes to [{}] as `{}` does",
                child.profile, parent.profile, parent.aws_profile, twin.profile
            ))
            .hint("give one of them another `aws_profile`"));
        }
        parent.min = min;
        parent.implied = true;
        profiles.push(profile);
        targets.push(parent);
    }
    Ok(())
}

fn only_for_one(profiles: &[&Profile], wishes: &Wishes) -> Result<()> {
    let typed = if wishes.role.is_some() {
        "--role"
    } else if wishes.aws_profile.is_some() {
        "--awsprofile"
    } else {
        return Ok(());
    };
    if profiles.len() == 1 {
        return Ok(());
    }
    Err(Error::usage(format!(
        "{typed} is for one profile, and {} are selected",
        profiles.len()
    ))
    .hint("name one profile, or set it in profiles.yaml for each"))
}

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
        Some(source) => Some(chain::link(doors, profile, source, present)?),
        None => None,
    };
    if chain.is_none() {
        check_account(doors, profile, role.as_ref(), wishes, present)?;
    }
    let duration = wishes
        .duration
        .or_else(|| profile.duration.as_ref().map(|duration| duration.value));
    let duration = match chain {
        Some(_) => Some(duration.unwrap_or(chain::LONGEST).min(chain::LONGEST)),
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
        Some(_) => Some(longest.map_or(chain::LONGEST, |longest| longest.min(chain::LONGEST))),
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
