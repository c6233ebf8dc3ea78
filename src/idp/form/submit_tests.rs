use super::*;
use crate::idp::document::Document;
use crate::idp::form::read;

const PAGE: &str = "https://idp.test/a/login?step=1&x=y#top";

fn form(html: &str) -> Form {
    read(&Document::parse(html).unwrap()).remove(0)
}

fn place(page: &Url) -> Place<'_> {
    Place {
        page,
        base: page,
        charset: encoding_rs::UTF_8,
    }
}

fn sent_by(html: &str, fill: impl FnOnce(&mut Answer, &Form)) -> String {
    let form = form(html);
    let page = Url::parse(PAGE).unwrap();
    let mut answer = Answer::new(0);
    fill(&mut answer, &form);
    let prepared = answer.prepare(&form, place(&page)).unwrap();
    match prepared.body {
        Some((_, body)) => String::from_utf8(body.to_vec()).unwrap(),
        None => prepared.url.query().unwrap_or_default().to_owned(),
    }
}

fn sent(html: &str) -> String {
    sent_by(html, |_, _| {})
}

#[test]
fn a_form_is_sent_as_a_browser_sends_it() {
    for (html, expected) in [
        // order and duplicates stay
        (
            "<form method=post><input name=b value=1><input name=a value=2><input name=b value=3></form>",
            "b=1&a=2&b=3",
        ),
        // what is never sent
        (
            "<form method=POST><input value=nameless><input name=off disabled value=1><input type=file name=f>\
             <input type=button name=b value=1><input type=reset name=r value=1><button type=button name=bb></button>\
             <input type=hidden name=h value=1></form>",
            "h=1",
        ),
        // checkboxes and radio buttons
        (
            "<form method=post><input type=checkbox name=a><input type=checkbox name=b checked><input type=checkbox \
             name=c value=yes checked><input type=radio name=r value=1><input type=radio name=r value=2 checked>\
             <input type=radio name=none value=1></form>",
            "b=on&c=yes&r=2",
        ),
        (
            "<form method=post><input type=radio name=r value=1 checked><input type=radio name=r value=2 checked></form>",
            "r=2",
        ),
        // selects
        (
            "<form method=post><select name=a><option value=1>x<option value=2 selected>y</select><select name=b>\
             <option disabled>x<option> first  free </select><select name=c multiple><option>x</select>\
             <select name=d multiple><option selected>x<option>y<option selected>z</select><select name=e>\
             <option value=1>a<option value=2 selected disabled>b</select></form>",
            "a=2&b=first+free&d=x&d=z",
        ),
        // text with the attribute hidden is sent all the same
        (
            "<form method=post><input name=t hidden value=1><textarea name=m>\na\nb</textarea></form>",
            "t=1&m=a%0D%0Ab",
        ),
        // one button only
        (
            "<form method=post><input name=a value=1><button name=cancel>Cancel</button><button name=login>Log in\
             </button></form>",
            "a=1&login=",
        ),
        (
            "<form method=post><input type=submit name=_eventId_proceed></form>",
            "_eventId_proceed=",
        ),
        (
            "<form method=post><input type=image name=go><input name=a value=1></form>",
            "go.x=0&go.y=0&a=1",
        ),
        (
            "<form method=post><input type=submit value=Go><input name=a value=1></form>",
            "a=1",
        ),
        // encoding
        (
            "<form method=post><input name='a b' value='&amp;=+ ä*-._~'></form>",
            "a+b=%26%3D%2B+%C3%A4*-._%7E",
        ),
        (
            "<form method=post><input type=hidden name=_charset_ value=x></form>",
            "_charset_=UTF-8",
        ),
        // unquoted, upper case, entities
        (
            "<FORM METHOD=post><INPUT TYPE=HIDDEN NAME=SAMLResponse VALUE=PHg&#x2B;&#43;/w&#x3D;&#x3D;></FORM>",
            "SAMLResponse=PHg%2B%2B%2Fw%3D%3D",
        ),
    ] {
        assert_eq!(sent(html), expected, "{html}");
    }
}

#[test]
fn the_button_is_chosen_as_a_person_would() {
    for (buttons, expected) in [
        (
            "<button name=x value=1>One</button><button name=x value=2>Two</button>",
            "x=1",
        ),
        (
            "<button name=x value=1>Help</button><button name=x value=2>Weiter</button>",
            "x=2",
        ),
        (
            "<button name=resendCode formaction=/resend>Resend</button><button name=ok value=1>Verify</button>",
            "ok=1",
        ),
        ("<button name=no>No</button>", ""),
        (
            "<input type=submit name=cancel value='Cancel login'><input type=submit name=s value=Send>",
            "s=Send",
        ),
        (
            "<button name=p value=1>Sign in with a passkey</button><button name=l value=1>Sign in</button>",
            "l=1",
        ),
        (
            "<button name=h value=1 style='display:none'>Continue</button><button name=s value=1>x</button>",
            "s=1",
        ),
        (
            "<button name=h value=1 style='display:none'>x</button>",
            "h=1",
        ),
        (
            "<button name=d value=1 disabled>Log in</button><button name=s value=1>x</button>",
            "s=1",
        ),
        (
            "<button name=_eventId_authn/SPNEGO>Log in by ticket</button><button name=_eventId_proceed>Login</button>",
            "_eventId_proceed=",
        ),
        (
            "<input type=submit id=back-home name=b value='Log back in'>",
            "b=Log+back+in",
        ),
    ] {
        assert_eq!(
            sent(&format!("<form method=post>{buttons}</form>")),
            expected,
            "{buttons}"
        );
    }
}

