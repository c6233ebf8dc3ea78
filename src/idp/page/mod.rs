//! One answer of an identity provider: what stands on it and what kind of page it is. Pure.

pub mod choices;
pub mod kind;
pub mod message;
pub mod script;

use encoding_rs::Encoding;
use http::HeaderMap;
use scraper::ElementRef;
use url::Url;

use super::document::{Document, MOST, is_hidden, visible_text};
use super::form::submit::{Place, resolve};
use super::form::{self, Answer, Form};
use crate::error::{Error, Result, clean};
pub use crate::net::hops::host_of;
use crate::net::visitor::Response;
use message::Message;

/// A page that arrived, parsed.
pub struct Page {
    /// Where it is, after redirects.
    pub url: Url,
    /// What its addresses are relative to.
    pub base: Url,
    pub status: u16,
    pub headers: HeaderMap,
    pub charset: &'static Encoding,
    /// Did a plain-http hop lead here? Then hosts that it names are nobody's word.
    pub plain_http_hop: bool,
    /// Fit to be shown.
    pub title: String,
    pub forms: Vec<Form>,
    /// Visible fields without a form.
    pub loose_fields: Vec<String>,
    pub message: Option<Message>,
    /// What a person reads.
    pub text: String,
    /// The document of a program's answer; there is nothing else on such a page.
    pub json: Option<serde_json::Value>,
    document: Document,
}

/// A link that a person can see.
#[derive(Clone, Debug)]
pub struct Link {
    pub text: String,
    pub id: String,
    pub url: Url,
}

impl Page {
    /// Refuses what is too large or nested too deep before it costs anything.
    pub fn read(response: Response) -> Result<Page> {
        let told = |error: Error| {
            Error::unfamiliar(format!("{} cannot be read", host_of(&response.url)))
                .because(error)
                .hint("the address of the identity provider may be wrong")
        };
        let json = is_json(&response.headers)
            .then(|| serde_json::from_str(&response.text).ok())
            .flatten();
        // What stands in a JSON text is no page, however it looks.
        let text = if json.is_some() { "" } else { &response.text };
        let mut document = Document::parse(text).map_err(told)?;
        // Some pages keep the form that ends a step for browsers without scripts, and let a script build its twin.
        if !document.has("form") && holds_hidden_form(text) {
            document = Document::parse_without_scripts(text).map_err(told)?;
        }
        let forms = form::read(&document);
        Ok(Page {
            base: base_of(&document, &response.url),
            title: title_of(&document),
            loose_fields: form::read::loose_fields(&document),
            message: message::find(&document),
            text: document.text(),
            json,
            forms,
            document,
            url: response.url,
            status: response.status,
            headers: response.headers,
            charset: response.charset,
            plain_http_hop: response.plain_http_hop,
        })
    }

    /// Host and, if it is not the usual one, port, as typed into a browser.
    pub fn host(&self) -> String {
        host_of(&self.url)
    }

    pub fn place(&self) -> Place<'_> {
        Place {
            page: &self.url,
            base: &self.base,
            charset: self.charset,
        }
    }

    /// An address that stands on the page.
    pub fn resolve(&self, address: &str) -> Result<Url> {
        resolve(Some(address), self.place())
    }

    pub fn form(&self, answer: &Answer) -> Option<&Form> {
        self.forms.get(answer.form)
    }

    /// Everything that matches, hidden or not.
    pub fn select(&self, css: &str) -> Vec<ElementRef<'_>> {
        self.document.select(css)
    }

    pub fn has(&self, css: &str) -> bool {
        self.document.has(css)
    }

    /// What a person reads in the first visible match.
    pub fn text_of(&self, css: &str) -> Option<String> {
        let text = visible_text(self.document.seen(css)?);
        (!text.is_empty()).then_some(text)
    }

    pub fn scripts(&self) -> String {
        self.document.scripts()
    }

    /// Does a script send a form of this page, rather than press a button of it?
    pub fn submits_by_script(&self) -> bool {
        let sends = |code: &str| code.to_ascii_lowercase().contains("submit(");
        sends(&self.scripts())
            || self
                .select("body[onload]")
                .iter()
                .any(|b| b.attr("onload").is_some_and(sends))
    }

    /// The page's own words for what went wrong, or its beginning.
    pub fn summary(&self) -> String {
        match &self.message {
            Some(message) => message.text.clone(),
            None => clean(&self.document.prose()),
        }
    }

    pub fn document(&self) -> &Document {
        &self.document
    }

    pub fn links(&self) -> Vec<Link> {
        self.document
            .select("a[href]")
            .into_iter()
            .take(MOST)
            .filter(|a| !is_hidden(*a))
            .filter_map(|a| {
                let address = a.attr("href").unwrap_or_default().trim();
                if address.is_empty() || address.starts_with('#') {
                    return None;
                }
                let text = match visible_text(a) {
                    text if text.is_empty() => a
                        .attr("title")
                        .or(a.attr("aria-label"))
                        .unwrap_or_default()
                        .to_owned(),
                    text => text,
                };
                Some(Link {
                    text: clean(&text),
                    id: a.attr("id").unwrap_or_default().to_owned(),
                    url: self.resolve(address).ok()?,
                })
            })
            .collect()
    }

    /// The document inside this one, where the page is only a frame around it.
    pub fn frame(&self) -> Option<Frame> {
        let frames: Vec<ElementRef<'_>> = self
            .document
            .select("iframe, frame")
            .into_iter()
            .take(MOST)
            .filter(|f| f.value().name() == "frame" || !is_hidden(*f))
            .collect();
        let named = |f: &ElementRef<'_>| {
            let about = format!(
                "{} {} {}",
                f.attr("src").unwrap_or_default(),
                f.attr("id").unwrap_or_default(),
                f.attr("name").unwrap_or_default()
            )
            .to_lowercase();
            ["login", "signin", "auth", "sso", "main", "content"]
                .iter()
                .any(|word| about.contains(word))
        };
        let mut best = frames.iter().filter(|f| named(f)).chain(frames.iter());
        best.find_map(|frame| {
            if let Some(text) = frame.attr("srcdoc") {
                return Some(Frame::Written(text.to_owned()));
            }
            let address = frame.attr("src")?.trim();
            if address.is_empty() || address.starts_with("about:") {
                return None;
            }
            self.resolve(address).ok().map(Frame::Elsewhere)
        })
    }

    /// The document that stands in this page's frame, word for word.
    pub fn framed(self, text: String) -> Result<Page> {
        Page::read(Response {
            url: self.url,
            status: self.status,
            headers: self.headers,
            text,
            charset: self.charset,
            date: None,
            plain_http_hop: self.plain_http_hop,
            had_basic: false,
        })
    }
}

