//! What needs a person: noted down for `mai status`, shown on the desktop once, forgotten when the keys are good again.

use chrono::DateTime;

use crate::clock;
use crate::error::Error;
use crate::store::agent_notes::{Need, Why};
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
        let Some(news) = self.open_new(sessions, Why::NeedsPerson, error) else {
            return;
        };
        let names = news.names.join(", ");
        let command = format!("mai login {}", news.names.join(" "));
        ui.warn(&format!("{names} needs you: {error}; run `{command}`"));
        self.unshown.push((
            format!("{names}: sign in again"),
            format!("{}: {}. Run: {command}", until(news.end), sentence(error)),
        ));
    }

    /// Says that these keys will end soon although it goes on trying; once, as `tell`. What the person can do about it
    /// is not to sign in.
    pub fn warn(&mut self, sessions: &[&Session], error: &Error, ui: &Ui) {
        let Some(news) = self.open_new(sessions, Why::Unreachable, error) else {
            return;
        };
        let names = news.names.join(", ");
        ui.warn(&format!("{names} could not be renewed so far: {error}"));
        let next = error.hint_text().map(capitalized);
        let next = next.unwrap_or_else(|| "It is tried again and again".to_owned());
        self.unshown.push((
            format!("{names}: not renewed yet"),
            format!("{}: {}. {next}.", until(news.end), sentence(error)),
        ));
    }

    /// Opens a need for each that has none yet; that a person is needed is news where it only went on trying before.
    fn open_new(&mut self, sessions: &[&Session], why: Why, error: &Error) -> Option<News> {
        let mut news = News::default();
        for session in sessions {
            let is_said = |need: &Need| need.why == why || need.why == Why::NeedsPerson;
            let known = self.open.iter().position(|need| is_for(need, session));
            if known.is_some_and(|at| is_said(&self.open[at])) {
                continue;
            }
            if let Some(at) = known {
                self.open.remove(at);
            }
            news.names.push(session.profile.clone());
            news.end = news.end.min(session.expires_at);
            self.open.push(Need {
                profile: session.profile.clone(),
                aws_profile: session.aws_profile.clone(),
                key_id: session.key_id.clone(),
                since: clock::now().timestamp(),
                why,
                reason: error.to_string(),
            });
        }
        (!news.names.is_empty()).then_some(news)
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

/// What was not said yet: of which profiles, and when the first keys end.
struct News {
    names: Vec<String>,
    end: i64,
}

impl Default for News {
    fn default() -> News {
        News {
            names: Vec::new(),
            end: i64::MAX,
        }
    }
}

fn sentence(error: &Error) -> String {
    error.to_string().trim_end_matches('.').to_owned()
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    first + letters.as_str().trim_end_matches('.')
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
