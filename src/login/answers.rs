//! What the person would answer: secrets on demand, by the rules of presence.

mod person;

use chrono::{DateTime, Utc};

use crate::arn;
use crate::config::{Consent, IdentityProvider, PasswordSource, Sourced};
use crate::duration::Span;
use crate::error::{Error, Kind, Result};
use crate::idp::visit::{Fields, Settings};
use crate::idp::walk::{self, Arrival};
use crate::login::kept_session::{self, KeptSession};
use crate::login::stored_secrets::{Found, StoredSecrets};
use crate::login::{Doors, one_time_code};
use crate::net::browser_session::BrowserSession;
use crate::net::visitor::Visitor;
use crate::presence::Presence;
use crate::secret::Secret;
use crate::store::keyring::SecretKind;
use crate::store::learned::Learned;

/// Where the password of this run came from: it decides what happens to it afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Typed,
    Stdin,
    Stored,
    /// Stored too, but opened with a master password first.
    Unlocked,
    Command,
}

/// How often a code is asked for again that was used already.
const TRIES: usize = 3;

/// How long a password is not sent again after a form merely came back for it: with a person there, and with nobody.
const DOUBT_OF_PERSON: Span = Span::minutes(1);
const DOUBT_OF_NOBODY: Span = Span::hours(6);

/// What a sign-in may take from the person and from what stands for them.
pub struct Answers<'a> {
    doors: &'a Doors<'a>,
    provider: &'a IdentityProvider,
    /// What to run again, for hints: `mai login prod`.
    command: String,
    /// Called when the password is on its way, the moment to open the connection to STS.
    nearly_there: Box<dyn Fn() + 'a>,
    stored: StoredSecrets<'a>,
    username: Option<String>,
    password: Option<(Secret, Source)>,
    /// The source of a password that was refused.
    refused: Option<Source>,
    /// Where the stored password came from.
    stored_as: Option<Found>,
    totp_to_keep: Option<Secret>,
    /// What the next login may come back to, and since when it lasts.
    session: Option<(BrowserSession, DateTime<Utc>)>,
    /// Something was asked of the person, or of what stands for them: the sign-in went beyond a session.
    has_answered: bool,
}

