//! What a change makes of files as people write them.

use std::path::PathBuf;

use super::*;

fn file() -> SourceFile {
    SourceFile::new(PathBuf::from("/x/p.yaml"), "p.yaml".into())
}

fn draft(text: &str) -> Draft {
    Draft::parse(text.as_bytes(), &file()).unwrap()
}

fn profile(name: &str) -> NewProfile {
    NewProfile {
        name: name.into(),
        settings: vec![
            ("identity_provider".into(), Scalar::Text("corp".into())),
            ("role".into(), Scalar::Text("123456789012/Dev".into())),
        ],
    }
}

fn text_of(draft: Draft) -> String {
    String::from_utf8(draft.finish().unwrap()).unwrap()
}

fn with_new(text: &str) -> String {
    let mut draft = draft(text);
    draft.add_profile(&profile("new")).unwrap();
    text_of(draft)
}

fn without(text: &str, name: &str) -> (String, Removed) {
    let mut draft = draft(text);
    let removed = draft.remove_profile(name).unwrap();
    (text_of(draft), removed)
}

fn with_default(text: &str, name: &str) -> String {
    let mut draft = draft(text);
    draft.set_default(name).unwrap();
    text_of(draft)
}

const NEW: &str = "  new:\n    identity_provider: corp\n    role: 123456789012/Dev\n";

