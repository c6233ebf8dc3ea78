//! `mai init` and `mai use`, in a real bash; the other shells are in tests/interop.

use std::path::Path;
use std::process::Command;

use crate::prompt::{SESSIONS, home, now, row, sessions};
use crate::support::{Home, Terminal, finish, start};

/// A home in which `mai` is a command.
pub fn with_mai(mut home: Home) -> Home {
    let folder = Path::new(env!("CARGO_BIN_EXE_mai"))
        .parent()
        .expect("the binary is in a folder");
    home.set("PATH", &format!("{}:/usr/bin:/bin", folder.display()));
    home
}

/// What an interactive bash says that runs a script.
pub fn in_bash(home: &Home, script: &str) -> String {
    let mut bash = Command::new("bash");
    bash.args(["--noprofile", "--norc", "-ic", script])
        .env_clear()
        .current_dir(home.path(""));
    for (name, value) in home.command("").get_envs() {
        bash.env(name, value.expect("a variable that is set"));
    }
    let answer = finish(start(bash), "");
    let complaints: Vec<&str> = answer
        .stderr
        .lines()
        .filter(|line| !line.contains("terminal process group") && !line.contains("job control"))
        .collect();
    assert!(complaints.is_empty(), "{script}:\n{complaints:?}");
    answer.stdout
}

/// The segment that bash makes by itself.
fn segment(home: &Home) -> String {
    in_bash(
        home,
        "eval \"$(mai init bash)\"; mai() { echo a process was started; }; __mai_segment
        echo \"$MAI_PROMPT_STATE $MAI_PROMPT_TEXT\"",
    )
}

/// A bash in a terminal, whose prompt was `> ` before.
fn bash(home: &Home, settings: &str) -> Terminal {
    home.write(
        "rc",
        format!("PS1='> '\n{settings}\neval \"$(mai init bash --use --color never)\"\n"),
    );
    home.in_terminal("", "exec bash --noprofile --rcfile rc -i")
}

#[test]
fn bash_shows_what_mai_prompt_shows() {
    let mut home = with_mai(home());
    let good = home.read(SESSIONS);
    let dev = row("dev", 570, "d", "dev");
    let contents = [
        good.clone(),
        sessions(&[row("default", 270, "-", "classic"), dev.clone()]),
        sessions(&[row("prod", 30, "c", "a/b+c@d:e=f,g-h_i.j"), dev.clone()]),
        sessions(&[row("prod", 600, "c", &"l".repeat(200))]),
        sessions(&[row("a_b", 3600 * 100 + 30, "-", "-")]),
        // Not whole, or from elsewhere.
        String::new(),
        good.replace("sessions 1", "sessions 2"),
        good.replace('\n', "\r\n"),
        good[..good.len() - 1].to_owned(),
        sessions(&[format!("\n\n\t\t\nprod\t1\n{dev}")]),
        sessions(&["prod\tx\tk\tf\t-\tr\tl\nprod\t08\tk\tf\t-\tr\tl\n".into()]),
        sessions(&["prod\t9999999999999\tk\tf\t-\tr\tl\n".into()]),
        sessions(&["prod\t$(touch ran)\tk\tf\t-\tr\tl\n".into()]),
        sessions(&["prod\t4000000000\tk\tf\t-\tr\tl\textra\n".into()]),
        sessions(&[
            row("prod", 600, "-", "$(touch ran)"),
            row("dev", 600, "-", "`touch ran`"),
        ]),
        sessions(&[
            row("prod", 600, "-", "a\u{1b}[31mb"),
            row("dev", 600, "-", "\\u"),
        ]),
    ];
    let mut shown = 0;
    for content in &contents {
        home.write(SESSIONS, content);
        for (aws_profile, key_id) in [
            ("", ""),
            ("prod", ""),
            ("a%b", ""),
            ("other", ""),
            ("$(touch ran)", ""),
            ("*", ""),
            ("prod dev", ""),
            ("prod", "ASIAPROD"),
            ("prod", "ASIADEV"),
            ("other", "ASIADEV"),
            ("", "ASIADEV"),
            ("", "AKIAELSE"),
        ] {
            home.set("AWS_PROFILE", aws_profile);
            home.set("AWS_ACCESS_KEY_ID", key_id);
            let expected = home
                .mai("prompt --format '{state} {mark}{profile} {left}'")
                .ok();
            let expected = match expected.stdout.as_str() {
                "" => " \n",
                line => line,
            };
            assert_eq!(
                segment(&home),
                expected,
                "{aws_profile}, {key_id}:\n{content}"
            );
            shown += usize::from(expected != " \n");
        }
    }
    assert!(shown > 30, "{shown}");
    assert!(!home.names("").contains(&"ran".to_owned()));
}

