//! The words that tell what a field or a button is for, in the languages of login pages.

use std::sync::LazyLock;

use regex::Regex;

/// A name taken apart: `_eventId_proceed` is `event id proceed`, `userNameInput` is `user name input`.
pub fn tokens(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut word = String::new();
    let mut was_lower = false;
    for c in text.chars() {
        let ends_word = !c.is_alphanumeric() || (c.is_uppercase() && was_lower);
        if ends_word && !word.is_empty() {
            all.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        was_lower = c.is_lowercase() || c.is_ascii_digit();
    }
    if !word.is_empty() {
        all.push(word);
    }
    all
}

fn any_starts(text: &str, exact: &[&str], stems: &[&str]) -> bool {
    tokens(text).iter().any(|token| {
        exact.contains(&token.as_str()) || stems.iter().any(|stem| token.starts_with(stem))
    })
}

/// A button that goes back, says no, or does something else than going on.
pub fn is_negative(text: &str) -> bool {
    let outright = any_starts(
        text,
        &["deny", "denied", "nein", "nej"],
        &[
            "cancel",
            "reject",
            "declin",
            "refus",
            "abort",
            "resend",
            "forgot",
            "regist",
            "reset",
            "another",
            "logout",
            "signout",
            "logoff",
            "disagree",
            "signup",
            "abbrech",
            "ablehn",
            "annul",
            "rechaz",
            "abmeld",
            "verweiger",
            "vergessen",
            "キャンセル",
            "拒否",
            "取消",
        ],
    );
    // "Log back in" goes on.
    outright
        || (!is_positive(text)
            && any_starts(
                text,
                &[
                    "no",
                    "not",
                    "back",
                    "non",
                    "nee",
                    "select",
                    "help",
                    "later",
                    "skip",
                    "zurück",
                    "retour",
                    "volver",
                    "atrás",
                    "いいえ",
                ],
                &[],
            ))
}

/// A button that goes on.
pub fn is_positive(text: &str) -> bool {
    any_starts(
        text,
        &[
            "login",
            "log",
            "signin",
            "sign",
            "logon",
            "submit",
            "proceed",
            "continue",
            "yes",
            "accept",
            "ok",
            "default",
            "next",
            "agree",
            "go",
            "enter",
            "ja",
            "oui",
            "sí",
            "si",
            "weiter",
            "send",
            "senden",
            "envoyer",
            "enviar",
            "entrar",
            "suivant",
            "siguiente",
        ],
        &[
            "verif",
            "confirm",
            "approv",
            "allow",
            "anmeld",
            "einlogg",
            "bestätig",
            "akzept",
            "zustimm",
            "conne",
            "continu",
            "valid",
            "accept",
            "inici",
            "acept",
            "inlogg",
            "ログイン",
            "登录",
            "续",
        ],
    )
}

/// A button that starts another way to sign in than the form it stands in.
pub fn is_other_way(text: &str) -> bool {
    any_starts(
        text,
        &[
            "authn", "google", "github", "facebook", "apple", "kerberos", "spnego", "qr",
        ],
        &[
            "passkey",
            "webauthn",
            "fido",
            "smartcard",
            "certificat",
            "zertifikat",
        ],
    )
}

/// A form that is not there to sign in.
pub fn is_side_form(text: &str) -> bool {
    any_starts(
        text,
        &[
            "search",
            "suche",
            "lang",
            "locale",
            "language",
            "languages",
            "sprache",
            "cancel",
            "deny",
            "reject",
            "options",
            "another",
            "theme",
            "help",
            "signup",
            "newsletter",
            "q",
        ],
        &[
            "regist",
            "forgot",
            "logout",
            "signout",
            "logoff",
            "subscri",
            "feedback",
            "errorreport",
        ],
    ) || matches_any(&SIDE, text)
}

static SIDE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)reset[-_]?(cred|pass|pw)|lost[-_]?pass|recover[-_]?(pass|acc)|sign[-_ ]?up|log[-_ ]?out|sign[-_ ]?out|create[-_ ]?account|another[-_ ]?way",
    )
});

static USERNAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?ix)
        user[-_.]?(name|id)? | login([-_.]?(name|id|fmt))?$ | ^login | ^uid | ^e?-?mail | ^mail$ | identifier | ^subject$
        | ^net-?id$ | ^account | ^principal | ^upn$ | ^sam-?account | ^benutzer | utilisateur | ^usuario | ^kennung | ^personal-?(nummer|id)",
    )
});

static USERNAME_LABEL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)user\s?-?(name|id)|e-?mail|\blogin\b|\baccount\b|benutzer|anmeldename|kennung|utilisateur|identifiant|usuario|correo|gebruiker|användar|ユーザー|用户名",
    )
});

static PASSWORD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)(^|[-_.$:])(pass(word|wd|wort|phrase)?|pwd|pw|kennwort)(input|field|box)?$|^[ju]_?pass|^user_?pass|password$",
    )
});

static NEW_PASSWORD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)(passw(or)?d|passwort|pwd|pw)[-_]?(new|confirm|old|verify|repeat|again|retype|neu|2$)",
    )
});

static CODE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?ix)
        otp | totp | token | passcode | mfa | ^oath | ^pin([-_.]?code)?$ | challenge | (security|verification|auth|sms|access|backup|login)[-_.]?code
        | ^2f | 2fa | tfa | recovery | ^code([-_.]?\d+)?$ | code$ | code[-_]?input$ | [-_.]code$ | ^pincode | one[-_]?time | ^answer$ | ecom_token",
    )
});

static CODE_LABEL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)one[- ]?time|\botp\b|verification code|security code|authenticat(or|ion) code|\bpasscode\b|\bcode\b|\btoken\b|einmal|bestätigungscode|sicherheitscode|code de (vérif|sécur)|código|認証コード|验证码",
    )
});

static REMEMBER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)remember|kmsi|stay|persist|keep.?me|trust.?(this|device|browser)|donotcache|(dont|don.t|do not).?ask|angemeldet|rester|dampen",
    )
});

static FORGET: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)(not|dont|n.t|never|nicht)[\s_-]*(me[\s_-]*)?(remember|cache|stay|keep|trust|persist|angemeldet)",
    )
});

static LOGOUT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r"(?i)log[ _-]?(out|off)|sign[ _-]?(out|off)|abmelden|déconnexion|cerrar sesi")
});

fn pattern(text: &str) -> Option<Regex> {
    Regex::new(text).ok()
}

fn matches_any(regex: &LazyLock<Option<Regex>>, text: &str) -> bool {
    regex.as_ref().is_some_and(|r| r.is_match(text))
}

pub fn names_user(text: &str) -> bool {
    matches_any(&USERNAME, text)
}

pub fn labels_user(text: &str) -> bool {
    matches_any(&USERNAME_LABEL, text)
}

pub fn names_password(text: &str) -> bool {
    matches_any(&PASSWORD, text)
}

pub fn names_new_password(text: &str) -> bool {
    any_starts(
        text,
        &["neu", "neues", "nueva", "nuova"],
        &[
            "new",
            "confirm",
            "old",
            "verify",
            "repeat",
            "again",
            "retype",
            "neupass",
            "neuespass",
            "neukenn",
            "neueskenn",
            "bestaet",
            "bestät",
            "nouveau",
        ],
    ) || matches_any(&NEW_PASSWORD, text)
}

pub fn names_code(text: &str) -> bool {
    let lower = text.to_lowercase();
    let of_something_else = ["zip", "post", "country", "area", "plz"]
        .iter()
        .any(|word| lower.contains(word));
    !of_something_else && matches_any(&CODE, text)
}

pub fn labels_code(text: &str) -> bool {
    matches_any(&CODE_LABEL, text)
}

/// A box that makes the sign-in last longer: one setting decides all of them.
pub fn names_remember(text: &str) -> bool {
    matches_any(&REMEMBER, text)
}

/// Is such a box asked the other way round: "do not keep me signed in"?
pub fn names_forget(text: &str) -> bool {
    matches_any(&FORGET, text)
}

