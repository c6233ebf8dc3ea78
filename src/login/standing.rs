//! What is there already: the keys in the shared file, held against what was recorded when they were written.

use chrono::{DateTime, Utc};

use crate::arn::RoleArn;
use crate::clock;
use crate::config::{Config, RoleWanted};
use crate::error::Result;
use crate::login::account_names::account_name;

use crate::login::role_choice;
use crate::login::target::{Standing, Target};
use crate::paths::Paths;
use crate::store::credentials_file::{self, CredentialsFile};
use crate::store::learned::Learned;
use crate::store::sessions::{Row, Sessions, find};

/// The credentials file and the recorded sessions, as they are now.
pub struct Present<'a> {
    file: CredentialsFile,
    rows: Vec<Row>,
    now: DateTime<Utc>,
    config: &'a Config,
    learned: Learned,
}

impl<'a> Present<'a> {
    pub fn read(paths: &Paths, config: &'a Config) -> Result<Present<'a>> {
        let path = paths.credentials_file()?;
        Ok(Present {
            file: credentials_file::read(path)?,
            rows: sessions(paths)?.load(),
            now: clock::now(),
            config,
            learned: Learned::load(paths.state_folder()?),
        })
    }

    /// The role whose keys were last written to a section.
    pub fn role_in(&self, aws_profile: &str) -> Option<&str> {
        find(&self.rows, aws_profile).map(|row| row.role_arn.as_str())
    }

    /// Keys are good only when key id and fingerprint match and time is left.
    pub fn standing_of(&self, target: &Target, fingerprint: &dyn Fn(&str) -> String) -> Standing {
        let Some(row) = find(&self.rows, &target.aws_profile) else {
            return Standing::Absent;
        };
        let until = DateTime::from_timestamp(row.expires_at, 0).unwrap_or_default();
        let left = (until - self.now).num_seconds();
        let good = holds_keys_of(&self.file, row)
            && self.is_wanted(target.role.as_ref(), &row.role_arn)
            && row.fingerprint == fingerprint(&row.role_arn)
            && left > i64::try_from(target.min.as_seconds()).unwrap_or(i64::MAX);
        if good {
            Standing::Good {
                until,
                row: row.clone(),
            }
        } else {
            Standing::Absent
        }
    }

    /// Is the recorded role the wanted one? Without a wish any role the person picked before is.
    fn is_wanted(&self, wanted: Option<&RoleWanted>, recorded: &str) -> bool {
        match (wanted, recorded.parse::<RoleArn>()) {
            (None, Ok(_)) => true,
            (Some(wanted), Ok(recorded)) => {
                let id = recorded.account();
                let name = account_name(self.config, &self.learned, id);
                role_choice::matches(wanted, &recorded, name)
            }
            (_, Err(_)) => false,
        }
    }

    /// Finds out before anything is sent whether the section may be written.
    pub fn check_writable(&self, target: &Target, overwrite: bool) -> Result<()> {
        self.file.may_write(&target.aws_profile, overwrite)
    }
}

/// The recorded sessions of the credentials file in force.
pub fn sessions(paths: &Paths) -> Result<Sessions> {
    let (state, file) = (paths.state_folder()?, paths.credentials_file()?);
    Ok(Sessions::of(state, paths.home().ok(), file))
}

/// Does the section still hold the very keys that were recorded?
pub fn holds_keys_of(file: &CredentialsFile, row: &Row) -> bool {
    file.section(&row.aws_profile).is_some_and(|section| {
        let has = |key| section.get(key).is_some_and(|value| !value.is_empty());
        section.get("aws_access_key_id") == Some(row.key_id.as_str())
            && has("aws_secret_access_key")
            && has("aws_session_token")
    })
}
