//! Sign-ins that cannot work: which words, which exit code, and no password too many.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use mai_testbed::{Fault, PASSWORD, Server, Testbed};

use crate::clock::Clock;
use crate::support::{Answer, Home, PROFILES, corp, finish, sts_calls};

/// Somebody at any address, with further settings of the identity provider.
fn home_at(testbed: &Testbed, url: &str, user: &str, more: &str) -> Home {
    Home::with(
        testbed,
        &format!(
            "identity_providers:\n  corp:\n    url: {url}\n    username: {user}\n    password: ask\n{more}{PROFILES}"
        ),
    )
}

fn passwords(testbed: &Testbed, server: Server) -> usize {
    let seen = testbed.requests();
    let with_password = seen.iter().filter(|seen| seen.had_password);
    with_password.filter(|seen| seen.server == server).count()
}

/// How ada's sign-in at a face ends, after which there must be no keys and no second password.
#[track_caller]
fn refused(testbed: &Testbed, face: &str, code: i32, words: &[&str], sent: usize) -> Answer {
    testbed.forget_sessions();
    testbed.clear_requests();
    let home = Home::at(testbed, face, "ada");
    let answer = home.login("prod");
    assert_eq!(answer.code, Some(code), "{face}: {answer}");
    let answer = answer.fails(code, words);
    assert_eq!(passwords(testbed, Server::Idp), sent, "{face}: {answer}");
    assert_eq!(passwords(testbed, Server::Other), 0, "{face}: {answer}");
    assert_eq!(sts_calls(testbed), 0, "{face}: {answer}");
    assert!(home.credentials().is_empty(), "{face}");
    assert!(answer.stderr.contains("hint: "), "{face}: {answer}");
    assert!(!answer.stderr.contains(PASSWORD), "{face}: {answer}");
    answer
}

#[test]
fn a_wrong_password_is_sent_once_and_named() {
    let testbed = Testbed::start();
    for face in [
        "simple",
        "two-pages",
        "basic",
        "get-form",
        "simplesaml",
        "keycloak",
        "keycloak-v2",
    ] {
        let before = testbed.password_attempts("ada");
        let home = Home::at(&testbed, face, "ada");
        let answer = home.mai_with("login prod --password-stdin", "wrong\n");
        assert_eq!(answer.code, Some(4), "{face}: {answer}");
        answer.fails(
            4,
            &["refused the password of ada", "`mai login prod --ask`"],
        );
        assert_eq!(testbed.password_attempts("ada") - before, 1, "{face}");
        assert!(home.credentials().is_empty(), "{face}");
        testbed.users(|users| users.get("ada").locked = false);
        // The right one ends the row of wrong ones.
        home.login("prod").ok();
    }
}

#[test]
fn a_locked_account_has_words_of_its_own() {
    let testbed = Testbed::start();
    for face in ["simple", "keycloak", "keycloak-v2"] {
        let before = testbed.password_attempts("eve");
        let home = Home::at(&testbed, face, "eve");
        let answer = home.login("prod");
        assert_eq!(answer.code, Some(4), "{face}: {answer}");
        let answer = answer.fails(
            4,
            &["the account of eve is locked or disabled", "help desk"],
        );
        assert!(!answer.stderr.contains("--ask"), "{face}: {answer}");
        assert_eq!(testbed.password_attempts("eve") - before, 1, "{face}");
    }
}

#[test]
fn an_old_password_must_be_changed_in_a_browser() {
    let testbed = Testbed::start();
    for face in ["simple", "basic", "simplesaml", "keycloak"] {
        let home = Home::at(&testbed, face, "pat");
        let answer = home.login("prod");
        assert_eq!(answer.code, Some(3), "{face}: {answer}");
        let address = testbed.face(face);
        let hint = format!("browser at {address}, then");
        answer.fails(3, &["the password of pat at", "must be changed", &hint]);
    }
    for face in ["change-password", "keycloak-update-password"] {
        refused(
            &testbed,
            face,
            3,
            &["password of ada", "must be changed", "in a browser"],
            1,
        );
    }
}

