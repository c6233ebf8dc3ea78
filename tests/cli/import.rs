//! `mai import`.

use crate::support::Home;

const SAML2AWS: &str = "[corp]\nurl = https://adfs.test\nusername = ada\nprovider = ADFS\n\
    role_arn = arn:aws:iam::111111111111:role/Admin\naws_session_duration = 28800\npassword = hunter2\n\
    [audit]\nurl = https://adfs.test\nusername = ada\nprovider = ADFS\nrole_arn = arn:aws:iam::222222222222:role/Audit\n\
    aws_profile = audit\n";

const AWS_CONFIG: &str = "[default]\nregion = eu-west-1\n[profile goo]\ngoogle_config.google_idp_id = C1\n\
    google_config.google_sp_id = 7\ngoogle_config.google_username = ada@x.test\n";

const OWN: &str = "# mine\nidentity_providers:\n  old: {url: 'https://old.test/start', username: ada}\nprofiles:\n  \
    corp: {identity_provider: old} # stays\n";

fn home() -> Home {
    let home = Home::new();
    home.write(".saml2aws", SAML2AWS);
    home.write(".aws/config", AWS_CONFIG);
    home
}

#[test]
fn nothing_is_written_before_somebody_agrees() {
    let home = home();
    let answer = home.mai("import -n").ok();
    assert!(answer.stdout.contains("url: https://adfs.test/adfs/ls/IdpInitiatedSignOn.aspx?loginToRp=urn:amazon:webservices"), "{answer}");
    assert!(home.names(".config/mai").is_empty());
    home.mai("import --no-input").fails(3, &["--yes"]);
    assert!(home.names(".config/mai").is_empty());
    let mut terminal = home.terminal("import saml2aws");
    terminal
        .expect("Write this to ~/.config/mai/profiles.yaml?")
        .line("n");
    terminal.expect("Nothing was written.");
    assert_eq!(terminal.end().1, 0);
    assert!(home.names(".config/mai").is_empty());
}

#[test]
fn what_other_tools_know_becomes_profiles() {
    let home = home();
    let mut terminal = home.terminal("import");
    terminal
        .expect("Write this to ~/.config/mai/profiles.yaml?")
        .line("y");
    terminal.expect("Wrote 3 profiles to ~/.config/mai/profiles.yaml.");
    terminal.expect("Next: mai login corp");
    assert_eq!(terminal.end().1, 0);
    let list = home.mai("list -o json").ok().json();
    let list = list.as_array().unwrap();
    let of = |name: &str| list.iter().find(|p| p["profile"] == name).unwrap();
    assert_eq!(
        of("corp")["role_arn"],
        "arn:aws:iam::111111111111:role/Admin"
    );
    assert_eq!(of("corp")["aws_profile"], "saml");
    assert_eq!(of("audit")["aws_profile"], "audit");
    assert_eq!(
        of("corp")["identity_provider"],
        of("audit")["identity_provider"]
    );
    assert_eq!(of("goo")["username"], "ada@x.test");
    // Once more: all of it is there.
    let answer = home.mai("import").ok();
    assert!(
        answer.stderr.contains("There is nothing to take over."),
        "{answer}"
    );
}

#[test]
fn what_stands_there_stays_and_names_do_not_clash() {
    let home = home();
    home.profiles(OWN);
    let answer = home.mai("import saml2aws --yes -o json").ok();
    assert_eq!(
        answer.json()["profiles"],
        serde_json::json!(["corp-saml2aws", "audit"])
    );
    let text = home.read(".config/mai/profiles.yaml");
    for line in OWN.lines() {
        assert!(text.contains(line), "{line}: {text}");
    }
    home.mai("list").ok();
}

#[test]
fn passwords_in_plain_files_stay_where_they_are_and_are_said() {
    let home = home();
    let answer = home.mai("import --yes").ok();
    assert!(
        answer
            .stderr
            .contains("~/.saml2aws [corp]: there is a password or secret in that file"),
        "{answer}"
    );
    let all = format!("{answer}{}", home.read(".config/mai/profiles.yaml"));
    assert!(!all.contains("hunter2"), "{all}");
}

#[test]
fn a_broken_file_of_another_tool_is_named_and_does_not_stop_the_others() {
    let home = home();
    home.write(".saml2aws", "[corp\nurl = hunter2\n");
    home.mai("import saml2aws").fails(2, &["~/.saml2aws:1"]);
    let answer = home.mai("import --yes").ok();
    assert!(answer.stderr.contains("~/.saml2aws:1"), "{answer}");
    assert!(answer.stderr.contains("Wrote 1 profile"), "{answer}");
    assert!(!answer.stderr.contains("hunter2"), "{answer}");
    home.write(".clisso.yaml", "apps:\n  a: [hunter2\n");
    home.mai("import clisso").fails(2, &["~/.clisso.yaml:"]);
}

