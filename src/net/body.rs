//! The text of an answer: read up to a limit, decoded with the character set it names. And a text that is sent.

use encoding_rs::{Encoding, UTF_8};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use hyper::body::Bytes;
use url::Url;
use zeroize::{Zeroize, Zeroizing};

use super::explain::explain;
use super::hops::host_of;
use crate::error::{Error, Result};

/// The largest page, unpacked. Real ones stay below a tenth of it.
pub const LARGEST: usize = 2 * 1024 * 1024;

/// The body of a message with a secret: the text itself, not a copy, wiped when the last who sends it lets go.
pub fn wiped<T>(text: Zeroizing<T>) -> Bytes
where
    T: Zeroize + AsRef<[u8]> + Send + 'static,
{
    Bytes::from_owner(text)
}

/// The body of an answer. What is counted is what comes out of gzip, while it comes: a small bomb stops here too.
pub async fn read(mut answer: reqwest::Response, url: &Url, largest: usize) -> Result<Vec<u8>> {
    let host = host_of(url);
    // gzip is unpacked (and the header removed) before we look; we offered nothing else.
    if let Some(coding) = answer.headers().get(CONTENT_ENCODING)
        && coding != "identity"
    {
        return Err(Error::unfamiliar(format!(
            "{host} compressed its answer in a way that was not offered to it"
        )));
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|e| explain(&e, url))? {
        if body.len() + chunk.len() > largest {
            return Err(Error::unfamiliar(format!(
                "{host} sent more than {} MB, more than any such answer has",
                largest / (1024 * 1024)
            ))
            .hint("check the address; `-vv` shows the way there"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The text and its character set: what the header says, else a byte order mark, else `meta`, else UTF-8.
pub fn decode(body: &[u8], headers: &HeaderMap) -> (String, &'static Encoding) {
    let encoding = of_header(headers)
        .or_else(|| Encoding::for_bom(body).map(|(encoding, _)| encoding))
        .or_else(|| of_meta(body))
        .unwrap_or(UTF_8);
    let (text, _) = encoding.decode_with_bom_removal(body);
    (text.into_owned(), encoding)
}

fn of_header(headers: &HeaderMap) -> Option<&'static Encoding> {
    named_in(headers.get(CONTENT_TYPE)?.to_str().ok()?)
}

/// `charset=…` in the first kilobyte, which is as far as browsers look.
fn of_meta(body: &[u8]) -> Option<&'static Encoding> {
    let start = String::from_utf8_lossy(&body[..body.len().min(1024)]);
    let start = start.to_ascii_lowercase();
    let tags = start.match_indices("<meta").map(|(at, _)| {
        let rest = &start[at..];
        &rest[..rest.find('>').unwrap_or(rest.len())]
    });
    let encoding = tags.filter_map(named_in).next()?;
    // A page that can be read as ASCII up to its meta element is not UTF-16, whatever it says.
    match encoding.is_ascii_compatible() {
        true => Some(encoding),
        false => Some(UTF_8),
    }
}

fn named_in(text: &str) -> Option<&'static Encoding> {
    let text = text.to_ascii_lowercase();
    let (_, rest) = text.split_once("charset")?;
    let name = rest.trim_start().strip_prefix('=')?.trim_start();
    let name = name.trim_start_matches(['"', '\'']);
    let name = name.split(|c: char| c.is_whitespace() || ";\"'/>".contains(c));
    Encoding::for_label(name.into_iter().next()?.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(content_type: &str, body: &[u8]) -> (String, &'static str) {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        let (text, encoding) = decode(body, &headers);
        (text, encoding.name())
    }

    #[test]
    fn a_secret_is_sent_from_where_it_stands() {
        let text = Zeroizing::new("hunter2".repeat(100));
        let place = text.as_ptr();
        let body = reqwest::Body::from(wiped(text));
        assert_eq!(body.as_bytes().unwrap().as_ptr(), place);
        let bytes = Zeroizing::new(b"hunter2".repeat(100));
        let place = bytes.as_ptr();
        assert_eq!(wiped(bytes).as_ptr(), place);
    }

    #[test]
    fn the_header_comes_before_the_mark_and_the_mark_before_meta() {
        let latin = b"<meta charset=utf-8>\xe4";
        assert_eq!(
            decoded("text/html; charset=\"ISO-8859-1\"", latin).1,
            "windows-1252"
        );
        assert!(
            decoded("text/html; Charset=iso-8859-1", latin)
                .0
                .ends_with('ä')
        );
        let marked = b"\xef\xbb\xbf<meta charset=iso-8859-1>\xc3\xa4";
        assert_eq!(
            decoded("text/html", marked),
            ("<meta charset=iso-8859-1>ä".into(), "UTF-8")
        );
        assert_eq!(decoded("text/html", b"\xff\xfea\0").0, "a");
    }

    #[test]
    fn both_kinds_of_meta_are_read_and_utf_8_is_the_default() {
        for page in [
            &b"<!doctype html><META CHARSET='shift_jis'>\x83\x86"[..],
            b"<meta http-equiv=Content-Type content=\"text/html; charset=Shift_JIS\">\x83\x86",
        ] {
            let (text, encoding) = decoded("text/html", page);
            assert_eq!(encoding, "Shift_JIS");
            assert!(text.ends_with('ユ'), "{text}");
        }
        assert_eq!(decoded("text/html", "ä".as_bytes()), ("ä".into(), "UTF-8"));
        assert_eq!(decoded("text/html", b"<meta charset=utf-16>").1, "UTF-8");
        assert_eq!(decoded("text/html; charset=nonsense", b"a").1, "UTF-8");
    }
}