#[test]
fn where_a_browser_is_needed_it_says_so() {
    let testbed = Testbed::start();
    let address = testbed.face("captcha");
    let address = address.split('?').next().unwrap_or_default();
    refused(&testbed, "captcha", 3, &["no robot", "browser", address], 0);
    refused(
        &testbed,
        "js-only",
        3,
        &["only scripts can fill", "browser"],
        0,
    );
    refused(
        &testbed,
        "webauthn",
        3,
        &["security key or passkey", "browser"],
        1,
    );
    refused(
        &testbed,
        "enrol",
        3,
        &["second factor to be set up", "browser"],
        1,
    );
    refused(
        &testbed,
        "keycloak-enrol",
        3,
        &["authenticator app to be set up", "browser"],
        1,
    );
}

#[test]
fn what_leads_nowhere_has_an_end() {
    let testbed = Testbed::start();
    refused(&testbed, "redirect-loop", 1, &["redirects in circles"], 0);
    refused(
        &testbed,
        "error-page",
        1,
        &["HTTP 500", "name error 4711"],
        0,
    );
    refused(&testbed, "too-deep", 6, &["cannot be read"], 0);
    refused(&testbed, "huge", 6, &["more than 2 MB"], 0);
    assert!(testbed.requests().len() < 50);
}

#[test]
fn a_login_form_that_comes_back_is_no_refused_password() {
    let testbed = Testbed::start();
    let again = [
        "asked again for the password of ada without saying why",
        "in a browser",
    ];
    refused(&testbed, "again", 4, &again, 1);
    let lost = [
        "lost the sign-in while the password was on its way",
        "not refused",
    ];
    for face in ["stale-login", "keycloak-expired"] {
        refused(&testbed, face, 1, &lost, 1);
    }
    // A command may give the same password once more: nobody said that it was wrong. But where it may be, it is sent
    // once, whoever waits for the next try.
    let command = "password: {command: [echo, correct horse], unattended: true}";
    for (face, code, sent) in [
        ("again", 4, 1),
        ("stale-login", 1, 2),
        ("keycloak-expired", 1, 2),
    ] {
        let yaml = corp(&testbed, face, "ada").replace("password: ask", command);
        let home = Home::with(&testbed, &format!("{yaml}{PROFILES}"));
        testbed.clear_requests();
        home.mai("login prod").fails(code, &[]);
        home.mai("login prod").fails(code, &[]);
        assert_eq!(passwords(&testbed, Server::Idp), sent, "{face}");
    }
    // Where it was said, it is not sent again.
    let yaml = corp(&testbed, "simple", "ada")
        .replace("password: ask", &command.replace("correct", "wrong"));
    let home = Home::with(&testbed, &format!("{yaml}{PROFILES}"));
    testbed.clear_requests();
    home.mai("login prod")
        .fails(4, &["refused the password of ada"]);
    home.mai("login prod").fails(4, &["not sent again"]);
    assert_eq!(passwords(&testbed, Server::Idp), 1);
}

#[test]
fn a_password_in_doubt_is_sent_once_by_ten_at_once_and_hours_later() {
    let testbed = Testbed::start();
    let command = "password: {command: [echo, wrong horse], unattended: true}";
    let yaml = corp(&testbed, "again", "ada").replace("password: ask", command);
    let mut home = Home::with(&testbed, &format!("{yaml}{PROFILES}"));
    let clock = Clock::of(&mut home, &testbed);
    let running: Vec<_> = (0..10).map(|_| home.start("require prod")).collect();
    for run in running {
        let answer = finish(run, "");
        assert_eq!(answer.code, Some(4), "{answer}");
    }
    assert_eq!(passwords(&testbed, Server::Idp), 1);
    home.mai("credentials prod")
        .fails(4, &["in the last 6h", "not sent again", "--ask"]);
    clock.pass_minutes(6 * 60 + 1);
    home.mai("require prod").fails(4, &["asked again"]);
    assert_eq!(passwords(&testbed, Server::Idp), 2);
    // A person may have mended it, but ten in a row are not a person.
    let mut terminal = home.terminal("login prod");
    terminal.expect("in the last 1m").expect("not sent again");
    terminal.end();
    clock.pass(61);
    let mut terminal = home.terminal("login prod");
    terminal.expect("asked again for the password of ada");
    terminal.end();
    assert_eq!(passwords(&testbed, Server::Idp), 3);
}

/// Serves one page for ever, whatever is asked for; what was asked for is kept.
struct PageServer {
    port: u16,
    asked: Arc<Mutex<String>>,
}

