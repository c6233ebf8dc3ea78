//! What a browser would keep of a sign-in: cookies and local storage. Whoever has it is signed in.

use serde::{Deserialize, Serialize};

use super::jar::Jar;
use super::storage::Storage;
use crate::secret::Secret;

/// Cookies and local storage of all hosts that a sign-in led over.
#[derive(Clone, Debug, Default)]
pub struct BrowserSession {
    pub jar: Jar,
    pub storage: Storage,
}

#[derive(Serialize, Deserialize)]
struct Written {
    cookies: Vec<cookie_store::Cookie<'static>>,
    storage: Vec<(String, String, String)>,
}

impl BrowserSession {
    pub fn is_empty(&self) -> bool {
        self.jar.is_empty() && self.storage.is_empty()
    }

    /// As one text for the vault.
    pub fn to_secret(&self) -> Secret {
        let written = Written {
            cookies: self.jar.cookies(),
            storage: self
                .storage
                .items()
                .map(|(origin, key, value)| {
                    (origin.to_owned(), key.to_owned(), value.expose().to_owned())
                })
                .collect(),
        };
        // Only maps with odd keys fail to become JSON, and there is none.
        Secret::new(serde_json::to_string(&written).unwrap_or_default())
    }

    /// What `to_secret` made, without cookies that have expired meanwhile.
    pub fn from_secret(text: &Secret) -> Option<BrowserSession> {
        let written: Written = serde_json::from_str(text.expose()).ok()?;
        let mut storage = Storage::default();
        for (origin, key, value) in written.storage {
            storage.insert(origin, key, Secret::new(value));
        }
        Some(BrowserSession {
            jar: Jar::of(written.cookies),
            storage,
        })
    }

    /// Drops what a browser forgets when it is closed: what is left makes this computer known, and no more.
    pub fn close(&mut self) {
        self.jar.close();
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_session_comes_back_with_the_scopes_it_had() {
        let mut session = BrowserSession::default();
        assert!(session.is_empty());
        let at = url("https://sso.corp.test/idp/login");
        session.jar.store(&at, "host=1; Secure; HttpOnly");
        session
            .jar
            .store(&at, "domain=\"2 x\"; Domain=corp.test; Path=/");
        session.jar.store(&at, "kept=3; Path=/; Max-Age=3600");
        session.jar.store(&at, "gone=4; Path=/; Max-Age=1");
        session.storage.set(&at, "k", Secret::new("ä\n"));
        std::thread::sleep(std::time::Duration::from_millis(1100));

        let mut back = BrowserSession::from_secret(&session.to_secret()).unwrap();
        let header = |session: &BrowserSession, to: &str| session.jar.header(&url(to));
        assert_eq!(
            header(&back, "https://sso.corp.test/idp/x").as_deref(),
            Some("host=1; domain=\"2 x\"; kept=3")
        );
        assert_eq!(
            header(&back, "https://app.corp.test/").as_deref(),
            Some("domain=\"2 x\"")
        );
        assert_eq!(
            header(&back, "http://sso.corp.test/idp/x").as_deref(),
            Some("domain=\"2 x\"; kept=3")
        );
        assert_eq!(back.storage.get(&at, "k").unwrap().expose(), "ä\n");

        back.close();
        assert_eq!(
            header(&back, "https://sso.corp.test/idp/x").as_deref(),
            Some("kept=3")
        );
        let shown = format!("{session:?}");
        assert!(!shown.contains("kept") && !shown.contains('ä'), "{shown}");
    }

    #[test]
    fn what_is_no_session_is_none() {
        for text in ["", "{}", "[]", "{\"cookies\": [1], \"storage\": []}"] {
            assert!(BrowserSession::from_secret(&Secret::new(text)).is_none());
        }
    }
}
