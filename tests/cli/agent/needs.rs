//! What the agent cannot do alone: whom it tells, how often it tries, and what it does not try again.

use std::time::Duration;

use mai_testbed::{Fault, Server, Testbed};
use rustix::process::Signal;

use super::{home_at, profiles, shown};
use crate::clock::Clock;
use crate::running::Running;
use crate::support::sts_calls;
use crate::waiting::wait_until;

#[test]
fn what_is_down_is_asked_again_until_it_is_back() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login prod audit").ok();
    // Where nobody listens.
    let yaml = home.read(".config/mai/profiles.yaml");
    let port = testbed.idp_url().rsplit(':').next().expect("a port");
    home.profiles(&yaml.replace(&format!(":{port}/"), ":9/"));
    let agent = Running::start(&home, "agent");
    agent.says("renews keys for prod, audit");
    clock.pass_minutes(41);
    agent.says_again("did not accept a connection", 0);
    agent.says("trying again at");
    clock.pass(75);
    agent.says_again("trying again at", 2);
    // Before the end the person is told, once.
    clock.pass_minutes(10);
    agent.says("prod, audit could not be renewed so far: ");
    clock.pass_minutes(3);
    wait_until("a notification", || shown(&home).len() == 1);
    home.profiles(&yaml);
    clock.pass(61);
    agent
        .says("read the configuration again")
        .says("renewed prod, audit until");
    let told = shown(&home);
    assert_eq!(told.len(), 1, "{told:?}");
    let words = ["|prod, audit: not renewed yet|", "127.0.0.1:9"];
    assert!(
        words.iter().all(|words| told[0].contains(words)),
        "{told:?}"
    );
    assert!(!told[0].contains("mai login"), "{told:?}");
    let status = home.mai("status").ok();
    assert!(!status.stderr.contains("the agent"), "{status}");
    agent.stop();
}

#[test]
fn a_keyring_that_is_not_there_yet_is_asked_again_for_a_quarter_of_an_hour() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login prod").ok();
    let yaml = home.read(".config/mai/profiles.yaml");
    let command = yaml.lines().find(|line| line.contains("password:"));
    home.profiles(&yaml.replace(command.expect("a line"), "    password: keyring"));
    let agent = Running::start(&home, "agent");
    clock.pass_minutes(14 * 60);
    agent
        .says("prod: the password of ada at")
        .says("trying again at");
    let mut minutes = 0;
    while agent.times("needs you") == 0 && minutes < 40 {
        // In small steps: a long one would be a computer that slept, and then all is asked at once.
        clock.pass(60);
        minutes += 1;
        std::thread::sleep(Duration::from_millis(60));
    }
    agent.says("prod needs you: the password of ada at");
    assert!((8..30).contains(&minutes), "{minutes}: {}", agent.said());
    assert_eq!(agent.times("trying again at"), 4, "{}", agent.said());
    assert_eq!(testbed.password_attempts("ada"), 1);
    agent.stop();
}

#[test]
fn while_sts_is_down_one_sign_in_tries_for_all() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login prod audit").ok();
    testbed.set(Fault::Status {
        server: Server::Sts,
        status: 503,
        times: 100,
    });
    let agent = Running::start(&home, "agent");
    clock.pass_minutes(42);
    agent.says("prod, audit: ").says("trying again at");
    assert_eq!(testbed.password_attempts("ada"), 2);
    clock.pass(80);
    agent.says_again("trying again at", 2).does_nothing_more();
    assert_eq!(testbed.password_attempts("ada"), 3, "{}", agent.said());
    testbed.clear_faults();
    clock.pass(80);
    clock.pass(80);
    agent.says("renewed prod, audit until");
    assert_eq!(testbed.password_attempts("ada"), 4, "{}", agent.said());
    agent.stop();
}

#[test]
fn after_a_suspend_what_was_unreachable_is_asked_at_once() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login prod").ok();
    let yaml = home.read(".config/mai/profiles.yaml");
    let port = testbed.idp_url().rsplit(':').next().expect("a port");
    home.profiles(&yaml.replace(&format!(":{port}/"), ":9/"));
    let agent = Running::start(&home, "agent");
    clock.pass_minutes(41);
    agent.says("trying again at");
    clock.pass(75);
    agent.says_again("trying again at", 2);
    for _ in 0..2 {
        clock.pass(75);
        std::thread::sleep(Duration::from_millis(100));
    }
    agent.says_again("trying again at", 3);
    // Now it would wait three minutes at least; the computer slept for two.
    clock.pass(30);
    agent.does_nothing_more();
    clock.pass(120);
    agent.says_again("trying again at", 4);
    agent.stop();
}

