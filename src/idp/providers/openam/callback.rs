//! One answer of OpenAM's sign-in program: the callbacks in it, and what they ask.

use serde_json::Value;

use crate::idp::form::words::{labels_code, labels_user, names_new_password, names_password};

/// A question as it came, to be sent back with its inputs filled.
pub struct Questions {
    document: Value,
    /// Where in the sign-in this is, as the server calls it: `DataStore1`, `HOTP2`.
    pub stage: String,
    /// Everything a person is told, without the questions themselves.
    pub text: String,
    pub all: Vec<Callback>,
}

/// One callback, as far as it asks or tells something.
#[derive(Clone, Debug)]
pub struct Callback {
    pub kind: String,
    output: Value,
    /// The names of what can be filled in, in order.
    inputs: Vec<String>,
}

/// What a line of text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    User,
    Password,
    NewPassword,
    Code,
}

impl Questions {
    /// The callbacks of an answer, if it has any.
    pub fn read(document: &Value) -> Option<Questions> {
        let all: Vec<Callback> = document
            .get("callbacks")?
            .as_array()?
            .iter()
            .map(Callback::read)
            .collect();
        let told = |name: &str| words(document.get(name));
        let mut text = vec![told("header"), told("description"), told("infoText")];
        text.extend(all.iter().filter_map(Callback::told));
        text.retain(|part| !part.is_empty());
        Some(Questions {
            stage: told("stage"),
            text: text.join(" "),
            all,
            document: document.clone(),
        })
    }

    pub fn has(&self, kind: &str) -> bool {
        self.all.iter().any(|c| c.kind == kind)
    }

    pub fn of(&self, kind: &str) -> Option<&Callback> {
        self.all.iter().find(|c| c.kind == kind)
    }

    /// Fills the first input of a callback.
    pub fn fill(&mut self, callback: usize, value: Value) {
        self.fill_nth(callback, 0, value);
    }

    /// Fills the input with this end of its name, where a callback has several.
    pub fn fill_named(&mut self, callback: usize, end: &str, value: Value) {
        let inputs = &self.all[callback].inputs;
        if let Some(input) = inputs.iter().position(|name| name.ends_with(end)) {
            self.fill_nth(callback, input, value);
        }
    }

    fn fill_nth(&mut self, callback: usize, input: usize, value: Value) {
        let place = self
            .document
            .pointer_mut(&format!("/callbacks/{callback}/input/{input}/value"));
        if let Some(place) = place {
            *place = value;
        }
    }

    /// All of it, as it goes back.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// The same for the same questions, whatever was answered.
    pub fn shape(&self) -> String {
        let kinds: Vec<String> = self
            .all
            .iter()
            .map(|c| format!("{} {}", c.kind, c.words("prompt")))
            .collect();
        format!("{} {}", self.stage, kinds.join(", "))
    }

    /// What the lines of text in it are for. `password_sent`: in this sign-in, before.
    pub fn lines(&self, password_sent: bool) -> Vec<(usize, Line)> {
        let is_code_stage = ["HOTP", "OATH", "AuthenticatorOATH", "OTP", "TwoFactor"]
            .iter()
            .any(|start| self.stage.starts_with(start));
        let passwords = self
            .all
            .iter()
            .filter(|c| c.kind == "PasswordCallback" && !is_code(&c.words("prompt")))
            .count();
        let mut lines = Vec::new();
        for (index, callback) in self.all.iter().enumerate() {
            let prompt = callback.words("prompt");
            let line = match callback.kind.as_str() {
                "PasswordCallback" if names_new_password(&prompt) || passwords > 1 => {
                    Line::NewPassword
                }
                "PasswordCallback"
                    if is_code(&prompt)
                        || is_code_stage
                        || (password_sent && !is_password(&prompt)) =>
                {
                    Line::Code
                }
                "PasswordCallback" => Line::Password,
                "NameCallback" | "TextInputCallback" if labels_user(&prompt) => Line::User,
                "NameCallback" if is_code(&prompt) || is_code_stage || password_sent => Line::Code,
                "NameCallback" => Line::User,
                "TextInputCallback" => Line::Code,
                _ => continue,
            };
            lines.push((index, line));
        }
        lines
    }
}

