//! A command that runs beside `mai` and behaves as if it ran alone: its signals, its pauses, its exit code.
//!
//! It stays in the process group of `mai`, as in a pipeline: what the terminal sends reaches both of them, and only
//! what somebody sends to `mai` alone is passed on. Twice would be once too often: many programs take a second
//! Ctrl-C for the order to stop at any price.

use std::process::Command;

use crate::error::{Error, Result};
use crate::{handover, process};

/// Runs a command, and meanwhile `work`, which may go on for ever: when the command has ended, so has `mai`, with its
/// code (128 and the signal's number, if one killed it).
pub fn run_beside(command: &mut Command, work: impl FnOnce() -> Result<()>) -> Result<u8> {
    // From now on it gets what is sent to `mai`.
    let child = signals::passed_on(|| handover::process::start(command))?;
    std::thread::Builder::new()
        .name("child".into())
        .spawn(move || process::leave(wait(child)))
        .map_err(|error| Error::failed("no thread can be started").because(error))?;
    if let Err(error) = work() {
        process::tell(&format!("warning: {error}"));
    }
    loop {
        // The other thread ends the program.
        std::thread::park();
    }
}

#[cfg(unix)]
use waiting::wait;

#[cfg(unix)]
mod waiting {
    use std::process::Child;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use rustix::process::{Pid, Signal, WaitOptions, getpid, kill_process, waitpid};
    use signal_hook::consts::SIGCONT;

    /// Waits for its end; pauses with it, so that a shell sees one job.
    pub fn wait(child: Child) -> u8 {
        let pid = Pid::from_child(&child);
        let goes_on = Arc::new(AtomicBool::new(false));
        let _ = signal_hook::flag::register(SIGCONT, goes_on.clone());
        loop {
            match waitpid(Some(pid), WaitOptions::UNTRACED) {
                Ok(Some((_, status))) if status.stopped() => {
                    pause(&goes_on);
                    let _ = kill_process(pid, Signal::CONT);
                }
                Ok(Some((_, status))) => {
                    let code = status
                        .exit_status()
                        .or_else(|| status.terminating_signal().map(|signal| 128 + signal));
                    return code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
                }
                Ok(None) | Err(rustix::io::Errno::INTR) => {}
                Err(_) => return 1,
            }
        }
    }

    /// Stops `mai` until somebody lets it go on (`fg`, `kill -CONT`).
    fn pause(goes_on: &AtomicBool) {
        goes_on.store(false, Ordering::SeqCst);
        let _ = kill_process(getpid(), Signal::STOP);
        // Another thread may take the signal, and this one runs on until that has stopped them all. The first process
        // of a container cannot be stopped.
        for _ in 0..200 {
            if goes_on.load(Ordering::SeqCst) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[cfg(not(unix))]
fn wait(mut child: std::process::Child) -> u8 {
    let code = child.wait().ok().and_then(|status| status.code());
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

#[cfg(unix)]
mod signals {
    use std::process::Child;
    use std::sync::{Arc, Mutex, PoisonError};

    use rustix::process::{Pid, Signal, kill_process};
    use signal_hook::consts::{SIGTSTP, SIGUSR1, SIGUSR2};
    use signal_hook::iterator::SignalsInfo;
    use signal_hook::iterator::exfiltrator::WithOrigin;

    use crate::error::Result;
    use crate::process::{self, Then};

    /// Starts a child that gets what is sent to `mai`, which that ends no more. What is sent while it starts waits.
    pub fn passed_on(start: impl FnOnce() -> Result<Child>) -> Result<Child> {
        let place: Arc<Mutex<Option<Pid>>> = Arc::default();
        let mut starting = place.lock().unwrap_or_else(PoisonError::into_inner);
        let receiver = place.clone();
        process::take_signals(move |caught| {
            let pid = *receiver.lock().unwrap_or_else(PoisonError::into_inner);
            match pid {
                Some(pid) if caught.was_sent => send(pid, caught.signal),
                Some(_) => {}
                // It did not start, and `mai` is about to say so.
                None => {
                    let code = u8::try_from(128 + caught.signal).unwrap_or(1);
                    return Then::Leave(code);
                }
            }
            Then::GoOn
        });
        // `mai` pauses once the child has (SIGTSTP).
        let more = SignalsInfo::<WithOrigin>::new([SIGTSTP, SIGUSR1, SIGUSR2]);
        let child = start()?;
        let pid = Pid::from_child(&child);
        *starting = Some(pid);
        if let Ok(mut more) = more {
            std::thread::spawn(move || {
                for origin in more.forever() {
                    if origin.process.is_some() {
                        send(pid, origin.signal);
                    }
                }
            });
        }
        drop(starting);
        Ok(child)
    }

    fn send(pid: Pid, signal: i32) {
        if let Some(signal) = Signal::from_named_raw(signal) {
            // It may have ended in the meantime.
            let _ = kill_process(pid, signal);
        }
    }
}

#[cfg(not(unix))]
mod signals {
    use std::process::Child;

    use crate::error::Result;

    pub fn passed_on(start: impl FnOnce() -> Result<Child>) -> Result<Child> {
        start()
    }
}
