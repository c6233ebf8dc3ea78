//! What the agent notes down for others to read and for itself after a restart: the file `agent`. No secrets.
//!
//! One record per line, as in `learned`. The agent of another credentials file has `agent-HASH`.

use crate::error::Result;
use crate::store::locked_file::{self, Edited};
use crate::store::record;
use crate::store::sessions::{self, Row, Sessions};

use std::path::{Path, PathBuf};

const HEADER: &str = "mai-agent 1";
const LARGEST: usize = 256 * 1024;

/// When keys will be renewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewal {
    pub profile: String,
    /// Seconds since 1970.
    pub at: i64,
    pub expires_at: i64,
}

/// Keys that will not be good much longer unless a person does something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    pub profile: String,
    /// The section of the credentials file, and the keys that stood there: other keys end the need.
    pub aws_profile: String,
    pub key_id: String,
    pub since: i64,
    /// Whether a sign-in by the person helps, or only what is missing.
    pub why: Why,
    pub reason: String,
}

impl Need {
    /// What a person reads of it.
    pub fn told(&self) -> String {
        let (name, reason) = (&self.profile, &self.reason);
        match self.why {
            Why::NeedsPerson => format!("the agent needs you: run `mai login {name}` ({reason})"),
            Why::Unreachable => format!("the agent goes on trying: {reason}"),
        }
    }
}

/// Something that is not tried again for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    pub subject: Subject,
    pub why: Why,
    pub since: i64,
    /// In seconds.
    pub wait: i64,
    /// How often it failed in a row.
    pub times: u32,
    /// The keys and the configuration at that time: others may be a reason to try again.
    pub keys: String,
    pub config: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    IdentityProvider(String),
    Profile(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It may work again by itself.
    Unreachable,
    /// It was refused, or a person is needed.
    NeedsPerson,
}

impl Why {
    pub fn word(self) -> &'static str {
        match self {
            Why::Unreachable => "unreachable",
            Why::NeedsPerson => "person",
        }
    }

    fn read(word: &str) -> Option<Why> {
        [Why::Unreachable, Why::NeedsPerson]
            .into_iter()
            .find(|why| why.word() == word)
    }
}

/// New keys of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnderWay {
    pub profile: String,
    pub key_id: String,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// Keys that are being written right now, and not recorded yet; an agent may be killed meanwhile.
    pub under_way: Vec<UnderWay>,
    pub renewals: Vec<Renewal>,
    pub needs: Vec<Need>,
    pub pauses: Vec<Pause>,
}

impl Notes {
    /// The needs that are still open: the agent may not run, and other keys may be there by now.
    pub fn open_needs<'a>(&'a self, rows: &'a [Row]) -> impl Iterator<Item = &'a Need> {
        self.needs.iter().filter(|need| {
            sessions::find(rows, &need.aws_profile).is_some_and(|row| row.key_id == need.key_id)
        })
    }
}

/// The file of one credentials file.
#[derive(Clone, Debug)]
pub struct NotesFile {
    state_folder: PathBuf,
    name: String,
}

impl NotesFile {
    /// Beside the sessions of the same credentials file, and named after them.
    pub fn beside(sessions: &Sessions, state_folder: &Path) -> NotesFile {
        let name = sessions.path();
        let name = name.file_name().unwrap_or_default().to_string_lossy();
        NotesFile {
            state_folder: state_folder.to_path_buf(),
            name: name.replacen("sessions", "agent", 1),
        }
    }

    /// What was noted; nothing at all if the file is missing, too large, or of another version.
    pub fn load(&self) -> Notes {
        let bytes = locked_file::read_own(&self.state_folder, &self.name);
        let bytes = bytes.ok().flatten().unwrap_or_default();
        match std::str::from_utf8(&bytes) {
            Ok(text) if bytes.len() <= LARGEST => parse(text),
            _ => Notes::default(),
        }
    }

    pub fn save(&self, notes: &Notes) -> Result<()> {
        locked_file::update_own(&self.state_folder, &self.name, |_| {
            Ok(Edited {
                bytes: render(notes).into_bytes(),
                value: (),
            })
        })?;
        Ok(())
    }
}

