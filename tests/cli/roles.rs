//! Which role a login is for: named, matched, picked, or not there.

use mai_testbed::{
    AssertionFault, Fault, Namespaces, PASSWORD, PairOrder, Role, Server, Testbed, User,
};

use crate::support::{Answer, Home, corp, sts_calls};

/// Profiles without a role.
const OPEN: &str =
    "accounts: {\"222222222222\": acme}\nprofiles:\n  any: {identity_provider: corp}\n";

/// A home of that user whose one profile names no role.
fn open(testbed: &Testbed, user: &str) -> Home {
    Home::with(testbed, &format!("{}{OPEN}", corp(testbed, "simple", user)))
}

/// A home of that user with one profile, `prod`, of that role and with these further settings.
fn of_role(testbed: &Testbed, user: &str, role: &str, more: &str) -> Home {
    let corp = corp(testbed, "simple", user);
    Home::with(
        testbed,
        &format!("{corp}profiles:\n  prod:\n    identity_provider: corp\n    role: {role}\n{more}"),
    )
}

fn role_of(answer: &Answer) -> String {
    let role = &answer.json()[0]["role_arn"];
    role.as_str()
        .unwrap_or_else(|| panic!("{answer}"))
        .to_string()
}

#[test]
fn a_role_is_named_by_arn_by_account_or_by_pattern() {
    let testbed = Testbed::start();
    let home = open(&testbed, "ada");
    for wish in [
        "arn:aws:iam::222222222222:role/Admin",
        "222222222222/Admin",
        "acme/Admin",
        "acme/Adm*",
        "2222*/A?min",
        "Adm*",
        "arn:aws:iam::2*:role/A*",
    ] {
        let answer = home.login(&format!("any -o json --role {wish}")).ok();
        let role = role_of(&answer);
        assert_eq!(role, "arn:aws:iam::222222222222:role/Admin", "{wish}");
    }
    assert_eq!(
        testbed.password_attempts("ada"),
        1,
        "the keys of a role are good however it is named"
    );
}

#[test]
fn a_profile_names_the_account_by_its_name() {
    let testbed = Testbed::start();
    let home = of_role(
        &testbed,
        "ada",
        "acme/ReadOnly",
        "accounts: {\"222222222222\": acme}\n",
    );
    let answer = home.login("prod").ok();
    assert!(
        answer.stderr.contains("ReadOnly in acme (222222222222)"),
        "{answer}"
    );
}

#[test]
fn a_role_that_is_not_offered_names_the_nearest() {
    let testbed = Testbed::start();
    let home = of_role(&testbed, "ada", "111111111111/PowrUser", "");
    home.login("prod").fails(
        4,
        &[
            "does not offer 111111111111/PowrUser for profile prod (4 roles are offered)",
            "the nearest is 111111111111/PowerUser",
            "mai roles prod",
        ],
    );
    assert_eq!(sts_calls(&testbed), 0);
    assert!(home.credentials().is_empty());
    // Case counts, and what is meant is plain.
    home.login("prod --role arn:aws:iam::222222222222:role/admin")
        .fails(4, &["the nearest is 222222222222/Admin"]);
}

#[test]
fn somebody_without_roles_is_told_so() {
    let testbed = Testbed::start();
    let home = open(&testbed, "bob");
    home.login("any")
        .fails(4, &["offers you no AWS role", "ask your administrator"]);
    home.mai_with("roles any --password-stdin", PASSWORD)
        .fails(4, &["offers you no AWS role", "ask your administrator"]);
}

#[test]
fn the_only_role_needs_no_choice() {
    let testbed = Testbed::start();
    let home = open(&testbed, "carol");
    let answer = home.login("any -o json").ok();
    assert_eq!(role_of(&answer), "arn:aws:iam::111111111111:role/ReadOnly");
}

#[test]
fn several_roles_and_nobody_to_choose_is_exit_3() {
    let testbed = Testbed::start();
    let home = open(&testbed, "ada");
    home.login("any").fails(
        3,
        &[
            "profile any can be any of 4 roles, and nobody can be asked",
            "--role: 111111111111/PowerUser",
        ],
    );
    home.login("any --role '*/ReadOnly'")
        .fails(3, &["any of 2 roles"]);
    assert_eq!(sts_calls(&testbed), 0);
}

