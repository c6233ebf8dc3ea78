//! Cookies, with the scopes a browser gives them.

use std::convert::Infallible;
use std::fmt;

use cookie_store::{Cookie, CookieStore, RawCookie};
use url::{Host, Url};

use super::hops::is_open_to_others;

/// The cookies of a sign-in.
///
/// Each goes back only to the hosts and paths it was set for, and a `Secure` one never over plain http, except to
/// this computer itself. `SameSite` is not looked at: all we do is what a browser calls a top-level navigation.
#[derive(Clone, Default)]
pub struct Jar(CookieStore);

impl Jar {
    /// Keeps what a `Set-Cookie` header of `url` says, if a browser would.
    pub fn store(&mut self, url: &Url, set_cookie: &str) {
        let Ok(mut cookie) = RawCookie::parse(set_cookie.to_string()) else {
            return;
        };
        if !settle_domain(&mut cookie, url) || !keeps_prefix(&cookie) {
            return;
        }
        if cookie.secure() == Some(true) && is_open_to_others(url) {
            return;
        }
        // What the store refuses (another host's cookie, one that has expired) a browser refuses too.
        let _ = self.0.insert_raw(&cookie, url);
    }

    /// A jar with these cookies, except those that have expired.
    pub(super) fn of(cookies: Vec<Cookie<'static>>) -> Jar {
        let cookies = cookies.into_iter().map(Ok::<_, Infallible>);
        match CookieStore::from_cookies(cookies, false) {
            Ok(store) => Jar(store),
        }
    }

    /// All cookies, to be kept.
    pub(super) fn cookies(&self) -> Vec<Cookie<'static>> {
        self.0.iter_unexpired().cloned().collect()
    }

    pub fn is_empty(&self) -> bool {
        self.0.iter_unexpired().next().is_none()
    }

    /// Drops the cookies that a browser drops when it is closed.
    pub(super) fn close(&mut self) {
        let kept = self.cookies();
        *self = Jar::of(kept.into_iter().filter(|c| c.is_persistent()).collect());
    }

    /// The value of a cookie that a request to `url` would carry.
    pub fn value(&self, url: &Url, name: &str) -> Option<String> {
        let cookies = self.0.matches(url);
        let cookie = cookies.iter().find(|cookie| cookie.name() == name)?;
        Some(cookie.value().to_owned())
    }

    /// The `Cookie` header of a request to `url`: longer paths first, as servers may expect.
    pub fn header(&self, url: &Url) -> Option<String> {
        let mut cookies = self.0.matches(url);
        cookies.sort_by(|a, b| {
            let paths = b.path.len().cmp(&a.path.len());
            paths.then_with(|| a.name().cmp(b.name()))
        });
        let pairs: Vec<String> = cookies
            .iter()
            .map(|cookie| format!("{}={}", cookie.name(), cookie.value()))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

/// Cookies are as good as passwords: only their number shows.
impl fmt::Debug for Jar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jar({} cookies)", self.0.iter_any().count())
    }
}

/// Makes a cookie whose `Domain` is the host itself, an address or one label host-only; false where such a `Domain`
/// names another host.
fn settle_domain(cookie: &mut RawCookie<'_>, url: &Url) -> bool {
    let Some(domain) = cookie.domain().map(str::trim).map(str::to_lowercase) else {
        return true;
    };
    let (host, is_name) = match url.host() {
        Some(Host::Domain(name)) => (name.to_string(), true),
        Some(Host::Ipv4(address)) => (address.to_string(), false),
        Some(Host::Ipv6(address)) => (format!("[{address}]"), false),
        None => return false,
    };
    if domain.contains('.') && is_name {
        return true;
    }
    cookie.unset_domain();
    domain.is_empty() || domain == host
}

