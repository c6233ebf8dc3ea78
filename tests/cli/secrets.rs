//! Secrets stay where they belong: not on the screen, not on a command line, not within reach of other programs.

use std::fs;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::time::{Duration, Instant};

use mai_testbed::{Fault, PASSWORD, Server, Testbed};

use crate::support::{Home, finish, start};

/// A home where the code of otto's phone comes from a file.
fn home_with_code(testbed: &Testbed) -> (Home, String) {
    let home = Home::at(testbed, "otp", "otto");
    let code = testbed.code("otto");
    let file = home.write("code", format!("{code}\n"));
    let yaml = home
        .read(".config/mai/profiles.yaml")
        .replace("role/PowerUser", "role/ReadOnly")
        .replace(
            "    password: ask\n",
            &format!(
                "    password: ask\n    mfa: {{code: {{command: [cat, '{}'], unattended: true}}}}\n",
                file.display()
            ),
        );
    home.profiles(&yaml);
    (home, code)
}

/// None of the forms in which a secret travels is in the text.
#[track_caller]
fn holds_no_secret(text: &str, secrets: &[&str]) {
    for secret in secrets {
        for form in [
            (*secret).to_string(),
            secret.replace(' ', "+"),
            secret.replace(' ', "%20"),
        ] {
            assert!(!text.contains(&form), "`{form}` in:\n{text}");
        }
    }
    // An assertion or a token in any form is one long word.
    let longest = text
        .split(|c: char| c.is_whitespace() || "\"'<>&?;:/".contains(c))
        .map(str::len)
        .max();
    assert!(longest < Some(120), "{longest:?} in:\n{text}");
    assert!(!text.contains("SAMLResponse="), "{text}");
    assert!(!text.contains("PHNhbWw"), "{text}");
}

#[test]
fn the_wordiest_run_shows_no_secret() {
    let testbed = Testbed::start();
    let (home, code) = home_with_code(&testbed);
    let answer = home.login("prod -vv").ok();
    assert!(
        answer.stderr.contains("127.0.0.1"),
        "-vv shows requests: {answer}"
    );
    let key = |name| home.key("prod", name).expect("a key");
    let (secret, token) = (key("aws_secret_access_key"), key("aws_session_token"));
    holds_no_secret(&answer.to_string(), &[PASSWORD, &code, &secret, &token]);
    for line in [
        "status -vv",
        "login prod -vv",
        "list -vv",
        "status -o json",
        "login prod -o json",
    ] {
        let answer = home.mai(line).ok();
        holds_no_secret(&answer.to_string(), &[PASSWORD, &code, &secret, &token]);
    }
}

#[test]
fn refusals_show_no_secret_either() {
    let testbed = Testbed::start();
    let (home, code) = home_with_code(&testbed);
    let run = |wanted: i32| {
        for options in ["-vv", "-vv -o json"] {
            testbed.forget_codes();
            let answer = home.login(&format!("prod {options}"));
            assert_eq!(answer.code, Some(wanted), "{answer}");
            holds_no_secret(&answer.to_string(), &[PASSWORD, &code]);
        }
    };
    for _ in 0..8 {
        let words = "Not authorized to perform sts:AssumeRoleWithSAML";
        testbed.refuse_next("AccessDenied", words, 403);
    }
    run(4);
    testbed.clear_faults();
    let wrong = "wrong but secret";
    let answer = home.mai_with("login prod -vv --password-stdin", wrong);
    assert_eq!(answer.code, Some(4), "{answer}");
    holds_no_secret(&answer.to_string(), &[wrong]);
    // What is remembered of a refused password is too little to guess it from.
    let learned = home.read(".local/state/mai/learned");
    holds_no_secret(&learned, &[wrong, PASSWORD, &code]);
}

