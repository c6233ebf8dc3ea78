//! Keys served: an endpoint, what is on its shelf, and the variables that lead others to it.

use std::process::Command;

use crate::config::Profile;
use crate::error::Result;
use crate::handover::child;
use crate::handover::endpoint::Endpoint;
use crate::handover::environment::SHADOWING;
use crate::handover::keeper::Keeper;
use crate::login::Doors;
use crate::login::plan::LoginPlan;
use crate::login::ready::{Ready, ready};
use crate::login::target::Wishes;
use crate::paths::Paths;
use crate::store::credentials_file;

#[cfg(not(windows))]
const NOWHERE: &str = "/dev/null";
#[cfg(windows)]
const NOWHERE: &str = "NUL";

/// An endpoint whose keys are there; nobody renews them yet.
pub struct Served<'a> {
    /// The profiles, in the order in which they were asked for.
    pub all: Vec<Ready>,
    pub endpoint: Endpoint,
    pub keeper: Keeper<'a>,
}

impl<'a> Served<'a> {
    /// Signs in for what is short, if anything is; `before` is called first then.
    pub fn start(
        doors: &'a Doors<'a>,
        profiles: &'a [&'a Profile],
        port: Option<u16>,
        before: impl FnOnce(),
    ) -> Result<Served<'a>> {
        let names: Vec<String> = profiles.iter().map(|one| one.name.clone()).collect();
        let plan = LoginPlan::make(doors, profiles, &Wishes::default())?;
        // First of all: a port that is taken costs no password.
        let (endpoint, asked) = Endpoint::start(doors.paths, port, &names)?;
        let mut ready = ready(&plan, doors, before)?;
        ready.offer_to_keep();
        Ok(Served {
            all: std::mem::take(&mut ready.all),
            keeper: Keeper::new(doors, profiles, endpoint.shelf(), asked)?,
            endpoint,
        })
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

/// Runs a command that finds the keys of a profile at an endpoint of its own, for as long as it runs; its code.
///
/// Nobody is asked meanwhile, since the terminal is the command's.
pub fn run_command(
    doors: &Doors,
    profile: &Profile,
    port: Option<u16>,
    command: &mut Command,
    before: impl FnOnce(),
) -> Result<u8> {
    let profiles = [profile];
    let served = Served::start(doors, &profiles, port, before)?;
    for name in SHADOWING {
        command.env_remove(name);
    }
    command.envs(served.variables(0));
    command.env("MAI_PROFILE", &profile.name);
    if default_has_keys(doors.paths) {
        command.env("AWS_SHARED_CREDENTIALS_FILE", NOWHERE);
    }
    #[cfg(unix)]
    crate::process::as_before();
    let keeper = served.keeper;
    child::run_beside(command, move || keeper.keep())
}

/// Keys in `[default]` come before an endpoint, for every SDK.
pub fn default_has_keys(paths: &Paths) -> bool {
    let file = paths.credentials_file().and_then(credentials_file::read);
    file.is_ok_and(|file| {
        let default = file.section("default");
        default.is_some_and(|section| section.get("aws_access_key_id").is_some())
    })
}
