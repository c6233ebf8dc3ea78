//! People and companies may be called like words that every page has: where those are meant, they are hidden all the same.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use super::mask::Masker;

/// Listed words that are names too.
const NAMES: &[&str] = &[
    "apple", "don", "echo", "grant", "han", "long", "mark", "may", "page", "rand", "sam", "smart",
    "target", "van", "von", "will", "words", "young",
];
/// What headings are made of. Other words of two letters are names where they are capitalised within a text.
const SHORT_WORDS: &[&str] = &[
    "am", "as", "at", "by", "el", "es", "go", "id", "if", "im", "in", "is", "it", "ja", "la", "me",
    "my", "no", "of", "ok", "on", "or", "qr", "si", "sí", "to", "un", "up", "us", "we", "zu",
];
/// Who is called like this is still not told apart from any other: pages cannot do without these.
const EVERYWHERE: &[&str] = &[
    "account", "accounts", "admin", "auth", "aws", "email", "form", "id", "idp", "input", "login",
    "mail", "name", "password", "saml", "signin", "sso", "submit", "user", "username", "www",
];
/// Below these every company has a name of its own.
const SHARED: &[&str] = &[
    "ac",
    "amazonaws",
    "auth0",
    "awsapps",
    "co",
    "com",
    "duosecurity",
    "edu",
    "google",
    "gov",
    "jumpcloud",
    "microsoftonline",
    "ne",
    "net",
    "okta",
    "oktapreview",
    "onelogin",
    "or",
    "org",
    "pingidentity",
    "pingone",
];

/// Addresses, mailboxes, hosts.
static WHOLE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?ix)\b(?:https?|otpauth)://[^\s"'<>\\^`{|}]+
        | [\w.+%-]+ @ [a-z0-9-]+ (?:\.[a-z0-9-]+)+
        | \b[a-z0-9][a-z0-9-]* (?:\.[a-z0-9-]+)* \.(?:com|org|net|edu|gov|mil|int|info|biz|io|co|cloud|app|dev|local
          |internal|intra|lan|corp|test|invalid|at|au|be|br|ca|ch|cn|cz|de|dk|es|eu|fi|fr|ie|in|it|jp|kr|nl|no|nz|pl
          |pt|se|sg|uk|us|za)\b"#,
    )
    .ok()
});

impl Masker {
    /// A text with its addresses, mailboxes and hosts as wholes; `other` masks what stands between them.
    pub(super) fn wholes(
        &mut self,
        text: &str,
        other: impl Fn(&mut Masker, &str) -> String,
    ) -> String {
        let Some(regex) = WHOLE.as_ref() else {
            return other(self, text);
        };
        let mut masked = String::with_capacity(text.len());
        let mut end = 0;
        for found in regex.find_iter(text) {
            masked += &other(self, &text[end..found.start()]);
            end = found.end();
            let found = found.as_str();
            masked += &if found.contains("://") {
                self.address(found)
            } else if let Some((local, host)) = found.split_once('@') {
                let parts: Vec<String> = local.split('.').map(|part| self.token(part)).collect();
                let host = self.host(&host.to_ascii_lowercase());
                format!("{}@{host}", parts.join("."))
            } else {
                self.host(&found.to_ascii_lowercase())
            };
        }
        masked + &other(self, &text[end..])
    }
}

/// Is a chunk of a text a name there, by how it is written and what stands beside it?
pub fn is_name(text: &str, chunks: &[(usize, usize)], index: usize) -> bool {
    let chunk = |at: usize| chunks.get(at).map(|(from, to)| &text[*from..*to]);
    let Some(word) = chunk(index).filter(|word| is_capitalised(word)) else {
        return false;
    };
    let lower = word.to_lowercase();
    let after = &text[chunks[index].1..];
    let before = match index {
        0 => "|",
        _ => &text[chunks[index - 1].1..chunks[index].0],
    };
    let begins = before.contains(|c: char| !matches!(c, ' ' | '\t' | ',' | '-' | '\u{a0}'));
    let is_capital = |at: usize| chunk(at).is_some_and(is_capitalised);
    let goes_on = is_capital(index + 1) && after.starts_with([' ', '-', '\u{a0}']);
    if lower.chars().count() == 2 {
        return !SHORT_WORDS.contains(&lower.as_str()) && (!begins || goes_on || chunks.len() == 1);
    }
    let next = chunk(index + 1).unwrap_or_default().to_lowercase();
    let is_phrase = match (lower.as_str(), next.as_str()) {
        ("grant", "access") | ("don", "t") => true,
        ("smart", "card") => !is_capital(index + 2),
        _ => false,
    };
    NAMES.contains(&lower.as_str()) && !is_phrase && (!begins || goes_on)
}

