//! What is settled before clap sees the arguments: the classic verbs' prefixes.

use std::ffi::{OsStr, OsString};

use crate::error::{Error, Result};
use crate::ui::Format;

/// The verbs of the Python Mai, whose prefixes stay as they were: `log` is login, whatever other verbs come.
const CLASSIC: &[&str] = &[
    "create",
    "create-all",
    "delete",
    "list",
    "login",
    "require",
    "set-default",
];

/// Every verb of this version, and `help`; an exact name wins over prefixes of longer ones.
fn is_verb(word: &str) -> bool {
    use clap::CommandFactory;
    word == "help"
        || super::Cli::command()
            .get_subcommands()
            .any(|verb| verb.get_name() == word)
}

/// Spells out a classic verb that was typed as a prefix.
pub fn with_classic_verb(mut arguments: Vec<OsString>) -> Result<Vec<OsString>> {
    let Some(place) = verb_place(&arguments) else {
        return Ok(arguments);
    };
    let Some(word) = arguments[place].to_str().filter(|word| !is_verb(word)) else {
        return Ok(arguments);
    };
    let matching: Vec<&str> = CLASSIC
        .iter()
        .copied()
        .filter(|verb| verb.starts_with(word))
        .collect();
    match &matching[..] {
        [] => {}
        [verb] => arguments[place] = (*verb).into(),
        several => {
            return Err(
                Error::usage(format!("`{word}` could be {}", several.join(" or ")))
                    .hint(format!("type `{}`", several.join("` or `"))),
            );
        }
    }
    Ok(arguments)
}

/// Where the verb stands: the first argument that is neither an option nor the value of one.
pub fn verb_place(arguments: &[OsString]) -> Option<usize> {
    let mut place = 1;
    while let Some(argument) = arguments.get(place) {
        match argument.to_str() {
            Some("--") => return None,
            Some(
                "-c" | "--config" | "--config-file" | "-o" | "--output" | "--color"
                | "--awsprofile",
            ) => place += 2,
            Some(option) if option.starts_with('-') => place += 1,
            _ => return Some(place),
        }
    }
    None
}

/// Is this the verb that clap runs, spelled out or as a beginning that no other verb has?
pub fn is_for(arguments: &[OsString], verb: &str) -> bool {
    use clap::CommandFactory;
    let word = verb_place(arguments).and_then(|place| arguments[place].to_str());
    let Some(word) = word.filter(|word| verb.starts_with(word)) else {
        return false;
    };
    let command = super::Cli::command();
    let mut others = command.get_subcommands().map(|other| other.get_name());
    word == verb || !others.any(|other| other != verb && other.starts_with(word))
}

/// The value of a long option, as far as it can be known where parsing failed.
pub fn value_of<'a>(arguments: &'a [OsString], option: &str) -> Option<&'a str> {
    let own = arguments.iter().take_while(|argument| *argument != "--");
    let mut words = own.map(|argument| argument.to_str().unwrap_or_default());
    while let Some(word) = words.next() {
        match word.strip_prefix(option) {
            Some("") => return words.next(),
            Some(rest) if rest.starts_with('=') => return rest.strip_prefix('='),
            _ => {}
        }
    }
    None
}

/// The output format, for errors that come before or from parsing.
pub fn output_format(arguments: &[OsString]) -> Format {
    let json = |value: &OsStr| value == "json";
    // What stands behind `--` is for another program.
    let own = arguments.iter().take_while(|argument| *argument != "--");
    let arguments = &arguments[..own.count()];
    let asked = arguments.windows(2).any(|pair| {
        (pair[0] == "-o" || pair[0] == "--output") && json(&pair[1])
            || pair[1] == "-ojson"
            || pair[1] == "--output=json"
            || pair[1] == "-o=json"
    });
    if asked { Format::Json } else { Format::Text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(line: &str) -> Result<String> {
        let arguments = line.split(' ').map(OsString::from).collect();
        let spelled = with_classic_verb(arguments)?;
        Ok(spelled
            .iter()
            .map(|a| a.to_string_lossy().into_owned())
            .collect::<Vec<_>>()
            .join(" "))
    }

    #[test]
    fn classic_verbs_keep_their_prefixes() {
        assert_eq!(spelled("mai log prod").unwrap(), "mai login prod");
        assert_eq!(spelled("mai -c l.yaml li").unwrap(), "mai -c l.yaml list");
        assert_eq!(spelled("mai login log").unwrap(), "mai login log");
        assert_eq!(spelled("mai status").unwrap(), "mai status");
        assert_eq!(spelled("mai").unwrap(), "mai");
    }

    #[test]
    fn a_prefix_means_what_it_meant_whatever_other_verbs_there_are() {
        assert_eq!(spelled("mai r prod").unwrap(), "mai require prod");
        assert_eq!(spelled("mai rol prod").unwrap(), "mai rol prod");
        assert_eq!(spelled("mai logo prod").unwrap(), "mai logo prod");
    }

    #[test]
    fn an_exact_name_wins_over_a_longer_one() {
        assert_eq!(spelled("mai create x").unwrap(), "mai create x");
        assert_eq!(spelled("mai create-").unwrap(), "mai create-all");
        assert_eq!(spelled("mai d x").unwrap(), "mai delete x");
        assert_eq!(spelled("mai set x").unwrap(), "mai set-default x");
        let error = spelled("mai cre x").unwrap_err();
        assert_eq!(error.to_string(), "`cre` could be create or create-all");
    }

    #[test]
    fn the_verb_is_known_before_clap_knows_it() {
        let is_env = |line: &str| {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            is_for(&arguments, "env")
        };
        for line in ["mai env prod --bad", "mai -c x en", "mai --bad env"] {
            assert!(is_env(line), "{line}");
        }
        // `e` is exec, too.
        for line in ["mai e", "mai exec env", "mai envy", "mai", "mai -- env"] {
            assert!(!is_env(line), "{line}");
        }
    }

    #[test]
    fn the_value_of_an_option_stands_behind_it() {
        let value = |line: &str| {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            value_of(&arguments, "--format").map(str::to_owned)
        };
        for line in ["mai env --format sh --bad", "mai env --bad --format=sh"] {
            assert_eq!(value(line).as_deref(), Some("sh"), "{line}");
        }
        for line in [
            "mai env --format",
            "mai env --formats sh",
            "mai env -- --format sh",
        ] {
            assert_eq!(value(line), None, "{line}");
        }
    }

    #[test]
    fn an_ambiguous_prefix_names_what_it_could_be() {
        let error = spelled("mai l").unwrap_err();
        assert_eq!(error.to_string(), "`l` could be list or login");
        assert_eq!(error.exit_code(), 2);
    }
}
