//! `mai logout`: what is gone afterwards, what stays, and what is said of it.

use mai_testbed::{Fault, PASSWORD, Server, Testbed};

use crate::kept_sessions::home_at;
use crate::sign_ins::traffic;
use crate::support::{Answer, Home, sts_calls};

fn signed_in(testbed: &Testbed, face: &str) -> Home {
    let home = home_at(testbed, face, "");
    home.write(
        ".aws/credentials",
        "# mine\n[other]\naws_access_key_id = AKIAOTHER\n",
    );
    home.login("morning").ok();
    testbed.clear_requests();
    home
}

/// What was said, but for the STS in force.
fn said(answer: &Answer) -> Vec<&str> {
    let lines = answer.stderr.lines();
    lines
        .filter(|line| !line.starts_with("Using the STS"))
        .collect()
}

#[test]
fn keys_and_session_are_gone_and_all_else_stays() {
    let testbed = Testbed::start();
    for (face, requests) in [("simplesaml", 2), ("keycloak", 2)] {
        let home = signed_in(&testbed, face);
        let before = home.credentials();
        let answer = home.mai("logout prod").ok();
        let told = [
            "Forgot the session of corp.",
            "Removed the keys in [prod].",
            "Signed out at 127.0.0.1.",
        ];
        let told: Vec<&str> = said(&answer)
            .into_iter()
            .filter(|line| told.contains(line))
            .collect();
        assert_eq!(told.len(), 3, "{answer}");
        assert_eq!(traffic(&testbed), (requests, 0), "{face}");
        assert_eq!(home.key("prod", "aws_access_key_id"), None);
        let after = home.credentials();
        assert!(
            after.starts_with("# mine\n[other]\n") && before.contains("[prod]"),
            "{after}"
        );
        assert!(!after.contains("[prod]"), "{after}");
        assert!(home.key("audit", "aws_access_key_id").is_some());
        let sessions = home.read(".local/state/mai/sessions");
        assert!(
            !sessions.contains("prod\t") && sessions.contains("audit\t"),
            "{sessions}"
        );
        // Neither here nor there is a session to come back to.
        home.mai("login prod --no-input")
            .fails(3, &["nobody can be asked"]);
    }
}

#[test]
fn a_second_time_there_is_nothing_to_remove() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed, "simplesaml");
    home.mai("logout --all").ok();
    testbed.clear_requests();
    let answer = home.mai("logout --all").ok();
    assert_eq!(said(&answer), ["There was nothing to remove."]);
    assert_eq!(traffic(&testbed), (0, 0));
    let credentials = home.credentials();
    assert_eq!(
        credentials,
        "# mine\n[other]\naws_access_key_id = AKIAOTHER\n"
    );
    let answer = home.mai("logout morning -o json").ok();
    let all = answer.json();
    assert!(
        all.as_array()
            .unwrap()
            .iter()
            .all(|item| item["status"] == "absent"),
        "{answer}"
    );
}

#[test]
fn what_cannot_be_removed_is_said() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed, "simple");
    let keys = home.credentials();
    // The record of the keys is lost, and the vault is of a later version.
    std::fs::remove_file(home.path(".local/state/mai/sessions")).expect("it was there");
    home.write(".local/state/mai/vault", "mai-vault 2\nx");
    home.mai("logout prod").fails(
        1,
        &[
            "the keys in [prod] stay",
            "~/.aws/credentials",
            "the session of corp cannot be removed from ~/.local/state/mai/vault",
            "another version of `mai`",
            "vault.old",
        ],
    );
    assert_eq!(home.credentials(), keys);
}

/// A home whose keys of prod are in the vault.
fn signed_in_to_the_vault(testbed: &Testbed) -> Home {
    let home = home_at(testbed, "simplesaml", "");
    let profiles = home.read(".config/mai/profiles.yaml");
    home.profiles(&format!("defaults: {{keys: process}}\n{profiles}"));
    home.login("prod").ok();
    home
}

const VAULT: &str = ".local/state/mai/vault";

#[test]
fn a_vault_that_cannot_be_opened_is_named_with_what_stays_in_it() {
    let testbed = Testbed::start();
    let home = signed_in_to_the_vault(&testbed);
    // There is no keyring here.
    let profiles = home.read(".config/mai/profiles.yaml");
    home.profiles(&profiles.replace("secrets: file", "secrets: keyring"));
    let remove =
        "or remove the vault with all keys and sessions in it: rm ~/.local/state/mai/vault";
    let from = "cannot be removed from ~/.local/state/mai/vault: the keyring cannot be used";
    let session = format!("the session of corp {from}");
    let keys = format!("the keys of prod {from}");
    let answer = home.mai("logout prod").fails(1, &[&session, &keys]);
    assert_eq!(answer.stderr.matches(remove).count(), 2, "{answer}");
    assert_eq!(answer.stderr.matches("hint: ").count(), 2, "{answer}");
    home.mai("logout prod --forget").fails(
        1,
        &[
            &session,
            &keys,
            "the stored password of ada stays, if there is one: the keyring cannot be used",
            "hint: start or unlock it and run this again",
        ],
    );
    let status = || home.mai("status -o json").json()[0]["status"].clone();
    assert_eq!(status(), "valid");

    // Done as it says, the note of the keys goes too.
    std::fs::remove_file(home.path(VAULT)).expect("it was there");
    home.mai("logout prod").ok();
    assert_eq!(status(), "not_signed_in");
    // Everything is everything, whether it can be opened or not.
    home.profiles(&profiles);
    home.login("prod").ok();
    home.profiles(&profiles.replace("secrets: file", "secrets: keyring"));
    let told = "the vault is gone, and its key stays: the keyring cannot be used";
    home.mai("logout --all --forget").fails(1, &[told]);
    assert!(!home.path(VAULT).exists());
    assert_eq!(status(), "not_signed_in");
}

