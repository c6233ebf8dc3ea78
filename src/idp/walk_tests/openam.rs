//! The talk with OpenAM's sign-in program, question by question.

use serde_json::{Value, json};

use super::*;
use crate::presence::Presence;

const LOGIN_PAGE: &str =
    "https://idp.test/am/XUI/#login/&realm=%2Fa&goto=https%3A%2F%2Fidp.test%2Fback%3Fx%3D1";

fn program(document: Value) -> Reply {
    html(document.to_string()).header("content-type", "application/json")
}

fn line(kind: &str, prompt: &str) -> Value {
    json!({"type": kind, "output": [{"name": "prompt", "value": prompt}], "input": [{"name": "IDToken1", "value": ""}]})
}

fn questions(callbacks: Vec<Value>) -> Reply {
    program(json!({"authId": "x.y", "callbacks": callbacks}))
}

fn user_and_password() -> Reply {
    questions(vec![
        line("NameCallback", "User Name:"),
        line("PasswordCallback", "Password:"),
    ])
}

fn signed_in() -> Reply {
    program(json!({"tokenId": "AQIC5*", "successUrl": "/am/console", "realm": "/a"}))
}

/// A site whose program answers these, one after the other.
fn site(answers: Vec<Reply>) -> Site {
    let settings = json!({"cookieName": "sso", "domains": [".corp.test"]});
    let mut site = Site::default()
        .on("GET /start", html("<div id=wrapper></div>").at(LOGIN_PAGE))
        .on("GET /am/json/serverinfo/*", program(settings))
        .on("GET /back", html(AWS));
    for answer in answers {
        site = site.on("POST /am/json/authenticate", answer);
    }
    site
}

fn sent(site: &Site) -> Vec<Value> {
    let bodies = site.asked.iter().filter(|line| line.starts_with("POST"));
    bodies
        .map(|line| serde_json::from_str(line.splitn(3, ' ').nth(2).unwrap()).unwrap())
        .collect()
}

fn filled(document: &Value, callback: usize) -> &Value {
    &document["callbacks"][callback]["input"][0]["value"]
}

#[test]
fn a_number_that_changes_for_ever_is_shown_a_few_times() {
    let wait = |number: usize| {
        let poll = json!({"type": "PollingWaitCallback", "output": [
            {"name": "waitTime", "value": "1"}, {"name": "message", "value": "Approve"}]});
        let shown = json!({"type": "HiddenValueCallback", "output": [
            {"name": "id", "value": "pushChallengeNumber"}, {"name": "value", "value": number.to_string()}]});
        questions(vec![poll, shown])
    };
    let mut site = site((10..30).map(wait).collect());
    let mut ada = Ada::default();
    let error = fails(&mut site, &settings(), &mut ada);
    assert_eq!(error.kind(), Kind::Refused, "{error}");
    assert!(error.message().contains("more than 5 approvals"), "{error}");
    let shown = ada.asked.iter().filter(|a| a.starts_with("push")).count();
    assert_eq!(shown, 5);
}

fn stops(answers: Vec<Reply>, kind: Kind, words: &str) -> Site {
    let mut site = site(answers);
    let error = fails(&mut site, &settings(), &mut Ada::default());
    assert_eq!(
        (error.kind(), error.to_string().contains(words)),
        (kind, true),
        "{error:?}"
    );
    site
}

#[test]
fn the_session_of_the_program_leads_back_to_where_the_sign_in_began() {
    let mut site = site(vec![user_and_password(), signed_in()]);
    let ada = arrives(&mut site);
    assert_eq!(ada.asked, ["user at idp.test", "password at idp.test"]);
    assert!(site.asked[2].starts_with(
        "POST https://idp.test/am/json/authenticate?realm=%2Fa&goto=https%3A%2F%2Fidp.test%2Fback%3Fx%3D1"
    ));
    assert_eq!(site.asked.last().unwrap(), "GET https://idp.test/back?x=1");
    let sent = sent(&site);
    assert_eq!(sent[0], json!({}));
    assert_eq!(sent[1]["authId"], "x.y");
    assert_eq!(filled(&sent[1], 0), "ada");
    assert_eq!(filled(&sent[1], 1), "hunter2&=ä");
    assert_eq!(
        site.cookies,
        [
            "sso=AQIC5*; path=/; secure",
            "sso=AQIC5*; path=/; domain=.corp.test; secure"
        ]
    );
}

#[test]
fn a_cookie_that_the_server_set_is_not_set_again() {
    let done = signed_in().header("set-cookie", "sso=AQIC5*; Path=/; HttpOnly");
    let mut site = site(vec![user_and_password(), done]);
    arrives(&mut site);
    assert!(site.cookies.is_empty());
}

