//! What a page complains about, and what kind of complaint it is.

use std::sync::LazyLock;

use regex::Regex;
use scraper::ElementRef;

use crate::error::clean;
use crate::idp::document::{Document, is_hidden, visible_text};

/// What a complaint means for the sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Complaint {
    BadCredentials,
    BadCode,
    Locked,
    /// The password must be changed.
    Expired,
    /// Signed in, but not allowed here.
    Access,
    /// The page or its session is too old; starting again helps.
    Stale,
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Fit to be shown.
    pub text: String,
    pub complaint: Complaint,
}

impl Message {
    pub fn new(text: &str) -> Self {
        Message {
            complaint: classify(text),
            text: clean(text),
        }
    }

    /// Does it speak of a password or a user, and not only of something that failed?
    pub fn names_credentials(&self) -> bool {
        CREDENTIALS.as_ref().is_some_and(|r| r.is_match(&self.text))
    }

    /// Is it about the account, whatever the password?
    pub fn is_about_the_account(&self) -> bool {
        matches!(
            self.complaint,
            Complaint::Locked | Complaint::Expired | Complaint::Access
        )
    }
}

static CREDENTIALS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)pass ?(word|wort|wd)|credential|kennwort|user ?(name|id)?\b|username|benutzer|mot de passe|utilisateur|contraseña|usuario|wachtwoord|gebruiker|lösenord|användar|senha|parola|パスワード|密码").ok()
});

/// Where pages put their complaints; the first that says something counts.
const PLACES: &[&str] = &[
    "#errorText",
    "[id^=input-error]",
    ".kc-feedback-text",
    ".alert-danger",
    ".alert-error",
    ".pf-m-danger",
    ".form-error",
    ".output--error",
    ".message-box.error",
    "#loginErrorsPanel",
    ".banner-danger",
    ".ulp-input-error-message",
    "[id^=error-element]",
    "#prompt-alert",
    ".ping-error",
    ".error-text",
    ".error-message",
    "#error-msg",
    "#failed-msg",
    "#msg.errors",
    "#kc-error-message",
    "#errorMessage",
    "[role=alert]",
    "[aria-live=assertive]",
    ".error",
    ".errors",
    ".errornote",
    ".errorlist",
    ".has-error",
    ".is-error",
    ".invalid-feedback",
    ".alert-warning",
];

/// The page's complaint, if it shows one.
pub fn find(document: &Document) -> Option<Message> {
    let marked = PLACES
        .iter()
        .flat_map(|css| document.select(css).into_iter().take(20));
    // A picture of an error stands beside its words.
    let beside = document
        .select("img.erroricon, img[alt=error i]")
        .into_iter()
        .filter_map(|icon| ElementRef::wrap(icon.parent()?));
    marked
        .chain(beside)
        .filter(|e| !is_hidden(*e) && !is_hidden_by_class(*e) && !holds_fields(*e))
        .map(|e| Message::new(&visible_text(e)))
        .find(|m| m.text.chars().filter(|c| c.is_alphabetic()).count() >= 3)
}

/// Classes that style sheets everywhere use to hide a part until it is needed.
fn is_hidden_by_class(element: ElementRef<'_>) -> bool {
    let hides = |e: ElementRef<'_>| {
        e.value()
            .classes()
            .any(|c| matches!(c, "hidden" | "hide" | "d-none" | "invisible" | "is-hidden"))
    };
    hides(element) || element.ancestors().filter_map(ElementRef::wrap).any(hides)
}

/// A wrapper around the whole form that is merely marked as wrong.
fn holds_fields(element: ElementRef<'_>) -> bool {
    element
        .descendent_elements()
        .any(|e| matches!(e.value().name(), "form" | "input" | "select"))
}

