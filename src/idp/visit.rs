//! What a step of a sign-in may use: the person's answers, secrets on demand, settings; nothing else.

use std::collections::BTreeMap;
use std::time::Duration;

use ring::digest;
use url::Url;

use super::call::Call;
use super::factors::code::Codes;
use super::factors::push::Pushes;
use super::form::Answer;
pub use super::form::choose::FieldNames as Fields;
use super::page::choices::{ChoiceOf, Choices, Way, is_factor, is_silent_code, names_phone};
use super::page::{Page, host_of};
pub use super::person::{
    Agreement, AgreementKind, Choice, CodeKind, CodeRequest, Person, PushRequest,
};
use crate::error::{Error, Result, clean};
use crate::net::hops::{TrustedOrigins, is_open_to_others};
use crate::net::storage::Storage;
use crate::presence::Presence;
use crate::secret::Secret;

/// What the configuration says about an identity provider, as far as signing in needs it.
#[derive(Clone, Debug)]
pub struct Settings {
    pub start: Url,
    /// A name from the table of providers; `None` recognises them by their pages.
    pub provider: Option<String>,
    pub mfa_method: Option<String>,
    pub mfa_device: Option<String>,
    pub remember_device: bool,
    pub consent_accept: bool,
    pub trusted_hosts: Vec<String>,
    pub fields: Fields,
    pub presence: Presence,
    pub options: BTreeMap<String, String>,
}

impl Settings {
    pub fn new(start: Url) -> Self {
        Settings {
            start,
            provider: None,
            mfa_method: None,
            mfa_device: None,
            remember_device: false,
            consent_accept: false,
            trusted_hosts: Vec::new(),
            fields: Fields::default(),
            presence: Presence::Person,
            options: BTreeMap::new(),
        }
    }
}

/// What to do next.
#[derive(Debug)]
pub enum Step {
    /// Send a form of this page.
    Send(Answer),
    Go(Url),
    /// Make a request of a script.
    Call(Call),
    /// Ask again after a while, since a person answers elsewhere. Not counted as a page; it has an end of its own.
    Wait {
        every: Duration,
        then: Box<Step>,
    },
    /// As a page with a refresh tag does.
    GoAfter(Url, Duration),
    /// Read the document that stands in this page's frame.
    Open(String),
    /// Request the start URL once more. Done once for each reason; the second time the error is the end.
    StartAgain(Again, Error),
}

impl Step {
    /// Is there a password or a code in the request?
    pub(super) fn carries_secret(&self) -> bool {
        match self {
            Step::Send(answer) => answer.carries_secret(),
            Step::Call(call) => call.carries_secret,
            _ => false,
        }
    }
}

/// Why a sign-in starts again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// The page or its session was too old.
    Stale,
    /// Signed in now, but on a page that leads nowhere.
    Portal,
}

/// The secret that was sent last: a complaint that follows is about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    Nothing,
    Username,
    Password,
    Code,
}

/// One sign-in as its steps see it.
pub struct Visit<'a> {
    pub settings: &'a Settings,
    pub person: &'a mut dyn Person,
    /// What scripts of pages would keep in the browser.
    pub storage: Storage,
    pub(super) trusted: TrustedOrigins,
    /// Since a plain-http hop no new host is believed.
    pub(super) plain_http_hop: bool,
    user: Option<String>,
    /// The host that got the password.
    pub(super) password_at: Option<String>,
    pub(super) last: Sent,
    /// A page was too old: what was sent to it may never have been read.
    pub(super) went_stale: bool,
    /// Password and code went in one form, so a refusal may mean either.
    pub(super) together: bool,
    /// The password between its being given and its being sent.
    given: Option<Secret>,
    /// Forms that got the user name and nothing else.
    user_forms: Vec<String>,
    codes: Codes,
    pub(super) pushes: Pushes,
    /// The form that got the last code.
    code_form: String,
    pub(super) device: Option<String>,
    /// The entry to take where several ways to sign in are offered, as the provider's options name it.
    pub(super) wanted_source: Option<&'a str>,
    /// Things done once in a sign-in.
    done: Vec<&'static str>,
}

