//! User names, passwords, codes: given once, and every refusal in its own words.

use super::*;

#[test]
fn user_and_password_on_one_page() {
    let mut site = Site::default()
        .on("GET /start", html(LOGIN))
        .on("POST /login", html(AWS));
    let ada = arrives(&mut site);
    assert_eq!(
        site.asked,
        [
            "GET https://idp.test/start",
            "POST https://idp.test/login user=ada&pass=hunter2%26%3D%C3%A4"
        ]
    );
    assert_eq!(ada.asked, ["user at idp.test", "password at idp.test"]);
}

#[test]
fn the_arrival_tells_clock_password_and_steps() {
    let mut site = Site::default()
        .on("GET /start", html(LOGIN))
        .on("POST /login", html(AWS));
    let arrival = run(&mut site, &settings(), &mut Ada::default()).unwrap();
    assert!(arrival.password_accepted);
    let skew = arrival.clock_skew.unwrap().num_seconds();
    assert!((98..=102).contains(&skew), "{skew}");
    // a session that still lives costs one request and no question
    let mut site = Site::default().on("GET /start", html(AWS));
    let mut ada = Ada::default();
    let arrival = run(&mut site, &settings(), &mut ada).unwrap();
    assert!(!arrival.password_accepted && ada.asked.is_empty());
}

#[test]
fn user_first_then_password_then_code() {
    let mut site = Site::default()
        .on("GET /start", html("<form method=post action=/user><input name=email></form>"))
        .on(
            "POST /user",
            html("<form method=post action=/pw><input name=email readonly value=ada><input type=password name=pw></form>"),
        )
        .on("POST /pw", html(CODE))
        .on("POST /code", html(AWS));
    let ada = arrives(&mut site);
    assert_eq!(
        site.asked[1..],
        [
            "POST https://idp.test/user email=ada",
            "POST https://idp.test/pw email=ada&pw=hunter2%26%3D%C3%A4",
            "POST https://idp.test/code otp=111111"
        ]
    );
    assert_eq!(ada.asked[2], "code at idp.test [One-time code] ");
}

#[test]
fn a_user_without_a_password() {
    let mut site = Site::default()
        .on(
            "GET /start",
            html("<form method=post action=/user><input name=username></form>"),
        )
        .on("POST /user", html(CODE))
        .on("POST /code", html(AWS));
    let ada = arrives(&mut site);
    assert!(!ada.asked.iter().any(|a| a.starts_with("password")));
}

#[test]
fn user_password_and_code_on_one_page() {
    let mut site = Site::default()
        .on(
            "GET /start",
            html("<form method=post action=/all><input name=user><input type=password name=pass><input name=tokencode></form>"),
        )
        .on("POST /all", html(AWS));
    arrives(&mut site);
    assert_eq!(
        site.asked[1],
        "POST https://idp.test/all user=ada&pass=hunter2%26%3D%C3%A4&tokencode=111111"
    );
}

#[test]
fn a_refusal_of_password_and_code_together_may_mean_either() {
    let form = "<form method=post action=/all><input name=user><input type=password name=pass><input name=tokencode></form>";
    let mut site = Site::default().on("GET /start", html(form)).on(
        "POST /all",
        html(format!("<p class=error>Invalid credentials</p>{form}")),
    );
    let mut ada = Ada::default();
    let error = fails(&mut site, &settings(), &mut ada);
    assert_eq!(
        error.message(),
        "idp.test refused the password of ada or the code"
    );
    assert!(
        !ada.asked.contains(&"refused".to_owned()),
        "{:?}",
        ada.asked
    );
}

#[test]
fn a_code_fills_one_box_per_digit_and_the_hidden_whole() {
    let boxes: String = (1..=6)
        .map(|n| format!("<input name=pin-{n} maxlength=1>"))
        .collect();
    let mut site = Site::default()
        .on(
            "GET /start",
            html(format!(
                "<form method=post action=/code><input name=token hidden>{boxes}</form>"
            )),
        )
        .on("POST /code", html(AWS));
    let mut ada = Ada {
        codes: VecDeque::from(["12345", "123 456"]),
        ..Ada::default()
    };
    run(&mut site, &settings(), &mut ada).unwrap();
    assert_eq!(
        site.asked[1],
        "POST https://idp.test/code token=123456&pin-1=1&pin-2=2&pin-3=3&pin-4=4&pin-5=5&pin-6=6"
    );
    assert!(ada.asked[1].contains("6 characters"), "{:?}", ada.asked);
}

