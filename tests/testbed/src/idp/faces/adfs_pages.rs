//! The pages of AD FS: the same ids, names and scripts in every language.

use crate::encoding::random_name;
use crate::idp::Visit;
use crate::idp::html::{escape, hidden};

/// A page as AD FS lays it out.
fn page(title: &str, inside: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en-US\">\n<head><meta http-equiv=\"X-UA-Compatible\" content=\"IE=10.000\"/>\n\
         <title>{title}</title></head>\n<body dir=\"ltr\" class=\"body\">\n\
         <div id=\"noScript\"><h1>JavaScript required</h1><p>JavaScript is required. This web browser does not support \
         JavaScript.</p></div>\n\
         <script>document.getElementById(\"noScript\").style.display = \"none\";</script>\n\
         <div id=\"fullPage\"><div id=\"header\">Corp</div>\n<div id=\"workArea\">\n{inside}\n</div>\n\
         <div id=\"footer\"><span id=\"copyright\">&#169; 2016</span></div></div>\n</body></html>\n"
    )
}

/// The address of this page, as its forms repeat it.
pub(crate) fn here(visit: &Visit<'_>) -> String {
    escape(&visit.request.target())
}

/// The place for errors: a label up to 2012 R2, a span since.
pub(crate) fn error_area(visit: &Visit<'_>, text: &str) -> String {
    let tag = match visit.face.name {
        "adfs-3" | "adfs-german" | "adfs-server" => "label",
        _ => "span",
    };
    format!(
        "<div id=\"error\" class=\"fieldMargin error smallText\"><{tag} id=\"errorText\" for=\"\">{text}</{tag}></div>\n"
    )
}

/// The form behind the links to other methods.
pub(crate) fn options(visit: &Visit<'_>, methods: &[(&str, &str)]) -> String {
    let links: String = methods
        .iter()
        .map(|(method, label)| {
            format!(
                "<a class=\"actionLink\" href=\"#\" id=\"{method}\" onclick=\"SelectOption('{method}'); return false;\">\
                 {label}</a>"
            )
        })
        .collect();
    let twin = match visit.face.name {
        "adfs-3" | "adfs-german" => "",
        _ => {
            "<input id=\"userNameInputOptionsHolder\" name=\"UserName\" value=\"\" type=\"hidden\"/>"
        }
    };
    format!(
        "<div id=\"authOptions\"><form id=\"options\" method=\"post\" action=\"{}\">\n<script type=\"text/javascript\">\n\
         function SelectOption(option) {{\n  var i = document.getElementById('optionSelection');\n  i.value = option;\n  \
         document.forms['options'].submit();\n  return false;\n}}\n</script>\n\
         <input id=\"optionSelection\" type=\"hidden\" name=\"AuthMethod\" />{twin}\n\
         <div id='authOptionLinks' class='groupMargin'>{links}</div></form></div>\n",
        here(visit)
    )
}

/// Which fields a login page has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asks {
    Both,
    /// Both, the second out of sight until the first is typed.
    Paginated,
    UserName,
    /// The password of somebody.
    Password,
}

