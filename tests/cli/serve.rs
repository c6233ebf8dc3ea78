//! `mai serve`: who gets keys from it, who does not, and what happens when they end while it serves.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use mai_testbed::{PASSWORD, Testbed};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::{Home, PROFILES, corp, finish, mode};
use crate::waiting::{PATIENCE, wait_until};

/// A running `mai serve`.
pub struct Serving {
    child: Child,
    pub document: Value,
    said: Arc<Mutex<String>>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Serving {
    pub fn start(home: &Home, line: &str) -> Serving {
        let mut child = home.start(&format!("serve -o json {line}"));
        let mut text = String::new();
        let mut stdout = child.stdout.take().expect("a pipe");
        // It ends although the server goes on.
        stdout.read_to_string(&mut text).expect("text");
        let said = Arc::new(Mutex::new(String::new()));
        let (stderr, lines) = (child.stderr.take().expect("a pipe"), said.clone());
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                lines.lock().expect("no panic").push_str(&(line + "\n"));
            }
        });
        let document = serde_json::from_str(&text).unwrap_or_else(|error| {
            std::thread::sleep(Duration::from_millis(100));
            panic!("{error} in `{text}`; {}", said.lock().expect("no panic"))
        });
        Serving {
            child,
            document,
            said,
        }
    }

    fn variable(&self, index: usize, name: &str) -> String {
        let value = &self.document["profiles"][index]["environment"][name];
        value.as_str().expect("a variable").to_owned()
    }

    fn url(&self, index: usize) -> String {
        self.variable(index, "AWS_CONTAINER_CREDENTIALS_FULL_URI")
    }

    fn token_file(&self, index: usize) -> String {
        self.variable(index, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
    }

    fn token(&self, index: usize) -> String {
        std::fs::read_to_string(self.token_file(index)).expect("a token")
    }

    fn address(&self) -> SocketAddr {
        let port = self.document["port"].as_u64().expect("a port");
        format!("127.0.0.1:{port}").parse().expect("an address")
    }

    fn path(&self, index: usize) -> String {
        let origin = format!("http://{}", self.address());
        let url = self.url(index);
        url.strip_prefix(&origin).expect("our origin").to_owned()
    }

    pub fn said(&self) -> String {
        self.said.lock().expect("no panic").clone()
    }

    #[track_caller]
    pub fn says(&self, words: &str) {
        wait_until(words, || self.said().contains(words));
    }

    /// The answer to a request with the right token and these headers more.
    fn ask(&self, index: usize, more: &str) -> (u16, Value) {
        let token = self.token(index);
        let host = self.address();
        let path = self.path(index);
        self.send(&format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\n{more}\r\n"
        ))
    }

    fn send(&self, request: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(self.address()).expect("a connection");
        stream.write_all(request.as_bytes()).expect("a request");
        answer(&mut BufReader::new(stream))
    }

    pub fn key_id(&self, index: usize) -> String {
        let (status, keys) = self.ask(index, "");
        assert_eq!(status, 200, "{keys}\n{}", self.said());
        keys["AccessKeyId"].as_str().expect("a key").to_owned()
    }
}

/// Status and document of the next answer; 0 if there is none.
fn answer(stream: &mut impl BufRead) -> (u16, Value) {
    let mut head = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).unwrap_or(0) == 0 {
            return (0, Value::Null);
        }
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).expect("a body");
    let lower = head.to_lowercase();
    assert!(!lower.contains("access-control"), "{head}");
    if length > 0 {
        assert!(lower.contains("cache-control: no-store"), "{head}");
    }
    let status = head[9..12].parse().expect("a status");
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

fn signed_in(testbed: &Testbed) -> Home {
    let mut home = Home::at(testbed, "simple", "ada");
    let runtime = home.path("runtime");
    std::fs::create_dir(&runtime).expect("a folder");
    home.set("XDG_RUNTIME_DIR", &runtime.display().to_string());
    home.login("prod audit").ok();
    home
}

