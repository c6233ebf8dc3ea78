//! gimme-aws-creds: `~/.okta_aws_login_config`, an INI file whose sections may inherit from each other.

use super::source_text::{Section, Sections};
use super::{Entry, Found, Source, password_stays, role, seconds_of};
use crate::error::{Result, clean};

/// Sections that inherit from each other end somewhere, or not at all.
const LONGEST_LINE: usize = 10;

pub fn read(source: &Source<'_>) -> Result<Found> {
    let sections = Sections::of(source)?;
    let mut found = Found::default();
    for section in sections.iter() {
        let whose = format!("{} [{}]", source.shown, clean(section.name));
        if section.holds_secret() {
            found.notes.push(password_stays(&whose));
        }
        let get = |key: &str| inherited(&sections, section, key);
        let Some(url) = get("app_url").filter(|url| url.starts_with("https://")) else {
            // A section that others inherit from, or one that asks a server for the application.
            if get("okta_org_url").is_some() {
                found.notes.push(format!(
                    "{whose}: it names no application (`app_url`), so it is left out; the address of the AWS application is \
                     behind its tile in Okta"
                ));
            }
            continue;
        };
        let wanted = get("aws_rolename")
            .filter(|name| *name != "all")
            .unwrap_or_default();
        found.entries.push(Entry {
            name: match section.name {
                "DEFAULT" => "okta".to_owned(),
                name => name.to_owned(),
            },
            url: url.to_owned(),
            username: get("okta_username").map(str::to_owned),
            role: role(wanted, &whose, &mut found.notes),
            // These words make a name of the role, which is what a profile's own name is for.
            aws_profile: get("cred_profile")
                .filter(|name| !["role", "acc", "acc-role"].contains(name))
                .map(str::to_owned),
            duration: get("aws_default_duration")
                .and_then(|text| seconds_of(text, 1, &whose, &mut found.notes)),
            remember_device: get("remember_device")
                .is_some_and(|value| ["y", "yes", "true"].contains(&value.to_lowercase().as_str())),
            method: get("preferred_mfa_type").and_then(method),
            ..Entry::default()
        });
    }
    Ok(found)
}

fn inherited<'a>(sections: &'a Sections, section: Section<'a>, key: &str) -> Option<&'a str> {
    let mut section = section;
    for _ in 0..LONGEST_LINE {
        if let Some(value) = section.get(key) {
            return Some(value);
        }
        section = sections.named(section.get("inherits")?)?;
    }
    None
}

fn method(kind: &str) -> Option<&'static str> {
    match kind {
        "push" => Some("push"),
        "token:software:totp" => Some("totp"),
        "sms" => Some("sms"),
        "call" => Some("call"),
        "email" => Some("email"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_inherit_and_those_without_an_application_are_left_out() {
        let text = "[DEFAULT]\nokta_org_url = https://x.okta.com\nokta_username = ada\n[base]\n\
            app_url = https://x.okta.com/home/amazon_aws/0oa1/272\npreferred_mfa_type = push\n\
            [dev]\ninherits = base\naws_rolename = arn:aws:iam::111111111111:role/Dev\ncred_profile = acc-role\n\
            [loop]\ninherits = loop\n";
        let found = read(&Source {
            text,
            shown: "~/.okta_aws_login_config",
        })
        .unwrap();
        let names: Vec<&str> = found
            .entries
            .iter()
            .map(|entry| entry.name.as_str())
            .collect();
        assert_eq!(names, ["base", "dev"]);
        let dev = &found.entries[1];
        assert_eq!(
            (dev.method, dev.aws_profile.as_deref()),
            (Some("push"), None)
        );
        assert!(found.notes[0].contains("[DEFAULT]"), "{:?}", found.notes);
    }
}
