//! `mai create` that ends without a profile or without keys: what is missing or wrong, and that nothing is left behind.

use mai_testbed::{ODD_PASSWORD, PASSWORD, Role, Testbed, User};

use crate::create::{FILE, at, create, empty, ends, nothing_is_left};
use crate::support::{Home, sts_calls};

#[test]
fn what_is_missing_is_named_when_nobody_can_be_asked() {
    let testbed = Testbed::start();
    let mut home = empty(&testbed);
    create(&home, "prod").fails(
        3,
        &[
            "the address of the login page and a user name are needed",
            "--url URL and -U USER",
        ],
    );
    create(&home, "prod -U ada")
        .fails(3, &["the address of the login page is needed", "--url URL"]);
    create(&home, &format!("prod {}", at(&testbed))).fails(3, &["a user name for", "-U USER"]);
    assert!(testbed.requests().is_empty());
    home.set("SAML_USER", "ada");
    home.mai(&format!("create prod --region eu-west-1 {}", at(&testbed)))
        .fails(
            3,
            &[
                "the password of ada",
                "mai create prod --region eu-west-1 --url",
                "-U ada",
            ],
        );
    create(&home, &format!("prod {}", at(&testbed))).fails(
        3,
        &[
            "profile prod can be any of 4 roles",
            "name one with --role: 1111",
        ],
    );
    assert_eq!(sts_calls(&testbed), 0);
    nothing_is_left(&home);
}

#[test]
fn a_scheme_is_not_needed_and_an_open_one_is_refused() {
    let testbed = Testbed::start_tls();
    let mut home = empty(&testbed);
    testbed
        .write_ca(&home.path("ca.pem"))
        .expect("it is written");
    home.set("AWS_CA_BUNDLE", &home.path("ca.pem").display().to_string());
    let url = testbed.face("simple");
    let bare = url.strip_prefix("https://").expect("it is https");
    create(&home, &format!("prod -U carol --url {bare}")).ok();
    assert!(home.read(FILE).contains(&format!("url: {url}")));
    let home = empty(&testbed);
    for (odd, why) in [
        (
            "http://login.example.com/",
            "a password is only sent over https",
        ),
        (
            "https://ada:hunter2@login.example.com/",
            "does not belong into an address",
        ),
        ("'https://'", "not an address"),
    ] {
        let answer = create(&home, &format!("prod -U ada --url {odd}")).fails(2, &["--url:", why]);
        assert!(!answer.stderr.contains("hunter2"), "{answer}");
    }
    // A person is asked again.
    let mut terminal = home.terminal("create prod -U ada");
    terminal
        .expect("Address of")
        .line("http://login.example.com");
    terminal.expect("only sent over https");
    terminal.expect("Address of").keys("\u{3}");
    ends(terminal, 130);
    nothing_is_left(&home);
}

#[test]
fn whoever_leaves_a_question_is_told_which_and_how_to_begin_anew() {
    const CTRL_C: &str = "\u{3}";
    const CTRL_D: &str = "\u{4}";
    let testbed = Testbed::start();
    let home = empty(&testbed);
    let anew = "hint: nothing was written; `mai create prod` begins anew";
    let left = |seen: &str, question: &str| {
        assert!(
            seen.contains(&format!("\nerror: interrupted at the question `{question}")),
            "{seen}"
        );
        assert!(!seen.contains("\n\nerror"), "{seen}");
        assert!(seen.contains(anew), "{seen}");
    };

    let mut terminal = home.terminal("create prod");
    terminal.expect("Address of").keys(CTRL_D);
    left(&ends(terminal, 130), "Address of the login page");

    let url = at(&testbed);
    let mut terminal = home.terminal(&format!("create prod {url}"));
    terminal.expect("User name").keys(CTRL_D);
    left(&ends(terminal, 130), "User name for 127.0.0.1`");

    let mut terminal = home.terminal(&format!("create prod {url} -U ada"));
    terminal.expect("Password").keys(CTRL_D);
    left(&ends(terminal, 130), "Password of ada at 127.0.0.1");

    let mut terminal = home.terminal(&format!("create prod {url} -U ada"));
    terminal.expect("Password").line(PASSWORD);
    terminal.expect("type to filter").keys(CTRL_C);
    let seen = ends(terminal, 130);
    assert!(seen.contains("interrupted at the question `"), "{seen}");
    assert!(seen.contains(anew), "{seen}");

    let mut terminal = home.terminal(&format!("create prod {url} -U ada"));
    terminal.expect("Password").keys(CTRL_C);
    let seen = ends(terminal, 130);
    assert!(seen.contains("error: interrupted"), "{seen}");
    assert!(seen.contains(anew), "{seen}");

    let mut terminal = home.terminal(&format!("create-all {url} -U ada"));
    terminal.expect("Password").keys(CTRL_D);
    let seen = ends(terminal, 130);
    assert!(seen.contains("`mai create-all` begins anew"), "{seen}");
    nothing_is_left(&home);
}