/// A button or an address that ends a session.
pub fn names_logout(text: &str) -> bool {
    matches_any(&LOGOUT, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fall_apart_into_words() {
        assert_eq!(
            tokens("_eventId_AttributeReleaseRejected").join(" "),
            "event id attribute release rejected"
        );
        assert_eq!(tokens("cancel-aia").join(" "), "cancel aia");
        assert_eq!(tokens("ZURÜCK!").join(" "), "zurück");
    }

    #[test]
    fn every_pattern_is_a_pattern() {
        for regex in [
            &SIDE,
            &USERNAME,
            &USERNAME_LABEL,
            &PASSWORD,
            &NEW_PASSWORD,
            &CODE,
            &CODE_LABEL,
            &REMEMBER,
            &FORGET,
        ] {
            assert!(regex.is_some());
        }
    }

    #[test]
    fn the_field_names_of_known_products_are_recognised() {
        for name in [
            "username",
            "userNameInput",
            "UserName",
            "j_username",
            "pf.username",
            "uid",
            "email",
            "mail",
            "loginfmt",
            "identifier",
            "subject",
            "Ecom_User_ID",
            "netid",
            "USER",
            "user",
            "loginName",
            "usernameUserInput",
            "login",
            "ctl00$ContentPlaceHolder1$UsernameTextBox",
        ] {
            assert!(names_user(name), "{name}");
        }
        for name in [
            "password",
            "Password",
            "pass",
            "pwd",
            "j_password",
            "pf.pass",
            "passwd",
            "Ecom_Password",
            "PASSWORD",
            "passwordInput",
            "SAFENET_PASSWORD",
        ] {
            assert!(names_password(name), "{name}");
        }
        for name in [
            "otp",
            "totp",
            "code",
            "tokencode",
            "token",
            "passcode",
            "Passcode",
            "OathCode",
            "pin",
            "pinCode",
            "SecurityCode",
            "security_code",
            "VerificationCode",
            "Ecom_Token",
            "fudis_otp_input",
            "OTPcode",
            "smsCode",
            "email-otp",
            "recoveryCodeInput",
            "pincode-1",
            "mfatoken",
            "mailcode",
            "_F5_challenge",
        ] {
            assert!(names_code(name), "{name}");
        }
        for name in ["zipcode", "search", "lang", "timezone", "domain"] {
            assert!(
                !names_user(name) && !names_password(name) && !names_code(name),
                "{name}"
            );
        }
    }

    #[test]
    fn a_new_password_is_told_by_words_and_not_by_letters() {
        for name in [
            "newPassword",
            "password-new",
            "passwordnew",
            "new_password1",
            "oldPassword",
            "PASSWORD_CONFIRM",
            "confirmpassword",
            "verifyPwd",
            "password2",
            "neues_passwort",
            "ctl00$ContentPlaceHolder1$NewPasswordTextBox",
        ] {
            assert!(names_new_password(name), "{name}");
        }
        for name in [
            "ctl00$ContentPlaceHolder1$PasswordTextBox",
            "ctl00_ContentPlaceHolder1_PasswordTextBox",
            "password_holder",
            "passwordPlaceholder",
            "renewPassword",
            "goldPassword",
        ] {
            assert!(!names_new_password(name), "{name}");
        }
    }

    #[test]
    fn only_a_no_before_its_verb_turns_a_box_round() {
        for text in [
            "donotcache",
            "Do not remember me",
            "Don't keep me signed in",
            "Don’t trust this device",
            "Nicht angemeldet bleiben",
        ] {
            assert!(names_remember(text) && names_forget(text), "{text}");
        }
        for text in [
            "Do not ask again on this device",
            "Don't ask again",
            "Remember me on this notebook",
            "Stay signed in (not for shared computers)",
            "kmsi",
        ] {
            assert!(names_remember(text) && !names_forget(text), "{text}");
        }
    }

    #[test]
    fn buttons_are_told_apart_in_several_languages() {
        for text in [
            "cancel",
            "_eventId_TermsRejected",
            "Abbrechen",
            "No",
            "Refuser",
            "tryAnotherWay",
            "resendCode",
        ] {
            assert!(is_negative(text), "{text}");
        }
        for text in [
            "Log in",
            "_eventId_proceed",
            "Anmelden",
            "Weiter",
            "Valider",
            "yes",
            "kc-login",
            "Continuar",
        ] {
            assert!(is_positive(text) && !is_negative(text), "{text}");
        }
    }
}
