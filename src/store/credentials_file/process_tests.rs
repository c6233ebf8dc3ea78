//! The config file before and after.

use super::*;

const LINE: &str = "/usr/bin/mai credentials prod";

fn set(before: &str, region: Option<&str>, overwrite: bool) -> Result<String> {
    let mut file = CredentialsFile::parse(before.as_bytes());
    file.set_process("prod", LINE, region, overwrite)?;
    Ok(String::from_utf8(file.to_bytes()).unwrap())
}

#[test]
fn the_line_goes_into_the_section_and_all_else_stays() {
    for (before, after) in [
        ("", "[profile prod]\ncredential_process = L\n"),
        (
            "[default]\nregion=x",
            "[default]\nregion=x\n\n[profile prod]\ncredential_process = L",
        ),
        (
            "# mine\r\n[profile prod]\r\nregion=eu-west-1\r\n; c\r\n\r\n[profile b]\r\nx = y\r\n",
            "# mine\r\n[profile prod]\r\nregion=eu-west-1\r\ncredential_process=L\r\n; c\r\n\r\n[profile b]\r\nx = y\r\n",
        ),
        (
            "[profile prod]\ns3 =\n  max_concurrent_requests = 20\n",
            "[profile prod]\ns3 =\n  max_concurrent_requests = 20\ncredential_process = L\n",
        ),
        (
            "[profile prod]\ncredential_process = /old/mai credentials other # why\noutput = json\n",
            "[profile prod]\n# why\ncredential_process = L\noutput = json\n",
        ),
        // Sections of other kinds are no profiles.
        (
            "[prod]\na = b\n",
            "[prod]\na = b\n\n[profile prod]\ncredential_process = L\n",
        ),
        (
            "[sso-session prod]\na = b\n",
            "[sso-session prod]\na = b\n\n[profile prod]\ncredential_process = L\n",
        ),
    ] {
        let after = after.replace('L', LINE);
        assert_eq!(set(before, None, false).unwrap(), after);
        assert_eq!(set(&after, None, false).unwrap(), after, "twice is once");
    }
}

#[test]
fn a_region_is_written_where_there_is_none() {
    let after = set("", Some("eu-west-1"), false).unwrap();
    assert!(after.ends_with("prod\nregion = eu-west-1\n"), "{after}");
    let before = "[profile prod]\nregion = us-east-1\n";
    let after = set(before, Some("eu-west-1"), false).unwrap();
    assert_eq!(after.matches("region").count(), 1, "{after}");
}

#[test]
fn default_has_no_prefix_but_may_have_one() {
    for (before, header) in [
        ("", "[default]\n"),
        ("[profile default]\n", "[profile default]\n"),
    ] {
        let mut file = CredentialsFile::parse(before.as_bytes());
        file.set_process("default", LINE, None, false).unwrap();
        let after = String::from_utf8(file.to_bytes()).unwrap();
        assert_eq!(after, format!("{header}credential_process = {LINE}\n"));
    }
    let mut both = CredentialsFile::parse(b"[default]\n[profile default]\n");
    let error = both.set_process("default", LINE, None, false).unwrap_err();
    assert!(error.to_string().contains(":2: default has two"), "{error}");
}

#[test]
fn what_an_sdk_cannot_read_is_refused_with_its_line() {
    for (before, line) in [
        ("[profile a]\nx = 1\n[profile a]\ny = 1\n", 3),
        ("[profile a]\njunk\n", 2),
        ("x = 1\n[profile a]\n", 1),
        ("[profile a]\nx = 1\nx = 2\n", 3),
        ("[profile a\nx = 1\n", 1),
        ("\u{feff}[profile a]\n", 1),
        ("[profile  prod]\nx = 1\n", 1),
        ("[profile \"prod\"]\nx = 1\n", 1),
        ("[profile prod];c\nx = 1\n", 1),
        ("[profile prod]\nx = 1\n  credential_process = y\n", 3),
    ] {
        for overwrite in [false, true] {
            let error = set(before, None, overwrite).unwrap_err();
            assert!(
                error.to_string().contains(&format!(":{line}: ")),
                "{before}: {error}"
            );
            assert!(error.hint_text().is_some(), "{before}");
        }
    }
}

#[test]
fn other_sources_of_keys_stay_unless_they_are_to_go() {
    for (setting, word) in [
        (
            "credential_process = /opt/other --token hunter2",
            "/opt/other",
        ),
        ("role_arn = arn:aws:iam::111111111111:role/x", "role_arn"),
        ("sso_session = corp", "sso_session"),
        ("aws_access_key_id = AKIAEXAMPLE", "aws_access_key_id"),
    ] {
        let before = format!("[profile prod]\noutput = json\n{setting}\n");
        let error = set(&before, None, false).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(":3: ") && text.contains(word), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
        let after = set(&before, None, true).unwrap();
        assert_eq!(
            after,
            format!("[profile prod]\noutput = json\ncredential_process = {LINE}\n")
        );
    }
}

#[test]
fn our_line_is_removed_and_nothing_else() {
    let remove = |before: &str| {
        let mut file = CredentialsFile::parse(before.as_bytes());
        let removed = file.remove_process("prod", None)?;
        Ok::<_, Error>((removed, String::from_utf8(file.to_bytes()).unwrap()))
    };
    let before = "[default]\nregion = x\n";
    let with = set(before, None, false).unwrap();
    assert_eq!(remove(&with).unwrap(), (Taken::All, before.to_owned()));
    assert_eq!(remove(before).unwrap(), (Taken::Nothing, before.to_owned()));
    let kept = "[profile prod]\nregion = x\n";
    assert_eq!(
        remove(&set(kept, None, false).unwrap()).unwrap(),
        (Taken::All, kept.to_owned())
    );
    let error = remove("[profile prod]\ncredential_process = /opt/other x\n").unwrap_err();
    assert!(error.to_string().contains("/opt/other"), "{error}");
}

#[test]
fn keys_that_would_be_read_first_leave_the_credentials_file() {
    let clear = |before: &str, overwrite| {
        let mut file = CredentialsFile::parse(before.as_bytes());
        file.clear_for_process("prod", overwrite)?;
        Ok::<_, Error>(String::from_utf8(file.to_bytes()).unwrap())
    };
    let keys = "aws_secret_access_key = s\naws_session_token = t\n";
    let temporary = format!("[a]\nk = v\n\n[prod]\naws_access_key_id = ASIA1\n{keys}");
    assert_eq!(clear(&temporary, false).unwrap(), "[a]\nk = v\n");
    let lasting = "[prod]\naws_access_key_id = AKIA1\naws_secret_access_key = s\noutput = json\n";
    let error = clear(lasting, false).unwrap_err();
    assert!(
        error.hint_text().unwrap().contains("--overwrite"),
        "{error}"
    );
    assert_eq!(clear(lasting, true).unwrap(), "[prod]\noutput = json\n");
}
