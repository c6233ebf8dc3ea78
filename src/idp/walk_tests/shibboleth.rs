//! Sign-ins at Shibboleth and CAS, page by page: what exactly is sent, and what is not.

use super::*;

const SSO: &str = "https://idp.test/idp/profile/SAML2/Unsolicited/SSO?execution=e1s1";

fn at_sso(text: &str) -> Reply {
    html(text).at(SSO)
}

fn storage_page(action: &str, script: &str, fields: &[&str]) -> String {
    let fields: String = fields
        .iter()
        .map(|name| format!("<input type=hidden name={name} value=''>"))
        .collect();
    format!(
        "<body onload='go()'><form name=form1 method=post action={action}>{fields}<input type=hidden \
         name=_eventId_proceed><noscript><input type=submit value=Continue></noscript></form>\
         <script>{script}; document.form1.submit()</script></body>"
    )
}

const READ: &[&str] = &[
    "shib_idp_ls_exception.k",
    "shib_idp_ls_success.k",
    "shib_idp_ls_value.k",
    "shib_idp_ls_supported",
];

#[test]
fn what_a_page_keeps_in_the_browser_is_there_for_the_next_one() {
    let write = storage_page(
        "/w",
        r#"writeLocalStorage("k", "v\x2B1")"#,
        &["shib_idp_ls_success.k"],
    );
    let mut site = Site::default()
        .on("GET /start", at_sso(&storage_page("/r", "", READ)))
        .on("POST /r", at_sso(LOGIN))
        .on("POST /login", at_sso(&write))
        .on("POST /w", at_sso(&storage_page("/r2", "", READ)))
        .on("POST /r2", html(AWS));
    arrives(&mut site);
    let read = |value: &str| {
        format!(
            "shib_idp_ls_exception.k=&shib_idp_ls_success.k=true&shib_idp_ls_value.k={value}&shib_idp_ls_supported=true&_eventId_proceed="
        )
    };
    assert_eq!(
        site.asked[1],
        format!("POST https://idp.test/r {}", read(""))
    );
    assert_eq!(
        site.asked[3],
        "POST https://idp.test/w shib_idp_ls_success.k=true&_eventId_proceed="
    );
    assert_eq!(
        site.asked[4],
        format!("POST https://idp.test/r2 {}", read("v%2B1"))
    );
}

#[test]
fn what_is_kept_goes_to_no_other_host() {
    let write = storage_page(
        "/w",
        r#"writeLocalStorage("k", "hunter2")"#,
        &["shib_idp_ls_success.k"],
    );
    for (page_at, action) in [
        // Another page asks, or the same one for somebody else.
        (
            "https://evil.test/idp/profile/SAML2/SSO",
            "https://evil.test/r",
        ),
        (SSO, "https://evil.test/r"),
    ] {
        let mut site = Site::default()
            .on("GET /start", at_sso(&write))
            .on("POST /w", html(storage_page(action, "", READ)).at(page_at))
            .on("POST https://evil.test/r", html(AWS));
        run(&mut site, &settings(), &mut Ada::default()).unwrap();
        let sent = site.asked.last().unwrap();
        assert!(
            sent.contains("shib_idp_ls_value.k=&") && !sent.contains("hunter2"),
            "{sent}"
        );
    }
}

#[test]
fn what_is_kept_stands_in_no_address() {
    let write = storage_page(
        "/w",
        r#"writeLocalStorage("k", "hunter2")"#,
        &["shib_idp_ls_success.k"],
    );
    let read = storage_page("/r", "", READ).replace("method=post", "method=get");
    let mut site = Site::default()
        .on("GET /start", at_sso(&write))
        .on("POST /w", at_sso(&read))
        .on("GET /r", html(AWS));
    arrives(&mut site);
    assert!(!site.asked[2].contains("hunter2"), "{:?}", site.asked);
}

#[test]
fn a_login_presses_the_button_that_goes_on_and_ticks_nothing() {
    let login = "<form method=post action=/login><input type=hidden name=csrf_token value=_c><input name=j_username>\
        <input type=password name=j_password><input type=checkbox name=donotcache value=1><input type=checkbox \
        name=_shib_idp_revokeConsent value=true><button name=_eventId_authn/SAML>Login with a partner</button><button \
        name=_eventId_fido2userless>Passkey Login</button><button name=_eventId_proceed>Login</button></form>";
    let mut site = Site::default()
        .on("GET /start", at_sso(login))
        .on("POST /login", html(AWS));
    let remembering = Settings {
        remember_device: true,
        ..settings()
    };
    run(&mut site, &remembering, &mut Ada::default()).unwrap();
    assert_eq!(
        site.asked[1],
        "POST https://idp.test/login csrf_token=_c&j_username=ada&j_password=hunter2%26%3D%C3%A4&_eventId_proceed="
    );
}

#[test]
fn consent_keeps_what_the_page_marks_and_what_it_says_has_no_navigation() {
    let page = "<nav>Monday</nav><form method=post action=/c><p>To be sent: mail</p><input type=hidden \
        name=_shib_idp_consentIds value=mail><input type=radio name=_shib_idp_consentOptions \
        value=_shib_idp_doNotRememberConsent><input type=radio name=_shib_idp_consentOptions \
        value=_shib_idp_globalConsent checked><input type=submit name=_eventId_AttributeReleaseRejected value=Accept>\
        <input type=submit name=_eventId_proceed value=Reject></form>";
    let mut keys = Vec::new();
    for page in [page.to_owned(), page.replace("Monday", "Tuesday")] {
        let mut site = Site::default()
            .on("GET /start", at_sso(&page))
            .on("POST /c", html(AWS));
        let mut ada = Ada {
            agrees: true,
            ..Ada::default()
        };
        run(&mut site, &settings(), &mut ada).unwrap();
        assert_eq!(
            site.asked[1],
            "POST https://idp.test/c _shib_idp_consentIds=mail&_shib_idp_consentOptions=_shib_idp_doNotRememberConsent&\
             _eventId_proceed=Reject"
        );
        keys.extend(ada.keys);
    }
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0], keys[1]);
}

