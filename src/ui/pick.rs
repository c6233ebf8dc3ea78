//! One of many: a list that words narrow down.

use std::cell::RefCell;
use std::io::{IsTerminal, stderr};

use inquire::ui::RenderConfig;
use inquire::{InquireError, Select};
use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::paint::fit_to_show;
use super::questions::no_answer;
use super::terminal::{Ui, has_cursor};
use super::tty::{Tty, drawing};
use crate::error::{Error, Result, clean};

/// Lines of a list that are shown at once.
const PAGE: usize = 12;
/// Lines of a numbered list, which stays on the screen.
const NUMBERED: usize = 30;
const TRIES: usize = 20;
const NO_MATCH: &str = "(nothing matches)";

impl Ui {
    /// The index of the option that the person chose, in the order given; the first one is highlighted.
    ///
    /// Words that are typed may match anywhere and in any order: `4321 adm` finds `dev (000000004321) Admin`.
    /// Without a cursor to move, the list is numbered.
    pub fn pick(&self, question: &str, options: &[String]) -> Result<usize> {
        let tty = self.ready_to_ask(question)?;
        let options: Vec<String> = options.iter().map(|option| clean(option)).collect();
        if options.is_empty() {
            return Err(Error::failed(format!(
                "there is nothing to choose from: {question}"
            )));
        }
        if stderr().is_terminal() && has_cursor() {
            drawing(true);
            let picked = pick_on_screen(question, &options, self.colored());
            drawing(false);
            match picked {
                Err(InquireError::NotTTY) => {}
                Ok(index) => return Ok(index),
                Err(InquireError::OperationCanceled | InquireError::OperationInterrupted) => {
                    return Err(Error::interrupted_at(question));
                }
                Err(error) => {
                    return Err(Error::failed("the list could not be shown").because(error));
                }
            }
        }
        pick_by_number(tty, question, &options)
    }
}

fn pick_on_screen(
    question: &str,
    options: &[String],
    colored: bool,
) -> Result<usize, InquireError> {
    let room = crossterm::terminal::size()
        .ok()
        .map_or(Room::of(80, 24, question), |(columns, rows)| {
            Room::of(columns.into(), rows.into(), question)
        });
    let mut rows: Vec<String> = options.iter().map(|option| room.cut(option)).collect();
    // The list itself says nothing when it is empty, so a row does.
    rows.push(NO_MATCH.to_owned());
    let finder = RefCell::new(Finder::new());
    let scorer = |typed: &str, _: &String, _: &str, index: usize| {
        let mut finder = finder.borrow_mut();
        match options.get(index) {
            Some(option) => finder.rank(typed, option, index),
            None => finder.find(typed, options).is_empty().then_some(0),
        }
    };
    let render = if colored {
        RenderConfig::default_colored()
    } else {
        RenderConfig::empty()
    };
    loop {
        let chosen = Select::new(question, rows.clone())
            .with_scorer(&scorer)
            .with_page_size(room.page)
            .with_render_config(render)
            .with_help_message(room.help)
            .raw_prompt()?;
        if chosen.index < options.len() {
            return Ok(chosen.index);
        }
    }
}

/// What fits on the screen: a list that scrolls it, or a row that wraps, cannot be drawn over again.
struct Room {
    columns: usize,
    page: usize,
    help: &'static str,
}

impl Room {
    /// A terminal that does not tell its size says 0.
    fn of(columns: usize, rows: usize, question: &str) -> Room {
        let columns = if columns == 0 { 80 } else { columns };
        let rows = if rows == 0 { 24 } else { rows };
        let help = match columns {
            0..50 => "type to filter",
            _ => "type to filter, ↑↓ to move, enter to choose",
        };
        // Its mark, what is typed, and the line of help.
        let around = (question.width() + 16).div_ceil(columns) + 2;
        Room {
            columns,
            page: rows.saturating_sub(around).clamp(1, PAGE),
            help,
        }
    }

    /// `text` on one line, beside the mark of the list.
    fn cut(&self, text: &str) -> String {
        let room = self.columns.saturating_sub(4).max(8);
        if text.width() <= room {
            return text.to_owned();
        }
        let mut short = String::new();
        for c in text.chars() {
            if short.width() + c.width().unwrap_or(0) >= room {
                break;
            }
            short.push(c);
        }
        short + "…"
    }
}

fn pick_by_number(mut tty: Tty, question: &str, options: &[String]) -> Result<usize> {
    let mut finder = Finder::new();
    let mut shown: Vec<usize> = (0..options.len()).collect();
    tty.write(&fit_to_show(&format!(
        "{question}\n{}",
        numbered(options, &shown)
    )))?;
    for _ in 0..TRIES {
        tty.write("Number, or words to search for: ")?;
        match read_choice(&tty.read_line(question)?, options, &shown, &mut finder) {
            Choice::Chosen(index) => {
                tty.write(&format!("{}\n", options[index]))?;
                return Ok(index);
            }
            Choice::Narrowed(found) => {
                shown = found;
                tty.write(&numbered(options, &shown))?;
            }
            Choice::NothingFound => tty.write("Nothing matches that.\n")?,
        }
    }
    Err(no_answer(question))
}

#[derive(Debug, PartialEq)]
enum Choice {
    Chosen(usize),
    /// What is left, best first; everything again after an empty line.
    Narrowed(Vec<usize>),
    NothingFound,
}

