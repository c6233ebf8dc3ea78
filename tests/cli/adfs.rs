//! Sign-ins at AD FS: every version's login, the choices before it, second factors by adapter, and what goes wrong.

use mai_testbed::{PASSWORD, Testbed};

use crate::sign_ins::{READER, after_password, ends_in_keys, home_of, traffic};
use crate::support::{Home, sts_calls};

#[test]
fn every_version_ends_in_keys_with_no_request_too_many() {
    let testbed = Testbed::start();
    for (face, user, more, requests) in [
        ("adfs-3", "CORP\\ada", "", 3),
        ("adfs-3", "ada", "    options: {domain: CORP}\n", 3),
        (
            "adfs-3",
            "ada@corp.example",
            "    remember_device: true\n",
            3,
        ),
        ("adfs-german", "ada", "    type: adfs\n", 3),
        ("adfs-2019", "ada", "", 3),
        ("adfs-paged", "ada", "", 5),
        ("adfs-hrd", "ada", "", 5),
        (
            "adfs-hrd",
            "ada",
            "    options: {home_realm: AD AUTHORITY}\n",
            5,
        ),
        ("adfs-menu", "ada", "", 5),
        ("adfs-bare", "ada", "", 3),
    ] {
        let home = home_of(&testbed, face, user, more);
        ends_in_keys(&testbed, &format!("{face} {user}"), &home, "any", requests);
    }
}

#[test]
fn a_wrong_password_is_sent_once_and_named() {
    let testbed = Testbed::start();
    for (face, user, words) in [
        ("adfs-3", "CORP\\ada", "refused the password of CORP\\ada"),
        (
            "adfs-german",
            "CORP\\ada",
            "refused the password of CORP\\ada",
        ),
        (
            "adfs-2019",
            "ada@corp.example",
            "refused the password of ada@corp.example",
        ),
        ("adfs-2019", "ada", "`username: DOMAIN\\ada`"),
        ("adfs-2019", "eve", "refused the password of eve"),
    ] {
        testbed.clear_requests();
        let home = home_of(&testbed, face, user, "");
        home.mai_with("login any --password-stdin", "wrong\n")
            .fails(4, &[words, "--ask"]);
        assert_eq!(traffic(&testbed).1, 1, "{face}");
    }
    // A user without a domain, with the right password, where one is needed.
    let home = home_of(&testbed, "adfs-3", "ada", "");
    home.login("any").fails(4, &["`username: DOMAIN\\ada`"]);
}

#[test]
fn an_expired_password_names_the_page_that_changes_it() {
    let testbed = Testbed::start();
    for face in ["adfs-3", "adfs-2019"] {
        let home = home_of(&testbed, face, "CORP\\pat", "");
        home.login("any").fails(
            3,
            &[
                "has expired",
                &format!("/{face}/adfs/portal/updatepassword/"),
            ],
        );
    }
}

#[test]
fn the_home_realm_is_asked_for_and_may_be_configured() {
    let testbed = Testbed::start();
    let home = home_of(&testbed, "adfs-hrd", "ada", "");
    let mut terminal = home.terminal("login any");
    terminal
        .expect("Where do you sign in")
        .expect("type to filter");
    terminal.keys("Active\r");
    terminal.expect("Password").line(PASSWORD);
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
    assert!(
        seen.contains("Partner") && seen.contains("home_realm"),
        "{seen}"
    );

    let home = home_of(
        &testbed,
        "adfs-hrd",
        "ada",
        "    options: {home_realm: Elsewhere}\n",
    );
    home.login("any").fails(
        2,
        &["no organisation `Elsewhere`", "Partner, Active Directory"],
    );
    let home = home_of(
        &testbed,
        "adfs-hrd",
        "ada",
        "    options: {home_realm: partner}\n",
    );
    let answer = home.login("any").fails(
        1,
        &["claims provider cannot be reached", "Activity ID", "log"],
    );
    assert!(!answer.stderr.contains("loginToRp"), "{answer}");
}

#[test]
fn pages_that_lead_nowhere_say_what_to_do() {
    let testbed = Testbed::start();
    let off = home_of(&testbed, "adfs-off", "ada", "");
    let base = testbed.face("adfs-off");
    let base = base.split("IdpInitiated").next().unwrap_or_default();
    let answer = off.login("any");
    let hint = format!("`url: {base}`");
    answer.fails(
        1,
        &[
            "Activity ID 00000000-0000-0000-1234-",
            "EnableIdPInitiatedSignonPage",
            &hint,
        ],
    );
    // The hint is true.
    let yaml = format!(
        "identity_providers:\n  corp: {{url: '{base}', username: ada, password: ask}}\n{READER}"
    );
    Home::with(&testbed, &yaml).login("any").ok();

    let home = home_of(&testbed, "adfs-wia", "ada", "");
    home.login("any")
        .fails(3, &["Kerberos or NTLM", "WiaSupportedUserAgents"]);
    let home = home_of(&testbed, "adfs-stranger", "ada", "");
    home.login("any")
        .fails(1, &["MSIS3020", "Activity ID", "`loginToRp`"]);
    let home = home_of(
        &testbed,
        "adfs-menu",
        "ada",
        "    options: {relying_party: Nothing}\n",
    );
    home.login("any").fails(
        2,
        &["no application `Nothing`", "Amazon Web Services (AWS)"],
    );
    let home = home_of(&testbed, "adfs-unavailable", "ada", "");
    home.login("any")
        .fails(3, &["no such second factor", "mfa: {device"]);
    let home = home_of(&testbed, "adfs-duo", "ada", "");
    home.login("any").fails(3, &["asks for Duo", "browser"]);
    let home = home_of(&testbed, "adfs-certificate", "ada", "");
    home.login("any")
        .fails(3, &["client certificate", "`client_certificate:"]);
    assert_eq!(sts_calls(&testbed), 1);
}

