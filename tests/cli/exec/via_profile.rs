//! `mai exec --via profile`: behind the name that is handed over, every SDK finds the keys of the profile.

use mai_testbed::Testbed;

use crate::sign_ins::traffic;
use crate::support::{Home, PROFILES, corp};

/// Ada, whose password is there without her, and whose keys of prod stand in no file.
fn home_of_ada(testbed: &Testbed) -> Home {
    let corp = corp(testbed, "simple", "ada").replace(
        "password: ask",
        "password: {command: [echo, correct horse], unattended: true}",
    );
    let profiles = PROFILES.replace("role/PowerUser\n", "role/PowerUser\n    keys: process\n");
    Home::with(testbed, &format!("secrets: file\n{corp}{profiles}"))
}

fn keys_in_files(home: &Home) {
    let yaml = home.read(".config/mai/profiles.yaml");
    home.profiles(&yaml.replace("keys: process", "keys: file"));
}

const LINE: &str = "exec prod --via profile --no-input -- printenv AWS_PROFILE";

#[track_caller]
fn refused(home: &Home, words: &[&str]) {
    let answer = home.mai(LINE).fails(2, words).fails(2, &["`--via env`"]);
    assert_eq!(answer.stdout, "");
}

#[track_caller]
fn handed_over(home: &Home) {
    assert_eq!(home.mai(LINE).ok().stdout, "prod\n");
}

const LONG_LIVED: &str = "aws_access_key_id = AKIAOTHER\naws_secret_access_key = hunter2\n";

#[test]
fn keys_that_no_sdk_would_find_are_told_before_a_sign_in() {
    let testbed = Testbed::start();
    let home = home_of_ada(&testbed);
    let no_line = "~/.aws/config has no line with which SDKs ask mai for the keys of prod";
    let hint = "hint: `mai configure-process prod`";
    refused(&home, &[no_line, hint]);
    for (line, told) in [
        ("mai credentials audit", "for the keys of audit"),
        ("/nowhere/mai credentials prod", "there is no /nowhere/mai"),
        (
            "mai -c /nowhere.yaml credentials prod",
            "with the configuration /nowhere.yaml",
        ),
    ] {
        let line = format!("[profile prod]\ncredential_process = {line}\n");
        home.write(".aws/config", line);
        refused(&home, &["~/.aws/config:2", "[profile prod]", told, hint]);
    }
    assert_eq!(traffic(&testbed), (0, 0));
    home.mai("configure-process prod").ok();
    handed_over(&home);
    // The other way needs no line.
    home.write(".aws/config", "");
    home.mai("exec prod --no-input -- true").ok();
}

#[test]
fn keys_that_sdks_take_before_they_ask_are_told() {
    let testbed = Testbed::start();
    let home = home_of_ada(&testbed);
    home.mai("configure-process prod").ok();
    let config = home.read(".aws/config");
    for (file, text, place) in [
        (
            ".aws/credentials",
            format!("[prod]\n{LONG_LIVED}"),
            "~/.aws/credentials:2: [prod] has keys",
        ),
        (
            ".aws/config",
            format!("{config}{LONG_LIVED}"),
            "~/.aws/config:3: [profile prod] has keys",
        ),
    ] {
        home.write(file, text);
        refused(&home, &[place, "`mai configure-process prod --overwrite`"]);
        home.write(file, if file == ".aws/config" { &config } else { "" });
    }
    assert_eq!(traffic(&testbed), (0, 0));
    handed_over(&home);
    let temporary = LONG_LIVED.replace("AKIA", "ASIA");
    home.write(".aws/credentials", format!("[prod]\n{temporary}"));
    refused(&home, &["[prod] has keys"]);
}

#[test]
fn keys_of_ones_own_that_a_sign_in_removes_do_not_matter() {
    let testbed = Testbed::start();
    let home = home_of_ada(&testbed);
    let process = home.read(".config/mai/profiles.yaml");
    keys_in_files(&home);
    home.mai("login prod --no-input").ok();
    home.profiles(&process);
    home.write(
        ".aws/config",
        format!(
            "[profile prod]\ncredential_process = {} credentials prod\n",
            env!("CARGO_BIN_EXE_mai")
        ),
    );
    handed_over(&home);
    assert_eq!(home.key("prod", "aws_access_key_id"), None);
}

#[test]
fn settings_that_sdks_take_before_keys_in_the_file_are_told() {
    let testbed = Testbed::start();
    let home = home_of_ada(&testbed);
    keys_in_files(&home);
    for (settings, told) in [
        (
            "role_arn = arn:aws:iam::1:role/x\nsource_profile = x",
            "`role_arn`",
        ),
        ("sso_account_id = 111111111111", "`sso_account_id`"),
        ("web_identity_token_file = /x", "`web_identity_token_file`"),
        (
            "credential_process = /opt/tool --token hunter2",
            "`credential_process`, which asks /opt/tool",
        ),
        (
            "credential_process = mai credentials audit",
            "for the keys of audit",
        ),
    ] {
        home.write(".aws/config", format!("[profile prod]\n{settings}\n"));
        let place = "~/.aws/config:2: [profile prod]";
        refused(&home, &[place, told]);
        assert!(!home.mai(LINE).stderr.contains("hunter2"));
    }
    home.write(
        ".aws/config",
        format!("[profile prod]\nrole_arn =\n{LONG_LIVED}"),
    );
    assert_eq!(traffic(&testbed), (0, 0));
    handed_over(&home);
    home.mai("configure-process prod").fails(2, &[]);
    home.write(
        ".aws/config",
        "[prod]\nrole_arn = x\n[profile audit]\nrole_arn = x\n",
    );
    home.mai("configure-process prod").ok();
    handed_over(&home);
    let keys = home.credentials();
    home.write(
        ".aws/credentials",
        keys.replace("[prod]\n", "[prod]\nrole_arn = x\n"),
    );
    refused(&home, &["~/.aws/credentials:2: [prod] has `role_arn`"]);
    home.mai("exec prod --no-input -- true").ok();
}
