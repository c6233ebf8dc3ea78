//! `mai list`: the configured profiles.

use clap::Args;
use serde_json::{Value, json};

use super::run::Run;
use crate::config::{Profile, RoleWanted};
use crate::error::Result;
use crate::ui::{Format, output, table};

#[derive(Args)]
pub struct List {}

impl List {
    pub fn run(self, run: &Run) -> Result<u8> {
        let entries = run
            .config
            .profiles
            .iter()
            .map(|profile| entry(run, profile));
        match run.format {
            Format::Json => output::write_json(&Value::Array(entries.map(document).collect()))?,
            Format::Tsv => output::write_tsv(
                &[
                    "profile",
                    "account_id",
                    "account",
                    "role",
                    "identity_provider",
                    "aws_profile",
                ],
                entries.map(cells),
            )?,
            Format::Text if run.config.profiles.is_empty() => run.say_no_profiles(),
            Format::Text => {
                let heading = [
                    "PROFILE",
                    "ACCOUNT",
                    "ROLE",
                    "IDENTITY PROVIDER",
                    "AWS PROFILE",
                    "",
                ];
                let rows: Vec<Vec<String>> = entries.map(shown).collect();
                output::write(&table::render(&heading, &rows, table::stdout_width()))?;
            }
        }
        Ok(0)
    }
}

/// A profile, as far as the configuration says it.
struct Entry<'a> {
    profile: &'a Profile,
    username: Option<&'a str>,
    url: Option<String>,
    is_default: bool,
    role_arn: Option<String>,
    account_id: Option<&'a str>,
    account: Option<&'a str>,
    role: Option<&'a str>,
}

fn entry<'a>(run: &'a Run, profile: &'a Profile) -> Entry<'a> {
    let (account, role) = match profile.role.as_deref() {
        None => (None, None),
        Some(RoleWanted::Arn(arn)) => (Some(arn.account()), Some(arn.path_and_name())),
        Some(RoleWanted::InAccount { account, role }) => {
            (Some(account.as_str()), Some(role.as_str()))
        }
        Some(RoleWanted::Pattern(pattern)) => (None, Some(pattern.as_str())),
    };
    // An account stands there by its id or by its name; the other one is looked up.
    let is_id = |text: &&str| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
    let account_id = account
        .filter(is_id)
        .or_else(|| account.and_then(|name| run.config.account_ids(name).next()));
    let account_name = account_id
        .and_then(|id| run.config.account_name(id))
        .or(account.filter(|text| !is_id(text)));
    let provider = run.config.provider_of(profile).ok();
    Entry {
        profile,
        username: provider.and_then(|provider| provider.username.as_deref().map(String::as_str)),
        url: provider.map(|provider| provider.url.value.to_string()),
        is_default: run.config.is_default(&profile.name),
        role_arn: match profile.role.as_deref() {
            Some(RoleWanted::Arn(arn)) => Some(arn.to_string()),
            _ => None,
        },
        account_id,
        account: account_name,
        role,
    }
}

fn shown(entry: Entry) -> Vec<String> {
    let marks = [
        ("default", entry.is_default),
        ("critical", *entry.profile.critical),
    ];
    let marks: Vec<&str> = marks
        .iter()
        .filter(|(_, is)| *is)
        .map(|(mark, _)| *mark)
        .collect();
    vec![
        entry.profile.name.clone(),
        entry
            .account
            .or(entry.account_id)
            .unwrap_or_default()
            .to_owned(),
        entry.role.unwrap_or("(asked)").to_owned(),
        entry.profile.identity_provider.to_string(),
        entry.profile.aws_profile.to_string(),
        marks.join(", "),
    ]
}

fn cells(entry: Entry) -> Vec<String> {
    vec![
        entry.profile.name.clone(),
        entry.account_id.unwrap_or_default().to_owned(),
        entry.account.unwrap_or_default().to_owned(),
        entry.role.unwrap_or_default().to_owned(),
        entry.profile.identity_provider.to_string(),
        entry.profile.aws_profile.to_string(),
    ]
}

fn document(entry: Entry) -> Value {
    let profile = entry.profile;
    json!({
        "profile": profile.name,
        "aws_profile": profile.aws_profile.value,
        "identity_provider": profile.identity_provider.value,
        "username": entry.username,
        "url": entry.url,
        "role_arn": entry.role_arn,
        "provider_arn": profile.provider_arn.as_ref().map(|arn| arn.to_string()),
        "account_id": entry.account_id,
        "account": entry.account,
        "role": entry.role,
        "region": profile.region.as_ref().map(|region| region.value.clone()),
        "default": entry.is_default,
        "critical": profile.critical.value,
        // What the Python Mai called them; its `role` and `url` are above.
        "name": profile.name,
        "user": entry.username,
    })
}
