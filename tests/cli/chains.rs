//! Roles that are assumed with the keys of another profile.

use mai_testbed::{Fault, RoleRules, Server, Testbed};

use crate::sign_ins::traffic;
use crate::support::{Home, corp, sts_calls};

const AUDIT: &str = "arn:aws:iam::333333333333:role/Audit";
const DEEP: &str = "arn:aws:iam::444444444444:role/team/Deep";

const PROFILES: &str = "
accounts: {'444444444444': far}
profiles:
  prod: {identity_provider: corp, role: 'arn:aws:iam::111111111111:role/PowerUser'}
  audit:
    source_profile: prod
    role: arn:aws:iam::333333333333:role/Audit
    external_id: 7f2c
    tags: {team: blue}
  deep: {source_profile: audit, role: far/team/Deep}
groups: {all: [deep, audit, prod]}
";

/// An STS that knows the further roles, and who may assume them.
fn testbed() -> Testbed {
    let testbed = Testbed::start();
    let trusting = |role: &str, external_id: Option<&str>| RoleRules {
        external_id: external_id.map(str::to_owned),
        trusted: Some(vec![role.to_owned()]),
        ..RoleRules::default()
    };
    let prod = "arn:aws:iam::111111111111:role/PowerUser";
    testbed.role(AUDIT, trusting(prod, Some("7f2c")));
    testbed.role(DEEP, trusting(AUDIT, None));
    testbed
}

fn home(testbed: &Testbed) -> Home {
    Home::with(
        testbed,
        &format!("{}{PROFILES}", corp(testbed, "simple", "ada")),
    )
}

