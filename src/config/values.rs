//! What single values must look like.

use url::{Host, Url};

use crate::arn::is_region;
use crate::duration::Span;
use crate::error::clean;

use super::schema::RoleWanted;

const LONGEST_NAME: usize = 128;

/// How much of a name that cannot be one is shown.
const SHOWN: usize = 40;

/// Letters, digits and `._/@:+-`: safe in the credentials file, in a prompt and on a command line.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= LONGEST_NAME
        && !name.starts_with('-')
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._/@:+-".contains(&b))
}

/// The name of a profile or a group.
pub fn name(text: &str) -> Result<String, String> {
    match text {
        "global" | "DEFAULT" => Err(format!("`{text}` cannot be a name: it has another meaning")),
        _ if is_plain(text) => Ok(text.to_string()),
        _ => Err(format!(
            "`{}` cannot be a name: {}names are up to {LONGEST_NAME} letters, digits and ._/@:+- and do not begin with -",
            shown(text),
            match text.chars().count() {
                count if count > LONGEST_NAME => format!("it has {count} characters, and "),
                _ => String::new(),
            }
        )),
    }
}

fn shown(text: &str) -> String {
    let mut start: String = clean(text).chars().take(SHOWN).collect();
    if start.len() < clean(text).len() {
        start.push('…');
    }
    start
}

/// The name of an identity provider, which is also a file name.
pub fn provider_name(text: &str) -> Result<String, String> {
    let good = name(text)?;
    if good.contains(['/', ':', '@', '+']) || good.starts_with('.') {
        return Err(format!(
            "`{good}` cannot be the name of an identity provider: letters, digits, `.`, `_` and `-` can"
        ));
    }
    Ok(good)
}

/// An identity provider's address: https, or http to this machine.
pub fn sign_in_url(text: &str) -> Result<Url, String> {
    let url = address(text)?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_this_machine(&url) => Ok(url),
        "http" => Err("a password is only sent over https".into()),
        _ => Err("this is not an https address".into()),
    }
}

pub(super) fn proxy(text: &str) -> Result<Url, String> {
    if !text.starts_with("http://") && !text.starts_with("https://") {
        return Err("a proxy is written like http://proxy.example:3128".into());
    }
    address(text)
}

/// An address with a host and without a name or password in it. It is never quoted: a password may be in it.
fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|_| {
        if text.contains("://") {
            "this is not an address"
        } else {
            "an address begins with https://"
        }
        .to_string()
    })?;
    if !url.has_host() {
        return Err("this address names no host".into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a name or password does not belong into an address".into());
    }
    Ok(url)
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// `host` or `host:port` as a browser would compare it.
pub(super) fn trusted_host(text: &str) -> Result<String, String> {
    let wrong = || {
        format!(
            "`{}` is not a host: write it like sso.example.net or sso.example.net:8443",
            clean(text)
        )
    };
    if text.contains(['/', '@', '?', '#', '\\', '*', '%']) || text.trim() != text {
        return Err(wrong());
    }
    let url = Url::parse(&format!("https://{text}/")).map_err(|_| wrong())?;
    let host = url
        .host_str()
        .filter(|host| !host.is_empty())
        .ok_or_else(wrong)?;
    // A port that was written stays, even 443: it is the same host then.
    Ok(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_string(),
    })
}

pub fn region(text: &str) -> Result<String, String> {
    if is_region(text) {
        Ok(text.to_string())
    } else {
        Err(format!(
            "`{}` is not a region: write it like eu-central-1",
            clean(text)
        ))
    }
}

/// How long keys should last.
pub fn duration(text: &str) -> Result<Span, String> {
    key_span(text.parse()?)
}

/// What STS takes: 15 minutes to 12 hours.
pub fn key_span(span: Span) -> Result<Span, String> {
    if (Span::minutes(15)..=Span::hours(12)).contains(&span) {
        Ok(span)
    } else {
        Err(format!(
            "{span} is out of range: AWS gives keys for 15m to 12h"
        ))
    }
}

/// In a file a role is named exactly.
pub(super) fn role(text: &str) -> Result<RoleWanted, String> {
    match RoleWanted::parse(text)? {
        RoleWanted::Pattern(_) => Err(format!(
            "`{}` is not a role: write arn:aws:iam::123456789012:role/Name, 123456789012/Name or ACCOUNT-NAME/Name",
            clean(text)
        )),
        exact => Ok(exact),
    }
}

