//! What happens in the playground, step by step.

use std::error::Error;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mai_testbed::{PASSWORD, Testbed};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

pub fn main() -> Result<ExitCode, Box<dyn Error>> {
    // Under the name `mai` this program is mai itself: the same code as the installed binary.
    let name = std::env::args_os().next().map(PathBuf::from);
    if name.as_deref().and_then(Path::file_name) == Some("mai".as_ref()) {
        mai::process::harden(mai::commands::clean_up);
        return Ok(mai::commands::main());
    }
    // Ctrl-C ends what runs in the playground; the playground itself tidies up before it goes.
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, interrupted.clone())?;
    }
    let playground = Playground::open()?;
    let outcome = if std::env::args().any(|argument| argument == "--shell") {
        playground.shell()
    } else {
        playground.tour()
    };
    if interrupted.load(Ordering::Relaxed) {
        return Ok(ExitCode::from(130));
    }
    outcome.map(|()| ExitCode::SUCCESS)
}

/// A company on loopback and a home folder; both end with it.
struct Playground {
    testbed: Testbed,
    home: tempfile::TempDir,
}

impl Playground {
    fn open() -> Result<Playground, Box<dyn Error>> {
        let testbed = Testbed::start();
        let home = tempfile::Builder::new()
            .prefix("mai-playground-")
            .tempdir()?;
        let config = home.path().join(".config/mai");
        std::fs::create_dir_all(&config)?;
        std::fs::write(config.join("profiles.yaml"), profiles(&testbed))?;
        let programs = home.path().join("bin");
        std::fs::create_dir(&programs)?;
        std::os::unix::fs::symlink(std::env::current_exe()?, programs.join("mai"))?;
        // Somebody's own lines, to see that they stay.
        let aws = home.path().join(".aws");
        std::fs::create_dir(&aws)?;
        write_private(
            &aws.join("credentials"),
            "# my own keys, and my own spacing\n[sandbox]\naws_access_key_id=AKIAEXAMPLEEXAMPLE\naws_secret_access_key=mine-and-not-yours\n",
        )?;
        Ok(Playground { testbed, home })
    }

    fn tour(&self) -> Result<(), Box<dyn Error>> {
        say(
            "A company's identity provider and an STS run on this computer now, in a home of their own:",
        );
        say(&format!(
            "  identity provider  {}",
            self.testbed.face("simple")
        ));
        say(&format!("  STS                {}", self.testbed.sts_url()));
        say(&format!(
            "  home               {}",
            self.home.path().display()
        ));
        self.show(
            "cat ~/.config/mai/profiles.yaml",
            ".config/mai/profiles.yaml",
        )?;
        say(&format!(
            "\nOne sign-in, two profiles. The password is `{PASSWORD}`, and it is typed for you:"
        ));
        self.mai(
            "login prod audit --password-stdin",
            &format!("{PASSWORD}\n"),
        )?;
        self.mai("status", "")?;
        say("\nThe keys last, so the second login of the day costs nothing:");
        self.mai("login prod", "")?;
        say("\nWhat it wrote. The lines above ours are byte for byte what they were:");
        self.show("cat ~/.aws/credentials", ".aws/credentials")?;
        say("\nNothing of this is left when it ends. To try things by hand:");
        say("  cargo run --example playground -- --shell      a shell in such a home");
        say("  cargo install --path .                         then: mai --help");
        say("  profiles.example.yaml                          every setting, with comments");
        Ok(())
    }

    fn shell(&self) -> Result<(), Box<dyn Error>> {
        let shell = std::env::var_os("SHELL").unwrap_or_else(|| "/bin/sh".into());
        say(&format!(
            "A shell in {}; the password is `{PASSWORD}`.",
            self.home.path().display()
        ));
        say(
            "Try: mai login prod, mai status, mai roles, mai login --role '*/ReadOnly'. `exit` ends it.",
        );
        let mut command = Command::new(shell);
        self.at_home(&mut command);
        command.status()?;
        Ok(())
    }

    /// Runs `mai` in the playground's home and shows what was typed and said.
    fn mai(&self, line: &str, stdin: &str) -> Result<(), Box<dyn Error>> {
        say(&format!("\n$ mai {line}"));
        let mut command = Command::new(self.home.path().join("bin/mai"));
        command.args(line.split(' ')).stdin(Stdio::piped());
        self.at_home(&mut command);
        let mut child = command.spawn()?;
        if let Some(mut pipe) = child.stdin.take() {
            pipe.write_all(stdin.as_bytes())?;
        }
        let status = child.wait()?;
        if !status.success() {
            return Err(format!("`mai {line}` ended with {status}").into());
        }
        Ok(())
    }

    /// The playground's home and STS, and nothing of the caller's AWS or mai settings.
    fn at_home(&self, command: &mut Command) {
        for (variable, _) in std::env::vars_os() {
            let name = variable.to_string_lossy();
            if name.starts_with("AWS_") || name.starts_with("MAI_") || name.starts_with("XDG_") {
                command.env_remove(&variable);
            }
        }
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .env("HOME", self.home.path())
            .env(
                "PATH",
                format!("{}:{path}", self.home.path().join("bin").display()),
            )
            .envs(self.testbed.env())
            .current_dir(self.home.path());
    }

    fn show(&self, command: &str, below: &str) -> Result<(), Box<dyn Error>> {
        say(&format!("\n$ {command}"));
        say(std::fs::read_to_string(self.home.path().join(below))?.trim_end());
        Ok(())
    }
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options.open(path)?.write_all(text.as_bytes())
}

fn profiles(testbed: &Testbed) -> String {
    format!(
        "default_profile: prod

identity_providers:
  corp:
    url: {}
    username: ada
    password: ask

accounts: {{\"111111111111\": acme-prod, \"222222222222\": acme-audit}}

profiles:
  prod:
    identity_provider: corp
    role: acme-prod/PowerUser
    region: eu-central-1
    critical: true
  audit:
    identity_provider: corp
    role: acme-audit/ReadOnly
",
        testbed.face("simple")
    )
}

/// One line to stderr, where mai speaks too, so that all stays in order.
fn say(text: &str) {
    eprintln!("{text}");
}