/// The promises that the names `__Secure-` and `__Host-` make (RFC 6265bis, 4.1.3).
fn keeps_prefix(cookie: &RawCookie<'_>) -> bool {
    let name = cookie.name().to_ascii_lowercase();
    let secure = cookie.secure() == Some(true);
    if name.starts_with("__host-") {
        secure && cookie.domain().is_none() && cookie.path() == Some("/")
    } else {
        secure || !name.starts_with("__secure-")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The header for `to` after `from` has set each of `cookies`.
    fn sent(from: &str, cookies: &[&str], to: &str) -> String {
        let mut jar = Jar::default();
        for cookie in cookies {
            jar.store(&Url::parse(from).unwrap(), cookie);
        }
        jar.header(&Url::parse(to).unwrap()).unwrap_or_default()
    }

    #[test]
    fn a_cookie_is_read_where_it_would_be_sent() {
        let mut jar = Jar::default();
        let url = |text| Url::parse(text).unwrap();
        jar.store(&url("https://login.test/a/b"), "t=1; Path=/a");
        assert_eq!(
            jar.value(&url("https://login.test/a/x"), "t").as_deref(),
            Some("1")
        );
        assert_eq!(jar.value(&url("https://login.test/a/x"), "u"), None);
        assert_eq!(jar.value(&url("https://login.test/b"), "t"), None);
        assert_eq!(jar.value(&url("https://other.test/a"), "t"), None);
    }

    #[test]
    fn a_cookie_without_a_domain_stays_with_its_host() {
        let from = "https://login.test/";
        assert_eq!(sent(from, &["a=1"], "https://login.test/x"), "a=1");
        assert_eq!(sent(from, &["a=1"], "https://sub.login.test/"), "");
        assert_eq!(sent(from, &["a=1"], "https://other.test/"), "");
    }

    #[test]
    fn a_domain_opens_a_cookie_to_hosts_below_it_and_to_no_others() {
        let from = "https://sso.corp.test/";
        let cookie = ["a=1; Domain=.Corp.test"];
        assert_eq!(sent(from, &cookie, "https://app.corp.test/"), "a=1");
        assert_eq!(sent(from, &cookie, "https://corp.test/"), "a=1");
        assert_eq!(sent(from, &cookie, "https://evilcorp.test/"), "");
        let foreign = ["a=1; Domain=other.test"];
        assert_eq!(sent(from, &foreign, "https://other.test/"), "");
        assert_eq!(sent(from, &foreign, from), "");
    }

    #[test]
    fn one_label_or_an_address_opens_a_cookie_to_nobody() {
        let from = "https://login.test/";
        assert_eq!(sent(from, &["a=1; Domain=test"], "https://other.test/"), "");
        assert_eq!(sent(from, &["a=1; Domain=test"], from), "");
        assert_eq!(
            sent(
                "http://localhost/",
                &["a=1; Domain=localhost"],
                "http://localhost/"
            ),
            "a=1"
        );
        assert_eq!(
            sent(
                "http://127.0.0.1/",
                &["a=1; Domain=127.0.0.1"],
                "http://127.0.0.1/"
            ),
            "a=1"
        );
        assert_eq!(
            sent(
                "http://127.0.0.1/",
                &["a=1; Domain=0.0.1"],
                "http://127.0.0.1/"
            ),
            ""
        );
    }

    #[test]
    fn the_path_of_the_page_is_the_default_and_longer_paths_come_first() {
        let from = "https://login.test/idp/login/form";
        assert_eq!(sent(from, &["a=1"], "https://login.test/idp/login"), "a=1");
        assert_eq!(
            sent(from, &["a=1"], "https://login.test/idp/login/x"),
            "a=1"
        );
        assert_eq!(sent(from, &["a=1"], "https://login.test/idp/loginx"), "");
        assert_eq!(sent(from, &["a=1"], "https://login.test/"), "");
        assert_eq!(
            sent(from, &["a=1; Path=/", "a=2", "b=3; Path=/"], from),
            "a=2; a=1; b=3"
        );
    }

    #[test]
    fn a_secure_cookie_needs_https_or_this_computer() {
        assert_eq!(
            sent(
                "https://login.test/",
                &["a=1; Secure"],
                "http://login.test/"
            ),
            ""
        );
        assert_eq!(
            sent(
                "http://login.test/",
                &["a=1; Secure"],
                "https://login.test/"
            ),
            ""
        );
        for here in [
            "http://localhost:8080/",
            "http://127.0.0.1:1/",
            "http://[::1]:1/",
        ] {
            assert_eq!(sent(here, &["a=1; Secure; SameSite=None"], here), "a=1");
        }
    }

    #[test]
    fn prefixes_keep_their_promises() {
        let from = "https://login.test/";
        assert_eq!(
            sent(from, &["__Host-a=1; Secure; Path=/"], from),
            "__Host-a=1"
        );
        assert_eq!(sent(from, &["__Host-a=1; Secure"], from), "");
        assert_eq!(sent(from, &["__Secure-a=1"], from), "");
    }

    #[test]
    fn cookies_expire_by_age_first_and_by_date_else() {
        let from = "https://login.test/";
        let past = "Thu, 01 Jan 1970 00:00:00 GMT";
        let future = "Thu, 01 Jan 2099 00:00:00 GMT";
        assert_eq!(sent(from, &["a=1", "a=; Max-Age=0"], from), "");
        assert_eq!(
            sent(from, &["a=1", &format!("a=; Expires={past}")], from),
            ""
        );
        assert_eq!(
            sent(from, &[&format!("a=1; Expires={future}")], from),
            "a=1"
        );
        assert_eq!(
            sent(from, &[&format!("a=1; Max-Age=60; Expires={past}")], from),
            "a=1"
        );
    }

    #[test]
    fn values_are_sent_back_as_they_came() {
        let from = "https://login.test/";
        assert_eq!(sent(from, &["a=\"x y\"; HttpOnly"], from), "a=\"x y\"");
        assert_eq!(sent(from, &["a=b=c%3D"], from), "a=b=c%3D");
    }
}
