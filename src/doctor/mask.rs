//! What makes a report fit to be pasted: people, accounts and key ids are shortened, the home is `~`.

use std::sync::LazyLock;

use regex::Regex;

use super::Patient;

/// Knows what to hide.
pub struct Mask {
    names: Vec<Regex>,
    home: Option<String>,
}

static DIGITS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[0-9]+").ok());
static KEY_ID: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b(A[SKI][IDPA][A-Z])[A-Z0-9]{8,}").ok());
/// Whatever stands behind `?` or `#` in an address, or before `@`.
static ADDRESS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(https?://)([^\s/?#@]*@)?([^\s?#]*)([?#][^\s]*)?").ok());

impl Mask {
    pub fn new(patient: &Patient) -> Mask {
        let mut names: Vec<String> = Vec::new();
        if let Ok(config) = &patient.config {
            let providers = config.identity_providers.values();
            names.extend(providers.filter_map(|p| Some(p.username.as_ref()?.value.clone())));
        }
        let variables = ["USER", "LOGNAME", "SAML_USER"];
        names.extend(variables.map(|name| (patient.variable)(name).unwrap_or_default()));
        // Longer ones first: one name may be the beginning of another.
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        names.dedup();
        Mask {
            names: names
                .iter()
                // Of two letters there are too many, and `root` is nobody.
                .filter(|name| name.chars().count() > 2 && *name != "root")
                .filter_map(|name| Regex::new(&format!("(?i){}", regex::escape(name))).ok())
                .collect(),
            home: patient
                .paths
                .home()
                .ok()
                .map(|home| home.display().to_string())
                .filter(|home| home.len() > 1),
        }
    }

    pub fn hide(&self, text: &str) -> String {
        let mut text = text.to_owned();
        if let Some(home) = &self.home {
            text = without_home(&text, home);
        }
        for name in &self.names {
            text = replaced(&text, name, |found, before, after| {
                // `jane.doe-prod` is another name, `jane.doe@example.com` is the same person.
                let ends = |c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-');
                let stands_alone =
                    before.is_none_or(|c| ends(c) && c != '.') && after.is_none_or(ends);
                (stands_alone && !found.is_empty()).then(|| "(user)".to_owned())
            });
        }
        if let Some(digits) = DIGITS.as_ref() {
            text = replaced(&text, digits, |found, _, _| {
                (found.len() == 12).then(|| format!("…{}", &found[8..]))
            });
        }
        for (rule, with) in [(&KEY_ID, "${1}…"), (&ADDRESS, "${1}${3}")] {
            if let Some(rule) = rule.as_ref() {
                text = rule.replace_all(&text, with).into_owned();
            }
        }
        text
    }
}

/// Every match for which `with` has something else, told with the characters around it.
fn replaced(
    text: &str,
    rule: &Regex,
    with: impl Fn(&str, Option<char>, Option<char>) -> Option<String>,
) -> String {
    let mut shown = String::new();
    let mut done = 0;
    for found in rule.find_iter(text) {
        let before = text[..found.start()].chars().next_back();
        let after = text[found.end()..].chars().next();
        if let Some(other) = with(found.as_str(), before, after) {
            shown += &text[done..found.start()];
            shown += &other;
            done = found.end();
        }
    }
    shown + &text[done..]
}

/// `/home/al/x` is `~/x`, and `/home/alice` is somebody else's.
fn without_home(text: &str, home: &str) -> String {
    let Ok(rule) = Regex::new(&regex::escape(home)) else {
        return text.to_owned();
    };
    replaced(text, &rule, |_, _, after| {
        let ends = after.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '.'));
        ends.then(|| "~".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::paths::Paths;

    #[test]
    fn people_accounts_keys_and_queries_are_not_in_a_report() {
        let paths = Paths::from_environment();
        let mask = Mask::new(&Patient {
            paths: &paths,
            config: Err(Error::failed("")),
            variable: &|name| (name == "USER").then(|| "jane.doe".to_owned()),
            version: "",
        });
        for (text, hidden) in [
            (
                "the user is jane.doe, or JANE.DOE",
                "the user is (user), or (user)",
            ),
            ("jane.doe-prod stays", "jane.doe-prod stays"),
            (
                "jane.doe jane.doe, jane.doe@x.test",
                "(user) (user), (user)@x.test",
            ),
            ("123456789012 210987654321", "…9012 …4321"),
            (
                "arn:aws:iam::123456789012:role/Admin",
                "arn:aws:iam::…9012:role/Admin",
            ),
            ("1234567890123 is no account", "1234567890123 is no account"),
            ("ASIAABCDEFGHIJKLMNOP", "ASIA…"),
            (
                "at https://u:p@idp.test/a/b?x=y#z",
                "at https://idp.test/a/b",
            ),
        ] {
            assert_eq!(mask.hide(text), hidden);
        }
    }
}
