//! What makes a report fit to be pasted: people, accounts and key ids are shortened, the home is `~`.

use std::sync::LazyLock;

use regex::Regex;

use super::Patient;

/// Knows what to hide.
pub struct Mask {
    names: Vec<Regex>,
    home: Option<String>,
}

static ACCOUNT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(^|[^0-9])[0-9]{8}([0-9]{4})([^0-9]|$)").ok());
static KEY_ID: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b(A[SKI][IDPA][A-Z])[A-Z0-9]{8,}").ok());
/// Whatever stands behind `?` in an address, or before `@`.
static ADDRESS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(https?://)([^\s/?#@]*@)?([^\s?#]*)(\?[^\s]*)?").ok());

impl Mask {
    pub fn new(patient: &Patient) -> Mask {
        let mut names: Vec<String> = Vec::new();
        if let Ok(config) = &patient.config {
            let providers = config.identity_providers.values();
            names.extend(providers.filter_map(|p| Some(p.username.as_ref()?.value.clone())));
        }
        names.extend(
            ["USER", "LOGNAME", "SAML_USER"]
                .map(|name| (patient.variable)(name).unwrap_or_default()),
        );
        // Longer ones first: one name may be the beginning of another.
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        names.dedup();
        let whole = |name: &String| {
            let escaped = regex::escape(name);
            Regex::new(&format!(r"(?i)(^|[^\w.@-]){escaped}($|[^\w@-])")).ok()
        };
        Mask {
            names: names
                .iter()
                // A word such as `root` or `me` says nothing about anybody, and hiding it would hide too much.
                .filter(|name| name.chars().count() > 3 && *name != "root")
                .filter_map(whole)
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
        let mut text = match &self.home {
            Some(home) => text.replace(home, "~"),
            None => text.to_owned(),
        };
        for name in &self.names {
            text = name.replace_all(&text, "${1}(user)${2}").into_owned();
        }
        let rules = [
            (&ACCOUNT, "${1}…${2}${3}"),
            (&KEY_ID, "${1}…"),
            (&ADDRESS, "${1}${3}"),
        ];
        for (rule, with) in rules {
            if let Some(rule) = rule.as_ref() {
                text = rule.replace_all(&text, with).into_owned();
            }
        }
        text
    }
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
