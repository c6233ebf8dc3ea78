use super::super::test_page::{answer, page};
use super::*;

/// The kind's name, so that a table of pages reads like one.
fn kind_of(page: &Page, sent: bool) -> String {
    let kind = format!("{:?}", classify(page, &FieldNames::default(), sent));
    let end = kind.find([' ', '(', '{']).unwrap_or(kind.len());
    kind[..end].to_owned()
}

fn kind(html: &str) -> String {
    kind_of(&page(html), false)
}

const LOGIN: &str = "<form method=post><input name=user><input type=password name=pass></form>";

#[test]
fn pages_are_told_apart() {
    for (html, expected) in [
        (LOGIN, "Login"),
        ("<form method=post><input name=otp></form>", "Code"),
        // SAML on its way
        (
            "<form method=post action=https://b.test/acs><input type=hidden name=SAMLResponse value=x></form>",
            "AutoSubmit",
        ),
        (
            "<FORM METHOD=POST><INPUT TYPE=HIDDEN NAME=SAMLRequest VALUE=x><NOSCRIPT><INPUT TYPE=SUBMIT></NOSCRIPT></FORM>",
            "AutoSubmit",
        ),
        (
            "<form method=post><input type=hidden name=wresult value=x><input type=submit value=Continue></form>",
            "AutoSubmit",
        ),
        // unless the page still asks, and only keeps the request for a way back
        (
            &format!(
                "{LOGIN}<form method=post><input type=hidden name=SAMLRequest value=x><button name=change_username>Change username</button></form>"
            ),
            "Login",
        ),
        (
            "<form method=post><input type=hidden name=SAMLRequest value=x><input name=totp_code></form><form method=post><input type=hidden name=SAMLRequest value=x><button>Change username</button></form>",
            "Code",
        ),
        (
            &format!(
                "<body onload='document.forms[1].submit()'>{LOGIN}<form method=post><input type=hidden name=SAMLRequest value=x></form>"
            ),
            "AutoSubmit",
        ),
        // sent by a script
        (
            "<body onload='document.forms[0].submit()'><form method=post><input type=hidden name=a><button>Go</button></form>",
            "AutoSubmit",
        ),
        (
            "<form method=post><input type=hidden name=a value=1></form>",
            "AutoSubmit",
        ),
        (
            "<form method=post id=one><input type=hidden name=ls_supported><noscript><button>Go</button></noscript></form>",
            "AutoSubmit",
        ),
        // by itself elsewhere
        ("<script>location.href='/x'</script>", "Redirect"),
        ("<meta http-equiv=refresh content='0;url=/x'>", "Redirect"),
        ("<meta http-equiv=refresh content='5'>Waiting", "Redirect"),
        (
            "<div class=error>Odd things happen</div><script>(function () { x.onclick = function () { location.href='/c' } })()</script>",
            "Complaint",
        ),
        // a redirect does not take a login away, nor does an idle time-out lead anywhere
        (
            &format!("<meta http-equiv=refresh content='1800;url=/x'>{LOGIN}"),
            "Login",
        ),
        (
            &format!("<script>function lang() {{ location.href='/x' }}</script>{LOGIN}"),
            "Login",
        ),
        (
            "<meta http-equiv=refresh content='1800;url=/x'>Welcome, and some more words so that this is a page",
            "Unknown",
        ),
        // agreements
        (
            "<h1>Consent about releasing personal information</h1><form id=consent_yes><input type=hidden name=StateId \
             value=x><button name=yes>Yes, continue</button></form><form><button name=no>No, cancel</button></form>",
            "Consent",
        ),
        (
            "<title>Information Release</title><form method=post><input type=radio name=o value=1 checked>\
             <input type=radio name=o value=2><input type=submit name=_eventId_AttributeReleaseRejected value=Reject>\
             <input type=submit name=_eventId_proceed value=Accept></form>",
            "Consent",
        ),
        (
            "<h1>Terms of Use</h1><form method=post><button name=_eventId_TermsRejected>Refuse</button></form>\
             <form method=post><input type=checkbox name=ids required> I accept<button name=_eventId_proceed>Submit\
             </button></form>",
            "Terms",
        ),
        (
            "<p>Maintenance on Sunday</p><form method=post><input type=hidden name=x><button>Continue</button></form>",
            "Notice",
        ),
        // choices
        (
            "<form><button name=s[a]>Staff</button><button name=s[b]>Students</button></form>",
            "Choice",
        ),
        ("<a href=/realms/x/broker/corp/login>Corp</a>", "Choice"),
        // never answered
        (
            "<form method=post><input type=password name=new1><input type=password name=new2></form>",
            "NewPassword",
        ),
        (
            "<form method=post><input name=totp><input type=hidden name=totpSecret value=x></form>",
            "Enrolment",
        ),
        (
            "<a href='otpauth://totp/x?secret=y'>x</a><form method=post><input name=code></form>",
            "Enrolment",
        ),
        (
            "<p>Scan this with your app</p><img alt='QR code' src=x><form method=post><input name=code></form>",
            "Enrolment",
        ),
        (
            &format!("{LOGIN}<div class=g-recaptcha data-sitekey=x></div>"),
            "Captcha",
        ),
        (
            "<form method=post><input name=user><input name=captcha></form>",
            "Captcha",
        ),
        ("<title>Just a moment...</title>", "Captcha"),
        (
            "<script>navigator.credentials.get(x)</script><form method=post><input type=hidden name=signature><button>Use key</button></form>",
            "WebAuthn",
        ),
        (
            &format!("{LOGIN}<script>navigator.credentials.get(x)</script>"),
            "Login",
        ),
        (
            "<div id=root></div><script src=app.js></script>",
            "ScriptOnly",
        ),
        (
            "<noscript>You need JavaScript</noscript><div>Loading the application, please wait until everything is there</div>",
            "ScriptOnly",
        ),
        (
            "<input name=user><input type=password name=pass><button>Sign in</button>",
            "ScriptOnly",
        ),
        // complaints
        (
            "<div class=error>Your account is locked.</div>",
            "Complaint",
        ),
        (
            "<div class=error>Wrong password</div><form method=post><input type=hidden name=x><button>Continue</button></form>",
            "Complaint",
        ),
        (
            "<title>Stale Request</title><p>You may be seeing this page because you used the Back button</p>",
            "Complaint",
        ),
        (
            "<div class=error>Your account is locked.</div><meta http-equiv=refresh content='3;url=/help'>",
            "Complaint",
        ),
        (
            "<h1>Welcome</h1><p>A page like any other, with enough words on it.</p><a href=/logout>Log out</a>",
            "Portal",
        ),
        ("<iframe src=/inner></iframe>", "Framed"),
        (
            "<h1>Hello</h1><p>A page like any other, with enough words to be one, but none for us.</p>",
            "Unknown",
        ),
    ] {
        assert_eq!(kind(html), expected, "{html}");
    }
}

