use chrono::{TimeZone, Utc};
use configparser::ini::Ini;
use proptest::prelude::*;

use super::*;
use crate::error::Kind as ErrorKind;

const PAIRS: [(&str, &str); 4] = [
    (KEY_ID, "ASIANEWKEY0000000001"),
    (SECRET_KEY, "newSecret/+0="),
    (TOKEN, "newToken/+=="),
    (EXPIRES, "2026-11-20T17:42:00Z"),
];

fn session() -> SessionCredentials {
    SessionCredentials {
        access_key_id: PAIRS[0].1.to_owned(),
        secret_access_key: Secret::new(PAIRS[1].1),
        session_token: Secret::new(PAIRS[2].1),
        expires_at: Utc.with_ymd_and_hms(2026, 11, 20, 17, 42, 0).unwrap(),
    }
}

fn written(before: &[u8]) -> Result<Vec<u8>> {
    let mut file = CredentialsFile::parse(before);
    file.set_session("prod", &session(), None, false)?;
    Ok(file.to_bytes())
}

/// `tests/credentials/<case>.before` becomes `<case>.after` when keys for [prod] are written; a case that begins with
/// `overwrite-` does it with that option, one that begins with `refused-` holds the error in its `.after`.
#[test]
fn every_case_in_the_folder_comes_out_as_written_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/credentials");
    let mut cases = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let before = entry.unwrap().path();
        if before.extension().is_none_or(|e| e != "before") {
            continue;
        }
        cases += 1;
        let name = before.file_stem().unwrap().to_string_lossy().into_owned();
        let mut file = CredentialsFile::parse(&std::fs::read(&before).unwrap());
        let outcome = file.set_session("prod", &session(), None, name.starts_with("overwrite-"));
        let actual = match outcome {
            Ok(()) => file.to_bytes(),
            Err(error) => format!("{error}\n").into_bytes(),
        };
        let after = before.with_extension("after");
        if std::env::var_os("MAI_BLESS").is_some() {
            std::fs::write(&after, &actual).unwrap();
        }
        let expected = std::fs::read(&after).unwrap_or_default();
        assert!(
            actual == expected,
            "{name} became:\n{}\ninstead of:\n{}",
            String::from_utf8_lossy(&actual),
            String::from_utf8_lossy(&expected)
        );
    }
    assert!(cases >= 20, "only {cases} cases in {}", folder.display());
}

#[test]
fn a_login_leaves_other_profiles_alone() {
    let before = b"# mine\n[dev]\nregion=eu-west-1  ; home\n";
    let after = written(before).unwrap();
    assert!(after.starts_with(before));
}

#[test]
fn the_region_is_written_only_where_the_section_has_none() {
    let mut file = CredentialsFile::parse(b"[prod]\nRegion = us-east-1\n");
    file.set_session("prod", &session(), Some("eu-central-1"), false)
        .unwrap();
    assert!(!String::from_utf8_lossy(&file.to_bytes()).contains("eu-central-1"));
    file.set_session("dev", &session(), Some("eu-central-1"), false)
        .unwrap();
    assert_eq!(
        file.section("dev").unwrap().get("region"),
        Some("eu-central-1")
    );
}

#[test]
fn sections_that_some_sdk_cannot_read_are_never_created() {
    for name in ["", "DEFAULT", "a b", "ä", "a]b", "a\nb", "profile x", "a#b"] {
        let mut file = CredentialsFile::parse(b"");
        let error = file.set_session(name, &session(), None, true).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{name}");
        assert_eq!(file.to_bytes(), b"");
    }
    assert!(is_section_name("default") && is_section_name("a:b+c@d/e.fg_-"));
    // The sessions file has no room for it.
    assert!(!is_section_name("a%b"));
}

#[test]
fn keys_with_line_breaks_or_blanks_are_not_written() {
    for token in ["a\nb", "a b", "", "a\r", "ä", "a\u{7f}"] {
        let mut bad = session();
        bad.session_token = Secret::new(token);
        let mut file = CredentialsFile::parse(b"[prod]\n");
        assert!(file.set_session("prod", &bad, None, false).is_err());
        assert_eq!(file.to_bytes(), b"[prod]\n");
    }
}

