//! A SAML identity provider with many faces and an STS that checks, on loopback, with faults on demand.
//!
//! A [`Testbed`] runs until it is dropped. The identity provider signs its responses for real, and the STS
//! verifies them for real: what passes here was signed by the provider that the role trusts, in time, for AWS,
//! and offered the role. Keys that the STS gives out work for signed calls until they expire.
//!
//! ```no_run
//! use mai_testbed::{Fault, Server, Testbed};
//!
//! let testbed = Testbed::start();
//! testbed.set(Fault::Latency { server: Server::Idp, millis: 50 });
//! println!("sign in as ada at {}", testbed.face("simple"));
//! ```
//!
//! # Faces
//!
//! A face is one way of asking people to sign in; [`Testbed::face`] gives its start URL. Users, roles and
//! second factors are the same on all: `otto` is asked for a code wherever a password is asked for.
//!
//! | faces | what is special |
//! | --- | --- |
//! | `simple`, `otp` | one page, every field must come back in order; `otp` asks everybody for a code |
//! | `two-pages`, `no-password`, `choice`, `choice-radio` | steps before the password, or none |
//! | `consent`, `terms`, `expiring`, `portal` | steps after it |
//! | `meta`, `script` | pages that lead on by themselves |
//! | `fragment`, `question`, `empty-action`, `relative`, `base-href`, `formaction`, `entities`, `get-form` | where a form goes |
//! | `latin1`, `multipart`, `many-forms`, `checkbox-radio`, `nested` | what a form sends |
//! | `too-deep`, `huge`, `redirect-loop`, `again` | what must not be followed for ever |
//! | `basic`, `negotiate`, `sp-initiated` | what is not a form first |
//! | `hop`, `to-other-form`, `to-other-redirect`, `to-other-307`, `http-downgrade`, `http-redirect`, `false-aws` | other hosts; the last three are never contacted |
//! | `captcha`, `js-only`, `webauthn`, `enrol`, `change-password`, `error-page` | where HTTP ends |
//! | `stale`, `stale-login` | expired at first; the second start works |
//! | `leaky` | secrets in every corner, and the password said back |
//! | `simplesaml`, `simplesaml-1.19`, `simplesaml-consent` | like SimpleSAMLphp |
//! | `keycloak`, `keycloak-v2`, `keycloak-terms`, `keycloak-enrol`, `keycloak-update-password`, `keycloak-expired` | like Keycloak |
//! | `lemonldap`, `lemonldap-choice`, `lemonldap-menu`, `lemonldap-info`, `lemonldap-notice`, `lemonldap-key`, `lemonldap-captcha`, `lemonldap-enrol`, `lemonldap-wait` | like LemonLDAP::NG |

mod encoding;
mod faults;
mod idp;
mod saml;
mod seen;
mod server;
mod sts;
mod testbed;
mod tls;
mod users;
mod web;
mod world;

pub use faults::{AssertionFault, Fault};
pub use idp::PLANTED;
pub use saml::response::Signed;
pub use seen::{Seen, Server, Traffic};
pub use sts::{AccountsPage, RoleRules};
pub use testbed::{Setup, Testbed};
pub use users::{
    Device, Namespaces, ODD_PASSWORD, PASSWORD, PairOrder, Role, TABLET_SECRET, TOTP_SECRET, User,
    Users, totp,
};
