//! Login forms that are odd in their markup: where they go, what they send, what is around them.

use crate::idp::html::{escape, hidden, page};
use crate::idp::standard::{Flow, Login};
use crate::idp::{Face, Visit};
use crate::web::Reply;

pub(crate) const FACES: &[Face] = &[
    face!("fragment", fragment),
    face!("question", question),
    face!("empty-action", empty_action),
    Face {
        start: "a/b/start?app=aws",
        ..face!("relative", relative)
    },
    face!("base-href", base_href),
    face!("formaction", formaction),
    face!("entities", entities),
    face!("get-form", get_form),
    face!("latin1", latin1),
    face!("multipart", multipart),
    face!("many-forms", many_forms),
    face!("checkbox-radio", checkbox_radio),
    face!("nested", nested),
    face!("too-deep", too_deep),
    face!("huge", huge),
];

/// What a form gets that was sent to the wrong place or with the wrong fields.
fn misdirected(what: &str) -> Reply {
    let text = format!("<h1>Bad request</h1>\n<p>{}</p>", escape(what));
    Reply::html(page("Bad request", &text)).status(400)
}

fn answered(visit: &Visit<'_>) -> bool {
    visit.request.is_post() && visit.step != "otp" && visit.step != "device"
}

/// `action="#"`: back to the same page, query included.
pub(crate) fn fragment(visit: &Visit<'_>) -> Reply {
    same_page(visit, "app=aws", |login| titled(login, &login.form("#")))
}

/// `action="?"`: back to the same path without its query.
pub(crate) fn question(visit: &Visit<'_>) -> Reply {
    same_page(visit, "", |login| titled(login, &login.form("?")))
}

/// No action: back to the same page, query included.
pub(crate) fn empty_action(visit: &Visit<'_>) -> Reply {
    same_page(visit, "app=aws", |login| {
        titled(login, &login.form("").replace(" action=\"\"", ""))
    })
}

fn same_page(visit: &Visit<'_>, query: &str, login_page: fn(&Login<'_>) -> Reply) -> Reply {
    if answered(visit) && (visit.step != "start" || visit.request.query != query) {
        return misdirected("The form went to another address than its page says.");
    }
    Flow::of(login_page).serve(visit)
}

fn titled(_: &Login<'_>, form: &str) -> Reply {
    Reply::html(page("Sign in", form))
}

/// An action with `..` and a query of its own.
pub(crate) fn relative(visit: &Visit<'_>) -> Reply {
    elsewhere(visit, "a/c/login", "step=1", |login| {
        titled(login, &login.form("../c/login?step=1"))
    })
}

/// An action to be resolved against `<base href>`.
pub(crate) fn base_href(visit: &Visit<'_>) -> Reply {
    elsewhere(visit, "deep/login", "", |login| {
        let html = page("Sign in", &login.form("login"));
        let base = format!("<head><base href=\"{}\">", login.visit.path("deep/"));
        Reply::html(html.replacen("<head>", &base, 1))
    })
}

/// A form that would go elsewhere by GET, were it not for its button.
pub(crate) fn formaction(visit: &Visit<'_>) -> Reply {
    elsewhere(visit, "login", "", |login| {
        let form = login
            .form(&login.visit.path("wrong"))
            .replace("method=\"post\"", "method=\"get\"")
            .replace(
                "<button type=\"submit\">",
                &format!(
                    "<button type=\"submit\" formaction=\"{}\" formmethod=\"post\">",
                    login.action()
                ),
            );
        titled(login, &form)
    })
}

/// An action written with entities, and a hidden value that needs them.
pub(crate) fn entities(visit: &Visit<'_>) -> Reply {
    const ODD: &str = "a\"b&c<d>'e&amp;f";
    if answered(visit) && visit.request.field("odd").as_deref() != Some(ODD) {
        return misdirected("A hidden value came back changed.");
    }
    elsewhere(visit, "login", "a=1&b=2&copy=3", |login| {
        let action = "&#x2F;entities&#47;login?a=1&amp;b=2&amp;copy&#x3D;3";
        let form = login.form("ACTION").replace("ACTION", action).replacen(
            "<label",
            &format!("{}<label", hidden("odd", ODD)),
            1,
        );
        titled(login, &form)
    })
}

