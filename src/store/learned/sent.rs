//! What was sent already and must not be sent again: refused passwords, and codes, which work once.
//!
//! Of a password or code only 24 bits of a keyed hash are kept, enough to recognise it, too little to guess it.

use std::num::NonZeroU32;

use ring::pbkdf2;
use ring::rand::{SecureRandom, SystemRandom};

use super::Learned;
use crate::clock;
use crate::error::{Error, Result};
use crate::secret::Secret;
use crate::store::locked_file::{self, Edited};

pub(super) const KEY_FILE: &str = "learned-key";
const TRIED: &str = "tried";
const REFUSED: &str = "refused";
const DOUBTED: &str = "doubted";
const TOTP: &str = "totp";
const CODE: &str = "code";

/// How many refused passwords of one account are kept in mind: those of its sources, and what a person mistyped.
const KEPT: usize = 8;

impl Learned {
    /// A password is about to be sent: `save` proves that a refusal can be saved, too.
    pub fn remember_attempt(&mut self, account: &str) {
        self.put(TRIED, account, &clock::now().timestamp().to_string());
    }

    /// Was this very password refused for the account (any text that names it), and none accepted since?
    pub fn is_refused(&self, account: &str, password: &Secret) -> bool {
        let Some(known) = self.get(REFUSED, account) else {
            return false;
        };
        let hash = self.known_hash(account, password);
        hash.is_some_and(|hash| known.split(' ').any(|one| one == hash))
    }

    fn is_hash_of(&self, known: &str, account: &str, secret: &Secret) -> bool {
        self.known_hash(account, secret).as_deref() == Some(known)
    }

    /// None without a key: then nothing was kept in mind.
    fn known_hash(&self, account: &str, secret: &Secret) -> Option<String> {
        let key = locked_file::read_own(&self.state_folder, KEY_FILE);
        let key = key.ok().flatten().filter(|key| key.len() == KEY_LENGTH)?;
        Some(short_hash(&key, account, secret))
    }

    /// Keeps in mind that the password was refused, so that it is not sent again; beside the ones before, since a
    /// person may mistype while a command goes on printing the old one.
    pub fn remember_refused(&mut self, account: &str, password: &Secret) -> Result<()> {
        let hash = self.hash(account, password)?;
        let known = self.get(REFUSED, account).unwrap_or_default().to_owned();
        let others = known
            .split(' ')
            .filter(|one| !one.is_empty() && *one != hash);
        let newest: Vec<&str> = [hash.as_str()]
            .into_iter()
            .chain(others)
            .take(KEPT)
            .collect();
        self.put(REFUSED, account, &newest.join(" "));
        Ok(())
    }

    fn hash(&self, account: &str, secret: &Secret) -> Result<String> {
        let key = locked_file::update_own(&self.state_folder, KEY_FILE, |bytes| {
            let mut key = bytes.to_vec();
            if key.len() != KEY_LENGTH {
                key = vec![0; KEY_LENGTH];
                SystemRandom::new()
                    .fill(&mut key)
                    .map_err(|_| Error::failed("the system gives no random bytes"))?;
            }
            Ok(Edited {
                bytes: key.clone(),
                value: key,
            })
        })?;
        Ok(short_hash(&key.value, account, secret))
    }

    /// A password of the account was accepted.
    pub fn forget_refused(&mut self, account: &str) {
        self.drop(REFUSED, account);
        self.drop(DOUBTED, account);
    }

    /// How many seconds ago a form merely came back for this very password of the account.
    pub fn doubted(&self, account: &str, password: &Secret) -> Option<i64> {
        let doubts = doubts(self.get(DOUBTED, account)?);
        let hash = self.known_hash(account, password)?;
        let at = doubts.into_iter().find(|(known, _)| *known == hash)?.1;
        Some(clock::now().timestamp() - at.parse::<i64>().ok()?)
    }

    /// Keeps in mind that nobody said whether the password is right; beside the ones before, as with refused ones.
    pub fn remember_doubted(&mut self, account: &str, password: &Secret) -> Result<()> {
        let hash = self.hash(account, password)?;
        let now = clock::now().timestamp().to_string();
        let known = self.get(DOUBTED, account).unwrap_or_default().to_owned();
        let others = doubts(&known).into_iter().filter(|(one, _)| *one != hash);
        let newest = [(hash.as_str(), now.as_str())].into_iter().chain(others);
        let newest = newest.take(KEPT).map(|(hash, at)| format!("{hash} {at}"));
        self.put(DOUBTED, account, &newest.collect::<Vec<_>>().join(" "));
        Ok(())
    }

    /// Was this very code the last one sent for the account, so short a time ago that it could be taken for good?
    pub fn is_code_spent(&self, account: &str, code: &Secret) -> bool {
        let Some((known, sent)) = self
            .get(CODE, account)
            .and_then(|code| code.split_once(' '))
        else {
            return false;
        };
        let age = sent
            .parse()
            .map(|sent: i64| clock::now().timestamp() - sent);
        age.is_ok_and(|age| age.abs() < CODE_WINDOW) && self.is_hash_of(known, account, code)
    }

    pub fn remember_code(&mut self, account: &str, code: &Secret) -> Result<()> {
        let hash = self.hash(account, code)?;
        let value = format!("{hash} {}", clock::now().timestamp());
        self.put(CODE, account, &value);
        Ok(())
    }

