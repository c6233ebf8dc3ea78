//! Masks pages tag by tag, as they came: what is nested wrongly stays nested wrongly.

use std::cell::{Cell, RefCell};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use super::mask::Masker;
use crate::idp::walk::is_meant_for_aws;

/// Documents within documents are not looked at deeper than this.
const DEEPEST: usize = 4;
/// Longer attributes are left empty, in bytes as masked.
const LONGEST_ATTRIBUTE: usize = 64 << 10;

impl Masker {
    /// A page, or a part of one.
    pub fn markup(&mut self, text: &str) -> String {
        if self.depth >= DEEPEST {
            return String::new();
        }
        self.depth += 1;
        let sink = Sink {
            masker: RefCell::new(self),
            written: RefCell::default(),
            held: RefCell::default(),
            inside: Cell::new(Inside::Page),
        };
        let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
        let queue = BufferQueue::default();
        queue.push_back(StrTendril::from(text));
        // A script that ends stops the tokenizer once.
        while !queue.is_empty() {
            let _ = tokenizer.feed(&queue);
        }
        tokenizer.end();
        let masked = tokenizer.sink.written.take();
        self.depth -= 1;
        masked
    }
}

/// What the text that comes belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Page,
    Script,
    Document,
    /// Style sheets, and what browsers with frames never show.
    Nothing,
}

struct Sink<'m> {
    masker: RefCell<&'m mut Masker>,
    written: RefCell<String>,
    /// Text that is not masked yet: a comment does not part it.
    held: RefCell<String>,
    inside: Cell<Inside>,
}

impl TokenSink for Sink<'_> {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::CharacterTokens(text) => self.held.borrow_mut().push_str(&text),
            Token::TagToken(tag) => return self.tag(&tag),
            Token::DoctypeToken(_) => {
                self.flush();
                self.written.borrow_mut().push_str("<!DOCTYPE html>");
            }
            Token::EOFToken => self.flush(),
            Token::CommentToken(_) | Token::NullCharacterToken | Token::ParseError(_) => {}
        }
        TokenSinkResult::Continue
    }
}

impl Sink<'_> {
    fn flush(&self) {
        let text = self.held.take();
        let mut masker = self.masker.borrow_mut();
        let masked = match self.inside.get() {
            Inside::Page => escaped(&masker.text(&text)),
            Inside::Script => masker.program(&text),
            Inside::Document => match serde_json::from_str(&text) {
                Ok(document) => masker.json(&document).to_string().replace("</", "<\\/"),
                Err(_) => masker.program(&text),
            },
            Inside::Nothing => String::new(),
        };
        self.written.borrow_mut().push_str(&masked);
    }

    fn tag(&self, tag: &Tag) -> TokenSinkResult<()> {
        self.flush();
        let name = self.masker.borrow_mut().tag(&tag.name);
        if !is_plain_name(&name) {
            return TokenSinkResult::Continue;
        }
        let mut written = self.written.borrow_mut();
        if tag.kind == TagKind::EndTag {
            self.inside.set(Inside::Page);
            *written += &format!("</{name}>");
            return TokenSinkResult::Continue;
        }
        *written += &format!("<{name}");
        for (name, value) in self.attributes(tag) {
            *written += &format!(" {name}=\"{}\"", escaped(&value).replace('"', "&quot;"));
        }
        *written += if tag.self_closing { "/>" } else { ">" };
        let (inside, kind) = match &*tag.name {
            "script" => {
                let kind = attribute(tag, "type");
                let inside = if kind.contains("json") {
                    Inside::Document
                } else {
                    Inside::Script
                };
                (inside, RawKind::ScriptData)
            }
            "title" | "textarea" => (Inside::Page, RawKind::Rcdata),
            "style" | "iframe" | "noembed" | "noframes" | "xmp" => {
                (Inside::Nothing, RawKind::Rawtext)
            }
            _ => return TokenSinkResult::Continue,
        };
        self.inside.set(inside);
        TokenSinkResult::RawData(kind)
    }

    fn attributes(&self, tag: &Tag) -> Vec<(String, String)> {
        let mut masker = self.masker.borrow_mut();
        let mut masked = Vec::new();
        for one in &tag.attrs {
            let name = masker.tag(&one.name.local);
            if is_plain_name(&name)
                && let Some(value) = attribute_value(&mut masker, tag, &one.name.local, &one.value)
            {
                let fits = value.len() <= LONGEST_ATTRIBUTE;
                masked.push((name, if fits { value } else { String::new() }));
            }
        }
        masked
    }
}

