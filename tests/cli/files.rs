//! The credentials file as a file: links, mounts, modes, full disks.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use mai_testbed::{PASSWORD, Testbed};

use crate::support::{Answer, Home, finish, mode, start};

const FILE: &str = ".aws/credentials";
const BEFORE: &str = "# mine\n[dev]\nregion=eu-west-1  ; home\n";
const LOGIN: &str = "login prod --password-stdin";

fn home_with(testbed: &Testbed, before: &str) -> Home {
    let home = Home::at(testbed, "simple", "ada");
    home.write(FILE, before);
    home
}

fn login_in(home: &Home, script: &str) -> Answer {
    home.script_with_mounts(script, LOGIN, &format!("{PASSWORD}\n"))
}

/// No temporary file is left beside the credentials file.
#[track_caller]
fn nothing_is_left_over(home: &Home, folder: &str) {
    let names = home.names(folder);
    assert!(!names.is_empty(), "the folder is there");
    assert!(
        !names.iter().any(|name| name.contains(".mai-")),
        "{names:?}"
    );
}

#[test]
fn a_read_only_file_stays_as_it_is_and_costs_no_password() {
    let testbed = Testbed::start();
    let home = home_with(&testbed, BEFORE);
    fs::set_permissions(home.path(FILE), fs::Permissions::from_mode(0o400)).expect("a mode");
    home.login("prod").fails(
        1,
        &[
            "/.aws/credentials: the file is read-only",
            "hint: chmod u+w ",
        ],
    );
    assert_eq!(home.credentials(), BEFORE);
    assert_eq!(mode(&home.path(FILE)), 0o400);
    assert_eq!(testbed.password_attempts("ada"), 0);
    nothing_is_left_over(&home, ".aws");
    // Nothing announces keys that are not there.
    assert!(!home.read(".local/state/mai/sessions").contains("prod"));
}

#[test]
fn on_a_full_disk_the_old_file_stays() {
    let testbed = Testbed::start();
    let home = home_with(&testbed, BEFORE);
    // One page: the old file fits, a second one does not.
    let answer = login_in(
        &home,
        "cp .aws/credentials before; mount -t tmpfs -o size=4k,mode=0700 none .aws; cp before .aws/credentials
         set +e; \"$@\"; code=$?; cp .aws/credentials after; ls -A .aws > left; exit $code",
    );
    answer.fails(
        1,
        &[
            "cannot write",
            "/.aws/credentials: No space left on device",
            "hint: free some space and run it again; the file is as it was",
        ],
    );
    assert_eq!(home.read("after"), BEFORE);
    assert_eq!(home.read("left"), "credentials\n");
    assert!(!home.read(".local/state/mai/sessions").contains("prod"));
}

#[test]
fn a_disk_that_is_full_when_the_file_must_be_written_in_place_keeps_the_old_bytes() {
    let testbed = Testbed::start();
    let before = format!("{BEFORE}{}\n", "#".repeat(4096 - BEFORE.len() - 1));
    let home = home_with(&testbed, &before);
    let answer = login_in(
        &home,
        "mkdir disk; mount -t tmpfs -o size=4k none disk; cp .aws/credentials disk/c; mount --bind disk/c .aws/credentials
         set +e; \"$@\"; code=$?; cp .aws/credentials after; exit $code",
    );
    answer.fails(1, &["No space left on device", "the file is as it was"]);
    assert_eq!(home.read("after"), before);
}

#[test]
fn where_no_file_may_grow_the_old_one_stays() {
    let testbed = Testbed::start();
    let home = home_with(&testbed, BEFORE);
    home.script(
        "trap '' XFSZ; ulimit -f 0; \"$@\"",
        LOGIN,
        &format!("{PASSWORD}\n"),
    )
    .fails(1, &["cannot write", "/.aws/credentials: File too large"]);
    assert_eq!(home.credentials(), BEFORE);
    nothing_is_left_over(&home, ".aws");
}

#[test]
fn a_link_stays_a_link_and_its_target_gets_the_keys() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    home.write("dotfiles/aws/credentials", BEFORE);
    home.write(".aws/config", "");
    // Relative, over a second link in another folder.
    symlink("../dotfiles/link", home.path(FILE)).expect("a link");
    symlink("aws/credentials", home.path("dotfiles/link")).expect("a link");
    home.login("prod").ok();
    for link in [FILE, "dotfiles/link"] {
        let is_link = fs::symlink_metadata(home.path(link)).expect("it is there");
        assert!(is_link.is_symlink(), "{link}");
    }
    let after = home.read("dotfiles/aws/credentials");
    assert!(
        after.starts_with(BEFORE) && after.contains("[prod]"),
        "{after}"
    );
    nothing_is_left_over(&home, "dotfiles/aws");
    nothing_is_left_over(&home, ".aws");
    // The same file, so the same sessions, however it is named.
    let target = home.path("dotfiles/aws/credentials").display().to_string();
    let mut by_target = home.command("status -o json");
    by_target.env("AWS_SHARED_CREDENTIALS_FILE", target);
    let status = finish(start(by_target), "").ok();
    assert_eq!(status.json()[0]["status"], "valid", "{status}");
}

#[test]
fn a_link_to_nothing_gets_its_target() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    home.write(".aws/config", "");
    symlink("../keys", home.path(FILE)).expect("a link");
    home.login("prod").ok();
    assert!(home.path(FILE).is_symlink());
    assert!(home.read("keys").contains("[prod]"));
    assert_eq!(mode(&home.path("keys")), 0o600);
}

#[test]
fn links_in_a_circle_are_told_before_any_password() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    home.write(".aws/config", "");
    symlink("b", home.path(FILE)).expect("a link");
    symlink("credentials", home.path(".aws/b")).expect("a link");
    let answer = home.login("prod");
    answer.fails(1, &["/.aws/credentials"]);
    assert_eq!(testbed.password_attempts("ada"), 0);
}

