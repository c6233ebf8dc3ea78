//! Any bytes as the Python Mai's `mai.yaml`: what is understood can be copied into a `profiles.yaml`, with the same profiles.
#![no_main]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use mai::config::Config;
use mai::config::edit::Draft;
use mai::paths::Paths;

/// The name of the file is what makes it the Python Mai's.
static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("mai-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    folder.join("mai.yaml")
});
static PATHS: LazyLock<Paths> = LazyLock::new(Paths::from_environment);

fn names(config: &Config) -> Vec<&str> {
    config.profiles.iter().map(|each| &*each.name).collect()
}

fuzz_target!(|bytes: &[u8]| {
    std::fs::write(&*FILE, bytes).expect("it is written");
    let Ok(config) = Config::load_above(None, &PATHS, Some(&FILE)) else {
        return;
    };
    let Some(classic) = &config.classic else {
        return;
    };
    let nothing = Config::load_above(None, &PATHS, Some(Path::new("/dev/null")));
    let nothing = nothing.expect("an empty configuration");
    let mut draft = Draft::parse(b"", &nothing.own_file).expect("an empty draft");
    let copied = classic.copy_into(&mut draft).expect("all of it is copied");
    assert_eq!(copied, config.profiles.len());
    let written = draft.finish().expect("it is written");
    let read = nothing.as_if(&PATHS, &written).expect("it can be read");
    assert_eq!(names(&read), names(&config));
});
