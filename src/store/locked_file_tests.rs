use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Place {
        Place {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, text: &str) -> PathBuf {
        let path = self.path("credentials");
        fs::write(&path, text).unwrap();
        set_mode(&path, 0o600);
        path
    }

    fn append(&self, path: &Path, text: &str) -> Result<Written<()>> {
        update(path, &self.path("state"), |bytes| {
            // It may see its own result again.
            let is_there = bytes
                .windows(text.len().max(1))
                .any(|part| part == text.as_bytes());
            let new = if is_there { "" } else { text };
            let bytes = [bytes, new.as_bytes()].concat();
            Ok(Edited { bytes, value: () })
        })
    }

    /// The names of all files but those of the state folder.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let names = entries.map(|e| e.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name != "state").collect();
        names.sort();
        names
    }
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn set_mode(_path: &Path, _mode: u32) {}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[cfg(unix)]
fn inode(path: &Path) -> u64 {
    std::os::unix::fs::MetadataExt::ino(&fs::metadata(path).unwrap())
}

#[test]
#[cfg(unix)]
fn a_new_file_and_its_folder_are_for_their_owner_alone() {
    let place = Place::new();
    let path = place.path(".aws/credentials");
    assert!(place.append(&path, "new\n").unwrap().changed);
    assert_eq!((mode(&path), text(&path)), (0o600, "new\n".to_owned()));
    assert_eq!(mode(path.parent().unwrap()), 0o700);
}

#[test]
#[cfg(unix)]
fn what_did_not_change_is_not_written() {
    let place = Place::new();
    let path = place.file("same\n");
    let before = (
        inode(&path),
        fs::metadata(&path).unwrap().modified().unwrap(),
    );
    let written = place.append(&path, "").unwrap();
    assert!(!written.changed);
    let after = (
        inode(&path),
        fs::metadata(&path).unwrap().modified().unwrap(),
    );
    assert_eq!(before, after);
    place.append(&place.path("missing"), "").unwrap();
    assert!(!place.path("missing").exists());
}

#[test]
#[cfg(unix)]
fn an_error_in_the_edit_leaves_everything_as_it_was() {
    let place = Place::new();
    let path = place.file("old\n");
    let outcome: Result<Written<()>> =
        update(&path, &place.path("state"), |_| Err(Error::refused("no")));
    assert_eq!(outcome.unwrap_err().message(), "no");
    assert_eq!(text(&path), "old\n");
    assert_eq!(place.names(), ["credentials"]);
}

#[test]
#[cfg(unix)]
fn a_link_stays_a_link_and_its_target_is_written() {
    let place = Place::new();
    let real = place.path("dotfiles/aws");
    fs::create_dir(place.path("dotfiles")).unwrap();
    fs::write(&real, "old\n").unwrap();
    std::os::unix::fs::symlink("dotfiles/aws", place.path("first")).unwrap();
    let link = place.path("credentials");
    std::os::unix::fs::symlink("first", &link).unwrap();
    place.append(&link, "new\n").unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(text(&real), "old\nnew\n");
    fs::remove_file(&real).unwrap();
    place.append(&link, "again\n").unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(text(&real), "again\n");
    std::os::unix::fs::symlink("loop", place.path("loop")).unwrap();
    let error = place.append(&place.path("loop"), "x").unwrap_err();
    assert!(error.message().contains("circle"), "{error}");
}

#[test]
#[cfg(unix)]
fn a_file_open_to_others_is_closed_and_that_is_said() {
    let place = Place::new();
    let path = place.file("old\n");
    set_mode(&path, 0o644);
    let notes = place.append(&path, "new\n").unwrap().notes;
    assert_eq!(mode(&path), 0o600);
    assert!(notes[0].contains("mode 0644"), "{notes:?}");
    assert!(place.append(&path, "more\n").unwrap().notes.is_empty());
    set_mode(&path, 0o640);
    let unchanged = place.append(&path, "").unwrap();
    assert!(!unchanged.changed && unchanged.notes.len() == 1);
    assert_eq!(mode(&path), 0o600);
}

#[test]
#[cfg(unix)]
fn a_read_only_file_is_respected() {
    let place = Place::new();
    let path = place.file("old\n");
    set_mode(&path, 0o400);
    let error = place.append(&path, "new\n").unwrap_err();
    assert!(
        error.to_string().ends_with("the file is read-only"),
        "{error}"
    );
    assert!(error.hint_text().unwrap().starts_with("chmod u+w "));
    assert_eq!((mode(&path), text(&path)), (0o400, "old\n".to_owned()));
}

