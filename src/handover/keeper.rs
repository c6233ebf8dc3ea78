//! Keeps what the endpoint gives good: notices new keys in the file, and renews before the old ones end.

mod renewal;
mod watched;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Receiver;

use crate::config::Profile;
use crate::duration::Span;
use crate::error::Result;
use crate::handover::endpoint::Shelf;
use crate::login::Doors;
use crate::login::plan::LoginPlan;
use crate::login::target::{Target, Wishes};

pub use renewal::Asks;
use renewal::Renewal;
use watched::{Watched, put_what_is_there};

/// Fills a shelf from the credentials file for as long as `keep` runs.
pub struct Keeper<'a> {
    doors: &'a Doors<'a>,
    profiles: &'a [&'a Profile],
    shelf: Arc<Shelf>,
    asked: Receiver<()>,
    /// Nobody, unless that is changed.
    pub asks: Asks,
}

impl<'a> Keeper<'a> {
    /// The profiles are those of the endpoint, in the same order. Puts the keys that are there on the shelf.
    pub fn new(
        doors: &'a Doors<'a>,
        profiles: &'a [&'a Profile],
        shelf: &Arc<Shelf>,
        asked: Receiver<()>,
    ) -> Result<Keeper<'a>> {
        let keeper = Keeper {
            doors,
            profiles,
            shelf: shelf.clone(),
            asked,
            asks: Asks::Nobody,
        };
        put_what_is_there(doors, &keeper.any_keys()?, shelf);
        Ok(keeper)
    }

    /// Goes on until a person leaves a question, or until the program ends.
    pub fn keep(self) -> Result<()> {
        let targets = self.any_keys()?;
        let Keeper {
            doors,
            profiles,
            shelf,
            asked,
            asks,
        } = self;
        let (ended, changes) = (AtomicBool::new(false), AtomicU64::new(0));
        let watched = Watched {
            paths: doors.paths,
            config: doors.config,
            targets: &targets,
            shelf: &shelf,
            changes: &changes,
            ended: &ended,
        };
        std::thread::scope(|scope| {
            scope.spawn(move || watched.watch(&asked));
            let renewal = Renewal {
                doors,
                profiles,
                shelf: &shelf,
                asks,
                changes: &changes,
            };
            let left = renewal.go_on();
            ended.store(true, Ordering::SeqCst);
            left
        })
    }

    /// The targets whose keys count as good as long as they have any time left.
    fn any_keys(&self) -> Result<Vec<Target>> {
        let wishes = Wishes {
            min: Some(Span::seconds(0)),
            ..Wishes::default()
        };
        Ok(LoginPlan::make(self.doors, self.profiles, &wishes)?.targets)
    }
}
