use super::*;
use crate::idp::document::Document;
use crate::idp::form::read;

fn forms(html: &str) -> Vec<Form> {
    read(&Document::parse(html).unwrap())
}

fn chosen_in(html: &str, password_sent: bool) -> String {
    chosen_with(html, &FieldNames::default(), password_sent)
}

/// The choice as `form: role=name …`, so that a table of pages reads like one.
fn chosen_with(html: &str, names: &FieldNames, password_sent: bool) -> String {
    let forms = forms(html);
    let Some((index, question)) = best(&forms, names, password_sent) else {
        return "none".to_owned();
    };
    let form = &forms[index];
    let name = |i: usize| form.controls[i].name.clone();
    let code = |code: &CodeFields| {
        let mut text = String::new();
        if let Some(i) = code.whole {
            text += &format!(" code={}", name(i));
        }
        if !code.boxes.is_empty() {
            text += &format!(" boxes={}", code.boxes.len());
        }
        text
    };
    match question {
        Question::NewPassword => format!("{index}: new password"),
        Question::Code(fields) => format!("{index}:{}", code(&fields)),
        Question::Login(login) => {
            let mut text = format!("{index}:");
            if let Some(i) = login.username {
                text += &format!(" user={}", name(i));
            }
            if let Some(i) = login.username_twin {
                text += &format!(" twin={}", name(i));
            }
            if let Some(i) = login.password {
                text += &format!(" password={}", name(i));
            }
            text + &code(&login.code)
        }
    }
}

#[test]
fn login_forms_are_recognised() {
    for (html, expected) in [
        (
            "<form method=post><input name=j_username><input name=j_password type=password></form>",
            "0: user=j_username password=j_password",
        ),
        // the field before the password, whatever its name
        (
            "<form method=post><input name=a><input name=x1><input name=x2 type=password></form>",
            "0: user=x1 password=x2",
        ),
        // user name first
        (
            "<form method=post><input name=loginfmt></form>",
            "0: user=loginfmt",
        ),
        // the user name is only shown
        (
            "<form method=post><input name=username readonly value=ada><input type=password name=password></form>",
            "0: password=password",
        ),
        // a password field of type text
        (
            "<form method=post><input name=user><input id=passwordfield name=password type=text></form>",
            "0: user=user password=password",
        ),
        // a nameless decoy, and one out of sight
        (
            "<form method=post><input class=hide type=password><input name=username><input type=password \
             name=trap aria-hidden=true tabindex=-1></form>",
            "0: user=username",
        ),
        // the script copies the visible name into a hidden twin
        (
            "<form method=post><input name=usernameUserInput><input type=hidden name=username><input \
             type=password name=password></form>",
            "0: user=usernameUserInput twin=username password=password",
        ),
        // password and code on one page
        (
            "<form method=post><input name=j_username><input type=password name=j_password><input \
             name=tokencode></form>",
            "0: user=j_username password=j_password code=tokencode",
        ),
        (
            "<form method=post><input name=u><input type=password name=p><input type=password \
             name=passcode></form>",
            "0: user=u password=p code=passcode",
        ),
        // asks browsers not to fill it in
        (
            "<form method=post><input name=username><input type=password name=password \
             autocomplete=new-password></form>",
            "0: user=username password=password",
        ),
        // only a label tells
        (
            "<form method=post><label>E-mail <input name=f1 type=email></label></form>",
            "0: user=f1",
        ),
    ] {
        assert_eq!(chosen_in(html, false), expected, "{html}");
    }
}

#[test]
fn search_language_and_logout_forms_around_the_login_are_left_alone() {
    let html = "<form action=/search><input name=q type=search><button>Go</button></form>\
        <form id=lang-form method=post><select name=locale><option>en</select><button>OK</button></form>\
        <form method=post action=/auth><input name=user><input name=pw type=password><button>Log in</button></form>\
        <form id=register method=post><input name=email><input type=password name=password></form>\
        <form method=post action=/logout><input type=hidden name=x value=1><button>Log out</button></form>";
    assert_eq!(chosen_in(html, false), "2: user=user password=pw");
}

#[test]
fn of_two_forms_with_a_password_the_login_wins_wherever_it_stands() {
    let register = "<form method=post action=/register><input name=email><input type=password name=password></form>";
    let login = "<form method=post action=/login><input name=email><input type=password name=password></form>";
    assert!(chosen_in(&format!("{register}{login}"), false).starts_with("1:"));
    assert!(chosen_in(&format!("{login}{register}"), false).starts_with("0:"));
    let options = "<form id=options method=post><input name=UserName type=hidden><input name=AuthMethod type=hidden></form>";
    assert!(chosen_in(&format!("{login}{options}"), false).starts_with("0:"));
}

