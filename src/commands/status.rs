//! `mai status`: which keys are there, and how long they last.

use clap::Args;
use serde_json::{Value, json};

use super::run::Run;
use crate::arn::RoleArn;
use crate::clock;
use crate::config::Profile;
use crate::error::Result;
use crate::login::account_names::account_name;
use crate::login::standing;
use crate::store::agent_notes::{Need, NotesFile};
use crate::store::learned::Learned;
use crate::store::sessions::{self, Row};
use crate::store::{credentials_file, credentials_file::CredentialsFile};
use crate::ui::{Format, Tone, Ui, moment, output, table};

#[derive(Args)]
pub struct Status {}

/// How one section stands. The keys themselves are believed, not the notes about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Valid,
    Expired,
    /// Somebody removed the keys since `mai` wrote them.
    Removed,
    /// Other keys stand there now.
    Replaced,
    /// Never signed in, or logged out.
    NotSignedIn,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            State::Valid => "valid",
            State::Expired => "expired",
            State::Removed => "removed",
            State::Replaced => "replaced",
            State::NotSignedIn => "not_signed_in",
        }
    }
}

struct Entry {
    profile: String,
    aws_profile: String,
    state: State,
    role: Option<RoleArn>,
    account: Option<String>,
    expires_at: Option<i64>,
    /// In seconds, when the keys were new.
    lifetime: i64,
    critical: bool,
    identity_provider: Option<String>,
    username: Option<String>,
    /// Why the agent cannot keep these keys good by itself.
    agent_needs: Option<Need>,
}

impl Status {
    pub fn run(self, run: &Run) -> Result<u8> {
        let path = run.paths.credentials_file()?;
        let file = credentials_file::read(path)?;
        if let Err(error) = standing::sessions(&run.paths)?.check_version() {
            let hint = error.hint_text().unwrap_or_default();
            run.ui
                .warn(&format!("what is there is not known: {error}; {hint}"));
        }
        let rows = standing::recorded(&run.paths, &file)?;
        let learned = Learned::load(run.paths.state_folder()?);
        let mut entries = entries(run, &file, &rows, &learned);
        add_needs(run, &rows, &mut entries)?;
        match run.format {
            Format::Json => {
                output::write_json(&Value::Array(entries.iter().map(document).collect()))?
            }
            Format::Tsv => output::write_tsv(
                &["profile", "aws_profile", "status", "expires_at", "role_arn"],
                entries.iter().map(tsv),
            )?,
            Format::Text if entries.is_empty() => run.say_no_profiles(),
            Format::Text => people(run, &entries)?,
        }
        Ok(0)
    }
}

/// Every configured profile in its order, then sessions that belong to none of them.
fn entries(run: &Run, file: &CredentialsFile, rows: &[Row], learned: &Learned) -> Vec<Entry> {
    let now = clock::now().timestamp();
    let mut entries = Vec::new();
    let mut shown: Vec<&str> = Vec::new();
    for profile in &run.config.profiles {
        let row = sessions::find(rows, &profile.aws_profile.value);
        // Two profiles may share a section; the keys there are those of the one that signed in last.
        let row = row.filter(|row| row.label == profile.name || !is_profile(run, &row.label));
        shown.extend(row.map(|row| row.aws_profile.as_str()));
        entries.push(entry(run, Some(profile), row, file, now, learned));
    }
    for row in rows {
        if !shown.contains(&row.aws_profile.as_str()) {
            entries.push(entry(run, None, Some(row), file, now, learned));
        }
    }
    entries
}

/// What the agent has noted: true as long as the same keys are there.
fn add_needs(run: &Run, rows: &[Row], entries: &mut [Entry]) -> Result<()> {
    let state_folder = run.paths.state_folder()?;
    let notes = NotesFile::beside(&standing::sessions(&run.paths)?, state_folder).load();
    for need in notes.open_needs(rows) {
        if let Some(entry) = entries.iter_mut().find(|one| one.profile == need.profile) {
            entry.agent_needs = Some(need.clone());
        }
    }
    Ok(())
}

fn is_profile(run: &Run, name: &str) -> bool {
    run.config.profile(name).is_some()
}

fn entry(
    run: &Run,
    profile: Option<&Profile>,
    row: Option<&Row>,
    file: &CredentialsFile,
    now: i64,
    learned: &Learned,
) -> Entry {
    let role: Option<RoleArn> = row.and_then(|row| row.role_arn.parse().ok());
    let provider = profile.and_then(|profile| run.config.provider_of(profile).ok());
    Entry {
        profile: match (profile, row) {
            (Some(profile), _) => profile.name.clone(),
            (None, Some(row)) => row.label.clone(),
            (None, None) => String::new(),
        },
        aws_profile: match (row, profile) {
            (Some(row), _) => row.aws_profile.clone(),
            (None, Some(profile)) => profile.aws_profile.value.clone(),
            (None, None) => String::new(),
        },
        state: row.map_or(State::NotSignedIn, |row| state(row, file, now)),
        account: role
            .as_ref()
            .and_then(|role| account_name(&run.config, learned, role.account()))
            .map(str::to_owned),
        role,
        expires_at: row.map(|row| row.expires_at),
        lifetime: row
            .and_then(|row| learned.lifetime(&row.aws_profile))
            .map_or(3600, |span| {
                i64::try_from(span.as_seconds()).unwrap_or(3600)
            }),
        critical: profile.map_or(row.is_some_and(|row| row.critical), |profile| {
            profile.critical.value
        }),
        identity_provider: provider.map(|provider| provider.name.clone()),
        username: provider
            .and_then(|provider| provider.username.as_ref().map(|user| user.value.clone())),
        agent_needs: None,
    }
}

