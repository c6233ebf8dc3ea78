//! `mai agent`: keys that renew themselves, while the clock jumps, networks go and people do things.

use std::time::Duration;

use mai_testbed::{Fault, PASSWORD, Server, TOTP_SECRET, Testbed};
use rustix::process::Signal;

use crate::clock::Clock;
use crate::running::{Running, wait_until};
use crate::support::{Home, sts_calls};

const STATE: &str = ".local/state/mai";

/// A home whose password a command prints; `prod` and `audit` are the agent's, `dev` is not.
fn home_at(testbed: &Testbed, face: &str, user: &str) -> Home {
    let home = Home::new();
    let mut home = home;
    home.know(testbed);
    home.write("word", PASSWORD);
    profiles(&home, testbed, face, user, "");
    // What the desktop is shown is written down.
    let bell = home.write(
        "bin/notify-send",
        "#!/bin/sh\nprintf '%s|' \"$@\" >> \"$HOME/shown\"\necho >> \"$HOME/shown\"\n",
    );
    std::fs::set_permissions(&bell, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("a mode");
    let path = format!("{}:/usr/bin:/bin", home.path("bin").display());
    home.set("PATH", &path);
    home
}

fn profiles(home: &Home, testbed: &Testbed, face: &str, user: &str, more: &str) {
    home.profiles(&format!(
        "identity_providers:
  corp:
    url: {}
    username: {user}
    password: {{command: [cat, '{}'], unattended: true}}
{more}profiles:
  prod: {{identity_provider: corp, role: 111111111111/ReadOnly, renew: true}}
  audit: {{identity_provider: corp, role: 222222222222/ReadOnly, renew: true}}
  dev: {{identity_provider: corp, role: 222222222222/Admin}}
",
        testbed.face(face),
        home.path("word").display()
    ));
}

fn key_id(home: &Home, section: &str) -> String {
    home.key(section, "aws_access_key_id").expect("a key id")
}

/// Waits until the section holds other keys than these.
#[track_caller]
fn other_keys(home: &Home, section: &str, old: &str) -> String {
    wait_until("new keys", || {
        home.key(section, "aws_access_key_id")
            .is_some_and(|new| new != old)
    });
    key_id(home, section)
}

fn shown(home: &Home) -> Vec<String> {
    home.read("shown").lines().map(str::to_owned).collect()
}

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
    agent.says("prod: the keys in its section are of arn:aws:iam::222222222222:role/Admin");
    clock.pass_minutes(55);
    agent.does_nothing_more();
    assert_eq!(testbed.password_attempts("ada"), 1);
}

#[test]
fn there_is_one_agent_and_the_second_says_which() {
    let testbed = Testbed::start();
    let home = home_at(&testbed, "simple", "ada");
    let agent = Running::start(&home, "agent");
    agent.says("renews keys for");
    let pid = format!("an agent is running already: process {}", agent.pid());
    home.mai("agent").fails(1, &[&pid, "mai agent status"]);
    // Killed at once, it leaves no lock behind.
    agent.signal(Signal::KILL);
    agent.end();
    let agent = Running::start(&home, "agent");
    agent.says("renews keys for");
    agent.stop();
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
    clock.pass_minutes(50);
    agent.says("corp: somebody signs in there; waiting");
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
fn what_is_down_is_asked_again_until_it_is_back() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login prod").ok();
    // Where nobody listens.
    let yaml = home.read(".config/mai/profiles.yaml");
    let port = testbed.idp_url().rsplit(':').next().expect("a port");
    home.profiles(&yaml.replace(&format!(":{port}/"), ":9/"));
    let agent = Running::start(&home, "agent");
    agent.says("renews keys for prod");
    clock.pass_minutes(41);
    agent.says_again("did not accept a connection", 0);
    agent.says("trying again at");
    clock.pass(75);
    agent.says_again("trying again at", 2);
    // Before the end the person is told, once.
    clock.pass_minutes(10);
    agent.says("prod needs you: the keys could not be renewed so far");
    clock.pass_minutes(3);
    wait_until("a notification", || shown(&home).len() == 1);
    home.profiles(&yaml);
    clock.pass(61);
    agent
        .says("read the configuration again")
        .says("renewed prod until");
    assert_eq!(shown(&home).len(), 1, "{:?}", shown(&home));
    let status = home.mai("status").ok();
    assert!(!status.stderr.contains("needs you"), "{status}");
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
fn sigterm_during_a_sign_in_ends_it_cleanly_and_the_next_agent_goes_on() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login prod").ok();
    let before = home.credentials();
    testbed.set(Fault::Hang {
        server: Server::Sts,
        times: 5,
    });
    testbed.clear_requests();
    let agent = Running::start(&home, "agent");
    agent.says("renews keys for prod");
    clock.pass_minutes(50);
    wait_until("a call of STS", || sts_calls(&testbed) > 0);
    agent.stop();
    assert_eq!(home.credentials(), before);
    testbed.clear_faults();
    let agent = Running::start(&home, "agent");
    agent.says("renewed prod until");
    // Ctrl-C is an interruption, also of an agent.
    agent.signal(Signal::INT);
    let (said, status) = agent.end();
    assert_eq!(status.code(), Some(130), "{said}");
}

