//! `--record`: what is saved and where, what is refused before anything is sent, and the recordings that are kept.

use std::fs;
use std::path::{Path, PathBuf};

use mai::idp::recording::replay::{Replayed, replay};
use mai_testbed::{PASSWORD, Testbed};

use crate::support::{Home, PROFILES, corp, mode};

/// Walks a recording again: by the same way to the same end.
#[track_caller]
fn replays(folder: &Path) -> Replayed {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let what = folder.display();
    let replayed = runtime
        .block_on(replay(folder))
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(replayed.strayed, None, "{what}");
    assert_eq!(
        replayed.end, replayed.recorded,
        "{what}: {:?}",
        replayed.error
    );
    assert_eq!(replayed.left, 0, "{what}");
    replayed
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found
}

#[test]
fn every_recording_that_is_kept_is_walked_again() {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let kept: Vec<PathBuf> = folders(&all)
        .iter()
        .flat_map(|provider| folders(provider))
        .collect();
    assert!(kept.len() > 1, "{kept:?}");
    for recording in kept {
        replays(&recording);
    }
}

#[test]
fn a_sign_in_is_saved_for_its_owner_only_and_names_nobody() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "keycloak", "ada");
    home.login("prod").ok();
    testbed.forget_sessions();
    // The keys are good; who records wants a sign-in all the same.
    let answer = home.login("prod --record walk").ok();
    assert!(
        answer.stderr.contains("Recorded 2 pages in walk. "),
        "{answer}"
    );
    assert!(answer.stderr.contains("look through it"), "{answer}");
    assert_eq!(home.names("walk"), ["01.html", "02.html", "walk.json"]);
    assert_eq!(mode(&home.path("walk")), 0o700);
    for name in home.names("walk") {
        assert_eq!(mode(&home.path(&format!("walk/{name}"))), 0o600);
        let text = home.read(&format!("walk/{name}"));
        for secret in [PASSWORD, "correct", "127.0.0.1", "\"ada\"", "corp"] {
            assert!(!text.contains(secret), "{secret} in {name}:\n{text}");
        }
    }
    let walk = home.read("walk/walk.json");
    for kept in [
        "/realms/",
        "protocol/saml/clients/aws",
        "\"password\": \"password\"",
        "\"version\": 1",
    ] {
        assert!(walk.contains(kept), "{kept} in\n{walk}");
    }
    assert_eq!(replays(&home.path("walk")).end, "arrived");
}

#[test]
fn roles_can_be_recorded_too() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simplesaml", "ada");
    let answer = home
        .mai_with(
            "roles --record walk --password-stdin",
            &format!("{PASSWORD}\n"),
        )
        .ok();
    assert!(
        answer.stdout.contains("ReadOnly") && answer.stderr.contains("in walk. "),
        "{answer}"
    );
    assert_eq!(replays(&home.path("walk")).end, "arrived");
}

#[test]
fn what_fails_is_saved_as_well() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "two-pages", "ada");
    let answer = home.mai_with("login prod --password-stdin --record walk", "wrong horse\n");
    answer.fails(4, &["refused the password", "Recorded 3 pages"]);
    assert_eq!(replays(&home.path("walk")).end, "refused");
    let home = Home::at(&testbed, "keycloak", "ada");
    home.mai("login prod --record walk")
        .fails(3, &["Recorded 1 page in"]);
    assert_eq!(replays(&home.path("walk")).end, "needs_you");
}

#[test]
fn ctrl_c_at_a_question_saves_what_came_before_it() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "keycloak", "ada");
    let mut terminal = home.terminal("login prod --record walk");
    terminal.expect("Password").keys("\u{3}");
    let (seen, code) = terminal.end();
    assert_eq!(code, 130, "{seen}");
    assert!(seen.contains("Recorded 1 page"), "{seen}");
    assert_eq!(home.names("walk"), ["01.html", "walk.json"]);
    assert_eq!(replays(&home.path("walk")).end, "interrupted");
}

