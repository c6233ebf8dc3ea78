//! What is answered to each question of a sign-in.

use super::{Answers, Source, TRIES};
use crate::config::CodeSource;
use crate::error::{Error, Result};
use crate::idp::visit::{
    Agreement, AgreementKind, Choice, CodeKind, CodeRequest, Person, PushRequest,
};
use crate::login::code_question::code_question;
use crate::secret::Secret;

impl Person for Answers<'_> {
    fn username(&mut self, host: &str) -> Result<String> {
        if let Some(user) = &self.username {
            return Ok(user.clone());
        }
        if !self.doors.presence().is_person() {
            return Err(self
                .needs_person(&format!("a user name for {host}"))
                .hint("set `username` of the identity provider in profiles.yaml"));
        }
        let user = self
            .doors
            .ui
            .ask_text(&format!("User name for {host}"), None)?;
        if user.is_empty() {
            return Err(Error::interrupted());
        }
        self.username = Some(user.clone());
        Ok(user)
    }

    fn password(&mut self, host: &str) -> Result<Secret> {
        self.has_answered = true;
        let (password, source) = self.find_password(host)?;
        self.password = Some((password.clone(), source));
        (self.nearly_there)();
        Ok(password)
    }

    fn password_refused(&mut self) {
        let Some((password, source)) = self.password.take() else {
            return;
        };
        self.refused = Some(source);
        let remembered = self.learned().and_then(|mut learned| {
            learned.remember_refused(&self.learned_name(), &password)?;
            learned.save()
        });
        if let Err(error) = remembered {
            self.doors.ui.warn(&error.to_string());
        }
        let was_stored = matches!(source, Source::Stored | Source::Unlocked);
        let Some(found) = self.stored_as.take().filter(|_| was_stored) else {
            return;
        };
        if self.stored.drop(&found) {
            self.doors.ui.warn(&format!(
                "removed the stored password of {} at {}",
                self.user(),
                self.host()
            ));
        }
    }

    fn password_doubted(&mut self) {
        let Some((password, _)) = &self.password else {
            return;
        };
        let remembered = self.learned().and_then(|mut learned| {
            learned.remember_doubted(&self.learned_name(), password)?;
            learned.save()
        });
        if let Err(error) = remembered {
            self.doors.ui.warn(&error.to_string());
        }
    }

    fn code(&mut self, ask: &CodeRequest) -> Result<Secret> {
        self.has_answered = true;
        let host = ask.host.clone();
        if ask.kind == CodeKind::Secret {
            return self.second_secret(&ask.label, &host);
        }
        // Only a code of an app can be made from a TOTP secret, and a printed list is with the person.
        let source = match (&self.provider.mfa.code.value, ask.kind) {
            (CodeSource::Keyring, CodeKind::Sent) | (_, CodeKind::Recovery) => &CodeSource::Ask,
            (source, _) => source,
        };
        let works_once = matches!(
            ask.kind,
            CodeKind::Totp | CodeKind::Sent | CodeKind::Unknown
        );
        match source {
            CodeSource::Ask => {
                if !self.doors.presence().is_person() {
                    return Err(self.needs_person(&format!("a one-time code for {} at {host}", self.user())));
                }
                let question = code_question(ask);
                for _ in 0..TRIES {
                    let code = self.doors.ui.ask_code(&question)?;
                    let code: String = code.expose().chars().filter(|c| !c.is_whitespace()).collect();
                    if code.is_empty() {
                        return Err(Error::interrupted());
                    }
                    let code = Secret::new(code);
                    if !works_once || self.spend(&code)? {
                        return Ok(code);
                    }
                    self.doors.ui.warn("this code was used already; a code works once");
                }
                Err(self.used_code(&host))
            }
            // A command or a stored secret that was refused gives nothing better the second time.
            _ if ask.again => Err(Error::refused(format!("{host} refused the one-time code of {}", self.user()))
                .hint("compare the clock of this computer and the stored secret, or set `mfa: {code: ask}`")),
            CodeSource::Command(command) => {
                self.doors.ui.step("asking your command for the code");
                let code = command.run(self.doors.presence())?;
                match !works_once || self.spend(&code)? {
                    true => Ok(code),
                    false => Err(self.used_code(&host)),
                }
            }
            CodeSource::Keyring => self.totp_code(&host),
        }
    }

    fn choose(&mut self, ask: &Choice) -> Result<usize> {
        self.has_answered = true;
        if !self.doors.presence().is_person() {
            return Err(self.needs_person(&format!("a choice ({})", ask.question)));
        }
        self.doors.ui.pick(&ask.question, &ask.options)
    }

    fn agree(&mut self, ask: &Agreement) -> Result<bool> {
        let mut learned = self.learned()?;
        let provider = &self.origin();
        let known = match ask.kind {
            AgreementKind::NewHost => learned.agreed_hosts(provider).contains(&ask.host),
            AgreementKind::Consent | AgreementKind::Terms => {
                learned.has_consent(provider, &ask.key)
            }
        };
        if known {
            return Ok(true);
        }
        if !self.doors.presence().is_person() {
            return Ok(false);
        }
        self.doors.ui.show(&ask.text);
        let (question, likely) = match ask.kind {
            AgreementKind::NewHost => (format!("Send your password to {}?", ask.host), false),
            AgreementKind::Consent => (format!("Let {} pass this on to AWS?", ask.host), true),
            AgreementKind::Terms => (format!("Accept these terms of {}?", ask.host), false),
        };
        let agreed = self.doors.ui.confirm(&question, likely)?;
        if agreed {
            match ask.kind {
                AgreementKind::NewHost => learned.remember_agreed_host(provider, &ask.host),
                AgreementKind::Consent | AgreementKind::Terms => {
                    learned.remember_consent(provider, &ask.key)
                }
            }
            if let Err(error) = learned.save() {
                self.doors.ui.warn(&error.to_string());
            }
        }
        Ok(agreed)
    }

    fn push(&mut self, ask: &PushRequest) {
        self.has_answered = true;
        let number = match &ask.number {
            Some(number) => format!("; the number is {number}"),
            None => String::new(),
        };
        self.doors.ui.show(&format!(
            "Approve the sign-in to {} on your device{number}.",
            ask.host
        ));
        if !ask.text.is_empty() {
            self.doors.ui.detail(&ask.text);
        }
        self.doors
            .ui
            .step(&format!("waiting for your approval at {}", ask.host));
    }

    fn step(&mut self, doing: &str) {
        self.doors.ui.step(doing);
    }

    fn warn(&mut self, text: &str) {
        self.doors.ui.warn(text);
    }
}