impl PageServer {
    fn start(page: String) -> PageServer {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::new(Mutex::new(String::new()));
        let kept = asked.clone();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut head = Vec::new();
                let mut bytes = [0; 1024];
                while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                    match stream.read(&mut bytes) {
                        Ok(length) if length > 0 => head.extend_from_slice(&bytes[..length]),
                        _ => break,
                    }
                }
                if let Ok(mut kept) = kept.lock() {
                    *kept += &String::from_utf8_lossy(&head);
                }
                let length = page.len();
                let _ = write!(
                    stream,
                    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{page}"
                );
            }
        });
        PageServer { port, asked }
    }

    fn asked(&self) -> String {
        self.asked.lock().expect("nobody panics with it").clone()
    }
}

#[test]
fn an_unknown_page_is_described() {
    let testbed = Testbed::start();
    let server = PageServer::start(
        "<title>Pick \u{1b}[31ma mood</title><p>How do you feel about this morning, all things considered?</p>\
         <form method=post action=/mood><input name=mood><input name=colour><input type=hidden name=state value=hunter2>\
         <button>Tell</button></form>"
            .to_string(),
    );
    let port = server.port;
    let home = home_at(
        &testbed,
        &format!("http://127.0.0.1:{port}/start"),
        "ada",
        "",
    );
    let answer = home.login("prod").fails(
        6,
        &[
            &format!("127.0.0.1:{port} shows a page that mai does not know (step 1)"),
            "mood",
            "How do you feel about this morning",
            "fields mood, colour, state",
            "hint: ",
        ],
    );
    assert!(!answer.stderr.contains('\u{1b}'), "{answer}");
    assert!(!answer.stderr.contains("hunter2"), "{answer}");
    let document = home.login("prod -o json");
    let told = document.json()[0]["error"].to_string();
    assert!(
        told.contains("does not know") && told.contains("fields mood"),
        "{document}"
    );
}

#[test]
fn a_provider_that_is_down_or_breaks_off_is_unreachable() {
    let testbed = Testbed::start();
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port")
        .port();
    let home = home_at(&testbed, &format!("http://127.0.0.1:{port}/x"), "ada", "");
    home.login("prod")
        .fails(5, &["refused the connection", "VPN"]);

    let idp = Server::Idp;
    for (fault, words) in [
        (
            Fault::CutHead {
                server: idp,
                times: 9,
            },
            "was cut",
        ),
        (
            Fault::CutBody {
                server: idp,
                times: 9,
            },
            "was cut",
        ),
        (
            Fault::Status {
                server: idp,
                status: 503,
                times: 9,
            },
            "overloaded or down (HTTP 503)",
        ),
    ] {
        testbed.set(fault);
        refused(&testbed, "simple", 5, &[words], 0);
        testbed.clear_faults();
    }
    assert_eq!(testbed.password_attempts("ada"), 0);
    // One connection that is cut before any answer costs a second request and nothing else.
    testbed.set(Fault::CutHead {
        server: idp,
        times: 1,
    });
    Home::at(&testbed, "simple", "ada").login("prod").ok();
}

#[test]
fn a_provider_that_breaks_off_after_the_password_gets_it_once() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let mut terminal = home.terminal("login prod");
    terminal.expect("Password").expect(": ");
    testbed.set(Fault::CutHead {
        server: Server::Idp,
        times: 9,
    });
    terminal.line(PASSWORD);
    let (seen, code) = terminal.end();
    assert_eq!(code, 5, "{seen}");
    assert!(seen.contains("was cut"), "{seen}");
    assert_eq!(passwords(&testbed, Server::Idp), 1);
}

#[test]
fn ctrl_c_ends_a_sign_in_that_hangs() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let mut terminal = home.terminal("login prod");
    terminal.expect("Password").expect(": ");
    let idp = Server::Idp;
    testbed.set(Fault::Hang {
        server: idp,
        times: 9,
    });
    terminal.line(PASSWORD).expect("sending the password");
    let start = std::time::Instant::now();
    terminal.keys("\u{3}");
    let (seen, code) = terminal.end();
    assert_eq!(code, 130, "{seen}");
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    assert!(home.credentials().is_empty());
}

