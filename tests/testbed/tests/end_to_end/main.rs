//! The testbed as a client sees it.

mod client;
mod redeeming;
mod signing_in;
mod token_service;
