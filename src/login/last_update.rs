//! `last_update.yaml`, where scripts around the Python Mai look for its last login.

use crate::clock;
use crate::config::edit::yaml_text;
use crate::error::Error;
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
    // A link, or somebody else's file of that name, is not ours to write.
    if std::fs::symlink_metadata(&path).is_ok_and(|there| !there.is_file()) {
        return;
    }
    let now = clock::now();
    let text = format!(
        "profile: {}\ntimestamp: {}.{:06}\n",
        yaml_text(&line.profile),
        now.timestamp(),
        now.timestamp_subsec_micros()
    );
    let written = doors.paths.state_folder().and_then(|state_folder| {
        locked_file::update_shared(&path, state_folder, |there| {
            if !is_record(there) {
                return Err(Error::refused(format!(
                    "{} is no record of a last login, so it stays as it is",
                    doors.paths.shown(&path)
                )));
            }
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

/// Is this the Python Mai's own record, or nothing yet? Its two keys stand there in either YAML style.
fn is_record(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim().trim_start_matches('{').trim_end_matches('}');
    let mut pairs = text
        .split(['\n', ','])
        .filter(|pair| !pair.trim().is_empty());
    pairs.all(|pair| {
        let key = pair.trim_start();
        key.starts_with("profile:") || key.starts_with("timestamp:")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_record_of_the_python_mai_is_replaced() {
        for text in [
            "",
            "profile: dev\ntimestamp: 1.5\n",
            "{profile: dev, timestamp: 1.5}\n",
        ] {
            assert!(is_record(text.as_bytes()), "{text}");
        }
        for text in ["profile: dev\nmine: 1\n", "a diary", "\u{0}"] {
            assert!(!is_record(text.as_bytes()), "{text}");
        }
    }
}
