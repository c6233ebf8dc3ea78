//! The Python Mai's configuration, passwords and scripts: they work as they stand, and nothing of them is changed.

use mai_testbed::{PASSWORD, Testbed};

use crate::support::{Home, finish, mode, sts_calls};

const MAI: &str = ".config/mai/mai.yaml";
const PROFILES: &str = ".config/mai/profiles.yaml";

/// As the Python Mai writes it, here with the wrapped lists of its older years.
fn yaml(url: &str) -> String {
    format!(
        "audit:
  saml_identity_provider_url: {url}
  saml_role: ['arn:aws:iam::222222222222:saml-provider/corp', 'arn:aws:iam::222222222222:role/ReadOnly',
    acme-audit]
  saml_user: ada
global: {{default_profile: prod}}
prod:
  saml_identity_provider_url: {url}
  saml_role:
  - arn:aws:iam::111111111111:saml-provider/corp
  - arn:aws:iam::111111111111:role/PowerUser
  - null
  saml_user: ada
"
    )
}

/// A home of somebody who used the Python Mai until today.
fn home(testbed: &Testbed) -> Home {
    let mut home = Home::new();
    home.know(testbed);
    home.write(MAI, yaml(&testbed.face("simple")));
    home
}

/// The role whose keys stand in `[default]`.
fn role_in_default(home: &Home) -> String {
    let rows = home.mai("status -o json").ok().json();
    let rows = rows.as_array().expect("a list");
    let row = rows
        .iter()
        .find(|row| row["aws_profile"] == "default" && row["status"] == "valid");
    row.expect("keys in [default]")["role_arn"]
        .as_str()
        .expect("a role")
        .to_owned()
}

#[test]
fn a_classic_configuration_signs_in_to_default() {
    let testbed = Testbed::start();
    let home = home(&testbed);
    let before = home.read(MAI);
    home.login("").ok();
    assert!(role_in_default(&home).ends_with("role/PowerUser"));
    home.login("audit").ok();
    assert!(role_in_default(&home).ends_with("role/ReadOnly"));
    home.mai_with(
        "log prod --awsprofile work --password-stdin",
        &format!("{PASSWORD}\n"),
    )
    .ok();
    assert!(home.key("work", "aws_access_key_id").is_some());
    assert_eq!(home.read(MAI), before);
    assert_eq!(home.names(".config/mai"), ["last_update.yaml", "mai.yaml"]);
}

#[test]
fn of_several_profiles_the_last_has_the_section_and_it_is_said() {
    let testbed = Testbed::start();
    let home = home(&testbed);
    let answer = home.login("prod audit").ok();
    assert!(
        answer
            .stderr
            .contains("prod and audit both write to [default]; the last wins"),
        "{answer}"
    );
    assert!(role_in_default(&home).ends_with("role/ReadOnly"));
    home.login("audit prod").ok();
    assert!(role_in_default(&home).ends_with("role/PowerUser"));
    let calls = sts_calls(&testbed);
    home.login("audit prod").ok();
    assert_eq!(sts_calls(&testbed), calls, "good keys are left alone");
}

#[test]
fn old_scripts_find_the_last_login_where_they_look_for_it() {
    let testbed = Testbed::start();
    let home = home(&testbed);
    home.write(
        ".config/mai/last_update.yaml",
        "{profile: old, timestamp: 1.0}\n",
    );
    home.login("audit").ok();
    let text = home.read(".config/mai/last_update.yaml");
    let (profile, timestamp) = text.split_once('\n').expect("two lines");
    assert_eq!(profile, "profile: audit");
    let seconds: f64 = timestamp
        .trim()
        .strip_prefix("timestamp: ")
        .expect("a time")
        .parse()
        .expect("a number");
    assert!(seconds > 1.7e9, "{text}");
    home.mai("set-default audit").ok();
    home.login("prod --force").ok();
    assert_eq!(
        home.read(".config/mai/last_update.yaml"),
        text,
        "profiles.yaml counts now"
    );
}

#[test]
fn a_file_of_somebody_elses_in_its_place_stays() {
    let testbed = Testbed::start();
    let home = home(&testbed);
    let diary = home.write("diary", "dear diary\n");
    let place = home.path(".config/mai/last_update.yaml");
    std::os::unix::fs::symlink(&diary, &place).expect("a link");
    home.login("audit").ok();
    assert_eq!(home.read("diary"), "dear diary\n");
    std::fs::remove_file(&place).expect("the link goes");
    std::fs::write(&place, "mine: yes\n").expect("a file");
    home.login("prod --force").ok();
    assert_eq!(home.read(".config/mai/last_update.yaml"), "mine: yes\n");
}

