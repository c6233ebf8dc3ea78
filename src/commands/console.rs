//! `mai console`: AWS's web console in a browser, signed in with the keys of a profile.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::run::{Run, Secrets};
use crate::config::{BrowserCommand, Filling, Profile};
use crate::duration::Span;
use crate::error::{Error, Result};
use crate::handover::browser;
use crate::handover::console::{self, Opened, Wishes};
use crate::handover::one_shot::OneShot;
use crate::login::account_names::account_name;
use crate::login::plan::LoginPlan;
use crate::login::ready::{Ready, ready};
use crate::login::target;
use crate::store::learned::Learned;
use crate::ui::{Format, output};

/// How long a browser may take to start and ask.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Args)]
pub struct Console {
    /// A profile of profiles.yaml
    #[arg(value_name = "PROFILE")]
    name: Option<String>,
    /// The service to open, by its name in the console's addresses (s3, ec2, cloudwatch)
    #[arg(short, long, value_name = "SERVICE")]
    service: Option<String>,
    /// Another region than the profile's
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// How long the console stays signed in, 15m to 12h; as long as the keys last unless said
    #[arg(long, value_name = "TIME")]
    duration: Option<Span>,
    /// Print the address instead of opening it; whoever has it is signed in for 15 minutes
    #[arg(long, conflicts_with = "browser")]
    print: bool,
    /// Open it with this command, in which {url}, {profile}, {account}, {account_id} and {role} are filled in
    #[arg(long, value_name = "COMMAND")]
    browser: Option<String>,
}

impl Console {
    pub fn run(self, run: &Run) -> Result<u8> {
        let profile = match &self.name {
            Some(name) => run.config.expect_profile(name)?,
            None => *run
                .profiles(&[], false)?
                .first()
                .ok_or_else(|| Error::usage("which profile?"))?,
        };
        let command = self.command(run)?;
        let doors = run.doors(Secrets::default())?;
        let plan = LoginPlan::make(&doors, &[profile], &target::Wishes::default())?;
        let wishes = Wishes {
            service: self.service,
            region: self.region,
            duration: self.duration,
        };
        for target in plan.targets.iter().filter(|t| t.profile == profile.name) {
            wishes.check(target)?;
        }
        if !self.print {
            expect_somebody(run, profile, command.as_ref())?;
        }
        let mut all = ready(&plan, &doors, || run.say_notices())?;
        let keys = all.all.iter().find(|keys| keys.profile == profile.name);
        let keys = keys.ok_or_else(|| Error::failed("the keys are gone again"))?;
        run.ui.step("asking AWS for a sign-in of the browser");
        let provider = run.config.provider_of(profile)?;
        let opened = console::open(&doors, provider, keys, &wishes);
        run.ui.done();
        let opened = opened?;
        if opened.signed_in.without_duration {
            run.ui.warn("AWS does not grant that --duration: the console stays signed in as long as the keys last");
        }
        let place = Place::of(run, keys)?;
        match self.print {
            true => run.ui.warn(&format!(
                "whoever opens this address within 15 minutes is {}",
                place.words
            )),
            false => show(run, keys, &place, &opened, command.as_ref())?,
        }
        tell(run, keys, &opened, self.print)?;
        all.offer_to_keep();
        Ok(0)
    }

    /// `--browser`, else what the configuration says.
    fn command(&self, run: &Run) -> Result<Option<BrowserCommand>> {
        let configured = run.config.console_browser.as_ref();
        match &self.browser {
            None => Ok(configured.map(|browser| browser.value.clone())),
            Some(text) => BrowserCommand::parse(text)
                .map(Some)
                .map_err(|why| Error::usage(format!("--browser {why}"))),
        }
    }
}

/// Who the browser will be, for words.
struct Place {
    account: String,
    words: String,
}

impl Place {
    fn of(run: &Run, keys: &Ready) -> Result<Place> {
        let learned = Learned::load(run.paths.state_folder()?);
        let id = keys.role.account();
        let name = account_name(&run.config, &learned, id);
        let shown = name.map_or(id.to_owned(), |name| format!("{name} ({id})"));
        Ok(Place {
            account: name.unwrap_or(id).to_owned(),
            words: format!("{} in {shown}", keys.role.name()),
        })
    }
}

/// A window is for somebody who sees it; found out before anybody signs in.
fn expect_somebody(run: &Run, profile: &Profile, command: Option<&BrowserCommand>) -> Result<()> {
    let name = &profile.name;
    let hint = format!("`mai console {name} --print` prints an address for a browser elsewhere");
    if !run.ui.presence().is_person() {
        return Err(Error::needs_you(format!(
            "a browser is for a person, and nobody is there: run `mai console {name}` in a terminal"
        ))
        .hint(hint));
    }
    match command.is_some() || browser::has_desktop() {
        true => Ok(()),
        false => Err(Error::needs_you("there is no desktop here to open a browser on").hint(hint)),
    }
}

/// Opens the browser at an address that is good once, and waits until it came for the other one.
fn show(
    run: &Run,
    keys: &Ready,
    place: &Place,
    opened: &Opened,
    command: Option<&BrowserCommand>,
) -> Result<()> {
    let name = &keys.profile;
    let elsewhere = format!("`mai console {name} --print` prints an address to open by hand");
    let with_hint = |error: Error| error.better_hint(elsewhere.clone());
    let one_shot = OneShot::new(opened.signed_in.address.clone())?;
    let address = one_shot.address();
    let words = match command {
        Some(command) => command.words(&Filling {
            url: &address,
            profile: name,
            account: &place.account,
            account_id: keys.role.account(),
            role: keys.role.name(),
        }),
        None => browser::of_desktop(&address),
    };
    let mut started = browser::start(&words).map_err(with_hint)?;
    run.ui.step("waiting for the browser");
    let came = one_shot.serve(PATIENCE, || started.check());
    run.ui.done();
    match came.map_err(with_hint)? {
        true => {
            run.ui.say(&format!("Your browser is {} now.", place.words));
            Ok(())
        }
        false => Err(
            Error::needs_you("no browser asked for the address within a minute").hint(elsewhere),
        ),
    }
}

fn tell(run: &Run, keys: &Ready, opened: &Opened, print: bool) -> Result<()> {
    let address = print.then(|| opened.signed_in.address.expose());
    let destination = opened.destination.as_str();
    match run.format {
        Format::Json => output::write_json(&json!({
            "profile": keys.profile,
            "role_arn": keys.role.to_string(),
            "account_id": keys.role.account(),
            "role": keys.role.path_and_name(),
            "region": opened.region,
            "destination": destination,
            "url": address,
        })),
        Format::Tsv => output::write_tsv(
            &["profile", "account_id", "region", "destination", "url"],
            [vec![
                keys.profile.clone(),
                keys.role.account().to_owned(),
                opened.region.clone(),
                destination.to_owned(),
                address.unwrap_or("-").to_owned(),
            ]],
        ),
        Format::Text => match address {
            Some(address) => output::write(&format!("{address}\n")),
            None => Ok(()),
        },
    }
}
