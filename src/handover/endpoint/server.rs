//! The HTTP side of the endpoint: hyper, with small limits on everything a stranger can send.

use std::convert::Infallible;
use std::io;
use std::net::Ipv4Addr;
use std::pin::pin;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, oneshot};

use super::answer::{self, Answer, Refusal};
use super::shelf::{Place, Shelf};
use crate::clock;
use crate::error::{Error, Result};

/// Connections at once; all others wait in the system's queue.
const CONNECTIONS: usize = 256;
/// As long as that queue is; with the usual 128, many who come at once would be held up by seconds.
const QUEUE: u32 = 1024;
/// How long a connection may take to say what it wants, and be idle afterwards.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long one may last in all: who asks and never reads would keep its slot.
const LONGEST: Duration = Duration::from_secs(60);
/// The largest head of a request, in bytes (hyper's smallest limit), and the most headers.
const LARGEST_HEAD: usize = 8192;
const MOST_HEADERS: usize = 64;
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

pub async fn listen(port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // Elsewhere it would let two listen on one port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    socket.listen(QUEUE)
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
                    converse(stream, port, shelf).await;
                    drop(slot);
                });
            }
            // Out of files, most likely: others have to end first.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn converse(stream: TcpStream, port: u16, shelf: Arc<Shelf>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let shelf = shelf.clone();
        async move { Ok::<_, Infallible>(answer(request, port, &shelf).await) }
    });
    // A client that goes away, is too slow or talks nonsense is no error of ours.
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(LARGEST_HEAD)
        .max_headers(MOST_HEADERS)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => {}
        () = tokio::time::sleep(LONGEST) => {
            connection.as_mut().graceful_shutdown();
            let _ = tokio::time::timeout(PATIENCE, connection).await;
        }
    }
}

async fn answer(request: Request<Incoming>, port: u16, shelf: &Shelf) -> Answer {
    let (head, _) = request.into_parts();
    match answer::judge(&head, port, shelf) {
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
