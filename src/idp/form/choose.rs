//! Which form of a page asks for user, password or code, and which of its fields takes what.

use super::words::{
    is_positive, is_side_form, labels_code, labels_user, names_code, names_new_password,
    names_password, names_user,
};
use super::{Control, ControlKind, Form, Method};

/// Field names from the configuration, for pages too odd to be read.
#[derive(Clone, Debug, Default)]
pub struct FieldNames {
    pub username: Option<String>,
    pub password: Option<String>,
    pub otp: Option<String>,
}

/// What a form wants from a person; the numbers are places in `Form::controls`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Login {
    pub username: Option<usize>,
    /// A hidden field that the page's script fills with the user name as well.
    pub username_twin: Option<usize>,
    pub password: Option<usize>,
    pub code: CodeFields,
}

/// Where a one-time code goes: one field, or one per digit and perhaps a hidden one for the whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeFields {
    pub boxes: Vec<usize>,
    pub whole: Option<usize>,
}

impl CodeFields {
    pub fn is_none(&self) -> bool {
        self.boxes.is_empty() && self.whole.is_none()
    }
}

#[derive(Debug, PartialEq, Eq)]
pub enum Question {
    Login(Login),
    /// A code and nothing else.
    Code(CodeFields),
    NewPassword,
}

/// The form a person would fill in, if there is one.
pub fn best(forms: &[Form], names: &FieldNames, password_sent: bool) -> Option<(usize, Question)> {
    let mut best: Option<(i32, usize, Question)> = None;
    for (index, form) in forms.iter().enumerate() {
        let Some(question) = question(form, names, password_sent) else {
            continue;
        };
        let score = score(form, &question, names);
        if score > 0 && best.as_ref().is_none_or(|(top, ..)| score > *top) {
            best = Some((score, index, question));
        }
    }
    best.map(|(_, index, question)| (index, question))
}

fn score(form: &Form, question: &Question, names: &FieldNames) -> i32 {
    let mut score = match question {
        Question::Login(login) if may_be_another_secret(form, login, names) => 400,
        Question::Login(login) if login.password.is_some() => 1000,
        Question::Code(_) => 800,
        Question::Login(_) => 500,
        Question::NewPassword => 450,
    };
    if is_side(form) {
        score -= 600;
    }
    if form.hidden {
        score -= 300;
    }
    if form.method != Method::Post {
        score -= 200;
    }
    let named = format!("{} {} {}", form.id, form.name, form.class).to_lowercase();
    if ["login", "signin", "logon", "auth"]
        .iter()
        .any(|word| named.contains(word))
    {
        score += 50;
    }
    if form
        .submitters()
        .any(|(_, c)| is_positive(&c.label) || is_positive(&c.value))
    {
        score += 30;
    }
    score
}

/// A secret by itself that nothing calls a password: a form that asks for the user name comes first.
fn may_be_another_secret(form: &Form, login: &Login, names: &FieldNames) -> bool {
    let Some(password) = login.password.filter(|_| login.username.is_none()) else {
        return false;
    };
    let field = &form.controls[password];
    names.password.is_none()
        && field.autocomplete != "current-password"
        && ![&field.name, &field.id, &field.label]
            .iter()
            .any(|text| names_password(text))
}

/// Search, language, registration, logout: there, but not what the page is for.
pub fn is_side(form: &Form) -> bool {
    let path = form.action.as_deref().unwrap_or_default();
    let path = path.split(['?', '#', ';']).next().unwrap_or_default();
    let last = path.rsplit('/').find(|s| !s.is_empty()).unwrap_or_default();
    is_side_form(&form.id)
        || is_side_form(&form.name)
        || is_side_form(last)
        || form.open_fields().any(|(_, c)| {
            c.kind == ControlKind::Search || matches!(c.name.as_str(), "q" | "lang" | "locale")
        })
}