/// The order matters: "session expired" is not an expired password, "invalid code" no wrong password.
static CLASSES: LazyLock<Vec<(Complaint, Regex)>> = LazyLock::new(|| {
    [
        (
            Complaint::Stale,
            r"stale|time[d ]*-?out|(session|page|request|link|login|attempt|form|sitzung|seite|anfrage)\b.{0,30}\b(expired|abgelaufen|expirée?)|sess[aã]o expirou|sesión ha (caducado|expirado)|session a expiré|cookie|csrf|state information (was )?lost|restart|too long|token.{0,12}expired|already (been )?(used|submitted)|start over",
        ),
        (
            Complaint::BadCode,
            r"(code|otp|token|pin|passcode|código)\b.{0,40}(invalid|incorrect|wrong|not valid|not correct|ungültig|falsch|incorrecto|inválido|incorrecte|invalide|rejected|does ?n.t match|did not match)|(invalid|incorrect|wrong|falscher|ungültiger|incorrecto|inválido).{0,30}\b(authenticat|verification|one.time|security|code|otp|token|passcode|bestätigungscode|einmal)|code.{0,10}(incorrect|invalide)|コードが(無効|正しく)",
        ),
        (
            Complaint::Locked,
            r"\b(un)?lock(ed|out)?\b|locked|blocked|disabled|suspended|deactivat|too many|gesperrt|deaktiviert|zu viele|verrouill|désactiv|bloqu|bloccat|suspendu|demasiados|ロック|锁定",
        ),
        (
            Complaint::Expired,
            r"expired|must (be )?change|change your password|needs? to be changed|abgelaufen|passwort ändern|expirée?\b|expirad[oa]|expirou|caducad|scadut|期限",
        ),
        (
            Complaint::Access,
            r"not authori[sz]ed|unauthori[sz]ed|access (is |was )?denied|not eligible|no (access|role|permission)|not (allowed|permitted|assigned)|forbidden|do(es)? not have (access|permission)|zugriff verweigert|keine berechtigung|nicht berechtigt|accès refusé|non autorisé|acceso denegado|no autorizado|権限",
        ),
        // Before the words for a while and for wrong passwords: something else went wrong.
        (
            Complaint::Other,
            r"went wrong|(service|server|system|site|page|application)\b.{0,20}\bunavailable|(internal|server|system|technical|unexpected|unknown) (error|problem|failure)|(invalid|bad|malformed|incorrect) (request|response|url|parameter)|request failed|interner fehler|erreur (interne|technique)|error interno|schiefgelaufen",
        ),
        (
            Complaint::Locked,
            r"temporar\w* (un)?avail|temporarily|wait \d|try again (later|in)|retry later",
        ),
        (
            Complaint::BadCredentials,
            r"incorrect|invalid|wrong|enter (a|the) correct|not recogni[sz]ed|did ?n.t recogni[sz]e|cannot be identified|could not (be )?(find|found|verif|sign)|unknown (user|account)|user not found|not find|failed|failure|do(es)? ?n.t match|do not match|falsch|ungültig|fehlgeschlagen|unbekannt|inv[aá]lid|incorrecte?|erron[ée]|échou|onjuist|ongeldig|felaktig|正しくありません|不正确|错误",
        ),
    ]
    .into_iter()
    .filter_map(|(complaint, words)| {
        Regex::new(&format!("(?i){words}"))
            .ok()
            .map(|regex| (complaint, regex))
    })
    .collect()
});

