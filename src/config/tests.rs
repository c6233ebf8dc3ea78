//! Whole files in, settings or one clear error out.

use super::*;
use crate::error::{Error, Kind};

const GOOD: &str = "\
identity_providers:
  corp: {url: 'https://login.example.com/sso', username: ada}
profiles:
  dev: {identity_provider: corp, role: 123456789012/Dev}
  prod: {identity_provider: corp}
groups: {morning: [dev, prod]}
";

fn load(text: &str) -> Result<Config> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.yaml");
    std::fs::write(&path, text).unwrap();
    Config::load_above(None, &Paths::from_environment(), Some(&path))
}

fn config(text: &str) -> Config {
    load(text).unwrap_or_else(|error| panic!("{error}"))
}

/// Message and hint, without the folder.
fn refusal(text: &str) -> (String, String) {
    let error = load(text).expect_err("it is refused");
    assert_eq!(error.kind(), Kind::Usage, "{error}");
    let message = error.message();
    let at = message.find("p.yaml").unwrap_or(0);
    (
        message[at..].to_string(),
        error.hint_text().unwrap_or_default().to_string(),
    )
}

fn with_profile(lines: &str) -> String {
    format!(
        "identity_providers: {{corp: {{url: 'https://x.example/'}}}}\nprofiles:\n  prod:\n    identity_provider: corp\n{lines}"
    )
}

fn with_provider(line: &str) -> String {
    format!("identity_providers:\n  corp:\n    url: https://x.example/\n    {line}\n")
}

#[test]
fn the_example_is_a_configuration_that_this_version_takes() {
    let config = config(include_str!("../../profiles.example.yaml"));
    assert_eq!(config.default_choice().unwrap().name, "dev");
    let names: Vec<&str> = config.names().collect();
    assert_eq!(names, ["dev", "prod", "audit", "morning"]);
    let prod = config.profile("prod").unwrap();
    assert_eq!(prod.duration.as_ref().unwrap().to_string(), "1h");
    assert_eq!(prod.region.as_ref().unwrap().as_str(), "eu-central-1");
    assert!(*prod.critical && *prod.renew);
    let corp = config.provider_of(prod).unwrap();
    assert_eq!(corp.trusted_hosts[1].as_str(), "sso2.example.net:8443");
    assert_eq!(corp.mfa.device.as_ref().unwrap().as_str(), "phone");
    assert_eq!(config.account_name("210987654321"), Some("acme-dev"));
}

#[test]
fn the_commented_keys_of_the_example_are_good_too() {
    let example = include_str!("../../profiles.example.yaml");
    let mut text = String::new();
    for line in example.lines() {
        let bare = line.trim_start();
        let key = bare.strip_prefix("# ").filter(|rest| {
            [
                "ca_bundle:",
                "client_certificate:",
                "proxy:",
                "user_agent:",
                "fields:",
                "provider_arn:",
                "policy:",
                "policy_arns:",
            ]
            .iter()
            .any(|key| rest.starts_with(key))
        });
        match key {
            Some(rest) => {
                text.push_str(&line[..line.len() - bare.len()]);
                text.push_str(rest);
            }
            None => text.push_str(line),
        }
        text.push('\n');
    }
    let config = config(&text);
    let corp = &config.identity_providers["corp"];
    assert!(corp.client_certificate.is_some() && corp.proxy.is_some());
    assert_eq!(corp.fields.otp.as_ref().unwrap().as_str(), "code");
    let prod = config.profile("prod").unwrap();
    assert_eq!(prod.policy_arns.len(), 1);
    assert!(prod.provider_arn.is_some() && prod.policy.is_some());
}

#[test]
fn settings_come_from_the_profile_then_from_defaults() {
    let config = config(
        "identity_providers: {corp: {url: 'https://x.example/'}}
defaults: {identity_provider: corp, region: eu-central-1, duration: 8h}
profiles:
  prod: {duration: 1h}
  dev:
",
    );
    let prod = config.profile("prod").unwrap();
    assert_eq!(prod.duration.as_ref().unwrap().to_string(), "1h");
    assert_eq!(prod.duration.as_ref().unwrap().origin.line, 4);
    let dev = config.profile("dev").unwrap();
    assert_eq!(dev.duration.as_ref().unwrap().to_string(), "8h");
    assert_eq!(dev.duration.as_ref().unwrap().origin.line, 2);
    assert_eq!(dev.aws_profile.as_str(), "dev");
    assert!(dev.critical.is_built_in() && !*dev.critical);
}