fn is_capitalised(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(char::is_uppercase)
        && letters.next().is_some_and(char::is_lowercase)
        && letters.all(char::is_lowercase)
}

/// The names of a run: those in what its user is called, and of the companies whose hosts it saw.
pub fn names<'u>(users: &[String], places: impl Iterator<Item = &'u Url>) -> Vec<String> {
    let mut names = BTreeSet::new();
    for user in users {
        let (local, host) = user.split_once('@').unwrap_or((user, ""));
        names.extend(
            local
                .split(|c: char| !c.is_alphabetic())
                .map(str::to_lowercase),
        );
        names.extend(company(host));
    }
    names.extend(places.filter_map(|url| company(url.host_str()?)));
    names
        .into_iter()
        .filter(|name| name.chars().count() > 1 && !EVERYWHERE.contains(&name.as_str()))
        .collect()
}

/// What stands before the part of a host that many share.
fn company(host: &str) -> Option<String> {
    if host.parse::<IpAddr>().is_ok() || host.starts_with('[') {
        return None;
    }
    let host = host.to_lowercase();
    let mut labels = host.rsplit('.').skip(1);
    labels
        .find(|label| !SHARED.contains(label))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masker() -> Masker {
        Masker::new(&[], |host| host == "signin.aws.amazon.com")
    }

    #[test]
    fn people_and_companies_made_of_listed_words_are_hidden() {
        for text in [
            "Signed in as Will Young",
            "Mark Page",
            "An Do",
            "Welcome, Mark",
            "May Grant",
            "Target Corporate",
            "Smart Card Services",
            "mark.page@smart.com",
            "help@target.com",
            "login.target.com",
        ] {
            let masked = masker().text(text).to_lowercase();
            for name in [
                "will", "young", "mark", "page", "an ", "do", "may", "grant", "target", "smart",
            ] {
                assert!(!masked.contains(name), "{text}: {masked}");
            }
        }
        assert!(!masker().address("/u/mark.page@smart.com/x").contains("mar"));
    }

    #[test]
    fn sentences_stay() {
        for text in [
            "Sign In",
            "Log On to AWS. Page expired. Do you agree? May we go on?",
            "Will be sent; it will do, and may be long",
            "Smart Card",
            "Grant Access",
            "Don't Ask Me Again",
            "an error on this page",
            "Mark all",
            "Im Browser",
        ] {
            assert_eq!(masker().text(text), text);
        }
        assert_eq!(masker().part("login.do"), "login.do");
        assert_eq!(
            masker().text("see signin.aws.amazon.com"),
            "see signin.aws.amazon.com"
        );
    }

    #[test]
    fn the_names_of_a_run_are_those_of_its_user_and_of_its_hosts() {
        let places = [
            "https://sso.target.com/x",
            "https://smart.okta.com/",
            "https://idp.page.co.uk",
            "https://127.0.0.1:1/",
            "https://login.sso.test/",
        ]
        .map(|place| Url::parse(place).unwrap());
        let users = [
            "mark.young@express.com".to_owned(),
            "CORP\\login".to_owned(),
        ];
        assert_eq!(
            names(&users, places.iter()),
            [
                "corp", "express", "mark", "page", "smart", "target", "young"
            ]
        );
    }

    #[test]
    fn a_name_of_the_run_is_hidden_everywhere_but_in_markup_itself() {
        let mut masker = masker();
        masker.hide_names(vec!["target".to_owned(), "young".to_owned()]);
        let page = masker.markup(
            "<a href=\"/target/login\" target=\"_blank\" id=\"accountYoung\" class=\"young\">target young YOUNG</a>",
        );
        assert!(page.contains(" target=\"_blank\""), "{page}");
        let rest = page.replace(" target=", "").to_lowercase();
        assert!(
            !rest.contains("target") && !rest.contains("young"),
            "{page}"
        );
        assert!(page.contains("/login\""), "{page}");
    }
}
