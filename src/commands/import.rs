//! `mai import`: the configuration of another tool, taken over.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::run::Run;
use crate::config::did_you_mean;
use crate::error::{Error, Result, clean};
use crate::presence::Presence;
use crate::setup::import::{self, Plan, TOOLS, Tool};
use crate::setup::profiles_file;
use crate::ui::{Format, output};

#[derive(Args)]
pub struct Import {
    /// saml2aws, aws-azure-login, aws-adfs, aws-google-auth, gimme-aws-creds, clisso, okta-aws-cli; all of them if none
    /// is named
    #[arg(value_name = "TOOL", value_parser = tool)]
    tools: Vec<&'static Tool>,
    /// Read FILE instead of the tool's usual file
    #[arg(long, value_name = "FILE", requires = "tools")]
    from: Option<PathBuf>,
    /// Show what would be written, and write nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Write without asking
    #[arg(short, long, conflicts_with = "dry_run")]
    yes: bool,
}

impl Import {
    pub fn run(self, run: &Run) -> Result<u8> {
        let plan = self.plan(run)?;
        for note in &plan.notes {
            run.ui.warn(note);
        }
        for skipped in &plan.skipped {
            run.ui
                .say(&format!("Left out {}: {}.", skipped.name, skipped.why));
        }
        if plan.is_empty() {
            run.ui.say("There is nothing to take over.");
            return self.report(run, &plan, false);
        }
        let text = plan.text(&run.config)?;
        if run.format == Format::Text {
            output::write(&text)?;
        }
        if !self.may_write(run)? {
            run.ui.say("Nothing was written.");
            return self.report(run, &plan, false);
        }
        let changed = profiles_file::change(&run.paths, &run.config, |draft| plan.write(draft))?;
        for note in &changed.notes {
            run.ui.say(note);
        }
        run.ui.say(&format!(
            "Wrote {} to {}.",
            match plan.profiles.len() {
                1 => "1 profile".to_owned(),
                n => format!("{n} profiles"),
            },
            changed.file
        ));
        if let Some(first) = plan.profiles.first() {
            run.ui.say(&format!("Next: mai login {}", first.name));
        }
        self.report(run, &plan, true)
    }

    fn plan(&self, run: &Run) -> Result<Plan> {
        let named = !self.tools.is_empty();
        if self.from.is_some() && self.tools.len() != 1 {
            return Err(Error::usage("--from is the file of one tool").hint("name one tool"));
        }
        let from = self.from.as_deref().map(|path| run.paths.expand(path));
        let tools: Vec<&Tool> = match named {
            true => self.tools.clone(),
            false => TOOLS.iter().collect(),
        };
        let mut plan = Plan::default();
        let mut broken: Option<Error> = None;
        for tool in tools {
            match import::look(tool, &run.paths, from.as_deref()) {
                Ok(Some(found)) => plan.add(&run.config, tool.name, found),
                Ok(None) if named => {
                    let file = (tool.usual_file)(&run.paths)?;
                    return Err(Error::usage(format!(
                        "{} holds nothing of {}",
                        run.paths.shown(&file),
                        tool.name
                    ))
                    .hint("--from FILE names another file"));
                }
                Ok(None) => {}
                Err(error) if named => return Err(error),
                // One file that cannot be read does not stop the others; several tools share a file.
                Err(error) => {
                    if broken.as_ref() != Some(&error) {
                        run.ui.warn(&error.to_string());
                    }
                    broken = Some(error);
                }
            }
        }
        match broken {
            Some(error) if plan.is_empty() => Err(error),
            _ => Ok(plan),
        }
    }

    fn may_write(&self, run: &Run) -> Result<bool> {
        if self.dry_run {
            return Ok(false);
        }
        if self.yes {
            return Ok(true);
        }
        if run.ui.presence() == Presence::Nobody {
            return Err(
                Error::needs_you("nobody can be asked whether to write this")
                    .hint("`mai import --yes` writes it, `mai import --dry-run` shows it"),
            );
        }
        run.ui.confirm(
            &format!("Write this to {}?", run.config.own_file.shown()),
            true,
        )
    }

    fn report(&self, run: &Run, plan: &Plan, written: bool) -> Result<u8> {
        if run.format == Format::Json {
            output::write_json(&document(plan, written))?;
        }
        Ok(0)
    }
}

fn tool(name: &str) -> Result<&'static Tool, String> {
    TOOLS.iter().find(|tool| tool.name == name).ok_or_else(|| {
        let names = TOOLS.iter().map(|tool| tool.name);
        let all: Vec<&str> = names.clone().collect();
        let near = did_you_mean(name, names).map(|near| format!("; {near}"));
        format!(
            "`{}` is none of {}{}",
            clean(name),
            all.join(", "),
            near.unwrap_or_default()
        )
    })
}

fn document(plan: &Plan, written: bool) -> Value {
    json!({
        "written": written,
        "profiles": plan.profiles.iter().map(|profile| &profile.name).collect::<Vec<_>>(),
        "identity_providers": plan.identity_providers.iter().map(|provider| &provider.name).collect::<Vec<_>>(),
        "skipped": plan.skipped.iter().map(|skipped| json!({
            "profile": skipped.name,
            "reason": skipped.why,
        })).collect::<Vec<_>>(),
        "notes": plan.notes,
    })
}
