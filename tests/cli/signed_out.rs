//! Who signs out, or takes keys away, while `mai serve` renews them has none afterwards.

use std::time::Duration;

use mai_testbed::{PASSWORD, Testbed};

use crate::clock::Clock;
use crate::running::Running;
use crate::support::{Home, sts_calls};
use crate::waiting::wait_until;

fn home_at(testbed: &Testbed) -> Home {
    let mut home = Home::new();
    home.know(testbed);
    let word = home.write("word", PASSWORD);
    home.profiles(&format!(
        "identity_providers:
  corp:
    url: {}
    username: ada
    password: {{command: [cat, '{}'], unattended: true}}
profiles:
  prod: {{identity_provider: corp, role: 111111111111/ReadOnly}}
  audit: {{identity_provider: corp, role: 222222222222/ReadOnly}}
",
        testbed.face("simple"),
        word.display()
    ));
    home
}

fn key_id(home: &Home, section: &str) -> Option<String> {
    home.key(section, "aws_access_key_id")
}

/// Whoever waits silently for a sign-in shows it to nobody.
fn let_it_begin() {
    std::thread::sleep(Duration::from_millis(1500));
}

#[test]
fn keys_that_go_while_serve_waits_for_a_sign_in_are_not_fetched_again() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed);
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login prod audit").ok();
    let serving = Running::start(&home, "serve prod audit");
    serving.says("prod, audit");
    let (before, attempts) = (key_id(&home, "audit"), testbed.password_attempts("ada"));
    // Somebody's question is open, so the renewal waits.
    let mut person = home.terminal("login prod --force --ask");
    person.expect("Password");
    clock.pass_minutes(42);
    let_it_begin();
    let kept = home.credentials();
    let (_, audit) = kept.split_once("[audit]").expect("a section");
    home.write(".aws/credentials", format!("[audit]{audit}"));
    testbed.clear_requests();
    person.keys("\x03");
    person.end();
    wait_until("new keys of the other", || key_id(&home, "audit") != before);
    serving.says("The keys of prod were removed");
    assert_eq!(key_id(&home, "prod"), None);
    assert_eq!(testbed.password_attempts("ada"), attempts + 1);
    assert_eq!(sts_calls(&testbed), 1, "only for the other");
    assert!(
        !serving.said().contains("could not be renewed"),
        "{}",
        serving.said()
    );
}

#[test]
fn whoever_comes_first_logout_has_the_last_word() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed);
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login prod").ok();
    let serving = Running::start(&home, "serve prod");
    serving.says("prod");
    let person = home.terminal("login audit");
    wait_until("its keys", || key_id(&home, "audit").is_some());
    person.end();
    let mut person = home.terminal("login audit --force --ask");
    person.expect("Password");
    clock.pass_minutes(42);
    let_it_begin();
    let out = Running::start(&home, "logout prod");
    let_it_begin();
    person.keys("\x03");
    person.end();
    let (said, status) = out.end();
    assert_eq!(status.code(), Some(0), "{said}");
    assert_eq!(key_id(&home, "prod"), None, "{said}");
    serving.says("The keys of prod were removed");
    clock.pass_minutes(5);
    let_it_begin();
    assert_eq!(key_id(&home, "prod"), None, "{}", serving.said());
}