/// A number of the list that was shown, or words; words that leave one option choose it.
fn read_choice(typed: &str, options: &[String], shown: &[usize], finder: &mut Finder) -> Choice {
    let number: Option<usize> = typed.trim().parse().ok();
    let on_screen = &shown[..shown.len().min(NUMBERED)];
    if let Some(index) = number.and_then(|n| on_screen.get(n.checked_sub(1)?)) {
        return Choice::Chosen(*index);
    }
    match finder.find(typed, options)[..] {
        [] => Choice::NothingFound,
        [only] => Choice::Chosen(only),
        ref found => Choice::Narrowed(found.to_vec()),
    }
}

fn numbered(options: &[String], shown: &[usize]) -> String {
    let mut text = String::new();
    for (at, index) in shown.iter().take(NUMBERED).enumerate() {
        text.push_str(&format!("{:>4}) {}\n", at + 1, options[*index]));
    }
    if shown.len() > NUMBERED {
        text.push_str(&format!("      and {} more\n", shown.len() - NUMBERED));
    }
    text
}

/// Scores labels against typed words; the pattern is kept while the words stay the same.
struct Finder {
    matcher: Matcher,
    typed: String,
    pattern: Pattern,
    buffer: Vec<char>,
}

impl Finder {
    fn new() -> Self {
        Finder {
            matcher: Matcher::new(Config::DEFAULT),
            typed: String::new(),
            pattern: Pattern::default(),
            buffer: Vec::new(),
        }
    }

    /// How well all the words match, higher is better; of equals the earlier option wins.
    fn rank(&mut self, typed: &str, label: &str, index: usize) -> Option<i64> {
        if self.typed != typed {
            self.typed = typed.to_string();
            // `acme/Admin` is how roles are written elsewhere; in the list a blank stands between.
            self.pattern = Pattern::new(
                &typed.replace('/', " "),
                CaseMatching::Ignore,
                Normalization::Smart,
                AtomKind::Fuzzy,
            );
        }
        let haystack = Utf32Str::new(label, &mut self.buffer);
        let score = self.pattern.score(haystack, &mut self.matcher)?;
        let position = i64::try_from(index).unwrap_or(i64::MAX);
        Some(i64::from(score) * 1_000_000 - position)
    }

    fn find(&mut self, typed: &str, options: &[String]) -> Vec<usize> {
        let mut found: Vec<(usize, i64)> = options
            .iter()
            .enumerate()
            .filter_map(|(index, label)| Some((index, self.rank(typed, label, index)?)))
            .collect();
        found.sort_by_key(|(_, rank)| std::cmp::Reverse(*rank));
        found.into_iter().map(|(index, _)| index).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles() -> Vec<String> {
        [
            "acme-prod (123456789012) PowerUser",
            "acme-dev (000000004321) ReadOnly",
            "acme-dev (000000004321) Admin",
            "sandbox (210987654321) PowerUser",
        ]
        .map(String::from)
        .to_vec()
    }

    #[test]
    fn words_match_in_any_order_over_name_id_and_role() {
        let options = roles();
        let mut finder = Finder::new();
        for (typed, best) in [
            ("dev 4321", 1),
            ("adm 4321", 2),
            ("poweruser sand", 3),
            ("PROD", 0),
            ("1234567", 0),
        ] {
            assert_eq!(finder.find(typed, &options).first(), Some(&best), "{typed}");
        }
        assert!(finder.find("nothing like it", &options).is_empty());
    }

    #[test]
    fn without_words_the_order_stays() {
        let mut finder = Finder::new();
        assert_eq!(finder.find("", &roles()), [0, 1, 2, 3]);
        assert_eq!(finder.find("  ", &roles()), [0, 1, 2, 3]);
        // The list on the screen sorts in no stable way, so no two ranks are equal.
        assert!(finder.rank("", "same", 0) > finder.rank("", "same", 1));
    }

    #[test]
    fn a_list_leaves_room_for_what_stands_around_it() {
        let wide = Room::of(80, 24, "Which role?");
        assert_eq!(
            (wide.page, wide.cut("acme Admin")),
            (12, "acme Admin".into())
        );
        let small = Room::of(40, 12, "Which role?");
        assert!(small.page <= 9 && small.page > 5, "{}", small.page);
        assert!(small.help.width() < 38);
        assert_eq!(small.cut(&"日本".repeat(30)).width(), 36 - 1);
        assert!(Room::of(40, 12, &"long ".repeat(20)).page < small.page);
        assert_eq!(Room::of(3, 1, "Which role?").page, 1);
        assert_eq!(Room::of(0, 0, "Which role?").page, 12);
    }

    #[test]
    fn numbers_mean_the_list_on_the_screen() {
        let options = roles();
        let mut finder = Finder::new();
        let mut choose =
            |typed: &str, shown: &[usize]| read_choice(typed, &options, shown, &mut finder);
        assert_eq!(choose("2", &[0, 1, 2, 3]), Choice::Chosen(1));
        assert_eq!(choose("2", &[2, 3]), Choice::Chosen(3));
        assert_eq!(choose("4321 read", &[2, 3]), Choice::Chosen(1));
        assert_eq!(choose("power", &[0, 1, 2, 3]), Choice::Narrowed(vec![0, 3]));
        assert_eq!(choose("", &[2]), Choice::Narrowed(vec![0, 1, 2, 3]));
        assert_eq!(choose("xyzzy", &[2]), Choice::NothingFound);
    }

    #[test]
    fn a_long_list_says_how_much_it_hides() {
        let options: Vec<String> = (0..450).map(|n| format!("role {n}")).collect();
        let all: Vec<usize> = (0..450).collect();
        let text = numbered(&options, &all);
        assert_eq!(text.lines().count(), NUMBERED + 1);
        assert!(text.starts_with("   1) role 0\n") && text.ends_with("and 420 more\n"));
    }
}
