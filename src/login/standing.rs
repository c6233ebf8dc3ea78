//! What is there already: the keys in the shared file, held against what was recorded when they were written.

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use crate::arn::RoleArn;
use crate::clock;
use crate::config::{KeysPlace, RoleWanted};
use crate::duration::Span;
use crate::error::Result;
use crate::login::account_names::account_name;

use crate::keys::SessionCredentials;
use crate::login::target::{Standing, Target};
use crate::login::{Doors, kept_keys, role_choice};
use crate::paths::Paths;
use crate::store::aws_config::AwsConfig;
use crate::store::credentials_file::{self, CredentialsFile, KeySource};
use crate::store::learned::Learned;
use crate::store::sessions::{Row, Sessions, find};

/// The credentials file and the recorded sessions, as they are now.
pub struct Present<'a> {
    file: CredentialsFile,
    rows: Vec<Row>,
    now: DateTime<Utc>,
    doors: &'a Doors<'a>,
    learned: Learned,
}

/// What was recorded for a section, held against what stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    Keys(&'a Row),
    /// Good or not, they are of a role that somebody chose by hand.
    AnotherRole(&'a Row),
    /// The keys were removed or replaced since.
    Others(&'a Row),
    /// Never signed in to, logged out, or too long ago.
    Nothing,
}

impl<'a> Found<'a> {
    /// The id of the recorded keys that are there.
    pub fn key_id(self) -> Option<&'a str> {
        match self {
            Found::Keys(row) | Found::AnotherRole(row) => Some(&row.key_id),
            Found::Others(_) | Found::Nothing => None,
        }
    }
}

/// Keys that stand there.
pub struct Held<'a> {
    pub keys: SessionCredentials,
    /// Other tools do not always say.
    pub until: Option<DateTime<Utc>>,
    /// What was recorded, if they are ours.
    pub row: Option<&'a Row>,
}

