//! `mai completions SHELL`: what a shell reads to complete `mai`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::error::Result;
use crate::ui::output;

#[derive(Args)]
pub struct Completions {
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub fn run(self) -> Result<u8> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::Cli::command(), "mai", &mut script);
        output::write(&String::from_utf8_lossy(&script))?;
        Ok(0)
    }
}
