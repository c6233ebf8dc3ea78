//! `mai init SHELL`: code that a shell evaluates to show in its prompt when keys expire.

mod quoted;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::duration::Span;
use crate::error::{Error, Result};
use crate::handover::environment::SHADOWING;
use crate::paths::Paths;
use crate::prompt;
use crate::store::sessions::Sessions;
use crate::ui::output;
use quoted::Quoting;

#[derive(Args)]
pub struct Init {
    /// The shell that evaluates it
    #[arg(value_enum)]
    shell: Option<Shell>,
    /// Leave the prompt as it is: only keep MAI_PROMPT up to date, to be placed by hand
    #[arg(long)]
    no_prompt: bool,
    /// Also define `mai use PROFILE`, which sets AWS_PROFILE
    #[arg(long = "use")]
    with_use: bool,
    /// With no more than this left it is a warning
    #[arg(long, value_name = "TIME", default_value = prompt::WARN)]
    warn: Span,
    /// With no more than this left it is urgent
    #[arg(long, value_name = "TIME", default_value = prompt::ALERT)]
    alert: Span,
}

#[derive(Clone, Copy, ValueEnum)]
enum Shell {
    Bash,
    Fish,
    Nushell,
    Powershell,
    Zsh,
}

impl Shell {
    /// What draws the segment, and what defines `mai use`.
    fn scripts(self) -> (&'static str, &'static str) {
        match self {
            Shell::Bash => (include_str!("init/mai.bash"), include_str!("init/use.bash")),
            Shell::Fish => (include_str!("init/mai.fish"), include_str!("init/use.fish")),
            Shell::Nushell => (include_str!("init/mai.nu"), include_str!("init/use.nu")),
            Shell::Powershell => (include_str!("init/mai.ps1"), include_str!("init/use.ps1")),
            Shell::Zsh => (include_str!("init/mai.zsh"), include_str!("init/use.zsh")),
        }
    }

    fn quoting(self) -> Quoting {
        match self {
            Shell::Fish => Quoting::Fish,
            _ => Quoting::Posix,
        }
    }
}

impl Init {
    pub fn run(self, color: &str) -> Result<u8> {
        let Some(shell) = self.shell else {
            return Err(Error::usage("init for which shell?")
                .hint("one of: bash, fish, nushell, powershell, zsh"));
        };
        let (segment, with_use) = shell.scripts();
        let quoting = shell.quoting();
        let source = Source::from_environment(quoting).unwrap_or_else(|| Source::none(quoting));
        let mut script = fill(
            segment,
            &[
                ("file", &source.file),
                ("home", &source.home),
                ("state_home", &source.state_home),
                ("keys_file", &source.keys_file),
                ("warn", &self.warn.as_seconds().to_string()),
                ("alert", &self.alert.as_seconds().to_string()),
                ("color", color),
                ("place", if self.no_prompt { "no" } else { "yes" }),
            ],
        );
        if self.with_use {
            script.push('\n');
            script.push_str(&fill(with_use, &[("shadows", &SHADOWING.join(" "))]));
        }
        output::write(&script)?;
        Ok(0)
    }
}

/// The file that a hook reads by itself, and the variables that led there, all as words of the shell.
///
/// Where one of them has changed since, or nothing can be read that way, the hook asks `mai prompt`, so there is one
/// set of rules for where files are.
struct Source {
    file: String,
    home: String,
    state_home: String,
    keys_file: String,
}

impl Source {
    fn from_environment(quoting: Quoting) -> Option<Source> {
        let file = sessions_file(&Paths::from_environment())?;
        let variable = |name: &str| {
            let value = std::env::var_os(name).unwrap_or_default();
            quoting.word(Path::new(&value))
        };
        Some(Source {
            file: quoting.word(&file)?,
            home: variable("HOME")?,
            state_home: variable("XDG_STATE_HOME")?,
            keys_file: variable("AWS_SHARED_CREDENTIALS_FILE")?,
        })
    }

    fn none(quoting: Quoting) -> Source {
        let nothing = || quoting.word(Path::new("")).unwrap_or_default();
        Source {
            file: nothing(),
            home: nothing(),
            state_home: nothing(),
            keys_file: nothing(),
        }
    }
}

fn sessions_file(paths: &Paths) -> Option<PathBuf> {
    let (state, file) = (paths.state_folder().ok()?, paths.credentials_file().ok()?);
    Some(Sessions::of(state, paths.home().ok(), file).path())
}

/// The script with a value for each `@name@`, in one pass, so that no value is taken for a name.
fn fill(script: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(script.len() + 256);
    let mut rest = script;
    while let Some((before, after)) = rest.split_once('@') {
        filled.push_str(before);
        let name = after.split_once('@').and_then(|(name, behind)| {
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            Some((value, behind))
        });
        match name {
            Some((value, behind)) => {
                filled.push_str(value);
                rest = behind;
            }
            None => {
                filled.push('@');
                rest = after;
            }
        }
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_filled_in_once_and_other_signs_stay() {
        let values = [("a", "@b@"), ("b", "2")];
        assert_eq!(fill("x=@a@ y=@b@\n", &values), "x=@b@ y=2\n");
        assert_eq!(
            fill("._/@:+ @a@@b@ $@ \"@\"", &values),
            "._/@:+ @b@2 $@ \"@\""
        );
        assert_eq!(fill("a@b", &values), "a@b");
        assert_eq!(fill("", &values), "");
    }
}
