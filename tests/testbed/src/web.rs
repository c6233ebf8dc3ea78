//! Requests and replies as the servers of the testbed see them.

use hyper::HeaderMap;
use url::form_urlencoded;

use crate::seen::Server;

/// One whole request, body included.
pub(crate) struct Request {
    pub server: Server,
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Request {
    /// A header as text, if it is there and printable.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.headers
            .get_all("cookie")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.to_owned())
    }

    /// True for a request that carries a form.
    pub fn is_post(&self) -> bool {
        self.method == "POST"
    }

    /// The fields of the query, in order.
    pub fn query_fields(&self) -> Vec<(String, String)> {
        pairs(self.query.as_bytes())
    }

    /// The fields of the posted form, in order; of a GET form those of the query.
    pub fn fields(&self) -> Vec<(String, String)> {
        if !self.is_post() {
            return self.query_fields();
        }
        if let Some(document) = self.json() {
            let mut fields = Vec::new();
            leaves("", &document, &mut fields);
            return fields;
        }
        match multipart_boundary(self.header("content-type").unwrap_or_default()) {
            Some(boundary) => multipart(&self.body, &boundary),
            None => pairs(&self.body),
        }
    }

    /// The JSON document that was posted.
    pub fn json(&self) -> Option<serde_json::Value> {
        let kind = self.header("content-type")?.split(';').next()?;
        let is_json = kind.trim().eq_ignore_ascii_case("application/json");
        is_json.then(|| serde_json::from_slice(&self.body).ok())?
    }

    /// The fields of the query, then those of a posted form.
    pub fn all_fields(&self) -> Vec<(String, String)> {
        let mut all = self.query_fields();
        if self.is_post() {
            all.extend(self.fields());
        }
        all
    }

    /// The value of a form field.
    pub fn field(&self, name: &str) -> Option<String> {
        self.fields()
            .into_iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }

    /// The value of a query field.
    pub fn query_field(&self, name: &str) -> Option<String> {
        self.query_fields()
            .into_iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }

    /// A form field sent as ISO-8859-1; none if it was sent as UTF-8 beyond ASCII.
    pub fn latin1_field(&self, name: &str) -> Option<String> {
        self.body.split(|byte| *byte == b'&').find_map(|pair| {
            let cut = pair.iter().position(|byte| *byte == b'=')?;
            let (key, value) = (&pair[..cut], &pair[cut + 1..]);
            (unescape(key) == name.as_bytes())
                .then(|| unescape(value).into_iter().map(char::from).collect())
        })
    }

    /// User and password of a Basic header.
    pub fn basic(&self) -> Option<(String, String)> {
        let encoded = self.header("authorization")?.strip_prefix("Basic ")?;
        let text = String::from_utf8(crate::encoding::from_base64(encoded)?).ok()?;
        let (user, password) = text.split_once(':')?;
        Some((user.to_owned(), password.to_owned()))
    }

    /// Path and query, as they came.
    pub fn target(&self) -> String {
        match self.query.is_empty() {
            true => self.path.clone(),
            false => format!("{}?{}", self.path, self.query),
        }
    }
}

/// The texts of a document, each with the key that it stands under.
fn leaves(key: &str, document: &serde_json::Value, found: &mut Vec<(String, String)>) {
    match document {
        serde_json::Value::Object(map) => map.iter().for_each(|(k, v)| leaves(k, v, found)),
        serde_json::Value::Array(list) => list.iter().for_each(|v| leaves(key, v, found)),
        serde_json::Value::String(text) => found.push((key.to_owned(), text.clone())),
        _ => {}
    }
}

fn pairs(bytes: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(bytes).into_owned().collect()
}

fn unescape(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes
            .get(at + 1..at + 3)
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 2;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    out
}

fn multipart_boundary(content_type: &str) -> Option<String> {
    let rest = content_type.strip_prefix("multipart/form-data")?;
    let (_, boundary) = rest.split_once("boundary=")?;
    Some(boundary.trim_matches('"').to_owned())
}

fn multipart(body: &[u8], boundary: &str) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(body);
    text.split(&format!("--{boundary}"))
        .filter_map(|part| {
            let (head, value) = part.split_once("\r\n\r\n")?;
            let (_, rest) = head.split_once("name=\"")?;
            let (name, _) = rest.split_once('"')?;
            Some((name.to_owned(), value.strip_suffix("\r\n")?.to_owned()))
        })
        .collect()
}

/// An answer, before the server adds date and length.
pub(crate) struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    /// A program's answer.
    pub fn json(document: &serde_json::Value) -> Self {
        Self::new(200, "application/json;charset=UTF-8", document.to_string())
    }

    /// An answer of any type.
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("content-type".into(), content_type.into())],
            body: body.into(),
        }
    }

    /// A page in UTF-8.
    pub fn html(body: impl Into<Vec<u8>>) -> Self {
        Self::new(200, "text/html; charset=utf-8", body)
    }

    /// A redirect.
    pub fn redirect(status: u16, location: &str) -> Self {
        let mut reply = Self::new(status, "text/html; charset=utf-8", "");
        reply.headers.push(("location".into(), location.into()));
        reply
    }

    /// The page that nobody has.
    pub fn missing() -> Self {
        Self::html(crate::idp::html::page(
            "Not found",
            "<p>There is no such page.</p>",
        ))
        .status(404)
    }

    /// The same answer with another status.
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The same answer with one more header.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The same answer with a cookie for the browser session.
    pub fn cookie(self, name: &str, value: &str, path: &str) -> Self {
        self.with(
            "set-cookie",
            &format!("{name}={value}; Path={path}; HttpOnly"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(content_type: &str, body: &[u8]) -> Request {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", content_type.parse().unwrap());
        headers.append("cookie", "a=1; b=2".parse().unwrap());
        Request {
            server: Server::Idp,
            method: "POST".into(),
            path: "/".into(),
            query: String::new(),
            headers,
            body: body.to_vec(),
        }
    }

    #[test]
    fn fields_keep_their_order_and_their_doubles() {
        let request = post("application/x-www-form-urlencoded", b"b=1&a=%26+%C3%A4&b=2");
        let names: Vec<_> = request.fields().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["b", "a", "b"]);
        assert_eq!(request.field("a").as_deref(), Some("& ä"));
        assert_eq!(request.cookie("b").as_deref(), Some("2"));
    }

    #[test]
    fn a_latin1_field_is_read_as_latin1() {
        let request = post("application/x-www-form-urlencoded", b"p=%E4+x");
        assert_eq!(request.latin1_field("p").as_deref(), Some("ä x"));
    }

    #[test]
    fn a_posted_document_is_read_by_its_texts() {
        let body = br#"{"a":{"b":["x",1]},"c":"y"}"#;
        let request = post("application/json; charset=UTF-8", body);
        let fields = [("b", "x"), ("c", "y")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(request.fields(), fields);
        assert!(post("text/plain", body).json().is_none());
    }

    #[test]
    fn a_multipart_form_is_read() {
        let body =
            b"--XX\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\nada\r\n--XX--\r\n";
        let request = post("multipart/form-data; boundary=XX", body);
        assert_eq!(request.field("user").as_deref(), Some("ada"));
    }
}
