//! The files of Python's keyring: the encrypted one asks for its master password, and neither is sent in vain.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mai_testbed::{PASSWORD, Testbed};

use crate::support::Home;

const CRYPTED: &str = ".local/share/python_keyring/crypted_pass.cfg";
const PLAIN: &str = ".local/share/python_keyring/keyring_pass.cfg";
const MASTER: &str = "master of ada";
const ASKS_MASTER: &str =
    "Master password of ~/.local/share/python_keyring/crypted_pass.cfg (Python's keyring): ";

/// A home where secrets are kept in a file, with these identity providers, all at the same address.
fn home(testbed: &Testbed, providers: &[&str]) -> Home {
    let mut yaml = String::from("secrets: file\nidentity_providers:\n");
    for (name, query) in providers.iter().zip(["", "?other=1"]) {
        let url = testbed.face("simple");
        yaml.push_str(&format!(
            "  {name}: {{url: '{url}{query}', username: ada, keep_session: false}}\n"
        ));
    }
    yaml.push_str("profiles:\n");
    for (name, role) in providers
        .iter()
        .zip(["111111111111/PowerUser", "222222222222/ReadOnly"])
    {
        yaml.push_str(&format!(
            "  {name}: {{identity_provider: {name}, role: {role}}}\n"
        ));
    }
    Home::with(testbed, &yaml)
}

/// What the files call a name.
fn escaped(name: &str) -> String {
    let letter = |b: u8| match b.is_ascii_alphanumeric() {
        true => char::from(b).to_string(),
        false => format!("_{b:02x}"),
    };
    name.bytes().map(letter).collect()
}

/// An entry as Python's keyring encrypts it; with the same salt each time, which tells nothing here.
fn encrypted(password: &str, master: &str) -> String {
    use cfb8::cipher::KeyIvInit;
    let (salt, iv, mut key) = ([7; 32], [9; 16], [0; 32]);
    let rounds = std::num::NonZeroU32::new(1000).expect("not zero");
    let sha1 = ring::pbkdf2::PBKDF2_HMAC_SHA1;
    ring::pbkdf2::derive(sha1, rounds, &salt, master.as_bytes(), &mut key);
    let mut text = format!("pw:{password}").into_bytes();
    cfb8::Encryptor::<aes::Aes256>::new(&key.into(), &iv.into()).encrypt(&mut text);
    STANDARD.encode(
        serde_json::json!({
            "salt": STANDARD.encode(salt),
            "IV": STANDARD.encode(iv),
            "password_encrypted": STANDARD.encode(text),
        })
        .to_string(),
    )
}

/// The encrypted file, with passwords of ada at these addresses.
fn crypted_file(passwords: &[(&str, &str)]) -> String {
    let mut text = format!(
        "[keyring_2Dsetting]\npassword_20reference = \n\t{}\nscheme = [PBKDF2] AES256.CFB\nversion = 1.0\n\n[mai]\n",
        encrypted("password reference value", MASTER)
    );
    for (url, password) in passwords {
        let entry = encrypted(password, MASTER);
        text.push_str(&format!(
            "{} = \n\t{entry}\n",
            escaped(&format!("ada@{url}"))
        ));
    }
    text
}

#[test]
fn an_encrypted_password_is_read_with_its_master_password_and_kept_from_then_on() {
    let testbed = Testbed::start();
    let home = home(&testbed, &["prod"]);
    let text = crypted_file(&[(&testbed.face("simple"), PASSWORD)]);
    home.write(CRYPTED, &text);
    let answer = home.mai("login --no-input").fails(3, &[]);
    assert!(!answer.stderr.contains("aster"), "{answer}");
    let mut terminal = home.terminal("login");
    terminal.expect(ASKS_MASTER).line("master of bob");
    terminal.expect("this is not the master password");
    terminal.expect(ASKS_MASTER).line(MASTER);
    terminal.expect("Keep the password of ada").line("y");
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(!seen.contains("master of"), "{seen}");
    assert!(!seen.contains(PASSWORD), "{seen}");
    home.mai("login --no-input --force").ok();
    assert_eq!(home.read(CRYPTED), text);
    assert_eq!(testbed.password_attempts("ada"), 2);
}

#[test]
fn who_does_not_know_the_master_password_is_asked_for_the_password() {
    let testbed = Testbed::start();
    let home = home(&testbed, &["prod"]);
    home.write(
        CRYPTED,
        crypted_file(&[(&testbed.face("simple"), PASSWORD)]),
    );
    for answers in [
        &["\r"][..],
        &["\u{4}"],
        &["a\r", "b\r", "c\r"],
        &["a\r", "\r"],
    ] {
        let mut terminal = home.terminal("login --force");
        for answer in answers {
            terminal.expect(ASKS_MASTER).keys(answer);
        }
        terminal.expect("Password of ada").line(PASSWORD);
        terminal.expect("Keep the password of ada").keys("\u{4}");
        let (seen, code) = terminal.end();
        assert_eq!(code, 0, "{answers:?}: {seen}");
        assert_eq!(seen.matches("Master password").count(), answers.len());
    }
    // Ctrl-C is no answer.
    let mut terminal = home.terminal("login --force");
    terminal.expect(ASKS_MASTER).keys("\u{3}");
    let (seen, code) = terminal.end();
    assert_eq!(code, 130, "{seen}");
    assert!(!seen.contains("Password of"), "{seen}");
}