/// A document within a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    Elsewhere(Url),
    /// `srcdoc`
    Written(String),
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(http::header::CONTENT_TYPE);
    kind.and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            kind.eq_ignore_ascii_case("application/json") || kind.ends_with("+json")
        })
}

fn holds_hidden_form(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower
        .find("<noscript")
        .is_some_and(|start| lower[start..].contains("<form"))
}

fn base_of(document: &Document, url: &Url) -> Url {
    document
        .select("base[href]")
        .first()
        .and_then(|base| url.join(base.attr("href")?.trim()).ok())
        .filter(|base| matches!(base.scheme(), "http" | "https"))
        .unwrap_or_else(|| url.clone())
}

fn title_of(document: &Document) -> String {
    let title: String = match document.select("title").first() {
        Some(title) => title.text().collect(),
        None => String::new(),
    };
    clean(&title)
}

#[cfg(test)]
pub mod test_page {
    use super::*;

    /// A page at `https://idp.test/login` without a network.
    pub fn page(html: &str) -> Page {
        answer(200, &[], html)
    }

    pub fn answer(status: u16, headers: &[(&'static str, &'static str)], html: &str) -> Page {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, http::HeaderValue::from_static(value));
        }
        Page::read(Response {
            url: Url::parse("https://idp.test/login").unwrap(),
            status,
            headers: map,
            text: html.to_owned(),
            charset: encoding_rs::UTF_8,
            date: None,
            plain_http_hop: false,
            had_basic: false,
        })
        .unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::test_page::page;
    use super::*;

    #[test]
    fn the_base_element_moves_relative_addresses() {
        let page = page("<base href='/other/'><form action=go></form>");
        assert_eq!(
            page.resolve("go").unwrap().as_str(),
            "https://idp.test/other/go"
        );
        assert_eq!(page.resolve("").unwrap().as_str(), "https://idp.test/login");
    }

    #[test]
    fn a_page_full_of_traps_costs_no_time() {
        let styled = "<div style='color: red'>".repeat(60);
        let many = [
            format!(
                "{styled}<form method=post><label>{}",
                "<input type=radio name=a>".repeat(4_000)
            ),
            format!("{styled}{}", "<a href=/idp/x>Log in</a>".repeat(4_000)),
            format!("{styled}{}", "<p class=error style='top:1'>1".repeat(4_000)),
            format!("{}{}", "<label for=x>".repeat(200), "1 ".repeat(200_000)),
            "<form><input name=a></form>".repeat(4_000),
            format!(
                "<script>{}</script>{}",
                "document.x.submit();".repeat(4_000),
                "<form></form>".repeat(4_000)
            ),
            format!("<script>{}</script>", "location.href=".repeat(20_000)),
        ];
        for html in many {
            let started = std::time::Instant::now();
            let page = page(&html);
            let names = crate::idp::form::choose::FieldNames::default();
            kind::classify(&page, &names, false);
            let took = started.elapsed();
            assert!(
                took < std::time::Duration::from_secs(60),
                "{took:?}: {}",
                &html[..60]
            );
        }
    }

    #[test]
    fn a_form_for_browsers_without_scripts_is_used_when_there_is_no_other() {
        let only = page(
            "<noscript><form method=post><input type=hidden name=SAMLResponse value=x></form></noscript>",
        );
        assert_eq!(only.forms.len(), 1);
        let both = page("<form id=a></form><noscript><form id=b></form></noscript>");
        assert_eq!(both.forms.len(), 1);
    }

    #[test]
    fn the_document_in_a_frame_is_found() {
        for (html, expected) in [
            ("<iframe src=/in></iframe>", Some("https://idp.test/in")),
            (
                "<frameset><frame src=/top><frame name=main src=/main></frameset>",
                Some("https://idp.test/main"),
            ),
            (
                "<iframe src=/stats style='display:none'></iframe><iframe src=/a></iframe>",
                Some("https://idp.test/a"),
            ),
            ("<iframe src=about:blank></iframe>", None),
        ] {
            let found = match page(html).frame() {
                Some(Frame::Elsewhere(url)) => Some(url.to_string()),
                _ => None,
            };
            assert_eq!(found.as_deref(), expected, "{html}");
        }
        let written = page("<iframe srcdoc='<form id=x></form>'></iframe>");
        let Some(Frame::Written(text)) = written.frame() else {
            panic!("no frame");
        };
        assert_eq!(written.framed(text).unwrap().forms[0].id, "x");
    }
}