fn elsewhere(
    visit: &Visit<'_>,
    step: &str,
    query: &str,
    login_page: fn(&Login<'_>) -> Reply,
) -> Reply {
    if visit.step == "wrong"
        || answered(visit) && (visit.step != step || visit.request.query != query)
    {
        return misdirected("The form went to another address than its page says.");
    }
    Flow::of(login_page).serve(visit)
}

/// A form sent by GET, whose fields replace the query of its action.
pub(crate) fn get_form(visit: &Visit<'_>) -> Reply {
    if visit.step == "login" && (visit.request.is_post() || visit.request.field("old").is_some()) {
        return misdirected("The form was to be sent by GET, in place of the old query.");
    }
    Flow::of(|login| {
        let form = login.form(&format!("{}?old=1", login.action()));
        titled(login, &form.replace("method=\"post\"", "method=\"GET\""))
    })
    .serve(visit)
}

/// A page in ISO-8859-1, which wants its fields in it too.
pub(crate) fn latin1(visit: &Visit<'_>) -> Reply {
    let flow = Flow::of(|login| {
        let html = page("Gr\u{fc}\u{df}e", &login.form(&login.action()))
            .replace("<meta charset=\"utf-8\">", "<meta charset=\"iso-8859-1\">");
        let bytes: Vec<u8> = html
            .chars()
            .map(|c| u8::try_from(c).unwrap_or(b'?'))
            .collect();
        Reply::new(200, "text/html; charset=ISO-8859-1", bytes)
    });
    if visit.step != "login" {
        return flow.serve(visit);
    }
    let password = visit.request.latin1_field("password").unwrap_or_default();
    flow.answer_with(
        visit,
        visit.ticket(visit.request.field("ticket")),
        &password,
    )
}

/// A form sent as multipart/form-data.
pub(crate) fn multipart(visit: &Visit<'_>) -> Reply {
    let sent = visit.request.header("content-type").unwrap_or_default();
    if visit.step == "login" && !sent.starts_with("multipart/form-data") {
        return misdirected("The form was to be sent as multipart/form-data.");
    }
    Flow::of(|login| {
        let form = login.form(&login.action());
        titled(
            login,
            &form.replace(
                "method=\"post\"",
                "method=\"post\" enctype=\"multipart/form-data\"",
            ),
        )
    })
    .serve(visit)
}

/// Search, language, logout and registration around the login.
pub(crate) fn many_forms(visit: &Visit<'_>) -> Reply {
    if ["search", "language", "logout", "register", "options"].contains(&visit.step) {
        return misdirected("That was another form.");
    }
    Flow::of(|login| {
        let path = |step| login.visit.path(step);
        let html = format!(
            "<form id=\"search\" role=\"search\" action=\"{}\"><input type=\"text\" name=\"q\" placeholder=\"Search\">\
             <button>Search</button></form>\n\
             <form id=\"language\" action=\"{}\" method=\"post\"><select name=\"lang\"><option value=\"de\">Deutsch</option>\
             <option value=\"en\" selected>English</option></select><button>Change</button></form>\n\
             <form id=\"logout\" action=\"{}\" method=\"post\"><input type=\"hidden\" name=\"logout\" value=\"1\">\
             <input type=\"submit\" value=\"Log out\"></form>\n{}\n\
             <form id=\"options\" action=\"{}\" method=\"post\"><input type=\"hidden\" name=\"AuthMethod\" value=\"\"></form>\n\
             <form id=\"register\" action=\"{}\" method=\"post\"><input type=\"email\" name=\"email\">\
             <input type=\"password\" name=\"new-password\" autocomplete=\"new-password\">\
             <input type=\"password\" name=\"confirm\" autocomplete=\"new-password\"><button>Register</button></form>",
            path("search"),
            path("language"),
            path("logout"),
            login.form(&login.action()),
            path("options"),
            path("register"),
        );
        titled(login, &html)
    })
    .serve(visit)
}

/// Every kind of field; what a browser would send of them must come, in order.
pub(crate) fn checkbox_radio(visit: &Visit<'_>) -> Reply {
    if visit.step == "login" {
        let fields = visit.request.fields();
        let sent: Vec<_> = fields
            .iter()
            .filter(|(name, _)| !["ticket", "username", "password"].contains(&name.as_str()))
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let expected = [
            "shown=on",
            "kept=yes",
            "mode=b",
            "realm=corp",
            "first=one",
            "note=hello",
            "textual=t",
            "outside=o",
        ];
        if sent != expected {
            return misdirected(&format!("Instead of {expected:?} came {sent:?}."));
        }
    }
    Flow::of(|login| {
        let html = format!(
            "{}<form id=\"f\" method=\"post\" action=\"{}\">\n{}\
             <input type=\"text\" name=\"username\"><input type=\"password\" name=\"password\">\n\
             <input type=\"checkbox\" name=\"shown\" checked> <input type=\"checkbox\" name=\"kept\" value=\"yes\" checked>\n\
             <input type=\"checkbox\" name=\"remember\" value=\"1\"> <input type=\"hidden\" value=\"nameless\">\n\
             <input type=\"radio\" name=\"mode\" value=\"a\"><input type=\"radio\" name=\"mode\" value=\"b\" checked>\n\
             <input type=\"radio\" name=\"unset\" value=\"x\">\n\
             <select name=\"realm\"><option value=\"other\">Other</option><option value=\"corp\" selected>Corp</option></select>\n\
             <select name=\"first\"><option disabled>none</option><option>one</option><option>two</option></select>\n\
             <select name=\"several\" multiple><option>x</option></select>\n\
             <textarea name=\"note\">hello</textarea>\n\
             <input type=\"text\" name=\"textual\" value=\"t\" hidden>\n\
             <input type=\"hidden\" name=\"off\" value=\"1\" disabled>\n\
             <fieldset disabled><input type=\"hidden\" name=\"off2\" value=\"1\"></fieldset>\n\
             <input type=\"reset\" name=\"reset\" value=\"Reset\"><button type=\"button\" name=\"help\">Help</button>\n\
             <button type=\"submit\">Sign in</button>\n</form>\n\
             <input type=\"hidden\" name=\"outside\" value=\"o\" form=\"f\">",
            login.alert(),
            login.action(),
            login.hidden(),
        );
        titled(login, &html)
    })
    .serve(visit)
}

/// Deep, but not deeper than browsers go.
pub(crate) fn nested(visit: &Visit<'_>) -> Reply {
    Flow::of(|login| titled(login, &within(login, 400))).serve(visit)
}

/// Deeper than anybody should read.
pub(crate) fn too_deep(visit: &Visit<'_>) -> Reply {
    Flow::of(|login| titled(login, &within(login, 20_000))).serve(visit)
}

fn within(login: &Login<'_>, depth: usize) -> String {
    let form = login.form(&login.action());
    format!("{}{form}{}", "<div>".repeat(depth), "</div>".repeat(depth))
}

/// Over two megabytes.
pub(crate) fn huge(visit: &Visit<'_>) -> Reply {
    Flow::of(|login| {
        let padding = "<p>All work and no play makes a long page.</p>\n".repeat(55_000);
        titled(login, &format!("{padding}{}", login.form(&login.action())))
    })
    .serve(visit)
}
