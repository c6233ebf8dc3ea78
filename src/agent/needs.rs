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
}

impl Needs {
    /// As an earlier agent left them: what it has shown is not shown again.
    pub fn resumed(open: Vec<Need>) -> Needs {
        Needs { open }
    }

    pub fn open(&self) -> &[Need] {
        &self.open
    }

    /// Drops the needs of keys that are no longer there.
    pub fn look(&mut self, sessions: &[Session]) {
        self.open
            .retain(|need| sessions.iter().any(|session| is_for(need, session)));
    }

    /// Says that a person is needed for these keys, in one notification for all of them that it was not said for yet.
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
        let text = format!("{}\n{error}. Run: {command}", until(end));
        if !notify::show(&format!("{}: sign in again", names.join(", ")), &text) {
            ui.detail("the desktop shows no notifications here");
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
    format!("The keys {verb} at {}.", moment::local_time(end, now))
}
