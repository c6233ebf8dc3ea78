//! Whose keys stand there: what STS says, held against what the profile says.

use std::collections::HashMap;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use tokio::task::JoinSet;

use crate::arn::{Partition, RoleArn};
use crate::aws::sts::identity::Identity;
use crate::clock;
use crate::config::RoleWanted;
use crate::error::{Error, Kind, Result};
use crate::keys::SessionCredentials;
use crate::login::account_names::account_name;
use crate::login::line::{client_settings, runtime};
use crate::login::orders::region_for;
use crate::login::plan::LoginPlan;
use crate::login::redeem::sts_in;
use crate::login::standing::{Held, Present};
use crate::login::target::Target;
use crate::login::{Doors, role_choice};
use crate::net::client;
use crate::store::credentials_file::KeySource;
use crate::store::learned::Learned;

/// One profile, and what was found out about its keys.
pub struct Checked {
    pub profile: String,
    pub aws_profile: String,
    /// What STS said, also when it is not what the profile says.
    pub identity: Option<Identity>,
    /// The name people use for that account.
    pub account_name: Option<String>,
    /// The role with its path, if the keys are ours; else its name as STS says it.
    pub role: Option<String>,
    /// Where STS was asked.
    pub region: Option<String>,
    /// Other tools do not always say.
    pub expires_at: Option<DateTime<Utc>>,
    /// What SDKs use in place of keys that stand in no file, and the file it is in.
    pub used_instead: Option<(PathBuf, KeySource)>,
    pub error: Option<Error>,
}

/// Asks STS about the keys of all these profiles, side by side; nobody is signed in. Of those that failed before, that
/// is what is known.
pub fn check(
    plan: &LoginPlan<'_>,
    doors: &Doors<'_>,
    names: &[String],
    failed: &HashMap<String, Error>,
) -> Result<Vec<Checked>> {
    let present = Present::read(doors)?;
    let learned = Learned::load(doors.paths.state_folder()?);
    let targets = plan.targets.iter();
    // Profiles whose keys the others need are in the plan too.
    let targets: Vec<&Target> = targets.filter(|t| names.contains(&t.profile)).collect();
    let questions: Vec<Result<Question>> = targets
        .iter()
        .map(|target| match failed.get(&target.profile) {
            Some(error) => Err(error.clone()),
            None => question(doors, &present, target),
        })
        .collect();
    let mut answers = runtime()?.block_on(ask(doors, &questions))?;
    let checked = targets.iter().zip(questions).enumerate();
    Ok(checked
        .map(|(place, (target, question))| {
            let answer = match &question {
                Ok(_) => answers[place]
                    .take()
                    .unwrap_or_else(|| Err(Error::interrupted()))
                    .map_err(at_sts),
                Err(error) => Err(error.clone()),
            };
            let question = question.ok();
            let ours = question.as_ref().map(|q| q.keys.access_key_id.as_str());
            // A file that cannot be read is no reason to be silent about the keys.
            let used_instead = present.used_instead(target, ours).unwrap_or_default();
            Checked {
                used_instead,
                ..compared(doors, &learned, target, question, answer)
            }
        })
        .collect())
}

/// Keys that can be asked about.
struct Question {
    profile: String,
    keys: SessionCredentials,
    until: Option<DateTime<Utc>>,
    /// The role whose keys were written, if they are ours.
    recorded: Option<RoleArn>,
    region: String,
}

fn question(doors: &Doors, present: &Present, target: &Target) -> Result<Question> {
    let (profile, section) = (&target.profile, &target.aws_profile);
    let Some(Held { keys, until, row }) = present.any_keys_in(section) else {
        return Err(
            Error::needs_you(format!("there are no keys of {profile} in [{section}]"))
                .hint(format!("`mai login {profile}` fetches some")),
        );
    };
    if let Some(until) = until
        && until <= clock::now()
    {
        return Err(
            Error::needs_you(format!("the keys of {profile} have expired"))
                .hint(format!("`mai login {profile}` fetches new ones")),
        );
    }
    let recorded = row.and_then(|row| row.role_arn.parse::<RoleArn>().ok());
    let role = match (&recorded, &target.role) {
        (Some(role), _) => Some(role.clone()),
        (None, Some(RoleWanted::Arn(role))) => Some(role.clone()),
        (None, _) => None,
    };
    let region = match role {
        Some(role) => region_for(doors, target, &role, "")?,
        None => {
            let set = target.region.clone().or_else(|| doors.region.clone());
            set.unwrap_or_else(|| {
                let usual = Partition::by_id("aws").map(|usual| usual.default_region);
                usual.unwrap_or_default().to_owned()
            })
        }
    };
    Ok(Question {
        profile: profile.clone(),
        keys,
        until,
        recorded,
        region,
    })
}

