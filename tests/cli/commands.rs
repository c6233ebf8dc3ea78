//! Verbs, options and formats that every command shares.

use std::process::Stdio;

use mai_testbed::{PASSWORD, Testbed};

use crate::support::Home;

const GOOD: &str = "default_profile: prod
accounts: {\"123456789012\": acme}
identity_providers:
  corp: {url: 'https://login.example.com/sso', username: ada}
profiles:
  dev: {identity_provider: corp, role: arn:aws:iam::123456789012:role/team/Dev, region: eu-west-1}
  prod: {identity_provider: corp, aws_profile: production, critical: true}
groups: {morning: [dev, prod]}
";

fn home() -> Home {
    let home = Home::new();
    home.profiles(GOOD);
    home
}

#[test]
fn version_and_help_need_no_configuration() {
    let home = Home::new();
    home.profiles("this is: [not: yaml\n");
    let version = home.mai("-V").ok();
    assert_eq!(
        version.stdout,
        format!("mai {}\n", env!("CARGO_PKG_VERSION"))
    );
    for help in [
        "-h",
        "--help",
        "help",
        "help login",
        "login -h",
        "help roles",
    ] {
        let answer = home.mai(help).ok();
        assert!(answer.stdout.contains("Usage: mai"), "{help}: {answer}");
        assert!(answer.stderr.is_empty(), "{help}: {answer}");
    }
    let help = home.mai("-h").stdout;
    for verb in [
        "login",
        "status",
        "list",
        "roles",
        "completions",
        "--no-input",
        "Exit codes",
    ] {
        assert!(help.contains(verb), "{verb} in:\n{help}");
    }
    let login = home.mai("help login").stdout;
    for option in [
        "--all",
        "--min",
        "--force",
        "--duration",
        "--role",
        "--awsprofile",
        "--overwrite",
        "--ask",
        "--password-stdin",
        "--saml-response",
    ] {
        assert!(login.contains(option), "{option} in:\n{login}");
    }
}

#[test]
fn classic_verbs_keep_their_prefixes_and_others_may_be_short() {
    let home = home();
    for word in ["log", "lo", "logi"] {
        home.mai(&format!("{word} pord"))
            .fails(2, &["there is no profile `pord`"]);
    }
    for word in ["li", "lis", "list"] {
        assert!(home.mai(word).ok().stdout.contains("production"));
    }
    assert!(home.mai("stat").ok().stdout.contains("not signed in"));
    for word in ["r", "req"] {
        home.mai(&format!("{word} pord --min 1h"))
            .fails(2, &["there is no profile `pord`"]);
    }
    home.mai("l")
        .fails(2, &["`l` could be list or login", "type `list` or `login`"]);
    let answer = home.mai("-o json l").fails(2, &[]);
    let error: serde_json::Value = serde_json::from_str(&answer.stderr).expect("one document");
    assert_eq!(error["error"]["message"], "`l` could be list or login");
    assert!(answer.stdout.is_empty(), "{answer}");
}

#[test]
fn what_is_no_command_or_option_is_exit_2() {
    let home = home();
    home.mai("lgoin").fails(2, &["lgoin"]);
    home.mai("login --forse").fails(2, &["--forse", "--force"]);
    home.mai("list extra").fails(2, &["extra"]);
    home.mai("list -o yaml").fails(2, &["yaml"]);
    for line in [
        "lgoin -o json",
        "-o json lgoin",
        "--output=json login --forse",
        "-ojson list extra",
    ] {
        let answer = home.mai(line).fails(2, &[]);
        let error: serde_json::Value =
            serde_json::from_str(&answer.stderr).unwrap_or_else(|e| panic!("{e}: {answer}"));
        assert_eq!(error["error"]["kind"], "usage", "{line}");
        assert_eq!(error["error"]["exit_code"], 2, "{line}");
        assert!(answer.stdout.is_empty(), "{answer}");
    }
}

#[test]
fn failures_of_a_login_are_one_document_too() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let answer = home.mai_with("login prod -o json --password-stdin", "wrong");
    assert_eq!(answer.code, Some(4), "{answer}");
    let document = answer.json();
    assert_eq!(document[0]["status"], "failed");
    assert_eq!(document[0]["error"]["exit_code"], 4);
    let answer = home.mai("roles -o json").fails(3, &[]);
    assert!(answer.stdout.is_empty(), "{answer}");
    let error: serde_json::Value = serde_json::from_str(&answer.stderr).expect("one document");
    assert_eq!(error["error"]["kind"], "needs_you");
}

