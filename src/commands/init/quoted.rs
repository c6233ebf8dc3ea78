//! Paths as words of a shell, so that nothing in them acts.

use std::path::Path;

#[derive(Clone, Copy)]
pub enum Quoting {
    /// bash and zsh: between single quotes nothing is special but these.
    Posix,
    /// fish: a backslash is special before a quote and before itself.
    Fish,
}

impl Quoting {
    /// The path as one word; none for what a line cannot hold or nobody can read.
    pub fn word(self, path: &Path) -> Option<String> {
        let text = path.to_str()?;
        if text.chars().any(char::is_control) {
            return None;
        }
        let inner = match self {
            Quoting::Posix => text.replace('\'', r"'\''"),
            Quoting::Fish => text.replace('\\', r"\\").replace('\'', r"\'"),
        };
        Some(format!("'{inner}'"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_and_nothing_in_it_acts() {
        let posix = |path: &str| Quoting::Posix.word(Path::new(path));
        let fish = |path: &str| Quoting::Fish.word(Path::new(path));
        assert_eq!(posix("/h/a b$(id)").unwrap(), "'/h/a b$(id)'");
        assert_eq!(posix("/h/o'neil\\").unwrap(), r"'/h/o'\''neil\'");
        assert_eq!(fish("/h/o'neil\\").unwrap(), r"'/h/o\'neil\\'");
        assert_eq!(posix("").unwrap(), "''");
        for path in ["/h/\n", "/h/\u{1b}[2J", "/h/\u{7f}"] {
            assert_eq!(posix(path), None);
        }
    }
}
