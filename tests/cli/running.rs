//! A program that runs until it is stopped, with what it says in a file.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::Home;

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
        // SAFETY: setsid is async-signal-safe and touches no memory of the parent.
        unsafe {
            use std::os::unix::process::CommandExt;
            command.pre_exec(|| rustix::process::setsid().map(drop).map_err(Into::into));
        }
        let child = command.spawn().expect("the program starts");
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
        let start = Instant::now();
        while self.times(words) < times {
            let patience = Duration::from_secs(20);
            assert!(
                start.elapsed() < patience,
                "no `{words}` in:\n{}",
                self.said()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        self
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
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return (self.said(), status);
            }
            let patience = Duration::from_secs(20);
            assert!(
                start.elapsed() < patience,
                "it does not end: {}",
                self.said()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
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

/// Waits until it is so; fails after twenty seconds.
#[track_caller]
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "{what} never was"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}
