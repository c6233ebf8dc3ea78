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
        let profiles: Vec<&Profile> = run.config.profiles.iter().collect();
        if run.format == Format::Text {
            run.config.expect_profiles()?;
        }
        let rows = profiles.iter().map(|profile| row(run, profile));
        match run.format {
            Format::Json => output::write_json(&Value::Array(
                profiles
                    .iter()
                    .map(|profile| document(run, profile))
                    .collect(),
            ))?,
            Format::Tsv => output::write_tsv(
                &[
                    "profile",
                    "account",
                    "role",
                    "identity_provider",
                    "aws_profile",
                    "marks",
                ],
                rows,
            )?,
            Format::Text => output::write(&table::render(
                &[
                    "PROFILE",
                    "ACCOUNT",
                    "ROLE",
                    "IDENTITY PROVIDER",
                    "AWS PROFILE",
                    "",
                ],
                &rows.collect::<Vec<_>>(),
                table::stdout_width(),
            ))?,
        }
        Ok(0)
    }
}

fn row(run: &Run, profile: &Profile) -> Vec<String> {
    let (account, role) = wanted(run, profile);
    let mut marks = Vec::new();
    if run.is_default(&profile.name) {
        marks.push("default");
    }
    if profile.critical.value {
        marks.push("critical");
    }
    vec![
        profile.name.clone(),
        account.unwrap_or_default(),
        role.unwrap_or_else(|| "(asked)".into()),
        profile.identity_provider.value.clone(),
        profile.aws_profile.value.clone(),
        marks.join(", "),
    ]
}

/// Account (by its name where one is known) and role, as far as the configuration says them.
fn wanted(run: &Run, profile: &Profile) -> (Option<String>, Option<String>) {
    match profile.role.as_ref().map(|role| &role.value) {
        None => (None, None),
        Some(RoleWanted::Arn(arn)) => (
            Some(
                run.config
                    .account_name(arn.account())
                    .unwrap_or(arn.account())
                    .to_string(),
            ),
            Some(arn.path_and_name().to_string()),
        ),
        Some(RoleWanted::InAccount { account, role }) => (
            Some(
                run.config
                    .account_name(account)
                    .unwrap_or(account)
                    .to_string(),
            ),
            Some(role.clone()),
        ),
        Some(RoleWanted::Pattern(pattern)) => (None, Some(pattern.clone())),
    }
}

fn document(run: &Run, profile: &Profile) -> Value {
    let role = profile.role.as_ref().map(|role| &role.value);
    let arn = match role {
        Some(RoleWanted::Arn(arn)) => Some(arn),
        _ => None,
    };
    let (account, name) = wanted(run, profile);
    json!({
        "profile": profile.name,
        "aws_profile": profile.aws_profile.value,
        "identity_provider": profile.identity_provider.value,
        "username": run.config.provider_of(profile).ok().and_then(|p| p.username.as_ref().map(|user| user.value.clone())),
        "role_arn": arn.map(ToString::to_string),
        "provider_arn": profile.provider_arn.as_ref().map(|arn| arn.value.to_string()),
        "account_id": arn.map(|arn| arn.account().to_string()),
        "account": account,
        "role": name,
        "region": profile.region.as_ref().map(|region| region.value.clone()),
        "default": run.is_default(&profile.name),
        "critical": profile.critical.value,
    })
}
