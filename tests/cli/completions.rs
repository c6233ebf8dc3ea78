//! Completions, answered and typed: what Tab offers, and that nothing else happens.

use std::io::ErrorKind;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use crate::support::Home;

/// Three profiles and a group of two identity providers; one asks programs for its secrets.
const CONFIGURATION: &str = r#"
identity_providers:
  corp:
    url: https://login.example.com/start
    username: ada
    password: {command: "touch ran", unattended: true}
  partner: {url: "https://sso.example.net/start", username: ada}
accounts: {"111111111111": acme-prod}
profiles:
  prod: {identity_provider: corp, role: acme-prod/PowerUser}
  audit: {identity_provider: corp, role: "arn:aws:iam::222222222222:role/team/ReadOnly", aws_profile: default}
  team/eu:west: {identity_provider: partner}
  again: {identity_provider: partner, aws_profile: prod}
groups: {project: [prod, audit]}
"#;

fn home() -> Home {
    let mut home = Home::new();
    home.profiles(CONFIGURATION);
    let folder = Path::new(env!("CARGO_BIN_EXE_mai"))
        .parent()
        .expect("the binary is in a folder");
    home.set("PATH", &format!("{}:/usr/bin:/bin", folder.display()));
    home
}

/// What stands before the tab of each line.
fn offered(home: &Home, word: &str, before: &str) -> Vec<String> {
    let answer = home.mai(&format!("completions '--complete={word}' -- {before}"));
    assert_eq!((answer.code, &*answer.stderr), (Some(0), ""), "{answer}");
    let lines = answer.stdout.lines();
    lines
        .map(|line| line.split('\t').next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn arguments_offer_what_they_take() {
    let home = home();
    let all = ["prod", "audit", "team/eu:west", "again", "project"];
    for (word, before, wanted) in [
        ("", "login", &all[..]),
        ("pro", "login audit", &["prod", "project"]),
        ("pro", "log --force", &["prod", "project"]),
        ("pro", "roles", &["prod"]),
        ("pro", "ro", &["prod"]),
        ("", "roles --idp", &["corp", "partner"]),
        ("", "create new --idp", &["corp", "partner"]),
        ("--idp=p", "roles", &["--idp=partner"]),
        (
            "",
            "login --awsprofile",
            &["prod", "default", "team/eu:west"],
        ),
        ("d", "login --awsprofile", &["default"]),
        ("j", "list -o", &["json"]),
        ("z", "completions", &["zsh"]),
        (
            "aws-",
            "import",
            &["aws-azure-login", "aws-adfs", "aws-google-auth"],
        ),
        ("lo", "", &["login", "logout"]),
        ("logi", "-v --color never", &["login"]),
        ("--aw", "login", &["--awsprofile"]),
        ("", "-c", &[":files"]),
        ("--config=x", "login", &[":files"]),
        ("", "login --min", &[]),
        ("x", "login", &[]),
        ("", "c", &[]),
    ] {
        assert_eq!(offered(&home, word, before), wanted, "{before} {word}");
    }
    let about = home.mai("completions --complete=pro -- login").ok().stdout;
    assert_eq!(
        about,
        "prod\tPowerUser in acme-prod\nproject\tprod, audit\n"
    );
}

#[test]
fn every_verb_is_offered() {
    let home = home();
    let help = home.mai("--help").ok().stdout;
    let verbs = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next());
    let verbs: Vec<&str> = verbs.collect();
    assert!(verbs.len() > 5, "{help}");
    assert_eq!(offered(&home, "", ""), verbs);
}

#[test]
fn the_file_named_on_the_line_is_the_one_that_counts() {
    let home = home();
    let provider = "identity_providers: {corp: {url: \"https://login.example.com/\"}}";
    home.write(
        "other.yaml",
        format!("{provider}\nprofiles: {{elsewhere: {{identity_provider: corp}}}}\n"),
    );
    assert_eq!(offered(&home, "", "-c other.yaml login"), ["elsewhere"]);
    assert_eq!(offered(&home, "", "login -c other.yaml"), ["elsewhere"]);
    assert_eq!(offered(&home, "", "login -c none.yaml"), [""; 0]);
}

#[test]
fn a_configuration_that_cannot_be_read_offers_nothing_and_says_nothing() {
    let home = home();
    for broken in [
        "",
        "profiles: [",
        "profiles: {prod: {nonsense: 1}}",
        "\0\u{fffd}",
    ] {
        home.profiles(broken);
        assert_eq!(offered(&home, "", "login"), [""; 0], "{broken:?}");
        assert_eq!(offered(&home, "logi", ""), ["login"], "{broken:?}");
    }
    assert_eq!(offered(&Home::new(), "", "login"), [""; 0]);
}

#[test]
fn completing_opens_no_keyring_runs_no_program_and_leaves_no_file() {
    let mut home = home();
    let bus = home.path("bus");
    let listener = UnixListener::bind(&bus).expect("a socket");
    listener
        .set_nonblocking(true)
        .expect("a socket that does not wait");
    home.set(
        "DBUS_SESSION_BUS_ADDRESS",
        &format!("unix:path={}", bus.display()),
    );
    let before = home.names("");
    offered(&home, "", "login");
    offered(&home, "", "roles --idp");
    let knocked = listener.accept().map(drop).map_err(|error| error.kind());
    assert_eq!(knocked, Err(ErrorKind::WouldBlock));
    assert_eq!(home.names(""), before);
    assert_eq!(home.names(".config/mai"), ["profiles.yaml"]);
}

/// Runs the script's function in a real bash, as Readline does; the candidates.
fn in_bash(home: &Home, line: &str) -> Vec<String> {
    let script = "eval \"$(\"$@\")\"; COMP_LINE=$LINE COMP_POINT=${#LINE}; _mai
        [ ${#COMPREPLY[@]} = 0 ] || printf '%s\\n' \"${COMPREPLY[@]}\"";
    let mut command = home.command("completions bash");
    let words: Vec<_> = [command.get_program()]
        .into_iter()
        .chain(command.get_args())
        .collect();
    let mut bash = Command::new("bash");
    bash.args(["--noprofile", "--norc", "-uc", script, "bash"])
        .args(words);
    bash.env_clear()
        .env("LINE", line)
        .current_dir(home.path(""));
    bash.envs(
        command
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let output = bash.output().expect("bash is installed");
    assert!(output.stderr.is_empty(), "{output:?}");
    command.env_clear();
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(str::to_owned)
        .collect()
}

#[test]
fn bash_gets_the_part_that_it_replaces() {
    let home = home();
    home.write("a $(touch ran) file", "");
    assert_eq!(in_bash(&home, "mai login au"), ["audit"]);
    assert_eq!(
        in_bash(&home, "mai login audit "),
        ["prod", "audit", "team/eu:west", "again", "project"]
    );
    assert_eq!(in_bash(&home, "mai login team/e"), ["team/eu:west"]);
    // Readline has `west` alone in its hand after a colon, and `p` after the equals sign.
    assert_eq!(in_bash(&home, "mai login team/eu:w"), ["west"]);
    assert_eq!(in_bash(&home, "mai roles --idp=p"), ["partner"]);
    assert_eq!(in_bash(&home, "mai -c a"), ["a $(touch ran) file"]);
    assert_eq!(in_bash(&home, "mai login --nothing-like-it"), [""; 0]);
}

#[test]
fn what_stands_on_the_line_or_in_the_file_never_acts_in_bash() {
    let home = home();
    for line in [
        "mai login $(touch ran)",
        "mai login `touch ran`; touch ran",
        "mai -c '$(touch ran)' login p",
        "mai login \"$(touch ran)",
        "mai login * ",
    ] {
        in_bash(&home, line);
    }
    for name in ["$(touch ran)", "`touch ran`", "; touch ran", "a b", "*"] {
        home.profiles(&CONFIGURATION.replace("prod:", &format!("\"{name}\":")));
        assert_eq!(in_bash(&home, "mai login "), [""; 0], "{name}");
    }
    assert!(
        !home.names("").contains(&"ran".to_owned()),
        "{:?}",
        home.names("")
    );
}

#[test]
fn tab_completes_a_profile_in_bash() {
    let home = home();
    let mut terminal = home.in_terminal(
        "completions bash",
        "\"$@\" >mai.bash; PS1='ready> ' exec bash --noprofile --norc -i",
    );
    terminal.expect("ready> ").line(". ./mai.bash");
    terminal.expect("ready> ").keys("echo 1; mai logi");
    terminal.keys("\t").expect("n ").keys("aud\t").expect("it ");
    terminal.keys("\u{15}").line("exit");
    terminal.end();
}

#[test]
fn scripts_are_readable_for_their_shells() {
    let home = home();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = home.mai(&format!("completions {shell}")).ok().stdout;
        assert!(script.contains("mai completions"), "{shell}:\n{script}");
        let path = home.write(&format!("completions.{shell}"), &script);
        // Only shells that are installed can be asked; elvish and PowerShell have no way to be.
        if let ("bash" | "zsh" | "fish", Ok(checked)) =
            (shell, Command::new(shell).arg("-n").arg(&path).output())
        {
            assert!(checked.status.success(), "{shell}: {checked:?}");
        }
    }
    home.mai("completions tcsh").fails(2, &["tcsh"]);
    home.mai("completions")
        .fails(2, &["which shell", "powershell"]);
}
