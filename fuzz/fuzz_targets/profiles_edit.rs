//! Any bytes as a `profiles.yaml` that is changed: unchanged it comes back byte for byte; changed, it means what was asked.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use mai::config::edit::{Draft, NewIdentityProvider, NewProfile, Scalar};
use mai::config::{Config, SourceFile};
use mai::paths::Paths;

static FILE: LazyLock<SourceFile> = LazyLock::new(|| {
    let paths = Paths::from_environment();
    let config = Config::load_above(None, &paths, Some(Path::new("/dev/null")));
    config.expect("an empty configuration").own_file
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(draft) = Draft::parse(bytes, &FILE) else {
        return;
    };
    if let Ok(unchanged) = draft.clone().finish() {
        assert_eq!(unchanged, bytes);
    }
    let text = |text: &str| Scalar::Text(text.to_owned());
    let profile = NewProfile {
        name: "fuzzed".to_owned(),
        settings: vec![
            ("identity_provider".to_owned(), text("fuzzed-idp")),
            ("role".to_owned(), text("*/Admin: # [x]")),
        ],
    };
    let provider = NewIdentityProvider {
        name: "fuzzed-idp".to_owned(),
        settings: vec![("url".to_owned(), text("https://login.example.com/?a=b#c"))],
    };
    let there = draft.has_profile("fuzzed");
    let mut changed = draft.clone();
    let _ = changed.add_identity_provider(&provider);
    if changed.add_profile(&profile).is_ok() {
        assert!(!there);
        changed = again(changed);
        assert!(changed.has_profile("fuzzed"));
    }
    if changed.set_default("fuzzed").is_ok() {
        changed = again(changed);
        assert_eq!(changed.default_profile(), Some("fuzzed"));
    }
    if changed.remove_profile("fuzzed").is_ok() {
        changed = again(changed);
        assert!(!changed.has_profile("fuzzed"));
        assert_ne!(changed.default_profile(), Some("fuzzed"));
    }
});

/// What would be written, read again.
fn again(draft: Draft) -> Draft {
    let bytes = draft.finish().expect("a change that was made is written");
    Draft::parse(&bytes, &FILE).expect("what was written can be read")
}
