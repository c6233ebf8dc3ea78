//! Files of every shape, generated: whatever is changed, the other lines survive.

use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

fn file() -> SourceFile {
    SourceFile::new(PathBuf::from("/x/p.yaml"), "p.yaml".into())
}

/// How one profile is written: its lines, without indent, and how deep they are.
fn profile_lines() -> impl Strategy<Value = Vec<(usize, &'static str)>> {
    prop_oneof![
        Just(vec![(0, "NAME: {role: x, region: 'e'}  # flow")]),
        Just(vec![
            (0, "NAME:"),
            (1, "role: x"),
            (1, "# within"),
            (1, "region: \"e\" # r")
        ]),
        Just(vec![
            (0, "\"NAME\":   # quoted"),
            (1, "role: 'it''s'"),
            (0, ""),
            (1, "duration: 8h")
        ]),
        Just(vec![(0, "NAME: &NAME_anchor"), (1, "role: x")]),
        Just(vec![
            (0, "NAME:"),
            (1, "policy_arns:"),
            (1, "- a"),
            (1, "-   b")
        ]),
        Just(vec![
            (0, "NAME: {"),
            (1, "role: 'x,}'  ,"),
            (1, "region: e"),
            (0, "}")
        ]),
        Just(vec![(0, "NAME: {}")]),
        Just(vec![(0, "NAME:")]),
    ]
}

fn between() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("-"),
        Just(""),
        Just("# words"),
        Just("    # deep"),
        Just("  \n# x\n")
    ]
}

