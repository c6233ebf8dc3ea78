//! `last_update.yaml`, where scripts around the Python Mai look for its last login.

use crate::clock;
use crate::config::edit::yaml_text;
use crate::login::Doors;
use crate::login::report::{Line, Outcome};
use crate::store::locked_file::{self, Edited};

/// Notes the last profile that was signed in to, beside the Python Mai's file while that is in force.
///
/// It is for others only: if it cannot be written, nobody is bothered with that.
pub fn write(lines: &[Line], doors: &Doors) {
    let Some(classic) = &doors.config.classic else {
        return;
    };
    let is_new = |line: &&Line| matches!(line.outcome, Outcome::SignedIn(_));
    let Some(line) = lines.iter().rev().find(is_new) else {
        return;
    };
    let path = classic.file.path().with_file_name("last_update.yaml");
    let text = format!(
        "profile: {}\ntimestamp: {}.{:06}\n",
        yaml_text(&line.profile),
        clock::now().timestamp(),
        clock::now().timestamp_subsec_micros()
    );
    let written = doors.paths.state_folder().and_then(|state_folder| {
        locked_file::update_shared(&path, state_folder, |_| {
            Ok(Edited {
                bytes: text.clone().into_bytes(),
                value: (),
            })
        })
    });
    if let Err(error) = written {
        doors.ui.detail(&error.to_string());
    }
}
