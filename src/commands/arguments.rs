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
    fn an_ambiguous_prefix_names_what_it_could_be() {
        let error = spelled("mai l").unwrap_err();
        assert_eq!(error.to_string(), "`l` could be list or login");
        assert_eq!(error.exit_code(), 2);
    }
}
