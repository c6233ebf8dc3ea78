//! `mai prompt`: one small file in, at most one line out.
//!
//! It runs each time a shell draws its prompt, so nothing but std and what reads `sessions` is on its way: no argument
//! parser, no configuration, no network, no thread, no child process. Whatever goes wrong, it prints nothing and
//! succeeds: a prompt is no place for errors.

mod markup;
mod options;
mod segment;

use std::ffi::OsString;
use std::io::{IsTerminal, Write};

use crate::clock;
use crate::paths::Paths;
use crate::store::sessions::Sessions;
pub use markup::{COLORS, SHELLS};
pub use options::{ALERT, FORMAT, WARN};
use options::{Asked, Options};
use segment::{Applies, Segment};

/// Draws the segment if that is what the command line asks for; `false` leaves it to all the rest of `mai`.
pub fn drawn() -> bool {
    let mut arguments = std::env::args_os().skip(1);
    arguments.next().is_some_and(|verb| verb == "prompt") && draw(arguments)
}

/// Draws the segment with the arguments behind `prompt`; `false` if they ask for help instead.
pub fn draw(arguments: impl Iterator<Item = OsString>) -> bool {
    match options::read(arguments) {
        Asked::Help => return false,
        Asked::Nonsense => {}
        Asked::Segment(options) => {
            if let Some(line) = line(&options) {
                // Who reads it may be gone already.
                let _ = std::io::stdout().write_all(format!("{line}\n").as_bytes());
            }
        }
    }
    true
}

fn line(options: &Options) -> Option<String> {
    let paths = Paths::from_environment();
    let (state, file) = (paths.state_folder().ok()?, paths.credentials_file().ok()?);
    let rows = Sessions::of(state, paths.home().ok(), file).load();
    let applies = Applies::from_environment();
    let segment = Segment::of(&rows, &applies, clock::epoch_seconds(), options.limits)?;
    let text = segment.text(&options.format);
    let colored = options.color.applies(
        options.shell.is_some() || std::io::stdout().is_terminal(),
        |name| std::env::var_os(name).unwrap_or_default(),
    );
    Some(match colored {
        true => markup::painted(&text, segment.tone(), options.shell),
        false => text,
    })
}
