//! clisso: `~/.clisso.yaml`, providers and apps.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Entry, Found, Source, password_stays, seconds, source_text};
use crate::error::{Result, clean};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct File {
    providers: BTreeMap<String, Provider>,
    apps: BTreeMap<String, App>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Provider {
    username: Option<String>,
    duration: Option<u64>,
    // Something is there; what it is does not matter.
    client_secret: Option<IgnoredAny>,
    password: Option<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct App {
    provider: Option<String>,
    url: Option<String>,
    app_id: Option<String>,
    duration: Option<u64>,
}

pub fn read(source: &Source<'_>) -> Result<Found> {
    let file: File = source_text::yaml(source)?;
    let mut found = Found::default();
    for (name, provider) in &file.providers {
        if provider.client_secret.is_some() || provider.password.is_some() {
            let whose = format!("{} provider {}", source.shown, clean(name));
            found.notes.push(password_stays(&whose));
        }
    }
    for (name, app) in file.apps {
        let whose = format!("{} app {}", source.shown, clean(&name));
        let provider = app
            .provider
            .as_ref()
            .and_then(|name| file.providers.get(name));
        let Some(url) = app.url.filter(|url| url.starts_with("https://")) else {
            let why = match app.app_id {
                Some(_) => "it signs in through OneLogin's API with an application's id",
                None => "it has no `url`",
            };
            found.notes.push(format!(
                "{whose}: {why}, so it is left out; the address behind the application's tile is what `url:` needs"
            ));
            continue;
        };
        let duration = app
            .duration
            .or(provider.and_then(|provider| provider.duration));
        found.entries.push(Entry {
            name,
            url,
            username: provider.and_then(|provider| provider.username.clone()),
            duration: duration.and_then(|length| seconds(length, &whose, &mut found.notes)),
            ..Entry::default()
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "global:\n  selected-app: dev\nproviders:\n  corp:\n    type: okta\n    base-url: https://x.okta.com\n    \
        username: ada\n  one:\n    type: onelogin\n    client-id: abc\n    client-secret: hunter2\n    subdomain: x\napps:\n  \
        dev:\n    provider: corp\n    url: https://x.okta.com/home/amazon_aws/0oa1/272\n    duration: 14400\n  old:\n    \
        provider: one\n    app-id: \"123456\"\n";

    #[test]
    fn apps_with_an_address_are_taken_and_secrets_are_not() {
        let found = read(&Source {
            text: TEXT,
            shown: "~/.clisso.yaml",
        })
        .unwrap();
        assert_eq!(found.entries.len(), 1);
        let dev = &found.entries[0];
        assert_eq!(
            (dev.name.as_str(), dev.username.as_deref()),
            ("dev", Some("ada"))
        );
        assert_eq!(
            dev.duration.map(|span| span.to_string()).as_deref(),
            Some("4h")
        );
        assert!(
            found.notes.iter().any(|note| note.contains("plain text")),
            "{:?}",
            found.notes
        );
        assert!(
            found.notes.iter().any(|note| note.contains("app old")),
            "{:?}",
            found.notes
        );
        assert!(!format!("{found:?}").contains("hunter2"));
    }

    #[test]
    fn a_broken_file_is_named_with_its_line_and_not_quoted() {
        let text = "providers:\n  one:\n    client-secret: hunter2\n   bad: [hunter3\n";
        let error = read(&Source {
            text,
            shown: "~/.clisso.yaml",
        })
        .unwrap_err();
        assert!(error.message().starts_with("~/.clisso.yaml:"), "{error}");
        let all = format!("{error:?} {error} {:?}", error.cause());
        assert!(!all.contains("hunter"), "{all}");
    }
}
