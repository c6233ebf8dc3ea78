//! Where the files of `mai` and of AWS are, and whose home it is.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// A file in which nothing is.
pub const NOWHERE: &str = if cfg!(windows) { "NUL" } else { "/dev/null" };

/// A variable that names a file for SDKs, and what names the person's own where that is a file in which nothing is:
/// for a command whose SDKs shall ask an endpoint, while `mai` goes on with the keys that the person has.
pub const BEHIND: [(&str, &str); 2] = [
    ("AWS_SHARED_CREDENTIALS_FILE", "MAI_CREDENTIALS_FILE"),
    ("AWS_CONFIG_FILE", "MAI_AWS_CONFIG_FILE"),
];

/// The places a run reads and writes, settled once from the environment.
#[derive(Clone, Debug)]
pub struct Paths {
    home: Option<PathBuf>,
    config_folder: Option<PathBuf>,
    state_folder: Option<PathBuf>,
    /// `MAI_CONFIG`, if it is set.
    pub config_override: Option<PathBuf>,
    credentials_file: Option<PathBuf>,
    aws_config_file: Option<PathBuf>,
    python_keyring: Option<PathBuf>,
    runtime_folder: Option<PathBuf>,
}

impl Paths {
    pub fn from_environment() -> Paths {
        Self::from_lookup(|name| {
            std::env::var_os(name)
                .filter(|v| !v.is_empty())
                .map(PathBuf::from)
        })
    }

    fn from_lookup(variable: impl Fn(&str) -> Option<PathBuf>) -> Paths {
        let home = variable("HOME")
            .or_else(|| variable("USERPROFILE"))
            .filter(|home| home.is_absolute());
        // The XDG base directory specification: a relative path there is invalid and ignored.
        let xdg = |name: &str| variable(name).filter(|path| path.is_absolute());
        let runtime_folder = xdg("XDG_RUNTIME_DIR");
        let in_home = |below: &str| home.as_ref().map(|home| home.join(below));
        let (config_folder, state_folder) = if cfg!(target_os = "macos") {
            let folder = in_home("Library/Application Support/mai");
            (folder.clone(), folder.map(|f| f.join("state")))
        } else if cfg!(windows) {
            (
                variable("APPDATA").map(|p| p.join("mai")),
                variable("LOCALAPPDATA").map(|p| p.join("mai")),
            )
        } else {
            (
                xdg("XDG_CONFIG_HOME")
                    .or_else(|| in_home(".config"))
                    .map(|p| p.join("mai")),
                xdg("XDG_STATE_HOME")
                    .or_else(|| in_home(".local/state"))
                    .map(|p| p.join("mai")),
            )
        };
        let data_folder = if cfg!(windows) {
            variable("LOCALAPPDATA").map(|p| p.join("Python Keyring"))
        } else {
            xdg("XDG_DATA_HOME")
                .or_else(|| in_home(".local/share"))
                .map(|p| p.join("python_keyring"))
        };
        let expand = |path: PathBuf| expand_home(&path, home.as_deref());
        let [credentials_file, aws_config_file] =
            BEHIND.map(|(name, behind)| match variable(name) {
                Some(path) if path == Path::new(NOWHERE) => variable(behind).or(Some(path)),
                path => path,
            });
        Paths {
            config_override: variable("MAI_CONFIG").map(expand),
            credentials_file: credentials_file
                .map(expand)
                .or_else(|| in_home(".aws/credentials")),
            aws_config_file: aws_config_file
                .map(expand)
                .or_else(|| in_home(".aws/config")),
            python_keyring: data_folder.map(|folder| folder.join("keyring_pass.cfg")),
            home,
            config_folder,
            state_folder,
            runtime_folder,
        }
    }

    pub fn home(&self) -> Result<&Path> {
        self.home.as_deref().ok_or_else(no_home)
    }

    /// The folder of `profiles.yaml` (and of the Python Mai's `mai.yaml`).
    pub fn config_folder(&self) -> Result<&Path> {
        self.config_folder.as_deref().ok_or_else(no_home)
    }

    pub fn state_folder(&self) -> Result<&Path> {
        self.state_folder.as_deref().ok_or_else(no_home)
    }

    /// Where the system has room for what does not outlive a session of this user (`XDG_RUNTIME_DIR`).
    pub fn runtime_folder(&self) -> Option<&Path> {
        self.runtime_folder.as_deref()
    }

    pub fn credentials_file(&self) -> Result<&Path> {
        self.credentials_file.as_deref().ok_or_else(no_home)
    }

