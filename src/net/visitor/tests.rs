use super::*;
use crate::error::Kind;
use crate::net::client::{ClientSettings, build};
use crate::net::test_server::{TestServer, answer, run};

fn visitor() -> Visitor {
    Visitor::new(build(&ClientSettings::default()).unwrap())
}

fn trusting(url: &Url) -> TrustedOrigins {
    TrustedOrigins::new(url, &[], &[])
}

fn fetch(request: Request) -> Result<Response> {
    let trusted = trusting(&request.url);
    run(visitor().fetch(request, &trusted))
}

fn form(url: Url) -> Request {
    Request {
        method: Method::Post,
        body: Some(Body {
            content_type: "application/x-www-form-urlencoded".into(),
            bytes: Zeroizing::new(b"password=hunter2".to_vec()),
        }),
        carries_secret: true,
        ..Request::get(url)
    }
}

fn to(status: &str, location: &str) -> String {
    answer(status, &[&format!("Location: {location}")], "")
}

#[test]
fn a_page_comes_back_with_its_address_text_and_date() {
    let headers = [
        "Date: Tue, 15 Nov 2022 08:12:31 GMT",
        "Content-Type: text/html; charset=latin1",
    ];
    let server = TestServer::pages(&[
        ("/start", &to("302 Found", "/page?x=1#there")),
        ("/page?x=1", &answer("200 OK", &headers, "hello")),
    ]);
    let page = fetch(Request::get(server.url("/start"))).unwrap();
    assert_eq!((page.status, page.text.as_str()), (200, "hello"));
    assert_eq!(page.url, server.url("/page?x=1#there"));
    assert_eq!(page.charset.name(), "windows-1252");
    assert_eq!(page.date.unwrap().timestamp(), 1_668_499_951);
    assert!(!page.plain_http_hop);
}

#[test]
fn a_form_becomes_a_get_after_302_and_303_and_stays_a_form_after_307() {
    for (status, method) in [
        ("301 M", "GET"),
        ("302 F", "GET"),
        ("303 S", "GET"),
        ("307 T", "POST"),
        ("308 P", "POST"),
    ] {
        let server = TestServer::pages(&[
            ("/form", &to(status, "/next")),
            ("/next", &answer("200 OK", &[], "done")),
        ]);
        assert_eq!(fetch(form(server.url("/form"))).unwrap().text, "done");
        let last = server.requests().pop().unwrap();
        assert!(last.starts_with(&format!("{method} /next ")), "{last}");
        assert_eq!(last.contains("hunter2"), method == "POST", "{last}");
        assert_eq!(last.contains("content-type"), method == "POST", "{last}");
    }
}

#[test]
fn a_form_is_never_carried_to_another_origin() {
    let other = TestServer::pages(&[("/", &answer("200 OK", &[], "stolen"))]);
    for status in ["307 Temporary Redirect", "308 Permanent Redirect"] {
        let server = TestServer::pages(&[("/form", &to(status, other.url("/").as_str()))]);
        let error = fetch(form(server.url("/form"))).unwrap_err();
        assert_eq!(error.kind(), Kind::Refused);
        for url in [server.url("/"), other.url("/")] {
            assert!(error.message().contains(&host_of(&url)), "{error}");
        }
    }
    assert!(other.requests().is_empty());
}

#[test]
fn a_secret_is_not_sent_to_an_origin_that_is_not_trusted() {
    let server = TestServer::pages(&[("/form", &answer("200 OK", &[], ""))]);
    let trusted = trusting(&Url::parse("https://login.test/").unwrap());
    let error = run(visitor().fetch(form(server.url("/form")), &trusted)).unwrap_err();
    assert_eq!(error.kind(), Kind::Refused);
    let mut basic = Request::get(server.url("/form"));
    basic.basic = Some(("ada".into(), Secret::new("hunter2")));
    assert!(run(visitor().fetch(basic, &trusted)).is_err());
    assert!(server.requests().is_empty());
}

