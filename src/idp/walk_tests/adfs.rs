//! Sign-ins at AD FS, whose pages differ by version, settings and adapters.

use super::*;

pub(super) const LS: &str = "https://idp.test/adfs/ls/?SAMLRequest=a%2Bb&client-request-id=1";

/// A page at its usual place.
pub(super) fn at_ls(text: impl Into<String>) -> Reply {
    html(text).at(LS)
}

pub(super) fn site(first: &str) -> Site {
    Site::default().on("GET /start", at_ls(first))
}

/// Where forms without an address go.
pub(super) const POST: &str = "POST /adfs/ls/";

/// What every page has below its form: the links to other methods.
pub(super) fn options(links: &str) -> String {
    format!(
        "<form method=post id=options action='/adfs/ls/?SAMLRequest=a%2Bb&amp;client-request-id=1'><script>function \
         SelectOption(option) {{ document.forms['options'].submit(); }}</script><input id=optionSelection type=hidden \
         name=AuthMethod><input id=userNameInputOptionsHolder name=UserName value='' type=hidden>{links}</form>"
    )
}

pub(super) fn link(method: &str, label: &str) -> String {
    format!(
        "<a class=actionLink href='#' id={method} onclick=\"SelectOption('{method}'); return false;\">{label}</a>"
    )
}

pub(super) fn login(error: &str) -> String {
    format!(
        "<form method=post id=loginForm autocomplete=off action='/adfs/ls/?SAMLRequest=a%2Bb&amp;client-request-id=1'>\
         <div id=error><span id=errorText for=''>{error}</span></div><input id=userNameInput name=UserName type=email \
         placeholder=someone@example.com><input id=passwordInput name=Password type=password><div id=kmsiArea \
         style='display:none'><input type=checkbox name=Kmsi id=kmsiInput value=true></div><span id=submitButton \
         class=submit role=button onclick='return Login.submitLoginRequest();'>Sign in</span><input id=optionForms \
         type=hidden name=AuthMethod value=FormsAuthentication></form>{}",
        options("")
    )
}

/// An adapter's page.
pub(super) fn adapter(method: &str, inside: &str) -> String {
    format!(
        "<div id=authArea><form method=post id=loginForm autocomplete=off><input id=authMethod type=hidden name=AuthMethod \
         value={method}><input id=context type=hidden name=Context value='a&amp;b'>{inside}</form></div>{}",
        options("")
    )
}

fn with_option(key: &str, value: &str) -> Settings {
    let mut settings = settings();
    settings.options.insert(key.into(), value.into());
    settings
}

#[test]
fn the_login_form_is_sent_whole_and_without_a_button() {
    let mut site = site(&login("")).on(POST, html(AWS));
    arrives(&mut site);
    assert_eq!(
        site.asked[1],
        format!(
            "POST {LS} UserName=ada&Password=hunter2%26%3D%C3%A4&AuthMethod=FormsAuthentication"
        )
    );
}

#[test]
fn fields_that_come_into_sight_later_are_filled_at_once() {
    let page = login("").replace(
        "<input id=passwordInput",
        "<div style='display:none'><input id=passwordInput",
    );
    let mut site = site(&page).on(POST, html(AWS));
    arrives(&mut site);
    assert!(
        site.asked[1].contains("UserName=ada&Password=hunter2"),
        "{:?}",
        site.asked
    );
}

#[test]
fn staying_signed_in_follows_the_setting_and_is_said_once() {
    let page = login("").replace(
        "<span id=submitButton",
        "<input type=hidden name=Kmsi value=''><input type=checkbox name=Kmsi value=true checked><span id=submitButton",
    );
    for (remember, told) in [(true, 1), (false, 0)] {
        let mut site = site(&page).on(POST, html(AWS));
        let settings = Settings {
            remember_device: remember,
            ..settings()
        };
        run(&mut site, &settings, &mut Ada::default()).unwrap();
        assert_eq!(site.asked[1].matches("Kmsi=true").count(), told);
        assert_eq!(site.asked[1].matches("Kmsi=").count(), told);
    }
}

