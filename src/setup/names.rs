//! Names for what is made: may this one be had, and which would be good ones?

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{Config, values};
use crate::error::{Error, Result, clean};
use crate::login::offer::Offer;

/// Words of profiles.yaml itself: as a name each would be misread by the next person.
const WORDS_OF_THE_FILE: &[&str] = &[
    "default_profile",
    "identity_providers",
    "defaults",
    "accounts",
    "profiles",
    "groups",
    "include",
];

/// The longest name that is made here; longer ones can be typed.
const LONGEST: usize = 64;

/// May a new profile have this name? The error says why not, and what to do instead.
pub fn check_free(config: &Config, name: &str) -> Result<()> {
    if name.trim().is_empty() {
        return Err(
            Error::usage("a profile needs a name").hint("for example: `mai create corp-prod`")
        );
    }
    values::name(name).map_err(|reason| not_a_name(name, &reason))?;
    if WORDS_OF_THE_FILE.contains(&name) {
        return Err(not_a_name(
            name,
            &format!("`{name}` cannot be a name: it is a word of profiles.yaml itself"),
        ));
    }
    if let Some(known) = config.profile(name) {
        return Err(Error::usage(format!(
            "there is a profile `{name}` already ({})",
            known.origin
        ))
        .hint(format!(
            "`mai login {name}` signs in to it; to replace it, `mai delete {name}` first"
        )));
    }
    if let Some(group) = config.groups.iter().find(|group| group.name == name) {
        return Err(Error::usage(format!(
            "`{name}` is a group ({}), and profiles and groups share their names",
            group.origin
        ))
        .hint("choose another name"));
    }
    Ok(())
}

/// The same as yes or no.
pub fn is_free(config: &Config, name: &str) -> bool {
    check_free(config, name).is_ok()
}

fn not_a_name(name: &str, reason: &str) -> Error {
    let better = readable(name);
    let error = Error::usage(reason);
    if better.is_empty() || better == name || values::name(&better).is_err() {
        return error.hint("for example: `mai create corp-prod`");
    }
    error.hint(format!("for example: `mai create {}`", clean(&better)))
}

/// The section a profile will write to.
pub fn check_section(name: &str) -> Result<()> {
    values::section(name)
        .map(drop)
        .map_err(|reason| Error::usage(format!("--awsprofile: {reason}")))
}

/// A name for the identity provider at that host that no other has: `login.example.com` is `example`.
pub fn of_identity_provider(config: &Config, host: &str) -> String {
    let name = readable(&company_of(host).to_ascii_lowercase());
    let name = match values::provider_name(&name) {
        Ok(name) => name,
        Err(_) => "idp".to_string(),
    };
    let taken = |name: &str| config.identity_providers.contains_key(name);
    first_free(&name, taken)
}

/// First labels of hosts that say what is done there, not whose it is.
const WHAT_IS_DONE: &[&str] = &[
    "access", "account", "accounts", "auth", "fs", "id", "identity", "idp", "login", "portal",
    "saml", "secure", "signin", "sso", "sts", "www",
];

/// The label of a host that tells whose it is.
fn company_of(host: &str) -> &str {
    if host.starts_with('[') || host.split('.').all(|label| label.parse::<u8>().is_ok()) {
        return "";
    }
    let mut labels: Vec<&str> = host.split('.').filter(|label| !label.is_empty()).collect();
    if labels.len() > 1 {
        labels.pop();
    }
    // `example.co.uk`: the last but one belongs to the country's registry.
    let second = labels.last().copied().unwrap_or_default();
    if labels.len() > 1 && ["ac", "co", "com", "edu", "gov", "net", "org"].contains(&second) {
        labels.pop();
    }
    let company = labels.last().copied().unwrap_or_default();
    match labels.first() {
        // `acme.provider.com`: the customer of a host that serves many.
        Some(first) if labels.len() == 2 && !WHAT_IS_DONE.contains(first) => first,
        _ => company,
    }
}

/// Names for profiles of these offers, in their order: account and role, all different, none that is `taken`.
pub fn of_offers(offers: &[&Offer], prefix: &str, taken: &dyn Fn(&str) -> bool) -> Vec<String> {
    let short: Vec<String> = offers
        .iter()
        .map(|offer| {
            let account = match &offer.account_name {
                Some(name) => readable(name),
                None => String::new(),
            };
            let account = match account.as_str() {
                "" => offer.role.account(),
                name => name,
            };
            named(prefix, &[account, offer.role.name()])
        })
        .collect();
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for name in &short {
        *count.entry(name).or_default() += 1;
    }
    // Names that are taken by nobody else's wish come first, so that no number is given to the only bearer of a name.
    let mut used: BTreeSet<String> = short
        .iter()
        .filter(|name| count.get(name.as_str()) == Some(&1) && !taken(name))
        .cloned()
        .collect();
    offers
        .iter()
        .zip(&short)
        .map(|(offer, name)| {
            if count.get(name.as_str()) == Some(&1) && !taken(name) {
                return name.clone();
            }
            let account = match &offer.account_name {
                Some(account) => format!("{}-{}", readable(account), offer.role.account()),
                None => offer.role.account().to_string(),
            };
            let longer = named(prefix, &[&account, offer.role.name()]);
            let free = first_free(&longer, |name| used.contains(name) || taken(name));
            used.insert(free.clone());
            free
        })
        .collect()
}