#[test]
fn files_that_cannot_be_read_leave_the_prompt_of_bash_alone() {
    let home = with_mai(home());
    let good = home.read(SESSIONS);
    home.write("elsewhere", &good);
    let nothing = " \n";
    home.write(
        SESSIONS,
        (0..=255u8).cycle().take(5000).collect::<Vec<u8>>(),
    );
    assert_eq!(segment(&home), nothing);
    for script in [
        format!("rm {SESSIONS}"),
        format!("mkdir {SESSIONS}"),
        format!("rmdir {SESSIONS}; ln -s ~/elsewhere {SESSIONS}"),
        format!("rm {SESSIONS}; mkfifo {SESSIONS}"),
    ] {
        in_bash(&home, &script);
        assert_eq!(segment(&home), nothing, "{script}");
    }
    in_bash(&home, &format!("rm {SESSIONS}"));
    let rows = row("other", 60, "-", "-").repeat(5000);
    home.write(SESSIONS, sessions(&[rows, row("dev", 570, "d", "-")]));
    assert_eq!(segment(&home), nothing);
}

#[test]
fn other_files_are_found_by_mai_itself() {
    let home = with_mai(home());
    let ask = "__mai_segment; echo \"$MAI_PROMPT_STATE $MAI_PROMPT_TEXT\"";
    let init = "eval \"$(mai init bash)\"";
    home.write(
        "elsewhere/mai/sessions",
        sessions(&[row("there", 570, "cd", "-")]),
    );
    let script = format!("{init}; export XDG_STATE_HOME=$PWD/elsewhere; {ask}");
    assert_eq!(in_bash(&home, &script), "warn *there 9m\n");
    let script = format!("{init}; export AWS_SHARED_CREDENTIALS_FILE=$PWD/keys; {ask}");
    assert_eq!(in_bash(&home, &script), " \n");
    // Set before, the file of that one is read, and no process started.
    let script = "export AWS_SHARED_CREDENTIALS_FILE=$PWD/keys
        eval \"$(mai init bash)\"; echo $__mai_file";
    let file = in_bash(&home, script);
    assert!(file.contains("/.local/state/mai/sessions-"), "{file}");
    let script = format!("PATH=/usr/bin:/bin; unset HOME; {ask}; echo $?");
    assert_eq!(in_bash(&home, &format!("{init}; {script}")), " \n0\n");
}

#[test]
fn a_home_with_an_odd_name_acts_no_more_than_others() {
    let mut home = with_mai(home());
    let odd = "o'neil $(touch ran) \"`touch ran`\\";
    home.write(&format!("{odd}/{SESSIONS}"), home.read(SESSIONS));
    let path = home.path(odd);
    home.set("HOME", &path.display().to_string());
    assert_eq!(segment(&home), "good dev 1h05m\n");
    home.set("HOME", &format!("{}/\u{1b}[2J\n", path.display()));
    for shell in ["bash", "zsh", "fish"] {
        let script = home.mai(&format!("init {shell}")).ok().stdout;
        assert!(!script.contains('\u{1b}'), "{script}");
    }
    assert!(!home.names("").contains(&"ran".to_owned()));
}

