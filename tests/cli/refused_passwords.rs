//! A password that was refused is sent no second time, whatever else was refused or cannot be written meanwhile.

use mai_testbed::Testbed;

use crate::passwords::home_with;

const COMMAND: &str = "password: {command: [cat, secret], unattended: true}";

#[test]
fn a_refused_password_of_a_command_is_not_sent_again() {
    let testbed = Testbed::start();
    let home = home_with(&testbed, "carol", COMMAND, "");
    home.write("secret", "hunter2\n");
    home.mai("login any")
        .fails(4, &["refused the password of carol"]);
    assert_eq!(testbed.password_attempts("carol"), 1);
    let again = home.mai("login any").fails(
        4,
        &[
            "so it is not sent again",
            "update what the password command of corp prints",
            "mai login any --ask",
        ],
    );
    assert!(!again.stderr.contains("hunter2"), "{again}");
    assert_eq!(testbed.password_attempts("carol"), 1);
    let state = home.read(".local/state/mai/learned");
    assert!(!state.contains("hunter2"), "{state}");
    home.write("secret", "correct horse\n");
    home.mai("login any").ok();
    assert_eq!(testbed.password_attempts("carol"), 2);
}

#[test]
fn what_a_person_mistypes_hides_no_refused_password_of_a_command() {
    let testbed = Testbed::start();
    let home = home_with(&testbed, "carol", COMMAND, "");
    home.write("secret", "of last year\n");
    let refused = ["refused the password of carol"];
    home.mai("login any").fails(4, &refused);
    home.mai_with("login any --password-stdin", "correct hrose\n")
        .fails(4, &refused);
    assert_eq!(testbed.password_attempts("carol"), 2);
    for line in ["login any", "require any --no-input"] {
        home.mai(line).fails(4, &["so it is not sent again"]);
    }
    home.mai_with("login any --password-stdin", "correct hrose\n")
        .fails(4, &["so it is not sent again"]);
    assert_eq!(testbed.password_attempts("carol"), 2);
}

#[test]
fn where_a_refusal_cannot_be_noted_nobody_sends_a_stored_password() {
    let testbed = Testbed::start();
    let home = home_with(&testbed, "carol", COMMAND, "");
    home.write("secret", "of last year\n");
    let learned = home.write(".local/state/mai/learned", "mai-learned 2\n");
    let told = [
        "the password of carol is not sent to",
        "since a refusal could not be noted down",
        "was written by another version of `mai`",
        "or move the file away",
    ];
    for line in ["login any", "require any --no-input"] {
        home.mai(line).fails(1, &told);
    }
    std::fs::remove_file(&learned).expect("it was there");
    std::fs::create_dir(&learned).expect("a folder");
    home.mai("login any")
        .fails(1, &["could not be noted down", "is not a plain file"]);
    assert_eq!(testbed.password_attempts("carol"), 0);
    // Who sees what happens may send it.
    let (seen, code) = home.terminal("login any").end();
    assert_eq!(code, 4, "{seen}");
    assert_eq!(testbed.password_attempts("carol"), 1);
}
