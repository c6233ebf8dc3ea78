//! Every face, by name.

/// A face whose folder has its name.
macro_rules! face {
    ($name:literal, $serve:expr) => {
        $crate::idp::Face {
            name: $name,
            prefix: concat!("/", $name, "/"),
            start: "start?app=aws",
            serve: $serve,
        }
    };
}

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

use super::Face;

pub use leaky::PLANTED;

/// Each module's own, in no order that matters: a request goes to the longest prefix of its path.
static FACES: &[&[Face]] = &[
    plain::FACES,
    forms::FACES,
    steps::FACES,
    hosts::FACES,
    trouble::FACES,
    leaky::FACES,
    simplesaml::FACES,
    keycloak::FACES,
    shibboleth::FACES,
    cas::FACES,
    adfs::FACES,
    openam::FACES,
    lemonldap::FACES,
    pingfederate::FACES,
];

pub(crate) fn all() -> impl Iterator<Item = &'static Face> {
    FACES.iter().copied().flatten()
}
