//! A sign-in whose roles are looked at: which the identity provider offers, before anything is fetched with them.

use crate::arn::{ProviderArn, RoleArn};
use crate::assertion::Assertion;
use crate::aws::saml::{self, Statement};
use crate::config::IdentityProvider;
use crate::error::{Error, Result};
use crate::login::account_names::{self, account_name};
use crate::login::answers::Answers;
use crate::login::line::client_settings;
use crate::login::sign_in;
use crate::login::{Doors, flight, role_choice};
use crate::net::client;
use crate::store::learned::Learned;

/// A role that is offered, with the name people use for its account.
pub struct Offer {
    pub role: RoleArn,
    pub provider: ProviderArn,
    pub account_name: Option<String>,
}

/// What a sign-in is for.
pub struct Errand<'e> {
    /// What to run again, for hints and for those who wait.
    pub command: &'e str,
    /// `--saml-response`: this instead of a sign-in.
    pub given: Option<&'e Assertion>,
    /// `--account-names`
    pub account_names: bool,
    /// Called when nobody else signs in here any more, and before anything is sent.
    pub before: &'e dyn Fn() -> Result<()>,
}

impl<'e> Errand<'e> {
    pub fn of(command: &'e str) -> Errand<'e> {
        Errand {
            command,
            given: None,
            account_names: false,
            before: &|| Ok(()),
        }
    }
}

/// The end of a sign-in.
pub struct SignedIn<'a> {
    pub assertion: Assertion,
    pub statement: Statement,
    /// For what the person may want to keep of them; none if the assertion was given.
    pub answers: Option<Answers<'a>>,
}

impl SignedIn<'_> {
    /// Offers to keep the password, once all is done and said.
    pub fn offer_to_keep(&mut self) {
        if let Some(answers) = &mut self.answers {
            answers.keep_what_worked();
        }
    }
}

/// Signs in, one at a time per identity provider, and reads what the assertion says. No keys are fetched.
pub fn sign_in<'a>(
    doors: &'a Doors<'a>,
    provider: &'a IdentityProvider,
    errand: &Errand,
) -> Result<SignedIn<'a>> {
    let _flight = flight::take(doors, &provider.name, errand.command)?;
    (errand.before)()?;
    let client = client::build(&client_settings(provider))?;
    let runtime = super::line::runtime()?;
    let (assertion, answers) = match errand.given {
        Some(assertion) => (assertion.clone(), None),
        None => {
            let command = errand.command.to_string();
            let mut answers = Answers::new(doors, provider, command, Box::new(|| {}))?;
            let arrival = runtime.block_on(sign_in::sign_in(&client, &mut answers))?;
            answers.keep_session();
            (arrival.assertion, Some(answers))
        }
    };
    doors.ui.done();
    let statement = saml::read(&assertion)?;
    if errand.account_names && !statement.roles.is_empty() {
        runtime.block_on(account_names::learn(doors, &client, &assertion, &statement));
    }
    Ok(SignedIn {
        assertion,
        statement,
        answers,
    })
}

/// Signs in and reads the roles, sorted by account and role.
pub fn roles_of<'a>(
    doors: &'a Doors<'a>,
    provider: &'a IdentityProvider,
    errand: &Errand,
) -> Result<(Vec<Offer>, SignedIn<'a>)> {
    let mut signed_in = sign_in(doors, provider, errand)?;
    let statement = &mut signed_in.statement;
    if statement.encrypted {
        return Err(Error::failed(
            "the assertion is encrypted for AWS, so the roles in it cannot be read",
        )
        .hint(
            "ask your administrator for the ARNs of role and provider; `mai create NAME --role ARN --provider-arn ARN` makes a profile of them",
        ));
    }
    if statement.roles.is_empty() {
        return Err(role_choice::no_roles(statement));
    }
    let learned = Learned::load(doors.paths.state_folder()?);
    let mut offers: Vec<Offer> = std::mem::take(&mut statement.roles)
        .into_iter()
        .map(|offered| Offer {
            account_name: account_name(doors.config, &learned, offered.role.account())
                .map(str::to_owned),
            role: offered.role,
            provider: offered.provider,
        })
        .collect();
    offers.sort_by_key(|offer| (offer.account_name.clone(), offer.role.clone()));
    Ok((offers, signed_in))
}
