//! Words for the person: lines on stderr, and a spinner that says what is going on.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::moment;
use super::output::{self, Format};
use super::paint::{ColorChoice, Tone, fit_to_show, paint};
use super::pinentry::Pinentry;
use super::tty::drawing;
use crate::clock;
use crate::error::Error;
use crate::presence::Presence;

/// What the global options say about words and questions.
#[derive(Clone, Copy, Debug)]
pub struct UiSettings {
    pub format: Format,
    pub quiet: bool,
    pub verbose: u8,
    /// Are steps said line by line where no spinner can turn?
    pub plain_steps: bool,
    pub color: ColorChoice,
    pub presence: Presence,
}

/// The person's side of the program; shared by reference with everybody who has something to say or ask.
pub struct Ui {
    settings: UiSettings,
    color_of_words: bool,
    color_of_data: bool,
    /// May a spinner turn? Only on a terminal, and not between the lines of `-v`.
    animated: bool,
    /// Every line begins with the time: for a log.
    timed: bool,
    spinner: Mutex<Option<ProgressBar>>,
    /// Who asks where there is no terminal.
    pub(super) window: Option<Pinentry>,
}

impl Ui {
    pub fn new(settings: UiSettings) -> Ui {
        let words_on_terminal = io::stderr().is_terminal();
        let can_draw = words_on_terminal && has_cursor();
        Ui {
            color_of_words: settings.color.applies(words_on_terminal),
            color_of_data: settings.color.applies(io::stdout().is_terminal()),
            animated: can_draw && settings.verbose == 0 && !is_terse(&settings),
            settings,
            timed: false,
            spinner: Mutex::new(None),
            window: None,
        }
    }

    /// For a program that runs for days: each line begins with the local time, nothing is drawn in place, and what is
    /// being done right now is a detail.
    pub fn with_times(mut self) -> Ui {
        self.timed = true;
        self.animated = false;
        self
    }

    /// Without a terminal the person is asked in a window: for passwords and codes only.
    pub fn with_window(mut self) -> Ui {
        if self.settings.presence == Presence::Nobody {
            self.settings.presence = Presence::Person;
            self.window = Some(Pinentry::default());
        }
        self
    }

    /// Is the person asked in a window, and sees nothing else of this run?
    pub fn asks_in_window(&self) -> bool {
        self.window.is_some()
    }

    /// One that asks nobody and says nothing but warnings.
    pub fn silent() -> Ui {
        Ui::new(UiSettings {
            format: Format::Text,
            quiet: true,
            verbose: 0,
            plain_steps: false,
            color: ColorChoice::Never,
            presence: Presence::Nobody,
        })
    }

    /// The same, but nobody is asked; with `quiet` only errors and warnings are said.
    pub fn for_nobody(&self, quiet: bool) -> Ui {
        Ui::new(UiSettings {
            presence: Presence::Nobody,
            quiet: quiet || self.settings.quiet,
            ..self.settings
        })
    }

    pub fn presence(&self) -> Presence {
        self.settings.presence
    }

    /// A line for the person; not with `-q` or `-o json`.
    pub fn say(&self, text: &str) {
        if !is_terse(&self.settings) {
            self.line(text);
        }
    }

    /// What a question is about: shown whenever the question is.
    pub fn show(&self, text: &str) {
        self.line(text);
    }

    /// A line that is shown always: something the person should know although all went well.
    pub fn warn(&self, text: &str) {
        let mark = self.tint(Tone::Warning, "warning:");
        self.line(&format!("{mark} {text}"));
    }

    /// A line for who wants to know more (`-v`).
    pub fn detail(&self, text: &str) {
        if self.settings.verbose > 0 {
            self.line(&self.tint(Tone::Faint, text));
        }
    }

    /// What is being done right now, until the next step or `done`: beside a spinner on a terminal, a plain line
    /// elsewhere.
    pub fn step(&self, doing: &str) {
        match (self.timed, self.animated) {
            (true, _) => self.detail(doing),
            (_, false) if self.settings.plain_steps => self.say(doing),
            (_, false) => self.detail(doing),
            (_, true) => self.draw(doing, turning),
        }
    }

    /// What is waited for, for hours perhaps: one line that stands still, rewritten in place, until `done` or the next
    /// step. False where nothing can be drawn: then it was not shown.
    pub fn stand(&self, waiting: &str) -> bool {
        if self.animated {
            self.draw(waiting, standing);
        }
        self.animated
    }

    fn draw(&self, text: &str, new: impl FnOnce(String) -> ProgressBar) {
        let mut spinner = self.spinner.lock().unwrap_or_else(PoisonError::into_inner);
        let text = fit_to_show(text);
        match &*spinner {
            Some(bar) => bar.set_message(text),
            None => {
                drawing(true);
                *spinner = Some(new(text));
            }
        }
    }

    /// No step is going on any more.
    pub fn done(&self) {
        let mut spinner = self.spinner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = spinner.take() {
            bar.finish_and_clear();
            drawing(false);
        }
    }

    /// The last words of a run that failed.
    pub fn report(&self, error: &Error) {
        self.done();
        output::report(error, self.settings.format, self.color_of_words);
    }

    /// Colored text for stderr.
    pub fn tint(&self, tone: Tone, text: &str) -> String {
        paint(tone, text, self.color_of_words)
    }

    /// Colored text for stdout.
    pub fn tint_data(&self, tone: Tone, text: &str) -> String {
        paint(tone, text, self.color_of_data)
    }

    pub(super) fn colored(&self) -> bool {
        self.color_of_words
    }

    fn line(&self, text: &str) {
        let mut text = fit_to_show(text) + "\n";
        if self.timed {
            text.insert_str(0, &moment::stamp(clock::now()));
        }
        // Nobody reads stderr if it cannot be written to.
        let write = || {
            let _ = io::stderr().lock().write_all(text.as_bytes());
        };
        let spinner = self.spinner.lock().unwrap_or_else(PoisonError::into_inner);
        match &*spinner {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

impl Drop for Ui {
    fn drop(&mut self) {
        self.done();
    }
}

fn is_terse(settings: &UiSettings) -> bool {
    settings.quiet || settings.format == Format::Json
}

/// Can something be drawn in place on this terminal?
pub(super) fn has_cursor() -> bool {
    std::env::var("TERM").map_or(cfg!(windows), |term| !term.is_empty() && term != "dumb")
}

/// Without a timer: it is drawn when its text changes.
fn standing(text: String) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{wide_msg}") {
        bar.set_style(style);
    }
    bar.set_message(text);
    bar.tick();
    bar
}

fn turning(text: String) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
        bar.set_style(style.tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ "));
    }
    bar.set_message(text);
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
