use super::*;
use crate::idp::page::test_page::page;

#[test]
fn consent_pages_are_known_in_both_versions() {
    for html in [
        "<form id=consent_yes action=/c><input type=hidden name=StateId value=x><button name=yes>Ja</button></form>\
         <form id=consent_no><button name=no>Nein</button></form>",
        "<form id=consent-no><input type=hidden name=StateId value=x><button name=no>No</button></form>\
         <form id=consent-yes><input type=hidden name=StateId value=x><input type=checkbox name=saveconsent value=1>\
         <button name=yes>Yes</button></form>",
    ] {
        let page = page(html);
        let form = consent_form(&page).expect(html);
        assert!(yes_button(&page.forms[form]).is_some());
    }
    assert!(
        consent_form(&page(
            "<form><input type=hidden name=StateId><button name=no></form>"
        ))
        .is_none()
    );
}

#[test]
fn sources_have_names_and_labels_in_both_versions() {
    let old = page(
        "<form><input type=hidden name=AuthState value=x><input type=submit name=src-bGRhcA== value=Staff>\
         <input type=submit name=src-c3Fs value=Guests></form>",
    );
    let new = page(
        "<form><input type=hidden name=AuthState value=x><button name=sourceChoice[ldap]>Staff</button>\
         <button name=sourceChoice[sql]>Guests</button></form>",
    );
    let names = |page: &Page| -> Vec<String> {
        sources(page)
            .unwrap()
            .ways
            .iter()
            .map(|w| format!("{} {}", w.label, w.value))
            .collect()
    };
    assert_eq!(names(&new), ["Staff ldap", "Guests sql"]);
    assert_eq!(names(&old), ["Staff ldap", "Guests sql"]);
    assert!(sources(&page("<form><button name=other>x</button></form>")).is_none());
}

#[test]
fn lost_state_is_recognised() {
    assert!(lost_state(&page("<h1>State information lost</h1>")).is_some());
    assert!(lost_state(&page("<h1>Enter your password</h1>")).is_none());
}