/// Has the keys of a section end in so many seconds, as far as `mai` knows.
pub fn ends_in(home: &Home, section: &str, seconds: u64) {
    let file = ".local/state/mai/sessions";
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let at = now.expect("a time after 1970").as_secs() + seconds;
    let changed: Vec<String> = home
        .read(file)
        .lines()
        .map(|line| {
            let mut fields: Vec<String> = line.split('\t').map(str::to_owned).collect();
            if fields[0] == section {
                fields[1] = at.to_string();
            }
            fields.join("\t") + "\n"
        })
        .collect();
    // In one go, as `mai` does it: half of it would be other news.
    let beside = home.write("changed", changed.concat());
    std::fs::rename(beside, home.path(file)).expect("it is replaced");
}

#[test]
fn the_token_brings_the_keys_of_its_profile_alone() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let serving = Serving::start(&home, "prod audit");
    let (status, keys) = serving.ask(0, "");
    assert_eq!(status, 200, "{keys}");
    for (field, key) in [
        ("AccessKeyId", "aws_access_key_id"),
        ("SecretAccessKey", "aws_secret_access_key"),
        ("Token", "aws_session_token"),
        ("Expiration", "x_security_token_expires"),
    ] {
        assert_eq!(keys[field].as_str(), home.key("prod", key).as_deref());
    }
    assert_eq!(keys["AccountId"], "111111111111");
    assert_eq!(serving.ask(1, "").1["AccountId"], "222222222222");

    let (host, path) = (serving.address(), serving.path(0));
    let damaged = serving.token(0) + "x";
    for (what, headers) in [
        ("no token", String::new()),
        ("a damaged one", format!("Authorization: {damaged}\r\n")),
        (
            "another's",
            format!("Authorization: {}\r\n", serving.token(1)),
        ),
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n");
        let (status, refusal) = serving.send(&request);
        assert_eq!(status, 403, "{what}: {refusal}");
        assert_eq!(refusal["code"], "AccessDenied");
        assert!(
            refusal["message"]
                .as_str()
                .expect("words")
                .contains("token")
        );
    }
}

#[test]
fn tokens_are_in_files_that_only_their_owner_reads_and_are_not_printed() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let serving = Serving::start(&home, "prod");
    let file = home.path(&serving.token_file(0));
    assert!(file.starts_with(home.path("runtime/mai")), "{file:?}");
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(&home.path("runtime/mai")), 0o700);
    let token = serving.token(0);
    assert_eq!(token.len(), 43, "256 bits and no line break");
    assert!(!serving.document.to_string().contains(&token));
    assert!(!serving.said().contains(&token));
    let pid = serving.child.id();
    let arguments = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).expect("argv");
    assert!(!arguments.contains(&token));
}

#[test]
fn pages_of_browsers_and_other_methods_get_nothing() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let serving = Serving::start(&home, "prod");
    let (host, path, token) = (serving.address(), serving.path(0), serving.token(0));
    for more in [
        "Origin: http://evil.test\r\n",
        "Sec-Fetch-Site: cross-site\r\n",
    ] {
        let (status, refusal) = serving.ask(0, more);
        assert_eq!((status, &refusal["code"]), (403, &"AccessDenied".into()));
    }
    for (method, host, status) in [
        ("GET", "evil.test".to_owned(), 403),
        ("GET", "127.0.0.1:1".to_owned(), 403),
        ("POST", host.to_string(), 405),
        ("OPTIONS", host.to_string(), 405),
    ] {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\nContent-Length: 0\r\n\r\n"
        );
        assert_eq!(serving.send(&request).0, status, "{method} {host}");
    }
    let huge = format!("X: {}\r\n", "a".repeat(20_000));
    assert_eq!(serving.ask(0, &huge).0, 431);
    let many = "X: 1\r\n".repeat(200);
    assert_eq!(serving.ask(0, &many).0, 431);
    assert_eq!(serving.send("nonsense\r\n\r\n").0, 400);
    assert_eq!(serving.ask(0, "").0, 200);
}

