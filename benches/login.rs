//! Whole logins, compared in one run: one profile and fifty at 50 ms of latency.
//!
//! Ratios, not times, since times belong to a machine: `cargo bench --bench login`.

mod company;
mod compare;

use std::path::Path;
use std::time::Duration;

use company::{configure, mai};
use compare::{compare, run};
use mai_testbed::{Fault, PASSWORD, Server, Testbed};

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
    let home = tempfile::tempdir().expect("a temporary folder");
    configure(&testbed, home.path(), PROFILES, |_| "");
    let program = env!("CARGO_BIN_EXE_mai");

    for server in [Server::Idp, Server::Sts] {
        testbed.set(Fault::Latency { server, millis: 50 });
    }
    let (one, fifty) = compare(
        rounds,
        || {
            login(
                program,
                home.path(),
                &testbed,
                "login p0 --force --password-stdin",
            )
        },
        || {
            login(
                program,
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
}

fn login(program: &str, home: &Path, testbed: &Testbed, line: &str) -> Duration {
    run(mai(program, home, testbed, line), PASSWORD)
}
