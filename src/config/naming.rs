//! Names made of what other people wrote: which letters can stand in one, and which is free.

use super::values;

/// The longest name that is made; longer ones can be typed.
pub const LONGEST: usize = 64;

/// How many numbers are tried behind a name.
const NUMBERS: std::ops::Range<u32> = 2..100_000;

/// `name`, else `name-2`, `name-3`, …; `name` itself where all of these are taken.
pub fn first_free(name: &str, taken: impl Fn(&str) -> bool) -> String {
    if !taken(name) {
        return name.to_string();
    }
    NUMBERS
        .map(|number| format!("{name}-{number}"))
        .find(|candidate| !taken(candidate))
        .unwrap_or_else(|| name.to_string())
}

/// What can stand in a name, a `-` for each run of what cannot.
pub fn readable(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || "._-".contains(c) {
            name.push(c);
        } else if !name.ends_with('-') {
            name.push('-');
        }
    }
    name.trim_matches(['-', '.']).to_string()
}

/// The beginning of a name, as long as it may be at most.
pub fn shortened(name: &str, longest: usize) -> &str {
    name[..name.floor_char_boundary(longest)].trim_end_matches(['-', '.'])
}

/// A name for the identity provider at a host that is not taken: `login.example.com` is `example`.
pub fn of_identity_provider(host: &str, taken: impl Fn(&str) -> bool) -> String {
    let name = readable(&company_of(host).to_ascii_lowercase());
    let name = match values::provider_name(shortened(&name, LONGEST)) {
        Ok(name) => name,
        Err(_) => "idp".to_string(),
    };
    first_free(&name, taken)
}

/// First labels of hosts that say what is done there, not whose it is.
const WHAT_IS_DONE: &[&str] = &[
    "access", "account", "accounts", "auth", "fs", "id", "identity", "idp", "login", "portal",
    "saml", "secure", "signin", "sso", "sts", "www",
];

/// The label of a host that tells whose it is.
fn company_of(host: &str) -> &str {
    if host.starts_with('[') || host.split('.').all(|label| label.parse::<u8>().is_ok()) {
        return "";
    }
    let mut labels: Vec<&str> = host.split('.').filter(|label| !label.is_empty()).collect();
    if labels.len() > 1 {
        labels.pop();
    }
    // `example.co.uk`: the last but one belongs to the country's registry.
    let second = labels.last().copied().unwrap_or_default();
    if labels.len() > 1 && ["ac", "co", "com", "edu", "gov", "net", "org"].contains(&second) {
        labels.pop();
    }
    let company = labels.last().copied().unwrap_or_default();
    match labels.first() {
        // `acme.provider.com`: the customer of a host that serves many.
        Some(first) if labels.len() == 2 && !WHAT_IS_DONE.contains(first) => first,
        _ => company,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_nobody_has_is_found_and_the_search_ends() {
        assert_eq!(first_free("a", |_| false), "a");
        assert_eq!(first_free("a", |name| ["a", "a-2"].contains(&name)), "a-3");
        assert_eq!(first_free("a", |_| true), "a");
    }

    #[test]
    fn a_name_is_cut_between_letters_and_ends_in_one() {
        assert_eq!(shortened("abc", 64), "abc");
        assert_eq!(shortened("ab-cd", 3), "ab");
        assert_eq!(shortened("aä", 2), "a");
        let host = format!("{}.example", "x".repeat(130));
        assert_eq!(of_identity_provider(&host, |_| false), "x".repeat(64));
        let second = of_identity_provider(&host, |name| name.len() == 64);
        assert!(values::provider_name(&second).is_ok(), "{second}");
    }

    #[test]
    fn an_identity_provider_is_called_after_the_company() {
        for (host, name) in [
            ("login.example.com", "example"),
            ("acme.provider.com", "acme"),
            ("example.com", "example"),
            ("sso.eu.example.com", "example"),
            ("login.example.co.uk", "example"),
            ("example.co.uk", "example"),
            ("auth", "auth"),
            ("xn--bcher-kva.example", "xn--bcher-kva"),
            ("127.0.0.1", ""),
            ("[::1]", ""),
            ("", ""),
        ] {
            assert_eq!(company_of(host), name, "{host}");
        }
    }
}
