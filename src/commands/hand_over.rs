//! What `exec` and `env` have in common: which profiles, under which names, and keys that last.

use clap::Args;

use super::run::{Run, Secrets};
use crate::config::{Profile, RoleWanted};
use crate::duration::Span;
use crate::error::{Error, Result};
use crate::handover::critical::say_what_is_critical;
use crate::handover::names::{Known, Names};
use crate::handover::wanted::{Wanted, expect_no_clash};
use crate::login::Doors;
use crate::login::plan::LoginPlan;
use crate::login::ready::{Ready, ready};
use crate::login::standing::Present;
use crate::login::target::Wishes;

#[derive(Args)]
pub struct HandOver {
    /// Profiles of profiles.yaml; several with a prefix each for the names of their variables: pdx=PDX_ iad=IAD_
    #[arg(value_name = "PROFILE")]
    pub wanted: Vec<Wanted>,
    /// How long the keys must still last (15m, 1h30m)
    #[arg(long, value_name = "TIME")]
    min: Option<Span>,
    /// Other variables than the usual ones: 'KEY={access_key_id},SECRET={secret_access_key},…'
    ///
    /// Fields: access_key_id, secret_access_key, session_token, expires_at, expiration_epoch, region, account_id,
    /// role_arn, role, profile, aws_profile. Text may stand around them; {{ and }} are braces.
    #[arg(long, value_name = "NAMES")]
    pub names: Option<Names>,
}

impl HandOver {
    /// The profiles in the order given, each with its prefix; without a name those of a bare `mai`.
    pub fn profiles<'a>(&self, run: &'a Run) -> Result<Vec<(&'a Profile, String)>> {
        if self.wanted.is_empty() {
            let chosen = run.profiles(&[], false)?;
            return Ok(chosen.into_iter().map(|one| (one, String::new())).collect());
        }
        let profile = |one: &Wanted| {
            let profile = run.config.expect_profile(&one.profile)?;
            Ok((profile, one.prefix.clone()))
        };
        self.wanted.iter().map(profile).collect()
    }

    pub fn wishes(&self) -> Wishes {
        Wishes {
            min: self.min,
            ..Wishes::default()
        }
    }

    /// Keys of all of them that last, signed in for where needed; then `hand` gets them.
    ///
    /// Before a sign-in `fits` gets what is known already: a slip costs no password.
    /// Whoever signed in is offered to keep the password afterwards.
    pub fn keys<T>(
        &self,
        run: &Run,
        chosen: &[(&Profile, String)],
        fits: impl FnOnce(&[(Known, String)]) -> Result<()>,
        hand: impl FnOnce(&[(Ready, String)]) -> Result<T>,
    ) -> Result<T> {
        let profiles = each_once(chosen)?;
        let doors = run.doors(Secrets::default())?;
        let plan = LoginPlan::make(&doors, &profiles, &self.wishes())?;
        if !plan.sign_ins.is_empty() {
            fits(&known(&doors, &plan, chosen)?)?;
        }
        let mut ready = ready(&plan, &doors, || run.say_notices())?;
        say_what_is_critical(&doors, &ready.all)?;
        let mut handed = Vec::new();
        for (profile, prefix) in chosen {
            let found = ready.all.iter().find(|one| one.profile == profile.name);
            handed.extend(found.map(|one| (one.clone(), prefix.clone())));
        }
        let done = hand(&handed)?;
        ready.offer_to_keep();
        Ok(done)
    }

    /// Two profiles with the same names of variables are a slip, told before anything is sent.
    pub fn expect_no_clash(&self, names: &Names) -> Result<()> {
        expect_no_clash(names, &self.wanted)
    }
}

/// What the configuration says of each.
fn known(
    doors: &Doors,
    plan: &LoginPlan,
    chosen: &[(&Profile, String)],
) -> Result<Vec<(Known, String)>> {
    let present = Present::read(doors)?;
    let mut all = Vec::new();
    for (profile, prefix) in chosen {
        let mut targets = plan.targets.iter();
        let Some(target) = targets.find(|target| target.profile == profile.name) else {
            continue;
        };
        let known = Known {
            profile: target.profile.clone(),
            aws_profile: target.aws_profile.clone(),
            region: target
                .region
                .clone()
                .or_else(|| present.region_in(doors.paths, &target.aws_profile)),
            role: match &target.role {
                Some(RoleWanted::Arn(role)) => Some(role.clone()),
                _ => None,
            },
            keys: None,
        };
        all.push((known, prefix.clone()));
    }
    Ok(all)
}

/// A profile may be wanted under several prefixes; two with one section cannot be there at once.
fn each_once<'a>(chosen: &[(&'a Profile, String)]) -> Result<Vec<&'a Profile>> {
    let mut profiles: Vec<&Profile> = Vec::new();
    for (profile, _) in chosen {
        if profiles.iter().any(|known| known.name == profile.name) {
            continue;
        }
        let section = &profile.aws_profile.value;
        if let Some(other) = profiles
            .iter()
            .find(|known| known.aws_profile.value == *section)
        {
            return Err(Error::usage(format!(
                "{} and {} have one section of the credentials file, [{section}]",
                other.name, profile.name
            ))
            .hint("give one of them an `aws_profile` of its own in profiles.yaml"));
        }
        profiles.push(profile);
    }
    Ok(profiles)
}