#[test]
fn a_person_picks_with_words_and_finds_the_most_used_on_top() {
    let testbed = Testbed::start();
    let home = open(&testbed, "ada");
    let mut terminal = home.terminal("login any");
    terminal.expect("Password").line(PASSWORD);
    terminal.expect("type to filter").keys("acme adm\r");
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(seen.contains("Admin in acme (222222222222)"), "{seen}");
    // Next time Enter is enough.
    let mut terminal = home.terminal("login any --force");
    terminal.expect("Password").line(PASSWORD);
    terminal.expect("type to filter").keys("\r");
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(seen.contains("Admin in acme (222222222222)"), "{seen}");
    // A good login asks nothing at all.
    testbed.clear_requests();
    let still = home.mai("login any").ok();
    assert!(still.stderr.contains("Still signed in to any"), "{still}");
    assert!(testbed.requests().is_empty());
}

#[test]
fn leaving_the_list_interrupts() {
    let testbed = Testbed::start();
    let home = open(&testbed, "ada");
    for key in ["\u{1b}", "\u{3}"] {
        let mut terminal = home.terminal("login any");
        terminal.expect("Password").line(PASSWORD);
        terminal.expect("type to filter").keys(key);
        let (seen, code) = terminal.end();
        assert_eq!(code, 130, "{seen}");
    }
    assert_eq!(sts_calls(&testbed), 0);
    assert!(home.credentials().is_empty());
}

#[test]
fn all_of_450_roles_are_listed_in_every_format() {
    let testbed = Testbed::start();
    let home = Home::with(
        &testbed,
        &format!(
            "{}accounts: {{\"300000000029\": acme}}\nprofiles: {{any: {{identity_provider: corp}}}}\n",
            corp(&testbed, "simple", "dora")
        ),
    );
    let roles = |rest: &str| {
        home.mai_with(&format!("roles {rest} --password-stdin"), PASSWORD)
            .ok()
    };
    let text = roles("any").stdout;
    assert_eq!(text.lines().count(), 451, "{text}");
    assert!(text.starts_with("ACCOUNT"), "{text}");
    let last = text.lines().last().expect("a line");
    assert_eq!(
        last.split_whitespace().collect::<Vec<_>>(),
        ["acme", "300000000029", "Role14"]
    );
    let json = roles("--idp corp -o json").json();
    let all = json.as_array().expect("a list");
    assert_eq!(all.len(), 450);
    assert_eq!(
        all[449],
        serde_json::json!({
            "role_arn": "arn:aws:iam::300000000029:role/Role14",
            "provider_arn": "arn:aws:iam::300000000029:saml-provider/corp",
            "account_id": "300000000029",
            "account": "acme",
            "role": "Role14",
            "identity_provider": "corp",
            "username": "dora",
        })
    );
    let tsv = roles("-o tsv").stdout;
    assert_eq!(tsv.lines().count(), 451);
    assert_eq!(
        tsv.lines().next(),
        Some("account_id\taccount\trole\trole_arn\tprovider_arn")
    );
    assert!(tsv.lines().all(|line| line.split('\t').count() == 5));
    let sts = |seen: &mai_testbed::Seen| seen.server == Server::Sts;
    assert!(!testbed.requests().iter().any(sts), "no keys are asked for");
    home.mai("roles --idp crop")
        .fails(2, &["no identity provider `crop`", "did you mean `corp`?"]);
}

#[test]
fn one_of_450_roles_is_picked_with_words_in_any_order() {
    let testbed = Testbed::start();
    let home = open(&testbed, "dora");
    let mut terminal = home.terminal("login any");
    terminal.expect("Password").line(PASSWORD);
    terminal.expect("type to filter").keys("role07 000017\r");
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(seen.contains("Role07 in 300000000017"), "{seen}");
}

