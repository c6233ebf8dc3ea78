//! HTTP for programs of this computer: hyper, with small limits on everything a stranger can send.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::Ipv4Addr;
use std::pin::pin;
use std::time::Duration;

use http::header::{HOST, HeaderName};
use http::request::Parts;
use http::{HeaderMap, Request, Response};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// Connections that wait to be taken; with the usual 128, many who come at once would be held up by seconds.
const QUEUE: u32 = 1024;
/// How long a connection may take to say what it wants, and be idle afterwards.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long one may last in all: who asks and never reads would keep its slot.
const LONGEST: Duration = Duration::from_secs(60);
/// The largest head of a request, in bytes (hyper's smallest limit), and the most headers.
const LARGEST_HEAD: usize = 8192;
const MOST_HEADERS: usize = 64;
/// How long to wait after a connection could not be taken: out of files, most likely, so others have to end first.
pub const PAUSE: Duration = Duration::from_millis(50);

pub type Answer = Response<Full<Bytes>>;

/// Listens on this port of 127.0.0.1; 0 for a free one.
pub async fn listen(port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // Elsewhere it would let two listen on one port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    socket.listen(QUEUE)
}

/// Answers what one connection asks, until its end. A client that goes away, is too slow or talks nonsense is no error
/// of ours. Bodies of requests are not read.
pub async fn converse<F>(stream: TcpStream, answer: impl Fn(Parts) -> F)
where
    F: Future<Output = Answer>,
{
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = answer(request.into_parts().0);
        async move { Ok::<_, Infallible>(answer.await) }
    });
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

/// Was one of these hosts asked? A page whose own name was turned to 127.0.0.1 asks another one.
pub fn is_for(request: &Parts, hosts: &[String]) -> bool {
    let host = only(&request.headers, &HOST);
    let is_here = host.is_some_and(|host| hosts.iter().any(|own| own.as_bytes() == host));
    is_here && request.uri.authority().is_none()
}

/// The value of a header that stands there once.
pub fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    values.next().is_none().then(|| first.as_bytes())
}
