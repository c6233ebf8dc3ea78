//! `mai init` and `mai use` with names that a shell could take for other ones, or for a part of its code: in a real
//! bash, and in a real fish where there is one.

use crate::env::is_there;
use crate::init::{in_bash, with_mai};
use crate::prompt::{SESSIONS, home, row, sessions};
use crate::support::Home;

/// Names and words that are operators of `test`.
const OPERATORS: [&str; 8] = ["-n", "-a", "-h", "-o", "=", "!", "(", "["];

/// What fish says that runs this behind what `mai init` prints, and nothing but that.
#[track_caller]
fn fish(home: &Home, code: &str, line: &str) -> String {
    let mai = env!("CARGO_BIN_EXE_mai");
    home.write("bin/mai", format!("#!/bin/sh\nexec {mai} \"$@\"\n"));
    let code = format!("chmod +x bin/mai; set PATH $HOME/bin $PATH; $argv | source; {code}");
    let script = format!("fish --no-config -ic '{code}' \"$@\" </dev/null");
    let answer = home.script(&script, line, "").ok();
    assert_eq!(answer.stderr, "", "{code}");
    answer.stdout
}

#[test]
fn names_that_differ_in_case_only_stay_apart() {
    let mut home = with_mai(home());
    let rows = [
        row("PROD", 9030, "c", "PROD"),
        row("prod", 630, "-", "prod"),
        row("Default", 5030, "-", "Default"),
    ];
    // Both have the same key id in capitals.
    home.write(
        SESSIONS,
        sessions(&rows).replacen("ASIAPROD", "asiaprod", 1),
    );
    let code =
        "shopt -s nocasematch; eval \"$(mai init bash)\"; __mai_segment; echo \"$MAI_PROMPT_TEXT\"";
    for (variable, value) in [
        ("AWS_PROFILE", "prod"),
        ("AWS_PROFILE", "PROD"),
        ("AWS_ACCESS_KEY_ID", "ASIAPROD"),
        ("AWS_ACCESS_KEY_ID", "asiaprod"),
        ("AWS_REGION", "none is named"),
    ] {
        home.set(variable, value);
        let line = home.mai("prompt").ok().stdout;
        assert_eq!(
            in_bash(&home, code).trim(),
            line.trim(),
            "{variable}={value}"
        );
        home.unset(variable);
    }
    home.set("AWS_PROFILE", "prod");
    home.set("AWS_ACCESS_KEY_ID", "asiaprod");
    assert_eq!(in_bash(&home, code), "prod other keys exported\n");
}

#[test]
fn no_name_and_no_variable_is_a_part_of_the_code() {
    if !is_there("fish") {
        return;
    }
    let mut home = home();
    home.set("LANG", "C.UTF-8");
    home.set("TERM", "xterm-256color");
    let mut rows: Vec<String> = ["-n", "-a", "-h", "="]
        .map(|name| row(name, 2000, "c", name))
        .into();
    rows.push(row("dev", 570, "d", "-o"));
    home.write(SESSIONS, sessions(&rows));
    let code = "__mai_segment; echo $MAI_PROMPT_TEXT";
    for variable in [
        "AWS_PROFILE",
        "AWS_ACCESS_KEY_ID",
        "MAI_PROFILE",
        "NO_COLOR",
        "XDG_STATE_HOME",
        "AWS_SHARED_CREDENTIALS_FILE",
    ] {
        for value in OPERATORS {
            home.set(variable, value);
            let told = format!("{variable}={value}");
            let line = home.mai("prompt").ok().stdout;
            let shown = fish(&home, code, "init fish --no-prompt");
            assert_eq!(shown.trim(), line.trim(), "{told}");
            home.unset(variable);
        }
    }
    home.set("AWS_PROFILE", "=");
    assert_eq!(home.mai("prompt").ok().stdout, "*= 33m\n");
    // What changes later leads to `mai prompt`.
    let code =
        "set -gx AWS_SHARED_CREDENTIALS_FILE elsewhere; __mai_segment; echo [$MAI_PROMPT_TEXT]";
    assert_eq!(fish(&home, code, "init fish --no-prompt"), "[]\n");
}

#[test]
fn what_is_no_mai_use_goes_to_the_program() {
    if !is_there("fish") {
        return;
    }
    let mut home = home();
    home.set("LANG", "C.UTF-8");
    home.set("TERM", "xterm-256color");
    home.set("AWS_PROFILE", "kept");
    home.write(
        "other.yaml",
        "identity_providers: {corp: {url: \"https://login.example.com/start\"}}\n\
         profiles: {theirs: {identity_provider: corp}}\n",
    );
    for line in ["-c other.yaml list -o tsv", "-o tsv -c other.yaml list"] {
        let code = format!("mai {line}; echo [$AWS_PROFILE]");
        let seen = fish(&home, &code, "init fish --use --no-prompt");
        assert!(seen.contains("\ntheirs\t"), "{line}: {seen}");
        assert!(seen.ends_with("[kept]\n"), "{line}: {seen}");
    }
    for word in OPERATORS.iter().filter(|word| word.starts_with('-')) {
        let code = format!("mai {word} 2>/dev/null | count; echo [$AWS_PROFILE]");
        let seen = fish(&home, &code, "init fish --use --no-prompt");
        assert!(seen.ends_with("[kept]\n"), "{word}: {seen}");
    }
}
