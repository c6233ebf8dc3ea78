//! `source_profile` and what goes with it: roles that are assumed with the keys of another profile.

use super::fields::Fields;
use super::nearest::{did_you_mean, some_of};
use super::origin::Sourced;
use super::schema::{Profile, RoleWanted, Source};
use super::values;
use crate::duration::Span;
use crate::error::{Error, Result, clean};

/// The keys of a profile that make it a chained one; `defaults` may not have them.
pub(super) const KEYS: &[&str] = &["source_profile", "external_id", "session_name", "tags"];

/// AWS takes 50 session tags (STS API reference, AssumeRole).
const MOST_TAGS: usize = 50;

/// What a profile says about its source, if it has one.
pub(super) fn read(fields: &Fields<'_>) -> Result<Option<Source>> {
    let Some(profile) = fields.text("source_profile")? else {
        for key in &KEYS[1..] {
            if let Some(field) = fields.get(key) {
                return Err(field
                    .error("is for roles that are assumed with the keys of another profile")
                    .hint("name that profile as `source_profile`, or leave it out"));
            }
        }
        return Ok(None);
    };
    for key in ["identity_provider", "provider_arn"] {
        if let Some(field) = fields.get(key) {
            return Err(field
                .error("does not go with `source_profile`")
                .hint("a profile signs in itself, or takes the keys of another one; leave one of the two out"));
        }
    }
    if let Some(duration) = fields.parsed("duration", values::duration)?
        && duration.value > Span::hours(1)
    {
        return Err(duration
            .origin
            .error("a role that is assumed with the keys of another profile lasts 1h at most")
            .hint("write `duration: 1h`, or leave it out"));
    }
    Ok(Some(Source {
        profile,
        external_id: fields.parsed("external_id", external_id)?,
        session_name: fields.parsed("session_name", session_name)?,
        tags: tags(fields)?,
    }))
}

fn tags(fields: &Fields<'_>) -> Result<Vec<(String, String)>> {
    let Some(field) = fields.get("tags") else {
        return Ok(Vec::new());
    };
    let mut tags = Vec::new();
    for (name, origin, node) in field.table()?.entries() {
        let value = super::fields::Field {
            label: format!("the tag `{}`", clean(name)),
            node,
        };
        let text = value.text()?;
        if name.is_empty() || name.chars().count() > 128 || name.starts_with("aws:") {
            return Err(origin.error(format!(
                "`{}` cannot be a session tag: names have 1 to 128 characters and do not begin with aws:",
                clean(name)
            )));
        }
        if text.chars().count() > 256 {
            return Err(value.error("is longer than the 256 characters that STS takes"));
        }
        tags.push((name.to_owned(), text.value));
    }
    if tags.len() > MOST_TAGS {
        return Err(field.error(format!("has more than the {MOST_TAGS} tags that STS takes")));
    }
    Ok(tags)
}

/// 2 to 1,224 characters of a set (STS API reference, AssumeRole).
fn external_id(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c);
    match (2..=1224).contains(&text.len()) && text.chars().all(fits) {
        true => Ok(text.to_owned()),
        false => Err("an external id has 2 to 1224 letters, digits and _+=,.@:/-".to_owned()),
    }
}

/// 2 to 64 characters of a set (STS API reference, AssumeRole).
fn session_name(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    match (2..=64).contains(&text.len()) && text.chars().all(fits) {
        true => Ok(text.to_owned()),
        false => Err("a session name has 2 to 64 letters, digits and _+=,.@-".to_owned()),
    }
}

/// Follows every chain to its root, whose identity provider is that of all its links; dangling names, circles and
/// roles that are not settled are refused.
pub(super) fn connect(profiles: &mut [Profile]) -> Result<()> {
    let mut roots = Vec::new();
    for profile in profiles.iter() {
        roots.push(match &profile.source {
            Some(source) => Some(root(profiles, profile, source)?.clone()),
            None => None,
        });
    }
    for (profile, root) in profiles.iter_mut().zip(roots) {
        if let Some(root) = root {
            profile.identity_provider = root;
        }
    }
    Ok(())
}

/// The identity provider at the beginning of a chain.
fn root<'a>(
    profiles: &'a [Profile],
    profile: &Profile,
    source: &Source,
) -> Result<&'a Sourced<String>> {
    if !matches!(
        profile.role.as_ref().map(|role| &role.value),
        Some(RoleWanted::Arn(_) | RoleWanted::InAccount { .. })
    ) {
        return Err(profile
            .origin
            .error(format!(
                "profile `{}` has a `source_profile` and no `role`",
                profile.name
            ))
            .hint("write the role to assume, as an ARN or ACCOUNT/ROLE"));
    }
    let mut passed = vec![profile.name.as_str()];
    let mut name = &source.profile;
    loop {
        if passed.contains(&name.as_str()) {
            passed.push(name);
            return Err(name
                .origin
                .error(format!(
                    "profiles take their keys in a circle: {}",
                    passed.join(" → ")
                ))
                .hint("one of them has to sign in itself: give it an `identity_provider`"));
        }
        let Some(parent) = profiles.iter().find(|one| one.name == name.value) else {
            return Err(dangling(profiles, name));
        };
        match &parent.source {
            None => return Ok(&parent.identity_provider),
            Some(next) => {
                passed.push(&parent.name);
                name = &next.profile;
            }
        }
    }
}

fn dangling(profiles: &[Profile], name: &Sourced<String>) -> Error {
    let known: Vec<&str> = profiles.iter().map(|one| one.name.as_str()).collect();
    let error = name
        .origin
        .error(format!("there is no profile `{}`", clean(name)));
    error.hint(match did_you_mean(name, known.iter().copied()) {
        Some(hint) => hint,
        None => format!("there is: {}", some_of(&known)),
    })
}

/// A name that a session may have, made of any text.
pub fn session_name_of(text: &str) -> String {
    let name: String = text
        .chars()
        .map(|c| match session_name(&format!("{c}{c}")) {
            Ok(_) => c,
            Err(_) => '-',
        })
        .take(64)
        .collect();
    match name.len() {
        0 | 1 => format!("mai-{name}"),
        _ => name,
    }
}
