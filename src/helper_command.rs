//! Commands of the person that print a secret: a password manager, a code generator.

use std::ffi::OsString;
use std::fmt;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use zeroize::{Zeroize, Zeroizing};

use crate::error::{Error, Result, clean};
use crate::presence::Presence;
use crate::secret::Secret;

/// How long a command may take; a person at a password manager's window included.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// How long after its end the rest of its output may take; a daemon it left behind may hold the pipe for ever.
const REST_OF_OUTPUT: Duration = Duration::from_millis(500);

/// More than any password; what is longer is not one.
const LONGEST_OUTPUT: usize = 64 * 1024;

/// What a command sees of our environment; everything else, AWS's and our own variables included, is kept from it.
const ENVIRONMENT: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "TMPDIR",
    "TERM",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "SSH_AUTH_SOCK",
    "GPG_TTY",
    // Windows programs do not start without these.
    "SYSTEMROOT",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "TEMP",
];

/// What other programs see of our environment: enough to find their files, the desktop and its buses.
pub fn small_environment() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os().filter(|(name, _)| {
        name.to_str().is_some_and(|name| {
            ENVIRONMENT.contains(&name.to_ascii_uppercase().as_str()) || name.starts_with("LC_")
        })
    })
}

/// A program with its arguments, run without a shell.
#[derive(Clone, PartialEq, Eq)]
pub struct HelperCommand {
    argv: Vec<String>,
    unattended: bool,
    purpose: String,
}

impl HelperCommand {
    /// `purpose` names the setting in errors: "the command for `password` of identity provider `corp`".
    pub fn new(argv: Vec<String>, unattended: bool, purpose: String) -> Self {
        HelperCommand {
            argv,
            unattended,
            purpose,
        }
    }

    pub fn argv(&self) -> &[String] {
        &self.argv
    }

    /// May it run when nobody is there?
    pub fn unattended(&self) -> bool {
        self.unattended
    }

    /// Runs it and takes what it prints, without the final line break.
    ///
    /// It gets a small environment, no input and a process group of its own, which is killed after 30 s. Its words
    /// on stderr are the person's to read. Errors name the program, never its arguments.
    pub fn run(&self, presence: Presence) -> Result<Secret> {
        self.run_within(presence, TIME_LIMIT)
    }

    fn run_within(&self, presence: Presence, limit: Duration) -> Result<Secret> {
        if !presence.is_person() && !self.unattended {
            return Err(Error::needs_you(format!(
                "{} may need a person, and nobody may be asked",
                self.purpose
            ))
            .hint("add `unattended: true` beside the command if it never asks anybody"));
        }
        let deadline = Instant::now() + limit;
        let mut running = Running::start(self.command()?).map_err(|e| self.not_started(&e))?;
        let Some(status) = running.wait_until(deadline) else {
            running.kill();
            return Err(Error::failed(format!(
                "{} gave no answer within {} s: {}",
                self.purpose,
                limit.as_secs(),
                self.program()
            ))
            .hint("run it by hand: it gets neither the terminal nor input here"));
        };
        // Ended by the signal that is ending us: its failure is nobody's news.
        park_if_leaving();
        if !status.success() {
            return Err(self.failed(status));
        }
        self.answer(&running.output())
    }

    fn command(&self) -> Result<Command> {
        let Some((program, arguments)) = self.argv.split_first() else {
            return Err(Error::usage(format!("{} names no program", self.purpose)));
        };
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .envs(small_environment())
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        Ok(command)
    }

    fn answer(&self, output: &[u8]) -> Result<Secret> {
        if output.len() > LONGEST_OUTPUT {
            return Err(Error::failed(format!(
                "{} printed more than a secret: {}",
                self.purpose,
                self.program()
            )));
        }
        let text = std::str::from_utf8(output).map_err(|_| {
            Error::failed(format!(
                "{} printed something that is not UTF-8: {}",
                self.purpose,
                self.program()
            ))
        })?;
        let line = text.strip_suffix('\n').unwrap_or(text);
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.is_empty() {
            return Err(Error::failed(format!(
                "{} printed nothing: {}",
                self.purpose,
                self.program()
            )));
        }
        Ok(Secret::new(line))
    }

    /// The program's name alone; even its folder is nobody's business in a log.
    fn program(&self) -> String {
        let program = self.argv.first().map_or("", String::as_str);
        let name = Path::new(program)
            .file_name()
            .map_or(program.into(), |name| name.to_string_lossy());
        format!("`{}`", clean(&name))
    }

    fn not_started(&self, error: &std::io::Error) -> Error {
        let program = self.program();
        match error.kind() {
            ErrorKind::NotFound => Error::failed(format!(
                "{} cannot run: there is no program {program}",
                self.purpose
            ))
            .hint("install it, or write its full path"),
            _ => Error::failed(format!("{} cannot run {program}", self.purpose)).because(error),
        }
    }

