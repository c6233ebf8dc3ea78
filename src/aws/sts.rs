//! STS: an assertion becomes temporary keys.

pub mod assume_role;
pub mod identity;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use aws_sdk_sts::config::retry::RetryConfig;
use aws_sdk_sts::config::timeout::TimeoutConfig;
use aws_sdk_sts::config::{BehaviorVersion, IdentityCache, Region, StalledStreamProtectionConfig};
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::types::{Credentials, PolicyDescriptorType};
use chrono::DateTime;
use url::Url;

use super::bridge::{Bridge, Lost};
use super::refusals::{self, Asked};
use crate::arn::{self, Partition, ProviderArn, RoleArn};
use crate::assertion::Assertion;
use crate::duration::Span;
use crate::error::{Error, Result};
use crate::keys::SessionCredentials;
use crate::net::hops::is_open_to_others;

/// How long an assertion may be, in base64 characters (STS service model).
const LONGEST_ASSERTION: usize = 100_000;
/// How often one role is asked for.
const TRIES: u32 = 3;
/// The pause before the second try; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(400);

/// What is asked of STS.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    pub role: &'a RoleArn,
    pub provider: &'a ProviderArn,
    pub assertion: &'a Assertion,
    /// STS's own default is one hour.
    pub duration: Option<Span>,
    /// A session policy, as JSON.
    pub policy: Option<&'a str>,
    pub policy_arns: &'a [String],
}

/// Why there are no keys.
#[derive(Debug)]
pub enum Refusal {
    /// More than the role allows. The maximum is there if STS named it, which it seldom does; one hour always works.
    DurationTooLong(Option<Span>),
    Other(Error),
}

/// STS in one region, asked without any credentials: the assertion is what counts.
///
/// The assertion goes to this endpoint only, redirects are not followed, and nothing of a request or an answer but
/// STS's own error text is ever shown.
#[derive(Clone, Debug)]
pub struct Sts {
    http: reqwest::Client,
    sdk: aws_sdk_sts::Client,
    region: String,
    endpoint: Url,
}

/// The regional endpoint of a partition.
pub fn endpoint_for(partition: &Partition, region: &str) -> Result<Url> {
    let wrong = || {
        Error::usage(format!("`{}` is not a region", crate::error::clean(region)))
            .hint("regions look like eu-central-1")
    };
    if !arn::is_region(region) {
        return Err(wrong());
    }
    Url::parse(&format!("https://{}/", partition.sts_host(region))).map_err(|_| wrong())
}

