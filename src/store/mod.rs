//! What is kept on this computer: keys, sessions, what was learned, stored secrets.

pub mod atomic;
pub mod credentials_file;
pub mod locked_file;
pub mod locks;
pub mod state_folder;
