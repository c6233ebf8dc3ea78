//! Masks addresses part by part, so that what a page leads to is still what was asked for.

use url::{Url, form_urlencoded};

use super::markup::synthetic;
use super::mask::Masker;
use crate::net::hops::{host_of, is_loopback};

impl Masker {
    /// An address as it stands on a page, relative or not.
    pub fn address(&mut self, text: &str) -> String {
        let text: String = text
            .trim()
            .chars()
            .filter(|c| !matches!(c, '\t' | '\n' | '\r'))
            .collect();
        if let Some((scheme, rest)) = scheme_of(&text) {
            return match scheme.to_ascii_lowercase().as_str() {
                "http" | "https" => match Url::parse(&text) {
                    Ok(url) => self.url(&url),
                    Err(_) => "https://".to_owned(),
                },
                "javascript" => format!("javascript:{}", self.program(rest)),
                "about" => "about:blank".to_owned(),
                "data" => "data:,".to_owned(),
                // That it is there tells what the page is; all of it is secret.
                "otpauth" => "otpauth://totp/x".to_owned(),
                other => format!("{}:{}", self.name(other), self.text(rest)),
            };
        }
        if text.starts_with("//")
            && let Ok(url) = Url::parse(&format!("https:{text}"))
        {
            return self.url(&url).trim_start_matches("https:").to_owned();
        }
        self.tail(&text)
    }

    /// An absolute address. This computer itself becomes a host like every other.
    pub fn url(&mut self, url: &Url) -> String {
        // An app that is called by its own scheme bears the name of its company.
        let scheme = match url.scheme() {
            _ if is_loopback(url) => "https".to_owned(),
            "http" | "https" => url.scheme().to_owned(),
            other => self.name(other),
        };
        let user = if url.username().is_empty() {
            ""
        } else {
            "user@"
        };
        let host = self.host(&host_of(url));
        let whole = url.as_str();
        let tail = &whole[whole.len() - tail_length(url)..];
        format!("{scheme}://{user}{host}{}", self.tail(tail))
    }

    /// A host, with its port if it is not the usual one: AWS and a product's own stay, each other gets a name.
    pub fn host(&mut self, host: &str) -> String {
        if (self.is_aws)(host) || is_of_product(host) {
            return host.to_owned();
        }
        if let Some(name) = self.hosts.get(host) {
            return name.clone();
        }
        let name = self.host_token();
        self.hosts.insert(host.to_owned(), name.clone());
        name
    }

    /// Path, query and fragment.
    fn tail(&mut self, text: &str) -> String {
        let (text, fragment) = split(text, '#');
        let (path, query) = split(text, '?');
        let path = path.replace('\\', "/");
        let mut masked = self.segments(&path);
        if let Some(query) = query {
            masked.push('?');
            masked += &self.query(query);
        }
        if let Some(fragment) = fragment {
            masked.push('#');
            masked += &self.fragment(fragment);
        }
        masked
    }

    /// Some programs keep a path and parameters here: `#login/&realm=a`.
    fn fragment(&mut self, text: &str) -> String {
        let mut masked = String::new();
        for part in text.split_inclusive(['&', '?']) {
            let body = part.trim_end_matches(['&', '?']);
            masked += &match body.contains('=') {
                true => self.query(body),
                false => self.segments(body),
            };
            masked += &part[body.len()..];
        }
        masked
    }

    fn segments(&mut self, path: &str) -> String {
        let masked = path.split('/').map(|segment| self.segment(segment));
        masked.collect::<Vec<_>>().join("/")
    }

    fn segment(&mut self, segment: &str) -> String {
        let parts = segment.split(';').map(|part| {
            let (name, value) = split(part, '=');
            let name = encoded_segment(&self.part(&percent_decoded(name)));
            match value {
                Some(value) => format!(
                    "{name}={}",
                    encoded_segment(&self.part(&percent_decoded(value)))
                ),
                None => name,
            }
        });
        parts.collect::<Vec<_>>().join(";")
    }

    /// The parameters of an address or of a form.
    pub fn query(&mut self, query: &str) -> String {
        let parts = query.split('&').map(|part| {
            let (name, value) = split(part, '=');
            let name = query_decoded(name);
            let shown = encoded_value(&self.field(&name));
            let Some(value) = value else {
                return shown;
            };
            let value = query_decoded(value);
            let value = match synthetic(&name, &value) {
                Some(value) => value,
                None => self.value(&value),
            };
            format!("{shown}={}", encoded_value(&value))
        });
        parts.collect::<Vec<_>>().join("&")
    }
}

/// Is it a host of a product, the same for all companies that use it?
pub fn is_of_product(host: &str) -> bool {
    let mut providers = crate::idp::providers::PROVIDERS.iter();
    providers.any(|provider| provider.hosts().contains(&host))
}

/// How much of an absolute address stands behind its host.
fn tail_length(url: &Url) -> usize {
    let part = |text: Option<&str>| text.map_or(0, |text| text.len() + 1);
    url.path().len() + part(url.query()) + part(url.fragment())
}