/// Words on the page after the password, and what comes of them.
#[test]
fn each_refusal_of_a_password_has_its_own_words() {
    for (words, expected, refused) in [
        (
            "Invalid username or password.",
            "idp.test refused the password of ada",
            true,
        ),
        (
            "Falscher Benutzername oder Passwort falsch",
            "idp.test refused the password of ada",
            true,
        ),
        (
            "Your account is locked.",
            "idp.test says that the account of ada is locked or disabled",
            false,
        ),
        (
            "Ihr Konto ist gesperrt",
            "idp.test says that the account of ada is locked or disabled",
            false,
        ),
        (
            "Your password has expired.",
            "the password of ada at idp.test has expired and must be changed",
            false,
        ),
        (
            "You are not eligible for the service requested.",
            "idp.test does not let you in",
            false,
        ),
        (
            "",
            "idp.test asked again for the password of ada without saying why",
            false,
        ),
        (
            "Good morning",
            "idp.test asked again for the password of ada",
            false,
        ),
        (
            "Something went wrong. Please try again.",
            "idp.test asked again for the password of ada",
            false,
        ),
    ] {
        let again = format!("<div class=error>{words}</div>{LOGIN}");
        for page in [again, format!("<div class=error>{words}</div>")] {
            let alone = !page.contains("form");
            if alone && (words.len() < 15 || words.starts_with("Something")) {
                continue;
            }
            let mut site = Site::default()
                .on("GET /start", html(LOGIN))
                .on("POST /login", html(page));
            let mut ada = Ada::default();
            let error = fails(&mut site, &settings(), &mut ada);
            assert_eq!(error.message(), expected, "{words}");
            let kind = match words.contains("expired") {
                true => Kind::NeedsYou,
                false => Kind::Refused,
            };
            assert_eq!(error.kind(), kind, "{words}");
            if !words.is_empty() {
                assert_eq!(error.cause(), Some(words));
            }
            assert_eq!(
                ada.asked.contains(&"refused".to_owned()),
                refused,
                "{words}"
            );
            assert_eq!(site.asked.len(), 2, "{words}: {:?}", site.asked);
        }
    }
}

#[test]
fn a_password_is_sent_once_even_when_another_host_asks() {
    let mut site = Site::default()
        .on("GET /start", html(LOGIN))
        .on(
            "POST /login",
            html("<script>location.href='https://two.test/x'</script>"),
        )
        .on(
            "GET https://two.test/x",
            html("<form method=post><input name=user><input type=password name=p></form>"),
        );
    let mut ada = Ada::default();
    let error = fails(&mut site, &settings(), &mut ada);
    assert_eq!(error.kind(), Kind::Refused);
    assert!(
        error
            .message()
            .contains("after idp.test had been given one"),
        "{error}"
    );
    let posts = site.asked.iter().filter(|a| a.contains("hunter2")).count();
    assert_eq!(posts, 1);
    assert!(!ada.asked.contains(&"refused".to_owned()));
}

#[test]
fn an_unknown_user_name_is_said_and_not_sent_again() {
    let user = "<form method=post action=/user><input name=email></form>";
    let mut site = Site::default().on("GET /start", html(user)).on(
        "POST /user",
        html(format!(
            "<p role=alert>We could not find this account</p>{user}"
        )),
    );
    let error = fails(&mut site, &settings(), &mut Ada::default());
    assert_eq!(error.message(), "idp.test does not know the user name ada");
    assert_eq!(site.asked.len(), 2);
}

#[test]
fn a_refused_code_is_asked_again_but_not_forever() {
    let again = format!("<span id=input-error-otp>Invalid authenticator code.</span>{CODE}");
    let mut site = Site::default()
        .on("GET /start", html(LOGIN))
        .on("POST /login", html(CODE))
        .on("POST /code", html(again.clone()))
        .on("POST /code", html(AWS));
    let ada = arrives(&mut site);
    assert_eq!(ada.asked[2], "code at idp.test [One-time code] ");
    assert_eq!(
        ada.asked[3],
        "warned: idp.test says: Invalid authenticator code."
    );
    assert_eq!(ada.asked[4], "code again at idp.test [One-time code] ");

    let mut site = Site::default()
        .on("GET /start", html(LOGIN))
        .on("POST /login", html(CODE))
        .on("POST /code", html(again));
    let error = fails(&mut site, &settings(), &mut Ada::default());
    assert_eq!(error.message(), "idp.test took none of 3 codes");
    assert_eq!(error.kind(), Kind::Refused);
    assert_eq!(site.asked.iter().filter(|a| a.contains("otp=")).count(), 3);
}