#[test]
fn slow_clients_are_left_and_keep_nobody_waiting() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let serving = Serving::start(&home, "prod");
    let mut slow: Vec<TcpStream> = (0..200)
        .map(|_| {
            let mut stream = TcpStream::connect(serving.address()).expect("a connection");
            stream
                .write_all(b"GET /prod HTTP/1.1\r\nHo")
                .expect("a part");
            stream
        })
        .collect();
    let start = Instant::now();
    serving.key_id(0);
    assert!(start.elapsed() < Duration::from_secs(10), "not one by one");
    let mut rest = Vec::new();
    slow[0].set_read_timeout(Some(PATIENCE)).expect("a limit");
    let _ = slow[0].read_to_end(&mut rest).expect("the end comes");
    assert!(!String::from_utf8_lossy(&rest).contains("200 OK"));
}

#[test]
fn a_thousand_at_once_all_get_keys() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let serving = Serving::start(&home, "prod");
    let (host, path, token) = (serving.address(), serving.path(0), serving.token(0));
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\nConnection: close\r\n\r\n"
    );
    let mut streams: Vec<TcpStream> = (0..1000)
        .map(|_| TcpStream::connect(host).expect("a connection"))
        .collect();
    for stream in &mut streams {
        stream.write_all(request.as_bytes()).expect("a request");
    }
    for stream in streams {
        assert_eq!(answer(&mut BufReader::new(stream)).0, 200);
    }
}

#[test]
fn keys_that_another_login_wrote_are_served_from_then_on() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let serving = Serving::start(&home, "prod");
    let before = serving.key_id(0);
    assert_eq!(home.key("prod", "aws_access_key_id"), Some(before.clone()));
    home.login("prod --force").ok();
    let after = home.key("prod", "aws_access_key_id").expect("a key");
    assert_ne!(before, after);
    wait_until("the new keys", || serving.key_id(0) == after);
    // What was removed is served no more.
    home.mai("logout prod").ok();
    wait_until("the end of it", || serving.ask(0, "").0 == 404);
}

#[test]
fn a_renewal_that_needs_a_person_is_said_once_and_nothing_stale_is_given() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let serving = Serving::start(&home, "prod");
    let before = serving.key_id(0);
    testbed.forget_sessions();
    std::fs::remove_file(home.path(".local/state/mai/vault")).ok();
    ends_in(&home, "prod", 4);
    serving.says("run `mai login prod` in a terminal");
    assert!(
        serving
            .said()
            .contains("warning: The keys of prod last until")
    );
    assert_eq!(serving.key_id(0), before, "good until the end");
    wait_until("their end", || serving.ask(0, "").0 == 404);
    let start = Instant::now();
    let (_, refusal) = serving.ask(0, "");
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "it waits for nobody"
    );
    let message = refusal["message"].as_str().expect("words");
    assert!(message.contains("run `mai login prod`"), "{message}");
    let said = serving.said();
    assert_eq!(said.matches("mai login prod").count(), 1, "{said}");
    home.login("prod").ok();
    let after = home.key("prod", "aws_access_key_id").expect("a key");
    wait_until("the new keys", || {
        serving.ask(0, "").1["AccessKeyId"] == after.as_str()
    });
}

/// A home where a command knows the password, and nothing keeps a session.
fn home_that_knows(testbed: &Testbed) -> Home {
    let yaml = corp(testbed, "simple", "ada").replace(
        "password: ask",
        "password: {command: [echo, correct horse], unattended: true}\n    keep_session: false",
    );
    Home::with(testbed, &format!("{yaml}{PROFILES}"))
}