#[test]
fn a_new_file_is_one_that_people_like_to_read() {
    let mut draft = draft("");
    draft.add_profile(&profile("prod")).unwrap();
    draft
        .add_identity_provider(&NewIdentityProvider {
            name: "corp".into(),
            settings: vec![
                (
                    "url".into(),
                    Scalar::Text("https://x.example/sso?a=b".into()),
                ),
                ("username".into(), Scalar::Text("ada".into())),
                ("keep_session".into(), Scalar::Flag(false)),
                ("region".into(), Scalar::Text("[::1]:8".into())),
                (
                    "mfa".into(),
                    Scalar::Table(vec![("code".into(), Scalar::Text("no".into()))]),
                ),
            ],
        })
        .unwrap();
    draft
        .add_account_names(&[("012345678901".into(), "acme: prod".into())])
        .unwrap();
    draft.set_default("prod").unwrap();
    assert_eq!(
        text_of(draft),
        "# The profiles of mai: `mai list` shows them. profiles.example.yaml explains every key.

default_profile: prod

identity_providers:
  corp:
    url: https://x.example/sso?a=b
    username: ada
    keep_session: false
    region: \"[::1]:8\"
    mfa: {code: \"no\"}

profiles:
  prod:
    identity_provider: corp
    role: 123456789012/Dev

accounts:
  \"012345678901\": \"acme: prod\"
"
    );
}

#[test]
fn a_profile_is_added_where_and_how_the_file_would_have_it() {
    for (before, after) in [
        // At the end of its table; comments stay with what they are about.
        (
            "# top\nprofiles:\n  a:\n    role: x # r\n    # tail of a\n  # tail of all\n\n# other\ngroups: {m: [a, b]}\n".to_string(),
            format!("# top\nprofiles:\n  a:\n    role: x # r\n    # tail of a\n  # tail of all\n{NEW}\n# other\ngroups: {{m: [a, b]}}\n"),
        ),
        // With blank lines between, where there are some.
        ("profiles:\n  a: {}\n\n  # b\n  b: {}\n".into(), format!("profiles:\n  a: {{}}\n\n  # b\n  b: {{}}\n\n{NEW}")),
        // No final newline.
        ("profiles:\n  a: {}".into(), format!("profiles:\n  a: {{}}\n{NEW}")),
        // Nothing below.
        ("profiles:\n".into(), format!("profiles:\n{NEW}")),
        ("profiles:".into(), format!("profiles:\n{NEW}")),
        ("profiles: ~ # none\n".into(), format!("profiles:  # none\n{NEW}")),
        ("profiles:\n  # none yet\n\ngroups:\n".into(), format!("profiles:\n  # none yet\n{NEW}\ngroups:\n")),
        // No such table.
        ("secrets: none\n".into(), format!("secrets: none\n\nprofiles:\n{NEW}")),
        ("# words\n".into(), format!("# words\n\nprofiles:\n{NEW}")),
        ("---\nsecrets: none\n...\n# end\n".into(), format!("---\nsecrets: none\n\nprofiles:\n{NEW}...\n# end\n")),
        ("---\n".into(), format!("---\nprofiles:\n{NEW}")),
        // Other indents, other line ends, a byte order mark, quoted keys.
        ("profiles:\n    a:\n        role: x\n".into(), "profiles:\n    a:\n        role: x\n    new:\n        identity_provider: corp\n        role: 123456789012/Dev\n".into()),
        ("\u{feff}profiles:\r\n  a: {}\r\n".into(), format!("\u{feff}profiles:\r\n  a: {{}}\r\n{}", NEW.replace('\n', "\r\n"))),
        ("'profiles': &p\n  \"a\": {}\n".into(), format!("'profiles': &p\n  \"a\": {{}}\n{NEW}")),
        // Flow style.
        ("profiles: {a: {role: \"}#\"}}\n".into(), "profiles: {a: {role: \"}#\"}, new: {identity_provider: corp, role: 123456789012/Dev}}\n".into()),
        ("profiles: {}\n".into(), "profiles: {new: {identity_provider: corp, role: 123456789012/Dev}}\n".into()),
        ("profiles: {\n  a: {}, # a, it's\n  b: {} # b\n  # tail\n}\n".into(), "profiles: {\n  a: {}, # a, it's\n  b: {}, # b\n  # tail\n  new: {identity_provider: corp, role: 123456789012/Dev}\n}\n".into()),
        ("{\"profiles\":{\"a\":{}}}".into(), "{\"profiles\":{\"a\":{}, new: {identity_provider: corp, role: 123456789012/Dev}}}".into()),
        ("{secrets: none}\n".into(), "{secrets: none, profiles: {new: {identity_provider: corp, role: 123456789012/Dev}}}\n".into()),
        // Anchors and merge keys.
        ("profiles:\n  a: &a\n    role: x\n  b:\n    <<: *a\n".into(), format!("profiles:\n  a: &a\n    role: x\n  b:\n    <<: *a\n{NEW}")),
        // Long texts.
        ("profiles:\n  a:\n    role: >-\n      x\n\n      # y\n\nsecrets: none\n".into(), format!("profiles:\n  a:\n    role: >-\n      x\n\n      # y\n{NEW}\nsecrets: none\n")),
    ] {
        assert_eq!(with_new(&before), after, "{before}");
    }
}

#[test]
fn names_and_values_that_yaml_would_bend_are_quoted() {
    let mut draft = draft("profiles:\n  a: {}\n");
    for name in ["no", "012", "1e3", "null", "2026-11-21", "@x"] {
        let settings = vec![("aws_profile".into(), Scalar::Text("on".into()))];
        draft
            .add_profile(&NewProfile {
                name: name.into(),
                settings,
            })
            .unwrap();
        assert!(draft.has_profile(name), "{name}");
    }
    let text = text_of(draft);
    assert!(
        text.contains("\"1e3\":\n    aws_profile: \"on\"\n"),
        "{text}"
    );
}

#[test]
fn names_that_cannot_be_are_refused_and_nothing_is_changed() {
    let before = "profiles:\n  a: {}\ngroups: {g: [a]}\n";
    let mut draft = draft(before);
    for (name, words) in [
        ("global", "another meaning"),
        ("a b", "cannot be a name"),
        ("a\nb", "cannot be a name"),
        ("-x", "cannot be a name"),
        ("a", "p.yaml:2:3: there is a profile `a` already"),
        ("g", "p.yaml:3:10: `g` is a group already"),
    ] {
        let error = draft.add_profile(&profile(name)).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains(words), "{error}");
    }
    draft
        .add_profiles(&[profile("x"), profile("x")])
        .unwrap_err();
    assert_eq!(text_of(draft), before);
}

