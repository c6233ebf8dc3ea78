//! `Home`: one person's computer, where only the testbed exists.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use expectrl::process::unix::WaitStatus;
use expectrl::{Eof, Expect, Session};
use mai_testbed::{PASSWORD, Server, Testbed};
use tempfile::TempDir;

use crate::waiting::PATIENCE;

/// A home folder with nothing in it, and an environment with nothing in it.
pub struct Home {
    folder: TempDir,
    environment: BTreeMap<String, String>,
}

/// What a run said, on which channel, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub stdout: String,
    pub stderr: String,
    /// None: killed by a signal.
    pub code: Option<i32>,
}

impl Home {
    pub fn new() -> Home {
        let folder = tempfile::Builder::new()
            .prefix("mai-home-")
            .tempdir()
            .expect("a temporary folder");
        let mut home = Home {
            folder,
            environment: BTreeMap::new(),
        };
        home.set("PATH", "/usr/bin:/bin");
        home.set("TZ", "UTC");
        home.set("HOME", &home.path("").display().to_string());
        home
    }

    /// A home whose `profiles.yaml` names one identity provider, `corp`, with that face of the testbed.
    pub fn at(testbed: &Testbed, face: &str, user: &str) -> Home {
        Home::with(testbed, &format!("{}{PROFILES}", corp(testbed, face, user)))
    }

    /// A home with this `profiles.yaml`, and the testbed's STS.
    pub fn with(testbed: &Testbed, yaml: &str) -> Home {
        let mut home = Home::new();
        home.know(testbed);
        home.profiles(yaml);
        home
    }

    /// Points the environment to the testbed's STS.
    pub fn know(&mut self, testbed: &Testbed) {
        for (name, value) in testbed.env() {
            self.set(&name, &value);
        }
    }

    pub fn set(&mut self, variable: &str, value: &str) {
        self.environment.insert(variable.into(), value.into());
    }

    pub fn unset(&mut self, variable: &str) {
        self.environment.remove(variable);
    }

    pub fn path(&self, below: &str) -> PathBuf {
        // Canonical, so that paths in messages can be compared.
        let folder = self.folder.path().canonicalize().expect("the home exists");
        if below.is_empty() {
            folder
        } else {
            folder.join(below)
        }
    }

    pub fn write(&self, below: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is made");
        std::fs::write(&path, content).expect("the file is written");
        path
    }

    pub fn read(&self, below: &str) -> String {
        String::from_utf8_lossy(&std::fs::read(self.path(below)).unwrap_or_default()).into_owned()
    }

