//! The thread that answers for the endpoint.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use http::request::Parts;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, oneshot};

use super::answer::{self, Refusal};
use super::shelf::{Place, Shelf};
use crate::clock;
use crate::error::{Error, Result};
use crate::handover::loopback::{self, Answer};

/// Connections at once; all others wait in the system's queue.
const CONNECTIONS: usize = 256;
/// How long keys that are not there are waited for. SDKs give up after one second (Go, botocore: 1 to 2 s).
const WAIT: Duration = Duration::from_millis(800);

/// The thread that serves, until this is dropped.
pub struct Running {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Serves on a thread of its own, so that no question and no sign-in delays an answer.
pub fn run(
    runtime: Runtime,
    listener: TcpListener,
    port: u16,
    shelf: Arc<Shelf>,
) -> Result<Running> {
    let (stop, stopped) = oneshot::channel();
    let thread = std::thread::Builder::new()
        .name("endpoint".into())
        .spawn(move || {
            runtime.block_on(async move {
                tokio::select! {
                    () = accept(listener, port, shelf) => {}
                    _ = stopped => {}
                }
            });
        })
        .map_err(|error| Error::failed("no thread can be started").because(error))?;
    Ok(Running {
        stop: Some(stop),
        thread: Some(thread),
    })
}

async fn accept(listener: TcpListener, port: u16, shelf: Arc<Shelf>) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(slot) = slots.clone().acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let shelf = shelf.clone();
                tokio::spawn(async move {
                    let answer = |request| answer(request, port, &shelf);
                    loopback::converse(stream, answer).await;
                    drop(slot);
                });
            }
            Err(_) => tokio::time::sleep(loopback::PAUSE).await,
        }
    }
}

async fn answer(request: Parts, port: u16, shelf: &Shelf) -> Answer {
    match answer::judge(&request, port, shelf) {
        Ok(place) => keys_of(place, shelf).await,
        Err(refusal) => refusal.answer(),
    }
}

/// Keys that are good now; those that a login is just writing, or a renewal that needs nobody, are waited for.
async fn keys_of(place: &Place, shelf: &Shelf) -> Answer {
    let mut held = place.watch();
    if held.borrow().good(clock::now()).is_none() {
        shelf.call();
        let good = held.wait_for(|held| held.good(clock::now()).is_some());
        let _ = tokio::time::timeout(WAIT, good).await;
    }
    match held.borrow().good(clock::now()) {
        Some((keys, account)) => answer::keys(keys, account),
        None => Refusal::no_keys(place).answer(),
    }
}
