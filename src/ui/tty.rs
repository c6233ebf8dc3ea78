//! The terminal itself, which is there when stdin, stdout and stderr lead elsewhere.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::error::{Error, Kind, Result};
use crate::presence::Presence;

#[cfg(windows)]
const INPUT: &str = "CONIN$";
#[cfg(windows)]
const OUTPUT: &str = "CONOUT$";
#[cfg(not(windows))]
const INPUT: &str = "/dev/tty";
#[cfg(not(windows))]
const OUTPUT: &str = "/dev/tty";

/// A person, if there is a terminal to ask on and `--no-input` was not given.
pub fn presence(no_input: bool) -> Presence {
    if !no_input && Tty::open().is_ok() {
        Presence::Person
    } else {
        Presence::Nobody
    }
}

/// Does the terminal listen to this program right now? Not where it runs in the background, whose question would stop it.
pub fn is_in_foreground() -> bool {
    #[cfg(unix)]
    {
        use rustix::process::getpgrp;
        use rustix::termios::tcgetpgrp;
        let Ok(tty) = Tty::open() else { return false };
        io::stdin().is_terminal() && tcgetpgrp(&tty.input).is_ok_and(|group| group == getpgrp())
    }
    #[cfg(not(unix))]
    io::stdin().is_terminal()
}

/// The controlling terminal, opened for one question.
pub(super) struct Tty {
    input: File,
    output: File,
}

/// The longest line a terminal hands over in one piece.
const LONGEST_LINE: usize = 4096;

impl Tty {
    pub fn open() -> io::Result<Tty> {
        Ok(Tty {
            input: OpenOptions::new()
                .read(true)
                .write(cfg!(windows))
                .open(INPUT)?,
            output: OpenOptions::new().write(true).open(OUTPUT)?,
        })
    }

    pub fn write(&mut self, text: &str) -> Result<()> {
        let written = self.output.write_all(text.as_bytes());
        written
            .and_then(|()| self.output.flush())
            .map_err(|error| lost(&error))
    }

    /// One line as it was typed, without its end; Ctrl-D on an empty line is an interruption of this question.
    pub fn read_line(&mut self, question: &str) -> Result<String> {
        read_line(&mut self.input).map_err(|error| self.left(error, question))
    }

    /// An interruption, on a line of its own, with the question that was left.
    pub fn left(&mut self, error: Error, question: &str) -> Error {
        if error.kind() != Kind::Interrupted {
            return error;
        }
        // Ctrl-D shows nothing. A terminal that is gone needs no new line.
        let _ = self.write("\n");
        Error::interrupted_at(question)
    }
}

/// Byte by byte, so that what was typed ahead stays for the next question.
fn read_line(input: &mut impl Read) -> Result<String> {
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST_LINE));
    let mut byte = [0u8];
    loop {
        match input.read(&mut byte) {
            Ok(0) if line.is_empty() => return Err(Error::interrupted()),
            Ok(0) => break,
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) if line.len() < LONGEST_LINE => line.push(byte[0]),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(lost(&error)),
        }
    }
    let typed = String::from_utf8_lossy(&line);
    Ok(typed.chars().filter(|c| !c.is_control()).collect())
}

pub(super) fn lost(error: &io::Error) -> Error {
    match error.kind() {
        ErrorKind::Interrupted | ErrorKind::UnexpectedEof => Error::interrupted(),
        _ => Error::failed("the terminal is gone").because(error),
    }
}

/// Remembers how the terminal is set, before something changes it. Only the first call of a run counts.
pub(super) fn remember() {
    settings::remember();
}

/// Turns off echo, lines and the keys that send signals until the value is dropped: as `rpassword` reads.
///
/// Before the question is shown, since a fast hand or a paste answers before the reader is ready: what is typed would
/// show, and a Ctrl-D would be lost.
pub(super) fn hush() -> impl Drop {
    settings::Hush::new()
}

