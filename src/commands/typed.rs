//! What values of options must look like, where several verbs take them.

use crate::config::RoleWanted;

/// A wish that names something.
pub fn role(text: &str) -> Result<RoleWanted, String> {
    if text.trim().is_empty() {
        return Err("there is no role in it".into());
    }
    RoleWanted::parse(text)
}
