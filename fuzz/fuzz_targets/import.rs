//! Any text as the configuration of another tool: refused, or planned as profiles that can be written and read.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use mai::config::Config;
use mai::paths::Paths;
use mai::setup::import::{Plan, Source, TOOLS};

static PATHS: LazyLock<Paths> = LazyLock::new(Paths::from_environment);
static NOTHING: LazyLock<Config> = LazyLock::new(|| {
    Config::load_above(None, &PATHS, Some(Path::new("/dev/null"))).expect("an empty configuration")
});

fuzz_target!(|text: &str| {
    for tool in TOOLS {
        let source = Source {
            text,
            shown: "file",
        };
        let Ok(found) = (tool.read)(&source) else {
            continue;
        };
        let mut plan = Plan::default();
        plan.add(&NOTHING, tool.name, found);
        let written = plan.text(&NOTHING).expect("what is planned is written");
        let read = NOTHING.as_if(&PATHS, written.as_bytes());
        let read = read.expect("what was written can be read");
        assert_eq!(read.profiles.len(), plan.profiles.len());
    }
});