#[test]
fn keys_are_renewed_before_they_end_where_that_needs_nobody() {
    let testbed = Testbed::start();
    let home = home_that_knows(&testbed);
    let serving = Serving::start(&home, "prod");
    let before = serving.key_id(0);
    ends_in(&home, "prod", 300);
    wait_until("new keys", || serving.key_id(0) != before);
    assert_eq!(testbed.password_attempts("ada"), 2);
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(testbed.password_attempts("ada"), 2, "once was enough");
    // Without a runtime folder, tokens are in the state folder.
    let folder = home.path(".local/state/mai/endpoints");
    assert!(
        serving
            .token_file(0)
            .starts_with(&folder.display().to_string())
    );
}

#[test]
fn keys_that_ended_while_nobody_looked_are_renewed_within_a_request() {
    let testbed = Testbed::start();
    let home = home_that_knows(&testbed);
    let serving = Serving::start(&home, "prod");
    let before = serving.key_id(0);
    ends_in(&home, "prod", 0);
    wait_until("new keys", || {
        let (status, keys) = serving.ask(0, "");
        assert!(status == 200 || status == 404, "{keys}");
        status == 200 && keys["AccessKeyId"] != before.as_str()
    });
}

#[test]
fn what_somebody_removed_or_replaced_is_left_alone_until_somebody_signs_in() {
    let testbed = Testbed::start();
    let home = home_that_knows(&testbed);
    home.mai("login prod audit").ok();
    let serving = Serving::start(&home, "prod audit");
    home.mai("logout prod").ok();
    wait_until("the end of it", || serving.ask(0, "").0 == 404);
    serving.says("`mai login prod`");
    let attempts = testbed.password_attempts("ada");
    std::thread::sleep(Duration::from_millis(3000));
    assert_eq!(testbed.password_attempts("ada"), attempts);
    assert_eq!(home.key("prod", "aws_access_key_id"), None);
    let (status, refusal) = serving.ask(0, "");
    assert_eq!(status, 404);
    let message = refusal["message"].as_str().expect("words");
    assert!(message.contains("run `mai login prod`"), "{message}");
    assert_eq!(serving.ask(1, "").0, 200, "the other goes on");
    let said = serving.said();
    let words = "warning: The keys of prod were removed: none are served or fetched";
    assert!(said.contains(words), "{said}");
    assert_eq!(said.matches("mai login prod").count(), 1, "{said}");

    home.mai("login prod").ok();
    wait_until("the new keys", || serving.ask(0, "").0 == 200);
    let before = serving.key_id(0);
    ends_in(&home, "prod", 300);
    wait_until("newer ones", || serving.key_id(0) != before);

    let own =
        "[prod]\naws_access_key_id = ASIAOTHER\naws_secret_access_key = x\naws_session_token = y\n";
    home.write(".aws/credentials", own);
    serving.says("The keys of prod were removed or replaced");
    assert_eq!(home.credentials(), own);
}

#[test]
fn a_role_that_was_chosen_by_hand_is_not_replaced_by_that_of_the_profile() {
    let testbed = Testbed::start();
    let home = home_that_knows(&testbed);
    let serving = Serving::start(&home, "prod");
    home.mai("login prod --role arn:aws:iam::111111111111:role/ReadOnly")
        .ok();
    serving.says("are of arn:aws:iam::111111111111:role/ReadOnly now");
    let (key, _) = (home.key("prod", "aws_access_key_id"), serving.ask(0, ""));
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(home.key("prod", "aws_access_key_id"), key);
    assert_eq!(serving.ask(0, "").0, 404);
}

