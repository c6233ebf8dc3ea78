//! What is wrong with a configuration: file, line, column, the nearest word; and which one is in force.

use std::os::unix::fs::PermissionsExt;

use mai_testbed::{PASSWORD, Testbed};

use crate::support::{Home, corp};

const GOOD: &str = "identity_providers:
  corp: {url: 'https://login.example.com/sso', username: ada}
profiles:
  dev: {identity_provider: corp, role: 123456789012/Dev}
  prod: {identity_provider: corp}
groups: {morning: [dev, prod]}
";

/// What `mai list` says about this file, which must be wrong.
#[track_caller]
fn refused(yaml: &str, words: &[&str]) {
    let home = Home::new();
    home.profiles(yaml);
    for verb in ["list", "login prod"] {
        let answer = home.mai(verb).fails(2, words);
        assert!(answer.stderr.starts_with("error: "), "{answer}");
        assert!(answer.stdout.is_empty(), "{answer}");
    }
}

#[test]
fn mistakes_are_told_with_file_line_column_and_the_nearest_word() {
    for (old, new, words) in [
        (
            "role: 123456789012/Dev}",
            "role: 123456789012/Dev",
            ["profiles.yaml:5:", "broken YAML"],
        ),
        (
            "  prod: {",
            "  prod: {rloe: x, ",
            [
                "profiles.yaml:5:10: unknown key `rloe` in profile `prod`",
                "did you mean `role`?",
            ],
        ),
        (
            "profiles:",
            "profles:",
            [
                "profiles.yaml:3:1: unknown key `profles`",
                "did you mean `profiles`?",
            ],
        ),
        (
            "[dev, prod]",
            "dev",
            ["profiles.yaml:6:19: group `morning` must be a list", ""],
        ),
        (
            "  prod: {",
            "  prod: {critical: 1, ",
            [
                "profiles.yaml:5:20: `critical` of profile `prod` must be true or false",
                "",
            ],
        ),
        (
            "  prod: {",
            "  prod: {duration: 1 hour, ",
            [
                "profiles.yaml:5:20: `duration` of profile `prod`",
                "write it like 90s, 15m, 8h",
            ],
        ),
        (
            "[dev, prod]",
            "[dev, prid]",
            [
                "profiles.yaml:6:25: there is no profile `prid`",
                "did you mean `prod`?",
            ],
        ),
        (
            "identity_provider: corp}",
            "identity_provider: crop}",
            [
                "profiles.yaml:5:29: there is no identity provider `crop`",
                "did you mean `corp`?",
            ],
        ),
        (
            "groups:",
            "default_profile: dve\ngroups:",
            [
                "profiles.yaml:6:18: there is no profile `dve`",
                "did you mean `dev`?",
            ],
        ),
        (
            "morning",
            "dev",
            [
                "profiles.yaml:6:10: `dev` is a profile already",
                "another name",
            ],
        ),
        (
            "  prod: {identity_provider: corp}",
            "  prod: {identity_provider: corp}\n  prod: {}",
            [
                "profiles.yaml:6:3: the key `prod` is there twice",
                "remove one",
            ],
        ),
        (
            "username: ada",
            "type: keycloack",
            ["profiles.yaml:2:", "did you mean `keycloak`?"],
        ),
        (
            "https://login",
            "http://login",
            ["profiles.yaml:2:", "only sent over https"],
        ),
        (
            "  prod: {",
            "  prod: {source_profile: dev, ",
            [
                "profiles.yaml:5:50: `identity_provider` of profile `prod` does not go with `source_profile`",
                "leave one of the two out",
            ],
        ),
        (
            "  prod: {",
            "  prod: {keys: vault, ",
            ["`keys` of profile `prod`", "process"],
        ),
        (
            "username: ada",
            "type: browser",
            [
                "`browser` as `type` of identity provider `corp` is not supported",
                "",
            ],
        ),
    ] {
        let yaml = GOOD.replacen(old, new, 1);
        assert_ne!(yaml, GOOD, "{old}");
        let mut all = words.to_vec();
        all.push("~/.config/mai/profiles.yaml:");
        refused(&yaml, &all);
    }
}

