//! What runs all day, against `/bin/true` in the same run: the prompt, `mai require`, `mai credentials`, a login that has
//! nothing to do, `mai exec`. What a shell does by itself at each prompt, against an empty one. For scale, the start of
//! the AWS CLI.
//!
//! Ratios, not times, since times belong to a machine: `cargo bench --bench everyday`. With a static build in the target
//! folder (`cargo build --release --target x86_64-unknown-linux-musl`) that one is measured too.

mod company;
mod compare;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use company::{configure, mai};
use compare::{compare, run};
use mai_testbed::{PASSWORD, Testbed};

/// The first is kept in the vault.
const PROFILES: usize = 21;
const ROUNDS: usize = 201;
/// Prompts that one shell draws in a row.
const PROMPTS: usize = 200;

fn main() {
    // `cargo test --benches` only asks whether this runs.
    let rounds = match std::env::args().any(|argument| argument == "--test") {
        true => 1,
        false => ROUNDS,
    };
    let testbed = Testbed::start();
    let home = tempfile::tempdir().expect("a temporary folder");
    configure(&testbed, home.path(), PROFILES, |n| match n {
        0 => ", keys: process",
        _ => "",
    });
    let dynamic = env!("CARGO_BIN_EXE_mai");
    let first = "login --all --password-stdin";
    run(mai(dynamic, home.path(), &testbed, first), PASSWORD);

    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
    let fixed: PathBuf = target.join("x86_64-unknown-linux-musl/release/mai");
    for (kind, program) in [("dynamic", Path::new(dynamic)), ("static", &fixed)] {
        if !program.exists() {
            println!("{kind}: not built, so not measured");
            continue;
        }
        let program = program.to_str().expect("a path that is text");
        let names: Vec<String> = (1..PROFILES).map(|n| format!("p{n}")).collect();
        let require = format!("require --no-input {}", names.join(" "));
        for line in [
            "prompt",
            &require,
            "credentials p1",
            "credentials p0",
            "login --no-input p1",
            "exec p1 -- /bin/true",
        ] {
            let (nothing, taken) = compare(
                rounds,
                || run(Command::new("/bin/true"), ""),
                || run(mai(program, home.path(), &testbed, line), ""),
            );
            let shown = match line {
                "credentials p0" => "credentials, from the vault",
                line => line.split(' ').next().unwrap_or_default(),
            };
            println!(
                "{kind:<8} mai {shown:<28} {taken:>9.1?}   {:.2} x of /bin/true",
                taken.as_secs_f64() / nothing.as_secs_f64()
            );
        }
    }
    for_scale(rounds.div_ceil(20));
    let (empty, hook) = compare(
        rounds.div_ceil(20),
        || prompts(dynamic, home.path(), &testbed, false),
        || prompts(dynamic, home.path(), &testbed, true),
    );
    let each = hook.saturating_sub(empty) / u32::try_from(PROMPTS).unwrap_or(1);
    println!(
        "bash, {PROMPTS} prompts without and with it    {empty:>9.1?} {hook:>9.1?}   {each:.1?} each"
    );
}

/// What the AWS CLI takes to start, which most commands after `mai exec` wait for.
fn for_scale(rounds: usize) {
    let aws = || {
        let mut aws = Command::new("aws");
        aws.arg("--version");
        aws
    };
    if aws().output().is_err() {
        println!("the AWS CLI is not installed, so not measured");
        return;
    }
    let (nothing, taken) = compare(
        rounds,
        || run(Command::new("/bin/true"), ""),
        || run(aws(), ""),
    );
    println!(
        "for scale: aws --version              {taken:>9.1?}   {:.0} x of /bin/true",
        taken.as_secs_f64() / nothing.as_secs_f64()
    );
}

/// A shell that does at each of its prompts what `mai init` has set up, or nothing.
fn prompts(program: &str, home: &Path, testbed: &Testbed, with_hook: bool) -> Duration {
    let script = mai(program, home, testbed, "init bash").output();
    let script = home.join(
        match std::fs::write(home.join("init.bash"), script.expect("it runs").stdout) {
            Ok(()) => "init.bash",
            Err(error) => panic!("{error}"),
        },
    );
    let draw = if with_hook { "__mai_hook" } else { ":" };
    let mut bash = Command::new("bash");
    bash.args(["--norc", "--noprofile", "-ic"])
        .arg(format!(
            ". '{}'; for ((i = 0; i < {PROMPTS}; i++)); do {draw}; done",
            script.display()
        ))
        .env_clear()
        .env("HOME", home)
        .env("PATH", "/usr/bin:/bin");
    run(bash, "")
}
