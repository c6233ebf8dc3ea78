//! Signing in to an identity provider over HTTP: from a start URL to an assertion.
//!
//! A module uses only those that stand below it here, so there are no circles.

// The sequence as it went, masked: for people to send and for tests to walk again.
pub mod recording;

// The sequence.
pub mod walk;

// The way out.
pub mod leave;

// What one page is answered with: by those who know it, else by its kind.
pub mod providers;

mod answer;

mod refusal;

mod authn_request;

// What an answer may use.
pub mod visit;

pub mod call;

pub mod factors;

pub mod person;

// What stands on a page; pure.
pub mod page;

pub mod form;

pub mod document;
