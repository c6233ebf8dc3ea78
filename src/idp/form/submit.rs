//! What a browser would send for a filled form: the fields, one button, the address, the bytes.

use std::borrow::Cow;

use encoding_rs::Encoding;
use url::Url;
use zeroize::Zeroizing;

use super::words::{is_negative, is_other_way, is_positive};
use super::{Control, ControlKind, Form, Method};
use crate::error::{Error, Result};
use crate::secret::Secret;

/// How one form of a page is answered. What is not said stays as the page has it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its place among the page's forms.
    pub form: usize,
    typed: Vec<(usize, Secret)>,
    ticked: Vec<(usize, bool)>,
    selected: Vec<(usize, usize)>,
    /// Fields and the cookies they are filled from.
    copied: Vec<(usize, &'static str)>,
    left_out: Vec<usize>,
    button: Button,
    carries_secret: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Button {
    /// The one a person would press.
    Best,
    None,
    This(usize),
}

/// Where a page stands: what its addresses are relative to, and how it is encoded.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub page: &'a Url,
    pub base: &'a Url,
    pub charset: &'static Encoding,
}

/// One request, ready to go.
pub struct Prepared {
    pub method: Method,
    pub url: Url,
    pub body: Option<(String, Zeroizing<Vec<u8>>)>,
}

impl Answer {
    pub fn new(form: usize) -> Self {
        Answer {
            form,
            typed: Vec::new(),
            ticked: Vec::new(),
            selected: Vec::new(),
            copied: Vec::new(),
            left_out: Vec::new(),
            button: Button::Best,
            carries_secret: false,
        }
    }

    pub fn set(&mut self, control: usize, text: &str) -> &mut Self {
        self.typed.push((control, Secret::new(text)));
        self
    }

    /// A password or a code: from here on the answer goes to trusted origins only.
    pub fn set_secret(&mut self, control: usize, text: &Secret) -> &mut Self {
        self.carries_secret = true;
        self.typed.push((control, text.clone()));
        self
    }

    pub fn carries_secret(&self) -> bool {
        self.carries_secret
    }

    pub fn tick(&mut self, control: usize, on: bool) -> &mut Self {
        self.ticked.push((control, on));
        self
    }

    /// Takes one option of a `select`.
    pub fn select(&mut self, control: usize, option: usize) -> &mut Self {
        self.selected.push((control, option));
        self
    }

    /// As a script that copies a cookie into a field; without that cookie the field stays as it is.
    pub fn copy_cookie(&mut self, control: usize, cookie: &'static str) -> &mut Self {
        self.copied.push((control, cookie));
        self
    }

    /// Fills these fields, just before the answer is sent.
    pub fn copy_cookies(&mut self, value: impl Fn(&str) -> Option<String>) {
        for (control, cookie) in std::mem::take(&mut self.copied) {
            if let Some(value) = value(cookie) {
                self.set(control, &value);
            }
        }
    }

    /// Does not send a field that the page's script would take away.
    pub fn leave_out(&mut self, control: usize) -> &mut Self {
        self.left_out.push(control);
        self
    }

    pub fn press(&mut self, control: usize) -> &mut Self {
        self.button = Button::This(control);
        self
    }

    /// As a script sends a form: without any button.
    pub fn no_button(&mut self) -> &mut Self {
        self.button = Button::None;
        self
    }

