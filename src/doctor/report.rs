//! Findings, and how they are shown.

use serde_json::{Value, json};

use super::mask::Mask;
use crate::error::{Error, visible};
use crate::ui::{Tone, Ui, table};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Good,
    /// Worth knowing; may be meant so.
    Note,
    Wrong,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Level::Good => "good",
            Level::Note => "note",
            Level::Wrong => "wrong",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub level: Level,
    pub text: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// What was found in one place.
#[derive(Clone, Debug)]
pub struct Area {
    pub name: &'static str,
    pub findings: Vec<Finding>,
}

impl Area {
    pub fn new(name: &'static str) -> Area {
        Area {
            name,
            findings: Vec::new(),
        }
    }

    pub fn good(&mut self, text: impl Into<String>) {
        self.add(Level::Good, text, None);
    }

    pub fn note(&mut self, text: impl Into<String>, hint: impl Into<String>) {
        self.add(Level::Note, text, Some(hint.into()));
    }

    pub fn wrong(&mut self, text: impl Into<String>, hint: impl Into<String>) {
        self.add(Level::Wrong, text, Some(hint.into()));
    }

    pub fn add(&mut self, level: Level, text: impl Into<String>, hint: Option<String>) {
        self.findings.push(Finding {
            level,
            text: visible(&text.into()),
            hint: hint
                .filter(|hint| !hint.is_empty())
                .map(|hint| visible(&hint)),
        });
    }

    /// What could not even be looked at.
    pub fn failed(&mut self, level: Level, error: &Error) {
        self.add(
            level,
            error.to_string(),
            error.hint_text().map(str::to_owned),
        );
    }
}

/// One setting, what it is, and which file and line said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub name: String,
    pub value: String,
    pub origin: String,
}

#[derive(Clone, Debug)]
pub struct Report {
    pub version: String,
    pub areas: Vec<Area>,
    pub settings: Vec<Setting>,
}

impl Report {
    pub fn wrong(&self) -> usize {
        self.findings()
            .filter(|finding| finding.level == Level::Wrong)
            .count()
    }

    fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.areas.iter().flat_map(|area| &area.findings)
    }

    /// Takes out what nobody needs who helps: names of people, account ids, key ids.
    pub fn mask(&mut self, mask: &Mask) {
        for finding in self.areas.iter_mut().flat_map(|area| &mut area.findings) {
            finding.text = mask.hide(&finding.text);
            finding.hint = finding.hint.as_deref().map(|hint| mask.hide(hint));
        }
        for setting in &mut self.settings {
            setting.name = mask.hide(&visible(&setting.name));
            setting.value = mask.hide(&setting.value);
            setting.origin = mask.hide(&setting.origin);
        }
    }

    pub fn document(&self) -> Value {
        json!({
            "version": self.version,
            "wrong": self.wrong(),
            "areas": self.areas.iter().map(|area| json!({
                "area": area.name,
                "findings": area.findings.iter().map(|finding| json!({
                    "level": finding.level.name(),
                    "text": finding.text,
                    "hint": finding.hint,
                })).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "settings": self.settings.iter().map(|setting| json!({
                "setting": setting.name,
                "value": setting.value,
                "origin": setting.origin,
            })).collect::<Vec<_>>(),
        })
    }

    /// Level, area, text, hint; one line each.
    pub fn rows(&self) -> Vec<Vec<String>> {
        let of_area = |area: &Area| {
            let rows = area.findings.iter().map(|finding| {
                vec![
                    finding.level.name().to_owned(),
                    area.name.to_owned(),
                    finding.text.clone(),
                    finding.hint.clone().unwrap_or_default(),
                ]
            });
            rows.collect::<Vec<_>>()
        };
        self.areas.iter().flat_map(of_area).collect()
    }

    pub fn text(&self, ui: &Ui) -> String {
        let mut text = String::new();
        for area in &self.areas {
            if area.findings.is_empty() {
                continue;
            }
            text += &ui.tint_data(Tone::Strong, area.name);
            text += "\n";
            for finding in &area.findings {
                let (mark, tone) = match finding.level {
                    Level::Good => ("ok", Tone::Good),
                    Level::Note => ("note", Tone::Warning),
                    Level::Wrong => ("wrong", Tone::Bad),
                };
                let mark = ui.tint_data(tone, &format!("{mark:<5}"));
                text += &format!("  {mark}  {}\n", finding.text);
                if let Some(hint) = &finding.hint {
                    text += &format!("         {}\n", ui.tint_data(Tone::Faint, hint));
                }
            }
        }
        if !self.settings.is_empty() {
            text += &ui.tint_data(Tone::Strong, "settings");
            text += "\n";
            let rows: Vec<Vec<String>> = self
                .settings
                .iter()
                .map(|setting| {
                    vec![
                        format!("  {}", setting.name),
                        setting.value.clone(),
                        setting.origin.clone(),
                    ]
                })
                .collect();
            text += &table::render(&[], &rows, table::stdout_width());
        }
        text += &match self.wrong() {
            0 => ui.tint_data(Tone::Good, "nothing is wrong"),
            1 => ui.tint_data(Tone::Bad, "1 thing is wrong"),
            n => ui.tint_data(Tone::Bad, &format!("{n} things are wrong")),
        };
        text + "\n"
    }
}
