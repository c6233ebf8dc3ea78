//! What the agent looks after: the profiles that are its business, and the keys of theirs that stand in the file.

use crate::config::Profile;
use crate::error::{Error, Result};
use crate::login::Doors;
use crate::login::plan::LoginPlan;
use crate::login::standing::{Found, Present};
use crate::login::target::Wishes;

use super::schedule::Session;

/// All of it, as it is now.
#[derive(Debug, Default)]
pub struct View {
    pub sessions: Vec<Session>,
    /// Those of them whose keys nobody recorded.
    pub adopted: Vec<String>,
    /// Profiles that cannot be renewed as things stand: a setting, or a file that cannot be written.
    pub failed: Vec<(String, Error)>,
    /// Profiles that are left alone, and why.
    pub idle: Vec<(String, String)>,
}

/// Looks at the profiles with `renew: true`, or at all.
///
/// The agent keeps keys good that a person has fetched. What was never fetched, was removed, or was replaced by
/// something else is left alone until somebody signs in again: that was somebody's wish.
///
/// `interrupted` are profiles that an agent was renewing when it was killed: the temporary keys of theirs that nobody
/// recorded are its own.
pub fn look(doors: &Doors, all: bool, interrupted: &[String]) -> Result<View> {
    let wanted = doors.config.profiles.iter();
    let wanted: Vec<&Profile> = wanted.filter(|one| all || one.renew.value).collect();
    let (wanted, overwritten) = doors.config.last_of_each_section(wanted);
    let present = Present::read(doors)?;
    let mut view = View::default();
    for profile in overwritten {
        let section = &profile.aws_profile.value;
        let why = format!("another profile writes to [{section}] too");
        view.idle.push((profile.name.clone(), why));
    }
    for profile in wanted {
        match session_of(doors, profile, &present, interrupted) {
            Ok((session, adopted)) => {
                view.adopted.extend(adopted.then(|| profile.name.clone()));
                view.sessions.push(session);
            }
            Err(No::Idle(why)) => view.idle.push((profile.name.clone(), why)),
            Err(No::Failed(error)) => view.failed.push((profile.name.clone(), error)),
        }
    }
    Ok(view)
}

/// Why there is nothing to renew.
enum No {
    Idle(String),
    Failed(Error),
}

/// The keys of a profile and whether they are adopted, or why there is nothing to renew.
fn session_of(
    doors: &Doors,
    profile: &Profile,
    present: &Present,
    interrupted: &[String],
) -> Result<(Session, bool), No> {
    let name = &profile.name;
    let plan = LoginPlan::make(doors, &[profile], &Wishes::default());
    let plan = plan.map_err(No::Failed)?;
    let [target] = &plan.targets[..] else {
        return Err(No::Idle("it has no section".into()));
    };
    let found = present.found(target);
    let row = match found {
        // Of two profiles with one section the keys are those of who signed in last.
        Found::Keys(row) | Found::AnotherRole(row)
            if row.label != *name && doors.config.profile(&row.label).is_some() =>
        {
            let owner = &row.label;
            return Err(No::Idle(format!(
                "the keys in its section are those of {owner}"
            )));
        }
        Found::Keys(row) => row,
        Found::AnotherRole(row) => {
            let role = &row.role_arn;
            return Err(No::Idle(format!("the keys in its section are of {role}")));
        }
        Found::Others(row)
            if interrupted.contains(name) && present.holds_temporary_keys(&target.aws_profile) =>
        {
            row
        }
        Found::Others(_) => {
            return Err(No::Idle(format!(
                "the keys were removed or replaced; `mai login {name}` begins anew"
            )));
        }
        Found::Nothing => {
            return Err(No::Idle(format!(
                "no keys yet; `mai login {name}` fetches the first"
            )));
        }
    };
    if let Some(error) = &target.barred {
        return Err(No::Failed(error.clone()));
    }
    let seconds = |span: u64| i64::try_from(span).unwrap_or(3600);
    let lifetime = present
        .lifetime(&target.aws_profile)
        .map_or(3600, |span| seconds(span.as_seconds()));
    let session = Session {
        profile: name.clone(),
        aws_profile: target.aws_profile.clone(),
        identity_provider: profile.identity_provider.value.clone(),
        key_id: row.key_id.clone(),
        expires_at: row.expires_at,
        before: seconds(target.min.as_seconds()),
        lifetime,
    };
    Ok((session, matches!(found, Found::Others(_))))
}
