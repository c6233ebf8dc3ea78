//! The line `credential_process` with which SDKs ask `mai` for keys, written so that all of them split it alike.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result, clean};

/// `PROGRAM [-c FILE] credentials PROFILE`
///
/// Botocore splits the line itself, other SDKs hand it to a shell; so it holds nothing that only one of them would
/// take for more than a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessLine {
    pub program: PathBuf,
    pub config: Option<PathBuf>,
    pub profile: String,
}

impl ProcessLine {
    /// Is this value of `credential_process` one of ours, wherever `mai` was when it was written?
    pub fn parse(value: &str) -> Option<ProcessLine> {
        let words = words(value)?;
        let (program, arguments) = words.split_first()?;
        let name = program.rsplit(['/', '\\']).next()?;
        if !matches!(name, "mai" | "mai.exe") {
            return None;
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (config, profile) = match arguments[..] {
            ["credentials", profile] => (None, profile),
            ["-c" | "--config", file, "credentials", profile] => {
                (Some(PathBuf::from(file)), profile)
            }
            _ => return None,
        };
        Some(ProcessLine {
            program: PathBuf::from(program),
            config,
            profile: profile.to_owned(),
        })
    }

    /// The value; refused if a path or name could not be written so that every SDK reads it.
    pub fn value(&self) -> Result<String> {
        let mut value = path_word(&self.program, "`mai` itself lies at")?;
        if let Some(config) = &self.config {
            value += &format!(" -c {}", path_word(config, "the configuration lies at")?);
        }
        let is_plain = !self.profile.starts_with('-') && self.profile.chars().all(is_plain);
        if self.profile.is_empty() || !is_plain {
            return Err(Error::usage(format!(
                "the name `{}` cannot stand in a line that SDKs run",
                clean(&self.profile)
            ))
            .hint("give the profile a name of letters, digits and ._/@:=+- only"));
        }
        Ok(format!("{value} credentials {}", self.profile))
    }
}

/// The program that a foreign line starts, for people: its arguments may hold a secret.
pub fn program_of(value: &str) -> String {
    let first = words(value).and_then(|words| words.into_iter().next());
    clean(&first.unwrap_or_else(|| value.split(' ').next().unwrap_or_default().to_owned()))
}

/// What a shell, `cmd.exe` and Python's `shlex` take for a letter.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._/@:=+-".contains(c)
}

fn path_word(path: &Path, what: &str) -> Result<String> {
    let text = path.to_str().unwrap_or_default();
    let is_letter = |c: char| is_plain(c) || (cfg!(windows) && c == '\\');
    if path.is_absolute() && text.chars().all(is_letter) {
        return Ok(text.to_owned());
    }
    if path.is_absolute() && text.chars().all(|c| is_letter(c) || c == ' ') {
        return Ok(format!("\"{text}\""));
    }
    Err(Error::usage(format!(
        "{what} {}, a path that SDKs would not all read alike in `credential_process`",
        clean(&path.display().to_string())
    ))
    .hint("put it, or a link to it, at a path of letters, digits and ._/@:=+- only"))
}

/// Words between blanks; double quotes hold blanks together. `None` if a quote is never closed.
fn words(value: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quoted) = (Vec::new(), None::<String>, false);
    for c in value.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' | '\t' if !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    (!quoted).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(program: &str, config: Option<&str>, profile: &str) -> ProcessLine {
        ProcessLine {
            program: program.into(),
            config: config.map(PathBuf::from),
            profile: profile.into(),
        }
    }

    #[test]
    fn what_was_written_is_read_again_by_us_and_by_a_shell() {
        for (line, value) in [
            (
                line("/usr/bin/mai", None, "prod"),
                "/usr/bin/mai credentials prod",
            ),
            (
                line(
                    "/home/ada/my tools/mai",
                    Some("/etc/a b.yaml"),
                    "a/b@c:d+e=f",
                ),
                "\"/home/ada/my tools/mai\" -c \"/etc/a b.yaml\" credentials a/b@c:d+e=f",
            ),
        ] {
            assert_eq!(line.value().unwrap(), value);
            assert_eq!(ProcessLine::parse(value), Some(line));
            assert_eq!(shell_words::split(value).ok(), words(value));
        }
    }

    #[test]
    fn only_lines_of_mai_are_ours() {
        assert!(ProcessLine::parse("mai credentials prod").is_some());
        assert!(ProcessLine::parse("C:\\mai\\mai.exe credentials prod").is_some());
        for foreign in [
            "",
            "mai",
            "mai login prod",
            "mai credentials",
            "mai credentials prod | tee log",
            "/opt/email credentials prod",
            "\"/usr/bin/mai credentials prod",
            "aws-vault exec prod --json",
        ] {
            assert_eq!(ProcessLine::parse(foreign), None, "{foreign}");
        }
        assert_eq!(program_of("/opt/x --token hunter2"), "/opt/x");
        assert_eq!(program_of("\"/opt/a b\" hunter2"), "/opt/a b");
    }

    #[test]
    fn what_a_shell_would_change_is_refused() {
        for program in [
            "mai",
            "/opt/$HOME/mai",
            "/opt/o'brien/mai",
            "/opt/a\"b/mai",
            "/opt/j\u{fc}rgen/mai",
            "/a;b/mai",
        ] {
            let error = line(program, None, "prod").value().unwrap_err();
            assert_eq!(error.exit_code(), 2, "{program}");
        }
        for profile in ["", "-c", "a b", "$x", "pr\u{f6}d", "a;b"] {
            assert!(line("/mai", None, profile).value().is_err(), "{profile}");
        }
    }
}
