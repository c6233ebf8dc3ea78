//! An address on this computer that leads on to a secret one: once, for a minute, for this user only.
//!
//! What starts a browser puts its address on a command line, which everybody on the computer can read. So the browser
//! gets this one, and the secret never stands there.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::header::{CACHE_CONTROL, CONNECTION, LOCATION, REFERRER_POLICY};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use ring::rand::{SecureRandom, SystemRandom};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::loopback::{self, Answer, is_for};
use crate::error::{Error, Result};
use crate::login::line::runtime;
use crate::secret::Secret;

/// Browsers open connections ahead of time and say nothing on them.
const CONNECTIONS: usize = 16;
/// How often to look whether the browser still may come.
const LOOK: Duration = Duration::from_millis(50);

/// Listens from the moment it is made.
pub struct OneShot {
    runtime: Runtime,
    listener: TcpListener,
    shared: Arc<Shared>,
}

struct Shared {
    port: u16,
    /// `127.0.0.1:PORT`
    host: String,
    /// `/` and 32 random letters.
    path: String,
    leads_to: Secret,
    is_used: AtomicBool,
}

/// Who came for the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Visit {
    LedOn,
    /// A program of another user, who read the address from a command line.
    OfAnotherUser,
    /// The system did not tell whose program it is.
    OfNobody,
}

impl OneShot {
    pub fn new(leads_to: Secret) -> Result<OneShot> {
        let failed = |error| {
            Error::failed("no address of this computer could be opened for the browser")
                .because(error)
                .hint("`--print` prints the address instead")
        };
        let runtime = runtime()?;
        let listener = runtime.block_on(loopback::listen(0)).map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let mut random = [0; 16];
        SystemRandom::new()
            .fill(&mut random)
            .map_err(|_| Error::failed("this computer gives no random numbers"))?;
        let path: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(OneShot {
            runtime,
            listener,
            shared: Arc::new(Shared {
                port,
                host: format!("127.0.0.1:{port}"),
                path: format!("/{path}"),
                leads_to,
                is_used: AtomicBool::new(false),
            }),
        })
    }

    /// What the browser is given: letters, digits, `:`, `.` and `/`.
    pub fn address(&self) -> String {
        format!("http://{}{}", self.shared.host, self.shared.path)
    }

    /// Waits for the browser; `look` is asked meanwhile whether it still may come. False: it did not come in time.
    pub fn serve(self, limit: Duration, mut look: impl FnMut() -> Result<()>) -> Result<bool> {
        let (come, mut visits) = unbounded_channel();
        let shared = self.shared;
        self.runtime.block_on(async {
            let mut accepting = pin!(accept(self.listener, Arc::clone(&shared), come));
            let mut end = pin!(tokio::time::sleep(limit));
            let mut looks = tokio::time::interval(LOOK);
            loop {
                tokio::select! {
                    () = &mut accepting => return Ok(false),
                    () = &mut end => return Ok(false),
                    _ = looks.tick() => if !shared.is_used.load(Ordering::SeqCst) {
                        look()?;
                    },
                    visit = visits.recv() => return match visit {
                        Some(Visit::OfAnotherUser) => Err(Error::failed(
                            "a program of another user asked for the address that was meant for the browser",
                        )
                        .hint("it got nothing; run it again, or use `--print`")),
                        Some(Visit::OfNobody) => Err(Error::failed(
                            "this system does not tell whose program asked for the address that was meant for the \
                             browser",
                        )
                        .hint("it got nothing; `--print` prints the address instead")),
                        visit => Ok(visit == Some(Visit::LedOn)),
                    },
                }
            }
        })
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, come: UnboundedSender<Visit>) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(slot) = slots.clone().acquire_owned().await else {
            return;
        };
        let Ok((stream, peer)) = listener.accept().await else {
            tokio::time::sleep(loopback::PAUSE).await;
            continue;
        };
        let (shared, come) = (Arc::clone(&shared), come.clone());
        tokio::spawn(async move {
            let visit = OnceLock::new();
            loopback::converse(stream, |request| {
                let (answer, came) = shared.answer(&request, peer);
                if let Some(came) = came {
                    let _ = visit.set(came);
                }
                std::future::ready(answer)
            })
            .await;
            // After the answer has gone out: the program may end right after.
            if let Some(visit) = visit.into_inner() {
                let _ = come.send(visit);
            }
            drop(slot);
        });
    }
}