impl Callback {
    fn read(value: &Value) -> Callback {
        let inputs = value.get("input").and_then(Value::as_array);
        let mut output = serde_json::Map::new();
        for pair in list(value.get("output")) {
            if let Some(name) = pair.get("name").and_then(Value::as_str) {
                let value = pair.get("value").cloned().unwrap_or_default();
                output.insert(name.to_owned(), value);
            }
        }
        Callback {
            kind: words(value.get("type")),
            output: Value::Object(output),
            inputs: inputs
                .into_iter()
                .flatten()
                .map(|input| words(input.get("name")))
                .collect(),
        }
    }

    pub fn output(&self, name: &str) -> Option<&Value> {
        self.output.get(name)
    }

    /// A part of it as text; numbers are text here too.
    pub fn words(&self, name: &str) -> String {
        words(self.output(name))
    }

    /// A list of texts: choices, options.
    pub fn options(&self, name: &str) -> Vec<String> {
        list(self.output(name))
            .iter()
            .map(|option| words(Some(option)))
            .collect()
    }

    pub fn number(&self, name: &str) -> Option<u64> {
        self.words(name).parse().ok()
    }

    /// Words for people; scripts and questions are none.
    fn told(&self) -> Option<String> {
        let shown = match self.kind.as_str() {
            "TextOutputCallback" if !self.is_script() => self.words("message"),
            "PollingWaitCallback" | "SuspendedTextOutputCallback" => self.words("message"),
            _ => return None,
        };
        Some(without_tags(&shown))
    }

    pub fn is_script(&self) -> bool {
        self.kind == "TextOutputCallback" && self.words("messageType") == "4"
    }

    /// What it complains about.
    pub fn complaint(&self) -> Option<String> {
        let complains = self.kind == "TextOutputCallback" && self.words("messageType") == "2";
        complains.then(|| without_tags(&self.words("message")))
    }

    /// Everything in it as one text, to look for what is known.
    pub fn everything(&self) -> String {
        self.output.to_string()
    }

    /// Can it say that this client cannot do what is asked?
    pub fn takes_client_error(&self) -> bool {
        self.inputs.iter().any(|name| name.ends_with("clientError"))
    }
}

fn is_code(prompt: &str) -> bool {
    labels_code(prompt) && !labels_user(prompt)
}

fn is_password(prompt: &str) -> bool {
    let bare = prompt.trim_matches(|c: char| !c.is_alphanumeric());
    bare.split_whitespace().any(names_password)
}

fn list(value: Option<&Value>) -> &[Value] {
    value
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn words(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Bool(on)) => on.to_string(),
        _ => String::new(),
    }
}

