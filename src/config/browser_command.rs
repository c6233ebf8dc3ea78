//! The command that opens the web console, with fields in braces: whoever has an account each in a container or a
//! profile of a browser says so there.

use std::fmt;

use super::did_you_mean;
use crate::error::clean;

const FIELDS: &[&str] = &["url", "profile", "account", "account_id", "role"];

/// A program and its arguments, run without a shell.
#[derive(Clone, PartialEq, Eq)]
pub struct BrowserCommand {
    argv: Vec<String>,
}

/// What stands in the place of the fields.
pub struct Filling<'a> {
    pub url: &'a str,
    pub profile: &'a str,
    /// The account's name, else its id.
    pub account: &'a str,
    pub account_id: &'a str,
    pub role: &'a str,
}

impl BrowserCommand {
    /// As typed: split into words as a shell would, with nothing else of a shell.
    pub fn parse(text: &str) -> Result<BrowserCommand, String> {
        let words = shell_words::split(text).map_err(|_| "has a quote that is not closed")?;
        BrowserCommand::new(words)
    }

    /// The error says why not, in words that follow the name of the setting.
    pub fn new(argv: Vec<String>) -> Result<BrowserCommand, String> {
        match argv.first() {
            None => return Err("names no program".to_owned()),
            Some(program) if program.is_empty() || program.contains(['{', '}']) => {
                return Err("must begin with a program; fields stand in its arguments".to_owned());
            }
            Some(_) => {}
        }
        for word in &argv {
            fill(word, &|_| String::new())?;
        }
        Ok(BrowserCommand { argv })
    }

    pub fn program(&self) -> &str {
        self.argv.first().map_or("", String::as_str)
    }

    pub fn has_arguments(&self) -> bool {
        self.argv.len() > 1
    }

    /// The words to run. Names come with letters, digits, `.`, `_` and `-` only, so nothing in them can act, neither in
    /// an address nor as an option; without `{url}` the address is the last word.
    pub fn words(&self, with: &Filling<'_>) -> Vec<String> {
        let value = |field: &str| match field {
            "url" => with.url.to_owned(),
            "profile" => harmless(with.profile),
            "account" => harmless(with.account),
            "account_id" => harmless(with.account_id),
            _ => harmless(with.role),
        };
        let mut words: Vec<String> = self
            .argv
            .iter()
            .filter_map(|word| fill(word, &value).ok())
            .collect();
        if !self.argv.iter().any(|word| word.contains("{url}")) {
            words.push(with.url.to_owned());
        }
        words
    }
}

fn fill(word: &str, value: &dyn Fn(&str) -> String) -> Result<String, String> {
    let (mut filled, mut rest) = (String::new(), word);
    while let Some((before, after)) = rest.split_once('{') {
        let (field, after) = after
            .split_once('}')
            .ok_or("has a brace that is not closed")?;
        if !FIELDS.contains(&field) {
            let all = format!("there are {{{}}}", FIELDS.join("}, {"));
            let near = did_you_mean(field, FIELDS.iter().copied()).unwrap_or(all);
            return Err(format!("has the field {{{}}}: {near}", clean(field)));
        }
        filled.push_str(before);
        filled.push_str(&value(field));
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

fn harmless(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_');
    let kept: String = name
        .chars()
        .map(|c| if plain(c) { c } else { '-' })
        .collect();
    kept.trim_start_matches(['-', '.']).to_owned()
}

/// Arguments are the person's business.
impl fmt::Debug for BrowserCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BrowserCommand({})", clean(self.program()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(command: &str, account: &str) -> Vec<String> {
        BrowserCommand::parse(command).unwrap().words(&Filling {
            url: "http://127.0.0.1:4000/abc",
            profile: "prod",
            account,
            account_id: "111111111111",
            role: "team/Admin",
        })
    }

    #[test]
    fn fields_are_filled_in_and_the_address_comes_last_unless_said() {
        assert_eq!(
            words("firefox", "x"),
            ["firefox", "http://127.0.0.1:4000/abc"]
        );
        assert_eq!(
            words(
                "firefox 'ext+container:name={account}&url={url}'",
                "acme prod"
            ),
            [
                "firefox",
                "ext+container:name=acme-prod&url=http://127.0.0.1:4000/abc"
            ]
        );
        assert_eq!(
            words(
                "chromium --profile-directory={account_id}-{role} {url} --x",
                "x"
            ),
            [
                "chromium",
                "--profile-directory=111111111111-team-Admin",
                "http://127.0.0.1:4000/abc",
                "--x"
            ]
        );
    }

    #[test]
    fn nothing_in_a_name_can_act() {
        for name in [
            "a&url=http://evil.test/",
            "--headless",
            "$(reboot)",
            "{url}",
            "../x\n",
            "a\"b",
        ] {
            let word = &words("b {account} {url}", name)[1];
            assert!(
                !word.starts_with('-') && !word.contains(['&', '$', '{', '/', '\n', '"', ':']),
                "{word}"
            );
        }
    }

    #[test]
    fn slips_are_told() {
        for (command, why) in [
            ("", "names no program"),
            ("{url}", "must begin with a program"),
            ("firefox 'x", "quote that is not closed"),
            ("firefox {url", "brace that is not closed"),
            ("firefox {acount}", "`account`"),
            ("firefox {secret}", "there are {url}, {profile}"),
        ] {
            let told = BrowserCommand::parse(command).unwrap_err();
            assert!(told.contains(why), "{told}");
        }
    }
}
