//! Which variables a program gets, and what each is made of: `AWS_ACCESS_KEY_ID={access_key_id},…`

use std::str::FromStr;

use crate::arn::RoleArn;
use crate::error::{Error, Result, clean};
use crate::keys::SessionCredentials;
use crate::login::ready::Ready;
use crate::secret::Secret;
use crate::ui::moment;

/// What can stand in braces, as it is typed.
const FIELDS: &[(&str, Field)] = &[
    ("access_key_id", Field::AccessKeyId),
    ("secret_access_key", Field::SecretAccessKey),
    ("session_token", Field::SessionToken),
    ("expires_at", Field::ExpiresAt),
    ("expiration_epoch", Field::ExpirationEpoch),
    ("region", Field::Region),
    ("account_id", Field::AccountId),
    ("role_arn", Field::RoleArn),
    ("role", Field::Role),
    ("profile", Field::Profile),
    ("aws_profile", Field::AwsProfile),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    AccessKeyId,
    SecretAccessKey,
    SessionToken,
    ExpiresAt,
    ExpirationEpoch,
    Region,
    AccountId,
    RoleArn,
    Role,
    Profile,
    AwsProfile,
}

/// What is known of a profile: all of it once there are keys, before that what the configuration says.
pub struct Known {
    pub profile: String,
    pub aws_profile: String,
    pub region: Option<String>,
    pub role: Option<RoleArn>,
    pub keys: Option<SessionCredentials>,
}

impl From<&Ready> for Known {
    fn from(ready: &Ready) -> Known {
        Known {
            profile: ready.profile.clone(),
            aws_profile: ready.aws_profile.clone(),
            region: ready.region.clone(),
            role: Some(ready.role.clone()),
            keys: Some(ready.keys.clone()),
        }
    }
}

impl Field {
    /// None: this profile has none of it. What only a sign-in tells is nothing until then.
    fn of(self, known: &Known) -> Option<String> {
        let of_keys = |text: fn(&SessionCredentials) -> String| known.keys.as_ref().map(text);
        let of_role = |text: fn(&RoleArn) -> String| known.role.as_ref().map(text);
        let text = match self {
            Field::AccessKeyId => of_keys(|keys| keys.access_key_id.clone()),
            Field::SecretAccessKey => of_keys(|keys| keys.secret_access_key.expose().to_owned()),
            Field::SessionToken => of_keys(|keys| keys.session_token.expose().to_owned()),
            Field::ExpiresAt => of_keys(|keys| moment::rfc3339(keys.expires_at)),
            Field::ExpirationEpoch => of_keys(|keys| keys.expires_at.timestamp().to_string()),
            Field::Region => return known.region.clone(),
            Field::AccountId => of_role(|role| role.account().to_owned()),
            Field::RoleArn => of_role(RoleArn::to_string),
            Field::Role => of_role(|role| role.name().to_owned()),
            Field::Profile => Some(known.profile.clone()),
            Field::AwsProfile => Some(known.aws_profile.clone()),
        };
        Some(text.unwrap_or_default())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Field(&'static str, Field),
}

#[derive(Clone, Debug)]
struct Variable {
    name: String,
    value: Vec<Part>,
    /// Left out where the profile has no such thing, instead of failing.
    if_known: bool,
}

/// Names of variables and what each is made of; no name twice.
#[derive(Clone, Debug)]
pub struct Names(Vec<Variable>);

impl Names {
    /// What SDKs, tools and prompts look for: the keys themselves.
    pub fn of_keys() -> Names {
        let mut all = vec![
            usual("AWS_ACCESS_KEY_ID", "access_key_id"),
            usual("AWS_SECRET_ACCESS_KEY", "secret_access_key"),
            usual("AWS_SESSION_TOKEN", "session_token"),
            // botocore reads the first, older prompts the second.
            usual("AWS_CREDENTIAL_EXPIRATION", "expires_at"),
            usual("AWS_SESSION_EXPIRATION", "expires_at"),
        ];
        all.extend(where_and_who());
        Names(all)
    }

    /// The section of the credentials file instead of the keys in it.
    ///
    /// Without AWS_DEFAULT_PROFILE: SDKs disagree which of the two comes first, so only one of them may be set.
    pub fn of_section() -> Names {
        let mut all = vec![usual("AWS_PROFILE", "aws_profile")];
        all.extend(where_and_who());
        Names(all)
    }

    /// The names with this before each.
    pub fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = String> + 'a {
        self.0
            .iter()
            .map(move |variable| format!("{prefix}{}", variable.name))
    }

    /// The variables of one profile.
    pub fn filled(&self, known: &Known, prefix: &str) -> Result<Vec<(String, Secret)>> {
        let mut all = Vec::new();
        for variable in &self.0 {
            if let Some(value) = variable.filled(known)? {
                all.push((format!("{prefix}{}", variable.name), value));
            }
        }
        Ok(all)
    }
}

fn where_and_who() -> [Variable; 3] {
    let region = |name| Variable {
        if_known: true,
        ..usual(name, "region")
    };
    [
        region("AWS_REGION"),
        region("AWS_DEFAULT_REGION"),
        usual("MAI_PROFILE", "profile"),
    ]
}

fn usual(name: &str, field: &str) -> Variable {
    Variable {
        name: name.to_owned(),
        value: FIELDS
            .iter()
            .filter(|(known, _)| *known == field)
            .map(|(known, field)| Part::Field(known, *field))
            .collect(),
        if_known: false,
    }
}

impl Variable {
    fn filled(&self, known: &Known) -> Result<Option<Secret>> {
        let mut value = zeroize::Zeroizing::new(String::new());
        for part in &self.value {
            match part {
                Part::Text(text) => value.push_str(text),
                Part::Field(name, field) => match field.of(known) {
                    Some(text) => value.push_str(&zeroize::Zeroizing::new(text)),
                    None if self.if_known => return Ok(None),
                    None => {
                        return Err(Error::usage(format!(
                            "{} cannot be set: {} has no {name}",
                            self.name, known.profile
                        ))
                        .hint(format!(
                            "give the profile a `{name}:` in profiles.yaml, or leave {{{name}}} out"
                        )));
                    }
                },
            }
        }
        Ok(Some(Secret::new(value.as_str())))
    }
}

/// `NAME={field},NAME=text{field}`; `{{` and `}}` are braces.
impl FromStr for Names {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut all: Vec<Variable> = Vec::new();
        for assignment in text.split(',') {
            let (name, value) = assignment.split_once('=').ok_or_else(|| {
                format!(
                    "`{}` is no NAME={{field}}; several are separated by commas",
                    clean(assignment)
                )
            })?;
            let name = name.trim();
            if !is_name(name) {
                return Err(format!(
                    "`{}` cannot be the name of a variable",
                    clean(name)
                ));
            }
            if all.iter().any(|variable| variable.name == name) {
                return Err(format!("{name} is named twice"));
            }
            all.push(Variable {
                name: name.to_owned(),
                value: parts(value)?,
                if_known: false,
            });
        }
        Ok(Names(all))
    }
}

