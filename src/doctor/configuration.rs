//! The configuration: which files, what they say, and which of them said it.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::Patient;
use super::report::{Area, Level, Setting};
use crate::config::{CodeSource, Config, Consent, KeysPlace, PasswordSource, SecretsMode, Sourced};
use crate::helper_command::HelperCommand;

/// Which files were read, and whether they can be.
pub fn files(patient: &Patient) -> Area {
    let mut area = Area::new("configuration");
    let config = match &patient.config {
        Ok(config) => config,
        Err(error) => {
            area.failed(Level::Wrong, error);
            return area;
        }
    };
    for file in &config.files {
        area.good(format!("read {}", file.shown()));
    }
    if config.config_overridden {
        area.note(
            format!(
                "{} is in force because `-c` or MAI_CONFIG names it",
                config.own_file.shown()
            ),
            "unset MAI_CONFIG to use the usual file",
        );
    }
    if config.classic.is_some() {
        area.note(
            "the file of the Python Mai is in force, as it stands",
            "the first command that writes copies its profiles to profiles.yaml",
        );
    } else if !config.exists {
        area.note(
            format!("there is no {}", config.own_file.shown()),
            "`mai create NAME` makes the first profile",
        );
    }
    let left = patient
        .paths
        .config_folder()
        .map(|folder| folder.join("mai.yaml"));
    if let Ok(left) = left
        && config.classic.is_none()
        && config.profiles.is_empty()
        && left.exists()
    {
        area.note(
            format!(
                "{} is not read, since there is {}",
                patient.paths.shown(&left),
                config.own_file.shown()
            ),
            "remove the empty profiles.yaml, and the Python Mai's file is used again",
        );
    }
    area.good(format!(
        "{}, {}, {}",
        counted(config.profiles.len(), "profile"),
        counted(config.identity_providers.len(), "identity provider"),
        counted(config.groups.len(), "group")
    ));
    for provider in config.identity_providers.values() {
        let is_used = config
            .profiles
            .iter()
            .any(|profile| profile.identity_provider.value == provider.name);
        if !is_used {
            area.note(
                format!(
                    "{}: no profile uses identity provider {}",
                    provider.origin, provider.name
                ),
                format!("`mai create NAME --idp {}` makes one", provider.name),
            );
        }
    }
    same_sections(&mut area, config);
    area
}

