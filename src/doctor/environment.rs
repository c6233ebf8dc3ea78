//! Variables that decide which keys a tool takes, whatever the files say.

use super::Patient;
use super::report::Area;
use crate::arn;
use crate::aws::sts;
use crate::error::clean;
use crate::store::aws_config::AwsConfig;
use crate::store::credentials_file;

/// Keys in the environment, which most SDKs take before any file.
const KEYS: &[&str] = &[
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
];

/// Other places that SDKs look for keys in because a variable says so.
const ELSEWHERE: &[&str] = &[
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CREDENTIAL_FILE",
    "AWS_VAULT",
];

pub fn variables(patient: &Patient) -> Area {
    let mut area = Area::new("environment");
    let set = |name: &str| (patient.variable)(name).filter(|value| !value.is_empty());
    let keys: Vec<&str> = KEYS
        .iter()
        .copied()
        .filter(|name| set(name).is_some())
        .collect();
    if !keys.is_empty() {
        area.wrong(
            format!(
                "{} is set here: most tools take it before any profile",
                keys.join(", ")
            ),
            format!("unset {}", keys.join(" ")),
        );
    }
    profile(&mut area, patient);
    for name in ELSEWHERE.iter().filter(|name| set(name).is_some()) {
        area.note(
            format!("{name} is set: tools may take keys from there"),
            format!("unset {name}, if you want the profiles"),
        );
    }
    for name in ["AWS_CREDENTIAL_EXPIRATION", "AWS_SESSION_EXPIRATION"] {
        if set(name).is_some() && keys.is_empty() {
            area.note(
                format!(
                    "{name} is set without keys: prompts show its time instead of the profile's"
                ),
                format!("unset {name}"),
            );
        }
    }
    for name in [
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_CONFIG_FILE",
        "MAI_CONFIG",
    ] {
        if let Some(path) = set(name) {
            area.note(
                format!("{name} names another file than usual: {}", clean(&path)),
                "every tool that shall see the same keys needs the same variable",
            );
        }
    }
    for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
        if let Some(region) = set(name).filter(|region| !arn::is_region(region)) {
            area.wrong(
                format!("{name} is no region: {}", clean(&region)),
                "set it to one such as eu-central-1",
            );
        }
    }
    match sts::endpoint_override(set("AWS_ENDPOINT_URL_STS").as_deref()) {
        Ok(None) => {}
        Ok(Some(endpoint)) => area.note(
            format!(
                "AWS_ENDPOINT_URL_STS is set: assertions go to {}",
                crate::net::hops::host_of(&endpoint)
            ),
            "unset AWS_ENDPOINT_URL_STS, unless you know that you want another STS than AWS's",
        ),
        Err(error) => area.wrong(error.to_string(), error.hint_text().unwrap_or_default()),
    }
    if set("AWS_ENDPOINT_URL").is_some() {
        area.note(
            "AWS_ENDPOINT_URL is set: tools send everything there; mai does not read it",
            "unset AWS_ENDPOINT_URL",
        );
    }
    if set("MAI_NO_INPUT").is_some() {
        area.note(
            "MAI_NO_INPUT is set: mai asks nothing",
            "unset MAI_NO_INPUT to be asked",
        );
    }
    if area.findings.is_empty() {
        area.good("no variable stands in the way");
    }
    area
}

/// `AWS_PROFILE` and `AWS_DEFAULT_PROFILE`: SDKs disagree on which of them counts.
fn profile(area: &mut Area, patient: &Patient) {
    let value = |name: &str| (patient.variable)(name);
    let (one, other) = (value("AWS_PROFILE"), value("AWS_DEFAULT_PROFILE"));
    for (name, value) in [("AWS_PROFILE", &one), ("AWS_DEFAULT_PROFILE", &other)] {
        match value.as_deref() {
            None => {}
            Some("") => area.wrong(
                format!("{name} is set to nothing, which some SDKs take for a profile's name"),
                format!("unset {name}"),
            ),
            Some(profile) => {
                area.good(format!("{name} is {}", clean(profile)));
                if !exists(patient, profile) {
                    area.wrong(
                        format!(
                            "{name} names `{}`, and no such profile is in the shared files",
                            clean(profile)
                        ),
                        format!("sign in to it, or unset {name}"),
                    );
                }
            }
        }
    }
    if let (Some(one), Some(other)) = (&one, &other)
        && one != other
        && !one.is_empty()
        && !other.is_empty()
    {
        area.wrong(
            "AWS_PROFILE and AWS_DEFAULT_PROFILE differ: boto3 takes the second, most others the first",
            "unset AWS_DEFAULT_PROFILE",
        );
    }
}

fn exists(patient: &Patient, profile: &str) -> bool {
    let in_credentials = patient
        .paths
        .credentials_file()
        .and_then(credentials_file::read)
        .is_ok_and(|file| file.section(profile).is_some());
    let in_config = || {
        patient
            .paths
            .aws_config_file()
            .and_then(AwsConfig::read)
            .is_ok_and(|config| config.profiles().iter().any(|name| name == profile))
    };
    in_credentials || in_config()
}