#[test]
fn basic_authentication_stays_within_its_origin() {
    let other = TestServer::pages(&[("/", &answer("200 OK", &[], "other"))]);
    let server = TestServer::pages(&[
        ("/a", &to("302 Found", "/b")),
        ("/b", &to("302 Found", other.url("/").as_str())),
    ]);
    let mut request = Request::get(server.url("/a"));
    request.basic = Some(("ada".into(), Secret::new("hunter2")));
    assert_eq!(fetch(request).unwrap().text, "other");
    let authorized = "authorization: Basic YWRhOmh1bnRlcjI=";
    assert!(server.requests().iter().all(|r| r.contains(authorized)));
    assert!(!other.requests()[0].contains("authorization"));
}

#[test]
fn a_cookie_of_a_redirect_is_sent_on_the_next_hop_and_to_its_host_only() {
    let other = TestServer::pages(&[("/", &answer("200 OK", &[], "other"))]);
    let elsewhere = other.url_as("localhost", "/");
    let server = TestServer::pages(&[
        (
            "/a",
            &answer(
                "302 Found",
                &[
                    "Location: /b",
                    "Set-Cookie: s=1; Path=/; Secure",
                    "Set-Cookie: t=2",
                ],
                "",
            ),
        ),
        ("/b", &to("302 Found", elsewhere.as_str())),
    ]);
    fetch(Request::get(server.url("/a"))).unwrap();
    assert!(server.requests()[1].contains("cookie: s=1; t=2\r\n"));
    assert!(!other.requests()[0].contains("cookie"));
}

#[test]
fn hosts_that_redirect_in_circles_are_named() {
    let server = TestServer::pages(&[
        ("/a", &to("302 Found", "/b")),
        ("/b", &to("302 Found", "/a")),
    ]);
    let error = fetch(Request::get(server.url("/a"))).unwrap_err();
    let host = host_of(&server.url("/"));
    assert_eq!(error.message(), format!("{host} redirects in circles"));
    assert!(server.requests().len() < 6, "{}", server.requests().len());
}

#[test]
fn coming_back_with_a_new_cookie_is_no_circle() {
    let server = TestServer::new(|request| {
        let count = request
            .split("n=")
            .nth(1)
            .and_then(|rest| rest[..1].parse().ok())
            .unwrap_or(0);
        match count {
            5 => answer("200 OK", &[], "there"),
            count => answer(
                "302 Found",
                &["Location: /a", &format!("Set-Cookie: n={}", count + 1)],
                "",
            ),
        }
        .into_bytes()
    });
    assert_eq!(fetch(Request::get(server.url("/a"))).unwrap().text, "there");
}

#[test]
fn redirects_without_end_end() {
    let server = TestServer::new(|request| {
        let at: usize = request.split(['/', ' ']).nth(2).unwrap().parse().unwrap();
        to("302 Found", &format!("/{}", at + 1)).into_bytes()
    });
    let error = fetch(Request::get(server.url("/0"))).unwrap_err();
    assert!(error.message().contains("more than 30 times"), "{error}");
    assert_eq!(server.requests().len(), 31);
}

#[test]
fn addresses_that_are_no_web_pages_or_carry_a_user_are_not_followed() {
    for location in [
        "file:///etc/passwd",
        "companyapp://open?code=1",
        "http://ada:hunter2@127.0.0.1/",
    ] {
        let server = TestServer::pages(&[("/a", &to("302 Found", location))]);
        let error = fetch(Request::get(server.url("/a"))).unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        assert!(!format!("{error:?}").contains("passwd"), "{error:?}");
        assert_eq!(server.requests().len(), 1);
    }
    let mut with_user = Request::get(Url::parse("http://127.0.0.1/").unwrap());
    with_user.url.set_username("ada").unwrap();
    assert!(fetch(with_user).is_err());
}

