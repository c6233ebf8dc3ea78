//! The word that somebody probably meant.

/// The candidate that differs from `word` by the fewest slips (a letter too many, missing, wrong, or two swapped),
/// if they are few enough to be slips: one, or a third of the word.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.to_lowercase().chars().take(LONGEST).collect();
    let allowed = (word.len() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (slips(&word, candidate), candidate))
        .filter(|(slips, candidate)| *slips <= allowed && *slips < candidate.chars().count())
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, candidate)| candidate)
}

/// `did you mean …?` for a hint, or nothing.
pub fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(word, candidates).map(|found| format!("did you mean `{found}`?"))
}

/// Some names for a hint: all if they are few.
pub(super) fn some_of(names: &[&str]) -> String {
    const MOST: usize = 8;
    let mut shown = names[..names.len().min(MOST)].join(", ");
    if names.len() > MOST {
        shown.push_str(", …");
    }
    shown
}

const LONGEST: usize = 64;

/// The optimal string alignment distance: Damerau-Levenshtein without edits inside a swapped pair.
fn slips(word: &[char], candidate: &str) -> usize {
    let other: Vec<char> = candidate.to_lowercase().chars().take(LONGEST).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in word.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let mut best = (above[j] + usize::from(a != b))
                .min(above[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && word[i - 1] == *b {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_hand_are_found() {
        let keys = ["region", "role", "renew", "duration", "policy"];
        for (typed, meant) in [
            ("regoin", "region"),
            ("Region", "region"),
            ("regio", "region"),
            ("rol", "role"),
            ("duratoin", "duration"),
            ("polizy", "policy"),
        ] {
            assert_eq!(nearest(typed, keys), Some(meant), "{typed}");
        }
    }

    #[test]
    fn other_words_are_not_taken_for_slips() {
        for typed in ["colour", "x", "", "policies_of_ours"] {
            assert_eq!(nearest(typed, ["region", "role", "duration"]), None);
        }
    }

    #[test]
    fn a_swap_is_one_slip() {
        let word: Vec<char> = "ab".chars().collect();
        assert_eq!(slips(&word, "ba"), 1);
        assert_eq!(slips(&word, "ab"), 0);
        assert_eq!(slips(&word, ""), 2);
    }
}
