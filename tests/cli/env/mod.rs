//! `mai env`: what is printed is taken by the real shells, whatever stands in it.

mod documents;
mod fish;
mod refusals;
mod shells;

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use mai_testbed::Testbed;

use crate::support::Home;

/// A region that would do something wherever a quote is missing.
const HOSTILE: &str = r#"a'b"c`touch x`$(touch x)\;touch x;#{}*?~!%u&|<>( é"#;

fn signed_in(testbed: &Testbed) -> Home {
    let home = Home::at(testbed, "simple", "ada");
    home.login("morning").ok();
    testbed.clear_requests();
    home
}

/// Is a program installed here?
pub fn is_there(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output();
    found.is_ok_and(|told| told.status.success())
}

#[track_caller]
fn printed(home: &Home, line: &str) -> String {
    let answer = home.mai(&format!("env {line}")).ok();
    assert_eq!(answer.stderr, "");
    answer.stdout
}

/// What programs see after a shell ran this code.
fn taken(shell: &str, code: &str, around: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut child = Command::new(shell)
        .args(["-c", "eval \"$(cat)\"; exec env -0"])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .envs(around.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the shell starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    pipe.write_all(code.as_bytes()).expect("the code is read");
    drop(pipe);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("text");
    text.split('\0')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}
