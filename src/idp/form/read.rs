//! Reads the forms of a document: controls in document order, each given to the form a browser gives it to.

use std::collections::HashMap;

use scraper::ElementRef;

use super::{Choice, Control, ControlKind, Form, Method};
use crate::idp::document::{Document, MOST, NodeId, is_hidden, visible_text};

/// All forms of the document, in order.
pub fn read(document: &Document) -> Vec<Form> {
    let mut elements = document.select("form");
    elements.truncate(MOST);
    let mut forms: Vec<Form> = elements.iter().map(|e| empty_form(*e)).collect();
    let by_node: HashMap<NodeId, usize> = elements
        .iter()
        .enumerate()
        .map(|(index, e)| (e.id(), index))
        .collect();
    let mut by_id: HashMap<&str, usize> = HashMap::new();
    for (index, element) in elements.iter().enumerate() {
        if let Some(id) = element.attr("id") {
            by_id.entry(id).or_insert(index);
        }
    }
    let labels = labels(document);
    let mut around = HashMap::new();
    for element in document
        .select("input, button, select, textarea")
        .into_iter()
        .take(MOST)
    {
        if let Some(owner) = owner_of(document, element, &by_node, &by_id) {
            forms[owner]
                .controls
                .push(control(element, &labels, &mut around));
        }
    }
    forms
}

/// Visible fields that belong to no form: only a script can send them.
pub fn loose_fields(document: &Document) -> Vec<String> {
    document
        .select("input, select, textarea")
        .into_iter()
        .take(MOST)
        .filter(|e| document.owner(*e).is_none() && e.attr("form").is_none() && !is_hidden(*e))
        .filter(|e| !matches!(kind_of(*e), ControlKind::Hidden | ControlKind::Button))
        .filter(|e| !inside(*e, "form"))
        .map(|e| {
            let name = e.attr("name").or(e.attr("id")).or(e.attr("type"));
            name.unwrap_or("unnamed").to_owned()
        })
        .collect()
}

fn owner_of(
    document: &Document,
    element: ElementRef<'_>,
    by_node: &HashMap<NodeId, usize>,
    by_id: &HashMap<&str, usize>,
) -> Option<usize> {
    if inside(element, "datalist") {
        return None;
    }
    if let Some(id) = element.attr("form") {
        return by_id.get(id).copied();
    }
    if let Some(owner) = document.owner(element)
        && let Some(index) = by_node.get(&owner)
    {
        return Some(*index);
    }
    element
        .ancestors()
        .find_map(|node| by_node.get(&node.id()).copied())
}

fn inside(element: ElementRef<'_>, name: &str) -> bool {
    element
        .ancestors()
        .filter_map(ElementRef::wrap)
        .any(|e| e.value().name() == name)
}

fn empty_form(element: ElementRef<'_>) -> Form {
    Form {
        id: attribute(element, "id"),
        name: attribute(element, "name"),
        class: attribute(element, "class"),
        method: Method::parse(element.attr("method")),
        method_given: element.attr("method").is_some(),
        action: element.attr("action").map(|a| a.trim().to_owned()),
        enctype: element.attr("enctype").map(str::to_owned),
        accept_charset: element.attr("accept-charset").map(str::to_owned),
        controls: Vec::new(),
        text: visible_text(element),
        hidden: is_hidden(element),
    }
}

fn attribute(element: ElementRef<'_>, name: &str) -> String {
    element.attr(name).unwrap_or_default().to_owned()
}

fn labels(document: &Document) -> HashMap<String, String> {
    let mut labels: HashMap<String, String> = HashMap::new();
    for label in document.select("label[for]").into_iter().take(MOST) {
        let target = attribute(label, "for");
        let text = visible_text(label);
        if !text.is_empty() {
            labels.entry(target).or_insert(text);
        }
    }
    labels
}