#[test]
#[cfg(unix)]
fn what_is_no_plain_file_is_not_written() {
    let place = Place::new();
    assert_eq!(read(Path::new("/dev/null")).unwrap(), Some(Vec::new()));
    assert!(place.append(Path::new("/dev/null"), "x").is_err());
    assert!(place.append(place.folder.path(), "x").is_err());
    assert!(place.append(&place.file("").join("below"), "x").is_err());
}

#[test]
#[cfg(unix)]
fn a_second_name_of_the_file_stays_one() {
    let place = Place::new();
    let path = place.file("a longer old text\n");
    fs::hard_link(&path, place.path("second")).unwrap();
    let written = update(&path, &place.path("state"), |_| {
        let bytes = b"short\n".to_vec();
        Ok(Edited { bytes, value: () })
    });
    let notes = written.unwrap().notes;
    assert!(notes[0].contains("hard link"), "{notes:?}");
    assert_eq!(text(&place.path("second")), "short\n");
}

#[test]
#[cfg(unix)]
fn root_keeps_the_owner_of_the_file() {
    use std::os::unix::fs::{MetadataExt, chown};

    if !rustix::process::geteuid().is_root() {
        return;
    }
    let place = Place::new();
    let path = place.file("old\n");
    chown(&path, Some(12345), Some(23456)).unwrap();
    let before = inode(&path);
    place.append(&path, "new\n").unwrap();
    let metadata = fs::metadata(&path).unwrap();
    assert_eq!((metadata.uid(), metadata.gid()), (12345, 23456));
    assert_ne!(metadata.ino(), before);
}

#[test]
fn what_killed_writers_left_is_swept_and_nothing_else() {
    let place = Place::new();
    let path = place.file("");
    let others = [
        ".credentials.mai-note",
        ".credentials.mai-aBcD12.4",
        "credentials.mai-aBcD1234",
    ];
    for name in others.iter().chain(&[".credentials.mai-aBcD1234"]) {
        fs::write(place.path(name), "x").unwrap();
    }
    place.append(&path, "new\n").unwrap();
    let mut expected: Vec<&str> = others.to_vec();
    expected.push("credentials");
    expected.sort_unstable();
    assert_eq!(place.names(), expected);
}

#[test]
fn an_edit_in_between_by_another_program_is_kept() {
    let place = Place::new();
    let path = place.file("[old]\n");
    let mut calls = 0;
    update(&path, &place.path("state"), |bytes| {
        calls += 1;
        if calls <= 3 {
            // The same length and perhaps the same tick of the clock: only the bytes tell.
            fs::write(&path, format!("[ol{calls}]\n")).unwrap();
        }
        let bytes = [bytes, b"[ours]\n"].concat();
        Ok(Edited { bytes, value: () })
    })
    .unwrap();
    assert_eq!(text(&path), "[ol3]\n[ours]\n");
    assert_eq!(calls, 4);
}

#[test]
fn a_program_that_never_stops_writing_is_an_error() {
    let place = Place::new();
    let path = place.file("0\n");
    let mut calls = 0;
    let outcome = update(&path, &place.path("state"), |_| {
        calls += 1;
        fs::write(&path, format!("{calls}\n")).unwrap();
        Ok(Edited {
            bytes: b"ours\n".to_vec(),
            value: (),
        })
    });
    assert!(outcome.unwrap_err().message().contains("keeps changing"));
    assert_eq!(text(&path), format!("{ATTEMPTS}\n"));
    assert_eq!(place.names(), ["credentials"]);
}

#[test]
fn a_file_that_is_being_written_is_read_when_it_is_whole() {
    let place = Place::new();
    let path = place.file("[a]\nkey = value\n");
    let mut other = File::create(&path).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            std::thread::sleep(Duration::from_millis(40));
            other.write_all(b"[a]\nkey = ").unwrap();
            std::thread::sleep(Duration::from_millis(40));
            other.write_all(b"other\n").unwrap();
        });
        place.append(&path, "[ours]\n").unwrap();
    });
    assert_eq!(text(&path), "[a]\nkey = other\n[ours]\n");
}

