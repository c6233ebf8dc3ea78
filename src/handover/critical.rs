//! What whoever hands over keys says loudly: that they are those of a profile where care is needed.

use crate::error::Result;
use crate::login::Doors;
use crate::login::account_names::account_name;
use crate::login::ready::Ready;
use crate::store::learned::Learned;
use crate::ui::Tone;

/// One line for all that are critical.
pub fn say_what_is_critical(doors: &Doors, all: &[Ready]) -> Result<()> {
    if !all.iter().any(|ready| ready.critical) {
        return Ok(());
    }
    let learned = Learned::load(doors.paths.state_folder()?);
    let critical: Vec<String> = all
        .iter()
        .filter(|ready| ready.critical)
        .map(|ready| {
            let id = ready.role.account();
            let account = match account_name(doors.config, &learned, id) {
                Some(name) => format!("{name} ({id})"),
                None => id.to_owned(),
            };
            format!("{}, {} in {account}", ready.profile, ready.role.name())
        })
        .collect();
    let mark = doors.ui.tint(Tone::Bad, "CRITICAL:");
    doors.ui.say(&format!("{mark} {}", critical.join("; ")));
    Ok(())
}