#[test]
fn of_values_given_twice_the_last_one_counts_as_in_most_sdks() {
    let file = CredentialsFile::parse(b"[a]\nk=1\nK=2\n[b]\nk=9\n[ a ]\nk = 3 # x\n");
    let section = file.section("a").unwrap();
    assert_eq!(section.get("k"), Some("3"));
    assert_eq!(section.line(), 1);
    assert_eq!(file.section_names(), ["a", "b"]);
    assert!(file.section("c").is_none());
}

#[test]
fn stored_keys_are_read_back() {
    let file = CredentialsFile::parse(&written(b"").unwrap());
    let stored = file.section("prod").unwrap().session().unwrap();
    let keys = stored.with_expiry().unwrap();
    assert_eq!(keys.access_key_id, PAIRS[0].1);
    assert_eq!(keys.session_token.expose(), PAIRS[2].1);
    assert_eq!(keys.expires_at, session().expires_at);
    let lasting = b"[prod]\naws_access_key_id=AKIA1\naws_secret_access_key=x\naws_session_token=y";
    let file = CredentialsFile::parse(lasting);
    assert!(file.section("prod").unwrap().session().is_none());
}

#[test]
fn keys_that_are_removed_leave_no_trace() {
    for before in ["", "[a]\nk=1\n", "[a]\nk=1\n\n# end\n", "[a]\r\nk=1\r\n"] {
        let mut file = CredentialsFile::parse(&written(before.as_bytes()).unwrap());
        assert!(file.remove_session("prod").unwrap());
        assert_eq!(String::from_utf8(file.to_bytes()).unwrap(), before);
        assert!(!file.remove_session("prod").unwrap());
    }
    let between = "[a]\nk=1\n\n[prod]\naws_access_key_id=ASIA1\n\n[b]\nk=2\n";
    let mut file = CredentialsFile::parse(between.as_bytes());
    assert!(file.remove_session("prod").unwrap());
    assert_eq!(file.to_bytes(), b"[a]\nk=1\n\n[b]\nk=2\n");
}

#[test]
fn what_is_not_ours_stays_when_keys_are_removed() {
    let own = b"[prod]\naws_access_key_id = AKIA1\naws_secret_access_key = x\n";
    let mut file = CredentialsFile::parse(own);
    assert!(!file.remove_session("prod").unwrap());
    assert_eq!(file.to_bytes(), own);
    let mixed = b"[prod] # work\noutput = json\naws_access_key_id = ASIA1 # mine\n";
    let mut file = CredentialsFile::parse(mixed);
    assert!(file.remove_session("prod").unwrap());
    assert_eq!(file.to_bytes(), b"[prod] # work\noutput = json\n# mine\n");
}

#[test]
fn what_was_removed_beyond_the_old_keys_is_said() {
    let before = b"[prod]\nrole_arn = x\n  y\nsso_session = z\n";
    let mut file = CredentialsFile::parse(before);
    file.set_session("prod", &session(), None, true).unwrap();
    let notes = file.notes_for_people().join("\n");
    assert!(notes.contains(":2: removed `role_arn`"), "{notes}");
    assert!(notes.contains(":4: removed `sso_session`"), "{notes}");
}

#[test]
fn everything_on_which_sdks_disagree_is_reported_with_its_line() {
    let text = b"\xef\xbb\xbfk = 1\n[a]\n  l = 1\n[b]\nk = 1 # c\n  # c\nK: 2\nno\n[ c ]\n[open\n[a]\n[DEFAULT]\n[a b]\n[d];c\nx = \"q\"\n  [e]\ny=\xff\n";
    let found: Vec<String> = CredentialsFile::parse(text)
        .problems(Grammar::Credentials)
        .iter()
        .map(|p| format!("{} {} {}", p.line, p.fatal_for.join("+"), p.text))
        .collect();
    let begins = [
        "1 botocore+Rust+Java the file starts",
        "1 botocore+Rust+Java a key before",
        "3 Rust+Java the first key",
        "5  a comment after a value",
        "6  an indented comment",
        "7 Rust+Java `:`",
        "7  a key in capitals",
        "7 botocore `k` is here and in line 5",
        "8 botocore+Rust+Java a line without `=`",
        "9  blanks around c",
        "10 botocore+Rust+Java a section header without",
        "11 botocore section [a] is here and in line 2",
        "12  botocore copies",
        "13  a section name",
        "14  a comment right after",
        "15  a value in quotes",
        "16  an indented section header",
        "17 botocore+Rust bytes that are not UTF-8",
    ];
    assert_eq!(found.len(), begins.len(), "{found:#?}");
    for (line, begin) in found.iter().zip(begins) {
        assert!(line.starts_with(begin), "{line} / {begin}");
    }
}

