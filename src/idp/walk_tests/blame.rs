//! What failed was not the password: it is not recorded as refused, and the words name what it was.

use super::*;

/// Signs in where the password is followed by these pages, and fails.
fn after_password(pages: &[Reply]) -> (Error, Ada) {
    let mut site = Site::default().on("GET /start", html(LOGIN));
    for page in pages {
        site = site.on("POST /login", page.clone());
    }
    let mut ada = Ada::default();
    let error = fails(&mut site, &settings(), &mut ada);
    (error, ada)
}

fn is_blameless(ada: &Ada) -> bool {
    !ada.asked.contains(&"refused".to_owned())
}

#[test]
fn a_state_that_was_lost_under_the_password_does_not_blame_it() {
    let lost = html("<h1>State information lost</h1>").at("https://idp.test/module.php/core/error");
    let (error, ada) = after_password(&[lost]);
    assert!(error.message().contains("on its way"), "{error}");
    assert!(is_blameless(&ada));
}

#[test]
fn a_portal_after_which_the_login_comes_again_does_not_blame_the_password() {
    let (error, ada) = after_password(&[html("<h1>My applications</h1><p>Mail and more</p>")]);
    assert!(error.message().contains("lost the sign-in"), "{error}");
    assert!(is_blameless(&ada));
}

#[test]
fn an_old_page_with_password_and_code_blames_neither() {
    let form = "<form method=post action=/all><input name=user><input type=password name=pass><input name=tokencode></form>";
    let mut site = Site::default().on("GET /start", html(form)).on(
        "POST /all",
        html(format!("<p class=error>Your session has expired</p>{form}")),
    );
    let mut ada = Ada::default();
    let error = fails(&mut site, &settings(), &mut ada);
    assert!(
        error
            .message()
            .contains("password and code were on their way"),
        "{error}"
    );
    assert!(is_blameless(&ada));
}

#[test]
fn a_page_without_a_form_blames_the_password_only_if_it_names_it() {
    for text in [
        "Login failure: cannot release attributes",
        "Invalid SAML message",
        "The operation failed",
    ] {
        let (error, ada) = after_password(&[html(format!("<p class=error>{text}</p>"))]);
        assert_eq!(error.kind(), Kind::Unfamiliar, "{text}: {error}");
        assert_eq!(error.cause(), Some(text));
        assert!(is_blameless(&ada), "{text}");
    }
    let (error, ada) = after_password(&[html("<p class=error>Wrong password</p>")]);
    assert_eq!(error.kind(), Kind::Refused);
    assert!(!is_blameless(&ada));
}

#[test]
fn a_server_in_trouble_is_no_locked_account_and_no_wrong_password() {
    for (status, title, kind) in [
        (
            503,
            "503 Service Temporarily Unavailable",
            Kind::Unreachable,
        ),
        (429, "429 Too Many Requests", Kind::Unreachable),
        (504, "504 Gateway Time-out", Kind::Unreachable),
        (500, "Invalid password store, login failed", Kind::Failed),
    ] {
        let page = html(format!("<title>{title}</title><h1>{title}</h1>")).status(status);
        let (error, ada) = after_password(std::slice::from_ref(&page));
        assert_eq!(error.kind(), kind, "{title}: {error}");
        assert!(is_blameless(&ada), "{title}");
        let mut site = Site::default().on("GET /start", page);
        let error = fails(&mut site, &settings(), &mut Ada::default());
        assert_eq!(error.kind(), kind, "{title}: {error}");
    }
}

fn dialog() -> Reply {
    html("Unauthorized")
        .status(401)
        .header("www-authenticate", "Basic realm=x")
}

#[test]
fn a_dialog_that_was_not_answered_on_the_way_is_answered_now() {
    let mut site = Site::default()
        .on("GET /start", dialog())
        .on("GET /start", dialog().over_another_host())
        .on("GET /start", html(AWS));
    let ada = arrives(&mut site);
    assert!(is_blameless(&ada));
    let passwords = ada
        .asked
        .iter()
        .filter(|a| a.starts_with("password"))
        .count();
    assert_eq!(passwords, 1);
}