#[test]
fn a_hop_over_plain_http_is_remembered() {
    // A proxy stands in for the network: names below .test do not exist.
    let proxy = TestServer::new(
        |request| match request.starts_with("GET http://login.test/a") {
            true => to("302 Found", "http://login.test/b").into_bytes(),
            false => answer("200 OK", &[], "b").into_bytes(),
        },
    );
    let settings = ClientSettings {
        proxy: Some(proxy.url("/").to_string()),
        ..Default::default()
    };
    let mut visitor = Visitor::new(build(&settings).unwrap());
    let url = Url::parse("http://login.test/a").unwrap();
    let page = run(visitor.fetch(Request::get(url.clone()), &trusting(&url))).unwrap();
    assert!(page.plain_http_hop);
    assert_eq!(page.text, "b");
    let error = run(visitor.fetch(form(url.clone()), &trusting(&url))).unwrap_err();
    assert!(error.message().contains("plain http"), "{error}");
    assert_eq!(proxy.requests().len(), 2);
}

#[test]
fn loopback_hosts_are_reached_without_the_proxy() {
    let server = TestServer::pages(&[("/a", &answer("200 OK", &[], "direct"))]);
    let proxy = TestServer::new(|_| answer("200 OK", &[], "proxied").into_bytes());
    let settings = ClientSettings {
        proxy: Some(proxy.url("/").to_string()),
        ..Default::default()
    };
    for host in ["127.0.0.1", "localhost"] {
        let url = server.url_as(host, "/a");
        let mut visitor = Visitor::new(build(&settings).unwrap());
        let page = run(visitor.fetch(Request::get(url.clone()), &trusting(&url))).unwrap();
        assert_eq!(page.text, "direct");
    }
}

#[test]
fn an_answer_that_is_cut_off_is_no_page() {
    let short = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\n<form>";
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n<form>\r\n";
    for text in [short, chunked] {
        let server = TestServer::pages(&[("/a", text)]);
        let error = fetch(Request::get(server.url("/a"))).unwrap_err();
        assert_eq!(error.kind(), Kind::Unreachable);
        assert!(error.message().contains("was cut"), "{error}");
    }
}

#[test]
fn a_page_may_be_packed_but_not_endless() {
    let packed = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut encoder, bytes).unwrap();
        let body = encoder.finish().unwrap();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        [head.into_bytes(), body].concat()
    };
    let page = packed(b"<p>hello");
    let server = TestServer::new(move |_| page.clone());
    assert_eq!(
        fetch(Request::get(server.url("/"))).unwrap().text,
        "<p>hello"
    );
    let bomb = packed(&vec![b' '; 50_000_000]);
    assert!(bomb.len() < 100_000);
    for bytes in [
        bomb,
        answer("200 OK", &[], &"x".repeat(2_200_000)).into_bytes(),
    ] {
        let server = TestServer::new(move |_| bytes.clone());
        let error = fetch(Request::get(server.url("/"))).unwrap_err();
        assert_eq!(error.kind(), Kind::Unfamiliar);
        assert!(error.message().contains("more than 2 MB"), "{error}");
    }
    let broken = answer("200 OK", &["Content-Encoding: gzip"], "no gzip at all");
    let server = TestServer::new(move |_| broken.clone().into_bytes());
    let error = fetch(Request::get(server.url("/"))).unwrap_err();
    assert!(error.message().contains("broken"), "{error}");
}

#[test]
fn requests_look_like_a_browsers() {
    let server = TestServer::pages(&[("/a", &answer("200 OK", &[], ""))]);
    let mut request = form(server.url("/a"));
    request.referer = Some(server.url("/login?x=1#y"));
    fetch(request).unwrap();
    let sent = &server.requests()[0];
    let origin = server.url("/").origin().ascii_serialization();
    for line in [
        "accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.5",
        "accept-language: en",
        &format!("origin: {origin}"),
        &format!("referer: {origin}/login?x=1"),
        "user-agent: Mozilla/5.0 (compatible; mai/2)",
        "content-type: application/x-www-form-urlencoded",
    ] {
        assert!(
            sent.contains(&format!("{line}\r\n")),
            "{line} is not in {sent}"
        );
    }
}

