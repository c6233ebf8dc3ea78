//! The sign-in of browsers: keys become a token, and a token, once, a browser that is signed in.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Duration, Utc};

use crate::encoding::random_name;
use crate::web::{Reply, Request};
use crate::world::World;

/// Tokens that were given out and not used, and keys that came of other keys.
#[derive(Default)]
pub(crate) struct FederationState {
    tokens: HashMap<String, (DateTime<Utc>, String)>,
    /// The ids of keys from `AssumeRole`.
    pub chained: HashSet<String>,
    /// The `SessionDuration` of each token so far.
    pub durations: Vec<Option<String>>,
}

/// Answers `/federation`.
pub(crate) fn serve(world: &World, request: &Request) -> Reply {
    match request
        .all_fields()
        .iter()
        .find(|(name, _)| name == "Action")
    {
        // In an address keys would stand in logs; AWS takes them there, this does not.
        Some((_, action))
            if action == "getSigninToken" && request.is_post() && request.query.is_empty() =>
        {
            sign_in_token(world, request)
        }
        Some((_, action)) if action == "login" && !request.is_post() => login(world, request),
        _ => refused(),
    }
}

fn refused() -> Reply {
    Reply::html("<html><body><h1>400 Bad Request</h1></body></html>").status(400)
}

fn sign_in_token(world: &World, request: &Request) -> Reply {
    let session = request.field("Session").unwrap_or_default();
    let Ok(session) = serde_json::from_str::<serde_json::Value>(&session) else {
        return refused();
    };
    let part = |name: &str| session[name].as_str().unwrap_or_default().to_owned();
    let now = world.now();
    let mut state = world.state();
    let Some(keys) = state.sts.keys.get(&part("sessionId")).cloned() else {
        return refused();
    };
    let good = keys.secret == part("sessionKey") && keys.token == part("sessionToken");
    let duration = request.field("SessionDuration");
    let federation = &mut state.sts.federation;
    let granted = duration.as_ref().is_none_or(|text| {
        let fits = |seconds: i64| (900..=43_200).contains(&seconds);
        text.parse().is_ok_and(fits) && !federation.chained.contains(&keys.id)
    });
    if !good || keys.expires <= now || !granted {
        return refused();
    }
    let token = random_name();
    let until = now + Duration::minutes(15);
    federation.tokens.insert(token.clone(), (until, keys.arn));
    federation.durations.push(duration);
    Reply::json(&serde_json::json!({ "SigninToken": token }))
}

fn login(world: &World, request: &Request) -> Reply {
    let token = request.query_field("SigninToken").unwrap_or_default();
    let destination = request.query_field("Destination").unwrap_or_default();
    let now = world.now();
    let taken = world.state().sts.federation.tokens.remove(&token);
    match taken {
        Some((until, arn)) if until > now && destination.starts_with("https://") => {
            Reply::redirect(302, &destination).cookie("aws-userInfo", &arn, "/")
        }
        _ => refused(),
    }
}
