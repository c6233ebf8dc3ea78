//! `mai agent install` and `uninstall`: the unit, and what the service manager is told.
#![cfg(target_os = "linux")]

use std::os::unix::fs::PermissionsExt;

use mai_testbed::Testbed;

use crate::support::{Home, mode};

const UNIT: &str = ".config/systemd/user/mai-agent.service";

/// A home with a `systemctl` that writes down what it is told, and ends with this code.
fn home_with(testbed: &Testbed, code: u8) -> Home {
    let mut home = Home::at(testbed, "simple", "ada");
    let yaml = home.read(".config/mai/profiles.yaml");
    home.profiles(&yaml.replace("role/PowerUser", "role/PowerUser\n    renew: true"));
    let path = home.write(
        "bin/systemctl",
        format!("#!/bin/sh\necho \"$@\" >> \"$HOME/told\"\nexit {code}\n"),
    );
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).expect("a mode");
    home.set(
        "PATH",
        &format!("{}:/usr/bin:/bin", home.path("bin").display()),
    );
    home
}

fn told(home: &Home) -> Vec<String> {
    let told = home.read("told").lines().map(str::to_owned).collect();
    let _ = std::fs::remove_file(home.path("told"));
    told
}

#[test]
fn install_writes_the_unit_and_starts_it_and_twice_is_once() {
    let testbed = Testbed::start();
    let mut home = home_with(&testbed, 0);
    home.unset("AWS_ENDPOINT_URL_STS");
    home.set("HTTPS_PROXY", "http://ada:hush@proxy.test:3128");
    home.set("AWS_CA_BUNDLE", "/etc/my corp.pem");
    let answer = home.mai("agent install").ok();
    assert!(
        answer.stderr.contains(&format!("Wrote ~/{UNIT}.")),
        "{answer}"
    );
    assert!(
        answer
            .stderr
            .contains("The agent runs, and starts at each login."),
        "{answer}"
    );
    assert!(
        answer.stderr.contains("HTTPS_PROXY holds a password"),
        "{answer}"
    );
    assert_eq!(
        told(&home),
        [
            "--user daemon-reload",
            "--user enable mai-agent.service",
            "--user restart mai-agent.service"
        ]
    );
    let unit = home.read(UNIT);
    let start = format!("\nExecStart={} agent\n", env!("CARGO_BIN_EXE_mai"));
    assert!(unit.contains(&start), "{unit}");
    assert!(
        unit.contains("\nEnvironment=\"AWS_CA_BUNDLE=/etc/my corp.pem\"\n"),
        "{unit}"
    );
    assert!(!unit.contains("hush") && !unit.contains('@'), "{unit}");
    let again = home.mai("agent install").ok();
    assert!(again.stderr.contains("is as it should be"), "{again}");
    assert_eq!(told(&home), ["--user enable --now mai-agent.service"]);
    // Another way to start it is another unit; ours may be replaced.
    let config = home.path(".config/mai/profiles.yaml");
    home.mai(&format!("agent install --all -c '{}'", config.display()))
        .ok();
    let unit = home.read(UNIT);
    assert!(
        unit.contains(&format!(" -c {} agent --all\n", config.display())),
        "{unit}"
    );
    assert_eq!(told(&home).len(), 3);
    let doctor = home.mai("doctor");
    assert!(
        doctor.stdout.contains(&format!("installed: ~/{UNIT}")),
        "{doctor}"
    );
    home.mai("agent uninstall").ok();
    assert_eq!(
        told(&home),
        [
            "--user disable --now mai-agent.service",
            "--user daemon-reload"
        ]
    );
    assert!(!home.path(UNIT).exists());
    let nothing = home.mai("agent uninstall").ok();
    assert!(nothing.stderr.contains("There is no"), "{nothing}");
}

#[test]
fn a_unit_that_a_hand_has_changed_stays() {
    let testbed = Testbed::start();
    let home = home_with(&testbed, 0);
    home.mai("agent install").ok();
    let mine = home.read(UNIT).replace("Nice=5", "Nice=19");
    home.write(UNIT, &mine);
    told(&home);
    home.mai("agent install")
        .fails(1, &["was changed by hand", "--overwrite"]);
    home.mai("agent uninstall")
        .fails(1, &["was changed by hand", "--overwrite"]);
    assert_eq!(home.read(UNIT), mine);
    assert_eq!(told(&home), [""; 0]);
    home.mai("agent uninstall --overwrite").ok();
    assert!(!home.path(UNIT).exists());
    home.write(UNIT, &mine);
    home.mai("agent install --overwrite").ok();
    assert!(home.read(UNIT).contains("Nice=5"));
}

#[test]
fn files_that_are_named_from_here_are_found_from_elsewhere() {
    let testbed = Testbed::start();
    let mut home = home_with(&testbed, 0);
    home.set("AWS_SHARED_CREDENTIALS_FILE", "keys/mine");
    home.script("cd bin && \"$@\"", "agent install", "").ok();
    let file = home.path("bin/keys/mine");
    let line = format!("AWS_SHARED_CREDENTIALS_FILE={}", file.display());
    assert!(home.read(UNIT).contains(&line), "{}", home.read(UNIT));
}

#[test]
fn without_a_user_manager_the_unit_is_written_and_the_rest_is_said() {
    let testbed = Testbed::start();
    let home = home_with(&testbed, 1);
    let answer = home.mai("agent install").ok();
    let words = "later, run: systemctl --user daemon-reload && systemctl --user enable --now";
    assert!(answer.stderr.contains(words), "{answer}");
    assert!(home.path(UNIT).exists());
    let answer = home.mai("agent uninstall").ok();
    assert!(
        answer
            .stderr
            .contains("later, run: systemctl --user disable"),
        "{answer}"
    );
    assert!(!home.path(UNIT).exists());
}

#[test]
fn a_link_in_the_place_of_the_unit_leads_to_the_file_it_names() {
    let testbed = Testbed::start();
    let home = home_with(&testbed, 0);
    home.mai("agent install").ok();
    let moved = home.path("dotfiles-unit");
    std::fs::rename(home.path(UNIT), &moved).expect("a move");
    std::os::unix::fs::symlink(&moved, home.path(UNIT)).expect("a link");
    home.mai("agent install --all").ok();
    assert!(home.path(UNIT).is_symlink());
    assert!(home.read("dotfiles-unit").contains(" agent --all\n"));
    assert_eq!(mode(&home.path(".local/state/mai")), 0o700);
}

#[test]
fn a_slip_in_the_configuration_is_said_before_anything_is_installed() {
    let testbed = Testbed::start();
    let home = home_with(&testbed, 0);
    home.profiles("profiles: {prod: {rol: x}}");
    home.mai("agent install").fails(2, &["profiles.yaml:1:"]);
    assert!(!home.path(UNIT).exists());
    // What is wrong in it does not keep the agent from being removed.
    home.mai("agent uninstall").ok();
    home.mai("agent status").ok();
}
