//! What the agent looks after: the profiles that are its business, and the keys of theirs that stand in the file.

use std::collections::BTreeMap;

use crate::config::Profile;
use crate::error::{Error, Result};
use crate::login::plan::target_of;
use crate::login::standing::{self, Found, Present};
use crate::login::target::{Target, Wishes};
use crate::login::{Doors, parents};
use crate::store::agent_notes::UnderWay;
use crate::store::sessions::Row;

use super::schedule::Session;

/// All of it, as it is now.
#[derive(Debug, Default)]
pub struct View {
    pub sessions: Vec<Session>,
    /// What is recorded of their keys, by profile.
    pub rows: BTreeMap<String, Row>,
    /// Those of them that an agent was writing when it was killed.
    pub adopted: Vec<UnderWay>,
    /// Profiles that cannot be renewed as things stand: a setting, or a file that cannot be written.
    pub failed: Vec<(String, Error)>,
    /// Profiles that are left alone, and why.
    pub idle: Vec<(String, String)>,
    /// The record of keys was lost: it was written again, or that failed.
    pub restored: Option<Result<Vec<String>>>,
}

/// What an agent remembers of how it was.
#[derive(Debug, Default)]
pub struct Memory {
    /// Keys that an agent was writing when it was killed.
    pub interrupted: Vec<UnderWay>,
    /// What was recorded at the last look, by profile.
    pub rows: BTreeMap<String, Row>,
}

/// Looks at the profiles with `renew: true`, or at all.
///
/// The agent keeps keys good that a person has fetched. What was never fetched, was removed, or was replaced by
/// something else is left alone until somebody signs in again: that was somebody's wish. That the record of keys is
/// lost while the keys are there is nobody's wish: it is written again.
///
/// No keyring is opened for that, unless a record is lost.
pub fn look(doors: &Doors, all: bool, memory: &Memory) -> Result<View> {
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
    let mut lost = Vec::new();
    for profile in wanted {
        match watched(doors, profile, &present, memory) {
            Ok(watched) => {
                let name = profile.name.clone();
                view.adopted.extend(watched.adopted);
                lost.extend(watched.is_lost.then(|| watched.row.clone()));
                view.rows.insert(name, watched.row);
                view.sessions.push(watched.session);
            }
            Err(No::Idle(why)) => view.idle.push((profile.name.clone(), why)),
            Err(No::Failed(error)) => view.failed.push((profile.name.clone(), error)),
        }
    }
    if !lost.is_empty() {
        let recorded = standing::sessions(doors.paths)?.record(&lost);
        let names = lost.into_iter().map(|row| row.label).collect();
        view.restored = Some(recorded.map(|()| names));
    }
    Ok(view)
}

/// Why there is nothing to renew.
enum No {
    Idle(String),
    Failed(Error),
}

/// The keys of one profile.
struct Watched {
    session: Session,
    row: Row,
    /// They, or those that they are assumed with, are an agent's that was killed.
    adopted: Vec<UnderWay>,
    /// The record of them is lost.
    is_lost: bool,
}

fn watched(
    doors: &Doors,
    profile: &Profile,
    present: &Present,
    memory: &Memory,
) -> Result<Watched, No> {
    let target = target_of(doors, profile, &Wishes::default(), present).map_err(No::Failed)?;
    let (row, adopted, is_lost) = keys_of(doors, profile, &target, present, memory)?;
    let parent = parents::left(doors, &target, present).map_err(No::Failed)?;
    let parent =
        parent.map(|left| written_when_killed(doors, profile, &left.parent, present, memory));
    let parent = parent.transpose()?;
    if let Some(error) = &target.barred {
        return Err(No::Failed(error.clone()));
    }
    let seconds = |span: u64| i64::try_from(span).unwrap_or(3600);
    let lifetime = present
        .lifetime(&target.aws_profile)
        .map_or(3600, |span| seconds(span.as_seconds()));
    let key_id = adopted.as_ref().map_or(&row.key_id, |keys| &keys.key_id);
    let session = Session {
        profile: profile.name.clone(),
        aws_profile: target.aws_profile.clone(),
        identity_provider: profile.identity_provider.value.clone(),
        key_id: key_id.clone(),
        expires_at: row.expires_at,
        before: seconds(target.min.as_seconds()),
        lifetime,
    };
    Ok(Watched {
        session,
        row,
        adopted: adopted.into_iter().chain(parent).collect(),
        is_lost,
    })
}

impl Memory {
    /// The keys in the section of a profile, if an agent was writing them when it was killed.
    fn written_when_killed(
        &self,
        profile: &str,
        section: &str,
        present: &Present,
    ) -> Option<&UnderWay> {
        let mut interrupted = self.interrupted.iter();
        interrupted
            .find(|keys| keys.profile == profile && present.holds_key_id(section, &keys.key_id))
    }
}

/// Keys of a parent that nobody recorded, if they are an agent's; else somebody signed out of it, and that stays so.
fn written_when_killed(
    doors: &Doors,
    profile: &Profile,
    parent: &str,
    present: &Present,
    memory: &Memory,
) -> Result<UnderWay, No> {
    let section = doors.config.expect_profile(parent).map_err(No::Failed)?;
    let section = &section.aws_profile.value;
    let ours = memory.written_when_killed(parent, section, present);
    ours.cloned().ok_or_else(|| {
        let name = &profile.name;
        No::Idle(format!(
            "the keys of {parent}, which it is assumed with, were removed or replaced; `mai login {name}` begins anew"
        ))
    })
}

/// The record of the keys of a profile, and whether they are adopted or their record is lost; or why there is nothing
/// to renew.
fn keys_of(
    doors: &Doors,
    profile: &Profile,
    target: &Target,
    present: &Present,
    memory: &Memory,
) -> Result<(Row, Option<UnderWay>, bool), No> {
    let name = &profile.name;
    match present.found(target) {
        // Of two profiles with one section the keys are those of who signed in last.
        Found::Keys(row) | Found::AnotherRole(row)
            if row.label != *name && doors.config.profile(&row.label).is_some() =>
        {
            let owner = &row.label;
            Err(No::Idle(format!(
                "the keys in its section are those of {owner}"
            )))
        }
        Found::Keys(row) => Ok((row.clone(), None, false)),
        Found::AnotherRole(row) => {
            let role = &row.role_arn;
            Err(No::Idle(format!("the keys in its section are of {role}")))
        }
        Found::Others(row) => {
            let ours = memory.written_when_killed(name, &target.aws_profile, present);
            match (unrecorded(target, present, memory), ours) {
                (Some(row), _) => Ok((row, None, true)),
                (None, Some(keys)) => Ok((row.clone(), Some(keys.clone()), false)),
                (None, None) => Err(No::Idle(format!(
                    "the keys were removed or replaced; `mai login {name}` begins anew"
                ))),
            }
        }
        Found::Nothing => match unrecorded(target, present, memory) {
            Some(row) => Ok((row, None, true)),
            None => Err(No::Idle(format!(
                "no keys yet; `mai login {name}` fetches the first"
            ))),
        },
    }
}

/// The record of keys that are there, and that nobody else keeps.
fn unrecorded(target: &Target, present: &Present, memory: &Memory) -> Option<Row> {
    let row = memory.rows.get(&target.profile)?;
    present.holds(target, row).then(|| row.clone())
}