#[test]
fn the_prompt_of_bash_gets_the_segment_once_and_keeps_its_own() {
    let home = with_mai(home());
    for settings in [
        "",
        "set -u",
        "eval \"$(mai init bash --color never)\"",
        "PROMPT_COMMAND='other=$?; '",
        "PROMPT_COMMAND=(': one' 'other=$?')",
        "PROMPT_COMMAND='PS1=\"> \" # as themes do'",
        "alias local=false read=false printf=false builtin=false command=false",
    ] {
        let mut terminal = bash(&home, settings);
        terminal.expect("dev 1h05m > ").line("(exit 7)");
        terminal.expect("dev 1h05m > ").line("echo $?/${other-7}");
        terminal.expect("7/7").expect("dev 1h05m > ").line("exit");
        let (seen, _) = terminal.end();
        assert!(!seen.contains("dev 1h05m dev"), "{settings}: {seen}");
        assert!(!seen.contains("error") && !seen.contains("bash:"), "{seen}");
    }
}

#[test]
fn an_exported_hook_comes_to_nothing_in_shells_without_it() {
    let home = with_mai(home());
    let lines = "echo \"$(grep -o __mai_hook <<<\"${PROMPT_COMMAND[*]}\" | wc -l) in all\"";
    for settings in [
        "export PROMPT_COMMAND",
        "export PROMPT_COMMAND='other=$?'",
        "export PROMPT_COMMAND='other=$?;' PS1='> '; set -u",
        "PROMPT_COMMAND=(': one' 'other=$?'); export PROMPT_COMMAND",
        "set -a",
        "set -a; PROMPT_COMMAND=(': one')",
        "IFS=_a; export PROMPT_COMMAND",
    ] {
        let mut terminal = bash(&home, settings);
        terminal
            .expect("dev 1h05m > ")
            .line(lines)
            .expect("1 in all");
        // As `sudo -E` does, `env` takes exported functions away.
        for child in [
            "bash --noprofile --norc -i",
            "env -u BASH_FUNC___mai_hook%% -u BASH_FUNC___mai_segment%% bash --noprofile --norc -i",
        ] {
            terminal.expect("dev 1h05m > ").line(child);
            terminal
                .line("(exit 7)")
                .line("echo child $?/${MAI_PROMPT-none}");
            terminal.expect("child 7/none").line("exit");
        }
        // One that is set up for itself has it once.
        let child = "bash --noprofile --rcfile rc -i";
        terminal.expect("dev 1h05m > ").line(child);
        terminal
            .expect("dev 1h05m > ")
            .line(lines)
            .expect("1 in all");
        terminal.expect("dev 1h05m > ").line("exit");
        terminal.expect("dev 1h05m > ").line("exit");
        let (seen, _) = terminal.end();
        assert!(!seen.contains("not found"), "{settings}: {seen}");
        assert!(!seen.contains("dev 1h05m dev"), "{settings}: {seen}");
        assert!(!seen.contains("bash:"), "{settings}: {seen}");
    }
}

#[test]
fn a_login_or_the_clock_shows_at_the_next_prompt() {
    let home = with_mai(home());
    let mut terminal = bash(&home, "");
    terminal.expect("dev 1h05m > ");
    home.write(SESSIONS, sessions(&[row("dev", 100, "cd", "dev")]));
    terminal.line("").expect("*dev 1m > ");
    home.write(SESSIONS, sessions(&[row("dev", -1, "cd", "dev")]));
    terminal.line("").expect("*dev expired > ");
    terminal.line("export AWS_ACCESS_KEY_ID=ASIAELSE");
    terminal.expect("*dev other keys exported > ");
    home.write(SESSIONS, sessions(&[]));
    terminal.line("").expect("\r\n").line("exit");
    let (seen, _) = terminal.end();
    assert!(!seen.contains("other keys exported > exit"), "{seen}");
}

