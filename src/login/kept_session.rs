//! The identity provider's session between two logins: in the vault, per identity provider, user and URL.

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock;
use crate::config::IdentityProvider;
use crate::error::Result;
use crate::login::stored_secrets::StoredSecrets;
use crate::net::browser_session::BrowserSession;
use crate::secret::Secret;

/// However long the provider would have it, a person signs in anew after this.
pub const LONGEST: TimeDelta = TimeDelta::hours(12);
/// A device that is to be remembered stays known this long; its cookies may end sooner.
const KNOWN_DEVICE: TimeDelta = TimeDelta::days(90);

/// A session as it was kept.
pub struct KeptSession {
    pub browser: BrowserSession,
    /// When it began with a password, a code or a person; what was renewed since does not count.
    pub since: DateTime<Utc>,
}

/// The session that is kept for this user, if it is to be used.
pub fn find(provider: &IdentityProvider, stored: &mut StoredSecrets) -> Option<KeptSession> {
    if !provider.keep_session.value {
        return None;
    }
    let text = stored.vault(false, |vault| vault.get(&entry(provider)))??;
    usable(read(&text)?, provider.remember_device.value, clock::now())
}

/// What of a session may still be used: after its time at most what makes this device known.
fn usable(mut kept: KeptSession, remember_device: bool, now: DateTime<Utc>) -> Option<KeptSession> {
    // A clock that was set back makes no session younger.
    if now - kept.since > LONGEST || kept.since - now > TimeDelta::minutes(5) {
        if !remember_device {
            return None;
        }
        kept.browser.close();
    }
    (!kept.browser.is_empty()).then_some(kept)
}

/// Keeps a session in place of every other one of this identity provider: another user's or another URL's would be
/// used no more. True if there is something to come back to.
pub fn keep(
    provider: &IdentityProvider,
    stored: &mut StoredSecrets,
    browser: &BrowserSession,
    since: DateTime<Utc>,
) -> bool {
    if !provider.keep_session.value || browser.is_empty() {
        return false;
    }
    let text = write(browser, since);
    let until = match provider.remember_device.value {
        true => since + KNOWN_DEVICE,
        false => since + LONGEST,
    };
    let kept = stored.vault(true, |vault| {
        vault.remove_all(&of_provider(&provider.name))?;
        vault.set(&entry(provider), &text, until.timestamp())
    });
    kept.is_some()
}

/// Forgets the sessions of an identity provider; how many there were.
pub fn forget(provider: &IdentityProvider, stored: &mut StoredSecrets) -> usize {
    let prefix = of_provider(&provider.name);
    let forgotten = stored.vault(false, |vault| vault.remove_all(&prefix));
    forgotten.unwrap_or(0)
}

/// The session of this user as it was kept, however old, whatever the settings say now; nothing is kept afterwards.
pub fn take(
    provider: &IdentityProvider,
    stored: &mut StoredSecrets,
) -> Result<Option<BrowserSession>> {
    let taken = stored.vault_or_why(false, |vault| {
        let text = vault.get(&entry(provider))?;
        let count = vault.remove_all(&of_provider(&provider.name))?;
        Ok((text, count))
    })?;
    let Some((text, count)) = taken else {
        return Ok(None);
    };
    Ok(match text.and_then(|text| read(&text)) {
        Some(kept) => Some(kept.browser),
        None => (count > 0).then(BrowserSession::default),
    })
}

/// Every name in the vault of this identity provider begins so.
fn of_provider(name: &str) -> String {
    format!("idp\n{name}\n")
}

/// Identity provider and user of an entry of the vault, if it is a session.
pub fn owner(entry: &str) -> Option<(&str, &str)> {
    let mut parts = entry.strip_prefix("idp\n")?.splitn(3, '\n');
    Some((parts.next()?, parts.next()?))
}

fn entry(provider: &IdentityProvider) -> String {
    let user = provider.username.as_ref().map(|user| user.value.as_str());
    format!(
        "{}{}\n{}",
        of_provider(&provider.name),
        user.unwrap_or_default(),
        provider.url.value
    )
}

fn write(browser: &BrowserSession, since: DateTime<Utc>) -> Secret {
    let session = browser.to_secret();
    Secret::new(format!("{}\n{}", since.timestamp(), session.expose()))
}

fn read(text: &Secret) -> Option<KeptSession> {
    let (since, session) = text.expose().split_once('\n')?;
    Some(KeptSession {
        since: DateTime::from_timestamp(since.parse().ok()?, 0)?,
        browser: BrowserSession::from_secret(&Secret::new(session))?,
    })
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(clock::now().timestamp(), 0).unwrap()
    }

    fn cookies_after(hours: i64, remember_device: bool) -> Option<String> {
        let at = Url::parse("https://login.test/").unwrap();
        let mut browser = BrowserSession::default();
        browser.jar.store(&at, "session=1");
        browser.jar.store(&at, "device=2; Max-Age=7776000");
        let text = write(&browser, now() - TimeDelta::hours(hours));
        let kept = usable(read(&text).unwrap(), remember_device, now())?;
        kept.browser.jar.header(&at)
    }

    #[test]
    fn after_twelve_hours_only_a_device_that_is_to_be_remembered_is_known() {
        let both = Some("device=2; session=1".to_owned());
        assert_eq!(cookies_after(11, false), both);
        assert_eq!(cookies_after(11, true), both);
        assert_eq!(cookies_after(13, false), None);
        assert_eq!(cookies_after(13, true).as_deref(), Some("device=2"));
        // The clock was set back.
        assert_eq!(cookies_after(-2, false), None);
    }

    #[test]
    fn a_session_belongs_to_one_user_and_one_address_of_one_provider() {
        let provider = |name: &str, user: &str, url: &str| {
            IdentityProvider::new(name, Url::parse(url).unwrap(), user)
        };
        let one = entry(&provider("corp", "ada", "https://login.test/sso"));
        assert_eq!(owner(&one), Some(("corp", "ada")));
        for other in [
            provider("corp", "bob", "https://login.test/sso"),
            provider("corp", "ada", "https://login.test/other"),
            provider("corp2", "ada", "https://login.test/sso"),
        ] {
            assert_ne!(entry(&other), one);
            assert_eq!(
                entry(&other).starts_with(&of_provider("corp")),
                other.name == "corp"
            );
        }
    }
}
