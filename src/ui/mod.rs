//! Words to stderr, questions to the terminal, data to stdout.

pub mod moment;
pub mod output;
pub mod paint;
mod pick;
pub mod pinentry;
mod questions;
pub mod table;
pub mod terminal;
mod tty;

pub use output::Format;
pub use paint::{ColorChoice, Tone};
pub use terminal::{Ui, UiSettings};
pub use tty::{is_in_foreground, presence, restore_terminal};