#[test]
fn a_shell_that_leaves_on_failure_stays() {
    let home = with_mai(Home::new());
    let mut terminal = bash(&home, "set -eu");
    terminal.expect("> ").line("true");
    terminal.expect("> ").keys("\u{3}").expect("> ");
    home.write(SESSIONS, sessions(&[row("dev", 270, "d", "dev")]));
    terminal.line("").expect("dev 4m > ").line("exit 3");
    assert_eq!(terminal.end().1, 3);
}

#[test]
fn who_places_the_segment_by_hand_gets_it_there_alone() {
    let home = with_mai(home());
    home.write(
        "rc",
        "PS1='<${MAI_PROMPT_TEXT-}> '; eval \"$(mai init bash)\"\n",
    );
    for rc in [
        "PS1='<${MAI_PROMPT_TEXT-}> '; eval \"$(mai init bash)\"\n",
        "eval \"$(mai init bash --no-prompt)\"; PS1='<$MAI_PROMPT_TEXT> '\n",
    ] {
        home.write("rc", rc);
        let mut terminal = home.in_terminal("", "exec bash --noprofile --rcfile rc -i");
        terminal.expect("<dev 1h05m> ").line("exit");
        let (seen, _) = terminal.end();
        assert!(!seen.contains("1h05m <"), "{seen}");
    }
    home.write("rc", "PS1='> '; eval \"$(mai init bash --no-prompt)\"\n");
    let mut terminal = home.in_terminal("", "exec bash --noprofile --rcfile rc -i");
    terminal.expect("> ").line("exit");
    assert!(!terminal.end().0.contains("dev"));
}

#[test]
fn scripts_do_nothing_in_shells_that_nobody_types_into() {
    let home = with_mai(home());
    for shell in ["bash", "zsh"] {
        let code = home.mai(&format!("init {shell} --use")).ok().stdout;
        let file = home.write(&format!("init.{shell}"), &code);
        let script = ". \"$0\"; echo ${PROMPT_COMMAND-}${precmd_functions-}; type mai __mai_segment 2>&1 | grep -c function";
        let Ok(output) = Command::new(shell).args(["-c", script]).arg(&file).output() else {
            continue; // not installed here
        };
        assert_eq!(String::from_utf8_lossy(&output.stdout), "\n0\n", "{shell}");
        assert!(output.stderr.is_empty(), "{output:?}");
    }
}

#[test]
fn every_shell_has_readable_code() {
    let home = with_mai(home());
    for shell in ["bash", "zsh", "fish", "powershell", "nushell"] {
        for options in [
            "",
            "--use",
            "--no-prompt --use --warn 1h --alert 90s --color never",
        ] {
            let code = home.mai(&format!("init {shell} {options}")).ok().stdout;
            assert_eq!(
                code.contains("mai use"),
                !options.is_empty(),
                "{shell}:\n{code}"
            );
            for mark in ["@file", "@warn", "@place", "@color", "@shadows"] {
                assert!(!code.contains(mark), "{shell} has {mark}:\n{code}");
            }
            let path = home.write(&format!("init.{shell}"), &code);
            if let ("bash" | "zsh" | "fish", Ok(checked)) =
                (shell, Command::new(shell).arg("-n").arg(&path).output())
            {
                assert!(checked.status.success(), "{shell}: {checked:?}");
            }
        }
    }
    home.mai("init tcsh").fails(2, &["tcsh"]);
    home.mai("init").fails(2, &["which shell", "nushell"]);
    home.mai("init bash --warn soon").fails(2, &["soon", "90s"]);
}

const CONFIGURATION: &str = r#"
identity_providers: {corp: {url: "https://login.example.com/start", username: ada}}
profiles:
  prod: {identity_provider: corp}
  live: {identity_provider: corp, aws_profile: acme+live}
"#;