fn parts(text: &str) -> Result<Vec<Part>, String> {
    let mut all = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        plain.push_str(&rest[..at]);
        let (brace, after) = rest[at..].split_at(1);
        if let Some(after) = after.strip_prefix(brace) {
            plain.push_str(brace);
            rest = after;
            continue;
        }
        let (field, after) = after
            .split_once('}')
            .filter(|_| brace == "{")
            .ok_or_else(|| {
                format!(
                    "`{}`: a field stands in braces, {{like_this}}; a brace itself is written twice",
                    clean(text)
                )
            })?;
        let (known, field) = FIELDS
            .iter()
            .find(|(known, _)| *known == field)
            .ok_or_else(|| {
                let known: Vec<&str> = FIELDS.iter().map(|(known, _)| *known).collect();
                format!(
                    "there is no field {{{}}}; there is: {}",
                    clean(field),
                    known.join(", ")
                )
            })?;
        if !plain.is_empty() {
            all.push(Part::Text(std::mem::take(&mut plain)));
        }
        all.push(Part::Field(known, *field));
        rest = after;
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        all.push(Part::Text(plain));
    }
    Ok(all)
}

/// Letters, digits and `_`, no digit first: what every shell takes for the name of a variable.
pub fn is_name(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit())
        && !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handover::environment::tests::ready;

    fn filled(names: &str) -> Vec<String> {
        let names: Names = names.parse().unwrap();
        let all = names.filled(&Known::from(&ready("prod")), "").unwrap();
        all.iter()
            .map(|(name, value)| format!("{name}={}", value.expose()))
            .collect()
    }

    #[test]
    fn names_of_ones_own_are_made_of_fields_and_text() {
        assert_eq!(
            filled("A={access_key_id},B=aws:{account_id}/{role}!,C=,D={{x}}{expiration_epoch}"),
            [
                "A=ASIAEXAMPLE",
                "B=aws:111111111111/PowerUser!",
                "C=",
                "D={x}1800000000"
            ]
        );
        assert_eq!(
            filled("E={expires_at},P={profile}={aws_profile},R={role_arn}")[0],
            "E=2027-01-15T08:00:00Z"
        );
    }

    #[test]
    fn slips_in_names_are_named() {
        for (text, told) in [
            ("", "`` is no NAME={field}"),
            ("A", "`A` is no NAME={field}"),
            ("A={region},", "`` is no NAME"),
            ("1A={region}", "`1A` cannot be the name"),
            ("A B={region}", "`A B` cannot be the name"),
            ("={region}", "`` cannot be the name"),
            ("A;rm={region}", "`A;rm` cannot be the name"),
            ("A={region},A={role}", "A is named twice"),
            (
                "A={secret}",
                "there is no field {secret}; there is: access_key_id,",
            ),
            ("A={region", "a field stands in braces"),
            ("A=region}", "a field stands in braces"),
            ("A={}", "there is no field {}"),
        ] {
            let error = text.parse::<Names>().unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    #[test]
    fn what_a_profile_does_not_have_is_left_out_unless_it_was_asked_for() {
        let mut without = ready("prod");
        without.region = None;
        let usual = Names::of_keys().filled(&Known::from(&without), "").unwrap();
        assert!(!usual.iter().any(|(name, _)| name.contains("REGION")));
        let asked: Names = "HERE={region}".parse().unwrap();
        let error = asked.filled(&Known::from(&without), "").unwrap_err();
        assert_eq!(error.to_string(), "HERE cannot be set: prod has no region");
        assert_eq!(error.exit_code(), 2);
    }
}
