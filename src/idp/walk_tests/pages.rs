//! Everything between the login and the answer: hops, choices, agreements, dead ends.

use super::*;

#[test]
fn pages_that_go_on_by_themselves_are_followed() {
    let mut site = Site::default()
        .on("GET /start", html("<script>window.location.href = '/a?x\\x3d1';</script>"))
        .on("GET /a", html("<meta http-equiv=refresh content='0;url=b'>"))
        .on("GET /b", html("<frameset><frame src=/c></frameset>"))
        .on(
            "GET /c",
            html("<script>document.cookie = 'seen=1; path=/'</script><iframe srcdoc='<form method=post action=/d>\
                <input type=hidden name=k value=v></form>'></iframe>"),
        )
        .on("POST /d", html(AWS));
    arrives(&mut site);
    assert_eq!(site.asked[1], "GET https://idp.test/a?x=1");
    assert_eq!(site.asked[4], "POST https://idp.test/d k=v");
    assert_eq!(site.cookies, ["seen=1; path=/"]);
}

#[test]
fn circles_have_an_end() {
    for page in [
        "<script>location.href='/start?again'</script>",
        "<form method=post action=/start><input type=hidden name=a value=1></form>",
        "<meta http-equiv=refresh content=0>",
    ] {
        let mut site = Site::default()
            .on("GET /start", html(page))
            .on("POST /start", html(page));
        let error = fails(&mut site, &settings(), &mut Ada::default());
        assert_eq!(error.kind(), Kind::Failed, "{error}");
        assert!(site.asked.len() <= MOST_STEPS, "{}", site.asked.len());
    }
}

#[test]
fn a_stale_page_starts_the_sign_in_again_once() {
    let stale = || html("<title>Stale Request</title><p>You used the back button</p>").status(400);
    let mut site = Site::default()
        .on("GET /start", stale())
        .on("GET /start", html(AWS));
    arrives(&mut site);
    assert_eq!(site.asked.len(), 2);
    let mut site = Site::default().on("GET /start", stale());
    let error = fails(&mut site, &settings(), &mut Ada::default());
    assert_eq!(site.asked.len(), 2, "{:?}", site.asked);
    assert_eq!(error.kind(), Kind::Failed);
}

#[test]
fn a_portal_after_the_password_is_left_by_the_start_url_once() {
    let portal =
        "<h1>My applications</h1><p>Nothing for programs, but quite a few words anyway.</p>";
    let mut site = Site::default()
        .on("GET /start", html(LOGIN))
        .on("POST /login", html(portal))
        .on("GET /start", html(AWS));
    arrives(&mut site);
    let mut site = Site::default()
        .on("GET /start", html(LOGIN))
        .on("POST /login", html(portal))
        .on("GET /start", html(portal));
    let error = fails(&mut site, &settings(), &mut Ada::default());
    assert!(error.message().contains("signed you in, but"), "{error}");
    assert_eq!(error.kind(), Kind::Refused);
    assert_eq!(site.asked.len(), 3);
}

#[test]
fn the_only_token_of_a_list_is_taken_unless_it_would_ring_somebody() {
    let site = |token: &str| {
        let page = format!(
            "<form method=post action=/token><input type=hidden name=csrf value=1><select name=token>\
             <option value=7>{token}</option></select><button name=go>Next</button></form>"
        );
        Site::default()
            .on("GET /start", html(LOGIN))
            .on("POST /login", html(page))
            .on("POST /token", html(AWS))
    };
    let mut push = site("Push to your phone");
    arrives(&mut push);
    assert_eq!(
        push.asked[2],
        "POST https://idp.test/token csrf=1&token=7&go="
    );
    let mut push = site("Push to your phone");
    let error = fails(&mut push, &nobody(), &mut Ada::default());
    assert_eq!(error.kind(), Kind::NeedsYou, "{error}");
    assert_eq!(push.asked.len(), 2, "{:?}", push.asked);
    run(&mut site("TOTP token"), &nobody(), &mut Ada::default()).unwrap();
}