#[test]
fn a_code_is_never_sent_twice() {
    let mut site = Site::default()
        .on("GET /start", html(CODE))
        .on("POST /code", html(CODE))
        .on("POST /code", html(AWS));
    let mut ada = Ada {
        codes: VecDeque::from(["111111", "111 111", "222222"]),
        ..Ada::default()
    };
    run(&mut site, &settings(), &mut ada).unwrap();
    assert_eq!(
        site.asked[1..],
        [
            "POST https://idp.test/code otp=111111",
            "POST https://idp.test/code otp=222222"
        ]
    );
}

#[test]
fn for_nobody_a_refused_code_is_the_end() {
    let mut site = Site::default()
        .on("GET /start", html(LOGIN))
        .on("POST /login", html(CODE))
        .on("POST /code", html(CODE));
    let error = fails(&mut site, &nobody(), &mut Ada::default());
    assert_eq!(error.message(), "idp.test refused the code");
    assert_eq!(site.asked.iter().filter(|a| a.contains("otp=")).count(), 1);
}

#[test]
fn an_account_locked_by_codes_is_not_tried_again() {
    let mut site = Site::default()
        .on("GET /start", html(LOGIN))
        .on("POST /login", html(CODE))
        .on(
            "POST /code",
            html(format!(
                "<p class=error>Too many attempts, account locked</p>{CODE}"
            )),
        );
    let error = fails(&mut site, &settings(), &mut Ada::default());
    assert!(error.message().contains("locked"), "{error}");
}

#[test]
fn the_login_form_after_a_code_means_that_the_code_was_refused() {
    let mut site = Site::default()
        .on("GET /start", html(LOGIN))
        .on("POST /login", html(CODE))
        .on("POST /code", html(LOGIN));
    let mut ada = Ada::default();
    let error = fails(&mut site, &settings(), &mut ada);
    assert_eq!(error.message(), "idp.test refused the code");
    assert!(!ada.asked.contains(&"refused".to_owned()));
}

#[test]
fn a_password_dialog_is_answered_once() {
    let dialog = || {
        html("Unauthorized")
            .status(401)
            .header("www-authenticate", "Basic realm=x")
    };
    let mut site = Site::default()
        .on("GET /start", dialog())
        .on("GET /start", html(AWS));
    arrives(&mut site);
    assert_eq!(
        site.asked[1],
        "GET https://idp.test/start basic ada:hunter2&=ä"
    );

    let mut site = Site::default().on("GET /start", dialog());
    let mut ada = Ada::default();
    let error = fails(&mut site, &settings(), &mut ada);
    assert_eq!(error.message(), "idp.test refused the password of ada");
    assert_eq!(site.asked.len(), 2);
    assert!(ada.asked.contains(&"refused".to_owned()));
}

#[test]
fn a_password_dialog_of_another_host_is_not_answered() {
    let mut site = Site::default().on(
        "GET /start",
        html("x")
            .status(401)
            .header("www-authenticate", "Basic realm=x")
            .at("https://two.test/"),
    );
    let mut ada = Ada::default();
    let error = fails(&mut site, &settings(), &mut ada);
    assert_eq!(error.kind(), Kind::NeedsYou);
    assert!(
        error
            .hint_text()
            .unwrap()
            .contains("trusted_hosts: [two.test]")
    );
    assert!(ada.asked.is_empty());
}

#[test]
fn kerberos_with_a_form_in_its_body_is_a_form() {
    let mut site = Site::default()
        .on(
            "GET /start",
            html(LOGIN)
                .status(401)
                .header("www-authenticate", "Negotiate"),
        )
        .on("POST /login", html(AWS));
    arrives(&mut site);
    let mut site = Site::default().on(
        "GET /start",
        html("x")
            .status(401)
            .header("www-authenticate", "Negotiate"),
    );
    let error = fails(&mut site, &settings(), &mut Ada::default());
    assert_eq!(error.kind(), Kind::NeedsYou);
    assert!(error.message().contains("Kerberos"), "{error}");
}

#[test]
fn a_login_form_without_a_method_gets_no_password() {
    let mut site = Site::default().on(
        "GET /start",
        html("<form><input name=user><input type=password name=p></form>"),
    );
    let mut ada = Ada::default();
    let error = fails(&mut site, &settings(), &mut ada);
    assert_eq!(error.kind(), Kind::NeedsYou);
    assert!(ada.asked.is_empty(), "{:?}", ada.asked);
}

