//! `--record`: what is saved, what is not in it, and that it can be walked again.

use std::fs;
use std::path::Path;

use mai::idp::recording::replay::{Replayed, replay};
use mai_testbed::{PASSWORD, Testbed};

use crate::support::{Answer, Home, PROFILES, corp, mode};

/// Walks a recording again.
fn replayed(folder: &Path) -> Replayed {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    runtime
        .block_on(replay(folder))
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
}

/// It comes to the same end by the same way.
#[track_caller]
fn replays(folder: &Path, what: &str) -> Replayed {
    let replayed = replayed(folder);
    assert_eq!(replayed.strayed, None, "{what}: {}", everything(folder));
    assert_eq!(
        replayed.end,
        replayed.recorded,
        "{what}: {:?}\n{}",
        replayed.error,
        everything(folder)
    );
    assert_eq!(replayed.left, 0, "{what}");
    replayed
}

/// All files of a recording, with their names.
fn everything(folder: &Path) -> String {
    let mut names: Vec<_> = fs::read_dir(folder)
        .expect("the recording exists")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    names.sort();
    names
        .iter()
        .map(|path| {
            format!(
                "--- {}\n{}\n",
                path.display(),
                fs::read_to_string(path).expect("a text")
            )
        })
        .collect()
}

/// Every kind of page: a face, a user, and what is set beside.
fn record(testbed: &Testbed, face: &str, user: &str, more: &str) -> (Home, Answer) {
    let home = Home::with(
        testbed,
        &format!("{}{more}{PROFILES}", corp(testbed, face, user)),
    );
    let answer = home.mai_with(
        "login prod --password-stdin --record walk",
        &format!("{PASSWORD}\n"),
    );
    (home, answer)
}

#[test]
fn a_sign_in_at_every_face_is_walked_again_to_the_same_end() {
    let testbed = Testbed::start();
    let other = testbed.other_url().split("://").nth(1).unwrap_or_default();
    let mut arrived = 0;
    for face in Testbed::faces() {
        if face == "huge" {
            continue;
        }
        testbed.forget_sessions();
        let more = format!("    consent: accept\n    trusted_hosts: [{other}]\n");
        let (home, answer) = record(&testbed, face, "ada", &more);
        let folder = home.path("walk");
        assert!(folder.is_dir(), "{face}: {answer}");
        let replayed = replays(&folder, face);
        arrived += usize::from(replayed.end == "arrived");
        assert_eq!(
            answer.code == Some(0),
            replayed.end == "arrived",
            "{face}: {answer}"
        );
        let all = everything(&folder);
        for secret in [PASSWORD, "\"ada\"", "127.0.0.1"] {
            assert!(!all.contains(secret), "{face}: {secret} in\n{all}");
        }
    }
    assert!(arrived > 30, "{arrived}");
}
