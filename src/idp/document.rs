//! An HTML document as a browser parses it, with limits on what is parsed at all.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{Attribute, ParseOpts, QualName, parse_document};
use scraper::{ElementRef, Html, HtmlTreeSink, Selector};

use crate::error::{Error, Result};

/// The largest page that is parsed, in bytes of text.
pub const LARGEST: usize = 2 * 1024 * 1024;
/// The deepest nesting that is parsed: the limit of browsers.
pub const DEEPEST: usize = 512;
/// The most elements that are made of one page, those included that the parser adds by itself.
const MOST_ELEMENTS: usize = 100_000;
/// Of things that have to be looked at one by one, no page needs more.
pub const MOST: usize = 2_000;
/// The most text that is read out, in bytes.
const LONGEST_TEXT: usize = 64 * 1024;

pub type NodeId = <HtmlTreeSink as TreeSink>::Handle;

/// A parsed page. Whatever a server sends, parsing takes time and memory in proportion to its length.
pub struct Document {
    html: Html,
    /// The form a control belongs to by the parser's rules: differs from the nearest ancestor where a form stands in
    /// a table or is never closed.
    owners: HashMap<NodeId, NodeId>,
}

impl Document {
    /// Parses as a browser with scripts does: what is in `noscript` does not count.
    pub fn parse(text: &str) -> Result<Document> {
        Self::parse_with(text, true)
    }

    /// Parses as a browser without scripts does.
    pub fn parse_without_scripts(text: &str) -> Result<Document> {
        Self::parse_with(text, false)
    }

    fn parse_with(text: &str, scripting_enabled: bool) -> Result<Document> {
        if text.len() > LARGEST {
            return Err(Error::unfamiliar("a page of more than 2 MB arrived"));
        }
        let options = ParseOpts {
            tree_builder: TreeBuilderOpts {
                scripting_enabled,
                ..Default::default()
            },
            ..Default::default()
        };
        let mut parser = parse_document(Sink::new(), options);
        // The time to parse grows with the square of the depth, so depth is looked at while parsing, not after it.
        let mut rest = text;
        while !rest.is_empty() {
            let (chunk, tail) = rest.split_at(rest.floor_char_boundary(1024));
            parser.process(StrTendril::from(chunk));
            if parser.tokenizer.sink.sink.too_deep.get() {
                return Err(Error::unfamiliar(format!(
                    "a page nested more than {DEEPEST} levels deep arrived"
                )));
            }
            // A few open `<b>` are made anew in every paragraph, so a short page can become a huge tree.
            if parser.tokenizer.sink.sink.elements.get() > MOST_ELEMENTS {
                return Err(Error::unfamiliar(format!(
                    "a page of more than {MOST_ELEMENTS} elements arrived"
                )));
            }
            rest = tail;
        }
        Ok(parser.finish())
    }

    /// Everything that matches, in document order, hidden or not, except what stands in a `template`.
    pub fn select(&self, css: &str) -> Vec<ElementRef<'_>> {
        let Ok(selector) = Selector::parse(css) else {
            debug_assert!(false, "no selector: {css}");
            return Vec::new();
        };
        self.html
            .select(&selector)
            .filter(|element| !in_template(*element))
            .collect()
    }

    /// The first match that a person can see.
    pub fn seen(&self, css: &str) -> Option<ElementRef<'_>> {
        self.select(css)
            .into_iter()
            .take(MOST)
            .find(|e| !is_hidden(*e))
    }

    pub fn has(&self, css: &str) -> bool {
        !self.select(css).is_empty()
    }

    /// The `form` that the parser gave a control to.
    pub fn owner(&self, control: ElementRef<'_>) -> Option<NodeId> {
        self.owners.get(&control.id()).copied()
    }

    /// What a person reads on the page.
    pub fn text(&self) -> String {
        visible_text(self.html.root_element())
    }

    /// What the page itself says, without the navigation, footers and buttons around it; everything if that is nothing.
    pub fn prose(&self) -> String {
        let mut text = String::new();
        collect(self.html.root_element(), &mut text, &is_around);
        let prose = folded(&text);
        if prose.is_empty() { self.text() } else { prose }
    }

    /// All scripts that stand in the page, one after the other.
    pub fn scripts(&self) -> String {
        let mut all = String::new();
        for script in self.select("script") {
            for text in script.text() {
                all.push_str(text);
            }
            all.push('\n');
        }
        all
    }
}