impl<'a> Answers<'a> {
    pub fn new(
        doors: &'a Doors<'a>,
        provider: &'a IdentityProvider,
        command: String,
        nearly_there: Box<dyn Fn() + 'a>,
    ) -> Result<Answers<'a>> {
        Ok(Answers {
            doors,
            provider,
            command,
            nearly_there,
            stored: StoredSecrets::new(doors, provider)?,
            username: provider.username.as_ref().map(|user| user.value.clone()),
            password: None,
            refused: None,
            stored_as: None,
            totp_to_keep: None,
            session: None,
            has_answered: false,
        })
    }

    /// Walks the pages of the identity provider. A stored password that is refused is dropped.
    pub async fn walk(&mut self, visitor: &mut Visitor) -> Result<Arrival> {
        let (ui, settings) = (self.doors.ui, self.settings()?);
        let is_aws = arn::is_sign_in_host;
        let result = match &self.doors.recording {
            None => walk::sign_in(visitor, &settings, is_aws, self).await,
            Some(recording) => {
                let recording = recording.clone();
                recording.sign_in(visitor, &settings, is_aws, self).await
            }
        };
        ui.done();
        let requests = visitor.requests();
        match result {
            Ok(arrival) => {
                ui.detail(&format!(
                    "signed in at {} with {requests} requests",
                    self.host()
                ));
                if !arrival.password_accepted {
                    self.password = None;
                }
                self.password_worked();
                Ok(arrival)
            }
            Err(error) => {
                ui.detail(&format!(
                    "gave up at {} after {requests} requests",
                    self.host()
                ));
                Err(match self.refused {
                    Some(source) => error.better_hint(self.after_refusal(source)),
                    None => error,
                })
            }
        }
    }

    pub fn has_answered(&self) -> bool {
        self.has_answered
    }

    pub fn say_detail(&self, text: &str) {
        self.doors.ui.detail(text);
    }

    /// The session to come back to. None where the person wants to be asked, and none for a recording, which is to
    /// show a whole sign-in.
    pub fn kept_session(&mut self) -> Option<KeptSession> {
        let asks = self.doors.ask_password || self.doors.password_from_stdin.borrow().is_some();
        if asks || self.doors.recording.is_some() {
            return None;
        }
        let kept = kept_session::find(self.provider, &mut self.stored)?;
        self.say_detail(&format!("coming back to the session at {}", self.host()));
        Some(kept)
    }

    /// This session led to an assertion.
    pub fn remember_session(&mut self, browser: &BrowserSession, since: DateTime<Utc>) {
        self.session = Some((browser.clone(), since));
    }

    /// Puts that session into the vault: when the keys are there, since a keyring may take its time, and before others
    /// may sign in, since they are to use it.
    pub fn keep_session(&mut self) {
        let Some((browser, since)) = self.session.take() else {
            return;
        };
        if kept_session::keep(self.provider, &mut self.stored, &browser, since) {
            self.say_detail(&format!("kept the session at {}", self.host()));
        }
    }

    pub fn forget_session(&mut self) {
        kept_session::forget(self.provider, &mut self.stored);
    }

    fn settings(&self) -> Result<Settings> {
        let provider = self.provider;
        let configured = provider.trusted_hosts.iter().map(|host| host.value.clone());
        let agreed = self.learned()?.agreed_hosts(&self.origin());
        let text =
            |setting: &Option<Sourced<String>>| setting.as_ref().map(|text| text.value.clone());
        Ok(Settings {
            start: provider.url.value.clone(),
            provider: text(&provider.provider_type),
            mfa_method: text(&provider.mfa.method),
            mfa_device: text(&provider.mfa.device),
            remember_device: provider.remember_device.value,
            consent_accept: provider.consent.value == Consent::Accept,
            trusted_hosts: configured.chain(agreed).collect(),
            fields: Fields {
                username: text(&provider.fields.username),
                password: text(&provider.fields.password),
                otp: text(&provider.fields.otp),
            },
            // In a window nobody sees what is going on, and a program that asks again and again would ring each time:
            // what reaches a phone needs a terminal.
            presence: match self.doors.ui.asks_in_window() {
                true => Presence::Nobody,
                false => self.doors.presence(),
            },
            options: provider
                .options
                .iter()
                .map(|(name, value)| (name.clone(), value.value.clone()))
                .collect(),
        })
    }

    /// What was refused earlier for this user is forgotten: the account takes a password again.
    fn password_worked(&mut self) {
        if self.password.is_none() {
            return;
        }
        let forgotten = self.learned().and_then(|mut learned| {
            learned.forget_refused(&self.learned_name());
            learned.save()
        });
        if let Err(error) = forgotten {
            self.doors.ui.warn(&error.to_string());
        }
    }

    fn learned(&self) -> Result<Learned> {
        Ok(Learned::load(self.doors.paths.state_folder()?))
    }

    fn user(&self) -> &str {
        self.username.as_deref().unwrap_or("")
    }

    fn origin(&self) -> String {
        self.provider.url.value.origin().ascii_serialization()
    }

    /// What was learned about this account is kept under this name: two names in profiles.yaml may mean one account.
    fn learned_name(&self) -> String {
        format!("{} {}", self.origin(), self.user())
    }

    fn host(&self) -> &str {
        self.provider.url.value.host_str().unwrap_or_default()
    }

    fn ask_password(&mut self, host: &str) -> Result<Secret> {
        if !self.doors.presence().is_person() {
            return Err(self.needs_person(&format!("the password of {} at {host}", self.user())));
        }
        let question = format!("Password of {} at {host}", self.user());
        let password = self.doors.ui.ask_secret(&question)?;
        if password.is_empty() {
            return Err(Error::interrupted());
        }
        Ok(password)
    }

    /// A second password or a PIN: from the person, whatever the settings name for codes.
    fn second_secret(&self, label: &str, host: &str) -> Result<Secret> {
        if !self.doors.presence().is_person() {
            return Err(self.needs_person(&format!("{label} of {} at {host}", self.user())));
        }
        let secret = self.doors.ui.ask_secret(&format!("{label} for {host}"))?;
        if secret.is_empty() {
            return Err(Error::interrupted());
        }
        Ok(secret)
    }

    /// What to do after a refused password.
    fn after_refusal(&self, source: Source) -> String {
        let ask = format!("`{} --ask` asks for a new one", self.command);
        match source {
            Source::Command => format!(
                "update what the password command of {} prints; {ask}",
                self.provider.name
            ),
            Source::Typed | Source::Stdin | Source::Stored | Source::Unlocked => ask,
        }
    }

    fn used_code(&self, host: &str) -> Error {
        Error::refused(format!(
            "this code of {} for {host} was used already, and a code works once",
            self.user()
        ))
        .hint(format!("wait for the next code, then `{}`", self.command))
    }

    fn needs_person(&self, what: &str) -> Error {
        Error::needs_you(format!("{what} is needed, and nobody can be asked"))
            .hint(format!("run `{}` in a terminal", self.command))
    }

    /// A stored or printed password that was refused before is not sent again: that is how accounts get locked.
    fn was_refused(&self, password: &Secret) -> Result<bool> {
        Ok(self.learned()?.is_refused(&self.learned_name(), password))
    }

    /// Where a form merely came back, the password may be wrong all the same, and each further one brings the account
    /// nearer to its lock: those who waited for that sign-in do not try theirs, and without a person nobody does for
    /// hours.
    fn check_doubt(&self, host: &str, password: &Secret) -> Result<()> {
        let doubted = self.learned()?.doubted(&self.learned_name(), password);
        let wait = match self.doors.presence().is_person() {
            true => DOUBT_OF_PERSON,
            false => DOUBT_OF_NOBODY,
        };
        let seconds = i64::try_from(wait.as_seconds()).unwrap_or(i64::MAX);
        match doubted.filter(|age| (0..seconds).contains(age)) {
            None => Ok(()),
            Some(_) => Err(Error::refused(format!(
                "{host} asked again for this password of {} in the last {wait}, so it is not sent again",
                self.user()
            ))
            .hint(format!(
                "look at {host} in a browser; `{} --ask` in a terminal asks for another password",
                self.command
            ))),
        }
    }

    /// With nobody there a password is sent only if it can be noted down should it be refused: else whatever runs every
    /// minute would send it every minute.
    fn note_attempt(&self, host: &str) -> Result<()> {
        if self.doors.presence().is_person() {
            return Ok(());
        }
        let noted = self.learned().and_then(|mut learned| {
            learned.remember_attempt(&self.learned_name());
            learned.save()
        });
        noted.map_err(|error| {
            let user = self.user();
            let hint = error.hint_text().map(str::to_owned);
            Error::failed(format!(
                "the password of {user} is not sent to {host} with nobody there, since a refusal could not be noted \
                 down"
            ))
            .because(error)
            .hint(hint.unwrap_or_else(|| format!("run `{}` in a terminal", self.command)))
        })
    }

    fn find_password(&mut self, host: &str) -> Result<(Secret, Source)> {
        if let Some(password) = self.doors.password_from_stdin() {
            if self.was_refused(&password)? {
                let user = self.user();
                return Err(Error::refused(format!(
                    "{host} refused this password of {user} before, so it is not sent again"
                ))
                .hint(self.after_refusal(Source::Stdin)));
            }
            self.check_doubt(host, &password)?;
            return Ok((password, Source::Stdin));
        }
        if self.doors.ask_password {
            return Ok((self.ask_password(host)?, Source::Typed));
        }
        match &self.provider.password.value {
            PasswordSource::Ask => {}
            PasswordSource::Command(command) => {
                self.doors.ui.step("asking your command for the password");
                let password = command.run(self.doors.presence())?;
                if self.was_refused(&password)? {
                    return Err(Error::refused(format!(
                        "{host} refused the password that `password: {{command: …}}` of {} prints, so it is not sent again",
                        self.provider.name
                    ))
                    .hint(self.after_refusal(Source::Command)));
                }
                self.check_doubt(host, &password)?;
                self.note_attempt(host)?;
                return Ok((password, Source::Command));
            }
            PasswordSource::Keyring => {
                let user = self.user().to_owned();
                let owner = self.learned_name();
                if let Some(found) = self.stored.password(&user, &owner)? {
                    let password = found.password.clone();
                    if !self.was_refused(&password)? {
                        self.check_doubt(host, &password)?;
                        self.note_attempt(host)?;
                        let source = match found.is_crypted() {
                            true => Source::Unlocked,
                            false => Source::Stored,
                        };
                        self.stored_as = Some(found);
                        return Ok((password, source));
                    }
                    let fate = match self.stored.drop(&found) {
                        true => "is gone now",
                        false => "is not used",
                    };
                    self.doors.ui.warn(&format!(
                        "the stored password of {} was refused before and {fate}",
                        self.user()
                    ));
                }
            }
        }
        Ok((self.ask_password(host)?, Source::Typed))
    }

    /// After a login that worked: the password goes to the keyring if the person agrees.
    pub fn keep_what_worked(&mut self) {
        match self.keep_password() {
            // A question that was left with Ctrl-C is a no for now.
            Err(error) if error.kind() == Kind::Interrupted => {}
            Err(error) => self.doors.ui.warn(&error.to_string()),
            Ok(()) => {}
        }
        self.keep_totp();
    }

    fn keep_password(&mut self) -> Result<()> {
        let Some((password, source)) = self.password.take() else {
            return Ok(());
        };
        let mut learned = self.learned()?;
        let place = self.stored.place().unwrap_or_default();
        let can_keep = matches!(source, Source::Typed | Source::Unlocked)
            && self.provider.password.value == PasswordSource::Keyring
            && self.doors.presence().is_person()
            && !self.doors.ui.asks_in_window()
            && self.stored.place().is_some();
        let declined = format!("leave the password of {} unstored", self.user());
        if !can_keep || learned.has_consent(&self.origin(), &declined) {
            return Ok(());
        }
        if !self.doors.ui.confirm(
            &format!("Keep the password of {} in {place}?", self.user()),
            true,
        )? {
            learned.remember_consent(&self.origin(), &declined);
            return learned.save();
        }
        let user = self.user().to_owned();
        if self.stored.keep(SecretKind::Password, &user, &password) {
            self.doors
                .ui
                .say(&format!("Kept the password of {user} in {place}."));
        }
        Ok(())
    }

    fn keep_totp(&mut self) {
        let secret = self.totp_to_keep.take();
        if let Some(secret) = secret.filter(|_| self.stored.place().is_some()) {
            let user = self.user().to_owned();
            self.stored.keep(SecretKind::Totp, &user, &secret);
        }
    }

    /// The TOTP secret of this user: from the keyring, or typed once and kept when it worked.
    fn totp_secret(&mut self, host: &str) -> Result<Secret> {
        let user = self.user().to_owned();
        if let Some(secret) = self.stored.totp_secret(&user) {
            return Ok(secret);
        }
        if !self.doors.presence().is_person() {
            return Err(self.needs_person(&format!("the TOTP secret of {} at {host}", self.user())));
        }
        let secret = self.doors.ui.ask_secret(&format!(
            "TOTP secret of {} (base32, or an otpauth:// address)",
            self.user()
        ))?;
        one_time_code::check(&secret)?;
        self.totp_to_keep = Some(secret.clone());
        Ok(secret)
    }

    /// Notes a code before it is sent; false for one that was sent before: a code works once.
    fn spend(&self, code: &Secret) -> Result<bool> {
        let mut learned = self.learned()?;
        if learned.is_code_spent(&self.learned_name(), code) {
            return Ok(false);
        }
        learned.remember_code(&self.learned_name(), code)?;
        learned.save()?;
        Ok(true)
    }

    fn totp_code(&mut self, host: &str) -> Result<Secret> {
        let secret = self.totp_secret(host)?;
        let mut learned = self.learned()?;
        let used = learned.last_totp_step(&self.learned_name());
        let ui = self.doors.ui;
        let (code, step) = one_time_code::fresh(&secret, used, |seconds| {
            ui.step(&format!(
                "waiting {seconds} s for a code that was not used yet"
            ));
        })?;
        // Noted before it is sent: a code that may have been seen is spent.
        learned.remember_totp_step(&self.learned_name(), step);
        learned.save()?;
        Ok(code)
    }
}
