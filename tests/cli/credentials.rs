//! What stands in the credentials file, and what a login does to it: as little as possible.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use mai_testbed::{PASSWORD, Testbed};

use crate::support::Home;

const FILE: &str = ".aws/credentials";

/// A home with this credentials file.
fn home_with(testbed: &Testbed, before: impl AsRef<[u8]>) -> Home {
    let home = Home::at(testbed, "simple", "ada");
    let path = home.write(FILE, before);
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("a mode");
    home
}

fn bytes(home: &Home) -> Vec<u8> {
    fs::read(home.path(FILE)).expect("the file is there")
}

/// The value of a key of ours, read without any parser: the file may be one that parsers refuse.
fn last_value(home: &Home, key: &str) -> String {
    let text = home.credentials();
    let line = text.lines().rfind(|line| line.starts_with(key));
    let line = line.unwrap_or_else(|| panic!("{key} in:\n{text}"));
    line.split(" = ").nth(1).unwrap_or_default().trim().into()
}

/// Logs in and proves that every byte that was there still is, before the new section.
fn login_appends(before: &[u8], note: Option<&str>) -> Home {
    let testbed = Testbed::start();
    let home = home_with(&testbed, before);
    let answer = home.login("prod").ok();
    if let Some(note) = note {
        assert!(answer.stderr.contains(note), "`{note}` in:\n{answer}");
    } else {
        assert!(!answer.stderr.contains("warning"), "{answer}");
    }
    let after = bytes(&home);
    assert!(after.starts_with(before), "{}", home.credentials());
    assert!(after.ends_with(b"\n"), "{}", home.credentials());
    assert!(last_value(&home, "aws_access_key_id").starts_with("ASIA"));
    // Found again where it was written.
    let again = home.login("prod").ok();
    assert!(again.stderr.contains("Still signed in to prod"), "{again}");
    assert_eq!(bytes(&home), after);
    home
}

#[test]
fn lines_that_sdks_refuse_are_named_and_stay() {
    for (before, note) in [
        ("[dev]\nregion\nx = 1\n", ":2: a line without `=` (botocore"),
        (
            "color = red\n[dev]\nx = 1\n",
            ":1: a key before the first section",
        ),
        ("[dev\nx = 1\n", ":1: a section header without `]`"),
        ("[dev]\nregion: eu-west-1\n", ":2: `:` where `=` belongs"),
        ("[dev]\nx = 1\nx = 2\n", ":3: `x` is here and in line 2"),
        (
            "[dev]\nx = 1\n\n[dev]\ny = 2\n",
            ":4: section [dev] is here and in line 1",
        ),
    ] {
        login_appends(before.as_bytes(), Some(note));
    }
}

#[test]
fn harmless_oddities_stay_without_a_word() {
    for before in [
        "# mine\n; too\n\n[dev]\nregion=eu-west-1  ; home\n",
        "[dev]\n  s3 =\n    max_concurrent_requests = 20\n",
        "[profile dev]\nx = 1\n\n\n",
        "\n\n\n",
        "[a b/c:d]\nx = y = z # w\n",
    ] {
        let testbed = Testbed::start();
        let home = home_with(&testbed, before);
        home.login("prod").ok();
        assert!(home.credentials().starts_with(before), "{before}");
    }
}

#[test]
fn a_byte_order_mark_stays_and_is_told() {
    login_appends(
        b"\xef\xbb\xbf[dev]\nx = 1\n",
        Some(":1: the file starts with a byte order mark"),
    );
}

#[test]
fn a_file_with_crlf_gets_crlf() {
    let home = login_appends(b"[dev]\r\nx = 1\r\n", None);
    let after = bytes(&home);
    let (lf, crlf) = (
        after.iter().filter(|b| **b == b'\n').count(),
        after.windows(2).filter(|two| two == b"\r\n").count(),
    );
    assert_eq!(lf, crlf, "{:?}", home.credentials());
    assert!(lf > 6, "{:?}", home.credentials());
}

