//! LemonLDAP::NG: numbers instead of words, tabs of login forms, second factors, pages that a script sends on.

use ring::digest;

use url::Url;

use super::lemonldap_messages as messages;
use super::{Proof, Provider, beside};
use crate::error::{Error, Result, clean};
use crate::idp::answer;
use crate::idp::document::visible_text;
use crate::idp::factors::code;
use crate::idp::form::choose::{CodeFields, Question, question};
use crate::idp::form::{Answer, ControlKind, Form};
use crate::idp::page::Page;
use crate::idp::page::choices::{ChoiceOf, Choices, Take, Way};
use crate::idp::page::message::Message;
use crate::idp::refusal;
use crate::idp::visit::{Again, AgreementKind, CodeKind, CodeWanted, Sent, Step, Visit};

pub struct LemonLdap;

/// What a script replaces by words of the reader's language stands in attributes of these names.
const MARKS: &str = "[trspan], [trmsg], form#lform, script#redirect[type=custom]";

const SECOND_PASSWORD: &str = "Second password";

impl Provider for LemonLdap {
    fn name(&self) -> &'static str {
        "lemonldap"
    }

    fn about(&self) -> &'static str {
        "LemonLDAP::NG 2"
    }

    fn proof(&self) -> Proof {
        Proof::RealServer
    }

    fn options(&self) -> &'static [(&'static str, &'static str)] {
        &[(
            "choice",
            "the tab to sign in with, by its key or its title, where the portal has several",
        )]
    }

    fn source_option(&self) -> Option<&'static str> {
        Some("choice")
    }

    fn recognise(&self, page: &Page) -> bool {
        page.has(MARKS) || browser_form(page).is_some()
    }

    fn complaint(&self, page: &Page) -> Option<Message> {
        messages::complaint(page)
    }

    fn logout(&self, start: &Url) -> Option<Url> {
        let mut url = beside(start, "/saml/singleSignOn", "/")?;
        url.set_query(Some("logout=1"));
        Some(url)
    }

    fn step(&self, page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
        if let Some(error) = dead_end(page, visit) {
            return Some(Err(error));
        }
        if page.has("#menucontent #menu") {
            // It has a form for a new password, which nobody asked for.
            return Some(Ok(Step::StartAgain(Again::Portal, refusal::portal(page))));
        }
        sent_on(page)
            .or_else(|| remembered_browser(page, visit).map(Ok))
            .or_else(|| second_factor(page, visit))
            .or_else(|| tabs(page, visit))
            .or_else(|| something_to_read(page, visit))
    }
}

/// Numbers that mean something else than their kind does.
fn dead_end(page: &Page, visit: &Visit<'_>) -> Option<Error> {
    let host = page.host();
    if page.url.path().ends_with("/2fregisters") || page.has("[trspan='2fRegRequired']") {
        return Some(refusal::enrolment(page, visit));
    }
    let number = messages::number(page)?;
    let text = page.message.as_ref().map(|m| m.text.clone());
    let error = if messages::CAPTCHAS.contains(&number) {
        refusal::needs_browser(page, visit, "wants to see that you are no robot")
    } else if number == messages::NO_SECOND_FACTOR {
        refusal::enrolment(page, visit)
    } else if messages::UNKNOWN_SERVICE.contains(&number) {
        Error::usage(format!("{host} does not know the service that `url:` names")).hint(
            "`sp=` in `url:` is the entity ID of AWS, `urn:amazon:webservices`, or use `spConfKey=` with the portal's name for it",
        )
    } else if messages::NOT_STARTED.contains(&number) {
        Error::refused(format!("{host} could not start the service by SAML")).hint(
            "ask who runs it to allow the IdP-initiated URL for AWS, and to look at the portal's log",
        )
    } else if messages::TOKEN_EXPIRED.contains(&number) && visit.last == Sent::Code {
        Error::failed(format!(
            "the code came too late for {host}, which did not look at it"
        ))
        .hint("try again; the page for the code is good for two minutes")
    } else {
        return None;
    };
    Some(match text {
        Some(text) => error.because(text),
        None => error,
    })
}

