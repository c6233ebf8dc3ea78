//! `mai prompt`: what a shell's prompt shows of the keys that apply there.
//!
//! `main` draws it before any of this (see `crate::prompt`). Here are its words for help, manual pages and completions,
//! and the way for who puts an option before the verb.

use clap::Args;

use crate::error::Result;
use crate::prompt;

#[derive(Args)]
#[command(after_help = "\
Fields of the template:
  {profile}      the profile
  {aws_profile}  its section in ~/.aws/credentials
  {left}         43m, 1h05m, <1m; `expired`; `other keys exported` if AWS_ACCESS_KEY_ID is not of these keys
  {minutes}      whole minutes left
  {state}        good, warn, alert, expired or foreign
  {mark}         * if the profile is critical
  {account}, {role}

`mai init` sets up a whole shell, without starting a program at each prompt.")]
pub struct Prompt {
    /// What to print
    #[arg(long, value_name = "TEMPLATE", default_value = prompt::FORMAT)]
    format: String,
    /// Mark colours so that this shell knows they take no room
    #[arg(long, value_name = "SHELL", value_parser = prompt::SHELLS)]
    shell: Option<String>,
    /// With no more than this left it is a warning
    #[arg(long, value_name = "TIME", default_value = prompt::WARN)]
    warn: String,
    /// With no more than this left it is urgent
    #[arg(long, value_name = "TIME", default_value = prompt::ALERT)]
    alert: String,
}

impl Prompt {
    pub fn run(self, color: &str) -> Result<u8> {
        let shell = self.shell.map(|shell| format!("--shell={shell}"));
        let arguments = [
            format!("--format={}", self.format),
            format!("--warn={}", self.warn),
            format!("--alert={}", self.alert),
            format!("--color={color}"),
        ];
        prompt::draw(arguments.into_iter().chain(shell).map(Into::into));
        Ok(0)
    }
}
