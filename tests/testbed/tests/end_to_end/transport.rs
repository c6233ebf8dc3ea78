//! TLS: certificates that are good, and such as must not be believed.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use mai_testbed::Testbed;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// The status of a GET, or why there was none.
fn status(testbed: &Testbed, origin: &str) -> Result<String, String> {
    status_as(testbed, origin, None)
}

fn status_as(
    testbed: &Testbed,
    origin: &str,
    client: Option<(String, String)>,
) -> Result<String, String> {
    let url = url::Url::parse(origin).unwrap();
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(testbed.ca_pem().as_bytes()).unwrap())
        .unwrap();
    let config =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
    let config = match client {
        None => config.with_no_client_auth(),
        Some((certificate, key)) => config
            .with_client_auth_cert(
                vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
                PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
            )
            .unwrap(),
    };
    let host = url.host_str().unwrap().to_owned();
    let name = ServerName::try_from(host.clone()).unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let socket = TcpStream::connect(("127.0.0.1", url.port().unwrap())).unwrap();
    let mut stream = StreamOwned::new(connection, socket);
    let request =
        format!("GET /simple/start HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream
        .write_all(request.as_bytes())
        .map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    stream
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&bytes[..15]).into_owned())
}

#[test]
fn only_the_good_certificates_are_believed() {
    let testbed = Testbed::start_tls();
    for origin in [testbed.idp_url(), testbed.other_url()] {
        assert_eq!(
            status(&testbed, origin),
            Ok("HTTP/1.1 200 OK".into()),
            "{origin}"
        );
    }
    assert!(
        status(&testbed, testbed.sts_tls_url().unwrap())
            .unwrap()
            .contains(" 400")
    );
    let refused = |origin: Option<&str>| status(&testbed, origin.unwrap()).unwrap_err();
    assert!(
        refused(testbed.untrusted_url()).contains("UnknownIssuer"),
        "{}",
        refused(testbed.untrusted_url())
    );
    assert!(
        refused(testbed.wrong_name_url()).contains("not valid for name"),
        "{}",
        refused(testbed.wrong_name_url())
    );
    assert!(
        refused(testbed.expired_url()).contains("expired"),
        "{}",
        refused(testbed.expired_url())
    );
}

#[test]
fn a_server_can_demand_a_certificate() {
    let testbed = Testbed::start_tls();
    let origin = testbed.mutual_url().unwrap();
    assert!(
        status(&testbed, origin)
            .unwrap_err()
            .contains("CertificateRequired")
    );
    let known = status_as(&testbed, origin, testbed.client_certificate());
    assert_eq!(known, Ok("HTTP/1.1 200 OK".into()));
    let stranger = Testbed::start_tls().client_certificate();
    assert!(status_as(&testbed, origin, stranger).is_err());
}
