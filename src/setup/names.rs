//! Names for what is made: may this one be had, and which would be good ones?

use std::collections::{BTreeMap, BTreeSet};

use crate::config::naming::{self, LONGEST, first_free, readable, shortened};
use crate::config::{Config, ROOT_KEYS, values};
use crate::error::{Error, Result, clean};
use crate::login::offer::Offer;

/// May a new profile have this name? The error says why not, and what to do instead.
pub fn check_free(config: &Config, name: &str) -> Result<()> {
    if name.trim().is_empty() {
        return Err(
            Error::usage("a profile needs a name").hint("for example: `mai create corp-prod`")
        );
    }
    values::name(name).map_err(|reason| not_a_name(name, &reason))?;
    // A word of the file itself would be misread by the next person.
    if ROOT_KEYS.contains(&name) {
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

/// A name for the identity provider at that host that no other has.
pub fn of_identity_provider(config: &Config, host: &str) -> String {
    naming::of_identity_provider(host, |name| config.identity_providers.contains_key(name))
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
    let name = format!("{prefix}{}", readable(&parts.join("-")));
    shortened(&name, LONGEST + prefix.len()).to_string()
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
}
