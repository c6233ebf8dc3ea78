//! A command beside an endpoint of its own (`mai serve PROFILE -- COMMAND`): as if it ran alone.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::Child;
use std::time::Duration;

use mai_testbed::Testbed;
use rustix::process::{Pid, Signal, kill_process};

use crate::serve::{Serving, ends_in};
use crate::support::Home;
use crate::waiting::{PATIENCE, wait_until};

fn signed_in(testbed: &Testbed) -> Home {
    let home = Home::at(testbed, "simple", "ada");
    home.login("prod").ok();
    home
}

/// A line that runs `script` beside an endpoint.
fn beside(home: &Home, script: &str) -> String {
    let path = home.write("script", script);
    format!("serve prod -- sh '{}'", path.display())
}

fn signal(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(pid.cast_signed()).expect("a pid");
    kill_process(pid, signal).expect("it lives");
}

/// Its next lines; whoever waits in vain for one is told so.
fn lines(child: &mut Child) -> impl Fn() -> String + use<> {
    let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let (say, said) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            let _ = say.send(line);
        }
    });
    move || said.recv_timeout(PATIENCE).expect("a line")
}

/// `R` running, `S` asleep, `T` stopped.
fn state_of(pid: &str) -> char {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after = stat.rsplit(") ").next().unwrap_or_default();
    after.chars().next().unwrap_or('?')
}

#[test]
fn it_finds_the_keys_and_its_code_is_the_code() {
    let testbed = Testbed::start();
    let mut home = signed_in(&testbed);
    home.set("AWS_PROFILE", "other");
    let script = "echo $MAI_PROFILE ${AWS_PROFILE-none} $AWS_CONTAINER_CREDENTIALS_FULL_URI\n\
                  ls \"$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE\" >&2; cat; exit 7";
    let answer = home.mai_with(&beside(&home, script), "its stdin");
    assert_eq!(answer.code, Some(7), "{answer}");
    let start = "prod none http://127.0.0.1:";
    assert!(answer.stdout.starts_with(start), "{answer}");
    assert!(answer.stdout.ends_with("its stdin"), "{answer}");
    let file = answer.stderr.trim();
    assert!(file.ends_with("-prod"), "{answer}");
    assert!(!std::path::Path::new(file).exists(), "the token is gone");
    assert_eq!(home.names(".local/state/mai/endpoints"), ["locks"]);
    let killed = home.mai(&beside(&home, "kill -KILL $$"));
    assert_eq!(killed.code, Some(137), "{killed}");
    home.mai("serve prod -- no-such-program")
        .fails(127, &["there is no command `no-such-program`"]);
    home.mai("serve morning -- true")
        .fails(2, &["the keys of one profile"]);
}

#[test]
fn what_is_sent_to_mai_is_passed_on() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let script = "for s in TERM INT HUP QUIT USR1; do trap \"echo $s\" $s; done; trap 'exit 5' USR2\n\
                  echo ready; while :; do sleep 0.05; done";
    let mut child = home.start(&beside(&home, script));
    let line = lines(&mut child);
    assert_eq!(line(), "ready");
    for (sent, name) in [
        (Signal::TERM, "TERM"),
        (Signal::INT, "INT"),
        (Signal::HUP, "HUP"),
        (Signal::QUIT, "QUIT"),
        (Signal::USR1, "USR1"),
    ] {
        signal(child.id(), sent);
        assert_eq!(line(), name);
    }
    signal(child.id(), Signal::USR2);
    assert_eq!(child.wait().expect("it ends").code(), Some(5));
}

#[test]
fn a_command_that_stops_stops_mai_and_both_go_on_together() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let script = "echo $$; kill -STOP $$; echo again; kill -STOP $$; exit 3";
    let mut child = home.start(&beside(&home, script));
    let line = lines(&mut child);
    let (mai, inner) = (child.id().to_string(), line());
    wait_until("both stop", || state_of(&mai) == 'T');
    assert_eq!(state_of(&inner), 'T');
    signal(child.id(), Signal::CONT);
    assert_eq!(line(), "again");
    wait_until("both stop again", || state_of(&mai) == 'T');
    signal(child.id(), Signal::CONT);
    assert_eq!(child.wait().expect("it ends").code(), Some(3));
}

#[test]
fn a_command_that_somebody_else_stops_stops_mai_too() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let mut child = home.start(&beside(&home, "echo $$; sleep 0.3; read line; exit 3"));
    let line = lines(&mut child);
    let (mai, inner) = (child.id().to_string(), line());
    kill_process(
        Pid::from_raw(inner.parse().expect("a pid")).expect("a pid"),
        Signal::STOP,
    )
    .expect("it lives");
    wait_until("both stop", || state_of(&mai) == 'T');
    signal(child.id(), Signal::CONT);
    drop(child.stdin.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(3));
}

