//! `mai create`: from nothing to working keys, and what must not happen on the way.

use mai_testbed::{AccountsPage, AssertionFault, Fault, PASSWORD, Server, Testbed};

use crate::support::{Answer, Home, Terminal, corp, sts_calls};

pub const FILE: &str = ".config/mai/profiles.yaml";

/// A home with nothing in it that knows the testbed's STS.
pub fn empty(testbed: &Testbed) -> Home {
    let mut home = Home::new();
    home.know(testbed);
    home
}

/// Where ada signs in.
pub fn at(testbed: &Testbed) -> String {
    format!("--url {}", testbed.face("simple"))
}

/// `create` with the usual password on stdin, and nobody to ask.
pub fn create(home: &Home, rest: &str) -> Answer {
    home.mai_with(&format!("create {rest} --password-stdin"), PASSWORD)
}

/// Neither profile nor keys.
#[track_caller]
pub fn nothing_is_left(home: &Home) {
    assert_eq!(home.names(".config"), [""; 0], "nothing is configured");
    assert_eq!(home.credentials(), "", "no keys are there");
}

pub fn ends(terminal: Terminal, expected: i32) -> String {
    let (seen, code) = terminal.end();
    assert_eq!(code, expected, "{seen}");
    seen
}

#[test]
fn an_empty_home_has_a_profile_and_keys_after_one_sign_in() {
    let testbed = Testbed::start();
    let home = empty(&testbed);
    let mut terminal = home.terminal("create corp-prod");
    let url = testbed.face("simple");
    terminal.expect("Address of the login page").line(&url);
    terminal.expect("User name for 127.0.0.1").line("ada");
    terminal.expect("Password of ada").line(PASSWORD);
    terminal.expect("type to filter").keys("2222 admin\r");
    let seen = ends(terminal, 0);
    for said in [
        "Wrote profile corp-prod and identity provider idp to ~/.config/mai/profiles.yaml.",
        "Signed in to corp-prod until",
        "Admin in 222222222222",
        "Try them:  aws --profile corp-prod sts get-caller-identity",
        "New keys:  mai login corp-prod",
    ] {
        assert!(seen.contains(said), "`{said}` is missing in:\n{seen}");
    }
    assert!(!seen.contains(PASSWORD), "{seen}");
    let written = home.read(FILE);
    let (comment, written) = written.split_once("\n\n").expect("a comment comes first");
    assert!(comment.starts_with("# "), "{comment}");
    assert_eq!(
        written,
        format!(
            "identity_providers:\n  idp:\n    url: {url}\n    username: ada\n\nprofiles:\n  corp-prod:\n    \
             identity_provider: idp\n    role: arn:aws:iam::222222222222:role/Admin\n"
        )
    );
    assert!(home.key("corp-prod", "aws_session_token").is_some());
    assert_eq!(testbed.password_attempts("ada"), 1);
    // The keys are those of a login: nothing is to be done.
    let again = home.mai("login corp-prod").ok();
    assert!(again.stderr.contains("Still signed in"), "{again}");
    assert_eq!(sts_calls(&testbed), 1);
}

#[test]
fn the_only_identity_provider_is_used_and_comments_stay() {
    let testbed = Testbed::start();
    let before = format!(
        "# of our team\n{}profiles:\n  # mine\n  old: {{identity_provider: corp, role: 111111111111/ReadOnly}}  # keep\n",
        corp(&testbed, "simple", "ada")
    );
    let home = Home::with(&testbed, &before);
    let mut terminal = home.terminal("create prod --role 111111111111/PowerUser");
    terminal.expect("Using the identity provider corp");
    terminal.expect("Password of ada").line(PASSWORD);
    let seen = ends(terminal, 0);
    assert!(!seen.contains("Address of"), "{seen}");
    let after = home.read(FILE);
    assert!(after.starts_with(&before), "{after}");
    assert!(
        after.contains("role: arn:aws:iam::111111111111:role/PowerUser"),
        "{after}"
    );
    assert_eq!(after.matches("url:").count(), 1, "{after}");
    // The same by its address, and by its name.
    create(&home, &format!("second --role */Admin {}", at(&testbed))).ok();
    create(&home, "third --role */Admin --idp corp").ok();
    create(&home, "fourth --role */Admin -U ada").ok();
    assert_eq!(home.read(FILE).matches("url:").count(), 1);
    create(&home, "fifth --role */Admin --idp crop").fails(2, &["did you mean `corp`?"]);
    create(&home, "fifth --idp corp -U carol").fails(2, &["signs in as ada, not as carol"]);
    create(&home, "fifth --idp corp --url x").fails(2, &["cannot be used with"]);
}

