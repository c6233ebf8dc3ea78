//! Masks text: known words stay, everything else becomes random letters, the same ones wherever it stands again.

use std::collections::{HashMap, HashSet};

use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use super::{people, words};

/// Letters of tokens: without vowels no word comes about by accident.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz";
/// For scripts without spaces.
const SYLLABLES: &str = "かきくけこさしすせそたちつてと";
/// How often a token is made anew that means something or is taken.
const TRIES: usize = 40;
/// Values within values are not taken apart deeper than this: whoever nests them may nest them without end.
const DEEPEST_VALUE: usize = 4;

/// What may be seen of the world in a recording, and what stands for the rest.
///
/// One masker serves one recording: what was the same stays the same, so addresses and names still fit together.
pub struct Masker {
    pub(super) is_aws: fn(&str) -> bool,
    random: SystemRandom,
    tokens: HashMap<String, String>,
    taken: HashSet<String>,
    pub(super) hosts: HashMap<String, String>,
    /// The words of each secret of this run, in lower case.
    secrets: Zeroizing<Vec<Vec<String>>>,
    /// What people and companies of this run are called, in lower case.
    names: HashSet<String>,
    /// How deep documents within documents are looked at.
    pub(super) depth: usize,
    /// The same for values within values.
    value_depth: usize,
}

/// Where words stand: it decides which numbers may be seen, and which letters that stand alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Names of fields and keys: a short number may be glued to a word, as in `IDToken12`, or stand alone once, as in
    /// `code-1`. Forms are told apart by them.
    Field,
    /// Ids, classes, names in scripts: one digit.
    Name,
    /// As in names; that a company is called like a tag hides no tags.
    Tag,
    /// What people read: any number may be the end of a phone number, and a letter alone may belong to a word that is
    /// spelled out, tag by tag or item by item.
    Text,
    /// As in texts; letters that stand alone may follow each other from part to part.
    Path,
}

impl Place {
    /// May the digits of this chunk be seen, one chunk of a text that has `runs` numbers?
    fn shows_digits(self, chunk: &str, runs: usize) -> bool {
        let digits = chunk.chars().filter(|c| c.is_numeric()).count();
        let is_glued = chunk.chars().any(|c| !c.is_numeric());
        match self {
            Place::Field if is_glued => digits <= 2 && number_runs(chunk) == 1,
            Place::Field | Place::Name | Place::Tag => digits <= 1 && runs == 1,
            Place::Text | Place::Path => digits == 0,
        }
    }

    fn shows_lone_letter(self, chunks: usize) -> bool {
        match self {
            Place::Field | Place::Name | Place::Tag => true,
            Place::Text => chunks > 1,
            Place::Path => false,
        }
    }
}

impl Masker {
    /// `secrets`: what must not be seen even where it is made of known words.
    pub fn new(secrets: &[String], is_aws: fn(&str) -> bool) -> Masker {
        let secrets = secrets
            .iter()
            .map(|secret| {
                chunks(secret)
                    .map(|(from, to)| secret[from..to].to_lowercase())
                    .collect::<Vec<_>>()
            })
            // A known word alone says nothing, whoever has it as a password.
            .filter(|parts| match &parts[..] {
                [] => false,
                [only] => !words::is_listed(only),
                _ => true,
            })
            .collect();
        Masker {
            is_aws,
            random: SystemRandom::new(),
            tokens: HashMap::new(),
            taken: HashSet::new(),
            hosts: HashMap::new(),
            secrets: Zeroizing::new(secrets),
            names: HashSet::new(),
            depth: 0,
            value_depth: 0,
        }
    }

    /// Names of this run: they are hidden though they may be known words, within words too.
    pub fn hide_names(&mut self, names: Vec<String>) {
        self.names.extend(names);
    }

    /// What markup itself is made of: its tags, their attributes, the keywords in these.
    pub fn tag(&mut self, text: &str) -> String {
        self.words(text, Place::Tag)
    }

    /// A name of a field of a form or of a document.
    pub fn field(&mut self, text: &str) -> String {
        self.words(text, Place::Field)
    }

    /// An id, a class, a tag, a name in a script.
    pub fn name(&mut self, text: &str) -> String {
        self.words(text, Place::Name)
    }

    /// A part of a path, masked alike whatever stands around it: elsewhere the same place is led to from another one.
    pub fn part(&mut self, text: &str) -> String {
        self.wholes(text, |masker, text| masker.words(text, Place::Path))
    }