#[test]
fn what_is_typed_ticked_and_selected_replaces_what_the_page_had() {
    let html = "<form method=post><input name=user value=old><input type=password name=pass><input type=checkbox \
        name=kmsi checked><input type=radio name=r value=1 checked><input type=radio name=r value=2>\
        <select name=s><option>a<option>b</select></form>";
    let text = sent_by(html, |answer, _| {
        answer
            .set(0, "ada")
            .set_secret(1, &Secret::new("pä ss&="))
            .tick(2, false)
            .tick(4, true)
            .select(5, 1);
    });
    assert_eq!(text, "user=ada&pass=p%C3%A4+ss%26%3D&r=2&s=b");
}

#[test]
fn what_is_left_out_is_not_sent() {
    let body = sent_by(
        "<form method=post><input type=hidden name=a value=1><input type=hidden name=a><input name=b></form>",
        |answer, _| {
            answer.leave_out(1);
        },
    );
    assert_eq!(body, "a=1&b=");
}

#[test]
fn addresses_are_resolved_like_a_browser_does() {
    let page = Url::parse(PAGE).unwrap();
    let base = Url::parse("https://idp.test/other/x/").unwrap();
    let go = |action: &str, base: &Url| {
        let place = Place {
            page: &page,
            base,
            charset: encoding_rs::UTF_8,
        };
        resolve(Some(action), place).map(String::from)
    };
    for (action, expected) in [
        ("", "https://idp.test/a/login?step=1&x=y"),
        ("#", "https://idp.test/a/login?step=1&x=y"),
        ("?", "https://idp.test/a/login?"),
        ("?s=2", "https://idp.test/a/login?s=2"),
        ("../commonauth", "https://idp.test/commonauth"),
        ("/x?a=1&b=2#f", "https://idp.test/x?a=1&b=2"),
        ("//other.test/x", "https://other.test/x"),
        (
            "https://signin.aws.amazon.com:443/saml",
            "https://signin.aws.amazon.com/saml",
        ),
    ] {
        assert_eq!(go(action, &page).unwrap(), expected, "{action}");
    }
    assert_eq!(go("go", &base).unwrap(), "https://idp.test/other/x/go");
    assert_eq!(
        go("", &base).unwrap(),
        "https://idp.test/a/login?step=1&x=y"
    );
    for action in ["javascript:void(0)", "mailto:a@b", "http://[::1", "data:,x"] {
        assert!(go(action, &page).is_err(), "{action}");
    }
}

#[test]
fn a_get_form_replaces_the_query_of_its_address() {
    let form = form(
        "<form action='/c?old=1'><input type=hidden name=StateId value=a:b><button name=yes>Yes</button></form>",
    );
    let page = Url::parse(PAGE).unwrap();
    let prepared = Answer::new(0).prepare(&form, place(&page)).unwrap();
    assert_eq!(
        prepared.url.as_str(),
        "https://idp.test/c?StateId=a%3Ab&yes="
    );
    assert!(prepared.body.is_none());
}

#[test]
fn the_button_may_change_address_method_and_encoding() {
    let form = form(
        "<form action=/a method=get><input name=x value=1><button formaction=/b formmethod=post \
         formenctype=multipart/form-data name=ok>OK</button></form>",
    );
    let page = Url::parse(PAGE).unwrap();
    let prepared = Answer::new(0).prepare(&form, place(&page)).unwrap();
    assert_eq!((prepared.method, prepared.url.path()), (Method::Post, "/b"));
    let (kind, body) = prepared.body.unwrap();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    assert_eq!(
        String::from_utf8(body.to_vec()).unwrap(),
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n1\r\n--{boundary}\r\n\
             Content-Disposition: form-data; name=\"ok\"\r\n\r\n\r\n--{boundary}--\r\n"
        )
    );
}

#[test]
fn a_form_sent_as_plain_text_is_refused() {
    let form = form("<form method=post enctype=text/plain><input name=x></form>");
    let page = Url::parse(PAGE).unwrap();
    assert!(Answer::new(0).prepare(&form, place(&page)).is_err());
}

#[test]
fn the_charset_is_the_forms_else_the_pages() {
    let page = Url::parse(PAGE).unwrap();
    let body = |html: &str, charset: &'static Encoding| {
        let place = Place {
            charset,
            ..place(&page)
        };
        let (_, body) = Answer::new(0)
            .prepare(&form(html), place)
            .unwrap()
            .body
            .unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    };
    let plain = "<form method=post><input name=a value='ä€😀'></form>";
    assert_eq!(
        body(plain, encoding_rs::UTF_8),
        "a=%C3%A4%E2%82%AC%F0%9F%98%80"
    );
    assert_eq!(
        body(plain, encoding_rs::WINDOWS_1252),
        "a=%E4%80%26%23128512%3B"
    );
    assert_eq!(
        body(plain, encoding_rs::UTF_16LE),
        "a=%C3%A4%E2%82%AC%F0%9F%98%80"
    );
    let own = "<form method=post accept-charset='UNKNOWN, iso-8859-15 utf-8'><input name=a value='ä€'></form>";
    assert_eq!(body(own, encoding_rs::UTF_8), "a=%E4%A4");
}
