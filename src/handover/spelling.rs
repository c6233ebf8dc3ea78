//! Variables as a shell, a `.env` file or Docker reads them; no value can be more than a value there.

use clap::ValueEnum;
use zeroize::Zeroizing;

use super::environment::{Environment, REGIONS};
use crate::error::{Error, Result};
use crate::secret::Secret;

/// `--format`
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    Bash,
    Zsh,
    /// Any shell of the POSIX kind
    Sh,
    Fish,
    Powershell,
    /// A record for `from json | load-env`
    Nushell,
    /// A .env file
    Dotenv,
    /// For `docker run --env-file`
    Docker,
    /// One document with the keys and what belongs to them
    Json,
    /// The manifest of a Kubernetes Secret
    K8s,
}

impl Form {
    pub fn name(self) -> &'static str {
        match self {
            Form::Bash => "bash",
            Form::Zsh => "zsh",
            Form::Sh => "sh",
            Form::Fish => "fish",
            Form::Powershell => "powershell",
            Form::Nushell => "nushell",
            Form::Dotenv => "dotenv",
            Form::Docker => "docker",
            Form::Json => "json",
            Form::K8s => "k8s",
        }
    }

    /// Can it say that a variable is to go?
    pub fn can_unset(self) -> bool {
        match self {
            Form::Bash | Form::Zsh | Form::Sh | Form::Fish | Form::Powershell | Form::Nushell => {
                true
            }
            Form::Dotenv | Form::Docker | Form::Json | Form::K8s => false,
        }
    }

    /// What is typed in that shell, so that it takes what `mai env …` prints.
    pub fn taken_by(self, command: &str) -> String {
        match self {
            Form::Bash | Form::Zsh | Form::Sh => format!("eval \"$({command})\""),
            Form::Fish => format!("{command} | source"),
            Form::Powershell => format!("{command} | Out-String | Invoke-Expression"),
            Form::Nushell => format!("{command} | from json | load-env"),
            Form::Dotenv | Form::Docker | Form::Json | Form::K8s => {
                format!("(umask 077; {command} > FILE)")
            }
        }
    }
}

/// The code or the lines that make these changes: first what is removed, then what is set.
///
/// `Json` and `K8s` are documents of their own (`documents.rs`); here they are one object of variables.
pub fn spelled(form: Form, environment: &Environment) -> Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    match form {
        Form::Bash | Form::Zsh | Form::Sh => {
            removed(&mut text, "unset ", environment, "\n");
            for (name, value) in &environment.set {
                line(&mut text, &["export ", name, "=", &posix(value), "\n"]);
            }
        }
        Form::Fish => {
            removed_in_fish(&mut text, environment);
            for (name, value) in &environment.set {
                line(&mut text, &["set -gx ", name, " ", &fish(value), "\n"]);
            }
        }
        Form::Powershell => {
            for name in &environment.unset {
                let rest = " -ErrorAction SilentlyContinue\n";
                line(&mut text, &["Remove-Item Env:", name, rest]);
            }
            for (name, value) in &environment.set {
                line(&mut text, &["$Env:", name, " = ", &powershell(value), "\n"]);
            }
        }
        Form::Dotenv | Form::Docker => {
            for (name, value) in &environment.set {
                may_stand_bare(form, name, value)?;
                line(&mut text, &[name, "=", value.expose(), "\n"]);
            }
        }
        Form::Nushell | Form::Json | Form::K8s => record(&mut text, form, environment),
    }
    Ok(text)
}

fn line(text: &mut String, parts: &[&str]) {
    for part in parts {
        text.push_str(part);
    }
}

fn removed(text: &mut String, command: &str, environment: &Environment, end: &str) {
    if !environment.unset.is_empty() {
        line(text, &[command, &environment.unset.join(" "), end]);
    }
}

/// Variables that name a profile.
const NAMES_OF_PROFILES: [&str; 2] = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"];