impl<'a> Visit<'a> {
    pub fn new(settings: &'a Settings, built_in: &[&str], person: &'a mut dyn Person) -> Self {
        Visit {
            trusted: TrustedOrigins::new(&settings.start, built_in, &settings.trusted_hosts),
            settings,
            person,
            storage: Storage::default(),
            plain_http_hop: false,
            user: None,
            password_at: None,
            last: Sent::Nothing,
            went_stale: false,
            together: false,
            given: None,
            user_forms: Vec::new(),
            codes: Codes::default(),
            pushes: Pushes::default(),
            code_form: String::new(),
            device: None,
            wanted_source: None,
            done: Vec::new(),
        }
    }

    pub fn option(&self, name: &str) -> Option<&'a str> {
        let settings: &'a Settings = self.settings;
        settings.options.get(name).map(String::as_str)
    }

    /// True the first time it is asked about `what`.
    pub fn once(&mut self, what: &'static str) -> bool {
        if self.done.contains(&what) {
            return false;
        }
        self.done.push(what);
        true
    }

    /// Was it asked about before?
    pub fn has_done(&self, what: &'static str) -> bool {
        self.done.contains(&what)
    }

    pub fn password_sent(&self) -> bool {
        self.password_at.is_some()
    }

    /// Did a form of this shape get the user name before? Remembers that it does now.
    pub fn user_given_to(&mut self, shape: &str) -> bool {
        if self.user_forms.iter().any(|s| s == shape) {
            return true;
        }
        self.user_forms.push(shape.to_owned());
        false
    }

    /// Where a person starts this sign-in in a browser: the URL as it is configured, which holds no secret.
    pub fn address(&self) -> &str {
        self.settings.start.as_str()
    }

    pub fn known_user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    pub fn username(&mut self, to: &Url) -> Result<String> {
        if let Some(user) = &self.user {
            return Ok(user.clone());
        }
        let user = self.person.username(&host_of(to))?;
        self.user = Some(user.clone());
        Ok(user)
    }

    /// The password, for a request to `to` and for nothing else. It is given out once.
    pub fn password(&mut self, to: &Url) -> Result<Secret> {
        let host = host_of(to);
        if self.password_sent() {
            return Err(self.second_password(&host));
        }
        self.trust(to)?;
        let password = match self.given.take() {
            Some(kept) => kept,
            None => self.person.password(&host)?,
        };
        self.given = Some(password.clone());
        self.person.step(&format!("sending the password to {host}"));
        self.password_at = Some(host);
        self.last = Sent::Password;
        Ok(password)
    }

    pub(super) fn gave_password_to(&self, host: &str) -> bool {
        self.password_at.as_deref() == Some(host)
    }

    /// A host wants a password too, after another one was given it.
    pub(super) fn second_password(&self, host: &str) -> Error {
        Error::refused(format!(
            "{host} asked for a password after {} had been given one",
            self.password_at.as_deref().unwrap_or("another host")
        ))
        .hint("a password is sent once per sign-in; try again, or sign in once in a browser")
    }

    /// The password is not sent after all: the sign-in starts again, and it is for the page that comes then.
    pub(super) fn keep_password(&mut self) {
        self.password_at = None;
        self.last = Sent::Nothing;
        self.user_forms.clear();
    }

    /// The password is on its way.
    pub(super) fn forget_password(&mut self) {
        self.given = None;
    }

    /// A code for a request to `to`, never the same one twice.
    pub fn code(&mut self, to: &Url, wanted: CodeWanted<'_>) -> Result<Secret> {
        self.trust(to)?;
        let request = CodeRequest {
            host: host_of(to),
            label: clean(wanted.label),
            device: wanted.device.or_else(|| self.device.clone()),
            again: self.last == Sent::Code && self.code_form == wanted.form,
            kind: wanted.kind,
        };
        self.code_form = wanted.form;
        let code = self
            .codes
            .ask(self.person, self.settings.presence, &request, wanted.length)?;
        self.person
            .step(&format!("sending the code to {}", request.host));
        self.last = Sent::Code;
        Ok(code)
    }

    /// A second password or a PIN, for a request to `to`. Only a person knows it; a page is to ask for it once.
    pub fn second_secret(&mut self, to: &Url, label: &str) -> Result<Secret> {
        self.trust(to)?;
        let host = host_of(to);
        if self.settings.presence == Presence::Nobody {
            return Err(needs_person(&host));
        }
        let secret = self.person.code(&CodeRequest {
            host: host.clone(),
            label: label.to_owned(),
            device: None,
            again: false,
            kind: CodeKind::Secret,
        })?;
        self.person.step(&format!("sending it to {host}"));
        self.last = Sent::Code;
        Ok(secret)
    }

    /// Tells the person what to approve, and how: before the first `Step::Wait` for it.
    pub fn push(&mut self, host: &str, number: Option<String>, text: &str) -> Result<()> {
        let request = PushRequest {
            host: host.to_owned(),
            number: number.map(|number| clean(&number)),
            text: clean(text),
        };
        self.pushes
            .tell(self.person, self.settings.presence, request)?;
        self.last = Sent::Code;
        Ok(())
    }

    /// May a secret go there? A host that nobody named is asked about once.
    pub fn trust(&mut self, to: &Url) -> Result<()> {
        if self.trusted.allows(to) {
            return Ok(());
        }
        let host = host_of(to);
        if is_open_to_others(to) {
            return Err(Error::refused(format!(
                "{host} wants a password or code over plain http, where others can read it"
            ))
            .hint("use the https address of the identity provider"));
        }
        if self.plain_http_hop {
            return Err(Error::refused(format!(
                "{host} was named by a page that came over plain http, so it may be anybody"
            ))
            .hint(format!(
                "use the https address of the identity provider, or name it: `trusted_hosts: [{host}]`"
            )));
        }
        let agreed = self.person.agree(&Agreement {
            kind: AgreementKind::NewHost,
            host: host.clone(),
            text: format!(
                "The sign-in led from {} to {host}, which asks for your password or code",
                host_of(&self.settings.start)
            ),
            key: format!("host {host}"),
        })?;
        if agreed {
            self.trusted.add(to);
            return Ok(());
        }
        let hint =
            format!("if it belongs to your company: `trusted_hosts: [{host}]` in profiles.yaml");
        Err(match self.settings.presence {
            Presence::Nobody => Error::needs_you(format!(
                "{host} asks for a password or code, and nobody said that it may have it"
            )),
            Presence::Person => {
                Error::refused(format!("nothing secret was sent to {host}, as you decided"))
            }
        }
        .hint(hint))
    }

    /// Consent or terms: accepted by setting, by memory, or by the person.
    pub fn agree(&mut self, kind: AgreementKind, page: &Page) -> Result<()> {
        // Remembered under all that stands on the page, though less of it is read.
        self.ask_to_agree(kind, page.host(), &page.document().prose(), &page.text)
    }

    /// The same for a text that stands on no page.
    pub fn agree_to(&mut self, kind: AgreementKind, host: String, text: &str) -> Result<()> {
        self.ask_to_agree(kind, host, text, text)
    }

    fn ask_to_agree(
        &mut self,
        kind: AgreementKind,
        host: String,
        text: &str,
        whole: &str,
    ) -> Result<()> {
        if self.settings.consent_accept {
            return Ok(());
        }
        let (what, key) = match kind {
            AgreementKind::Terms => ("terms of use", "terms"),
            AgreementKind::Consent | AgreementKind::NewHost => ("consent", "consent"),
        };
        let agreed = self.person.agree(&Agreement {
            kind,
            host: host.clone(),
            text: clean(text),
            key: format!("{key} {host} {}", fingerprint(whole)),
        })?;
        match (agreed, self.settings.presence) {
            (true, _) => Ok(()),
            (false, Presence::Nobody) => Err(Error::needs_you(format!("{host} asks for {what}"))
                .because(text)
                .hint(
                    "sign in once yourself, or set `consent: accept` for this identity provider",
                )),
            (false, Presence::Person) => Err(Error::refused(format!(
                "{host} does not go on without {what}, which you declined"
            ))),
        }
    }

    /// The way to take: the configured one, the only one that is possible, or the one the person picks.
    pub fn take(&mut self, page: &Page, choices: &Choices) -> Result<usize> {
        let mut left: Vec<usize> = (0..choices.ways.len()).collect();
        match choices.of {
            ChoiceOf::Factor => left = self.possible_factors(page, &choices.ways, left)?,
            ChoiceOf::Device => {
                if let Some(device) = &self.settings.mfa_device {
                    narrow(&mut left, |i| names(&choices.ways[i], device));
                }
            }
            ChoiceOf::Source => {
                if let Some(wanted) = self.wanted_source {
                    narrow(&mut left, |i| names(&choices.ways[i], wanted));
                } else if self.settings.presence == Presence::Nobody
                    && let [only] = left[..]
                    && names_phone(&choices.ways[only].label)
                {
                    return Err(needs_person(&page.host()));
                }
            }
        }
        if let [only] = left[..] {
            return Ok(only);
        }
        let picked = self.person.choose(&Choice {
            question: choices.question.clone(),
            options: left
                .iter()
                .map(|i| choices.ways[*i].label.clone())
                .collect(),
        })?;
        let way = left.get(picked).copied();
        way.ok_or_else(|| Error::failed("the answer is none of the choices"))
    }

    fn possible_factors(
        &self,
        page: &Page,
        ways: &[Way],
        mut left: Vec<usize>,
    ) -> Result<Vec<usize>> {
        let says = |i: usize, method: &str| {
            is_factor(&format!("{} {}", ways[i].label, ways[i].value), method)
        };
        if let Some(device) = &self.settings.mfa_device {
            narrow(&mut left, |i| names(&ways[i], device));
        }
        if let Some(method) = &self.settings.mfa_method {
            narrow(&mut left, |i| says(i, method));
        }
        narrow(&mut left, |i| !says(i, "webauthn"));
        if self.settings.presence == Presence::Nobody {
            // Whatever else there is would ring somebody's phone.
            left.retain(|i| is_silent_code(&format!("{} {}", ways[*i].label, ways[*i].value)));
            if left.is_empty() {
                return Err(needs_person(&page.host()));
            }
        }
        Ok(left)
    }
}

