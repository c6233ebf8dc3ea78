//! Why a host could not be reached, in words.

use std::error::Error as StdError;
use std::io;

use rustls::{AlertDescription, CertificateError};
use url::Url;

use super::hops::host_of;
use super::{proxy, roots};
use crate::error::Error;

/// What went wrong with a request to `url`, and what to try. Of the URL only the host is shown.
pub fn explain(error: &reqwest::Error, url: &Url) -> Error {
    let host = host_of(url);
    let via = proxy::in_use(url);
    if let Some(error) = tls_error(error) {
        return explain_tls(error, &host);
    }
    if error.is_timeout() {
        let doing = match error.is_connect() {
            true => "accept a connection",
            false => "answer",
        };
        let place = via
            .as_ref()
            .map_or(String::new(), |p| format!(" through the proxy {p}"));
        return Error::unreachable(format!("{host} did not {doing} in time{place}"))
            .hint(network_hint(via.as_deref()));
    }
    if let (Some(proxy), Some(tunnel)) = (&via, tunnel_error(error)) {
        return Error::unreachable(format!("the proxy {proxy} did not connect to {host}"))
            .because(tunnel)
            .hint("check the proxy: HTTPS_PROXY, or `proxy:` of the identity provider");
    }
    if error.is_dns() {
        let name = via.clone().unwrap_or_else(|| host.clone());
        return Error::unreachable(format!("the name of {name} was not found"))
            .hint(network_hint(via.as_deref()));
    }
    let place = match &via {
        Some(proxy) => format!("{host} through the proxy {proxy}"),
        None => host.clone(),
    };
    let kind = chain(error).find_map(|cause| Some(cause.downcast_ref::<io::Error>()?.kind()));
    let failure = match kind {
        Some(io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput) if error.is_decode() => {
            return Error::unfamiliar(format!("{host} sent a compressed answer that is broken"));
        }
        Some(io::ErrorKind::ConnectionRefused) => {
            Error::unreachable(format!("{place} refused the connection"))
        }
        Some(io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable) => {
            Error::unreachable(format!("there is no way to {place} from here"))
        }
        Some(
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof,
        ) => Error::unreachable(format!("the connection to {place} was cut")),
        _ if error.is_connect() => Error::unreachable(format!("no connection to {place}")),
        _ => Error::unreachable(format!("the connection to {place} was cut")),
    };
    failure.hint(network_hint(via.as_deref()))
}

/// Is it the certificate, or TLS as such? Trying again does not help then.
pub fn is_tls_failure(error: &reqwest::Error) -> bool {
    tls_error(error).is_some()
}

fn explain_tls(error: &rustls::Error, host: &str) -> Error {
    use CertificateError as Certificate;
    let untrusted = |why: &str| Error::unreachable(format!("the certificate of {host} {why}"));
    let rustls::Error::InvalidCertificate(problem) = error else {
        if let rustls::Error::AlertReceived(alert) = error {
            return broken_off(*alert, host);
        }
        return Error::unreachable(format!("{host} does not speak TLS as it should"))
            .hint("check the URL: its port may be one for plain http, or a proxy may answer in the host's place");
    };
    match problem {
        Certificate::UnknownIssuer if roots::none_found() => {
            untrusted("cannot be checked: this system has no trusted certificates").hint(
                "install the package ca-certificates, or name a PEM file in SSL_CERT_FILE",
            )
        }
        Certificate::UnknownIssuer => untrusted("was issued by an authority that is not trusted here").hint(
            "if the company has its own authority, name its PEM file in `ca_bundle:` of the identity provider or in AWS_CA_BUNDLE",
        ),
        Certificate::Expired | Certificate::ExpiredContext { .. } => untrusted("has expired")
            .hint("check this computer's clock; if it is right, the host's operator has to renew the certificate"),
        Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => {
            untrusted("is not valid yet").hint("check this computer's clock: it seems to be behind")
        }
        Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => {
            untrusted("was made for another name")
                .hint("check the host in the URL; a captive portal or a proxy may answer in its place")
        }
        Certificate::Revoked => untrusted("was revoked")
            .hint("do not sign in there; ask who runs the host"),
        other => {
            let failure = untrusted("is not accepted").hint(
                "ask who runs the host to mend its certificate; a proxy may answer in its place",
            );
            match certificate_fault(other) {
                Some(words) => failure.because(words),
                None => failure,
            }
        }
    }
}

