//! Data to stdout in every format, and errors as people and programs read them.

use std::io::{self, ErrorKind, Write};

use clap::ValueEnum;
use serde::Serialize;
use serde_json::json;

use super::paint::{Tone, fit_to_show, paint};
use crate::error::{Error, Result};

/// `-o`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// One document
    Json,
    /// One line per row, the first with the names of the columns
    Tsv,
}

/// Writes `text` to stdout as it is. A reader that went away (`| head`) has what it wanted.
pub fn write(text: &str) -> Result<()> {
    finished(write_to(&mut io::stdout().lock(), text))
}

/// One JSON document, indented, with a final line break.
pub fn write_json(document: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(document)
        .map_err(|error| Error::failed("this cannot be written as JSON").because(error))?;
    write(&(text + "\n"))
}

/// A header and rows, separated by tabs.
pub fn write_tsv(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Result<()> {
    write(&tsv(header, rows))
}

fn tsv(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut text = header.join("\t") + "\n";
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| one_cell(cell)).collect();
        text.push_str(&cells.join("\t"));
        text.push('\n');
    }
    text
}

/// A tab or line break inside a cell would be another cell or row.
fn one_cell(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

fn write_to(stream: &mut impl Write, text: &str) -> io::Result<()> {
    stream.write_all(text.as_bytes())?;
    stream.flush()
}

fn finished(result: io::Result<()>) -> Result<()> {
    match result {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::failed("the output could not be written").because(error))
        }
        _ => Ok(()),
    }
}

/// Tells an error on stderr: as text, or as one line of JSON with `-o json`.
pub fn report(error: &Error, format: Format, color: bool) {
    let text = match format {
        Format::Json => error_json(error),
        Format::Text | Format::Tsv => error_text(error, color),
    };
    // There is nobody left to tell if stderr is gone.
    let _ = write_to(&mut io::stderr().lock(), &text);
}

/// `error: what: why` and `hint: what now`, each with its line break.
pub fn error_text(error: &Error, color: bool) -> String {
    let mut text = format!("{} {error}\n", paint(Tone::Bad, "error:", color));
    if let Some(hint) = error.hint_text() {
        text.push_str(&format!("{} {hint}\n", paint(Tone::Strong, "hint:", color)));
    }
    fit_to_show(&text)
}

/// One line: `{"error":{"kind":…,"message":…,"cause":…,"hint":…,"exit_code":…}}`
pub fn error_json(error: &Error) -> String {
    format!("{}\n", json!({ "error": error_document(error) }))
}

/// An error as a value, for documents that hold one.
pub fn error_document(error: &Error) -> serde_json::Value {
    json!({
        "kind": error.kind().name(),
        "message": error.message(),
        "cause": error.cause(),
        "hint": error.hint_text(),
        "exit_code": error.exit_code(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused() -> Error {
        Error::refused("login.test refused the password of ada")
            .hint("`mai login prod --ask` asks for a new one")
    }

    #[test]
    fn people_read_error_and_hint() {
        assert_eq!(
            error_text(&refused(), false),
            "error: login.test refused the password of ada\nhint: `mai login prod --ask` asks for a new one\n"
        );
        let caused = Error::failed("it broke").because("a\nb");
        assert_eq!(error_text(&caused, false), "error: it broke: a b\n");
        let painted = error_text(&refused(), true);
        assert!(
            painted.starts_with("\x1b[1;31merror:\x1b[0m login.test"),
            "{painted}"
        );
    }

    #[test]
    fn programs_read_one_line_of_json() {
        let line = error_json(&refused().because("no\x1b[2J"));
        assert_eq!(line.matches('\n').count(), 1);
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["error"]["kind"], "refused");
        assert_eq!(read["error"]["exit_code"], 4);
        assert_eq!(read["error"]["cause"], "no [2J");
        let bare: serde_json::Value =
            serde_json::from_str(&error_json(&Error::failed("x"))).unwrap();
        assert!(bare["error"]["hint"].is_null());
    }

    #[test]
    fn a_cell_stays_a_cell() {
        let rows = vec![vec!["a\tb".to_string(), "c\nd".to_string()]];
        assert_eq!(tsv(&["x", "y"], rows), "x\ty\na b\tc d\n");
    }

    #[test]
    fn a_reader_that_went_away_is_no_error_and_a_full_disk_is() {
        assert!(finished(Err(ErrorKind::BrokenPipe.into())).is_ok());
        assert!(finished(Err(ErrorKind::StorageFull.into())).is_err());
    }
}
