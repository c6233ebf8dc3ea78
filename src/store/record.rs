//! One record per line, its fields separated by tabs, for the small files of the state folder.

/// Joins fields to a line; what would break the line is percent-encoded.
pub fn join(fields: &[&str]) -> String {
    let escaped: Vec<String> = fields.iter().map(|field| escape(field)).collect();
    escaped.join("\t")
}

/// The fields of a line, or `None` if it is not one of ours.
pub fn split(line: &str) -> Option<Vec<String>> {
    line.split('\t').map(unescape).collect()
}

fn escape(field: &str) -> String {
    let mut escaped = String::with_capacity(field.len());
    for c in field.chars() {
        if c == '%' || c.is_control() {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                escaped.push_str(&format!("%{byte:02X}"));
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

fn unescape(field: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_survives_in_one_line() {
        let fields = ["", "a b", "100%", "x\ty\nz\r", "ä\u{85}€", "%09"];
        let line = join(&fields);
        assert!(!line.contains(['\n', '\r', '\u{85}']));
        assert_eq!(split(&line).unwrap(), fields);
    }

    #[test]
    fn broken_lines_are_told() {
        assert_eq!(split("a\t%"), None);
        assert_eq!(split("%zz"), None);
        assert_eq!(split("%ff"), None);
    }
}