#[test]
fn a_locked_account_behind_a_dialog_is_said() {
    let mut locked = dialog();
    locked.html = "<p class=error>Your account is locked</p>".into();
    let mut site = Site::default()
        .on("GET /start", dialog())
        .on("GET /start", locked);
    let mut ada = Ada::default();
    let error = fails(&mut site, &settings(), &mut ada);
    assert!(error.message().contains("is locked"), "{error}");
    assert!(is_blameless(&ada));
}

#[test]
fn a_secret_that_stood_in_an_address_is_not_repeated() {
    let by_get = "<form method=get action=/in><input name=user><input type=password name=p></form>";
    let again = "<form method=post><input type=hidden name=x value=1></form><script>document.forms[0].submit()</script>";
    let mut site = Site::default()
        .on("GET /start", html(by_get))
        .on("GET /in", html(again))
        .on("POST /in", html(AWS));
    run(&mut site, &settings(), &mut Ada::default()).unwrap();
    assert!(site.asked[1].contains("hunter2"), "{:?}", site.asked);
    assert_eq!(site.asked[2], "POST https://idp.test/in x=1");
}

#[test]
fn a_code_form_without_a_method_gets_no_code() {
    let form = "<form action=/code><label>One-time code <input name=otp></label></form>";
    let mut site = Site::default().on("GET /start", html(form));
    let mut ada = Ada::default();
    let error = fails(&mut site, &settings(), &mut ada);
    assert_eq!(error.kind(), Kind::NeedsYou);
    assert!(ada.asked.is_empty(), "{:?}", ada.asked);
}

#[test]
fn an_answer_for_aws_goes_nowhere_else() {
    let xml = "<Response><Audience> urn:amazon:webservices</Audience></Response>";
    let page = format!(
        "<form method=post action=https://signin.aws.amazon.com.evil.test/saml><input type=hidden name=SAMLResponse \
         value={}></form>",
        STANDARD.encode(xml)
    );
    let mut site = Site::default().on("GET /start", html(page));
    let error = fails(&mut site, &settings(), &mut Ada::default());
    assert_eq!(error.kind(), Kind::Refused);
    assert!(error.message().contains("which is not AWS"), "{error}");
    assert_eq!(site.asked.len(), 1);
}

#[test]
fn an_answer_of_a_host_that_plain_http_named_is_not_believed() {
    let mut site = Site::default().on(
        "GET /start",
        html(AWS).at("https://evil.test/").over_plain_http(),
    );
    let error = fails(&mut site, &settings(), &mut Ada::default());
    assert_eq!(error.kind(), Kind::Refused);
    assert!(error.message().contains("not believed"), "{error}");
    // The configured host itself may be reached over a redirect from its plain address.
    let mut site = Site::default().on("GET /start", html(AWS).over_plain_http());
    arrives(&mut site);
}

#[test]
fn terms_that_changed_below_what_is_shown_are_asked_about_anew() {
    let key = |last: &str| {
        let text = format!("Terms of use {}", "be kind ".repeat(100));
        let page = format!(
            "<p>{text}{last}</p><form method=post action=/t><input type=checkbox name=ok required><button>Accept</button></form>"
        );
        let mut site = Site::default().on("GET /start", html(page));
        let mut ada = Ada::default();
        fails(&mut site, &settings(), &mut ada);
        ada.keys.pop().expect("it asked")
    };
    assert_eq!(key("and pay nothing"), key("and pay nothing"));
    assert_ne!(key("and pay nothing"), key("and pay everything"));
}

#[test]
fn for_nobody_a_notice_that_a_phone_will_ring_is_not_confirmed() {
    let page = "<p>We will send a push notification to your phone.</p><form method=post action=/n><input type=hidden name=x \
        value=1><button name=_eventId_proceed>Continue</button></form>";
    let mut site = Site::default().on("GET /start", html(page));
    let error = fails(&mut site, &nobody(), &mut Ada::default());
    assert_eq!(error.kind(), Kind::NeedsYou);
    assert_eq!(site.asked.len(), 1);
    let page = page.replace(
        "We will send a push notification to your phone",
        "Your password expires soon. Call the help desk or write an email",
    );
    let mut site = Site::default()
        .on("GET /start", html(page))
        .on("POST /n", html(AWS));
    run(&mut site, &nobody(), &mut Ada::default()).unwrap();
}
