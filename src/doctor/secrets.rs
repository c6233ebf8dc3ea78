//! Where each secret lives, and whether that place works.

use std::time::Instant;

use chrono::DateTime;

use super::configuration::{code, password};
use super::report::{Area, Level};
use super::{Patient, others_may, process_lines};
use crate::clock;
use crate::config::{CodeSource, Config, IdentityProvider, PasswordSource, SecretsMode};
use crate::login::{kept_session, stored_secrets};
use crate::presence::Presence;
use crate::secret::Secret;
use crate::store::keyring::{Account, Keyring, SecretKind};
use crate::store::learned::Learned;
use crate::store::python_keyring::crypted::CryptedFile;
use crate::store::python_keyring::{self, SERVICE};
use crate::store::vault::{self, Vault, VaultKey};
use crate::ui::moment;

pub fn places(patient: &Patient) -> Area {
    let mut area = Area::new("secrets");
    let state = match patient.paths.state_folder() {
        Ok(state) => state,
        Err(error) => {
            area.failed(Level::Wrong, &error);
            return area;
        }
    };
    if let Ok(config) = &patient.config {
        stored(&mut area, patient, config, state);
        process_lines::window(&mut area, patient, config);
    }
    crypted_keyring(&mut area, patient);
    let shown = patient.paths.shown(state);
    if !state.exists() {
        area.good(format!("nothing was kept yet: there is no {shown}"));
        return area;
    }
    match others_may(state, 0o077) {
        Some(mode) => area.wrong(
            format!("others may look into {shown} (mode {mode:04o})"),
            format!("chmod 700 {shown}"),
        ),
        None => area.good(format!("{shown} is yours alone")),
    }
    learned(&mut area, state);
    area
}

fn stored(area: &mut Area, patient: &Patient, config: &Config, state: &std::path::Path) {
    let mode = config.secrets.value;
    match mode {
        SecretsMode::Keyring => {}
        SecretsMode::File => area.note(
            "`secrets: file`: passwords are in a file that only you can read, without help of the system",
            "set `secrets: keyring` where there is one",
        ),
        SecretsMode::None => area.good("`secrets: none`: nothing is kept"),
    }
    // As nobody: a doctor opens no window.
    let mut keyring = Keyring::open(
        Presence::Nobody,
        stored_secrets::mode_of(config),
        state,
        |_| {},
    );
    let begun = Instant::now();
    let probe = Account::new(SecretKind::Password, "doctor", "nobody", "none");
    match keyring.get(&probe) {
        Ok(_) if mode == SecretsMode::None => {}
        Ok(_) => area.good(format!(
            "{} answers in {} ms",
            place(mode),
            begun.elapsed().as_millis()
        )),
        Err(error) => {
            // Without one everything is asked for, which works: a server has no keyring.
            area.failed(Level::Note, &error);
        }
    }
    vault(area, state, &mut keyring);
    let mut kwallet = Keyring::kwallet(Presence::Nobody, patient.paths.config_home().ok(), |_| {});
    for provider in config.identity_providers.values() {
        area.good(of_provider(
            patient,
            config,
            provider,
            &mut keyring,
            &mut kwallet,
        ));
    }
}

/// The sessions of identity providers, and whether they can be used.
fn vault(area: &mut Area, state: &std::path::Path, keyring: &mut Keyring) {
    if !vault::exists(state) {
        area.good("vault: there is none, so no session of an identity provider is kept");
        return;
    }
    let listed = match VaultKey::find(keyring) {
        Ok(key) => key.map(|key| Vault::new(state, key).list()),
        // Said of the keyring already.
        Err(_) => None,
    };
    match listed {
        Some(Ok(Some(entries))) => {
            let now = clock::now();
            let sessions = entries.iter().filter_map(|(name, until)| {
                let (provider, user) = kept_session::owner(name)?;
                let until = DateTime::from_timestamp(*until, 0)?;
                let until = moment::local_time(until, now);
                Some(format!("{provider} ({user}) until {until} at the latest"))
            });
            let sessions: Vec<String> = sessions.collect();
            area.good(match &sessions[..] {
                [] => "vault: it holds no session that could be used".to_owned(),
                sessions => format!("vault: sessions of {}", sessions.join(", ")),
            });
        }
        Some(Err(error)) => area.failed(Level::Wrong, &error),
        Some(Ok(None)) | None => area.note(
            "vault: it cannot be read with the key that is kept for it, so it counts as empty",
            "sign in; the next session is kept again",
        ),
    }
}

/// The file of Python's keyring that has a password of its own: it is opened when the person is there.
fn crypted_keyring(area: &mut Area, patient: &Patient) {
    let Ok(path) = patient.paths.crypted_python_keyring() else {
        return;
    };
    if !path.exists() {
        return;
    }
    let shown = patient.paths.shown(&path);
    match CryptedFile::read(&path) {
        Some(file) if file.is_known() => area.good(format!(
            "{shown} holds passwords of Python's keyring; `mai login` asks for its master password to read one"
        )),
        _ => area.note(
            format!("{shown} is encrypted in a way that `mai` does not know, and is not read"),
            "type the password once; `mai` keeps it if you like",
        ),
    }
}

