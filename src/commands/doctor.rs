//! `mai doctor`: what is wrong here.

use clap::Args;
use serde_json::{Value, json};

use super::run::{self, Ground};
use crate::doctor::{self, Patient};
use crate::error::Result;
use crate::idp::providers::PROVIDERS;
use crate::ui::{Format, output, table};

#[derive(Args)]
pub struct Doctor {
    /// Also ask the hosts: are they there, and what time is it there? Nothing secret is sent
    #[arg(long)]
    online: bool,
    /// List the identity providers that mai knows, with their options
    #[arg(long, conflicts_with = "online")]
    providers: bool,
}

impl Doctor {
    /// Unlike the other verbs it goes on without a configuration: why there is none is what it is asked.
    pub fn run(self, ground: &Ground) -> Result<u8> {
        if self.providers {
            return providers(ground.format);
        }
        let report = doctor::examine(
            &Patient {
                paths: &ground.paths,
                config: run::config(&ground.paths, ground.explicit.as_deref()),
                variable: &|name| std::env::var(name).ok(),
                version: concat!("mai ", env!("CARGO_PKG_VERSION")),
            },
            self.online,
        );
        match ground.format {
            Format::Json => output::write_json(&report.document())?,
            Format::Tsv => output::write_tsv(&["level", "area", "text", "hint"], report.rows())?,
            Format::Text => output::write(&report.text(&ground.ui))?,
        }
        Ok(u8::from(report.wrong() > 0))
    }
}

fn providers(format: Format) -> Result<u8> {
    match format {
        Format::Json => {
            let all = PROVIDERS.iter().map(|provider| {
                let options = provider.options().iter();
                json!({
                    "type": provider.name(),
                    "product": provider.about(),
                    "proof": provider.proof().words(),
                    "hosts": provider.hosts(),
                    "options": options
                        .map(|(key, about)| json!({"option": key, "about": about}))
                        .collect::<Vec<_>>(),
                })
            });
            output::write_json(&Value::Array(all.collect()))?;
        }
        Format::Tsv => {
            let rows = PROVIDERS.iter().map(|provider| {
                vec![
                    provider.name().to_owned(),
                    provider.about().to_owned(),
                    provider.proof().words().to_owned(),
                ]
            });
            output::write_tsv(&["type", "product", "proof"], rows)?;
        }
        Format::Text => {
            let mut rows: Vec<Vec<String>> = Vec::new();
            for provider in PROVIDERS {
                rows.push(vec![
                    provider.name().to_owned(),
                    provider.about().to_owned(),
                    provider.proof().words().to_owned(),
                ]);
                for (key, about) in provider.options() {
                    rows.push(vec![
                        format!("  options: {{{key}: …}}"),
                        (*about).to_owned(),
                    ]);
                }
            }
            let heading = ["TYPE", "PRODUCT", "PROOF"];
            output::write(&table::render(&heading, &rows, table::stdout_width()))?;
        }
    }
    Ok(0)
}
