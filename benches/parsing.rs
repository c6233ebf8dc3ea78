//! Assertions and credentials files of growing size: the time must grow with them, not faster.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use divan::Bencher;
use mai::assertion::Assertion;
use mai::aws::saml;
use mai::keys::SessionCredentials;
use mai::secret::Secret;
use mai::store::credentials_file::CredentialsFile;

fn main() {
    divan::main();
}

/// An assertion as an identity provider sends it, with that many roles.
fn assertion(roles: usize) -> Assertion {
    let values: String = (0..roles)
        .map(|n| {
            let account = 100_000_000_000 + n / 10;
            format!(
                "<saml:AttributeValue xsi:type=\"xs:string\">arn:aws:iam::{account}:role/team/Role-{n},\
                 arn:aws:iam::{account}:saml-provider/corp</saml:AttributeValue>"
            )
        })
        .collect();
    let xml = format!(
        "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
         xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         ID=\"_1\" Version=\"2.0\" IssueInstant=\"2026-01-01T00:00:00Z\"><samlp:Status><samlp:StatusCode \
         Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:Status><saml:Assertion ID=\"_2\" \
         Version=\"2.0\" IssueInstant=\"2026-01-01T00:00:00Z\"><saml:AttributeStatement><saml:Attribute \
         Name=\"https://aws.amazon.com/SAML/Attributes/Role\">{values}</saml:Attribute></saml:AttributeStatement>\
         </saml:Assertion></samlp:Response>"
    );
    Assertion::new(Secret::new(STANDARD.encode(xml)), "signin.aws.amazon.com")
}

#[divan::bench(args = [1, 50, 500, 5_000])]
fn read_assertion(bencher: Bencher, roles: usize) {
    let assertion = assertion(roles);
    bencher.bench_local(|| {
        let statement = saml::read(&assertion).expect("a valid assertion");
        assert_eq!(statement.roles.len(), roles);
        statement
    });
}

fn credentials(sections: usize) -> Vec<u8> {
    (0..sections)
        .map(|n| {
            format!(
                "# section {n}\n[profile-{n}]\naws_access_key_id = ASIA{n:016}\naws_secret_access_key = {}\n\
                 aws_session_token = {}\nregion = eu-central-1\n\n",
                "s".repeat(40),
                "t".repeat(400)
            )
        })
        .collect::<String>()
        .into_bytes()
}

#[divan::bench(args = [1, 50, 500, 5_000])]
fn edit_credentials(bencher: Bencher, sections: usize) {
    let bytes = credentials(sections);
    let keys = SessionCredentials {
        access_key_id: "ASIANEW".into(),
        secret_access_key: Secret::new("secret"),
        session_token: Secret::new("token"),
        expires_at: chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("a time"),
    };
    let name = format!("profile-{}", sections / 2);
    bencher.bench_local(|| {
        let mut file = CredentialsFile::parse(&bytes);
        file.set_session(&name, &keys, None, false)
            .expect("a section of ours");
        file.to_bytes()
    });
}