/// The masked value of an attribute; `None` leaves it out.
fn attribute_value(masker: &mut Masker, tag: &Tag, name: &str, value: &str) -> Option<String> {
    if value.is_empty() {
        return Some(String::new());
    }
    Some(match name {
        "style" => hiding_style(value)?,
        "nonce" | "integrity" | "srcset" | "d" | "points" => return None,
        "srcdoc" => masker.markup(value),
        _ if name.starts_with("on") => masker.program(value),
        "href" | "src" | "action" | "formaction" | "poster" | "cite" | "background" => {
            masker.address(value)
        }
        "content"
            if attribute(tag, "http-equiv")
                .trim()
                .eq_ignore_ascii_case("refresh") =>
        {
            refresh(masker, value)
        }
        "value" => field_value(masker, tag, value),
        "name" => masker.field(value),
        "id" | "class" | "for" | "form" | "list" => masker.name(value),
        "type" | "method" | "enctype" | "role" | "lang" | "autocomplete" | "inputmode"
        | "http-equiv" | "accept-charset" | "charset" | "rel" | "target" => masker.tag(value),
        "maxlength" | "minlength" | "size" | "tabindex" | "rows" | "cols" | "colspan"
        | "rowspan"
            if value.len() <= 3 && value.parse::<i16>().is_ok() =>
        {
            value.to_owned()
        }
        // The number of a message in LemonLDAP::NG.
        "trmsg" if value.len() <= 4 && value.parse::<i16>().is_ok() => value.to_owned(),
        "content" if value.to_ascii_lowercase().contains("charset") => {
            "text/html; charset=utf-8".to_owned()
        }
        _ if name.starts_with("data-") || name.starts_with("aria-") => masker.value(value),
        _ => masker.text(value),
    })
}

fn field_value(masker: &mut Masker, tag: &Tag, value: &str) -> String {
    if attribute(tag, "type")
        .trim()
        .eq_ignore_ascii_case("password")
    {
        return String::new();
    }
    synthetic(attribute(tag, "name"), value).unwrap_or_else(|| masker.value(value))
}

fn attribute<'t>(tag: &'t Tag, name: &str) -> &'t str {
    let found = tag.attrs.iter().find(|one| &*one.name.local == name);
    found.map_or("", |one| &one.value)
}

/// What stands for a protocol message: nothing of it is kept but whom it is for.
pub fn synthetic(name: &str, value: &str) -> Option<String> {
    if value.trim().is_empty() {
        return None;
    }
    let message = match name {
        "SAMLResponse" if is_meant_for_aws(value) => {
            "<Response><Audience>urn:amazon:webservices</Audience></Response>"
        }
        "SAMLResponse" => "<Response></Response>",
        "SAMLRequest" => "<AuthnRequest></AuthnRequest>",
        "wresult" => {
            return Some(
                "<RequestSecurityTokenResponse></RequestSecurityTokenResponse>".to_owned(),
            );
        }
        _ => return None,
    };
    Some(STANDARD.encode(message))
}

