//! What happens around the agent: somebody else's sign-in, keys that go, records that are lost.

use mai_testbed::{Fault, PASSWORD, Server, Testbed};

use super::{home_at, key_id, other_keys, shown};
use crate::clock::Clock;
use crate::running::Running;
use crate::support::{Home, sts_calls};
use crate::waiting::{wait_or_fail, wait_until};

const STATE: &str = ".local/state/mai";

/// What an agent has seen it has planned.
fn has_looked(home: &Home) {
    wait_until("a plan", || {
        home.read(&format!("{STATE}/agent")).contains("\nrenewal\t")
    });
}

/// `audit` at an identity provider of its own, with the same users.
fn two_providers(home: &Home) {
    let yaml = home.read(".config/mai/profiles.yaml");
    let (head, profiles) = yaml.split_once("profiles:\n").expect("profiles");
    let (_, corp) = head.split_once("  corp:").expect("a provider");
    let profiles = profiles.replace(
        "audit: {identity_provider: corp",
        "audit: {identity_provider: labs",
    );
    home.profiles(&format!("{head}  labs:{corp}profiles:\n{profiles}"));
}

/// `far` is assumed with the keys of `dev`, which the agent does not renew for itself.
fn with_a_child_of_dev(testbed: &Testbed) -> Home {
    testbed.any_role(true);
    let home = home_at(testbed, "simple", "ada");
    let far = "far: {source_profile: dev, role: 'arn:aws:iam::333333333333:role/Far', renew: true}";
    let yaml = home.read(".config/mai/profiles.yaml");
    home.profiles(&format!("{yaml}  {far}\n"));
    home
}

#[test]
fn a_question_that_somebody_forgot_holds_up_its_own_provider_only_and_is_told() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    two_providers(&home);
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login prod audit").ok();
    let before = key_id(&home, "audit");
    let mut person = home.terminal("login prod --force --ask");
    person.expect("Password");
    let agent = Running::start(&home, "agent");
    agent.says("renews keys for prod, audit");
    clock.pass_minutes(42);
    agent
        .says("corp: `mai login prod` (process ")
        .says("renewed audit until");
    other_keys(&home, "audit", &before);
    agent.does_nothing_more();
    let notes = home.read(&format!("{STATE}/agent"));
    clock.pass(5);
    agent.does_nothing_more();
    assert_eq!(
        home.read(&format!("{STATE}/agent")),
        notes,
        "the plan stays"
    );
    // The keys are good for a while: no word. Then the person is told what holds them up.
    assert_eq!(shown(&home), [""; 0]);
    clock.pass_minutes(9);
    agent.says("prod could not be renewed so far: `mai login prod` (process ");
    wait_until("a notification", || !shown(&home).is_empty());
    let told = shown(&home);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("|prod: not renewed yet|")
            && told[0].contains("Finish or stop that sign-in."),
        "{told:?}"
    );
    person.line(PASSWORD);
    person.end();
    clock.pass(5);
    wait_until("no needs", || {
        !home
            .mai("agent status")
            .ok()
            .stdout
            .contains("goes on trying")
    });
    agent.stop();
}

#[test]
fn keys_that_are_removed_while_they_are_renewed_stay_removed() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login prod audit").ok();
    let before = key_id(&home, "audit");
    testbed.set(Fault::Latency {
        server: Server::Sts,
        millis: 1500,
    });
    testbed.clear_requests();
    let agent = Running::start(&home, "agent");
    agent.says("renews keys for prod");
    clock.pass_minutes(42);
    wait_until("a call of STS", || sts_calls(&testbed) > 0);
    // By hand, so that no lock is waited for.
    let kept = home
        .credentials()
        .replace(&key_id(&home, "prod"), "ASIAOTHER");
    home.write(".aws/credentials", &kept);
    agent.says("renewed audit until");
    other_keys(&home, "audit", &before);
    agent.says("prod: the keys were removed or replaced");
    assert_eq!(key_id(&home, "prod"), "ASIAOTHER");
    assert_eq!(agent.times("prod needs you"), 0, "{}", agent.said());
    assert_eq!(shown(&home), [""; 0]);
    agent.stop();
}

