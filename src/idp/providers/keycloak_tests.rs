use super::*;
use crate::idp::page::test_page::page;

const OLD_DEVICES: &str = "<form id=kc-otp-login-form method=post action=/a><input type=radio name=selectedCredentialId \
    id=kc-otp-credential-0 value=id-0 checked><label for=kc-otp-credential-0>Old phone</label><input type=radio \
    name=selectedCredentialId id=kc-otp-credential-1 value=id-1><label for=kc-otp-credential-1>New phone</label>\
    <input name=otp id=otp><input type=submit name=login value='Sign In'></form>";

const NEW_DEVICES: &str = "<form id=kc-otp-login-form method=post action=/a><input type=hidden name=selectedCredentialId \
    value=id-0><div onclick=\"toggleOTP(0, 'id-0')\"><span>Old phone</span></div><div onclick=\"toggleOTP(1, 'id-1')\">\
    New phone</div><input name=otp><button name=login>Sign In</button></form>";

#[test]
fn devices_are_listed_in_both_themes() {
    for html in [OLD_DEVICES, NEW_DEVICES] {
        let page = page(html);
        let devices = devices(&page, &page.forms[0]);
        let found: Vec<(&str, &str)> = devices
            .iter()
            .map(|d| (d.label.as_str(), d.id.as_str()))
            .collect();
        assert_eq!(found, [("Old phone", "id-0"), ("New phone", "id-1")]);
    }
}

#[test]
fn ways_to_prove_come_from_buttons_or_forms() {
    let new = "<form id=kc-select-credential-form method=post><button name=authenticationExecution value=u1>\
        <h2>Authenticator Application</h2>Enter a code</button><button name=authenticationExecution value=u2>\
        <h2>Security Key</h2></button></form>";
    let old = "<form id=kc-select-credential-form method=post><input type=hidden name=authenticationExecution value=u1>\
        <div>Authenticator Application</div></form><form id=kc-select-credential-form method=post><input type=hidden \
        name=authenticationExecution value=u2><div>Security Key</div></form>";
    for html in [new, old] {
        let choices = ways_to_prove(&page(html)).unwrap();
        let values: Vec<&str> = choices.ways.iter().map(|w| w.value.as_str()).collect();
        assert_eq!(values, ["u1", "u2"]);
        assert!(
            choices.ways[0]
                .label
                .starts_with("Authenticator Application")
        );
    }
}

#[test]
fn an_unknown_client_is_a_mistake_in_the_url() {
    let page = page("<div id=kc-error-message><p class=instruction>Client not found.</p></div>");
    let error = unknown_client(&page).unwrap();
    assert_eq!(error.cause(), Some("Client not found."));
    assert!(
        error
            .hint_text()
            .unwrap()
            .contains("/protocol/saml/clients/NAME")
    );
}
