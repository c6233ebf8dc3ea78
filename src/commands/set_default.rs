//! `mai set-default`: the profile for `mai` without names.

use clap::Args;
use serde_json::json;

use super::run::Run;
use crate::error::Result;
use crate::setup::profiles_file;
use crate::ui::{Format, output};

#[derive(Args)]
pub struct SetDefault {
    /// The profile that `mai` alone shall sign in to
    #[arg(value_name = "PROFILE")]
    name: String,
}

impl SetDefault {
    pub fn run(self, run: &Run) -> Result<u8> {
        run.config.expect_profile(&self.name)?;
        let name = self.name.as_str();
        let changed =
            profiles_file::change(&run.paths, &run.config, |draft| draft.set_default(name))?;
        for note in &changed.notes {
            run.ui.say(note);
        }
        run.ui.say(&format!(
            "`mai` alone signs in to {name} from now on ({}).",
            changed.file
        ));
        match run.format {
            Format::Text => {}
            Format::Json => {
                output::write_json(&json!({"default_profile": name, "file": changed.file}))?;
            }
            Format::Tsv => output::write_tsv(
                &["profile", "status"],
                [vec![name.to_owned(), "default".to_owned()]],
            )?,
        }
        Ok(0)
    }
}
