//! The page on which AWS's sign-in shows accounts and roles, in the layouts it has been seen in.

use std::collections::BTreeMap;

use super::assertion;
use crate::encoding::to_base64;
use crate::saml::escape;
use crate::web::{Reply, Request};
use crate::world::World;

/// How the page looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccountsPage {
    /// Elements with the class `saml-account-name`.
    #[default]
    Classic,
    /// A `meta` element with base64 JSON.
    Data,
    /// A page of scripts that holds nothing.
    Interstitial,
    /// No page at all.
    Status(u16),
}

/// Answers a form that was posted to `/saml`. Somebody with one role goes on to the console.
pub(crate) fn serve(world: &World, request: &Request) -> Reply {
    let response = request.field("SAMLResponse").unwrap_or_default();
    let checked = assertion::check(
        &response,
        "aws",
        &world.own_trust(),
        &world.sealed,
        world.now(),
    );
    let Ok(claims) = checked else {
        return Reply::html("<div id=\"main_error\">Your request is not valid.</div>").status(400);
    };
    let (page, names) = {
        let state = world.state();
        (state.sts.accounts_page, state.sts.account_names.clone())
    };
    if claims.roles.len() == 1 {
        return Reply::redirect(302, "/console").cookie("aws-creds", "x", "/");
    }
    // Whoever has an alias is on the page, as accounts are that the assertion does not reach.
    let mut accounts: BTreeMap<String, Vec<String>> = names
        .iter()
        .map(|(id, name)| (format!("{name} ({id})"), Vec::new()))
        .collect();
    for (role, _) in &claims.roles {
        let id = role.split(':').nth(4).unwrap_or_default();
        let heading = match names.get(id) {
            Some(name) => format!("{name} ({id})"),
            None => id.to_owned(),
        };
        accounts.entry(heading).or_default().push(role.clone());
    }
    match page {
        AccountsPage::Classic => Reply::html(classic(&accounts)),
        AccountsPage::Data => {
            let data = serde_json::json!({ "roles_accounts": accounts, "problems": [] });
            Reply::html(format!(
                "<html><head><meta name=\"data\" content=\"{}\"></head><body></body></html>",
                to_base64(data.to_string())
            ))
        }
        AccountsPage::Interstitial => {
            Reply::html("<html><script>var hashArgs = window.location.hash;</script></html>")
        }
        AccountsPage::Status(status) => Reply::html("<h1>Something went wrong</h1>").status(status),
    }
}

fn classic(accounts: &BTreeMap<String, Vec<String>>) -> String {
    let mut page =
        "<form id=\"saml_form\" name=\"saml_form\" action=\"/saml\" method=\"post\"><fieldset>"
            .to_owned();
    for (heading, roles) in accounts {
        page.push_str(&format!(
            "<div class=\"saml-account\"><div class=\"saml-account-name\">Account: {}</div><div class=\"saml-account\">",
            escape(heading)
        ));
        for role in roles {
            let (arn, name) = (
                escape(role),
                escape(role.rsplit('/').next().unwrap_or_default()),
            );
            page.push_str(&format!(
                "<div class=\"saml-role\"><input type=\"radio\" name=\"roleIndex\" value=\"{arn}\" id=\"{arn}\">\
                 <label for=\"{arn}\" class=\"saml-role-description\">{name}</label></div>"
            ));
        }
        page.push_str("</div></div>");
    }
    page + "</fieldset></form>"
}