fn named(prefix: &str, parts: &[&str]) -> String {
    let mut name = format!("{prefix}{}", readable(&parts.join("-")));
    name.truncate(LONGEST + prefix.len());
    name.trim_end_matches(['-', '.']).to_string()
}

/// `name`, else `name-2`, `name-3`, …
pub fn first_free(name: &str, taken: impl Fn(&str) -> bool) -> String {
    if !taken(name) {
        return name.to_string();
    }
    let mut number = 2;
    loop {
        let candidate = format!("{name}-{number}");
        if !taken(&candidate) {
            return candidate;
        }
        number += 1;
    }
}

/// What can stand in a name, a `-` for each run of what cannot.
pub fn readable(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || "._-".contains(c) {
            name.push(c);
        } else if !name.ends_with('-') {
            name.push('-');
        }
    }
    name.trim_matches(['-', '.']).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(account: &str, name: Option<&str>, role: &str) -> Offer {
        Offer {
            role: format!("arn:aws:iam::{account}:role/{role}")
                .parse()
                .unwrap(),
            provider: format!("arn:aws:iam::{account}:saml-provider/corp")
                .parse()
                .unwrap(),
            account_name: name.map(str::to_string),
        }
    }

    fn names(offers: &[Offer], prefix: &str, taken: &[&str]) -> Vec<String> {
        let offers: Vec<&Offer> = offers.iter().collect();
        of_offers(&offers, prefix, &|name| taken.contains(&name))
    }

    const ONE: &str = "111111111111";
    const TWO: &str = "222222222222";

    #[test]
    fn profiles_are_called_after_account_and_role() {
        let offers = [
            offer(ONE, Some("acme-prod"), "team/x/PowerUser"),
            offer(TWO, None, "ReadOnly"),
            offer(TWO, Some("Acme GmbH & Co (Test)"), "Read+Only@x"),
            offer(TWO, Some("東京"), "Admin"),
        ];
        assert_eq!(
            names(&offers, "", &[]),
            [
                "acme-prod-PowerUser",
                "222222222222-ReadOnly",
                "Acme-GmbH-Co-Test-Read-Only-x",
                "222222222222-Admin"
            ]
        );
        assert_eq!(
            names(&offers[..1], "corp/", &[]),
            ["corp/acme-prod-PowerUser"]
        );
    }

    #[test]
    fn names_that_meet_get_the_account_id_then_a_number() {
        let offers = [
            offer(ONE, Some("acme"), "Admin"),
            offer(TWO, Some("acme"), "Admin"),
            offer(TWO, None, "team/x/Deploy"),
            offer(TWO, None, "team/y/Deploy"),
        ];
        assert_eq!(
            names(&offers, "", &[]),
            [
                "acme-111111111111-Admin",
                "acme-222222222222-Admin",
                "222222222222-Deploy",
                "222222222222-Deploy-2"
            ]
        );
        assert_eq!(
            names(&offers[..1], "", &["acme-Admin"]),
            ["acme-111111111111-Admin"]
        );
    }

    #[test]
    fn all_names_differ_and_can_be_had() {
        let mut offers = Vec::new();
        for role in ["Admin", "a/Admin", "b/Admin", "Admin-2", "Admin-2-2"] {
            for name in [None, Some("x"), Some("111111111111"), Some("***")] {
                offers.push(offer(ONE, name, role));
                offers.push(offer(TWO, name, role));
            }
        }
        let long = "x".repeat(64);
        offers.push(offer(ONE, Some(&long), &format!("{long}1")));
        offers.push(offer(ONE, Some(&long), &format!("{long}2")));
        let names = names(&offers, "p-", &["p-x-Admin", "p-111111111111-Admin-2"]);
        let different: BTreeSet<&String> = names.iter().collect();
        assert_eq!(different.len(), offers.len(), "{names:#?}");
        for name in &names {
            assert!(values::name(name).is_ok(), "{name}");
            assert!(!["p-x-Admin", "p-111111111111-Admin-2"].contains(&name.as_str()));
        }
    }

    #[test]
    fn an_identity_provider_is_called_after_the_company() {
        for (host, name) in [
            ("login.example.com", "example"),
            ("acme.provider.com", "acme"),
            ("example.com", "example"),
            ("sso.eu.example.com", "example"),
            ("login.example.co.uk", "example"),
            ("example.co.uk", "example"),
            ("auth", "auth"),
            ("xn--bcher-kva.example", "xn--bcher-kva"),
            ("127.0.0.1", ""),
            ("[::1]", ""),
            ("", ""),
        ] {
            assert_eq!(company_of(host), name, "{host}");
        }
    }
}