#[test]
fn a_folder_in_the_place_of_the_vault_is_named_with_what_to_do() {
    let testbed = Testbed::start();
    let home = signed_in_to_the_vault(&testbed);
    let path = home.path(VAULT);
    std::fs::remove_file(&path).expect("it was there");
    std::fs::create_dir(&path).expect("a folder");
    let plain = format!("{} is not a plain file of yours", path.display());
    let from = format!("cannot be removed from ~/.local/state/mai/vault: {plain}");
    let hint = format!("hint: move the folder away: mv {0} {0}.old", path.display());
    let profiles = home.read(".config/mai/profiles.yaml");
    for secrets in ["secrets: file", "secrets: keyring"] {
        home.profiles(&profiles.replace("secrets: file", secrets));
        let told = ["the session of corp", "the keys of prod"].map(|what| format!("{what} {from}"));
        let answer = home.mai("logout prod").fails(1, &[&told[0], &told[1]]);
        assert_eq!(answer.stderr.matches(&hint).count(), 2, "{answer}");
        assert!(!answer.stderr.contains("keyring"), "{answer}");
        home.mai("logout --all --forget")
            .fails(1, &[&format!("error: {plain}"), &hint]);
        assert!(path.is_dir());
    }
    std::fs::rename(&path, path.with_extension("old")).expect("it moves");
    home.profiles(&profiles);
    home.mai("logout prod").ok();
    let status = home.mai("status -o json").json()[0]["status"].clone();
    assert_eq!(status, "not_signed_in");
}

#[test]
fn keys_that_somebody_else_wrote_stay() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed, "simplesaml");
    let theirs = home
        .credentials()
        .replace("aws_access_key_id = ASIA", "aws_access_key_id = ASIB");
    home.write(".aws/credentials", &theirs);
    home.mai("logout prod").ok();
    assert_eq!(home.credentials(), theirs);
}

#[test]
fn a_provider_that_is_down_is_told_and_nothing_stays_here() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed, "simplesaml");
    testbed.set(Fault::CutHead {
        server: Server::Idp,
        times: 9,
    });
    let answer = home.mai("logout prod").fails(5, &["127.0.0.1"]);
    assert!(
        said(&answer).contains(&"Removed the keys in [prod]."),
        "{answer}"
    );
    assert_eq!(home.key("prod", "aws_access_key_id"), None);
    testbed.clear_faults();
    home.mai("login prod --no-input")
        .fails(3, &["nobody can be asked"]);
}

#[test]
fn with_forget_passwords_and_what_was_learned_go_too() {
    let testbed = Testbed::start();
    let home = home_at(&testbed, "simplesaml", "");
    let profiles = home.read(".config/mai/profiles.yaml");
    home.profiles(&profiles.replace("password: ask", "password: keyring"));
    let mut terminal = home.terminal("login morning");
    terminal.expect("Password").line(PASSWORD);
    terminal.expect("Keep the password").line("y");
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    // Without it the stored password still signs in.
    home.mai("logout prod").ok();
    home.mai("login prod --no-input").ok();

    let answer = home.mai("logout prod --forget").ok();
    let lines = said(&answer);
    assert!(
        lines.contains(&"Removed the stored password of ada."),
        "{answer}"
    );
    assert!(lines.contains(&"Forgot what was learned."), "{answer}");
    let learned = home.read(".local/state/mai/learned");
    assert!(
        !learned.contains("\tprod\t") && learned.contains("audit"),
        "{learned}"
    );
    home.mai("login prod --no-input")
        .fails(3, &["nobody can be asked"]);

    home.login("morning").ok();
    home.mai("logout --all --forget").ok();
    let left = home.names(".local/state/mai");
    assert!(!left.contains(&"vault".to_owned()), "{left:?}");
    assert!(!left.contains(&"learned".to_owned()), "{left:?}");
    let secrets = home.read(".local/state/mai/secrets");
    assert_eq!(secrets.lines().count(), 1, "only its header is left");
}

#[test]
fn sections_without_a_profile_go_with_all() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed, "simplesaml");
    home.login("prod --awsprofile elsewhere").ok();
    home.mai("logout prod").ok();
    assert!(home.key("elsewhere", "aws_access_key_id").is_some());
    home.mai("logout --all").ok();
    assert_eq!(home.key("elsewhere", "aws_access_key_id"), None);
    assert_eq!(sts_calls(&testbed), 1);
}

