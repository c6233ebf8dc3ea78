//! What the questions of OpenAM are answered with.

use std::time::Duration;

use serde_json::json;

use super::callback::{Callback, Line, Questions};
use super::{ask, next};
use crate::error::{Error, Result, clean};
use crate::idp::call::Call;
use crate::idp::factors::code;
use crate::idp::form::words::{is_negative, is_positive, names_remember};
use crate::idp::page::Page;
use crate::idp::page::choices::{
    ChoiceOf, Choices, Take, Way, is_factor, names_factor, reaches_somebody,
};
use crate::idp::refusal;
use crate::idp::visit::{
    AgreementKind, Choice, CodeKind, CodeWanted, Sent, Step, Visit, needs_person,
};
use crate::presence::Presence;
use crate::secret::Secret;

/// Callbacks that ask for something about the person which a sign-in has no business to invent.
const PROFILE: &[&str] = &[
    "KbaCreateCallback",
    "StringAttributeInputCallback",
    "NumberAttributeInputCallback",
    "ValidatedCreateUsernameCallback",
    "IdPCallback",
];

/// Answers questions, or says why they cannot be answered here.
pub fn answer(page: &Page, visit: &mut Visit<'_>, mut asked: Questions) -> Result<Step> {
    stop_if_hopeless(page, visit, &asked)?;
    if let Some(redirect) = asked.of("RedirectCallback") {
        return follow(page, redirect);
    }
    if let Some(poll) = asked.of("PollingWaitCallback") {
        return wait(page, visit, &asked, poll);
    }
    if wants_key(&asked) {
        return without_key(page, visit, asked);
    }
    let lines = asked.lines(visit.password_sent());
    let asks_code = lines.iter().any(|(_, line)| *line == Line::Code);
    if asks_code && let Some(request) = ask_for_code(visit, &asked)? {
        let (index, option) = request;
        asked.fill(index, json!(option));
        visit
            .person
            .step(&format!("asking {} to send a code", page.host()));
        return Ok(send(page, &asked, "", false));
    }
    let is_secret = fill_lines(page, visit, &mut asked, &lines)?;
    for index in 0..asked.all.len() {
        let callback = asked.all[index].clone();
        fill_other(page, visit, &mut asked, index, &callback, !lines.is_empty())?;
    }
    Ok(send(page, &asked, "", is_secret))
}

fn send(page: &Page, asked: &Questions, sent: &str, is_secret: bool) -> Step {
    let call = ask(Call::post(next(page, sent)).json(asked.document())).about(&asked.shape());
    Step::Call(match is_secret {
        true => call.with_secret(),
        false => call,
    })
}

fn stop_if_hopeless(page: &Page, visit: &Visit<'_>, asked: &Questions) -> Result<()> {
    let everything: String = asked.all.iter().map(Callback::everything).collect();
    if asked.all.iter().any(|c| c.kind.starts_with("ReCaptcha")) {
        let what = "wants to see that you are no robot";
        return Err(refusal::needs_browser(page, visit, what));
    }
    let options: Vec<String> = asked
        .all
        .iter()
        .flat_map(|c| c.options("options"))
        .map(|option| option.to_lowercase())
        .collect();
    let offers = |word: &str| options.iter().any(|option| option.contains(word));
    let enrols = ["otpauth:", "pushauth:", "mfauth:", "webauthn_registration"]
        .iter()
        .any(|word| everything.contains(word))
        || everything.contains("navigator.credentials.create")
        || asked.has("DeviceBindingCallback")
        || (offers("register") && offers("skip"));
    if enrols {
        return Err(refusal::enrolment(page, visit));
    }
    let lines = asked.lines(visit.password_sent());
    let asks_new = lines.iter().any(|(_, line)| *line == Line::NewPassword)
        || asked.has("ValidatedCreatePasswordCallback");
    if asks_new {
        return Err(refusal::new_password(page, visit));
    }
    let in_browser = || {
        format!(
            "sign in once in a browser at {} and do it there",
            visit.address()
        )
    };
    if PROFILE.iter().any(|kind| asked.has(kind)) {
        return Err(Error::needs_you(format!(
            "{} wants your profile to be completed before it goes on",
            page.host()
        ))
        .hint(in_browser()));
    }
    if asked.has("SuspendedTextOutputCallback") {
        return Err(Error::needs_you(format!(
            "{} goes on with a link that it sent by e-mail",
            page.host()
        ))
        .because(clean(&asked.text))
        .hint(in_browser()));
    }
    Ok(())
}