#[test]
fn thirty_writers_and_a_program_without_locks_lose_nothing() {
    let place = Place::new();
    let path = place.file("# start\n");
    let done = AtomicBool::new(false);
    let appended = std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            let mut count = 0;
            while !done.load(Ordering::SeqCst) {
                let line = format!("theirs {count}\n");
                // Who looks after itself, as an editor's user does, only ever loses to a race of microseconds.
                while !text(&path).contains(&line) {
                    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
                    file.write_all(line.as_bytes()).unwrap();
                }
                count += 1;
                // Slower than a slow disk takes one write: who is never done wins against everybody.
                std::thread::sleep(Duration::from_millis(8));
            }
            count
        });
        let ours: Vec<_> = (0..30)
            .map(|n| {
                let (place, path) = (&place, &path);
                scope.spawn(move || place.append(path, &format!("ours {n}\n")).unwrap())
            })
            .collect();
        let ours: Vec<_> = ours.into_iter().map(|thread| thread.join()).collect();
        done.store(true, Ordering::SeqCst);
        assert!(ours.iter().all(Result::is_ok));
        other.join().unwrap()
    });
    let text = text(&path);
    assert!(text.starts_with("# start\n"));
    for n in 0..30 {
        assert_eq!(
            text.matches(&format!("ours {n}\n")).count(),
            1,
            "{n}: {text}"
        );
    }
    assert!(appended > 0);
    assert_eq!(place.names(), ["credentials"]);
}

/// Runs one test of this file again in a shell that changed the surroundings; it sees `MAI_TEST_PLACE`.
#[cfg(unix)]
fn again_in_shell(test: &str, before: &str, place: &Place) -> std::process::Output {
    let script =
        format!("{before} exec \"$0\" --exact store::locked_file::tests::{test} --nocapture");
    std::process::Command::new("sh")
        .args(["-c", &script])
        .arg(std::env::current_exe().unwrap())
        .env("MAI_TEST_PLACE", place.folder.path())
        .output()
        .unwrap()
}

#[test]
#[cfg(unix)]
fn when_the_disk_is_full_the_old_file_stays() {
    let big = "x".repeat(100_000);
    if let Some(folder) = std::env::var_os("MAI_TEST_PLACE") {
        for name in ["credentials", "linked"] {
            let path = PathBuf::from(&folder).join(name);
            let outcome = update(&path, &PathBuf::from(&folder).join("state"), |bytes| {
                let bytes = [bytes, big.as_bytes()].concat();
                Ok(Edited { bytes, value: () })
            });
            println!("{name}: {}", outcome.unwrap_err());
        }
        return;
    }
    let place = Place::new();
    let path = place.file("old\n");
    let linked = place.path("linked");
    fs::write(&linked, "linked\n").unwrap();
    fs::hard_link(&linked, place.path("second")).unwrap();
    // No file may grow beyond 8 blocks; the signal is ignored, so that writing fails as on a full disk.
    let output = again_in_shell(
        "when_the_disk_is_full_the_old_file_stays",
        "trap '' XFSZ; ulimit -f 8;",
        &place,
    );
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(said.matches(": cannot write ").count(), 2, "{said}");
    assert_eq!(
        (text(&path), text(&linked)),
        ("old\n".into(), "linked\n".into())
    );
    assert_eq!(place.names(), ["credentials", "linked", "second"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_mounted_file_is_written_in_place_and_that_is_said() {
    if let Some(folder) = std::env::var_os("MAI_TEST_PLACE") {
        let path = PathBuf::from(&folder).join("credentials");
        let written = update(&path, &PathBuf::from(&folder).join("state"), |bytes| {
            let bytes = [bytes, b"new\n"].concat();
            Ok(Edited { bytes, value: () })
        });
        println!("{:?}", written.unwrap().notes);
        return;
    }
    let mut can = std::process::Command::new("unshare");
    if !can
        .args(["-rm", "true"])
        .status()
        .is_ok_and(|status| status.success())
    {
        // Containers and hardened systems do not let us mount anything.
        return;
    }
    let place = Place::new();
    let path = place.file("old\n");
    let before = inode(&path);
    let output = again_in_shell(
        "a_mounted_file_is_written_in_place_and_that_is_said",
        "exec unshare -rm sh -c 'f=$MAI_TEST_PLACE/credentials; mount --bind $f $f && exec \"$@\"' - sh -c 'exec \"$@\"' - \"$0\" --exact store::locked_file::tests::a_mounted_file_is_written_in_place_and_that_is_said --nocapture;",
        &place,
    );
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("was written in place"), "{output:?}");
    assert_eq!((inode(&path), text(&path)), (before, "old\nnew\n".into()));
    assert_eq!(place.names(), ["credentials"]);
}