#[test]
fn a_secret_in_the_wrong_place_is_not_repeated() {
    for line in [
        "password: hunter2",
        "mfa: {code: hunter2}",
        "password: [hunter2",
        "passwrd: hunter2",
    ] {
        let home = Home::new();
        home.profiles(&GOOD.replacen("username: ada", line, 1));
        for format in ["text", "json"] {
            let answer = home.mai(&format!("list -o {format}")).fails(2, &[]);
            assert!(!answer.stderr.contains("hunter2"), "{answer}");
        }
    }
}

#[test]
fn errors_of_the_configuration_are_json_for_programs() {
    let home = Home::new();
    home.profiles("profles: {}\n");
    let answer = home.mai("list -o json").fails(2, &[]);
    let error: serde_json::Value = serde_json::from_str(&answer.stderr).expect("one document");
    assert_eq!(error["error"]["kind"], "usage");
    assert_eq!(error["error"]["hint"], "did you mean `profiles`?");
    assert_eq!(error["error"]["exit_code"], 2);
    assert!(answer.stdout.is_empty(), "{answer}");
}

#[test]
fn a_file_that_others_may_write_holds_no_command() {
    let home = Home::new();
    let command = GOOD.replace("username: ada", "password: {command: [touch, ran]}");
    home.profiles(&command);
    let path = home.path(".config/mai/profiles.yaml");
    let chmod = |mode| {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("our file");
    };
    home.mai("list").ok();
    for (mode, key) in [(0o664, "command"), (0o646, "url")] {
        chmod(mode);
        home.mai("list").fails(
            2,
            &[
                "profiles.yaml:2:",
                &format!("others may write this file, so it may not hold a `{key}`"),
                "chmod go-w ",
            ],
        );
    }
    // Without a command it is only a file, as long as not everybody can turn the password to another host.
    home.profiles(GOOD);
    chmod(0o664);
    home.mai("list").ok();
    chmod(0o666);
    home.mai("list").fails(
        2,
        &["others may write this file, so it may not hold a `url`"],
    );
    // The same for a file that is included.
    chmod(0o600);
    home.profiles(&format!("include: [team.yaml]\n{GOOD}"));
    let team = home.write(
        ".config/mai/team.yaml",
        "identity_providers: {corp: {password: {command: x}}}\n",
    );
    std::fs::set_permissions(&team, std::fs::Permissions::from_mode(0o666)).expect("our file");
    home.mai("list")
        .fails(2, &["team.yaml:1:", "others may write"]);
    assert!(!home.path("ran").exists());
}

#[test]
fn another_file_is_used_when_it_is_named_and_a_variable_is_said() {
    let mut home = Home::new();
    home.profiles(GOOD);
    home.write("other.yaml", GOOD.replace("prod", "stage"));
    home.write("third.yaml", GOOD.replace("prod", "third"));
    let answer = home.mai("list -c other.yaml").ok();
    assert!(answer.stdout.contains("stage"), "{answer}");
    assert!(
        answer.stderr.is_empty(),
        "what was typed need not be said: {answer}"
    );
    home.set("MAI_CONFIG", "~/other.yaml");
    let answer = home.mai("list").ok();
    assert!(answer.stdout.contains("stage"), "{answer}");
    assert_eq!(answer.stderr, "Using ~/other.yaml (MAI_CONFIG).\n");
    let answer = home.mai("-c third.yaml list").ok();
    assert!(answer.stdout.contains("third"), "{answer}");
    home.set("MAI_CONFIG", "~/gone.yaml");
    home.mai("list")
        .fails(2, &["there is no file ~/gone.yaml", "MAI_CONFIG"]);
    home.mai("list -c nothing.yaml")
        .fails(2, &["there is no file", "nothing.yaml"]);
}