#[test]
fn configured_field_names_are_used() {
    let mut site = Site::default()
        .on(
            "GET /start",
            html("<form method=post action=/x><input name=f1><input name=f2></form>"),
        )
        .on("POST /x", html(AWS));
    let settings = Settings {
        fields: crate::idp::visit::Fields {
            username: Some("f2".into()),
            password: Some("f1".into()),
            otp: None,
        },
        ..settings()
    };
    run(&mut site, &settings, &mut Ada::default()).unwrap();
    assert_eq!(
        site.asked[1],
        "POST https://idp.test/x f1=hunter2%26%3D%C3%A4&f2=ada"
    );
}

#[test]
fn staying_signed_in_follows_the_setting() {
    let page = "<form method=post action=/login><input name=user><input type=password name=pass><input type=checkbox \
        name=kmsi checked><input type=checkbox name=donotcache value=1><label><input type=checkbox name=again> Do not ask \
        again on this notebook</label></form>";
    for (remember, expected) in [
        (false, "pass=hunter2%26%3D%C3%A4"),
        (true, "pass=hunter2%26%3D%C3%A4&kmsi=on&again=on"),
    ] {
        let mut site = Site::default()
            .on("GET /start", html(page))
            .on("POST /login", html(AWS));
        let settings = Settings {
            remember_device: remember,
            ..settings()
        };
        run(&mut site, &settings, &mut Ada::default()).unwrap();
        assert_eq!(
            site.asked[1],
            format!("POST https://idp.test/login user=ada&{expected}")
        );
    }
}

#[test]
fn a_login_page_that_waited_too_long_is_fetched_anew_before_the_password_goes() {
    let mut site = Site::default()
        .on("GET /start", html(LOGIN.replace("/login", "/old")))
        .on("GET /start", html(LOGIN))
        .on("POST /login", html(AWS));
    let mut ada = Ada::default();
    let arrival = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(walk(
            &mut site,
            &settings(),
            crate::arn::is_sign_in_host,
            &mut ada,
            TimeDelta::seconds(-1),
        ));
    arrival.unwrap();
    assert_eq!(
        site.asked[1..],
        [
            "GET https://idp.test/start",
            "POST https://idp.test/login user=ada&pass=hunter2%26%3D%C3%A4"
        ]
    );
    assert_eq!(ada.asked, ["user at idp.test", "password at idp.test"]);
}

#[test]
fn a_page_that_expired_under_the_password_does_not_make_it_a_wrong_one() {
    let stale = || html("<title>Stale Request</title><p>Too old</p>").status(400);
    let mut site = Site::default()
        .on("GET /start", html(LOGIN))
        .on("POST /login", stale());
    let mut ada = Ada::default();
    let error = fails(&mut site, &settings(), &mut ada);
    assert!(error.message().contains("on its way"), "{error}");
    assert!(!ada.asked.contains(&"refused".to_owned()));
    assert_eq!(site.asked.len(), 3);
}

#[test]
fn a_form_that_says_get_is_sent_by_get() {
    let mut site = Site::default()
        .on("GET /start", html("<form method=get action='/in?old=1'><input name=user><input type=password name=p></form>"))
        .on("GET /in", html(AWS));
    arrives(&mut site);
    assert_eq!(
        site.asked[1],
        "GET https://idp.test/in?user=ada&p=hunter2%26%3D%C3%A4"
    );
}

#[test]
fn a_password_dialog_after_the_login_form_gets_nothing() {
    let mut site = Site::default().on("GET /start", html(LOGIN)).on(
        "POST /login",
        html("no")
            .status(401)
            .header("www-authenticate", "Basic realm=x"),
    );
    let mut ada = Ada::default();
    let error = fails(&mut site, &settings(), &mut ada);
    assert_eq!(error.kind(), Kind::Refused);
    assert_eq!(site.asked.len(), 2);
    assert_eq!(
        ada.asked
            .iter()
            .filter(|a| a.starts_with("password"))
            .count(),
        1
    );
}

#[test]
fn a_second_page_that_wants_another_code_is_not_a_refusal() {
    let mail = "<form method=post action=/mail><label>Code from your e-mail <input name=mailcode></label></form>";
    let mut site = Site::default()
        .on("GET /start", html(CODE))
        .on("POST /code", html(mail))
        .on("POST /mail", html(AWS));
    let ada = arrives(&mut site);
    assert_eq!(ada.asked[1], "code at idp.test [Code from your e-mail] ");
}
