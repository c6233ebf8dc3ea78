//! What values of options must look like, where several verbs take them.

use crate::config::{RoleWanted, values};
use crate::duration::Span;

/// What STS takes: 15 minutes to 12 hours.
pub fn duration(text: &str) -> Result<Span, String> {
    let span: Span = text.parse()?;
    if (Span::minutes(15)..=Span::hours(12)).contains(&span) {
        Ok(span)
    } else {
        Err(format!(
            "{span} is out of range: AWS gives keys for 15m to 12h"
        ))
    }
}

/// A wish that names something.
pub fn role(text: &str) -> Result<RoleWanted, String> {
    if text.trim().is_empty() {
        return Err("there is no role in it".into());
    }
    RoleWanted::parse(text)
}

pub fn region(text: &str) -> Result<String, String> {
    values::region(text)
}
