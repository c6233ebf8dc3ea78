//! Is somebody there?

/// A person who can be asked, or nobody (`--no-input`, no terminal, a background job).
///
/// For nobody, nothing is triggered that reaches a person: no question, push, call, window or unlock dialog, and no
/// command runs that does not say `unattended: true`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    Person,
    Nobody,
}

impl Presence {
    pub fn is_person(self) -> bool {
        self == Presence::Person
    }
}
