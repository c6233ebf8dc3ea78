//! Any bytes as a credentials file: unedited it comes back byte for byte; edited, the keys are there.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mai::keys::SessionCredentials;
use mai::secret::Secret;
use mai::store::credentials_file::CredentialsFile;

fuzz_target!(|bytes: &[u8]| {
    let mut file = CredentialsFile::parse(bytes);
    assert_eq!(file.to_bytes(), bytes);
    let keys = SessionCredentials {
        access_key_id: "ASIAFUZZ".into(),
        secret_access_key: Secret::new("secret"),
        session_token: Secret::new("token"),
        expires_at: chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("a time"),
    };
    if file.set_session("prod", &keys, None, true).is_ok() {
        let again = CredentialsFile::parse(&file.to_bytes());
        let section = again.section("prod").expect("the section that was written");
        assert_eq!(section.get("aws_access_key_id"), Some("ASIAFUZZ"));
    }
});
