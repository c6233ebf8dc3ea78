//! A notification on the desktop, where there is one; where there is none, the log and `mai status` have to do.

use std::process::Command;
use std::time::Duration;

use super::spawned::{self, Ended};
use crate::error::clean;

/// How long the desktop may take to show it.
const LIMIT: Duration = Duration::from_secs(5);

/// Shows title and text. False if that did not work, which is no reason for anything else to fail.
pub fn show(title: &str, text: &str) -> bool {
    let (title, text) = (harmless(title), harmless(text));
    // PowerShell would read arguments as a part of its script.
    let words = [("MAI_TITLE", title.as_str()), ("MAI_TEXT", text.as_str())];
    let variables = if cfg!(windows) { &words[..] } else { &[] };
    spawned::run(&mut command(&title, &text), variables, LIMIT) == Ended::Well
}

/// Servers' words may be in it, and some desktops take `<` and `&` for markup.
fn harmless(text: &str) -> String {
    clean(&text.replace(['<', '>', '&'], " "))
}

#[cfg(not(any(target_os = "macos", windows)))]
fn command(title: &str, text: &str) -> Command {
    let mut command = Command::new("notify-send");
    command.args([
        "--app-name=mai",
        "--icon=dialog-password",
        "--",
        title,
        text,
    ]);
    command
}

#[cfg(target_os = "macos")]
fn command(title: &str, text: &str) -> Command {
    // The words are arguments of the script, never a part of it.
    let mut command = Command::new("/usr/bin/osascript");
    for line in [
        "on run argv",
        "display notification (item 2 of argv) with title (item 1 of argv)",
        "end run",
    ] {
        command.args(["-e", line]);
    }
    command.args(["--", title, text]);
    command
}

#[cfg(windows)]
fn command(_title: &str, _text: &str) -> Command {
    const SCRIPT: &str = "\
$n = [Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime]
$x = $n::GetTemplateContent([Windows.UI.Notifications.ToastTemplateType]::ToastText02)
$t = $x.GetElementsByTagName('text')
$t.Item(0).InnerText = $env:MAI_TITLE
$t.Item(1).InnerText = $env:MAI_TEXT
$id = '{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\\WindowsPowerShell\\v1.0\\powershell.exe'
$n::CreateToastNotifier($id).Show([Windows.UI.Notifications.ToastNotification]::new($x))";
    let mut command = Command::new("powershell.exe");
    command.args(["-NoProfile", "-NonInteractive", "-Command", SCRIPT]);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_markup_and_nothing_unseen_reaches_the_desktop() {
        assert_eq!(
            harmless("<b>no</b> &amp; \x1b[2J\u{202e}x"),
            "b no /b amp; [2Jx"
        );
    }
}
