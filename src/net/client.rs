//! The one HTTP and TLS stack: proxy, roots, client certificate and time limits are set here and nowhere else.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

pub use super::explain::{explain, is_tls_failure};
use super::{proxy, roots};
use crate::error::{Error, Result};

/// How long a host may take to accept a connection, TLS included.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// How long a host may stay silent. Pages that wait for a push hold a request open for up to a minute.
const SILENCE_LIMIT: Duration = Duration::from_secs(75);

/// Says the same for every version, since providers remember devices by it.
const USER_AGENT: &str = "Mozilla/5.0 (compatible; mai/2)";

/// What a person may set about connections.
#[derive(Clone, Debug, Default)]
pub struct ClientSettings {
    /// PEM certificates that are trusted in addition to the system's.
    pub ca_bundle: Option<PathBuf>,
    pub client_certificate: Option<ClientCertificate>,
    /// Used instead of the environment's proxies, for every host but loopback.
    pub proxy: Option<String>,
    pub user_agent: Option<String>,
}

/// A certificate that proves who we are, with its key; both PEM files.
#[derive(Clone, Debug)]
pub struct ClientCertificate {
    pub cert: PathBuf,
    pub key: PathBuf,
}

/// A client that follows no redirects and keeps no cookies: both are the visitor's business.
///
/// Clones share connections. Files that cannot be read are a usage error that names them.
pub fn build(settings: &ClientSettings) -> Result<reqwest::Client> {
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls(settings)?)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT_LIMIT)
        .read_timeout(SILENCE_LIMIT)
        .user_agent(settings.user_agent.as_deref().unwrap_or(USER_AGENT));
    for proxy in proxy::proxies(settings.proxy.as_deref(), &|name| std::env::var(name).ok())? {
        builder = builder.proxy(proxy);
    }
    builder.build().map_err(|error| {
        if error.is_builder() && settings.user_agent.is_some() {
            Error::usage("`user_agent` has characters that cannot be sent")
        } else {
            Error::failed("the HTTP client could not be set up").because(error.without_url())
        }
    })
}

fn tls(settings: &ClientSettings) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = roots::with(settings.ca_bundle.as_deref())?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::failed("TLS could not be set up").because(error))?
        .with_root_certificates(roots);
    let mut config = match &settings.client_certificate {
        None => config.with_no_client_auth(),
        Some(ClientCertificate { cert, key }) => config
            .with_client_auth_cert(client_chain(cert)?, client_key(key)?)
            .map_err(|_| {
                Error::usage(format!(
                    "the client certificate {} and the key {} do not belong together",
                    cert.display(),
                    key.display()
                ))
                .hint("both files must come from one request for a certificate")
            })?,
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn client_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let chain = roots::read_pem(path, "client certificate")?;
    match chain.is_empty() {
        true => Err(Error::usage(format!(
            "the client certificate {} holds no certificate",
            path.display()
        ))
        .hint("it must be a PEM file with a line `-----BEGIN CERTIFICATE-----`")),
        false => Ok(chain),
    }
}

fn client_key(path: &Path) -> Result<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| {
        Error::usage(format!(
            "the key of the client certificate {} cannot be read",
            path.display()
        ))
        .because(roots::reason(error))
        .hint("it must be an unencrypted private key in PEM form")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn a_client_is_built_from_nothing() {
        build(&ClientSettings::default()).unwrap();
    }

    #[test]
    fn a_missing_or_empty_file_is_a_usage_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("empty.pem");
        std::fs::write(&empty, "nothing\n").unwrap();
        let missing = folder.path().join("missing.pem");
        for path in [empty, missing] {
            for settings in [
                ClientSettings {
                    ca_bundle: Some(path.clone()),
                    ..Default::default()
                },
                ClientSettings {
                    client_certificate: Some(ClientCertificate {
                        cert: path.clone(),
                        key: path.clone(),
                    }),
                    ..Default::default()
                },
            ] {
                let error = build(&settings).unwrap_err();
                assert_eq!(error.kind(), Kind::Usage);
                let name = path.file_name().unwrap().to_str().unwrap();
                assert!(error.message().contains(name), "{error}");
            }
        }
    }

    #[test]
    fn a_user_agent_that_cannot_be_sent_is_a_usage_error() {
        let settings = ClientSettings {
            user_agent: Some("two\nlines".into()),
            ..Default::default()
        };
        assert_eq!(build(&settings).unwrap_err().kind(), Kind::Usage);
    }
}