#[test]
fn agents_killed_at_any_moment_leave_whole_files_and_no_lock() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login prod audit").ok();
    for round in 0..25_u64 {
        let agent = Running::start(&home, "agent");
        agent.says("renews keys for");
        clock.pass_minutes(45);
        std::thread::sleep(Duration::from_millis(round * 37 % 180));
        agent.signal(Signal::KILL);
        agent.end();
        let status = home.mai("status -o json").ok().json();
        for place in [0, 1] {
            let state = status[place]["status"].as_str().expect("a word");
            // Killed between the keys and the note about them, it finds them again as its own.
            let possible = ["valid", "expired", "replaced"];
            assert!(possible.contains(&state), "{status}");
        }
        let notes = home.read(&format!("{STATE}/agent"));
        let is_whole = notes.starts_with("mai-agent 1\n") && notes.ends_with('\n');
        assert!(is_whole || round == 0, "{notes}");
    }
    let agent = Running::start(&home, "agent");
    agent.says("renews keys for");
    clock.pass_minutes(50);
    wait_until("good keys", || {
        let status = home.mai("status -o json").ok().json();
        status[0]["status"] == "valid" && status[1]["status"] == "valid"
    });
    agent.stop();
}

#[test]
fn a_configuration_that_breaks_is_said_once_and_the_old_one_stays() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    home.mai("login prod audit").ok();
    let yaml = home.read(".config/mai/profiles.yaml");
    let agent = Running::start(&home, "agent");
    agent.says("renews keys for prod, audit");
    home.profiles(&yaml.replace("renew: true", "renw: true"));
    clock.pass(10);
    agent.says("going on with the configuration before");
    clock.pass_minutes(42);
    agent.says("renewed prod, audit until");
    assert_eq!(agent.times("going on with"), 1, "{}", agent.said());
    home.profiles(&yaml.replacen("renew: true", "renew: false", 1));
    clock.pass(10);
    agent.says("read the configuration again: keys for audit");
    clock.pass_minutes(42);
    agent.says("renewed audit until");
    agent.stop();
    // Where it cannot even begin, it says why.
    home.profiles("profiles: {prod: {rol: x}}");
    home.mai("agent").fails(2, &["profiles.yaml:1:"]);
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
    agent.says("prod: the policy of profile prod cannot be read");
    assert_eq!(shown(&home), [""; 0]);
    for _ in 0..3 {
        clock.pass_minutes(20);
        std::thread::sleep(Duration::from_millis(60));
    }
    agent.says("prod needs you: the policy of profile prod cannot be read");
    assert_eq!(agent.times("needs you"), 1, "{}", agent.said());
    wait_until("a notification", || shown(&home).len() == 1);
    agent.stop();
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

#[test]
fn an_upgrade_starts_the_new_program_in_the_same_process() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    let clock = Clock::of(&mut home, &testbed);
    let (old, new) = (home.path("bin/mai"), home.path("bin/mai.new"));
    std::fs::copy(env!("CARGO_BIN_EXE_mai"), &old).expect("a copy");
    std::fs::copy(env!("CARGO_BIN_EXE_mai"), &new).expect("a copy");
    let command = crate::support::wrapped(&["env"], &home.command("agent"));
    let mut command_of_copy = std::process::Command::new(&old);
    command_of_copy.arg("agent").env_clear();
    for (name, value) in command.get_envs() {
        command_of_copy.env(name, value.expect("a value"));
    }
    let agent = Running::command(&home, command_of_copy);
    agent.says("renews keys for");
    std::fs::remove_file(&old).expect("it goes");
    clock.pass(10);
    agent.does_nothing_more();
    std::fs::rename(&new, &old).expect("it comes");
    clock.pass(10);
    agent
        .says("the program was replaced")
        .says_again("renews keys for", 2);
    assert_eq!(agent.times(&format!("process {}", agent.pid())), 2);
    agent.stop();
}

#[test]
fn status_tells_whether_it_runs_and_what_comes_next() {
    let testbed = Testbed::start();
    let mut home = home_at(&testbed, "simple", "ada");
    let _clock = Clock::of(&mut home, &testbed);
    let answer = home.mai("agent status").ok();
    assert_eq!(answer.stdout, "the agent does not run\n");
    assert!(answer.stderr.contains("mai agent install"), "{answer}");
    home.mai("login prod").ok();
    let agent = Running::start(&home, "agent -v");
    agent.says("next: prod at");
    let json = home.mai("agent status -o json").ok().json();
    assert_eq!(json["running"], true);
    assert_eq!(json["pid"], agent.pid());
    assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(json["renewals"][0]["profile"], "prod");
    assert!(json["renewals"][0]["renews_at"].as_str() < json["renewals"][0]["expires_at"].as_str());
    let answer = home.mai("agent status").ok();
    let lines: Vec<&str> = answer.stdout.lines().collect();
    assert!(lines[0].starts_with("the agent runs since "), "{answer}");
    assert!(lines[1].starts_with("prod  renews at "), "{answer}");
    let doctor = home.mai("doctor");
    assert!(
        doctor
            .stdout
            .contains(&format!("runs, process {}", agent.pid())),
        "{doctor}"
    );
    agent.stop();
    assert_eq!(
        home.mai("agent status -o json").ok().json()["running"],
        false
    );
    let doctor = home.mai("doctor");
    assert!(
        doctor.stdout.contains("it does not run, although"),
        "{doctor}"
    );
    home.mai("agent -o json").fails(2, &["mai agent status"]);
}
