//! AWS's sign-in for browsers: keys become a token, and the token an address that is signed in.

use std::time::Duration;

use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use crate::arn::Partition;
use crate::duration::Span;
use crate::error::{Error, Result};
use crate::keys::SessionCredentials;
use crate::net::hops::{host_of, is_loopback};
use crate::net::trace::{self, Hop};
use crate::net::{body, client};
use crate::secret::Secret;

/// How long AWS may take for a token.
const LIMIT: Duration = Duration::from_secs(20);
/// Tokens have one or two kilobytes.
const LARGEST: usize = 64 * 1024;

/// The federation endpoint of a region.
pub struct Federation {
    http: reqwest::Client,
    endpoint: Url,
}

/// What an address that signs in is made of.
pub struct Wanted<'a> {
    /// For words.
    pub profile: &'a str,
    pub keys: &'a SessionCredentials,
    /// How long the console stays signed in; as long as the keys last unless said. Not for chained roles.
    pub duration: Option<Span>,
    /// The page that the console opens.
    pub destination: &'a Url,
    /// Where the console sends people whose session is over.
    pub issuer: Option<&'a Url>,
}

/// An address that signs in whoever opens it, for 15 minutes.
pub struct SignedIn {
    pub address: Secret,
    /// The duration that was asked for was not granted.
    pub without_duration: bool,
}

/// The federation endpoint for keys of this partition. An STS on this computer has its own, at `/federation`.
pub fn endpoint(partition: &Partition, region: &str, sts: Option<&Url>) -> Result<Url> {
    if let Some(sts) = sts.filter(|sts| is_loopback(sts)) {
        let mut url = sts.clone();
        url.set_path("/federation");
        return Ok(url);
    }
    let host = partition.sign_in_host(region);
    Url::parse(&format!("https://{host}/federation"))
        .map_err(|_| Error::usage(format!("`{}` is not a region", crate::error::clean(region))))
}

impl Federation {
    /// `client` is from `net::client::build`: it follows no redirects, so keys go to this endpoint or nowhere.
    pub fn new(client: reqwest::Client, endpoint: Url) -> Federation {
        Federation {
            http: client,
            endpoint,
        }
    }

    /// Trades keys for an address. AWS refuses some durations that it grants at other times: then it is asked once
    /// more without.
    pub async fn sign_in(&self, wanted: &Wanted<'_>) -> Result<SignedIn> {
        let (first, status) = self.token(wanted.keys, wanted.duration).await?;
        let refused = first.is_none() && status == StatusCode::BAD_REQUEST;
        let again = refused && wanted.duration.is_some();
        let (token, status) = match again {
            true => self.token(wanted.keys, None).await?,
            false => (first, status),
        };
        let token = token.ok_or_else(|| self.refusal(wanted.profile, status))?;
        Ok(SignedIn {
            address: self.address(wanted, &token),
            without_duration: again,
        })
    }

    /// Keys go into the body, so that they are in no address and no log of one.
    async fn token(
        &self,
        keys: &SessionCredentials,
        duration: Option<Span>,
    ) -> Result<(Option<Secret>, StatusCode)> {
        let answer = self
            .http
            .post(self.endpoint.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body::wiped(form(keys, duration)?))
            .timeout(LIMIT)
            .send()
            .await;
        let status = answer.as_ref().ok().map(|answer| answer.status().as_u16());
        trace::say(&Hop::new("POST", &self.endpoint, status, None));
        let answer = answer.map_err(|error| client::explain(&error, &self.endpoint))?;
        let status = answer.status();
        if !status.is_success() {
            return Ok((None, status));
        }
        let body = Zeroizing::new(body::read(answer, &self.endpoint, LARGEST).await?);
        let answer: Option<Answer> = serde_json::from_slice(&body).ok();
        Ok((answer.map(|answer| answer.token.into()), status))
    }

    fn address(&self, wanted: &Wanted<'_>, token: &Secret) -> Secret {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("Action", "login");
        if let Some(issuer) = wanted.issuer {
            query.append_pair("Issuer", issuer.as_str());
        }
        query.append_pair("Destination", wanted.destination.as_str());
        query.append_pair("SigninToken", token.expose());
        Secret::new(format!("{}?{}", self.endpoint, query.finish()))
    }

