//! `mai prompt`: what it shows, and that it shows nothing where it cannot know.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use mai_testbed::Testbed;

use crate::support::{Answer, Home, corp};

pub const SESSIONS: &str = ".local/state/mai/sessions";

pub fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock")
        .as_secs()
}

/// A line of `sessions` as a login writes it: section, seconds left, flags, label. Its key id is the section in capitals.
pub fn row(section: &str, left: i64, flags: &str, label: &str) -> String {
    let expires = i64::try_from(now()).expect("a time") + left;
    let key_id = format!("ASIA{}", section.to_uppercase());
    format!(
        "{section}\t{expires}\t{key_id}\tf00d\t{flags}\tarn:aws:iam::123456789012:role/team/PowerUser\t{label}\n"
    )
}

pub fn sessions(rows: &[String]) -> String {
    format!("mai-sessions 1\n{}", rows.concat())
}

/// Three sections: `prod` is critical, `dev` is the default profile, `old` has expired.
pub fn home() -> Home {
    let home = Home::new();
    let rows = [
        row("prod", 43 * 60 + 30, "c", "prod"),
        row("dev", 3600 + 5 * 60 + 30, "d", "dev"),
        row("old", -5, "-", "-"),
    ];
    home.write(SESSIONS, sessions(&rows));
    home
}

#[track_caller]
fn silent(answer: Answer) {
    assert_eq!(
        (answer.stdout.as_str(), answer.stderr.as_str(), answer.code),
        ("", "", Some(0)),
        "{answer}"
    );
}

#[track_caller]
fn shows(answer: Answer, text: &str) {
    assert_eq!(
        (answer.stdout.as_str(), answer.stderr.as_str(), answer.code),
        (format!("{text}\n").as_str(), "", Some(0)),
        "{answer}"
    );
}

#[test]
fn a_login_shows_in_the_prompt() {
    let testbed = Testbed::start();
    let mut home = Home::with(
        &testbed,
        &format!(
            "default_profile: prod\n{}profiles:\n  prod: {{identity_provider: corp, role: 111111111111/PowerUser, \
             duration: 1h, aws_profile: acme+prod}}\n",
            corp(&testbed, "simple", "ada")
        ),
    );
    silent(home.mai("prompt"));
    home.login("prod").ok();
    let shown = home.mai("prompt").ok().stdout;
    assert!(["prod 59m\n", "prod 1h00m\n"].contains(&&*shown), "{shown}");
    home.set("AWS_PROFILE", "acme+prod");
    let format = "--format '{profile} {aws_profile} {account} {role} {state}'";
    shows(
        home.mai(&format!("prompt {format}")),
        "prod acme+prod 111111111111 PowerUser good",
    );
    let id = home.key("acme+prod", "aws_access_key_id").expect("a key");
    home.set("AWS_ACCESS_KEY_ID", &id);
    shows(home.mai("prompt --format {state}"), "good");
    home.login("prod --force").ok();
    shows(home.mai("prompt"), "prod other keys exported");
}

#[test]
fn the_variables_of_the_shell_say_which_keys_apply() {
    let mut home = home();
    shows(home.mai("prompt"), "dev 1h05m");
    home.set("AWS_DEFAULT_PROFILE", "old");
    shows(home.mai("prompt"), "old expired");
    home.set("AWS_PROFILE", "prod");
    shows(home.mai("prompt"), "*prod 43m");
    home.set("AWS_ACCESS_KEY_ID", "ASIADEV");
    shows(home.mai("prompt"), "*prod other keys exported");
    shows(home.mai("prompt --format {state}"), "foreign");
    home.set("AWS_PROFILE", "of-another-tool");
    shows(home.mai("prompt"), "dev 1h05m");
    home.unset("AWS_ACCESS_KEY_ID");
    silent(home.mai("prompt"));
}

#[test]
fn files_that_cannot_be_read_show_nothing() {
    let home = home();
    let good = home.read(SESSIONS);
    let dev = row("dev", 600, "d", "dev");
    for (what, content) in [
        ("empty", Vec::new()),
        ("binary", (0..=255u8).cycle().take(5000).collect()),
        (
            "newer",
            good.replace("sessions 1", "sessions 2").into_bytes(),
        ),
        ("no header", dev.clone().into_bytes()),
        ("huge", sessions(&vec![dev.clone(); 4000]).into_bytes()),
        (
            "cut",
            good.as_bytes()[..good.find("\td\t").expect("a flag")].into(),
        ),
        (
            "cut within the label",
            sessions(&[dev[..dev.len() - 2].into()]).into_bytes(),
        ),
        (
            "no time",
            b"mai-sessions 1\ndev\tx\tk\tf\td\tr\tdev\n".into(),
        ),
        (
            "too late",
            b"mai-sessions 1\ndev\t9999999999999\tk\tf\td\tr\tdev\n".into(),
        ),
    ] {
        home.write(SESSIONS, content);
        let answer = home.mai("prompt");
        assert_eq!(answer.code, Some(0), "{what}");
        assert!(
            answer.stdout.is_empty() && answer.stderr.is_empty(),
            "{what}: {answer}"
        );
    }
    let path = home.path(SESSIONS);
    fs::remove_file(&path).expect("it is there");
    silent(home.mai("prompt"));
    fs::create_dir(&path).expect("a folder");
    silent(home.mai("prompt"));
    fs::remove_dir(&path).expect("it is there");
    let elsewhere = home.write("elsewhere", good);
    std::os::unix::fs::symlink(elsewhere, &path).expect("a link");
    silent(home.mai("prompt"));
}

