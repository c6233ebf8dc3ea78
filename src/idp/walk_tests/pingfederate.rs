//! Sign-ins at PingFederate, and what PingID asks after them.

use super::*;

const PING_LOGIN: &str = "<base href='https://idp.test/'><div class=ping-messages></div><form method=POST \
    action='idp/Ab1/resumeSAML20/idp/startSSO.ping'><input type=text name=pf.username><input type=password name=pf.pass>\
    <input type=hidden name=pf.ok value=''><input type=hidden name=pf.cancel value=''><input type=hidden \
    name=pf.adapterId value=Html><a onclick='postOk();'>Sign On</a></form><script>function postOk() { \
    document.forms[0].submit(); }</script>";

const RESUME: &str = "POST /idp/Ab1/resumeSAML20/idp/startSSO.ping";
const AT_PINGID: &str = "https://idp.test/pingid/ppm/auth";

fn pingid(text: &str) -> Reply {
    html(text).at(AT_PINGID)
}

fn approval(is_async: bool) -> Reply {
    pingid(&format!(
        "<h1>Authentication</h1><p>Select the number</p><div class=numbermatching>10</div><form method=POST \
         action=/pingid/ppm/auth/poll id=form1><input type=hidden name=csrfToken value=t1></form><form method=GET \
         action=/pingid/ppm/auth/response id=reponseView><input type=hidden name=csrfToken value=t1><input type=hidden \
         name=status></form><input type=hidden id=isAsync value={is_async}><input type=hidden id=actionLink \
         value=/pingid/ppm/auth/status><input type=hidden id=useCodeUrl value=/pingid/ppm/auth/usecode>"
    ))
}

fn status(status: &str) -> Reply {
    html(format!("{{\"status\":\"{status}\"}}")).header("content-type", "application/json")
}

#[test]
fn the_login_says_what_was_clicked_and_leaves_all_else_empty() {
    let mut site = Site::default()
        .on(
            "GET /start",
            html(PING_LOGIN).at("https://idp.test/idp/startSSO.ping"),
        )
        .on(RESUME, html(AWS));
    arrives(&mut site);
    assert_eq!(
        site.asked[1],
        "POST https://idp.test/idp/Ab1/resumeSAML20/idp/startSSO.ping pf.username=ada&pf.pass=hunter2%26%3D%C3%A4&\
         pf.ok=clicked&pf.cancel=&pf.adapterId=Html"
    );
}

#[test]
fn a_password_that_expires_some_day_is_not_changed_today() {
    let expiring = "<div class=ping-messages>Your password will expire in 3 days</div><form method=POST action=/later>\
        <div style='display:none'><input name=pf.passwordExpiring><input type=hidden name=pf.ok><input \
        name=ChangePassword><input name=pf.notificationCancel><input name=pf.pcvId></div><a onclick='postOk()'>Change</a>\
        </form><script>function postCancel() { document.forms[0]['pf.pcvId'].value = 'V1'; document.forms[0].submit(); }\
        </script>";
    let mut site = Site::default()
        .on("GET /start", html(PING_LOGIN))
        .on(RESUME, html(expiring))
        .on("POST /later", html(AWS));
    let ada = arrives(&mut site);
    assert_eq!(
        site.asked[2],
        "POST https://idp.test/later pf.passwordExpiring=true&pf.ok=&ChangePassword=&pf.notificationCancel=clicked&pf.pcvId=V1"
    );
    assert!(
        ada.asked
            .iter()
            .any(|a| a.starts_with("warned: ") && a.contains("3 days")),
        "{:?}",
        ada.asked
    );
}

#[test]
fn an_error_page_that_reloads_itself_is_a_fresh_start_once() {
    let lost = || {
        html("<meta http-equiv=refresh content='3;url=/elsewhere'><div class=ping-error>Unexpected System Error</div>")
            .at("https://idp.test/idp/startSSO.ping")
    };
    let mut site = Site::default()
        .on("GET /start", lost())
        .on("GET /start", html(PING_LOGIN))
        .on(RESUME, html(AWS));
    arrives(&mut site);
    let mut site = Site::default().on("GET /start", lost());
    let error = fails(&mut site, &settings(), &mut Ada::default());
    assert_eq!(error.message(), "idp.test lost the sign-in");
    assert_eq!(site.asked.len(), 2);
}

#[test]
fn an_approval_is_asked_for_by_get_until_it_is_known() {
    let mut site = Site::default()
        .on("GET /start", approval(true))
        .on("GET /pingid/ppm/auth/status", status("ASYNC_AUTH_WAIT"))
        .on("GET /pingid/ppm/auth/status", status("OK"))
        .on("GET /pingid/ppm/auth/response", html(AWS));
    let ada = arrives(&mut site);
    assert_eq!(
        ada.asked,
        ["push at idp.test [10] Authentication. Select the number"]
    );
    assert!(site.asked[1].starts_with("GET https://idp.test/pingid/ppm/auth/status?csrfToken=t1"));
    assert_eq!(
        site.asked[3],
        "GET https://idp.test/pingid/ppm/auth/response?csrfToken=t1&status=OK"
    );
}

