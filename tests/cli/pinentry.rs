//! `ask_with: pinentry`: a window for passwords and codes where there is a desktop and no terminal.

use mai_testbed::{PASSWORD, Testbed};

use crate::sign_ins::traffic;
use crate::support::{Answer, Home, PROFILES, corp};

/// Speaks Assuan as pinentry does, and writes down what it was asked, its arguments and its environment.
const FAKE: &str = r##"#!/bin/sh
{ echo "run: $#"; env | cut -d= -f1; } >>"$HOME/asked"
echo "OK Pleased to meet you"
while read -r line; do
    echo "$line" >>"$HOME/asked"
    case $line in SETPROMPT*) prompt=$line ;; esac
    case $line in
        SETTIMEOUT*) echo "ERR 83886254 unknown command" ;;
        GETPIN) ANSWER ;;
        BYE) echo "OK closing connection"; exit 0 ;;
        *) echo "OK" ;;
    esac
done
"##;

fn home(testbed: &Testbed, user: &str, answer: &str) -> Home {
    home_at(testbed, "simple", user, answer)
}

fn home_at(testbed: &Testbed, face: &str, user: &str, answer: &str) -> Home {
    let yaml = corp(testbed, face, user) + "    keep_session: false\n";
    let profiles = PROFILES.replace("role/PowerUser\n", "role/PowerUser\n    keys: process\n");
    let mut home = Home::with(
        testbed,
        &format!("secrets: file\nask_with: pinentry\n{yaml}{profiles}"),
    );
    let program = home.write("bin/pinentry", FAKE.replace("ANSWER", answer));
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    home.set(
        "PATH",
        &format!("{}:/usr/bin:/bin", home.path("bin").display()),
    );
    home.set("DISPLAY", ":99");
    home
}

fn types_password() -> String {
    format!(
        "echo \"S a remark\"; echo \"D {}\"; echo OK",
        PASSWORD.replace(' ', "%20")
    )
}

fn is_one_line_for_nobody(answer: &Answer) {
    assert_eq!(
        answer.stderr.lines().last().unwrap(),
        "error: a person is needed for the keys of prod: run `mai login prod` in a terminal"
    );
    assert_eq!(answer.code, Some(3));
}

#[test]
fn a_password_is_asked_in_a_window_that_says_for_whom() {
    let testbed = Testbed::start();
    let mut home = home(&testbed, "ada", &types_password());
    home.set("AWS_PROFILE", "prod");
    let answer = home.mai("credentials prod").ok();
    assert_eq!(answer.json()["Version"], 1);
    let asked = home.read("asked");
    let description = asked
        .lines()
        .find(|line| line.starts_with("SETDESC "))
        .unwrap();
    assert!(
        description.contains("(process ") && description.contains("asks for keys of prod."),
        "{asked}"
    );
    assert!(description.contains("%0APassword of ada at "), "{asked}");
    assert!(
        asked.contains("SETTITLE mai\n") && asked.contains("SETPROMPT Password:\n"),
        "{asked}"
    );
    assert!(
        asked.starts_with("run: 0\n") && asked.ends_with("BYE\n"),
        "{asked}"
    );
    assert!(
        !asked.contains("AWS_") && !asked.contains("correct"),
        "{asked}"
    );
    assert!(!answer.stderr.contains("correct"), "{answer}");
    // The keys are good now: no window, no network.
    let before = traffic(&testbed);
    home.mai("credentials prod").ok();
    assert_eq!((traffic(&testbed), home.read("asked")), (before, asked));
}

#[test]
fn a_closed_window_is_an_interruption_and_sends_nothing() {
    let testbed = Testbed::start();
    let home = home(
        &testbed,
        "ada",
        "echo \"ERR 83886179 Operation cancelled <Pinentry>\"",
    );
    let answer = home.mai("credentials prod");
    assert_eq!(
        (answer.code, answer.stdout.as_str()),
        (Some(130), ""),
        "{answer}"
    );
    assert_eq!(testbed.password_attempts("ada"), 0);
}

