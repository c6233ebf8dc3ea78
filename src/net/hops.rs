//! Where a secret may go, and what a hop from one host to the next keeps.

use std::collections::BTreeSet;

use url::{Host, Url};

/// The origins a password, a code or a header with either may be sent to.
///
/// An origin is scheme, host and port, compared exactly: no subdomains, no other port, and plain http only to this
/// computer itself.
#[derive(Clone, Debug, Default)]
pub struct TrustedOrigins(BTreeSet<String>);

impl TrustedOrigins {
    /// The origin of the configured URL, a provider's own hosts, and those a person named (`host` or `host:port`).
    pub fn new(start: &Url, built_in_hosts: &[&str], trusted_hosts: &[String]) -> Self {
        let mut origins = TrustedOrigins::default();
        origins.add(start);
        let named = built_in_hosts
            .iter()
            .copied()
            .chain(trusted_hosts.iter().map(String::as_str));
        for host in named {
            for scheme in ["https", "http"] {
                let url = Url::parse(&format!("{scheme}://{}/", host.trim()));
                // An entry is a host and nothing else: `a@b` or `a/b` would name another host than it seems to.
                if let Some(url) = url.ok().filter(|url| url.path() == "/" && is_plain(url)) {
                    origins.add(&url);
                }
            }
        }
        origins
    }

    pub fn allows(&self, url: &Url) -> bool {
        key(url).is_some_and(|key| self.0.contains(&key))
    }

    /// Trusts the origin of `url` from now on; plain http to another computer is never trusted.
    pub fn add(&mut self, url: &Url) {
        self.0.extend(key(url));
    }
}

fn is_plain(url: &Url) -> bool {
    url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
}

fn key(url: &Url) -> Option<String> {
    let safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url));
    (safe && url.has_host()).then(|| url.origin().ascii_serialization())
}

/// Is this a host of this computer itself? Names below `.localhost` are not counted: a resolver may send them anywhere.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// May others on the way read and change what is sent?
pub fn is_open_to_others(url: &Url) -> bool {
    url.scheme() != "https" && !is_loopback(url)
}

pub fn same_origin(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
}

/// What `Referer` says about the page `from` in a request to `to`: all of it within an origin, else the origin alone.
pub fn referer(from: &Url, to: &Url) -> Option<String> {
    if is_open_to_others(to) && !is_open_to_others(from) {
        return None;
    }
    if !same_origin(from, to) {
        return Some(format!("{}/", from.origin().ascii_serialization()));
    }
    let mut page = from.clone();
    page.set_fragment(None);
    (page.set_username("").is_ok() && page.set_password(None).is_ok()).then(|| page.to_string())
}

/// A host as people know it, with its port if it is not the usual one. Names stay in punycode, so none looks like
/// another.
pub fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or("the host");
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_secret_goes_to_exactly_the_named_origins() {
        let start = url("https://Login.test/idp?x=1");
        let origins = TrustedOrigins::new(
            &start,
            &["built-in.test"],
            &[
                "sso.test".into(),
                "odd.test:8443".into(),
                "bücher.test".into(),
            ],
        );
        for allowed in [
            "https://login.test/other",
            "https://login.test:443/",
            "https://built-in.test/",
            "https://sso.test/",
            "https://odd.test:8443/",
            "https://xn--bcher-kva.test/",
        ] {
            assert!(origins.allows(&url(allowed)), "{allowed}");
        }
        for refused in [
            "http://login.test/",
            "https://login.test:8443/",
            "https://a.login.test/",
            "https://login.test.evil.test/",
            "https://login.test./",
            "http://sso.test/",
            "https://sso.test:8443/",
            "https://odd.test/",
            "https://login.test@evil.test/",
            "data:text/html,x",
        ] {
            assert!(!origins.allows(&url(refused)), "{refused}");
        }
    }

    #[test]
    fn plain_http_is_trusted_on_this_computer_only() {
        assert!(
            TrustedOrigins::new(&url("http://127.0.0.1:80/"), &[], &[])
                .allows(&url("http://127.0.0.1/x"))
        );
        assert!(
            TrustedOrigins::new(&url("http://[::1]:99/"), &[], &[])
                .allows(&url("http://[::1]:99/x"))
        );
        assert!(
            !TrustedOrigins::new(&url("http://login.test/"), &[], &[])
                .allows(&url("http://login.test/"))
        );
        assert!(
            !TrustedOrigins::new(&url("http://a.localhost/"), &[], &[])
                .allows(&url("http://a.localhost/"))
        );
        let named =
            TrustedOrigins::new(&url("https://login.test/"), &[], &["localhost:8080".into()]);
        assert!(named.allows(&url("http://localhost:8080/")));
    }

    #[test]
    fn an_entry_that_is_more_than_a_host_is_not_trusted() {
        let entries = ["good.test@evil.test", "evil.test/x", "evil.test?x", ""];
        let entries: Vec<String> = entries.map(String::from).into();
        let origins = TrustedOrigins::new(&url("https://login.test/"), &[], &entries);
        assert!(!origins.allows(&url("https://evil.test/")));
        assert_eq!(origins.0.len(), 1, "{origins:?}");
    }

    #[test]
    fn the_referer_keeps_queries_within_an_origin() {
        let page = url("https://login.test/a?code=1#x");
        let shown = |to: &str| referer(&page, &url(to));
        assert_eq!(
            shown("https://login.test/b").unwrap(),
            "https://login.test/a?code=1"
        );
        assert_eq!(
            shown("https://other.test/b").unwrap(),
            "https://login.test/"
        );
        assert_eq!(shown("http://login.test/b"), None);
    }
}
