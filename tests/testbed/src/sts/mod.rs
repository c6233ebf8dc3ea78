//! A security token service that checks what AWS checks and refuses in AWS's words.

mod accounts_page;
mod answer;
mod assertion;
mod federation;
mod keys;
mod session;
mod sigv4;

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};

use crate::saml::escape;
use crate::saml::metadata::Trust;
use crate::users::Users;
use crate::web::{Reply, Request};
use crate::world::World;
pub use accounts_page::AccountsPage;
use answer::{StsError, success};
use assertion::Claims;
pub(crate) use assertion::signs_in;
use keys::{KeyRing, split};

/// What STS knows of a role beyond its ARN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleRules {
    /// `MaxSessionDuration` in seconds.
    pub max_session: u32,
    /// What `AssumeRole` must bring, if anything.
    pub external_id: Option<String>,
    /// The role ARNs that may assume it with `AssumeRole`; everybody if none is named.
    pub trusted: Option<Vec<String>>,
}

impl Default for RoleRules {
    fn default() -> Self {
        Self {
            max_session: 3600,
            external_id: None,
            trusted: None,
        }
    }
}

/// What STS remembers.
#[derive(Default)]
pub(crate) struct StsState {
    /// Providers by ARN.
    pub providers: HashMap<String, Trust>,
    /// Roles by ARN, besides those of the users.
    pub roles: HashMap<String, RoleRules>,
    /// Any role that a verified assertion offers exists.
    pub any_role: bool,
    /// The aliases of accounts, on the page of the sign-in only.
    pub account_names: HashMap<String, String>,
    pub accounts_page: AccountsPage,
    pub keys: KeyRing,
    pub federation: federation::FederationState,
}

impl StsState {
    fn rules(&self, users: &Users, arn: &str) -> Option<RoleRules> {
        if let Some(rules) = self.roles.get(arn) {
            return Some(rules.clone());
        }
        let offered = users
            .iter()
            .flat_map(|user| &user.roles)
            .find(|role| role.exists && role.arn() == arn)
            .map(|role| RoleRules {
                max_session: role.max_session,
                ..RoleRules::default()
            });
        offered.or_else(|| {
            self.any_role.then(|| RoleRules {
                max_session: 43_200,
                ..RoleRules::default()
            })
        })
    }
}

/// Answers one request.
pub(crate) fn serve(world: &World, request: &Request) -> Reply {
    {
        let mut state = world.state();
        if state.faults.throttles() {
            return StsError::new(400, "Throttling", "Rate exceeded").reply();
        }
        if let Some(refusal) = state.faults.refusals.pop_front() {
            return StsError::new(refusal.status, &refusal.code, refusal.message).reply();
        }
    }
    if request.is_post() && request.path == "/saml" {
        return accounts_page::serve(world, request);
    }
    if request.path == "/federation" {
        return federation::serve(world, request);
    }
    let parameters = Parameters::of(request);
    let answer = match parameters.get("Action").unwrap_or_default() {
        "AssumeRoleWithSAML" => assume_role_with_saml(world, &parameters),
        "AssumeRole" => session::assume_role(world, request, &parameters),
        "GetCallerIdentity" => session::get_caller_identity(world, request),
        action => Err(StsError::new(
            400,
            "InvalidAction",
            format!("Could not find operation {action} for version 2011-06-15"),
        )),
    };
    answer.unwrap_or_else(|error| error.reply())
}

/// The answer of an STS that is not well.
pub(crate) fn unavailable(status: u16) -> Reply {
    StsError::new(status, "ServiceUnavailable", "The service is unavailable").reply()
}

/// The parameters of a query-protocol request, from body or query.
pub(crate) struct Parameters(HashMap<String, String>);

