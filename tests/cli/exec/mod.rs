//! `mai exec`: the command has keys and nothing that shadows them, and `mai` is gone.

mod environment;
mod process;
mod refusals;
mod via_endpoint;
mod via_profile;

use mai_testbed::{PASSWORD, Testbed};

use crate::support::Home;

/// ada's home, with good keys of prod and audit.
fn signed_in(testbed: &Testbed) -> Home {
    let home = Home::at(testbed, "simple", "ada");
    home.login("morning").ok();
    testbed.clear_requests();
    home
}

#[test]
fn critical_profiles_are_said_loudly() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let yaml = home.read(".config/mai/profiles.yaml");
    let yaml = yaml.replace("  prod:\n", "  prod:\n    critical: true\n");
    home.profiles(&format!("{yaml}accounts: {{\"111111111111\": acme}}\n"));
    let answer = home.mai("exec prod -- true");
    assert_eq!(
        answer.to_string(),
        "CRITICAL: prod, PowerUser in acme (111111111111)\n[exit 0]"
    );
    assert_eq!(home.mai("exec prod -q -- true").to_string(), "[exit 0]");
    assert_eq!(home.mai("exec audit -- true").to_string(), "[exit 0]");
}

#[test]
fn keys_that_are_short_are_renewed_first() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let mut terminal = home.terminal("exec prod -- printenv AWS_ACCESS_KEY_ID");
    terminal.expect("Password").line(PASSWORD);
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    let key = home.key("prod", "aws_access_key_id").expect("a key");
    assert!(seen.trim_end().ends_with(&key), "{seen}");
    let old = key;
    let mut terminal = home.terminal("exec prod -- printenv AWS_ACCESS_KEY_ID");
    terminal.expect(&old);
}
