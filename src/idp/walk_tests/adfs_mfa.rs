//! The second factors of AD FS, adapter by adapter.

use super::adfs::{LS, POST, adapter, at_ls, link, login, options, site};
use super::*;

fn azure(inside: &str) -> String {
    adapter(
        "AzureMfaAuthentication",
        &format!("<input type=hidden name=__EVENTTARGET>{inside}"),
    )
}

const PUSH: &str =
    "<p id=instructions>We sent a notification to your phone.</p><p id=validEntropyNumber>42</p>";

#[test]
fn an_approval_is_waited_for_with_its_number() {
    let mut site = site(&login(""))
        .on(POST, at_ls(azure("")))
        .on(POST, at_ls(azure(PUSH)))
        .on(POST, at_ls(azure(PUSH).replace("a&amp;b", "second")))
        .on(POST, html(AWS));
    let ada = arrives(&mut site);
    assert_eq!(
        ada.asked[2..],
        ["push at idp.test [42] We sent a notification to your phone."]
    );
    assert_eq!(
        site.asked[2..],
        [
            format!("POST {LS} AuthMethod=AzureMfaAuthentication&Context=a%26b&__EVENTTARGET="),
            format!("POST {LS} AuthMethod=AzureMfaAuthentication&Context=a%26b&__EVENTTARGET="),
            format!("POST {LS} AuthMethod=AzureMfaAuthentication&Context=second&__EVENTTARGET="),
        ]
    );
}

#[test]
fn no_approval_has_its_reason() {
    for (text, words) in [
        ("The request was denied.", "was declined on the device"),
        ("MFA request expired", "in time"),
        ("Epäonnistui", "got no approval"),
    ] {
        for page in [
            adapter(
                "AzureMfaServerAuthentication",
                &format!("<div id=error><label id=errorText>{text}</label></div>"),
            ),
            format!("<div id=errorArea><div id=errorMessage>{text}</div></div>"),
        ] {
            let mut site = site(&login(""))
                .on(POST, at_ls(adapter("AzureMfaServerAuthentication", "")))
                .on(POST, at_ls(page));
            let error = fails(&mut site, &settings(), &mut Ada::default());
            assert_eq!(error.kind(), Kind::Refused);
            assert!(error.message().contains(words), "{error}");
        }
    }
}

#[test]
fn silverfort_says_no_in_plain_text() {
    for (text, words) in [
        ("Not authorized", "was declined on the device"),
        ("MFA request expired", "in time"),
    ] {
        let mut site = site(&login(""))
            .on(POST, at_ls(adapter("SilverfortAdfs", "")))
            .on(POST, at_ls(adapter("SilverfortAdfs", text)));
        let error = fails(&mut site, &settings(), &mut Ada::default());
        assert!(error.message().contains(words), "{error}");
    }
}

#[test]
fn nobody_is_rung_for_nobody() {
    for page in [
        azure(""),
        azure(PUSH),
        adapter("AzureMfaServerAuthentication", ""),
        adapter("SilverfortAdfs", ""),
        adapter("SomethingNew", ""),
    ] {
        let mut site = site(&login("")).on(POST, at_ls(page));
        let error = fails(&mut site, &nobody(), &mut Ada::default());
        assert_eq!(error.kind(), Kind::NeedsYou, "{error}");
        assert_eq!(site.asked.len(), 2);
    }
    // What Microsoft's adapter begins with is the account's, not the settings'.
    let codes = Settings {
        mfa_method: Some("totp".into()),
        ..nobody()
    };
    let list = options(&link("AzureMfaAuthentication", "Microsoft"));
    for page in [azure(""), list] {
        let mut site = site(&login("")).on(POST, at_ls(page));
        let error = fails(&mut site, &codes, &mut Ada::default());
        assert_eq!(error.kind(), Kind::NeedsYou, "{error}");
        assert_eq!(site.asked.len(), 2);
    }
    // A page that asks for a code already rings nobody.
    let code = "<input id=verificationCodeInput name=VerificationCode><input type=submit name=SignIn value='Sign in'>";
    let mut site = site(&login(""))
        .on(POST, at_ls(azure(code)))
        .on(POST, html(AWS));
    run(&mut site, &codes, &mut Ada::default()).unwrap();
    assert!(
        site.asked[2].ends_with("__EVENTTARGET=&VerificationCode=111111&SignIn=Sign+in"),
        "{:?}",
        site.asked
    );
}