#[test]
fn lists_and_prefixes_are_the_old_ones() {
    let testbed = Testbed::start();
    let home = home(&testbed);
    let rows = home.mai("li -o json").ok().json();
    let names: Vec<&str> = rows
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| row["name"].as_str().expect("a name"))
        .collect();
    assert_eq!(names, ["audit", "prod"]);
    assert_eq!(rows[0]["url"], testbed.face("simple"));
    assert_eq!(
        (&rows[0]["user"], &rows[0]["role"]),
        (&"ada".into(), &"ReadOnly".into())
    );
    assert_eq!(rows[0]["account"], "acme-audit");
    assert!(!home.mai("list").ok().stdout.contains("global"));
    home.mai("log pord")
        .fails(2, &["there is no profile `pord`", "did you mean `prod`?"]);
    home.mai("delete global")
        .fails(2, &["there is no profile `global`"]);
}

#[test]
fn the_first_command_that_writes_copies_all_profiles() {
    let testbed = Testbed::start();
    let home = home(&testbed);
    let before = home.read(MAI);
    let answer = home.mai("set-default audit").ok();
    assert!(
        answer.stderr.starts_with("Copied 2 profiles from ~/.config/mai/mai.yaml to ~/.config/mai/profiles.yaml, which counts from now on. ~/.config/mai/mai.yaml stays as it is.\n"),
        "{answer}"
    );
    assert_eq!(home.read(MAI), before);
    assert_eq!(mode(&home.path(PROFILES)), 0o600);
    let yaml = home.read(PROFILES);
    for words in [
        "\ndefault_profile: audit\n",
        "\nidentity_providers:\n  idp:\n    url: ",
        "\n    username: ada\n",
        "\n  prod:\n    identity_provider: idp\n    role: arn:aws:iam::111111111111:role/PowerUser\n    provider_arn: arn:aws:iam::111111111111:saml-provider/corp\n    aws_profile: default\n",
        "\naccounts:\n  \"222222222222\": acme-audit\n",
    ] {
        assert!(yaml.contains(words), "`{words}` is missing in:\n{yaml}");
    }
    let answer = home.mai("delete prod").ok();
    assert!(!answer.stderr.contains("Copied"), "{answer}");
    home.login("").ok();
    assert!(role_in_default(&home).ends_with("role/ReadOnly"));
}

#[test]
fn a_deleted_classic_profile_is_gone_from_the_copy_only() {
    let testbed = Testbed::start();
    let home = home(&testbed);
    home.mai("delete prod").ok();
    assert!(home.read(MAI).contains("prod:"));
    let rows = home.mai("list -o json").ok().json();
    assert_eq!(rows.as_array().map(Vec::len), Some(1));
    assert!(!home.read(PROFILES).contains("default_profile"));
}

#[test]
fn two_first_writers_copy_once_and_both_are_heard() {
    let testbed = Testbed::start();
    let home = home(&testbed);
    let runs = [home.start("set-default audit"), home.start("delete prod")];
    for run in runs {
        finish(run, "").ok();
    }
    let yaml = home.read(PROFILES);
    assert!(
        yaml.contains("default_profile: audit") && !yaml.contains("\n  prod:"),
        "{yaml}"
    );
    assert_eq!(yaml.matches("\nprofiles:\n").count(), 1, "{yaml}");
}

#[test]
fn a_classic_file_may_be_named_and_is_never_written() {
    let testbed = Testbed::start();
    let mut home = Home::new();
    home.know(&testbed);
    let old = home.write("elsewhere/mai.yaml", yaml(&testbed.face("simple")));
    let before = home.read("elsewhere/mai.yaml");
    home.login(&format!("audit -c {}", old.display())).ok();
    assert_eq!(home.names("elsewhere"), ["last_update.yaml", "mai.yaml"]);
    let answer = home.mai(&format!("-c {} delete prod", old.display())).ok();
    assert!(
        answer
            .stderr
            .contains("~/elsewhere/profiles.yaml, which counts from now on; name that one with -c"),
        "{answer}"
    );
    home.mai(&format!("-c {} delete audit", old.display()))
        .fails(
            2,
            &[
                "~/elsewhere/mai.yaml belongs to the Python Mai and is never changed",
                "there is ~/elsewhere/profiles.yaml by now",
            ],
        );
    home.mai(&format!(
        "-c {} delete audit",
        home.path("elsewhere/profiles.yaml").display()
    ))
    .ok();
    assert_eq!(home.read("elsewhere/mai.yaml"), before);
}