    /// The names in a folder, sorted; none if there is no such folder.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(folder)).into_iter().flatten();
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name())
            .map(|name| name.to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    pub fn profiles(&self, yaml: &str) {
        self.write(".config/mai/profiles.yaml", yaml);
    }

    pub fn credentials(&self) -> String {
        self.read(".aws/credentials")
    }

    /// One value of the credentials file, read by a parser that is not ours.
    pub fn key(&self, section: &str, key: &str) -> Option<String> {
        let mut ini = configparser::ini::Ini::new_cs();
        ini.set_default_section("\0");
        ini.set_inline_comment_symbols(Some(&[]));
        ini.read(self.credentials()).ok()?;
        ini.get(section, key)
    }

    pub fn command(&self, line: &str) -> Command {
        let words = shell_words::split(line).expect("a command line");
        let mut command = Command::new(env!("CARGO_BIN_EXE_mai"));
        command
            .args(words)
            .env_clear()
            .envs(&self.environment)
            .current_dir(self.path(""));
        command
    }

    /// Runs without a terminal, so nobody can be asked.
    pub fn mai(&self, line: &str) -> Answer {
        self.mai_with(line, "")
    }

    /// The same, with something on stdin.
    pub fn mai_with(&self, line: &str, stdin: &str) -> Answer {
        finish(self.start(line), stdin)
    }

    /// Starts without a terminal, in a session of its own.
    pub fn start(&self, line: &str) -> Child {
        start(self.command(line))
    }

    /// Runs `mai` within a shell script, where it is `"$@"`; without a terminal.
    pub fn script(&self, script: &str, line: &str, stdin: &str) -> Answer {
        let wrapped = wrapped(&["sh", "-c", script, "sh"], &self.command(line));
        finish(start(wrapped), stdin)
    }

    /// The same with mounts of its own: what the script mounts, nobody else sees.
    pub fn script_with_mounts(&self, script: &str, line: &str, stdin: &str) -> Answer {
        // Who is not root becomes root of a namespace of their own.
        let how = if rustix::process::geteuid().is_root() {
            "-m"
        } else {
            "-rm"
        };
        let before = ["unshare", how, "sh", "-ec", script, "sh"];
        finish(start(wrapped(&before, &self.command(line))), stdin)
    }
    /// `login` with the testbed's usual password on stdin.
    pub fn login(&self, rest: &str) -> Answer {
        self.mai_with(
            &format!("login {rest} --password-stdin"),
            &format!("{PASSWORD}\n"),
        )
    }

    /// Runs in a pseudo-terminal, as a person does.
    pub fn terminal(&self, line: &str) -> Terminal {
        self.in_terminal(line, "exec \"$@\"")
    }

    /// The same from a shell, which says at the end how the terminal is set.
    pub fn shell(&self, line: &str) -> Terminal {
        self.in_terminal(
            line,
            "trap : INT; \"$@\"; code=$?; echo; stty -a; exit $code",
        )
    }

    /// The same within a shell script, where it is `"$@"`.
    pub fn in_terminal(&self, line: &str, script: &str) -> Terminal {
        // Pseudo-terminals of expectrl start without echo, people's do not.
        let script = format!("stty echo; {script}");
        let mut command = wrapped(&["sh", "-c", &script, "sh"], &self.command(line));
        command.env("TERM", "xterm-256color");
        with_usual_signals(&mut command);
        let mut session = Session::spawn(command).expect("a pseudo-terminal");
        session
            .get_process_mut()
            .set_window_size(120, 40)
            .expect("a window size");
        session.set_expect_timeout(Some(PATIENCE));
        Terminal {
            session,
            seen: String::new(),
        }
    }
}

/// Starts without a terminal, in a session of its own.
pub fn start(mut command: Command) -> Child {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    in_own_session(&mut command)
        .spawn()
        .expect("the program starts")
}

/// It will have no terminal.
pub fn in_own_session(command: &mut Command) -> &mut Command {
    // SAFETY: setsid is async-signal-safe and touches no memory of the parent.
    unsafe {
        command.pre_exec(|| rustix::process::setsid().map(drop).map_err(Into::into));
    }
    // Pseudo-terminals that other tests have open just now are not for it.
    // SAFETY: a single system call, which touches no memory of the parent.
    #[cfg(target_os = "linux")]
    unsafe {
        command.pre_exec(|| {
            libc::syscall(
                libc::SYS_close_range,
                3,
                u32::MAX,
                libc::CLOSE_RANGE_CLOEXEC,
            );
            Ok(())
        });
    }
    with_usual_signals(command)
}

/// Signals that whoever started the tests ignores, as `nohup` does, would stay ignored.
fn with_usual_signals(command: &mut Command) -> &mut Command {
    // SAFETY: signal is async-signal-safe and touches no memory of the parent.
    unsafe {
        command.pre_exec(|| {
            for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM] {
                libc::signal(signal, libc::SIG_DFL);
            }
            Ok(())
        })
    }
}

/// Feeds a run and waits for its end.
pub fn finish(mut child: Child, stdin: &str) -> Answer {
    let mut pipe = child.stdin.take().expect("a pipe");
    match pipe.write_all(stdin.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            panic!("stdin cannot be written: {error}")
        }
        _ => drop(pipe),
    }
    let output = child.wait_with_output().expect("the run ends");
    Answer {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code(),
    }
}

/// Another program, with the words of `inner` as its last arguments, in the same environment and folder.
pub fn wrapped(before: &[&str], inner: &Command) -> Command {
    let mut command = Command::new(before[0]);
    command
        .args(&before[1..])
        .arg(inner.get_program())
        .args(inner.get_args())
        .env_clear();
    for (name, value) in inner.get_envs() {
        command.env(name, value.expect("a variable that is set"));
    }
    if let Some(folder) = inner.get_current_dir() {
        command.current_dir(folder);
    }
    command
}

