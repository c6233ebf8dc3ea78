//! What the sessions of chained roles are called: as the one whose keys they are assumed with, unless the profile says
//! otherwise. So a person has one name along a chain, for CloudTrail and for trust policies that compare the two.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::aws::sts::Sts;
use crate::config::session_name_of;
use crate::error::{Error, Kind, Result};
use crate::keys::SessionCredentials;
use crate::login::target::Link;
use crate::ui::Ui;

/// The names of sessions, by the profile that their keys are of.
#[derive(Debug, Default)]
pub struct SessionNames(BTreeMap<String, Result<String>>);

/// Whose session is to be known, and the keys that STS knows it by.
pub struct Asked {
    pub profile: String,
    pub keys: SessionCredentials,
    pub sts: Arc<Sts>,
}

impl SessionNames {
    pub fn remember(&mut self, profile: &str, name: &str) {
        self.0.insert(profile.to_owned(), Ok(name.to_owned()));
    }

    /// Would STS have to be asked, before a role is assumed along this link?
    pub fn lacks(&self, link: &Link) -> bool {
        link.session_name.is_none() && !self.0.contains_key(&link.parent)
    }

    /// Asks STS for all of them side by side. What it does not say has no name here, and is no failure.
    pub async fn ask(&mut self, all: Vec<Asked>, ui: &Ui) {
        let mut running = JoinSet::new();
        for Asked { profile, keys, sts } in all {
            running.spawn(async move {
                let told = sts.who_is(&profile, &keys).await;
                (profile, told)
            });
        }
        while let Some(done) = running.join_next().await {
            let Ok((profile, told)) = done else { continue };
            match told {
                Ok(identity) => {
                    if let Some(name) = identity.session() {
                        self.remember(&profile, &session_name_of(name));
                    }
                }
                // Nobody answers the next question either.
                Err(error) if error.kind() == Kind::Unreachable => {
                    self.0.insert(profile, Err(error));
                }
                Err(error) => ui.detail(&format!("the session of {profile} has no name: {error}")),
            }
        }
    }

    /// What the session of a role that is assumed along this link is called.
    pub fn of(&self, link: &Link) -> Result<String, Error> {
        match (&link.session_name, self.0.get(&link.parent)) {
            (Some(name), _) => Ok(name.clone()),
            (None, Some(known)) => known.clone(),
            (None, None) => Ok(link.name_of_user.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(session_name: Option<&str>) -> Link {
        Link {
            parent: "prod".to_owned(),
            parent_section: "prod".to_owned(),
            role: "arn:aws:iam::333333333333:role/Audit".parse().unwrap(),
            external_id: None,
            session_name: session_name.map(str::to_owned),
            name_of_user: "ada".to_owned(),
            tags: Vec::new(),
        }
    }

    #[test]
    fn what_the_profile_says_comes_before_the_parent_and_the_parent_before_the_user() {
        let mut names = SessionNames::default();
        assert_eq!(names.of(&link(None)).unwrap(), "ada");
        assert!(names.lacks(&link(None)));
        assert!(!names.lacks(&link(Some("night-shift"))));
        names.remember("prod", "ada@corp.test");
        assert_eq!(names.of(&link(None)).unwrap(), "ada@corp.test");
        assert_eq!(names.of(&link(Some("night-shift"))).unwrap(), "night-shift");
        assert!(!names.lacks(&link(None)));
    }
}
