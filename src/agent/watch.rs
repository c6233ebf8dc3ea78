//! What the agent looks after: the profiles that are its business, and the keys of theirs that stand in the file.

use std::collections::BTreeMap;

use crate::config::Profile;
use crate::error::{Error, Result};
use crate::login::standing::{self, Found, Present};
use crate::login::target::{Target, Wishes};
use crate::login::wishes::target_of;
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
                view.adopted.extend(watched.adopted);
                // Several may be assumed with the keys of one.
                let news = watched.lost.into_iter();
                lost.extend(news.filter(|row| !lost.contains(row)).collect::<Vec<_>>());
                view.rows.extend(watched.rows);
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
    /// What is recorded of them and of those that they are assumed with, by profile.
    rows: BTreeMap<String, Row>,
    /// Those of them that are an agent's that was killed.
    adopted: Vec<UnderWay>,
    /// Those of them whose record is lost.
    lost: Vec<Row>,
}

fn watched(
    doors: &Doors,
    profile: &Profile,
    present: &Present,
    memory: &Memory,
) -> Result<Watched, No> {
    let name = &profile.name;
    let target = target_of(doors, profile, &Wishes::default(), present).map_err(No::Failed)?;
    let keys = keys_of(doors, profile, &target, present, memory)?;
    let (mut adopted, mut lost) = (Vec::new(), Vec::new());
    let key_id = match &keys {
        Keys::Adopted(_, under_way) => {
            adopted.push(under_way.clone());
            under_way.key_id.clone()
        }
        Keys::Lost(row) => {
            lost.push(row.clone());
            row.key_id.clone()
        }
        Keys::Recorded(row) => row.key_id.clone(),
    };
    if let Some(left) = parents::left(doors, &target, present).map_err(No::Failed)? {
        let parent = &left.parent;
        match (
            unrecorded(parent, present, memory),
            memory.written_when_killed(parent, present),
        ) {
            (Some(row), _) => lost.push(row),
            (None, Some(keys)) => adopted.push(keys.clone()),
            // Somebody signed out of it, and that stays so.
            (None, None) => {
                let parent = &parent.profile;
                return Err(No::Idle(format!(
                    "the keys of {parent}, which it is assumed with, were removed or replaced; `mai login {name}` begins anew"
                )));
            }
        }
    }
    if let Some(error) = &target.barred {
        return Err(No::Failed(error.clone()));
    }
    let (Keys::Recorded(row) | Keys::Lost(row) | Keys::Adopted(row, _)) = keys;
    let mut rows = BTreeMap::new();
    for parent in parents::all(doors, &target, present).map_err(No::Failed)? {
        if let Found::Keys(row) = present.found(&parent) {
            rows.insert(parent.profile, row.clone());
        }
    }
    let seconds = |span: u64| i64::try_from(span).unwrap_or(3600);
    let lifetime = present
        .lifetime(&target.aws_profile)
        .map_or(3600, |span| seconds(span.as_seconds()));
    let session = Session {
        profile: name.clone(),
        aws_profile: target.aws_profile.clone(),
        identity_provider: profile.identity_provider.value.clone(),
        key_id,
        parents: rows.values().map(|row| row.key_id.clone()).collect(),
        expires_at: row.expires_at,
        before: seconds(target.min.as_seconds()),
        lifetime,
    };
    rows.insert(name.clone(), row);
    Ok(Watched {
        session,
        rows,
        adopted,
        lost,
    })
}

impl Memory {
    /// The keys in the section of a profile, if an agent was writing them when it was killed.
    fn written_when_killed(&self, target: &Target, present: &Present) -> Option<&UnderWay> {
        let mut interrupted = self.interrupted.iter();
        interrupted.find(|keys| {
            keys.profile == target.profile
                && present.holds_key_id(&target.aws_profile, &keys.key_id)
        })
    }
}

/// How the keys that stand there are known.
enum Keys {
    Recorded(Row),
    /// Their record is lost, or could not be written.
    Lost(Row),
    /// An agent was writing them when it was killed; the record is of those before.
    Adopted(Row, UnderWay),
}

/// The keys of a profile, or why there is nothing to renew.
fn keys_of(
    doors: &Doors,
    profile: &Profile,
    target: &Target,
    present: &Present,
    memory: &Memory,
) -> Result<Keys, No> {
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
        Found::Keys(row) => Ok(Keys::Recorded(row.clone())),
        Found::AnotherRole(row) => {
            let role = &row.role_arn;
            Err(No::Idle(format!("the keys in its section are of {role}")))
        }
        Found::Others(row) => {
            let ours = memory.written_when_killed(target, present);
            match (unrecorded(target, present, memory), ours) {
                (Some(row), _) => Ok(Keys::Lost(row)),
                (None, Some(keys)) => Ok(Keys::Adopted(row.clone(), keys.clone())),
                (None, None) => Err(No::Idle(format!(
                    "the keys were removed or replaced; `mai login {name}` begins anew"
                ))),
            }
        }
        Found::Nothing => match unrecorded(target, present, memory) {
            Some(row) => Ok(Keys::Lost(row)),
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