    /// What people read.
    pub fn text(&mut self, text: &str) -> String {
        self.wholes(text, |masker, text| masker.words(text, Place::Text))
    }

    /// A value of a field or a parameter: a text, an address, a document.
    pub fn value(&mut self, value: &str) -> String {
        let trimmed = value.trim();
        if matches!(trimmed, "" | "0" | "1") {
            return value.to_owned();
        }
        if self.value_depth >= DEEPEST_VALUE {
            return self.token(value);
        }
        self.value_depth += 1;
        let masked = self.shallow_value(value, trimmed);
        self.value_depth -= 1;
        masked
    }

    fn shallow_value(&mut self, value: &str, trimmed: &str) -> String {
        if trimmed.starts_with(['{', '['])
            && let Ok(document) = serde_json::from_str(trimmed)
        {
            return self.json(&document).to_string();
        }
        if trimmed.contains('<') && trimmed.contains('>') {
            return self.markup(value);
        }
        if super::address::looks_like_one(trimmed) {
            return self.address(trimmed);
        }
        if let Some(decoded) = super::address::decoded(trimmed) {
            return super::address::encoded_value(&self.value(&decoded));
        }
        self.text(value)
    }

    fn words(&mut self, text: &str, place: Place) -> String {
        let chunks: Vec<(usize, usize)> = chunks(text).collect();
        let hidden = self.hidden(text, &chunks);
        let runs = number_runs(text);
        let mut masked = String::with_capacity(text.len());
        let mut end = 0;
        for (index, (from, to)) in chunks.iter().copied().enumerate() {
            masked += &text[end..from];
            end = to;
            let chunk = &text[from..to];
            let is_single = chunk.chars().count() == 1;
            let is_word = match chunk.chars().all(char::is_numeric) {
                true => false,
                false if is_single => {
                    place.shows_lone_letter(chunks.len()) && is_lone_letter(text, &chunks, index)
                }
                false => words::is_known(chunk),
            };
            let has_digits = chunk.chars().any(char::is_numeric);
            let stays = match has_digits {
                _ if !is_single && words::is_whole(chunk) => true,
                true => place.shows_digits(chunk, runs) && (is_word || is_single),
                false => is_word,
            };
            let is_name = (place != Place::Tag && self.holds_name(chunk))
                || (place == Place::Text && people::is_name(text, &chunks, index));
            if hidden[index] || is_name {
                masked += &self.token(chunk);
            } else if stays {
                masked += chunk;
            } else if has_digits && is_word {
                masked += &self.without_digits(chunk);
            } else if chunk.chars().any(words::is_unspaced) {
                masked += &self.unspaced(chunk);
            } else {
                masked += &self.token(chunk);
            }
        }
        masked + &text[end..]
    }

    fn holds_name(&self, chunk: &str) -> bool {
        !self.names.is_empty()
            && (self.names.contains(&chunk.to_lowercase())
                || words::humps(chunk)
                    .iter()
                    .any(|part| self.names.contains(part)))
    }

    /// Which of the chunks belong to a secret of this run?
    fn hidden(&self, text: &str, chunks: &[(usize, usize)]) -> Vec<bool> {
        let mut hidden = vec![false; chunks.len()];
        if self.secrets.is_empty() {
            return hidden;
        }
        let lower: Vec<String> = chunks
            .iter()
            .map(|(from, to)| text[*from..*to].to_lowercase())
            .collect();
        for secret in self.secrets.iter() {
            for at in 0..(lower.len() + 1).saturating_sub(secret.len()) {
                if lower[at..at + secret.len()] == secret[..] {
                    hidden[at..at + secret.len()].fill(true);
                }
            }
        }
        hidden
    }

    /// Known words stay, the numbers between them do not: `code34`.
    fn without_digits(&mut self, chunk: &str) -> String {
        let mut masked = String::new();
        let mut rest = chunk;
        while let Some(first) = rest.chars().next() {
            let is_number = first.is_numeric();
            let end = rest.find(|c: char| c.is_numeric() != is_number);
            let (run, after) = rest.split_at(end.unwrap_or(rest.len()));
            masked += &match !is_number && run.chars().count() > 1 && words::is_known(run) {
                true => run.to_owned(),
                false => self.token(run),
            };
            rest = after;
        }
        masked
    }

