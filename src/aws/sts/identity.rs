//! GetCallerIdentity: STS says whose keys these are. No permission is needed for it, and no policy can forbid it.

use aws_sdk_sts::error::SdkError;
use chrono::{DateTime, TimeDelta, Utc};

use super::assume_role::signed_with;
use super::{Failure, Refusal, Sts};
use crate::clock;
use crate::error::{Error, Kind, Result, clean};
use crate::keys::SessionCredentials;

/// STS allows five minutes between its clock and the one that signed (IAM User Guide, signing requests).
const ALLOWED_SKEW: TimeDelta = TimeDelta::minutes(5);

/// Whose keys they are, as STS says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub account: String,
    pub arn: String,
    pub user_id: String,
}

impl Identity {
    /// `aws` of `arn:aws:…`
    pub fn partition(&self) -> &str {
        self.arn.split(':').nth(1).unwrap_or_default()
    }

    /// The role's name, without its path: STS does not tell that.
    pub fn role(&self) -> Option<&str> {
        self.assumed().map(|(role, _)| role)
    }

    pub fn session(&self) -> Option<&str> {
        self.assumed().map(|(_, session)| session)
    }

    /// `arn:PARTITION:sts::ACCOUNT:assumed-role/NAME/SESSION`
    fn assumed(&self) -> Option<(&str, &str)> {
        let resource = self.arn.splitn(6, ':').nth(5)?;
        resource.strip_prefix("assumed-role/")?.split_once('/')
    }
}

impl Sts {
    /// Asks whose keys these are, signed with them; tried again as other questions are. `profile` is for words.
    pub async fn who_is(&self, profile: &str, keys: &SessionCredentials) -> Result<Identity> {
        let told = self.try_again(|| self.ask_who(profile, keys)).await;
        told.map_err(|refusal| match refusal {
            Refusal::Other(error) => error,
            // Nothing was asked for that could be too long.
            Refusal::DurationTooLong(_) => Error::refused("STS answers another question"),
        })
    }

    async fn ask_who(&self, profile: &str, keys: &SessionCredentials) -> Result<Identity, Failure> {
        let answer = self
            .sdk
            .get_caller_identity()
            .customize()
            .config_override(signed_with(keys))
            .send()
            .await;
        match answer {
            Ok(answer) => match (answer.account, answer.arn, answer.user_id) {
                (Some(account), Some(arn), Some(user_id)) => Ok(Identity {
                    account: clean(&account),
                    arn: clean(&arn),
                    user_id: clean(&user_id),
                }),
                _ => Err(Failure::no_sts(self, None)),
            },
            Err(error) => {
                let skew = skew_of(&error);
                Err(self.failure(error, |code, message| {
                    let asked = Asked {
                        profile,
                        host: self.host(),
                        region: &self.region,
                        skew,
                    };
                    Refusal::Other(refusal(&asked, code, message))
                }))
            }
        }
    }
}

/// How far this computer's clock is ahead of the one that answered.
fn skew_of<E>(error: &SdkError<E>) -> Option<TimeDelta> {
    let date = error.raw_response()?.headers().get("date")?;
    let theirs = DateTime::parse_from_rfc2822(date).ok()?;
    Some(clock::now() - theirs.with_timezone(&Utc))
}

/// For whom and of whom it was asked.
struct Asked<'a> {
    profile: &'a str,
    host: &'a str,
    region: &'a str,
    skew: Option<TimeDelta>,
}