/// Another identity provider signs in, or another host has a say.
fn follow(page: &Page, redirect: &Callback) -> Result<Step> {
    let url = page.resolve(&redirect.words("redirectUrl"))?;
    if !redirect
        .words("redirectMethod")
        .eq_ignore_ascii_case("post")
    {
        return Ok(Step::Go(url));
    }
    let data = redirect.output("redirectData").and_then(|d| d.as_object());
    let fields: Vec<(&str, &str)> = data
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
        .collect();
    Ok(Step::Call(Call::post(url).form(&fields)))
}

/// Somebody approves elsewhere; the same answer is given until it is known.
fn wait(page: &Page, visit: &mut Visit<'_>, asked: &Questions, poll: &Callback) -> Result<Step> {
    let number = asked
        .all
        .iter()
        .find(|c| c.kind == "HiddenValueCallback" && c.words("id") == "pushChallengeNumber")
        .map(|c| c.words("value"))
        .filter(|number| !number.is_empty());
    visit.push(&page.host(), number, &asked.text)?;
    Ok(Step::Wait {
        every: Duration::from_millis(poll.number("waitTime").unwrap_or(3_000).max(200)),
        then: Box::new(send(page, asked, "push", false)),
    })
}

const KEY_OUTCOME: &str = "webAuthnOutcome";

fn wants_key(asked: &Questions) -> bool {
    asked.all.iter().any(|c| {
        c.words("id") == KEY_OUTCOME
            || c.everything().contains("webauthn_authentication")
            || (c.is_script() && c.everything().contains("navigator.credentials"))
    })
}

/// Says, as a browser without security keys does, that there is none; the server may know another way.
fn without_key(page: &Page, visit: &mut Visit<'_>, mut asked: Questions) -> Result<Step> {
    let outcome = asked
        .all
        .iter()
        .position(|c| c.kind == "HiddenValueCallback" && c.words("id") == KEY_OUTCOME);
    match outcome {
        Some(outcome) if visit.once("no security key at OpenAM") => {
            asked.fill(outcome, json!("unsupported"));
            Ok(send(page, &asked, "no key", false))
        }
        _ => Err(needs_key(page, visit)),
    }
}

pub fn needs_key(page: &Page, visit: &Visit<'_>) -> Error {
    refusal::needs_browser(page, visit, "asks for a security key or passkey")
}

/// Where a code is sent only if it is asked for: the callback and its option to press, if the person wants that.
fn ask_for_code(visit: &mut Visit<'_>, asked: &Questions) -> Result<Option<(usize, usize)>> {
    let requests = |option: &String| {
        let option = option.to_lowercase();
        ["request", "send", "anforder", "senden"]
            .iter()
            .any(|word| option.contains(word))
    };
    let offer = asked.all.iter().enumerate().find_map(|(index, callback)| {
        let options = callback.options("options");
        let request = options.iter().position(requests)?;
        let other = options.iter().position(|option| !requests(option))?;
        (callback.kind == "ConfirmationCallback").then_some((index, request, other, options))
    });
    let Some((index, request, other, options)) = offer else {
        return Ok(None);
    };
    // Nobody's phone rings for nobody, and nobody is asked twice.
    if visit.settings.presence == Presence::Nobody || !visit.once("a code to be sent by OpenAM") {
        return Ok(None);
    }
    let wants = match visit.settings.mfa_method.as_deref() {
        Some(method) => ["sms", "email", "call"]
            .iter()
            .any(|sent| method.eq_ignore_ascii_case(sent)),
        None => {
            let picked = visit.person.choose(&Choice {
                question: "Do you have a code already?".to_owned(),
                options: vec![clean(&options[other]), clean(&options[request])],
            })?;
            picked == 1
        }
    };
    Ok(wants.then_some((index, request)))
}

