//! A second factor that is answered elsewhere: shown once, waited for, and given up in time.

use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::idp::person::{Person, PushRequest};
use crate::idp::visit::needs_person;
use crate::presence::Presence;

/// Longer than any provider waits for a person.
const LONGEST: Duration = Duration::from_secs(120);

/// The pushes of one sign-in.
#[derive(Default)]
pub struct Pushes {
    shown: Option<PushRequest>,
    since: Option<Instant>,
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
            person.push(&request);
            self.shown = Some(request);
        }
        Ok(())
    }

    /// Is there time to ask once more?
    pub fn wait(&mut self, host: &str) -> Result<()> {
        let since = *self.since.get_or_insert_with(Instant::now);
        if since.elapsed() < LONGEST {
            return Ok(());
        }
        Err(Error::refused(format!(
            "{host} waited {} s for an approval that did not come",
            LONGEST.as_secs()
        ))
        .hint("try again with the phone at hand"))
    }

    /// Is the page of this step the answer to having waited?
    pub fn is_waiting(&self) -> bool {
        self.since.is_some()
    }

    /// The waiting is over; another push has its own time.
    pub fn answered(&mut self) {
        self.since = None;
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
}