#[test]
fn a_secret_for_something_else_does_not_get_the_password_while_the_user_name_is_asked() {
    let user = "<form method=post><input name=username></form>";
    let other =
        "<form method=post action=/unlock><input type=password name=management_secret></form>";
    assert_eq!(
        chosen_in(&format!("{user}{other}"), false),
        "0: user=username"
    );
    assert_eq!(
        chosen_in(&format!("{other}{user}"), false),
        "1: user=username"
    );
    let password = "<form method=post><input type=password name=password></form>";
    assert_eq!(
        chosen_in(&format!("{other}{password}"), false),
        "1: password=password"
    );
    // where nothing else is asked, it is the password
    let odd = "<form method=post><input type=password name=x2></form>";
    assert_eq!(chosen_in(odd, false), "0: password=x2");
}

#[test]
fn a_hidden_login_form_is_used_when_there_is_no_other() {
    let hidden = "<div style='display:none'><form method=post><input name=user><input type=password name=pass></form></div>";
    assert_eq!(chosen_in(hidden, false), "0: user=user password=pass");
    let both =
        format!("{hidden}<form method=post><input name=u2><input type=password name=p2></form>");
    assert_eq!(chosen_in(&both, false), "1: user=u2 password=p2");
}

#[test]
fn a_change_password_page_is_never_a_login() {
    for html in [
        "<form method=post><input type=password name=password-new><input type=password name=password-confirm></form>",
        "<form method=post><input name=username><input type=password name=oldpassword><input type=password \
         name=newpassword></form>",
        "<form method=post><input type=password name=p autocomplete=new-password></form>",
    ] {
        assert_eq!(chosen_in(html, false), "0: new password", "{html}");
        assert_eq!(chosen_in(html, true), "0: new password", "{html}");
    }
}

#[test]
fn codes_are_recognised() {
    let boxes = "<form method=post><input name=token hidden>".to_owned()
        + &(1..=6)
            .map(|n| format!("<input name=pincode-{n} maxlength=1>"))
            .collect::<String>()
        + "</form>";
    for (html, expected) in [
        ("<form method=post><input name=otp></form>", "0: code=otp"),
        (
            "<form method=post><input name=x autocomplete=one-time-code></form>",
            "0: code=x",
        ),
        (
            "<form method=post><input name=x inputmode=numeric maxlength=6></form>",
            "0: code=x",
        ),
        (
            "<form method=post><label>Verification code<input name=x></label></form>",
            "0: code=x",
        ),
        // only visible fields count: this hidden token is against forgery
        (
            "<form method=post><input type=hidden name=token value=z><input name=code></form>",
            "0: code=code",
        ),
        (&boxes, "0: code=token boxes=6"),
        (
            "<form method=post><input type=password name=token></form>",
            "0: code=token",
        ),
    ] {
        assert_eq!(chosen_in(html, true), expected, "{html}");
    }
}

#[test]
fn a_lone_password_field_after_the_password_is_a_code_unless_it_is_the_password_again() {
    let odd = "<form method=post><input type=password name=response></form>";
    assert_eq!(chosen_in(odd, true), "0: code=response");
    assert_eq!(chosen_in(odd, false), "0: password=response");
    let again = "<form method=post><input type=password name=password></form>";
    assert_eq!(chosen_in(again, true), "0: password=password");
    let challenge = "<form method=post>Enter the code from your token<input type=password name=password></form>";
    assert_eq!(chosen_in(challenge, true), "0: code=password");
}

#[test]
fn configured_names_win() {
    let names = FieldNames {
        username: Some("f1".into()),
        password: Some("f3".into()),
        otp: Some("f2".into()),
    };
    let html = "<form method=post><input name=f1><input name=f2 type=password><input name=f3 type=password></form>";
    assert_eq!(
        chosen_with(html, &names, false),
        "0: user=f1 password=f3 code=f2"
    );
}

#[test]
fn a_form_for_something_else_is_no_question() {
    for html in [
        "<form method=post><input type=hidden name=SAMLResponse value=x></form>",
        "<form method=post><input name=comment></form>",
        "<form><input name=q type=search></form>",
        "<form method=post><input type=checkbox name=agree></form>",
    ] {
        assert_eq!(chosen_in(html, false), "none", "{html}");
    }
}

#[test]
fn a_password_in_a_place_holder_is_the_password() {
    let html = "<form method=post><input name=ctl00$ContentPlaceHolder1$UsernameTextBox>\
        <input type=password name=ctl00$ContentPlaceHolder1$PasswordTextBox id=ctl00_ContentPlaceHolder1_PasswordTextBox>\
        <input type=submit value='Sign In'></form>";
    assert_eq!(
        chosen_in(html, false),
        "0: user=ctl00$ContentPlaceHolder1$UsernameTextBox password=ctl00$ContentPlaceHolder1$PasswordTextBox"
    );
}
