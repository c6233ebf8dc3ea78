//! Walks a recording again: the same requests must come, in the same order, and lead to the same end.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use encoding_rs::{Encoding, UTF_8};
use http::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::tell::{fields_of, method};
use super::walk_file::{AnswerFile, RequestFile, ResponseFile, StepFile, VERSION, WalkFile};
use crate::arn;
use crate::error::{Error, Kind, Result};
use crate::idp::visit::{Agreement, Choice, CodeRequest, Fields, Person, Settings};
use crate::idp::walk::{Fetch, PATIENCE, walk};
use crate::net::hops::TrustedOrigins;
use crate::net::visitor::{Request, Response};
use crate::presence::Presence;
use crate::secret::Secret;

/// How a recording ended, and how walking it again did.
#[derive(Debug)]
pub struct Replayed {
    /// `arrived`, or the kind of the error.
    pub recorded: String,
    pub end: String,
    /// The error of this walk.
    pub error: Option<Error>,
    /// Where this walk left the recorded way.
    pub strayed: Option<String>,
    /// Recorded steps that were not asked for.
    pub left: usize,
}

/// Reads a folder that `--record` wrote and walks it again.
pub async fn replay(folder: &Path) -> Result<Replayed> {
    let file = read(folder, "walk.json")?;
    let walk_file: WalkFile = serde_json::from_str(&file).map_err(|error| {
        Error::usage(format!("{} is no recording", folder.display())).because(error)
    })?;
    if walk_file.version != VERSION {
        return Err(Error::usage(format!(
            "{} is a recording of version {}, and this mai reads version {VERSION}",
            folder.display(),
            walk_file.version
        )));
    }
    let settings = settings(&walk_file)?;
    let mut site = Site {
        folder: folder.to_path_buf(),
        steps: walk_file.steps.into(),
        is_cut: walk_file.end == Kind::Interrupted.name(),
        strayed: None,
        number: 0,
    };
    let mut person = Script {
        answers: walk_file.answers.into(),
        is_cut: walk_file.end == Kind::Interrupted.name(),
        codes: 0,
    };
    let outcome = walk(
        &mut site,
        &settings,
        arn::is_sign_in_host,
        &mut person,
        PATIENCE,
    )
    .await;
    Ok(Replayed {
        recorded: walk_file.end,
        end: match &outcome {
            Ok(_) => "arrived".to_owned(),
            Err(error) => error.kind().name().to_owned(),
        },
        error: outcome.err(),
        left: site.steps.len(),
        strayed: site.strayed,
    })
}

fn read(folder: &Path, name: &str) -> Result<String> {
    let path = folder.join(name);
    std::fs::read_to_string(&path)
        .map_err(|error| Error::usage(format!("{} cannot be read", path.display())).because(error))
}

fn settings(walk_file: &WalkFile) -> Result<Settings> {
    let recorded = &walk_file.settings;
    let start = Url::parse(&recorded.start)
        .map_err(|error| Error::usage("the recording starts nowhere").because(error))?;
    let field = |name: &str| recorded.fields.get(name).cloned();
    Ok(Settings {
        provider: recorded.provider.clone(),
        mfa_method: recorded.mfa_method.clone(),
        mfa_device: recorded.mfa_device.clone(),
        remember_device: recorded.remember_device,
        consent_accept: recorded.consent_accept,
        trusted_hosts: recorded.trusted_hosts.clone(),
        fields: Fields {
            username: field("username"),
            password: field("password"),
            otp: field("otp"),
        },
        presence: match recorded.person {
            true => Presence::Person,
            false => Presence::Nobody,
        },
        options: recorded.options.clone(),
        ..Settings::new(start)
    })
}

fn kind(name: &str) -> Kind {
    [
        Kind::Usage,
        Kind::NeedsYou,
        Kind::Refused,
        Kind::Unreachable,
        Kind::Unfamiliar,
        Kind::Interrupted,
    ]
    .into_iter()
    .find(|kind| kind.name() == name)
    .unwrap_or(Kind::Failed)
}

/// The recorded pages, one after the other.
struct Site {
    folder: PathBuf,
    steps: VecDeque<StepFile>,
    /// It ends with Ctrl-C: whatever comes after its last step was never answered.
    is_cut: bool,
    strayed: Option<String>,
    number: usize,
}

