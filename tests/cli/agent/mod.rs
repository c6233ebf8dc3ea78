//! `mai agent`: keys that renew themselves, while the clock jumps, networks go and people do things.

mod life;
mod needs;
mod others;
mod renewals;

use mai_testbed::{PASSWORD, Testbed};

use crate::support::Home;
use crate::waiting::wait_until;

/// A home whose password a command prints; `prod` and `audit` are the agent's, `dev` is not.
fn home_at(testbed: &Testbed, face: &str, user: &str) -> Home {
    let mut home = Home::new();
    home.know(testbed);
    home.write("word", PASSWORD);
    profiles(&home, testbed, face, user, "");
    // What the desktop is shown is written down.
    let bell = home.write(
        "bin/notify-send",
        "#!/bin/sh\nprintf '%s|' \"$@\" >> \"$HOME/shown\"\necho >> \"$HOME/shown\"\n",
    );
    std::fs::set_permissions(&bell, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .expect("a mode");
    let path = format!("{}:/usr/bin:/bin", home.path("bin").display());
    home.set("PATH", &path);
    home
}

fn profiles(home: &Home, testbed: &Testbed, face: &str, user: &str, more: &str) {
    home.profiles(&format!(
        "identity_providers:
  corp:
    url: {}
    username: {user}
    password: {{command: [cat, '{}'], unattended: true}}
{more}profiles:
  prod: {{identity_provider: corp, role: 111111111111/ReadOnly, renew: true}}
  audit: {{identity_provider: corp, role: 222222222222/ReadOnly, renew: true}}
  dev: {{identity_provider: corp, role: 222222222222/Admin}}
",
        testbed.face(face),
        home.path("word").display()
    ));
}

fn key_id(home: &Home, section: &str) -> String {
    home.key(section, "aws_access_key_id").expect("a key id")
}

/// Waits until the section holds other keys than these.
#[track_caller]
fn other_keys(home: &Home, section: &str, old: &str) -> String {
    wait_until("new keys", || {
        home.key(section, "aws_access_key_id")
            .is_some_and(|new| new != old)
    });
    key_id(home, section)
}

fn shown(home: &Home) -> Vec<String> {
    home.read("shown").lines().map(str::to_owned).collect()
}