fn role_of(home: &Home, section: &str) -> String {
    let sessions = home.read(".local/state/mai/sessions");
    let row = sessions
        .lines()
        .find(|line| line.starts_with(&format!("{section}\t")));
    row.unwrap_or_default()
        .split('\t')
        .nth(5)
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn a_chain_is_walked_from_its_root_with_one_sign_in() {
    let testbed = testbed();
    let home = home(&testbed);
    let answer = home.login("all").ok();
    assert_eq!(testbed.password_attempts("ada"), 1);
    assert_eq!(sts_calls(&testbed), 3);
    for (section, role) in [("audit", AUDIT), ("deep", DEEP)] {
        assert!(home.key(section, "aws_session_token").is_some(), "{answer}");
        assert_eq!(role_of(&home, section), role);
    }
    assert!(
        answer.stderr.contains("Signed in to deep until"),
        "{answer}"
    );
    testbed.clear_requests();
    home.mai("login all --no-input").ok();
    assert_eq!(sts_calls(&testbed), 0);
}

#[test]
fn a_child_alone_brings_its_parents_along() {
    let testbed = testbed();
    let home = home(&testbed);
    let answer = home.login("deep").ok();
    for name in ["deep", "audit", "prod"] {
        assert!(
            answer
                .stderr
                .contains(&format!("Signed in to {name} until")),
            "{answer}"
        );
    }
    assert_eq!(sts_calls(&testbed), 3);
}

#[test]
fn with_good_keys_of_the_parent_nobody_is_needed() {
    let testbed = testbed();
    let home = home(&testbed);
    home.login("prod").ok();
    testbed.clear_requests();
    let answer = home.mai("require audit --no-input").ok();
    assert!(!answer.stderr.contains("prod"), "{answer}");
    assert_eq!((traffic(&testbed), sts_calls(&testbed)), ((0, 0), 1));
    home.mai("login deep --no-input").ok();
    assert_eq!((traffic(&testbed), sts_calls(&testbed)), ((0, 0), 2));
    assert_eq!(home.mai("require all --no-input").to_string(), "[exit 0]");
}

#[test]
fn without_them_a_person_is_needed_and_nothing_is_sent() {
    let testbed = testbed();
    let home = home(&testbed);
    home.mai("require deep --no-input")
        .fails(3, &["a person is needed for the keys of deep"]);
    assert_eq!(sts_calls(&testbed), 0);
}

#[test]
fn access_denied_on_the_second_hop_is_told_as_that() {
    let testbed = testbed();
    let home = home(&testbed);
    let profiles = home.read(".config/mai/profiles.yaml");
    home.profiles(&profiles.replace("external_id: 7f2c", "external_id: wrong"));
    let answer = home.login("all").fails(
        4,
        &[
            "AWS does not let prod become arn:aws:iam::333333333333:role/Audit",
            "is not authorized to perform: sts:AssumeRole",
            "`external_id`",
        ],
    );
    // The parent has its keys, and the child fails for its parent's reason.
    assert!(
        answer.stderr.contains("Signed in to prod until"),
        "{answer}"
    );
    assert!(home.key("prod", "aws_session_token").is_some());
    assert_eq!(home.key("deep", "aws_session_token"), None);
}

#[test]
fn an_expired_parent_is_signed_in_for_again() {
    let testbed = testbed();
    let home = home(&testbed);
    home.login("prod").ok();
    // STS takes the keys no more, although their time is not over.
    testbed.expire_keys();
    home.mai("login audit --no-input")
        .fails(4, &["the keys of prod", "mai login prod --force"]);
    home.login("prod --force").ok();
    home.mai("login audit --no-input").ok();
}

#[test]
fn other_settings_are_other_keys() {
    let testbed = testbed();
    let home = home(&testbed);
    home.login("audit").ok();
    let profiles = home.read(".config/mai/profiles.yaml");
    home.write(".config/mai/p.json", r#"{"Statement": []}"#);
    testbed.clear_requests();
    for (old, new, calls) in [
        ("team: blue", "team: red", 1),
        (
            "external_id: 7f2c\n",
            "external_id: 7f2c\n    session_name: someone\n",
            1,
        ),
        ("team: blue", "team: blue", 1),
        (
            "external_id: 7f2c\n",
            "external_id: 7f2c\n    policy: p.json\n",
            1,
        ),
        (
            "external_id: 7f2c\n",
            "external_id: 7f2c\n    policy_arns: ['arn:aws:iam::aws:policy/ReadOnlyAccess']\n",
            1,
        ),
    ] {
        home.profiles(&profiles.replacen(old, new, 1));
        home.mai("require audit --no-input").ok();
        assert_eq!(sts_calls(&testbed), calls, "{new}");
        testbed.clear_requests();
    }
}

/// What the session is called that the keys of a profile are of.
#[track_caller]
fn session_of(home: &Home, profile: &str) -> String {
    let told = home.mai(&format!("whoami {profile} -o json")).ok().json();
    told[0]["session"].as_str().expect("a session").to_owned()
}

#[test]
fn the_name_of_the_person_goes_along_the_chain() {
    let testbed = testbed();
    testbed.users(|users| users.get("ada").session_name = Some("ada@corp.test".to_owned()));
    let names = |home: &Home| ["prod", "audit", "deep"].map(|name| session_of(home, name));
    // From the assertion.
    let with_assertion = home(&testbed);
    testbed.clear_requests();
    with_assertion.login("all").ok();
    assert_eq!(sts_calls(&testbed), 3, "nobody is asked who they are");
    assert_eq!(names(&with_assertion), ["ada@corp.test"; 3]);
    // As it was noted with the keys of the parent; else from STS.
    let with_keys = home(&testbed);
    with_keys.login("prod").ok();
    testbed.clear_requests();
    with_keys.mai("login deep --no-input").ok();
    assert_eq!(sts_calls(&testbed), 2, "nor here");
    assert_eq!(names(&with_keys), ["ada@corp.test"; 3]);
    std::fs::remove_file(with_keys.path(".local/state/mai/learned")).expect("it was there");
    with_keys.mai("login deep --force --no-input").ok();
    assert_eq!(names(&with_keys), ["ada@corp.test"; 3]);
    // A name that the profile says is its own, and that of those behind it.
    let profiles = with_keys.read(".config/mai/profiles.yaml");
    let said = "external_id: 7f2c\n    session_name: night-shift\n";
    with_keys.profiles(&profiles.replacen("external_id: 7f2c\n", said, 1));
    with_keys.mai("login deep --force --no-input").ok();
    assert_eq!(names(&with_keys)[1..], ["night-shift", "night-shift"]);
}

#[test]
fn a_session_policy_goes_with_the_second_hop() {
    let testbed = testbed();
    let home = home(&testbed);
    let profiles = home.read(".config/mai/profiles.yaml");
    let with = "external_id: 7f2c\n    policy: p.json\n";
    home.profiles(&profiles.replacen("external_id: 7f2c\n", with, 1));
    // AWS finds fault with this one, mai does not.
    home.write(".config/mai/p.json", r#"{"Version": "2012-10-17"}"#);
    home.login("audit").fails(
        4,
        &["audit", "session policy is no valid policy", "`policy:`"],
    );
    home.write(".config/mai/p.json", r#"{"Statement": []}"#);
    home.login("audit").ok();
}

#[test]
fn siblings_are_assumed_side_by_side() {
    let testbed = testbed();
    testbed.any_role(true);
    let home = home(&testbed);
    home.login("prod").ok();
    std::fs::remove_file(home.path(".local/state/mai/learned")).expect("it was there");
    let siblings: String = ["one", "two", "three"]
        .iter()
        .map(|name| {
            format!("  {name}: {{source_profile: prod, role: 'arn:aws:iam::333333333333:role/{name}'}}\n")
        })
        .collect();
    let profiles = home.read(".config/mai/profiles.yaml");
    home.profiles(&profiles.replacen("groups:", &format!("{siblings}groups:"), 1));
    testbed.clear_requests();
    let millis = 3000;
    testbed.set(Fault::Latency {
        server: Server::Sts,
        millis,
    });
    home.mai("login one two three --no-input").ok();
    let seen = testbed.requests();
    assert_eq!(seen.len(), 4, "who prod is, asked once for all three");
    let between = seen[3].at.duration_since(seen[1].at);
    // The last was asked for before the first could be answered.
    assert!(between.as_millis() < u128::from(millis), "{between:?}");
}

#[test]
fn slips_and_faults_have_their_words() {
    let testbed = testbed();
    let home = home(&testbed);
    home.mai("login audit --role 1/x")
        .fails(2, &["--role is for profiles that sign in"]);
    let profiles = home.read(".config/mai/profiles.yaml");
    home.profiles(&profiles.replace("far/team/Deep", "fra/team/Deep"));
    home.mai("login deep")
        .fails(2, &["no account is called `fra`", "far"]);
    home.profiles(&profiles.replace("arn:aws:iam::333", "arn:aws-us-gov:iam::333"));
    home.mai("login audit").fails(
        2,
        &[
            "profiles.yaml:",
            "partition aws-us-gov",
            "keys of prod are of aws",
        ],
    );
    home.profiles(&profiles);
    home.mai("require audit --min 2h")
        .fails(2, &["--min 2h", "allows 1h"]);
    home.login("prod").ok();
    testbed.set(Fault::Status {
        server: Server::Sts,
        status: 503,
        times: 9,
    });
    home.mai("login audit --no-input")
        .fails(5, &["out of order"]);
    testbed.clear_faults();
    let answer = home.mai("login audit --no-input -o json").ok();
    let line = &answer.json()[0];
    assert_eq!(line["role_arn"], AUDIT);
    assert_eq!(line["provider_arn"], serde_json::Value::Null);
}

#[test]
fn the_keys_of_a_child_are_given_out_without_its_parents() {
    let testbed = testbed();
    let home = home(&testbed);
    let profiles = home.read(".config/mai/profiles.yaml");
    home.profiles(&profiles.replace(
        "password: ask",
        "password: {command: [echo, correct horse], unattended: true}",
    ));
    let answer = home.mai("credentials deep").ok();
    assert_eq!(answer.json()["AccountId"], "444444444444");
}

#[test]
fn a_logout_says_which_keys_go_on_without_their_parents() {
    let testbed = testbed();
    let home = home(&testbed);
    home.login("all").ok();
    let answer = home.mai("logout prod").ok();
    for name in ["audit", "deep"] {
        let words = format!("The keys of {name}, which were assumed with others, stay until ");
        assert!(answer.stderr.contains(&words), "{answer}");
    }
    let answer = home.mai("logout audit").ok();
    assert!(!answer.stderr.contains("keys of audit"), "{answer}");
    assert!(answer.stderr.contains("`mai logout deep`"), "{answer}");
    let answer = home.mai("logout all").ok();
    assert!(!answer.stderr.contains("stay until"), "{answer}");
}

#[test]
fn doctor_shows_what_a_chain_is_made_of() {
    let testbed = testbed();
    let home = home(&testbed);
    let profiles = home.read(".config/mai/profiles.yaml");
    let more = "external_id: 7f2c\n    session_name: night-shift\n    \
                policy_arns: ['arn:aws:iam::aws:policy/ReadOnlyAccess']\n";
    home.profiles(&profiles.replacen("external_id: 7f2c\n", more, 1));
    let report = home.mai("doctor").stdout;
    for (setting, value) in [
        ("audit.source_profile", "prod"),
        ("audit.external_id", "(set)"),
        ("audit.session_name", "night-shift"),
        (
            "audit.policy_arns",
            "arn:aws:iam::aws:policy/ReadOnlyAccess",
        ),
    ] {
        let mut lines = report.lines().map(str::split_ascii_whitespace);
        let is_there =
            lines.any(|mut words| words.next() == Some(setting) && words.next() == Some(value));
        assert!(is_there, "{setting} in:\n{report}");
    }
    assert!(!report.contains("7f2c"), "{report}");
}
