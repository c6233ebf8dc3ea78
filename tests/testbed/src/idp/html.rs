//! Pages.

use crate::saml::escape as escape_xml;

/// Text as it may stand in a page.
pub(crate) fn escape(text: &str) -> String {
    escape_xml(text).replace('\'', "&#39;")
}

/// A whole page.
pub(crate) fn page(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body>\n{body}\n</body>\n</html>\n"
    )
}

/// A hidden field.
pub(crate) fn hidden(name: &str, value: &str) -> String {
    format!(
        "<input type=\"hidden\" name=\"{name}\" value=\"{}\">\n",
        escape(value)
    )
}

/// A page whose form submits itself.
pub(crate) fn auto_submit(title: &str, action: &str, fields: &[(&str, &str)]) -> String {
    let hidden: String = fields
        .iter()
        .map(|(name, value)| hidden(name, value))
        .collect();
    format!(
        "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body onload=\"document.forms[0].submit()\">\n<form method=\"post\" action=\"{}\">\n{hidden}\
         <noscript><button type=\"submit\">Continue</button></noscript>\n</form>\n</body></html>\n",
        escape(action)
    )
}
