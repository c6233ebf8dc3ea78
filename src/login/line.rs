//! The line itself: flight, sign-in, roles, keys, file, sessions.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::arn::RoleArn;
use crate::assertion::Assertion;
use crate::aws::saml::{self, Statement};
use crate::clock;
use crate::config::{IdentityProvider, KeysPlace};
use crate::error::{Error, Kind, Result, clean};
use crate::idp::walk::Arrival;
use crate::login::account_names::account_name;
use crate::login::answers::Answers;
use crate::login::key_settings::fingerprint_of;
use crate::login::plan::{LoginPlan, SignIn};
use crate::login::redeem;
use crate::login::redeem::Became;
use crate::login::report::{Keys, Line, Outcome};
use crate::login::standing::Present;
use crate::login::target::Standing;
use crate::login::{Doors, chain, flight, keep, kept_keys, orders, sign_in};
use crate::net::client::{self, ClientCertificate, ClientSettings};
use crate::store::learned::Learned;

/// The end of a login, before it is reported.
pub struct Ended<'a> {
    /// One for each target, in the order in which they were asked for.
    pub lines: Vec<Line>,
    worked: Vec<Answers<'a>>,
}

impl Ended<'_> {
    /// Offers to keep the passwords that worked: when all is written, reported and unlocked, since a person may take
    /// their time over a question.
    pub fn offer_to_keep(&mut self) {
        for answers in &mut self.worked {
            answers.keep_what_worked();
        }
    }
}

/// Does what the plan says. What fails at one identity provider does not take the others with it.
pub fn run<'a>(
    plan: &'a LoginPlan<'a>,
    doors: &'a Doors<'a>,
    given: Option<&Assertion>,
) -> Ended<'a> {
    let mut outcomes: Vec<Option<Outcome>> = Vec::new();
    for (place, target) in plan.targets.iter().enumerate() {
        let signs_in = plan.sign_ins.iter().any(|s| s.targets.contains(&place));
        outcomes.push(match &target.barred {
            Some(error) => Some(Outcome::Failed(error.clone())),
            None if signs_in => None,
            None => still_good(doors, &target.standing),
        });
    }
    let mut worked = Vec::new();
    for sign_in in &plan.sign_ins {
        match one_sign_in(plan, sign_in, doors, given, &mut outcomes) {
            Ok(answers) => worked.extend(answers),
            Err(error) => {
                for place in &sign_in.targets {
                    outcomes[*place].get_or_insert_with(|| Outcome::Failed(error.clone()));
                }
                if error.kind() == Kind::Interrupted {
                    break;
                }
            }
        }
    }
    let lines = plan.targets.iter().zip(outcomes);
    // Parents that took no sign-in are nobody's news.
    let lines = lines.filter(|(target, outcome)| {
        !target.implied || matches!(outcome, Some(Outcome::SignedIn(_)))
    });
    let lines = lines.map(|(target, outcome)| Line {
        profile: target.profile.clone(),
        aws_profile: target.aws_profile.clone(),
        critical: target.critical,
        // Only Ctrl-C, or a bug, leaves a target without an outcome.
        outcome: outcome.unwrap_or_else(|| Outcome::Failed(Error::interrupted())),
    });
    Ended {
        lines: lines.collect(),
        worked,
    }
}

/// The outcome of keys that can stay.
fn still_good(doors: &Doors, standing: &Standing) -> Option<Outcome> {
    let Standing::Good { until, row } = standing else {
        return None;
    };
    let role: RoleArn = row.role_arn.parse().ok()?;
    let learned = Learned::load(doors.paths.state_folder().ok()?);
    Some(Outcome::StillGood(Keys {
        account_name: account_name(doors.config, &learned, role.account()).map(str::to_owned),
        role,
        provider_arn: None,
        expires_at: *until,
        recorded: true,
    }))
}