#[test]
fn a_bare_user_name_gets_the_domain_of_the_options() {
    for (domain, user) in [("CORP", "CORP%5Cada"), ("corp.test", "ada%40corp.test")] {
        let mut site = site(&login("")).on(POST, html(AWS));
        run(
            &mut site,
            &with_option("domain", domain),
            &mut Ada::default(),
        )
        .unwrap();
        assert!(
            site.asked[1].contains(&format!("UserName={user}&")),
            "{:?}",
            site.asked
        );
    }
}

#[test]
fn user_name_method_and_password_may_come_on_pages_of_their_own() {
    let first = login("").replace("name=Password type=password", "name=Other type=hidden");
    let list = options(&format!(
        "{}{}",
        link("CertificateAuthentication", "Certificate"),
        link("FormsAuthentication", "Password")
    ));
    let last = login("").replace(
        "name=UserName type=email",
        "name=UserName type=hidden value=ada",
    );
    let mut site = site(&first)
        .on(POST, at_ls(list))
        .on(POST, at_ls(last))
        .on(POST, html(AWS));
    arrives(&mut site);
    assert_eq!(
        site.asked[2],
        format!("POST {LS} AuthMethod=FormsAuthentication&UserName=ada")
    );
    assert!(
        site.asked[3].contains("UserName=ada&Password=hunter2"),
        "{:?}",
        site.asked
    );
}

#[test]
fn a_refusal_is_known_by_its_place_in_any_language() {
    for text in [
        "Incorrect user ID or password. Type the correct user ID and password, and try again.",
        "Väärä käyttäjätunnus tai salasana.",
    ] {
        let mut site = site(&login("")).on(POST, at_ls(login(text)));
        let mut ada = Ada::default();
        let error = fails(&mut site, &with_option("domain", "CORP"), &mut ada);
        assert_eq!(error.message(), "idp.test refused the password of ada");
        assert!(ada.asked.contains(&"refused".to_owned()));
        assert_eq!(site.asked.len(), 2);
    }
    let mut site = site(&login("")).on(POST, at_ls(login("Wrong.")));
    let error = fails(&mut site, &settings(), &mut Ada::default());
    assert!(
        error.message().contains("`username: DOMAIN\\ada`"),
        "{error}"
    );
}

#[test]
fn an_expired_password_names_the_page_that_changes_it() {
    let text = "Kennwort! <a href='/adfs/portal/updatepassword/?username=ada'>Hier</a>";
    let own = "<form method=post><input name=UserName><input type=password name=OldPassword><input type=password \
        name=NewPassword><input type=password name=ConfirmNewPassword></form>";
    for page in [
        at_ls(login(text)),
        html(own).at("https://idp.test/adfs/portal/updatepassword/?x=1"),
    ] {
        let mut site = site(&login("")).on(POST, page);
        let error = fails(&mut site, &settings(), &mut Ada::default());
        assert_eq!(error.kind(), Kind::NeedsYou, "{error}");
        let hint = error.hint_text().unwrap();
        assert!(
            hint.contains("https://idp.test/adfs/portal/updatepassword/,"),
            "{hint}"
        );
    }
}

fn realm_page() -> String {
    let idp = |value: &str, label: &str| {
        format!(
            "<div class=idp role=button onclick=\"HRD.selection('{value}'); return false;\"><span>{label}</span></div>"
        )
    };
    format!(
        "<div id=hrdArea><form id=hrd method=post action='/adfs/ls/?SAMLRequest=a%2Bb'><div id=bySelection><div \
         id=openingMessage>Sign in with one of these accounts</div><input id=hrdSelection type=hidden>{}{}<div class=idp \
         onclick='HRD.showEmailInput()'>Other</div></div><div id=byEmail style='display:none'><input id=emailInput \
         name=Email type=email><input class=submit name=HomeRealmByEmail type=submit value=Next></div></form></div>",
        idp("http://partner.test/adfs/services/trust", "Partner"),
        idp("AD AUTHORITY", "Active Directory"),
    )
}

