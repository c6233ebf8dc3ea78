//! Beginning, end and what is between: locks, signals, upgrades, configurations, status.

use std::time::Duration;

use mai_testbed::{Fault, Server, Testbed};
use rustix::process::Signal;

use super::home_at;
use crate::clock::Clock;
use crate::running::Running;
use crate::support::sts_calls;
use crate::waiting::wait_until;

const STATE: &str = ".local/state/mai";

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
    agent.says("audit: no keys yet");
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