    /// The last time step whose code was sent; an IdP takes each code once.
    pub fn last_totp_step(&self, account: &str) -> Option<u64> {
        self.get(TOTP, account)?.parse().ok()
    }

    pub fn remember_totp_step(&mut self, account: &str, step: u64) {
        self.put(TOTP, account, &step.to_string());
    }
}

/// Hashes of passwords, and when a form merely came back for each.
fn doubts(value: &str) -> Vec<(&str, &str)> {
    let words: Vec<&str> = value.split(' ').collect();
    words.chunks_exact(2).map(|two| (two[0], two[1])).collect()
}

const KEY_LENGTH: usize = 32;

/// How many seconds a code of an app counts: its own step, and one before and after.
const CODE_WINDOW: i64 = 90;

/// Slows down whoever guesses with both files at hand; noticeable only where a refusal is on record.
const ROUNDS: NonZeroU32 = NonZeroU32::new(50_000).expect("more than none");

/// 24 bits: enough to recognise a password, too few to tell it from millions of others.
fn short_hash(key: &[u8], account: &str, password: &Secret) -> String {
    let salt = [key, account.as_bytes()].concat();
    let mut tag = [0; 3];
    pbkdf2::derive(
        pbkdf2::PBKDF2_HMAC_SHA256,
        ROUNDS,
        &salt,
        password.expose().as_bytes(),
        &mut tag,
    );
    tag.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::learned::FILE;

    #[test]
    fn a_refused_password_is_recognised_and_not_stored() {
        let state = tempfile::tempdir().unwrap();
        let wrong = Secret::new("hunter2");
        let mut learned = Learned::load(state.path());
        assert!(!learned.is_refused("corp/ada", &wrong));
        learned.remember_refused("corp/ada", &wrong).unwrap();
        learned.save().unwrap();
        let mut learned = Learned::load(state.path());
        assert!(learned.is_refused("corp/ada", &wrong));
        assert!(!learned.is_refused("corp/ada", &Secret::new("hunter3")));
        assert!(!learned.is_refused("corp/bob", &wrong));
        let text = std::fs::read_to_string(state.path().join(FILE)).unwrap();
        assert!(!text.contains("hunter2"), "{text}");
        let value = text.trim_end().rsplit('\t').next().unwrap();
        assert_eq!(value.len(), 6, "{text}");
        learned.forget_refused("corp/ada");
        assert!(!learned.is_refused("corp/ada", &wrong));
    }

    #[test]
    fn another_refused_password_hides_none_that_was_refused_before() {
        let state = tempfile::tempdir().unwrap();
        let (old, wrong) = (Secret::new("of the command"), Secret::new("mistyped"));
        let mut learned = Learned::load(state.path());
        for password in [&old, &wrong, &wrong] {
            learned.remember_refused("corp/ada", password).unwrap();
        }
        assert!(learned.is_refused("corp/ada", &old) && learned.is_refused("corp/ada", &wrong));
        assert_eq!(
            learned.get(REFUSED, "corp/ada").unwrap().split(' ').count(),
            2
        );
        for number in 0..KEPT {
            let another = Secret::new(number.to_string());
            learned.remember_refused("corp/ada", &another).unwrap();
        }
        assert_eq!(
            learned.get(REFUSED, "corp/ada").unwrap().split(' ').count(),
            KEPT
        );
        assert!(!learned.is_refused("corp/ada", &old));
    }

    #[test]
    fn another_password_in_doubt_hides_none_before() {
        let state = tempfile::tempdir().unwrap();
        let (old, wrong) = (Secret::new("of the command"), Secret::new("mistyped"));
        let mut learned = Learned::load(state.path());
        for password in [&old, &wrong, &wrong] {
            learned.remember_doubted("corp/ada", password).unwrap();
        }
        for password in [&old, &wrong] {
            let age = learned.doubted("corp/ada", password);
            assert!(age.is_some_and(|age| (0..60).contains(&age)), "{age:?}");
        }
        assert_eq!(doubts(learned.get(DOUBTED, "corp/ada").unwrap()).len(), 2);
        assert_eq!(learned.doubted("corp/ada", &Secret::new("another")), None);
        learned.forget_refused("corp/ada");
        assert_eq!(learned.doubted("corp/ada", &old), None);
    }

    #[test]
    fn a_code_is_spent_for_a_while_and_not_stored() {
        let state = tempfile::tempdir().unwrap();
        let code = Secret::new("123456");
        let mut learned = Learned::load(state.path());
        assert!(!learned.is_code_spent("corp/ada", &code));
        learned.remember_code("corp/ada", &code).unwrap();
        learned.save().unwrap();
        let mut learned = Learned::load(state.path());
        assert!(learned.is_code_spent("corp/ada", &code));
        assert!(!learned.is_code_spent("corp/ada", &Secret::new("123457")));
        assert!(!learned.is_code_spent("corp/bob", &code));
        let text = std::fs::read_to_string(state.path().join(FILE)).unwrap();
        assert!(!text.contains("123456"), "{text}");
        let record = learned.get(CODE, "corp/ada").unwrap().to_owned();
        let (hash, sent) = record.split_once(' ').unwrap();
        let sent: i64 = sent.parse().unwrap();
        learned.put(CODE, "corp/ada", &format!("{hash} {}", sent - CODE_WINDOW));
        assert!(!learned.is_code_spent("corp/ada", &code));
    }
}
