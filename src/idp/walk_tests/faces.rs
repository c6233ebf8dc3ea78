//! Whole sign-ins at the testbed, over real sockets.

use mai_testbed::Testbed;

use super::*;
use crate::net::client::{self, ClientSettings};

/// A person of the testbed, with the testbed's clock for codes.
struct Somebody<'t> {
    testbed: &'t Testbed,
    name: &'static str,
    password: &'static str,
    picks: &'static str,
    agrees: bool,
    asked: Vec<String>,
}

impl Person for Somebody<'_> {
    fn username(&mut self, _host: &str) -> Result<String> {
        Ok(self.name.into())
    }

    fn password(&mut self, host: &str) -> Result<Secret> {
        self.asked.push(format!("password at {host}"));
        Ok(Secret::new(self.password))
    }

    fn password_refused(&mut self) {
        self.asked.push("refused".into());
    }

    fn code(&mut self, ask: &CodeRequest) -> Result<Secret> {
        self.asked
            .push(format!("code [{}] {:?}", ask.label, ask.device));
        Ok(Secret::new(self.testbed.code(self.name)))
    }

    fn choose(&mut self, ask: &Choice) -> Result<usize> {
        self.asked.push(ask.options.join(" | "));
        Ok(ask
            .options
            .iter()
            .position(|o| o.contains(self.picks))
            .unwrap_or(0))
    }

    fn agree(&mut self, ask: &Agreement) -> Result<bool> {
        self.asked.push(format!("{:?}", ask.kind));
        Ok(self.agrees)
    }

    fn warn(&mut self, text: &str) {
        self.asked.push(format!("warned: {text}"));
    }
}

fn somebody(testbed: &Testbed) -> Somebody<'_> {
    Somebody {
        testbed,
        name: "ada",
        password: mai_testbed::PASSWORD,
        picks: "",
        agrees: true,
        asked: Vec::new(),
    }
}

fn visit(url: &str, person: &mut Somebody<'_>) -> Result<Arrival> {
    let settings = Settings::new(Url::parse(url).unwrap());
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async {
            let client = client::build(&ClientSettings::default())?;
            let mut visitor = Visitor::new(client);
            sign_in(&mut visitor, &settings, crate::arn::is_sign_in_host, person).await
        })
}

/// How a sign-in of `person` at a face ends, in one line.
fn end(testbed: &Testbed, face: &str, person: &mut Somebody<'_>) -> String {
    testbed.forget_sessions();
    testbed.forget_codes();
    testbed.clear_requests();
    match visit(&testbed.face(face), person) {
        Ok(arrival) => {
            assert!(arrival.assertion.response().expose().len() > 1000);
            format!("{} requests", testbed.requests().len())
        }
        Err(error) => format!("{:?}: {}", error.kind(), error.message()),
    }
}

/// Each face, and how it must end.
const ENDS: &[(&str, &str)] = &[
    ("simple", "2 requests"),
    ("otp", "3 requests"),
    ("fragment", "2 requests"),
    ("question", "2 requests"),
    ("empty-action", "2 requests"),
    ("relative", "2 requests"),
    ("base-href", "2 requests"),
    ("formaction", "2 requests"),
    ("entities", "2 requests"),
    ("get-form", "2 requests"),
    ("latin1", "2 requests"),
    ("multipart", "2 requests"),
    ("many-forms", "2 requests"),
    ("checkbox-radio", "2 requests"),
    ("nested", "2 requests"),
    ("too-deep", "Unfamiliar: HOST cannot be read"),
    ("huge", "Unfamiliar: HOST sent more than 2 MB"),
    ("two-pages", "3 requests"),
    ("no-password", "2 requests"),
    ("choice", "3 requests"),
    ("choice-radio", "3 requests"),
    ("consent", "3 requests"),
    ("terms", "3 requests"),
    ("meta", "5 requests"),
    ("script", "5 requests"),
    ("expiring", "3 requests"),
    ("hop", "4 requests"),
    ("sp-initiated", "3 requests"),
    ("to-other-form", "2 requests"),
    ("to-other-redirect", "3 requests"),
    (
        "to-other-307",
        "Refused: HOST wanted a filled form to be passed on to OTHER",
    ),
    (
        "http-downgrade",
        "Refused: login.example.test wants a password or code over plain http",
    ),
    ("basic", "2 requests"),
    ("negotiate", "2 requests"),
    (
        "captcha",
        "NeedsYou: HOST wants to see that you are no robot",
    ),
    (
        "js-only",
        "NeedsYou: HOST shows a page that only scripts can fill",
    ),
    (
        "webauthn",
        "NeedsYou: HOST asks for a security key or passkey",
    ),
    ("redirect-loop", "Failed: HOST redirects in circles"),
    (
        "again",
        "Refused: HOST asked again for the password of ada without saying why",
    ),
    ("portal", "3 requests"),
    (
        "error-page",
        "Failed: HOST answers /error-page/start with an error of its own (HTTP 500)",
    ),
    ("stale", "3 requests"),
    (
        "stale-login",
        "Failed: HOST lost the sign-in while the password was on its way",
    ),
    (
        "change-password",
        "NeedsYou: the password of ada at HOST must be changed",
    ),
    ("enrol", "NeedsYou: HOST wants a second factor to be set up"),
    ("simplesaml", "3 requests"),
    ("simplesaml-1.19", "3 requests"),
    ("simplesaml-consent", "4 requests"),
    ("keycloak", "2 requests"),
    ("keycloak-v2", "2 requests"),
    ("keycloak-terms", "4 requests"),
    (
        "keycloak-enrol",
        "NeedsYou: HOST wants an authenticator app to be set up",
    ),
    (
        "keycloak-expired",
        "Failed: HOST lost the sign-in while the password was on its way",
    ),
    (
        "keycloak-update-password",
        "NeedsYou: the password of ada at HOST must be changed",
    ),
];

