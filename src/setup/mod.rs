//! How profiles come to be: made, taken over from other tools, changed and removed without losing a comment.

pub mod create;
pub mod create_all;
mod entries;
pub mod import;
pub mod names;
pub mod process_lines;
pub mod profiles_file;
pub mod provider_choice;
