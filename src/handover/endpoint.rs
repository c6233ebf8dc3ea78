//! The container credential endpoint on loopback: keys for whoever holds the token of their profile.
//!
//! AWS SDKs ask it where `AWS_CONTAINER_CREDENTIALS_FULL_URI` is set. It answers from memory, on a thread and runtime
//! of its own, and never signs in: what it has to give stands on a [`Shelf`], which [`super::keeper`] keeps filled.

mod answer;
mod server;
mod shelf;
mod token_file;

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use ring::digest;

use crate::config::naming::readable;
use crate::error::{Error, Result};
use crate::handover::loopback;
use crate::login::line::runtime;
use crate::paths::Paths;

pub use shelf::{Held, Shelf};
pub use token_file::remove_all as remove_tokens;

/// An endpoint that answers until this is dropped; then its tokens are gone too.
pub struct Endpoint {
    port: u16,
    shelf: Arc<Shelf>,
    tokens: token_file::Tokens,
    _running: server::Running,
}

impl Endpoint {
    /// Listens on a random port or the one that is named; the names are those of profiles, whose keys are still to come.
    ///
    /// The receiver is told when somebody asks for keys that are not there.
    pub fn start(
        paths: &Paths,
        port: Option<u16>,
        profiles: &[String],
    ) -> Result<(Endpoint, Receiver<()>)> {
        let runtime = runtime()?;
        let listener = runtime
            .block_on(loopback::listen(port.unwrap_or(0)))
            .map_err(|error| cannot_listen(port, &error))?;
        let port = listener
            .local_addr()
            .map_err(|error| cannot_listen(port, &error))?
            .port();
        let places: Vec<String> = profiles.iter().map(|name| place_of(name)).collect();
        let (tokens, secrets) = token_file::make(paths, port, &places)?;
        let (mut shelf, asked) = Shelf::new()?;
        for ((profile, place), secret) in profiles.iter().zip(&places).zip(&secrets) {
            shelf.add(profile, place, secret);
        }
        let shelf = Arc::new(shelf);
        Ok((
            Endpoint {
                port,
                _running: server::run(runtime, listener, port, shelf.clone())?,
                shelf,
                tokens,
            },
            asked,
        ))
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn shelf(&self) -> &Arc<Shelf> {
        &self.shelf
    }

    /// The variables that lead SDKs to the keys of the profile at this place of the list.
    pub fn variables(&self, index: usize) -> [(&'static str, String); 2] {
        let place = &self.shelf.places()[index].name;
        let token = self.tokens.paths()[index].display().to_string();
        [
            (
                "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                format!("http://127.0.0.1:{}/{place}", self.port),
            ),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token),
        ]
    }
}

/// A profile's name as it can stand in an address and in the name of a file.
fn place_of(profile: &str) -> String {
    let name = readable(profile);
    if name == profile {
        return name;
    }
    let hash = digest::digest(&digest::SHA256, profile.as_bytes());
    let hash: String = hash.as_ref()[..4]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{name}-{hash}")
}

fn cannot_listen(port: Option<u16>, error: &std::io::Error) -> Error {
    let at = match port {
        Some(port) => format!("port {port} of 127.0.0.1"),
        None => "127.0.0.1".to_owned(),
    };
    let error_of_ours = Error::failed(format!("cannot listen on {at}")).because(error);
    match port {
        Some(_) => error_of_ours.hint("name another `--port`, or none for a free one"),
        None => error_of_ours,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_profiles_become_places_that_stay_apart() {
        assert_eq!(place_of("prod"), "prod");
        assert_eq!(place_of("a.b_c-2"), "a.b_c-2");
        for odd in ["../../etc", "a/b", "a:b", "..", "ada@corp"] {
            let place = place_of(odd);
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            assert!(place.chars().all(is_plain), "{place}");
            assert!(!place.starts_with('.'), "{place}");
        }
        assert_ne!(place_of("a/b"), place_of("a:b"));
    }
}
