//! Columns for people.

use std::io::IsTerminal;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Lines in columns, as wide as what is in them; no heading if `heading` is empty. Escape sequences have no width.
///
/// A line that is wider than `width` is cut at its end.
pub fn render(heading: &[&str], rows: &[Vec<String>], width: Option<usize>) -> String {
    let columns = rows
        .iter()
        .map(Vec::len)
        .chain([heading.len()])
        .max()
        .unwrap_or(0);
    let mut widths = vec![0; columns];
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            widths[column] = widths[column].max(shown_width(cell));
        }
    }
    // A column that is empty everywhere is no column.
    let used: Vec<usize> = (0..columns).filter(|column| widths[*column] > 0).collect();
    for (column, title) in heading.iter().enumerate() {
        widths[column] = widths[column].max(title.width());
    }
    let mut text = String::new();
    let titles: Vec<String> = heading.iter().map(|title| (*title).to_string()).collect();
    let titles = (!heading.is_empty()).then_some(&titles);
    for row in titles.into_iter().chain(rows) {
        let mut line = String::new();
        for column in &used {
            let cell = row.get(*column).map_or("", String::as_str);
            line.push_str(cell);
            line.extend(std::iter::repeat_n(
                ' ',
                widths[*column] - shown_width(cell) + 2,
            ));
        }
        text.push_str(&fitting(line.trim_end(), width));
        text.push('\n');
    }
    text
}

/// The width of the terminal that stdout is, if it is one.
pub fn stdout_width() -> Option<usize> {
    if !std::io::stdout().is_terminal() {
        return None;
    }
    crossterm::terminal::size()
        .ok()
        .map(|(columns, _)| usize::from(columns))
}

/// The width on a terminal, without escape sequences (`ESC [ … m`).
pub fn shown_width(text: &str) -> usize {
    let mut width = 0;
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        if c == '\u{1b}' {
            for c in characters.by_ref() {
                if c.is_ascii_alphabetic() {
                    break;
                }
            }
        } else {
            width += c.width().unwrap_or(0);
        }
    }
    width
}

/// The line, cut with an ellipsis where it is wider than the terminal; escape sequences are kept whole.
fn fitting(line: &str, width: Option<usize>) -> String {
    let Some(width) = width.filter(|width| *width > 1 && shown_width(line) > *width) else {
        return line.to_string();
    };
    let mut cut = String::new();
    let mut used = 0;
    let mut characters = line.chars();
    let mut coloured = false;
    while let Some(c) = characters.next() {
        if c == '\u{1b}' {
            coloured = true;
            cut.push(c);
            for c in characters.by_ref() {
                cut.push(c);
                if c.is_ascii_alphabetic() {
                    break;
                }
            }
            continue;
        }
        let wide = c.width().unwrap_or(0);
        if used + wide > width - 1 {
            break;
        }
        used += wide;
        cut.push(c);
    }
    cut.push('…');
    if coloured {
        cut.push_str("\u{1b}[0m");
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
        rows.iter()
            .map(|row| row.iter().map(|cell| (*cell).to_string()).collect())
            .collect()
    }

    #[test]
    fn columns_line_up_and_empty_ones_vanish() {
        let table = render(
            &["PROFILE", "NOTE", "ROLE"],
            &rows(&[&["prod", "", "Admin"], &["größe", "", "ReadOnly"]]),
            None,
        );
        assert_eq!(table, "PROFILE  ROLE\nprod     Admin\ngröße    ReadOnly\n");
    }

    #[test]
    fn colours_have_no_width_and_survive_a_cut() {
        let red = "\u{1b}[31mprod\u{1b}[0m";
        assert_eq!(shown_width(red), 4);
        let table = render(&[], &rows(&[&[red, "Administrator"]]), Some(10));
        assert_eq!(table, "\u{1b}[31mprod\u{1b}[0m  Adm…\u{1b}[0m\n");
    }
}