/// A page whose script sends its only form, or goes to the address that stands in it.
fn sent_on(page: &Page) -> Option<Result<Step>> {
    let script = page.select("script#redirect").into_iter().next()?;
    let text: String = script.text().collect();
    match text.trim() {
        "form" => {
            let form = page.forms.iter().position(|f| f.id == "form")?;
            let mut answer = Answer::new(form);
            answer.no_button();
            Some(Ok(Step::Send(answer)))
        }
        "" => None,
        address => Some(page.resolve(address).map(Step::Go)),
    }
}

fn browser_form(page: &Page) -> Option<usize> {
    page.forms
        .iter()
        .position(|f| f.id == "form" && f.has("fg") && f.has("token"))
}

/// The portal remembers a browser by what a script finds out about it; this one says the same each time.
fn remembered_browser(page: &Page, visit: &Visit<'_>) -> Option<Step> {
    let form = browser_form(page)?;
    let print = page.forms[form].index_of("fg")?;
    let mut answer = Answer::new(form);
    let who = format!(
        "mai {} {}",
        page.host(),
        visit.known_user().unwrap_or_default()
    );
    let hash = digest::digest(&digest::SHA256, who.as_bytes());
    let text: String = hash.as_ref().iter().map(|b| format!("{b:02x}")).collect();
    answer.set(print, &text).no_button();
    Some(Step::Send(answer))
}

/// The last part of a form's address.
fn target(form: &Form) -> &str {
    let action = form.action.as_deref().unwrap_or_default();
    let path = action.split(['?', '#']).next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}

fn second_factor(page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
    if let Some(form) = page.forms.iter().position(|f| target(f) == "2fchoice") {
        let ways = factors(page, form);
        return (!ways.is_empty()).then(|| {
            let choices = Choices {
                of: ChoiceOf::Factor,
                question: format!("How do you want to prove it is you to {}?", page.host()),
                ways,
            };
            answer::take(page, visit, &choices)
        });
    }
    let (form, prefix) = page
        .forms
        .iter()
        .enumerate()
        .find_map(|(i, f)| Some((i, target(f).strip_suffix("2fcheck")?)))?;
    if prefix == "password"
        && let Some(field) = ["code", "password"]
            .iter()
            .find_map(|name| page.forms[form].index_of(name))
    {
        return Some(second_password(page, visit, form, field));
    }
    if page.forms[form].has("code") {
        return Some(give_code(page, visit, form, prefix));
    }
    let key = page.forms[form].has("credential") || page.forms[form].has("signature");
    key.then(|| {
        Err(refusal::needs_browser(
            page,
            visit,
            "asks for a security key or passkey",
        ))
    })
}

/// The buttons of the page that lists factors; what they say is left to a script.
fn factors(page: &Page, form: usize) -> Vec<Way> {
    let fields = &page.forms[form];
    fields
        .submitters()
        .filter(|(_, c)| c.name == "sf" && !c.value.is_empty())
        .map(|(control, c)| Way {
            label: match (words_for(&c.value), clean(&c.label)) {
                (Some((words, _)), _) => words.to_owned(),
                (None, label) if label.is_empty() => clean(&c.value),
                (None, label) => label,
            },
            value: c.value.clone(),
            take: Take::Button { form, control },
        })
        .collect()
}

/// Our words for a factor's key, and the kind of its codes.
fn words_for(key: &str) -> Option<(&'static str, CodeKind)> {
    Some(match key {
        "totp" => ("Code of an app (TOTP)", CodeKind::Totp),
        "utotp" => ("Code of an app (TOTP) or a security key", CodeKind::Totp),
        "mail" => ("Code sent by e-mail", CodeKind::Sent),
        "ext" | "rest" => ("Code sent to you", CodeKind::Sent),
        "radius" => ("Code for RADIUS", CodeKind::Unknown),
        "yubikey" => ("Code of a YubiKey", CodeKind::Unknown),
        "webauthn" => ("Security key or passkey (WebAuthn)", CodeKind::Unknown),
        "u" => ("Security key (U2F)", CodeKind::Unknown),
        "password" => (SECOND_PASSWORD, CodeKind::Secret),
        _ => return None,
    })
}

