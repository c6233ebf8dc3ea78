//! Where to sign in for a profile that is being made: an identity provider that is known, or a new one.

use url::Url;

use crate::config::{Config, IdentityProvider, Sourced, values};
use crate::error::{Error, Result, clean};
use crate::idp::providers::PROVIDERS;
use crate::setup::names;
use crate::ui::Ui;

/// What was typed about it.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub url: Option<String>,
    /// `-U`
    pub user: Option<String>,
    /// `SAML_USER`: the user of a new identity provider, if `-U` names none.
    pub usual_user: Option<String>,
    pub idp: Option<String>,
    pub provider_type: Option<String>,
    /// `--saml-response`: nobody signs in, so no user is needed.
    pub is_signed_in: bool,
}

/// The identity provider to sign in to.
#[derive(Clone, Debug)]
pub struct Chosen {
    pub provider: IdentityProvider,
    /// It is not in profiles.yaml yet, and its address is to be written like this.
    pub new_url: Option<String>,
    /// It is there without a user, and gets the one that signs in now.
    pub is_user_new: bool,
}

impl Chosen {
    /// What is written of it beside a profile, for a sentence.
    pub fn told(&self) -> String {
        let name = &self.provider.name;
        match (&self.new_url, &self.provider.username) {
            (Some(_), _) => format!(" and identity provider {name}"),
            (None, Some(user)) if self.is_user_new => {
                format!(" and the user {} of identity provider {name}", clean(user))
            }
            _ => String::new(),
        }
    }
}

/// How often an address that cannot be one is asked for again.
const TRIES: usize = 5;

/// Finds it; asks only for what is missing. For nobody, all that is missing is one error.
pub fn choose(config: &Config, ui: &Ui, wanted: &Wanted) -> Result<Chosen> {
    if let Some(name) = &wanted.idp {
        return known(config.provider_named(name)?, ui, wanted);
    }
    let typed = match &wanted.url {
        Some(url) => Some(address(url).map_err(|reason| Error::usage(format!("--url: {reason}")))?),
        None => None,
    };
    let fits = |provider: &&IdentityProvider| {
        let same_user = match (&wanted.user, &provider.username) {
            (Some(user), Some(known)) => known.value == *user,
            _ => true,
        };
        let same_url = |(_, url): &(String, Url)| provider.url.value == *url;
        same_user && typed.as_ref().is_none_or(same_url)
    };
    let fitting: Vec<&IdentityProvider> = config.identity_providers.values().filter(fits).collect();
    let picked = match &fitting[..] {
        [] if typed.is_none() && !ui.presence().is_person() => return Err(missing(wanted)),
        [] => None,
        [only] => Some(*only),
        several if !ui.presence().is_person() => return Err(several_fit(several)),
        several => pick(ui, several, typed.is_none())?,
    };
    if let Some(provider) = picked {
        if typed.is_none() {
            ui.say(&format!(
                "Using the identity provider {} ({}); --url is for another.",
                provider.name,
                provider.url.value.host_str().unwrap_or_default()
            ));
        }
        return known(provider, ui, wanted);
    }
    let (text, url) = match typed {
        Some(typed) => typed,
        None => ask_address(ui)?,
    };
    new(config, ui, wanted, text, url)
}

/// With nobody to ask, all that is missing is said at once.
fn missing(wanted: &Wanted) -> Error {
    let (what, how) = match wanted.user.as_ref().or(wanted.usual_user.as_ref()) {
        Some(_) => ("the address of the login page is", "--url URL"),
        None => (
            "the address of the login page and a user name are",
            "--url URL and -U USER",
        ),
    };
    Error::needs_you(format!("{what} needed, and nobody can be asked")).hint(format!("add {how}"))
}

fn several_fit(several: &[&IdentityProvider]) -> Error {
    let names: Vec<&str> = several.iter().map(|known| known.name.as_str()).collect();
    Error::needs_you(format!(
        "{} identity providers fit, and nobody can be asked which one is meant",
        names.len()
    ))
    .hint(format!("add --idp {}", names.join(" or --idp ")))
}

