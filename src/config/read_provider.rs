//! One entry of `identity_providers`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::fields::{Field, Fields};
use super::origin::{Origin, Sourced};
use super::schema::{
    ClientCertificate, CodeSource, Consent, FieldNames, IdentityProvider, Mfa, PasswordSource,
};
use super::values;
use crate::error::{Error, Result, clean};
use crate::helper_command::HelperCommand;
use crate::paths::Paths;

const KEYS: &[&str] = &[
    "url",
    "username",
    "type",
    "password",
    "mfa",
    "remember_device",
    "keep_session",
    "consent",
    "trusted_hosts",
    "ca_bundle",
    "client_certificate",
    "proxy",
    "user_agent",
    "options",
    "browser",
    "autofill",
    "fields",
];

const LATER_KEYS: &[&str] = &["browser_path", "browser_timeout"];

/// Second factors that can be told apart where a page offers several; `otp` and `code` are any code.
const METHODS: &[&str] = &[
    "totp", "otp", "code", "push", "sms", "call", "email", "recovery",
];
/// Those that need a device at this computer, or a conversation of their own.
const LATER_METHODS: &[&str] = &[
    "webauthn", "fido", "fido2", "passkey", "yubikey", "duo", "hotp",
];

pub(super) fn identity_provider(
    name: &str,
    origin: &Origin,
    fields: &Fields<'_>,
    paths: &Paths,
) -> Result<IdentityProvider> {
    fields.only(KEYS, LATER_KEYS)?;
    refuse_later_values(fields)?;
    let url = fields.parsed("url", values::sign_in_url)?.ok_or_else(|| {
        origin
            .error(format!("{} has no `url`", fields.label))
            .hint("add the address where its login page begins")
    })?;
    let trusted_hosts = match fields.get("trusted_hosts") {
        Some(field) => field
            .list()?
            .iter()
            .map(|host| host.parsed(values::trusted_host))
            .collect::<Result<_>>()?,
        None => Vec::new(),
    };
    Ok(IdentityProvider {
        name: name.to_string(),
        origin: origin.clone(),
        url,
        username: fields.text("username")?,
        provider_type: provider_type(fields)?,
        password: password(fields, paths)?,
        mfa: mfa(fields, paths)?,
        remember_device: fields
            .flag("remember_device")?
            .unwrap_or_else(|| Sourced::built_in(false)),
        keep_session: fields
            .flag("keep_session")?
            .unwrap_or_else(|| Sourced::built_in(true)),
        consent: match fields.get("consent") {
            Some(field) => field.word(&[("ask", Consent::Ask), ("accept", Consent::Accept)])?,
            None => Sourced::built_in(Consent::Ask),
        },
        trusted_hosts,
        ca_bundle: fields.path("ca_bundle", paths)?,
        client_certificate: client_certificate(fields, paths)?,
        proxy: fields.parsed("proxy", values::proxy)?,
        user_agent: fields.parsed("user_agent", values::header)?,
        options: options(fields)?,
        fields: field_names(fields)?,
    })
}

/// Keys whose one value is what this version does anyway, and whose other value it cannot do yet.
fn refuse_later_values(fields: &Fields<'_>) -> Result<()> {
    if let Some(field) = fields.get("autofill")
        && *field.flag()?
    {
        return Err(field.not_yet("true"));
    }
    if let Some(field) = fields.get("browser") {
        let word = field.word(&[("never", ""), ("ask", "ask"), ("auto", "auto")])?;
        if !word.is_empty() {
            return Err(field.not_yet(&word));
        }
    }
    Ok(())
}

fn provider_type(fields: &Fields<'_>) -> Result<Option<Sourced<String>>> {
    let Some(field) = fields.get("type") else {
        return Ok(None);
    };
    if field.is_table() {
        field.table()?.only(&["command", "unattended"], &[])?;
        return Err(field.not_yet("{command: …}"));
    }
    let name = field.text()?;
    match name.as_str() {
        "auto" => Ok(None),
        "browser" => Err(field.not_yet("browser")),
        _ => Ok(Some(name)),
    }
}

fn password(fields: &Fields<'_>, paths: &Paths) -> Result<Sourced<PasswordSource>> {
    let Some(field) = fields.get("password") else {
        return Ok(Sourced::built_in(PasswordSource::Keyring));
    };
    let source = match one_of(&field, paths)? {
        Source::Command(command) => PasswordSource::Command(command),
        Source::Word("keyring") => PasswordSource::Keyring,
        Source::Word("ask") => PasswordSource::Ask,
        Source::Word(_) => {
            return Err(not_a_source(
                &field,
                "a password does not belong into this file",
            ));
        }
    };
    Ok(Sourced::new(source, field.node.origin.clone()))
}

fn mfa(fields: &Fields<'_>, paths: &Paths) -> Result<Mfa> {
    let nothing = Mfa {
        method: None,
        device: None,
        code: Sourced::built_in(CodeSource::Ask),
    };
    let Some(field) = fields.get("mfa") else {
        return Ok(nothing);
    };
    let table = field.table()?;
    table.only(&["method", "device", "code"], &[])?;
    Ok(Mfa {
        method: method(&table)?,
        device: table.text("device")?,
        code: match table.get("code") {
            Some(field) => code(&field, &fields.label, paths)?,
            None => nothing.code,
        },
    })
}