#[test]
fn a_choice_is_the_persons_or_the_configurations() {
    let page = "<h1>Where from?</h1><form method=post action=/go><button name=source value=staff>Staff</button>\
        <button name=source value=students>Students</button></form>";
    let site = || {
        Site::default()
            .on("GET /start", html(page))
            .on("POST /go", html(AWS))
    };
    let mut ada = Ada {
        picks: "Students",
        ..Ada::default()
    };
    let mut asked = site();
    run(&mut asked, &settings(), &mut ada).unwrap();
    assert_eq!(asked.asked[1], "POST https://idp.test/go source=students");
    assert_eq!(ada.asked, ["Where from?: Staff | Students"]);

    let mut configured = settings();
    configured.options.insert("source".into(), "staff".into());
    let mut ada = Ada::default();
    let mut told = site();
    run(&mut told, &configured, &mut ada).unwrap();
    assert_eq!(told.asked[1], "POST https://idp.test/go source=staff");
    assert!(ada.asked.is_empty());
}

#[test]
fn of_several_factors_the_configured_one_is_taken() {
    let page = "<form method=post action=/f><label><input type=radio name=f value=1>Text message to my phone</label>\
        <label><input type=radio name=f value=2>Authenticator app</label><label><input type=radio name=f value=3>\
        Security key</label><button>Next</button></form>";
    let site = || {
        Site::default()
            .on("GET /start", html(LOGIN))
            .on("POST /login", html(page))
            .on("POST /f", html(AWS))
    };
    let mut told = site();
    let settings = Settings {
        mfa_method: Some("totp".into()),
        ..settings()
    };
    run(&mut told, &settings, &mut Ada::default()).unwrap();
    assert_eq!(told.asked[2], "POST https://idp.test/f f=2");
    // for nobody: only what rings no phone
    let mut unattended = site();
    run(&mut unattended, &nobody(), &mut Ada::default()).unwrap();
    assert_eq!(unattended.asked[2], "POST https://idp.test/f f=2");
}

#[test]
fn for_nobody_no_factor_is_triggered_that_reaches_a_person() {
    let page = "<form method=post action=/f><button name=f value=sms>Text message</button><button name=f value=push>\
        Push notification</button></form>";
    let mut site = Site::default()
        .on("GET /start", html(LOGIN))
        .on("POST /login", html(page));
    let error = fails(&mut site, &nobody(), &mut Ada::default());
    assert_eq!(error.kind(), Kind::NeedsYou);
    assert_eq!(site.asked.len(), 2);
}

#[test]
fn for_nobody_no_button_is_pressed_that_sends_a_code() {
    let page = "<p>We will send a text message to ***42</p><form method=post action=/sms>Text message <input type=hidden \
        name=x><button>Send code</button></form>";
    let site = || {
        Site::default()
            .on("GET /start", html(LOGIN))
            .on("POST /login", html(page))
            .on("POST /sms", html(AWS))
    };
    let error = fails(&mut site(), &nobody(), &mut Ada::default());
    assert_eq!(error.kind(), Kind::NeedsYou);
    arrives(&mut site());
}

const CONSENT: &str = "<h1>Consent</h1><form method=post action=/c><input type=hidden name=id value=1><button name=no>\
    Reject</button><button name=yes>Accept</button></form>";

#[test]
fn consent_is_asked_for_or_accepted_by_setting() {
    let site = || {
        Site::default()
            .on("GET /start", html(CONSENT))
            .on("POST /c", html(AWS))
    };
    let mut ada = Ada {
        agrees: true,
        ..Ada::default()
    };
    let mut asked = site();
    run(&mut asked, &settings(), &mut ada).unwrap();
    assert_eq!(asked.asked[1], "POST https://idp.test/c id=1&yes=");
    assert_eq!(ada.asked, ["Consent idp.test"]);

    let accept = Settings {
        consent_accept: true,
        ..nobody()
    };
    run(&mut site(), &accept, &mut Ada::default()).unwrap();

    let mut declined = site();
    let error = fails(&mut declined, &settings(), &mut Ada::default());
    assert_eq!(error.kind(), Kind::Refused);
    assert_eq!(declined.asked.len(), 1);
    let error = fails(&mut site(), &nobody(), &mut Ada::default());
    assert_eq!(error.kind(), Kind::NeedsYou);
    assert!(error.hint_text().unwrap().contains("consent: accept"));
}

