//! What STS means when it says no, and what to do about it.

use super::sts::Refusal;
use crate::arn::{ProviderArn, RoleArn};
use crate::duration::Span;
use crate::error::{Error, Kind, clean};

/// What was asked of whom.
pub struct Asked<'a> {
    pub role: &'a RoleArn,
    pub provider: &'a ProviderArn,
    pub region: &'a str,
    /// The host that answered.
    pub host: &'a str,
    pub duration: Option<Span>,
}

/// Codes of "too fast"; the SDKs know these names (their standard retry mode).
pub fn is_throttling(code: &str) -> bool {
    matches!(
        stem(code),
        "Throttling"
            | "Throttled"
            | "ThrottledRequest"
            | "RequestThrottled"
            | "RequestLimitExceeded"
            | "TooManyRequests"
            | "BandwidthLimitExceeded"
            | "LimitExceeded"
            | "SlowDown"
            | "PriorRequestNotComplete"
            | "ProvisionedThroughputExceeded"
            | "TransactionInProgress"
    )
}

/// The refusal in words. STS's own text always comes along, cleaned, since texts change and ours are guesses.
pub fn explain(asked: &Asked<'_>, code: &str, message: &str) -> Refusal {
    let words = without_long_runs(message);
    if contains(message, "MaxSessionDuration") {
        return Refusal::DurationTooLong(named_maximum(message, asked.duration));
    }
    let (kind, what, hint) = meaning(asked, stem(code), message);
    let mut error = Error::new(kind, what);
    let cause = match (clean(&words), clean(code)) {
        (words, code) if words.is_empty() => code,
        (words, code) if code.is_empty() => words,
        (words, code) => format!("{words} ({code})"),
    };
    if !cause.is_empty() {
        error = error.because(cause);
    }
    Refusal::Other(error.hint(hint))
}

fn meaning(asked: &Asked<'_>, code: &str, message: &str) -> (Kind, String, String) {
    let role = format!(
        "{} in account {}",
        asked.role.path_and_name(),
        asked.role.account()
    );
    let provider = asked.provider.name();
    let refused = |what: String, hint: String| (Kind::Refused, what, hint);
    let says = |part: &str| contains(message, part);
    match code {
        "ExpiredToken" if says("5 minutes") => refused(
            "the sign-in took too long: AWS takes an assertion for five minutes only".into(),
            "sign in again; if that does not help, check this computer's clock and the identity provider's".into(),
        ),
        "ExpiredToken" => refused(
            "the assertion has expired: AWS did not take it any more".into(),
            "sign in again; if it happens each time, the identity provider's assertions are too short-lived or its clock is wrong".into(),
        ),
        "InvalidIdentityToken" => invalid_token(asked, message),
        "IDPRejectedClaim" => refused(
            "the identity provider itself rejected what it said about you".into(),
            "sign in again; if that does not help, ask its administrator".into(),
        ),
        "AccessDenied" if says("TagSession") => refused(
            format!("the role {role} does not accept the session tags of the identity provider"),
            "the account's administrator has to allow sts:TagSession in the role's trust policy".into(),
        ),
        "AccessDenied" if says("SetSourceIdentity") => refused(
            format!("the role {role} does not accept the source identity of the identity provider"),
            "the account's administrator has to allow sts:SetSourceIdentity in the role's trust policy".into(),
        ),
        "AccessDenied" if asked.role.name().starts_with("AWSReservedSSO_") => refused(
            format!("the role {role} belongs to IAM Identity Center, which hands it out itself"),
            "choose another role, or use `aws sso login` for this one".into(),
        ),
        "AccessDenied" => refused(
            format!("AWS does not let you become {role}"),
            format!(
                "check the role's name (upper and lower case count); else its trust policy must allow sts:AssumeRoleWithSAML to the provider {provider} (sts:TagSession too, if tags are sent), and its SAML:aud must be the sign-in URL"
            ),
        ),
        "ValidationError" if says("Request ARN is invalid") => refused(
            format!("STS in {} does not know the ARNs of {role}", asked.region),
            "check role and provider ARN: they may be swapped, or of another partition than the region".into(),
        ),
        "ValidationError" if says("durationSeconds") => refused(
            "AWS does not grant sessions of the duration that was asked for".into(),
            "set `duration:` between 15m and 12h".into(),
        ),
        "ValidationError" if says("1 hour session limit") => refused(
            "a role that is assumed with another role's keys lasts one hour at most".into(),
            "set `duration: 1h`".into(),
        ),
        "ValidationError" => refused(
            format!("STS did not accept the request for {role}"),
            "the text above names the value; check role, policy and duration of the profile".into(),
        ),
        "MalformedPolicyDocument" => refused(
            "the session policy is no valid policy".into(),
            "check the JSON file that `policy:` of the profile names".into(),
        ),
        "PackedPolicyTooLarge" => refused(
            "the session's policies and tags are too large together".into(),
            "make `policy:` or `policy_arns:` of the profile smaller; else the identity provider's administrator has to send fewer tags".into(),
        ),
        "RegionDisabled" => refused(
            format!("STS is switched off in {} for account {}", asked.region, asked.role.account()),
            "set another `region:`, or have the account's administrator activate STS there".into(),
        ),
        code if is_throttling(code) => (
            Kind::Unreachable,
            format!("{} gets too many requests and asks for patience", asked.host),
            "try again in a minute".into(),
        ),
        _ => refused(
            format!("STS refused the role {role}"),
            "the text above is STS's own; the account's administrator may know it".into(),
        ),
    }
}

