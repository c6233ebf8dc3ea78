//! From assertion to keys: many roles at once, durations negotiated. Here roles run side by side.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use url::Url;

use crate::arn::{Partition, ProviderArn, RoleArn};
use crate::assertion::Assertion;
use crate::aws::saml::OfferedRole;
use crate::aws::sts::{self, Refusal, Sts, Wanted};
use crate::duration::Span;
use crate::error::{Error, Kind, Result, clean};
use crate::keys::SessionCredentials;

/// How many roles are redeemed at once: fifty take two rounds, so that they cost little more than one
/// (benches/login.rs). STS that finds it too much throttles, and is asked again later.
const AT_ONCE: usize = 25;

/// Roles can always be assumed for an hour (IAM, MaxSessionDuration is at least 3600).
const ALWAYS_ALLOWED: Span = Span::hours(1);

/// One role to become.
pub struct Order {
    /// The target's place in the plan.
    pub place: usize,
    pub role: OfferedRole,
    pub region: String,
    pub duration: Option<Span>,
    pub policy: Option<String>,
    pub policy_arns: Vec<String>,
}

/// The role that keys are of, and the provider it was reached through, if it was reached directly.
#[derive(Clone, Debug)]
pub struct Became {
    pub role: RoleArn,
    pub provider: Option<ProviderArn>,
    /// What its session is called, where that is known.
    pub session: Option<String>,
}

/// Keys, and what was found out on the way.
pub struct Redeemed {
    pub keys: SessionCredentials,
    /// The longest duration the role allows, where it was less than asked for.
    pub longest: Option<Span>,
}

/// Redeems all orders with one assertion; the results come in the order of the orders.
pub async fn all(
    client: &reqwest::Client,
    endpoint: Option<&Url>,
    assertion: &Assertion,
    orders: Vec<Order>,
) -> Vec<(usize, Result<Redeemed>)> {
    let mut clients: BTreeMap<String, Arc<Sts>> = BTreeMap::new();
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    let mut results: Vec<(usize, Result<Redeemed>)> = Vec::new();
    for order in orders {
        let sts = match clients.get(&order.region) {
            Some(sts) => sts.clone(),
            None => match sts_in(client, endpoint, &order.region) {
                Ok(sts) => clients
                    .entry(order.region.clone())
                    .or_insert(Arc::new(sts))
                    .clone(),
                Err(error) => {
                    results.push((order.place, Err(error)));
                    continue;
                }
            },
        };
        let (assertion, places) = (assertion.clone(), places.clone());
        running.spawn(async move {
            let _place = places.acquire_owned().await;
            let redeemed = one(&sts, &assertion, &order).await;
            (order.place, redeemed.map_err(from_sts))
        });
    }
    while let Some(done) = running.join_next().await {
        // Only a bug ends a task early; the panic hook has said where, and its profile stays without an outcome.
        results.extend(done.ok());
    }
    results.sort_by_key(|(place, _)| *place);
    results
}

/// The STS client of a region, at the endpoint in force.
pub fn sts_in(client: &reqwest::Client, endpoint: Option<&Url>, region: &str) -> Result<Sts> {
    let endpoint = match (endpoint, Partition::of_region(region)) {
        (Some(endpoint), _) => endpoint.clone(),
        (None, Some(partition)) => sts::endpoint_for(partition, region)?,
        (None, None) => return Err(Error::usage(format!("`{}` is not a region", clean(region)))),
    };
    Ok(Sts::new(client.clone(), region, endpoint))
}

/// A host that cannot be reached is STS here, not the identity provider.
fn from_sts(error: Error) -> Error {
    match error.kind() == Kind::Unreachable && !error.message().contains("STS") {
        true => error.at("STS"),
        false => error,
    }
}

