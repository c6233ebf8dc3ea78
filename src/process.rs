//! The process itself: what it must not leave behind, and how it ends when it is told to.

/// Keeps memory out of reach of other programs and of the disk, and panics out of the terminal.
///
/// On Linux the process is made undumpable: no core file, no attaching debugger of the same user, no reading through
/// `/proc/PID/mem`. A panic names its place in the code only, since its message may quote what was being read.
pub fn harden() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(|place| format!(" at {}:{}", place.file(), place.line()))
            .unwrap_or_default();
        eprintln!("error: mai {} has a bug{place}", env!("CARGO_PKG_VERSION"));
        eprintln!(
            "hint: nothing was half-written; please report this line and what you typed, without passwords"
        );
    }));
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        // Refused only by kernels that do not know it; there is nothing better to do then.
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let none = Rlimit {
            current: Some(0),
            maximum: Some(0),
        };
        let _ = setrlimit(Resource::Core, none);
    }
}

/// Ends the program on Ctrl-C, SIGTERM and SIGHUP, whatever it is waiting for.
///
/// `clean_up` runs first (the terminal gets its echo back, a running helper command is stopped). Files need nothing:
/// they are replaced by renaming, so a cut leaves the old or the new one.
#[cfg(unix)]
pub fn leave_on_signals(clean_up: fn()) {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP]) else {
        return;
    };
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            clean_up();
            if signal == SIGINT {
                eprintln!();
                eprintln!("error: interrupted");
            }
            std::process::exit(128 + signal);
        }
    });
}

#[cfg(not(unix))]
pub fn leave_on_signals(_clean_up: fn()) {}
