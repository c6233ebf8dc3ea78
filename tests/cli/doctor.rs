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
fn settings_of_other_sources_of_keys_are_named() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let told = |setting: &str| {
        home.write(".aws/config", format!("[profile prod]\n{setting} = x\n"));
        let answer = home.mai("doctor").stdout;
        answer.contains(&format!("profile prod has {setting}, which Rust and Java"))
    };
    for setting in [
        "role_arn",
        "sso_account_id",
        "login_session",
        "web_identity_token_file",
    ] {
        assert!(told(setting), "{setting}");
    }
    // It means nothing without one of them.
    assert!(!told("source_profile") && !told("region"));
    home.write(
        ".aws/config",
        "[profile prod]\nsso_session = x\nsso_role_name = y\n",
    );
    let answer = home.mai("doctor").stdout;
    assert_eq!(
        answer.matches("sso_session, sso_role_name").count(),
        1,
        "{answer}"
    );
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
    for line in answer.stdout.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let all = Home::new().mai("doctor --providers -o json").ok().json();
    // All that the document says, people are told too, in whatever lines.
    let told: Vec<&str> = answer.stdout.split_whitespace().collect();
    let told = told.join(" ");
    for provider in all.as_array().unwrap() {
        let options = provider["options"].as_array().unwrap();
        let texts = options.iter().flat_map(|o| [&o["option"], &o["about"]]);
        for text in texts.chain([&provider["type"], &provider["product"], &provider["proof"]]) {
            let text = text.as_str().unwrap();
            assert!(told.contains(text), "{text}: {answer}");
        }
    }
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

#[test]
fn nothing_in_a_file_or_a_variable_draws_on_the_terminal() {
    let mut home = Home::new();
    home.write(
        ".aws/credentials",
        "[evil\u{1b}[31mRED]\naws_security_token = x\n",
    );
    home.write(".aws/config", "[evil\u{1b}[31mRED]\nregion = x\n");
    let answer = home.mai("doctor");
    assert!(answer.stdout.contains("RED"), "{answer}");
    assert!(!answer.stdout.contains('\u{1b}'), "{answer}");
    home.set("AWS_SHARED_CREDENTIALS_FILE", "/tmp/x\u{1b}[31m");
    let answer = home.mai("doctor");
    assert!(!answer.stdout.contains('\u{1b}'), "{answer}");
}

#[test]
fn of_two_profiles_with_one_section_only_the_one_that_signed_in_has_keys() {
    let testbed = Testbed::start();
    let yaml = format!(
        "{}profiles:\n  prod: {{identity_provider: corp, role: 111111111111/PowerUser, aws_profile: x}}\n  \
         audit: {{identity_provider: corp, role: 222222222222/ReadOnly, aws_profile: x}}\n",
        corp(&testbed, "simple", "ada")
    );
    let home = Home::with(&testbed, &yaml);
    home.login("prod").ok();
    let answer = home.mai("doctor").ok();
    assert!(
        answer.stdout.contains("1 of 2 profiles have keys"),
        "{answer}"
    );
    assert!(
        answer
            .stdout
            .contains("prod, audit write to the same section [x]"),
        "{answer}"
    );
}

#[test]
fn the_python_mais_home_is_understood() {
    let home = Home::new();
    home.write(
        ".config/mai/mai.yaml",
        "one: {saml_identity_provider_url: 'https://idp.test/a', saml_user: ada}\n\
         two: {saml_identity_provider_url: 'https://idp.test/a', saml_user: ada}\n",
    );
    let answer = home.mai("doctor").ok();
    assert!(
        answer
            .stdout
            .contains("the file of the Python Mai is in force"),
        "{answer}"
    );
    assert!(!answer.stdout.contains("same section"), "{answer}");
    // The file that Python's keyring left, for `ada@https://idp.test/a`.
    home.write(
        ".local/share/python_keyring/keyring_pass.cfg",
        "[mai]\nada_40https_3a_2f_2fidp_2etest_2fa = \n\taHVudGVyMg==\n",
    );
    let answer = home.mai("doctor").ok();
    assert!(!answer.stdout.contains("hunter2"), "{answer}");
    // The one with a master password: first one that none could open.
    let crypted = ".local/share/python_keyring/crypted_pass.cfg";
    home.write(crypted, "[mai]\n");
    let answer = home.mai("doctor").ok();
    assert!(
        answer
            .stdout
            .contains("crypted_pass.cfg is encrypted in a way that `mai` does not know"),
        "{answer}"
    );
    home.write(
        crypted,
        "[keyring_2Dsetting]\npassword_20reference = \n\te30=\n\n[mai]\nada_40https_3a_2f_2fidp_2etest_2fa = \n\te30=\n",
    );
    let answer = home.mai("doctor").ok();
    assert!(
        answer
            .stdout
            .contains("crypted_pass.cfg holds passwords of Python's keyring"),
        "{answer}"
    );
    let plain = home.path(".local/share/python_keyring/keyring_pass.cfg");
    std::fs::remove_file(plain).expect("the file is there");
    let answer = home.mai("doctor").ok();
    assert!(
        answer
            .stdout
            .contains("crypted_pass.cfg, and its master password is asked for"),
        "{answer}"
    );
    home.profiles("profiles:\n");
    let answer = home.mai("doctor").ok();
    assert!(
        answer
            .stdout
            .contains("mai.yaml is not read, since there is"),
        "{answer}"
    );
}
