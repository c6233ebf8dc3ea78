//! `mai create`: a new profile.

use clap::Args;
use serde_json::{Value, json};

use super::run::{Run, end_recording};
use super::sign_in_options::SignInOptions;
use super::typed;
use crate::arn::ProviderArn;
use crate::aws::saml::OfferedRole;
use crate::config::{Config, RoleWanted, values};
use crate::duration::Span;
use crate::error::Result;
use crate::login::offer::Errand;
use crate::login::report::{self, Line, Outcome};
use crate::process;
use crate::setup::create::{self, Wish};
use crate::setup::provider_choice::{self, Chosen};
use crate::ui::{Format, output};

#[derive(Args)]
pub struct Create {
    /// What the profile is to be called
    name: String,
    #[command(flatten)]
    sign_in: SignInOptions,
    /// The role: an ARN, ACCOUNT/ROLE, or a pattern with *; else you pick one
    #[arg(long, value_name = "ARN|PATTERN", value_parser = typed::role)]
    role: Option<RoleWanted>,
    /// The SAML provider's ARN, where the assertion is encrypted for AWS
    #[arg(long, value_name = "ARN")]
    provider_arn: Option<ProviderArn>,
    /// The section of ~/.aws/credentials, if it is not to be called like the profile
    #[arg(long, alias = "aws-profile", value_name = "SECTION")]
    awsprofile: Option<String>,
    /// The region of the profile
    #[arg(long, value_parser = values::region)]
    region: Option<String>,
    /// How long its keys should last (15m to 12h)
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    duration: Option<Span>,
    /// Make it the profile that `mai` alone signs in to
    #[arg(long)]
    default: bool,
}

impl Create {
    pub fn run(self, run: &Run) -> Result<u8> {
        let wish = Wish {
            name: self.name,
            role: self.role,
            provider_arn: self.provider_arn,
            aws_profile: self.awsprofile,
            region: self.region,
            duration: self.duration,
            default: self.default,
        };
        create::check(&run.paths, &run.config, &wish)?;
        process::when_interrupted(&format!(
            "nothing was written; `mai create {}` begins anew, and --url, -U and --role answer in advance",
            wish.name
        ));
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
        let settled = create::settle(&doors, &chosen, &wish, &errand);
        end_recording(&run.ui);
        let (mut signed_in, role) = settled?;
        let changed = create::write(&doors, &chosen, &wish, &role)?;
        process::when_interrupted(&format!(
            "the profile is written; `{}` fetches its keys",
            login(&wish)
        ));
        for note in &changed.notes {
            run.ui.say(note);
        }
        said(run, &chosen, &wish, &role, signed_in.statement.roles.len());
        let config = changed.config;
        let lines = [create::fetch_keys(
            &doors,
            &config,
            &wish,
            &signed_in.assertion,
        )];
        match run.format {
            Format::Json => output::write_json(&document(&lines[0], &config, &role))?,
            Format::Text | Format::Tsv => report::write(&lines, &config, run.format, &run.ui)?,
        }
        process::when_interrupted("the profile is written");
        signed_in.offer_to_keep();
        next(run, &wish, &lines[0]);
        Ok(report::exit_code(&lines))
    }
}

/// What was written where.
fn said(run: &Run, chosen: &Chosen, wish: &Wish, role: &OfferedRole, offered: usize) {
    if offered == 1 && wish.role.is_none() {
        run.ui.say(&format!(
            "{} in {} is the only role offered.",
            role.role.name(),
            role.role.account()
        ));
    }
    run.ui.say(&format!(
        "Wrote profile {}{} to {}.",
        wish.name,
        chosen.told(),
        run.config.own_file.shown()
    ));
}

/// What signs in to the new profile.
fn login(wish: &Wish) -> String {
    match wish.default {
        true => "mai".to_string(),
        false => format!("mai login {}", wish.name),
    }
}

/// The commands to type from here on.
fn next(run: &Run, wish: &Wish, line: &Line) {
    let login = login(wish);
    if let Outcome::Failed(_) = line.outcome {
        run.ui.say(&format!(
            "The profile is written all the same: `{login}` fetches its keys."
        ));
        return;
    }
    let profile = match line.aws_profile.as_str() {
        "default" => String::new(),
        name => format!(" --profile {name}"),
    };
    // A line each: they are there to be copied, and 80 columns are not much.
    run.ui
        .say(&format!("Try them:  aws{profile} sts get-caller-identity"));
    run.ui.say(&format!("New keys:  {login}"));
}

/// The document of a login, with what is known although keys are missing.
fn document(line: &Line, config: &Config, role: &OfferedRole) -> Value {
    let mut document = report::document(line, config);
    if let (Some(document), Outcome::Failed(_)) = (document.as_object_mut(), &line.outcome) {
        let account = config.account_name(role.role.account());
        let known = json!({
            "role_arn": role.role.to_string(),
            "provider_arn": role.provider.to_string(),
            "account_id": role.role.account(),
            "account": account,
            "role": role.role.path_and_name(),
            "expires_at": null,
        });
        document.extend(known.as_object().cloned().unwrap_or_default());
    }
    document
}