/// What STS means (its common errors); its own words come along.
fn refusal(asked: &Asked<'_>, code: &str, message: &str) -> Error {
    let (profile, host) = (asked.profile, asked.host);
    let says = |part: &str| message.to_lowercase().contains(part);
    let code = code.strip_suffix("Exception").unwrap_or(code);
    let skew = asked.skew.filter(|skew| skew.abs() > ALLOWED_SKEW);
    let again = format!("`mai login {profile} --force` fetches new ones");
    let by_clock = matches!(
        code,
        "RequestExpired" | "RequestTimeTooSkewed" | "RequestInTheFuture"
    ) || code == "SignatureDoesNotMatch"
        && (says("signature expired") || says("not yet current"));
    let (kind, what, hint) = match code {
        _ if by_clock => (
            Kind::Refused,
            match skew {
                Some(skew) => format!("this computer's clock is {} that of {host}", apart(skew)),
                None => format!("this computer's clock and that of {host} are too far apart"),
            },
            "set it, or have it set by the network (NTP); AWS allows five minutes".to_owned(),
        ),
        "ExpiredToken" => (
            Kind::Refused,
            format!("the keys of {profile} have expired"),
            format!("`mai login {profile}` fetches new ones"),
        ),
        "InvalidClientTokenId" | "UnrecognizedClient" => (
            Kind::Refused,
            format!("STS does not know the keys of {profile}"),
            format!("{again}; they may be damaged, revoked, or of another partition"),
        ),
        "SignatureDoesNotMatch" | "IncompleteSignature" | "InvalidSignature" => (
            Kind::Refused,
            format!("the secret key of {profile} does not belong to its key id"),
            format!("{again}; whatever edited the credentials file may have damaged it"),
        ),
        "RegionDisabled" => (
            Kind::Refused,
            format!("STS is not activated in {} for that account", asked.region),
            "choose another `region:`, or have the account's administrator activate it".to_owned(),
        ),
        code if super::refusals::is_throttling(code) => (
            Kind::Unreachable,
            format!("{host} gets too many requests and asks for patience"),
            "try again in a minute".to_owned(),
        ),
        _ => (
            Kind::Refused,
            format!("STS does not say whose keys those of {profile} are"),
            again,
        ),
    };
    let error = Error::new(kind, what).hint(hint);
    match (clean(message), clean(code)) {
        // It repeats the string to sign, line by line, when a signature does not match.
        (_, code) if code == "SignatureDoesNotMatch" && !by_clock => error.because(code),
        (words, code) if words.is_empty() => error.because(code),
        (words, code) => error.because(format!("{words} ({code})")),
    }
}

fn apart(skew: TimeDelta) -> String {
    let minutes = skew.num_minutes().abs();
    let length = match minutes {
        0..=120 => format!("{minutes} minutes"),
        _ => format!("{} hours", minutes / 60),
    };
    match skew < TimeDelta::zero() {
        true => format!("{length} behind"),
        false => format!("{length} ahead of"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(code: &str, message: &str, minutes_ahead: i64) -> String {
        let asked = Asked {
            profile: "prod",
            host: "sts.test",
            region: "eu-south-1",
            skew: Some(TimeDelta::minutes(minutes_ahead)),
        };
        let error = refusal(&asked, code, message);
        format!("{error} | {}", error.hint_text().unwrap_or_default())
    }

    #[test]
    fn role_and_session_are_read_from_the_arn() {
        let identity = |arn: &str| Identity {
            account: "111111111111".into(),
            arn: arn.into(),
            user_id: "AROA:ada".into(),
        };
        let assumed = identity("arn:aws-cn:sts::111111111111:assumed-role/Admin/ada@x.test");
        assert_eq!(assumed.role(), Some("Admin"));
        assert_eq!(assumed.session(), Some("ada@x.test"));
        for other in ["arn:aws:iam::111111111111:user/ada", "", "assumed-role/a/b"] {
            assert_eq!(identity(other).role(), None, "{other}");
        }
    }

    #[test]
    fn a_wrong_clock_is_told_as_that_and_with_its_size() {
        let expired = "Signature expired: 20261128T040000Z is now earlier than 20261128T043000Z";
        let said = told("SignatureDoesNotMatch", expired, -30);
        assert!(
            said.starts_with("this computer's clock is 30 minutes behind that of sts.test"),
            "{said}"
        );
        let said = told("RequestExpired", "Request has expired.", 600);
        assert!(
            said.contains("10 hours ahead of that of sts.test"),
            "{said}"
        );
        let said = told("RequestExpired", "Request has expired.", 0);
        assert!(said.contains("are too far apart"), "{said}");
    }

    #[test]
    fn each_refusal_says_what_to_run() {
        for (code, words, hint) in [
            (
                "ExpiredTokenException",
                "have expired",
                "`mai login prod` fetches",
            ),
            (
                "InvalidClientTokenId",
                "does not know the keys",
                "`mai login prod --force`",
            ),
            (
                "SignatureDoesNotMatch",
                "does not belong to its key id",
                "`mai login prod --force`",
            ),
            (
                "RegionDisabledException",
                "not activated in eu-south-1",
                "another `region:`",
            ),
            ("Odd", "does not say whose keys", "`mai login prod --force`"),
        ] {
            let said = told(code, "words", 0);
            assert!(said.contains(words) && said.contains(hint), "{said}");
        }
        let said = told(
            "SignatureDoesNotMatch",
            "The Canonical String was 'POST\n/\n\nhost:x'",
            0,
        );
        assert!(!said.contains("Canonical"), "{said}");
    }
}
