//! Keys that last, for whoever hands them on: those that are there, else those that a sign-in brings.

use crate::arn::RoleArn;
use crate::duration::Span;
use crate::error::{Error, Kind, Result};
use crate::keys::SessionCredentials;
use crate::login::Doors;
use crate::login::key_settings::fingerprint_of;
use crate::login::line::{self, Ended};
use crate::login::plan::LoginPlan;
use crate::login::report::{self, Line, Outcome};
use crate::login::standing::Present;
use crate::login::target::Target;

/// What keys that could not be renewed must still last to be handed on.
const LEAST: Span = Span::minutes(1);

/// The keys of one profile and what belongs to them.
#[derive(Clone, Debug)]
pub struct Ready {
    pub profile: String,
    pub aws_profile: String,
    pub role: RoleArn,
    pub keys: SessionCredentials,
    /// The profile's, else the one in the shared files.
    pub region: Option<String>,
    pub critical: bool,
}

/// All that was asked for, in that order.
pub struct AllReady<'a> {
    pub all: Vec<Ready>,
    ended: Option<Ended<'a>>,
}

impl AllReady<'_> {
    /// Offers to keep the passwords that worked, if there was a sign-in: last of all, since a person may take their
    /// time.
    pub fn offer_to_keep(&mut self) {
        if let Some(ended) = &mut self.ended {
            ended.offer_to_keep();
        }
    }
}

/// Signs in for what is short, if anything is; `before` is called first then. The first failure is everybody's.
pub fn ready<'a>(
    plan: &'a LoginPlan<'a>,
    doors: &'a Doors<'a>,
    before: impl FnOnce(),
) -> Result<AllReady<'a>> {
    let is_good = plan.targets.iter().all(|target| target.standing.is_good());
    let ended = if is_good && !plan.force {
        None
    } else {
        before();
        let mut ended = line::run(plan, doors, None);
        let failed = |line: &Line| matches!(line.outcome, Outcome::Failed(_));
        if ended.lines.iter().any(failed) {
            ended.lines.retain(failed);
            if let Some(all) = still_good(plan, doors, &ended.lines)? {
                return Ok(AllReady {
                    all,
                    ended: Some(ended),
                });
            }
            let names: Vec<&str> = ended.lines.iter().map(|l| l.profile.as_str()).collect();
            let names = names.join(" ");
            let missing = report::only_a_person_is_missing(&ended.lines);
            let missing = missing.filter(|_| !doors.presence().is_person());
            return Err(missing
                .or_else(|| first_failure(&ended.lines))
                .map(|error| report::with_terminal(error, doors.ui, &names))
                .unwrap_or_else(Error::interrupted));
        }
        ended
            .lines
            .retain(|line| matches!(line.outcome, Outcome::SignedIn(_)));
        report::successes(&ended.lines, doors.ui);
        Some(ended)
    };
    Ok(AllReady {
        all: all_keys(plan, doors, &Present::read(doors)?)?,
        ended,
    })
}

fn all_keys(plan: &LoginPlan, doors: &Doors, present: &Present) -> Result<Vec<Ready>> {
    asked(plan)
        .map(|target| keys_of(doors, present, target))
        .collect()
}

/// Parents that nobody asked for came along for their keys only.
fn asked<'p>(plan: &'p LoginPlan) -> impl Iterator<Item = &'p Target> {
    plan.targets.iter().filter(|target| !target.implied)
}

/// The keys that should have been renewed, where nothing but a person or the network is missing and they are good for
/// a while yet: a program that works is better than one that stops early. Not for those who said how long they must
/// last.
fn still_good(plan: &LoginPlan, doors: &Doors, failed: &[Line]) -> Result<Option<Vec<Ready>>> {
    let may_come_later = |line: &Line| match &line.outcome {
        Outcome::Failed(error) => matches!(error.kind(), Kind::NeedsYou | Kind::Unreachable),
        _ => true,
    };
    if plan.is_strict || !failed.iter().all(may_come_later) {
        return Ok(None);
    }
    let present = Present::read(doors)?;
    let is_good = |target: &Target| {
        let target = Target {
            min: LEAST,
            ..target.clone()
        };
        let fingerprint = fingerprint_of(doors.config, &target);
        present.standing_of(&target, &fingerprint).is_good()
    };
    if !asked(plan).all(is_good) {
        return Ok(None);
    }
    for line in failed {
        if let Outcome::Failed(error) = &line.outcome {
            let error = error.clone().at(&line.profile);
            doors
                .ui
                .warn(&format!("{error}; its keys are good until they end"));
        }
    }
    all_keys(plan, doors, &present).map(Some)
}

/// The error of the first that failed, with its name if there are several.
fn first_failure(lines: &[Line]) -> Option<Error> {
    lines.iter().find_map(|line| match &line.outcome {
        Outcome::Failed(error) if lines.len() > 1 => Some(error.clone().at(&line.profile)),
        Outcome::Failed(error) => Some(error.clone()),
        Outcome::SignedIn(_) | Outcome::StillGood(_) => None,
    })
}

fn keys_of(doors: &Doors, present: &Present, target: &Target) -> Result<Ready> {
    let gone = || {
        Error::failed(format!(
            "the keys of {} are gone again: another program changed [{}]",
            target.profile, target.aws_profile
        ))
        .hint("run it again")
    };
    let Some((row, keys)) = present.keys_in(&target.aws_profile) else {
        // Keys without a note look as if they were not there.
        present.check_record()?;
        return Err(gone());
    };
    Ok(Ready {
        profile: target.profile.clone(),
        aws_profile: target.aws_profile.clone(),
        role: row.role_arn.parse().map_err(|_| gone())?,
        keys,
        region: target
            .region
            .clone()
            .or_else(|| present.region_in(doors.paths, &target.aws_profile)),
        critical: target.critical,
    })
}