fn certificate_fault(problem: &CertificateError) -> Option<&'static str> {
    use CertificateError as Certificate;
    Some(match problem {
        Certificate::BadEncoding => "it is malformed",
        Certificate::BadSignature => "a signature in its chain is wrong",
        Certificate::UnhandledCriticalExtension => "it makes conditions that are not known here",
        Certificate::InvalidPurpose | Certificate::InvalidPurposeContext { .. } => {
            "it was not issued for a server"
        }
        Certificate::UnsupportedSignatureAlgorithmContext { .. }
        | Certificate::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "it is signed in a way that is too old or not known here"
        }
        Certificate::UnknownRevocationStatus
        | Certificate::ExpiredRevocationList
        | Certificate::ExpiredRevocationListContext { .. }
        | Certificate::InvalidOcspResponse => "nobody could say whether it was revoked",
        _ => return None,
    })
}

/// The other side refused our part of the handshake and said why.
fn broken_off(alert: AlertDescription, host: &str) -> Error {
    use AlertDescription as Alert;
    let wants_ours =
        "the host may want a `client_certificate:` in the identity provider's settings";
    let ask = "ask who runs the host; a proxy may answer in its place";
    let (why, hint) = match alert {
        Alert::CertificateRequired | Alert::NoCertificate => {
            ("it wants a client certificate", wants_ours)
        }
        Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateRevoked
        | Alert::CertificateExpired
        | Alert::CertificateUnknown
        | Alert::UnknownCA
        | Alert::AccessDenied => ("it does not accept the client's certificate", wants_ours),
        Alert::ProtocolVersion => (
            "it speaks another version of TLS; 1.2 and 1.3 are known here",
            ask,
        ),
        Alert::HandshakeFailure | Alert::InsufficientSecurity => {
            ("the two sides have no way to encrypt in common", ask)
        }
        Alert::UnrecognisedName => (
            "it serves no host of this name",
            "check the host in the URL",
        ),
        Alert::InternalError => ("it had a trouble of its own", "try again later"),
        _ => ("it did not like what it was sent", ask),
    };
    Error::unreachable(format!("{host} broke off the TLS handshake"))
        .because(why)
        .hint(hint)
}

fn network_hint(via: Option<&str>) -> &'static str {
    match via {
        Some(_) => {
            "check the network, and the proxy (HTTPS_PROXY, NO_PROXY, or `proxy:` of the identity provider)"
        }
        None => {
            "check the network and the VPN; behind a proxy, set HTTPS_PROXY or `proxy:` of the identity provider"
        }
    }
}

fn tls_error(error: &reqwest::Error) -> Option<&rustls::Error> {
    chain(error).find_map(|cause| cause.downcast_ref::<rustls::Error>())
}

/// hyper's tunnel errors have no public type here; their texts are short and hold no server's words.
fn tunnel_error(error: &reqwest::Error) -> Option<&'static str> {
    chain(error).find_map(|cause| {
        let text = cause.to_string();
        if text.contains("proxy authorization required") {
            Some("it wants a user name and a password")
        } else if text.contains("tunnel error") || text.contains("unsuccessful tunnel") {
            Some("it refused")
        } else {
            None
        }
    })
}

