//! One verb per file: its arguments and its `run`. Here is the one `match`.
//!
//! What an argument takes is said by its `value_name`, and completions follow from that word alone: `PROFILE`, `GROUP`,
//! `IDP` (an identity provider), `SECTION` (of the credentials file) and `TYPE` (a provider of the table) stand for
//! names that exist, `FILE` and `DIR` for paths; `PROFILE|GROUP` is either. Free text has another word (`NAME`, `URL`).

mod agent;
mod agreement;
mod arguments;
mod completions;
mod configure_process;
mod console;
mod create;
mod create_all;
mod credentials;
mod delete;
mod doctor;
mod env;
mod exec;
mod hand_over;
mod import;
mod init;
mod list;
mod login;
mod logout;
mod own_program;
mod prompt;
mod reader;
mod require;
mod roles;
mod run;
mod serve;
mod set_default;
mod sign_in_options;
mod status;
mod stdin;
mod typed;
mod use_profile;
mod whoami;

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgAction, Args, Parser, Subcommand};

use crate::error::{Error, Kind, Result};
use crate::process;
use crate::ui::{ColorChoice, Format, output};
use run::{Ground, Run};

pub use run::clean_up;

/// Sign in to your company's SAML identity provider and get short-lived AWS keys.
///
/// `mai` alone signs in to the default profile.
#[derive(Parser)]
#[command(
    name = "mai",
    version,
    infer_subcommands = true,
    args_conflicts_with_subcommands = false
)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 a person is needed, 4 refused, \
                        5 unreachable, 6 unknown page, 125 to 127 of `mai exec`, 130 interrupted"
)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    /// As in the Python Mai it is for `mai` alone, and ignored before a verb.
    #[arg(long, value_name = "SECTION", hide = true)]
    awsprofile: Option<String>,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Args, Clone)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// Read FILE instead of the usual profiles.yaml
    #[arg(short, long, alias = "config-file", value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// How results are written to stdout
    #[arg(short, long, value_enum, default_value_t = Format::Text, global = true)]
    output: Format,
    /// Never ask: exit with code 3 where a person is needed
    #[arg(long, global = true)]
    no_input: bool,
    /// Only errors and warnings
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Say more (-vv: each request, as host and path shape only)
    #[arg(short, long, action = ArgAction::Count, global = true)]
    verbose: u8,
    /// Colours on the terminal
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN", global = true)]
    color: ColorChoice,
}

// Deferred: the arguments of one verb are made, not those of all; so what is told of a verb stands here.
#[derive(Subcommand)]
#[command(defer = true)]
enum Verb {
    /// Sign in and write keys to ~/.aws/credentials
    Login(login::Login),
    /// Sign in only if the keys do not last long enough; silent if they do
    Require(require::Require),
    /// Run a command that has keys
    Exec(exec::Exec),
    /// Print keys for a shell, a .env file, Docker, Kubernetes or a program
    Env(env::Env),
    /// Show which keys are there and how long they last
    Status(status::Status),
    /// Show the configured profiles
    List(list::List),
    /// Sign in and show every role the identity provider offers
    Roles(roles::Roles),
    /// Make a profile: sign in once, pick a role, and have it written to profiles.yaml
    Create(create::Create),
    /// Make a profile for every role the identity provider offers
    CreateAll(create_all::CreateAll),
    /// Remove a profile from profiles.yaml
    Delete(delete::Delete),
    /// Choose the profile that `mai` alone signs in to
    SetDefault(set_default::SetDefault),
    /// Take over the configuration of another tool
    Import(import::Import),
    /// Renew keys in the background, and say when a person is needed
    Agent(agent::Agent),
    /// Say what is wrong here, and where each setting and secret is
    Doctor(doctor::Doctor),
    /// Remove keys and end the identity provider's session
    Logout(logout::Logout),
    /// Print the keys of a profile, for the line `credential_process` of SDKs
    Credentials(credentials::Credentials),
    /// Have SDKs ask mai for the keys of a profile, by a line in ~/.aws/config
    ConfigureProcess(configure_process::ConfigureProcess),
    /// Hand keys to AWS SDKs from a local endpoint, and renew them, until Ctrl-C
    Serve(serve::Serve),
    /// Open the web console of AWS in a browser, signed in with the keys of a profile
    Console(console::Console),
    /// Ask STS whose keys a profile has, and compare (also `mai test`)
    #[command(alias = "test")]
    Whoami(whoami::Whoami),
    /// Print the completions for a shell
    Completions(completions::Completions),
    /// Print which keys apply here and how long they last, for a shell's prompt
    ///
    /// Prints nothing, and exits with 0, where nothing is known about the keys, and whatever goes wrong.
    Prompt(prompt::Prompt),
    /// Print the code that shows in a shell's prompt when keys expire
    ///
    /// bash, at the end of ~/.bashrc: `eval "$(mai init bash)"`.
    /// zsh, at the end of ~/.zshrc: `eval "$(mai init zsh)"`.
    /// fish, in ~/.config/fish/config.fish: `mai init fish | source`.
    /// PowerShell, in $PROFILE: `Invoke-Expression (& mai init powershell | Out-String)`.
    /// nushell, once: `mai init nushell | save -f ($nu.user-autoload-dirs.0 | path join mai.nu)`.
    #[command(verbatim_doc_comment)]
    Init(init::Init),
    /// Set AWS_PROFILE in this shell (needs `mai init SHELL --use`)
    ///
    /// Without a profile, or with `-`, it is unset. In both cases it also unsets what would shadow the profile: AWS_ACCESS_KEY_ID and the other variables of exported keys.
    Use(use_profile::UseProfile),
}