    /// Known words within a text without spaces stay, what stands between them does not.
    fn unspaced(&mut self, chunk: &str) -> String {
        let mut masked = String::new();
        let mut unknown = String::new();
        let mut rest = chunk;
        while let Some(c) = rest.chars().next() {
            match words::unspaced_at(rest) {
                Some(word) => {
                    if !unknown.is_empty() {
                        masked += &self.token(&std::mem::take(&mut unknown));
                    }
                    masked += word;
                    rest = &rest[word.len()..];
                }
                None => {
                    unknown.push(c);
                    rest = &rest[c.len_utf8()..];
                }
            }
        }
        if !unknown.is_empty() {
            masked += &self.token(&unknown);
        }
        masked
    }

    /// What stands for this chunk, in the same case.
    pub(super) fn token(&mut self, chunk: &str) -> String {
        let lower = chunk.to_lowercase();
        let token = match self.tokens.get(&lower) {
            Some(token) => token.clone(),
            None => self.new_token(&lower),
        };
        if chunk.chars().count() != token.chars().count() {
            return token;
        }
        let pairs = chunk.chars().zip(token.chars());
        pairs
            .map(|(old, new)| match old.is_uppercase() {
                true => new.to_ascii_uppercase(),
                false => new,
            })
            .collect()
    }

    fn new_token(&mut self, lower: &str) -> String {
        let mut token = String::new();
        let digits = |text: &str| -> String { text.chars().filter(|c| c.is_numeric()).collect() };
        let number = digits(lower);
        for _ in 0..TRIES {
            token = lower.chars().map(|c| self.another(c)).collect();
            // A short number may come out as it was, beside letters that did not.
            let shows_number = !number.is_empty() && digits(&token) == number;
            let is_free = token != lower && !shows_number && !self.taken.contains(&token);
            if is_free
                && !words::is_known(&token)
                && !self.is_secret(&token)
                && !self.names.contains(&token)
            {
                break;
            }
        }
        self.taken.insert(token.clone());
        self.tokens.insert(lower.to_owned(), token.clone());
        token
    }

    fn is_secret(&self, token: &str) -> bool {
        self.secrets.iter().flatten().any(|part| part == token)
    }

    fn another(&self, c: char) -> char {
        if c.is_numeric() {
            return (b'0' + (self.random_below(10)) as u8) as char;
        }
        if words::is_unspaced(c) {
            let at = self.random_below(SYLLABLES.chars().count());
            return SYLLABLES.chars().nth(at).unwrap_or('か');
        }
        LETTERS[self.random_below(LETTERS.len())] as char
    }

    /// Without randomness there is none to fear either: the letters are then all the same.
    fn random_below(&self, limit: usize) -> usize {
        let mut bytes = [0u8; 4];
        if self.random.fill(&mut bytes).is_err() {
            return 0;
        }
        u32::from_le_bytes(bytes) as usize % limit.max(1)
    }

    /// A new name for a host.
    pub(super) fn host_token(&mut self) -> String {
        let name: String = (0..8).map(|_| self.another('a')).collect();
        format!("{name}.test")
    }
}

/// The runs of letters and digits of a text.
fn chunks(text: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    let mut letters = text.char_indices().peekable();
    std::iter::from_fn(move || {
        let (from, _) = letters.find(|(_, c)| c.is_alphanumeric())?;
        let mut to = text.len();
        for (at, c) in letters.by_ref() {
            if !c.is_alphanumeric() {
                to = at;
                break;
            }
        }
        Some((from, to))
    })
}

/// How many numbers there are in it, whatever stands between them.
fn number_runs(text: &str) -> usize {
    text.split(|c: char| !c.is_numeric())
        .filter(|run| !run.is_empty())
        .count()
}

