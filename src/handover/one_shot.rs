//! An address on this computer that leads on to a secret one: once, for a minute, for this user only.
//!
//! What starts a browser puts its address on a command line, which everybody on the computer can read. So the browser
//! gets this one, and the secret never stands there.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use ring::rand::{SecureRandom, SystemRandom};

use crate::error::{Error, Result};
use crate::secret::Secret;

/// What a browser asks has a few hundred bytes.
const LONGEST_HEAD: usize = 16 * 1024;
/// Browsers open connections ahead of time and say nothing on them.
const PATIENCE: Duration = Duration::from_secs(10);
const MOST_AT_ONCE: usize = 16;
const PAUSE: Duration = Duration::from_millis(10);

/// Listens from the moment it is made.
pub struct OneShot {
    listener: TcpListener,
    shared: Arc<Shared>,
}

struct Shared {
    /// `127.0.0.1:PORT`
    host: String,
    port: u16,
    /// `/` and 32 random letters.
    path: String,
    leads_to: Secret,
    is_used: AtomicBool,
    at_once: AtomicUsize,
}

/// How a request was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    LedOn,
    Refused,
    /// By a program of another user, who read the address from a command line.
    OfAnotherUser,
}

impl OneShot {
    pub fn new(leads_to: Secret) -> Result<OneShot> {
        let failed = |error| {
            Error::failed("no address of this computer could be opened for the browser")
                .because(error)
                .hint("`--print` prints the address instead")
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let mut random = [0; 16];
        SystemRandom::new()
            .fill(&mut random)
            .map_err(|_| Error::failed("this computer gives no random numbers"))?;
        let path: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(OneShot {
            listener,
            shared: Arc::new(Shared {
                host: format!("127.0.0.1:{port}"),
                port,
                path: format!("/{path}"),
                leads_to,
                is_used: AtomicBool::new(false),
                at_once: AtomicUsize::new(0),
            }),
        })
    }

    /// What the browser is given: letters, digits, `:`, `.` and `/`.
    pub fn address(&self) -> String {
        format!("http://{}{}", self.shared.host, self.shared.path)
    }

    /// Waits for the browser; `look` is asked meanwhile whether it still may come. False: it did not come in time.
    pub fn serve(self, limit: Duration, mut look: impl FnMut() -> Result<()>) -> Result<bool> {
        let end = Instant::now() + limit;
        let (done, answers) = channel();
        while Instant::now() < end {
            match self.listener.accept() {
                Ok((stream, peer)) => self.answer(stream, peer, &done),
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(PAUSE),
                // A connection that broke before it was taken.
                Err(_) => std::thread::sleep(PAUSE),
            }
            match answers.try_recv() {
                Ok(Answer::LedOn) => return Ok(true),
                Ok(Answer::OfAnotherUser) => {
                    return Err(Error::failed(
                        "a program of another user asked for the address that was meant for the browser",
                    )
                    .hint("it got nothing; run it again, or use `--print`"));
                }
                Ok(Answer::Refused) | Err(_) => {}
            }
            if !self.shared.is_used.load(Ordering::SeqCst) {
                look()?;
            }
        }
        Ok(false)
    }

    /// Each in a thread of its own, so that a silent connection holds up nobody.
    fn answer(&self, stream: TcpStream, peer: SocketAddr, done: &Sender<Answer>) {
        let shared = Arc::clone(&self.shared);
        if shared.at_once.fetch_add(1, Ordering::SeqCst) >= MOST_AT_ONCE {
            shared.at_once.fetch_sub(1, Ordering::SeqCst);
            return;
        }
        let done = done.clone();
        std::thread::spawn(move || {
            let answer = shared.talk(stream, peer).unwrap_or(Answer::Refused);
            shared.at_once.fetch_sub(1, Ordering::SeqCst);
            // Nobody listens any more if it was too late.
            let _ = done.send(answer);
        });
    }
}

impl Shared {
    fn talk(&self, mut stream: TcpStream, peer: SocketAddr) -> std::io::Result<Answer> {
        stream.set_nonblocking(false)?;
        let head = read_head(&mut stream)?;
        let refusal = match self.refusal(&head) {
            None if owner_of(peer, self.port).is_some_and(|owner| !is_ours(owner)) => {
                say(&mut stream, "403 Forbidden", "")?;
                return Ok(Answer::OfAnotherUser);
            }
            // Last of all, and by one request only.
            None if self.is_used.swap(true, Ordering::SeqCst) => Some("410 Gone"),
            other => other,
        };
        if let Some(refusal) = refusal {
            say(&mut stream, refusal, "")?;
            return Ok(Answer::Refused);
        }
        let location = format!("Location: {}\r\n", self.leads_to.expose());
        say(&mut stream, "302 Found", &location)?;
        Ok(Answer::LedOn)
    }

