//! Homes that are missing, closed, or somebody else's; and runs where nobody can be asked.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use mai_testbed::{PASSWORD, Testbed};

use crate::support::{Home, finish, mode, start};

/// Everything below the home, but for the profiles that the test wrote.
fn traces(home: &Home) -> Vec<String> {
    let mut names = home.names("");
    names.retain(|name| name != ".config");
    names
}

#[test]
fn without_a_home_nothing_is_written_anywhere() {
    let testbed = Testbed::start();
    for home_is in [None, Some("relative"), Some("")] {
        let mut home = Home::at(&testbed, "simple", "ada");
        match home_is {
            Some(path) => home.set("HOME", path),
            None => home.unset("HOME"),
        }
        for line in ["login prod --password-stdin", "status", "list", ""] {
            home.mai_with(line, PASSWORD).fails(
                2,
                &[
                    "there is no home folder: HOME is not set to an absolute path",
                    "hint: set HOME",
                ],
            );
        }
        let config = home.path(".config/mai/profiles.yaml").display().to_string();
        home.login(&format!("prod -c {config}"))
            .fails(2, &["there is no home folder"]);
        assert!(traces(&home).is_empty(), "{:?}", traces(&home));
    }
    assert_eq!(testbed.password_attempts("ada"), 0);
}

#[test]
fn a_read_only_home_is_told_before_any_password() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let answer = home.script_with_mounts(
        "mount --bind \"$HOME\" \"$HOME\"; mount -o remount,bind,ro \"$HOME\"; cd \"$HOME\"; exec \"$@\"",
        "login prod --password-stdin",
        PASSWORD,
    );
    answer.fails(
        1,
        &["cannot write", "/.aws/credentials: Read-only file system"],
    );
    assert_eq!(testbed.password_attempts("ada"), 0);
    assert!(traces(&home).is_empty());
}

#[test]
fn a_read_only_state_folder_is_told_before_any_password() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let answer = home.script_with_mounts(
        "mkdir .local; mount --bind .local .local; mount -o remount,bind,ro .local; exec \"$@\"",
        "login prod --password-stdin",
        PASSWORD,
    );
    answer.fails(
        1,
        &[
            "/.local/state/mai: Read-only file system",
            "hint: `mai` keeps its state there; XDG_STATE_HOME can name another place",
        ],
    );
    assert_eq!(testbed.password_attempts("ada"), 0);
    assert_eq!(traces(&home), [".local"]);
}

#[test]
fn a_read_only_home_does_not_keep_status_and_list_from_working() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    home.login("prod").ok();
    for line in ["status", "list", "login prod"] {
        let answer = home.script_with_mounts(
            "mount --bind \"$HOME\" \"$HOME\"; mount -o remount,bind,ro \"$HOME\"; cd \"$HOME\"; exec \"$@\"",
            line,
            "",
        );
        let answer = answer.ok();
        assert!(format!("{answer}").contains("prod"), "{answer}");
    }
}

#[test]
fn a_read_only_aws_folder_is_told_and_loses_nothing() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    home.write(".aws/credentials", "[dev]\nx = 1\n");
    let answer = home.script_with_mounts(
        "mount --bind .aws .aws; mount -o remount,bind,ro .aws; exec \"$@\"",
        "login prod --password-stdin",
        PASSWORD,
    );
    answer.fails(
        1,
        &["cannot write", "/.aws/credentials: Read-only file system"],
    );
    assert_eq!(home.credentials(), "[dev]\nx = 1\n");
    assert_eq!(testbed.password_attempts("ada"), 0);
    assert!(!home.read(".local/state/mai/sessions").contains("prod"));
}

#[test]
fn root_in_somebody_elses_home_is_refused_and_leaves_no_trace() {
    if !rustix::process::geteuid().is_root() {
        // Only root can be in this place, and only root can build it.
        return;
    }
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    std::os::unix::fs::chown(home.path(""), Some(12345), Some(12345)).expect("root may");
    for line in ["login prod --password-stdin", "roles prod"] {
        home.mai_with(line, PASSWORD).fails(
            2,
            &[
                "this runs as root, but the home folder ",
                "belongs to somebody else",
                "hint: run it without sudo",
            ],
        );
    }
    assert_eq!(testbed.password_attempts("ada"), 0);
    assert!(testbed.requests().is_empty());
    assert!(traces(&home).is_empty(), "{:?}", traces(&home));
}