#[test]
fn ctrl_c_reaches_the_command_once_and_mai_stays_until_it_ends() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    // One that is awake, since the system makes one signal of two that come before a sleeper wakes up.
    let path = home.write(
        "script",
        "$| = 1; $SIG{INT} = sub { $n++ }; print \"ready\\n\";\n\
         my $end = time + 2; 1 while time < $end; print \"had $n\\n\"; exit 4",
    );
    let mut terminal = home.terminal(&format!("serve prod -- perl '{}'", path.display()));
    terminal.expect("ready").keys("\u{3}").expect("had 1");
    let (seen, code) = terminal.end();
    assert_eq!(code, 4, "{seen}");
    assert!(!seen.contains("interrupted"), "{seen}");
}

#[test]
fn ctrl_z_is_a_stopped_job_of_the_shell() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let inner = beside(&home, "echo ready; read word; echo word $word; exit 6");
    let script =
        "exec bash -c 'set -m; \"$@\"; echo paused $?; fg >/dev/null; echo ended $?' bash \"$@\"";
    let mut terminal = home.in_terminal(&inner, script);
    terminal.expect("ready").keys("\u{1a}");
    terminal.expect("paused 14").line("hello");
    terminal.expect("word hello").expect("ended 6");
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
}

#[test]
fn what_nohup_has_ignored_stays_ignored() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    let script = "echo $$; read line; grep SigIgn /proc/$$/status";
    let mut command = crate::support::wrapped(
        &["sh", "-c", "trap '' HUP; exec \"$@\"", "sh"],
        &home.command(&beside(&home, script)),
    );
    command.env("LC_ALL", "C");
    let mut child = crate::support::start(command);
    let line = lines(&mut child);
    line();
    signal(child.id(), Signal::HUP);
    std::thread::sleep(Duration::from_millis(100));
    drop(child.stdin.take());
    let told = line();
    assert!(told.ends_with("01"), "the command ignores it too: {told}");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn keys_last_as_long_as_was_wished_when_it_starts() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    ends_in(&home, "prod", 1500);
    home.mai("exec prod --via endpoint --no-input -- true").ok();
    home.mai("exec prod --via endpoint --min 29m --no-input -- true")
        .fails(3, &["the keys of prod"]);
    home.mai("exec prod --via endpoint --min 20m --no-input -- true")
        .ok();
}

#[test]
fn a_command_that_cannot_start_is_told_alike_on_every_way() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    for (name, text) in [
        ("lost", "#!/nowhere/sh\n"),
        (
            "bare",
            "echo $0 $1 ${AWS_PROFILE-none} $MAI_PROFILE; exit 9\n",
        ),
    ] {
        let script = home.write(name, text);
        std::fs::set_permissions(script, std::fs::Permissions::from_mode(0o755)).expect("a mode");
    }
    home.write("notes", "text");
    for way in [
        "exec prod --",
        "exec prod --via endpoint --",
        "serve prod --",
    ] {
        let run = |command: &str| home.mai(&format!("{way} {command}"));
        run("nope").fails(127, &["there is no command `nope`"]);
        run("./lost").fails(127, &["`./lost`", "interpreter"]);
        run("./notes").fails(126, &["`./notes` cannot be run"]);
        // As shells do it, and `execvp`.
        let answer = run("./bare word");
        assert_eq!(
            answer.to_string(),
            "./bare word none prod\n[exit 9]",
            "{way}"
        );
    }
}

#[test]
fn marks_of_other_tools_are_gone_and_a_critical_profile_is_said_loudly() {
    let testbed = Testbed::start();
    let mut home = signed_in(&testbed);
    home.set("AWSUME_OF_TOMORROW", "x");
    let yaml = home.read(".config/mai/profiles.yaml");
    home.profiles(&yaml.replace("  prod:\n", "  prod:\n    critical: true\n"));
    let line = "CRITICAL: prod, PowerUser in 111111111111\n";
    for way in ["exec prod --via endpoint --", "serve prod --"] {
        let answer = home.mai(&format!("{way} sh -c 'echo ${{AWSUME_OF_TOMORROW-none}}'"));
        assert_eq!(answer.to_string(), format!("none\n{line}[exit 0]"), "{way}");
    }
    let serving = Serving::start(&home, "prod");
    assert!(
        serving.document["unset"]
            .as_array()
            .expect("names")
            .contains(&"AWSUME_OF_TOMORROW".into())
    );
    // With `-o json` words are few.
    assert!(!serving.said().contains("CRITICAL"));
    drop(serving);
    let mut terminal = home.terminal("serve prod");
    terminal.expect("CRITICAL:").expect(" AWSUME_OF_TOMORROW ");
}
