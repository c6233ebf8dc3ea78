//! Signature version 4, verified from the request as it arrived.

use chrono::{DateTime, NaiveDateTime, Utc};
use ring::digest::{SHA256, digest};
use ring::hmac;
use url::form_urlencoded;

use super::answer::StsError;
use crate::encoding::hex;
use crate::web::Request;

/// What an `Authorization` header says.
pub(crate) struct Authorization {
    pub key_id: String,
    scope: String,
    signed_headers: Vec<String>,
    signature: String,
    time: String,
}

impl Authorization {
    /// Reads the headers of a request; an error if it is not signed.
    pub fn of(request: &Request) -> Result<Self, StsError> {
        let missing = || {
            StsError::new(
                403,
                "MissingAuthenticationToken",
                "Request is missing Authentication Token",
            )
        };
        let header = request.header("authorization").ok_or_else(missing)?;
        let incomplete = || {
            StsError::new(
                400,
                "IncompleteSignature",
                "Authorization header requires 'Credential', 'Signature' and 'SignedHeaders'",
            )
        };
        let fields = header
            .strip_prefix("AWS4-HMAC-SHA256")
            .ok_or_else(incomplete)?;
        let field = |name: &str| {
            fields
                .split(',')
                .filter_map(|pair| pair.trim().split_once('='))
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.to_owned())
                .ok_or_else(incomplete)
        };
        let credential = field("Credential")?;
        let (key_id, scope) = credential.split_once('/').ok_or_else(incomplete)?;
        Ok(Self {
            key_id: key_id.to_owned(),
            scope: scope.to_owned(),
            signed_headers: field("SignedHeaders")?
                .split(';')
                .map(str::to_owned)
                .collect(),
            signature: field("Signature")?,
            time: request
                .header("x-amz-date")
                .ok_or_else(incomplete)?
                .to_owned(),
        })
    }

    /// The region that it was signed for.
    pub fn region(&self) -> &str {
        self.scope.split('/').nth(1).unwrap_or_default()
    }

    /// Refuses a signature that this secret did not make, or not within 15 minutes of now.
    pub fn check(
        &self,
        request: &Request,
        secret: &str,
        service: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StsError> {
        let refused = |message: &str| StsError::new(403, "SignatureDoesNotMatch", message);
        let time = NaiveDateTime::parse_from_str(&self.time, "%Y%m%dT%H%M%SZ")
            .map_err(|_| refused("Date in X-Amz-Date is not in ISO 8601 basic format"))?
            .and_utc();
        if (now - time).num_minutes() >= 15 {
            return Err(refused(&format!(
                "Signature expired: {} is now earlier than the allowed window of 15 minutes",
                self.time
            )));
        }
        if (time - now).num_minutes() >= 15 {
            return Err(refused(&format!(
                "Signature not yet current: {} is still later than the allowed window of 15 minutes",
                self.time
            )));
        }
        let day = self.time.get(..8).unwrap_or_default();
        let expected = format!("{day}/{}/{service}/aws4_request", self.region());
        if self.scope != expected {
            return Err(refused(
                "Credential should be scoped to correct service and day",
            ));
        }
        for needed in ["host", "x-amz-date"] {
            if !self.signed_headers.iter().any(|name| name == needed) {
                return Err(refused("'Host' and 'X-Amz-Date' must be signed"));
            }
        }
        let to_sign = format!(
            "AWS4-HMAC-SHA256\n{}\n{}\n{}",
            self.time,
            self.scope,
            hex(digest(&SHA256, self.canonical(request).as_bytes()))
        );
        let key = self
            .scope
            .split('/')
            .fold(format!("AWS4{secret}").into_bytes(), |key, part| {
                mac(&key, part)
            });
        match hex(mac(&key, &to_sign)) == self.signature {
            true => Ok(()),
            false => Err(refused(
                "The request signature we calculated does not match the signature you provided. \
                 Check your AWS Secret Access Key and signing method.",
            )),
        }
    }

    fn canonical(&self, request: &Request) -> String {
        let mut query: Vec<_> = form_urlencoded::parse(request.query.as_bytes())
            .map(|(name, value)| format!("{}={}", quote(&name), quote(&value)))
            .collect();
        query.sort();
        let headers: String = self
            .signed_headers
            .iter()
            .map(|name| {
                let values: Vec<_> = request
                    .headers
                    .get_all(name)
                    .iter()
                    .map(|value| String::from_utf8_lossy(value.as_bytes()))
                    .map(|value| value.split_whitespace().collect::<Vec<_>>().join(" "))
                    .collect();
                format!("{name}:{}\n", values.join(","))
            })
            .collect();
        format!(
            "{}\n{}\n{}\n{headers}\n{}\n{}",
            request.method,
            request.path,
            query.join("&"),
            self.signed_headers.join(";"),
            hex(digest(&SHA256, &request.body)),
        )
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

fn quote(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seen::Server;
    use hyper::HeaderMap;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    fn request(query: &str, headers: &[(&'static str, &str)]) -> Request {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        Request {
            server: Server::Sts,
            method: "GET".into(),
            path: "/".into(),
            query: query.into(),
            headers: map,
            body: Vec::new(),
        }
    }

    fn noon() -> DateTime<Utc> {
        "2015-08-30T12:36:00Z".parse().unwrap()
    }

    fn vanilla(signature: &str) -> Request {
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature={signature}"
        );
        request(
            "",
            &[
                ("host", "example.amazonaws.com"),
                ("x-amz-date", "20150830T123600Z"),
                ("authorization", &authorization),
            ],
        )
    }

    #[test]
    fn the_plainest_published_example_is_accepted() {
        let request = vanilla("5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
        let authorization = Authorization::of(&request).unwrap();
        assert_eq!(
            authorization.check(&request, SECRET, "service", noon()),
            Ok(())
        );
        assert!(
            authorization
                .check(&request, "other", "service", noon())
                .is_err()
        );
        assert!(
            authorization
                .check(&request, SECRET, "sts", noon())
                .is_err()
        );
    }

    #[test]
    fn the_published_example_with_a_query_is_accepted() {
        let request = request(
            "Action=ListUsers&Version=2010-05-08",
            &[
                ("host", "iam.amazonaws.com"),
                (
                    "content-type",
                    "application/x-www-form-urlencoded; charset=utf-8",
                ),
                ("x-amz-date", "20150830T123600Z"),
                (
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
                     SignedHeaders=content-type;host;x-amz-date, \
                     Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
                ),
            ],
        );
        let authorization = Authorization::of(&request).unwrap();
        assert_eq!(authorization.check(&request, SECRET, "iam", noon()), Ok(()));
    }

    #[test]
    fn a_changed_signature_and_a_clock_that_is_off_are_refused() {
        let request = vanilla("5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf30");
        let authorization = Authorization::of(&request).unwrap();
        let error = authorization
            .check(&request, SECRET, "service", noon())
            .unwrap_err();
        assert_eq!(
            (error.status, error.code.as_str()),
            (403, "SignatureDoesNotMatch")
        );
        for minutes in [-16, 16] {
            let late = noon() + chrono::Duration::minutes(minutes);
            let error = authorization
                .check(&request, SECRET, "service", late)
                .unwrap_err();
            assert!(error.message.starts_with("Signature "), "{}", error.message);
        }
    }
}