#[test]
fn what_we_write_gives_no_sdk_a_problem() {
    for before in ["", "[a]\nk = v\n", "[prod]\naws_access_key_id: ASIA1 # x\n"] {
        let file = CredentialsFile::parse(&written(before.as_bytes()).unwrap());
        assert_eq!(file.problems(Grammar::Credentials), []);
    }
}

#[test]
fn five_thousand_sections_are_edited_fifty_times() {
    let mut text = String::new();
    for n in 0..5000 {
        text += &format!("[p{n}]\naws_access_key_id = ASIA{n}\naws_secret_access_key = s\n\n");
    }
    let mut file = CredentialsFile::parse(text.as_bytes());
    for n in 0..50 {
        file.set_session(&format!("p{}", n * 100), &session(), None, false)
            .unwrap();
    }
    let file = CredentialsFile::parse(&file.to_bytes());
    assert_eq!(file.section_names().len(), 5000);
    assert_eq!(file.section("p4999").unwrap().get(KEY_ID), Some("ASIA4999"));
    assert!(file.section("p4900").unwrap().session().is_some());
}

/// configparser as it must be set up to read what AWS writes.
fn configparser(bytes: &[u8]) -> Option<Ini> {
    let mut ini = Ini::new_cs();
    ini.set_default_section("\0");
    ini.set_inline_comment_symbols(Some(&[]));
    ini.set_multiline(true);
    ini.read(String::from_utf8(bytes.to_vec()).ok()?).ok()?;
    Some(ini)
}

/// Lines of every kind, in [prod], around it and in doubtful places.
fn line() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        "  ",
        "# comment",
        "; comment",
        "  # indented",
        "[prod]",
        "[prod] # mine",
        "[ prod ]",
        "[dev]",
        "[dev.eu-1]",
        "aws_access_key_id = ASIAOLD",
        "aws_access_key_id=ASIAOLD",
        "AWS_ACCESS_KEY_ID = ASIAOLD",
        "aws_secret_access_key   =  old",
        "  aws_secret_access_key = old # c",
        "aws_session_token = old",
        "aws_session_token =",
        "aws_security_token = old",
        "x_security_token_expires = 2020-01-01T00:00:00Z",
        "expiration = 2020-01-01T00:00:00+01:00",
        "expiration = 12345",
        "region = eu-west-1",
        "s3 =",
        "  max_concurrent_requests = 20",
        "    deep = 1",
        "\tcontinued",
        "output = json ; c",
        "url = https://example.com/?a=b#c",
    ])
}

fn file(ends: &'static [&'static str]) -> impl Strategy<Value = String> {
    let line = (line(), prop::sample::select(ends));
    (prop::collection::vec(line, 0..40), any::<bool>()).prop_map(|(lines, cut)| {
        let mut text: String = lines.iter().flat_map(|(l, e)| [*l, *e]).collect();
        if cut {
            text.truncate(text.trim_end_matches(['\r', '\n']).len());
        }
        text
    })
}

