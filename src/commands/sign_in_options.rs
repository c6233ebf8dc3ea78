//! The options of verbs that make profiles: where to sign in, and with what.

use std::path::PathBuf;

use clap::Args;

use super::run::{Run, Secrets};
use super::stdin::{password_from_stdin, response_from_stdin};
use crate::assertion::Assertion;
use crate::error::Result;
use crate::login::{Doors, record};
use crate::setup::provider_choice::{Chosen, Wanted};

#[derive(Args)]
pub struct SignInOptions {
    /// Where the login page is: the link behind your portal's AWS tile
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Your user name there (SAML_USER for a new identity provider)
    #[arg(short = 'U', long, value_name = "USER")]
    user: Option<String>,
    /// An identity provider of profiles.yaml
    #[arg(long, value_name = "IDP", conflicts_with = "url")]
    idp: Option<String>,
    /// What the new identity provider runs, if its pages do not tell (`auto`)
    #[arg(long = "type", value_name = "TYPE", conflicts_with = "idp")]
    provider_type: Option<String>,
    /// Show AWS's sign-in page the assertion to learn what the accounts are called
    #[arg(long)]
    pub account_names: bool,
    /// Ask for the password even if one is stored
    #[arg(long)]
    ask: bool,
    /// Read the password from stdin
    #[arg(long, conflicts_with_all = ["ask", "saml_response"])]
    password_stdin: bool,
    /// Read the SAML response from stdin instead of signing in
    #[arg(long, value_name = "-", value_parser = ["-"], hide_possible_values = true)]
    saml_response: Option<String>,
    /// Save how the sign-in went in a new folder, masked
    #[arg(long, value_name = "DIR", conflicts_with = "saml_response")]
    record: Option<PathBuf>,
}

impl SignInOptions {
    pub fn wanted(&self) -> Wanted {
        let usual_user = std::env::var("SAML_USER").ok();
        Wanted {
            url: self.url.clone(),
            user: self.user.clone(),
            usual_user: usual_user.filter(|user| !user.trim().is_empty()),
            idp: self.idp.clone(),
            provider_type: self.provider_type.clone(),
            is_signed_in: self.saml_response.is_some(),
        }
    }

    pub fn secrets(&self) -> Result<Secrets> {
        Ok(Secrets {
            password_from_stdin: self.password_stdin.then(password_from_stdin).transpose()?,
            ask: self.ask,
        })
    }

    /// Makes the folder of `--record`: before the first byte is sent.
    pub fn begin_recording(&self, run: &Run, doors: &mut Doors) -> Result<()> {
        if let Some(folder) = &self.record {
            doors.recording = Some(record::begin(&run.paths.expand(folder))?);
        }
        Ok(())
    }

    /// The response of `--saml-response -`.
    pub fn given(&self) -> Result<Option<Assertion>> {
        let wanted = self.saml_response.is_some();
        wanted.then(response_from_stdin).transpose()
    }

    /// The command that does the same again: as it was typed, with what was answered to questions.
    pub fn again(&self, chosen: &Chosen) -> String {
        let typed = std::env::args_os().skip(1);
        self.repeated(
            typed.map(|word| word.to_string_lossy().into_owned()),
            chosen,
        )
    }

    fn repeated(&self, typed: impl Iterator<Item = String>, chosen: &Chosen) -> String {
        let mut words = lasting(typed);
        let end = words.iter().position(|word| word == "--");
        let answers = self.answers(chosen);
        let place = end.unwrap_or(words.len());
        words.splice(place..place, answers);
        let shown = words.iter().map(|word| {
            let word: String = word.chars().filter(|c| !c.is_control()).collect();
            format!(" {}", shell_words::quote(&word))
        });
        format!("mai{}", shown.collect::<String>())
    }

    /// What was not typed, but asked for or found.
    fn answers(&self, chosen: &Chosen) -> Vec<String> {
        let mut words = Vec::new();
        let mut add = |option: &str, value: &str| words.extend([option.into(), value.into()]);
        match &chosen.new_url {
            Some(url) if self.url.is_none() => add("--url", url),
            None if self.url.is_none() && self.idp.is_none() => add("--idp", &chosen.provider.name),
            _ => {}
        }
        // With an address alone, the user tells which of several is meant.
        if let Some(user) = &chosen.provider.username
            && self.user.is_none()
            && (self.url.is_some() || chosen.new_url.is_some() || chosen.is_user_new)
        {
            add("-U", user);
        }
        words
    }
}

/// The words of a command line without those that are for this run only.
fn lasting(typed: impl Iterator<Item = String>) -> Vec<String> {
    let mut words = Vec::new();
    let mut typed = typed;
    while let Some(word) = typed.next() {
        match word.as_str() {
            // Whoever is told the command adds this one, or is asked without it.
            "--ask" | "--no-input" | "--password-stdin" => {}
            "--saml-response" | "--record" => drop(typed.next()),
            "--saml-response=-" => {}
            recorded if recorded.starts_with("--record=") => {}
            "--" => {
                words.push(word);
                words.extend(typed);
                return words;
            }
            _ => words.push(word),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use url::Url;

    use super::*;
    use crate::config::IdentityProvider;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        sign_in: SignInOptions,
        #[arg(long)]
        no_input: bool,
        #[arg(long)]
        role: Option<String>,
        #[arg(short, long)]
        yes: bool,
        name: String,
    }

    fn again(line: &str, new_url: Option<&str>) -> String {
        let typed = shell_words::split(line).unwrap();
        let line = Line::try_parse_from(&typed).unwrap();
        let url = Url::parse("https://login.example.com/start?a=b").unwrap();
        let chosen = Chosen {
            provider: IdentityProvider::new("corp", url, "ada"),
            new_url: new_url.map(str::to_owned),
            is_user_new: false,
        };
        line.sign_in.repeated(typed.into_iter(), &chosen)
    }

    #[test]
    fn a_command_is_told_as_it_was_typed_with_what_was_answered() {
        let new = Some("https://login.example.com/start?a=b");
        for (line, new_url, told) in [
            ("create x", None, "mai create x --idp corp"),
            (
                "create x",
                new,
                "mai create x --url 'https://login.example.com/start?a=b' -U ada",
            ),
            (
                "create x --role '*/Admin' --type okta --account-names -U eve",
                new,
                "mai create x --role '*/Admin' --type okta --account-names -U eve --url \
                 'https://login.example.com/start?a=b'",
            ),
            (
                "create x --idp corp -U ada --yes",
                None,
                "mai create x --idp corp -U ada --yes",
            ),
            (
                "create x --url https://x.test",
                None,
                "mai create x --url https://x.test -U ada",
            ),
            (
                "create --no-input --password-stdin x",
                None,
                "mai create x --idp corp",
            ),
            ("create x --ask", None, "mai create x --idp corp"),
            (
                "create --saml-response - x",
                None,
                "mai create x --idp corp",
            ),
            (
                "create --saml-response=- -- --ask",
                None,
                "mai create --idp corp -- --ask",
            ),
        ] {
            assert_eq!(again(line, new_url), told);
        }
    }
}
