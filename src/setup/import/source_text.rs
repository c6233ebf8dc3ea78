//! The files of other tools as text: read whole, never quoted, since some hold passwords.

use std::path::Path;

use configparser::ini::Ini;
use serde::de::DeserializeOwned;

use super::Source;
use crate::error::{Error, Result, clean};
use crate::store::locked_file;

/// More than any configuration file of these tools.
const LARGEST: usize = 2 << 20;

/// `None` if there is no such file.
pub fn read(path: &Path, shown: &str) -> Result<Option<String>> {
    let Some(bytes) = locked_file::read(path)? else {
        return Ok(None);
    };
    if bytes.len() > LARGEST {
        return Err(Error::usage(format!(
            "{shown} is too large for a configuration file"
        )));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(
            text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned(),
        )),
        Err(error) => {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count();
            Err(
                Error::usage(format!("{shown}:{line}: the file is not UTF-8"))
                    .hint("save it as UTF-8, then import again"),
            )
        }
    }
}

/// The sections of an INI file in their order, each with its keys in lower case.
pub struct Sections(Vec<(String, Vec<(String, String)>)>);

impl Sections {
    pub fn of(source: &Source<'_>) -> Result<Sections> {
        let mut ini = Ini::new_cs();
        ini.set_default_section("\0");
        ini.set_inline_comment_symbols(Some(&[]));
        ini.set_multiline(true);
        let map = ini.read(source.text.to_owned()).map_err(|reason| {
            // The reason begins with a line and may go on with what stands there.
            let line: String = reason
                .strip_prefix("line ")
                .unwrap_or_default()
                .chars()
                .take_while(char::is_ascii_digit)
                .collect();
            let line = line.parse::<usize>().unwrap_or(1);
            Error::usage(format!(
                "{}:{line}: this is no section and no `key = value`",
                source.shown
            ))
            .hint("correct that line, then import again")
        })?;
        Ok(Sections(
            map.into_iter()
                .map(|(name, keys)| {
                    let keys = keys
                        .into_iter()
                        .map(|(key, value)| {
                            (
                                key.to_ascii_lowercase(),
                                value.unwrap_or_default().trim().to_owned(),
                            )
                        })
                        .collect();
                    (name, keys)
                })
                .collect(),
        ))
    }

    pub fn iter(&self) -> impl Iterator<Item = Section<'_>> {
        self.0.iter().map(|(name, keys)| Section { name, keys })
    }

    pub fn named(&self, name: &str) -> Option<Section<'_>> {
        self.iter().find(|section| section.name == name)
    }
}

#[derive(Clone, Copy)]
pub struct Section<'a> {
    pub name: &'a str,
    keys: &'a [(String, String)],
}

impl<'a> Section<'a> {
    /// A value that is not empty.
    pub fn get(&self, key: &str) -> Option<&'a str> {
        self.keys
            .iter()
            .rev()
            .find(|(name, value)| name == key && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// Is there a key with `password` or `secret` in its name that has a value?
    pub fn holds_secret(&self) -> bool {
        self.keys.iter().any(|(key, value)| {
            let names_secret = ["password", "passwd", "secret"]
                .iter()
                .any(|word| key.contains(word));
            // A command that prints it is no secret.
            names_secret && !key.ends_with("_command") && !value.is_empty()
        })
    }
}

/// A YAML file; what is not known is passed over.
pub fn yaml<T: DeserializeOwned + Default>(source: &Source<'_>) -> Result<T> {
    if source.text.trim().is_empty() {
        return Ok(T::default());
    }
    let options = serde_saphyr::options! {
        // A snippet shows lines of the file, and some of them are secrets.
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(source.text, options).map_err(|error| {
        let error = error.without_snippet();
        let (line, column) = error
            .location()
            .map_or((1, 1), |place| (place.line(), place.column()));
        let said = error.to_string();
        let said = said.split(" at line ").next().unwrap_or_default();
        // What was expected is told, what stands there is not.
        let said = said.split([':', '`', '"']).next().unwrap_or_default();
        Error::usage(format!(
            "{}:{line}:{column}: this cannot be read as YAML",
            source.shown
        ))
        .because(clean(said))
        .hint("correct that line, then import again")
    })
}