impl Shared {
    fn answer(&self, request: &Parts, peer: SocketAddr) -> (Answer, Option<Visit>) {
        let refusal = match self.refusal(request) {
            None if let Some(stranger) = stranger(peer, self.port) => {
                return (answer(StatusCode::FORBIDDEN), Some(stranger));
            }
            // Last of all, and by one request only.
            None if self.is_used.swap(true, Ordering::SeqCst) => Some(StatusCode::GONE),
            other => other,
        };
        if let Some(refusal) = refusal {
            return (answer(refusal), None);
        }
        let Ok(mut location) = HeaderValue::from_str(self.leads_to.expose()) else {
            return (answer(StatusCode::INTERNAL_SERVER_ERROR), None);
        };
        location.set_sensitive(true);
        let mut answer = answer(StatusCode::FOUND);
        answer.headers_mut().insert(LOCATION, location);
        (answer, Some(Visit::LedOn))
    }

    /// Why a request gets nothing, if so.
    fn refusal(&self, request: &Parts) -> Option<StatusCode> {
        if !is_for(request, std::slice::from_ref(&self.host)) {
            return Some(StatusCode::MISDIRECTED_REQUEST);
        }
        match (request.uri.path_and_query(), &request.method) {
            (Some(path), _) if path.as_str() != self.path => Some(StatusCode::NOT_FOUND),
            (Some(_), &Method::GET) => None,
            _ => Some(StatusCode::METHOD_NOT_ALLOWED),
        }
    }
}

fn answer(status: StatusCode) -> Answer {
    let mut answer = Answer::default();
    *answer.status_mut() = status;
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (CONNECTION, "close"),
    ] {
        let value = HeaderValue::from_static(value);
        answer.headers_mut().insert(name, value);
    }
    answer
}

/// Whose program is at the other end of a connection to this port, if it is not one of this user.
///
/// Root counts as this user: it can read the memory of every program anyway, and what brings a browser of Windows to an
/// address of WSL runs as root.
#[cfg(target_os = "linux")]
fn stranger(peer: SocketAddr, port: u16) -> Option<Visit> {
    // A client that knows IPv6 only stands in the other table.
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].into_iter();
    let mut owners = tables.filter_map(|table| {
        let table = std::fs::read_to_string(table).ok()?;
        owner_in(&table, peer, port)
    });
    match owners.next() {
        Some(owner) => {
            (!may_ask(owner, rustix::process::geteuid().as_raw())).then_some(Visit::OfAnotherUser)
        }
        None => Some(Visit::OfNobody),
    }
}

/// Only Linux tells.
#[cfg(not(target_os = "linux"))]
fn stranger(_: SocketAddr, _: u16) -> Option<Visit> {
    None
}

/// A line of `/proc/net/tcp`: number, local address, remote address, state, queues, timer, retransmits, user, …
#[cfg(target_os = "linux")]
fn owner_in(table: &str, peer: SocketAddr, port: u16) -> Option<u32> {
    use std::net::Ipv4Addr;
    let SocketAddr::V4(peer) = peer else {
        return None;
    };
    let ends = [(*peer.ip(), peer.port()), (Ipv4Addr::LOCALHOST, port)];
    let shown =
        ends.map(|(ip, port)| format!("{:08X}:{port:04X}", u32::from_ne_bytes(ip.octets())));
    // In the table of IPv6: ::ffff:127.0.0.1, in words of four bytes.
    let mapped = u32::from_ne_bytes([0, 0, 0xff, 0xff]);
    let is = |field: &str, shown: &str| {
        let bare = field.strip_prefix(&format!("0000000000000000{mapped:08X}"));
        bare.unwrap_or(field) == shown
    };
    table.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let is_it = is(fields.get(1)?, &shown[0]) && is(fields.get(2)?, &shown[1]);
        is_it.then(|| fields.get(7)?.parse().ok())?
    })
}

