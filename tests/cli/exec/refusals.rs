//! What `mai exec` tells before it runs anything.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use mai_testbed::Testbed;

use super::signed_in;
use crate::sign_ins::traffic;
use crate::support::Home;

#[test]
fn a_command_that_cannot_be_run_is_told_before_a_sign_in() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    home.write("notes", "text");
    home.mai("exec prod -- nope").fails(
        127,
        &["there is no command `nope`", "hint: is it spelled right"],
    );
    home.mai("exec prod -- ./nope").fails(127, &["`./nope`"]);
    home.mai("exec prod -- ''").fails(127, &["``"]);
    home.mai("exec prod -- ./notes")
        .fails(126, &["`./notes` cannot be run: it is not executable"]);
    home.mai("exec prod -- ./.config")
        .fails(126, &["it is a folder"]);
    let answer = home.mai("exec prod -o json -- nope").fails(127, &[]);
    let error: serde_json::Value = serde_json::from_str(&answer.stderr).expect("JSON");
    assert_eq!(error["error"]["kind"], "command_not_found");
    assert_eq!(error["error"]["exit_code"], 127);
    assert_eq!(traffic(&testbed), (0, 0));
}

#[test]
fn what_only_the_system_knows_is_told_too() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let script = home.write("script", "#!/nowhere/sh\n");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("a mode");
    home.mai("exec prod -- ./script")
        .fails(127, &["interpreter"]);
    // A program that is being written cannot be run.
    let program = home.path("program");
    fs::copy("/bin/true", &program).expect("a copy");
    let open = fs::OpenOptions::new().append(true).open(&program);
    home.mai("exec prod -- ./program")
        .fails(125, &["`./program` could not be started: Text file busy"]);
    drop(open);
    home.mai("exec prod -- ./program").ok();
}

#[test]
fn own_failures_have_a_code_that_no_command_has() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    fs::remove_file(home.path(".aws/credentials")).expect("it was there");
    fs::create_dir(home.path(".aws/credentials")).expect("a folder");
    home.mai("exec prod -- true").fails(125, &["error: "]);
}

#[test]
fn slips_are_told_before_anything_is_sent() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    for (line, words) in [
        ("exec nope -- true", &["there is no profile `nope`"][..]),
        ("exec morning -- true", &["`morning` is a group"]),
        (
            "exec prod",
            &["no command to run", "`mai exec prod -- COMMAND`"],
        ),
        (
            "exec prod terraform plan",
            &["`mai exec prod -- terraform plan`"],
        ),
        (
            "exec prod audit -- true",
            &["AWS_ACCESS_KEY_ID would be set for prod and for audit"],
        ),
        (
            "exec prod=X_ audit=X_ -- true",
            &["X_AWS_ACCESS_KEY_ID would be set for"],
        ),
        ("exec prod=1 -- true", &["`1` cannot stand before the name"]),
        ("exec prod= -- true", &["`` cannot stand before the name"]),
        (
            "exec prod --names A={nope} -- true",
            &["there is no field {nope}"],
        ),
        (
            "exec prod --names A-B={region} -- true",
            &["`A-B` cannot be the name"],
        ),
        (
            "exec prod --via profile --names A={role} -- true",
            &["--names is for keys"],
        ),
        (
            "exec prod audit=A_ --via endpoint -- true",
            &["is for one profile"],
        ),
        (
            "exec prod --via endpoint --names A={role} -- true",
            &["--names is for keys as variables"],
        ),
        ("exec -- true", &["which profile?"]),
        ("exec prod --min soon -- true", &["--min"]),
    ] {
        home.mai(line).fails(2, words);
    }
    assert_eq!(traffic(&testbed), (0, 0));
}

#[test]
fn what_a_profile_does_not_have_is_told_before_a_password_is_asked() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let told = "X cannot be set: audit has no region";
    home.mai("exec audit --names X={region} -- true")
        .fails(2, &[told]);
    home.mai("exec prod=P_ audit=A_ --names X={region} -- true")
        .fails(2, &["cannot be set: prod has no region"]);
    home.mai("env audit --names X={region} --format sh")
        .fails(2, &[told]);
    assert_eq!(traffic(&testbed), (0, 0));
    // What it has goes on to the password.
    home.write(".aws/config", "[profile audit]\nregion = eu-west-1\n");
    home.mai("exec audit --names X={region} -- true")
        .fails(3, &["a person is needed"]);
}

#[test]
fn with_nobody_there_one_line_says_what_to_run() {
    let testbed = Testbed::start();
    let mut home = Home::at(&testbed, "simple", "ada");
    home.unset("AWS_ENDPOINT_URL_STS");
    let answer = home.mai("exec prod --no-input -- true");
    assert_eq!(
        answer.to_string(),
        "error: a person is needed for the keys of prod: run `mai login prod` in a terminal\n[exit 3]"
    );
    home.mai("exec prod=P_ audit=A_ -- true").fails(
        3,
        &["the keys of prod and audit: run `mai login prod audit`"],
    );
}
