use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// A keyring in memory that can be locked, slow, or out of order.
#[derive(Default)]
struct Mock {
    secrets: Mutex<HashMap<String, String>>,
    locked: bool,
    delay: Duration,
    reason: Option<&'static str>,
    calls: AtomicUsize,
}

impl Mock {
    fn call(&self) -> Result<(), String> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(self.delay);
        self.reason.map_or(Ok(()), |reason| Err(reason.to_owned()))
    }
}

impl SecretStore for Mock {
    fn get(&self, account: &str) -> Result<Option<Secret>, String> {
        self.call()?;
        let secrets = self.secrets.lock().unwrap();
        Ok(secrets.get(account).map(|text| Secret::new(text.as_str())))
    }

    fn set(&self, account: &str, secret: &Secret) -> Result<(), String> {
        self.call()?;
        let mut secrets = self.secrets.lock().unwrap();
        secrets.insert(account.to_owned(), secret.expose().to_owned());
        Ok(())
    }

    fn delete(&self, account: &str) -> Result<bool, String> {
        self.call()?;
        Ok(self.secrets.lock().unwrap().remove(account).is_some())
    }

    fn is_locked(&self, _account: &str) -> Result<bool, String> {
        Ok(self.locked)
    }
}

fn account() -> Account {
    Account::new(SecretKind::Password, "corp", "ada", "https://login.test")
}

const SHORT: Duration = Duration::from_millis(50);

fn there_and_back(keyring: &mut Keyring) {
    let secret = Secret::new("pass\twörd\n%");
    assert_eq!(keyring.get(&account()).unwrap(), None);
    assert!(!keyring.delete(&account()).unwrap());
    keyring.set(&account(), &Secret::new("older")).unwrap();
    keyring.set(&account(), &secret).unwrap();
    assert_eq!(keyring.get(&account()).unwrap(), Some(secret));
    let other = Account::new(
        SecretKind::Password,
        "corp",
        "ada",
        "https://login.test:8443",
    );
    assert_eq!(keyring.get(&other).unwrap(), None);
    assert!(keyring.delete(&account()).unwrap());
    assert_eq!(keyring.get(&account()).unwrap(), None);
}

#[test]
fn a_stored_secret_comes_back_for_its_own_origin_only() {
    let store = Arc::new(Mock::default());
    there_and_back(&mut Keyring::over(store, Presence::Person, SHORT));
    assert_eq!(account().as_str(), "password/corp/ada@https://login.test");
}

#[test]
#[cfg(unix)]
fn the_secrets_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let state = tempfile::tempdir().unwrap();
    let mut keyring = Keyring::open(Presence::Nobody, Mode::File, state.path(), |_| {});
    there_and_back(&mut keyring);
    let metadata = std::fs::metadata(state.path().join("secrets")).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_locked_keyring_is_not_touched_when_nobody_is_there() {
    let store = Arc::new(Mock {
        locked: true,
        ..Mock::default()
    });
    let mut keyring = Keyring::over(store.clone(), Presence::Nobody, SHORT);
    let error = keyring.get(&account()).unwrap_err();
    assert!(error.to_string().contains("locked"), "{error}");
    assert_eq!(store.calls.load(Ordering::SeqCst), 0);
    let mut keyring = Keyring::over(store, Presence::Person, SHORT);
    assert_eq!(keyring.get(&account()).unwrap(), None);
}

#[test]
fn a_keyring_that_hangs_is_given_up_and_not_asked_again() {
    let store = Arc::new(Mock {
        delay: Duration::from_secs(3600),
        ..Mock::default()
    });
    let said = Arc::new(Mutex::new(Vec::new()));
    let mut keyring = Keyring::over(store.clone(), Presence::Person, SHORT);
    let heard = said.clone();
    keyring.on_wait = Box::new(move |text| heard.lock().unwrap().push(text.to_owned()));
    assert!(keyring.get(&account()).is_err());
    assert!(keyring.get(&account()).is_err());
    assert!(!keyring.can_store());
    assert_eq!(store.calls.load(Ordering::SeqCst), 1);
    assert_eq!(
        *said.lock().unwrap(),
        ["waiting for the keyring to be unlocked…"]
    );
}

#[test]
fn the_reason_is_told() {
    let store = Arc::new(Mock {
        reason: Some("no keyring service on this session bus"),
        ..Mock::default()
    });
    let error = Keyring::over(store, Presence::Person, SHORT)
        .get(&account())
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the keyring cannot be used: no keyring service on this session bus"
    );
}

#[test]
fn without_a_store_nothing_is_stored_or_found() {
    let state = tempfile::tempdir().unwrap();
    let mut keyring = Keyring::open(Presence::Person, Mode::None, state.path(), |_| {});
    assert_eq!(keyring.get(&account()).unwrap(), None);
    assert!(keyring.set(&account(), &Secret::new("x")).is_err());
    assert!(!keyring.can_store());
    assert_eq!(std::fs::read_dir(state.path()).unwrap().count(), 0);
}

#[test]
fn secrets_too_long_for_some_keyring_are_refused_everywhere() {
    let store = Arc::new(Mock::default());
    let mut keyring = Keyring::over(store.clone(), Presence::Person, SHORT);
    assert!(
        keyring
            .set(&account(), &Secret::new("x".repeat(1200)))
            .is_err()
    );
    assert!(keyring.set(&account(), &Secret::new("")).is_err());
    assert_eq!(store.calls.load(Ordering::SeqCst), 0);
    keyring
        .set(&account(), &Secret::new("x".repeat(1199)))
        .unwrap();
}
