//! The Python Mai's files, in the styles of all its years.

use std::path::PathBuf;

use super::super::Config;
use super::super::edit::Draft;
use crate::config::{Profile, RoleWanted};
use crate::paths::Paths;

/// As PyYAML before 5.1 wrote it: leaves in flow style, wrapped at 80 columns.
const FLOW: &str = "\
'123':
  saml_identity_provider_url: https://idp.example.org/idp/profile/SAML2/Unsolicited/SSO?providerId=urn:amazon:webservices
  saml_role: ['arn:aws:iam::210987654321:saml-provider/Shibboleth', 'arn:aws:iam::210987654321:role/ReadOnly',
    null]
  saml_user: 'yes'
global: {default_profile: prod}
prod:
  saml_identity_provider_url: https://idp.example.org/idp/profile/SAML2/Unsolicited/SSO?providerId=urn:amazon:webservices
  saml_role: ['arn:aws:iam::123456789012:saml-provider/Shibboleth', 'arn:aws:iam::123456789012:role/Shibboleth-PowerUser',
    zalando-stups]
  saml_user: j.doe@example.org
";

/// As PyYAML since 5.1 writes it.
const BLOCK: &str = "\
'123':
  saml_identity_provider_url: https://idp.example.org/idp/profile/SAML2/Unsolicited/SSO?providerId=urn:amazon:webservices
  saml_role:
  - arn:aws:iam::210987654321:saml-provider/Shibboleth
  - arn:aws:iam::210987654321:role/ReadOnly
  - null
  saml_user: 'yes'
global:
  default_profile: prod
prod:
  saml_identity_provider_url: https://idp.example.org/idp/profile/SAML2/Unsolicited/SSO?providerId=urn:amazon:webservices
  saml_role:
  - arn:aws:iam::123456789012:saml-provider/Shibboleth
  - arn:aws:iam::123456789012:role/Shibboleth-PowerUser
  - zalando-stups
  saml_user: j.doe@example.org
";

struct Folder(tempfile::TempDir);

