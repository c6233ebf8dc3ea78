//! From notes to files: everything is masked, then searched for what must not be in it.

use encoding_rs::Encoding;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, REFRESH, SET_COOKIE, WWW_AUTHENTICATE};
use serde_json::Value;
use url::form_urlencoded;

use super::markup::refresh;
use super::mask::Masker;
use super::search;
use super::walk_file::{
    AnswerFile, RedirectFile, RequestFile, ResponseFile, SettingsFile, StepFile, VERSION, WalkFile,
};
use super::{Answered, Exchange, Notes, Recording};
use crate::error::{Error, Result};
use crate::idp::document::LARGEST;
use crate::net::visitor::{Body, Method, Passed, Request};

/// A recording that may be seen.
pub struct Masked {
    /// Names and contents; `walk.json` is the last.
    pub files: Vec<(String, Vec<u8>)>,
    pub pages: usize,
    /// Pages that are left out, since they could not be masked.
    pub withheld: usize,
}

/// Random letters may happen to be a secret; others are then tried.
const TRIES: usize = 3;

/// Authentication schemes; whatever else a header names is nobody's business.
const SCHEMES: &[&str] = &["basic", "negotiate", "ntlm", "kerberos", "bearer", "digest"];

impl Recording {
    /// Masks all that was written down. `is_aws` tells the hosts whose names may be seen.
    pub fn masked(&self, is_aws: fn(&str) -> bool) -> Result<Masked> {
        let notes = self.notes();
        let secrets = notes.secrets(is_aws);
        let mut best: Option<Masked> = None;
        for _ in 0..TRIES {
            let masked = masked(&notes, &secrets, is_aws)?;
            let is_whole = masked.withheld == 0;
            if best
                .as_ref()
                .is_none_or(|best| masked.withheld < best.withheld)
            {
                best = Some(masked);
            }
            if is_whole {
                break;
            }
        }
        best.ok_or_else(|| Error::failed("there is nothing to record"))
    }
}

fn masked(notes: &Notes, secrets: &[String], is_aws: fn(&str) -> bool) -> Result<Masked> {
    let mut masker = Masker::new(secrets, is_aws);
    masker.hide_names(notes.names(is_aws));
    let mut files = Vec::new();
    let mut withheld = 0;
    let settings = settings(&mut masker, notes);
    let mut steps = Vec::new();
    for (index, exchange) in notes.steps.iter().enumerate() {
        let mut step = step(&mut masker, notes, exchange);
        if let (Ok(answered), Some(response)) = (&exchange.outcome, &mut step.response) {
            match page(&mut masker, answered).filter(|(_, page)| !search::finds(secrets, page)) {
                Some((ending, page)) => {
                    let name = format!("{:02}.{ending}", index + 1);
                    response.page = Some(name.clone());
                    files.push((name, page.into_bytes()));
                }
                None => withheld += 1,
            }
        }
        steps.push(step);
    }
    let walk = WalkFile {
        version: VERSION,
        mai: env!("CARGO_PKG_VERSION").to_owned(),
        settings,
        steps,
        answers: answers(notes),
        end: match &notes.end {
            Some(Ok(())) => "arrived".to_owned(),
            Some(Err(kind)) => kind.name().to_owned(),
            None => "interrupted".to_owned(),
        },
    };
    let mut text = serde_json::to_string_pretty(&walk)
        .map_err(|error| Error::failed("the recording cannot be written down").because(error))?;
    text.push('\n');
    if search::finds(secrets, &text) {
        return Err(Error::failed(
            "the recording would have shown a secret of this sign-in, so nothing was written",
        )
        .hint("tell us what the addresses of your identity provider look like, without names"));
    }
    let pages = files.len();
    files.push(("walk.json".to_owned(), text.into_bytes()));
    Ok(Masked {
        files,
        pages,
        withheld,
    })
}