#[test]
fn a_name_that_cannot_be_had_costs_no_sign_in() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let before = home.read(FILE);
    let long = "x".repeat(129);
    for (name, words) in [
        (
            "prod",
            &[
                "there is a profile `prod` already (~/.config/mai/profiles.yaml:8:3)",
                "`mai delete prod`",
            ][..],
        ),
        ("morning", &["`morning` is a group"]),
        ("global", &["`global` cannot be a name"]),
        ("DEFAULT", &["`DEFAULT` cannot be a name"]),
        ("secrets", &["a word of profiles.yaml itself"]),
        ("''", &["needs a name"]),
        ("' '", &["needs a name"]),
        ("'my prod!'", &["cannot be a name", "mai create my-prod"]),
        (
            "pröd",
            &["names are up to 128 letters, digits and ._/@:+- and do not begin with -"],
        ),
        ("'[x]'", &["cannot be a name"]),
        ("'a\nb'", &["cannot be a name"]),
        (
            &long,
            &[
                "xxx…` cannot be a name: it has 129 characters",
                "up to 128",
                "mai create corp-prod",
            ],
        ),
        (
            "new --awsprofile 'a b'",
            &["--awsprofile", "cannot be an AWS profile"],
        ),
        ("new --region here", &["not a region"]),
        ("new --duration 1m", &["out of range"]),
        ("new --role ''", &["no role in it"]),
        ("new --provider-arn x", &["not a provider ARN"]),
    ] {
        home.mai(&format!("create {name}")).fails(2, words);
    }
    home.mai("create").fails(2, &["<NAME>"]);
    assert!(testbed.requests().is_empty());
    assert_eq!(home.read(FILE), before);
}

#[test]
fn somebody_without_roles_leaves_nothing_behind() {
    let testbed = Testbed::start();
    let home = empty(&testbed);
    create(&home, &format!("prod -U bob {}", at(&testbed)))
        .fails(4, &["offers you no AWS role", "ask your administrator"]);
    nothing_is_left(&home);
}

#[test]
fn a_wrong_password_leaves_nothing_behind() {
    let testbed = Testbed::start();
    let home = empty(&testbed);
    let line = format!("create prod -U ada {} --password-stdin", at(&testbed));
    home.mai_with(&line, "wrong").fails(
        4,
        &[
            "refused the password of ada",
            "`mai create prod -U ada --url",
        ],
    );
    nothing_is_left(&home);
    let line = format!("create prod -U zoe {} --password-stdin", at(&testbed));
    home.mai_with(&line, ODD_PASSWORD).ok();
}

#[test]
fn a_role_that_is_not_offered_leaves_nothing_behind() {
    let testbed = Testbed::start();
    let home = empty(&testbed);
    create(
        &home,
        &format!("prod -U ada {} --role 111111111111/PowrUser", at(&testbed)),
    )
    .fails(
        4,
        &[
            "does not offer 111111111111/PowrUser",
            "111111111111/PowerUser; without --role",
        ],
    );
    nothing_is_left(&home);
}

#[test]
fn ctrl_c_at_any_question_leaves_nothing_behind() {
    let testbed = Testbed::start();
    let home = empty(&testbed);
    let url = testbed.face("simple");
    let questions = [
        ("Address of", url.as_str()),
        ("User name", "ada"),
        ("Password of", PASSWORD),
        ("type to filter", ""),
    ];
    for left in 0..questions.len() {
        for key in ["\u{3}", "\u{1b}"] {
            // Esc is a key of lists only.
            if key == "\u{1b}" && left < 3 {
                continue;
            }
            let mut terminal = home.terminal("create prod");
            for (question, answer) in &questions[..left] {
                terminal.expect(question).line(answer);
            }
            terminal.expect(questions[left].0).keys(key);
            ends(terminal, 130);
            nothing_is_left(&home);
        }
    }
    assert_eq!(sts_calls(&testbed), 0);
}

#[test]
fn keys_that_sts_refuses_cost_no_profile() {
    let testbed = Testbed::start();
    testbed.users(|users| {
        users.add(User::new("mia").role(Role::new("111111111111", "Gone").missing()));
    });
    let home = empty(&testbed);
    let url = at(&testbed);
    create(&home, &format!("gone -U mia {url}")).fails(
        4,
        &[
            "Gone in 111111111111 is the only role offered",
            "Wrote profile gone",
            "`mai login gone` fetches its keys",
        ],
    );
    assert!(home.read(FILE).contains("role/Gone"));
    let answer = create(&home, &format!("gone2 -U mia {url} -o json")).fails(4, &[]);
    let document = answer.json();
    assert_eq!(document["role_arn"], "arn:aws:iam::111111111111:role/Gone");
    assert_eq!(document["error"]["exit_code"], 4);
}

#[test]
fn what_cannot_be_written_is_known_before_the_sign_in() {
    let testbed = Testbed::start();
    let home = empty(&testbed);
    home.write(
        ".aws/credentials",
        "[prod]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\n",
    );
    create(&home, &format!("prod -U carol {}", at(&testbed))).fails(
        4,
        &["[prod]", "choose another section with --awsprofile SECTION"],
    );
    home.write(".config/mai", "a file where a folder should be");
    let answer = create(&home, &format!("other -U carol {}", at(&testbed)));
    assert_ne!(answer.code, Some(0), "{answer}");
    assert!(testbed.requests().is_empty());
}
