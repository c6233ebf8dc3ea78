//! Renews keys that are served before they end: as nobody, and where that needs a person, as the one at this terminal.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use super::watched::LOOK;
use crate::clock;
use crate::config::Profile;
use crate::error::{Error, Kind, Result};
use crate::handover::endpoint::Shelf;
use crate::handover::left_alone::LeftAlone;
use crate::login::plan::LoginPlan;
use crate::login::ready::ready;
use crate::login::standing::Present;
use crate::login::target::{Standing, Target, Wishes};
use crate::login::{Doors, parents};
use crate::ui::{is_in_foreground, moment};

/// After a network that failed: the first pause, which doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// Who may be asked when a renewal needs a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// The person at this terminal, while it listens to this program; they are asked whether to begin at all.
    ThisTerminal,
    /// Somebody else uses the terminal.
    Nobody,
}

/// A profile whose renewal did not work: until something changes, or until then.
struct Stuck {
    changes: u64,
    again: Option<Instant>,
    pause: Duration,
}

/// Renews the keys of an endpoint.
pub struct Renewal<'a> {
    pub doors: &'a Doors<'a>,
    /// In the order of the shelf.
    pub profiles: &'a [&'a Profile],
    pub shelf: &'a Shelf,
    pub asks: Asks,
    /// How often the files of keys have changed.
    pub changes: &'a AtomicU64,
}

impl Renewal<'_> {
    /// Goes on until a person leaves a question.
    pub fn go_on(&self) -> Result<()> {
        let mut stuck: BTreeMap<&str, Stuck> = BTreeMap::new();
        let mut left_alone = LeftAlone::default();
        loop {
            let (changes, now) = (self.changes(), Instant::now());
            let (due, next) = self.due(&stuck, &mut left_alone, now);
            for news in left_alone.news(now) {
                self.tell(&news);
            }
            if due.is_empty() {
                let again = stuck.values().filter_map(|stuck| stuck.again);
                let again = again.filter(|again| *again > now);
                self.wait(changes, next, again.chain(left_alone.next_news()).min());
                continue;
            }
            let outcome = self.renew(&due);
            if let Err(error) = &outcome
                && error.kind() == Kind::Interrupted
            {
                return outcome;
            }
            self.shelf.call();
            // What this renewal itself wrote is no news.
            std::thread::sleep(LOOK);
            for (profile, _) in due {
                let name = profile.name.as_str();
                let before = stuck.get(name).map(|stuck| stuck.pause);
                let pause = match &outcome {
                    // Keys that are short the moment they are new are not asked for in a circle.
                    Ok(()) => FIRST_PAUSE,
                    Err(_) => before.map_or(FIRST_PAUSE, |pause| (pause * 2).min(LONGEST_PAUSE)),
                };
                let again = outcome.as_ref().err().is_none_or(is_tried_again);
                let state = Stuck {
                    changes: self.changes(),
                    again: again.then(|| Instant::now() + pause),
                    pause,
                };
                stuck.insert(name, state);
            }
        }
    }

    fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// The profiles to renew now, and when the next one is. All of them had keys when this began.
    fn due(
        &self,
        stuck: &BTreeMap<&str, Stuck>,
        left_alone: &mut LeftAlone,
        now: Instant,
    ) -> (Vec<Due<'_>>, Option<DateTime<Utc>>) {
        let (mut due, mut next) = (Vec::new(), None::<DateTime<Utc>>);
        let present = Present::read(self.doors);
        let plan = LoginPlan::make(self.doors, self.profiles, &Wishes::default());
        let targets = plan.as_ref().map(|plan| plan.targets.as_slice());
        for (index, profile) in self.profiles.iter().enumerate() {
            let is_stuck = stuck.get(profile.name.as_str()).is_some_and(|stuck| {
                stuck.changes == self.changes() && stuck.again.is_none_or(|again| again > now)
            });
            match targets.map(|targets| &targets[index]) {
                Ok(Target {
                    standing: Standing::Good { until, .. },
                    min,
                    ..
                }) => {
                    left_alone.is_back(&profile.name);
                    let at = *until
                        - TimeDelta::seconds(
                            min.as_seconds().try_into().unwrap_or(i64::MAX / 1000),
                        );
                    next = Some(next.map_or(at, |next| next.min(at)));
                }
                Ok(target)
                    if present.as_ref().is_ok_and(|present| {
                        let parent = parents::left(self.doors, target, present);
                        let parent = parent.ok().flatten();
                        left_alone.leaves(&profile.name, present.found(target), parent, now)
                    }) => {}
                Ok(_) | Err(_) if is_stuck => {}
                Ok(target) => {
                    let present = present.as_ref().ok();
                    let key_id = present.and_then(|present| present.found(target).key_id());
                    due.push((*profile, key_id.map(str::to_owned)));
                }
                // A plan that cannot be made is told as a renewal that does not work.
                Err(_) => due.push((*profile, None)),
            }
        }
        (due, next)
    }

    /// Until a file changes, or it is time for the next renewal or attempt.
    fn wait(&self, changes: u64, next: Option<DateTime<Utc>>, again: Option<Instant>) {
        while self.changes() == changes
            && next.is_none_or(|next| next > clock::now())
            && again.is_none_or(|again| again > Instant::now())
        {
            std::thread::sleep(LOOK);
        }
    }

    /// Renews as nobody; where that needs a person, the one at this terminal is asked whether to begin.
    fn renew(&self, due: &[Due]) -> Result<()> {
        let quiet = self.asks == Asks::Nobody;
        let ui = self.doors.ui.for_nobody(quiet);
        let doors = self.doors.for_nobody(&ui);
        let Err(error) = sign_in(&doors, due) else {
            return Ok(());
        };
        ui.done();
        if self.some_signed_out_of(due) {
            // Told when it is settled; the others are tried again.
            return Ok(());
        }
        let profiles: Vec<&Profile> = due.iter().map(|(profile, _)| *profile).collect();
        let profiles = profiles.as_slice();
        let needs_a_person = matches!(error.kind(), Kind::NeedsYou | Kind::Refused);
        if needs_a_person && self.may_ask() {
            if self.doors.ui.confirm(&self.question(profiles), true)? {
                let error = match sign_in(self.doors, &asked_for(profiles)) {
                    Ok(()) => return Ok(()),
                    Err(error) if error.kind() == Kind::Interrupted => return Err(error),
                    Err(error) => error,
                };
                self.doors.ui.report(&error);
            }
            self.tell(&self.what_to_do(profiles));
            return Err(error);
        }
        let told = match needs_a_person {
            true => self.what_to_do(profiles),
            false => format!(
                "The keys of {} could not be renewed: {error}{}",
                names(profiles, " and "),
                if is_tried_again(&error) {
                    ". It is tried again"
                } else {
                    ""
                }
            ),
        };
        self.tell(&told);
        Err(error)
    }

    /// Was somebody signed out while these were being renewed, of them or of those that they are assumed with?
    fn some_signed_out_of(&self, due: &[Due]) -> bool {
        let planned = plan_for(self.doors, due);
        let (Ok(plan), Ok(present)) = (planned, Present::read(self.doors)) else {
            return false;
        };
        let is_left =
            |target| parents::left(self.doors, target, &present).is_ok_and(|it| it.is_some());
        let mut targets = plan.targets.iter();
        targets.any(|target| present.was_signed_out(target) || is_left(target))
    }

    fn may_ask(&self) -> bool {
        self.asks == Asks::ThisTerminal && self.doors.presence().is_person() && is_in_foreground()
    }

    fn tell(&self, text: &str) {
        self.doors.ui.warn(text);
    }

    fn question(&self, profiles: &[&Profile]) -> String {
        format!("{}. Sign in now?", self.how_long(profiles))
    }

    fn what_to_do(&self, profiles: &[&Profile]) -> String {
        format!(
            "{}, and renewing them needs a person: run `mai login {}` in a terminal",
            self.how_long(profiles),
            names(profiles, " ")
        )
    }

    /// How long what is on the shelf can still be given.
    fn how_long(&self, profiles: &[&Profile]) -> String {
        let now = clock::now();
        let listed = names(profiles, " and ");
        let ends = self.profiles.iter().enumerate().filter_map(|(index, one)| {
            let is_meant = profiles.iter().any(|profile| profile.name == one.name);
            is_meant.then(|| {
                let held = self.shelf.held(index);
                held.good(now).map(|(keys, _)| keys.expires_at)
            })
        });
        match ends.min().flatten() {
            Some(until) => format!(
                "The keys of {listed} last until {}",
                moment::local_time(until, now)
            ),
            None => format!("There are no good keys of {listed} any more"),
        }
    }
}

