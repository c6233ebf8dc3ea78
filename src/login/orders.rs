//! From the assertion to what is asked of STS: the role of each target, where, and for how long.

use crate::arn::{self, Partition, RoleArn};
use crate::assertion::Assertion;
use crate::aws::saml::{OfferedRole, Statement};
use crate::config::RoleWanted;
use crate::duration::Span;
use crate::error::{Error, Kind, Result};
use crate::login::account_names::account_name;
use crate::login::plan::LoginPlan;
use crate::login::redeem::Order;
use crate::login::report::Outcome;
use crate::login::target::Target;
use crate::login::{Doors, role_choice, wishes};
use crate::store::learned::Learned;

/// Places in the plan and why there is no order for them.
type Refused = Vec<(usize, Outcome)>;

/// Orders for the targets whose role is offered, errors for the others.
pub fn choose_roles(
    plan: &LoginPlan,
    short: &[usize],
    doors: &Doors,
    assertion: &Assertion,
    statement: &Statement,
) -> Result<(Vec<Order>, Refused)> {
    let learned = Learned::load(doors.paths.state_folder()?);
    let (mut orders, mut refused) = (Vec::new(), Vec::new());
    for &place in short {
        let target = &plan.targets[place];
        let order = chosen_role(target, doors, statement, &learned).and_then(|role| {
            Ok(Order {
                place,
                region: region_for(doors, target, &role.role, assertion.sign_in_host())?,
                duration: wanted_duration(target, &role.role, statement, &learned),
                role,
                policy: target.policy.clone(),
                policy_arns: target.policy_arns.clone(),
            })
        });
        match order {
            Ok(order) => orders.push(order),
            Err(error) if error.kind() == Kind::Interrupted => return Err(error),
            Err(error) => refused.push((place, Outcome::Failed(error.of_one_profile()))),
        }
    }
    Ok((orders, refused))
}

/// The role for a target: what decides it, else the person.
pub fn chosen_role(
    target: &Target,
    doors: &Doors,
    statement: &Statement,
    learned: &Learned,
) -> Result<OfferedRole> {
    let names = |account: &str| account_name(doors.config, learned, account).map(str::to_owned);
    let mut pick = |offered: &[OfferedRole]| pick_role(doors, target, offered, learned);
    role_choice::choose(target, statement, &names, &mut pick)
}

/// What to ask STS for: the profile's duration, else what the identity provider suggests; not more than is known to
/// be allowed, unless it was typed for this login.
fn wanted_duration(
    target: &Target,
    role: &RoleArn,
    statement: &Statement,
    learned: &Learned,
) -> Option<Span> {
    // SessionDuration is 900 to 43200 (IAM, SAML assertions for the authentication response).
    let suggested = statement
        .session_duration
        .map(|span| span.clamp(Span::minutes(15), Span::hours(12)));
    let wanted = target.duration.or(suggested)?;
    if target.duration_insisted {
        return Some(wanted);
    }
    Some(wishes::lifetime(
        Some(wanted),
        learned.longest_duration(&role.to_string()),
    ))
}

/// A fuzzy list over account name, id and role, most used first.
fn pick_role(
    doors: &Doors,
    target: &Target,
    offered: &[OfferedRole],
    learned: &Learned,
) -> Result<OfferedRole> {
    if !doors.presence().is_person() {
        return Err(Error::needs_you(format!(
            "profile {} can be any of {} roles, and nobody can be asked",
            target.profile,
            offered.len()
        ))
        .hint(format!(
            "{}name one with --role: {}{}",
            match target.is_new {
                true => "",
                false => "set `role` in profiles.yaml, or ",
            },
            offered
                .iter()
                .take(4)
                .map(|offer| format!("{}/{}", offer.role.account(), offer.role.path_and_name()))
                .collect::<Vec<_>>()
                .join(", "),
            if offered.len() > 4 { ", …" } else { "" }
        )));
    }
    let mut sorted: Vec<&OfferedRole> = offered.iter().collect();
    sorted.sort_by_key(|offer| {
        (
            std::cmp::Reverse(learned.role_use(&offer.role.to_string())),
            account_name(doors.config, learned, offer.role.account()),
            offer.role.to_string(),
        )
    });
    let options: Vec<String> = sorted
        .iter()
        .map(|offer| {
            let account =
                account_name(doors.config, learned, offer.role.account()).unwrap_or_default();
            let line = format!(
                "{account} {} {}",
                offer.role.account(),
                offer.role.path_and_name()
            );
            line.trim_start().to_string()
        })
        .collect();
    let chosen = doors
        .ui
        .pick(&format!("Role for {}", target.profile), &options)?;
    Ok(sorted[chosen].clone())
}

/// The region STS will be asked in, as far as it is known before the assertion.
pub fn likely_region(doors: &Doors, target: &Target) -> Option<String> {
    match &target.role {
        Some(RoleWanted::Arn(role)) => region_for(doors, target, role, "").ok(),
        _ => target.region.clone().or_else(|| doors.region.clone()),
    }
}

/// The profile's region, else AWS_REGION, else the one the sign-in host names, else the partition's own; always one
/// of the role's partition.
pub fn region_for(
    doors: &Doors,
    target: &Target,
    role: &RoleArn,
    sign_in_host: &str,
) -> Result<String> {
    let partition = role.partition();
    let fits = |region: &str| Partition::of_region(region) == Some(partition);
    if let Some(region) = &target.region {
        if !fits(region) {
            return Err(Error::usage(format!(
                "profile {} has the region {region}, and its role is in the partition {}",
                target.profile, partition.id
            ))
            .hint(format!(
                "set a region such as {} in profiles.yaml",
                partition.default_region
            )));
        }
        return Ok(region.clone());
    }
    Ok(doors
        .region
        .as_deref()
        .into_iter()
        .chain(arn::region_of_sign_in_host(sign_in_host))
        .find(|region| fits(region))
        .unwrap_or(partition.default_region)
        .to_string())
}
