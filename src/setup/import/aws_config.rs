//! aws-azure-login, aws-adfs and aws-google-auth: keys of their own in the profiles of `~/.aws/config`.

use url::Url;

use super::source_text::{Section, Sections};
use super::{Entry, Found, Source, password_stays, role, seconds_of};
use crate::error::{Result, clean};

/// The profiles of the config file that have a certain key.
fn profiles_with(
    source: &Source<'_>,
    key: &str,
    mut take: impl FnMut(Section<'_>, &str, &mut Vec<String>) -> Option<Entry>,
) -> Result<Found> {
    let mut found = Found::default();
    for section in Sections::of(source)?.iter() {
        let Some(name) = profile_name(section.name) else {
            continue;
        };
        if section.get(key).is_none() {
            continue;
        }
        let whose = format!("{} [{}]", source.shown, clean(section.name));
        if section.holds_secret() {
            found.notes.push(password_stays(&whose));
        }
        if let Some(entry) = take(section, &whose, &mut found.notes) {
            found.entries.push(Entry {
                name: name.to_owned(),
                region: section.get("region").map(str::to_owned),
                ..entry
            });
        }
    }
    Ok(found)
}

fn profile_name(section: &str) -> Option<&str> {
    match section {
        "default" => Some(section),
        _ => section
            .strip_prefix("profile")
            .filter(|rest| rest.starts_with([' ', '\t']))
            .map(str::trim),
    }
}

/// aws-azure-login: `azure_tenant_id`, `azure_app_id_uri`, `azure_default_…`.
pub fn azure(source: &Source<'_>) -> Result<Found> {
    profiles_with(source, "azure_tenant_id", |section, whose, notes| {
        let tenant = section.get("azure_tenant_id")?;
        let app = section.get("azure_app_id_uri").unwrap_or_default();
        if ![
            "",
            "https://signin.aws.amazon.com/saml",
            "urn:amazon:webservices",
        ]
        .contains(&app)
        {
            notes.push(format!(
                "{whose}: `azure_app_id_uri` is not taken over; use the application's own address (User access URL) as `url:`"
            ));
        }
        let hours = section.get("azure_default_duration_hours");
        Some(Entry {
            url: address(
                &format!("https://login.microsoftonline.com/{tenant}/saml2"),
                whose,
                notes,
            )?,
            username: section.get("azure_default_username").map(str::to_owned),
            role: role(
                section.get("azure_default_role_arn").unwrap_or_default(),
                whose,
                notes,
            ),
            duration: hours.and_then(|text| seconds_of(text, 3600, whose, notes)),
            remember_device: section
                .get("azure_default_remember_me")
                .is_some_and(|value| value.eq_ignore_ascii_case("true")),
            ..Entry::default()
        })
    })
}

/// aws-adfs: `adfs_config.…`.
pub fn adfs(source: &Source<'_>) -> Result<Found> {
    profiles_with(source, "adfs_config.adfs_host", |section, whose, notes| {
        let get = |key: &str| {
            section
                .get(&format!("adfs_config.{key}"))
                .filter(|value| *value != "None")
        };
        let host = get("adfs_host")?;
        let party = get("provider_id").unwrap_or("urn:amazon:webservices");
        let url = format!("https://{host}/adfs/ls/IdpInitiatedSignOn.aspx?loginToRp={party}");
        if get("ssl_verification").is_some_and(|value| value.eq_ignore_ascii_case("false")) {
            notes.push(format!(
                "{whose}: `ssl_verification = False` is not taken over; name your company's certificates in `ca_bundle` instead"
            ));
        }
        if get("username_password_command").is_some() {
            notes.push(format!(
                "{whose}: `username_password_command` is not taken over; a command that prints the password alone can be \
                 named as `password: {{command: …}}`"
            ));
        }
        Some(Entry {
            url: address(&url, whose, notes)?,
            username: get("adfs_user").map(str::to_owned),
            role: role(get("role_arn").unwrap_or_default(), whose, notes),
            duration: get("session_duration").and_then(|text| seconds_of(text, 1, whose, notes)),
            ca_bundle: get("adfs_ca_bundle").map(str::to_owned),
            ..Entry::default()
        })
    })
}

/// aws-google-auth: `google_config.…`.
pub fn google(source: &Source<'_>) -> Result<Found> {
    profiles_with(
        source,
        "google_config.google_idp_id",
        |section, whose, notes| {
            let get = |key: &str| section.get(&format!("google_config.{key}"));
            let (idp, sp) = (
                get("google_idp_id")?,
                get("google_sp_id").unwrap_or_default(),
            );
            let url = format!(
                "https://accounts.google.com/o/saml2/initsso?idpid={idp}&spid={sp}&forceauthn=false"
            );
            Some(Entry {
                url: address(&url, whose, notes)?,
                username: get("google_username").map(str::to_owned),
                role: role(get("role_arn").unwrap_or_default(), whose, notes),
                duration: get("duration").and_then(|text| seconds_of(text, 1, whose, notes)),
                ..Entry::default()
            })
        },
    )
}

fn address(text: &str, whose: &str, notes: &mut Vec<String>) -> Option<String> {
    match Url::parse(text).ok().filter(Url::has_host) {
        Some(_) => Some(text.to_owned()),
        None => {
            notes.push(format!(
                "{whose}: no address can be made of it, so it is left out"
            ));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::duration::Span;

    const TEXT: &str = "[default]\nregion = us-east-1\n\
        [profile azure]\nazure_tenant_id = 1234-abcd\nazure_app_id_uri = https://signin.aws.amazon.com/saml\n\
        azure_default_username = ada@x.test\nazure_default_role_arn = arn:aws:iam::111111111111:role/Admin\n\
        azure_default_duration_hours = 12\nazure_default_remember_me = true\nazure_default_password = hunter2\n\
        [profile adfs]\nregion = eu-west-1\nadfs_config.ssl_verification = True\nadfs_config.adfs_host = adfs.test\n\
        adfs_config.adfs_user = X\\ada\nadfs_config.session_duration = 28800\nadfs_config.adfs_ca_bundle = None\n\
        [profile google]\ngoogle_config.google_idp_id = C01\ngoogle_config.google_sp_id = 42\n\
        google_config.role_arn = Admin\ngoogle_config.google_username = ada@x.test\n";

    fn source() -> Source<'static> {
        Source {
            text: TEXT,
            shown: "~/.aws/config",
        }
    }

    #[test]
    fn each_tool_finds_its_own_profiles() {
        let azure = azure(&source()).unwrap();
        assert_eq!(azure.entries.len(), 1);
        let entry = &azure.entries[0];
        assert_eq!(
            (entry.name.as_str(), entry.remember_device),
            ("azure", true)
        );
        assert_eq!(
            entry.url,
            "https://login.microsoftonline.com/1234-abcd/saml2"
        );
        assert_eq!(entry.duration, Some(Span::hours(12)));
        assert!(azure.notes.iter().any(|note| note.contains("plain text")));
        assert!(!format!("{azure:?}").contains("hunter2"));

        let adfs = adfs(&source()).unwrap();
        let entry = &adfs.entries[0];
        assert_eq!(
            entry.url,
            "https://adfs.test/adfs/ls/IdpInitiatedSignOn.aspx?loginToRp=urn:amazon:webservices"
        );
        assert_eq!(entry.username.as_deref(), Some("X\\ada"));
        assert_eq!(
            (entry.region.as_deref(), &entry.ca_bundle),
            (Some("eu-west-1"), &None)
        );

        let google = google(&source()).unwrap();
        let entry = &google.entries[0];
        assert_eq!(
            entry.url,
            "https://accounts.google.com/o/saml2/initsso?idpid=C01&spid=42&forceauthn=false"
        );
        assert_eq!(entry.role, None);
        assert!(google.notes.iter().any(|note| note.contains("no ARN")));
    }
}
