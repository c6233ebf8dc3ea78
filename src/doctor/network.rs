//! Proxy, roots, and with `--online` the hosts: are they there, are they who they say, what time is it there?

use std::collections::BTreeSet;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use super::Patient;
use super::report::{Area, Level};
use crate::arn::{PARTITIONS, Partition};
use crate::aws::sts;
use crate::clock;
use crate::config::{Config, Profile, RoleWanted};
use crate::error::{Error, Result};
use crate::login::line;
use crate::net::client::{self, explain};
use crate::net::hops::host_of;
use crate::net::proxy;

/// Assertions are good for a few minutes only, so a clock may not be off by more.
const TOLERABLE: TimeDelta = TimeDelta::seconds(60);
const FATAL: TimeDelta = TimeDelta::minutes(4);

/// What is set about connections; nothing is sent.
pub fn settings(patient: &Patient) -> Area {
    let mut area = Area::new("network");
    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
        if (patient.variable)(name).is_some_and(|value| !value.is_empty()) {
            area.note(
                format!("{name} replaces the roots of the system"),
                format!("unset {name} to trust what the system trusts"),
            );
        }
    }
    if (patient.variable)("AWS_CA_BUNDLE").is_some_and(|value| !value.is_empty()) {
        area.good("AWS_CA_BUNDLE adds to the roots of the system");
    }
    match crate::net::roots::with(None) {
        Ok(roots) if roots.is_empty() => area.wrong(
            "no root certificates were found, so no certificate can be believed",
            match cfg!(target_os = "linux") {
                true => "install the package ca-certificates, or set SSL_CERT_FILE",
                false => "set SSL_CERT_FILE to a file of certificates",
            },
        ),
        Ok(roots) => area.good(format!("{} root certificates", roots.len())),
        Err(error) => area.failed(Level::Wrong, &error),
    }
    let Ok(config) = &patient.config else {
        return area;
    };
    for provider in config.identity_providers.values() {
        // A client says by being built what is wrong with its files and its proxy.
        match client::build(&line::client_settings(provider)) {
            Err(error) => area.failed(Level::Wrong, &error),
            Ok(_) => {
                let way = match proxy::in_use(&provider.url.value) {
                    Some(proxy) => format!("through the proxy {proxy}"),
                    None => "directly".to_owned(),
                };
                area.good(format!(
                    "{}: {} {way}",
                    provider.name,
                    host_of(&provider.url.value)
                ));
            }
        }
    }
    area
}

/// Asks every host once, without anything secret.
pub fn reach(patient: &Patient, config: &Config) -> Area {
    let mut area = Area::new("online");
    let runtime = match line::runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            area.failed(Level::Wrong, &error);
            return area;
        }
    };
    let mut hosts: Vec<(String, Url, client::ClientSettings)> = Vec::new();
    for provider in config.identity_providers.values() {
        let what = format!("identity provider {}", provider.name);
        hosts.push((
            what,
            provider.url.value.clone(),
            line::client_settings(provider),
        ));
    }
    let endpoint = (patient.variable)("AWS_ENDPOINT_URL_STS");
    for url in endpoints(config, endpoint.as_deref()) {
        hosts.push(("STS".to_owned(), url, client::ClientSettings::default()));
    }
    let answers = runtime.block_on(async {
        // All at once: several that do not answer would be waited for one after the other.
        let asked = hosts.iter().map(|(_, url, settings)| {
            let (url, client) = (url.clone(), client::build(settings));
            tokio::spawn(async move { ask(&client?, &url).await })
        });
        let asked: Vec<_> = asked.collect();
        let mut answers = Vec::new();
        for answer in asked {
            answers.push(answer.await);
        }
        answers
    });
    for ((what, url, _), answer) in hosts.iter().zip(answers) {
        match answer {
            Ok(answer) => tell(&mut area, what, url, answer),
            Err(error) => area.failed(
                Level::Wrong,
                &Error::failed(format!("{what} could not be asked")).because(error),
            ),
        }
    }
    area
}

/// The STS endpoints that the profiles lead to.
fn endpoints(config: &Config, endpoint: Option<&str>) -> Vec<Url> {
    if let Ok(Some(url)) = sts::endpoint_override(endpoint) {
        return vec![url];
    }
    let mut regions: BTreeSet<(&'static str, String)> = BTreeSet::new();
    for profile in &config.profiles {
        let partition = partition_of(profile);
        let region = profile.region.as_ref().map(|region| region.value.clone());
        let region = region.unwrap_or_else(|| partition.default_region.to_owned());
        regions.insert((partition.id, region));
    }
    regions
        .into_iter()
        .filter_map(|(partition, region)| {
            sts::endpoint_for(Partition::by_id(partition)?, &region).ok()
        })
        .collect()
}

fn partition_of(profile: &Profile) -> &'static Partition {
    match (profile.role.as_deref(), &profile.region) {
        (Some(RoleWanted::Arn(role)), _) => role.partition(),
        (_, Some(region)) => Partition::of_region(&region.value).unwrap_or(&PARTITIONS[0]),
        _ => &PARTITIONS[0],
    }
}

struct Answer {
    status: u16,
    took: u128,
    /// The host's clock minus ours.
    skew: Option<TimeDelta>,
}

async fn ask(client: &reqwest::Client, url: &Url) -> Result<Answer> {
    let begun = Instant::now();
    let answer = client
        .get(url.clone())
        .send()
        .await
        .map_err(|error| explain(&error, url))?;
    let date = answer.headers().get(http::header::DATE).and_then(|date| {
        let date = DateTime::parse_from_rfc2822(date.to_str().ok()?).ok()?;
        Some(date.with_timezone(&Utc) - clock::now())
    });
    Ok(Answer {
        status: answer.status().as_u16(),
        took: begun.elapsed().as_millis(),
        skew: date,
    })
}

fn tell(area: &mut Area, what: &str, url: &Url, answer: Result<Answer>) {
    let host = host_of(url);
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return area.failed(Level::Wrong, &error),
    };
    let text = format!(
        "{what}: {host} answers with {} in {} ms",
        answer.status, answer.took
    );
    match answer.status {
        404 if what != "STS" => area.wrong(text, "`url:` seems to be wrong: there is no such page"),
        500.. => area.wrong(text, "the server has trouble of its own; try again later"),
        _ => area.good(text),
    }
    let Some(skew) = answer.skew else {
        return;
    };
    let way = if skew > TimeDelta::zero() {
        "behind"
    } else {
        "ahead of"
    };
    let seconds = skew.num_seconds().abs();
    let text = format!("the clock of this computer is {seconds} s {way} that of {host}");
    let hint = "set the clock: assertions are good for a few minutes only";
    match skew.abs() {
        off if off >= FATAL => area.wrong(text, hint),
        off if off >= TOLERABLE => area.note(text, hint),
        _ => area.good(format!("the clock agrees with that of {host}")),
    }
}