#[test]
fn a_removed_profile_takes_its_own_lines_and_its_names_elsewhere() {
    let (after, removed) = without(
        "# top\ndefault_profile: a # mine\nprofiles:\n  # about a\n  a:\n    role: x\n\n    # about the region\n    region: y\n    # tail of a\n\n  # about b\n  b: {}\ngroups:\n  m: [b, a]\n  only: [ a ]\n  list:\n  - a # first\n  - b\n  other: [b]\n",
        "a",
    );
    assert_eq!(
        after,
        "# top\nprofiles:\n  # about a\n\n  # about b\n  b: {}\ngroups:\n  m: [b]\n  list:\n  - b\n  other: [b]\n"
    );
    assert_eq!(
        removed,
        Removed {
            was_default: true,
            left_groups: vec!["m".into(), "list".into()],
            dropped_groups: vec!["only".into()],
        }
    );
}

#[test]
fn a_removed_entry_leaves_no_gap_and_closes_none_of_others() {
    for (before, name, after) in [
        // at the top of the file
        (
            "default_profile: a\n\nprofiles:\n  a: {}\n  b: {}\n",
            "a",
            "profiles:\n  b: {}\n",
        ),
        (
            "# top\n\ndefault_profile: a\n\n# about\nprofiles:\n  a: {}\n  b: {}\n",
            "a",
            "# top\n\n# about\nprofiles:\n  b: {}\n",
        ),
        (
            "---\ndefault_profile: a\n\nprofiles: {a: {}, b: {}}\n",
            "a",
            "---\nprofiles: {b: {}}\n",
        ),
        // the first, one between, the last
        (
            "profiles:\n  a:\n    role: x\n\n  b: {}\n\n  c: {}\n",
            "a",
            "profiles:\n  b: {}\n\n  c: {}\n",
        ),
        (
            "profiles:\r\n  a: {}\r\n\r\n  b:\r\n    role: x\r\n\r\n  c: {}\r\n",
            "b",
            "profiles:\r\n  a: {}\r\n\r\n  c: {}\r\n",
        ),
        (
            "profiles:\n  a: {}\n\n  b: {}\n\n  c: {}",
            "c",
            "profiles:\n  a: {}\n\n  b: {}\n",
        ),
        (
            "profiles:\n  a: {}\n\n  b: {}\n\n# more\ngroups: {}\n",
            "b",
            "profiles:\n  a: {}\n\n# more\ngroups: {}\n",
        ),
        // what was there for others
        (
            "profiles:\n  a: {}\n\ngroups: {}\n",
            "a",
            "profiles:\n\ngroups: {}\n",
        ),
        (
            "profiles:\n\n  a: {}\n  b: {}\n\n\n  c: {}\n",
            "b",
            "profiles:\n\n  a: {}\n\n\n  c: {}\n",
        ),
        (
            "profiles:\n  a: {}\n\n\n  b: {}\n\n  c: {}\n\n",
            "b",
            "profiles:\n  a: {}\n\n\n  c: {}\n\n",
        ),
        (
            "profiles:\n  a: {}\n\n  # about b\n  b: {}\n\n  c: {}\n",
            "b",
            "profiles:\n  a: {}\n\n  # about b\n\n  c: {}\n",
        ),
        // groups go the same way
        (
            "profiles: {a: {}, b: {}}\ngroups:\n  m: [b]\n\n  only: [a]\n\n  n: [b]\n",
            "a",
            "profiles: {b: {}}\ngroups:\n  m: [b]\n\n  n: [b]\n",
        ),
        // blank lines of a long text
        (
            "profiles:\n  a:\n    role: |+\n      x\n\n  b: {}\n\n  c: {}\n",
            "b",
            "profiles:\n  a:\n    role: |+\n      x\n\n  c: {}\n",
        ),
        (
            "profiles:\n  a:\n    role: |+\n      x\n\n  b: {}\n",
            "b",
            "profiles:\n  a:\n    role: |+\n      x\n\n",
        ),
    ] {
        assert_eq!(without(before, name).0, after, "{before}");
    }
    let mut several = draft("profiles:\n  a: {}\n\n  b: {}\n\n  c: {}\n\n  d: {}\n");
    several.remove_profiles(&["d", "c"]).unwrap();
    assert_eq!(several.text, "profiles:\n  a: {}\n\n  b: {}\n");
    several.remove_profiles(&["a"]).unwrap();
    assert_eq!(several.text, "profiles:\n  b: {}\n");
}

