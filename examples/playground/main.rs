//! The main job without an account, an identity provider or a network: `cargo run --example playground`.
//!
//! An identity provider and an STS start on loopback, a home folder is made up, and a real `mai` signs in to two
//! profiles with one password. Everything is gone afterwards. With `-- --shell` a shell opens in that home instead, to
//! try things by hand.

#[cfg(unix)]
mod tour;

#[cfg(unix)]
fn main() -> Result<std::process::ExitCode, Box<dyn std::error::Error>> {
    tour::main()
}

#[cfg(not(unix))]
fn main() {
    eprintln!("the playground needs Linux or macOS");
}