    pub fn aws_config_file(&self) -> Result<&Path> {
        self.aws_config_file.as_deref().ok_or_else(no_home)
    }

    /// Where programs of the desktop have their settings.
    pub fn config_home(&self) -> Result<&Path> {
        self.config_folder()?.parent().ok_or_else(no_home)
    }

    /// Where Python's keyring puts passwords on computers without a keyring of their own.
    pub fn python_keyring(&self) -> Result<&Path> {
        self.python_keyring.as_deref().ok_or_else(no_home)
    }

    /// The same, encrypted with a master password.
    pub fn crypted_python_keyring(&self) -> Result<PathBuf> {
        Ok(self.python_keyring()?.with_file_name("crypted_pass.cfg"))
    }

    /// Where the system looks for the agent as a service of this person: systemd's unit, or launchd's property list.
    pub fn agent_service(&self) -> Result<PathBuf> {
        if cfg!(target_os = "macos") {
            return Ok(self.home()?.join("Library/LaunchAgents/mai.agent.plist"));
        }
        Ok(self
            .config_folder()?
            .with_file_name("systemd/user/mai-agent.service"))
    }

    /// `~` and `~/…` made absolute.
    pub fn expand(&self, path: &Path) -> PathBuf {
        expand_home(path, self.home.as_deref())
    }

    /// The other way round, for people: `/home/ada/.aws/credentials` is shown as `~/.aws/credentials`.
    pub fn shown(&self, path: &Path) -> String {
        match self
            .home
            .as_deref()
            .and_then(|home| path.strip_prefix(home).ok())
        {
            Some(below) => crate::error::visible(&format!("~/{}", below.display())),
            None => crate::error::visible(&path.display().to_string()),
        }
    }
}

fn expand_home(path: &Path, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(below), Some(home)) => home.join(below),
        _ => path.to_path_buf(),
    }
}

fn no_home() -> Error {
    Error::usage("there is no home folder: HOME is not set to an absolute path")
        .hint("set HOME to the home folder of the person who signs in")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(variables: &[(&str, &str)]) -> Paths {
        Paths::from_lookup(|name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| PathBuf::from(value))
        })
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn files_are_below_the_home_unless_a_variable_says_otherwise() {
        let plain = paths(&[("HOME", "/home/ada")]);
        assert_eq!(
            plain.credentials_file().unwrap(),
            Path::new("/home/ada/.aws/credentials")
        );
        assert_eq!(
            plain.state_folder().unwrap(),
            Path::new("/home/ada/.local/state/mai")
        );
        let moved = paths(&[
            ("HOME", "/home/ada"),
            ("XDG_STATE_HOME", "/var/s"),
            ("XDG_CONFIG_HOME", "relative"),
            ("AWS_SHARED_CREDENTIALS_FILE", "~/keys"),
        ]);
        assert_eq!(
            moved.credentials_file().unwrap(),
            Path::new("/home/ada/keys")
        );
        assert_eq!(moved.state_folder().unwrap(), Path::new("/var/s/mai"));
        assert_eq!(
            moved.config_folder().unwrap(),
            Path::new("/home/ada/.config/mai")
        );
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn without_a_home_nothing_is_written_elsewhere() {
        assert!(paths(&[]).state_folder().is_err());
        assert!(paths(&[("HOME", "relative")]).credentials_file().is_err());
    }

    #[test]
    fn the_files_of_the_person_stand_behind_an_empty_one_and_behind_no_other() {
        let behind = ("MAI_CREDENTIALS_FILE", "/home/ada/keys");
        let file = |named| {
            let paths = paths(&[("AWS_SHARED_CREDENTIALS_FILE", named), behind]);
            paths.credentials_file().unwrap().to_path_buf()
        };
        assert_eq!(file(NOWHERE), Path::new("/home/ada/keys"));
        assert_eq!(file("/other"), Path::new("/other"));
        let alone = paths(&[("AWS_SHARED_CREDENTIALS_FILE", NOWHERE)]);
        assert_eq!(alone.credentials_file().unwrap(), Path::new(NOWHERE));
    }

    #[test]
    fn people_see_the_tilde() {
        let paths = paths(&[("HOME", "/home/ada")]);
        assert_eq!(
            paths.shown(Path::new("/home/ada/.aws/credentials")),
            "~/.aws/credentials"
        );
        assert_eq!(paths.shown(Path::new("/etc/mai")), "/etc/mai");
    }
}
