//! Keeping what a sign-in brought: the file first, then what was learned, the sessions last.

use std::collections::BTreeMap;

use crate::clock;
use crate::config::KeysPlace;
use crate::duration::Span;
use crate::error::{Error, Result};
use crate::keys::SessionCredentials;
use crate::login::account_names::account_name;
use crate::login::key_settings::fingerprint_of;
use crate::login::plan::LoginPlan;
use crate::login::redeem::{Became, Redeemed};
use crate::login::report::{Keys, Outcome};
use crate::login::standing::{self, Present};
use crate::login::target::Target;
use crate::login::{Doors, kept_keys};
use crate::store::aws_config::AwsConfig;
use crate::store::credentials_file;
use crate::store::learned::Learned;
use crate::store::sessions::{self, Row};

/// Writes all keys in one go, then what the prompt and the next login believe; and says what was noticed.
pub fn keep(
    plan: &LoginPlan,
    doors: &Doors,
    results: Vec<(usize, Result<Redeemed>)>,
    roles: &BTreeMap<usize, Became>,
) -> Result<Vec<(usize, Outcome)>> {
    let (mut fetched, mut outcomes) = (Vec::new(), Vec::new());
    for (place, result) in results {
        match (result, roles.get(&place)) {
            (Ok(redeemed), Some(role)) => fetched.push((place, redeemed, role)),
            (Err(error), _) => {
                outcomes.push((place, Outcome::Failed(error.of_one_profile())));
            }
            (Ok(_), None) => {}
        }
    }
    if fetched.is_empty() {
        return Ok(outcomes);
    }
    let mut rows: BTreeMap<usize, Row> = fetched
        .iter()
        .map(|(place, redeemed, role)| {
            let target = &plan.targets[*place];
            (*place, row_of(doors, target, &redeemed.keys, role))
        })
        .collect();
    if let Some(tell) = doors.before_writing {
        tell(&rows.values().cloned().collect::<Vec<_>>());
    }
    let (to_vault, to_file): (Vec<_>, Vec<_>) = fetched
        .iter()
        .partition(|(place, ..)| plan.targets[*place].keys == KeysPlace::Process);
    let mut refused = BTreeMap::new();
    if !to_file.is_empty() {
        refused = write_keys(plan, doors, &to_file)?;
    }
    if !to_vault.is_empty() {
        refused.extend(keep_in_vault(plan, doors, to_vault));
    }
    for (place, error) in &refused {
        outcomes.push((*place, Outcome::Failed(error.clone().of_one_profile())));
    }
    fetched.retain(|(place, ..)| !refused.contains_key(place));
    learn(plan, doors, &fetched);
    rows.retain(|place, _| !refused.contains_key(place));
    let recorded = record(doors, &rows.into_values().collect::<Vec<_>>())?;
    let learned = Learned::load(doors.paths.state_folder()?);
    for (place, redeemed, role) in fetched {
        outcomes.push((
            place,
            Outcome::SignedIn(Keys {
                account_name: account_name(doors.config, &learned, role.role.account())
                    .map(str::to_owned),
                role: role.role.clone(),
                provider_arn: role.provider.as_ref().map(ToString::to_string),
                expires_at: redeemed.keys.expires_at,
                recorded,
            }),
        ));
    }
    Ok(outcomes)
}

/// The keys are there; without the note about them the next login fetches new ones, which is said.
fn record(doors: &Doors, rows: &[Row]) -> Result<bool> {
    let Err(error) = standing::sessions(doors.paths)?.record(rows) else {
        return Ok(true);
    };
    let hint = error.hint_text().map(|hint| format!("; {hint}"));
    doors.ui.warn(&format!(
        "the keys are written, but not the note by which `mai` knows them again: {error}{}",
        hint.unwrap_or_default()
    ));
    Ok(false)
}

/// One write of the file for all; a section that may not be written does not hold up the others.
fn write_keys(
    plan: &LoginPlan,
    doors: &Doors,
    fetched: &[&(usize, Redeemed, &Became)],
) -> Result<BTreeMap<usize, Error>> {
    let path = doors.paths.credentials_file()?;
    let config = region_settings(doors)?;
    let written = credentials_file::update(path, doors.paths.state_folder()?, |file| {
        let mut refused = BTreeMap::new();
        for (place, redeemed, _) in fetched {
            let target = &plan.targets[*place];
            let old = target.in_place_of.as_deref();
            if old.is_some_and(|old| !file.holds_key_id(&target.aws_profile, old)) {
                refused.insert(*place, target.signed_out_of());
                continue;
            }
            let region = target.region.as_deref().filter(|_| {
                config
                    .as_ref()
                    .is_some_and(|config| config.region_of(&target.aws_profile).is_none())
            });
            if let Err(error) =
                file.set_session(&target.aws_profile, &redeemed.keys, region, plan.overwrite)
            {
                refused.insert(*place, error);
            }
        }
        Ok(refused)
    })?;
    for note in &written.notes {
        // They quote the file, which may hold anything.
        doors.ui.warn(&note.replace(char::is_control, ""));
    }
    Ok(written.value)
}

