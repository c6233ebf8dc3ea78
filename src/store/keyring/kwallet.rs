//! KWallet, where Python's keyring put passwords on KDE desktops: read, and rid of what was refused.
//!
//! Its daemons are spoken to on the session bus; one that is not there is no failure.

use std::path::{Path, PathBuf};

use configparser::ini::Ini;
use serde::de::DeserializeOwned;
use zbus::blocking::Connection;
use zbus::blocking::fdo::DBusProxy;
use zbus::zvariant::{DynamicType, Type};

use super::system::bus_reason;
use super::{SERVICE, SecretStore};
use crate::presence::Presence;
use crate::secret::Secret;

/// The daemons of KDE's generations, newest first; they keep the same wallets.
const DAEMONS: [(&str, &str); 2] = [
    ("org.kde.kwalletd6", "/modules/kwalletd6"),
    ("org.kde.kwalletd5", "/modules/kwalletd5"),
];
const INTERFACE: &str = "org.kde.KWallet";
/// Where old versions of Python's keyring put everything.
const OLD_FOLDER: &str = "Python";

/// The person's wallet, which may be closed.
pub struct KWallet {
    presence: Presence,
    settings: Vec<PathBuf>,
}

/// A daemon on the bus.
struct Daemon {
    bus: Connection,
    name: &'static str,
    path: &'static str,
}

/// An entry that is there, in a wallet that is open.
struct Found {
    daemon: Daemon,
    handle: i32,
    folder: String,
    key: String,
}

impl KWallet {
    /// `config_home` has the settings of KDE: they tell whether a window would open.
    pub fn new(presence: Presence, config_home: Option<&Path>) -> KWallet {
        let folders = [Some(Path::new("/etc/xdg")), config_home];
        let settings = folders.into_iter().flatten();
        KWallet {
            presence,
            settings: settings.map(|folder| folder.join("kwalletrc")).collect(),
        }
    }

    fn find(&self, account: &str) -> Result<Option<Found>, String> {
        let places = [
            (SERVICE.to_owned(), account.to_owned()),
            (OLD_FOLDER.to_owned(), format!("{account}@{SERVICE}")),
        ];
        for daemon in self.daemons() {
            let Some(handle) = self.open(&daemon, &places)? else {
                continue;
            };
            for (folder, key) in &places {
                if daemon.call("hasEntry", &(handle, folder, key, SERVICE))? {
                    let (folder, key) = (folder.clone(), key.clone());
                    return Ok(Some(Found {
                        daemon,
                        handle,
                        folder,
                        key,
                    }));
                }
            }
        }
        Ok(None)
    }

    /// Those that run; else one that the bus would start, but not for nobody: its wallets would be closed.
    fn daemons(&self) -> Vec<Daemon> {
        let Ok(bus) = Connection::session() else {
            return Vec::new();
        };
        let Ok(names) = DBusProxy::new(&bus) else {
            return Vec::new();
        };
        let all = || {
            DAEMONS.map(|(name, path)| Daemon {
                bus: bus.clone(),
                name,
                path,
            })
        };
        let runs = |daemon: &Daemon| {
            let name = daemon.name.try_into();
            name.is_ok_and(|name| names.name_has_owner(name).unwrap_or(false))
        };
        let running: Vec<Daemon> = all().into_iter().filter(runs).collect();
        if !running.is_empty() || !self.presence.is_person() {
            return running;
        }
        let startable = names.list_activatable_names().unwrap_or_default();
        let is_startable = |daemon: &Daemon| startable.iter().any(|name| *name == daemon.name);
        all().into_iter().find(is_startable).into_iter().collect()
    }