#[test]
fn after_the_password_a_page_without_a_question_is_a_portal() {
    let html =
        "<h1>My applications</h1><p>Nothing here that a program could use, but many words.</p>";
    assert_eq!(kind_of(&page(html), true), "Portal");
}

#[test]
fn a_password_dialog_is_answered_only_when_there_is_no_form() {
    let basic = [("www-authenticate", "Basic realm=\"x, y\"")];
    let negotiate = [("www-authenticate", "Negotiate, NTLM")];
    assert_eq!(
        kind_of(&answer(401, &basic, "Unauthorized"), false),
        "Basic"
    );
    assert_eq!(
        kind_of(&answer(401, &negotiate, "Unauthorized"), false),
        "Negotiate"
    );
    assert_eq!(kind_of(&answer(401, &negotiate, LOGIN), false), "Login");
    assert_eq!(
        kind_of(
            &answer(
                401,
                &negotiate,
                "<body onload=\"window.location = '/form'\">"
            ),
            false
        ),
        "Redirect"
    );
    let stub = "<FORM METHOD=POST ACTION=/x><NOSCRIPT><INPUT TYPE=SUBMIT></NOSCRIPT></FORM>\
        <SCRIPT>document.forms[0].submit()</SCRIPT>";
    assert_eq!(kind_of(&answer(401, &negotiate, stub), false), "AutoSubmit");
}

#[test]
fn an_error_status_without_a_form_is_a_complaint_with_the_pages_words() {
    let PageKind::Complaint(message) = classify(
        &answer(500, &[], "<h1>Oops</h1><p>Something broke</p>"),
        &FieldNames::default(),
        false,
    ) else {
        panic!("no complaint");
    };
    assert_eq!(message.text, "Oops Something broke");
}