/// A universal variable of fish is that of all its shells, now and later, so it stays; here another one hides it.
///
/// An empty one does: only if it is exported does fish not hand the universal one to programs, and SDKs take empty
/// variables for none. But boto3 finds no profile with an empty name, so there the section stands whose keys these are.
fn removed_in_fish(text: &mut String, environment: &Environment) {
    removed(text, "set -el ", environment, "\n");
    removed(text, "set -eg ", environment, "\n");
    if environment.set.is_empty() {
        // What hid the person's own goes with the keys.
        if environment.unset.iter().any(|name| name == "MAI_PROFILE") {
            for name in NAMES_OF_PROFILES {
                line(text, &["set -qU ", name, "; and set -eg ", name, "\n"]);
            }
        }
        return;
    }
    for name in &environment.unset {
        let value = match environment.section.as_deref() {
            Some(section) if NAMES_OF_PROFILES.contains(&name.as_str()) => section,
            // A universal region is the person's own.
            _ if REGIONS.iter().any(|region| name.ends_with(region)) => continue,
            _ => "",
        };
        let value = fish(&Secret::new(value));
        line(
            text,
            &["set -qU ", name, "; and set -gx ", name, " ", &value, "\n"],
        );
    }
}

/// In single quotes nothing has a meaning but the quote itself.
fn posix(value: &Secret) -> Zeroizing<String> {
    Zeroizing::new(format!("'{}'", value.expose().replace('\'', "'\\''")))
}

/// In fish's single quotes a backslash escapes the quote and itself.
fn fish(value: &Secret) -> Zeroizing<String> {
    let escaped = value.expose().replace('\\', "\\\\").replace('\'', "\\'");
    Zeroizing::new(format!("'{escaped}'"))
}

/// PowerShell takes typographic quotes for plain ones, and its console may take bytes of other letters for such quotes:
/// so whatever is not printable ASCII is given by its number.
fn powershell(value: &Secret) -> Zeroizing<String> {
    let mut quoted = Zeroizing::new(String::from("'"));
    let mut is_open = true;
    for unit in value.expose().encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte @ b' '..=b'~') => {
                if !is_open {
                    quoted.push_str(" + '");
                    is_open = true;
                }
                quoted.push(char::from(byte));
                if byte == b'\'' {
                    quoted.push('\'');
                }
            }
            _ => {
                if is_open {
                    quoted.push('\'');
                    is_open = false;
                }
                quoted.push_str(&format!(" + [char]0x{unit:04x}"));
            }
        }
    }
    if is_open {
        quoted.push('\'');
    }
    quoted
}

/// A JSON object; in nushell a variable that is null is not handed to programs.
fn record(text: &mut String, form: Form, environment: &Environment) {
    let mut entries: Vec<Zeroizing<String>> = Vec::new();
    if form == Form::Nushell {
        let unset = environment.unset.iter();
        entries.extend(unset.map(|name| Zeroizing::new(format!("  \"{name}\": null"))));
    }
    for (name, value) in &environment.set {
        let value = in_double_quotes(value.expose());
        entries.push(Zeroizing::new(format!("  \"{name}\": {}", *value)));
    }
    text.push_str("{\n");
    for (number, entry) in entries.iter().enumerate() {
        line(text, &[if number > 0 { ",\n" } else { "" }, entry]);
    }
    text.push_str("\n}\n");
}

/// A string of JSON in ASCII, which is one of YAML too, as far as both can say it alike.
fn in_double_quotes(text: &str) -> Zeroizing<String> {
    let mut quoted = Zeroizing::new(String::from("\""));
    for unit in text.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte @ (b'"' | b'\\')) => {
                line(&mut quoted, &["\\", char::from(byte).encode_utf8(&mut [0])])
            }
            Ok(byte @ b' '..=b'~') => quoted.push(char::from(byte)),
            _ => quoted.push_str(&format!("\\u{unit:04x}")),
        }
    }
    quoted.push('"');
    quoted
}