    /// The number of the open wallet; `None` where it has none of the entries, or would bother nobody.
    fn open(&self, daemon: &Daemon, places: &[(String, String)]) -> Result<Option<i32>, String> {
        if !daemon.call::<bool>("isEnabled", &())? {
            return Ok(None);
        }
        let wallet: String = daemon.call("networkWallet", &())?;
        let is_open: bool = daemon.call("isOpen", &(&wallet,))?;
        if !self.presence.is_person() && (!is_open || asks_first(&self.settings, &wallet)) {
            return Ok(None);
        }
        if !is_open {
            // A closed wallet knows which entries it has not, so no window opens in vain. Not asked for nobody: one
            // that GnuPG encrypts would be opened for it.
            let mut nothing = true;
            for (folder, key) in places {
                nothing &= daemon.call::<bool>("keyDoesNotExist", &(&wallet, folder, key))?;
            }
            if nothing {
                return Ok(None);
            }
        }
        let no_window: i64 = 0;
        match daemon.call("open", &(&wallet, no_window, SERVICE))? {
            handle if handle >= 0 => Ok(Some(handle)),
            _ => Err("it was not opened for `mai`".to_owned()),
        }
    }
}

impl SecretStore for KWallet {
    fn get(&self, account: &str) -> Result<Option<Secret>, String> {
        let Some(found) = self.find(account)? else {
            return Ok(None);
        };
        let password: String = found.call("readPassword")?;
        let password = Secret::new(password);
        Ok((!password.is_empty()).then_some(password))
    }

    fn set(&self, _account: &str, _secret: &Secret) -> Result<(), String> {
        Err("nothing new is put there".to_owned())
    }

    fn delete(&self, account: &str) -> Result<bool, String> {
        match self.find(account)? {
            Some(found) => Ok(found.call::<i32>("removeEntry")? == 0),
            None => Ok(false),
        }
    }

    /// A closed wallet is passed over for nobody, so no call opens a window then.
    fn is_locked(&self, _account: &str) -> Result<bool, String> {
        Ok(false)
    }
}

impl Found {
    fn call<T: DeserializeOwned + Type>(&self, method: &str) -> Result<T, String> {
        let about = (self.handle, &self.folder, &self.key, SERVICE);
        self.daemon.call(method, &about)
    }
}

impl Daemon {
    fn call<T: DeserializeOwned + Type>(
        &self,
        method: &str,
        about: &(impl serde::Serialize + DynamicType),
    ) -> Result<T, String> {
        let words = |error: zbus::Error| bus_reason(&error.to_string());
        let answer =
            self.bus
                .call_method(Some(self.name), self.path, Some(INTERFACE), method, about);
        answer.map_err(words)?.body().deserialize().map_err(words)
    }
}

/// Does KWallet ask the person before it lets a new program into an open wallet? It does not unless a file says so.
fn asks_first(settings: &[PathBuf], wallet: &str) -> bool {
    let mut asks = false;
    for path in settings {
        let Ok(text) = std::fs::read_to_string(path) else {
            continue;
        };
        let mut file = Ini::new_cs();
        if file.read(text).is_err() {
            return true;
        }
        if let Some(setting) = file.get("Wallet", "Prompt on Open") {
            let allowed = file.get("Auto Allow", wallet).unwrap_or_default();
            let is_allowed = allowed.split(',').any(|name| name.trim() == SERVICE);
            asks = setting.trim() == "true" && !is_allowed;
        }
    }
    asks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wallet_that_would_ask_for_each_program_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let files = ["everybody", "own"].map(|name| folder.path().join(name));
        let asks = |everybody: &str, own: &str| {
            for (path, text) in files.iter().zip([everybody, own]) {
                std::fs::write(path, text).unwrap();
            }
            asks_first(&files, "kdewallet")
        };
        let (yes, no) = (
            "[Wallet]\nPrompt on Open=true\n",
            "[Wallet]\nPrompt on Open=false\n",
        );
        assert!(!asks("", ""));
        assert!(!asks("", "[Wallet]\nFirst Use=false\n"));
        assert!(asks("", yes));
        assert!(asks(yes, ""));
        assert!(!asks(yes, no));
        assert!(asks(no, yes));
        let allowed = |names: &str| format!("[Auto Allow]\nkdewallet={names}\n\n{yes}");
        assert!(!asks("", &allowed("KDE System,mai")));
        assert!(asks("", &allowed("KDE System,maid")));
        std::fs::remove_file(&files[0]).unwrap();
        assert!(!asks_first(&files[..1], "kdewallet"));
    }
}