#[test]
fn the_person_at_its_terminal_is_asked_whether_to_sign_in() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let mut terminal = home.terminal("serve prod");
    terminal.expect("export AWS_CONTAINER_CREDENTIALS_FULL_URI='http://127.0.0.1:");
    terminal.expect("export AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=");
    terminal.expect("until Ctrl-C.");
    let before = home.key("prod", "aws_access_key_id");
    testbed.forget_sessions();
    std::fs::remove_file(home.path(".local/state/mai/vault")).ok();
    testbed.clear_requests();
    ends_in(&home, "prod", 300);
    terminal.expect("last until").expect("Sign in now? [Y/n]");
    assert_eq!(testbed.password_attempts("ada"), 1, "the first login's");
    terminal.line("y").expect("Password").line(PASSWORD);
    terminal.expect("prod until");
    wait_until("new keys", || {
        home.key("prod", "aws_access_key_id") != before
    });
    terminal.keys("\u{3}");
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(seen.contains("Serving prod no more."), "{seen}");
    assert_eq!(tokens(&home), [""; 0]);
}

/// What lies in the folder of tokens, beside the lock for making them.
fn tokens(home: &Home) -> Vec<String> {
    let mut names = home.names("runtime/mai");
    names.retain(|name| name != "locks");
    names
}

#[test]
fn it_ends_in_peace_and_what_killed_ones_left_is_swept() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let mut first = Serving::start(&home, "prod audit");
    assert_eq!(tokens(&home).len(), 3);
    let other = Serving::start(&home, "audit");
    assert_eq!(tokens(&home).len(), 5);
    first.child.kill().expect("it can be killed");
    first.child.wait().expect("it ends");
    assert_eq!(tokens(&home).len(), 5);
    let mut third = Serving::start(&home, "prod");
    assert_eq!(tokens(&home).len(), 4, "those of the killed one are gone");
    assert_eq!(other.ask(0, "").0, 200, "and those of the living are not");
    let pid = Pid::from_raw(third.child.id().cast_signed()).expect("a pid");
    kill_process(pid, Signal::TERM).expect("it lives");
    let status = third.child.wait().expect("it ends");
    assert_eq!(status.code(), Some(0));
    assert_eq!(tokens(&home).len(), 2);
}

#[test]
fn a_port_can_be_chosen_and_one_that_is_taken_costs_no_password() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let serving = Serving::start(&home, "prod");
    let port = serving.address().port();
    let (url, file) = (serving.url(0), serving.token_file(0));
    let home_of_another = Home::at(&testbed, "simple", "ada");
    home_of_another
        .mai(&format!("serve prod --port {port}"))
        .fails(1, &["cannot listen on port", "in use", "--port"]);
    home.mai("serve prod --port 80").fails(2, &["--port"]);
    let token = serving.token(0);
    drop(serving);
    let again = Serving::start(&home, &format!("prod --port {port}"));
    assert_eq!((again.url(0), again.token_file(0)), (url, file));
    assert_ne!(again.token(0), token);
    assert_eq!(again.ask(0, "").0, 200);
}

#[test]
fn the_lines_are_for_a_shell() {
    let testbed = Testbed::start();
    let mut home = signed_in(&testbed);
    home.set("AWS_PROFILE", "other");
    let answer = home.script(
        "eval \"$(\"$@\" 2>/dev/null & echo export PID=$!)\"\n\
         echo \"$AWS_CONTAINER_CREDENTIALS_FULL_URI\"; echo \"${AWS_PROFILE-none}\"\n\
         wc -c <\"$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE\"; kill $PID",
        "serve prod",
        "",
    );
    let lines: Vec<&str> = answer.stdout.lines().collect();
    assert!(lines[0].starts_with("http://127.0.0.1:"), "{answer}");
    assert!(lines[0].ends_with("/prod"), "{answer}");
    assert_eq!(lines[1..], ["none", "43"], "{answer}");
}

#[test]
fn with_nobody_there_it_does_not_start_without_keys() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    finish(home.start("serve prod"), "").fails(3, &["a person is needed for the keys of prod"]);
    home.mai("serve nope")
        .fails(2, &["there is no profile `nope`"]);
    assert_eq!(testbed.password_attempts("ada"), 0);
}