#[test]
fn unknown_keys_name_line_column_and_the_nearest_word() {
    let (message, hint) = refusal(&with_profile("    regoin: eu-west-1\n"));
    assert_eq!(
        message,
        "p.yaml:5:5: unknown key `regoin` in profile `prod`"
    );
    assert_eq!(hint, "did you mean `region`?");
    let (message, hint) = refusal("profile: {}\n");
    assert_eq!(message, "p.yaml:1:1: unknown key `profile`");
    assert_eq!(hint, "did you mean `profiles`?");
    let (message, _) = refusal(&with_provider("mfa: {methd: totp}"));
    assert_eq!(
        message,
        "p.yaml:4:11: unknown key `methd` in `mfa` of identity provider `corp`"
    );
    let (_, hint) = refusal(&with_provider("passwort_quelle: x"));
    assert!(hint.starts_with("known here: url, username, "), "{hint}");
    let (message, _) = refusal("defaults: {durration: 1h}\n");
    assert_eq!(
        message,
        "p.yaml:1:12: unknown key `durration` in `defaults`"
    );
}

#[test]
fn wrong_values_say_what_would_be_right() {
    for (line, said) in [
        (
            "duration: 13h",
            "p.yaml:5:15: `duration` of profile `prod`: 13h is out of range: AWS gives keys for 15m to 12h",
        ),
        (
            "duration: 3600",
            "`3600` is not a duration: write it like 90s, 15m, 8h or 1h30m",
        ),
        (
            "region: EU West",
            "`EU West` is not a region: write it like eu-central-1",
        ),
        (
            "region: [a]",
            "`region` of profile `prod` must be text, not a list",
        ),
        ("region:", "`region` of profile `prod` has no value"),
        (
            "critical: yes",
            "`critical` of profile `prod` must be true or false",
        ),
        ("role: Admin", "`Admin` is not a role: write arn:aws:iam::"),
        ("role: arn:aws:iam::12:role/x", "is not a role ARN"),
        ("provider_arn: corp", "`corp` is not a provider ARN"),
        ("aws_profile: DEFAULT", "`DEFAULT` cannot be an AWS profile"),
        (
            "policy_arns: arn:aws:iam::aws:policy/X",
            "must be a list, like [one, two]",
        ),
        (
            "keys: files",
            "cannot be `files`: it is `file` or `process`",
        ),
    ] {
        let (message, _) = refusal(&with_profile(&format!("    {line}\n")));
        assert!(message.contains(said), "{line}: {message}");
    }
    for (line, said) in [
        ("password: true", "must be `keyring`, `ask` or {command: …}"),
        (
            "consent: always",
            "cannot be `always`: it is `ask` or `accept`",
        ),
        ("trusted_hosts: sso.example.net", "must be a list"),
        (
            "trusted_hosts: ['*.example.net']",
            "`*.example.net` is not a host",
        ),
        (
            "client_certificate: {cert: a}",
            "needs two files: {cert: FILE, key: FILE}",
        ),
        (
            "proxy: proxy.example:3128",
            "a proxy is written like http://proxy.example:3128",
        ),
        ("mfa: {method: totpp}", "cannot be `totpp`"),
    ] {
        let (message, _) = refusal(&with_provider(line));
        assert!(message.contains(said), "{line}: {message}");
    }
}

#[test]
fn what_may_be_a_secret_is_not_repeated() {
    for line in [
        "password: hunter2",
        "mfa: {code: hunter2}",
        "proxy: http://ada:hunter2@proxy.example/",
        "password: {command: \"op 'hunter2\"}",
        "password: {command: [op, {x: hunter2}]}",
        "password: [hunter2]",
    ] {
        let (message, hint) = refusal(&with_provider(line));
        assert!(
            !message.contains("hunter2") && !hint.contains("hunter2"),
            "{message} {hint}"
        );
    }
    let (message, _) = refusal("identity_providers: {c: {url: 'https://a:hunter2@x.example/'}}\n");
    assert!(!message.contains("hunter2"), "{message}");
}

#[test]
fn names_that_lead_nowhere_are_refused() {
    let (message, hint) = refusal(&GOOD.replace(
        "dev: {identity_provider: corp",
        "dev: {identity_provider: crop",
    ));
    assert_eq!(message, "p.yaml:4:28: there is no identity provider `crop`");
    assert_eq!(hint, "did you mean `corp`?");
    let (message, hint) = refusal(&GOOD.replace("[dev, prod]", "[dev, prd]"));
    assert_eq!(message, "p.yaml:6:25: there is no profile `prd`");
    assert_eq!(hint, "did you mean `prod`?");
    let (message, _) = refusal(&format!("default_profile: stage\n{GOOD}"));
    assert_eq!(message, "p.yaml:1:18: there is no profile `stage`");
    let (message, _) = refusal(&GOOD.replace("[dev, prod]", "[dev, evening], evening: [prod]"));
    assert!(message.contains("`evening` is a group"), "{message}");
    let (message, _) = refusal(&GOOD.replace("morning", "prod"));
    assert!(
        message.contains("`prod` is a profile already ("),
        "{message}"
    );
    let (message, hint) = refusal(&GOOD.replace("prod: {identity_provider: corp}", "prod: {}"));
    assert_eq!(
        message,
        "p.yaml:5:3: profile `prod` has no `identity_provider`"
    );
    assert!(hint.contains("identity_provider: corp"), "{hint}");
    let (message, _) =
        refusal(&with_provider("username: x").replace("    url: https://x.example/\n", ""));
    assert_eq!(message, "p.yaml:2:3: identity provider `corp` has no `url`");
}

