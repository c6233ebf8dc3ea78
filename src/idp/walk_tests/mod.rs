//! Whole sign-ins against a site that is a list of pages, and a person who is a list of answers.

mod adfs;
mod adfs_mfa;
mod assertion;
mod blame;
mod faces;
mod hosts;
mod lemonldap;
mod logins;
mod nobody;
mod openam;
mod pages;
mod pingfederate;
mod providers;
mod shibboleth;

use std::collections::VecDeque;

use http::{HeaderMap, HeaderValue};

use super::*;
use crate::idp::visit::{Agreement, Choice, CodeKind, CodeRequest, PushRequest};
use crate::presence::Presence;

pub(super) const START: &str = "https://idp.test/start";

/// A form that ends every sign-in; the name of the field tells its form from all others.
pub(super) const AWS: &str = "<form method=post action=https://signin.aws.amazon.com:443/saml><input type=hidden \
    name=SAMLResponse value='QUJD\n REVG'><input type=hidden name=RelayState></form><script>document.forms[0].submit()</script>";

pub(super) const LOGIN: &str = "<form method=post action=/login><input name=user><input type=password name=pass><button>Log in</button></form>";

pub(super) const CODE: &str = "<form method=post action=/code><label>One-time code <input name=otp></label><button>Verify</button></form>";

#[derive(Clone)]
pub(super) struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub html: String,
    /// Where redirects led, if they did.
    pub url: Option<Url>,
    pub plain_http_hop: bool,
    pub basic_left_out: bool,
}

pub(super) fn html(text: impl Into<String>) -> Reply {
    Reply {
        status: 200,
        headers: HeaderMap::new(),
        html: text.into(),
        url: None,
        plain_http_hop: false,
        basic_left_out: false,
    }
}

impl Reply {
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.append(name, HeaderValue::from_static(value));
        self
    }

    pub fn at(mut self, url: &str) -> Self {
        self.url = Some(Url::parse(url).unwrap());
        self
    }

    /// Redirects over another host led here, so no password dialog was answered.
    pub fn over_another_host(mut self) -> Self {
        self.basic_left_out = true;
        self
    }

    pub fn over_plain_http(mut self) -> Self {
        self.plain_http_hop = true;
        self
    }
}

/// Pages by `METHOD URL` without query; several for one address come one after the other, the last one stays.
#[derive(Default)]
pub(super) struct Site {
    pages: HashMap<String, VecDeque<Reply>>,
    /// What was asked for: `METHOD URL`, and what a form carried.
    pub asked: Vec<String>,
    pub cookies: Vec<String>,
}

impl Site {
    pub fn on(mut self, what: &str, reply: Reply) -> Self {
        let (method, address) = what.split_once(' ').unwrap();
        let url = Url::parse(START).unwrap().join(address).unwrap();
        let pages = self.pages.entry(format!("{method} {url}")).or_default();
        pages.push_back(reply);
        self
    }
}

impl Fetch for Site {
    async fn fetch(&mut self, request: Request, trusted: &TrustedOrigins) -> Result<Response> {
        let method = match request.method {
            Method::Get => "GET",
            Method::Post => "POST",
        };
        assert!(
            !request.carries_secret || trusted.allows(&request.url),
            "a secret for {}",
            request.url
        );
        let had_basic = request.basic.is_some();
        let mut line = format!("{method} {}", request.url);
        if let Some(body) = &request.body {
            line += " ";
            line += std::str::from_utf8(&body.bytes).unwrap();
        }
        if let Some((user, password)) = &request.basic {
            line += &format!(" basic {user}:{}", password.expose());
        }
        self.asked.push(line);
        let mut address = request.url.clone();
        address.set_query(None);
        address.set_fragment(None);
        let pages = self
            .pages
            .get_mut(&format!("{method} {address}"))
            .unwrap_or_else(|| panic!("nobody expected {method} {address}: {:?}", self.asked));
        let reply = match pages.len() {
            1 => pages[0].clone(),
            _ => pages.pop_front().unwrap(),
        };
        Ok(Response {
            url: reply.url.unwrap_or(request.url),
            status: reply.status,
            headers: reply.headers,
            text: reply.html,
            charset: encoding_rs::UTF_8,
            date: Some(clock::now() + TimeDelta::seconds(100)),
            plain_http_hop: reply.plain_http_hop,
            had_basic: had_basic && !reply.basic_left_out,
        })
    }

