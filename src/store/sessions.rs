//! Which keys are there and until when: the file `sessions`, made for prompts and shells to read. No secrets.
//!
//! Reading needs nothing but std. The file of `~/.aws/credentials` is `sessions`, that of another credentials file
//! `sessions-HASH`. First line `mai-sessions 1`; then seven fields each, separated by tabs, `-` for none.

mod writer;

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::store::path_hash::path_hash;

/// The first line; files with another one come from another version and read as empty.
const HEADER: &str = "mai-sessions 1";
/// A file larger than this is none of ours.
const LARGEST: u64 = 256 * 1024;

/// Keys that are in the credentials file (or, for `process`, are kept for `credential_process`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub aws_profile: String,
    /// Seconds since 1970.
    pub expires_at: i64,
    pub key_id: String,
    pub fingerprint: String,
    pub critical: bool,
    pub is_default: bool,
    pub process: bool,
    pub role_arn: String,
    /// What the prompt shows.
    pub label: String,
}

/// The sessions of one credentials file.
#[derive(Clone, Debug)]
pub struct Sessions {
    state_folder: PathBuf,
    name: String,
}

impl Sessions {
    /// The sessions that belong to a credentials file, whatever path leads to it.
    pub fn of(state_folder: &Path, home: Option<&Path>, credentials_file: &Path) -> Sessions {
        let default = home.map(|home| home.join(".aws/credentials"));
        let is_default = default.is_some_and(|default| {
            default == credentials_file || resolved(&default) == resolved(credentials_file)
        });
        let name = if is_default {
            "sessions".to_owned()
        } else {
            format!("sessions-{}", path_hash(&resolved(credentials_file)))
        };
        Sessions {
            state_folder: state_folder.to_path_buf(),
            name,
        }
    }

    pub fn path(&self) -> PathBuf {
        self.state_folder.join(&self.name)
    }

    /// All rows; nothing at all if the file is missing, too large, binary, or of another version.
    pub fn load(&self) -> Vec<Row> {
        let path = self.path();
        let is_file = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file());
        let mut text = String::new();
        let read = match File::open(&path) {
            Ok(file) if is_file => file.take(LARGEST + 1).read_to_string(&mut text),
            _ => return Vec::new(),
        };
        match read {
            Ok(length) if length as u64 <= LARGEST => parse(&text),
            _ => Vec::new(),
        }
    }
}

/// The row of a section; names are compared as the file can hold them.
pub fn find<'a>(rows: &'a [Row], aws_profile: &str) -> Option<&'a Row> {
    let name = plain(aws_profile);
    rows.iter().find(|row| row.aws_profile == name)
}

fn resolved(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| {
        let folder = path
            .parent()
            .and_then(|folder| fs::canonicalize(folder).ok());
        match (folder, path.file_name()) {
            (Some(folder), Some(name)) => folder.join(name),
            _ => path.to_path_buf(),
        }
    })
}

/// Reads the text of the file; lines that are not whole, down to their line feed, are skipped.
fn parse(text: &str) -> Vec<Row> {
    let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
    let mut lines = whole.split_terminator('\n');
    if lines.next() != Some(HEADER) {
        return Vec::new();
    }
    lines.filter_map(parse_row).collect()
}

fn parse_row(line: &str) -> Option<Row> {
    let mut fields = line.split('\t');
    let mut field = || {
        fields
            .next()
            .filter(|field| !field.is_empty() && field.chars().all(is_plain))
    };
    let filled = |field: &str| match field {
        "-" => String::new(),
        field => field.to_owned(),
    };
    let aws_profile = field()?.to_owned();
    let expires_at = field()?.parse().ok()?;
    let (key_id, fingerprint) = (filled(field()?), filled(field()?));
    let flags = field()?;
    let row = Row {
        aws_profile,
        expires_at,
        key_id,
        fingerprint,
        critical: flags.contains('c'),
        is_default: flags.contains('d'),
        process: flags.contains('p'),
        role_arn: filled(field()?),
        label: filled(field()?),
    };
    fields.next().is_none().then_some(row)
}

/// What a field may hold: nothing that a shell or a terminal could take for more than text. Role names bring `=` and
/// `,` along.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._/@:+-=,".contains(c)
}

/// The text as a field can hold it.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if is_plain(c) { c } else { '_' })
        .collect()
}
