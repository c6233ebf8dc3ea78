//! Login pages as they should be.

use crate::idp::html::{hidden, page};
use crate::idp::standard::{Login, answer, serve, stale};
use crate::idp::{Visit, html};
use crate::web::Reply;

/// One page; its hidden fields must come back all, in the order of the page.
pub(crate) fn simple(visit: &Visit<'_>) -> Reply {
    if visit.step == "login" && visit.request.is_post() {
        let names: Vec<_> = visit.request.fields().into_iter().map(|(name, _)| name).collect();
        if names != ["ticket", "step", "username", "password", "step", "proceed"] {
            return stale();
        }
        return answer(visit, simple_page, visit.request.field("password").as_deref());
    }
    serve(visit, simple_page)
}

fn simple_page(login: &Login<'_>) -> Reply {
    let form = format!(
        "<h1>Sign in to Example Corp</h1>\n{}<form id=\"login\" method=\"post\" action=\"{}\">\n{}{}\
         <label for=\"u\">User name</label> <input id=\"u\" name=\"username\" type=\"text\" autocomplete=\"username\">\n\
         <label for=\"p\">Password</label> <input id=\"p\" name=\"password\" type=\"password\">\n{}\
         <button type=\"submit\" name=\"proceed\">Sign in</button>\n</form>",
        login.alert(),
        html::escape(&login.action()),
        login.hidden(),
        hidden("step", "1"),
        hidden("step", "2"),
    );
    Reply::html(page("Sign in", &form))
}
