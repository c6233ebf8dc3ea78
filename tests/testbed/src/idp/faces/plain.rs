//! A login page as it should be.

use crate::idp::html::{escape, hidden, page};
use crate::idp::standard::{Flow, Login, stale};
use crate::idp::{Face, Visit};
use crate::web::Reply;

pub(crate) const FACES: &[Face] = &[face!("simple", simple), face!("otp", simple)];

/// One page; its fields must come back all, in the order of the page.
pub(crate) fn simple(visit: &Visit<'_>) -> Reply {
    if visit.step == "login" {
        let names: Vec<_> = visit
            .request
            .fields()
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        if names != ["ticket", "step", "username", "password", "step", "proceed"] {
            return stale();
        }
    }
    Flow::of(simple_page).serve(visit)
}

fn simple_page(login: &Login<'_>) -> Reply {
    let form = format!(
        "<h1>Sign in to Example Corp</h1>\n{}<form id=\"login\" method=\"post\" action=\"{}\">\n{}{}\
         <label for=\"u\">User name</label> <input id=\"u\" name=\"username\" type=\"text\" autocomplete=\"username\">\n\
         <label for=\"p\">Password</label> <input id=\"p\" name=\"password\" type=\"password\">\n{}\
         <button type=\"submit\" name=\"proceed\">Sign in</button>\n</form>",
        login.alert(),
        escape(&login.action()),
        login.hidden(),
        hidden("step", "1"),
        hidden("step", "2"),
    );
    Reply::html(page("Sign in", &form))
}

/// The login page of faces whose point lies elsewhere.
pub(crate) fn ordinary_page(login: &Login<'_>) -> Reply {
    let form = login.form(&login.action());
    Reply::html(page("Sign in", &format!("<h1>Sign in</h1>\n{form}")))
}
