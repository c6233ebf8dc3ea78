//! Programs of the system that are asked for a favour: without a shell, unheard, and not for ever.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::helper_command::small_environment;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Well,
    Badly,
    /// There is no such program.
    Missing,
}

/// Runs it with a small environment, to which `variables` are added; after `limit` it is killed.
pub fn run(command: &mut Command, variables: &[(&str, &str)], limit: Duration) -> Ended {
    let child = command
        .env_clear()
        .envs(small_environment())
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    match child {
        Ok(child) => end_of(child, limit),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ended::Missing,
        Err(_) => Ended::Badly,
    }
}

fn end_of(mut child: Child, limit: Duration) -> Ended {
    let start = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ended::Well,
            Ok(Some(_)) => return Ended::Badly,
            Ok(None) if start.elapsed() < limit => std::thread::sleep(Duration::from_millis(20)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return Ended::Badly;
            }
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn ended(program: &str, arguments: &[&str]) -> Ended {
        run(
            Command::new(program).args(arguments),
            &[],
            Duration::from_millis(200),
        )
    }

    #[test]
    fn what_hangs_is_ended_and_what_is_missing_is_told() {
        assert_eq!(ended("true", &[]), Ended::Well);
        assert_eq!(ended("false", &[]), Ended::Badly);
        assert_eq!(ended("no-such-program-of-mai", &[]), Ended::Missing);
        let start = Instant::now();
        assert_eq!(ended("sleep", &["20"]), Ended::Badly);
        assert!(start.elapsed() < Duration::from_secs(10));
    }
}