#[test]
fn a_mounted_file_is_written_in_place_and_it_says_so() {
    let testbed = Testbed::start();
    let home = home_with(&testbed, "");
    home.write("shared", BEFORE);
    let inode = fs::metadata(home.path("shared")).expect("a file").ino();
    let answer = login_in(
        &home,
        "mount --bind shared .aws/credentials; set +e; \"$@\"; code=$?; ls -A .aws > left; exit $code",
    )
    .ok();
    assert!(
        answer
            .stderr
            .contains("/.aws/credentials was written in place: it cannot be replaced: "),
        "{answer}"
    );
    let after = home.read("shared");
    assert!(
        after.starts_with(BEFORE) && after.contains("[prod]"),
        "{after}"
    );
    assert_eq!(
        fs::metadata(home.path("shared")).expect("a file").ino(),
        inode
    );
    assert_eq!(mode(&home.path("shared")), 0o600);
    assert_eq!(home.read("left"), "credentials\n");
}

#[test]
fn a_file_with_a_second_name_keeps_both_names() {
    let testbed = Testbed::start();
    let home = home_with(&testbed, BEFORE);
    fs::hard_link(home.path(FILE), home.path("second")).expect("a link");
    let answer = home.login("prod").ok();
    assert!(
        answer
            .stderr
            .contains("was written in place: it has a second name"),
        "{answer}"
    );
    assert_eq!(home.read("second"), home.credentials());
    assert!(home.credentials().starts_with(BEFORE));
    assert!(home.credentials().contains("[prod]"));
}

#[test]
fn a_file_that_others_can_read_is_closed_and_it_says_so() {
    let testbed = Testbed::start();
    let home = home_with(&testbed, BEFORE);
    fs::set_permissions(home.path(FILE), fs::Permissions::from_mode(0o644)).expect("a mode");
    let answer = home.login("prod").ok();
    assert!(
        answer.stderr.contains(
            "/.aws/credentials was open to other users (mode 0644); now only you can read it (0600)"
        ),
        "{answer}"
    );
    assert_eq!(mode(&home.path(FILE)), 0o600);
    let again = home.login("prod --force").ok();
    assert!(!again.stderr.contains("open to other users"), "{again}");
}

#[test]
fn a_folder_in_place_of_the_file_is_told_before_any_password() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    home.write(".aws/credentials/inside", "x");
    home.login("prod")
        .fails(1, &["/.aws/credentials is not a plain file"]);
    assert_eq!(home.read(".aws/credentials/inside"), "x");
    assert_eq!(testbed.password_attempts("ada"), 0);
}

#[test]
fn a_device_in_place_of_the_file_is_told_before_any_password() {
    let testbed = Testbed::start();
    let mut home = Home::at(&testbed, "simple", "ada");
    home.set("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    home.login("prod")
        .fails(1, &["cannot write /dev/null: it is a device, not a file"]);
    assert_eq!(testbed.password_attempts("ada"), 0);
}

#[test]
fn when_only_the_state_folder_is_full_the_keys_are_there_all_the_same() {
    let testbed = Testbed::start();
    let home = home_with(&testbed, BEFORE);
    home.write("fill", "x".repeat(4096));
    let answer = login_in(
        &home,
        "mkdir -p .local/state/mai; mount -t tmpfs -o size=4k,mode=0700 none .local/state/mai
         cp fill .local/state/mai; exec \"$@\"",
    );
    let answer = answer.ok();
    let told = "/.local/state/mai/sessions: No space left on device";
    assert!(answer.stderr.contains(told), "{answer}");
    let after = home.credentials();
    assert!(
        after.starts_with(BEFORE) && after.contains("[prod]"),
        "{after}\n{answer}"
    );
    // The next login takes stock again.
    home.login("prod").ok();
    assert_eq!(home.mai("status -o json").ok().json()[0]["status"], "valid");
}

#[test]
fn a_file_in_a_folder_of_somebody_else_is_written_in_place() {
    if !rustix::process::geteuid().is_root() {
        // Nobody else can give a folder away.
        return;
    }
    let testbed = Testbed::start();
    let home = home_with(&testbed, BEFORE);
    fs::set_permissions(home.path(FILE), fs::Permissions::from_mode(0o600)).expect("a mode");
    for entry in [
        "",
        ".config",
        ".config/mai",
        ".config/mai/profiles.yaml",
        FILE,
    ] {
        std::os::unix::fs::chown(home.path(entry), Some(12345), Some(12345)).expect("root may");
    }
    let mut command = home.command(LOGIN);
    std::os::unix::process::CommandExt::uid(&mut command, 12345);
    let answer = finish(start(command), PASSWORD).ok();
    assert!(
        answer
            .stderr
            .contains("was written in place: no file can be made beside it: Permission denied"),
        "{answer}"
    );
    let after = home.credentials();
    assert!(
        after.starts_with(BEFORE) && after.contains("[prod]"),
        "{after}"
    );
    let now = fs::metadata(home.path(FILE)).expect("a file");
    assert_eq!((now.uid(), now.mode() & 0o777), (12345, 0o600));
}

#[test]
fn the_owner_of_the_file_stays_when_root_writes_it() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let testbed = Testbed::start();
    let home = home_with(&testbed, BEFORE);
    std::os::unix::fs::chown(home.path(FILE), Some(12345), Some(12346)).expect("root may");
    home.login("prod").ok();
    let now = fs::metadata(home.path(FILE)).expect("a file");
    assert_eq!((now.uid(), now.gid()), (12345, 12346));
    assert!(home.credentials().contains("[prod]"));
}
