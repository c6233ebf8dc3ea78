//! Sign-ins at LemonLDAP::NG: one-time tokens, numbers for words, tabs, second factors, pages on the way.

use super::*;
use crate::error::Kind;

/// The start of a page, with what the portal says by number.
fn says(number: &str) -> String {
    format!(
        "<div id=errormsg><div class='message message-negative alert' role=alert><span trmsg={number}></span></div></div>"
    )
}

fn login(token: &str) -> String {
    format!(
        "{}<form id=lform action='#' method=post class=login><input type=hidden name=url value=aHR0><input type=hidden \
         name=timezone><input type=hidden name=token value={token}><input name=user id=userfield trplaceholder=login>\
         <input id=passwordfield name=password type=text trplaceholder=password autocomplete=off><input type=checkbox \
         name=checkLogins id=checkLogins><label for=stayconnected trspan=stayConnected>Stay connected on this device\
         </label><input type=checkbox name=stayconnected id=stayconnected><button type=submit><span trspan=connect>\
         Connect</span></button></form>",
        says("9")
    )
}

fn code(prefix: &str) -> String {
    format!(
        "<span trspan=enterCode></span><form action=/{prefix}2fcheck method=post class=password><input type=hidden \
         name=token value=t2><input type=hidden name=checkLogins><input name=code id=extcode autocomplete=one-time-code>\
         <button formaction=/{prefix}2fresend type=submit><span trspan=resendCode>Re-send code</span></button><button \
         type=submit><span trspan=connect>Connect</span></button><a href='/?cancel=1'><span trspan=cancel>Cancel</span>\
         </a></form>"
    )
}

/// The portal with this page after the password.
fn after_password(page: impl Into<String>) -> Site {
    Site::default()
        .on("GET /start", html(login("t1")))
        .on("POST /start", html(page))
}

fn error_after_password(number: &str) -> (Error, Ada) {
    let mut ada = Ada::default();
    let error = fails(&mut after_password(says(number)), &settings(), &mut ada);
    (error, ada)
}

#[test]
fn the_token_and_all_other_fields_come_back() {
    let mut site = after_password(AWS);
    arrives(&mut site);
    assert_eq!(
        site.asked[1],
        "POST https://idp.test/start url=aHR0&timezone=&token=t1&user=ada&password=hunter2%26%3D%C3%A4"
    );
}

