//! Several profiles at once, what is left alone, and what is told of it.

use mai_testbed::{AssertionFault, Fault, Server, Testbed};

use crate::support::{Home, corp, sts_calls};

const MANY: &str = "
accounts: {\"111111111111\": acme}
profiles:
  prod: {identity_provider: corp, role: 111111111111/PowerUser, aws_profile: production}
  gone: {identity_provider: corp, role: 111111111111/Nothing}
  audit: {identity_provider: corp, role: 222222222222/ReadOnly}
  china: {identity_provider: corp, role: 222222222222/Admin, region: cn-north-1}
  twin: {identity_provider: corp, role: 111111111111/ReadOnly, aws_profile: audit}
groups: {morning: [audit, prod], broken: [gone, audit]}
";

fn many(testbed: &Testbed) -> Home {
    Home::with(
        testbed,
        &format!("{}{MANY}", corp(testbed, "simple", "ada")),
    )
}

fn starts(testbed: &Testbed) -> usize {
    let seen = testbed.requests();
    seen.iter()
        .filter(|seen| seen.server == Server::Idp && seen.had_password)
        .count()
}

#[test]
fn several_profiles_and_groups_cost_one_sign_in_and_get_a_line_each() {
    let testbed = Testbed::start();
    let home = many(&testbed);
    let answer = home.login("morning prod audit").ok();
    let lines: Vec<&str> = answer
        .stderr
        .lines()
        .filter(|line| line.starts_with("Signed in to"))
        .collect();
    assert_eq!(lines.len(), 2, "{answer}");
    assert!(
        lines[0].starts_with("Signed in to audit until "),
        "{answer}"
    );
    assert!(lines[0].ends_with(": ReadOnly in 222222222222"), "{answer}");
    assert!(
        lines[1].starts_with("Signed in to prod (in [production]) until "),
        "{answer}"
    );
    assert!(
        lines[1].ends_with(": PowerUser in acme (111111111111)"),
        "{answer}"
    );
    assert_eq!(testbed.password_attempts("ada"), 1);
    assert_eq!((starts(&testbed), sts_calls(&testbed)), (1, 2));
    assert!(home.key("production", "aws_session_token").is_some());
    assert!(home.key("prod", "aws_session_token").is_none());
}

#[test]
fn a_failing_role_does_not_take_the_others_with_it() {
    let testbed = Testbed::start();
    let home = many(&testbed);
    let answer = home.login("audit gone prod").fails(
        4,
        &[
            "error: gone: ",
            "does not offer",
            "Signed in to audit",
            "Signed in to prod",
        ],
    );
    assert_eq!(answer.stderr.matches("error:").count(), 1, "{answer}");
    assert!(home.key("audit", "aws_access_key_id").is_some());
    assert!(home.key("production", "aws_access_key_id").is_some());
    assert!(home.key("gone", "aws_access_key_id").is_none());
}

#[test]
fn the_first_that_failed_in_the_order_given_decides_the_code() {
    let testbed = Testbed::start();
    let home = many(&testbed);
    home.login("prod china gone")
        .fails(2, &["china: ", "gone: "]);
    home.login("prod gone china")
        .fails(4, &["china: ", "gone: "]);
    // STS may say no to one of them, too.
    testbed.users(|users| users.get("ada").roles[2].exists = false);
    home.login("broken").fails(
        4,
        &["gone: ", "audit: AWS does not let you become ReadOnly"],
    );
}

#[test]
fn one_reason_is_told_once_with_all_names() {
    let testbed = Testbed::start();
    let home = many(&testbed);
    let answer = home
        .mai_with("login morning --password-stdin", "wrong")
        .fails(
            4,
            &[
                "error: audit, prod: 127.0.0.1:",
                " refused the password of ada",
            ],
        );
    assert_eq!(answer.stderr.matches("error:").count(), 1, "{answer}");
    assert_eq!(testbed.password_attempts("ada"), 1);
}

#[test]
fn all_profiles_are_selected_and_two_with_one_section_stop_before_the_first_byte() {
    let testbed = Testbed::start();
    let home = many(&testbed);
    home.login("--all").fails(
        2,
        &[
            "`audit` and `twin` both write to [audit]",
            "profiles.yaml:",
            "another `aws_profile`",
        ],
    );
    home.login("morning twin").fails(2, &["`audit` and `twin`"]);
    assert!(testbed.requests().is_empty());
    home.profiles(
        &home
            .read(".config/mai/profiles.yaml")
            .replace(", aws_profile: audit", ""),
    );
    let answer = home
        .login("--all -o tsv")
        .fails(4, &["error: ", "does not offer"]);
    let lines: Vec<Vec<&str>> = answer
        .stdout
        .lines()
        .map(|l| l.split('\t').collect())
        .collect();
    assert_eq!(
        lines[0],
        ["profile", "aws_profile", "role_arn", "expires_at", "status"]
    );
    let rest: Vec<(&str, &str)> = lines[1..].iter().map(|line| (line[0], line[4])).collect();
    assert_eq!(
        rest,
        [
            ("prod", "signed_in"),
            ("gone", "failed"),
            ("audit", "signed_in"),
            ("china", "failed"),
            ("twin", "signed_in"),
        ]
    );
    assert!(lines.iter().all(|line| line.len() == 5), "{answer}");
    assert_eq!(lines[1][2], "arn:aws:iam::111111111111:role/PowerUser");
    assert_eq!((lines[2][2], lines[2][3]), ("", ""));
    home.login("--all prod").fails(2, &["--all"]);
}

#[test]
fn programs_get_one_document_with_the_same_keys_for_all() {
    let testbed = Testbed::start();
    let home = many(&testbed);
    let answer = home.login("prod gone -o json");
    assert_eq!(answer.code, Some(4), "{answer}");
    let document = answer.json();
    let prod = &document[0];
    let expires = prod["expires_at"].as_str().expect("a time");
    let parsed = chrono::NaiveDateTime::parse_from_str(expires, "%Y-%m-%dT%H:%M:%SZ");
    assert!(parsed.is_ok(), "{expires}");
    assert_eq!(
        home.key("production", "x_security_token_expires")
            .as_deref(),
        Some(expires)
    );
    let mut rest = prod.clone();
    rest.as_object_mut().expect("a table").remove("expires_at");
    assert_eq!(
        rest,
        serde_json::json!({
            "profile": "prod",
            "aws_profile": "production",
            "status": "signed_in",
            "role_arn": "arn:aws:iam::111111111111:role/PowerUser",
            "provider_arn": "arn:aws:iam::111111111111:saml-provider/corp",
            "account_id": "111111111111",
            "account": "acme",
            "role": "PowerUser",
            "recorded": true,
            "identity_provider": "corp",
            "username": "ada",
        })
    );
    let gone = &document[1];
    assert_eq!(
        (&gone["profile"], &gone["status"]),
        (&"gone".into(), &"failed".into())
    );
    assert_eq!(gone["error"]["kind"], "refused");
    assert_eq!(gone["error"]["exit_code"], 4);
    assert!(gone["error"]["hint"].is_string(), "{gone}");
    let again = home.mai("login prod -o json").ok();
    assert_eq!(again.json()[0]["status"], "still_good");
    assert_eq!(again.json()[0]["expires_at"], expires);
    assert!(again.stderr.is_empty(), "{again}");
}

#[test]
fn another_section_and_another_role_are_for_one_profile() {
    let testbed = Testbed::start();
    let home = many(&testbed);
    for typed in ["--awsprofile x", "--role 111111111111/ReadOnly"] {
        let option = typed.split(' ').next().expect("an option");
        home.login(&format!("morning {typed}"))
            .fails(2, &[option, "is for one profile, and 2 are selected"]);
    }
    assert!(testbed.requests().is_empty());
    home.login("audit --awsprofile x").ok();
    assert!(home.key("x", "aws_access_key_id").is_some());
    assert!(home.key("audit", "aws_access_key_id").is_none());
}

#[test]
fn good_keys_are_left_alone_and_it_says_until_when() {
    let testbed = Testbed::start();
    let home = many(&testbed);
    home.login("audit").ok();
    let (file, learned) = (home.credentials(), home.read(".local/state/mai/learned"));
    testbed.clear_requests();
    for rest in ["audit", "audit --min 5m", "audit --min 3h"] {
        let again = home.mai(&format!("login {rest}")).ok();
        assert!(
            again.stderr.contains("Still signed in to audit until "),
            "{again}"
        );
    }
    assert!(testbed.requests().is_empty(), "{:?}", testbed.requests());
    assert_eq!(home.credentials(), file);
    assert_eq!(home.read(".local/state/mai/learned"), learned);
    // Only what is short is fetched.
    let both = home.login("morning").ok();
    assert!(both.stderr.contains("Still signed in to audit"), "{both}");
    assert!(both.stderr.contains("Signed in to prod"), "{both}");
    assert_eq!(sts_calls(&testbed), 1);
    let key = home.key("audit", "aws_access_key_id");
    home.login("audit --force").ok();
    assert_ne!(home.key("audit", "aws_access_key_id"), key);
}

#[test]
fn keys_that_end_too_soon_are_renewed_and_min_decides_what_that_is() {
    let testbed = Testbed::start();
    let home = many(&testbed);
    testbed.set(Fault::Assertion(AssertionFault::SessionEndsIn(18 * 60)));
    home.login("audit").ok();
    testbed.clear_requests();
    // More than half of what the keys can last counts as half: else new keys would be renewed at once.
    for rest in ["audit", "audit --min 17m59s"] {
        home.mai(&format!("login {rest}")).ok();
    }
    assert!(testbed.requests().is_empty());
    // As if they had been made for an hour, 42 minutes ago: plain `login` wants 20 minutes.
    let learned: String = home
        .read(".local/state/mai/learned")
        .lines()
        .map(|line| match line.starts_with("lifetime\t") {
            true => "lifetime\taudit\t3600\n".to_owned(),
            false => format!("{line}\n"),
        })
        .collect();
    home.write(".local/state/mai/learned", learned);
    home.mai("login audit --min 15m").ok();
    assert!(testbed.requests().is_empty());
    home.mai("login audit").fails(3, &["password of ada"]);
    home.login("audit --min 29m").ok();
    assert_eq!(sts_calls(&testbed), 1);
}

/// Two identity providers, whose passwords are told by commands.
fn two_providers(testbed: &Testbed, first: &str, second: &str) -> Home {
    let provider = |name: &str, user: &str, password: &str| {
        format!(
            "  {name}:\n    url: {}\n    username: {user}\n    password: {password}\n",
            testbed.face("simple")
        )
    };
    let yaml = format!(
        "identity_providers:\n{}{}profiles:\n  one: {{identity_provider: a, role: 111111111111/PowerUser}}\n  \
         two: {{identity_provider: b, role: 111111111111/ReadOnly}}\n  \
         three: {{identity_provider: a, role: 222222222222/ReadOnly}}\n",
        provider("a", "ada", first),
        provider("b", "carol", second)
    );
    Home::with(testbed, &yaml)
}

#[test]
fn each_identity_provider_is_signed_in_to_once() {
    let testbed = Testbed::start();
    let told = |password: &str| format!("{{command: [echo, {password}], unattended: true}}");
    let good = told("correct horse");
    let home = two_providers(&testbed, &good, &good);
    home.mai("login --all").ok();
    let attempts = |user| testbed.password_attempts(user);
    assert_eq!((attempts("ada"), attempts("carol")), (1, 1));
    assert_eq!(sts_calls(&testbed), 3);
    // One that refuses does not take the other with it.
    let home = two_providers(&testbed, &told("wrong"), &good);
    let answer = home.mai("login two one three").fails(
        4,
        &["Signed in to two", "error: one, three: ", "password of ada"],
    );
    assert_eq!(answer.stderr.matches("error:").count(), 1, "{answer}");
    assert_eq!((attempts("ada"), attempts("carol")), (2, 2));
    // A response is the answer of one of them.
    home.mai_with("login one two --saml-response -", SOME_RESPONSE)
        .fails(2, &["the answer of one identity provider"]);
}

const SOME_RESPONSE: &str = "<p:Response xmlns:p=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
    <Assertion xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\"><Issuer>x</Issuer></Assertion></p:Response>";

#[test]
fn a_password_on_stdin_is_never_for_two_identity_providers() {
    let testbed = Testbed::start();
    let home = two_providers(&testbed, "ask", "ask");
    // Also when the keys of one are good, or it would go to the other one.
    for _ in 0..2 {
        home.login("one two").fails(
            2,
            &["--password-stdin is one password", "providers: a and b"],
        );
        assert_eq!(testbed.password_attempts("carol"), 0);
        home.login("one").ok();
    }
    assert_eq!(testbed.password_attempts("ada"), 1);
}

#[test]
fn a_critical_profile_is_never_the_default_section() {
    let testbed = Testbed::start();
    let home = many(&testbed);
    let yaml = home.read(".config/mai/profiles.yaml");
    home.profiles(&yaml.replace("aws_profile: production", "critical: true"));
    home.login("prod --awsprofile default")
        .fails(2, &["prod is critical", "[default]"]);
    assert!(testbed.requests().is_empty());
}

#[test]
fn changed_settings_make_new_keys() {
    let testbed = Testbed::start();
    let home = many(&testbed);
    let policy = r#"{"Version": "2012-10-17", "Statement": []}"#;
    home.write(".config/mai/policy.json", policy);
    let original = home.read(".config/mai/profiles.yaml");
    let mut expected = 0;
    for change in [
        "",
        ", duration: 30m",
        ", policy: policy.json",
        ", policy_arns: ['arn:aws:iam::aws:policy/ReadOnlyAccess']",
    ] {
        let role = "role: 222222222222/ReadOnly";
        home.profiles(&original.replace(role, &format!("{role}{change}")));
        for _ in 0..2 {
            home.login("audit").ok();
        }
        expected += 1;
        assert_eq!(sts_calls(&testbed), expected, "{change}");
    }
    home.write(".config/mai/policy.json", policy.replace("[]", "[ ]"));
    home.profiles(&original.replace("222222222222/ReadOnly", "222222222222/Admin"));
    home.login("audit").ok();
    assert_eq!(sts_calls(&testbed), expected + 1);
    home.profiles(&original.replace("username: ada", "username: ADA"));
    home.login("audit").ok();
    assert_eq!(sts_calls(&testbed), expected + 2);
    let with_policy = original.replace(
        "role: 222222222222/ReadOnly",
        "role: 222222222222/ReadOnly, policy: policy.json",
    );
    home.profiles(&with_policy);
    home.login("audit").ok();
    home.write(".config/mai/policy.json", policy);
    home.login("audit").ok();
    assert_eq!(
        sts_calls(&testbed),
        expected + 4,
        "the policy itself counts, not its name"
    );
}

#[test]
fn a_policy_is_checked_at_home() {
    let testbed = Testbed::start();
    let home = many(&testbed);
    let role = "role: 222222222222/ReadOnly";
    let yaml = home.read(".config/mai/profiles.yaml");
    home.profiles(&yaml.replace(role, &format!("{role}, policy: policy.json")));
    home.login("audit").fails(
        2,
        &[
            "~/.config/mai/profiles.yaml:11:",
            "policy of profile audit cannot be read",
            "policy.json",
            "hint: ",
        ],
    );
    home.write(".config/mai/policy.json", "{\n  \"Statement\": nope\n}");
    home.login("audit")
        .fails(2, &["profiles.yaml:11:", "is not JSON", "policy.json:2:"]);
    home.write(
        ".config/mai/policy.json",
        format!("{{\"Statement\": \"{}\"}}", "x".repeat(2048)),
    );
    home.login("audit")
        .fails(2, &["profiles.yaml:11:", "AWS takes 2,048"]);
    assert!(testbed.requests().is_empty());
}