/// A letter that stands for itself, and not in a word that is spelled out.
fn is_lone_letter(text: &str, chunks: &[(usize, usize)], index: usize) -> bool {
    let is_single = |at: usize| {
        chunks
            .get(at)
            .is_some_and(|(from, to)| text[*from..*to].chars().count() == 1)
    };
    let neighbours = [index.wrapping_sub(1), index + 1];
    is_single(index)
        && text[chunks[index].0..]
            .chars()
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic())
        && !neighbours.into_iter().any(is_single)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masker() -> Masker {
        let secrets = ["correct horse", "ada", "p&ä ss<>"].map(String::from);
        Masker::new(&secrets, |host| host == "signin.aws.amazon.com")
    }

    #[test]
    fn known_words_stay_and_others_keep_their_shape() {
        let mut masker = masker();
        let masked = masker.text("Sign in to Acme, Ltd: code sent to ••34 (Ada L.)");
        assert!(masked.starts_with("Sign in to "), "{masked}");
        assert!(masked.contains(": code sent to ••"), "{masked}");
        for gone in ["Acme", "34", "Ada"] {
            assert!(!masked.contains(gone), "{masked}");
        }
        assert_eq!(
            masked.chars().count(),
            "Sign in to Acme, Ltd: code sent to ••34 (Ada L.)"
                .chars()
                .count()
        );
    }

    #[test]
    fn the_same_is_the_same_in_every_case_and_differs_between_recordings() {
        let mut one = masker();
        let first = one.name("acme");
        assert_eq!(one.text("ACME"), first.to_uppercase());
        assert_ne!(one.name("acne"), first);
        let long = "acmecorporation";
        assert_ne!(one.name(long), masker().name(long));
    }

    #[test]
    fn a_secret_of_known_words_is_hidden_where_it_stands_and_nowhere_else() {
        let mut masker = masker();
        let masked = masker.text("correct horse is not correct");
        assert!(masked.ends_with("is not correct"), "{masked}");
        assert!(!masked.starts_with("correct"), "{masked}");
        assert!(!masker.text("p&ä ss<>").contains("ss"));
        let secrets = [
            "password1".to_owned(),
            "loginoffice".to_owned(),
            "login".to_owned(),
        ];
        let mut masker = Masker::new(&secrets, |_| false);
        let masked = masker.text("login password1 password loginoffice");
        assert!(
            masked.starts_with("login ") && masked.contains(" password "),
            "{masked}"
        );
        assert!(
            !masked.contains("password1") && !masked.contains("office"),
            "{masked}"
        );
    }

    #[test]
    fn what_is_spelled_out_is_hidden_too() {
        let masked = masker().text("l o v e 4 7 1 1");
        for (old, new) in "love".chars().zip(masked.split(' ')) {
            assert_ne!(old.to_string(), *new, "{masked}");
        }
        assert_eq!(masker().text("don't"), "don't");
        for spelled in [
            "<span>L</span><span>O</span><span>V</span><span>E</span>",
            "<script>['L','O','V','E']; x = \"L\" + \"O\" + \"V\" + \"E\"</script>",
            "<p data-x=\"['L','O','V','E']\">",
            "<script type=\"application/json\">[\"L\",\"O\",\"V\",\"E\"]</script>",
            "<input value=\"L\" title=\"O\"><input value=\"V\" title=\"E\">",
            "<a href=\"/L/O/V/E?x=L&amp;y=O&amp;z=V&amp;x=E\">",
            "<p>L</p>(O) V- -E",
        ] {
            let page = masker().markup(spelled);
            assert_eq!(page.len(), spelled.len(), "{page}");
            for (old, new) in spelled.chars().zip(page.chars()) {
                assert!(!old.is_uppercase() || old != new, "{page}");
            }
        }
        assert_eq!(masker().markup("<p>A user"), "<p>A user");
    }

    #[test]
    fn short_numbers_stay_in_names_only() {
        let mut masker = masker();
        for field in ["IDToken12", "code-1", "ctl00$content1$user2"] {
            assert_eq!(masker.field(field), field);
        }
        for (place, hidden) in [
            (Place::Field, "code-34"),
            (Place::Field, "user-4-7"),
            (Place::Field, "code4user7"),
            (Place::Name, "phone-34"),
            (Place::Name, "tail47"),
            (Place::Name, "col-1 row-2"),
            (Place::Name, "12-11-84"),
            (Place::Path, "code3"),
            (Place::Path, "+49-17-12-34-56-78"),
            (Place::Text, "code34"),
            (Place::Text, "IDToken1"),
            (Place::Text, "4 7 1 1"),
        ] {
            let masked = masker.words(hidden, place);
            assert_eq!(masked.len(), hidden.len(), "{masked}");
            for (old, new) in hidden.chars().zip(masked.chars()) {
                assert!(
                    old.is_ascii_digit() || old == new || place == Place::Name,
                    "{masked}"
                );
            }
            let numbers = |text: &str| text.replace(|c: char| !c.is_ascii_digit(), " ");
            assert_ne!(numbers(hidden), numbers(&masked));
        }
        assert!(masker.text("code34").starts_with("code"));
        for listed in ["saml2", "2fcheck", "totp2fcheck", "H1", "u2f"] {
            assert_eq!(masker.part(listed), listed);
        }
        assert_eq!(masker.name("IDToken1"), "IDToken1");
        assert_eq!(masker.name("code-1"), "code-1");
        assert_ne!(masker.name("code-4711"), "code-4711");
        assert_eq!(masker.value("1"), "1");
        assert!(!masker.value("4711").contains("4711"));
    }
}
