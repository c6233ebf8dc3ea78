//! Where each secret lives, and whether that place works.

use std::time::Instant;

use super::configuration::{code, name_of, password};
use super::report::{Area, Level};
use super::{Patient, others_may, told};
use crate::config::{CodeSource, Config, IdentityProvider, PasswordSource, SecretsMode};
use crate::login::stored_secrets;
use crate::presence::Presence;
use crate::store::keyring::{Account, Keyring, SecretKind};
use crate::store::learned::Learned;

pub fn places(patient: &Patient) -> Area {
    let mut area = Area::new("secrets");
    let state = match patient.paths.state_folder() {
        Ok(state) => state,
        Err(error) => {
            let (text, hint) = told(&error);
            area.add(Level::Wrong, text, hint);
            return area;
        }
    };
    if let Ok(config) = &patient.config {
        stored(&mut area, config, state);
    }
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

fn stored(area: &mut Area, config: &Config, state: &std::path::Path) {
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
            "the {} answers in {} ms",
            name_of(mode),
            begun.elapsed().as_millis()
        )),
        Err(error) => {
            let (text, hint) = told(&error);
            let wanted = config.identity_providers.values().any(wants_store);
            let level = if wanted { Level::Wrong } else { Level::Note };
            area.add(level, text, hint);
        }
    }
    for provider in config.identity_providers.values() {
        area.good(of_provider(provider, &mut keyring));
    }
}

fn wants_store(provider: &IdentityProvider) -> bool {
    provider.password.value == PasswordSource::Keyring
        || provider.mfa.code.value == CodeSource::Keyring
}

fn of_provider(provider: &IdentityProvider, keyring: &mut Keyring) -> String {
    let origin = provider.url.value.origin().ascii_serialization();
    let mut stored = |kind| {
        let user = provider.username.as_ref()?;
        let account = Account::new(kind, &provider.name, &user.value, &origin);
        keyring.get(&account).ok().map(|secret| secret.is_some())
    };
    let mut words = |is_kept: bool, kind, source: String| match is_kept {
        false => source,
        true => match stored(kind) {
            Some(true) => format!("{source} (there)"),
            Some(false) => format!("{source} (nothing there yet: asked)"),
            None => format!("{source} (not looked up)"),
        },
    };
    let keeps_password = provider.password.value == PasswordSource::Keyring;
    let keeps_totp = provider.mfa.code.value == CodeSource::Keyring;
    let password = words(
        keeps_password,
        SecretKind::Password,
        password(&provider.password.value),
    );
    let code = words(keeps_totp, SecretKind::Totp, code(&provider.mfa.code.value));
    format!(
        "{}: password from {password}; codes from {code}",
        provider.name
    )
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