impl Fetch for Site {
    async fn fetch(&mut self, request: Request, trusted: &TrustedOrigins) -> Result<Response> {
        self.number += 1;
        let Some(step) = self.steps.pop_front() else {
            if self.is_cut {
                return Err(Error::interrupted());
            }
            return Err(self.stray(&request, "the end of the recording"));
        };
        if let Some(difference) = difference(&request, &step.request) {
            return Err(self.stray(&request, &difference));
        }
        if request.carries_secret && !trusted.allows(&request.url) {
            return Err(self.stray(&request, "no secret sent to a host that is not trusted"));
        }
        let (Some(response), None) = (step.response, &step.failure) else {
            let failure = step.failure.unwrap_or_default();
            return Err(Error::new(kind(&failure), "no answer was recorded"));
        };
        let redirected = !step.redirects.is_empty();
        self.answer(&request, response, redirected)
    }

    fn keep_cookie(&mut self, _url: &Url, _cookie: &str) {}

    /// Values of cookies are not in a recording; the field that one is copied into stays as it was.
    fn cookie(&self, _url: &Url, _name: &str) -> Option<String> {
        None
    }
}

impl Site {
    fn stray(&mut self, request: &Request, expected: &str) -> Error {
        let strayed = format!(
            "step {}: {} {} came instead of {expected}",
            self.number,
            method(request.method),
            request.url
        );
        self.strayed.get_or_insert_with(|| strayed.clone());
        Error::failed(strayed)
    }

    fn answer(
        &self,
        request: &Request,
        response: ResponseFile,
        redirected: bool,
    ) -> Result<Response> {
        let Some(page) = &response.page else {
            return Err(Error::failed(
                "a page is missing in the recording, since it could not be masked",
            ));
        };
        let mut headers = HeaderMap::new();
        for (name, value) in &response.headers {
            if let (Ok(name), Ok(value)) =
                (HeaderName::try_from(name), HeaderValue::try_from(value))
            {
                headers.append(name, value);
            }
        }
        let url = match redirected {
            true => Url::parse(&response.url).map_err(|error| {
                Error::usage("an address of the recording is none").because(error)
            })?,
            // What was typed may stand in it, and that was something else then.
            false => request.url.clone(),
        };
        Ok(Response {
            url,
            status: response.status,
            headers,
            text: read(&self.folder, page)?,
            charset: Encoding::for_label(response.charset.as_bytes()).unwrap_or(UTF_8),
            date: None,
            plain_http_hop: response.plain_http_hop,
            had_basic: response.had_basic,
        })
    }
}

/// What was recorded, if the request is another one: method, place, names.
fn difference(request: &Request, recorded: &RequestFile) -> Option<String> {
    let names = |url: &Url| {
        url.query_pairs()
            .map(|(name, _)| name.into_owned())
            .collect::<Vec<_>>()
    };
    let fields: Vec<String> = match &request.body {
        Some(body) => fields_of(body).into_iter().map(|(name, _)| name).collect(),
        None => Vec::new(),
    };
    let is_same = Url::parse(&recorded.url).is_ok_and(|url| {
        method(request.method) == recorded.method
            && url.origin() == request.url.origin()
            && url.path() == request.url.path()
            && names(&url) == names(&request.url)
            && fields == recorded.fields
            && request.basic.is_some() == recorded.basic
    });
    (!is_same).then(|| {
        format!(
            "{} {} with the fields {:?}",
            recorded.method, recorded.url, recorded.fields
        )
    })
}

/// A person who says what was said, in other words.
struct Script {
    answers: VecDeque<AnswerFile>,
    is_cut: bool,
    codes: usize,
}

impl Script {
    /// The recorded answer to the next question of that kind.
    fn next(&mut self, asked: &str) -> Result<AnswerFile> {
        let at = self.answers.iter().position(|answer| answer.asked == asked);
        let Some(answer) = at.and_then(|at| self.answers.remove(at)) else {
            return Err(match self.is_cut {
                true => Error::interrupted(),
                false => Error::needs_you(format!("{asked} was not asked for in the recording")),
            });
        };
        match &answer.failure {
            Some(failure) => Err(Error::new(kind(failure), format!("{asked} was not given"))),
            None => Ok(answer),
        }
    }
}

impl Person for Script {
    fn username(&mut self, _host: &str) -> Result<String> {
        self.next("username").map(|_| "somebody".to_owned())
    }

    fn password(&mut self, _host: &str) -> Result<Secret> {
        self.next("password").map(|_| Secret::new("a password"))
    }

    fn code(&mut self, _ask: &CodeRequest) -> Result<Secret> {
        let answer = self.next("code")?;
        let length = answer.number.unwrap_or(6);
        self.codes += usize::from(!answer.repeated);
        let digits = format!("{:0length$}", self.codes);
        Ok(Secret::new(digits))
    }

    fn choose(&mut self, _ask: &Choice) -> Result<usize> {
        self.next("choose")
            .map(|answer| answer.number.unwrap_or_default())
    }

    fn agree(&mut self, _ask: &Agreement) -> Result<bool> {
        self.next("agree").map(|answer| !answer.no)
    }
}
