//! Whole logins, compared in one run: one profile and fifty at 50 ms of latency.
//!
//! Ratios, not times, since times belong to a machine: `cargo bench --bench login`.

mod compare;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

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

fn login(mai: &str, home: &Path, testbed: &Testbed, line: &str) -> Duration {
    let mut command = Command::new(mai);
    command
        .args(line.split(' '))
        .env_clear()
        .env("HOME", home)
        .envs(testbed.env());
    run(command, PASSWORD)
}
