//! What a deleted profile leaves behind: only the profile is gone, the rest is not ours to take unasked.

use super::super::run::Run;
use crate::clock;
use crate::config::{Config, PasswordSource, Profile, SecretsMode};
use crate::error::Result;
use crate::login::standing::{self, holds_keys_of};
use crate::store::credentials_file;
use crate::store::sessions::{self, Row};

/// Profiles that were deleted, and the configuration before and after.
pub struct Gone<'a> {
    pub names: &'a [String],
    pub was: &'a Config,
    pub now: &'a Config,
}

impl Gone<'_> {
    pub fn say_what_stays(&self, run: &Run) {
        let mut told = self.keys_that_stay(run).unwrap_or_default();
        if self.may_have_a_password() {
            told.push("A stored password stays.".to_string());
        }
        if !told.is_empty() {
            run.ui.say(&told.join(" "));
        }
    }

    /// SDKs would ask on, and fail.
    pub fn warn_of_lines(&self, run: &Run) {
        let (Ok(path), Ok(usual)) = (run.paths.aws_config_file(), run.paths.config_folder()) else {
            return;
        };
        let Ok(file) = credentials_file::read(path) else {
            return;
        };
        // A line without `-c` asks for a profile of the usual file.
        let usual = usual.join("profiles.yaml");
        let own = std::path::absolute(self.now.own_file.path()).unwrap_or_default();
        for setting in file.processes() {
            let Some(line) = setting.ours() else { continue };
            let name = &line.profile;
            let is_gone = self.names.contains(name) && self.now.profile(name).is_none();
            if is_gone && *line.config.as_ref().unwrap_or(&usual) == own {
                run.ui.warn(&format!(
                    "{}:{}: SDKs still ask for the keys of {name}, and get none any more: \
                     `mai configure-process --remove {}` takes that line out",
                    run.paths.shown(path),
                    setting.line,
                    setting.aws_profile
                ));
            }
        }
    }

    fn profiles(&self) -> impl Iterator<Item = &Profile> {
        self.names.iter().filter_map(|name| self.was.profile(name))
    }

    /// Only of keys that we wrote is it known that they end; all others are not ours to speak of.
    fn keys_that_stay(&self, run: &Run) -> Result<Vec<String>> {
        let path = run.paths.credentials_file()?;
        let file = credentials_file::read(path)?;
        let rows = standing::recorded(&run.paths, &file)?;
        let mut rows: Vec<&Row> = self
            .profiles()
            .filter_map(|profile| sessions::find(&rows, &profile.aws_profile))
            .filter(|row| row.expires_at > clock::now().timestamp())
            .filter(|row| row.process || holds_keys_of(&file, row))
            .collect();
        rows.sort_unstable_by_key(|row| &row.aws_profile);
        rows.dedup();
        let (kept, written): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| row.process);
        let shown = run.paths.shown(path);
        let mut told = Vec::new();
        if !written.is_empty() {
            let keys = format!("Keys in {} of {shown}", listed(&written));
            told.push(self.stay(&keys, &written));
        }
        if !kept.is_empty() {
            let keys = format!("Keys of {} in the vault", listed(&kept));
            told.push(self.stay(&keys, &kept));
        }
        Ok(told)
    }

    fn stay(&self, keys: &str, rows: &[&Row]) -> String {
        // Whoever has the same name or section now would be signed out.
        let is_free = |section: &&str| {
            let mut sections = self.now.profiles.iter().map(|p| p.aws_profile.as_str());
            !sections.any(|taken| taken == *section) && !self.now.names().any(|n| n == *section)
        };
        let sections = rows.iter().map(|row| row.aws_profile.as_str());
        let free: Vec<&str> = sections.filter(is_free).collect();
        match free[..] {
            [] => format!("{keys} stay there until they end."),
            _ => {
                let free = free.join(" ");
                format!("{keys} stay there until they end; `mai logout {free}` removes them.")
            }
        }
    }

    /// As far as the configuration tells: the keyring is not opened for this.
    fn may_have_a_password(&self) -> bool {
        self.was.secrets.value != SecretsMode::None
            && self
                .profiles()
                .filter_map(|profile| self.was.provider_of(profile).ok())
                .any(|provider| provider.password.value == PasswordSource::Keyring)
    }
}

fn listed(rows: &[&Row]) -> String {
    let names = rows.iter().map(|row| format!("[{}]", row.aws_profile));
    names.collect::<Vec<_>>().join(", ")
}
