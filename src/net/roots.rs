//! Whose certificates are trusted: the system's roots, or those that variables and settings name.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};

use crate::error::{Error, Result};

/// Read once per process: parsing the system's roots costs more than all the rest of a client.
static COMMON: OnceLock<Result<RootCertStore>> = OnceLock::new();

/// The roots of this process, and those of `ca_bundle`.
pub fn with(ca_bundle: Option<&Path>) -> Result<RootCertStore> {
    let mut roots = COMMON
        .get_or_init(|| common(&|name| std::env::var_os(name)))
        .clone()?;
    if let Some(path) = ca_bundle {
        add_bundle(&mut roots, path, "ca_bundle")?;
    }
    Ok(roots)
}

/// Did this system name no roots at all? Then every certificate is unknown.
pub fn none_found() -> bool {
    matches!(COMMON.get(), Some(Ok(roots)) if roots.is_empty())
}

/// `SSL_CERT_FILE` and `SSL_CERT_DIR` replace the system's roots, `AWS_CA_BUNDLE` adds to them.
fn common(variable: &dyn Fn(&str) -> Option<OsString>) -> Result<RootCertStore> {
    let path = |name: &str| {
        variable(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let mut roots = RootCertStore::empty();
    let folders = variable("SSL_CERT_DIR").filter(|value| !value.is_empty());
    match (path("SSL_CERT_FILE"), folders) {
        (None, None) => {
            // Errors are common here (one odd file in a folder of hundreds) and matter only if nothing is left.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        (file, folders) => {
            if let Some(file) = file {
                add_bundle(&mut roots, &file, "SSL_CERT_FILE")?;
            }
            for folder in folders.iter().flat_map(std::env::split_paths) {
                let found = rustls_native_certs::load_certs_from_paths(None, Some(&folder));
                roots.add_parsable_certificates(found.certs);
            }
        }
    }
    if let Some(bundle) = path("AWS_CA_BUNDLE") {
        add_bundle(&mut roots, &bundle, "AWS_CA_BUNDLE")?;
    }
    Ok(roots)
}

fn add_bundle(roots: &mut RootCertStore, path: &Path, setting: &str) -> Result<()> {
    let certificates = read_pem(path, setting)?;
    let (added, _) = roots.add_parsable_certificates(certificates);
    match added {
        0 => Err(Error::usage(format!(
            "{setting} {} holds no certificate that can be used",
            path.display()
        ))
        .hint("it must be a PEM file with lines `-----BEGIN CERTIFICATE-----`")),
        _ => Ok(()),
    }
}

/// Every certificate of a PEM file.
pub fn read_pem(path: &Path, setting: &str) -> Result<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| {
            Error::usage(format!("{setting} {} cannot be read", path.display()))
                .because(reason(error))
        })
}

/// A system's error without its number.
fn in_words(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}

/// A PEM error in words; never a line of the file, which may hold a key.
pub fn reason(error: pem::Error) -> String {
    match error {
        pem::Error::Io(error) => in_words(&error),
        pem::Error::NoItemsFound => "it has no such PEM section".into(),
        pem::Error::MissingSectionEnd { .. } => "a PEM section has no end line".into(),
        pem::Error::Base64Decode(_) => "a PEM section is not base64".into(),
        _ => "it is not a PEM file".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use crate::net::test_tls::Authority;

    fn common_of(variables: &[(&str, &Path)]) -> Result<RootCertStore> {
        common(&|name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, path)| path.as_os_str().to_owned())
        })
    }

    #[test]
    fn a_named_file_replaces_the_systems_roots_and_a_bundle_adds_to_them() {
        let folder = tempfile::tempdir().unwrap();
        let file = Authority::new().file(folder.path());
        assert_eq!(common_of(&[("SSL_CERT_FILE", &file)]).unwrap().len(), 1);
        assert_eq!(
            common_of(&[("SSL_CERT_DIR", folder.path())]).unwrap().len(),
            1
        );
        let added = common_of(&[("AWS_CA_BUNDLE", &file)]).unwrap().len();
        assert_eq!(added, common_of(&[]).unwrap().len() + 1);
    }

    #[test]
    fn a_broken_bundle_is_a_usage_error_that_names_the_variable() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("broken.pem");
        for text in [
            "",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\nno base64!\n-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\nAAAA\n",
        ] {
            std::fs::write(&file, text).unwrap();
            for variable in ["SSL_CERT_FILE", "AWS_CA_BUNDLE"] {
                let error = common_of(&[(variable, &file)]).unwrap_err();
                assert_eq!(error.kind(), Kind::Usage, "{text}");
                assert!(error.message().contains(variable), "{error}");
                assert!(error.message().contains("broken.pem"), "{error}");
            }
        }
    }

    #[test]
    fn a_missing_bundle_is_told_in_words() {
        let error = common_of(&[("AWS_CA_BUNDLE", Path::new("/no/such/file.pem"))]).unwrap_err();
        let cause = error.cause().unwrap_or_default();
        assert!(!cause.is_empty() && !cause.contains("os error"), "{cause}");
    }

    #[test]
    fn an_empty_variable_is_no_variable() {
        assert_eq!(
            common_of(&[("AWS_CA_BUNDLE", Path::new(""))])
                .unwrap()
                .len(),
            common_of(&[]).unwrap().len()
        );
    }
}
