//! What could stand at the cursor: clap's own completion, with our names where an argument takes one.

use std::ffi::{OsStr, OsString};
use std::sync::{Arc, LazyLock};

use clap::{Arg, Command, CommandFactory};
use clap_complete::engine::{self, ArgValueCompleter, CompletionCandidate};

use super::names::{self, Name, Names};
use crate::commands::{Cli, arguments};
use crate::error::clean;

/// The shell itself knows files best: it is told that one belongs here.
const FILES: &str = ":files";
const FOLDERS: &str = ":folders";

/// One line per candidate: the whole word, a tab, what it is. Or one word that asks the shell for files or folders.
///
/// Whatever cannot be read or understood has no candidates; nothing is ever said about it.
pub fn answer(before: Vec<OsString>, word: OsString) -> String {
    let file = names::named_file(&before);
    let Some(words) = spelled_out(before) else {
        return String::new();
    };
    let names: Lazy = Arc::new(LazyLock::new(Box::new(move || {
        Names::load(file.as_deref())
    })));
    let mut whole = Cli::command();
    whole.build();
    let mut command = with_names(whole, &names);
    let wants_option = word.as_encoded_bytes().starts_with(b"-");
    let place = words.len();
    let words = words.into_iter().chain([word]).collect();
    let found = engine::complete(&mut command, words, place, None).unwrap_or_default();
    let mut lines = String::new();
    for candidate in found {
        let value = candidate.get_value().to_string_lossy();
        for files in [FILES, FOLDERS] {
            if value.ends_with(files) {
                return format!("{files}\n");
            }
        }
        // Whatever else clap may come to offer, nothing goes to a shell that could act there.
        if !value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._/@:+-=,".contains(&byte))
        {
            continue;
        }
        // Options are for those who begin one; beside them a handful of profiles would not be seen.
        if value.starts_with('-') == wants_option {
            let help = candidate.get_help().map(|help| help.to_string());
            let help = help.as_deref().and_then(|help| help.lines().next());
            lines += &format!("{value}\t{}\n", clean(help.unwrap_or_default()));
        }
    }
    lines
}

/// The words with `mai` before them and the verb in full; nothing if it could be several.
fn spelled_out(before: Vec<OsString>) -> Option<Vec<OsString>> {
    let words = [OsString::from("mai")].into_iter().chain(before).collect();
    let mut words = arguments::with_classic_verb(words).ok()?;
    if let Some(place) = arguments::verb_place(&words)
        && let Some(typed) = words[place].to_str()
    {
        let command = Cli::command();
        let verbs = || command.get_subcommands().map(|verb| verb.get_name());
        let mut longer = verbs().filter(|verb| verb.starts_with(typed));
        if !verbs().any(|verb| verb == typed)
            && let (Some(verb), None) = (longer.next(), longer.next())
        {
            words[place] = verb.into();
        }
    }
    Some(words)
}

/// Read when the first argument wants them, so completing a verb reads no file.
type Lazy = Arc<LazyLock<Names, Box<dyn FnOnce() -> Names + Send>>>;

/// Gives every argument the candidates that its `value_name` stands for.
fn with_names(command: Command, names: &Lazy) -> Command {
    command
        .mut_args(|argument| match value_name(&argument) {
            Some(takes) if offers(&takes) => {
                let names = names.clone();
                let completer = move |typed: &OsStr| values(&takes, typed, &names);
                argument.add(ArgValueCompleter::new(completer))
            }
            _ => argument,
        })
        .mut_subcommands(|verb| with_names(verb, names))
}

fn value_name(argument: &Arg) -> Option<String> {
    argument
        .get_value_names()
        .and_then(|names| names.first())
        .map(|name| name.to_string())
}

/// The words of a `value_name` that have candidates; `commands/mod.rs` tells what each stands for.
const KNOWN: &[&str] = &["PROFILE", "GROUP", "IDP", "TYPE", "SECTION", "FILE", "DIR"];

fn offers(value_name: &str) -> bool {
    value_name.split('|').any(|part| KNOWN.contains(&part))
}

fn values(takes: &str, typed: &OsStr, names: &Lazy) -> Vec<CompletionCandidate> {
    let mut found = Vec::new();
    for part in takes.split('|') {
        found.extend(match part {
            "PROFILE" => matching(&names.profiles, typed),
            "GROUP" => matching(&names.groups, typed),
            "IDP" => matching(&names.identity_providers, typed),
            "SECTION" => matching(&names.sections, typed),
            "TYPE" => matching(&names::types(), typed),
            "FILE" => vec![CompletionCandidate::new(FILES)],
            "DIR" => vec![CompletionCandidate::new(FOLDERS)],
            _ => Vec::new(),
        });
    }
    found
}

fn matching(names: &[Name], typed: &OsStr) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy();
    names
        .iter()
        .filter(|(name, _)| name.starts_with(&*typed))
        .map(|(name, about)| {
            let about = (!about.is_empty()).then(|| about.clone().into());
            CompletionCandidate::new(name).help(about)
        })
        .collect()
}
