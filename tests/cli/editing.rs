//! Commands that change `profiles.yaml`: what goes, and that everything else stays.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use crate::support::{Home, mode};

const YAML: &str = "# ours, since 2019
default_profile: dev   # most of the day

identity_providers:
  corp: {url: 'https://login.example.com/sso', username: ada}

profiles:
  # the playground
  dev:
    identity_provider: corp
    role: 123456789012/Dev   # never Admin

  # loud
  prod:
    identity_provider: corp
    role: 123456789012/Prod

groups: {morning: [dev, prod], night: [prod]}
";

const FILE: &str = ".config/mai/profiles.yaml";

fn home() -> Home {
    let home = Home::new();
    home.profiles(YAML);
    home
}

#[test]
fn a_deleted_profile_leaves_everything_else_as_it_was() {
    let home = home();
    let answer = home.mai("delete prod").ok();
    assert_eq!(
        answer.to_string(),
        "Removed prod from ~/.config/mai/profiles.yaml, and from the group morning, with the group night, \
         which had no other profile.\nA stored password stays.\n[exit 0]"
    );
    assert_eq!(
        home.read(FILE),
        YAML.replace(
            "  prod:\n    identity_provider: corp\n    role: 123456789012/Prod\n",
            ""
        )
        .replace("{morning: [dev, prod], night: [prod]}", "{morning: [dev]}")
    );
    home.mai("list").ok();
}

#[test]
fn a_deleted_default_is_said_and_keys_stay() {
    let home = home();
    let keys = "[dev]\naws_access_key_id = ASIAX\naws_secret_access_key = x\n";
    home.write(".aws/credentials", keys);
    let answer = home.mai("delete dev dev").ok();
    let words = "It was the default: `mai set-default NAME` chooses another.";
    assert!(answer.stderr.contains(words), "{answer}");
    assert_eq!(home.credentials(), keys);
    assert!(!home.read(FILE).contains("default_profile"));
}

#[test]
fn no_blank_line_is_left_where_something_stood() {
    let home = Home::new();
    let before = "identity_providers: {corp: {url: 'https://login.example.com/sso'}}\n\nprofiles:\n  \
                  dev: {identity_provider: corp}\n\n  prod: {identity_provider: corp}\n";
    home.profiles(before);
    home.mai("set-default prod").ok();
    home.mai("set-default dev").ok();
    assert_eq!(home.read(FILE), format!("default_profile: dev\n\n{before}"));
    home.mai("delete dev").ok();
    let after = before.replace("dev: {identity_provider: corp}\n\n  ", "");
    assert_eq!(home.read(FILE), after);
}

#[test]
fn several_go_together_or_not_at_all() {
    let home = home();
    home.mai("delete dev prid")
        .fails(2, &["there is no profile `prid`", "did you mean `prod`?"]);
    home.mai("delete global")
        .fails(2, &["there is no profile `global`"]);
    home.mai("delete morning")
        .fails(2, &["`morning` is a group", "dev, prod"]);
    home.mai("delete").fails(2, &["PROFILE"]);
    assert_eq!(home.read(FILE), YAML);
    let document = home.mai("delete dev prod -o json").ok().json();
    assert_eq!(
        document,
        serde_json::json!({
            "removed": [
                {"profile": "dev", "was_default": true, "left_groups": ["morning"], "dropped_groups": []},
                {"profile": "prod", "was_default": false, "left_groups": [], "dropped_groups": ["morning", "night"]},
            ],
            "file": "~/.config/mai/profiles.yaml",
        })
    );
    let list = home.mai("list").ok();
    assert!(list.stderr.contains("has no profiles yet"), "{list}");
    home.profiles(YAML);
    let rows = home.mai("delete dev prod -o tsv").ok().stdout;
    assert_eq!(rows, "profile\tstatus\ndev\tremoved\nprod\tremoved\n");
}

