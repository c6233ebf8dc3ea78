//! What changes in the environment of a program that gets keys: what is set, and what would shadow it.

use std::collections::BTreeSet;

use super::names::{Known, Names, is_name};
use super::wanted::Wanted;
use crate::error::{Error, Result};
use crate::login::ready::Ready;
use crate::secret::Secret;

/// Variables from which an SDK, a tool or a prompt would take something else than what is handed over.
///
/// Keys and profiles of another session, older spellings of them, other places to ask for keys, and the marks that
/// other tools leave for prompts.
pub const SHADOWING: &[&str] = &[
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "AWS_SECURITY_TOKEN",
    "EC2_SECURITY_TOKEN",
    "AWS_ACCOUNT_ID",
    "AWS_CREDENTIAL_SCOPE",
    "AWS_CREDENTIAL_FILE",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_SESSION_EXPIRATION",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_EB_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_VAULT",
    "AWS_SSO_PROFILE",
    "AWSU_PROFILE",
    "AWSUME_PROFILE",
    "AWSUME_EXPIRATION",
    "AWSUME_COMMAND",
    "MAI_PROFILE",
];

/// Where MAI_PROFILE is set, these may be of the profile that was handed over before.
pub const REGIONS: &[&str] = &["AWS_REGION", "AWS_DEFAULT_REGION"];

/// All variables of one tool, whatever it calls them.
const SHADOWING_PREFIX: &str = "AWSUME_";

/// What to remove of the names with this prefix; `around` are names that are set now, some of which nobody can list.
pub fn left_behind(prefix: &str, around: &[String]) -> BTreeSet<String> {
    let with_prefix = |name: &&str| format!("{prefix}{name}");
    let mut names: BTreeSet<String> = SHADOWING.iter().map(with_prefix).collect();
    if around.contains(&format!("{prefix}MAI_PROFILE")) {
        names.extend(REGIONS.iter().map(with_prefix));
    }
    if prefix.is_empty() {
        // Whoever named a variable may have named it after code that a shell would run.
        let odd = around
            .iter()
            .filter(|name| name.starts_with(SHADOWING_PREFIX) && is_name(name));
        names.extend(odd.cloned());
    }
    names
}

/// What is set and what is removed; no name is in both.
#[derive(Debug, Default)]
pub struct Environment {
    pub set: Vec<(String, Secret)>,
    pub unset: Vec<String>,
    /// The section whose keys stand in the variables without a prefix.
    pub section: Option<String>,
}

impl Environment {
    /// The variables of these profiles. `around` are names that are set now, some of which nobody can list.
    pub fn of(
        names: &Names,
        handed: &[(Ready, String)],
        around: impl Iterator<Item = String>,
    ) -> Result<Environment> {
        let mut set = Vec::new();
        for (ready, prefix) in handed {
            set.extend(names.filled(&ready.into(), prefix)?);
        }
        if let Some((name, _)) = set.iter().find(|(_, value)| value.expose().contains('\0')) {
            return Err(Error::failed(format!(
                "{name} cannot be set: its value holds a zero byte"
            )));
        }
        let is_set = |name: &str| set.iter().any(|(known, _)| known == name);
        let around: Vec<String> = around.collect();
        let mut unset: BTreeSet<String> = BTreeSet::new();
        let prefixes: BTreeSet<&str> = handed.iter().map(|(_, prefix)| prefix.as_str()).collect();
        for prefix in &prefixes {
            unset.extend(left_behind(prefix, &around));
        }
        unset.retain(|name| !is_set(name));
        let mut plain = handed.iter().filter(|(_, prefix)| prefix.is_empty());
        Ok(Environment {
            unset: unset.into_iter().collect(),
            set,
            section: plain.next().map(|(ready, _)| ready.aws_profile.clone()),
        })
    }

