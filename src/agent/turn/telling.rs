//! What the agent says of what it saw: to its log, and to the person where something stands in the way.

use super::Agent;
use crate::agent::schedule::Session;
use crate::agent::watch::View;
use crate::error::Error;

impl Agent<'_> {
    /// Nobody shall meet expired keys because a network was missing.
    pub(super) fn warn_before_expiry(&mut self, sessions: &[Session], now: i64) {
        let late: Vec<&Session> = sessions
            .iter()
            .filter(|session| now >= session.alarm_at())
            .filter(|session| {
                // Not those of a weekend ago, which nobody misses before they are back.
                session.expires_at + 3600 > now
            })
            .collect();
        let mut groups: Vec<(String, &Error, Vec<&Session>)> = Vec::new();
        let unknown = Error::unreachable("the network or the identity provider is missing");
        for session in late {
            let error = self.last_errors.get(&session.profile).unwrap_or(&unknown);
            let provider = &session.identity_provider;
            let same = |group: &&mut (String, &Error, _)| group.0 == *provider && group.1 == error;
            match groups.iter_mut().find(same) {
                Some((_, _, sessions)) => sessions.push(session),
                None => groups.push((provider.clone(), error, vec![session])),
            }
        }
        for (_, error, sessions) in groups {
            self.needs.warn(&sessions, error, self.ui);
        }
    }

    /// Profiles that are left alone are named once, and again when the reason is another one.
    pub(super) fn tell_idle(&mut self, view: &View) {
        for (profile, why) in &view.idle {
            self.say_once(profile, why);
        }
        for session in &view.sessions {
            self.said.remove(&session.profile);
        }
    }

    /// What stands in the way is in the log at once; the person is told when the keys would have been renewed.
    pub(super) fn tell_failed(&mut self, view: &View, now: i64) {
        for session in &view.sessions {
            self.known.insert(session.profile.clone(), session.clone());
        }
        let mut seen = view.sessions.clone();
        for (profile, error) in &view.failed {
            self.say_once(profile, &error.to_string());
            seen.extend(self.known.get(profile).cloned());
        }
        self.needs.look(&seen);
        for (profile, error) in &view.failed {
            if let Some(session) = self.known.get(profile)
                && session.due_at() <= now
            {
                self.needs.tell(&[session], error, self.ui);
            }
        }
    }

    pub(super) fn say_once(&mut self, about: &str, what: &str) {
        if self.said.get(about).is_some_and(|said| said == what) {
            return;
        }
        let place = if about.is_empty() {
            String::new()
        } else {
            format!("{about}: ")
        };
        self.ui.say(&format!("{place}{what}"));
        self.said.insert(about.to_owned(), what.to_owned());
    }
}