/// What one form asks for, if it asks for something a sign-in knows.
pub fn question(form: &Form, names: &FieldNames, password_sent: bool) -> Option<Question> {
    let open: Vec<usize> = (0..form.controls.len())
        .filter(|i| can_type(form, &form.controls[*i]))
        .collect();
    let named = |wanted: &Option<String>| {
        let wanted = wanted.as_deref()?;
        form.controls
            .iter()
            .position(|c| !c.disabled && (c.name == wanted || c.id == wanted))
    };
    let (said_user, said_password, said_code) = (
        named(&names.username),
        named(&names.password),
        named(&names.otp),
    );

    let mut passwords: Vec<usize> = open
        .iter()
        .copied()
        .filter(|i| is_password(&form.controls[*i]))
        .filter(|i| said_user != Some(*i) && said_code != Some(*i))
        .collect();
    let user_is_open = open.iter().any(|i| {
        let c = &form.controls[*i];
        c.kind != ControlKind::Password && is_username(c) && !passwords.contains(i)
    });

    let mut code = said_code.map(one_field).unwrap_or_default();
    if code.is_none() {
        code = code_boxes(form, &open);
        passwords.retain(|i| !code.boxes.contains(i));
    }
    if code.is_none() {
        if let Some(hidden_as_password) =
            code_among(form, &passwords, said_password, user_is_open, password_sent)
        {
            passwords.retain(|i| *i != hidden_as_password);
            code = one_field(hidden_as_password);
        } else if let Some(line) = open.iter().copied().find(|i| {
            let c = &form.controls[*i];
            !passwords.contains(i) && said_user != Some(*i) && is_code(c)
        }) {
            code = one_field(line);
        }
    }

    if let Some(password) = said_password {
        passwords = vec![password];
    } else if asks_for_a_new_password(form, &passwords, user_is_open) {
        return Some(Question::NewPassword);
    }
    let password = passwords.first().copied();
    let username = said_user.or_else(|| username(form, &open, password, &code));
    if username.is_none() && password.is_none() {
        return (!code.is_none()).then_some(Question::Code(code));
    }
    Some(Question::Login(Login {
        username,
        username_twin: username.and_then(|i| username_twin(form, i)),
        password,
        code,
    }))
}

fn one_field(index: usize) -> CodeFields {
    CodeFields {
        boxes: Vec::new(),
        whole: Some(index),
    }
}

/// In a form that is hidden as a whole (shown by a script) all its fields count.
fn can_type(form: &Form, control: &Control) -> bool {
    if form.hidden {
        return (control.is_line() || control.kind == ControlKind::Password)
            && !control.disabled
            && !control.readonly
            && !control.name.is_empty();
    }
    control.is_open()
}

fn is_password(control: &Control) -> bool {
    control.kind == ControlKind::Password
        || control.autocomplete == "current-password"
        || names_password(&control.name)
        || names_password(&control.id)
}

fn is_username(control: &Control) -> bool {
    if control.kind == ControlKind::Search || is_code_by_kind(control) {
        return false;
    }
    control.autocomplete.contains("username")
        || control.autocomplete == "email"
        || ((names_user(&control.name) || names_user(&control.id)) && !names_code(&control.name))
}

fn is_code_by_kind(control: &Control) -> bool {
    control.autocomplete == "one-time-code"
        || (control.inputmode == "numeric"
            && control.maxlength.is_some_and(|n| (4..=8).contains(&n)))
}

fn is_code(control: &Control) -> bool {
    if control.kind == ControlKind::Search {
        return false;
    }
    is_code_by_kind(control)
        || names_code(&control.name)
        || (!is_username(control) && (names_code(&control.id) || labels_code(&control.label)))
}

