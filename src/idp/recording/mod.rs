//! `--record`: a sign-in as it went, masked in memory, so that others can look at it and tests can walk it again.

mod address;
mod markup;
mod mask;
mod people;
mod program;
pub mod replay;
mod search;
mod tell;
mod walk_file;
mod words;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::HeaderMap;
use url::Url;
use zeroize::Zeroizing;

use super::page::host_of;
use super::visit::{Agreement, Choice, CodeKind, CodeRequest, Person, PushRequest, Settings};
use super::walk::{Arrival, Fetch, PATIENCE, walk};
use crate::error::{Kind, Result};
use crate::net::hops::TrustedOrigins;
use crate::net::storage::Storage;
use crate::net::visitor::{Passed, Request, Response, Visitor};
use crate::secret::Secret;

pub use tell::Masked;

/// One page as a recording shows it; nothing if one of `secrets` might still be seen.
pub fn masked_page(text: &str, secrets: &[String], is_aws: fn(&str) -> bool) -> Option<String> {
    let page = mask::Masker::new(secrets, is_aws).markup(text);
    (!search::finds(secrets, &page)).then_some(page)
}

/// What is written down while a sign-in goes on. Nothing of it leaves before it is masked.
#[derive(Clone, Default)]
pub struct Recording(Arc<Mutex<Notes>>);

#[derive(Default)]
struct Notes {
    settings: Option<Settings>,
    steps: Vec<Exchange>,
    answers: Vec<Given>,
    /// What was typed or came from where secrets are kept; the user name is one of them.
    users: Vec<String>,
    passwords: Vec<Secret>,
    codes: Vec<Secret>,
    end: Option<std::result::Result<(), Kind>>,
}

/// One request and its answer.
struct Exchange {
    request: Request,
    passed: Vec<Passed>,
    outcome: std::result::Result<Answered, Kind>,
}

struct Answered {
    url: Url,
    status: u16,
    headers: HeaderMap,
    text: String,
    charset: &'static str,
    plain_http_hop: bool,
    had_basic: bool,
}

/// What a person was asked, and said.
struct Given {
    what: &'static str,
    /// Of a code its length, of a choice the number that was picked.
    number: Option<usize>,
    /// The same code as the one before.
    repeated: bool,
    said: std::result::Result<bool, Kind>,
}

impl Recording {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Is it being written to just now, perhaps by whoever asks?
    pub fn is_busy(&self) -> bool {
        self.0.try_lock().is_err()
    }

    /// Was anything asked for at all?
    pub fn is_empty(&self) -> bool {
        self.notes().steps.is_empty()
    }

    /// Signs in as `walk::sign_in` does, and writes down how it went.
    pub async fn sign_in(
        &self,
        visitor: &mut Visitor,
        settings: &Settings,
        is_aws: fn(&str) -> bool,
        person: &mut dyn Person,
    ) -> Result<Arrival> {
        self.record(visitor, settings, is_aws, person).await
    }

    async fn record<F: Fetch>(
        &self,
        fetcher: &mut F,
        settings: &Settings,
        is_aws: fn(&str) -> bool,
        person: &mut dyn Person,
    ) -> Result<Arrival> {
        self.notes().settings = Some(settings.clone());
        let mut fetcher = Watched {
            fetcher,
            recording: self,
        };
        let mut person = Overheard {
            person,
            recording: self,
        };
        let outcome = walk(&mut fetcher, settings, is_aws, &mut person, PATIENCE).await;
        self.notes().end = Some(match &outcome {
            Ok(_) => Ok(()),
            Err(error) => Err(error.kind()),
        });
        outcome
    }

    fn heard<T>(&self, what: &'static str, number: Option<usize>, said: &Result<T>, yes: bool) {
        self.notes().answers.push(Given {
            what,
            number,
            repeated: false,
            said: match said {
                Ok(_) => Ok(yes),
                Err(error) => Err(error.kind()),
            },
        });
    }
}

impl Notes {
    /// Everything that must not be in the recording in any spelling.
    fn secrets(&self, is_aws: fn(&str) -> bool) -> Zeroizing<Vec<String>> {
        let all: Vec<String> = self
            .passwords
            .iter()
            .chain(&self.codes)
            .map(|secret| secret.expose().to_owned())
            .collect();
        let mut all = Zeroizing::new(all);
        for user in &self.users {
            all.push(user.clone());
            all.extend(user.split(['@', '\\']).map(str::to_owned));
        }
        for url in self.places() {
            let name = url.host_str().unwrap_or_default().to_owned();
            if !is_aws(&name) {
                all.push(host_of(url));
                all.push(name);
            }
        }
        all.retain(|secret| !secret.is_empty());
        all.sort();
        all.dedup();
        all
    }

