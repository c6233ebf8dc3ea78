//! TLS on loopback, with an authority and certificates made for the test.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, Stream};
use url::Url;

/// A certificate authority that nobody knows.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate and its key, as PEM.
pub struct Certificate {
    pub cert: String,
    pub key: String,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Authority {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    /// The authority's certificate as a file.
    pub fn file(&self, folder: &Path) -> PathBuf {
        write(folder, "root.pem", &self.pem)
    }

    /// A certificate for `name`, valid in these years.
    pub fn certificate(&self, name: &str, from: i32, until: i32) -> Certificate {
        let mut params = CertificateParams::new(vec![name.to_string()]).unwrap();
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        Certificate {
            cert: params.signed_by(&key, &self.issuer).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }
}

pub fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// Answers every request with the same bytes, over TLS.
pub struct TlsServer {
    port: u16,
    connections: Arc<AtomicUsize>,
}

impl TlsServer {
    /// With `clients`, only who has a certificate of that authority is answered.
    pub fn new(certificate: &Certificate, clients: Option<&Authority>, answer: &str) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(der(&authority.pem)).unwrap();
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let key = PrivateKeyDer::from_pem_slice(certificate.key.as_bytes()).unwrap();
        let chain = vec![der(&certificate.cert)];
        let config = Arc::new(builder.with_single_cert(chain, key).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let (counted, answer) = (connections.clone(), answer.to_string());
        thread::spawn(move || {
            for mut socket in listener.incoming().flatten() {
                counted.fetch_add(1, Ordering::SeqCst);
                let mut connection = ServerConnection::new(config.clone()).unwrap();
                let mut stream = Stream::new(&mut connection, &mut socket);
                if stream.read(&mut [0; 4096]).is_ok() {
                    let _ = stream.write_all(answer.as_bytes());
                    connection.send_close_notify();
                }
                let _ = connection.complete_io(&mut socket);
            }
        });
        TlsServer { port, connections }
    }

    pub fn url(&self) -> Url {
        Url::parse(&format!("https://localhost:{}/", self.port)).unwrap()
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn der(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

mod tests {
    use super::*;
    use crate::error::{Error, Kind, Result};
    use crate::net::client::{ClientCertificate, ClientSettings, build, explain};
    use crate::net::test_server::{answer, run};

    fn fetch(url: &Url, settings: &ClientSettings) -> Result<String> {
        let client = build(settings)?;
        run(async {
            let answer = client.get(url.clone()).send().await;
            let text = async { answer?.text().await };
            text.await.map_err(|error| explain(&error, url))
        })
    }

    fn trusting(authority: &Authority, folder: &Path) -> ClientSettings {
        ClientSettings {
            ca_bundle: Some(authority.file(folder)),
            ..Default::default()
        }
    }

    fn hello() -> String {
        answer("200 OK", &[], "hello")
    }

    #[test]
    fn an_unknown_authority_is_told_and_its_bundle_helps() {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new();
        let server = TlsServer::new(
            &authority.certificate("localhost", 2020, 2090),
            None,
            &hello(),
        );
        let url = server.url();
        let error = fetch(&url, &ClientSettings::default()).unwrap_err();
        assert_eq!(error.kind(), Kind::Unreachable);
        let start = format!("the certificate of localhost:{} ", url.port().unwrap());
        assert!(error.message().starts_with(&start), "{error}");
        assert!(error.hint_text().unwrap().contains("PEM file"), "{error:?}");
        assert_eq!(
            fetch(&url, &trusting(&authority, folder.path())).unwrap(),
            "hello"
        );
    }

    #[test]
    fn dates_and_names_of_certificates_are_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new();
        let settings = trusting(&authority, folder.path());
        for (name, from, until, words) in [
            ("localhost", 2020, 2021, "has expired"),
            ("localhost", 2090, 2091, "is not valid yet"),
            ("other.test", 2020, 2090, "was made for another name"),
        ] {
            let server = TlsServer::new(&authority.certificate(name, from, until), None, &hello());
            let error = fetch(&server.url(), &settings).unwrap_err();
            assert!(error.message().contains(words), "{error}");
        }
    }

    #[test]
    fn a_client_certificate_is_shown_to_a_host_that_wants_one() {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new();
        let server = TlsServer::new(
            &authority.certificate("localhost", 2020, 2090),
            Some(&authority),
            &hello(),
        );
        let mut settings = trusting(&authority, folder.path());
        let error: Error = fetch(&server.url(), &settings).unwrap_err();
        assert!(
            error.hint_text().unwrap().contains("client_certificate"),
            "{error:?}"
        );
        let ours = authority.certificate("ada.test", 2020, 2090);
        settings.client_certificate = Some(ClientCertificate {
            cert: write(folder.path(), "me.pem", &ours.cert),
            key: write(folder.path(), "me.key", &ours.key),
        });
        assert_eq!(fetch(&server.url(), &settings).unwrap(), "hello");
    }

    #[test]
    fn a_key_that_does_not_fit_its_certificate_is_a_usage_error() {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new();
        let (one, other) = (
            authority.certificate("a.test", 2020, 2090),
            authority.certificate("b.test", 2020, 2090),
        );
        let settings = ClientSettings {
            client_certificate: Some(ClientCertificate {
                cert: write(folder.path(), "me.pem", &one.cert),
                key: write(folder.path(), "me.key", &other.key),
            }),
            ..Default::default()
        };
        let error = build(&settings).unwrap_err();
        assert_eq!(error.kind(), Kind::Usage);
        assert!(
            error.message().contains("do not belong together"),
            "{error}"
        );
    }
}
