//! Sign-ins at every face of the testbed: recorded, masked, and walked again.

use std::fmt::Write;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use mai_testbed::{PASSWORD, PLANTED, Testbed};
use url::form_urlencoded::byte_serialize;

use super::replay::{Replayed, replay};
use super::*;
use crate::arn::is_sign_in_host;
use crate::idp::visit::AgreementKind;
use crate::net::client::{self, ClientSettings};
use crate::presence::Presence;

/// Who signs in: takes the last of several ways, and agrees to everything.
struct Ada<'t> {
    testbed: &'t Testbed,
    user: &'static str,
    password: &'static str,
    codes: Vec<String>,
}

impl Person for Ada<'_> {
    fn username(&mut self, _host: &str) -> Result<String> {
        Ok(self.user.to_owned())
    }

    fn password(&mut self, _host: &str) -> Result<Secret> {
        Ok(Secret::new(self.password))
    }

    fn code(&mut self, _ask: &CodeRequest) -> Result<Secret> {
        let code = self
            .codes
            .pop()
            .unwrap_or_else(|| self.testbed.code(self.user));
        Ok(Secret::new(code))
    }

    fn choose(&mut self, ask: &Choice) -> Result<usize> {
        Ok(ask.options.len() - 1)
    }

    fn agree(&mut self, ask: &Agreement) -> Result<bool> {
        Ok(ask.kind != AgreementKind::Terms || self.user != "otto")
    }
}

fn ada(testbed: &Testbed) -> Ada<'_> {
    Ada {
        testbed,
        user: "ada",
        password: PASSWORD,
        codes: Vec::new(),
    }
}

fn block_on<T>(what: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(what)
}

/// What came of it, and all files, written into `folder`.
fn recorded(face: &str, person: &mut Ada<'_>, folder: &Path) -> (Result<Arrival>, String) {
    let settings = Settings {
        presence: Presence::Person,
        ..Settings::new(Url::parse(&person.testbed.face(face)).unwrap())
    };
    let recording = Recording::default();
    let mut visitor = Visitor::new(client::build(&ClientSettings::default()).unwrap());
    let outcome = block_on(recording.sign_in(&mut visitor, &settings, is_sign_in_host, person));
    let masked = recording
        .masked(is_sign_in_host)
        .unwrap_or_else(|e| panic!("{face}: {e}"));
    let mut all = String::new();
    for (name, content) in &masked.files {
        std::fs::write(folder.join(name), content).unwrap();
        writeln!(all, "--- {name}\n{}", String::from_utf8_lossy(content)).unwrap();
    }
    assert_eq!(masked.withheld, 0, "{face}: {all}");
    (outcome, all)
}

#[track_caller]
fn replays(folder: &Path, what: &str) -> Replayed {
    let replayed = block_on(replay(folder)).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(replayed.strayed, None, "{what}");
    assert_eq!(
        replayed.end, replayed.recorded,
        "{what}: {:?}",
        replayed.error
    );
    assert_eq!(replayed.left, 0, "{what}");
    replayed
}

/// `text` in every spelling that a page may have.
fn spellings(text: &str) -> Vec<String> {
    let percent: String = byte_serialize(text.as_bytes()).collect();
    let mut all = vec![
        text.to_owned(),
        percent.to_lowercase(),
        percent.replace('+', "%20").to_lowercase(),
        text.bytes().map(|b| format!("%{b:02x}")).collect(),
        text.bytes().map(|b| format!("{b:02x}")).collect(),
        text.chars().map(|c| format!("&#{};", c as u32)).collect(),
        text.chars()
            .map(|c| format!("&#x{:x};", c as u32))
            .collect(),
        text.encode_utf16().map(|u| format!("\\u{u:04x}")).collect(),
    ];
    for shift in 0..3 {
        let shifted = format!("{}{text}", "|".repeat(shift));
        for coded in [
            STANDARD_NO_PAD.encode(&shifted),
            URL_SAFE_NO_PAD.encode(&shifted),
        ] {
            all.push(coded[(shift * 8).div_ceil(6)..shifted.len() * 8 / 6].to_lowercase());
        }
    }
    all
}

#[track_caller]
fn holds_nothing_of(all: &str, secrets: &[&str], what: &str) {
    let lower = all.to_lowercase();
    for secret in secrets {
        for spelled in spellings(&secret.to_lowercase())
            .into_iter()
            .chain(spellings(secret))
        {
            let spelled = spelled.to_lowercase();
            assert!(
                !lower.contains(&spelled),
                "{what}: {secret} as {spelled} in\n{all}"
            );
        }
    }
}