    fn failed(&self, status: ExitStatus) -> Error {
        Error::failed(format!(
            "{} failed: {} ended with {}",
            self.purpose,
            self.program(),
            ending(status)
        ))
        .hint("what it said about that is above; run it by hand to see more")
    }
}

/// Arguments may hold a secret, so only the program's name is shown.
impl fmt::Debug for HelperCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HelperCommand({})", self.program())
    }
}

fn ending(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit code {code}"),
        None => "a signal".into(),
    }
}

/// A command that was started, and the thread that reads what it prints.
struct Running {
    child: Child,
    printed: Arc<Mutex<Zeroizing<Vec<u8>>>>,
    end_of_output: Receiver<()>,
}

impl Running {
    fn start(mut command: Command) -> std::io::Result<Running> {
        let mut child = group::start(&mut command)?;
        // All of it at once: a vector that grows leaves copies behind.
        let buffer = Zeroizing::new(Vec::with_capacity(LONGEST_OUTPUT + 1));
        let printed = Arc::new(Mutex::new(buffer));
        let (finished, end_of_output) = channel();
        if let Some(stdout) = child.stdout.take() {
            let printed = Arc::clone(&printed);
            std::thread::spawn(move || {
                read_into(stdout, &printed);
                // Nobody listens any more if the time was up.
                let _ = finished.send(());
            });
        }
        Ok(Running {
            child,
            printed,
            end_of_output,
        })
    }

