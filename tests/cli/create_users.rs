//! `mai create` where the identity provider has no user yet, where the file is new; options of the Python Mai, and bad usage.

use mai_testbed::{PASSWORD, Testbed};

use crate::support::{Answer, Home};

const FILE: &str = ".config/mai/profiles.yaml";

fn create(home: &Home, rest: &str) -> Answer {
    home.mai_with(&format!("create {rest} --password-stdin"), PASSWORD)
}

/// An identity provider `one` without a user.
fn nameless(testbed: &Testbed) -> String {
    format!(
        "identity_providers:\n  one:\n    url: {}  # ours\n    password: ask\n",
        testbed.face("simple")
    )
}

#[test]
fn an_identity_provider_without_a_user_gets_the_one_of_the_first_profile() {
    let testbed = Testbed::start();
    let before = nameless(&testbed);
    let home = Home::with(&testbed, &before);
    let answer = create(&home, "p2 --role */Admin --idp one -U ada").ok();
    let told = "Wrote profile p2 and the user ada of identity provider one to";
    assert!(answer.stderr.contains(told), "{answer}");
    let after = home.read(FILE);
    assert!(
        after.starts_with(&format!("{before}    username: ada\n")),
        "{after}"
    );
    home.login("p2 --force").ok();
}

#[test]
fn a_user_that_was_typed_or_is_usual_is_kept_too() {
    let testbed = Testbed::start();
    let home = Home::with(&testbed, &nameless(&testbed));
    let mut terminal = home.terminal("create p2 --role */Admin");
    terminal.expect("User name for 127.0.0.1").line("ada");
    terminal.expect("Password of ada").line(PASSWORD);
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    home.login("p2 --force").ok();
    let mut home = Home::with(&testbed, &nameless(&testbed));
    create(&home, "p2 --role */Admin").fails(3, &["a user name for", "add -U USER"]);
    home.set("SAML_USER", "carol");
    create(&home, "p2").ok();
    assert!(home.read(FILE).contains("    username: carol\n"));
}

#[test]
fn an_identity_provider_of_an_included_file_gets_its_user_in_the_persons_own() {
    let testbed = Testbed::start();
    let home = Home::with(&testbed, "include: team.yaml\n");
    home.write(".config/mai/team.yaml", nameless(&testbed));
    create(&home, "p2 --role */Admin -U ada").ok();
    assert_eq!(
        home.read(".config/mai/team.yaml"),
        nameless(&testbed),
        "it is not ours"
    );
    let after = home.read(FILE);
    assert!(after.contains("  one:\n    username: ada\n"), "{after}");
    home.login("p2 --force").ok();
}

#[test]
fn a_named_file_that_is_new_can_be_begun_with() {
    let testbed = Testbed::start();
    let mut home = Home::new();
    home.know(&testbed);
    let url = testbed.face("simple");
    let rest = format!("create x --role */Admin -U ada --url {url} --password-stdin");
    home.mai_with(&format!("-c none/new.yaml {rest}"), PASSWORD)
        .fails(2, &["there is no file none/new.yaml"]);
    home.mai_with(&format!("-c mai.yaml {rest}"), PASSWORD)
        .fails(2, &["there is no file mai.yaml"]);
    for verb in ["list", "login", "delete x", "set-default x"] {
        home.mai(&format!("-c new.yaml {verb}"))
            .fails(2, &["there is no file new.yaml"]);
    }
    assert_eq!(testbed.requests().len(), 0);
    home.mai_with(&format!("-c new.yaml {rest}"), PASSWORD).ok();
    assert!(home.read("new.yaml").contains("username: ada"));
    home.set("MAI_CONFIG", "other.yaml");
    home.mai_with(&rest, PASSWORD).ok();
    assert!(home.mai("list").ok().stdout.contains("Admin"));
}

#[test]
fn options_of_the_python_mai_work_or_are_said_to_be_missing() {
    let testbed = Testbed::start();
    let home = Home::with(
        &testbed,
        &format!(
            "{}    username: ada\nprofiles: {{p: {{identity_provider: one, role: 222222222222/Admin}}}}\n",
            nameless(&testbed)
        ),
    );
    let given = "--config-file .config/mai/profiles.yaml";
    assert!(home.mai(&format!("{given} li")).ok().stdout.contains("one"));
    home.mai("--awsprofile zz")
        .fails(3, &["the password of ada"]);
    home.login("p").ok();
    // Only the section `zz` has no keys: before a verb it counts for nothing.
    home.mai("--awsprofile zz login").ok();
    home.mai("--awsprofile zz log p").ok();
    for help in ["--help", "login --help"] {
        assert!(!home.mai(help).ok().stdout.contains("config-file"));
    }
    assert!(!home.mai("--help").ok().stdout.contains("awsprofile"));
}

#[test]
fn bad_usage_is_whole_in_json_too() {
    let home = Home::new();
    let error = |line: &str| {
        serde_json::from_str::<serde_json::Value>(&home.mai(line).stderr).expect("a document")["error"].clone()
    };
    let missing = error("-o json create");
    let message = missing["message"].as_str().expect("a text");
    assert!(message.ends_with("were not provided: <NAME>"), "{missing}");
    let hint = missing["hint"].as_str().expect("a text");
    assert!(hint.starts_with("usage: mai create"), "{missing}");
    home.mai("cre x")
        .fails(2, &["type `create` or `create-all`"]);
    home.profiles("identity_providers: {one: {url: https://x.example/}}\n");
    home.mai("create x --idp nope")
        .fails(2, &["no identity provider `nope`", "there is: one"]);
}