#[test]
fn profiles_are_listed_in_three_formats() {
    let home = home();
    let text = home.mai("list").ok().stdout;
    let rows: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(rows[1], ["dev", "acme", "team/Dev", "corp", "dev"]);
    assert_eq!(
        rows[2],
        [
            "prod",
            "(asked)",
            "corp",
            "production",
            "default,",
            "critical"
        ]
    );
    let json = home.mai("list -o json").ok().json();
    assert_eq!(
        json[0],
        serde_json::json!({
            "profile": "dev",
            "aws_profile": "dev",
            "identity_provider": "corp",
            "username": "ada",
            "url": "https://login.example.com/sso",
            "role_arn": "arn:aws:iam::123456789012:role/team/Dev",
            "provider_arn": null,
            "account_id": "123456789012",
            "account": "acme",
            "role": "team/Dev",
            "region": "eu-west-1",
            "default": false,
            "critical": false,
            "name": "dev",
            "user": "ada",
        })
    );
    assert_eq!(
        (&json[1]["default"], &json[1]["critical"]),
        (&true.into(), &true.into())
    );
    let tsv = home.mai("list -o tsv").ok().stdout;
    assert_eq!(
        tsv,
        "profile\taccount_id\taccount\trole\tidentity_provider\taws_profile\n\
         dev\t123456789012\tacme\tteam/Dev\tcorp\tdev\n\
         prod\t\t\t\tcorp\tproduction\n"
    );
    let none = Home::new().mai("list -o json").ok();
    assert_eq!(none.json(), serde_json::json!([]));
}

#[test]
fn colors_are_for_terminals_unless_somebody_says_otherwise() {
    let mut home = home();
    home.profiles("profles: {}\n");
    let red = "\u{1b}[1;31merror:";
    assert!(!home.mai("list").fails(2, &[]).stderr.contains('\u{1b}'));
    home.mai("list --color always").fails(2, &[red]);
    let in_color = |home: &Home, line: &str| home.terminal(line).end_in_color().0;
    assert!(in_color(&home, "list").contains(red));
    assert!(!in_color(&home, "list --color never").contains('\u{1b}'));
    home.set("NO_COLOR", "1");
    assert!(!in_color(&home, "list").contains('\u{1b}'));
    assert!(in_color(&home, "list --color always").contains(red));
}

#[test]
fn quiet_is_silent_when_all_is_well() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let answer = home.login("morning -q").ok();
    assert_eq!((answer.stdout.as_str(), answer.stderr.as_str()), ("", ""));
    let again = home.mai("-q login prod").ok();
    assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("", ""));
    home.mai_with("login prod -q --force --password-stdin", "wrong")
        .fails(4, &["error: 127.0.0.1:", " refused the password of ada"]);
}

#[test]
fn a_reader_that_went_away_is_no_failure() {
    let home = home();
    for line in ["list", "list -o json", "status", "completions bash", "-h"] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = home
            .command(line)
            .stdin(Stdio::null())
            .stdout(writer)
            .stderr(Stdio::piped())
            .spawn()
            .and_then(|child| child.wait_with_output())
            .expect("a run");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{line}: {stderr}");
        assert!(stderr.is_empty(), "{line}: {stderr}");
    }
}

