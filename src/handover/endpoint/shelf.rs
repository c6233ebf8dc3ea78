//! What the endpoint has to give: for each profile its keys, or why there are none.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use chrono::{DateTime, Utc};
use ring::rand::SystemRandom;
use ring::{hmac, rand};
use tokio::sync::watch;

use crate::error::{Error, Result};
use crate::keys::SessionCredentials;
use crate::secret::Secret;

/// What is held for one profile.
#[derive(Clone, Debug)]
pub enum Held {
    Keys {
        keys: SessionCredentials,
        account: String,
    },
    /// There are none that may be handed out.
    Nothing,
}

impl Held {
    /// The keys, unless their time is over.
    pub fn good(&self, now: DateTime<Utc>) -> Option<(&SessionCredentials, &str)> {
        match self {
            Held::Keys { keys, account } if keys.expires_at > now => Some((keys, account)),
            _ => None,
        }
    }

    pub fn key_id(&self) -> Option<&str> {
        match self {
            Held::Keys { keys, .. } => Some(&keys.access_key_id),
            Held::Nothing => None,
        }
    }
}

/// One profile, its address and the proof that a token is its token.
pub struct Place {
    pub profile: String,
    pub name: String,
    tag: hmac::Tag,
    held: watch::Sender<Held>,
}

/// All places; shared by who fills them and who answers from them.
pub struct Shelf {
    places: Vec<Place>,
    key: hmac::Key,
    asked: SyncSender<()>,
}

impl Shelf {
    /// An empty one, and who is told when somebody asks for keys that are not there.
    pub(super) fn new() -> Result<(Shelf, Receiver<()>)> {
        // One call for more says as much as many do.
        let (asked, asked_by) = sync_channel(1);
        let shelf = Shelf {
            places: Vec::new(),
            key: hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())
                .map_err(|_| no_random_numbers())?,
            asked,
        };
        Ok((shelf, asked_by))
    }

    pub(super) fn add(&mut self, profile: &str, name: &str, token: &Secret) {
        self.places.push(Place {
            profile: profile.to_owned(),
            name: name.to_owned(),
            tag: hmac::sign(&self.key, token.expose().as_bytes()),
            held: watch::Sender::new(Held::Nothing),
        });
    }

    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Whose place it is, if the token is the right one for it. The time this takes says nothing about the token.
    pub(super) fn place(&self, name: &str, token: &[u8]) -> Option<&Place> {
        let place = self.places.iter().find(|place| place.name == name)?;
        hmac::verify(&self.key, token, place.tag.as_ref()).ok()?;
        Some(place)
    }

    /// Puts something in a place, from where it is given to all who ask from now on.
    pub fn put(&self, index: usize, held: Held) {
        self.places[index].held.send_replace(held);
    }

    pub fn held(&self, index: usize) -> Held {
        self.places[index].held.borrow().clone()
    }

    /// Has the shelf looked after at once.
    pub fn call(&self) {
        // Full: somebody has called already.
        let _ = self.asked.try_send(());
    }
}

impl Place {
    pub(super) fn watch(&self) -> watch::Receiver<Held> {
        self.held.subscribe()
    }

    /// What somebody is told whose keys are not there.
    pub fn what_to_do(&self) -> String {
        format!(
            "there are no keys of {0} that have not expired: run `mai login {0}` in a terminal",
            self.profile
        )
    }
}

/// A token of 256 random bits.
pub(super) fn new_token() -> Result<Secret> {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    let bytes: [u8; 32] = rand::generate(&SystemRandom::new())
        .map_err(|_| no_random_numbers())?
        .expose();
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(bytes)))
}

fn no_random_numbers() -> Error {
    Error::failed("the system gives no random numbers")
}
