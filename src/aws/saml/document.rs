//! The XML of a SAML response, read from top to bottom.

use std::collections::HashSet;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

use super::status::Status;
use super::{OfferedRole, Statement, aws_attribute, instant, narrower, unreadable};
use crate::error::{Error, Result, clean};

const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";

/// Deeper than any response; a nest of this many elements is somebody's joke.
const DEEPEST: usize = 64;

/// The elements we look at, by namespace and local name; prefixes differ from provider to provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    Response,
    Status,
    StatusCode,
    StatusMessage,
    Assertion,
    EncryptedAssertion,
    Issuer,
    Subject,
    SubjectConfirmation,
    SubjectConfirmationData,
    Conditions,
    AudienceRestriction,
    Audience,
    AuthnStatement,
    AttributeStatement,
    Attribute,
    AttributeValue,
    Other,
}

use Element as E;

/// Reads the whole document; one that ends too early or brings its own entities is refused.
pub fn read(xml: &str) -> Result<Statement> {
    let mut reader = NsReader::from_str(xml.strip_prefix('\u{feff}').unwrap_or(xml));
    reader.config_mut().expand_empty_elements = true;
    let mut state = State::default();
    loop {
        let (namespace, event) = reader
            .read_resolved_event()
            .map_err(|_| unreadable("is not well-formed XML"))?;
        match event {
            Event::Start(start) => {
                let element = classify(&namespace, start.local_name().as_ref());
                if state.path.is_empty() {
                    check_root(element, state.finished, &namespace, &start)?;
                }
                state.start(element, &start)?;
            }
            Event::End(_) => state.end(),
            Event::Text(text) => state.add(&text),
            Event::CData(text) => state.add(&text),
            Event::GeneralRef(reference) => {
                let character = resolve(&reference)?;
                state.add(character.encode_utf8(&mut [0; 4]));
            }
            Event::DocType(_) => {
                return Err(unreadable(
                    "has a document type declaration, which SAML forbids",
                ));
            }
            Event::Eof => break,
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    // The reader takes the end of the text for the end of the document, wherever that is.
    if !state.finished || !state.path.is_empty() {
        return Err(unreadable("is cut off"));
    }
    state.finish()
}

fn classify(namespace: &ResolveResult<'_>, name: &str) -> Element {
    let ResolveResult::Bound(namespace) = namespace else {
        return E::Other;
    };
    match (namespace.as_ref(), name) {
        (PROTOCOL, "Response") => E::Response,
        (PROTOCOL, "Status") => E::Status,
        (PROTOCOL, "StatusCode") => E::StatusCode,
        (PROTOCOL, "StatusMessage") => E::StatusMessage,
        (ASSERTION, "Assertion") => E::Assertion,
        (ASSERTION, "EncryptedAssertion") => E::EncryptedAssertion,
        (ASSERTION, "Issuer") => E::Issuer,
        (ASSERTION, "Subject") => E::Subject,
        (ASSERTION, "SubjectConfirmation") => E::SubjectConfirmation,
        (ASSERTION, "SubjectConfirmationData") => E::SubjectConfirmationData,
        (ASSERTION, "Conditions") => E::Conditions,
        (ASSERTION, "AudienceRestriction") => E::AudienceRestriction,
        (ASSERTION, "Audience") => E::Audience,
        (ASSERTION, "AuthnStatement") => E::AuthnStatement,
        (ASSERTION, "AttributeStatement") => E::AttributeStatement,
        (ASSERTION, "Attribute") => E::Attribute,
        (ASSERTION, "AttributeValue") => E::AttributeValue,
        _ => E::Other,
    }
}

fn check_root(
    element: Element,
    finished: bool,
    namespace: &ResolveResult<'_>,
    start: &BytesStart<'_>,
) -> Result<()> {
    if finished {
        return Err(unreadable("goes on after its end"));
    }
    let old = matches!(namespace, ResolveResult::Bound(n) if n.as_ref().contains(":SAML:1."));
    match element {
        E::Response => Ok(()),
        E::Assertion | E::EncryptedAssertion => Err(unreadable(
            "is a bare assertion, without the `Response` around it that AWS wants",
        )),
        _ if old => Err(unreadable("is of SAML 1, and AWS wants SAML 2.0")),
        _ => Err(unreadable(&format!(
            "is something else: its root is `{}`",
            clean(start.local_name().as_ref())
        ))),
    }
}

/// The five entities of XML and character numbers; others would have to be declared, and nothing may be.
fn resolve(reference: &BytesRef<'_>) -> Result<char> {
    let known = match reference.as_ref() {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => reference.resolve_char_ref().ok().flatten(),
    };
    known.ok_or_else(|| unreadable("has an unknown entity in it"))
}

#[derive(Default)]
struct State {
    path: Vec<Element>,
    finished: bool,
    /// The text of the innermost element so far; comments and entities cut it into pieces.
    text: String,
    /// The name of the attribute we are in, without AWS's prefix.
    attribute: Option<String>,
    statement: Statement,
    seen: HashSet<OfferedRole>,
    status: Status,
    assertions: usize,
    destination: Option<String>,
    responded_at: Option<chrono::DateTime<chrono::Utc>>,
}

impl State {
    fn start(&mut self, element: Element, start: &BytesStart<'_>) -> Result<()> {
        if self.path.len() >= DEEPEST {
            return Err(unreadable("is nested too deeply"));
        }
        self.path.push(element);
        self.text.clear();
        let attribute = |name: &str| attribute(start, name);
        match self.path[..] {
            [E::Response] => {
                self.destination = attribute("Destination")?;
                self.responded_at = attribute("IssueInstant")?.as_deref().and_then(instant);
            }
            [E::Response, E::Status, E::StatusCode] => {
                self.status.code = attribute("Value")?;
            }
            [E::Response, E::Status, E::StatusCode, E::StatusCode] => {
                self.status.reason = attribute("Value")?;
            }
            [E::Response, E::EncryptedAssertion] => self.statement.encrypted = true,
            [E::Response, E::Assertion] => {
                self.assertions += 1;
                let issued = attribute("IssueInstant")?.as_deref().and_then(instant);
                self.statement.issue_instant = narrower(self.statement.issue_instant, issued);
            }
            [
                E::Response,
                E::Assertion,
                E::Subject,
                E::SubjectConfirmation,
                E::SubjectConfirmationData,
            ] => {
                let recipient = attribute("Recipient")?;
                self.statement.recipient = self.statement.recipient.take().or(recipient);
                self.bound(attribute("NotOnOrAfter")?);
            }
            [E::Response, E::Assertion, E::Conditions] => {
                let from = attribute("NotBefore")?.as_deref().and_then(instant);
                self.statement.not_before = self.statement.not_before.max(from);
                self.bound(attribute("NotOnOrAfter")?);
            }
            [E::Response, E::Assertion, E::AuthnStatement] => {
                let until = attribute("SessionNotOnOrAfter")?;
                let until = until.as_deref().and_then(instant);
                let known = self.statement.session_not_on_or_after;
                self.statement.session_not_on_or_after = narrower(known, until);
            }
            [
                E::Response,
                E::Assertion,
                E::AttributeStatement,
                E::Attribute,
            ] => {
                let name = attribute("Name")?;
                self.attribute = name.as_deref().and_then(aws_attribute).map(String::from);
            }
            _ => {}
        }
        Ok(())
    }

    fn add(&mut self, text: &str) {
        let wanted = matches!(
            self.path.last(),
            Some(E::Issuer | E::Audience | E::AttributeValue | E::StatusMessage)
        );
        if wanted {
            self.text.push_str(text);
        }
    }

    fn end(&mut self) {
        let text = std::mem::take(&mut self.text);
        let value = || Some(clean(&text)).filter(|text| !text.is_empty());
        match self.path[..] {
            [E::Response, E::Status, E::StatusMessage] => self.status.message = value(),
            [E::Response, E::Assertion, E::Issuer] => {
                self.statement.issuer = self.statement.issuer.take().or_else(value);
            }
            [
                E::Response,
                E::Assertion,
                E::Conditions,
                E::AudienceRestriction,
                E::Audience,
            ] => {
                self.statement.audience = self.statement.audience.take().or_else(value);
            }
            [
                E::Response,
                E::Assertion,
                E::AttributeStatement,
                E::Attribute,
                E::AttributeValue,
            ] => {
                if let Some(name) = &self.attribute {
                    self.statement.take_attribute(name, &text, &mut self.seen);
                }
            }
            _ => {}
        }
        self.path.pop();
        self.finished = self.path.is_empty();
    }

    fn bound(&mut self, until: Option<String>) {
        let until = until.as_deref().and_then(instant);
        self.statement.not_on_or_after = narrower(self.statement.not_on_or_after, until);
    }

    fn finish(self) -> Result<Statement> {
        if let Some(failure) = self.status.failure() {
            return Err(failure);
        }
        if self.assertions == 0 && !self.statement.encrypted {
            return Err(
                Error::refused("the identity provider's SAML response holds no assertion")
                    .hint("ask its administrator whether you may use the AWS application"),
            );
        }
        let mut statement = self.statement;
        statement.recipient = statement.recipient.or(self.destination);
        statement.issue_instant = statement.issue_instant.or(self.responded_at);
        Ok(statement)
    }
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Result<Option<String>> {
    let broken = || unreadable("is not well-formed XML");
    let mut found = None;
    // All of them, so that a repeated attribute is noticed.
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| broken())?;
        if attribute.key.as_ref() == name {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            found = Some(value.map_err(|_| broken())?.into_owned());
        }
    }
    Ok(found)
}