/// One sign-in and everything that hangs on it, under the lock of its identity provider.
///
/// The answers come back if they led to keys, for what the person may want to keep of them.
fn one_sign_in<'a>(
    plan: &'a LoginPlan<'a>,
    sign_in: &'a SignIn<'a>,
    doors: &'a Doors<'a>,
    given: Option<&Assertion>,
    outcomes: &mut [Option<Outcome>],
) -> Result<Option<Answers<'a>>> {
    let provider = sign_in.identity_provider;
    let names: Vec<&str> = sign_in
        .targets
        .iter()
        .map(|place| plan.targets[*place].profile.as_str())
        .collect();
    let command = format!("mai login {}", names.join(" "));
    let _flight = flight::take(doors, &provider.name, &command)?;
    let mut short = second_look(plan, sign_in, doors, outcomes)?;
    let in_vault = |place: &usize| plan.targets[*place].keys == KeysPlace::Process;
    if short.iter().any(in_vault)
        && let Err(error) = kept_keys::check_open(doors)
    {
        for place in short.extract_if(.., |place| in_vault(place)) {
            outcomes[place] = Some(Outcome::Failed(error.clone()));
        }
    }
    if short.is_empty() {
        return Ok(None);
    }
    let client = client::build(&client_settings(provider))?;
    let runtime = runtime()?;
    let is_chained = |place: &usize| plan.targets[*place].chain.is_some();
    let (chained, direct): (Vec<usize>, Vec<usize>) = short.iter().partition(|p| is_chained(p));
    let signed_in = match direct.is_empty() {
        // The keys of the parents are good.
        true => Ok(None),
        false => {
            let done = directly(plan, &direct, provider, doors, given, &client, &runtime);
            done.map(|(answers, ended)| {
                let mut has_keys = false;
                for (place, outcome) in ended {
                    has_keys |= matches!(outcome, Outcome::SignedIn(_));
                    outcomes[place] = Some(outcome);
                }
                answers.filter(|_| has_keys)
            })
        }
    };
    if let Err(error) = &signed_in {
        if error.kind() == Kind::Interrupted {
            return signed_in;
        }
        for place in direct {
            outcomes[place].get_or_insert_with(|| Outcome::Failed(error.clone()));
        }
    }
    if !chained.is_empty() {
        doors.ui.step("assuming roles");
        let done = runtime.block_on(chain::all(&client, plan, doors, chained, outcomes));
        doors.ui.done();
        done?;
    }
    signed_in
}

/// The answers of a sign-in that was ours, and what became of its targets.
type Directly<'a> = (Option<Answers<'a>>, Vec<(usize, Outcome)>);

/// Signs in, and fetches the keys of the roles that are offered.
fn directly<'a>(
    plan: &'a LoginPlan<'a>,
    short: &[usize],
    provider: &'a IdentityProvider,
    doors: &'a Doors<'a>,
    given: Option<&Assertion>,
    client: &reqwest::Client,
    runtime: &tokio::runtime::Runtime,
) -> Result<Directly<'a>> {
    let redeemed = runtime.block_on(async {
        let (arrival, answers) = match given {
            Some(assertion) => (arrival_with(assertion), None),
            None => {
                let (arrival, answers) = arrive(plan, short, provider, doors, client).await?;
                (arrival, Some(answers))
            }
        };
        let statement = saml::read(&arrival.assertion)?;
        warn_of_times(doors, &statement, arrival.clock_skew);
        tell(doors, &statement);
        let (orders, refused) =
            orders::choose_roles(plan, short, doors, &arrival.assertion, &statement)?;
        doors.ui.step("fetching keys");
        let roles: BTreeMap<usize, Became> = orders
            .iter()
            .map(|order| {
                let became = Became {
                    role: order.role.role.clone(),
                    provider: Some(order.role.provider.clone()),
                    session: statement.session_name.clone(),
                };
                (order.place, became)
            })
            .collect();
        let endpoint = doors.sts_endpoint.as_ref();
        let results = redeem::all(client, endpoint, &arrival.assertion, orders).await;
        Ok::<_, Error>((results, roles, refused, answers))
    });
    doors.ui.done();
    let (results, roles, refused, mut answers) = redeemed?;
    let mut ended = keep::keep(plan, doors, results, &roles)?;
    if let Some(answers) = &mut answers {
        answers.keep_session();
    }
    ended.extend(refused);
    Ok((answers, ended))
}