#[test]
fn every_face_ends_as_it_must_and_gets_the_password_at_most_once() {
    let testbed = Testbed::start();
    for (face, expected) in ENDS {
        let mut ada = somebody(&testbed);
        ada.picks = "Corp";
        let before = testbed.password_attempts("ada");
        let ended = end(&testbed, face, &mut ada);
        let host = testbed.idp_url().trim_start_matches("http://");
        let other = testbed.other_url().trim_start_matches("http://");
        let ended = ended.replace(host, "HOST").replace(other, "OTHER");
        assert!(
            ended.starts_with(expected),
            "{face}: {ended}\n{:?}",
            ada.asked
        );
        assert!(testbed.password_attempts("ada") - before <= 1, "{face}");
        let sent = testbed.requests().iter().filter(|r| r.had_password).count();
        assert!(sent <= 1, "{face}: the password went out {sent} times");
    }
}

#[test]
fn people_who_cannot_sign_in_are_told_why() {
    for face in [
        "simple",
        "simplesaml",
        "simplesaml-1.19",
        "keycloak",
        "keycloak-v2",
    ] {
        let testbed = Testbed::start();
        let host = testbed.idp_url().trim_start_matches("http://").to_owned();
        for (name, password, expected) in [
            ("ada", "wrong", "refused the password of ada"),
            (
                "eve",
                mai_testbed::PASSWORD,
                "says that the account of eve is locked or disabled",
            ),
            ("pat", mai_testbed::PASSWORD, ""),
        ] {
            // This product does not tell a lock from a wrong password.
            let silent = name == "eve" && face.starts_with("simplesaml");
            let expected = match silent {
                true => "refused the password of eve",
                false => expected,
            };
            let mut person = somebody(&testbed);
            person.name = name;
            person.password = password;
            let ended = end(&testbed, face, &mut person);
            let expected = match expected {
                "" => format!("NeedsYou: the password of pat at {host} must be changed"),
                words => format!("Refused: {host} {words}"),
            };
            assert_eq!(ended, expected, "{face}");
            assert_eq!(
                person.asked.contains(&"refused".to_owned()),
                name == "ada" || silent,
                "{face}"
            );
        }
    }
}

#[test]
fn odd_passwords_arrive_as_they_are() {
    let testbed = Testbed::start();
    for face in [
        "simple",
        "latin1",
        "multipart",
        "get-form",
        "simplesaml",
        "keycloak",
        "keycloak-v2",
    ] {
        let mut zoe = somebody(&testbed);
        zoe.name = "zoe";
        zoe.password = mai_testbed::ODD_PASSWORD;
        let ended = end(&testbed, face, &mut zoe);
        assert!(ended.ends_with("requests"), "{face}: {ended}");
    }
}

#[test]
fn codes_of_one_and_of_two_devices() {
    let testbed = Testbed::start();
    for face in ["keycloak", "keycloak-v2"] {
        let mut otto = somebody(&testbed);
        otto.name = "otto";
        let ended = end(&testbed, face, &mut otto);
        assert_eq!(ended, "3 requests", "{face}: {:?}", otto.asked);
        let mut kim = somebody(&testbed);
        kim.name = "kim";
        kim.picks = "phone";
        let ended = end(&testbed, face, &mut kim);
        assert_eq!(ended, "3 requests", "{face}: {:?}", kim.asked);
        assert_eq!(kim.asked[1], "phone | tablet", "{face}");
    }
}