/// The form with the button that has it looked at: the other one asks for another message, by an address of its own.
fn checked(page: &Page, visit: &mut Visit<'_>, form: usize) -> Result<Answer> {
    let mut answer = answer::filled(page, visit, form)?;
    let mut buttons = page.forms[form].submitters();
    if let Some((button, _)) = buttons.find(|(_, c)| c.formaction.is_none()) {
        answer.press(button);
    }
    Ok(answer)
}

fn second_password(page: &Page, visit: &mut Visit<'_>, form: usize, field: usize) -> Result<Step> {
    if !visit.once("the second password") {
        let words = page.message.as_ref().map(|m| m.text.as_str());
        return Err(
            Error::refused(format!("{} refused the second password", page.host()))
                .because(words.unwrap_or("the same page came again"))
                .hint("try again; it is not the password that is asked for first"),
        );
    }
    let mut answer = checked(page, visit, form)?;
    let to = answer::target_of_secret(page, visit, &answer)?;
    answer.set_secret(field, &visit.second_secret(&to, SECOND_PASSWORD)?);
    Ok(Step::Send(answer))
}

fn give_code(page: &Page, visit: &mut Visit<'_>, form: usize, prefix: &str) -> Result<Step> {
    let fields = &page.forms[form];
    let whole = fields.index_of("code");
    let mut answer = checked(page, visit, form)?;
    let (label, kind) = words_for(prefix).unwrap_or(("", CodeKind::Unknown));
    let to = answer::target_of_secret(page, visit, &answer)?;
    let code = visit.code(
        &to,
        CodeWanted {
            label,
            device: None,
            kind,
            length: None,
            form: format!("{} {}", page.host(), fields.shape()),
        },
    )?;
    let boxes = Vec::new();
    code::fill(&mut answer, &CodeFields { boxes, whole }, &code);
    Ok(Step::Send(answer))
}

/// One of several login forms, where the portal leaves the choice to the person.
fn tabs(page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
    let tabs: Vec<(usize, String, String)> = page
        .select("#authMenu .nav-link[href^='#']")
        .into_iter()
        .filter_map(|link| {
            let key = link.attr("href")?.strip_prefix('#')?.to_owned();
            let form = page
                .forms
                .iter()
                .position(|f| f.id.starts_with("lform") && names_tab(f, &key))?;
            Some((form, key, clean(&visible_text(link))))
        })
        .collect();
    if tabs.is_empty() {
        return None;
    }
    let ask = |form: usize| {
        let fields = &visit.settings.fields;
        match question(&page.forms[form], fields, visit.password_sent()) {
            Some(Question::Login(login)) if login.password.is_some() => Some(login),
            _ => None,
        }
    };
    let with_password: Vec<usize> = tabs
        .iter()
        .map(|tab| tab.0)
        .filter(|form| ask(*form).is_some())
        .collect();
    let chosen = if visit.password_sent() {
        // Whichever it was: the answer to it is on the page.
        *with_password.first()?
    } else {
        match (visit.option("choice"), &with_password[..]) {
            (Some(wanted), _) => {
                let is_wanted = |tab: &&(usize, String, String)| {
                    tab.1 == wanted || tab.2.eq_ignore_ascii_case(wanted)
                };
                match tabs.iter().find(is_wanted) {
                    Some(tab) => tab.0,
                    None => return Some(Err(no_such_tab(page, wanted, &tabs))),
                }
            }
            (None, [only]) => *only,
            (None, several) => {
                let among =
                    |tab: &&(usize, String, String)| several.is_empty() || several.contains(&tab.0);
                let shown: Vec<_> = tabs.iter().filter(among).collect();
                match pick_tab(page, visit, &shown) {
                    Ok(form) => form,
                    Err(error) => return Some(Err(error)),
                }
            }
        }
    };
    let fields = &visit.settings.fields;
    Some(
        match question(&page.forms[chosen], fields, visit.password_sent()) {
            Some(Question::Login(login)) => answer::log_in(page, visit, chosen, &login),
            // Another identity provider, or a ticket: it begins with the button.
            _ => answer::filled(page, visit, chosen).map(Step::Send),
        },
    )
}