fn control(
    element: ElementRef<'_>,
    labels: &HashMap<String, String>,
    around: &mut HashMap<NodeId, String>,
) -> Control {
    let kind = kind_of(element);
    let options = if kind == ControlKind::Select {
        options(element)
    } else {
        Vec::new()
    };
    Control {
        kind,
        name: attribute(element, "name"),
        id: attribute(element, "id"),
        value: value(element, kind),
        label: label(element, kind, labels, around),
        autocomplete: attribute(element, "autocomplete").to_ascii_lowercase(),
        inputmode: attribute(element, "inputmode").to_ascii_lowercase(),
        maxlength: element
            .attr("maxlength")
            .and_then(|length| length.trim().parse().ok()),
        checked: element.attr("checked").is_some(),
        disabled: is_disabled(element),
        readonly: element.attr("readonly").is_some(),
        required: element.attr("required").is_some()
            || element.attr("aria-required") == Some("true"),
        multiple: element.attr("multiple").is_some(),
        unseen: kind == ControlKind::Hidden
            // Traps for machines have it; a field that must be filled is none.
            || (element.attr("aria-hidden") == Some("true") && element.attr("required").is_none())
            || is_hidden(element),
        options,
        formaction: element.attr("formaction").map(|a| a.trim().to_owned()),
        formmethod: element.attr("formmethod").map(str::to_owned),
        formenctype: element.attr("formenctype").map(str::to_owned),
    }
}

fn kind_of(element: ElementRef<'_>) -> ControlKind {
    let kind = element
        .attr("type")
        .map(|t| t.trim().to_ascii_lowercase())
        .unwrap_or_default();
    match element.value().name() {
        "select" => ControlKind::Select,
        "textarea" => ControlKind::Textarea,
        "button" => match kind.as_str() {
            "button" | "reset" => ControlKind::Button,
            _ => ControlKind::Submit,
        },
        _ => match kind.as_str() {
            "hidden" => ControlKind::Hidden,
            "password" => ControlKind::Password,
            "email" => ControlKind::Email,
            "tel" => ControlKind::Telephone,
            "number" => ControlKind::Number,
            "search" => ControlKind::Search,
            "checkbox" => ControlKind::Checkbox,
            "radio" => ControlKind::Radio,
            "submit" => ControlKind::Submit,
            "image" => ControlKind::Image,
            "button" | "reset" => ControlKind::Button,
            "file" => ControlKind::File,
            "date" | "month" | "week" | "time" | "datetime-local" | "range" | "color" => {
                ControlKind::Other
            }
            _ => ControlKind::Text,
        },
    }
}

fn value(element: ElementRef<'_>, kind: ControlKind) -> String {
    match kind {
        ControlKind::Textarea => element.text().collect(),
        ControlKind::Checkbox | ControlKind::Radio => {
            element.attr("value").unwrap_or("on").to_owned()
        }
        ControlKind::Text
        | ControlKind::Email
        | ControlKind::Telephone
        | ControlKind::Search
        | ControlKind::Password => {
            // A line cannot hold a line break; browsers drop them.
            attribute(element, "value").replace(['\r', '\n'], "")
        }
        _ => attribute(element, "value"),
    }
}

fn label(
    element: ElementRef<'_>,
    kind: ControlKind,
    labels: &HashMap<String, String>,
    around: &mut HashMap<NodeId, String>,
) -> String {
    let mut parts: Vec<String> = Vec::new();
    if matches!(
        kind,
        ControlKind::Submit | ControlKind::Button | ControlKind::Image
    ) {
        parts.push(visible_text(element));
        parts.push(attribute(element, "alt"));
    }
    if let Some(text) = element.attr("id").and_then(|id| labels.get(id)) {
        parts.push(text.clone());
    } else if let Some(label) = element
        .ancestors()
        .filter_map(ElementRef::wrap)
        .find(|e| e.value().name() == "label")
    {
        // One label may stand around a great many fields.
        let text = around
            .entry(label.id())
            .or_insert_with(|| visible_text(label));
        parts.push(text.clone());
    }
    for name in ["aria-label", "placeholder", "title"] {
        parts.push(attribute(element, name));
    }
    parts.retain(|part| !part.trim().is_empty());
    parts.dedup();
    parts.join(" ")
}

fn options(select: ElementRef<'_>) -> Vec<Choice> {
    select
        .descendent_elements()
        .filter(|e| e.value().name() == "option")
        .map(|option| {
            let text: String = option.text().collect();
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let in_disabled_group = option
                .ancestors()
                .filter_map(ElementRef::wrap)
                .any(|e| e.value().name() == "optgroup" && e.attr("disabled").is_some());
            Choice {
                value: option.attr("value").unwrap_or(&text).to_owned(),
                label: option
                    .attr("label")
                    .filter(|l| !l.is_empty())
                    .unwrap_or(&text)
                    .to_owned(),
                selected: option.attr("selected").is_some(),
                disabled: option.attr("disabled").is_some() || in_disabled_group,
            }
        })
        .collect()
}