/// A code that is typed into a field of type password.
fn code_among(
    form: &Form,
    passwords: &[usize],
    said_password: Option<usize>,
    user_is_open: bool,
    password_sent: bool,
) -> Option<usize> {
    let looks = |i: &usize| {
        let c = &form.controls[*i];
        is_code_by_kind(c) || (names_code(&c.name) && !names_password(&c.name))
    };
    match passwords {
        [_, _, ..] => {
            let codes: Vec<usize> = passwords.iter().copied().filter(|i| looks(i)).collect();
            match codes[..] {
                [one] if said_password != Some(one) => Some(one),
                _ => None,
            }
        }
        [lone] if said_password == Some(*lone) => None,
        [lone] if user_is_open => {
            let c = &form.controls[*lone];
            // "User and PIN" is a login; a field that says one-time is not its password.
            let name = c.name.to_lowercase();
            (is_code_by_kind(c) || name.contains("otp")).then_some(*lone)
        }
        [lone] => {
            let c = &form.controls[*lone];
            let says_code = labels_code(&c.label) || labels_code(&form.text);
            if c.autocomplete == "new-password" {
                return None;
            }
            let is_code = looks(lone)
                || (password_sent
                    && (says_code || !(names_password(&c.name) || names_password(&c.id))));
            is_code.then_some(*lone)
        }
        [] => None,
    }
}

/// One box per digit, and the hidden field the page's script joins them in.
fn code_boxes(form: &Form, open: &[usize]) -> CodeFields {
    let boxes: Vec<usize> = open
        .iter()
        .copied()
        .filter(|i| form.controls[*i].maxlength == Some(1))
        .collect();
    // Boxes without a name are drawn for the eye only.
    let drawn = form
        .controls
        .iter()
        .filter(|c| c.maxlength == Some(1) && c.name.is_empty() && !c.unseen)
        .count();
    if boxes.len() < 4 && drawn < 4 {
        return CodeFields::default();
    }
    let whole = form.controls.iter().position(|c| {
        c.unseen
            && !c.disabled
            && c.value.is_empty()
            && (c.is_line() || matches!(c.kind, ControlKind::Hidden | ControlKind::Password))
            && names_code(&c.name)
    });
    if boxes.len() < 4 && whole.is_none() {
        return CodeFields::default();
    }
    CodeFields { boxes, whole }
}

fn asks_for_a_new_password(form: &Form, passwords: &[usize], user_is_open: bool) -> bool {
    let is_new = |i: &usize| {
        let c = &form.controls[*i];
        names_new_password(&c.name) || names_new_password(&c.id)
    };
    match passwords {
        [] => false,
        // Some login pages say `new-password` only to keep browsers from filling it in.
        [one] => {
            is_new(one) || (form.controls[*one].autocomplete == "new-password" && !user_is_open)
        }
        _ => true,
    }
}

fn username(
    form: &Form,
    open: &[usize],
    password: Option<usize>,
    code: &CodeFields,
) -> Option<usize> {
    let free = |i: &&usize| {
        form.controls[**i].is_line()
            && form.controls[**i].kind != ControlKind::Search
            && Some(**i) != password
            && code.whole != Some(**i)
            && !code.boxes.contains(*i)
    };
    if let Some(named) = open
        .iter()
        .filter(free)
        .find(|i| is_username(&form.controls[**i]))
    {
        return Some(*named);
    }
    if let Some(labelled) = open
        .iter()
        .filter(free)
        .find(|i| labels_user(&form.controls[**i].label))
    {
        return Some(*labelled);
    }
    let password = password?;
    open.iter().filter(free).rfind(|i| **i < password).copied()
}

fn username_twin(form: &Form, username: usize) -> Option<usize> {
    let visible = &form.controls[username].name;
    form.controls.iter().position(|c| {
        c.kind == ControlKind::Hidden
            && !c.disabled
            && c.value.is_empty()
            && c.name != *visible
            && matches!(
                c.name.to_ascii_lowercase().as_str(),
                "username" | "user" | "login" | "j_username" | "userid" | "user_name"
            )
    })
}

#[cfg(test)]
#[path = "choose_tests.rs"]
mod tests;
