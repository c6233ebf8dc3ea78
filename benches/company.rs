//! A company with many roles, and somebody with a profile for each.

use std::path::Path;
use std::process::Command;

use mai_testbed::{Role, Testbed, User};

/// Writes `profiles.yaml` with `p0`, `p1` …; `settings` are further ones of the profile with that number.
pub fn configure(
    testbed: &Testbed,
    home: &Path,
    profiles: usize,
    settings: impl Fn(usize) -> &'static str,
) {
    testbed.any_role(true);
    testbed.users(|users| {
        let mut user = User::new("bench");
        for n in 0..profiles {
            user = user.role(Role::new("111111111111", &format!("Role{n}")));
        }
        users.add(user);
    });
    let mut yaml = format!(
        "secrets: file\ndefault_profile: p1\nidentity_providers:\n  corp: {{url: \"{}\", username: bench, password: ask}}\nprofiles:\n",
        testbed.face("simple")
    );
    for n in 0..profiles {
        yaml.push_str(&format!(
            "  p{n}: {{identity_provider: corp, role: 111111111111/Role{n}{}}}\n",
            settings(n)
        ));
    }
    let folder = home.join(".config/mai");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("profiles.yaml"), yaml).expect("a file");
}

/// `mai` in that home, with nothing else in its environment.
pub fn mai(program: &str, home: &Path, testbed: &Testbed, line: &str) -> Command {
    let mut command = Command::new(program);
    command
        .args(line.split(' '))
        .env_clear()
        .env("HOME", home)
        .envs(testbed.env());
    command
}
