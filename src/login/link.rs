//! What joins a role to the one whose keys it is assumed with.

use crate::arn::RoleArn;
use crate::config::{Profile, RoleWanted, Source, did_you_mean, session_name_of, values};
use crate::duration::Span;
use crate::error::Result;
use crate::login::Doors;
use crate::login::standing::Present;
use crate::login::target::Link;

/// A role that is assumed with another role's keys lasts an hour at most, whatever it allows (IAM, role chaining).
pub const LONGEST: Span = Span::hours(1);

/// Keys with less than this left are not worth a request.
pub const USABLE: Span = Span::minutes(1);

/// What `source_profile` and its company mean for one target.
pub fn link(doors: &Doors, profile: &Profile, source: &Source, present: &Present) -> Result<Link> {
    let parent = doors.config.expect_profile(&source.profile)?;
    let section = &parent.aws_profile.value;
    let partition = match parent.role.as_ref().map(|role| &role.value) {
        Some(RoleWanted::Arn(role)) => Some(role.partition().id),
        _ => present
            .role_in(section)
            .and_then(|role| role.parse::<RoleArn>().ok())
            .map(|role| role.partition().id),
    };
    let role = role(doors, profile, partition.unwrap_or("aws"))?;
    let own = role.partition().id;
    if let Some(partition) = partition.filter(|partition| *partition != own) {
        let origin = profile
            .role
            .as_ref()
            .map_or(&profile.origin, |role| &role.origin);
        return Err(origin
            .error(format!(
                "the role is in the partition {own}, and the keys of {} are of {partition}",
                parent.name
            ))
            .hint("no role can be assumed across partitions: name another source_profile"));
    }
    let user = doors.config.provider_of(profile)?.username.as_ref();
    Ok(Link {
        parent: parent.name.clone(),
        parent_section: section.clone(),
        role,
        external_id: source.external_id.as_ref().map(|id| id.value.clone()),
        session_name: source.session_name.as_ref().map(|name| name.value.clone()),
        name_of_user: user.map_or_else(|| "mai".to_owned(), |user| session_name_of(user)),
        tags: source.tags.clone(),
    })
}

/// The role as an ARN: nobody offers roles here, so an account needs an id.
fn role(doors: &Doors, profile: &Profile, partition: &str) -> Result<RoleArn> {
    let (account, name, origin) = match &profile.role {
        Some(role) => match &role.value {
            RoleWanted::Arn(arn) => return Ok(arn.clone()),
            RoleWanted::InAccount {
                account,
                role: name,
            } => (account, name, &role.origin),
            RoleWanted::Pattern(_) => {
                return Err(role.origin.error("a pattern is no role to assume"));
            }
        },
        None => return Err(profile.origin.error("there is no role to assume")),
    };
    let mut ids = doors.config.account_ids(account);
    let id = match (values::is_account(account), ids.next(), ids.next()) {
        (true, ..) => account,
        (false, Some(id), None) => id,
        (false, None, _) => {
            let names = doors.config.accounts.values().map(|name| name.as_str());
            return Err(origin
                .error(format!("no account is called `{account}`"))
                .hint(did_you_mean(account, names).unwrap_or_else(|| {
                    "write the account's id of 12 digits, or name it under `accounts:`".to_owned()
                })));
        }
        (false, Some(_), Some(_)) => {
            return Err(origin
                .error(format!("several accounts are called `{account}`"))
                .hint("write the account's id of 12 digits"));
        }
    };
    let arn = format!("arn:{partition}:iam::{id}:role/{name}");
    arn.parse().map_err(|reason: String| origin.error(reason))
}
