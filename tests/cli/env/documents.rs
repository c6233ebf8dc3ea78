//! `mai env` for files and programs: `.env`, Docker, JSON, Kubernetes.

use mai_testbed::Testbed;

use super::{HOSTILE, printed, signed_in};
use crate::sign_ins::traffic;
use crate::support::Home;

#[test]
fn files_and_documents_hold_the_same() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let key = |name: &str| home.key("prod", name).expect("a key");
    let secret = key("aws_secret_access_key");
    for form in ["dotenv", "docker"] {
        let text = printed(&home, &format!("prod --format {form}"));
        assert!(text.contains(&format!("\nAWS_SECRET_ACCESS_KEY={secret}\n")));
        assert_eq!(text.lines().count(), 6, "no region is known");
    }
    let text = printed(&home, "prod --format json");
    assert_eq!(text, printed(&home, "prod -o json"));
    let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    for (name, value) in [
        ("profile", "prod"),
        ("aws_profile", "prod"),
        ("role_arn", "arn:aws:iam::111111111111:role/PowerUser"),
        ("account_id", "111111111111"),
        ("role", "PowerUser"),
        ("expires_at", &key("x_security_token_expires")),
        ("access_key_id", &key("aws_access_key_id")),
        ("secret_access_key", &secret),
        ("session_token", &key("aws_session_token")),
    ] {
        assert_eq!(document[name], value, "{name}");
    }
    assert!(document["region"].is_null());
    let text = printed(&home, "prod audit --format json");
    let both: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(
        (&both[0]["profile"], &both[1]["profile"]),
        (&"prod".into(), &"audit".into())
    );
    let text = printed(
        &home,
        "prod=P_ audit=A_ --format json --names WHO={account_id}",
    );
    let names: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(
        names,
        serde_json::json!({"P_WHO": "111111111111", "A_WHO": "222222222222"})
    );
    let text = printed(&home, "prod --format k8s");
    assert!(text.starts_with("apiVersion: v1\nkind: Secret\nmetadata:\n  name: \"mai-prod\"\n"));
    assert!(text.contains(&format!("\n  \"AWS_SECRET_ACCESS_KEY\": \"{secret}\"\n")));
    let text = printed(&home, "prod --format k8s --as-file --secret-name aws.keys");
    assert!(text.contains("name: \"aws.keys\"\n"));
    assert!(text.contains(&format!(
        "\n  \"credentials\": \"[default]\\naws_access_key_id = {}\\n",
        key("aws_access_key_id")
    )));
}

#[test]
fn what_a_file_cannot_hold_is_refused_and_not_shown() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    home.write(
        ".aws/config",
        format!("[profile prod]\nregion = {HOSTILE}\n"),
    );
    let answer = home
        .mai("env prod --format dotenv")
        .fails(2, &["AWS_REGION cannot be written as dotenv", "--names"]);
    assert_eq!(answer.stdout, "", "all or nothing");
    printed(&home, "prod --format docker");
}

#[test]
fn what_a_file_cannot_hold_is_refused_before_a_password_is_asked() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    for (names, told) in [
        ("X='{role}!'", "X cannot be written as dotenv"),
        ("Y={secret_access_key}#", "Y cannot be written as dotenv"),
        ("A={role},B={region}", "B cannot be set: prod has no region"),
    ] {
        home.mai(&format!("env prod --format dotenv --names {names}"))
            .fails(2, &[told]);
    }
    home.write(
        ".aws/config",
        format!("[profile prod]\nregion = {HOSTILE}\n"),
    );
    home.mai("env prod --format dotenv")
        .fails(2, &["AWS_REGION cannot be written as dotenv"]);
    assert_eq!(traffic(&testbed), (0, 0));
    home.mai("env prod --format docker")
        .fails(3, &["a person is needed"]);
}