#[test]
fn another_user_at_the_same_address_is_another_identity_provider() {
    let testbed = Testbed::start();
    let home = Home::with(&testbed, &corp(&testbed, "simple", "ada"));
    create(&home, &format!("prod -U carol {}", at(&testbed))).ok();
    let after = home.read(FILE);
    assert!(
        after.contains("username: carol") && after.contains("username: ada"),
        "{after}"
    );
    assert!(after.contains("identity_provider: idp"), "{after}");
    // Now nobody can say which one is meant.
    create(&home, "more").fails(3, &["2 identity providers fit", "--idp corp or --idp idp"]);
    let mut terminal = home.terminal("create more");
    terminal.expect("type to filter").keys("carol\r");
    terminal.expect("Password of carol").line(PASSWORD);
    ends(terminal, 0);
}

#[test]
fn what_is_given_is_not_asked() {
    let testbed = Testbed::start();
    let mut home = empty(&testbed);
    home.set("SAML_USER", "carol");
    let url = at(&testbed);
    let answer = create(
        &home,
        &format!(
            "--no-input prod {url} --region eu-west-1 --duration 1h --awsprofile work --default -o json"
        ),
    )
    .ok();
    assert_eq!(
        answer.json(),
        serde_json::json!({
            "profile": "prod",
            "aws_profile": "work",
            "recorded": true,
            "status": "signed_in",
            "identity_provider": "idp",
            "username": "carol",
            "role_arn": "arn:aws:iam::111111111111:role/ReadOnly",
            "provider_arn": "arn:aws:iam::111111111111:saml-provider/corp",
            "account_id": "111111111111",
            "account": null,
            "role": "ReadOnly",
            "expires_at": answer.json()["expires_at"],
            "recorded": true,
        })
    );
    let after = home.read(FILE);
    for line in [
        "default_profile: prod",
        "aws_profile: work",
        "region: eu-west-1",
        "duration: 1h",
        "username: carol",
    ] {
        assert!(after.contains(line), "`{line}` is missing in:\n{after}");
    }
    assert!(home.key("work", "aws_access_key_id").is_some());
    let still = home.mai("login").ok();
    assert!(still.stderr.contains("Still signed in to prod"), "{still}");
    // -U wins, and -q is quiet.
    let answer = create(&home, &format!("other -q -U ada --role */Admin {url}")).ok();
    assert_eq!((answer.stdout.as_str(), answer.stderr.as_str()), ("", ""));
    assert!(home.read(FILE).contains("username: ada"));
}

#[test]
fn odd_names_are_written_so_that_they_are_read() {
    let testbed = Testbed::start();
    let home = Home::with(&testbed, &corp(&testbed, "simple", "carol"));
    for name in [
        "123", "yes", "null", "1e3", "a:b", "default", "0x1f", "a/b@c+d",
    ] {
        create(&home, name).ok();
        let answer = home.mai(&format!("login {name}")).ok();
        assert!(answer.stderr.contains("Still signed in"), "{answer}");
    }
}

