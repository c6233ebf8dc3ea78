//! `mai require`: keys that last, for scripts; silent where they do already.

use clap::Args;

use super::run::{Run, Secrets};
use crate::duration::Span;
use crate::error::Result;
use crate::login::plan::LoginPlan;
use crate::login::report::Outcome;
use crate::login::target::Wishes;
use crate::login::{last_update, line, report};
use crate::ui::Format;

#[derive(Args)]
pub struct Require {
    /// Profiles and groups of profiles.yaml; several cost one sign-in per identity provider
    #[arg(value_name = "PROFILE|GROUP")]
    names: Vec<String>,
    /// How long the keys must still last (15m, 1h30m)
    #[arg(long, value_name = "TIME")]
    min: Option<Span>,
    /// Look at and write to another section of ~/.aws/credentials than the profile's
    #[arg(long, value_name = "SECTION")]
    awsprofile: Option<String>,
}

impl Require {
    pub fn run(self, run: &Run) -> Result<u8> {
        let profiles = run.profiles(&self.names, false)?;
        let doors = run.doors(Secrets::default())?;
        let wishes = Wishes {
            min: self.min,
            aws_profile: self.awsprofile,
            ..Wishes::default()
        };
        let plan = LoginPlan::make(&doors, &profiles, &wishes)?;
        if plan.targets.iter().all(|target| target.standing.is_good()) && run.format == Format::Text
        {
            return Ok(0);
        }
        run.say_notices();
        let mut ended = line::run(&plan, &doors, None);
        if run.format == Format::Text {
            // What was good already is not worth a word.
            ended
                .lines
                .retain(|line| !matches!(line.outcome, Outcome::StillGood(_)));
            if let Some(error) = report::only_a_person_is_missing(&ended.lines) {
                return Err(error);
            }
        }
        last_update::write(&ended.lines, &doors);
        report::write(&ended.lines, &run.config, run.format, &run.ui)?;
        ended.offer_to_keep();
        Ok(report::exit_code(&ended.lines))
    }
}
