//! Signing out: the address that ends a session, and the page that wants it confirmed.

use url::Url;

use super::form::{Answer, Form, Method, words::names_logout};
use super::page::Page;
use super::providers;
use crate::error::{Error, Result};
use crate::net::hops::{TrustedOrigins, host_of, same_origin};
use crate::net::visitor::{self, Body, Request, Visitor};

/// Pages that may ask whether it is meant.
const MOST_CONFIRMATIONS: usize = 2;

/// Ends the session that the visitor has, at the host where its sign-ins start. False where no address for that is
/// known.
///
/// Only the session's own cookies take part; nothing else is sent, and no form goes to another host.
pub async fn leave(visitor: &mut Visitor, start: &Url, provider: Option<&str>) -> Result<bool> {
    let Some(address) = providers::logout(provider, start) else {
        return Ok(false);
    };
    let trusted = TrustedOrigins::new(start, &[], &[]);
    let path = address.path().to_owned();
    let mut request = Request::get(address);
    for _ in 0..=MOST_CONFIRMATIONS {
        let page = Page::read(visitor.fetch(request, &trusted).await?)?;
        // Once it has sent us away, it has done its part, whatever stands there.
        if page.status >= 400 && page.url.path().starts_with(&path) {
            return Err(Error::failed(format!(
                "{} answered the sign-out with status {}",
                page.host(),
                page.status
            ))
            .hint("sign out there in a browser, or wait until the session ends by itself"));
        }
        match confirmation(&page, start)? {
            Some(next) => request = next,
            None => return Ok(true),
        }
    }
    Err(Error::failed(format!(
        "{} asks again and again whether to sign out",
        host_of(start)
    )))
}

/// The form that says "yes, sign out", if the page has one and its host is the one that was asked.
fn confirmation(page: &Page, start: &Url) -> Result<Option<Request>> {
    let found = page.forms.iter().enumerate();
    let Some((index, button)) = found
        .filter_map(|(index, form)| Some((index, logout_button(form)?)))
        .next()
    else {
        return Ok(None);
    };
    let mut answer = Answer::new(index);
    // Everywhere else that button is the one to stay away from.
    answer.press(button);
    let prepared = answer.prepare(&page.forms[index], page.place())?;
    if prepared.method != Method::Post || !same_origin(&prepared.url, start) {
        return Ok(None);
    }
    Ok(Some(Request {
        method: visitor::Method::Post,
        url: prepared.url,
        body: prepared.body.map(|(content_type, bytes)| Body {
            content_type,
            bytes,
        }),
        referer: Some(page.url.clone()),
        ..Request::get(page.url.clone())
    }))
}

/// The button of a form with nothing to fill in, if it or the form's address says that it signs out.
fn logout_button(form: &Form) -> Option<usize> {
    if form.open_fields().next().is_some() {
        return None;
    }
    let by_address = names_logout(form.action.as_deref().unwrap_or_default());
    let says = |label: &str, name: &str| names_logout(label) || names_logout(name);
    let mut buttons = form.submitters();
    let first = form.submitters().next().filter(|_| by_address);
    let named = buttons.find(|(_, button)| says(&button.label, &button.name));
    named.or(first).map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::idp::providers;

    fn logout(start: &str) -> Option<String> {
        let url = Url::parse(start).unwrap();
        providers::logout(None, &url).map(String::from)
    }

    #[test]
    fn each_product_has_its_address() {
        for (start, address) in [
            (
                "https://h.test/realms/corp/protocol/saml/clients/aws?x=1",
                "https://h.test/realms/corp/protocol/openid-connect/logout",
            ),
            (
                "https://h.test/auth/realms/corp/protocol/saml/clients/aws",
                "https://h.test/auth/realms/corp/protocol/openid-connect/logout",
            ),
            (
                "https://h.test/simplesaml/saml2/idp/SSOService.php?spentityid=x",
                "https://h.test/simplesaml/saml2/idp/initSLO.php?RelayState=https%3A%2F%2Fh.test%2Fsimplesaml%2F",
            ),
            (
                "https://h.test/simplesaml/module.php/saml/idp/singleSignOnService?spentityid=x",
                "https://h.test/simplesaml/module.php/saml/idp/initSingleLogout?RelayState=https%3A%2F%2Fh.test%2Fsimplesaml%2F",
            ),
            (
                "https://h.test/idp/profile/SAML2/Unsolicited/SSO?providerId=x",
                "https://h.test/idp/profile/Logout",
            ),
            (
                "https://h.test/cas/idp/profile/SAML2/Unsolicited/SSO?providerId=x",
                "https://h.test/cas/logout",
            ),
            (
                "https://h.test/adfs/ls/IdpInitiatedSignOn.aspx?loginToRp=x",
                "https://h.test/adfs/ls/?wa=wsignout1.0",
            ),
            (
                "https://h.test/saml/singleSignOn?IDPInitiated=1&sp=x",
                "https://h.test/?logout=1",
            ),
            (
                "https://h.test:8443/idp/startSSO.ping?PartnerSpId=x",
                "https://h.test:8443/idp/startSLO.ping",
            ),
            (
                "https://h.test/openam/idpssoinit?metaAlias=/idp&spEntityID=x",
                "https://h.test/openam/UI/Logout",
            ),
        ] {
            assert_eq!(logout(start).as_deref(), Some(address), "{start}");
        }
        assert_eq!(logout("https://h.test/portal/aws"), None);
    }

    #[test]
    fn a_named_provider_is_the_only_one_asked() {
        let url = Url::parse("https://h.test/idp/profile/SAML2/Unsolicited/SSO").unwrap();
        assert!(providers::logout(Some("shibboleth"), &url).is_some());
        assert_eq!(providers::logout(Some("keycloak"), &url), None);
    }
}
