//! `mai login --refresh`: stays after a login and signs in again whenever keys are short, with a person to ask.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock;
use crate::config::Profile;
use crate::error::{Error, Kind, Result};
use crate::login::plan::LoginPlan;
use crate::login::report::{self, Line, Outcome};
use crate::login::standing::{Found, Present};
use crate::login::target::{Standing, Target, Wishes};
use crate::login::wishes::target_of;
use crate::login::{Doors, last_update, line};
use crate::secret::Secret;
use crate::ui::{Format, moment};

/// How long it waits at most before it looks at the clock and the files again.
const LOOK: Duration = Duration::from_secs(30);
/// How long after the end of all keys it still waits for a network.
const FOR_LONG: TimeDelta = TimeDelta::hours(12);

/// What is kept good.
pub struct Refresh<'a> {
    pub profiles: &'a [&'a Profile],
    /// As they were typed, without what is for the first login only.
    pub wishes: Wishes,
    /// `--password-stdin` is for all logins of the run.
    pub password: Option<Secret>,
}

/// Renews until it is interrupted or refused; the code is that of the login that failed.
pub fn run(refresh: &Refresh, doors: &Doors) -> Result<u8> {
    let mut failures: u32 = 0;
    let mut said = String::new();
    // Keys that are new and short at once would be renewed for ever.
    let mut are_new = true;
    let mut left_alone = Vec::new();
    loop {
        let kept = still_wanted(refresh, doors, &mut left_alone)?;
        if kept.is_empty() {
            clock::wait_until(clock::now() + LOOK, LOOK);
            continue;
        }
        let plan = LoginPlan::make(doors, &kept, &refresh.wishes)?;
        if plan.sign_ins.is_empty() && plan.targets.iter().all(|target| target.barred.is_none()) {
            failures = 0;
            rest(doors, &plan.targets, &mut said);
            are_new = false;
            continue;
        }
        if are_new && !plan.sign_ins.is_empty() {
            doors.ui.done();
            return Err(
                Error::failed("the new keys are short already, by this computer's clock")
                    .hint("look at the clock of this computer, and at `duration` of the profiles"),
            );
        }
        doors.ui.done();
        said.clear();
        doors.password_from_stdin.replace(refresh.password.clone());
        let mut ended = line::run(&plan, doors, None);
        last_update::write(&ended.lines, doors);
        match verdict(&ended.lines) {
            Verdict::Good => {
                failures = 0;
                report::write(&ended.lines, doors.config, Format::Text, doors.ui)?;
                ended.offer_to_keep();
                are_new = true;
            }
            Verdict::Unreachable(error) if !is_hopeless(doors, &plan.targets)? => {
                let wait = backed_off(failures);
                failures = failures.saturating_add(1);
                let at = clock::now() + wait;
                doors.ui.warn(&format!(
                    "{error}; trying again at {}",
                    moment::local_time(at, clock::now())
                ));
                wait_through(at);
            }
            Verdict::Unreachable(_) | Verdict::Failed => {
                report::write(&ended.lines, doors.config, Format::Text, doors.ui)?;
                return Ok(report::exit_code(&ended.lines));
            }
        }
    }
}

/// All but those that somebody signed out of elsewhere: that was a wish, until somebody signs in again. It is said once.
fn still_wanted<'a>(
    refresh: &Refresh<'a>,
    doors: &Doors<'a>,
    left_alone: &mut Vec<String>,
) -> Result<Vec<&'a Profile>> {
    let present = Present::read(doors)?;
    present.check_record()?;
    let mut gone = Vec::new();
    for profile in refresh.profiles {
        let target = target_of(doors, profile, &refresh.wishes, &present)?;
        if matches!(present.found(&target), Found::Nothing) {
            gone.push(profile.name.clone());
        }
    }
    for name in gone.iter().filter(|name| !left_alone.contains(name)) {
        doors.ui.done();
        doors.ui.say(&format!(
            "The keys of {name} were removed: none are fetched until somebody signs in with `mai login {name}`."
        ));
    }
    *left_alone = gone;
    let profiles = refresh.profiles.iter().copied();
    Ok(profiles
        .filter(|profile| !left_alone.contains(&profile.name))
        .collect())
}

