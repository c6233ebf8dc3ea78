//! What is there already: the keys in the shared file, held against what was recorded when they were written.

use chrono::{DateTime, Utc};

use crate::arn::RoleArn;
use crate::clock;
use crate::config::{Config, RoleWanted};
use crate::error::Result;
use crate::login::account_names::account_name;

use crate::keys::SessionCredentials;
use crate::login::role_choice;
use crate::login::target::{Standing, Target};
use crate::paths::Paths;
use crate::store::aws_config::AwsConfig;
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

    /// The keys that were recorded for a section, if they still stand there.
    pub fn keys_in(&self, aws_profile: &str) -> Option<(&Row, SessionCredentials)> {
        let row = find(&self.rows, aws_profile).filter(|row| holds_keys_of(&self.file, row))?;
        let stored = self.file.section(aws_profile)?.session()?;
        let recorded = DateTime::from_timestamp(row.expires_at, 0)?;
        let keys = SessionCredentials {
            expires_at: recorded,
            access_key_id: stored.access_key_id,
            secret_access_key: stored.secret_access_key,
            session_token: stored.session_token,
        };
        Some((row, keys))
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
