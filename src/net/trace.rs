//! What `-vv` shows of each request: hosts and the shape of paths, never queries, fields or anything that looks random.

use std::fmt;
use std::sync::OnceLock;

use url::Url;

use super::hops::host_of;

type Listener = Box<dyn Fn(&str) + Send + Sync>;

static LISTENER: OnceLock<Listener> = OnceLock::new();

/// One request and how it was answered, without anything secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    pub method: &'static str,
    pub host: String,
    /// The path's shape: segments that may be personal or random are `…`.
    pub path: String,
    /// None where no answer came.
    pub status: Option<u16>,
    /// Host and path shape of the redirect's target.
    pub to: Option<String>,
}

impl Hop {
    pub fn new(method: &'static str, url: &Url, status: Option<u16>, to: Option<&Url>) -> Self {
        Hop {
            method,
            host: host_of(url),
            path: shape(url),
            status,
            to: to.map(|to| format!("{}{}", host_of(to), shape(to))),
        }
    }
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} -> ", self.method, self.host, self.path)?;
        match self.status {
            Some(status) => write!(f, "{status}")?,
            None => f.write_str("no answer")?,
        }
        match &self.to {
            Some(to) => write!(f, " {to}"),
            None => Ok(()),
        }
    }
}

/// Sends every hop of this process to `listener`, from now on; the first one stays.
pub fn listen(listener: impl Fn(&str) + Send + Sync + 'static) {
    let _ = LISTENER.set(Box::new(listener));
}

/// One line for whoever listens.
pub fn say(line: &dyn fmt::Display) {
    if let Some(listener) = LISTENER.get() {
        listener(&line.to_string());
    }
}

/// The path of a URL with `…` for every segment that is not plainly a word.
pub fn shape(url: &Url) -> String {
    let Some(segments) = url.path_segments() else {
        return "…".into();
    };
    segments
        .map(|segment| match is_word(segment) {
            true => format!("/{segment}"),
            false => "/…".into(),
        })
        .collect()
}

fn is_word(segment: &str) -> bool {
    /// Words with digits that tell protocols apart.
    const KNOWN: [&str; 6] = ["saml2", "oauth2", "oauth2.0", "v1", "v2", "v2.0"];
    let letters = |c: char| c.is_ascii_alphabetic() || matches!(c, '.' | '-' | '_');
    let parts = || segment.split(['.', '-', '_']);
    (segment.len() <= 24 && segment.chars().all(letters) && parts().all(reads_as_words))
        || KNOWN.contains(&segment.to_ascii_lowercase().as_str())
}

/// Does its case change as between words (`SingleSignOnService`), and not as in a token (`kJqXwPzR`)?
fn reads_as_words(letters: &str) -> bool {
    let is_upper: Vec<bool> = letters.chars().map(|c| c.is_ascii_uppercase()).collect();
    let humps = is_upper
        .windows(2)
        .filter(|pair| !pair[0] && pair[1])
        .count();
    humps <= 1 || letters.len() >= 3 * humps + 5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_of_a_path_are_shown() {
        for (url, shown) in [
            (
                "https://login.test/idp/profile/SAML2/SSO.php?user=ada#x",
                "/idp/profile/SAML2/SSO.php",
            ),
            ("https://login.test/", "/"),
            (
                "https://login.test/u/ada@corp.test/x;jsessionid=1A2B",
                "/u/…/…",
            ),
            (
                "https://login.test/3f2a/AbCdEfGhIjKlMnOpQrStUvWxYz/%41",
                "/…/…/…",
            ),
            (
                "https://login.test/kJqXwPzRtVbN/SingleSignOnService/redirectIdP/login-actions",
                "/…/SingleSignOnService/redirectIdP/login-actions",
            ),
        ] {
            assert_eq!(shape(&Url::parse(url).unwrap()), shown);
        }
    }

    #[test]
    fn a_hop_reads_as_one_line() {
        let from = Url::parse("https://login.test/a?secret=1").unwrap();
        let to = Url::parse("https://other.test:8443/b?secret=1").unwrap();
        assert_eq!(
            Hop::new("GET", &from, Some(302), Some(&to)).to_string(),
            "GET login.test /a -> 302 other.test:8443/b"
        );
    }
}
