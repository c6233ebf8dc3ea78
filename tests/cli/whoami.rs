//! `mai whoami`: whose keys stand there, and what is wrong with them.

use mai_testbed::{Fault, RoleRules, Server, Testbed};

use crate::clock::Clock;
use crate::sign_ins::traffic;
use crate::support::{Home, PROFILES, corp, sts_calls};

/// Ada, signed in to prod.
fn signed_in(testbed: &Testbed) -> Home {
    let home = Home::at(testbed, "simple", "ada");
    home.login("prod").ok();
    testbed.clear_requests();
    home
}

/// Replaces one value of prod's keys by what `change` makes of it.
fn damage(home: &Home, key: &str, change: impl FnOnce(&str) -> String) {
    let old = home.key("prod", key).expect("a key");
    let file = home.credentials().replace(&old, &change(&old));
    home.write(".aws/credentials", file);
}

fn no_secret_is_in(home: &Home, said: &str) {
    for key in ["aws_secret_access_key", "aws_session_token"] {
        let secret = home.key("prod", key).expect("a key");
        assert!(!said.contains(&secret), "{key} in:\n{said}");
    }
    for part in ["<", "ErrorResponse", "xmlns", "Canonical"] {
        assert!(!said.contains(part), "{part} in:\n{said}");
    }
}

#[test]
fn good_keys_are_told_with_account_role_session_and_end() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    home.profiles(&format!(
        "accounts: {{'111111111111': acme-prod}}\n{}",
        home.read(".config/mai/profiles.yaml")
    ));
    for verb in ["whoami", "test"] {
        let answer = home.mai(&format!("{verb} prod")).ok();
        for words in [
            "prod: ok",
            "account  acme-prod (111111111111)",
            "role     PowerUser",
            "session  ada",
            "left)",
            "arn      arn:aws:sts::111111111111:assumed-role/PowerUser/ada",
        ] {
            assert!(answer.stdout.contains(words), "`{words}` in:\n{answer}");
        }
        no_secret_is_in(&home, &answer.to_string());
    }
    // Nobody was signed in for it.
    assert_eq!((traffic(&testbed), sts_calls(&testbed)), ((0, 0), 2));
    let one = &home.mai("whoami prod -o json").ok().json()[0];
    assert_eq!(one["status"], "ok");
    assert_eq!(one["account_id"], "111111111111");
    assert_eq!(one["account"], "acme-prod");
    assert_eq!(one["session"], "ada");
    assert!(one["expires_at"].as_str().unwrap().ends_with('Z'));
    assert!(one["error"].is_null());
    let rows = home.mai("whoami prod -o tsv").ok().stdout;
    assert!(
        rows.lines()
            .nth(1)
            .unwrap()
            .starts_with("prod\tok\t111111111111\tPowerUser\tada\t"),
        "{rows}"
    );
}

#[test]
fn without_keys_or_with_expired_ones_it_says_what_to_run_and_asks_nobody() {
    let testbed = Testbed::start();
    let mut home = Home::at(&testbed, "simple", "ada");
    home.mai("whoami prod").fails(
        3,
        &["there are no keys of prod in [prod]", "`mai login prod`"],
    );
    let clock = Clock::of(&mut home, &testbed);
    home.login("prod").ok();
    clock.pass_minutes(61);
    testbed.clear_requests();
    home.mai("whoami prod")
        .fails(3, &["the keys of prod have expired", "`mai login prod`"]);
    assert_eq!((traffic(&testbed), sts_calls(&testbed)), ((0, 0), 0));
}

#[test]
fn what_is_wrong_with_keys_is_told_in_words() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let good = home.credentials();
    let flipped = |old: &str| match old.strip_suffix('a') {
        Some(rest) => format!("{rest}b"),
        None => format!("{}a", &old[..old.len() - 1]),
    };

    damage(&home, "aws_secret_access_key", flipped);
    let answer = home.mai("whoami prod").fails(
        4,
        &[
            "the secret key of prod does not belong to its key id",
            "`mai login prod --force`",
        ],
    );
    no_secret_is_in(&home, &answer.to_string());

    home.write(".aws/credentials", &good);
    damage(&home, "aws_session_token", flipped);
    let answer = home
        .mai("whoami prod")
        .fails(4, &["STS does not know the keys of prod"]);
    no_secret_is_in(&home, &answer.to_string());

    home.write(".aws/credentials", &good);
    testbed.expire_keys();
    home.mai("whoami prod")
        .fails(4, &["the keys of prod have expired", "ExpiredToken"]);
}