/// Disabled itself or by a `fieldset` around it, unless it stands in that fieldset's first legend.
fn is_disabled(element: ElementRef<'_>) -> bool {
    if element.attr("disabled").is_some() {
        return true;
    }
    let mut below = element.id();
    for ancestor in element.ancestors() {
        if let Some(e) = ElementRef::wrap(ancestor) {
            if e.value().name() == "fieldset" && e.attr("disabled").is_some() {
                let legend = e.child_elements().find(|c| c.value().name() == "legend");
                if legend.map(|l| l.id()) != Some(below) {
                    return true;
                }
            }
            below = ancestor.id();
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(html: &str) -> Vec<Form> {
        read(&Document::parse(html).unwrap())
    }

    fn names(form: &Form) -> Vec<&str> {
        form.controls.iter().map(|c| c.name.as_str()).collect()
    }

    #[test]
    fn controls_come_in_document_order_with_duplicates() {
        let forms =
            forms("<form><INPUT NAME=b type=HIDDEN value=1><input name=a><input name=b></form>");
        assert_eq!(names(&forms[0]), ["b", "a", "b"]);
        assert_eq!(forms[0].controls[0].kind, ControlKind::Hidden);
        assert_eq!(forms[0].controls[0].value, "1");
    }

    #[test]
    fn a_control_outside_belongs_to_the_form_it_names() {
        let forms = forms(
            "<button form=two name=early></button><form id=one><input name=in1><input form=two name=moved>\
             </form><form id=two><input name=in2></form><input form=nowhere name=lost>",
        );
        assert_eq!(names(&forms[0]), ["in1"]);
        assert_eq!(names(&forms[1]), ["early", "moved", "in2"]);
    }

    #[test]
    fn a_form_in_a_table_keeps_its_fields_as_in_a_browser() {
        let forms = forms(
            "<table><form action=/go><tr><td><input name=user></td></tr><tr><td><input name=pass type=password>\
             </td></tr></form></table>",
        );
        assert_eq!(names(&forms[0]), ["user", "pass"]);
    }

    #[test]
    fn a_form_closed_by_its_parent_still_gets_what_follows() {
        let forms =
            forms("<div><form action=/go><input name=a></div><input name=b></form><input name=c>");
        assert_eq!(names(&forms[0]), ["a", "b"]);
    }

    #[test]
    fn a_form_in_a_template_does_not_exist() {
        assert!(forms("<template><form><input name=a></form></template>").is_empty());
    }

    #[test]
    fn a_disabled_fieldset_disables_all_but_its_first_legend() {
        let forms = forms(
            "<form><fieldset disabled><legend><input name=free></legend><legend><input name=no></legend>\
             <input name=off></fieldset><input name=on></form>",
        );
        let off: Vec<bool> = forms[0].controls.iter().map(|c| c.disabled).collect();
        assert_eq!(off, [false, true, true, false]);
    }

    #[test]
    fn labels_come_from_for_wrapping_and_placeholder() {
        let forms = forms(
            "<form><label for=u>User name</label><input id=u><label>Password <input type=password></label>\
             <input placeholder=Code></form>",
        );
        let labels: Vec<&str> = forms[0].controls.iter().map(|c| c.label.as_str()).collect();
        assert_eq!(labels, ["User name", "Password", "Code"]);
    }

    #[test]
    fn what_is_hidden_by_attribute_or_style_is_unseen() {
        let forms = forms(
            "<form><input name=a hidden><div style='display:none'><input name=b></div><input name=c type=hidden>\
             <input name=d></form>",
        );
        let unseen: Vec<bool> = forms[0].controls.iter().map(|c| c.unseen).collect();
        assert_eq!(unseen, [true, true, true, false]);
    }

    #[test]
    fn a_field_that_must_be_filled_is_no_trap() {
        let forms = forms(
            "<form><input name=pass aria-hidden=true required><input name=trap aria-hidden=true></form>",
        );
        let unseen: Vec<bool> = forms[0].controls.iter().map(|c| c.unseen).collect();
        assert_eq!(unseen, [false, true]);
    }

    #[test]
    fn fields_without_a_form_are_told_apart() {
        let document =
            Document::parse("<input name=spa type=password><form><input name=in></form>").unwrap();
        assert_eq!(loose_fields(&document), ["spa"]);
    }
}