/// What a text complains about, in the languages of login pages.
pub fn classify(text: &str) -> Complaint {
    CLASSES
        .iter()
        .find(|(_, regex)| regex.is_match(text))
        .map_or(Complaint::Other, |(complaint, _)| *complaint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_its_words() {
        assert_eq!(CLASSES.len(), 8);
    }

    #[test]
    fn complaints_are_told_apart() {
        use Complaint::*;
        for (text, expected) in [
            ("Invalid username or password.", BadCredentials),
            (
                "Incorrect user ID or password. Type the correct user ID and password, and try again.",
                BadCredentials,
            ),
            ("The password you entered was incorrect.", BadCredentials),
            (
                "The username you entered cannot be identified.",
                BadCredentials,
            ),
            (
                "We didn't recognize the username or password you entered. Please try again.",
                BadCredentials,
            ),
            ("Invalid credentials.", BadCredentials),
            ("Benutzername oder Passwort falsch", BadCredentials),
            ("Ungültiger Benutzername oder Passwort.", BadCredentials),
            (
                "Nom d’utilisateur ou mot de passe invalide.",
                BadCredentials,
            ),
            ("Usuario o contraseña incorrectos", BadCredentials),
            (
                "Please enter a correct username and password. Note that both fields may be case-sensitive.",
                BadCredentials,
            ),
            ("Invalid authenticator code.", BadCode),
            ("The code you entered is incorrect", BadCode),
            ("Wrong verification code", BadCode),
            ("Ungültiger Bestätigungscode", BadCode),
            ("Account is disabled, contact your administrator.", Locked),
            (
                "Account is temporarily disabled; contact your administrator or retry later.",
                Locked,
            ),
            ("Your account is locked.", Locked),
            (
                "Your account has been blocked after multiple consecutive login attempts",
                Locked,
            ),
            ("Too many failed attempts. Try again later.", Locked),
            ("Ihr Konto ist gesperrt", Locked),
            ("Votre compte est verrouillé", Locked),
            ("Your password has expired.", Expired),
            ("Your password must be changed", Expired),
            ("Ihr Passwort ist abgelaufen", Expired),
            ("You are not eligible for the service requested.", Access),
            ("Access Denied", Access),
            ("Sie sind nicht berechtigt", Access),
            ("Stale Request", Stale),
            ("Page has expired", Stale),
            (
                "Your login attempt timed out. Login will start from the beginning.",
                Stale,
            ),
            (
                "Cookie not found. Please make sure cookies are enabled in your browser.",
                Stale,
            ),
            ("State information lost", Stale),
            ("Die Sitzung ist abgelaufen", Stale),
            ("CSRF token verification failed.", Stale),
            ("Welcome back", Other),
            ("Your clock is nice", Other),
            ("Oops, something went wrong. Please try again.", Other),
            ("Something went wrong. Please try again later.", Other),
            ("An unexpected error occurred, please retry later", Other),
            ("The service is temporarily unavailable", Other),
            (
                "Login failed. Please wait 30 seconds before you try again.",
                Locked,
            ),
            ("An internal server error occurred, login failed", Other),
            ("Invalid request", Other),
        ] {
            assert_eq!(classify(text), expected, "{text}");
        }
    }

    fn found(html: &str) -> Option<String> {
        find(&Document::parse(html).unwrap()).map(|m| m.text)
    }

    #[test]
    fn a_complaint_is_found_where_pages_put_it() {
        for html in [
            "<span id=errorText> Wrong\n password </span>",
            "<span id=input-error-username>Wrong password</span>",
            "<div class='alert alert-danger'>Wrong <b>password</b></div>",
            "<div class='message-box error'><h3>Wrong password</h3></div>",
            "<p role=alert>Wrong password</p>",
            "<p class=errornote>Wrong password</p>",
            "<ul class='errorlist nonfield'><li>Wrong password</ul>",
            "<div class=error></div><div class=error>Wrong password</div>",
            "<div><img class='float-l erroricon' src=x><b>Wrong password</b></div>",
        ] {
            assert_eq!(found(html).as_deref(), Some("Wrong password"), "{html}");
        }
    }

    #[test]
    fn hidden_or_empty_templates_of_complaints_do_not_count() {
        for html in [
            "<span id=errorText></span>",
            "<div class=error style='display: none'>Wrong password</div>",
            "<div class='error hidden'>Wrong password</div>",
            "<div class=d-none><div class=error>Wrong password</div></div>",
            "<div hidden><p role=alert>Wrong password</p></div>",
            "<template><p class=error>Wrong password</p></template>",
            "<div class=has-error><input name=a> Required</div>",
            "<span class=error>*</span>",
        ] {
            assert_eq!(found(html), None, "{html}");
        }
    }
}
