//! Writing `sessions`: under its lock, in one piece, after the keys themselves.

use super::{HEADER, LARGEST, Row, Sessions, parse, plain};
use crate::clock;
use crate::error::Result;
use crate::store::locked_file::{self, Edited};
use crate::store::version;

/// Rows of keys that expired longer ago are dropped; `status` still shows the younger ones.
const KEPT_SECONDS: i64 = 14 * 24 * 3600;

impl Sessions {
    /// May the file be written, or is it of another version of `mai`?
    pub fn check_version(&self) -> Result<()> {
        let bytes = locked_file::read_own(&self.state_folder, &self.name)?;
        version::check(&self.path(), &bytes.unwrap_or_default(), HEADER)
    }

    /// Adds rows; a row of the same section is replaced. One default at most: the newest.
    pub fn record(&self, rows: &[Row]) -> Result<()> {
        let oldest = clock::now().timestamp() - KEPT_SECONDS;
        self.edit(|kept| {
            kept.retain(|row| row.expires_at >= oldest);
            for row in rows {
                let row = storable(row);
                if row.is_default {
                    kept.iter_mut().for_each(|other| other.is_default = false);
                }
                match kept
                    .iter_mut()
                    .find(|other| other.aws_profile == row.aws_profile)
                {
                    Some(other) => *other = row,
                    None => kept.push(row),
                }
            }
        })
    }

    /// Drops the rows of sections whose keys are gone.
    pub fn forget(&self, aws_profiles: &[&str]) -> Result<()> {
        let names: Vec<String> = aws_profiles.iter().map(|name| plain(name)).collect();
        if !self.path().exists() {
            return Ok(());
        }
        self.edit(|rows| rows.retain(|row| !names.contains(&row.aws_profile)))
    }

    fn edit(&self, change: impl Fn(&mut Vec<Row>)) -> Result<()> {
        locked_file::update_own(&self.state_folder, &self.name, |bytes| {
            version::check(&self.path(), bytes, HEADER)?;
            let readable = bytes.len() as u64 <= LARGEST;
            let text = std::str::from_utf8(bytes).unwrap_or_default();
            let mut rows = if readable { parse(text) } else { Vec::new() };
            change(&mut rows);
            Ok(Edited {
                bytes: render(&rows).into_bytes(),
                value: (),
            })
        })?;
        Ok(())
    }
}

/// The row with every field as the file can hold it.
fn storable(row: &Row) -> Row {
    Row {
        aws_profile: plain(&row.aws_profile),
        key_id: plain(&row.key_id),
        fingerprint: plain(&row.fingerprint),
        role_arn: plain(&row.role_arn),
        label: plain(&row.label),
        ..row.clone()
    }
}

fn render(rows: &[Row]) -> String {
    let mut text = format!("{HEADER}\n");
    for row in rows {
        let flags: String = [
            (row.critical, 'c'),
            (row.is_default, 'd'),
            (row.process, 'p'),
        ]
        .iter()
        .filter(|(is_set, _)| *is_set)
        .map(|(_, letter)| *letter)
        .collect();
        let expires_at = row.expires_at.to_string();
        let fields = [
            &row.aws_profile,
            &expires_at,
            &row.key_id,
            &row.fingerprint,
            &flags,
            &row.role_arn,
            &row.label,
        ];
        let fields = fields.map(|field| if field.is_empty() { "-" } else { field });
        text.push_str(&fields.join("\t"));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::store::sessions::find;

    fn row(name: &str) -> Row {
        Row {
            aws_profile: name.to_owned(),
            expires_at: clock::now().timestamp() + 3600,
            key_id: "ASIA1".to_owned(),
            fingerprint: String::new(),
            critical: true,
            is_default: false,
            process: false,
            role_arn: "arn:aws:iam::123456789012:role/a/B=c,d".to_owned(),
            label: "prod".to_owned(),
        }
    }

    fn sessions(folder: &Path) -> Sessions {
        let home = Path::new("/home/ada");
        Sessions::of(folder, Some(home), &home.join(".aws/credentials"))
    }

    #[test]
    fn rows_come_back_as_they_were_recorded() {
        let folder = tempfile::tempdir().unwrap();
        let sessions = sessions(folder.path());
        assert_eq!(sessions.load(), []);
        let mut default = row("b");
        default.is_default = true;
        sessions.record(&[row("a"), default.clone()]).unwrap();
        assert_eq!(sessions.load(), [row("a"), default.clone()]);
        default.aws_profile = "c".to_owned();
        let mut again = row("a");
        again.key_id = "ASIA2".to_owned();
        sessions.record(&[again.clone(), default.clone()]).unwrap();
        assert_eq!(sessions.load(), [again, row("b"), default.clone()]);
        sessions.forget(&["a", "b"]).unwrap();
        assert_eq!(sessions.load(), [default]);
    }

    #[test]
    fn the_file_is_what_shells_expect() {
        let folder = tempfile::tempdir().unwrap();
        let sessions = sessions(folder.path());
        let mut odd = row("a%b");
        odd.expires_at = 4_000_000_000;
        odd.label = "pr od\t$(rm)\u{1b}".to_owned();
        sessions.record(&[odd]).unwrap();
        let text = fs::read_to_string(folder.path().join("sessions")).unwrap();
        assert_eq!(
            text,
            "mai-sessions 1\na_b\t4000000000\tASIA1\t-\tc\tarn:aws:iam::123456789012:role/a/B=c,d\tpr_od___rm__\n"
        );
        assert!(find(&sessions.load(), "a%b").is_some());
    }

    #[test]
    fn other_versions_binaries_and_broken_lines_read_as_empty() {
        let folder = tempfile::tempdir().unwrap();
        let sessions = sessions(folder.path());
        let good = "p\t1\tk\tf\t-\tr\tl\n";
        let huge = format!("{HEADER}\n{}", good.repeat(20_000));
        for text in [
            format!("mai-sessions 2\n{good}").as_bytes(),
            b"",
            b"\xff\xfe\0\0",
            huge.as_bytes(),
            format!("{HEADER}\np\t1\tk\np\tx\tk\tf\t-\tr\tl\np\t1\tk\tf\t-\tr\t\x1b[2J\n\t\t\n")
                .as_bytes(),
        ] {
            fs::write(sessions.path(), text).unwrap();
            assert_eq!(sessions.load(), []);
        }
        fs::write(
            sessions.path(),
            format!("{HEADER}\n{good}\np\t1\tk\tf\t-\tr\tla"),
        )
        .unwrap();
        assert_eq!(sessions.load().len(), 1);
        assert_eq!(sessions.load()[0].label, "l");
    }

    #[test]
    fn each_credentials_file_has_its_own_sessions() {
        let home = tempfile::tempdir().unwrap();
        let state = home.path().join("state");
        let aws = home.path().join(".aws");
        fs::create_dir(&aws).unwrap();
        fs::write(aws.join("credentials"), "").unwrap();
        let name = |path: &Path| Sessions::of(&state, Some(home.path()), path).name;
        assert_eq!(name(&aws.join("credentials")), "sessions");
        assert_eq!(
            name(&home.path().join("./.aws/../.aws/credentials")),
            "sessions"
        );
        let other = name(&home.path().join("keys"));
        assert!(other.starts_with("sessions-"), "{other}");
        assert_ne!(other, name(&home.path().join("keys2")));
    }
}
