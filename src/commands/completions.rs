//! `mai completions SHELL`: what a shell reads to complete `mai`, names of profiles included.

mod candidates;
mod names;

use std::ffi::OsString;

use clap::{Args, ValueEnum};

use crate::error::{Error, Result};
use crate::ui::output;

#[derive(Args)]
pub struct Completions {
    /// The shell that reads them
    #[arg(value_enum)]
    shell: Option<Shell>,
    /// What the scripts call while somebody types: the word to complete
    #[arg(long, value_name = "WORD", hide = true, conflicts_with = "shell")]
    complete: Option<OsString>,
    /// The words between `mai` and that one
    #[arg(last = true, hide = true, requires = "complete")]
    before: Vec<OsString>,
}

/// The shells with a script. All of it is fixed text: what can be completed is asked for at each Tab.
#[derive(Clone, Copy, ValueEnum)]
enum Shell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

impl Shell {
    fn script(self) -> &'static str {
        match self {
            Shell::Bash => include_str!("completions/mai.bash"),
            Shell::Elvish => include_str!("completions/mai.elv"),
            Shell::Fish => include_str!("completions/mai.fish"),
            Shell::Powershell => include_str!("completions/mai.ps1"),
            Shell::Zsh => include_str!("completions/_mai"),
        }
    }
}

impl Completions {
    pub fn run(self) -> Result<u8> {
        match (self.shell, self.complete) {
            (Some(shell), _) => output::write(shell.script())?,
            (None, Some(word)) => output::write(&candidates::answer(self.before, word))?,
            (None, None) => {
                return Err(Error::usage("completions for which shell?")
                    .hint("one of: bash, elvish, fish, powershell, zsh"));
            }
        }
        Ok(0)
    }
}