/// Every cause, those that `io::Error` wraps included: its `source()` skips the wrapped error itself.
fn chain<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn StdError + 'static)> + 'a {
    std::iter::successors(error.source(), |cause| {
        let cause: &'a (dyn StdError + 'static) = *cause;
        match cause
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => cause.source(),
        }
    })
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::ServerName;

    use super::*;
    use crate::error::Kind;
    use crate::net::client::{ClientSettings, build};
    use crate::net::test_server::{TestServer, run};

    fn failure(url: &Url) -> Error {
        let client = build(&ClientSettings::default()).unwrap();
        let error = run(async { client.get(url.clone()).send().await }).unwrap_err();
        explain(&error, url)
    }

    #[test]
    fn a_refused_connection_and_a_cut_one_are_told_apart() {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let url = Url::parse(&format!("http://127.0.0.1:{port}/x?secret=1")).unwrap();
        let error = failure(&url);
        assert_eq!(error.kind(), Kind::Unreachable);
        assert_eq!(
            error.message(),
            format!("127.0.0.1:{port} refused the connection")
        );
        let cut = TestServer::new(|_| Vec::new());
        let error = failure(&cut.url("/x?secret=1"));
        assert!(error.message().ends_with("was cut"), "{error}");
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }

    #[test]
    fn a_name_that_does_not_exist_is_named() {
        let error = failure(&Url::parse("https://no-such-host.invalid/x").unwrap());
        assert_eq!(error.kind(), Kind::Unreachable);
        let message = error.message();
        assert_eq!(message, "the name of no-such-host.invalid was not found");
    }

    #[test]
    fn a_host_that_does_not_speak_tls_is_recognised() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            use std::io::{Read, Write};
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        });
        let error = failure(&Url::parse(&format!("https://localhost:{port}/")).unwrap());
        assert_eq!(
            error.message(),
            format!("localhost:{port} does not speak TLS as it should")
        );
    }

    #[test]
    fn every_certificate_problem_has_its_own_words() {
        let expected = ServerName::try_from("login.test").unwrap().to_owned();
        for (problem, words, hint) in [
            (
                CertificateError::UnknownIssuer,
                "not trusted here",
                "ca_bundle",
            ),
            (CertificateError::Expired, "has expired", "clock"),
            (CertificateError::NotValidYet, "not valid yet", "clock"),
            (
                CertificateError::NotValidForNameContext {
                    expected,
                    presented: vec!["other.test".into()],
                },
                "another name",
                "URL",
            ),
        ] {
            let error = rustls::Error::InvalidCertificate(problem);
            let error = explain_tls(&error, "login.test");
            assert_eq!(error.kind(), Kind::Unreachable);
            assert!(error.message().contains("login.test"), "{error}");
            assert!(error.message().contains(words), "{error}");
            assert!(error.hint_text().unwrap().contains(hint), "{error:?}");
        }
    }

    #[test]
    fn no_cause_is_a_name_from_the_program() {
        let alerts = [
            AlertDescription::HandshakeFailure,
            AlertDescription::CertificateRequired,
            AlertDescription::UnknownCA,
            AlertDescription::ProtocolVersion,
            AlertDescription::UnrecognisedName,
            AlertDescription::InternalError,
            AlertDescription::DecodeError,
        ];
        let certificates = [
            CertificateError::BadEncoding,
            CertificateError::BadSignature,
            CertificateError::Revoked,
            CertificateError::InvalidPurpose,
            CertificateError::UnhandledCriticalExtension,
            CertificateError::UnknownRevocationStatus,
            CertificateError::ApplicationVerificationFailure,
        ];
        let alerts = alerts.map(rustls::Error::AlertReceived);
        let certificates = certificates.map(rustls::Error::InvalidCertificate);
        for problem in alerts.iter().chain(&certificates) {
            let error = explain_tls(problem, "login.test");
            let cause = error.cause().unwrap_or_default();
            let is_name = |word: &str| {
                let inner = word.chars().skip(1).any(char::is_uppercase);
                inner && word.chars().any(char::is_lowercase)
            };
            assert!(!cause.split(' ').any(is_name), "{cause}");
            assert!(error.hint_text().is_some(), "{error}");
        }
    }
}