type Answers = Vec<Option<Result<Identity>>>;

async fn ask(doors: &Doors<'_>, questions: &[Result<Question>]) -> Result<Answers> {
    let mut running = JoinSet::new();
    for (place, question) in questions.iter().enumerate() {
        let Ok(question) = question else { continue };
        let profile = doors.config.expect_profile(&question.profile)?;
        let provider = doors.config.provider_of(profile)?;
        let client = client::build(&client_settings(provider))?;
        let sts = sts_in(&client, doors.sts_endpoint.as_ref(), &question.region)?;
        let (name, keys) = (question.profile.clone(), question.keys.clone());
        running.spawn(async move { (place, sts.who_is(&name, &keys).await) });
    }
    let mut answers: Answers = questions.iter().map(|_| None).collect();
    while let Some(done) = running.join_next().await {
        if let Ok((place, answer)) = done {
            answers[place] = Some(answer);
        }
    }
    Ok(answers)
}

fn compared(
    doors: &Doors,
    learned: &Learned,
    target: &Target,
    question: Option<Question>,
    answer: Result<Identity>,
) -> Checked {
    let (identity, mut error) = match answer {
        Ok(identity) => (Some(identity), None),
        Err(error) => (None, Some(error)),
    };
    let account = identity.as_ref().map(|identity| identity.account.as_str());
    let account_name = account
        .and_then(|account| account_name(doors.config, learned, account))
        .map(str::to_owned);
    let recorded = question.as_ref().and_then(|q| q.recorded.as_ref());
    if let Some(identity) = &identity {
        let names = (recorded, account_name.as_deref());
        error = difference(target, identity, names.0, names.1);
    }
    let is_recorded = |role: &&RoleArn| {
        identity
            .as_ref()
            .is_none_or(|i| i.account == role.account() && i.role() == Some(role.name()))
    };
    let role = match recorded.filter(is_recorded) {
        Some(role) => Some(role.path_and_name().to_owned()),
        None => identity.as_ref().and_then(|i| i.role()).map(str::to_owned),
    };
    Checked {
        profile: target.profile.clone(),
        aws_profile: target.aws_profile.clone(),
        account_name,
        role,
        identity,
        expires_at: question.as_ref().and_then(|question| question.until),
        region: question.map(|question| question.region),
        used_instead: None,
        error,
    }
}

/// A host that cannot be reached is STS here.
fn at_sts(error: Error) -> Error {
    match error.kind() == Kind::Unreachable && !error.message().contains("STS") {
        true => error.at("STS"),
        false => error,
    }
}

/// Are these the keys that the profile is for? STS leaves the path of a role away, so that is compared as far as the
/// record of the keys goes.
fn difference(
    target: &Target,
    identity: &Identity,
    recorded: Option<&RoleArn>,
    account_name: Option<&str>,
) -> Option<Error> {
    let (profile, section) = (&target.profile, &target.aws_profile);
    let hint = format!("`mai login {profile} --force` fetches keys of the profile's role");
    let Some(name) = identity.role() else {
        return Some(
            Error::refused(format!(
                "the keys in [{section}] are of no role: {}",
                identity.arn
            ))
            .hint(hint),
        );
    };
    let same = |role: &RoleArn| {
        role.partition().id == identity.partition()
            && role.account() == identity.account
            && role.name() == name
    };
    if let Some(role) = recorded.filter(|role| !same(role)) {
        return Some(
            Error::refused(format!(
                "the keys of {profile} should be of {} in {}, and STS says {name} in {}",
                role.path_and_name(),
                role.account(),
                identity.account
            ))
            .hint(hint),
        );
    }
    let wanted = target.role.as_ref()?;
    let fits = match (recorded, wanted) {
        (Some(role), wanted) => role_choice::matches(wanted, role, account_name),
        (None, RoleWanted::Arn(role)) => same(role),
        (None, RoleWanted::InAccount { account, role }) => {
            let last = role.rsplit('/').next().unwrap_or(role);
            (*account == identity.account || Some(account.as_str()) == account_name) && last == name
        }
        (None, RoleWanted::Pattern(_)) => true,
    };
    (!fits).then(|| {
        Error::refused(format!(
            "[{section}] has keys of {} in {}, and the profile {profile} is for {wanted}",
            recorded.map_or(name, RoleArn::path_and_name),
            identity.account
        ))
        .hint(hint)
    })
}
