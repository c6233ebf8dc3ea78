use super::*;
use crate::idp::page::test_page::page;

#[test]
fn the_device_of_a_code_is_read_from_the_script() {
    for (scripts, expected) in [
        ("let accountId = \"7\";\nx.value = accountId;", Some("7")),
        ("var accountId = 1741;", Some("1741")),
        ("const accountId = 'a\\/b\\x2d1'", Some("a/b-1")),
        ("let accountId = null;", None),
        ("let other = 1;", None),
    ] {
        assert_eq!(device_id(scripts).as_deref(), expected, "{scripts}");
    }
}

#[test]
fn ways_to_prove_are_named_by_what_the_form_carries() {
    let new = "<form id=fm-mfa-gauth method=post><h3>Handy</h3><button value=Use>Los</button><input type=hidden \
        name=execution value=x><input type=hidden name=mfaProvider value=mfa-gauth><input type=hidden name=_eventId \
        value=submit></form><form method=post><h3>Schlüssel</h3><button>Los</button><input type=hidden name=mfaProvider \
        value=mfa-webauthn></form>";
    let old = "<form method=post><input type=hidden name=execution value=x><button name=_eventId_mfa-gauth>Handy\
        </button></form><form method=post><button name=_eventId_mfa-webauthn>Schlüssel</button></form>";
    for html in [new, old] {
        let choices = ways_to_prove(&page(html)).expect(html);
        let kinds: Vec<&str> = choices
            .ways
            .iter()
            .filter_map(|w| w.value.split(' ').nth(1))
            .collect();
        assert_eq!(kinds, ["totp", "webauthn"], "{html}");
        assert_eq!(choices.ways[0].label, "Handy", "{html}");
    }
}

#[test]
fn its_pages_are_known_without_their_path() {
    assert!(Cas.recognise(&page(
        "<form id=fm1><input type=hidden name=execution value=x><input type=hidden name=_eventId value=submit></form>"
    )));
    for html in [
        "<form><input name=execution></form>",
        "<form><input name=j_username><button name=_eventId_proceed></button></form>",
        "<p>Welcome</p>",
    ] {
        assert!(!Cas.recognise(&page(html)), "{html}");
    }
}

#[test]
fn a_policy_and_consent_are_told_from_a_login() {
    let aup = "<form id=fm1 method=post><div class=aup><p>Be kind</p><input type=hidden name=execution value=x><input \
        type=hidden name=_eventId value=submit><button name=submit id=aupSubmit>OK</button></div></form>";
    let consent = "<form id=fm1><input type=radio name=option value=0><input type=number name=reminder value=14>\
        <select name=reminderTimeUnit><option value=days>Days</select><input type=hidden name=execution value=x><input \
        type=hidden name=_eventId value=confirm><button>Confirm</button></form>";
    let login = "<form id=fm1><input name=username><input type=password name=password><input type=hidden name=execution \
        value=x><input type=hidden name=_eventId value=submit></form>";
    assert_eq!(agreement(&page(aup)), Some((0, AgreementKind::Terms)));
    assert_eq!(agreement(&page(consent)), Some((0, AgreementKind::Consent)));
    assert_eq!(agreement(&page(login)), None);
}