/// How long a signal takes at most to reach the thread that waits for it.
const SIGNAL_TAKES: Duration = Duration::from_secs(1);

/// What came of a question without echo. Its reader turns Ctrl-C into the signal, which ends the program from another
/// thread: two of them would tell of it, and do by halves what is to be done before the end.
pub(super) fn unless_signalled<T>(read: io::Result<T>) -> io::Result<T> {
    if matches!(&read, Err(error) if error.kind() == ErrorKind::Interrupted) {
        std::thread::sleep(SIGNAL_TAKES);
    }
    read
}

/// Something is drawn in place (a spinner, a list), or not any more.
pub(super) fn drawing(on: bool) {
    settings::DRAWN.store(on, std::sync::atomic::Ordering::SeqCst);
}

/// Puts the terminal back as it was before the first question: echo, cursor, no half-drawn line.
///
/// For the signal thread, right before the process ends; harmless when nothing was changed.
pub fn restore_terminal() {
    settings::restore();
}

#[cfg(unix)]
mod settings {
    use std::fs::{File, OpenOptions};
    use std::io::Write;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Mutex, PoisonError};

    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

    use super::OUTPUT;

    pub static DRAWN: AtomicBool = AtomicBool::new(false);
    static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

    pub fn remember() {
        let mut before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
        if before.is_none()
            && let Ok(terminal) = OpenOptions::new().read(true).open(super::INPUT)
        {
            *before = tcgetattr(&terminal).ok();
        }
    }

    pub struct Hush(Option<(File, Termios)>);

    impl Hush {
        pub fn new() -> Hush {
            Hush(Self::quiet_terminal())
        }

        fn quiet_terminal() -> Option<(File, Termios)> {
            let terminal = File::open(super::INPUT).ok()?;
            let before = tcgetattr(&terminal).ok()?;
            let mut quiet = before.clone();
            quiet
                .local_modes
                .remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
            tcsetattr(&terminal, OptionalActions::Now, &quiet).ok()?;
            Some((terminal, before))
        }
    }

    impl Drop for Hush {
        fn drop(&mut self) {
            if let Some((terminal, before)) = &self.0 {
                // A terminal that is gone needs no echo.
                let _ = tcsetattr(terminal, OptionalActions::Now, before);
            }
        }
    }

    pub fn restore() {
        let Ok(mut terminal) = OpenOptions::new().read(true).write(true).open(OUTPUT) else {
            return;
        };
        // The process ends now: what cannot be put back stays.
        if DRAWN.load(Ordering::SeqCst) {
            // The line is empty again, bracketed paste off, the cursor visible, colors plain.
            let _ = terminal.write_all(b"\r\x1b[K\x1b[?2004l\x1b[?25h\x1b[0m");
        }
        let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(settings) = before.as_ref() {
            let _ = tcsetattr(&terminal, OptionalActions::Now, settings);
        }
    }
}

#[cfg(not(unix))]
mod settings {
    pub static DRAWN: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
    pub struct Hush;

    impl Hush {
        pub fn new() -> Hush {
            Hush
        }
    }

    impl Drop for Hush {
        fn drop(&mut self) {}
    }

    pub fn remember() {}
    pub fn restore() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_at_its_end_and_the_rest_stays() {
        let mut typed: &[u8] = "jane\u{e4}\x07\r\nsecond\n".as_bytes();
        assert_eq!(read_line(&mut typed).unwrap(), "jane\u{e4}");
        assert_eq!(read_line(&mut typed).unwrap(), "second");
        let error = read_line(&mut typed).unwrap_err();
        assert_eq!(error.exit_code(), 130);
    }

    #[test]
    fn an_endless_line_does_not_fill_the_memory() {
        let endless = "x".repeat(3 * LONGEST_LINE) + "\n";
        let mut typed = endless.as_bytes();
        assert_eq!(read_line(&mut typed).unwrap().len(), LONGEST_LINE);
    }
}