#[test]
fn a_wrong_clock_is_found_by_the_date_of_the_answer() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    testbed.clock(30 * 60);
    home.mai("whoami prod")
        .fails(4, &["clock is", "minutes behind that of 127.0.0.1", "NTP"]);
}

#[test]
fn keys_of_another_role_than_the_profiles_are_no_success() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let profiles = home.read(".config/mai/profiles.yaml");
    home.profiles(&profiles.replace("role/PowerUser", "role/ReadOnly"));
    let answer = home.mai("whoami prod").fails(
        4,
        &[
            "[prod] has keys of PowerUser in 111111111111",
            "is for arn:aws:iam::111111111111:role/ReadOnly",
        ],
    );
    assert!(answer.stdout.contains("prod: not ok"), "{answer}");

    // Keys that another program wrote there are compared as well.
    home.profiles(&profiles.replace("role/PowerUser", "role/path/PowerUser"));
    let state = home.path(".local/state/mai/sessions");
    std::fs::remove_file(state).unwrap();
    home.mai("whoami prod").ok();
    home.profiles(&profiles.replace("111111111111", "222222222222"));
    home.mai("whoami prod -o json").fails(4, &[]);
    home.profiles(&profiles.replace(
        "aws:iam::111111111111:role/PowerUser",
        "aws-cn:iam::111111111111:role/PowerUser",
    ));
    home.mai("whoami prod").fails(4, &["is for arn:aws-cn:iam"]);
}

#[test]
fn the_path_of_a_role_is_no_difference() {
    let testbed = Testbed::start();
    let deep = "arn:aws:iam::333333333333:role/team/x/Deep";
    testbed.role(deep, RoleRules::default());
    let chained = PROFILES.replace(
        "groups:",
        &format!("  deep: {{source_profile: prod, role: '{deep}'}}\ngroups:"),
    );
    let home = Home::with(
        &testbed,
        &format!("{}{chained}", corp(&testbed, "simple", "ada")),
    );
    home.login("deep").ok();
    let answer = home.mai("whoami deep").ok();
    assert!(answer.stdout.contains("role     team/x/Deep"), "{answer}");
}

#[test]
fn several_are_asked_about_and_the_first_failure_is_the_exit_code() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let answer = home
        .mai("whoami morning")
        .fails(3, &["audit: there are no keys of audit"]);
    assert!(answer.stdout.starts_with("prod: ok\n"), "{answer}");
    let all = home.mai("whoami morning -o json").fails(3, &[]).json();
    assert_eq!(all[0]["status"], "ok");
    assert_eq!(all[1]["status"], "failed");
    assert_eq!(all[1]["error"]["exit_code"], 3);
}

#[test]
fn an_sts_that_cannot_be_reached_is_told_as_that() {
    let testbed = Testbed::start();
    let mut home = signed_in(&testbed);
    testbed.set(Fault::Status {
        server: Server::Sts,
        status: 503,
        times: 3,
    });
    home.mai("whoami prod")
        .fails(5, &["out of order (HTTP 503)"]);
    home.set("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1");
    home.mai("whoami prod")
        .fails(5, &["STS", "AWS_ENDPOINT_URL_STS"]);
    testbed.refuse_next("RegionDisabledException", "STS is not activated", 403);
    home.know(&testbed);
    home.mai("whoami prod")
        .fails(4, &["not activated in us-east-1", "another `region:`"]);
}

#[test]
fn renew_signs_in_first() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let mut terminal = home.terminal("whoami prod --renew");
    terminal
        .expect("Password of ada")
        .line(mai_testbed::PASSWORD);
    let (seen, code) = terminal.end();
    assert!(code == 0 && seen.contains("prod: ok"), "{seen}");
    home.mai("whoami nope").fails(2, &["there is no profile"]);
}

/// Who is asked for a password runs a command.
fn with_password(yaml: &str, password: &str) -> String {
    let command = format!("password: {{command: [echo, {password}], unattended: true}}");
    yaml.replace("password: ask", &command)
}

