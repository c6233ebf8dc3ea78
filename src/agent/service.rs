//! The agent as a service of the person's session: systemd's user unit, launchd's agent.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::error::{Error, Result, visible};
use crate::paths::Paths;
use crate::store::fingerprint::Fingerprint;
use crate::store::locked_file::{self, Edited};
use crate::store::state_folder;

use super::spawned::{self, Ended};

const UNIT: &str = include_str!("../../packaging/agent/mai-agent.service");
const PROPERTY_LIST: &str = include_str!("../../packaging/agent/mai-agent.plist");
const NAME: &str = "mai-agent.service";
const LABEL: &str = "mai.agent";
/// How long the service manager may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Before the hash of all lines above it: tells whether a hand has changed them.
const MARK: &str = "written by `mai agent install`: ";

/// Variables that decide which files and hosts are meant. A service does not see those of a shell.
const KEPT: &[&str] = &[
    "PATH",
    "MAI_CONFIG",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CONFIG_FILE",
    "MAI_CREDENTIALS_FILE",
    "MAI_AWS_CONFIG_FILE",
    "AWS_REGION",
    "AWS_ENDPOINT_URL_STS",
    "AWS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "XDG_DATA_HOME",
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
];

/// Those of them that name one file or folder.
const FILES: &[&str] = &[
    "MAI_CONFIG",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CONFIG_FILE",
    "AWS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// As it is read from any folder: a service starts in another one than the shell.
fn whole(name: &str, value: String) -> String {
    let path = Path::new(&value);
    if !FILES.contains(&name) || path.is_absolute() || value.starts_with('~') {
        return value;
    }
    match std::path::absolute(path) {
        Ok(path) => path.to_string_lossy().into_owned(),
        Err(_) => value,
    }
}

/// How the service is to start.
#[derive(Clone, Debug)]
pub struct Service {
    /// The program and its arguments.
    pub command: Vec<String>,
    pub environment: Vec<(String, String)>,
}

impl Service {
    /// This program with these arguments, and what of the environment it needs; and what it does not get, in words.
    pub fn of_environment(
        command: Vec<String>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> (Service, Vec<String>) {
        let (mut environment, mut notes) = (Vec::new(), Vec::new());
        for name in KEPT {
            let Some(value) = variable(name).filter(|value| !value.is_empty()) else {
                continue;
            };
            let is_proxy = name.to_ascii_lowercase().ends_with("_proxy");
            if is_proxy && value.contains('@') {
                notes.push(format!(
                    "{name} holds a password, so the service does not get it; `proxy:` of the identity provider can \
                     name a proxy"
                ));
            } else if value.chars().any(char::is_control) {
                notes.push(format!(
                    "{name} holds odd characters, so the service does not get it"
                ));
            } else {
                environment.push(((*name).to_owned(), whole(name, value)));
            }
        }
        let service = Service {
            command,
            environment,
        };
        (service, notes)
    }

    fn unit(&self) -> String {
        let command: Vec<String> = self.command.iter().map(|word| quoted(word)).collect();
        let mut start = command.join(" ");
        for (name, value) in &self.environment {
            start += &format!("\nEnvironment={}", quoted_value(&format!("{name}={value}")));
        }
        marked(&UNIT.replace("@PROGRAM@", &start), "# ", "")
    }

    fn property_list(&self, log: &str) -> String {
        let words = self.command.iter();
        let words = words.map(|word| format!("    <string>{}</string>", in_xml(word)));
        let variables = self.environment.iter();
        let variables = variables.map(|(name, value)| {
            format!("    <key>{name}</key><string>{}</string>", in_xml(value))
        });
        let text = PROPERTY_LIST
            .replace("@PROGRAM@", &words.collect::<Vec<_>>().join("\n"))
            .replace("@ENVIRONMENT@", &variables.collect::<Vec<_>>().join("\n"))
            .replace("@LOG@", &in_xml(log));
        marked(&text, "<!-- ", " -->")
    }
}

/// Writes the service and starts it, now and at each login. What was done, in words.
pub fn install(paths: &Paths, service: &Service, overwrite: bool) -> Result<Vec<String>> {
    let file = file(paths)?;
    let shown = paths.shown(&file);
    let text = match cfg!(target_os = "macos") {
        true => {
            let log = paths.home()?.join("Library/Logs/mai-agent.log");
            service.property_list(&log.display().to_string())
        }
        false => service.unit(),
    };
    let before = read(&file)?;
    let was_ours = before.as_deref().is_none_or(is_untouched);
    if !was_ours && !overwrite {
        return Err(
            Error::failed(format!("{shown} was changed by hand, so it stays as it is"))
                .hint("`mai agent install --overwrite` replaces it"),
        );
    }
    let changed = before.as_deref() != Some(text.as_str());
    if changed {
        write(&file, paths, &text)?;
    }
    let mut told = vec![match changed {
        true => format!("Wrote {shown}."),
        false => format!("{shown} is as it should be."),
    }];
    told.push(match start(&file, changed) {
        Ended::Well => "The agent runs, and starts at each login.".into(),
        Ended::Badly | Ended::Missing => {
            format!(
                "The service manager does not answer; later, run: {}",
                by_hand(&file, true)
            )
        }
    });
    Ok(told)
}

/// Stops the service and removes it.
pub fn uninstall(paths: &Paths, overwrite: bool) -> Result<Vec<String>> {
    let file = file(paths)?;
    let shown = paths.shown(&file);
    let before = read(&file)?;
    if !before.as_deref().is_none_or(is_untouched) && !overwrite {
        return Err(Error::failed(format!(
            "{shown} was changed by hand, so it stays and the agent goes on"
        ))
        .hint("`mai agent uninstall --overwrite` removes it"));
    }
    let stopped = stop();
    let mut told = Vec::new();
    if before.is_some() {
        fs::remove_file(&file).map_err(|error| {
            Error::failed(format!("cannot remove {shown}")).because(state_folder::reason(&error))
        })?;
        told.push(format!("Removed {shown}."));
    } else {
        told.push(format!("There is no {shown}."));
    }
    if cfg!(not(target_os = "macos")) {
        systemctl(&["daemon-reload"]);
    }
    told.push(match stopped {
        Ended::Well => "The agent does not run any more.".into(),
        Ended::Badly | Ended::Missing if before.is_none() => {
            "It was not running as a service.".into()
        }
        Ended::Badly | Ended::Missing => {
            format!(
                "The service manager does not answer; later, run: {}",
                by_hand(&file, false)
            )
        }
    });
    Ok(told)
}

/// Where the service is, on systems that have one.
fn file(paths: &Paths) -> Result<PathBuf> {
    if cfg!(windows) {
        return Err(
            Error::failed("this system has neither systemd nor launchd to run the agent")
                .hint("let the Task Scheduler run `mai agent` when you log on"),
        );
    }
    paths.agent_service()
}

fn read(file: &Path) -> Result<Option<String>> {
    let bytes = locked_file::read(file)?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

fn write(file: &Path, paths: &Paths, text: &str) -> Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(|error| {
            Error::failed(format!("cannot create the folder {}", paths.shown(folder)))
                .because(state_folder::reason(&error))
        })?;
    }
    locked_file::update_shared(file, paths.state_folder()?, |_| {
        Ok(Edited {
            bytes: text.as_bytes().to_vec(),
            value: (),
        })
    })?;
    Ok(())
}

fn start(file: &Path, changed: bool) -> Ended {
    if cfg!(target_os = "macos") {
        if changed {
            launchctl(&["bootout", &format!("{}/{LABEL}", domain())]);
        }
        let file = file.display().to_string();
        return match launchctl(&["print", &format!("{}/{LABEL}", domain())]) {
            Ended::Well => Ended::Well,
            _ => launchctl(&["bootstrap", &domain(), &file]),
        };
    }
    let steps: &[&[&str]] = match changed {
        true => &[&["daemon-reload"], &["enable", NAME], &["restart", NAME]],
        false => &[&["enable", "--now", NAME]],
    };
    let mut steps = steps.iter().map(|step| systemctl(step));
    steps
        .find(|ended| *ended != Ended::Well)
        .unwrap_or(Ended::Well)
}

fn stop() -> Ended {
    match cfg!(target_os = "macos") {
        true => launchctl(&["bootout", &format!("{}/{LABEL}", domain())]),
        false => systemctl(&["disable", "--now", NAME]),
    }
}

fn by_hand(file: &Path, on: bool) -> String {
    let file = visible(&file.display().to_string());
    match (cfg!(target_os = "macos"), on) {
        (true, true) => format!("launchctl bootstrap {} {file}", domain()),
        (true, false) => format!("launchctl bootout {}/{LABEL}", domain()),
        (false, true) => {
            format!("systemctl --user daemon-reload && systemctl --user enable --now {NAME}")
        }
        (false, false) => format!("systemctl --user disable --now {NAME}"),
    }
}

fn systemctl(arguments: &[&str]) -> Ended {
    let mut command = Command::new("systemctl");
    command.arg("--user").args(arguments);
    let folder = std::env::var("XDG_CONFIG_HOME").unwrap_or_default();
    let variables = [("XDG_CONFIG_HOME", folder.as_str())];
    let variables = if folder.is_empty() {
        &[]
    } else {
        &variables[..]
    };
    spawned::run(&mut command, variables, LIMIT)
}

fn launchctl(arguments: &[&str]) -> Ended {
    spawned::run(Command::new("/bin/launchctl").args(arguments), &[], LIMIT)
}

fn domain() -> String {
    #[cfg(unix)]
    let uid = rustix::process::getuid().as_raw();
    #[cfg(not(unix))]
    let uid = 0;
    format!("gui/{uid}")
}

/// A word of a command line in a unit: no blank parts it, `%` and `$` stand for themselves.
fn quoted(word: &str) -> String {
    quoted_value(&word.replace('$', "$$"))
}

fn quoted_value(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('%', "%%");
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-=:@,+".contains(c);
    match escaped.chars().all(plain) {
        true => escaped,
        false => format!("\"{escaped}\""),
    }
}

fn in_xml(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn marked(text: &str, open: &str, close: &str) -> String {
    let hash = Fingerprint::of(&[("service", text)]);
    format!("{text}{open}{MARK}{}{close}\n", hash.as_str())
}

/// Did `mai` write every line of it?
fn is_untouched(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    let place = body.rfind('\n').map_or(0, |at| at + 1);
    let (above, last) = body.split_at(place);
    let hash = Fingerprint::of(&[("service", above)]);
    last.contains(&format!("{MARK}{}", hash.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service() -> Service {
        let variable = |name: &str| {
            Some(match name {
                "PATH" => "/usr/bin:/home/ada/100% mine/bin".to_owned(),
                "HTTPS_PROXY" => "http://ada:secret@proxy.test".to_owned(),
                "MAI_CONFIG" => String::new(),
                "NO_PROXY" => "a.test,b.test".to_owned(),
                _ => return None,
            })
        };
        let command = ["/opt/a b/$mai", "agent"].map(str::to_owned).to_vec();
        let (service, notes) = Service::of_environment(command, variable);
        assert_eq!(notes.len(), 1);
        assert!(notes[0].starts_with("HTTPS_PROXY holds a password"));
        service
    }

    #[test]
    fn a_unit_says_what_to_start_with_which_variables_and_holds_no_password() {
        let unit = service().unit();
        assert!(
            unit.contains("\nExecStart=\"/opt/a b/$$mai\" agent\n"),
            "{unit}"
        );
        let path = "\nEnvironment=\"PATH=/usr/bin:/home/ada/100%% mine/bin\"\n";
        assert!(unit.contains(path), "{unit}");
        assert!(
            unit.contains("\nEnvironment=NO_PROXY=a.test,b.test\n"),
            "{unit}"
        );
        assert!(
            !unit.contains("secret") && !unit.contains("MAI_CONFIG"),
            "{unit}"
        );
        assert!(!unit.contains('@'), "{unit}");
    }

    #[test]
    fn a_property_list_is_whole() {
        let list = service().property_list("/Users/a&b/log");
        for part in [
            "<string>/opt/a b/$mai</string>\n    <string>agent</string>",
            "<key>NO_PROXY</key><string>a.test,b.test</string>",
            "<string>/Users/a&amp;b/log</string>",
        ] {
            assert!(list.contains(part), "{list}");
        }
        assert!(!list.contains('@'), "{list}");
        assert!(is_untouched(&list));
    }

    #[test]
    fn a_hand_in_the_file_is_noticed() {
        let unit = service().unit();
        assert!(is_untouched(&unit));
        for changed in [
            unit.replace("Nice=5", "Nice=6"),
            format!("{unit}\n[Service]\n"),
            String::new(),
            "[Service]\nExecStart=/usr/bin/mai agent\n".into(),
        ] {
            assert!(!is_untouched(&changed), "{changed}");
        }
    }
}