#[test]
fn keys_of_later_versions_are_refused_by_name() {
    for line in [
        "type: browser",
        "type: {command: x}",
        "browser: ask",
        "browser_path: x",
        "browser_timeout: 5m",
        "autofill: true",
        "mfa: {method: duo}",
    ] {
        let (message, _) = refusal(&with_provider(line));
        assert!(
            message.contains("is not supported by this version"),
            "{line}: {message}"
        );
    }
    for line in [
        "type: auto",
        "browser: never",
        "autofill: false",
        "keep_session: false",
        "keep_session: true",
    ] {
        config(&with_provider(line));
    }
}

#[test]
fn account_ids_keep_their_zeros_with_or_without_quotes() {
    let config = config("accounts:\n  012345678901: zero\n  \"123456789012\": 42\n");
    assert_eq!(config.account_name("012345678901"), Some("zero"));
    assert_eq!(config.account_name("123456789012"), Some("42"));
    let ids: Vec<&str> = config.account_ids("zero").collect();
    assert_eq!(ids, ["012345678901"]);
    let (message, _) = refusal("accounts: {12345: x}\n");
    assert!(
        message.starts_with("p.yaml:1:12: `12345` in `accounts`"),
        "{message}"
    );
}

#[test]
fn commands_are_words_and_no_shell() {
    for command in [
        "{command: \"op read 'op://team/a b' $HOME\", unattended: true}",
        "{command: [op, read, 'op://team/a b', $HOME], unattended: true}",
    ] {
        let config = config(&with_provider(&format!("password: {command}")));
        let PasswordSource::Command(command) = &config.identity_providers["corp"].password.value
        else {
            panic!("a command was given");
        };
        assert_eq!(command.argv(), ["op", "read", "op://team/a b", "$HOME"]);
        assert!(command.unattended());
    }
}

#[test]
fn paths_start_at_the_home_or_beside_the_file() {
    let config = config(&with_provider("ca_bundle: certs/ca.pem"));
    let path = config.identity_providers["corp"]
        .ca_bundle
        .as_ref()
        .unwrap();
    let folder = config.own_file.path().parent().unwrap();
    assert_eq!(path.value, folder.join("certs/ca.pem"));
}

#[test]
fn a_critical_profile_is_never_the_default_one() {
    let (message, hint) = refusal(&with_profile(
        "    critical: true\n    aws_profile: default\n",
    ));
    assert!(
        message.ends_with("profile `prod` is critical, so it may not write to [default]"),
        "{message}"
    );
    assert_eq!(hint, "give it another `aws_profile`");
}

#[test]
fn selecting_expands_groups_and_keeps_the_order() {
    let config = config(GOOD);
    let names = |wanted: &[&str], all| -> Vec<String> {
        let wanted: Vec<String> = wanted.iter().map(|name| name.to_string()).collect();
        let chosen = config.select(&wanted, all).unwrap();
        chosen.iter().map(|profile| profile.name.clone()).collect()
    };
    assert_eq!(names(&["prod", "morning", "dev"], false), ["prod", "dev"]);
    assert_eq!(names(&[], true), ["dev", "prod"]);
    assert!(names(&[], false).is_empty());
}

#[test]
fn selecting_what_is_not_there_names_the_nearest() {
    let error = config(GOOD).select(&["mornin".into()], false).unwrap_err();
    assert_eq!(error.message(), "there is no profile `mornin`");
    assert_eq!(error.hint_text(), Some("did you mean `morning`?"));
    let error = config(GOOD)
        .select(&["x\x1b[2J".into()], false)
        .unwrap_err();
    assert!(!error.message().contains('\x1b'));
    assert_eq!(error.hint_text(), Some("there is: dev, prod, morning"));
}

