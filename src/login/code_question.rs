//! The question for a one-time code: which one, for what host, in the page's words where they tell more.

use crate::idp::person::CodeRequest;

/// What a label may say without telling anything.
const EMPTY_WORDS: &[&str] = &["a", "code", "enter", "please", "the", "your"];

/// `Code from phone for login.test (Token of the app)`, without what would stand there twice.
pub fn code_question(ask: &CodeRequest) -> String {
    let device = trimmed(ask.device.as_deref().unwrap_or_default());
    let mut label = trimmed(&ask.label);
    let says_nothing = |word: &str| EMPTY_WORDS.contains(&word);
    if label.to_lowercase().split_whitespace().all(says_nothing) || is_within(label, device) {
        label = "";
    }
    let host = &ask.host;
    let names_code = device.to_lowercase().starts_with("code");
    let mut question = match (ask.again, names_code) {
        (false, true) => device.to_owned(),
        (false, false) => "Code".to_owned(),
        (true, _) => "That code was refused. Another code".to_owned(),
    };
    if !device.is_empty() && !names_code {
        question += &format!(" from {device}");
    }
    question += &format!(" for {host}");
    if ask.again && names_code {
        question += &format!(" ({device})");
    }
    if !label.is_empty() {
        question += &format!(" ({label})");
    }
    question
}

/// The question ends in a colon of its own.
fn trimmed(text: &str) -> &str {
    text.trim()
        .trim_end_matches(|c: char| matches!(c, ':' | '.' | '*') || c.is_whitespace())
}

fn is_within(label: &str, device: &str) -> bool {
    device.to_lowercase().contains(&label.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::idp::person::CodeKind;

    fn question(label: &str, device: Option<&str>, again: bool) -> String {
        code_question(&CodeRequest {
            host: "idp.test".into(),
            label: label.into(),
            device: device.map(str::to_owned),
            again,
            kind: CodeKind::Unknown,
        })
    }

    #[test]
    fn a_question_says_nothing_twice() {
        for (label, device, expected) in [
            ("", None, "Code for idp.test"),
            ("Token:", None, "Code for idp.test (Token)"),
            ("Code", None, "Code for idp.test"),
            ("Please enter your code: ", None, "Code for idp.test"),
            ("OTP", Some("phone"), "Code from phone for idp.test (OTP)"),
            ("totp", Some("TOTP1"), "Code from TOTP1 for idp.test"),
            (
                "Code sent by e-mail",
                Some("Code sent by e-mail"),
                "Code sent by e-mail for idp.test",
            ),
        ] {
            assert_eq!(question(label, device, false), expected);
        }
    }

    #[test]
    fn after_a_refusal_another_code_is_asked_for() {
        assert_eq!(
            question("Code", Some("phone"), true),
            "That code was refused. Another code from phone for idp.test"
        );
        let sent = "Code sent by e-mail";
        assert_eq!(
            question(sent, Some(sent), true),
            "That code was refused. Another code for idp.test (Code sent by e-mail)"
        );
    }
}
