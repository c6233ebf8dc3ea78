//! What the walk answers by itself, page by page, whatever the provider.

use std::time::Duration;

use url::Url;

use super::factors::code;
use super::form::choose::{CodeFields, Login};
use super::form::words::{names_forget, names_remember};
use super::form::{Answer, ControlKind, Form, Method};
use super::page::choices::{ChoiceOf, Choices, Take, is_factor};
use super::page::kind::{PageKind, classify};
use super::page::message::{Complaint, Message};
use super::page::{Frame, Page, host_of};
use super::refusal;
use super::visit::{Again, AgreementKind, Choice, CodeWanted, Sent, Step, Visit, needs_person};
use crate::error::{Error, Result, clean};
use crate::presence::Presence;

/// The next step for a page that no provider claimed. `step` is its number, for the report on unknown pages.
pub fn answer(page: &Page, visit: &mut Visit<'_>, step: usize) -> Result<Step> {
    match classify(page, &visit.settings.fields, visit.password_sent()) {
        PageKind::AutoSubmit(form) => Ok(Step::Send(script_sent(page, form))),
        PageKind::Redirect { url, after } => Ok(go_after(page, visit, url, after)),
        PageKind::Framed(Frame::Elsewhere(url)) => Ok(Step::Go(url)),
        PageKind::Framed(Frame::Written(text)) => Ok(Step::Open(text)),
        PageKind::Login { form, login } => log_in(page, visit, form, &login),
        PageKind::Code { form, fields } => give_code(page, visit, form, &fields, None),
        PageKind::Choice(choices) => take(page, visit, &choices),
        PageKind::Consent(form) => agree(page, visit, form, AgreementKind::Consent),
        PageKind::Terms(form) => agree(page, visit, form, AgreementKind::Terms),
        PageKind::Notice(form) => {
            let reaches_somebody = names_any(&page.forms[form].text, &["sms", "call", "email", "push"])
                // Around the form a help desk's number or address may stand as well.
                || names_any(&page.text, &["sms", "push", "call you", "send you", "will send"]);
            if reaches_somebody && visit.settings.presence == Presence::Nobody {
                return Err(needs_person(&page.host()));
            }
            visit
                .person
                .warn(&format!("{} says: {}", page.host(), page.summary()));
            Ok(Step::Send(filled(page, visit, form)?))
        }
        PageKind::NewPassword => Err(refusal::new_password(page, visit)),
        PageKind::Enrolment => Err(refusal::enrolment(page, visit)),
        PageKind::WebAuthn => Err(refusal::needs_browser(
            page,
            visit,
            "asks for a security key or passkey",
        )),
        PageKind::Captcha => Err(refusal::needs_browser(
            page,
            visit,
            "wants to see that you are no robot",
        )),
        PageKind::ScriptOnly => Err(refusal::needs_browser(
            page,
            visit,
            "shows a page that only scripts can fill",
        )),
        PageKind::Negotiate => Err(refusal::negotiate(page)),
        PageKind::Complaint(message) => complain(page, visit, &message, step),
        PageKind::Portal => Ok(Step::StartAgain(Again::Portal, refusal::portal(page))),
        // The walk itself answers password dialogs, since they are no forms.
        PageKind::Basic | PageKind::Unknown => Err(refusal::unfamiliar(page, step)),
    }
}

fn names_any(text: &str, methods: &[&str]) -> bool {
    methods.iter().any(|method| is_factor(text, method))
}

/// A page that stays for a while wants to be read.
fn go_after(page: &Page, visit: &mut Visit<'_>, url: Url, after: Duration) -> Step {
    if after >= Duration::from_secs(5) && url != page.url && !page.text.is_empty() {
        visit
            .person
            .warn(&format!("{} says: {}", page.host(), page.summary()));
        return Step::Go(url);
    }
    Step::GoAfter(url, after)
}