#[test]
fn renew_tells_whom_it_could_not_sign_in_and_asks_about_the_others() {
    let testbed = Testbed::start();
    let yaml = format!(
        "{}  far: {{url: 'http://127.0.0.1:1/', username: ada, password: ask}}\n{}  \
         away: {{identity_provider: far, role: 111111111111/PowerUser}}\n",
        corp(&testbed, "simple", "ada"),
        PROFILES
            .replace("222222222222/ReadOnly", "222222222222/Nobody")
            .replace("groups: {morning: [prod, audit]}\n", "")
    );
    let home = Home::with(&testbed, &with_password(&yaml, "correct horse"));
    let answer = home
        .mai("whoami audit prod away --renew")
        .fails(4, &["audit: ", "222222222222/Nobody", "away: 127.0.0.1"]);
    assert!(answer.stdout.contains("prod: ok\n"), "{answer}");
    assert_eq!(traffic(&testbed).1, 1, "one sign-in for both");

    let all = home.mai("whoami audit prod away --renew -o json");
    let all = all.fails(4, &[]).json();
    let field = |name: &str| -> Vec<_> {
        let all = all.as_array().expect("a list").iter();
        all.map(|one| one[name].clone()).collect()
    };
    assert_eq!(field("profile"), ["audit", "prod", "away"]);
    assert_eq!(field("status"), ["failed", "ok", "failed"]);
    assert_eq!(all[2]["error"]["exit_code"], 5);
}

#[test]
fn a_password_that_is_refused_is_told_once_for_all_who_needed_it() {
    let testbed = Testbed::start();
    let yaml = format!("{}{PROFILES}", corp(&testbed, "simple", "ada"));
    let home = Home::with(&testbed, &with_password(&yaml, "wrong"));
    let answer = home
        .mai("whoami morning --renew")
        .fails(4, &["prod, audit: ", "refused the password"]);
    assert_eq!(answer.stderr.matches("error:").count(), 1, "{answer}");
    assert_eq!(traffic(&testbed).1, 1);
    let all = home.mai("whoami morning --renew -o json").fails(4, &[]);
    assert_eq!(all.json().as_array().map(Vec::len), Some(2), "{all}");
}

#[test]
fn keys_that_sdks_use_instead_are_told() {
    let testbed = Testbed::start();
    let yaml = format!("{}{PROFILES}", corp(&testbed, "simple", "ada"));
    let yaml = yaml.replace("role/PowerUser\n", "role/PowerUser\n    keys: process\n");
    let home = Home::with(&testbed, &format!("secrets: file\n{yaml}"));
    home.login("prod").ok();
    let lasting = "[prod]\naws_access_key_id = AKIA1\naws_secret_access_key = s\n";
    let role = "[profile prod]\nrole_arn = arn:aws:iam::111111111111:role/x\nsource_profile = y\n";
    let vault = "[profile prod]\ncredential_process = /opt/vault --token hunter2\n";
    let other = "[profile prod]\ncredential_process = /opt/mai credentials audit\n";
    for (file, content, place, setting) in [
        (
            ".aws/credentials",
            lasting,
            "credentials:2: [prod]",
            "aws_access_key_id",
        ),
        (".aws/config", lasting, "", ""),
        (".aws/config", role, "config:2: [profile prod]", "role_arn"),
        (
            ".aws/config",
            vault,
            "config:2: [profile prod]",
            "credential_process",
        ),
        (
            ".aws/config",
            other,
            "config:2: [profile prod]",
            "credential_process",
        ),
    ] {
        home.write(file, content);
        let answer = home.mai("whoami prod").ok();
        let told = answer.stderr.contains("warning:");
        assert_eq!(told, !place.is_empty(), "{content}{answer}");
        assert!(!answer.to_string().contains("hunter2"), "{answer}");
        let document = home.mai("whoami prod -o json").ok().json();
        if told {
            for words in [place, setting, "`mai configure-process prod --overwrite`"] {
                assert!(answer.stderr.contains(words), "`{words}` in:\n{answer}");
            }
            let verdict = "prod: ok, but SDKs use other keys\n";
            assert!(answer.stdout.starts_with(verdict), "{answer}");
            assert_eq!(document[0]["status"], "ok");
            assert_eq!(document[0]["used_instead"]["setting"], setting);
            assert!(place.contains(&format!(":{}:", document[0]["used_instead"]["line"])));
            home.mai("configure-process prod --overwrite").ok();
        }
        let answer = home.mai("whoami prod").ok();
        assert!(answer.stdout.starts_with("prod: ok\n"), "{answer}");
        assert!(!answer.stderr.contains("warning:"), "{answer}");
        let document = home.mai("whoami prod -o json").ok().json();
        assert_eq!(document[0]["used_instead"], serde_json::Value::Null);
        home.write(file, "");
    }
}
