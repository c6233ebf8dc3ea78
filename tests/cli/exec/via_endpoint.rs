//! `mai exec --via endpoint`: an address instead of keys.

use mai_testbed::Testbed;

use super::signed_in;
use crate::support::Home;

#[test]
fn a_command_may_ask_an_endpoint_instead() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    home.login("prod").ok();
    let script =
        "echo $AWS_CONTAINER_CREDENTIALS_FULL_URI ${AWS_ACCESS_KEY_ID:-none} $MAI_PROFILE; exit 7";
    let answer = home.mai(&format!("exec prod --via endpoint -- sh -c '{script}'"));
    assert_eq!(answer.code, Some(7), "{answer}");
    let words: Vec<&str> = answer.stdout.split_whitespace().collect();
    assert!(
        words[0].starts_with("http://127.0.0.1:") && words[0].ends_with("/prod"),
        "{answer}"
    );
    assert_eq!(words[1..], ["none", "prod"]);
    home.mai("exec prod --via endpoint -- no-such-command")
        .fails(127, &["no-such-command"]);
}

#[test]
fn a_region_of_the_profile_before_does_not_reach_the_command() {
    let testbed = Testbed::start();
    let mut home = signed_in(&testbed);
    let regions = |home: &Home, profile: &str| {
        let shown = "echo ${AWS_REGION-none} ${AWS_DEFAULT_REGION-none}";
        let line = format!("exec {profile} --via endpoint -- sh -c '{shown}'");
        home.mai(&line).ok().stdout
    };
    home.set("AWS_REGION", "us-east-2");
    home.set("AWS_DEFAULT_REGION", "us-east-2");
    assert_eq!(
        regions(&home, "prod"),
        "us-east-2 us-east-2\n",
        "a person's own"
    );
    home.set("MAI_PROFILE", "audit");
    assert_eq!(regions(&home, "prod"), "none none\n");
    home.write(".aws/config", "[profile prod]\nregion = eu-west-1\n");
    assert_eq!(regions(&home, "prod"), "eu-west-1 eu-west-1\n");
    // What the hidden [default] says takes its place.
    home.write(
        ".aws/config",
        "[default]\nrole_arn = x\nregion = eu-west-3\n",
    );
    assert_eq!(regions(&home, "prod"), "eu-west-3 eu-west-3\n");
}