/// Starts a login that has told STS everything and gets no answer.
fn hanging(home: &Home, testbed: &Testbed, command: std::process::Command) -> std::process::Child {
    testbed.set(Fault::Hang {
        server: Server::Sts,
        times: 5,
    });
    let mut child = start(command);
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(PASSWORD.as_bytes()).expect("a password");
    drop(stdin);
    let begin = Instant::now();
    loop {
        let seen = testbed.requests();
        if seen
            .iter()
            .any(|seen| seen.server == Server::Sts && seen.method == "POST")
        {
            return child;
        }
        if child.try_wait().expect("a child").is_some() || begin.elapsed() > Duration::from_secs(10)
        {
            let _ = child.kill();
            let output = child.wait_with_output().expect("an end");
            panic!(
                "STS was never asked; {}\n{}",
                home.path("").display(),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn other_programs_see_no_secret_of_a_running_login() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let mut command = home.command("login prod --password-stdin");
    let is_root = rustix::process::geteuid().is_root();
    if is_root {
        // Everything below /proc/PID of root belongs to root; of anybody else only what nobody may look into.
        for entry in [".", ".config", ".config/mai", ".config/mai/profiles.yaml"] {
            std::os::unix::fs::chown(home.path(entry), Some(12345), Some(12345)).expect("root may");
        }
        command.uid(12345).gid(12345);
    }
    let mut child = hanging(&home, &testbed, command);
    let proc = std::path::PathBuf::from(format!("/proc/{}", child.id()));
    let line = fs::read(proc.join("cmdline")).expect("a command line");
    let line = String::from_utf8_lossy(&line).replace('\0', " ");
    assert!(line.ends_with("mai login prod --password-stdin "), "{line}");
    let status = fs::read_to_string(proc.join("status")).expect("a status");
    let uid = if is_root {
        12345
    } else {
        rustix::process::getuid().as_raw()
    };
    assert!(status.contains(&format!("Uid:\t{uid}\t{uid}")), "{status}");
    for file in ["mem", "environ", "maps", "fd"] {
        let owner = fs::metadata(proc.join(file)).expect("it is there").uid();
        assert_eq!(
            owner, 0,
            "{file} can be read by other programs of the same person"
        );
    }
    let limits = fs::read_to_string(proc.join("limits")).expect("limits");
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let core: Vec<&str> = core.expect("a limit").split_whitespace().collect();
    assert_eq!(core[4], "0", "{core:?}");
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
}

#[test]
fn a_helper_command_learns_nothing_it_does_not_need() {
    let testbed = Testbed::start();
    let (mut home, _) = home_with_code(&testbed);
    home.set("AWS_SECRET_ACCESS_KEY", "from-the-shell");
    home.set("MAI_NO_INPUT", "1");
    home.set("LD_PRELOAD_NOT", "x");
    let script = home.write(
        "spy",
        format!(
            "#!/bin/sh\ncat /proc/$$/cmdline /proc/$$/environ > seen\ncat; cat '{}'\n",
            home.path("code").display()
        ),
    );
    let yaml = home.read(".config/mai/profiles.yaml");
    let code = format!("[cat, '{}']", home.path("code").display());
    home.profiles(&yaml.replace(&code, &format!("[sh, '{}']", script.display())));
    home.login("prod").ok();
    let seen = home.read("seen").replace('\0', "\n");
    assert!(
        seen.starts_with(&format!("sh\n{}\n", script.display())),
        "{seen}"
    );
    for variable in seen.lines().skip(2) {
        let name = variable.split('=').next().unwrap_or_default();
        assert!(
            ["PATH", "HOME", "PWD", "OLDPWD", "_", "SHLVL"].contains(&name),
            "{variable}"
        );
    }
    holds_no_secret(&seen, &[PASSWORD, "from-the-shell"]);
}

#[test]
fn a_password_of_more_than_one_line_is_a_slip_that_is_not_repeated() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let twice = format!("{PASSWORD}\nsecond line\n");
    for (stdin, words) in [
        (
            twice.as_str(),
            "--password-stdin: stdin holds more than one line",
        ),
        ("", "--password-stdin: there is no password on stdin"),
        ("\n", "--password-stdin: there is no password on stdin"),
    ] {
        let answer = home.mai_with("login prod --password-stdin", stdin);
        let answer = answer.fails(2, &[words]);
        holds_no_secret(&answer.to_string(), &[PASSWORD, "second line"]);
    }
    // One line end belongs to the pipe, not to the password.
    let crlf = finish(
        home.start("login prod --password-stdin"),
        &format!("{PASSWORD}\r\n"),
    );
    crlf.ok();
    assert_eq!(testbed.password_attempts("ada"), 1);
}