/// One that is there, with the user that is typed if it has none of its own.
fn known(provider: &IdentityProvider, ui: &Ui, wanted: &Wanted) -> Result<Chosen> {
    let at = format!("identity provider {} ({})", provider.name, provider.origin);
    if wanted.provider_type.is_some() {
        return Err(Error::usage(format!(
            "{at} is there already, and --type is for a new one"
        ))
        .hint("leave --type out, or change `type` in profiles.yaml"));
    }
    let mut provider = provider.clone();
    match (&wanted.user, &provider.username) {
        (Some(user), Some(known)) if known.value != *user => {
            return Err(Error::usage(format!(
                "{at} signs in as {}, not as {}",
                clean(known),
                clean(user)
            ))
            .hint("leave -U out, or give --url in place of --idp for a second entry"));
        }
        _ => {}
    }
    let is_user_new =
        provider.username.is_none() && (wanted.user.is_some() || !wanted.is_signed_in);
    if is_user_new {
        let host = provider.url.value.host_str().unwrap_or_default();
        provider.username = Some(Sourced::built_in(user(ui, wanted, host)?));
    }
    Ok(Chosen {
        provider,
        new_url: None,
        is_user_new,
    })
}

/// One of several; none: another address.
fn pick<'a>(
    ui: &Ui,
    several: &[&'a IdentityProvider],
    or_another: bool,
) -> Result<Option<&'a IdentityProvider>> {
    let mut options: Vec<String> = several
        .iter()
        .map(|provider| {
            let user = provider.username.as_ref();
            let user = user.map(|user| format!("{} at ", user.value));
            format!(
                "{}: {}{}",
                provider.name,
                user.unwrap_or_default(),
                provider.url.value.host_str().unwrap_or_default()
            )
        })
        .collect();
    if or_another {
        options.push("another: type its address".to_string());
    }
    let chosen = ui.pick("Identity provider", &options)?;
    Ok(several.get(chosen).copied())
}

fn ask_address(ui: &Ui) -> Result<(String, Url)> {
    const QUESTION: &str = "Address of the login page (the link behind your portal's AWS tile)";
    for _ in 0..TRIES {
        match address(&ui.ask_text(QUESTION, None)?) {
            Ok(address) => return Ok(address),
            Err(reason) => ui.show(&format!("{reason}.")),
        }
    }
    Err(Error::usage("there was no address that can be used").hint("give it with --url"))
}

/// As people copy it: `https://` may be missing.
fn address(typed: &str) -> std::result::Result<(String, Url), String> {
    let typed = typed.trim();
    let text = match typed.contains("://") {
        true => typed.to_string(),
        false => format!("https://{typed}"),
    };
    let url = values::sign_in_url(&text)?;
    // What stands in a link by mistake (blanks, quotes) is written as it is sent.
    match text.bytes().all(|b| b.is_ascii_graphic()) {
        true => Ok((text, url)),
        false => Ok((url.to_string(), url)),
    }
}

/// Who signs in: as typed, as usual, or as answered.
fn user(ui: &Ui, wanted: &Wanted, host: &str) -> Result<String> {
    let user = match wanted.user.as_ref().or(wanted.usual_user.as_ref()) {
        Some(user) => user.clone(),
        None if !ui.presence().is_person() => {
            return Err(Error::needs_you(format!(
                "a user name for {host} is needed, and nobody can be asked"
            ))
            .hint("add -U USER, or set SAML_USER"));
        }
        None => ui.ask_text(&format!("User name for {host}"), None)?,
    };
    let user = user.trim();
    if user.is_empty() || user.chars().any(char::is_control) {
        return Err(
            Error::usage("the user name is empty or has characters no user name has")
                .hint("-U USER, or SAML_USER"),
        );
    }
    Ok(user.to_string())
}

fn new(config: &Config, ui: &Ui, wanted: &Wanted, text: String, url: Url) -> Result<Chosen> {
    let host = url.host_str().unwrap_or_default().to_string();
    let user = user(ui, wanted, &host)?;
    let name = names::of_identity_provider(config, &host);
    let mut provider = IdentityProvider::new(&name, url, &user);
    provider.provider_type = provider_type(wanted)?.map(Sourced::built_in);
    Ok(Chosen {
        provider,
        new_url: Some(text),
        is_user_new: false,
    })
}

/// `--type`: a name of the provider table; `auto` says nothing.
fn provider_type(wanted: &Wanted) -> Result<Option<String>> {
    let Some(name) = wanted
        .provider_type
        .as_deref()
        .filter(|name| *name != "auto")
    else {
        return Ok(None);
    };
    let known: Vec<&str> = PROVIDERS.iter().map(|provider| provider.name()).collect();
    if known.contains(&name) {
        return Ok(Some(name.to_string()));
    }
    Err(
        Error::usage(format!("--type: no provider is called `{}`", clean(name))).hint(format!(
            "leave it out, or take one of: auto, {}",
            known.join(", ")
        )),
    )
}