#[test]
fn a_run_that_is_cut_off_saves_what_there_is() {
    let testbed = Testbed::start();
    let waits = corp(&testbed, "simplesaml", "ada").replace(
        "password: ask",
        "password: {command: [sh, -c, 'touch asked; sleep 60'], unattended: true}",
    );
    let home = Home::with(&testbed, &format!("{waits}{PROFILES}"));
    let run = home.start("login prod --record walk");
    let asked = home.path("asked");
    let begun = std::time::Instant::now();
    while !asked.exists() {
        assert!(begun.elapsed().as_secs() < 20, "the command never ran");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let pid = rustix::process::Pid::from_child(&run);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("a signal is sent");
    let answer = crate::support::finish(run, "");
    assert_eq!(answer.code, Some(130), "{answer}");
    assert!(
        answer.stderr.contains("Recorded 1 page in walk"),
        "{answer}"
    );
    assert_eq!(home.names("walk"), ["01.html", "walk.json"]);
    assert_eq!(replays(&home.path("walk")).end, "interrupted");
}

#[test]
fn a_folder_that_cannot_be_made_costs_no_request() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    home.write("file", "x");
    home.write("folder/kept", "x");
    fs::create_dir(home.path("empty")).expect("a folder");
    std::os::unix::fs::symlink(home.path("gone"), home.path("link")).expect("a link");
    for (folder, words) in [
        ("file", "exists already"),
        ("folder", "exists already"),
        ("empty", "exists already"),
        ("link", "exists already"),
        (".", "exists already"),
        ("no/such/folder", "does not exist"),
        ("file/walk", "cannot be made"),
        ("/proc/walk", "--record /proc/walk"),
        ("''", "--record"),
    ] {
        home.login(&format!("prod --record {folder}"))
            .fails(2, &[words]);
    }
    assert_eq!(testbed.requests().len(), 0);
    assert_eq!(home.names("folder"), ["kept"]);
    assert_eq!(home.credentials(), "");
}

#[test]
fn one_sign_in_is_recorded_and_none_that_does_not_happen() {
    let testbed = Testbed::start();
    let two = format!(
        "{}  other:\n    url: {}\n    username: ada\nprofiles:\n  prod: {{identity_provider: corp, role: 111111111111/ReadOnly}}\n  \
         more: {{identity_provider: other, role: 111111111111/ReadOnly}}\n",
        corp(&testbed, "simple", "ada"),
        testbed.face("keycloak")
    );
    let home = Home::with(&testbed, &two);
    home.mai("login prod more --record walk")
        .fails(2, &["one identity provider"]);
    home.mai_with("login prod --record walk --saml-response -", "x")
        .fails(2, &["--saml-response"]);
    home.mai("login nobody --record walk").fails(2, &["nobody"]);
    assert!(!home.path("walk").exists());
    // A host that does not answer is a recording without a page.
    let home = Home::with(
        &testbed,
        &format!(
            "identity_providers:\n  corp: {{url: 'http://127.0.0.1:9/', username: ada}}\n{PROFILES}"
        ),
    );
    home.mai("login prod --record walk")
        .fails(5, &["Recorded 0 pages"]);
    assert_eq!(replays(&home.path("walk")).end, "unreachable");
}

#[test]
fn a_page_that_nobody_knows_can_be_recorded_before_there_is_a_profile() {
    let testbed = Testbed::start();
    let mut home = Home::new();
    home.know(&testbed);
    let url = testbed.face("error-page");
    let line = format!("create prod -U ada --url {url} --record walk --password-stdin");
    let answer = home.mai_with(&line, "a password\n");
    assert_ne!(answer.code, Some(0), "{answer}");
    assert!(
        home.names("walk").contains(&"walk.json".to_owned()),
        "{answer}"
    );
    assert!(home.names(".config/mai").is_empty(), "{answer}");
}