/// No quoting is read alike by all who read such files, so a value that would need some is refused.
fn may_stand_bare(form: Form, name: &str, value: &Secret) -> Result<()> {
    let fits = |c: char| match form {
        // Docker takes the rest of the line as it is.
        Form::Docker => !c.is_control(),
        _ => c.is_ascii_alphanumeric() || "_./+=:@,-".contains(c),
    };
    if value.expose().chars().all(fits) {
        return Ok(());
    }
    let what = match form {
        Form::Docker => "a line break or another control character, which docker cannot take",
        _ => "characters that readers of .env files take differently",
    };
    Err(Error::usage(format!(
        "{name} cannot be written as {}: its value has {what}",
        form.name()
    ))
    .hint("choose another --format, or other --names"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(form: Form, value: &str) -> Result<String> {
        let environment = Environment {
            set: vec![("X".to_owned(), Secret::new(value))],
            unset: vec!["A".to_owned(), "B".to_owned()],
            ..Environment::default()
        };
        spelled(form, &environment).map(|text| text.to_string())
    }

    #[test]
    fn each_shell_has_its_own_quotes() {
        for (form, value, expected) in [
            (
                Form::Bash,
                "a'b$(id)`\\",
                "unset A B\nexport X='a'\\''b$(id)`\\'\n",
            ),
            (Form::Zsh, "!x", "unset A B\nexport X='!x'\n"),
            (Form::Sh, "a\nb", "unset A B\nexport X='a\nb'\n"),
            (
                Form::Fish,
                "a'b\\",
                "set -el A B\nset -eg A B\nset -qU A; and set -gx A ''\nset -qU B; and set -gx B ''\n\
                 set -gx X 'a\\'b\\\\'\n",
            ),
            (
                Form::Powershell,
                "a'b$x`\"",
                "Remove-Item Env:A -ErrorAction SilentlyContinue\n\
                 Remove-Item Env:B -ErrorAction SilentlyContinue\n\
                 $Env:X = 'a''b$x`\"'\n",
            ),
            (
                Form::Nushell,
                "a\"\\\n\u{2028}😀",
                "{\n  \"A\": null,\n  \"B\": null,\n  \"X\": \"a\\\"\\\\\\u000a\\u2028\\ud83d\\ude00\"\n}\n",
            ),
            (Form::Json, "x", "{\n  \"X\": \"x\"\n}\n"),
            (Form::Dotenv, "a+/=_.:@,-", "X=a+/=_.:@,-\n"),
            (Form::Docker, "a 'b' #c \"$x\"", "X=a 'b' #c \"$x\"\n"),
        ] {
            assert_eq!(one(form, value).unwrap(), expected, "{form:?}");
        }
    }

    #[test]
    fn powershell_reads_ascii_whatever_its_console_takes_bytes_for() {
        for (value, expected) in [
            (
                "a\u{2019}; b\u{2018}",
                "'a' + [char]0x2019 + '; b' + [char]0x2018",
            ),
            // In UTF-8 it ends with two bytes that are typographic quotes in Windows-1252.
            ("\u{f452}'", "'' + [char]0xf452 + ''''"),
            ("\u{1f600}", "'' + [char]0xd83d + [char]0xde00"),
            ("a\r\nb", "'a' + [char]0x000d + [char]0x000a + 'b'"),
            ("", "''"),
        ] {
            let text = one(Form::Powershell, value).unwrap();
            let (_, line) = text.split_once("$Env:X = ").unwrap();
            assert_eq!(line, format!("{expected}\n"));
            assert!(text.is_ascii());
        }
    }

    #[test]
    fn what_cannot_be_quoted_is_refused_without_being_shown() {
        for (form, values) in [
            (
                Form::Dotenv,
                &["a b", "a#b", "$x", "'x'", "a\nb", "ä", "\\", "!"][..],
            ),
            (Form::Docker, &["a\nY=b", "a\rb", "\u{1b}"]),
        ] {
            for value in values {
                let error = one(form, &format!("hunter2{value}")).unwrap_err();
                assert_eq!(error.exit_code(), 2);
                assert!(error.to_string().starts_with("X cannot be written as"));
                assert!(!error.to_string().contains("hunter2"), "{error}");
            }
        }
    }

    #[test]
    fn a_record_is_json_whatever_is_in_it() {
        for value in ["", "\u{0}\u{7f}\u{85}\u{fffe}", "\"}{", "😀ä\t"] {
            let text = one(Form::Json, value).unwrap();
            let read: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(read["X"], value);
        }
    }
}