fn complain(page: &Page, visit: &mut Visit<'_>, message: &Message, step: usize) -> Result<Step> {
    visit.went_stale |= message.complaint == Complaint::Stale;
    let error = refusal::complaint(page, message, visit, step);
    match message.complaint {
        Complaint::Stale => Ok(Step::StartAgain(Again::Stale, error)),
        _ => Err(error),
    }
}

/// As the page's script sends it, without a button; or as a person does who has to press one.
fn script_sent(page: &Page, form: usize) -> Answer {
    let mut answer = Answer::new(form);
    if page.submits_by_script() {
        answer.no_button();
    }
    answer
}

/// Where an answer goes that is to hold a secret. A form that says nothing of a method would show it in the address bar:
/// only a script can mean that, so no secret is fetched for it.
pub fn target_of_secret(page: &Page, visit: &Visit<'_>, answer: &Answer) -> Result<Url> {
    let form = &page.forms[answer.form];
    let (method, to) = answer.target(form, page.place())?;
    if method != Method::Post && !form.method_given {
        let what = "has a form for a password or code that only a script can send";
        return Err(refusal::needs_browser(page, visit, what));
    }
    Ok(to)
}

/// Gives user name, password, or both, to the form that asks for them, unless it had them already.
pub fn log_in(page: &Page, visit: &mut Visit<'_>, form: usize, login: &Login) -> Result<Step> {
    let message = page.message.as_ref();
    let stale = message.is_some_and(|m| m.complaint == Complaint::Stale);
    if login.password.is_some() && visit.password_sent() {
        let (_, to) = Answer::new(form).target(&page.forms[form], page.place())?;
        if !visit.gave_password_to(&page.host()) && !visit.gave_password_to(&host_of(&to)) {
            return Err(visit.second_password(&page.host()));
        }
        visit.went_stale |= stale;
        let error = refusal::rejected(page, message, visit);
        return match stale {
            true => Ok(Step::StartAgain(Again::Stale, error)),
            false => Err(error),
        };
    }
    let shape = format!("{} {}", page.host(), page.forms[form].shape());
    if login.password.is_none() && login.username.is_some() && visit.user_given_to(&shape) {
        return Err(refusal::rejected(page, message, visit));
    }
    let mut answer = filled(page, visit, form)?;
    let to = match login.password.is_some() || !login.code.is_none() {
        true => target_of_secret(page, visit, &answer)?,
        false => answer.target(&page.forms[form], page.place())?.1,
    };
    if let Some(field) = login.username {
        let user = visit.username(&to)?;
        answer.set(field, &user);
        if let Some(twin) = login.username_twin {
            answer.set(twin, &user);
        }
        if login.password.is_none() {
            visit.last = Sent::Username;
            visit
                .person
                .step(&format!("sending the user name to {}", page.host()));
        }
    }
    if let Some(field) = login.password {
        // The name first: it stands above the password, and the keyring is asked by it.
        visit.username(&to)?;
        let password = visit.password(&to)?;
        answer.set_secret(field, &password);
    }
    if !login.code.is_none() {
        visit.together = login.password.is_some();
        add_code(page, visit, form, &login.code, None, &mut answer)?;
    }
    Ok(Step::Send(answer))
}

/// Answers a page that asks for a code; `device` is what the provider's page calls it.
pub fn give_code(
    page: &Page,
    visit: &mut Visit<'_>,
    form: usize,
    fields: &CodeFields,
    device: Option<String>,
) -> Result<Step> {
    visit.together = false;
    let mut answer = filled(page, visit, form)?;
    add_code(page, visit, form, fields, device, &mut answer)?;
    Ok(Step::Send(answer))
}

