//! Every face, by name.

pub(crate) mod adfs;
mod adfs_mfa;
mod adfs_pages;
mod cas;
mod cas_pages;
mod forms;
mod hosts;
pub(crate) mod keycloak;
mod keycloak_pages;
mod leaky;
mod lemonldap;
pub(crate) mod lemonldap_pages;
mod openam;
mod openam_questions;
mod pingfederate;
mod plain;
mod shibboleth;
mod shibboleth_pages;
pub(crate) mod simplesaml;
mod steps;
mod trouble;

use super::{Face, Visit};
use crate::web::Reply;

pub use leaky::PLANTED;

type Serve = fn(&Visit<'_>) -> Reply;

/// A face whose folder has its name.
macro_rules! face {
    ($name:literal, $serve:expr) => {
        face!($name, concat!("/", $name, "/"), "start?app=aws", $serve)
    };
    ($name:literal, $prefix:expr, $start:literal, $serve:expr) => {
        Face {
            name: $name,
            prefix: $prefix,
            start: $start,
            serve: $serve as Serve,
        }
    };
}

const SIMPLESAML: Serve = simplesaml::serve;
const KEYCLOAK: Serve = keycloak::serve;
const SHIBBOLETH: Serve = shibboleth::serve;
const CAS: Serve = cas::serve;
const ADFS: Serve = adfs::serve;

/// A face of AD FS, whose folder ends as those of AD FS do.
macro_rules! adfs {
    ($name:literal) => {
        adfs!(
            $name,
            "ls/IdpInitiatedSignOn.aspx?loginToRp=urn:amazon:webservices"
        )
    };
    ($name:literal, $start:literal) => {
        face!($name, concat!("/", $name, "/adfs/"), $start, ADFS)
    };
}
const OPENAM: Serve = openam::serve;
const LEMONLDAP: Serve = lemonldap::serve;
const PINGFEDERATE: Serve = pingfederate::serve;

/// The faces in no order that matters: a request goes to the longest prefix of its path.
pub(crate) static FACES: &[Face] = &[
    face!("simple", plain::simple),
    face!("otp", plain::simple),
    face!("fragment", forms::fragment),
    face!("question", forms::question),
    face!("empty-action", forms::empty_action),
    face!(
        "relative",
        "/relative/",
        "a/b/start?app=aws",
        forms::relative
    ),
    face!("base-href", forms::base_href),
    face!("formaction", forms::formaction),
    face!("entities", forms::entities),
    face!("get-form", forms::get_form),
    face!("latin1", forms::latin1),
    face!("multipart", forms::multipart),
    face!("many-forms", forms::many_forms),
    face!("checkbox-radio", forms::checkbox_radio),
    face!("nested", forms::nested),
    face!("too-deep", forms::too_deep),
    face!("huge", forms::huge),
    face!("two-pages", steps::two_pages),
    face!("no-password", steps::no_password),
    face!("choice", steps::choice),
    face!("choice-radio", steps::choice_radio),
    face!("consent", steps::consent),
    face!("terms", steps::terms),
    face!("meta", steps::meta),
    face!("script", steps::script),
    face!("expiring", steps::expiring),
    face!("hop", hosts::hop),
    face!("sp-initiated", "/saml/", "sso", hosts::sp_initiated),
    face!("to-other-form", hosts::to_other_form),
    face!("to-other-redirect", hosts::to_other_redirect),
    face!("to-other-307", hosts::to_other_307),
    face!("http-downgrade", hosts::http_downgrade),
    face!("http-redirect", hosts::http_redirect),
    face!("false-aws", hosts::false_aws),
    face!("basic", trouble::basic),
    face!("negotiate", trouble::negotiate),
    face!("captcha", trouble::captcha),
    face!("js-only", trouble::js_only),
    face!("webauthn", trouble::webauthn),
    face!("redirect-loop", trouble::redirect_loop),
    face!("again", trouble::again),
    face!("portal", trouble::portal),
    face!("error-page", trouble::error_page),
    face!("leaky", leaky::leaky),
    face!("stale", trouble::stale),
    face!("stale-login", trouble::stale_login),
    face!("change-password", trouble::change_password),
    face!("enrol", trouble::enrol),
    face!(
        "simplesaml",
        "/simplesaml/",
        "saml2/idp/SSOService.php?spentityid=urn:amazon:webservices",
        SIMPLESAML
    ),
    face!(
        "simplesaml-1.19",
        "/old/simplesaml/",
        "saml2/idp/SSOService.php?spentityid=urn:amazon:webservices",
        SIMPLESAML
    ),
    face!(
        "simplesaml-consent",
        "/consenting/simplesaml/",
        "saml2/idp/SSOService.php?spentityid=urn:amazon:webservices",
        SIMPLESAML
    ),
    face!(
        "keycloak",
        "/realms/corp/",
        "protocol/saml/clients/aws",
        KEYCLOAK
    ),
    face!(
        "keycloak-v2",
        "/realms/corp-v2/",
        "protocol/saml/clients/aws",
        KEYCLOAK
    ),
    face!(
        "keycloak-terms",
        "/realms/corp-terms/",
        "protocol/saml/clients/aws",
        KEYCLOAK
    ),
    face!(
        "keycloak-enrol",
        "/realms/corp-enrol/",
        "protocol/saml/clients/aws",
        KEYCLOAK
    ),
    face!(
        "keycloak-expired",
        "/realms/corp-expired/",
        "protocol/saml/clients/aws",
        KEYCLOAK
    ),
    face!(
        "keycloak-update-password",
        "/realms/corp-update-password/",
        "protocol/saml/clients/aws",
        KEYCLOAK
    ),
    face!(
        "shibboleth",
        "/idp/",
        "profile/SAML2/Unsolicited/SSO?providerId=urn%3Aamazon%3Awebservices",
        SHIBBOLETH
    ),
    face!(
        "shibboleth-v3",
        "/v3/idp/",
        "profile/SAML2/Unsolicited/SSO?providerId=urn%3Aamazon%3Awebservices",
        SHIBBOLETH
    ),
    face!(
        "shibboleth-consent",
        "/consent/idp/",
        "profile/SAML2/Unsolicited/SSO?providerId=urn%3Aamazon%3Awebservices",
        SHIBBOLETH
    ),
    face!(
        "shibboleth-expiring",
        "/expiring/idp/",
        "profile/SAML2/Unsolicited/SSO?providerId=urn%3Aamazon%3Awebservices",
        SHIBBOLETH
    ),
    face!(
        "shibboleth-totp",
        "/totp/idp/",
        "profile/SAML2/Unsolicited/SSO?providerId=urn%3Aamazon%3Awebservices",
        SHIBBOLETH
    ),
    face!(
        "shibboleth-tokencode",
        "/tokencode/idp/",
        "profile/SAML2/Unsolicited/SSO?providerId=urn%3Aamazon%3Awebservices",
        SHIBBOLETH
    ),
    face!(
        "shibboleth-fudiscr",
        "/fudiscr/idp/",
        "profile/SAML2/Unsolicited/SSO?providerId=urn%3Aamazon%3Awebservices",
        SHIBBOLETH
    ),
    face!(
        "shibboleth-fudiscr-boxes",
        "/fudiscr-boxes/idp/",
        "profile/SAML2/Unsolicited/SSO?providerId=urn%3Aamazon%3Awebservices",
        SHIBBOLETH
    ),
    face!(
        "shibboleth-fudiscr-pin",
        "/fudiscr-pin/idp/",
        "profile/SAML2/Unsolicited/SSO?providerId=urn%3Aamazon%3Awebservices",
        SHIBBOLETH
    ),
    face!(
        "shibboleth-spnego",
        "/spnego/idp/",
        "profile/SAML2/Unsolicited/SSO?providerId=urn%3Aamazon%3Awebservices",
        SHIBBOLETH
    ),
    face!(
        "shibboleth-stale",
        "/stale/idp/",
        "profile/SAML2/Unsolicited/SSO?providerId=urn%3Aamazon%3Awebservices",
        SHIBBOLETH
    ),
    face!(
        "shibboleth-denied",
        "/denied/idp/",
        "profile/SAML2/Unsolicited/SSO?providerId=urn%3Aamazon%3Awebservices",
        SHIBBOLETH
    ),
    face!(
        "shibboleth-webauthn",
        "/webauthn/idp/",
        "profile/SAML2/Unsolicited/SSO?providerId=urn%3Aamazon%3Awebservices",
        SHIBBOLETH
    ),
    face!(
        "shibboleth-webauthn-only",
        "/webauthn-only/idp/",
        "profile/SAML2/Unsolicited/SSO?providerId=urn%3Aamazon%3Awebservices",
        SHIBBOLETH
    ),
    face!(
        "cas",
        "/cas/",
        "idp/profile/SAML2/Unsolicited/SSO?providerId=urn:amazon:webservices",
        CAS
    ),
    face!(
        "cas-aup",
        "/aup/cas/",
        "idp/profile/SAML2/Unsolicited/SSO?providerId=urn:amazon:webservices",
        CAS
    ),
    face!(
        "cas-interrupt",
        "/interrupt/cas/",
        "idp/profile/SAML2/Unsolicited/SSO?providerId=urn:amazon:webservices",
        CAS
    ),
    face!(
        "cas-blocked",
        "/blocked/cas/",
        "idp/profile/SAML2/Unsolicited/SSO?providerId=urn:amazon:webservices",
        CAS
    ),
    face!(
        "cas-warning",
        "/warning/cas/",
        "idp/profile/SAML2/Unsolicited/SSO?providerId=urn:amazon:webservices",
        CAS
    ),
    face!(
        "cas-gauth",
        "/gauth/cas/",
        "idp/profile/SAML2/Unsolicited/SSO?providerId=urn:amazon:webservices",
        CAS
    ),
    face!(
        "cas-ways",
        "/ways/cas/",
        "idp/profile/SAML2/Unsolicited/SSO?providerId=urn:amazon:webservices",
        CAS
    ),
    face!(
        "cas-consent",
        "/consent/cas/",
        "idp/profile/SAML2/Unsolicited/SSO?providerId=urn:amazon:webservices",
        CAS
    ),
    face!(
        "cas-enrol",
        "/enrol/cas/",
        "idp/profile/SAML2/Unsolicited/SSO?providerId=urn:amazon:webservices",
        CAS
    ),
    adfs!("adfs-3"),
    adfs!("adfs-german"),
    adfs!("adfs-2019"),
    adfs!("adfs-paged"),
    adfs!("adfs-hrd"),
    adfs!("adfs-off"),
    adfs!("adfs-wia"),
    adfs!("adfs-certificate"),
    adfs!("adfs-azure"),
    adfs!("adfs-server"),
    adfs!("adfs-silverfort"),
    adfs!("adfs-securid"),
    adfs!("adfs-securid2"),
    adfs!("adfs-vip"),
    adfs!("adfs-vip-upn"),
    adfs!("adfs-safenet"),
    adfs!("adfs-defender"),
    adfs!("adfs-methods"),
    adfs!("adfs-duo"),
    adfs!("adfs-unavailable"),
    adfs!("adfs-menu", "ls/IdpInitiatedSignOn.aspx"),
    adfs!("adfs-bare", "ls/"),
    adfs!(
        "adfs-stranger",
        "ls/IdpInitiatedSignOn.aspx?loginToRp=urn:unknown"
    ),
    face!(
        "openam",
        "/openam/",
        "idpssoinit?metaAlias=/idp&spEntityID=urn:amazon:webservices&binding=urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
        OPENAM
    ),
    face!(
        "openam-classic",
        "/classic/openam/",
        "saml2/jsp/idpSSOInit.jsp?metaAlias=/idp&spEntityID=urn:amazon:webservices",
        OPENAM
    ),
    face!(
        "openam-am7",
        "/am/",
        "idpssoinit?metaAlias=/alpha/idp&spEntityID=urn:amazon:webservices",
        OPENAM
    ),
    face!(
        "openam-hotp",
        "/hotp/openam/",
        "idpssoinit?metaAlias=/idp&spEntityID=urn:amazon:webservices",
        OPENAM
    ),
    face!(
        "openam-push",
        "/push/am/",
        "idpssoinit?metaAlias=/idp&spEntityID=urn:amazon:webservices",
        OPENAM
    ),
    face!(
        "openam-key",
        "/key/am/",
        "idpssoinit?metaAlias=/idp&spEntityID=urn:amazon:webservices",
        OPENAM
    ),
    face!(
        "openam-terms",
        "/terms/am/",
        "idpssoinit?metaAlias=/idp&spEntityID=urn:amazon:webservices",
        OPENAM
    ),
    face!(
        "openam-timeout",
        "/timeout/openam/",
        "idpssoinit?metaAlias=/idp&spEntityID=urn:amazon:webservices",
        OPENAM
    ),
    face!(
        "lemonldap",
        "/lemonldap/",
        "saml/singleSignOn?IDPInitiated=1&sp=urn:amazon:webservices",
        LEMONLDAP
    ),
    face!(
        "lemonldap-captcha",
        "/lemonldap-captcha/",
        "saml/singleSignOn?IDPInitiated=1&sp=urn:amazon:webservices",
        LEMONLDAP
    ),
    face!(
        "lemonldap-choice",
        "/lemonldap-choice/",
        "saml/singleSignOn?IDPInitiated=1&sp=urn:amazon:webservices",
        LEMONLDAP
    ),
    face!(
        "lemonldap-enrol",
        "/lemonldap-enrol/",
        "saml/singleSignOn?IDPInitiated=1&sp=urn:amazon:webservices",
        LEMONLDAP
    ),
    face!(
        "lemonldap-info",
        "/lemonldap-info/",
        "saml/singleSignOn?IDPInitiated=1&sp=urn:amazon:webservices",
        LEMONLDAP
    ),
    face!(
        "lemonldap-key",
        "/lemonldap-key/",
        "saml/singleSignOn?IDPInitiated=1&sp=urn:amazon:webservices",
        LEMONLDAP
    ),
    face!(
        "lemonldap-menu",
        "/lemonldap-menu/",
        "saml/singleSignOn?IDPInitiated=1&sp=urn:amazon:webservices",
        LEMONLDAP
    ),
    face!(
        "lemonldap-notice",
        "/lemonldap-notice/",
        "saml/singleSignOn?IDPInitiated=1&sp=urn:amazon:webservices",
        LEMONLDAP
    ),
    face!(
        "lemonldap-wait",
        "/lemonldap-wait/",
        "saml/singleSignOn?IDPInitiated=1&sp=urn:amazon:webservices",
        LEMONLDAP
    ),
    face!(
        "pingfederate",
        "/ping/",
        "idp/startSSO.ping?PartnerSpId=urn:amazon:webservices",
        PINGFEDERATE
    ),
    face!(
        "pingfederate-first",
        "/first/ping/",
        "idp/startSSO.ping?PartnerSpId=urn:amazon:webservices",
        PINGFEDERATE
    ),
    face!(
        "pingfederate-template",
        "/template/ping/",
        "idp/startSSO.ping?PartnerSpId=urn:amazon:webservices",
        PINGFEDERATE
    ),
    face!(
        "pingfederate-push",
        "/push/ping/",
        "idp/startSSO.ping?PartnerSpId=urn:amazon:webservices",
        PINGFEDERATE
    ),
    face!(
        "pingfederate-error",
        "/error/ping/",
        "idp/startSSO.ping?PartnerSpId=urn:amazon:webservices",
        PINGFEDERATE
    ),
    face!(
        "pingfederate-ntlm",
        "/ntlm/ping/",
        "idp/startSSO.ping?PartnerSpId=urn:amazon:webservices",
        PINGFEDERATE
    ),
];