/// Profiles of the testbed's ada, shared by most homes.
pub const PROFILES: &str = "
profiles:
  prod:
    identity_provider: corp
    role: arn:aws:iam::111111111111:role/PowerUser
  audit:
    identity_provider: corp
    role: 222222222222/ReadOnly
groups: {morning: [prod, audit]}
";

/// A run in a pseudo-terminal.
pub struct Terminal {
    session: expectrl::session::OsSession,
    seen: String,
}

impl Terminal {
    /// Waits until the text appears.
    #[track_caller]
    pub fn expect(&mut self, text: &str) -> &mut Self {
        match self.session.expect(text) {
            Ok(found) => self
                .seen
                .push_str(&String::from_utf8_lossy(found.as_bytes())),
            Err(error) => {
                let mut rest = vec![0; 8192];
                let length = self.session.try_read(&mut rest).unwrap_or(0);
                panic!(
                    "`{text}` did not appear ({error}); seen so far:\n{}{}",
                    self.seen,
                    String::from_utf8_lossy(&rest[..length])
                );
            }
        }
        self
    }

    /// Types a line.
    #[track_caller]
    pub fn line(&mut self, text: &str) -> &mut Self {
        self.session
            .send_line(text)
            .expect("the terminal takes a line");
        self
    }

    /// Types keys without Enter.
    #[track_caller]
    pub fn keys(&mut self, text: &str) -> &mut Self {
        self.session.send(text).expect("the terminal takes keys");
        self
    }

    /// The process at the other end: `mai`, or the shell that started it.
    pub fn pid(&self) -> i32 {
        self.session.get_process().pid().as_raw()
    }

    pub fn echoes(&self) -> bool {
        self.session.get_process().get_echo().expect("a terminal")
    }

    /// Waits for the end; all that was shown, and the exit code.
    #[track_caller]
    pub fn end(self) -> (String, i32) {
        let (seen, code) = self.end_in_color();
        (plain(&seen), code)
    }

    /// The same with the escape sequences.
    #[track_caller]
    pub fn end_in_color(mut self) -> (String, i32) {
        match self.session.expect(Eof) {
            Ok(found) => self
                .seen
                .push_str(&String::from_utf8_lossy(found.as_bytes())),
            Err(error) => panic!(
                "the run does not end ({error}); seen so far:\n{}",
                self.seen
            ),
        }
        let code = match self.session.get_process().wait().expect("an exit status") {
            WaitStatus::Exited(_, code) => code,
            WaitStatus::Signaled(_, signal, _) => 128 + signal as i32,
            other => panic!("an odd end: {other:?}"),
        };
        (self.seen, code)
    }
}

/// Without escape sequences, as the eye sees it.
fn plain(shown: &str) -> String {
    let mut text = String::new();
    let mut characters = shown.chars();
    while let Some(c) = characters.next() {
        if c != '\u{1b}' {
            text.push(c);
            continue;
        }
        for c in characters.by_ref() {
            if c.is_ascii_alphabetic() {
                break;
            }
        }
    }
    text
}

impl Answer {
    /// The run worked.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self}");
        self
    }

    /// The run failed with this code, and said these words on stderr.
    #[track_caller]
    pub fn fails(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        for word in words {
            assert!(
                self.stderr.contains(word),
                "`{word}` is missing in:\n{self}"
            );
        }
        self
    }

    /// The JSON document on stdout.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in:\n{self}"))
    }
}

/// Both channels and the code, as a reader sees them.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.stdout, self.stderr)?;
        match self.code {
            Some(code) => write!(f, "[exit {code}]"),
            None => write!(f, "[killed]"),
        }
    }
}

/// The identity provider `corp` of a `profiles.yaml`; more of its settings may follow, indented by four.
pub fn corp(testbed: &Testbed, face: &str, user: &str) -> String {
    format!(
        "identity_providers:\n  corp:\n    url: {}\n    username: {user}\n    password: ask\n",
        testbed.face(face)
    )
}

/// How often keys were asked for.
pub fn sts_calls(testbed: &Testbed) -> usize {
    let seen = testbed.requests();
    seen.iter()
        .filter(|seen| seen.server == Server::Sts && seen.method == "POST")
        .count()
}

/// The mode bits of a file.
pub fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path)
        .expect("the file exists")
        .permissions()
        .mode()
        & 0o7777
}
