//! The walk from a start URL to an assertion: fetch, classify, ask the providers, else answer itself.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use url::Url;

use super::authn_request;
use super::call::Call;
use super::page::kind::{PageKind, classify};
use super::page::{Page, host_of, script};
use super::providers;
use super::refusal;
use super::visit::{Person, Sent, Settings, Step, Visit};
use super::{answer, form};
use crate::assertion::Assertion;
use crate::clock;
use crate::error::{Error, Kind, Result};
use crate::net::hops::{TrustedOrigins, is_open_to_others, same_origin};
use crate::net::storage::Storage;
use crate::net::visitor::{Body, Method, Passed, Request, Response, Visitor};
use crate::secret::Secret;

/// Pages that a sign-in may take.
const MOST_STEPS: usize = 40;
/// The same form, or the same address by a page's own will, this often is a circle.
const CIRCLE: usize = 4;
/// Longer than this no page is waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(3);
/// Longer than this nobody pauses who asks whether a person has answered; to ask sooner than told may count as abuse.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A login page that waited longer for its password is fetched anew: many are good for two minutes only.
pub(super) const PATIENCE: TimeDelta = TimeDelta::seconds(90);

/// The end of a sign-in.
#[derive(Debug)]
pub struct Arrival {
    pub assertion: Assertion,
    /// The identity provider's clock minus ours, where it told the time.
    pub clock_skew: Option<TimeDelta>,
    /// Was a password asked for and taken?
    pub password_accepted: bool,
}

/// Signs in at `settings.start` and returns what the identity provider says to AWS.
///
/// `is_aws` tells AWS's sign-in hosts; the form that leads there is read and never sent. A password is sent once, a
/// code is sent once, and both only to origins that the configuration or the person named.
pub async fn sign_in(
    visitor: &mut Visitor,
    settings: &Settings,
    is_aws: fn(&str) -> bool,
    person: &mut dyn Person,
) -> Result<Arrival> {
    walk(visitor, settings, is_aws, person, PATIENCE).await
}

/// What fetches pages; a test puts a script in its place.
pub(super) trait Fetch {
    async fn fetch(&mut self, request: Request, trusted: &TrustedOrigins) -> Result<Response>;
    /// A cookie that a script of the page at `url` set.
    fn keep_cookie(&mut self, url: &Url, cookie: &str);
    /// The value of a cookie, for a script of a page at `url`.
    fn cookie(&self, url: &Url, name: &str) -> Option<String>;
    /// What earlier sign-ins left in the local storage.
    fn take_storage(&mut self) -> Storage {
        Storage::default()
    }
    /// What this one leaves there.
    fn keep_storage(&mut self, _storage: Storage) {}
    /// The redirects of the last fetch, for a recording.
    fn passed(&mut self) -> Vec<Passed> {
        Vec::new()
    }
}

impl Fetch for Visitor {
    async fn fetch(&mut self, request: Request, trusted: &TrustedOrigins) -> Result<Response> {
        Visitor::fetch(self, request, trusted).await
    }

    fn keep_cookie(&mut self, url: &Url, cookie: &str) {
        self.jar_mut().store(url, cookie);
    }

    fn cookie(&self, url: &Url, name: &str) -> Option<String> {
        self.jar().value(url, name)
    }

    fn take_storage(&mut self) -> Storage {
        std::mem::take(&mut self.session_mut().storage)
    }

    fn keep_storage(&mut self, storage: Storage) {
        self.session_mut().storage = storage;
    }

    fn passed(&mut self) -> Vec<Passed> {
        self.take_passed()
    }
}