impl Parameters {
    pub fn of(request: &Request) -> Self {
        Self(request.all_fields().into_iter().collect())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn text(&self, name: &str, least: usize, most: usize) -> Result<&str, StsError> {
        let shown = format!("{}{}", name[..1].to_lowercase(), &name[1..]);
        let value = self
            .get(name)
            .ok_or_else(|| StsError::parameter(&shown, "null", "not be null"))?;
        if value.len() < least {
            return Err(StsError::parameter(
                &shown,
                value,
                &format!("have length greater than or equal to {least}"),
            ));
        }
        if value.len() > most {
            // AWS repeats the value; an assertion of that size helps nobody.
            let start: String = value.chars().take(20).collect();
            let rule = format!("have length less than or equal to {most}");
            return Err(StsError::parameter(&shown, &format!("{start}..."), &rule));
        }
        Ok(value)
    }

    fn duration(&self) -> Result<Option<i64>, StsError> {
        let Some(text) = self.get("DurationSeconds") else {
            return Ok(None);
        };
        let seconds: i64 = text
            .parse()
            .map_err(|_| StsError::new(400, "MalformedInput", "DurationSeconds is not a number"))?;
        let rule = match seconds {
            ..900 => "have value greater than or equal to 900",
            900..=43_200 => return Ok(Some(seconds)),
            _ => "have value less than or equal to 43200",
        };
        Err(StsError::parameter("durationSeconds", text, rule))
    }

    /// Refuses a session policy that AWS would refuse.
    fn check_policies(&self) -> Result<(), StsError> {
        let arns = self
            .0
            .keys()
            .filter(|name| name.starts_with("PolicyArns.member."))
            .count();
        if arns > 10 {
            return Err(StsError::parameter(
                "policyArns",
                "[...]",
                "have length less than or equal to 10",
            ));
        }
        let Some(policy) = self.get("Policy") else {
            return Ok(());
        };
        self.text("Policy", 1, 2048)?;
        let good = serde_json::from_str::<serde_json::Value>(policy)
            .is_ok_and(|policy| policy.get("Statement").is_some());
        match good {
            true => Ok(()),
            false => Err(StsError::new(
                400,
                "MalformedPolicyDocument",
                "This policy contains invalid Json",
            )),
        }
    }
}

fn assume_role_with_saml(world: &World, parameters: &Parameters) -> Result<Reply, StsError> {
    let role_arn = parameters.text("RoleArn", 20, 2048)?;
    let principal_arn = parameters.text("PrincipalArn", 20, 2048)?;
    let value = parameters.text("SAMLAssertion", 4, 100_000)?;
    let wanted = parameters.duration()?;
    parameters.check_policies()?;
    if !role_arn.contains(":role/") || !principal_arn.contains(":saml-provider/") {
        return Err(StsError::validation("Request ARN is invalid"));
    }
    let (partition, account, _) = split(principal_arn);
    let mut state = world.state();
    let state = &mut *state;
    let trust = state
        .sts
        .providers
        .get(principal_arn)
        .cloned()
        .or_else(|| world.trust_of(&state.users, principal_arn))
        .ok_or_else(|| StsError::invalid_token("Specified provider doesn't exist"))?;
    let now = world.now();
    let claims = assertion::check(value, partition, &trust, &world.sealed, now)?;
    let rules = permitted(state, &claims, role_arn, principal_arn)?;
    let duration = wanted.unwrap_or(3600);
    if duration > i64::from(rules.max_session) {
        return Err(StsError::validation(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    let expires = expiry(&claims, now, duration);
    let keys = state
        .sts
        .keys
        .issue(role_arn, &claims.session_name, expires);
    let provider = principal_arn.rsplit('/').next().unwrap_or_default();
    let qualifier = ring::digest::digest(
        &ring::digest::SHA1_FOR_LEGACY_USE_ONLY,
        format!("{}{account}/{provider}", claims.issuer).as_bytes(),
    );
    let result = format!(
        "{}<PackedPolicySize>6</PackedPolicySize><Subject>{}</Subject><SubjectType>persistent</SubjectType>\
         <Issuer>{}</Issuer><Audience>{}</Audience><NameQualifier>{}</NameQualifier>\n",
        keys.to_xml(),
        escape(claims.subject.as_deref().unwrap_or_default()),
        escape(&claims.issuer),
        escape(&claims.recipient),
        crate::encoding::to_base64(qualifier),
    );
    Ok(success("AssumeRoleWithSAML", &result))
}

/// The rules of a role that these claims may assume; AWS says no more than "not authorized".
fn permitted(
    state: &crate::world::State,
    claims: &Claims,
    role_arn: &str,
    principal_arn: &str,
) -> Result<RoleRules, StsError> {
    let denied = || StsError::denied("Not authorized to perform sts:AssumeRoleWithSAML");
    let (partition, ..) = split(principal_arn);
    let offered = claims
        .roles
        .iter()
        .any(|(role, provider)| role == role_arn && provider == principal_arn);
    if !offered || claims.subject.is_none() || !assertion::signs_in(&claims.recipient, partition) {
        return Err(denied());
    }
    state.sts.rules(&state.users, role_arn).ok_or_else(denied)
}

/// The earliest of what was asked for and what the assertion allows.
fn expiry(claims: &Claims, now: DateTime<Utc>, duration: i64) -> DateTime<Utc> {
    let duration = duration.min(claims.session_duration.unwrap_or(i64::MAX));
    let expires = now + Duration::seconds(duration);
    claims.session_end.map_or(expires, |end| expires.min(end))
}