#[test]
fn approvals_that_do_not_come_have_their_sentences() {
    for (answer, words) in [
        ("TIMEOUT", "was not approved in time"),
        ("DEVICE_CLAIM_TIMEOUT", "was not approved in time"),
        ("REJECTED", "was declined"),
    ] {
        let mut site = Site::default()
            .on("GET /start", approval(true))
            .on("GET /pingid/ppm/auth/status", status(answer));
        let error = fails(&mut site, &settings(), &mut Ada::default());
        assert_eq!(error.kind(), Kind::Refused);
        assert!(error.message().contains(words), "{error}");
    }
}

#[test]
fn an_older_page_waits_in_its_request() {
    let mut site = Site::default()
        .on("GET /start", approval(false))
        .on("POST /pingid/ppm/auth/poll", html(AWS));
    arrives(&mut site);
    assert_eq!(
        site.asked[1],
        "POST https://idp.test/pingid/ppm/auth/poll csrfToken=t1"
    );
}

const OTP: &str = "<div class=error-message></div><h1>Authentication</h1><p>Enter the passcode displayed in PingID desktop.\
    </p><form id=otp-form action=/pingid/ppm/auth/otp method=post><input id=otp name=otp type=text maxlength=6>\
    <input type=hidden name=csrfToken value=old><a href=/pingid/ppm/devices>Change Device</a><input type=submit \
    value='Sign On' disabled></form><form method=GET action='' id=reponseView><input type=hidden name=csrfToken></form>";

#[test]
fn a_code_takes_its_token_from_the_cookie() {
    for (cookie, token) in [(None, "old"), (Some(".csrf=new; Path=/"), "new")] {
        let mut site = Site::default()
            .on("GET /start", pingid(OTP))
            .on("POST /pingid/ppm/auth/otp", html(AWS));
        site.cookies.extend(cookie.map(str::to_owned));
        arrives(&mut site);
        assert_eq!(
            site.asked[1],
            format!("POST https://idp.test/pingid/ppm/auth/otp otp=111111&csrfToken={token}")
        );
    }
}

#[test]
fn a_code_is_asked_for_instead_of_an_approval_where_that_is_wanted() {
    let wanted = Settings {
        mfa_method: Some("totp".into()),
        ..settings()
    };
    for settings in [wanted, nobody()] {
        let mut site = Site::default()
            .on("GET /start", approval(true))
            .on("POST /pingid/ppm/auth/usecode", pingid(OTP))
            .on("POST /pingid/ppm/auth/otp", html(AWS));
        let mut ada = Ada::default();
        run(&mut site, &settings, &mut ada).unwrap();
        assert_eq!(
            site.asked[1],
            "POST https://idp.test/pingid/ppm/auth/usecode csrfToken=t1"
        );
        assert_eq!(ada.asked.len(), 1, "{:?}", ada.asked);
    }
}

#[test]
fn the_device_at_hand_is_sent_as_the_script_would() {
    let list = "<form method=post name=device-form id=device-form action=''><input type=hidden name=csrfToken value=t>\
        <ul class=device-list><li class=device data-id=d1><a><div class=device-name>Phone</div></a></li><li class=device \
        data-id=d2><a>Tablet</a></li></ul></form>";
    let configured = Settings {
        mfa_device: Some("tablet".into()),
        ..settings()
    };
    for settings in [configured, settings()] {
        let mut site = Site::default()
            .on("GET /start", pingid(list))
            .on("POST /pingid/ppm/auth", pingid(OTP))
            .on("POST /pingid/ppm/auth/otp", html(AWS));
        let mut ada = Ada {
            picks: "Tablet",
            ..Ada::default()
        };
        run(&mut site, &settings, &mut ada).unwrap();
        assert_eq!(
            site.asked[1],
            "POST https://idp.test/pingid/ppm/auth csrfToken=t&deviceId=d2"
        );
        assert!(
            ada.asked.last().unwrap().ends_with("Tablet"),
            "{:?}",
            ada.asked
        );
    }
}

#[test]
fn there_are_no_security_keys_here() {
    let probe = "<form method=post action=/pingid/ppm/auth id=start-form><input type=hidden \
        name=isWebAuthnSupportedByBrowser></form><script src=/pingid/assets/js/startAuthSubmit.js></script>";
    let mut site = Site::default()
        .on("GET /start", pingid(probe))
        .on("POST /pingid/ppm/auth", html(AWS));
    arrives(&mut site);
    assert_eq!(
        site.asked[1],
        "POST https://idp.test/pingid/ppm/auth isWebAuthnSupportedByBrowser=false"
    );

    let key = OTP.replace(
        "name=csrfToken value=old",
        "name=publicKeyCredentialRequestOptions value=x",
    );
    let mut site = Site::default()
        .on("GET /start", pingid(&key))
        .on("GET /pingid/ppm/devices", pingid(&key));
    let error = fails(&mut site, &settings(), &mut Ada::default());
    assert!(error.message().contains("security key"), "{error}");
    assert_eq!(site.asked.len(), 2);
}
