//! `mai create-all`: a profile for each role.

use clap::Args;
use serde_json::{Value, json};

use super::agreement;
use super::run::{Run, end_recording};
use super::sign_in_options::SignInOptions;
use crate::error::Result;
use crate::login::offer::{self, Errand};
use crate::process;
use crate::setup::create;
use crate::setup::create_all::{self, Row};
use crate::setup::profiles_file;
use crate::setup::provider_choice::{self, Chosen};
use crate::ui::{Format, output, table};

#[derive(Args)]
pub struct CreateAll {
    #[command(flatten)]
    sign_in: SignInOptions,
    /// What all names begin with
    #[arg(long, default_value = "", hide_default_value = true)]
    prefix: String,
    /// Write without asking
    #[arg(short, long)]
    yes: bool,
}

impl CreateAll {
    pub fn run(self, run: &Run) -> Result<u8> {
        create_all::check_prefix(&self.prefix)?;
        agreement::check(run, "create-all", self.yes)?;
        profiles_file::check_writable(&run.config)?;
        process::when_interrupted("nothing was written; `mai create-all` begins anew");
        let mut doors = run.doors(self.sign_in.secrets()?)?;
        let given = self.sign_in.given()?;
        let chosen = provider_choice::choose(&run.config, &run.ui, &self.sign_in.wanted())?;
        create::check_user(&run.config, &chosen)?;
        let command = self.sign_in.again(&chosen);
        let errand = Errand {
            given: given.as_ref(),
            account_names: self.sign_in.account_names,
            ..Errand::of(&command)
        };
        self.sign_in.begin_recording(run, &mut doors)?;
        let offered = offer::roles_of(&doors, &chosen.provider, &errand);
        end_recording(&run.ui);
        let (offers, mut signed_in) = offered?;
        let rows = create_all::rows(&run.config, &chosen, offers, &self.prefix);
        let new = rows.iter().filter(|row| !row.existing).count();
        let mut written = false;
        if new > 0 {
            let list = listed(&rows);
            match self.yes {
                true => run.ui.say(&list),
                false => run.ui.show(&list),
            }
            written = agreement::given(run, self.yes, &agreement::profiles(new))?;
        }
        if written {
            process::when_interrupted("the profiles may be written: `mai list` shows them");
            for note in create_all::write(&doors, &chosen, &rows)?.notes {
                run.ui.say(&note);
            }
        }
        if written || new == 0 {
            say(run, &chosen, &rows, new);
        }
        report(run.format, &chosen, &rows, written)?;
        if written || new == 0 {
            signed_in.offer_to_keep();
        }
        Ok(0)
    }
}

/// The profiles that would be written.
fn listed(rows: &[Row]) -> String {
    let rows: Vec<Vec<String>> = rows
        .iter()
        .filter(|row| !row.existing)
        .map(|row| {
            vec![
                row.name.clone(),
                row.offer.account_name.clone().unwrap_or_default(),
                row.offer.role.account().to_string(),
                row.offer.role.path_and_name().to_string(),
            ]
        })
        .collect();
    let list = table::render(&["PROFILE", "ACCOUNT", "ID", "ROLE"], &rows, None);
    list.trim_end().to_string()
}

/// What was written, and what was there.
fn say(run: &Run, chosen: &Chosen, rows: &[Row], new: usize) {
    let ui = &run.ui;
    let existing: Vec<&str> = rows
        .iter()
        .filter(|row| row.existing)
        .map(|row| row.name.as_str())
        .collect();
    if !existing.is_empty() {
        ui.say(&format!(
            "Left alone, being there already: {}.",
            existing.join(", ")
        ));
    }
    let file = run.config.own_file.shown();
    match new {
        0 => ui.say(&format!("Every role has its profile in {file}.")),
        _ => ui.say(&format!(
            "Wrote {}{} to {file}. `mai login NAME` fetches keys, `mai login --all` those of all profiles at once.",
            agreement::profiles(new),
            chosen.told()
        )),
    }
}

fn report(format: Format, chosen: &Chosen, rows: &[Row], written: bool) -> Result<()> {
    match format {
        Format::Text => Ok(()),
        Format::Json => output::write_json(&Value::Array(
            rows.iter()
                .map(|row| document(row, chosen, written))
                .collect(),
        )),
        Format::Tsv => output::write_tsv(
            &[
                "profile",
                "account_id",
                "account",
                "role",
                "role_arn",
                "status",
            ],
            rows.iter().map(|row| {
                vec![
                    row.name.clone(),
                    row.offer.role.account().to_string(),
                    row.offer.account_name.clone().unwrap_or_default(),
                    row.offer.role.path_and_name().to_string(),
                    row.offer.role.to_string(),
                    status(row, written).to_string(),
                ]
            }),
        ),
    }
}

fn status(row: &Row, written: bool) -> &'static str {
    match (row.existing, written) {
        (true, _) => "existing",
        (false, true) => "written",
        (false, false) => "new",
    }
}

fn document(row: &Row, chosen: &Chosen, written: bool) -> Value {
    let provider = &chosen.provider;
    json!({
        "profile": row.name,
        "status": status(row, written),
        "role_arn": row.offer.role.to_string(),
        "provider_arn": row.offer.provider.to_string(),
        "account_id": row.offer.role.account(),
        "account": row.offer.account_name,
        "role": row.offer.role.path_and_name(),
        "identity_provider": provider.name,
        "username": provider.username.as_ref().map(|user| user.value.clone()),
    })
}
