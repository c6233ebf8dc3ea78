//! A browser without a screen: sends a request, follows where it leads, and brings back the page at the end.

use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use encoding_rs::Encoding;
use http::header::{
    ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE, COOKIE, DATE, HeaderName, HeaderValue,
    LOCATION, ORIGIN, REFERER, SET_COOKIE,
};
use http::{HeaderMap, StatusCode};
use url::Url;
use zeroize::Zeroizing;

use super::body;
use super::browser_session::BrowserSession;
use super::explain::explain;
use super::hops::{self, TrustedOrigins, host_of};
use super::jar::Jar;
use super::trace::{self, Hop};
use crate::error::{Error, Result, clean};
use crate::secret::Secret;

/// Redirects that one request may lead through.
const MOST_REDIRECTS: usize = 30;
/// The same request with the same cookies this often goes in circles.
const CIRCLE: usize = 3;
/// All redirects and the page together.
const FETCH_LIMIT: Duration = Duration::from_secs(150);
/// Waiting for servers, all requests of a sign-in together; the time a person takes is not in it.
const SIGN_IN_LIMIT: Duration = Duration::from_secs(300);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    Get,
    Post,
}

impl Method {
    fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
        }
    }
}

/// What a request carries; it may hold a password, so it is wiped.
#[derive(Clone)]
pub struct Body {
    pub content_type: String,
    pub bytes: Zeroizing<Vec<u8>>,
}

/// One request, as a page or a person asked for it.
#[derive(Clone)]
pub struct Request {
    pub method: Method,
    pub url: Url,
    pub body: Option<Body>,
    /// The page this request comes from.
    pub referer: Option<Url>,
    /// User and password for HTTP Basic authentication.
    pub basic: Option<(String, Secret)>,
    /// Is there a password or a code in it? Then it goes to trusted origins only.
    pub carries_secret: bool,
    /// What a script adds; these win over the usual ones.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl Request {
    /// A plain GET without anything.
    pub fn get(url: Url) -> Self {
        Request {
            method: Method::Get,
            url,
            body: None,
            referer: None,
            basic: None,
            carries_secret: false,
            headers: Vec::new(),
        }
    }
}

/// The page at the end of the redirects.
///
/// It may hold an assertion or a form's secrets, so its `Debug` shows where it came from and nothing else.
pub struct Response {
    /// Where the page is, after all redirects.
    pub url: Url,
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    pub charset: &'static Encoding,
    /// What time it is by the host's clock.
    pub date: Option<DateTime<Utc>>,
    /// Was a request on the way open to others (plain http, not to this computer)? Hosts that were named by such a
    /// hop or after it are not to be trusted.
    pub plain_http_hop: bool,
    /// Did the last request carry user and password of a browser's own dialog?
    pub had_basic: bool,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({} {})", self.status, host_of(&self.url))
    }
}

/// A redirect that was followed, for a recording.
pub struct Passed {
    pub method: Method,
    pub url: Url,
    pub status: u16,
    pub headers: HeaderMap,
    pub location: Url,
}

/// A browser without a screen: cookies, redirects, limits.
///
/// A secret leaves only in a request that says so, and only to a trusted origin; a filled form is never carried to
/// another origin.
pub struct Visitor {
    client: reqwest::Client,
    session: BrowserSession,
    requests: usize,
    /// How long servers may still be waited for.
    patience: Duration,
    passed: Vec<Passed>,
}

impl Visitor {
    pub fn new(client: reqwest::Client) -> Self {
        Visitor::resuming(client, BrowserSession::default())
    }

    /// One that was there before.
    pub fn resuming(client: reqwest::Client, session: BrowserSession) -> Self {
        Visitor {
            client,
            session,
            requests: 0,
            patience: SIGN_IN_LIMIT,
            passed: Vec::new(),
        }
    }

    /// Sends `request` and follows its redirects as a browser does.
    pub async fn fetch(&mut self, request: Request, trusted: &TrustedOrigins) -> Result<Response> {
        let host = host_of(&request.url);
        let limit = FETCH_LIMIT.min(self.patience);
        let begun = Instant::now();
        let outcome = tokio::time::timeout(limit, self.follow(request, trusted)).await;
        self.patience = self.patience.saturating_sub(begun.elapsed());
        match outcome {
            Ok(outcome) => outcome,
            Err(_) if limit < FETCH_LIMIT => Err(Error::unreachable(format!(
                "{host} is too slow: its pages took more than {} s together",
                SIGN_IN_LIMIT.as_secs()
            ))
            .hint("try again later; `-vv` shows which page took so long")),
            Err(_) => Err(Error::unreachable(format!(
                "{host} and the hosts it led to did not answer within {} s",
                FETCH_LIMIT.as_secs()
            ))
            .hint("try again later, or check the network and the VPN")),
        }
    }