fn method(table: &Fields<'_>) -> Result<Option<Sourced<String>>> {
    let Some(field) = table.get("method") else {
        return Ok(None);
    };
    let method = field.text()?;
    if LATER_METHODS.contains(&method.as_str()) {
        return Err(field.not_yet(&method));
    }
    if !METHODS.contains(&method.as_str()) {
        return Err(field.unknown_word(&method, METHODS.iter().copied()));
    }
    Ok(Some(method))
}

fn code(field: &Field<'_>, owner: &str, paths: &Paths) -> Result<Sourced<CodeSource>> {
    let field = &Field {
        label: format!("`mfa.code` of {owner}"),
        node: field.node,
    };
    let source = match one_of(field, paths)? {
        Source::Command(command) => CodeSource::Command(command),
        Source::Word("ask") => CodeSource::Ask,
        Source::Word("keyring") => CodeSource::Keyring,
        Source::Word(_) => {
            return Err(not_a_source(
                field,
                "a secret does not belong into this file",
            ));
        }
    };
    Ok(Sourced::new(source, field.node.origin.clone()))
}

enum Source<'a> {
    Word(&'a str),
    Command(HelperCommand),
}

/// `keyring`, `ask` or a command. What else stands there may be the secret itself and is never quoted.
fn one_of<'a>(field: &Field<'a>, paths: &Paths) -> Result<Source<'a>> {
    if field.is_table() {
        return command(field, paths).map(Source::Command);
    }
    match &field.node.value {
        super::yaml::Value::Text(text) => Ok(Source::Word(text)),
        _ => Ok(Source::Word("")),
    }
}

fn not_a_source(field: &Field<'_>, why: &str) -> Error {
    field
        .error("must be `keyring`, `ask` or {command: …}")
        .hint(why)
}

fn command(field: &Field<'_>, paths: &Paths) -> Result<HelperCommand> {
    let table = field.table()?;
    table.only(&["command", "unattended"], &[])?;
    let Some(command) = table.get("command") else {
        return Err(field.error("has no `command`"));
    };
    let argv = argv(&command, paths)?;
    let unattended = table.flag("unattended")?.is_some_and(|flag| *flag);
    let purpose = format!("the command for {} ({})", field.label, field.node.origin);
    Ok(HelperCommand::new(argv, unattended, purpose))
}

/// A command: a list of words, or a string that is split into words. Its program is not one of the current folder.
pub(super) fn argv(command: &Field<'_>, paths: &Paths) -> Result<Vec<String>> {
    let mut argv: Vec<String> = if command.is_list() {
        command
            .list()?
            .iter()
            .map(|word| word.text().map(|word| word.value))
            .collect::<Result<_>>()?
    } else {
        shell_words::split(&command.text()?)
            .map_err(|_| command.error("has a quote that is not closed"))?
    };
    let Some(program) = argv.first_mut() else {
        return Err(command.error("names no program"));
    };
    // Without a shell nobody else would read the tilde.
    *program = paths
        .expand(&PathBuf::from(&*program))
        .to_string_lossy()
        .into_owned();
    if program.contains('/') && !Path::new(&*program).is_absolute() {
        return Err(command
            .error("would run a program of whatever folder you are in")
            .hint("write its full path, or one that begins with ~/"));
    }
    Ok(argv)
}

fn client_certificate(fields: &Fields<'_>, paths: &Paths) -> Result<Option<ClientCertificate>> {
    let Some(field) = fields.get("client_certificate") else {
        return Ok(None);
    };
    let table = field.table()?;
    table.only(&["cert", "key"], &[])?;
    match (table.path("cert", paths)?, table.path("key", paths)?) {
        (Some(cert), Some(key)) => Ok(Some(ClientCertificate { cert, key })),
        _ => Err(field.error("needs two files: {cert: FILE, key: FILE}")),
    }
}

fn options(fields: &Fields<'_>) -> Result<BTreeMap<String, Sourced<String>>> {
    let Some(field) = fields.get("options") else {
        return Ok(BTreeMap::new());
    };
    field
        .table()?
        .entries()
        .map(|(name, _, node)| {
            let label = format!("option `{}` of {}", clean(name), fields.label);
            let value = match node.value {
                super::yaml::Value::Flag(flag) => {
                    Sourced::new(flag.to_string(), node.origin.clone())
                }
                _ => Field { label, node }.text()?,
            };
            Ok((name.to_string(), value))
        })
        .collect()
}

fn field_names(fields: &Fields<'_>) -> Result<FieldNames> {
    let Some(field) = fields.get("fields") else {
        return Ok(FieldNames::default());
    };
    let table = field.table()?;
    table.only(&["username", "password", "otp"], &[])?;
    Ok(FieldNames {
        username: table.text("username")?,
        password: table.text("password")?,
        otp: table.text("otp")?,
    })
}
