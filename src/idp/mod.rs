//! Signing in to an identity provider over HTTP: from a start URL to an assertion.
//!
//! Within this room a module uses only those below its own line, so there are no circles.
pub mod walk;

mod answer;
mod authn_request;
pub mod providers;
mod refusal;

pub mod visit;

pub mod factors;

pub mod person;

pub mod page;

pub mod form;

pub mod document;