impl<'a> Present<'a> {
    pub fn read(doors: &'a Doors<'a>) -> Result<Present<'a>> {
        let file = credentials_file::read(doors.paths.credentials_file()?)?;
        Ok(Present {
            rows: recorded(doors.paths, &file)?,
            file,
            now: clock::now(),
            doors,
            learned: Learned::load(doors.paths.state_folder()?),
        })
    }

    /// Can what was recorded be read, or do keys only look as if they were not there?
    pub fn check_record(&self) -> Result<()> {
        sessions(self.doors.paths)?.check_version()
    }

    /// What a later renewal has to start from: the recorded keys, however short, if the section still holds them.
    pub fn found(&self, target: &Target) -> Found<'_> {
        let Some(row) = find(&self.rows, &target.aws_profile) else {
            return Found::Nothing;
        };
        let are_there = match target.keys {
            KeysPlace::File => self.end_of(target.keys, row).is_some(),
            // The vault forgets what has expired; whoever removes keys from it removes the row, too.
            KeysPlace::Process => row.process,
        };
        if !are_there {
            return Found::Others(row);
        }
        match self.is_wanted(target.role.as_ref(), &row.role_arn) {
            true => Found::Keys(row),
            false => Found::AnotherRole(row),
        }
    }

    /// Are the keys gone that a renewal was to replace?
    pub fn was_signed_out(&self, target: &Target) -> bool {
        let Some(key_id) = &target.in_place_of else {
            return false;
        };
        match target.keys {
            KeysPlace::File => !self.holds_key_id(&target.aws_profile, key_id),
            KeysPlace::Process => !find(&self.rows, &target.aws_profile)
                .is_some_and(|row| row.process && row.key_id == *key_id),
        }
    }

    /// Does a section of the file hold the keys with this id?
    pub fn holds_key_id(&self, aws_profile: &str, key_id: &str) -> bool {
        self.file.holds_key_id(aws_profile, key_id)
    }

    /// Are the keys of this record there, whether it is still kept or not?
    pub fn holds(&self, target: &Target, row: &Row) -> bool {
        row.aws_profile == target.aws_profile && self.end_of(target.keys, row).is_some()
    }

    /// What was learned of roles, durations and accounts.
    pub fn learned(&self) -> &Learned {
        &self.learned
    }

    /// How long the keys of a section lasted when they were new, if that is known.
    pub fn lifetime(&self, aws_profile: &str) -> Option<Span> {
        self.learned.lifetime(aws_profile)
    }

    /// The role whose keys were last written to a section.
    pub fn role_in(&self, aws_profile: &str) -> Option<&str> {
        find(&self.rows, aws_profile).map(|row| row.role_arn.as_str())
    }

    /// The keys that were recorded for a section, if they are still there.
    pub fn keys_in(&self, aws_profile: &str) -> Option<(&Row, SessionCredentials)> {
        let row = find(&self.rows, aws_profile)?;
        if row.process {
            return Some((row, self.in_vault(row)?));
        }
        let stored = self.file.section(aws_profile)?.session()?;
        if !holds_keys_of(&self.file, row) {
            return None;
        }
        let recorded = DateTime::from_timestamp(row.expires_at, 0)?;
        let keys = SessionCredentials {
            expires_at: recorded,
            access_key_id: stored.access_key_id,
            secret_access_key: stored.secret_access_key,
            session_token: stored.session_token,
        };
        Some((row, keys))
    }

    /// Temporary keys in a section, whoever wrote them.
    pub fn any_keys_in(&self, aws_profile: &str) -> Option<Held<'_>> {
        if let Some((row, keys)) = self.keys_in(aws_profile) {
            return Some(Held {
                until: Some(keys.expires_at),
                keys,
                row: Some(row),
            });
        }
        let stored = self.file.section(aws_profile)?.session()?;
        let until = stored.expires_at;
        Some(Held {
            keys: SessionCredentials {
                expires_at: until.unwrap_or(DateTime::<Utc>::MAX_UTC),
                access_key_id: stored.access_key_id,
                secret_access_key: stored.secret_access_key,
                session_token: stored.session_token,
            },
            until,
            row: None,
        })
    }

    /// What SDKs use although the keys of this profile stand in no file, and the file it is in. `our_key_id` is of the
    /// keys that are known.
    pub fn used_instead(
        &self,
        target: &Target,
        our_key_id: Option<&str>,
    ) -> Result<Option<(PathBuf, KeySource)>> {
        if target.keys != KeysPlace::Process {
            return Ok(None);
        }
        let (paths, section) = (self.doors.paths, &target.aws_profile);
        if let Some(found) = self.file.used_before_process(section, our_key_id) {
            return Ok(Some((paths.credentials_file()?.to_path_buf(), found)));
        }
        let path = paths.aws_config_file()?;
        let found = credentials_file::read(path)?.used_in_place_of(section, &target.profile);
        Ok(found.map(|found| (path.to_path_buf(), found)))
    }

    /// A vault that cannot be opened holds nothing that could be used.
    fn in_vault(&self, row: &Row) -> Option<SessionCredentials> {
        let found = kept_keys::find(self.doors, &row.aws_profile);
        let found = found.unwrap_or_else(|error| {
            self.doors.ui.detail(&error.to_string());
            None
        });
        found.filter(|keys| keys.access_key_id == row.key_id)
    }

    /// When the recorded keys end, in seconds since 1970, if they are still where the profile has them.
    fn end_of(&self, keys: KeysPlace, row: &Row) -> Option<i64> {
        match keys {
            KeysPlace::File if row.process || !holds_keys_of(&self.file, row) => None,
            KeysPlace::File => Some(row.expires_at),
            KeysPlace::Process if !row.process => None,
            KeysPlace::Process => {
                let keys = self.in_vault(row)?;
                Some(keys.expires_at.timestamp().min(row.expires_at))
            }
        }
    }

    /// The region that SDKs find for a section: in the credentials file, else in the config file.
    pub fn region_in(&self, paths: &Paths, aws_profile: &str) -> Option<String> {
        let section = self.file.section(aws_profile);
        let here = section.and_then(|section| section.get("region"));
        if let Some(region) = here.filter(|region| !region.is_empty()) {
            return Some(region.to_owned());
        }
        let config = AwsConfig::read(paths.aws_config_file().ok()?).ok()?;
        config.region_of(aws_profile)
    }

    /// Keys are good only when key id and fingerprint match and time is left.
    pub fn standing_of(&self, target: &Target, fingerprint: &dyn Fn(&str) -> String) -> Standing {
        let Some(row) = find(&self.rows, &target.aws_profile) else {
            return Standing::Absent;
        };
        let min = i64::try_from(target.min.as_seconds()).unwrap_or(i64::MAX);
        let lasts = |end: i64| end.saturating_sub(self.now.timestamp()) > min;
        let may_do = self.is_wanted(target.role.as_ref(), &row.role_arn)
            && row.fingerprint == fingerprint(&row.role_arn)
            && lasts(row.expires_at);
        // Last, since it may open the keyring.
        let end = may_do.then(|| self.end_of(target.keys, row)).flatten();
        match end.filter(|end| lasts(*end)) {
            Some(end) => Standing::Good {
                until: DateTime::from_timestamp(end, 0).unwrap_or_default(),
                row: row.clone(),
            },
            None => Standing::Absent,
        }
    }

    /// Is the recorded role the wanted one? Without a wish any role the person picked before is.
    fn is_wanted(&self, wanted: Option<&RoleWanted>, recorded: &str) -> bool {
        match (wanted, recorded.parse::<RoleArn>()) {
            (None, Ok(_)) => true,
            (Some(wanted), Ok(recorded)) => {
                let id = recorded.account();
                let name = account_name(self.doors.config, &self.learned, id);
                role_choice::matches(wanted, &recorded, name)
            }
            (_, Err(_)) => false,
        }
    }

    /// Finds out before anything is sent whether the section may be written.
    pub fn check_writable(&self, target: &Target, overwrite: bool) -> Result<()> {
        match target.keys {
            KeysPlace::File => self.file.may_write(&target.aws_profile, overwrite),
            KeysPlace::Process => kept_keys::check_place(self.doors),
        }
    }
}

