//! Ctrl-C and its relatives at every place where a login waits.

use std::fs;
use std::io::Write;
use std::time::{Duration, Instant};

use mai_testbed::{Fault, PASSWORD, Server, Testbed};
use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Home, Terminal, finish};
use crate::waiting::wait_until;

const BEFORE: &str = "[dev]\nx = 1\n";
const CTRL_C: &str = "\u{3}";

fn home_at(testbed: &Testbed, face: &str, user: &str) -> Home {
    let home = Home::at(testbed, face, user);
    let yaml = home.read(".config/mai/profiles.yaml");
    home.profiles(&yaml.replace("role/PowerUser", "role/ReadOnly"));
    home.write(".aws/credentials", BEFORE);
    home
}

/// Ended by Ctrl-C: 130, the terminal as it was, nothing written, nothing left.
#[track_caller]
fn was_interrupted(terminal: Terminal, home: &Home) -> String {
    let (seen, code) = terminal.end();
    assert_eq!(code, 130, "{seen}");
    is_usual(&seen);
    nothing_was_written(home);
    seen
}

/// The terminal is set as it was before, by the words of `stty -a`.
#[track_caller]
fn is_usual(seen: &str) {
    let words: Vec<&str> = seen
        .split(|c: char| c.is_whitespace() || c == ';')
        .collect();
    for setting in ["echo", "icanon", "isig", "icrnl", "opost"] {
        assert!(words.contains(&setting), "{setting} is off:\n{seen}");
    }
}

/// The run of `mai` in a terminal where a shell started it.
fn child_of(terminal: &Terminal) -> u32 {
    let shell = terminal.pid();
    let children = fs::read_to_string(format!("/proc/{shell}/task/{shell}/children"));
    children
        .ok()
        .and_then(|children| children.trim().parse().ok())
        .expect("one child")
}

#[track_caller]
fn nothing_was_written(home: &Home) {
    assert_eq!(home.credentials(), BEFORE);
    let left = fs::read_dir(home.path(".aws")).expect("a folder").count();
    assert_eq!(left, 1, "a temporary file is left");
    assert!(!home.path(".local/state/mai/sessions").exists());
}

fn is_running(pid: i32) -> bool {
    // Who is dead and not buried yet is dead.
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        !stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .trim()
            .starts_with('Z')
    })
}

fn signal(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    kill_process(pid.expect("a process"), signal).expect("it takes signals");
}

#[test]
fn ctrl_c_at_the_password_gives_the_terminal_back() {
    let testbed = Testbed::start();
    let home = home_at(&testbed, "simple", "ada");
    let mut terminal = home.shell("login prod");
    terminal.expect("Password");
    assert!(!terminal.echoes());
    terminal.keys("half a pass").keys(CTRL_C);
    let seen = was_interrupted(terminal, &home);
    assert!(seen.contains("error: interrupted"), "{seen}");
    assert!(!seen.contains("half a pass"), "{seen}");
    assert_eq!(testbed.password_attempts("ada"), 0);
}

#[test]
fn ctrl_d_at_the_password_is_an_interruption_too() {
    let testbed = Testbed::start();
    let home = home_at(&testbed, "simple", "ada");
    let mut terminal = home.shell("login prod");
    terminal.expect("Password").expect(": ").keys("\u{4}");
    was_interrupted(terminal, &home);
    assert_eq!(testbed.password_attempts("ada"), 0);
}

#[test]
fn ctrl_c_at_a_code_ends_the_login() {
    let testbed = Testbed::start();
    let home = home_at(&testbed, "otp", "otto");
    let mut terminal = home.shell("login prod");
    terminal.expect("Password").line(PASSWORD);
    terminal.expect("Code").keys("123").keys(CTRL_C);
    was_interrupted(terminal, &home);
    assert_eq!(testbed.password_attempts("otto"), 1);
    assert!(!testbed.requests().iter().any(|seen| seen.had_code));
}

#[test]
fn ctrl_c_in_a_list_gives_the_terminal_back() {
    let testbed = Testbed::start();
    let home = home_at(&testbed, "simple", "ada");
    let mut terminal = home.shell("login");
    terminal.expect("Profile").keys(CTRL_C);
    was_interrupted(terminal, &home);
    assert!(testbed.requests().is_empty());
}

