//! A sign-in that only looks: which roles the identity provider offers.

use crate::arn::{ProviderArn, RoleArn};
use crate::aws::saml;
use crate::config::IdentityProvider;
use crate::error::{Error, Result};
use crate::login::account_names::account_name;
use crate::login::line::client_settings;
use crate::login::sign_in::Answers;
use crate::login::{Doors, flight, role_choice};
use crate::net::client;
use crate::net::visitor::Visitor;
use crate::store::learned::Learned;

/// A role that is offered, with the name people use for its account.
pub struct Offer {
    pub role: RoleArn,
    pub provider: ProviderArn,
    pub account_name: Option<String>,
}

/// Signs in and reads the roles, sorted by account and role. No keys are fetched.
///
/// The answers come back for what the person may want to keep of them, once the roles are shown.
pub fn roles_of<'a>(
    doors: &'a Doors<'a>,
    provider: &'a IdentityProvider,
) -> Result<(Vec<Offer>, Answers<'a>)> {
    let _flight = flight::take(doors, &provider.name, "mai roles")?;
    let command = format!("mai roles --idp {}", provider.name);
    let client = client::build(&client_settings(provider))?;
    let runtime = super::line::runtime()?;
    let mut answers = Answers::new(doors, provider, command, Box::new(|| {}))?;
    let arrival = runtime.block_on(answers.sign_in(&mut Visitor::new(client)))?;
    doors.ui.done();
    let statement = saml::read(&arrival.assertion)?;
    if statement.encrypted {
        return Err(Error::failed(
            "the assertion is encrypted for AWS, so the roles in it cannot be read",
        )
        .hint(
            "ask your administrator for the role and provider ARNs and put them in profiles.yaml",
        ));
    }
    if statement.roles.is_empty() {
        return Err(role_choice::no_roles(&statement));
    }
    let learned = Learned::load(doors.paths.state_folder()?);
    let mut offers: Vec<Offer> = statement
        .roles
        .into_iter()
        .map(|offered| Offer {
            account_name: account_name(doors.config, &learned, offered.role.account())
                .map(str::to_owned),
            role: offered.role,
            provider: offered.provider,
        })
        .collect();
    offers.sort_by_key(|offer| (offer.account_name.clone(), offer.role.clone()));
    Ok((offers, answers))
}
