//! What every verb starts with: paths, configuration, terminal; and what it says when something unusual is in force.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use url::Url;

use super::Global;
use crate::arn;
use crate::aws::sts;
use crate::config::{AskWith, Config, Profile};
use crate::error::{Error, Result};
use crate::idp::providers::{self, PROVIDERS};
use crate::login::{Doors, flight, record};
use crate::paths::Paths;
use crate::presence::Presence;
use crate::secret::Secret;
use crate::store::state_folder;
use crate::ui::{self, Format, Ui, UiSettings, pinentry};
use crate::{handover, helper_command, net, process};

/// Writes what `--record` asked for; failing at it fails nothing else.
pub fn end_recording(ui: &Ui) {
    match record::end() {
        Ok(Some(told)) => ui.say(&told),
        Ok(None) => {}
        Err(error) => ui.report(&error),
    }
}

/// One run of `mai`.
pub struct Run {
    pub paths: Paths,
    pub config: Config,
    pub ui: Ui,
    pub format: Format,
    /// What is to be said only if there is more to say: `None` says it at once.
    held: RefCell<Option<Vec<Notice>>>,
}

/// Something unusual in force.
enum Notice {
    Said(String),
    Warned(String),
}

/// What is there before any configuration is read.
pub struct Ground {
    pub paths: Paths,
    /// `-c`
    pub explicit: Option<PathBuf>,
    pub ui: Ui,
    pub format: Format,
    /// Neither `--no-input` nor MAI_NO_INPUT.
    may_ask: bool,
}

impl Ground {
    pub fn new(global: Global) -> Result<Ground> {
        Ground::with_steps(global, true)
    }

    fn with_steps(global: Global, plain_steps: bool) -> Result<Ground> {
        let paths = Paths::from_environment();
        let explicit = global.config.as_deref().map(|path| paths.expand(path));
        let may_ask = !(global.no_input || is_set("MAI_NO_INPUT"));
        let ui = Ui::new(UiSettings {
            format: global.output,
            quiet: global.quiet,
            verbose: global.verbose,
            plain_steps,
            color: global.color,
            presence: ui::presence(!may_ask),
        });
        if global.verbose > 1 {
            net::trace::listen(process::tell);
        }
        process::leave_on_signals(clean_up);
        // First of all: with somebody else's home all that follows would be said to the wrong person.
        if let Ok(home) = paths.home() {
            state_folder::refuse_anothers_home(home)?;
        }
        Ok(Ground {
            paths,
            explicit,
            ui,
            format: global.output,
            may_ask,
        })
    }
}

/// The configuration, checked as far as this version knows what it may say.
pub fn config(paths: &Paths, explicit: Option<&Path>) -> Result<Config> {
    checked(Config::load(paths, explicit)?)
}

fn checked(config: Config) -> Result<Config> {
    let types: Vec<&str> = PROVIDERS.iter().map(|provider| provider.name()).collect();
    config.check_types(&types)?;
    check_options(&config)?;
    Ok(config)
}

impl Run {
    pub fn new(global: Global) -> Result<Run> {
        let ground = Ground::new(global)?;
        let config = config(&ground.paths, ground.explicit.as_deref())?;
        Ok(Run::on(ground, config, false))
    }

    /// The same, but what is unusual is said by `say_notices` only, and steps on a terminal only.
    pub fn quietly(global: Global) -> Result<Run> {
        let ground = Ground::with_steps(global, false)?;
        let config = config(&ground.paths, ground.explicit.as_deref())?;
        Ok(Run::on(ground, config, true))
    }

    /// For a verb that writes profiles: the file that was named may be new.
    pub fn to_write(global: Global) -> Result<Run> {
        let ground = Ground::new(global)?;
        let config = checked(Config::load_to_write(
            &ground.paths,
            ground.explicit.as_deref(),
        )?)?;
        Ok(Run::on(ground, config, false))
    }

    fn on(ground: Ground, config: Config, quietly: bool) -> Run {
        let in_window = ground.may_ask
            && config.ask_with.value == AskWith::Pinentry
            && pinentry::has_desktop(|name| std::env::var(name).ok());
        let run = Run {
            paths: ground.paths,
            config,
            ui: match in_window {
                true => ground.ui.with_window(),
                false => ground.ui,
            },
            format: ground.format,
            held: RefCell::new(quietly.then(Vec::new)),
        };
        for note in run.config.classic.iter().flat_map(|classic| &classic.notes) {
            run.notice(Notice::Warned(note.clone()));
        }
        if ground.explicit.is_none()
            && let Some(path) = &run.paths.config_override
        {
            let path = run.paths.shown(path);
            run.notice(Notice::Said(format!("Using {path} (MAI_CONFIG).")));
        }
        run
    }

    fn notice(&self, notice: Notice) {
        match (&mut *self.held.borrow_mut(), notice) {
            (Some(held), notice) => held.push(notice),
            (None, Notice::Said(text)) => self.ui.say(&text),
            (None, Notice::Warned(text)) => self.ui.warn(&text),
        }
    }

    /// From now on what is unusual is said, beginning with what was held back.
    pub fn say_notices(&self) {
        for notice in self.held.take().into_iter().flatten() {
            self.notice(notice);
        }
    }