fn names_tab(form: &Form, key: &str) -> bool {
    form.controls
        .iter()
        .any(|c| c.kind == ControlKind::Hidden && c.value == key)
}

fn pick_tab(
    page: &Page,
    visit: &mut Visit<'_>,
    tabs: &[&(usize, String, String)],
) -> Result<usize> {
    let choices = Choices {
        of: ChoiceOf::Source,
        question: format!("How do you sign in to {}?", page.host()),
        ways: tabs
            .iter()
            .map(|(form, key, title)| Way {
                label: if title.is_empty() {
                    clean(key)
                } else {
                    title.clone()
                },
                value: key.clone(),
                take: Take::Button {
                    form: *form,
                    control: 0,
                },
            })
            .collect(),
    };
    let way = visit.take(page, &choices)?;
    let tab = tabs.get(way).map(|tab| tab.0);
    tab.ok_or_else(|| Error::failed("the answer is none of the choices"))
}

fn no_such_tab(page: &Page, wanted: &str, tabs: &[(usize, String, String)]) -> Error {
    let keys: Vec<&str> = tabs.iter().map(|tab| tab.1.as_str()).collect();
    Error::usage(format!("{} has no tab `{}`", page.host(), clean(wanted))).hint(format!(
        "`options: {{choice: …}}` can be {}",
        clean(&keys.join(", "))
    ))
}

/// Pages between the proof and the service: a notice, a question that answers itself, messages to accept, a stronger
/// session.
fn something_to_read(page: &Page, visit: &mut Visit<'_>) -> Option<Result<Step>> {
    let has_class = |f: &Form, class: &str| f.class.split_whitespace().any(|c| c == class);
    if let Some(form) = page.forms.iter().position(|f| has_class(f, "notif")) {
        return Some(messages_to_accept(page, visit, form));
    }
    let form = page.forms.iter().position(|f| {
        (f.id == "form" && (has_class(f, "info") || has_class(f, "confirm"))) || f.id == "upgrd"
    })?;
    if let Some(text) = page.text_of(".card-body").or_else(|| expiry(page)) {
        let text = format!("{} says: {}", page.host(), clean(&text));
        visit.person.warn(&text);
    }
    let mut answer = match answer::filled(page, visit, form) {
        Ok(answer) => answer,
        Err(error) => return Some(Err(error)),
    };
    let fields = &page.forms[form];
    if let Some((button, _)) = fields.submitters().find(|(_, c)| c.id != "refuse") {
        answer.press(button);
    }
    Some(Ok(Step::Send(answer)))
}

/// "Your password ends in …" has its words in a script, and its number in the mark for it.
fn expiry(page: &Page) -> Option<String> {
    page.select("[trspan^='pwdWillExpire']")
        .first()
        .map(|_| "the password will expire soon".to_owned())
}

fn messages_to_accept(page: &Page, visit: &mut Visit<'_>, form: usize) -> Result<Step> {
    let boxes: Vec<usize> = page.forms[form]
        .open_fields()
        .filter(|(_, c)| c.kind == ControlKind::Checkbox)
        .map(|(i, _)| i)
        .collect();
    if boxes.is_empty() {
        let text = format!("{} says: {}", page.host(), page.summary());
        visit.person.warn(&text);
    } else {
        visit.agree(AgreementKind::Terms, page)?;
    }
    let mut answer = answer::filled(page, visit, form)?;
    for index in boxes {
        answer.tick(index, true);
    }
    Ok(Step::Send(answer))
}