impl Folder {
    fn with(files: &[(&str, &str)]) -> Folder {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Folder(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// What the file of that name means when it is named.
    fn load(&self, name: &str) -> crate::error::Result<Config> {
        let machine = self.path("etc.yaml");
        Config::load_above(
            Some(&machine),
            &Paths::from_environment(),
            Some(&self.path(name)),
        )
    }
}

fn load(text: &str) -> Config {
    Folder::with(&[("mai.yaml", text)])
        .load("mai.yaml")
        .unwrap()
}

/// The notes without the folder of the file.
fn notes(config: &Config) -> Vec<String> {
    let notes = &config.classic.as_ref().unwrap().notes;
    let short = |note: &String| note[note.find("mai.yaml").unwrap()..].to_string();
    notes.iter().map(short).collect()
}

fn role(profile: &Profile) -> Option<String> {
    profile.role.as_ref().map(|role| role.to_string())
}

#[test]
fn both_styles_are_read_and_mean_the_same() {
    for text in [
        FLOW,
        BLOCK,
        &BLOCK.replace('\n', "\r\n"),
        &BLOCK.replace("'123'", "123"),
    ] {
        let config = load(text);
        assert_eq!(notes(&config), Vec::<String>::new());
        let names: Vec<&str> = config.names().collect();
        assert_eq!(names, ["123", "prod"]);
        assert_eq!(config.default_profile.as_ref().unwrap().as_str(), "prod");
        let prod = config.profile("prod").unwrap();
        assert_eq!(
            role(prod).unwrap(),
            "arn:aws:iam::123456789012:role/Shibboleth-PowerUser"
        );
        assert!(prod.provider_arn.is_some());
        assert_eq!(prod.aws_profile.as_str(), "default");
        assert_eq!(config.account_name("123456789012"), Some("zalando-stups"));
        assert_eq!(config.account_name("210987654321"), None);
        let names: Vec<&String> = config.identity_providers.keys().collect();
        assert_eq!(names, ["example", "example-2"]);
        let corp = config.provider_of(prod).unwrap();
        assert_eq!(
            corp.username.as_ref().unwrap().as_str(),
            "j.doe@example.org"
        );
        assert_eq!(corp.name, "example-2");
    }
}

#[test]
fn places_are_those_of_the_classic_file() {
    let config = load(FLOW);
    let prod = config.profile("prod").unwrap();
    assert!(
        prod.origin.to_string().ends_with("mai.yaml:7:1"),
        "{}",
        prod.origin
    );
    let role = prod.role.as_ref().unwrap();
    assert!(
        role.origin.to_string().contains("mai.yaml:9:"),
        "{}",
        role.origin
    );
    assert!(!config.exists);
    assert!(config.own_file.path().ends_with("profiles.yaml"));
}

#[test]
fn yaml_of_its_time_is_text_here() {
    let config = load(
        "yes: {saml_identity_provider_url: 'https://x.example/', saml_user: no}\n012: {saml_identity_provider_url: 'https://x.example/', saml_user: 012}\ntrue: {saml_identity_provider_url: 'https://y.example/', saml_user: true}\n",
    );
    let names: Vec<&str> = config.names().collect();
    assert_eq!(names, ["yes", "012", "true"]);
    let users: Vec<&str> = config
        .profiles
        .iter()
        .map(|profile| {
            config
                .provider_of(profile)
                .unwrap()
                .username
                .as_ref()
                .unwrap()
                .as_str()
        })
        .collect();
    assert_eq!(users, ["no", "012", "true"]);
}

#[test]
fn what_is_short_or_odd_is_said_and_passed_over() {
    let config = load(
        "global: {default_profile: gone, colour: blue}
short: {saml_identity_provider_url: 'https://x.example/', saml_role: ['arn:aws:iam::1:x']}
none: {saml_identity_provider_url: x.example/sso, saml_role: null, retries: 3}
text: {saml_identity_provider_url: 'https://x.example/', saml_role: admin}
odd arn: {saml_identity_provider_url: 'https://x.example/', saml_role: [a, b, c, d]}
plain: {saml_identity_provider_url: 'http://x.example/'}
nowhere: {saml_user: ada}
word: yes
",
    );
    let names: Vec<&str> = config.names().collect();
    assert_eq!(names, ["short", "none", "text", "odd-arn"]);
    assert!(config.profiles.iter().all(|profile| profile.role.is_none()));
    assert!(config.default_profile.is_none());
    let notes = notes(&config).join("\n");
    for words in [
        "mai.yaml:1:33: unknown key `colour`",
        "mai.yaml:1:27: there is no profile `gone` to be the default any more",
        "`saml_role` of profile `short` names no role",
        "mai.yaml:3:68: unknown key `retries`",
        "`saml_role` of profile `text` names no role",
        "mai.yaml:5:1: profile `odd arn` is called `odd-arn` here",
        "`saml_role` of profile `odd arn` is not a provider's and a role's ARN",
        "profile `plain` is passed over: a password is only sent over https",
        "profile `nowhere` has no `saml_identity_provider_url`",
        "`word` is no profile",
    ] {
        assert!(notes.contains(words), "`{words}` is missing in:\n{notes}");
    }
    let provider = config.provider_of(config.profile("none").unwrap()).unwrap();
    assert_eq!(provider.url.as_str(), "https://x.example/sso");
}

#[test]
fn nothing_is_in_an_empty_file_and_broken_ones_are_refused_with_their_line() {
    for empty in [
        "",
        "{}\n",
        "null\n",
        "# only words\n",
        "global: {default_profile: x}\n",
        "global:\n",
    ] {
        let config = load(empty);
        assert!(
            config.profiles.is_empty() && config.classic.is_some(),
            "{empty}"
        );
        assert!(config.expect_profiles().is_err());
    }
    for (broken, line) in [
        ("prod: [\n", 1),
        ("a: {b: c}\nprod: {x: 'y}\n", 2),
        ("- a\n", 1),
        ("a:\n  b: c\n d: e\n", 3),
    ] {
        let error = Folder::with(&[("mai.yaml", broken)])
            .load("mai.yaml")
            .unwrap_err();
        assert_eq!(error.exit_code(), 2);
        let said = error.to_string();
        let place: Vec<&str> = said[said.find("mai.yaml:").unwrap()..].split(':').collect();
        assert!(place[1].parse::<usize>().unwrap() >= line, "{said}");
    }
}

#[test]
fn the_name_of_the_file_does_not_matter_when_it_is_named() {
    let folder = Folder::with(&[("work.yml", BLOCK), ("profiles.yaml", "profiles: {}\n")]);
    let config = folder.load("work.yml").unwrap();
    assert_eq!(config.profiles.len(), 2);
    assert!(config.classic.as_ref().unwrap().is_outdated());
    assert!(folder.load("profiles.yaml").unwrap().classic.is_none());
}

#[test]
fn names_of_identity_providers_of_others_are_left_alone() {
    let machine = "identity_providers: {example: {url: 'https://other.example/', proxy: 'http://p.example:1'}}\n";
    let config = Folder::with(&[("mai.yaml", BLOCK), ("etc.yaml", machine)])
        .load("mai.yaml")
        .unwrap();
    let prod = config.profile("prod").unwrap();
    let provider = config.provider_of(prod).unwrap();
    assert_eq!(provider.name, "example-3");
    assert!(provider.proxy.is_none());
}

#[test]
fn a_copy_means_what_the_original_means() {
    for text in [
        FLOW,
        BLOCK,
        "012: {saml_identity_provider_url: 'https://x.example/', saml_user: yes}\n",
    ] {
        let old = load(text);
        let mut draft = Draft::parse(b"", &old.own_file).unwrap();
        let count = old.classic.as_ref().unwrap().copy_into(&mut draft).unwrap();
        assert_eq!(count, old.profiles.len());
        let bytes = draft.finish().unwrap();
        let new = old.as_if(&Paths::from_environment(), &bytes).unwrap();
        assert!(new.classic.is_none());
        let meaning = |config: &Config| {
            let of = |profile: &Profile| {
                let provider = config.provider_of(profile).unwrap();
                let role = profile.role.as_ref().map(|role| role.value.clone());
                let user = provider.username.as_ref().map(|user| user.value.clone());
                let name = profile.name.clone();
                (
                    name,
                    role,
                    user,
                    provider.url.value.clone(),
                    profile.aws_profile.value.clone(),
                )
            };
            let profiles: Vec<(String, Option<RoleWanted>, _, _, _)> =
                config.profiles.iter().map(of).collect();
            let default = config
                .default_profile
                .as_ref()
                .map(|name| name.value.clone());
            let accounts: Vec<_> = config
                .accounts
                .iter()
                .map(|(id, name)| (id.clone(), name.value.clone()))
                .collect();
            (profiles, default, accounts)
        };
        assert_eq!(meaning(&new), meaning(&old));
    }
}
