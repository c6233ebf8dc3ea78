//! Sign-ins at products that need more than the walk knows.

use super::*;

fn agreeing() -> Ada {
    Ada {
        agrees: true,
        ..Ada::default()
    }
}

fn realm(path: &str) -> String {
    format!("https://idp.test/realms/a/{path}")
}

/// The page at its place in the realm, where the product is recognised.
fn in_realm(text: &str) -> Reply {
    html(text).at(&realm("login-actions/authenticate?x=1"))
}

#[test]
fn the_yes_of_a_consent_form_is_sent_although_it_is_empty() {
    let page = "<h1>Weitergabe</h1><form id=consent_yes action=/simplesaml/module.php/consent/getconsent.php><input \
        type=hidden name=StateId value=a:b><input type=checkbox name=saveconsent value=1><button name=yes>Ja</button>\
        </form><form id=consent_no action=/no><input type=hidden name=StateId value=a:b><button name=no>Nein</button></form>";
    let mut site = Site::default().on("GET /start", html(page)).on(
        "GET /simplesaml/module.php/consent/getconsent.php",
        html(AWS),
    );
    let mut ada = agreeing();
    run(&mut site, &settings(), &mut ada).unwrap();
    assert_eq!(
        site.asked[1],
        "GET https://idp.test/simplesaml/module.php/consent/getconsent.php?StateId=a%3Ab&yes="
    );
    assert_eq!(ada.asked, ["Consent idp.test"]);
}

#[test]
fn a_source_is_chosen_by_option_or_person() {
    let page = "<form action=/simplesaml/module.php/multiauth/discovery><input type=hidden name=AuthState value=s>\
        <button name=sourceChoice[ldap]>Staff</button><button name=sourceChoice[sql]>Guests</button></form>";
    for (option, picks) in [(Some("sql"), ""), (None, "Guests")] {
        let mut site = Site::default()
            .on("GET /start", html(page))
            .on("GET /simplesaml/module.php/multiauth/discovery", html(AWS));
        let mut settings = settings();
        if let Some(option) = option {
            settings.options.insert("source".into(), option.into());
        }
        let mut ada = Ada {
            picks,
            ..Ada::default()
        };
        run(&mut site, &settings, &mut ada).unwrap();
        assert_eq!(
            site.asked[1],
            "GET https://idp.test/simplesaml/module.php/multiauth/discovery?AuthState=s&sourceChoice%5Bsql%5D="
        );
        assert_eq!(ada.asked.len(), usize::from(option.is_none()));
    }
}

#[test]
fn lost_state_starts_again_once() {
    let lost = || {
        html("<h1>State information lost</h1><form action=/errorreport.php method=post><input name=email>\
        <textarea name=text></textarea><button>Send report</button></form>").status(500).at("https://idp.test/simplesaml/module.php/x")
    };
    let mut site = Site::default()
        .on("GET /start", lost())
        .on("GET /start", html(LOGIN))
        .on("POST /login", html(AWS));
    arrives(&mut site);
    let mut site = Site::default().on("GET /start", lost());
    let mut ada = Ada::default();
    let error = fails(&mut site, &settings(), &mut ada);
    assert_eq!(error.message(), "idp.test lost the state of the sign-in");
    assert_eq!(site.asked.len(), 2);
    assert!(ada.asked.is_empty());
}

const RADIOS: &str = "<form id=kc-otp-login-form method=post action=/a><input type=radio name=selectedCredentialId \
    id=c0 value=id-0 checked><label for=c0>Old phone</label><input type=radio name=selectedCredentialId id=c1 \
    value=id-1><label for=c1>New phone</label><label for=otp>One-time code</label><input name=otp id=otp>\
    <input type=submit name=login value='Sign In'></form><form id=kc-select-try-another-way-form method=post action=/w>\
    <input type=hidden name=tryAnotherWay value=on></form>";

const TILES: &str = "<form id=kc-otp-login-form method=post action=/a><input type=hidden name=selectedCredentialId \
    value=id-0><div onclick=\"toggleOTP(0, 'id-0')\">Old phone</div><div onclick=\"toggleOTP(1, 'id-1')\">New phone</div>\
    <label for=otp>One-time code</label><input name=otp id=otp><button name=login>Sign In</button></form>";

#[test]
fn the_code_goes_with_the_chosen_device() {
    for (page, sent) in [
        (RADIOS, "selectedCredentialId=id-1&otp=111111&login=Sign+In"),
        (TILES, "selectedCredentialId=id-1&otp=111111&login="),
    ] {
        // by setting
        let mut site = Site::default()
            .on("GET /start", in_realm(page))
            .on("POST /a", html(AWS));
        let configured = Settings {
            mfa_device: Some("new".into()),
            ..settings()
        };
        let mut ada = Ada::default();
        run(&mut site, &configured, &mut ada).unwrap();
        assert_eq!(site.asked[1], format!("POST https://idp.test/a {sent}"));
        assert_eq!(ada.asked, ["code at idp.test [One-time code] New phone"]);
        // by the person, who is not asked again after a wrong code
        let mut site = Site::default()
            .on("GET /start", in_realm(page))
            .on(
                "POST /a",
                in_realm(&format!(
                    "<span id=input-error-otp>Invalid authenticator code.</span>{page}"
                )),
            )
            .on("POST /a", html(AWS));
        let mut ada = Ada {
            picks: "New",
            ..Ada::default()
        };
        run(&mut site, &settings(), &mut ada).unwrap();
        assert_eq!(
            site.asked[2],
            format!(
                "POST https://idp.test/a {}",
                sent.replace("111111", "222222")
            )
        );
        assert_eq!(
            ada.asked[0],
            "Which device gives the code for idp.test?: Old phone | New phone"
        );
        assert_eq!(
            ada.asked
                .iter()
                .filter(|a| a.starts_with("Which device"))
                .count(),
            1
        );
    }
}

