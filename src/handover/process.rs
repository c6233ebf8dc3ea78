//! Becoming a command: on Unix no process of `mai` stays behind.

use std::ffi::{OsStr, OsString};
use std::io;
#[cfg(unix)]
use std::io::Read;
#[cfg(unix)]
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use super::environment::Environment;
use crate::error::{Error, Kind, Result, clean};
use crate::paths::{BEHIND, NOWHERE};

/// Says before anything else is done that there is no such command, or that it cannot be run.
///
/// What the system finds out only by trying stays for later.
#[cfg(unix)]
pub fn expect_command(program: &OsStr) -> Result<()> {
    let Some(path) = std::env::var_os("PATH") else {
        return Ok(());
    };
    let shown = shown(program);
    match located(program, &path) {
        Located::Fit(_) => Ok(()),
        Located::Unfit(reason) => Err(Error::new(
            Kind::NotExecutable,
            format!("{shown} cannot be run: {reason}"),
        )),
        Located::Nowhere => Err(not_found(&shown)),
    }
}

/// Windows knows best what it can run, and says so when it is to.
#[cfg(not(unix))]
pub fn expect_command(_program: &OsStr) -> Result<()> {
    Ok(())
}

fn not_found(shown: &str) -> Error {
    let error = Error::new(
        Kind::CommandNotFound,
        format!("there is no command {shown}"),
    );
    error.hint("is it spelled right, and in PATH? Aliases, functions and builtins belong to a shell: `… -- sh -c '…'`")
}

fn shown(program: &OsStr) -> String {
    format!("`{}`", clean(&program.to_string_lossy()))
}

#[cfg(unix)]
#[derive(Debug, PartialEq, Eq)]
enum Located {
    Fit(PathBuf),
    Unfit(&'static str),
    Nowhere,
}

/// As the system looks for it: a name with a slash is a file, others are looked for in PATH.
#[cfg(unix)]
fn located(program: &OsStr, path: &OsStr) -> Located {
    let candidates: Vec<PathBuf> = if program.as_encoded_bytes().contains(&b'/') {
        vec![PathBuf::from(program)]
    } else if program.is_empty() {
        Vec::new()
    } else {
        let folders = std::env::split_paths(path);
        folders.map(|folder| folder.join(program)).collect()
    };
    let mut found = Located::Nowhere;
    for candidate in candidates {
        match fitness(&candidate) {
            fit @ Located::Fit(_) => return fit,
            Located::Nowhere => {}
            // Another one further on may do.
            unfit => found = unfit,
        }
    }
    found
}

#[cfg(unix)]
fn fitness(file: &Path) -> Located {
    use rustix::fs::{Access, access};
    match std::fs::metadata(file) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Located::Unfit("a folder on the way is closed to you")
        }
        Err(_) => Located::Nowhere,
        Ok(about) if about.is_dir() => Located::Unfit("it is a folder"),
        Ok(_) => match access(file, Access::EXEC_OK) {
            Ok(()) => Located::Fit(file.to_path_buf()),
            Err(_) => Located::Unfit("it is not executable (chmod +x)"),
        },
    }
}

/// Gives the process to the command, with a changed environment; comes back only if it could not be started.
///
/// The caller has put back what belongs to others: the terminal, limits. Handlers of signals, threads and open files
/// of `mai` end here by themselves; what the caller had open or ignored, the command has too.
#[cfg(unix)]
pub fn become_command(command: &[OsString], environment: &Environment) -> Result<u8> {
    use std::os::unix::process::CommandExt;
    crate::process::as_before();
    let (mut started, shown) = prepared(command, environment)?;
    let mut error = started.exec();
    if let Some(mut script) = as_script(&started, &error) {
        error = script.exec();
    }
    Err(not_started(&error, &shown))
}

/// Runs the command and ends with its code: this system cannot exchange one program for another.
#[cfg(not(unix))]
pub fn become_command(command: &[OsString], environment: &Environment) -> Result<u8> {
    let (mut started, shown) = prepared(command, environment)?;
    match started.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => Err(not_started(&error, &shown)),
    }
}