    /// The variables that lead to the keys of a section at an address. `around` are names that are set now.
    pub fn of_address(
        variables: Vec<(&str, String)>,
        section: &str,
        around: &[String],
    ) -> Environment {
        let mut unset = left_behind("", around);
        for (name, _) in &variables {
            unset.remove(*name);
        }
        let set = variables.into_iter();
        Environment {
            set: set
                .map(|(name, value)| (name.to_owned(), value.into()))
                .collect(),
            unset: unset.into_iter().collect(),
            section: Some(section.to_owned()),
        }
    }

    /// What `of` would set, as far as it is known before a sign-in: what does not fit then, never will.
    pub fn foretold(names: &Names, known: &[(Known, String)]) -> Result<Environment> {
        let mut set = Vec::new();
        for (known, prefix) in known {
            set.extend(names.filled(known, prefix)?);
        }
        Ok(Environment {
            set,
            ..Environment::default()
        })
    }

    /// Removes what `of` would set.
    pub fn without(names: &Names, wanted: &[Wanted]) -> Environment {
        let mut unset: Vec<String> = Vec::new();
        if wanted.is_empty() {
            unset.extend(names.with_prefix(""));
        }
        for one in wanted {
            unset.extend(names.with_prefix(&one.prefix));
        }
        unset.sort();
        unset.dedup();
        Environment {
            unset,
            ..Environment::default()
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::keys::SessionCredentials;
    use chrono::DateTime;

    /// Keys of a profile, as a sign-in would bring them.
    pub fn ready(profile: &str) -> Ready {
        Ready {
            profile: profile.to_owned(),
            aws_profile: format!("{profile} section"),
            role: "arn:aws:iam::111111111111:role/team/PowerUser"
                .parse()
                .unwrap(),
            keys: SessionCredentials {
                access_key_id: "ASIAEXAMPLE".to_owned(),
                secret_access_key: Secret::new("s3cr3t/+="),
                session_token: Secret::new("t0k3n/+="),
                expires_at: DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
            },
            region: Some("eu-central-1".to_owned()),
            critical: false,
        }
    }

    fn with(names: &Names, handed: &[(&str, &str)], around: &[&str]) -> Environment {
        let handed: Vec<(Ready, String)> = handed
            .iter()
            .map(|(profile, prefix)| (ready(profile), (*prefix).to_owned()))
            .collect();
        Environment::of(names, &handed, around.iter().map(|name| (*name).to_owned())).unwrap()
    }

    fn value<'a>(environment: &'a Environment, name: &str) -> Option<&'a str> {
        let found = environment.set.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.expose())
    }

    #[test]
    fn keys_are_set_and_what_would_shadow_them_is_not() {
        let environment = with(&Names::of_keys(), &[("prod", "")], &[]);
        for (name, expected) in [
            ("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "s3cr3t/+="),
            ("AWS_SESSION_TOKEN", "t0k3n/+="),
            ("AWS_CREDENTIAL_EXPIRATION", "2027-01-15T08:00:00Z"),
            ("AWS_SESSION_EXPIRATION", "2027-01-15T08:00:00Z"),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_DEFAULT_REGION", "eu-central-1"),
            ("MAI_PROFILE", "prod"),
        ] {
            assert_eq!(value(&environment, name), Some(expected), "{name}");
        }
        assert_eq!(environment.set.len(), 8);
        for name in ["AWS_PROFILE", "AWS_SECURITY_TOKEN", "AWS_ROLE_ARN"] {
            assert!(environment.unset.iter().any(|known| known == name));
        }
        assert!(!environment.unset.contains(&"AWS_ACCESS_KEY_ID".to_owned()));
    }

    #[test]
    fn a_section_is_named_and_keys_are_removed() {
        let environment = with(&Names::of_section(), &[("prod", "")], &[]);
        assert_eq!(value(&environment, "AWS_PROFILE"), Some("prod section"));
        for name in [
            "AWS_ACCESS_KEY_ID",
            "AWS_SESSION_TOKEN",
            "AWS_CREDENTIAL_EXPIRATION",
            "AWS_DEFAULT_PROFILE",
        ] {
            assert!(environment.unset.iter().any(|known| known == name));
        }
    }

    #[test]
    fn prefixes_leave_the_names_without_them_alone() {
        let environment = with(&Names::of_keys(), &[("pdx", "PDX_"), ("iad", "IAD_")], &[]);
        assert_eq!(value(&environment, "IAD_MAI_PROFILE"), Some("iad"));
        assert_eq!(environment.set.len(), 16);
        let names = environment
            .unset
            .iter()
            .chain(environment.set.iter().map(|(name, _)| name));
        for name in names {
            assert!(
                name.starts_with("PDX_") || name.starts_with("IAD_"),
                "{name}"
            );
        }
    }

    #[test]
    fn only_names_that_are_names_are_taken_from_around() {
        let around = ["AWSUME_1", "AWSUME_$(id)", "AWSUME_X;id", "AWSUMED", "HOME"];
        let environment = with(&Names::of_keys(), &[("prod", "")], &around);
        let odd: Vec<&String> = environment
            .unset
            .iter()
            .filter(|name| !SHADOWING.contains(&name.as_str()))
            .collect();
        assert_eq!(odd, ["AWSUME_1"]);
    }

    #[test]
    fn a_region_of_the_profile_before_does_not_stay() {
        let unset = |prefix: &str, region: Option<&str>, around: &[&str]| {
            let mut audit = ready("audit");
            audit.region = region.map(str::to_owned);
            let around = around.iter().map(|name| (*name).to_owned());
            let handed = [(audit, prefix.to_owned())];
            let unset = Environment::of(&Names::of_keys(), &handed, around).unwrap();
            let mut unset = unset.unset;
            unset.retain(|name| name.ends_with("REGION"));
            unset
        };
        let both = ["AWS_DEFAULT_REGION", "AWS_REGION"];
        assert_eq!(unset("", None, &["AWS_REGION", "MAI_PROFILE"]), both);
        assert!(unset("", None, &["AWS_REGION", "P_MAI_PROFILE"]).is_empty());
        assert!(unset("", Some("x"), &["MAI_PROFILE"]).is_empty());
        let both = both.map(|name| format!("P_{name}"));
        assert_eq!(unset("P_", None, &["P_MAI_PROFILE"]), both);
        assert!(unset("P_", None, &["MAI_PROFILE"]).is_empty());
    }

    #[test]
    fn an_address_has_no_region_of_the_profile_before() {
        let of = |region: Option<&str>, around: &[&str]| {
            let mut variables = vec![("AWS_CONTAINER_CREDENTIALS_FULL_URI", "x".to_owned())];
            variables.extend(region.map(|region| ("AWS_REGION", region.to_owned())));
            let around: Vec<String> = around.iter().map(|name| (*name).to_owned()).collect();
            let mut environment = Environment::of_address(variables, "prod", &around);
            assert!(environment.unset.iter().any(|name| name == "AWS_PROFILE"));
            assert!(
                !environment
                    .unset
                    .iter()
                    .any(|name| name.ends_with("FULL_URI"))
            );
            environment.unset.retain(|name| name.ends_with("REGION"));
            environment.unset
        };
        assert_eq!(
            of(None, &["MAI_PROFILE"]),
            ["AWS_DEFAULT_REGION", "AWS_REGION"]
        );
        assert_eq!(of(Some("x"), &["MAI_PROFILE"]), ["AWS_DEFAULT_REGION"]);
        assert!(of(None, &["AWS_REGION", "X_MAI_PROFILE"]).is_empty());
    }

    #[test]
    fn removing_names_everything_that_is_set() {
        let names = Names::of_keys();
        let set = with(&names, &[("prod", "")], &[]).set;
        let removed = Environment::without(&names, &[]).unset;
        for (name, _) in &set {
            assert!(removed.contains(name), "{name}");
        }
        let wanted = ["pdx=PDX_".parse().unwrap()];
        let removed = Environment::without(&names, &wanted).unset;
        assert!(removed.iter().all(|name| name.starts_with("PDX_")));
    }
}
