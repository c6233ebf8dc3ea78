//! One-time codes: asked for, sent once, spread over boxes.

use crate::error::{Error, Result};
use crate::idp::form::choose::CodeFields;
use crate::idp::form::{Answer, Form};
use crate::idp::page::choices::{has_resend, is_factor, names_app, says_sent};
use crate::idp::page::message::{Complaint, Message, classify};
use crate::idp::person::{CodeKind, CodeRequest, Person};
use crate::presence::Presence;
use crate::secret::Secret;

/// Codes that a sign-in may ask for.
const MOST_CODES: usize = 3;

/// The codes of one sign-in: none is used twice, and there is an end.
#[derive(Default)]
pub struct Codes {
    used: Vec<Secret>,
    asked: usize,
}

impl Codes {
    /// A fresh code of `length` characters, if the page wants a certain number.
    pub fn ask(
        &mut self,
        person: &mut dyn Person,
        presence: Presence,
        request: &CodeRequest,
        length: Option<usize>,
    ) -> Result<Secret> {
        let host = &request.host;
        let refused = || Error::refused(format!("{host} refused the code"));
        let mut repeated = false;
        loop {
            if request.again && presence == Presence::Nobody {
                return Err(
                    refused().hint("check the clock of this computer and the stored TOTP secret")
                );
            }
            if self.asked >= MOST_CODES {
                if repeated {
                    return Err(Error::refused(format!(
                        "the code for {host} was used already, and the next one is not there yet"
                    ))
                    .hint("a code works once; try again in 30 s"));
                }
                return Err(
                    Error::refused(format!("{host} took none of {MOST_CODES} codes"))
                        .hint("check the clock of this computer and of the device, then try again"),
                );
            }
            self.asked += 1;
            let code = typed(&person.code(request)?);
            if code.is_empty() {
                return Err(Error::refused(format!("no code was given for {host}"))
                    .hint("check what `mfa:` of the identity provider names"));
            }
            if self.used.contains(&code) {
                if presence == Presence::Nobody {
                    return Err(refused().hint("the next code is not there yet; try again in 30 s"));
                }
                person.warn("this code was used already; a code works once");
                // The host never saw it, so it refused nothing.
                repeated = true;
                continue;
            }
            repeated = false;
            if let Some(length) = length
                && code.expose().chars().count() != length
            {
                let text = format!("{host} wants a code of {length} characters");
                if presence == Presence::Nobody {
                    return Err(Error::refused(text));
                }
                person.warn(&text);
                continue;
            }
            self.used.push(code.clone());
            return Ok(code);
        }
    }
}

/// People group digits; pages do not.
fn typed(code: &Secret) -> Secret {
    let text = code.expose().trim();
    let grouped = text
        .chars()
        .all(|c| c.is_ascii_digit() || c == ' ' || c == '-');
    if grouped {
        Secret::new(
            text.chars()
                .filter(char::is_ascii_digit)
                .collect::<String>(),
        )
    } else {
        Secret::new(text)
    }
}

/// Types a code into its field, or one character into each of its boxes.
pub fn fill(answer: &mut Answer, fields: &CodeFields, code: &Secret) {
    if let Some(whole) = fields.whole {
        answer.set_secret(whole, code);
    }
    for (index, character) in fields.boxes.iter().zip(code.expose().chars()) {
        answer.set_secret(*index, &Secret::new(character));
    }
}

/// The number of characters that fit, where the page tells.
pub fn length(fields: &CodeFields) -> Option<usize> {
    (!fields.boxes.is_empty()).then_some(fields.boxes.len())
}

/// What a page calls the code, and what kind of code that is; `message`, its complaint, is no name of a code.
pub fn about(form: &Form, fields: &CodeFields, message: Option<&Message>) -> (String, CodeKind) {
    let index = fields.whole.or(fields.boxes.first().copied());
    let without = |text: &str| match message {
        Some(message) => text.replace(&message.text, " ").trim().to_owned(),
        None => text.to_owned(),
    };
    let around = || Some(without(&form.text)).filter(|t| classify(t) == Complaint::Other);
    let label = index
        .map(|i| without(&form.controls[i].label))
        .filter(|l| !l.is_empty())
        .or_else(around)
        .unwrap_or_default();
    let own = index
        .map(|i| format!("{} {}", form.controls[i].label, form.controls[i].name))
        .unwrap_or_default();
    (label, kind(&own, &form.text))
}

