//! `mai logout` while `mai serve` renews the very keys: what is removed stays removed.

use mai_testbed::Testbed;

use crate::serve::{Serving, ends_in};
use crate::support::{Home, PROFILES, corp, finish};
use crate::waiting::wait_until;

/// A home where a command knows the password, and tells it only while there is a file `go`.
fn home(testbed: &Testbed, keys: &str) -> Home {
    let home = Home::with(testbed, "");
    let script = home.write(
        "password",
        format!(
            "cd '{}'\ntouch asked\nuntil [ -e go ]; do sleep 0.02; done\necho correct horse\n",
            home.path("").display()
        ),
    );
    let yaml = corp(testbed, "simple", "ada").replace(
        "password: ask",
        &format!(
            "password: {{command: [sh, '{}'], unattended: true}}\n    keep_session: false",
            script.display()
        ),
    );
    let profiles = PROFILES.replace(
        "role/PowerUser\n",
        &format!("role/PowerUser\n    keys: {keys}\n"),
    );
    home.profiles(&format!("secrets: file\n{yaml}{profiles}"));
    // There prod is no profile any more, so nothing is known of its identity provider, and nobody is waited for.
    home.write(
        "without.yaml",
        format!("secrets: file\n{yaml}profiles: {{}}\n"),
    );
    home.write("go", "");
    home.mai("login prod audit").ok();
    home
}

/// From now on sign-ins wait.
fn hold(home: &Home) {
    std::fs::remove_file(home.path("go")).expect("it was there");
    std::fs::remove_file(home.path("asked")).expect("somebody asked");
}

fn wait_for_a_sign_in(home: &Home) {
    wait_until("a sign-in", || home.path("asked").exists());
}

#[track_caller]
fn is_gone(home: &Home) {
    assert_eq!(home.key("prod", "aws_access_key_id"), None);
    let sessions = home.read(".local/state/mai/sessions");
    assert!(!sessions.contains("prod\t"), "{sessions}");
}

#[test]
fn a_renewal_under_way_brings_nothing_back() {
    for keys in ["file", "process"] {
        let testbed = Testbed::start();
        let home = home(&testbed, keys);
        let serving = Serving::start(&home, "prod");
        hold(&home);
        ends_in(&home, "prod", 300);
        wait_for_a_sign_in(&home);
        home.mai("-c without.yaml logout prod").ok();
        home.write("go", "");
        serving.says("The keys of prod were removed");
        assert_eq!(testbed.password_attempts("ada"), 2, "it was under way");
        is_gone(&home);
        let said = serving.said();
        assert!(!said.contains("could not be renewed"), "{said}");
        assert_eq!(
            home.mai("status -o tsv")
                .stdout
                .matches("\tvalid\t")
                .count(),
            1
        );
    }
}

#[test]
fn a_renewal_that_waits_for_another_sign_in_looks_again() {
    let testbed = Testbed::start();
    let home = home(&testbed, "file");
    let serving = Serving::start(&home, "prod");
    hold(&home);
    let other = home.start("login audit --force");
    wait_for_a_sign_in(&home);
    ends_in(&home, "prod", 300);
    // Now it is behind the other one; there is nothing to be seen of that.
    std::thread::sleep(std::time::Duration::from_millis(2000));
    home.mai("-c without.yaml logout prod").ok();
    home.write("go", "");
    finish(other, "").ok();
    serving.says("The keys of prod were removed");
    assert_eq!(testbed.password_attempts("ada"), 2, "prod was left alone");
    is_gone(&home);
}

#[test]
fn the_others_of_a_renewal_go_on() {
    let testbed = Testbed::start();
    let home = home(&testbed, "file");
    let serving = Serving::start(&home, "prod audit");
    let before = home.key("audit", "aws_access_key_id");
    hold(&home);
    ends_in(&home, "prod", 300);
    ends_in(&home, "audit", 300);
    wait_for_a_sign_in(&home);
    home.mai("-c without.yaml logout prod").ok();
    home.write("go", "");
    serving.says("The keys of prod were removed");
    wait_until("new keys of audit", || {
        home.key("audit", "aws_access_key_id") != before
    });
    is_gone(&home);
    let said = serving.said();
    assert!(!said.contains("could not be renewed"), "{said}");
}

#[test]
fn a_logout_that_waits_for_a_renewal_removes_what_it_wrote() {
    let testbed = Testbed::start();
    let home = home(&testbed, "file");
    let serving = Serving::start(&home, "prod");
    hold(&home);
    ends_in(&home, "prod", 300);
    wait_for_a_sign_in(&home);
    let logout = home.start("logout prod");
    std::thread::sleep(std::time::Duration::from_millis(1000));
    home.write("go", "");
    let answer = finish(logout, "").ok();
    assert!(
        answer.stderr.contains("Removed the keys in [prod]."),
        "{answer}"
    );
    serving.says("The keys of prod were removed");
    is_gone(&home);
}

/// As `home`, and far is a role that is assumed with the keys of prod.
fn home_of_a_chain(testbed: &Testbed, keys: &str) -> Home {
    testbed.any_role(true);
    let home = home(testbed, keys);
    for file in [".config/mai/profiles.yaml", "without.yaml"] {
        let yaml = home.read(file).replacen(
            "groups:",
            "  far: {source_profile: prod, role: 'arn:aws:iam::333333333333:role/Far'}\ngroups:",
            1,
        );
        home.write(file, yaml);
    }
    home.mai("login far").ok();
    home
}

#[test]
fn keys_that_are_assumed_with_removed_ones_are_not_renewed() {
    for keys in ["file", "process"] {
        let testbed = Testbed::start();
        let home = home_of_a_chain(&testbed, keys);
        let serving = Serving::start(&home, "far");
        home.mai("-c without.yaml logout prod").ok();
        let before = home.key("far", "aws_access_key_id");
        ends_in(&home, "far", 300);
        serving.says("The keys of prod were removed, and those of far are assumed with them");
        assert_eq!(testbed.password_attempts("ada"), 1);
        is_gone(&home);
        // Until then they are good, and served.
        assert_eq!(serving.key_id(0), before.expect("keys"));
        home.mai("login far").ok();
        wait_until("new keys", || {
            home.key("far", "aws_access_key_id") == Some(serving.key_id(0))
        });
    }
}

#[test]
fn a_renewal_under_way_brings_no_keys_back_that_others_are_assumed_with() {
    let testbed = Testbed::start();
    let home = home_of_a_chain(&testbed, "file");
    let serving = Serving::start(&home, "far");
    hold(&home);
    ends_in(&home, "prod", 30);
    ends_in(&home, "far", 300);
    wait_for_a_sign_in(&home);
    home.mai("-c without.yaml logout prod").ok();
    home.write("go", "");
    serving.says("The keys of prod were removed, and those of far are assumed with them");
    assert_eq!(testbed.password_attempts("ada"), 2, "it was under way");
    is_gone(&home);
    let said = serving.said();
    assert!(!said.contains("could not be renewed"), "{said}");
    assert!(!said.contains("needs a person"), "{said}");
}