#[test]
fn tokens_that_ring_are_taken_for_nobody() {
    let page = "<form method=post action=/t><input type=checkbox name=fudis_selected_token_ids_input value=S1 id=a checked>\
        <label for=a>S1 - sms - phone</label><input type=checkbox name=fudis_selected_token_ids_input value=T1 id=b>\
        <label for=b>T1 - totp</label><button name=_eventId_proceed>Next</button></form>";
    let mut site = Site::default()
        .on("GET /start", at_sso(page))
        .on("POST /t", html(AWS));
    run(&mut site, &nobody(), &mut Ada::default()).unwrap();
    assert_eq!(
        site.asked[1],
        "POST https://idp.test/t fudis_selected_token_ids_input=T1&_eventId_proceed="
    );
    let only_sms = page.replace("T1 - totp", "T1 - sms");
    let mut site = Site::default().on("GET /start", at_sso(&only_sms));
    let error = fails(&mut site, &nobody(), &mut Ada::default());
    assert_eq!(error.kind(), Kind::NeedsYou);
}

#[test]
fn a_notice_is_passed_at_once_and_shown() {
    let page = format!(
        "<meta http-equiv=refresh content='20;url={SSO}&amp;_eventId_proceed=1'><h1>Change your password</h1>\
         <p>Your password has expired in all but name.</p>"
    );
    let mut site = Site::default()
        .on("GET /start", at_sso(&page))
        .on("GET /idp/profile/SAML2/Unsolicited/SSO", html(AWS));
    let ada = arrives(&mut site);
    assert_eq!(site.asked[1], format!("GET {SSO}&_eventId_proceed=1"));
    assert!(ada.asked[0].contains("in all but name"), "{:?}", ada.asked);
}

#[test]
fn a_lost_conversation_starts_again_once() {
    let lost = || at_sso("<p>You may have used a bookmark.</p>").status(400);
    let mut site = Site::default()
        .on("GET /start", lost())
        .on("GET /start", html(LOGIN))
        .on("POST /login", html(AWS));
    arrives(&mut site);
    let mut site = Site::default().on("GET /start", lost());
    let error = fails(&mut site, &settings(), &mut Ada::default());
    assert!(error.message().contains("lost the state"), "{error}");
    assert_eq!(site.asked.len(), 2);
}

#[test]
fn an_unknown_application_at_cas_is_no_page_of_shibboleth() {
    let page = || {
        html("<div class='banner banner-danger'><h2>Nope</h2></div>")
            .status(403)
            .at("https://idp.test/cas/idp/profile/SAML2/Unsolicited/SSO")
    };
    let mut site = Site::default().on("GET /start", page());
    let error = fails(&mut site, &settings(), &mut Ada::default());
    assert_eq!(error.kind(), Kind::Usage);
    assert!(error.hint_text().unwrap().contains("who runs CAS"));
    // A server in trouble says nothing about applications.
    let mut site = Site::default().on("GET /start", page().status(503));
    let error = fails(&mut site, &settings(), &mut Ada::default());
    assert_eq!(error.kind(), Kind::Unreachable);
}

#[test]
fn the_device_that_a_script_of_cas_names_goes_with_the_code() {
    let page = "<form id=fm1 method=post action=/cas/login><input type=hidden name=_eventId_submit value=Login><input \
        type=hidden name=execution value=x><input type=hidden name=accountId><input type=password name=token>\
        <button>Login</button></form><script>let accountId = \"a\\/1\";</script><form id=fm2 method=post><input \
        type=hidden name=_eventId_register value=register><button name=register>Register</button></form>";
    let mut site = Site::default()
        .on("GET /start", html(page))
        .on("POST /cas/login", html(AWS));
    arrives(&mut site);
    assert_eq!(
        site.asked[1],
        "POST https://idp.test/cas/login _eventId_submit=Login&execution=x&accountId=a%2F1&token=111111"
    );
}

#[test]
fn other_identity_providers_of_cas_are_offered_where_no_password_is_asked_for() {
    let page = "<a href='/cas/clientredirect?client_name=A&amp;service=x'>Company</a><a \
        href='/cas/clientredirect?client_name=B'></a><a href=/cas/help>Log in help</a>";
    let mut site = Site::default()
        .on(
            "GET /start",
            html(page).at("https://idp.test/cas/login?service=x"),
        )
        .on("GET /cas/clientredirect", html(AWS));
    let mut ada = Ada {
        picks: "B",
        ..Ada::default()
    };
    run(&mut site, &settings(), &mut ada).unwrap();
    assert_eq!(
        site.asked[1],
        "GET https://idp.test/cas/clientredirect?client_name=B"
    );
    assert!(ada.asked[0].ends_with("Company | B"), "{:?}", ada.asked);
}

#[test]
fn behind_a_broker_nobody_is_told_to_change_the_address() {
    for (path, words) in [
        (
            "/idp/profile/SAML2/Redirect/SSO",
            "The application is not registered for use with this service",
        ),
        ("/cas/login", "Application Not Authorized to Use CAS"),
    ] {
        let page = html(format!("<h2>{words}</h2>"))
            .status(400)
            .at(&format!("https://other.test{path}"));
        let mut site = Site::default().on("GET /start", page);
        let error = fails(&mut site, &settings(), &mut Ada::default());
        let hint = error.hint_text().unwrap_or_default();
        assert!(!hint.contains("providerId"), "{path}: {hint}");
    }
}