/// Another endpoint than AWS's, from the value of `AWS_ENDPOINT_URL_STS`. Plain http stays on this computer.
pub fn endpoint_override(value: Option<&str>) -> Result<Option<Url>> {
    let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let wrong = |why: &str| {
        Error::usage(format!("AWS_ENDPOINT_URL_STS {why}"))
            .hint("unset it, unless you know that you want another STS than AWS's")
    };
    let url = Url::parse(value).map_err(|_| wrong("is not a URL"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(wrong("is not an http or https URL"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("has a user name in it"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("has a query or a fragment in it"));
    }
    if is_open_to_others(&url) {
        return Err(wrong(
            "is plain http to another computer, where others could take the assertion",
        ));
    }
    Ok(Some(url))
}

impl Sts {
    /// `client` is from `net::client::build`; its connections, proxy and roots are used for STS too.
    pub fn new(client: reqwest::Client, region: &str, endpoint: Url) -> Self {
        let config = aws_sdk_sts::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .http_client(Bridge(client.clone()))
            .region(Region::new(region.to_string()))
            .endpoint_url(endpoint.as_str())
            .allow_no_auth()
            .identity_cache(IdentityCache::no_cache())
            // Its retries would also try again what cannot get better, and say nothing about why; ours are below.
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        Sts {
            http: client,
            sdk: aws_sdk_sts::Client::from_conf(config),
            region: region.to_string(),
            endpoint,
        }
    }

    /// Opens the connection while the person still signs in, so that the assertion need not wait for TCP and TLS.
    ///
    /// `HEAD /` names no action, so it is no call of STS: nothing is logged, counted or sent with it. reqwest has no
    /// way to connect without a request. Whether it worked shows later.
    pub async fn warm_up(&self) {
        let request = self.http.head(self.endpoint.clone());
        let _ = request.timeout(Duration::from_secs(10)).send().await;
    }

    /// Asks for keys, up to three times where another try may help: lost connections, failures of the server,
    /// throttling. Asking twice is harmless: each success is just another session.
    pub async fn assume_role_with_saml(
        &self,
        wanted: &Wanted<'_>,
    ) -> Result<SessionCredentials, Refusal> {
        let length = wanted.assertion.response().expose().len();
        if length > LONGEST_ASSERTION {
            return Err(Refusal::Other(too_large(length)));
        }
        self.try_again(|| self.ask(wanted)).await
    }

    async fn try_again<T, F>(&self, ask: impl Fn() -> F) -> Result<T, Refusal>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let mut pause = FIRST_PAUSE;
        for _ in 1..TRIES {
            match ask().await {
                Err(failure) if failure.again => {
                    tokio::time::sleep(with_jitter(pause)).await;
                    pause *= 2;
                }
                done => return done.map_err(|failure| failure.refusal),
            }
        }
        ask().await.map_err(|failure| failure.refusal)
    }

    async fn ask(&self, wanted: &Wanted<'_>) -> Result<SessionCredentials, Failure> {
        let policy_arns = wanted
            .policy_arns
            .iter()
            .map(|arn| PolicyDescriptorType::builder().arn(arn).build())
            .collect::<Vec<_>>();
        let answer = self
            .sdk
            .assume_role_with_saml()
            .role_arn(wanted.role.to_string())
            .principal_arn(wanted.provider.to_string())
            .saml_assertion(wanted.assertion.response().expose())
            .set_duration_seconds(wanted.duration.and_then(|d| d.as_seconds().try_into().ok()))
            .set_policy(wanted.policy.map(String::from))
            .set_policy_arns((!policy_arns.is_empty()).then_some(policy_arns))
            .send()
            .await;
        match answer {
            Ok(answer) => session(answer.credentials).ok_or_else(|| Failure::no_sts(self, None)),
            Err(error) => Err(self.failure(error, |code, message| {
                let asked = Asked {
                    role: wanted.role,
                    provider: wanted.provider,
                    region: &self.region,
                    host: self.host(),
                    duration: wanted.duration,
                };
                refusals::explain(&asked, code, message)
            })),
        }
    }

    /// The SDK's error in our words. Its own `Display` and `Debug` hold the whole answer and are never shown.
    fn failure<E>(&self, error: SdkError<E>, explain: impl FnOnce(&str, &str) -> Refusal) -> Failure
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let status = error.raw_response().map(|raw| raw.status().as_u16());
        if let SdkError::ServiceError(service) = &error {
            let code = service.err().code().unwrap_or_default();
            if !code.is_empty() && status.is_none_or(|status| status < 500) {
                let message = service.err().message().unwrap_or_default();
                return Failure {
                    refusal: explain(code, message),
                    again: refusals::is_throttling(code),
                };
            }
        }
        if let Some(status) = status {
            return match status {
                500.. => Failure::server(self, status),
                _ => Failure::no_sts(self, Some(status)),
            };
        }
        Failure::lost(self, error)
    }

    fn host(&self) -> &str {
        self.endpoint.host_str().unwrap_or("STS")
    }
}

/// One try that failed, and whether to try again.
struct Failure {
    refusal: Refusal,
    again: bool,
}

impl Failure {
    fn lost<E: std::error::Error + 'static>(sts: &Sts, error: SdkError<E>) -> Self {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        while let Some(error) = cause {
            if let Some(lost) = error.downcast_ref::<Lost>() {
                return Failure {
                    refusal: Refusal::Other(lost.error.clone()),
                    again: lost.again,
                };
            }
            cause = error.source();
        }
        let error = Error::failed(format!("the request to {} could not be sent", sts.host()))
            .hint("check role, policy and duration of the profile");
        Failure {
            refusal: Refusal::Other(error),
            again: false,
        }
    }

    fn server(sts: &Sts, status: u16) -> Self {
        let error = Error::unreachable(format!("{} is out of order (HTTP {status})", sts.host()))
            .hint("try again in a minute; behind a proxy, the answer may be the proxy's");
        Failure {
            refusal: Refusal::Other(error),
            again: true,
        }
    }

    fn no_sts(sts: &Sts, status: Option<u16>) -> Self {
        let status = status.map_or(String::new(), |status| format!(" (HTTP {status})"));
        let error =
            Error::unreachable(format!("what answers as {} is not STS{status}", sts.host())).hint(
                "a proxy, a captive portal or a wrong AWS_ENDPOINT_URL_STS may be in the way",
            );
        Failure {
            refusal: Refusal::Other(error),
            again: false,
        }
    }
}

fn session(keys: Option<Credentials>) -> Option<SessionCredentials> {
    let keys = keys?;
    let whole = [
        &keys.access_key_id,
        &keys.secret_access_key,
        &keys.session_token,
    ];
    if whole.iter().any(|part| part.is_empty()) {
        return None;
    }
    Some(SessionCredentials {
        expires_at: DateTime::from_timestamp(keys.expiration.secs(), 0)?,
        access_key_id: keys.access_key_id,
        secret_access_key: keys.secret_access_key.into(),
        session_token: keys.session_token.into(),
    })
}

fn too_large(length: usize) -> Error {
    Error::refused(format!(
        "the identity provider's assertion has {length} characters, and AWS takes {LONGEST_ASSERTION} at most"
    ))
    .hint("its administrator has to send fewer roles or attributes for you, or sign the assertion only once")
}

/// Between half of the pause and all of it, so that many computers do not come back at once.
fn with_jitter(pause: Duration) -> Duration {
    let random = RandomState::new().build_hasher().finish();
    pause / 2 + pause.mul_f64((random % 1000) as f64 / 2000.0)
}

#[cfg(test)]
mod tests;