#[test]
fn refusals_are_told_by_code_and_words() {
    let refused = |message: &str, code: &str| {
        let detail = json!({"errorCode": code});
        program(
            json!({"code": 401, "reason": "Unauthorized", "message": message, "detail": detail}),
        )
        .status(401)
    };
    for (message, code, kind, words) in [
        (
            "Authentication Failed",
            "",
            Kind::Refused,
            "refused the password of ada",
        ),
        (
            "Invalid Password!!",
            "103",
            Kind::Refused,
            "refused the password of ada",
        ),
        (
            "Fehler",
            "107",
            Kind::Refused,
            "refused the password of ada",
        ),
        (
            "Authentication Failed. Warning: you will be locked out after 1 more failure(s).",
            "",
            Kind::Refused,
            "refused the password",
        ),
        ("Zu", "112", Kind::Refused, "of ada is locked"),
        ("User Locked Out", "", Kind::Refused, "of ada is locked"),
        ("User is inactive", "104", Kind::Refused, "of ada is locked"),
        ("No profile", "100", Kind::Refused, "does not let you in"),
        (
            "Your password has expired",
            "",
            Kind::NeedsYou,
            "has expired",
        ),
        (
            "Max Sessions Limit Reached",
            "115",
            Kind::Failed,
            "Max Sessions",
        ),
    ] {
        stops(
            vec![user_and_password(), refused(message, code)],
            kind,
            words,
        );
    }
    let first = stops(
        vec![refused("Authentication Module Denied", "111")],
        Kind::Failed,
        "Module Denied",
    );
    assert_eq!(sent(&first).len(), 1);
}

#[test]
fn what_only_a_person_with_a_browser_can_do_ends_the_talk() {
    let one = |callback: Value| vec![questions(vec![callback])];
    let kind =
        |kind: &str| json!({"type": kind, "output": [], "input": [{"name": "a", "value": ""}]});
    let hidden = |value: &str| json!({"type": "HiddenValueCallback", "output": [{"name": "value", "value": value}], "input": []});
    for (callback, words) in [
        (kind("ReCaptchaCallback"), "no robot"),
        (kind("KbaCreateCallback"), "profile"),
        (kind("StringAttributeInputCallback"), "profile"),
        (kind("ValidatedCreatePasswordCallback"), "must be changed"),
        (line("PasswordCallback", "New Password"), "must be changed"),
        (kind("SuspendedTextOutputCallback"), "link"),
        (hidden("otpauth://totp/x"), "second factor to be set up"),
        (kind("DeviceBindingCallback"), "second factor to be set up"),
        (
            json!({"type": "MetadataCallback", "output": [{"name": "data", "value": {"_action": "webauthn_registration"}}]}),
            "set up",
        ),
        (
            json!({"type": "MetadataCallback", "output": [{"name": "data", "value": {"_action": "webauthn_authentication"}}]}),
            "security key",
        ),
    ] {
        let site = stops(one(callback), Kind::NeedsYou, words);
        assert_eq!(sent(&site).len(), 1, "{words}");
    }
}

#[test]
fn a_way_is_picked_by_setting_or_by_the_person() {
    let choice = || {
        questions(vec![
            json!({"type": "ChoiceCallback", "output": [{"name": "prompt", "value": "How?"},
            {"name": "choices", "value": ["SMS", "Authenticator app"]}, {"name": "defaultChoice", "value": 0}],
            "input": [{"name": "IDToken1", "value": 0}]}),
        ])
    };
    let code = || questions(vec![line("PasswordCallback", "One Time Password")]);
    let answers = || vec![user_and_password(), choice(), code(), signed_in()];
    let by_setting = Settings {
        mfa_method: Some("totp".into()),
        ..settings()
    };
    let mut by_hand = Ada {
        picks: "app",
        ..Ada::default()
    };
    for (settings, ada) in [
        (by_setting, &mut Ada::default()),
        (settings(), &mut by_hand),
    ] {
        let mut site = site(answers());
        run(&mut site, &settings, ada).unwrap();
        let sent = sent(&site);
        assert_eq!(filled(&sent[2], 0), 1);
        assert_eq!(filled(&sent[3], 0), "111111");
        assert_eq!(
            ada.asked.last().unwrap(),
            "code at idp.test [One Time Password] Authenticator app"
        );
    }
    assert!(
        by_hand
            .asked
            .contains(&"How?: SMS | Authenticator app".to_owned())
    );
}