#[test]
fn a_wrong_password_is_sent_once() {
    let testbed = Testbed::start();
    let home = home(&testbed, "ada", "echo \"D wrong\"; echo OK");
    home.mai("credentials prod")
        .fails(4, &["refused the password of ada"]);
    assert_eq!(testbed.password_attempts("ada"), 1);
}

#[test]
fn what_is_no_desktop_or_no_wish_opens_no_window() {
    let testbed = Testbed::start();
    let mut home = home(&testbed, "ada", &types_password());
    is_one_line_for_nobody(&home.mai("credentials prod --no-input"));
    home.set("MAI_NO_INPUT", "1");
    is_one_line_for_nobody(&home.mai("credentials prod"));
    home.unset("MAI_NO_INPUT");
    home.unset("DISPLAY");
    is_one_line_for_nobody(&home.mai("credentials prod"));
    home.set("WAYLAND_DISPLAY", "wayland-0");
    let profiles = home.read(".config/mai/profiles.yaml");
    home.profiles(&profiles.replace("pinentry", "terminal"));
    is_one_line_for_nobody(&home.mai("credentials prod"));
    assert_eq!(home.read("asked"), "");
    home.profiles(&profiles);
    home.mai("credentials prod").ok();
}

#[test]
fn lists_and_broken_windows_say_what_to_run() {
    let testbed = Testbed::start();
    let mut home = home(&testbed, "ada", &types_password());
    let profiles = home.read(".config/mai/profiles.yaml");
    let without_role = profiles.replace("    role: arn:aws:iam::111111111111:role/PowerUser\n", "");
    home.profiles(&without_role);
    home.mai("credentials prod")
        .fails(3, &["Role for prod", "`mai login prod`"]);
    home.profiles(&profiles);
    for (program, word) in [
        ("#!/bin/sh\nexit 1\n", "ended before it had an answer"),
        (
            "#!/bin/sh\necho OK\nread x\necho 'ERR 83886340 no display'\nread x\necho 'ERR 83886340 no display'\nsleep 9\n",
            "no display",
        ),
    ] {
        home.write("bin/pinentry", program);
        home.mai("credentials prod")
            .fails(3, &[word, "`mai login prod`"]);
    }
    std::fs::remove_file(home.path("bin/pinentry")).unwrap();
    // This computer may have one of its own.
    home.set("PATH", &home.path("bin").display().to_string());
    home.mai("credentials prod")
        .fails(3, &["no program `pinentry`", "`mai login prod`"]);
    assert_eq!(testbed.password_attempts("ada"), 1);
}

#[test]
fn the_password_is_in_a_terminal_where_there_is_one() {
    let testbed = Testbed::start();
    let home = home(&testbed, "ada", &types_password());
    let mut terminal = home.terminal("login prod");
    terminal.expect("Password of ada").line(PASSWORD);
    let (_, code) = terminal.end();
    assert_eq!(code, 0);
    assert_eq!(home.read("asked"), "");
}

#[test]
fn a_code_is_asked_for_in_a_window_of_its_own() {
    let testbed = Testbed::start();
    let code = testbed.code("otto");
    let answer = format!(
        "case $prompt in *Code*) echo 'D {code}'; echo OK ;; *) {} ;; esac",
        types_password()
    );
    let home = home(&testbed, "otto", &answer);
    let profiles = home.read(".config/mai/profiles.yaml");
    home.profiles(&profiles.replace("role/PowerUser", "role/ReadOnly"));
    home.mai("credentials prod").ok();
    let asked = home.read("asked");
    assert_eq!(asked.matches("SETPROMPT Code:\n").count(), 1, "{asked}");
    assert!(!asked.contains(&code), "{asked}");
}

#[test]
fn what_rings_a_phone_needs_a_terminal() {
    let testbed = Testbed::start();
    let home = home_at(&testbed, "pingfederate-push", "ada", &types_password());
    home.mai("credentials prod").fails(3, &["`mai login prod`"]);
}
