//! Servers that are slow, broken, or cut off in mid-sentence.

use std::time::{Duration, Instant};

use crate::client::Browser;
use crate::token_service::{post, redeem, refusal};
use mai_testbed::{Fault, PASSWORD, Server, Testbed};

#[test]
fn a_server_can_be_slow() {
    let testbed = Testbed::start();
    testbed.set(Fault::Latency {
        server: Server::Idp,
        millis: 150,
    });
    let start = Instant::now();
    Browser::default().get(&testbed.face("simple"));
    assert!(start.elapsed() >= Duration::from_millis(150));
    let start = Instant::now();
    post(&testbed, &[], &[("Action", "x")]);
    assert!(start.elapsed() < Duration::from_millis(140));
}

#[test]
fn what_happens_at_once_is_counted() {
    let testbed = Testbed::start();
    testbed.set(Fault::Latency {
        server: Server::Sts,
        millis: 300,
    });
    let address = format!("{}/", testbed.sts_url());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| Browser::default().send("POST", &address, &[], ""));
        }
    });
    let traffic = testbed.traffic(Server::Sts);
    assert_eq!((traffic.connections, traffic.most_at_once), (3, 3));
    assert_eq!(testbed.traffic(Server::Idp).connections, 0);
    testbed.clear_requests();
    Browser::default().send("POST", &address, &[], "").unwrap();
    let traffic = testbed.traffic(Server::Sts);
    assert_eq!((traffic.connections, traffic.most_at_once), (1, 1));
}

#[test]
fn the_next_answers_can_be_errors() {
    let testbed = Testbed::start();
    testbed.set(Fault::Status {
        server: Server::Idp,
        status: 503,
        times: 2,
    });
    let status = || Browser::default().get(&testbed.face("simple")).status;
    assert_eq!([status(), status(), status()], [503, 503, 200]);
}

#[test]
fn an_answer_can_end_in_its_head_or_its_body() {
    let testbed = Testbed::start();
    let get = || {
        Browser::default()
            .send("GET", &testbed.face("simple"), &[], "")
            .map(|answer| answer.status)
    };
    testbed.set(Fault::CutHead {
        server: Server::Idp,
        times: 1,
    });
    assert_eq!(get(), Err("the head is not whole".into()));
    testbed.set(Fault::CutBody {
        server: Server::Idp,
        times: 1,
    });
    assert_eq!(get(), Err("the body is not whole".into()));
    assert_eq!(get(), Ok(200));
}

#[test]
fn a_server_can_hang_while_others_answer() {
    let testbed = Testbed::start();
    testbed.set(Fault::Hang {
        server: Server::Sts,
        times: 1,
    });
    let address = format!("{}/", testbed.sts_url());
    let hung =
        std::thread::spawn(move || Browser::default().send("POST", &address, &[], "").is_err());
    while testbed.requests().is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(Browser::default().get(&testbed.face("simple")).status, 200);
    assert!(refusal(&post(&testbed, &[], &[("Action", "x")])).starts_with("400 InvalidAction"));
    assert!(hung.join().unwrap());
}

#[test]
fn a_password_can_be_answered_with_a_redirect_to_the_other_host() {
    let testbed = Testbed::start();
    testbed.set(Fault::RedirectPassword {
        status: 308,
        times: 1,
    });
    let mut browser = Browser::default();
    let form = browser.get(&testbed.face("simple")).form("password");
    let filled = form.set("username", "ada").set("password", PASSWORD);
    let answer = browser.submit(&filled);
    assert_eq!(answer.status, 308);
    assert!(
        answer
            .header("location")
            .unwrap()
            .starts_with(testbed.other_url())
    );
    assert_eq!(browser.submit(&filled).status, 200);
}

#[test]
fn a_clock_can_be_off() {
    let testbed = Testbed::start();
    let date = || {
        let answer = Browser::default().get(&testbed.face("simple"));
        let date = chrono::DateTime::parse_from_rfc2822(answer.header("date").unwrap()).unwrap();
        (date.to_utc() - chrono::Utc::now()).num_seconds()
    };
    assert!(date().abs() <= 2);
    testbed.set(Fault::DateSkew { seconds: -3600 });
    assert!((date() + 3600).abs() <= 2);
    testbed.clear_faults();
    assert!(date().abs() <= 2);
}

#[test]
fn another_provider_is_trusted_by_its_metadata_only() {
    let (testbed, stranger) = (Testbed::start(), Testbed::start());
    let assertion = Browser::default()
        .login(&stranger.face("simple"), "ada", PASSWORD)
        .saml_response();
    let ask = || redeem(&testbed, &assertion, "111111111111/ReadOnly", &[]);
    assert_eq!(
        refusal(&ask()),
        "400 InvalidIdentityToken: Issuer not present in specified provider"
    );
    let arn = "arn:aws:iam::111111111111:saml-provider/corp";
    // The right name with the wrong key.
    let own = testbed
        .metadata_xml()
        .replace(testbed.idp_url(), stranger.idp_url());
    testbed.provider(arn, &own).unwrap();
    assert_eq!(
        refusal(&ask()),
        "400 InvalidIdentityToken: Response signature invalid"
    );
    testbed.provider(arn, &stranger.metadata_xml()).unwrap();
    assert_eq!(ask().status, 200);
    assert!(testbed.provider(arn, "<x/>").is_err());
}