#[test]
fn each_fault_of_a_certificate_has_its_words() {
    let testbed = Testbed::start_tls();
    let path = Testbed::face_path("simple");
    let bundle = "    ca_bundle: ~/ca.pem\n";
    for (origin, more, words) in [
        (
            Some(testbed.idp_url()),
            "",
            "authority that is not trusted here",
        ),
        (
            testbed.untrusted_url(),
            bundle,
            "authority that is not trusted here",
        ),
        (
            testbed.wrong_name_url(),
            bundle,
            "was made for another name",
        ),
        (testbed.expired_url(), bundle, "has expired"),
    ] {
        let origin = origin.expect("a server");
        let home = home_at(&testbed, &format!("{origin}{path}"), "ada", more);
        testbed
            .write_ca(&home.path("ca.pem"))
            .expect("the file is written");
        let host = origin.trim_start_matches("https://");
        let certificate = format!("the certificate of {host}");
        home.login("prod")
            .fails(5, &[&certificate, words, "hint: "]);
    }
    assert!(testbed.requests().is_empty(), "{:?}", testbed.requests());
    let home = home_at(&testbed, &testbed.face("simple"), "ada", bundle);
    testbed
        .write_ca(&home.path("ca.pem"))
        .expect("the file is written");
    home.login("prod").ok();
    assert_eq!(testbed.password_attempts("ada"), 1);
}

#[test]
fn a_password_is_not_carried_on_by_307_or_308() {
    let testbed = Testbed::start();
    refused(
        &testbed,
        "to-other-307",
        4,
        &["wanted a filled form to be passed on"],
        1,
    );
    assert!(
        testbed
            .requests()
            .iter()
            .all(|seen| seen.server != Server::Other)
    );
    for status in [307, 308] {
        testbed.set(Fault::RedirectPassword { status, times: 1 });
        refused(
            &testbed,
            "simple",
            4,
            &["wanted a filled form to be passed on"],
            1,
        );
        testbed.clear_faults();
    }
}

/// Ada at a face of a testbed with TLS, on a computer whose way to all other hosts is this server.
fn behind(testbed: &Testbed, face: &str, server: &PageServer) -> Home {
    let mut home = home_at(
        testbed,
        &testbed.face(face),
        "ada",
        "    ca_bundle: ~/ca.pem\n",
    );
    testbed
        .write_ca(&home.path("ca.pem"))
        .expect("the file is written");
    home.set("http_proxy", &format!("http://127.0.0.1:{}", server.port));
    home.set("https_proxy", &format!("http://127.0.0.1:{}", server.port));
    home
}

#[test]
fn a_form_that_leads_from_https_to_plain_http_gets_nothing() {
    let testbed = Testbed::start_tls();
    let server = PageServer::start(String::new());
    let home = behind(&testbed, "http-downgrade", &server);
    home.login("prod")
        .fails(4, &["login.example.test", "over plain http", "hint: "]);
    assert_eq!(passwords(&testbed, Server::Idp), 0);
    assert_eq!(server.asked(), "");
}

#[test]
fn a_page_that_came_over_plain_http_gets_no_password_and_names_no_host() {
    let testbed = Testbed::start_tls();
    let form = |action: &str| {
        format!(
            "<form method=post action='{action}'><input name=user><input type=password name=password><button>Go</button></form>"
        )
    };
    let other = format!("{}/x", testbed.other_url());
    for (action, words) in [
        ("/login", "over plain http"),
        (&*other, "it may be anybody"),
    ] {
        let server = PageServer::start(form(action));
        let home = behind(&testbed, "http-redirect", &server);
        home.login("prod").fails(4, &[words, "hint: "]);
        let asked = server.asked();
        assert!(asked.contains("login.example.test"), "{asked}");
        assert!(!asked.contains("POST"), "{asked}");
        assert!(testbed.requests().iter().all(|seen| !seen.had_password));
    }
}

#[test]
fn what_only_looks_like_aws_gets_no_answer_for_it() {
    let testbed = Testbed::start_tls();
    let server = PageServer::start(String::new());
    let home = behind(&testbed, "false-aws", &server);
    let answer = home
        .login("prod")
        .fails(4, &["signin.aws.amazon.com.example.test, which is not AWS"]);
    assert_eq!(sts_calls(&testbed), 0, "{answer}");
    assert!(home.credentials().is_empty(), "{answer}");
    assert_eq!(server.asked(), "");
}
