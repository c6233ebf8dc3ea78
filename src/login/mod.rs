//! The straight line of a login, the only room that knows both an identity provider and AWS.

pub mod account_names;
pub mod answers;
pub mod chain;
pub mod code_question;
pub mod flight;
pub mod keep;
pub mod kept_keys;
pub mod kept_session;
pub mod key_settings;
pub mod last_update;
pub mod left_behind;
pub mod line;
pub mod link;
pub mod logout;
pub mod offer;
pub mod one_time_code;
pub mod orders;
pub mod parents;
pub mod plan;
pub mod ready;
pub mod record;
pub mod redeem;
pub mod report;
pub mod role_choice;
pub mod session_names;
pub mod sign_in;
pub mod standing;
pub mod stored_secrets;
pub mod target;
pub mod wishes;

use std::cell::RefCell;
use std::time::Duration;

use crate::config::Config;
use crate::idp::recording::Recording;
use crate::login::left_behind::MasterPassword;
use crate::paths::Paths;
use crate::presence::Presence;
use crate::secret::Secret;
use crate::store::sessions::Row;
use crate::ui::terminal::Ui;
use url::Url;

/// Gets what will be recorded of all new keys.
pub type BeforeWriting<'a> = &'a dyn Fn(&[Row]);

/// What a login may use of this computer and its person.
pub struct Doors<'a> {
    pub paths: &'a Paths,
    pub config: &'a Config,
    pub ui: &'a Ui,
    /// `--password-stdin`: taken by the first who asks.
    pub password_from_stdin: RefCell<Option<Secret>>,
    /// `--ask`: stored passwords are passed over.
    pub ask_password: bool,
    /// Of Python's keyring, if it was asked for.
    pub master_password: MasterPassword,
    /// An STS that is not AWS's (`AWS_ENDPOINT_URL_STS`).
    pub sts_endpoint: Option<Url>,
    /// `AWS_REGION`
    pub region: Option<String>,
    /// How long somebody without a terminal waits for another sign-in to end.
    pub nobody_waits: Duration,
    /// `--record`: sign-ins are written down here.
    pub recording: Option<Recording>,
    /// Told just before keys are written: whoever is killed then can tell afterwards that they are its own.
    pub before_writing: Option<BeforeWriting<'a>>,
}

impl<'a> Doors<'a> {
    /// Doors for who only looks at what is there; `ui` is one for nobody.
    pub fn to_look(paths: &'a Paths, config: &'a Config, ui: &'a Ui) -> Doors<'a> {
        Doors {
            paths,
            config,
            ui,
            password_from_stdin: RefCell::default(),
            ask_password: false,
            master_password: MasterPassword::default(),
            sts_endpoint: None,
            region: None,
            nobody_waits: flight::NOBODY_WAITS,
            recording: None,
            before_writing: None,
        }
    }
}

impl Doors<'_> {
    pub fn presence(&self) -> Presence {
        self.ui.presence()
    }

    /// The same doors where nobody is asked; `ui` is one for nobody.
    pub fn for_nobody<'b>(&'b self, ui: &'b Ui) -> Doors<'b> {
        Doors {
            sts_endpoint: self.sts_endpoint.clone(),
            region: self.region.clone(),
            ..Doors::to_look(self.paths, self.config, ui)
        }
    }

    fn password_from_stdin(&self) -> Option<Secret> {
        self.password_from_stdin.borrow_mut().take()
    }
}
