//! Keys served: an endpoint, what is on its shelf, and the variables that lead others to it.

use std::collections::BTreeSet;
use std::process::Command;

use crate::config::Profile;
use crate::error::Result;
use crate::handover::child;
use crate::handover::critical::say_what_is_critical;
use crate::handover::default_section::{self, Before, before_an_endpoint};
use crate::handover::endpoint::Endpoint;
use crate::handover::environment::{Environment, left_behind};
use crate::handover::keeper::Keeper;
use crate::login::Doors;
use crate::login::plan::LoginPlan;
use crate::login::ready::{Ready, ready};
use crate::login::target::Wishes;
use crate::paths::NOWHERE;

/// An endpoint whose keys are there; nobody renews them yet.
pub struct Served<'a> {
    /// The profiles, in the order in which they were asked for.
    pub all: Vec<Ready>,
    pub endpoint: Endpoint,
    pub keeper: Keeper<'a>,
}

impl<'a> Served<'a> {
    /// Signs in for what is short by these wishes, if anything is; `before` is called first then.
    pub fn start(
        doors: &'a Doors<'a>,
        profiles: &'a [&'a Profile],
        wishes: &Wishes,
        port: Option<u16>,
        before: impl FnOnce(),
    ) -> Result<Served<'a>> {
        let names: Vec<String> = profiles.iter().map(|one| one.name.clone()).collect();
        let plan = LoginPlan::make(doors, profiles, wishes)?;
        // First of all: a port that is taken costs no password.
        let (endpoint, asked) = Endpoint::start(doors.paths, port, &names)?;
        let mut ready = ready(&plan, doors, before)?;
        say_what_is_critical(doors, &ready.all)?;
        ready.offer_to_keep();
        Ok(Served {
            all: std::mem::take(&mut ready.all),
            keeper: Keeper::new(doors, profiles, endpoint.shelf(), asked)?,
            endpoint,
        })
    }

    /// What changes around a program that is to find the keys of the profile at this place of the list.
    pub fn environment(&self, index: usize) -> Environment {
        let section = &self.all[index].aws_profile;
        Environment::of_address(self.variables(index), section, &around())
    }

    /// What leads SDKs to the keys of the profile at this place of the list, and to its region.
    pub fn variables(&self, index: usize) -> Vec<(&'static str, String)> {
        let mut variables = self.endpoint.variables(index).to_vec();
        if let Some(region) = &self.all[index].region {
            variables.push(("AWS_REGION", region.clone()));
            variables.push(("AWS_DEFAULT_REGION", region.clone()));
        }
        variables
    }
}

/// The variables that would come before an endpoint or tell of other keys, as far as they can be known here.
pub fn to_remove() -> BTreeSet<String> {
    left_behind("", &around())
}

fn around() -> Vec<String> {
    let names = std::env::vars_os().map(|(name, _)| name);
    names.filter_map(|name| name.into_string().ok()).collect()
}

/// Runs a command that finds the keys of a profile at an endpoint of its own, for as long as it runs; its code.
///
/// Nobody is asked meanwhile, since the terminal is the command's.
pub fn run_command(
    doors: &Doors,
    profile: &Profile,
    wishes: &Wishes,
    port: Option<u16>,
    command: &mut Command,
    before: impl FnOnce(),
) -> Result<u8> {
    let profiles = [profile];
    let served = Served::start(doors, &profiles, wishes, port, before)?;
    let environment = served.environment(0);
    for name in &environment.unset {
        command.env_remove(name);
    }
    for (name, value) in &environment.set {
        command.env(name, value.expose());
    }
    command.env("MAI_PROFILE", &profile.name);
    hide_default(doors, command);
    #[cfg(unix)]
    crate::process::as_before();
    let keeper = served.keeper;
    child::run_beside(command, move || keeper.keep())
}

/// Puts empty files in the place of those whose `[default]` SDKs would go by, and says so. `mai` knows what is behind.
fn hide_default(doors: &Doors, command: &mut Command) {
    let hidden = before_an_endpoint(doors.paths);
    if hidden.is_empty() {
        return;
    }
    let reasons: Vec<String> = hidden.iter().map(Before::told).collect();
    doors.ui.say(&format!(
        "SDKs would go by {}: the command sees an empty file there.",
        reasons.join(" and ")
    ));
    for one in &hidden {
        let (name, behind) = one.variables;
        command.env(name, NOWHERE).env(behind, &one.path);
    }
    // It would be missed, and only what names keys is in the way.
    if let Some(region) = default_section::region(doors.paths) {
        for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
            // A region that was taken away was another profile's.
            let changed = command.get_envs().find(|(changed, _)| *changed == name);
            let is_set = match changed {
                Some((_, value)) => value.is_some(),
                None => std::env::var_os(name).is_some(),
            };
            if !is_set {
                command.env(name, &region);
            }
        }
    }
}
