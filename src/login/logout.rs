//! Signing out: keys, the identity provider's session, and with `--forget` all that was kept for the next login.

mod in_vault;

use std::time::Duration;

use crate::config::{IdentityProvider, Profile};
use crate::error::{Error, Result};
use crate::idp::leave;
use crate::login::line::{client_settings, runtime};
use crate::login::standing::{self, holds_keys_of, holds_temporary_keys};
use crate::login::stored_secrets::StoredSecrets;
use crate::login::{Doors, flight, kept_keys, kept_session};
use crate::net::browser_session::BrowserSession;
use crate::net::client;
use crate::net::visitor::Visitor;
use crate::store::credentials_file;
use crate::store::learned::Learned;
use crate::store::sessions::{self, Row};
use in_vault::{in_keyring, out_of_vault};

/// Signing out is a courtesy to the provider: nobody waits long for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// What signing out is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A section of the credentials file.
    Keys,
    /// The session as it was kept here.
    KeptSession,
    /// The session at the identity provider itself.
    ProviderSession,
    Password,
    TotpSecret,
    Learned,
    Vault,
    /// The note of which keys are there.
    Record,
}

/// One thing, and what became of it.
#[derive(Debug)]
pub struct Item {
    pub kind: Kind,
    /// The section, identity provider, host or user that it belongs to.
    pub name: String,
    /// True: it is gone now. False: there was none.
    pub outcome: Result<bool>,
}

/// How far it goes.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// Everything of every profile, and sections that belong to none any more.
    pub all: bool,
    /// What the next login would use, too.
    pub forget: bool,
}

/// Signs out of the profiles, and removes the keys in `gone`, sections whose profiles are no more. One thing that
/// cannot be done does not hold up the others.
pub fn run(
    doors: &Doors,
    profiles: &[&Profile],
    gone: &[String],
    extent: Extent,
    command: &str,
) -> Result<Vec<Item>> {
    let everything = extent.forget && extent.all;
    let vault_is_gone = everything && in_vault::remove_if_closed(doors)?;
    let mut items = Vec::new();
    // Under the lock of each identity provider, so that no login under way brings back what is removed here.
    let mut flights = Vec::new();
    let mut sessions = Vec::new();
    for provider in providers(doors, profiles, extent.all)? {
        match flight::take(doors, &provider.name, command) {
            Ok(flight) => flights.push(flight),
            Err(error) => {
                items.push(item(Kind::KeptSession, &provider.name, Err(error)));
                continue;
            }
        }
        let mut stored = StoredSecrets::new(doors, provider)?;
        let kept = out_of_vault(doors, &format!("the session of {}", provider.name), || {
            kept_session::take(provider, &mut stored)
        });
        let outcome = kept.as_ref().map(Option::is_some).map_err(Error::clone);
        items.push(item(Kind::KeptSession, &provider.name, outcome));
        sessions.extend(kept.ok().flatten().map(|kept| (provider, kept)));
        let is_used = profiles
            .iter()
            .any(|profile| profile.identity_provider.value == provider.name);
        // A company may ship some that were never used: whose passwords to remove is nobody's question there.
        if extent.forget && (is_used || provider.username.is_some()) {
            forget_secrets(provider, &mut stored, &mut items);
        }
    }
    // Only now: whoever was waited for may have brought others.
    let rows = standing::sessions(doors.paths)?.load();
    let sections = sections(profiles, gone, &rows, extent.all);
    items.extend(remove_keys(doors, &sections, &rows)?);
    if extent.all && !everything {
        items.extend(in_vault::empty(doors, &items));
    }
    if extent.forget {
        forget_learned(doors, profiles, &sections, &rows, extent.all, &mut items)?;
    }
    if everything {
        let removed = in_vault::remove(doors, vault_is_gone);
        items.push(item(Kind::Vault, "vault", removed));
    }
    for (provider, browser) in sessions {
        items.extend(end_session(doors, provider, browser));
    }
    Ok(items)
}

fn item(kind: Kind, name: &str, outcome: Result<bool>) -> Item {
    Item {
        kind,
        name: name.to_owned(),
        outcome,
    }
}

fn sections(profiles: &[&Profile], gone: &[String], rows: &[Row], all: bool) -> Vec<String> {
    let named = profiles.iter().map(|profile| &profile.aws_profile.value);
    let named = named.chain(gone);
    let recorded = rows.iter().map(|row| &row.aws_profile).filter(|_| all);
    let mut sections: Vec<String> = Vec::new();
    for name in named.chain(recorded) {
        if !sections.contains(name) {
            sections.push(name.clone());
        }
    }
    sections
}

/// Those of the profiles; with `all` also those that no profile has, since `mai roles` keeps their sessions too.
fn providers<'a>(
    doors: &Doors<'a>,
    profiles: &[&Profile],
    all: bool,
) -> Result<Vec<&'a IdentityProvider>> {
    if all {
        return Ok(doors.config.identity_providers.values().collect());
    }
    let mut providers: Vec<&IdentityProvider> = Vec::new();
    for profile in profiles {
        let provider = doors.config.provider_of(profile)?;
        if !providers.iter().any(|known| known.name == provider.name) {
            providers.push(provider);
        }
    }
    Ok(providers)
}

