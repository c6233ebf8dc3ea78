//! The questions of the OpenAM lookalike.

use serde_json::{Value, json};

fn line(kind: &str, prompt: &str, number: usize) -> Value {
    json!({
        "type": kind,
        "output": [{"name": "prompt", "value": prompt}],
        "input": [{"name": format!("IDToken{number}"), "value": ""}],
    })
}

fn told(message: &str, kind: &str) -> Value {
    json!({
        "type": "TextOutputCallback",
        "output": [{"name": "message", "value": message}, {"name": "messageType", "value": kind}],
    })
}

fn buttons(options: &[&str], pressed: usize, number: usize) -> Value {
    json!({
        "type": "ConfirmationCallback",
        "output": [
            {"name": "prompt", "value": ""},
            {"name": "messageType", "value": 0},
            {"name": "options", "value": options},
            {"name": "optionType", "value": -1},
            {"name": "defaultOption", "value": 0},
        ],
        "input": [{"name": format!("IDToken{number}"), "value": pressed}],
    })
}

pub(crate) fn user_and_password() -> Value {
    json!({"template": "", "stage": "DataStore1", "header": "Sign in to OpenAM", "callbacks": [
        line("NameCallback", " User Name: ", 1), line("PasswordCallback", " Password: ", 2),
    ]})
}

pub(crate) fn user() -> Value {
    json!({"header": "Sign In", "description": "", "callbacks": [line("NameCallback", "User Name", 1)]})
}

pub(crate) fn password() -> Value {
    json!({"callbacks": [line("PasswordCallback", "Password", 1)]})
}

/// The password was right but must be changed.
pub(crate) fn change_password() -> Value {
    json!({"template": "", "stage": "LDAP2", "header": "Your password has expired", "callbacks": [
        line("PasswordCallback", "Old Password", 1), line("PasswordCallback", "New Password", 2),
        line("PasswordCallback", "Confirm Password", 3), buttons(&["Submit", "Cancel"], 0, 4),
    ]})
}

/// The code of an app.
pub(crate) fn code(problem: &str) -> Value {
    let mut callbacks = vec![
        line("NameCallback", "Enter verification code", 1),
        buttons(&["Submit", "Use Recovery Code"], 0, 2),
    ];
    if !problem.is_empty() {
        callbacks.insert(0, told(problem, "2"));
    }
    json!({"stage": "AuthenticatorOATH2", "header": "ForgeRock Authenticator (OATH)", "callbacks": callbacks})
}

/// A code that is sent when it is asked for.
pub(crate) fn sent_code(problem: &str) -> Value {
    let header = match problem {
        "" => "Please enter your One Time Password or request a new one",
        problem => problem,
    };
    json!({"template": "", "stage": "HOTP1", "header": header, "callbacks": [
        line("PasswordCallback", "Enter OTP:", 1),
        buttons(&["Submit OTP Code", "Request OTP Code"], 0, 2),
    ]})
}

/// Waits for a phone, and shows the number to pick there.
pub(crate) fn push() -> Value {
    json!({"callbacks": [
        {"type": "PollingWaitCallback", "output": [
            {"name": "waitTime", "value": "300"}, {"name": "message", "value": "Approve the sign-in on your phone"},
        ]},
        {"type": "HiddenValueCallback", "output": [
            {"name": "value", "value": "42"}, {"name": "id", "value": "pushChallengeNumber"},
        ], "input": [{"name": "IDToken2", "value": "pushChallengeNumber"}]},
        buttons(&["Exit"], 100, 3),
    ]})
}

/// A security key; the script says `unsupported` where there is none.
pub(crate) fn key() -> Value {
    json!({"callbacks": [
        told("if (!window.PublicKeyCredential) { } navigator.credentials.get({})", "4"),
        {"type": "HiddenValueCallback", "output": [
            {"name": "value", "value": "false"}, {"name": "id", "value": "webAuthnOutcome"},
        ], "input": [{"name": "IDToken2", "value": "webAuthnOutcome"}]},
    ]})
}

pub(crate) fn terms() -> Value {
    json!({"callbacks": [{"type": "TermsAndConditionsCallback", "output": [
        {"name": "version", "value": "1.0"}, {"name": "terms", "value": "Be kind to other people's accounts"},
        {"name": "createDate", "value": "2026-01-01T00:00:00Z"},
    ], "input": [{"name": "IDToken1", "value": false}]}]})
}