/// The login form.
pub(crate) fn login(visit: &Visit<'_>, asks: Asks, user: &str, error: &str) -> String {
    let name = match asks {
        Asks::Password => hidden("UserName", user),
        _ => "<div id=\"userNameArea\"><input id=\"userNameInput\" name=\"UserName\" type=\"email\" value=\"\" \
              class=\"text fullWidth\" spellcheck=\"false\" placeholder=\"someone@example.com\" autocomplete=\"off\"/></div>\n"
            .to_owned(),
    };
    let style = match asks {
        Asks::Paginated => " style=\"display:none\"",
        _ => "",
    };
    let password = match asks {
        Asks::UserName => String::new(),
        _ => format!(
            "<div id=\"passwordArea\"{style}><input id=\"passwordInput\" name=\"Password\" type=\"password\" \
             placeholder=\"Password\" autocomplete=\"off\"/></div>\n"
        ),
    };
    let kmsi = match visit.face.name {
        "adfs-3" => {
            "<div id=\"kmsiArea\"><input type=\"checkbox\" name=\"Kmsi\" id=\"kmsiInput\" value=\"true\"/><input \
             type=\"hidden\" name=\"Kmsi\" value=\"\"/><label for=\"kmsiInput\">Keep me signed in</label></div>\n"
        }
        _ => {
            "<div id=\"kmsiArea\" style=\"display:none\"><input type=\"checkbox\" name=\"Kmsi\" id=\"kmsiInput\" \
             value=\"true\"/></div>\n"
        }
    };
    let method = match asks {
        Asks::UserName => "",
        _ => "FormsAuthentication",
    };
    let (title, button) = match visit.face.name {
        "adfs-german" => ("Anmelden", "Anmelden"),
        _ => ("Sign In", "Sign in"),
    };
    page(
        title,
        &format!(
            "<div id=\"authArea\"><div id=\"loginArea\">\n<form method=\"post\" id=\"loginForm\" autocomplete=\"off\" \
             novalidate=\"novalidate\" onKeyPress=\"if (event &amp;&amp; event.keyCode == 13) Login.submitLoginRequest();\" \
             action=\"{}\">\n{}<div id=\"formsAuthenticationArea\">\n{name}{password}{kmsi}\
             <div id=\"submissionArea\"><span id=\"submitButton\" class=\"submit\" role=\"button\" \
             onclick=\"return Login.submitLoginRequest();\">{button}</span></div></div>\n\
             <input id=\"optionForms\" type=\"hidden\" name=\"AuthMethod\" value=\"{method}\"/>\n</form>\n{}\
             <div id=\"introduction\"><a href=\"{}\">Change your password</a></div>\n\
             <script>\nfunction Login() {{}}\nLogin.submitLoginRequest = function () {{ \
             document.forms['loginForm'].submit(); return false; }};\n</script></div></div>",
            here(visit),
            error_area(visit, error),
            options(visit, &[]),
            visit.path("portal/updatepassword/"),
        ),
    )
}

/// The page of an adapter; its form has no action.
pub(crate) fn adapter(
    visit: &Visit<'_>,
    method: &str,
    context: &str,
    inside: &str,
    methods: &[(&str, &str)],
) -> String {
    page(
        "Sign In",
        &format!(
            "<div id=\"authArea\"><div id=\"mfaGreetingDescription\" class=\"groupMargin\">We need to know more about \
             you.</div>\n<div id=\"customAuthArea\"><form method=\"post\" id=\"loginForm\" autocomplete=\"off\">\n\
             <input id=\"authMethod\" type=\"hidden\" name=\"AuthMethod\" value=\"{method}\"/>\n\
             <input id=\"context\" type=\"hidden\" name=\"Context\" value=\"{context}\"/>\n{inside}</form></div>\n{}</div>",
            options(visit, methods)
        ),
    )
}

/// The list of methods alone.
pub(crate) fn methods(visit: &Visit<'_>, list: &[(&str, &str)]) -> String {
    page(
        "Sign In",
        &format!(
            "<div id=\"authArea\"><div id=\"mfaGreeting\">Welcome</div>{}</div>",
            options(visit, list)
        ),
    )
}

