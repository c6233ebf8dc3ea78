//! Secrets that come through stdin: a password, or a SAML response.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::Url;
use zeroize::Zeroizing;

use crate::assertion::Assertion;
use crate::aws::saml;
use crate::error::{Error, Result};
use crate::secret::Secret;

/// The most that is read from stdin: far more than any password or SAML response.
const LONGEST: u64 = 4 << 20;

fn stdin() -> Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    std::io::stdin()
        .lock()
        .take(LONGEST)
        .read_to_string(&mut text)
        .map_err(|error| Error::usage("stdin cannot be read").because(error))?;
    Ok(text)
}

/// The password of `--password-stdin`: one line.
pub fn password_from_stdin() -> Result<Secret> {
    let text = stdin()?;
    let password = text.strip_suffix('\n').unwrap_or(&text);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() {
        return Err(Error::usage("--password-stdin: there is no password on stdin")
            .hint("pipe it in, for example: op read op://team/sso/password | mai login prod --password-stdin"));
    }
    if password.contains(['\n', '\r', '\0']) {
        return Err(Error::usage(
            "--password-stdin: stdin holds more than one line",
        ));
    }
    Ok(Secret::new(password))
}

/// A response as people can copy it: base64 with or without line breaks or URL encoding, `SAMLResponse=…`, or XML.
pub fn response_from_stdin() -> Result<Assertion> {
    let text = stdin()?;
    let text = text.trim();
    let text = text.strip_prefix("SAMLResponse=").unwrap_or(text);
    let response = if text.starts_with('<') {
        Secret::new(STANDARD.encode(text))
    } else {
        let field = text.split('&').next().unwrap_or_default();
        let decoded = if field.contains('%') {
            // A `+` of base64 stays one: only %XX is undone here.
            let escaped = Zeroizing::new(field.replace('+', "%2B"));
            url::form_urlencoded::parse(format!("r={}", *escaped).as_bytes())
                .next()
                .map(|(_, value)| value.into_owned())
                .unwrap_or_default()
        } else {
            field.to_string()
        };
        Secret::new(decoded.split_whitespace().collect::<String>())
    };
    if response.is_empty() {
        return Err(Error::usage(
            "--saml-response -: there is no SAML response on stdin",
        ));
    }
    let statement = saml::read(&Assertion::new(response.clone(), ""))?;
    let host = statement
        .recipient
        .and_then(|recipient| Url::parse(&recipient).ok())
        .and_then(|recipient| recipient.host_str().map(str::to_string));
    Ok(Assertion::new(response, host.unwrap_or_default()))
}
