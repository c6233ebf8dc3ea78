//! How profiles come to be: made, taken over from other tools, changed and removed without losing a comment.

pub mod profiles_file;