#[test]
fn one_of_450_roles_is_found_with_words() {
    let testbed = Testbed::start();
    let home = empty(&testbed);
    let mut terminal = home.terminal(&format!("create big -U dora {}", at(&testbed)));
    terminal.expect("Password of dora").line(PASSWORD);
    terminal.expect("type to filter").keys("role07 000017\r");
    let seen = ends(terminal, 0);
    assert!(seen.contains("Role07 in 300000000017"), "{seen}");
    assert!(
        home.read(FILE)
            .contains("arn:aws:iam::300000000017:role/Role07")
    );
}

#[test]
fn two_at_once_both_survive() {
    let testbed = Testbed::start();
    let home = empty(&testbed);
    let line = |name: &str| format!("create {name} -U carol {} --password-stdin", at(&testbed));
    let runs: Vec<_> = ["one", "two", "three", "four"]
        .map(|name| home.start(&line(name)))
        .into_iter()
        .map(|child| std::thread::spawn(|| crate::support::finish(child, PASSWORD)))
        .collect();
    for run in runs {
        run.join().expect("it runs").ok();
    }
    let after = home.read(FILE);
    for name in ["one", "two", "three", "four"] {
        assert!(after.contains(&format!("\n  {name}:\n")), "{after}");
        assert!(home.key(name, "aws_access_key_id").is_some(), "{name}");
    }
    assert_eq!(after.matches("username: carol").count(), 1, "{after}");
    // The same name: one is first, the other is told.
    let attempts = testbed.password_attempts("carol");
    let runs: Vec<_> = [0, 1]
        .map(|_| home.start(&line("same")))
        .into_iter()
        .map(|child| std::thread::spawn(|| crate::support::finish(child, PASSWORD)))
        .collect();
    let mut codes: Vec<Option<i32>> = runs
        .into_iter()
        .map(|run| run.join().expect("it runs").code)
        .collect();
    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(2)]);
    assert!(testbed.password_attempts("carol") <= attempts + 2);
    assert_eq!(home.read(FILE).matches("\n  same:\n").count(), 1);
}

#[test]
fn the_python_mais_profiles_come_along() {
    let testbed = Testbed::start();
    let home = empty(&testbed);
    let classic = format!(
        "global: {{default_profile: old}}\nold:\n  saml_identity_provider_url: {}\n  saml_role: \
         ['arn:aws:iam::111111111111:saml-provider/corp', 'arn:aws:iam::111111111111:role/ReadOnly', acme]\n  \
         saml_user: carol\n",
        testbed.face("simple")
    );
    home.write(".config/mai/mai.yaml", &classic);
    create(&home, "old").fails(2, &["there is a profile `old` already"]);
    let answer = create(&home, "new").ok();
    assert!(answer.stderr.contains("Copied 1 profile from"), "{answer}");
    assert_eq!(home.read(".config/mai/mai.yaml"), classic);
    let after = home.read(FILE);
    assert!(after.contains("default_profile: old"), "{after}");
    assert_eq!(after.matches("url:").count(), 1, "{after}");
    assert!(home.key("new", "aws_access_key_id").is_some(), "{after}");
    // The old file, named after it was copied, is not the one to write to.
    testbed.clear_requests();
    create(&home, "-c .config/mai/mai.yaml newer").fails(2, &["belongs to the Python Mai"]);
    assert!(testbed.requests().is_empty());
}

#[test]
fn an_encrypted_assertion_needs_both_arns() {
    let testbed = Testbed::start();
    testbed.set(Fault::Assertion(AssertionFault::Encrypted));
    let home = empty(&testbed);
    let line = format!("prod -U ada {}", at(&testbed));
    create(&home, &line).fails(
        2,
        &["encrypted for AWS", "--role arn:", "--provider-arn arn:"],
    );
    nothing_is_left(&home);
    let role = "arn:aws:iam::111111111111:role/PowerUser";
    let provider = "arn:aws:iam::111111111111:saml-provider/corp";
    create(
        &home,
        &format!("{line} --role {role} --provider-arn {provider}"),
    )
    .ok();
    assert!(
        home.read(FILE)
            .contains(&format!("provider_arn: {provider}"))
    );
    let still = home.mai("login prod").ok();
    assert!(still.stderr.contains("Still signed in"), "{still}");
}