    pub fn jar(&self) -> &Jar {
        &self.session.jar
    }

    pub fn jar_mut(&mut self) -> &mut Jar {
        &mut self.session.jar
    }

    /// What it has of this and earlier sign-ins.
    pub fn session(&self) -> &BrowserSession {
        &self.session
    }

    pub fn session_mut(&mut self) -> &mut BrowserSession {
        &mut self.session
    }

    /// The redirects of the last fetch.
    pub fn take_passed(&mut self) -> Vec<Passed> {
        std::mem::take(&mut self.passed)
    }

    /// How many requests were sent.
    pub fn requests(&self) -> usize {
        self.requests
    }

    async fn follow(&mut self, mut request: Request, trusted: &TrustedOrigins) -> Result<Response> {
        let mut plain_http_hop = false;
        let mut seen = HashMap::new();
        let mut from: Option<String> = None;
        let mut passed_on = false;
        self.passed.clear();
        for _ in 0..=MOST_REDIRECTS {
            check(&request, from.as_deref(), trusted)?;
            plain_http_hop |= hops::is_open_to_others(&request.url);
            let times = seen.entry(self.fingerprint(&request)).or_insert(0);
            *times += 1;
            if *times >= CIRCLE {
                return Err(in_circles(&request.url, from.as_deref()));
            }
            let answer = self.send(&request).await?;
            let next = redirect(&answer, &request)?;
            trace::say(&Hop::new(
                request.method.name(),
                &request.url,
                Some(answer.status().as_u16()),
                next.as_ref(),
            ));
            let Some(next) = next else {
                let mut page = page(answer, request.url, plain_http_hop).await?;
                page.had_basic = request.basic.is_some();
                return Ok(page);
            };
            self.passed.push(Passed {
                method: request.method,
                url: request.url.clone(),
                status: answer.status().as_u16(),
                headers: answer.headers().clone(),
                location: next.clone(),
            });
            from = Some(host_of(&request.url));
            request = carry_on(request, next, answer.status())?;
            // Each time it may count as an attempt.
            if request.carries_secret && request.body.is_some() {
                if passed_on {
                    return Err(Error::refused(format!(
                        "{} wanted a password or code to be passed on a second time",
                        from.unwrap_or_default()
                    ))
                    .hint("a secret is passed on once at most; check the URL of the identity provider"));
                }
                passed_on = true;
            }
        }
        Err(Error::failed(format!(
            "{} redirected more than {MOST_REDIRECTS} times",
            from.unwrap_or_default()
        ))
        .hint("`-vv` shows the way it went"))
    }

    async fn send(&mut self, request: &Request) -> Result<reqwest::Response> {
        // While a person was asked, nobody looked at the connections: let the runtime notice those that were closed.
        tokio::task::yield_now().await;
        let mut sent = self.send_once(request).await;
        // A connection that was kept may be cut just when it is used again. Asking anew is harmless for a GET.
        if let Err(error) = &sent
            && request.method == Method::Get
            && !request.carries_secret
            && request.basic.is_none()
            && !error.is_connect()
            && !error.is_timeout()
        {
            sent = self.send_once(request).await;
        }
        let answer = sent.map_err(|error| {
            trace::say(&Hop::new(request.method.name(), &request.url, None, None));
            explain(&error, &request.url)
        })?;
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let cookie = String::from_utf8_lossy(cookie.as_bytes());
            self.session.jar.store(&request.url, &cookie);
        }
        Ok(answer)
    }

    async fn send_once(&mut self, request: &Request) -> reqwest::Result<reqwest::Response> {
        self.requests += 1;
        let mut url = request.url.clone();
        url.set_fragment(None);
        let builder = match request.method {
            Method::Get => self.client.get(url),
            Method::Post => self.client.post(url),
        };
        let builder = builder.headers(self.headers(request));
        match &request.body {
            Some(body) => builder.body(body::wiped(body.bytes.clone())).send().await,
            None => builder.send().await,
        }
    }

    fn headers(&self, request: &Request) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let mut set = |name: HeaderName, value: &str, secret: bool| {
            // Bytes that no header may hold were none in a browser either.
            if let Ok(mut value) = HeaderValue::from_bytes(value.as_bytes()) {
                value.set_sensitive(secret);
                headers.insert(name, value);
            }
        };
        set(
            ACCEPT,
            "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5",
            false,
        );
        set(ACCEPT_LANGUAGE, "en", false);
        let referer = request.referer.as_ref();
        if let Some(referer) = referer.and_then(|page| hops::referer(page, &request.url)) {
            set(REFERER, &referer, false);
        }
        if request.method == Method::Post {
            let page = referer.unwrap_or(&request.url);
            set(ORIGIN, &page.origin().ascii_serialization(), false);
        }
        if let Some(body) = &request.body {
            set(CONTENT_TYPE, &body.content_type, false);
        }
        if let Some(cookies) = self.session.jar.header(&request.url) {
            set(COOKIE, &cookies, true);
        }
        if let Some((user, password)) = &request.basic {
            let pair = Zeroizing::new(format!("{user}:{}", password.expose()));
            let value = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
            set(AUTHORIZATION, &value, true);
        }
        for (name, value) in &request.headers {
            headers.insert(name, value.clone());
        }
        headers
    }

    /// What makes a request the same as an earlier one: a page that sets a cookie and comes back is no circle.
    fn fingerprint(&self, request: &Request) -> u64 {
        let mut hasher = DefaultHasher::new();
        request.method.hash(&mut hasher);
        request.url.as_str().hash(&mut hasher);
        self.session.jar.header(&request.url).hash(&mut hasher);
        hasher.finish()
    }
}

