//! Where a setting was written.

use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::Error;

/// A file that was read, as the machine and as a person knows it (`~/.config/mai/profiles.yaml`).
#[derive(Clone, Debug)]
pub struct SourceFile(Arc<(PathBuf, String)>);

impl SourceFile {
    pub(super) fn new(path: PathBuf, shown: String) -> Self {
        SourceFile(Arc::new((path, crate::error::clean(&shown))))
    }

    pub fn path(&self) -> &Path {
        &self.0.0
    }

    pub fn shown(&self) -> &str {
        &self.0.1
    }

    /// Does this path lead to the same file?
    pub fn is_at(&self, path: &Path) -> bool {
        let resolved = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        resolved(self.path()) == resolved(path)
    }

    pub(super) fn at(&self, line: u64, column: u64) -> Origin {
        let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        Origin {
            file: Some(self.clone()),
            line: small(line),
            column: small(column),
        }
    }
}

/// File, line and column of a value; or nowhere, for what `mai` chose itself.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    file: Option<SourceFile>,
    pub line: u32,
    pub column: u32,
}

impl Origin {
    pub const BUILT_IN: Origin = Origin {
        file: None,
        line: 0,
        column: 0,
    };

    pub fn file(&self) -> Option<&SourceFile> {
        self.file.as_ref()
    }

    /// A configuration error that begins with this place.
    pub fn error(&self, message: impl fmt::Display) -> Error {
        match self.file {
            Some(_) => Error::usage(format!("{self}: {message}")),
            None => Error::usage(message.to_string()),
        }
    }

    /// The folder that relative paths in the same file start from.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.file.as_ref()?.path().parent()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{}:{}:{}", file.shown(), self.line, self.column),
            None => f.write_str("built in"),
        }
    }
}

/// A value with its origin; reads like the value itself.
#[derive(Clone, Debug)]
pub struct Sourced<T> {
    pub value: T,
    pub origin: Origin,
}

impl<T> Sourced<T> {
    pub fn new(value: T, origin: Origin) -> Self {
        Sourced { value, origin }
    }

    /// What holds when no file says anything.
    pub fn built_in(value: T) -> Self {
        Sourced::new(value, Origin::BUILT_IN)
    }

    pub fn is_built_in(&self) -> bool {
        self.origin.file.is_none()
    }
}

impl<T> Deref for Sourced<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
