use super::*;
use crate::idp::page::test_page::{answer, page};

#[test]
fn what_a_script_writes_is_read_with_its_escapes() {
    let scripts = r#"function writeLocalStorage(key, value) { localStorage.setItem(key, value); }
        function doSave() { writeLocalStorage("shib_idp_session_ss", "AAd\x2Bz\/1\u003D");
        writeLocalStorage('shib_idp_persistent_ss', null); writeLocalStorage(key, other); document.form1.submit(); }"#;
    let items = written(scripts);
    let shown: Vec<(&str, &str)> = items
        .iter()
        .map(|(k, v)| (k.as_str(), v.expose()))
        .collect();
    assert_eq!(
        shown,
        [
            ("shib_idp_session_ss", "AAd+z/1="),
            ("shib_idp_persistent_ss", "")
        ]
    );
}

#[test]
fn consent_names_every_attribute() {
    let page = page(
        "<nav>Home</nav><form><p>Information: mail ada@x.test</p><input type=hidden name=_shib_idp_consentIds value=mail>\
         <input type=hidden name=_shib_idp_consentIds value=uid><button name=_eventId_proceed>Accept</button></form>",
    );
    let text = released(&page.forms[0]);
    assert!(
        text.ends_with("(uid)") && !text.contains("Home") && text.contains("mail ada"),
        "{text}"
    );
}

#[test]
fn consent_is_never_for_every_service() {
    let radios = |marked: &str| {
        let radio = |value: &str| {
            let checked = if value == marked { "checked" } else { "" };
            format!("<input type=radio name=_shib_idp_consentOptions value={value} {checked}>")
        };
        format!(
            "<form>{}{}{}</form>",
            radio("_shib_idp_doNotRememberConsent"),
            radio("_shib_idp_rememberConsent"),
            radio("_shib_idp_globalConsent")
        )
    };
    for (marked, expected) in [
        ("_shib_idp_doNotRememberConsent", None),
        ("_shib_idp_rememberConsent", None),
        ("_shib_idp_globalConsent", Some(1)),
        ("none", Some(1)),
    ] {
        let page = page(&radios(marked));
        assert_eq!(duration(&page.forms[0]), expected, "{marked}");
    }
}

#[test]
fn a_lost_conversation_is_known_by_its_words_too() {
    let lost = "<title>Web Login</title><p>You may have used a bookmark of the login form.</p>";
    let found = Shibboleth.complaint(&answer(400, &[], lost));
    assert_eq!(found.map(|m| m.complaint), Some(Complaint::Stale));
    assert_eq!(Shibboleth.complaint(&answer(200, &[], lost)), None);
    assert_eq!(Shibboleth.complaint(&answer(400, &[], "<p>No</p>")), None);
}

#[test]
fn kerberos_is_passed_by_script_or_link_but_not_over_a_login_form() {
    let negotiate = &[("www-authenticate", "Negotiate")];
    for (html, leads) in [
        (
            "<body onload=\"window.location = '/idp/Authn/SPNEGO/error?conversation=e1s1'\"></body>",
            true,
        ),
        (
            "<a href=https://help.test/?execution=1>Help</a><a href='/idp/x?execution=e1s1&amp;_eventId=e'>Go</a>",
            true,
        ),
        ("<p>Nothing</p>", false),
        (
            "<form><input name=j_username></form><a href='/idp/x?execution=e1s1'>Go</a>",
            false,
        ),
    ] {
        match past_kerberos(&answer(401, negotiate, html)) {
            Some(Step::Go(url)) => {
                assert!(
                    leads && url.host_str() == Some("idp.test") && url.path().starts_with("/idp/"),
                    "{url}"
                );
            }
            other => assert!(other.is_none() && !leads, "{html}"),
        }
    }
    assert!(past_kerberos(&page("<a href='/idp/x?execution=e1s1'>Go</a>")).is_none());
}

#[test]
fn pages_below_the_folder_of_cas_are_not_its_own() {
    let at = |path: &str| {
        let mut page = page("<p>Welcome</p>");
        page.url.set_path(path);
        Shibboleth.recognise(&page)
    };
    for path in [
        "/idp/profile/SAML2/Unsolicited/SSO",
        "/login/profile/SAML2/Redirect/SSO",
        "/idp/Authn/SPNEGO",
    ] {
        assert!(at(path), "{path}");
    }
    for path in ["/cas/idp/profile/SAML2/Unsolicited/SSO", "/cas/login", "/"] {
        assert!(!at(path), "{path}");
    }
}