/// `5;url=/next`
pub fn refresh(masker: &mut Masker, content: &str) -> String {
    let at = content.find([';', ',']).unwrap_or(content.len());
    let (after, rest) = content.split_at(at);
    let after: String = after
        .chars()
        .filter(|c| c.is_ascii_digit() || *c == '.')
        .take(4)
        .collect();
    let rest = rest.trim_start_matches([';', ',', ' ']);
    let address = match rest.get(..3) {
        Some(url) if url.eq_ignore_ascii_case("url") => {
            rest[3..].trim_start().trim_start_matches('=')
        }
        _ => rest,
    };
    let address = address.trim().trim_matches(['"', '\'']);
    match rest.is_empty() {
        true => after,
        false => format!("{after};url={}", masker.address(address)),
    }
}

/// Of a style only what hides.
pub fn hiding_style(style: &str) -> Option<String> {
    let style: String = style
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect::<String>()
        .to_ascii_lowercase();
    ["display:none", "visibility:hidden"]
        .into_iter()
        .find(|hiding| style.contains(hiding))
        .map(str::to_owned)
}

fn is_plain_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.:".contains(c))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(html: &str) -> String {
        Masker::new(&["hunter2".to_owned()], |host| {
            host == "signin.aws.amazon.com"
        })
        .markup(html)
    }

    #[test]
    fn a_login_page_stays_as_it_is_but_for_what_is_somebodys() {
        let page = "<!DOCTYPE html><form id=\"login\" method=\"post\" action=\"/login\"><label for=\"u\">User name</label>\
            <input id=\"u\" name=\"username\" type=\"text\" autocomplete=\"username\" maxlength=\"254\" required=\"\">\
            <input name=\"pass\" type=\"password\"><button type=\"submit\">Sign in</button></form>";
        assert_eq!(masked(page), page);
    }

    #[test]
    fn nothing_of_these_places_is_left() {
        for html in [
            "<p>hunter2</p>",
            "<!-- hunter2 -->",
            "<style>.hunter2 { a: b }</style>",
            "<p style='color: hunter2'>x",
            "<title>hunter2</title>",
            "<meta name=author content=hunter2>",
            "<input type=hidden value=hunter2>",
            "<input type=password value='correct'>",
            "<img alt=hunter2 src=/hunter2.png>",
            "<a href='/x?a=hunter2#hunter2'>",
            "<script>var a = 'hunter2'; hunter2(); // hunter2\n/* hunter2 */ `hunter2`</script>",
            "<hunter2 x=y>",
            "<p hunter2=x data-hunter2=hunter2 title=hunter2 aria-label=hunter2>",
            "<noscript><p>hunter2</noscript>",
            "<iframe srcdoc='<p>hunter2</p>'>hunter2</iframe>",
            "<textarea>hunter2</textarea>",
            "<p>hun<!-- x -->ter2",
            "<option value=hunter2>hunter2",
            "<svg><path d='hunter2'/><text>hunter2</text></svg>",
            "<p onclick='hunter2()'>",
            "<script type='application/json'>{\"hunter2\": [\"hunter2\", {\"a\": \"<b>hunter2</b>\"}]}</script>",
            "<p>&#104;unter2</p>",
            "<p title='&#x68;unter2'>",
            "<meta http-equiv=refresh content='0;url=/hunter2'>",
            "<plaintext>hunter2",
            "<p>hunter2",
            "<p title=hunter2",
            "<![CDATA[hunter2]]>",
            "<?hunter2?>",
            "<!DOCTYPE hunter2>",
        ] {
            let masked = masked(html);
            for gone in ["hunter", "correct", "&#104;", "color"] {
                assert!(!masked.contains(gone), "{html}: {masked}");
            }
        }
    }

    #[test]
    fn no_number_stays_that_may_be_of_a_phone() {
        for html in [
            "<p id='phone-34' class='tail-47' tabindex=4711 size=1984 title=code34>",
            "<a href='/u/+49-17-12-34-56-78/x'><a href='/h/10-1-12-34/n;x=34'>",
            "<script>var tail = 34; f(49,17,12,34,56,78); g([0,1,7,1,2,4]); x47 = 4.7; '34'; 47px</script>",
            "<p id='12-11-84' onclick='f(4,7)' data-x='[4,7,1,1]' data-y=34>••34",
            "<script type='application/json'>{\"level\": [471, 112, 345], \"id\": \"34\", \"x\": 34, \"34\": 47}</script>",
        ] {
            // Other digits may come to stand for them by accident, but not each time.
            let numbers = |text: &str| -> Vec<String> {
                text.split(|c: char| !c.is_ascii_digit())
                    .map(str::to_owned)
                    .collect()
            };
            let expected = numbers(html);
            for (at, number) in expected.iter().enumerate() {
                let stays = (0..4).all(|_| numbers(&masked(html)).get(at) == Some(number));
                assert!(
                    !stays || matches!(number.as_str(), "" | "0" | "1"),
                    "{number} in {html}"
                );
            }
        }
        assert_eq!(masked("<p id=\"code-1\">"), "<p id=\"code-1\">");
        let field = "<input name=\"IDToken12\" maxlength=\"254\">";
        assert_eq!(masked(field), field);
    }

    #[test]
    fn what_is_nested_without_end_is_masked_soon_and_briefly() {
        let started = std::time::Instant::now();
        for nested in [
            "?a=".repeat(3000),
            "%2f%3fa%3d".repeat(3000),
            "javascript:'".repeat(3000),
            "/x?a=%2525".repeat(3000),
            format!("https://x/?a={}", "%3c%3e%3fa%3d".repeat(3000)),
        ] {
            let page = masked(&format!(
                "<a href=\"{nested}\" data-x=\"{nested}\" onclick=\"{nested}\">x</a>"
            ));
            assert!(page.len() < 4 * LONGEST_ATTRIBUTE, "{}", page.len());
        }
        let sibling = masked(&format!(
            "<a href=\"/{}\" id=\"login\">",
            "é".repeat(LONGEST_ATTRIBUTE)
        ));
        assert_eq!(sibling, "<a href=\"\" id=\"login\">");
        assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    }

    #[test]
    fn values_within_values_stay_readable_as_far_as_anybody_nests_them() {
        let page = masked(
            "<a href=\"/sso?goto=%2Flogin%3Furl%3D%252Fsaml%253Fpage%253D%25252Fhome\">x</a>",
        );
        assert!(
            page.contains("%252Fsaml%253Fpage%253D%25252Fhome"),
            "{page}"
        );
    }

    #[test]
    fn wrong_nesting_stays_wrong() {
        let page =
            "<table><form method=\"post\"><tr><td><input name=\"user\"></td></form></tr></table>";
        assert_eq!(masked(page), page);
    }

    #[test]
    fn protocol_messages_are_replaced_by_empty_ones() {
        let aws =
            STANDARD.encode("<x><saml:Audience>urn:amazon:webservices</saml:Audience>ada</x>");
        let page = masked(&format!(
            "<input name=SAMLResponse value='{aws}'><input name=SAMLRequest value='x'>"
        ));
        assert!(!page.contains(&aws), "{page}");
        let value = page
            .split("value=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        assert!(is_meant_for_aws(value), "{page}");
    }

    #[test]
    fn what_hides_and_what_leads_on_stays() {
        let mut masker = Masker::new(&[], |_| false);
        assert_eq!(
            hiding_style("color: red; DISPLAY : none"),
            Some("display:none".to_owned())
        );
        assert_eq!(refresh(&mut masker, "5; URL='/next'"), "5;url=/next");
        assert_eq!(refresh(&mut masker, "20"), "20");
        let page = masker.markup("<body onload=\"document.forms[0].submit()\"><script>location.href = '/next?a=1';</script>");
        assert_eq!(
            page,
            "<body onload=\"document.forms[0].submit()\"><script>location.href = '/next?a=1';</script>"
        );
    }
}
