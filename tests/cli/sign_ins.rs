//! Sign-ins as the tests of every login page need them: somebody at a face, what it cost, and the keys at its end.

use std::time::{SystemTime, UNIX_EPOCH};

use mai_testbed::{PASSWORD, Server, TABLET_SECRET, Testbed, totp};

use crate::support::{Answer, Home, PROFILES, Terminal, corp, sts_calls};

/// A profile that every user of the testbed can have.
pub const READER: &str =
    "profiles:\n  any: {identity_provider: corp, role: 111111111111/ReadOnly}\n";

/// Ada at a face, with `PROFILES` and further settings of the identity provider.
pub fn ada_at(testbed: &Testbed, face: &str, more: &str) -> Home {
    let corp = corp(testbed, face, "ada");
    Home::with(testbed, &format!("{corp}{more}{PROFILES}"))
}

/// Somebody at a face, with `READER` and further settings of the identity provider.
pub fn home_of(testbed: &Testbed, face: &str, user: &str, more: &str) -> Home {
    let corp = corp(testbed, face, user);
    Home::with(testbed, &format!("{corp}{more}{READER}"))
}

/// Requests to the identity provider's hosts, and how many of them had a password.
pub fn traffic(testbed: &Testbed) -> (usize, usize) {
    let seen = testbed.requests();
    let pages = seen.iter().filter(|seen| seen.server != Server::Sts);
    let passwords = pages.clone().filter(|seen| seen.had_password).count();
    (pages.count(), passwords)
}

/// In a terminal, up to the first question after the password.
pub fn after_password(home: &Home) -> Terminal {
    let mut terminal = home.terminal("login any");
    terminal.expect("Password").line(PASSWORD);
    terminal
}

/// Types a code at the question that has `words` in it; all is well, and what was seen comes back.
#[track_caller]
pub fn a_code_ends_it(mut terminal: Terminal, words: &str, code: &str) -> String {
    terminal.expect(words).expect(": ").line(code);
    let (seen, exit) = terminal.end();
    assert_eq!(exit, 0, "{seen}");
    seen
}

/// What kim's second device shows now.
pub fn tablet() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    totp(TABLET_SECRET, now.expect("a time after 1970").as_secs())
}

/// Signs in with nobody to ask: keys, that many requests and no more, one password, one call of STS.
#[track_caller]
pub fn ends_in_keys(
    testbed: &Testbed,
    face: &str,
    home: &Home,
    profile: &str,
    requests: usize,
) -> Answer {
    testbed.forget_sessions();
    testbed.clear_requests();
    let answer = home.login(profile);
    assert_eq!(answer.code, Some(0), "{face}: {answer}");
    let key = home.key(profile, "aws_access_key_id").unwrap_or_default();
    assert!(key.starts_with("ASIA"), "{face}: {key}");
    let passwords = usize::from(face != "no-password");
    assert_eq!(traffic(testbed), (requests, passwords), "{face}");
    assert_eq!(sts_calls(testbed), 1, "{face}");
    answer
}

/// The same for ada at each face.
#[track_caller]
pub fn end_in_keys(testbed: &Testbed, faces: &[(&str, usize)], more: &str) {
    for (face, requests) in faces {
        let home = ada_at(testbed, face, more);
        ends_in_keys(testbed, face, &home, "prod", *requests);
    }
}
