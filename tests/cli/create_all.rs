//! `mai create-all`: a profile for each role, shown before it is written.

use mai_testbed::{PASSWORD, Role, Testbed, User};

use crate::support::{Answer, Home, corp, sts_calls};

const FILE: &str = ".config/mai/profiles.yaml";

fn create_all(home: &Home, rest: &str) -> Answer {
    home.mai_with(&format!("create-all {rest} --password-stdin"), PASSWORD)
}

fn names_of(answer: &Answer) -> Vec<String> {
    let document = answer.json();
    let rows = document.as_array().expect("a list").iter();
    rows.map(|row| row["profile"].as_str().expect("a name").to_string())
        .collect()
}

#[test]
fn a_person_sees_the_list_and_says_yes_or_no() {
    let testbed = Testbed::start();
    let mut home = Home::new();
    home.know(&testbed);
    let line = format!("create-all -U ada --url {}", testbed.face("simple"));
    for (answer, code) in [("n", 0), ("\u{3}", 130), ("y", 0)] {
        let mut terminal = home.terminal(&line);
        terminal.expect("Password of ada").line(PASSWORD);
        terminal.expect("PROFILE");
        terminal.expect("222222222222-Admin");
        terminal.expect("Write 4 profiles to ~/.config/mai/profiles.yaml?");
        match code {
            0 => terminal.line(answer),
            _ => terminal.keys(answer),
        };
        let (seen, ended) = terminal.end();
        assert_eq!(ended, code, "{seen}");
        if answer != "y" {
            assert_eq!(home.read(FILE), "");
            assert_eq!(
                seen.contains("Nothing was written."),
                answer == "n",
                "{seen}"
            );
        } else {
            assert!(
                seen.contains("Wrote 4 profiles and identity provider idp to"),
                "{seen}"
            );
            assert!(seen.contains("`mai login --all`"), "{seen}");
        }
    }
    assert_eq!(sts_calls(&testbed), 0, "no keys are fetched");
    assert_eq!(home.credentials(), "");
    let list = home.mai("list").ok().stdout;
    for name in [
        "111111111111-PowerUser",
        "111111111111-ReadOnly",
        "222222222222-Admin",
        "222222222222-ReadOnly",
    ] {
        assert!(list.contains(name), "{list}");
    }
    home.mai_with("login --all --password-stdin", PASSWORD).ok();
}

#[test]
fn what_is_there_is_left_alone_and_comments_stay() {
    let testbed = Testbed::start();
    let before = format!(
        "accounts: {{\"222222222222\": Acme Prod}}\n{}profiles:\n  # by hand\n  \
         mine: {{identity_provider: corp, role: Acme Prod/Admin}}\n",
        corp(&testbed, "simple", "ada")
    );
    let home = Home::with(&testbed, &before);
    let answer = create_all(&home, "--yes -o json").ok();
    assert_eq!(
        names_of(&answer),
        [
            "111111111111-PowerUser",
            "111111111111-ReadOnly",
            "mine",
            "Acme-Prod-ReadOnly"
        ]
    );
    assert_eq!(
        answer.json()[3],
        serde_json::json!({
            "profile": "Acme-Prod-ReadOnly",
            "status": "written",
            "role_arn": "arn:aws:iam::222222222222:role/ReadOnly",
            "provider_arn": "arn:aws:iam::222222222222:saml-provider/corp",
            "account_id": "222222222222",
            "account": "Acme Prod",
            "role": "ReadOnly",
            "identity_provider": "corp",
            "username": "ada",
        })
    );
    assert_eq!(answer.json()[2]["status"], "existing");
    let after = home.read(FILE);
    assert!(after.starts_with(&before), "{after}");
    // Once more: nothing is left to write.
    let answer = create_all(&home, "--yes").ok();
    assert!(
        answer.stderr.contains("Left alone, being there already: "),
        "{answer}"
    );
    assert!(
        answer.stderr.contains("Every role has its profile"),
        "{answer}"
    );
    assert_eq!(home.read(FILE), after);
}

#[test]
fn names_that_meet_are_told_apart() {
    let testbed = Testbed::start();
    testbed.account_name("111111111111", "acme");
    testbed.account_name("222222222222", "acme");
    let una = User::new("una")
        .role(Role::new("111111111111", "Admin"))
        .role(Role::new("222222222222", "Admin"))
        .role(Role::new("222222222222", "team/x/Deploy"))
        .role(Role::new("222222222222", "team/y/Deploy"))
        .role(Role::new("222222222222", "odd+role@x=y"));
    testbed.users(|users| users.add(una));
    let home = Home::with(&testbed, &corp(&testbed, "simple", "una"));
    let answer = create_all(&home, "--yes --account-names --prefix corp/ -o json").ok();
    assert_eq!(
        names_of(&answer),
        [
            "corp/acme-111111111111-Admin",
            "corp/acme-222222222222-Admin",
            "corp/acme-odd-role-x-y",
            "corp/acme-222222222222-Deploy",
            "corp/acme-222222222222-Deploy-2"
        ]
    );
    home.mai_with("login corp/acme-odd-role-x-y --password-stdin", PASSWORD)
        .ok();
}

#[test]
fn all_of_450_roles_get_a_profile() {
    let testbed = Testbed::start();
    let home = Home::with(&testbed, &corp(&testbed, "simple", "dora"));
    let answer = create_all(&home, "--yes -o tsv").ok();
    assert_eq!(answer.stdout.lines().count(), 451, "{answer}");
    assert_eq!(
        answer.stdout.lines().next(),
        Some("profile\taccount_id\taccount\trole\trole_arn\tstatus")
    );
    assert_eq!(
        home.mai("list -o json")
            .ok()
            .json()
            .as_array()
            .map(Vec::len),
        Some(450)
    );
}

#[test]
fn nobody_to_ask_must_say_yes_beforehand() {
    let testbed = Testbed::start();
    let home = Home::with(&testbed, &corp(&testbed, "simple", "ada"));
    create_all(&home, "").fails(3, &["nobody can be asked", "--yes"]);
    create_all(&home, "--yes --no-input --prefix 'a b'")
        .fails(2, &["--prefix", "cannot be a name"]);
    assert!(testbed.requests().is_empty());
    create_all(&home, "--yes --no-input").ok();
    let home = Home::with(&testbed, &corp(&testbed, "simple", "bob"));
    create_all(&home, "--yes").fails(4, &["offers you no AWS role"]);
}
