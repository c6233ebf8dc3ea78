//! `mai env` in fish, whose universal variables are those of all its shells.

use mai_testbed::Testbed;

use super::{is_there, signed_in};
use crate::support::Home;

/// What fish says, whose person has universal variables: those of all its shells, for ever.
#[track_caller]
fn fish(home: &Home, code: &str, line: &str) -> String {
    let script = format!("fish -ic '{code}' \"$@\" </dev/null");
    home.script(&script, line, "").ok().stdout
}

#[test]
fn universal_variables_of_fish_are_hidden_and_stay() {
    if !is_there("fish") {
        return;
    }
    let testbed = Testbed::start();
    let mut home = signed_in(&testbed);
    let names = "AWS_PROFILE AWS_DEFAULT_PROFILE AWS_VAULT AWS_ACCESS_KEY_ID";
    let shown = format!("for name in {names} AWS_REGION; echo $name=(printenv $name); end");
    let universal = "AWS_PROFILE=mine\nAWS_DEFAULT_PROFILE=mine\nAWS_VAULT=mine\nAWS_ACCESS_KEY_ID=mine\n\
                     AWS_REGION=us-east-2\n";
    let set = format!("for name in {names}; set -Ux $name mine; end; set -Ux AWS_REGION us-east-2");
    fish(&home, &set, "");
    home.write(".aws/config", "[profile prod]\nregion = eu-west-1\n");
    let key = |profile: &str| home.key(profile, "aws_access_key_id").expect("a key");
    // boto3 finds no profile with an empty name, so there the section stands whose keys these are.
    let of = |profile: &str, region: &str| {
        format!(
            "AWS_PROFILE={profile}\nAWS_DEFAULT_PROFILE={profile}\nAWS_VAULT=\nAWS_ACCESS_KEY_ID={}\nAWS_REGION={region}\n",
            key(profile)
        )
    };
    let (prod, audit) = (of("prod", "eu-west-1"), of("audit", "us-east-2"));
    let seen = fish(&home, &format!("$argv prod | source; {shown}"), "env");
    assert_eq!(seen, prod);
    let code = format!("$argv prod | source; $argv audit | source; {shown}");
    assert_eq!(fish(&home, &code, "env"), audit);
    let code = format!("$argv prod | source; $argv --unset | source; {shown}");
    assert_eq!(
        fish(&home, &code, "env"),
        universal.replace("VAULT=mine", "VAULT=")
    );
    // In a function, and where the shell came with others of its own.
    let code =
        format!("function f; set -lx AWS_PROFILE mine; $argv | source; {shown}; end; f $argv");
    assert_eq!(fish(&home, &code, "env prod"), prod);
    home.set("AWS_PROFILE", "inherited");
    home.set("AWS_VAULT", "inherited");
    let seen = fish(&home, &format!("$argv | source; {shown}"), "env prod");
    assert_eq!(seen, prod);
    home.unset("AWS_PROFILE");
    home.unset("AWS_VAULT");
    let line = "init fish --use --no-prompt";
    let mai = env!("CARGO_BIN_EXE_mai");
    home.write("bin/mai", format!("#!/bin/sh\nexec {mai} \"$@\"\n"));
    let code = format!(
        "chmod +x bin/mai; set PATH $HOME/bin $PATH; $argv | source; mai use prod; {shown}"
    );
    let used = "AWS_PROFILE=prod\nAWS_DEFAULT_PROFILE=prod\nAWS_VAULT=\nAWS_ACCESS_KEY_ID=\nAWS_REGION=us-east-2\n";
    assert_eq!(fish(&home, &code, line), used);
    assert_eq!(fish(&home, &shown, ""), universal);
}
