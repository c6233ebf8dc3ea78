//! The profiles whose keys others are assumed with, when somebody signs out of them: renewals that nobody asked for leave
//! that as it is, and the keys of the others go on until they end.

use crate::clock;
use crate::config::{Config, Profile};
use crate::error::Result;
use crate::login::plan::LoginPlan;
use crate::login::standing::{Found, Present};
use crate::login::target::{Target, Wishes};
use crate::login::wishes::target_of;
use crate::login::{Doors, link};

/// A parent whose keys are gone, and what stands in their place.
pub struct Left<'p> {
    pub parent: Target,
    pub found: Found<'p>,
}

/// The nearest parent that a renewal of these keys would have to sign in to although somebody signed out of it, or put
/// other keys there. No keyring is opened.
pub fn left<'p>(doors: &Doors, target: &Target, present: &'p Present) -> Result<Option<Left<'p>>> {
    for parent in all(doors, target, present)? {
        match present.found(&parent) {
            Found::Keys(row) if is_usable(row.expires_at) => return Ok(None),
            // These are renewed with those of their own parent.
            Found::Keys(_) => {}
            found => return Ok(Some(Left { parent, found })),
        }
    }
    Ok(None)
}

/// All along its chain, the nearest first.
pub fn all(doors: &Doors, target: &Target, present: &Present) -> Result<Vec<Target>> {
    let mut parents = Vec::new();
    let mut chain = target.chain.clone();
    while let Some(link) = chain {
        let profile = doors.config.expect_profile(&link.parent)?;
        let parent = target_of(doors, profile, &Wishes::default(), present)?;
        chain = parent.chain.clone();
        parents.push(parent);
    }
    Ok(parents)
}

/// The profiles whose keys are assumed with those of one of these, over any number of hops; not these themselves.
pub fn children<'a>(config: &'a Config, parents: &[&Profile]) -> Vec<&'a Profile> {
    let is_parent = |name: &str| parents.iter().any(|parent| parent.name == name);
    let is_child = |profile: &&Profile| {
        let mut source = profile.source.as_ref();
        while let Some(link) = source {
            if is_parent(&link.profile.value) {
                return true;
            }
            let parent = config.profile(&link.profile.value);
            source = parent.and_then(|parent| parent.source.as_ref());
        }
        false
    };
    let others = config.profiles.iter().filter(|one| !is_parent(&one.name));
    others.filter(is_child).collect()
}

fn is_usable(expires_at: i64) -> bool {
    let least = i64::try_from(link::USABLE.as_seconds()).unwrap_or_default();
    expires_at - clock::now().timestamp() > least
}

/// Parents that came along into a plan get new keys in place of those they have: if these are gone by then, none.
pub fn keep_in_place(plan: &mut LoginPlan, present: &Present) {
    for target in plan.targets.iter_mut().filter(|target| target.implied) {
        target.in_place_of = present.found(target).key_id().map(str::to_owned);
    }
}
