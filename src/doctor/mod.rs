//! What is wrong here, and where each setting and each secret is.
//!
//! Everything is looked at and nothing is changed: no window is opened, no password is sent, and without `online` no
//! host is asked. What comes out is fit to be pasted into a bug report.

mod agent;
mod configuration;
mod credentials;
mod environment;
mod mask;
mod network;
mod process_lines;
pub mod report;
mod secrets;

use std::path::Path;

use crate::config::Config;
use crate::error::Result;
use crate::paths::Paths;
use report::{Area, Report};

/// What is looked at.
pub struct Patient<'a> {
    pub paths: &'a Paths,
    /// The configuration, or why there is none.
    pub config: Result<Config>,
    /// Reads the environment; tests bring their own.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// `mai` and its version.
    pub version: &'a str,
}

/// Looks at everything; with `online` also at the hosts.
pub fn examine(patient: &Patient, online: bool) -> Report {
    let config = patient.config.as_ref().ok();
    let mut areas = vec![
        program(patient),
        configuration::files(patient),
        credentials::shared_files(patient),
        environment::variables(patient),
        secrets::places(patient),
        agent::service(patient),
        network::settings(patient),
    ];
    match config {
        Some(config) if online => areas.push(network::reach(patient, config)),
        _ => {}
    }
    let mut report = Report {
        version: patient.version.to_owned(),
        settings: config.map(configuration::settings).unwrap_or_default(),
        areas,
    };
    report.mask(&mask::Mask::new(patient));
    report
}

fn program(patient: &Patient) -> Area {
    let mut area = Area::new("mai");
    let libc = if cfg!(target_env = "musl") {
        ", static"
    } else {
        ""
    };
    area.good(format!(
        "{} for {} on {}{libc}",
        patient.version,
        std::env::consts::ARCH,
        std::env::consts::OS
    ));
    if let Ok(program) = std::env::current_exe() {
        area.good(format!("runs from {}", patient.paths.shown(&program)));
    }
    area
}

/// Who may read a file beside its owner; `None` if nobody, or if this system has no such modes.
#[cfg(unix)]
fn others_may(path: &Path, bits: u32) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    let mode = std::fs::metadata(path).ok()?.mode() & 0o777;
    (mode & bits != 0).then_some(mode)
}

#[cfg(not(unix))]
fn others_may(_path: &Path, _bits: u32) -> Option<u32> {
    None
}
