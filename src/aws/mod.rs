//! AWS: reading assertions, and STS.

mod bridge;
mod refusals;
pub mod saml;
pub mod sts;