/// The recorded sessions of the credentials file in force.
pub fn sessions(paths: &Paths) -> Result<Sessions> {
    let (state, file) = (paths.state_folder()?, paths.credentials_file()?);
    Ok(Sessions::of(state, paths.home().ok(), file))
}

/// What was recorded, as far as the keys in the file bear it out: of two ends of the same keys the earlier one counts.
pub fn recorded(paths: &Paths, file: &CredentialsFile) -> Result<Vec<Row>> {
    let mut rows = sessions(paths)?.load();
    for row in rows.iter_mut().filter(|row| !row.process) {
        if file.holds_key_id(&row.aws_profile, &row.key_id)
            && let Some(end) = file
                .section(&row.aws_profile)
                .and_then(|it| it.expires_at())
        {
            row.expires_at = row.expires_at.min(end.timestamp());
        }
    }
    Ok(rows)
}

/// Are there temporary keys in the section, whoever wrote them?
pub fn holds_temporary_keys(file: &CredentialsFile, aws_profile: &str) -> bool {
    file.section(aws_profile).is_some_and(|section| {
        let id = section.get("aws_access_key_id");
        id.is_some_and(|id| id.starts_with("ASIA"))
    })
}

/// Does the section still hold the very keys that were recorded?
pub fn holds_keys_of(file: &CredentialsFile, row: &Row) -> bool {
    let has = |key| {
        let section = file.section(&row.aws_profile);
        let value = section.as_ref().and_then(|section| section.get(key));
        value.is_some_and(|value| !value.is_empty())
    };
    file.holds_key_id(&row.aws_profile, &row.key_id)
        && has("aws_secret_access_key")
        && has("aws_session_token")
}
