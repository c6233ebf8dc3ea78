//! Forms: what is in them, which one is the login, and what a browser would send.
//!
//! Nothing here knows the network, and nothing prints a field's value.

pub mod choose;
pub mod read;
pub mod submit;
pub mod words;

pub use read::read;
pub use submit::Answer;

/// One form as it stands on the page, its controls in document order.
pub struct Form {
    pub id: String,
    pub name: String,
    pub class: String,
    pub method: Method,
    /// Does the page say so, or is it only the default?
    pub method_given: bool,
    /// As written; resolving it needs the page.
    pub action: Option<String>,
    pub enctype: Option<String>,
    pub accept_charset: Option<String>,
    pub controls: Vec<Control>,
    /// What a person reads in it.
    pub text: String,
    pub hidden: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    /// Closes a dialog; nothing is sent.
    Dialog,
}

impl Method {
    pub fn parse(text: Option<&str>) -> Method {
        match text.map(|t| t.trim().to_ascii_lowercase()).as_deref() {
            Some("post") => Method::Post,
            Some("dialog") => Method::Dialog,
            _ => Method::Get,
        }
    }
}

/// One field or button.
#[derive(Default)]
pub struct Control {
    pub kind: ControlKind,
    pub name: String,
    pub id: String,
    pub value: String,
    /// Everything that tells a person what belongs here: label, placeholder, title; of a button, its words.
    pub label: String,
    pub autocomplete: String,
    pub inputmode: String,
    pub maxlength: Option<usize>,
    pub checked: bool,
    pub disabled: bool,
    pub readonly: bool,
    pub required: bool,
    pub multiple: bool,
    /// Not shown: `type=hidden`, the attribute `hidden`, or a style that hides it or a part around it.
    pub unseen: bool,
    pub options: Vec<Choice>,
    pub formaction: Option<String>,
    pub formmethod: Option<String>,
    pub formenctype: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ControlKind {
    #[default]
    Text,
    Email,
    Telephone,
    Number,
    Search,
    Password,
    Hidden,
    Checkbox,
    Radio,
    Select,
    Textarea,
    Submit,
    Image,
    /// Does nothing without a script, or clears the form.
    Button,
    File,
    /// Dates, colours, ranges and whatever comes.
    Other,
}

/// One option of a `select`.
pub struct Choice {
    pub value: String,
    pub label: String,
    pub selected: bool,
    pub disabled: bool,
}

impl Form {
    pub fn control(&self, name: &str) -> Option<&Control> {
        self.controls.iter().find(|c| c.name == name)
    }

    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.controls.iter().position(|c| c.name == name)
    }

    pub fn has(&self, name: &str) -> bool {
        self.control(name).is_some()
    }

    /// Fields that a person could fill: seen, enabled, and not just buttons.
    pub fn open_fields(&self) -> impl Iterator<Item = (usize, &Control)> {
        self.controls.iter().enumerate().filter(|(_, c)| {
            !c.unseen
                && !c.disabled
                && !matches!(
                    c.kind,
                    ControlKind::Hidden
                        | ControlKind::Submit
                        | ControlKind::Image
                        | ControlKind::Button
                )
        })
    }

    /// Buttons that would send the form.
    pub fn submitters(&self) -> impl Iterator<Item = (usize, &Control)> {
        self.controls
            .iter()
            .enumerate()
            .filter(|(_, c)| c.is_submitter() && !c.disabled)
    }

    /// Nothing but hidden fields and at most a button: a form that a script sends.
    pub fn is_filled_already(&self) -> bool {
        self.open_fields().next().is_none()
            && self
                .controls
                .iter()
                .any(|c| c.kind == ControlKind::Hidden && !c.disabled && !c.name.is_empty())
    }

    /// What makes two forms the same question: where they go and what they ask.
    pub fn shape(&self) -> String {
        let path = self.action.as_deref().unwrap_or_default();
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let mut names: Vec<&str> = self
            .controls
            .iter()
            .filter(|c| !c.is_submitter())
            .map(|c| c.name.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        format!("{path} {}", names.join(" "))
    }
}

impl Control {
    pub fn is_submitter(&self) -> bool {
        matches!(self.kind, ControlKind::Submit | ControlKind::Image)
    }

    /// A line that a person types into and that is shown while typing.
    pub fn is_line(&self) -> bool {
        matches!(
            self.kind,
            ControlKind::Text
                | ControlKind::Email
                | ControlKind::Telephone
                | ControlKind::Number
                | ControlKind::Search
        )
    }

    /// A person could type here.
    pub fn is_open(&self) -> bool {
        (self.is_line() || self.kind == ControlKind::Password)
            && !self.unseen
            && !self.disabled
            && !self.readonly
            && !self.name.is_empty()
    }
}