#[test]
fn the_home_realm_is_configured_or_picked_or_the_own_directory() {
    let nobody_there = nobody();
    let wanted = with_option("home_realm", "AD AUTHORITY");
    let by_label = with_option("home_realm", "active");
    for (settings, asked) in [
        (&wanted, 0),
        (&by_label, 0),
        (&nobody_there, 0),
        (&settings(), 1),
    ] {
        let mut site = site(&realm_page())
            .on(POST, at_ls(login("")))
            .on(POST, html(AWS));
        let mut ada = Ada {
            picks: "Active",
            ..Ada::default()
        };
        run(&mut site, settings, &mut ada).unwrap();
        assert_eq!(
            site.asked[1],
            "POST https://idp.test/adfs/ls/?SAMLRequest=a%2Bb HomeRealmSelection=AD+AUTHORITY&Email="
        );
        let questions = ada
            .asked
            .iter()
            .filter(|a| a.contains("Partner | Active"))
            .count();
        assert_eq!(questions, asked, "{:?}", ada.asked);
    }
    let mut site = site(&realm_page());
    let error = fails(
        &mut site,
        &with_option("home_realm", "X"),
        &mut Ada::default(),
    );
    assert_eq!(error.kind(), Kind::Usage);
    assert!(
        error
            .hint_text()
            .unwrap()
            .contains("Partner, Active Directory"),
        "{error:?}"
    );
}

#[test]
fn a_realm_page_that_wants_an_address_gets_the_user_name() {
    let page = realm_page().replace("HRD.selection", "nothing");
    let mut site = site(&page).on(POST, at_ls(login(""))).on(POST, html(AWS));
    arrives(&mut site);
    assert!(
        site.asked[1].ends_with(" Email=ada&HomeRealmByEmail=Next"),
        "{:?}",
        site.asked
    );
}

fn menu(options: &str, button: &str) -> String {
    format!(
        "<form method=post id=idpForm action='/adfs/ls/IdpInitiatedSignOn.aspx?client-request-id=1'><input type=radio \
         name=SignInThisSite value=SignInThisSite checked><input type=radio name=SignInOtherSite value=SignInOtherSite>\
         <select id=idp_RelyingPartyDropDownList name=RelyingParty disabled>{options}</select><input type=submit \
         name={button} value='Sign in'></form>"
    )
}

#[test]
fn the_application_that_is_aws_is_taken() {
    let page = menu(
        "<option value=g1>Jira<option value=g2>AWS Console<option value=g3>Laws",
        "SignInSubmit",
    );
    let aspx = "POST /adfs/ls/IdpInitiatedSignOn.aspx";
    let mut site = site(&page).on(aspx, at_ls(login(""))).on(POST, html(AWS));
    arrives(&mut site);
    assert_eq!(
        site.asked[1],
        "POST https://idp.test/adfs/ls/IdpInitiatedSignOn.aspx?client-request-id=1 \
         SignInOtherSite=SignInOtherSite&RelyingParty=g2&SignInSubmit=Sign+in"
    );

    let unclear = menu("<option value=g1>Jira<option value=g2>Cloud", "SignInGo");
    let mut site = super::adfs::site(&unclear).on(aspx, html(AWS));
    let mut ada = Ada {
        picks: "Cloud",
        ..Ada::default()
    };
    run(&mut site, &settings(), &mut ada).unwrap();
    assert!(site.asked[1].ends_with("RelyingParty=g2&SignInGo=Sign+in"));
    assert_eq!(
        ada.asked,
        ["Which of these is AWS at idp.test?: Jira | Cloud"]
    );

    let mut site = super::adfs::site(&unclear).on(aspx, html(AWS));
    run(
        &mut site,
        &with_option("relying_party", "cloud"),
        &mut Ada::default(),
    )
    .unwrap();

    let error = fails(
        &mut super::adfs::site(&unclear),
        &nobody(),
        &mut Ada::default(),
    );
    assert_eq!(error.kind(), Kind::NeedsYou);
    let error = fails(
        &mut super::adfs::site(&menu("", "SignInSubmit")),
        &settings(),
        &mut Ada::default(),
    );
    assert_eq!(error.kind(), Kind::Usage);
    assert!(error.hint_text().unwrap().contains("loginToRp"));
    // It comes again instead of an answer.
    let mut site = super::adfs::site(&page).on(aspx, at_ls(page.clone()));
    let error = fails(&mut site, &settings(), &mut Ada::default());
    assert_eq!((error.kind(), site.asked.len()), (Kind::Refused, 2));
}