#[test]
fn a_state_folder_that_is_a_link_is_not_followed() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    fs::create_dir_all(home.path("elsewhere")).expect("a folder");
    fs::create_dir_all(home.path(".local/state")).expect("a folder");
    symlink(home.path("elsewhere"), home.path(".local/state/mai")).expect("a link");
    home.login("prod").fails(
        1,
        &[
            "/.local/state/mai is a symbolic link, so nothing is kept there",
            "hint: remove it: rm ",
        ],
    );
    assert_eq!(
        fs::read_dir(home.path("elsewhere"))
            .expect("a folder")
            .count(),
        0
    );
    assert_eq!(testbed.password_attempts("ada"), 0);
    assert!(!home.path(".aws").exists());
}

#[test]
fn a_state_folder_that_is_a_file_is_named() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    home.write(".local/state/mai", "x");
    home.login("prod").fails(
        1,
        &["/.local/state/mai is not a folder, so nothing is kept there"],
    );
    assert_eq!(home.read(".local/state/mai"), "x");
    assert_eq!(testbed.password_attempts("ada"), 0);
}

#[test]
fn a_sessions_file_that_is_a_link_is_not_written_through() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    home.write("victim", "mine\n");
    home.login("audit").ok();
    fs::remove_file(home.path(".local/state/mai/sessions")).expect("it is there");
    symlink(home.path("victim"), home.path(".local/state/mai/sessions")).expect("a link");
    let answer = home.login("prod").ok();
    let told = "/.local/state/mai/sessions is not a plain file";
    assert!(answer.stderr.contains(told), "{answer}");
    assert_eq!(home.read("victim"), "mine\n");
}

#[test]
fn a_state_folder_that_others_can_enter_is_closed() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    fs::create_dir_all(home.path(".local/state/mai")).expect("a folder");
    let open = fs::Permissions::from_mode(0o755);
    fs::set_permissions(home.path(".local/state/mai"), open).expect("a mode");
    home.login("prod").ok();
    assert_eq!(mode(&home.path(".local/state/mai")), 0o700);
}

#[test]
fn xdg_and_aws_variables_move_the_files() {
    let testbed = Testbed::start();
    let mut home = Home::at(&testbed, "simple", "ada");
    home.write(
        "c/mai/profiles.yaml",
        home.read(".config/mai/profiles.yaml"),
    );
    fs::remove_dir_all(home.path(".config")).expect("it is there");
    let at = |below: &str| home.path(below).display().to_string();
    let (config, state, keys) = (at("c"), at("s"), at("k/keys"));
    home.set("XDG_CONFIG_HOME", &config);
    home.set("XDG_STATE_HOME", &state);
    home.set("AWS_SHARED_CREDENTIALS_FILE", &keys);
    home.login("prod").ok();
    assert!(home.read("k/keys").contains("[prod]"));
    assert_eq!(
        (mode(&home.path("k/keys")), mode(&home.path("k"))),
        (0o600, 0o700)
    );
    assert_eq!(traces(&home), ["c", "k", "s"]);
    assert_eq!(home.mai("status -o json").ok().json()[0]["status"], "valid");
    // Each credentials file has its own sessions.
    assert!(!home.path("s/mai/sessions").exists());
    home.unset("AWS_SHARED_CREDENTIALS_FILE");
    let status = home.mai("status -o json").ok();
    assert_eq!(status.json()[0]["status"], "not_signed_in", "{status}");
}

#[test]
fn a_relative_xdg_variable_counts_for_nothing() {
    let testbed = Testbed::start();
    let mut home = Home::at(&testbed, "simple", "ada");
    home.set("XDG_STATE_HOME", "state");
    home.set("XDG_CONFIG_HOME", "config");
    home.login("prod").ok();
    assert_eq!(traces(&home), [".aws", ".local"]);
}