/// What the field says counts first. Around it there may be other ways, an address for help, words about an app.
pub fn kind(own: &str, around: &str) -> CodeKind {
    let reaches_somebody = |text: &str| ["sms", "call", "email"].iter().any(|m| is_factor(text, m));
    if is_factor(own, "recovery") {
        CodeKind::Recovery
    } else if reaches_somebody(own) {
        CodeKind::Sent
    } else if names_app(own) {
        CodeKind::Totp
    } else if reaches_somebody(around) && says_sent(around) {
        CodeKind::Sent
    } else if names_app(around) {
        CodeKind::Totp
    } else if has_resend(around) {
        CodeKind::Sent
    } else if is_factor(around, "sms") {
        // Before the field's "one-time code", which those in text messages are too.
        CodeKind::Sent
    } else if is_factor(own, "totp") {
        CodeKind::Totp
    } else if is_factor(around, "recovery") {
        CodeKind::Recovery
    } else if reaches_somebody(around) {
        CodeKind::Sent
    } else if is_factor(around, "totp") {
        CodeKind::Totp
    } else {
        CodeKind::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::idp::page::test_page::page;
    use crate::idp::person::{Agreement, Choice};

    /// Gives the same code whenever it is asked, as a command does within 30 s.
    #[derive(Default)]
    struct Command(Vec<bool>);

    impl Person for Command {
        fn username(&mut self, _: &str) -> Result<String> {
            Ok("ada".into())
        }

        fn password(&mut self, _: &str) -> Result<Secret> {
            Ok(Secret::new("x"))
        }

        fn code(&mut self, ask: &CodeRequest) -> Result<Secret> {
            self.0.push(ask.again);
            Ok(Secret::new("123456"))
        }

        fn choose(&mut self, _: &Choice) -> Result<usize> {
            Ok(0)
        }

        fn agree(&mut self, _: &Agreement) -> Result<bool> {
            Ok(false)
        }
    }

    #[test]
    fn a_code_that_was_used_already_was_refused_by_nobody() {
        let request = CodeRequest {
            host: "idp.test".into(),
            label: String::new(),
            device: None,
            again: false,
            kind: CodeKind::Totp,
        };
        let mut person = Command::default();
        let mut codes = Codes::default();
        let mut ask = || codes.ask(&mut person, Presence::Person, &request, None);
        ask().unwrap();
        let error = ask().unwrap_err();
        assert!(error.message().contains("was used already"), "{error}");
        assert_eq!(person.0, [false; 3]);
    }

    #[test]
    fn a_complaint_is_no_name_of_a_code() {
        let fields = CodeFields {
            whole: Some(0),
            ..CodeFields::default()
        };
        let label = |inside: &str| {
            let page = page(&format!("<form><input name=otp>{inside}</form>"));
            about(&page.forms[0], &fields, page.message.as_ref()).0
        };
        assert_eq!(
            label("<p>Type the code of your badge"),
            "Type the code of your badge"
        );
        let marked = "<p class=error>Attempt failed. Once more!</p>";
        assert_eq!(label(marked), "");
        assert_eq!(
            label(&format!("{marked}<p>Code of your badge")),
            "Code of your badge"
        );
        assert_eq!(
            label("<b>Authentication attempt failed. Try again.</b>"),
            ""
        );
    }

    #[test]
    fn a_code_is_of_the_kind_that_its_field_names_first() {
        use CodeKind::*;
        for (own, around, expected) in [
            ("One-time code otp", "", Totp),
            ("One-time code otp", "The page goes on automatically", Totp),
            (
                "Code otp",
                "Open the app on your mobile phone. Use a recovery code. E-mail us",
                Totp,
            ),
            (
                "Code otp",
                "Lost it? Use a backup code or call the help desk",
                Totp,
            ),
            (
                "Code code",
                "Open the authenticator app. Send me an SMS instead",
                Totp,
            ),
            ("SMS code otp", "Use the authenticator app instead", Sent),
            (
                "Code otp",
                "We have sent an e-mail to a…@x.test. Use the app instead",
                Sent,
            ),
            (
                "Verification code otp",
                "A text message was sent to ***42",
                Sent,
            ),
            ("Code code", "Code from the text message", Sent),
            ("Token token", "Token Login Resend", Sent),
            ("Token token", "Token Login Register", Totp),
            ("One-time code otp", "Enter the code of the SMS", Sent),
            (
                "Recovery code otp",
                "Use the authenticator app instead",
                Recovery,
            ),
            ("Code code", "One of your backup codes", Recovery),
            (
                "Code code",
                "Wait until the code appears automatically",
                Unknown,
            ),
        ] {
            assert_eq!(kind(own, around), expected, "{own}: {around}");
        }
    }
}
