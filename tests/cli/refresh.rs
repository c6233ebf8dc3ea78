//! `mai login --refresh`: it stays, and signs in again when keys are short.

use mai_testbed::{PASSWORD, Testbed};

use crate::clock::Clock;
use crate::running::Running;
use crate::support::{Home, wrapped};

fn with_command(home: &Home) {
    home.write("word", PASSWORD);
    let yaml = home.read(".config/mai/profiles.yaml");
    let command = format!(
        "password: {{command: [cat, '{}'], unattended: true}}",
        home.path("word").display()
    );
    home.profiles(&yaml.replace("password: ask", &command));
}

#[test]
fn the_person_is_asked_again_when_the_keys_are_short() {
    let testbed = Testbed::start();
    let mut home = Home::at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    let mut terminal = home.shell("login audit -r");
    terminal.expect("Password").line(PASSWORD);
    terminal
        .expect("audit: renewing at ")
        .expect("in 39m. Ctrl-C ends.");
    clock.pass_minutes(10);
    terminal.expect("in 29m. Ctrl-C ends.");
    clock.pass_minutes(31);
    terminal.expect("Password").line(PASSWORD);
    terminal.expect("audit until").expect("Ctrl-C ends.");
    terminal.keys("\u{3}");
    let (seen, code) = terminal.end();
    assert_eq!(code, 130, "{seen}");
    assert!(seen.contains("icanon"), "{seen}");
    assert_eq!(testbed.password_attempts("ada"), 2);
}

#[test]
fn without_a_terminal_there_are_plain_lines() {
    let testbed = Testbed::start();
    let mut home = Home::at(&testbed, "simple", "ada");
    with_command(&home);
    let clock = Clock::of(&mut home, &testbed);
    let run = Running::start(&home, "login prod audit --refresh");
    run.says("Signed in to audit until")
        .says("prod, audit: renewing at ");
    clock.pass_minutes(10);
    run.does_nothing_more();
    clock.pass_minutes(31);
    run.says_again("Signed in to audit until", 2);
    // One of 12 hours, the other of one.
    run.says_again("renewing at", 2);
    // After a suspend too, and a clock that is set back costs nothing.
    clock.pass_minutes(-120);
    run.does_nothing_more();
    clock.pass_minutes(9 * 60);
    run.says_again("Signed in to audit until", 3);
    assert_eq!(testbed.password_attempts("ada"), 3);
    run.signal(rustix::process::Signal::TERM);
    let (said, status) = run.end();
    assert_eq!(status.code(), Some(143), "{said}");
}

#[test]
fn keys_that_were_removed_are_fetched_again_and_foreign_ones_end_it() {
    let testbed = Testbed::start();
    let mut home = Home::at(&testbed, "simple", "ada");
    with_command(&home);
    let clock = Clock::of(&mut home, &testbed);
    let run = Running::start(&home, "login prod -r");
    run.says("renewing at");
    home.write(".aws/credentials", "");
    clock.pass(31);
    run.says_again("Signed in to prod until", 2);
    home.write(
        ".aws/credentials",
        "[prod]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = x\n",
    );
    clock.pass(31);
    let (said, status) = run.end();
    assert_ne!(status.code(), Some(0), "{said}");
    assert!(
        said.contains("[prod] holds keys that are not temporary"),
        "{said}"
    );
}

#[test]
fn what_is_logged_out_elsewhere_is_left_alone_until_somebody_signs_in() {
    let testbed = Testbed::start();
    let mut home = Home::at(&testbed, "simple", "ada");
    with_command(&home);
    let clock = Clock::of(&mut home, &testbed);
    let run = Running::start(&home, "login prod audit -r");
    run.says("renewing at");
    home.mai("logout audit").ok();
    clock.pass(31);
    run.says("The keys of audit were removed")
        .says("`mai login audit`");
    home.mai("logout prod").ok();
    clock.pass(31);
    run.says("The keys of prod were removed");
    clock.pass_minutes(120);
    run.does_nothing_more();
    assert_eq!(home.key("prod", "aws_access_key_id"), None);
    assert_eq!(home.key("audit", "aws_access_key_id"), None);
    home.mai("login audit").ok();
    clock.pass(31);
    run.says_again("renewing at", 2);
    clock.pass_minutes(45);
    run.says_again("Signed in to audit until", 2);
    assert_eq!(home.key("prod", "aws_access_key_id"), None);
    run.signal(rustix::process::Signal::TERM);
    run.end();
}

#[test]
fn a_refusal_ends_it_and_a_missing_network_does_not() {
    let testbed = Testbed::start();
    let mut home = Home::at(&testbed, "simple", "ada");
    with_command(&home);
    let clock = Clock::of(&mut home, &testbed);
    let run = Running::start(&home, "login audit -r");
    run.says("renewing at");
    for _ in 0..40 {
        testbed.set(mai_testbed::Fault::CutHead {
            server: mai_testbed::Server::Idp,
            times: 1,
        });
    }
    clock.pass_minutes(45);
    run.says("trying again at");
    clock.pass(61);
    run.says_again("trying again at", 2);
    testbed.clear_faults();
    clock.pass(121);
    run.says_again("Signed in to audit until", 2);
    testbed.users(|users| users.get("ada").password = "another".into());
    clock.pass_minutes(45);
    let (said, status) = run.end();
    assert_eq!(status.code(), Some(4), "{said}");
    assert!(said.contains("refused the password of ada"), "{said}");
}

#[test]
fn a_password_from_stdin_serves_all_logins_of_the_run() {
    let testbed = Testbed::start();
    let mut home = Home::at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    home.write("word", PASSWORD);
    let run = wrapped(
        &["sh", "-c", "exec \"$@\" <word", "sh"],
        &home.command("login audit -r --password-stdin"),
    );
    let run = Running::command(&home, run);
    run.says("renewing at");
    clock.pass_minutes(45);
    run.says_again("Signed in to audit until", 2);
    assert_eq!(testbed.password_attempts("ada"), 2);
}

#[test]
fn with_a_clock_that_is_far_ahead_it_ends() {
    let testbed = Testbed::start();
    let mut home = Home::at(&testbed, "simple", "ada");
    with_command(&home);
    let clock = Clock::of(&mut home, &testbed);
    clock.pass_minutes(200);
    testbed.clock(0);
    let answer = home.mai("login audit -r").fails(1, &["look at the clock"]);
    assert_eq!(testbed.password_attempts("ada"), 1, "{answer}");
}

#[test]
fn there_is_no_end_to_write_and_nothing_to_record() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    home.mai("login prod -r -o json").fails(2, &["--refresh"]);
    home.mai("login prod -r --record x").fails(2, &["--record"]);
    assert!(testbed.requests().is_empty());
}
