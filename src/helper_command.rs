//! Commands of the person that print a secret: a password manager, a code generator.

use std::fmt;

/// A program with its arguments, run without a shell.
#[derive(Clone, PartialEq, Eq)]
pub struct HelperCommand {
    argv: Vec<String>,
    unattended: bool,
    purpose: String,
}

impl HelperCommand {
    /// `purpose` names the setting in errors: "the command for `password` of identity provider `corp`".
    pub fn new(argv: Vec<String>, unattended: bool, purpose: String) -> Self {
        HelperCommand {
            argv,
            unattended,
            purpose,
        }
    }

    pub fn argv(&self) -> &[String] {
        &self.argv
    }

    /// May it run when nobody is there?
    pub fn unattended(&self) -> bool {
        self.unattended
    }
}

/// Arguments may hold a secret, so only the program's name is shown.
impl fmt::Debug for HelperCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "HelperCommand({}, {} …)",
            self.purpose,
            self.argv.first().map_or("", String::as_str)
        )
    }
}