    /// The doors of a login; checks first that files would be written for the right person.
    pub fn doors(&self, secrets: Secrets) -> Result<Doors<'_>> {
        let say = |text: String| self.notice(Notice::Said(text));
        let doorway = Doorway::of_environment(say)?;
        Ok(doorway.doors(&self.paths, &self.config, &self.ui, secrets))
    }

    /// Profiles of the Python Mai write to one section; keys that the next profile overwrites cost no sign-in.
    fn without_overwritten<'a>(&self, chosen: Vec<&'a Profile>) -> Vec<&'a Profile> {
        let (last, others) = self.config.last_of_each_section(chosen);
        for profile in &others {
            let section = &profile.aws_profile.value;
            let winner = last.iter().find(|last| last.aws_profile.value == *section);
            if let Some(winner) = winner {
                self.notice(Notice::Said(format!(
                    "{} and {} both write to [{section}]; the last wins, so only {} is signed in to.",
                    profile.name, winner.name, winner.name
                )));
            }
        }
        last
    }

    /// Nothing to show is nothing wrong, but there is something to say.
    pub fn say_no_profiles(&self) {
        if let Err(error) = self.config.expect_profiles() {
            self.ui.say(&format!("{error}"));
            if let Some(hint) = error.hint_text() {
                self.ui.say(hint);
            }
        }
    }

    /// The profiles a command is for: those named, else the default, else the only one, else one the person picks.
    pub fn profiles(&self, names: &[String], all: bool) -> Result<Vec<&Profile>> {
        if !names.is_empty() || all {
            let chosen = self.config.select(names, all)?;
            return Ok(self.without_overwritten(chosen));
        }
        self.config.expect_profiles()?;
        if let Some(profile) = self.config.default_choice() {
            return Ok(vec![profile]);
        }
        let profiles: Vec<&Profile> = self.config.profiles.iter().collect();
        if self.ui.presence() == Presence::Nobody {
            return Err(
                Error::usage("which profile? there are several, and no default").hint(
                    "name one, or choose a default with `mai set-default`; `mai list` shows them",
                ),
            );
        }
        let names: Vec<String> = profiles
            .iter()
            .map(|profile| profile.name.clone())
            .collect();
        let chosen = self.ui.pick("Profile", &names)?;
        Ok(vec![profiles[chosen]])
    }
}

/// What the environment says about the way to AWS: the same for all logins of a run.
pub struct Doorway {
    sts_endpoint: Option<Url>,
    region: Option<String>,
}

impl Doorway {
    /// An STS that is not AWS's is said.
    pub fn of_environment(say: impl FnOnce(String)) -> Result<Doorway> {
        let sts_endpoint =
            sts::endpoint_override(std::env::var("AWS_ENDPOINT_URL_STS").ok().as_deref())?;
        if let Some(endpoint) = &sts_endpoint {
            say(format!(
                "Using the STS at {endpoint} (AWS_ENDPOINT_URL_STS)."
            ));
        }
        let region = std::env::var("AWS_REGION")
            .ok()
            .filter(|region| !region.is_empty());
        if let Some(region) = region.as_deref().filter(|region| !arn::is_region(region)) {
            return Err(Error::usage(format!(
                "AWS_REGION is not a region: {}",
                crate::error::clean(region)
            ))
            .hint("set it to a region such as eu-central-1, or unset it"));
        }
        Ok(Doorway {
            sts_endpoint,
            region,
        })
    }

    pub fn doors<'a>(
        &self,
        paths: &'a Paths,
        config: &'a Config,
        ui: &'a Ui,
        secrets: Secrets,
    ) -> Doors<'a> {
        Doors {
            paths,
            config,
            ui,
            password_from_stdin: RefCell::new(secrets.password_from_stdin),
            ask_password: secrets.ask,
            master_password: Default::default(),
            nobody_waits: flight::NOBODY_WAITS,
            sts_endpoint: self.sts_endpoint.clone(),
            region: self.region.clone(),
            recording: None,
            before_writing: None,
        }
    }
}

/// `options:` of an identity provider hold only what its provider knows.
fn check_options(config: &Config) -> Result<()> {
    for provider in config.identity_providers.values() {
        let name = provider
            .provider_type
            .as_ref()
            .map(|name| name.value.as_str());
        for (key, value) in &provider.options {
            if let Err(error) = providers::check_option(name, key) {
                let placed = value.origin.error(error.message());
                return Err(match error.hint_text() {
                    Some(hint) => placed.hint(hint),
                    None => placed,
                });
            }
        }
    }
    Ok(())
}

/// Where a password may come from beside the configuration.
#[derive(Default)]
pub struct Secrets {
    pub password_from_stdin: Option<Secret>,
    pub ask: bool,
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable)
        .is_some_and(|value| !value.is_empty() && value != "0" && value != "false")
}

/// Gives back what a run has taken from others: the terminal, and the running helper command; and tells the shell that
/// waits for code that there is none.
pub fn clean_up() {
    handover::evaluated::fail();
    helper_command::kill_running();
    handover::endpoint::remove_tokens();
    ui::restore_terminal();
    record::leave();
}
