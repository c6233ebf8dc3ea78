//! What keys can be used for: GetCallerIdentity and AssumeRole, both signed.

use chrono::{DateTime, Duration, Utc};

use super::answer::{StsError, success};
use super::keys::{SessionKeys, split};
use super::sigv4::Authorization;
use super::{Parameters, StsState};
use crate::saml::escape;
use crate::web::{Reply, Request};
use crate::world::World;

/// Says whose keys signed the request.
pub(crate) fn get_caller_identity(world: &World, request: &Request) -> Result<Reply, StsError> {
    let state = world.state();
    let caller = caller(&state.sts, request, world.now())?;
    Ok(success(
        "GetCallerIdentity",
        &format!(
            "<Arn>{}</Arn><UserId>{}</UserId><Account>{}</Account>\n",
            escape(&caller.arn),
            escape(&caller.user_id),
            caller.account
        ),
    ))
}

/// Gives keys of another role to the holder of a role's keys.
pub(crate) fn assume_role(
    world: &World,
    request: &Request,
    parameters: &Parameters,
) -> Result<Reply, StsError> {
    let mut state = world.state();
    let state = &mut *state;
    let caller = caller(&state.sts, request, world.now())?;
    let role_arn = parameters.text("RoleArn", 20, 2048)?;
    let session = parameters.text("RoleSessionName", 2, 64)?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if !session.chars().all(allowed) {
        return Err(StsError::parameter(
            "roleSessionName",
            session,
            "satisfy regular expression pattern: [\\w+=,.@-]*",
        ));
    }
    let duration = parameters.duration()?.unwrap_or(3600);
    parameters.check_policies()?;
    if !role_arn.contains(":role/") {
        return Err(StsError::validation("Request ARN is invalid"));
    }
    let denied = || {
        StsError::denied(format!(
            "User: {} is not authorized to perform: sts:AssumeRole on resource: {role_arn}",
            caller.arn
        ))
    };
    let rules = state.sts.rules(&state.users, role_arn).ok_or_else(denied)?;
    let trusted = rules
        .trusted
        .as_ref()
        .is_none_or(|roles| roles.iter().any(|role| is_session_of(&caller, role)));
    let external =
        rules.external_id.is_none() || rules.external_id.as_deref() == parameters.get("ExternalId");
    if !trusted || !external {
        return Err(denied());
    }
    if duration > 3600 {
        return Err(StsError::validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
        ));
    }
    let keys = state
        .sts
        .keys
        .issue(role_arn, session, world.now() + Duration::seconds(duration));
    state.sts.federation.chained.insert(keys.id.clone());
    Ok(success("AssumeRole", &keys.to_xml()))
}

/// True if the caller's session is one of this role.
fn is_session_of(caller: &SessionKeys, role_arn: &str) -> bool {
    let (partition, account, path) = split(role_arn);
    let name = path.rsplit('/').next().unwrap_or(path);
    caller.arn.starts_with(&format!(
        "arn:{partition}:sts::{account}:assumed-role/{name}/"
    ))
}

/// The keys that signed a request, if all about them is right.
fn caller(sts: &StsState, request: &Request, now: DateTime<Utc>) -> Result<SessionKeys, StsError> {
    let invalid = || {
        StsError::new(
            403,
            "InvalidClientTokenId",
            "The security token included in the request is invalid.",
        )
    };
    let authorization = Authorization::of(request)?;
    let keys = sts.keys.get(&authorization.key_id).ok_or_else(invalid)?;
    if request.header("x-amz-security-token") != Some(keys.token.as_str()) {
        return Err(invalid());
    }

    authorization.check(request, &keys.secret, "sts", now)?;
    if keys.expires <= now {
        return Err(StsError::new(
            403,
            "ExpiredToken",
            "The security token included in the request is expired",
        ));
    }
    Ok(keys.clone())
}
