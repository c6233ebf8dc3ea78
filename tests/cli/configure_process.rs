//! `mai configure-process`: the line in `~/.aws/config`, and what would be read before it.

use std::os::unix::fs::symlink;

use mai_testbed::Testbed;

use crate::sign_ins::traffic;
use crate::support::{Home, PROFILES, corp, mode, sts_calls};

const CONFIG: &str = ".aws/config";
const KEYS: &str = "aws_secret_access_key = s\naws_session_token = t\n";

/// Profiles whose keys stand in no file.
fn home(testbed: &Testbed) -> Home {
    let profiles = PROFILES.replace(
        "identity_provider: corp\n",
        "identity_provider: corp\n    keys: process\n",
    );
    Home::with(
        testbed,
        &format!(
            "secrets: file\n{}{profiles}",
            corp(testbed, "simple", "ada")
        ),
    )
}

fn line_of(profile: &str) -> String {
    format!(
        "credential_process = {} credentials {profile}\n",
        env!("CARGO_BIN_EXE_mai")
    )
}

#[test]
fn the_line_is_written_once_and_taken_out_again() {
    let testbed = Testbed::start();
    let home = home(&testbed);
    let before = "# mine\r\n[default]\r\nregion=x ; c\r\n";
    home.write(CONFIG, before);
    let answer = home.mai("configure-process morning").ok();
    assert!(
        answer
            .stderr
            .contains("SDKs ask mai for the keys of prod now"),
        "{answer}"
    );
    let lines = format!(
        "{before}\r\n[profile prod]\r\n{}\r\n[profile audit]\r\n{}",
        line_of("prod").replace('\n', "\r\n"),
        line_of("audit").replace('\n', "\r\n")
    );
    assert_eq!(home.read(CONFIG), lines);
    let answer = home.mai("configure-process morning -o json").ok().json();
    assert_eq!(answer[0]["status"], "unchanged");
    assert_eq!(home.read(CONFIG), lines);
    home.mai("configure-process prod --remove").ok();
    assert!(!home.read(CONFIG).contains("prod"));
    home.mai("configure-process --all --remove").ok();
    assert_eq!(home.read(CONFIG), before);
    let answer = home.mai("configure-process --all --remove").ok();
    assert!(
        answer.stderr.contains("There was nothing to remove."),
        "{answer}"
    );
}

#[test]
fn it_outlives_a_profile_and_a_move_of_mai() {
    let testbed = Testbed::start();
    let home = home(&testbed);
    let old = "[profile prod]\ncredential_process = /old/mai credentials prod\n[profile gone]\ncredential_process = mai credentials gone\n";
    home.write(CONFIG, old);
    home.mai("configure-process prod").ok();
    assert!(
        home.read(CONFIG)
            .starts_with(&format!("[profile prod]\n{}", line_of("prod")))
    );
    home.mai("configure-process gone")
        .fails(2, &["there is no"]);
    home.mai("configure-process gone --remove").ok();
    assert!(!home.read(CONFIG).contains("gone"));
}

#[test]
fn links_and_modes_stay_and_a_region_is_added() {
    let testbed = Testbed::start();
    let home = home(&testbed);
    let profiles = home.read(".config/mai/profiles.yaml");
    home.profiles(&profiles.replace("    role: 222", "    region: eu-west-1\n    role: 222"));
    let real = home.write("dotfiles/config", "[profile audit]\noutput = json\n");
    std::fs::create_dir_all(home.path(".aws")).unwrap();
    symlink(&real, home.path(CONFIG)).unwrap();
    let before = mode(&real);
    home.mai("configure-process audit").ok();
    assert!(home.path(CONFIG).is_symlink());
    assert_eq!(mode(&real), before);
    let line = line_of("audit");
    assert_eq!(
        home.read("dotfiles/config"),
        format!("[profile audit]\noutput = json\n{line}region = eu-west-1\n")
    );
}

#[test]
fn another_configuration_is_named_in_the_line() {
    let testbed = Testbed::start();
    let home = home(&testbed);
    let other = home.path("other dir/p.yaml");
    home.write("other dir/p.yaml", home.read(".config/mai/profiles.yaml"));
    home.mai("-c 'other dir/p.yaml' configure-process prod")
        .ok();
    let wanted = format!("mai -c \"{}\" credentials prod\n", other.display());
    assert!(
        home.read(CONFIG).ends_with(&wanted),
        "{}",
        home.read(CONFIG)
    );
}