#[test]
fn nothing_in_the_file_acts_in_a_terminal_or_a_shell() {
    let mut home = home();
    home.set("AWS_PROFILE", "prod");
    for label in [
        "$(touch ran)",
        "`id`",
        "\\[\\e[31m",
        "%{x%}",
        "%n",
        "a\u{1b}]0;x\u{7}",
        "#[fg=red]",
        "a b",
        "a;b",
        "é",
        "\u{202e}x",
        "!!",
        "~",
        "\u{1}",
        "a\rb",
    ] {
        home.write(SESSIONS, sessions(&[row("prod", 600, "-", label)]));
        silent(home.mai("prompt"));
    }
    let long = row("prod", 570, "-", &"l".repeat(10_000));
    home.write(SESSIONS, sessions(&[long]));
    shows(home.mai("prompt"), &format!("{} 9m", "l".repeat(64)));
}

#[test]
fn another_credentials_file_has_its_own_keys() {
    let mut home = home();
    let other = home.path("keys");
    home.set("AWS_SHARED_CREDENTIALS_FILE", &other.display().to_string());
    silent(home.mai("prompt"));
    let usual = home.path(".aws/credentials");
    home.set("AWS_SHARED_CREDENTIALS_FILE", &usual.display().to_string());
    shows(home.mai("prompt"), "dev 1h05m");
    home.unset("AWS_SHARED_CREDENTIALS_FILE");
    let state = home.path("elsewhere");
    home.set("XDG_STATE_HOME", &state.display().to_string());
    silent(home.mai("prompt"));
    home.unset("XDG_STATE_HOME");
    home.unset("HOME");
    silent(home.mai("prompt"));
}

#[test]
fn a_clock_that_jumps_shows_at_worst_a_wrong_time() {
    let mut home = Home::new();
    home.set("AWS_PROFILE", "p");
    for (expires, text) in [
        (0, "p expired"),
        (now() - 40 * 365 * 86_400, "p expired"),
        (now() + 1_000_000 * 3600 + 30, "p 1000000h00m"),
    ] {
        let row = format!("p\t{expires}\tk\tf\t-\tr\t-\n");
        home.write(SESSIONS, sessions(&[row]));
        shows(home.mai("prompt"), text);
    }
}

#[test]
fn colors_come_in_the_form_that_the_shell_counts() {
    let mut home = home();
    for (options, text) in [
        ("", "dev 1h05m"),
        ("--color always", "\u{1b}[32mdev 1h05m\u{1b}[0m"),
        ("--shell fish", "\u{1b}[32mdev 1h05m\u{1b}[0m"),
        (
            "--shell bash",
            "\u{1}\u{1b}[32m\u{2}dev 1h05m\u{1}\u{1b}[0m\u{2}",
        ),
        ("--shell zsh", "%F{green}dev 1h05m%f%k%b"),
        ("--shell tmux", "#[fg=green]dev 1h05m#[default]"),
        ("--shell zsh --warn 2h", "%F{yellow}dev 1h05m%f%k%b"),
        (
            "--shell zsh --warn 3h --alert 2h",
            "%B%F{red}dev 1h05m%f%k%b",
        ),
        ("--shell zsh --color never", "dev 1h05m"),
    ] {
        shows(home.mai(&format!("prompt {options}")), text);
    }
    home.set("NO_COLOR", "1");
    shows(home.mai("prompt --shell zsh"), "dev 1h05m");
    let (seen, _) = home.terminal("prompt").end_in_color();
    assert_eq!(seen, "dev 1h05m\r\n");
    home.unset("NO_COLOR");
    let (seen, _) = home.terminal("prompt").end_in_color();
    assert_eq!(seen, "\u{1b}[32mdev 1h05m\u{1b}[0m\r\n");
}

#[test]
fn slips_on_the_line_show_nothing_and_help_is_there() {
    let home = home();
    for line in [
        "--bogus",
        "--format",
        "--shell csh",
        "--warn soon",
        "prod",
        "-o json",
    ] {
        silent(home.mai(&format!("prompt {line}")));
    }
    let mut command = home.command("prompt");
    use std::os::unix::ffi::OsStrExt;
    command.arg(std::ffi::OsStr::from_bytes(b"\xff"));
    let output = command.output().expect("it runs");
    assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty());
    for line in ["prompt --help", "help prompt"] {
        let help = home.mai(line).ok();
        assert!(help.stdout.contains("--format <TEMPLATE>"), "{help}");
        assert!(help.stdout.contains("{aws_profile}"), "{help}");
    }
    // With an option before the verb it is not first in line, and the same.
    shows(
        home.mai("-q --color always prompt --shell zsh"),
        "%F{green}dev 1h05m%f%k%b",
    );
    shows(home.mai("--no-input prompt --format '{left} '"), "1h05m ");
}

#[test]
fn nothing_is_read_but_the_one_file_and_nothing_is_left_behind() {
    let home = home();
    home.profiles("profiles: [broken");
    home.write(".aws/credentials", "[broken");
    let before = home.names("");
    shows(home.mai("prompt"), "dev 1h05m");
    // A terminal that is gone is no reason to say anything either.
    let answer = home.script("\"$@\" >/dev/full; echo $?", "prompt", "");
    assert_eq!(
        (answer.stdout.as_str(), answer.stderr.as_str()),
        ("0\n", "")
    );
    assert_eq!(home.names(""), before);
    assert_eq!(home.names(".local/state/mai"), ["sessions"]);
}