#[test]
fn the_default_is_set_in_its_line() {
    let home = home();
    let answer = home.mai("set-default prod").ok();
    assert_eq!(
        answer.to_string(),
        "`mai` alone signs in to prod from now on (~/.config/mai/profiles.yaml).\n[exit 0]"
    );
    assert_eq!(
        home.read(FILE),
        YAML.replace("default_profile: dev ", "default_profile: prod ")
    );
    let rows = home.mai("set-default prod -o tsv").ok().stdout;
    assert_eq!(rows, "profile\tstatus\nprod\tdefault\n");
    let document = home.mai("set-default dev -o json").ok().json();
    assert_eq!(document["default_profile"], "dev");
    assert_eq!(home.read(FILE), YAML);
    home.mai("set-default prd")
        .fails(2, &["there is no profile `prd`", "did you mean `prod`?"]);
    home.mai("set-default morning")
        .fails(2, &["`morning` is a group"]);
    home.mai("set prod").ok();
}

#[test]
fn a_file_of_its_own_is_changed_where_it_was_named() {
    let home = home();
    let other = home.write("other.yaml", YAML);
    home.mai(&format!("-c {} set-default prod", other.display()))
        .ok();
    assert!(home.read("other.yaml").contains("default_profile: prod"));
    let mut home = home;
    home.set("MAI_CONFIG", &other.display().to_string());
    home.mai("delete prod").ok();
    assert!(!home.read("other.yaml").contains("default_profile"));
    assert_eq!(home.read(FILE), YAML);
}

#[test]
fn included_files_are_read_and_never_written() {
    let home = Home::new();
    let team = "profiles:\n  shared: {identity_provider: corp}\ngroups: {all: [shared, mine]}\n";
    home.write(".config/mai/team.yaml", team);
    home.profiles("include: [team.yaml]\nidentity_providers: {corp: {url: 'https://x.example/'}}\nprofiles:\n  mine: {identity_provider: corp}\n  shared: {region: eu-west-1}\n");
    home.mai("delete mine").fails(
        2,
        &[
            "nothing was changed",
            "team.yaml:3:24: there is no profile `mine`",
        ],
    );
    home.mai("set-default shared").ok();
    let answer = home.mai("delete shared").ok();
    assert!(
        answer
            .stderr
            .contains("shared is still a profile: ~/.config/mai/team.yaml:2:3"),
        "{answer}"
    );
    home.mai("delete shared").fails(
        2,
        &["`shared` stands in ~/.config/mai/team.yaml:2:3, and `mai` writes ~/.config/mai/profiles.yaml only"],
    );
    assert_eq!(home.read(".config/mai/team.yaml"), team);
}

#[test]
fn a_read_only_file_stays_and_is_named() {
    let home = home();
    let path = home.path(FILE);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
    home.mai("set-default prod")
        .fails(1, &["profiles.yaml: the file is read-only", "chmod u+w"]);
    home.mai("delete prod")
        .fails(1, &["profiles.yaml: the file is read-only"]);
    assert_eq!(home.read(FILE), YAML);
    assert_eq!(home.names(".config/mai"), ["profiles.yaml"]);
}

#[test]
fn a_read_only_folder_is_named_and_nothing_is_lost() {
    let home = home();
    let folder = home.path(".config/mai");
    let script = format!(
        "mount --bind {folder} {folder}; mount -o remount,bind,ro {folder}; exec \"$@\"",
        folder = folder.display()
    );
    home.script_with_mounts(&script, "delete prod", "").fails(
        1,
        &["cannot write ", "/.config/mai/profiles.yaml", "ead-only"],
    );
    assert_eq!(home.read(FILE), YAML);
    assert_eq!(home.names(".config/mai"), ["profiles.yaml"]);
}

#[test]
fn a_link_into_a_checkout_stays_a_link() {
    let home = Home::new();
    let real = home.write("dotfiles/mai.d/profiles.yaml", YAML);
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o644)).unwrap();
    std::fs::create_dir_all(home.path(".config/mai")).unwrap();
    symlink("../../dotfiles/mai.d/profiles.yaml", home.path(FILE)).unwrap();
    home.mai("set-default prod").ok();
    assert!(home.path(FILE).is_symlink());
    assert!(
        std::fs::read_to_string(&real)
            .unwrap()
            .contains("default_profile: prod")
    );
    assert_eq!(
        mode(&real),
        0o644,
        "others in the checkout can read it as before"
    );
    assert_eq!(
        std::fs::metadata(&real).unwrap().uid(),
        std::fs::metadata(home.path("")).unwrap().uid()
    );
    assert_eq!(home.names("dotfiles/mai.d"), ["profiles.yaml"]);
}

