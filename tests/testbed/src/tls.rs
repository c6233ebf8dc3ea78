//! The testbed's own certificate authority, and certificates good and bad.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ConfigBuilder, RootCertStore, ServerConfig, WantsVerifier};

/// An authority that nobody trusts unless told to.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    certificate: CertificateDer<'static>,
}

impl Authority {
    /// A new authority of that name.
    pub fn generate(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key is made");
        let certificate = params.self_signed(&key).expect("a certificate is made");
        Self {
            pem: certificate.pem(),
            certificate: CertificateDer::from(certificate.der().to_vec()),
            issuer: Issuer::new(params, key),
        }
    }

    /// The authority's certificate.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A server's configuration with a certificate for these names.
    pub fn server(&self, names: &[&str], good_until: Option<(i32, u8, u8)>) -> Arc<ServerConfig> {
        let (certificate, key) = self.issue(names, good_until);
        let config = builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key.into())
            .expect("the key fits the certificate");
        Arc::new(config)
    }

    /// The same for a server that wants a client's certificate of this authority.
    pub fn demanding_server(&self, names: &[&str]) -> Arc<ServerConfig> {
        let (certificate, key) = self.issue(names, None);
        let mut roots = RootCertStore::empty();
        roots
            .add(self.certificate.clone())
            .expect("the authority's certificate is one");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .expect("there is a root");
        let config = builder()
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![certificate], key.into())
            .expect("the key fits the certificate");
        Arc::new(config)
    }

    /// A client's certificate and key in PEM.
    pub fn client(&self, name: &str) -> (String, String) {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params
            .extended_key_usages
            .push(ExtendedKeyUsagePurpose::ClientAuth);
        let key = KeyPair::generate().expect("a key is made");
        let certificate = params
            .signed_by(&key, &self.issuer)
            .expect("a certificate is made");
        (certificate.pem(), key.serialize_pem())
    }

    fn issue(
        &self,
        names: &[&str],
        good_until: Option<(i32, u8, u8)>,
    ) -> (CertificateDer<'static>, PrivatePkcs8KeyDer<'static>) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("the names are names");
        if let Some((year, month, day)) = good_until {
            params.not_after = rcgen::date_time_ymd(year, month, day);
        }
        let key = KeyPair::generate().expect("a key is made");
        let certificate = params
            .signed_by(&key, &self.issuer)
            .expect("a certificate is made");
        let certificate = CertificateDer::from(certificate.der().to_vec());
        (certificate, PrivatePkcs8KeyDer::from(key.serialize_der()))
    }
}

fn builder() -> ConfigBuilder<ServerConfig, WantsVerifier> {
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring knows the usual versions")
}