#[test]
fn a_refused_code_leads_back_to_the_options() {
    let code = azure("<input name=VerificationCode>");
    let no = azure(
        "<div id=error><span id=errorText>Falsch.</span></div><a id=differentVerificationOption href='#'>Andere</a>",
    );
    let list = azure(
        "<a href='#' id=verificationOption0>Approve a notification</a><a href='#' id=verificationOption1>Use a \
         verification code from my app</a><input type=submit name=SignIn value='Sign in'>",
    );
    let mut site = site(&login(""))
        .on(POST, at_ls(code.clone()))
        .on(POST, at_ls(no))
        .on(POST, at_ls(list))
        .on(POST, at_ls(code))
        .on(POST, html(AWS));
    let settings = Settings {
        mfa_method: Some("totp".into()),
        ..settings()
    };
    let mut ada = Ada::default();
    run(&mut site, &settings, &mut ada).unwrap();
    assert!(site.asked[3].ends_with("__EVENTTARGET=differentVerificationOption"));
    assert!(site.asked[4].ends_with("__EVENTTARGET=verificationOption1"));
    assert!(site.asked[5].ends_with("VerificationCode=222222"));
    assert!(
        ada.asked
            .contains(&"warned: idp.test says: Falsch.".to_owned())
    );
}

#[test]
fn another_way_is_taken_than_the_one_that_rings_first() {
    let other = "<a id=differentVerificationOption href='#'>Other</a>";
    let list = azure(
        "<a href='#' id=verificationOption0>Approve a notification</a><a href='#' id=verificationOption1>Text me at \
         +XX X42</a><a href='#' id=verificationOption2>Call me at +XX X42</a>",
    );
    for (method, option) in [("sms", Some(1)), ("call", Some(2)), ("push", None)] {
        let mut site = site(&login("")).on(POST, at_ls(azure(&format!("{PUSH}{other}"))));
        if option.is_some() {
            site = site.on(POST, at_ls(list.clone()));
        }
        let mut site = site.on(POST, html(AWS));
        let settings = Settings {
            mfa_method: Some(method.into()),
            ..settings()
        };
        let mut ada = Ada::default();
        run(&mut site, &settings, &mut ada).unwrap();
        let pushes = ada.asked.iter().filter(|a| a.starts_with("push")).count();
        assert_eq!(pushes, usize::from(option.is_none()), "{:?}", ada.asked);
        if let Some(option) = option {
            let end = format!("__EVENTTARGET=verificationOption{option}");
            assert!(site.asked[3].ends_with(&end), "{:?}", site.asked);
        }
    }
}

#[test]
fn a_code_that_is_refused_twice_is_refused() {
    let code = azure("<input name=VerificationCode>");
    let no = azure(
        "<div id=error><span id=errorText>Falsch.</span></div><a id=differentVerificationOption href='#'>Andere</a>",
    );
    let mut site = site(&login(""))
        .on(POST, at_ls(code.clone()))
        .on(POST, at_ls(no.clone()))
        .on(POST, at_ls(code))
        .on(POST, at_ls(no));
    let error = fails(&mut site, &settings(), &mut Ada::default());
    assert_eq!(error.message(), "idp.test refused the code");
}

#[test]
fn the_code_goes_into_the_field_of_the_adapter() {
    for (method, field) in [
        (
            "SecurIDAuthentication",
            "<input type=password name=Passcode>",
        ),
        (
            "SecurIDAuthentication",
            "<input type=password name=NextCode>",
        ),
        (
            "SecurIDv2Authentication",
            "<input type=password name=ChallengeQuestionAnswer>",
        ),
        (
            "SymantecVipAdapter",
            "<input name=SecurityCode type=hidden>",
        ),
        ("VIPAuthenticationProviderUPN", "<input name=security_code>"),
        ("SafeNet-MFA", "<input type=password name=SAFENET_PASSWORD>"),
        ("'Defender AD FS Adapter'", "<input type=password name=Odd>"),
        ("privacyIDEA-ADFSProvider", "<input name=otp>"),
    ] {
        let name = field.split("name=").nth(1).unwrap();
        let name = name.split([' ', '>']).next().unwrap();
        let page = adapter(method, field);
        let mut site = site(&login("")).on(POST, at_ls(page)).on(POST, html(AWS));
        arrives(&mut site);
        assert!(
            site.asked[2].ends_with(&format!("Context=a%26b&{name}=111111")),
            "{:?}",
            site.asked
        );
    }
}