fn invalid_token(asked: &Asked<'_>, message: &str) -> (Kind, String, String) {
    let account = asked.role.account();
    let provider = asked.provider.name();
    let says = |part: &str| contains(message, part);
    let (what, hint) = if says("RoleSessionName") {
        (
            "the identity provider sends no name, or none that AWS accepts, for the session".into(),
            "its administrator has to fix the attribute RoleSessionName: 2 to 64 letters, digits or _+=,.@-, no spaces".into(),
        )
    } else if says("Source Identity") {
        (
            "the identity provider sends a source identity that AWS does not accept".into(),
            "its administrator has to fix the attribute SourceIdentity: 2 to 64 letters, digits or _+=,.@-".into(),
        )
    } else if says("signature") {
        (
            format!(
                "AWS does not accept the signature of the identity provider in account {account}"
            ),
            format!(
                "its certificate was probably replaced: the account's administrator has to upload its new metadata to the provider {provider}"
            ),
        )
    } else if says("Issuer not present") {
        (
            format!(
                "the provider {provider} in account {account} belongs to another identity provider"
            ),
            "the account's administrator has to upload this identity provider's metadata".into(),
        )
    } else if says("doesn't exist") || says("does not exist") {
        (
            format!("there is no provider {provider} in account {account}"),
            "check the provider's ARN (`provider_arn:`, or what the identity provider sends); the account's administrator may have to create it".into(),
        )
    } else if says("audience") {
        (
            "the identity provider's assertion is made for another audience than AWS".into(),
            "its administrator has to set the audience of the AWS application, urn:amazon:webservices in most partitions".into(),
        )
    } else if says("base64") {
        (
            "AWS could not decode the assertion".into(),
            "sign in again; if it happens again, please report it".into(),
        )
    } else {
        (
            "AWS does not accept the identity provider's assertion".into(),
            "sign in again; if that does not help, show this to the account's administrator".into(),
        )
    };
    (Kind::Refused, what, hint)
}

/// Some SDK versions and test servers write `…Exception`, some do not.
fn stem(code: &str) -> &str {
    code.strip_suffix("Exception").unwrap_or(code)
}

fn contains(message: &str, part: &str) -> bool {
    message.to_lowercase().contains(&part.to_lowercase())
}

/// Validation errors quote the value: an assertion is replaced before anything is shown.
fn without_long_runs(message: &str) -> String {
    const LONGEST: usize = 100;
    let in_run =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '%' | '-' | '_');
    let mut shown = String::new();
    let mut run = String::new();
    for c in message.chars().chain([' ']) {
        if in_run(c) {
            run.push(c);
            continue;
        }
        shown.push_str(if run.len() > LONGEST { "…" } else { &run });
        run.clear();
        shown.push(c);
    }
    shown
}