#[test]
fn odd_values_of_the_environment_stop_before_the_first_byte() {
    let testbed = Testbed::start();
    let mut home = Home::at(&testbed, "simple", "ada");
    for region in [
        "Frankfurt",
        "eu-central-1.evil.example",
        "../x",
        "eu central 1",
    ] {
        home.set("AWS_REGION", region);
        home.login("prod")
            .fails(2, &["AWS_REGION is not a region", "eu-central-1"]);
    }
    home.unset("AWS_REGION");
    for (endpoint, words) in [
        ("http://sts.example.com/", "plain http to another computer"),
        (
            "http://127.0.0.1.example.com/",
            "plain http to another computer",
        ),
        ("ftp://127.0.0.1/", "is not an http or https URL"),
        ("sts", "is not a URL"),
        (
            "https://me:hunter2@sts.example.com",
            "has a user name in it",
        ),
    ] {
        home.set("AWS_ENDPOINT_URL_STS", endpoint);
        let answer = home
            .login("prod")
            .fails(2, &["AWS_ENDPOINT_URL_STS", words, "unset it"]);
        assert!(!answer.stderr.contains("hunter2"), "{answer}");
    }
    assert!(testbed.requests().is_empty());
    home.set("AWS_ENDPOINT_URL_STS", testbed.sts_url());
    let answer = home.login("prod").ok();
    assert!(
        answer.stderr.contains(&format!(
            "Using the STS at {}/ (AWS_ENDPOINT_URL_STS).",
            testbed.sts_url()
        )),
        "{answer}"
    );
}

#[test]
fn much_talk_shows_hosts_and_shapes_and_no_secret() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let answer = home.login("prod -vv").ok();
    assert!(answer.stderr.contains("127.0.0.1"), "{answer}");
    let token = home.key("prod", "aws_session_token").expect("keys");
    let secret = home.key("prod", "aws_secret_access_key").expect("keys");
    for part in [
        PASSWORD,
        "correct+horse",
        "app=aws",
        "SAMLResponse=",
        &token,
        &secret,
        "PD94b",
    ] {
        assert!(!answer.stderr.contains(part), "`{part}` in:\n{answer}");
    }
}

#[test]
fn options_of_every_command_come_last_and_under_their_own_heading() {
    const HEADING: &str = "\nOptions of every command:\n";
    let home = Home::new();
    let all = ["-c, ", "-o, ", "--no-input", "-q, ", "-v, ", "--color"];
    for verb in [
        "",
        "login",
        "status",
        "list",
        "roles",
        "create",
        "create-all",
        "delete",
        "import",
        "doctor",
    ] {
        for flag in ["-h", "--help"] {
            let help = home.mai(&format!("{verb} {flag}")).ok().stdout;
            let (own, rest) = help.split_once(HEADING).expect("a heading of their own");
            for option in all {
                let begins = |line: &str| line.trim_start().starts_with(option);
                assert!(rest.lines().any(begins), "{option}: {help}");
                assert!(!own.lines().any(begins), "{option}: {help}");
            }
            assert!(!rest.contains("--role"), "{help}");
        }
    }
}

/// The names of settings in the example: what stands before a colon, also in braces and in comments.
fn settings_of_the_example() -> Vec<String> {
    let mut all = Vec::new();
    for line in include_str!("../../profiles.example.yaml").lines() {
        let line = line.trim_start().trim_start_matches("# ");
        let name = line.split(':').next().unwrap_or_default();
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        if is_name && line[name.len()..].starts_with(':') {
            all.push(name.to_owned());
        }
    }
    all
}

#[test]
fn the_manual_has_every_setting_and_puts_off_only_what_is_refused() {
    let manual = include_str!("../../packaging/manuals/mai-profiles.5");
    let settings = settings_of_the_example();
    assert!(settings.len() > 30, "{settings:?}");
    let names = ["corp", "dev", "prod", "audit", "morning"];
    for setting in settings.iter().filter(|s| !names.contains(&s.as_str())) {
        assert!(manual.contains(setting.as_str()), "{setting}");
    }
    let put_off: Vec<&str> = manual
        .split(".TP\n")
        .skip(1)
        .filter(|entry| entry.contains("later version"))
        .filter_map(|entry| entry.lines().next())
        .collect();
    assert_eq!(put_off, [".B type"]);
    let home = home();
    let with = |setting: &str| GOOD.replace("username: ada", &format!("username: ada, {setting}"));
    for setting in ["type: browser", "type: {command: x}", "browser: auto"] {
        home.profiles(&with(setting));
        home.mai("list")
            .fails(2, &["is not supported by this version"]);
    }
}