#[test]
fn another_identity_provider_is_followed_and_what_it_sends_goes_back() {
    let select = questions(vec![
        json!({"type": "SelectIdPCallback", "output": [{"name": "providers", "value": [
            {"provider": "corp", "uiConfig": {"buttonDisplayName": "Corp"}}, {"provider": "localAuthentication"}]},
            {"name": "value", "value": ""}], "input": [{"name": "IDToken1", "value": ""}]}),
    ]);
    let redirect = questions(vec![json!({"type": "RedirectCallback", "output": [
        {"name": "redirectUrl", "value": "https://idp.test/other?a=b"}, {"name": "redirectMethod", "value": "GET"},
        {"name": "trackingCookie", "value": true}]})]);
    let mut site = site(vec![select, redirect, signed_in()]).on(
        "GET /other",
        html("<div></div>")
            .at("https://idp.test/am/XUI/?state=s&code=c&goto=https%3A%2F%2Fidp.test%2Fback#login"),
    );
    let mut settings = settings();
    settings.options.insert("idp".into(), "corp".into());
    run(&mut site, &settings, &mut Ada::default()).unwrap();
    assert_eq!(filled(&sent(&site)[1], 0), "corp");
    assert!(
        site.asked
            .iter()
            .any(|line| line.starts_with("POST") && line.contains("state=s&code=c"))
    );
}

#[test]
fn a_shell_that_comes_again_after_the_session_began_is_no_new_question() {
    let mut site = site(vec![user_and_password(), signed_in()]);
    site.pages.remove("GET https://idp.test/back");
    site = site.on("GET /back", html("<div></div>").at(LOGIN_PAGE));
    let error = fails(&mut site, &settings(), &mut Ada::default());
    assert!(
        error
            .message()
            .contains("took the sign-in and then asked for it again"),
        "{error}"
    );
    assert_eq!(sent(&site).len(), 2);
}

#[test]
fn a_server_without_the_program_is_told_apart_from_a_refusal() {
    stops(
        vec![html("<h1>Not here</h1>").status(404)],
        Kind::Failed,
        "does not answer /am/json/authenticate as OpenAM",
    );
    stops(
        vec![program(json!({"odd": 1}))],
        Kind::Unfamiliar,
        "does not know",
    );
}

#[test]
fn a_code_is_sent_without_a_question_where_the_setting_says_how() {
    let hotp = || {
        program(
            json!({"authId": "x.y", "stage": "HOTP1", "header": "Enter it or request one", "callbacks": [
            line("PasswordCallback", "Enter OTP"),
            {"type": "ConfirmationCallback", "output": [{"name": "options", "value": ["Submit OTP Code", "Request OTP Code"]}],
                "input": [{"name": "IDToken2", "value": 0}]}]}),
        )
    };
    let with = |method: &str, presence| Settings {
        mfa_method: Some(method.into()),
        presence,
        ..settings()
    };
    for (settings, requests) in [
        (with("sms", Presence::Person), true),
        (with("totp", Presence::Person), false),
        (with("sms", Presence::Nobody), false),
    ] {
        let mut answers = vec![user_and_password(), hotp()];
        answers.extend(requests.then(hotp));
        answers.push(signed_in());
        let mut site = site(answers);
        run(&mut site, &settings, &mut Ada::default()).unwrap();
        let sent = sent(&site);
        assert_eq!(filled(&sent[2], 1), u8::from(requests));
        let last = sent.last().unwrap();
        assert_eq!(
            (filled(last, 0), filled(last, 1)),
            (&json!("111111"), &json!(0))
        );
    }
}

#[test]
fn an_approval_shows_its_number_and_a_declined_one_is_no_wrong_code() {
    let push = || {
        questions(vec![
            json!({"type": "PollingWaitCallback", "output": [{"name": "waitTime", "value": "200"},
                {"name": "message", "value": "Look at your phone"}]}),
            json!({"type": "HiddenValueCallback", "output": [{"name": "value", "value": "42"},
                {"name": "id", "value": "pushChallengeNumber"}], "input": [{"name": "IDToken2", "value": ""}]}),
        ])
    };
    let mut site_of_yes = site(vec![user_and_password(), push(), push(), signed_in()]);
    let ada = arrives(&mut site_of_yes);
    assert_eq!(ada.asked[2..], ["push at idp.test [42] Look at your phone"]);
    let declined = program(json!({"code": 401, "message": "Login failure"})).status(401);
    stops(
        vec![user_and_password(), push(), declined],
        Kind::Refused,
        "was not approved",
    );
    let mut site_of_nobody = site(vec![user_and_password(), push()]);
    let error = fails(&mut site_of_nobody, &nobody(), &mut Ada::default());
    assert_eq!(error.kind(), Kind::NeedsYou);
}
