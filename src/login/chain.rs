//! Roles that are assumed with the keys of another profile: parents before children, siblings side by side.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::aws::sts::assume_role::Chained;
use crate::config::session_name_of;
use crate::duration::Span;
use crate::error::{Error, Result};
use crate::keys::SessionCredentials;
use crate::login::plan::LoginPlan;
use crate::login::redeem::{Became, Redeemed, sts_in};
use crate::login::report::Outcome;
use crate::login::session_names::{Asked, SessionNames};
use crate::login::standing::Present;
use crate::login::target::Link;
use crate::login::{Doors, keep, link, orders};

/// Fetches the keys of chained targets, once those of their parents are there. `outcomes` has what became of others
/// so far, and gets what becomes of these.
pub async fn all(
    client: &reqwest::Client,
    plan: &LoginPlan<'_>,
    doors: &Doors<'_>,
    mut pending: Vec<usize>,
    outcomes: &mut [Option<Outcome>],
) -> Result<()> {
    let mut names = SessionNames::default();
    while !pending.is_empty() {
        let waits = |place: &usize| {
            let parent = parent_of(plan, *place);
            parent.is_some_and(|parent| pending.contains(&parent))
        };
        let (later, wave): (Vec<usize>, Vec<usize>) = pending.iter().partition(|p| waits(p));
        if wave.is_empty() {
            // The configuration has no circles.
            return Err(Error::failed("profiles take their keys in a circle"));
        }
        for (place, outcome) in one_wave(client, plan, doors, &wave, &mut names, outcomes).await? {
            outcomes[place] = Some(outcome);
        }
        pending = later;
    }
    Ok(())
}

/// The place of a target's parent, if it is in the plan.
fn parent_of(plan: &LoginPlan, place: usize) -> Option<usize> {
    let link = plan.targets[place].chain.as_ref()?;
    let mut targets = plan.targets.iter();
    targets.position(|target| target.profile == link.parent)
}

async fn one_wave(
    client: &reqwest::Client,
    plan: &LoginPlan<'_>,
    doors: &Doors<'_>,
    wave: &[usize],
    names: &mut SessionNames,
    outcomes: &[Option<Outcome>],
) -> Result<Vec<(usize, Outcome)>> {
    // Read anew: the keys of the wave before stand there now.
    let present = Present::read(doors)?;
    let (mut orders, mut results, mut roles) = (Vec::new(), Vec::new(), BTreeMap::new());
    for &place in wave {
        let Some(link) = plan.targets[place].chain.clone() else {
            continue;
        };
        let role = link.role.clone();
        let keys = parents_keys(plan, place, &link, &present, outcomes);
        match keys.and_then(|keys| order(client, doors, plan, place, link, keys)) {
            Ok(order) => {
                let became = Became {
                    role,
                    provider: None,
                    session: None,
                };
                roles.insert(place, became);
                let parent = (&order.link.parent_section, &order.keys.access_key_id);
                if let Some(name) = present.learned().session_name(parent.0, parent.1) {
                    names.remember(&order.link.parent, &session_name_of(name));
                }
                orders.push(order);
            }
            Err(error) => results.push((place, Err(error))),
        }
    }
    names.ask(unnamed_parents(&orders, names), doors.ui).await;
    let mut running = JoinSet::new();
    for order in orders {
        match names.of(&order.link) {
            Ok(name) => {
                if let Some(became) = roles.get_mut(&order.place) {
                    became.session = Some(name.clone());
                }
                running.spawn(order.run(name));
            }
            Err(error) => results.push((order.place, Err(error))),
        }
    }
    while let Some(done) = running.join_next().await {
        results.extend(done.ok());
    }
    results.sort_by_key(|(place, _)| *place);
    keep::keep(plan, doors, results, &roles)
}

/// The parents whose sessions have no name yet and need one, each once.
fn unnamed_parents(orders: &[Order], names: &SessionNames) -> Vec<Asked> {
    let mut all: Vec<Asked> = Vec::new();
    for order in orders.iter().filter(|order| names.lacks(&order.link)) {
        if all.iter().all(|known| known.profile != order.link.parent) {
            all.push(Asked {
                profile: order.link.parent.clone(),
                keys: order.keys.clone(),
                sts: order.sts.clone(),
            });
        }
    }
    all
}

fn parents_keys(
    plan: &LoginPlan,
    place: usize,
    link: &Link,
    present: &Present,
    outcomes: &[Option<Outcome>],
) -> Result<SessionCredentials> {
    let parent = parent_of(plan, place).and_then(|parent| outcomes[parent].as_ref());
    if let Some(Outcome::Failed(error)) = parent {
        return Err(error.clone().at(&link.parent));
    }
    if let Some((_, keys)) = present.keys_in(&link.parent_section) {
        return Ok(keys);
    }
    present.check_record()?;
    Err(
        Error::failed(format!("the keys of {} are gone", link.parent))
            .hint(format!("`mai login {}` fetches new ones", link.parent)),
    )
}

/// One request, with all it needs: it runs beside others.
struct Order {
    place: usize,
    sts: Arc<crate::aws::sts::Sts>,
    link: Link,
    keys: SessionCredentials,
    duration: Span,
    policy: Option<String>,
    policy_arns: Vec<String>,
}

fn order(
    client: &reqwest::Client,
    doors: &Doors,
    plan: &LoginPlan,
    place: usize,
    link: Link,
    keys: SessionCredentials,
) -> Result<Order> {
    let target = &plan.targets[place];
    let region = orders::region_for(doors, target, &link.role, "")?;
    Ok(Order {
        place,
        sts: Arc::new(sts_in(client, doors.sts_endpoint.as_ref(), &region)?),
        keys,
        duration: target.duration.unwrap_or(link::LONGEST),
        policy: target.policy.clone(),
        policy_arns: target.policy_arns.clone(),
        link,
    })
}

impl Order {
    async fn run(self, session_name: String) -> (usize, Result<Redeemed>) {
        let wanted = Chained {
            parent: &self.link.parent,
            keys: &self.keys,
            role: &self.link.role,
            session_name: &session_name,
            duration: self.duration,
            external_id: self.link.external_id.as_deref(),
            tags: &self.link.tags,
            policy: self.policy.as_deref(),
            policy_arns: &self.policy_arns,
        };
        let keys = self.sts.assume_role(&wanted).await;
        let redeemed = keys.map(|keys| Redeemed {
            keys,
            longest: None,
        });
        (self.place, redeemed)
    }
}