/// User name, password and code; says whether a secret is among them.
fn fill_lines(
    page: &Page,
    visit: &mut Visit<'_>,
    asked: &mut Questions,
    lines: &[(usize, Line)],
) -> Result<bool> {
    let message = page.message.as_ref();
    let asks = |line: Line| lines.iter().any(|(_, l)| *l == line);
    if asks(Line::Password) && visit.password_sent() {
        return Err(refusal::rejected(page, message, visit));
    }
    let shape = format!("{} {}", page.host(), asked.shape());
    let only_user = asks(Line::User) && !asks(Line::Password) && !asks(Line::Code);
    if only_user && visit.user_given_to(&shape) {
        return Err(refusal::rejected(page, message, visit));
    }
    for (index, line) in lines {
        match line {
            Line::User => {
                let user = visit.username(&page.url)?;
                asked.fill(*index, json!(user));
                if only_user {
                    visit.last = Sent::Username;
                    visit
                        .person
                        .step(&format!("sending the user name to {}", page.host()));
                }
            }
            Line::Password => {
                // The name first: it stands above the password, and the keyring is asked by it.
                visit.username(&page.url)?;
                let password = visit.password(&page.url)?;
                asked.fill(*index, json!(password.expose()));
            }
            Line::Code => {
                visit.together = asks(Line::Password);
                let code = give_code(page, visit, asked, *index)?;
                asked.fill(*index, json!(code.expose()));
            }
            Line::NewPassword => {}
        }
    }
    Ok(asks(Line::Password) || asks(Line::Code))
}

fn give_code(
    page: &Page,
    visit: &mut Visit<'_>,
    asked: &Questions,
    index: usize,
) -> Result<Secret> {
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
    let prompt = asked.all[index].words("prompt");
    let own = format!("{prompt} {}", asked.stage);
    let kind = match asked.stage.starts_with("HOTP") {
        true => CodeKind::Sent,
        false => code::kind(&own, &asked.text),
    };
    let label = match prompt.is_empty() {
        true => asked.text.as_str(),
        false => prompt.trim_end_matches([':', ' ']),
    };
    visit.code(
        &page.url,
        CodeWanted {
            label,
            device: None,
            kind,
            length: None,
            form: format!("{} {} {prompt}", page.host(), asked.stage),
        },
    )
}

fn fill_other(
    page: &Page,
    visit: &mut Visit<'_>,
    asked: &mut Questions,
    index: usize,
    callback: &Callback,
    has_lines: bool,
) -> Result<()> {
    match callback.kind.as_str() {
        "ChoiceCallback" => {
            let taken = choose(page, visit, callback, &callback.options("choices"))?;
            asked.fill(index, json!(taken));
        }
        "SelectIdPCallback" => {
            let provider = provider(page, visit, callback)?;
            asked.fill(index, json!(provider));
        }
        "ConfirmationCallback" => {
            if let Some(option) = confirm(page, visit, asked, callback, has_lines)? {
                asked.fill(index, json!(option));
            }
        }
        "TermsAndConditionsCallback" => {
            let terms = callback.words("terms");
            visit.agree_to(AgreementKind::Terms, page.host(), &terms)?;
            asked.fill(index, json!(true));
        }
        "ConsentMappingCallback" => {
            let what = format!(
                "{} {}",
                callback.words("message"),
                callback.words("displayName")
            );
            visit.agree_to(AgreementKind::Consent, page.host(), &what)?;
            asked.fill(index, json!(true));
        }
        "BooleanAttributeInputCallback" if names_remember(&callback.everything()) => {
            asked.fill(index, json!(visit.settings.remember_device));
        }
        _ if callback.takes_client_error() => {
            asked.fill_named(index, "clientError", json!("Unsupported"));
        }
        _ => {}
    }
    Ok(())
}

/// One of several ways, taken as everywhere: by settings, or by the person.
fn choose(
    page: &Page,
    visit: &mut Visit<'_>,
    callback: &Callback,
    options: &[String],
) -> Result<usize> {
    if let [] | [_] = options {
        let reaches = options.iter().any(|option| reaches_somebody(option));
        if reaches && visit.settings.presence == Presence::Nobody {
            return Err(needs_person(&page.host()));
        }
        return Ok(0);
    }
    let prompt = clean(&callback.words("prompt"));
    let question = match prompt.chars().any(char::is_alphanumeric) {
        true => prompt,
        false => format!("How do you sign in to {}?", page.host()),
    };
    let factors = options.iter().filter(|o| names_factor(o)).count();
    let of = match visit.password_sent() || factors * 2 > options.len() {
        true => ChoiceOf::Factor,
        false => ChoiceOf::Source,
    };
    take(
        page,
        visit,
        of,
        question,
        options.iter().map(|o| (o.clone(), o.clone())),
    )
}

