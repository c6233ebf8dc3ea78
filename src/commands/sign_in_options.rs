//! The options of verbs that make profiles: where to sign in, and with what.

use clap::Args;

use super::run::Secrets;
use super::stdin::{password_from_stdin, response_from_stdin};
use crate::assertion::Assertion;
use crate::error::Result;
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
        }
    }

    pub fn secrets(&self) -> Result<Secrets> {
        Ok(Secrets {
            password_from_stdin: self.password_stdin.then(password_from_stdin).transpose()?,
            ask: self.ask,
        })
    }

    /// The response of `--saml-response -`.
    pub fn given(&self) -> Result<Option<Assertion>> {
        let wanted = self.saml_response.is_some();
        wanted.then(response_from_stdin).transpose()
    }
}

/// The command that does the same again: what was answered to questions stands in it.
pub fn again(verb: &str, chosen: &Chosen) -> String {
    let provider = &chosen.provider;
    match (&chosen.new_url, &provider.username) {
        (Some(url), Some(user)) => format!(
            "mai {verb} --url {} -U {}",
            shell_words::quote(url),
            shell_words::quote(user)
        ),
        _ => format!("mai {verb} --idp {}", provider.name),
    }
}
