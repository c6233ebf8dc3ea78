//! A second factor that is answered elsewhere: shown once, waited for, and given up in time.

use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::idp::person::{Person, PushRequest};
use crate::idp::visit::needs_person;
use crate::presence::Presence;

/// Longer than any provider waits for a person.
const LONGEST: Duration = Duration::from_secs(120);
/// Longer than this a sign-in waits for nobody, however often something came in between.
const LONGEST_IN_ALL: Duration = Duration::from_secs(300);
/// More approvals than this one sign-in does not ask a person for.
const MOST: usize = 5;

/// The pushes of one sign-in.
#[derive(Default)]
pub struct Pushes {
    shown: Option<PushRequest>,
    since: Option<Instant>,
    /// The waits before this one.
    before: Duration,
    told: usize,
}

impl Pushes {
    /// Tells the person, once for each number. Nobody's phone rings for nobody.
    pub fn tell(
        &mut self,
        person: &mut dyn Person,
        presence: Presence,
        request: PushRequest,
    ) -> Result<()> {
        if presence == Presence::Nobody {
            return Err(needs_person(&request.host));
        }
        if self.shown.as_ref() != Some(&request) {
            if self.told >= MOST {
                return Err(Error::refused(format!(
                    "{} asked for more than {MOST} approvals",
                    request.host
                ))
                .hint(
                    "approve none of them unless you know why; try again, or sign in in a browser",
                ));
            }
            self.told += 1;
            person.push(&request);
            self.shown = Some(request);
        }
        Ok(())
    }

    /// Is there time to ask once more?
    pub fn wait(&mut self, host: &str) -> Result<()> {
        let since = *self.since.get_or_insert_with(Instant::now);
        let waited = since.elapsed();
        if waited < LONGEST && self.before + waited < LONGEST_IN_ALL {
            return Ok(());
        }
        Err(Error::refused(format!(
            "{host} waited {} s for an approval that did not come",
            (self.before + waited).as_secs()
        ))
        .hint("try again with the phone at hand"))
    }

    /// Is the page of this step the answer to having waited?
    pub fn is_waiting(&self) -> bool {
        self.since.is_some()
    }

    /// The waiting is over; another push has its own time, within what all of them may take.
    pub fn answered(&mut self) {
        if let Some(since) = self.since.take() {
            self.before += since.elapsed();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_has_an_end() {
        let mut pushes = Pushes::default();
        assert!(!pushes.is_waiting());
        assert!(pushes.wait("idp.test").is_ok());
        assert!(pushes.is_waiting());
        pushes.since = Instant::now().checked_sub(LONGEST);
        let error = pushes.wait("idp.test").unwrap_err();
        assert_eq!(error.exit_code(), 4);
        pushes.answered();
        assert!(pushes.wait("idp.test").is_ok());
    }

    #[test]
    fn waits_with_pages_in_between_have_an_end_too() {
        let mut pushes = Pushes::default();
        for _ in 0..3 {
            assert!(pushes.wait("idp.test").is_ok());
            pushes.since = Instant::now().checked_sub(Duration::from_secs(100));
            pushes.answered();
            assert!(!pushes.is_waiting());
        }
        let error = pushes.wait("idp.test").unwrap_err();
        assert_eq!(error.exit_code(), 4);
        assert!(error.message().contains("300 s"), "{error}");
    }
}