fn prepared(command: &[OsString], environment: &Environment) -> Result<(Command, String)> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(Error::usage("there is no command to run"));
    };
    let mut prepared = Command::new(program);
    prepared.args(arguments);
    for name in &environment.unset {
        prepared.env_remove(name);
    }
    for (name, value) in &environment.set {
        prepared.env(name, value.expose());
        if name == "AWS_PROFILE" {
            show_files_behind(&mut prepared);
        }
    }
    Ok((prepared, shown(program)))
}

/// A section is found in the person's own files: a command around this one may have hidden them, for its endpoint.
fn show_files_behind(command: &mut Command) {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    for (name, behind) in BEHIND {
        if let Some(path) = set(behind).filter(|_| set(name).is_some_and(|path| path == NOWHERE)) {
            command.env(name, path);
        }
    }
}

/// Starts a command that runs beside `mai`.
pub fn start(command: &mut Command) -> Result<Child> {
    let started = command.spawn().or_else(|error| {
        let script = as_script(command, &error);
        script.map_or(Err(error), |mut script| script.spawn())
    });
    started.map_err(|error| not_started(&error, &shown(command.get_program())))
}

/// A file without a first line that names its interpreter, as shells start it, and the `execvp` of some systems.
#[cfg(unix)]
fn as_script(command: &Command, error: &io::Error) -> Option<Command> {
    if !is_no_program(error) {
        return None;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let Located::Fit(file) = located(command.get_program(), &path) else {
        return None;
    };
    // Nor is it a script if it is a program of another system.
    let mut start = Vec::new();
    let opened = std::fs::File::open(&file).ok()?;
    opened.take(512).read_to_end(&mut start).ok()?;
    if start.contains(&0) {
        return None;
    }
    let mut script = Command::new("/bin/sh");
    script.arg("--").arg(file).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => script.env(name, value),
            None => script.env_remove(name),
        };
    }
    Some(script)
}

#[cfg(not(unix))]
fn as_script(_: &Command, _: &io::Error) -> Option<Command> {
    None
}

fn not_started(error: &io::Error, shown: &str) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => {
            not_found(shown).because("it, or the interpreter in its first line, is missing")
        }
        io::ErrorKind::PermissionDenied => {
            Error::new(Kind::NotExecutable, format!("{shown} cannot be run")).because(error)
        }
        _ if is_no_program(error) => Error::new(
            Kind::NotExecutable,
            format!("{shown} is no program of this system"),
        )
        .hint("a script needs a first line such as #!/bin/sh"),
        _ => Error::new(Kind::NotStarted, format!("{shown} could not be started")).because(error),
    }
}

#[cfg(unix)]
fn is_no_program(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error())
}

#[cfg(not(unix))]
fn is_no_program(_error: &io::Error) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_looked_for_as_the_system_does() {
        let here = |program: &str, path: &str| located(OsStr::new(program), OsStr::new(path));
        let sh = Located::Fit(PathBuf::from("/bin/sh"));
        assert_eq!(here("sh", "/nowhere:/bin"), sh);
        assert_eq!(here("/bin/sh", ""), sh);
        assert_eq!(here("sh", "/nowhere"), Located::Nowhere);
        assert_eq!(here("", "/bin"), Located::Nowhere);
        assert_eq!(here("/", "/bin"), Located::Unfit("it is a folder"));
        // A file that cannot be run does not hide one that can.
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("sh"), "").unwrap();
        let first = folder.path().to_str().unwrap();
        assert!(matches!(here("sh", first), Located::Unfit(_)));
        assert_eq!(here("sh", &format!("{first}:/bin")), sh);
    }

    #[test]
    fn why_it_did_not_start_has_the_codes_of_a_shell() {
        let code = |number| not_started(&io::Error::from_raw_os_error(number), "`x`").exit_code();
        use rustix::io::Errno;
        assert_eq!(code(Errno::NOENT.raw_os_error()), 127);
        assert_eq!(code(Errno::ACCESS.raw_os_error()), 126);
        assert_eq!(code(Errno::NOEXEC.raw_os_error()), 126);
        assert_eq!(code(Errno::TOOBIG.raw_os_error()), 125);
        assert_eq!(code(Errno::NOMEM.raw_os_error()), 125);
    }
}
