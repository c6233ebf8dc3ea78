//! A request that a script of a page would make: providers whose pages are programs are answered this way.

use http::{HeaderName, HeaderValue};
use serde_json::Value;
use url::Url;
use url::form_urlencoded::Serializer;
use zeroize::Zeroizing;

use crate::net::visitor::{Body, Method, Request};

/// One such request. The answer is a page like every other; what is JSON is found in `Page::json`.
///
/// A call with a secret in it goes to trusted origins only, as forms do.
pub struct Call {
    method: Method,
    pub url: Url,
    body: Option<Body>,
    /// The fields of a form with their names, the texts of a JSON document without.
    carried: Vec<(String, Zeroizing<String>)>,
    /// What tells it from others to the same address.
    about: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// Set before the request, as a script sets `document.cookie`.
    pub(super) cookies: Vec<String>,
    pub(super) carries_secret: bool,
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Call({:?} {})",
            self.method,
            super::page::host_of(&self.url)
        )
    }
}

impl Call {
    pub fn get(url: Url) -> Call {
        Call {
            method: Method::Get,
            url,
            body: None,
            carried: Vec::new(),
            about: String::new(),
            headers: Vec::new(),
            cookies: Vec::new(),
            carries_secret: false,
        }
    }

    pub fn post(url: Url) -> Call {
        Call {
            method: Method::Post,
            ..Call::get(url)
        }
    }

    /// With a JSON document, and asking for one.
    pub fn json(self, document: &Value) -> Call {
        let mut call = self.header("accept", "application/json");
        gather(document, &mut call.carried);
        call.body = Some(Body {
            content_type: "application/json".to_owned(),
            bytes: Zeroizing::new(document.to_string().into_bytes()),
        });
        call
    }

    /// With form fields, as `application/x-www-form-urlencoded`.
    pub fn form(mut self, fields: &[(&str, &str)]) -> Call {
        let own = |(name, value): &(&str, &str)| {
            ((*name).to_owned(), Zeroizing::new((*value).to_owned()))
        };
        self.carried.extend(fields.iter().map(own));
        let body = Zeroizing::new(Serializer::new(String::new()).extend_pairs(fields).finish());
        self.body = Some(Body {
            content_type: "application/x-www-form-urlencoded".to_owned(),
            bytes: Zeroizing::new(body.as_bytes().to_vec()),
        });
        self
    }

    /// A header; one that no request may hold is left out, as it would be in a browser.
    pub fn header(mut self, name: &'static str, value: &str) -> Call {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((HeaderName::from_static(name), value));
        }
        self
    }

    /// A cookie for the host of the page that this call answers: `name=value; path=/`.
    pub fn cookie(mut self, cookie: &str) -> Call {
        self.cookies.push(cookie.to_owned());
        self
    }

    /// What it answers, where one address takes all answers: the same again and again is a circle.
    pub fn about(mut self, question: &str) -> Call {
        self.about = question.to_owned();
        self
    }

    /// There is a password or a code in it.
    pub fn with_secret(mut self) -> Call {
        self.carries_secret = true;
        self
    }

    /// Everything that goes along in its body.
    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        self.carried.iter().map(|(_, value)| value.as_str())
    }

    /// A field of the form that it sends.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let found = self.carried.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The same for calls that ask the same.
    pub(super) fn shape(&self) -> String {
        format!("{self:?} {} {}", self.url.path(), self.about)
    }

    pub(super) fn request(self, referer: &Url) -> Request {
        Request {
            method: self.method,
            body: self.body,
            headers: self.headers,
            referer: Some(referer.clone()),
            carries_secret: self.carries_secret,
            ..Request::get(self.url)
        }
    }
}

/// The texts of a document, whatever they are called.
fn gather(document: &Value, texts: &mut Vec<(String, Zeroizing<String>)>) {
    match document {
        Value::String(text) => texts.push((String::new(), Zeroizing::new(text.clone()))),
        Value::Array(items) => items.iter().for_each(|item| gather(item, texts)),
        Value::Object(items) => items.values().for_each(|item| gather(item, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