#[test]
fn the_last_profile_can_go_and_a_new_one_can_come() {
    for (before, empty) in [
        ("profiles:\n  a:\n    role: x", "profiles:\n"),
        ("profiles: {a: {role: x}}\n", "profiles: {}\n"),
        (
            "profiles: {\n  a: {role: x}, # x\n}\n",
            "profiles: {\n  # x\n}\n",
        ),
        (
            "groups: {g: [a, a]}\nprofiles: {a: {role: x}}\n",
            "groups: {}\nprofiles: {}\n",
        ),
    ] {
        let (after, _) = without(before, "a");
        assert_eq!(after, empty);
        assert!(draft(&with_new(&after)).has_profile("new"));
    }
}

#[test]
fn items_leave_flow_tables_with_one_comma() {
    for (before, name, after) in [
        (
            "profiles: {a: {}, b: {}, c: {}}\n",
            "a",
            "profiles: {b: {}, c: {}}\n",
        ),
        (
            "profiles: {a: {}, b: {}, c: {}}\n",
            "b",
            "profiles: {a: {}, c: {}}\n",
        ),
        (
            "profiles: {a: {}, b: {}, c: {} }\n",
            "c",
            "profiles: {a: {}, b: {} }\n",
        ),
        (
            "profiles: {\n  a: {}, # a\n  b: {role: \"x,}\"},\n  c: {}\n}\n",
            "b",
            "profiles: {\n  a: {}, # a\n  c: {}\n}\n",
        ),
        (
            "profiles: {\n  a: {}, # a\n  b: {},\n  c: {}\n}\n",
            "c",
            "profiles: {\n  a: {}, # a\n  b: {}\n}\n",
        ),
    ] {
        assert_eq!(without(before, name).0, after);
    }
}

#[test]
fn the_default_is_written_over_the_old_one_or_at_the_top() {
    for (before, after) in [
        (
            "profiles: {a: {}}\n",
            "default_profile: a\n\nprofiles: {a: {}}\n",
        ),
        (
            "# words\n\n# about\nprofiles: {a: {}}\n",
            "# words\n\ndefault_profile: a\n\n# about\nprofiles: {a: {}}\n",
        ),
        (
            "profiles: {a: {}}\ndefault_profile: 'b' # mine\n",
            "profiles: {a: {}}\ndefault_profile: a # mine\n",
        ),
        (
            "default_profile:   b\r\nprofiles: {a: {}}\r\n",
            "default_profile:   a\r\nprofiles: {a: {}}\r\n",
        ),
        (
            "default_profile:\nsecrets: none\n",
            "default_profile: a\nsecrets: none\n",
        ),
        (
            "{default_profile: b, secrets: none}\n",
            "{default_profile: a, secrets: none}\n",
        ),
        ("{secrets: none}", "{default_profile: a, secrets: none}"),
        (
            "--- # one\nsecrets: none\n",
            "--- # one\ndefault_profile: a\n\nsecrets: none\n",
        ),
        ("default_profile: a # same\n", "default_profile: a # same\n"),
    ] {
        assert_eq!(with_default(before, "a"), after);
    }
}

#[test]
fn what_cannot_be_cut_safely_is_refused_and_stays() {
    for text in [
        "profiles: *p\nx: &p {a: {}}\n",
        "x: &p {a: {}}\nprofiles: *p\n",
        "x: &p\n  a: {}\nprofiles:\n  <<: *p\n",
        "profiles:\n  a: &a {role: x}\n  b: *a\n",
        "? profiles\n: a: {role: x}\n",
        "profiles:\n  ? a\n  : {role: x}\n",
    ] {
        let Ok(mut draft) = Draft::parse(text.as_bytes(), &file()) else {
            continue;
        };
        let error = draft.remove_profile("a").unwrap_err();
        assert_eq!(error.exit_code(), 2);
        let said = error.to_string();
        assert!(
            said.contains("cannot change safely") && said.starts_with("p.yaml"),
            "{said}"
        );
        assert_eq!(text_of(draft), text);
    }
}

