//! `mai roles`: every role the identity provider offers.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::run::{Run, Secrets, end_recording};
use crate::config::IdentityProvider;
use crate::error::{Error, Result};
use crate::login::offer::{self, Errand, Offer};
use crate::login::record;
use crate::ui::{Format, output, table};

#[derive(Args)]
pub struct Roles {
    /// A profile of the identity provider
    #[arg(value_name = "PROFILE", conflicts_with = "idp")]
    profile: Option<String>,
    /// The identity provider, by its name in profiles.yaml
    #[arg(long, value_name = "IDP")]
    idp: Option<String>,
    /// Show AWS's sign-in page the assertion to learn what the accounts are called
    #[arg(long)]
    account_names: bool,
    /// Ask for the password even if one is stored
    #[arg(long)]
    ask: bool,
    /// Read the password from stdin
    #[arg(long, conflicts_with = "ask")]
    password_stdin: bool,
    /// Save how the sign-in went in a new folder, masked
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
}

impl Roles {
    pub fn run(self, run: &Run) -> Result<u8> {
        let provider = provider(run, self.profile.as_deref(), self.idp.as_deref())?;
        let mut doors = run.doors(Secrets {
            password_from_stdin: self
                .password_stdin
                .then(super::stdin::password_from_stdin)
                .transpose()?,
            ask: self.ask,
        })?;
        let command = format!("mai roles --idp {}", provider.name);
        let errand = Errand {
            account_names: self.account_names,
            ..Errand::of(&command)
        };
        if let Some(folder) = &self.record {
            doors.recording = Some(record::begin(&run.paths.expand(folder))?);
        }
        let offered = offer::roles_of(&doors, provider, &errand);
        end_recording(&run.ui);
        let (offers, mut signed_in) = offered?;
        match run.format {
            Format::Json => output::write_json(&Value::Array(
                offers
                    .iter()
                    .map(|offer| document(offer, provider))
                    .collect(),
            ))?,
            Format::Tsv => output::write_tsv(
                &["account_id", "account", "role", "role_arn", "provider_arn"],
                offers.iter().map(|offer| {
                    vec![
                        offer.role.account().to_string(),
                        offer.account_name.clone().unwrap_or_default(),
                        offer.role.path_and_name().to_string(),
                        offer.role.to_string(),
                        offer.provider.to_string(),
                    ]
                }),
            )?,
            Format::Text => {
                let rows: Vec<Vec<String>> = offers
                    .iter()
                    .map(|offer| {
                        vec![
                            offer.account_name.clone().unwrap_or_default(),
                            offer.role.account().to_string(),
                            offer.role.path_and_name().to_string(),
                        ]
                    })
                    .collect();
                output::write(&table::render(
                    &["ACCOUNT", "ID", "ROLE"],
                    &rows,
                    table::stdout_width(),
                ))?;
            }
        }
        signed_in.offer_to_keep();
        Ok(0)
    }
}

/// The identity provider by its name, by a profile, or the only one.
fn provider<'a>(
    run: &'a Run,
    profile: Option<&str>,
    idp: Option<&str>,
) -> Result<&'a IdentityProvider> {
    if let Some(name) = idp {
        return run.config.provider_named(name);
    }
    if profile.is_none() {
        let mut all = run.config.identity_providers.values();
        if let (Some(only), None) = (all.next(), all.next()) {
            return Ok(only);
        }
    }
    let names: Vec<String> = profile.map(str::to_string).into_iter().collect();
    let profiles = run.profiles(&names, false)?;
    match profiles[..] {
        [profile] => run.config.provider_of(profile),
        _ => {
            Err(Error::usage("`mai roles` is for one profile")
                .hint("name a profile, or --idp NAME"))
        }
    }
}

fn document(offer: &Offer, provider: &IdentityProvider) -> Value {
    json!({
        "role_arn": offer.role.to_string(),
        "provider_arn": offer.provider.to_string(),
        "account_id": offer.role.account(),
        "account": offer.account_name,
        "role": offer.role.path_and_name(),
        "identity_provider": provider.name,
        "username": provider.username.as_ref().map(|user| user.value.clone()),
    })
}