/// The lines of a file that a login may not touch, each with its section.
fn others(bytes: &[u8]) -> Vec<(Option<String>, Vec<u8>)> {
    let mut kept = Vec::new();
    for block in &CredentialsFile::parse(bytes).blocks {
        let name = block.header_kind().and_then(|h| h.name.clone());
        let is_prod = name.as_deref() == Some("prod");
        let mut dropping = false;
        for line in block.header.iter().chain(&block.lines) {
            match &line.kind {
                Kind::Property(p) => {
                    let expiries = OTHER_EXPIRIES.contains(&p.key.as_str());
                    let ours = OUR_KEYS.contains(&p.key.as_str()) || p.key == OLD_TOKEN;
                    dropping = is_prod && (ours || expiries);
                    // Its comment moves to a line of its own.
                    if let Some(comment) = p.comment.filter(|_| dropping) {
                        kept.push((name.clone(), line.text[comment..].to_vec()));
                    }
                }
                Kind::Continuation => {}
                _ => {
                    kept.push((name.clone(), line.text.clone()));
                    continue;
                }
            }
            if !dropping {
                kept.push((name.clone(), line.text.clone()));
            }
        }
    }
    kept
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_kept_as_they_are(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let file = CredentialsFile::parse(&bytes);
        prop_assert_eq!(file.to_bytes(), bytes);
        let _ = file.problems(Grammar::Credentials);
    }

    #[test]
    fn no_line_but_ours_changes(before in file(&["\n", "\r\n", "\n", "\r"])) {
        prop_assert_eq!(CredentialsFile::parse(before.as_bytes()).to_bytes(), before.as_bytes());
        if let Ok(after) = written(before.as_bytes()) {
            let mut expected = others(before.as_bytes());
            let mut kept = others(&after);
            // A section of its own is set apart by one blank line.
            if expected.iter().all(|(name, _)| name.as_deref() != Some("prod"))
                || !CredentialsFile::parse(before.as_bytes()).blocks.iter().any(|b| {
                    b.is_exact() && b.header_kind().is_some_and(|h| h.name.as_deref() == Some("prod"))
                })
            {
                prop_assert_eq!(kept.pop().unwrap().1, b"[prod]".to_vec());
                if kept.len() > expected.len() {
                    prop_assert!(kept.pop().unwrap().1.is_empty());
                }
            }
            // Blank lines are compared by their number: after a lone CR one can vanish into a CRLF.
            let lines = |all: Vec<(Option<String>, Vec<u8>)>| -> Vec<_> {
                all.into_iter().filter(|(_, text)| !text.is_empty()).collect()
            };
            expected = lines(expected);
            prop_assert_eq!(lines(kept), expected);
        }
    }

    #[test]
    fn with_ordinary_line_ends_every_byte_outside_the_section_stays(
        head in file(&["\n", "\r\n"]), tail in file(&["\n", "\r\n"])
    ) {
        let head = head.replace("prod", "a") + "\n";
        let tail = format!("[b]\n{}", tail.replace("prod", "c"));
        let before = format!("{head}[prod]\naws_access_key_id = ASIA1\n{tail}");
        let after = written(before.as_bytes()).unwrap();
        prop_assert!(after.starts_with(head.as_bytes()));
        prop_assert!(after.ends_with(tail.as_bytes()));
    }

    #[test]
    fn writing_twice_is_writing_once(before in file(&["\n", "\r\n", "\r"])) {
        if let Ok(once) = written(before.as_bytes()) {
            let twice = written(&once).unwrap();
            prop_assert_eq!(String::from_utf8_lossy(&twice), String::from_utf8_lossy(&once));
            let file = CredentialsFile::parse(&once);
            let section = file.section("prod").unwrap();
            for (key, value) in PAIRS {
                prop_assert_eq!(section.get(key), Some(value));
                prop_assert_eq!(section.keys().filter(|k| *k == key).count(), 1);
            }
        }
    }

    #[test]
    fn configparser_reads_what_we_wrote_and_all_else_as_before(before in file(&["\n", "\r\n"])) {
        let Ok(after) = written(before.as_bytes()) else { return Ok(()) };
        // configparser takes a line without `=` for a key, AWS's readers give up on it.
        let blocks = CredentialsFile::parse(before.as_bytes()).blocks;
        if blocks.iter().any(|b| b.lines.iter().any(|l| l.kind == Kind::Junk)) {
            return Ok(());
        }
        let (old, new) = (configparser(before.as_bytes()), configparser(&after));
        prop_assert!(old.is_some() && new.is_some());
        let old = old.unwrap().get_map().unwrap_or_default();
        let new = new.unwrap().get_map().unwrap_or_default();
        for (key, value) in PAIRS {
            prop_assert_eq!(new["prod"].get(key), Some(&Some(value.to_owned())));
        }
        for (name, section) in &old {
            let is_ours = |key: &str| name == "prod" && {
                let key = key.to_ascii_lowercase();
                OUR_KEYS.contains(&key.as_str()) || key == OLD_TOKEN || OTHER_EXPIRIES.contains(&key.as_str())
            };
            for (key, value) in section.iter().filter(|(key, _)| !is_ours(key)) {
                prop_assert_eq!(new[name].get(key), Some(value), "[{}] {}", name, key);
            }
        }
    }
}
