//! Every decision of a login, made before the first byte is sent: a typo costs no password and no push.

use crate::config::{IdentityProvider, KeysPlace, Profile};
use crate::error::{Error, Result};
use crate::login::key_settings::fingerprint_of;
use crate::login::standing::Present;
use crate::login::target::{Target, Wishes};
use crate::login::wishes::target_of;
use crate::login::{Doors, link};
use crate::store::credentials_file;

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
        let min = std::mem::replace(&mut parent.min, link::USABLE);
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
