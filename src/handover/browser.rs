//! Starting a browser: the one of the desktop, or a command of the person.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::error::{Error, Result, clean};
use crate::helper_command::small_environment;

/// What a desktop's opener and browsers look at, beside the small environment of every program that `mai` starts.
const DESKTOP: &[&str] = &[
    "BROWSER",
    "DESKTOP_SESSION",
    "GNOME_DESKTOP_SESSION_ID",
    "KDE_FULL_SESSION",
    "KDE_SESSION_VERSION",
    "MOZ_ENABLE_WAYLAND",
    "PROGRAMFILES",
    "PROGRAMFILES(X86)",
    "WSL_DISTRO_NAME",
    "WSL_INTEROP",
    "XDG_CONFIG_DIRS",
    "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME",
    "XDG_CURRENT_DESKTOP",
    "XDG_DATA_DIRS",
    "XDG_DATA_HOME",
    "XDG_SESSION_TYPE",
];

/// A browser that was started, or what starts one.
pub struct Started {
    child: Child,
    program: String,
}

/// The words that open an address in the browser of the desktop.
pub fn of_desktop(address: &str) -> Vec<String> {
    let words: &[&str] = if cfg!(target_os = "macos") {
        &["open"]
    } else if cfg!(windows) {
        &["rundll32", "url.dll,FileProtocolHandler"]
    } else {
        &["xdg-open"]
    };
    let mut words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    words.push(address.to_owned());
    words
}

/// Is there a desktop that could show a browser?
pub fn has_desktop() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(any(target_os = "macos", windows))
        || ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER"]
            .into_iter()
            .any(is_set)
}

/// Starts a program that outlives this one: no shell, no terminal, a small environment without anything of AWS.
pub fn start(words: &[String]) -> Result<Started> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(Error::usage("the command for the browser names no program"));
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .envs(small_environment())
        .envs(of_the_desktop())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let program = shown(program);
    let child = command.spawn().map_err(|error| match error.kind() {
        ErrorKind::NotFound => Error::needs_you(format!(
            "no browser could be opened: there is no program {program}"
        )),
        _ => Error::failed(format!("{program} could not be started")).because(error),
    })?;
    Ok(Started { child, program })
}

impl Started {
    /// An error if it failed already. One that ended well may have handed the address to a browser that was running.
    pub fn check(&mut self) -> Result<()> {
        match self.child.try_wait() {
            Ok(Some(status)) if !status.success() => Err(Error::needs_you(match status.code() {
                Some(code) => format!(
                    "no browser was opened: {} ended with exit code {code}",
                    self.program
                ),
                None => format!("no browser was opened: {} was killed", self.program),
            })),
            _ => Ok(()),
        }
    }
}

fn of_the_desktop() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os().filter(|(name, _)| {
        name.to_str()
            .is_some_and(|name| DESKTOP.contains(&name.to_ascii_uppercase().as_str()))
    })
}

fn shown(program: &str) -> String {
    let name = Path::new(program).file_name();
    let name = name.map_or(program.into(), |name| name.to_string_lossy());
    format!("`{}`", clean(&name))
}
