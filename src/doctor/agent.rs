//! The agent: is it there, does it run, and is it this version?

use super::Patient;
use super::report::Area;
use crate::store::agent_notes::{NotesFile, Why};
use crate::store::locks;
use crate::store::sessions::Sessions;

/// Where a package puts the unit for everybody.
const OF_A_PACKAGE: &str = "/usr/lib/systemd/user/mai-agent.service";

pub fn service(patient: &Patient) -> Area {
    let mut area = Area::new("agent");
    let paths = patient.paths;
    let (Ok(state_folder), Ok(credentials)) = (paths.state_folder(), paths.credentials_file())
    else {
        return area;
    };
    let wanted = patient.config.as_ref().is_ok_and(|config| {
        let mut profiles = config.profiles.iter();
        profiles.any(|profile| profile.renew.value)
    });
    match paths.agent_service() {
        Ok(file) if file.exists() => area.good(format!("installed: {}", paths.shown(&file))),
        _ if std::path::Path::new(OF_A_PACKAGE).exists() => {
            area.good(format!("a package brought {OF_A_PACKAGE}"));
        }
        _ => area.good("not installed as a service"),
    }
    match locks::running_agent(state_folder, credentials) {
        Some(agent) if agent.command == patient.version => {
            area.good(format!("runs, process {}", agent.pid));
        }
        Some(agent) => area.note(
            format!(
                "process {} is {}, and this is {}",
                agent.pid, agent.command, patient.version
            ),
            "it starts anew by itself when its own file is replaced; else stop it and start it again",
        ),
        None if wanted => area.note(
            "it does not run, although profiles say `renew: true`",
            "`mai agent install` starts it, now and after each login",
        ),
        None => area.good("does not run; no profile says `renew: true`"),
    }
    let sessions = Sessions::of(state_folder, paths.home().ok(), credentials);
    let notes = NotesFile::beside(&sessions, state_folder).load();
    for need in notes.open_needs(&sessions.load()) {
        let next = match need.why {
            Why::NeedsPerson => format!("mai login {}", need.profile),
            Why::Unreachable => "look at the network, and whether it takes a VPN".to_owned(),
        };
        area.note(format!("{}: {}", need.profile, need.told()), next);
    }
    area
}