fn parse(text: &str) -> Notes {
    let mut notes = Notes::default();
    let mut lines = text.lines();
    if lines.next() != Some(HEADER) {
        return notes;
    }
    for line in lines {
        // A line that is not whole is no line.
        let _ = parse_line(line, &mut notes);
    }
    notes
}

fn parse_line(line: &str, notes: &mut Notes) -> Option<()> {
    let fields = record::split(line)?;
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    match fields[..] {
        ["under-way", profile, key_id] => notes.under_way.push(UnderWay {
            profile: profile.to_owned(),
            key_id: key_id.to_owned(),
        }),
        ["renewal", profile, at, expires_at] => notes.renewals.push(Renewal {
            profile: profile.to_owned(),
            at: at.parse().ok()?,
            expires_at: expires_at.parse().ok()?,
        }),
        ["need", profile, aws_profile, key_id, since, why, reason] => notes.needs.push(Need {
            profile: profile.to_owned(),
            aws_profile: aws_profile.to_owned(),
            key_id: key_id.to_owned(),
            since: since.parse().ok()?,
            why: Why::read(why)?,
            reason: reason.to_owned(),
        }),
        ["pause", kind, name, why, since, wait, times, keys, config] => notes.pauses.push(Pause {
            subject: match kind {
                "idp" => Subject::IdentityProvider(name.to_owned()),
                "profile" => Subject::Profile(name.to_owned()),
                _ => return None,
            },
            why: Why::read(why)?,
            since: since.parse().ok()?,
            wait: wait.parse().ok()?,
            times: times.parse().ok()?,
            keys: keys.to_owned(),
            config: config.to_owned(),
        }),
        _ => return None,
    }
    Some(())
}

fn render(notes: &Notes) -> String {
    let mut lines = vec![HEADER.to_owned()];
    for keys in &notes.under_way {
        lines.push(record::join(&["under-way", &keys.profile, &keys.key_id]));
    }
    for renewal in &notes.renewals {
        lines.push(record::join(&[
            "renewal",
            &renewal.profile,
            &renewal.at.to_string(),
            &renewal.expires_at.to_string(),
        ]));
    }
    for need in &notes.needs {
        lines.push(record::join(&[
            "need",
            &need.profile,
            &need.aws_profile,
            &need.key_id,
            &need.since.to_string(),
            need.why.word(),
            &need.reason,
        ]));
    }
    for pause in &notes.pauses {
        let (kind, name) = match &pause.subject {
            Subject::IdentityProvider(name) => ("idp", name),
            Subject::Profile(name) => ("profile", name),
        };
        lines.push(record::join(&[
            "pause",
            kind,
            name,
            pause.why.word(),
            &pause.since.to_string(),
            &pause.wait.to_string(),
            &pause.times.to_string(),
            &pause.keys,
            &pause.config,
        ]));
    }
    lines.push(String::new());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let home = Path::new("/home/ada");
        let sessions = Sessions::of(folder.path(), Some(home), &home.join(".aws/credentials"));
        let file = NotesFile::beside(&sessions, folder.path());
        assert_eq!(file.load(), Notes::default());
        let notes = Notes {
            under_way: vec![UnderWay {
                profile: "audit".into(),
                key_id: "ASIA3".into(),
            }],
            renewals: vec![Renewal {
                profile: "prod".into(),
                at: 1,
                expires_at: 2,
            }],
            needs: vec![Need {
                profile: "prod".into(),
                aws_profile: "p".into(),
                key_id: "ASIA1".into(),
                since: 3,
                why: Why::Unreachable,
                reason: "a code\tis 100% needed\nnow".into(),
            }],
            pauses: vec![Pause {
                subject: Subject::IdentityProvider("corp".into()),
                why: Why::NeedsPerson,
                since: 4,
                wait: 5,
                times: 6,
                keys: "ASIA1 ASIA2".into(),
                config: String::new(),
            }],
        };
        file.save(&notes).unwrap();
        assert_eq!(file.load(), notes);
        assert!(folder.path().join("agent").exists());
        for other in [
            "mai-agent 2\nrenewal\tx\t1\t2\n",
            "",
            "\u{0}",
            "mai-agent 1\nrenewal\tx\n",
        ] {
            std::fs::write(folder.path().join("agent"), other).unwrap();
            assert_eq!(file.load(), Notes::default(), "{other}");
        }
    }
}
