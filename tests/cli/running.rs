//! A program that runs until it is stopped, with what it says in a file.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Home, in_own_session};
use crate::waiting::wait_or_fail;

/// Killed when dropped.
pub struct Running {
    child: Child,
    said: PathBuf,
}

impl Running {
    /// Starts `mai` without a terminal.
    pub fn start(home: &Home, line: &str) -> Running {
        Running::command(home, home.command(line))
    }

    /// Any other program that runs `mai`.
    pub fn command(home: &Home, mut command: Command) -> Running {
        let names = home.names("");
        let count = names
            .iter()
            .filter(|name| name.starts_with("said-"))
            .count();
        let said = home.path(&format!("said-{count}"));
        let file = File::create(&said).expect("a file");
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file);
        let child = in_own_session(&mut command)
            .spawn()
            .expect("the program starts");
        Running { child, said }
    }

    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.said).unwrap_or_default()
    }

    /// How often it has said this.
    pub fn times(&self, words: &str) -> usize {
        self.said().matches(words).count()
    }

    /// Waits until it has said this.
    #[track_caller]
    pub fn says(&self, words: &str) -> &Self {
        self.says_again(words, 1)
    }

    /// Waits until it has said this so often.
    #[track_caller]
    pub fn says_again(&self, words: &str, times: usize) -> &Self {
        wait_or_fail(
            || format!("no `{words}` in:\n{}", self.said()),
            || (self.times(words) >= times).then_some(self),
        )
    }

    /// Time for it to do what it should not.
    #[track_caller]
    pub fn does_nothing_more(&self) {
        let before = self.said();
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(self.said(), before);
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a process"), signal).expect("it takes signals");
    }

    /// Waits for its end.
    #[track_caller]
    pub fn end(mut self) -> (String, ExitStatus) {
        let said = self.said.clone();
        let said = || std::fs::read_to_string(&said).unwrap_or_default();
        let status = wait_or_fail(
            || format!("it does not end: {}", said()),
            || self.child.try_wait().expect("a child"),
        );
        (said(), status)
    }

    /// Ends it as a service manager does.
    #[track_caller]
    pub fn stop(self) -> String {
        self.signal(Signal::TERM);
        let (said, status) = self.end();
        assert_eq!(status.code(), Some(0), "{said}");
        said
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Who has ended is no child any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
