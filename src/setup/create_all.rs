//! One profile for each role that is offered.

use std::collections::BTreeSet;

use crate::config::Config;
use crate::config::edit::NewProfile;
use crate::config::values;
use crate::error::{Error, Result};
use crate::login::Doors;
use crate::login::offer::Offer;
use crate::login::role_choice;
use crate::setup::entries::{ProfileSettings, add_identity_provider, as_drafted};
use crate::setup::names;
use crate::setup::profiles_file::{self, Changed};
use crate::setup::provider_choice::Chosen;

/// A role and the profile that is or will be there for it.
pub struct Row {
    pub name: String,
    pub offer: Offer,
    /// The profile was there before and is left alone.
    pub existing: bool,
}

/// Can names begin like this?
pub fn check_prefix(prefix: &str) -> Result<()> {
    const LONGEST: usize = 40;
    if prefix.is_empty() {
        return Ok(());
    }
    if prefix.len() > LONGEST {
        return Err(Error::usage(format!(
            "--prefix: it has {} characters, and names would get too long with more than {LONGEST}",
            prefix.len()
        )));
    }
    values::name(&format!("{prefix}x"))
        .map(drop)
        .map_err(|reason| Error::usage(format!("--prefix: {reason}")))
}

/// A row for each role, in the order of the offers. A role is one, also if several SAML providers lead to it.
pub fn rows(config: &Config, chosen: &Chosen, offers: Vec<Offer>, prefix: &str) -> Vec<Row> {
    let mut seen = BTreeSet::new();
    let offers: Vec<Offer> = offers
        .into_iter()
        .filter(|offer| seen.insert(offer.role.clone()))
        .collect();
    let existing: Vec<Option<String>> = offers
        .iter()
        .map(|offer| profile_for(config, chosen, offer).map(str::to_string))
        .collect();
    let missing: Vec<&Offer> = offers
        .iter()
        .zip(&existing)
        .filter_map(|(offer, existing)| existing.is_none().then_some(offer))
        .collect();
    let mut new_names =
        names::of_offers(&missing, prefix, &|name| !names::is_free(config, name)).into_iter();
    offers
        .into_iter()
        .zip(existing)
        .map(|(offer, existing)| Row {
            existing: existing.is_some(),
            name: existing.or_else(|| new_names.next()).unwrap_or_default(),
            offer,
        })
        .collect()
}

/// The profile that is for that role of that identity provider already.
fn profile_for<'a>(config: &'a Config, chosen: &Chosen, offer: &Offer) -> Option<&'a str> {
    config
        .profiles
        .iter()
        .find(|profile| {
            profile.identity_provider.value == chosen.provider.name
                && profile.role.as_ref().is_some_and(|role| {
                    let account_name = offer.account_name.as_deref();
                    role_choice::matches(role, &offer.role, account_name)
                })
        })
        .map(|profile| profile.name.as_str())
}

/// Writes the profiles that are new, all or none.
pub fn write(doors: &Doors, chosen: &Chosen, rows: &[Row]) -> Result<Changed<()>> {
    let new: Vec<&Row> = rows.iter().filter(|row| !row.existing).collect();
    let profiles: Vec<NewProfile> = new
        .iter()
        .map(|row| {
            let settings = ProfileSettings {
                role: Some(row.offer.role.clone()),
                ..ProfileSettings::default()
            };
            settings.profile(&row.name, &chosen.provider.name)
        })
        .collect();
    profiles_file::change(doors.paths, doors.config, |draft| {
        let now = as_drafted(doors, draft)?;
        for row in &new {
            names::check_free(&now, &row.name).map_err(|error| {
                error.better_hint("run the same command again; nothing was written")
            })?;
        }
        add_identity_provider(draft, chosen, &now)?;
        draft.add_profiles(&profiles)
    })
}