/// What a page asks a code for.
#[derive(Clone, Debug)]
pub struct CodeWanted<'p> {
    pub label: &'p str,
    pub device: Option<String>,
    pub kind: CodeKind,
    /// The page has that many boxes.
    pub length: Option<usize>,
    /// Tells forms apart: the same one again means that it did not take the code before.
    pub form: String,
}

/// Going on would ring somebody's phone, and nobody asked for that.
pub fn needs_person(host: &str) -> Error {
    Error::needs_you(format!(
        "{host} wants a second factor that only a person can give"
    ))
    .hint("sign in yourself, in a terminal")
}

/// Keeps what matches, or everything if nothing does.
fn narrow(left: &mut Vec<usize>, matches: impl Fn(usize) -> bool) {
    let kept: Vec<usize> = left.iter().copied().filter(|i| matches(*i)).collect();
    if !kept.is_empty() {
        *left = kept;
    }
}

fn names(way: &Way, wanted: &str) -> bool {
    let wanted = wanted.to_lowercase();
    way.label.to_lowercase().contains(&wanted) || way.value.to_lowercase().contains(&wanted)
}

/// Tells texts apart without keeping them.
fn fingerprint(text: &str) -> String {
    // All of it: what is shown is cut, and what stands below would be agreed to unseen.
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    hash.as_ref()[..8]
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}