/// Parses, runs, reports.
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let format = arguments::output_format(&arguments);
    let arguments = match arguments::with_classic_verb(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return report(&error, format, ColorChoice::Auto),
    };
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            if error.use_stderr() {
                reader::slipped(&arguments, format);
            }
            return usage(error, format);
        }
    };
    let (format, color) = (cli.global.output, cli.global.color);
    match dispatch(cli) {
        Ok(code) => ExitCode::from(code),
        Err(error) => report(&with_next_step(error), format, color),
    }
}

/// Whoever left a question is told what Ctrl-C tells too.
fn with_next_step(error: Error) -> Error {
    match process::next_step().filter(|_| error.kind() == Kind::Interrupted) {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// Runs a command; the code is not 0 where it has reported its failures itself.
fn dispatch(cli: Cli) -> Result<u8> {
    let Cli {
        global,
        awsprofile,
        verb,
    } = cli;
    let run = || Run::new(global.clone());
    let to_write = || Run::to_write(global.clone());
    match verb {
        None => login::Login::alone(awsprofile).run(&run()?),
        Some(Verb::Login(verb)) => verb.run(&run()?),
        Some(Verb::Require(verb)) => verb.run(&Run::quietly(global)?),
        Some(Verb::Exec(verb)) => {
            exec::or_not_started(Run::quietly(global).and_then(|run| verb.run(&run)))
        }
        Some(Verb::Env(verb)) => verb.run(global),
        Some(Verb::Status(verb)) => verb.run(&run()?),
        Some(Verb::List(verb)) => verb.run(&run()?),
        Some(Verb::Roles(verb)) => verb.run(&run()?),
        Some(Verb::Create(verb)) => verb.run(&to_write()?),
        Some(Verb::CreateAll(verb)) => verb.run(&to_write()?),
        Some(Verb::Delete(verb)) => verb.run(&run()?),
        Some(Verb::SetDefault(verb)) => verb.run(&run()?),
        Some(Verb::Import(verb)) => verb.run(&to_write()?),
        Some(Verb::Agent(verb)) => verb.run(global),
        Some(Verb::Doctor(verb)) => verb.run(&Ground::new(global)?),
        Some(Verb::Logout(verb)) => verb.run(&run()?),
        Some(Verb::Credentials(verb)) => verb.run(&Run::quietly(global)?),
        Some(Verb::ConfigureProcess(verb)) => verb.run(global),
        Some(Verb::Serve(verb)) => verb.run(global),
        Some(Verb::Console(verb)) => verb.run(&run()?),
        Some(Verb::Whoami(verb)) => verb.run(&run()?),
        Some(Verb::Completions(verb)) => verb.run(),
        Some(Verb::Prompt(verb)) => verb.run(global.color.name()),
        Some(Verb::Init(verb)) => verb.run(global.color.name()),
        Some(Verb::Use(verb)) => verb.run(&run()?),
    }
}

fn report(error: &Error, format: Format, color: ColorChoice) -> ExitCode {
    output::report(
        error,
        format,
        color.applies(std::io::stderr().is_terminal()),
    );
    ExitCode::from(error.exit_code())
}

/// clap's own errors: help and version go to stdout with code 0; the rest is our one error, so `-o json` holds.
fn usage(error: clap::Error, format: Format) -> ExitCode {
    if !error.use_stderr() || format == Format::Text {
        let _ = error.print();
        return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
    }
    report(&in_one_line(&error.to_string()), format, ColorChoice::Never)
}

/// clap's text as our error: what it says on several lines is one sentence, and how it is used is the hint.
fn in_one_line(text: &str) -> Error {
    let told: Vec<&str> = text
        .lines()
        .take_while(|line| !line.trim().is_empty())
        .map(str::trim)
        .collect();
    let told = told.join(" ");
    let usage = text.lines().find_map(|line| line.strip_prefix("Usage: "));
    let error = Error::usage(told.trim_start_matches("error: "));
    match usage {
        Some(usage) => error.hint(format!("usage: {usage}; `mai --help` lists commands")),
        None => error.hint("`mai --help` lists commands and options"),
    }
}
