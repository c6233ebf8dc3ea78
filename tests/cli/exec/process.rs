//! The process that `mai` becomes: its number, limits, signals, open files, terminal and code.

use mai_testbed::{PASSWORD, Testbed};

use super::signed_in;
use crate::support::{Home, PROFILES, corp, finish, sts_calls};

#[test]
fn no_process_of_mai_is_left() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let run =
        home.start("exec prod -- sh -c 'echo $$ $PPID; cat /proc/$$/comm; ulimit -Sc; ulimit -Hc'");
    let pid = run.id();
    let answer = finish(run, "").ok();
    let lines: Vec<&str> = answer.stdout.lines().collect();
    assert_eq!(lines[0], format!("{pid} {}", std::process::id()));
    assert_eq!(lines[1], "sh");
    let limits = home.script("ulimit -Sc; ulimit -Hc", "", "").ok().stdout;
    assert_eq!(lines[2..].join("\n"), limits.trim());
}

#[test]
fn limits_of_core_files_are_those_of_the_caller() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let answer = home.script(
        "ulimit -Hc 64; ulimit -Sc 32; \"$@\"",
        "exec prod -- sh -c 'ulimit -Sc; ulimit -Hc'",
        "",
    );
    assert_eq!(answer.to_string(), "32\n64\n[exit 0]");
}

#[test]
fn what_the_caller_ignores_the_command_ignores_and_nothing_else() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let line = "grep -E ^Sig[BIC] /proc/self/status";
    let without = home.script(line, "", "").ok();
    let status = format!("exec prod -- {line}");
    let status = status.as_str();
    assert_eq!(home.mai(status), without);
    // As with nohup.
    let answer = home.script("trap '' HUP; exec \"$@\"", status, "").ok();
    let without = home.script(&format!("trap '' HUP; {line}"), "", "").ok();
    assert_eq!(answer, without);
    assert!(answer.stdout.contains("1\n"), "{answer}");
}

#[test]
fn only_what_the_caller_opened_is_open() {
    let testbed = Testbed::start();
    let yaml = corp(&testbed, "simple", "ada").replace(
        "password: ask",
        "password: {command: [echo, correct horse], unattended: true}",
    );
    let home = Home::with(&testbed, &format!("{yaml}{PROFILES}"));
    // With a sign-in before, which opens locks, connections and pipes.
    let list = "sh -c 'for fd in /proc/$$/fd/*; do echo ${fd##*/}; done'";
    let given = "exec 7</dev/null; exec ";
    let answer = home.script(
        &format!("{given} \"$@\""),
        &format!("exec prod --no-input -- {list}"),
        "",
    );
    assert_eq!(sts_calls(&testbed), 1, "{answer}");
    assert!(answer.stderr.contains("Signed in to prod"), "{answer}");
    let without = home.script(&format!("{given} {list}"), "", "").ok();
    assert_eq!(answer.stdout, without.stdout);
    // The locks are free.
    home.mai("exec prod --min 5m --no-input -- true").ok();
}

#[test]
fn stdin_and_the_terminal_are_the_commands() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let mut terminal =
        home.shell("exec prod -- sh -c 'stty -a; read line; echo got $line; exit 7'");
    terminal.expect("Password").line(PASSWORD);
    terminal.expect("speed").line("hello");
    let (seen, code) = terminal.end();
    assert_eq!(code, 7, "{seen}");
    assert!(seen.contains("got hello"), "{seen}");
    let words: Vec<&str> = seen
        .split(|c: char| c.is_whitespace() || c == ';')
        .collect();
    for setting in ["echo", "icanon", "isig"] {
        assert_eq!(
            words.iter().filter(|word| **word == setting).count(),
            2,
            "{seen}"
        );
    }
}

#[test]
fn the_code_is_the_commands() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    for code in [0, 1, 2, 6, 125, 255] {
        let answer = home.mai(&format!("exec prod -- sh -c 'exit {code}'"));
        assert_eq!(answer.to_string(), format!("[exit {code}]"));
    }
    let answer = home.mai("exec prod -- sh -c 'kill -TERM $$'");
    assert_eq!(answer.code, None, "the caller sees the signal itself");
    let answer = home.script("\"$@\"; echo $?", "exec prod -- sh -c 'kill -9 $$'", "");
    assert!(answer.stdout.contains("137"), "{answer}");
    // Options behind `--` are the command's.
    let answer = home
        .mai("exec prod -- echo -v --help -o json --no-input -- x")
        .ok();
    assert_eq!(answer.stdout, "-v --help -o json --no-input -- x\n");
}
