//! Whole logins, compared in one run: one profile and fifty at 50 ms of latency; a login with good keys and `/bin/true`.
//!
//! Ratios, not times, since times belong to a machine: `cargo bench --bench login`.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mai_testbed::{Fault, PASSWORD, Server, Testbed};
use std::io::Write;

const PROFILES: usize = 50;
/// Rounds of each pair; the median counts.
const ROUNDS: usize = 9;

fn main() {
    // `cargo test --benches` only asks whether this runs.
    let rounds = if std::env::args().any(|argument| argument == "--test") {
        1
    } else {
        ROUNDS
    };
    let testbed = Testbed::start();
    testbed.any_role(true);
    let home = tempfile::tempdir().expect("a temporary folder");
    configure(&testbed, home.path());
    let mai = env!("CARGO_BIN_EXE_mai");

    for server in [Server::Idp, Server::Sts] {
        testbed.set(Fault::Latency { server, millis: 50 });
    }
    let (one, fifty) = compare(
        rounds,
        || {
            login(
                mai,
                home.path(),
                &testbed,
                "login p0 --force --password-stdin",
            )
        },
        || {
            login(
                mai,
                home.path(),
                &testbed,
                "login --all --force --password-stdin",
            )
        },
    );
    println!("login of 1 profile, 50 ms latency         {one:>9.1?}");
    println!(
        "login of {PROFILES} profiles, 50 ms latency       {fifty:>9.1?}   {:.2} x of one (at most 1.7)",
        fifty.as_secs_f64() / one.as_secs_f64()
    );
    testbed.clear_faults();

    let (nothing, good) = compare(
        rounds * 10,
        || run(Command::new("/bin/true"), ""),
        || login(mai, home.path(), &testbed, "login p0"),
    );
    println!("/bin/true                                 {nothing:>9.1?}");
    println!(
        "login with good keys                      {good:>9.1?}   {:.2} x of /bin/true",
        good.as_secs_f64() / nothing.as_secs_f64()
    );
}

fn configure(testbed: &Testbed, home: &Path) {
    testbed.users(|users| {
        let mut user = mai_testbed::User::new("bench");
        for n in 0..PROFILES {
            user = user.role(mai_testbed::Role::new("111111111111", &format!("Role{n}")));
        }
        users.add(user);
    });
    let mut yaml = format!(
        "identity_providers:\n  corp: {{url: \"{}\", username: bench, password: ask}}\nprofiles:\n",
        testbed.face("simple")
    );
    for n in 0..PROFILES {
        yaml.push_str(&format!(
            "  p{n}: {{identity_provider: corp, role: 111111111111/Role{n}}}\n"
        ));
    }
    let folder = home.join(".config/mai");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("profiles.yaml"), yaml).expect("a file");
}

/// The medians of two things done in turns, so that a busy moment of the machine meets both.
fn compare(
    rounds: usize,
    mut one: impl FnMut() -> Duration,
    mut other: impl FnMut() -> Duration,
) -> (Duration, Duration) {
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        ones.push(one());
        others.push(other());
    }
    (median(ones), median(others))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn login(mai: &str, home: &Path, testbed: &Testbed, line: &str) -> Duration {
    let mut command = Command::new(mai);
    command
        .args(line.split(' '))
        .env_clear()
        .env("HOME", home)
        .envs(testbed.env());
    run(command, PASSWORD)
}

fn run(mut command: Command, stdin: &str) -> Duration {
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    if let Some(mut pipe) = child.stdin.take() {
        // A program that reads no stdin may be gone already.
        let _ = pipe.write_all(stdin.as_bytes());
    }
    let output = child.wait_with_output().expect("the program ends");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    start.elapsed()
}
