//! okta-aws-cli: `~/.okta/okta.yaml`, profiles and names for accounts.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Entry, Found, Source, role, seconds, source_text};
use crate::arn::ProviderArn;
use crate::error::{Result, clean};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct File {
    awscli: AwsCli,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AwsCli {
    profiles: BTreeMap<String, Profile>,
    /// SAML providers of accounts, and what people call them.
    idps: Labels,
}

/// One table, or a list of tables with one entry each: both are around.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Labels {
    Table(BTreeMap<String, String>),
    List(Vec<BTreeMap<String, String>>),
    /// Names alone are no reason to lose the profiles.
    Other(serde::de::IgnoredAny),
}

impl Default for Labels {
    fn default() -> Self {
        Labels::List(Vec::new())
    }
}

impl Labels {
    fn all(self) -> Vec<(String, String)> {
        match self {
            Labels::Table(table) => table.into_iter().collect(),
            Labels::List(tables) => tables.into_iter().flatten().collect(),
            Labels::Other(_) => Vec::new(),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Profile {
    org_domain: Option<String>,
    aws_acct_fed_app_id: Option<String>,
    aws_iam_role: Option<String>,
    aws_iam_idp: Option<String>,
    session_duration: Option<u64>,
    profile: Option<String>,
    aws_region: Option<String>,
}

pub fn read(source: &Source<'_>) -> Result<Found> {
    let file: File = source_text::yaml(source)?;
    let mut found = Found::default();
    for (name, profile) in file.awscli.profiles {
        let whose = format!("{} profile {}", source.shown, clean(&name));
        let domain = profile.org_domain.as_deref().unwrap_or_default();
        let host = domain.trim_start_matches("https://").trim_end_matches('/');
        let (false, Some(app)) = (host.is_empty(), &profile.aws_acct_fed_app_id) else {
            found.notes.push(format!(
                "{whose}: it names no `org-domain` and `aws-acct-fed-app-id`, so it is left out"
            ));
            continue;
        };
        found.entries.push(Entry {
            name,
            // The address behind the application's tile; 272 is Okta's number for its AWS application.
            url: format!("https://{host}/home/amazon_aws/{app}/272"),
            role: role(
                profile.aws_iam_role.as_deref().unwrap_or_default(),
                &whose,
                &mut found.notes,
            ),
            provider_arn: profile
                .aws_iam_idp
                .as_deref()
                .and_then(|arn| arn.parse().ok()),
            aws_profile: profile.profile,
            region: profile.aws_region,
            duration: profile
                .session_duration
                .and_then(|length| seconds(length, &whose, &mut found.notes)),
            ..Entry::default()
        });
    }
    for (arn, label) in file.awscli.idps.all() {
        if let Ok(provider) = arn.parse::<ProviderArn>() {
            found
                .accounts
                .push((provider.account().to_owned(), clean(&label)));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_accounts_may_be_one_table_or_something_else() {
        let profiles = "  profiles: {dev: {org-domain: x.okta.com, aws-acct-fed-app-id: 0oa2}}\n";
        for (idps, names) in [
            (
                "    \"arn:aws:iam::123456789012:saml-provider/okta\": Data\n",
                1,
            ),
            ("    - 1\n", 0),
        ] {
            let text = format!("awscli:\n  idps:\n{idps}{profiles}");
            let found = read(&Source {
                text: &text,
                shown: "~/.okta/okta.yaml",
            })
            .unwrap();
            assert_eq!(
                (found.accounts.len(), found.entries.len()),
                (names, 1),
                "{text}"
            );
        }
    }

    #[test]
    fn profiles_and_account_names_are_read() {
        let text = "---\nawscli:\n  idps:\n    - \"arn:aws:iam::123456789012:saml-provider/okta\": \"Data Production\"\n  \
            profiles:\n    dev:\n      oidc-client-id: \"0oa\"\n      org-domain: \"x.okta.com\"\n      \
            aws-acct-fed-app-id: \"0oa2\"\n      aws-iam-role: \"arn:aws:iam::123456789012:role/Dev\"\n      \
            session-duration: 7200\n    empty: {}\n";
        let found = read(&Source {
            text,
            shown: "~/.okta/okta.yaml",
        })
        .unwrap();
        assert_eq!(found.entries.len(), 1);
        assert_eq!(
            found.entries[0].url,
            "https://x.okta.com/home/amazon_aws/0oa2/272"
        );
        assert_eq!(
            found.accounts,
            [("123456789012".to_owned(), "Data Production".to_owned())]
        );
        assert!(
            found.notes[0].contains("profile empty"),
            "{:?}",
            found.notes
        );
    }
}
