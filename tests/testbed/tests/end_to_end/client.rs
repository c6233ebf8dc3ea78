//! A browser that knows just enough: cookies, forms, no redirects unless asked.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// One answer.
pub struct Answer {
    pub url: String,
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn forms(&self) -> Vec<Form> {
        let text = self.text();
        let lower = text.to_ascii_lowercase();
        lower
            .match_indices("<form")
            .map(|(start, _)| {
                let end = lower[start..]
                    .find("</form>")
                    .map_or(text.len(), |end| start + end);
                Form::read(&text[start..end], &self.url)
            })
            .collect()
    }

    /// The form with that field.
    pub fn form(&self, field: &str) -> Form {
        self.forms()
            .into_iter()
            .find(|form| form.fields.iter().any(|(name, _)| name == field))
            .unwrap_or_else(|| panic!("no form with {field} in: {} {}", self.status, self.text()))
    }

    /// The SAML response in the last form.
    pub fn saml_response(&self) -> String {
        self.form("SAMLResponse").value("SAMLResponse")
    }
}

/// A form as served; filled by `set`.
#[derive(Clone, Debug)]
pub struct Form {
    pub action: String,
    pub get: bool,
    pub fields: Vec<(String, String)>,
}

impl Form {
    fn read(html: &str, base: &str) -> Self {
        let (head, rest) = html.split_once('>').unwrap_or((html, ""));
        let mut fields = Vec::new();
        for tag in rest.split('<') {
            let tag = tag.split('>').next().unwrap_or_default();
            let lower = tag.to_ascii_lowercase();
            let is_field = lower.starts_with("input") || lower.starts_with("button");
            let kind = attribute(tag, "type").unwrap_or_default();
            let skipped =
                ["checkbox", "radio"].contains(&kind.as_str()) && !tag.contains("checked");
            if let (true, false, Some(name)) = (is_field, skipped, attribute(tag, "name")) {
                fields.push((name, attribute(tag, "value").unwrap_or_default()));
            }
        }
        let action = attribute(head, "action").unwrap_or_default();
        let url = url::Url::parse(base).unwrap();
        let mut action = match action.as_str() {
            "" => url,
            action => url.join(action).unwrap(),
        };
        action.set_fragment(None);
        Self {
            action: action.into(),
            get: attribute(head, "method").is_some_and(|method| method.eq_ignore_ascii_case("get")),
            fields,
        }
    }

    pub fn set(mut self, name: &str, value: &str) -> Self {
        match self.fields.iter_mut().find(|(key, _)| key == name) {
            Some(field) => field.1 = value.to_owned(),
            None => self.fields.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    pub fn value(&self, name: &str) -> String {
        let field = self.fields.iter().find(|(key, _)| key == name);
        field.map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let at = lower.find(&format!(" {name}=\""))? + name.len() + 3;
    let value = &tag[at..];
    Some(unescape(&value[..value.find('"')?]))
}

pub fn unescape(text: &str) -> String {
    text.replace("&#x2F;", "/")
        .replace("&#47;", "/")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&#x3D;", "=")
        .replace("&amp;", "&")
}

/// Cookies by host and path.
#[derive(Default)]
pub struct Browser {
    cookies: BTreeMap<(String, String, String), String>,
    pub requests: u32,
}

impl Browser {
    pub fn get(&mut self, url: &str) -> Answer {
        self.send("GET", url, &[], "").expect("an answer")
    }

    pub fn submit(&mut self, form: &Form) -> Answer {
        let body: String = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&form.fields)
            .finish();
        if form.get {
            let url = format!("{}?{body}", form.action.split('?').next().unwrap());
            return self.get(&url);
        }
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        self.send("POST", &form.action, &kind, &body)
            .expect("an answer")
    }

    /// Follows redirects, as GET.
    pub fn follow(&mut self, mut answer: Answer) -> Answer {
        for _ in 0..10 {
            let Some(location) = answer.header("location") else {
                return answer;
            };
            let next = url::Url::parse(&answer.url)
                .unwrap()
                .join(location)
                .unwrap();
            answer = self.get(next.as_str());
        }
        panic!("too many redirects");
    }

    /// Start URL, one form with user and password, whatever follows.
    pub fn login(&mut self, url: &str, user: &str, password: &str) -> Answer {
        let page = self.get(url);
        let page = self.follow(page);
        let form = page
            .form("password")
            .set("username", user)
            .set("password", password);
        let answer = self.submit(&form);
        self.follow(answer)
    }

    pub fn send(
        &mut self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer, String> {
        self.requests += 1;
        let parsed = url::Url::parse(url).map_err(|error| error.to_string())?;
        let host = parsed.host_str().unwrap_or_default().to_owned();
        let port = parsed.port().unwrap_or(80);
        let mut stream =
            TcpStream::connect(("127.0.0.1", port)).map_err(|error| error.to_string())?;
        stream
            .set_read_timeout(Some(Duration::from_secs(3)))
            .unwrap();
        let query = parsed
            .query()
            .map(|query| format!("?{query}"))
            .unwrap_or_default();
        let mut head = format!(
            "{method} {}{query} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n",
            parsed.path(),
            body.len()
        );
        if !headers.iter().any(|(name, _)| *name == "host") {
            head += &format!("host: {host}:{port}\r\n");
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .filter(|((of, path, _), _)| *of == host && parsed.path().starts_with(path.as_str()))
            .map(|((_, _, name), value)| format!("{name}={value}"))
            .collect();
        if !cookies.is_empty() {
            head += &format!("cookie: {}\r\n", cookies.join("; "));
        }
        stream
            .write_all(format!("{head}\r\n{body}").as_bytes())
            .map_err(|error| error.to_string())?;
        let mut bytes = Vec::new();
        stream
            .read_to_end(&mut bytes)
            .map_err(|error| error.to_string())?;
        let answer = read(url, &bytes)?;
        self.remember(&host, &answer);
        Ok(answer)
    }

    fn remember(&mut self, host: &str, answer: &Answer) {
        for (_, line) in answer
            .headers
            .iter()
            .filter(|(name, _)| name == "set-cookie")
        {
            let mut parts = line.split("; ");
            let (name, value) = parts.next().unwrap().split_once('=').unwrap();
            let path = parts
                .find_map(|part| part.strip_prefix("Path="))
                .unwrap_or("/");
            let key = (host.to_owned(), path.to_owned(), name.to_owned());
            self.cookies.insert(key, value.to_owned());
        }
    }
}

fn read(url: &str, bytes: &[u8]) -> Result<Answer, String> {
    let end = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .ok_or("the head is not whole")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .ok_or("no status")?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let body = bytes[end + 4..].to_vec();
    let answer = Answer {
        url: url.to_owned(),
        status: status.parse().map_err(|_| "no number")?,
        headers,
        body,
    };
    match answer.header("content-length") {
        Some(length) if length != answer.body.len().to_string() => {
            Err("the body is not whole".into())
        }
        _ => Ok(answer),
    }
}
