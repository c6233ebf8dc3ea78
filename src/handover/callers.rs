//! Who called: the shell that reads what is printed, the program that asks for keys.

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

/// The form of the shell that will read what is printed: the nearest one among the ancestors, else the one in `$SHELL`.
pub fn guess() -> Result<Guess> {
    let shell = std::env::var("SHELL").ok();
    let names: Vec<String> = ancestors().map(|caller| caller.name).collect();
    of(&names, shell.as_deref())
}

/// The program that started this one, by name and number. Most SDKs do so by a shell that ends with its one command
/// (`sh -c`); that is not whom a person knows.
pub fn program() -> String {
    let mut callers = ancestors();
    let nearest = callers.next();
    let is_between = |caller: &Caller| {
        matches!(known(&caller.name), Some(Ok(_))) && has_one_command(&words_of(caller.pid))
    };
    let program = match &nearest {
        Some(shell) if is_between(shell) => callers.find(|caller| !is_between(caller)),
        _ => None,
    };
    match program.or(nearest) {
        Some(Caller { pid, name }) => format!("{} (process {pid})", clean(&name)),
        None => "another program".to_owned(),
    }
}

/// `-c`, also among other letters; a shell that somebody types into has none.
fn has_one_command(words: &[String]) -> bool {
    let options = words
        .iter()
        .skip(1)
        .take_while(|word| word.starts_with('-'));
    options
        .filter(|word| !word.starts_with("--"))
        .any(|word| word.contains('c'))
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
    Error::usage(format!("`mai` does not know how {shell} sets variables")).hint(
        "say what it is for with --format: bash, zsh, sh, fish, powershell, nushell, dotenv, docker or json",
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

/// A program above this one.
struct Caller {
    pid: i32,
    name: String,
}

/// The programs above this one, the nearest first.
#[cfg(target_os = "linux")]
fn ancestors() -> impl Iterator<Item = Caller> {
    let mut next = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get());
    let caller = move || {
        let pid = next.filter(|pid| *pid > 0)?;
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (name, parent) = name_and_parent(&stat)?;
        next = Some(parent);
        Some(Caller { pid, name })
    };
    std::iter::from_fn(caller).take(ANCESTORS)
}

#[cfg(not(target_os = "linux"))]
fn ancestors() -> impl Iterator<Item = Caller> {
    std::iter::empty()
}

/// The command line of a program; no words where it cannot be read.
fn words_of(pid: i32) -> Vec<String> {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words = line.split(|byte| *byte == 0);
    words
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect()
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

    #[test]
    fn a_shell_with_one_command_stands_between() {
        let has = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            has_one_command(&words)
        };
        for line in ["sh -c x", "/bin/bash -ec x", "bash --norc -c x"] {
            assert!(has(line), "{line}");
        }
        for line in [
            "-bash",
            "bash",
            "bash --rcfile c",
            "sh script -c",
            "zsh -i",
            "",
        ] {
            assert!(!has(line), "{line}");
        }
    }

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
        assert_eq!(told, "`mai` does not know how tcsh sets variables");
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
        assert!(ancestors().next().is_some());
    }
}
