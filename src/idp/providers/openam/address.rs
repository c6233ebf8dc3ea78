//! The addresses of OpenAM: what its login page was asked for, and where its programs answer.

use url::Url;
use url::form_urlencoded::{Serializer, parse};

type Pairs = Vec<(String, String)>;

/// Parameters of a login page that choose how to sign in, and what the programs call them.
const INDEXES: &[(&str, &str)] = &[
    ("service", "service"),
    ("module", "module"),
    ("authlevel", "level"),
    ("user", "user"),
    ("role", "role"),
    ("composite_advice", "composite_advice"),
];

/// Is this the page of the sign-in program, or the older one that stands at the same place?
pub fn is_login(url: &Url) -> bool {
    folder_of_login(url.path()).is_some()
}

fn folder_of_login(path: &str) -> Option<&str> {
    if let Some((folder, rest)) = path.rsplit_once("/XUI") {
        return matches!(rest, "" | "/" | "/index.html").then_some(folder);
    }
    path.strip_suffix("/UI/Login")
}

/// Where the settings of the server that owns this login page are found.
///
/// What the page was asked for comes along behind the `#`, which no server sees: it is needed for what follows.
pub fn settings(login: &Url) -> Option<Url> {
    let folder = folder_of_login(login.path())?;
    let asked = Serializer::new(String::new())
        .extend_pairs(asked_for(login))
        .finish();
    let mut url = login.clone();
    url.set_query(None);
    url.set_path(&format!("{folder}/json/serverinfo/*"));
    url.set_fragment(Some(&asked));
    Some(url)
}

/// Is this an answer of [`settings`]?
pub fn is_settings(url: &Url) -> bool {
    url.path().ends_with("/json/serverinfo/*")
}

/// Where to sign in, as the answer of [`settings`] knows it.
pub fn authenticate(settings: &Url) -> Option<Url> {
    let folder = settings.path().strip_suffix("serverinfo/*")?;
    let mut url = settings.clone();
    url.set_path(&format!("{folder}authenticate"));
    url.set_fragment(None);
    url.set_query(settings.fragment().filter(|asked| !asked.is_empty()));
    Some(url)
}

/// Is this an answer of [`authenticate`]?
pub fn is_authenticate(url: &Url) -> bool {
    url.path().contains("/json/") && url.path().ends_with("/authenticate")
}

/// A parameter that the login page was asked with.
pub fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs()
        .find(|(key, value)| key == name && !value.is_empty())
        .map(|(_, value)| value.into_owned())
}

/// What the page was asked for: behind the `?` and, as its program writes it, behind `#login/&`.
fn asked_for(login: &Url) -> Pairs {
    let mut pairs: Pairs = login.query_pairs().into_owned().collect();
    let fragment = login.fragment().unwrap_or_default();
    let (view, rest) = fragment.split_once(['&', '?']).unwrap_or((fragment, ""));
    for (name, value) in parse(rest.as_bytes()).into_owned() {
        pairs.retain(|(known, _)| *known != name);
        pairs.push((name, value));
    }
    let realm = view.strip_prefix("login").unwrap_or_default();
    let realm = realm.trim_end_matches('/');
    if !realm.is_empty() && !has(&pairs, "realm") {
        pairs.push(("realm".to_owned(), realm.to_owned()));
    }
    if !has(&pairs, "authIndexType") {
        let index = INDEXES.iter().find_map(|(name, kind)| {
            let (_, value) = pairs.iter().find(|(known, _)| known == name)?;
            Some((*kind, value.clone()))
        });
        if let Some((kind, value)) = index {
            pairs.push(("authIndexType".to_owned(), kind.to_owned()));
            pairs.push(("authIndexValue".to_owned(), value));
        }
    }
    pairs
}

fn has(pairs: &Pairs, name: &str) -> bool {
    pairs.iter().any(|(known, _)| known == name)
}

/// What is remembered from one answer to the next, behind the `#` of the address.
pub fn noted(url: &Url, name: &str) -> Option<String> {
    parse(url.fragment()?.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// The same address with other notes.
pub fn with_notes(url: &Url, notes: &[(&str, &str)]) -> Url {
    let mut url = url.clone();
    let text = Serializer::new(String::new()).extend_pairs(notes).finish();
    url.set_fragment(Some(&text));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(login: &str) -> String {
        let settings = settings(&Url::parse(login).unwrap()).expect(login);
        assert_eq!(settings.query(), None);
        authenticate(&settings).unwrap().to_string()
    }

    #[test]
    fn the_programs_are_asked_what_the_page_was_asked() {
        let there = "https://idp.test/openam/json/authenticate";
        for (login, expected) in [
            ("https://idp.test/openam/XUI/", ""),
            (
                "https://idp.test/openam/XUI/#login/&realm=%2F&goto=https%3A%2F%2Fidp.test%2Fa%3Fb%3D1%26c%3D2",
                "?realm=%2F&goto=https%3A%2F%2Fidp.test%2Fa%3Fb%3D1%26c%3D2",
            ),
            (
                "https://idp.test/openam/XUI/?realm=/a&goto=x#login/",
                "?realm=%2Fa&goto=x",
            ),
            (
                "https://idp.test/openam/XUI/?realm=/a#login&realm=/b",
                "?realm=%2Fb",
            ),
            (
                "https://idp.test/openam/XUI/#login/staff/&goto=x",
                "?goto=x&realm=%2Fstaff",
            ),
            (
                "https://idp.test/openam/UI/Login?service=ldapService&goto=x",
                "?service=ldapService&goto=x&authIndexType=service&authIndexValue=ldapService",
            ),
            (
                "https://idp.test/openam/XUI/?authlevel=2#login",
                "?authlevel=2&authIndexType=level&authIndexValue=2",
            ),
        ] {
            assert_eq!(asked(login), format!("{there}{expected}"), "{login}");
        }
        assert_eq!(
            asked("https://idp.test/am/XUI/?a=b#/"),
            "https://idp.test/am/json/authenticate?a=b"
        );
    }

    #[test]
    fn other_pages_are_no_login_pages() {
        for url in [
            "https://idp.test/openam/idpssoinit?metaAlias=/idp",
            "https://idp.test/openam/XUI/other.js",
            "https://idp.test/UI/Logout",
        ] {
            assert!(!is_login(&Url::parse(url).unwrap()), "{url}");
        }
    }

    #[test]
    fn notes_never_reach_the_query() {
        let url = Url::parse("https://idp.test/am/json/authenticate?goto=x").unwrap();
        let noted_url = with_notes(&url, &[("cookie", "a&b"), ("sent", "push")]);
        assert_eq!(noted(&noted_url, "cookie").as_deref(), Some("a&b"));
        assert_eq!(noted(&noted_url, "sent").as_deref(), Some("push"));
        assert_eq!(noted_url.query(), url.query());
        assert_eq!(noted(&url, "cookie"), None);
    }
}