/// Where do you come from?
pub(crate) fn home_realms(visit: &Visit<'_>, realms: &[(&str, &str)]) -> String {
    let pictures: String = realms
        .iter()
        .map(|(value, label)| {
            format!(
                "<div class=\"idp\" tabIndex=\"1\" role=\"button\" onclick=\"HRD.selection('{value}'); return false;\">\
                 <img class=\"largeIcon float\" src=\"idp.png\" alt=\"{label}\"/><div class=\"idpDescription float\"><span>{label}\
                 </span></div></div>\n"
            )
        })
        .collect();
    page(
        "Home Realm Discovery",
        &format!(
            "<div id=\"hrdArea\"><form id=\"hrd\" method=\"post\" autocomplete=\"off\" action=\"{}\">\n\
             <div id=\"bySelection\"><div id=\"openingMessage\" class=\"groupMargin\">Sign in with one of these \
             accounts</div>\n<input id=\"hrdSelection\" type=\"hidden\" />\n{pictures}\
             <div class=\"idp\" role=\"button\" onclick=\"HRD.showEmailInput(); return false;\">Other</div></div>\n\
             <div id=\"byEmail\">{}<input id=\"emailInput\" name=\"Email\" type=\"email\" value=\"\"/>\
             <input class=\"submit\" name=\"HomeRealmByEmail\" type=\"submit\" value=\"Next\" onclick=\"return \
             HRD.submitEmail()\"/></div></form>\n<script>\nfunction HRD() {{}}\nHRD.selection = function (option) {{\n\
             var i = document.getElementById('hrdSelection'); i.name = \"HomeRealmSelection\"; i.value = option;\n\
             document.forms['hrd'].submit(); return false; }}\n</script></div>",
            here(visit),
            error_area(visit, ""),
        ),
    )
}

/// The page of applications.
pub(crate) fn applications(visit: &Visit<'_>, signed_in: bool, list: &[(&str, &str)]) -> String {
    let options: String = list
        .iter()
        .map(|(id, name)| format!("<option value=\"{id}\">{name}</option>"))
        .collect();
    let (status, button) = match signed_in {
        true => (
            "You are signed in.",
            "<input id=\"idp_GoButton\" name=\"SignInGo\" type=\"submit\" value=\"Go\"/><input id=\"idp_SingleSignOut\" \
             type=\"radio\" name=\"SingleSignOut\" value=\"SingleSignOut\"/>",
        ),
        false => (
            "You are not signed in.",
            "<input id=\"idp_SignInButton\" name=\"SignInSubmit\" type=\"submit\" value=\"Sign in\"/>",
        ),
    };
    page(
        "Sign In",
        &format!(
            "<form id=\"idpForm\" method=\"post\" autocomplete=\"off\" action=\"{}\">\n<div id=\"idp_SignInPanel\">\
             <div id=\"idp_SignInThisSiteStatusLabel\">{status}</div>\n\
             <input id=\"idp_ThisRpRadioButton\" name=\"SignInThisSite\" value=\"SignInThisSite\" type=\"radio\" checked/>\n\
             <input id=\"idp_OtherRpRadioButton\" name=\"SignInOtherSite\" value=\"SignInOtherSite\" type=\"radio\"/>\n\
             <select id=\"idp_RelyingPartyDropDownList\" name=\"RelyingParty\" disabled=\"disabled\">{options}</select>\n\
             {button}</div></form>",
            here(visit)
        ),
    )
}

/// The page for errors that end everything.
pub(crate) fn fatal(text: &str) -> String {
    let id = format!(
        "{:0<12}",
        random_name()
            .chars()
            .filter(char::is_ascii_digit)
            .take(12)
            .collect::<String>()
    );
    page(
        "Error",
        &format!(
            "<div id=\"errorArea\"><div id=\"openingMessage\" class=\"groupMargin bigText\">An error occurred</div>\n\
             <div id=\"errorMessage\" class=\"groupMargin\">{text}</div>\n<div class=\"groupMargin\" id=\"errorDetails\" \
             style=\"display:none\"><ul><li>Activity ID: 00000000-0000-0000-1234-{id}</li><li>Node name: \
             7b4e0d9a-0000-4000-8000-000000000001</li></ul></div></div>"
        ),
    )
}

/// The page that changes a password.
pub(crate) fn update_password(visit: &Visit<'_>) -> String {
    page(
        "Update Password",
        &format!(
            "<div id=\"updatePasswordArea\"><form method=\"post\" id=\"updatePasswordForm\" action=\"{}\">\
             <input name=\"UserName\" type=\"email\"/><input name=\"OldPassword\" type=\"password\"/>\
             <input name=\"NewPassword\" type=\"password\"/><input name=\"ConfirmNewPassword\" type=\"password\"/>\
             <input id=\"submitButton\" name=\"Submit\" type=\"submit\" value=\"Submit\"/></form></div>",
            here(visit)
        ),
    )
}