    fn keep_cookie(&mut self, _url: &Url, cookie: &str) {
        self.cookies.push(cookie.to_owned());
    }

    fn cookie(&self, _url: &Url, name: &str) -> Option<String> {
        let of = |cookie: &String| {
            let (found, value) = cookie.split(';').next()?.split_once('=')?;
            (found == name).then(|| value.to_owned())
        };
        self.cookies.iter().rev().find_map(of)
    }
}

/// A person with prepared answers; what was asked is kept.
pub(super) struct Ada {
    pub codes: VecDeque<&'static str>,
    /// Picks the option with this text in it.
    pub picks: &'static str,
    pub agrees: bool,
    pub asked: Vec<String>,
    /// Under what the answers to questions would be remembered.
    pub keys: Vec<String>,
}

impl Default for Ada {
    fn default() -> Self {
        Ada {
            codes: VecDeque::from(["111111", "222222", "333333", "444444", "555555"]),
            picks: "",
            agrees: false,
            asked: Vec::new(),
            keys: Vec::new(),
        }
    }
}

impl Person for Ada {
    fn username(&mut self, host: &str) -> Result<String> {
        self.asked.push(format!("user at {host}"));
        Ok("ada".into())
    }

    fn password(&mut self, host: &str) -> Result<Secret> {
        self.asked.push(format!("password at {host}"));
        Ok(Secret::new("hunter2&=ä"))
    }

    fn password_refused(&mut self) {
        self.asked.push("refused".into());
    }

    fn code(&mut self, ask: &CodeRequest) -> Result<Secret> {
        let device = ask.device.clone().unwrap_or_default();
        let again = if ask.again { " again" } else { "" };
        let what = match ask.kind {
            CodeKind::Secret => "secret",
            _ => "code",
        };
        self.asked.push(format!(
            "{what}{again} at {} [{}] {device}",
            ask.host, ask.label
        ));
        Ok(Secret::new(self.codes.pop_front().expect("no more codes")))
    }

    fn choose(&mut self, ask: &Choice) -> Result<usize> {
        self.asked
            .push(format!("{}: {}", ask.question, ask.options.join(" | ")));
        Ok(ask
            .options
            .iter()
            .position(|o| o.contains(self.picks))
            .expect("nothing to pick"))
    }

    fn agree(&mut self, ask: &Agreement) -> Result<bool> {
        self.asked.push(format!("{:?} {}", ask.kind, ask.host));
        self.keys.push(ask.key.clone());
        Ok(self.agrees)
    }

    fn push(&mut self, ask: &PushRequest) {
        let number = ask.number.clone().unwrap_or_default();
        self.asked
            .push(format!("push at {} [{number}] {}", ask.host, ask.text));
    }

    fn warn(&mut self, text: &str) {
        self.asked.push(format!("warned: {text}"));
    }
}

pub(super) fn settings() -> Settings {
    Settings::new(Url::parse(START).unwrap())
}

/// A whole sign-in.
pub(super) fn run(site: &mut Site, settings: &Settings, person: &mut Ada) -> Result<Arrival> {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(walk(
            site,
            settings,
            crate::arn::is_sign_in_host,
            person,
            PATIENCE,
        ))
}

pub(super) fn arrives(site: &mut Site) -> Ada {
    let mut ada = Ada::default();
    let arrival =
        run(site, &settings(), &mut ada).unwrap_or_else(|e| panic!("{e}: {:?}", site.asked));
    assert_eq!(arrival.assertion.response().expose(), "QUJDREVG");
    assert_eq!(arrival.assertion.sign_in_host(), "signin.aws.amazon.com");
    ada
}

/// The error of a sign-in that must fail; nothing secret may be in it.
pub(super) fn fails(site: &mut Site, settings: &Settings, person: &mut Ada) -> Error {
    let error = run(site, settings, person).expect_err("it arrived");
    let all = format!("{error} {:?}", error.hint_text());
    assert!(!all.contains("hunter2") && !all.contains("111111"), "{all}");
    error
}

pub(super) fn nobody() -> Settings {
    Settings {
        presence: Presence::Nobody,
        ..settings()
    }
}