pub(super) async fn walk<F: Fetch>(
    fetcher: &mut F,
    settings: &Settings,
    is_aws: fn(&str) -> bool,
    person: &mut dyn Person,
    patience: TimeDelta,
) -> Result<Arrival> {
    let built_in = match settings.provider.as_deref() {
        None => &[][..],
        Some(name) => match providers::by_name(name) {
            Some(provider) => provider.hosts(),
            None => return Err(unknown_provider(name)),
        },
    };
    for key in settings.options.keys() {
        providers::check_option(settings.provider.as_deref(), key)?;
    }
    let mut visit = Visit::new(settings, built_in, person);
    visit.wanted_source = providers::wanted_source(settings);
    visit.storage = fetcher.take_storage();
    let mut walk = Walk {
        fetcher,
        is_aws,
        visit,
        patience,
        clock_skew: None,
        basic: None,
        basic_was_sent: false,
        made_request: false,
        before_request: None,
        seen: HashMap::new(),
    };
    let outcome = walk.run().await;
    walk.fetcher
        .keep_storage(std::mem::take(&mut walk.visit.storage));
    match (outcome, walk.before_request) {
        // The request was a guess; what the address itself says is nearer to the truth.
        (Err(error), Some(first))
            if walk.visit.last == Sent::Nothing
                && matches!(
                    error.kind(),
                    Kind::Failed | Kind::Unfamiliar | Kind::Unreachable
                ) =>
        {
            Err(first)
        }
        (outcome, _) => outcome,
    }
}

fn unknown_provider(name: &str) -> Error {
    let names: Vec<&str> = providers::PROVIDERS.iter().map(|p| p.name()).collect();
    Error::usage(format!("`type: {name}` names no provider"))
        .hint(format!("known are auto, {}", names.join(", ")))
}

/// User and password of a browser's own dialog, sent along within one origin.
struct Basic {
    origin: Url,
    user: String,
    password: Secret,
}

struct Walk<'a, F> {
    fetcher: &'a mut F,
    is_aws: fn(&str) -> bool,
    visit: Visit<'a>,
    patience: TimeDelta,
    clock_skew: Option<TimeDelta>,
    basic: Option<Basic>,
    /// Did the request that this page answers carry it?
    basic_was_sent: bool,
    /// Did we ask with a SAML request of our own?
    made_request: bool,
    /// What the start URL said before we did.
    before_request: Option<Error>,
    /// How often a form was sent or an address visited by a page's own will.
    seen: HashMap<String, usize>,
}