#[test]
fn a_redirect_counts_as_a_request() {
    let server = TestServer::pages(&[
        ("/login?user=ada", &to("302 Found", "/token/4711?code=1")),
        ("/token/4711?code=1", &answer("404 Not Found", &[], "")),
    ]);
    let mut visitor = visitor();
    let url = server.url("/login?user=ada");
    run(visitor.fetch(Request::get(url.clone()), &trusting(&url))).unwrap();
    assert_eq!(visitor.requests(), 2);
}

#[test]
fn a_get_is_asked_again_once_when_the_connection_is_cut_and_a_form_is_not() {
    let server = TestServer::new(|_| Vec::new());
    assert!(fetch(Request::get(server.url("/"))).is_err());
    assert_eq!(server.requests().len(), 2);
    assert!(fetch(form(server.url("/"))).is_err());
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn a_connection_that_was_closed_while_a_person_typed_costs_no_form() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
            // Long enough to be kept for the next request, and too short for it.
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    let url = Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap();
    run(async {
        let (mut visitor, trusted) = (visitor(), trusting(&url));
        visitor
            .fetch(Request::get(url.clone()), &trusted)
            .await
            .unwrap();
        // The question blocks the only thread, so nobody sees the server hang up.
        std::thread::sleep(Duration::from_millis(200));
        visitor.fetch(form(url.clone()), &trusted).await.unwrap();
    });
}

#[test]
fn a_page_does_not_show_in_debug_output() {
    let cookie = ["Set-Cookie: s=hunter2"];
    let server = TestServer::pages(&[("/?x=hunter2", &answer("200 OK", &cookie, "hunter2"))]);
    let page = fetch(Request::get(server.url("/?x=hunter2"))).unwrap();
    assert!(!format!("{page:?}").contains("hunter2"), "{page:?}");
}

#[test]
fn a_password_is_passed_on_once_at_most() {
    let server = TestServer::pages(&[
        ("/form", &to("307 T", "/two")),
        ("/two", &to("308 P", "/three")),
        ("/three", &answer("200 OK", &[], "done")),
    ]);
    let error = fetch(form(server.url("/form"))).unwrap_err();
    assert_eq!(error.kind(), Kind::Refused);
    assert!(error.message().contains("a second time"), "{error}");
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn slow_pages_are_waited_for_up_to_a_limit_for_all_of_them() {
    let server = TestServer::new(|_| {
        std::thread::sleep(Duration::from_millis(300));
        answer("200 OK", &[], "late").into_bytes()
    });
    let mut visitor = visitor();
    visitor.patience = Duration::from_millis(500);
    let (first, second) = run(async {
        let trusted = TrustedOrigins::default();
        let first = visitor.fetch(Request::get(server.url("/")), &trusted).await;
        let second = visitor.fetch(Request::get(server.url("/")), &trusted).await;
        (first, second)
    });
    assert!(first.is_ok(), "{first:?}");
    let error = second.unwrap_err();
    assert_eq!(error.kind(), Kind::Unreachable);
    assert!(error.message().contains("too slow"), "{error}");
}

#[test]
fn a_request_with_basic_is_not_sent_twice_after_a_cut() {
    let server = TestServer::new(|_| Vec::new());
    let mut request = Request::get(server.url("/"));
    request.basic = Some(("ada".into(), Secret::new("hunter2")));
    assert!(fetch(request).is_err());
    assert_eq!(server.requests().len(), 1);
    assert!(fetch(Request::get(server.url("/"))).is_err());
    assert_eq!(
        server.requests().len(),
        3,
        "without a secret it is tried again"
    );
}
