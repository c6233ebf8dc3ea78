//! A company that leaves its secrets lying about in every corner of a page.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded::byte_serialize;

use crate::idp::html::{escape, hidden};
use crate::idp::standard::{Flow, Login, stale};
use crate::idp::ticket::{Stage, Ticket};
use crate::idp::{Face, Visit};
use crate::users::User;
use crate::web::Reply;

pub(crate) const FACES: &[Face] = &[face!("leaky", leaky)];

/// What lies about: nothing of it belongs into a recording, however it is spelled.
pub const PLANTED: &[&str] = &[
    "Zanzibar Holdings",
    "Wilhelmina Quackenbush",
    "w.quackenbush@zanzibar.invalid",
    "4155552671",
    "2671-88",
    "sk-live-9f8e7d6c5b4a",
    "zq_node_eu17",
    "rlst.8877665544",
    "JSES9QX7D5EED",
    "vault.zanzibar.invalid",
    "blue heron lane",
    "Will Young",
    "mark.page@smart.com",
    "tail-26-71",
    "[2,6,7,1,9]",
    "<i>Q</i><i>u</i><i>a</i>",
    "quackapp://",
];

fn planted(number: usize) -> &'static str {
    PLANTED[number % PLANTED.len()]
}

pub(crate) fn leaky(visit: &Visit<'_>) -> Reply {
    if visit.step.starts_with("go-on") {
        let at = visit.at_stage(visit.request.field("ticket"), Stage::Complete);
        return match at {
            Some((ticket, user)) => visit.finish(&user, Some(&ticket)),
            None => stale(),
        };
    }
    if visit.step.starts_with("start")
        && !visit.step.contains("zq_node_eu17")
        && !visit.request.is_post()
    {
        let ticket = visit.open_ticket();
        let location = format!(
            "{};jsessionid=JSES9QX7D5EED?RelayState={}&user={}#{}",
            visit.path("start/zq_node_eu17/Zanzibar%20Holdings"),
            urlencoded("https://vault.zanzibar.invalid/?k=sk-live-9f8e7d6c5b4a"),
            urlencoded(planted(2)),
            urlencoded(planted(10)),
        );
        return ticket.on(Reply::redirect(302, &location), visit);
    }
    Flow {
        page: login_page,
        then: echoes,
    }
    .serve(visit)
}

fn urlencoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

/// Each character as a reference.
fn entities(text: &str) -> String {
    text.chars()
        .map(|c| format!("&#x{:x};", c as u32))
        .collect()
}

/// A text as a script has it.
fn unicode(text: &str) -> String {
    text.encode_utf16()
        .map(|unit| format!("\\u{unit:04x}"))
        .collect()
}

