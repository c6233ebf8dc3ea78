//! The files behind a configuration, lowest first: the machine's, then what the person's file includes, then that file.

use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::classic::{self, Classic};
use super::origin::{Origin, SourceFile};
use super::yaml::{self, Key, LONGEST_FILE, Node, Table, Value};
use crate::error::{Error, Result};
use crate::paths::Paths;

/// Where an administrator puts identity providers and account names for everybody.
pub(super) const OF_THE_MACHINE: &str = "/etc/mai/profiles.yaml";

/// More included files than this are a mistake.
const MOST_FILES: usize = 64;

/// All files as one tree; each value still knows its file.
pub(super) struct Layers {
    pub root: Table,
    /// In the order in which they were merged: later ones win.
    pub files: Vec<SourceFile>,
    /// Is there a file of the person's own?
    pub exists: bool,
    /// The Python Mai's file, if it stands in the place of the person's own.
    pub classic: Option<Classic>,
}

/// Must the person's own file be there?
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Own {
    /// The usual place, where the Python Mai's file may stand instead.
    Usual,
    /// It was named, so it must be there.
    Named,
    /// It was named for something to be written into: it may be new, its folder not.
    NamedToWrite,
}

/// Reads `of_the_machine` and `own`.
pub(super) fn load(
    paths: &Paths,
    of_the_machine: Option<&Path>,
    own: &Path,
    kind: Own,
) -> Result<Layers> {
    let mut reader = Reader::start(paths, of_the_machine)?;
    reader.may_be_classic = true;
    reader.layers.exists = reader.layer(own)?;
    if kind == Own::Usual && !reader.layers.exists {
        // The Python Mai's file counts until there is one of our own.
        reader.layer(&own.with_file_name(classic::FILE_NAME))?;
    }
    let is_new = kind == Own::NamedToWrite && may_begin(own);
    if kind != Own::Usual && !reader.layers.exists && !is_new {
        return Err(
            Error::usage(format!("there is no file {}", paths.shown(own)))
                .hint("check `-c` and MAI_CONFIG"),
        );
    }
    Ok(reader.layers)
}

/// Can a configuration begin there? Under its name the Python Mai's file would be read.
fn may_begin(own: &Path) -> bool {
    let is_folder = match own.parent() {
        Some(folder) if folder != Path::new("") => folder.is_dir(),
        _ => true,
    };
    is_folder
        && own
            .file_name()
            .is_some_and(|name| name != classic::FILE_NAME)
}

/// The same as if `own` held these bytes.
pub(super) fn load_as_if(
    paths: &Paths,
    of_the_machine: Option<&Path>,
    own: &Path,
    bytes: &[u8],
) -> Result<Layers> {
    let mut reader = Reader::start(paths, of_the_machine)?;
    reader.add_bytes(own, paths.shown(own), bytes, None)?;
    reader.layers.exists = true;
    Ok(reader.layers)
}

struct Reader<'a> {
    paths: &'a Paths,
    layers: Layers,
    /// The chain of files that are being included, to see a circle.
    open: Vec<PathBuf>,
    /// Only the person's own file can be the Python Mai's.
    may_be_classic: bool,
}

