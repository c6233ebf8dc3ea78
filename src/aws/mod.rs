//! AWS: reading assertions, STS, and the page that names accounts.

pub mod account_page;
mod bridge;
mod refusals;
pub mod saml;
pub mod sts;