#[test]
fn a_security_key_page_is_left_for_a_code_where_that_is_offered() {
    let key = "<form id=webauth method=post action=/k><input type=hidden name=clientDataJSON><input type=hidden \
        name=authenticatorData></form><script>navigator.credentials.get({})</script>";
    let other = "<form id=kc-select-try-another-way-form method=post action=/w><input type=hidden name=tryAnotherWay \
        value=on></form>";
    let list = "<form id=kc-select-credential-form method=post action=/s><button name=authenticationExecution value=u1>\
        Security Key</button><button name=authenticationExecution value=u2>Authenticator Application</button></form>";
    let mut site = Site::default()
        .on("GET /start", in_realm(&format!("{key}{other}")))
        .on("POST /w", in_realm(list))
        .on("POST /s", in_realm(CODE))
        .on("POST /code", html(AWS));
    arrives(&mut site);
    assert_eq!(site.asked[1], "POST https://idp.test/w tryAnotherWay=on");
    assert_eq!(
        site.asked[2],
        "POST https://idp.test/s authenticationExecution=u2"
    );

    let mut site = Site::default().on("GET /start", in_realm(key));
    let error = fails(&mut site, &settings(), &mut Ada::default());
    assert_eq!(error.kind(), Kind::NeedsYou);
}

#[test]
fn the_form_of_another_way_is_never_part_of_the_login() {
    let page = "<form id=kc-select-try-another-way-form method=post action=/w><input type=hidden name=tryAnotherWay \
        value=on><a href=#>Try another way</a></form><form id=kc-form-login method=post action=/l><input name=username>\
        <input type=password name=password><input type=hidden name=credentialId><button name=login>Sign In</button></form>";
    let mut site = Site::default()
        .on("GET /start", in_realm(page))
        .on("POST /l", html(AWS));
    arrives(&mut site);
    assert_eq!(
        site.asked[1],
        "POST https://idp.test/l username=ada&password=hunter2%26%3D%C3%A4&credentialId=&login="
    );
}

#[test]
fn required_actions_are_named() {
    for (execution, words) in [
        ("UPDATE_PROFILE", "your profile"),
        ("VERIFY_EMAIL", "your e-mail address"),
        ("CONFIGURE_TOTP", "an authenticator app"),
        ("webauthn-register", "a security key"),
        ("SOMETHING_NEW", "the action SOMETHING_NEW"),
    ] {
        let at = realm(&format!(
            "login-actions/required-action?execution={execution}&tab_id=x"
        ));
        let mut site = Site::default().on(
            "GET /start",
            html("<form method=post><input name=email><input type=submit></form>").at(&at),
        );
        let error = fails(&mut site, &settings(), &mut Ada::default());
        assert!(error.message().contains(words), "{error}");
        assert_eq!(error.kind(), Kind::NeedsYou);
    }
}

#[test]
fn terms_as_a_required_action_are_accepted_after_a_yes() {
    let at = realm("login-actions/required-action?execution=TERMS_AND_CONDITIONS");
    let page = "<div id=kc-terms-text>Regeln</div><form method=post action=/t><input type=submit name=cancel value=Nein>\
        <input type=submit name=accept value=Ja></form>";
    let mut site = Site::default()
        .on("GET /start", html(page).at(&at))
        .on("POST /t", html(AWS));
    let mut ada = agreeing();
    run(&mut site, &settings(), &mut ada).unwrap();
    assert_eq!(site.asked[1], "POST https://idp.test/t accept=Ja");
    assert_eq!(ada.asked, ["Terms idp.test"]);
}

#[test]
fn an_expired_page_is_restarted_once() {
    let expired = "<h1>Page has expired</h1><a id=loginRestartLink href=/realms/a/restart>here</a><a id=loginContinueLink \
        href=/realms/a/go>here</a>";
    let mut site = Site::default()
        .on("GET /start", in_realm(expired))
        .on("GET /realms/a/restart", in_realm(LOGIN))
        .on("POST /login", html(AWS));
    arrives(&mut site);
}

#[test]
fn a_broker_is_taken_by_its_alias() {
    let page = format!(
        "{LOGIN}<a id=social-corp href='#' data-link='/realms/a/broker/corp/login?x=1&amp;y=2'>Corp</a>\
        <a id=social-git href=/realms/a/broker/git/login>Git</a>"
    );
    let mut settings = settings();
    settings.options.insert("idp".into(), "corp".into());
    let mut site = Site::default()
        .on("GET /start", in_realm(&page))
        .on("GET /realms/a/broker/corp/login", html(AWS));
    run(&mut site, &settings, &mut Ada::default()).unwrap();
    assert_eq!(
        site.asked[1],
        "GET https://idp.test/realms/a/broker/corp/login?x=1&y=2"
    );

    settings.options.insert("idp".into(), "none".into());
    let mut site = Site::default().on("GET /start", in_realm(&page));
    let error = fails(&mut site, &settings, &mut Ada::default());
    assert_eq!(error.kind(), Kind::Usage);
    assert!(error.hint_text().unwrap().contains("corp, git"));
}