/// Profiles that take each other's keys away. The Python Mai's all write to one section, and are meant to.
fn same_sections(area: &mut Area, config: &Config) {
    if config.classic.is_some() {
        return;
    }
    let mut sections: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for profile in &config.profiles {
        let section = sections.entry(&profile.aws_profile.value).or_default();
        section.push(&profile.name);
    }
    for (section, profiles) in sections {
        if profiles.len() > 1 {
            area.note(
                format!(
                    "{} write to the same section [{section}]",
                    profiles.join(", ")
                ),
                "the last one that signs in wins; give each an `aws_profile` of its own",
            );
        }
    }
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// Every setting that a file made, with the place that won.
pub fn settings(config: &Config) -> Vec<Setting> {
    let mut all = Settings(Vec::new());
    all.maybe("default_profile", config.default_profile.as_ref());
    let secrets = config.secrets.value;
    all.add("secrets", name_of(secrets), &config.secrets);
    if let Some(browser) = &config.console_browser {
        let more = if browser.has_arguments() { " …" } else { "" };
        let command = format!("the command {}{more}", browser.program());
        all.add("console.browser", command, browser);
    }
    for provider in config.identity_providers.values() {
        let at = |key: &str| format!("{}.{key}", provider.name);
        all.add(&at("url"), &provider.url.value, &provider.url);
        all.maybe(&at("username"), provider.username.as_ref());
        all.maybe(&at("type"), provider.provider_type.as_ref());
        all.add(
            &at("password"),
            password(&provider.password.value),
            &provider.password,
        );
        all.maybe(&at("mfa.method"), provider.mfa.method.as_ref());
        all.maybe(&at("mfa.device"), provider.mfa.device.as_ref());
        all.add(
            &at("mfa.code"),
            code(&provider.mfa.code.value),
            &provider.mfa.code,
        );
        all.add(
            &at("remember_device"),
            provider.remember_device.value,
            &provider.remember_device,
        );
        all.add(
            &at("keep_session"),
            provider.keep_session.value,
            &provider.keep_session,
        );
        let consent = match provider.consent.value {
            Consent::Ask => "ask",
            Consent::Accept => "accept",
        };
        all.add(&at("consent"), consent, &provider.consent);
        for host in &provider.trusted_hosts {
            all.add(&at("trusted_hosts"), &host.value, host);
        }
        if let Some(path) = &provider.ca_bundle {
            all.add(&at("ca_bundle"), path.value.display(), path);
        }
        if let Some(certificate) = &provider.client_certificate {
            all.add(
                &at("client_certificate"),
                certificate.cert.value.display(),
                &certificate.cert,
            );
        }
        if let Some(proxy) = &provider.proxy {
            let host = proxy.value.host_str().unwrap_or_default();
            all.add(&at("proxy"), host, proxy);
        }
        all.maybe(&at("user_agent"), provider.user_agent.as_ref());
        for (key, value) in &provider.options {
            all.add(&at(&format!("options.{key}")), &value.value, value);
        }
    }
    for profile in &config.profiles {
        let at = |key: &str| format!("{}.{key}", profile.name);
        all.add(
            &at("identity_provider"),
            &profile.identity_provider.value,
            &profile.identity_provider,
        );
        all.maybe(&at("role"), profile.role.as_ref());
        all.maybe(&at("provider_arn"), profile.provider_arn.as_ref());
        all.add(
            &at("aws_profile"),
            &profile.aws_profile.value,
            &profile.aws_profile,
        );
        all.maybe(&at("region"), profile.region.as_ref());
        all.maybe(&at("duration"), profile.duration.as_ref());
        if let Some(policy) = &profile.policy {
            all.add(&at("policy"), policy.value.display(), policy);
        }
        if let Some(first) = profile.policy_arns.first() {
            let arns: Vec<String> = profile
                .policy_arns
                .iter()
                .map(|arn| arn.value.to_string())
                .collect();
            all.add(&at("policy_arns"), arns.join(", "), first);
        }
        all.add(&at("critical"), profile.critical.value, &profile.critical);
        all.add(&at("renew"), profile.renew.value, &profile.renew);
        let keys = match profile.keys.value {
            KeysPlace::File => "file",
            KeysPlace::Process => "process",
        };
        all.add(&at("keys"), keys, &profile.keys);
        if let Some(source) = &profile.source {
            all.add(
                &at("source_profile"),
                &source.profile.value,
                &source.profile,
            );
            if let Some(id) = &source.external_id {
                // Something that two companies agreed on, and nobody else.
                all.add(&at("external_id"), "(set)", id);
            }
            all.maybe(&at("session_name"), source.session_name.as_ref());
        }
    }
    all.0
}

struct Settings(Vec<Setting>);

impl Settings {
    /// What no file says is left out: the manual has the defaults.
    fn add<T>(&mut self, name: &str, value: impl Display, of: &Sourced<T>) {
        if !of.is_built_in() {
            self.0.push(Setting {
                name: name.to_owned(),
                value: crate::error::clean(&value.to_string()),
                origin: of.origin.to_string(),
            });
        }
    }

    fn maybe<T: Display>(&mut self, name: &str, value: Option<&Sourced<T>>) {
        if let Some(value) = value {
            self.add(name, &value.value, value);
        }
    }
}

fn name_of(secrets: SecretsMode) -> &'static str {
    match secrets {
        SecretsMode::Keyring => "keyring",
        SecretsMode::File => "file",
        SecretsMode::None => "none",
    }
}

/// The program and nothing behind it: an argument may be a secret, or lead to one.
fn command(command: &HelperCommand) -> String {
    let program = command.argv().first().map_or("", String::as_str);
    let more = if command.argv().len() > 1 { " …" } else { "" };
    let alone = if command.unattended() {
        ", unattended"
    } else {
        ""
    };
    format!("the command {program}{more}{alone}")
}

pub fn password(source: &PasswordSource) -> String {
    match source {
        PasswordSource::Keyring => "keyring".to_owned(),
        PasswordSource::Ask => "ask".to_owned(),
        PasswordSource::Command(helper) => command(helper),
    }
}

pub fn code(source: &CodeSource) -> String {
    match source {
        CodeSource::Keyring => "keyring".to_owned(),
        CodeSource::Ask => "ask".to_owned(),
        CodeSource::Command(helper) => command(helper),
    }
}