/// Keys of `keys: process`: which are refused, and why.
fn keep_in_vault(
    plan: &LoginPlan,
    doors: &Doors,
    fetched: Vec<&(usize, Redeemed, &Became)>,
) -> Vec<(usize, Error)> {
    let all: Vec<usize> = fetched.iter().map(|(place, ..)| *place).collect();
    let kept = Present::read(doors).and_then(|present| {
        let is_gone = |place: usize| present.was_signed_out(&plan.targets[place]);
        let (gone, wanted): (Vec<_>, Vec<_>) =
            fetched.into_iter().partition(|(place, ..)| is_gone(*place));
        if !wanted.is_empty() {
            move_to_vault(plan, doors, &wanted)?;
        }
        let gone = gone.iter().map(|(place, ..)| *place);
        Ok(gone
            .map(|place| (place, plan.targets[place].signed_out_of()))
            .collect())
    });
    kept.unwrap_or_else(|error| {
        let every = all.into_iter();
        every.map(|place| (place, error.clone())).collect()
    })
}

/// Older keys of ours leave the file: there they would be read first.
fn move_to_vault(
    plan: &LoginPlan,
    doors: &Doors,
    fetched: &[&(usize, Redeemed, &Became)],
) -> Result<()> {
    let name = |place: usize| plan.targets[place].aws_profile.as_str();
    let keys: Vec<_> = fetched
        .iter()
        .map(|(place, redeemed, _)| (name(*place), &redeemed.keys))
        .collect();
    kept_keys::keep(doors, &keys)?;
    let rows = standing::sessions(doors.paths)?.load();
    let outdated: Vec<&Row> = keys
        .iter()
        .filter_map(|(name, _)| sessions::find(&rows, name))
        .filter(|row| !row.process)
        .collect();
    if outdated.is_empty() {
        return Ok(());
    }
    let (path, state_folder) = (doors.paths.credentials_file()?, doors.paths.state_folder()?);
    credentials_file::update(path, state_folder, |file| {
        for row in &outdated {
            if standing::holds_keys_of(file, row) {
                file.remove_session(&row.aws_profile)?;
            }
        }
        Ok(())
    })
    .map(drop)
}

/// `~/.aws/config`, where a region may stand already. If it cannot be read none is written, and the keys are.
fn region_settings(doors: &Doors) -> Result<Option<AwsConfig>> {
    match AwsConfig::read(doors.paths.aws_config_file()?) {
        Ok(config) => Ok(Some(config)),
        Err(error) => {
            doors.ui.warn(&format!("{error}; no region is written"));
            Ok(None)
        }
    }
}

/// Durations that were found and roles that were used; a state folder that cannot be written costs no keys.
fn learn(plan: &LoginPlan, doors: &Doors, fetched: &[(usize, Redeemed, &Became)]) {
    let Ok(state_folder) = doors.paths.state_folder() else {
        return;
    };
    let mut learned = Learned::load(state_folder);
    for (place, redeemed, role) in fetched {
        let arn = role.role.to_string();
        learned.remember_role_use(&arn);
        let seconds = (redeemed.keys.expires_at - clock::now()).num_seconds();
        let lifetime = Span::seconds(u64::try_from(seconds).unwrap_or(0));
        let section = &plan.targets[*place].aws_profile;
        learned.remember_lifetime(section, lifetime);
        if let Some(name) = &role.session {
            learned.remember_session_name(section, &redeemed.keys.access_key_id, name);
        }
        if let Some(longest) = redeemed.longest {
            learned.remember_longest_duration(&arn, longest);
            doors.ui.say(&format!(
                "{} allows {longest} at most, so the keys of {} last that long.",
                role.role.name(),
                plan.targets[*place].profile
            ));
        } else if plan.targets[*place].duration_insisted {
            // What was asked for was given, so an older, shorter maximum is none any more.
            learned.forget_longest_duration(&arn);
        }
    }
    if let Err(error) = learned.save() {
        doors.ui.warn(&error.to_string());
    }
}

fn row_of(doors: &Doors, target: &Target, keys: &SessionCredentials, role: &Became) -> Row {
    let role_arn = role.role.to_string();
    Row {
        aws_profile: target.aws_profile.clone(),
        expires_at: keys.expires_at.timestamp(),
        key_id: keys.access_key_id.clone(),
        fingerprint: fingerprint_of(doors.config, target)(&role_arn),
        critical: target.critical,
        is_default: target.is_default,
        process: target.keys == KeysPlace::Process,
        role_arn,
        label: target.profile.clone(),
    }
}
