//! `mai doctor`: what is wrong here.

use clap::Args;
use serde_json::{Value, json};

use super::run::{self, Ground};
use crate::doctor::{self, Patient};
use crate::error::Result;
use crate::idp::providers::{PROVIDERS, Provider};
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
            let width = table::stdout_width().map_or(WIDEST, |columns| columns.min(WIDEST));
            let blocks: Vec<String> = PROVIDERS
                .iter()
                .map(|provider| block(*provider, width))
                .collect();
            output::write(&blocks.join("\n"))?;
        }
    }
    Ok(0)
}

/// Lines for people are no longer than this.
const WIDEST: usize = 80;

/// One provider: its name for `type:`, what it is, its proof, its options.
fn block(provider: &dyn Provider, width: usize) -> String {
    let mut text = format!("{}\n", provider.name());
    text += &indented(provider.about(), 2, width);
    text += &indented(provider.proof().words(), 2, width);
    for (key, about) in provider.options() {
        text += &format!("  options: {{{key}: …}}\n");
        text += &indented(about, 6, width);
    }
    text
}

/// A text on as many lines as it takes.
fn indented(text: &str, indent: usize, width: usize) -> String {
    let mut lines = String::new();
    let mut line = " ".repeat(indent);
    for word in text.split_whitespace() {
        let is_first = line.trim().is_empty();
        if !is_first && table::shown_width(&line) + 1 + table::shown_width(word) > width {
            lines += &line;
            lines.push('\n');
            line = " ".repeat(indent);
        } else if !is_first {
            line.push(' ');
        }
        line += word;
    }
    lines + &line + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_goes_on_on_the_next_line() {
        assert_eq!(indented("a bc def", 2, 6), "  a bc\n  def\n");
        assert_eq!(indented("a bc def", 2, 80), "  a bc def\n");
        assert_eq!(
            indented("longer than that", 2, 4),
            "  longer\n  than\n  that\n"
        );
    }
}