#[test]
fn an_approval_is_waited_for_and_its_number_is_shown_even_if_quiet() {
    let testbed = Testbed::start();
    for flag in ["", " -q"] {
        testbed.forget_sessions();
        let home = home_of(&testbed, "adfs-azure", "ada", "");
        let mut terminal = home.terminal(&format!("login any{flag}"));
        terminal.expect("Password").line(PASSWORD);
        terminal.expect("the number is 42");
        let (seen, code) = terminal.end();
        assert_eq!(code, 0, "{seen}");
        assert_eq!(seen.matches("the number is 42").count(), 1, "{seen}");
    }
    for face in ["adfs-server", "adfs-silverfort"] {
        let home = home_of(&testbed, face, "ada", "");
        let mut terminal = after_password(&home);
        terminal.expect("Approve the sign-in");
        let (seen, code) = terminal.end();
        assert_eq!(code, 0, "{face}: {seen}");
    }
}

#[test]
fn an_approval_that_does_not_come_has_its_reason() {
    let testbed = Testbed::start();
    for face in ["adfs-azure", "adfs-server"] {
        for (user, words) in [("carol", "was declined on the device"), ("bob", "in time")] {
            let home = home_of(&testbed, face, user, "");
            let (seen, code) = after_password(&home).end();
            assert_eq!(code, 4, "{face}: {seen}");
            assert!(seen.contains(words), "{face}: {seen}");
        }
    }
}

#[test]
fn nobody_is_rung_when_nobody_asked() {
    let testbed = Testbed::start();
    for face in ["adfs-azure", "adfs-server", "adfs-silverfort"] {
        testbed.clear_requests();
        let home = home_of(&testbed, face, "ada", "");
        home.login("any").fails(3, &["only a person can give"]);
        // The last request was the password: what begins the call was not sent.
        assert_eq!(traffic(&testbed), (3, 1), "{face}");
    }
}

#[test]
fn codes_go_to_the_adapter_that_asks() {
    let testbed = Testbed::start();
    for (face, more) in [
        ("adfs-securid", ""),
        ("adfs-securid2", ""),
        ("adfs-vip", ""),
        ("adfs-vip-upn", ""),
        ("adfs-safenet", ""),
        ("adfs-defender", ""),
        ("adfs-methods", "    mfa: {device: RSA}\n"),
    ] {
        testbed.forget_codes();
        let home = home_of(&testbed, face, "otto", more);
        let mut terminal = after_password(&home);
        terminal.expect("ode").line("000000");
        terminal
            .expect("says")
            .expect("ode")
            .line(&testbed.code("otto"));
        let (seen, code) = terminal.end();
        assert_eq!(code, 0, "{face}: {seen}");
        assert!(!seen.contains("(Authentication attempt"), "{face}: {seen}");
    }
}

#[test]
fn a_code_that_is_refused_leads_to_the_options_of_the_person() {
    let testbed = Testbed::start();
    let home = home_of(&testbed, "adfs-azure", "otto", "");
    let mut terminal = after_password(&home);
    terminal.expect("Code for").line("000000");
    terminal.expect("says").expect("type to filter");
    terminal.keys("verification\r");
    terminal.expect("Another code").line(&testbed.code("otto"));
    let (seen, code) = terminal.end();
    assert_eq!(code, 0, "{seen}");
}

#[test]
fn a_code_is_taken_instead_of_an_approval_where_that_is_configured() {
    let testbed = Testbed::start();
    let command = format!(
        "    mfa: {{method: totp, code: {{command: 'echo {}', unattended: true}}}}\n",
        testbed.code("kim")
    );
    for user in ["kim", "otto"] {
        testbed.forget_codes();
        let home = home_of(&testbed, "adfs-azure", user, &command);
        // The adapter begins with what the account prefers, so nobody's phone might ring.
        home.login("any").fails(3, &["only a person can give"]);
        let mut terminal = home.terminal("login any");
        terminal.expect("Password").line(PASSWORD);
        let (seen, code) = terminal.end();
        assert_eq!(code, 0, "{user}: {seen}");
    }
}

#[test]
fn nobody_is_needed_where_a_command_gives_the_code() {
    let testbed = Testbed::start();
    let settings = format!(
        "    mfa: {{method: totp, code: {{command: 'echo {}', unattended: true}}}}\n",
        testbed.code("otto")
    );
    let device = settings.replace("method: totp", "device: RSA");
    for (face, more) in [
        ("adfs-securid2", &settings),
        ("adfs-vip", &settings),
        ("adfs-methods", &device),
    ] {
        testbed.forget_codes();
        home_of(&testbed, face, "otto", more).login("any").ok();
    }
}

#[test]
fn a_wrong_code_is_not_asked_for_for_ever() {
    let testbed = Testbed::start();
    let home = home_of(&testbed, "adfs-securid", "otto", "");
    let mut terminal = after_password(&home);
    for code in ["000000", "000001", "000002"] {
        terminal.expect("ode").line(code);
    }
    let (seen, code) = terminal.end();
    assert_eq!(code, 4, "{seen}");
    assert_eq!(sts_calls(&testbed), 0);
}