#[test]
fn account_names_that_are_known_stay() {
    let mut draft = draft("accounts: {\"111111111111\": mine}\n");
    let names = [
        ("111111111111".into(), "theirs".into()),
        ("222222222222".into(), "two".into()),
    ];
    draft.add_account_names(&names).unwrap();
    draft.add_account_names(&names).unwrap();
    draft
        .add_account_names(&[("1".into(), "x".into())])
        .unwrap_err();
    assert_eq!(
        text_of(draft),
        "accounts: {\"111111111111\": mine, \"222222222222\": two}\n"
    );
}

#[test]
fn broken_files_are_refused_with_their_place() {
    for (text, words) in [
        ("profiles: [\n", "p.yaml:"),
        ("- a\n", "p.yaml:1:"),
        ("a: 1\na: 2\n", "p.yaml:2:1: the key `a` is there twice"),
    ] {
        let error = Draft::parse(text.as_bytes(), &file()).unwrap_err();
        assert!(error.to_string().starts_with(words), "{error}");
    }
}

fn many(count: usize) -> Vec<NewProfile> {
    let arn = "arn:aws:iam::123456789012";
    let settings = [
        ("identity_provider", "corp".to_owned()),
        ("role", format!("{arn}:role/aws-reserved/sso/Administrator")),
        ("provider_arn", format!("{arn}:saml-provider/corp")),
        ("region", "eu-central-1".to_owned()),
    ];
    let settings = settings.map(|(key, value)| (key.to_owned(), Scalar::Text(value)));
    (0..count)
        .map(|number| NewProfile {
            name: format!("acme-production-{number}-Administrator"),
            settings: settings.to_vec(),
        })
        .collect()
}

#[test]
fn five_thousand_profiles_fit_into_one_file() {
    let mut draft = draft("");
    draft.add_profiles(&many(5_000)).unwrap();
    let again = Draft::parse(&draft.finish().unwrap(), &file()).unwrap();
    assert!(again.has_profile("acme-production-4999-Administrator"));
}

#[test]
fn a_file_that_would_be_too_large_is_left_alone_and_called_so() {
    let mut draft = draft("profiles:\n  one: {}\n");
    let error = draft.add_profiles(&many(10_100)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "p.yaml would become too large for a configuration file"
    );
    assert_eq!(text_of(draft), "profiles:\n  one: {}\n");
}

#[test]
fn several_profiles_go_at_once_however_they_are_written() {
    for (text, left) in [
        (
            "profiles:\n  # first\n  a: {x: 1}\n  b:\n    x: 1\n\n  # last\n  c: {}\n  d: {}\n",
            "profiles:\n  # first\n\n  # last\n  c: {}\n",
        ),
        (
            "profiles: {a: {}, b: {}, c: {}, d: {}}\n",
            "profiles: {c: {}}\n",
        ),
        (
            "default_profile: b\nprofiles:\n  a: {}\n  b: {}\n  c: {}\n  d: {}\ngroups: {x: [a, b, c], y: [a, d]}\n",
            "profiles:\n  c: {}\ngroups: {x: [c]}\n",
        ),
    ] {
        let mut draft = draft(text);
        let removed = draft.remove_profiles(&["d", "a", "b"]).unwrap();
        assert_eq!(removed.len(), 3);
        assert_eq!(text_of(draft), left);
    }
    let text = "profiles:\n  a: {}\n";
    let mut draft = draft(text);
    let error = draft.remove_profiles(&["a", "b"]).unwrap_err();
    assert_eq!(error.to_string(), "there is no profile `b` in p.yaml");
    assert_eq!(text_of(draft), text);
}