impl<'a> Reader<'a> {
    fn start(paths: &'a Paths, of_the_machine: Option<&Path>) -> Result<Reader<'a>> {
        let mut reader = Reader {
            paths,
            layers: Layers {
                root: Vec::new(),
                files: Vec::new(),
                exists: false,
                classic: None,
            },
            open: Vec::new(),
            may_be_classic: false,
        };
        if let Some(path) = of_the_machine {
            reader.layer(path)?;
        }
        Ok(reader)
    }

    /// One file that may be missing, with what it includes. Was it there?
    fn layer(&mut self, path: &Path) -> Result<bool> {
        let shown = self.paths.shown(path);
        match File::open(path) {
            Ok(file) => self.add(path, shown, file).map(|()| true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(unreadable(&shown, &error)),
        }
    }

    fn add(&mut self, path: &Path, shown: String, file: File) -> Result<()> {
        let metadata = file.metadata().map_err(|e| unreadable(&shown, &e))?;
        if metadata.is_dir() {
            return Err(Error::usage(format!("{shown} is a folder, not a file")));
        }
        let bytes = read_all(file).map_err(|e| unreadable(&shown, &e))?;
        if bytes.len() > LONGEST_FILE {
            return Err(Error::usage(format!(
                "{shown} is too large for a configuration file"
            )));
        }
        self.add_bytes(path, shown, &bytes, changeable_by_others(&metadata))
    }

    fn add_bytes(
        &mut self,
        path: &Path,
        shown: String,
        bytes: &[u8],
        reason: Option<Changeable>,
    ) -> Result<()> {
        let source = SourceFile::new(path.to_path_buf(), shown);
        let mut node = yaml::read(bytes, &source)?;
        if self.may_be_classic && self.open.is_empty() {
            self.take_classic(path, &source, &mut node)?;
        }
        if let Some(reason) = reason {
            refuse_commands(&node, &source, reason)?;
        }
        let mut table = match node.value {
            Value::Table(table) => table,
            Value::Nothing => Vec::new(),
            _ => {
                return Err(node
                    .origin
                    .error("a configuration file is a list of `key: value`")
                    .hint("it begins like `profiles:`; profiles.example.yaml shows all keys"));
            }
        };
        let includes = take_includes(&mut table)?;
        self.open.push(canonical(path));
        for (name, origin) in includes {
            self.include(&name, &origin)?;
        }
        self.open.pop();
        self.layers.files.push(source);
        merge(&mut self.layers.root, table, &Level::Root);
        Ok(())
    }

    /// Puts what the Python Mai's file means in the place of what it says.
    fn take_classic(&mut self, path: &Path, source: &SourceFile, node: &mut Node) -> Result<()> {
        let nothing = Vec::new();
        let table = match &node.value {
            Value::Table(table) => table,
            Value::Nothing => &nothing,
            _ => return Ok(()),
        };
        if !classic::is_classic(path, table) {
            return Ok(());
        }
        let known = self.layers.root.iter();
        let taken: Vec<String> = known
            .filter(|(key, _)| key.name == "identity_providers")
            .filter_map(|(_, node)| match &node.value {
                Value::Table(table) => Some(table.iter().map(|(key, _)| key.name.clone())),
                _ => None,
            })
            .flatten()
            .collect();
        let classic = classic::read(table, source, &taken)?;
        node.value = Value::Table(classic.root().clone());
        self.layers.classic = Some(classic);
        Ok(())
    }

    fn include(&mut self, name: &str, origin: &Origin) -> Result<()> {
        let path = resolve(self.paths, origin, Path::new(name));
        let shown = self.paths.shown(&path);
        if self.open.contains(&canonical(&path)) {
            return Err(origin
                .error(format!("{shown} includes itself"))
                .hint("remove this line"));
        }
        if self.open.len() + self.layers.files.len() >= MOST_FILES {
            return Err(origin.error("too many included files"));
        }
        match File::open(&path) {
            Ok(file) => self.add(&path, shown, file),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(origin.error(format!("there is no file {shown} to include")))
            }
            Err(error) => Err(origin
                .error(format!("{shown} cannot be included"))
                .because(error)),
        }
    }
}

/// A path as a setting means it: `~` is the home, and a relative path starts beside the file that holds the setting.
pub(super) fn resolve(paths: &Paths, origin: &Origin, path: &Path) -> PathBuf {
    let path = paths.expand(path);
    match origin.folder() {
        Some(folder) if path.is_relative() => folder.join(path),
        _ => path,
    }
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

fn read_all(file: File) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(LONGEST_FILE as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unreadable(shown: &str, error: &std::io::Error) -> Error {
    Error::usage(format!("{shown} cannot be read")).because(error)
}

fn take_includes(table: &mut Table) -> Result<Vec<(String, Origin)>> {
    let Some(at) = table.iter().position(|(key, _)| key.name == "include") else {
        return Ok(Vec::new());
    };
    let (_, node) = table.remove(at);
    let nodes = match node.value {
        Value::List(nodes) => nodes,
        Value::Nothing => Vec::new(),
        _ => vec![node],
    };
    nodes
        .into_iter()
        .map(|node| match node.value {
            Value::Text(name) if !name.is_empty() => Ok((name, node.origin)),
            _ => Err(node.origin.error("`include` is a list of files")),
        })
        .collect()
}

/// How far down two files are merged key by key; below that, the later one replaces the whole value.
enum Level {
    Root,
    /// Names, and what each of them holds.
    Named(&'static Level),
    IdentityProvider,
    Plain,
}

impl Level {
    fn below(&self, key: &str) -> Option<&'static Level> {
        match (self, key) {
            (Level::Root, "identity_providers") => Some(&Level::Named(&Level::IdentityProvider)),
            (Level::Root, "profiles") => Some(&Level::Named(&Level::Plain)),
            (Level::Root, "defaults" | "accounts" | "groups")
            | (Level::IdentityProvider, "mfa" | "fields" | "options") => Some(&Level::Plain),
            (Level::Named(level), _) => Some(level),
            _ => None,
        }
    }
}

fn merge(base: &mut Table, over: Table, level: &Level) {
    for (key, node) in over {
        match base.iter_mut().find(|(known, _)| known.name == key.name) {
            Some((known, below)) => merge_value(known, below, key, node, level),
            None => base.push((key, node)),
        }
    }
}

fn merge_value(known: &mut Key, below: &mut Node, key: Key, node: Node, level: &Level) {
    match (level.below(&key.name), &mut below.value, node.value) {
        (Some(next), Value::Table(base), Value::Table(over)) => merge(base, over, next),
        // `profiles:` with nothing under it takes nothing away.
        (Some(_), Value::Table(_), Value::Nothing) => {}
        (_, _, value) => {
            *known = key;
            *below = Node {
                value,
                origin: node.origin,
            };
        }
    }
}

/// Why somebody else could have written this file, if so.
#[cfg(unix)]
fn changeable_by_others(metadata: &Metadata) -> Option<Changeable> {
    use std::os::unix::fs::MetadataExt;
    let us = rustix::process::geteuid().as_raw();
    if metadata.uid() != us && metadata.uid() != 0 {
        Some(Changeable::ForeignOwner)
    } else if metadata.mode() & 0o002 != 0 {
        Some(Changeable::ByAll)
    } else if metadata.mode() & 0o020 != 0 {
        Some(Changeable::ByGroup)
    } else {
        None
    }
}

#[cfg(not(unix))]
fn changeable_by_others(_: &Metadata) -> Option<Changeable> {
    None
}

#[derive(Clone, Copy)]
#[cfg_attr(not(unix), expect(dead_code))] // nothing tells there who may write a file
enum Changeable {
    ForeignOwner,
    /// Often the person's own group, so addresses are left to it.
    ByGroup,
    ByAll,
}

impl Changeable {
    fn reaches_all(self) -> bool {
        matches!(self, Changeable::ByAll | Changeable::ForeignOwner)
    }
}

/// Keys that decide where a password goes: not to be left to everybody on the computer, nor to another user.
const DECIDES: &[&str] = &["url", "trusted_hosts", "ca_bundle", "proxy"];

/// Whoever can write a `{command: …}` runs programs as the person who signs in; whoever can write an address gets the
/// password that is meant for another.
fn refuse_commands(node: &Node, source: &SourceFile, reason: Changeable) -> Result<()> {
    match &node.value {
        Value::Table(table) => table.iter().try_for_each(|(key, node)| {
            let is_command = key.name == "command";
            if is_command || reason.reaches_all() && DECIDES.contains(&key.name.as_str()) {
                return Err(in_reach_of_others(key, source, reason));
            }
            refuse_commands(node, source, reason)
        }),
        Value::List(nodes) => nodes
            .iter()
            .try_for_each(|node| refuse_commands(node, source, reason)),
        _ => Ok(()),
    }
}

fn in_reach_of_others(key: &Key, source: &SourceFile, reason: Changeable) -> Error {
    let (origin, name) = (&key.origin, &key.name);
    match reason {
        Changeable::ByGroup | Changeable::ByAll => origin
            .error(format!(
                "others may write this file, so it may not hold a `{name}`"
            ))
            .hint(format!("chmod go-w {}", quoted(source.path()))),
        Changeable::ForeignOwner => origin
            .error(format!(
                "this file belongs to somebody else, so it may not hold a `{name}`"
            ))
            .hint(format!("move the `{name}` to your own profiles.yaml")),
    }
}

fn quoted(path: &Path) -> String {
    shell_words::quote(&path.to_string_lossy()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files in a new folder, and the tree they make.
    fn layers(files: &[(&str, &str)], own: &str, machine: Option<&str>) -> Result<Layers> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let machine = machine.map(|name| folder.path().join(name));
        let own = folder.path().join(own);
        load(
            &Paths::from_environment(),
            machine.as_deref(),
            &own,
            Own::Usual,
        )
    }

    fn flat(table: &Table, before: &str, into: &mut Vec<String>) {
        for (key, node) in table {
            let name = format!("{before}{}", key.name);
            match &node.value {
                Value::Table(table) => flat(table, &format!("{name}."), into),
                Value::Text(text) => into.push(format!("{name}={text}")),
                other => into.push(format!("{name}={other:?}")),
            }
        }
    }

    fn shown(layers: &Layers) -> Vec<String> {
        let mut lines = Vec::new();
        flat(&layers.root, "", &mut lines);
        lines
    }

    fn refusal(files: &[(&str, &str)]) -> String {
        match layers(files, "p.yaml", None) {
            Ok(layers) => panic!("{:?}", shown(&layers)),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_persons_file_wins_key_by_key() {
        let layers = layers(
            &[
                (
                    "etc.yaml",
                    "identity_providers: {corp: {url: U, mfa: {method: totp}}}\nprofiles: {prod: {role: R, region: E}}\n",
                ),
                (
                    "team/more.yaml",
                    "profiles: {prod: {region: I}, dev: {role: D}}\n",
                ),
                (
                    "p.yaml",
                    "include: [team/more.yaml]\nidentity_providers: {corp: {username: ada, mfa: {device: phone}}}\nprofiles: {dev: {role: X}}\ngroups:\n",
                ),
            ],
            "p.yaml",
            Some("etc.yaml"),
        )
        .unwrap();
        assert_eq!(
            shown(&layers),
            [
                "identity_providers.corp.url=U",
                "identity_providers.corp.mfa.method=totp",
                "identity_providers.corp.mfa.device=phone",
                "identity_providers.corp.username=ada",
                "profiles.prod.role=R",
                "profiles.prod.region=I",
                "profiles.dev.role=X",
                "groups=Nothing",
            ]
        );
        assert_eq!((layers.files.len(), layers.exists), (3, true));
    }

    #[test]
    fn a_command_and_a_list_are_replaced_whole() {
        let layers = layers(
            &[
                (
                    "a.yaml",
                    "identity_providers: {c: {password: {command: x, unattended: true}}}\ngroups: {g: [a, b]}\n",
                ),
                (
                    "p.yaml",
                    "include: a.yaml\nidentity_providers: {c: {password: {command: y}}}\ngroups: {g: [c]}\n",
                ),
            ],
            "p.yaml",
            None,
        )
        .unwrap();
        let lines = shown(&layers);
        assert_eq!(lines[0], "identity_providers.c.password.command=y");
        assert!(
            lines[1].starts_with("groups.g=") && !lines[1].contains("\"a\""),
            "{lines:?}"
        );
    }

    #[test]
    fn circles_of_includes_are_refused_and_twice_the_same_file_is_not() {
        let circle = refusal(&[
            ("p.yaml", "include: [a.yaml]\n"),
            ("a.yaml", "x: y\ninclude:\n  - ./p.yaml\n"),
        ]);
        assert!(
            circle.contains("a.yaml:3:5: ") && circle.ends_with("includes itself"),
            "{circle}"
        );
        let twice = layers(
            &[
                ("p.yaml", "include: [a.yaml, b.yaml]\n"),
                ("a.yaml", "include: c.yaml\n"),
                ("b.yaml", "include: c.yaml\n"),
                ("c.yaml", "x: y\n"),
            ],
            "p.yaml",
            None,
        );
        assert_eq!(shown(&twice.unwrap()), ["x=y"]);
    }

    #[test]
    fn a_missing_include_names_the_line_that_wants_it() {
        let said = refusal(&[("p.yaml", "a: b\ninclude:\n- gone.yaml\n")]);
        assert!(
            said.contains("p.yaml:3:3: there is no file") && said.contains("gone.yaml"),
            "{said}"
        );
    }

    #[test]
    fn a_missing_file_is_no_error_unless_it_was_named() {
        let missing = layers(&[], "p.yaml", None).unwrap();
        assert!(!missing.exists && missing.files.is_empty());
        let paths = Paths::from_environment();
        let named = load(&paths, None, Path::new("/nowhere/p.yaml"), Own::Named)
            .err()
            .unwrap();
        assert_eq!(named.exit_code(), 2);
    }

    #[test]
    #[cfg(unix)]
    fn a_file_that_others_may_write_holds_no_command() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("p.yaml");
        let text = "identity_providers:\n  corp:\n    password: {command: \"op read x\"}\n";
        std::fs::write(&own, text).unwrap();
        let paths = Paths::from_environment();
        for (mode, good) in [(0o600, true), (0o644, true), (0o664, false), (0o646, false)] {
            std::fs::set_permissions(&own, std::fs::Permissions::from_mode(mode)).unwrap();
            let result = load(&paths, None, &own, Own::Usual);
            assert_eq!(result.is_ok(), good, "{mode:o}");
            if let Err(error) = result {
                assert!(error.message().contains("p.yaml:3:16: "), "{error}");
                assert!(error.hint_text().unwrap().starts_with("chmod go-w "));
            }
        }
        std::fs::write(&own, "profiles: {}\n").unwrap();
        assert!(load(&paths, None, &own, Own::Usual).is_ok());
    }
}