/// The role's own maximum in seconds, where the message names one besides what was asked for.
fn named_maximum(message: &str, asked: Option<Span>) -> Option<Span> {
    message
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|number| number.parse().ok())
        .map(Span::seconds)
        .find(|span| (Span::hours(1)..=Span::hours(12)).contains(span) && Some(*span) != asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(code: &str, message: &str) -> Refusal {
        explain(
            &Asked {
                role: &"arn:aws:iam::123456789012:role/team/Admin".parse().unwrap(),
                provider: &"arn:aws:iam::123456789012:saml-provider/corp"
                    .parse()
                    .unwrap(),
                region: "eu-west-1",
                host: "sts.test",
                duration: Some(Span::hours(12)),
            },
            code,
            message,
        )
    }

    fn error(code: &str, message: &str) -> Error {
        match refusal(code, message) {
            Refusal::Other(error) => error,
            Refusal::DurationTooLong(_) => panic!("{code}: {message}"),
        }
    }

    #[test]
    fn every_refusal_has_its_own_sentence_and_hint() {
        let mut sentences = std::collections::HashSet::new();
        for (code, message, words, hint) in [
            (
                "ExpiredTokenException",
                "Token must be redeemed within 5 minutes of issuance",
                "took too long",
                "clock",
            ),
            (
                "ExpiredTokenException",
                "Response has expired",
                "has expired",
                "sign in again",
            ),
            (
                "InvalidIdentityToken",
                "RoleSessionName is required in SAMLAssertion",
                "name",
                "RoleSessionName",
            ),
            (
                "InvalidIdentityToken",
                "Source Identity must match [a-z]",
                "source identity",
                "SourceIdentity",
            ),
            (
                "InvalidIdentityToken",
                "Response signature invalid",
                "signature",
                "metadata",
            ),
            (
                "InvalidIdentityToken",
                "Issuer not present in specified provider",
                "another identity provider",
                "metadata",
            ),
            (
                "InvalidIdentityToken",
                "Specified provider doesn't exist",
                "no provider corp",
                "provider_arn",
            ),
            (
                "InvalidIdentityToken",
                "Response does not contain the required audience",
                "audience",
                "urn:amazon:webservices",
            ),
            (
                "InvalidIdentityToken",
                "Invalid base64 SAMLResponse",
                "decode",
                "sign in again",
            ),
            (
                "InvalidIdentityToken",
                "something new",
                "does not accept",
                "sign in again",
            ),
            ("IDPRejectedClaim", "no", "itself rejected", "administrator"),
            (
                "AccessDenied",
                "Not authorized to perform sts:AssumeRoleWithSAML",
                "does not let you become team/Admin",
                "SAML:aud",
            ),
            (
                "AccessDenied",
                "not authorized to perform: sts:TagSession",
                "session tags",
                "sts:TagSession",
            ),
            (
                "AccessDenied",
                "not authorized to perform: sts:SetSourceIdentity",
                "source identity",
                "sts:SetSourceIdentity",
            ),
            (
                "ValidationError",
                "Request ARN is invalid",
                "ARNs",
                "swapped",
            ),
            (
                "ValidationError",
                "1 validation error detected: Value '50000' at 'durationSeconds' failed",
                "duration",
                "15m and 12h",
            ),
            (
                "ValidationError",
                "exceeds the 1 hour session limit for roles assumed by role chaining",
                "one hour",
                "1h",
            ),
            (
                "ValidationError",
                "1 validation error detected: Value 'x' at 'policy'",
                "did not accept",
                "policy",
            ),
            (
                "MalformedPolicyDocument",
                "Syntax errors in policy",
                "no valid policy",
                "policy:",
            ),
            (
                "PackedPolicyTooLarge",
                "112% of the allowed size",
                "too large",
                "policy_arns",
            ),
            (
                "RegionDisabledException",
                "STS is not activated in this region",
                "switched off in eu-west-1",
                "region:",
            ),
            (
                "Throttling",
                "Rate exceeded",
                "too many requests",
                "in a minute",
            ),
            (
                "Novelty",
                "something else",
                "refused the role team/Admin",
                "administrator",
            ),
        ] {
            let error = error(code, message);
            assert!(error.message().contains(words), "{error} / {words}");
            assert!(error.hint_text().unwrap().contains(hint), "{error:?}");
            assert_eq!(error.cause().unwrap(), format!("{message} ({code})"));
            let kind = if code == "Throttling" {
                Kind::Unreachable
            } else {
                Kind::Refused
            };
            assert_eq!(error.kind(), kind);
            assert!(
                sentences.insert(error.message().to_string()),
                "twice: {error}"
            );
        }
    }

    #[test]
    fn too_long_a_duration_is_told_apart_with_the_maximum_if_it_is_named() {
        let plain =
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        let numbers = "DurationSeconds 43200 exceeds the MaxSessionDuration 7200 set for this role";
        for (message, maximum) in [(plain, None), (numbers, Some(Span::hours(2)))] {
            match refusal("ValidationError", message) {
                Refusal::DurationTooLong(named) => assert_eq!(named, maximum),
                Refusal::Other(error) => panic!("{error}"),
            }
        }
    }

    #[test]
    fn a_role_of_identity_center_is_not_blamed_on_its_trust_policy() {
        let role =
            "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_1f";
        let asked = Asked {
            role: &role.parse().unwrap(),
            provider: &"arn:aws:iam::123456789012:saml-provider/corp"
                .parse()
                .unwrap(),
            region: "eu-west-1",
            host: "sts.test",
            duration: None,
        };
        match explain(&asked, "AccessDenied", "Not authorized") {
            Refusal::Other(error) => {
                assert!(error.message().contains("Identity Center"), "{error}")
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_assertion_that_is_quoted_back_is_not_shown() {
        let message = format!("Value '{}' at 'sAMLAssertion' failed", "PHNhbWw".repeat(40));
        let error = error("ValidationError", &message);
        assert_eq!(
            error.cause(),
            Some("Value '…' at 'sAMLAssertion' failed (ValidationError)")
        );
        assert!(!format!("{error:?}").contains("PHNhbWw"));
    }
}
