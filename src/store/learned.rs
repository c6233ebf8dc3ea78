//! What `mai` found out and need not ask again: names of accounts, longest durations, consents, hosts, refusals.
//!
//! One record per line in the file `learned`: kind, what it is about, value. No secrets: of a refused password only 24
//! bits of a keyed hash are kept, enough to recognise it, too little to guess it.

mod sent;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::clock;
use crate::duration::Span;
use crate::error::{Error, Result};
use crate::store::locked_file::{self, Edited};
use crate::store::{record, version};
use sent::KEY_FILE;

const FILE: &str = "learned";
const HEADER: &str = "mai-learned 1";
const LARGEST: usize = 1024 * 1024;

const ACCOUNT: &str = "account";
const LIFETIME: &str = "lifetime";
const LONGEST: &str = "longest";
const CONSENT: &str = "consent";
const HOST: &str = "host";
const USED: &str = "used";
const SESSION: &str = "session";

type Records = BTreeMap<(String, String), String>;

/// All that was learned, as it was when it was read, with what this run adds.
///
/// Nothing is on disk before `save`, which merges with what other runs learned meanwhile.
#[derive(Clone, Debug)]
pub struct Learned {
    state_folder: PathBuf,
    records: Records,
    /// `None` for a record that is to be dropped.
    pending: BTreeMap<(String, String), Option<String>>,
}

impl Learned {
    /// Reads the file; lines that are not ours are skipped, and a missing file is empty.
    pub fn load(state_folder: &Path) -> Learned {
        let bytes = locked_file::read_own(state_folder, FILE);
        Learned {
            state_folder: state_folder.to_path_buf(),
            records: parse(&bytes.ok().flatten().unwrap_or_default()),
            pending: BTreeMap::new(),
        }
    }

