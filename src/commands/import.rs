//! `mai import`: the configuration of another tool, taken over.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::{Value, json};

use super::agreement;
use super::run::Run;
use crate::error::{Error, Result};
use crate::setup::import::{self, Plan, TOOLS, Tool};
use crate::setup::profiles_file;
use crate::ui::{Format, output};

#[derive(Args)]
pub struct Import {
    /// The tools to look for; all of them if none is named
    #[arg(value_name = "TOOL", value_parser = tools())]
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
            return report(run, &plan, false);
        }
        let text = plan.text(&run.config)?;
        if run.format == Format::Text {
            output::write(&text)?;
        }
        if self.dry_run {
            agreement::nothing_written(run);
            return report(run, &plan, false);
        }
        agreement::check(run, "import", self.yes)?;
        if !agreement::given(run, self.yes, "this")? {
            return report(run, &plan, false);
        }
        let changed = profiles_file::change(&run.paths, &run.config, |draft| plan.write(draft))?;
        for note in &changed.notes {
            run.ui.say(note);
        }
        run.ui
            .say(&format!("Wrote {} to {}.", counted(&plan), changed.file));
        if let Some(first) = plan.profiles.first() {
            run.ui.say(&format!("Next: mai login {}", first.name));
        }
        report(run, &plan, true)
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
            let file = match &from {
                Some(file) => file.clone(),
                None => (tool.usual_file)(&run.paths)?,
            };
            let lacks =
                |what: String| Err(Error::usage(what).hint("--from FILE names another file"));
            match import::look(tool, &run.paths, &file) {
                Ok(Some(found)) if found.is_empty() && named => {
                    let shown = run.paths.shown(&file);
                    return lacks(format!("{shown} holds nothing of {}", tool.name));
                }
                Ok(Some(found)) => plan.add(&run.config, tool.name, found),
                Ok(None) if named => {
                    return lacks(format!("there is no file {}", run.paths.shown(&file)));
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
}

fn tools() -> impl TypedValueParser<Value = &'static Tool> {
    PossibleValuesParser::new(TOOLS.iter().map(|tool| tool.name))
        .try_map(|name| Tool::named(&name).ok_or("there is no such tool"))
}

/// What is written, in words.
fn counted(plan: &Plan) -> String {
    let accounts = match plan.accounts.len() {
        1 => "the name of 1 account".to_owned(),
        several => format!("names of {several} accounts"),
    };
    match (plan.profiles.len(), plan.accounts.len()) {
        (count, 0) => agreement::profiles(count),
        (0, _) => accounts,
        (count, _) => format!("{} and {accounts}", agreement::profiles(count)),
    }
}

fn report(run: &Run, plan: &Plan, written: bool) -> Result<u8> {
    match run.format {
        Format::Text => {}
        Format::Json => output::write_json(&document(plan, written))?,
        Format::Tsv => {
            let status = if written { "written" } else { "new" };
            let new = plan.profiles.iter().map(|profile| (&profile.name, status));
            let skipped = plan
                .skipped
                .iter()
                .map(|skipped| (&skipped.name, "left out"));
            output::write_tsv(
                &["profile", "status"],
                new.chain(skipped)
                    .map(|(name, status)| vec![name.clone(), status.to_owned()]),
            )?;
        }
    }
    Ok(0)
}

fn document(plan: &Plan, written: bool) -> Value {
    json!({
        "written": written,
        "profiles": plan.profiles.iter().map(|profile| &profile.name).collect::<Vec<_>>(),
        "identity_providers": plan.identity_providers.iter().map(|provider| &provider.name).collect::<Vec<_>>(),
        "accounts": plan.accounts.iter().map(|(id, name)| json!({
            "account_id": id,
            "account": name,
        })).collect::<Vec<_>>(),
        "skipped": plan.skipped.iter().map(|skipped| json!({
            "profile": skipped.name,
            "reason": skipped.why,
        })).collect::<Vec<_>>(),
        "notes": plan.notes,
    })
}
