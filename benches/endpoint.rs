//! The endpoint: how fast it answers, and that its memory stays where it was; 100,000 answers on one connection and
//! 5,000 on connections of their own: `cargo bench --bench endpoint`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Instant;

use mai_testbed::{PASSWORD, Testbed};

fn main() {
    // `cargo test --benches` only asks whether this runs.
    let part = if std::env::args().any(|argument| argument == "--test") {
        100
    } else {
        1
    };
    let testbed = Testbed::start();
    let home = tempfile::tempdir().expect("a temporary folder");
    let config = home.path().join("profiles.yaml");
    let yaml = format!(
        "identity_providers: {{corp: {{url: '{}', username: ada, \
         password: {{command: [echo, '{PASSWORD}'], unattended: true}}}}}}\n\
         profiles: {{prod: {{identity_provider: corp, role: 111111111111/PowerUser}}}}\n",
        testbed.face("simple")
    );
    std::fs::write(&config, yaml).expect("profiles are written");
    let mut server = Command::new(env!("CARGO_BIN_EXE_mai"))
        .args(["serve", "prod", "-o", "tsv", "-q", "-c"])
        .arg(&config)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", home.path())
        .envs(testbed.env())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("mai starts");
    let mut table = String::new();
    let mut stdout = server.stdout.take().expect("a pipe");
    stdout.read_to_string(&mut table).expect("text");
    let row: Vec<&str> = table.lines().nth(1).expect("a row").split('\t').collect();
    let token = std::fs::read_to_string(row[2]).expect("a token");
    let (host, path) = row[1]
        .strip_prefix("http://")
        .and_then(|rest| rest.split_once('/'))
        .expect("an address");
    let request = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\n\r\n");

    ask(host, &request, 1000 / part);
    let before = resident(server.id());
    let kept = 100_000 / part;
    let start = Instant::now();
    ask(host, &request, kept);
    let took = start.elapsed() / kept;
    println!("an answer on a connection that is there  {took:>9.1?}");
    let single = 5000 / part;
    let start = Instant::now();
    for _ in 0..single {
        ask(host, &request, 1);
    }
    let took = start.elapsed() / single;
    println!("an answer on one of its own              {took:>9.1?}");
    let after = resident(server.id());
    println!("memory before and after                  {before} kB, {after} kB");
    let _ = server.kill();
    let _ = server.wait();
    assert!(after <= before + 1024, "memory grows");
}

/// That many requests on one connection.
fn ask(host: &str, request: &str, times: u32) {
    let mut stream = TcpStream::connect(host).expect("a connection");
    let _ = stream.set_nodelay(true);
    let mut answers = BufReader::new(stream.try_clone().expect("a second handle"));
    for _ in 0..times {
        stream.write_all(request.as_bytes()).expect("a request");
        let (mut line, mut length) = (String::new(), 0);
        answers.read_line(&mut line).expect("a status");
        assert!(line.starts_with("HTTP/1.1 200"), "{line}");
        while line != "\r\n" {
            line.clear();
            answers.read_line(&mut line).expect("a header");
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse().expect("a length");
            }
        }
        let mut body = vec![0; length];
        answers.read_exact(&mut body).expect("a body");
    }
}

/// The memory of a process in use, in kB; 0 where the system does not tell.
fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}