enum Verdict {
    Good,
    /// It failed, and only because somebody could not be reached.
    Unreachable(Error),
    Failed,
}

fn verdict(lines: &[Line]) -> Verdict {
    let mut unreachable = None;
    for line in lines {
        match &line.outcome {
            Outcome::SignedIn(_) | Outcome::StillGood(_) => {}
            Outcome::Failed(error) if error.kind() == Kind::Unreachable => {
                unreachable = Some(error.clone());
            }
            Outcome::Failed(_) => return Verdict::Failed,
        }
    }
    unreachable.map_or(Verdict::Good, Verdict::Unreachable)
}

/// Are all keys over since long? Then nobody is waiting for new ones.
fn is_hopeless(doors: &Doors, targets: &[Target]) -> Result<bool> {
    let rows = crate::login::standing::sessions(doors.paths)?.load();
    let now = clock::now();
    let last = targets
        .iter()
        .filter_map(|target| crate::store::sessions::find(&rows, &target.aws_profile))
        .filter_map(|row| DateTime::from_timestamp(row.expires_at, 0))
        .max();
    Ok(last.is_some_and(|last| now - last > FOR_LONG))
}

/// One minute, doubling to half an hour.
fn backed_off(failures: u32) -> TimeDelta {
    TimeDelta::seconds((60_i64 << failures.min(5)).min(1800))
}

/// Waits until that moment in short pieces; if the clock is set back, no longer than it would have been.
fn wait_through(at: DateTime<Utc>) {
    let longest = at - clock::now();
    while clock::now() < at && at - clock::now() <= longest {
        clock::wait_until(at, LOOK);
    }
}

/// All keys are good: says until when, and waits a while.
fn rest(doors: &Doors, targets: &[Target], said: &mut String) {
    let now = clock::now();
    let Some(due) = targets.iter().filter_map(due_at).min() else {
        // Only if the file changed this very moment.
        return clock::wait_until(now + LOOK, Duration::from_millis(100));
    };
    let plain = format!(
        "{}: renewing at {}",
        names(targets),
        moment::local_time(due, now)
    );
    let left = moment::remaining(due, now);
    if !doors.ui.stand(&format!("{plain}, in {left}. Ctrl-C ends.")) && *said != plain {
        doors.ui.say(&format!("{plain}."));
    }
    *said = plain;
    // One second later: keys count as short when less than that is left.
    clock::wait_until(due + TimeDelta::seconds(1), LOOK);
}

fn due_at(target: &Target) -> Option<DateTime<Utc>> {
    let Standing::Good { until, .. } = &target.standing else {
        return None;
    };
    let min = i64::try_from(target.min.as_seconds()).unwrap_or(0);
    Some(*until - TimeDelta::seconds(min))
}

/// A few names, and how many more there are.
fn names(targets: &[Target]) -> String {
    let names: Vec<&str> = targets.iter().map(|one| one.profile.as_str()).collect();
    match &names[..] {
        [a, b, c, rest @ ..] if rest.len() > 1 => {
            format!("{a}, {b}, {c} and {} more", rest.len())
        }
        few => few.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(outcome: Outcome) -> Line {
        Line {
            profile: "prod".into(),
            aws_profile: "prod".into(),
            critical: false,
            outcome,
        }
    }

    #[test]
    fn a_missing_network_is_waited_for_and_a_refusal_ends_it() {
        let unreachable = || line(Outcome::Failed(Error::unreachable("no network")));
        let refused = line(Outcome::Failed(Error::refused("no")));
        assert!(matches!(verdict(&[]), Verdict::Good));
        assert!(matches!(verdict(&[unreachable()]), Verdict::Unreachable(_)));
        assert!(matches!(
            verdict(&[unreachable(), refused]),
            Verdict::Failed
        ));
    }

    #[test]
    fn the_wait_grows_to_half_an_hour() {
        let minutes = |failures| backed_off(failures).num_minutes();
        assert_eq!([0, 1, 4, 5, 900].map(minutes), [1, 2, 16, 30, 30]);
    }
}
