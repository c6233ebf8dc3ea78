//! What scripts of pages keep in a browser's local storage: each origin apart from all others.

use std::collections::BTreeMap;

use url::Url;

use crate::secret::Secret;

/// Local storage as far as providers emulate the scripts that use it. A value may be a whole session, so it is secret.
#[derive(Clone, Debug, Default)]
pub struct Storage(BTreeMap<String, BTreeMap<String, Secret>>);

impl Storage {
    /// What a page of this origin put there.
    pub fn get(&self, page: &Url, key: &str) -> Option<&Secret> {
        self.0.get(&page.origin().ascii_serialization())?.get(key)
    }

    /// Keeps a value for pages of the same origin; an empty one takes the key away.
    pub fn set(&mut self, page: &Url, key: &str, value: Secret) {
        self.insert(page.origin().ascii_serialization(), key.to_owned(), value);
    }

    /// The same for an origin by its name.
    pub(super) fn insert(&mut self, origin: String, key: String, value: Secret) {
        let items = self.0.entry(origin).or_default();
        if value.is_empty() {
            items.remove(&key);
        } else {
            items.insert(key, value);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.items().next().is_none()
    }

    /// Origin, key and value of everything.
    pub(super) fn items(&self) -> impl Iterator<Item = (&str, &str, &Secret)> {
        self.0.iter().flat_map(|(origin, items)| {
            let items = items.iter();
            items.map(move |(key, value)| (origin.as_str(), key.as_str(), value))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_origin_keeps_no_other_gets() {
        let url = |text: &str| Url::parse(text).unwrap();
        let mut storage = Storage::default();
        storage.set(&url("https://a.test/x"), "k", Secret::new("v"));
        let got = |storage: &Storage, at: &str| {
            storage
                .get(&url(at), "k")
                .map(|value| value.expose().to_owned())
        };
        assert_eq!(got(&storage, "https://a.test/y?z").as_deref(), Some("v"));
        for other in [
            "https://b.test/x",
            "http://a.test/x",
            "https://a.test:8443/x",
        ] {
            assert_eq!(got(&storage, other), None, "{other}");
        }
        storage.set(&url("https://a.test/"), "k", Secret::new(""));
        assert_eq!(got(&storage, "https://a.test/x"), None);
    }
}