#[test]
fn the_master_password_is_asked_for_once_in_a_run() {
    let testbed = Testbed::start();
    let home = home(&testbed, &["prod", "audit"]);
    let url = testbed.face("simple");
    let other = format!("{url}?other=1");
    home.write(
        CRYPTED,
        crypted_file(&[(&url, PASSWORD), (&other, PASSWORD)]),
    );
    let mut terminal = home.terminal("login prod audit");
    terminal.expect(ASKS_MASTER).line(MASTER);
    terminal.expect("Keep the password of ada").line("n");
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert_eq!(seen.matches("Master password").count(), 1, "{seen}");
    assert_eq!(testbed.password_attempts("ada"), 2);
}

#[test]
fn a_password_of_a_file_that_was_refused_is_never_sent_again() {
    let testbed = Testbed::start();
    let url = testbed.face("simple");
    for file in [PLAIN, CRYPTED] {
        let text = |password: &str| match file {
            CRYPTED => crypted_file(&[(&url, password)]),
            _ => {
                let (name, entry) = (escaped(&format!("ada@{url}")), STANDARD.encode(password));
                format!("[mai]\n{name} = \n\t{entry}\n")
            }
        };
        let home = home(&testbed, &["prod"]);
        home.write(file, text("the old one"));
        let before = testbed.password_attempts("ada");
        let mut terminal = home.terminal("login");
        if file == CRYPTED {
            terminal.expect(ASKS_MASTER).line(MASTER);
        }
        let (seen, code) = terminal.end();
        assert_eq!(code, 4, "{seen}");
        // Twice: a login that worked forgives, but does not make the old password right.
        for _ in 0..2 {
            let mut terminal = home.terminal("login --force");
            terminal.expect("Password of ada").line(PASSWORD);
            terminal.expect("Keep the password of ada").keys("\u{4}");
            let (seen, code) = terminal.end();
            assert_eq!(code, 0, "{seen}");
            assert!(!seen.contains("Master"), "{seen}");
        }
        assert_eq!(testbed.password_attempts("ada"), before + 3, "{file}");
        // The Python Mai has stored another one meanwhile.
        home.write(file, text(PASSWORD));
        let mut terminal = home.terminal("login --force");
        if file == CRYPTED {
            terminal.expect(ASKS_MASTER).line(MASTER);
            terminal.expect("Keep the password of ada").line("n");
        }
        let (seen, code) = terminal.end();
        assert_eq!(code, 0, "{seen}");
        assert!(!seen.contains("Password of"), "{seen}");
    }
}

#[test]
fn a_file_that_cannot_be_opened_costs_no_login() {
    let testbed = Testbed::start();
    let home = home(&testbed, &["prod"]);
    let good = crypted_file(&[(&testbed.face("simple"), PASSWORD)]);
    let mine = encrypted(PASSWORD, MASTER);
    let other_scheme = good.replace("[PBKDF2] AES256.CFB", "[Argon2] AES128.GCM");
    let other_master = good.replace(&mine, &encrypted(PASSWORD, "another"));
    for (text, master, words) in [
        (other_scheme, None, "a way that `mai` does not know"),
        (other_master, Some(MASTER), "under another master password"),
    ] {
        home.write(CRYPTED, text);
        let mut terminal = home.terminal("login --force");
        if let Some(master) = master {
            terminal.expect(ASKS_MASTER).line(master);
        }
        terminal.expect("Password of ada").line(PASSWORD);
        terminal.expect("Keep the password of ada").keys("\u{4}");
        let (seen, code) = terminal.end();
        assert_eq!(code, 0, "{seen}");
        assert!(seen.contains(words), "{seen}");
    }
}

#[test]
fn a_file_with_a_password_is_named_when_all_is_to_be_forgotten() {
    let testbed = Testbed::start();
    let home = home(&testbed, &["corp"]);
    let name = escaped(&format!("ada@{}", testbed.face("simple")));
    let entry = STANDARD.encode(PASSWORD);
    home.write(PLAIN, format!("[mai]\n{name} = \n\t{entry}\n"));
    home.mai("login corp --no-input").ok();
    home.mai("logout corp --forget").fails(
        1,
        &[
            "keyring_pass.cfg has a password of ada",
            "rm ~/.local/share/python_keyring/keyring_pass.cfg",
        ],
    );
    assert!(home.path(PLAIN).exists());
}