fn login_page(login: &Login<'_>) -> Reply {
    let html = format!(
        "<!DOCTYPE html>\n<!-- {all} -->\n<html lang=\"en\"><head><title>Sign in | {company} | {name}</title>\n\
         <meta name=\"author\" content=\"{name}\"><meta property=\"og:site\" content=\"{vault}\">\n\
         <link rel=\"stylesheet\" href=\"https://{vault}/{node}.css\">\n\
         <style>.zq_node_eu17::after {{ content: \"{name} {key}\" }}</style>\n\
         <script src=\"//{vault}/a.js?k={key}\" nonce=\"{key}\"></script>\n\
         <script>// {all}\n/* {all} */\nvar zq_node_eu17 = '{key}', who = \"{unicode_name}\", mail = `{mail}`;\n\
         var config = {{\"tenant\": \"{company}\", 'phone': {phone}, api: {{url: \"https://{vault}/{node}?k={key}\"}}}};\n\
         var b = atob('{coded}'); function zq_node_eu17_go(x) {{ return /blue heron lane/.test(x); }}</script>\n\
         <script type=\"application/json\">{{\"{company}\": [\"{name}\", {phone}, {{\"html\": \"<b title='{name}'>{key}<\\/b>\"}}]}}</script>\n\
         </head>\n<body class=\"page {node}\" id=\"{node}\" style=\"background: url(https://{vault}/x)\" onload=\"track('{mail}')\">\n\
         <h1>Welcome to {company}</h1>\n<p>Hello {entity_name}, a code was sent to ••••2671-88 &lt;{mail}&gt;</p>\n{alert}\
         <img src=\"/{node}/{urlencoded_name}.png\" alt=\"{name}\" title=\"{company}\">\n\
         <div data-user='{{\"name\":\"{name}\",\"mail\":\"{mail}\"}}' data-{node}=\"{key}\" aria-label=\"{name}\"></div>\n\
         <noscript><p>{name} needs JavaScript</p><img src=\"https://{vault}/{key}\"></noscript>\n\
         <iframe srcdoc=\"&lt;p&gt;{name}&lt;/p&gt;&lt;a href='https://{vault}/{key}'&gt;{company}&lt;/a&gt;\" hidden>{name}</iframe>\n\
         <svg><title>{name}</title><text>{key}</text><path d=\"M0 0\" id=\"{node}\"/></svg>\n\
         <template><p>{name}</p></template><object data=\"https://{vault}/{key}\"></object>\n\
         <a href=\"mailto:{mail}\">{mail}</a> <a href=\"tel:{phone}\">call {phone}</a> <a href=\"data:text/plain,{urlencoded_name}\">x</a>\n\
         <form id=\"login\" method=\"post\" action=\"{action}\">\n{ticket}\
         <input type=\"hidden\" name=\"RelayState\" value=\"https://{vault}/?r={relay}\">\n\
         <input type=\"hidden\" name=\"{node}\" value=\"{coded}\">\n\
         <input type=\"hidden\" name=\"json\" value='{{\"who\":\"{name}\",\"n\":{phone}}}'>\n\
         <input type=\"hidden\" name=\"state\" value=\"{urlencoded_name}%7C{relay}\">\n\
         <label for=\"u\">User name at {company}</label><input id=\"u\" name=\"username\" value=\"{mail}\" placeholder=\"{mail}\">\n\
         <label for=\"p\">Password, {name}</label><input id=\"p\" name=\"password\" type=\"password\" value=\"{key}\" title=\"{name}\">\n\
         <select name=\"org\"><option value=\"{node}\" label=\"{company}\">{company}</option><option value=\"{key}\">{name}</option></select>\n\
         <textarea name=\"note\" hidden>{name} {relay}</textarea>\n\
         <button type=\"submit\" title=\"{name}\">Sign in</button>\n</form>\n\
         <p>{split_name} lives in <b>blue</b> <i>heron</i> <u>lane</u></p>\n\
         <p id=\"{tail}\" class=\"{tail}\">Signed in as {lister} &lt;{listed}&gt; {letters}</p>\n\
         <a href=\"/u/{tail}/{listed}?t={tail}\">x</a><a href=\"{app}done\">x</a>\n\
         <script>var last = {row}, t = '{tail}', who = '{lister}';</script>\n\
         <script type=\"application/json\">{{\"level\": {row}, \"id\": \"{tail}\", \"who\": \"{lister}\"}}</script>\n</body></html>\n",
        all = PLANTED.join(" | "),
        company = planted(0),
        name = planted(1),
        mail = planted(2),
        phone = planted(3),
        key = planted(5),
        node = planted(6),
        relay = planted(7),
        vault = planted(9),
        lister = planted(11),
        listed = planted(12),
        tail = planted(13),
        row = planted(14),
        letters = planted(15),
        app = planted(16),
        unicode_name = unicode(planted(1)),
        entity_name = entities(planted(1)),
        urlencoded_name = urlencoded(planted(1)),
        coded = STANDARD.encode(PLANTED.join("|")),
        split_name = "Wilhel<b>mina</b> Quacken<!-- x -->bush",
        alert = login.alert(),
        action = escape(&format!(
            "{};jsessionid=JSES9QX7D5EED?s={}",
            login.action(),
            planted(7)
        )),
        ticket = login.hidden(),
    );
    Reply::html(html)
        .cookie(planted(6), planted(5), "/")
        .with("x-served-by", planted(6))
        .with("x-user", planted(2))
}

/// A page that says back what was typed, in every spelling, and goes on by itself.
fn echoes(visit: &Visit<'_>, user: &User, ticket: &Ticket) -> Reply {
    let password = visit.request.field("password").unwrap_or_default();
    let hex: String = password.bytes().map(|b| format!("{b:02x}")).collect();
    let html = format!(
        "<html><head><title>{password} {name}</title></head><body data-p=\"{entity}\">\n<p>{name} typed {password}, that is \
         {entity}, {percent}, {coded}, {hex}, {upper} and {half}<b>{other}</b></p>\n\
         <script>var p = '{unicode}', q = \"{password}\", u = '{name}';</script>\n\
         <form method=\"post\" action=\"{action}\">\n{ticket}\
         <input type=\"hidden\" name=\"p\" value=\"{password}\"><input type=\"hidden\" name=\"c\" value=\"{coded}\"></form>\n\
         <script>document.forms[0].submit();</script></body></html>\n",
        name = escape(&user.name),
        password = escape(&password),
        entity = entities(&password),
        percent = urlencoded(&password),
        coded = STANDARD.encode(format!("{}:{password}", user.name)),
        upper = escape(&password.to_uppercase()),
        half = escape(&password[..password.len() / 2]),
        other = escape(&password[password.len() / 2..]),
        unicode = unicode(&password),
        action = escape(&format!(
            "{}?p={}&u={}",
            visit.path("go-on"),
            urlencoded(&password),
            user.name
        )),
        ticket = hidden("ticket", &ticket.id),
    );
    Reply::html(html)
}