#[test]
fn with_all_no_session_and_no_key_stays_in_the_vault() {
    let testbed = Testbed::start();
    let home = signed_in_to_the_vault(&testbed);
    let profiles = home.read(".config/mai/profiles.yaml");
    let kept = || {
        let sessions = home.mai("doctor").stdout;
        let names = ["corp", "other", "former"].map(|name| format!("{name} ((user))"));
        names.map(|name| sessions.contains(&name))
    };
    // One that no profile has, and one that stands in no file any more, with the note of its keys lost.
    let url = testbed.face("keycloak");
    for name in ["former", "other"] {
        let another = format!("identity_providers:\n  {name}: {{url: {url}, username: ada}}\n");
        home.profiles(&profiles.replace("identity_providers:\n", &another));
        let input = format!("{PASSWORD}\n");
        home.mai_with(&format!("roles --idp {name} --password-stdin"), &input)
            .ok();
    }
    std::fs::remove_file(home.path(".local/state/mai/sessions")).expect("it was there");
    assert_eq!(kept(), [true, true, true]);

    testbed.clear_requests();
    let answer = home.mai("logout --all").ok();
    let lines = said(&answer);
    for told in [
        "Forgot the session of corp.",
        "Forgot the session of other.",
        "Forgot the session of former.",
        "Removed the keys in [prod].",
    ] {
        assert!(lines.contains(&told), "{told} in {answer}");
    }
    let ended = lines.iter().filter(|line| line.starts_with("Signed out"));
    assert_eq!(ended.count(), 2, "{answer}");
    assert_eq!(kept(), [false, false, false]);
    home.mai("roles --idp other --no-input")
        .fails(3, &["nobody can be asked"]);
}

#[test]
fn names_are_checked_before_anything_is_removed() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed, "simplesaml");
    let before = home.credentials();
    home.mai("logout prod nope")
        .fails(2, &["there is no profile `nope`"]);
    home.mai("logout").fails(2, &["which profile?"]);
    assert_eq!(home.credentials(), before);
}

#[test]
fn a_file_that_cannot_be_written_is_told_and_the_session_ends_all_the_same() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed, "simplesaml");
    let path = home.path(".aws/credentials");
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    let answer = home.mai("logout prod").fails(1, &["credentials"]);
    assert!(
        said(&answer).contains(&"Signed out at 127.0.0.1."),
        "{answer}"
    );
}

#[test]
fn without_room_it_says_so_and_not_that_the_keyring_is_locked() {
    let testbed = Testbed::start();
    let home = signed_in_to_the_vault(&testbed);
    let state = home.path(".local/state/mai").display().to_string();
    let fill = format!(
        "cp -a {state} full; mount -t tmpfs -o size=64k none {state}; cp -a full/. {state}; \
         dd if=/dev/zero of={state}/fill bs=1k 2>/dev/null || true; exec \"$@\""
    );
    let answer = home.script_with_mounts(&fill, "logout prod", "").fails(
        1,
        &[
            "the session of corp cannot be removed from ~/.local/state/mai/vault",
            "No space left on device",
            "hint: free some space and run it again; the file is as it was, or remove the vault",
        ],
    );
    assert!(!answer.stderr.contains("keyring"), "{answer}");
}

#[test]
fn keys_that_outlive_their_profile_are_removed_by_its_name() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed, "simplesaml");
    let answer = home.mai("delete prod").ok();
    for words in [
        "Keys in [prod] of ~/.aws/credentials stay there until they end",
        "`mai logout prod`",
    ] {
        assert!(answer.stderr.contains(words), "{answer}");
    }
    home.mai("logout prod nope")
        .fails(2, &["there is no profile `nope`"]);
    let answer = home.mai("logout prod -o json").ok().json();
    assert_eq!(answer[0]["kind"], "keys");
    assert_eq!(answer[0]["name"], "prod");
    assert_eq!(answer[0]["status"], "removed");
    assert_eq!(home.key("prod", "aws_access_key_id"), None);
    assert!(home.key("audit", "aws_access_key_id").is_some());
    home.mai("logout prod")
        .fails(2, &["there is no profile `prod`"]);
    home.mai("delete audit").ok();
    home.mai("logout audit").ok();
    assert_eq!(home.key("audit", "aws_access_key_id"), None);
}

#[test]
fn keys_in_the_vault_are_said_to_stay_and_go_too() {
    let testbed = Testbed::start();
    let home = signed_in_to_the_vault(&testbed);
    let answer = home.mai("delete prod").ok();
    for words in [
        "in the vault stay there until they end",
        "`mai logout prod`",
    ] {
        assert!(answer.stderr.contains(words), "{answer}");
    }
    let answer = home.mai("logout prod").ok();
    assert!(
        said(&answer).contains(&"Removed the keys in [prod]."),
        "{answer}"
    );
}
