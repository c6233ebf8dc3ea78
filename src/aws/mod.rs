//! AWS: reading assertions, STS, the web console, and the page that names accounts.

pub mod account_page;
mod bridge;
pub mod console_page;
pub mod federation;
mod refusals;
pub mod saml;
pub mod sts;