    /// The end of the child, or nothing when it outlives the deadline.
    fn wait_until(&mut self, deadline: Instant) -> Option<ExitStatus> {
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            // The end of its output is nearly always the end of the child: no need to look more often until then.
            match self.end_of_output.recv_timeout(left.min(REST_OF_OUTPUT)) {
                Ok(()) | Err(RecvTimeoutError::Disconnected) => {
                    std::thread::sleep(left.min(Duration::from_millis(2)));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn output(&self) -> Zeroizing<Vec<u8>> {
        // An error here means that the reader is done already.
        let _ = self.end_of_output.recv_timeout(REST_OF_OUTPUT);
        let mut printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *printed)
    }

    fn kill(&mut self) {
        group::kill();
        // On systems without groups, and in case it left its own; it may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        group::forget();
    }
}

fn read_into(mut stdout: ChildStdout, printed: &Mutex<Zeroizing<Vec<u8>>>) {
    let mut chunk = Zeroizing::new([0u8; 4096]);
    loop {
        match stdout.read(&mut *chunk) {
            Ok(0) => return,
            Ok(length) => {
                let mut printed = printed.lock().unwrap_or_else(PoisonError::into_inner);
                let room = (LONGEST_OUTPUT + 1).saturating_sub(printed.len());
                printed.extend_from_slice(&chunk[..length.min(room)]);
                chunk.zeroize();
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

/// The process is about to end, whatever a command says.
static IS_LEAVING: AtomicBool = AtomicBool::new(false);

/// Stays here while the signal thread ends the process.
pub fn park_if_leaving() {
    while IS_LEAVING.load(Ordering::SeqCst) {
        std::thread::park();
    }
}

/// Ends the command that is running right now, with all it started, if there is one.
///
/// For the signal thread: Ctrl-C reaches only our own process group.
pub fn kill_running() {
    IS_LEAVING.store(true, Ordering::SeqCst);
    group::kill();
}

/// Starts a program that leads a process group of its own, which `kill_running` ends too.
pub fn start_group(command: &mut Command) -> std::io::Result<Child> {
    group::start(command)
}

/// That program has ended by itself.
pub fn forget_group() {
    group::forget();
}

/// Ends that program, with all it started.
pub fn end_group() {
    group::kill();
}

/// The process group of the command that is running; there is one at a time.
#[cfg(unix)]
mod group {
    use std::process::{Child, Command};
    use std::sync::atomic::Ordering;
    use std::sync::{Mutex, MutexGuard, PoisonError};
    use std::time::Duration;

    use rustix::process::{Pid, Signal, kill_process_group};

    static RUNNING: Mutex<Option<Pid>> = Mutex::new(None);

    fn running() -> MutexGuard<'static, Option<Pid>> {
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts and remembers in one piece: a signal between the two would leave the command behind.
    pub fn start(command: &mut Command) -> std::io::Result<Child> {
        let mut running = running();
        if super::IS_LEAVING.load(Ordering::SeqCst) {
            // Without the lock, which the signal thread wants next.
            drop(running);
            super::park_if_leaving();
            return Err(std::io::ErrorKind::Interrupted.into());
        }
        let child = command.spawn()?;
        *running = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        Ok(child)
    }

    pub fn forget() {
        *running() = None;
    }

    pub fn kill() {
        let Some(group) = running().take() else {
            return;
        };
        // A moment to put things in order; a group that is gone already is what we want.
        if kill_process_group(group, Signal::TERM).is_ok() {
            std::thread::sleep(Duration::from_millis(50));
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

#[cfg(not(unix))]
mod group {
    pub fn start(command: &mut std::process::Command) -> std::io::Result<std::process::Child> {
        command.spawn()
    }
    pub fn forget() {}
    pub fn kill() {}
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::error::Kind;

    /// The group of the running command is one for the process, so these tests take turns.
    static TURN: Mutex<()> = Mutex::new(());

    fn command(script: &str, unattended: bool) -> HelperCommand {
        let argv = ["sh", "-c", script, "hunter2"];
        HelperCommand::new(
            argv.map(String::from).to_vec(),
            unattended,
            "the command for `password` of identity provider `corp`".into(),
        )
    }

    fn run(script: &str) -> Result<Secret> {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        command(script, false).run(Presence::Person)
    }

    #[test]
    fn only_the_final_line_break_is_cut() {
        for (script, secret) in [
            ("echo pa ss", "pa ss"),
            ("printf '%s' ' x '", " x "),
            ("printf 'x\\r\\n'", "x"),
            ("printf 'x\\n\\n'", "x\n"),
            ("printf 'x\\t \\n'", "x\t "),
        ] {
            assert_eq!(run(script).unwrap().expose(), secret, "{script}");
        }
    }

    #[test]
    fn a_failing_command_is_named_without_its_arguments() {
        for script in [
            "echo secret; exit 3",
            "true",
            "kill -9 $$",
            "printf '\\377'",
        ] {
            let error = run(script).unwrap_err();
            let said = format!("{error} {:?}", error.hint_text());
            assert!(said.contains("`sh`"), "{said}");
            assert!(
                !said.contains("hunter2") && !said.contains("secret;"),
                "{said}"
            );
        }
        let debug = format!("{:?}", command("x", true));
        assert_eq!(debug, "HelperCommand(`sh`)");
        let missing = HelperCommand::new(vec!["/no/such/tool".into()], true, "it".into());
        let error = missing.run(Presence::Person).unwrap_err();
        assert_eq!(error.message(), "it cannot run: there is no program `tool`");
    }

    #[test]
    fn for_nobody_only_unattended_commands_run() {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let error = command("echo x", false).run(Presence::Nobody).unwrap_err();
        assert_eq!(error.kind(), Kind::NeedsYou);
        assert!(
            error
                .message()
                .contains("`password` of identity provider `corp`")
        );
        assert!(command("echo x", true).run(Presence::Nobody).is_ok());
    }

    #[test]
    fn too_much_output_is_no_secret() {
        let error = run("head -c 200000 /dev/zero | tr '\\0' x").unwrap_err();
        assert!(error.message().contains("more than a secret"), "{error}");
    }

    #[test]
    fn the_environment_is_small_and_stdin_empty() {
        let seen = run("cat; env").unwrap();
        let names: Vec<&str> = seen
            .expose()
            .lines()
            .filter_map(|line| line.split('=').next())
            .filter(|name| !["PWD", "SHLVL", "_", "OLDPWD"].contains(name))
            .collect();
        assert!(names.contains(&"PATH"), "{names:?}");
        for name in names {
            assert!(
                ENVIRONMENT.contains(&name) || name.starts_with("LC_"),
                "{name}"
            );
        }
    }

    #[test]
    fn a_command_that_hangs_is_killed_with_its_children() {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let script = format!("sleep 100 & echo $! > {}; wait", file.display());
        let limit = Duration::from_secs(1);
        let started = Instant::now();
        let error = command(&script, true)
            .run_within(Presence::Nobody, limit)
            .unwrap_err();
        assert!(
            error.message().contains("gave no answer within 1 s"),
            "{error}"
        );
        assert!(started.elapsed() < Duration::from_secs(20));
        let grandchild = std::fs::read_to_string(&file).unwrap();
        let status = std::fs::read_to_string(format!("/proc/{}/stat", grandchild.trim()));
        // Gone, or dead and waiting for the init process to notice.
        assert!(status.is_err() || status.is_ok_and(|stat| stat.contains(") Z ")));
    }

    #[test]
    fn a_daemon_left_behind_does_not_keep_the_secret_waiting() {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let started = Instant::now();
        let script = "sleep 8 & echo x";
        let secret = command(script, true).run(Presence::Nobody).unwrap();
        assert_eq!(secret.expose(), "x");
        assert!(started.elapsed() < Duration::from_secs(6));
    }
}