#[test]
fn a_last_line_without_its_end_gets_one() {
    let home = login_appends(b"[dev]\nx = 1", None);
    assert!(
        home.credentials().starts_with("[dev]\nx = 1\n\n[prod]\n"),
        "{}",
        home.credentials()
    );
    assert_eq!(home.key("dev", "x").as_deref(), Some("1"));
}

#[test]
fn an_empty_file_gets_one_section_and_nothing_else() {
    let home = login_appends(b"", None);
    let text = home.credentials();
    assert!(text.starts_with("[prod]\naws_access_key_id = "), "{text}");
    assert_eq!(text.lines().count(), 5, "{text}");
}

#[test]
fn a_latin_1_byte_stays_what_it_is() {
    login_appends(
        b"# Jos\xe9's keys\n[dev]\nnote = \xfc\xdf\n",
        Some(":1: bytes that are not UTF-8"),
    );
}

#[test]
fn a_file_that_is_no_text_is_refused_before_any_password() {
    let utf16: Vec<u8> = std::iter::once(0xfeff)
        .chain("[dev]\r\nx = 1\r\n".encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    for (before, words) in [
        (utf16, ":1: the file is UTF-16, which no SDK reads"),
        (
            b"[dev]\nx = \0\n".to_vec(),
            ":2: there are NUL bytes, so this is no text file",
        ),
    ] {
        for options in ["prod", "prod --overwrite"] {
            let testbed = Testbed::start();
            let home = home_with(&testbed, &before);
            home.login(options)
                .fails(4, &[words, "hint: save the file as plain UTF-8"]);
            assert_eq!(testbed.password_attempts("ada"), 0);
            assert_eq!(bytes(&home), before);
        }
    }
}

#[test]
fn one_section_of_5000_changes() {
    let testbed = Testbed::start();
    let mut before = String::new();
    for n in 0..5000 {
        before.push_str(&format!(
            "[p{n}]\naws_access_key_id = AKIA{n:016}\naws_secret_access_key = s{n}\n\n"
        ));
    }
    let (head, tail) = before.split_once("[p2500]").expect("a section");
    let before = format!("{head}[prod]\nregion = eu-west-1\n\n[p2500]{tail}");
    let home = home_with(&testbed, &before);
    home.login("prod").ok();
    let after = home.credentials();
    assert!(after.starts_with(&format!("{head}[prod]\nregion = eu-west-1\n")));
    assert!(after.ends_with(&format!("\n[p2500]{tail}")));
    assert_eq!(after.lines().count(), before.lines().count() + 4);
}

#[test]
fn keys_given_twice_in_our_section_become_one() {
    let testbed = Testbed::start();
    let home = home_with(
        &testbed,
        "[prod]\naws_access_key_id = ASIAOLD\naws_secret_access_key = old\nAWS_ACCESS_KEY_ID = ASIAOLDER\nx = 1\n",
    );
    let answer = home.login("prod").ok();
    let text = home.credentials();
    assert!(answer.stderr.contains("it was there twice"), "{answer}");
    assert_eq!(
        text.to_lowercase().matches("aws_access_key_id").count(),
        1,
        "{text}"
    );
    assert!(
        !text.contains("ASIAOLD") && !text.contains("= old"),
        "{text}"
    );
    assert!(text.contains("\nx = 1\n"), "{text}");
}

#[test]
fn our_section_given_twice_gets_the_keys_once() {
    let testbed = Testbed::start();
    let home = home_with(
        &testbed,
        "[prod]\naws_access_key_id = ASIAOLD\nx = 1\n[dev]\ny = 2\n[prod]\nz = 3\n",
    );
    home.login("prod").ok();
    let text = home.credentials();
    assert!(
        text.starts_with("[prod]\nx = 1\n[dev]\ny = 2\n[prod]\nz = 3\naws_access_key_id = ASIA"),
        "{text}"
    );
    assert!(!text.contains("ASIAOLD"), "{text}");
}

#[test]
fn long_lived_keys_are_refused_before_any_password_and_replaced_when_asked() {
    let before =
        "[prod]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = long\n# end\n";
    let testbed = Testbed::start();
    let home = home_with(&testbed, before);
    home.login("prod").fails(
        4,
        &[
            "/.aws/credentials:2: [prod] holds keys that are not temporary; they stay untouched",
            "hint: choose another section with `--awsprofile NAME`, or replace it with `--overwrite`",
        ],
    );
    assert_eq!(home.credentials(), before);
    assert_eq!(testbed.password_attempts("ada"), 0);
    assert!(testbed.requests().is_empty());
    // Beside them there is room.
    home.login("prod --awsprofile prod-mai").ok();
    assert!(home.credentials().starts_with(before));
    home.login("prod --overwrite").ok();
    let text = home.credentials();
    assert!(!text.contains("AKIA") && !text.contains("= long"), "{text}");
    assert!(text.contains("\n# end\n"), "{text}");
}

#[test]
fn a_secret_key_alone_counts_as_somebodys_own() {
    let testbed = Testbed::start();
    let before = "[prod]\naws_secret_access_key = long\n";
    let home = home_with(&testbed, before);
    home.login("prod").fails(
        4,
        &["credentials:2: [prod] holds keys that are not temporary"],
    );
    assert_eq!(home.credentials(), before);
    assert_eq!(testbed.password_attempts("ada"), 0);
}

#[test]
fn sections_that_belong_to_somebody_else_are_refused_by_the_setting() {
    let testbed = Testbed::start();
    for setting in [
        "role_arn = arn:aws:iam::111111111111:role/x",
        "source_profile = base",
        "credential_process = /usr/bin/keys",
        "sso_session = corp",
        "sso_start_url = https://d-1.awsapps.com/start",
        "login_session = arn:aws:iam::111111111111:user/x",
        "web_identity_token_file = /tmp/token",
    ] {
        let before = format!("[other]\nx = 1\n[prod]\nregion = eu-west-1\n{setting}\nx = 2\n");
        let home = home_with(&testbed, &before);
        let key = setting.split(' ').next().unwrap_or_default();
        home.login("prod").fails(
            4,
            &[&format!(
                "/.aws/credentials:5: [prod] has `{key}`, a setting that is not ours"
            )],
        );
        assert_eq!(home.credentials(), before);
        assert_eq!(testbed.password_attempts("ada"), 0, "{setting}");
    }
}

#[test]
fn with_overwrite_settings_that_hide_the_keys_go_and_it_says_so() {
    let testbed = Testbed::start();
    let home = home_with(
        &testbed,
        "[prod]\nregion = eu-west-1\nrole_arn = arn:x\nsso_session = corp\nx = 2\n",
    );
    let answer = home.login("prod --overwrite").ok();
    for word in [
        ":3: removed `role_arn` from [prod]: it would have hidden the new keys",
        ":4: removed `sso_session` from [prod]",
    ] {
        assert!(answer.stderr.contains(word), "{word} in:\n{answer}");
    }
    let text = home.credentials();
    assert!(
        !text.contains("role_arn") && !text.contains("sso_"),
        "{text}"
    );
    assert!(
        text.starts_with("[prod]\nregion = eu-west-1\nx = 2\n"),
        "{text}"
    );
}

#[test]
fn one_section_that_may_not_be_written_does_not_hold_up_the_others() {
    let testbed = Testbed::start();
    let before = "[audit]\ncredential_process = x\n";
    let home = home_with(&testbed, before);
    home.login("audit")
        .fails(4, &["[audit] has `credential_process`"]);
    assert_eq!(testbed.password_attempts("ada"), 0);
    assert_eq!(home.credentials(), before);
    home.login("morning").fails(
        4,
        &["Signed in to prod", "[audit] has `credential_process`"],
    );
    assert!(home.credentials().starts_with(before));
    assert!(home.key("prod", "aws_access_key_id").is_some());
}

#[test]
fn stale_siblings_are_brought_up_to_date_or_removed() {
    let testbed = Testbed::start();
    let home = home_with(
        &testbed,
        "[prod]\naws_access_key_id = ASIAOLD\naws_secret_access_key = old\naws_session_token = old\n\
         aws_security_token = old\nexpiration = 2001-01-01T00:00:00Z\naws_expiration = soon\n\
         aws_session_expiration = 2001-01-01T00:00:00+0000\noutput = json\n",
    );
    home.login("prod").ok();
    let text = home.credentials();
    assert!(!text.contains("old") && !text.contains("2001"), "{text}");
    assert!(!text.contains("soon"), "{text}");
    assert!(text.contains("\noutput = json\n"), "{text}");
    let expires = home.key("prod", "x_security_token_expires");
    assert!(
        expires
            .as_ref()
            .is_some_and(|time| time.len() == 20 && time.ends_with('Z'))
    );
    for (sibling, source) in [
        ("aws_security_token", "aws_session_token"),
        ("expiration", "x_security_token_expires"),
    ] {
        let value = home.key("prod", sibling);
        assert!(
            value.is_none() || value == home.key("prod", source),
            "{text}"
        );
    }
}

#[test]
fn a_region_is_written_only_where_neither_file_has_one() {
    let profiles = |testbed: &Testbed| {
        format!(
            "identity_providers:\n  corp:\n    url: {}\n    username: ada\n    password: ask\nprofiles:\n  prod:\n    \
             identity_provider: corp\n    role: 111111111111/PowerUser\n    region: eu-central-1\n",
            testbed.face("simple")
        )
    };
    let testbed = Testbed::start();
    for (credentials, config, expected) in [
        ("", "", Some("eu-central-1")),
        ("[prod]\nregion = eu-west-1\n", "", Some("eu-west-1")),
        ("", "[profile prod]\nregion = eu-north-1\n", None),
        (
            "",
            "[profile other]\nregion = eu-north-1\n",
            Some("eu-central-1"),
        ),
    ] {
        let home = home_with(&testbed, credentials);
        home.profiles(&profiles(&testbed));
        home.write(".aws/config", config);
        home.login("prod").ok();
        assert_eq!(
            home.key("prod", "region").as_deref(),
            expected,
            "{credentials}{config}"
        );
        assert_eq!(home.read(".aws/config"), config);
    }
    let home = Home::at(&testbed, "simple", "ada");
    home.login("prod").ok();
    assert_eq!(home.key("prod", "region"), None, "none is configured");
}

#[test]
fn an_indented_header_of_our_name_is_refused() {
    let testbed = Testbed::start();
    let before = "[dev]\nx = 1\n  [prod]\n  aws_access_key_id = ASIAOLD\n";
    let home = home_with(&testbed, before);
    home.login("prod").fails(
        4,
        &["credentials:3: SDKs disagree", "hint: remove the blanks"],
    );
    assert_eq!(home.credentials(), before);
    assert_eq!(testbed.password_attempts("ada"), 0);
}

#[test]
fn names_that_no_section_can_have_are_refused_before_any_password() {
    let testbed = Testbed::start();
    let home = home_with(&testbed, "[a]\nx = 1\n");
    for name in ["DEFAULT", "'a b'", "'a]b'", "'é'", "''", "'a\nb'"] {
        let answer = home.mai_with(
            &format!("login prod --awsprofile {name} --password-stdin"),
            PASSWORD,
        );
        assert_eq!(answer.code, Some(2), "{name}: {answer}");
        assert_eq!(home.credentials(), "[a]\nx = 1\n", "{name}");
    }
    assert_eq!(testbed.password_attempts("ada"), 0);
}