const FATAL: &str = "<div id=errorArea><div id=openingMessage>Fehler</div><div id=errorMessage>Ein Fehler ist aufgetreten. \
    TEXT</div><div id=errorDetails style='display:none'><li>Aktivitäts-ID: 00000000-0000-0000-6b01-0080000000e2</li></div></div>";

#[test]
fn a_fatal_page_shows_its_number() {
    let start = |path: &str| Settings {
        start: Url::parse(&format!("https://idp.test{path}")).unwrap(),
        ..settings()
    };
    let aspx = start("/adfs/ls/IdpInitiatedSignOn.aspx?loginToRp=urn:amazon:webservices");
    let mut site = Site::default().on("GET /adfs/ls/IdpInitiatedSignOn.aspx", html(FATAL));
    let error = fails(&mut site, &aspx, &mut Ada::default());
    assert!(
        error
            .message()
            .contains("00000000-0000-0000-6b01-0080000000e2"),
        "{error}"
    );
    assert!(
        error
            .hint_text()
            .unwrap()
            .contains("`url: https://idp.test/adfs/ls/`")
    );

    for (text, kind) in [
        ("MSIS7042: loop", Kind::Failed),
        ("You are not authorized to access this site.", Kind::Refused),
        (
            "The selected authentication method is not available for 'ada'.",
            Kind::NeedsYou,
        ),
    ] {
        let mut site = super::adfs::site(&login("")).on(POST, at_ls(FATAL.replace("TEXT", text)));
        let error = fails(&mut site, &settings(), &mut Ada::default());
        assert_eq!(error.kind(), kind, "{error}");
    }
}

#[test]
fn windows_and_certificates_have_sentences_of_their_own() {
    let mut site = Site::default().on(
        "GET /start",
        html("")
            .status(401)
            .header("www-authenticate", "Negotiate")
            .at("https://idp.test/adfs/ls/wia?x=1"),
    );
    let error = fails(&mut site, &settings(), &mut Ada::default());
    assert_eq!(error.kind(), Kind::NeedsYou);
    assert!(
        error
            .hint_text()
            .unwrap()
            .contains("WiaSupportedUserAgents")
    );
    for place in [
        "https://certauth.idp.test/adfs/ls/?x",
        "https://idp.test:49443/adfs/ls/?x",
    ] {
        let mut site = Site::default().on("GET /start", html("No certificate").at(place));
        let error = fails(&mut site, &settings(), &mut Ada::default());
        assert!(
            error.hint_text().unwrap().contains("client_certificate"),
            "{error}"
        );
    }
}

#[test]
fn the_form_of_2_0_is_an_ordinary_one() {
    let page = "<form method=post action='?x=1'><input type=hidden name=__VIEWSTATE value=v><input \
        name='ctl00$ContentPlaceHolder1$UsernameTextBox'><input type=password \
        name='ctl00$ContentPlaceHolder1$PasswordTextBox'><input type=submit name='ctl00$ContentPlaceHolder1$SubmitButton' \
        value='Sign In'></form>";
    let mut site = site(page).on(POST, html(AWS));
    arrives(&mut site);
    assert!(site.asked[1].contains("TextBox=ada&"), "{:?}", site.asked);
    assert!(
        site.asked[1].ends_with("SubmitButton=Sign+In"),
        "{:?}",
        site.asked
    );
}

#[test]
fn forms_of_other_products_are_left_alone() {
    let chooser = "<form id=idpForm method=post action=/pick><select name=idp><option value=a>A<option value=b>B</select>\
        <button>Go</button></form>";
    let mut site = Site::default()
        .on("GET /start", html(chooser))
        .on(
            "POST /pick",
            html(LOGIN.replace("<form", "<form id=loginForm")),
        )
        .on("POST /login", html(AWS));
    let settings = Settings {
        provider: Some("adfs".into()),
        ..settings()
    };
    run(&mut site, &settings, &mut Ada::default()).unwrap();
    assert!(site.asked[2].starts_with("POST https://idp.test/login user=ada"));
}