    fn pressed<'f>(&self, form: &'f Form) -> Option<&'f Control> {
        match self.button {
            Button::Best => best_submitter(form).map(|i| &form.controls[i]),
            Button::None => None,
            Button::This(index) => form.controls.get(index),
        }
    }

    /// Method and address, before anything secret is filled in: GET forms still lack their query.
    pub fn target(&self, form: &Form, place: Place<'_>) -> Result<(Method, Url)> {
        let pressed = self.pressed(form);
        let method = match pressed.and_then(|c| c.formmethod.as_deref()) {
            Some(method) => Method::parse(Some(method)),
            None => form.method,
        };
        let action = pressed
            .and_then(|c| c.formaction.as_deref())
            .or(form.action.as_deref());
        Ok((method, resolve(action, place)?))
    }

    /// The request a browser would make.
    pub fn prepare(&self, form: &Form, place: Place<'_>) -> Result<Prepared> {
        let (method, mut url) = self.target(form, place)?;
        let pressed = self.pressed(form);
        let charset = charset_of(form, place.charset);
        let fields = self.fields(form, pressed, charset);
        let enctype = pressed
            .and_then(|c| c.formenctype.as_deref())
            .or(form.enctype.as_deref())
            .map(|e| e.trim().to_ascii_lowercase());
        if method != Method::Post {
            let query = urlencoded(&fields, charset);
            url.set_query(Some(&String::from_utf8_lossy(&query)));
            return Ok(Prepared {
                method: Method::Get,
                url,
                body: None,
            });
        }
        let body = match enctype.as_deref() {
            Some("multipart/form-data") => multipart(&fields, charset),
            Some("text/plain") => {
                return Err(Error::unfamiliar(format!(
                    "the form of {} wants to be sent as plain text, which login pages never do",
                    url.host_str().unwrap_or_default()
                )));
            }
            _ => (
                "application/x-www-form-urlencoded".to_owned(),
                urlencoded(&fields, charset),
            ),
        };
        Ok(Prepared {
            method,
            url,
            body: Some(body),
        })
    }

    /// Names and values in document order, duplicates and all.
    fn fields(
        &self,
        form: &Form,
        pressed: Option<&Control>,
        charset: &'static Encoding,
    ) -> Vec<(String, Zeroizing<String>)> {
        let mut fields = Vec::new();
        for (index, control) in form.controls.iter().enumerate() {
            let typed = self.typed.iter().rev().find(|(i, _)| *i == index);
            // A field without a name is sent by nobody.
            if control.disabled || control.name.is_empty() && control.kind != ControlKind::Image {
                continue;
            }
            if self.left_out.contains(&index) {
                continue;
            }
            let mut push = |name: &str, value: &str| {
                fields.push((
                    lines(name).into_owned(),
                    Zeroizing::new(lines(value).into_owned()),
                ));
            };
            match control.kind {
                ControlKind::Button | ControlKind::File => {}
                ControlKind::Submit => {
                    if pressed.is_some_and(|p| std::ptr::eq(p, control)) {
                        push(&control.name, &control.value);
                    }
                }
                ControlKind::Image => {
                    if pressed.is_some_and(|p| std::ptr::eq(p, control)) {
                        let prefix = match control.name.as_str() {
                            "" => String::new(),
                            name => format!("{name}."),
                        };
                        push(&format!("{prefix}x"), "0");
                        push(&format!("{prefix}y"), "0");
                    }
                }
                ControlKind::Checkbox => {
                    if self.is_ticked(index).unwrap_or(control.checked) {
                        push(&control.name, &control.value);
                    }
                }
                ControlKind::Radio => {
                    if self.is_radio_on(form, index) {
                        push(&control.name, &control.value);
                    }
                }
                ControlKind::Select => {
                    for option in self.options_of(index, control) {
                        push(&control.name, &control.options[option].value);
                    }
                }
                ControlKind::Hidden
                    if typed.is_none() && control.name.eq_ignore_ascii_case("_charset_") =>
                {
                    push(&control.name, charset.name());
                }
                _ => match typed {
                    Some((_, text)) => push(&control.name, text.expose()),
                    None => push(&control.name, &control.value),
                },
            }
        }
        fields
    }

    fn is_ticked(&self, index: usize) -> Option<bool> {
        self.ticked
            .iter()
            .rev()
            .find(|(i, _)| *i == index)
            .map(|(_, on)| *on)
    }

    /// One button of a group is on: the one ticked here, else the last one the page marks.
    fn is_radio_on(&self, form: &Form, index: usize) -> bool {
        let group = &form.controls[index].name;
        let in_group = |i: usize| {
            form.controls
                .get(i)
                .is_some_and(|c| c.kind == ControlKind::Radio && c.name == *group)
        };
        if let Some((on, _)) = self.ticked.iter().rev().find(|(i, on)| *on && in_group(*i)) {
            return *on == index;
        }
        let last = form
            .controls
            .iter()
            .enumerate()
            .rev()
            .find(|(i, c)| c.checked && in_group(*i));
        last.is_some_and(|(i, _)| i == index)
    }

    fn options_of(&self, index: usize, select: &Control) -> Vec<usize> {
        if let Some((_, option)) = self.selected.iter().rev().find(|(i, _)| *i == index) {
            return select
                .options
                .get(*option)
                .map(|_| *option)
                .into_iter()
                .collect();
        }
        let enabled = || (0..select.options.len()).filter(|i| !select.options[*i].disabled);
        if select.multiple {
            return enabled().filter(|i| select.options[*i].selected).collect();
        }
        // Of a single choice the last marked option counts; a marked but disabled one sends nothing.
        match (0..select.options.len())
            .rev()
            .find(|i| select.options[*i].selected)
        {
            Some(marked) if select.options[marked].disabled => Vec::new(),
            Some(marked) => vec![marked],
            None => enabled().take(1).collect(),
        }
    }
}

