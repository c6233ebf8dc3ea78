//! The SDK's HTTP over our own client, so that proxy, roots and time limits are set in one place.

use std::fmt;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use url::Url;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::net::body;
use crate::net::client::{explain, is_tls_failure};
use crate::net::trace::{self, Hop};

/// One try. Three of them and the pauses stay far below the five minutes an assertion lives.
const TRY_LIMIT: Duration = Duration::from_secs(20);
/// Real answers have a few kilobytes.
const LARGEST: usize = 1024 * 1024;

/// A `reqwest` client as the SDK wants it. It follows no redirects: an assertion goes where it was sent, or nowhere.
#[derive(Clone)]
pub struct Bridge(pub reqwest::Client);

/// A request that did not come through.
#[derive(Debug)]
pub struct Lost {
    pub error: Error,
    /// May another try help? Not with a certificate that is not trusted.
    pub again: bool,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Lost {}

impl fmt::Debug for Bridge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bridge")
    }
}

impl HttpConnector for Bridge {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move {
            // The SDK sees an opaque error and does not retry by itself; what it was is ours to tell.
            let lost = |lost: Lost| ConnectorError::other(Box::new(lost), None);
            carry(&client, request).await.map_err(lost)
        })
    }
}

impl HttpClient for Bridge {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

async fn carry(client: &reqwest::Client, request: HttpRequest) -> Result<HttpResponse, Lost> {
    let unsendable = || Lost {
        error: Error::failed("the request to STS could not be put together"),
        again: false,
    };
    let url = Url::parse(request.uri()).map_err(|_| unsendable())?;
    let request = request.try_into_http1x().map_err(|_| unsendable())?;
    let (parts, body) = request.into_parts();
    let body = Zeroizing::new(body.bytes().ok_or_else(unsendable)?.to_vec());
    // A connection that was warmed up early may be closed by now: let the runtime notice before it is used.
    tokio::task::yield_now().await;
    let answer = client
        .request(parts.method, url.clone())
        .headers(parts.headers)
        .body(body::wiped(body))
        .timeout(TRY_LIMIT)
        .send()
        .await
        .map_err(|error| Lost {
            again: !is_tls_failure(&error),
            error: explain(&error, &url),
        })?;
    trace::say(&Hop::new(
        "POST",
        &url,
        Some(answer.status().as_u16()),
        None,
    ));
    let mut response = http::Response::new(());
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    let bytes = body::read(answer, &url, LARGEST)
        .await
        .map_err(|error| Lost { again: true, error })?;
    HttpResponse::try_from(response.map(|()| SdkBody::from(bytes))).map_err(|_| unsendable())
}
