//! One sign-in at a time per identity provider of profiles.yaml: the lock, and who waits for whom.

use std::time::Duration;

use crate::error::Result;
use crate::login::Doors;
use crate::store::locks::{self, SignInLock};

/// How long somebody without a terminal waits for another sign-in to end, unless their caller is impatient.
pub const NOBODY_WAITS: Duration = Duration::from_secs(120);

/// Waits until nobody else signs in to this identity provider, and keeps others out until it is dropped.
///
/// Held from before the keyring is opened until the sessions are written; whoever waited looks at the keys again. A
/// person at a terminal may wait as long as they like, and sees for whom.
pub fn take(doors: &Doors, identity_provider: &str, command: &str) -> Result<SignInLock> {
    let sees_it = doors.presence().is_person() && !doors.ui.asks_in_window();
    let limit = (!sees_it).then_some(doors.nobody_waits);
    let lock = locks::sign_in(
        doors.paths.state_folder()?,
        identity_provider,
        command,
        limit,
        |holder| {
            let who = holder.map_or("another mai".to_string(), |holder| {
                format!("`{}` (process {})", holder.command, holder.pid)
            });
            doors
                .ui
                .step(&format!("waiting for {who} to finish signing in"));
        },
    );
    doors.ui.done();
    lock
}
