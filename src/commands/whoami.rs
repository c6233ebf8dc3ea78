//! `mai whoami` (`mai test`): STS is asked whose keys a profile has, and they are compared.

use clap::Args;
use serde_json::{Value, json};

use super::run::{Run, Secrets};
use crate::clock;
use crate::error::Result;
use crate::handover::identity::{self, Checked};
use crate::login::plan::LoginPlan;
use crate::login::ready::ready;
use crate::login::target::Wishes;
use crate::ui::{Format, Tone, moment, output};

#[derive(Args)]
pub struct Whoami {
    /// Profiles and groups of profiles.yaml
    #[arg(value_name = "PROFILE|GROUP")]
    names: Vec<String>,
    /// Sign in first where the keys do not last
    #[arg(long)]
    renew: bool,
}

impl Whoami {
    pub fn run(self, run: &Run) -> Result<u8> {
        let profiles = run.profiles(&self.names, false)?;
        let names: Vec<String> = profiles.iter().map(|p| p.name.clone()).collect();
        let doors = run.doors(Secrets::default())?;
        let plan = LoginPlan::make(&doors, &profiles, &Wishes::default())?;
        let mut signed_in = match self.renew {
            true => Some(ready(&plan, &doors, || run.say_notices())?),
            false => None,
        };
        run.ui.step("asking STS");
        let checked = identity::check(&plan, &doors, &names);
        run.ui.done();
        let checked = checked?;
        match run.format {
            Format::Json => output::write_json(&checked.iter().map(document).collect::<Value>())?,
            Format::Tsv => output::write_tsv(
                &[
                    "profile",
                    "status",
                    "account_id",
                    "role",
                    "session",
                    "expires_at",
                    "arn",
                ],
                checked.iter().map(row),
            )?,
            Format::Text => people(run, &checked)?,
        }
        if run.format != Format::Json {
            tell_failures(run, &checked);
        }
        if let Some(signed_in) = &mut signed_in {
            signed_in.offer_to_keep();
        }
        let failed = checked.iter().find_map(|one| one.error.as_ref());
        Ok(failed.map_or(0, |error| error.exit_code()))
    }
}

/// A few lines for each profile that STS knows.
fn people(run: &Run, all: &[Checked]) -> Result<()> {
    let mut text = String::new();
    for one in all {
        let verdict = match &one.error {
            None => run.ui.tint_data(Tone::Good, "ok"),
            Some(_) => run.ui.tint_data(Tone::Bad, "not ok"),
        };
        let Some(identity) = &one.identity else {
            continue;
        };
        text.push_str(&format!("{}: {verdict}\n", one.profile));
        let account = match &one.account_name {
            Some(name) => format!("{name} ({})", identity.account),
            None => identity.account.clone(),
        };
        let until = one.expires_at.map(|until| {
            let now = clock::now();
            format!(
                "{} ({} left)",
                moment::local_time(until, now),
                moment::remaining(until, now)
            )
        });
        for (what, value) in [
            ("account", Some(account)),
            ("role", one.role.clone()),
            ("session", identity.session().map(str::to_owned)),
            ("until", until),
            ("arn", Some(identity.arn.clone())),
        ] {
            if let Some(value) = value {
                text.push_str(&format!("  {what:<8} {value}\n"));
            }
        }
    }
    output::write(&text)
}

fn tell_failures(run: &Run, all: &[Checked]) {
    for one in all {
        match &one.error {
            Some(error) if all.len() > 1 => run.ui.report(&error.clone().at(&one.profile)),
            Some(error) => run.ui.report(error),
            None => {}
        }
    }
}

fn status(one: &Checked) -> &'static str {
    match (&one.error, &one.identity) {
        (None, _) => "ok",
        (Some(_), Some(_)) => "differs",
        (Some(_), None) => "failed",
    }
}

fn document(one: &Checked) -> Value {
    let identity = one.identity.as_ref();
    json!({
        "profile": one.profile,
        "aws_profile": one.aws_profile,
        "status": status(one),
        "account_id": identity.map(|identity| &identity.account),
        "account": one.account_name,
        "role": one.role,
        "session": identity.and_then(|identity| identity.session()),
        "arn": identity.map(|identity| &identity.arn),
        "user_id": identity.map(|identity| &identity.user_id),
        "region": one.region,
        "expires_at": one.expires_at.map(moment::rfc3339),
        "error": one.error.as_ref().map(output::error_document),
    })
}

fn row(one: &Checked) -> Vec<String> {
    let identity = one.identity.as_ref();
    let text = |value: Option<&str>| value.unwrap_or("-").to_owned();
    vec![
        one.profile.clone(),
        status(one).to_owned(),
        text(identity.map(|identity| identity.account.as_str())),
        text(one.role.as_deref()),
        text(identity.and_then(|identity| identity.session())),
        one.expires_at.map_or("-".to_owned(), moment::rfc3339),
        text(identity.map(|identity| identity.arn.as_str())),
    ]
}
