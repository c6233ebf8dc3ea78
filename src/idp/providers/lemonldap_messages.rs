//! The numbers that LemonLDAP::NG's pages carry instead of words: a script turns them into a language.

use crate::idp::document::visible_text;
use crate::idp::page::Page;
use crate::idp::page::message::{Complaint, Message};

/// Numbers that need more than a sentence.
pub const CAPTCHAS: [u32; 2] = [76, 77];
pub const TOKEN_EXPIRED: [u32; 2] = [81, 82];
pub const WAIT: u32 = 86;
pub const NO_SECOND_FACTOR: u32 = 103;
/// The portal does not know the service: no such partner, or none that its SAML part could load.
pub const UNKNOWN_SERVICE: [u32; 3] = [52, 60, 107];
/// The portal may not start the service by itself, or failed to.
pub const NOT_STARTED: [u32; 2] = [51, 55];

/// The number on a page, whatever it means.
pub fn number(page: &Page) -> Option<u32> {
    page.select("[trmsg]")
        .into_iter()
        .find_map(|e| e.attr("trmsg")?.trim().parse().ok())
}

/// What a page complains about; most numbers are no complaint.
pub fn complaint(page: &Page) -> Option<Message> {
    let number = number(page)?;
    if number == WAIT {
        return Some(Message {
            text: format!("wait {} before the next attempt", seconds(page)),
            complaint: Complaint::Locked,
        });
    }
    if let Some((_, complaint, text)) = MEANINGS.iter().find(|(known, ..)| *known == number) {
        return complaint.map(|complaint| Message {
            text: (*text).to_owned(),
            complaint,
        });
    }
    // A later version's number; its looks tell whether it is bad news.
    page.has(".message-negative [trmsg]").then(|| Message {
        text: format!("error {number} of LemonLDAP::NG"),
        complaint: Complaint::Other,
    })
}

/// They stand beside the number.
fn seconds(page: &Page) -> String {
    let beside = page
        .select("[trmsg]")
        .into_iter()
        .find_map(|e| e.parent().and_then(scraper::ElementRef::wrap));
    let text = beside.map(visible_text).unwrap_or_default();
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    match digits.as_str() {
        "" => "a while".to_owned(),
        some => format!("{some} s"),
    }
}

use Complaint::{Access, BadCode, BadCredentials, Expired, Locked, Other, Stale};