#[test]
fn who_signs_out_while_keys_are_renewed_has_none_afterwards() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login prod audit").ok();
    testbed.set(Fault::Latency {
        server: Server::Sts,
        millis: 1500,
    });
    testbed.clear_requests();
    let agent = Running::start(&home, "agent");
    agent.says("renews keys for prod");
    clock.pass_minutes(42);
    wait_until("a call of STS", || sts_calls(&testbed) > 0);
    let out = home.mai("logout prod audit").ok();
    assert!(!out.stderr.contains("stay"), "{out}");
    for section in ["prod", "audit"] {
        assert_eq!(home.key(section, "aws_access_key_id"), None, "{out}");
    }
    clock.pass_minutes(5);
    agent.says("prod: no keys yet");
    assert_eq!(home.key("prod", "aws_access_key_id"), None);
    agent.stop();
}

#[test]
fn a_record_of_keys_that_is_lost_is_written_again() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login prod audit").ok();
    let agent = Running::start(&home, "agent");
    agent.says("renews keys for prod, audit");
    has_looked(&home);
    clock.pass_minutes(1);
    let sessions = home.read(&format!("{STATE}/sessions"));
    for (minutes, lost) in [(1, ""), (2, "\u{0}\u{1}"), (3, "mai-sessions 1\nprod\t17")] {
        home.write(&format!("{STATE}/sessions"), lost);
        clock.pass(61);
        agent.says_again("the record of the keys of prod, audit was lost", minutes);
        let back = home.read(&format!("{STATE}/sessions"));
        assert_eq!(back, sessions, "after {lost:?}");
    }
    // Keys that are gone as well were somebody's wish.
    std::fs::remove_file(home.path(&format!("{STATE}/sessions"))).expect("a file");
    home.write(".aws/credentials", "");
    clock.pass_minutes(50);
    agent.says("prod: no keys yet").says("audit: no keys yet");
    assert_eq!(testbed.password_attempts("ada"), 1);
    agent.stop();
}

#[test]
fn a_lost_record_of_keys_that_others_are_assumed_with_is_written_again_too() {
    let testbed = Testbed::start();
    let mut home = with_a_child_of_dev(&testbed);
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login far").ok();
    let agent = Running::start(&home, "agent");
    agent.says("renews keys for prod, audit, far");
    has_looked(&home);
    let sessions = home.read(&format!("{STATE}/sessions"));
    std::fs::remove_file(home.path(&format!("{STATE}/sessions"))).expect("a file");
    clock.pass(61);
    agent.says("the record of the keys of far, dev was lost");
    let mut rows: Vec<String> = sessions.lines().map(str::to_owned).collect();
    rows.sort_unstable();
    wait_until("the same rows", || {
        let back = home.read(&format!("{STATE}/sessions"));
        let mut back: Vec<&str> = back.lines().collect();
        back.sort_unstable();
        back == rows
    });
    assert_eq!(agent.times("far: "), 0, "{}", agent.said());
    agent.stop();
}

#[test]
fn keys_that_could_not_be_recorded_are_renewed_all_the_same() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login prod audit").ok();
    let before = key_id(&home, "prod");
    let agent = Running::start(&home, "agent");
    agent.says("renews keys for prod, audit");
    has_looked(&home);
    let sessions = home.path(&format!("{STATE}/sessions"));
    std::fs::remove_file(&sessions).expect("a file");
    std::fs::create_dir(&sessions).expect("a folder");
    clock.pass_minutes(42);
    agent.says("renewed prod, audit until");
    let second = other_keys(&home, "prod", &before);
    clock.pass_minutes(42);
    agent.says_again("renewed prod, audit until", 2);
    let third = other_keys(&home, "prod", &second);
    assert_eq!(testbed.password_attempts("ada"), 3, "{}", agent.said());
    std::fs::remove_dir(&sessions).expect("a folder");
    clock.pass(61);
    agent.says("the record of the keys of prod, audit was lost; it is written again");
    assert!(home.read(&format!("{STATE}/sessions")).contains(&third));
    assert_eq!(shown(&home), [""; 0]);
    agent.stop();
}

#[test]
fn after_a_kill_only_the_very_keys_that_were_being_written_are_its_own() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login prod audit").ok();
    let others = home
        .credentials()
        .replace(&key_id(&home, "prod"), "ASIAWRITTEN")
        .replace(&key_id(&home, "audit"), "ASIAOTHER");
    home.write(".aws/credentials", &others);
    home.write(
        &format!("{STATE}/agent"),
        "mai-agent 1\nunder-way\tprod\tASIAWRITTEN\nunder-way\taudit\tASIAWRITTEN2\n",
    );
    let agent = Running::start(&home, "agent");
    agent.says("audit: the keys were removed or replaced");
    clock.pass_minutes(42);
    agent.says("renewed prod until");
    other_keys(&home, "prod", "ASIAWRITTEN");
    assert_eq!(key_id(&home, "audit"), "ASIAOTHER");
    agent.stop();
}