#[test]
fn an_adapter_is_answered_without_a_password_before_it() {
    let page = adapter("SafeNet-MFA", "<input type=password name=SAFENET_PASSWORD>");
    let mut site = site(&page).on(POST, html(AWS));
    let ada = arrives(&mut site);
    assert!(
        ada.asked[0].starts_with("code at idp.test"),
        "{:?}",
        ada.asked
    );
}

#[test]
fn the_page_before_a_token_is_sent_on() {
    let mut site = site(&login(""))
        .on(POST, at_ls(adapter("SecurIDv2Authentication", "")))
        .on(
            POST,
            at_ls(adapter(
                "SecurIDv2Authentication",
                "<input type=password name=Passcode>",
            )),
        )
        .on(POST, html(AWS));
    let ada = arrives(&mut site);
    assert!(
        !ada.asked.iter().any(|a| a.starts_with("push")),
        "{:?}",
        ada.asked
    );
}

#[test]
fn of_several_methods_one_is_taken_that_can_be_answered() {
    let list = options(&format!(
        "{}{}{}",
        link("DuoAdfsAdapter", "Duo"),
        link("CertificateAuthentication", "Certificate"),
        link("SecurIDAuthentication", "RSA")
    ));
    let mut site = site(&login(""))
        .on(POST, at_ls(list))
        .on(
            POST,
            at_ls(adapter("SecurIDAuthentication", "<input name=Passcode>")),
        )
        .on(POST, html(AWS));
    arrives(&mut site);
    assert_eq!(
        site.asked[2],
        format!("POST {LS} AuthMethod=SecurIDAuthentication&UserName=ada")
    );
}

#[test]
fn the_configured_method_picks_the_adapter() {
    let list = options(&format!(
        "{}{}",
        link("SecurIDAuthentication", "RSA"),
        link(
            "AzureMfaAuthentication",
            "Azure Multi-Factor Authentication"
        )
    ));
    let mut site = site(&login(""))
        .on(POST, at_ls(list))
        .on(POST, at_ls(azure(PUSH)))
        .on(POST, html(AWS));
    let settings = Settings {
        mfa_method: Some("push".into()),
        ..settings()
    };
    run(&mut site, &settings, &mut Ada::default()).unwrap();
    assert!(site.asked[2].contains(" AuthMethod=AzureMfaAuthentication&"));
}

#[test]
fn the_configured_device_is_taken_instead_of_the_method_of_the_page() {
    let page = adapter("AzureMfaServerAuthentication", "").replace(
        "type=hidden></form>",
        &format!(
            "type=hidden>{}</form>",
            link("SecurIDAuthentication", "RSA token")
        ),
    );
    assert!(page.contains("RSA"));
    let mut site = site(&login(""))
        .on(POST, at_ls(page))
        .on(
            POST,
            at_ls(adapter("SecurIDAuthentication", "<input name=Passcode>")),
        )
        .on(POST, html(AWS));
    let settings = Settings {
        mfa_device: Some("rsa".into()),
        ..settings()
    };
    run(&mut site, &settings, &mut Ada::default()).unwrap();
}

#[test]
fn duo_is_refused_by_name() {
    for page in [
        adapter("DuoAdfsAdapter", "<div id=duo_iframe></div>"),
        "<form id=adfs_form method=post action=https://api-1.duosecurity.com/x><input type=hidden name=adfs_context \
         value=x><input type=hidden name=adfs_auth_method value=DuoAdfsAdapter></form><script>\
         document.forms[0].submit()</script>"
            .to_owned(),
        options(&link("DuoAdfsAdapter", "Duo")),
    ] {
        let mut site = site(&login("")).on(POST, at_ls(page));
        let error = fails(&mut site, &settings(), &mut Ada::default());
        assert_eq!(error.kind(), Kind::NeedsYou, "{error}");
        assert!(error.message().contains("Duo"), "{error}");
    }
}