#[test]
fn ctrl_c_while_the_identity_provider_hangs_ends_at_once() {
    let testbed = Testbed::start();
    let home = home_at(&testbed, "simple", "ada");
    testbed.set(Fault::Hang {
        server: Server::Idp,
        times: 1,
    });
    let mut terminal = home.shell("login prod");
    wait_until("a request", || !testbed.requests().is_empty());
    let start = Instant::now();
    terminal.keys(CTRL_C);
    was_interrupted(terminal, &home);
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn signals_while_sts_hangs_leave_the_file_as_it_was() {
    for (kind, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let testbed = Testbed::start();
        let home = home_at(&testbed, "simple", "ada");
        testbed.set(Fault::Hang {
            server: Server::Sts,
            times: 5,
        });
        let mut child = home.start("login prod --password-stdin");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(PASSWORD.as_bytes()).expect("a password");
        drop(stdin);
        wait_until("a call of STS", || {
            let seen = testbed.requests();
            seen.iter()
                .any(|seen| seen.server == Server::Sts && seen.method == "POST")
        });
        signal(child.id(), kind);
        let ended = child.wait().expect("it ends");
        assert_eq!(ended.code(), Some(code), "{kind:?}");
        nothing_was_written(&home);
        // The lock went with the process.
        testbed.clear_faults();
        home.login("prod").ok();
    }
}

#[test]
fn ctrl_c_while_another_login_is_waited_for_ends_only_this_one() {
    let testbed = Testbed::start();
    let home = home_at(&testbed, "simple", "ada");
    let mut first = home.terminal("login prod");
    first.expect("Password");
    let mut second = home.shell("login prod");
    second.expect("waiting for `mai login prod` (process ");
    second.keys(CTRL_C);
    was_interrupted(second, &home);
    first.line(PASSWORD);
    let (seen, code) = first.end();
    assert_eq!(code, 0, "{seen}");
    assert_eq!(testbed.password_attempts("ada"), 1);
}

#[test]
fn who_waited_for_another_login_uses_its_keys() {
    let testbed = Testbed::start();
    let home = home_at(&testbed, "simple", "ada");
    let mut first = home.terminal("login prod");
    first.expect("Password");
    let mut second = home.terminal("login prod");
    second.expect("waiting for `mai login prod`");
    first.line(PASSWORD);
    let (seen, code) = first.end();
    assert_eq!(code, 0, "{seen}");
    let (seen, code) = second.end();
    assert_eq!(code, 0, "{seen}");
    assert!(seen.contains("Still signed in to prod until"), "{seen}");
    assert!(!seen.contains("Password"), "{seen}");
    assert_eq!(testbed.password_attempts("ada"), 1);
}

/// A home whose password comes from a command that writes its process id and then takes a minute.
fn with_slow_command(testbed: &Testbed) -> Home {
    let home = home_at(testbed, "simple", "ada");
    let script = home.write(
        "slow",
        "#!/bin/sh\nsleep 61 &\necho $$ $! > pids.new\nmv pids.new pids\nwait\n",
    );
    let yaml = home.read(".config/mai/profiles.yaml");
    home.profiles(&yaml.replace(
        "password: ask",
        &format!(
            "password: {{command: [sh, '{}'], unattended: true}}",
            script.display()
        ),
    ));
    home
}

fn pids(home: &Home) -> Vec<i32> {
    wait_until("the command", || home.path("pids").exists());
    let pids: Vec<i32> = home
        .read("pids")
        .split_whitespace()
        .map(|pid| pid.parse().expect("a number"))
        .collect();
    assert_eq!(pids.len(), 2);
    assert!(pids.iter().all(|pid| is_running(*pid)));
    pids
}

#[test]
fn ctrl_c_ends_the_helper_command_with_all_it_started() {
    let testbed = Testbed::start();
    let home = with_slow_command(&testbed);
    let mut terminal = home.shell("login prod");
    let pids = pids(&home);
    terminal.keys(CTRL_C);
    was_interrupted(terminal, &home);
    wait_until("the end of the command", || {
        !pids.iter().any(|pid| is_running(*pid))
    });
    assert_eq!(testbed.password_attempts("ada"), 0);
}

#[test]
fn sigterm_ends_the_helper_command_too() {
    let testbed = Testbed::start();
    let home = with_slow_command(&testbed);
    let child = home.start("login prod");
    let pids = pids(&home);
    signal(child.id(), Signal::TERM);
    let answer = finish(child, "");
    assert_eq!(answer.code, Some(143), "{answer}");
    wait_until("the end of the command", || {
        !pids.iter().any(|pid| is_running(*pid))
    });
    nothing_was_written(&home);
}

#[test]
fn sigterm_at_the_password_gives_the_terminal_back() {
    let testbed = Testbed::start();
    let home = home_at(&testbed, "simple", "ada");
    let mut terminal = home.shell("login prod");
    terminal.expect("Password");
    signal(child_of(&terminal), Signal::TERM);
    let (seen, code) = terminal.end();
    assert_eq!(code, 143, "{seen}");
    is_usual(&seen);
    nothing_was_written(&home);
}

#[test]
fn sigterm_in_a_list_gives_the_terminal_back() {
    let testbed = Testbed::start();
    let home = home_at(&testbed, "simple", "ada");
    let mut terminal = home.shell("login");
    terminal.expect("audit");
    signal(child_of(&terminal), Signal::TERM);
    let (seen, code) = terminal.end();
    assert_eq!(code, 143, "{seen}");
    is_usual(&seen);
    nothing_was_written(&home);
}