#[test]
fn an_encrypted_assertion_works_with_both_arns_and_says_so_without() {
    let testbed = Testbed::start();
    testbed.set(Fault::Assertion(AssertionFault::Encrypted));
    let arn = "arn:aws:iam::111111111111:role/PowerUser";
    let provider = "    provider_arn: arn:aws:iam::111111111111:saml-provider/corp\n";
    let both = of_role(&testbed, "ada", arn, provider);
    let answer = both.login("prod -o json").ok();
    assert_eq!(role_of(&answer), arn);
    assert_eq!(
        answer.json()[0]["provider_arn"],
        "arn:aws:iam::111111111111:saml-provider/corp"
    );
    let calls = sts_calls(&testbed);
    for (role, more) in [(arn, ""), ("111111111111/PowerUser", provider)] {
        of_role(&testbed, "ada", role, more)
            .login("prod")
            .fails(2, &["encrypted for AWS", "profile prod", "`provider_arn`"]);
    }
    assert_eq!(sts_calls(&testbed), calls);
    both.mai_with("roles --password-stdin", PASSWORD)
        .fails(1, &["encrypted for AWS", "cannot be read"]);
}

#[test]
fn every_way_of_writing_a_response_is_read() {
    let testbed = Testbed::start();
    for namespaces in [Namespaces::Saml2, Namespaces::Saml, Namespaces::Default] {
        for pair_order in [PairOrder::RoleFirst, PairOrder::ProviderFirst] {
            testbed.users(|users| {
                let ada = users.get("ada");
                (ada.namespaces, ada.pair_order) = (namespaces, pair_order);
            });
            let answer = Home::at(&testbed, "simple", "ada")
                .login("prod -o json")
                .ok();
            assert_eq!(
                role_of(&answer),
                "arn:aws:iam::111111111111:role/PowerUser",
                "{namespaces:?} {pair_order:?}"
            );
        }
    }
}

#[test]
fn a_role_with_a_path_is_found_by_its_name_and_by_its_path() {
    let testbed = Testbed::start();
    let paula = User::new("paula")
        .role(Role::new("111111111111", "team/x/Deploy"))
        .role(Role::new("222222222222", "team/y/Deploy"));
    testbed.users(|users| users.add(paula));
    let home = open(&testbed, "paula");
    for wish in [
        "222222222222/team/y/Deploy",
        "222222222222/Deploy",
        "acme/Deploy",
        "*/team/y/*",
        "arn:aws:iam::222222222222:role/team/y/Deploy",
    ] {
        let answer = home
            .login(&format!("any --force -o json --role '{wish}'"))
            .ok();
        let arn = role_of(&answer);
        assert_eq!(
            arn, "arn:aws:iam::222222222222:role/team/y/Deploy",
            "{wish}"
        );
    }
    for wish in [
        "222222222222/y/Deploy",
        "arn:aws:iam::222222222222:role/Deploy",
    ] {
        home.login(&format!("any --force --role {wish}"))
            .fails(4, &["does not offer", "acme/team/y/Deploy"]);
    }
}

#[test]
fn other_partitions_sign_in_at_the_sts_in_force() {
    let testbed = Testbed::start();
    for (user, partition, region) in [
        ("chen", "aws-cn", "cn-northwest-1"),
        ("gus", "aws-us-gov", "us-gov-east-1"),
    ] {
        testbed.users(|users| {
            let role = Role::new("111111111111", "PowerUser").partition(partition);
            users.add(User::new(user).role(role));
        });
        let arn = format!("arn:{partition}:iam::111111111111:role/PowerUser");
        let mut home = of_role(&testbed, user, &arn, "");
        // A region of another partition is somebody else's: the role's own is used.
        home.set("AWS_REGION", "eu-central-1");
        let calls = sts_calls(&testbed);
        let answer = home.login("prod -o json").ok();
        assert_eq!(role_of(&answer), arn);
        assert_eq!(sts_calls(&testbed), calls + 1);
        of_role(&testbed, user, &arn, &format!("    region: {region}\n"))
            .login("prod")
            .ok();
        of_role(&testbed, user, &arn, "    region: eu-central-1\n")
            .login("prod")
            .fails(2, &["region eu-central-1", "partition", partition]);
    }
}