pub(super) fn policy_arn(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let good = matches!(parts[..], ["arn", _, "iam", "", account, policy]
            if (account == "aws" || is_account(account)) && policy.starts_with("policy/"))
        && text.len() <= 2048
        && text.bytes().all(|b| b.is_ascii_graphic());
    if good {
        Ok(text.to_string())
    } else {
        Err(format!(
            "`{}` is not a policy ARN (arn:aws:iam::aws:policy/ReadOnlyAccess)",
            clean(text)
        ))
    }
}

pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// The section of the credentials file.
pub fn section(text: &str) -> Result<String, String> {
    name(text).map_err(|_| {
        format!(
            "`{}` cannot be an AWS profile: letters, digits and ._/@:+- can, `global` and `DEFAULT` cannot",
            clean(text)
        )
    })
}

/// The value of a header.
pub(super) fn header(text: &str) -> Result<String, String> {
    if text.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        Ok(text.to_string())
    } else {
        Err("only plain ASCII text can be sent in a header".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_safe_in_files_prompts_and_shells() {
        for good in ["prod", "a/b", "ada@corp", "x.y:1+2_3-4", "default"] {
            assert!(name(good).is_ok(), "{good}");
        }
        for bad in [
            "", "a b", "-x", "ä", "a\nb", "[x]", "global", "DEFAULT", "a$b",
        ] {
            assert!(name(bad).is_err(), "{bad}");
        }
        for bad in ["..", "a/b", "a:b", ".x"] {
            assert!(provider_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn passwords_only_go_to_https_or_this_machine() {
        for good in [
            "https://login.example.com/idp?x=y#z",
            "http://127.0.0.1:8080/",
            "http://[::1]/x",
            "http://localhost:1/",
        ] {
            assert!(sign_in_url(good).is_ok(), "{good}");
        }
        for bad in [
            "http://login.example.com/",
            "login.example.com",
            "ftp://x/",
            "https://",
            "http://127.0.0.1.evil.example/",
            "http://localhost.evil.example/",
            "javascript:x",
        ] {
            assert!(sign_in_url(bad).is_err(), "{bad}");
        }
        let said = sign_in_url("https://ada:hunter2@x.example/").unwrap_err();
        assert!(!said.contains("hunter2"), "{said}");
        let said = proxy("http://ada:hunter2@x.example/").unwrap_err();
        assert!(!said.contains("hunter2"), "{said}");
    }

    #[test]
    fn trusted_hosts_are_hosts_and_nothing_wider() {
        assert_eq!(trusted_host("SSO.Example.net").unwrap(), "sso.example.net");
        assert_eq!(
            trusted_host("bücher.example").unwrap(),
            "xn--bcher-kva.example"
        );
        assert_eq!(trusted_host("x.example:8443").unwrap(), "x.example:8443");
        assert_eq!(trusted_host("x.example:443").unwrap(), "x.example");
        assert_eq!(trusted_host("[::1]:9").unwrap(), "[::1]:9");
        for bad in [
            "*.example.net",
            "https://x.example",
            "x.example/",
            "ada@x.example",
            "",
            " x",
            "x:y",
        ] {
            assert!(trusted_host(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn roles_are_named_exactly_in_files() {
        let in_account = |account: &str, role: &str| RoleWanted::InAccount {
            account: account.into(),
            role: role.into(),
        };
        assert_eq!(
            role("123456789012/PowerUser").unwrap(),
            in_account("123456789012", "PowerUser")
        );
        assert_eq!(
            role("acme/team/x/Admin").unwrap(),
            in_account("acme", "team/x/Admin")
        );
        assert!(matches!(
            role("arn:aws:iam::123456789012:role/x/y").unwrap(),
            RoleWanted::Arn(_)
        ));
        for bad in ["Admin", "*/Admin", "arn:aws:iam::1:role/x", "/x", "x/", ""] {
            assert!(role(bad).is_err(), "{bad}");
        }
        assert!(matches!(
            RoleWanted::parse("*/Admin").unwrap(),
            RoleWanted::Pattern(_)
        ));
        assert!(matches!(
            RoleWanted::parse("prod adm").unwrap(),
            RoleWanted::Pattern(_)
        ));
    }

    #[test]
    fn durations_are_what_sts_takes() {
        assert!(duration("15m").is_ok() && duration("12h").is_ok());
        assert!(duration("14m59s").is_err() && duration("12h1s").is_err());
        assert!(policy_arn("arn:aws:iam::aws:policy/ReadOnlyAccess").is_ok());
        assert!(policy_arn("arn:aws:iam::123456789012:policy/x/y").is_ok());
        assert!(policy_arn("arn:aws:iam::123456789012:role/x").is_err());
    }
}
