//! `mai exec --via endpoint`: an address instead of keys.

use mai_testbed::Testbed;

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