#[test]
fn mai_use_sets_and_unsets_what_aws_tools_read() {
    let home = with_mai(home());
    home.profiles(CONFIGURATION);
    home.write(
        ".aws/credentials",
        "[theirs]\naws_access_key_id = AKIA1\n[$(touch ran)]\n",
    );
    home.write(".aws/config", "[profile sso]\nregion = eu-central-1\n");
    let mut terminal = bash(
        &home,
        "export AWS_ACCESS_KEY_ID=AKIAELSE AWS_SESSION_TOKEN=t",
    );
    let show = "echo \"[${AWS_PROFILE-} ${AWS_DEFAULT_PROFILE-} ${AWS_ACCESS_KEY_ID-}${AWS_SESSION_TOKEN-}]\"";
    terminal.expect("> ").line("mai use prod");
    terminal
        .expect("*prod 43m > ")
        .line(show)
        .expect("[prod prod ]");
    terminal.expect("> ").line("mai use live");
    terminal.expect("The keys of live are not there yet: mai login live");
    terminal
        .expect("> ")
        .line(show)
        .expect("[acme+live acme+live ]");
    for name in ["theirs", "sso"] {
        terminal.expect("> ").line(&format!("mai use {name}"));
        terminal
            .expect("> ")
            .line(show)
            .expect(&format!("[{name} {name} ]"));
    }
    for name in ["nope", "'$(touch ran)'", "'a b'", "'a; touch ran'"] {
        terminal
            .expect("> ")
            .line(&format!("mai use {name}; echo code $?"));
        terminal.expect("error:").expect("code 2");
        terminal.expect("> ").line(show).expect("[sso sso ]");
    }
    for line in ["mai use -", "mai use sso; mai use"] {
        terminal.expect("> ").line(line);
        terminal.expect("> ").line(show).expect("[  ]");
    }
    // All else is the program's business.
    terminal
        .expect("> ")
        .line("mai use --help | head -1; mai list | wc -l");
    terminal.expect("Set AWS_PROFILE").expect("2");
    terminal.expect("> ").line("exit");
    terminal.end();
    assert!(!home.names("").contains(&"ran".to_owned()));
}

#[test]
fn mai_use_without_its_function_says_how_to_get_it() {
    let mut home = home();
    home.profiles(CONFIGURATION);
    for (shell, line) in [
        ("/bin/bash", "eval \"$(mai init bash --use)\""),
        ("/usr/bin/zsh", "eval \"$(mai init zsh --use)\""),
        ("/usr/bin/fish", "mai init fish --use | source"),
    ] {
        home.set("SHELL", shell);
        for arguments in ["use prod", "use", "use -"] {
            let answer = home.mai(arguments);
            let answer = answer.fails(2, &["function of the shell\n", "hint: ", line]);
            assert!(!answer.stderr.contains("type `mai use"), "{answer}");
        }
        // The function leaves these to `mai`, so there may be one.
        for arguments in [
            "-q use prod",
            "us prod",
            "use prod -q",
            "--no-input use prod",
        ] {
            let words = ["which takes no options", "hint: type `mai use prod`", line];
            home.mai(arguments).fails(2, &words);
        }
    }
    for (shell, line) in [
        ("/usr/bin/pwsh", "mai init powershell --use"),
        ("/usr/bin/nu", "mai init nushell --use"),
        ("/usr/bin/tcsh", "what `mai init SHELL --use` prints"),
        ("", "what `mai init SHELL --use` prints"),
    ] {
        home.set("SHELL", shell);
        home.mai("use prod")
            .fails(2, &["function of the shell", line]);
    }
    let offered = home.mai("completions --complete=li -- use").ok().stdout;
    assert_eq!(offered, "live\t\n");
    let answer = home
        .mai("use --section nope")
        .fails(2, &["there is: prod, live"]);
    assert_eq!(answer.stdout, "");
    let expired = format!("mai-sessions 1\nprod\t{}\tk\tf\t-\tr\tprod\n", now() - 60);
    home.write(SESSIONS, expired);
    let answer = home.mai("use --section prod").ok();
    assert_eq!(answer.stdout, "prod\n");
    assert!(
        answer.stderr.contains("have expired: mai login prod"),
        "{answer}"
    );
}