/// The kind of file and the masked text; nothing for a page too large to be looked at.
fn page(masker: &mut Masker, answered: &Answered) -> Option<(&'static str, String)> {
    if answered.text.len() > LARGEST {
        return None;
    }
    if is_json(&answered.headers)
        && let Ok(document) = serde_json::from_str::<Value>(&answered.text)
    {
        let mut text = serde_json::to_string_pretty(&masker.json(&document)).ok()?;
        text.push('\n');
        return Some(("json", text));
    }
    Some(("html", masker.markup(&answered.text)))
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.to_ascii_lowercase().contains("json"))
}

fn settings(masker: &mut Masker, notes: &Notes) -> SettingsFile {
    let Some(settings) = &notes.settings else {
        return SettingsFile::default();
    };
    let named = [
        ("username", &settings.fields.username),
        ("password", &settings.fields.password),
        ("otp", &settings.fields.otp),
    ];
    SettingsFile {
        start: masker.url(&settings.start),
        provider: settings.provider.clone(),
        mfa_method: settings
            .mfa_method
            .as_ref()
            .map(|method| masker.text(method)),
        mfa_device: settings
            .mfa_device
            .as_ref()
            .map(|device| masker.text(device)),
        remember_device: settings.remember_device,
        consent_accept: settings.consent_accept,
        trusted_hosts: settings
            .trusted_hosts
            .iter()
            .map(|host| masker.host(host.trim()))
            .collect(),
        fields: named
            .into_iter()
            .filter_map(|(what, name)| Some((what.to_owned(), masker.field(name.as_ref()?))))
            .collect(),
        options: settings
            .options
            .iter()
            .map(|(name, value)| (name.clone(), masker.value(value)))
            .collect(),
        person: settings.presence.is_person(),
    }
}

fn answers(notes: &Notes) -> Vec<AnswerFile> {
    let answers = notes.answers.iter().map(|given| AnswerFile {
        asked: given.what.to_owned(),
        number: given.number,
        repeated: given.repeated,
        no: given.said == Ok(false),
        failure: given.said.err().map(|kind| kind.name().to_owned()),
    });
    answers.collect()
}

fn step(masker: &mut Masker, notes: &Notes, exchange: &Exchange) -> StepFile {
    StepFile {
        request: request(masker, notes, &exchange.request),
        redirects: exchange
            .passed
            .iter()
            .map(|hop| redirect(masker, hop))
            .collect(),
        response: exchange
            .outcome
            .as_ref()
            .ok()
            .map(|answered| response(masker, answered)),
        failure: exchange
            .outcome
            .as_ref()
            .err()
            .map(|kind| kind.name().to_owned()),
    }
}

fn request(masker: &mut Masker, notes: &Notes, request: &Request) -> RequestFile {
    let mut fields: Vec<(String, String)> = request.url.query_pairs().into_owned().collect();
    let in_query = fields.len();
    let mut content_type = None;
    if let Some(body) = &request.body {
        content_type = Some(
            body.content_type
                .split(';')
                .next()
                .unwrap_or_default()
                .to_owned(),
        );
        fields.extend(fields_of(body));
    }
    let filled = fields
        .iter()
        .filter_map(|(name, value)| Some((field(masker, name), held(notes, value)?.to_owned())))
        .collect();
    RequestFile {
        method: method(request.method).to_owned(),
        url: masker.url(&request.url),
        content_type: content_type.map(|kind| masker.name(&kind)),
        fields: fields[in_query..]
            .iter()
            .map(|(name, _)| field(masker, name))
            .collect(),
        filled,
        headers: request
            .headers
            .iter()
            .map(|(name, _)| masker.name(name.as_str()))
            .collect(),
        basic: request.basic.is_some(),
    }
}

/// The name of a field; in a path into a document, as in `callbacks.0.input.1.value`, places are counted.
fn field(masker: &mut Masker, name: &str) -> String {
    let is_place =
        |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let is_path = name.split('.').any(is_place) && name.split('.').count() > 1;
    if !is_path {
        return masker.field(name);
    }
    let parts = name.split('.').map(|part| match is_place(part) {
        true => part.to_owned(),
        false => masker.field(part),
    });
    parts.collect::<Vec<_>>().join(".")
}

pub fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post => "POST",
    }
}

