//! What needs a person: noted down for `mai status`, shown on the desktop once, forgotten when the keys are good again.

use chrono::DateTime;

use crate::clock;
use crate::error::Error;
use crate::store::agent_notes::Need;
use crate::ui::{Ui, moment};

use super::notify;
use super::schedule::Session;

/// All needs that are open.
#[derive(Debug, Default)]
pub struct Needs {
    open: Vec<Need>,
    /// Title and text of what the desktop is to show.
    unshown: Vec<(String, String)>,
}

impl Needs {
    /// As an earlier agent left them: what it has shown is not shown again.
    pub fn resumed(open: Vec<Need>) -> Needs {
        Needs {
            open,
            unshown: Vec::new(),
        }
    }

    pub fn open(&self) -> &[Need] {
        &self.open
    }

    /// Drops the needs of keys that are no longer there.
    pub fn look(&mut self, sessions: &[Session]) {
        self.open
            .retain(|need| sessions.iter().any(|session| is_for(need, session)));
    }

    /// Says that a person is needed for these keys, once for all of them that it was not said for yet; `show` puts it
    /// on the desktop.
    pub fn tell(&mut self, sessions: &[&Session], error: &Error, ui: &Ui) {
        let mut news: Vec<&Session> = Vec::new();
        for session in sessions {
            if !self.open.iter().any(|need| is_for(need, session)) {
                news.push(session);
                self.open.push(Need {
                    profile: session.profile.clone(),
                    aws_profile: session.aws_profile.clone(),
                    key_id: session.key_id.clone(),
                    since: clock::now().timestamp(),
                    reason: error.to_string(),
                });
            }
        }
        if news.is_empty() {
            return;
        }
        let names: Vec<&str> = news.iter().map(|one| one.profile.as_str()).collect();
        let command = format!("mai login {}", names.join(" "));
        ui.warn(&format!(
            "{} needs you: {error}; run `{command}`",
            names.join(", ")
        ));
        let end = news.iter().map(|one| one.expires_at).min().unwrap_or(0);
        let error = error.to_string();
        let error = error.trim_end_matches('.');
        self.unshown.push((
            format!("{}: sign in again", names.join(", ")),
            format!("{}: {error}. Run: {command}", until(end)),
        ));
    }

    /// Shows what is new. Called when it is noted down, so that no need is shown twice, whenever the agent ends.
    pub fn show(&mut self, ui: &Ui) {
        for (title, text) in self.unshown.drain(..) {
            if !notify::show(&title, &text) {
                ui.detail("the desktop shows no notifications here");
            }
        }
    }
}

fn is_for(need: &Need, session: &Session) -> bool {
    need.profile == session.profile && need.key_id == session.key_id
}

fn until(expires_at: i64) -> String {
    let (end, now) = (
        DateTime::from_timestamp(expires_at, 0).unwrap_or_default(),
        clock::now(),
    );
    let verb = if end > now { "expire" } else { "expired" };
    format!("The keys {verb} at {}", moment::local_time(end, now))
}