/// The store, by the name people know it by.
fn place(mode: SecretsMode) -> &'static str {
    match mode {
        SecretsMode::File => "the file of secrets",
        SecretsMode::None => "nothing",
        SecretsMode::Keyring if cfg!(target_os = "macos") => "the keychain of macOS",
        SecretsMode::Keyring if cfg!(windows) => "the Credential Manager of Windows",
        SecretsMode::Keyring => "the Secret Service of the desktop (default collection)",
    }
}

fn of_provider(
    patient: &Patient,
    config: &Config,
    provider: &IdentityProvider,
    keyring: &mut Keyring,
    kwallet: &mut Keyring,
) -> String {
    let password = match &provider.password.value {
        PasswordSource::Keyring => kept_password(patient, config, provider, keyring, kwallet),
        PasswordSource::Ask => "the password is asked for".to_owned(),
        PasswordSource::Command(_) => format!(
            "the password comes from {}",
            password(&provider.password.value)
        ),
    };
    let code = match &provider.mfa.code.value {
        CodeSource::Ask => "codes are asked for".to_owned(),
        CodeSource::Command(_) => format!("codes come from {}", code(&provider.mfa.code.value)),
        CodeSource::Keyring => match is_kept(&own(SecretKind::Totp, provider), keyring) {
            Some(true) => "codes are made from the TOTP secret that is kept".to_owned(),
            Some(false) => "no TOTP secret is kept yet, so it is asked for".to_owned(),
            None => "codes are made from a TOTP secret, which was not looked up".to_owned(),
        },
    };
    format!("{}: {password}; {code}", provider.name)
}

/// Where the password would come from: our own entry, what the Python Mai has left, or the person.
fn kept_password(
    patient: &Patient,
    config: &Config,
    provider: &IdentityProvider,
    keyring: &mut Keyring,
    kwallet: &mut Keyring,
) -> String {
    let Some(user) = &provider.username else {
        return "no user is named, so no password was looked up".to_owned();
    };
    let is_own = is_kept(&own(SecretKind::Password, provider), keyring);
    if is_own == Some(true) {
        return "a password is kept".to_owned();
    }
    let classic = stored_secrets::classic_accounts(config, provider, &user.value);
    let has_classic = |keyring: &mut Keyring| {
        classic
            .iter()
            .any(|account| is_kept(&Some(account.clone()), keyring) == Some(true))
    };
    if has_classic(keyring) {
        return "the password that the Python Mai has kept is used".to_owned();
    }
    if config.secrets.value == SecretsMode::Keyring && has_classic(kwallet) {
        return "the password that the Python Mai has kept in KWallet is used".to_owned();
    }
    if config.secrets.value != SecretsMode::None
        && let Some(text) = in_a_file(patient, &classic)
    {
        return text;
    }
    match is_own {
        Some(_) => "no password is kept yet, so it is asked for".to_owned(),
        None => "the password was not looked up".to_owned(),
    }
}

/// The files of Python's keyring, the readable one first.
fn in_a_file(patient: &Patient, accounts: &[Account]) -> Option<String> {
    let has = |found: &dyn Fn(&str) -> Option<Secret>| {
        accounts
            .iter()
            .any(|account| found(account.as_str()).is_some())
    };
    let path = patient.paths.python_keyring().ok()?;
    if has(&|user| python_keyring::password(path, SERVICE, user)) {
        let shown = patient.paths.shown(path);
        return Some(format!(
            "the password lies nearly in the clear in {shown}, where the Python Mai left it"
        ));
    }
    let path = patient.paths.crypted_python_keyring().ok()?;
    let file = CryptedFile::read(&path).filter(CryptedFile::is_known)?;
    has(&|user| file.encrypted(SERVICE, user)).then(|| {
        let shown = patient.paths.shown(&path);
        format!("the password is in {shown}, and its master password is asked for")
    })
}

fn own(kind: SecretKind, provider: &IdentityProvider) -> Option<Account> {
    let user = provider.username.as_ref()?;
    let origin = provider.url.value.origin().ascii_serialization();
    Some(Account::new(kind, &provider.name, &user.value, &origin))
}

/// `None` where it cannot be known.
fn is_kept(account: &Option<Account>, keyring: &mut Keyring) -> Option<bool> {
    keyring
        .get(account.as_ref()?)
        .ok()
        .map(|secret| secret.is_some())
}

/// What was learned, by kind; it holds no secrets.
fn learned(area: &mut Area, state: &std::path::Path) {
    let learned = Learned::load(state);
    let mut kinds: Vec<(&str, usize)> = Vec::new();
    for (kind, _) in learned.list() {
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count += 1,
            None => kinds.push((kind, 1)),
        }
    }
    if !kinds.is_empty() {
        let kinds: Vec<String> = kinds
            .iter()
            .map(|(kind, count)| format!("{kind} {count}"))
            .collect();
        area.good(format!("learned so far: {}", kinds.join(", ")));
    }
}