/// Is this value an address rather than a text?
pub fn looks_like_one(value: &str) -> bool {
    !value.contains(char::is_whitespace)
        && (["/", "./", "../", "?", "http://", "https://"]
            .iter()
            .any(|start| value.starts_with(start))
            || (value.contains('?') && value.contains('=') && !value.contains("://")))
}

/// What stands in a value that is encoded as a part of an address, if it is.
pub fn decoded(value: &str) -> Option<String> {
    let is_one = !value.contains(|c: char| c.is_whitespace() || ":/?&=<".contains(c))
        && ["%2f", "%3a", "%3d", "%26", "%22"]
            .iter()
            .any(|code| value.to_ascii_lowercase().contains(code));
    is_one
        .then(|| percent_decoded(value))
        .filter(|decoded| decoded != value)
}

pub fn encoded_value(value: &str) -> String {
    form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

fn query_decoded(text: &str) -> String {
    percent_decoded(&text.replace('+', " "))
}

pub fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let code = (*byte == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(value) => {
                decoded.push(value);
                at += 3;
            }
            None => {
                decoded.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn encoded_segment(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$'()*,:@+".contains(&byte) {
            encoded.push(byte as char);
        } else {
            encoded += &format!("%{byte:02X}");
        }
    }
    encoded
}

fn scheme_of(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let mut letters = scheme.chars();
    let is_one = letters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && letters.all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    is_one.then_some((scheme, rest))
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masker() -> Masker {
        Masker::new(&[], |host| host == "signin.aws.amazon.com")
    }

    #[test]
    fn an_address_leads_where_its_masked_page_leads() {
        let mut masker = masker();
        let page = Url::parse(
            "https://sso.acme.test:8443/a%20b/realms/acme/login?tab=x1y2&go=https://acme.test/q#f",
        )
        .unwrap();
        let masked_page = Url::parse(&masker.url(&page)).unwrap();
        for address in [
            "",
            "?",
            "?a=b",
            "next",
            "../up/./on",
            "/realms/acme/x;jsessionid=AB12CD?execution=9f-1&b=%2Fx+y",
            "//other.acme.test/p",
            "https://sso.acme.test:8443/z",
            "https://signin.aws.amazon.com/saml",
            "x?y#z",
            "a b/c",
            "#login/&realm=%2Facme&goto=https%3A%2F%2Facme.test%2Fx",
            "https://[::1]:99/x",
            "/%E4/",
            "#top",
        ] {
            let to = page.join(address).unwrap();
            let expected = Url::parse(&masker.url(&to)).unwrap();
            let found = masked_page.join(&masker.address(address)).unwrap();
            assert_eq!(found, expected, "{address}");
            assert!(!found.as_str().contains("acme"), "{found}");
        }
    }

    #[test]
    fn parts_that_say_nothing_stay() {
        let mut masker = masker();
        let masked = masker.address(
            "https://idp.acme.test/realms/acme/protocol/saml/clients/aws?execution=1234567",
        );
        assert!(masked.contains(".test/realms/"), "{masked}");
        assert!(
            masked.contains("/protocol/saml/clients/aws?execution="),
            "{masked}"
        );
        assert!(!masked.contains("1234567"), "{masked}");
        assert_eq!(
            masker.address("https://signin.aws.amazon.com/saml"),
            "https://signin.aws.amazon.com/saml"
        );
        assert_eq!(
            masker.address("otpauth://totp/Acme:ada?secret=ABC"),
            "otpauth://totp/x"
        );
        assert_eq!(masker.address("data:text/html,hunter2"), "data:,");
    }

    #[test]
    fn the_scheme_of_an_app_is_a_name_like_others() {
        let mut masker = masker();
        for app in [
            "acmecorp-sso://done/x",
            "org.acmecorp.app:done",
            "ACMECORP://x@y/",
        ] {
            let masked = masker.url(&Url::parse(app).unwrap());
            assert!(!masked.to_lowercase().contains("acme"), "{masked}");
            assert!(Url::parse(&masked).is_ok(), "{masked}");
            let masked = masker.address(app);
            assert!(!masked.to_lowercase().contains("acme"), "{masked}");
        }
        assert!(
            masker
                .url(&Url::parse("http://idp.acme.test/").unwrap())
                .starts_with("http://")
        );
    }

    #[test]
    fn an_address_within_an_address_is_masked_alike() {
        let mut masker = masker();
        let host = masker.host("acme.test");
        let state = masker.value("_a1b2c3:https://acme.test/?x=login%3Auser");
        assert!(
            state.ends_with(&format!(":https://{host}/?x=login%3Auser")),
            "{state}"
        );
        let masked = masker.address("/go?to=https%3A%2F%2Facme.test%2Flogin%3Fu%3Dada");
        assert!(
            masked.contains(&format!("https%3A%2F%2F{host}%2Flogin%3Fu%3D")),
            "{masked}"
        );
        assert!(!masked.contains("ada"), "{masked}");
    }
}