#[test]
fn the_keys_that_are_being_written_are_noted_first() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login prod").ok();
    let agent = Running::start(&home, "agent");
    agent.says("renews keys for prod");
    // Its place before the file is held, so that it cannot write the keys.
    let place = mai::store::locks::file(&home.path(STATE), &home.path(".aws/credentials"))
        .expect("the lock of the file");
    clock.pass_minutes(42);
    let noted = wait_or_fail(
        || format!("nothing noted: {}", agent.said()),
        || {
            let notes = home.read(&format!("{STATE}/agent"));
            let lines = notes.lines();
            let mut ids = lines.filter_map(|line| line.strip_prefix("under-way\tprod\t"));
            ids.next().map(str::to_owned)
        },
    );
    agent.signal(rustix::process::Signal::KILL);
    agent.end();
    drop(place);
    // As if it had been killed a moment later.
    let written = home.credentials().replace(&key_id(&home, "prod"), &noted);
    home.write(".aws/credentials", &written);
    let agent = Running::start(&home, "agent");
    agent.says("renewed prod until");
    other_keys(&home, "prod", &noted);
    wait_until("the end of the note", || {
        !home.read(&format!("{STATE}/agent")).contains("under-way")
    });
    agent.stop();
}

#[test]
fn a_vault_that_cannot_be_opened_is_looked_for_only_when_keys_are_due_and_costs_no_password() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    let yaml = home.read(".config/mai/profiles.yaml");
    let yaml = yaml.replace("renew: true}", "renew: true, keys: process}");
    home.profiles(&format!("secrets: file\n{yaml}"));
    home.mai("login prod audit").ok();
    let agent = Running::start(&home, "agent -v");
    agent.says("renews keys for prod, audit");
    has_looked(&home);
    let secrets = home.path(&format!("{STATE}/secrets"));
    let kept = home.path("kept");
    std::fs::rename(&secrets, &kept).expect("a file");
    std::fs::create_dir(&secrets).expect("a folder");
    clock.pass_minutes(10);
    agent.does_nothing_more();
    clock.pass_minutes(32);
    agent.says("trying again at");
    assert_eq!(agent.times("removed or replaced"), 0, "{}", agent.said());
    assert_eq!(testbed.password_attempts("ada"), 1, "{}", agent.said());
    std::fs::remove_dir(&secrets).expect("a folder");
    std::fs::rename(&kept, &secrets).expect("a file");
    clock.pass(80);
    agent.says("renewed prod, audit until");
    agent.stop();
}

#[test]
fn what_is_assumed_with_keys_that_somebody_removed_is_left_alone() {
    let testbed = Testbed::start();
    let mut home = with_a_child_of_dev(&testbed);
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login far").ok();
    let agent = Running::start(&home, "agent");
    agent.says("renews keys for prod, audit, far");
    home.mai("logout dev").ok();
    clock.pass_minutes(42);
    agent.says("the keys of dev, which it is assumed with, were removed or replaced; `mai login far` begins anew");
    agent.does_nothing_more();
    assert_eq!(home.key("dev", "aws_access_key_id"), None);
    assert_eq!(testbed.password_attempts("ada"), 1);
    agent.stop();
}

#[test]
fn after_a_kill_keys_that_others_are_assumed_with_are_its_own_too() {
    let testbed = Testbed::start();
    let mut home = with_a_child_of_dev(&testbed);
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login far").ok();
    let written = home
        .credentials()
        .replace(&key_id(&home, "dev"), "ASIAWRITTEN");
    home.write(".aws/credentials", &written);
    home.write(
        &format!("{STATE}/agent"),
        "mai-agent 1\nunder-way\tdev\tASIAWRITTEN\n",
    );
    let agent = Running::start(&home, "agent");
    agent.says("renews keys for prod, audit, far");
    clock.pass_minutes(42);
    other_keys(&home, "dev", "ASIAWRITTEN");
    assert_eq!(
        agent.times("were removed or replaced"),
        0,
        "{}",
        agent.said()
    );
    agent.stop();
}