/// Administrators write HTML into what is told.
fn without_tags(text: &str) -> String {
    let mut shown = String::new();
    let mut in_tag = false;
    for c in text.chars() {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => {
                in_tag = false;
                shown.push(' ');
            }
            _ if in_tag => {}
            _ => shown.push(c),
        }
    }
    shown.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn line(kind: &str, prompt: &str) -> Value {
        json!({"type": kind, "output": [{"name": "prompt", "value": prompt}],
            "input": [{"name": "IDToken1", "value": ""}]})
    }

    fn lines(stage: &str, callbacks: Vec<Value>, password_sent: bool) -> Vec<Line> {
        let document = json!({"authId": "x", "stage": stage, "callbacks": callbacks});
        let questions = Questions::read(&document).unwrap();
        let lines = questions.lines(password_sent);
        lines.into_iter().map(|(_, line)| line).collect()
    }

    #[test]
    fn lines_are_told_apart_by_prompt_stage_and_what_was_sent() {
        use Line::*;
        for (stage, asked, sent, expected) in [
            (
                "DataStore1",
                vec![
                    ("NameCallback", " User Name: "),
                    ("PasswordCallback", " Password: "),
                ],
                false,
                vec![User, Password],
            ),
            ("", vec![("NameCallback", "")], false, vec![User]),
            ("", vec![("NameCallback", "")], true, vec![Code]),
            (
                "",
                vec![("PasswordCallback", "Password")],
                false,
                vec![Password],
            ),
            (
                "",
                vec![("PasswordCallback", "Password")],
                true,
                vec![Password],
            ),
            (
                "",
                vec![("PasswordCallback", "Enter your password:")],
                true,
                vec![Password],
            ),
            (
                "",
                vec![("PasswordCallback", "One Time Password")],
                false,
                vec![Code],
            ),
            (
                "",
                vec![("PasswordCallback", "Please answer the challenge")],
                true,
                vec![Code],
            ),
            (
                "HOTP1",
                vec![("PasswordCallback", "Password")],
                true,
                vec![Code],
            ),
            (
                "AuthenticatorOATH2",
                vec![("NameCallback", "Enter it")],
                true,
                vec![Code],
            ),
            (
                "",
                vec![("NameCallback", "Verification code")],
                false,
                vec![Code],
            ),
            ("", vec![("TextInputCallback", "E-mail")], false, vec![User]),
            ("", vec![("TextInputCallback", "SMS")], true, vec![Code]),
            (
                "LDAP2",
                vec![
                    ("PasswordCallback", "Old Password"),
                    ("PasswordCallback", "New Password"),
                    ("PasswordCallback", "Confirm Password"),
                ],
                true,
                vec![NewPassword; 3],
            ),
            (
                "",
                vec![
                    ("NameCallback", "User Name"),
                    ("PasswordCallback", "Password"),
                    ("PasswordCallback", "Passcode"),
                ],
                false,
                vec![User, Password, Code],
            ),
        ] {
            let callbacks = asked
                .iter()
                .map(|(kind, prompt)| line(kind, prompt))
                .collect();
            assert_eq!(
                lines(stage, callbacks, sent),
                expected,
                "{stage} {asked:?} {sent}"
            );
        }
    }

    #[test]
    fn inputs_are_filled_in_place_and_all_else_goes_back_as_it_came() {
        let document = json!({"authId": "x", "custom": [1], "callbacks": [
            {"type": "ChoiceCallback", "output": [], "input": [{"name": "IDToken1", "value": 0}]},
            {"type": "Bind", "output": [], "input": [{"name": "a", "value": ""}, {"name": "aclientError", "value": ""}]},
            {"type": "MetadataCallback", "output": []},
        ]});
        let mut questions = Questions::read(&document).unwrap();
        questions.fill(0, json!(2));
        questions.fill_named(1, "clientError", json!("Unsupported"));
        questions.fill(2, json!("nowhere"));
        let mut expected = document.clone();
        expected["callbacks"][0]["input"][0]["value"] = json!(2);
        expected["callbacks"][1]["input"][1]["value"] = json!("Unsupported");
        assert_eq!(*questions.document(), expected);
    }

    #[test]
    fn odd_answers_are_no_questions_or_empty_ones() {
        for odd in [
            json!(null),
            json!([]),
            json!({"callbacks": "x"}),
            json!({"tokenId": "x"}),
        ] {
            assert!(Questions::read(&odd).is_none(), "{odd}");
        }
        let odd = json!({"callbacks": [1, {"type": 3, "output": {"a": 1}, "input": "x"}]});
        let questions = Questions::read(&odd).unwrap();
        assert_eq!(questions.all.len(), 2);
        assert!(questions.lines(false).is_empty());
    }

    #[test]
    fn people_are_told_words_and_no_scripts() {
        let out = |kind: &str, message: &str| {
            json!({"type": "TextOutputCallback", "output": [{"name": "message", "value": message},
                {"name": "messageType", "value": kind}]})
        };
        let document = json!({"header": "Hello", "callbacks": [out("0", "Enter <b>it</b>"), out("4", "var x = 1;"),
            out("2", "Wrong code")]});
        let questions = Questions::read(&document).unwrap();
        assert_eq!(questions.text, "Hello Enter  it Wrong code");
        let complaints: Vec<String> = questions
            .all
            .iter()
            .filter_map(Callback::complaint)
            .collect();
        assert_eq!(complaints, ["Wrong code"]);
    }
}
