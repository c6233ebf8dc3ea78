//! What is known about the pages of certain products, beyond what every page tells by itself.

mod adfs;
mod cas;
mod keycloak;
mod lemonldap;
mod lemonldap_messages;
mod openam;
mod pingfederate;
mod shibboleth;
mod simplesamlphp;

use url::Url;

use super::page::Page;
use super::page::message::Message;
use super::visit::{Settings, Step, Visit};
use crate::error::{Error, Result, clean};

/// Knowledge about one product.
///
/// It is asked for every page and answers only what the walk would get wrong; it never owns the sign-in, since
/// brokers and chains of providers are ordinary.
pub trait Provider: Sync {
    fn name(&self) -> &'static str;

    /// The product and its versions, for people.
    fn about(&self) -> &'static str;

    /// What stands behind the claim that it works.
    fn proof(&self) -> Proof;

    /// Hosts that belong to the product itself, trusted when the configuration names it.
    fn hosts(&self) -> &'static [&'static str] {
        &[]
    }

    /// Its keys below `options:`, each with what it is for.
    fn options(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// The one of them that names the entry to take where several ways to sign in are offered, on whatever page.
    fn source_option(&self) -> Option<&'static str> {
        None
    }

    /// Is this one of its pages?
    fn recognise(&self, page: &Page) -> bool;

    /// What a page of it complains about, where that is not written as words that a person sees.
    fn complaint(&self, _page: &Page) -> Option<Message> {
        None
    }

    /// The address that ends a session, for sign-ins that start there.
    fn logout(&self, _start: &Url) -> Option<Url> {
        None
    }

    /// The step to take, if this page needs more than the walk knows.
    fn step(&self, page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>>;
}

/// How far a provider was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The product itself runs in the project's tests.
    RealServer,
    /// Pages that the product sent are replayed in the tests.
    RecordedPages,
    /// Built from the product's documentation and templates; nobody has told us yet that it works.
    Documentation,
}

impl Proof {
    pub fn words(self) -> &'static str {
        match self {
            Proof::RealServer => "proved on a real server",
            Proof::RecordedPages => "proved on recorded pages",
            Proof::Documentation => "built from documentation",
        }
    }
}

/// Asked in this order; the first that has a step takes it.
pub const PROVIDERS: &[&dyn Provider] = &[
    &simplesamlphp::SimpleSamlPhp,
    &keycloak::Keycloak,
    &openam::OpenAm,
    &adfs::Adfs,
    &cas::Cas, // before Shibboleth, whose folder `/idp/profile/` it has too
    &shibboleth::Shibboleth,
    &lemonldap::LemonLdap,
    &pingfederate::PingFederate,
];

/// The row with this name.
pub fn by_name(name: &str) -> Option<&'static dyn Provider> {
    PROVIDERS.iter().copied().find(|p| p.name() == name)
}

/// The providers whose options count: the named one, else all, since any of their pages may come.
fn candidates(name: Option<&str>) -> impl Iterator<Item = &'static dyn Provider> + Clone {
    PROVIDERS
        .iter()
        .copied()
        .filter(move |p| name.is_none_or(|name| p.name() == name))
}

/// Refuses a key below `options:` that no provider in question has; `name` is `None` where it is told by its pages.
pub fn check_option(name: Option<&str>, key: &str) -> Result<()> {
    let mut known: Vec<&str> = Vec::new();
    for (option, _) in candidates(name).flat_map(|p| p.options()) {
        if !known.contains(option) {
            known.push(option);
        }
    }
    if known.contains(&key) {
        return Ok(());
    }
    let whose = match name {
        Some(name) => format!("`type: {}` does not know", clean(name)),
        None => "no provider knows".to_owned(),
    };
    Err(Error::usage(format!(
        "`options:` has the key `{}`, which {whose}",
        clean(key)
    ))
    .hint(match &known[..] {
        [] => "leave `options:` out".to_owned(),
        known => format!("known are: {}", known.join(", ")),
    }))
}

/// The entry to take where several ways to sign in are offered, if the settings name one.
pub fn wanted_source(settings: &Settings) -> Option<&str> {
    candidates(settings.provider.as_deref())
        .filter_map(|p| p.source_option())
        .find_map(|key| settings.options.get(key))
        .map(String::as_str)
}

/// The step of the first provider that knows this page better than the walk.
pub fn step(page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
    let settings = visit.settings;
    in_question(page, settings).find_map(|provider| provider.step(page, visit))
}

/// Where a session ends that began at `start`, as far as a product is known by that address.
pub fn logout(name: Option<&str>, start: &Url) -> Option<Url> {
    candidates(name).find_map(|provider| provider.logout(start))
}

/// The folder in front of `mark` in a path, and an address below it instead.
fn beside(start: &Url, mark: &str, below: &str) -> Option<Url> {
    let path = start.path();
    let folder = &path[..path.find(mark)?];
    let mut url = start.clone();
    url.set_fragment(None);
    url.set_query(None);
    url.set_path(&format!("{folder}{below}"));
    Some(url)
}

/// What a page complains about, by who can read it.
pub fn complaint(page: &Page, settings: &Settings) -> Option<Message> {
    in_question(page, settings).find_map(|provider| provider.complaint(page))
}

fn in_question<'a>(
    page: &'a Page,
    settings: &'a Settings,
) -> impl Iterator<Item = &'static dyn Provider> + 'a {
    let named = settings.provider.as_deref();
    PROVIDERS
        .iter()
        .copied()
        .filter(move |provider| named == Some(provider.name()) || provider.recognise(page))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn providers_have_names_of_their_own() {
        for (index, provider) in PROVIDERS.iter().enumerate() {
            let first = PROVIDERS.iter().position(|p| p.name() == provider.name());
            assert_eq!(first, Some(index), "{}", provider.name());
            assert!(by_name(provider.name()).is_some());
        }
    }

    #[test]
    fn an_unknown_option_is_refused_with_the_known_ones() {
        for (name, key, known) in [
            (None, "source", None),
            (None, "idp", None),
            (Some("keycloak"), "idp", None),
            (Some("simplesamlphp"), "source", None),
            (
                None,
                "sorce",
                Some("known are: source, idp, home_realm, relying_party, domain, choice"),
            ),
            (Some("keycloak"), "source", Some("known are: idp")),
            (Some("simplesamlphp"), "idp", Some("known are: source")),
        ] {
            let error = check_option(name, key).err();
            assert_eq!(
                error.as_ref().and_then(Error::hint_text),
                known,
                "{name:?} {key}"
            );
            assert!(error.is_none_or(|e| e.kind() == Kind::Usage && e.message().contains(key)));
        }
    }

    #[test]
    fn the_readme_says_of_every_provider_how_it_is_proved() {
        let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
        let readme = std::fs::read_to_string(readme).expect("the README");
        for provider in PROVIDERS {
            let start = format!("| `{}` |", provider.name());
            let row = readme.lines().find(|line| line.starts_with(&start));
            let row = row.unwrap_or_else(|| panic!("no row for {}", provider.name()));
            assert!(row.contains(provider.proof().words()), "{row}");
            for (option, _) in provider.options() {
                assert!(readme.contains(&format!("| `{option}` |")), "{option}");
            }
        }
    }

    #[test]
    fn the_option_for_the_source_is_one_of_the_options() {
        for provider in PROVIDERS {
            let source = provider.source_option();
            assert!(source.is_none_or(|s| provider.options().iter().any(|(key, _)| *key == s)));
        }
    }
}