#[test]
fn keys_that_would_be_read_first_go_unless_they_are_somebodys_own() {
    let testbed = Testbed::start();
    let home = home(&testbed);
    home.write(
        ".aws/credentials",
        format!("[prod]\naws_access_key_id = ASIA1\n{KEYS}"),
    );
    let answer = home.mai("configure-process prod").ok();
    assert!(
        answer.stderr.contains("Removed the keys in [prod]"),
        "{answer}"
    );
    assert_eq!(home.credentials(), "");

    let lasting = "[audit]\naws_access_key_id = AKIA1\naws_secret_access_key = s\n";
    home.write(".aws/credentials", lasting);
    let config = home.read(CONFIG);
    home.mai("configure-process prod audit")
        .fails(2, &["credentials:2:", "not temporary", "--overwrite"]);
    assert_eq!(
        (home.credentials().as_str(), home.read(CONFIG)),
        (lasting, config)
    );
    let answer = home.mai("configure-process audit --overwrite").ok();
    assert!(
        answer.stderr.contains("removed `aws_access_key_id`"),
        "{answer}"
    );
    assert_eq!(home.credentials(), "");
}

#[test]
fn keys_in_the_file_stay_and_it_is_said_that_they_come_first() {
    let testbed = Testbed::start();
    let home = Home::at(&testbed, "simple", "ada");
    home.login("prod").ok();
    let before = home.credentials();
    let answer = home.mai("configure-process prod").ok();
    assert!(answer.stderr.contains("`keys: process`"), "{answer}");
    assert_eq!(home.credentials(), before);
}

#[test]
fn what_is_another_tools_or_unreadable_is_refused_and_nothing_is_written() {
    let testbed = Testbed::start();
    let home = home(&testbed);
    let foreign = "[profile audit]\ncredential_process = /opt/vault get --token hunter2\n";
    home.write(CONFIG, foreign);
    let answer = home.mai("configure-process prod audit");
    assert!(!answer.to_string().contains("hunter2"), "{answer}");
    answer.fails(2, &["config:2:", "`/opt/vault`", "--overwrite"]);
    home.mai("configure-process audit --remove")
        .fails(2, &["/opt/vault"]);
    assert_eq!(home.read(CONFIG), foreign);
    home.mai("configure-process audit --overwrite").ok();
    assert_eq!(
        home.read(CONFIG),
        format!("[profile audit]\n{}", line_of("audit"))
    );

    for (broken, line) in [
        ("[profile a]\nx = 1\n[profile a]\n", "config:3:"),
        ("[profile a]\njunk\n", "config:2:"),
        ("[profile \"prod\"]\nx = 1\n", "config:1:"),
    ] {
        home.write(CONFIG, broken);
        home.mai("configure-process prod")
            .fails(2, &[line, "hint: "]);
        assert_eq!(home.read(CONFIG), broken);
    }
    home.mai("configure-process").fails(2, &["PROFILE"]);
    home.mai("configure-process nope").fails(2, &["nope"]);
}

#[test]
fn one_section_asks_for_one_profile() {
    let testbed = Testbed::start();
    let home = home(&testbed);
    let profiles = home.read(".config/mai/profiles.yaml");
    home.profiles(&profiles.replace("    role: 222", "    aws_profile: prod\n    role: 222"));
    home.mai("configure-process --all").fails(2, &["[prod]"]);
    home.mai("configure-process audit").ok();
    assert_eq!(
        home.read(CONFIG),
        format!("[profile prod]\n{}", line_of("audit"))
    );
}

#[test]
fn doctor_tells_what_is_wrong_with_a_line() {
    let testbed = Testbed::start();
    let home = home(&testbed);
    let doctor = || home.mai("doctor").stdout;
    assert!(
        doctor().contains("mai configure-process audit"),
        "{}",
        doctor()
    );
    home.mai("configure-process morning").ok();
    let told = doctor();
    assert!(told.contains("SDKs ask for the keys of prod"), "{told}");
    assert!(!told.contains("mai configure-process"), "{told}");

    home.write(
        CONFIG,
        "[profile gone]\ncredential_process = mai credentials gone\n\
         [profile prod]\ncredential_process = /nowhere/mai credentials prod\n\
         [profile audit]\ncredential_process = /opt/vault --token hunter2\n",
    );
    home.write(
        ".aws/credentials",
        format!("[prod]\naws_access_key_id = ASIA1\n{KEYS}"),
    );
    let told = doctor();
    for words in [
        "config:2: SDKs ask for the keys of gone, and there is no such profile",
        "config:4: SDKs cannot ask for the keys of prod: there is no /nowhere/mai",
        "config:4: [prod] has keys in the credentials file (line 1) too",
        "config:6: profile audit asks `/opt/vault`",
    ] {
        assert!(told.contains(words), "`{words}` is missing in:\n{told}");
    }
    assert!(!told.contains("hunter2"), "{told}");
}

