//! `[default]` in the files of AWS, which SDKs look at before they ask an endpoint.

use mai_testbed::Testbed;

use crate::serve::Serving;
use crate::support::{Answer, Home};

fn signed_in(testbed: &Testbed) -> Home {
    let home = Home::at(testbed, "simple", "ada");
    home.login("prod audit").ok();
    home
}

/// Runs a script beside an endpoint.
fn beside(home: &Home, script: &str) -> Answer {
    let path = home.write("script", script);
    home.mai(&format!(
        "exec prod --via endpoint -- sh '{}'",
        path.display()
    ))
}

const FILES: &str = "echo ${AWS_SHARED_CREDENTIALS_FILE-usual} ${AWS_CONFIG_FILE-usual}";

#[test]
fn nothing_in_default_comes_before_the_endpoint_of_a_command() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    home.write(".aws/config", "[default]\nregion = eu-west-1\n");
    let answer = beside(&home, FILES).ok();
    assert_eq!(answer.to_string(), "usual usual\n[exit 0]");
    let keys = home.credentials();
    for (setting, name) in [
        ("aws_access_key_id = AKIAX", "aws_access_key_id"),
        ("credential_process = /bin/true", "credential_process"),
        ("role_arn = arn:aws:iam::1:role/x", "role_arn"),
        ("sso_session = corp", "sso_session"),
        ("sso_start_url = https://x", "sso_start_url"),
        ("login_session = x", "login_session"),
        ("web_identity_token_file = /x", "web_identity_token_file"),
    ] {
        home.write(".aws/config", format!("[default]\n{setting}\n"));
        let answer = beside(&home, FILES).ok();
        assert_eq!(answer.stdout, "usual /dev/null\n", "{setting}");
        let words = format!("`{name}` in [default] of ~/.aws/config");
        assert!(answer.stderr.contains(&words), "{answer}");

        home.write(".aws/credentials", format!("[default]\n{setting}\n{keys}"));
        home.write(".aws/config", "[profile default]\nregion = x\n");
        let answer = beside(&home, FILES).ok();
        assert_eq!(answer.stdout, "/dev/null usual\n", "{setting}");
        let words = format!("`{name}` in [default] of ~/.aws/credentials");
        assert!(answer.stderr.contains(&words), "{answer}");
        home.write(".aws/credentials", &keys);
    }
    home.write(".aws/config", "[profile default]\nRole_Arn = x\n");
    assert_eq!(beside(&home, FILES).ok().stdout, "usual /dev/null\n");
    // The region is not what is in the way.
    home.write(
        ".aws/config",
        "[default]\nrole_arn = x\nregion = eu-west-1\n",
    );
    let answer = beside(&home, "echo $AWS_REGION $AWS_DEFAULT_REGION").ok();
    assert_eq!(answer.stdout, "eu-west-1 eu-west-1\n");
}

#[test]
fn a_server_names_what_comes_before_it() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    home.write(".aws/config", "[default]\nsso_session = corp\n");
    let keys = "[default]\naws_access_key_id = AKIAX\naws_secret_access_key = x\n";
    home.write(".aws/credentials", format!("{keys}{}", home.credentials()));
    let serving = Serving::start(&home, "prod");
    for words in [
        "warning: SDKs go by `aws_access_key_id` in [default] of ~/.aws/credentials before they ask here",
        "warning: SDKs go by `sso_session` in [default] of ~/.aws/config before they ask here",
    ] {
        serving.says(words);
    }
}

#[test]
fn mai_itself_has_the_files_of_the_person_there() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let keys = "[default]\naws_access_key_id = AKIAX\naws_secret_access_key = x\n";
    home.write(".aws/credentials", format!("{keys}{}", home.credentials()));
    home.write(
        ".aws/config",
        "[default]\nrole_arn = x\n[profile audit]\nregion = eu-west-3\n",
    );
    let mai = env!("CARGO_BIN_EXE_mai");
    let script = format!(
        "echo $AWS_SHARED_CREDENTIALS_FILE $AWS_CONFIG_FILE\n\
         {mai} exec audit -- printenv AWS_ACCESS_KEY_ID AWS_REGION\n\
         {mai} exec audit --via profile -- printenv AWS_PROFILE AWS_SHARED_CREDENTIALS_FILE\n\
         {mai} exec audit --via endpoint -- printenv MAI_PROFILE AWS_SHARED_CREDENTIALS_FILE 2>&1\n\
         {mai} -o tsv status | cut -f 2,3\n\
         AWS_SHARED_CREDENTIALS_FILE=other {mai} -o tsv status | cut -f 2,3"
    );
    let answer = beside(&home, &script).ok();
    let key = home.key("audit", "aws_access_key_id").expect("a key");
    let lines: Vec<&str> = answer.stdout.lines().collect();
    assert_eq!(lines[0], "/dev/null /dev/null", "{answer}");
    assert_eq!(lines[1..3], [&*key, "eu-west-3"], "{answer}");
    let own = home.path(".aws/credentials").display().to_string();
    assert_eq!(lines[3..5], ["audit", &*own], "{answer}");
    assert!(
        lines[5].contains("in [default] of ~/.aws/credentials"),
        "{answer}"
    );
    assert_eq!(lines[6..8], ["audit", "/dev/null"], "{answer}");
    assert_eq!(lines[9..11], ["prod\tvalid", "audit\tvalid"], "{answer}");
    // Another file that somebody names is another file.
    assert_eq!(lines[12], "prod\tnot_signed_in", "{answer}");
}
