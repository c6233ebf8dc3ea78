//! What `mai env` prints for shells, taken by them.

use mai::handover::environment::Environment;
use mai::handover::spelling::{Form, spelled};
use mai::secret::Secret;
use mai_testbed::{PASSWORD, Testbed};
use proptest::prelude::*;

use super::{HOSTILE, printed, signed_in, taken};
use crate::sign_ins::traffic;
use crate::support::{Home, sts_calls};

#[test]
fn a_shell_takes_the_keys_and_gives_them_back() {
    let testbed = Testbed::start();
    let home = signed_in(&testbed);
    for (shell, form) in [("sh", "sh"), ("bash", "bash")] {
        let code = printed(&home, &format!("prod --format {form}"));
        let seen = taken(
            shell,
            &code,
            &[("AWS_PROFILE", "stale"), ("AWS_VAULT", "stale")],
        );
        for (name, key) in [
            ("AWS_ACCESS_KEY_ID", "aws_access_key_id"),
            ("AWS_SECRET_ACCESS_KEY", "aws_secret_access_key"),
            ("AWS_SESSION_TOKEN", "aws_session_token"),
            ("AWS_CREDENTIAL_EXPIRATION", "x_security_token_expires"),
            ("AWS_SESSION_EXPIRATION", "x_security_token_expires"),
        ] {
            assert_eq!(seen.get(name), home.key("prod", key).as_ref(), "{name}");
        }
        assert_eq!(seen["MAI_PROFILE"], "prod");
        assert!(!seen.contains_key("AWS_PROFILE") && !seen.contains_key("AWS_VAULT"));
        let both = code + &printed(&home, &format!("prod --unset --format {form}"));
        let left = taken(shell, &both, &[("AWS_PAGER", "kept")]);
        let left: Vec<&String> = left
            .keys()
            .filter(|name| name.contains("AWS") || name.contains("MAI"))
            .collect();
        assert_eq!(left, ["AWS_PAGER"]);
    }
    assert_eq!((traffic(&testbed), sts_calls(&testbed)), ((0, 0), 0));
}

#[test]
fn a_region_of_the_profile_before_does_not_stay() {
    let testbed = Testbed::start();
    let mut home = signed_in(&testbed);
    home.write(".aws/config", "[profile prod]\nregion = eu-west-1\n");
    let shown = "echo ${AWS_REGION-none} ${AWS_DEFAULT_REGION-none}";
    let switched = |line: &str| {
        let script = format!("eval \"$(\"$@\" prod)\"; eval \"$(\"$@\" audit)\"; {shown}");
        home.script(&script, line, "").to_string()
    };
    assert_eq!(switched("env"), "none none\n[exit 0]");
    let both = "exec prod -- sh -c 'exec \"$MAI\" exec audit -- sh -c \"$SHOWN\"'";
    home.set("MAI", env!("CARGO_BIN_EXE_mai"));
    home.set("SHOWN", shown);
    assert_eq!(home.mai(both).to_string(), "none none\n[exit 0]");
}

#[test]
fn what_files_say_cannot_act_in_a_shell() {
    let testbed = Testbed::start();
    let mut home = signed_in(&testbed);
    home.write(
        ".aws/config",
        format!("[profile prod]\nregion = {HOSTILE}\n"),
    );
    home.set("AWSUME_$(touch x)", "x");
    home.set("AWSUME_A;touch x", "x");
    for shell in ["sh", "bash"] {
        let answer = home.script(
            &format!("{shell} -c 'eval \"$(\"$@\")\"; printf %s \"$AWS_REGION\"' x \"$@\""),
            "env prod",
            "",
        );
        assert_eq!(answer.to_string(), format!("{HOSTILE}[exit 0]"));
    }
    assert_eq!(home.names("").iter().filter(|name| *name == "x").count(), 0);
    let seen = home.mai("exec prod -- printenv AWS_REGION").ok().stdout;
    assert_eq!(seen.trim_end(), HOSTILE);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_value_is_a_value_in_sh_and_bash(
        values in proptest::collection::vec(
            prop_oneof!["[^\u{0}]{0,12}", "['\"`$\\\\\n\r !#;&|()~*?{}a]{0,16}"],
            1..40,
        )
    ) {
        let set: Vec<(String, Secret)> = values
            .iter()
            .enumerate()
            .map(|(number, value)| (format!("V{number}"), Secret::new(value.as_str())))
            .collect();
        let environment = Environment { set, unset: vec!["GONE".into(), "NEVER".into()], ..Environment::default() };
        for (shell, form) in [("sh", Form::Sh), ("bash", Form::Bash)] {
            let code = spelled(form, &environment).unwrap();
            let mut seen = taken(shell, &code, &[("GONE", "x")]);
            for (number, value) in values.iter().enumerate() {
                let found = seen.remove(&format!("V{number}"));
                prop_assert_eq!(found.as_deref(), Some(value.as_str()), "{}", shell);
            }
            // What a shell sets itself, and nothing else.
            for name in seen.keys() {
                prop_assert!(["PATH", "PWD", "OLDPWD", "SHLVL", "_"].contains(&name.as_str()), "{}", name);
            }
        }
    }
}

#[test]
fn the_shell_that_calls_is_found() {
    let testbed = Testbed::start();
    let mut home = signed_in(&testbed);
    home.set("SHELL", "/usr/bin/fish");
    for (script, told) in [
        (
            "\"$@\"; exit $?",
            "writing for sh, since `mai` was called from sh",
        ),
        (
            "timeout 20 bash -c '\"$@\"; exit $?' x \"$@\"; exit $?",
            "writing for bash, since `mai` was called from bash",
        ),
    ] {
        let answer = home.script(script, "env prod -v", "").ok();
        assert!(answer.stderr.contains(told), "{answer}");
    }
    // A shell in the chain that called the test itself, else SHELL.
    let answer = home.mai("env prod -v").ok();
    assert!(
        answer.stderr.contains("; --format names another"),
        "{answer}"
    );
}

#[test]
fn a_shell_that_evaluates_it_lets_its_person_sign_in() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    let mut terminal = home.in_terminal(
        "env prod",
        "eval \"$(\"$@\")\"; unset AWS_PROFILE; echo I have $MAI_PROFILE",
    );
    terminal.expect("Password").line(PASSWORD);
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(seen.contains("I have prod"), "{seen}");
}