    /// What it says is a page for people, and never shown.
    fn refusal(&self, profile: &str, status: StatusCode) -> Error {
        let host = host_of(&self.endpoint);
        let code = status.as_u16();
        match code {
            400..=403 => Error::refused(format!(
                "{host} does not take the keys of {profile} (HTTP {code})"
            ))
            .hint(format!(
                "`mai whoami {profile}` finds out what is wrong with them"
            )),
            429 | 500.. => Error::unreachable(format!("{host} is out of order (HTTP {code})"))
                .hint("try again in a minute; behind a proxy, the answer may be the proxy's"),
            _ => Error::unreachable(format!(
                "what answers as {host} is not AWS's sign-in (HTTP {code})"
            ))
            .hint("a proxy or a captive portal may be in the way"),
        }
    }
}

/// The parts of keys, as the endpoint names them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Session<'a> {
    session_id: &'a str,
    session_key: &'a str,
    session_token: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "SigninToken")]
    token: String,
}

/// The question for a token. Text that outgrows its place leaves a copy behind that nobody wipes, so both have room
/// for the worst that escaping makes of them.
fn form(keys: &SessionCredentials, duration: Option<Span>) -> Result<Zeroizing<String>> {
    let session = Session {
        session_id: &keys.access_key_id,
        session_key: keys.secret_access_key.expose(),
        session_token: keys.session_token.expose(),
    };
    let length = session.session_id.len() + session.session_key.len() + session.session_token.len();
    let mut json = Zeroizing::new(Vec::with_capacity(6 * length + 64));
    serde_json::to_writer(&mut *json, &session)
        .map_err(|error| Error::failed("the keys cannot be written as JSON").because(error))?;
    let json = std::str::from_utf8(&json)
        .map_err(|error| Error::failed("the keys cannot be written as JSON").because(error))?;
    let mut text = Zeroizing::new(String::with_capacity(3 * json.len() + 128));
    let mut form = form_urlencoded::Serializer::new(&mut *text);
    form.append_pair("Action", "getSigninToken");
    if let Some(duration) = duration {
        form.append_pair("SessionDuration", &duration.as_seconds().to_string());
    }
    form.append_pair("Session", json);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_never_outgrows_its_place() {
        for part in ["AB12/+=", "\"\\%&", "\u{1}\n", "\u{e4}\u{1f600}"] {
            let keys = SessionCredentials {
                access_key_id: part.repeat(20),
                secret_access_key: Secret::new(part.repeat(40)),
                session_token: Secret::new(part.repeat(2000)),
                expires_at: chrono::DateTime::UNIX_EPOCH,
            };
            let text = form(&keys, Some(Span::hours(12))).unwrap();
            let fields: Vec<(String, String)> = form_urlencoded::parse(text.as_bytes())
                .into_owned()
                .collect();
            assert_eq!(fields[1], ("SessionDuration".into(), "43200".into()));
            let json: serde_json::Value = serde_json::from_str(&fields[2].1).unwrap();
            assert_eq!(json["sessionId"], keys.access_key_id);
            assert_eq!(json["sessionKey"], keys.secret_access_key.expose());
            assert_eq!(json["sessionToken"], keys.session_token.expose());
            assert_eq!(text.capacity(), 3 * fields[2].1.len() + 128, "{part}");
        }
    }

    #[test]
    fn every_partition_has_its_endpoint_and_only_this_computer_has_another() {
        let of = |region: &str, sts: Option<&str>| {
            let sts = sts.map(|url| Url::parse(url).unwrap());
            let partition = Partition::of_region(region).unwrap();
            endpoint(partition, region, sts.as_ref())
                .unwrap()
                .to_string()
        };
        for (region, url) in [
            ("us-east-1", "https://signin.aws.amazon.com/federation"),
            (
                "eu-west-1",
                "https://eu-west-1.signin.aws.amazon.com/federation",
            ),
            (
                "us-gov-west-1",
                "https://signin.amazonaws-us-gov.com/federation",
            ),
            ("cn-north-1", "https://signin.amazonaws.cn/federation"),
            (
                "eusc-de-east-1",
                "https://eusc-de-east-1.signin.amazonaws-eusc.eu/federation",
            ),
            (
                "us-isob-east-1",
                "https://us-isob-east-1.signin.sc2shome.sgov.gov/federation",
            ),
        ] {
            assert_eq!(of(region, None), url);
            // A private endpoint of STS is AWS's still, and keys go to no other host for it.
            assert_eq!(of(region, Some("https://vpce.example/sts")), url);
        }
        assert_eq!(
            of("eu-west-1", Some("http://127.0.0.1:4566/")),
            "http://127.0.0.1:4566/federation"
        );
    }
}