    /// Writes what this run learned; what another version of `mai` wrote stays as it is.
    pub fn save(&mut self) -> Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let written = locked_file::update_own(&self.state_folder, FILE, |bytes| {
            version::check(&self.state_folder.join(FILE), bytes, HEADER)?;
            let mut records = parse(bytes);
            for (about, value) in &self.pending {
                match value {
                    Some(value) => records.insert(about.clone(), value.clone()),
                    None => records.remove(about),
                };
            }
            Ok(Edited {
                bytes: render(&records).into_bytes(),
                value: records,
            })
        })?;
        self.records = written.value;
        self.pending.clear();
        Ok(())
    }

    /// Drops everything; the number of records there were.
    pub fn forget(state_folder: &Path) -> Result<usize> {
        let count = Learned::load(state_folder).records.len();
        for name in [FILE, KEY_FILE] {
            let path = state_folder.join(name);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::failed(format!("cannot remove {}", path.display()))
                        .because(super::state_folder::reason(&error)));
                }
                _ => {}
            }
        }
        Ok(count)
    }

    /// Kind and subject of every record, for people.
    pub fn list(&self) -> impl Iterator<Item = (&str, &str)> {
        self.records
            .keys()
            .map(|(kind, subject)| (kind.as_str(), subject.as_str()))
    }

    /// The name of an account.
    pub fn account_name(&self, account_id: &str) -> Option<&str> {
        self.get(ACCOUNT, account_id)
    }

    /// Is there an account of that name?
    pub fn knows_account(&self, name: &str) -> bool {
        self.records
            .iter()
            .any(|((kind, _), known)| kind == ACCOUNT && known == name)
    }

    pub fn remember_account_name(&mut self, account_id: &str, name: &str) {
        self.put(ACCOUNT, account_id, name);
    }

    /// The longest duration that STS gave for a role; longer ones it refused.
    pub fn longest_duration(&self, role_arn: &str) -> Option<Span> {
        let seconds: u64 = self.get(LONGEST, role_arn)?.parse().ok()?;
        Some(Span::seconds(seconds))
    }

    pub fn remember_longest_duration(&mut self, role_arn: &str, longest: Span) {
        self.put(LONGEST, role_arn, &longest.as_seconds().to_string());
    }

    /// A role's maximum may be raised: then it is tried again.
    pub fn forget_longest_duration(&mut self, role_arn: &str) {
        self.drop(LONGEST, role_arn);
    }

    /// How long the keys of a section lasted when they were new: what is left is shown as a share of it.
    pub fn lifetime(&self, aws_profile: &str) -> Option<Span> {
        let seconds: u64 = self.get(LIFETIME, aws_profile)?.parse().ok()?;
        Some(Span::seconds(seconds))
    }

    pub fn remember_lifetime(&mut self, aws_profile: &str, lifetime: Span) {
        self.put(LIFETIME, aws_profile, &lifetime.as_seconds().to_string());
    }

    /// What the session of these keys of a section is called, as CloudTrail shows it.
    pub fn session_name(&self, aws_profile: &str, key_id: &str) -> Option<&str> {
        let (of, name) = self.get(SESSION, aws_profile)?.split_once(' ')?;
        (of == key_id).then_some(name)
    }

    pub fn remember_session_name(&mut self, aws_profile: &str, key_id: &str, name: &str) {
        self.put(SESSION, aws_profile, &format!("{key_id} {name}"));
    }

    /// Did the person agree to this (consent page, terms) before?
    pub fn has_consent(&self, idp: &str, key: &str) -> bool {
        self.get(CONSENT, &pair(idp, key)).is_some()
    }

    pub fn remember_consent(&mut self, idp: &str, key: &str) {
        self.put(CONSENT, &pair(idp, key), &today());
    }

    /// The hosts (`host` or `host:port`) that may get the password for this IdP, because the person said so.
    pub fn agreed_hosts(&self, idp: &str) -> Vec<String> {
        let prefix = pair(idp, "");
        self.records
            .keys()
            .filter(|(kind, _)| kind == HOST)
            .filter_map(|(_, subject)| subject.strip_prefix(&prefix).map(str::to_owned))
            .collect()
    }

    pub fn remember_agreed_host(&mut self, idp: &str, host: &str) {
        self.put(HOST, &pair(idp, host), &today());
    }

    /// How often a role was used and when last (seconds since 1970): the picker shows the most used first.
    pub fn role_use(&self, role_arn: &str) -> Option<(u64, i64)> {
        let (count, last) = self.get(USED, role_arn)?.split_once(' ')?;
        Some((count.parse().ok()?, last.parse().ok()?))
    }

    pub fn remember_role_use(&mut self, role_arn: &str) {
        let count = self.role_use(role_arn).map_or(0, |(count, _)| count);
        let value = format!("{} {}", count.saturating_add(1), clock::now().timestamp());
        self.put(USED, role_arn, &value);
    }

    /// Drops all that is about an identity provider, by its origin: users, consents, hosts. How much it was.
    pub fn forget_provider(&mut self, origin: &str) -> usize {
        let prefix = pair(origin, "");
        self.drop_where(|_, subject| subject.starts_with(&prefix))
    }

    /// Drops all that is about the keys of a section, and of their role.
    pub fn forget_keys(&mut self, aws_profile: &str, role_arn: Option<&str>) -> usize {
        self.drop_where(|kind, subject| match kind {
            LIFETIME | SESSION => subject == aws_profile,
            LONGEST | USED => role_arn == Some(subject),
            _ => false,
        })
    }

    fn drop_where(&mut self, matches: impl Fn(&str, &str) -> bool) -> usize {
        let found: Vec<(String, String)> = self
            .records
            .keys()
            .filter(|(kind, subject)| matches(kind, subject))
            .cloned()
            .collect();
        for (kind, subject) in &found {
            self.drop(kind, subject);
        }
        found.len()
    }

    fn get(&self, kind: &str, subject: &str) -> Option<&str> {
        let about = (kind.to_owned(), subject.to_owned());
        self.records.get(&about).map(String::as_str)
    }

    fn put(&mut self, kind: &str, subject: &str, value: &str) {
        let about = (kind.to_owned(), subject.to_owned());
        if self.records.get(&about).map(String::as_str) != Some(value) {
            self.records.insert(about.clone(), value.to_owned());
            self.pending.insert(about, Some(value.to_owned()));
        }
    }

    fn drop(&mut self, kind: &str, subject: &str) {
        let about = (kind.to_owned(), subject.to_owned());
        if self.records.remove(&about).is_some() {
            self.pending.insert(about, None);
        }
    }
}