    /// Wherever it went.
    fn places(&self) -> impl Iterator<Item = &Url> {
        let places = self.steps.iter().flat_map(|step| {
            let passed = step.passed.iter().map(|hop| &hop.url);
            passed.chain(std::iter::once(&step.request.url))
        });
        places.chain(self.settings.iter().map(|settings| &settings.start))
    }

    /// What its user and the companies of its hosts are called, even if that is a word that every page has.
    fn names(&self, is_aws: fn(&str) -> bool) -> Vec<String> {
        let places = self.places().filter(|url| {
            let host = host_of(url);
            !is_aws(&host) && !address::is_of_product(&host)
        });
        people::names(&self.users, places)
    }
}

/// Fetches what is asked for, and remembers it.
struct Watched<'a, F> {
    fetcher: &'a mut F,
    recording: &'a Recording,
}

impl<F: Fetch> Fetch for Watched<'_, F> {
    async fn fetch(&mut self, request: Request, trusted: &TrustedOrigins) -> Result<Response> {
        let asked = request.clone();
        let outcome = self.fetcher.fetch(request, trusted).await;
        let passed = self.fetcher.passed();
        self.recording.notes().steps.push(Exchange {
            request: asked,
            passed,
            outcome: match &outcome {
                Ok(response) => Ok(Answered {
                    url: response.url.clone(),
                    status: response.status,
                    headers: response.headers.clone(),
                    text: response.text.clone(),
                    charset: response.charset.name(),
                    plain_http_hop: response.plain_http_hop,
                    had_basic: response.had_basic,
                }),
                Err(error) => Err(error.kind()),
            },
        });
        outcome
    }

    fn keep_cookie(&mut self, url: &Url, cookie: &str) {
        self.fetcher.keep_cookie(url, cookie);
    }

    fn cookie(&self, url: &Url, name: &str) -> Option<String> {
        self.fetcher.cookie(url, name)
    }

    fn take_storage(&mut self) -> Storage {
        self.fetcher.take_storage()
    }

    fn keep_storage(&mut self, storage: Storage) {
        self.fetcher.keep_storage(storage);
    }
}

/// A person whose answers are remembered: to hide them, and to give others in their place when it is walked again.
struct Overheard<'a> {
    person: &'a mut dyn Person,
    recording: &'a Recording,
}

impl Person for Overheard<'_> {
    fn username(&mut self, host: &str) -> Result<String> {
        let said = self.person.username(host);
        self.recording.heard("username", None, &said, true);
        if let Ok(user) = &said {
            self.recording.notes().users.push(user.clone());
        }
        said
    }

    fn password(&mut self, host: &str) -> Result<Secret> {
        let said = self.person.password(host);
        self.recording.heard("password", None, &said, true);
        if let Ok(password) = &said {
            self.recording.notes().passwords.push(password.clone());
        }
        said
    }

    fn password_refused(&mut self) {
        self.person.password_refused();
    }

    fn password_doubted(&mut self) {
        self.person.password_doubted();
    }

    fn code(&mut self, ask: &CodeRequest) -> Result<Secret> {
        let said = self.person.code(ask);
        // The length of a password or a PIN says something about it.
        let counts = said.as_ref().ok().filter(|_| ask.kind != CodeKind::Secret);
        let length = counts.map(|code| code.expose().chars().count());
        self.recording.heard("code", length, &said, true);
        if let Ok(code) = &said {
            let mut notes = self.recording.notes();
            let repeated = notes.codes.last() == Some(code);
            if let Some(given) = notes.answers.last_mut() {
                given.repeated = repeated;
            }
            notes.codes.push(code.clone());
        }
        said
    }

    fn choose(&mut self, ask: &Choice) -> Result<usize> {
        let said = self.person.choose(ask);
        self.recording
            .heard("choose", said.as_ref().ok().copied(), &said, true);
        said
    }

    fn agree(&mut self, ask: &Agreement) -> Result<bool> {
        let said = self.person.agree(ask);
        let yes = said.as_ref().is_ok_and(|yes| *yes);
        self.recording.heard("agree", None, &said, yes);
        said
    }

    fn push(&mut self, ask: &PushRequest) {
        self.person.push(ask);
    }

    fn step(&mut self, doing: &str) {
        self.person.step(doing);
    }

    fn warn(&mut self, text: &str) {
        self.person.warn(text);
    }
}

#[cfg(test)]
mod tests;