/// Numbers, what they are for a sign-in (`None`: nothing to complain about), and our words for them.
const MEANINGS: &[(u32, Option<Complaint>, &str)] = &[
    (0, None, ""),
    (1, Some(Stale), "the session has expired"),
    (2, Some(Other), "the user name or the password was empty"),
    (3, Some(Other), "the directory's own account is wrong"),
    (4, Some(BadCredentials), "no user has this name"),
    (5, Some(BadCredentials), "user name or password is wrong"),
    (6, Some(Other), "the directory cannot be reached"),
    (7, Some(Other), "the directory answered with an error"),
    (8, Some(Other), "the session could not be stored"),
    (9, None, ""),
    (10, Some(Other), "the client certificate is not valid"),
    (20, Some(Other), "passwords cannot be changed here"),
    (21, Some(Locked), "the account is locked"),
    (22, Some(Expired), "the password has expired"),
    (23, Some(Other), "a client certificate is needed"),
    (24, Some(Other), "the portal failed"),
    (
        25,
        Some(Expired),
        "the password was reset and must be changed",
    ),
    (26, Some(Expired), "the password may not be changed"),
    (
        27,
        Some(Expired),
        "the old password is needed for a new one",
    ),
    (28, Some(Expired), "the new password is too weak"),
    (29, Some(Expired), "the new password is too short"),
    (30, Some(Expired), "the password is too young to be changed"),
    (31, Some(Expired), "the new password was used before"),
    (32, None, ""),
    (33, None, ""),
    (34, Some(Expired), "the two new passwords differ"),
    (35, None, ""),
    (36, None, ""),
    (37, Some(Other), "the address to return to is not allowed"),
    (38, Some(Other), "no way to authenticate is set up"),
    (39, Some(Expired), "the old password is wrong"),
    (
        40,
        Some(Other),
        "the user name has characters that are not allowed",
    ),
    (
        41,
        Some(Access),
        "the portal grants no session to this account",
    ),
    (42, None, ""),
    (47, Some(Stale), "signed out"),
    (48, Some(Other), "the portal's SAML part failed"),
    (49, Some(Other), "the portal's SAML service is not set up"),
    (
        50,
        Some(Other),
        "the portal could not load an identity provider",
    ),
    (51, Some(Other), "the portal could not answer by SAML"),
    (52, Some(Other), "the service is not known to the portal"),
    (
        53,
        Some(Other),
        "the SAML message was meant for another address",
    ),
    (54, Some(Other), "the SAML message's conditions are not met"),
    (
        55,
        Some(Other),
        "the service must not be started by the portal",
    ),
    (57, Some(Other), "the SAML message's signature is not valid"),
    (59, Some(Stale), "the SAML session is lost"),
    (60, Some(Other), "the portal could not load the service"),
    (61, Some(Other), "the SAML attributes are wrong"),
    (64, Some(Access), "an attribute that is needed is missing"),
    (65, Some(Access), "the partner is not allowed"),
    (69, None, ""),
    (71, None, ""),
    (73, Some(Other), "the RADIUS server cannot be reached"),
    (
        74,
        Some(Expired),
        "the old password is needed for a new one",
    ),
    (
        75,
        Some(Access),
        "sign-ins from this network address are forbidden",
    ),
    (76, Some(Other), "the letters of the picture are wrong"),
    (77, Some(Other), "the letters of a picture must be typed"),
    (78, None, ""),
    (81, Some(Stale), "the login form had no token"),
    (82, Some(Stale), "the login form's token has expired"),
    (83, Some(Other), "the security key was not accepted"),
    (84, Some(Access), "the account may not use this service"),
    (85, None, ""),
    (87, None, ""),
    (88, Some(Access), "the account has no e-mail address"),
    (89, Some(Access), "the account may not use SAML services"),
    (
        94,
        Some(Access),
        "the account lacks an attribute that the service needs",
    ),
    (96, Some(BadCode), "the code is wrong"),
    (99, None, ""),
    (102, None, ""),
    (103, Some(Other), "the account has no second factor"),
    (107, Some(Other), "the service is not known to the portal"),
    (108, Some(Access), "the address is not allowed"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::idp::page::test_page::page;

    fn found(number: &str, class: &str, beside: &str) -> Option<(Complaint, String)> {
        let html = format!(
            "<div class='message {class} alert' role=alert><span trmsg='{number}'></span> {beside}</div>"
        );
        complaint(&page(&html)).map(|m| (m.complaint, m.text))
    }

    #[test]
    fn numbers_become_sentences() {
        for (number, expected) in [
            (
                "5",
                Some((BadCredentials, "user name or password is wrong")),
            ),
            ("21", Some((Locked, "the account is locked"))),
            ("22", Some((Expired, "the password has expired"))),
            ("82", Some((Stale, "the login form's token has expired"))),
            ("96", Some((BadCode, "the code is wrong"))),
            ("9", None),
            ("33", None),
            ("nine", None),
            ("", None),
        ] {
            let expected = expected.map(|(complaint, text)| (complaint, text.to_owned()));
            assert_eq!(found(number, "message-negative", ""), expected, "{number}");
        }
    }

    #[test]
    fn the_time_to_wait_stands_beside_its_number() {
        let found = |beside| found("86", "message-negative", beside).unwrap();
        assert_eq!(
            found("30 <span trspan=seconds>seconds</span>."),
            (Locked, "wait 30 s before the next attempt".to_owned())
        );
        assert_eq!(found("").1, "wait a while before the next attempt");
    }

    #[test]
    fn a_number_of_a_later_version_counts_if_it_looks_bad() {
        assert_eq!(
            found("4711", "message-negative", "").unwrap(),
            (Other, "error 4711 of LemonLDAP::NG".to_owned())
        );
        assert_eq!(found("4711", "message-warning", ""), None);
    }

    #[test]
    fn each_number_is_there_once_and_in_order() {
        assert!(MEANINGS.is_sorted_by(|a, b| a.0 < b.0));
    }
}
