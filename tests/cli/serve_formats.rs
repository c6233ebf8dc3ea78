//! What `mai serve` prints for whoever is to find its address.

use std::io::Read;
use std::process::Child;

use mai_testbed::Testbed;

use crate::support::Home;

/// Ends with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn signed_in(testbed: &Testbed) -> Home {
    let mut home = Home::at(testbed, "simple", "ada");
    home.login("prod audit").ok();
    home.write(".aws/config", "[profile prod]\nregion = eu-west-1\n");
    home.set("MAI_PROFILE", "before");
    home
}

/// A server, and what it printed.
fn printed(home: &Home, line: &str) -> (Server, String) {
    let mut server = Server(home.start(&format!("serve {line}")));
    let mut text = String::new();
    let mut stdout = server.0.stdout.take().expect("a pipe");
    // It ends although the server goes on.
    stdout.read_to_string(&mut text).expect("text");
    (server, text)
}

#[test]
fn each_shell_gets_its_own_lines() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    for (form, url, region, gone) in [
        (
            "bash",
            "export AWS_CONTAINER_CREDENTIALS_FULL_URI='http://127.0.0.1:",
            "export AWS_REGION='eu-west-1'\n",
            "unset AWSUME_COMMAND ",
        ),
        (
            "zsh",
            "export AWS_CONTAINER_CREDENTIALS_FULL_URI='http://127.0.0.1:",
            "export AWS_REGION='eu-west-1'\n",
            "unset AWSUME_COMMAND ",
        ),
        (
            "sh",
            "export AWS_CONTAINER_CREDENTIALS_FULL_URI='http://127.0.0.1:",
            "export AWS_REGION='eu-west-1'\n",
            "unset AWSUME_COMMAND ",
        ),
        (
            "fish",
            "set -gx AWS_CONTAINER_CREDENTIALS_FULL_URI 'http://127.0.0.1:",
            "set -gx AWS_REGION 'eu-west-1'\n",
            "set -eg AWSUME_COMMAND ",
        ),
        (
            "powershell",
            "$Env:AWS_CONTAINER_CREDENTIALS_FULL_URI = 'http://127.0.0.1:",
            "$Env:AWS_REGION = 'eu-west-1'\n",
            "Remove-Item Env:AWS_PROFILE ",
        ),
        (
            "nushell",
            "\"AWS_CONTAINER_CREDENTIALS_FULL_URI\": \"http://127.0.0.1:",
            "\"AWS_REGION\": \"eu-west-1\"",
            "\"AWS_PROFILE\": null,\n",
        ),
    ] {
        let (_server, text) = printed(&home, &format!("prod --format {form}"));
        for part in [url, region, gone] {
            assert!(
                text.contains(part),
                "{form}: `{part}` is missing in\n{text}"
            );
        }
        let lines = text.lines();
        let mut removed = lines.filter(|line| line.contains("unset") || line.contains("-eg"));
        assert!(removed.all(|line| !line.contains("AWS_REGION")), "{text}");
    }
    let (_server, text) = printed(&home, "audit --format sh");
    let removed = text.lines().next().expect("a line");
    assert!(removed.contains(" AWS_DEFAULT_REGION "), "{text}");
    assert!(removed.contains(" AWS_REGION "), "{text}");
}

#[test]
fn files_and_documents_have_the_same_variables() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    for form in ["dotenv", "docker"] {
        let (_server, text) = printed(&home, &format!("prod --format {form}"));
        assert!(
            text.starts_with("AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:"),
            "{text}"
        );
        assert!(text.contains("\nAWS_REGION=eu-west-1\n"), "{text}");
        assert_eq!(text.lines().count(), 4, "{text}");
    }
    for options in ["--format json", "-o json", "-o json --format json"] {
        let (_server, text) = printed(&home, &format!("prod audit {options}"));
        let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(
            document["profiles"][0]["environment"]["AWS_REGION"],
            "eu-west-1"
        );
        assert_eq!(document["profiles"][1]["profile"], "audit");
        let removed = document["unset"].as_array().expect("names");
        assert!(removed.contains(&"AWS_PROFILE".into()), "{document}");
    }
    let (_server, text) = printed(&home, "prod audit -o tsv");
    assert!(
        text.starts_with("profile\turl\ttoken_file\tregion\nprod\t"),
        "{text}"
    );
}

#[test]
fn of_several_profiles_each_has_its_lines() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    for form in ["sh", "fish", "powershell"] {
        let (_server, text) = printed(&home, &format!("prod audit --format {form}"));
        let (prod, audit) = text.split_once("# audit\n").expect("both");
        assert!(prod.starts_with("# prod\n"), "{text}");
        assert!(
            prod.contains("/prod'") && audit.contains("/audit'"),
            "{text}"
        );
        assert!(
            prod.contains("AWS_VAULT") && audit.contains("AWS_VAULT"),
            "{text}"
        );
    }
}

#[test]
fn the_shell_that_calls_is_found() {
    let testbed = Testbed::start();
    let mut home = signed_in(&testbed);
    home.set("SHELL", "/usr/bin/fish");
    let script =
        "bash -c '\"$@\" 2>said & until grep -q until said; do sleep 0.05; done; kill $!' x \"$@\"";
    let answer = home.script(script, "serve prod -v", "");
    assert!(answer.stdout.contains("export AWS_CONTAINER"), "{answer}");
    let said = home.read("said");
    let words = "writing for bash, since `mai` was called from bash; --format names another";
    assert!(said.contains(words), "{said}");
}

#[test]
fn what_makes_no_sense_is_told_before_a_sign_in() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    for (line, words) in [
        (
            "prod --format k8s",
            &["is a Secret with keys", "`mai env --format k8s`"][..],
        ),
        (
            "prod audit --format nushell",
            &["one value for each variable", "-o json"],
        ),
        ("prod audit --format dotenv", &["2 profiles are served"]),
        (
            "prod --format sh -o json",
            &["`-o json` and `--format sh` are two things"],
        ),
        (
            "prod --format sh -o tsv",
            &["`-o tsv` and `--format sh` are two things"],
        ),
        ("prod --format odd", &["odd"]),
        ("prod --format sh -- true", &["--format"]),
    ] {
        home.mai(&format!("serve {line}")).fails(2, words);
    }
    assert_eq!(testbed.password_attempts("ada"), 0);
    let help = home.mai("serve --help").ok().stdout;
    assert!(help.contains("nushell") && !help.contains("k8s"), "{help}");
}

#[test]
fn what_evaluates_a_failure_fails() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    for (line, stdout, code) in [
        ("prod --format sh", "false\n", 3),
        ("nope --format fish", "false\n", 2),
        ("prod --format bash --bad", "false\n", 2),
        ("prod --format zsh --port x", "false\n", 2),
        ("prod --format docker", "", 3),
        ("prod -o json", "", 3),
        ("nope -- true", "", 2),
        ("prod --bad -- true", "", 2),
    ] {
        let answer = home.mai(&format!("serve {line}")).fails(code, &[]);
        assert_eq!(answer.stdout, stdout, "{line}");
    }
    let script = "bash -c 'eval \"$(\"$@\" &)\"; echo $?' x \"$@\"";
    assert_eq!(home.script(script, "serve prod", "").stdout, "1\n");
}