#[test]
fn two_selected_profiles_never_share_a_section() {
    let text = GOOD.replace("prod: {", "prod: {aws_profile: dev, ");
    let config = config(&text);
    let error: Error = config.select(&["morning".into()], false).unwrap_err();
    assert!(
        error
            .message()
            .starts_with("`dev` and `prod` both write to [dev] ("),
        "{error}"
    );
    assert_eq!(error.kind(), Kind::Usage);
    assert!(config.select(&["prod".into()], false).is_ok());
}

#[test]
fn the_default_choice_is_the_named_or_the_only_profile() {
    assert!(config(GOOD).default_choice().is_none());
    let named = config(&format!("default_profile: prod\n{GOOD}"));
    assert_eq!(named.default_choice().unwrap().name, "prod");
    assert_eq!(
        config(&with_profile("")).default_choice().unwrap().name,
        "prod"
    );
}

#[test]
fn without_profiles_the_error_says_where_they_go() {
    let empty = config("# nothing yet\n");
    assert!(empty.exists && empty.config_overridden);
    let error = empty.select(&["prod".into()], false).unwrap_err();
    assert!(
        error.message().ends_with("p.yaml has no profiles yet"),
        "{error}"
    );
    let error = Config::load_above(
        None,
        &Paths::from_environment(),
        Some(Path::new("/nowhere/p.yaml")),
    );
    assert_eq!(
        error.unwrap_err().message(),
        "there is no file /nowhere/p.yaml"
    );
}

#[test]
fn provider_types_are_checked_against_the_table() {
    let config = config(&with_provider("type: keyclaok"));
    let error = config
        .check_types(&["simplesamlphp", "keycloak"])
        .unwrap_err();
    assert!(error.message().contains("p.yaml:4:11: "), "{error}");
    assert_eq!(error.hint_text(), Some("did you mean `keycloak`?"));
    assert!(config.check_types(&["keyclaok"]).is_ok());
}

#[test]
fn a_chain_is_followed_to_its_identity_provider() {
    let text = with_profile("    role: 123456789012/Base\n")
        + "  audit:\n    source_profile: deep\n    role: arn:aws:iam::210987654321:role/Audit\n    \
             external_id: 7f2c\n    session_name: ada@corp\n    tags: {team: blue, 'cost centre': 42}\n  \
             deep:\n    source_profile: prod\n    role: 210987654321/Deep\n";
    let config = config(&text);
    let audit = config.profile("audit").unwrap();
    assert_eq!(
        audit.identity_provider.value,
        config.profile("prod").unwrap().identity_provider.value
    );
    let source = audit.source.as_ref().unwrap();
    assert_eq!(source.profile.value, "deep");
    assert_eq!(source.external_id.as_ref().unwrap().value, "7f2c");
    assert_eq!(
        source.tags,
        [
            ("team".into(), "blue".into()),
            ("cost centre".into(), "42".into())
        ]
    );
}

#[test]
fn chains_that_lead_nowhere_are_refused() {
    let chained = |lines: &str| {
        let lines = lines.replace('|', "\n    ");
        with_profile("    role: 123456789012/Base\n") + &format!("  audit:\n    {lines}\n")
    };
    for (lines, words) in [
        (
            "source_profile: prdo|role: 210987654321/Audit",
            "there is no profile `prdo`",
        ),
        (
            "source_profile: prod",
            "has a `source_profile` and no `role`",
        ),
        (
            "source_profile: audit|role: 210987654321/Audit",
            "in a circle: audit → audit",
        ),
        (
            "source_profile: prod|identity_provider: corp|role: 210987654321/Audit",
            "does not go with `source_profile`",
        ),
        (
            "source_profile: prod|role: 210987654321/Audit|external_id: 'a b'",
            "an external id has",
        ),
        (
            "source_profile: prod|role: 210987654321/Audit|session_name: x",
            "a session name has",
        ),
        (
            "source_profile: prod|role: 210987654321/Audit|tags: {'aws:x': y}",
            "cannot be a session tag",
        ),
        (
            "source_profile: prod|role: 210987654321/Audit|duration: 2h",
            "lasts 1h at most",
        ),
        (
            "identity_provider: corp|external_id: abc",
            "is for roles that are assumed with the keys of another profile",
        ),
    ] {
        let (message, _) = refusal(&chained(lines));
        assert!(message.contains(words), "{lines}: {message}");
    }
    let circle = "profiles:\n  a: {source_profile: b, role: 210987654321/A}\n  b: {source_profile: a, role: 210987654321/B}\n";
    let (message, _) = refusal(circle);
    assert!(message.contains("a → b → a"), "{message}");
    let (message, _) = refusal("defaults: {source_profile: x}\n");
    assert!(
        message.contains("unknown key `source_profile` in `defaults`"),
        "{message}"
    );
}
