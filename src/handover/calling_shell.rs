//! Which shell called: the nearest one among the ancestors, else the one in `$SHELL`.

use super::spelling::Form;
use crate::error::{Error, Result, clean};

/// How far up is looked: `make`, `env`, `timeout` and their like may stand in between.
#[cfg(target_os = "linux")]
const ANCESTORS: usize = 8;

/// A form, and how it was found.
#[derive(Debug, PartialEq, Eq)]
pub struct Guess {
    pub form: Form,
    pub because: String,
}

/// The form of the shell that will read what is printed.
pub fn guess() -> Result<Guess> {
    let shell = std::env::var("SHELL").ok();
    of(&ancestors(), shell.as_deref())
}

fn of(ancestors: &[String], shell: Option<&str>) -> Result<Guess> {
    for name in ancestors {
        if let Some(shell) = known(name) {
            let because = format!("`mai` was called from {}", clean(name));
            return form(shell, because);
        }
    }
    let shell = shell.filter(|shell| !shell.is_empty());
    match shell.map(|shell| (shell, known(shell))) {
        Some((path, Some(shell))) => form(shell, format!("SHELL is {}", clean(path))),
        Some((path, None)) => Err(unknown(&clean(path))),
        None if cfg!(windows) => Ok(Guess {
            form: Form::Powershell,
            because: "this is Windows".to_owned(),
        }),
        None => Ok(Guess {
            form: Form::Sh,
            because: "no shell is among the callers, and SHELL is not set".to_owned(),
        }),
    }
}

fn form(shell: Result<Form, &str>, because: String) -> Result<Guess> {
    match shell {
        Ok(form) => Ok(Guess { form, because }),
        Err(other) => Err(unknown(other)),
    }
}

fn unknown(shell: &str) -> Error {
    Error::usage(format!("`mai env` does not know how {shell} sets variables")).hint(
        "say it with --format: bash, zsh, sh, fish, powershell, nushell, dotenv, docker, json or k8s",
    )
}

/// None: not a shell. A shell without a form is one that would misread the others'.
fn known(name: &str) -> Option<Result<Form, &str>> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    // A login shell has a dash before its name, a program on Windows its kind behind it.
    let name = name.trim_start_matches('-');
    Some(match name.strip_suffix(".exe").unwrap_or(name) {
        "bash" | "rbash" => Ok(Form::Bash),
        "zsh" => Ok(Form::Zsh),
        "sh" | "dash" | "ash" | "busybox" | "ksh" | "ksh93" | "mksh" | "oksh" | "yash" => {
            Ok(Form::Sh)
        }
        "fish" => Ok(Form::Fish),
        "pwsh" | "powershell" => Ok(Form::Powershell),
        "nu" => Ok(Form::Nushell),
        other @ ("csh" | "tcsh" | "elvish" | "xonsh" | "rc" | "es" | "cmd") => Err(other),
        _ => return None,
    })
}

/// The names of the programs above this one, the nearest first.
#[cfg(target_os = "linux")]
fn ancestors() -> Vec<String> {
    let mut names = Vec::new();
    let mut next = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get());
    while let Some(pid) = next.filter(|_| names.len() < ANCESTORS) {
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
            break;
        };
        let Some((name, parent)) = name_and_parent(&stat) else {
            break;
        };
        names.push(name);
        next = Some(parent).filter(|pid| *pid > 0);
    }
    names
}

#[cfg(not(target_os = "linux"))]
fn ancestors() -> Vec<String> {
    Vec::new()
}

/// `PID (NAME) STATE PARENT …`; the name may have parentheses itself.
#[cfg(target_os = "linux")]
fn name_and_parent(stat: &str) -> Option<(String, i32)> {
    let (before, after) = stat.rsplit_once(')')?;
    let (_, name) = before.split_once('(')?;
    let parent = after.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some((name.to_owned(), parent))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guessed(ancestors: &[&str], shell: Option<&str>) -> Result<Form, String> {
        let ancestors: Vec<String> = ancestors.iter().map(|name| (*name).to_owned()).collect();
        of(&ancestors, shell)
            .map(|guess| guess.form)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_nearest_shell_above_counts_more_than_the_usual_one() {
        assert_eq!(guessed(&["fish"], Some("/bin/bash")), Ok(Form::Fish));
        assert_eq!(guessed(&["timeout", "-zsh", "sshd"], None), Ok(Form::Zsh));
        assert_eq!(guessed(&["make", "sh", "fish"], None), Ok(Form::Sh));
        assert_eq!(
            guessed(&["python3", "systemd"], Some("/usr/bin/fish")),
            Ok(Form::Fish)
        );
        assert_eq!(guessed(&["pwsh"], None), Ok(Form::Powershell));
        assert_eq!(guessed(&[r"C:\x\nu.exe"], None), Ok(Form::Nushell));
    }

    #[test]
    fn a_shell_that_would_misread_it_is_refused() {
        let told = guessed(&["tcsh"], Some("/bin/bash")).unwrap_err();
        assert_eq!(told, "`mai env` does not know how tcsh sets variables");
        assert!(
            guessed(&[], Some("/opt/odd"))
                .unwrap_err()
                .contains("/opt/odd")
        );
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_program_may_be_called_anything() {
        assert_eq!(
            name_and_parent("7 (a) b) S 4 7 7"),
            Some(("a) b".to_owned(), 4))
        );
        assert_eq!(name_and_parent("7 (a"), None);
        assert!(!ancestors().is_empty());
    }
}