/// The button a person who wants to go on would press; never one that cancels, goes back or starts something else.
pub fn best_submitter(form: &Form) -> Option<usize> {
    let mut best: Option<(i32, usize)> = None;
    for (index, control) in form.submitters() {
        if is_refusal(control) {
            continue;
        }
        let mut score = 0;
        if is_positive(&control.name) || is_positive(&control.id) || is_positive(&control.value) {
            score += 4;
        }
        if is_positive(&control.label) {
            score += 2;
        }
        if [&control.name, &control.id, &control.value, &control.label]
            .iter()
            .any(|text| is_other_way(text))
        {
            score -= 8;
        }
        if control.unseen && !form.hidden {
            score -= 10;
        }
        if best.is_none_or(|(top, _)| score > top) {
            best = Some((score, index));
        }
    }
    best.map(|(_, index)| index)
}

/// Does this button say no, or lead elsewhere?
pub fn is_refusal(control: &Control) -> bool {
    is_negative(&control.name)
        || is_negative(&control.value)
        || is_negative(&control.label)
        || (is_negative(&control.id)
            && !is_positive(&control.label)
            && !is_positive(&control.value))
}

/// An address as the page means it.
pub fn resolve(action: Option<&str>, place: Place<'_>) -> Result<Url> {
    let mut url = match action.map(str::trim) {
        None | Some("") => place.page.clone(),
        Some(action) => place.base.join(action).map_err(|_| {
            Error::unfamiliar(format!(
                "a form of {} has an address that is none",
                place.page.host_str().unwrap_or_default()
            ))
        })?,
    };
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Error::unfamiliar(format!(
            "a form of {} is sent by a script (`{}:`)",
            place.page.host_str().unwrap_or_default(),
            url.scheme()
        )));
    }
    url.set_fragment(None);
    Ok(url)
}

fn charset_of(form: &Form, page: &'static Encoding) -> &'static Encoding {
    form.accept_charset
        .as_deref()
        .unwrap_or_default()
        .split([' ', ',', '\t', '\n', '\r'])
        .find_map(|label| Encoding::for_label(label.as_bytes()))
        .unwrap_or(page)
        .output_encoding()
}

/// Line breaks travel as CR LF.
fn lines(text: &str) -> Cow<'_, str> {
    if text.contains(['\r', '\n']) {
        let one = text.replace("\r\n", "\n").replace('\r', "\n");
        Cow::Owned(one.replace('\n', "\r\n"))
    } else {
        Cow::Borrowed(text)
    }
}

fn urlencoded(
    fields: &[(String, Zeroizing<String>)],
    charset: &'static Encoding,
) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(room_for(fields)));
    for (name, value) in fields {
        if !bytes.is_empty() {
            bytes.push(b'&');
        }
        percent_encode(name, charset, &mut bytes);
        bytes.push(b'=');
        percent_encode(value, charset, &mut bytes);
    }
    bytes
}

/// Enough that the buffer does not grow, since a grown buffer leaves a copy behind that nobody wipes.
fn room_for(fields: &[(String, Zeroizing<String>)]) -> usize {
    fields
        .iter()
        .map(|(name, value)| 30 * name.len().min(200) + 3 * name.len() + 10 * value.len() + 200)
        .sum()
}

fn percent_encode(text: &str, charset: &'static Encoding, into: &mut Vec<u8>) {
    // What the charset lacks becomes `&#NNNN;`, as in browsers.
    let (bytes, _, _) = charset.encode(text);
    for byte in bytes.iter() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => into.push(*byte),
            b' ' => into.push(b'+'),
            _ => {
                const HEX: &[u8; 16] = b"0123456789ABCDEF";
                into.push(b'%');
                into.push(HEX[usize::from(byte >> 4)]);
                into.push(HEX[usize::from(byte & 15)]);
            }
        }
    }
}

fn multipart(
    fields: &[(String, Zeroizing<String>)],
    charset: &'static Encoding,
) -> (String, Zeroizing<Vec<u8>>) {
    let mut boundary = String::from("----mai-form-");
    let mut number = 0u32;
    // The first number that occurs in no field.
    while fields
        .iter()
        .any(|(_, value)| value.contains(&format!("{boundary}{number}")))
    {
        number += 1;
    }
    boundary.push_str(&number.to_string());
    let mut bytes = Zeroizing::new(Vec::with_capacity(room_for(fields)));
    for (name, value) in fields {
        let (name, _, _) = charset.encode(name);
        let (value, _, _) = charset.encode(value);
        bytes.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        bytes.extend_from_slice(b"Content-Disposition: form-data; name=\"");
        for byte in name.iter() {
            match byte {
                b'"' => bytes.extend_from_slice(b"%22"),
                b'\r' => bytes.extend_from_slice(b"%0D"),
                b'\n' => bytes.extend_from_slice(b"%0A"),
                _ => bytes.push(*byte),
            }
        }
        bytes.extend_from_slice(b"\"\r\n\r\n");
        bytes.extend_from_slice(&value);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), bytes)
}

#[cfg(test)]
#[path = "submit_tests.rs"]
mod tests;
