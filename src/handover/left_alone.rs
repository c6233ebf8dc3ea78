//! Profiles whose keys somebody took away while they were kept: they are left alone until somebody signs in again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::error::clean;
use crate::login::parents::Left as LeftParent;
use crate::login::standing::Found;

/// A login writes keys first and records them afterwards: until then they look like somebody else's.
const SETTLED: Duration = Duration::from_secs(2);

/// Those that are left alone, and whether that was said.
#[derive(Debug, Default)]
pub struct LeftAlone(BTreeMap<String, Left>);

#[derive(Debug)]
struct Left {
    why: String,
    since: Instant,
    is_said: bool,
}

impl LeftAlone {
    /// Says whether what stands in the place of a profile's keys, or of those that they are assumed with, is a wish of
    /// somebody, and remembers that.
    pub fn leaves(
        &mut self,
        profile: &str,
        found: Found,
        parent: Option<LeftParent>,
        now: Instant,
    ) -> bool {
        let of_parent = || parent.and_then(|parent| why_of_parent(profile, parent));
        let Some(why) = why(profile, found).or_else(of_parent) else {
            self.0.remove(profile);
            return false;
        };
        let left = self.0.entry(profile.to_owned()).or_insert_with(|| Left {
            why: String::new(),
            since: now,
            is_said: false,
        });
        left.why = why;
        true
    }

    pub fn is_back(&mut self, profile: &str) {
        self.0.remove(profile);
    }

    /// What is to be said now; each once.
    pub fn news(&mut self, now: Instant) -> Vec<String> {
        let left = self.0.values_mut();
        let new = left.filter(|left| !left.is_said && left.since + SETTLED <= now);
        new.map(|left| {
            left.is_said = true;
            left.why.clone()
        })
        .collect()
    }

    /// When there will be news, if nothing changes until then.
    pub fn next_news(&self) -> Option<Instant> {
        let unsaid = self.0.values().filter(|left| !left.is_said);
        unsaid.map(|left| left.since + SETTLED).min()
    }
}

fn why(profile: &str, found: Found) -> Option<String> {
    let what = what_became_of(profile, found)?;
    Some(format!(
        "{what}: none are served or fetched until somebody signs in with `mai login {profile}`"
    ))
}

fn why_of_parent(profile: &str, parent: LeftParent) -> Option<String> {
    let what = what_became_of(&parent.parent.profile, parent.found)?;
    Some(format!(
        "{what}, and those of {profile} are assumed with them: they are not renewed until somebody signs in with \
         `mai login {profile}`"
    ))
}

/// Keys that are merely short are nobody's wish.
fn what_became_of(profile: &str, found: Found) -> Option<String> {
    Some(match found {
        Found::Keys(_) => return None,
        Found::AnotherRole(row) => format!(
            "The keys in the section of {profile} are of {} now",
            clean(&row.role_arn)
        ),
        Found::Others(_) => format!("The keys of {profile} were removed or replaced"),
        Found::Nothing => format!("The keys of {profile} were removed"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_is_said_once_and_what_a_login_is_just_writing_is_not() {
        let (mut left, start) = (LeftAlone::default(), Instant::now());
        assert!(left.leaves("prod", Found::Nothing, None, start));
        assert_eq!(left.news(start), [""; 0]);
        left.is_back("prod");
        assert_eq!(left.next_news(), None);
        assert!(left.leaves("prod", Found::Nothing, None, start));
        let later = left.next_news().unwrap();
        assert!(left.leaves("prod", Found::Nothing, None, later));
        assert_eq!(left.news(later).len(), 1);
        assert_eq!(left.news(later + SETTLED), [""; 0]);
        assert_eq!(left.next_news(), None);
    }
}
