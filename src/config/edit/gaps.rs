//! Lines that go, and the blank lines that stood around them for their sake.

use std::ops::Range;

use super::Cut;
use super::lines::Lines;

/// What is removed: pieces of lines, or whole lines of a table that has one entry a line.
pub(super) enum Gone {
    Pieces(Vec<Cut>),
    Lines {
        gone: Range<usize>,
        /// The lines of the table that held them.
        body: Range<usize>,
    },
}

/// The cuts for what goes and nothing else.
pub(super) fn bare(lines: &Lines, all: &[Gone]) -> Vec<Cut> {
    let mut cuts = Vec::new();
    for gone in all {
        match gone {
            Gone::Pieces(pieces) => cuts.extend(pieces.iter().cloned()),
            Gone::Lines { gone, .. } => cuts.push(cut(lines, gone)),
        }
    }
    cuts
}

/// The same, with the blank lines that nothing would part any more. Those that stood there for others stay.
pub(super) fn closed(lines: &Lines, all: &[Gone]) -> Vec<Cut> {
    let mut cuts = Vec::new();
    let mut ranges: Vec<(Range<usize>, &Range<usize>)> = Vec::new();
    for gone in all {
        match gone {
            Gone::Pieces(pieces) => cuts.extend(pieces.iter().cloned()),
            Gone::Lines { gone, body } => ranges.push((gone.clone(), body)),
        }
    }
    ranges.sort_by_key(|(gone, _)| gone.start);
    let mut merged: Vec<(Range<usize>, &Range<usize>)> = Vec::new();
    for (gone, body) in ranges {
        match merged.last_mut() {
            // What parted two that both go goes too.
            Some((last, _)) if (last.end..gone.start).all(|line| lines.is_blank(line)) => {
                last.end = last.end.max(gone.end);
            }
            _ => merged.push((gone, body)),
        }
    }
    cuts.extend(
        merged
            .iter()
            .map(|(gone, body)| cut(lines, &widened(lines, gone, body))),
    );
    cuts
}

fn cut(lines: &Lines, gone: &Range<usize>) -> Cut {
    Cut {
        from: lines.start(gone.start),
        to: lines.start(gone.end),
        with: String::new(),
    }
}

fn widened(lines: &Lines, gone: &Range<usize>, body: &Range<usize>) -> Range<usize> {
    let end = lines.document_end();
    let above = (0..gone.start)
        .rev()
        .take_while(|line| lines.is_blank(*line))
        .count();
    let below = (gone.end..end)
        .take_while(|line| lines.is_blank(*line))
        .count();
    let (first, last) = (gone.start - above, gone.end + below);
    if first == 0 || lines.line(first - 1) == "---" {
        return gone.start..last;
    }
    if last == end {
        return first..gone.end;
    }
    // Right below the name of its table: the next entry takes its place.
    if above == 0 && gone.start == body.start && last < body.end {
        return gone.start..last;
    }
    gone.start - above.min(below)..gone.end
}