/// Adds a code to an answer, unless the page says that asking for more of them is pointless.
pub fn add_code(
    page: &Page,
    visit: &mut Visit<'_>,
    form: usize,
    fields: &CodeFields,
    device: Option<String>,
    answer: &mut Answer,
) -> Result<()> {
    if visit.last == Sent::Code
        && let Some(message) = &page.message
    {
        if message.is_about_the_account() {
            return Err(refusal::rejected(page, Some(message), visit));
        }
        visit
            .person
            .warn(&format!("{} says: {}", page.host(), message.text));
    }
    let to = target_of_secret(page, visit, answer)?;
    let (label, kind) = code::about(&page.forms[form], fields, page.message.as_ref());
    let code = visit.code(
        &to,
        CodeWanted {
            label: &label,
            device,
            kind,
            length: code::length(fields),
            form: format!("{} {}", page.host(), page.forms[form].shape()),
        },
    )?;
    code::fill(answer, fields, &code);
    Ok(())
}

/// The form as it stands, with what the settings say about its boxes and what only a person can pick.
pub fn filled(page: &Page, visit: &mut Visit<'_>, form: usize) -> Result<Answer> {
    let mut answer = Answer::new(form);
    let fields = &page.forms[form];
    for (index, control) in fields.open_fields() {
        match control.kind {
            ControlKind::Checkbox => {
                let about = format!("{} {} {}", control.name, control.id, control.label);
                if names_remember(&about) {
                    let on = visit.settings.remember_device;
                    // "Do not remember" is never ticked: forgetting is what happens without it.
                    answer.tick(index, on && !names_forget(&about));
                }
            }
            ControlKind::Select if control.required && !control.multiple => {
                let chosen = control.options.iter().find(|o| o.selected);
                let empty = chosen
                    .or(control.options.first())
                    .is_some_and(|o| o.value.is_empty());
                if empty {
                    let option = pick_option(visit, fields, index)?;
                    answer.select(index, option);
                }
            }
            _ => {}
        }
    }
    Ok(answer)
}

fn pick_option(visit: &mut Visit<'_>, form: &Form, index: usize) -> Result<usize> {
    let control = &form.controls[index];
    let usable: Vec<usize> = (0..control.options.len())
        .filter(|i| !control.options[*i].disabled && !control.options[*i].value.is_empty())
        .collect();
    if let [only] = usable[..] {
        return Ok(only);
    }
    let picked = visit.person.choose(&Choice {
        question: clean(&control.label),
        options: usable
            .iter()
            .map(|i| clean(&control.options[*i].label))
            .collect(),
    })?;
    let option = usable.get(picked).copied();
    option.ok_or_else(|| Error::failed("the answer is none of the choices"))
}

/// Takes the configured way, or the one the person picks.
pub fn take(page: &Page, visit: &mut Visit<'_>, choices: &Choices) -> Result<Step> {
    let way = &choices.ways[visit.take(page, choices)?];
    if choices.of != ChoiceOf::Source {
        visit.device = Some(way.label.clone());
    }
    visit.person.step(&way.label);
    Ok(match &way.take {
        Take::Link(url) => Step::Go(url.clone()),
        Take::Radio { form, control } => {
            let mut answer = filled(page, visit, *form)?;
            answer.tick(*control, true);
            Step::Send(answer)
        }
        Take::Option {
            form,
            control,
            option,
        } => {
            let mut answer = Answer::new(*form);
            answer.select(*control, *option);
            Step::Send(answer)
        }
        Take::Button { form, control } => {
            let mut answer = filled(page, visit, *form)?;
            answer.press(*control);
            Step::Send(answer)
        }
    })
}

/// Says yes, after whoever may say so did.
pub fn agree(page: &Page, visit: &mut Visit<'_>, form: usize, kind: AgreementKind) -> Result<Step> {
    visit.agree(kind, page)?;
    let mut answer = filled(page, visit, form)?;
    for (index, control) in page.forms[form].open_fields() {
        if control.kind == ControlKind::Checkbox && control.required {
            answer.tick(index, true);
        }
    }
    Ok(Step::Send(answer))
}
