//! `mai credentials`: the keys of a profile, as SDKs want them from a `credential_process`.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::run::{Run, Secrets};
use crate::duration::Span;
use crate::error::Result;
use crate::handover::callers;
use crate::login::plan::LoginPlan;
use crate::login::ready::{Ready, ready};
use crate::login::target::Wishes;
use crate::ui::{moment, output};

/// SDKs give up after about 20 seconds (the AWS SDK for Rust: 21).
const PATIENCE: Duration = Duration::from_secs(15);

#[derive(Args)]
pub struct Credentials {
    /// A profile of profiles.yaml
    #[arg(value_name = "PROFILE")]
    name: String,
    /// How long the keys must still last (15m, 1h30m)
    #[arg(long, value_name = "TIME")]
    min: Option<Span>,
}

impl Credentials {
    pub fn run(self, run: &Run) -> Result<u8> {
        let profile = run.config.expect_profile(&self.name)?;
        let mut doors = run.doors(Secrets::default())?;
        doors.nobody_waits = PATIENCE;
        let wishes = Wishes {
            min: self.min,
            ..Wishes::default()
        };
        let plan = LoginPlan::make(&doors, &[profile], &wishes)?;
        let all = ready(&plan, &doors, || {
            run.say_notices();
            // Whoever asks has caught stderr, so this goes where the questions go.
            run.ui.tell_at_terminal(&format!(
                "{} asks for keys of {}.",
                callers::program(),
                self.name
            ));
        })?;
        for keys in &all.all {
            output::write(&document(keys))?;
        }
        Ok(0)
    }
}

/// The one line of the contract ("Sourcing credentials with an external process", AWS SDKs and Tools Reference Guide).
fn document(ready: &Ready) -> String {
    let keys = &ready.keys;
    let document = json!({
        "Version": 1,
        "AccessKeyId": keys.access_key_id,
        "SecretAccessKey": keys.secret_access_key.expose(),
        "SessionToken": keys.session_token.expose(),
        "Expiration": moment::rfc3339(keys.expires_at),
        "AccountId": ready.role.account(),
    });
    format!("{document}\n")
}
