//! A question in a window of its own, for a desktop without a terminal: the program `pinentry`, in the Assuan protocol.

use std::io::{ErrorKind, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::error::{Error, Result, clean};
use crate::helper_command;
use crate::secret::Secret;

const PROGRAM: &str = "pinentry";

/// For all questions of a run together: whoever started it does not wait for ever.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// The longest line of the protocol, and more (Assuan: 1000 bytes).
const LONGEST_LINE: usize = 2048;
/// What of our words goes into one line; escaped it may be three times as long.
const LONGEST_TEXT: usize = 300;

/// Codes of GnuPG's errors (the lower 16 bits).
const TIMEOUT: u32 = 62;
const CANCELED: u32 = 99;
const FULLY_CANCELED: u32 = 198;

/// Is there a desktop on which a window could be seen?
pub fn has_desktop(variable: impl Fn(&str) -> Option<String>) -> bool {
    let is_set = |name| variable(name).is_some_and(|value| !value.is_empty());
    cfg!(target_os = "macos") || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

/// Who is asked in a window instead of on a terminal.
#[derive(Debug, Default)]
pub struct Pinentry {
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    /// What the questions are for.
    reason: String,
    deadline: Option<Instant>,
}

impl Pinentry {
    /// What is shown above every question.
    pub fn give_reason(&self, reason: &str) {
        self.told().reason = reason.to_owned();
    }

    /// Something that does not show while it is typed: `prompt` is the word beside the field.
    ///
    /// Whoever closes the window interrupts; no answer in time is an error of the kind `NeedsYou`.
    pub fn ask(&self, question: &str, prompt: &str) -> Result<Secret> {
        let (reason, deadline) = {
            let mut told = self.told();
            let deadline = *told
                .deadline
                .get_or_insert_with(|| Instant::now() + TIME_LIMIT);
            (told.reason.clone(), deadline)
        };
        let about = match reason.is_empty() {
            true => format!("{question}:"),
            false => format!("{reason}\n{question}:"),
        };
        let mut conversation = Conversation::start(deadline, question)?;
        let answer = conversation.ask(&about, prompt);
        conversation.end();
        // Ended by the signal that is ending us: its failure is nobody's news.
        helper_command::park_if_leaving();
        answer
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One run of the program.
struct Conversation<'q> {
    child: Child,
    to: Option<ChildStdin>,
    from: Receiver<Zeroizing<Vec<u8>>>,
    deadline: Instant,
    question: &'q str,
}

/// How a command was answered.
enum Reply {
    Ok(Zeroizing<Vec<u8>>),
    Failed { code: u32, text: String },
}

impl Conversation<'_> {
    fn start(deadline: Instant, question: &str) -> Result<Conversation<'_>> {
        let mut command = Command::new(PROGRAM);
        command
            .env_clear()
            .envs(helper_command::small_environment())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child =
            helper_command::start_group(&mut command).map_err(|error| match error.kind() {
                ErrorKind::NotFound => Error::needs_you(format!(
                    "there is no program `{PROGRAM}` to ask with: {question}"
                ))
                .hint("install it, or run this in a terminal"),
                _ => Error::failed(format!("`{PROGRAM}` cannot run")).because(error),
            })?;
        let (send, from) = channel();
        if let Some(stdout) = child.stdout.take() {
            std::thread::spawn(move || {
                let mut stdout = stdout;
                while let Some(line) = read_line(&mut stdout) {
                    if send.send(line).is_err() {
                        return;
                    }
                }
            });
        }
        Ok(Conversation {
            to: child.stdin.take(),
            child,
            from,
            deadline,
            question,
        })
    }

    fn ask(&mut self, about: &str, prompt: &str) -> Result<Secret> {
        self.expect_ok()?;
        let seconds = self.left()?.as_secs().max(1);
        // Not every pinentry knows it; the window of one that does closes when nobody waits any more.
        self.say(&format!("SETTIMEOUT {seconds}"))?;
        self.reply()?;
        for (command, text) in [
            ("SETTITLE", "mai"),
            ("SETDESC", about),
            ("SETPROMPT", prompt),
        ] {
            self.say(&format!("{command} {}", escaped(text)))?;
            self.expect_ok()?;
        }
        self.say("GETPIN")?;
        let typed = match self.reply()? {
            Reply::Ok(typed) => typed,
            Reply::Failed { code, text } => return Err(self.refused(code, &text)),
        };
        if typed.is_empty() {
            return Err(super::questions::no_answer(self.question));
        }
        match std::str::from_utf8(&typed) {
            Ok(typed) => Ok(Secret::new(typed)),
            Err(_) => Err(Error::failed(format!(
                "`{PROGRAM}` answered with something that is not UTF-8"
            ))),
        }
    }

    fn expect_ok(&mut self) -> Result<()> {
        match self.reply()? {
            Reply::Ok(_) => Ok(()),
            Reply::Failed { code, text } => Err(self.refused(code, &text)),
        }
    }

    fn say(&mut self, line: &str) -> Result<()> {
        let line = format!("{line}\n");
        let to = self.to.as_mut().ok_or_else(gone)?;
        to.write_all(line.as_bytes()).map_err(|_| gone())
    }

    /// Everything up to `OK` or `ERR`: data is put together, remarks are passed over.
    fn reply(&mut self) -> Result<Reply> {
        let mut data = Zeroizing::new(Vec::with_capacity(LONGEST_LINE));
        loop {
            let line = match self.from.recv_timeout(self.left()?) {
                Ok(line) => line,
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => return Err(self.too_late()),
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return Err(gone()),
            };
            let (word, rest) = match line.iter().position(|b| *b == b' ') {
                Some(at) => (&line[..at], &line[at + 1..]),
                None => (&line[..], &[][..]),
            };
            match word {
                b"OK" => return Ok(Reply::Ok(data)),
                b"ERR" => {
                    let text = String::from_utf8_lossy(rest);
                    let (code, text) = text.split_once(' ').unwrap_or((&text, ""));
                    return Ok(Reply::Failed {
                        code: code.parse::<u32>().unwrap_or(0) & 0xffff,
                        text: clean(text),
                    });
                }
                b"D" if data.len() < LONGEST_LINE => unescape_into(&mut data, rest),
                // It wants something (the quality of a new password, say) that we do not have.
                b"INQUIRE" => self.say("CAN")?,
                _ => {}
            }
        }
    }

    fn left(&self) -> Result<Duration> {
        let left = self.deadline.checked_duration_since(Instant::now());
        left.ok_or_else(|| self.too_late())
    }

    fn too_late(&self) -> Error {
        Error::needs_you(format!(
            "nobody answered within {} s: {}",
            TIME_LIMIT.as_secs(),
            self.question
        ))
        .hint("run it again, or in a terminal")
    }

    fn refused(&self, code: u32, text: &str) -> Error {
        match code {
            CANCELED | FULLY_CANCELED => Error::interrupted_at(self.question),
            TIMEOUT => self.too_late(),
            _ => Error::needs_you(format!("`{PROGRAM}` cannot ask: {}", self.question))
                .because(text)
                .hint("run it in a terminal"),
        }
    }

    /// Lets it go, and sees to it that it goes.
    fn end(mut self) {
        let _ = self.say("BYE");
        self.to = None;
        let until = Instant::now() + Duration::from_millis(300);
        while Instant::now() < until {
            if let Ok(Some(_)) = self.child.try_wait() {
                helper_command::forget_group();
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        helper_command::end_group();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn gone() -> Error {
    Error::needs_you(format!("`{PROGRAM}` ended before it had an answer"))
        .hint("run it in a terminal; `echo BYE | pinentry` shows what is wrong with it")
}

/// Byte by byte into one place, since a buffer that grows leaves copies of a password behind.
fn read_line(from: &mut ChildStdout) -> Option<Zeroizing<Vec<u8>>> {
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST_LINE));
    let mut byte = Zeroizing::new([0u8]);
    loop {
        match from.read(&mut *byte) {
            Ok(0) => return None,
            Ok(_) if byte[0] == b'\n' => return Some(line),
            Ok(_) if line.len() < LONGEST_LINE => line.push(byte[0]),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

/// As the protocol wants text: one line, `%` and line ends as hexadecimal numbers.
fn escaped(text: &str) -> String {
    let mut line = String::new();
    for c in text.chars().take(LONGEST_TEXT) {
        match c {
            '%' => line.push_str("%25"),
            '\n' => line.push_str("%0A"),
            c if c.is_control() => {}
            c => line.push(c),
        }
    }
    line
}

fn unescape_into(data: &mut Vec<u8>, text: &[u8]) {
    let digit = |at: usize| text.get(at).and_then(|b| (*b as char).to_digit(16));
    let mut at = 0;
    while at < text.len() {
        match (text[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                data.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, ..) => {
                data.push(byte);
                at += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_one_line_and_comes_back_as_it_was() {
        let text = "100 % of\nada's \u{e4}\u{1b}";
        let line = escaped(text);
        assert_eq!(line, "100 %25 of%0Aada's \u{e4}");
        let mut back = Vec::new();
        unescape_into(&mut back, line.as_bytes());
        assert_eq!(String::from_utf8(back).unwrap(), "100 % of\nada's \u{e4}");
        let mut odd = Vec::new();
        unescape_into(&mut odd, b"50%%2 %zz%");
        assert_eq!(odd, b"50%%2 %zz%");
        assert_eq!(escaped(&"x".repeat(9999)).len(), LONGEST_TEXT);
    }

    #[test]
    fn a_window_needs_a_desktop() {
        let with = |name: &'static str, value: &'static str| {
            has_desktop(move |asked| (asked == name).then(|| value.to_owned()))
        };
        assert!(with("DISPLAY", ":0") && with("WAYLAND_DISPLAY", "wayland-0"));
        if !cfg!(target_os = "macos") {
            assert!(!with("DISPLAY", "") && !with("TERM", "xterm"));
        }
    }
}
