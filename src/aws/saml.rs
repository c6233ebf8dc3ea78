//! What an assertion says: roles, times, and who it is for.

use std::collections::HashSet;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use zeroize::Zeroizing;

use crate::arn::{ProviderArn, RoleArn};
use crate::assertion::Assertion;
use crate::duration::Span;
use crate::error::{Error, Result, clean};

mod document;
mod status;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A role that the assertion lets its holder become, through the provider it names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OfferedRole {
    pub role: RoleArn,
    pub provider: ProviderArn,
}

/// What an assertion says.
///
/// Its signature is AWS's to check, so all of this is a claim of whoever answered: good for choosing and showing, not
/// for trusting. Where several assertions or values disagree, the narrowest bound counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statement {
    /// In document order, each pair once.
    pub roles: Vec<OfferedRole>,
    /// Values of the role attribute that are no pair of ARNs, fit to be shown.
    pub malformed_roles: Vec<String>,
    pub session_duration: Option<Span>,
    pub session_not_on_or_after: Option<DateTime<Utc>>,
    pub not_before: Option<DateTime<Utc>>,
    pub not_on_or_after: Option<DateTime<Utc>>,
    /// STS takes the assertion for five minutes from here.
    pub issue_instant: Option<DateTime<Utc>>,
    /// The AWS sign-in URL it was made for (`SAML:aud` in trust policies); the response's destination if the
    /// assertion is encrypted.
    pub recipient: Option<String>,
    pub audience: Option<String>,
    pub issuer: Option<String>,
    pub session_name: Option<String>,
    /// Only AWS can read it: roles and times are unknown here.
    pub encrypted: bool,
}

/// Reads an assertion; one that reports a failed sign-in becomes that failure.
pub fn read(assertion: &Assertion) -> Result<Statement> {
    let xml = BASE64
        .decode(assertion.response().expose())
        .map(Zeroizing::new)
        .map_err(|_| unreadable("is not base64"))?;
    let xml = std::str::from_utf8(&xml).map_err(|_| unreadable("is not UTF-8 text"))?;
    document::read(xml)
}

/// A warning if the clocks or the assertion's times will be in AWS's way; `skew` is the provider's clock minus ours.
pub fn check_times(
    statement: &Statement,
    now: DateTime<Utc>,
    skew: Option<TimeDelta>,
) -> Option<String> {
    /// A clock may be off by this much without harm, and pages take a while.
    const TOLERATED: TimeDelta = TimeDelta::seconds(120);
    if let Some(skew) = skew
        && skew.abs() > TOLERATED
    {
        let minutes = (skew.abs().num_seconds() + 30) / 60;
        let direction = match skew > TimeDelta::zero() {
            true => "behind",
            false => "ahead of",
        };
        return Some(format!(
            "this computer's clock is {minutes} min {direction} the identity provider's; set it right if AWS refuses the sign-in"
        ));
    }
    let now = now + skew.unwrap_or_default();
    if statement
        .not_before
        .is_some_and(|from| from > now + TOLERATED)
    {
        return Some(
            "by this computer's clock the assertion is not valid yet: check the clock".into(),
        );
    }
    let issued_until = statement
        .issue_instant
        .and_then(|at| at.checked_add_signed(TimeDelta::minutes(5)));
    let until = [statement.not_on_or_after, issued_until];
    if until.into_iter().flatten().any(|until| until <= now) {
        return Some(
            "by this computer's clock the assertion has expired already: check the clock".into(),
        );
    }
    None
}

fn unreadable(why: &str) -> Error {
    Error::failed(format!("the identity provider's SAML response {why}"))
        .hint("sign in again; if it happens again, tell the identity provider's administrator")
}

/// The values of AWS's attributes, as they are found.
impl Statement {
    fn take_attribute(&mut self, suffix: &str, value: &str, seen: &mut HashSet<OfferedRole>) {
        let value = value.trim();
        match suffix {
            "Role" => match role_pair(value) {
                Some(offered) => {
                    if seen.insert(offered.clone()) {
                        self.roles.push(offered);
                    }
                }
                None => self.malformed_roles.push(clean(value)),
            },
            "RoleSessionName" => self.session_name = Some(clean(value)),
            "SessionDuration" => {
                let duration = value.parse().ok().map(Span::seconds);
                self.session_duration = narrower(self.session_duration, duration);
            }
            _ => {}
        }
    }
}

/// Role and provider in either order, told apart by what they are. A role's name may hold a comma itself.
fn role_pair(value: &str) -> Option<OfferedRole> {
    /// Two ARNs of the longest kind; beyond it, looking at every comma would take its time.
    const LONGEST: usize = 4200;
    if value.len() > LONGEST {
        return None;
    }
    value.match_indices(',').find_map(|(at, _)| {
        let (one, other) = (value[..at].trim(), value[at + 1..].trim());
        let pair = |role: &str, provider: &str| {
            Some(OfferedRole {
                role: role.parse().ok()?,
                provider: provider.parse().ok()?,
            })
        };
        pair(one, other).or_else(|| pair(other, one))
    })
}

/// `https://aws.amazon.com/SAML/Attributes/Role` is `Role`. The host differs in China, so any will do.
fn aws_attribute(name: &str) -> Option<&str> {
    let (host, suffix) = name.trim().strip_prefix("https://")?.split_once('/')?;
    let suffix = suffix.strip_prefix("SAML/Attributes/")?;
    (!host.is_empty()).then_some(suffix)
}

/// `xs:dateTime`; without a zone it is UTC, as SAML demands.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.with_timezone(&Utc))
        .or_else(|_| {
            NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").map(|time| time.and_utc())
        })
        .ok()
}

fn narrower<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests;