#[test]
fn an_answer_from_a_browser_makes_a_profile_too() {
    let testbed = Testbed::start();
    let home = empty(&testbed);
    let line = format!(
        "create prod -U ada {} --role */Admin --saml-response -",
        at(&testbed)
    );
    home.mai_with(&line, "bm8=").fails(1, &["SAML response"]);
    nothing_is_left(&home);
    let response = crate::sts::response(&testbed, "ada");
    testbed.clear_requests();
    home.mai_with(&line, &response).ok();
    assert!(home.key("prod", "aws_access_key_id").is_some());
    let idp = |seen: &mai_testbed::Seen| seen.server == Server::Idp;
    assert!(!testbed.requests().iter().any(idp), "nobody signs in");
}

#[test]
fn the_password_is_offered_to_be_kept_under_the_new_name() {
    let testbed = Testbed::start();
    let home = Home::with(&testbed, "secrets: file\n");
    let mut terminal = home.terminal(&format!("create prod -U carol {}", at(&testbed)));
    terminal.expect("Password of carol").line(PASSWORD);
    terminal.expect("Keep the password of carol").line("y");
    ends(terminal, 0);
    assert!(home.read(FILE).starts_with("secrets: file\n"));
    testbed.forget_sessions();
    home.mai("login prod --force").ok();
    assert_eq!(testbed.password_attempts("carol"), 2);
}

#[test]
fn account_names_are_asked_of_aws_only_when_that_is_wished() {
    let testbed = Testbed::start();
    testbed.account_name("222222222222", "acme-prod");
    testbed.account_name("999999999999", "not-mine");
    let asked = |testbed: &Testbed| {
        let seen = testbed.requests();
        let saml = |seen: &&mai_testbed::Seen| seen.server == Server::Sts && seen.path == "/saml";
        seen.iter().filter(saml).count()
    };
    for page in [AccountsPage::Classic, AccountsPage::Data] {
        testbed.clear_requests();
        testbed.accounts_page(page);
        let home = empty(&testbed);
        create(
            &home,
            &format!("plain -U ada {} --role */Admin", at(&testbed)),
        )
        .ok();
        assert_eq!(asked(&testbed), 0);
        let answer = create(&home, "named --account-names --role acme-prod/Admin").ok();
        assert!(
            answer.stderr.contains("Admin in acme-prod (222222222222)"),
            "{answer}"
        );
        assert_eq!(asked(&testbed), 1);
        // They are learned.
        let roles = home.mai_with("roles --password-stdin", PASSWORD).ok();
        assert!(roles.stdout.contains("acme-prod"), "{roles}");
        let learned = home.read(".local/state/mai/learned");
        assert!(learned.contains("acme-prod"), "{learned}");
        assert!(!learned.contains("not-mine"), "{learned}");
        assert_eq!(asked(&testbed), 1);
    }
    for page in [
        AccountsPage::Interstitial,
        AccountsPage::Status(302),
        AccountsPage::Status(500),
    ] {
        testbed.accounts_page(page);
        let home = Home::with(&testbed, &corp(&testbed, "simple", "ada"));
        let answer = home
            .mai_with("roles --account-names --password-stdin", PASSWORD)
            .ok();
        assert_eq!(
            answer
                .stderr
                .matches("warning: no names of accounts")
                .count(),
            1,
            "{answer}"
        );
        assert_eq!(answer.stdout.lines().count(), 5, "{answer}");
    }
    // For one role the page is a sign-in to the console.
    testbed.clear_requests();
    let home = empty(&testbed);
    let answer = create(
        &home,
        &format!("one -U carol {} --account-names", at(&testbed)),
    )
    .ok();
    assert!(
        answer.stderr.contains("where one role is offered"),
        "{answer}"
    );
    assert_eq!(asked(&testbed), 0);
}