fn state(row: &Row, file: &CredentialsFile, now: i64) -> State {
    if row.process {
        // In the vault: looking would open the keyring, which is not worth it here.
        return match row.expires_at <= now {
            true => State::Expired,
            false => State::Valid,
        };
    }
    let key_id = file
        .section(&row.aws_profile)
        .and_then(|section| section.get("aws_access_key_id").map(|id| id.to_string()));
    match key_id {
        None => State::Removed,
        Some(id) if id != row.key_id => State::Replaced,
        Some(_) if !standing::holds_keys_of(file, row) => State::Removed,
        Some(_) if row.expires_at <= now => State::Expired,
        Some(_) => State::Valid,
    }
}

fn people(run: &Run, entries: &[Entry]) -> Result<()> {
    let now = clock::now();
    let rows: Vec<Vec<String>> = entries
        .iter()
        .map(|entry| {
            let expires = entry
                .expires_at
                .and_then(|at| chrono::DateTime::from_timestamp(at, 0));
            let (left, words) = match (entry.state, expires) {
                (State::Valid, Some(at)) => {
                    let (left, until) = (moment::remaining(at, now), moment::local_time(at, now));
                    (
                        (at - now).num_seconds(),
                        format!("{left} left, until {until}"),
                    )
                }
                (State::Expired, Some(at)) => (0, moment::remaining(at, now)),
                (State::Removed, _) => (0, "removed: the keys are no longer in the file".into()),
                (State::Replaced, _) => (
                    0,
                    "replaced: other keys stand there, not written by mai".into(),
                ),
                (State::NotSignedIn | State::Valid | State::Expired, _) => {
                    (0, "not signed in".into())
                }
            };
            let role = entry.role.as_ref().map(|role| {
                let account = entry.account.as_deref().unwrap_or(role.account());
                format!("{} in {account}", role.name())
            });
            let name = if entry.critical {
                run.ui.tint_data(Tone::Bad, &entry.profile)
            } else {
                entry.profile.clone()
            };
            let section = match entry.aws_profile == entry.profile {
                true => String::new(),
                false => format!(" [{}]", entry.aws_profile),
            };
            let bar = bar(&run.ui, left, entry.lifetime);
            vec![name + &section, bar, words, role.unwrap_or_default()]
        })
        .collect();
    output::write(&table::render(&[], &rows, table::stdout_width()))?;
    for entry in entries {
        if let Some(need) = &entry.agent_needs {
            run.ui.say(&format!("{}: {}", entry.profile, need.told()));
        }
    }
    let mut gone: Vec<&str> = entries
        .iter()
        .filter(|entry| {
            matches!(
                entry.state,
                State::Expired | State::Removed | State::Replaced
            )
        })
        .filter(|entry| is_profile(run, &entry.profile))
        .map(|entry| entry.profile.as_str())
        .collect();
    gone.sort_unstable();
    gone.dedup();
    if !gone.is_empty() {
        run.ui
            .say(&format!("Get new keys with: mai login {}", gone.join(" ")));
    }
    Ok(())
}

/// Ten cells, each for the same share of the keys' life: full when new, in the colour of what is left.
fn bar(ui: &Ui, left: i64, lifetime: i64) -> String {
    const CELLS: i64 = 10;
    let (left, lifetime) = (left.max(0), lifetime.max(left).max(1));
    let full = usize::try_from((left * CELLS + lifetime - 1) / lifetime).unwrap_or(0);
    let cells = "█".repeat(full) + &"░".repeat(10 - full);
    let tone = match left {
        0 => Tone::Faint,
        ..=300 => Tone::Bad,
        301..=1200 => Tone::Warning,
        _ => Tone::Good,
    };
    ui.tint_data(tone, &cells)
}

fn expires(entry: &Entry) -> Option<String> {
    let at = chrono::DateTime::from_timestamp(entry.expires_at?, 0)?;
    Some(moment::rfc3339(at))
}

fn document(entry: &Entry) -> Value {
    let left = entry
        .expires_at
        .map(|at| (at - clock::now().timestamp()).max(0));
    json!({
        "profile": entry.profile,
        "aws_profile": entry.aws_profile,
        "status": entry.state.name(),
        "role_arn": entry.role.as_ref().map(ToString::to_string),
        "account_id": entry.role.as_ref().map(|role| role.account().to_string()),
        "account": entry.account,
        "role": entry.role.as_ref().map(|role| role.path_and_name().to_string()),
        "expires_at": expires(entry),
        "seconds_left": if entry.state == State::Valid { left } else { entry.expires_at.map(|_| 0) },
        "identity_provider": entry.identity_provider,
        "username": entry.username,
        "critical": entry.critical,
        "agent_needs": entry.agent_needs.as_ref().map(|need| &need.reason),
    })
}

fn tsv(entry: &Entry) -> Vec<String> {
    vec![
        entry.profile.clone(),
        entry.aws_profile.clone(),
        entry.state.name().to_string(),
        expires(entry).unwrap_or_default(),
        entry
            .role
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
    ]
}