#[test]
fn doctor_knows_which_configuration_a_line_without_one_goes_by() {
    let testbed = Testbed::start();
    let mut home = home(&testbed);
    let other = home.write("other.yaml", home.read(".config/mai/profiles.yaml"));
    home.write(
        CONFIG,
        "[profile gone]\ncredential_process = mai credentials gone\n",
    );
    let wrong = "SDKs ask for the keys of gone, and there is no such profile";
    let usual = format!("-c {}", home.path(".config/mai/profiles.yaml").display());
    for options in ["", usual.as_str()] {
        let told = home.mai(&format!("{options} doctor")).stdout;
        assert!(told.contains(wrong), "{told}");
    }
    let told = home.mai(&format!("-c {} doctor", other.display())).stdout;
    assert!(!told.contains(wrong), "{told}");
    let words =
        "SDKs ask for the keys of gone without `-c`, so ~/other.yaml is not what they go by";
    assert!(told.contains(words), "{told}");
    home.set("MAI_CONFIG", &other.display().to_string());
    let told = home.mai("doctor").stdout;
    assert!(told.contains(wrong), "{told}");
    assert!(
        told.contains("only programs that have MAI_CONFIG too go by ~/other.yaml"),
        "{told}"
    );
    let told = home.mai(&format!("{usual} doctor")).stdout;
    assert!(told.contains(wrong), "{told}");
}

#[test]
fn good_keys_move_from_the_file_to_the_vault() {
    let testbed = Testbed::start();
    let home = home(&testbed);
    let process = home.read(".config/mai/profiles.yaml");
    home.profiles(&process.replace("keys: process", "keys: file"));
    home.login("prod").ok();
    let key_id = home.key("prod", "aws_access_key_id").unwrap();
    home.profiles(&process);
    let before = (traffic(&testbed), sts_calls(&testbed));
    home.mai("configure-process prod").ok();
    assert_eq!(home.key("prod", "aws_access_key_id"), None);
    assert_eq!(
        home.mai("credentials prod").ok().json()["AccessKeyId"],
        key_id
    );
    assert_eq!((traffic(&testbed), sts_calls(&testbed)), before);
}

/// The region of prod and audit is the profile's own.
fn home_in_a_region(testbed: &Testbed) -> Home {
    let home = home(testbed);
    let profiles = home.read(".config/mai/profiles.yaml");
    home.profiles(&format!("defaults: {{region: eu-west-1}}\n{profiles}"));
    home
}

#[test]
fn taken_out_again_the_file_is_what_it_was() {
    let testbed = Testbed::start();
    let home = home_in_a_region(&testbed);
    for before in [
        "",
        "\n",
        "# c\r\n[profile a]\r\nregion = x\r\n",
        "[profile a]\nregion = x",
        "[profile a]\nregion = x\n\n",
        "[profile a]\r\nregion = x\r\n# the end",
        "[profile prod]\nregion = eu-west-1\n",
        "[profile prod]\nregion = eu-west-1",
        "[profile prod]\r\noutput = json\r\n\r\n[profile z]\r\nregion = x\r\n",
        "[profile prod]\n# mine\n\n[profile audit]\ns3 =\n  x = 1\n",
        "[default]\nregion = x\n\n# of prod\n[profile prod]\noutput=json",
    ] {
        for names in ["prod", "morning"] {
            home.write(CONFIG, before);
            let answer = home.mai(&format!("configure-process {names}")).ok();
            let with = home.read(CONFIG);
            assert!(with.contains("credentials prod"), "{answer}");
            let starts_blank = |text: &str| text.starts_with(['\r', '\n']);
            assert_eq!(starts_blank(&with), starts_blank(before), "{with:?}");
            let answer = home
                .mai(&format!("configure-process {names} --remove"))
                .ok();
            assert!(!answer.stderr.contains("stays"), "{answer}");
            assert_eq!(home.read(CONFIG), before, "{names}, by way of {with:?}");
        }
        home.mai("configure-process morning").ok();
        home.mai("configure-process prod --remove").ok();
        assert!(!home.read(CONFIG).starts_with('\n') || before == "\n");
        home.mai("configure-process --all --remove").ok();
        assert_eq!(home.read(CONFIG), before, "one after the other");
    }
    std::fs::remove_file(home.path(CONFIG)).unwrap();
    home.mai("configure-process morning").ok();
    assert!(home.read(CONFIG).starts_with("[profile prod]\n"));
    home.mai("configure-process --all --remove").ok();
    assert_eq!(home.read(CONFIG), "");
}

#[test]
fn a_region_that_may_be_somebodys_own_stays_and_it_is_said() {
    let testbed = Testbed::start();
    let home = home_in_a_region(&testbed);
    let profiles = home.read(".config/mai/profiles.yaml");
    home.mai("configure-process prod").ok();
    home.profiles(&profiles.replace("eu-west-1", "eu-west-2"));
    let answer = home.mai("configure-process prod --remove").ok();
    assert!(answer.stderr.contains("Its `region` stays"), "{answer}");
    let region = "[profile prod]\nregion = eu-west-1\n";
    assert_eq!(home.read(CONFIG), region);

    // What stood beside another tool's line was not put there by mai.
    home.profiles(&profiles);
    home.write(
        CONFIG,
        "[profile prod]\ncredential_process = /opt/vault\nregion = eu-west-1\n",
    );
    home.mai("configure-process prod --overwrite").ok();
    home.mai("configure-process prod --remove").ok();
    assert_eq!(home.read(CONFIG), region);
}
