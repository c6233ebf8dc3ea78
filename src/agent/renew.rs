//! One renewal: the login of several profiles of one identity provider, for nobody.

use crate::clock;
use crate::config::Profile;
use crate::duration::Span;
use crate::error::{Error, Kind};
use crate::login::plan::{LoginPlan, SignIn};
use crate::login::report::Outcome;
use crate::login::standing::Present;
use crate::login::target::{Standing, Wishes};
use crate::login::{Doors, last_update, line, parents};
use crate::store::locks;

use super::schedule::Session;

/// What came of it.
#[derive(Debug)]
pub enum Renewal {
    /// Somebody signs in there right now, and who: their keys may do, so it is looked at again afterwards.
    Busy(String),
    /// Per profile: until when the keys are good now, or why there are no new ones.
    Ended(Vec<(String, Result<i64, Error>)>),
}

/// Renews these keys, unless others stand there by now. They share one identity provider.
pub fn renew(doors: &Doors, batch: &[&Session]) -> Renewal {
    let Some(first) = batch.first() else {
        return Renewal::Ended(Vec::new());
    };
    if let Some(who) = signing_in(doors, &first.identity_provider) {
        return Renewal::Busy(who);
    }
    let profiles: Vec<&Profile> = batch
        .iter()
        .filter_map(|session| doors.config.profile(&session.profile))
        .collect();
    let mut plan = match LoginPlan::make(doors, &profiles, &Wishes::default()) {
        Ok(plan) => plan,
        Err(error) => return Renewal::Ended(all_failed(batch, &error)),
    };
    include(&mut plan, doors, batch);
    match Present::read(doors) {
        Ok(present) => parents::keep_in_place(&mut plan, &present),
        Err(error) => return Renewal::Ended(all_failed(batch, &error)),
    }
    let ended = line::run(&plan, doors, None);
    last_update::write(&ended.lines, doors);
    let lines = ended.lines;
    let waited_in_vain = |outcome: &Outcome| matches!(outcome, Outcome::Failed(error) if error.kind() == Kind::NeedsYou);
    if lines.iter().all(|line| waited_in_vain(&line.outcome))
        && let Some(who) = signing_in(doors, &first.identity_provider)
    {
        return Renewal::Busy(who);
    }
    let results = lines.into_iter().map(|line| {
        let result = match line.outcome {
            Outcome::SignedIn(keys) | Outcome::StillGood(keys) => Ok(keys.expires_at.timestamp()),
            Outcome::Failed(error) => Err(error),
        };
        (line.profile, result)
    });
    Renewal::Ended(results.collect())
}

/// Who signs in at an identity provider right now.
fn signing_in(doors: &Doors, identity_provider: &str) -> Option<String> {
    locks::signing_in(doors.paths.state_folder().ok()?, identity_provider)
}

fn all_failed(batch: &[&Session], error: &Error) -> Vec<(String, Result<i64, Error>)> {
    let failed = |session: &&Session| (session.profile.clone(), Err(error.clone()));
    batch.iter().map(failed).collect()
}

/// Keys that go along are longer than a login would call short; new ones, of a login a moment ago, stay.
fn include<'a>(plan: &mut LoginPlan<'a>, doors: &Doors<'a>, batch: &[&Session]) {
    let now = clock::now().timestamp();
    for (place, target) in plan.targets.iter_mut().enumerate() {
        let session = batch.iter().find(|one| one.profile == target.profile);
        let Some(session) = session.filter(|_| target.barred.is_none()) else {
            continue;
        };
        target.in_place_of = Some(session.key_id.clone());
        let left = u64::try_from(session.expires_at - now).unwrap_or(0);
        target.min = target.min.max(Span::seconds(left + 1));
        let Standing::Good { row, .. } = &target.standing else {
            continue;
        };
        if row.key_id != session.key_id {
            continue;
        }
        target.standing = Standing::Absent;
        match plan.sign_ins.first_mut() {
            Some(sign_in) => sign_in.targets.push(place),
            None => {
                let provider = doors
                    .config
                    .identity_providers
                    .get(&session.identity_provider);
                plan.sign_ins.extend(provider.map(|provider| SignIn {
                    identity_provider: provider,
                    targets: vec![place],
                }));
            }
        }
    }
}
