//! What people call an account: as configured, else as learned; and AWS's sign-in page, which can be asked for it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use http::StatusCode;
use http::header::CONTENT_TYPE;
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use crate::arn;
use crate::assertion::Assertion;
use crate::aws::account_page;
use crate::aws::saml::Statement;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::login::Doors;
use crate::net::hops::{host_of, is_loopback};
use crate::net::{body, client};
use crate::store::learned::Learned;

/// The name of an account, if it has one.
pub fn account_name<'a>(
    config: &'a Config,
    learned: &'a Learned,
    account: &str,
) -> Option<&'a str> {
    config
        .account_name(account)
        .or_else(|| learned.account_name(account))
}

/// How long AWS's page may take: names are no reason to wait.
const LIMIT: Duration = Duration::from_secs(15);
/// The largest page; one of 450 roles has a fifth of it.
const LARGEST: usize = 1 << 20;

/// `--account-names`: asks AWS's sign-in page for the names of the accounts that are offered, and learns them.
///
/// It shows AWS a live assertion, so nobody does it unasked, and it goes to one place, once. What goes wrong is one
/// warning: names are for people.
pub async fn learn(
    doors: &Doors<'_>,
    client: &reqwest::Client,
    assertion: &Assertion,
    statement: &Statement,
) {
    if let [only] = &statement.roles[..] {
        // For one role the page is skipped, and the request would be a sign-in to the console.
        doors.ui.say(&format!(
            "AWS tells no names where one role is offered; `accounts: {{\"{}\": …}}` in profiles.yaml gives one.",
            only.role.account()
        ));
        return;
    }
    doors.ui.step("asking AWS for the names of the accounts");
    let asked = match page_of(statement, doors.sts_endpoint.as_ref()) {
        Ok(page) => tokio::time::timeout(LIMIT, ask(client, &page, assertion))
            .await
            .unwrap_or_else(|_| {
                Err(Error::unreachable(format!(
                    "{} did not answer within {} s",
                    host_of(&page),
                    LIMIT.as_secs()
                )))
            }),
        Err(error) => Err(error),
    };
    doors.ui.done();
    let learned = asked.and_then(|names| keep(doors, statement, &names));
    if let Err(error) = learned {
        doors
            .ui
            .warn(&format!("no names of accounts: {error}; going on with ids"));
    }
}

fn keep(doors: &Doors, statement: &Statement, names: &BTreeMap<String, String>) -> Result<()> {
    let offered: BTreeSet<&str> = statement
        .roles
        .iter()
        .map(|offered| offered.role.account())
        .collect();
    let mut learned = Learned::load(doors.paths.state_folder()?);
    for (id, name) in names {
        if offered.contains(id.as_str()) {
            learned.remember_account_name(id, name);
        }
    }
    learned.save()
}

/// Where the names are: the AWS address the assertion was made for.
///
/// With an STS on this computer in force AWS knows nothing of the assertion, so its own origin is asked; it gets the
/// assertion anyway.
fn page_of(statement: &Statement, sts: Option<&Url>) -> Result<Url> {
    if let Some(sts) = sts.filter(|sts| is_loopback(sts)) {
        return sts
            .join("/saml")
            .map_err(|_| Error::failed("the STS in force has no sign-in page"));
    }
    statement
        .recipient
        .as_deref()
        .and_then(|recipient| Url::parse(recipient).ok())
        .filter(|url| url.scheme() == "https" && url.port().is_none())
        .filter(|url| url.host_str().is_some_and(arn::is_sign_in_host))
        .filter(|url| url.username().is_empty() && url.password().is_none())
        .filter(|url| url.path() == "/saml" && url.query().is_none())
        .ok_or_else(|| Error::failed("the assertion names no sign-in page of AWS"))
}

/// Shows the page the assertion, without cookies and without following it anywhere.
async fn ask(
    client: &reqwest::Client,
    page: &Url,
    assertion: &Assertion,
) -> Result<BTreeMap<String, String>> {
    let form = Zeroizing::new(
        form_urlencoded::Serializer::new(String::new())
            .append_pair("SAMLResponse", assertion.response().expose())
            .append_pair("RelayState", "")
            .finish(),
    );
    let answer = client
        .post(page.clone())
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form.as_bytes().to_vec())
        .send()
        .await
        .map_err(|error| client::explain(&error, page))?;
    let host = host_of(page);
    if answer.status() != StatusCode::OK {
        return Err(Error::failed(format!(
            "{host} answered with {} instead of its page of accounts",
            answer.status().as_u16()
        )));
    }
    let headers = answer.headers().clone();
    let bytes = body::read(answer, page, LARGEST).await?;
    let (text, _) = body::decode(&bytes, &headers);
    let names = account_page::names(&text);
    if names.is_empty() {
        return Err(Error::failed(format!(
            "the page of {host} has none that can be read"
        )));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(recipient: &str, sts: Option<&str>) -> Option<String> {
        let statement = Statement {
            recipient: Some(recipient.to_string()),
            ..Statement::default()
        };
        let sts = sts.map(|sts| Url::parse(sts).unwrap());
        page_of(&statement, sts.as_ref()).ok().map(String::from)
    }

    #[test]
    fn the_assertion_is_shown_to_aws_and_nobody_else() {
        let aws = "https://eu-west-1.signin.aws.amazon.com/saml";
        assert_eq!(page(aws, None).as_deref(), Some(aws));
        // Another STS than AWS's elsewhere has no page of its own.
        let elsewhere = Some("https://sts.internal.example/");
        assert_eq!(page(aws, elsewhere).as_deref(), Some(aws));
        for odd in [
            "http://signin.aws.amazon.com/saml",
            "https://signin.aws.amazon.com:8443/saml",
            "https://ada@signin.aws.amazon.com/saml",
            "https://signin.aws.amazon.com.evil.test/saml",
            "https://evil.test/saml",
            "saml",
        ] {
            assert_eq!(page(odd, None), None, "{odd}");
            assert_eq!(page(odd, elsewhere), None, "{odd}");
        }
    }

    #[test]
    fn an_sts_on_this_computer_is_its_own_sign_in_page() {
        let here = page(
            "https://signin.aws.amazon.com/saml",
            Some("http://127.0.0.1:4566/x"),
        );
        assert_eq!(here.as_deref(), Some("http://127.0.0.1:4566/saml"));
    }
}
