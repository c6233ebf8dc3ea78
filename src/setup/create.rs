//! A new profile: sign in once, settle its role, write it down, and fetch its keys with the same assertion.

use crate::arn::ProviderArn;
use crate::assertion::Assertion;
use crate::aws::saml::OfferedRole;
use crate::config::edit::{Draft, NewProfile};
use crate::config::{Config, RoleWanted};
use crate::duration::Span;
use crate::error::{Error, Result};
use crate::login::offer::{self, Errand, SignedIn};
use crate::login::plan::LoginPlan;
use crate::login::report::{Line, Outcome};
use crate::login::target::{Target, Wishes};
use crate::login::{Doors, line, orders};
use crate::paths::Paths;
use crate::setup::entries::{ProfileSettings, add_identity_provider, as_drafted};
use crate::setup::names;
use crate::setup::profiles_file::{self, Changed};
use crate::setup::provider_choice::Chosen;
use crate::store::learned::Learned;
use crate::store::{credentials_file, locked_file};

/// What the new profile is to be. Only what was asked for is written.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    pub name: String,
    /// None: the only one offered, else the person picks.
    pub role: Option<RoleWanted>,
    /// Needed where the assertion is encrypted.
    pub provider_arn: Option<ProviderArn>,
    pub aws_profile: Option<String>,
    pub region: Option<String>,
    pub duration: Option<Span>,
    pub default: bool,
}

impl Wish {
    /// The section its keys go to.
    pub fn section(&self) -> &str {
        self.aws_profile.as_deref().unwrap_or(&self.name)
    }
}

/// Everything that can be checked at home, before anything is asked or sent.
pub fn check(paths: &Paths, config: &Config, wish: &Wish) -> Result<()> {
    names::check_free(config, &wish.name)?;
    names::check_section(wish.section())?;
    profiles_file::check_writable(config)?;
    check_editable(config, &wish.name)?;
    let credentials = paths.credentials_file()?;
    credentials_file::check_writable(credentials)?;
    credentials_file::read(credentials)?
        .may_write(wish.section(), false)
        .map_err(|error| {
            error.better_hint("choose another section with --awsprofile SECTION, or another name")
        })
}

/// A file of an odd layout can be read and yet not be changed with care: better known now than after a sign-in.
fn check_editable(config: &Config, name: &str) -> Result<()> {
    let bytes = locked_file::read(config.own_file.path())?.unwrap_or_default();
    let mut draft = Draft::parse(&bytes, &config.own_file)?;
    draft.add_profile(&ProfileSettings::default().profile(name, "any"))?;
    draft.finish().map(drop)
}

/// The same for a user that the identity provider is to get.
pub fn check_user(config: &Config, chosen: &Chosen) -> Result<()> {
    if !chosen.is_user_new || config.classic.is_some() {
        return Ok(());
    }
    let bytes = locked_file::read(config.own_file.path())?.unwrap_or_default();
    let mut draft = Draft::parse(&bytes, &config.own_file)?;
    add_identity_provider(&mut draft, chosen, config)
}

/// Signs in and settles the role. Nothing is written.
pub fn settle<'a>(
    doors: &'a Doors<'a>,
    chosen: &'a Chosen,
    wish: &Wish,
    errand: &Errand,
) -> Result<(SignedIn<'a>, OfferedRole)> {
    let still_free = || {
        (errand.before)()?;
        names::check_free(&as_it_is(doors)?, &wish.name)
    };
    let errand = Errand {
        before: &still_free,
        ..*errand
    };
    let signed_in = offer::sign_in(doors, &chosen.provider, &errand)?;
    let target = Target::of_new_profile(
        &wish.name,
        wish.section(),
        wish.role.clone(),
        wish.provider_arn.clone(),
    );
    let learned = Learned::load(doors.paths.state_folder()?);
    let role = orders::chosen_role(&target, doors, &signed_in.statement, &learned)?;
    Ok((signed_in, role))
}

/// Writes the profile, and its identity provider if that is new.
pub fn write(
    doors: &Doors,
    chosen: &Chosen,
    wish: &Wish,
    role: &OfferedRole,
) -> Result<Changed<()>> {
    let profile = profile_of(chosen, wish, role);
    profiles_file::change(doors.paths, doors.config, |draft| {
        let now = as_drafted(doors, draft)?;
        names::check_free(&now, &wish.name)?;
        add_identity_provider(draft, chosen, &now)?;
        draft.add_profile(&profile)?;
        if wish.default {
            draft.set_default(&wish.name)?;
        }
        Ok(())
    })
}

fn profile_of(chosen: &Chosen, wish: &Wish, role: &OfferedRole) -> NewProfile {
    let settings = ProfileSettings {
        role: Some(role.role.clone()),
        provider_arn: wish.provider_arn.clone(),
        aws_profile: wish.aws_profile.clone(),
        region: wish.region.clone(),
        duration: wish.duration,
    };
    settings.profile(&wish.name, &chosen.provider.name)
}

/// The configuration as it is on disk now.
fn as_it_is(doors: &Doors) -> Result<Config> {
    match locked_file::read(doors.config.own_file.path())? {
        Some(bytes) => doors.config.as_if(doors.paths, &bytes),
        None => Ok(doors.config.clone()),
    }
}

/// Fetches the keys of the profile that was written. What fails here costs no profile.
pub fn fetch_keys(doors: &Doors, config: &Config, wish: &Wish, assertion: &Assertion) -> Line {
    let doors = Doors {
        config,
        password_from_stdin: None.into(),
        master_password: Default::default(),
        recording: None,
        sts_endpoint: doors.sts_endpoint.clone(),
        region: doors.region.clone(),
        ..*doors
    };
    let failed = |error| Line {
        profile: wish.name.clone(),
        aws_profile: wish.section().to_string(),
        critical: false,
        outcome: Outcome::Failed(error),
    };
    let wishes = Wishes {
        force: true,
        ..Wishes::default()
    };
    let plan = config
        .select(std::slice::from_ref(&wish.name), false)
        .and_then(|profiles| LoginPlan::make(&doors, &profiles, &wishes));
    match plan {
        Ok(plan) => {
            let mut lines = line::run(&plan, &doors, Some(assertion)).lines;
            lines.pop().unwrap_or_else(|| failed(Error::interrupted()))
        }
        Err(error) => failed(error),
    }
}