#[test]
fn a_tool_that_is_not_there_and_one_that_nobody_knows_are_told_apart() {
    let home = Home::new();
    let answer = home.mai("import").ok();
    assert!(
        answer.stderr.contains("There is nothing to take over."),
        "{answer}"
    );
    home.mai("import saml2aws")
        .fails(2, &["there is no file ~/.saml2aws", "--from"]);
    home.write("empty", "");
    home.mai("import saml2aws --from ~/empty")
        .fails(2, &["~/empty holds nothing of saml2aws", "--from"]);
    home.write(".saml2aws", "# nothing yet\n");
    home.mai("import saml2aws")
        .fails(2, &["~/.saml2aws holds nothing of saml2aws", "--from"]);
    home.mai("import saml2aws --from ~/none")
        .fails(2, &["there is no file ~/none"]);
    home.mai("import saml2awz")
        .fails(2, &["saml2awz", "a similar value exists: 'saml2aws'"]);
    home.mai("import ''")
        .fails(2, &["possible values", "okta-aws-cli"]);
}

#[test]
fn another_file_can_be_named() {
    let home = Home::new();
    let file = home.write("elsewhere", SAML2AWS);
    home.mai(&format!("import saml2aws --yes --from {}", file.display()))
        .ok();
    assert!(
        home.read(".config/mai/profiles.yaml")
            .contains("role/Audit")
    );
}

#[test]
fn a_name_that_is_too_long_is_shortened() {
    let home = Home::new();
    let account = |name: &str| format!("[{name}]\nurl = https://{name:.1}.test/start\n");
    let long = "x".repeat(130);
    home.write(".saml2aws", account(&long));
    let answer = home.mai("import --yes -o json").ok();
    assert_eq!(
        answer.json()["profiles"],
        serde_json::json!(["x".repeat(64)])
    );
    // With the tool's name behind it, this one would be too long as well.
    let taken = "y".repeat(115);
    home.profiles(&format!(
        "identity_providers: {{old: {{url: 'https://old.test/'}}}}\n\
         profiles: {{{taken}: {{identity_provider: old}}}}\n"
    ));
    home.write(".saml2aws", account(&taken));
    let answer = home.mai("import --yes -o json").ok();
    assert_eq!(
        answer.json()["profiles"],
        serde_json::json!(["y".repeat(64)])
    );
    home.mai("list").ok();
}

#[test]
fn names_of_accounts_are_taken_over_too() {
    const ACCOUNTS: &str = "awscli:\n  idps:\n    - \"arn:aws:iam::123456789012:saml-provider/okta\": \"Data\"\n    \
        - \"arn:aws:iam::210987654321:saml-provider/okta\": \"Web\"\n";
    let home = Home::new();
    home.write(".okta/okta.yaml", ACCOUNTS);
    let answer = home.mai("import okta-aws-cli --yes -o json").ok();
    assert_eq!(
        answer.json()["accounts"],
        serde_json::json!([
            {"account_id": "123456789012", "account": "Data"},
            {"account_id": "210987654321", "account": "Web"},
        ])
    );
    let home = Home::new();
    home.write(".okta/okta.yaml", ACCOUNTS);
    let answer = home.mai("import okta-aws-cli --yes").ok();
    assert!(
        answer.stderr.contains("Wrote names of 2 accounts to"),
        "{answer}"
    );
    let home = self::home();
    home.write(".okta/okta.yaml", ACCOUNTS);
    let answer = home.mai("import --yes").ok();
    assert!(
        answer
            .stderr
            .contains("Wrote 3 profiles and names of 2 accounts to"),
        "{answer}"
    );
}

#[test]
fn rows_tell_what_became_of_each_profile() {
    let home = home();
    let answer = home.mai("import saml2aws -n -o tsv").ok();
    assert_eq!(answer.stdout, "profile\tstatus\ncorp\tnew\naudit\tnew\n");
    let answer = home.mai("import saml2aws --yes -o tsv").ok();
    assert_eq!(
        answer.stdout,
        "profile\tstatus\ncorp\twritten\naudit\twritten\n"
    );
    let answer = home.mai("import saml2aws --yes -o tsv").ok();
    assert_eq!(
        answer.stdout,
        "profile\tstatus\ncorp\tleft out\naudit\tleft out\n"
    );
}

#[test]
fn what_mai_cannot_do_yet_and_sections_that_clash_are_said_before_anything_is_written() {
    let home = Home::new();
    let two = SAML2AWS.replace("aws_profile = audit\n", "");
    home.write(
        ".saml2aws",
        format!("{two}[okta]\nurl = https://x.okta.com/home/a/b/1\nprovider = Okta\n"),
    );
    let answer = home.mai("import -n").ok();
    for words in [
        "okta: `mai` does not know how to sign in to Okta yet",
        "corp and audit both write to [saml], as they did",
    ] {
        assert!(answer.stderr.contains(words), "{words}: {answer}");
    }
}