/// May this request be sent at all? `from` is the host that redirected here.
fn check(request: &Request, from: Option<&str>, trusted: &TrustedOrigins) -> Result<()> {
    let url = &request.url;
    let place = match from {
        Some(host) => format!("{host} redirected to"),
        None => "this is".to_string(),
    };
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Error::unfamiliar(format!(
            "{place} an address that is no web page (`{}:`)",
            clean(url.scheme())
        ))
        .hint("it may want an app or a certain browser"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::refused(format!(
            "{place} an address with a user name in it ({})",
            host_of(url)
        ))
        .hint("addresses like `https://user@host` are not followed"));
    }
    if (request.carries_secret || request.basic.is_some()) && !trusted.allows(url) {
        let why = match hops::is_open_to_others(url) {
            true => "over plain http",
            false => "which is not trusted with it",
        };
        return Err(Error::refused(format!(
            "a password or code would have gone to {}, {why}",
            host_of(url)
        ))
        .hint("if the host is right, name it in `trusted_hosts:` of the identity provider; plain http never gets a secret"));
    }
    Ok(())
}

/// Where an answer sends us, if it does.
fn redirect(answer: &reqwest::Response, request: &Request) -> Result<Option<Url>> {
    if !matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = answer.headers().get(LOCATION) else {
        return Ok(None);
    };
    let location = String::from_utf8_lossy(location.as_bytes());
    let mut next = request.url.join(location.trim()).map_err(|_| {
        Error::unfamiliar(format!(
            "{} redirected to something that is no address",
            host_of(&request.url)
        ))
        .hint("try the URL in a browser; `-vv` shows the way there")
    })?;
    if next.fragment().is_none() {
        next.set_fragment(request.url.fragment());
    }
    Ok(Some(next))
}

/// The request after a redirect: a GET without a body, or the same again where the status asks for it.
fn carry_on(request: Request, next: Url, status: StatusCode) -> Result<Request> {
    let stays = hops::same_origin(&request.url, &next);
    let again = matches!(status.as_u16(), 307 | 308);
    if again && request.method == Method::Post && !stays {
        return Err(Error::refused(format!(
            "{} wanted a filled form to be passed on to {}",
            host_of(&request.url),
            host_of(&next)
        ))
        .hint("a form is never carried to another host; check the URL of the identity provider"));
    }
    let basic = request.basic.filter(|_| stays);
    let (method, body, headers) = match again {
        true => (request.method, request.body, request.headers),
        false => (Method::Get, None, Vec::new()),
    };
    let headers = if stays { headers } else { Vec::new() };
    Ok(Request {
        carries_secret: basic.is_some() || (request.carries_secret && body.is_some()),
        method,
        body,
        headers,
        basic,
        url: next,
        referer: request.referer,
    })
}

async fn page(answer: reqwest::Response, url: Url, plain_http_hop: bool) -> Result<Response> {
    let status = answer.status().as_u16();
    let headers = answer.headers().clone();
    let body = body::read(answer, &url, body::LARGEST).await?;
    let (text, charset) = body::decode(&body, &headers);
    let date = headers.get(DATE).and_then(|date| {
        let date = DateTime::parse_from_rfc2822(date.to_str().ok()?).ok()?;
        Some(date.with_timezone(&Utc))
    });
    Ok(Response {
        url,
        status,
        headers,
        text,
        charset,
        date,
        plain_http_hop,
        had_basic: false,
    })
}

fn in_circles(url: &Url, from: Option<&str>) -> Error {
    let host = host_of(url);
    let between = match from {
        Some(other) if other != host => format!("{other} and {host} redirect in circles"),
        _ => format!("{host} redirects in circles"),
    };
    Error::failed(between).hint("try the URL in a browser; `-vv` shows the way it went")
}

#[cfg(test)]
mod tests;