#[derive(Clone, Debug)]
struct Shape {
    profiles: Vec<(Vec<(usize, &'static str)>, &'static str)>,
    indent: usize,
    before: &'static str,
    after: &'static str,
    crlf: bool,
    open_end: bool,
}

fn shape() -> impl Strategy<Value = Shape> {
    let before = prop_oneof![
        Just(""),
        Just("---\n"),
        Just("# top\n\n"),
        Just("secrets: none\n"),
        Just("identity_providers:\n  corp: {url: x}\n\n# the profiles\n"),
        Just("groups:\n  g: [p0, p1]\n  h:\n  - p1 # one\n  - p0\n"),
    ];
    let after = prop_oneof![
        Just(""),
        Just("\n"),
        Just("# tail\n"),
        Just("  # inner tail\n\n# outer\nsecrets2: x\n"),
        Just("accounts: {\"012345678901\": x}\n"),
        Just("text: |\n  profiles:\n    p0: no\n\n"),
        Just("...\n# end\n"),
    ];
    (
        prop::collection::vec((profile_lines(), between()), 0..4),
        1..5_usize,
        before,
        after,
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(profiles, indent, before, after, crlf, open_end)| Shape {
            profiles,
            indent,
            before,
            after,
            crlf,
            open_end,
        })
}

impl Shape {
    fn text(&self) -> String {
        let mut text = format!("{}profiles:\n", self.before);
        for (at, (lines, between)) in self.profiles.iter().enumerate() {
            for (depth, line) in lines {
                let line = line.replace("NAME", &format!("p{at}"));
                text += &format!("{}{line}\n", " ".repeat(self.indent * (depth + 1)));
            }
            match *between {
                "-" => {}
                between => text += &format!("{between}\n"),
            }
        }
        text += self.after;
        if self.open_end {
            text.truncate(text.trim_end_matches('\n').len());
        }
        if self.crlf {
            text.replace('\n', "\r\n")
        } else {
            text
        }
    }
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

/// All of `some` stand in `all`, in their order.
fn survive(some: &[&str], all: &[&str]) -> bool {
    let mut all = all.iter();
    some.iter().all(|line| all.any(|other| other == line))
}

/// How many lines say something.
fn words(text: &str) -> usize {
    text.lines().filter(|line| !line.trim().is_empty()).count()
}

/// How many blank lines part nothing: at the top, and below another one.
fn gaps(text: &str) -> usize {
    let blank: Vec<bool> = text.lines().map(|line| line.trim().is_empty()).collect();
    let double = blank.windows(2).filter(|two| two[0] && two[1]).count();
    double + usize::from(blank.first() == Some(&true))
}

fn new(name: &str) -> NewProfile {
    NewProfile {
        name: name.into(),
        settings: vec![("role".into(), Scalar::Text("no: #way".into()))],
    }
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Text that is mostly YAML: pieces of it in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "profiles:",
            "groups:",
            "default_profile:",
            "p0:",
            "p1: ",
            "  ",
            "\n",
            "\r\n",
            "\r",
            "\n  ",
            "\n    ",
            "{",
            "}",
            "[",
            "]",
            ", ",
            ": ",
            "- ",
            "? ",
            "# x",
            " # y",
            "&a ",
            "*a",
            "<<: ",
            "!!map ",
            "!t ",
            "'",
            "\"",
            "~",
            "null",
            "|",
            ">-",
            "---",
            "...",
            "%YAML 1.2",
            "\t",
            "\u{85}",
            "\u{2028}",
            "ä",
            "\u{feff}",
            "p0",
            "{}",
            "profiles: {p0: {role: x}}\n",
            "groups: {g: [p0, p1]}\n",
            "profiles:\n  p0:\n    role: x\n",
        ]),
        prop::sample::select(vec!["a", "role", "x y", "\\"]),
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn any_text_is_changed_as_wanted_or_left_alone(before in pieces()) {
        let Ok(draft) = Draft::parse(before.as_bytes(), &file()) else { return Ok(()); };
        let changes: [fn(&mut Draft) -> Result<()>; 4] = [
            |draft| draft.add_profile(&new("zz")),
            |draft| draft.remove_profile("p0").map(drop),
            |draft| draft.set_default("p0"),
            |draft| draft.add_account_names(&[("012345678901".into(), "x".into())]),
        ];
        for change in changes {
            let mut changed = draft.clone();
            let outcome = change(&mut changed);
            let after = String::from_utf8(changed.finish().map_err(|e| TestCaseError::fail(format!("{before:?}: {e}")))?).unwrap();
            if outcome.is_err() {
                prop_assert_eq!(&after, &before);
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn adding_keeps_every_line_and_going_back_gives_the_old_text(shape in shape()) {
        let before = shape.text();
        let Ok(mut draft) = Draft::parse(before.as_bytes(), &file()) else { return Ok(()); };
        draft.add_profile(&new("zz")).map_err(|e| TestCaseError::fail(format!("{before:?}: {e}")))?;
        let after = String::from_utf8(draft.clone().finish().unwrap()).unwrap();
        prop_assert!(survive(&lines(&before), &lines(&after)), "{before}\n=>\n{after}");
        let more = after.matches('\n').count() - before.matches('\n').count();
        prop_assert!(more <= 4, "{before}\n=>\n{after}");
        prop_assert_eq!(after.contains("\r\n"), before.contains("\r\n"));
        draft.remove_profile("zz").map_err(|e| TestCaseError::fail(format!("{after:?}: {e}")))?;
        let again = String::from_utf8(draft.finish().unwrap()).unwrap();
        prop_assert!(survive(&lines(&before), &lines(&again)), "{before}\n=>\n{again}");
    }

    #[test]
    fn a_new_default_keeps_every_line(shape in shape()) {
        let before = shape.text();
        let Ok(mut draft) = Draft::parse(before.as_bytes(), &file()) else { return Ok(()); };
        draft.set_default("p0").map_err(|e| TestCaseError::fail(format!("{before:?}: {e}")))?;
        let after = String::from_utf8(draft.finish().unwrap()).unwrap();
        prop_assert!(survive(&lines(&before), &lines(&after)), "{before}\n=>\n{after}");
    }

    #[test]
    fn removing_takes_nothing_that_belongs_to_others(shape in shape()) {
        let before = shape.text();
        let Ok(mut draft) = Draft::parse(before.as_bytes(), &file()) else { return Ok(()); };
        if !draft.has_profile("p0") { return Ok(()); }
        draft.remove_profile("p0").map_err(|e| TestCaseError::fail(format!("{before:?}: {e}")))?;
        let after = String::from_utf8(draft.finish().unwrap()).unwrap();
        prop_assert!(survive(&lines(&after).into_iter().filter(|l| !l.contains("g: [")).collect::<Vec<_>>(), &lines(&before)), "{before}\n=>\n{after}");
        // Everything before and behind the table, and the other profiles.
        let own = shape.profiles[0].0.len() + 1;
        let lost = words(&before) - words(&after);
        let deep = usize::from(shape.profiles[0].1.starts_with("    #")) + usize::from(shape.after.starts_with("  #"));
        let group = usize::from(shape.before.starts_with("groups"));
        prop_assert!(lost <= own - 1 + deep + group * 2, "{before}\n=>\n{after}");
        prop_assert!(gaps(&after) <= gaps(&before), "{before}\n=>\n{after}");
    }
}