/// A profile whose keys are short, and the id of these keys if nobody asked for new ones.
type Due<'a> = (&'a Profile, Option<String>);

/// The person at this terminal wants keys, whatever has become of the old ones.
fn asked_for<'a>(profiles: &[&'a Profile]) -> Vec<Due<'a>> {
    profiles.iter().map(|profile| (*profile, None)).collect()
}

fn plan_for<'a>(doors: &Doors<'a>, due: &[Due<'a>]) -> Result<LoginPlan<'a>> {
    let profiles: Vec<&Profile> = due.iter().map(|(profile, _)| *profile).collect();
    let mut plan = LoginPlan::make(doors, &profiles, &Wishes::default())?;
    for (target, (_, key_id)) in plan.targets.iter_mut().zip(due) {
        target.in_place_of.clone_from(key_id);
    }
    if due.iter().any(|(_, key_id)| key_id.is_some()) {
        parents::keep_in_place(&mut plan, &Present::read(doors)?);
    }
    Ok(plan)
}

fn sign_in(doors: &Doors, due: &[Due]) -> Result<()> {
    let mut plan = plan_for(doors, due)?;
    // What is good for a while yet is served already.
    plan.is_strict = true;
    let mut ready = ready(&plan, doors, || {})?;
    if doors.presence().is_person() {
        ready.offer_to_keep();
    }
    Ok(())
}

/// What may work later by itself.
fn is_tried_again(error: &Error) -> bool {
    matches!(error.kind(), Kind::Unreachable | Kind::Failed)
}

fn names(profiles: &[&Profile], between: &str) -> String {
    let names: Vec<&str> = profiles.iter().map(|one| one.name.as_str()).collect();
    names.join(between)
}