#[test]
fn a_login_page_that_waited_too_long_is_fetched_anew_with_its_token() {
    let mut site = Site::default()
        .on("GET /start", html(login("old")))
        .on("GET /start", html(login("fresh")))
        .on("POST /start", html(AWS));
    let mut ada = Ada::default();
    let settings = settings();
    let impatient = TimeDelta::seconds(-1);
    let walk = walk(
        &mut site,
        &settings,
        crate::arn::is_sign_in_host,
        &mut ada,
        impatient,
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(walk).unwrap();
    assert_eq!(site.asked.len(), 3);
    assert!(site.asked[2].contains("token=fresh"), "{:?}", site.asked);
    assert_eq!(ada.asked, ["user at idp.test", "password at idp.test"]);
}

#[test]
fn numbers_end_the_sign_in_with_a_sentence() {
    for (number, message, cause, code) in [
        (
            "5",
            "idp.test refused the password of ada",
            "user name or password is wrong",
            4,
        ),
        (
            "21",
            "the account of ada is locked",
            "the account is locked",
            4,
        ),
        (
            "22",
            "the password of ada at idp.test has expired",
            "the password has expired",
            3,
        ),
        (
            "25",
            "has expired and must be changed",
            "the password was reset",
            3,
        ),
        ("41", "idp.test does not let you in", "grants no session", 4),
        (
            "51",
            "could not start the service by SAML",
            "could not answer by SAML",
            4,
        ),
        (
            "76",
            "wants to see that you are no robot",
            "letters of the picture",
            3,
        ),
        (
            "103",
            "wants a second factor to be set up",
            "has no second factor",
            3,
        ),
        (
            "107",
            "does not know the service that `url:` names",
            "not known to the portal",
            2,
        ),
        ("24", "idp.test shows an error", "the portal failed", 6),
    ] {
        let (error, ada) = error_after_password(number);
        assert!(error.message().contains(message), "{number}: {error}");
        assert!(
            error.cause().unwrap_or_default().contains(cause),
            "{number}: {error}"
        );
        assert_eq!(error.exit_code(), code, "{number}: {error}");
        assert_eq!(ada.asked.contains(&"refused".to_owned()), number == "5");
    }
}

#[test]
fn the_password_is_sent_once_whatever_number_comes_with_the_form() {
    for (number, kind) in [
        ("5", Kind::Refused),
        ("82", Kind::Failed),
        ("76", Kind::NeedsYou),
    ] {
        let page = login("t2").replace(&says("9"), &says(number));
        let mut site = after_password(page);
        fails_as(&mut site, kind);
        let posts = site.asked.iter().filter(|a| a.starts_with("POST")).count();
        assert_eq!(posts, 1, "{number}: {:?}", site.asked);
    }
}

fn fails_as(site: &mut Site, kind: Kind) -> Error {
    let error = fails(site, &settings(), &mut Ada::default());
    assert_eq!(error.kind(), kind, "{error}");
    error
}

#[test]
fn codes_go_to_the_form_and_never_ask_for_another_message() {
    for (prefix, label) in [
        ("totp", "Code of an app (TOTP)"),
        ("mail", "Code sent by e-mail"),
        ("home", ""),
    ] {
        let mut site =
            after_password(code(prefix)).on(&format!("POST /{prefix}2fcheck"), html(AWS));
        let ada = arrives(&mut site);
        assert_eq!(
            site.asked[2],
            format!("POST https://idp.test/{prefix}2fcheck token=t2&checkLogins=&code=111111")
        );
        assert_eq!(ada.asked[2], format!("code at idp.test [{label}] "));
    }
}

#[test]
fn a_wrong_code_and_a_late_one_are_told_apart() {
    for (number, message, kind) in [
        ("96", "idp.test refused the code", Kind::Refused),
        (
            "82",
            "the code came too late for idp.test, which did not look at it",
            Kind::Failed,
        ),
    ] {
        let mut site = after_password(code("totp")).on("POST /totp2fcheck", html(says(number)));
        assert_eq!(fails_as(&mut site, kind).message(), message);
        assert_eq!(site.asked.len(), 3);
    }
}

const FACTORS: &str = "<form action=/2fchoice method=POST><input type=hidden name=token value=t2><button type=submit \
    name=sf value=webauthn><h4 trspan=webauthn2f></h4></button><button type=submit name=sf value=ext><h4 \
    trspan=ext2f></h4></button><button type=submit name=sf value=totp><h4 trspan=totp2f></h4></button><button \
    type=submit name=sf value=home><h4>Call home</h4></button></form>";

#[test]
fn a_factor_is_picked_by_the_person_or_by_settings() {
    let mut site = after_password(FACTORS).on("POST /2fchoice", html(AWS));
    let mut ada = Ada {
        picks: "home",
        ..Ada::default()
    };
    run(&mut site, &settings(), &mut ada).unwrap();
    assert_eq!(
        site.asked[2],
        "POST https://idp.test/2fchoice token=t2&sf=home"
    );
    assert_eq!(
        ada.asked[2],
        "How do you want to prove it is you to idp.test?: Code sent to you | Code of an app (TOTP) | Call home"
    );
    for (settings, taken) in [
        (
            Settings {
                mfa_method: Some("totp".into()),
                ..settings()
            },
            "totp",
        ),
        (
            Settings {
                mfa_device: Some("ext".into()),
                ..settings()
            },
            "ext",
        ),
        (nobody(), "totp"),
    ] {
        let mut site = after_password(FACTORS).on("POST /2fchoice", html(AWS));
        run(&mut site, &settings, &mut Ada::default()).unwrap();
        assert_eq!(
            site.asked[2],
            format!("POST https://idp.test/2fchoice token=t2&sf={taken}")
        );
    }
}

#[test]
fn a_second_password_is_no_code() {
    let mut site = after_password(code("password")).on("POST /password2fcheck", html(AWS));
    let mut ada = Ada {
        codes: VecDeque::from(["pass  word 1"]),
        ..Ada::default()
    };
    run(&mut site, &settings(), &mut ada).unwrap();
    assert!(
        site.asked[2].ends_with("code=pass++word+1"),
        "{:?}",
        site.asked
    );
    assert_eq!(ada.asked[2], "secret at idp.test [Second password] ");

    // It is sent once, and nothing that is stored stands for it.
    let mut site =
        after_password(code("password")).on("POST /password2fcheck", html(code("password")));
    let mut ada = Ada::default();
    let error = fails(&mut site, &settings(), &mut ada);
    assert_eq!(error.message(), "idp.test refused the second password");
    assert_eq!(site.asked.len(), 3);
    let mut site = after_password(code("password"));
    let error = fails(&mut site, &nobody(), &mut ada);
    assert_eq!(error.kind(), Kind::NeedsYou, "{error}");
    assert_eq!(site.asked.len(), 2);
}

#[test]
fn a_code_stands_in_no_address() {
    let page = code("totp").replace("method=post", "");
    assert!(!page.contains("method"), "{page}");
    let mut site = after_password(page).on("GET /totp2fcheck", html(AWS));
    let mut ada = Ada::default();
    let error = fails(&mut site, &settings(), &mut ada);
    assert_eq!(error.kind(), Kind::NeedsYou, "{error}");
    assert!(!ada.asked.iter().any(|a| a.starts_with("code")));
}

#[test]
fn nobody_is_rung_for_nobody() {
    let only_messages = FACTORS.replace("value=totp", "value=rest");
    let error = fails(
        &mut after_password(only_messages),
        &nobody(),
        &mut Ada::default(),
    );
    assert_eq!(error.exit_code(), 3, "{error}");
}

#[test]
fn a_security_key_needs_a_browser() {
    for field in ["credential", "signature"] {
        let page = format!(
            "<span trspan=webAuthnRequired></span><form id=verify-form action=/webauthn2fcheck method=post><input \
             type=hidden name={field}><input type=hidden name=token value=t2></form>"
        );
        let error = fails_as(&mut after_password(page), Kind::NeedsYou);
        assert!(error.message().contains("security key"), "{error}");
    }
}

#[test]
fn a_factor_that_must_be_set_up_needs_a_browser() {
    let page = html("<span trspan=2fRegRequired></span><a href=/2fregisters/totp>TOTP</a>");
    let mut site = Site::default()
        .on("GET /start", html(login("t1")))
        .on("POST /start", page);
    let error = fails_as(&mut site, Kind::NeedsYou);
    assert!(
        error.message().contains("second factor to be set up"),
        "{error}"
    );
}

fn tabs(number: &str, second: &str) -> String {
    format!(
        "{}<div id=authMenu><a class=nav-link href=#1_Staff>Staff</a><a class=nav-link href=#2_Guests>Guests</a>\
         <a class=nav-link href=#3_Partner>Partner</a><form id=lformLDAP method=post action='/?staff'><input type=hidden \
         name=lmAuth value=1_Staff><input name=user><input name=password type=password><button type=submit>Connect\
         </button></form><form id=lformDBI method=post action='/?guests'><input type=hidden name=lmAuth \
         value=2_Guests>{second}<button type=submit>Connect</button></form><form id=lformSAML method=post \
         action='/?partner'><input type=hidden name=lmAuth value=3_Partner><button type=submit>Connect</button></form></div>",
        says(number)
    )
}

const FIELDS: &str = "<input name=user><input name=password type=password>";

#[test]
fn a_tab_is_taken_by_option_by_person_or_because_it_asks_for_a_password() {
    let with = |option: Option<&str>| {
        let mut settings = settings();
        if let Some(option) = option {
            settings.options.insert("choice".into(), option.into());
        }
        settings
    };
    for (second, option, picks, sent) in [
        (
            FIELDS,
            Some("2_Guests"),
            "",
            "?guests lmAuth=2_Guests&user=ada&password=",
        ),
        (
            FIELDS,
            Some("guests"),
            "",
            "?guests lmAuth=2_Guests&user=ada&password=",
        ),
        (FIELDS, Some("3_Partner"), "", "?partner lmAuth=3_Partner"),
        (
            FIELDS,
            None,
            "Guests",
            "?guests lmAuth=2_Guests&user=ada&password=",
        ),
        ("", None, "", "?staff lmAuth=1_Staff&user=ada&password="),
    ] {
        let mut site = Site::default()
            .on("GET /start", html(tabs("9", second)))
            .on("POST /", html(AWS));
        let mut ada = Ada {
            picks,
            ..Ada::default()
        };
        run(&mut site, &with(option), &mut ada).unwrap();
        assert!(site.asked[1].contains(sent), "{:?}", site.asked);
        let asked = ada.asked.iter().any(|a| a.contains("Staff | Guests"));
        assert_eq!(asked, !picks.is_empty(), "{:?}", ada.asked);
    }
    let mut site = Site::default().on("GET /start", html(tabs("9", FIELDS)));
    let error = fails(&mut site, &with(Some("Admins")), &mut Ada::default());
    assert_eq!(error.exit_code(), 2);
    assert!(
        error
            .hint_text()
            .unwrap()
            .contains("1_Staff, 2_Guests, 3_Partner"),
        "{error}"
    );
}

#[test]
fn a_wrong_password_in_a_tab_is_one() {
    let mut site = Site::default()
        .on("GET /start", html(tabs("9", "")))
        .on("POST /", html(tabs("5", FIELDS)));
    let error = fails_as(&mut site, Kind::Refused);
    assert_eq!(error.message(), "idp.test refused the password of ada");
    assert_eq!(site.asked.len(), 2);
}

#[test]
fn pages_that_a_script_sends_on_are_sent_on() {
    let form = "<script id=redirect type=custom>\nform\n</script><span trspan=redirectionInProgress></span><form id=form \
        action=/next method=post><input type=hidden name=a value=1><noscript><input type=submit></noscript></form>";
    let address = "<script id=redirect type=custom>\n/next\n</script><noscript>It appears that your browser does not \
        support Javascript.</noscript>";
    let mut site = after_password(form).on("POST /next", html(AWS));
    arrives(&mut site);
    assert_eq!(site.asked[2], "POST https://idp.test/next a=1");
    let mut site = after_password(address).on("GET /next", html(AWS));
    arrives(&mut site);
}

#[test]
fn a_browser_is_remembered_only_where_the_person_said_so_and_looks_the_same_each_time() {
    let page = "<p>Please wait...</p><form id=form action=/registerbrowser method=post><input type=hidden name=token \
        value=t2><input type=hidden name=url value=aHR0><input type=hidden name=fg id=fg value=''></form>";
    let remembering = Settings {
        remember_device: true,
        ..settings()
    };
    let sent = || {
        let mut site = after_password(page).on("POST /registerbrowser", html(AWS));
        run(&mut site, &remembering, &mut Ada::default()).unwrap();
        assert!(
            site.asked[1].contains("&stayconnected=on"),
            "{:?}",
            site.asked
        );
        site.asked[2].clone()
    };
    let first = sent();
    let print = first.split("fg=").nth(1).unwrap();
    assert!(print.len() == 64, "{first}");
    assert_eq!(first, sent());
    let mut site = after_password(AWS);
    arrives(&mut site);
    assert!(!site.asked[1].contains("stayconnected"), "{:?}", site.asked);
}

#[test]
fn something_to_read_is_shown_and_left_behind() {
    let info = "<form id=form action=/next method=get class=info><input type=hidden name=a value=1><h3 trspan=info></h3>\
        <div class=card-body>The network is slow today</div><button type=submit><span trspan=continue>Continue</span>\
        </button><button id=wait type=reset><span trspan=wait>Wait</span></button></form>";
    let confirm = "<form id=form action=/next class=confirm><input type=hidden name=a value=1><div class=card-body>The \
        network is slow today<button id=refuse type=submit val=-1><span trspan=refuse>Refuse</span></button><button \
        type=submit><span trspan=accept>Accept</span></button></div></form>";
    for page in [info, confirm] {
        let mut site = after_password(page).on("GET /next", html(AWS));
        let ada = arrives(&mut site);
        assert_eq!(site.asked[2], "GET https://idp.test/next?a=1");
        assert!(
            ada.asked[2].contains("network is slow today"),
            "{:?}",
            ada.asked
        );
    }
}

#[test]
fn a_password_that_ends_soon_is_said() {
    let page = "<form id=form action=/next class=info><input type=hidden name=a value=1><div class=card-body><h3 \
        trspan='pwdWillExpire,3,days'></h3></div><button type=submit><span trspan=continue>Continue</span></button></form>";
    let mut site = after_password(page).on("GET /next", html(AWS));
    let ada = arrives(&mut site);
    assert_eq!(
        ada.asked[2],
        "warned: idp.test says: the password will expire soon"
    );
}

#[test]
fn a_stronger_session_is_agreed_to() {
    let page = "<span trspan=askToUpgrade></span><form id=upgrd action=/upgradesession method=post class=password><input \
        type=hidden name=confirm value=k><button type=submit><span trspan=upgradeSession>Upgrade session</span></button></form>";
    let mut site = after_password(page)
        .on("POST /upgradesession", html(code("totp")))
        .on("POST /totp2fcheck", html(AWS));
    arrives(&mut site);
}

#[test]
fn messages_with_boxes_need_a_yes_and_others_are_shown() {
    let page = |boxes: &str| {
        format!(
            "<form action=/notifback method=post class=notif><input type=hidden name=reference1x1 value=r><p>Be kind</p>{boxes}\
             <a id=goback href='/notifback?cancel=1'>Cancel</a><button type=submit><span trspan=accept>Accept</span></button></form>"
        )
    };
    let boxes =
        "<input type=checkbox name=check1x1 id=1x1 value=accepted><label for=1x1>I am</label>";
    let mut ada = Ada {
        agrees: true,
        ..Ada::default()
    };
    let mut site = after_password(page(boxes)).on("POST /notifback", html(AWS));
    run(&mut site, &settings(), &mut ada).unwrap();
    assert_eq!(
        site.asked[2],
        "POST https://idp.test/notifback reference1x1=r&check1x1=accepted"
    );
    assert_eq!(ada.asked[2], "Terms idp.test");
    let error = fails(
        &mut after_password(page(boxes)),
        &nobody(),
        &mut Ada::default(),
    );
    assert_eq!(error.exit_code(), 3);
    let mut site = after_password(page("")).on("POST /notifback", html(AWS));
    let ada = arrives(&mut site);
    assert!(ada.asked[2].contains("Be kind"), "{:?}", ada.asked);
}

#[test]
fn a_portal_that_forgot_where_to_go_is_started_again_once() {
    let menu = "<title>Portal</title><main id=menucontent><div id=menu><span trspan=yourApps>Your applications</span>\
        <form id=formpass method=post><input name=oldpassword type=password><input name=newpassword type=password>\
        <button type=submit>Submit</button></form><a href='/?logout=1'><span trspan=logout>Logout</span></a></div></main>";
    let mut site = Site::default()
        .on("GET /start", html(login("t1")))
        .on("GET /start", html(AWS))
        .on("POST /start", html(menu));
    arrives(&mut site);
    assert_eq!(site.asked.len(), 3);
    let mut site = after_password(menu).on("GET /start", html(menu));
    let error = fails_as(&mut site, Kind::Refused);
    assert!(
        error
            .message()
            .contains("“Portal” instead of an answer for AWS"),
        "{error}"
    );
}

#[test]
fn a_new_password_is_typed_in_a_browser() {
    let page = format!(
        "{}<form id=formpass action='#' method=post class=password><input name=user type=hidden value=ada><input \
         name=oldpassword type=password><input name=newpassword type=password><input name=confirmpassword type=password>\
         <button type=submit>Submit</button></form>",
        says("25")
    );
    let error = fails_as(&mut after_password(page), Kind::NeedsYou);
    assert!(error.message().contains("must be changed"), "{error}");
    assert_eq!(
        error.cause(),
        Some("the password was reset and must be changed")
    );
}
