//! What is kept on this computer: keys, sessions, what was learned, stored secrets.

pub mod agent_notes;
pub mod atomic;
pub mod aws_config;
pub mod credentials_file;
pub mod fingerprint;
pub mod keyring;
pub mod learned;
pub mod locked_file;
pub mod locks;
pub mod new_folder;
mod path_hash;
pub mod process_line;
pub mod python_keyring;
mod record;
pub mod sessions;
pub mod state_folder;
pub mod vault;
mod version;
