//! The process itself: what it must not leave behind, and how it ends when it is told to.

use std::io::Write;
#[cfg(unix)]
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Held while a file is in a state that must not be left.
static BUSY: Mutex<()> = Mutex::new(());

static STOPPING_IS_SUCCESS: AtomicBool = AtomicBool::new(false);

/// Keeps signals from ending the program until the guard is dropped: for writes that cannot be done by renaming.
pub fn undisturbed() -> MutexGuard<'static, ()> {
    BUSY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is said to whoever interrupts, besides that it was an interruption.
static NEXT_STEP: Mutex<Option<String>> = Mutex::new(None);

/// From now on, an interruption is told with this hint: what was or was not done, and what to type next.
pub fn when_interrupted(hint: &str) {
    *NEXT_STEP.lock().unwrap_or_else(PoisonError::into_inner) = Some(hint.to_owned());
}

/// The hint that an interruption is told with now.
pub fn next_step() -> Option<String> {
    let hint = NEXT_STEP.lock().unwrap_or_else(PoisonError::into_inner);
    hint.clone()
}

/// A line on stderr; unlike with `eprintln!`, it does not matter if nobody reads it any more.
pub fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Keeps memory out of reach of other programs and of the disk, and panics out of the terminal.
///
/// On Linux the process is made undumpable: no core file, no attaching debugger of the same user, no reading through
/// `/proc/PID/mem`. Elsewhere the limit of core files is 0; `as_before` gives it back. A panic names its place in the code only, since its message may quote what was being read;
/// `clean_up` gives the terminal back before.
pub fn harden(clean_up: fn()) {
    std::panic::set_hook(Box::new(move |panic| {
        clean_up();
        let place = panic
            .location()
            .map(|place| format!(" at {}:{}", place.file(), place.line()))
            .unwrap_or_default();
        tell(&format!(
            "error: mai {} has a bug{place}",
            env!("CARGO_PKG_VERSION")
        ));
        tell(
            "hint: nothing was half-written; please report this line and what you typed, without passwords",
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
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let before = getrlimit(Resource::Core);
        // The upper limit stays: whoever lowers it cannot give it back.
        let none = Rlimit {
            current: Some(0),
            ..before
        };
        let _ = setrlimit(Resource::Core, none);
        let _ = CORE_FILES.set(before);
    }
}

/// The limit of core files that the process came with.
#[cfg(unix)]
static CORE_FILES: OnceLock<rustix::process::Rlimit> = OnceLock::new();

/// Undoes what `harden` did and a program that takes over this process would inherit: the limit of core files.
///
/// Being undumpable ends with the program by itself.
#[cfg(unix)]
pub fn as_before() {
    use rustix::process::{Resource, setrlimit};
    if let Some(before) = CORE_FILES.get() {
        let _ = setrlimit(Resource::Core, *before);
    }
}

/// SIGTERM ends the program with success from now on: for one that runs until it is told to stop.
pub fn stopping_is_success() {
    STOPPING_IS_SUCCESS.store(true, Ordering::SeqCst);
}

/// A signal that would end the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caught {
    pub signal: i32,
    /// Another process sent it to this one; a terminal sends its own to all that run on it.
    pub was_sent: bool,
}

/// What happens on a signal that somebody has taken over.
pub enum Then {
    /// Clean up and leave with this code.
    Leave(u8),
    GoOn,
}

type Taker = Box<dyn Fn(Caught) -> Then + Send>;

static TAKER: Mutex<Option<Taker>> = Mutex::new(None);
static CLEAN_UP: Mutex<Option<fn()>> = Mutex::new(None);

/// From now on signals that would end the program do what `taker` says.
pub fn take_signals(taker: impl Fn(Caught) -> Then + Send + 'static) {
    *TAKER.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(taker));
}

/// Ends the program from any thread, as a signal would: not in the midst of a file, and cleaned up.
pub fn leave(code: u8) -> ! {
    let _busy = undisturbed();
    clean_up();
    std::process::exit(i32::from(code))
}

fn clean_up() {
    let clean_up = *CLEAN_UP.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(clean_up) = clean_up {
        clean_up();
    }
}

/// Takes the line back on which a spinner or `^C` may stand.
pub fn erase_line() -> &'static str {
    match std::io::IsTerminal::is_terminal(&std::io::stderr()) {
        true => "\r\u{1b}[K",
        false => "",
    }
}

/// Ends the program on Ctrl-C, SIGTERM, SIGHUP and SIGQUIT, whatever it is waiting for.
///
/// `clean_up` runs first (the terminal gets its echo back, a running helper command is stopped). Files are replaced by
/// renaming, so a cut leaves the old or the new one; where one must be written in place, that is waited for. What was
/// ignored already, as below `nohup`, stays so.
#[cfg(unix)]
pub fn leave_on_signals(clean_up: fn()) {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    use signal_hook::iterator::SignalsInfo;
    use signal_hook::iterator::exfiltrator::WithOrigin;

    *CLEAN_UP.lock().unwrap_or_else(PoisonError::into_inner) = Some(clean_up);
    let ignored = ignored_signals();
    let wanted = [SIGINT, SIGTERM, SIGHUP, SIGQUIT].into_iter();
    let wanted = wanted.filter(|signal| ignored & (1 << (signal - 1)) == 0);
    let Ok(mut signals) = SignalsInfo::<WithOrigin>::new(wanted) else {
        return;
    };
    std::thread::spawn(move || {
        for origin in signals.forever() {
            let caught = Caught {
                signal: origin.signal,
                was_sent: origin.process.is_some(),
            };
            let taker = TAKER.lock().unwrap_or_else(PoisonError::into_inner);
            let then = taker.as_ref().map(|taker| taker(caught));
            drop(taker);
            match then {
                Some(Then::GoOn) => {}
                Some(Then::Leave(code)) => leave(code),
                None => interrupted(caught.signal),
            }
        }
    });
}

#[cfg(unix)]
fn interrupted(signal: i32) -> ! {
    let _busy = undisturbed();
    clean_up();
    if signal == signal_hook::consts::SIGINT {
        let hint = next_step().map(|hint| format!("\nhint: {hint}"));
        tell(&format!(
            "{}\nerror: interrupted{}",
            erase_line(),
            hint.unwrap_or_default()
        ));
    }
    let told_to_stop =
        signal == signal_hook::consts::SIGTERM && STOPPING_IS_SUCCESS.load(Ordering::SeqCst);
    std::process::exit(if told_to_stop { 0 } else { 128 + signal });
}

/// One bit for each signal that whoever started this program wants ignored.
#[cfg(target_os = "linux")]
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or_default()
}

/// Other systems tell it to nobody who may not write `unsafe`.
#[cfg(all(unix, not(target_os = "linux")))]
fn ignored_signals() -> u64 {
    0
}

#[cfg(not(unix))]
pub fn leave_on_signals(clean_up: fn()) {
    *CLEAN_UP.lock().unwrap_or_else(PoisonError::into_inner) = Some(clean_up);
}
