//! Listeners, connections, and the ways in which an answer can go missing.

use std::convert::Infallible;
use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::encoding::http_date;
use crate::faults::Mishap;
use crate::seen::{Seen, Server};
use crate::web::{Reply, Request};
use crate::world::World;
use crate::{idp, sts};

/// One port and what listens there.
pub(crate) struct Listener {
    pub socket: TcpListener,
    pub server: Server,
    pub tls: Option<Arc<ServerConfig>>,
}

/// The thread that serves; dropping it ends the servers.
pub(crate) struct Running {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // The thread is gone already if it panicked; then there is nothing to stop.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Serves on a thread of its own until the answer is dropped.
pub(crate) fn run(world: Arc<World>, listeners: Vec<Listener>) -> Running {
    let (stop, stopped) = oneshot::channel::<()>();
    let thread = std::thread::Builder::new()
        .name("testbed".into())
        .spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime is built");
            runtime.block_on(async move {
                for listener in listeners {
                    tokio::spawn(listen(world.clone(), listener));
                }
                let _ = stopped.await;
            });
        })
        .expect("a thread is started");
    Running {
        stop: Some(stop),
        thread: Some(thread),
    }
}

async fn listen(world: Arc<World>, listener: Listener) {
    listener
        .socket
        .set_nonblocking(true)
        .expect("sockets can be non-blocking");
    let socket = tokio::net::TcpListener::from_std(listener.socket).expect("the socket listens");
    loop {
        let Ok((stream, _)) = socket.accept().await else {
            continue;
        };
        let (world, server) = (world.clone(), listener.server);
        world.state().traffic.entry(server).or_default().connections += 1;
        match listener.tls.clone() {
            None => drop(tokio::spawn(converse(world, server, stream))),
            Some(config) => drop(tokio::spawn(async move {
                if let Ok(stream) = TlsAcceptor::from(config).accept(stream).await {
                    converse(world, server, stream).await;
                }
            })),
        }
    }
}

async fn converse<S>(world: Arc<World>, server: Server, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let cut = Arc::new(AtomicU8::new(WHOLE));
    let stream = Breakable {
        inner: stream,
        cut: cut.clone(),
    };
    let service = service_fn(move |request| answer(world.clone(), server, request, cut.clone()));
    // A client that goes away, or one that we cut off, is no error of the testbed.
    let _ = hyper::server::conn::http1::Builder::new()
        .auto_date_header(false)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(
    world: Arc<World>,
    server: Server,
    request: hyper::Request<Incoming>,
    cut: Arc<AtomicU8>,
) -> Result<hyper::Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body
        .collect()
        .await
        .map(|body| body.to_bytes())
        .unwrap_or_default();
    let request = Request {
        server,
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: body.to_vec(),
    };
    let _under_way = UnderWay::of(&world, server);
    let (latency, mishap, skew) = {
        let mut state = world.state();
        let seen = look(&request, &state.users);
        state.seen.push(seen);
        let latency = state.faults.latency(server);
        (
            latency,
            state.faults.mishap(server),
            state.faults.date_skew(),
        )
    };
    if latency > 0 {
        tokio::time::sleep(Duration::from_millis(latency)).await;
    }
    let reply = match mishap {
        Some(Mishap::Hang) => std::future::pending().await,
        Some(Mishap::Status(status)) if server == Server::Sts => sts::unavailable(status),
        Some(Mishap::Status(status)) => {
            let text = "<p>The service is temporarily unable to handle your request.</p>";
            Reply::html(idp::html::page("Service unavailable", text)).status(status)
        }
        Some(Mishap::CutHead) => {
            cut.store(IN_HEAD, Ordering::SeqCst);
            dispatch(&world, &request)
        }
        Some(Mishap::CutBody) => {
            cut.store(IN_BODY, Ordering::SeqCst);
            let mut reply = dispatch(&world, &request);
            if reply.body.is_empty() {
                reply.body = b"<html><body>".to_vec();
            }
            reply
        }
        None => dispatch(&world, &request),
    };
    let mut response = hyper::Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    let date = http_date(world.now() + chrono::Duration::seconds(skew));
    let response = response
        .header("date", date)
        .body(Full::new(Bytes::from(reply.body)))
        .unwrap_or_else(|_| hyper::Response::new(Full::new(Bytes::from_static(b"a bad header"))));
    Ok(response)
}

/// Counts a request for as long as it is answered, also when the client goes away.
struct UnderWay {
    world: Arc<World>,
    server: Server,
}

impl UnderWay {
    fn of(world: &Arc<World>, server: Server) -> Self {
        let mut state = world.state();
        let traffic = state.traffic.entry(server).or_default();
        traffic.under_way += 1;
        traffic.most_at_once = traffic.most_at_once.max(traffic.under_way);
        Self {
            world: world.clone(),
            server,
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.world.state();
        state.traffic.entry(self.server).or_default().under_way -= 1;
    }
}

fn dispatch(world: &World, request: &Request) -> Reply {
    match request.server {
        Server::Sts => sts::serve(world, request),
        Server::Idp | Server::Other => idp::serve(world, request),
    }
}

/// What goes into the log of requests: names and facts, no values.
fn look(request: &Request, users: &crate::users::Users) -> Seen {
    let fields = request.all_fields();
    let code = |name: &str, value: &str| {
        // In documents the name of a field often is a value itself.
        let known = ["otp", "totp", "code", "tokencode", "passcode", "value"].contains(&name);
        known && value.len() >= 6 && value.bytes().all(|byte| byte.is_ascii_digit())
    };
    Seen {
        at: Instant::now(),
        server: request.server,
        method: request.method.clone(),
        path: request.path.clone(),
        host: request.header("host").unwrap_or_default().to_owned(),
        action: fields
            .iter()
            .find(|(name, _)| request.server == Server::Sts && name == "Action")
            .map(|(_, value)| value.clone()),
        had_password: request.basic().is_some()
            || fields.iter().any(|(name, value)| {
                !value.is_empty()
                    && (name.to_lowercase().contains("pass") && !code(name, value)
                        || users.iter().any(|user| user.password == *value))
            }),
        had_code: fields.iter().any(|(name, value)| code(name, value)),
        had_cookie: request.header("cookie").is_some(),
        had_signature: request
            .header("authorization")
            .is_some_and(|value| value.starts_with("AWS4-")),
        fields: fields.into_iter().map(|(name, _)| name).collect(),
    }
}

const WHOLE: u8 = 0;
const IN_HEAD: u8 = 1;
const IN_BODY: u8 = 2;
const BROKEN: u8 = 3;

/// A connection that can be made to break while an answer is on its way.
struct Breakable<S> {
    inner: S,
    cut: Arc<AtomicU8>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Breakable<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Breakable<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let head = bytes
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .map_or(0, |at| at + 4);
        let allowed = match self.cut.load(Ordering::SeqCst) {
            WHOLE => return Pin::new(&mut self.inner).poll_write(context, bytes),
            IN_HEAD => 20.min(bytes.len()),
            // A head alone goes out whole; the cut comes with the body.
            IN_BODY if head == bytes.len() => {
                return Pin::new(&mut self.inner).poll_write(context, bytes);
            }
            IN_BODY => head + (bytes.len() - head) / 2,
            _ => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
        };
        if allowed == 0 {
            self.cut.store(BROKEN, Ordering::SeqCst);
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let written = Pin::new(&mut self.inner).poll_write(context, &bytes[..allowed]);
        if let Poll::Ready(Ok(_)) = written {
            self.cut.store(BROKEN, Ordering::SeqCst);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