async fn one(sts: &Sts, assertion: &Assertion, order: &Order) -> Result<Redeemed> {
    let wanted = |duration| Wanted {
        role: &order.role.role,
        provider: &order.role.provider,
        assertion,
        duration,
        policy: order.policy.as_deref(),
        policy_arns: &order.policy_arns,
    };
    let too_long = match sts.assume_role_with_saml(&wanted(order.duration)).await {
        Ok(keys) => {
            return Ok(Redeemed {
                keys,
                longest: None,
            });
        }
        Err(Refusal::Other(error)) => return Err(error),
        Err(Refusal::DurationTooLong(maximum)) => maximum,
    };
    let mut search = Search::below(order.duration.unwrap_or(ALWAYS_ALLOWED), too_long);
    let mut best = None;
    while let Some(duration) = search.next_try() {
        match sts.assume_role_with_saml(&wanted(Some(duration))).await {
            Ok(keys) => {
                search.allowed(duration);
                best = Some((keys, duration));
            }
            Err(Refusal::DurationTooLong(_)) => search.too_long(duration),
            // Shorter keys that are there are better than none.
            Err(Refusal::Other(_)) if best.is_some() => break,
            Err(Refusal::Other(error)) => return Err(error),
        }
    }
    best.map(|(keys, longest)| Redeemed {
        keys,
        longest: Some(longest),
    })
    .ok_or_else(|| {
        Error::refused(format!(
            "STS allows {} not even for an hour",
            order.role.role
        ))
        .hint("ask your administrator about the role's maximum session duration")
    })
}

/// Looks for the longest duration that is allowed: whole hours, as administrators set them, by halving.
///
/// STS says that a duration is too long, not what would do (aws-facts: `exceeds the MaxSessionDuration set for this
/// role`), so at most four more calls find it, and the result is learned.
struct Search {
    /// Allowed, as far as is known.
    low: u64,
    /// Refused.
    high: u64,
    low_tried: bool,
    named: Option<Span>,
}

impl Search {
    fn below(refused: Span, named: Option<Span>) -> Search {
        Search {
            low: 1,
            high: refused.as_seconds().div_ceil(3600).max(2),
            low_tried: false,
            named: named.filter(|named| *named < refused),
        }
    }

    fn next_try(&mut self) -> Option<Span> {
        if let Some(named) = self.named {
            return Some(named);
        }
        if self.low + 1 < self.high {
            return Some(Span::hours((self.low + self.high) / 2));
        }
        (!self.low_tried).then(|| Span::hours(self.low))
    }

    fn allowed(&mut self, duration: Span) {
        if self.named.is_some() {
            (self.named, self.low, self.high) = (None, 0, 0);
        } else {
            self.low = duration.as_seconds() / 3600;
        }
        self.low_tried = true;
    }

    fn too_long(&mut self, duration: Span) {
        self.named = None;
        self.high = (duration.as_seconds() / 3600).min(self.high);
        self.low_tried |= duration <= ALWAYS_ALLOWED;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays STS for a role with this maximum; what the search ends with, and in how many calls.
    fn found(wanted: u64, maximum: u64, named: Option<Span>) -> (Option<Span>, usize) {
        let mut search = Search::below(Span::hours(wanted), named);
        let (mut best, mut calls) = (None, 0);
        while let Some(duration) = search.next_try() {
            calls += 1;
            assert!(calls < 10, "the search ends");
            if duration.as_seconds() <= maximum * 3600 {
                search.allowed(duration);
                best = Some(duration);
            } else {
                search.too_long(duration);
            }
        }
        (best, calls)
    }

    #[test]
    fn the_longest_allowed_hour_is_found_in_few_calls() {
        for wanted in 2..=12 {
            for maximum in 1..wanted {
                let (best, calls) = found(wanted, maximum, None);
                assert_eq!(best, Some(Span::hours(maximum)), "{wanted} h wanted");
                assert!(calls <= 4, "{calls} calls for {maximum} of {wanted} h");
            }
        }
    }

    #[test]
    fn a_maximum_that_is_named_is_used_at_once() {
        assert_eq!(
            found(12, 3, Some(Span::hours(3))),
            (Some(Span::hours(3)), 1)
        );
    }

    #[test]
    fn a_role_that_allows_nothing_ends_the_search() {
        assert_eq!(found(12, 0, None).0, None);
        assert_eq!(found(1, 0, None).0, None);
    }
}