#[test]
fn without_a_terminal_nobody_is_asked_and_the_command_to_run_is_named() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let answer = home.mai("login prod").fails(
        3,
        &[
            "password",
            "127.0.0.1",
            "ada",
            "hint: run `mai login prod` in a terminal",
        ],
    );
    assert!(answer.stdout.is_empty(), "{answer}");
    assert_eq!(testbed.password_attempts("ada"), 0);
    assert!(!home.path(".aws").exists());
    let json = home.mai("login prod -o json");
    assert_eq!(json.code, Some(3), "{json}");
    assert_eq!(json.json()[0]["error"]["kind"], "needs_you", "{json}");
}

#[test]
fn a_code_is_not_asked_for_without_a_terminal_either() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "otp", "otto");
    home.profiles(
        &home
            .read(".config/mai/profiles.yaml")
            .replace("111111111111:role/PowerUser", "111111111111:role/ReadOnly"),
    );
    home.login("prod").fails(
        3,
        &[
            "a one-time code for otto",
            "hint: run `mai login prod` in a terminal",
        ],
    );
    assert!(!home.path(".aws").exists());
}

#[test]
fn with_no_input_a_terminal_is_not_asked_either() {
    let testbed = Testbed::start();
    let mut home = Home::at(&testbed, "simple", "ada");
    let (seen, code) = home.terminal("login prod --no-input").end();
    assert_eq!(code, 3, "{seen}");
    assert!(
        seen.contains("hint: run `mai login prod` in a terminal"),
        "{seen}"
    );
    assert!(!seen.contains("Password"), "{seen}");
    home.set("MAI_NO_INPUT", "1");
    let (seen, code) = home.terminal("login prod").end();
    assert_eq!(code, 3, "{seen}");
    let (seen, code) = home.terminal("login").end();
    assert_eq!(
        code, 2,
        "several profiles, no default, nobody to pick: {seen}"
    );
    // A switch that is off is off.
    home.set("MAI_NO_INPUT", "0");
    let mut terminal = home.terminal("login prod");
    terminal.expect("Password").line(PASSWORD);
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert_eq!(testbed.password_attempts("ada"), 1);
}

#[test]
fn nobody_runs_a_command_that_may_need_a_person() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    home.write("word", PASSWORD);
    let script = format!("[sh, -c, 'touch ran; cat {}']", home.path("word").display());
    let yaml = home.read(".config/mai/profiles.yaml");
    let with = |more: &str| {
        yaml.replace(
            "password: ask",
            &format!("password: {{command: {script}{more}}}"),
        )
    };
    home.profiles(&with(""));
    home.mai("login prod").fails(
        3,
        &[
            "may need a person",
            "hint: add `unattended: true` beside the command",
        ],
    );
    assert!(!home.path("ran").exists());
    assert_eq!(testbed.password_attempts("ada"), 0);
    home.profiles(&with(", unattended: true"));
    let quiet = finish(start(home.command("login prod -q")), "").ok();
    assert!(home.path("ran").exists());
    assert_eq!(
        (quiet.stdout.as_str(), quiet.stderr.as_str()),
        ("", ""),
        "{quiet}"
    );
}

#[test]
fn a_home_with_an_odd_name_works_like_any_other() {
    let testbed = Testbed::start();
    let mut home = Home::at(&testbed, "simple", "ada");
    let odd = home.path("Jo\u{e9} d'Arc; $(x)");
    fs::create_dir(&odd).expect("a folder");
    fs::rename(home.path(".config"), odd.join(".config")).expect("a move");
    home.set("HOME", &odd.display().to_string());
    home.login("prod").ok();
    let keys = fs::read_to_string(odd.join(".aws/credentials")).expect("keys");
    assert!(keys.starts_with("[prod]\n"), "{keys}");
    assert_eq!(home.mai("status -o json").ok().json()[0]["status"], "valid");
}

#[test]
fn nobody_reading_is_no_reason_to_complain() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    home.login("prod").ok();
    for line in ["status", "status -o json", "list", "list -o tsv"] {
        for script in ["\"$@\" | true", "\"$@\" >&-", "\"$@\" 2>&- >/dev/null"] {
            let answer = home.script(script, line, "").ok();
            assert_eq!(answer.stderr, "", "{script} with {line}");
        }
    }
}