#[test]
fn a_sign_in_at_every_face_is_walked_again_to_the_same_end() {
    let testbed = Testbed::start();
    let mut arrived = 0;
    for face in Testbed::faces() {
        // More than 2 MB: nothing arrives that could be masked.
        if face == "huge" {
            continue;
        }
        testbed.forget_sessions();
        testbed.forget_codes();
        let folder = tempfile::tempdir().unwrap();
        let (outcome, all) = recorded(face, &mut ada(&testbed), folder.path());
        let replayed = replays(folder.path(), &format!("{face}\n{all}"));
        assert_eq!(outcome.is_ok(), replayed.end == "arrived", "{face}");
        arrived += usize::from(outcome.is_ok());
        holds_nothing_of(&all, &[PASSWORD, "127.0.0.1", "\"ada\""], face);
        if let Ok(arrival) = &outcome {
            holds_nothing_of(&all, &[&arrival.assertion.response().expose()[..60]], face);
        }
    }
    assert!(arrived > 30, "only {arrived} arrived");
}

#[test]
fn refused_passwords_and_codes_and_second_factors_are_walked_again() {
    let testbed = Testbed::start();
    for face in ["simple", "keycloak", "simplesaml", "two-pages"] {
        let folder = tempfile::tempdir().unwrap();
        let mut wrong = Ada {
            password: "wrong horse stable",
            ..ada(&testbed)
        };
        let (_, all) = recorded(face, &mut wrong, folder.path());
        assert_eq!(replays(folder.path(), face).end, "refused", "{all}");
        holds_nothing_of(&all, &["wrong horse stable"], face);

        testbed.forget_codes();
        let folder = tempfile::tempdir().unwrap();
        let mut otto = Ada {
            user: "otto",
            codes: vec!["918273".to_owned()],
            ..ada(&testbed)
        };
        let (outcome, all) = recorded(face, &mut otto, folder.path());
        assert!(outcome.is_ok(), "{face}: {outcome:?}");
        replays(folder.path(), &format!("{face}\n{all}"));
        holds_nothing_of(&all, &["918273", "\"otto\""], face);
    }
}

#[test]
fn nothing_that_lies_about_on_a_page_is_in_a_recording() {
    let testbed = Testbed::start();
    let mut found_each_time: Option<Vec<&str>> = None;
    for round in 0..3 {
        testbed.forget_sessions();
        let folder = tempfile::tempdir().unwrap();
        let (outcome, all) = recorded("leaky", &mut ada(&testbed), folder.path());
        assert!(outcome.is_ok(), "{outcome:?}");
        let what = format!("leaky {round}");
        holds_nothing_of(&all, PLANTED, &what);
        holds_nothing_of(&all, &[PASSWORD], &what);
        // Parts of them neither; random letters and digits may spell a short one, but not every time.
        let parts = [
            "zanzibar",
            "quackenbush",
            "wilhel",
            "heron",
            "9f8e7d6c5b4a",
            "8877665544",
            "2671",
            "jses9",
            "eu17",
            "horse",
        ];
        let all_small = all.to_lowercase();
        let candidates = found_each_time.unwrap_or(parts.to_vec());
        let found = candidates.into_iter().filter(|p| all_small.contains(p));
        found_each_time = Some(found.collect());
        assert_eq!(replays(folder.path(), &all).end, "arrived");
    }
    assert_eq!(found_each_time, Some(Vec::new()));
}

#[test]
fn a_page_that_would_show_a_secret_in_pieces_is_left_out() {
    let url = Url::parse("https://acme.test/").unwrap();
    let recording = Recording::default();
    recording
        .notes()
        .passwords
        .push(Secret::new("login now please"));
    recording.notes().steps.push(Exchange {
        request: Request::get(url.clone()),
        passed: Vec::new(),
        outcome: Ok(Answered {
            url,
            status: 200,
            headers: HeaderMap::new(),
            // Known words all of them, and none of them beside the others.
            text: "<p>login</p><i>now</i><b>please</b>".to_owned(),
            charset: "UTF-8",
            plain_http_hop: false,
            had_basic: false,
        }),
    });
    let masked = recording.masked(is_sign_in_host).unwrap();
    assert_eq!((masked.pages, masked.withheld), (0, 1));
    assert_eq!(masked.files.len(), 1);
}

#[test]
fn a_recording_that_was_changed_is_not_walked_to_its_end() {
    let testbed = Testbed::start();
    let folder = tempfile::tempdir().unwrap();
    recorded("simple", &mut ada(&testbed), folder.path())
        .0
        .unwrap();
    let page = folder.path().join("01.html");
    let html = std::fs::read_to_string(&page).unwrap();
    std::fs::write(&page, html.replace("name=\"username\"", "name=\"user\"")).unwrap();
    let replayed = block_on(replay(folder.path())).unwrap();
    assert!(
        replayed
            .strayed
            .is_some_and(|strayed| strayed.contains("username"))
    );
    assert_eq!(replayed.end, "failed");

    for (content, words) in [("{}", "no recording"), ("{\"version\": 9}", "no recording")] {
        std::fs::write(folder.path().join("walk.json"), content).unwrap();
        let error = block_on(replay(folder.path())).unwrap_err();
        assert!(error.message().contains(words), "{error}");
    }
    assert!(block_on(replay(&folder.path().join("nowhere"))).is_err());
}