#[test]
fn terms_are_ticked_only_after_a_yes() {
    let page = "<h1>Terms of Use</h1><form method=post action=/no><button name=reject>Refuse</button></form><form \
        method=post action=/t><input type=checkbox name=ok value=1 required> I accept<button name=_eventId_proceed>\
        Submit</button></form>";
    let mut site = Site::default()
        .on("GET /start", html(page))
        .on("POST /t", html(AWS));
    let mut ada = Ada {
        agrees: true,
        ..Ada::default()
    };
    run(&mut site, &settings(), &mut ada).unwrap();
    assert_eq!(
        site.asked[1],
        "POST https://idp.test/t ok=1&_eventId_proceed="
    );
    assert_eq!(ada.asked, ["Terms idp.test"]);
}

#[test]
fn a_notice_is_passed_on_and_left() {
    let form = "<p>Your password will expire in 3 days</p><form method=post action=/n><input type=hidden name=x value=1>\
        <button name=_eventId_proceed>Continue</button></form>";
    let refresh =
        "<p>Your password will expire in 3 days</p><meta http-equiv=refresh content='20;url=/n'>";
    for page in [form, refresh] {
        let mut site = Site::default()
            .on("GET /start", html(page))
            .on("POST /n", html(AWS))
            .on("GET /n", html(AWS));
        let ada = arrives(&mut site);
        assert!(
            ada.asked[0].starts_with("warned: idp.test says: Your password will expire"),
            "{:?}",
            ada.asked
        );
    }
}

#[test]
fn pages_that_end_a_sign_in_say_what_to_do() {
    for (page, kind, words) in [
        (
            "<form method=post><input type=password name=new1><input type=password name=new2></form>",
            Kind::NeedsYou,
            "the password at idp.test must be changed",
        ),
        (
            "<form method=post><input name=totp><input type=hidden name=totpSecret value=x></form>",
            Kind::NeedsYou,
            "second factor to be set up",
        ),
        (
            "<form method=post><input name=user><input type=password name=p></form><div class=h-captcha></div>",
            Kind::NeedsYou,
            "no robot",
        ),
        (
            "<div id=root></div><script src=/app.js></script>",
            Kind::NeedsYou,
            "only scripts",
        ),
        (
            "<script>navigator.credentials.get({})</script>",
            Kind::NeedsYou,
            "security key",
        ),
        (
            "<title>Odd</title><p>A page with a lot of words that mean nothing to anybody</p><form method=post><input name=strange></form>",
            Kind::Unfamiliar,
            "idp.test shows a page that mai does not know (step 1): “Odd”, fields strange",
        ),
        (
            "<div class=error>Something went sideways here</div>",
            Kind::Unfamiliar,
            "shows an error",
        ),
    ] {
        let mut site = Site::default().on("GET /start", html(page));
        let mut ada = Ada::default();
        let error = fails(&mut site, &settings(), &mut ada);
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(words), "{error}");
        assert!(error.hint_text().is_some(), "{error}");
        assert!(ada.asked.is_empty(), "{:?}", ada.asked);
    }
}

#[test]
fn hints_lead_to_the_configured_address_and_not_to_where_it_ended() {
    let settings = Settings::new(Url::parse(&format!("{START}?app=aws&sp=1")).unwrap());
    for page in [
        "<form method=post><input type=password name=new1><input type=password name=new2></form>",
        "<form method=post><input name=totp><input type=hidden name=totpSecret value=x></form>",
        "<div class=h-captcha></div>",
        "<p class=error>Your password has expired.</p>",
    ] {
        let page = html(page).at("https://other.test/deep?session=1");
        let mut site = Site::default().on("GET /start", page);
        let error = fails(&mut site, &settings, &mut Ada::default());
        let hint = error.hint_text().unwrap_or_default();
        let start = "https://idp.test/start?app=aws&sp=1";
        assert!(hint.contains(start), "{error}: {hint}");
        assert!(!hint.contains("session=1"), "{hint}");
    }
}