#[test]
fn profiles_yaml_wins_over_the_classic_file() {
    let testbed = Testbed::start();
    let home = home(&testbed);
    home.profiles("identity_providers: {corp: {url: 'https://x.example/'}}\nprofiles: {new: {identity_provider: corp}}\n");
    let answer = home.mai("list").ok();
    assert!(
        answer.stdout.contains("new") && !answer.stdout.contains("audit"),
        "{answer}"
    );
}

#[test]
fn odd_classic_files_are_told_and_read_as_far_as_they_go() {
    let home = Home::new();
    for empty in ["", "{}\n", "global: {}\n"] {
        home.write(MAI, empty);
        let list = home.mai("list").ok();
        assert!(list.stderr.contains("no profiles yet"), "{list}");
        home.mai("").fails(2, &["no profiles yet"]);
    }
    home.write(MAI, "prod:\n  saml_role: ['a\n");
    home.mai("list")
        .fails(2, &["~/.config/mai/mai.yaml:", "broken YAML"]);
    home.write(
        MAI,
        "1: {saml_identity_provider_url: 'https://x.example/', saml_role: [a]}\nbroken: {saml_user: x}\nglobal: {default_profile: gone}\n",
    );
    let answer = home.mai("list").ok();
    for words in [
        "warning: ~/.config/mai/mai.yaml:1:66: `saml_role` of profile `1` names no role",
        "profile `broken` has no `saml_identity_provider_url`",
        "there is no profile `gone` to be the default any more",
    ] {
        assert!(answer.stderr.contains(words), "{answer}");
    }
    assert!(answer.stdout.contains("(asked)"), "{answer}");
}

#[test]
fn an_address_that_everybody_may_write_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let path = home.write(MAI, yaml("https://x.example/"));
    home.mai("list").ok();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).expect("a mode");
    home.mai("list").fails(
        2,
        &["mai.yaml:2:", "others may write this file", "chmod go-w"],
    );
}

#[test]
fn a_password_that_python_left_in_a_file_is_used_for_its_own_address_only() {
    let testbed = Testbed::start();
    let home = home(&testbed);
    let url = testbed.face("simple");
    let entry = |user: &str, password: &str| {
        let name: String = user
            .bytes()
            .map(|b| {
                if b.is_ascii_alphanumeric() {
                    char::from(b).to_string()
                } else {
                    format!("_{b:02x}")
                }
            })
            .collect();
        let encoded = base64(password);
        format!("[mai]\n{name} = \n\t{encoded}\n\n")
    };
    let file = ".local/share/python_keyring/keyring_pass.cfg";
    let other = url.replacen("127.0.0.1", "127.0.0.2", 1);
    home.write(file, entry(&format!("ada@{other}"), PASSWORD));
    home.mai("login --no-input").fails(3, &[]);
    for user in [format!("ada@{url}"), "ada".to_owned()] {
        let text = entry(&user, PASSWORD);
        home.write(file, &text);
        let answer = home.mai("login --no-input --force").ok();
        assert!(
            answer.stderr.contains("~/.local/share/python_keyring/keyring_pass.cfg, where the Python Mai left it nearly in the clear"),
            "{answer}"
        );
        assert!(!answer.to_string().contains(PASSWORD), "{answer}");
        assert_eq!(home.read(file), text);
    }
    // Two places: a user's name alone does not say for which.
    let two = format!(
        "{}other: {{saml_identity_provider_url: 'https://x.example/', saml_user: ada}}\n",
        yaml(&url)
    );
    home.write(MAI, two);
    home.mai("login prod --no-input --force").fails(3, &[]);
}

fn base64(text: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for part in text.as_bytes().chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, at| {
            bits << 8 | u32::from(part.get(at).copied().unwrap_or(0))
        });
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at)) as usize & 63];
            encoded.push(if at <= part.len() {
                char::from(letter)
            } else {
                '='
            });
        }
    }
    encoded
}
