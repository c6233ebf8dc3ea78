//! saml2aws: `~/.saml2aws`, an INI file with a section for each account.
//!
//! The addresses are put together as saml2aws does from `url` and what each provider adds.

use url::Url;

use super::source_text::{Section, Sections};
use super::{Entry, Found, Source, password_stays, role, seconds_of};
use crate::error::{Result, clean};

/// The section saml2aws writes to unless told otherwise.
const USUAL_SECTION: &str = "saml";
const URN: &str = "urn:amazon:webservices";

pub fn read(source: &Source<'_>) -> Result<Found> {
    let mut found = Found::default();
    for section in Sections::of(source)?.iter() {
        let whose = format!("{} [{}]", source.shown, clean(section.name));
        if section.holds_secret() {
            found.notes.push(password_stays(&whose));
        }
        let Some(url) = address(&section) else {
            found.notes.push(format!(
                "{whose}: it has no `url` that can be read, so it is left out"
            ));
            continue;
        };
        if section
            .get("skip_verify")
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
        {
            found.notes.push(format!(
                "{whose}: `skip_verify` is not taken over; name your company's certificates in `ca_bundle` instead"
            ));
        }
        found.entries.push(Entry {
            name: section.name.to_owned(),
            url,
            username: section.get("username").map(str::to_owned),
            role: role(
                section.get("role_arn").unwrap_or_default(),
                &whose,
                &mut found.notes,
            ),
            aws_profile: Some(
                section
                    .get("aws_profile")
                    .unwrap_or(USUAL_SECTION)
                    .to_owned(),
            ),
            region: section.get("region").map(str::to_owned),
            duration: section
                .get("aws_session_duration")
                .and_then(|text| seconds_of(text, 1, &whose, &mut found.notes)),
            method: section.get("mfa").and_then(method),
            ..Entry::default()
        });
    }
    Ok(found)
}

/// Where a sign-in starts.
fn address(section: &Section<'_>) -> Option<String> {
    let url = section.get("url")?.trim_end_matches('/');
    let url = match url.contains("://") {
        true => url.to_owned(),
        false => format!("https://{url}"),
    };
    let parsed = Url::parse(&url).ok().filter(Url::has_host)?;
    let urn = section.get("aws_urn").unwrap_or(URN);
    // Who has written a whole address has it already.
    let is_host_only = parsed.path() == "/" && parsed.query().is_none();
    let provider = section
        .get("provider")
        .unwrap_or_default()
        .to_ascii_lowercase();
    Some(match provider.as_str() {
        "adfs" | "adfs2" if is_host_only => {
            format!("{url}/adfs/ls/IdpInitiatedSignOn.aspx?loginToRp={urn}")
        }
        "ping" | "pingntlm" if is_host_only => format!("{url}/idp/startSSO.ping?PartnerSpId={urn}"),
        "shibboleth" if is_host_only => {
            format!("{url}/idp/profile/SAML2/Unsolicited/SSO?providerId={urn}")
        }
        "f5apm" if is_host_only => {
            let resource = section.get("resource_id")?;
            format!("{url}/saml/idp/res?id={resource}")
        }
        _ => url,
    })
}

/// `mfa` names a factor of the provider; `Auto` leaves it open.
fn method(mfa: &str) -> Option<&'static str> {
    let mfa = mfa.to_ascii_uppercase();
    match mfa.as_str() {
        "PUSH" | "OKTA" => Some("push"),
        "TOTP" | "GOOGLE" | "PHONEAPPOTP" => Some("totp"),
        "SMS" | "ONEWAYSMS" => Some("sms"),
        "PHONEAPPNOTIFICATION" => Some("push"),
        "CALL" | "TWOWAYVOICEMOBILE" => Some("call"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Found {
        read(&Source {
            text,
            shown: "~/.saml2aws",
        })
        .unwrap()
    }

    #[test]
    fn accounts_are_read_with_the_address_saml2aws_would_open() {
        let text = "[default]\nname = default\nurl = https://adfs.test\nusername = ada\nprovider = ADFS\nmfa = Auto\n\
            skip_verify = true\naws_urn = urn:amazon:webservices\naws_session_duration = 28800\naws_profile = saml\n\
            role_arn = arn:aws:iam::111111111111:role/Admin\nregion = eu-west-1\n\
            [key]\nurl = https://id.test/realms/a/protocol/saml/clients/aws\nprovider = KeyCloak\naws_session_duration = 3600\n\
            [ping]\nurl = sso.test\nprovider = Ping\nmfa = PUSH\n[none]\nprovider = Ping\n";
        let found = found(text);
        let urls: Vec<&str> = found
            .entries
            .iter()
            .map(|entry| entry.url.as_str())
            .collect();
        assert_eq!(
            urls,
            [
                "https://adfs.test/adfs/ls/IdpInitiatedSignOn.aspx?loginToRp=urn:amazon:webservices",
                "https://id.test/realms/a/protocol/saml/clients/aws",
                "https://sso.test/idp/startSSO.ping?PartnerSpId=urn:amazon:webservices",
            ]
        );
        let first = &found.entries[0];
        assert_eq!(first.username.as_deref(), Some("ada"));
        assert_eq!(
            first.role.as_ref().map(ToString::to_string).as_deref(),
            Some("arn:aws:iam::111111111111:role/Admin")
        );
        assert_eq!(
            first.duration.map(|span| span.to_string()).as_deref(),
            Some("8h")
        );
        assert_eq!(first.aws_profile.as_deref(), Some("saml"));
        assert_eq!(
            found.entries[1].duration, None,
            "an hour is what everybody gets"
        );
        assert_eq!(found.entries[2].method, Some("push"));
        assert!(
            found
                .notes
                .iter()
                .any(|note| note.contains("`skip_verify`")),
            "{:?}",
            found.notes
        );
        assert!(
            found.notes.iter().any(|note| note.contains("[none]")),
            "{:?}",
            found.notes
        );
    }

    #[test]
    fn a_line_that_is_nothing_is_named_and_not_quoted() {
        let text = "[default]\nurl = https://x\n[open hunter2\n";
        let error = read(&Source {
            text,
            shown: "~/.saml2aws",
        })
        .unwrap_err();
        assert!(error.message().starts_with("~/.saml2aws:"), "{error}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        assert_eq!(error.exit_code(), 2);
    }
}