fn take(
    page: &Page,
    visit: &mut Visit<'_>,
    of: ChoiceOf,
    question: String,
    options: impl Iterator<Item = (String, String)>,
) -> Result<usize> {
    let ways: Vec<Way> = options
        .enumerate()
        .map(|(index, (label, value))| Way {
            label: clean(&label),
            value,
            take: Take::Button {
                form: 0,
                control: index,
            },
        })
        .collect();
    let choices = Choices { of, question, ways };
    let taken = visit.take(page, &choices)?;
    let label = choices.ways[taken].label.clone();
    visit.person.step(&label);
    if of != ChoiceOf::Source {
        visit.device = Some(label);
    }
    Ok(taken)
}

/// The identity provider to sign in with; the password here unless something else is wanted.
fn provider(page: &Page, visit: &mut Visit<'_>, callback: &Callback) -> Result<String> {
    const HERE: &str = "localAuthentication";
    let providers = callback.output("providers").and_then(|p| p.as_array());
    let text = |provider: &serde_json::Value, path: &str| {
        let found = provider.pointer(path).and_then(|v| v.as_str());
        found.unwrap_or_default().to_owned()
    };
    let offered: Vec<(String, String)> = providers
        .into_iter()
        .flatten()
        .map(|provider| {
            let name = text(provider, "/provider");
            let label = text(provider, "/uiConfig/buttonDisplayName");
            let label = if label.is_empty() {
                name.clone()
            } else {
                label
            };
            (label, name)
        })
        .filter(|(_, name)| !name.is_empty())
        .collect();
    if visit.wanted_source.is_none() && offered.iter().any(|(_, name)| name == HERE) {
        return Ok(HERE.to_owned());
    }
    if offered.is_empty() {
        return Err(refusal::unfamiliar(page, 0));
    }
    let question = format!("How do you sign in to {}?", page.host());
    let names: Vec<String> = offered.iter().map(|(_, name)| name.clone()).collect();
    let taken = take(page, visit, ChoiceOf::Source, question, offered.into_iter())?;
    Ok(names[taken].clone())
}

/// The button to press, if there is more to it than what stands there already.
fn confirm(
    page: &Page,
    visit: &mut Visit<'_>,
    asked: &Questions,
    callback: &Callback,
    has_lines: bool,
) -> Result<Option<usize>> {
    let mut options = callback.options("options");
    if options.is_empty() {
        let usual: &[&str] = match callback.words("optionType").as_str() {
            "0" => &["Yes", "No"],
            "1" => &["Yes", "No", "Cancel"],
            "2" => &["OK", "Cancel"],
            _ => return Ok(None),
        };
        options = usual.iter().map(|o| (*o).to_owned()).collect();
    }
    if let [only] = &options[..] {
        // Below a line to type in, "Send" is what sends that line.
        let reaches = rings(only) || (!has_lines && reaches_somebody(only));
        if reaches && visit.settings.presence == Presence::Nobody {
            return Err(needs_person(&page.host()));
        }
        return Ok(Some(0));
    }
    let about = format!("{} {}", callback.words("prompt"), asked.text);
    let goes_on: Vec<usize> = (0..options.len())
        .filter(|i| !is_negative(&options[*i]))
        .collect();
    if names_remember(&about) && options.len() == 2 {
        let yes = goes_on.first().copied().unwrap_or(0);
        let remember = visit.settings.remember_device;
        return Ok(Some(if remember { yes } else { 1 - yes.min(1) }));
    }
    let submit = goes_on.iter().copied().find(|i| is_positive(&options[*i]));
    if let Some(submit) = submit.filter(|_| has_lines) {
        return Ok(Some(submit));
    }
    match goes_on[..] {
        [] => Ok(callback.number("defaultOption").map(|n| n as usize)),
        [first, ..] if has_lines => Ok(Some(first)),
        [only] if !rings(&options[only]) => Ok(Some(only)),
        _ if visit.settings.presence == Presence::Nobody => Err(needs_person(&page.host())),
        _ => choose(page, visit, callback, &options).map(Some),
    }
}

fn rings(option: &str) -> bool {
    ["sms", "call", "email", "push"]
        .iter()
        .any(|method| is_factor(option, method))
}