    /// Why a request gets nothing, if so. The host is compared since pages of other names can point to this address.
    fn refusal(&self, head: &str) -> Option<&'static str> {
        let mut lines = head.split("\r\n");
        let mut words = lines.next().unwrap_or_default().split(' ');
        let (method, path, version) = (words.next(), words.next(), words.next());
        let hosts: Vec<&str> = lines
            .filter_map(|line| line.split_once(':'))
            .filter(|(name, _)| name.eq_ignore_ascii_case("host"))
            .map(|(_, host)| host.trim())
            .collect();
        match (method, path, version) {
            _ if hosts != [self.host.as_str()] => Some("421 Misdirected Request"),
            (_, Some(path), Some("HTTP/1.1")) if path != self.path => Some("404 Not Found"),
            (Some("GET"), Some(_), Some("HTTP/1.1")) => None,
            (Some(_), Some(_), Some("HTTP/1.1")) => Some("405 Method Not Allowed"),
            _ => Some("400 Bad Request"),
        }
    }
}

fn read_head(stream: &mut TcpStream) -> std::io::Result<String> {
    let end = Instant::now() + PATIENCE;
    let mut head = Vec::new();
    let mut chunk = [0; 2048];
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() || head.len() > LONGEST_HEAD {
            return Err(ErrorKind::InvalidData.into());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut chunk)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            length => head.extend_from_slice(&chunk[..length]),
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// Answers, and waits until it has arrived: the program may end right after.
fn say(stream: &mut TcpStream, status: &str, header: &str) -> std::io::Result<()> {
    let head = zeroize::Zeroizing::new(format!(
        "HTTP/1.1 {status}\r\n{header}Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n\
         Content-Length: 0\r\nConnection: close\r\n\r\n"
    ));
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(head.as_bytes())?;
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    let _ = stream.read(&mut [0; 64]);
    Ok(())
}

/// The user who owns the other end of a connection to this port, where the system tells.
#[cfg(target_os = "linux")]
fn owner_of(peer: SocketAddr, port: u16) -> Option<u32> {
    owner_in(&std::fs::read_to_string("/proc/net/tcp").ok()?, peer, port)
}

#[cfg(not(target_os = "linux"))]
fn owner_of(_: SocketAddr, _: u16) -> Option<u32> {
    None
}

/// A line of `/proc/net/tcp`: number, local address, remote address, state, queues, timer, retransmits, user, …
#[cfg(target_os = "linux")]
fn owner_in(table: &str, peer: SocketAddr, port: u16) -> Option<u32> {
    let SocketAddr::V4(peer) = peer else {
        return None;
    };
    let shown = |address: &Ipv4Addr, port: u16| {
        format!("{:08X}:{port:04X}", u32::from_ne_bytes(address.octets()))
    };
    let ends = [
        shown(peer.ip(), peer.port()),
        shown(&Ipv4Addr::LOCALHOST, port),
    ];
    table.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let is_it = fields.get(1..3)? == ends;
        is_it.then(|| fields.get(7)?.parse().ok())?
    })
}

/// Root counts too: it can read the memory of every program anyway, and what brings a browser of Windows to an address
/// of WSL runs as root.
#[cfg(unix)]
fn is_ours(user: u32) -> bool {
    may_ask(user, rustix::process::geteuid().as_raw())
}

#[cfg(unix)]
fn may_ask(user: u32, this: u32) -> bool {
    user == 0 || user == this
}

#[cfg(not(unix))]
fn is_ours(_: u32) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

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
                format!("GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n"),
                "400",
            ),
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
            "Location: https://secret.test/?token\r\n",
            "Cache-Control: no-store\r\n",
            "Referrer-Policy: no-referrer\r\n",
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
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let _client = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let (_stream, peer) = listener.accept().unwrap();
        assert!(is_ours(owner_of(peer, port).unwrap()));
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        assert!(owner_in(&table, "127.0.0.1:1".parse().unwrap(), port).is_none());
        let line = "  3: 0100007F:1F40 0100007F:0FA0 01 00000000:00000000 00:00000000 00000000  1234        0 99 1";
        if cfg!(target_endian = "little") {
            let peer = "127.0.0.1:8000".parse().unwrap();
            assert_eq!(owner_in(line, peer, 4000), Some(1234));
        }
        for (user, may) in [(1000, true), (0, true), (1001, false), (65534, false)] {
            assert_eq!(may_ask(user, 1000), may, "{user}");
        }
    }
}
