//! The page on which AWS's sign-in shows the accounts of an assertion: the only place that tells their names.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use scraper::{ElementRef, Html, Selector};
use serde_json::Value;

/// Account ids and names, as far as the page tells them; empty for any page that is not this one.
///
/// Two layouts are known. Names are a hint for people, so what does not look like a name is passed over.
pub fn names(page: &str) -> BTreeMap<String, String> {
    let document = Html::parse_document(page);
    let mut found = BTreeMap::new();
    for heading in of_elements(&document).into_iter().chain(of_data(&document)) {
        if let Some((id, name)) = id_and_name(&heading) {
            found.insert(id, name);
        }
    }
    found
}

/// `Account: alias (123456789012)` of the classic page; the word before the colon is in the person's language.
fn of_elements(document: &Html) -> Vec<String> {
    select(document, "div.saml-account-name")
        .into_iter()
        .map(|element| {
            let text: String = element.text().collect();
            match text.split_once(':') {
                Some((_, heading)) => heading.to_string(),
                None => text,
            }
        })
        .collect()
}

/// The keys of `roles_accounts` in the base64 JSON of the newer page: `alias (123456789012)`.
fn of_data(document: &Html) -> Vec<String> {
    let data = select(document, "meta[name=data]");
    let content = data.iter().find_map(|meta| meta.value().attr("content"));
    content
        .and_then(|content| STANDARD.decode(content.trim()).ok())
        .and_then(|json| serde_json::from_slice::<Value>(&json).ok())
        .and_then(|data| {
            let accounts = data.get("roles_accounts")?.as_object()?;
            Some(accounts.keys().cloned().collect())
        })
        .unwrap_or_default()
}

fn select<'a>(document: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    Selector::parse(selector)
        .map(|selector| document.select(&selector).collect())
        .unwrap_or_default()
}

/// `alias (123456789012)` taken apart; a heading that is only an id has no name.
fn id_and_name(heading: &str) -> Option<(String, String)> {
    let (name, id) = heading.trim().strip_suffix(')')?.rsplit_once('(')?;
    let (name, id) = (name.trim(), id.trim());
    let is_id = id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit());
    (is_id && is_name(name)).then(|| (id.to_string(), name.to_string()))
}

/// An alias has 3 to 63 lower-case letters, digits and `-` (IAM, account aliases); names may have blanks and more.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.chars().count() <= 63
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || " ._@+&-".contains(c))
        && !text.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(page: &str) -> Vec<(String, String)> {
        names(page).into_iter().collect()
    }

    fn pair(id: &str, name: &str) -> (String, String) {
        (id.into(), name.into())
    }

    #[test]
    fn the_classic_page_names_accounts_in_any_language() {
        let page = r#"<form id="saml_form"><fieldset>
            <div class="saml-account"><div class="expandable-container">
              <div class="saml-account-name">Account: acme-prod (111111111111)</div></div>
              <label for="arn:aws:iam::111111111111:role/PowerUser" class="saml-role-description">PowerUser</label></div>
            <div class="saml-account"><div class="saml-account-name">Konto: Acme (Test) (222222222222)</div></div>
            <div class="saml-account"><div class="saml-account-name">Konto: acme dev (333333333333)</div></div>
            <div class="saml-account"><div class="saml-account-name">Account: 444444444444</div></div>
            </fieldset></form>"#;
        assert_eq!(
            of(page),
            [
                pair("111111111111", "acme-prod"),
                pair("333333333333", "acme dev")
            ]
        );
    }

    #[test]
    fn the_page_of_scripts_names_them_in_its_data() {
        let json = r#"{"roles_accounts":{"acme-prod (111111111111)":["arn:aws:iam::111111111111:role/x"],"222222222222":[]},"problems":[]}"#;
        let page = format!(
            r#"<html><head><meta name="csrf_token" content="x"><meta name="data" content="{}"></head></html>"#,
            STANDARD.encode(json)
        );
        assert_eq!(of(&page), [pair("111111111111", "acme-prod")]);
    }

    #[test]
    fn any_other_page_names_none() {
        let long = format!("Account: {} (111111111111)", "x".repeat(64));
        for page in [
            "",
            "<script>var hashArgs = 1</script>",
            "<meta name=data content='%%%'>",
            "<meta name=data content='bm8='>",
            "<meta name=data content='W10='>",
            "<div class=saml-account-name></div>",
            "<div class=saml-account-name>Account: a\u{1b}[2J (111111111111)</div>",
            "<div class=saml-account-name>Account: acme (11111111111)</div>",
            "<div class=saml-account-name>Account: 999999999999 (111111111111)</div>",
            &format!("<div class=saml-account-name>{long}</div>"),
        ] {
            assert_eq!(of(page), [], "{page}");
        }
    }
}
