//! Who gets an answer: the checks of a request, and what is said to those who fail them.

use http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderName, ORIGIN, X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Bytes;
use serde::Serialize;
use serde_json::json;
use zeroize::Zeroizing;

use super::shelf::{Place, Shelf};
use crate::handover::loopback::{Answer, is_for, only};
use crate::keys::SessionCredentials;
use crate::net::body::wiped;
use crate::ui::moment;

/// A request that gets no keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal {
            status,
            code,
            message: message.into(),
        }
    }

    /// 404, since SDKs ask again for anything of 500 and more, and asking again does not bring a person.
    pub fn no_keys(place: &Place) -> Refusal {
        Refusal::new(
            StatusCode::NOT_FOUND,
            "CredentialsNotAvailable",
            place.what_to_do(),
        )
    }

    pub fn answer(&self) -> Answer {
        let document = json!({ "code": self.code, "message": self.message });
        let mut answer = answer(self.status, document.to_string().into());
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            let allowed = http::HeaderValue::from_static("GET");
            answer.headers_mut().insert(ALLOW, allowed);
        }
        answer
    }
}

/// What browsers send along and no SDK does. `Sec-Fetch-Mode` is not among them: Node's own `fetch` sends it.
const OF_BROWSERS: [HeaderName; 4] = [
    ORIGIN,
    HeaderName::from_static("sec-fetch-site"),
    HeaderName::from_static("sec-fetch-dest"),
    HeaderName::from_static("sec-fetch-user"),
];

/// The place whose keys a request may have.
///
/// `Host` must be this endpoint, so that a page whose name was turned to 127.0.0.1 gets nothing. Without the right
/// token nobody learns which profiles there are.
pub fn judge<'a>(request: &Parts, port: u16, shelf: &'a Shelf) -> Result<&'a Place, Refusal> {
    let hosts = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
    if !is_for(request, &hosts) {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "AccessDenied",
            format!("only requests for {} are answered here", hosts[0]),
        ));
    }
    if OF_BROWSERS
        .iter()
        .any(|name| request.headers.contains_key(name))
    {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "AccessDenied",
            "browsers get no keys here",
        ));
    }
    if request.method != Method::GET {
        return Err(Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "MethodNotAllowed",
            "keys are asked for with GET",
        ));
    }
    let name = request.uri.path().strip_prefix('/').unwrap_or_default();
    only(&request.headers, &AUTHORIZATION)
        .and_then(|token| shelf.place(name, token))
        .ok_or_else(|| {
            Refusal::new(
                StatusCode::FORBIDDEN,
                "AccessDenied",
                "the header Authorization must be the token of this address: it is in the file that \
                 AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE of this `mai` names",
            )
        })
}

/// Keys as the SDKs read them.
pub fn keys(keys: &SessionCredentials, account: &str) -> Answer {
    let keys = Keys {
        access_key_id: &keys.access_key_id,
        secret_access_key: keys.secret_access_key.expose(),
        token: keys.session_token.expose(),
        expiration: moment::rfc3339(keys.expires_at),
        account_id: account,
    };
    // Room for all of it: a text that grows leaves pieces behind.
    let mut document = Zeroizing::new(Vec::with_capacity(LONGEST_ANSWER));
    match serde_json::to_writer(&mut *document, &keys) {
        Ok(()) => answer(StatusCode::OK, wiped(document)),
        Err(_) => answer(StatusCode::INTERNAL_SERVER_ERROR, Bytes::new()),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Keys<'a> {
    access_key_id: &'a str,
    secret_access_key: &'a str,
    token: &'a str,
    expiration: String,
    account_id: &'a str,
}

/// Tokens of AWS have a kilobyte or two.
const LONGEST_ANSWER: usize = 16 * 1024;

fn answer(status: StatusCode, body: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    for (name, value) in [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        let value = http::HeaderValue::from_static(value);
        answer.headers_mut().insert(name, value);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn shelf() -> Shelf {
        let (mut shelf, _) = Shelf::new().unwrap();
        shelf.add("prod", "prod", &Secret::new("right"));
        shelf.add("audit", "audit", &Secret::new("other"));
        shelf
    }

    fn status(method: &str, uri: &str, headers: &[(&str, &str)]) -> u16 {
        let mut request = http::Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        match judge(&parts, 4000, &shelf()) {
            Ok(place) => {
                assert_eq!(format!("/{}", place.name), uri);
                200
            }
            Err(refusal) => refusal.status.as_u16(),
        }
    }

    const HERE: (&str, &str) = ("host", "127.0.0.1:4000");
    const TOKEN: (&str, &str) = ("authorization", "right");

    #[test]
    fn a_token_opens_its_own_address_and_no_other() {
        assert_eq!(status("GET", "/prod", &[HERE, TOKEN]), 200);
        let localhost = ("host", "localhost:4000");
        assert_eq!(status("GET", "/prod", &[localhost, TOKEN]), 200);
        assert_eq!(status("GET", "/audit", &[HERE, TOKEN]), 403);
        assert_eq!(status("GET", "/", &[HERE, TOKEN]), 403);
        assert_eq!(status("GET", "/nope", &[HERE, TOKEN]), 403);
        for wrong in ["", "righ", "right ", "rightt", "Bearer right"] {
            let token = ("authorization", wrong);
            assert_eq!(status("GET", "/prod", &[HERE, token]), 403, "{wrong}");
        }
        assert_eq!(status("GET", "/prod", &[HERE]), 403);
        assert_eq!(status("GET", "/prod", &[HERE, TOKEN, TOKEN]), 403);
    }

    #[test]
    fn another_host_is_somebody_elses_page() {
        for host in [
            "evil.test",
            "evil.test:4000",
            "127.0.0.1",
            "127.0.0.1:4001",
            "127.0.0.1:4000.evil.test",
            "[::1]:4000",
        ] {
            assert_eq!(
                status("GET", "/prod", &[("host", host), TOKEN]),
                403,
                "{host}"
            );
        }
        assert_eq!(status("GET", "/prod", &[TOKEN]), 403);
        assert_eq!(status("GET", "/prod", &[HERE, HERE, TOKEN]), 403);
        let absolute = "http://127.0.0.1:4000/prod";
        assert_eq!(status("GET", absolute, &[HERE, TOKEN]), 403);
    }

    #[test]
    fn browsers_get_nothing_and_fetch_of_node_does() {
        for (name, value) in [
            ("origin", "http://127.0.0.1:4000"),
            ("origin", "null"),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-dest", "empty"),
        ] {
            let headers = [HERE, TOKEN, (name, value)];
            assert_eq!(status("GET", "/prod", &headers), 403, "{name}");
        }
        let headers = [HERE, TOKEN, ("sec-fetch-mode", "cors")];
        assert_eq!(status("GET", "/prod", &headers), 200);
    }

    #[test]
    fn only_get_is_answered() {
        for method in ["POST", "HEAD", "OPTIONS", "PUT", "DELETE"] {
            assert_eq!(status(method, "/prod", &[HERE, TOKEN]), 405, "{method}");
        }
    }
}