#[test]
fn a_password_that_was_changed_is_tried_once_by_everybody_together() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login prod audit").ok();
    testbed.users(|users| users.get("ada").password = "a new one".into());
    let agent = Running::start(&home, "agent");
    agent.says("renews keys for prod");
    clock.pass_minutes(42);
    agent
        .says("prod, audit needs you: 127.0.0.1")
        .says("refused the password of ada");
    for _ in 0..5 {
        clock.pass_minutes(30);
        std::thread::sleep(Duration::from_millis(60));
    }
    home.mai("login prod").fails(4, &["not sent again"]);
    agent.signal(Signal::KILL);
    agent.end();
    let agent = Running::start(&home, "agent");
    agent.says("renews keys for prod");
    // Hours later it looks again, and the password is still known to be wrong.
    clock.pass_minutes(6 * 60);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(testbed.password_attempts("ada"), 2, "{}", agent.said());
    let notes = shown(&home);
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(
        notes[0].contains("|prod, audit: sign in again|The keys expire at "),
        "{notes:?}"
    );
    assert!(notes[0].contains("Run: mai login prod audit|"), "{notes:?}");
    // The person comes, and all is well again.
    home.write("word", "a new one");
    let status = home.mai("status").ok();
    let note = "prod: the agent needs you: run `mai login prod` (";
    assert!(status.stderr.contains(note), "{status}");
    home.mai("login prod").ok();
    clock.pass(1);
    agent.says("renewed audit until");
    let status = home.mai("status").ok();
    assert!(!status.stderr.contains("needs you"), "{status}");
    agent.stop();
}

#[test]
fn where_a_second_factor_is_needed_nothing_is_pushed_and_the_person_is_told_once() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "pingfederate-push", "ada");
    let clock = Clock::of(&mut home, &testbed);
    // The keys come from an easier page.
    profiles(&home, &testbed, "simple", "ada", "");
    home.mai("login prod").ok();
    profiles(&home, &testbed, "pingfederate-push", "ada", "");
    testbed.clear_requests();
    let agent = Running::start(&home, "agent");
    agent.says("renews keys for prod");
    clock.pass_minutes(42);
    agent.says("prod needs you: ");
    for _ in 0..4 {
        clock.pass_minutes(5);
        std::thread::sleep(Duration::from_millis(60));
    }
    assert_eq!(shown(&home).len(), 1, "{:?}", shown(&home));
    assert_eq!(agent.times("needs you"), 1, "{}", agent.said());
    let asked: Vec<String> = testbed
        .requests()
        .iter()
        .map(|seen| seen.path.clone())
        .collect();
    assert!(!asked.is_empty());
    assert!(!asked.iter().any(|path| path.contains("poll")), "{asked:?}");
    assert_eq!(sts_calls(&testbed), 0);
    let json = home.mai("status -o json").ok().json();
    assert!(json[0]["agent_needs"].is_string(), "{json}");
    agent.stop();
}

#[test]
fn with_a_clock_that_is_far_ahead_it_signs_in_once_and_says_so() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login prod").ok();
    let agent = Running::start(&home, "agent");
    agent.says("renews keys for prod");
    clock.pass_minutes(200);
    testbed.clock(0);
    agent.says("prod needs you: new keys are over already by this computer's clock");
    agent.does_nothing_more();
    clock.pass_minutes(30);
    testbed.clock(0);
    std::thread::sleep(Duration::from_millis(300));
    let attempts = testbed.password_attempts("ada");
    assert!(attempts <= 3, "{attempts} sign-ins\n{}", agent.said());
    assert_eq!(shown(&home).len(), agent.times("needs you"));
    agent.stop();
}

#[test]
fn what_cannot_be_written_is_told_when_the_keys_would_be_renewed() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    let text = r#"{"Version": "2012-10-17", "Statement": []}"#;
    let policy = home.write("policy.json", text);
    let yaml = home.read(".config/mai/profiles.yaml");
    let with_policy = format!("ReadOnly, policy: '{}', renew", policy.display());
    home.profiles(&yaml.replacen("ReadOnly, renew", &with_policy, 1));
    home.mai("login prod").ok();
    let agent = Running::start(&home, "agent");
    agent
        .says("renews keys for prod")
        .says("audit: no keys yet");
    std::fs::remove_file(policy).expect("it goes");
    clock.pass(10);
    agent.says("prod: ~/.config/mai/profiles.yaml:7:72: the policy of profile prod cannot be read");
    assert_eq!(shown(&home), [""; 0]);
    for _ in 0..3 {
        clock.pass_minutes(20);
        std::thread::sleep(Duration::from_millis(60));
    }
    agent.says("prod needs you: ~/.config/mai/profiles.yaml:7:72: the policy of profile prod cannot be read");
    assert_eq!(agent.times("needs you"), 1, "{}", agent.said());
    wait_until("a notification", || shown(&home).len() == 1);
    agent.stop();
}

#[test]
fn a_role_that_is_withdrawn_does_not_hold_up_the_others() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login prod audit").ok();
    let arn = "arn:aws:iam::222222222222:role/ReadOnly";
    testbed.users(|users| users.get("ada").roles.retain(|role| role.arn() != arn));
    let agent = Running::start(&home, "agent");
    agent.says("renews keys for prod");
    clock.pass_minutes(42);
    agent.says("renewed prod until").says("audit needs you: ");
    clock.pass_minutes(42);
    agent.says_again("renewed prod until", 2);
    assert_eq!(agent.times("audit needs you"), 1, "{}", agent.said());
    assert_eq!(testbed.password_attempts("ada"), 3);
    agent.stop();
}
