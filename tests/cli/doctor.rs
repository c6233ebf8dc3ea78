//! `mai doctor`.

use std::os::unix::fs::PermissionsExt;

use mai_testbed::Testbed;

use crate::support::{Home, corp};

const HURT: &str = "[default]\naws_access_key_id = ASIAEXAMPLEEXAMPLE01\nno value here\n[prod]\n\
    aws_access_key_id = ASIAEXAMPLEEXAMPLE02\naws_secret_access_key = s3cr3t\naws_session_token = new\n\
    aws_security_token = old\n";

#[test]
fn a_healthy_home_has_nothing_wrong() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    home.login("prod").ok();
    let answer = home.mai("doctor").ok();
    for words in [
        "read ~/.config/mai/profiles.yaml",
        "2 profiles, 1 identity provider, 1 group",
        "1 of 2 profiles have keys that are still good",
        "prod.role",
        "~/.config/mai/profiles.yaml:10:11",
        "nothing is wrong",
    ] {
        assert!(answer.stdout.contains(words), "{words}: {answer}");
    }
}

#[test]
fn a_home_without_anything_is_told_how_to_begin() {
    let answer = Home::new().mai("doctor").ok();
    assert!(
        answer
            .stdout
            .contains("there is no ~/.config/mai/profiles.yaml"),
        "{answer}"
    );
    assert!(answer.stdout.contains("`mai create NAME`"), "{answer}");
}

#[test]
fn what_sdks_refuse_is_named_with_its_line() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let path = home.write(".aws/credentials", HURT);
    home.write(
        ".aws/config",
        "[profile prod]\naws_session_token = x\n[prod]\nregion = eu-west-1\n",
    );
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let answer = home.mai("doctor");
    assert_eq!(answer.code, Some(1), "{answer}");
    for words in [
        "~/.aws/credentials:3: a line without `=`",
        "botocore, Rust, Java cannot read the whole file",
        "~/.aws/credentials can be read or written by others (mode 0644)",
        "chmod 600 ~/.aws/credentials",
        "~/.aws/credentials:4: [prod] has a stale aws_security_token",
        "~/.aws/config: profile prod has aws_session_token there too",
        "~/.aws/config:3: SDKs pass over [prod] here: write [profile NAME]",
    ] {
        assert!(answer.stdout.contains(words), "{words}: {answer}");
    }
}

#[test]
fn variables_that_shadow_the_profiles_are_named() {
    let testbed = Testbed::start();
    let mut home = Home::at(&testbed, "simple", "ada");
    home.set("AWS_ACCESS_KEY_ID", "AKIAEXAMPLEEXAMPLE99");
    home.set("AWS_SECRET_ACCESS_KEY", "hunter2");
    home.set("AWS_PROFILE", "prod");
    home.set("AWS_DEFAULT_PROFILE", "");
    home.set("AWS_REGION", "europe");
    let answer = home.mai("doctor");
    assert_eq!(answer.code, Some(1), "{answer}");
    for words in [
        "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY is set here",
        "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY",
        "AWS_PROFILE names `prod`, and no such profile",
        "AWS_DEFAULT_PROFILE is set to nothing",
        "AWS_REGION is no region: europe",
    ] {
        assert!(answer.stdout.contains(words), "{words}: {answer}");
    }
    home.set("AWS_DEFAULT_PROFILE", "audit");
    let answer = home.mai("doctor");
    assert!(
        answer
            .stdout
            .contains("AWS_PROFILE and AWS_DEFAULT_PROFILE differ"),
        "{answer}"
    );
}

#[test]
fn the_report_can_be_pasted() {
    let testbed = Testbed::start();
    let yaml = format!(
        "{}    mfa: {{code: {{command: [/usr/bin/op, read, 'op://team/hunter2/otp']}}}}\n\
         profiles:\n  prod:\n    identity_provider: corp\n    role: arn:aws:iam::111111111111:role/PowerUser\n",
        corp(&testbed, "simple", "ada.lovelace")
    );
    let mut home = Home::with(&testbed, &yaml);
    home.set("AWS_SESSION_TOKEN", "hunter2");
    home.write(".aws/credentials", HURT);
    for line in [
        "doctor",
        "doctor -o json",
        "doctor -o tsv",
        "doctor --online",
    ] {
        let answer = home.mai(line);
        assert_eq!(answer.code, Some(1), "{answer}");
        let all = format!("{}{}", answer.stdout, answer.stderr);
        for hidden in [
            "ada.lovelace",
            "111111111111",
            "hunter2",
            "s3cr3t",
            "ASIAEXAMPLE",
            "app=aws",
            "op://",
        ] {
            assert!(!all.contains(hidden), "{hidden}: {answer}");
        }
        assert!(
            !all.contains(&home.path("").display().to_string()),
            "{answer}"
        );
    }
    assert!(
        home.mai("doctor")
            .stdout
            .contains("the command /usr/bin/op …")
    );
}

#[test]
fn a_broken_configuration_is_a_finding_and_the_rest_is_looked_at() {
    let home = Home::new();
    home.profiles("profiles:\n  prod:\n    regoin: x\n");
    home.write(".aws/credentials", HURT);
    let answer = home.mai("doctor");
    assert_eq!(answer.code, Some(1), "{answer}");
    assert!(
        answer.stdout.contains("~/.config/mai/profiles.yaml:3:5"),
        "{answer}"
    );
    assert!(answer.stdout.contains("a line without `=`"), "{answer}");
}

#[test]
fn online_asks_every_host_and_tells_the_time_there() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let before = testbed.requests().len();
    home.mai("doctor").ok();
    assert_eq!(
        testbed.requests().len(),
        before,
        "nothing is asked without --online"
    );
    let answer = home.mai("doctor --online").ok();
    assert!(
        answer.stdout.contains("identity provider corp: "),
        "{answer}"
    );
    assert!(answer.stdout.contains("answers with 200"), "{answer}");
    assert!(
        answer.stdout.contains("the clock agrees with that of"),
        "{answer}"
    );
    assert!(answer.stdout.contains("STS: "), "{answer}");
    drop(testbed);
    let answer = home.mai("doctor --online");
    assert_eq!(answer.code, Some(1), "{answer}");
}

#[test]
fn the_providers_are_listed_with_their_proof_and_options() {
    let answer = Home::new().mai("doctor --providers").ok();
    for words in [
        "keycloak",
        "proved on a real server",
        "options: {source: …}",
    ] {
        assert!(answer.stdout.contains(words), "{words}: {answer}");
    }
    let all = Home::new().mai("doctor --providers -o json").ok().json();
    let names: Vec<&str> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["type"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"simplesamlphp"), "{names:?}");
}

#[test]
fn the_document_has_every_finding() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    home.write(".aws/credentials", HURT);
    let answer = home.mai("doctor -o json");
    let document = answer.json();
    assert_eq!(answer.code, Some(1));
    assert!(document["wrong"].as_u64() >= Some(2), "{document}");
    let areas = document["areas"].as_array().unwrap();
    assert!(areas.iter().any(|area| area["area"] == "shared files"));
    let settings = document["settings"].as_array().unwrap();
    let url = settings
        .iter()
        .find(|setting| setting["setting"] == "corp.url")
        .unwrap();
    assert!(
        url["origin"].as_str().unwrap().contains("profiles.yaml:3"),
        "{url}"
    );
}
