//! The first line of our own files says which version of the format follows; what another version wrote stays as it is.

use std::path::Path;

use crate::error::{Error, Result, clean};

/// May this text of ours be written over? Not if another version of `mai` wrote it; what is merely damaged may go.
pub fn check(path: &Path, bytes: &[u8], header: &str) -> Result<()> {
    let first = bytes.split(|byte| *byte == b'\n').next();
    let first = std::str::from_utf8(first.unwrap_or_default()).unwrap_or_default();
    let name = header.trim_end_matches(|c: char| c.is_ascii_digit());
    let version = first.strip_prefix(name);
    let is_version = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if first == header || !version.is_some_and(is_version) {
        return Ok(());
    }
    let path = path.display();
    let first: String = clean(first).chars().take(40).collect();
    Err(Error::failed(format!(
        "{path} was written by another version of `mai` (`{first}`, not `{header}`) and stays as it is"
    ))
    .hint(format!(
        "update this `mai`, or move the file away: mv {path} {path}.old"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_another_version_wrote_is_refused() {
        let path = Path::new("/s/sessions");
        let refused = |text: &str| check(path, text.as_bytes(), "mai-sessions 1");
        for fine in [
            "",
            "mai-sessions 1\nx",
            "mai-sessions 1",
            "mai-sessions",
            "mai-sessions 1\r\n",
            "mai-sessions one\n",
            "mai-vault 2\n",
            "x\nmai-sessions 2\n",
        ] {
            assert!(refused(fine).is_ok(), "{fine:?}");
        }
        for text in ["mai-sessions 2\nx", "mai-sessions 12", "mai-sessions 0\n"] {
            assert!(refused(text).is_err(), "{text:?}");
        }
        let error = refused("mai-sessions 2\n").unwrap_err();
        let (told, hint) = (error.to_string(), error.hint_text().unwrap());
        assert!(told.contains("/s/sessions") && told.contains("`mai-sessions 2`"));
        assert!(hint.ends_with("mv /s/sessions /s/sessions.old"), "{hint}");
    }
}
