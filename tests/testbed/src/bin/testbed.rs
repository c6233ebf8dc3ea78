//! The testbed on its own: an STS for real identity providers, or an identity provider for real clients.

use std::process::ExitCode;

use mai_testbed::{RoleRules, Setup, Testbed};

const USAGE: &str = "\
usage: testbed sts --port PORT [--provider ARN=METADATA.xml]... [--role ARN[:MAX_SECONDS]]... [--any-role] [--stdin]
       testbed idp [--port PORT] [--other-port PORT] [--sts-port PORT] [--tls] [--ca FILE] [--metadata FILE]

Serves on 127.0.0.1 until killed. What can be used is printed as one JSON object per line. With --stdin, a line `expire`
on standard input makes all keys expire that were given out so far; a line `expired` says when that is done.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.split_first() {
        Some((verb, rest)) if verb == "sts" => sts(rest),
        Some((verb, rest)) if verb == "idp" => idp(rest),
        _ => Err(USAGE.into()),
    };
    match outcome {
        // The servers run on a thread of their own for as long as this one holds the testbed.
        Ok(_serving) => loop {
            std::thread::park();
        },
        Err(text) => {
            eprintln!("{text}");
            ExitCode::from(2)
        }
    }
}

fn sts(arguments: &[String]) -> Result<Testbed, String> {
    let mut setup = Setup::default();
    let mut providers = Vec::new();
    let mut roles = Vec::new();
    let (mut any_role, mut stdin) = (false, false);
    let mut rest = arguments.iter();
    while let Some(flag) = rest.next() {
        match flag.as_str() {
            "--port" => setup.sts_port = port(rest.next())?,
            "--provider" => {
                let (arn, file) = value(rest.next(), flag)?
                    .split_once('=')
                    .ok_or("--provider wants ARN=METADATA.xml")?;
                let xml =
                    std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
                providers.push((arn, xml));
            }
            "--role" => roles.push(role(value(rest.next(), flag)?)?),
            "--any-role" => any_role = true,
            "--stdin" => stdin = true,
            other => return Err(format!("unknown argument {other}\n{USAGE}")),
        }
    }
    let testbed = Testbed::start_with(&setup);
    for (arn, xml) in providers {
        testbed
            .provider(arn, &xml)
            .map_err(|error| format!("{arn}: {error}"))?;
    }
    for (arn, max_session) in roles {
        testbed.role(
            arn,
            RoleRules {
                max_session,
                ..RoleRules::default()
            },
        );
    }
    testbed.any_role(any_role);
    println!("{}", serde_json::json!({ "sts": testbed.sts_url() }));
    if stdin {
        obey(&testbed)?;
    }
    Ok(testbed)
}

fn idp(arguments: &[String]) -> Result<Testbed, String> {
    let mut setup = Setup::default();
    let (mut ca, mut metadata) = (None, None);
    let mut rest = arguments.iter();
    while let Some(flag) = rest.next() {
        match flag.as_str() {
            "--port" => setup.idp_port = port(rest.next())?,
            "--other-port" => setup.other_port = port(rest.next())?,
            "--sts-port" => setup.sts_port = port(rest.next())?,
            "--tls" => setup.tls = true,
            "--ca" => ca = Some(value(rest.next(), flag)?),
            "--metadata" => metadata = Some(value(rest.next(), flag)?),
            other => return Err(format!("unknown argument {other}\n{USAGE}")),
        }
    }
    let testbed = Testbed::start_with(&setup);
    let write = |file: Option<&str>, text: &str| match file {
        Some(file) => std::fs::write(file, text).map_err(|error| format!("{file}: {error}")),
        None => Ok(()),
    };
    write(ca, testbed.ca_pem())?;
    write(metadata, &testbed.metadata_xml())?;
    println!("{}", serde_json::json!({ "sts": testbed.sts_url() }));
    for face in Testbed::faces() {
        println!(
            "{}",
            serde_json::json!({ "face": face, "url": testbed.face(face) })
        );
    }
    Ok(testbed)
}

/// Does what the lines on standard input say, until it ends.
fn obey(testbed: &Testbed) -> Result<(), String> {
    for line in std::io::stdin().lines() {
        match line.map_err(|error| error.to_string())?.as_str() {
            "expire" => testbed.expire_keys(),
            other => return Err(format!("unknown line {other}\n{USAGE}")),
        }
        println!("expired");
    }
    Ok(())
}

fn value<'a>(argument: Option<&'a String>, flag: &str) -> Result<&'a str, String> {
    argument
        .map(String::as_str)
        .ok_or(format!("{flag} wants a value"))
}

fn port(argument: Option<&String>) -> Result<u16, String> {
    let text = value(argument, "--port")?;
    text.parse().map_err(|_| format!("{text} is no port"))
}

/// `ARN` or `ARN:MAX_SECONDS`.
fn role(text: &str) -> Result<(&str, u32), String> {
    let known = text
        .rsplit_once(':')
        .and_then(|(arn, tail)| Some((arn, tail.parse().ok()?)));
    let (arn, max) = known.unwrap_or((text, 3600));
    match arn.contains(":role/") {
        true => Ok((arn, max)),
        false => Err(format!("{arn} is no ARN of a role")),
    }
}
