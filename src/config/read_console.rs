//! `console:` of `profiles.yaml`: what opens the web console.

use super::browser_command::BrowserCommand;
use super::fields::Fields;
use super::origin::Sourced;
use super::read_provider;
use crate::error::Result;
use crate::paths::Paths;

/// `console: {browser: {command: …}}`. The word `command` is what a file that others may write cannot hold.
pub(super) fn browser(root: &Fields<'_>, paths: &Paths) -> Result<Option<Sourced<BrowserCommand>>> {
    let Some(console) = root.get("console") else {
        return Ok(None);
    };
    let console = console.table()?;
    console.only(&["browser"], &[])?;
    let Some(browser) = console.get("browser") else {
        return Ok(None);
    };
    if !browser.is_table() {
        return Err(browser.error("must be {command: …}"));
    }
    let table = browser.table()?;
    table.only(&["command"], &[])?;
    let Some(command) = table.get("command") else {
        return Err(browser.error("has no `command`"));
    };
    let argv = read_provider::argv(&command, paths)?;
    let read = BrowserCommand::new(argv).map_err(|why| command.error(why))?;
    Ok(Some(Sourced::new(read, command.node.origin.clone())))
}
