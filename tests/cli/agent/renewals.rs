//! What is renewed when, and what is left alone.

use std::time::Duration;

use mai_testbed::{Fault, PASSWORD, Server, TOTP_SECRET, Testbed};

use super::{home_at, key_id, other_keys, profiles, shown};
use crate::clock::Clock;
use crate::running::Running;
use crate::support::sts_calls;

#[test]
fn keys_are_renewed_before_they_end_with_one_sign_in_for_all() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login --all").ok();
    let before = ["prod", "audit", "dev"].map(|section| key_id(&home, section));
    let agent = Running::start(&home, "agent -v");
    agent.says("renews keys for prod, audit").says("next: ");
    // Ten minutes later nothing is due.
    clock.pass_minutes(10);
    agent.does_nothing_more();
    assert_eq!(testbed.password_attempts("ada"), 1);
    clock.pass_minutes(30);
    agent.says("renewed prod, audit until");
    other_keys(&home, "prod", &before[0]);
    other_keys(&home, "audit", &before[1]);
    assert_eq!(key_id(&home, "dev"), before[2]);
    assert_eq!(testbed.password_attempts("ada"), 2);
    assert_eq!(sts_calls(&testbed), 5);
    // And again, and never a word to the desktop.
    clock.pass_minutes(41);
    agent.says_again("renewed prod, audit until", 2);
    let said = agent.stop();
    assert!(!said.contains("warning"), "{said}");
    assert_eq!(shown(&home), [""; 0]);
    // Each line has the time, for the journal.
    assert!(said.lines().all(|line| line.starts_with("20")), "{said}");
}

#[test]
fn after_a_suspend_expired_keys_are_renewed() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login prod").ok();
    let agent = Running::start(&home, "agent");
    agent.says("renews keys for prod");
    clock.pass_minutes(14 * 60);
    agent.says("renewed prod until");
    assert_eq!(home.mai("status -o json").ok().json()[0]["status"], "valid");
    agent.stop();
}

#[test]
fn a_clock_that_is_set_back_and_forth_costs_no_sign_in() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login prod audit").ok();
    let agent = Running::start(&home, "agent");
    agent.says("renews keys for prod, audit");
    clock.pass_minutes(-300);
    agent.does_nothing_more();
    clock.pass_minutes(310);
    agent.does_nothing_more();
    assert_eq!(testbed.password_attempts("ada"), 1);
    clock.pass_minutes(35);
    agent.says("renewed prod, audit until");
    agent.stop();
}

#[test]
fn keys_that_somebody_removed_or_replaced_are_left_alone_until_the_next_login() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login prod audit").ok();
    let agent = Running::start(&home, "agent");
    agent.says("renews keys for prod");
    let others = "[audit]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = x\n";
    home.write(".aws/credentials", others);
    clock.pass_minutes(50);
    agent.says("prod: the keys were removed or replaced; `mai login prod` begins anew");
    agent.says("audit: the keys were removed or replaced");
    assert_eq!(testbed.password_attempts("ada"), 1);
    home.mai("login prod").ok();
    clock.pass_minutes(45);
    agent.says("renewed prod until");
    agent.stop();
    assert!(
        home.credentials().starts_with(others),
        "{}",
        home.credentials()
    );
}

#[test]
fn a_role_that_was_chosen_by_hand_is_not_replaced() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login prod --role 222222222222/Admin").ok();
    let agent = Running::start(&home, "agent");
    agent
        .says("prod: the keys in its section are of arn:aws:iam::222222222222:role/Admin")
        .says("audit: no keys yet");
    clock.pass_minutes(55);
    agent.does_nothing_more();
    assert_eq!(testbed.password_attempts("ada"), 1);
}

#[test]
fn a_typed_login_and_the_agent_at_the_same_instant_are_one_sign_in() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login prod audit").ok();
    testbed.set(Fault::Latency {
        server: Server::Idp,
        millis: 300,
    });
    let agent = Running::start(&home, "agent");
    agent.says("renews keys for prod");
    clock.pass_minutes(45);
    let answer = home.mai("login prod audit").ok();
    let by_agent = answer.stderr.contains("Still signed in to prod");
    if by_agent {
        agent.says("renewed prod, audit until");
    }
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(
        testbed.password_attempts("ada"),
        2,
        "{answer}\n{}",
        agent.said()
    );
    agent.stop();
}

#[test]
fn while_a_person_signs_in_the_agent_waits_and_takes_their_keys() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login prod").ok();
    let mut person = home.terminal("login prod --force --ask");
    person.expect("Password");
    let agent = Running::start(&home, "agent");
    agent.says("renews keys for prod");
    clock.pass_minutes(42);
    agent.says("corp: `mai login prod` (process ");
    person.line(PASSWORD);
    let (seen, code) = person.end();
    assert_eq!(code, 0, "{seen}");
    clock.pass(5);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(testbed.password_attempts("ada"), 2, "{}", agent.said());
    assert_eq!(shown(&home), [""; 0]);
    agent.stop();
}

#[test]
fn a_stored_totp_secret_needs_nobody() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "otp", "otto");
    let clock = Clock::of(&mut home, &testbed);
    profiles(&home, &testbed, "otp", "otto", "    mfa: {code: keyring}\n");
    let yaml = home.read(".config/mai/profiles.yaml");
    home.profiles(&format!("secrets: file\n{yaml}"));
    let mut person = home.terminal("login prod");
    person.expect("TOTP secret").line(TOTP_SECRET);
    let (seen, code) = person.end();
    assert_eq!(code, 0, "{seen}");
    let agent = Running::start(&home, "agent");
    agent.says("renews keys for prod");
    clock.pass_minutes(42);
    agent.says("renewed prod until");
    clock.pass_minutes(42);
    agent.says_again("renewed prod until", 2);
    assert_eq!(shown(&home), [""; 0]);
    let said = agent.stop();
    assert!(
        !said.contains(TOTP_SECRET) && !said.contains(PASSWORD),
        "{said}"
    );
}

#[test]
fn with_all_every_profile_that_has_keys_is_renewed() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login dev").ok();
    let agent = Running::start(&home, "agent --all");
    agent.says("renews keys for prod, audit, dev");
    agent.says("prod: no keys yet; `mai login prod` fetches the first");
    clock.pass_minutes(45);
    agent.says("renewed dev until");
    agent.stop();
}