/// After waiting for somebody else's sign-in their keys may do; what is still short comes back.
fn second_look(
    plan: &LoginPlan,
    sign_in: &SignIn,
    doors: &Doors,
    outcomes: &mut [Option<Outcome>],
) -> Result<Vec<usize>> {
    let present = Present::read(doors)?;
    let mut short = Vec::new();
    for &place in &sign_in.targets {
        let target = &plan.targets[place];
        let standing = present.standing_of(target, &fingerprint_of(doors.config, target));
        // With --force everybody signs in for themselves, unless these keys came while waiting.
        let is_new = !plan.force || newer_than(plan, &standing);
        outcomes[place] = still_good(doors, &standing).filter(|_| is_new);
        if outcomes[place].is_none() && present.was_signed_out(target) {
            outcomes[place] = Some(Outcome::Failed(target.signed_out_of()));
        }
        if outcomes[place].is_none() {
            short.push(place);
        }
    }
    Ok(without_idle_parents(plan, short))
}

/// Parents that nobody asked for are there for their children only.
fn without_idle_parents(plan: &LoginPlan, mut short: Vec<usize>) -> Vec<usize> {
    loop {
        let links = short
            .iter()
            .filter_map(|place| plan.targets[*place].chain.as_ref());
        let parents: Vec<&str> = links.map(|link| link.parent.as_str()).collect();
        let before = short.len();
        short.retain(|place| {
            let target = &plan.targets[*place];
            !target.implied || parents.contains(&target.profile.as_str())
        });
        if short.len() == before {
            return short;
        }
    }
}

fn newer_than(plan: &LoginPlan, standing: &Standing) -> bool {
    let Standing::Good { row, .. } = standing else {
        return false;
    };
    !plan.targets.iter().any(|target| match &target.standing {
        Standing::Good { row: old, .. } => old.key_id == row.key_id,
        Standing::Absent => false,
    })
}

/// What a conversation with the network runs on; nothing else in `mai` starts one.
pub fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::failed("the network cannot be used").because(error))
}

pub fn client_settings(provider: &IdentityProvider) -> ClientSettings {
    ClientSettings {
        ca_bundle: provider.ca_bundle.as_ref().map(|path| path.value.clone()),
        client_certificate: provider.client_certificate.as_ref().map(|certificate| {
            ClientCertificate {
                cert: certificate.cert.value.clone(),
                key: certificate.key.value.clone(),
            }
        }),
        proxy: provider.proxy.as_ref().map(|proxy| proxy.value.to_string()),
        user_agent: provider
            .user_agent
            .as_ref()
            .map(|agent| agent.value.clone()),
    }
}

/// An assertion that came another way than through a sign-in of ours.
fn arrival_with(assertion: &Assertion) -> Arrival {
    Arrival {
        assertion: assertion.clone(),
        clock_skew: None,
        password_accepted: false,
    }
}

/// Signs in; the connection to STS is opened while the identity provider is still checking the password.
async fn arrive<'a>(
    plan: &'a LoginPlan<'_>,
    short: &[usize],
    provider: &'a IdentityProvider,
    doors: &'a Doors<'_>,
    client: &reqwest::Client,
) -> Result<(Arrival, Answers<'a>)> {
    let first = &plan.targets[short[0]];
    let likely = orders::likely_region(doors, first)
        .and_then(|region| redeem::sts_in(client, doors.sts_endpoint.as_ref(), &region).ok());
    let open_sts = move || {
        if let Some(sts) = likely.clone() {
            tokio::spawn(async move { sts.warm_up().await });
        }
    };
    let command = format!("mai login {}", first.profile);
    let mut answers = Answers::new(doors, provider, command, Box::new(open_sts))?;
    let arrival = sign_in::sign_in(client, &mut answers).await?;
    Ok((arrival, answers))
}

/// What the assertion says, for `-v`.
fn tell(doors: &Doors, statement: &Statement) {
    let roles = match (statement.encrypted, statement.roles.len()) {
        (true, _) => "is encrypted for AWS".to_string(),
        (false, 1) => "offers 1 role".to_string(),
        (false, count) => format!("offers {count} roles"),
    };
    let issuer = statement.issuer.as_deref().map(clean).unwrap_or_default();
    let length = statement
        .session_duration
        .map(|span| format!(", sessions of {span}"))
        .unwrap_or_default();
    doors
        .ui
        .detail(&format!("the assertion of {issuer} {roles}{length}"));
}

fn warn_of_times(doors: &Doors, statement: &Statement, skew: Option<TimeDelta>) {
    if let Some(warning) = saml::check_times(statement, clock::now(), skew) {
        doors.ui.warn(&warning);
    }
}