#[test]
fn without_a_file_it_says_how_to_get_one() {
    let home = Home::new();
    for verb in ["", "login prod", "login --all"] {
        home.mai(verb).fails(
            2,
            &[
                "no profiles yet: there is no ~/.config/mai/profiles.yaml",
                "`mai create NAME` makes one",
            ],
        );
    }
    // The current folder is never looked at.
    home.write("profiles.yaml", GOOD);
    let list = home.mai("list").ok();
    assert!(list.stderr.contains("no profiles yet"), "{list}");
    assert_eq!(list.stdout, "");
    home.write("elsewhere/mai/profiles.yaml", GOOD);
    let mut home = home;
    let elsewhere = home.path("elsewhere").display().to_string();
    home.set("XDG_CONFIG_HOME", &elsewhere);
    home.mai("list").ok();
}

#[test]
fn included_files_give_way_to_the_persons_own() {
    let home = Home::new();
    home.write(
        "company/base.yaml",
        "accounts: {\"123456789012\": acme}\nidentity_providers: {corp: {url: 'https://old.example/', username: nobody}}\n",
    );
    home.profiles(&format!("include: [~/company/base.yaml]\n{GOOD}"));
    let answer = home.mai("list -o json").ok();
    assert_eq!(answer.json()[0]["account"], "acme");
    assert_eq!(answer.json()[0]["username"], "ada");
    home.write("company/base.yaml", "profiles: {dev: {rloe: x}}\n");
    home.mai("list")
        .fails(2, &["~/company/base.yaml:1:18: unknown key `rloe`"]);
    home.profiles("include: [gone.yaml]\n");
    home.mai("list")
        .fails(2, &["profiles.yaml:1:11: there is no file", "gone.yaml"]);
}

const TWO: &str = "
profiles:
  prod: {identity_provider: corp, role: 111111111111/PowerUser}
  audit: {identity_provider: corp, role: 222222222222/ReadOnly}
";

#[test]
fn mai_alone_signs_in_to_the_default_or_the_only_profile() {
    let testbed = Testbed::start();
    // A command prints the password: `mai` alone takes no options.
    let corp = corp(&testbed, "simple", "ada").replace(
        "password: ask",
        "password: {command: [echo, correct horse], unattended: true}",
    );
    let mut home = Home::with(&testbed, &format!("default_profile: audit\n{corp}{TWO}"));
    home.set("AWS_PROFILE", "prod");
    let answer = home.mai("").ok();
    assert!(answer.stderr.contains("Signed in to audit"), "{answer}");
    assert!(home.key("prod", "aws_access_key_id").is_none());
    let only = TWO.lines().take(3).collect::<Vec<_>>().join("\n");
    let home = Home::with(&testbed, &format!("{corp}{only}\n"));
    assert!(home.mai("").ok().stderr.contains("Signed in to prod"));
}

#[test]
fn mai_alone_asks_which_profile_and_never_takes_the_last_used() {
    let testbed = Testbed::start();
    let home = Home::with(
        &testbed,
        &format!("{}{TWO}", corp(&testbed, "simple", "ada")),
    );
    home.login("audit").ok();
    home.mai("").fails(
        2,
        &[
            "which profile? there are several, and no default",
            "`mai set-default`",
        ],
    );
    let mut terminal = home.terminal("");
    terminal.expect("type to filter").keys("prod\r");
    terminal.expect("Password").line(PASSWORD);
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(seen.contains("Signed in to prod until"), "{seen}");
    let mut terminal = home.terminal("");
    terminal.expect("type to filter").keys("\u{3}");
    assert_eq!(terminal.end().1, 130);
}

#[test]
fn a_profile_that_is_not_there_names_the_nearest_before_the_first_byte() {
    let testbed = Testbed::start();
    let mut home = Home::at(&testbed, "simple", "ada");
    home.set("AWS_PROFILE", "prod");
    for (typed, hint) in [
        ("pord", "did you mean `prod`?"),
        ("mornin", "did you mean `morning`?"),
        ("xyzzy", "there is: prod, audit, morning"),
    ] {
        home.login(typed)
            .fails(2, &[&format!("there is no profile `{typed}`"), hint]);
    }
    assert!(testbed.requests().is_empty());
}