#[test]
fn error_pages_are_told_apart_by_their_status() {
    for (status, kind) in [
        (404, Kind::Failed),
        (400, Kind::Failed),
        (500, Kind::Failed),
        (503, Kind::Unreachable),
        (403, Kind::Refused),
    ] {
        let mut site = Site::default().on("GET /start", html("<p>Nope</p>").status(status));
        let error = fails(&mut site, &settings(), &mut Ada::default());
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(error.cause(), Some("Nope"));
    }
}

#[test]
fn an_endpoint_that_wants_a_request_gets_one() {
    for page in [
        html("<p>Missing SAMLRequest</p>"),
        html("<p>Invalid Request</p>").status(400),
    ] {
        let mut site = Site::default()
            .on("GET /start", page)
            .on("GET /start", html(AWS));
        arrives(&mut site);
        assert!(site.asked[1].starts_with("GET https://idp.test/start?SAMLRequest="));
    }
    let bare = Settings::new(Url::parse("https://idp.test/realms/a/protocol/saml").unwrap());
    let mut site = Site::default().on("GET /realms/a/protocol/saml", html(AWS));
    run(&mut site, &bare, &mut Ada::default()).unwrap();
    assert!(site.asked[0].contains("?SAMLRequest="), "{:?}", site.asked);
    assert_eq!(site.asked.len(), 1);
}

#[test]
fn when_the_request_does_not_help_the_first_answer_is_reported() {
    let mut site = Site::default()
        .on("GET /start", html("<p>First</p>").status(404))
        .on("GET /start", html("<p>Second</p>").status(400));
    let error = fails(&mut site, &settings(), &mut Ada::default());
    assert_eq!(error.cause(), Some("First"));
}

#[test]
fn a_provider_that_does_not_exist_is_a_mistake_in_the_configuration() {
    let settings = Settings {
        provider: Some("keyclaok".into()),
        ..settings()
    };
    let error = fails(&mut Site::default(), &settings, &mut Ada::default());
    assert_eq!(error.kind(), Kind::Usage);
}

#[test]
fn a_notice_that_goes_on_automatically_stops_nobody() {
    let page = "<form method=post action=/on><p>You are redirected automatically. For approved users only.</p>\
        <input type=hidden name=k value=v><button>Continue</button></form>";
    let mut site = Site::default()
        .on("GET /start", html(page))
        .on("POST /on", html(AWS));
    run(&mut site, &nobody(), &mut Ada::default()).unwrap();
    assert_eq!(site.asked[1], "POST https://idp.test/on k=v");
}

#[test]
fn an_unknown_option_is_told_before_anything_is_asked() {
    let mut told = settings();
    told.options.insert("sorce".into(), "staff".into());
    let mut site = Site::default().on("GET /start", html(AWS));
    let error = fails(&mut site, &told, &mut Ada::default());
    assert_eq!(error.kind(), Kind::Usage);
    assert!(error.message().contains("sorce"), "{error}");
    assert!(site.asked.is_empty());
}

#[test]
fn a_lone_way_that_rings_a_phone_is_not_taken_for_nobody_unless_it_is_configured() {
    let page = "<h1>Welcome</h1><a href=/phone>Sign in with your phone</a>";
    let site = || {
        Site::default()
            .on("GET /start", html(page))
            .on("GET /phone", html(AWS))
    };
    let mut alone = site();
    let error = fails(&mut alone, &nobody(), &mut Ada::default());
    assert_eq!(error.kind(), Kind::NeedsYou);
    assert_eq!(alone.asked.len(), 1);
    run(&mut site(), &settings(), &mut Ada::default()).unwrap();
    let mut told = nobody();
    told.options.insert("source".into(), "phone".into());
    run(&mut site(), &told, &mut Ada::default()).unwrap();
}