fn held(notes: &Notes, value: &str) -> Option<&'static str> {
    if value.is_empty() {
        return None;
    }
    let is =
        |secrets: &[crate::secret::Secret]| secrets.iter().any(|secret| secret.expose() == value);
    if is(&notes.passwords) {
        Some("password")
    } else if is(&notes.codes) {
        Some("code")
    } else {
        notes
            .users
            .iter()
            .any(|user| user == value)
            .then_some("username")
    }
}

/// Names and values of what a request carries.
pub fn fields_of(body: &Body) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(&body.bytes);
    if body.content_type.contains("json") {
        let mut found = Vec::new();
        if let Ok(document) = serde_json::from_str(&text) {
            leaves("", &document, &mut found);
        }
        return found;
    }
    if body.content_type.starts_with("multipart/") {
        let parts = text.split("form-data; name=\"").skip(1);
        return parts
            .filter_map(|part| {
                let (name, rest) = part.split_once('"')?;
                let (_, value) = rest.split_once("\r\n\r\n")?;
                let value = value.split("\r\n--").next().unwrap_or_default();
                Some((name.to_owned(), value.to_owned()))
            })
            .collect();
    }
    form_urlencoded::parse(&body.bytes).into_owned().collect()
}

fn leaves(path: &str, document: &Value, found: &mut Vec<(String, String)>) {
    let below = |key: &str| match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    };
    match document {
        Value::Object(fields) => {
            for (key, value) in fields {
                leaves(&below(key), value, found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                leaves(&below(&index.to_string()), item, found);
            }
        }
        Value::String(text) => found.push((path.to_owned(), text.clone())),
        other => found.push((path.to_owned(), other.to_string())),
    }
}

fn redirect(masker: &mut Masker, hop: &Passed) -> RedirectFile {
    RedirectFile {
        method: method(hop.method).to_owned(),
        url: masker.url(&hop.url),
        status: hop.status,
        location: masker.url(&hop.location),
        cookies: cookies(masker, &hop.headers),
    }
}

fn response(masker: &mut Masker, answered: &Answered) -> ResponseFile {
    let mut headers = Vec::new();
    let texts = |name| {
        answered
            .headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
    };
    for kind in texts(CONTENT_TYPE) {
        headers.push((CONTENT_TYPE.to_string(), content_type(masker, kind)));
    }
    for offer in texts(WWW_AUTHENTICATE).flat_map(|value| value.split(',')) {
        let scheme = offer.split_whitespace().next().unwrap_or_default();
        if SCHEMES.contains(&scheme.to_ascii_lowercase().as_str()) {
            headers.push((WWW_AUTHENTICATE.to_string(), scheme.to_owned()));
        }
    }
    for content in texts(REFRESH) {
        headers.push((REFRESH.to_string(), refresh(masker, content)));
    }
    ResponseFile {
        url: masker.url(&answered.url),
        status: answered.status,
        headers,
        cookies: cookies(masker, &answered.headers),
        charset: answered.charset.to_owned(),
        plain_http_hop: answered.plain_http_hop,
        had_basic: answered.had_basic,
        page: None,
    }
}

/// The kind, and the character set if it is one.
fn content_type(masker: &mut Masker, value: &str) -> String {
    let kind = value.split(';').next().unwrap_or_default().trim();
    let kind = masker.name(kind);
    let charset = value
        .split_once("charset=")
        .and_then(|(_, label)| Encoding::for_label(label.trim_matches('"').as_bytes()));
    match charset {
        Some(charset) => format!("{kind}; charset={}", charset.name().to_ascii_lowercase()),
        None => kind,
    }
}

/// The names of the cookies that an answer sets.
fn cookies(masker: &mut Masker, headers: &HeaderMap) -> Vec<String> {
    let set = headers.get_all(SET_COOKIE).iter();
    let names = set.filter_map(|value| {
        value
            .to_str()
            .ok()?
            .split_once('=')
            .map(|(name, _)| name.trim())
    });
    let mut names: Vec<String> = names.map(|name| masker.name(name)).collect();
    names.dedup();
    names
}