#[test]
fn writers_at_the_same_time_lose_nothing() {
    let home = Home::new();
    let mut yaml =
        String::from("# top\nidentity_providers: {corp: {url: 'https://x.example/'}}\nprofiles:\n");
    for n in 0..12 {
        yaml += &format!("  # about p{n}\n  p{n}: {{identity_provider: corp}}\n");
    }
    home.profiles(&yaml);
    let runs: Vec<_> = (0..11)
        .map(|n| match n {
            0 => home.start("set-default p11"),
            n => home.start(&format!("delete p{n}")),
        })
        .collect();
    for run in runs {
        crate::support::finish(run, "").ok();
    }
    let after = home.read(FILE);
    assert!(
        after.starts_with("# top\ndefault_profile: p11\n")
            || after.starts_with("default_profile: p11\n\n# top\n"),
        "{after}"
    );
    for n in 0..12 {
        assert!(after.contains(&format!("# about p{n}\n")), "{after}");
        assert_eq!(
            after.contains(&format!("  p{n}: {{")),
            n == 0 || n == 11,
            "{after}"
        );
    }
}

#[test]
fn a_file_that_cannot_be_cut_safely_stays() {
    let home = Home::new();
    let yaml = "identity_providers: {corp: {url: 'https://x.example/'}}\nprofiles:\n  a: &a {identity_provider: corp}\n  b: *a\n";
    home.profiles(yaml);
    home.mai("delete a").fails(
        2,
        &["profiles.yaml:", "cannot change safely", "in an editor"],
    );
    home.mai("delete b").ok();
    assert_eq!(home.read(FILE), yaml.replace("  b: *a\n", ""));
}

#[test]
fn a_name_that_is_none_is_answered_with_profiles_only() {
    let home = Home::new();
    home.profiles(YAML);
    for verb in ["delete", "set-default"] {
        let answer = home
            .mai(&format!("{verb} zzzzzz"))
            .fails(2, &["there is: "]);
        assert!(!answer.stderr.contains("morning"), "{answer}");
    }
}

#[test]
fn a_line_that_asks_for_a_deleted_profile_is_named_with_what_removes_it() {
    let home = home();
    home.profiles(&YAML.replace("role: 123456789012/Prod", "aws_profile: live"));
    home.mai("configure-process dev prod").ok();
    let answer = home.mai("delete prod").ok();
    for words in [
        "warning: ~/.aws/config:5: SDKs still ask for the keys of prod",
        "`mai configure-process --remove live`",
    ] {
        assert!(answer.stderr.contains(words), "{answer}");
    }
    assert!(!answer.stderr.contains("remove dev"), "{answer}");
    home.mai("configure-process --remove live").ok();
    assert!(!home.read(".aws/config").contains("live"));
    // Without any profile, too.
    let answer = home.mai("delete dev").ok();
    assert!(
        answer
            .stderr
            .contains("`mai configure-process --remove dev`"),
        "{answer}"
    );
    home.mai("configure-process --remove dev").ok();
    assert_eq!(home.read(".aws/config"), "");
}

#[test]
fn only_keys_that_mai_wrote_and_that_end_are_said_to_stay() {
    let home = home();
    for keys in [
        "[dev]\naws_access_key_id = AKIAX\naws_secret_access_key = x\n",
        "[dev]\naws_access_key_id = ASIAX\naws_secret_access_key = x\naws_session_token = y\n",
        "[dev]\nregion = x\n",
    ] {
        home.write(".aws/credentials", keys);
        home.profiles(YAML);
        let answer = home.mai("delete dev").ok();
        assert!(!answer.stderr.contains("until they end"), "{answer}");
        assert_eq!(home.credentials(), keys);
    }
}