impl<F: Fetch> Walk<'_, F> {
    async fn run(&mut self) -> Result<Arrival> {
        let start = self.visit.settings.start.clone();
        self.visit
            .person
            .step(&format!("opening {}", host_of(&start)));
        self.made_request = authn_request::is_bare_endpoint(&start);
        let mut request = self.start()?;
        let mut number = 0;
        while number < MOST_STEPS {
            number += 1;
            let mut page = self.open(request).await?;
            let mut depth = 0;
            request = loop {
                if let Some(assertion) = self.arrival(&page)? {
                    return Ok(self.arrived(assertion));
                }
                let since = clock::now();
                let mut step = self.step(&page, number)?;
                let is_waiting = matches!(step, Step::Wait { .. });
                if let Step::Wait { every, then } = step {
                    self.visit.pushes.wait(&page.host())?;
                    tokio::time::sleep(every.min(LONGEST_PAUSE)).await;
                    step = *then;
                    number -= 1;
                } else {
                    self.visit.pushes.answered();
                }
                if let Some(assertion) = self.arrival_by_call(&page, &step)? {
                    return Ok(self.arrived(assertion));
                }
                let waited = clock::now() - since;
                let next = match step {
                    Step::Open(text) if depth == 0 => {
                        depth += 1;
                        page = page.framed(text)?;
                        continue;
                    }
                    Step::Open(_) => return Err(refusal::unfamiliar(&page, number)),
                    step if waited > self.patience
                        && step.carries_secret()
                        && self.visit.last == Sent::Password
                        && self.visit.once("a fresh login page") =>
                    {
                        self.visit.keep_password();
                        self.start()?
                    }
                    Step::Send(answer) => self.send(&page, &answer, is_waiting)?,
                    Step::Go(url) if is_waiting => follow(&page, url),
                    Step::Go(url) => self.go(&page, url)?,
                    Step::Call(call) => self.call(&page, call, is_waiting)?,
                    Step::Wait { .. } => {
                        return Err(Error::failed("a wait within a wait was asked for"));
                    }
                    Step::GoAfter(url, after) => {
                        tokio::time::sleep(after.min(LONGEST_WAIT)).await;
                        if url == page.url {
                            follow(&page, url)
                        } else {
                            self.go(&page, url)?
                        }
                    }
                    Step::StartAgain(why, error) => {
                        // A login form that comes now says nothing about the password.
                        self.visit.went_stale |= self.visit.password_sent();
                        let first = match why {
                            super::visit::Again::Stale => self.visit.once("start again: stale"),
                            super::visit::Again::Portal => self.visit.once("start again: portal"),
                        };
                        if !first {
                            return Err(error);
                        }
                        self.start()?
                    }
                };
                break next;
            };
        }
        Err(Error::failed(format!(
            "{} did not come to an end within {MOST_STEPS} pages",
            host_of(&start)
        ))
        .hint("try the URL in a browser; `-vv` shows the way it went"))
    }

    /// The request that begins the sign-in.
    fn start(&mut self) -> Result<Request> {
        let start = &self.visit.settings.start;
        Ok(Request::get(if self.made_request {
            authn_request::address(start, clock::now())?
        } else {
            start.clone()
        }))
    }

    async fn open(&mut self, mut request: Request) -> Result<Page> {
        if let Some(basic) = &self.basic
            && same_origin(&basic.origin, &request.url)
        {
            request.basic = Some((basic.user.clone(), basic.password.clone()));
        }
        let in_address =
            (request.carries_secret && request.method == Method::Get).then(|| request.url.clone());
        let mut response = self.fetcher.fetch(request, &self.visit.trusted).await?;
        self.basic_was_sent = response.had_basic;
        if in_address.as_ref() == Some(&response.url) {
            // The secret stood in it, and nothing that follows may repeat it.
            response.url.set_query(None);
        }
        if let Some(date) = response.date {
            self.clock_skew = Some(date - clock::now());
        }
        self.visit.plain_http_hop |= response.plain_http_hop || is_open_to_others(&response.url);
        let mut page = Page::read(response)?;
        if let Some(message) = providers::complaint(&page, self.visit.settings) {
            page.message = Some(message);
        }
        for cookie in script::cookies(page.document()) {
            self.fetcher.keep_cookie(&page.url, &cookie);
        }
        Ok(page)
    }

    fn arrived(&self, assertion: Assertion) -> Arrival {
        Arrival {
            assertion,
            clock_skew: self.clock_skew,
            password_accepted: self.visit.password_sent(),
        }
    }

    /// The answer for AWS, if this page carries it.
    fn arrival(&self, page: &Page) -> Result<Option<Assertion>> {
        for form in &page.forms {
            let Some(field) = form.control("SAMLResponse") else {
                continue;
            };
            let Ok(to) = form::submit::resolve(form.action.as_deref(), page.place()) else {
                continue;
            };
            if self.takes_answers(&to) {
                return self.believed(page, &to, &field.value).map(Some);
            }
        }
        Ok(None)
    }

    /// The same for a page whose program would send it.
    fn arrival_by_call(&self, page: &Page, step: &Step) -> Result<Option<Assertion>> {
        match step {
            Step::Call(call) if self.takes_answers(&call.url) => call
                .field("SAMLResponse")
                .map(|response| self.believed(page, &call.url, response))
                .transpose(),
            _ => Ok(None),
        }
    }

    fn takes_answers(&self, to: &Url) -> bool {
        (self.is_aws)(to.host_str().unwrap_or_default()) && to.path().starts_with("/saml")
    }

    fn believed(&self, page: &Page, to: &Url, response: &str) -> Result<Assertion> {
        let response: String = response.split_whitespace().collect();
        if response.is_empty() {
            return Err(
                Error::failed(format!("{} sent an empty answer for AWS", page.host()))
                    .hint("ask who runs the identity provider to look at its settings for AWS"),
            );
        }
        // Whoever could change a page on the way could put in keys of an account of their own.
        if self.visit.plain_http_hop && !self.visit.trusted.allows(&page.url) {
            return Err(Error::refused(format!(
                "{} was named by a page that came over plain http, so its answer for AWS is not believed",
                page.host()
            ))
            .hint("use the https address of the identity provider as `url:`"));
        }
        let host = to.host_str().unwrap_or_default();
        Ok(Assertion::new(Secret::new(response), host))
    }

    fn step(&mut self, page: &Page, number: usize) -> Result<Step> {
        if (self.is_aws)(page.url.host_str().unwrap_or_default()) {
            return Err(Error::failed(format!(
                "the sign-in led to AWS itself ({}) without an answer of an identity provider",
                page.host()
            ))
            .hint("`url:` must be the address of the identity provider that starts AWS"));
        }
        if let Some(step) = providers::step(page, &mut self.visit) {
            return step;
        }
        if page.status == 401 && self.is_password_dialog(page) {
            return self.answer_dialog(page);
        }
        let step = answer::answer(page, &mut self.visit, number);
        let start = &self.visit.settings.start;
        let dead_end = matches!(&step, Err(e) if matches!(e.kind(), Kind::Failed | Kind::Unfamiliar | Kind::Unreachable | Kind::Refused));
        if dead_end
            && !self.made_request
            && self.visit.last == Sent::Nothing
            && number == 1
            && authn_request::is_wanted_by(page, start)
        {
            self.made_request = true;
            self.before_request = step.err();
            return Ok(Step::Go(authn_request::address(start, clock::now())?));
        }
        step
    }

    fn is_password_dialog(&self, page: &Page) -> bool {
        let fields = &self.visit.settings.fields;
        matches!(
            classify(page, fields, self.visit.password_sent()),
            PageKind::Basic
        )
    }

    /// Answers HTTP Basic, for hosts that are trusted already: there is no page that could explain itself.
    fn answer_dialog(&mut self, page: &Page) -> Result<Step> {
        let host = page.host();
        if let Some(basic) = &self.basic
            && same_origin(&basic.origin, &page.url)
        {
            // On the way over another host it is left out.
            if !self.basic_was_sent {
                return Ok(Step::Go(page.url.clone()));
            }
            self.visit.person.password_refused();
            return Err(Error::refused(format!(
                "{host} refused the password of {}",
                crate::error::clean(&basic.user)
            )));
        }
        if !self.visit.trusted.allows(&page.url) {
            return Err(Error::needs_you(format!(
                "{host} asks for a password by HTTP Basic, and nobody said that it may have it"
            ))
            .hint(format!(
                "if it belongs to your company: `trusted_hosts: [{host}]` in profiles.yaml"
            )));
        }
        let user = self.visit.username(&page.url)?;
        let password = self.visit.password(&page.url)?;
        self.visit.forget_password();
        self.basic = Some(Basic {
            origin: page.url.clone(),
            user,
            password,
        });
        Ok(Step::Go(page.url.clone()))
    }

    fn send(&mut self, page: &Page, answer: &form::Answer, is_waiting: bool) -> Result<Request> {
        let Some(form) = page.form(answer) else {
            return Err(Error::failed("a form that is not there was to be sent"));
        };
        let mut answer = answer.clone();
        answer.copy_cookies(|name| self.fetcher.cookie(&page.url, name));
        let prepared = answer.prepare(form, page.place())?;
        let values = form.controls.iter().map(|c| c.value.as_str());
        self.check_answer(page, &prepared.url, values)?;
        if answer.carries_secret() {
            answer::target_of_secret(page, &self.visit, &answer)?;
        }
        self.check_target(page, &prepared.url, answer.carries_secret())?;
        if !is_waiting {
            let mut place = prepared.url.clone();
            place.set_query(None);
            self.count(page, format!("{place} {}", form.shape()))?;
        }
        if answer.carries_secret() {
            self.visit.forget_password();
        }
        Ok(Request {
            method: match prepared.method {
                form::Method::Post => Method::Post,
                form::Method::Get | form::Method::Dialog => Method::Get,
            },
            url: prepared.url,
            body: prepared.body.map(|(content_type, bytes)| Body {
                content_type,
                bytes,
            }),
            referer: Some(page.url.clone()),
            basic: None,
            carries_secret: answer.carries_secret(),
            headers: Vec::new(),
        })
    }

    /// The answer for AWS is for nobody else, and nothing else is for AWS.
    fn check_answer<'v>(
        &self,
        page: &Page,
        to: &Url,
        mut values: impl Iterator<Item = &'v str>,
    ) -> Result<()> {
        if (self.is_aws)(to.host_str().unwrap_or_default()) {
            return Err(Error::unfamiliar(format!(
                "{} wants to send AWS something that is no answer to a sign-in",
                page.host()
            ))
            .hint("try the URL in a browser; `-vv` shows the way there"));
        }
        if values.any(is_meant_for_aws) {
            return Err(Error::refused(format!(
                "{} wants the answer for AWS to be sent to {}, which is not AWS",
                page.host(),
                host_of(to)
            ))
            .hint("nothing was sent there; ask who runs the identity provider"));
        }
        Ok(())
    }

    /// May what a page asks for go there?
    fn check_target(&self, page: &Page, to: &Url, carries_secret: bool) -> Result<()> {
        let host = host_of(to);
        if carries_secret && !self.visit.trusted.allows(to) {
            return Err(Error::refused(format!(
                "a password or code was about to go to {host}, which is not trusted with it"
            ))
            .hint(format!(
                "if it belongs to your company: `trusted_hosts: [{host}]` in profiles.yaml"
            )));
        }
        if is_open_to_others(to) && !is_open_to_others(&page.url) {
            return Err(Error::refused(format!(
                "{} wants a form to be sent to {host} over plain http, where others can read it",
                page.host()
            ))
            .hint("this is a mistake of the identity provider, or an attack"));
        }
        Ok(())
    }

    fn call(&mut self, page: &Page, call: Call, is_waiting: bool) -> Result<Request> {
        self.check_answer(page, &call.url, call.values())?;
        self.check_target(page, &call.url, call.carries_secret)?;
        if !is_waiting {
            self.count(page, call.shape())?;
        }
        for cookie in &call.cookies {
            self.fetcher.keep_cookie(&page.url, cookie);
        }
        if call.carries_secret {
            self.visit.forget_password();
        }
        Ok(call.request(&page.url))
    }

    fn go(&mut self, page: &Page, url: Url) -> Result<Request> {
        self.count(page, url.to_string())?;
        Ok(follow(page, url))
    }

    fn count(&mut self, page: &Page, key: String) -> Result<()> {
        let times = self.seen.entry(key).or_insert(0);
        *times += 1;
        if *times >= CIRCLE {
            return Err(Error::failed(format!(
                "{} goes in circles: the same page came {CIRCLE} times",
                page.host()
            ))
            .hint("try the URL in a browser; `-vv` shows the way it went"));
        }
        Ok(())
    }
}

/// Does this answer name AWS as its audience? Whoever holds it can become any role in it.
pub(super) fn is_meant_for_aws(response: &str) -> bool {
    let encoded: String = response.split_whitespace().collect();
    STANDARD.decode(encoded).is_ok_and(|xml| {
        String::from_utf8_lossy(&xml)
            .split("Audience>")
            .any(|part| part.trim_start().starts_with("urn:amazon:webservices"))
    })
}

/// A GET, as after a click on the page.
fn follow(page: &Page, url: Url) -> Request {
    Request {
        referer: Some(page.url.clone()),
        ..Request::get(url)
    }
}

#[cfg(test)]
#[path = "walk_tests/mod.rs"]
mod tests;
