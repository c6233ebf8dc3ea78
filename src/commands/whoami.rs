//! `mai whoami` (`mai test`): STS is asked whose keys a profile has, and they are compared.

use std::collections::HashMap;

use clap::Args;
use serde_json::{Value, json};

use super::run::{Run, Secrets};
use crate::clock;
use crate::error::{Error, Kind, Result, clean};
use crate::handover::identity::{self, Checked};
use crate::login::Doors;
use crate::login::line::{self, Ended};
use crate::login::plan::LoginPlan;
use crate::login::report::{self, Outcome};
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
        let mut ended = match self.renew {
            true => renewed(run, &plan, &doors)?,
            false => None,
        };
        let failed = ended.as_ref().map(|ended| failures(run, ended));
        run.ui.step("asking STS");
        let checked = identity::check(&plan, &doors, &names, &failed.unwrap_or_default());
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
            warn_of_others(run, &checked);
            tell_failures(run, &checked);
        }
        if let Some(ended) = &mut ended {
            ended.offer_to_keep();
        }
        let failed = checked.iter().find_map(|one| one.error.as_ref());
        Ok(failed.map_or(0, |error| error.exit_code()))
    }
}

/// Signs in for what is short, if anything is; only Ctrl-C ends it all.
fn renewed<'a>(
    run: &Run,
    plan: &'a LoginPlan<'a>,
    doors: &'a Doors<'a>,
) -> Result<Option<Ended<'a>>> {
    if plan.targets.iter().all(|target| target.standing.is_good()) {
        return Ok(None);
    }
    let ended = line::run(plan, doors, None);
    let interrupted = ended.lines.iter().find_map(|line| match &line.outcome {
        Outcome::Failed(error) if error.kind() == Kind::Interrupted => Some(error),
        _ => None,
    });
    if let Some(error) = interrupted {
        return Err(error.clone());
    }
    for line in &ended.lines {
        if matches!(line.outcome, Outcome::SignedIn(_)) {
            report::successes(std::slice::from_ref(line), &run.ui);
        }
    }
    Ok(Some(ended))
}

/// What kept each of them from being signed in to.
fn failures(run: &Run, ended: &Ended) -> HashMap<String, Error> {
    let failed = ended.lines.iter().filter_map(|line| match &line.outcome {
        Outcome::Failed(error) => Some((&line.profile, error.clone())),
        Outcome::SignedIn(_) | Outcome::StillGood(_) => None,
    });
    failed
        .map(|(name, error)| (name.clone(), report::with_terminal(error, &run.ui, name)))
        .collect()
}

/// A few lines for each profile that STS knows.
fn people(run: &Run, all: &[Checked]) -> Result<()> {
    let mut text = String::new();
    for one in all {
        let verdict = match &one.error {
            None if one.used_instead.is_some() => {
                let ok = run.ui.tint_data(Tone::Good, "ok");
                let but = run.ui.tint_data(Tone::Warning, "but SDKs use other keys");
                format!("{ok}, {but}")
            }
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

/// Good keys in the vault are of no use to SDKs that find others first.
fn warn_of_others(run: &Run, all: &[Checked]) {
    for one in all {
        let Some((file, instead)) = &one.used_instead else {
            continue;
        };
        run.ui.warn(&format!(
            "{}:{}: [{}] has `{}`, so SDKs do not ask for the keys of {}: give it another `aws_profile:`, or let \
             `mai configure-process {} --overwrite` remove what stands there",
            run.paths.shown(file),
            instead.line,
            clean(&instead.section),
            clean(&instead.key),
            one.profile,
            one.profile
        ));
    }
}

/// What several have in common, such as a refused password, is said once.
fn tell_failures(run: &Run, all: &[Checked]) {
    let mut told: Vec<&Error> = Vec::new();
    for error in all.iter().filter_map(|one| one.error.as_ref()) {
        if told.contains(&error) {
            continue;
        }
        told.push(error);
        let same = all.iter().filter(|one| one.error.as_ref() == Some(error));
        let names: Vec<&str> = same.map(|one| one.profile.as_str()).collect();
        match all.len() {
            1 => run.ui.report(error),
            _ => run.ui.report(&error.clone().at(&names.join(", "))),
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
        "used_instead": one.used_instead.as_ref().map(|(file, instead)| json!({
            "file": file,
            "line": instead.line,
            "section": instead.section,
            "setting": instead.key,
        })),
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