/// Names of IdPs have no blanks.
fn pair(idp: &str, key: &str) -> String {
    format!("{} {key}", idp.replace(' ', "_"))
}

fn today() -> String {
    clock::now().format("%Y-%m-%d").to_string()
}

fn parse(bytes: &[u8]) -> Records {
    if bytes.len() > LARGEST {
        return Records::new();
    }
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines();
    if lines.next() != Some(HEADER) {
        return Records::new();
    }
    lines
        .filter_map(record::split)
        .filter_map(|fields| <[String; 3]>::try_from(fields).ok())
        .map(|[kind, subject, value]| ((kind, subject), value))
        .collect()
}

fn render(records: &Records) -> String {
    let mut text = format!("{HEADER}\n");
    for ((kind, subject), value) in records {
        text.push_str(&record::join(&[kind, subject, value]));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "arn:aws:iam::123456789012:role/Admin";

    #[test]
    fn what_was_learned_is_known_in_the_next_run() {
        let state = tempfile::tempdir().unwrap();
        let mut learned = Learned::load(state.path());
        learned.remember_account_name("123456789012", "Ämter & Co\t1");
        learned.remember_longest_duration(ROLE, Span::seconds(7200));
        learned.remember_consent("corp", "terms 1");
        learned.remember_agreed_host("corp", "sso.test:8443");
        learned.remember_totp_step("corp/ada", 57);
        learned.remember_role_use(ROLE);
        learned.remember_role_use(ROLE);
        learned.save().unwrap();
        let mut learned = Learned::load(state.path());
        assert_eq!(learned.account_name("123456789012"), Some("Ämter & Co\t1"));
        assert_eq!(learned.longest_duration(ROLE).unwrap().as_seconds(), 7200);
        assert!(learned.has_consent("corp", "terms 1") && !learned.has_consent("corp", "terms"));
        assert_eq!(learned.agreed_hosts("corp"), ["sso.test:8443"]);
        assert!(learned.agreed_hosts("cor").is_empty());
        assert_eq!(learned.last_totp_step("corp/ada"), Some(57));
        assert_eq!(learned.role_use(ROLE).unwrap().0, 2);
        learned.forget_longest_duration(ROLE);
        learned.save().unwrap();
        assert_eq!(Learned::load(state.path()).longest_duration(ROLE), None);
        assert_eq!(Learned::forget(state.path()).unwrap(), 5);
        assert_eq!(Learned::load(state.path()).list().count(), 0);
    }

    #[test]
    fn two_runs_at_once_keep_what_the_other_learned() {
        let state = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for n in 0..8 {
                let state = state.path();
                scope.spawn(move || {
                    let mut learned = Learned::load(state);
                    learned.remember_account_name(&n.to_string(), "x");
                    learned.save().unwrap();
                });
            }
        });
        assert_eq!(Learned::load(state.path()).list().count(), 8);
    }

    #[test]
    fn broken_lines_do_not_hide_the_others() {
        let text =
            b"mai-learned 1\nnonsense\naccount\t1\tone\naccount\t%zz\tx\n\0\xff\naccount\t2\ttwo";
        let records = parse(text);
        assert_eq!(records.len(), 2);
        assert!(parse(b"mai-learned 9\naccount\t1\tone\n").is_empty());
    }
}