/// Does a person not see this element? By what the page itself says; style sheets are not read.
pub fn is_hidden(element: ElementRef<'_>) -> bool {
    hides(element) || element.ancestors().filter_map(ElementRef::wrap).any(hides)
}

fn in_template(element: ElementRef<'_>) -> bool {
    element
        .ancestors()
        .filter_map(ElementRef::wrap)
        .any(|e| e.value().name() == "template")
}

fn hides(element: ElementRef<'_>) -> bool {
    if matches!(
        element.value().name(),
        "template" | "script" | "style" | "noscript" | "head" | "datalist"
    ) || element.attr("hidden").is_some()
    {
        return true;
    }
    let Some(style) = element.attr("style") else {
        return false;
    };
    let style: String = style
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect::<String>()
        .to_ascii_lowercase();
    style.contains("display:none") || style.contains("visibility:hidden")
}

/// What a person reads in an element: no scripts, nothing hidden, white space folded.
pub fn visible_text(element: ElementRef<'_>) -> String {
    let mut text = String::new();
    collect(element, &mut text, &|_| false);
    folded(&text)
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Parts that are the same on every page of a site, and words that are only pressed.
fn is_around(element: ElementRef<'_>) -> bool {
    matches!(
        element.value().name(),
        "header" | "nav" | "footer" | "button"
    ) || matches!(
        element.attr("role"),
        Some("banner" | "navigation" | "contentinfo" | "button")
    )
}

// Recursion is as deep as the document, which the parser limited.
fn collect(
    element: ElementRef<'_>,
    text: &mut String,
    leaves_out: &dyn Fn(ElementRef<'_>) -> bool,
) {
    for child in element.children() {
        if text.len() >= LONGEST_TEXT {
            return;
        }
        if let Some(part) = child.value().as_text() {
            let room = LONGEST_TEXT.saturating_sub(text.len());
            text.push_str(&part[..part.floor_char_boundary(room)]);
        } else if let Some(child) = ElementRef::wrap(child)
            && !hides(child)
            && !leaves_out(child)
        {
            let inline = matches!(
                child.value().name(),
                "a" | "b"
                    | "i"
                    | "em"
                    | "strong"
                    | "span"
                    | "u"
                    | "small"
                    | "code"
                    | "font"
                    | "label"
            );
            if !inline {
                text.push(' ');
            }
            collect(child, text, leaves_out);
            if !inline {
                text.push(' ');
            }
        }
    }
}

/// Hands everything to scraper's sink, and remembers depth and form owners on the way.
struct Sink {
    inner: HtmlTreeSink,
    owners: RefCell<HashMap<NodeId, NodeId>>,
    too_deep: Cell<bool>,
    elements: Cell<usize>,
}

impl Sink {
    fn new() -> Self {
        Sink {
            inner: HtmlTreeSink::new(Html::new_document()),
            owners: RefCell::default(),
            too_deep: Cell::new(false),
            elements: Cell::new(0),
        }
    }

    fn measure(&self, parent: &NodeId) {
        let html = self.inner.0.borrow();
        if let Some(node) = html.tree.get(*parent)
            && node.ancestors().nth(DEEPEST).is_some()
        {
            self.too_deep.set(true);
        }
    }
}

impl TreeSink for Sink {
    type Handle = NodeId;
    type Output = Document;
    type ElemName<'a> = <HtmlTreeSink as TreeSink>::ElemName<'a>;

    fn finish(self) -> Document {
        Document {
            html: self.inner.finish(),
            owners: self.owners.into_inner(),
        }
    }

    fn append(&self, parent: &NodeId, child: NodeOrText<NodeId>) {
        if matches!(child, NodeOrText::AppendNode(_)) {
            self.measure(parent);
        }
        self.inner.append(parent, child);
    }

    fn append_before_sibling(&self, sibling: &NodeId, new_node: NodeOrText<NodeId>) {
        self.measure(sibling);
        self.inner.append_before_sibling(sibling, new_node);
    }

    fn append_based_on_parent_node(
        &self,
        element: &NodeId,
        prev_element: &NodeId,
        child: NodeOrText<NodeId>,
    ) {
        self.measure(prev_element);
        self.inner
            .append_based_on_parent_node(element, prev_element, child);
    }

    fn associate_with_form(
        &self,
        target: &NodeId,
        form: &NodeId,
        _nodes: (&NodeId, Option<&NodeId>),
    ) {
        self.owners.borrow_mut().insert(*target, *form);
    }

    fn parse_error(&self, message: Cow<'static, str>) {
        self.inner.parse_error(message);
    }

    fn get_document(&self) -> NodeId {
        self.inner.get_document()
    }

    fn elem_name<'a>(&'a self, target: &'a NodeId) -> Self::ElemName<'a> {
        self.inner.elem_name(target)
    }

    fn create_element(
        &self,
        name: QualName,
        attributes: Vec<Attribute>,
        flags: ElementFlags,
    ) -> NodeId {
        self.elements.set(self.elements.get() + 1);
        self.inner.create_element(name, attributes, flags)
    }

    fn create_comment(&self, text: StrTendril) -> NodeId {
        self.inner.create_comment(text)
    }

    fn create_pi(&self, target: StrTendril, data: StrTendril) -> NodeId {
        self.inner.create_pi(target, data)
    }

    fn append_doctype_to_document(
        &self,
        name: StrTendril,
        public_id: StrTendril,
        system_id: StrTendril,
    ) {
        self.inner
            .append_doctype_to_document(name, public_id, system_id);
    }

    fn get_template_contents(&self, target: &NodeId) -> NodeId {
        self.inner.get_template_contents(target)
    }

    fn same_node(&self, x: &NodeId, y: &NodeId) -> bool {
        self.inner.same_node(x, y)
    }

    fn set_quirks_mode(&self, mode: QuirksMode) {
        self.inner.set_quirks_mode(mode);
    }

    fn add_attrs_if_missing(&self, target: &NodeId, attributes: Vec<Attribute>) {
        self.inner.add_attrs_if_missing(target, attributes);
    }

    fn remove_from_parent(&self, target: &NodeId) {
        self.inner.remove_from_parent(target);
    }

    fn reparent_children(&self, node: &NodeId, new_parent: &NodeId) {
        self.inner.reparent_children(node, new_parent);
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_hundred_thousand_nested_elements_are_refused_at_once() {
        for tag in [
            "<div>",
            "<b>",
            "<x-y>",
            "<svg><g>",
            "<table><td>",
            "<font color=1>",
        ] {
            let text = tag.repeat(100_000);
            let started = Instant::now();
            let error = Document::parse(&text).err().expect(tag);
            assert!(error.message().contains("512"), "{tag}: {error}");
            assert!(started.elapsed() < Duration::from_secs(20), "{tag}");
        }
    }

    #[test]
    fn elements_that_the_parser_makes_by_itself_are_counted() {
        let open: String = (0..400).map(|n| format!("<b id={n}>")).collect();
        let text = format!("<p>{open}{}", "<p>x".repeat(20_000));
        let started = Instant::now();
        let error = Document::parse(&text).err().expect("too many");
        assert!(error.message().contains("elements"), "{error}");
        assert!(started.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn many_unclosed_but_flat_elements_are_no_nesting() {
        for tag in [
            "<p>x",
            "<li>x",
            "<option>x",
            "<br>",
            "<div></div>",
            "<svg><path/></svg>",
        ] {
            Document::parse(&tag.repeat(5_000)).expect(tag);
        }
    }

    #[test]
    fn a_page_that_is_too_large_is_not_parsed() {
        assert!(Document::parse(&" ".repeat(LARGEST + 1)).is_err());
    }

    #[test]
    fn prose_is_what_stands_between_navigation_and_footer() {
        let prose = |html: &str| Document::parse(html).unwrap().prose();
        let around = "<nav><a href=/>Home</a></nav><div role=banner>Acme</div>";
        assert_eq!(
            prose(&format!(
                "{around}<p>Be kind.<form><button>Accept</button></form><footer>Room 42</footer>"
            )),
            "Be kind."
        );
        assert_eq!(prose(around), "Home Acme");
    }

    #[test]
    fn hidden_parts_scripts_and_templates_are_not_read_out() {
        let document = Document::parse(
            "<title>t</title><p>Hello <b>wor</b>ld<script>var x</script><span style='DISPLAY : none'>a</span>\
             <template>b</template><p hidden>c</p><noscript>d</noscript><p>bye",
        )
        .unwrap();
        assert_eq!(document.text(), "Hello world bye");
    }
}
