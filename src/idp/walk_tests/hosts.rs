//! Where a secret may go, and what else is refused on the way.

use super::*;

fn login_at(host: &str) -> String {
    format!(
        "<form method=post action=https://{host}/in><input name=user><input type=password name=p></form>"
    )
}

#[test]
fn a_new_host_is_asked_about_once_and_then_gets_password_and_code() {
    let mut site = Site::default()
        .on("GET /start", html(login_at("sso.two.test")))
        .on(
            "POST https://sso.two.test/in",
            html("<form method=post action=/code><input name=otp></form>")
                .at("https://sso.two.test/in"),
        )
        .on("POST https://sso.two.test/code", html(AWS));
    let mut ada = Ada {
        agrees: true,
        ..Ada::default()
    };
    run(&mut site, &settings(), &mut ada).unwrap();
    assert_eq!(
        ada.asked
            .iter()
            .filter(|a| a.starts_with("NewHost"))
            .count(),
        1
    );
    assert_eq!(ada.asked[1], "NewHost sso.two.test");
}

#[test]
fn without_a_yes_nothing_secret_goes_to_a_new_host() {
    for (settings, kind) in [(settings(), Kind::Refused), (nobody(), Kind::NeedsYou)] {
        let mut site = Site::default().on("GET /start", html(login_at("xn--bcher-kva.test:8443")));
        let mut ada = Ada::default();
        let error = fails(&mut site, &settings, &mut ada);
        assert_eq!(error.kind(), kind);
        assert!(
            error
                .hint_text()
                .unwrap()
                .contains("trusted_hosts: [xn--bcher-kva.test:8443]"),
            "{error:?}"
        );
        assert!(!ada.asked.iter().any(|a| a.starts_with("password")));
        assert_eq!(site.asked.len(), 1);
    }
}

#[test]
fn configured_hosts_are_not_asked_about() {
    let mut site = Site::default()
        .on("GET /start", html(login_at("two.test")))
        .on("POST https://two.test/in", html(AWS));
    let settings = Settings {
        trusted_hosts: vec!["two.test".into()],
        ..settings()
    };
    let mut ada = Ada::default();
    run(&mut site, &settings, &mut ada).unwrap();
    assert!(!ada.asked.iter().any(|a| a.starts_with("NewHost")));
}

#[test]
fn a_password_never_goes_over_plain_http() {
    let page = "<form method=post action=http://idp.test/in><input name=user><input type=password name=p></form>";
    let mut site = Site::default().on("GET /start", html(page));
    let mut ada = Ada {
        agrees: true,
        ..Ada::default()
    };
    let error = fails(&mut site, &settings(), &mut ada);
    assert_eq!(error.kind(), Kind::Refused);
    assert!(error.message().contains("plain http"), "{error}");
    assert!(!ada.asked.iter().any(|a| a.starts_with("password")));
}

#[test]
fn a_host_that_a_plain_http_hop_named_is_never_asked_about() {
    let login = "<form method=post action=/in><input name=user><input type=password name=p></form>";
    let mut site = Site::default().on(
        "GET /start",
        html(login).at("https://evil.test/").over_plain_http(),
    );
    let mut ada = Ada {
        agrees: true,
        ..Ada::default()
    };
    let error = fails(&mut site, &settings(), &mut ada);
    assert_eq!(error.kind(), Kind::Refused);
    assert!(
        !ada.asked
            .iter()
            .any(|a| a.starts_with("NewHost") || a.starts_with("password"))
    );
}

#[test]
fn the_button_decides_where_a_password_goes() {
    let page = "<form method=post action=/in><input name=user><input type=password name=p><button name=login \
        formaction=https://evil.test/x>Log in</button></form>";
    let mut site = Site::default().on("GET /start", html(page));
    let mut ada = Ada::default();
    fails(&mut site, &settings(), &mut ada);
    assert_eq!(ada.asked.last().unwrap(), "NewHost evil.test");
}

#[test]
fn saml_travels_from_one_identity_provider_to_the_next() {
    let request = "<form method=post action=https://two.test/sso><input type=hidden name=SAMLRequest value=a><noscript>\
        <button>Go</button></noscript></form><script>document.forms[0].submit()</script>";
    let response = "<form method=post action=https://idp.test/acs><input type=hidden name=SAMLResponse value=b>\
        <input type=submit value=Continue></form>";
    let mut site = Site::default()
        .on("GET /start", html(request))
        .on("POST https://two.test/sso", html(LOGIN))
        .on("POST https://two.test/login", html(response))
        .on("POST /acs", html(AWS));
    let mut ada = Ada {
        agrees: true,
        ..Ada::default()
    };
    run(&mut site, &settings(), &mut ada).unwrap();
    assert_eq!(site.asked[1], "POST https://two.test/sso SAMLRequest=a");
    assert_eq!(site.asked[3], "POST https://idp.test/acs SAMLResponse=b");
}

#[test]
fn a_form_does_not_fall_from_https_to_http() {
    let page = "<form method=post action=http://two.test/sso><input type=hidden name=SAMLResponse value=a></form>";
    let mut site = Site::default().on("GET /start", html(page));
    let error = fails(&mut site, &settings(), &mut Ada::default());
    assert_eq!(error.kind(), Kind::Refused);
}

#[test]
fn an_answer_for_aws_is_known_by_host_and_path() {
    for (action, arrives) in [
        ("https://signin.aws.amazon.com/saml", true),
        ("https://SIGNIN.aws.amazon.com:443/saml?x=1", true),
        ("https://eu-west-1.signin.aws.amazon.com/saml", true),
        ("https://signin.amazonaws-us-gov.com/saml", true),
        ("https://signin.amazonaws.cn/saml", true),
        (
            "https://eu-central-1.signin.aws.amazon.com/saml/acs/SAMLSP123",
            true,
        ),
        ("https://signin.aws.amazon.com.evil.test/saml", false),
        ("https://evil.test/signin.aws.amazon.com/saml", false),
    ] {
        let page = format!(
            "<FORM METHOD=POST ACTION='{action}'><INPUT TYPE=HIDDEN NAME=SAMLResponse VALUE=eA==></FORM>"
        );
        let mut site = Site::default()
            .on("GET /start", html(page))
            .on(
                "POST https://signin.aws.amazon.com.evil.test/saml",
                html("no").status(500),
            )
            .on(
                "POST https://evil.test/signin.aws.amazon.com/saml",
                html("no").status(500),
            );
        let outcome = run(&mut site, &settings(), &mut Ada::default());
        assert_eq!(outcome.is_ok(), arrives, "{action}");
    }
}

#[test]
fn nothing_is_ever_sent_to_aws() {
    for page in [
        "<form method=post action=https://signin.aws.amazon.com/other><input type=hidden name=SAMLResponse value=a></form>",
        "<form method=post action=https://signin.aws.amazon.com/x><input name=user><input type=password name=p></form>",
    ] {
        let mut site = Site::default().on("GET /start", html(page));
        let mut ada = Ada {
            agrees: true,
            ..Ada::default()
        };
        let error = fails(&mut site, &settings(), &mut ada);
        assert_eq!(error.kind(), Kind::Unfamiliar);
        assert_eq!(site.asked.len(), 1);
    }
}

#[test]
fn arriving_at_aws_without_an_answer_is_said() {
    let mut site = Site::default().on(
        "GET /start",
        html("<form method=post><input name=username></form>")
            .at("https://signin.aws.amazon.com/console"),
    );
    let error = fails(&mut site, &settings(), &mut Ada::default());
    assert!(error.message().contains("AWS itself"), "{error}");
}