#[cfg(target_os = "linux")]
fn may_ask(user: u32, this: u32) -> bool {
    user == 0 || user == this
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpStream;

    /// Starts one, and gives its address and the thread that serves it.
    fn started() -> (String, std::thread::JoinHandle<Result<bool>>) {
        let one = OneShot::new(Secret::new("https://secret.test/?token")).unwrap();
        let address = one.address();
        let served = std::thread::spawn(move || one.serve(Duration::from_secs(20), || Ok(())));
        (address, served)
    }

    fn ask(address: &str, head: &str) -> String {
        let host = address.split('/').nth(2).unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer
    }

    #[test]
    fn it_leads_on_once_and_only_who_knows_the_whole_address() {
        let (address, served) = started();
        let host = address.split('/').nth(2).unwrap().to_owned();
        let path = format!("/{}", address.split('/').nth(3).unwrap());
        // A connection that says nothing is in nobody's way.
        let silent = TcpStream::connect(&host).unwrap();
        for (head, status) in [
            (format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"), "404"),
            (
                format!("GET {path}x HTTP/1.1\r\nHost: {host}\r\n\r\n"),
                "404",
            ),
            (
                format!("GET {path} HTTP/1.1\r\nHost: evil.test\r\n\r\n"),
                "421",
            ),
            (format!("GET {path} HTTP/1.1\r\n\r\n"), "421"),
            (
                format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\n\r\n"),
                "421",
            ),
            (
                format!("HEAD {path} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
                "405",
            ),
            (
                format!("POST {path} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
                "405",
            ),
            (
                format!("GET http://evil.test{path} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
                "421",
            ),
            ("nonsense\r\n\r\n".to_owned(), "400"),
        ] {
            let answer = ask(&address, &head);
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status} ")),
                "{head}{answer}"
            );
            assert!(!answer.contains("secret.test"), "{answer}");
        }
        let good = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let answer = ask(&address, &good);
        assert!(answer.starts_with("HTTP/1.1 302 "), "{answer}");
        for header in [
            "location: https://secret.test/?token\r\n",
            "cache-control: no-store\r\n",
            "referrer-policy: no-referrer\r\n",
        ] {
            assert!(answer.contains(header), "{answer}");
        }
        assert!(served.join().unwrap().unwrap());
        assert!(TcpStream::connect(&host).is_err(), "it listens no more");
        drop(silent);
    }

    #[test]
    fn of_several_at_once_one_is_led_on() {
        let one = OneShot::new(Secret::new("https://secret.test/")).unwrap();
        let (host, path) = (one.shared.host.clone(), one.shared.path.clone());
        let served = std::thread::spawn(move || one.serve(Duration::from_secs(20), || Ok(())));
        let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let streams: Vec<TcpStream> = (0..5)
            .filter_map(|_| TcpStream::connect(&host).ok())
            .collect();
        let mut led_on = 0;
        for mut stream in streams {
            let mut answer = String::new();
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.read_to_string(&mut answer);
            led_on += answer.matches("secret.test").count();
        }
        assert_eq!(led_on, 1);
        assert!(served.join().unwrap().unwrap());
    }

    #[test]
    fn nobody_is_waited_for_for_ever_nor_for_a_browser_that_failed() {
        let new = || OneShot::new(Secret::new("x")).unwrap();
        assert!(!new().serve(Duration::from_millis(30), || Ok(())).unwrap());
        let gone = new().serve(Duration::from_secs(20), || Err(Error::failed("gone")));
        assert_eq!(gone.unwrap_err().message(), "gone");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_owner_of_the_other_end_is_known() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let _client = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let (_stream, peer) = listener.accept().unwrap();
        assert_eq!(stranger(peer, port), None);
        // Nobody has this connection.
        let other = "127.0.0.1:1".parse().unwrap();
        assert_eq!(stranger(other, port), Some(Visit::OfNobody));
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        assert!(owner_in(&table, other, port).is_none());
        let line = "  3: 0100007F:1F40 0100007F:0FA0 01 00000000:00000000 00:00000000 00000000  1234        0 99 1";
        if cfg!(target_endian = "little") {
            let peer = "127.0.0.1:8000".parse().unwrap();
            assert_eq!(owner_in(line, peer, 4000), Some(1234));
            let mapped = "0000000000000000FFFF00000100007F:";
            let line = line.replace("0100007F:", mapped);
            assert_eq!(owner_in(&line, peer, 4000), Some(1234));
        }
        // A client that has an IPv6 socket, as Java has.
        let address = format!("[::ffff:127.0.0.1]:{port}");
        // Some computers have none.
        if let Ok(_client) = TcpStream::connect(address.parse::<SocketAddr>().unwrap()) {
            let (_stream, peer) = listener.accept().unwrap();
            assert_eq!(stranger(peer, port), None);
        }
        for (user, may) in [(1000, true), (0, true), (1001, false), (65534, false)] {
            assert_eq!(may_ask(user, 1000), may, "{user}");
        }
    }
}