/// Only keys that `mai` wrote: others are somebody else's to remove.
fn remove_keys(doors: &Doors, sections: &[String], rows: &[Row]) -> Result<Vec<Item>> {
    let path = doors.paths.credentials_file()?;
    let mut items = Vec::new();
    let in_vault = |name: &String| sessions::find(rows, name).is_some_and(|row| row.process);
    let (kept, sections): (Vec<_>, Vec<_>) = sections.iter().partition(|name| in_vault(name));
    for name in kept {
        let forgotten = out_of_vault(doors, &format!("the keys of {name}"), || {
            kept_keys::forget(doors, name)
        });
        items.push(item(Kind::Keys, name, forgotten));
    }
    let mut strangers = Vec::new();
    let written = credentials_file::update(path, doors.paths.state_folder()?, |file| {
        let mut outcomes = Vec::new();
        for name in &sections {
            let ours = sessions::find(rows, name).is_some_and(|row| holds_keys_of(file, row));
            if !ours && holds_temporary_keys(file, name) {
                strangers.push(name.to_string());
            }
            outcomes.push(match ours {
                true => file.remove_session(name),
                false => Ok(false),
            });
        }
        Ok(outcomes)
    });
    for name in strangers {
        doors.ui.warn(&format!(
            "the keys in [{name}] stay: they are another program's, or the record of them is lost; take them out of {} \
             yourself, if they are to go",
            doors.paths.shown(path)
        ));
    }
    match written {
        Ok(written) => {
            for note in &written.notes {
                doors.ui.warn(&note.replace(char::is_control, ""));
            }
            for (name, outcome) in sections.iter().zip(written.value) {
                items.push(item(Kind::Keys, name, outcome));
            }
        }
        Err(error) => {
            for name in sections {
                items.push(item(Kind::Keys, name, Err(error.clone())));
            }
        }
    }
    let gone: Vec<&str> = items
        .iter()
        .filter(|item| item.outcome.is_ok())
        .map(|item| item.name.as_str())
        .collect();
    // The keys are gone all the same, and what else is there is removed too.
    if let Err(error) = standing::sessions(doors.paths)?.forget(&gone) {
        items.push(item(Kind::Record, "sessions", Err(error)));
    }
    Ok(items)
}

fn forget_secrets(provider: &IdentityProvider, stored: &mut StoredSecrets, items: &mut Vec<Item>) {
    let Some(user) = &provider.username else {
        let error = Error::failed(format!(
            "{} has no `username`, so it is not known whose passwords to remove",
            provider.name
        ))
        .hint("look for the service `mai` in your keyring");
        items.push(item(Kind::Password, &provider.name, Err(error)));
        return;
    };
    let user_name = &user.value;
    let passwords = in_keyring(
        &format!("the stored password of {user_name} stays, if there is one"),
        stored.forget_passwords(user_name),
    );
    items.push(item(Kind::Password, &user.value, passwords));
    for file in stored.files_with_password(&user.value) {
        let error = Error::failed(format!(
            "{file} has a password of {}, and `mai` does not write that file",
            user.value
        ))
        .hint(format!("remove it if you need it no more: rm {file}"));
        items.push(item(Kind::Password, &user.value, Err(error)));
    }
    let totp = in_keyring(
        &format!("the stored TOTP secret of {user_name} stays, if there is one"),
        stored.forget_totp(user_name),
    );
    items.push(item(Kind::TotpSecret, &user.value, totp));
}

fn forget_learned(
    doors: &Doors,
    profiles: &[&Profile],
    sections: &[String],
    rows: &[Row],
    all: bool,
    items: &mut Vec<Item>,
) -> Result<()> {
    let state_folder = doors.paths.state_folder()?;
    let forgotten = if all {
        Learned::forget(state_folder)
    } else {
        let mut learned = Learned::load(state_folder);
        let mut count = 0;
        for provider in providers(doors, profiles, false)? {
            let origin = provider.url.value.origin().ascii_serialization();
            count += learned.forget_provider(&origin);
        }
        for section in sections {
            let role = sessions::find(rows, section).map(|row| row.role_arn.as_str());
            count += learned.forget_keys(section, role);
        }
        learned.save().map(|()| count)
    };
    let outcome = forgotten.map(|count| count > 0);
    items.push(item(Kind::Learned, "learned", outcome));
    Ok(())
}

/// Tells the identity provider; nothing where nobody knows how.
fn end_session(
    doors: &Doors,
    provider: &IdentityProvider,
    browser: BrowserSession,
) -> Option<Item> {
    let url = &provider.url.value;
    let host = url.host_str().unwrap_or_default();
    let name = provider
        .provider_type
        .as_ref()
        .map(|name| name.value.as_str());
    doors.ui.step(&format!("signing out at {host}"));
    let left = client::build(&client_settings(provider)).and_then(|client| {
        runtime()?.block_on(async {
            let mut visitor = Visitor::resuming(client, browser);
            let leaving = leave::leave(&mut visitor, url, name);
            tokio::time::timeout(PATIENCE, leaving)
                .await
                .unwrap_or_else(|_| {
                    Err(Error::unreachable(format!("{host} did not answer in time")))
                })
        })
    });
    doors.ui.done();
    match left {
        Ok(false) => None,
        outcome => Some(item(Kind::ProviderSession, host, outcome)),
    }
}
